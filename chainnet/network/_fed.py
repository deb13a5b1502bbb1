"""Which plants can give nothing, because nothing that they would need reaches them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Ints, records
from chainnet.errors import ChainnetWarning
from chainnet.network._gate import Frames
from chainnet.network._kept import kept
from chainnet.network._network import Network
from chainnet.network._order import ends_of

_SAID = 3  # plants that a warning names
SPARE = 0.01  # of what a plant takes in: what it may ship less before that is said


def unfed_plants(network: Network) -> pd.DataFrame:
    """Return the plants that ship something, and yet can give nothing.

    Such a plant is no mine and has no process without inputs. What it needs reaches it over no edge, and lies at it in
    no stock. Nodes whose role was inferred or named are not looked at: what they are was said by the edges.

    Parameters
    ----------
    network : Network
        Looked at as it was read: what a scenario took away is not missed.

    Returns
    -------
    DataFrame
        A row for each plant, and for each commodity that it hands on: id, label, stage, ships, lacks, words.

    Notes
    -----
    Cost: a few passes over the edges of such plants; the answer stays with the network.

    Examples
    --------
    >>> import chainnet as cn
    >>> len(unfed_plants(cn.read("mag-9")))
    0
    """
    found = _found(network)
    nodes = network.as_read["nodes"]
    table = nodes[["id", "label", "stage"]].iloc[[place for place, _, _ in found]].reset_index(drop=True)
    table = table.assign(ships=[made for _, made, _ in found], lacks=[lacks for _, _, lacks in found])
    return table.assign(words=[_words(row) for row in records(table)])


def spare_plants(network: Network) -> pd.DataFrame:
    """Return the plants that take in more than they ship, and have no process that would use the difference up.

    A plant without a process passes on what it gets. So where its ways in carry more than its ways out, by what moved
    or else by what can move, the difference counts as capacity to spare.

    Returns
    -------
    DataFrame
        A row for each plant with all its ways known, the largest difference first: id, label, stage, in_tpa, out_tpa,
        words.
    """
    frames = network.as_read
    nodes, edges = frames["nodes"], frames["edges"]
    size = edges["flow_tpa"].fillna(edges["capacity_tpa"]).to_numpy(dtype=float)
    out, into = (
        np.bincount(end[end >= 0], weights=size[end >= 0], minlength=len(nodes)) for end in _ends_as_read(network)
    )
    stage = nodes["stage"].to_numpy(dtype=object)
    passes = (stage != "mine") & (stage != "end_use") & nodes["process"].isna().to_numpy() & (out > 0)
    mine = np.flatnonzero(passes & np.isfinite(into) & (into - out > SPARE * into))
    table = nodes[["id", "label", "stage"]].iloc[mine].assign(in_tpa=into[mine], out_tpa=out[mine])
    order = np.lexsort((table["id"], (out - into)[mine]))
    table = table.iloc[order].reset_index(drop=True)
    return table.assign(words=[_spare_words(row) for row in records(table)])


def _spare_words(row: dict[str, Any]) -> str:
    """Say of one plant what it takes in and ships, what that counts as, and what to do."""
    into, out = row["in_tpa"], row["out_tpa"]
    return (
        f"{named(row)} ({row['stage']}) takes in {into:,.6g} t/yr and ships {out:,.6g}: the difference counts as "
        f"capacity to spare. If its product takes as much, give it a process with an input of {into / out:.4g} t per "
        "t; if it uses goods up itself, give it an end use."
    )


@kept(1)
def _found(network: Network) -> list[tuple[int, str, str]]:
    """Return the place of each such plant, what it hands on, and what it lacks."""
    frames = network.as_read
    nodes, rules = frames["nodes"], network._rules
    stage = nodes["stage"].to_numpy(dtype=object)
    has_process = nodes["process"].notna().to_numpy()
    passes = (stage != "mine") & (stage != "end_use") & ~has_process
    if rules:
        passes &= np.array([name not in rules for name in nodes["id"].to_numpy(dtype=object)], dtype=bool)
    if not (passes.any() or has_process.any()):
        return []
    ends = _ends_as_read(network)
    if not has_process.any() and not frames["edges"]["commodity"].notna().any() and frames["stocks"].empty:
        sent, got = (np.bincount(end[end >= 0], minlength=len(nodes)) > 0 for end in ends)
        return [(int(place), "", "") for place in np.flatnonzero(passes & sent & ~got)]
    goods, ships, gets = _handled(frames, ends)
    lonely = ships[~np.isin(ships, gets)]
    found = [
        (int(place), goods[good], goods[good])
        for place, good in zip(*np.divmod(lonely, len(goods)), strict=True)
        if passes[place]
    ]
    return sorted([*found, *_starved(frames, np.flatnonzero(has_process), goods, ships, gets)])


def _ends_as_read(network: Network) -> tuple[Ints, Ints]:
    """Return where edges begin and end as read: found when the network was made, unless something was taken since."""
    frames = network.as_read
    return network.edge_ends if frames is network._frames else ends_of(frames)


def _handled(frames: Frames, ends: tuple[Ints, Ints]) -> tuple[list[str], Ints, Ints]:
    """Return the commodities ("" is the unnamed one), and what nodes ship and get: row of the node x goods + good."""
    edges, stocks = frames["edges"], frames["stocks"]
    codes, names = pd.factorize(edges["commodity"])
    goods = ["", *map(str, names)]
    of = {good: code for code, good in enumerate(goods)}
    held = [
        (node, of[good])
        for node, good in zip(stocks["node"], stocks["commodity"].fillna(""), strict=True)
        if good in of
    ]
    row_of = {name: row for row, name in enumerate(frames["nodes"]["id"])} if held else {}
    stored = [row_of[node] * len(goods) + good for node, good in held if node in row_of]
    source, target = (np.unique(end[end >= 0] * len(goods) + codes[end >= 0] + 1) for end in ends)
    return goods, source, np.union1d(target, np.array(stored, dtype=target.dtype))


def _starved(frames: Frames, plants: Ints, goods: list[str], ships: Ints, gets: Ints) -> Iterator[tuple[int, str, str]]:
    """Yield each plant with a process that lacks an input, with its main product and what would do."""
    recipes = _recipes(frames["processes"])
    sending, had = set((ships // len(goods)).tolist()), set(gets.tolist())
    of = {good: code for code, good in enumerate(goods)}
    for place, process in zip(plants.tolist(), frames["nodes"]["process"].iloc[plants], strict=True):
        made, needs = recipes.get(process, ("", []))
        for any_of in needs if place in sending else ():
            if not any(good in of and place * len(goods) + of[good] in had for good in any_of):
                yield place, made, " or ".join(sorted(any_of))


def _recipes(processes: pd.DataFrame) -> dict[str, tuple[str, list[list[str]]]]:
    """Return the main product of each process, and its inputs; those of a group stand in for each other."""
    made: dict[str, str] = {}
    needs: dict[str, dict[str, list[str]]] = {}
    lines = processes[["process", "commodity", "role", "group"]].itertuples(index=False, name=None)
    for process, good, role, group in lines:
        if role == "output":
            made[process] = good
        elif role == "input":
            key = f"group {group}" if isinstance(group, str) else f"input {good}"
            needs.setdefault(process, {}).setdefault(key, []).append(good)
    return {process: (made.get(process, ""), list(of.values())) for process, of in needs.items()}


def named(row: dict[str, str]) -> str:
    """Return the id of a row, and its label on one line where it says more."""
    label = " ".join(row["label"].split()) if isinstance(row["label"], str) else ""
    return f'{row["id"]} "{label}"' if label and label != row["id"] else row["id"]


def _words(row: dict[str, str]) -> str:
    """Say of one plant what it cannot give, why, and what to do."""
    gives, lacks = row["ships"] or "goods", row["lacks"] or "goods"
    why = f"no {lacks} reaches it"
    if row["ships"] == row["lacks"]:
        why = "nothing reaches it" if not row["lacks"] else f"no {lacks} reaches it and no process makes it"
        cure = "If it is a source, write stage mine; else give it a supplier."
    else:
        cure = f"Give it a supplier of {lacks}, or take that input out of its process."
    return f"{named(row)} ({row['stage']}) ships {gives}, but {why}: it gives nothing. {cure}"


def say_unfed(network: Network, stacklevel: int = 2) -> None:
    """Warn of plants that can give nothing, by their names."""
    found = _found(network)
    if found:
        nodes = network.as_read["nodes"]
        first = [{name: nodes[name].iloc[place] for name in ("id", "label", "stage")} for place, _, _ in found[:_SAID]]
        said = [_words({**row, "ships": of[1], "lacks": of[2]}) for row, of in zip(first, found, strict=False)]
        more = f" {len(found) - _SAID} more are in the table unfed of check." if len(found) > _SAID else ""
        warnings.warn(f"{network.name}: {' '.join(said)}{more}", ChainnetWarning, stacklevel=stacklevel + 1)
