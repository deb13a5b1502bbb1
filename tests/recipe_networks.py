"""Random small recipe networks for parity: every kind of node, recipe and bound that is legal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import chainnet as cn

COUNTRIES = ("CHN", "USA", "JPN", "AUS")
TIERS = ("defence", "industrial", "civilian")
# raw materials, what is made of them, and last what is made of that
LAYERS = (("ore", "acid"), ("oxide", "salt", "slag"), ("metal", "alloy"), ("magnet", "motor"))


def _amount(rng: np.random.Generator, wild: bool) -> float:
    """A capacity: whole, with digits, none at all, or far from all others in size."""
    kind = rng.integers(0, 8 if wild else 6)
    if kind == 0:
        return 0.37
    if kind == 7:
        return 2.5e9
    if kind == 6:
        return float(rng.uniform(1e5, 1e6))
    return float(rng.integers(1, 40)) if kind < 4 else float(rng.uniform(0.1, 40))


def _processes(rng: np.random.Generator) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for layer in range(1, len(LAYERS)):
        below = [c for part in LAYERS[:layer] for c in part]
        for output in LAYERS[layer]:
            name = f"make_{output}"
            inputs = rng.choice(below[-4:], size=int(rng.integers(1, 1 + min(3, len(below)))), replace=False)
            standins = len(inputs) > 1 and rng.random() < 0.5
            for place, commodity in enumerate(inputs):
                row = {
                    "process": name,
                    "commodity": commodity,
                    "role": "input",
                    "t_per_t": float(rng.choice([0.02, 0.3, 1.0, 1 / 0.9, 2.5])),
                    "group": None,
                    "max_share": np.nan,
                }
                if standins and place < 2:
                    row |= {"group": "either", "max_share": float(rng.choice([0.4, 0.7, 1.0, np.nan]))}
                rows.append(row)
            rows.append({"process": name, "commodity": output, "role": "output", "t_per_t": 1.0})
            side = [c for c in LAYERS[layer] if c != output]
            if side and rng.random() < 0.6:
                role = str(rng.choice(["coproduct", "byproduct"]))
                rows.append(
                    {"process": name, "commodity": side[0], "role": role, "t_per_t": float(rng.choice([0.1, 0.8]))}
                )
    rows.append({"process": "old_scrap", "commodity": "alloy", "role": "output", "t_per_t": 1.0})
    return rows


def recipe_network(seed: int, *, wild: bool = True, baseline: bool = False, projects: bool = False) -> cn.Network:
    """Return a random network of some 15 nodes, the same for the same seed.

    ``wild`` mixes capacities of 0.37 and 2.5e9; ``baseline`` fills flow_tpa (any numbers: they need
    not balance); ``projects`` adds projects and stocks.
    """
    rng = np.random.default_rng(seed)
    processes = _processes(rng)
    frame = pd.DataFrame(processes)
    nodes: list[dict[str, Any]] = []

    def node(name: str, stage: str, process: str | None = None) -> None:
        nodes.append(
            {
                "id": name,
                "stage": stage,
                "process": process,
                "country": str(rng.choice(COUNTRIES)) if rng.random() < 0.9 else None,
                "operator": str(rng.choice(["A", "B"])) if rng.random() < 0.6 else None,
                "site": "s1" if rng.random() < 0.15 else None,
                "capacity_tpa": _amount(rng, wild) if rng.random() < 0.8 else np.nan,
                "unit_cost_usd_per_t": float(rng.integers(0, 9)) if rng.random() < 0.5 else np.nan,
            }
        )

    ships: dict[str, set[str]] = {}
    takes: dict[str, set[str]] = {}
    for k in range(int(rng.integers(2, 5))):
        node(f"m{k}", "mine")
        ships[f"m{k}"] = {str(c) for c in rng.choice([*LAYERS[0], "slag"], size=2, replace=False)}
        takes[f"m{k}"] = set()
    plants = int(rng.integers(3, 8))
    names = sorted({p["process"] for p in processes})
    project_rows = []
    for k in range(plants):
        process = str(rng.choice(names))
        node(f"p{k}", "recycler" if process == "old_scrap" else str(rng.choice(["refiner", "manufacturer"])), process)
        lines = frame[frame["process"] == process]
        ships[f"p{k}"] = set(lines.loc[lines["role"] != "input", "commodity"])
        takes[f"p{k}"] = set(lines.loc[lines["role"] == "input", "commodity"])
        if projects and k < 3:
            project_rows.append(nodes.pop())
    everything = {c for part in LAYERS for c in part}
    for k in range(int(rng.integers(0, 3))):
        node(f"t{k}", "refiner")
        ships[f"t{k}"] = takes[f"t{k}"] = everything
    for k in range(int(rng.integers(1, 4))):
        node(f"u{k}", "end_use")
        takes[f"u{k}"] = everything
        ships[f"u{k}"] = everything if rng.random() < 0.2 else set()
    edges = []
    for a, made in sorted(ships.items()):
        for b, wanted in sorted(takes.items()):
            if a == b:
                continue
            for c in sorted(made & wanted):
                for _ in range(int(rng.choice([0, 1, 1, 2], p=[0.35, 0.3, 0.25, 0.1]))):
                    edges.append(
                        {
                            "source": a,
                            "target": b,
                            "commodity": c,
                            "capacity_tpa": _amount(rng, wild) if rng.random() < 0.5 else np.nan,
                            "cost_usd_per_t": float(rng.integers(0, 5)) if rng.random() < 0.5 else np.nan,
                            "flow_tpa": _amount(rng, False) if baseline else np.nan,
                        }
                    )
    users = [n["id"] for n in nodes if n["stage"] == "end_use"]
    demand = []
    for u in users:
        for c in ("magnet", "motor", "alloy", "slag"):
            for tier in (*TIERS, None):
                if rng.random() < 0.35:
                    amount = 1e9 if wild and rng.random() < 0.05 else _amount(rng, False)
                    demand.append({"node": u, "commodity": c, "tier": tier, "demand_tpa": amount})
    if rng.random() < 0.2:  # a mine, a plant or a trader may ask for something too
        other = str(rng.choice([n["id"] for n in nodes if n["stage"] != "end_use"]))
        wanted = sorted(ships[other] | takes[other])
        demand.append({"node": other, "commodity": str(rng.choice(wanted)), "tier": "civilian", "demand_tpa": 6.0})
    if not demand:
        demand.append({"node": users[0], "commodity": "magnet", "tier": "defence", "demand_tpa": 5.0})
    main = [["magnet"], ["magnet", "motor"], ["motor"], None][int(rng.integers(0, 4))]
    tables: dict[str, Any] = {}
    if projects:
        tables["projects"] = pd.DataFrame(project_rows).assign(capex_musd=50.0, status="planned", backers="USA;JPN")
        places = [n["id"] for n in nodes]
        tables["stocks"] = pd.DataFrame(
            [
                {
                    "id": f"k{k}",
                    "country": str(rng.choice(COUNTRIES)),
                    "commodity": str(rng.choice(sorted(takes[place] | ships[place]) or ["ore"])),
                    "stock_t": _amount(rng, False),
                    "release_tpa": _amount(rng, False) if rng.random() < 0.5 else np.nan,
                    "node": place,
                }
                for k, place in enumerate(rng.choice(places, size=2))
            ]
        )
    if not edges:
        edges.append({"source": "m0", "target": users[0], "commodity": "ore", "capacity_tpa": 1.0})
    if main is not None and not {e["commodity"] for e in edges} & set(main):
        main = [m for m in main if m in {d["commodity"] for d in demand}] or None
    elif main is not None:
        present = {e["commodity"] for e in edges} | {d["commodity"] for d in demand}
        main = [m for m in main if m in present] or None
    return cn.Network(
        nodes=pd.DataFrame(nodes),
        edges=pd.DataFrame(edges),
        demand=pd.DataFrame(demand),
        processes=frame,
        main_commodity=main,
        name=f"random-{seed}",
        **tables,
    )
