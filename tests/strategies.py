"""Hypothesis strategies for networks: random, small, always legal."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

import chainnet as cn

COUNTRIES = ("CHN", "USA", "AUS", "NAM", "JPN")
TIERS = ("defence", "industrial", "civilian")
HOSTILE = (
    "nan", "null", "none", "None", "true", "1e5", "NA", "-", "=1+1", "+1", "@x", "'quoted'", '"', "a,b", " padded ",
    "two\nlines", "cr\rlf\r\n", "tab\there", "_x000D_", "_x005F_x000D_", "<b>&amp;</b>", "]]>", "<!DOCTYPE x>",
    "منجم", "磁石", "line\u2028sep", "\ufeffbom", "é", "000123", "1.0", "inf",
)  # fmt: skip

_ANY = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")


def texts() -> st.SearchStrategy[str]:
    """Text that a cell may hold: words that look like something else, and any characters."""
    return st.sampled_from(HOSTILE) | st.text(_ANY, min_size=1, max_size=8).filter(lambda text: text.strip() != "")


def amounts(most: float = 1e9) -> st.SearchStrategy[float]:
    """Tonnes, 0 or more: whole numbers, and any fraction of them."""
    return st.integers(0, 1000).map(float) | st.floats(0, most, allow_subnormal=False)


def optional(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


@st.composite
def bare_edges(draw: st.DrawFn, most_nodes: int = 8, whole: bool = False) -> pd.DataFrame:
    """Edges with capacities, parallel rows and two-way links among them; None means no limit."""
    ids = [f"n{i}" for i in range(draw(st.integers(2, most_nodes)))]
    pair = st.tuples(st.sampled_from(ids), st.sampled_from(ids)).filter(lambda ends: ends[0] != ends[1])
    capacity = st.integers(0, 20).map(float) if whole else optional(amounts())
    rows = draw(st.lists(st.tuples(pair, capacity), min_size=1, max_size=3 * most_nodes))
    return pd.DataFrame([(s, t, c) for (s, t), c in rows], columns=["source", "target", "capacity_tpa"]).astype(
        {"capacity_tpa": "float64"}
    )


@st.composite
def chains(draw: st.DrawFn, most_wide: int = 3, label: st.SearchStrategy[str] | None = None) -> cn.Network:
    """Mines, refiners with a recipe, plants with a recipe and users in tiers, all with finite capacities."""
    stages = {"mine": "m", "refiner": "r", "manufacturer": "p", "end_use": "u"}
    layers = {s: [f"{c}{i}" for i in range(draw(st.integers(1, most_wide)))] for s, c in stages.items()}
    words = label or texts()
    nodes = [
        {
            "id": node,
            "stage": stage,
            "label": draw(words),
            "country": draw(st.sampled_from(COUNTRIES)),
            "process": {"refiner": "refining", "manufacturer": "making"}.get(stage),
            "capacity_tpa": None if stage == "end_use" else draw(amounts(1000.0)),
        }
        for stage, ids in layers.items()
        for node in ids
    ]
    steps = [("mine", "refiner", "ore"), ("refiner", "manufacturer", "metal"), ("manufacturer", "end_use", "part")]
    edges = [
        {"source": s, "target": t, "commodity": c, "cost_usd_per_t": draw(st.integers(-2, 5)), "note": draw(words)}
        for tail, head, c in steps
        for s in layers[tail]
        for t in layers[head]
        if draw(st.booleans()) or (s, t) == (layers[tail][0], layers[head][0])
    ]
    demand = [
        {"node": node, "commodity": "part", "tier": tier, "demand_tpa": draw(amounts(100.0))}
        for node in layers["end_use"]
        for tier in TIERS
        if draw(st.booleans())
    ]
    recipe = [
        ("refining", "ore", "input", draw(st.sampled_from([1.0, 1 / 0.9, 2.5]))),
        ("refining", "metal", "output", 1.0),
        ("making", "metal", "input", draw(st.sampled_from([0.3, 1.0]))),
        ("making", "part", "output", 1.0),
    ]
    return cn.Network(
        nodes=pd.DataFrame(nodes),
        edges=pd.DataFrame(edges),
        demand=pd.DataFrame(demand) if demand else None,
        processes=pd.DataFrame(recipe, columns=["process", "commodity", "role", "t_per_t"]),
        main_commodity="part",
    )


@st.composite
def worded_networks(draw: st.DrawFn) -> cn.Network:
    """Networks whose ids, labels and other words may be any text, with every kind of optional table."""
    ids = draw(st.lists(texts(), min_size=3, max_size=6, unique=True))
    stages = ["mine", "end_use", *draw(st.lists(st.sampled_from(("mine", "refiner")), min_size=len(ids), max_size=9))]
    nodes = [
        {"id": i, "stage": s, "label": draw(optional(texts())), "operator": draw(optional(texts()))}
        for i, s in zip(ids[:-1], stages, strict=False)
    ]
    project, tier = ids[-1], draw(texts())
    ends = draw(st.lists(st.permutations(ids), min_size=1, max_size=6))
    edges = [{"source": e[0], "target": e[1], "commodity": "a", "flow_tpa": draw(optional(amounts()))} for e in ends]
    return cn.Network(
        nodes=pd.DataFrame(nodes),
        edges=pd.DataFrame(edges),
        commodities=pd.DataFrame({"id": ["a"], "label": [draw(texts())]}),
        projects=pd.DataFrame(
            {"id": [project], "stage": ["refiner"], "capex_musd": [draw(amounts())], "start_year": [2030]}
        ),
        tiers=pd.DataFrame({"tier": [tier], "rank": [draw(st.floats(-9, 9))]}),
        demand=pd.DataFrame({"node": [ids[0]], "commodity": ["a"], "tier": [tier], "demand_tpa": [draw(amounts())]}),
        references=pd.DataFrame({"key": ["r"], "title": [draw(texts())], "year": ["2024"]}),
        name=draw(texts()).strip(),
        label=draw(texts()),
        year=draw(optional(st.integers(1900, 2200))),
        main_commodity=draw(st.none() | st.just("a")),
        beneficiaries=draw(st.none() | st.just(["USA", "EU27"])),
    )
