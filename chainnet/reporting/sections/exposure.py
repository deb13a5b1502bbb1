"""What a site's loss costs until it is back, and what is lost where firms react only to their own stocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.drawing import Exposure
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import Block, ReportColumn, ReportFigure, Sentence, blocks_of
from chainnet.reporting.order import table_id
from chainnet.reporting.sections.asked import not_assessed
from chainnet.results import CHECKED, SIMULATED, fact_of, origin_of
from chainnet.words import NO_DATA, bracket_sentence, correlation, join, money, number, ranks, weight

YEAR = 12  # months in the year that a period of a shipped graph is
SHORT_LIST = 10
TOLD = 3
# loss -> head of its column, what it is, whether its share is printed
_LOSSES = {
    "optimal": ("Best rerouting", "best rerouting, no stocks", True),
    "myopic first year": ("Habit, first year", "plants live on their stores and habits, first year", False),
    "myopic long run": ("Habit, last year", "the same, last year, the stores used up", True),
    "worst case": ("Worst case", "no stores, no rerouting (ESRI)", False),
}


def myopic_blocks(facts: Facts) -> tuple[Block, ...]:
    """Return what is lost where firms react only to their own stocks."""
    return blocks_of(bracket_points(facts), bracket_table(facts), not_assessed(facts, "bracket"))


def exposed_blocks(facts: Facts) -> tuple[Block, ...]:
    """Return what each site's loss costs until it is back."""
    return blocks_of(exposure_figure(facts), exposure_table(facts), not_assessed(facts, "exposure"))


def bracket_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return the bracket of the worst scenarios that it can express, those that lose the same told once."""
    found: dict[str, list[str]] = {}
    for name, mine in _brackets(facts).items():
        if mine["lost_tpa"].max() > 0:
            said = bracket_sentence(mine.loc["optimal", "lost_tpa"], mine.loc["myopic long run", "lost_tpa"])
            found.setdefault(said, []).append(name)
    return tuple(
        Sentence(words, ("bracket",), f"{join([facts.scenario_label(n) for n in names])}.")
        for words, names in list(found.items())[:TOLD]
    )


@once
def _brackets(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the bracket of each scenario that has one, worst first; what cannot be told from zero is zero."""
    table = facts.a.bracket
    if table.empty:
        return {}
    known = set(table.index.get_level_values("scenario"))
    found = {name: table.loc[name, ["lost_tpa", "lost_share"]] for name in facts.ordered if name in known}
    return {n: t.apply(lambda c, t=t: c.mask(t["lost_share"].abs() <= 1e-7, 0.0)) for n, t in found.items()}


def _bracket_columns() -> list[ReportColumn]:
    def lost(loss: str, column: str) -> Any:
        return lambda _, row: row["lost"].loc[loss, column]

    columns = list(col.SCENARIO)
    for loss, (head, words, _) in _LOSSES.items():
        columns.append(col.tons(f"{loss.replace(' ', '_')}_tpa", head, words, lost(loss, "lost_tpa")))
    for loss, (head, words, shown) in _LOSSES.items():
        key, meaning = f"{loss.replace(' ', '_')}_share", f"{words}: part of the baseline"
        columns.append(col.share(key, f"{head}, %", meaning, lost(loss, "lost_share"), body=shown))
    return columns


def _bracket_note(facts: Facts) -> str:
    years = origin_of(facts.a.bracket)["settings"]["years"]
    names = [key.removeprefix("bracket: ") for key in facts.a.unanswered if key.startswith("bracket: ")]
    left = [facts.scenario_label(name) for name in names if name in facts.a.scenarios.index]
    return (
        "Loss against what is served in the baseline, no tier first "
        f"({table_id('served')} serves them in order). Best rerouting "
        f"draws no stocks. First and last of {years} simulated years in which plants order as they always did: "
        "the first lives on the stores of plants, so that it may lose less than the best rerouting without "
        "them. Worst case: no stores, no rerouting; no bound by proof."
        + (f" Not assessed: {'; '.join(left)} (see below)." if left else "")
    )


bracket_table = col.Table(
    "bracket",
    "Bracket",
    "Lost with the best rerouting, and if firms react only to their own stocks",
    rows=lambda f: [{"scenario": n, "lost": t} for n, t in _brackets(f).items()] if len(f.a.bracket) else None,
    columns=_bracket_columns(),
    subtitle="Unit: {f.unit}, all tiers. Every measure at its full size. {f.whose_words}",
    note=_bracket_note,
    stands=lambda f: f.standing(f.a.bracket, status=f"{CHECKED}; first, last year and worst case {SIMULATED}"),
)


# -- exposure -----------------------------------------------------------------------------------


def _has_values(facts: Facts) -> bool:
    """Say whether the cost of an exposure is in USD, not in tonnes."""
    settings = origin_of(facts.a.exposure).get("settings", {})
    return bool(settings.get("value") == "value_usd_per_t")


def _recovery_words(facts: Facts) -> str:
    """Say which recovery was taken, and whether anybody gave it."""
    table = facts.a.exposure
    months = sorted({round(float(v) * YEAR, 6) for v in table["recovery"]})
    how = "as given" if facts.settings["recovery"] == "given" else "assumed, the data hold none"
    span = number(months[0]) if len(months) == 1 else f"{number(months[0])} to {number(months[-1])}"
    return f"Recovery: {span} months for each site ({how})."


def _where(facts: Facts, row: Any) -> str:
    parts = [p for p in facts.members(str(row["site"])) if p in facts.things.index]
    return ", ".join(dict.fromkeys(facts.things.loc[parts, "place"])) if parts else NO_DATA


def _months(key: str) -> Any:
    return lambda _, row: row[key] * YEAR


def _exposure_columns(facts: Facts) -> list[ReportColumn]:
    least, spend = "least value lost until it is back", "throughput at its prices"
    cost = col.weight("cost_t", "Cost, t", least, "cost_usd")
    if _has_values(facts):
        cost = col.dollars("cost_musd", "Cost, USD million", least, "cost_usd")
    spent = col.dollars("spend_musd", "Spend, USD million", spend, "spend_usd")
    return [
        col.text("rank", "Rank", "place by the cost; = tied"),
        col.code("site", "Id", "what drops out"),
        col.text("label", "Site", "the same in words", lambda f, row: f.site_label(str(row["site"]))),
        col.text("place", "Country or region", "where it stands", _where),
        cost,
        col.share("rei", "Of the largest", "risk exposure index: cost over the largest cost"),
        col.weight("lost_t", "Lost, t", "tonnes lost until it is back"),
        col.months("time_to_survive", "Time to survive, months", "time without any loss", _months("time_to_survive")),
        col.months("recovery", "Recovery, months", "time until it is back, an input", _months("recovery")),
        col.tons("throughput_tpa", "Throughput", "what leaves it in the baseline"),
        *([spent] if "spend_usd" in facts.a.exposure else []),
    ]


def _exposure_words(facts: Facts) -> str:
    unit = "USD million" if _has_values(facts) else "t"
    return f"Unit: {unit}, all tiers by their value. {_recovery_words(facts)} One at a time, in the baseline network."


def _exposure_note(facts: Facts) -> str:
    return (
        ("" if _has_values(facts) else "The data hold no value per tonne, so that each tonne counts 1. ")
        + "The rest of the network makes, ships and draws on stocks so that the least value is lost; lead times are "
        "left out. Time to survive: how long it can be out without any loss. Throughput: t/yr of all that leaves it."
    )


exposure_table = col.Table(
    "exposure",
    "Exposure",
    "What the loss of each site costs until it is back",
    rows=lambda f: col.some(f.a.exposure.assign(rank=ranks(f.a.exposure["cost_usd"]))) if len(f.a.exposure) else None,
    columns=_exposure_columns,
    subtitle=_exposure_words,
    note=_exposure_note,
    stands=lambda f: f.standing(f.a.exposure),
    lead=lambda f: min(int((f.a.exposure["cost_usd"] > 0).sum()) + 1, SHORT_LIST),
)


@fig.figure("exposure")
def exposure_figure(facts: Facts) -> ReportFigure | None:
    """Return spend against exposure, as the drawing room draws it; None where it was not assessed."""
    table = facts.a.exposure
    if table.empty or not (table["cost_usd"] > 0).any():
        return None
    canvas = Exposure(table, {s: facts.drawn(facts.site_label(str(s)), 44) for s in table.index}).draw()
    column = "spend_usd" if "spend_usd" in table else "throughput_tpa"
    rank = fact_of(table, "rank_correlation", {}).get(column, float("nan"))
    what = "Spend at a site" if column == "spend_usd" else "What a site ships"
    amount = money if _has_values(facts) else weight
    worth = [f"{facts.site_label(str(s))} {amount(cost)}" for s, cost in table["cost_usd"].head(3).items()]
    return fig.make_figure(
        canvas,
        _tells(what, rank, len(table)),
        f"{what} against what its loss costs until it is back. {_recovery_words(facts)}",
        f"Marks show each site; largest: {'; '.join(worth)}.",
        "",
        exposure_table(facts),
    )


def _tells(what: str, rank: float, n: int) -> str:
    """Return as a finding what a rank correlation of size and loss says."""
    if np.isnan(rank):
        return f"{what} and what its loss costs: {n} sites"
    tells = "tells its loss" if rank >= 0.7 else "tells its loss in part" if rank >= 0.3 else "tells little of its loss"
    return f"{what} {tells}: rank correlation {correlation(rank)}"
