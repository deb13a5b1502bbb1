"""Bounds and costs of the linear program under an overlay: what changes while the matrix stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csc_array

from chainnet._types import INF, Array, Bools, Ints
from chainnet.engine import LinearProgram
from chainnet.errors import DataError
from chainnet.lowering._overlay import Overlay
from chainnet.lowering._relations import Relations
from chainnet.lowering._rows import Flows, NamedRows, Tables
from chainnet.lowering._strands import Strands

_ROUNDS = 8


def assemble(
    t: Tables, overlay: Overlay, degree: str, rows: NamedRows, flows: Flows, strands: Strands, sizes: Array | None
) -> tuple[LinearProgram, Array, Ints]:
    """Put scales to the rows, bounds open; return also the size of each commodity and the code of each column."""
    n_cols = strands.first + len(strands.code)
    size = commodity_sizes(t, overlay, degree, flows.demand) if sizes is None else sizes
    codes = [
        flows.commodity,
        t.main_code,
        flows.standins["code"],
        t.stock_code,
        flows.demand["code"],
        strands.code,
    ]
    code = np.concatenate([np.asarray(c, dtype=np.int64) for c in codes])
    col_scale = size[code]
    program = rows.program(np.zeros(n_cols), size=col_scale)
    return replace(program, row_scale=_row_sizes(program.matrix, rows.names, size, col_scale)), size, code


def close_classes(upper: Array, overlay: Overlay, relations: Relations, strands: Strands, n_edges: int) -> None:
    """Close relations of plants out of use, and the classes of restrictions in force.

    Of a class relations are always closed, edges and tracked flows where nothing may cross.
    """
    n_flows = n_edges + len(relations.tail)
    idle = np.concatenate([out_of_use(overlay), np.zeros(relations.n_hubs, dtype=bool)])
    upper[n_edges:n_flows][idle[relations.tail] | idle[relations.head]] = 0.0
    for number, restriction in enumerate(overlay.restrictions):
        if restriction.bound_tpa == INF or restriction.part is not None:
            continue
        if not restriction.is_strand:
            upper[n_edges:n_flows][relations.classes[number]] = 0.0
            continue
        columns = strands.counted[number]
        if restriction.bound_tpa > 0:
            edge, is_strand = columns.copy(), columns >= strands.first
            edge[is_strand] = strands.edge[columns[is_strand] - strands.first]
            columns = columns[edge >= n_edges]
        upper[columns] = 0.0
    # a mark taken where nothing asks for it only does harm
    for columns, limits in strands.dodging:
        if all(overlay.restrictions[i].bound_tpa == INF for i in limits):
            upper[columns] = 0.0


def _row_sizes(matrix: csc_array, names: list[tuple[str, int, int]], size: Array, col_scale: Array) -> Array:
    """A balance has the size of its commodity, any other row the mean one of its columns."""
    coo = matrix.tocoo()
    n = matrix.shape[0]
    row, col, value = (part[coo.data != 0] for part in (coo.row, coo.col, coo.data))
    logs = np.bincount(row, np.log(np.abs(value) * col_scale[col]), minlength=n)
    # geometric: beside a large column a small one would be lost to the solver
    mean = np.exp(logs / np.maximum(np.bincount(row, minlength=n), 1))
    own = [size[k] if kind in ("balance", "strand") else mean[i] for i, (kind, _, k) in enumerate(names)]
    return np.array(own, dtype=float)


def node_caps(t: Tables, overlay: Overlay) -> Array:
    """Return capacities of nodes and projects under the overlay, t/yr; inf = no limit, unbuilt = 0."""
    network, n = t.network, t.n_nodes
    share = overlay.node_share
    partial = (share != 1.0) & (share != 0.0)
    caps = t.node_capacity
    if (partial & np.isnan(caps)).any():
        caps = np.concatenate(
            [network.finite_capacity("nodes", partial[:n]), network.finite_capacity("projects", partial[n:])]
        )
    caps = np.where(np.isnan(caps), INF, caps)
    caps = np.where(share == 0, 0.0, caps * np.where(share == 0, 1.0, share))
    built = overlay.built
    size = caps[n:].copy()
    finite = np.isfinite(size)
    size[finite] *= built[finite]
    size[built == 0] = 0.0
    return np.concatenate([caps[:n], size])


def out_of_use(overlay: Overlay) -> Bools:
    """Return which nodes, then projects, are removed or not built: nothing reaches or leaves them."""
    n = len(overlay.node_share) - len(overlay.built)
    return np.asarray(np.concatenate([np.zeros(n, dtype=bool), overlay.built == 0]) | (overlay.node_share == 0))


def edge_caps(t: Tables, overlay: Overlay, degree: str) -> Array:
    """Return capacities of edges under the overlay, t/yr; edges of dead nodes and unbuilt projects carry nothing."""
    network = t.network
    share = overlay.edge_share
    partial = (share != 1.0) & (share != 0.0)
    unknown = (partial & np.isnan(t.edge_capacity)).any()
    caps = network.finite_capacity("edges", partial) if unknown else t.edge_capacity
    caps = np.where(np.isnan(caps), INF, caps)
    n, asleep = t.n_nodes, out_of_use(overlay)
    dead = asleep[t.tail] | asleep[t.head] | (share == 0)
    if degree == "none":
        flow = t.edge_flow
        project = np.isin(t.ids, list(network.built_projects)) | (np.arange(len(t.ids)) >= n)
        new = project[t.tail] | project[t.head]  # edges of projects have no baseline
        lacking = np.isnan(flow) & ~dead & ~new
        if lacking.any():
            pairs = (network.edges["source"] + " -> " + network.edges["target"])[lacking].tolist()
            raise DataError(
                f"reroute=none: no baseline flow on {', '.join(pairs[:5])}"
                f"{f' and {len(pairs) - 5} more' if len(pairs) > 5 else ''}; "
                "none means that no edge carries more than its flow_tpa. Fill flow_tpa or ask for existing."
            )
        caps = np.where(new, caps, np.minimum(caps, np.where(np.isnan(flow), 0.0, flow)))
    scaled = np.where(np.isinf(caps), INF, caps * np.where(np.isinf(caps), 1.0, share))
    scaled = np.where(dead, 0.0, scaled)
    for restriction in overlay.restrictions:
        if restriction.bound_tpa == 0 and not restriction.is_strand and restriction.part is None:
            scaled[restriction.edges] = 0.0
    return scaled


def stock_draws(t: Tables, overlay: Overlay) -> Array:
    """Return what each stock can give in one year: min(stock, release), t."""
    if not len(overlay.stock_share):
        return np.empty(0)
    held = t.held * overlay.stock_share
    amount = np.minimum(held, release_rate(t, overlay))
    alive = t.stock_place >= 0
    alive[alive] = overlay.node_share[t.stock_place[alive]] != 0
    return np.where(alive, amount, 0.0)


def release_rate(t: Tables, overlay: Overlay) -> Array:
    """Return the most that each stock may give, t/yr; inf = at once.

    What is left of a store gives as much less a year as it holds less; a rate that a ``release`` measure
    names is what that measure lets out, whatever is left.
    """
    own = np.where(np.isnan(t.release), INF, t.release * overlay.stock_share)
    return np.asarray(np.minimum(own, overlay.release_tpa))


def edge_costs(t: Tables, overlay: Overlay, tail: Ints, head: Ints, relations: Relations, extra: float) -> Array:
    """Cost of a tonne on each edge: its own, what measures add, and the unit cost of nodes without a process."""
    own = t.edge_cost + overlay.edge_cost
    cost = np.concatenate([own, np.where(relations.is_pair, extra, 0.0)])
    unit = np.concatenate([t.unit_cost, np.zeros(relations.n_hubs)])
    mine = np.concatenate([~t.acts & t.is_mine, np.zeros(relations.n_hubs, dtype=bool)])
    other = np.concatenate([~t.acts, np.zeros(relations.n_hubs, dtype=bool)]) & ~mine
    return np.asarray(cost + np.where(mine[tail], unit[tail], 0.0) + np.where(other[head], unit[head], 0.0))


def commodity_sizes(t: Tables, overlay: Overlay, degree: str, demand: pd.DataFrame) -> Array:
    """Natural size of each commodity, so that its largest flow meets the solver as about a thousand.

    What can flow is bounded by what its makers can make of what reaches them, and by what its users
    can use; both are followed along the chain, projects as if built. Where neither is limited, by the
    largest finite edge. A far too large size would hide small flows behind the solver's tolerance.
    """
    k, n = len(t.code), len(t.nodes)
    whole = overlay.with_built(np.ones(len(overlay.built)))
    caps, edge_upper = node_caps(t, whole), edge_caps(t, whole, degree)
    node, code, per, taken, joint = t.lines
    needs, mixed = taken & ~joint, np.unique(node[taken & joint])
    mine = t.is_mine & ~t.acts
    dug = np.unique(t.tail[mine[t.tail]] * k + t.commodity[mine[t.tail]])
    asked = np.bincount(demand["code"].to_numpy(np.int64), demand["demand_tpa"].to_numpy(dtype=float), minlength=k)
    entering = np.bincount(t.head * k + t.commodity, edge_upper, minlength=n * k) if degree != "new" else None
    supply, use = np.full(k, INF), np.full(k, INF)
    acts = np.isin(np.arange(n), node)
    activity = np.where(acts, caps, 0.0)
    given = _stored(t, k)
    given += np.bincount(dug % k, np.minimum(caps[dug // k], _leaving(t, edge_upper, dug, k)), minlength=k)
    for _ in range(_ROUNDS):
        reach = supply[code] if entering is None else np.minimum(supply[code], entering[node * k + code])
        np.minimum.at(activity, node[needs], (reach / per)[needs])
        standin = np.bincount(node[taken & joint], (reach / per)[taken & joint], minlength=n)
        activity[mixed] = np.minimum(activity[mixed], standin[mixed])
        wanted = np.zeros(n)
        np.maximum.at(wanted, node[~taken], (use[code] / per)[~taken])
        activity = np.minimum(activity, np.where(acts, wanted, 0.0))
        amount = activity[node] * per
        before = supply, use
        supply = np.minimum(supply, np.bincount(code[~taken], amount[~taken], minlength=k) + given)
        use = np.minimum(use, asked + np.bincount(code[taken], amount[taken], minlength=k))
        if np.array_equal((supply, use), before):  # then no further round moves them
            break
    bound = np.minimum(supply, use)
    finite = np.isfinite(edge_upper)
    edge = np.zeros(k)
    np.maximum.at(edge, t.commodity[finite], edge_upper[finite])
    bound = np.where(np.isfinite(bound), bound, edge)
    some = bound[bound > 0]
    # what cannot flow has no size of its own: the middle of the others disturbs nobody
    bound = np.where(bound > 0, bound, np.exp(np.log(some).mean()) if len(some) else 1000.0)
    return np.asarray(np.maximum(bound, 1e-6) / 1000.0)


def _leaving(t: Tables, edge_upper: Array, keys: Ints, k: int) -> Array:
    """Most that the edges of each (node, commodity) can take away."""
    return np.asarray(np.bincount(t.tail * k + t.commodity, edge_upper, minlength=len(t.nodes) * k)[keys])


def _stored(t: Tables, k: int) -> Array:
    """Tonnes in store of each commodity."""
    return np.asarray(np.bincount(t.stock_code, t.held, minlength=k), dtype=float)
