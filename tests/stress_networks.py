"""Small networks and scenarios for the questions of stress on record."""

from __future__ import annotations

from typing import Any

import pandas as pd
from conftest import frame

import chainnet as cn

OUT = cn.Scenario("out", [{"kind": "remove", "nodes": ["mine"]}])
LATE = cn.Scenario("late", [{"kind": "remove", "nodes": ["mine"], "start_month": 2, "months": 2}])


def road(*stocks: tuple[object, ...], **tables: Any) -> cn.Network:
    """A mine of 12 t/yr and a user: half a tonne a month for defence, half for civilians; stocks as given."""
    given: dict[str, Any] = {
        "nodes": frame(
            "id stage country capacity_tpa unit_cost_usd_per_t",
            ("mine", "mine", "CHN", 12.0, 3.0),
            ("user", "end_use", "USA", None, None),
        ),
        "edges": frame("source target capacity_tpa flow_tpa lag_months", ("mine", "user", None, 12.0, None)),
        "demand": frame(
            "node tier demand_tpa value_usd_per_t", ("user", "defence", 6.0, 1000.0), ("user", "civilian", 6.0, 100.0)
        ),
        "stocks": frame("id node stock_t release_tpa tiers capacity_t end_t holding_usd_per_t_a", *stocks)
        if stocks
        else None,
        "name": "road",
    }
    return cn.Network(**(given | tables))


def chain(*stocks: tuple[object, ...], **tables: Any) -> cn.Network:
    """Ore of two mines, two works, users at home and abroad, a project, qualification, prices; all at its baseline."""
    given: dict[str, Any] = {
        "nodes": frame(
            "id stage country process capacity_tpa unit_cost_usd_per_t",
            ("mine", "mine", "CHN", None, 24.0, 1.0),
            ("pit", "mine", "USA", None, 6.0, 2.0),
            ("works", "refiner", "USA", "smelt", 12.0, 5.0),
            ("abroad", "refiner", "JPN", "smelt", 6.0, 4.0),
            ("user", "end_use", "USA", None, None, None),
            ("other", "end_use", "JPN", None, None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa capacity_tpa cost_usd_per_t lag_months quality",
            ("mine", "works", "ore", 22.0, None, 1.0, 1.0, "reported"),
            ("pit", "works", "ore", 2.0, None, 0.5, None, None),
            ("pit", "abroad", "ore", 4.0, None, 2.0, None, None),
            ("works", "user", "metal", 12.0, None, None, None, None),
            ("abroad", "other", "metal", 2.0, None, None, None, None),
            ("mine", "new", "ore", 0.0, None, 1.5, None, None),
            ("new", "user", "metal", 0.0, None, 2.5, None, None),
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa value_usd_per_t low high",
            ("user", "metal", "defence", 6.0, 5000.0, 3.0, 9.0),
            ("user", "metal", "civilian", 8.0, 1000.0, None, None),
            ("other", "metal", "civilian", 3.0, None, None, None),
        ),
        "commodities": frame("id label price_usd_per_t", ("ore", "Ore", 100.0), ("metal", "Metal", 1000.0)),
        "projects": frame(
            "id stage country process capacity_tpa start_year ramp_years capex_musd",
            ("new", "refiner", "USA", "smelt", 3.0, 2026, 0.0, 5.0),
        ),
        "qualification": frame("commodity tier months", ("metal", "defence", 3), ("metal", "civilian", 1)),
        "stocks": frame("id node commodity stock_t release_tpa tiers country", *stocks) if stocks else None,
        "main_commodity": "metal",
        "year": 2025,
        "name": "chain",
    }
    return cn.Network(**(given | tables))


def home(*stocks: tuple[object, ...], **tables: Any) -> cn.Network:
    """The same of the United States."""
    return chain(*stocks, **({"beneficiaries": ["USA"]} | tables))


def ways(**tables: Any) -> cn.Network:
    """Two mines and two users who know one each; metal is qualified for civilians after 2 months, defence after 3."""
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("m1", "mine", "CHN", 24.0),
            ("m2", "mine", "AUS", 24.0),
            ("u1", "end_use", "USA", None),
            ("u2", "end_use", "AUS", None),
        ),
        edges=frame("source target commodity flow_tpa", ("m1", "u1", "metal", 24.0), ("m2", "u2", "metal", 0.0)),
        demand=frame(
            "node commodity tier demand_tpa", ("u1", "metal", "defence", 12.0), ("u1", "metal", "civilian", 12.0)
        ),
        qualification=frame("commodity tier months", ("metal", "defence", 3), ("metal", "civilian", 2)),
        name="ways",
        **tables,
    )


def starting(**tables: Any) -> cn.Network:
    """A mine and two projects of the years to come; metal is qualified for defence after 2 months, else 1."""
    given: dict[str, Any] = {
        "nodes": frame("id stage capacity_tpa", ("mine", "mine", 6.0), ("user", "end_use", None)),
        "edges": frame(
            "source target commodity flow_tpa",
            ("mine", "user", "metal", 6.0),
            ("a", "user", "metal", 0.0),
            ("b", "user", "metal", 0.0),
        ),
        "demand": frame(
            "node commodity tier demand_tpa", ("user", "metal", "defence", 12.0), ("user", "metal", "civilian", 12.0)
        ),
        "projects": frame(
            "id stage capacity_tpa start_year ramp_years", ("a", "mine", 6.0, 2026, 0.0), ("b", "mine", 3.0, 2026, 0.0)
        ),
        "qualification": frame(
            "commodity tier months", ("metal", "defence", 2), ("metal", "civilian", 1), ("ore", "defence", 9)
        ),
        "commodities": frame("id price_usd_per_t", ("metal", None), ("ore", None)),
        "year": 2025,
        "name": "starting",
    }
    return cn.Network(**(given | tables))


def standins(**tables: Any) -> cn.Network:
    """Scrap may stand in for a quarter of the ore; scrap has no price."""
    base = chain()
    processes = pd.DataFrame(
        {
            "process": ["smelt"] * 3,
            "commodity": ["ore", "scrap", "metal"],
            "role": ["input", "input", "output"],
            "t_per_t": [2.0, 1.0, 1.0],
            "group": ["feed", "feed", None],
            "max_share": [None, 0.25, None],
        }
    )
    yard = frame("id stage country capacity_tpa", ("yard", "mine", "USA", 100.0))
    way = frame("source target commodity flow_tpa", ("yard", "works", "scrap", 0.0))
    given: dict[str, Any] = {
        "processes": processes,
        "nodes": pd.concat([base.nodes, yard], ignore_index=True),
        "edges": pd.concat([base.edges, way], ignore_index=True),
        "commodities": frame("id price_usd_per_t", ("ore", 100.0), ("metal", 1000.0), ("scrap", None)),
    }
    return home(**(given | tables))


ROAD, CHAIN, HOME, WAYS, STARTING = road(), chain(), home(), ways(), starting()
