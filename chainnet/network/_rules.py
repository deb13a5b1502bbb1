"""The rules of a network that span cells: keys, ids, references, recipes, words of other tables.

Each notes what it finds at the gate; nothing is raised before all are through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import near_matches
from chainnet.network._countries import Groups, is_country
from chainnet.network._gate import Frames, Gate, member, split_list
from chainnet.network._schema import DEFAULT_TIERS, TABLES, Table

__all__ = ["check_keys", "check_known", "check_main", "check_processes", "check_rules"]

_HINT_COMPARISONS = 200_000
# tables whose ids others name
_NAMING = ("nodes", "projects", "commodities", "processes", "references")


def check_rules(gate: Gate, frames: Frames, common: Groups, changed: str | None = None) -> None:
    """Note every broken rule that spans cells: keys, ids, ranges, recipes.

    ``changed`` names the one table that is new where the others are known to keep the rules: what it has no part in
    is not checked again.
    """

    def touched(*names: str) -> bool:
        return changed is None or changed in names

    for name, frame in frames.items():
        if not touched(name):
            continue
        check_keys(gate, TABLES[name], frame)
        if "low" in frame.columns:
            for row in gate.rows((frame["low"] > frame["high"]).to_numpy()):
                gate.fault(
                    name,
                    int(row),
                    "low",
                    f"{frame['low'].iloc[row]:g}",
                    f"low is above high ({frame['high'].iloc[row]:g})",
                    "Swap or correct them.",
                )
    if touched("nodes", "projects"):
        _shared_ids(gate, frames)
    _foreign(gate, frames, None if touched(*_NAMING) else changed)
    if touched("edges"):
        _edges(gate, frames)
    if touched("edges", "demand", "stocks"):
        _unnamed(gate, frames)
    if touched("processes", "commodities"):
        check_processes(gate, frames)
    _words(gate, frames, common)


def check_keys(gate: Gate, table: Table, frame: pd.DataFrame) -> None:
    """Note rows whose key stands in the table already."""
    if not table.key or frame.empty:
        return
    keys = frame[list(table.key)]
    twice = keys.duplicated().to_numpy() & keys[table.key[0]].notna().to_numpy()
    for row in gate.rows(twice):
        value = " / ".join("" if pd.isna(v) else str(v) for v in keys.iloc[row])
        gate.fault(table.name, int(row), table.key[0], value, "stands twice in the table", "Keep one row.")


def _shared_ids(gate: Gate, frames: Frames) -> None:
    nodes = set(frames["nodes"]["id"].dropna().tolist())
    both = member(frames["projects"]["id"], nodes)
    for row in gate.rows(both):
        gate.fault(
            "projects",
            int(row),
            "id",
            frames["projects"]["id"].iloc[row],
            "the id stands in nodes too",
            "Give the project an id of its own.",
        )


def _foreign(gate: Gate, frames: Frames, only: str | None) -> None:
    """Note ids that no table has: of all tables, or of one of them that gives the others no ids."""
    ids: dict[str, set[str]] = {
        "node": set(frames["nodes"]["id"].dropna().tolist()) | set(frames["projects"]["id"].dropna().tolist()),
        "commodity": set(frames["commodities"]["id"].dropna().tolist()),
        "process": set(frames["processes"]["process"].dropna().tolist()),
        "reference": set(frames["references"]["key"].dropna().tolist()),
    }
    for name, frame in frames.items():
        if only not in (None, name):
            continue
        for column in ("source", "target", "node"):
            if column in frame.columns and column in TABLES[name].foreign:
                check_known(gate, name, frame, column, ids["node"], "no node or project has this id", True)
        if "commodity" in frame.columns and ids["commodity"] and name != "totals":
            check_known(gate, name, frame, "commodity", ids["commodity"], "the commodities table lacks it")
        if "reference" in frame.columns and ids["reference"]:
            _references(gate, name, frame, ids["reference"])
    for name in ("nodes", "projects") if only is None else ():
        check_known(gate, name, frames[name], "process", ids["process"], "the processes table lacks it", True)


def check_known(
    gate: Gate, name: str, frame: pd.DataFrame, column: str, known: set[str], rule: str, always: bool = False
) -> None:
    """Note words of a column that are not known; where nothing is known they are not judged, unless ``always``."""
    cells = frame[column]
    if cells.empty or not (known or always):
        return
    wrong = cells.notna().to_numpy() & ~member(cells, known)
    hints: dict[str, str] = {}
    for row in gate.rows(wrong):
        value = cells.iloc[row]
        if value not in hints:
            # likeness is costly: with many wrong words the first get a hint
            hints[value] = near_matches(value, known) if len(hints) * len(known) < _HINT_COMPARISONS else ""
        gate.fault(name, row, column, value, rule, f"Correct it or add the row.{hints[value]}")


def _references(gate: Gate, name: str, frame: pd.DataFrame, known: set[str]) -> None:
    cells = frame["reference"]
    wrong: dict[str, list[str]] = {}
    for cell in cells.dropna().unique():
        lacking = [key for key in split_list(cell) if key not in known]
        if lacking:
            wrong[cell] = lacking
    for row in gate.rows(cells.isin(list(wrong)).to_numpy()):
        lacking = wrong[cells.iloc[row]]
        gate.fault(
            name,
            int(row),
            "reference",
            "; ".join(lacking),
            "the references table lacks it",
            f"Correct it or add the source.{near_matches(lacking[0], known)}",
        )


def _edges(gate: Gate, frames: Frames) -> None:
    edges = frames["edges"]
    for row in gate.rows((edges["source"] == edges["target"]).to_numpy()):
        gate.fault(
            "edges",
            int(row),
            "target",
            edges["target"].iloc[row],
            "an edge may not end where it begins",
            "Remove the row.",
        )
    blank = edges["commodity"].isna().to_numpy()
    if blank.any() and not blank.all():
        for row in gate.rows(blank):
            gate.fault(
                "edges",
                int(row),
                "commodity",
                None,
                "blank beside rows that name a commodity",
                "Name the commodity in every row, or in none.",
            )


def _unnamed(gate: Gate, frames: Frames) -> None:
    """Demand and stocks name a commodity where edges do: nothing unnamed could ever reach them."""
    edges = frames["edges"]["commodity"]
    if edges.empty or edges.isna().any():
        return
    for name in ("demand", "stocks"):
        for row in gate.rows(frames[name]["commodity"].isna().to_numpy()):
            rule = "blank beside edges that name a commodity"
            gate.fault(name, row, "commodity", None, rule, "Name the commodity.")


def check_processes(gate: Gate, frames: Frames) -> None:
    """Note recipes without one main output, with a product that is their input, or that make mass."""
    table = frames["processes"]
    table = table[table["process"].notna()]
    if table.empty:
        return
    is_output, is_input = table["role"] == "output", table["role"] == "input"
    outputs = is_output.groupby(table["process"]).sum()
    first = ~table["process"].duplicated()
    counted = table["process"].map(outputs)
    _process_faults(
        gate,
        table[first & (counted != 1)],
        "role",
        "process",
        lambda row: f"the process has {outputs[row['process']]} rows with role output; it must have one",
        "Make the other products coproduct or byproduct.",
    )
    t_per_t = table["t_per_t"]
    _process_faults(
        gate,
        table[is_output & (t_per_t != 1.0) & t_per_t.notna()],
        "t_per_t",
        "t_per_t",
        lambda row: "the main output has t_per_t 1",
        "State the other rows per tonne of main output.",
    )
    named = table["commodity"].notna()
    pairs = pd.MultiIndex.from_frame(table[["process", "commodity"]])
    _process_faults(
        gate,
        table[~is_input & named & pairs.isin(pairs[is_input & named])],
        "commodity",
        "commodity",
        lambda row: "the output is its own input",
        "Net the two.",
    )
    products = table[~is_input & named]
    _process_faults(
        gate,
        products[products.duplicated(["process", "commodity"])],
        "commodity",
        "commodity",
        lambda row: "the product stands twice",
        "Add the rows up.",
    )
    commodities = frames["commodities"].drop_duplicates("id").set_index("id")["basis"]
    _mass(gate, table.assign(basis=table["commodity"].map(commodities)))


def _process_faults(
    gate: Gate, rows: pd.DataFrame, column: str, shown: str, rule: Callable[[dict[Any, Any]], str], remedy: str
) -> None:
    noted = rows.iloc[gate.rows(np.ones(len(rows), dtype=bool))]
    for place, row in zip(noted.index.tolist(), noted.to_dict("records"), strict=True):
        value = f"{row[shown]:g}" if shown == "t_per_t" else row[shown]
        gate.fault("processes", place, column, value, rule(row), remedy)


def _mass(gate: Gate, table: pd.DataFrame) -> None:
    """No process may make more of a basis than its inputs on that basis can weigh."""
    first = dict(zip(table["process"][::-1], table.index[::-1], strict=True))
    table = table.dropna(subset=["basis"])
    is_input = table["role"] == "input"
    by = ["process", "basis"]
    made = table[~is_input].groupby(by)["t_per_t"].sum(skipna=False)
    inputs = table[is_input].sort_values([*by, "group", "t_per_t"], ascending=[True, True, True, False])
    # stand-ins of a group: the heaviest first, each up to its share, until the activity is covered
    share = inputs["max_share"].fillna(1.0)
    before = share.groupby([inputs["process"], inputs["basis"], inputs["group"]]).cumsum() - share
    part = np.minimum(share, (1.0 - before).clip(lower=0.0)).where(inputs["group"].notna(), 1.0)
    most = (part * inputs["t_per_t"]).groupby([inputs["process"], inputs["basis"]]).sum(skipna=False)
    both = pd.concat({"made": made, "most": most}, axis=1, join="inner").sort_index()
    heavy = both[both["made"] > both["most"] * (1 + 1e-9)]
    for place in gate.rows(np.ones(len(heavy), dtype=bool)):
        process, basis = heavy.index[place]
        weight, held = heavy.iloc[place]
        gate.fault(
            "processes",
            int(first[process]),
            "t_per_t",
            process,
            f"makes {weight:g} t of {basis} per tonne of activity from at most {held:g} t",
            "Correct the recipe or the commodities' basis.",
        )


def _words(gate: Gate, frames: Frames, common: Groups) -> None:
    tiers = set(frames["tiers"]["tier"].dropna().tolist()) or set(DEFAULT_TIERS)
    for name in ("demand", "qualification"):
        check_known(gate, name, frames[name], "tier", tiers, f"not a known tier ({', '.join(sorted(tiers))})")
    for row, cell in frames["stocks"]["tiers"].dropna().items():
        for tier in split_list(cell):
            if tier not in tiers:
                gate.fault("stocks", int(row), "tiers", tier, "not a known tier", "Correct it.")
    groups = set(frames["groups"]["group"].dropna().tolist()) | set(common)
    for row, cell in frames["projects"]["backers"].dropna().items():
        for word in split_list(cell):
            if word not in groups and not is_country(word):
                gate.fault(
                    "projects",
                    int(row),
                    "backers",
                    word,
                    "neither a country nor a known group",
                    "Use ISO alpha-3 codes or group names, split by ;.",
                )
    figures = frames["figures"]
    for row, (table, column) in enumerate(zip(figures["table"], figures["column"], strict=True)):
        if table not in TABLES:
            gate.fault("figures", row, "table", table, "no such table", f"One of {', '.join(TABLES)}.")
        elif column not in TABLES[table].names:
            gate.fault("figures", row, "column", column, f"the table {table} has no such column", "Correct it.")


def check_main(gate: Gate, frames: Frames, main: tuple[str, ...]) -> None:
    """Note main commodities that flow nowhere, or are on more than one basis."""
    used = set(frames["edges"]["commodity"].dropna()) | set(frames["demand"]["commodity"].dropna())
    used |= set(frames["commodities"]["id"].dropna())
    for commodity in main:
        if commodity not in used:
            hint = near_matches(commodity, used)
            rule = f"no table names this commodity;{hint}".rstrip(";")
            gate.fault("network", None, "main_commodity", commodity, rule, "Correct it.")
    basis = frames["commodities"].set_index("id")["basis"].reindex(list(main))
    if len(main) > 1 and len(set(basis.fillna(""))) > 1:
        rule = "the main commodities are on different bases, so their tonnes cannot be added"
        found = "; ".join(map(str, basis.unique()))
        gate.fault("commodities", None, "basis", found, rule, "Give them one basis or name one of them.")
