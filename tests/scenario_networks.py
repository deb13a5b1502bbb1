"""A small yard for questions about scenarios: prices, baselines, stocks, projects with dates, a group of countries."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from conftest import frame

import chainnet as cn
from chainnet.scenario import Timeline, effects_of, overlay_of, timeline


def yard() -> cn.Network:
    """Two mines, two works, two users; six stocks of which two lie where nothing takes them; four projects."""
    return cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa owner_country",
            ("mine_c", "mine", "CHN", None, 10.0, "CHN"),
            ("mine_a", "mine", "AUS", None, 6.0, "CHN"),
            ("works", "refiner", "CHN", "smelt", 7.0, "CHN"),
            ("plant", "refiner", "JPN", "smelt", None, "JPN"),
            ("user_u", "end_use", "USA", None, None, None),
            ("user_j", "end_use", "JPN", None, None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa capacity_tpa cost_usd_per_t",
            ("mine_c", "works", "ore", 8.0, None, 1.0),
            ("mine_c", "plant", "ore", 2.0, 3.0, None),
            ("mine_a", "plant", "ore", 4.0, None, None),
            ("works", "user_u", "metal", 3.0, None, None),
            ("works", "user_j", "metal", 1.0, None, 5.0),
            ("plant", "user_u", "metal", 1.0, None, None),
            ("plant", "user_j", "metal", 2.0, None, None),
            ("works", "user_j", "slag", None, None, None),
            ("plan", "user_u", "metal", None, None, None),
            ("mine_a", "plan", "ore", None, None, None),
            ("pit", "plant", "ore", None, None, None),
            ("old", "user_j", "metal", None, None, None),
        ),
        commodities=frame("id price_usd_per_t", ("ore", 100.0), ("metal", 1000.0), ("slag", None), ("zinc", None)),
        processes=frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("user_u", "metal", "defence", 2.0),
            ("user_u", "metal", "civilian", 3.0),
            ("user_j", "metal", "civilian", 4.0),
            ("user_j", "metal", None, 1.0),
            ("user_j", "slag", "civilian", 5.0),
        ),
        stocks=frame(
            "id country commodity stock_t release_tpa tiers node",
            ("s_arms", "USA", "metal", 5.0, 2.0, "defence", "user_u"),
            ("s_free", "JPN", "metal", 4.0, None, None, "user_j"),
            ("s_ore", "CHN", "ore", 3.0, 1.0, None, "plant"),
            ("s_two", "JPN", "metal", 6.0, 3.0, "defence;civilian", "user_j"),
            ("s_lost", "USA", "ore", 3.0, None, None, "user_u"),
            ("s_sunk", "BRA", "slag", 2.0, None, None, "mine_a"),
        ),
        projects=frame(
            "id stage country process capacity_tpa start_year ramp_years",
            ("old", "recycler", "JPN", None, 2.0, 2024, 3.0),
            ("pit", "mine", "AUS", None, 3.0, None, 2.0),
            ("plan", "refiner", "USA", "smelt", 4.0, 2027, 1.0),
            ("soon", "mine", "USA", None, 1.0, 2026, None),
        ),
        groups=frame("group country", ("near", "USA"), ("near", "JPN")),
        main_commodity="metal",
        year=2025,
        name="yard",
    )


YARD = yard()
TIMELESS = cn.Network(
    **{
        name: getattr(YARD, name)
        for name in ("nodes", "edges", "commodities", "processes", "demand", "stocks", "projects", "groups")
    },
    main_commodity="metal",
    name="timeless",
)
OPEN = cn.Network(
    nodes=frame("id stage country", ("m", "mine", "CHN"), ("u", "end_use", "USA")),
    edges=frame("source target flow_tpa", ("m", "u", 4.0), ("p", "u", None)),
    stocks=frame("id country stock_t node", ("k", "USA", 2.0, "u"), ("l", "USA", 2.0, "m")),
    projects=frame("id stage", ("p", "mine")),
    name="open",
)
BARE = cn.Network(nodes=frame("id stage", ("m", "mine"), ("u", "end_use")), edges=frame("source target", ("m", "u")))


def scn(*measures: dict[str, Any], name: str = "s") -> cn.Scenario:
    """Measures as a scenario."""
    return cn.Scenario(name, list(measures))


def put(*measures: dict[str, Any], net: cn.Network = YARD) -> dict[str, Any]:
    """What the measures do to the yard, by row where it is anything."""
    return said(overlay_of(net, scn(*measures)), net)


def effect(*measures: dict[str, Any], net: cn.Network = YARD) -> Any:
    """Every field of the measures' effects."""
    return effects_of(net, scn(*measures).measures, "s")


def at(*measures: dict[str, Any], sizes: list[float], net: cn.Network = YARD) -> dict[str, Any]:
    """The overlay when the measures have grown to these sizes."""
    from chainnet.scenario import overlay_at

    return said(overlay_at(net, effects_of(net, scn(*measures).measures, "s"), sizes), net)


def over(*measures: dict[str, Any], months: int = 6, net: cn.Network = YARD, **given: Any) -> dict[str, Any]:
    """The measures over time: periods with what each does, where it is anything new."""
    return told(timeline(net, scn(*measures), months, **given), net)


def told(line: Timeline, net: cn.Network = YARD) -> dict[str, Any]:
    """A timeline; of overlays that are one object the first says what they do."""
    first: dict[int, int] = {}
    periods = [first.setdefault(id(overlay), place) for place, overlay in enumerate(line.overlays)]
    return {
        "onset": line.onset,
        "news": line.news,
        "project_start": line.project_start,
        "same_as": periods,
        "overlays": {str(place): said(line.overlays[place], net) for place in sorted(set(periods))},
    }


def said(overlay: Any, net: cn.Network) -> dict[str, Any]:
    """An overlay, whole where a table has a row, and short where a row stands as it was."""
    plants = pd.concat([net.nodes["id"], net.projects["id"]]).tolist()
    ways = [f"{a}>{b} {c}" for a, b, c in net.edges[["source", "target", "commodity"]].itertuples(index=False)]
    rows = {
        "node_share": (plants, overlay.node_share, 1.0),
        "edge_share": (ways, overlay.edge_share, 1.0),
        "stock_share": (net.stocks["id"].tolist(), overlay.stock_share, 1.0),
        "built": (net.projects["id"].tolist(), overlay.built, 0.0),
        "demand_share": (list(range(len(net.demand))), overlay.demand_share, 1.0),
        "edge_cost": (ways, overlay.edge_cost, 0.0),
        "release_tpa": (net.stocks["id"].tolist(), overlay.release_tpa, float("inf")),
        "stock_tiers": (net.stocks["id"].tolist(), overlay.stock_tiers, ()),
    }
    found: dict[str, Any] = {}
    for name, (labels, values, usual) in rows.items():
        assert len(labels) == len(values)
        other = {label: value for label, value in zip(labels, values, strict=True) if value != usual}
        if other:
            found[name] = other
    bars = [
        {
            "edges": [way for way, hit in zip(ways, bar.edges, strict=True) if hit],
            "bound_tpa": bar.bound_tpa,
            "sources": [plant for plant, hit in zip(plants, bar.sources, strict=True) if hit],
            "targets": [plant for plant, hit in zip(plants, bar.targets, strict=True) if hit],
            "commodities": bar.commodities,
            "tier": bar.tier,
            "origin": None if bar.origin is None else [p for p, hit in zip(plants, bar.origin, strict=True) if hit],
            "origin_stocks": bar.origin_stocks,
        }
        for bar in overlay.restrictions
    ]
    return {**found, "restrictions": bars} if bars else found


def named(name: str) -> cn.Network:
    """A bare network of that name."""
    return cn.Network(nodes=BARE.nodes, edges=BARE.edges, name=name)


def blank(n: int) -> cn.Network:
    """One mine ships to some users; nobody knows how much."""
    users = [(f"u{k}", "end_use") for k in range(n)]
    return cn.Network(
        nodes=frame("id stage", ("m", "mine"), *users),
        edges=frame("source target commodity", *(("m", name, "x") for name, _ in users)),
        name="blank",
    )


def shelves(n: int) -> cn.Network:
    """Some stocks of ore, all where nothing takes it."""
    rows = [(f"k{k}", "USA", "ore", 1.0, "user_u") for k in range(n)]
    return YARD.with_table("stocks", frame("id country commodity stock_t node", *rows))


NO_MAIN = cn.Network(
    nodes=YARD.nodes,
    edges=YARD.edges,
    demand=YARD.demand,
    processes=YARD.processes,
    projects=YARD.projects,
    name="no-main",
)


def file(stem: str, text: str | bytes) -> cn.Scenario:
    """A scenario read from a file of that name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{stem}.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return cn.Scenario.read(path)
