"""The register of rules: export controls, origin rules and duties of the real world, and their state at a date.

The table is ``graphs/common/rules.csv``. Nothing here reads a clock: a state belongs to the date that is asked about.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.network import first_day, graphs_folder, last_day, split_list

REGISTER = "graphs/common/rules.csv"
KINDS_OF_RULE = ("export", "origin", "duty", "proposal")
AFTER = ("", "works", "ended")
_DATES = ("announced", "in_force", "until", "suspended_from", "suspended_to", "checked_on", "review_by")


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
            first_day(row[key] or "2000")
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
