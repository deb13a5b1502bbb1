"""The game of a joint stockpile: what any coalition has to hold, each answer solved once and proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import INF, Array, Bools
from chainnet.blocs._worlds import Party, coalitions_of, demand_of
from chainnet.engine import CERTAIN, LEAST_SIZE, Certificate, require
from chainnet.errors import DataError
from chainnet.flow import LeastStock
from chainnet.progress import Steps
from chainnet.scenario import Scenario, tell_outside
from chainnet.stress import Ask, Stores, no_stock, prices_of


class StockGame:
    """What any coalition has to hold so that the named tiers of its users are met.

    Parameters
    ----------
    scenario : Scenario or None
    who : sequence of Party
    tiers : tuple of str
        In their order.
    ask : Ask
        Its beneficiaries are the members.
    prices : mapping of commodity to USD/t, optional

    Raises
    ------
    DataError
        If none of the members' demand is of these tiers, or a price is no price.
    """

    def __init__(
        self,
        scenario: Scenario | None,
        who: Sequence[Party],
        tiers: tuple[str, ...],
        ask: Ask,
        prices: Mapping[str, float] | None,
    ) -> None:
        self.steps = Steps("sets of members", ask.tell)
        self.network, self.who, self.tiers, self.ask = ask.network, {m.name: m for m in who}, tiers, ask
        self.proofs: list[Certificate] = []
        demand, anyone = self.network.demand, ask.counting.anyone
        self._rows = {m.name: demand_of(self.network, demand, m) & anyone for m in who}
        self._tier = demand["tier"].to_numpy(dtype=object)
        everyone = frozenset(self.who)
        if not self.whole(everyone, tiers).any():
            raise DataError(
                f"members: no demand of {', '.join(tiers)} that counts lies with {', '.join(self.who)}. Name the "
                "countries of end uses, or other tiers."
            )
        self._stores = stores = Stores(scenario, tiers, ask)
        self.node, self.commodity, self.held_t = stores.node, stores.commodity, stores.held_t
        self.starts = stores.starts
        nodes = self.network.nodes
        self.mine = {m.name: np.isin(self.node, nodes["id"][m.rows(nodes)].to_numpy(dtype=object)) for m in who}
        self.price_of = prices_of(self.network.commodities, self.commodity, prices)
        self.price = np.array([self.price_of[name] for name in self.commodity])
        self._rivals: dict[bytes, int] = {}
        listed: list[Bools] = []
        for coalition in coalitions_of(list(self.who)):
            for rows in (self._others(coalition, "allies_last"), self._others(coalition, "allies_first")):
                if rows.any() and rows.tobytes() not in self._rivals:
                    self._rivals[rows.tobytes()] = len(listed)
                    listed.append(rows)
        self.model = stores.model(self.price, listed)
        self._most: dict[int, float] = {}
        self._known: dict[tuple[frozenset[str], str], LeastStock] = {}

    def whole(self, coalition: frozenset[str], tiers: Sequence[str]) -> Bools:
        """Return which demand rows of a coalition must be served in full."""
        rows: Bools = self._ours(coalition) & np.isin(self._tier, list(tiers))
        return rows

    def owned(self, coalition: frozenset[str]) -> Bools:
        """Return which stores a coalition can fill: its own, of what may be held."""
        return np.asarray(self._mine(coalition) & ~np.isinf(self.price))

    def _mine(self, coalition: frozenset[str]) -> Bools:
        """Return the stores at the plants and end uses of a coalition."""
        rows: Bools = np.any([self.mine[name] for name in sorted(coalition)], axis=0)
        return rows

    def cost(self, coalition: frozenset[str], order: str) -> float:
        """Return what a coalition has to hold, USD."""
        return max(self.answer(coalition, order).cost, 0.0)

    def answer(self, coalition: frozenset[str], order: str) -> LeastStock:
        """Return the cheapest stores of a coalition; each is solved once."""
        key = coalition, order
        if key not in self._known:
            self._known[key] = self.solve(coalition, order)
        return self._known[key]

    def solve(
        self,
        coalition: frozenset[str],
        order: str,
        tiers: Sequence[str] | None = None,
        within_t: Array | None = None,
        price: Array | None = None,
    ) -> LeastStock:
        """Solve for a coalition, of some tiers alone or within a larger set of stores.

        Raises
        ------
        InfeasibleError
            If no amount of anything suffices.
        """
        found = self._least(coalition, order, tiers or self.tiers, within_t, price)
        if found is None:
            whom = f"{', '.join(tiers or self.tiers)} of {', '.join(sorted(coalition))}"
            raise no_stock("joint_stockpile", whom, self._never(coalition, order, tiers or self.tiers))
        self.proofs.append(require(found.certificate))
        self.steps.done(" + ".join(name for name in self.who if name in coalition))
        return found

    def _never(self, coalition: frozenset[str], order: str, tiers: Sequence[str]) -> list[str]:
        """Return what a coalition never holds by its price, where that alone keeps the tiers from being whole."""
        barred = np.isinf(self.price) & self._mine(coalition)
        only, price = self._mine(coalition) & ~np.isnan(self.price), np.where(barred, 1.0, 0.0)
        whole, first = self.whole(coalition, tiers), self._first(coalition, order)
        found = self.model.least(False, only, price, whole=whole, first=first) if barred.any() else None
        return [] if found is None else sorted({str(name) for name in self.commodity[barred & (found.drawn_t > 0)]})

    def tell_outside(self) -> None:
        """Warn of measures that are in force in no period."""
        tell_outside([self._stores.outside], stacklevel=4)

    def _least(
        self, coalition: frozenset[str], order: str, tiers: Sequence[str], within_t: Array | None, price: Array | None
    ) -> LeastStock | None:
        unknown = np.isnan(self.price)
        only = self.owned(coalition) & (~unknown if price is None else True)
        asked = np.where(np.isfinite(self.price), self.price, 0.0) if price is None else price
        whole = self.whole(coalition, tiers)
        first = self._first(coalition, order)
        return self.model.least(False, only, asked, whole=whole, first=first, within_t=within_t)

    def _first(self, coalition: frozenset[str], order: str) -> list[tuple[int, float]]:
        """Return who is served first, and how much they get with nothing in store."""
        rows = self._others(coalition, order)
        if not rows.any():
            return []
        number = self._rivals[rows.tobytes()]
        if number not in self._most:
            self._most[number], proof = self.model.most(number)
            self.proofs.append(require(proof))
        return [(number, self._most[number])]

    def _others(self, coalition: frozenset[str], order: str) -> Bools:
        """Return whose demand comes before a coalition's stores."""
        ours = self._ours(coalition)
        if order == "last":
            return ours & False
        return (self.ask.counting.anyone if order == "allies_last" else self._ours(frozenset(self.who))) & ~ours

    def _ours(self, coalition: frozenset[str]) -> Bools:
        """Return the demand rows that count of a coalition's users."""
        rows: Bools = np.any([self._rows[name] for name in sorted(coalition)], axis=0)
        return rows

    def check_prices(self, asked: Sequence[tuple[frozenset[str], str]]) -> None:
        """Raise where something without a price would be held if it were cheap enough.

        Raises
        ------
        DataError
            Naming the commodities, and who would hold them.
        """
        unknown = np.isnan(self.price)
        if not unknown.any():
            return
        wanted: dict[str, set[str]] = {}
        self.steps.more(len(asked))
        for coalition, order in self.steps.each(asked):
            if not (unknown & self.owned(coalition)).any():
                continue
            dear = self._least(coalition, order, self.tiers, None, None)
            free = self._least(coalition, order, self.tiers, None, np.where(unknown, 0.0, self.price))
            if free is None or (dear is not None and dear.cost - free.cost <= CERTAIN * max(dear.cost, LEAST_SIZE)):
                continue
            self.model.keep()
            fewest = self.model.best(unknown.astype(float)) or free
            for name in self.commodity[unknown & (fewest.drawn_t > 0)]:
                wanted.setdefault(str(name) or "the one unnamed commodity", set()).update(coalition)
        if wanted:
            told = "; ".join(f"{name} (by {', '.join(sorted(by))})" for name, by in sorted(wanted.items()))
            raise DataError(
                f"prices: would be held if cheap enough, but has no price in commodities.price_usd_per_t: {told}. "
                "Give prices={commodity: USD per t}, on the command line --price COMMODITY=USD; inf = is never held."
            )


@dataclass(frozen=True)
class Layers:
    """The stores of all together: what lies where, what is opened to whom and when.

    ``drawn_t`` over the stores; ``holds_usd`` members x (shown, least, most over all sets as cheap).
    """

    drawn_t: Array
    holds_usd: Array
    stocks: pd.DataFrame
    layers: pd.DataFrame
    release: pd.DataFrame


def layers_of(game: StockGame, order: str) -> Layers:
    """Return what all members hold together, with the ends over all sets as cheap, and its layers by tier."""
    everyone = frozenset(game.who)
    found = game.solve(everyone, order)
    found, low, high, holds = _ends(game, found)
    nested: list[LeastStock] = [found]
    costs: list[tuple[int, str, float, float]] = []
    for k in range(len(game.tiers), 0, -1):
        tiers = game.tiers[:k]
        part = nested[0] if k == len(game.tiers) else game.solve(everyone, order, tiers, nested[0].plan_t)
        if k < len(game.tiers):
            nested.insert(0, part)
        by_itself = game.solve(everyone, order, tiers).cost if k < len(game.tiers) else game.cost(everyone, order)
        worth = float((part.drawn_t * _worth(game)).sum())
        costs.insert(0, (k, tiers[-1], by_itself, worth))
    table = pd.DataFrame(costs, columns=["layer", "tier", "cheapest_usd", "nested_usd"]).set_index("layer")
    more = table["nested_usd"] - table["cheapest_usd"]
    table["nesting_usd"] = more.mask(more.abs() <= CERTAIN * table["nested_usd"].max(), 0.0)
    stocks = _stock_table(game, nested, low, high)
    return Layers(found.drawn_t, holds, stocks, table, _release(game, nested))


def _worth(game: StockGame) -> Array:
    return np.where(np.isfinite(game.price), game.price, 0.0)


def _ends(game: StockGame, found: LeastStock) -> tuple[LeastStock, Array, Array, Array]:
    """Return the set that lies at the largest plants, and over all as cheap the ends of each store and member."""
    model, loose, worth = game.model, found.may_differ, _worth(game)
    model.keep()
    # of two stores the one at the larger plant comes first
    rank = np.empty(len(loose))
    rank[np.lexsort((game.commodity.astype(str), game.node.astype(str), -_size(game)))] = np.arange(1, len(loose) + 1)
    best = model.best(rank)
    if best is None:
        raise AssertionError("ranks are above 0, so what is drawn weighs at least nothing")
    game.proofs.append(require(best.certificate))
    # the weights are no prices: the set is as cheap as the one before
    best = LeastStock(best.drawn_t, best.plan_t, found.cost, loose, best.certificate)

    def end(weight: Array, sign: float) -> float:
        at = model.best(sign * weight)
        if at is None:
            return INF
        game.proofs.append(require(at.certificate))
        return float((weight * at.drawn_t).sum())

    low, high = best.drawn_t.copy(), best.drawn_t.copy()
    game.steps.more(int(loose.sum()))
    for i in game.steps.each(np.flatnonzero(loose).tolist(), lambda i: f"what {game.node[i]} may hold"):
        one = np.zeros(len(loose))
        one[i] = 1.0
        if best.drawn_t[i] > 0:
            low[i] = min(end(one, 1.0), best.drawn_t[i])
        high[i] = max(end(one, -1.0), best.drawn_t[i])
    holds = []
    for mine in game.mine.values():
        weight = np.where(mine, worth, 0.0)
        shown = float((weight * best.drawn_t).sum())
        moves = bool((mine & loose & (high > low)).any())
        ends = (min(end(weight, 1.0), shown), max(end(weight, -1.0), shown)) if moves else (shown, shown)
        holds.append((shown, *ends))
    return best, low, high, np.array(holds)


def _size(game: StockGame) -> Array:
    """Return what the node of each store can take in of its commodity, t/yr; inf = without limit."""
    network = game.network
    inputs = network.processes[network.processes["role"] == "input"]
    plants = network.nodes[["id", "process", "capacity_tpa"]].merge(
        inputs[["process", "commodity", "t_per_t"]], on="process"
    )
    takes = plants["capacity_tpa"].fillna(INF) * plants["t_per_t"]
    sizes: dict[tuple[Any, Any], float] = {}
    for node, name, most in zip(plants["id"], plants["commodity"], takes, strict=True):
        sizes[node, name] = max(sizes.get((node, name), 0.0), float(most))
    asked = network.demand.assign(commodity=network.demand["commodity"].fillna(""))
    for (node, name), most in asked.groupby(["node", "commodity"])["demand_tpa"].sum().items():  # type: ignore[misc]
        sizes[node, name] = sizes.get((node, name), 0.0) + float(most)
    return np.array([sizes.get((n, c), 0.0) for n, c in zip(game.node, game.commodity, strict=True)])


def _stock_table(game: StockGame, nested: Sequence[LeastStock], low: Array, high: Array) -> pd.DataFrame:
    drawn = nested[-1].drawn_t
    # what the last digits of a solve leave of a store is none
    least = CERTAIN * max(float(drawn.max(initial=0.0)), LEAST_SIZE)
    some = (drawn > least) | (high > least)
    holder = np.full(len(drawn), "", dtype=object)
    for name, mine in game.mine.items():
        holder[mine] = name
    table = pd.DataFrame(
        {
            "node": game.node,
            "country": game.network.nodes.set_index("id")["country"].reindex(game.node).to_numpy(dtype=object),
            "member": holder,
            "commodity": game.commodity,
            "tonnes": np.where(drawn > least, drawn, 0.0),
            "low_t": np.where(low > least, low, 0.0),
            "high_t": np.where(high > least, high, 0.0),
            "price_usd_per_t": game.price,
            "cost_usd": np.where(drawn > least, drawn, 0.0) * _worth(game),
        }
    )
    if len(nested) > 1:
        before = np.zeros(len(drawn))
        for tier, part in zip(game.tiers, nested, strict=True):
            added = part.drawn_t - before
            table[f"layer_{tier}_t"] = np.where(added > least, added, 0.0)
            before = part.drawn_t
    order = ["cost_usd", "member", "node", "commodity"]
    return table[some].sort_values(order, ascending=[False, True, True, True], kind="stable").reset_index(drop=True)


def _release(game: StockGame, nested: Sequence[LeastStock]) -> pd.DataFrame:
    """Return what each layer gives when, and what the layers before it still need of that store afterwards."""
    columns = ["store", "node", "commodity", "layer", "tier", "month", "tonnes", "floor_t"]
    names = np.array(
        [f"{node} / {good}" if good else node for node, good in zip(game.node, game.commodity, strict=True)]
    )
    size = max(float(nested[-1].plan_t.max(initial=0.0)), LEAST_SIZE)
    before = np.zeros_like(nested[-1].plan_t)
    parts = []
    for number, (tier, part) in enumerate(zip(game.tiers, nested, strict=True), 1):
        plan = np.maximum(part.plan_t, before)
        later = before[::-1].cumsum(axis=0)[::-1] - before
        t, store = np.nonzero(plan - before > CERTAIN * size)
        parts.append(
            pd.DataFrame(
                {
                    "store": names[store],
                    "node": game.node[store],
                    "commodity": game.commodity[store],
                    "layer": number,
                    "tier": tier,
                    "month": 1 + np.array(game.starts)[t],
                    "tonnes": (plan - before)[t, store],
                    "floor_t": np.maximum(later[t, store], 0.0),
                },
                columns=columns,
            )
        )
        before = plan
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["node", "commodity", "layer", "month"], kind="stable").reset_index(drop=True)
