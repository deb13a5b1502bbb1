"""What the loss of a node costs until it is back, and how long it can be borne (Simchi-Levi)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.criticality._checks import ranks
from chainnet.criticality._exposure_last import ExposureLast
from chainnet.criticality._exposure_program import ExposureProgram
from chainnet.criticality._finding import ranking, unranked
from chainnet.criticality._removals import Removals, removals
from chainnet.errors import DataError, UnknownIdError
from chainnet.flow import Counting, Valued, binding_inputs, valued_order
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import Ranking, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of
from chainnet.words import NBSP, dollars, weight


def risk_exposure(
    network: Network,
    recovery: float | Mapping[Any, float] | pd.Series,
    by: str = "node",
    *,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    order: Valued = "allies_first",
    verify: bool = False,
    progress: Tell | None = None,
) -> Ranking:
    """Say what the loss of each node costs until it has recovered, and how long it can be borne.

    While X is out for its recovery time t, the rest of the network makes, ships and draws on stocks so
    that the least value is lost: cost = min sum of ``demand.value_usd_per_t`` x tonnes lost, over all
    plans in which capacities and demand count t times and stocks once. The time to survive is the
    longest time in which nothing at all need be lost. Lead times, costs of transport and of production
    are left out: they are taken to be small beside the loss.

    Parameters
    ----------
    network : Network
        With a demand table. Capacities, demand and releases of stocks are per period, whatever the
        period of the network is (a year in shipped graphs).
    recovery : number, or Series or mapping from index value to number
        Periods until what dropped out is back, 0 or more; what is missing recovers at once.
    by : str
        What drops out, one at a time, as in ``chokepoints``: node, edge, site, country, operator, ...
    scenario : Scenario or str, optional
        Ask what is lost on top of a scenario.
    reroute : {"existing", "none", "new"}
        How far flows may leave the baseline.
    commodity, beneficiaries : optional
        What and whose demand counts; default from the network. Demand of value 0 never counts.
    order : {"allies_first", "allies_last", "alike"}
        allies_first: others are served from what the beneficiaries leave, so their demand costs nothing.
        allies_last: in every window all others first get as much as they can; a removal can then also leave more than
        there was, and losses may come and go with time: time_to_survive is where those begin that stand in the
        recovery time or without any stock. alike: nobody first, the loss of all counts.
    verify : bool
        Solve the largest costs (up to 20) and their times again with a second solver and compare.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Ranking, a DataFrame with one row per thing that can drop out, sorted by cost_usd descending, ties by index
        cost_usd : least value lost in the recovery time.  rei : cost over the largest cost, 0 to 1, 0
        where nothing is lost.  lost_t : tonnes lost in that plan, the least among equally cheap ones.
        time_to_survive : periods, inf when capacity alone suffices.  gap : periods by which the
        recovery is too late.  recovery : as given.  added_cost_usd : cost beyond what is lost in the
        same time when nothing drops out.  throughput_tpa : baseline where it is known for all edges,
        else of one optimal plan.  spend_usd : throughput out of it at prices of commodities, where all
        that flow have one.
        ``attrs["correlation"]`` and ``attrs["rank_correlation"]`` hold Pearson's and Spearman's
        correlation of throughput and spend with the cost (NaN where one does not vary).

    Raises
    ------
    DataError
        If there is no demand table, a recovery is no number of 0 or more, only some of the demand has
        a value, or an argument is unknown.
    UnknownIdError
        If a recovery is given for something that cannot drop out.
    SolverError
        If the base answer fails its own check, or a second solver finds something else.

    See Also
    --------
    chokepoints, stockpile_requirement, cascade

    Notes
    -----
    What lies in stock at a node that drops out stays usable; end uses never drop out. Where no demand
    that counts has a value a tonne counts 1, so that cost is in tonnes. One linear program kept warm:
    per candidate one solve for the time and one for the cost where the time is too short, with a short
    second step for the least tonnes where values differ; what is idle in an optimal plan needs none.
    Plans that cost as much as nothing out tie exactly. The plan with nothing out is checked by code that
    shares nothing with the solver; ``verify`` checks the rows.

    References
    ----------
    Simchi-Levi, Schmidt, Wei, Zhang, Combs, Ge, Gusikhin, Sanders, Zhang (2015), Interfaces 45(5),
    375-390, doi:10.1287/inte.2015.0804.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.criticality import risk_exposure
    >>> table = risk_exposure(cn.read("mag-9"), recovery=2, by="country")
    >>> table.loc["CHN", ["rei", "gap"]].tolist()
    [1.0, 2.0]
    """
    scenario = asked_scenario(network, scenario)
    what = removals(network, by)
    periods = _periods(network, what, by, recovery)
    counting = Counting.of(network, commodity, beneficiaries, order=valued_order(order, "risk_exposure"))
    kind = ExposureLast if order == "allies_last" and counting.rivals.any() else ExposureProgram
    model = kind(counting, overlay_of(network, scenario), reroute)
    closings = [m if what.is_edge else model.closing(m) for m in what.members]
    steps = Steps(f"times and costs by {by}", progress, 2 * len(closings))
    survive = model.survival(closings, periods, steps)
    cost, lost, added = model.costs(closings, periods, survive, steps)
    steps.end()
    survive = np.where((cost == 0) & (periods > survive), periods, survive)  # what is lost by rounding is not lost
    worst = float(cost.max(initial=0.0))
    columns: dict[str, Any] = {
        "cost_usd": cost,
        "rei": cost / worst if worst > 0 else 0.0 * cost,
        "lost_t": lost,
        "time_to_survive": survive,
        "gap": np.where(np.isinf(survive), 0.0, np.maximum(periods - np.where(np.isinf(survive), 0.0, survive), 0.0)),
        "recovery": periods,
        "added_cost_usd": added,
        **_size(network, what, model),
    }
    ranked = np.lexsort((np.arange(len(cost)), -cost))
    table = pd.DataFrame(columns, index=what.index).iloc[ranked]
    if verify:
        model.check([closings[i] for i in ranked], table)
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [overlay_of(network, scenario)], reroute),
        recovery=recovery if isinstance(recovery, (int, float)) else "by row",
        by=by,
        scenario=scenario.name if scenario else "",
        reroute=reroute,
        value="value_usd_per_t" if model.has_values else "1 per tonne",
        **counting.settings,
    )
    units = dict.fromkeys(("gap", "recovery", "time_to_survive"), "periods (years, if capacities are a year's)")
    said = source | {"verified": "second solver" if verify else "no"}
    units["rei"] = "share of the largest loss"
    stamped = stamp(table, said, units=units, ranked="cost_usd", facts=_correlations(table))
    amount = dollars if model.has_values else weight
    left = unranked(by, what, _through(network, what, model)[0])
    return ranking(network, by, stamped, "cost_usd", lambda cost: amount(cost).replace(NBSP, " "), left)


def _periods(network: Network, what: Removals, by: str, recovery: Any) -> Array:
    """Return the recovery time of each row.

    Raises
    ------
    DataError
        If one is no finite number of 0 or more, or stands twice.
    UnknownIdError
        If one is given for something that has no row and is no end use.
    """
    if isinstance(recovery, pd.Series):
        if recovery.index.has_duplicates:
            twice = recovery.index[recovery.index.duplicated()][0]
            raise DataError(f"recovery: {twice!r} stands twice. Give one number of periods for each.")
        recovery = recovery.to_dict()
    if not isinstance(recovery, Mapping):
        return np.full(len(what.index), _number(recovery, "recovery"))
    out = np.zeros(len(what.index))
    place: dict[Any, list[int]] = {}
    for i, key in enumerate(what.index):
        place.setdefault(key, []).append(i)
        if by == "edge":  # a pair stands for all rows between two nodes
            place.setdefault(key[:2], []).append(i)
    stays = set(network.nodes.loc[network.nodes["stage"] == "end_use", "id"]) if by == "node" else set()
    for key, value in recovery.items():
        number = _number(value, f"recovery[{key!r}]")
        if key in place:
            out[place[key]] = number
        elif key not in stays:
            said = checks.unknown(key, place, by)
            raise UnknownIdError(f"recovery: {said} Use the index of the answer.")
    return out


def _number(value: Any, where: str) -> float:
    rule = "is not allowed; give a number of periods, 0 or more, or a Series or dict of them."
    return checks.number(value, where, rule=rule)


def _through(network: Network, what: Removals, model: ExposureProgram) -> tuple[Array, Array]:
    """Return what flows through each edge or node that may drop out, and over each edge."""
    edges = network.edges
    known = bool(len(edges)) and not edges["flow_tpa"].isna().any()
    flow = edges["flow_tpa"].to_numpy(dtype=float) if known else model.base.x[: len(edges)]
    if what.is_edge:
        return flow, flow
    if known:
        return network.baseline.reindex(model.low.tables.ids).fillna(0.0).to_numpy(dtype=float), flow
    return model.low.throughput(model.base.x[: model.n_cols]), flow


def _size(network: Network, what: Removals, model: ExposureProgram) -> dict[str, Array]:
    """Return what flows through each candidate, and what that is worth where prices are known."""
    edges, (through, flow) = network.edges, _through(network, what, model)
    out = {"throughput_tpa": np.array([max(float(through[m].sum()), 0.0) for m in what.members])}
    prices = network.commodities.set_index("id")["price_usd_per_t"]
    price = edges["commodity"].map(prices).to_numpy(dtype=float)
    carries = flow > 0
    if carries.any() and not np.isnan(price[carries]).any():
        worth = np.where(carries, flow * price, 0.0)
        if not what.is_edge:
            worth = np.bincount(model.low.tables.tail, worth, minlength=len(model.low.tables.ids))
        out["spend_usd"] = np.array([max(float(worth[m].sum()), 0.0) for m in what.members])
    return out


def _correlations(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return how size goes with cost: at Ford the two were unrelated."""
    cost = table["cost_usd"]
    plain, ranked = {}, {}
    for column in ("throughput_tpa", "spend_usd"):
        if column in table:
            varied = table[column].max() > table[column].min() and cost.max() > cost.min()
            plain[column] = float(table[column].corr(cost)) if varied else float("nan")
            ranked[column] = float(ranks(table[column]).corr(ranks(cost))) if varied else float("nan")
    return {"correlation": plain, "rank_correlation": ranked}
