"""The best portfolio of the rare-earth graph, and the value of every project.

    pytest tests/benchmarks/test_bench_portfolio.py
    python tests/benchmarks/test_bench_portfolio.py

Run as a program it does what ``docs/howto/choose-a-portfolio.md`` promises: both full stops, three years, four
budgets, all projects, and the same choice among ten projects by trying every set.
"""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import chainnet as cn
from chainnet.flow import Counting, ValueModel
from chainnet.projects._access import access_to
from chainnet.scenario import overlay_of

STOPS = ("china_export_stop_all", "china_export_stop")
YEARS = (2027, 2030, 2035)
BUDGETS = (500, 1000, 2500, 5000)


def by_enumeration(net: cn.Network, scenario: cn.Scenario, names: list[str], by_year: int) -> dict[float, float]:
    """Return what the best set averts at each budget, one warm solve for each set."""
    overlay = overlay_of(net, scenario)
    access = access_to(Counting(net), overlay, by_year, names)
    model = ValueModel(Counting(net), access.template(overlay))
    in_time = access.overlay(overlay)
    capex = net.projects.set_index("id")["capex_musd"]
    best = dict.fromkeys(BUDGETS, -np.inf)
    base = np.nan
    for r in range(len(names) + 1):
        for chosen in combinations(names, r):
            here = net.projects["id"].isin(chosen).to_numpy()
            built = np.maximum(overlay.built, np.where(here, access.sizes(), 0.0))
            value = -model.solve_under(in_time.with_built(built)).value
            base = value if r == 0 else base
            cost = float(capex[list(chosen)].sum())
            for budget in BUDGETS:
                if cost <= budget:
                    best[budget] = max(best[budget], value - base)
    return best


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("stop", STOPS)
def test_portfolio(benchmark: Any, stop: str, year: int) -> None:
    net = cn.read("rare-earths")
    scenario = cn.scenarios(net)[stop]
    found = benchmark(cn.portfolio, net, scenario, BUDGETS[-1], by_year=year, budgets=BUDGETS)
    assert found.certificate.ok
    assert found.frontier["averted_t"].is_monotonic_increasing


@pytest.mark.parametrize("stop", STOPS)
def test_reroute(benchmark: Any, stop: str) -> None:
    net = cn.read("rare-earths")
    found = benchmark(cn.reroute, net, cn.scenarios(net)[stop], by_year=2030)
    assert found.all_tpa > found.base_tpa


def main() -> None:
    """Time the whole question in one process, after imports, and the same choice by enumeration."""
    cn.portfolio(cn.read("mag-9"), None, 1.0)  # imports
    net = cn.read("rare-earths")
    shipped = cn.scenarios(net)
    begin, used = time.perf_counter(), time.process_time()
    for stop in STOPS:
        for year in YEARS:
            start = time.perf_counter()
            worth = cn.reroute(net, shipped[stop], by_year=year)
            valued = time.perf_counter() - start
            best = cn.portfolio(net, shipped[stop], BUDGETS[-1], by_year=year, budgets=BUDGETS)
            steps = ", ".join(f"{b:g}: {t:,.0f} t" for b, t in best.frontier[["budget_musd", "averted_t"]].to_numpy())
            print(
                f"{stop} {year}: {len(worth.projects)} projects valued in {valued:.1f} s, "
                f"best sets in {time.perf_counter() - start - valued:.1f} s ({steps}), certified {best.certificate.ok}"
            )
    print(f"all: {time.perf_counter() - begin:.1f} s, {time.process_time() - used:.1f} s of the processor")
    names = net.projects.loc[net.projects["capex_musd"].notna(), "id"].to_list()[:10]
    start = time.perf_counter()
    slow = by_enumeration(net, shipped[STOPS[0]], names, 2030)
    middle = time.perf_counter()
    fast = cn.portfolio(
        net, shipped[STOPS[0]], BUDGETS[-1], by_year=2030, projects=names, budgets=BUDGETS, close=[]
    ).frontier
    end = time.perf_counter()
    assert np.allclose(fast["averted_t"], list(slow.values()), rtol=1e-6)
    print(f"{len(names)} projects: every set {middle - start:.1f} s, exact choice {end - middle:.1f} s, same answers")


if __name__ == "__main__":
    main()
