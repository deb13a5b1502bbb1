"""New relations: makers of a commodity may also ship to its users, through hubs.

One hub collects what the makers of a country offer, one hands out what the users of a country
take, and one column joins each pair of countries: never node by node. A relation opens only
between kinds of nodes (steps) that already trade the commodity, so that ore never skips a refiner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Bools, Ints, Texts
from chainnet.lowering._overlay import Overlay
from chainnet.lowering._rows import Tables, stack
from chainnet.network import Network, bars_in_force, kept

# sources and targets (a byte a node or project) and commodities of a restriction; whether of pairs that traded
Named = tuple[bytes, bytes, tuple[str, ...], bool | None]


@dataclass(frozen=True)
class Relations:
    """Hub edges: ``is_pair`` marks those that join two hubs; hubs stand after nodes and projects.

    ``classes``: one row per restriction of the overlay, which of the hub edges it names.
    """

    n_hubs: int
    tail: Ints
    head: Ints
    commodity: Ints
    is_pair: Bools
    pairs: pd.DataFrame
    classes: Bools


def no_relations(n_restrictions: int = 0) -> Relations:
    """Return no relation at all."""
    none = np.empty(0, dtype=np.int64)
    pairs = pd.DataFrame({"maker": [], "user": [], "code": []})
    return Relations(0, none, none, none, np.empty(0, dtype=bool), pairs, np.zeros((n_restrictions, 0), dtype=bool))


def named_by(overlay: Overlay) -> tuple[Named, ...]:
    """Return what each restriction of an overlay names."""
    return tuple((r.sources.tobytes(), r.targets.tobytes(), r.commodities, r.traded) for r in overlay.restrictions)


@kept(32)
def new_relations(network: Network, named: tuple[Named, ...]) -> Relations:
    """Return the hubs and their edges for every commodity that is traded. Kept: callers must not change it.

    Parameters
    ----------
    network : Network
    named : tuple
        What the restrictions name: they part the hubs, so that each can close its own.
    """
    t = stack(network)
    nodes = t.nodes
    kind = network.steps.to_numpy(dtype=object)
    place = network.places.fillna("elsewhere").to_numpy(dtype=object)
    kinds, ends = t.network.trade
    trade = kinds.assign(code=kinds["commodity"].map(t.code)).dropna(subset=["code"])
    ends = ends.assign(code=ends["commodity"].map(t.code), node=ends["id"].map(t.position)).dropna(
        subset=["code", "node"]
    )
    makers, users = (
        _class_table(ends[ends["side"] == side].astype({"code": "int64"}), kind, place, marks)
        for side, marks in (("source", [r[0] for r in named]), ("target", [r[1] for r in named]))
    )
    if makers.empty or users.empty:
        return no_relations(len(named))
    trade = trade.astype({"code": "int64"})[["code", "a", "b"]]
    first = len(nodes)
    makers["hub"] = first + makers.groupby(["code", "kind", "place", "mark"], sort=True).ngroup()
    second = int(makers["hub"].max()) + 1
    users["hub"] = second + users.groupby(["code", "kind", "place", "mark"], sort=True).ngroup()
    n_hubs = int(users["hub"].max()) + 1 - first
    a = makers.drop_duplicates("hub").merge(trade, left_on=["code", "kind"], right_on=["code", "a"])
    b = users.drop_duplicates("hub")
    pairs = a.merge(b, left_on=["code", "b"], right_on=["code", "kind"], suffixes=("_maker", "_user"))
    pairs = pairs[~_barred(t, place, pairs)].sort_values(["hub_maker", "hub_user"], ignore_index=True)
    tail = np.concatenate([makers["node"], pairs["hub_maker"], users["hub"]]).astype(np.int64)
    head = np.concatenate([makers["hub"], pairs["hub_user"], users["node"]]).astype(np.int64)
    code = np.concatenate([makers["code"], pairs["code"], users["code"]]).astype(np.int64)
    is_pair = np.repeat([False, True, False], [len(makers), len(pairs), len(users)])
    classes = np.zeros((len(named), len(tail)), dtype=bool)
    trades = _traded(t, place, pairs) if any(traded is not None for *_, traded in named) else None
    makes, takes, of = _marked(pairs["mark_maker"]), _marked(pairs["mark_user"]), pairs["code"].to_numpy()
    for number, (_, _, commodities, traded) in enumerate(named):
        codes = {t.code[c] for c in commodities if c in t.code} or set(t.code.values())
        inside = makes[:, number] & takes[:, number] & np.isin(of, list(codes))
        classes[number, is_pair] = inside if traded is None else inside & (trades == traded)
    named_pairs = pairs.rename(columns={"place_maker": "maker", "place_user": "user"})[["maker", "user", "code"]]
    return Relations(n_hubs, tail, head, code, is_pair, named_pairs, classes)


def _barred(t: Tables, place: Texts, pairs: pd.DataFrame) -> Bools:
    """Return which pairs of places a rule bars from beginning to trade the commodity."""
    found = np.zeros(len(pairs), dtype=bool)
    for bar in bars_in_force(t.network):
        hit = pairs["place_maker"].isin(set(place[bar.makers])) & pairs["place_user"].isin(set(place[bar.users]))
        if bar.commodities:
            hit &= pairs["code"].isin([t.code[c] for c in bar.commodities if c in t.code])
        found |= hit.to_numpy()
    return found


def _marked(marks: pd.Series) -> Bools:
    """Return which restrictions name each row, a column a restriction."""
    number, words = pd.factorize(marks)
    return np.array([[one == "1" for one in word] for word in words], dtype=bool).reshape(len(words), -1)[number]


def _traded(t: Tables, place: Texts, pairs: pd.DataFrame) -> Bools:
    """Return which pairs of places traded the commodity in the baseline."""
    flows = t.network.view("edges")["flow_tpa"].to_numpy(dtype=float) > 0
    known = set(zip(place[t.tail[flows]], place[t.head[flows]], t.commodity[flows].tolist(), strict=True))
    ends = zip(pairs["place_maker"], pairs["place_user"], pairs["code"].tolist(), strict=True)
    return np.array([pair in known for pair in ends], dtype=bool)


def _class_table(ends: pd.DataFrame, kind: Texts, place: Texts, named: list[bytes]) -> pd.DataFrame:
    """Return node, commodity and class (kind, place, which restrictions name it) of every maker or user."""
    node = ends["node"].to_numpy(dtype=np.int64)
    marks = [np.frombuffer(which, dtype=bool)[node] for which in named]
    mark = ["".join("1" if m[i] else "0" for m in marks) for i in range(len(node))]
    table = pd.DataFrame(
        {"node": node, "code": ends["code"].to_numpy(), "kind": kind[node], "place": place[node], "mark": mark}
    )
    return table.sort_values(["code", "node"], ignore_index=True)
