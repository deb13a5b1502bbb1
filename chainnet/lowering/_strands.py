"""Tracked flows: goods that a measure follows down the chain, parted from those that are free.

A state is a set of marks, one bit each: "may not serve tier t", or "comes from origin o". Goods get
a mark where they cross a restricted edge, leave a node of the origin, or come out of a stock that is
reserved; what a process makes bears the marks of all its inputs. Tracked flows stand beside the columns
that they part and add up to them, only where goods of more than one state can be; the rest of the
program does not know of them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import or_
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from chainnet._types import INF, Ints
from chainnet.errors import DataError
from chainnet.lowering._overlay import Overlay
from chainnet.lowering._relations import Relations
from chainnet.lowering._rows import Amount, Flows, NamedRows, Tables, balance_bound
from chainnet.network import Network

MOST_STATES = 64


@dataclass(frozen=True)
class Strands:
    """Columns of parted flows, from ``first`` on: the edge each belongs to (-1 = none), its commodity.

    ``marks``: how many marks goods bear at the end of it; ``counted``: which columns each restriction
    of the overlay limits (tracked flow restrictions only); ``dodging``: columns that take marks instead of
    being limited, and the restrictions that this serves; ``stock_state``: the state in which goods come
    out of each stock; ``balance``: the row of (node, commodity, state) where goods of several states meet.
    """

    first: int
    edge: Ints
    code: Ints
    marks: Ints
    counted: tuple[Ints, ...]
    dodging: tuple[tuple[Ints, tuple[int, ...]], ...]
    stock_state: Ints
    balance: dict[tuple[int, int, int], int]


def no_strands(first: int, overlay: Overlay) -> Strands:
    """Return no tracked flow at all."""
    none = np.empty(0, dtype=np.int64)
    stocks = np.zeros(len(overlay.stock_share), dtype=np.int64)
    return Strands(first, none, none, none, (none,) * len(overlay.restrictions), (), stocks, {})


def split(
    t: Tables, rows: NamedRows, overlay: Overlay, relations: Relations, flows: Flows, *, stocks: bool, pipeline: bool
) -> Strands:
    """Part the columns that tracked flow measures reach, and write their rows.

    Parameters
    ----------
    stocks : bool
        Whether stocks may be drawn, so that reserved ones matter.
    pipeline : bool
        Whether goods may be under way at the start; they bear no mark but that of where they left.

    Raises
    ------
    DataError
        If the measures make more than 64 states.
    """
    first = flows.demand_start + len(flows.demand)
    marks = _marks(t, overlay, stocks)
    if marks is None:
        return no_strands(first, overlay)
    return _Splitter(t, rows, overlay, relations, flows, marks, first).run(pipeline, stocks)


class Way(NamedTuple):
    """A way over an edge: state at arrival, restrictions that count it, those that its marks dodge."""

    after: int
    counts: tuple[int, ...]
    dodges: tuple[int, ...]


class Standin(NamedTuple):
    """A stand-in of a process: its place in the table of stand-ins, its line in that of processes, what it says."""

    place: int
    line: int
    code: int
    per: float
    most: float


class Recipe(NamedTuple):
    """A process at a node, by code: what it uses and makes, its needs (stand-ins together), its lines.

    ``rows``: code, whether an input, t per t, whether one of a group, and its line in the table of processes.
    """

    main: int
    used: list[int]
    made: list[int]
    needs: list[list[int]]
    rows: list[tuple[int, bool, float, bool, int]]


def _recipes(table: pd.DataFrame) -> dict[int, Recipe]:
    """Return the recipe of each node that has a process."""
    lines: dict[int, list[tuple[int, str, float, Any, int]]] = {}
    columns = ["node", "code", "role", "t_per_t", "group", "line"]
    for node, *own in table[columns].itertuples(index=False, name=None):
        lines.setdefault(int(node), []).append((int(own[0]), own[1], float(own[2]), own[3], int(own[4])))
    out = {}
    for node, mine in lines.items():
        inputs = [(code, group) for code, role, _, group, _ in mine if role == "input"]
        groups: dict[Any, list[int]] = {}
        for code, group in inputs:
            groups.setdefault(group if isinstance(group, str) else code, []).append(code)
        out[node] = Recipe(
            next(code for code, role, *_ in mine if role == "output"),
            [code for code, _ in inputs],
            [code for code, role, *_ in mine if role != "input"],
            list(groups.values()),
            [(code, role == "input", per, isinstance(group, str), line) for code, role, per, group, line in mine],
        )
    return out


@dataclass(frozen=True)
class _Marks:
    """Bits of tiers and origins, what leaving a node adds, in which state stock comes out."""

    tier_bit: dict[str, int]
    origin_bit: list[int]
    touch: Ints
    stock_state: Ints


def _marks(t: Tables, overlay: Overlay, stocks: bool) -> _Marks | None:
    """Return the marks that the measures and reserved stocks ask for, or None."""
    network, n_stocks = t.network, len(t.held)
    asked = set(t.asked["tier"])
    order = [tier for tier in network.tier_order if tier in asked]
    reserved = [stock_tiers(network, overlay, i) if stocks else () for i in range(n_stocks)]
    bound = {r.tier for r in overlay.restrictions if r.tier is not None}
    bound |= {tier for tiers in reserved if tiers for tier in order if tier not in tiers}
    tier_bit = {tier: 1 << i for i, tier in enumerate(tier for tier in order if tier in bound)}
    origins: dict[bytes, int] = {}
    touch = np.zeros(len(t.nodes) + 1, dtype=np.int64)  # the last place stands for every hub
    origin_bit, stock_state = [], np.zeros(n_stocks, dtype=np.int64)
    for r in overlay.restrictions:
        bit = 0
        if r.origin is not None:
            of_stock = np.zeros(len(stock_state), dtype=bool) if r.origin_stocks is None else r.origin_stocks
            key = r.origin.tobytes() + of_stock.tobytes()
            bit = origins.setdefault(key, 1 << (len(tier_bit) + len(origins)))
            touch[:-1][r.origin] |= bit
            stock_state[of_stock] |= bit
        origin_bit.append(bit)
    if not tier_bit and not origins:
        return None
    for i, tiers in enumerate(reserved):
        if tiers:
            stock_state[i] |= sum(bit for tier, bit in tier_bit.items() if tier not in tiers)
    return _Marks(tier_bit, origin_bit, touch, stock_state)


def stock_tiers(network: Network, overlay: Overlay, i: int) -> tuple[str, ...]:
    """Return the tiers that a stock is reserved for; empty = all."""
    own = network.view("stocks")["tiers"].iloc[i]
    table = tuple(word.strip() for word in own.split(";") if word.strip()) if isinstance(own, str) else ()
    ruled = overlay.stock_tiers[i]
    return tuple(tier for tier in ruled if not table or tier in table) if ruled else table


class _Splitter:
    def __init__(
        self,
        t: Tables,
        rows: NamedRows,
        overlay: Overlay,
        relations: Relations,
        flows: Flows,
        marks: _Marks,
        first: int,
    ) -> None:
        self.t, self.rows, self.overlay, self.flows, self.marks = t, rows, overlay, flows, marks
        self.k = max(len(t.code), 1)
        self.n = len(t.nodes)
        self.first = first
        self.columns: list[tuple[int, int, int]] = []
        m = len(t.tail)
        member = np.zeros((len(flows.tail), len(overlay.restrictions)), dtype=bool)
        for i, r in enumerate(overlay.restrictions):
            if r.is_strand:
                member[:m, i] = r.edges
                member[m:, i] = relations.classes[i]
        self.member: list[tuple[int, ...]] = [tuple(np.flatnonzero(line).tolist()) for line in member]
        self.touch = marks.touch[np.minimum(flows.tail, self.n)]
        self.leaving: dict[int, list[int]] = {}
        for j, key in enumerate((flows.tail * self.k + flows.commodity).tolist()):
            self.leaving.setdefault(key, []).append(j)
        self.counted: list[list[int]] = [[] for _ in overlay.restrictions]
        self.recipe = _recipes(t.recipes)
        self.standins: dict[int, list[list[Standin]]] = {}
        for _, members in flows.standins.groupby(["node", "group"], sort=True):
            node = int(members["node"].iloc[0])
            values = members[["line", "code", "t_per_t", "max_share"]].itertuples(index=True, name=None)
            self.standins.setdefault(node, []).append([Standin(*map(int, own[:3]), *own[3:]) for own in values])
        self.states: dict[int, set[int]] = {}
        self.runs: dict[int, list[int]] = {}
        self.known: dict[tuple[tuple[int, ...], int, int], list[Way]] = {}
        self.dodging: dict[tuple[int, ...], list[int]] = {}
        barred = [marks.tier_bit.get(tier, 0) for tier in flows.demand["tier"].dropna().unique()]
        self.nobody = sum(barred) if barred and all(barred) else 0
        self.hosts = self._towards_hosts() if self.nobody else set()

    # -- which states can be where --------------------------------------------------------------

    def crossings(self, j: int, state: int) -> list[Way]:
        """Return how goods can cross an edge."""
        departing = state | int(self.touch[j])
        arrival = int(self.flows.head[j]) * self.k + int(self.flows.commodity[j])
        nobody = 0 if arrival in self.hosts else self.nobody
        ask = (self.member[j], departing, nobody)
        if ask not in self.known:
            limits = self.overlay.restrictions
            always, level_tables = [], dict[Any, list[tuple[int, int]]]()
            for i in self.member[j]:
                if limits[i].origin is not None and not departing & self.marks.origin_bit[i]:
                    continue
                bit = self.marks.tier_bit.get(limits[i].tier or "", 0)
                if limits[i].tier is None:
                    always.append(i)
                elif bit and not departing & bit:
                    level_tables.setdefault(limits[i].levels or bit, []).append((bit, i))
            barred = [pair for steps in level_tables.values() for pair in steps]
            # what is lifted first is dodged last
            options = [
                [sum({bit for bit, _ in steps[cut:]}) for cut in range(len(steps), -1, -1)]
                if isinstance(levels, str)
                else [0, levels]
                for levels, steps in level_tables.items()
            ]
            ways = []
            for taken in sorted({reduce(or_, choice, 0) for choice in product(*options)}):
                after = departing | taken
                if taken and nobody and after & nobody == nobody:
                    continue  # no use is left for it
                counts = [i for bit, i in barred if not bit & taken]
                ways.append(Way(after, tuple(counts + always), tuple(i for bit, i in barred if bit & taken)))
            self.known[ask] = ways
        return self.known[ask]

    def _towards_hosts(self) -> set[int]:
        """Return the places (node, commodity) from which goods may reach demand without a tier."""
        flows, k = self.flows, self.k
        ways: dict[int, set[int]] = {}
        for tail, head, code in zip(flows.tail.tolist(), flows.head.tolist(), flows.commodity.tolist(), strict=True):
            ways.setdefault(head * k + code, set()).add(tail * k + code)
        for node, lines in self.recipe.items():
            for code in lines.made:
                ways.setdefault(node * k + code, set()).update(node * k + c for c in lines.used)
        rows = flows.demand[flows.demand["tier"].isna()]
        todo = (rows["position"] * k + rows["code"]).astype(int).tolist()
        found = set(todo)
        while todo:
            more = ways.get(todo.pop(), set()) - found
            found |= more
            todo.extend(more)
        return found

    def seed(self, pipeline: bool, stocks: bool) -> deque[int]:
        """Put goods where they begin."""
        t, flows, k = self.t, self.flows, self.k
        todo: deque[int] = deque()
        mine = ~t.acts & t.is_mine
        inside = flows.tail < self.n
        dug = np.zeros(len(flows.tail), dtype=bool)
        dug[inside] = mine[flows.tail[inside]]
        for key in np.unique(flows.tail[dug] * k + flows.commodity[dug]).tolist():
            self.put(key, 0, todo)
        own = flows.demand["position"].to_numpy(np.int64)
        for key in (own * k + flows.demand["code"].to_numpy(np.int64))[mine[own]].tolist():
            self.put(key, 0, todo)
        for node, lines in self.recipe.items():
            if not lines.used:
                self.runs[node] = [0]
                for code in lines.made:
                    self.put(node * k + code, 0, todo)
        if stocks:
            held = t.network.stocks
            for i, (node, commodity) in enumerate(zip(held["node"], held["commodity"].fillna(""), strict=True)):
                if isinstance(node, str):
                    key = t.position[node] * k + t.code[commodity]
                    self.put(key, int(self.marks.stock_state[i]), todo)
        if pipeline:
            late = np.flatnonzero(t.network.edges["lag_months"].fillna(0.0).to_numpy() > 0)
            for j in late.tolist():
                self.put(int(flows.head[j]) * k + int(flows.commodity[j]), int(self.touch[j]), todo)
        return todo

    def put(self, key: int, state: int, todo: deque[int]) -> None:
        states = self.states.setdefault(key, set())
        if state not in states:
            states.add(state)
            if len(states) > MOST_STATES:
                raise DataError(
                    f"scenario: measures by tier or origin part goods into more than {MOST_STATES} tracked flows. "
                    "Join measures of one tier or origin."
                )
            todo.append(key)

    def spread(self, todo: deque[int]) -> None:
        """Follow goods until no new state appears anywhere."""
        while todo:
            key = todo.popleft()
            for j in self.leaving.get(key, ()):
                arrival = int(self.flows.head[j]) * self.k + int(self.flows.commodity[j])
                for state in list(self.states[key]):
                    for way in self.crossings(j, state):
                        self.put(arrival, way.after, todo)
            node = key // self.k
            if node in self.recipe:
                lines = self.recipe[node]
                runs = self._runs(node, lines)
                if runs != self.runs.get(node):
                    self.runs[node] = runs
                    for code in lines.made:
                        for state in runs:
                            self.put(node * self.k + code, state, todo)

    def _runs(self, node: int, lines: Recipe) -> list[int]:
        """Return the states in which a process can run: the union of what it may take of each input."""
        if not lines.used:
            return [0]
        found = {0}
        for members in lines.needs:
            held = [self.states.get(node * self.k + code, set()) for code in members]
            need = held[0] if len(members) == 1 else _unions(set().union(*held))
            found = {a | b for a, b in product(found, need)}
        return sorted(found)

    # -- columns and rows -----------------------------------------------------------------------

    def column(self, edge: int, code: int, marks: int = 0) -> int:
        self.columns.append((edge, code, marks))
        return self.first + len(self.columns) - 1

    def link(self, whole: int, parts: list[int], owner: int) -> None:
        """Write that the parts add up to the whole; no parts hold it at nothing."""
        row = self.rows.new("strands", owner, whole, 0.0, 0.0)
        self.rows.put(row, whole, 1.0)
        for part in parts:
            self.rows.put(row, part, -1.0)

    def run(self, pipeline: bool, stocks: bool) -> Strands:
        self.spread(self.seed(pipeline, stocks))
        self.at: dict[tuple[int, int], int] = {}
        for key in sorted(self.states):
            if len(self.states[key]) > 1:
                self._open(key)
        self._flows()
        for node in sorted(self.recipe):
            self._process(node, self.recipe[node])
        self._stocks(stocks)
        self._demand()
        self._restrictions()
        counted = tuple(np.array(sorted(set(columns)), dtype=np.int64) for columns in self.counted)
        balance = {(key // self.k, key % self.k, state): row for (key, state), row in self.at.items()}
        edge, code, marks = np.array(self.columns, dtype=np.int64).reshape(-1, 3).T
        dodging = tuple((np.array(columns, dtype=np.int64), limits) for limits, columns in self.dodging.items())
        return Strands(self.first, edge, code, marks, counted, dodging, self.marks.stock_state, balance)

    def _open(self, key: int) -> None:
        """Open a balance for each state at a place where several meet."""
        node, code = key // self.k, key % self.k
        low, high = balance_bound(self.t, node, code)
        states = set(self.states[key])
        if node in self.recipe and code in (*self.recipe[node].used, *self.recipe[node].made):
            states |= set(self.runs.get(node, ()))
        for state in sorted(states):
            floor = low if state == 0 or low > -INF else 0.0  # what a mine digs bears no mark
            self.at[key, state] = self.rows.new("strand", node, code, floor, high)

    def _flows(self) -> None:
        flows = self.flows
        for key in sorted(self.leaving):
            states = sorted(self.states.get(key, {0}))
            for j in self.leaving[key]:
                arrival = int(flows.head[j]) * self.k + int(flows.commodity[j])
                ways = [(state, way) for state in states for way in self.crossings(j, state)]
                alone = len(ways) == 1
                code = int(flows.commodity[j])
                columns = [j if alone else self.column(j, code, way.after.bit_count()) for _, way in ways]
                if not alone:
                    self.link(j, columns, int(flows.tail[j]))
                for column, (state, way) in zip(columns, ways, strict=True):
                    self._write(key, state, column, -1.0)
                    self._write(arrival, way.after, column, 1.0)
                    for i in way.counts:
                        self.counted[i].append(column)
                    if way.dodges and not alone:
                        self.dodging.setdefault(way.dodges, []).append(column)

    def _write(self, key: int, state: int, column: int, value: float) -> None:
        row = self.at.get((key, state))
        if row is not None:
            self.rows.put(row, column, value)

    def _process(self, node: int, lines: Recipe) -> None:
        """Part the activity by state, and let cleaner inputs go into less clean batches."""
        z = int(self.flows.activity[node])
        runs = self.runs.get(node, [])
        keys = [node * self.k + code for code, *_ in lines.rows]
        if not runs or (len(runs) == 1 and not any(len(self.states.get(key, ())) > 1 for key in keys)):
            return
        parts = [z] if len(runs) == 1 else [self.column(-1, lines.main) for _ in runs]
        if len(runs) > 1:
            self.link(z, parts, node)
        for key, (_, is_input, per, is_joint, line) in zip(keys, lines.rows, strict=True):
            if is_input:
                self._downgrades(key, runs)
                if is_joint:
                    continue
            for state, part in zip(runs, parts, strict=True):
                row = self.at.get((key, state))
                if row is not None:
                    self.rows.put_amount(per, Amount(line, row, part, -1.0 if is_input else 1.0))
        for members in self.standins.get(node, ()):
            self._standins(node, members, runs, parts)

    def _downgrades(self, key: int, runs: list[int]) -> None:
        if len(self.states.get(key, ())) < 2:
            return
        for state in sorted(self.states[key]):
            for worse in runs:
                if worse != state and worse & state == state:
                    column = self.column(-1, key % self.k)
                    self._write(key, state, column, -1.0)
                    self._write(key, worse, column, 1.0)

    def _standins(self, node: int, members: list[Standin], runs: list[int], parts: list[int]) -> None:
        many = len(runs) > 1
        uses: list[list[int]] = []
        for place, _, code, _, _ in members:
            whole = self.flows.standin_start + place
            columns = [self.column(-1, code) for _ in runs] if many else [whole]
            key = node * self.k + code
            if many:
                self.link(whole, columns, node)
                held = self.states.get(key, set())
                for state, column in zip(runs, columns, strict=True):
                    if not any(s & state == s for s in held):  # nothing of this kind is clean enough
                        self.link(column, [], node)
            for state, column in zip(runs, columns, strict=True):
                self._write(key, state, column, -1.0)
            uses.append(columns)
        if not many:
            return
        for batch, part in enumerate(parts):
            row = self.rows.new("strands", node, part, 0.0, 0.0)
            self.rows.put(row, part, -1.0)
            for columns, (_, line, _, per, share) in zip(uses, members, strict=True):
                self.rows.put_amount(per, Amount(line, row, columns[batch], 1.0, is_inverse=True))
                if share < 1.0:
                    most = self.rows.new("strands", node, part, -INF, 0.0)
                    self.rows.put_amount(per, Amount(line, most, columns[batch], 1.0, is_inverse=True))
                    self.rows.put(most, part, -share)

    def _stocks(self, stocks: bool) -> None:
        held = self.t.network.stocks
        if not stocks:
            return
        for i, (node, commodity) in enumerate(zip(held["node"], held["commodity"].fillna(""), strict=True)):
            if isinstance(node, str):
                key = self.t.position[node] * self.k + self.t.code[commodity]
                self._write(key, int(self.marks.stock_state[i]), self.flows.draw_start + i, 1.0)

    def _demand(self) -> None:
        """Let each demand take what is not barred for its tier, nor for its node."""
        demand = self.flows.demand
        barred = np.zeros(self.n, dtype=np.int64)
        for r, bit in zip(self.overlay.restrictions, self.marks.origin_bit, strict=True):
            if r.users is not None:
                barred[r.users] |= bit
        for d, (node, code, tier) in enumerate(zip(demand["position"], demand["code"], demand["tier"], strict=True)):
            key, served = int(node) * self.k + int(code), self.flows.demand_start + d
            states = sorted(self.states.get(key, {0}))
            bar = (self.marks.tier_bit.get(tier, 0) if isinstance(tier, str) else 0) | int(barred[int(node)])
            free = [state for state in states if not state & bar]
            if len(states) == 1:
                if not free:
                    self.link(served, [], int(node))
                continue
            columns = [self.column(-1, int(code)) for _ in free] if len(free) != 1 else [served]
            if len(free) != 1:
                self.link(served, columns, int(node))
            for state, column in zip(free, columns, strict=True):
                self._write(key, state, column, -1.0)

    def _restrictions(self) -> None:
        for number, r in enumerate(self.overlay.restrictions):
            columns = sorted(set(self.counted[number]))
            if r.is_strand and r.bound_tpa > 0 and columns:
                row = self.rows.new("restriction", number, 0, -INF, r.bound_tpa)
                self.rows.write(row, columns, 1.0)


def _unions(states: set[int]) -> set[int]:
    """Return the states and all unions of them."""
    found = set(states)
    while True:
        more = {a | b for a in found for b in states} - found
        if not more:
            return found
        found |= more
