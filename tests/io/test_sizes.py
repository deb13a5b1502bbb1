"""Bounds of what is read: refused with the remedy before it fills a laptop, and lifted by who knows the file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.io import sizes

EDGES = "source,target,capacity_tpa\na,b,3\nb,c,2\n"
GRAPH = {
    "nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}],
    "edges": [{"source": "a", "target": "b"}, {"source": "b", "target": "c"}],
}
GRAPHML = '<graphml><graph edgedefault="directed"><node id="a"/><node id="b"/><node id="c"/><edge source="a" target="b"/><edge source="b" target="c"/></graph></graphml>'
GEXF = '<gexf><graph defaultedgetype="directed"><nodes><node id="a"/><node id="b"/><node id="c"/></nodes><edges><edge source="a" target="b"/><edge source="b" target="c"/></edges></graph></gexf>'


def books(place: Path) -> Path:
    bare = cn.Network.from_edges(pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "capacity_tpa": [3.0, 2.0]}))
    return cn.write(bare, place / "net.xlsx")


def lists(place: Path) -> Path:
    pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "capacity_tpa": [3.0, 2.0]}).to_parquet(
        place / "net.parquet"
    )
    return place / "net.parquet"


def text(name: str, content: str):
    def write(place: Path) -> Path:
        (place / name).write_text(content, encoding="utf-8")
        return place / name

    return write


@pytest.mark.parametrize(
    ("make", "bound", "most", "rule"),
    [
        (text("net.csv", EDGES), "MOST_BYTES", 10, "bytes; at most 10 are taken"),
        (text("net.csv", EDGES), "MOST_ROWS", 1, "more than 1 rows"),
        (text("net.csv", EDGES), "MOST_CELLS", 3, "or 3 cells"),
        (text("net.csv", EDGES), "MOST_COLUMNS", 2, "3 columns; at most 2"),
        (text("net.json", json.dumps(GRAPH)), "MOST_JSON_PARTS", 3, "more than 3 objects"),
        (text("net.json", json.dumps(GRAPH)), "MOST_ITEMS", 2, "has 3 nodes; at most 2"),
        (text("net.graphml", GRAPHML), "MOST_ITEMS", 2, "more than 2 nodes"),
        (text("net.gexf", GEXF), "MOST_ITEMS", 2, "more than 2 nodes"),
        (text("net.gexf", GEXF), "MOST_MARKS", 5, "more than 5 XML elements"),
        (lists, "MOST_PARQUET_ROWS", 1, "holds 2 rows"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_what_is_beyond_a_bound_is_refused_and_read_by_who_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make, bound: str, most: int, rule: str
) -> None:
    path = make(tmp_path)
    monkeypatch.setattr(sizes, bound, most)
    with pytest.raises(cn.DataError) as caught:
        cn.read(path)
    assert rule in str(caught.value)
    assert "any_size=True" in str(caught.value)
    assert len(cn.read(path, any_size=True).edges) == 2


def test_a_cell_beyond_the_bound_is_named_at_its_place(tmp_path: Path) -> None:
    path = text("net.csv", "source,target,note\na,b,x\nb,c," + "y" * (sizes.LONGEST_CELL + 1) + "\n")(tmp_path)
    with pytest.raises(cn.DataError) as caught:
        cn.read(path)
    fault = caught.value.faults_list[0]
    assert (fault.file, fault.row, fault.column) == ("net.csv", 3, "note")
    assert len(str(caught.value)) < 1000
    assert len(cn.read(path, any_size=True).edges) == 2


def test_a_workbook_that_unpacks_to_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = books(tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/media/picture.bin", b"\0" * 20_000_000)
    with pytest.raises(cn.DataError, match=r"unpacks to \d+ bytes"):
        cn.read(path)
    found = CliRunner().invoke(app, ["check", str(path), "--any-size", "--format", "json"])
    assert found.exit_code == 0


@pytest.mark.parametrize("name", ["net.graphml", "net.gexf"])
def test_entities_are_refused_whatever_is_lifted(tmp_path: Path, name: str) -> None:
    bomb = "<!DOCTYPE x [" + "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10)) + "]>"
    path = text(name, bomb + (GRAPHML if name.endswith("ml") else GEXF))(tmp_path)
    with pytest.raises(cn.DataError, match="document type or an entity"):
        cn.read(path, any_size=True)


def test_a_bound_nobody_can_lift_there_does_not_name_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "MOST_BYTES", 10)
    (tmp_path / "split.csv").write_text("coalition,value\na,1\nb,2\na+b,2\n", encoding="utf-8")
    found = CliRunner().invoke(app, ["fair-split", str(tmp_path / "split.csv")])
    assert "at most 10" in str(found.exception)
    assert "any_size" not in str(found.exception)
