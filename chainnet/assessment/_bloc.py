"""What an assessment says of money, blocs and doubt: portfolios, alignment, indices, ranges."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from chainnet.assessment._case import Case, Reason, Reasons
from chainnet.blocs import Alignment, alignment
from chainnet.doubt import Ensemble, Sensitivity, ensemble, sensitivity
from chainnet.engine import ROUNDING
from chainnet.errors import DataError
from chainnet.indicators import compare_indices
from chainnet.projects import Portfolio, portfolio
from chainnet.scenario import Scenario

BUDGET_PARTS = (0.05, 0.1, 0.25, 0.5, 1.0)
TWO_DIGITS = 2
# what every kind of removal costs all tiers, and what it costs the first
Removed = tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]
ORDERS = 8  # random orders of the shares of countries: the report ranks by swing


def portfolios(case: Case, worst: Scenario | None, why: Reasons) -> dict[str, Portfolio]:
    """Return the best sets at five budgets, up to all that the listed projects cost, for all tiers and the first.

    New relations have done their part before: what they serve needs no plant.
    """
    network, said, year = case.network, case.said, case.last_year
    capex = network.projects["capex_musd"]
    if worst is None or not (capex > 0).any():
        why["portfolio"] = "no scenario was given" if worst is None else "no listed project has a capital cost"
        return {}
    whole = _round_up(float(capex.sum()))
    budgets = sorted({_round_up(whole * part) for part in BUDGET_PARTS})
    found: dict[str, Portfolio] = {}
    for tier in dict.fromkeys((case.first, None)):
        with Reason(why, "portfolio"):
            found[tier or "all"] = portfolio(
                network,
                [worst],
                whole,
                by_year=year,
                reroute="new",
                budgets=budgets,
                close=[tier or "all"],
                tier=tier,
                details=False,
                **said,
            )
    return found


def _round_up(value: float) -> float:
    """Round up to two digits: a budget is a round number."""
    size = 10.0 ** (np.floor(np.log10(value)) - TWO_DIGITS + 1)
    return float(np.ceil(value / size - ROUNDING) * size)


def blocs_of(case: Case, removed: Removed) -> dict[str, list[str]] | None:
    """Return the beneficiaries and, as their rival, the country outside them whose loss costs them most."""
    network = case.network
    if not network.beneficiaries:
        return None
    members = network.resolve(network.beneficiaries, "beneficiaries")[0]
    for table in (removed[1]["country"], removed[0]["country"]):
        lost = table["lost_tpa"]
        outside = [str(c) for c in lost.index if lost[c] > 0 and c not in members]
        if outside:
            return {"allies": list(network.beneficiaries), "rival": outside[:1]}
    return None


def sides(case: Case, blocs: Mapping[str, list[str]] | None, why: Reasons) -> Alignment | None:
    """Return what the countries between the beneficiaries and their rival are worth to either."""
    network, what = case.network, case.counting.commodity
    with Reason(why, "alignment"):
        if blocs is None:
            raise DataError("the data name no beneficiaries, or no country outside them costs them anything")
        return alignment(network, blocs, permutations=ORDERS, commodity=what)
    return None


def index_ranks(case: Case, why: Reasons) -> pd.DataFrame:
    """Return the rank of every country and step by published index and by loss."""
    with Reason(why, "indices"):
        return compare_indices(case.network, **case.said)
    return pd.DataFrame()


def doubts(case: Case, worst: Scenario | None, why: Reasons) -> tuple[Ensemble | None, Sensitivity | None]:
    """Return what the ranges in the data do to the answer, all at once and one at a time."""
    network = case.network
    found = sensitivity(network, worst, tier=case.first, **case.said)
    if found.inputs.empty:
        why["ranges"] = "no figure in the data has a range"
        return None, None
    many = ensemble(network, worst, draws=case.draws, **case.in_order) if case.draws else None
    if many is None:
        why["draws"] = "no draws were asked for"
    return many, found
