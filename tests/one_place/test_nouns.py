"""What a chain calls its parts, and what a kind of measure is, are each written in one place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from parsed import nodes, tree

import chainnet as cn
from chainnet.network import depths
from chainnet.scenario import KINDS
from chainnet.sharing import partition

PACKAGE = Path(cn.__file__).parent
OUTSIDE = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "network"]


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(nodes(tree(path)))


def where(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"


# -- held in one place ---------------------------------------------------------------------------------


def instead(node: ast.AST) -> ast.expr | None:
    """What an expression gives where something else is missing."""
    if isinstance(node, ast.IfExp):
        return node.orelse
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        place = {"fillna": 0, "where": 1, "mask": 1, "combine_first": 0}.get(node.func.attr)
        if place is not None and len(node.args) > place:
            return node.args[place]
    return None


@pytest.mark.parametrize("column", ["stage", "region"])
def test_what_stands_for_a_step_or_a_country_is_said_by_the_network(column: str) -> None:
    cell = re.compile(rf"""[\w.]+\[['"]{column}['"]\](\.str\.replace\(.*\))?""")
    found = [
        where(path, node)
        for path in OUTSIDE
        for node in nodes_of(path)
        if (other := instead(node)) is not None and cell.fullmatch(ast.unparse(other))
        # a row of a file that is no network yet, and the records of two parties
        if path.parent.name != "customs" and path.name not in ("_join.py", "_trade.py")
    ]
    assert found == [], "ask network.steps or network.places, of a table step_of or place_of"


def table_of(element: ast.expr) -> str:
    """The table of plants that an element of a list is, or holds a column of."""
    text = ast.unparse(element.value if isinstance(element, ast.Starred) else element)
    if "len(" in text or text.startswith("option."):  # what a budget buys is no table
        return ""
    return next((t for t in ("nodes", "projects") if re.match(rf"""[\w.]*(\b|\[['"]|view\(['"]){t}\b""", text)), "")


def stacked(node: ast.AST) -> list[ast.expr]:
    """The tables that are put one under the other."""
    is_call = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("concat", "concatenate", "chain")
    if is_call and node.args:
        return list(getattr(node.args[0], "elts", node.args))
    return [e for e in node.elts if isinstance(e, ast.Starred)] if isinstance(node, (ast.List, ast.Tuple)) else []


def test_nodes_and_projects_are_stacked_by_the_network() -> None:
    found = [
        where(path, node)
        for path in OUTSIDE
        for node in nodes_of(path)
        if {"nodes", "projects"} <= {table_of(element) for element in stacked(node)}
    ]
    assert found == [], "ask network.plants, of tables plants_of"


def words_in(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


SHARED = {"demand", "build"}  # also a table, a way to spend


def asked_by_name(path: Path) -> Iterator[ast.AST]:
    """Comparisons that know a kind of measure by its name, and lists of kinds."""
    for node in nodes_of(path):
        if isinstance(node, ast.Compare):
            words, text = words_in(node) & set(KINDS), ast.unparse(node)
            is_measure = path.parent.name == "scenario" or re.search(r"\b(effects?|measures?|[em])\b", text)
            if words - SHARED or (words & SHARED and "kind" in text and is_measure):
                yield node
        elif isinstance(node, (ast.Tuple, ast.List, ast.Set)) and len(node.elts) > 1:
            words = {e.value for e in node.elts if isinstance(e, ast.Constant)}
            if len(words & set(KINDS)) > 1 and words <= set(KINDS):
                yield node


def test_a_kind_of_measure_is_asked_and_never_known_by_its_name() -> None:
    known = {PACKAGE / "scenario" / "_kinds.py", PACKAGE / "reporting" / "measures.py"}
    found = [where(path, node) for path in OUTSIDE if path not in known for node in asked_by_name(path)]
    assert found == [], "give Kind a field, and ask KINDS[kind]"
    own = "|".join(sorted(set(KINDS) - {"demand"}))
    for script in sorted((PACKAGE / "drawing").rglob("*.js")):
        assert not re.search(rf"""["'`]({own})["'`]""", script.read_text(encoding="utf-8")), script.name


def test_the_lints_see_what_they_forbid(tmp_path: Path) -> None:
    path = tmp_path / "scenario" / "bad.py"
    path.parent.mkdir()
    path.write_text(
        'a = n["step"].fillna(n["stage"])\n'
        'b = n["step"].where(n["step"].notna(), n["stage"].str.replace("_", " "))\n'
        'c = row["step"] if row["step"] else row["stage"]\n'
        "d = pd.concat([network.nodes, network.projects[columns]])\n"
        'e = np.concatenate([frames["nodes"]["id"], frames["projects"]["id"]])\n'
        'f = [*net.view("nodes")["id"], *net.view("projects")["id"]]\n'
        'g = effect.kind == "build" or m["kind"] in ("restrict", "quota")\n',
        encoding="utf-8",
    )
    cell = re.compile(r"[\w.]+\['stage'\](\.str\.replace\(.*\))?")
    texts = [ast.unparse(other) for node in nodes_of(path) if (other := instead(node)) is not None]
    assert sum(bool(cell.fullmatch(text)) for text in texts) == 3
    tables = [{table_of(element) for element in stacked(node)} for node in nodes_of(path)]
    assert sum({"nodes", "projects"} <= one for one in tables) == 3
    assert len(list(asked_by_name(path))) == 3  # two comparisons, and the list in one of them


# -- the nouns ---------------------------------------------------------------------------------------------


def small() -> cn.Network:
    """Return a chain in which every rule has a row: no step, no country, no label, projects, a loop, scrap."""
    nodes = pd.DataFrame(
        [
            ("pit", "Pit", "mine", "mining", "CHN", None),
            ("mill", None, "refiner", "milling", None, "EU27"),
            ("bath", None, "refiner", "bathing", None, None),
            ("oven", None, "refiner", "ash", "USA", None),
            ("shop", None, "manufacturer", None, "USA", None),
            ("yard", None, "recycler", "sorting", "USA", None),
            ("army", None, "end_use", None, "USA", None),
        ],
        columns=["id", "label", "stage", "step", "country", "region"],
    )
    projects = pd.DataFrame({"id": ["new"], "label": ["New pit"], "stage": ["mine"], "country": ["AUS"]})
    ways = ["pit mill", "mill bath", "bath mill", "bath oven", "oven shop", "shop army", "army yard", "yard mill"]
    edges = pd.DataFrame([way.split() for way in [*ways, "new bath"]], columns=["source", "target"])
    goods = pd.DataFrame(
        {"id": ["ore", "oxide", "scrap"], "label": ["Ore", None, None], "basis": ["t Nd", "t Nd", "t"]}
    )
    return cn.Network(nodes, edges.assign(commodity="ore"), projects=projects, commodities=goods)


def test_plants_are_nodes_then_projects() -> None:
    net = small()
    assert net.plants["id"].tolist() == [*net.nodes["id"], "new"]
    assert net.plants["is_project"].tolist() == [False] * 7 + [True]
    assert net.plants.columns.tolist()[: len(net.nodes.columns)] == net.nodes.columns.tolist()
    assert set(net.projects.columns) < set(net.plants.columns)
    built = net.with_projects(["new"])
    assert not built.plants["is_project"].any()
    assert len(built.plants) == 8


def test_steps_places_and_labels_have_one_rule_each() -> None:
    net = small()
    assert net.steps[["mill", "shop", "army", "new"]].tolist() == ["milling", "manufacturer", "end_use", "mine"]
    assert net.places[["pit", "mill", "new"]].tolist() == ["CHN", "EU27", "AUS"]
    assert pd.isna(net.places["bath"])
    assert net.labels[["pit", "mill", "new"]].tolist() == ["Pit", "mill", "New pit"]
    assert net.steps.index.equals(net.places.index)
    assert net.steps.index.tolist() == net.plants["id"].tolist()


def test_what_is_handed_out_writes_nothing_back() -> None:
    net = small()
    plants = net.plants
    plants["step"] = "x"
    plants.loc[0, "id"] = "x"
    steps, labels = net.steps, net.labels
    steps["pit"], labels.iloc[:] = "x", "x"
    assert net.steps["pit"] == "mining"
    assert net.labels["mill"] == "mill"
    assert "x" not in set(net.plants["id"])


def test_a_transform_has_nouns_of_its_own() -> None:
    net = small()
    assert net.steps["pit"] == "mining"
    less = net.without(nodes=["pit"])
    assert "pit" not in less.steps.index
    assert "mining" not in less.chain
    assert "mining" in net.chain


def test_the_chain_runs_from_the_mine_to_the_maker_and_scrap_stands_behind() -> None:
    # ash comes last of the refiners though its name comes first; milling and bathing are one loop, so a tie, by name
    assert small().chain == ("mining", "bathing", "milling", "ash", "manufacturer", "sorting")


def test_depths_of_loops_and_of_points_alone() -> None:
    # 0 -> 1 -> 2 -> 1 is one loop behind 0; 3 hangs on it and on 0; 4 stands alone
    tail, head = np.array([0, 1, 2, 2, 0]), np.array([1, 2, 1, 3, 3])
    assert depths(tail, head, 5).tolist() == [0, 1, 1, 2, 0]
    none = np.zeros(0, dtype=np.int64)
    assert depths(none, none, 2).tolist() == [0, 0]


def test_basis_and_names_of_goods() -> None:
    net = small()
    assert net.basis("ore") == net.basis(["ore", "oxide"]) == "Nd"
    assert net.basis(["ore", "scrap"]) == ""
    assert net.basis(None) == ""
    assert net.basis("none") == ""
    assert [net.good(word) for word in ("ore", "oxide", "unlisted", None, float("nan"))] == [
        "Ore", "oxide", "unlisted", "", "",
    ]  # fmt: skip


# -- a kind of measure knows itself ------------------------------------------------------------------------


def test_a_kind_of_which_nobody_said_it_cannot_pass_a_joint_answer() -> None:
    from chainnet.sharing.joint._offer import at_home

    part = partition(cn.read("mag-9"), {"usa": ["USA"], "china": ["CHN"]}).parts["china"]
    stop = cn.Scenario("stop", [{"kind": "restrict", "from": {"country": "CHN"}}])
    assert len(at_home(part, stop).restrictions) == 1
    known = KINDS["restrict"]
    try:
        KINDS["restrict"] = type(known)(known.put, known.keys, known.names_what)
        with pytest.raises(cn.DataError, match="restrict: parts cannot keep it"):
            at_home(part, stop)
    finally:
        KINDS["restrict"] = known


def test_what_a_kind_says_of_itself() -> None:
    taking, endless = ("remove", "scale", "restrict", "licence", "quota"), ("release", "build", "delay")
    assert all(KINDS[name].takes and not KINDS[name].is_endless for name in taking)
    assert all(KINDS[name].is_endless and not KINDS[name].takes for name in endless)
    assert (KINDS["build"].stands, KINDS["build"].delays) == (True, False)
    assert (KINDS["delay"].stands, KINDS["delay"].delays) == (False, True)
    bar = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "tier": "defence"}
    assert KINDS["restrict"].parts_goods(bar) == ("tier", "origin")
    assert KINDS["demand"].parts_goods({"kind": "demand", "tier": "defence", "share": 0.5}) == ()


def test_part_of_a_loss_by_hand() -> None:
    half = {name: replace(kind).part for name, kind in KINDS.items()}
    part = half["scale"]
    assert part is not None
    assert part({"kind": "scale", "share": 0.2}, 0.25) == {"kind": "scale", "share": 0.8}
    part = half["remove"]
    assert part is not None
    assert part({"kind": "remove", "nodes": ["a"]}, 0.3) == {
        "kind": "scale",
        "nodes": ["a"],
        "share": 0.7,
    }
    part = half["quota"]
    assert part is not None
    assert part({"kind": "quota", "tpa": 5.0, "severity": 0.5}, 0.3)["severity"] == 0.15


# -- tiers of any name ------------------------------------------------------------------------------------


def test_the_first_tier_is_the_default_of_stockpiles_whatever_it_is_called() -> None:
    net = cn.read("mag-9")
    called = {"defence": "shield", "industrial": "works", "civilian": "homes"}
    tiers = pd.DataFrame({"tier": list(called.values()), "rank": [1.0, 2.0, 3.0]})
    demand = net.demand.assign(tier=net.demand["tier"].map(called))
    stocks = net.stocks.assign(tiers=net.stocks["tiers"].replace(called, regex=True))
    other = cn.Network(**{**net.as_read, "demand": demand, "tiers": tiers, "stocks": stocks}, name=net.name,
                       main_commodity=net.main_commodity, beneficiaries=net.beneficiaries, year=net.year)  # fmt: skip
    loss = cn.Scenario("loss", [{"kind": "scale", "where": {"stage": "manufacturer"}, "share": 0.01}])
    ours, theirs = (cn.stockpile_requirement(one, loss, months=12) for one in (net, other))
    assert ours["required_t"].sum() > 0
    assert theirs.attrs["provenance"]["settings"]["tiers"] == ["shield"]
    pd.testing.assert_frame_equal(ours, theirs, check_exact=False, rtol=1e-9)
    assert theirs.attrs != {}
    assert other.tier_order[0] == "shield"
