"""Who is short when: every scenario in the long run and month by month, tier by tier."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Words
from chainnet.engine import PRINTED, Certificate, thread_pool
from chainnet.errors import ChainnetWarning, DataError
from chainnet.flow import NEW_LAG_MONTHS, Asked, Counting, balance_under, levels, project_sizes, short_by_tier
from chainnet.lowering import Degree
from chainnet.network import Network, kept, say_idle, say_unlinked
from chainnet.progress import Jobs
from chainnet.results import ENDS, provenance, rest_of, stamp
from chainnet.scenario import Scenario, overlay_of, pick_scenarios, tell_outside
from chainnet.stress._flows import flows_of
from chainnet.stress._held import COVER, End, end_of
from chainnet.stress._month_tables import (
    OVER_TIME,
    money_table,
    months_table,
    stock_table,
    summary_table,
    survival_table,
)
from chainnet.stress._months import (
    REQUALIFY,
    Ask,
    Objective,
    Requalify,
    Trajectory,
    course,
    horizon_levels,
)
from chainnet.stress._requirement import holder_words, material_words
from chainnet.stress._result import StressTest
from chainnet.words import (
    NONE,
    carried_sentence,
    join,
)

NODE_KEY = ["scenario", "node", "commodity", "tier"]
# by tier, by end use, the levels of response, the inputs that bind
Steady = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def stress_test(
    network: Network,
    scenarios: Any = None,
    months: int = 48,
    start: str | None = None,
    *,
    step_months: int = 1,
    reroute: Degree = "existing",
    stocks: bool = True,
    projects: Sequence[str] | None = None,
    levels_over_time: bool = False,
    objective: Objective = "tiers",
    beneficiaries: Words = None,
    commodity: Words = None,
    order: Asked = None,
    cover: bool | End = COVER,
    rush: End = "stated",
    requalify: Requalify = REQUALIFY,
    any_size: bool = False,
    progress: Callable[[str, float], None] | None = None,
) -> StressTest:
    """Put scenarios to a network and say who is short, when, and how long stocks carry.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : Scenario, list or mapping of Scenario, optional
        Default the scenarios that ship with the graph.
    months : int
        Horizon, a multiple of ``step_months``, at most 1200.
    start : str, optional
        The first month, such as "2027-01"; default January after the network's year.
    step_months : int
        Longest period. A period also ends where something changes: where a measure begins, ends, grows, is suspended or
        resumes, or a project comes on stream or grows; and, after a measure, while goods that left before it arrive.
    reroute : {"existing", "none", "new"}
        How far flows may leave the baseline. With new, a relation serves a tier only after its
        qualification time, counted from the first measure.
    stocks : bool
        Whether stocks are drawn in the months.
    projects : list of str, optional
        Projects that come on stream at their start year besides those that a scenario builds; they
        serve a tier only once qualified for it. In the long run they stand at full size.
    levels_over_time : bool
        Also find ``horizon_levels``: minutes on a large graph, where new relations qualify tier by tier.
    objective : {"tiers", "value"}
        What is planned for in the months: the tiers in their order, or the most value served
        (``demand.value_usd_per_t``, all rows, 0 where empty) less the cost of flows, plants and storage.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first, as in ``balance``: in the long run and in the months.
        Where stages are shared, who is short in them is a tie: the summary then has the ends of what can fall to the
        beneficiaries in the long run; the months show one answer of several.
    cover : bool or {"none", "low", "stated", "high"}
        What users hold for themselves (table ``cover``), at which end of its range; True is stated, the default,
        False none.
    rush : {"none", "low", "stated", "high"}
        What was bought ahead of a licence that was ``announced`` and begins in these months: at stated a month of the
        actor's flow for each month of notice, at high two, at low none.
    requalify : {"table", "none"}
        With ``reroute="new"``, whether a good that a country took from another in the baseline has to be qualified anew
        where another of its makers or users is concerned: as the table ``qualification`` says, or not, so that such a
        relation is open with the first measure and takes no more than the road. What a new project makes always is.
    any_size : bool
        Whether months are followed whose program takes very long: from 300,000 columns on where stocks join them,
        from 600,000 where goods under way do.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    StressTest

    Raises
    ------
    DataError
        If there is no demand table, an argument is unknown, a stock lies where nothing can take it, or the months
        would take very long.
    InfeasibleError
        If a stock has to keep more than it can hold.

    Warns
    -----
    ChainnetWarning
        If a measure is in force in no month of the horizon: it does nothing over
        time, but a release keeps its stocks shut.

    See Also
    --------
    balance, stockpile_requirement, find

    Notes
    -----
    In a period longer than a month everything runs at one rate, and what arrives in it counts for all of it. That
    errs on the good side (goods that come late in a period serve its beginning) and on the bad one (no rate changes
    in it; a wait for qualification lasts to its end; a period that a stock carries in part is told as short), but
    only where nothing begins or ends. A period that is short is so from its first month. ``step_months=1`` has none of
    this.

    A month is a twelfth of a year. What is under way at the start is the baseline flow times the lag. A
    tier is served as far as can be over the whole horizon before the next; of equal totals the
    earliest is taken. So another horizon may move ``first_short_month``: users who need much of a scarce input may
    go without from the start, so that it serves others for longer. ``time_to_survive`` does not move so: each tier is
    kept whole for as long as can be once those before it are served. Cost: about fifteen warm linear programs of
    (months x columns) per scenario.

    Examples
    --------
    >>> import chainnet as cn
    >>> st = cn.stress_test(cn.read("mag-9"), months=12)
    >>> st.summary.loc["china_out", "shortfall_tpa"].round(6).tolist()
    [0.0, 10.0, 30.0]
    >>> st.summary.loc["china_out", "time_to_survive"].tolist()
    [inf, 0.0, 0.0]
    """
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    if reroute == "new" and not network.gone:
        say_unlinked(network)
    built = None if projects is None else tuple(network.check_nodes(projects, "projects"))
    say_idle(network, built or ())
    if stocks:
        _say_nowhere(network)
    ask = Ask(counting, months, start, step_months, reroute, stocks, built, objective, any_size=any_size)
    ask = replace(ask, cover=end_of(cover), rush=end_of(rush, "rush"), requalify=requalify)
    if levels_over_time and objective == "value":
        raise DataError("levels_over_time: the levels are counted tier by tier; ask for it with objective=tiers.")
    chosen = pick_scenarios(network, scenarios)
    made = tested(chosen, chosen, ask, progress)
    if not levels_over_time:
        return made
    return replace(made, horizon_levels=stamp(horizon_levels(list(chosen), ask), made.provenance))


def _say_nowhere(network: Network) -> None:
    """Warn of stocks that no node holds, which are never drawn."""
    table = network.unrelated
    names = table.loc[(table["table"] == "stocks") & table["is_fit"].astype(bool), "id"].tolist()
    if names:
        warnings.warn(
            f"stocks: {join(names)}: no node is named, so nothing is drawn. Fill stocks.node.",
            ChainnetWarning,
            stacklevel=3,
        )


def tested(
    scenarios: Sequence[Scenario],
    followed: Sequence[Scenario],
    ask: Ask,
    progress: Callable[[str, float], None] | None,
) -> StressTest:
    """Return a stress test of which some scenarios alone are followed over time.

    Of the others the long run is answered as it stands, and with allies served first and last: neither at the ends of
    demand nor level by level. What the months would say of them is NaN.

    Parameters
    ----------
    scenarios, followed : sequence of Scenario
    ask : Ask
    progress : callable or None
        Called with what has been done and the part of the whole.
    """
    network, counting = ask.network, ask.counting
    chosen: list[Scenario | None] = [None, *scenarios]
    steady, found = _answers(chosen, followed, ask, progress)
    tell_outside((one.timeline.outside for one in found.values()), stacklevel=4)
    binds = [inputs for *_, inputs in steady]
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=pd.concat(binds, ignore_index=True).drop_duplicates(["kind", "id", "commodity", "tier"]),
        reroute=ask.reroute,
        scenarios=[s.name for s in scenarios],
        months=ask.months,
        start=ask.start or "",
        step_months=ask.step_months,
        stocks=ask.stocks,
        projects=list(ask.projects or ()),
        objective=ask.objective,
        new_lag_months=NEW_LAG_MONTHS,
        **_unusual(ask),
        **counting.settings,
    )
    summaries, by_month, stored, lasting, carried = [], [], [], [], {}
    for scenario, (table, *_) in zip(chosen, steady, strict=True):
        name = _name(scenario)
        over = pd.DataFrame(columns=OVER_TIME, dtype=float)
        if name in found:
            by_month.append(months_table(name, found[name], ask))
            over = summary_table(by_month[-1], found[name], ask)
            stored.append(stock_table(name, found[name]))
            carried[name] = _carried(name, found[name], table.join(over), network)
            lasting.append(survival_table(by_month[-1], found[name], name, ask))
        both = pd.concat([table, over.reindex(table.index)], axis=1)
        summaries.append(pd.concat({name: both}, names=["scenario"]))
    nodes = pd.concat([nodes for _, nodes, _, _ in steady]).set_index(NODE_KEY)
    levels = [table for _, _, table, _ in steady if len(table)]
    survive = pd.concat(lasting, ignore_index=True).set_index(["scenario", "tier", "node"])
    said: dict[str, Any] = {"has_others": bool(counting.rivals.any())}
    said["carried"] = carried
    said["onsets"] = {name: one.timeline.onset or 0 for name, one in found.items()}
    said["rests_on"] = {_name(s): rest_of(inputs) for s, inputs in zip(chosen, binds, strict=True)}
    return StressTest(
        provenance=source,
        summary=stamp(pd.concat(summaries), source, facts=said),
        nodes=stamp(nodes, source),
        countries=stamp(_by_country(nodes, network), source),
        levels=stamp(pd.concat(levels, ignore_index=True) if levels else pd.DataFrame(), source),
        months=stamp(pd.concat(by_month, ignore_index=True), source),
        stocks=stamp(pd.concat(stored, ignore_index=True), source),
        time_to_survive=stamp(survive, source),
        horizon_levels=stamp(horizon_levels([], ask), source),
        money=stamp(pd.concat([money_table(network, name, c) for name, c in found.items()]), source),
        certificate=Certificate.worst([c.perfect.certificate for c in reversed(found.values())]),
        by_month={name: flows_of(c, ask) for name, c in found.items()},
    )


def _carried(name: str, found: Trajectory, summary: pd.DataFrame, network: Network) -> str:
    """Return the stocks of unsure size that are drawn before the last tier is short that is so for long, in words."""
    stocks, short = found.stocks, summary[(summary["shortfall_tpa"] > NONE * summary["demand_tpa"])]
    until = short["first_short_month"].fillna(np.inf).max()
    before = np.flatnonzero(1 + np.array(found.timeline.starts) < until)
    if stocks.empty or not len(before):
        return ""
    left = found.left
    drawn = left["stock_t"] - found.perfect.level_t[before[-1]]
    some = (left["low_t"] < left["high_t"]) & stocks["node"].notna() & (drawn > PRINTED * left["stock_t"])
    rows = stocks[["id", "holder", "country", "commodity"]].join(left)[some].to_dict("records")
    return carried_sentence(
        name,
        [(holder_words(row), material_words(network, row["commodity"]), *(row[c] for c in left)) for row in rows],
    )


def _by_country(nodes: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Return demand, served and short by scenario, tier and country or region of the users, the most short first."""
    rows = nodes.reset_index()
    rows["country"] = network.places.reindex(rows["node"]).fillna("").to_numpy(dtype=object)
    key, amounts = ["scenario", "tier", "country"], ["demand_tpa", "served_tpa", "shortfall_tpa"]
    found = rows.groupby(key, dropna=False, sort=False)[amounts].sum().reset_index()
    places = [{name: n for n, name in enumerate(order)} for order in (found["scenario"].unique(), network.tier_order)]
    ranks = [found[column].map(place) for column, place in zip(key, places, strict=False)]
    order = np.lexsort((found["country"], -found["shortfall_tpa"].round(6), *reversed(ranks)))
    return found.iloc[order].set_index(key)


def _unusual(ask: Ask) -> dict[str, Any]:
    """Return what is asked of stores and qualification, where it is not what is asked of every chain."""
    usual = {"cover": COVER, "rush": "stated", "requalify": REQUALIFY}
    return {name: getattr(ask, name) for name, value in usual.items() if getattr(ask, name) != value}


def _answers(
    chosen: list[Scenario | None],
    followed: Sequence[Scenario],
    ask: Ask,
    progress: Callable[[str, float], None] | None,
) -> tuple[list[Steady], dict[str, Trajectory]]:
    """Return the long run of each scenario, and by name the months of those that are followed; several at a time."""
    _corners(ask.network)  # kept before two threads ask for them
    told = Jobs(map(_name, chosen), "who is short, month by month", progress)
    answers: list[list[Any]] = []
    with thread_pool() as pool:

        def put(one: Scenario | None) -> tuple[Future[Any], ...]:
            is_whole = one is None or one in followed
            steady = pool.submit(_steady, ask.network, one, ask.reroute, ask.counting, ask.projects or (), is_whole)
            if not is_whole:
                return (steady,)
            return steady, pool.submit(course, one, replace(ask, tell=told.teller(_name(one))))

        try:
            answers.append(told.result(_name(None), *put(None)))  # the others start where it ends
            jobs = [(_name(one), put(one)) for one in chosen[1:]]
            answers += [told.result(name, *parts) for name, parts in jobs]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    over_time = {_name(one): parts[1] for one, parts in zip(chosen, answers, strict=True) if len(parts) > 1}
    return [parts[0] for parts in answers], over_time


def _name(scenario: Scenario | None) -> str:
    return scenario.name if scenario else "baseline"


@kept(1)
def _corners(network: Network) -> tuple[Network | None, Network | None]:
    """Return the network with all demand at its low and at its high value."""
    return _at_corner(network, "low"), _at_corner(network, "high")


@kept(64)
def _steady(
    network: Network,
    scenario: Scenario | None,
    reroute: Degree,
    counting: Counting,
    projects: tuple[str, ...],
    is_whole: bool,
) -> Steady:
    """Return the long run of a scenario: by tier, by end use, its levels of response, the inputs that bind it.

    The projects stand at full size. ``is_whole``: at the ends of demand and level by level too. Kept: callers must not
    change it.
    """
    name = _name(scenario)
    overlay = overlay_of(network, scenario)
    overlay = overlay.with_built(np.where(network.projects["id"].isin(projects), 1.0, overlay.built))
    asked = balance_under(counting, overlay, reroute, scenario_name=name, with_inputs=True, with_links=False)
    table = asked.by_tier()
    for end, column in ENDS.items():
        if end == "allies_first" == counting.order:
            continue  # it is the answer itself
        found = short_by_tier(counting.in_order(end), overlay, reroute) if counting.rivals.any() else asked.by_tier()
        table[column] = found["shortfall_tpa"]
    for side, corner in zip(("low", "high"), _corners(network) if is_whole else (None, None), strict=True):
        moved = short_by_tier(counting.on(corner), overlay, reroute) if corner is not None else None
        table[f"demand_{side}_tpa"] = np.nan if moved is None else moved["demand_tpa"]
        table[f"shortfall_{side}_tpa"] = np.nan if moved is None else moved["shortfall_tpa"]
    per_node = asked.demand[asked.demand["is_counted"] & asked.demand["is_beneficiary"]].copy()
    value = network.demand["value_usd_per_t"].reindex(per_node.index)
    per_node["value_musd"] = per_node["shortfall_tpa"] * value.to_numpy() / 1e6
    table["value_musd"] = per_node.groupby("tier", dropna=False)["value_musd"].sum(min_count=1).reindex(table.index)
    per_node.insert(0, "scenario", name)
    steps = pd.DataFrame()
    if scenario is not None and is_whole:
        known = asked if reroute == "existing" and not overlay.built.any() else None
        steps = levels(counting, overlay, project_sizes(network, None), projects=[], existing=known)
        steps = steps[steps["level"] != "projects"]
        steps.insert(0, "scenario", name)
    return table, per_node.drop(columns=["is_counted", "is_beneficiary"]), steps, asked.limiting


def _at_corner(network: Network, side: str) -> Network | None:
    """Return the network with every demand at its low or high value, or None where no range is given."""
    demand = network.demand
    if demand[side].isna().all():
        return None
    corner = demand.assign(demand_tpa=demand[side].fillna(demand["demand_tpa"]))
    return network.with_demand(corner)
