"""The rules of the tables that say what law and contract ask for: rules, service, contracts, cover.

Each notes what it finds at the gate, as ``_rules`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools, records
from chainnet.network._countries import OUTSIDE, Groups, countries_near, country_named, is_country
from chainnet.network._dates import first_day, last_day
from chainnet.network._gate import Frames, Gate, near_word, split_list
from chainnet.network._schema import DEFAULT_TIERS

# columns that hold dates, and pairs of them of which the first may not lie after the second
_DATES = {
    "rules": ("announced", "in_force", "until", "suspended_from", "suspended_to", "checked_on", "review_by"),
    "service": ("from", "until"),
    "contracts": ("until",),
}
_SPANS = {
    "rules": (("in_force", "until"), ("suspended_from", "suspended_to")),
    "service": (("from", "until"),),
}
_COUNTRIES = (
    ("service", "country"), ("contracts", "for"), ("cover", "country"), ("rules", "actor"), ("rules", "bars_from"),
    ("rules", "bars_to"),
)  # fmt: skip
_PLACES = ("step", "node", "country", "commodity", "tier")
_ANY = "*"  # a good or tier of a plant, which may be any


def check_law(gate: Gate, frames: Frames, groups: Groups) -> None:
    """Note dates that are none or run backwards, countries and tiers that nobody knows, and rows that contradict."""
    for table, columns in _DATES.items():
        if len(frames[table]):
            _dates(gate, table, frames[table], columns)
    for table, column in _COUNTRIES:
        _places(gate, table, frames[table], column, groups)
    for row in gate.rows((frames["rules"]["bars_from"].isna() != frames["rules"]["bars_to"].isna()).to_numpy()):
        rule = "bars_from and bars_to say together between whom new relations are barred"
        gate.fault("rules", int(row), "bars_from", None, rule, "Give both, or neither.")
    if len(frames["contracts"]):
        _contracts(gate, frames["contracts"])
    if len(frames["cover"]):
        _cover(gate, frames, groups)


def _dates(gate: Gate, table: str, frame: pd.DataFrame, columns: Collection[str]) -> None:
    for row, cells in enumerate(records(frame[list(columns)])):
        days: dict[str, tuple[date, date]] = {}
        for column, text in cells.items():
            if not isinstance(text, str):
                continue
            try:
                days[column] = first_day(text), last_day(text)
            except ValueError:
                gate.fault(table, row, column, text, "is no date", "Write YYYY, YYYY-MM or YYYY-MM-DD.")
        for start, end in _SPANS.get(table, ()):
            if start in days and end in days and days[start][0] > days[end][1]:
                rule = f"lies after {end} ({cells[end]})"
                gate.fault(table, row, start, cells[start], rule, "Swap or correct them.")


def _places(gate: Gate, table: str, frame: pd.DataFrame, column: str, groups: Groups) -> None:
    words = [(row, word) for row, cell in enumerate(frame[column].fillna("")) for word in split_list(cell)]
    for row, said in words:
        word = said.removeprefix(OUTSIDE)
        if word in groups or is_country(word):
            continue
        code = country_named(word)
        near = checks.meant([code] if code else countries_near(word)) or checks.near(word, groups)
        remedy = f"Use an ISO alpha-3 code or the name of a group.{near}"
        gate.fault(table, row, column, word, "neither a country nor a known group", remedy)


def _contracts(gate: Gate, frame: pd.DataFrame) -> None:
    for row, cells in enumerate(records(frame[["share", "tpa"]])):
        held = [column for column in ("share", "tpa") if cells[column] == cells[column]]
        if len(held) != 1:
            rule = "share and tpa are both blank" if not held else "stands beside tpa"
            value = f"{cells['share']:g}" if held else None
            gate.fault("contracts", row, "share", value, rule, "Give one of the two: a share, or tonnes a year.")


def _cover(gate: Gate, frames: Frames, groups: Groups) -> None:
    """Of several rows for one need the most specific holds: two that name as much, and can meet, contradict."""
    cover = frames["cover"]
    tiers = set(frames["tiers"]["tier"].dropna()) or set(DEFAULT_TIERS)
    for row, cells in enumerate(records(cover[["weeks", "low", "high", "tier"]])):
        for end, wrong in (("low", cells["low"] > cells["weeks"]), ("high", cells["high"] < cells["weeks"])):
            if wrong and not cells["low"] > cells["high"]:  # which is told already
                rule = f"weeks ({cells['weeks']:g}) lies outside low to high"
                gate.fault("cover", row, end, f"{cells[end]:g}", rule, "Correct one of them.")
        if isinstance(cells["tier"], str) and cells["tier"] not in tiers:
            rule = checks.told("not a known tier", cells["tier"], tiers)
            gate.fault("cover", row, "tier", cells["tier"], rule, f"Correct it.{near_word(cells['tier'], tiers)}")
    needs = _needs(frames)
    named = [
        {column: word for column, word in cells.items() if isinstance(word, str)}
        for cells in records(cover[list(_PLACES)])
    ]
    reached = [_reached(words, needs, groups) for words in named]
    for one, other in combinations(range(len(named)), 2):
        # rows of one key are told as standing twice
        if _weight(named[one]) != _weight(named[other]) or named[one] == named[other]:
            continue
        if (reached[one] & reached[other]).any():
            rule = f"names as much as row {one + 2} and can meet it: which of the two holds is open"
            place = " / ".join(named[other].values())
            gate.fault("cover", other, "weeks", place, rule, "Name one column more in one of them.")


def cover_by_node(frames: Frames, groups: Groups) -> pd.DataFrame:
    """Return cover in which every row names its user, so that it says the same beside users of other chains.

    Parameters
    ----------
    frames : mapping of str to DataFrame
    groups : mapping of str to frozenset
        Members of each known group.

    Returns
    -------
    DataFrame
        Columns of cover: a row for each need that a row speaks of, the most specific one; of a plant, of which goods
        are not asked for by row, the good and tier that it named.
    """
    cover, needs = frames["cover"], _needs(frames)
    found: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}
    for cells in records(cover):
        words = {column: cells[column] for column in _PLACES if isinstance(cells[column], str)}
        for need in records(needs[_reached(words, needs, groups)]):
            named = {"node": need["node"]}
            for column in ("commodity", "tier"):
                named[column] = words.get(column) if need[column] == _ANY else need[column]
            row = {**cells, "step": None, "country": None, **named}
            key = tuple("" if named[c] != named[c] or named[c] is None else named[c] for c in named)
            if key not in found or found[key][0] < _weight(words):
                found[key] = (_weight(words), row)
    rows = pd.DataFrame([row for _, row in found.values()], columns=cover.columns)
    return rows.astype(dict(cover.dtypes)) if len(rows) else cover.iloc[:0]


def _weight(words: Mapping[str, str]) -> int:
    """Return how specific a row of cover is: a node has one step and one country, and says more than both."""
    return len(words) + 2 * ("node" in words)


def _needs(frames: Frames) -> pd.DataFrame:
    """Return who needs something: a row for each row of demand, and one for each plant, of any good and tier."""
    nodes = frames["nodes"][["id", "stage", "step", "country", "region"]].rename(columns={"id": "node"})
    nodes = nodes.assign(step=nodes["step"].fillna(nodes["stage"]))
    asked = frames["demand"][["node", "commodity", "tier"]].merge(nodes, on="node")
    plants = nodes[nodes["stage"] != "end_use"].assign(commodity=_ANY, tier=_ANY)
    return pd.concat([asked, plants], ignore_index=True)


def _reached(words: Mapping[str, str], needs: pd.DataFrame, groups: Groups) -> Bools:
    """Return which needs a row of cover may speak of; plants only where it names a step or a node."""
    hit = np.ones(len(needs), dtype=bool)
    if not words.keys() & {"step", "node"}:
        hit &= (needs["stage"] == "end_use").to_numpy()
    for column, word in words.items():
        if column == "country":
            inside = needs["country"].isin(groups.get(word, {word}))
            hit &= (inside | (needs["country"].isna() & (needs["region"] == word))).to_numpy()
        else:
            hit &= needs[column].isin([word, _ANY]).to_numpy()
    return hit
