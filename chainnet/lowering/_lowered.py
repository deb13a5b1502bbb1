"""From tables to arrays: the only place where ids become positions.

Columns of the linear program, in blocks: edges (in table order), new relations through hubs,
activities of nodes with a process, stand-in inputs, stock draws, served demand, tracked flows. Rows:
balance of each commodity at each node, throughput of nodes without a process, recipes with
stand-ins, joint bounds of measures, tracked flows. An overlay changes bounds and costs alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from chainnet import checks
from chainnet._types import INF, Array, Ints
from chainnet.engine import SAME_SIZE, UNIT_ROUNDING, LinearProgram
from chainnet.lowering._bounds import assemble, close_classes, edge_caps, edge_costs, node_caps, stock_draws
from chainnet.lowering._contracts import bind_output
from chainnet.lowering._overlay import Overlay, Restriction
from chainnet.lowering._relations import Named, Relations, named_by, new_relations, no_relations
from chainnet.lowering._rows import (
    Amount,
    Flows,
    NamedRows,
    Tables,
    balance_rows,
    demand_bounds,
    demand_rows,
    fill_balance,
    stack,
    standin_rows,
    throughput_rows,
)
from chainnet.lowering._strands import Strands, split
from chainnet.network import Network, kept

__all__ = ["Degree", "Lowered", "Overlay", "Restriction", "lower"]

Degree = Literal["none", "existing", "new"]
DEGREES = ("none", "existing", "new")
FAR = 30.0


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """A network as arrays, and where each thing stands.

    ``tables``: the network, its ids (nodes, then projects) and codes. ``flows``: positions of every edge
    column, the table's rows first, then the hub edges of new relations. ``rows``: kind, owner and extra of
    every row; ``amounts``: where those of recipes stand in the matrix; ``balance`` finds the row of
    (node, commodity).
    """

    tables: Tables
    flows: Flows
    overlay: Overlay
    degree: Degree
    stocks: bool
    program: LinearProgram
    rows: list[tuple[str, int, int]]
    amounts: list[Amount]
    balance: dict[tuple[int, int], int]
    limited: Ints
    relations: Relations
    strands: Strands
    sizes: Array
    column_code: Ints
    extra_cost_usd_per_t: float

    @property
    def n_edges(self) -> int:
        """Number of edge rows in the table; hub edges stand after them."""
        return len(self.tables.tail)

    @property
    def commodities(self) -> tuple[str, ...]:
        """Commodity ids by code; the unnamed one is empty."""
        return tuple(self.tables.code)

    @property
    def served(self) -> Ints:
        """Columns of served demand, in the order of ``flows.demand``."""
        return np.arange(self.flows.demand_start, self.flows.demand_start + len(self.flows.demand))

    def serving(self, members: Any) -> Array:
        """Return the costs under which the least is the most that some demand rows can be served."""
        cost = np.zeros(len(self.program.cost))
        cost[self.served[members]] = -1.0
        return cost

    def closing(self, nodes: Ints) -> Ints:
        """Return the columns that stop when the nodes at these positions drop out."""
        f = self.flows
        out = np.zeros(len(f.activity) + self.relations.n_hubs, dtype=bool)
        out[nodes] = True
        edges = np.flatnonzero(out[f.tail] | out[f.head])
        active = f.activity[nodes]
        served = f.demand_start + np.flatnonzero(out[f.demand["position"].to_numpy(dtype=np.int64)])
        return np.concatenate([edges, active[active >= 0], served])

    def with_line(self, line: int, t_per_t: float) -> Lowered:
        """Return the program with another amount in one line of a recipe.

        Parameters
        ----------
        line : int
            Row of the processes table.
        t_per_t : float
            Tonnes per tonne of main output; the matrix is another one, its columns and rows stay.
        """
        matrix, old = self.program.matrix.copy(), float(self.tables.network.view("processes")["t_per_t"].iloc[line])
        for amount in self.amounts:
            if amount.line == line:
                first, end = matrix.indptr[amount.column : amount.column + 2]
                place = first + np.searchsorted(matrix.indices[first:end], amount.row)
                matrix.data[place] += amount.value(t_per_t) - amount.value(old)
        return replace(self, program=replace(self.program, matrix=matrix))

    def throughput(self, x: Array) -> Array:
        """Return tonnes a year of main output (process) or throughput (else) of nodes and projects."""
        f, n = self.flows, len(self.flows.activity)
        size = n + self.relations.n_hubs
        flow = x[: len(f.tail)]
        out = np.bincount(f.tail, weights=flow, minlength=size)[:n]
        users = f.demand["position"].to_numpy(dtype=np.int64)
        out = out + np.bincount(users, weights=x[self.served], minlength=n)
        into = np.bincount(f.head, weights=flow, minlength=size)[:n]
        through = np.maximum(out, into)
        active = f.activity >= 0
        through[active] = x[f.activity[active]]
        return through

    def finer_sizes(self, x: Array) -> Array | None:
        """Return sizes of the commodities as an answer has them, or None where those in use are near enough.

        Sizes are estimated before the first solve; far too large ones hide small flows behind the
        solver's tolerance.
        """
        largest = np.zeros(len(self.sizes))
        np.maximum.at(largest, self.column_code, np.abs(x))
        p = self.program
        bounds = np.concatenate([p.col_upper, p.row_upper])
        bounds = bounds[(bounds > 0) & np.isfinite(bounds)]
        # what is far below every bound is dust of the solver
        most = float(largest.max(initial=0.0))
        flows = largest > max(SAME_SIZE * float(bounds.min(initial=np.inf)), UNIT_ROUNDING * most)
        if not flows.any():
            return None
        if (1000.0 * self.sizes <= FAR * np.where(flows, largest, most)).all():
            return None
        middle = float(np.exp(np.log(largest[flows]).mean()))
        return np.where(flows, largest, np.minimum(middle, 1000.0 * self.sizes)) / 1000.0

    def bounds(self, overlay: Overlay) -> tuple[Array, Array]:
        """Return upper bounds of columns and of rows under an overlay of the same restrictions."""
        t, f = self.tables, self.flows
        caps = node_caps(t, overlay)
        upper = np.full(len(self.program.col_upper), INF)
        upper[: self.n_edges] = edge_caps(t, overlay, self.degree)
        active = f.activity >= 0
        upper[f.activity[active]] = caps[active]
        upper[f.draw_start : f.demand_start] = stock_draws(t, overlay) if self.stocks else 0.0
        upper[self.served] = demand_bounds(t, overlay, f.demand["position"].to_numpy(dtype=np.int64))
        close_classes(upper, overlay, self.relations, self.strands, self.n_edges)
        rows = self.program.row_upper.copy()
        limits, joint = self._limit_rows
        rows[limits] = caps[self.limited]
        for row, number in joint:
            rows[row] = overlay.restrictions[number].bound_tpa
        return upper, rows

    @cached_property
    def _limit_rows(self) -> tuple[Ints, list[tuple[int, int]]]:
        """Rows of node capacities; rows of restrictions with their number."""
        limits = [i for i, (kind, _, _) in enumerate(self.rows) if kind == "node"]
        joint = [(i, number) for i, (kind, number, _) in enumerate(self.rows) if kind == "restriction"]
        return np.array(limits, dtype=np.int64), joint

    def costs(self, overlay: Overlay) -> Array:
        """Return what a tonne over each column costs under an overlay, USD/t."""
        t, f = self.tables, self.flows
        cost = np.zeros(len(self.program.cost))
        cost[: len(f.tail)] = edge_costs(t, overlay, f.tail, f.head, self.relations, self.extra_cost_usd_per_t)
        makers = f.activity >= 0
        cost[f.activity[makers]] = t.unit_cost[makers]
        return cost


def lower(
    network: Network,
    overlay: Overlay | None = None,
    degree: Degree = "existing",
    *,
    stocks: bool = False,
    extra_cost_usd_per_t: float = 0.0,
    sizes: Array | None = None,
    pipeline: bool = False,
) -> Lowered:
    """Turn a network under an overlay into a linear program.

    Parameters
    ----------
    network : Network
    overlay : Overlay, optional
        None = the baseline.
    degree : {"none", "existing", "new"}
        How far flows may leave the baseline.
    stocks : bool
        Whether stocks may be drawn: each gives min(stock, release in one year).
    extra_cost_usd_per_t : float
        Cost of a tonne over a new relation, on top of its maker's.
    sizes : array over the commodities, optional
        Natural size of each; None = estimated.
    pipeline : bool
        Whether goods may be under way at the start (answers over time).

    Raises
    ------
    DataError
        If ``degree`` is unknown, or it is none and an edge has no baseline flow.

    Notes
    -----
    Cost: linear in nodes, edges and recipe rows; one pass. What no overlay changes is written once a network.
    """
    checks.known(degree, DEGREES, "reroute", "degree")
    overlay = overlay or Overlay.none(network)
    t = stack(network)
    named = named_by(overlay)
    relations = new_relations(network, named) if degree == "new" else no_relations(len(overlay.restrictions))
    body = _body(network, named if degree == "new" else None)
    rows, flows = body.rows.copy(), replace(body.flows, demand=demand_rows(t, overlay))
    for number, restriction in enumerate(overlay.restrictions):
        if restriction.part is not None:
            bind_output(t, rows, number, restriction, flows, relations)
        elif restriction.bound_tpa > 0 and not restriction.is_strand:
            row = rows.new("restriction", number, 0, -INF, restriction.bound_tpa)
            rows.write(row, np.flatnonzero(restriction.edges), 1.0)
    strands = split(t, rows, overlay, relations, flows, stocks=stocks, pipeline=pipeline)

    program, found_sizes, code = assemble(t, overlay, degree, rows, flows, strands, sizes)
    low = Lowered(
        tables=t,
        overlay=overlay,
        degree=degree,
        stocks=stocks,
        program=program,
        flows=flows,
        rows=rows.names,
        amounts=rows.amounts,
        balance=body.balance,
        limited=body.limited,
        relations=relations,
        strands=strands,
        sizes=found_sizes,
        column_code=code,
        extra_cost_usd_per_t=extra_cost_usd_per_t,
    )
    upper, row_upper = low.bounds(overlay)
    bounded = replace(program, col_upper=upper, row_upper=row_upper, cost=low.costs(overlay))
    return replace(low, program=bounded)


class _Body(NamedTuple):
    """What programs have in common whatever the overlay bounds: their columns, and the rows that it cannot change.

    ``balance``: row of each node and commodity; ``limited``: nodes that have a row of their own.
    """

    flows: Flows
    rows: NamedRows
    balance: dict[tuple[int, int], int]
    limited: Ints


@kept(8)
def _body(network: Network, named: tuple[Named, ...] | None) -> _Body:
    """Return the columns and rows of a network, with the new relations that these ends part, or with none.

    Kept: callers must not change it.
    """
    t = stack(network)
    relations = no_relations() if named is None else new_relations(network, named)
    tail = np.concatenate([t.tail, relations.tail])
    makers = np.flatnonzero(t.acts)
    activity = np.full(len(t.nodes), -1, dtype=np.int64)
    activity[makers] = len(tail) + np.arange(len(makers))
    standin_start = len(tail) + len(makers)
    draw_start = standin_start + len(t.standins)
    flows = Flows(
        tail,
        np.concatenate([t.head, relations.head]),
        np.concatenate([t.commodity, relations.commodity]),
        activity,
        t.standins,
        standin_start,
        draw_start,
        t.asked,
        draw_start + len(t.held),
    )
    rows = NamedRows()
    balance = balance_rows(t, rows, flows)
    fill_balance(t, rows, balance, flows)
    limited = throughput_rows(t, rows, flows)
    standin_rows(rows, flows)
    return _Body(flows, rows.copy(), balance, limited)  # a copy is gathered: threads may take from it at once
