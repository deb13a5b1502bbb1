"""Rows of the linear program: what stands in each balance, throughput and recipe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

from chainnet._types import INF, Array, Bools, Ints, Texts
from chainnet.engine import Rows
from chainnet.lowering._overlay import Overlay
from chainnet.network import Network, kept


class Amount(NamedTuple):
    """Where the amount of a recipe line stands in the matrix: as ``sign`` times it, or one over it."""

    line: int
    row: int
    column: int
    sign: float
    is_inverse: bool = False

    def value(self, t_per_t: float) -> float:
        """Return what stands there for an amount, t per t."""
        return self.sign / t_per_t if self.is_inverse else self.sign * t_per_t


class NamedRows(Rows):
    """Rows with their names (kind, owner, extra), and where the amounts of recipes stand in them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[tuple[str, int, int]] = []
        self.amounts: list[Amount] = []

    def new(self, kind: str, owner: int, extra: int, low: float, high: float) -> int:
        """Open a row of this name and return its number."""
        self.names.append((kind, owner, extra))
        return self.open(low, high)

    def put_amount(self, t_per_t: float, amount: Amount) -> None:
        """Write the amount of a recipe line into a row, and keep where it stands."""
        self.put(amount.row, amount.column, amount.value(t_per_t))
        self.amounts.append(amount)

    def copy(self) -> Self:
        """Return rows that go on from these."""
        other = super().copy()
        other.names, other.amounts = list(self.names), list(self.amounts)
        return other


@dataclass(frozen=True)
class Flows:
    """The columns of a program, which tracked flows part: edges, activities, stand-ins, stock draws, served demand.

    ``tail``, ``head``, ``commodity``: positions and code of every edge column, the table's rows first, then the hub
    edges of new relations. ``activity``: column of each node's process, or -1. ``demand``: the demand table with
    positions and codes, one served column per row from ``demand_start`` on; ``draw_start``: first stock draw.
    """

    tail: Ints
    head: Ints
    commodity: Ints
    activity: Ints
    standins: pd.DataFrame
    standin_start: int
    draw_start: int
    demand: pd.DataFrame
    demand_start: int


@dataclass(frozen=True, eq=False)
class Tables:
    """Nodes and projects stacked, with positions and codes in place of ids.

    Capacities as in the tables: NaN = no limit. ``recipes``: one row per node with a process and
    recipe line: node, code, role, t_per_t, group, max_share, and its row in the processes table (line).
    """

    network: Network
    nodes: pd.DataFrame
    ids: Texts
    position: dict[str, int]
    code: dict[str, int]
    tail: Ints
    head: Ints
    commodity: Ints
    node_capacity: Array
    edge_capacity: Array
    edge_flow: Array
    recipes: pd.DataFrame

    # What follows is asked of every program; a network has many.

    @cached_property
    def is_mine(self) -> Bools:
        """Which nodes and projects are mines."""
        return np.asarray(self.nodes["stage"] == "mine")

    @cached_property
    def acts(self) -> Bools:
        """Which nodes and projects have a process."""
        return np.asarray(self.nodes["process"].notna())

    @cached_property
    def unit_cost(self) -> Array:
        """Cost of a tonne made, USD/t, 0 where none is on record."""
        return np.asarray(self.nodes["unit_cost_usd_per_t"].fillna(0.0), dtype=float)

    @cached_property
    def edge_cost(self) -> Array:
        """Cost of a tonne moved, USD/t, 0 where none is on record."""
        return np.asarray(self.network.view("edges")["cost_usd_per_t"].fillna(0.0), dtype=float)

    @cached_property
    def has_baseline(self) -> Bools:
        """Of which nodes and projects the output in the baseline is known."""
        return np.asarray(self.network.baseline.reindex(self.ids).notna())

    @cached_property
    def n_nodes(self) -> int:
        """How many nodes stand before the projects."""
        return len(self.network.view("nodes"))

    @cached_property
    def held(self) -> Array:
        """What lies in each stock, t."""
        return np.asarray(self.network.view("stocks")["stock_t"], dtype=float)

    @cached_property
    def room(self) -> Array:
        """What each stock can hold, t; NaN = it is not filled again."""
        return np.asarray(self.network.view("stocks")["capacity_t"], dtype=float)

    @cached_property
    def release(self) -> Array:
        """The most that each stock gives as it is, t/yr; NaN = at once."""
        return np.asarray(self.network.view("stocks")["release_tpa"], dtype=float)

    @cached_property
    def wanted(self) -> Array:
        """What each row of the demand table asks for, t/yr."""
        return np.asarray(self.network.view("demand")["demand_tpa"], dtype=float)

    @cached_property
    def lines(self) -> tuple[Ints, Ints, Array, Bools, Bools]:
        """Of each recipe line its node, code and amount, whether it is an input, and whether one of a group."""
        lines = self.recipes
        return (
            lines["node"].to_numpy(np.int64),
            lines["code"].to_numpy(np.int64),
            lines["t_per_t"].to_numpy(dtype=float),
            (lines["role"] == "input").to_numpy(),
            lines["group"].notna().to_numpy(),
        )

    @cached_property
    def standins(self) -> pd.DataFrame:
        """Recipe lines of inputs that stand in for each other."""
        *_, taken, joint = self.lines
        return self.recipes[taken & joint].reset_index(drop=True)

    @cached_property
    def roles(self) -> tuple[dict[tuple[int, int], str], set[int]]:
        """Role of each commodity at each node, and the nodes that may discard any product."""
        lines = self.recipes
        role = {(int(a), int(b)): r for a, b, r in zip(lines["node"], lines["code"], lines["role"], strict=True)}
        return role, set(lines.loc[lines["role"] == "coproduct", "node"])

    @cached_property
    def made(self) -> dict[tuple[int, int], list[tuple[int, float]]]:
        """Recipe lines that put a commodity out, with their amounts, by node and code."""
        lines = self.recipes[self.recipes["role"] != "input"]
        found: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for node, code, *line in lines[["node", "code", "line", "t_per_t"]].itertuples(index=False):
            found.setdefault((node, code), []).append((line[0], line[1]))
        return found

    @cached_property
    def main_code(self) -> Ints:
        """Code of the main output of each node with a process, in their order."""
        main = self.recipes[self.recipes["role"] == "output"].set_index("node")["code"]
        return np.asarray(main.reindex(np.flatnonzero(self.acts)), dtype=np.int64)

    @cached_property
    def stock_code(self) -> Ints:
        """Code of what each stock holds."""
        return _at(self.network.view("stocks")["commodity"], self.code)

    @cached_property
    def stock_place(self) -> Ints:
        """Position of the node that holds each stock; -1 = none."""
        return _at(self.network.view("stocks")["node"], {**self.position, "": -1})

    @cached_property
    def asked(self) -> pd.DataFrame:
        """The demand table with positions and codes; without one, end uses take any amount of what reaches them."""
        demand = self.network.view("demand")[["node", "commodity", "tier", "demand_tpa", "value_usd_per_t"]]
        if demand.empty:
            ends = (self.nodes["stage"] == "end_use").to_numpy()
            into = pd.DataFrame({"position": self.head, "code": self.commodity})[ends[self.head]].drop_duplicates()
            into = into.sort_values(["position", "code"], ignore_index=True)
            words = np.array(list(self.code), dtype=object)
            demand = pd.DataFrame(
                {
                    "node": self.nodes["id"].to_numpy()[into["position"]],
                    "commodity": words[into["code"]],
                    "tier": None,
                    "demand_tpa": np.inf,
                    "value_usd_per_t": np.nan,
                }
            )
        return demand.assign(position=_at(demand["node"], self.position), code=_at(demand["commodity"], self.code))


@kept(1)
def stack(network: Network) -> Tables:
    """Stack nodes and projects and turn ids into positions, commodities into codes."""
    nodes = network.plants
    edges = network.view("edges")
    ids = nodes["id"].to_numpy(dtype=object)
    position = {i: k for k, i in enumerate(ids)}
    goods = {word for table in ("edges", "demand", "processes", "stocks") for word in network.view(table)["commodity"]}
    code = {name: k for k, name in enumerate(sorted({word if isinstance(word, str) else "" for word in goods}))}
    return Tables(
        network,
        nodes,
        ids,
        position,
        code,
        _at(edges["source"], position),
        _at(edges["target"], position),
        _at(edges["commodity"], code),
        nodes["capacity_tpa"].to_numpy(dtype=float),
        edges["capacity_tpa"].to_numpy(dtype=float),
        edges["flow_tpa"].to_numpy(dtype=float),
        _recipe_lines(network, nodes, code),
    )


def _recipe_lines(network: Network, nodes: pd.DataFrame, code: dict[str, int]) -> pd.DataFrame:
    processes = network.view("processes")
    of: dict[str, list[int]] = {}
    for line, process in enumerate(processes["process"]):
        of.setdefault(process, []).append(line)
    owned = [(row, line) for row, process in enumerate(nodes["process"]) for line in of.get(process, ())]
    node, number = np.array(owned, dtype=np.int64).reshape(-1, 2).T
    lines = processes[["role", "t_per_t", "group", "max_share"]].take(number).reset_index(drop=True)
    lines.insert(0, "node", node)
    lines.insert(1, "code", _at(processes["commodity"], code)[number])
    return lines.assign(line=number)


def _at(words: pd.Series, places: dict[str, int]) -> Ints:
    """Return where each word of a column stands; a missing one is the empty word."""
    return np.array([places[word if isinstance(word, str) else ""] for word in words.tolist()], dtype=np.int64)


def demand_rows(t: Tables, overlay: Overlay) -> pd.DataFrame:
    """Return what is asked for under an overlay, with positions and codes."""
    asked = t.asked
    return asked.assign(demand_tpa=demand_bounds(t, overlay, asked["position"].to_numpy()))


def demand_bounds(t: Tables, overlay: Overlay, position: Ints) -> Array:
    """Return what is asked for under an overlay, t/yr, by demand row; a node that is gone asks for nothing."""
    wanted = np.full(len(position), INF)
    if len(t.wanted):
        wanted = t.wanted * overlay.demand_share
    return np.where(overlay.node_share[position] == 0, 0.0, wanted)


def balance_rows(t: Tables, rows: NamedRows, f: Flows) -> dict[tuple[int, int], int]:
    """Open the (node, commodity) balances and write what the edges bring and take."""
    k = max(len(t.code), 1)
    held = t.stock_place >= 0
    tails, heads = f.tail * k + f.commodity, f.head * k + f.commodity
    parts = [
        tails,
        heads,
        t.lines[0] * k + t.lines[1],
        f.demand["position"].to_numpy(np.int64) * k + f.demand["code"].to_numpy(np.int64),
        t.stock_place[held] * k + t.stock_code[held],
    ]
    keys = np.unique(np.concatenate(parts))
    pairs = [(int(key // k), int(key % k)) for key in keys]
    for node, code in pairs:
        rows.new("balance", node, code, *balance_bound(t, node, code))
    columns = np.arange(len(f.tail))
    rows.write(np.searchsorted(keys, heads), columns, 1.0)
    rows.write(np.searchsorted(keys, tails), columns, -1.0)
    return {pair: row for row, pair in enumerate(pairs)}


def fill_balance(t: Tables, rows: NamedRows, balance: dict[tuple[int, int], int], f: Flows) -> None:
    """Write what recipes make and use, what stocks give and what demand takes."""

    def at(frame: pd.DataFrame, node: str) -> Ints:
        return np.array([balance[p] for p in zip(frame[node], frame["code"], strict=True)], dtype=np.int64)

    *_, taken, joint = t.lines
    plain = t.recipes[~(taken & joint)]
    if len(plain):
        sign = np.where(plain["role"] == "input", -1.0, 1.0)
        place = at(plain, "node"), f.activity[plain["node"].to_numpy(np.int64)]
        rows.write(*place, sign * plain["t_per_t"].to_numpy())
        rows.amounts += map(Amount, *(part.tolist() for part in (plain["line"], *place, sign)))
    if len(f.standins):
        rows.write(at(f.standins, "node"), f.standin_start + np.arange(len(f.standins)), -1.0)
    for number, (place, code) in enumerate(zip(t.stock_place.tolist(), t.stock_code.tolist(), strict=True)):
        if place >= 0:
            rows.write(balance[place, code], f.draw_start + number, 1.0)
    if len(f.demand):
        rows.write(at(f.demand, "position"), f.demand_start + np.arange(len(f.demand)), -1.0)


def balance_bound(t: Tables, node: int, code: int) -> tuple[float, float]:
    """In what a balance may end: equal, surplus thrown away, or (mines) made from nothing."""
    if node >= len(t.nodes):
        return 0.0, 0.0
    role, discards = t.roles
    if not t.acts[node]:
        return (-INF if t.is_mine[node] else 0.0), 0.0
    word = role.get((node, code))
    loose = word is not None and (word != "output" or node in discards)
    return 0.0, (INF if loose else 0.0)


def throughput_rows(t: Tables, rows: NamedRows, f: Flows) -> Ints:
    """One row per limited node without a process: what leaves a mine or is used there, what enters the others.

    Projects always have one, so that an unbuilt one can be held at nothing, and nodes with a baseline,
    so that an overlay can limit them; their bounds are left open. Returns the nodes.
    """
    n = len(t.nodes)
    known = ~np.isnan(t.node_capacity) | t.has_baseline
    limited = np.flatnonzero((f.activity < 0) & (known | (np.arange(n) >= t.n_nodes)))
    most = max(n, int(f.tail.max(initial=-1)) + 1, int(f.head.max(initial=-1)) + 1)
    number = np.full(most, -1)
    number[limited] = [rows.new("node", int(node), 0, -INF, INF) for node in limited]
    mine = np.zeros(most, dtype=bool)
    mine[:n] = t.is_mine
    columns = np.arange(len(f.tail))
    for ends, which in ((f.tail, mine[f.tail]), (f.head, ~mine[f.head])):
        hit = which & (number[ends] >= 0)
        rows.write(number[ends][hit], columns[hit], 1.0)
    users = f.demand["position"].to_numpy(dtype=np.int64)
    hit = mine[users] & (number[users] >= 0)
    rows.write(number[users][hit], f.demand_start + np.flatnonzero(hit), 1.0)
    return limited


def standin_rows(rows: NamedRows, f: Flows) -> None:
    """Stand-in inputs add up to the activity, each within its share of it."""
    groups: dict[tuple[int, str], list[tuple[int, int, float, float]]] = {}
    columns = ("node", "group", "line", "t_per_t", "max_share")
    for place, (node, group, *own) in enumerate(zip(*(f.standins[column].tolist() for column in columns), strict=True)):
        groups.setdefault((node, group), []).append((f.standin_start + place, *own))
    for (node, _), members in sorted(groups.items()):
        z = int(f.activity[node])
        row = rows.new("recipe", node, 0, 0.0, 0.0)
        rows.put(row, z, -1.0)
        for column, line, per, share in members:
            rows.put_amount(per, Amount(line, row, column, 1.0, is_inverse=True))
            if share < 1.0:
                most = rows.new("recipe", node, 1, -INF, 0.0)
                rows.put_amount(per, Amount(line, most, column, 1.0, is_inverse=True))
                rows.put(most, z, -share)
