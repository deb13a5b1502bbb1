"""The figures, as SVG text: a finding as title, values at the bars, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.glyphs import drawable, short_label
from chainnet.reporting.model import Figure
from chainnet.reporting.tables import LADDER_WORDS
from chainnet.words import NO_DATA, NOT_APPLICABLE, country_name, first_capital, number, percent, same, tonnes

__all__ = ["draw_all", "main_figures", "make_figure", "new_canvas", "no_value_axis", "value_ends"]

INK, GREY, AXIS, RULE = "#1B1F24", "#4B5563", "#767D87", "#C9CED6"
TIERS = ("#12436D", "#0B6BB8", "#2BA59A", "#7A828C")
TIER_HATCH = ("", "", "", "///")
PLACES = ("#0B6BB8", "#D55E00", "#00594F", "#4B2A85", "#3A97D3", "#8C1D18")
OTHER = "#7A828C"
LOSS = ("#FFFFFF", "#FFF1DC", "#FBC98A", "#E8893A", "#AD4A0C", "#5C1F08")
LOSS_ENDS = (0.0, 0.05, 0.25, 0.5, 0.75, 1.0)
GRADES = {"reported": "R", "estimated": "E", "inferred": "I", "assumed": "A", "not graded": "?"}
GRADE_FILL = {"R": "#12436D", "E": "#4F86B5", "I": "#FFFFFF", "A": "#FFFFFF", "?": "#E5E7EB"}
GRADE_HATCH = {"R": "", "E": "", "I": "////", "A": "..", "?": ""}
WIDTH_IN = 6.7
SMALL, NORMAL = 8.0, 8.5
Names = Mapping[str, str]


def main_figures(facts: Facts, names: Names) -> dict[str, Figure]:
    """Return every figure for which there is something to draw, by id.

    Parameters
    ----------
    facts : Facts
    names : mapping of str to str
        Names in scripts that the fonts lack -> what stands in.
    """
    parts = (
        ("F1", _ladder),
        ("F2", _steps),
        ("F2b", _goods),
        ("F3", _losses),
        ("F5b", _heat),
        ("F8", _projects),
        ("F14", _coverage),
    )
    return draw_all(facts, names, parts)


def draw_all(source: Any, names: Names, parts: Iterable[tuple[str, Any]]) -> dict[str, Figure]:
    """Return every figure for which its part finds something to draw, all in one style."""
    import matplotlib as mpl

    made: dict[str, Figure] = {}
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "svg.fonttype": "path",
                "font.family": "DejaVu Sans",
                "font.size": NORMAL,
                "text.parse_math": False,
                "axes.unicode_minus": True,
                "hatch.linewidth": 0.6,
            }
        )
        for name, draw in parts:
            mpl.rcParams["svg.hashsalt"] = f"chainnet {name}"
            found = draw(source, names)
            if found is not None:
                made[name] = found
    return made


def new_canvas(height_in: float, columns: int = 1, ratios: Sequence[float] = (1.0,)) -> tuple[Any, list[Any]]:
    """Return a canvas of the report's width, and its axes side by side."""
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(WIDTH_IN, height_in), layout="constrained")
    grid = figure.subplots(1, columns, squeeze=False, gridspec_kw={"width_ratios": list(ratios)})
    axes = list(grid[0])
    for ax in axes:
        for side in ("top", "right", "bottom"):
            ax.spines[side].set_visible(False)
        ax.spines["left"].set_color(AXIS)
        ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
    return figure, axes


def _svg(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue().decode("utf-8")
    text = text[text.index("<svg") :]
    return re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)


def no_value_axis(ax: Any) -> None:
    """Take the value axis off: the values stand at the marks."""
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)


def make_figure(name: str, title: str, subtitle: str, figure: Any, alt: str, note: str) -> Figure:
    """Return a canvas with its finding, its subtitle and the same in words."""
    return Figure(name, title, subtitle, _svg(figure), f"{title}. {alt}", note)


# -- F1: the ladder -----------------------------------------------------------------------------


def _rungs(facts: Facts) -> list[tuple[str, dict[str, float]]]:
    """Return (what is allowed, short by tier), the projects of each year last."""
    years = list(facts.ladders)
    out: list[tuple[str, dict[str, float]]] = []
    for rung in ("frozen", "existing", "new", "stocks"):
        found = {
            t: facts.rung(years[0], rung, t) if years else facts.scenario_rung(facts.when, rung, t) for t in facts.tiers
        }
        if all(row is not None for row in found.values()):
            out.append((LADDER_WORDS[rung], {t: float(row["shortfall_tpa"]) for t, row in found.items()}))
    for year in years:
        found = {t: facts.rung(year, "projects", t) for t in facts.tiers}
        if all(row is not None for row in found.values()):
            out.append((f"+ projects by {year}", {t: float(row["shortfall_tpa"]) for t, row in found.items()}))
    return out


def _ladder(facts: Facts, names: Names) -> Figure | None:
    rungs = _rungs(facts)
    if not rungs:
        return None
    split = facts.has_first and len(facts.tiers) > 1
    labels = [drawable(words) for words, _ in rungs]
    y = np.arange(len(rungs))[::-1]
    figure, axes = new_canvas(0.45 + 0.19 * len(rungs), 2 if split else 1, (1.0, 1.35) if split else (1.0,))
    whole = [sum(short.values()) for _, short in rungs]
    if split:
        first = [short[facts.first] for _, short in rungs]
        axes[0].barh(y, first, color=TIERS[0], height=0.62)
        value_ends(axes[0], y, first)
        axes[0].set_title(f"{first_capital(facts.first)}, t/yr short", loc="left", fontsize=NORMAL, color=INK)
    ax = axes[-1]
    left = np.zeros(len(rungs))
    for i, tier in enumerate(facts.tiers):
        part = np.array([short[tier] for _, short in rungs])
        style = min(i, len(TIERS) - 1)
        hatch = TIER_HATCH[style]
        ax.barh(y, part, left=left, color=TIERS[style], height=0.62, edgecolor="white", linewidth=1.0, hatch=hatch)
        row = int(np.argmax(part))
        if part[row] > 0.12 * max(max(whole), 1e-12):
            ax.text(
                left[row] + part[row] / 2,
                y[row],
                drawable(tier),
                ha="center",
                va="center",
                color="white",
                fontsize=SMALL,
            )
        left = left + part
    value_ends(ax, y, whole)
    ax.set_title("All tiers, t/yr short", loc="left", fontsize=NORMAL, color=INK)
    for ax in axes:
        no_value_axis(ax)
        ax.set_yticks(y, labels if ax is axes[0] else [""] * len(y))
        ax.set_ylim(-0.6, len(rungs) - 0.4)
    short = float(facts.leading.loc[facts.when, "shortfall_tpa"])
    tier = facts.first if split and short > 0 else ALL_TIERS
    told = [short[tier] if tier in short else sum(short.values()) for _, short in rungs]
    what = f"{first_capital(tier)} shortfall" if tier != ALL_TIERS else "Total shortfall"
    reached = next(i for i, value in enumerate(told) if same(value, told[-1]))
    last = rungs[reached][0].removeprefix("+ ").lower()
    same_end = same(told[0], told[-1])
    title = (
        f"{what} stays at {tonnes(told[-1])}"
        if same_end
        else f"{what} falls from {number(told[0])} to {tonnes(told[-1])} with {last}"
    )
    alt = "Bars show what is still short, rung by rung: " + "; ".join(
        f"{words} {number(value)}" for (words, _), value in zip(rungs, told, strict=True)
    )
    subtitle = f"Still short, {facts.unit}, by what is allowed. Scenario: {facts.scenario_label(facts.when)}. One year."
    note = "Data: T9." if facts.a.rerouting else "Data: T9b."
    return make_figure("F1", title, subtitle, figure, alt + " t/yr.", note + " The last bar is what stays short.")


def value_ends(ax: Any, y: Any, values: Sequence[float]) -> None:
    """Write each value at the end of its bar."""
    top = max(max(values), 1e-12)
    for at, value in zip(y, values, strict=True):
        ax.text(max(value, 0) + 0.015 * top, at, number(value), va="center", fontsize=SMALL, color=INK)
    ax.set_xlim(0, 1.2 * top)


# -- F2: who holds each step --------------------------------------------------------------------


def _steps(facts: Facts, names: Names) -> Figure | None:
    """Draw one bar a step: the good of it that is held most closely."""
    shares = _held(facts)
    if shares.empty:
        return None
    close = (shares["share"] ** 2).groupby([shares["step"], shares["commodity"]]).sum().round(9).reset_index()
    close = close.sort_values(["step", "share", "commodity"], ascending=[True, False, True])
    kept = close.drop_duplicates("step").set_index(["step", "commodity"]).index
    if len(kept) == len(close):
        return _strip(facts, names, shares, "F2", "")
    mine = pd.MultiIndex.from_frame(shares[["step", "commodity"]]).isin(kept)
    return _strip(facts, names, shares[mine], "F2", "each step's most concentrated good (all: F2b)")


def _held(facts: Facts) -> pd.DataFrame:
    """Return who holds what; goods that stay in their own step aside."""
    shares = facts.shares
    inner = facts.inner_goods
    kept = [(str(s), str(c)) not in inner for s, c in zip(shares["step"], shares["commodity"], strict=True)]
    return shares[kept]


def _goods(facts: Facts, names: Names) -> Figure | None:
    """Draw one bar a good, where a step makes several."""
    shares = _held(facts)
    if shares.empty or len(shares[["step", "commodity"]].drop_duplicates()) == shares["step"].nunique():
        return None
    return _strip(facts, names, shares, "F2b", "each good on its own basis")


def _strip(facts: Facts, names: Names, shares: pd.DataFrame, name: str, which: str) -> Figure:
    """Draw who holds what, a bar for each step and good."""
    shares = shares[shares["step"].isin(facts.steps)]
    rows = [(s, c) for s in facts.steps for c in sorted(shares.loc[shares["step"] == s, "commodity"].unique())]
    weight = shares.groupby("code")["share"].sum().round(9)
    order = [str(c) for c in weight.index[np.lexsort((weight.index, -weight.to_numpy()))]]
    named = [c for c in order if c not in ("other", "n/d")][: len(PLACES)]
    colour = {c: PLACES[i] for i, c in enumerate(named)}
    indicators = facts.a.indicators.reset_index()
    if "step" not in indicators.columns:
        indicators["step"] = indicators["stage"].str.replace("_", " ")
    lines: list[tuple[str, str | None]] = []
    several = len(rows) > len({s for s, _ in rows})  # steps that make more than one good stand as heads over them
    for step in dict.fromkeys(s for s, _ in rows):
        goods = [c for s, c in rows if s == step]
        lines += [(step, None), *((step, c) for c in goods)] if several else [(step, c) for c in goods]
    y = np.arange(len(lines))[::-1]
    figure, (ax,) = new_canvas(0.45 + 0.21 * len(lines))
    for at, (step, commodity) in zip(y, lines, strict=True):
        if commodity is None:
            continue
        part = shares[(shares["step"] == step) & (shares["commodity"] == commodity)].set_index("code")["share"]
        left = 0.0
        rest = [c for c in part.index if c not in colour]
        pieces = [(c, float(part[c])) for c in named if c in part.index]
        pieces += [("other", float(part[rest].sum()))] if rest else []
        for code, share in pieces:
            fill = colour.get(code, OTHER)
            ax.barh(at, share, left=left, color=fill, height=0.78, edgecolor="white", linewidth=1.2)
            shown = drawable(short_label(code, 8))
            if share > 0.022 * len(shown):
                ax.text(left + share / 2, at, shown, ha="center", va="center", color="white", fontsize=7.5)
            left += share
        row = indicators[(indicators["step"].fillna("") == step) & (indicators["commodity"] == commodity)]
        cover = hhi = NOT_APPLICABLE if len(row) else NO_DATA  # of what remains of a region one cannot say who holds it
        if len(row) and facts.is_place(row["top"].iloc[0]):
            cover, hhi = percent(row["n1_cover"].iloc[0]), number(row["hhi"].iloc[0] * 10000)
        ax.text(1.17, at, cover, ha="right", va="center", fontsize=SMALL, color=INK)
        ax.text(1.34, at, hhi, ha="right", va="center", fontsize=SMALL, color=INK)
    ax.text(1.17, len(lines) - 0.35, "N-1 cover", ha="right", va="bottom", fontsize=SMALL, color=GREY)
    ax.text(1.34, len(lines) - 0.35, "HHI", ha="right", va="bottom", fontsize=SMALL, color=GREY)
    words = [_good_words(facts, s, c, several) for s, c in lines]
    ticks = ax.set_yticks(y, [drawable(short_label(w, 48), names) for w in words]) and ax.get_yticklabels()
    for label, (_, commodity) in zip(ticks, lines, strict=True):
        if commodity is None:
            label.set_fontweight("bold")
    ax.set_xlim(0, 1.35)
    ax.set_ylim(-0.6, len(lines) + 0.25)
    no_value_axis(ax)
    ax.spines["left"].set_visible(False)
    tops = shares.loc[shares.groupby(["step", "commodity"])["share"].idxmax()]
    tops = tops[tops["place"].isin(set(facts.things["place"]))]
    leader = tops[tops["share"] > 0.5].groupby("place").size()
    leader = leader[leader.index != "other"]
    if len(leader):
        place = leader.index[np.lexsort((leader.index, -leader.to_numpy()))][0]
        each = "steps' goods" if name == "F2" and which else "goods"
        title = f"{place} makes over half of {leader[place]} of {len(rows)} {each}"
    else:
        title = f"No country makes over half of any of {len(rows)} goods"
    three = ", ".join(
        f"{facts.commodity(r.commodity) or r.step} {r.place} {percent(r.share)}" for r in tops.head(3).itertuples()
    )
    key = ", ".join(f"{c} {country_name(c)}" if country_name(c) != c else c for c in named)
    basis = f"Share of baseline output by country{', ' + which if which else ''}"
    subtitle = f"{basis}; mine first; right: N-1 cover, HHI x 10,000."
    return make_figure(
        name, title, subtitle, figure, f"One bar per good; largest holders: {three}.", f"{key}. Data: T4."
    )


def _good_words(facts: Facts, step: str, commodity: str | None, is_under_head: bool) -> str:
    """Return a line's name: the step alone as a head, the good under it, else both."""
    if commodity is None:
        return first_capital(step)
    good = facts.commodity(commodity)
    if is_under_head or not good or good.lower().startswith(step.lower()):
        return good or first_capital(step)
    return f"{first_capital(step)}: {good}"


# -- F3: single losses ---------------------------------------------------------------------------


def _losses(facts: Facts, names: Names) -> Figure | None:
    table = facts.losses("site")
    column = facts.lead_loss
    hit = table[table[column] > 0]
    if hit.empty:
        return None
    shown = hit.head(10)
    idle = table[table["lost_tpa"] <= 0]
    size = {s: float(facts.things.loc[facts.members(s), "step_share"].max()) for s in table.index}
    big = sorted(
        (s for s in idle.index if set(facts.things.loc[facts.members(s), "stage"]) != {"recycler"}),
        key=lambda s: (-round(size[s], 9), s),
    )[:2]
    sites = [*shown.index, *(s for s in big if size[s] > 0.1)]
    y = np.arange(len(sites))[::-1]
    figure, (left, right) = new_canvas(0.7 + 0.28 * len(sites), 2, (1.5, 1.0))
    lost = [float(table.loc[s, column]) for s in sites]
    left.barh(y, lost, color="#A3320B", height=0.62)
    value_ends(left, y, lost)
    left.set_yticks(y, [drawable(short_label(_site_words(facts, s), 46), names) for s in sites])
    left.set_title(f"Lost, t/yr ({facts.lead_tier})", loc="left", fontsize=NORMAL, color=INK)
    parts = [size[s] for s in sites]
    right.hlines(y, 0, parts, color=RULE, linewidth=1.2)
    right.plot(parts, y, "o", markerfacecolor="white", markeredgecolor=INK, markersize=5.5)
    for at, part in zip(y, parts, strict=True):
        right.text(part + 0.09, at, percent(part), va="center", fontsize=SMALL, color=INK)
    right.set_xlim(0, 1.5)
    right.set_yticks(y, [""] * len(y))
    right.set_title("Share of its step", loc="left", fontsize=NORMAL, color=INK)
    for ax in (left, right):
        no_value_axis(ax)
        ax.set_ylim(-0.6, len(sites) - 0.4)
    label = drawable(short_label(facts.site_label(str(shown.index[0])), 45), names)
    title = f"{label}: {tonnes(lost[0])} lost without it"
    alt = "Bars show the loss when one site drops out, circles its share of its step: " + "; ".join(
        f"{facts.site_label(str(s))} {number(v)} t/yr" for s, v in list(zip(sites, lost, strict=True))[:3]
    )
    subtitle = (
        f"Loss of {facts.lead_tier} when one site drops out, {facts.unit}, undisturbed network; then "
        "large sites without a loss."
    )
    return make_figure("F3", title, subtitle, figure, alt + ".", "Data: T5.")


def _site_words(facts: Facts, site: Any) -> str:
    return facts.site_label(str(site))


# -- F5: scenarios and tiers ---------------------------------------------------------------------


def _heat(facts: Facts, names: Names) -> Figure | None:
    if not facts.ordered:
        return None
    rows = facts.ordered
    figure, (ax,) = new_canvas(0.62 + 0.27 * len(rows))
    for i, name in enumerate(rows):
        for j, tier in enumerate(facts.tiers):
            row = facts.of(name, tier)
            share = float(row["shortfall_tpa"] / row["demand_tpa"]) if row["demand_tpa"] > 0 else 0.0
            level = 0 if share <= 1e-9 else next(k for k, end in enumerate(LOSS_ENDS) if share <= end + 1e-9 and k > 0)
            at = len(rows) - 1 - i
            ax.barh(at, 0.97, left=j, color=LOSS[level], height=0.88, edgecolor=RULE, linewidth=0.6)
            tint = "white" if level >= 4 else INK
            words = percent(share) if share <= 1e-9 else f"{percent(share)}  ({number(row['shortfall_tpa'])})"
            ax.text(j + 0.485, at, words, ha="center", va="center", fontsize=SMALL, color=tint)
    labels = [drawable(short_label(facts.scenario_label(n), 58), names) for n in rows]
    ax.set_yticks(np.arange(len(rows))[::-1], labels)
    ax.set_xticks(np.arange(len(facts.tiers)) + 0.485, [drawable(first_capital(t)) for t in facts.tiers])
    ax.xaxis.tick_top()
    ax.spines["left"].set_visible(False)
    ax.set_xlim(0, len(facts.tiers))
    ax.set_ylim(-0.55, len(rows) - 0.45)
    short = [n for n in rows if facts.leading.loc[n, "shortfall_tpa"] > 0]
    many = (
        f"{len(short)} of {len(rows)} scenarios {'leaves' if len(short) == 1 else 'leave'} {facts.first} demand short"
    )
    title = many if short else f"No scenario of {len(rows)} leaves {facts.first} demand short in the long run"
    if len(rows) == 1:
        title = f"The one scenario {'leaves' if short else 'does not leave'} {facts.first} short in the long run"
    alt = "Cells show the share of demand that goes short: " + "; ".join(
        f"{facts.scenario_label(n)} {number(facts.leading.loc[n, 'shortfall_tpa'])} t/yr of {facts.first}"
        for n in rows[:3]
    )
    subtitle = (
        f"Short in the long run, % of demand ({facts.unit} in brackets), by scenario and tier; known relations, "
        "stocks not drawn."
    )
    return make_figure("F5b", title, subtitle, figure, alt + ".", f"Baseline: {_baseline(facts)}. Data: T8.")


def _baseline(facts: Facts) -> str:
    short = float(facts.whole.loc[BASELINE, "shortfall_tpa"])
    return "nothing is short" if short <= 0 else f"{tonnes(short)} short"


# -- F8: projects --------------------------------------------------------------------------------


def _projects(facts: Facts, names: Names) -> Figure | None:
    years = list(facts.a.rerouting)
    if not years:
        return None
    table = facts.a.rerouting[years[-1]].projects
    marks = ("standalone_t", "shapley_t", "last_in_t")
    best = table[list(marks)].fillna(0.0).max(axis=1).round(6)
    found = table[best > 0]
    if found.empty:
        return None
    order = np.lexsort((found.index, -found["shapley_t"].round(6), -best[best > 0]))
    found = found.iloc[order[:12]]
    y = np.arange(len(found))[::-1]
    figure, (ax,) = new_canvas(0.8 + 0.28 * len(found))
    top = float(best.max())
    for at, row in zip(y, found.itertuples(), strict=True):
        values = [getattr(row, m) for m in marks]
        ax.hlines(at, min(values), max(values), color=RULE, linewidth=1.5, zorder=1)
        ax.text(max(values) + 0.025 * top, at, number(max(values)), va="center", fontsize=SMALL, color=INK)
    faces = (("o", "white", "alone"), ("o", INK, "fair share"), ("D", "#3A97D3", "last in"))
    for mark, (shape, face, words) in zip(marks, faces, strict=True):
        size = 4.2 if shape == "D" else 6.0
        ax.plot(
            found[mark], y, shape, markerfacecolor=face, markeredgecolor=INK, markersize=size, label=words, linestyle=""
        )
    ax.legend(loc="lower right", frameon=False, fontsize=SMALL, handletextpad=0.2)
    ax.set_yticks(y, [drawable(short_label(facts.label(str(n)), 46), names) for n in found.index])
    ax.set_xlim(-0.02 * top, 1.15 * top)
    ax.set_ylim(-0.6, len(found) - 0.4)
    no_value_axis(ax)
    ax.axvline(0, color=AXIS, linewidth=0.8)
    ax.spines["left"].set_visible(False)
    lead = str(found.index[0])
    label = drawable(short_label(facts.label(lead), 45), names)
    title = f"{label} returns most by {years[-1]}: {tonnes(best[lead])}"
    alt = "Marks show what each project returns alone, as fair share and last in: " + "; ".join(
        f"{facts.label(str(r.Index))} {number(r.standalone_t)}, {number(r.shapley_t)}, {number(r.last_in_t)}"
        for r in list(found.itertuples())[:3]
    )
    subtitle = (
        f"Returned over all tiers, {facts.unit}, by {years[-1]}: alone (open circle), fair share (dot), last in "
        f"(diamond). "
        f"Scenario: {facts.scenario_label(facts.when)}."
    )
    note = f"The number is the largest of the three. Data: T10.{years[-1]}."
    return make_figure("F8", title, subtitle, figure, alt + " t/yr.", note)


# -- F14: how well it is known --------------------------------------------------------------------


def _coverage(facts: Facts, names: Names) -> Figure | None:
    table = facts.a.coverage
    grades = [c for c in table.columns if c.endswith("_tpa")]
    whole = table[grades].sum(axis=1)
    table = table[whole > 0]
    if table.empty:
        return None
    table = table.iloc[np.argsort([facts.place_of_step(str(name)) for name in table.index], kind="stable")]
    figure, (ax,) = new_canvas(0.55 + 0.3 * len(table))
    y = np.arange(len(table))[::-1]
    for at, (step, row) in zip(y, table.iterrows(), strict=True):
        left, total = 0.0, float(whole[step])
        for column in grades:
            share = float(row[column]) / total
            if share <= 0:
                continue
            letter = GRADES[column.removesuffix("_tpa")]
            ax.barh(
                at,
                share,
                left=left,
                height=0.7,
                color=GRADE_FILL[letter],
                edgecolor="#12436D",
                hatch=GRADE_HATCH[letter],
                linewidth=0.8,
            )
            if share > 0.06:
                words = f"{letter} {percent(share)}" if share > 0.13 else letter
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if letter in "IA" else None
                tint = INK if letter in "IA?" else "white"
                ax.text(left + share / 2, at, words, ha="center", va="center", fontsize=SMALL, color=tint, bbox=box)
            left += share
        missing = int(row["n_unlimited"])
        ax.text(1.015, at, f"no capacity: {missing}", va="center", fontsize=SMALL, color=INK if missing else GREY)
    ax.set_yticks(y, [drawable(short_label(str(s), 48), names) for s in table.index])
    ax.set_xlim(0, 1.17)
    ax.set_ylim(-0.6, len(table) - 0.4)
    no_value_axis(ax)
    weak = table["assumed_share"].fillna(0.0)
    title = f"{first_capital(str(weak.idxmax()))} rests most on assumption: {percent(weak.max())} of its tonnes"
    if weak.max() <= 0:
        title = "No step's tonnes rest on an assumed figure"
    if (
        set(grades) == {"not graded_tpa"}
        or float(table.get("not graded_tpa", weak * 0).sum()) >= float(whole.sum()) - 1e-9
    ):
        title = "No figure of the data bears a grade"
    alt = "One bar per step, parts by grade: " + "; ".join(
        f"{s} {percent(v)} assumed" for s, v in list(weak.items())[:3]
    )
    subtitle = (
        "Tonnes of each step by grade of the node's principal figure, %: R reported, E estimated, I "
        "inferred, A assumed."
    )
    return make_figure("F14", title, subtitle, figure, alt + ".", "Data: T18.")
