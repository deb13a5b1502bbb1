"""What was asked? Whose demand, over which time, under which scenarios; and what could not be answered."""

from __future__ import annotations

import re
from typing import Any

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.measures import measure_rows
from chainnet.reporting.model import ReportColumn, Sentence, stands
from chainnet.reporting.sections.missing import missing_words
from chainnet.scenario import next_words
from chainnet.words import count, counted, first_capital, is_missing, join, percent

_QUESTIONS = {
    "bracket": "myopic loss",
    "exposure": "exposure",
    "stockpile": "required stock",
    "portfolio": "best sets of projects",
    "market": "market prices",
    "floors": "what a price floor does",
    "instruments": "instruments at equal effect",
    "likelihood": "likelihood",
    "alignment": "what countries between two blocs are worth",
    "indices": "published indices",
    "ranges": "ranges",
    "draws": "all ranges at once",
}


def asked_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return what counts, whose, over which time, and the scenarios in words."""
    goods = join([facts.commodity(c) for c in facts.counted]) or "all goods"
    members = f" ({facts.whose_members})" if facts.whose_members else ""
    whose = f"demand of {facts.whose}{members}" if facts.whose else "all demand"
    net = facts.network
    years = join([str(y) for y in facts.a.rerouting])
    return (
        Sentence(f"{goods}, in {facts.unit}.", (), "What counts:"),
        Sentence(f"{whose}; tiers in the order {join(facts.tiers)}. Served {facts.order}.", (), "Whose:"),
        Sentence(
            f"in the long run a steady year with every measure at its full size; over time {facts.horizon} months, "
            f"every "
            "measure with its dates, counted from month 1.",
            (),
            "Horizon:",
        ),
        Sentence(f"by {years}, under the worst scenario." if years else "none listed.", (), "Projects:"),
        *_standing(facts),
        *_next(facts),
        Sentence(
            f"{count(len(net.nodes))} nodes, {count(len(net.edges))} relations, {counted(len(net.demand), 'demand')}, "
            f"{counted(len(net.stocks), 'stock')}, {counted(len(net.projects), 'project')}.",
            (),
            "Data:",
        ),
        *missing_words(facts),
    )


def _next(facts: Facts) -> tuple[Sentence, ...]:
    """Return which rules begin next and which may apply again; nothing where none does."""
    said = next_words(facts.network)
    return (Sentence(said, (), "Rules that begin or return:"),) if said else ()


def _standing(facts: Facts) -> tuple[Sentence, ...]:
    """Return which plants opened since the base year; nothing where none did."""
    rows = facts.network.opened
    if rows.empty:
        return ()
    said = [
        label
        + ("" if is_missing(since) else f" since {since}")
        + (f", at {percent(part)} of its size" if part < 1 else "")
        for label, since, part in zip(rows["label"], rows["since"], rows["part"], strict=True)
    ]
    return (Sentence(f"{'; '.join(said)}.", (), f"Opened since {facts.network.year}:"),)


def _measures(facts: Facts) -> list[dict[str, Any]]:
    """Return the measures of every scenario in words."""
    return [
        {"scenario": name, "measure": words, "told": told}
        for name in facts.ordered
        for words, told in measure_rows(facts, facts.a.asked[name])
    ]


def _measure_columns(facts: Facts) -> list[ReportColumn]:
    meaning = "id and status of the rule, keys of its sources, and the day on which they were read"
    told = col.text("told", "Rule, status, source, checked on", meaning, missing="not said")
    return [
        col.code("scenario", "Name", "name of the scenario"),
        col.SCENARIO_LABEL,
        col.text("measure", "Measure", "what it does"),
        *([told] if any(row["told"] for row in _measures(facts)) else []),
    ]


measure_table = col.Table(
    "measures",
    "Scenarios",
    "What each scenario does",
    rows=_measures,
    columns=_measure_columns,
    none={"label": "no scenario was given"},
    subtitle="In the long run every measure is in force at its full size; in the months its dates count.",
    note="A limit on a flow also closes new relations of its kind. Out: what is named drops out, its demand stays.",
    stands=stands("n/a"),
)


def not_assessed(facts: Facts, *questions: str) -> tuple[Sentence, ...]:
    """Return why some questions were not answered, scenarios with the same reason together."""
    found: dict[tuple[str, str], list[str]] = {}
    for key, reason in facts.a.unanswered.items():
        question, _, scenario = key.partition(": ")
        if question in questions:
            found.setdefault((question, _reason(reason)), []).extend([scenario] if scenario else [])
    points = []
    for (question, reason), scenarios in found.items():
        of = f" ({join([facts.quoted(s) for s in scenarios])})" if scenarios else ""
        points.append(Sentence(f"Not assessed: {_QUESTIONS[question]}{of}. {first_capital(reason)}"))
    return tuple(points)


def _reason(message: str) -> str:
    """Return the first sentence of an error without the names of functions and files before it."""
    words = re.sub(r"^(?:[a-z_]+: )?(?:[^\s:]+\.toml: )?", "", message)
    words = re.sub(r"^measures\[\d+\] (\w+)", r"a measure (\1)", words)
    return words.split(". ")[0].rstrip(".") + "."
