"""Where does the chain break? Who holds each step, what is spare, what the largest holder's loss costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.assessment import holdings
from chainnet.drawing import OTHER_COLOUR, country_colours
from chainnet.network import step_of
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportColumn, ReportFigure, Section, Sentence, make_section, stands
from chainnet.results import CHECKED, FROM_INPUTS
from chainnet.words import (
    NO_DATA,
    NOT_APPLICABLE,
    country_name,
    first_capital,
    is_known,
    join,
    percent,
    place_words,
)

LISTED = ["step", "commodity"]
AS_ABOVE = "as above"
ROOM = 0.024  # of a bar, for a letter
COVER = "supply without the largest holder over demand without its own"


def section(facts: Facts) -> Section:
    """Return where the chain breaks, who holds each good, and every step."""
    finding = facts.a.findings[0]
    ties = [place_words(step, country) for step, country in finding.bottleneck["ties"]]
    also = f" {'They are' if len(ties) > 1 else 'It is'} {join(ties)}." if ties else ""
    return make_section(
        "Where does the chain break?",
        Sentence(f"{finding.claims.where}{also}", ("bottleneck",)),
        holders_figure(facts),
        more=(bottleneck_table(facts), stage_table(facts)),
    )


def _lost(facts: Facts) -> pd.DataFrame | None:
    finding = facts.a.findings[0]
    table = finding.answers.lost(finding.answers.named(finding.tier))
    return table[table["lost_tpa"] > 0].reset_index(names=["step", "country"])[[*_LOST]]


_LOST = ("step", "country", "share", "lost_tpa", "lost_share")
bottleneck_table = col.Table(
    "bottleneck",
    "Bottleneck",
    "What the stop of each step of a country abroad costs alone",
    rows=_lost,
    heads={"share": "Share of step", "lost_tpa": "Lost", "lost_share": "Of demand served"},
    subtitle="Unit: {f.unit}, {f.lead_words}, as if it and allies came first. In the baseline, on existing links.",
    stands=lambda f: stands("see the sheet Nodes", CHECKED),
)


def _steps_of(table: pd.DataFrame) -> pd.Series:
    table = table if "step" in table.columns else table.assign(step=table["stage"])
    return step_of(table).str.replace("_", " ")


def told_apart(table: pd.DataFrame) -> pd.Series:
    """Return the names of steps; with the stage where two stages of one step make the same good."""
    twice = table.duplicated(LISTED, keep=False)
    return table["step"].mask(twice, table["step"] + " (" + table["stage"].str.replace("_", " ") + ")")


def _steps(facts: Facts) -> pd.DataFrame:
    """Return concentration, spare capacity and cover of each step, in the order of the chain."""
    table = facts.a.indicators.reset_index()
    table = table.assign(step=_steps_of(table))
    place = {step: i for i, step in enumerate(facts.network.chain)}
    table = table.iloc[np.lexsort((table["commodity"].astype(str), table["step"].map(place).fillna(99)))]
    table = _leaving(facts, table)
    return table.assign(is_again=table.duplicated(["step", "top"]), name=told_apart(table))


def _leaving(facts: Facts, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of goods that leave their step."""
    pairs = zip(table["step"], table["commodity"], strict=True)
    return table.loc[[(str(s), str(c)) not in facts.inner_goods for s, c in pairs]]


def _without(losses: pd.Series) -> Any:
    """Return what gives the loss of the largest holder's plants of a step."""

    def lost(facts: Facts, row: Any) -> Any:
        key = (row["step"], row["top"])
        if not isinstance(row["top"], str) or key not in facts.a.chokepoints["step+country"].index:
            return NOT_APPLICABLE
        return AS_ABOVE if row["is_again"] else losses[key]  # one loss, of the step, stands once

    return lost


def _if_place(key: str, times: float = 1.0) -> Any:
    return lambda f, row: row[key] * times if f.is_place(row["top"]) else NOT_APPLICABLE


def _top(_facts: Facts, row: Any) -> str:
    return col.country(row["top"]) or NO_DATA


def _top_share(facts: Facts, row: Any) -> str | None:
    return f"{_top(facts, row)} {percent(row['top_share'])}" if is_known(row["top_share"]) else None


def _step_columns(facts: Facts) -> list[ReportColumn]:
    every = facts.a.chokepoints["step+country"]["lost_tpa"]
    columns = [
        col.text("step", "Step", "step of the chain", "name"),
        col.commodity("Makes", "what leaves the step"),
        col.tons("output_tpa", "Output", "baseline flow that leaves the step, else capacity"),
        col.tons("capacity_tpa", "Capacity", "most that the step can make", body=False),
        col.share("utilisation", "Used", "output over capacity", lambda _, row: 1.0 - row["excess_share"]),
        col.number("hhi_10000", "HHI", "sum of squared shares x 10,000", _if_place("hhi", 10000), unit="0 to 10,000"),
        col.text("holder", "Largest holder", "country with the largest share, and that share", _top_share),
        col.code("top", "Largest holder", "country with the largest share", _top),
        col.share("top_share", "Its share", "its part of the output", body=False),
        col.share("top3_share", "Top three", "part of the three largest", body=False),
        col.share("n1_cover", "N-1 cover", COVER, _if_place("n1_cover")),
    ]
    if facts.has_first:
        head, lost = f"{first_capital(facts.first)} lost without it", facts.a.first_tier["step+country"]["lost_tpa"]
        columns.append(col.tons("first_lost_tpa", head, "largest holder out of this step", _without(lost)))
    removed = "the largest holder's nodes of this step removed"
    return [*columns, col.tons("lost_tpa", "All tiers lost without it", removed, _without(every))]


stage_table = col.Table(
    "steps",
    "Stages",
    "Concentration, spare capacity and cover by step",
    rows=_steps,
    columns=_step_columns,
    subtitle="Unit: t/yr of what the step makes (each on its own basis, never added); losses in {f.unit}.",
    note="Shares by baseline output, else by capacity. N-1 cover above 100 % means that the others could meet the "
    "rest; it knows no recipe, so the losses at the right, solved, may say otherwise. n/a: the largest holder is a "
    "region, or no step of its own. A loss is that of the whole step in the country, not of each good, so it "
    "stands once. Goods that stay in their own step have no row.",
    stands=lambda f: f.standing(f.a.chokepoints["step+country"], status=f"{FROM_INPUTS}; losses {CHECKED}"),
)


# -- who holds each good ------------------------------------------------------------------------


@once
def _held(facts: Facts) -> pd.DataFrame:
    """Return the share of each place in what a step makes (baseline flow, else capacity).

    Columns are step, commodity, place, code and share; goods that stay in their own step are left out.
    """
    made = holdings(facts.network)
    made = made.assign(step=made["step"].str.replace("_", " "), place=made["code"].map(country_name))
    return _leaving(facts, made.sort_values([*LISTED, "place", "code"], ignore_index=True))


@fig.figure("holders")
def holders_figure(facts: Facts) -> ReportFigure | None:
    """Draw who holds what, a bar for each step and good."""
    shares = _held(facts)
    shares = shares[shares["step"].isin(facts.network.chain)]
    if shares.empty:
        return None
    rows = [(s, c) for s in facts.network.chain for c in sorted(shares.loc[shares["step"] == s, "commodity"].unique())]
    colour = country_colours(facts.network)
    lost = (facts.a.chokepoints if facts.lead_tier.is_all else facts.a.first_tier)["step+country"]["lost_share"]
    indicators = facts.a.indicators.reset_index()
    at_step = indicators["step"].fillna("") if "step" in indicators.columns else _steps_of(indicators)
    lines: list[tuple[str, str | None]] = []
    several = len(rows) > len({s for s, _ in rows})  # steps that make more than one good stand as heads over them
    for step in dict.fromkeys(s for s, _ in rows):
        goods = [c for s, c in rows if s == step]
        lines += [(step, None), *((step, c) for c in goods)] if several else [(step, c) for c in goods]
    y, named = np.arange(len(lines))[::-1], set[str]()
    canvas, (ax,) = fig.new_canvas(0.7 + 0.19 * len(lines))
    for at, (step, commodity) in zip(y, lines, strict=True):
        if commodity is None:
            continue
        part = shares[(shares["step"] == step) & (shares["commodity"] == commodity)].set_index("code")["share"]
        left = 0.0
        pieces = [(c, float(part[c])) for c in colour if c in part.index and part[c] > ROOM * len(facts.drawn(c, 8))]
        named.update(c for c, _ in pieces)
        rest = float(part.drop([c for c, _ in pieces]).sum())
        for code, share in (*pieces, ("other", rest)) if rest > 0 else pieces:
            ax.barh(
                at,
                share,
                left=left,
                color=colour.get(code, OTHER_COLOUR),
                height=0.78,
                edgecolor="white",
                linewidth=1.2,
            )
            if share > ROOM * len(code):
                fig.write(ax, left + share / 2, at, facts.drawn(code, 8), "center", color="white")
            left += share
        row = indicators[(at_step == step) & (indicators["commodity"] == commodity)]
        cover = loss = (
            NOT_APPLICABLE if len(row) else NO_DATA
        )  # of what remains of a region one cannot say who holds it
        if len(row) and facts.is_place(row["top"].iloc[0]):
            cover, top = percent(row["n1_cover"].iloc[0]), (step, row["top"].iloc[0])
            loss = percent(lost[top]) if top in lost.index else NOT_APPLICABLE
        fig.write(ax, 1.17, at, cover, "right")
        fig.write(ax, 1.34, at, loss, "right")
    fig.write(ax, 1.17, len(lines) - 0.35, "N-1 cover", "right", va="bottom", color=fig.GREY)
    fig.write(ax, 1.34, len(lines) - 0.35, "Lost", "right", va="bottom", color=fig.GREY)
    words = [_good_words(facts, s, c, several) for s, c in lines]
    ticks = ax.set_yticks(y, [facts.drawn(w, 56) for w in words]) and ax.get_yticklabels()
    for label, (_, commodity) in zip(ticks, lines, strict=True):
        if commodity is None:
            label.set_fontweight("bold")
    ax.set_xlim(0, 1.35)
    fig.no_value_axis(ax, len(lines), 0.25)
    ax.spines["left"].set_visible(False)
    tops = shares.loc[shares.groupby(LISTED)["share"].idxmax()]
    tops = tops[tops["place"].isin(set(facts.things["place"]))]
    leader = tops[tops["share"] > 0.5].groupby("place").size()
    leader = leader[leader.index != "other"]
    title = f"No country makes over half of any of {len(rows)} goods"
    if len(leader):
        place = leader.index[np.lexsort((leader.index, -leader.to_numpy()))][0]
        title = f"{place} makes over half of {leader[place]} of {len(rows)} goods"
    three = ", ".join(
        f"{facts.commodity(r['commodity']) or r['step']} {r['place']} {percent(r['share'])}"
        for r in records(tops.head(3))
    )
    _draw_key(canvas, facts, {c: shade for c, shade in colour.items() if c in named})
    return fig.make_figure(
        canvas,
        title,
        f"Share of output by country, small ones as other; right: N-1 cover, and what "
        f"{facts.lead_tier.loses} without its largest holder.",
        f"One bar per good; largest holders: {three}.",
        stage_table(facts),
    )


def _draw_key(canvas: Any, facts: Facts, colours: Mapping[str, str]) -> None:
    """Draw below what each colour stands for; a piece without a letter code has no other name."""
    from matplotlib.patches import Patch

    words = {c: country_name(c) if country_name(c) == c else f"{c} {country_name(c)}" for c in colours}
    marks = [Patch(color=shade) for shade in (*colours.values(), OTHER_COLOUR)]
    where: Any = {"ncols": 4, "frameon": False, "fontsize": fig.SMALL, "handlelength": 1.0, "columnspacing": 1.4}
    canvas.legend(marks, [facts.drawn(word) for word in (*words.values(), "other")], loc="outside lower left", **where)


def _good_words(facts: Facts, step: str, commodity: str | None, is_under_head: bool) -> str:
    """Return a line's name: the step alone as a head, the good under it, else both."""
    if commodity is None:
        return first_capital(step)
    good = facts.commodity(commodity)
    if is_under_head or not good or good.lower().startswith(step.lower()):
        return good or first_capital(step)
    return f"{first_capital(step)}: {good}"
