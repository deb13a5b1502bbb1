"""How likely is it? The sets of listed events that cost as much as the finding, with their chances as ranges."""

from __future__ import annotations

from typing import Any

import pandas as pd

from chainnet.drawing import ways_svg
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure, Sentence, stands
from chainnet.results import BOUNDED, CHECKED
from chainnet.words import Who, count, counted, join, odds, percent, verb

SHOWN = 3  # sets in the picture
EVENTS = "; "
NO_SET = "no set of the events listed costs so much"


def _found(facts: Facts) -> Any:
    """Return the answer, which every sentence and table below has."""
    return facts.a.likelihood


def likely_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return how likely a loss such as that of the finding is, what proves it, and what has no rate."""
    if facts.a.likelihood is None:
        return ()
    return (Sentence(f"{_answer(facts)} {_proof(facts)}{_unknown(facts)}", ("ways", "hazards"), "How likely."),)


def _who(facts: Facts) -> str:
    who = Who.of(_found(facts).provenance["settings"]["tier"])
    return "all" if who.is_all else str(who)


def _asked(facts: Facts) -> str:
    return f"{percent(_found(facts).loss_asked_share)} of {_who(facts)} demand{_first(facts)}"


def _first(facts: Facts) -> str:
    """Return how events are valued: a tier as if it came first."""
    return "" if _who(facts) == "all" else " if served first"


def _ahead(facts: Facts) -> str:
    return f"{_found(facts).provenance['settings']['years']:g} years ahead"


def _answer(facts: Facts) -> str:
    found = _found(facts)
    if found.likeliest is None:
        if not found.is_optimal:
            return f"No set of the events listed that costs {_asked(facts)} was found in time; there may be one."
        most = percent(found.most_loss_share)
        return f"No set of the events listed costs {_asked(facts)}; all with a rate together cost {most}."
    leading = found.sets[found.sets["can_be_likeliest"]]
    ends = odds(float(leading["chance_low"].min()), float(leading["chance_high"].max()))
    ahead = f"on a day {_ahead(facts)}, if the rates are as assumed"
    if found.decided:
        first = _names(facts, leading.iloc[0])
        return f"The likeliest of the events listed that cost {_asked(facts)}: {first}, {ends} {ahead}."
    return (
        f"Any of {count(len(leading))} sets may be the likeliest of the events listed that cost {_asked(facts)}; their "
        f"chances lie {ends} {ahead}."
    )


def _names(facts: Facts, row: Any) -> str:
    return " with ".join(_found(facts).hazards.loc[name, "label"] for name in str(row["events"]).split(EVENTS))


def _proof(facts: Facts) -> str:
    """Say how far it is proved."""
    found = _found(facts)
    if not found.is_optimal:
        return "Not proved in the seconds given to it."
    cuts = len(found.cuts)
    rows = f"Proved by {counted(cuts, 'set')} that {verb('cost', cuts)} less" if cuts else "Proved"
    return f"{rows}." if found.is_complete else f"{rows}; the list may lack a set."


def _unknown(facts: Facts) -> str:
    """Count the events without a rate; they enter no chance."""
    table = _found(facts).hazards
    unknown = table[table["p_low"].isna() | ((table["p_low"] <= 0) & (table["p_high"] >= 1))]
    if unknown.empty:
        return ""
    n, named = len(unknown), join(list(dict.fromkeys(unknown["label"]))[:3])
    return (
        f" {count(n)} of the {counted(len(table), 'event')} listed {verb('have', n)} no rate and {verb('enter', n)} no "
        f"chance: {named}."
    )


@once
def _ways(facts: Facts) -> pd.DataFrame | None:
    found = facts.a.likelihood
    if found is None or found.sets.empty:
        return None
    table = found.sets.assign(events=[_names(facts, row) for row in found.sets.to_dict("records")])
    return table[["rank", "events", "n", "chance_low", "chance_high", "loss_share", "can_be_likeliest"]]


ways_table = col.Table(
    "ways",
    "Likelihood",
    "Which of the events listed cost as much together, and how likely that is",
    rows=_ways,
    heads={
        "n": "Events",
        "events": "Set of events",
        "chance_low": "Chance, low",
        "chance_high": "Chance, high",
        "loss_share": "Loss, of demand",
        "can_be_likeliest": "May come first",
    },
    subtitle=lambda f: (
        f"Loss asked for: {_asked(f)}. On top of what is in force today. Low: all rates low; high: all high."
    ),
    stands=lambda f: stands("see the sheet Hazards", CHECKED if _found(f).is_optimal else BOUNDED),
)


def _exceedance(facts: Facts) -> pd.DataFrame | None:
    found = facts.a.likelihood
    if found is None or found.exceedance.empty:
        return None
    table = found.exceedance[["loss_share", "chance_low", "chance_high", "method"]]
    ends = table[["chance_low", "chance_high"]].to_numpy()
    return table.assign(words=[odds(low, high) if high > 0 else NO_SET for low, high in ends])


exceedance_table = col.Table(
    "exceedance",
    "Chance of a loss",
    "How likely it is that so much or more is short",
    rows=_exceedance,
    heads={
        "loss_share": "Short, at least",
        "chance_low": "Chance, low",
        "chance_high": "Chance, high",
        "method": "How found",
        "words": "In words",
    },
    subtitle=lambda f: (
        f"Part of {_who(f)} demand{_first(f)} that the events listed cost together, on a day {_ahead(f)}. Low: all "
        "rates low; high: all high."
    ),
    note="Exact: from all sets that cost so much; bounds: from those found in time. Events without a rate enter none.",
    stands=lambda f: stands(
        "see the sheet Hazards", CHECKED if (_found(f).exceedance["method"] == "exact").all() else BOUNDED
    ),
)


def _hazards(facts: Facts) -> pd.DataFrame | None:
    found = facts.a.likelihood
    if found is None:
        return None
    table = found.hazards.reset_index()
    columns = ["label", "p_low", "p_high", "loss_share", "quality", "reference"]
    return table[[name for name in columns if name in table.columns]]


hazard_table = col.Table(
    "hazards",
    "Hazards",
    "What may happen, how likely each is, and what it costs alone",
    rows=_hazards,
    heads={"label": "Event", "p_low": "Chance, low", "p_high": "Chance, high", "loss_share": "Loss alone"},
    subtitle=lambda f: f"In force on a day {_ahead(f)}. n/d: nobody gives a rate, so it enters no chance.",
    stands=lambda _: stands("see column", CHECKED),
)


@fig.figure("ways")
def ways_figure(facts: Facts) -> ReportFigure | None:
    """Draw the chances of the sets that may be the likeliest."""
    found = facts.a.likelihood
    if found is None or found.likeliest is None:
        return None
    leading = found.sets[found.sets["can_be_likeliest"]].sort_values("chance_high", ascending=False, kind="stable")
    rows = leading.head(SHOWN).to_dict("records")
    bars = [(facts.drawn(_names(facts, row)), float(row["chance_low"]), float(row["chance_high"])) for row in rows]
    more = f" {count(len(leading) - len(rows))} more may come first too." if len(leading) > len(rows) else ""
    said = "; ".join(f"{name}: {odds(low, high)}" for name, low, high in bars)
    chance = odds(float(leading["chance_low"].max()), float(leading["chance_high"].max()))
    return fig.make_figure(
        ways_svg(bars),
        f"The likeliest of the events listed: chance {chance}",
        f"Chance of each set, from all rates low to all rates high, log scale. Loss: {_asked(facts)}.{more}",
        f"A bar a set of events: {said}.",
        ways_table(facts),
    )
