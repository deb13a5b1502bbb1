"""The questions of an assessment, a record each: what is asked, and which answers it needs first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from chainnet.assessment._advice import advice, held
from chainnet.assessment._answers import Answers
from chainnet.assessment._bloc import (
    Removed,
    blocs_of,
    break_evens,
    doubts,
    idle_plants,
    index_ranks,
    portfolios,
    sides,
)
from chainnet.assessment._bottleneck import FIRST_TIER, Bottleneck, bottlenecks, bottlenecks_without, step_column
from chainnet.assessment._case import Case, Reason, Reasons
from chainnet.assessment._dependencies import dependency_table
from chainnet.assessment._finding import Finding, finding_of
from chainnet.assessment._layers import layers
from chainnet.assessment._time import exposures, horizon_level_names, myopia, stockpiles
from chainnet.criticality import chokepoints, interdict
from chainnet.doubt import KeyAssumptions, is_weak, key_assumptions
from chainnet.flow import Balance, LongRuns, MaxFlow, balance, long_runs, max_flow
from chainnet.projects import Reroute, reroute
from chainnet.results import BOUNDED, CHECKED, Status, origin_of, stamp
from chainnet.scenario import Scenario, in_force
from chainnet.stress import StressTest, stress_test
from chainnet.words import ALL_TIERS, Who, titled

ATTACKED = (2, 3)
REMOVED = ("node", "site", "country", "operator", "owner_country", "step+country")


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
    worst = ("worst",)
    return (
        Question("stress", "who is short, month by month", _stress, weight=30.0),
        Question("removed", "what is lost with each site, country and owner", _removed),
        Question("others_first", "what each site costs if all others are served first", _others_first),
        Question("bottlenecks", "which step abroad is the bottleneck", _bottlenecks, ("removed",)),
        Question("attacks", "which sites cost most together", _attacks, weight=5.0),
        Question("exposure", "how long the loss of a site can be borne", exposures, keeps_why=True),
        Question("bracket", "how far losses spread if nobody plans", myopia, keeps_why=True, weight=5.0),
        Question("floors", "at which price projects pay", break_evens, keeps_why=True),
        Question("indices", "what published indices say", index_ranks, keeps_why=True),
        Question("flow", "how much can be served at most", _flow),
        Question("base", "who is served in the baseline", _base),
        Question("long_runs", "who is served in the long run", _long_runs),
        Question("blocs", "who stands on the other side", blocs_of, ("removed",)),
        Question("alignment", "what a split market costs", sides, ("blocs",), keeps_why=True, weight=5.0),
        Question("findings", "who is short, when, where and how sure that is", _findings, weight=10.0),
        Question("worst", "which scenario is the worst", _worst, ("findings",)),
        Question("stockpile", "what must be in stock", stockpiles, ("stress",), keeps_why=True, weight=6.0),
        *(
            Question(
                f"rerouting {year}", f"what projects buy by {year}", partial(_rerouting, year=year), worst, weight=3.0
            )
            for year in case.years
        ),
        Question("levels", "what each level of rerouting buys over the months", horizon_level_names, worst, weight=3.0),
        Question("doubts", "how sure it is: inputs drawn and moved", doubts, worst, keeps_why=True, weight=5.0),
        Question("portfolios", "which projects are best for the money", portfolios, worst, keeps_why=True, weight=2.0),
        Question("idle", "what stands idle if nothing is cut off", idle_plants, worst, keeps_why=True),
        Question("layers", "what the plants opened since the base year change", layers, worst, weight=2.0),
        Question("key_assumptions", "what that verdict rests on", _key_assumptions, worst, keeps_why=True, weight=5.0),
        Question("dependencies", "what changes it", _dependency_table, ("key_assumptions", "bottlenecks")),
        Question(
            "advice",
            "what to do about what stays short",
            advice,
            ("worst", "key_assumptions", *(f"rerouting {year}" for year in case.years)),
            weight=2.0,
        ),
        Question("held", "what each stock avoids", held, worst),
        Question("disrupted", "who is served under the worst scenario", _disrupted, worst),
    )


def _stress(case: Case) -> StressTest:
    # an assessment is long anyway, and has no other way to ask for it
    return stress_test(case.network, list(case.scenarios), case.months, case.start, any_size=True, **case.in_order)


def _flow(case: Case) -> MaxFlow:
    return max_flow(case.network, beneficiaries=case.counting.beneficiaries)


def _base(case: Case) -> Balance:
    return balance(case.network, **case.in_order)


def _long_runs(case: Case) -> LongRuns:
    return long_runs(case.network, case.scenarios or (None,), case.counting, "new")


def _findings(case: Case) -> tuple[Finding, ...]:
    """Return the finding of the worst scenario, then that of what is in force; wholly solved."""
    answers = Answers(case.counting, case.months, {one.name: one for one in case.scenarios})
    found = [finding_of(answers, None, restriction="worst")]
    now = in_force(case.network)
    found += [finding_of(answers, now, restriction="in force")] if now.measures else []
    for one in found:
        one.to_dict()
    return tuple(found)


def _worst(case: Case, findings: tuple[Finding, ...]) -> Scenario | None:
    """Return the scenario of the first finding; None where that is the stop of the bottleneck, which nobody asked."""
    worst = findings[0].scenario
    return worst if worst in case.scenarios else None


def _disrupted(case: Case, worst: Scenario | None) -> Balance | None:
    return balance(case.network, worst, **case.in_order) if worst else None


def _rerouting(case: Case, worst: Scenario | None, year: int) -> Reroute:
    """Value projects after what costs no plant: new relations between those that stand."""
    return reroute(case.network, worst, by_year=year, reroute="new", **case.in_order)


def _removed(case: Case) -> Removed:
    """Return what every kind of removal costs all tiers, and what it costs the first."""
    every, lead = {}, {}
    for by in REMOVED:
        every[by] = chokepoints(case.network, by, **case.in_value)
        lead[by] = chokepoints(case.network, by, tier=case.first, **case.in_value)
    return every, lead


def _others_first(case: Case) -> pd.DataFrame:
    """Return the losses by site with allies served last; empty where there are none, or where it is asked so."""
    if case.counting.value_order != "allies_first" or not case.counting.rivals.any():
        return pd.DataFrame()
    every = chokepoints(case.network, "site", order="allies_last", **case.said)
    first = chokepoints(case.network, "site", tier=case.first, order="allies_last", **case.said)
    return every.assign(**{f"first_{c}": first[c].reindex(every.index) for c in ("lost_tpa", "lost_share")})


def _bottlenecks(case: Case, removed: Removed) -> pd.DataFrame:
    """Return the bottleneck of the first tier and of all tiers."""
    by = f"{step_column(case.network)}+country"
    every, lead = (one.get(by) for one in removed)
    known = {FIRST_TIER: lead if case.first else None, ALL_TIERS: every}
    return bottlenecks(case.counting, {counts: table for counts, table in known.items() if table is not None})


def _key_assumptions(case: Case, worst: Scenario | None, why: Reasons) -> KeyAssumptions | None:
    """Ask again with every judgement and every weak input otherwise."""
    with Reason(why, "key_assumptions"):
        return key_assumptions(case.network, worst, **case.in_order)
    return None


def _dependency_table(case: Case, found: KeyAssumptions | None, undisturbed: pd.DataFrame) -> pd.DataFrame:
    """Return what alone changes the verdict, the bottleneck or what closes the gap; names as a sentence needs them."""
    if found is None:
        return pd.DataFrame(columns=["tier", "words", "does", "then"])
    nodes, moved = case.network.nodes, []
    doubted = nodes.loc[is_weak(nodes) & (nodes["stage"] != "end_use"), "id"]
    for counts, row in undisturbed.iterrows():
        tier = case.first if counts == FIRST_TIER else None
        other = bottlenecks_without(case.counting.first(tier), Bottleneck(**row), list(doubted))
        moved.append(other.assign(tier=Who.of(tier)))
    return stamp(dependency_table(case.network, found, titled, pd.concat(moved)), origin_of(found.central))


def _attacks(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the worst two and three sites at once, for the first tier with ties and pairs, and for all."""
    rows, pairs, first = [], pd.DataFrame(), case.first
    source: dict[str, Any] = {}
    for counts, tier in ((FIRST_TIER, first), (ALL_TIERS, None))[: 1 if first is None else 2]:
        for k in ATTACKED:
            details = counts == FIRST_TIER and k == ATTACKED[0]
            found = interdict(case.network, k, tier=tier, details=details, **case.in_value)
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
    proved: Status = CHECKED if bool(table["is_optimal"].all()) else BOUNDED
    source = source | {"status": proved}
    return stamp(table, source, status={"greedy_lost_tpa": BOUNDED}), stamp(pairs, source)
