"""``assess``: all questions put to one network and its scenarios; an ``Assessment`` is the bundle of their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Words
from chainnet.assessment._bloc import blocs_of, break_evens, doubts, idle_plants, index_ranks, portfolios, sides
from chainnet.assessment._time import exposures, horizon_rungs, myopia, onsets, stockpiles
from chainnet.blocs import Alignment
from chainnet.criticality import chokepoints, interdict
from chainnet.economics import Overcapacity
from chainnet.engine import Certificate, thread_pool
from chainnet.errors import DataError
from chainnet.flow import Balance, Counting, MaxFlow, balance, binding_inputs, max_flow
from chainnet.indicators import concentration, tonnes_by_grade
from chainnet.network import QUALITIES, Network
from chainnet.projects import Portfolio, Reroute, reroute
from chainnet.results import Result, Status, provenance, stamp
from chainnet.runs import Ensemble, Sensitivity
from chainnet.scenario import Scenario, overlay_of, pick_scenarios
from chainnet.stress import StressTest, stress_test

__all__ = ["Assessment", "assess"]

ATTACKED = (2, 3)
QUESTIONS = 15  # about as many as are put, for the progress bar
REMOVED = ("node", "site", "country", "operator", "owner_country", "step+country")


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Assessment(Result):
    """Every table of the report, in code.

    Attributes
    ----------
    network : Network
    flow : MaxFlow
        The value of the undisturbed network and its cut.
    base : Balance
        The undisturbed steady state.
    worst : str
        Scenario with the largest shortfall of the first tier, then of all tiers, then by name; "" if none.
    disrupted : Balance or None
        The steady state under that scenario.
    chokepoints : mapping of str to DataFrame
        By node, site, country, operator, owner_country, step+country: what all tiers lose.
    first_tier : mapping of str to DataFrame
        The same for the first tier alone, could it come first.
    attacks : DataFrame, index (counts, k)
        The worst k sites at once, for the first tier ("first tier") and for all: removed, lost_tpa,
        left_tpa, bound_tpa, is_optimal, greedy_lost_tpa, other_sets (None = not asked).
    pairs : DataFrame
        Pairs of nodes of one step that cost the first tier more together than their losses added.
    stress : StressTest
        The long run of every scenario, and its months; ``horizon_ladder`` for the worst scenario alone, in
        half-years.
    exposure : DataFrame, index site
        What the loss of each site costs until it is back (``risk_exposure``); empty where not assessed.
        ``attrs["recovery"]`` is "given" or "assumed".
    bracket : DataFrame, index (scenario, measure)
        The optimal loss, the myopic ones and the worst case (``chainnet.cascades._bracket``), for each
        scenario that can be put in such terms.
    stockpile : DataFrame
        scenario, then the columns of ``stockpile_requirement``: what keeps the first tier whole, for the
        scenarios that leave most of it short over the horizon.
    mitigation : DataFrame
        scenario, then the columns of ``stockpile_mitigation``, a row per step and commodity, for the first
        of these scenarios; counted in quarters.
    unanswered : mapping of str to str
        Question, or "question: scenario" -> why it was not assessed.
    rerouting : mapping of int to Reroute
        Under the worst scenario, by year.
    portfolios : mapping of str to Portfolio
        Under the worst scenario in the last year, at five budgets: "all" tiers, and the first tier as if alone.
    floors : DataFrame, index project
        At which price each pays, against today's (``price_floor``).
    idle : Overcapacity or None
        What stands idle if nothing is cut off.
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
        none in the horizon).
    coverage : DataFrame, index step (with the good, where a step makes goods on several bases)
        Tonnes by grade of the node's figure, number of nodes, nodes without a capacity.
    decisive : DataFrame
        Bounds that carry a price for the first tier in the worst scenario (else undisturbed), weakest
        grade first: kind, id, label, commodity, tier, capacity_tpa, price, low, high, quality, reference.
    edge_quality : DataFrame, index quality
        Tonnes and rows of edges by grade.
    certificates : DataFrame
        problem, value, bound, gap, violation, tolerance, ok.
    asked : mapping of str to Scenario
        The scenarios themselves.
    """

    network: Network
    flow: MaxFlow
    base: Balance
    worst: str
    disrupted: Balance | None
    chokepoints: Mapping[str, pd.DataFrame]
    first_tier: Mapping[str, pd.DataFrame]
    attacks: pd.DataFrame
    pairs: pd.DataFrame
    stress: StressTest
    exposure: pd.DataFrame
    bracket: pd.DataFrame
    stockpile: pd.DataFrame
    mitigation: pd.DataFrame
    unanswered: Mapping[str, str]
    rerouting: Mapping[int, Reroute]
    portfolios: Mapping[str, Portfolio]
    floors: pd.DataFrame
    idle: Overcapacity | None
    alignment: Alignment | None
    indicators: pd.DataFrame
    indices: pd.DataFrame
    ensemble: Ensemble | None
    sensitivity: Sensitivity | None
    scenarios: pd.DataFrame
    coverage: pd.DataFrame
    decisive: pd.DataFrame
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
    progress: Callable[[str, float], None] | None = None,
) -> Assessment:
    """Put every question to a network and its scenarios.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : Scenario, list or mapping of Scenario, optional
        Default the scenarios that ship with the graph.
    years : list of int, optional
        Years for which projects are valued; default the third and the sixth after the base year.
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
    progress : callable, optional
        Called with (what is being done, part done from 0 to 1).

    Returns
    -------
    Assessment

    Raises
    ------
    DataError
        If there is no demand table or an argument is unknown.

    Examples
    --------
    >>> import chainnet as cn
    >>> a = cn.assess(cn.read("mag-9"), months=12, draws=0)
    >>> a.worst, a.chokepoints["node"].index[0]
    ('china_out', 'H_CN')
    """
    if network.demand.empty:
        raise DataError("assess: the network has no demand table, so nobody can go short. Give demand.")
    say = progress or (lambda _what, _part: None)
    counting = Counting.of(network, commodity, beneficiaries)
    chosen = pick_scenarios(network, scenarios)
    when = tuple(years) if years is not None else _years(network)
    with _Jobs(executor, say) as desk:
        found = _put(desk, counting, chosen, when, months, start, recovery, draws)
    worst: Scenario | None = found.pop("scenario")
    lead: str | None = found.pop("lead")
    decisive = binding_inputs(counting.first(lead), [overlay_of(network, worst)])
    source = provenance(
        network,
        "HiGHS simplex; chainnet re-augmentation",
        rests_on=decisive,
        scenarios=[s.name for s in chosen],
        years=list(when),
        months=months,
        start=start or "",
        recovery=found["exposure"].attrs.get("recovery", ""),
        draws=draws,
        worst=worst.name if worst else "",
        tiers=list(network.tier_order),
        **counting.settings,
    )
    proofs = _certificates(found["flow"], found["base"], found["disrupted"], found["stress"], found["stockpile"])
    return Assessment(
        provenance=source,
        network=network,
        worst=worst.name if worst else "",
        indicators=concentration(network),
        scenarios=stamp(_scenario_table(chosen, onsets(network, chosen, months, start)), source),
        coverage=stamp(_coverage(network), source),
        decisive=stamp(decisive, source),
        edge_quality=stamp(_edge_quality(network), source),
        certificates=stamp(proofs, source),
        asked=MappingProxyType({s.name: s for s in chosen}),
        **found,
    )


def _put(
    desk: _Jobs,
    counting: Counting,
    chosen: list[Scenario],
    when: tuple[int, ...],
    months: int,
    start: str | None,
    recovery: Any,
    draws: int,
) -> dict[str, Any]:
    """Put every question, those that need no answer of another one first; return fields of the assessment."""
    network, said, first = counting.network, counting.said, counting.network.tier_order[0]
    lead = first if bool((network.demand["tier"] == first).any()) else None
    desk.ask("stress", partial(stress_test, network, chosen, months, start, **said))
    desk.ask("removed", partial(_removed, counting, lead))
    desk.ask("attacks", partial(_attacks, counting, lead))
    desk.ask("exposure", partial(exposures, counting, recovery), keeps_why=True)
    desk.ask("bracket", partial(myopia, counting, chosen), keeps_why=True)
    desk.ask("floors", partial(break_evens, network), keeps_why=True)
    desk.ask("indices", partial(index_ranks, counting), keeps_why=True)
    flow, base = max_flow(network, beneficiaries=counting.beneficiaries), balance(network, **said)
    removed, removed_first = desk.get("removed")
    blocs = blocs_of(network, removed["country"], removed_first["country"])
    desk.ask("alignment", partial(sides, counting, blocs), keeps_why=True)
    stress = desk.get("stress")
    worst, last = _worst(stress, chosen, first), when[-1] if when else None
    desk.ask("stockpile", partial(stockpiles, counting, stress, chosen, lead, months, start), keeps_why=True)
    for year in when:
        desk.ask(f"rerouting {year}", partial(reroute, network, worst, by_year=year, **said))
    desk.ask("rungs", partial(horizon_rungs, counting, worst, months, start))
    desk.ask("doubts", partial(doubts, counting, worst, lead, draws), keeps_why=True)
    desk.ask("portfolios", partial(portfolios, counting, worst, last, lead), keeps_why=True)
    desk.ask("idle", partial(idle_plants, counting, worst, last), keeps_why=True)
    disrupted = balance(network, worst, **said) if worst else None
    attacks, pairs = desk.get("attacks")
    need, less = desk.get("stockpile")
    many, single = desk.get("doubts")
    plain = ("exposure", "bracket", "floors", "idle", "alignment", "indices")
    return {
        "scenario": worst,
        "lead": lead,
        "flow": flow,
        "base": base,
        "disrupted": disrupted,
        "chokepoints": MappingProxyType(removed),
        "first_tier": MappingProxyType(removed_first),
        "attacks": attacks,
        "pairs": pairs,
        "stress": replace(stress, horizon_ladder=stamp(desk.get("rungs"), stress.provenance)),
        "stockpile": need,
        "mitigation": less,
        "rerouting": MappingProxyType({year: desk.get(f"rerouting {year}") for year in when}),
        "portfolios": MappingProxyType(desk.get("portfolios")),
        "ensemble": many,
        "sensitivity": single,
        "unanswered": MappingProxyType(desk.unanswered()),
        **{name: desk.get(name) for name in plain},
    }


class _Jobs:
    """Questions that are being answered side by side, and why some have no answer."""

    def __init__(self, executor: Executor | None, say: Callable[[str, float], None]) -> None:
        self._pool = executor or thread_pool()
        self._is_own = executor is None
        self._say = say
        self._jobs: dict[str, Future[tuple[Any, dict[str, str]]]] = {}
        self._done = 0

    def __enter__(self) -> _Jobs:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_own:
            self._pool.shutdown(cancel_futures=True)

    def ask(self, name: str, work: Callable[..., Any], keeps_why: bool = False) -> None:
        """Put a question; ``keeps_why``: it takes a mapping for the reasons of what has no answer."""
        job = self._pool.submit(_answered, work, keeps_why)
        self._jobs[name] = job
        job.add_done_callback(lambda _job: self._tell(name))

    def _tell(self, name: str) -> None:
        self._done += 1
        self._say(name, min(self._done / QUESTIONS, 1.0))

    def get(self, name: str) -> Any:
        """Return an answer."""
        return self._jobs[name].result()[0]

    def unanswered(self) -> dict[str, str]:
        """Return why questions have no answer, in the order in which they were put."""
        return {key: reason for job in self._jobs.values() for key, reason in job.result()[1].items()}


def _answered(work: Callable[..., Any], keeps_why: bool) -> tuple[Any, dict[str, str]]:
    """Answer one question, in whatever process; what cannot be answered says why."""
    why: dict[str, str] = {}
    return work(why) if keeps_why else work(), why


def _removed(counting: Counting, first: str | None) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return what every kind of removal costs all tiers, and what it costs the first."""
    every, lead = {}, {}
    for by in REMOVED:
        every[by] = chokepoints(counting.network, by, **counting.said)
        lead[by] = chokepoints(counting.network, by, tier=first, **counting.said)
    return every, lead


def _attacks(counting: Counting, first: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the worst two and three sites at once, for the first tier with ties and pairs, and for all."""
    rows, pairs = [], pd.DataFrame()
    source: dict[str, Any] = {}
    for counts, tier in (("first tier", first), ("all tiers", None)):
        if counts == "all tiers" and first is None:
            continue
        for k in ATTACKED:
            details = counts == "first tier" and k == ATTACKED[0]
            found = interdict(counting.network, k, tier=tier, details=details, **counting.said)
            source = source or found.provenance  # the answer on which the table is ranked
            if not found.pairs.empty:
                pairs = found.pairs
            others = None if found.ties is None else "; ".join(" + ".join(tie) for tie in found.ties)
            rows.append(
                (
                    counts,
                    k,
                    " + ".join(found.removed),
                    found.lost_tpa,
                    found.left_tpa,
                    found.bound_tpa,
                    found.is_optimal,
                    found.greedy_lost_tpa,
                    others,
                )
            )
    columns = [
        "counts",
        "k",
        "removed",
        "lost_tpa",
        "left_tpa",
        "bound_tpa",
        "is_optimal",
        "greedy_lost_tpa",
        "other_sets",
    ]
    table = pd.DataFrame(rows, columns=columns).set_index(["counts", "k"])
    proved: Status = "P" if bool(table["is_optimal"].all()) else "B"
    source = source | {"status": proved}
    return stamp(table, source, status={"greedy_lost_tpa": "B"}), stamp(pairs, source)


def _years(network: Network) -> tuple[int, ...]:
    if network.projects.empty or network.year is None:
        return ()
    return (network.year + 3, network.year + 6)


def _worst(stress: StressTest, chosen: list[Scenario], first: str) -> Scenario | None:
    def key(scenario: Scenario) -> tuple[float, float, str]:
        short: pd.Series = stress.summary["shortfall_tpa"].loc[scenario.name]
        # rounded, so that ties are ties and not the last digits of a solve
        return (-round(float(short.get(first, 0.0)), 6), -round(float(short.sum()), 6), scenario.name)

    return min(chosen, key=key) if chosen else None


def _scenario_table(chosen: list[Scenario], onset: list[float]) -> pd.DataFrame:
    rows = [(s.name, s.label or s.name, "; ".join(_measure_words(m) for m in s.measures)) for s in chosen]
    table = pd.DataFrame(rows, columns=["scenario", "label", "measures"]).set_index("scenario")
    return table.assign(onset_month=np.array(onset, dtype=float))


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
    """Tonnes of each step by the grade of the node's principal figure; a step of several bases has a row for each."""
    nodes = network.nodes[(network.nodes["stage"] != "end_use").to_numpy()]
    table = nodes.assign(
        step=_with_basis(network, nodes, nodes["step"].fillna(nodes["stage"])),
        tonnes=network.baseline.reindex(nodes["id"]).fillna(0.0).to_numpy(),
    )
    wide = tonnes_by_grade(table, "tonnes").add_suffix("_tpa")
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
    edges = network.edges.assign(quality=network.edges["quality"].fillna("not graded"))
    grouped = edges.groupby("quality")["flow_tpa"]
    table = pd.DataFrame({"n_edges": grouped.size(), "n_with_flow": grouped.apply(lambda f: int((f > 0).sum()))})
    return table.reindex([*[q for q in QUALITIES if q in table.index], *[q for q in table.index if q not in QUALITIES]])


def _certificates(
    flow: MaxFlow, base: Balance, disrupted: Balance | None, stress: StressTest, need: pd.DataFrame
) -> pd.DataFrame:
    named: list[tuple[str, Certificate]] = [
        ("value, undisturbed", flow.certificate),
        ("balance, undisturbed", base.certificate),
    ]
    if disrupted is not None:
        named.append((f"balance, {disrupted.provenance['settings']['scenario']}", disrupted.certificate))
    named.append(("months, worst of all scenarios", stress.certificate))
    stocks = need.attrs.get("certificates", {})
    named += [(f"least stock, {name}", proof) for name, proof in stocks.items() if proof is not None]
    rows = [(name, c.value, c.bound, c.gap, c.violation, c.tolerance, c.ok) for name, c in named]
    return pd.DataFrame(rows, columns=["problem", "value", "bound", "gap", "violation", "tolerance", "ok"])
