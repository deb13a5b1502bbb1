"""From tables to conditions: balances that always hold, and figures that are met, nearly met or only shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, records
from chainnet.calibration._relations import Pairs
from chainnet.calibration._tables import ABOUT, COMPARE, EXACT, Sources
from chainnet.engine import Conditions, Rows
from chainnet.network import step_of


@dataclass(frozen=True)
class Figure:
    """A figure of the hand-written tables and the variables whose sum it is."""

    table: str
    key: str
    commodity: str
    column: str
    value: float
    fit: str
    row: int
    at: tuple[int, ...]
    size: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass
class Program:
    """Variables (pairs first, then amounts), balance rows, and figures.

    Attributes
    ----------
    n_pairs : int
    amounts : list of (kind, node, commodity)
        kind: activity, take, discard, room.
    rows : list of (variables, coefficients, commodity)
        Balances: their sum is zero.
    figures : list of Figure
    size : dict of commodity to t/yr
        A typical tonnage, by which smallness is judged.
    upper : list of float
    """

    n_pairs: int
    pair_commodity: list[str]
    amounts: list[tuple[str, str, str]] = field(default_factory=list)
    rows: list[tuple[list[int], list[float], str]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    size: dict[str, float] = field(default_factory=dict)
    upper: list[float] = field(default_factory=list)
    place: dict[tuple[str, str, str], int] = field(default_factory=dict)
    ends_of: list[tuple[str, str]] = field(default_factory=list)
    per_activity: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def variable(self, kind: str, node: str, commodity: str, upper: float = np.inf) -> int:
        """Return the position of an amount; it is made when it is first named."""
        key = (kind, node, commodity)
        if key not in self.place:
            self.place[key] = self.n_pairs + len(self.amounts)
            self.amounts.append(key)
            self.upper.append(upper)
        return self.place[key]

    def balance(self, at: Sequence[int], coefficient: Sequence[float], commodity: str) -> None:
        """Add a row: the weighted sum is zero."""
        self.rows.append((list(at), list(coefficient), commodity))

    @property
    def commodities(self) -> list[str]:
        """Commodity of every variable."""
        return self.pair_commodity + [commodity for _, _, commodity in self.amounts]

    def sizes(self) -> Array:
        """A typical tonnage of every variable."""
        return np.array([self.size.get(c, 1.0) for c in self.commodities])

    def ends(self, amount: Array) -> tuple[Array, Array]:
        """Return, for each pair, what its maker ships and its taker takes of the commodity by these amounts."""
        supply, use = np.empty(self.n_pairs), np.empty(self.n_pairs)
        for at, ((source, target), good) in enumerate(zip(self.ends_of, self.pair_commodity, strict=True)):
            typical = self.size.get(good, 1.0)
            for ends, node, side in ((supply, source, "out"), (use, target, "in")):
                ratio = self.per_activity.get((side, node, good))
                take = self.place.get(("take", node, good)) if side == "in" else None
                if ratio is not None:
                    ends[at] = ratio * amount[self._activity[node]]
                elif take is not None:
                    ends[at] = amount[take]
                else:
                    ends[at] = typical
        return supply, use

    def made(self, node: str, good: str, amount: Array) -> float:
        """Return what a node makes of a product by these amounts."""
        return self.per_activity["out", node, good] * float(amount[self._activity[node]])

    @cached_property
    def _activity(self) -> dict[str, int]:
        return {node: at for (kind, node, _), at in self.place.items() if kind == "activity"}

    @cached_property
    def _codes(self) -> tuple[Any, Any, Any]:
        """Number of the (maker, commodity), of the (taker, commodity) and of the commodity of each pair."""
        goods = self.pair_commodity
        keys = (
            [(source, good) for (source, _), good in zip(self.ends_of, goods, strict=True)],
            [(target, good) for (_, target), good in zip(self.ends_of, goods, strict=True)],
            [(good, "") for good in goods],
        )
        made, taken, good = (pd.factorize(pd.MultiIndex.from_tuples(k, names=["a", "b"]))[0] for k in keys)
        return made, taken, good

    def sums(self, x: Array) -> tuple[Array, Array]:
        """Return, for each pair, what its maker ships and its taker gets in all of the commodity."""
        flow = x[: self.n_pairs]
        made, taken, _ = self._codes
        return np.bincount(made, flow)[made], np.bincount(taken, flow)[taken]

    def totals(self, x: Array) -> Array:
        """Return, for each pair, the tonnes of its commodity."""
        good = self._codes[2]
        return np.asarray(np.bincount(good, x[: self.n_pairs])[good])

    def margins(self, x: Array, figures: Sequence[Figure]) -> Conditions:
        """Return the conditions that hold what each node ships and takes of each commodity at ``x``."""
        n, flow = self.n_pairs, x[: self.n_pairs]
        made, taken, _ = self._codes
        size = self.sizes()[:n]
        rows = Rows()
        for code in (made, taken):
            scale = np.zeros(int(code.max()) + 1)
            scale[code] = size
            total = np.bincount(code, flow)
            rows.write(rows.open_all(len(total), total, total, scale)[code], np.arange(n), 1.0)
        for f in figures:
            held = float(flow[list(f.at)].sum())
            rows.add(f.at, 1.0, held, held, f.size)
        return Conditions.of(rows, np.array(self.upper[:n]), size)

    def conditions(self, figures: Sequence[Figure], values: Sequence[float]) -> Conditions:
        """Return the balances and these figures at these values as conditions on all variables."""
        rows = Rows()
        for at, coefficient, commodity in self.rows:
            rows.add(at, coefficient, 0.0, 0.0, self.size.get(commodity, 1.0))
        for figure, value in zip(figures, values, strict=True):
            rows.add(figure.at, 1.0, value, value, figure.size)
        return Conditions.of(rows, np.array(self.upper), self.sizes())


def build(sources: Sources, pairs: Pairs, year: int | None) -> Program:
    """Return the program of a chain."""
    table = pairs.table
    goods = table["commodity"].tolist()
    program = Program(len(table), goods)
    program.upper = table["capacity_tpa"].fillna(np.inf).tolist()
    program.ends_of = list(zip(table["source"], table["target"], strict=True))
    program.size = _sizes(sources)
    out, into = _by_end(table, "source"), _by_end(table, "target")
    lines = dict(iter(sources.processes.groupby("process", sort=True)))
    asked = _asked(sources.demand)
    for row in records(sources.nodes):
        node, capacity, made = row["id"], row["capacity_tpa"], row["output_tpa"]
        limit = float(capacity) if capacity == capacity else np.inf
        takes = asked.get(node, {})
        main: int | None
        if isinstance(row["process"], str):
            main = _recipe(program, node, lines[row["process"]], limit, out, into, takes)
        else:
            main = _passing(program, node, row["stage"], limit, out, into, takes)
        if made == made:
            fit = row["fit"] if isinstance(row["fit"], str) else EXACT
            at = () if main is None else (main,)
            good = program.amounts[main - program.n_pairs][2] if main is not None else ""
            size = program.size.get(good, 1.0)
            program.figures.append(
                Figure("nodes", node, good, "output_tpa", float(made), fit, int(row["row"]), at, size)
            )
    _demand_figures(program, sources.demand)
    _total_figures(program, sources, table, year)
    for seen in pairs.observed:
        goods_seen = sorted({goods[i] for i in seen.pairs})
        size = max(program.size.get(g, 1.0) for g in goods_seen)
        words = ";".join(goods_seen)
        program.figures.append(
            Figure(
                "relations",
                seen.words,
                words,
                "flow_tpa",
                seen.value,
                seen.fit,
                seen.row,
                tuple(int(i) for i in seen.pairs),
                size,
                seen.low,
                seen.high,
            )
        )
    return program


Ends = dict[tuple[str, str], list[int]]
Asked = dict[str, dict[str, float]]


def _by_end(table: pd.DataFrame, end: str) -> Ends:
    found: Ends = {}
    for place, key in enumerate(zip(table[end], table["commodity"], strict=True)):
        found.setdefault(key, []).append(place)
    return found


def _asked(demand: pd.DataFrame) -> Asked:
    """Tonnes asked for by node and commodity over all tiers; NaN where a row leaves them open."""
    found: Asked = {}
    for node, commodity, tonnes in zip(demand["node"], demand["commodity"], demand["demand_tpa"], strict=True):
        good = commodity if isinstance(commodity, str) else ""
        mine = found.setdefault(node, {})
        mine[good] = mine.get(good, 0.0) + float(tonnes)
    return found


def _recipe(
    program: Program, node: str, lines: pd.DataFrame, limit: float, out: Ends, into: Ends, takes: dict[str, float]
) -> int:
    main = lines.loc[lines["role"] == "output", "commodity"].iloc[0]
    activity = program.variable("activity", node, main, limit)
    made = out.get((node, main), [])
    for good, role, ratio in zip(lines["commodity"], lines["role"], lines["t_per_t"], strict=True):
        program.per_activity["in" if role == "input" else "out", node, good] = float(ratio)
    program.balance([*made, activity], [*([1.0] * len(made)), -1.0], main)
    inputs = lines[lines["role"] == "input"]
    single = inputs[inputs["group"].isna()]
    for good, ratio in zip(single["commodity"], single["t_per_t"], strict=True):
        taken = into.get((node, good), [])
        extra = [program.variable("take", node, good)] if good in takes else []
        program.balance([*taken, activity, *extra], [*([1.0] * len(taken)), -ratio, *([-1.0] * len(extra))], good)
    for _, group in inputs[inputs["group"].notna()].groupby("group", sort=True):
        at, coefficient = [activity], [-1.0]
        for good, ratio, share in zip(group["commodity"], group["t_per_t"], group["max_share"], strict=True):
            taken = into.get((node, good), [])
            at += taken
            coefficient += [1.0 / ratio] * len(taken)
            if share < 1.0 and taken:
                room = program.variable("room", node, good)
                program.balance([*taken, room, activity], [*([1.0 / ratio] * len(taken)), 1.0, -share], main)
        program.balance(at, coefficient, main)
    besides = lines[lines["role"].isin(["coproduct", "byproduct"])]
    for good, ratio in zip(besides["commodity"], besides["t_per_t"], strict=True):
        made = out.get((node, good), [])
        if made:
            left = program.variable("discard", node, good)
            program.balance([*made, left, activity], [*([1.0] * len(made)), 1.0, -ratio], good)
    return activity


def _passing(
    program: Program, node: str, stage: str, limit: float, out: Ends, into: Ends, takes: dict[str, float]
) -> int | None:
    """A node without a process: a mine makes, an end use takes, any other hands on one to one."""
    gone = {good: at for (name, good), at in out.items() if name == node}
    come = {good: at for (name, good), at in into.items() if name == node}
    if stage == "end_use":
        for good in sorted(come | takes):
            at = come.get(good, [])
            take = program.variable("take", node, good)
            sent = gone.get(good, [])
            program.balance([*at, *sent, take], [*([1.0] * len(at)), *([-1.0] * len(sent)), -1.0], good)
        return None
    main = max(gone, key=lambda good: (len(gone[good]), good), default="")
    activity = program.variable("activity", node, main, limit)
    every = [i for good in sorted(gone) for i in gone[good]]
    for good in sorted(gone | come):
        program.per_activity["out", node, good] = 1.0 / max(len(gone), 1)
        if stage != "mine":
            program.per_activity["in", node, good] = 1.0 / max(len(come), 1)
    program.balance([*every, activity], [*([1.0] * len(every)), -1.0], main)
    if stage != "mine":
        for good in sorted(gone | come):
            a, b = come.get(good, []), gone.get(good, [])
            program.balance([*a, *b], [*([1.0] * len(a)), *([-1.0] * len(b))], good)
    return activity


def _demand_figures(program: Program, demand: pd.DataFrame) -> None:
    """One figure per node and commodity, over all tiers; open where one row of it is."""
    demand = demand.assign(commodity=demand["commodity"].fillna(""))
    for key, part in demand.groupby(["node", "commodity"], sort=True):
        node, good = map(str, key)
        if part["demand_tpa"].isna().any() or ("take", node, good) not in program.place:
            continue
        fit = ABOUT if (part["fit"] == ABOUT).any() else EXACT
        at = (program.place["take", node, good],)
        program.figures.append(
            Figure(
                "demand",
                node,
                good,
                "demand_tpa",
                float(part["demand_tpa"].sum()),
                fit,
                int(part["row"].min()),
                at,
                program.size.get(good, 1.0),
            )
        )


def _total_figures(program: Program, sources: Sources, table: pd.DataFrame, year: int | None) -> None:
    for row in records(sources.totals):
        if row["unit"] != "t/yr":
            continue
        fit = row["fit"] if isinstance(row["fit"], str) else EXACT
        at = total_pairs(sources, table, row)
        if at is None or (year is not None and row["year"] != year):
            fit, at = COMPARE, at or []
        good = row["commodity"] if isinstance(row["commodity"], str) else ""
        goods = set(table["commodity"].iloc[at])
        size = max((program.size.get(g, 1.0) for g in goods), default=1.0)
        country = row["country"] if isinstance(row["country"], str) else "world"
        program.figures.append(
            Figure(
                "totals",
                f"{row['step']} {country}",
                good,
                "value",
                float(row["value"]),
                fit,
                int(row["row"]),
                tuple(at),
                size,
                float(row["low"]),
                float(row["high"]),
            )
        )


def total_pairs(sources: Sources, table: pd.DataFrame, row: Mapping[str, Any]) -> list[int] | None:
    """Return the pairs that a total counts: what leaves the step, of outputs and coproducts; None = no such step."""
    nodes = sources.nodes.set_index("id")
    place = step_of(nodes)
    if row["step"] not in set(place):
        return None
    made = sources.processes[sources.processes["role"].isin(["output", "coproduct"])]
    products = set(zip(made["process"], made["commodity"], strict=True))
    inside = nodes.index[(place == row["step"]).to_numpy()]
    if isinstance(row["country"], str):
        inside = inside[(nodes.loc[inside, "country"] == row["country"]).to_numpy()]
    members, process_of, step_at = set(inside), nodes["process"].to_dict(), place.to_dict()
    found = []
    for at, (source, target, good) in enumerate(zip(table["source"], table["target"], table["commodity"], strict=True)):
        if source not in members or step_at[target] == row["step"]:
            continue
        process = process_of[source]
        if isinstance(process, str) and (process, good) not in products:
            continue
        if isinstance(row["commodity"], str) and good != row["commodity"]:
            continue
        found.append(at)
    return found


def _sizes(sources: Sources) -> dict[str, float]:
    """Guess a typical tonnage of each commodity from the figures, handed on through the recipes."""
    lines = sources.processes
    main = lines[lines["role"] == "output"].set_index("process")["commodity"].to_dict()
    size: dict[str, float] = {}

    def raise_to(good: Any, value: float) -> bool:
        good = good if isinstance(good, str) else ""
        if value == value and value > size.get(good, 0.0) * (1 + 1e-9):
            size[good] = value
            return True
        return False

    nodes = sources.nodes
    for process, part in nodes.groupby("process"):
        raise_to(main.get(process), float(part["output_tpa"].fillna(part["capacity_tpa"]).sum()))
    for good, part in sources.demand.assign(commodity=sources.demand["commodity"].fillna("")).groupby("commodity"):
        raise_to(good, float(part["demand_tpa"].sum()))
    totals = sources.totals[sources.totals["commodity"].notna() & (sources.totals["unit"] == "t/yr")]
    for good, value in zip(totals["commodity"], totals["value"], strict=True):
        raise_to(good, float(value))
    known = {good: value for good, value in size.items() if value > 0}
    # a commodity without a figure of its own takes its size from the recipes it stands in
    for _ in range(len(lines) + 1):
        before = dict(known)
        for _, part in lines.groupby("process"):
            ratio = {good: float(t) for good, t in zip(part["commodity"], part["t_per_t"], strict=True)}
            anchors = [before[g] / t for g, t in ratio.items() if g in before]
            if anchors:
                # a named recipe is rarely the only user: the smallest anchor keeps sizes apart
                for good, t in ratio.items():
                    if good not in before:
                        known[good] = max(known.get(good, 0.0), min(anchors) * t)
        if known.keys() == before.keys():
            break
    loose = nodes.loc[nodes["process"].isna(), "output_tpa"].sum()
    fallback = max([*known.values(), float(loose)], default=1.0) or 1.0
    goods = set(lines["commodity"]) | set(sources.demand["commodity"].fillna("")) | {""}
    return {good: known.get(good, fallback) for good in sorted(goods)}
