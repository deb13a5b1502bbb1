"""Which projects, stocks and protections are best under a budget, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.engine import Certificate
from chainnet.errors import DataError
from chainnet.flow import Counting, binding_inputs, check_tier
from chainnet.lowering import Degree
from chainnet.network import Network, first_years
from chainnet.progress import Steps, Tell
from chainnet.projects._access import pick_projects
from chainnet.projects._options import Option, options_of
from chainnet.projects._search import Search, name_of
from chainnet.results import BOUNDED, CHECKED, STEADY, Result, figure_of, provenance, stamp
from chainnet.scenario import Scenario, overlay_of, pick_scenarios
from chainnet.words import budget_sentence, first_capital, named, with_impossible

Objective = Literal["expected", "worst", "cvar"]
OBJECTIVES = ("expected", "worst", "cvar")
N_FIRST = 2  # the best set, and what greedy buys


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Portfolio(Result):
    """The best set of options under a budget.

    Attributes
    ----------
    options : DataFrame, index option
        kind, label, cost_musd (all of it), taken (bool), bought_t (stocks), spent_musd, alone_t (what it averts
        alone), why (why it is not on offer: no capex, does not stand by then; else empty).
    scenarios : DataFrame, index scenario
        probability, demand_tpa, before_tpa and value_tpa (largest tonnage served without and with the set),
        averted_t, shortfall_tpa.
    frontier : DataFrame
        budget_musd, spent_musd, averted_t, bound_t, greedy_averted_t, taken: the best set at each budget.
    closing : DataFrame, index tier ("all" = all tiers)
        shortfall_tpa (without anything, the worst scenario), least_budget_musd (NaN if no budget closes the gap),
        remains_t (what stays short with everything on offer), taken.
    chosen : tuple of str
        Options taken: ids of projects and of other options.
    ties : tuple of tuples, or None
        Other sets, none larger than it must be, that avert as much within the budget; at most 5. None = not asked.
    greedy : tuple of str
        What greedy buys: always the option that averts most per dollar.
    budget_musd, spent_musd : float
    averted_t, bound_t : float
        Fall of what stays short, t/yr, and what no set within the budget surpasses.
    greedy_averted_t, greedy_gap_t : float
        What greedy averts, and by how much the best set is better.
    certificate : Certificate
        The value, recomputed scenario by scenario without the solver of the choice, against the best bound.
    """

    options: pd.DataFrame
    scenarios: pd.DataFrame
    frontier: pd.DataFrame
    closing: pd.DataFrame
    chosen: tuple[str, ...]
    ties: tuple[tuple[str, ...], ...] | None
    greedy: tuple[str, ...]
    budget_musd: float
    spent_musd: float
    averted_t: float
    bound_t: float
    greedy_averted_t: float
    greedy_gap_t: float
    certificate: Certificate

    @property
    def sentence(self) -> str:
        """What the best set avoids, and what it costs, in a line."""
        if nobody := self.provenance["settings"].get("nobody"):
            return f"{first_capital(nobody)}."
        names = [named(str(self.options["label"][one])) for one in self.chosen]
        said = budget_sentence(self.budget_musd, names, self.spent_musd, self.averted_t)
        return with_impossible(said, self.provenance["settings"])

    def plot(self) -> Any:
        """Draw what the best set avoids at each budget, beside what greedy avoids.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("mag-9")
        >>> cn.portfolio(net, cn.scenarios(net), 60).plot().title
        'USD 60 million: Dysprosium source in the United States avoids 2 t/yr of shortfall for USD 50 million.'
        """
        return figure_of(self)

    def least_budget_musd(self, tier: str = "all") -> float | None:
        """Return the least budget that closes the gap of a tier in every scenario; None if none does.

        Raises
        ------
        DataError
            If the tier was not asked for.
        """
        checks.known(tier, self.closing.index, "tier", "tier of closing")
        least = float(self.closing["least_budget_musd"][tier])
        return None if np.isnan(least) else least


def portfolio(
    network: Network,
    scenarios: Scenario | Iterable[Scenario | None] | Mapping[str, Scenario] | None = None,
    budget_musd: float = 0.0,
    objective: Objective = "expected",
    *,
    alpha: float = 0.9,
    by_year: int | Iterable[int] | None = None,
    reroute: Degree = "existing",
    options: Mapping[str, Any] | None = None,
    projects: Iterable[str] | None = None,
    allies: Words = None,
    budgets: Iterable[float] | None = None,
    close: Iterable[str] | None = None,
    tier: str | None = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    time_limit_s: float = 60.0,
    details: bool = True,
    progress: Tell | None = None,
) -> Portfolio:
    """Choose what to build, store and protect under a budget so that least stays short.

    Parameters
    ----------
    network : Network
    scenarios : Scenario, list or mapping of them, optional
        None = the baseline. Probabilities are scaled to 1; equal if none is given.
    budget_musd : float
        USD million.
    objective : {"expected", "worst", "cvar"}
        What stays short in the mean of the scenarios, in the worst, or in the mean of the worst
        1 - ``alpha`` of the probability.
    alpha : float
        For "cvar", 0 up to below 1.
    by_year : int or list of int, optional
        Projects count at the size that they have in that year, for the tiers they are qualified for; of several
        years the mean counts. None = all at full size.
    reroute : {"existing", "none", "new"}
    options : mapping, optional
        What competes with the projects for the budget: ``{project: cost}`` (None = its capex), ``{node: cost}`` to
        protect it from every remove measure, or ``{name: {...}}`` with kind build (projects, cost_musd: a bundle),
        protect (nodes, cost_musd), qualify (projects, tiers, cost_musd: qualified from the start) or stock (node,
        commodity, most_t, usd_per_t or the commodity's price, release_tpa, tiers: bought in any part, it counts
        for the one year that the answer is about).
    projects : iterable of str, optional
        Projects on offer at their capex; default all, ``[]`` = none.
    allies : list of str, optional
        Only projects in, or backed by, these countries or groups.
    budgets : iterable of float, optional
        Budgets of the frontier; default every step of it, down from ``budget_musd``, at most 40 (with stocks five
        equal steps).
    close : iterable of str, optional
        Tiers for which the least budget that closes their gap is sought ("all" = all tiers); default
        every tier and all.
    tier : str, optional
        Only this tier counts, as if it came first.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    time_limit_s : float
        For each program.
    details : bool
        Whether ``ties`` are looked for: a program each, often the dearest.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Portfolio

    Raises
    ------
    DataError
        If the budget or a cost is negative or no number, the objective or a tier is unknown, some but not all
        scenarios have a probability, or the time ran out before the best set was proved.
    UnknownIdError
        If an option names what does not exist.

    See Also
    --------
    reroute, fortify, price_floor

    Notes
    -----
    One mixed-integer program: the flow of every scenario and year side by side, binary variables in common. Among
    equally good sets the cheapest is returned. Projects without capex are listed and never chosen. Exact; the
    time grows with scenarios x years x edges, and in the worst case doubles with each option.

    References
    ----------
    Rockafellar, R. T., Uryasev, S. (2000). Optimization of conditional value-at-risk. J. Risk 2(3), 21-41.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.projects import portfolio
    >>> net = cn.read("mag-9")
    >>> best = portfolio(net, cn.scenarios(net)["china_out"], budget_musd=130)
    >>> best.chosen, round(best.averted_t, 6), round(best.greedy_averted_t, 6)
    (('G_US', 'H_US'), 20.0, 20.0)
    >>> gallium = cn.read("gallium")
    >>> stop = cn.scenarios(gallium)["china_export_stop_all"]
    >>> bought = cn.portfolio(gallium, stop, budget_musd=300)
    >>> bought.spent_musd, round(bought.averted_t, 1)
    (59.0, 26.8)
    """
    budget = checks.money(budget_musd, "budget_musd")
    levels = None if budgets is None else _budgets(budgets)
    _check(objective, alpha)
    counting = Counting.of(network, commodity, beneficiaries, tier)
    given = [None] if scenarios is None else _scenarios(network, scenarios)
    asked = sorted(given, key=lambda s: s.name if s else "")  # the order in which they were given decides nothing
    weight = _weights(asked)
    years = _years(by_year)
    offered, why = _offer(network, pick_projects(network, projects, allies), options, years)
    tiers = _tiers(network, close)
    steps = Steps(f"programs over {len(asked) * len(years)} cases", progress, N_FIRST + len(tiers) + len(levels or ()))
    search = Search(counting, reroute, asked, weight, years, offered, objective, float(alpha), time_limit_s, steps)
    best, ties = search.best(budget, with_ties=details)
    greedy, greedy_risk = search.greedy(budget)
    steps.done("what greedy buys")
    source = provenance(
        network,
        "HiGHS branch and cut",
        status=CHECKED if best.is_optimal else BOUNDED,
        rests_on=lambda: binding_inputs(counting, [overlay_of(network, s) for s in asked], reroute),
        scenarios=[name_of(s) for s in given],
        budget_musd=budget,
        objective=objective,
        alpha=float(alpha) if objective == "cvar" else None,
        by_year=years if years != [None] else None,
        reroute=reroute,
        options=[o.id for o in offered],
        allies=allies,
        tier=tier,
        **counting.settings,
    )
    proof = search.certificate(best)
    frontier, closing = search.frontier(levels, budget, best, greedy_risk), search.closing(tiers)
    steps.end()
    units = STEADY if len(years) == 1 else {}  # else tonnes of several years are added
    return Portfolio(
        provenance=source,
        options=stamp(search.option_table(best, why), source, units=units),
        scenarios=stamp(search.scenario_table(best).loc[[name_of(s) for s in given]], source, units=units),
        frontier=stamp(frontier, source, units=units),
        closing=stamp(closing, source, units=units),
        chosen=search.names(best),
        ties=ties if details else None,
        greedy=greedy,
        budget_musd=budget,
        spent_musd=best.cost,
        averted_t=proof.value,
        bound_t=proof.bound,
        greedy_averted_t=search.before - greedy_risk,
        greedy_gap_t=max(proof.value - (search.before - greedy_risk), 0.0),
        certificate=proof,
    )


def _check(objective: Any, alpha: Any) -> None:
    checks.known(objective, OBJECTIVES, "objective", "objective")
    if not checks.is_number(alpha) or not 0.0 <= alpha < 1.0:
        raise DataError(f"alpha: {alpha!r} is not allowed; give a share from 0 up to below 1, such as 0.9.")


def _scenarios(network: Network, given: Any) -> list[Scenario | None]:
    if isinstance(given, (list, tuple)) and list(given) == [None]:
        return [None]
    found: list[Scenario | None] = list(pick_scenarios(network, given))
    if not found:
        raise DataError("scenarios: the list is empty. Give a scenario, or None for the baseline.")
    return found


def _weights(asked: Sequence[Scenario | None]) -> Array:
    given = [s.probability if s is not None else None for s in asked]
    lacking = [s.name for s, p in zip(asked, given, strict=True) if s is not None and p is None]
    if len(lacking) == len(given) or given == [None]:
        return np.full(len(given), 1.0 / len(given))
    if lacking:
        raise DataError(
            f"scenarios: {', '.join(lacking)} have no probability, others do. Give all of them one, or none."
        )
    weight = np.array(given, dtype=float)
    if weight.sum() <= 0:
        raise DataError("scenarios: the probabilities sum to 0. Give one of them a probability above 0.")
    return np.asarray(weight / weight.sum())


def _years(by_year: Any) -> list[int | None]:
    if by_year is None or isinstance(by_year, (bool, int, float, str, np.integer, np.floating)):
        return [checks.year(by_year)]
    years = sorted({checks.year(year) for year in by_year if year is not None} - {None}, key=lambda y: y or 0)
    if not years:
        raise DataError("by_year: the list is empty. Give a year, or None for every project at full size.")
    return list(years)


def _budgets(given: Iterable[float]) -> list[float]:
    words = [given] if isinstance(given, (int, float)) else list(given)
    return sorted({checks.money(value, "budgets") for value in words})


def _tiers(network: Network, close: Iterable[str] | None) -> list[str]:
    if network.demand.empty:
        return []
    asked = set(network.demand["tier"].dropna())
    if close is None:
        return [*(t for t in network.tier_order if t in asked), "all"]
    words = [close] if isinstance(close, str) else [str(word) for word in close]
    for word in words:
        if word != "all":
            check_tier(network, word)
    return words


def _offer(
    network: Network, names: list[str], given: Mapping[str, Any] | None, years: list[int | None]
) -> tuple[list[Option], dict[str, str]]:
    """Return what may be bought, and why a project is not on offer."""
    options, why = options_of(network, names, given)
    if years != [None]:
        start = pd.Series(first_years(network.projects), index=network.projects["id"])
        last = max(year for year in years if year is not None)
        late = {name for name in start.index if start[name] > last}
        for name in sorted(late & {p for o in options if o.kind == "build" for p in o.projects} | late & set(why)):
            why[name] = f"does not stand by {last}"
        options = [o for o in options if o.kind != "build" or not set(o.projects) <= late]
    return options, why
