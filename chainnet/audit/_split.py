"""The audit of measures that follow a tier or an origin: a split of the flows by where goods come from must exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from chainnet._types import INF, Bools, Ints
from chainnet.audit._breaches import Breach, Flows
from chainnet.audit._steady import Reading
from chainnet.lowering import Restriction
from chainnet.network import Network
from chainnet.scenario import Effect


def audit_split(network: Network, effects: Sequence[Effect], flows: Flows) -> list[Breach]:
    """Look for a split of the flows by origin and tier that the measures allow.

    Parameters
    ----------
    network : Network
    effects : sequence of Effect
        The measures put to the network, all at full size.
    flows : Flows

    Returns
    -------
    list of Breach
        Empty where there is a split, or no measure follows goods. Else the tonnes that no split explains.

    Notes
    -----
    One linear program: the least tonnes that have to be left out so that the rest can be split. Goods bear a mark for
    each measure whose origin they left or whose border they crossed; what a plant makes bears the marks of all its
    inputs, and goods may be taken for more marked than they are. New relations may be divided otherwise than in the
    table, as long as each plant ships and takes as much of a commodity.
    """
    bounds = [effect.restriction for effect in effects if effect.restriction is not None]
    followed = [bound for bound in bounds if bound.is_strand and bound.bound_tpa < INF]
    if not followed:
        return []
    return _Split(Reading(network, flows), followed).run()


class _Mark(NamedTuple):
    """Bits of a measure: of goods that left its origin, and of goods that may not serve its tier; 0 = none."""

    origin: int
    tier: int
    bound: Restriction
    inside: Bools


class _Split:
    """The columns and rows of the program."""

    def __init__(self, reading: Reading, bounds: Sequence[Restriction]) -> None:
        self.r = reading
        self.bits: dict[Any, int] = {}
        self.marks = [self._mark(bound) for bound in bounds]
        self.states = range(1 << len(self.bits))
        self.rows: dict[Any, int] = {}
        self.entries: list[tuple[int, int, float]] = []
        self.upper: list[float] = []
        self.cost: list[float] = []
        self.right: dict[int, float] = {}
        self.most: list[tuple[list[int], float]] = []

    def _mark(self, bound: Restriction) -> _Mark:
        origin = self._bit(("origin", bound.origin.tobytes())) if bound.origin is not None else 0
        tier = self._bit(("tier", bound.tier)) if bound.tier is not None else 0
        return _Mark(origin, tier, bound, self.r.inside(bound))

    def _bit(self, key: Any) -> int:
        return 1 << self.bits.setdefault(key, len(self.bits))

    def _column(self, entries: Iterator[tuple[Any, float]] | list[tuple[Any, float]], cost: float = 0.0) -> int:
        """Add a column with its entries by the key of their row."""
        number = len(self.cost)
        for key, value in entries:
            self.entries.append((self.rows.setdefault(key, len(self.rows)), number, value))
        self.cost.append(cost)
        return number

    def _is(self, key: Any, value: float) -> None:
        """Say what a row adds up to; what is left out costs its tonnes."""
        row = self.rows.setdefault(key, len(self.rows))
        self.right[row] = self.right.get(row, 0.0) + value
        for sign in (1.0, -1.0):
            self._column([(key, sign)], cost=1.0)

    def run(self) -> list[Breach]:
        """Solve the program and say how much no split explains."""
        self._links()
        self._plants()
        self._users()
        n = len(self.cost)
        row, column, value = np.array(self.entries, dtype=float).T
        equal = coo_array((value, (row.astype(int), column.astype(int))), shape=(len(self.rows), n)).tocsr()
        right = np.zeros(len(self.rows))
        right[list(self.right)] = list(self.right.values())
        within = [(number, place) for number, (columns, _) in enumerate(self.most) for place in columns]
        joint = None
        if self.most:
            a, b = np.array(within or np.empty((0, 2)), dtype=int).reshape(-1, 2).T
            joint = coo_array((np.ones(len(a)), (a, b)), shape=(len(self.most), n)).tocsr()
        size = max(float(np.abs(right).max(initial=0.0)), 1.0)
        found = linprog(
            self.cost,
            A_ub=joint,
            b_ub=[most / size for _, most in self.most] or None,
            A_eq=equal,
            b_eq=right / size,
            method="highs",
        )
        lost = float(found.fun) * size if found.status == 0 else INF
        slack = float(self.r.slack.max(initial=0.0)) * len(self.r.flow)
        return [] if lost <= slack else [Breach("origin or tier", "no split of the flows", lost, 0.0)]

    def _links(self) -> None:
        """Part the tonnes on every link in use by the marks that goods bear when they leave and when they arrive."""
        r, n = self.r, self.r.n_edges
        counted: dict[int, list[int]] = defaultdict(list)
        for edge in np.flatnonzero(r.flow > 0.0).tolist():
            a, b, good = int(r.tail[edge]), int(r.head[edge]), int(r.good[edge])
            keys = [("edge", edge)] if edge < n else [("ships", a, good), ("takes", b, good)]
            for key in keys:
                self._is(key, float(r.flow[edge]))
            if edge < n:
                self._ways(edge, a, b, good, keys, counted)
        new = sorted({(int(r.tail[e]), int(r.good[e])) for e in range(n, len(r.flow)) if r.flow[e] > 0.0})
        ends = sorted({(int(r.head[e]), int(r.good[e])) for e in range(n, len(r.flow)) if r.flow[e] > 0.0})
        for a, good in new:
            for b, other in ends:
                if good == other:
                    self._ways(None, a, b, good, [("ships", a, good), ("takes", b, good)], counted)
        for number, mark in enumerate(self.marks):
            if mark.bound.origin is None:
                self.most.append((counted[number], mark.bound.bound_tpa))

    def _ways(
        self, edge: int | None, a: int, b: int, good: int, keys: list[Any], counted: dict[int, list[int]]
    ) -> None:
        """Add a column for each state in which goods may leave and each in which they may arrive."""
        touch = 0
        for mark in self.marks:
            if mark.origin and mark.bound.origin is not None and mark.bound.origin[a]:
                touch |= mark.origin
        for state in self.states:
            for after, counts in self._arrivals(edge, a, b, good, state | touch):
                column = self._column(
                    [*((key, 1.0) for key in keys), ((a, good, state), -1.0), ((b, good, after), 1.0)]
                )
                for number in counts:
                    counted[number].append(column)

    def _arrivals(self, edge: int | None, a: int, b: int, good: int, state: int) -> Iterator[tuple[int, list[int]]]:
        """Yield the states in which goods may arrive, and the measures within whose bound they cross."""
        ways: list[tuple[int, list[int]]] = [(state, [])]
        for number, mark in enumerate(self.marks):
            crosses = mark.inside[edge] if edge is not None else self.r.between(mark.bound, a, b, good)
            if not crosses:
                continue
            if mark.bound.origin is not None:
                if not state & mark.origin:
                    continue
                ways = [(after | mark.tier, counts) for after, counts in ways] if mark.tier else []
            else:
                free = [(after, [*counts, number]) for after, counts in ways] if edge is not None else []
                ways = [*((after | mark.tier, counts) for after, counts in ways), *free]
        yield from ways

    def _plants(self) -> None:
        """Part what plants make by the marks of their inputs."""
        r = self.r
        goods: dict[int, set[int]] = defaultdict(set)
        for ends in (r.tail, r.head):
            for place, good in zip(ends.tolist(), r.good.tolist(), strict=True):
                goods[place].add(good)
        for place, good in zip(r.user.tolist(), r.asked_good.tolist(), strict=True):
            goods[place].add(good)
        mine = (r.plants["stage"] == "mine").to_numpy() & ~r.makes
        for plant in range(len(r.ids)):
            lines = r.lines.of(r.plants["process"].iloc[plant]) if r.makes[plant] else np.empty(0, dtype=np.int64)
            goods[plant] |= set(r.lines.good[lines].tolist())
            for good in goods[plant]:
                for state in self.states:
                    if state == 0 and mine[plant]:
                        self._column([((plant, good, state), 1.0)])  # from the ground
                    if r.makes[plant]:
                        self._column([((plant, good, state), -1.0)])  # thrown away; `recipe` holds what may be
                    for bit in range(len(self.bits)):
                        if not state & (1 << bit):
                            self._column([((plant, good, state), -1.0), ((plant, good, state | 1 << bit), 1.0)])
            if r.makes[plant] and r.made[plant] > 0.0:
                self._activity(plant, lines)

    def _activity(self, plant: int, lines: Ints) -> None:
        """Part the activity of a plant by the marks of what it makes."""
        r = self.r
        self._is(("made", plant), float(r.made[plant]))
        group, is_input = r.lines.group[lines], r.lines.is_input[lines]
        plain = lines[~is_input | (group == "")]
        shares: dict[int, list[int]] = defaultdict(list)
        for state in self.states:
            entries: list[tuple[Any, float]] = [(("made", plant), 1.0)]
            for line in plain.tolist():
                sign = -1.0 if r.lines.is_input[line] else 1.0
                entries.append(((plant, int(r.lines.good[line]), state), sign * float(r.lines.amount[line])))
            for word in sorted(set(group[is_input]) - {""}):
                entries.append((("standins", plant, word, state), -1.0))
            self._column(entries)
            for line in lines[is_input & (group != "")].tolist():
                amount, good = float(r.lines.amount[line]), int(r.lines.good[line])
                column = self._column(
                    [((plant, good, state), -amount), (("standins", plant, r.lines.group[line], state), 1.0)]
                )
                shares[line].append(column)
        for line, columns in shares.items():
            self.most.append((columns, float(r.lines.most[line] * r.made[plant])))

    def _users(self) -> None:
        """Serve each row of demand with goods that it may use."""
        r = self.r
        tiers = r.network.view("demand")["tier"].to_numpy(dtype=object)
        for row in np.flatnonzero(r.served > 0.0).tolist():
            user, good = int(r.user[row]), int(r.asked_good[row])
            barred = 0
            for mark in self.marks:
                if mark.tier and mark.bound.tier == tiers[row]:
                    barred |= mark.tier
                if mark.bound.users is not None and mark.bound.users[user] and mark.bound.tier in (None, tiers[row]):
                    barred |= mark.origin
            self._is(("served", row), float(r.served[row]))
            for state in self.states:
                if not state & barred:
                    self._column([(("served", row), 1.0), ((user, good, state), -1.0)])
