"""From rows about who may ship to whom to pairs of nodes: patterns, structural zeros, what was observed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.calibration._tables import COMPARE, EXACT, Sources
from chainnet.errors import DataError, Fault
from chainnet.network import collect_groups, common_groups, plants_of

_ROLES_OUT = ("output", "coproduct", "byproduct")


@dataclass(frozen=True)
class Observed:
    """One observed tonnage: the pairs it is the sum of."""

    pairs: Any
    value: float
    fit: str
    low: float
    high: float
    row: int
    words: str


@dataclass(frozen=True)
class Pairs:
    """Pairs that may trade, one row each: source, target, commodity, weight and what their row says."""

    table: pd.DataFrame
    observed: tuple[Observed, ...]
    sleeping: pd.DataFrame


class _WrongRowError(Exception):
    """What is wrong with a row, in plain words; the caller knows where it stands."""


class _Places:
    """Who makes and takes what, and which ids a cell of the relations table names."""

    def __init__(self, sources: Sources) -> None:
        plants = plants_of(sources.nodes, sources.projects)
        self.table = plants[sources.nodes.columns].assign(table=np.where(plants["is_project"], "projects", "nodes"))
        self.table = self.table.drop_duplicates("id").set_index("id").sort_index()
        self.stage = self.table["stage"].to_dict()
        self.projects = set(sources.projects["id"])
        lines = sources.processes
        made = lines[lines["role"].isin(_ROLES_OUT)].groupby("process")["commodity"].agg(set).to_dict()
        used = lines[lines["role"] == "input"].groupby("process")["commodity"].agg(set).to_dict()
        demand = sources.demand.assign(commodity=sources.demand["commodity"].fillna(""))
        asked = demand.groupby("node")["commodity"].agg(set).to_dict()
        every_out: set[str] = set().union(*made.values()) if made else set()
        every_in: set[str] = set().union(*used.values(), *asked.values()) if used or asked else set()
        self.goods = sorted(every_out | every_in)
        raw = every_in - every_out
        self.makes: dict[str, set[str]] = {}
        self.takes: dict[str, set[str]] = {}
        self.loose: set[str] = set()  # without a process: whatever a row names passes through
        self.asks = set(asked)
        for node, stage, process in zip(self.table.index, self.table["stage"], self.table["process"], strict=True):
            if isinstance(process, str):
                self.makes[node] = made.get(process, set())
                self.takes[node] = used.get(process, set())
            else:
                self.loose.add(node)
                self.makes[node] = set() if stage == "end_use" else raw
                self.takes[node] = set() if stage == "mine" else every_in - raw
            if node in asked:
                self.takes[node] = self.takes[node] | asked[node] if isinstance(process, str) else asked[node]
        self.groups = {
            **common_groups(),
            **collect_groups(zip(sources.groups["group"], sources.groups["country"], strict=True)),
        }

    def select(self, cell: str) -> tuple[list[str], bool]:
        """Return the ids that a cell names, and whether it named them one by one.

        Raises _WrongRowError in plain words if it names something that does not exist.
        """
        cell = cell.strip()
        if cell != "*" and "=" not in cell:
            ids = [word.strip() for word in cell.split(";") if word.strip()]
            for word in ids:
                if word not in self.table.index:
                    raise _WrongRowError(checks.unknown(word, self.table.index, "node or project"))
            return ids, True
        hit = np.ones(len(self.table), dtype=bool)
        tables = ["nodes"]
        for part in [] if cell == "*" else cell.split("&"):
            column, sign, value = part.partition("=")
            wrong = column.endswith("!")
            column = column.rstrip("!").strip()
            words = [word.strip() for word in value.split("|")]
            if column == "table":
                tables = words
                continue
            if not sign or (column not in self.table.columns and column != "id"):
                raise _WrongRowError(f"{part!r} is not column=value with a column of nodes")
            found = self._cells(column, words)
            hit &= ~found if wrong else found
        hit &= self.table["table"].isin(tables).to_numpy()
        return self.table.index[hit].tolist(), False

    def _cells(self, column: str, words: list[str]) -> Any:
        if column == "id":
            return self.table.index.isin(words)
        found = self.table[column].isin(words).to_numpy(copy=True)
        if column == "country":
            found |= (self.table["country"].isna() & self.table["region"].isin(words)).to_numpy()
            for word in words:
                found |= self.table["country"].isin(self.groups.get(word, frozenset())).to_numpy()
        return found

    def goods_of(self, cell: Any) -> list[str] | None:
        if not isinstance(cell, str) or cell.strip() == "*":
            return None
        return [word.strip() for word in cell.split(";") if word.strip()]


_KEY = ["source", "target", "commodity"]
_SAID = (
    "capacity_tpa", "capacity", "slack", "cost_usd_per_t", "lag_months", "reference", "quality", "low", "high", "note",
)  # fmt: skip


def expand_relations(sources: Sources) -> Pairs:
    """Return the pairs of nodes that may trade.

    A row that names source and target by id speaks before one with a pattern, and a row with fewer pairs
    before one with more; weights of patterns that cover the same pair multiply. ``allowed`` = no
    closes every pair of its row that no row names by id.

    Raises
    ------
    DataError
        If a row names what does not exist, or covers no pair that could trade.
    """
    places, relations = _Places(sources), sources.relations
    if relations.empty:
        table = _all_pairs(places)
        return Pairs(table, (), table.iloc[:0])
    faults: list[Fault] = []
    parts: list[pd.DataFrame] = []
    for place, row in enumerate(relations.itertuples()):
        try:
            found = _pairs_of(places, row)
        except _WrongRowError as error:
            file = sources.files.get("relations", "relations")
            value = f"{row.source} -> {row.target} {row.commodity if isinstance(row.commodity, str) else ''}".strip()
            line = int(relations["row"].iloc[place]) + 2
            faults.append(Fault(file, line, "source", value, str(error), "Correct the row."))
            continue
        parts.append(found.assign(place=place))
    if faults:
        raise DataError(faults=faults)
    covered = pd.concat(parts, ignore_index=True)
    said = relations.reset_index(drop=True)
    covered["closed"] = covered["place"].map(said["allowed"].eq("no")).astype(bool)
    covered["count"] = covered.groupby("place")["place"].transform("size")
    named = covered.loc[covered["by_id"] & ~covered["closed"], _KEY].drop_duplicates()
    closed = covered.loc[covered["closed"], _KEY].drop_duplicates()
    closed = closed.merge(named, how="left", indicator=True).query("_merge == 'left_only'")[_KEY]
    shut = pd.MultiIndex.from_frame(closed)
    kept = covered[~covered["closed"] & ~pd.MultiIndex.from_frame(covered[_KEY]).isin(shut)]
    # a tonnage between groups of nodes says nothing about who may trade, unless it says so
    counts_only = kept["place"].map(said["flow_tpa"].notna() & said["allowed"].isna()).astype(bool) & ~kept["by_id"]
    opens = pd.MultiIndex.from_frame(kept.loc[~counts_only, _KEY].drop_duplicates())
    kept = kept[pd.MultiIndex.from_frame(kept[_KEY]).isin(opens)]
    kept = kept.assign(counts_only=counts_only[kept.index])
    kept = kept.assign(weight=kept["place"].map(said["weight"]).fillna(1.0))
    # most specific first; what it leaves blank the next one may say
    kept = kept.sort_values([*_KEY, "by_id", "count", "place"], ascending=[True, True, True, False, True, True])
    for column in _SAID:
        kept[column] = kept["place"].map(said[column])
    # the range of a sum is not the range of its parts
    of_sum = kept["place"].map(said["flow_tpa"].notna()).astype(bool) & (kept["count"] > 1)
    kept.loc[of_sum, ["low", "high"]] = np.nan
    grouped = kept[~kept["counts_only"]].groupby(_KEY, sort=True)
    table = grouped[list(_SAID)].first()
    table["weight"] = grouped["weight"].prod()
    table = table.reset_index()
    asleep = (table["source"].isin(places.projects) | table["target"].isin(places.projects)).to_numpy()
    awake = table[~asleep].reset_index(drop=True)
    return Pairs(awake, _observed(sources, kept, awake, said), table[asleep].reset_index(drop=True))


def _pairs_of(places: _Places, row: Any) -> pd.DataFrame:
    out, by_id_out = places.select(row.source)
    into, by_id_in = places.select(row.target)
    wanted = places.goods_of(row.commodity)
    by_id = by_id_out and by_id_in
    found = [(i, j, good) for i in out for j in into if i != j for good in _goods(places, i, j, wanted)]
    if not found:
        raise _WrongRowError("no pair of the row can trade: none makes, or none takes, the commodity")
    if by_id and wanted is not None and len(found) < len(out) * len(into) * len(wanted):
        have = {(i, j, g) for i, j, g in found}
        lacking = next((i, j, g) for i in out for j in into for g in wanted if (i, j, g) not in have)
        raise _WrongRowError(f"{lacking[0]} does not make, or {lacking[1]} does not take, {lacking[2]}")
    return pd.DataFrame(found, columns=_KEY).assign(by_id=by_id)


def _goods(places: _Places, i: str, j: str, wanted: Iterable[str] | None) -> list[str]:
    made, used = places.makes[i], places.takes[j]
    if wanted is None:
        return sorted(made & used) or ([""] if not places.goods and i in places.loose and j in places.loose else [])
    return [
        g
        for g in wanted
        if (g in made or (i in places.loose and places.stage[i] != "end_use"))
        and (g in used or (j in places.loose and places.stage[j] != "mine" and j not in places.asks))
    ]


def _all_pairs(places: _Places) -> pd.DataFrame:
    """Every maker to every taker, where no relations are given."""
    nodes = places.table.index[places.table["table"] == "nodes"]
    found = [(i, j, g) for i in nodes for j in nodes if i != j for g in _goods(places, i, j, None)]
    if not found:
        raise DataError("relations: none are given, and no node makes what another takes. Give a relations table.")
    table = pd.DataFrame(sorted(found), columns=_KEY).assign(weight=1.0)
    for column in _SAID:
        text = column in ("capacity", "reference", "quality", "note")
        table[column] = pd.Series([None] * len(table), dtype="str" if text else "float64")
    return table


def _observed(sources: Sources, kept: pd.DataFrame, awake: pd.DataFrame, said: pd.DataFrame) -> tuple[Observed, ...]:
    index = pd.MultiIndex.from_frame(awake[_KEY])
    out = []
    for place in said.index[said["flow_tpa"].notna()]:
        row = said.loc[place]
        mine = kept[kept["place"] == place]
        at = index.get_indexer(pd.MultiIndex.from_frame(mine[_KEY]))
        at = np.sort(at[at >= 0])
        fit = row["fit"] if isinstance(row["fit"], str) else EXACT
        if not len(at):
            if fit == COMPARE or row["flow_tpa"] == 0:
                continue
            file = sources.files.get("relations", "relations")
            value = f"{row['source']} -> {row['target']}"
            rule = (
                f"{row['flow_tpa']:g} t are observed between pairs that no row opens; "
                "a tonnage between groups opens none unless allowed is yes"
            )
            raise DataError(faults=[Fault(file, int(row["row"]) + 2, "flow_tpa", value, rule, "Correct one of them.")])
        words = f"{row['source']} -> {row['target']}"
        out.append(
            Observed(at, float(row["flow_tpa"]), fit, float(row["low"]), float(row["high"]), int(row["row"]), words)
        )
    return tuple(out)
