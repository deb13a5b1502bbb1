"""Maximum flows with losses beside ``generalized-maxflow`` (extra ``bench``): hundreds of random networks.

Run as ``python tests/benchmarks/parity_generalized.py`` or by pytest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import chainnet as cn

SEEDS = 300


def lossy(seed: int) -> tuple[cn.Network, dict[str, object]]:
    """Mines, refiners with a recovery each, users: as a recipe network, and as a flow with gains on edges."""
    rng = np.random.default_rng(seed)
    mines, plants, users = (int(rng.integers(1, 5)) for _ in range(3))
    recovery = rng.uniform(0.3, 1.0, plants)
    size = {f"M{i}": float(rng.choice([0.37, 4.0, 11.5, 250.0])) for i in range(mines)}
    size |= {f"P{i}": float(rng.uniform(0.5, 40.0)) for i in range(plants)}
    rows = [(f"M{i}", f"P{j}", "ore") for i in range(mines) for j in range(plants) if rng.random() < 0.7]
    rows += [(f"P{j}", f"U{k}", "metal") for j in range(plants) for k in range(users) if rng.random() < 0.7]
    room = [float(rng.uniform(0.1, 30.0)) for _ in rows]
    asked = {f"U{k}": float(rng.uniform(1.0, 50.0)) for k in range(users)}
    stage = {"M": "mine", "P": "refiner", "U": "end_use"}
    ids = [*size, *asked]
    nodes = pd.DataFrame(
        {
            "id": ids,
            "stage": [stage[i[0]] for i in ids],
            "process": [f"r{i}" if i[0] == "P" else None for i in ids],
            "capacity_tpa": [size.get(i) for i in ids],
        }
    )
    recipes = [
        (f"rP{j}", c, r, t)
        for j in range(plants)
        for c, r, t in (("ore", "input", 1 / recovery[j]), ("metal", "output", 1.0))
    ]
    net = cn.Network(
        nodes=nodes,
        edges=pd.DataFrame(rows, columns=["source", "target", "commodity"]).assign(capacity_tpa=room),
        processes=pd.DataFrame(recipes, columns=["process", "commodity", "role", "t_per_t"]),
        demand=pd.DataFrame(
            {"node": list(asked), "commodity": "metal", "tier": "civilian", "demand_tpa": list(asked.values())}
        ),
    )
    # a plant is split: ore in, metal out, the recovery as the gain of the edge between
    edges: list[dict[str, object]] = []

    def add(tail: str, head: str, capacity: float, gain: float = 1.0) -> None:
        edges.append({"from": tail, "to": head, "capacity": capacity, "gain": gain})

    for i in range(mines):
        add("source", f"M{i}", size[f"M{i}"])
    for j in range(plants):
        add(f"P{j}", f"P{j}.out", size[f"P{j}"] / recovery[j], float(recovery[j]))
    for (tail, head, _), capacity in zip(rows, room, strict=True):
        add(f"{tail}.out" if tail[0] == "P" else tail, head, capacity)
    for user, amount in asked.items():
        add(user, "sink", amount)
    return net, {"source": "source", "sink": "sink", "edges": edges}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_two_agree(seed: int) -> None:
    gmaxflow = pytest.importorskip("gmaxflow")
    net, graph = lossy(seed)
    if net.edges.empty:
        return
    assert cn.max_flow(net).value_tpa == pytest.approx(gmaxflow.max_flow(graph), rel=1e-6, abs=1e-6)


if __name__ == "__main__":
    for number in range(SEEDS):
        test_the_two_agree(number)
    print(f"{SEEDS} networks agree")
