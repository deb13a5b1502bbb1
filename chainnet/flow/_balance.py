"""``balance``: who is served when not all can be, tier by tier, then at least cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import (
    Certificate,
    LinearSolution,
    WarmModel,
    certify_linear,
    price_ranges,
    require,
    solve_independently,
)
from chainnet.errors import DataError, SolverError
from chainnet.flow._counting import Counting, Others, Words
from chainnet.flow._fair import share_fairly
from chainnet.flow._largest import edge_table, node_table, priced_bounds
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.network import Network
from chainnet.results import STEADY, Result, decisive_inputs, provenance, stamp
from chainnet.scenario import Scenario, overlay_of

__all__ = ["Balance", "balance", "balance_under", "stages_of"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
EXTRA_COST_USD_PER_T = 1000.0
LOCK_SLACK = 1e-10
# two programs per price: beyond this many balances they would cost more than all else together
MOST_RANGED = 500


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Balance(Result):
    """A steady state: what is served to whom, at least cost.

    Attributes
    ----------
    demand : DataFrame
        One row per demand row: node, commodity, tier, demand_tpa, served_tpa, shortfall_tpa,
        is_counted (whether its tonnes count), is_beneficiary.
    nodes : DataFrame, index id
        throughput_tpa, capacity_tpa, utilisation.
    edges : DataFrame
        One row per row of ``network.edges``: source, target, commodity, flow_tpa, capacity_tpa.
    relations : DataFrame
        New relations in use (degree new): commodity, from and to country, flow_tpa.
    prices : DataFrame, index (id, commodity)
        served_t_per_t: tonnes served per tonne here (value program), one of the duals from
        served_low (per more tonne) to served_high (per tonne less), NaN beyond 500 balances; usd_per_t:
        cost saved per more tonne here (cost program); from_t, to_t: change of supply for which
        served_t_per_t holds.
    decisive : DataFrame
        The inputs that bind what the counted tiers get, weakest grade first: kind, id, label, commodity, tier,
        capacity_tpa, price (tonnes served per tonne, the largest over the tiers), low, high, quality, reference.
    cost_usd : float
        Edge and node cost of what flows, without any shortfall penalty, USD/a.
    certificate : Certificate
        The worst of all stages.
    """

    demand: pd.DataFrame
    nodes: pd.DataFrame
    edges: pd.DataFrame
    relations: pd.DataFrame
    prices: pd.DataFrame
    decisive: pd.DataFrame
    cost_usd: float
    certificate: Certificate

    def by_tier(self) -> pd.DataFrame:
        """Return demand, served and shortfall of what counts, by tier in order, t/a."""
        counted = self.demand[self.demand["is_counted"] & self.demand["is_beneficiary"]]
        table = counted.groupby("tier", sort=False, dropna=False)[["demand_tpa", "served_tpa", "shortfall_tpa"]].sum()
        order = [t for t in self.provenance["settings"]["tiers"] if t in table.index]
        return table.reindex(order) if order else table


def balance(
    network: Network,
    scenario: Scenario | None = None,
    reroute: Degree = "existing",
    *,
    beneficiaries: Words = None,
    others: Others = "after",
    commodity: Words = None,
    fair: bool = False,
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    verify: bool = False,
) -> Balance:
    """Serve demand tier by tier with the least shortfall, then at least cost.

    Parameters
    ----------
    network : Network
        With a demand table. Capacities in t/a; missing capacity means unlimited.
    scenario : Scenario, optional
        None = the network as it stands. Every measure is in force at its full size.
    reroute : {"existing", "frozen", "new"}
        frozen: no edge carries more than its baseline flow. existing: edges carry up to capacity.
        new: makers of a commodity may also ship to its users elsewhere, once qualified.
    beneficiaries : list of str, optional
        Countries or groups that are served first; default from the network, else all.
    others : {"after", "before"}
        after: all tiers of the beneficiaries, then all tiers of the others. before: all tiers of the
        others taken together, then those of the beneficiaries. The two bound the shortfall.
    commodity : str or list of str, optional
        What counts; default the main commodities.
    fair : bool
        Equal fractions inside a tier, as far as the least total shortfall allows; without it, who
        goes short inside a tier is one of several answers.
    extra_cost_usd_per_t : float
        Assumed cost of a tonne over a new relation (degree new).
    verify : bool
        Solve the last stage again with a second solver and compare.

    Returns
    -------
    Balance

    Raises
    ------
    DataError
        If there is no demand table, an argument is unknown, or costs around a cycle are negative.
    SolverError
        If an answer fails its own check.

    Notes
    -----
    One linear program, re-solved warm once per tier and once for cost; stocks are not drawn.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> cn.balance(net, cn.scenarios(net)["china_out"]).by_tier()["served_tpa"].round(6).tolist()
    [4.0, 6.0, 0.0]
    """
    return balance_under(
        Counting.of(network, commodity, beneficiaries, others=others),
        overlay_of(network, scenario),
        reroute,
        fair=fair,
        extra_cost_usd_per_t=extra_cost_usd_per_t,
        verify=verify,
        scenario_name=scenario.name if scenario else "",
        with_prices=True,
        with_inputs=True,
    )


def balance_under(
    counting: Counting,
    overlay: Overlay,
    reroute: Degree = "existing",
    *,
    fair: bool = False,
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    verify: bool = False,
    stocks: bool = False,
    scenario_name: str = "",
    with_prices: bool = False,
    with_inputs: bool = False,
) -> Balance:
    """See ``balance``; takes an overlay, may draw stocks once, looks for prices and what binds only if asked."""
    network = counting.network
    if network.demand.empty:
        raise DataError(
            "balance: the network has no demand table, so nobody can go short. Give demand, or use max_flow."
        )
    stages = stages_of(counting)
    asked: dict[str, Any] = {
        "stocks": stocks,
        "extra_cost_usd_per_t": extra_cost_usd_per_t,
        "locks": [members for _, members in stages],
    }
    low = lower(network, overlay, reroute, **asked)
    last, certificate, bind = _in_order(low, stages, counting.rows, fair, verify)
    finer = low.finer_sizes(last.x)
    if finer is not None:
        fine = lower(network, overlay, reroute, sizes=finer, **asked)
        better, proof, binds = _in_order(fine, stages, counting.rows, fair, verify)
        if proof.ok or not certificate.ok:
            low, last, certificate, bind = fine, better, proof, binds
    require(certificate)
    prices = _prices(low, counting, last) if with_prices else pd.DataFrame()
    settings = {
        **counting.settings,
        "scenario": scenario_name,
        "reroute": reroute,
        "others": counting.others,
        "fair": fair,
        "stocks": "first year" if stocks else "not drawn",
        "extra_cost_usd_per_t": extra_cost_usd_per_t,
        "tiers": list(network.tier_order),
    }
    decisive = decisive_inputs(network, priced_bounds(low, *bind)) if with_inputs else pd.DataFrame()
    source = provenance(network, "HiGHS simplex", rests_on=decisive, **settings)
    return Balance(
        provenance=source,
        demand=stamp(_demand_table(low, counting, last.x), source),
        nodes=stamp(node_table(network, low.throughput(last.x)), source),
        edges=stamp(edge_table(network, last.x), source),
        relations=stamp(_relation_table(low, last.x), source),
        prices=stamp(prices, source, units=STEADY),
        decisive=stamp(decisive, source),
        cost_usd=float(last.value) + 0.0,
        certificate=certificate,
    )


def stages_of(counting: Counting) -> list[tuple[str, Bools]]:
    """Return the locks in their order: (name, members of the demand table)."""
    main, ours, demand = counting.anyone, counting.ours, counting.network.demand
    has_tier = ~counting.tiers[""]
    tiered = [(name, rows) for name, rows in counting.tiers.items() if name]
    untiered_counts = main & ~has_tier  # only where no row has a tier
    stages: list[tuple[str, Bools]] = []
    whole = ("all others", main & ~ours)
    first = [(f"{name}", main & ours & rows) for name, rows in tiered] + [("demand", untiered_counts & ours)]
    rest = [(f"{name} of others", main & ~ours & rows) for name, rows in tiered]
    rest.append(("demand of others", untiered_counts & ~ours))
    stages += [whole, *first] if counting.others == "before" else [*first, *rest]
    side = demand["commodity"].fillna("").to_numpy(dtype=object)
    for name, rows in tiered:
        for c in sorted(set(side[~main & rows])):
            for whose, mask in (("", ours), (" of others", ~ours)):
                stages.append((f"{name}, {c}{whose}", ~main & rows & mask & (side == c)))
    stages.append(("without a tier", ~has_tier & ~main))
    return [(name, members) for name, members in stages if members.any()]


def _in_order(
    low: Lowered, stages: list[tuple[str, Bools]], mine: Bools, fair: bool, verify: bool
) -> tuple[LinearSolution, Certificate, tuple[Array, Array]]:
    """Serve stage after stage, each locked before the next, then look for the least cost.

    Last come the prices of columns and rows, the largest over the stages of what counts (``mine``).
    """
    network = low.tables.network
    model = WarmModel(low.program)
    proofs: list[Certificate] = []
    basis: Any = None
    columns, rows = np.zeros(len(low.program.cost)), np.zeros(len(low.program.row_upper))
    for number, (name, members) in enumerate(stages):
        cost = np.zeros(len(low.program.cost))
        cost[low.served[members]] = -1.0
        model.set_cost(cost)
        found = _optimal(model, basis, network)
        proofs.append(_proof(name, model, found))
        basis = found.basis
        if (members & mine).any():
            columns, rows = np.maximum(columns, -found.col_dual), np.maximum(rows, -found.row_dual)
        # a hair below what was found, so that no later stage fails by rounding
        row = int(low.locks[number])
        slack = max(LOCK_SLACK * -found.value, 100 * LOCK_SLACK * low.program.row_scale[row])
        model.set_row(row, -found.value - slack, np.inf)
    if fair:
        share_fairly(low, model, [members for _, members in stages])
    model.set_cost(low.program.cost)
    last = _optimal(model, basis, network)
    proofs.append(_proof("least cost", model, last, solve_independently(model.current()) if verify else None))
    return last, _worst(proofs), (columns, rows)


def _optimal(model: WarmModel, basis: Any, network: Network) -> LinearSolution:
    found = model.solve(basis)
    if found.status == "infeasible":
        found = model.solve(is_wide=True)  # nothing demands what cannot be; only the rounding of locks can collide
    if found.status == "optimal":
        return found
    if found.status == "unbounded":
        raise DataError(_negative_cycle(network))
    raise SolverError(f"balance: the program is {found.status}; its locks collide by rounding. Report the network.")


def _negative_cycle(network: Network) -> str:
    """Say along which cycle a negative cost could run for ever."""
    import networkx as nx

    edges = network.edges
    unit = network.nodes.set_index("id")["unit_cost_usd_per_t"].fillna(0.0)
    open_edges = edges[edges["capacity_tpa"].isna()]
    graph = nx.DiGraph()
    for row in open_edges.itertuples():
        cost = (0.0 if np.isnan(row.cost_usd_per_t) else row.cost_usd_per_t) + unit.get(row.target, 0.0)
        if not graph.has_edge(row.source, row.target) or graph[row.source][row.target]["weight"] > cost:
            graph.add_edge(row.source, row.target, weight=cost)
    for start in sorted(graph):
        try:
            cycle = nx.find_negative_cycle(graph, start)
        except nx.NetworkXError:
            continue
        way = " -> ".join(cycle)
        return f"edges: the unlimited cycle {way} has a negative cost, so cost has no least value. Limit or correct it."
    return "balance: nothing limits a flow with negative cost. Give capacities or correct cost_usd_per_t."


def _proof(name: str, model: WarmModel, found: LinearSolution, second: float | None = None) -> Certificate:
    program = model.current()
    proof = certify_linear(f"balance, {name}", program, found.x, found.row_dual, program.row_scale)
    return replace(proof, second_value=second)


def _worst(proofs: list[Certificate]) -> Certificate:
    """Return the last proof with the largest gap and breach of all stages."""
    return replace(
        proofs[-1], problem="balance", gap=max(p.gap for p in proofs), violation=max(p.violation for p in proofs)
    )


def _demand_table(low: Lowered, counting: Counting, x: Array) -> pd.DataFrame:
    table = low.flows.demand[["node", "commodity", "tier", "demand_tpa"]].copy()
    wanted = table["demand_tpa"].to_numpy()
    served = np.clip(x[low.served], 0.0, wanted)
    # dust is measured by what can flow, for a demand may be far beyond it
    dust = 1e-6 * np.minimum(low.program.col_scale[low.served], wanted / 1000.0)
    served = np.where(wanted - served <= dust, wanted, np.where(served <= dust, 0.0, served))
    table["served_tpa"] = served
    table["shortfall_tpa"] = wanted - served
    table["is_counted"], table["is_beneficiary"] = counting.anyone, counting.ours
    host = (table["tier"].isna() & ~table["is_counted"]).to_numpy()
    table.loc[host, "shortfall_tpa"] = 0.0  # taken if there, never short
    return table


def _relation_table(low: Lowered, x: Array) -> pd.DataFrame:
    pairs = np.flatnonzero(low.relations.is_pair) + low.n_edges
    table = low.relations.pairs.copy()
    words = np.array([*low.commodities, ""], dtype=object)
    table.insert(0, "commodity", words[table.pop("code").to_numpy(dtype=np.int64)])
    table["flow_tpa"] = x[pairs]
    used = table["flow_tpa"] > 1e-9 * max(float(table["flow_tpa"].max()) if len(table) else 0.0, 1.0)
    if not used.any():
        return table.loc[used, ["commodity", "maker", "user", "flow_tpa"]]
    return table[used].groupby(["commodity", "maker", "user"], as_index=False)["flow_tpa"].sum()


def _prices(low: Lowered, counting: Counting, last: LinearSolution) -> pd.DataFrame:
    """Duals of the balances: of the value program in tonnes served, of the cost program in dollars."""
    program = low.program
    cost = np.zeros(len(program.cost))
    cost[low.served[counting.rows]] = -1.0
    value = WarmModel(program)
    value.set_cost(cost)
    found = value.solve()
    low_bound, high_bound = value.row_ranges()
    n, ids, words = len(counting.network.nodes), low.tables.ids, low.commodities
    keys = [(pair, row) for pair, row in low.balance.items() if pair[0] < n]  # an unbuilt project has no price
    rows = np.array([row for _, row in keys], dtype=np.int64)
    if len(rows) > MOST_RANGED:
        least = most = np.full(len(rows), np.nan)
    else:
        least, most = price_ranges(replace(program, cost=cost), found.value, rows)
    price = found.row_dual[rows] + 0.0
    dust = 2e-6 * np.maximum(1.0, np.abs(price))
    least, most = (np.where(np.abs(end - price) <= dust, price, end) for end in (least, most))
    table = pd.DataFrame(
        {
            "id": [ids[node] for (node, _), _ in keys],
            "commodity": [words[code] for (_, code), _ in keys],
            "served_t_per_t": price,
            "served_low": least,
            "served_high": most,
            "usd_per_t": last.row_dual[rows] + 0.0,
            # a tonne more here lowers the right-hand side of the balance by one
            "from_t": -high_bound[rows],
            "to_t": -low_bound[rows],
        }
    )
    return table.set_index(["id", "commodity"])
