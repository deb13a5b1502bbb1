"""The figures of who goes short when: the heat map, the months, endurance."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainnet.reporting.facts import BASELINE
from chainnet.reporting.facts_months import Months
from chainnet.reporting.figures import (
    AXIS,
    GREY,
    INK,
    LOSS,
    LOSS_ENDS,
    RULE,
    SMALL,
    TIERS,
    WIDTH_IN,
    Names,
    draw_all,
    make_figure,
    new_canvas,
    no_value_axis,
)
from chainnet.reporting.glyphs import drawable, short_label
from chainnet.reporting.model import Figure
from chainnet.words import calendar_month, first_capital, in_months, number, percent, weight, whole

__all__ = ["folded", "month_figures"]

QUARTER = 3
MOST_ROWS, MOST_PANELS, MOST_ITEMS = 12, 3, 14
CELLS = 16  # columns whose numbers can be read; longer horizons have longer periods
ALERT, CALM = "#A3320B", "#0B6BB8"
LINES = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (6, 1.5, 1.2, 1.5)))
STOCK_COLOURS = ("#D55E00", "#4B2A85", "#00594F", "#8C1D18")


def month_figures(months: Months, names: Names) -> dict[str, Figure]:
    """Return the figures of time for which there is something to draw, by id.

    Parameters
    ----------
    months : Months
    names : mapping of str to str
        Names in scripts that the fonts lack -> what stands in.
    """
    return draw_all(months, names, (("F5", _heat), ("F6", _courses), ("F7", _endurance)))


def _level(share: float) -> int:
    return 0 if share <= 0 else next(k for k, end in enumerate(LOSS_ENDS) if k > 0 and share <= end + 1e-9)


def _plain(share: float) -> str:
    return percent(share).split("\u00a0")[0]


def _short_in(months: Months, tier: str) -> list[str]:
    return [n for n in months.ordered if not np.isnan(months.of(n, tier)["first_short_month"])]


def _period(months: Months) -> int:
    """Return the months of a column: a quarter, or more where the horizon is long."""
    least = max(QUARTER, -(-months.horizon // CELLS))
    return max(months.step, -(-least // months.step) * months.step)


# -- F5: scenario x quarter ---------------------------------------------------------------------


def _heat(months: Months, names: Names) -> Figure | None:
    facts = months.facts
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
        figsize=(WIDTH_IN, 0.35 + 0.265 * sum(heights)), layout=ConstrainedLayoutEngine(h_pad=0.02, hspace=0.02)
    )
    axes = canvas.subplots(len(panels), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    table = months.by_month.assign(column=(months.by_month["month"] - 1) // width)
    worst = table.groupby(["scenario", "tier", "column"])["share"].max()
    for ax, (tier, shown) in zip(axes, panels.items(), strict=True):
        _heat_panel(ax, months, names, tier, shown, worst, n)
    ticks = [calendar_month(1 + c * width, months.start).split(" ") for c in range(n)]
    by_year = [f"{t[0]}\n{t[1]}" if len(t) == 2 and (c == 0 or t[0] == "Jan") else t[0] for c, t in enumerate(ticks)]
    axes[-1].set_xticks(np.arange(n) + 0.5, by_year if months.start else [str(1 + c * width) for c in range(n)])
    axes[-1].tick_params(labelsize=7.0)
    for ax in axes[:-1]:
        ax.set_xticks([])
    lead = _short_in(months, months.lead)
    leave = "leaves" if len(lead) == 1 else "leave"
    some = f"{len(lead)} of {len(months.ordered)} scenarios {leave} {months.lead} short in some month"
    title = some if lead else f"No scenario leaves {months.lead} demand short in any month"
    if len(months.ordered) == 1:
        leaves, when = ("leaves", "some") if lead else ("does not leave", "any")
        title = f"The one scenario {leaves} {months.lead} demand short in {when} month"
    first = [
        f"{facts.scenario_label(name)} {tier} from month {whole(months.of(name, tier)['first_short_month'])}, worst "
        f"{percent(months.of(name, tier)['worst_month_share'])}"
        for tier, shown in panels.items()
        for name in shown[:2]
    ]
    alt = "Cells show the part of demand that goes short in the worst month of each period: " + "; ".join(first[:3])
    what = "quarter" if width == QUARTER else f"period of {width} months"
    subtitle = (
        f"Short in the worst month of each {what}, % of demand; ring: first month short. {months.span}, known "
        "relations, stocks drawn, every date known."
    )
    met = [t for t in facts.tiers if t not in panels]
    note = "White: nothing short; scenarios in no row of a tier leave none of it short. "
    note += f"Met under every scenario: {', '.join(met)}. " if met else ""
    note += f"Rows left out: {cut}, in T8e. " if cut else ""
    return make_figure("F5", title, subtitle, canvas, alt + ".", note + "Data: sheet Months, T8e.")


def _heat_panel(ax: Any, months: Months, names: Names, tier: str, shown: list[str], worst: Any, n: int) -> None:
    from matplotlib.patches import Ellipse

    width = _period(months)
    for i, name in enumerate(shown):
        at = len(shown) - 1 - i
        first = months.of(name, tier)["first_short_month"]
        for c in range(n):
            share = float(worst.get((name, tier, c), 0.0))
            level = _level(share)
            ax.barh(at, 0.96, left=c + 0.02, color=LOSS[level], height=0.9, edgecolor=RULE, linewidth=0.4)
            tint = "white" if level >= 4 else INK
            if level:
                ax.text(c + 0.5, at, _plain(share), ha="center", va="center", fontsize=7.0, color=tint)
            if int(first - 1) // width == c:
                ring = Ellipse((c + 0.5, at), 0.86, 0.84, fill=False, edgecolor=tint, linewidth=1.1)
                ax.add_patch(ring)
    labels = [folded(drawable(months.facts.scenario_label(s), names), 40, 2) for s in shown]
    ax.set_yticks(np.arange(len(shown))[::-1], labels, linespacing=0.95)
    ax.set_title(drawable(first_capital(tier)), loc="left", fontsize=SMALL, color=INK, fontweight="bold", pad=2)
    ax.set_xlim(0, n)
    ax.set_ylim(-0.5, len(shown) - 0.5)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0, labelsize=7.0, labelcolor=INK)


# -- F6: month by month -------------------------------------------------------------------------


def _courses(months: Months, names: Names) -> Figure | None:
    shown = months.short[:MOST_PANELS]
    if not shown:
        return None
    from matplotlib.figure import Figure as Canvas

    facts = months.facts
    has_stock = not months.levels.empty
    rows = 2 if has_stock else 1
    canvas = Canvas(figsize=(WIDTH_IN, 3.1 if has_stock else 2.3), layout="constrained")
    axes = canvas.subplots(
        rows,
        len(shown),
        squeeze=False,
        sharey="row",
        sharex=True,
        gridspec_kw={"height_ratios": [1.0, 0.42]} if has_stock else None,
    )
    for j, name in enumerate(shown):
        _course_panel(axes[0][j], months, names, name, j == 0, len(shown))
        if has_stock:
            _stock_panel(axes[1][j], months, names, name, j == 0)
    for ax in axes[-1]:
        ticks = list(range(1, months.horizon + 1, 12))
        ax.set_xticks([t - 1 for t in ticks], [calendar_month(t, months.start).split(" ")[-1] or str(t) for t in ticks])
    handles, labels = axes[0][0].get_legend_handles_labels()
    canvas.legend(
        handles,
        labels,
        loc="outside lower left",
        ncols=4,
        frameon=False,
        fontsize=SMALL,
        handlelength=2.6,
    )
    row = months.of(shown[0], months.lead)
    if np.isnan(row["first_short_month"]):
        rest = [t for t in facts.tiers if not np.isnan(months.of(shown[0], t)["first_short_month"])]
        row = months.of(shown[0], rest[0])
    title = (
        f"{first_capital(row['tier'])}: short from month {whole(row['first_short_month'])} in the worst "
        f"scenario, {percent(row['worst_month_share'])} at worst"
    )
    parts = [
        f"{facts.scenario_label(n)} {t} from month {whole(months.of(n, t)['first_short_month'])}"
        for n in shown
        for t in facts.tiers
        if not np.isnan(months.of(n, t)["first_short_month"])
    ]
    alt = "Lines show what part of each tier's demand is served, month by month: " + "; ".join(parts[:3])
    below = " Below: what is left in the stocks, % of what is on record." if has_stock else ""
    subtitle = f"Served, % of demand, by tier and month; worst scenarios. {months.span}.{below}"
    note = f"Dotted upright: first month in which {months.lead} is short. Data: sheet Months"
    return make_figure("F6", title, subtitle, canvas, alt + ".", note + (", Stock levels." if has_stock else "."))


def _frame(ax: Any, is_first: bool) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(AXIS)
    ax.set_ylim(-4, 106)
    ax.set_yticks([0, 50, 100], ["0", "50", "100 %"])
    ax.tick_params(length=2, labelsize=SMALL - 0.5, labelcolor=INK, color=AXIS, labelleft=is_first)


def _course_panel(ax: Any, months: Months, names: Names, name: str, is_first: bool, n: int) -> None:
    table = months.by_month[months.by_month["scenario"] == name]
    ax.axhline(100, color=RULE, linewidth=1.0, zorder=0)
    for i, tier in enumerate(months.facts.tiers):
        mine = table[table["tier"] == tier]
        style = min(i, len(TIERS) - 1)
        ax.step(
            np.append(mine["month"] - 1, months.horizon),
            np.append(100 * (1 - mine["share"]), 100 * (1 - mine["share"].iloc[-1])),
            where="post",
            color=TIERS[style],
            linestyle=LINES[style],
            linewidth=1.6,
            label=drawable(tier, names),
        )
    first = months.of(name, months.lead)["first_short_month"]
    if not np.isnan(first):
        ax.axvline(first - 1, color=ALERT, linewidth=0.9, linestyle=(0, (1.2, 1.6)), zorder=0)
    words = drawable(months.facts.scenario_label(name), names)
    ax.set_title(folded(words, 34 if n > 2 else 80, 3), loc="left", fontsize=SMALL - 0.5, color=INK)
    ax.set_xlim(0, months.horizon)
    _frame(ax, is_first)


def folded(words: str, width: int, lines: int) -> str:
    """Return words on so many lines at most, cut with an ellipsis where they are longer."""
    found: list[str] = []
    rest = words
    while rest and len(found) < lines - 1 and len(rest) > width:
        at = rest.rfind(" ", width // 2, width + 1)
        at = at if at > 0 else width
        found.append(rest[:at])
        rest = rest[at:].strip()
    return "\n".join([*found, short_label(rest, width)])


def _stock_panel(ax: Any, months: Months, names: Names, name: str, is_first: bool) -> None:
    table = months.levels[months.levels["scenario"] == name]
    stocks = sorted(table["stock"].unique())
    for i, stock in enumerate(stocks[: len(STOCK_COLOURS)]):
        mine = table[table["stock"] == stock]
        good = months.facts.commodity(mine["commodity"].iloc[0]) or stock
        colour, style = STOCK_COLOURS[i], LINES[i % len(LINES)]
        line = np.append(100.0, 100 * mine["share"])
        ax.plot(np.append(0, mine["month"]), line, color=colour, linestyle=style, linewidth=1.3)
        if is_first:
            tall = 0.82 - 0.23 * i
            label = drawable(short_label(f"Stock: {good}", 30), names)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
            ax.text(0.98, tall, label, transform=ax.transAxes, ha="right", va="top", fontsize=7, color=colour, bbox=box)
    _frame(ax, is_first)


# -- F7: endurance ------------------------------------------------------------------------------


def _items(months: Months) -> list[Any]:
    """Return the rows with anything short, longest uncovered first, ties in the order of tiers and scenarios."""
    rank = {tier: i for i, tier in enumerate(months.facts.tiers)}
    place = {name: i for i, name in enumerate(months.ordered)}
    table = months.summary[months.summary["first_short_month"].notna()]
    rows = [row for row in table.to_dict("records") if row["scenario"] != BASELINE]
    return sorted(rows, key=lambda r: (rank[r["tier"]], -r["months_short"], place[r["scenario"]]))


def _endurance(months: Months, names: Names) -> Figure | None:
    items = _items(months)
    shown = items[:MOST_ITEMS]
    if not shown:
        return None
    canvas, (ax,) = new_canvas(0.75 + 0.275 * len(shown))
    y = np.arange(len(shown))[::-1]
    end = float(months.horizon)
    for at, row in zip(y, shown, strict=True):
        onset = months.onset(row["scenario"])
        begin = 0.0 if np.isnan(onset) else onset - 1
        survive = min(float(row["time_to_survive"]), end - begin)
        back = row["first_short_month"] - 1 - begin + row["time_to_recover"]
        stop = end - begin if np.isinf(back) else float(back)
        ax.plot([survive, stop], [at, at], color=ALERT, linewidth=2.2, solid_capstyle="butt", zorder=1)
        ax.plot([survive], [at], "o", color=INK, markersize=6, zorder=3)
        if np.isinf(back):
            ax.plot([stop], [at], ">", color=ALERT, markersize=7, zorder=3, clip_on=False)
        else:
            ax.plot([stop], [at], "o", markerfacecolor="white", markeredgecolor=INK, markersize=6, zorder=3)
        words = f"{in_months(row['months_short'])} short"
        ax.text(1.03 * end, at, words, va="center", fontsize=SMALL - 0.5, color=INK)
    labels = [
        folded(drawable(f"{first_capital(r['tier'])}: {months.facts.scenario_label(r['scenario'])}", names), 44, 2)
        for r in shown
    ]
    ax.set_yticks(y, labels, linespacing=0.95)
    no_value_axis(ax)
    ticks = list(range(0, months.horizon + 1, 12))
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.spines["bottom"].set_visible(True)
    ax.spines["bottom"].set_color(AXIS)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Months from the first measure", fontsize=SMALL, color=GREY, loc="left")
    ax.tick_params(axis="y", labelsize=7.0)
    ax.set_xlim(-1.2, 1.3 * end)
    ax.set_ylim(-0.6, len(shown) - 0.4)
    top = shown[0]
    kept = months.survive(top)
    kept = {"0": "no month", "1": "one month", "unlimited": "ever if it came first"}.get(kept, f"{kept} months")
    title = (
        f"{first_capital(top['tier'])} demand is whole for {kept}, short in "
        f"{whole(top['months_short'])} of {months.horizon}"
    )
    alt = "Lines run from the time to survive to the month of recovery: " + "; ".join(
        f"{r['tier']}, {months.facts.scenario_label(r['scenario'])}: {months.survive(r)}, "
        f"{in_months(r['months_short'])} short, {weight(r['shortfall_t'])}"
        for r in shown[:3]
    )
    subtitle = (
        "Time to survive (dot), if the tier is served first, to the month from which demand is met for good (circle; "
        f"arrow: not within {number(months.horizon)} months)."
    )
    left = len(items) - len(shown)
    note = f"{left} more in T8e. " if left else ""
    note += "Who is never short has no line. Data: T8e."
    return make_figure("F7", title, subtitle, canvas, alt + ".", note)
