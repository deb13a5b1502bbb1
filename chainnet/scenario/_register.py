"""The register of rules: export controls, origin rules and duties of the real world, and their state at a date.

The table is ``graphs/common/rules.csv``. Nothing here reads a clock: a state belongs to the date that is asked about.
"""

from __future__ import annotations

import calendar
import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.network import graphs_folder, split_list

REGISTER = "graphs/common/rules.csv"
KINDS_OF_RULE = ("export", "origin", "duty", "proposal")
AFTER = ("", "works", "ended")
_DATES = ("announced", "in_force", "until", "suspended_from", "suspended_to", "checked_on", "review_by")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


@dataclass(frozen=True)
class Rule:
    """One rule of the register; dates are text as the table has them, ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``."""

    id: str
    title: str
    actor: str
    kind: str
    chains: tuple[str, ...]
    announced: str
    in_force: str
    until: str
    suspended_from: str
    suspended_to: str
    after: str
    scope: str
    source: str
    checked_on: str
    review_by: str
    note: str


def first_day(text: str) -> date:
    """Return the first day of a year, a month or a day written as text; ValueError for anything else."""
    return _days(text)[0]


def last_day(text: str) -> date:
    """Return the last day of a year, a month or a day written as text; ValueError for anything else."""
    return _days(text)[1]


def _days(text: str) -> tuple[date, date]:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, month, day = (int(part) if part else None for part in found.groups())
    assert year is not None
    if day is not None and month is not None:
        only = date(year, month, day)
        return only, only
    first, last = (1, 12) if month is None else (month, month)
    return date(year, first, 1), date(year, last, calendar.monthrange(year, last)[1])


def day_of(as_of: object, argument: str = "as_of") -> date:
    """Return the day that ``as_of`` means; a month or a year is its last day.

    Raises
    ------
    DataError
        If it is no such text.
    """
    if isinstance(as_of, date):
        return date(as_of.year, as_of.month, as_of.day)
    try:
        return last_day(as_of if isinstance(as_of, str) else "")
    except ValueError as err:
        raise DataError(
            f'{argument}: {as_of!r} is no date. Write "2026-11-29", or "2026-11" for its last day.'
        ) from err


@cache
def register() -> Mapping[str, Rule]:
    """Return the rules of the register by id, in the order of the table.

    Raises
    ------
    DataError
        With every fault of the table.
    """
    path = graphs_folder() / "common" / "rules.csv"
    if not path.is_file():
        return MappingProxyType({})
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    faults: list[Fault] = []
    found: dict[str, Rule] = {}
    for line, row in enumerate(rows, 2):
        faults += _faults(row, line, found)
        cells = {key: value for key, value in row.items() if key != "chains"}
        found[row["id"]] = Rule(**cells, chains=tuple(split_list(row["chains"])))
    if faults:
        raise DataError(faults=faults)
    return MappingProxyType(found)


def _faults(row: Mapping[str, str], line: int, known: Mapping[str, Rule]) -> list[Fault]:
    wrong = [("id", "stands twice", "Keep one row.")] if row["id"] in known else []
    wrong += [(key, "is empty", "Fill it in.") for key in ("id", "title", "source", "checked_on") if not row[key]]
    for key in _DATES:
        try:
            _days(row[key] or "2000")
        except ValueError:
            wrong.append((key, "is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD."))
    if row["kind"] not in KINDS_OF_RULE:
        rule = checks.told("unknown kind", row["kind"], KINDS_OF_RULE)
        wrong.append(("kind", rule, checks.listed(KINDS_OF_RULE)))
    if row["after"] not in AFTER:
        wrong.append(("after", "unknown word", "works, ended, or blank where no source says what followed."))
    return [Fault(REGISTER, line, key, row[key], rule, remedy) for key, rule, remedy in wrong]


def rule_named(name: str, argument: str) -> Rule:
    """Return the rule of an id.

    Raises
    ------
    DataError
        If the register has no such rule; says which ids are near.
    """
    rules = register()
    checks.known(name, rules, f"{argument}: rule", f"rule of {REGISTER}", "Or leave rule out.")
    return rules[name]


def newest_check() -> date:
    """Return the newest day on which a rule of the register was checked: what is known, is known up to it."""
    return max((last_day(rule.checked_on) for rule in register().values()), default=date.min)


def state_at(rule: Rule, day: date) -> str:
    """Return the state of a rule at a day: in force, suspended, ended, announced or unknown; the first that fits.

    An end that has passed decides nothing by itself: what followed is known only where a source says so (``after``).
    A proposal is never in force.
    """
    ends = [last_day(text) for text in (rule.until, rule.suspended_to) if text]
    passed = [end for end in ends if end < day]
    if rule.after and ends and len(passed) == len(ends):
        return "in force" if rule.after == "works" else "ended"
    if passed:
        return "unknown"
    if rule.suspended_from and first_day(rule.suspended_from) <= day:
        return "suspended"
    has_begun = first_day(rule.in_force) <= day if rule.in_force else not rule.announced
    return "in force" if has_begun and rule.kind != "proposal" else "announced"
