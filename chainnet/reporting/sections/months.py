"""Who is short when, month by month: over the horizon, endurance, what is left in the stocks."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import BASELINE, Facts, Months
from chainnet.reporting.model import Block, ReportFigure, Sentence, blocks_of
from chainnet.reporting.order import table_id
from chainnet.words import (
    NBSP,
    NEVER_SHORT,
    NOT_ASKED,
    endurance_sentence,
    first_capital,
    foresight_sentence,
    in_months,
    join,
    month_and_year,
    month_words,
    number,
    percent,
    spelled,
    tier_sentence,
    verb,
    weight,
    whole,
)

NEVER = "never"
WORST = "month with the largest share short; the first of equals"
RECOVERED = "months from the first short one until demand is met to the end"
LASTS = "months from the first measure to the end of the last, an input; - = no end is given"
TOLD = 3
BODY_SCENARIOS = 5
QUARTER = 3
MOST_ROWS, MOST_PANELS, MOST_ITEMS = 5, 3, 6
CELLS = 16  # columns whose numbers can be read; longer horizons have longer periods
LINES = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (6, 1.5, 1.2, 1.5)), (0, (8, 1.5)))
MOST_STOCKS = 4


def blocks(facts: Facts) -> tuple[Block, ...]:
    """Return what stands of the months in the section of who is short."""
    return blocks_of(
        month_points(facts),
        heat_figure(facts),
        horizon_table(facts),
        courses_figure(facts),
        endurance_figure(facts),
        endurance_table(facts),
    )


# -- sentences ----------------------------------------------------------------------------------


def when_words(facts: Facts) -> str:
    """Return when the leading tier, or else who is short first, is short in the worst scenario of the months."""
    months = facts.months
    if not months.ordered:
        return ""
    if not months.short:
        n = spelled(len(months.ordered), "scenario")
        return f"Over {months.span} nobody is short in any month of {n}: stocks and spare capacity carry them."
    name = months.short[0]
    said = f"Over {months.span}, most is lacking under {facts.quoted(name)}: {_tier_words(months, name, months.lead)}"
    if np.isnan(months.of(name, months.lead)["first_short_month"]):
        others = [t for t in facts.tiers if t in months.short_tiers(name)][:2]
        return f"{said} {' '.join(_tier_words(months, name, t) for t in others)}"
    # from which month the leading tier is short under the next scenarios
    rest = [(n, months.of(n, months.lead)["first_short_month"]) for n in months.short if n != name]
    hit = [(n, first) for n, first in rest if not np.isnan(first)][:TOLD]
    words = [f"{facts.quoted(n)} from month{NBSP}{month_words(first, months.start_of(n))}" for n, first in hit]
    return said + (f" It is also short under {join(words)}." if words else "")


def _tier_words(months: Months, name: str, tier: str) -> str:
    """Return what the months say of a tier under a scenario; of one that is short, how long it lasts."""
    row = months.of(name, tier)
    worst = row["worst_month"], row["worst_month_share"]
    said = tier_sentence(
        tier, row["demand_t"], row["shortfall_t"], row["first_short_month"], *worst, months.start_of(name)
    )
    if np.isnan(row["first_short_month"]):
        return said
    return f"{said} {endurance_sentence(tier, months.survive(row), months.recover(row))}"


def month_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return what the months say of each tier, under the worst scenarios."""
    months, points = facts.months, []
    for name in months.short[:TOLD]:
        parts = []
        for tier in facts.tiers:
            row = months.of(name, tier)
            parts.append(_tier_words(months, name, tier))
            parts.append(foresight_sentence(row["value_of_information_t"], row["shortfall_t"]))
        head = f"{facts.scenario_label(name)}."
        points.append(Sentence(" ".join(p for p in parts if p), ("over_time", "endurance"), head))
    if not points and months.ordered:
        points.append(Sentence(when_words(facts), ("over_time",)))
    return tuple(points)


# -- tables -------------------------------------------------------------------------------------


_over_months = partial(
    col.Table,
    rows=lambda f: [f.months.of(name, tier) for name in (*f.months.ordered, BASELINE) for tier in f.tiers],
    stands=lambda f: f.standing(f.a.stress.summary),
    # scenario x tier over the horizon, worst scenario first, the baseline last
    lead=lambda f: max(min(len(f.months.short), BODY_SCENARIOS), 1) * len(f.tiers),
)


horizon_table = _over_months(
    "over_time",
    "Over time",
    "Who is short over the horizon",
    columns=(
        *col.SCENARIO,
        col.TIER,
        col.weight("demand_t", "Demand", "tonnes asked for over the horizon"),
        col.weight("served_t", "Served", "tonnes served over the horizon"),
        col.weight("shortfall_t", "Short", "demand less served, every date known beforehand"),
        col.shortfall_share("shortfall_t", "demand_t"),
        col.weight("shortfall_unforeseen_t", "Short if unforeseen", "short if only what is in force is known"),
        col.weight("value_of_information_t", "Dates are worth", "short if unforeseen less short"),
        col.million("value_at_risk_musd", "Loss", "shortfall times value per tonne", body=False),
    ),
    subtitle="Unit: {f.months.unit}. {f.months.span}. Existing links, stocks drawn. {f.whose_words}",
    note="Short: a planner knows every date of the scenario. Unforeseen: nobody sees more than what is in force. "
    "Knowing the dates is worth the difference. Worst first, by what {f.months.lead} lacks. Every month: sheet Months.",
)


def _named(key: str, *none: str) -> Any:
    """Return what names the month that a row counts, and says ``none`` where there is none."""
    return lambda f, row: month_words(row[key], f.months.start_of(row["scenario"]), *none)


FIRST_MONTH = (
    col.text("first", "First month short", "first month in which anything is short", _named("first_short_month")),
    col.month("first_short_month", "First month", "the same, counted from 1", missing=NEVER, body=False),
)
SURVIVES = (
    col.text(
        "survive",
        "Time to survive, months",
        "months whole from the first measure, if served first",
        lambda f, row: f.months.survive(row),
    ),
    col.months("time_to_survive", "Time to survive", "the same; empty = never short", body=False),
)


def _lasts(facts: Facts, row: Any) -> str:
    months = facts.months.lasts(row["scenario"])
    return number(months) if np.isfinite(months) else NOT_ASKED


endurance_table = _over_months(
    "endurance",
    "Endurance",
    "When demand is short, and how long it can be kept whole",
    columns=(
        *col.SCENARIO,
        col.TIER,
        *FIRST_MONTH,
        col.text("worst", "Worst month", WORST, _named("worst_month", NOT_ASKED)),
        col.month("worst_month", "Worst month", "the same, counted from 1", missing=NOT_ASKED, body=False),
        col.share("worst_month_share", "Short in it", "part of that month's demand that is short"),
        col.months("months_short", "Months short", "number of months with anything short"),
        *SURVIVES,
        col.text("recover", "Time to recover, months", RECOVERED, lambda f, row: f.months.recover(row)),
        col.months("time_to_recover", "Time to recover", "the same", lambda f, r: f.months.recovered(r), body=False),
        col.text("lasts", "Measures last, months (given)", LASTS, _lasts),
        col.month(
            "onset_month",
            "First measure",
            "first month with a measure in force",
            lambda f, row: f.months.onset(row["scenario"]),
            missing="none",
            body=False,
        ),
    ),
    subtitle="Unit: months, from 1. {f.months.span}. Existing links, stocks drawn. {f.whose_words}",
    note=lambda f: (
        "Time to survive: months from the first measure in which all demand of the tier can be met if it "
        f"comes first; at least {whole(f.months.horizon)} = the horizon ends before it does; never short = it could go "
        "on for ever. Time to recover: from the first short month until demand is met to the end; not in "
        f"{whole(f.months.horizon)} = it is not. Measures last: an input of the scenario. Each end use by itself: "
        "sheet Endurance by use."
    ),
)


# -- scenario x quarter ---------------------------------------------------------------------


def _short_in(months: Months, tier: str) -> list[str]:
    return [n for n in months.ordered if tier in months.short_tiers(n)]


def _period(months: Months) -> int:
    """Return the months of a column: a quarter, or more where the horizon is long."""
    least = max(QUARTER, -(-months.horizon // CELLS))
    return max(months.step, -(-least // months.step) * months.step)


@fig.figure("months")
def heat_figure(facts: Facts) -> ReportFigure | None:
    """Draw the worst month of each period, a panel a tier."""
    months = facts.months
    panels = {tier: _short_in(months, tier)[:MOST_ROWS] for tier in facts.tiers}
    cut = sum(len(_short_in(months, tier)) - len(shown) for tier, shown in panels.items())
    panels = {tier: shown for tier, shown in panels.items() if shown}
    if not panels:
        return None
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    width = _period(months)
    n = -(-months.horizon // width)
    heights = [len(shown) + 1.1 for shown in panels.values()]
    canvas = Canvas(
        figsize=(fig.WIDTH_IN, 0.35 + 0.235 * sum(heights)), layout=ConstrainedLayoutEngine(h_pad=0.02, hspace=0.02)
    )
    axes = canvas.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    table = months.by_month.assign(column=(months.by_month["month"] - 1) // width)
    worst = table.groupby(["scenario", "tier", "column"])["share"].max()
    for ax, (tier, shown) in zip(axes, panels.items(), strict=True):
        _heat_panel(ax, facts, tier, shown, worst, n)
    dates = [month_and_year(1 + c * width, months.start) for c in range(n)]
    years = [year if c == 0 or year != dates[c - 1][1] else "" for c, (_, year) in enumerate(dates)]
    by_year = [f"{month}\n{year}" if year else month for (month, _), year in zip(dates, years, strict=True)]
    axes[-1].set_xticks(np.arange(n) + 0.5, by_year if months.start else [str(1 + c * width) for c in range(n)])
    axes[-1].tick_params(labelsize=7.0)
    for ax in axes[:-1]:
        ax.set_xticks([])
    lead = _short_in(months, months.lead)
    title = (
        f"{len(lead)} of {len(months.ordered)} scenarios {verb('leave', len(lead))} {months.lead} short in some month"
    )
    if not lead:
        title = f"No scenario leaves {months.lead} demand short in any month"
    if len(months.ordered) == 1:
        leaves, when = ("leaves", "some") if lead else ("does not leave", "any")
        title = f"The one scenario {leaves} {months.lead} demand short in {when} month"
    first = [
        f"{facts.scenario_label(name)} {tier} from month {whole(months.of(name, tier)['first_short_month'])}, worst "
        f"{percent(months.of(name, tier)['worst_month_share'])}"
        for tier, shown in panels.items()
        for name in shown[:2]
    ]
    alt = "Cells show the part of demand that is short in the worst month of each period: " + "; ".join(first[:3])
    what = "quarter" if width == QUARTER else f"period of {width} months"
    met = [t for t in facts.tiers if t not in panels]
    note = "White: nothing short; scenarios in no row of a tier leave none of it short. "
    note += f"Met under every scenario: {', '.join(met)}. " if met else ""
    note += f"Rows left out: {cut}, in {table_id('endurance')}. " if cut else ""
    return fig.make_figure(
        canvas,
        title,
        f"Short in the worst month of each {what}, % of demand; ring: first month short. {months.span}, existing "
        "links, stocks drawn, every date known.",
        alt + ".",
        note + "Every month: sheet Months.",
        endurance_table(facts),
    )


def _heat_panel(ax: Any, facts: Facts, tier: str, shown: list[str], worst: Any, n: int) -> None:
    from matplotlib.patches import Ellipse

    width = _period(facts.months)
    for i, name in enumerate(shown):
        at = len(shown) - 1 - i
        first = facts.months.of(name, tier)["first_short_month"]
        for c in range(n):
            share = float(worst.get((name, tier, c), 0.0))
            level = fig.loss_class(share)
            ax.barh(at, 0.96, left=c + 0.02, color=fig.LOSS[level], height=0.9, edgecolor=fig.RULE, linewidth=0.4)
            tint = "white" if level >= 4 else fig.INK
            if level:
                fig.write(ax, c + 0.5, at, percent(share).split(NBSP)[0], "center", fontsize=7.0, color=tint)
            if int(first - 1) // width == c:
                ring = Ellipse((c + 0.5, at), 0.86, 0.84, fill=False, edgecolor=tint, linewidth=1.1)
                ax.add_patch(ring)
    labels = [fig.folded(facts.drawn(facts.scenario_label(s)), 40, 2) for s in shown]
    ax.set_yticks(np.arange(len(shown))[::-1], labels, linespacing=0.95)
    ax.set_title(
        facts.drawn(first_capital(tier)), loc="left", fontsize=fig.SMALL, color=fig.INK, fontweight="bold", pad=2
    )
    ax.set_xlim(0, n)
    ax.set_ylim(-0.5, len(shown) - 0.5)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0, labelsize=7.0, labelcolor=fig.INK)


# -- month by month -------------------------------------------------------------------------


@fig.figure("courses")
def courses_figure(facts: Facts) -> ReportFigure | None:
    """Draw what part of each tier is served, month by month, and what is left in the stocks."""
    months = facts.months
    shown = months.short[:MOST_PANELS]
    if not shown:
        return None
    from matplotlib.figure import Figure as Canvas

    has_stock = not months.levels.empty
    canvas = Canvas(figsize=(fig.WIDTH_IN, 3.1 if has_stock else 2.3), layout="constrained")
    axes = canvas.subplots(
        2 if has_stock else 1,
        len(shown),
        squeeze=False,
        sharey="row",
        sharex=True,
        gridspec_kw={"height_ratios": [1.0, 0.42]} if has_stock else None,
    )
    for j, name in enumerate(shown):
        _course_panel(axes[0][j], facts, name, j == 0, len(shown))
        if has_stock:
            _stock_panel(axes[1][j], facts, name, j == 0)
    for ax in axes[-1]:
        ticks = list(range(1, months.horizon + 1, 12))
        ax.set_xticks([t - 1 for t in ticks], [month_and_year(t, months.start)[1] or str(t) for t in ticks])
    marks = [row[0].get_legend_handles_labels() for row in axes]
    handles, labels = ([mark for found in marks for mark in found[part]] for part in (0, 1))
    where: Any = {"loc": "outside lower left", "ncols": 3, "frameon": False, "fontsize": fig.SMALL, "handlelength": 2.6}
    canvas.legend(handles, labels, **where)
    row = months.of(shown[0], next(t for t in (months.lead, *facts.tiers) if t in months.short_tiers(shown[0])))
    parts = [
        f"{facts.scenario_label(n)} {t} from month {whole(months.of(n, t)['first_short_month'])}"
        for n in shown
        for t in months.short_tiers(n)
    ]
    below = " Below: what is left in the stocks, % of what is on record." if has_stock else ""
    note = f"Dotted upright: first month in which {months.lead} is short. Data: sheet Months"
    return fig.make_figure(
        canvas,
        f"{first_capital(row['tier'])}: short from month {whole(row['first_short_month'])} in the worst "
        f"scenario, {percent(row['worst_month_share'])} at worst",
        f"Served, % of demand, by tier and month; worst scenarios. {months.span}.{below}",
        "Lines show what part of each tier's demand is served, month by month: " + "; ".join(parts[:3]) + ".",
        note + (", Stock levels." if has_stock else "."),
    )


def _frame(ax: Any, is_first: bool) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(fig.AXIS)
    ax.set_ylim(-4, 106)
    ax.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    ax.tick_params(length=2, labelsize=fig.SMALL - 0.5, labelcolor=fig.INK, color=fig.AXIS, labelleft=is_first)


def _course_panel(ax: Any, facts: Facts, name: str, is_first: bool, n: int) -> None:
    months = facts.months
    table = months.by_month[months.by_month["scenario"] == name]
    ax.axhline(100, color=fig.RULE, linewidth=1.0, zorder=0)
    for i, tier in enumerate(facts.tiers):
        mine = table[table["tier"] == tier]
        style = min(i, len(LINES) - 1)
        ax.step(
            np.append(mine["month"] - 1, months.horizon),
            np.append(100 * (1 - mine["share"]), 100 * (1 - mine["share"].iloc[-1])),
            where="post",
            color=fig.tier_colour(i),
            linestyle=LINES[style],
            linewidth=1.6,
            label=facts.drawn(tier),
        )
    first = months.of(name, months.lead)["first_short_month"]
    if not np.isnan(first):
        ax.axvline(first - 1, color=fig.LOST, linewidth=0.9, linestyle=(0, (1.2, 1.6)), zorder=0)
    words = facts.drawn(facts.scenario_label(name))
    ax.set_title(fig.folded(words, 34 if n > 2 else 80, 3), loc="left", fontsize=fig.SMALL - 0.5, color=fig.INK)
    ax.set_xlim(0, months.horizon)
    _frame(ax, is_first)


def _stock_panel(ax: Any, facts: Facts, name: str, is_first: bool) -> None:
    table = facts.months.levels[facts.months.levels["scenario"] == name]
    stocks = sorted(table["stock"].unique())
    for stock, style in zip(stocks[:MOST_STOCKS], LINES, strict=False):
        mine = table[table["stock"] == stock]
        good = facts.commodity(mine["commodity"].iloc[0]) or stock
        line = np.append(100.0, 100 * mine["share"])
        name_ = fig.folded(facts.drawn(f"Stock: {good}"), 46, 1)
        ax.plot(np.append(0, mine["month"]), line, color=fig.BAR, linestyle=style, linewidth=1.3, label=name_)
    _frame(ax, is_first)


# -- endurance ------------------------------------------------------------------------------


def _items(facts: Facts) -> list[Any]:
    """Return the rows with anything short, longest uncovered first, ties in the order of tiers and scenarios."""
    months = facts.months
    rank = {tier: i for i, tier in enumerate(facts.tiers)}
    place = {name: i for i, name in enumerate(months.ordered)}
    table = months.summary[months.summary["first_short_month"].notna() & months.summary["scenario"].ne(BASELINE)]
    rows: list[Any] = table.to_dict("records")
    return sorted(rows, key=lambda r: (rank[r["tier"]], -r["months_short"], place[r["scenario"]]))


_STOP = {"marker": "|", "markersize": 9, "markeredgewidth": 2.2}


@fig.figure("endurance")
def endurance_figure(facts: Facts) -> ReportFigure | None:
    """Draw from the time to survive to the month of recovery, a line a tier and scenario."""
    months, items = facts.months, _items(facts)
    shown = items[:MOST_ITEMS]
    if not shown:
        return None
    canvas, (ax,) = fig.new_canvas(0.65 + 0.25 * len(shown))
    y = np.arange(len(shown))[::-1]
    end = float(months.horizon)
    for at, row in zip(y, shown, strict=True):
        onset = months.onset(row["scenario"])
        begin = 0.0 if np.isnan(onset) else onset - 1
        survive = min(float(row["time_to_survive"]), end - begin)
        back = row["first_short_month"] - 1 - begin + row["time_to_recover"]
        stop = end - begin if np.isinf(back) else float(back)
        ax.plot([survive, stop], [at, at], color=fig.LOST, linewidth=2.2, solid_capstyle="butt", zorder=1)
        ax.plot([survive], [at], "o", color=fig.INK, markersize=6, zorder=3)
        mark: Any = {"color": fig.LOST, "zorder": 2, "clip_on": False}
        ax.plot([stop], [at], **mark, **({"marker": ">", "markersize": 7} if np.isinf(back) else _STOP))
        if months.lasts(row["scenario"]) <= end - begin:
            where = [months.lasts(row["scenario"])], [at]
            ax.plot(*where, "o", markerfacecolor="white", markeredgecolor=fig.INK, markersize=6, zorder=4)
        fig.write(ax, 1.03 * end, at, f"{in_months(row['months_short'])} short", fontsize=fig.SMALL - 0.5)
    labels = [
        fig.folded(facts.drawn(f"{first_capital(r['tier'])}: {facts.scenario_label(r['scenario'])}"), 44, 2)
        for r in shown
    ]
    ax.set_yticks(y, labels, linespacing=0.95)
    fig.no_value_axis(ax, len(shown))
    ticks = list(range(0, months.horizon + 1, 12))
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.spines["bottom"].set_visible(True)
    ax.spines["bottom"].set_color(fig.AXIS)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Months from the first measure", fontsize=fig.SMALL, color=fig.GREY, loc="left")
    ax.tick_params(axis="y", labelsize=7.0)
    ax.set_xlim(-1.2, 1.3 * end)
    top = shown[0]
    kept = months.survive(top)
    kept = kept if kept == NEVER_SHORT else f"{kept} month{'' if kept == '1' else 's'}"
    alt = "Lines run from the time to survive to the month of recovery: " + "; ".join(
        f"{r['tier']}, {facts.scenario_label(r['scenario'])}: {months.survive(r)}, "
        f"{in_months(r['months_short'])} short, {weight(r['shortfall_t'])}"
        for r in shown[:3]
    )
    left = len(items) - len(shown)
    return fig.make_figure(
        canvas,
        f"{first_capital(top['tier'])}: time to survive {kept}, short in {whole(top['months_short'])} of "
        f"{months.horizon} months",
        "● time to survive, if the tier is served first; line: to the month from which demand is met for good "
        f"(arrow: not in {number(months.horizon)}). ○ time to recover, given: the measures end.",
        alt + ".",
        (f"{left} more in {table_id('endurance')}. " if left else "")
        + "No circle: no end is given in these months. Who is never short has no line.",
        endurance_table(facts),
    )
