"""48 months of every scenario of a graph: the first answer, and the answer after one scenario has changed.

python tests/benchmarks/bench_stress.py
"""

from __future__ import annotations

import argparse
import time

import chainnet as cn


def main() -> None:
    """Time both in one process, after imports, and print the ratio."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--graph", default="rare-earths")
    ask.add_argument("--months", type=int, default=48)
    given = ask.parse_args()
    cn.stress_test(cn.read("mag-9"), months=2)  # imports
    net = cn.read(given.graph)
    scenarios = dict(cn.scenarios(net))
    begin = time.perf_counter()
    cn.stress_test(net, scenarios, given.months)
    first = time.perf_counter() - begin
    print(f"{len(scenarios)} scenarios and the baseline, {given.months} months: {first:.1f} s")
    for name in scenarios:
        steps = scenarios[name].severities(shares=[1.0], months=[24])
        changed = {**scenarios, name: cn.Scenario(name, next(iter(steps.values())).measures)}
        begin = time.perf_counter()
        cn.stress_test(net, changed, given.months)
        again = time.perf_counter() - begin
        print(f"  after a change of {name}: {again:.1f} s, {first / again:.1f} times faster")


if __name__ == "__main__":
    main()
