"""What rules bar for good: between whom no new relation may begin, at the date at which a network stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from chainnet._types import Bools, records
from chainnet.network._common import common_table
from chainnet.network._dates import day_of, first_day, last_day
from chainnet.network._gate import split_list
from chainnet.network._kept import kept

if TYPE_CHECKING:
    from datetime import date

    from chainnet.network._network import Network

_BARS = ["bars_from", "bars_to", "bars_commodity"]


class Bar(NamedTuple):
    """A rule that bars: which plants (nodes, then projects) may not ship to which, and what; no commodity = any."""

    rule: str
    makers: Bools
    users: Bools
    commodities: tuple[str, ...]


@kept(1)
def bars_in_force(network: Network) -> tuple[Bar, ...]:
    """Return the rules that bar plants of a network at its date, its own rules over those of every graph.

    A rule bars from its first day to its last, longer where a source says that it works on, but for a suspension. A
    proposal bars nobody, nor does what is announced without a first day. Without a date nothing has begun late or
    ended. Who writes a rule anew need not say again what it bars.

    Raises
    ------
    DataError
        With every fault of the table of every graph.
    """
    common, own = common_table("rules").frame.set_index("id"), network.view("rules").set_index("id")
    is_said = own[_BARS].notna().any(axis=1)
    own = own.assign(**{name: own[name].where(is_said, common[name].reindex(own.index)) for name in _BARS})
    table = pd.concat([common[~common.index.isin(own.index)], own])
    day = None if network.as_of is None else day_of(network.as_of)
    found = []
    for row in records(table[table["bars_from"].notna()].reset_index().fillna("")):
        if row["kind"] == "proposal" or (day is not None and not _holds(row, day)):
            continue
        makers, users = (
            network.in_countries(network.plants, split_list(row[name]), f"rules: {name}") for name in _BARS[:2]
        )
        if makers.any() and users.any():
            found.append(Bar(row["id"], makers, users, tuple(split_list(row["bars_commodity"]))))
    return tuple(found)


def _holds(row: dict[str, str], day: date) -> bool:
    """Say whether a rule is in force at a day."""
    has_begun = first_day(row["in_force"]) <= day if row["in_force"] else not row["announced"]
    if not has_begun:
        return False
    if row["until"] and last_day(row["until"]) < day and row["after"] != "works":
        return False
    off, on = row["suspended_from"], row["suspended_to"]
    return not (off and first_day(off) <= day and (not on or day <= last_day(on)))
