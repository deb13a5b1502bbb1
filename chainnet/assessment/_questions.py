"""The questions of an assessment, a record each: what is asked, and which answers it needs first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet.assessment._answers import Answers
from chainnet.assessment._bloc import (
    Removed,
    blocs_of,
    doubts,
    index_ranks,
    portfolios,
    sides,
)
from chainnet.assessment._case import Case
from chainnet.assessment._find import finding_of
from chainnet.assessment._finding import Finding
from chainnet.assessment._layers import layers
from chainnet.assessment._priced import likelihood, priced
from chainnet.assessment._scenarios import compared
from chainnet.assessment._time import exposures, monthly, myopia, stockpiles
from chainnet.criticality import chokepoints, interdict
from chainnet.flow import Balance, LongRuns, MaxFlow, balance, long_runs, max_flow
from chainnet.projects import Reroute, reroute
from chainnet.results import BOUNDED, CHECKED, Status, stamp
from chainnet.scenario import Scenario, in_force
from chainnet.stress import StressTest, tested
from chainnet.words import ALL_TIERS

# columns of ``timing``, behind scenario and tier
TIMING = ["demand_tpa", "first_month", "first_year_share", "later_share", "later_tpa"]
ATTACKED = (2, 3)
ATTACK = ["counts", "k", "removed", "lost_tpa", "left_tpa", "bound_tpa", "is_optimal", "greedy_lost_tpa", "other_sets"]
REMOVED = ("site", "country", "operator", "owner_country", "step+country")


@dataclass(frozen=True)
class Question:
    """What is asked of a case, given the answers it ``needs``.

    ``words`` say to a planner what is being found; ``weight`` is how long it takes beside the others, roughly;
    ``keeps_why``: it takes a mapping, last, for the reasons of what has no answer.
    """

    name: str
    words: str
    ask: Callable[..., Any]
    needs: tuple[str, ...] = ()
    keeps_why: bool = False
    weight: float = 1.0


def questions(case: Case) -> tuple[Question, ...]:
    """Return the questions of a case in the order in which they are put: each after those that it needs."""
    worst, answers = ("worst",), Answers(case.counting, case.months, {one.name: one for one in case.scenarios})
    return (
        Question("dues", "what each scenario leaves short", partial(_dues, answers=answers), weight=8.0),
        Question("now", "what the rules in force leave short", partial(_now, answers=answers), weight=12.0),
        Question("finding worst", "who is short under the worst scenario", _finding_worst, ("dues",), weight=18.0),
        Question("finding now", "what the rules in force do", _finding_now, ("dues", "now"), weight=11.0),
        # what needs nothing of these is asked beside them
        Question("removed", "what is lost with each site, country and owner", _removed),
        Question("attacks", "which sites cost most together", _attacks, weight=2.0),
        Question("exposure", "how long the loss of a site can be borne", exposures, keeps_why=True),
        Question("indices", "what published indices say", index_ranks, keeps_why=True),
        Question("flow", "how much can be served at most", _flow),
        Question("base", "who is served in the baseline", _base),
        Question("blocs", "who stands on the other side", blocs_of, ("removed",)),
        Question("alignment", "what a split market costs", sides, ("blocs",), keeps_why=True, weight=2.0),
        Question("worst", "which scenario is the worst", _worst, ("dues",)),
        # long, so before what fills the time beside it
        Question(
            "priced",
            "at which prices the chain clears, who pays",
            priced,
            ("finding worst",),
            keeps_why=True,
            weight=6.0,
        ),
        *(
            Question(
                f"rerouting {year}", f"what projects buy by {year}", partial(_rerouting, year=year), worst, weight=3.0
            )
            for year in case.years
        ),
        Question("stress", "who is short in the long run, and month by month", _stress, worst, weight=6.0),
        Question("stockpile", "what must be in stock", stockpiles, worst, keeps_why=True, weight=2.0),
        Question("doubts", "how sure it is: inputs drawn and moved", doubts, worst, keeps_why=True, weight=4.0),
        Question("portfolios", "which projects are best for the money", portfolios, worst, keeps_why=True, weight=2.0),
        Question(
            "likelihood", "what else would cost as much", likelihood, ("finding worst",), keeps_why=True, weight=2.0
        ),
        Question("bracket", "how far losses spread if nobody plans", myopia, worst, keeps_why=True),
        Question("long_runs", "who is served in the long run", _long_runs, worst, weight=2.0),
        Question("layers", "what the plants opened since the base year change", layers, worst, weight=2.0),
        Question("disrupted", "who is served under the worst scenario", _disrupted, worst),
        Question("timing", "who is short when under the other scenarios", _timing, ("finding worst", "finding now")),
    )


def _stress(case: Case, worst: Scenario | None) -> StressTest:
    """Ask for the long run of every scenario, and for the months of the worst: half-years after the first year."""
    return tested(case.scenarios, [worst] if worst else [], monthly(case, case.counting), None)


def _flow(case: Case) -> MaxFlow:
    return max_flow(case.network, beneficiaries=case.counting.beneficiaries)


def _base(case: Case) -> Balance:
    return balance(case.network, **case.in_order)


def _long_runs(case: Case, worst: Scenario | None) -> LongRuns:
    """Answer the worst scenario as the graph beside the report draws it."""
    return long_runs(case.network, (worst,), case.counting, "new")


def _dues(_case: Case, answers: Answers) -> Answers:
    """Return what is known once the worst scenario is: what every scenario leaves short."""
    if (worst := answers.worst) is not None:
        compared(answers, worst, answers.tiers[0])
    return answers


def _now(case: Case, answers: Answers) -> Answers:
    """Return what is known of what is in force before anything of other scenarios is."""
    now = in_force(case.network)
    if now.measures:
        answers.assumptions(now)
    return answers


def _finding_worst(_case: Case, answers: Answers) -> Finding:
    """Return the finding of the worst scenario, wholly solved."""
    finding = finding_of(answers, None, restriction="worst")
    answers.months_of(finding.scenario)  # of every tier: a figure shows them
    return _solved(finding)


def _finding_now(case: Case, dues: Answers, answers: Answers) -> Finding | None:
    """Return the finding of what is in force, wholly solved; None where nothing is."""
    now = in_force(case.network)
    return _solved(finding_of(dues.with_known(answers), now, restriction="in force")) if now.measures else None


def _solved(finding: Finding) -> Finding:
    finding.to_dict()
    return finding


def _timing(case: Case, finding: Finding, found_now: Finding | None) -> pd.DataFrame:
    """Return what each scenario that the finding is set beside leaves short later, by tier.

    The first year, which takes minutes, is told of the two that a finding has: what is in force, and the worst.
    """
    answers, now = finding.answers, in_force(case.network)
    answers = answers if found_now is None else answers.with_known(found_now.answers)
    known = {now.name: now, **answers.asked}
    known |= {one.name: one for one in (in_force(case.network, returns=True), finding.scenario) if one is not None}
    rows = []
    for name, which in finding.scenarios["which"].items():
        later = answers.due(known[str(name)])
        early = (
            answers.first_year(known[str(name)]) if which in ("in force", "worst") else pd.DataFrame(index=later.index)
        )
        early = early.reindex(columns=["first_month", "due_share"], fill_value=np.nan)
        rows.append(
            pd.DataFrame(
                {
                    "demand_tpa": later["demand_tpa"],
                    "first_month": early["first_month"],
                    "first_year_share": early["due_share"],
                    "later_share": later["due_share"],
                    "later_tpa": later["due_tpa"],
                }
            ).loc[list(answers.tiers)]
        )
    names = list(finding.scenarios.index)
    none = pd.DataFrame(columns=["scenario", "tier", *TIMING]).set_index(["scenario", "tier"])
    table = pd.concat(rows, keys=names, names=["scenario", "tier"]) if rows else none
    return stamp(table, finding.provenance)


def _worst(case: Case, answers: Answers) -> Scenario | None:
    """Return the scenario of the first finding; None where that is the stop of the bottleneck, which nobody asked."""
    worst = answers.worst
    return worst if worst in case.scenarios else None


def _disrupted(case: Case, worst: Scenario | None) -> Balance | None:
    return balance(case.network, worst, **case.in_order) if worst else None


def _rerouting(case: Case, worst: Scenario | None, year: int) -> Reroute:
    """Value projects after what costs no plant: new relations between those that stand."""
    return reroute(case.network, worst, by_year=year, reroute="new", **case.in_order)


def _removed(case: Case) -> Removed:
    """Return what every kind of removal costs all tiers, and what it costs the first."""
    every: dict[str, pd.DataFrame] = {}
    lead: dict[str, pd.DataFrame] = {}
    for by in REMOVED:
        every[by] = chokepoints(case.network, by, **case.in_value)
        lead[by] = chokepoints(case.network, by, tier=case.first, **case.in_value)
    return every, lead


def _attacks(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the worst two and three sites at once, for the first tier (else for all); of two with ties and pairs."""
    rows, pairs, first = [], pd.DataFrame(), case.first
    source: dict[str, Any] = {}
    counts = "first tier" if first else ALL_TIERS
    for k in ATTACKED:
        found = interdict(case.network, k, tier=first, details=k == ATTACKED[0], **case.in_value)
        source = source or found.provenance  # the answer on which the table is ranked
        pairs = pairs if found.pairs.empty else found.pairs
        others = None if found.ties is None else "; ".join(" + ".join(tie) for tie in found.ties)
        told = (getattr(found, name) for name in ATTACK[3:-1])
        rows.append((counts, k, " + ".join(found.removed), *told, others))
    table = pd.DataFrame(rows, columns=ATTACK).set_index(["counts", "k"])
    proved: Status = CHECKED if bool(table["is_optimal"].all()) else BOUNDED
    source = source | {"status": proved}
    return stamp(table, source, status={"greedy_lost_tpa": BOUNDED}), stamp(pairs, source)
