"""Which projects, stocks and protections are best under a budget, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet.engine.certificate import Certificate, require
from chainnet.errors import DataError
from chainnet.flow import what_binds
from chainnet.flow_value import Words, check_tier, count_settings
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.projects_access import check_year, pick_projects
from chainnet.projects_cases import Case, Question
from chainnet.projects_milp import SLACK, BestSet, FixedSets, Found, risk_of
from chainnet.projects_options import Option, check_money, options_of
from chainnet.results import STEADY, Result, provenance, stamp
from chainnet.scenario import Scenario, overlay_of, pick_scenarios

__all__ = ["Portfolio", "portfolio"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Objective = Literal["expected", "worst", "cvar"]
OBJECTIVES = ("expected", "worst", "cvar")
TOLERANCE = 1e-6
MOST_TIES = 5
MOST_STEPS = 40
# relative: what the cheapest set may give up of the best value, so that rounding does not hide it
LEEWAY = 2e-9
# relative: by how much the next step of the frontier must be cheaper
MARGIN = 1e-6


@dataclass(frozen=True, repr=False, eq=False)
class Portfolio(Result):
    """The best set of options under a budget.

    Attributes
    ----------
    options : DataFrame, index option
        kind, label, cost_musd (all of it), taken (bool), bought_t (stocks), spent_musd, alone_t (what it averts
        alone), why (why it is not on offer: no capex, does not stand by then; else empty).
    scenarios : DataFrame, index scenario
        probability, demand_tpa, before_tpa and value_tpa (largest tonnage served without and with the set),
        averted_t, short_tpa.
    frontier : DataFrame
        budget_musd, spent_musd, averted_t, bound_t, greedy_averted_t, taken: the best set at each budget.
    closing : DataFrame, index tier ("all" = all tiers)
        short_tpa (without anything, the worst scenario), least_budget_musd (NaN if no budget closes the gap),
        remains_t (what stays short with everything on offer), taken.
    chosen : tuple of str
        Options taken: ids of projects and of other options.
    ties : tuple of tuples
        Other sets, none larger than it must be, that avert as much within the budget; at most 5.
    greedy : tuple of str
        What greedy buys: always the option that averts most per dollar.
    budget_musd, spent_musd : float
    averted_t, bound_t : float
        Fall of what stays short, t/a, and what no set within the budget surpasses.
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
    ties: tuple[tuple[str, ...], ...]
    greedy: tuple[str, ...]
    budget_musd: float
    spent_musd: float
    averted_t: float
    bound_t: float
    greedy_averted_t: float
    greedy_gap_t: float
    certificate: Certificate

    def least_budget_musd(self, tier: str = "all") -> float | None:
        """Return the least budget that closes the gap of a tier in every scenario; None if none does.

        Raises
        ------
        DataError
            If the tier was not asked for.
        """
        if tier not in self.closing.index:
            raise DataError(f'tier: "{tier}" is not in closing; one of {", ".join(self.closing.index)}.')
        least = float(self.closing.loc[tier, "least_budget_musd"])
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
) -> Portfolio:
    """Choose what to build, store and protect under a budget so that least stays short.

    Parameters
    ----------
    network : Network
    scenarios : Scenario, list or mapping of them, optional
        None = the network as it stands. Probabilities are scaled to 1; equal if none is given.
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
    reroute : {"existing", "frozen", "new"}
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
    >>> from chainnet.projects_portfolio import portfolio
    >>> net = cn.read("mag-9")
    >>> best = portfolio(net, cn.scenarios(net)["china_out"], budget_musd=130)
    >>> best.chosen, round(best.averted_t, 6), round(best.greedy_averted_t, 6)
    (('G_US', 'H_US'), 20.0, 20.0)
    """
    budget = check_money(budget_musd, "budget_musd")
    steps = None if budgets is None else _budgets(budgets)
    _check(network, objective, alpha, tier)
    given = [None] if scenarios is None else _scenarios(network, scenarios)
    asked = sorted(given, key=lambda s: s.name if s else "")  # the order in which they were given decides nothing
    weight = _weights(asked)
    years = _years(by_year)
    offered, why = _offer(network, pick_projects(network, projects, allies), options, years)
    question = Question(reroute, commodity, beneficiaries, tier)
    search = _Search(network, asked, weight, years, offered, question, objective, float(alpha), time_limit_s)
    best, ties = search.best(budget, with_ties=True)
    greedy, greedy_risk = search.greedy(budget)
    source = provenance(
        network,
        "HiGHS branch and cut",
        status="P" if best.is_optimal else "B",
        rests_on=what_binds(
            network,
            [overlay_of(network, s) for s in asked],
            reroute,
            commodity=commodity,
            beneficiaries=beneficiaries,
            tier=tier,
        ),
        scenarios=[_name(s) for s in given],
        budget_musd=budget,
        objective=objective,
        alpha=float(alpha) if objective == "cvar" else None,
        by_year=years if years != [None] else None,
        reroute=reroute,
        options=[o.id for o in offered],
        allies=allies,
        tier=tier,
        **count_settings(network, commodity, beneficiaries),
    )
    proof = search.certificate(best)
    units = STEADY if len(years) == 1 else {}  # else tonnes of several years are added
    return Portfolio(
        source,
        stamp(search.option_table(best, why), source, units=units),
        stamp(search.scenario_table(best).loc[[_name(s) for s in given]], source, units=units),
        stamp(search.frontier(steps, budget, best, greedy_risk), source, units=units),
        stamp(search.closing(_tiers(network, close)), source, units=units),
        search.names(best),
        ties,
        greedy,
        budget,
        best.cost,
        proof.value,
        proof.bound,
        search.before - greedy_risk,
        max(proof.value - (search.before - greedy_risk), 0.0),
        proof,
    )


def _check(network: Network, objective: Any, alpha: Any, tier: str | None) -> None:
    if objective not in OBJECTIVES:
        raise DataError(f"objective: unknown objective {objective!r}; one of {', '.join(OBJECTIVES)}.")
    is_number = isinstance(alpha, (int, float, np.integer, np.floating)) and not isinstance(alpha, bool)
    if not is_number or not 0.0 <= alpha < 1.0:
        raise DataError(f"alpha: {alpha!r} is not allowed; give a share from 0 up to below 1, such as 0.9.")
    check_tier(network, tier)


def _scenarios(network: Network, given: Any) -> list[Scenario | None]:
    if isinstance(given, (list, tuple)) and list(given) == [None]:
        return [None]
    found: list[Scenario | None] = list(pick_scenarios(network, given))
    if not found:
        raise DataError("scenarios: the list is empty. Give a scenario, or None for the network as it stands.")
    return found


def _name(scenario: Scenario | None) -> str:
    return scenario.name if scenario else "baseline"


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
        return [check_year(by_year)]
    years = sorted({check_year(year) for year in by_year if year is not None} - {None}, key=lambda y: y or 0)
    if not years:
        raise DataError("by_year: the list is empty. Give a year, or None for every project at full size.")
    return list(years)


def _budgets(given: Iterable[float]) -> list[float]:
    words = [given] if isinstance(given, (int, float)) else list(given)
    return sorted({check_money(value, "budgets") for value in words})


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
        start = network.projects.set_index("id")["start_year"]
        last = max(year for year in years if year is not None)
        late = {name for name in start.index if start[name] > last}
        for name in sorted(late & {p for o in options if o.kind == "build" for p in o.projects} | late & set(why)):
            why[name] = f"does not stand by {last}"
        options = [o for o in options if o.kind != "build" or not set(o.projects) <= late]
    return options, why


class _Search:
    """Every question about one offer: the best set, greedy, the frontier, the least budget."""

    def __init__(
        self,
        network: Network,
        asked: Sequence[Scenario | None],
        weight: Array,
        years: Sequence[int | None],
        options: list[Option],
        question: Question,
        objective: str,
        alpha: float,
        time_limit_s: float,
    ) -> None:
        self.network, self.asked, self.weight, self.options = network, asked, weight, options
        self.objective, self.alpha, self.time_limit_s = objective, alpha, time_limit_s
        self.part = 1.0 / len(years)
        self.cases = [
            (number, Case(network, scenario, year, options, question))
            for number, scenario in enumerate(asked)
            for year in years
        ]
        self.cost = np.array([o.cost_musd for o in options], dtype=float)
        self.is_stock = np.array([o.kind == "stock" for o in options], dtype=bool)
        self._true: dict[tuple[Any, ...], Array] = {}
        self.nothing = Found(np.zeros(len(options), dtype=bool), np.zeros(len(options)), 0.0, 0.0, 0.0, True)
        self.everything = Found(~self.is_stock, self.is_stock.astype(float), 0.0, 0.0, float(self.cost.sum()), True)
        base, most = self.values(self.nothing), self.values(self.everything)  # also: nothing is unlimited
        copies = [case.copy(number, self.part) for number, case in self.cases]
        self.plan = BestSet(copies, weight, self.cost, self.is_stock, objective, alpha, time_limit_s)
        self.fixed = FixedSets(copies, len(weight))
        self.wanted = self.plan.wanted
        self.base = base
        self.scale = max(float(np.abs(most).max(initial=0.0)), 1e-9)
        self.before = self.risk(base)

    def risk(self, values: Array) -> float:
        """Return what stays short by the objective, t/a (above the demand of the scenario that asks most)."""
        return risk_of(self.wanted - self.wanted.max() - values, self.weight, self.objective, self.alpha)

    def names(self, found: Found) -> tuple[str, ...]:
        """Return the ids of what is taken."""
        taken = found.taken | (found.parts > 1e-9)
        return tuple(o.id for o, is_in in zip(self.options, taken, strict=True) if is_in)

    def values(self, found: Found, tier: str | None = None) -> Array:
        """Return each scenario's value under a set, by programs that know nothing of the choice."""
        key = (found.taken.tobytes(), found.parts.tobytes(), tier)
        if key not in self._true:
            ids = self.names(found)
            tonnes = {o.id: o.most_t * p for o, p in zip(self.options, found.parts, strict=True) if o.kind == "stock"}
            out = np.zeros(len(self.weight))
            for number, case in self.cases:
                out[number] += self.part * case.value(ids, tonnes, tier)
            self._true[key] = out
        return self._true[key]

    def best(self, budget: float, with_ties: bool = False) -> tuple[Found, tuple[tuple[str, ...], ...]]:
        """Return the cheapest of the best sets, with the bound of the first stage, and other sets as good."""
        first = self._optimal(self.plan.solve(budget))
        slack = SLACK * self.scale
        cheap = self.plan.solve(budget, cheapest_at=first.value - LEEWAY * self.scale)
        found = first if cheap is None or cheap.cost > first.cost else cheap
        if self.risk(self.values(found)) > self.risk(self.values(first)) + 10 * slack:
            found = first
        # what averts nothing is not worth a dollar
        if self.before - self.risk(self.values(found)) <= 10 * slack:
            found = self.nothing
        best = Found(found.taken, found.parts, found.value, first.bound, found.cost, first.is_optimal)
        ties: list[tuple[str, ...]] = []
        barred = [best.taken]
        while with_ties and best.taken.any() and len(ties) < MOST_TIES:
            other = self.plan.solve(budget, cheapest_at=first.value - slack, barred=barred)
            if other is None or not other.taken.any():
                break
            ties.append(self.names(other))
            barred.append(other.taken)
        return best, tuple(ties)

    def _optimal(self, found: Found | None) -> Found:
        if found is None or not found.is_optimal:
            raise DataError(
                f"portfolio: the best set was not proved within {self.time_limit_s:g} s. Raise time_limit_s, or offer "
                "fewer options."
            )
        return found

    def certificate(self, found: Found) -> Certificate:
        """Prove what a set averts: recomputed scenario by scenario, against the best bound."""
        averted = self.before - self.risk(self.values(found))
        bound = self.before + found.bound
        gap, over = max(bound - averted, 0.0) / self.scale, max(averted - bound, 0.0) / self.scale
        return require(Certificate("portfolio", max(averted, 0.0), max(bound, averted, 0.0), gap, over, TOLERANCE))

    def greedy(self, budget: float) -> tuple[tuple[str, ...], float]:
        """Return what greedy buys, and what stays short then; stocks are filled with what is left."""
        taken = np.zeros(len(self.options), dtype=bool)
        left, now = budget, self.risk(self.fixed.values(taken))
        while True:
            best: tuple[float, float, int] | None = None
            for number, option in enumerate(self.options):
                if taken[number] or option.kind == "stock" or option.cost_musd > left + 1e-9:
                    continue
                more = taken.copy()
                more[number] = True
                gain = now - self.risk(self.fixed.values(more))
                if gain > 10 * SLACK * self.scale:
                    key = (-gain / option.cost_musd if option.cost_musd > 0 else -np.inf, -gain, number)
                    best = key if best is None else min(best, key)
            if best is None:
                break
            taken[best[2]] = True
            left -= self.options[best[2]].cost_musd
            now = self.risk(self.fixed.values(taken))
        if not self.is_stock.any():
            return tuple(o.id for o, t in zip(self.options, taken, strict=True) if t), now
        filled = self._optimal(self.plan.solve(budget, fixed=taken))
        return self.names(filled), self.risk(self.values(filled))

    # -- tables --------------------------------------------------------------------------------------

    def option_table(self, found: Found, why: Mapping[str, str]) -> pd.DataFrame:
        """Return every option, what it costs, whether it is taken, and projects that are not on offer."""
        info = pd.concat([self.network.nodes, self.network.projects])[["id", "label"]].set_index("id")["label"]
        none = np.zeros(len(self.options), dtype=bool)
        start = self.risk(self.fixed.values(none))
        capex = self.network.projects.set_index("id")["capex_musd"]
        rows = []
        for number, option in enumerate(self.options):
            alone = none.copy()
            alone[number] = True
            averted = start - self.risk(self.fixed.values(alone))
            part = float(found.parts[number]) if option.kind == "stock" else float(found.taken[number])
            bought = option.most_t * part if option.kind == "stock" else np.nan
            label = info.get((*option.projects, *option.nodes)[0]) if len(option.projects + option.nodes) == 1 else None
            is_in = part > 1e-9
            averted = averted if averted > DUST * self.scale else 0.0
            row = (option.id, option.kind, label, option.cost_musd, is_in, bought, option.cost_musd * part, averted, "")
            rows.append(row)
        known = {o.id for o in self.options}
        for name in sorted(set(why) - known):
            rows.append((name, "build", info.get(name), capex.get(name, np.nan), False, np.nan, 0.0, np.nan, why[name]))
        columns = ["option", "kind", "label", "cost_musd", "taken", "bought_t", "spent_musd", "alone_t", "why"]
        return pd.DataFrame(rows, columns=columns).sort_values("option", ignore_index=True).set_index("option")

    def scenario_table(self, found: Found) -> pd.DataFrame:
        """Return each scenario without and with the set."""
        after = self.values(found)
        table = pd.DataFrame(
            {
                "scenario": [_name(s) for s in self.asked],
                "probability": self.weight,
                "demand_tpa": np.where(self.wanted > 0, self.wanted, np.nan),
                "before_tpa": self.base,
                "value_tpa": after,
                "averted_t": _tidy(after - self.base, self.scale),
            }
        )
        table["short_tpa"] = _tidy(table["demand_tpa"].to_numpy() - after, self.scale)
        return table.set_index("scenario")

    def frontier(self, steps: Sequence[float] | None, budget: float, best: Found, greedy_risk: float) -> pd.DataFrame:
        """Return the best set at each budget, or at each step of the frontier."""
        if steps is None and self.is_stock.any():
            steps = sorted({budget * step / 5 for step in range(6)})
        found = self._steps(best) if steps is None else [(s, best if s == budget else self.best(s)[0]) for s in steps]
        rows = []
        for step, one in found:
            short = greedy_risk if step == budget else self.greedy(step)[1]
            proof = self.certificate(one)
            rows.append((step, one.cost, proof.value, proof.bound, self.before - short, "; ".join(self.names(one))))
        columns = ["budget_musd", "spent_musd", "averted_t", "bound_t", "greedy_averted_t", "taken"]
        return pd.DataFrame(rows, columns=columns)

    def _steps(self, best: Found) -> list[tuple[float, Found]]:
        """Return the sets that no cheaper one equals, from nothing up: each is the best that its own cost buys."""
        found = [best]
        while found[-1].cost > 0 and len(found) < MOST_STEPS:
            found.append(self.best(found[-1].cost - MARGIN * max(found[-1].cost, 1.0))[0])
        return [(one.cost, one) for one in reversed(found)]

    def closing(self, tiers: Sequence[str]) -> pd.DataFrame:
        """Return the least budget that closes the gap of each tier in every scenario that can come."""
        rows = []
        for name in tiers:
            tier = None if name == "all" else name
            copies = [case.copy(number, self.part, tier) for number, case in self.cases]
            plan = BestSet(copies, self.weight, self.cost, self.is_stock, "expected", self.alpha, self.time_limit_s)
            likely = self.weight > 0
            short = (plan.wanted - self.values(self.nothing, tier))[likely]
            left = (plan.wanted - self.values(self.everything, tier))[likely]
            dust = TOLERANCE * max(float(plan.wanted.max(initial=0.0)), 1e-9)
            least, taken = np.nan, ""
            if short.max(initial=0.0) <= dust:
                least = 0.0
            elif left.max(initial=0.0) <= dust:
                floors = np.where(likely, plan.wanted - dust, 0.0)
                found = self._optimal(plan.solve(np.inf, floors=floors))
                lacks = float((floors - self.values(found, tier))[likely].max())
                size = max(float(self.cost.sum()), 1.0)
                proof = (found.cost, min(found.bound, found.cost), max(found.cost - found.bound, 0.0) / size)
                require(Certificate("closing", *proof, max(lacks, 0.0) / (dust / TOLERANCE), 10 * TOLERANCE))
                least, taken = found.cost, "; ".join(self.names(found))
            rows.append((name, _tidy(short, self.scale).max(), least, _tidy(left, self.scale).max(), taken))
        columns = ["tier", "short_tpa", "least_budget_musd", "remains_t", "taken"]
        return pd.DataFrame(rows, columns=columns).set_index("tier")


DUST = 1e-7


def _tidy(values: Array, scale: float) -> Array:
    return np.where(np.abs(values) <= DUST * scale, 0.0, values)
