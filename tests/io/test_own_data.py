"""Files as others make them: Gephi, yEd, spreadsheets of Europe, workbooks with other sheets; and answers as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx
import openpyxl
import pandas as pd
import pytest
from conftest import frame, line
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app

EDGES = [("source", "target", "capacity_tpa"), ("m", "p", 3), ("p", "u", 2)]
GEPHI_GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key attr.name="label" attr.type="string" for="node" id="label"/>
<key attr.name="Edge Label" attr.type="string" for="edge" id="edgelabel"/>
<key attr.name="weight" attr.type="double" for="edge" id="weight"/>
<key attr.name="Modularity Class" attr.type="int" for="node" id="modularity_class"/>
<key attr.name="Betweenness Centrality" attr.type="double" for="node" id="betweenesscentrality"/>
<key attr.name="r" attr.type="int" for="node" id="r"/><key attr.name="g" attr.type="int" for="node" id="g"/>
<key attr.name="b" attr.type="int" for="node" id="b"/><key attr.name="x" attr.type="float" for="node" id="x"/>
<key attr.name="y" attr.type="float" for="node" id="y"/><key attr.name="size" attr.type="float" for="node" id="size"/>
<graph edgedefault="directed">
<node id="m"><data key="label">Pit</data><data key="modularity_class">0</data><data key="size">10.0</data>
<data key="betweenesscentrality">0.0</data><data key="r">1</data><data key="g">2</data><data key="b">3</data>
<data key="x">-3.5</data><data key="y">8.1</data></node>
<node id="p"><data key="label">Plant</data></node><node id="u"><data key="label">Users</data></node>
<edge id="0" source="m" target="p"><data key="weight">3.0</data><data key="edgelabel">by sea</data></edge>
<edge id="1" source="p" target="u"><data key="weight">2.0</data></edge>
</graph></graphml>"""
GEPHI_GEXF = """<?xml version='1.0' encoding='UTF-8'?>
<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">
<meta lastmodifieddate="2026-01-01"><creator>Gephi 0.10.1</creator><title></title></meta>
<graph defaultedgetype="directed" mode="static">
<attributes class="node" mode="static"><attribute id="pageranks" title="PageRank" type="double"/></attributes>
<nodes count="3"><node id="m" label="Pit"><attvalues><attvalue for="pageranks" value="0.2"/></attvalues>
<viz:size value="10.0"/><viz:position x="1" y="2"/><viz:color r="1" g="2" b="3"/></node>
<node id="p" label="Plant"/><node id="u" label="Users"/></nodes>
<edges count="2"><edge id="0" source="m" target="p" weight="3.0"/><edge id="1" source="p" target="u" weight="2.0"/></edges>
</graph></gexf>"""
YED = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
<key for="port" id="d0" yfiles.type="portgraphics"/><key attr.name="url" attr.type="string" for="node" id="d4"/>
<key attr.name="description" attr.type="string" for="node" id="d5"/><key for="node" id="d6" yfiles.type="nodegraphics"/>
<key for="edge" id="d10" yfiles.type="edgegraphics"/><key for="graphml" id="d7" yfiles.type="resources"/>
<graph edgedefault="directed" id="G">
<node id="n0"><data key="d5">open pit</data><data key="d6"><y:ShapeNode><y:Geometry height="30.0"/>
<y:NodeLabel alignment="center">Pit<y:LabelModel/></y:NodeLabel></y:ShapeNode></data></node>
<node id="n1"><data key="d4"/><data key="d6"><y:ShapeNode><y:NodeLabel>Users</y:NodeLabel></y:ShapeNode></data></node>
<edge id="e0" source="n0" target="n1"><data key="d10"><y:PolyLineEdge><y:EdgeLabel>by rail</y:EdgeLabel></y:PolyLineEdge>
</data></edge></graph><data key="d7"><y:Resources/></data></graphml>"""


def said(call: Any) -> tuple[cn.Network, str]:
    with pytest.warns(cn.ChainnetWarning) as caught:
        made = call()
    assert len(caught) == 1
    return made, str(caught[0].message)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def book(path: Path, **sheets: list[tuple[object, ...]]) -> Path:
    out = openpyxl.Workbook()
    out.remove(out.active)
    for name, rows in sheets.items():
        sheet = out.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out.save(path)
    return path


@pytest.mark.parametrize(("name", "text"), [("g.graphml", GEPHI_GRAPHML), ("g.gexf", GEPHI_GEXF)])
def test_an_export_of_gephi_opens_as_it_is(tmp_path: Path, name: str, text: str) -> None:
    net, words = said(lambda: cn.read(write(tmp_path / name, text)))
    assert net.nodes.set_index("id")["label"].to_dict() == {"m": "Pit", "p": "Plant", "u": "Users"}
    assert cn.max_flow(net).value_tpa == 2.0
    assert '"weight" of edges is read as capacity_tpa' in words
    assert "of nodes left out: no answer looks at it" in words
    if name == "g.graphml":
        assert net.edges["note"].tolist()[0] == "by sea"


def test_the_edge_table_of_gephi_opens_as_it_is(tmp_path: Path) -> None:
    text = "Source,Target,Type,Id,Label,timeset,Weight\nm,p,Directed,0,by sea,,3.0\np,u,Directed,1,,,2.0\n"
    net, words = said(lambda: cn.read(write(tmp_path / "e.csv", text)))
    assert cn.max_flow(net).value_tpa == 2.0
    assert '"Type", "Id" of edges left out' in words
    undirected = write(tmp_path / "e.csv", text.replace("Directed", "Undirected"))
    with pytest.raises(cn.DataError, match=r"the edges are undirected.*two_way=True"):
        cn.read(undirected)
    with pytest.warns(cn.ChainnetWarning):
        assert cn.max_flow(cn.read(undirected, two_way=True, source="u", sink="m")).value_tpa == 2.0


def test_a_drawing_of_yed_keeps_its_labels(tmp_path: Path) -> None:
    net, _ = said(lambda: cn.read(write(tmp_path / "y.graphml", YED)))
    assert net.nodes[["label", "note"]].fillna("").to_numpy().tolist() == [["Pit", "open pit"], ["Users", ""]]
    assert net.edges["note"].tolist() == ["by rail"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (GEPHI_GEXF.replace('"directed"', '"undirected"'), "has undirected edges.*two_way=True"),
        (GEPHI_GEXF.replace(' defaultedgetype="directed"', ""), "has undirected edges"),
        (GEPHI_GEXF.replace("<gexf", "<!DOCTYPE gexf [<!ENTITY x 'y'>]><gexf"), "document type or an entity"),
        (GEPHI_GEXF.replace("</gexf>", ""), "not XML"),
        ("<gexf><meta/></gexf>", "holds no GEXF graph"),
        (GEPHI_GEXF.replace('for="pageranks"', 'for="rank"'), "an attribute that is not declared"),
        (GEPHI_GEXF.replace('source="m"', 'source="zz"'), 'source: "zz": no node or project has this id'),
        (GEPHI_GEXF.replace('<node id="u" label="Users"/>', '<node id="u"><nodes/></node>'), "nodes within nodes"),
    ],
)
def test_gexf_that_cannot_be_read_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(cn.DataError, match=rule):
        cn.read(write(tmp_path / "g.gexf", text))


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_list_that_is_split_otherwise_is_named_as_such_and_read_with_one_option(
    tmp_path: Path, mark: str, word: str
) -> None:
    path = write(tmp_path / "semi.csv", mark.join(EDGES[0]) + f"\nm{mark}p{mark}3,5\np{mark}u{mark}2,25\n")
    with pytest.raises(cn.DataError, match=f"semi.csv row 1: the cells are split by {word}. Read it with separator="):
        cn.read(path)
    net = cn.read(path, separator=mark, source="m", sink="u")
    assert net.edges["capacity_tpa"].tolist() == [3.5, 2.25]
    with pytest.raises(cn.DataError, match="split by commas"):
        cn.read(write(tmp_path / "plain.csv", "source,target\nm,u\n"), separator=mark)
    with pytest.raises(cn.DataError, match="no single character"):
        cn.read(path, separator="ab")


def test_a_point_between_thousands_is_not_read_as_a_decimal_point(tmp_path: Path) -> None:
    rows = "m;p;280.000\np;u;40.000\nm;u;800\n"
    path = write(tmp_path / "german.csv", "source;target;tonnes\n" + rows)
    how: Any = {"separator": ";", "rename": {"tonnes": "capacity_tpa"}, "source": "m", "sink": "u"}
    with pytest.raises(
        cn.DataError, match=r'german.csv row 2, tonnes: "280.000": the point may mark.*decimal=",".*'
    ) as bad:
        cn.read(path, **how)
    assert bad.value.faults["row"].tolist() == [2]
    assert cn.read(path, decimal=",", **how).edges["capacity_tpa"].tolist() == [280000, 800, 40000]
    assert cn.read(path, decimal=".", **how).edges["capacity_tpa"].tolist() == [280, 800, 40]
    with pytest.raises(cn.DataError, match="no decimal mark"):
        cn.read(path, decimal=";", **how)


@pytest.mark.parametrize(
    ("decimal", "text", "value"),
    [
        (",", "1.234.567,5", 1234567.5),
        (",", "1 234", 1234),
        (".", "1,234.5", 1234.5),
        (".", "-0.5e2", None),
        (",", ",5", 0.5),
    ],
)
def test_marks_that_are_named_are_understood(tmp_path: Path, decimal: str, text: str, value: float | None) -> None:
    path = write(tmp_path / "marks.csv", f'source,target,capacity_tpa\nm,u,"{text}"\n')
    how: Any = {"source": "m", "sink": "u", "decimal": decimal}
    if value is None:
        with pytest.raises(cn.DataError, match="must be 0 or more"):
            cn.read(path, **how)
    else:
        assert cn.read(path, **how).edges["capacity_tpa"].tolist() == [value]


def test_a_point_where_no_thousands_end_is_refused_beside_a_decimal_comma(tmp_path: Path) -> None:
    path = write(tmp_path / "mixed.csv", "source;target;capacity_tpa\nm;u;3.5\n")
    with pytest.raises(cn.DataError, match=r'row 2, capacity_tpa: "3.5": the point marks no thousands'):
        cn.read(path, separator=";", decimal=",", source="m", sink="u")


def test_a_number_of_a_workbook_is_a_number_whatever_mark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    frame = pd.DataFrame({"source": ["m"], "target": ["u"], "capacity_tpa": [280.125]})
    frame.to_excel(path, sheet_name="edges", index=False)
    assert cn.read(path, decimal=",", source="m", sink="u").edges["capacity_tpa"].tolist() == [280.125]


def test_a_per_cent_is_no_tonnage(tmp_path: Path) -> None:
    path = write(tmp_path / "shares.csv", "source,target,capacity_tpa\nm,u,60%\n")
    with pytest.raises(cn.DataError, match=r'"60%": not a number: a per cent is no tonnage. Write the tonnes.'):
        cn.read(path, source="m", sink="u")


def test_a_folder_of_european_tables_is_read_and_its_thousands_are_not_guessed(tmp_path: Path) -> None:
    write(tmp_path / "nodes.csv", "id;stage;label\nm;mine;1,5\nu;end_use;b\n")
    write(tmp_path / "edges.csv", "source;target;capacity_tpa\nm;u;1.234,5\n")
    assert cn.read(tmp_path, separator=";").edges["capacity_tpa"].tolist() == [1234.5]
    write(tmp_path / "edges.csv", "source;target;capacity_tpa\nm;u;1.234\n")
    with pytest.raises(cn.DataError, match=r'edges.csv row 2, capacity_tpa: "1.234": the point may mark thousands'):
        cn.read(tmp_path, separator=";")
    write(tmp_path / "edges.csv", "source;target;capacity_tpa\nm;u;1234,5\n")
    net = cn.read(tmp_path, separator=";")
    assert (net.edges["capacity_tpa"].tolist(), net.nodes["label"].tolist()[0]) == ([1234.5], "1,5")


NODES = [("id", "stage"), ("m", "mine"), ("p", "refiner"), ("u", "end_use")]


@pytest.mark.parametrize(
    ("sheets", "left_out"),
    [
        ({"Sheet1": EDGES}, ""),
        ({"edges": EDGES}, ""),
        ({"Edges": EDGES, " NODES ": NODES}, ""),
        ({"edges": EDGES, "nodes": NODES, "notes": [("what", "who"), ("x", "y")]}, '"notes"'),
        ({"My list": EDGES, "Chart1": [("id", "what")]}, '"Chart1"'),
    ],
)
def test_a_workbook_with_an_edge_list_alone_sheets_in_any_case_and_others_beside(
    tmp_path: Path, sheets: dict[str, Any], left_out: str, recwarn: pytest.WarningsRecorder
) -> None:
    net = cn.read(book(tmp_path / "b.xlsx", **sheets))
    assert cn.max_flow(net).value_tpa == 2.0
    words = " ".join(str(w.message) for w in recwarn)
    assert (f"Sheets that are no table of ours left out: {left_out}." in words) is bool(left_out)


@pytest.mark.parametrize(
    ("sheets", "rule"),
    [
        ({"edges": EDGES, "nodse": NODES}, 'no table has this name; did you mean "nodes"'),
        ({"one": EDGES, "two": EDGES}, "several sheets may be the edges: one, two"),
        ({"edges": EDGES, "Edges": EDGES}, "is the table edges too"),
        ({"chart": [("a", "b")]}, "no sheet is a table of ours"),
    ],
)
def test_a_workbook_that_leaves_it_open_is_refused(tmp_path: Path, sheets: dict[str, Any], rule: str) -> None:
    if len({name.lower() for name in sheets}) < len(sheets):
        path = book(tmp_path / "b.xlsx", edges=EDGES, other=EDGES)
        held = openpyxl.load_workbook(path)
        held["other"].title = "EDGES "
        held.save(path)
    else:
        path = book(tmp_path / "b.xlsx", **sheets)
    with pytest.raises(cn.DataError, match=rule):
        cn.read(path)


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "parquet"])
def test_a_table_that_is_written_reads_back(tmp_path: Path, mag9: cn.Network, suffix: str) -> None:
    losses = cn.chokepoints(mag9, by="edge")
    path = cn.write(losses, tmp_path / f"x.{suffix}")
    read = {"xlsx": lambda p: pd.read_excel(p, sheet_name="chokepoints", keep_default_na=False, na_values=[""])}
    again = read.get(suffix, {"csv": pd.read_csv, "parquet": pd.read_parquet}.get(suffix))(path)
    pd.testing.assert_frame_equal(
        again[["source", "target", "lost_tpa", "in_cut"]],
        losses.reset_index()[["source", "target", "lost_tpa", "in_cut"]],
        check_dtype=False,
    )
    same = cn.write(losses, tmp_path / f"again.{suffix}")
    assert same.read_bytes() == path.read_bytes()


def test_a_result_is_written_with_all_its_tables_and_where_it_comes_from(tmp_path: Path, mag9: cn.Network) -> None:
    found = cn.max_flow(mag9)
    sheets = pd.read_excel(cn.write(found, tmp_path / "x.xlsx"), sheet_name=None)
    assert list(sheets) == ["about", *found.tables()]
    about = sheets["about"].set_index("key")["value"]
    assert (float(about["value_tpa"]), about["digest"]) == (found.value_tpa, mag9.digest)
    both = [found, cn.chokepoints(mag9)]
    assert "max_flow.cut" in pd.read_excel(cn.write(both, tmp_path / "y.xlsx"), sheet_name=None)
    cut = pd.read_csv(cn.write(found, tmp_path / "cut.csv", table="cut"))
    assert len(cut) == len(found.cut)


@pytest.mark.parametrize("suffix", ["graphml", "gexf"])
def test_answers_on_the_graph_read_back_in_networkx_and_here(tmp_path: Path, mag9: cn.Network, suffix: str) -> None:
    losses, flow = cn.chokepoints(mag9), cn.max_flow(mag9)
    path = cn.write([losses, flow], tmp_path / f"x.{suffix}")
    graph = getattr(nx, f"read_{suffix}")(path)
    assert {n: graph.nodes[n]["lost_tpa"] for n in losses.index} == losses["lost_tpa"].to_dict()
    flows = flow.edges.set_index(["source", "target"])["flow_tpa"]
    assert all(graph.edges[edge]["max_flow_flow_tpa"] == flows[edge[:2]] for edge in graph.edges)
    again = cn.read(path)
    assert again.digest == mag9.digest
    assert any("results of an earlier answer" in note for note in again.notes)


def test_answers_of_a_graph_that_is_not_shipped_take_it_along_or_hold_what_they_name(tmp_path: Path) -> None:
    net = line()
    flow = cn.max_flow(net)
    whole = cn.read(cn.write(flow, tmp_path / "a.gexf", network=net))
    assert whole.digest == net.digest
    bare = cn.read(cn.write(flow, tmp_path / "b.graphml"))
    assert bare.nodes["id"].tolist() == net.nodes["id"].tolist()
    with pytest.raises(cn.DataError, match=r"names no edges.*network="):
        cn.write(cn.chokepoints(net), tmp_path / "c.graphml")


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda net, flow, to: cn.write(flow, to / "x.docx"), "answers are written as .xlsx"),
        (lambda net, flow, to: cn.write(flow, to / "x.csv", table="cutt"), 'unknown table "cutt"; did you mean "cut"'),
        (lambda net, flow, to: cn.write(flow, to / "x.xlsx", table="cut"), "table= goes with .csv and .parquet"),
        (lambda net, flow, to: cn.write(net, to / "x.csv", table="cut"), "go with answers"),
        (lambda net, flow, to: cn.write(3, to / "x.csv"), "a int is no answer"),
        (lambda net, flow, to: cn.write([], to / "x.csv"), "there is no answer to write"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path, call: Any, rule: str) -> None:
    net = line()
    with pytest.raises(cn.DataError, match=rule):
        call(net, cn.max_flow(net), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_hostile_words_of_answers_run_nowhere(tmp_path: Path) -> None:
    table = frame("id label lost_tpa", ("=1+1", "<b>&'\"", 1.0), ("@x", "-2", 2.0))
    text = cn.write({"a[b]:c*d": table}, tmp_path / "x.csv").read_text()
    assert text.splitlines()[1].startswith("'=1+1,")
    held = openpyxl.load_workbook(cn.write({"a[b]:c*d": table}, tmp_path / "x.xlsx"))
    assert held.sheetnames == ["about", "a_b__c_d"]
    assert [held["a_b__c_d"].cell(2, 1).data_type, held["a_b__c_d"].cell(2, 1).value] == ["s", "=1+1"]


def test_a_sheet_whose_heads_are_renamed_is_the_edge_list_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "deliveries.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Supplier": ["m"], "Buyer": ["u"], "Tonnes": [3.0]}).to_excel(
            book, sheet_name="Deliveries 2024", index=False
        )
        pd.DataFrame({"made by": ["me"]}).to_excel(book, sheet_name="Remarks", index=False)
    how: Any = {
        "rename": {"Supplier": "source", "Buyer": "target", "Tonnes": "capacity_tpa"},
        "source": "m",
        "sink": "u",
    }
    net, told = said(lambda: cn.read(path, **how))
    assert '"Remarks"' in told
    assert net.edges[["source", "target", "capacity_tpa"]].to_numpy().tolist() == [["m", "u", 3.0]]
    with pytest.raises(
        cn.DataError, match='no sheet is a table of ours: "Deliveries 2024" has Supplier, Buyer, Tonnes in row 1'
    ) as bad:
        cn.read(path)
    assert "--rename HEAD=source" in str(bad.value)


def test_a_nodes_sheet_beside_it_gives_the_suppliers_a_country(tmp_path: Path) -> None:
    path = tmp_path / "deliveries.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Supplier": ["m"], "Buyer": ["u"], "capacity_tpa": [3.0]}).to_excel(
            book, sheet_name="Deliveries", index=False
        )
        nodes = pd.DataFrame({"id": ["m", "u"], "stage": ["mine", "end_use"], "country": ["CHN", None]})
        nodes.to_excel(book, sheet_name="nodes", index=False)
    net = cn.read(path, rename={"Supplier": "source", "Buyer": "target"})
    assert cn.chokepoints(net, by="country")["lost_tpa"].to_dict() == {"CHN": 3.0}


@pytest.mark.parametrize("rows", [["USA; FRA"], ["USA,FRA"], ["USA", "FRA"], ["USA;FRA;", None]])
def test_a_workbook_takes_several_beneficiaries_in_one_cell_or_in_rows(tmp_path: Path, rows: list[Any]) -> None:
    path = tmp_path / "plan.xlsx"
    cn.write(cn.read("mag-9"), path)
    held = openpyxl.load_workbook(path)
    for row in [row for row in held["meta"].iter_rows() if row[0].value == "beneficiaries"]:
        held["meta"].delete_rows(row[0].row)
    for word in rows:
        held["meta"].append(["beneficiaries", word])
    held.save(path)
    assert cn.read(path).beneficiaries == ("USA", "FRA")


def test_a_beneficiary_of_a_workbook_that_is_no_country_is_told_by_its_sheet(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    cn.write(cn.read("mag-9"), path)
    held = openpyxl.load_workbook(path)
    held["meta"].append(["beneficiaries", "Frankreich"])
    held.save(path)
    with pytest.raises(cn.DataError, match=r'plan.xlsx!meta, beneficiaries: "Frankreich": neither'):
        cn.read(path)


def test_a_list_split_by_tabs_is_read_by_its_suffix(tmp_path: Path) -> None:
    path = write(tmp_path / "list.tsv", "source\ttarget\tcapacity_tpa\nm\tu\t3\n")
    assert cn.read(path, source="m", sink="u").edges["capacity_tpa"].tolist() == [3.0]


def test_a_path_that_is_not_there_is_told_with_what_lies_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "plan.csv", "source,target\n")
    with pytest.raises(
        cn.DataError, match=r'there is no path ".*plam.csv"; did you mean "plan.csv"\? in its folder are: plan.csv'
    ):
        cn.read(tmp_path / "plam.csv")
    with pytest.raises(cn.DataError, match="Folders are parted by / here"):
        cn.read("C:\\Users\\me\\plan.csv")


def test_edges_that_end_where_they_begin_are_left_out_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "list.csv", "from,target,capacity_tpa\nm,m,9\nm,u,3\nu,u,2\nu,v,x\n")
    with pytest.raises(cn.DataError) as caught:
        cn.read(path, rename={"from": "source"})
    assert caught.value.faults["row"].tolist() == [5]
    write(path, "from,target,capacity_tpa\nm,m,9\nm,u,3\nu,u,2\n")
    with pytest.warns(cn.ChainnetWarning, match="2 edges that end where they begin left out, for they move nothing"):
        net = cn.read(path, rename={"from": "source"}, source="m", sink="u")
    assert net.edges[["source", "target"]].to_numpy().tolist() == [["m", "u"]]
    graph = nx.DiGraph([("m", "m"), ("m", "u")])
    with pytest.warns(cn.ChainnetWarning, match='1 edge that ends where it begins left out, for it moves nothing: "m"'):
        assert len(cn.Network.from_networkx(graph, source="m", sink="u").edges) == 1


def test_a_workbook_without_a_table_of_ours_points_to_look(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Tab 3.2 Trade"
    book.active.append(["Exports, 2022"])
    book.active.append(["China", "Japan", 5])
    book.save(tmp_path / "export.xlsx")
    with pytest.raises(cn.DataError, match=r"chainnet look export.xlsx finds the row of its heads"):
        cn.read(tmp_path / "export.xlsx")
    with pytest.raises(cn.DataError, match=r"is no trade table that is known.*chainnet look FILE says"):
        cn.from_trade(tmp_path / "export.xlsx", products=["2605"])


def test_a_pipe_is_told_to_write_a_file() -> None:
    with pytest.raises(cn.DataError, match="what a pipe hands over is not read"):
        cn.read("-")


@pytest.mark.parametrize("mark", [",", ";", "; "])
def test_beneficiaries_are_split_by_either_mark(mark: str) -> None:
    done = CliRunner().invoke(app, ["chokepoints", "mag-9", "--beneficiaries", f"USA{mark}FRA", "--format", "json"])
    assert "is neither" not in str(done.exception)
    assert done.exit_code == 0
    with pytest.raises(cn.DataError, match="several as a list"):
        cn.Network(*two_nodes(), beneficiaries="USA;FRA")


def two_nodes() -> tuple[pd.DataFrame, pd.DataFrame]:
    return frame("id stage", ("m", "mine"), ("u", "end_use")), frame("source target", ("m", "u"))


def meta_said(tmp_path: Path, kind: str, key: str, value: object) -> cn.Network:
    """Return the shipped teaching chain with one more word on itself, read from a workbook, a folder or a graph."""
    net = cn.read("mag-9")
    if kind == "book":
        path = cn.write(net, tmp_path / "chain.xlsx")
        book = openpyxl.load_workbook(path)
        for row in [row for row in book["meta"].iter_rows() if row[0].value == "main_commodity"]:
            book["meta"].delete_rows(row[0].row)
        book["meta"].append([key, value])
        book.save(path)
        return cn.read(path)
    if kind == "folder":
        path = cn.write(net, tmp_path / "chain")
        held = json.loads((path / "datapackage.json").read_text())
        del held["main_commodity"]
        (path / "datapackage.json").write_text(json.dumps({**held, key: value}))
        return cn.read(path)
    path = cn.write(net, tmp_path / "chain.json")
    graph = json.loads(path.read_text())
    held = json.loads(graph["graph"]["chainnet"])
    del held["main_commodity"]
    graph["graph"]["chainnet"] = json.dumps({**held, key: value})
    path.write_text(json.dumps(graph))
    return cn.read(path)


KEPT = ("book", "folder", "graph")


@pytest.mark.parametrize("kind", KEPT)
def test_a_key_that_differs_by_case_or_blanks_alone_is_the_key(tmp_path: Path, kind: str) -> None:
    for key in ("Beneficiaries", "BENEFICIARIES ", "beneficiaries"):
        assert meta_said(tmp_path, kind, key, "POL").beneficiaries == ("POL",)
    for key in ("main commodity", "Main-Commodity", "main_commodity "):
        assert meta_said(tmp_path, kind, key, "magnet").main_commodity == ("magnet",)


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("beneficiary", "POL", 'unknown key; did you mean "beneficiaries"'),
        ("benificiaries", "POL", 'unknown key; did you mean "beneficiaries"'),
        ("commodity", "magnet", "unknown key"),
        ("as of", "2027-13", "is no date"),
        ("Beneficiaries", "Polen", "neither an ISO 3166-1"),
        ("Main commodity", "magnets", 'no table names this commodity; did you mean "magnet"'),
        ("Name", "again", "Keep one"),
        ("year", "2021", "says the same as base_year|must be a year"),
    ],
)
def test_a_key_that_nobody_knows_is_a_fault(tmp_path: Path, kind: str, key: str, value: str, said: str) -> None:
    with pytest.raises(cn.DataError, match=said):
        meta_said(tmp_path, kind, key, value)


def test_keys_of_the_standard_and_of_ones_own_may_stand_in_a_descriptor(tmp_path: Path) -> None:
    for key, value in (("licenses", [{"name": "CC0-1.0"}]), ("version", "2"), ("x-owner", "me")):
        assert meta_said(tmp_path, "folder", key, value).name == "mag-9"


def test_words_of_a_graph_of_others_are_left_alone(tmp_path: Path) -> None:
    graph = {"directed": True, "graph": {"rankdir": "LR"}, "nodes": [{"id": "a"}, {"id": "b"}]}
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps({**graph, "edges": [{"source": "a", "target": "b", "capacity": 2}]}))
    assert cn.read(path).edges["capacity_tpa"].tolist() == [2.0]
