"""Sellers who hold back: Cournot players in the program itself, and a leader who sees what all others answer."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Ints
from chainnet.engine import Curves, Ordered, Rows
from chainnet.errors import DataError, UnknownIdError
from chainnet.network import Network
from chainnet.prices._clear import Cleared, Clearing
from chainnet.prices._measures import contents
from chainnet.prices._program import Program

STEPS = (1e-3, -1e-3, 1e-2, -1e-2, 0.1, -0.1)  # by how much of its sales a player is moved to see whether that pays
ROUGH = 1e-3  # the same where a floor, rate or contract moves with its sales, so that nothing is proved
GAP = 1e-6  # of the profit, to which the best sales of a leader are proved
MOST = 4000
NEAREST = 1e-9  # of the largest sales, to which the best are found


@dataclass(frozen=True, eq=False)
class Player:
    """Who sells together, how (conjecture 0 to 1; None = leads), and which plants are theirs."""

    name: str
    conjecture: float | None
    plants: Bools
    good: str | None = None  # the only one that counts; None = all that others pay for

    @property
    def label(self) -> str:
        """Name, and the good where it is one."""
        return self.name if self.good is None else f"{self.name} {self.good}"


@dataclass(frozen=True, eq=False)
class Mark:
    """What a player sells into one market: its column, the relations that count, the slope of what users would pay."""

    player: int
    column: int
    exits: Ints
    slope: float


def players_of(network: Network, conduct: Mapping[Any, Any] | None) -> list[Player]:
    """Return the players, each named by a country, group, owner or node.

    Raises
    ------
    DataError
        If a way to act is unknown, nobody is meant, two players share a plant, or more than one leads.
    """
    if conduct is None:
        return []
    if not isinstance(conduct, Mapping):
        raise DataError(f"conduct: {conduct!r} is no mapping; give how each acts, such as {{'CHN': 'cournot'}}.")
    plants, found = network.plants, list[Player]()
    goods = {str(word) for word in network.edges["commodity"].fillna("")}
    sells = (plants["stage"] != "end_use").to_numpy()
    for key, how in conduct.items():
        name, good = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
        if good is not None:
            checks.known(good, goods, f"conduct[{name}]", "commodity")
        words = ("competitive", "cournot", "leader")
        if isinstance(how, str):
            checks.known(how, words, f"conduct[{name}]", "way to act")
            value = {"competitive": 0.0, "cournot": 1.0, "leader": None}[how]
        else:
            value = checks.number(how, f"conduct[{name}]", 0.0, 1.0, "is out of range; a conjecture is from 0 to 1.")
        if (plants["id"] == name).any():
            mine = (plants["id"] == name).to_numpy()
        elif (plants["owner_country"] == name).any() and not (plants["country"] == name).any():
            mine = (plants["owner_country"] == name).to_numpy()
        else:
            mine = network.in_countries(plants, [name], "conduct")
        mine = mine & sells
        if not mine.any():
            raise UnknownIdError(
                f'conduct: nobody who sells is meant by "{name}". Name a country, group, owner or node.'
            )
        others = [one for one in found if good is None or one.good in (None, good)]
        if any((mine & one.plants).any() for one in others):
            raise DataError(f"conduct: {name} and another player share a plant. Name each plant once.")
        if value != 0.0:
            found.append(Player(str(name), value, np.asarray(mine, dtype=bool), good))
    if sum(one.conjecture is None for one in found) > 1:
        raise DataError("conduct: more than one leader. One may lead.")
    return found


def with_players(program: Program, players: list[Player]) -> tuple[Program, list[Mark]]:
    """Add what each player sells into each market as a column, on which its mark-up stands.

    Raises
    ------
    DataError
        If a mark-up would have no bound: users of a market buy as much at any price, or by another curve than a line.
    """
    if not players:
        return program, []
    low, first = program.low, len(program.program.cost)
    f, rows, marks = low.flows, Rows(), list[Mark]()
    slopes = _slopes(program)
    for number, player in enumerate(players):
        inside = np.append(player.plants, np.zeros(low.relations.n_hubs, dtype=bool))
        out = np.flatnonzero(inside[f.tail] & ~inside[f.head])
        words = [word for word in low.commodities if word not in program.left_out]
        named = words if player.good is None else [player.good]
        out = out[np.isin(f.commodity[out], [low.commodities.index(word) for word in named])]
        sold = [low.commodities[code] for code in np.unique(f.commodity[out])]
        if not sold:
            raise DataError(f"conduct: {player.name} sells nothing to others. Leave it out.")
        if player.conjecture is None:
            if len(sold) > 1:
                raise DataError(
                    f"conduct: {player.name} sells {', '.join(sold)}, and leads with one good. Name it: "
                    f'("{player.name}", "{sold[0]}").'
                )
            groups = [out]
        else:
            markets = pd.DataFrame({"head": f.head[out], "code": f.commodity[out]}).groupby(["head", "code"]).indices
            direct = [out[at] for key, at in markets.items() if key in slopes]
            rest = [out[at] for key, at in markets.items() if key not in slopes]
            upstream = np.concatenate(rest) if rest else np.empty(0, dtype=np.int64)
            groups = [*direct, *(upstream[f.commodity[upstream] == code] for code in np.unique(f.commodity[upstream]))]
        for exits in groups:
            key = int(f.head[exits[0]]), int(f.commodity[exits[0]])
            slope = 0.0
            if player.conjecture is not None:
                slope = player.conjecture * (slopes.get(key) or _derived(program, slopes, key[1], player.name))
            column = first + len(marks)
            rows.add(np.append(exits, column), np.append(np.ones(len(exits)), -1.0), 0.0, 0.0)
            marks.append(Mark(number, column, exits, slope))
    scale = np.array([low.sizes[f.commodity[one.exits[0]]] for one in marks])
    wide = float(np.sum(program.program.col_upper[np.isfinite(program.program.col_upper)])) + 1.0
    body = program.program.with_columns(scale, upper=wide).with_rows(*rows.lines(first + len(marks)))
    c, bent = program.curves, [one for one in marks if one.slope > 0]
    none = np.zeros(len(bent))
    curves = Curves(
        np.append(c.column, [one.column for one in bent]).astype(np.int64),
        np.append(c.base, none), np.append(c.slope, [one.slope for one in bent]), np.append(c.power, none),
        np.append(c.exponent, none), np.append(c.at, none + 1.0), np.append(c.least, none),
    )  # fmt: skip
    owner = np.append(program.owner, [int(np.flatnonzero(players[one.player].plants)[0]) for one in marks])
    own = np.append(program.own, np.ones(len(rows), dtype=bool))
    free = tuple(one.column for one in marks)
    return replace(program, program=body, curves=curves, owner=owner.astype(np.int64), own=own, marks=free), marks


def _slopes(program: Program) -> dict[tuple[int, int], float]:
    """Return by market (position, code) how fast what its users would pay falls; only where all of them have a line."""
    line = dict(zip(program.curves.column.tolist(), program.curves.slope.tolist(), strict=True))
    found: dict[tuple[int, int], float] = {}
    demand = program.demand
    ends = list(zip(demand["position"].tolist(), demand["code"].tolist(), demand["column"].tolist(), strict=True))
    for node, code, _ in ends:
        slopes = [line.get(column, 0.0) for *key, column in ends if key == [node, code]]
        found[node, code] = 1.0 / sum(1.0 / slope for slope in slopes) if min(slopes) > 0 else 0.0
    return found


def _derived(program: Program, slopes: Mapping[tuple[int, int], float], code: int, name: str) -> float:
    """Return how fast the price of a good falls that others work up: by what of it is in what each market buys."""
    words, table = program.low.commodities, contents(program.low.tables.network)
    shares = [(table.get(words[good], {}).get(words[code], 0.0), slope) for (_, good), slope in slopes.items()]
    used = [(share, slope) for share, slope in shares if share > 0]
    if not used or min(slope for _, slope in used) <= 0:
        raise DataError(
            f"conduct: the mark-up of {name} on {words[code]} has no bound, for users buy as much at any price, or "
            "not by a line. Give demand_elasticity above 0 and the linear form, or name it a leader."
        )
    return 1.0 / sum(share**2 / slope for share, slope in used)


@dataclass(frozen=True, eq=False)
class Tried:
    """A number that a player has tried: what it has with it, what one more is worth, what binds (None = open)."""

    gain: float
    worth: float
    binding: bytes | None


def best_of_leader(clearing: Clearing, mark: Mark, profit: Callable[[Cleared], float]) -> tuple[Cleared, float]:
    """Return the market in which a leader sells what pays it best, and how much more it could earn (NaN = open).

    Notes
    -----
    What one more tonne is worth above its cost never rises with sales (the program is concave), and what its plants
    earn at that cost never falls: so between two sales the profit is at most the first times the larger sales, and the
    second at them. That bounds every interval.
    """
    base = clearing.program.program

    def selling(sales: float) -> Cleared:
        lower, upper = base.col_lower.copy(), base.col_upper.copy()
        lower[mark.column] = upper[mark.column] = sales
        clearing.bounds = lower, upper
        return clearing.solve()

    def at(sales: float) -> Tried:
        cleared = selling(sales)
        worth = float(cleared.found.tangent.cost[mark.column] - cleared.found.col_dual[mark.column])
        return Tried(profit(cleared), worth, clearing.model.binding if clearing.is_still else None)

    def bound(left: float, low: Tried, right: float, high: Tried) -> float:
        inner = high.gain - high.worth * right  # what its plants earn at the cost of the last tonne
        return max(low.worth, 0.0) * right + inner

    def near(gains: list[float]) -> float:
        return (GAP if clearing.is_still else ROUGH) * abs(max(gains))

    clearing.bounds = None
    free = float(clearing.solve().found.x[mark.column])
    fewest = np.zeros(len(base.cost))
    fewest[mark.column] = 1.0  # what is kept for some users may not be held back
    least = min(max(Ordered(base, "market, fewest sales").stage(fewest).value, 0.0) * (1.0 + NEAREST), free)
    best, gap = best_number(at, least, free, bound, near, NEAREST * free)
    return selling(best), gap if clearing.is_still else np.nan


def best_number(
    at: Callable[[float], Tried],
    least: float,
    most: float,
    bound: Callable[[float, Tried, float, Tried], float],
    near: Callable[[list[float]], float],
    still: float,
) -> tuple[float, float]:
    """Return the number with which a player has most, and how much more another could bring at most.

    Parameters
    ----------
    at : callable
        What comes of a number.
    least, most : float
        Between these it lies.
    bound : callable
        The most that it has between two numbers tried. The interval where that is largest is halved until nothing is
        left.
    near : callable
        What may be left, given all that it had with the numbers tried.
    still : float
        An interval as narrow is not halved.
    """
    known = {number: at(number) for number in (least, most)}
    best = max(known, key=lambda number: known[number].gain)

    def bounded(left: float, right: float) -> tuple[float, float, float]:
        return -bound(left, known[left], right, known[right]), left, right

    heap, gap = [bounded(least, most)], np.inf
    while heap and len(known) < MOST:
        top_most, left, right = heapq.heappop(heap)
        gap = max(-top_most - known[best].gain, 0.0)
        if gap <= near([one.gain for one in known.values()]) or right - left <= still:
            break
        middle = (left + right) / 2
        known[middle] = at(middle)
        best = middle if known[middle].gain > known[best].gain else best
        if known[left].binding is not None and known[left].binding == known[right].binding:  # the gain is one parabola
            one, two, three = (known[number].gain for number in (left, middle, right))
            bend = one - 2 * two + three
            top = middle + (right - left) / 4 * (one - three) / bend if bend < 0 else middle
            if left < top < right:
                known[top] = at(top)
                best = top if known[top].gain > known[best].gain else best
            gap = 0.0
            continue
        for ends in ((left, middle), (middle, right)):
            heapq.heappush(heap, bounded(*ends))
    if known[best].binding is None or gap > 0:
        best = _golden(known, best, at, still)
    return best, gap


def _golden(known: dict[float, Tried], best: float, at: Callable[[float], Tried], still: float) -> float:
    """Return the best number between the two that are next to the best known, by the golden section."""
    order = sorted(known)
    place = order.index(best)
    low, high = order[max(place - 1, 0)], order[min(place + 1, len(order) - 1)]
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    one, two = high - ratio * (high - low), low + ratio * (high - low)
    while high - low > still:
        for number in (one, two):
            if number not in known:
                known[number] = at(number)
        if known[one].gain >= known[two].gain:
            high, two = two, one
            one = high - ratio * (high - low)
        else:
            low, one = one, two
            two = low + ratio * (high - low)
    return max(known, key=lambda number: known[number].gain)


def deviation(player: Player, mark: Mark, cleared: Cleared) -> float:
    """Return the most that a Cournot player would gain by other sales into a market, as it conjectures, USD/a."""
    sales = float(cleared.found.x[mark.column])
    margin = float(cleared.found.tangent.cost[mark.column] - cleared.found.col_dual[mark.column])  # price less cost
    moves = [(margin - mark.slope * step * sales) * (1.0 + step) * sales - margin * sales for step in STEPS]
    return max(0.0, *moves)


def conduct_table(
    players: list[Player], marks: list[Mark], cleared: Cleared, profits: Array, gaps: Mapping[int, float]
) -> pd.DataFrame:
    """Return how each player acts: sales, profit, and the most that it could gain by other sales."""
    rows = []
    for number, player in enumerate(players):
        own = [one for one in marks if one.player == number]
        gain = gaps[number] if number in gaps else sum(deviation(player, one, cleared) for one in own)
        how = "leader" if player.conjecture is None else "cournot" if player.conjecture == 1 else "conjecture"
        sales = sum(float(cleared.found.x[one.column]) for one in own)
        rows.append((player.label, how, sales, float(profits[number]), gain))
    columns = ["player", "how", "sales_tpa", "profit_usd_per_a", "gain_usd_per_a"]
    return pd.DataFrame(rows, columns=columns).set_index("player")
