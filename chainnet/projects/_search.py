"""Every question about one offer under a budget: the best set, greedy, the frontier, the least budget; each proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import (
    CERTAIN,
    LEAST_SIZE,
    LEEWAY,
    MARGIN,
    PROOF_SEARCH,
    ROUNDING,
    BestSet,
    Certificate,
    FixedSets,
    Found,
    require,
    risk_of,
)
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.lowering import Degree
from chainnet.progress import SILENT, Steps
from chainnet.projects._cases import Case
from chainnet.projects._options import Option, at_capex
from chainnet.scenario import Scenario
from chainnet.words import dollars

MOST_TIES = 5
MOST_STEPS = 40


def name_of(scenario: Scenario | None) -> str:
    """Return the word under which a scenario stands in the tables."""
    return scenario.name if scenario else "baseline"


class Search:
    """Every question about one offer: the best set, greedy, the frontier, the least budget."""

    def __init__(
        self,
        counting: Counting,
        degree: Degree,
        asked: Sequence[Scenario | None],
        weight: Array,
        years: Sequence[int | None],
        options: list[Option],
        objective: str = "expected",
        alpha: float = 0.9,
        time_limit_s: float = 60.0,
        steps: Steps = SILENT,
    ) -> None:
        self._told = steps
        self.network, self.asked, self.weight, self.options = counting.network, asked, weight, options
        self.objective, self.alpha, self.time_limit_s = objective, alpha, time_limit_s
        self.part = 1.0 / len(years)
        self.cases = [
            (number, Case(counting, degree, scenario, year, options))
            for number, scenario in enumerate(asked)
            for year in years
        ]
        self.cost = np.array([o.cost_musd for o in options], dtype=float)
        self.is_stock = np.array([o.kind == "stock" for o in options], dtype=bool)
        self._true: dict[tuple[Any, ...], Array] = {}
        self.nothing = Found(np.zeros(len(options), dtype=bool), np.zeros(len(options)), 0.0, 0.0, 0.0, True)
        self.everything = Found(~self.is_stock, self.is_stock.astype(float), 0.0, 0.0, float(self.cost.sum()), True)
        base, most = self.values(self.nothing), self.values(self.everything)  # also: nothing is without a limit
        copies = [case.copy(number, self.part) for number, case in self.cases]
        self.plan = BestSet(copies, weight, self.cost, self.is_stock, objective, alpha, time_limit_s)
        self.fixed = FixedSets(copies, len(weight))
        self.wanted = self.plan.wanted
        self.base = base
        self.scale = max(float(np.abs(most).max(initial=0.0)), LEAST_SIZE)
        self.before = self.risk(base)

    def risk(self, values: Array) -> float:
        """Return what stays short by the objective, t/yr (above the demand of the scenario that asks most)."""
        return risk_of(self.wanted - self.wanted.max() - values, self.weight, self.objective, self.alpha)

    def names(self, found: Found) -> tuple[str, ...]:
        """Return the ids of what is taken."""
        taken = found.taken | (found.parts > ROUNDING)
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
        slack = CERTAIN * self.scale
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
        self._told.done(f"the best for {dollars(1e6 * budget, ' ')}")
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
        return require(Certificate("portfolio", max(averted, 0.0), max(bound, averted, 0.0), gap, over, PROOF_SEARCH))

    def greedy(self, budget: float) -> tuple[tuple[str, ...], float]:
        """Return what greedy buys, and what stays short then; stocks are filled with what is left."""
        taken = np.zeros(len(self.options), dtype=bool)
        left, now = budget, self.risk(self.fixed.values(taken))
        while True:
            best: tuple[float, float, int] | None = None
            for number, option in enumerate(self.options):
                if taken[number] or option.kind == "stock" or option.cost_musd > left + ROUNDING:
                    continue
                more = taken.copy()
                more[number] = True
                gain = now - self.risk(self.fixed.values(more))
                if gain > 10 * CERTAIN * self.scale:
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
        info = self.network.plants.set_index("id")["label"]
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
            is_in = part > ROUNDING
            averted = averted if averted > CERTAIN * self.scale else 0.0
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
                "scenario": [name_of(s) for s in self.asked],
                "probability": self.weight,
                "demand_tpa": np.where(self.wanted > 0, self.wanted, np.nan),
                "before_tpa": self.base,
                "value_tpa": after,
                "averted_t": _tidy(after - self.base, self.scale),
            }
        )
        table["shortfall_tpa"] = _tidy(table["demand_tpa"].to_numpy() - after, self.scale)
        return table.set_index("scenario")

    def frontier(self, steps: Sequence[float] | None, budget: float, best: Found, greedy_risk: float) -> pd.DataFrame:
        """Return the best set at each budget, or at each step of the frontier."""
        if steps is None and self.is_stock.any():
            steps = sorted({budget * step / 5 for step in range(6)})
            self._told.more(len(steps))
        found = self._steps(best) if steps is None else self._best_at(steps, budget, best)
        rows = []
        for step, one in found:
            short = greedy_risk if step == budget else self.greedy(step)[1]
            proof = self.certificate(one)
            rows.append((step, one.cost, proof.value, proof.bound, self.before - short, "; ".join(self.names(one))))
        columns = ["budget_musd", "spent_musd", "averted_t", "bound_t", "greedy_averted_t", "taken"]
        return pd.DataFrame(rows, columns=columns)

    def _best_at(self, steps: Sequence[float], budget: float, best: Found) -> list[tuple[float, Found]]:
        """Return the best set at each budget; the best for more money is it where it costs no more than this."""
        known = {budget: best}
        for step in sorted(set(steps) - {budget}, reverse=True):
            richer = (one for most, one in known.items() if step <= most and one.cost <= step)
            known[step] = next(richer, None) or self.best(step)[0]
        return [(step, known[step]) for step in steps]

    def _steps(self, best: Found) -> list[tuple[float, Found]]:
        """Return the sets that no cheaper one equals, from nothing up: each is the best that its own cost buys."""
        found = [best]
        while found[-1].cost > 0 and len(found) < MOST_STEPS:
            self._told.more(1)
            found.append(self.best(found[-1].cost - MARGIN * max(found[-1].cost, 1.0))[0])
        return [(one.cost, one) for one in reversed(found)]

    def closing(self, tiers: Sequence[str]) -> pd.DataFrame:
        """Return the least budget that closes the gap of each tier in every scenario that can come."""
        rows = []
        for name in self._told.each(tiers, "what closes the gap of {}".format):
            tier = None if name == "all" else name
            copies = [case.copy(number, self.part, tier) for number, case in self.cases]
            plan = BestSet(copies, self.weight, self.cost, self.is_stock, "expected", self.alpha, self.time_limit_s)
            likely = self.weight > 0
            short = (plan.wanted - self.values(self.nothing, tier))[likely]
            left = (plan.wanted - self.values(self.everything, tier))[likely]
            dust = PROOF_SEARCH * max(float(plan.wanted.max(initial=0.0)), LEAST_SIZE)
            least, taken = np.nan, ""
            if short.max(initial=0.0) <= dust:
                least = 0.0
            elif left.max(initial=0.0) <= dust:
                floors = np.where(likely, plan.wanted - dust, 0.0)
                found = self._optimal(plan.solve(np.inf, floors=floors))
                lacks = float((floors - self.values(found, tier))[likely].max())
                size = max(float(self.cost.sum()), 1.0)
                proof = (found.cost, min(found.bound, found.cost), max(found.cost - found.bound, 0.0) / size)
                require(Certificate("closing", *proof, max(lacks, 0.0) / (dust / PROOF_SEARCH), 10 * PROOF_SEARCH))
                least, taken = found.cost, "; ".join(self.names(found))
            rows.append((name, _tidy(short, self.scale).max(), least, _tidy(left, self.scale).max(), taken))
        columns = ["tier", "shortfall_tpa", "least_budget_musd", "remains_t", "taken"]
        return pd.DataFrame(rows, columns=columns).set_index("tier")


def _tidy(values: Array, scale: float) -> Array:
    return np.where(np.abs(values) <= CERTAIN * scale, 0.0, values)


def best_projects(
    counting: Counting,
    degree: Degree,
    scenario: Scenario | None,
    by_year: int | None,
    names: Iterable[str],
    budget_musd: float,
) -> tuple[str, ...]:
    """Return the projects of the cheapest of the best sets under a budget, each at its capex, proved."""
    search = Search(counting, degree, [scenario], np.ones(1), [by_year], at_capex(counting.network, names))
    best, _ = search.best(budget_musd)
    search.certificate(best)
    return search.names(best)
