"""A country under a choice: the market with some trade closed, and the least and most of each measure in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Words
from chainnet.blocs._market import SplitMarket
from chainnet.blocs._worlds import Party, clean, edge_places, places, unlimited
from chainnet.engine import CERTAIN, LEAST_SIZE, ROUNDING, Certificate, Ordered
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting, stages_of
from chainnet.lowering import Degree, Overlay, lower
from chainnet.network import Network, backers_of, payers_of

AS_IS, OWN_USE, JOINS = "as_is", "own_use", "joins_"
_RATIO_STEPS = 40
Ends = tuple[float, float]
UNKNOWN: Ends = (np.nan, np.nan)


@dataclass(frozen=True)
class Setting:
    """What all markets share."""

    network: Network
    degree: Degree
    commodity: Words
    sides: list[Party]
    prices: pd.Series
    proofs: list[Certificate]


class Market:
    """A network under an overlay as arrays: who lies where, at what price, and what the blocs are served at best."""

    def __init__(self, setting: Setting, overlay: Overlay) -> None:
        self.setting, self.overlay, network = setting, overlay, setting.network
        self.split = SplitMarket(network, overlay, setting.degree, setting.commodity, setting.sides, setting.proofs)
        self.stages = stages_of(Counting.of(network, setting.commodity, []))
        self.low = lower(network, overlay, setting.degree, sizes=self.split.low.sizes)
        self.tail, self.head = edge_places(self.low)
        nodes = self.low.tables.nodes
        self.place, self.uses = places(nodes), (nodes["stage"] == "end_use").to_numpy()
        words = np.array([*self.low.commodities], dtype=object)
        self.goods = words[self.low.flows.commodity]
        self.price = setting.prices.reindex(words).to_numpy(dtype=float)
        self._base: World | None = None

    @property
    def nothing(self) -> Bools:
        """No column closed."""
        return np.zeros(len(self.low.program.cost), dtype=bool)

    def columns(self, edges: Bools) -> Bools:
        """Return edge columns as marks over all columns."""
        out = self.nothing
        out[: len(edges)] = edges
        return out

    def world(self, closed: Bools) -> World:
        """Return the world with some columns closed; that with none is kept."""
        if closed.any():
            return World(self, closed)
        self._base = self._base or World(self, closed)
        return self._base

    def with_bloc(self, country: str, bloc: Party) -> Bools:
        """Return which edges run between a country and a bloc, either way."""
        held = {place: bloc.holds(place) for place in {*self.tail, *self.head}}
        theirs = [np.array([held[place] for place in ends], dtype=bool) for ends in (self.tail, self.head)]
        return np.asarray(((self.tail == country) & theirs[1]) | (theirs[0] & (self.head == country)), dtype=bool)

    def workable(self, country: str) -> list[str]:
        """Return what a recipe of a standing plant in a country takes in."""
        tables = self.low.tables
        stands = np.concatenate([np.ones(tables.n_nodes), self.overlay.built]) > 0
        here = np.flatnonzero((self.place == country) & stands)
        lines = tables.recipes
        codes = lines.loc[lines["node"].isin(here) & (lines["role"] == "input"), "code"].unique()
        return sorted(self.low.commodities[code] for code in codes)

    def kept_home(self, country: str) -> Bools:
        """Return which edges export what a country could work up."""
        leaves = (self.tail == country) & (self.head != country)
        return np.asarray(leaves & np.isin(self.goods, self.workable(country)), dtype=bool)

    def closed_by(self, country: str, choice: str) -> Bools:
        """Return which columns a choice of a country closes."""
        if choice == OWN_USE:
            return self.columns(self.kept_home(country))
        rivals = [side for side in self.setting.sides if choice.startswith(JOINS) and choice != f"{JOINS}{side.name}"]
        return self.columns(self.with_bloc(country, rivals[0])) if rivals else self.nothing


class World:
    """All are served in order and what they got is held; then any measure is asked for its least and most."""

    def __init__(self, market: Market, closed: Bools) -> None:
        low = market.low
        program = replace(low.program, col_upper=np.where(closed, 0.0, low.program.col_upper))
        self._stages = Ordered(
            program, "partners", unbounded=lambda: unlimited("partners"), proofs=market.setting.proofs
        )
        self._scale, counted = low.program.col_scale, market.split.counted
        self.served = 0.0
        stages = [rows for _, rows in market.stages]
        for rows, found in zip(stages, self._stages.in_order(map(low.serving, stages)), strict=True):
            self.served += -found.value if (rows & counted).any() else 0.0

    def ends(self, gain: Array) -> Ends:
        """Return the least and the most of a sum over columns; infinite where nothing limits it."""
        least, most = (self._end(gain, sign)[0] for sign in (1.0, -1.0))
        return min(least, most), most

    def shares(self, part: Array, whole: Array) -> Ends:
        """Return the least and the most share that one sum is of another that holds it; NaN where that can only be 0.

        Dinkelbach (1967): the share is found where part less share x whole is nothing, each step one program.
        """
        most = self.ends(whole)[1]
        if most == 0:
            return UNKNOWN
        if np.isinf(most):
            return 0.0, 1.0
        found = []
        for sign, share in ((1.0, 1.0), (-1.0, 0.0)):
            for _ in range(_RATIO_STEPS):
                gain, x = self._end(part - share * whole, sign)
                held = float((whole * x).sum())
                if sign * gain >= -ROUNDING * most or held <= ROUNDING * most:
                    break
                share = float((part * x).sum()) / held
            else:
                raise SolverError("partners: a share was not found. Report the network that caused this.")
            found.append(min(max(share, 0.0), 1.0))
        return min(found), found[1]

    def _end(self, gain: Array, sign: float) -> tuple[float, Array]:
        if not gain.any():
            return 0.0, np.zeros(len(gain))
        try:
            found = self._stages.ask(sign * gain)
        except DataError:  # the served tonnes are limited, a sale need not be
            return -sign * np.inf, np.zeros(len(gain))
        value = float((gain * found.x).sum())
        # the natural size of a commodity is a thousandth of its largest flow
        size = 1000.0 * float(np.max(np.abs(gain) * self._scale))
        return (0.0 if abs(value) <= CERTAIN * max(size, LEAST_SIZE) else value), found.x


# -- one country in one world ---------------------------------------------------------------------------


class Told:
    """Rows of the tables as they come."""

    COLUMNS: Mapping[str, tuple[str, ...]] = {
        "choices": ("country", "choice"),
        "trade": ("country", "choice", "bloc"),
        "leverage": ("country", "choice", "bloc", "lost_tpa", "depends_usd"),
        "made": ("country", "choice", "commodity", "low_tpa", "high_tpa"),
        "investment": ("country", "choice", "backer", "n_projects", "capex_musd", "assumed_musd", "n_without_capex"),
        "unpriced": ("country", "choice", "commodity", "measure"),
    }

    def __init__(self) -> None:
        self._held: dict[str, list[dict[str, Any]]] = {name: [] for name in self.COLUMNS}

    def add(self, table: str, **row: Any) -> None:
        """Keep a row."""
        self._held[table].append(row)

    def frame(self, table: str) -> pd.DataFrame:
        """Return a table, what is the same said once; with its first columns where it has no row."""
        columns, rows = list(self.COLUMNS[table]), self._held[table]
        return pd.DataFrame(rows).drop_duplicates(ignore_index=True) if rows else pd.DataFrame(columns=columns)


class Stand:
    """A country under a choice: its measures, each a sum over the columns of the market."""

    def __init__(self, market: Market, country: str, choice: str, sides: Sequence[Party], tables: Told) -> None:
        self.market, self.sides, self.tables, self.country = market, sides, tables, country
        self.key = {"country": country, "choice": choice}
        self.closed = market.closed_by(country, choice)
        self.world = market.world(self.closed)
        flows = market.low.flows
        self.here = market.place == country
        self.plants = self.here & ~market.uses
        self.abroad = self.plants[flows.tail] & (market.head != country)
        self.users = self.here[flows.demand["position"].to_numpy(dtype=np.int64)] & market.split.counted

    def tell(self) -> None:
        """Add the rows of this country under this choice."""
        split, world = self.market.split, self.world
        added = self._priced(self._value(self.plants.astype(float)), "value_added")
        row: dict[str, Any] = {**self.key, "served_tpa": world.served}
        row |= {f"{side.name}_best_tpa": split.value(side.name, self.closed) for side in self.sides}
        row |= _both("value_added", "usd", added)
        row |= _both("kept", "usd", self._kept())
        row |= _both("worked", "tpa", self._worked())
        row |= _both("worked", "share", self._worked_share())
        row |= _both("sales", "usd", self._priced(self._worth(self.abroad), "sales"))
        asked = float(self.market.low.flows.demand["demand_tpa"].to_numpy(dtype=float)[self.users].sum())
        least, most = world.ends(-self.market.low.serving(self.users))
        row |= _both("short", "tpa", (clean(asked - most, asked), clean(asked - least, asked)))
        self.tables.add("choices", **row, **self._invested())
        for side in self.sides:
            self._tell_bloc(side, added[1])

    def _tell_bloc(self, side: Party, most: float) -> None:
        market, split = self.market, self.market.split
        between = market.with_bloc(self.country, side)
        sold, all_sold = self._worth(self.abroad & between), self._worth(self.abroad)
        row: dict[str, Any] = {**self.key, "bloc": side.name}
        row |= _both("sales", "usd", self._priced(sold, f"sales to {side.name}"))
        is_known = not self._lacking(all_sold, self.world)
        share = self.world.shares(np.nan_to_num(sold), np.nan_to_num(all_sold)) if is_known else UNKNOWN
        row |= _both("sales", "share", share)
        bought = self.plants[market.low.flows.head] & between
        row |= _both("bought", "usd", self._priced(self._worth(bought), f"bought from {side.name}"))
        self.tables.add("trade", **row)
        gone = self.closed.copy()
        gone[market.low.closing(np.flatnonzero(self.plants))] = True
        lost = split.clean(split.value(side.name, self.closed) - split.value(side.name, gone))
        apart = market.world(self.closed | market.columns(between))
        value = self._value(self.plants.astype(float))
        lacking = np.isnan(most) or self._lacking(value, apart)
        left = np.nan if lacking else apart.ends(np.nan_to_num(value))[1]
        self.tables.add("leverage", **self.key, bloc=side.name, lost_tpa=lost, depends_usd=clean(most - left, most))

    # -- sums over columns --------------------------------------------------------------------------------

    def _worth(self, edges: Bools) -> Array:
        """Return what the marked edges carry at its price, USD a tonne; NaN where there is no price."""
        out = np.zeros(len(self.market.low.program.cost))
        out[: len(edges)][edges] = self.market.price[self.market.low.flows.commodity][edges]
        return out

    def _value(self, weight: Array) -> Array:
        """Return price x (shipped out less shipped in), the plants weighed; what moves between equals cancels."""
        low = self.market.low
        f, demand = low.flows, low.flows.demand
        out = np.zeros(len(low.program.cost))
        own = np.where(self.plants, weight, 0.0)
        for columns, codes, net in (
            (np.arange(len(f.tail)), f.commodity, own[f.tail] - own[f.head]),
            (low.served, demand["code"].to_numpy(dtype=np.int64), own[demand["position"].to_numpy(dtype=np.int64)]),
        ):
            some = net != 0
            out[columns[some]] = self.market.price[codes[some]] * net[some]
        return out

    def _lacking(self, gain: Array, world: World) -> list[str]:
        """Return the commodities without a price that some plan of a world moves."""
        codes = self.market.low.column_code
        words = self.market.low.commodities
        found = []
        for code in np.unique(codes[np.isnan(gain)]):
            if world.ends((np.isnan(gain) & (codes == code)).astype(float))[1] > 0:
                found.append(words[code] or "the unnamed commodity")
        return found

    def _priced(self, gain: Array, measure: str) -> Ends:
        """Return the ends of a sum of money; NaN, and which prices are missing, where some are."""
        lacking = self._lacking(gain, self.world)
        for word in lacking:
            self.tables.add("unpriced", **self.key, commodity=word, measure=measure)
        return UNKNOWN if lacking else self.world.ends(np.nan_to_num(gain))

    def _kept(self) -> Ends:
        """Return the value added of what is owned at home; of plants whose owner is not known nothing, or all."""
        owner = self.market.low.tables.nodes["owner_country"]
        own, unknown = (owner == self.country).to_numpy(), owner.isna().to_numpy()
        low, high = self._value(own.astype(float)), self._value((own | unknown).astype(float))
        if (low == high).all():
            return self._priced(low, "kept")
        return self._priced(low, "kept")[0], self._priced(high, "kept")[1]

    def _worked(self) -> Ends:
        """Return what plants that take something in make together; NaN where that is on several bases."""
        low = self.market.low
        lines, tables = low.tables.recipes, low.tables
        takes = np.zeros(len(self.plants), dtype=bool)
        takes[lines.loc[lines["role"] == "input", "node"].to_numpy(dtype=np.int64)] = True
        at = np.flatnonzero(takes & self.plants)
        code = pd.Series(tables.main_code, index=np.flatnonzero(tables.acts)).reindex(at).to_numpy(dtype=np.int64)
        columns, out, bases = low.flows.activity[at], np.zeros(len(low.program.cost)), set()
        basis = self.market.setting.network.commodities.set_index("id")["basis"]
        for one in np.unique(code):
            word = low.commodities[one]
            gain = np.zeros_like(out)
            gain[columns[code == one]] = 1.0
            least, most = self.world.ends(gain)
            if most > 0:
                out += gain
                self.tables.add("made", **self.key, commodity=word, low_tpa=least, high_tpa=most)
                bases.add(basis.get(word) if isinstance(basis.get(word), str) else f"\0{word}")
        return self.world.ends(out) if len(bases) < 2 else UNKNOWN

    def _worked_share(self) -> Ends:
        """Return what part of what its mines ship goes to its own plants; NaN where they ship on several bases."""
        f, nodes = self.market.low.flows, self.market.low.tables.nodes
        mines = self.plants & (nodes["stage"] == "mine").to_numpy()
        shipped = mines[f.tail]
        if len(np.unique(f.commodity[shipped])) != 1:
            return UNKNOWN
        whole, part = (self.market.columns(edges).astype(float) for edges in (shipped, shipped & self.plants[f.head]))
        return self.world.shares(part, whole)

    def _invested(self) -> dict[str, Any]:
        """Add who backs the projects that stand; return their capex, and how many have none on record."""
        network = self.market.setting.network
        stands = (self.market.overlay.built > 0) & (network.projects["country"] == self.country).to_numpy()
        capex = network.projects["capex_musd"].to_numpy(dtype=float)
        payers = payers_of(network)
        payers = payers[stands[payers["project"].to_numpy(dtype=np.int64)]]
        sides = [next((s.name for s in self.sides if s.holds(word)), "others") for word in payers["party"]]
        backed = payers["project"].isin(backers_of(network)["project"])
        payers = payers.assign(backer=np.where(backed, sides, "nobody named"))
        for name, own in payers.groupby("backer", sort=False):
            row = own["project"].to_numpy(dtype=np.int64)
            paid = np.nan_to_num(own["share"].to_numpy(dtype=float) * capex[row])
            self.tables.add(
                "investment", **self.key, backer=name, n_projects=len(set(row)), capex_musd=float(paid.sum()),
                assumed_musd=float(paid[own["is_assumed"]].sum()),
                n_without_capex=int(np.isnan(capex[np.unique(row)]).sum()),
            )  # fmt: skip
        known = capex[stands & ~np.isnan(capex)]
        return {"investment_musd": float(known.sum()), "investment_unknown": int(stands.sum()) - len(known)}


def _both(name: str, unit: str, ends: Ends) -> dict[str, float]:
    return {f"{name}_low_{unit}": ends[0], f"{name}_high_{unit}": ends[1]}
