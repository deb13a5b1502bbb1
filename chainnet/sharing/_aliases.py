"""One name for one thing before tables are compared: ids called otherwise, commodities counted otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError
from chainnet.network import OUTSIDE, TABLES, Frames, Network
from chainnet.sharing._records import SEPARATOR

_MATCH = ["party", "table", "id", "same_as"]
# nodes and projects share their ids
_PLANTS = (
    ("nodes", "id"),
    ("projects", "id"),
    ("edges", "source"),
    ("edges", "target"),
    ("demand", "node"),
    ("stocks", "node"),
    ("stakes", "project"),
    ("cover", "node"),
    ("contracts", "supplier"),
)
# the columns in which the ids of a table are named: (table, column)
_NAMED_IN: dict[str, tuple[tuple[str, str], ...]] = {
    "nodes": _PLANTS,
    "projects": _PLANTS,
    "commodities": (("commodities", "id"), *((t, "commodity") for t in
                    ("processes", "edges", "demand", "stocks", "qualification", "cover", "contracts", "totals")),
                    ("rules", "bars_commodity")),
    "processes": (("processes", "process"), ("nodes", "process"), ("projects", "process")),
    "stocks": (("stocks", "id"),),
    "references": (("references", "key"), ("rules", "source"),
                   *((t, "reference") for t, s in TABLES.items() if "reference" in s.names)),
    "owners": (("owners", "owner"), ("owners", "parent"), ("stakes", "party"), *((t, c) for t in ("nodes", "projects")
               for c in ("owner", "operator"))),
    "groups": (("groups", "group"), ("service", "country"), ("contracts", "for"), ("cover", "country"),
               ("rules", "actor"), ("rules", "bars_from"), ("rules", "bars_to"), ("stakes", "party"),
               ("projects", "backers"), ("nodes", "region"), ("projects", "region")),
    "tiers": (("tiers", "tier"), ("demand", "tier"), ("stocks", "tiers"), ("qualification", "tier"), ("cover", "tier")),
    "rules": (("rules", "id"),),
    "hazards": (("hazards", "id"),),
}  # fmt: skip
# columns that hold several words, split by ;
_LISTS = {
    *_NAMED_IN["references"], *_NAMED_IN["groups"], ("stocks", "tiers"), ("rules", "bars_commodity"),
} - {("references", "key")}  # fmt: skip
# amounts of a commodity, which grow by the factor; prices of a tonne of it, which shrink by it
_AMOUNTS = {
    "edges": ("flow_tpa", "capacity_tpa"),
    "demand": ("demand_tpa",),
    "stocks": ("stock_t", "release_tpa", "capacity_t", "end_t"),
    "contracts": ("tpa",),
    "totals": ("value",),
}
_PRICES = {
    "commodities": ("price_usd_per_t",),
    "edges": ("cost_usd_per_t",),
    "demand": ("value_usd_per_t",),
    "stocks": ("holding_usd_per_t_a",),
}


def renamed(frames: Frames, table: str, names: Mapping[str, str]) -> Frames:
    """Return tables in which the ids of one table bear other names, wherever they stand."""
    if not names:
        return frames
    out = dict(frames)
    for where, column in _NAMED_IN[table]:
        word_of = partial(new_words if (where, column) in _LISTS else _one, names=names)
        out[where] = out[where].assign(**{column: reworded(out[where][column], word_of)})
    keys = _figure_keys(out["figures"], table, names)
    out["figures"] = out["figures"].assign(key=pd.Series(keys, out["figures"].index, dtype="str"))
    return out


def reworded(cells: pd.Series, word_of: Callable[[str], str]) -> pd.Series:
    """Return a column of text in which every word is another; blank stays blank."""
    return pd.Series([word_of(w) if isinstance(w, str) else None for w in cells], cells.index, dtype="str")


def _one(cell: str, names: Mapping[str, str]) -> str:
    return names.get(cell, cell)


def new_words(cell: str, names: Mapping[str, str]) -> str:
    """Return a list of words, split by ;, in which some bear other names; ``!CHN`` is everywhere outside."""
    parts = [part.strip() for part in cell.split(";")]
    new = [OUTSIDE * part.startswith(OUTSIDE) + names.get(bare, bare) for part in parts
           for bare in [part.removeprefix(OUTSIDE)]]  # fmt: skip
    return "; ".join(new) if new != parts else cell


def _figure_keys(figures: pd.DataFrame, table: str, names: Mapping[str, str]) -> list[Any]:
    """Return the keys of figures, each part renamed that stands in a column of these ids."""
    columns = {where: [c for w, c in _NAMED_IN[table] if w == where] for where, _ in _NAMED_IN[table]}
    keys = []
    for where, key in zip(figures["table"], figures["key"], strict=True):
        named_by = TABLES[where].named_by if where in TABLES else ()
        parts = str(key).split(SEPARATOR)
        if len(parts) == len(named_by):
            hit = columns.get(where, [])
            parts = [names.get(p, p) if c in hit else p for c, p in zip(named_by, parts, strict=True)]
            key = SEPARATOR.join(parts)
        keys.append(key)
    return keys


def matched(party: str, network: Network, match: pd.DataFrame | None, given: Mapping[str, Network]) -> Frames:
    """Return a party's tables in which what it calls otherwise bears the common name.

    Raises
    ------
    DataError
        If ``match`` lacks a column, names an unknown party or table, or an id that is not there.
    """
    frames = {table: network.view(table) for table in TABLES}
    if match is None:
        return frames
    lacking = [column for column in _MATCH if column not in match.columns]
    if lacking:
        raise DataError(f"match: column {', '.join(lacking)} is missing. Give party, table, id and same_as.")
    names: dict[str, dict[str, str]] = {}
    for row, (whose, table, old, new) in enumerate(match[_MATCH].itertuples(index=False)):
        where = f"match row {row + 2}"
        checks.known(whose, given, f"{where}, party", "party")
        checks.known(table, _NAMED_IN, f"{where}, table", "table with ids to match")
        if whose != party:
            continue
        known = set(frames[table][TABLES[table].named_by[0]])
        checks.known(old, known, f"{where}, id", f"id of {table} of {party}")
        names.setdefault(table, {})[str(old)] = str(new)
    for table, pairs in names.items():
        frames = renamed(frames, table, pairs)
    return frames


def resolved(alias: Mapping[str, Any]) -> dict[str, tuple[str, float]]:
    """Return what each commodity is in the end, and how many tonnes of that one tonne counts.

    Raises
    ------
    DataError
        If an alias is of another form, a factor is not above 0, or aliases run in a circle.
    """
    steps: dict[str, tuple[str, float]] = {}
    for name, what in alias.items():
        pair = (what, 1.0) if isinstance(what, str) else what
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise DataError(f'alias: "{name}": {what!r} is no commodity. Give an id, or (id, tonnes of it per tonne).')
        factor = checks.number(
            pair[1], f'alias: "{name}"', rule="is no factor; give tonnes per tonne, a number above 0."
        )
        if factor <= 0:
            raise DataError(f'alias: "{name}": {factor!r} is no factor; give tonnes per tonne, a number above 0.')
        steps[str(name)] = (pair[0], factor)
    out = {}
    for name in steps:
        seen, at, factor = [name], name, 1.0
        while at in steps:
            at, more = steps[at]
            factor *= more
            if at in seen:
                raise DataError(f"alias: {' -> '.join([*seen, at])} runs in a circle. Leave one of them out.")
            seen.append(at)
        out[name] = (at, factor)
    return out


def aliased(party: str, frames: Frames, alias: Mapping[str, Any] | None) -> Frames:
    """Return tables in which commodities are counted as what they are.

    Raises
    ------
    DataError
        If a commodity is on another basis than what it is counted as and no factor is given, or a plant
        without a recipe has one capacity for goods that are counted differently.
    """
    for old, (new, factor) in resolved(alias or {}).items():
        goods = frames["commodities"]
        basis = dict(zip(goods["id"], goods["basis"], strict=True))
        pair = basis.get(old), basis.get(new)
        is_plain = isinstance((alias or {})[old], str)
        if is_plain and all(isinstance(word, str) for word in pair) and pair[0] != pair[1]:
            raise DataError(
                f'alias: {party} has "{old}" on basis {pair[0]} and "{new}" on {pair[1]}. Give (id, tonnes per tonne).'
            )
        frames = _counted_as(party, frames, old, new, factor)
    return frames


def _counted_as(party: str, frames: Frames, old: str, new: str, factor: float) -> Frames:
    out = dict(frames)
    goods = out["commodities"]
    if (goods["id"] == new).any():
        out["commodities"] = goods[goods["id"] != old]
    if factor != 1.0:
        for columns, by in ((_AMOUNTS, factor), (_PRICES, 1.0 / factor)):
            for table, names in columns.items():
                frame = out[table]
                own = (frame["id"] if table == "commodities" else frame["commodity"]) == old
                if table == "totals":
                    own &= frame["unit"] == "t/yr"
                out[table] = _scaled(frame, own, names, by)
        for table in _AMOUNTS:
            frame = out[table]
            own = frame["commodity"] == old
            if table == "contracts":  # low and high of a share stay
                own &= frame["tpa"].notna()
            out[table] = _scaled(frame, own, ("low", "high"), factor)
        own = out["commodities"]["id"] == old
        out["commodities"] = _scaled(out["commodities"], own, ("low", "high"), 1.0 / factor)
        out = _recipes_counted(party, out, old, factor)
    return renamed(out, "commodities", {old: new})


def _scaled(frame: pd.DataFrame, rows: Any, columns: tuple[str, ...], by: float) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].mask(rows, frame[column] * by) for column in columns})


def _recipes_counted(party: str, frames: Frames, old: str, factor: float) -> Frames:
    """Count a commodity anew in recipes; where it is the main output, so is all that is per tonne of it."""
    out = dict(frames)
    lines = out["processes"]
    mains = set(lines.loc[(lines["role"] == "output") & (lines["commodity"] == old), "process"])
    is_main = lines["process"].isin(mains)
    own = lines["commodity"] == old
    figures = ("t_per_t", "low", "high")
    lines = _scaled(lines, own & ~is_main, figures, factor)
    out["processes"] = _scaled(lines, is_main & ~own, figures, 1.0 / factor)
    edges = out["edges"]
    ends = pd.concat([edges[["source", "commodity"]].set_axis(["id", "c"], axis=1),
                      edges[["target", "commodity"]].set_axis(["id", "c"], axis=1)])  # fmt: skip
    handles = ends.groupby("id")["c"].agg(set)
    made: set[str] = set()
    for table in ("nodes", "projects"):
        frame = out[table]
        goods = [handles.get(key, set()) for key in frame["id"]]
        passes = frame["process"].isna() & np.array([old in own for own in goods], dtype=bool)
        mixed = passes & frame["capacity_tpa"].notna() & np.array([len(own) > 1 for own in goods], dtype=bool)
        if mixed.any():
            raise DataError(
                f'alias: {party}: "{frame["id"][mixed].iloc[0]}" has one capacity for {old} and other goods; '
                "what it is in the new count is not known. Give it a recipe, or a node for each commodity."
            )
        hit = passes | frame["process"].isin(mains)
        made |= set(frame["id"][hit])
        frame = _scaled(frame, hit, ("capacity_tpa", "low", "high"), factor)
        costs = ("unit_cost_usd_per_t", "break_even_usd_per_t") if table == "projects" else ("unit_cost_usd_per_t",)
        out[table] = _scaled(frame, hit, costs, 1.0 / factor)
    bound = out["contracts"]
    of_main = bound["commodity"].isna() & bound["supplier"].isin(made) & bound["tpa"].notna()
    out["contracts"] = _scaled(bound, of_main, ("tpa", "low", "high"), factor)
    return out
