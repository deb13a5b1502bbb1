"""``assess``: all questions put to one network and its scenarios; an ``Assessment`` is the bundle of their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Words
from chainnet.assessment._case import Case
from chainnet.assessment._closing import YEARS_AHEAD
from chainnet.assessment._finding import Finding
from chainnet.assessment._priced import Priced
from chainnet.assessment._questions import Question, questions
from chainnet.assessment._time import ends, onsets, timelines
from chainnet.blocs import Alignment
from chainnet.criticality import Reverse
from chainnet.doubt import Ensemble, Sensitivity
from chainnet.engine import Certificate, thread_pool
from chainnet.errors import DataError
from chainnet.flow import Asked, Balance, Counting, LongRuns, MaxFlow
from chainnet.indicators import concentration, tonnes_by_quality
from chainnet.network import QUALITIES, Network, check_network, step_of
from chainnet.progress import Stopped, Tell, ends_when
from chainnet.projects import Portfolio, Reroute
from chainnet.results import NOT_STATED, Result, provenance, stamp
from chainnet.scenario import Scenario, outside_is_told, pick_scenarios, tell_outside
from chainnet.stress import StressTest

_LAST: dict[str, Case] = {}  # the case that was asked last of a process


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Assessment(Result):
    """Every table of the report, in code.

    Attributes
    ----------
    network : Network
    flow : MaxFlow
        The value of the baseline network and its cut.
    base : Balance
        The steady state of the baseline.
    findings : tuple of Finding
        The worst scenario's, then that of what is in force (all rules together), if anything is; wholly solved.
    timing : DataFrame, index (scenario, tier)
        Scenario by scenario as the first finding sets them side by side: demand_tpa; first_month (from the first
        measure; NaN = not in the first year), first_year_share, later_share and later_tpa of what is due to it. The
        first year is told of what is in force, and of the worst; NaN elsewhere.
    worst : str
        Scenario of the first finding; "" if none was asked.
    disrupted : Balance or None
        The steady state under that scenario.
    layers : DataFrame, index (layer, tier)
        The same scenario in the base year and as the chain stands, on which all other answers are ("as it stands"):
        n_opened, demand_tpa, shortfall_first_tpa and shortfall_last_tpa (allies served first, and last).
    chokepoints : mapping of str to DataFrame
        By node, site, country, operator, owner_country, step+country: what all tiers lose.
    first_tier : mapping of str to DataFrame
        The same for the first tier alone, if served first.
    attacks : DataFrame, index (counts, k)
        The worst k sites at once, for the first tier ("first tier") and for all: removed, lost_tpa,
        left_tpa, bound_tpa, is_optimal, greedy_lost_tpa, other_sets (None = not asked).
    pairs : DataFrame
        Pairs of nodes of one step that cost the first tier more together than their losses added.
    long_runs : LongRuns
        The steady state of every scenario with new suppliers, and the baseline it is nearest to; for drawings.
    stress : StressTest
        The long run of every scenario, and its months; ``horizon_levels`` for the worst scenario alone, in
        half-years.
    exposure : DataFrame, index site
        What the loss of each site costs until it is back (``risk_exposure``); empty where not assessed.
        ``provenance["settings"]["recovery"]`` is "given" or "assumed".
    bracket : DataFrame, index (scenario, measure)
        The optimal loss, the myopic ones and the worst case (``chainnet.cascades._bracket``), for each
        scenario that can be put in such terms.
    stockpile : DataFrame
        scenario, then the columns of ``stockpile_requirement``: what keeps the first tier whole, for the
        scenarios that leave most of it short over the horizon.
    unanswered : mapping of str to str
        Question, or "question: scenario" -> why it was not assessed.
    rerouting : mapping of int to Reroute
        Under the worst scenario, by year; projects are valued with new relations, once qualified, without stocks.
    portfolios : mapping of str to Portfolio
        The same in the last year, at five budgets: "all" tiers, and the first tier as if alone; ties not asked.
    priced : Priced
        How the chain clears under the first finding's scenario (``market``), what floors under one good do where
        nothing is cut off (``floor_curve``), and what each instrument costs at equal effect (``instruments``).
    likelihood : Reverse or None
        Which of the events listed cost as much as the first finding says, and how likely that is (``reverse``).
    alignment : Alignment or None
        The beneficiaries against the country outside them whose loss costs them most.
    indicators : DataFrame
        Concentration by country.
    indices : DataFrame, index (step, country)
        Rank by published index and by loss (``chainnet.indicators._compare``).
    ensemble : Ensemble or None
        The worst scenario with all inputs drawn within their ranges.
    sensitivity : Sensitivity or None
        The same for the first tier, one input at a time.
    scenarios : DataFrame, index scenario
        label, measures in words, onset_month (the first month in which a measure is in force, from 1; NaN =
        none in the horizon), end_month (the first month after the last measure; inf = no end is given).
    coverage : DataFrame, index step (with the good, where a step makes goods on several bases)
        Tonnes by quality of the node's figure, number of nodes, nodes without a capacity.
    limiting : DataFrame
        Limiting inputs of the worst scenario (else of the baseline): those of its ``balance``, whose bounds carry a
        price for what the counted tiers get. The weakest first: kind, id, label, commodity, tier, capacity_tpa,
        price, low, high, quality, reference.
    edge_quality : DataFrame, index quality
        Tonnes and rows of edges by quality.
    certificates : DataFrame
        problem, value, bound, gap, violation, tolerance, ok.
    asked : mapping of str to Scenario
        The scenarios themselves.

    See Also
    --------
    assess, report, compare
    """

    network: Network
    flow: MaxFlow
    base: Balance
    findings: tuple[Finding, ...]
    timing: pd.DataFrame
    worst: str
    disrupted: Balance | None
    layers: pd.DataFrame
    chokepoints: Mapping[str, pd.DataFrame]
    first_tier: Mapping[str, pd.DataFrame]
    attacks: pd.DataFrame
    pairs: pd.DataFrame
    long_runs: LongRuns
    stress: StressTest
    exposure: pd.DataFrame
    bracket: pd.DataFrame
    stockpile: pd.DataFrame
    unanswered: Mapping[str, str]
    rerouting: Mapping[int, Reroute]
    portfolios: Mapping[str, Portfolio]
    priced: Priced
    likelihood: Reverse | None
    alignment: Alignment | None
    indicators: pd.DataFrame
    indices: pd.DataFrame
    ensemble: Ensemble | None
    sensitivity: Sensitivity | None
    scenarios: pd.DataFrame
    coverage: pd.DataFrame
    limiting: pd.DataFrame
    edge_quality: pd.DataFrame
    certificates: pd.DataFrame
    asked: Mapping[str, Scenario]


def assess(
    network: Network,
    scenarios: Any = None,
    *,
    years: Sequence[int] | None = None,
    months: int = 48,
    start: str | None = None,
    recovery: float | Mapping[Any, float] | pd.Series | None = None,
    draws: int = 64,
    executor: Executor | None = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    order: Asked = None,
    progress: Tell | None = None,
) -> Assessment:
    """Put every question to a network and its scenarios.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : Scenario, list or mapping of Scenario, optional
        Default the scenarios that ship with the graph.
    years : list of int, optional
        Years for which projects are valued; default the sixth after that in which the chain stands.
    months : int
        Horizon of the answers over time.
    start : str, optional
        Its first month, such as "2027-01"; default January after the network's year.
    recovery : number, mapping or Series, optional
        Years until a site that dropped out is back, one for all or by site; default one year, and the
        answer then says that this was assumed.
    draws : int
        Draws of the ensemble; 0 = none.
    executor : Executor, optional
        Where the questions are answered, such as a ``ProcessPoolExecutor``; default two threads. It is not ended.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        When those are served who are no beneficiaries, in the balances, losses, attacks, rerouting and the stress
        test; in all other answers after them.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Assessment

    Raises
    ------
    DataError
        If there is no demand table, no row of it counts, or an argument is unknown.
    KeyboardInterrupt
        If it is interrupted; its ``done`` names the questions that were answered.

    Warns
    -----
    ChainnetWarning
        If a measure is in force in no month of the horizon: it does nothing in the answers over time, but a
        release keeps its stocks shut.

    See Also
    --------
    report, find, compare

    Examples
    --------
    >>> import chainnet as cn
    >>> a = cn.assess(cn.read("mag-9"), months=12, draws=0)
    >>> a.worst, a.chokepoints["site"].index[0]
    ('china_out', 'H_CN')
    """
    check_network(network)
    if network.demand.empty:
        raise DataError("assess: the network has no demand table, so nobody can be short. Give demand.")
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    if counting.is_nobodys:
        whose = f" of {', '.join(counting.whose)}" if counting.whose else ""
        raise DataError(
            f"assess: no demand{whose} counts, so nobody can be short. Give nodes.country of the end uses, or name "
            "other beneficiaries or goods."
        )
    chosen = pick_scenarios(network, scenarios)
    when = tuple(years) if years is not None else _years(network)
    case = Case(counting, tuple(chosen), when, months, start, recovery, draws)
    over_time = timelines(case)
    tell_outside(line.outside for line in over_time)
    found, unanswered = _answers(case, executor, progress or (lambda _what, _part: None))
    worst: Scenario | None = found.pop("worst")
    limiting = (found["disrupted"] or found["base"]).limiting
    source = provenance(
        network,
        "HiGHS simplex; chainnet re-augmentation",
        rests_on=limiting,
        scenarios=[s.name for s in chosen],
        years=list(when),
        months=months,
        start=start or "",
        recovery="" if found["exposure"].empty else "assumed" if recovery is None else "given",
        draws=draws,
        worst=worst.name if worst else "",
        tiers=list(network.tier_order),
        **counting.settings,
    )
    proofs = _certificates(found["flow"], found["base"], found["disrupted"], found["stress"], found.pop("proofs"))
    return Assessment(
        provenance=source,
        network=network,
        worst=worst.name if worst else "",
        indicators=concentration(network),
        scenarios=stamp(_scenario_table(chosen, onsets(over_time), ends(over_time)), source),
        coverage=stamp(_coverage(network), source),
        limiting=stamp(limiting, source),
        edge_quality=stamp(_edge_quality(network), source),
        certificates=stamp(proofs, source),
        asked=MappingProxyType({s.name: s for s in chosen}),
        unanswered=MappingProxyType(unanswered),
        **found,
    )


def _answers(case: Case, executor: Executor | None, say: Tell) -> tuple[dict[str, Any], dict[str, str]]:
    """Put every question, side by side where they do not need each other; return fields, and why some are empty."""
    asked = questions(case)
    by_name, whole = {one.name: one for one in asked}, sum(one.weight for one in asked)
    jobs: dict[str, Future[tuple[Any, dict[str, str]]]] = {}
    done: dict[str, Any] = {}
    is_stopped = False

    def end() -> None:
        if is_stopped:
            raise Stopped(done, len(asked))

    def hear(timeout: float | None) -> None:
        """Take the answers that have come, and tell of them in this thread."""
        left = {name: job for name, job in jobs.items() if name not in done}
        come = wait(left.values(), timeout, FIRST_COMPLETED).done
        for name in [name for name, job in left.items() if job in come]:
            done[name] = left[name].result()[0]
            part = sum(by_name[name].weight for name in done) / whole
            say(f"{len(done)} of {len(asked)}: {by_name[name].words}", min(part, 1.0))

    def answers(names: Sequence[str]) -> list[Any]:
        while not all(name in done for name in names):
            hear(None)
        return [done[name] for name in names]

    # threads of our own end at the next step of what they are at; what is elsewhere ends there
    ask = partial(_until, end) if executor is None else _elsewhere
    with nullcontext(executor) if executor is not None else thread_pool() as pool:
        try:
            for one in asked:
                jobs[one.name] = pool.submit(ask, one, case, answers(one.needs))
                hear(0.0)
            found = dict(zip(jobs, answers(list(jobs)), strict=True))
        except BaseException as error:
            is_stopped = True
            for job in jobs.values():
                job.cancel()
            if isinstance(error, KeyboardInterrupt):
                raise Stopped(done, len(asked)) from None
            raise
    why = {key: reason for job in jobs.values() for key, reason in job.result()[1].items()}
    removed, removed_first = found.pop("removed")
    found["attacks"], found["pairs"] = found["attacks"]
    found["stockpile"], proofs = found["stockpile"]
    found["ensemble"], found["sensitivity"] = found.pop("doubts")
    for name in ("blocs", "dues", "now"):
        found.pop(name)
    findings = found.pop("finding worst"), found.pop("finding now")
    rerouting = {year: found.pop(f"rerouting {year}") for year in case.years}
    return {
        **found,
        "findings": tuple(one for one in findings if one is not None),
        "proofs": proofs,
        "rerouting": MappingProxyType(rerouting),
        "chokepoints": MappingProxyType(removed),
        "first_tier": MappingProxyType(removed_first),
        "portfolios": MappingProxyType(found["portfolios"]),
    }, why


def _until(end: Callable[[], None], one: Question, case: Case, needed: list[Any]) -> tuple[Any, dict[str, str]]:
    """Answer one question; ``end`` is called at its every step, and raises where all work ends."""
    with ends_when(end):
        return _answered(one, case, needed)


def _elsewhere(one: Question, case: Case, needed: list[Any]) -> tuple[Any, dict[str, str]]:
    """Answer one question in another process, which keeps the case and so what it knows of the network."""
    _LAST["case"] = case
    return _answered(one, case, needed)


def _answered(one: Question, case: Case, needed: list[Any]) -> tuple[Any, dict[str, str]]:
    """Answer one question, in whatever process; what cannot be answered says why."""
    why: dict[str, str] = {}
    with outside_is_told():
        return one.ask(case, *needed, *([why] if one.keeps_why else [])), why


def _years(network: Network) -> tuple[int, ...]:
    if network.projects.empty or network.current_year is None:
        return ()
    return (network.current_year + YEARS_AHEAD,)


def _scenario_table(chosen: list[Scenario], onset: list[float], end: list[float]) -> pd.DataFrame:
    rows = [(s.name, s.label or s.name, "; ".join(_measure_words(m) for m in s.measures)) for s in chosen]
    table = pd.DataFrame(rows, columns=["scenario", "label", "measures"]).set_index("scenario")
    return table.assign(onset_month=np.array(onset, dtype=float), end_month=np.array(end, dtype=float))


def _measure_words(measure: Mapping[str, Any]) -> str:
    def words(value: Any) -> str:
        if isinstance(value, Mapping):
            return " and ".join(f"{k} {words(v)}" for k, v in value.items())
        if isinstance(value, (list, tuple)):
            return ", ".join(words(v) for v in value)
        return str(value)

    parts = [f"{key} {words(value)}" for key, value in measure.items() if key != "kind"]
    return f"{measure['kind']}: {'; '.join(parts)}"


def _coverage(network: Network) -> pd.DataFrame:
    """Tonnes of each step by the quality of the node's principal figure; a step of several bases has a row for each."""
    nodes = network.nodes[(network.nodes["stage"] != "end_use").to_numpy()]
    table = nodes.assign(
        step=_with_basis(network, nodes, step_of(nodes)),
        tonnes=network.baseline.reindex(nodes["id"]).fillna(0.0).to_numpy(),
    )
    wide = tonnes_by_quality(table, "tonnes").add_suffix("_tpa")
    total = wide.sum(axis=1)
    wide["assumed_share"] = np.where(total > 0, wide["assumed_tpa"] / total.where(total > 0, 1.0), np.nan)
    wide["n_nodes"] = table.groupby("step").size()
    wide["n_unlimited"] = table["capacity_tpa"].isna().groupby(table["step"]).sum()
    return wide


def _with_basis(network: Network, nodes: pd.DataFrame, step: pd.Series) -> pd.Series:
    """Return the step of each node, with the good that it makes where the goods of the step do not add."""
    known = network.commodities.set_index("id")
    recipes = network.processes[network.processes["role"] == "output"].drop_duplicates("process")
    shipped = network.edges.sort_values("flow_tpa", ascending=False).drop_duplicates("source")
    good = nodes["process"].map(recipes.set_index("process")["commodity"]).astype(object)
    good = good.fillna(nodes["id"].map(shipped.set_index("source")["commodity"]).astype(object))
    basis = good.map(known["basis"]).astype(object).fillna(good)
    several = basis.groupby(step).transform("nunique") > 1
    label = good.map(known["label"]).astype(object).fillna(good).groupby([step, basis]).transform("first")
    both = step.astype(object) + ": " + label.astype(object)
    return step.where(~several | label.isna(), both)


def _edge_quality(network: Network) -> pd.DataFrame:
    edges = network.edges.assign(quality=network.edges["quality"].fillna(NOT_STATED))
    grouped = edges.groupby("quality")["flow_tpa"]
    table = pd.DataFrame({"n_edges": grouped.size(), "n_with_flow": grouped.apply(lambda f: int((f > 0).sum()))})
    return table.reindex([*[q for q in QUALITIES if q in table.index], *[q for q in table.index if q not in QUALITIES]])


def _certificates(
    flow: MaxFlow, base: Balance, disrupted: Balance | None, stress: StressTest, stocks: Mapping[str, Certificate]
) -> pd.DataFrame:
    named: list[tuple[str, Certificate]] = [
        ("value, in the baseline", flow.certificate),
        ("balance, in the baseline", base.certificate),
    ]
    if disrupted is not None:
        named.append((f"balance, {disrupted.provenance['settings']['scenario']}", disrupted.certificate))
    named.append(("months, worst of all scenarios", stress.certificate))
    named += [(f"least stock, {name}", proof) for name, proof in stocks.items()]
    rows = [(name, c.value, c.bound, c.gap, c.violation, c.tolerance, c.ok) for name, c in named]
    return pd.DataFrame(rows, columns=["problem", "value", "bound", "gap", "violation", "tolerance", "ok"])
