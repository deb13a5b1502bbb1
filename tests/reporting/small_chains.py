"""Random small chains with all that a report may have to tell: tiers, outsiders, groups of plants, projects, stocks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

import chainnet as cn

COUNTRIES = ("CHN", "USA", "JPN", "AUS")
STATUSES = ("planned", "under construction", "operating", None)
TIERS = ("defence", "industrial", "civilian")
STEPS = (("mine", "digging"), ("refiner", "refining"), ("manufacturer", "making"))


def _made(rng: np.random.Generator) -> dict[str, list[dict[str, Any]]]:
    nodes: list[dict[str, Any]] = []
    layers: list[list[str]] = []
    for place, (stage, step) in enumerate(STEPS):
        ids = [f"zz_{place}_{i}" for i in range(int(rng.integers(2, 4)))]
        layers.append(ids)
        for i in ids:
            country = str(rng.choice(COUNTRIES))
            is_group = rng.random() < 0.3
            nodes.append(
                {
                    "id": i,
                    "label": f"{step.capitalize()} works {'of the far north ' if rng.random() < 0.3 else ''}no. {i[-1]}{place}",
                    "stage": stage,
                    "step": step,
                    "country": country,
                    "operator": "Firm A and others" if is_group else f"Firm {i[-1]}{place}",
                    "capacity_tpa": float(rng.integers(0, 60)),
                    "quality": str(rng.choice(["reported", "assumed"])),
                }
            )
    users = [f"zz_user_{i}" for i in range(int(rng.integers(1, 4)))]
    nodes += [
        {"id": u, "label": f"Users no. {u[-1]}", "stage": "end_use", "country": str(rng.choice(COUNTRIES[1:]))}
        for u in users
    ]
    if rng.random() < 0.5:
        nodes[-1]["country"] = "CHN"
    layers.append(users)
    edges = [
        {
            "source": a,
            "target": b,
            "capacity_tpa": float(rng.integers(5, 60)),
            "quality": str(rng.choice(["reported", "inferred", "assumed"])),
        }
        for tails, heads in pairwise(layers)
        for a in tails
        for b in heads
        if rng.random() < 0.7
    ]
    demand = [
        {"node": u, "tier": t, "demand_tpa": float(rng.integers(1, 40)), "quality": "estimated"}
        for u in users
        for t in TIERS
        if rng.random() < 0.6
    ] or [{"node": users[0], "tier": "industrial", "demand_tpa": 10.0, "quality": "estimated"}]
    if rng.random() < 0.5:
        for row in demand:
            row |= {"low": row["demand_tpa"] / 2, "high": row["demand_tpa"] * 2}
    projects: list[dict[str, Any]] = []
    for i in range(int(rng.integers(0, 4))):
        name = f"zz_new_{i}"
        at = int(rng.integers(0, 3))
        projects.append(
            {
                "id": name,
                "label": f"New works no. {i}",
                "stage": STEPS[at][0],
                "step": STEPS[at][1],
                "country": str(rng.choice(COUNTRIES[1:])),
                "capacity_tpa": float(rng.integers(1, 60)),
                "start_year": None if rng.random() < 0.2 else int(rng.integers(2024, 2031)),
                "ramp_years": 0.0,
                "capex_musd": None if rng.random() < 0.3 else float(rng.integers(5, 500)),
                "status": STATUSES[int(rng.integers(0, 4))],
            }
        )
        ends = [(a, name) for a in (layers[at - 1] if at else [])] + [(name, b) for b in layers[at + 1]]
        edges += [{"source": a, "target": b, "capacity_tpa": 60.0, "quality": "assumed"} for a, b in ends]
    stocks = [
        {
            "id": f"zz_stock_{i}",
            "holder": str(rng.choice(["Depot of state", "Trader X"])),
            "country": str(rng.choice(COUNTRIES[1:])),
            "stock_t": float(rng.integers(1, 60)),
            "node": demand[0]["node"],
            "tiers": "defence" if rng.random() < 0.5 else None,
        }
        for i in range(int(rng.integers(0, 3)))
    ]
    return {"nodes": nodes, "edges": edges, "demand": demand, "projects": projects, "stocks": stocks}


def small_chain(seed: int) -> tuple[cn.Network, list[cn.Scenario]]:
    """Return a chain of a few plants, and none to three scenarios."""
    rng = np.random.default_rng(seed)
    tables = {name: pd.DataFrame(rows) for name, rows in _made(rng).items() if rows}
    whose = None if rng.random() < 0.3 else ["USA", "JPN"]
    demand, nodes = tables["demand"], tables["nodes"].set_index("id")
    if whose and not nodes.loc[demand["node"], "country"].isin(whose).any():
        whose = None
    net = cn.Network(**tables, year=2024, name=f"small-{seed}", label=f"Small chain {seed}", beneficiaries=whose)
    asked = [
        cn.Scenario("zz_stop", [{"kind": "remove", "where": {"country": "CHN"}}], label="China stops"),
        cn.Scenario(
            "zz_late",
            [{"kind": "scale", "where": {"step": "refining"}, "share": 0.3, "start_month": 4, "months": 5}],
            label="Refining falls for a time",
        ),
        cn.Scenario(
            "zz_more",
            [{"kind": "demand", "tier": "defence", "share": 2.0, "start": "2025-03"}],
            label="Defence demand doubles",
        ),
    ]
    if "defence" not in set(demand["tier"]):
        asked = asked[:2]
    return net, asked[: int(rng.integers(0, 4))]
