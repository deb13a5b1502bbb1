"""``balance``: who is served when not all can be, tier by tier, then at least cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Words
from chainnet.engine import (
    FAIR,
    PRINTED,
    ROUNDING,
    Certificate,
    LinearProgram,
    LinearSolution,
    Ordered,
    WarmModel,
    price_ranges,
    require,
)
from chainnet.errors import DataError
from chainnet.flow._closest import closest_to_baseline
from chainnet.flow._counting import Counting, Order
from chainnet.flow._fair import share_fairly
from chainnet.flow._largest import edge_table, node_table, priced_bounds
from chainnet.flow._stages import SEVERAL, in_finer_sizes, settled
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.network import Network, say_unlinked
from chainnet.progress import SILENT, Steps, Tell
from chainnet.results import STEADY, Result, limiting_inputs, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of

EXTRA_COST_USD_PER_T = 1000.0
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
    limiting : DataFrame
        The inputs that bind what the counted tiers get, the weakest first: kind, id, label, commodity, tier,
        capacity_tpa, price (tonnes served per tonne, the largest over the tiers), low, high, quality, reference.
    cost_usd : float
        Edge and node cost of what flows, without any shortfall penalty, USD/a.
    certificate : Certificate
        The worst of all stages.
    ranges : DataFrame or None, index tier
        With ``order="alike"``, else None: demand_tpa of the beneficiaries, and the least and the most of it that
        is served (served_least_tpa, served_most_tpa) and short (shortfall_least_tpa, shortfall_most_tpa) among the
        answers that serve all together most; with ``fair`` the equal fractions, where least and most are one.
    """

    demand: pd.DataFrame
    nodes: pd.DataFrame
    edges: pd.DataFrame
    relations: pd.DataFrame
    prices: pd.DataFrame
    limiting: pd.DataFrame
    cost_usd: float
    certificate: Certificate
    ranges: pd.DataFrame | None = None

    def by_tier(self) -> pd.DataFrame:
        """Return demand, served and shortfall of what counts, by tier in order, t/yr.

        With ``order="alike"`` also ``shortfall_least_tpa`` and ``shortfall_most_tpa`` of ``ranges``: between
        them the shortfall itself is one of several answers.
        """
        counted = self.demand[self.demand["is_counted"] & self.demand["is_beneficiary"]]
        table = counted.groupby("tier", sort=False, dropna=False)[["demand_tpa", "served_tpa", "shortfall_tpa"]].sum()
        order = [t for t in self.provenance["settings"]["tiers"] if t in table.index]
        table = table.reindex(order) if order else table
        return table if self.ranges is None else table.join(self.ranges[["shortfall_least_tpa", "shortfall_most_tpa"]])


def balance(
    network: Network,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    *,
    beneficiaries: Words = None,
    order: Order = "allies_first",
    commodity: Words = None,
    fair: bool = False,
    closest: bool = False,
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    verify: bool = False,
    progress: Tell | None = None,
) -> Balance:
    """Serve demand tier by tier with the least shortfall, then at least cost.

    Parameters
    ----------
    network : Network
        With a demand table. Capacities in t/yr; missing capacity means no limit.
    scenario : Scenario or str, optional
        A scenario, or the name of one that ships with the graph.
        None = the baseline. Every measure is in force at its full size.
    reroute : {"existing", "none", "new"}
        none: no edge carries more than its baseline flow. existing: edges carry up to capacity.
        new: makers of a commodity may also ship to its users elsewhere, once qualified.
    beneficiaries : list of str, optional
        Countries or groups that are served first; default from the network, else all.
    order : {"allies_first", "allies_last", "alike"}
        allies_first: all tiers of the beneficiaries, then all tiers of the others. allies_last: all tiers of
        the others taken together, then those of the beneficiaries. The two bound the shortfall.
        alike: nobody first, each tier of all in one stage; who of them is short is then a tie, and
        ``ranges`` says how much of it can fall to the beneficiaries.
    commodity : str or list of str, optional
        What counts; default the main commodities.
    fair : bool
        Equal fractions inside a tier, as far as the least total shortfall allows; without it, who
        is short inside a tier is one of several answers.
    closest : bool
        Of equally good answers (as much served stage by stage, at the same cost) the one whose flows differ least
        from the baseline, each over the widest of its commodity: what moves in it is not moved for nothing.
    extra_cost_usd_per_t : float
        Assumed cost of a tonne over a new relation (degree new).
    verify : bool
        Solve the last stage again with a second solver and compare.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Balance

    Raises
    ------
    DataError
        If there is no demand table, an argument is unknown, or costs around a cycle are negative.
    SolverError
        If an answer fails its own check.

    Warns
    -----
    ChainnetWarning
        If new relations are asked and somebody can find no supplier even so: no row of ``edges`` with what they need
        ends there.

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
    steps = Steps("tiers in their order, then cost", progress)
    scenario = asked_scenario(network, scenario)
    if reroute == "new" and not network.gone:
        say_unlinked(network)
    found = balance_under(
        Counting.of(network, commodity, beneficiaries, order=order),
        overlay_of(network, scenario),
        reroute,
        fair=fair,
        closest=closest,
        extra_cost_usd_per_t=extra_cost_usd_per_t,
        verify=verify,
        scenario_name=scenario.name if scenario else "",
        with_prices=True,
        with_inputs=True,
        steps=steps,
    )
    steps.end()
    return found


def balance_under(
    counting: Counting,
    overlay: Overlay,
    reroute: Degree = "existing",
    *,
    fair: bool = False,
    closest: bool = False,
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    verify: bool = False,
    stocks: bool = False,
    scenario_name: str = "",
    with_prices: bool = False,
    with_inputs: bool = False,
    steps: Steps = SILENT,
) -> Balance:
    """See ``balance``; takes an overlay, may draw stocks once, looks for prices and what binds only if asked."""
    network = counting.network
    if network.demand.empty:
        raise DataError(
            "balance: the network has no demand table, so nobody can be short. Give demand, or use max_flow."
        )
    stages = stages_of(counting)
    lowering = partial(
        lower,
        network,
        overlay,
        reroute,
        stocks=stocks,
        extra_cost_usd_per_t=extra_cost_usd_per_t,
    )
    steps.more(len(stages) + 1)
    found = _InOrder(stages, counting, fair, verify, closest, steps)
    in_finer_sizes(lowering, found.take, lambda: found.certificate.ok)
    low, last, certificate = found.low, found.last, require(found.certificate)
    prices = _prices(low, found.program, counting, last) if with_prices else pd.DataFrame()
    settings = {
        **counting.settings,
        "scenario": scenario_name,
        "reroute": reroute,
        "order": counting.order,
        "fair": fair,
        **({"closest": True} if closest else {}),
        "stocks": "first year" if stocks else "not drawn",
        "extra_cost_usd_per_t": extra_cost_usd_per_t,
        "tiers": list(network.tier_order),
    }
    relations = relation_flows(low, last.x[None, :]).drop(columns="period").rename(columns={"flow_t": "flow_tpa"})
    limiting = limiting_inputs(network, priced_bounds(low, *found.prices)) if with_inputs else pd.DataFrame()
    source = provenance(network, "HiGHS simplex", rests_on=limiting, **settings)
    return Balance(
        provenance=source,
        demand=stamp(_demand_table(low, counting, last.x, found.open), source),
        nodes=stamp(node_table(network, low.throughput(last.x)), source),
        edges=stamp(edge_table(network, last.x), source),
        relations=stamp(relations, source),
        prices=stamp(prices, source, units=STEADY),
        limiting=stamp(limiting, source),
        cost_usd=float(last.value) + 0.0,
        certificate=certificate,
        ranges=None if found.ranges is None else stamp(found.ranges, source),
    )


def stages_of(counting: Counting) -> list[tuple[str, Bools]]:
    """Return the stages in their order: (name, members of the demand table)."""
    main, ours, demand = counting.anyone, counting.ours, counting.network.demand
    has_tier = ~counting.tiers[""]
    tiered = [(name, rows) for name, rows in counting.tiers.items() if name]
    untiered_counts = main & ~has_tier  # only where no row has a tier
    stages: list[tuple[str, Bools]] = []
    whole = ("all others", main & ~ours)
    if counting.order == "alike":
        ours = np.ones(len(ours), dtype=bool)  # one stage for all
    first = [(f"{name}", main & ours & rows) for name, rows in tiered] + [("demand", untiered_counts & ours)]
    rest = [(f"{name} of others", main & ~ours & rows) for name, rows in tiered]
    rest.append(("demand of others", untiered_counts & ~ours))
    stages += [whole, *first] if counting.order == "allies_last" else [*first, *rest]
    side = demand["commodity"].fillna("").to_numpy(dtype=object)
    for name, rows in tiered:
        for c in sorted(set(side[~main & rows])):
            for whose, mask in (("", ours), (" of others", ~ours)):
                stages.append((f"{name}, {c}{whose}", ~main & rows & mask & (side == c)))
    stages.append(("without a tier", ~has_tier & ~main))
    return [(name, members) for name, members in stages if members.any()]


class _InOrder:
    """Serves stage after stage, each kept by a floor, then looks for the least cost; later stages have prices too.

    ``prices`` of columns and rows are the largest over the stages of what counts. ``ranges``: with nobody first, what
    can fall to the beneficiaries of each stage in which they ask for what counts. ``open``: what floors leave open of
    each demand row.
    """

    low: Lowered
    program: LinearProgram
    last: LinearSolution
    certificate: Certificate
    prices: tuple[Array, Array]
    open: Array
    ranges: pd.DataFrame | None

    def __init__(
        self,
        stages: list[tuple[str, Bools]],
        counting: Counting,
        fair: bool,
        verify: bool,
        closest: bool,
        steps: Steps,
    ) -> None:
        self._stages, self._counting, self._fair, self._verify = stages, counting, fair, verify
        self._closest, self._told = closest, steps

    def take(self, low: Lowered) -> Array:
        """Solve a program; return the columns of the last answer."""
        goals = [low.serving(asked) for _, asked in self._stages]
        stages = Ordered(low.program, "balance", goals, unbounded=lambda: _negative_cycle(low.tables.network))
        columns, rows = np.zeros(len(low.program.cost)), np.zeros(len(low.program.row_upper))
        mine = self._counting.rows
        given_way, tied = 0.0, dict[str, list[float]]()
        left = np.zeros(len(low.served))
        for number, (name, asked) in enumerate(self._stages):
            found = stages.stage(goals[number], name)
            self._told.done(name)
            if (asked & mine).any():
                columns, rows = np.maximum(columns, -found.col_dual), np.maximum(rows, -found.row_dual)
            given_way += stages.floor(number, found.value)
            left[asked] = SEVERAL * given_way
            if self._counting.order == "alike" and (asked & mine).any():
                ends = stages.ends(-low.serving(asked & mine), f"{name}, what can fall to the beneficiaries")
                tied[name] = [given_way, *(float(end.x[low.served[asked & mine]].sum()) for end in ends)]
        if self._fair:
            share_fairly(low, stages, [rows for _, rows in self._stages])
            left = np.maximum(left, SEVERAL * FAIR * low.flows.demand["demand_tpa"].to_numpy())
        last = stages.stage(low.program.cost, "least cost")
        self._told.done("least cost")
        proofs = stages.proofs
        if self._closest:
            x, proof = closest_to_baseline(low, stages.model, last)
            last, proofs = replace(last, x=x), [proof, *proofs]
        ties = {} if self._fair else tied
        is_tied = self._counting.order == "alike"
        self.ranges = _range_table(low, self._counting, last.x, left, ties) if is_tied else None
        second = stages.second(low.program.cost) if self._verify else None
        self.certificate = replace(Certificate.worst(proofs, "balance"), second_value=second)
        self.low, self.program, self.last = low, stages.program, last
        self.prices, self.open = (columns, rows), left
        return last.x


def _range_table(
    low: Lowered, counting: Counting, x: Array, left: Array, tied: Mapping[str, Sequence[float]]
) -> pd.DataFrame:
    """Return the least and the most served to the beneficiaries of each tier; without a tie what ``x`` serves."""
    rows = _demand_table(low, counting, x, left)[counting.rows]
    grouped = rows.assign(tier=rows["tier"].fillna("demand")).groupby("tier")[["demand_tpa", "served_tpa"]].sum()
    asked, served = grouped["demand_tpa"], grouped["served_tpa"]
    table = pd.DataFrame({"demand_tpa": asked})
    # what floors have given way is no tie; a tonne of one tier may stand for several of another
    slack = pd.Series({name: SEVERAL * ends[0] for name, ends in tied.items()}, dtype=float).reindex(asked.index)
    dust = PRINTED * np.minimum(float(low.program.col_scale[low.served].max(initial=0.0)), asked / 1000.0)
    dust = np.maximum(dust, slack.fillna(0.0))
    for end, place, beyond in (("least", 1, np.minimum), ("most", 2, np.maximum)):
        found = pd.Series({name: ends[place] for name, ends in tied.items()}, dtype=float).reindex(asked.index)
        found = found.where((found - served).abs() > dust, served)  # what differs by rounding is one answer
        found = found.where(found > dust, 0.0).where(asked - found > dust, asked)
        table[f"served_{end}_tpa"] = beyond(found.fillna(served), served)
    table["shortfall_least_tpa"] = asked - table["served_most_tpa"]
    table["shortfall_most_tpa"] = asked - table["served_least_tpa"]
    order = [name for name in (*counting.network.tier_order, "demand") if name in table.index]
    return table.loc[order]


def _negative_cycle(network: Network) -> str:
    """Say along which cycle a negative cost could run for ever."""
    import networkx as nx

    edges = network.edges
    unit = network.nodes.set_index("id")["unit_cost_usd_per_t"].fillna(0.0)
    open_edges = edges[edges["capacity_tpa"].isna()]
    graph = nx.DiGraph()
    freight = open_edges["cost_usd_per_t"].fillna(0.0)
    for source, target, usd in zip(open_edges["source"], open_edges["target"], freight, strict=True):
        cost = usd + unit.get(target, 0.0)
        if not graph.has_edge(source, target) or graph[source][target]["weight"] > cost:
            graph.add_edge(source, target, weight=cost)
    for start in sorted(graph):
        try:
            cycle = nx.find_negative_cycle(graph, start)
        except nx.NetworkXError:
            continue
        way = " -> ".join(cycle)
        return (
            f"edges: the cycle {way} has no limit and a negative cost, so cost has no least value. Limit or correct it."
        )
    return "balance: nothing limits a flow with negative cost. Give capacities or correct cost_usd_per_t."


def _demand_table(low: Lowered, counting: Counting, x: Array, left: Array) -> pd.DataFrame:
    """Return what is served and short of each demand row; ``left`` is what floors leave open of it, t/yr."""
    table = low.flows.demand[["node", "commodity", "tier", "demand_tpa"]].copy()
    wanted = table["demand_tpa"].to_numpy()
    served = np.clip(x[low.served], 0.0, wanted)
    # dust is measured by what can flow, for a demand may be far beyond it
    flows = low.program.col_scale[low.served]
    dust = PRINTED * np.minimum(flows, wanted / 1000.0)
    dust = np.maximum(dust, np.minimum(left, PRINTED * np.minimum(1000.0 * flows, wanted)))
    served = settled(served, wanted, dust)
    table["served_tpa"] = served
    table["shortfall_tpa"] = wanted - served
    table["is_counted"], table["is_beneficiary"] = counting.anyone, counting.ours
    host = (table["tier"].isna() & ~table["is_counted"]).to_numpy()
    table.loc[host, "shortfall_tpa"] = 0.0  # taken if there, never short
    return table


def relation_flows(low: Lowered, block: Array) -> pd.DataFrame:
    """Return what new relations carry: period (row of ``block``), commodity, maker, user, flow_t."""
    pairs = low.relations.pairs
    flow = block[:, low.n_edges + np.flatnonzero(low.relations.is_pair)]
    period, pair = np.nonzero(flow > ROUNDING * max(float(flow.max(initial=0.0)), 1.0))
    words = np.array([*low.commodities, ""], dtype=object)
    table = pd.DataFrame(
        {
            "period": period,
            "commodity": words[pairs["code"].to_numpy(dtype=np.int64)][pair],
            "maker": pairs["maker"].to_numpy(dtype=object)[pair],
            "user": pairs["user"].to_numpy(dtype=object)[pair],
            "flow_t": flow[period, pair],
        }
    )
    return table.groupby(["period", "commodity", "maker", "user"], as_index=False)[["flow_t"]].sum()


def _prices(low: Lowered, program: LinearProgram, counting: Counting, last: LinearSolution) -> pd.DataFrame:
    """Duals of the balances: of the value program in tonnes served, of the cost program in dollars."""
    cost = low.serving(counting.rows)
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
    dust = 2 * PRINTED * np.maximum(1.0, np.abs(price))
    least, most = (np.where(np.abs(end - price) <= dust, price, end) for end in (least, most))
    table = pd.DataFrame(
        {
            "id": [ids[node] for (node, _), _ in keys],
            "commodity": [words[code] for (_, code), _ in keys],
            "served_t_per_t": price,
            "served_low": least,
            "served_high": most,
            "usd_per_t": last.row_dual[rows] + 0.0,
            # a tonne more here lowers the right-hand side of the balance by one; what does not bind is ranged by
            # where it stands, and holds from here to there
            "from_t": np.minimum(-high_bound[rows], 0.0),
            "to_t": np.maximum(-low_bound[rows], 0.0),
        }
    )
    return table.set_index(["id", "commodity"])
