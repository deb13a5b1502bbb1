"""The register of rules: export controls, origin rules and duties of the real world, and their state at a date.

The table is ``graphs/common/rules.csv``; a network's own table ``rules`` lies over it, row by row. Nothing here reads a
clock: a state belongs to the date that is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from types import MappingProxyType

import pandas as pd

from chainnet import checks
from chainnet._types import records
from chainnet.network import Network, common_table, first_day, kept, last_day, split_list

REGISTER = "graphs/common/rules.csv"


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
    bars_from: str = ""
    bars_to: str = ""
    bars_commodity: str = ""
    is_own: bool = False  # of the network's own table
    is_laid: bool = False  # and in the place of one of the register

    def touches(self, chain: str) -> bool:
        """Say whether the rule touches a chain, or one of those joined in it (``antimony+gallium``).

        A rule of a network's own that names none touches that network.
        """
        return bool(chains_of(chain) & set(self.chains)) or (self.is_own and not self.chains)


def chains_of(name: str) -> set[str]:
    """Return the names of a chain: its own, and those that are joined in it."""
    return {name, *name.split("+")}


def register(network: Network | None = None) -> Mapping[str, Rule]:
    """Return the rules of the register by id, in the order of the table; then those that a network adds.

    Raises
    ------
    DataError
        With every fault of the common table.
    """
    return _common() if network is None or network.view("rules").empty else _laid(network)


@cache
def _common() -> Mapping[str, Rule]:
    return MappingProxyType(_rules_in(common_table("rules").frame))


@kept(1)
def _laid(network: Network) -> Mapping[str, Rule]:
    known, own = _common(), _rules_in(network.view("rules"), is_own=True)
    # who writes a rule anew need not say again whose it is, nor which chains it touches
    for name in own:
        base = name.rpartition(":")[2]  # one of a part of a joined chain stands in the place of the same rule
        if base not in known:
            continue
        rule, before = own[name], known[base]
        own[name] = replace(rule, actor=rule.actor or before.actor, chains=rule.chains or before.chains, is_laid=True)
    return MappingProxyType({**known, **own})


def _rules_in(frame: pd.DataFrame, is_own: bool = False) -> dict[str, Rule]:
    found = {}
    for row in records(frame.fillna("")):
        found[row["id"]] = Rule(**{**row, "chains": tuple(split_list(row["chains"]))}, is_own=is_own)
    return found


def rule_named(name: str, argument: str, network: Network | None = None) -> Rule:
    """Return the rule of an id.

    Raises
    ------
    DataError
        If neither the register nor the network has such a rule; says which ids are near.
    """
    rules = register(network)
    checks.known(name, rules, f"{argument}: rule", f"rule of {REGISTER}", "Add it to the table rules, or leave it out.")
    return rules[name]


def newest_check(network: Network | None = None) -> date:
    """Return the newest day on which a rule of the register was checked: what is known, is known up to it."""
    read = [last_day(rule.checked_on) for rule in register(network).values() if rule.checked_on]
    return max(read, default=date.min)


def state_at(rule: Rule, day: date) -> str:
    """Return the state of a rule at a day: in force, suspended, ended, announced or unknown; the first that fits.

    An end that has passed decides nothing by itself: what followed is known only where a source says so (``after``).
    A proposal is never in force.
    """
    ends = [last_day(text) for text in (rule.until, rule.suspended_to) if text]
    passed = [end for end in ends if end < day]
    works = "announced" if rule.kind == "proposal" else "in force"
    if rule.after and ends and len(passed) == len(ends):
        return works if rule.after == "works" else "ended"
    if passed:
        return "unknown"
    if rule.suspended_from and first_day(rule.suspended_from) <= day:
        return "suspended"
    has_begun = first_day(rule.in_force) <= day if rule.in_force else not rule.announced
    return works if has_begun else "announced"
