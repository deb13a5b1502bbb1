"""Half a character (a lone surrogate), which no file can hold: a DataError that says where it stands, from every way in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import igraph
import networkx as nx
import openpyxl
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn

HALF = "bad \ud800 word"


def half_frames(**cells: object) -> dict[str, pd.DataFrame]:
    """A chain of one relation; each keyword puts half a character into a column of nodes."""
    nodes = pd.DataFrame({"id": ["m", "u"], "stage": ["mine", "end_use"]}).astype(object)
    for column, value in cells.items():
        nodes[column] = pd.Series([value, None], dtype=object)
    return {"nodes": nodes, "edges": frame("source target", ("m", "u"))}


def half_networkx() -> cn.Network:
    graph = nx.DiGraph()
    graph.add_node("m", stage="mine", label=HALF)
    graph.add_node("u", stage="end_use")
    graph.add_edge("m", "u", capacity=1.0)
    return cn.Network.from_networkx(graph)


def half_igraph() -> cn.Network:
    graph = igraph.Graph(n=2, edges=[(0, 1)], directed=True)
    graph.vs["name"], graph.vs["stage"], graph.vs["label"] = ["m", "u"], ["mine", "end_use"], [HALF, "user"]
    return cn.Network.from_igraph(graph)


def half_json(path: Path) -> cn.Network:
    nodes = [{"id": "m", "stage": "mine", "label": HALF}, {"id": "u", "stage": "end_use"}]
    text = json.dumps({"directed": True, "nodes": nodes, "edges": [{"source": "m", "target": "u"}]})
    (path / "chain.json").write_text(text, encoding="utf-8")
    return cn.read(path / "chain.json")


def half_workbook(path: Path) -> cn.Network:
    book = openpyxl.Workbook()
    for name, rows in {
        "nodes": [("id", "stage", "label"), ("m", "mine", "bad _xD800_ word"), ("u", "end_use", "x")],
        "edges": [("source", "target"), ("m", "u")],
    }.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    book.save(path / "chain.xlsx")
    return cn.read(path / "chain.xlsx")


def half_toml(path: Path) -> cn.Scenario:
    (path / "ban.toml").write_bytes(b'label = "ban"\n[[measures]]\nkind = "remove"\nnodes = ["a\xed\xa0\x80"]\n')
    return cn.Scenario.read(path / "ban.toml")


HALVES: dict[str, tuple[Callable[[Path], object], tuple[str, int | None, str]]] = {
    "a frame": (lambda _: cn.Network(**half_frames(label=HALF)), ("nodes", 2, "label")),
    "text of Python": (
        lambda _: cn.Network(
            **{**half_frames(), "nodes": half_frames()["nodes"].assign(note=pd.array([HALF, "x"], dtype="string[python]"))}
        ),
        ("nodes", 2, "note"),
    ),
    "an id": (lambda _: cn.Network.from_edges(frame("source target", ("m", "u")).astype(object).replace("m", HALF)),
              ("edges", 2, "source")),
    "a number": (lambda _: cn.Network(**half_frames(capacity_tpa=HALF)), ("nodes", 2, "capacity_tpa")),
    "a project": (
        lambda _: cn.Network(**half_frames()).with_table(
            "projects", pd.DataFrame({"id": ["p"], "stage": ["mine"], "label": pd.Series([HALF], dtype=object)})
        ),
        ("projects", 2, "label"),
    ),
    "name": (lambda _: cn.Network(**half_frames(), name=HALF), ("network", None, "name")),
    "title": (lambda _: cn.Network(**half_frames(), label=HALF), ("network", None, "title")),
    "main commodity": (lambda _: cn.Network(**half_frames(), main_commodity=HALF), ("network", None, "main_commodity")),
    "beneficiaries": (lambda _: cn.Network(**half_frames(), beneficiaries=[HALF]), ("network", None, "beneficiaries")),
    "networkx": (lambda _: half_networkx(), ("nodes", 2, "label")),
    "igraph": (lambda _: half_igraph(), ("nodes", 2, "label")),
    "node-link JSON": (half_json, ("chain.json!nodes", 2, "label")),
    "workbook": (half_workbook, ("chain.xlsx!nodes", 2, "label")),
    "scenario name": (lambda _: cn.Scenario(HALF), ("scenario bad ? word", None, "name")),
    "scenario label": (lambda _: cn.Scenario("s", label=HALF), ("scenario s", None, "label")),
    "scenario word": (
        lambda _: cn.Scenario("s", [{"kind": "remove", "where": {"operator": ["x", HALF]}}]),
        ("scenario s", None, "measures[0].where.operator[1]"),
    ),
    "TOML": (half_toml, ("ban.toml", 4, "")),
}  # fmt: skip


@pytest.mark.parametrize("way", HALVES)
def test_half_a_character_is_named_from_every_way_in(way: str, tmp_path: Path) -> None:
    call, (file, row, column) = HALVES[way]
    with pytest.raises(cn.DataError) as caught:
        call(tmp_path)
    fault = caught.value.faults.iloc[0]
    assert fault["file"] == file
    assert fault["column"] == column
    assert (None if pd.isna(fault["row"]) else int(fault["row"])) == row
    assert fault["rule"]
    assert fault["remedy"]
    assert str(caught.value).encode("utf-8")


def half_columns() -> pd.DataFrame:
    nodes = half_frames()["nodes"]
    return nodes.set_axis(pd.Index(["id", HALF], dtype=object), axis=1)


@pytest.mark.parametrize(
    "call",
    [
        lambda _: cn.Network(nodes=half_columns(), edges=half_frames()["edges"]),
        lambda path: cn.write(cn.Network(**half_frames()), path / HALF),
        lambda path: cn.draw(cn.Network(**half_frames()), path=path / "x.html", title=HALF),
        lambda path: cn.draw(cn.Network(**half_frames()), path=path / "x.html", marking=HALF),
        lambda _: cn.Network(**half_frames()).without(where={"operator": HALF}),
        lambda _: cn.geopolrisk({"CHN": 1.0, HALF: 2.0}, {"CHN": 1.0}, {"CHN": 0.5}),
        lambda _: cn.read(HALF),
    ],
)
def test_half_a_character_in_an_argument_is_a_data_error_too(call: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(cn.DataError) as caught:
        call(tmp_path)
    assert str(caught.value).encode("utf-8")
    assert not list(tmp_path.iterdir())


def test_the_folder_says_which_file_holds_half_a_character(tmp_path: Path) -> None:
    folder = cn.write(cn.Network(**half_frames(), name="chain"), tmp_path / "chain")
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    for key, column in (("name", "name"), ("title", "title"), ("main_commodity", "main_commodity")):
        (folder / "datapackage.json").write_text(json.dumps({**package, key: HALF}), encoding="utf-8")
        with pytest.raises(cn.DataError) as caught:
            cn.read(folder)
        assert caught.value.faults.iloc[0][["file", "column"]].tolist() == ["datapackage.json", column]
