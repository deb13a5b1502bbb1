"""Which plants can give nothing, because nothing that they would need reaches them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.errors import ChainnetWarning
from chainnet.network._gate import Frames
from chainnet.network._kept import kept
from chainnet.network._network import Network
from chainnet.network._order import ends_of

__all__ = ["say_unfed", "unfed_plants"]

_SAID = 3  # plants that a warning names
Goods = dict[str, set[str]]


@kept(1)
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
    frames = network.as_read
    nodes, roles = frames["nodes"], network.roles
    ruled = nodes["id"].isin(roles.loc[roles["rule"] != "", "id"])
    asked = nodes["process"].notna() | ~(nodes["stage"].isin(["mine", "end_use"]) | ruled)
    plants = nodes[asked.to_numpy()]
    found = []
    if len(plants):
        ships, gets = _handled(frames, asked.to_numpy())
        recipes = {str(name): rows for name, rows in frames["processes"].groupby("process")}
        for node in records(plants):
            out, into = ships.get(node["id"], set()), gets.get(node["id"], set())
            recipe = recipes.get(node["process"]) if isinstance(node["process"], str) else None
            needs = _handed_on(out) if recipe is None else _made(recipe)
            for made, lacks in needs:
                if out and not lacks & into:
                    found.append((node["id"], node["label"], node["stage"], made, " or ".join(sorted(lacks))))
    table = pd.DataFrame(found, columns=["id", "label", "stage", "ships", "lacks"], dtype=object)
    return table.assign(words=[_words(row) for row in records(table)])


def _handled(frames: Frames, asked: np.ndarray) -> tuple[Goods, Goods]:
    """Return what each plant asked for ships, and what reaches it or lies at it; "" is the unnamed commodity."""
    edges, both = frames["edges"], []
    for end, places in zip(("source", "target"), ends_of(frames), strict=True):
        rows = edges[asked[places] & (places >= 0)]
        both.append(rows[[end, "commodity"]].fillna("").drop_duplicates().set_axis(["id", "good"], axis=1))
    ships, gets = both
    lies = frames["stocks"][["node", "commodity"]].fillna("").set_axis(["id", "good"], axis=1)
    return _by_id(ships), _by_id(pd.concat([gets, lies]))


def _by_id(pairs: pd.DataFrame) -> Goods:
    goods: Goods = {}
    for node, good in pairs.itertuples(index=False, name=None):
        goods.setdefault(node, set()).add(good)
    return goods


def _handed_on(out: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Yield each commodity that a plant without a process ships: it must reach the plant first."""
    for good in sorted(out):
        yield good, {good}


def _made(recipe: pd.DataFrame) -> Iterator[tuple[str, set[str]]]:
    """Yield the main product of a process with each of its inputs; those of a group stand in for each other."""
    main = recipe.loc[recipe["role"] == "output", "commodity"].iloc[0]
    inputs = recipe[recipe["role"] == "input"]
    alone = inputs["group"].isna()
    for good in sorted(inputs.loc[alone, "commodity"]):
        yield main, {good}
    for _, rows in inputs[~alone].groupby("group"):
        yield main, set(rows["commodity"])


def _words(row: dict[str, str]) -> str:
    """Say of one plant what it cannot give, why, and what to do."""
    name = f' "{row["label"]}"' if isinstance(row["label"], str) and row["label"] != row["id"] else ""
    gives, lacks = row["ships"] or "goods", row["lacks"] or "goods"
    why = f"no {lacks} reaches it"
    if row["ships"] == row["lacks"]:
        why = "nothing reaches it" if not row["lacks"] else f"no {lacks} reaches it and no process makes it"
        cure = "If it is a source, write stage mine; else give it a supplier."
    else:
        cure = f"Give it a supplier of {lacks}, or take that input out of its process."
    return f"{row['id']}{name} ({row['stage']}) ships {gives}, but {why}: it gives nothing. {cure}"


def say_unfed(network: Network, stacklevel: int = 2) -> None:
    """Warn of plants that can give nothing, by their names."""
    found = unfed_plants(network)["words"]
    if len(found):
        more = f" {len(found) - _SAID} more are in the table unfed of check." if len(found) > _SAID else ""
        said = f"{network.name}: {' '.join(found[:_SAID])}{more}"
        warnings.warn(said, ChainnetWarning, stacklevel=stacklevel + 1)
