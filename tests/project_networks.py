"""Small networks for questions about projects: in series, in place of each other, late, bound elsewhere, too young."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from conftest import frame

import chainnet as cn
from chainnet.flow import Counting
from chainnet.projects._access import access_to
from chainnet.projects._game import Game
from chainnet.scenario import overlay_of


def site() -> cn.Network:
    """Two users of metal; a works abroad and six projects: ore, a smelter, scrap here and there, one without size."""
    return cn.Network(
        nodes=frame(
            "id label stage country process capacity_tpa",
            ("m", "Mine", "mine", "AUS", None, 4.0),
            ("works", "Works abroad", "refiner", "CHN", "smelt", 3.0),
            ("u", None, "end_use", "USA", None, None),
            ("v", None, "end_use", "JPN", None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("m", "works", "ore", 4.0),
            ("works", "u", "metal", 1.5),
            ("works", "v", "metal", 0.5),
            ("m", "smelter", "ore", None),
            ("ore_a", "smelter", "ore", None),
            ("ore_a", "works", "ore", None),
            ("smelter", "u", "metal", None),
            ("smelter", "v", "metal", None),
            ("scrap_j", "v", "metal", None),
            ("scrap_c", "u", "metal", None),
            ("vast", "v", "metal", None),
        ),
        commodities=frame("id price_usd_per_t", ("ore", 50.0), ("metal", 1e6)),
        processes=frame(
            "process commodity role t_per_t",
            ("smelt", "ore", "input", 2.0),
            ("smelt", "metal", "output", 1.0),
            ("sort", "metal", "output", 1.0),
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("u", "metal", "defence", 3.0),
            ("u", "metal", "civilian", 4.0),
            ("v", "metal", "industrial", 1.5),
            ("v", "metal", "civilian", 3.0),
        ),
        projects=frame(
            "id label stage country process capacity_tpa capex_musd start_year ramp_years backers status",
            ("idle", None, "mine", "USA", None, 9.0, 5.0, 2026, None, None, "planned"),
            ("ore_a", "Pit A", "mine", "AUS", None, 4.0, 10.0, 2026, 1.0, None, "building"),
            ("scrap_c", "", "recycler", "CHN", "sort", 2.0, None, None, None, "JPN;G7", None),
            ("scrap_j", "Scrap J", "recycler", "JPN", "sort", 2.5, 12.0, 2028, 2.0, None, None),
            ("smelter", "Smelter", "refiner", "USA", "smelt", 2.6, 31.0, 2027, None, "AUS", "planned"),
            ("vast", "Vast", "mine", "USA", None, None, 90.0, 2030, None, None, "announced"),
        ),
        contracts=frame("supplier for share", ("scrap_j", "CHN", 0.4), ("smelter", "USA", 0.5)),
        qualification=frame(
            "commodity tier months", ("metal", "defence", 18.0), ("metal", "industrial", 12.0), ("ore", "defence", 30.0)
        ),
        groups=frame("group country", ("near", "USA"), ("near", "JPN")),
        main_commodity="metal",
        year=2025,
        name="site",
    )


def three() -> cn.Network:
    """Four projects in a row and beside it: a pit, a works and a shop serve together only; the spare is a second pit."""
    return cn.Network(
        nodes=frame("id stage country", ("u", "end_use", "USA")),
        edges=frame(
            "source target commodity",
            ("pit", "works", "ore"),
            ("spare", "works", "ore"),
            ("works", "shop", "metal"),
            ("shop", "u", "magnet"),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("smelt", "ore", "input", 2.0),
            ("smelt", "metal", "output", 1.0),
            ("press", "metal", "input", 1.0),
            ("press", "magnet", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "magnet", "defence", 200.0), ("u", "magnet", None, 100.0)),
        projects=frame(
            "id label stage country process capacity_tpa capex_musd",
            ("pit", "Pit", "mine", "AUS", None, 500.0, 3.0),
            ("shop", "Shop", "manufacturer", "USA", "press", 240.0, 5.0),
            ("spare", "Spare pit", "mine", "BRA", None, 120.0, 1.0),
            ("works", "Works", "refiner", "USA", "smelt", 300.0, 7.0),
        ),
        main_commodity="magnet",
        name="three",
    )


def pairs() -> cn.Network:
    """Twins that stand in for each other, and a mine and a mill that help only together."""
    return cn.Network(
        nodes=frame("id stage country", ("u", "end_use", "USA"), ("w", "end_use", "JPN")),
        edges=frame(
            "source target commodity",
            ("a", "u", "metal"),
            ("b", "u", "metal"),
            ("c", "mill", "ore"),
            ("mill", "w", "metal"),
        ),
        processes=frame(
            "process commodity role t_per_t", ("mill", "ore", "input", 1.0), ("mill", "metal", "output", 1.0)
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "metal", "defence", 3.0), ("w", "metal", "civilian", 8.0)),
        projects=frame(
            "id stage country process capacity_tpa capex_musd",
            ("a", "mine", "USA", None, 2.0, 2.0),
            ("b", "mine", "USA", None, 2.5, 3.0),
            ("c", "mine", "AUS", None, 6.0, 4.0),
            ("mill", "refiner", "JPN", "mill", 7.0, 5.5),
        ),
        name="pairs",
    )


def many(n: int) -> cn.Network:
    """More projects than orders can be tried for: each a size of its own, for one user."""
    names = [f"p{k:02d}" for k in range(n)]
    return cn.Network(
        nodes=frame("id stage", ("u", "end_use")),
        edges=frame("source target", *((name, "u") for name in names)),
        demand=frame("node tier demand_tpa", ("u", "civilian", 20.0)),
        projects=frame(
            "id stage capacity_tpa capex_musd",
            *((name, "mine", 1.0 + k / 4, float(1 + k)) for k, name in enumerate(names)),
            ("zero", "mine", 2.0, 1.0),
        ),
        name="many",
    )


def twins(n: int) -> cn.Network:
    """Projects of one size and price; any of them serves the user whole."""
    return cn.Network(
        nodes=frame("id stage", ("u", "end_use")),
        edges=frame("source target", *((f"q{k}", "u") for k in range(n))),
        demand=frame("node tier demand_tpa", ("u", "civilian", 3.0)),
        projects=frame("id stage capacity_tpa capex_musd", *((f"q{k}", "mine", 3.0, 1.0) for k in range(n))),
    )


def bare() -> cn.Network:
    """No demand table: end uses take what they get."""
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "AUS", 2.0), ("u", "end_use", "USA", 6.0)),
        edges=frame("source target", ("m", "u"), ("plan", "u"), ("wide", "u")),
        projects=frame(
            "id stage country capacity_tpa capex_musd",
            ("plan", "mine", "USA", 3.0, 6.0),
            ("wide", "mine", "USA", None, 9.0),
        ),
        name="bare",
    )


SITE, THREE, PAIRS, MANY, BARE = site(), three(), pairs(), many(12), bare()
CUT = cn.Scenario("cut", [{"kind": "remove", "where": {"country": "CHN", "stage": "refiner"}}], probability=0.7)
DRY = cn.Scenario("dry", [{"kind": "scale", "nodes": ["m"], "share": 0.5}], probability=0.3)
BUILT = cn.Scenario("built", [{"kind": "build", "projects": ["scrap_j"]}, *CUT.measures])
BAR = cn.Scenario("bar", [{"kind": "restrict", "origin": {"country": "CHN"}, "to": {"country": "USA"}}])
SHELF = {"kind": "stock", "node": "u", "commodity": "metal", "most_t": 3.0}


def counting(net: cn.Network, **given: Any) -> Counting:
    """Who counts in a network."""
    return Counting.of(net, given.get("commodity"), given.get("beneficiaries"), given.get("tier"))


def access(
    net: cn.Network,
    scenario: cn.Scenario | None = None,
    year: int | None = None,
    names: Iterable[str] | None = None,
    late: int = 0,
    **given: Any,
) -> Any:
    """How much of each project can be used."""
    return access_to(counting(net, **given), overlay_of(net, scenario), year, names, late)


def game(net: cn.Network, scenario: cn.Scenario | None = None, year: int | None = None, **given: Any) -> Game:
    """The game of a network's projects."""
    degree = given.pop("degree", "existing")
    overlay = overlay_of(net, scenario)
    return Game(counting(net, **given), overlay, access(net, scenario, year, None, 1, **given), degree)


def sets(net: cn.Network) -> list[tuple[str, ...]]:
    """Every set of projects, small ones first."""
    names = list(net.projects["id"])
    return [chosen for size in range(len(names) + 1) for chosen in combinations(names, size)]


def values(net: cn.Network, scenario: cn.Scenario | None = None, year: int | None = None, **given: Any) -> Any:
    """What every set is worth, set by set."""
    found = game(net, scenario, year, **given)
    return {"+".join(chosen): found.value(chosen) for chosen in sets(net)}


def bounds(at: Any, late: Any = 0.0, share: float = 1.0) -> list[Any]:
    """What the bars of an access let through, by project and tier."""
    return [(bar.project, bar.tier, at.bound(bar, late, share)) for bar in at.bars]


def part(found: Any, *names: str) -> dict[str, Any]:
    """Some fields of an answer."""
    return {name: getattr(found, name) for name in names}


def late(net: cn.Network, scenario: cn.Scenario | None, year: int, years: Iterable[float]) -> Any:
    """What every project late, alone and beside all others, leaves."""
    found, names = game(net, scenario, year), list(net.projects["id"])
    return [(n, y, found.late([n], n, y), found.late(names, n, y)) for n in names for y in years]


def frames(found: Any) -> dict[str, pd.DataFrame]:
    """The tables of an answer."""
    return dict(found.tables())


def rises(net: cn.Network, scenario: cn.Scenario | None, shares: Iterable[float]) -> Any:
    """By how much parts of each project raise the value, and the slope there."""
    found = game(net, scenario)
    names = net.projects.loc[np.isfinite(net.projects["capacity_tpa"]), "id"]
    return {f"{name} {share:g}": found.rise(name, share) for name in names for share in shares}


def told(found: Any) -> dict[str, Any]:
    """The figures and the rows of an answer, without the words that go with its columns."""
    tables = {name: table.reset_index().to_dict("records") for name, table in found.tables().items()}
    return {**tables, **found.numbers(), "settings": found.provenance["settings"]}
