"""What makes a test of a forecast a test: nothing that came after may stand among what was known before.

R1 inputs were known before; R2 no input has the source of an outcome, or a period that ends after the announcement, and
an outcome whose source a table of judgements cites is fitted;
R3 what was learned from other events was seen before; R4 the base year ends before; R5 no shipped scenario is read;
R6 a share stands in the text, or among the inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet._types import records
from chainnet.errors import DataError
from chainnet.hindsight._event import (
    CLASSES,
    MARKS,
    NEVER,
    QUESTION_KINDS,
    TABLES_OF_INPUTS,
    UNCOUNTED,
    WORLD,
    Event,
    Question,
)
from chainnet.io import load_toml, read_text
from chainnet.network import first_day, is_country, last_day, split_list
from chainnet.scenario import check_scenario

Fault = Callable[[str, int | None, str, object, str, str], None]
MONTH_OVER = timedelta(days=31)  # of a base year, which is said
_PERIOD = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:[-/].*?(\d{2}))?")


def check_event(event: Event, fault: Fault, folder: Path) -> None:
    """Note what is wrong with the form of an event, and what could not be known before it."""
    file = f"{event.id}.toml"
    if event.kind not in CLASSES:
        fault(file, None, "class", event.kind, checks.unknown(event.kind, CLASSES, "class"), "Correct the word.")
    dates = {key: _day(getattr(event, key)) for key in ("announced", "in_force", "until")}
    for key, day in dates.items():
        if getattr(event, key) and day is None:
            fault(file, None, key, getattr(event, key), "is no date", "Write it as 2023-08-01.")
    if None in (dates["in_force"], _day(event.told_on)):
        return
    _check_questions(event, file, fault)
    _check_inputs(event, fault, folder)
    _check_taught(event, fault)
    _check_measures(event, file, fault)
    _check_base(event, file, fault)
    if not any(place == event.actor for place in event.network.plants["country"]) and not is_country(event.actor):
        fault(file, None, "actor", event.actor, "is no country", "Write an ISO alpha-3 code.")


def _day(text: str, *, last: bool = False) -> date | None:
    try:
        return (last_day if last else first_day)(text)
    except ValueError:
        return None


def told_on(event: Event) -> date:
    """Return the day before which all has to be known."""
    return first_day(event.told_on)


# -- questions ---------------------------------------------------------------------------------------


def _check_questions(event: Event, file: str, fault: Fault) -> None:
    known = set(event.network.commodities["id"]) | set(event.network.edges["commodity"].dropna())
    groups, seen, ids = event.network.groups_known, dict[tuple[Any, ...], str](), set[str]()
    for q in event.asked:
        where = f"questions.{q.id}"
        if q.kind not in QUESTION_KINDS:
            fault(
                file, None, f"{where}.kind", q.kind, checks.unknown(q.kind, QUESTION_KINDS, "kind"), "Correct the word."
            )
        for word in q.commodity:
            if word not in known:
                rule = checks.unknown(word, known, "commodity")
                fault(file, None, f"{where}.commodity", word, rule, "Correct the word.")
        if q.tier and q.tier not in event.network.tier_order:
            rule = checks.unknown(q.tier, event.network.tier_order, "tier")
            fault(file, None, f"{where}.tier", q.tier, rule, "Correct the word.")
        if q.who not in ("tier", "anyone"):
            fault(file, None, f"{where}.who", q.who, checks.unknown(q.who, ("tier", "anyone"), "word"), "Correct it.")
        for key, word in (("from", q.source), ("to", q.target), ("country", q.country)):
            if word and word != WORLD and word not in groups and not is_country(word):
                rule = checks.unknown(word, groups, "country or group")
                fault(file, None, f"{where}.{key}", word, rule, "Write an ISO alpha-3 code, or the name of a group.")
        for key in _lacking(q):
            fault(file, None, f"{where}.{key}", "", f"a question of kind {q.kind} has to say it", "Write it.")
        if q.months[0] < 1 and q.kind != "flow":
            rule = "the window begins before the first month in force, of which only flows are told"
            fault(file, None, f"{where}.months", list(q.months), rule, "Begin with month 1.")
        if q.id in ids:
            fault(file, None, f"{where}.id", q.id, "stands twice", "Ask it once.")
        if q.aspect in seen:
            rule = f"asks the same as {seen[q.aspect]}: commodity, countries and window are of one class"
            fault(file, None, where, q.id, rule, "Ask an aspect once.")
        ids.add(q.id)
        seen.setdefault(q.aspect, q.id)


def _lacking(q: Question) -> Iterator[str]:
    needed: Mapping[str, tuple[str, ...]] = {
        "flow": ("source", "target"), "recover": ("source", "target"), "detour": ("target",), "sign": ("country",),
        "order": ("source",),
    }  # fmt: skip
    names = {"source": "from", "target": "to"}
    yield from (names.get(key, key) for key in needed.get(q.kind, ()) if not getattr(q, key))
    if (q.kind == "order" and len(q.among) < 4) or (q.kind == "first" and len(q.among) < 2):
        yield "among"


# -- inputs: R1, R2, R3 ------------------------------------------------------------------------------


def _check_inputs(event: Event, fault: Fault, folder: Path) -> None:
    before, file = told_on(event), "inputs.csv"
    seen_later = {key: row["row"] for row in records(event.outcomes) for key in split_list(row["reference"])}
    for row in records(event.inputs):
        line = row["row"]
        if row["table"] not in TABLES_OF_INPUTS:
            rule = checks.unknown(row["table"], TABLES_OF_INPUTS, "table")
            fault(file, line, "table", row["table"], rule, "Correct the word.")
        _check_numbers(row, fault)
        known = _day(row["knowable_from"], last=True)
        only_widens = pd.isna(row["value"]) and row["quality"] == "assumed"
        if known is None:
            rule, remedy = "is no date (R1)", "Write the day from which the figure could be known."
            fault(file, line, "knowable_from", row["knowable_from"], rule, remedy)
        elif known >= before and not only_widens:
            rule = f"could not be known before {before.isoformat()} (R1)"
            remedy = "Take a figure known before. A later one may only widen a range: no value, quality assumed."
            fault(file, line, "knowable_from", row["knowable_from"], rule, remedy)
        for key in split_list(row["reference"]):
            if key in seen_later:
                rule = f'"{key}" is the source of an outcome of the event too, row {seen_later[key]} (R2)'
                fault(file, line, "reference", row["reference"], rule, "Take a source from before the event.")
        ends = _end_of(row["period"])
        if ends is not None and ends >= before and not only_widens:
            rule = f"ends after {before.isoformat()} (R2)"
            fault(file, line, "period", row["period"], rule, "Take a period that was over by then.")
        for other in split_list(row["learned_from"]):
            _check_learned(event, other, row, fault, folder)


def _check_taught(event: Event, fault: Fault) -> None:
    """Note an outcome that would count although a table that forecasts vary cites its source."""
    for name in ("cover", "qualification"):
        table = getattr(event.network, name)
        cited = {key for cell in table.get("reference", ()) if isinstance(cell, str) for key in split_list(cell)}
        for row in records(event.outcomes):
            for key in split_list(row["reference"]):
                if key in cited and row["set"] not in UNCOUNTED:
                    rule = f'"{key}" is a source of the table {name} too, so the outcome taught an input (R2)'
                    fault("outcomes.csv", row["row"], "set", row["set"], rule, 'Write "fitted".')


def _end_of(period: str) -> date | None:
    """Return the last day of a period such as 2022, 2022-10, 2023-01/10; None where it says none."""
    found = _PERIOD.match(period)
    if found is None:
        return None
    if "/" in period:
        tail = period.split("/")[1]
        return _day(tail if len(tail) > 4 else f"{found[1]}-{tail}", last=True)
    return _day(period, last=True)


def _check_numbers(row: Mapping[str, Any], fault: Fault) -> None:
    value, low, high = row["value"], row["low"], row["high"]
    if low > high or low > value or value > high:
        fault("inputs.csv", row["row"], "low", low, "low, value and high are not in order", "Correct the range.")
    is_share = row["table"] == "share" or (row["table"] == "profile" and row["unit"] != "months")
    for name in ("value", "low", "high"):
        number = row[name]
        if number < 0 or (is_share and number > 1):
            rule = "is no share, 0 to 1" if is_share else "is below 0"
            fault("inputs.csv", row["row"], name, number, rule, "Correct the number.")
    if row["months"] < 0:
        fault("inputs.csv", row["row"], "months", row["months"], "is below 0", "Correct the number.")


def _check_learned(event: Event, other: str, row: Mapping[str, Any], fault: Fault, folder: Path) -> None:
    paths = [folder / f"{other}.toml", *sorted(folder.parent.parent.glob(f"*/{folder.name}/{other}.toml"))]
    path = next((path for path in paths if path.is_file()), None)
    told = event.told_on
    if path is None:
        rule, remedy = f'no event file "{other}.toml" is found (R3)', "Add it, or take the word out."
        fault("inputs.csv", row["row"], "learned_from", other, rule, remedy)
        return
    force = str(load_toml(read_text(path, path.name), path.name).get("in_force", ""))
    if _day(force) is None or first_day(force) >= first_day(told):
        rule = f"{other} was in force on {force or '?'}, not before {told} (R3)"
        fault("inputs.csv", row["row"], "learned_from", other, rule, "Learn from earlier events alone.")


# -- measures and base: R4, R6 -------------------------------------------------------------------------


def _check_measures(event: Event, file: str, fault: Fault) -> None:
    for number, measure in enumerate(event.measures):
        for key in ("share", "profile", "tpa", "by"):
            given = measure.get(key)
            if given is None or given in ("profile", "share"):
                if given is not None and not (event.inputs["table"] == given).any():
                    rule = f'names rows of table "{given}" that inputs.csv does not have'
                    fault(file, None, f"measures[{number}].{key}", given, rule, "Add them.")
                continue
            if given == "controls":
                rule = "takes what customs showed later (R6)"
                fault(file, None, f"measures[{number}].{key}", given, rule, 'Write "profile" and add inputs.')
            elif not measure.get("states"):
                rule = "holds a share that the text does not state (R6)"
                remedy = 'Write "profile" or "share" and add inputs, or states = true where the text says it.'
                fault(file, None, f"measures[{number}].{key}", given, rule, remedy)
    phases = event.inputs[(event.inputs["table"] == "profile") & (event.inputs["unit"] != "months")]
    for _, mine in phases.groupby("to"):
        rows = mine.sort_values("phase")
        lengths = rows["months"].isna().tolist()
        if lengths and (lengths[:-1].count(True) or not lengths[-1]):
            rule = "each phase but the last has months, the last has none"
            fault("inputs.csv", int(rows["row"].iloc[-1]), "months", "", rule, "Correct the phases.")
    try:
        check_scenario(event.scenario)
    except DataError as error:
        for one in error.faults_list:
            fault(file, one.row, one.column, one.value, one.rule, one.remedy)
        if not error.faults_list:
            fault(file, None, "measures", "", str(error), "Correct the measure.")
    except (KeyError, IndexError, ValueError):  # what is missing is named above
        pass


def _check_base(event: Event, file: str, fault: Fault) -> None:
    before = told_on(event)
    dated = event.inputs[event.inputs["table"].isin(["totals", "flows"])]
    if event.is_before:
        if dated.empty:
            rule = "says that the chain before the event is built, but inputs.csv has no dated totals or flows (R4)"
            fault(file, None, "base", "before", rule, "Add them, or leave base out.")
        if date(event.base_year, 12, 31) >= before + MONTH_OVER:
            rule = f"does not end before {before.isoformat()} (R4)"
            fault(file, None, "base_year", event.base_year, rule, "Name the year of the dated inputs.")
        return
    year = event.network.year
    if year is None or event.base_year != year:
        rule = f"the flows of the chain are of {year} (R4)"
        fault(file, None, "base_year", event.base_year, rule, 'Write base = "before" and add dated inputs.')
    elif date(year, 12, 31) >= before + MONTH_OVER:
        rule = f"does not end before {before.isoformat()} (R4)"
        fault(file, None, "base_year", event.base_year, rule, 'Write base = "before" and add dated inputs.')


# -- outcomes ------------------------------------------------------------------------------------------


def check_outcomes(event: Event, outcomes: pd.DataFrame, file: str, fault: Fault) -> None:
    """Note outcomes without a question, twice, or of a form that their question does not have."""
    asked, seen = {q.id: q for q in event.asked}, set[str]()
    for row in records(outcomes):
        word = row["question"]
        if word not in asked:
            rule = checks.unknown(word, asked, f"question of {event.id}")
            fault(file, row["row"], "question", word, rule, "Correct the word, or ask the question.")
            continue
        if word in seen:
            fault(file, row["row"], "question", word, "has two outcomes", "Keep one.")
        seen.add(word)
        if row.get("set", "") not in ("", *MARKS):
            rule = checks.unknown(row["set"], MARKS, "word")
            fault(file, row["row"], "set", row["set"], rule, "Correct the word.")
        q = asked[word]
        good = row["value"] != "" or pd.notna(row["low"])
        if q.kind in ("first", "order"):
            good = set(split_list(row["value"])) <= set(q.among) and bool(row["value"])
        elif row["value"] not in ("", NEVER, "yes", "no", "+", "-"):
            good = checks.is_number(pd.to_numeric(row["value"], errors="coerce"))
        if not good or row["low"] > row["high"]:
            fault(
                file, row["row"], "value", row["value"], f"is no answer to a question of kind {q.kind}", "Correct it."
            )
