"""A market between two blocs as arrays: who lies where, and what each side is served with any trade closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Ints, Words
from chainnet.blocs._worlds import Party, WorldValue, clean, demand_of, edge_places, open_market
from chainnet.engine import Certificate, require
from chainnet.flow import Balance, Counting, balance_under
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network

THIRD = "third countries"


class SplitMarket:
    """The market as arrays, who lies where, and the value of each side with any trade closed."""

    def __init__(
        self,
        network: Network,
        overlay: Overlay,
        degree: Degree,
        commodity: Words,
        sides: Sequence[Party],
        proofs: list[Certificate],
    ) -> None:
        self.network, self.overlay, self.degree, self.commodity = network, overlay, degree, commodity
        self.sides, self.proofs = list(sides), proofs
        self.low, self.counted = open_market(network, overlay, degree, commodity)
        rows = [demand_of(network, self.low.flows.demand, bloc) for bloc in sides]
        self.rows = {bloc.name: self.counted & mine for bloc, mine in zip(sides, rows, strict=True)}
        self.rows[THIRD] = self.counted & ~np.any(rows, axis=0)
        tail, head = edge_places(self.low)
        codes, self.places = pd.factorize(np.concatenate([tail, head]))
        self.tail, self.head = codes[: len(tail)], codes[len(tail) :]
        self._asked: tuple[tuple[Party, ...], Bools] | None = None
        self.values = {
            name: WorldValue(self.low, mine, proofs) for name, mine in self.rows.items() if mine.any() or name != THIRD
        }

    def sign(self, joined: Mapping[str, int], parties_of: Sequence[Party] = ()) -> Any:
        """Return +1 (first bloc), -1 (second) or 0 for each place, with the players that joined."""
        out = self._own.copy()
        if joined and parties_of:
            side = np.array([joined.get(party.name, 0) for party in parties_of], dtype=np.int64)
            among = self._among(tuple(parties_of))  # a place of several goes with the first that joined
            found = np.where(among, side[:, None], 0)
            first = np.argmax(found != 0, axis=0)
            free = out == 0
            out[free] = found[first, np.arange(len(out))][free]
        return out

    @cached_property
    def _own(self) -> Ints:
        """+1 where a place is the first bloc's, -1 where it is the second's, else 0."""
        first, second = (np.array([bloc.holds(place) for place in self.places], dtype=bool) for bloc in self.sides[:2])
        return np.where(first, 1, np.where(second, -1, 0)).astype(np.int64)

    def _among(self, parties: tuple[Party, ...]) -> Bools:
        """Return which places each party holds, parties x places; the last list asked is kept."""
        if self._asked is None or self._asked[0] != parties:
            held = [[party.holds(place) for place in self.places] for party in parties]
            self._asked = parties, np.array(held, dtype=bool).reshape(len(parties), len(self.places))
        return self._asked[1]

    def crossing(self, joined: Mapping[str, int] | None = None, players: Sequence[Party] = ()) -> Any:
        """Return which edge columns run between the two blocs."""
        side = self.sign(joined or {}, players)
        return side[self.tail] * side[self.head] < 0

    def leaving(self, bloc: int) -> Any:
        """Return which edge columns run from one bloc to the other: 0 = the first sells."""
        side = self.sign({})
        want = 1 if bloc == 0 else -1
        return (side[self.tail] == want) & (side[self.head] == -want)

    def around(self, bloc: int, friends: Sequence[Party] = ()) -> Any:
        """Return which edge columns cross the border of a bloc with its friends."""
        want = 1 if bloc == 0 else -1
        inside = self.sign({p.name: want for p in friends}, friends) == want
        return inside[self.tail] != inside[self.head]

    def value(self, name: str, closed: Any = None) -> float:
        """Return what a side is served, 0 where it asks for nothing."""
        if name not in self.values or not self.rows[name].any():
            return 0.0
        none = np.zeros(len(self.tail), dtype=bool)
        return self.values[name].value(none if closed is None else closed)

    def demand(self, name: str) -> float:
        """Return what a side asks for, t/yr."""
        return float(self.low.flows.demand["demand_tpa"].to_numpy(dtype=float)[self.rows[name]].sum())

    def under(self, overlay: Overlay) -> SplitMarket:
        """Return the same market under another overlay."""
        return SplitMarket(self.network, overlay, self.degree, self.commodity, self.sides, self.proofs)

    @property
    def first_served(self) -> Counting:
        """The first bloc served first."""
        return Counting.of(self.network, self.commodity, self.sides[0].words, said=False)

    def clean(self, value: float) -> float:
        """Take rounding for nothing."""
        return clean(value, float(self.low.flows.demand["demand_tpa"].to_numpy(dtype=float)[self.counted].sum()))

    @cached_property
    def goods(self) -> pd.Series:
        """Commodity of each edge row; "" for the unnamed one."""
        return self.network.edges["commodity"].fillna("")

    @cached_property
    def price(self) -> Array:
        """Price of what each edge row carries, USD/t; NaN where it has none."""
        prices = self.network.commodities.set_index("id")["price_usd_per_t"]
        return np.asarray(self.goods.map(prices).to_numpy(dtype=float))

    @cached_property
    def carries_counted(self) -> Bools:
        """Which edge rows carry a commodity whose demand counts."""
        return np.asarray(self.goods.isin(set(self.low.flows.demand["commodity"][self.counted].fillna(""))))

    @cached_property
    def baseline(self) -> Array:
        """Flow on each edge row, t/yr: the baseline, or a balance where one is not known."""
        network = self.network
        flow = network.edges["flow_tpa"].to_numpy(dtype=float)
        alive = self.low.program.col_upper[: len(flow)] > 0
        new = set(network.projects["id"]) | network.built_projects
        asleep = (network.edges["source"].isin(new) | network.edges["target"].isin(new)).to_numpy()
        if not np.isnan(flow[alive & ~asleep]).any():
            return np.asarray(np.nan_to_num(flow))
        return np.asarray(self.settled(self.overlay).edges["flow_tpa"].to_numpy(dtype=float))

    def settled(self, overlay: Overlay) -> Balance:
        """Serve the first bloc first, then everyone, at least cost."""
        found = balance_under(self.first_served, overlay, self.degree)
        self.proofs.append(require(found.certificate))
        return found
