"""Small networks for the questions of criticality on record, and second opinions on wrong answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from conftest import frame

import chainnet as cn
from chainnet.criticality._attack import Interdiction
from chainnet.criticality._checks import check_losses
from chainnet.criticality._chokepoints import removals
from chainnet.criticality._defence import Fortification
from chainnet.criticality._exposure_program import ExposureProgram
from chainnet.flow import Counting
from chainnet.lowering import Degree, is_plain
from chainnet.scenario import overlay_of

REFERENCES = frame("key title grade", ("usgs", "Minerals", "1"), ("guess", "A guess", "3"))


def works(**tables: Any) -> cn.Network:
    """Two mines, two works, two users: 8.5 t/yr, bound by w1 (5), the way from m1 to w2 (1.5) and m2 (2)."""
    given: dict[str, Any] = {
        "nodes": frame(
            "id stage step site country operator owner owner_country process capacity_tpa quality reference",
            ("m0", "mine", "dig", None, "USA", None, "Alone", "USA", None, 0.0, None, None),
            ("m1", "mine", "dig", "hill", "AUS", "A", "Sub", "AUS", None, 7.0, "reported", "usgs"),
            ("m2", "mine", "dig", "hill", "CHN", "B", "Top", None, None, 2.0, "estimated", "guess"),
            ("w1", "refiner", "melt", None, "CHN", None, "Half", "CHN", "smelt", 5.0, "assumed", "guess"),
            ("w2", "refiner", "melt", "town", "USA", "A", None, None, "smelt", 9.0, None, None),
            ("u", "end_use", None, None, "USA", "A", "Sub", None, None, None, None, None),
            ("v", "end_use", None, None, "JPN", None, None, None, None, None, None, None),
        ),
        "edges": frame(
            "source target commodity capacity_tpa quality",
            ("m0", "w1", "ore", None, None),
            ("m1", "w1", "ore", None, None),
            ("m1", "w2", "ore", 1.5, "reported"),
            ("m2", "w2", "ore", None, None),
            ("w1", "u", "metal", None, None),
            ("w2", "v", "metal", None, None),
            ("m1", "p", "ore", None, None),
            ("p", "u", "metal", None, None),
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa value_usd_per_t",
            ("u", "metal", "defence", 3.0, 100.0),
            ("u", "metal", "civilian", 4.0, 10.0),
            ("v", "metal", "civilian", 5.0, 20.0),
        ),
        "projects": frame(
            "id stage step country operator owner process capacity_tpa capex_musd site",
            ("p", "refiner", "melt", "USA", "C", "Late", "smelt", 0.4, 40.0, "yard"),
        ),
        "owners": frame(
            "owner parent share",
            ("Sub", "Mid", 0.5),
            ("Mid", "Top", 0.6),
            ("Top", "CHN", 1.0),
            ("Half", "Other", 0.4),
            ("Half", "Mid", None),
            ("Mid", "Sub", 0.9),
        ),
        "references": REFERENCES,
        "main_commodity": "metal",
        "name": "works",
    }
    return cn.Network(**(given | tables))


def based(**tables: Any) -> cn.Network:
    """The same with what each edge carries, and prices of ore and metal."""
    flow = [0.0, 0.0, 5.0, 1.5, 2.0, 0.0, 5.0, 3.5]  # by source and target
    known = frame("id price_usd_per_t", ("ore", 3.0), ("metal", 50.0))
    return works(**({"edges": works().edges.assign(flow_tpa=flow), "commodities": known} | tables))


def roads(**tables: Any) -> cn.Network:
    """No recipes: two mines through a port, a road beside it twice over, a project that sleeps, a tie."""
    given: dict[str, Any] = {
        "nodes": frame(
            "id stage country operator owner site capacity_tpa quality",
            ("a", "mine", "AUS", "X", "Sub", "hill", 6.0, "reported"),
            ("b", "mine", "CHN", "Y", None, None, 4.0, "estimated"),
            ("c", "mine", "CHN", "X", "Top", "hill", 4.0, None),
            ("port", "refiner", "CHN", None, None, None, 9.0, None),
            ("dry", "refiner", "USA", None, None, None, None, None),
            ("u", "end_use", "USA", None, None, None, None, None),
            ("v", "end_use", "JPN", None, None, None, None, None),
        ),
        "edges": frame(
            "source target capacity_tpa",
            ("a", "port", None),
            ("b", "port", None),
            ("c", "v", 1.0),
            ("c", "v", 2.0),
            ("port", "u", 8.0),
            ("port", "v", 0.5),
            ("p", "u", None),
            ("dry", "u", None),
        ),
        "projects": frame("id stage country capacity_tpa capex_musd", ("p", "mine", "USA", 5.0, 7.0)),
        "owners": frame("owner parent share", ("Sub", "Top", 0.5), ("Top", "USA", 0.4)),
        "name": "roads",
    }
    return cn.Network(**(given | tables))


def one_road_each() -> cn.Network:
    """The same with one road where there were two."""
    return roads(edges=roads().edges.drop_duplicates(["source", "target"]))


def trap() -> cn.Network:
    """Two sources that stand in for each other before one gate of 10, and two small ways of 4 and 3."""
    return cn.Network.from_edges(
        frame(
            "source target capacity_tpa",
            ("S", "R1", 10.0),
            ("S", "R2", 10.0),
            ("R1", "D1", 10.0),
            ("R2", "D1", 10.0),
            ("D1", "T", None),
            ("S", "S4", 4.0),
            ("S4", "T", None),
            ("S", "T3", 3.0),
            ("T3", "T", None),
        ),
        nodes=frame("id stage capacity_tpa", ("D1", "refiner", 10.0)),
        name="trap",
    )


def fan(n: int) -> cn.Network:
    """As many mines of 1 t/yr, each on its own way to one user."""
    return cn.Network.from_edges(
        frame("source target capacity_tpa", *((f"m{i}", "u", 1.0) for i in range(n))), name="fan"
    )


def gated(n: int) -> cn.Network:
    """Mines of 1, 2, 3 ... t/yr, one gate that lets half of it pass, one user."""
    return cn.Network.from_edges(
        frame("source target capacity_tpa", *((f"m{i}", "gate", i + 1.0) for i in range(n)), ("gate", "u", None)),
        nodes=frame("id stage capacity_tpa", ("gate", "refiner", n * (n + 1) / 4)),
        name="gated",
    )


def stocked(*stocks: tuple[object, ...], **tables: Any) -> cn.Network:
    """Ore of two mines (6, 4) through a port makes metal one to one; 10 t asked, half by defence; stocks as given."""
    given: dict[str, Any] = {
        "nodes": frame(
            "id stage country process capacity_tpa",
            ("m1", "mine", "AUS", None, 6.0),
            ("m2", "mine", "CHN", None, 4.0),
            ("port", "refiner", "CHN", None, 20.0),
            ("works", "refiner", "USA", "smelt", 10.0),
            ("user", "end_use", "USA", None, None),
        ),
        "edges": frame(
            "source target commodity",
            ("m1", "port", "ore"),
            ("m2", "port", "ore"),
            ("port", "works", "ore"),
            ("works", "user", "metal"),
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa value_usd_per_t",
            ("user", "metal", "defence", 5.0, 100.0),
            ("user", "metal", "civilian", 5.0, 1.0),
        ),
        "stocks": frame("id node commodity stock_t release_tpa tiers", *stocks) if stocks else None,
        "name": "stocked",
    }
    return cn.Network(**(given | tables))


def depot(*stocks: tuple[object, ...], **tables: Any) -> cn.Network:
    """A mine of 3 t that digs ore and slag and has a user of its own; 4 and 2 t asked elsewhere; stocks as given."""
    given: dict[str, Any] = {
        "nodes": frame(
            "id stage country capacity_tpa",
            ("mine", "mine", "AUS", 3.0),
            ("far", "mine", "CHN", 1.0),
            ("user", "end_use", "USA", None),
            ("mill", "refiner", "CHN", None),
        ),
        "edges": frame(
            "source target commodity",
            ("mine", "mill", "ore"),
            ("mine", "user", "slag"),
            ("far", "mill", "ore"),
            ("mill", "user", "ore"),
        ),
        "demand": frame(
            "node commodity tier demand_tpa value_usd_per_t",
            ("user", "ore", "defence", 4.0, 10.0),
            ("user", "slag", "civilian", 2.0, 7.0),
            ("mine", "ore", "civilian", 1.0, 3.0),
        ),
        "stocks": frame("id node commodity stock_t release_tpa tiers", *stocks) if stocks else None,
        "name": "depot",
    }
    return cn.Network(**(given | tables))


def every(found: Interdiction) -> Interdiction:
    """An attack with all that tie with it, in the order of their names: which is found first is chance."""
    attacks = {tuple(sorted(attack)) for attack in (found.removed, *(found.ties or ()))}
    return replace(found, removed=(), ties=tuple(sorted(attacks)))


def end(found: Fortification) -> Fortification:
    """A defence without the steps that led to it: of plans as good as each other any may be tried."""
    return replace(found, rounds=found.rounds[:0])


def second_opinion(
    net: cn.Network,
    by: str = "node",
    off: float = 0.0,
    place: int = 0,
    scenario: cn.Scenario | None = None,
    reroute: Degree = "existing",
    base_off: float = 0.0,
    **counted: Any,
) -> str:
    """What a second solver says of losses of which one, or the value, is off."""
    what, counting = removals(net, by), Counting.of(net, **counted)
    table = cn.chokepoints(net, by, scenario=scenario, reroute=reroute, **counted)
    lost = table["lost_tpa"].reindex(what.index).to_numpy(dtype=float).copy()
    if off:
        lost[place] += off
    base = table.attrs["provenance"]["settings"]["base_tpa"] + base_off
    plain = is_plain(net) and scenario is None and reroute == "existing"
    check_losses(counting, what, lost, base, plain, overlay_of(net, scenario), reroute)
    return "agrees"


def second_exposure(net: cn.Network, recovery: float, row: int = 0, cost: float = 1.0, time: float = 1.0) -> str:
    """What a second solver says of costs and times of which one is off by a factor."""
    what = removals(net, "node")
    model = ExposureProgram(Counting(net), overlay_of(net, None), "existing")
    closings = [model.closing(m) for m in what.members]
    periods = np.full(len(closings), recovery)
    survive = model.survival(closings, periods)
    found, _, _ = model.costs(closings, periods, survive)
    found[row] *= cost
    survive[row] *= time
    table = pd.DataFrame({"cost_usd": found, "recovery": periods, "time_to_survive": survive}, index=what.index)
    model.check(closings, table)
    return "agrees"
