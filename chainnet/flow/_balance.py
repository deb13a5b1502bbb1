"""``balance``: who is served when not all can be, tier by tier, then at least cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, Words
from chainnet.audit import Flows, audit_flows, audit_split, passed
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
from chainnet.flow._closest import moved_links, nearest
from chainnet.flow._counting import Counting
from chainnet.flow._fair import share_fairly
from chainnet.flow._law import at_home, home_stages, released
from chainnet.flow._order import Asked, StageTable
from chainnet.flow._stages import SEVERAL, in_finer_sizes, settled
from chainnet.flow._steady import Balance, edge_table, node_table, priced_bounds, tier_table
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.network import Network, kept, say_unlinked
from chainnet.progress import SILENT, Steps, Tell
from chainnet.results import STEADY, limiting_inputs, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, effects_of, overlay_of

EXTRA_COST_USD_PER_T = 1000.0
# two programs per price: beyond this many balances they would cost more than all else together
MOST_RANGED = 500


def balance(
    network: Network,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    *,
    beneficiaries: Words = None,
    order: Asked = None,
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
        Or the name of one that ships with the graph; None = the baseline. Every measure is in force at its full size.
    reroute : {"existing", "none", "new"}
        none: no edge carries more than its baseline flow. existing: edges carry up to capacity.
        new: makers of a commodity may also ship to its users elsewhere, once qualified.
    beneficiaries : list of str, optional
        Countries or groups that are served first; default from the network, else all.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first; default law where a law or an arrangement puts a beneficiary first, else
        allies_first.
        law: the first tier of those beneficiaries that a law or arrangement covers (``network.service``, else that of
        every graph) at ``network.as_of``; then the first tier of all others; then each further tier of everyone
        together. Before all, what users in a country with an export rule in the scenario can get from plants there
        alone. Contracts hold: what does not go to those whom a supplier is bound to is at most the rest of its
        output, as far as they can take it.
        allies_first: all tiers of the beneficiaries, then all tiers of the others. allies_last: all tiers of
        the others taken together, then those of the beneficiaries. The two bound the shortfall.
        alike: nobody first, each tier of all in one stage; who of them is short is then a tie, and
        ``ranges`` says how much of it can fall to the beneficiaries.
        A DataFrame says the stages: stage (a number, lowest first), country (code, group or region) and tier, blank =
        all; demand that no row names comes last. No contract and no export rule plays a part in it.
    commodity : str or list of str, optional
        What counts; default the main commodities.
    fair : bool
        Equal fractions inside a tier, as far as the least shortfall allows; else who is short there is one of several.
    closest : bool
        Of the answers that serve as much, stage by stage, the one whose flows differ least from the baseline, each
        over the widest of its commodity, whatever it costs: what moves in it is not moved for nothing.
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

    See Also
    --------
    service_range, stress_test, reroute, market

    Notes
    -----
    One linear program, re-solved warm once per tier and once for cost; stocks are not drawn.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> cn.balance(net, cn.scenarios(net)["china_out"]).by_tier()["served_tpa"].round(6).tolist()
    [4.0, 6.0, 0.0]
    >>> gallium = cn.read("gallium")
    >>> stop = cn.scenarios(gallium)["china_export_stop_all"]
    >>> cn.balance(gallium, stop).by_tier()["shortfall_tpa"].round(1).to_dict()
    {'defence': 0.0, 'industrial': 18.5, 'civilian': 24.9}
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
    effects = effects_of(network, scenario.measures, scenario.name, said=False) if scenario else []
    flows = Flows(found.edges, found.suppliers, found.nodes, found.demand)
    breaches = [*audit_flows(network, effects, reroute, flows), *audit_split(network, effects, flows)]
    return replace(found, certificate=passed(found.certificate, breaches))


def balance_under(
    counting: Counting,
    overlay: Overlay,
    reroute: Degree = "existing",
    *,
    fair: bool = False,
    closest: bool | Array = False,
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    verify: bool = False,
    stocks: bool = False,
    scenario_name: str = "",
    with_prices: bool = False,
    with_inputs: bool = False,
    with_links: bool = True,
    steps: Steps = SILENT,
) -> Balance:
    """See ``balance``; takes an overlay, may draw stocks once; ``closest`` may be flows to be near to (``moved``).

    Without links nothing is told of ``relations`` and ``suppliers``.
    """
    network, extra = counting.network, extra_cost_usd_per_t
    found = _solved(counting, overlay, reroute, fair, verify, closest, stocks, extra, steps)
    low, last, ranges = found.low, found.last, found.ranges()
    prices = _prices(low, found.program, counting, last) if with_prices else pd.DataFrame()
    settings = {
        **counting.settings,
        "scenario": scenario_name,
        "reroute": reroute,
        "order": counting.order_name,
        **_law_facts(counting, low.overlay),
        "fair": fair,
        **({} if closest is False else {"closest": True}),
        "stocks": "first year" if stocks else "not drawn",
        "extra_cost_usd_per_t": extra_cost_usd_per_t,
        "tiers": list(network.tier_order),
    }
    relations = suppliers = pd.DataFrame()
    if with_links:
        relations = relation_flows(low, last.x[None, :]).drop(columns="period").rename(columns={"flow_t": "flow_tpa"})
        suppliers = new_suppliers(low, last.x)
    limiting = limiting_inputs(network, priced_bounds(low, *found.prices)) if with_inputs else pd.DataFrame()
    source = provenance(network, "HiGHS simplex", rests_on=limiting, **settings)
    return Balance(
        provenance=source,
        demand=stamp(_demand_table(low, counting, last.x, found.open), source),
        nodes=stamp(node_table(network, low.throughput(last.x)), source),
        edges=stamp(edge_table(network, last.x), source),
        relations=stamp(relations, source),
        suppliers=stamp(suppliers, source),
        prices=stamp(prices, source, units=STEADY),
        limiting=stamp(limiting, source),
        cost_usd=float(last.value) + 0.0,
        certificate=found.certificate,
        ranges=None if ranges is None else stamp(ranges, source),
        moved=None if found.moved is None else stamp(found.moved, source),
    )


def _law_facts(counting: Counting, overlay: Overlay) -> dict[str, list[str]]:
    """Return what an answer by law says of itself beside its order: whose exports are held, who is under contract."""
    ids = counting.network.plants["id"]
    bound = sorted({ids.iloc[int(np.flatnonzero(r.sources)[0])] for r in counting.contracts})
    home = list(overlay.home) if counting.law is not None else []
    return {**({"home_first": home} if home else {}), **({"contracts": bound} if bound else {})}


def short_by_tier(
    counting: Counting, overlay: Overlay, reroute: Degree = "existing", *, stocks: bool = False
) -> pd.DataFrame:
    """Return demand, served and shortfall by tier, t/yr: those of ``balance_under``, of which nothing else is told.

    Answers stay with the network: callers must not change them.
    """
    stocks &= not counting.network.view("stocks").empty
    return _short_by_tier(counting.network, counting, overlay, reroute, stocks)


@kept(256)
def _short_by_tier(
    network: Network, counting: Counting, overlay: Overlay, reroute: Degree, stocks: bool
) -> pd.DataFrame:
    found = _solved(counting, overlay, reroute, stocks=stocks)
    return tier_table(_demand_table(found.low, counting, found.last.x, found.open), network.tier_order)


def _solved(
    counting: Counting,
    overlay: Overlay,
    reroute: Degree,
    fair: bool = False,
    verify: bool = False,
    closest: bool | Array = False,
    stocks: bool = False,
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    steps: Steps = SILENT,
) -> _InOrder:
    """Return the answer of ``balance_under``, proved."""
    network = counting.network
    if network.demand.empty:
        raise DataError(
            "balance: the network has no demand table, so nobody can be short. Give demand, or use max_flow."
        )
    stages, overlay = stages_of(counting), overlay.also(counting.contracts)
    cost = extra_cost_usd_per_t
    lowering = partial(lower, network, overlay, reroute, stocks=stocks, extra_cost_usd_per_t=cost)
    steps.more(len(stages) + 1)
    found = _InOrder(stages, counting, fair, verify, closest, steps)
    in_finer_sizes(lowering, found.take, lambda: found.certificate.ok)
    require(found.certificate)
    return found


def stages_of(counting: Counting) -> list[tuple[str, Bools]]:
    """Return the stages in their order: (name, members of the demand table)."""
    main, ours, demand = counting.anyone, counting.ours, counting.network.demand
    has_tier = ~counting.tiers[""]
    tiered = [(name, rows) for name, rows in counting.tiers.items() if name]
    stages = _named_stages(counting) if isinstance(counting.order, StageTable) else _counted_stages(counting)
    if counting.order == "alike":
        ours = np.ones(len(ours), dtype=bool)  # one stage for all
    side = demand["commodity"].fillna("").to_numpy(dtype=object)
    for name, rows in tiered:
        for c in sorted(set(side[~main & rows])):
            for whose, mask in (("", ours), (" of others", ~ours)):
                stages.append((f"{name}, {c}{whose}", ~main & rows & mask & (side == c)))
    stages.append(("without a tier", ~has_tier & ~main))
    return [(name, members) for name, members in stages if members.any()]


def _counted_stages(counting: Counting) -> list[tuple[str, Bools]]:
    """Return the stages of what counts in an order that has a name; some may be empty."""
    main, ours = counting.anyone, counting.ours
    tiers = [(name, main & rows) for name, rows in counting.tiers.items() if name]
    tiers.append(("demand", main & counting.tiers[""]))  # only where no row has a tier
    if counting.order == "alike":
        return tiers
    if counting.law is not None:
        (name, first), *later = tiers
        return [(name, first & counting.covered), (f"{name} of others", first & ~counting.covered), *later]
    mine = [(name, rows & ours) for name, rows in tiers]
    if counting.order == "allies_last":
        return [("all others", main & ~ours), *mine]
    return [*mine, *((f"{name} of others", rows & ~ours) for name, rows in tiers)]


def _named_stages(counting: Counting) -> list[tuple[str, Bools]]:
    """Return the stages of what counts in a table of stages; what it does not name comes last."""
    stage, numbers = counting.stage
    return [
        *((f"stage {number:g}", stage == number) for number in numbers),
        ("not named", counting.anyone & np.isnan(stage)),
    ]


def shared_tiers(counting: Counting, stages: Sequence[tuple[str, Bools]]) -> dict[str, tuple[int, Bools]]:
    """Return the tiers in whose stages others are served too: the last of them, and the beneficiaries' rows."""
    found = {}
    for tier, rows in counting.tiers.items():
        mine = counting.anyone & counting.ours & rows
        at = [number for number, (_, asked) in enumerate(stages) if (asked & mine).any()]
        if any((stages[number][1] & ~mine).any() for number in at):
            found[tier or "demand"] = (at[-1], mine)
    return found


class _InOrder:
    """Serves stage after stage, each kept by a floor, then looks for the least cost; later stages have prices too.

    ``prices`` of columns and rows are the largest over the stages of what counts. ``open``: what floors leave open of
    each demand row.
    """

    low: Lowered
    program: LinearProgram
    last: LinearSolution
    certificate: Certificate
    prices: tuple[Array, Array]
    open: Array
    moved: pd.DataFrame | None = None

    def __init__(
        self,
        stages: list[tuple[str, Bools]],
        counting: Counting,
        fair: bool,
        verify: bool,
        closest: bool | Array,
        steps: Steps,
    ) -> None:
        self._stages, self._counting, self._fair, self._verify = stages, counting, fair, verify
        self._closest, self._told = closest, steps
        self._shared = {} if fair else shared_tiers(counting, stages)

    def take(self, low: Lowered) -> Array:
        """Solve a program; return the columns of the last answer."""
        home = home_stages(self._counting, low.overlay)
        asked = [rows for *_, rows in (*self._stages, *home)]
        ours = [-low.serving(rows) for _, rows in self._shared.values()]
        self._goals = [*map(low.serving, asked), *(cost for ends in ours for cost in (-ends, ends))]
        self._solver = Ordered(
            low.program, "balance", self._goals, unbounded=lambda: _negative_cycle(low.tables.network)
        )
        self.program, self._left = self._solver.program, np.zeros(len(low.served))
        kept = self._at_home(low, home)
        free = released(low.overlay)
        tied = self._served(low, kept, is_last=free is low.overlay)
        if free is not low.overlay:  # what those under contract do not take is for all
            within = low.bounds(free)
            rows = np.append(within[1], np.full(len(self._goals), np.inf))
            self.program = replace(self.program, col_upper=within[0], row_upper=rows)
            tied = self._served(low, kept, within)
        if self._fair:
            share_fairly(low, self._solver, [rows for _, rows in self._stages])
            self._left = np.maximum(self._left, SEVERAL * FAIR * low.flows.demand["demand_tpa"].to_numpy())
        if self._counting.order != "alike":
            self._in_the_middle(low, tied)
        last = self._solver.stage(low.program.cost, "least cost")
        self._told.done("least cost")
        proofs = self._solver.proofs
        if self._closest is not False:
            base = low.tables.network.edges["flow_tpa"].fillna(0.0).to_numpy(dtype=float)
            near = base if self._closest is True else np.asarray(self._closest)
            x, proof = nearest(low, self._solver.model, near)
            last, proofs = replace(last, x=x, value=float(low.program.cost @ x)), [proof, *proofs]
            self.moved = None if self._closest is True else moved_links(low, self._solver, x, near)
        second = self._solver.second(low.program.cost) if self._verify else None
        self.certificate = replace(Certificate.worst(proofs, "balance"), second_value=second)
        self.low, self.last, self.open, self._tied = low, last, self._left, tied
        return last.x

    def ranges(self) -> pd.DataFrame | None:
        """Return what can fall to the beneficiaries of the tiers that they share with others in a stage."""
        if self._counting.order in ("allies_first", "allies_last"):
            return None
        return _range_table(self.low, self._counting, self.last.x, self.open, self._tied)

    def _at_home(self, low: Lowered, home: Sequence[tuple[str, str, Bools]]) -> dict[int, float]:
        """Find what users at home get from plants at home alone, and keep that by floors; return these by goal."""
        kept: dict[int, float] = {}
        first = len(self._stages)
        for number, (country, name, _) in enumerate(home, first):
            closed = at_home(low.tables.network, low.overlay, country)
            mine = {n: value for n, value in kept.items() if home[n - first][0] == country}
            self._within(mine, low.bounds(closed))
            kept[number] = self._solver.stage(self._goals[number], name).value
        self._at_first = self._within(kept) if home else 0.0  # what floors give way before the first stage
        return kept

    def _within(self, kept: Mapping[int, float], bounds: tuple[Array, Array] | None = None) -> float:
        """Put other bounds in place, None = those of the program, and floors within them; return what they give way."""
        self._solver.within(*(bounds or ()))
        return sum(self._solver.floor(number, value) for number, value in kept.items())

    def _served(
        self, low: Lowered, kept: dict[int, float], bounds: tuple[Array, Array] | None = None, *, is_last: bool = True
    ) -> dict[str, list[float]]:
        """Serve the stages in their order, over what is kept already; return what is tied by tier, with its floors."""
        if bounds is not None:
            self._within(kept, bounds)
        self._given_way = self._at_first  # later stages that are kept already only take
        columns, rows = np.zeros(len(low.program.cost)), np.zeros(len(low.program.row_upper))
        mine, tied = self._counting.rows, dict[str, list[float]]()
        for number, (name, asked) in enumerate(self._stages):
            found = self._solver.stage(self._goals[number], name)
            self._told.done(name)
            if (asked & mine).any():
                columns, rows = np.maximum(columns, -found.col_dual), np.maximum(rows, -found.row_dual)
            self._given_way += self._solver.floor(number, found.value)
            kept[number] = found.value
            self._left[asked] = SEVERAL * self._given_way
            for tier, (last, ours) in self._shared.items():
                if last == number and is_last:
                    ends = self._solver.ends(-low.serving(ours), f"{tier}, what can fall to the beneficiaries")
                    tied[tier] = [self._given_way, *(float(end.x[low.served[ours]].sum()) for end in ends)]
        self.prices = columns, rows
        return tied

    def _in_the_middle(self, low: Lowered, tied: Mapping[str, Sequence[float]]) -> None:
        """Keep what falls to the beneficiaries of each tier at the middle of its range, or as near as can be."""
        first = len(self._goals) - 2 * len(self._shared)
        for place, (tier, (_, ours)) in enumerate(self._shared.items()):
            hair, least, most = tied[tier]
            if most - least <= SEVERAL * hair:
                continue
            ends = self._solver.ends(-low.serving(ours), f"{tier}, what still can fall to the beneficiaries")
            lowest, highest = (float(end.x[low.served[ours]].sum()) for end in ends)
            middle = min(max((least + most) / 2, lowest), highest)
            self._given_way += self._solver.floor(first + 2 * place, -middle)
            self._given_way += self._solver.floor(first + 2 * place + 1, middle)
            self._left[ours] = SEVERAL * self._given_way


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


def _nothing(**columns: str) -> pd.DataFrame:
    return pd.DataFrame({column: np.empty(0, dtype=kind) for column, kind in columns.items()})


_NO_RELATIONS = _nothing(period="int64", commodity="object", maker="object", user="object", flow_t="float64")
_NO_SUPPLIERS = _nothing(source="object", target="object", commodity="object", flow_tpa="float64")


def relation_flows(low: Lowered, block: Array) -> pd.DataFrame:
    """Return what new relations carry: period (row of ``block``), commodity, maker, user, flow_t."""
    pairs = low.relations.pairs
    if not len(pairs):
        return _NO_RELATIONS.copy()
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


def new_suppliers(low: Lowered, x: Array) -> pd.DataFrame:
    """Return what new relations carry from plant to plant: source, target, commodity, flow_tpa."""
    links, flow = low.relations, np.asarray(x[low.n_edges : low.n_edges + len(low.relations.tail)], dtype=float)
    if not len(flow):
        return _NO_SUPPLIERS.copy()
    arcs = pd.DataFrame({"tail": links.tail, "head": links.head, "commodity": links.commodity, "flow": flow})
    arcs = arcs[flow > ROUNDING * max(float(flow.max(initial=0.0)), 1.0)]
    pairs = arcs[links.is_pair[arcs.index]].rename(columns={"tail": "offered", "head": "taken"})
    ends = arcs[~links.is_pair[arcs.index]]
    makers = ends[ends["head"].isin(pairs["offered"])].rename(columns={"tail": "source", "head": "offered"})
    users = ends[ends["tail"].isin(pairs["taken"])].rename(columns={"head": "target", "tail": "taken"})
    parts = {"offered": makers, "taken": users}
    for hub, table in parts.items():
        whole = table.groupby(hub)["flow"].transform("sum")
        pairs = pairs.merge(table.assign(**{f"of_{hub}": table["flow"] / whole}).drop(columns=["flow", "commodity"]))
    names, words = np.asarray(low.tables.ids, dtype=object), np.array([*low.commodities, ""], dtype=object)
    return pd.DataFrame(
        {
            "source": names[pairs["source"].to_numpy(dtype=np.int64)],
            "target": names[pairs["target"].to_numpy(dtype=np.int64)],
            "commodity": words[pairs["commodity"].to_numpy(dtype=np.int64)],
            "flow_tpa": (pairs["flow"] * pairs["of_offered"] * pairs["of_taken"]).to_numpy(dtype=float),
        }
    )


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
