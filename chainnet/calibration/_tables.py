"""What calibration is given: the hand-written tables as data, and the gate they pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, check_words
from chainnet.network import (
    PEDIGREE,
    TABLES,
    Column,
    Frames,
    Gate,
    Table,
    check_keys,
    check_known,
    check_processes,
    empty,
    step_of,
)
from chainnet.words import whole

EXACT, ABOUT, COMPARE = "exact", "about", "compare"

_FIT = Column("fit", "exact: met; about: met as nearly as the others allow", words=(EXACT, ABOUT), missing="exact")
_FIT_3 = Column(
    "fit",
    "exact: met; about: met as nearly as the others allow; compare: only shown",
    words=(EXACT, ABOUT, COMPARE),
    missing="exact",
)


def _with(name: str, *extra: Column, blank: str = "") -> Table:
    """A table of the schema with further columns; ``blank`` names a column that may be left empty."""
    columns = [replace(c, required=False, filled=False) if c.name == blank else c for c in TABLES[name].columns]
    return replace(TABLES[name], columns=(*columns, *extra))


def _number(name: str, description: str, unit: str, **rule: Any) -> Column:
    return Column(name, description, kind="number", unit=unit, minimum=0.0, **rule)


HAND_TABLES: dict[str, Table] = {
    "nodes": _with(
        "nodes",
        _number("output_tpa", "main output (or throughput) in the year", "t/yr", missing="computed"),
        _FIT,
        _number("utilisation", "output over capacity where no capacity is known", "share", maximum=1.0),
    ),
    "demand": _with("demand", _FIT, blank="demand_tpa"),
    "totals": _with("totals", _FIT_3),
    "relations": Table(
        "relations",
        "Who may ship to whom; what is not listed may not.",
        (
            Column("source", "id, *, or column=value&column=value", required=True, filled=True),
            Column("target", "as source", required=True, filled=True),
            Column(
                "commodity",
                "what is shipped, several split by ;, or *",
                missing="all that source makes and target takes",
            ),
            _number("flow_tpa", "observed flow, of all pairs of the row together", "t/yr", missing="inferred"),
            _FIT_3,
            _number("weight", "seed: how much more likely than others", "", missing="1"),
            Column("allowed", "no = these pairs may not trade", words=("yes", "no"), missing="yes"),
            _number("capacity_tpa", "most a pair can ship", "t/yr", missing="as capacity says"),
            Column(
                "capacity",
                "slack: flow x slack; source: all the source can make; no limit",
                words=("slack", "source", "unlimited"),
                missing="slack",
            ),
            Column("slack", "capacity of an inferred pair over its flow", kind="number", minimum=1.0),
            Column("cost_usd_per_t", "cost of shipping a tonne", kind="number", unit="USD/t"),
            _number("lag_months", "time in transit", "month"),
            *PEDIGREE,
        ),
    ),
}


@dataclass(frozen=True)
class Settings:
    """What holds for the whole chain; the keys of ``settings.toml``.

    Attributes
    ----------
    slack : float
        Capacity of an inferred relation over its flow.
    utilisation : float
        Output over capacity of a node whose capacity is not known.
    reference : str
        Source of a relation whose row names none.
    cost_within, cost_between : float or None
        USD/t of a relation within a country and between two.
    lag_within, lag_between : float or None
        Months.
    """

    slack: float = 1.5
    utilisation: float = 0.8
    reference: str = ""
    cost_within: float | None = None
    cost_between: float | None = None
    lag_within: float | None = None
    lag_between: float | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any], file: str = "settings.toml") -> Settings:
        """Return settings from a mapping.

        Raises
        ------
        DataError
            If a key is unknown or a value out of range.
        """
        known = list(cls.__dataclass_fields__)
        for key, value in given.items():
            checks.known(key, known, file, "key")
            if key == "reference":
                if not isinstance(value, str):
                    raise DataError(f"{file}, reference: must be text.")
                check_words(**{f"{file}, reference": value})
                continue
            if value is None and key.startswith(("cost_", "lag_")):
                continue
            least = {"slack": 1.0, "utilisation": 1e-6}.get(key, 0.0)
            most = 1.0 if key == "utilisation" else np.inf
            rule = "is not allowed; a number from {least:g} to {most:g}."
            checks.number(value, f"{file}, {key}", least, most, rule)
        return cls(**given)


@dataclass(frozen=True)
class Sources:
    """All that calibration starts from, parsed and checked; frames in canonical order, with their file row."""

    frames: Frames
    settings: Settings
    files: Mapping[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> pd.DataFrame:
        frames: Frames = self.__dict__.get("frames", {})
        if name in frames:
            return frames[name]
        raise AttributeError(name)


class _HandGate(Gate):
    """The gate of the schema, for tables that have columns of their own."""

    def take(self, table: Table, frame: pd.DataFrame | None) -> pd.DataFrame:
        """Return a hand-written table, typed, with the row it stood in as column ``row``."""
        if frame is None:
            kinds = {c.name: pd.Series(dtype="float64" if c.kind != "text" else "str") for c in table.columns}
            return pd.DataFrame(kinds).assign(row=pd.Series(dtype="int64"))
        frame = pd.DataFrame(frame)
        keyed = [n for n in frame.index.names if n in table.names and n not in frame.columns]
        frame = (frame.reset_index(keyed) if keyed else frame).reset_index(drop=True)
        for label in frame.columns:
            if label not in table.names:
                rule = checks.told("unknown column", label, table.names)
                self.fault(table.name, None, str(label), None, rule, checks.listed(table.names))
        for label in frame.columns[frame.columns.duplicated()]:
            self.fault(table.name, None, str(label), None, "the column stands twice", "Keep one of them.")
        frame = frame.loc[:, ~frame.columns.duplicated()]
        out: dict[str, Any] = {}
        for column in table.columns:
            if column.name in frame.columns:
                out[column.name] = self._column(table, column, frame[column.name])
            else:
                if column.required:
                    self.fault(table.name, None, column.name, None, "required column is missing", "Add the column.")
                text = column.kind == "text"
                out[column.name] = pd.Series([None] * len(frame), dtype="str" if text else "float64")
        return pd.DataFrame(out, columns=table.names).assign(row=np.arange(len(frame)))


def take_sources(
    tables: Mapping[str, pd.DataFrame | None],
    settings: Settings,
    files: Mapping[str, str] | None = None,
    year: int | None = None,
) -> Sources:
    """Parse and check the tables of a calibration.

    Parameters
    ----------
    tables : mapping
        nodes, demand, totals, relations as ``HAND_TABLES`` has them; the others as the schema has them.
    settings : Settings
    files : mapping, optional
        File name of each table, for the messages.
    year : int, optional
        Year of the flows.

    Raises
    ------
    DataError
        With every fault of every table.
    """
    gate = _HandGate(files)
    frames: Frames = {}
    for name, table in HAND_TABLES.items():
        given = tables.get(name)
        frames[name] = gate.take(table, given)
    for name in ("processes", "commodities", "projects", "groups"):
        given = tables.get(name)
        frames[name] = empty(name) if given is None else gate.parse(name, given)
    for name in ("nodes", "demand", "totals", "processes"):
        check_keys(gate, HAND_TABLES.get(name, TABLES[name]), frames[name])
    _check_ids(gate, frames)
    _check_totals(gate, frames, year)
    for row in np.flatnonzero(
        (frames["nodes"]["output_tpa"] > frames["nodes"]["capacity_tpa"] * (1 + 1e-9)).to_numpy()
    ):
        node = frames["nodes"].iloc[row]
        rule = f"more than the node's capacity of {node['capacity_tpa']:g} t"
        gate.fault("nodes", int(row), "output_tpa", f"{node['output_tpa']:g}", rule, "Correct one of them.")
    check_processes(gate, frames)
    gate.done()
    for name, frame in frames.items():
        keys = [c for c in frame.columns if c != "row"]
        frames[name] = frame.sort_values(keys, kind="stable", na_position="last").reset_index(drop=True)
    return Sources(frames, settings, dict(files or {}))


def _check_ids(gate: _HandGate, frames: Frames) -> None:
    ids = set(frames["nodes"]["id"].dropna()) | set(frames["projects"]["id"].dropna())
    check_known(gate, "demand", frames["demand"], "node", ids, "no node or project has this id", True)
    known = set(frames["processes"]["process"].dropna())
    for name in ("nodes", "projects"):
        check_known(gate, name, frames[name], "process", known, "the processes table lacks it", True)
    goods = set(frames["commodities"]["id"].dropna())
    if goods:
        for name in ("demand", "processes"):
            check_known(gate, name, frames[name], "commodity", goods, "the commodities table lacks it")
        check_known(gate, "totals", frames["totals"], "commodity", goods, "the commodities table lacks it")


def _check_totals(gate: _HandGate, frames: Frames, year: int | None) -> None:
    totals = frames["totals"]
    for row in np.flatnonzero((totals["value"] < 0).to_numpy()):
        value = f"{totals['value'].iloc[row]:g}"
        gate.fault("totals", int(row), "value", value, "a total is 0 or more", "Correct the cell.")
    for row in np.flatnonzero(totals["unit"].notna() & ~totals["unit"].isin(["t/yr", "share"])):
        gate.fault("totals", int(row), "unit", totals["unit"].iloc[row], "neither t/yr nor share", "Use one of them.")
    _check_met(gate, frames, year)
    for name in ("totals", "relations"):
        frame = frames[name]
        for row in np.flatnonzero((frame["low"] > frame["high"]).to_numpy()):
            gate.fault(name, int(row), "low", f"{frame['low'].iloc[row]:g}", "low is above high", "Swap them.")


def _check_met(gate: _HandGate, frames: Frames, year: int | None) -> None:
    """A total that is to be met must be one that the flows can meet; others say compare."""
    totals, nodes = frames["totals"], frames["nodes"]
    steps = set(step_of(nodes).dropna())
    remedy = "Correct it, or write compare into fit."
    for row in np.flatnonzero((totals["fit"] != COMPARE).to_numpy()):
        step, unit, when = totals["step"].iloc[row], totals["unit"].iloc[row], totals["year"].iloc[row]
        said = isinstance(totals["fit"].iloc[row], str)
        if unit == "share" and said:
            gate.fault("totals", int(row), "fit", totals["fit"].iloc[row], "a share is only compared", remedy)
        if unit == "t/yr" and isinstance(step, str) and step not in steps:
            rule = checks.told("no node has this step", step, steps)
            gate.fault("totals", int(row), "step", step, rule, remedy)
        if unit == "t/yr" and said and year is not None and when == when and when != year:
            rule = f"the flows are those of {year}; a total of another year is only compared"
            gate.fault("totals", int(row), "year", whole(when), rule, remedy)
