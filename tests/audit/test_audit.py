"""The audit names faults that are planted in answers, and passes the answers themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from conftest import frame
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.audit import Flows, audit_flows, passed
from chainnet.scenario import effects_of


def chain() -> cn.Network:
    """Two mines, a port, two smelters, an alloy works with stand-ins, a separator with a co-product, three users."""
    return cn.Network(
        nodes=frame(
            "id stage step country process capacity_tpa",
            ("mine_c", "mine", "mining", "CHN", None, 40.0),
            ("mine_a", "mine", "mining", "AUS", None, 30.0),
            ("dy_mine", "mine", "mining", "MMR", None, None),
            ("scrap", "mine", "scrapping", "JPN", None, 3.0),
            ("port", "refiner", "trade", "JPN", None, 25.0),
            ("works", "refiner", "smelting", "CHN", "smelt", 14.0),
            ("plant", "refiner", "smelting", "JPN", "smelt", None),
            ("parts", "refiner", "parting", "JPN", "part", 6.0),
            ("alloyer", "manufacturer", "alloying", "JPN", "mix", 20.0),
            ("u_usa", "end_use", "use", "USA", None, None),
            ("u_jpn", "end_use", "use", "JPN", None, None),
        ),
        edges=frame(
            "source target commodity flow_tpa capacity_tpa",
            ("mine_c", "works", "ore", 26.0, None),
            ("mine_c", "port", "ore", 6.0, 12.0),
            ("mine_a", "port", "ore", 14.0, None),
            ("port", "plant", "ore", 20.0, None),
            ("works", "alloyer", "metal", 9.0, None),
            ("works", "u_usa", "metal", 4.0, 5.0),
            ("plant", "alloyer", "metal", 6.0, None),
            ("plant", "u_jpn", "metal", 4.0, None),
            ("scrap", "alloyer", "scrap", 2.0, None),
            ("dy_mine", "parts", "mix", 4.0, None),
            ("parts", "alloyer", "dy", 2.0, None),
            ("parts", "u_jpn", "tb", 1.0, None),
            ("alloyer", "u_usa", "alloy", 10.0, None),
            ("alloyer", "u_jpn", "alloy", 5.0, None),
            ("mine_a", "newpit", "ore", None, None),
            ("newpit", "alloyer", "metal", None, None),
        ),
        processes=frame(
            "process commodity role t_per_t group max_share",
            ("smelt", "ore", "input", 2.0, None, None),
            ("smelt", "metal", "output", 1.0, None, None),
            ("smelt", "slag", "byproduct", 0.5, None, None),
            ("part", "mix", "input", 2.0, None, None),
            ("part", "dy", "output", 1.0, None, None),
            ("part", "tb", "coproduct", 0.5, None, None),
            ("mix", "metal", "input", 1.0, "base", None),
            ("mix", "scrap", "input", 1.0, "base", 0.2),
            ("mix", "dy", "input", 0.1, None, None),
            ("mix", "alloy", "output", 1.0, None, None),
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("u_usa", "alloy", "defence", 6.0),
            ("u_usa", "metal", "civilian", 4.0),
            ("u_jpn", "alloy", "civilian", 9.0),
            ("u_jpn", "metal", "civilian", 4.0),
            ("u_jpn", "tb", "civilian", 1.0),
        ),
        projects=frame(
            "id stage step country process capacity_tpa", ("newpit", "refiner", "smelting", "AUS", "smelt", 5.0)
        ),
        main_commodity=["alloy", "metal", "tb"],
    )


OUT = {"kind": "remove", "nodes": ["mine_c"]}
HALF = {"kind": "scale", "nodes": ["works"], "share": 0.5}
WIDE = {"kind": "scale", "nodes": ["plant"], "share": 0.5}  # of a plant without a capacity: half its baseline
CUT = {"kind": "scale", "edges": [("port", "plant")], "share": 0.5}
STOP = {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "!CHN"}, "commodity": "metal"}
PART = {**STOP, "share": 0.5}
QUOTA = {"kind": "quota", "from": {"country": "JPN"}, "commodity": "ore", "tpa": 8.0}
LESS = {"kind": "demand", "tier": "civilian", "share": 0.5}
BUILD = {"kind": "build", "projects": ["newpit"]}

Fault = Callable[[Flows], Flows]


def on_edge(source: str, target: str, tonnes: float, *, way: tuple[str, ...] = ()) -> Fault:
    """Add tonnes to an edge, and to the edges along the way."""

    def plant(flows: Flows) -> Flows:
        edges = flows.edges.copy()
        stops = (source, target, *way)
        for pair in zip(stops, stops[1:], strict=False):
            edges.loc[(edges["source"] == pair[0]) & (edges["target"] == pair[1]), "flow_tpa"] += tonnes
        return replace(flows, edges=edges)

    return plant


def at_plant(name: str, tonnes: float) -> Fault:
    """Say that a plant makes more."""

    def plant(flows: Flows) -> Flows:
        nodes = flows.nodes.copy()
        nodes.loc[name, "throughput_tpa"] += tonnes
        return replace(flows, nodes=nodes)

    return plant


def for_user(user: str, good: str, column: str, tonnes: float) -> Fault:
    """Change a column of a user's demand."""

    def plant(flows: Flows) -> Flows:
        demand = flows.demand.copy()
        demand.loc[(demand["node"] == user) & (demand["commodity"] == good), column] += tonnes
        return replace(flows, demand=demand)

    return plant


def new_link(source: str, target: str, good: str, tonnes: float) -> Fault:
    """Add a new relation."""

    def plant(flows: Flows) -> Flows:
        table = flows.suppliers
        rows = [*table.itertuples(index=False, name=None), (source, target, good, tonnes)]
        return replace(flows, suppliers=frame("source target commodity flow_tpa", *rows))

    return plant


def together(*faults: Fault) -> Fault:
    """Plant several faults, which may balance each other."""

    def plant(flows: Flows) -> Flows:
        for fault in faults:
            flows = fault(flows)
        return flows

    return plant


FAULTS: list[tuple[list[dict[str, object]], str, Fault, str]] = [
    # measures, reroute, fault, rule
    ([OUT], "existing", on_edge("mine_c", "works", 1.0), "removed"),
    ([OUT], "existing", on_edge("mine_c", "port", 1e-3), "removed"),
    ([OUT], "existing", at_plant("mine_c", 2.0), "removed"),
    ([OUT], "new", new_link("mine_c", "plant", "ore", 0.5), "removed"),
    ([{"kind": "remove", "nodes": ["u_jpn"]}], "existing", for_user("u_jpn", "alloy", "served_tpa", 1.0), "removed"),
    ([{"kind": "remove", "nodes": ["port"]}], "existing", on_edge("mine_a", "port", 1.0, way=("plant",)), "removed"),
    ([{"kind": "remove", "where": {"country": "JPN"}}], "existing", on_edge("parts", "alloyer", 0.2), "removed"),
    ([], "existing", on_edge("mine_a", "newpit", 2.0, way=("alloyer",)), "unbuilt"),
    ([], "existing", on_edge("newpit", "alloyer", 0.1), "unbuilt"),
    ([BUILD], "existing", on_edge("newpit", "alloyer", 9.0), "plant capacity"),
    ([BUILD], "existing", on_edge("newpit", "alloyer", 3.0), "recipe"),
    ([], "existing", on_edge("works", "u_usa", 3.0), "edge capacity"),
    ([], "existing", on_edge("mine_c", "port", 20.0, way=("plant",)), "edge capacity"),
    ([], "existing", on_edge("scrap", "alloyer", -9.0), "negative flow"),
    ([], "none", on_edge("works", "alloyer", 1.0), "edge capacity"),
    ([], "none", on_edge("dy_mine", "parts", 3.0), "edge capacity"),
    ([CUT], "existing", on_edge("port", "plant", 11.0), "edge capacity"),
    ([{"kind": "remove", "edges": [("works", "u_usa")]}], "existing", on_edge("works", "u_usa", 0.1), "edge capacity"),
    ([], "existing", on_edge("mine_a", "port", 40.0), "plant capacity"),
    ([], "existing", on_edge("scrap", "alloyer", 5.0), "plant capacity"),
    ([], "existing", at_plant("works", 9.0), "plant capacity"),
    ([HALF], "existing", at_plant("works", 1.0), "plant capacity"),
    ([WIDE], "existing", at_plant("plant", 6.0), "plant capacity"),
    ([], "existing", on_edge("mine_a", "port", 24.0, way=("plant",)), "plant capacity"),
    ([], "existing", at_plant("alloyer", 0.015), "recipe"),
    ([], "existing", on_edge("mine_c", "works", -0.02), "recipe"),
    ([], "existing", on_edge("parts", "alloyer", -0.0015), "recipe"),
    ([], "existing", together(on_edge("plant", "alloyer", -3.0), on_edge("works", "alloyer", -3.0)), "recipe"),
    ([], "existing", on_edge("parts", "u_jpn", 2.5), "recipe"),
    ([], "existing", on_edge("alloyer", "u_usa", 0.01), "recipe"),
    ([], "existing", on_edge("alloyer", "u_usa", 0.01), "balance"),
    ([], "existing", on_edge("port", "plant", -0.02), "balance"),
    ([], "existing", on_edge("mine_a", "port", 0.02), "balance"),
    ([], "existing", for_user("u_usa", "alloy", "served_tpa", 2.0), "demand"),
    ([], "existing", for_user("u_usa", "alloy", "served_tpa", -2.0), "demand"),
    ([], "existing", for_user("u_usa", "alloy", "demand_tpa", 1.0), "demand"),
    ([], "existing", for_user("u_jpn", "metal", "shortfall_tpa", 1e-3), "demand"),
    ([], "existing", for_user("u_jpn", "metal", "served_tpa", np.nan), "demand"),
    ([LESS], "existing", for_user("u_jpn", "alloy", "served_tpa", 3.0), "demand"),
    ([STOP], "existing", on_edge("works", "alloyer", 0.1), "measure"),
    ([STOP], "new", new_link("works", "u_jpn", "metal", 0.1), "measure"),
    ([PART], "existing", on_edge("works", "alloyer", 9.0), "measure"),
    ([PART], "new", new_link("works", "u_jpn", "metal", 0.1), "measure"),
    ([QUOTA], "existing", on_edge("port", "plant", 1.0), "measure"),
    ([], "existing", new_link("mine_a", "works", "ore", 1.0), "new relation"),
    ([], "new", new_link("mine_a", "alloyer", "ore", 1.0), "new relation"),  # ore never skips a refiner
    ([], "new", new_link("mine_a", "works", "metal", 1.0), "new relation"),
]


def ask(measures: list[dict[str, object]], reroute: str) -> tuple[cn.Balance, Callable[[Flows], list[str]]]:
    """Return an answer, and the rules that flows in its place break."""
    network = chain()
    scenario = cn.Scenario("planted", measures)
    answer = cn.balance(network, scenario, reroute)  # type: ignore[arg-type]
    effects = effects_of(network, scenario.measures, "planted", said=False)
    return answer, lambda flows: [breach.rule for breach in audit_flows(network, effects, reroute, flows)]


@pytest.mark.parametrize(("measures", "reroute", "fault", "rule"), FAULTS)
def test_a_planted_fault_is_named(measures: list[dict[str, object]], reroute: str, fault: Fault, rule: str) -> None:
    answer, broken = ask(measures, reroute)
    flows = Flows(answer.edges, answer.suppliers, answer.nodes, answer.demand)
    assert answer.certificate.is_audited
    assert broken(flows) == []
    assert rule in broken(fault(flows))


def test_a_breach_raises_with_its_place_and_tonnes() -> None:
    network = chain()
    answer = cn.balance(network)
    flows = on_edge("works", "u_usa", 3.0)(Flows(answer.edges, answer.suppliers, answer.nodes, answer.demand))
    breaches = audit_flows(network, [], "existing", flows)
    with pytest.raises(cn.SolverError, match=r"edge capacity: works -> u_usa \(metal\): \d.*allowed 5 t"):
        passed(answer.certificate, breaches)


@pytest.mark.parametrize("seed", range(12))
def test_answers_of_random_networks_pass(seed: int) -> None:
    network = recipe_network(seed, baseline=True, projects=seed % 2 == 0, wild=seed % 3 == 0)
    stop = {"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "!CHN"}, "share": 0.5}
    scenario = cn.Scenario("stop", [stop, {"kind": "remove", "nodes": ["m0"]}])
    for reroute in ("none", "existing", "new"):
        assert cn.balance(network, scenario, reroute).certificate.is_audited  # type: ignore[arg-type]
