"""Of the answers that serve as much the one nearest to some flows, and how far its links could carry other amounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import PRINTED, Certificate, Ordered, Rows, WarmModel, optimal
from chainnet.lowering import Lowered

# so many links at most are told with the least and the most that they can carry
MOST_MOVED = 8


def nearest(low: Lowered, model: WarmModel, near: Array) -> tuple[Array, Certificate]:
    """Return the columns of the answer that serves as much but moves least from some flows, and its proof.

    Parameters
    ----------
    low : Lowered
    model : WarmModel
        Its program, with the total of every stage kept.
    near : array of float
        Flows of the edges, t/yr.

    Raises
    ------
    SolverError
        If there is no optimum.

    Notes
    -----
    Least is the sum over the edges of the change, t/yr, each over the widest flow on record of its commodity, for
    tonnes of different commodities are never added; what new suppliers bring counts in full. Cost plays no part: it
    is known of few links, and would move flows that no rule touches.
    """
    program, n = model.current(), low.n_edges
    weight, cols = weights(low), len(program.cost)
    pairs = n + np.flatnonzero(low.relations.is_pair)
    cost = np.zeros(cols)
    cost[pairs] = weight[pairs]
    # a column for each edge: how far it is from its flow, on either side
    wider = replace(program, cost=cost).with_columns(program.col_scale[:n], cost=weight[:n])
    edge, away, rows = np.arange(n), cols + np.arange(n), Rows()
    rows.each([edge, away], [1.0, -1.0], -np.inf, near, program.col_scale[:n])
    rows.each([edge, away], [-1.0, -1.0], -np.inf, -near, program.col_scale[:n])
    found_model = WarmModel(wider.with_rows(*rows.lines(cols + n)))
    found = optimal(found_model, None, "balance, closest")
    return found.x[:cols], found_model.certify("balance, closest to given flows", found)


def weights(low: Lowered) -> Array:
    """Return what a tonne counts by edge, then by hub edge: one over the widest flow on record of its commodity."""
    edges = low.tables.network.edges
    base = edges["flow_tpa"].fillna(0.0)
    widest = base.groupby(edges["commodity"].fillna("")).max()
    most = max(float(base.max()), 1.0) if len(edges) else 1.0
    words = np.array([*low.commodities, ""], dtype=object)[low.relations.commodity]
    goods = pd.Series([*edges["commodity"].fillna(""), *words], dtype=object)
    found = goods.map(widest[widest > 0]).fillna(most)
    return 1.0 / found.to_numpy(dtype=float)


def moved_links(low: Lowered, solver: Ordered, x: Array, near: Array) -> pd.DataFrame:
    """Return the links that moved most, and the least and the most that each carries in answers that serve as much.

    Returns
    -------
    DataFrame, index row of ``network.edges``
        near_tpa, flow_tpa, least_tpa, most_tpa; the largest change first, over the widest of its commodity.
    """
    flow = x[: low.n_edges]
    change = np.abs(flow - near) * weights(low)[: low.n_edges]
    change[change <= PRINTED] = 0.0
    found = [int(i) for i in np.argsort(-change, kind="stable")[:MOST_MOVED] if change[i] > 0]
    rows = []
    for i in found:
        one = np.zeros(len(low.program.cost))
        one[i] = 1.0
        least, most = (float(end.x[i]) for end in solver.ends(one, "what a link can carry"))
        rows.append([near[i], flow[i], min(least, flow[i]), max(most, flow[i])])
    return pd.DataFrame(rows, index=found, columns=["near_tpa", "flow_tpa", "least_tpa", "most_tpa"], dtype=float)
