"""The questions of an assessment, a record each: what is asked, and which answers it needs first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

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
from chainnet.assessment._case import Case
from chainnet.assessment._time import exposures, horizon_rungs, myopia, stockpiles
from chainnet.criticality import chokepoints, interdict
from chainnet.flow import Balance, MaxFlow, balance, max_flow
from chainnet.projects import Reroute, reroute
from chainnet.results import BOUNDED, CHECKED, Status, stamp
from chainnet.scenario import Scenario
from chainnet.stress import StressTest, stress_test

__all__ = ["Question", "questions"]

ATTACKED = (2, 3)
REMOVED = ("node", "site", "country", "operator", "owner_country", "step+country")


@dataclass(frozen=True)
class Question:
    """What is asked of a case, given the answers it ``needs``.

    ``keeps_why``: it takes a mapping, last, for the reasons of what has no answer.
    """

    name: str
    ask: Callable[..., Any]
    needs: tuple[str, ...] = ()
    keeps_why: bool = False


def questions(case: Case) -> tuple[Question, ...]:
    """Return the questions of a case in the order in which they are put: each after those that it needs."""
    return (
        Question("stress", _stress),
        Question("removed", _removed),
        Question("attacks", _attacks),
        Question("exposure", exposures, keeps_why=True),
        Question("bracket", myopia, keeps_why=True),
        Question("floors", break_evens, keeps_why=True),
        Question("indices", index_ranks, keeps_why=True),
        Question("flow", _flow),
        Question("base", _base),
        Question("blocs", blocs_of, ("removed",)),
        Question("alignment", sides, ("blocs",), keeps_why=True),
        Question("worst", _worst, ("stress",)),
        Question("stockpile", stockpiles, ("stress",), keeps_why=True),
        *(Question(f"rerouting {year}", partial(_rerouting, year=year), ("worst",)) for year in case.years),
        Question("rungs", horizon_rungs, ("worst",)),
        Question("doubts", doubts, ("worst",), keeps_why=True),
        Question("portfolios", portfolios, ("worst",), keeps_why=True),
        Question("idle", idle_plants, ("worst",), keeps_why=True),
        Question("disrupted", _disrupted, ("worst",)),
    )


def _stress(case: Case) -> StressTest:
    return stress_test(case.network, list(case.scenarios), case.months, case.start, **case.said)


def _flow(case: Case) -> MaxFlow:
    return max_flow(case.network, beneficiaries=case.counting.beneficiaries)


def _base(case: Case) -> Balance:
    return balance(case.network, **case.said)


def _worst(case: Case, stress: StressTest) -> Scenario | None:
    """Return the scenario with the largest shortfall of the first tier, then of all tiers, then by name."""
    first = case.network.tier_order[0]

    def key(scenario: Scenario) -> tuple[float, float, str]:
        short: pd.Series = stress.summary["shortfall_tpa"].loc[scenario.name]
        # rounded, so that ties are ties and not the last digits of a solve
        return (-round(float(short.get(first, 0.0)), 6), -round(float(short.sum()), 6), scenario.name)

    return min(case.scenarios, key=key) if case.scenarios else None


def _disrupted(case: Case, worst: Scenario | None) -> Balance | None:
    return balance(case.network, worst, **case.said) if worst else None


def _rerouting(case: Case, worst: Scenario | None, year: int) -> Reroute:
    return reroute(case.network, worst, by_year=year, **case.said)


def _removed(case: Case) -> Removed:
    """Return what every kind of removal costs all tiers, and what it costs the first."""
    every, lead = {}, {}
    for by in REMOVED:
        every[by] = chokepoints(case.network, by, **case.said)
        lead[by] = chokepoints(case.network, by, tier=case.first, **case.said)
    return every, lead


def _attacks(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the worst two and three sites at once, for the first tier with ties and pairs, and for all."""
    rows, pairs, first = [], pd.DataFrame(), case.first
    source: dict[str, Any] = {}
    for counts, tier in (("first tier", first), ("all tiers", None)):
        if counts == "all tiers" and first is None:
            continue
        for k in ATTACKED:
            details = counts == "first tier" and k == ATTACKED[0]
            found = interdict(case.network, k, tier=tier, details=details, **case.said)
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
