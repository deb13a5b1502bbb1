"""Find what no answer can mend: demand that nothing reaches, and loops of recipes that make goods from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from chainnet import checks
from chainnet._types import INF, Ints
from chainnet.engine import WarmModel
from chainnet.lowering import Lowered, Overlay, Reach, lower, stack
from chainnet.network import Network, kept
from chainnet.words import exact, first_capital, join

COLUMNS = ["kind", "id", "commodity", "tpa", "words"]
_SAID = 3  # rows that a warning names
# surplus of a loop, in units of natural sizes where flows are about a thousand, above which it makes goods
_GAIN = 1e-5


@kept(1)
def impossible(network: Network) -> pd.DataFrame:
    """Return the demand that nothing can reach, and the loops of recipes that make more than they take.

    Parameters
    ----------
    network : Network
        Every project counts as built, and capacities do not matter.

    Returns
    -------
    DataFrame
        kind (demand, loop, or spelling where an edge brings the good in another case), id (the node; of a loop its
        plants, joined by +), commodity, tpa (of demand), words.

    Notes
    -----
    Demand: forward chaining from mines and stocks. Loops: one linear program for each strongly connected component in
    which plants have recipes, with everything from outside closed, so that any surplus is made from nothing. The
    answer stays with the network.

    Examples
    --------
    >>> import chainnet as cn
    >>> len(impossible(cn.read("mag-9")))
    0
    """
    rows = [*_unreached(network), *_loops(network)]
    return pd.DataFrame(rows, columns=COLUMNS)


def impossible_words(network: Network, *, only_sure: bool = False) -> str:
    """Return the first rows of ``impossible`` in words; "" where there are none.

    ``only_sure``: loops, and goods that are spelled in another case than those that edges bring.
    """
    if network.gone or network.view("demand").empty:
        return ""
    table = impossible(network)
    words = table.loc[table["kind"] != "demand", "words"].tolist() if only_sure else table["words"].tolist()
    more = f" {len(words) - _SAID} more are in the table impossible of check." if len(words) > _SAID else ""
    return f"{' '.join(words[:_SAID])}{more}"


def _unreached(network: Network) -> Iterator[tuple[str, str, str, float, str]]:
    """Yield each row of demand with a tier, or of all where none has one, that nothing can reach."""
    t, demand = stack(network), network.view("demand")
    demand = demand if demand["tier"].isna().all() else demand[demand["tier"].notna()]
    demand = demand[(demand["demand_tpa"] > 0).to_numpy()]
    if demand.empty:
        return
    place = demand["node"].map(t.position).to_numpy(dtype=np.int64)
    goods = demand["commodity"].fillna("")
    code = goods.map(t.code).to_numpy(dtype=float)
    known = ~np.isnan(code)
    targets = np.column_stack([place, np.where(known, code, 0).astype(np.int64)])
    stocked = t.stock_place >= 0
    held = np.column_stack([t.stock_place[stocked], t.stock_code[stocked]]).astype(np.int64)
    reached = Reach(network, targets).with_all(held) & known
    reached |= (t.is_mine & ~t.acts)[place]  # it digs what it uses itself
    lacking = demand.assign(commodity=goods)[["node", "commodity", "demand_tpa"]][~reached]
    edges = network.view("edges")
    for node, good, tpa in lacking.itertuples(index=False, name=None):
        brought = sorted(set(edges.loc[(edges["target"] == node).to_numpy(), "commodity"].fillna("")))
        is_case = any(word.casefold() == good.casefold() for word in brought if word != good)
        kind = "spelling" if is_case and good not in brought else "demand"
        yield kind, node, good, float(tpa), _why(node, good, float(tpa), brought)


def _why(node: str, good: str, tpa: float, brought: list[str]) -> str:
    """Say of one row of demand why nothing reaches it, and which good was meant."""
    asked = f"{node} asks for {exact(tpa)} t/yr{f' of {good}' if good else ''}"
    if good in brought:
        return f"{asked}, but nothing that is mined or in stock leads there: it is never served."
    same = [f'"{word}"' for word in brought if word.casefold() == good.casefold()]
    hint = checks.meant(same) if same else checks.near(good, brought)
    if not hint and brought:
        hint = f" edges bring {join([word or 'goods without a name' for word in brought])}."
    said = f"{asked}, but no edge brings it there: it is never served."
    return f"{said} {first_capital(hint.strip())}" if hint else said


def _loops(network: Network) -> Iterator[tuple[str, str, str, float, str]]:
    """Yield each strongly connected part of the chain whose recipes together make more than they take."""
    t = stack(network)
    if not t.acts.any():
        return
    n = len(t.nodes)
    links = csr_array((np.ones(len(t.tail)), (t.tail, t.head)), shape=(n, n))
    _, part = connected_components(links, connection="strong")
    inner = part[t.tail] == part[t.head]
    parts = np.intersect1d(part[t.tail[inner]], part[t.acts])
    if not len(parts):
        return
    low = lower(network, Overlay.none(network).with_built(np.ones(len(network.view("projects")))))
    for number in parts.tolist():
        plants = _makers(low, np.flatnonzero(part == number), np.flatnonzero(inner & (part[t.tail] == number)))
        if plants:
            words = (
                f"The recipes of {join(plants)} pass goods round and make more than they take, so goods come from "
                "nothing. Correct t_per_t in processes."
            )
            yield "loop", " + ".join(plants), "", np.nan, words


def _makers(low: Lowered, nodes: Ints, edges: Ints) -> list[str]:
    """Return the plants of a part of the chain that make a surplus with all from outside closed, if there are any."""
    p, t = low.program, low.tables
    recipes = t.recipes
    fed = np.intersect1d(nodes, recipes.loc[recipes["role"] == "input", "node"].to_numpy(dtype=np.int64))
    standins = np.arange(low.flows.standin_start, low.flows.draw_start)
    mine = np.concatenate([edges, low.flows.activity[fed], standins])
    upper = np.zeros(len(p.col_upper))
    upper[mine] = np.where(p.col_upper[mine] > 0, 1000.0 * p.col_scale[mine], 0.0)
    balance = np.array(sorted(low.balance.values()), dtype=np.int64)
    row_lower, row_upper = p.row_lower.copy(), np.where(np.isfinite(p.row_upper) & (p.row_upper > 0), INF, p.row_upper)
    row_lower[balance], row_upper[balance] = 0.0, INF
    weight = np.zeros(len(p.row_scale))
    weight[balance] = 1.0 / p.row_scale[balance]
    cost = -(p.matrix.T @ weight)
    cost[upper == 0] = 0.0
    model = WarmModel(replace(p, col_upper=upper, row_lower=row_lower, row_upper=row_upper, cost=cost))
    found = model.solve(is_neat=False)
    if found.status != "optimal" or -found.value <= _GAIN:
        return []
    running = found.x[low.flows.activity[fed]] > _GAIN * p.col_scale[low.flows.activity[fed]]
    return [t.ids[node] for node in fed[running]]
