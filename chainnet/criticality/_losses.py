"""What each removal loses, as pure flows or as programs, whoever is served first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.criticality._removals import Removals
from chainnet.engine import arc_losses, group_losses, node_losses
from chainnet.flow import Counting, SharedValue, ValueModel, cut_of, cut_table, market_of, solve_market
from chainnet.lowering import FlowMarket
from chainnet.progress import SILENT, Steps

Cut = Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class Losses:
    """What each removal loses.

    Attributes
    ----------
    lost : array
        Fall of the value, t/yr; below 0 where it rises (others first).
    base : float
        The value, t/yr.
    through : array
        Throughput in one optimal flow, t/yr.
    in_cut : boolean array
        Whether a capacity of what is removed lies in the minimum cut.
    cut : function
        Names the members of the cut.
    flows : array
        Throughput of every node in that flow, t/yr.
    ends : (float, float), optional
        With nobody first: the least and the most of the value that can be the beneficiaries', t/yr.
    ends_left : (array, array), optional
        The same without each removal.
    """

    lost: Array
    base: float
    through: Array
    in_cut: Bools
    cut: Cut
    flows: Array
    ends: tuple[float, float] | None = None
    ends_left: tuple[Array, Array] | None = None


def plain_losses(counting: Counting, what: Removals, top: int | None) -> Losses:
    """Return the losses of a pure flow.

    Notes
    -----
    In a pure flow the largest total of some uses does not depend on who of them comes first, and whoever comes first
    takes what he could get alone. So what is left after the others is the flow to all less that to the others alone,
    and of what all get the beneficiaries have between that and what they could get alone.
    """
    if counting.order == "allies_first":
        return _of_market(market_of(counting), what, top)
    before = counting.order == "allies_last"
    together = counting.rows | counting.rivals if before else counting.valued
    whole = _of_market(market_of(counting, together), what, None)
    rest = _of_market(market_of(counting, together & ~counting.ours), what, None)
    if before:
        return Losses(
            whole.lost - rest.lost, whole.base - rest.base, whole.through, whole.in_cut, whole.cut, whole.flows
        )
    mine = _of_market(market_of(counting, counting.rows), what, None)
    least = (whole.base - whole.lost) - (rest.base - rest.lost)
    return Losses(
        whole.lost,
        whole.base,
        whole.through,
        whole.in_cut,
        whole.cut,
        whole.flows,
        (whole.base - rest.base, mine.base),
        (least, mine.base - mine.lost),
    )


def _of_market(market: FlowMarket, what: Removals, top: int | None) -> Losses:
    network, problem = market.network, market.problem
    base = solve_market(market)
    n = len(network.view("nodes"))
    cut_nodes, cut_arcs = np.zeros(n, dtype=bool), np.zeros(len(network.view("edges")), dtype=bool)
    cut_nodes[base.source_cut.nodes] = True
    cut_arcs[market.rows[base.source_cut.arcs]] = True

    def cut() -> pd.DataFrame:
        return pd.concat([cut_table(market, side) for side in (base.source_cut, base.sink_cut)])

    if what.is_edge:
        flow = np.zeros(len(network.view("edges")))
        flow[market.rows] = base.arc_flow
        lost = np.zeros(len(network.view("edges")))
        lost[market.rows] = arc_losses(problem, base, np.arange(len(market.rows)), top)
        return Losses(lost, base.value, flow, cut_arcs, cut, base.throughput)
    single = what.single
    if single is not None:
        lost = node_losses(problem, base, single, top)
        return Losses(lost, base.value, base.throughput[single], cut_nodes[single], cut, base.throughput)
    through = np.array([base.throughput[m].sum() for m in what.members])
    in_cut = np.array([bool(cut_nodes[m].any()) for m in what.members], dtype=bool)
    lost = group_losses(problem, base, what.members)
    return Losses(lost, base.value, through, in_cut, cut, base.throughput)


def program_losses(model: ValueModel, what: Removals, steps: Steps = SILENT) -> Losses:
    """Return the losses of a value program; each is a step."""
    low, base = model.lowered, model.value
    members = cut_of(model)
    flows = low.throughput(model.base.x)
    if what.is_edge:
        closings = what.members
        through = model.base.x[: low.n_edges]
        rows = members[members["kind"] == "edge"]
        named = set(zip(rows["source"], rows["target"], rows["commodity"].fillna(""), strict=True))
        in_cut = np.array([key in named for key in what.index], dtype=bool)
    else:
        closings = [low.closing(m) for m in what.members]
        through = np.array([flows[m].sum() for m in what.members])
        ids, in_nodes = low.tables.ids, set(members.loc[members["kind"] == "node", "id"])
        in_cut = np.array([any(ids[i] in in_nodes for i in m) for m in what.members], dtype=bool)
    lost = base - model.values_without(closings, steps)
    ends, ends_left = (model.ends, model.ends_without(closings)) if isinstance(model, SharedValue) else (None, None)
    return Losses(lost, base, np.maximum(through, 0.0), in_cut, lambda: members, flows, ends, ends_left)
