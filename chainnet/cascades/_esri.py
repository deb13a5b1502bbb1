"""ESRI: how losses of inputs and of orders spread along baseline relations to a fixed point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from chainnet import checks
from chainnet._types import Array, Bools, Ints
from chainnet.cascades._links import Links, recipe_of, total_by
from chainnet.errors import DataError, SolverError, UnknownIdError
from chainnet.network import Network, step_of
from chainnet.words import gap

IMPORTANCE = ("essential", "nonessential", "none")
MOST_ROUNDS = 50_000


def positions(network: Network, ids: Iterable[str], argument: str) -> Ints:
    """Return where nodes stand in the table."""
    names = list(ids)
    known = pd.Index(network.nodes["id"])
    found = known.get_indexer(names)
    for name, place in zip(names, found, strict=True):
        if place < 0:
            if name in set(network.projects["id"]):
                said = f'"{name}" is a project that is not built; see network.with_projects.'
                raise UnknownIdError(f"{argument}: {said}")
            checks.known(name, known, argument, "id", error=UnknownIdError)
    return np.asarray(found, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Spreading:
    """Links with what each weighs for its buyer, and what stays of nodes and links from outside.

    ``essential`` and ``additive``: part of its input, or of all purchases, that a link brings (0 =
    the other kind); ``slot``: the input it belongs to, sorted by buyer.
    """

    links: Links
    node_left: Array
    link_left: Array
    slot: Ints
    slot_buyer: Ints
    essential: Array
    additive: Array
    out: Array
    market: Ints | None

    def replaced(self, h: Array) -> Array:
        """Return how much of each node's loss its market cannot make good."""
        if self.market is None:
            return np.ones(len(h))
        standing = total_by(self.market, h * self.out, len(h))[self.market]
        return np.where(standing > self.out, self.out / np.where(standing > 0, standing, 1.0), 1.0)


def spreading_of(
    links: Links,
    left: Array,
    sector: Mapping[str, str] | None,
    importance: str | Mapping[Any, str] | None,
    replaceable: bool,
    link_left: Array | None = None,
) -> Spreading:
    """Weigh the links for their buyers by sector, recipe and importance; see ``cascade``."""
    nodes = links.tables.network.nodes
    label = step_of(nodes).to_numpy(dtype=object)
    if sector is not None:
        if not isinstance(sector, (Mapping, pd.Series)):
            raise DataError("sector: give a mapping of node id to label.")
        given = {str(name): str(word) for name, word in sector.items()}
        label[positions(links.tables.network, given, "sector")] = list(given.values())
    market = np.unique(label.astype(str), return_inverse=True)[1]
    line = recipe_of(links, links.target)
    has_recipe = nodes["process"].notna().to_numpy()[links.target]
    words = _importance(links, importance, line, has_recipe)
    k = max(len(links.words), 1)
    weight, kind = links.flow, market[links.source]
    if sector is None:
        group = np.unique(line["group"].fillna("").to_numpy(dtype=str), return_inverse=True)[1]
        joint = has_recipe & line["group"].notna().to_numpy()
        weight = np.where(joint, links.flow / line["t_per_t"].fillna(1.0).to_numpy(dtype=float), links.flow)
        own = np.where(joint, k + group, links.commodity)
        wide = k + int(group.max(initial=0)) + 1
        kind = np.where(has_recipe, own, wide + kind * k + links.commodity)
    keys, slot = np.unique(links.target * (int(kind.max(initial=0)) + 1) + kind, return_inverse=True)
    buyer = keys // (int(kind.max(initial=0)) + 1)
    bought = total_by(links.target, links.flow, links.n)
    return Spreading(
        links,
        left,
        np.ones(len(links.flow)) if link_left is None else link_left,
        slot,
        buyer,
        np.where(words == "essential", weight / total_by(slot, weight, len(keys))[slot], 0.0),
        np.where(words == "nonessential", links.flow / bought[links.target], 0.0),
        total_by(links.source, links.flow, links.n),
        market if replaceable else None,
    )


def _importance(links: Links, importance: Any, line: pd.DataFrame, has_recipe: Bools) -> Any:
    """Return the word of each link."""
    named = np.where((line["role"] == "input").to_numpy(), "essential", "none")
    words = np.where(has_recipe, named, "nonessential").astype(object)
    if importance is None:
        return words
    whole = isinstance(importance, str)
    if not whole and not isinstance(importance, (Mapping, pd.Series)):
        raise DataError("importance: give one word for all links, or a mapping of (source, target) to a word.")
    for word in {importance} if whole else set(importance.values()):
        checks.known(word, IMPORTANCE, "importance", "word")
    if whole:
        return np.full(len(words), importance, dtype=object)
    edges = links.tables.network.edges
    every = pd.MultiIndex.from_arrays([edges["source"], edges["target"]])
    known = set(every)
    pairs = {}
    for pair, word in importance.items():
        key = tuple(map(str, pair)) if isinstance(pair, (tuple, list)) else (str(pair),)
        if key not in known:
            raise UnknownIdError(f"importance: no edge {' -> '.join(key)}; give (source, target) as in network.edges.")
        pairs[key] = word
    given = np.array([pairs.get(key) for key in every[links.row]], dtype=object)
    return np.where(pd.isna(given), words, given)


def downstream(s: Spreading, tolerance: float) -> tuple[Array, int]:
    """Return what stays of each node's output as inputs fail, from above to the largest fixed point."""
    n, source = s.links.n, s.links.source
    passed = s.link_left
    essential = csr_array((s.essential * passed, (s.slot, source)), shape=(len(s.slot_buyer), n))
    additive = csr_array((s.additive * passed, (s.links.target, source)), shape=(n, n))
    cut = total_by(s.slot, s.essential * (1.0 - passed), len(s.slot_buyer))
    cut_sum = total_by(s.links.target, s.additive * (1.0 - passed), n)
    starts = np.flatnonzero(np.diff(s.slot_buyer, prepend=-1))
    buyers = s.slot_buyer[starts]

    def further(h: Array) -> Array:
        loss = s.replaced(h) * (1.0 - h)
        new = np.minimum(s.node_left, 1.0 - cut_sum - additive @ loss)
        if len(starts):
            new[buyers] = np.minimum(new[buyers], np.minimum.reduceat(1.0 - cut - essential @ loss, starts))
        return np.asarray(np.maximum(new, 0.0))

    return _stand_still(further, n, tolerance)


def upstream(s: Spreading, tolerance: float) -> tuple[Array, int]:
    """Return what stays of each node's output as its buyers order less."""
    n = s.links.n
    part = s.links.flow / s.out[s.links.source]
    orders = csr_array((part, (s.links.source, s.links.target)), shape=(n, n))
    return _stand_still(lambda h: np.maximum(np.minimum(s.node_left, 1.0 - orders @ (1.0 - h)), 0.0), n, tolerance)


def _stand_still(further: Callable[[Array], Array], n: int, tolerance: float) -> tuple[Array, int]:
    h = np.ones(n)
    for rounds in range(1, MOST_ROUNDS + 1):
        new = further(h)
        change = float(np.abs(new - h).max(initial=0.0))
        h = new
        if change <= tolerance:
            return h, rounds
    raise SolverError(
        f"cascade: after {MOST_ROUNDS} rounds a loss still grows by {gap(change)} a round, more than the tolerance "
        f"{gap(tolerance)}. Give a larger tolerance."
    )


def residual_of(s: Spreading, down: Array, up: Array) -> float:
    """Return the most that one further round changes, link by link, without the matrices of the solve."""
    source, target = s.links.source, s.links.target
    gone = s.replaced(down)[source] * (1.0 - down[source])
    slots = np.ones(len(s.slot_buyer))
    np.subtract.at(slots, s.slot, s.essential * gone)
    here = s.node_left.copy()
    np.minimum.at(here, s.slot_buyer, slots)
    total = np.ones(s.links.n)
    np.subtract.at(total, target, s.additive * gone)
    here = np.maximum(np.minimum(here, total), 0.0)
    sold = np.ones(s.links.n)
    np.subtract.at(sold, source, s.links.flow / s.out[source] * (1.0 - up[target]))
    there = np.maximum(np.minimum(sold, s.node_left), 0.0)
    return float(max(np.abs(here - down).max(initial=0.0), np.abs(there - up).max(initial=0.0)))


def lost_in_use(s: Spreading, uses: pd.DataFrame, down: Array) -> Array:
    """Return the share that does not arrive of what each row of the uses takes in the baseline."""
    k = max(len(s.links.words), 1)
    keys = s.links.target * k + s.links.commodity
    gone = 1.0 - s.link_left * (1.0 - s.replaced(down)[s.links.source] * (1.0 - down[s.links.source]))
    size = s.links.n * k
    arrives = total_by(keys, s.links.flow, size)
    lost = total_by(keys, s.links.flow * gone, size)
    place = uses["key"].to_numpy(dtype=np.int64)
    itself = 1.0 - s.node_left[uses["position"].to_numpy(dtype=np.int64)]
    return np.asarray(np.clip(np.maximum(lost[place] / arrives[place], itself), 0.0, 1.0))
