from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import networkx as nx
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from strategies import HOSTILE, bare_edges, chains, worded_networks

import chainnet as cn
from chainnet.io import generate_datapackage, sizes, to_people_csv
from chainnet.network import TABLES, graphs_folder

FORMATS = ("", ".xlsx", ".graphml", ".json", ".gexf")
NODES = "id,stage\na,mine\nb,end_use\n"
EDGES = "source,target,capacity_tpa\na,b,3\n"

once = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """Make a folder of tables; keywords are table names, ``__`` stands for a point in other names."""
    place = tmp_path / "graph"
    place.mkdir(exist_ok=True)
    for name, content in {"nodes": NODES, "edges": EDGES, **files}.items():
        file = place / (name.replace("__", ".") if "__" in name else f"{name}.csv")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def faults(path: Path | str) -> pd.DataFrame:
    with pytest.raises(cn.DataError, match=r"^(more than )?\d+ faults? in the data") as caught:
        cn.read(path)
    table = caught.value.faults
    assert list(table.columns) == ["file", "row", "column", "value", "rule", "remedy"]
    return table


def places(path: Path | str) -> list[tuple[str, int | None, str]]:
    table = faults(path)
    return [
        (f, None if pd.isna(r) else int(r), c)
        for f, r, c in zip(table["file"], table["row"], table["column"], strict=True)
    ]


def left_beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir() if entry != path)


def hostile() -> cn.Network:
    ids = list(HOSTILE)
    return cn.Network(
        nodes=pd.DataFrame({"id": ids, "stage": "mine", "label": ids[::-1], "operator": ids}),
        edges=pd.DataFrame({"source": ids[1:], "target": ids[:-1], "capacity_tpa": 0.1}),
        name="=cmd",
        label="<script>",
    )


# -- round trips --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["mag-9", "rare-earths"])
def test_shipped_graphs_survive_every_format(tmp_path: Path, suffix: str, name: str) -> None:
    net = cn.read(name)
    path = cn.write(net, tmp_path / f"copy{suffix}")
    back = cn.read(path)
    assert path == tmp_path / f"copy{suffix}"
    assert back.digest == net.digest
    assert (back.name, back.label, back.year) == (net.name, net.label, net.year)
    assert (back.main_commodity, back.beneficiaries) == (net.main_commodity, net.beneficiaries)
    first = _bytes(path)
    cn.write(back, path)
    assert _bytes(path) == first
    assert left_beside(path) == []


def _bytes(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else sorted(path.iterdir())
    return {file.name: file.read_bytes() for file in files}


@pytest.mark.parametrize("suffix", FORMATS)
def test_hostile_text_survives(tmp_path: Path, suffix: str) -> None:
    net = hostile()
    back = cn.read(cn.write(net, tmp_path / f"copy{suffix}"))
    assert back.digest == net.digest
    assert back.nodes.equals(net.nodes)
    assert (back.name, back.label) == ("=cmd", "<script>")


@pytest.mark.parametrize("suffix", FORMATS)
@once
@given(net=worded_networks())
def test_any_words_survive(tmp_path: Path, suffix: str, net: cn.Network) -> None:
    back = cn.read(cn.write(net, tmp_path / f"copy{suffix}"))
    assert back.digest == net.digest
    assert (back.name, back.label, back.year) == (net.name, net.label, net.year)


@pytest.mark.parametrize("suffix", FORMATS)
@once
@given(net=chains())
def test_any_chain_survives(tmp_path: Path, suffix: str, net: cn.Network) -> None:
    assert cn.read(cn.write(net, tmp_path / f"copy{suffix}")).digest == net.digest


@pytest.mark.parametrize("suffix", [".csv", ".parquet", *FORMATS])
@once
@given(edges=bare_edges())
def test_any_edge_list_survives(tmp_path: Path, suffix: str, edges: pd.DataFrame) -> None:
    net = cn.Network.from_edges(edges)
    assert cn.read(cn.write(net, tmp_path / f"copy{suffix}")).digest == net.digest


def test_an_edge_list_refuses_what_it_would_lose(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    with pytest.raises(cn.DataError, match=r"the table demand; .*capacity_tpa.*main_commodity; year"):
        cn.write(cn.read("mag-9"), target)
    assert list(tmp_path.iterdir()) == []


def test_line_ends_and_bom_do_not_count(tmp_path: Path) -> None:
    nodes = 'id,stage,note\na,mine,"two\nlines"\nb,end_use,\n'
    plain = cn.read(folder(tmp_path, nodes=nodes)).digest
    crlf = b"\xef\xbb\xbf" + nodes.replace("\n", "\r\n").encode()
    assert cn.read(folder(tmp_path, nodes=crlf)).digest == plain


def test_networkx_reads_what_is_written_and_the_other_way(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    graphml = nx.read_graphml(cn.write(net, tmp_path / "x.graphml"))
    assert set(graphml) == set(net.nodes["id"])
    data = json.loads(cn.write(net, tmp_path / "x.json").read_text(encoding="utf-8"))
    assert set(nx.node_link_graph(data, edges="edges")) == set(graphml)

    graph = nx.DiGraph()
    graph.add_edge("pit", "user", capacity=3)
    for key in ("edges", "links"):
        (tmp_path / "nx.json").write_text(json.dumps(nx.node_link_data(graph, edges=key)))
        assert cn.read(tmp_path / "nx.json").digest == cn.Network.from_networkx(graph).digest
    nx.write_graphml(graph, tmp_path / "nx.graphml")
    assert cn.read(tmp_path / "nx.graphml").digest == cn.Network.from_networkx(graph).digest


def test_igraph_names_are_ids(tmp_path: Path) -> None:
    import igraph

    graph = igraph.Graph([(0, 1)], directed=True)
    graph.vs["name"] = ["pit", "user"]
    graph.es["capacity_tpa"] = [2.5]
    graph.write_graphml(str(tmp_path / "ig.graphml"))
    assert cn.read(tmp_path / "ig.graphml").digest == cn.Network.from_igraph(graph).digest


def test_a_workbook_saved_again_by_another_program_is_the_same(tmp_path: Path) -> None:
    net = hostile().without(nodes=["_x005F_x000D_"])  # openpyxl itself forgets this one
    path = cn.write(net, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(path)
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    book.save(path)  # shared strings instead of inline ones
    assert cn.read(path).digest == net.digest


def test_integer_ids_of_parquet_are_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"source": [1, 2], "target": [2, 3], "capacity_tpa": [1.5, float("inf")]})
    frame.to_parquet(tmp_path / "x.parquet")
    net = cn.read(tmp_path / "x.parquet")
    assert net.digest == cn.Network.from_edges(frame).digest
    assert net.nodes["id"].tolist() == ["1", "2", "3"]
    assert cn.max_flow(net).value_tpa == 1.5


# -- shipped graphs and names -------------------------------------------------------------------


def test_catalog_lists_every_shipped_folder() -> None:
    table = cn.catalog()
    assert table.index.name == "name"
    assert table.loc["mag-9", ["year", "nodes", "edges", "projects"]].tolist() == [2025, 10, 28, 3]
    assert table["year"].dtype == "int64"
    assert table.index.is_monotonic_increasing


def test_the_descriptor_says_columns_units_and_keys() -> None:
    package = json.loads(generate_datapackage(cn.read("mag-9")))
    nodes = next(r for r in package["resources"] if r["name"] == "nodes")
    fields = {f["name"]: f for f in nodes["schema"]["fields"]}
    assert nodes["schema"]["primaryKey"] == ["id"]
    assert fields["capacity_tpa"]["unit"] == "t/yr"
    assert fields["capacity_tpa"]["constraints"] == {"minimum": 0}
    assert fields["stage"]["constraints"]["enum"][0] == "mine"
    header = (graphs_folder() / "mag-9/nodes.csv").read_text(encoding="utf-8").splitlines()[0]
    assert list(fields) == header.split(",")


@pytest.mark.parametrize("name", ["mag9", "rare_earths"])
def test_an_unknown_name_gives_near_matches(name: str) -> None:
    with pytest.raises(cn.DataError, match=r'did you mean "(mag-9|rare-earths)"'):
        cn.read(name)


def test_a_missing_path_gives_near_matches(tmp_path: Path) -> None:
    cn.write(cn.read("mag-9"), tmp_path / "chain.json")
    with pytest.raises(cn.DataError, match=r'did you mean "chain\.json"'):
        cn.read(tmp_path / "chian.json")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", r"nodes\.csv: the table is missing"),
        ("x\0y", "no path and no shipped graph"),
        ("a" * 5000, "no path and no shipped graph"),
        ("no/such/graph.xls", 'no path "no/such/graph.xls"; in its folder are: nothing'),
        ("gallum", 'no shipped graph "gallum"; did you mean "gallium"'),
        (None, "None is neither a path nor the name"),
        (3, "3 is neither a path nor the name"),
    ],
)
def test_what_is_no_source_is_a_data_error(
    source: object, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(cn.DataError, match=said):
        cn.read(source)  # type: ignore[arg-type]


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.xls").write_bytes(b"x")
    with pytest.raises(cn.DataError, match=r"Known: a folder, \.xlsx"):
        cn.read(tmp_path / "x.xls")
    with pytest.raises(cn.DataError, match="unknown kind of file"):
        cn.write(cn.read("mag-9"), tmp_path / "y.xls")


def test_a_folder_that_bears_a_shipped_name_must_be_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mag-9").mkdir()
    assert cn.read("mag-9").year == 2025
    small = cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"]}))
    cn.write(small, "mag-9")
    with pytest.raises(cn.DataError, match=r'write "\./mag-9"'):
        cn.read("mag-9")
    assert cn.read("./mag-9").digest == cn.read(Path("mag-9")).digest == small.digest


# -- faults -------------------------------------------------------------------------------------


def test_a_folder_without_descriptor_bears_its_own_name(tmp_path: Path) -> None:
    net = cn.read(folder(tmp_path))
    assert (net.name, len(net.edges)) == ("graph", 1)
    assert net.demand.empty


def test_ten_faults_come_in_one_error(tmp_path: Path) -> None:
    place = folder(
        tmp_path,
        nodes='id,stage,country,capacity_tpa\na,mine,chn,1\nb,end_use,,\na,mine,,\nc,melter,,\nd,mine,NA,"1,5"\n',
        edges="source,target,capacity_tpa,colour\na,b,-3,red\na,zz,1,\nb,b,1,\na,b\n",
        demand="node,demand_tpa,tier\nb,NaN,civil\n",
        commodities="id\n",
        node="id\n",
    )
    assert places(place) == [
        ("demand.csv", 2, "demand_tpa"),
        ("demand.csv", 2, "tier"),
        ("edges.csv", None, "colour"),
        ("edges.csv", 2, "capacity_tpa"),
        ("edges.csv", 3, "target"),
        ("edges.csv", 4, "target"),
        ("edges.csv", 5, ""),
        ("node.csv", None, ""),
        ("nodes.csv", 2, "country"),
        ("nodes.csv", 4, "id"),
        ("nodes.csv", 5, "stage"),
        ("nodes.csv", 6, "capacity_tpa"),
        ("nodes.csv", 6, "country"),
    ]
    with pytest.raises(cn.DataError, match=r"^13 faults in the data") as caught:
        cn.read(place)
    for words in ("nodes.csv row 5, stage", "edges.csv row 5", 'node.csv: no table has this name; did you mean "nodes'):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"nodes": NODES + "c,mine,\n"}, ("nodes.csv", 4, "")),
        ({"nodes": NODES + "c\n"}, ("nodes.csv", 4, "")),
        ({"nodes": "id,stage\na,mine\n\nb,end_use\n"}, ("nodes.csv", 3, "")),
        ({"nodes": "id\na\nb\n"}, ("nodes.csv", None, "stage")),
        ({"nodes": "id,stage,id\na,mine,a\nb,end_use,b\n"}, ("nodes.csv", None, "id")),
        ({"nodes": "id,stage\n"}, ("nodes.csv", None, "")),
        ({"edges": "source,target\n"}, ("edges.csv", None, "")),
        ({"nodes": ""}, ("nodes.csv", None, "")),
        ({"demand": "\n\n"}, ("demand.csv", None, "")),
        ({"nodes": NODES.encode("utf-16")}, ("nodes.csv", None, "")),
        ({"nodes": (NODES + "zürich,mine\n").encode("latin-1")}, ("nodes.csv", 4, "")),
        ({"nodes": NODES + "c\0,mine\n"}, ("nodes.csv", 4, "")),
        ({"nodes": NODES + '"c,mine\n'}, ("nodes.csv", 4, "")),
        ({"nodes": NODES + "c\x07,mine\n"}, ("nodes.csv", 4, "id")),
        ({"edges": EDGES + "a,b,NaN\n"}, ("edges.csv", 3, "capacity_tpa")),
        ({"edges": EDGES + "a,b,inf\n"}, ("edges.csv", 3, "capacity_tpa")),
        ({"edges": EDGES + "a,b,-\n"}, ("edges.csv", 3, "capacity_tpa")),
        ({"edges": EDGES + 'a,b,"1,5"\n'}, ("edges.csv", 3, "capacity_tpa")),
        ({"edges": EDGES + "a,b,1'000\n"}, ("edges.csv", 3, "capacity_tpa")),
        ({"edges": EDGES + "a,a,1\n"}, ("edges.csv", 3, "target")),
        ({"stocks": "id,stock_t\ns,-1\n"}, ("stocks.csv", 2, "stock_t")),
        ({"nodes": NODES.replace("stage", "stage,low,high").replace("mine", "mine,2,1").replace("use", "use,,")},
         ("nodes.csv", 2, "low")),
        ({"nodes": NODES.replace("stage", "stage,latitude").replace("mine", "mine,91").replace("use", "use,")},
         ("nodes.csv", 2, "latitude")),
        ({"nodes": NODES.replace("stage", "stage,quality").replace("mine", "mine,good").replace("use", "use,")},
         ("nodes.csv", 2, "quality")),
        ({"processes": "process,commodity,role,t_per_t\np,x,output,1\np,x,input,2\n"},
         ("processes.csv", 2, "commodity")),
        ({"processes": "process,commodity,role,t_per_t\np,x,output,1\np,y,input,0\n"},
         ("processes.csv", 3, "t_per_t")),
        ({"processes": "process,commodity,role,t_per_t\np,x,output,1\np,y,catalyst,1\n"},
         ("processes.csv", 3, "role")),
        ({"node": NODES}, ("node.csv", None, "")),
        ({"Demand": "node,demand_tpa\nb,1\n"}, ("Demand.csv", None, "")),
    ],
)  # fmt: skip
def test_one_fault_at_its_place(tmp_path: Path, files: dict[str, str | bytes], place: tuple) -> None:
    assert places(folder(tmp_path, **files)) == [place]


def test_a_number_larger_than_any_is_refused_in_every_form(tmp_path: Path) -> None:
    many = "1" + "0" * 400
    csv = folder(tmp_path, nodes=f"id,stage,capacity_tpa\na,mine,1e400\nb,end_use,-{many}\n")
    assert places(csv) == [("nodes.csv", 2, "capacity_tpa"), ("nodes.csv", 3, "capacity_tpa")]
    assert set(faults(csv)["rule"]) == {"larger than any number that can be kept (1.8e308)"}
    link = '{"directed": true, "nodes": [{"id": "a", "stage": "mine", "capacity_tpa": %s}], "links": []}'
    real, whole = tmp_path / "real.json", tmp_path / "whole.json"
    real.write_text(link % "1e400")
    whole.write_text(link % many)
    with pytest.raises(cn.DataError, match=r"real.json: not JSON: 1e400 is larger than any number that can be kept"):
        cn.read(real)
    assert ("whole.json!nodes", 2, "capacity_tpa") in places(whole)
    book, huge = tmp_path / "a.xlsx", tmp_path / "huge.xlsx"
    edges = pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [12345.0]})
    cn.write(cn.Network.from_edges(edges), book)
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(huge, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b"<v>12345</v>", b"<v>1e400</v>"))
    assert places(huge) == [("huge.xlsx!edges", 2, "capacity_tpa")]
    frame = pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [10**5000]}, dtype=object)
    with pytest.raises(cn.DataError, match=r'"a whole number": larger than any'):
        cn.Network.from_edges(frame)


def test_an_unreadable_table_is_not_blamed_on_the_others(tmp_path: Path) -> None:
    place = folder(tmp_path, nodes=b"\xff\xfe", edges=EDGES + "a,b,-1\n")
    assert places(place) == [("edges.csv", 3, "capacity_tpa"), ("nodes.csv", None, "")]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    nodes = 'id,stage,note\na,mine,"two\nlines"\nb,end_use,\nc,melter,\n'
    assert places(folder(tmp_path, nodes=nodes)) == [("nodes.csv", 4, "stage")]


def test_blank_cells_and_rows_at_the_end_are_fine(tmp_path: Path) -> None:
    net = cn.read(folder(tmp_path, edges="source,target,capacity_tpa\na,b,\n\n\n"))
    assert net.edges["capacity_tpa"].isna().all()


def test_a_missing_required_table(tmp_path: Path) -> None:
    place = folder(tmp_path)
    (place / "edges.csv").unlink()
    assert places(place) == [("edges.csv", None, "")]


@pytest.mark.parametrize(
    ("package", "column"),
    [
        ({"resources": [{"name": "nodes", "path": "/etc/passwd"}]}, "resources[0].path"),
        ({"resources": [{"name": "nodes", "path": "../nodes.csv"}]}, "resources[0].path"),
        ({"resources": [{"name": "nodes", "path": "a/../../nodes.csv"}]}, "resources[0].path"),
        ({"resources": [{"name": "nodes", "path": "..\\nodes.csv"}]}, "resources[0].path"),
        ({"resources": [{"name": "nodes", "path": "C:\\nodes.csv"}]}, "resources[0].path"),
        ({"resources": [{"name": "nodes", "path": "https://example.org/nodes.csv"}]}, "resources[0].path"),
        ({"resources": [{"name": "picture", "path": "../x.png"}]}, "resources[0].path"),
        ({"resources": [{"name": "nodes", "path": ["nodes.csv"]}]}, "resources[0]"),
        ({"resources": [{"name": "node", "path": "nodes.csv"}]}, "resources[0].name"),
        ({"resources": {}}, "resources"),
        ({"year": "2024"}, "year"),
        ({"name": 3}, "name"),
        ({"main_commodity": {"a": 1}}, "main_commodity"),
        ({"beneficiaries": [1]}, "beneficiaries"),
        ([], ""),
    ],
)
def test_a_descriptor_that_breaks_a_rule(tmp_path: Path, package: object, column: str) -> None:
    place = folder(tmp_path, datapackage__json=json.dumps(package))
    table = faults(place)
    assert ("datapackage.json", column) in set(zip(table["file"], table["column"], strict=True))


@pytest.mark.parametrize("content", ["", "{", '{"year": NaN}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_a_descriptor_that_is_no_json(tmp_path: Path, content: str) -> None:
    assert {f for f, _, _ in places(folder(tmp_path, datapackage__json=content))} == {"datapackage.json"}


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path)
    outside = tmp_path / "outside.csv"
    (place / "nodes.csv").rename(outside)
    (place / "nodes.csv").symlink_to(outside)
    assert places(place) == [("nodes.csv", None, "")]
    package = {"resources": [{"name": "nodes", "path": "n.csv"}]}
    place = folder(tmp_path, datapackage__json=json.dumps(package))
    (place / "nodes.csv").unlink()
    (place / "n.csv").symlink_to(outside)
    assert ("datapackage.json", None, "resources[0].path") in places(place)


def test_a_descriptor_may_name_files_and_count(tmp_path: Path) -> None:
    package = {
        "name": "mine",
        "title": "My chain",
        "year": 2023,
        "beneficiaries": ["G7"],
        "resources": [{"name": "nodes", "path": "data/plants.csv"}],
    }
    place = folder(tmp_path, datapackage__json=json.dumps(package))
    (place / "data").mkdir()
    (place / "nodes.csv").rename(place / "data" / "plants.csv")
    net = cn.read(place)
    assert (net.name, net.label, net.year, net.beneficiaries) == ("mine", "My chain", 2023, ("G7",))
    assert cn.read(place / "datapackage.json").digest == net.digest
    cn.write(net, place)
    assert sorted(p.name for p in place.rglob("*")) == ["data", "datapackage.json", "edges.csv", "nodes.csv"]
    assert cn.read(place).digest == net.digest


def test_an_unknown_main_commodity_comes_with_the_other_faults(tmp_path: Path) -> None:
    package = json.dumps({"main_commodity": "magnet"})
    place = folder(tmp_path, datapackage__json=package, edges=EDGES + "a,b,-1\n")
    assert places(place) == [("datapackage.json", None, "main_commodity"), ("edges.csv", 3, "capacity_tpa")]


# -- size guards and hostile files --------------------------------------------------------------


def test_a_text_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    place = folder(tmp_path)
    with (place / "edges.csv").open("r+b") as file:
        file.truncate(64 * 2**20 + 1)
    assert places(place) == [("edges.csv", None, "")]
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(65 * 2**20)
    assert places(tmp_path / "x.json") == [("x.json", None, "")]


def test_a_row_with_too_few_or_too_many_cells_is_told_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text("id,stage\nm,mine\nu\nv,refiner,3\n")
    (tmp_path / "edges.csv").write_text("source,target\nm,u\n")
    with pytest.raises(cn.DataError) as told:
        cn.read(tmp_path)
    assert told.value.faults[["file", "row", "value", "rule"]].to_numpy().tolist() == [
        ["nodes.csv", 3, "", "the row has 1 cell, the header has 2"],
        ["nodes.csv", 4, "", "the row has 3 cells, the header has 2"],
    ]


def test_a_table_with_too_many_cells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MOST_ROWS", 2)
    assert places(folder(tmp_path, nodes=NODES + "c,mine\n")) == [("nodes.csv", None, "")]


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 2_000_000)
    assert "unpacks to" in faults(path)["rule"][0]


@pytest.mark.parametrize("suffix", [".xlsx", ".graphml", ".json", ".csv", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff\xfe\x00", b"PK\x03\x04 no zip", b"PAR1xxxxPAR1", b"<a/>"])
def test_rubbish_is_a_data_error(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    assert faults(path)["file"].str.startswith(f"x{suffix}").all()


def test_a_folder_named_like_a_file_is_read_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").mkdir()
    assert places(tmp_path / "x.xlsx") == [("edges.csv", None, ""), ("nodes.csv", None, "")]


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE graphml>",
        '<!DOCTYPE graphml [<!ENTITY a "b">]>',
        '<!DOCTYPE graphml SYSTEM "file:///etc/passwd">',
    ],
)
def test_graphml_with_a_document_type_is_refused(tmp_path: Path, head: str) -> None:
    body = '<graphml><graph edgedefault="directed"><node id="a"/></graph></graphml>'
    (tmp_path / "x.graphml").write_text(f'<?xml version="1.0"?>\n{head}\n{body}')
    table = faults(tmp_path / "x.graphml")
    assert table["row"].tolist() == [2]
    assert "document type" in table["rule"][0]


DIRECTED = '<graph edgedefault="directed">'
TWO = '<node id="a"/><node id="b"/>'


def broken_rules(path: Path) -> list[tuple[str, int | None, str, str]]:
    """Where each fault of a file stands and the rule it breaks."""
    return [(*place, rule) for place, rule in zip(places(path), faults(path)["rule"], strict=True)]


# each case breaks one rule and no other: with its rule taken out it would be read, or be refused in other words
@pytest.mark.parametrize(
    ("body", "place", "rule"),
    [
        (f'<graph edgedefault="undirected">{TWO}<edge source="a" target="b"/></graph>', ("", 1, ""),
         "the graph is undirected; flows have a direction"),
        (f'{DIRECTED}{TWO}<edge source="a" target="b" directed="false"/></graph>', ("", 1, ""),
         "the edge is undirected; flows have a direction"),
        (f'{DIRECTED}{TWO}<edge source="a" target="b"/><node id="c">{DIRECTED}</graph></node></graph>', ("", 1, ""),
         "<graph> within <node> is not taken"),
        (f'{DIRECTED}{TWO}<edge source="a" target="b"/><hyperedge/></graph>', ("", 1, ""),
         "<hyperedge> within <graph> is not taken"),
        (f'{DIRECTED}{TWO}<edge source="a" target="b"/></graph>{DIRECTED}</graph>', ("", 1, ""),
         "holds more than one graph"),
        (f'{DIRECTED}<node id="a"><data key="k">1</data></node><node id="b"/><edge source="a" target="b"/></graph>',
         ("", None, ""), "data with a key that is not declared"),
        (f'{DIRECTED}{TWO}<node id="a"/><edge source="a" target="b"/></graph>', ("!nodes", 4, "id"),
         "stands twice in the table"),
        (f'{DIRECTED}{TWO}<edge source="a" target="c"/></graph>', ("!edges", 2, "target"),
         "no node or project has this id"),
        (f'{DIRECTED}{TWO}<edge source="a" target="b">&unknown;</edge></graph>', ("", 1, ""),
         "not XML: undefined entity"),
        ("<x>" * 40 + "</x>" * 40, ("", 1, ""), "is nested deeper than 32 elements"),
        (f"{DIRECTED}</graph>", ("", None, ""), "holds no GraphML graph with nodes"),
    ],
)  # fmt: skip
def test_graphml_that_breaks_a_rule(tmp_path: Path, body: str, place: tuple[str, int | None, str], rule: str) -> None:
    (tmp_path / "x.graphml").write_text(f"<graphml>{body}</graphml>")
    assert broken_rules(tmp_path / "x.graphml") == [(f"x.graphml{place[0]}", *place[1:], rule)]


A, B, AB = {"id": "a", "capacity_tpa": 1}, {"id": "b"}, {"source": "a", "target": "b"}
NO_TEXT = "neither text nor a number"


def linked(**parts: object) -> dict[str, object]:
    """Node-link data of two nodes and the edge between them, some parts given anew."""
    return {"nodes": [A, B], "edges": [AB], **parts}


def beside(**tables: object) -> dict[str, object]:
    return linked(graph={"tables": tables})


def of_demand(*rows: object) -> dict[str, object]:
    return beside(demand={"columns": ["node", "tier", "demand_tpa"], "rows": list(rows)})


@pytest.mark.parametrize(
    ("data", "place", "rule"),
    [
        ([], ("", None, ""), "must be one JSON object with nodes and edges"),
        ({"nodes": [A, B]}, ("", None, ""), "edges must be a list of objects"),
        (linked(nodes=3), ("", None, ""), "nodes must be a list of objects"),
        (linked(nodes=[A, "b"]), ("", None, ""), "nodes must be a list of objects"),
        (linked(links=[AB]), ("", None, ""), "has both edges and links"),
        (linked(directed=False), ("", None, ""), "the graph is undirected; flows have a direction"),
        (linked(nodes=[A]), ("!edges", 2, "target"), "no node or project has this id"),
        (linked(nodes=[A, B, A]), ("!nodes", 4, "id"), "stands twice in the table"),
        (linked(edges=[{**AB, "flow_tpa": [1]}]), ("!edges", 2, "flow_tpa"), NO_TEXT),
        (linked(edges=[{**AB, "capacity_tpa": True}]), ("!edges", 2, "capacity_tpa"), NO_TEXT),
        (linked(edges=[{**AB, "capacity_tpa": False}]), ("!edges", 2, "capacity_tpa"), NO_TEXT),
        (linked(nodes=[A, B, {"id": True}]), ("!nodes", 4, "id"), NO_TEXT),
        (linked(nodes=[A, B, {"id": {"x": 1}}]), ("!nodes", 4, "id"), NO_TEXT),
        (linked(nodes=[A, B, {"id": "a\ud800"}]), ("!nodes", 4, "id"), "a control character or half a character that no file may hold"),
        (linked(graph=[]), ("!graph", None, ""), "the attributes of the graph must be one JSON object"),
        (linked(graph={"tables": []}), ("!graph", None, "tables"), "must be an object of tables"),
        (beside(nodes={"columns": ["id", "capacity_tpa"], "rows": [["a", 999], ["b", None]]}),
         ("!graph", None, "tables"), "no table of this name may stand here"),
        (beside(demnd={"columns": ["node"], "rows": [["b"]]}), ("!graph", None, "tables"),
         'no table of this name may stand here; did you mean "demand"?'),
        (beside(demand=[["b"]]), ("!graph", None, "tables"), "must be {columns: [...], rows: [[...]]}"),
        (beside(demand={"columns": ["node", 3], "rows": []}), ("!graph", None, "tables"),
         "must be {columns: [...], rows: [[...]]}"),
        (beside(edges={"columns": ["source", "target"], "rows": [["a", "b", "c"]]}), ("!edges", 2, ""),
         "the row does not have 2 cells"),
        (of_demand(["b", "civilian"]), ("!demand", 2, ""), "the row does not have 3 cells"),
        (of_demand(["b", "civilian", 1], ["b", "defence", True]), ("!demand", 3, "demand_tpa"), NO_TEXT),
    ],
)  # fmt: skip
def test_node_link_json_that_breaks_a_rule(
    tmp_path: Path, data: object, place: tuple[str, int | None, str], rule: str
) -> None:
    (tmp_path / "x.json").write_text(json.dumps(data))
    assert broken_rules(tmp_path / "x.json") == [(f"x.json{place[0]}", *place[1:], rule)]


def test_node_link_data_that_break_no_rule_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(of_demand(["b", "civilian", 1])))
    net = cn.read(tmp_path / "x.json")
    assert (net.nodes["id"].tolist(), net.demand["demand_tpa"].tolist()) == (["a", "b"], [1.0])


def book(path: Path, **sheets: list[list[object]]) -> Path:
    out = openpyxl.Workbook()
    out.remove(out.active)
    tables = {"nodes": [["id", "stage"], ["a", "mine"], ["b", "end_use"]], "edges": [["source", "target"], ["a", "b"]]}
    for name, rows in {**tables, **sheets}.items():
        sheet = out.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out.save(path)
    return path


def test_a_workbook_made_by_hand(tmp_path: Path) -> None:
    nodes = [["id", "stage", "capacity_tpa"], [1, "mine", 2.5], [2, "end_use", None], [None, None, None]]
    path = book(tmp_path / "book.xlsx", nodes=nodes, edges=[["source", "target"], [1, "2"]])
    net = cn.read(path)
    assert net.nodes["id"].tolist() == ["1", "2"]
    assert cn.max_flow(net).value_tpa == 2.5


@pytest.mark.parametrize(
    ("sheets", "place"),
    [
        ({"nodes": [["id", "stage"], ["a", "mine"], ["=1+1", "mine"], ["b", "end_use"]]},
         ("book.xlsx!nodes", 3, "id")),
        ({"nodes": [["id", "stage", "note"], ["a", "mine", True], ["b", "end_use"]]}, ("book.xlsx!nodes", 2, "note")),
        ({"nodes": [["id", "stage", "note"], ["a", "mine", pd.Timestamp("2024-01-01")], ["b", "end_use"]]},
         ("book.xlsx!nodes", 2, "note")),
        ({"nodes": [["id", "stage"], ["a", "mine"], [None], ["b", "end_use"]]}, ("book.xlsx!nodes", 3, "")),
        ({"nodes": [["id", "stage"], ["a", "mine"], ["b", "end_use", "x"]]}, ("book.xlsx!nodes", 3, "")),
        ({"edges": [["source", "target"], [None], [None], ["a", "zz"], ["a", "b"]]}, ("book.xlsx!edges", 4, "target")),
        ({"node": [["id"]]}, ("book.xlsx!node", None, "")),
        ({"demand": []}, ("book.xlsx!demand", None, "")),
        ({"meta": [["key", "value"], ["year", "soon"]]}, ("book.xlsx!meta", None, "year")),
        ({"meta": [["word", "value"]]}, ("book.xlsx!meta", None, "")),
    ],
)  # fmt: skip
def test_a_workbook_that_breaks_a_rule(tmp_path: Path, sheets: dict[str, list[list[object]]], place: tuple) -> None:
    assert place in places(book(tmp_path / "book.xlsx", **sheets))


def test_a_cell_longer_than_a_sheet_holds_is_not_cut(tmp_path: Path) -> None:
    nodes = pd.DataFrame({"id": ["a", "b"], "stage": ["mine", "end_use"], "note": ["x" * 40_000, None]})
    net = cn.Network(nodes=nodes, edges=pd.DataFrame({"source": ["a"], "target": ["b"]}))
    with pytest.raises(cn.DataError, match="40000 characters"):
        cn.write(net, tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []
    assert cn.read(cn.write(net, tmp_path / "x")).digest == net.digest


def test_parquet_of_other_kinds_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [[1.0]]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert places(tmp_path / "x.parquet") == [("x.parquet", None, "capacity_tpa")]
    frame.assign(capacity_tpa=-1.0, colour="red").to_parquet(tmp_path / "x.parquet")
    assert places(tmp_path / "x.parquet") == [("x.parquet", None, "colour"), ("x.parquet", 2, "capacity_tpa")]


def test_an_edge_list_with_faults(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("source,target,capacity_tpa\na,b,1\na,,1\nc,d,x\n")
    assert places(tmp_path / "x.csv") == [("x.csv", 3, "target"), ("x.csv", 4, "capacity_tpa")]
    (tmp_path / "x.csv").write_text("from,to\na,b\n")
    assert {c for _, _, c in places(tmp_path / "x.csv")} == {"from", "to", "source", "target"}


# -- nothing half-written -----------------------------------------------------------------------


def test_a_foreign_folder_is_not_written_into(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "letter.txt").write_text("dear")
    with pytest.raises(cn.DataError, match="not empty"):
        cn.write(cn.read("mag-9"), target)
    assert [p.name for p in target.iterdir()] == ["letter.txt"]
    assert left_beside(target) == []


def test_writing_again_keeps_what_is_not_a_table(tmp_path: Path) -> None:
    target = cn.write(cn.read("mag-9"), tmp_path / "mine")
    (target / "scenarios").mkdir()
    (target / "scenarios" / "ban.toml").write_text("label = 'x'")
    small = cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"]}))
    cn.write(small, target)
    names = sorted(str(p.relative_to(target)) for p in target.rglob("*"))
    assert names == ["datapackage.json", "edges.csv", "nodes.csv", "scenarios", "scenarios/ban.toml"]
    assert cn.read(target).digest == small.digest
    assert left_beside(target) == []


@pytest.mark.parametrize("suffix", ["", ".json"])
@pytest.mark.parametrize("method", ["rename", "replace", "write_bytes"])
def test_a_failure_while_writing_leaves_the_target_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, method: str
) -> None:
    target = cn.write(cn.read("mag-9"), tmp_path / f"x{suffix}")
    before = _bytes(target)
    real = getattr(Path, method)

    failed: list[str] = []

    def fail(self: Path, *arguments: object) -> object:
        # the first temporary name seen is that of the new content; the old content may go back
        if ".part" in str(self) and (not failed or failed[0] in str(self)):
            failed.append(self.name if self.name.endswith(".part") else self.parent.name)
            raise OSError(28, "No space left on device")
        return real(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Path, method, fail)
        small = cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"]}))
        if (suffix, method) not in (("", "replace"), (".json", "rename")):
            with pytest.raises(cn.DataError, match="No space left"):
                cn.write(small, target)
            assert _bytes(target) == before
            failed.clear()
            with pytest.raises(cn.DataError, match="No space left"):
                cn.write(small, tmp_path / "new" / f"y{suffix}")
            assert not (tmp_path / "new").exists()
    assert left_beside(target) == []


def test_a_target_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.json").mkdir()
    net = cn.read("mag-9")
    whys = {"file": "is not a folder", "file/x.json": "cannot be written", "file/x": "cannot be written"}
    for target, why in whys.items():
        with pytest.raises(cn.DataError, match=f"{target}: {why}"):
            cn.write(net, tmp_path / target)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.json"]  # noqa: PTH208


def test_a_network_without_edges_is_not_written(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    bare = net.without(nodes=[i for i in net.nodes["id"] if i != "USE"]).without(nodes=list(net.projects["id"]))
    with pytest.raises(cn.DataError, match="no edges"):
        cn.write(bare, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


# -- CSV for people -----------------------------------------------------------------------------


def test_people_csv_runs_nothing() -> None:
    texts = ["=1", "+1", "-1", "@a", "\ta", "\ra", "a=1", None, 'q"', "two\nlines"]
    frame = pd.DataFrame({"=head": texts, "n": [-1.5, float("nan"), float("inf"), 2.0, 3, 4, 5, 6, 7, 8]})
    frame.index = pd.Index(["-x"] * 10, name="id")
    lines = to_people_csv(frame).split("\n")
    assert lines[:5] == ["id,'=head,n", "'-x,'=1,-1.5", "'-x,'+1,", "'-x,'-1,no limit", "'-x,'@a,2"]
    assert lines[5:9] == ["'-x,'\ta,3", "'-x,\"'\ra\",4", "'-x,a=1,5", "'-x,,6"]


def test_people_csv_names_every_level() -> None:
    frame = pd.DataFrame({"lost_tpa": [1.0]}, index=pd.MultiIndex.from_tuples([("a", "b")], names=["source", "target"]))
    assert to_people_csv(frame) == "source,target,lost_tpa\na,b,1\n"
    assert to_people_csv(pd.Series([2], name="x")) == "x\n2\n"


def test_every_table_has_a_sheet_and_a_file(tmp_path: Path) -> None:
    net = cn.read("rare-earths")
    filled = {name for name in TABLES if len(getattr(net, name))}
    cn.write(net, tmp_path / "x.xlsx")
    assert set(openpyxl.load_workbook(tmp_path / "x.xlsx", read_only=True).sheetnames) == filled | {"meta"}
    assert {p.stem for p in cn.write(net, tmp_path / "x").glob("*.csv")} == filled
