"""The body of a report: each number by hand, who holds what, and what a stranger needs to repeat it."""

from __future__ import annotations

import ast
import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from conftest import frame

import chainnet as cn
from chainnet import reporting
from chainnet.reporting.columns import columns_of
from chainnet.reporting.content import build
from chainnet.reporting.facts import Facts
from chainnet.reporting.formats.workbook import workbook_report
from chainnet.reporting.model import Document, ReportFigure, ReportTable, Sentence
from chainnet.reporting.order import FIGURES, TABLES
from chainnet.reporting.sections.losses import _name_columns, owners_words


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")


def table(document: Document, key: str) -> ReportTable:
    return next(t for t in document.tables if t.key == key)


def chain(**more: Any) -> cn.Network:
    """Two mines feed two makers; army and shop ask for more than one maker gives. Two projects, one cheap, one large."""
    tables: dict[str, Any] = {
        "nodes": frame(
            "id label stage step country operator capacity_tpa quality",
            ("m1", "Mine One", "mine", "mining", "AUS", "Acme", 30.0, "reported"),
            ("m2", "Mines Two", "mine", "mining", "CHN", None, 60.0, "estimated"),
            ("p1", "Maker One", "manufacturer", "making", "USA", "Bolt, Nut", 20.0, "reported"),
            ("p2", "Maker Two", "manufacturer", "making", "CHN", "Cog", 60.0, "assumed"),
            ("army", "Army", "end_use", None, "USA", None, None, None),
            ("shop", "Shop", "end_use", None, "USA", None, None, None),
        ),
        "edges": frame(
            "source target flow_tpa capacity_tpa quality",
            ("m1", "p1", 20.0, 30.0, "inferred"),
            ("m2", "p2", 40.0, 60.0, "inferred"),
            ("p1", "army", 10.0, 20.0, "inferred"),
            ("p1", "shop", 10.0, 20.0, "inferred"),
            ("p2", "army", 15.0, 30.0, "inferred"),
            ("p2", "shop", 25.0, 40.0, "inferred"),
            ("m1", "q1", 0.0, 10.0, "assumed"),
            ("q1", "army", 0.0, 10.0, "assumed"),
            ("m1", "q2", 0.0, 10.0, "assumed"),
            ("q2", "army", 0.0, 10.0, "assumed"),
        ),
        "demand": frame(
            "node tier demand_tpa low high quality",
            ("army", "defence", 25.0, 20.0, 30.0, "estimated"),
            ("shop", "civilian", 35.0, None, None, "assumed"),
        ),
        "projects": frame(
            "id label stage step country capacity_tpa start_year capex_musd",
            ("q1", "Plant, Large", "manufacturer", "making", "USA", 5.0, 2025, 500.0),
            ("q2", "Plant Small", "manufacturer", "making", "USA", 4.0, 2025, 10.0),
        ),
    }
    return cn.Network(**{**tables, **more}, year=2024, name="chain", label="A chain")


def out(name: str = "stop", label: str = "China stops", **more: Any) -> cn.Scenario:
    return cn.Scenario(name, [{"kind": "remove", "where": {"country": "CHN"}, **more}], label=label)


@cache
def assessed_chain() -> cn.Assessment:
    """The chain, asked once a process."""
    return cn.assess(chain(), [out(), out("z_later", "China stops later", start_month=6)], months=12, draws=4)


@cache
def document_of_chain() -> Document:
    return build(assessed_chain())


@pytest.fixture
def made() -> cn.Assessment:
    return assessed_chain()


@pytest.fixture
def document() -> Document:
    return document_of_chain()


def said_of_owners(made: cn.Assessment, owners: dict[str, str]) -> str:
    nodes = made.network.nodes
    net = chain(nodes=nodes.assign(owner_country=nodes["id"].map(owners)))
    by = ("country", "owner_country")
    every = {**made.chokepoints, **{key: cn.chokepoints(net, by=key) for key in by}}
    first = {**made.first_tier, **{key: cn.chokepoints(net, by=key, tier="defence") for key in by}}
    return flat(owners_words(Facts(replace(made, network=net, chokepoints=every, first_tier=first))))


def test_where_location_and_owner_disagree_is_said(made: cn.Assessment) -> None:
    """Maker One stands in the United States and is Chinese: by location China costs 5 t/yr, by owner all 25."""
    said = said_of_owners(made, {"m1": "AUS", "m2": "CHN", "p1": "CHN", "p2": "CHN"})
    assert "by where plants stand, then by who owns them): China 5 and 25" in said
    assert "On record without an owner's country: 2 nodes" in said


def test_where_location_and_owner_agree_is_said(made: cn.Assessment) -> None:
    places = {"m1": "AUS", "m2": "CHN", "p1": "USA", "p2": "CHN", "army": "USA", "shop": "USA"}
    said = said_of_owners(made, places)
    assert said == "By location and by owner, the losses of defence are the same for every country."


def test_no_owner_on_record_is_not_assessed(made: cn.Assessment, document: Document) -> None:
    assert said_of_owners(made, {}) == "By owner: not assessed; no owner's country is on record."
    section = next(s for s in document.sections if s.id == "s2")
    assert any(isinstance(b, Sentence) and b.text.startswith("By owner: not assessed") for b in section.blocks)


def test_numbers_of_tables_and_figures_follow_their_order(document: Document) -> None:
    for kind, counted in ((ReportTable, TABLES), (ReportFigure, FIGURES)):
        printed = list(dict.fromkeys(b.key for b in document.blocks() if isinstance(b, kind)))
        places = [counted.index(key.partition(".")[0]) for key in printed]
        assert places == sorted(places)


def test_no_number_of_a_table_or_figure_is_typed() -> None:
    for path in Path(reporting.__file__).parent.rglob("*.py"):
        strings = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant)]
        typed = [text for text in strings if isinstance(text, str) and re.search(r"\b[TF]\d+[a-h]?\b", text)]
        assert not [text for text in typed if ">>>" not in text and "such as" not in text], path.name


@pytest.mark.long
def test_what_remains_of_a_region_is_no_holder() -> None:
    nodes = frame(
        "id stage step country region capacity_tpa",
        ("m1", "mine", "mining", "AUS", None, 30.0),
        ("m2", "mine", "mining", None, "other", 60.0),
        ("p1", "manufacturer", "making", "USA", None, 20.0),
        ("p2", "manufacturer", "making", "CHN", None, 60.0),
        ("army", "end_use", None, "USA", None, None),
        ("shop", "end_use", None, "USA", None, None),
    )
    edges, none = chain().edges, chain().projects.head(0)
    edges = edges[~edges["source"].isin(["q1", "q2"]) & ~edges["target"].isin(["q1", "q2"])]
    t4 = table(build(cn.assess(chain(nodes=nodes, edges=edges, projects=none), [], months=6, draws=0)), "steps")
    cells = {row[0].text: {c.key: cell.text for c, cell in zip(t4.columns, row, strict=True)} for row in t4.rows}
    assert cells["mining"]["hhi_10000"] == cells["mining"]["n1_cover"] == "n/a"
    assert cells["making"]["hhi_10000"] != "n/a"


def test_goods_that_stay_in_their_step_have_no_holder() -> None:
    """Old magnets are collected and taken apart in one step: what leaves it uncollected says nothing of who holds them."""
    found = Facts.__new__(Facts)
    found.network = cn.read("rare-earths")
    found.a = SimpleNamespace(network=found.network)  # type: ignore[assignment]
    assert found.inner_goods == {("recycling", "old_scrap")}
    nothing = Facts.__new__(Facts)
    nothing.network = chain()
    nothing.a = SimpleNamespace(network=nothing.network)  # type: ignore[assignment]
    assert nothing.inner_goods == set()


@pytest.mark.parametrize(
    ("by", "name", "told"),
    [
        ("site", "works", ["works", "Works (2 parts)", "mining, separation", "Australia", "0.75"]),
        ("country", "CHN", ["CHN", "China"]),
        ("owner_country", "AUS", ["AUS", "Australia"]),
        ("operator", "CHN", ["CHN", "CHN"]),  # a firm may have the code of a country for its name
        ("step+country", ("mining", "CHN"), ["mining | CHN", "mining", "China"]),
    ],
)
def test_what_drops_out_is_named_by_all_its_parts(by: str, name: Any, told: list[str]) -> None:
    """The works dig 30 of 40 t and separate 10 of 40: as a site they have both steps, and the larger share."""
    found = Facts.__new__(Facts)
    found.network = cn.Network(
        frame(
            "id label site stage step country",
            ("w1", "The Pit", "works", "mine", "mining", "AUS"),
            ("w2", "The Kiln", "works", "refiner", "separation", "AUS"),
            ("m", "Mine", None, "mine", "mining", "CHN"),
            ("r", "Refiner", None, "refiner", "separation", "CHN"),
            ("u", "User", None, "end_use", None, "USA"),
        ),
        frame(
            "source target flow_tpa",
            ("w1", "w2", 10.0),
            ("w1", "r", 20.0),
            ("m", "r", 10.0),
            ("w2", "u", 10.0),
            ("r", "u", 30.0),
        ),
    )
    row = {"name": name}
    cells = [column.of(row, found) for column in _name_columns(found, by)]
    assert [str(cell.value) if isinstance(cell.value, float) else cell.text for cell in cells] == told


def test_digests_tell_which_scenario_or_table_differs(made: cn.Assessment, document: Document) -> None:
    t24 = {row[1].text: row[2].text for row in table(document, "digests").rows}
    assert {"stop", "z_later"} <= set(t24)
    assert any(name.startswith("T1 ") for name in t24)
    other = replace(made, asked={**made.asked, "stop": out(months=3)})
    changed = {row[1].text: row[2].text for row in table(build(other), "digests").rows}
    assert {name for name in t24 if t24[name] != changed[name]} >= {"stop"}
    assert t24["z_later"] == changed["z_later"]


def test_the_command_repeats_what_was_asked(made: cn.Assessment) -> None:
    document = build(made, title="It's ours", marking="FOR TEST")
    points = document.sections[-1].blocks[-1]
    assert isinstance(points, tuple)
    said = {s.head: s.text for s in points}
    assert "--months 12" in said["Command."]
    assert "--draws 4" in said["Command."]
    assert """--title 'It'"'"'s ours' --marking 'FOR TEST'""" in said["Command."]
    assert "highspy" in said["Version."]
    assert "1.0e-07" in said["Tolerance."]


def test_the_read_me_says_how_to_cite(document: Document) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_report(document)))["Read me"]
    said = {row[0].value: row[1].value for row in sheet.iter_rows()}
    assert document.digest in said["To cite"]
    assert {"Licence", "Known limits"} <= set(said)


def cells(document: Document, key: str) -> list[dict[str, Any]]:
    keys = [column.key for column in table(document, key).columns]
    return [
        {k: cell.text if cell.value is None else cell.value for k, cell in zip(keys, row, strict=True)}
        for row in table(document, key).rows
    ]


def test_who_is_short_when_by_hand(document: Document) -> None:
    """China out: 20 t of maker one are left of 60, for the army's 25 and the shop's 35; later the projects' 9 are none."""
    rows = [row for row in cells(document, "over_time") if row["scenario"] == "stop"]
    assert [row["tier"] for row in rows] == ["defence", "civilian"]
    assert [row["later_tpa"] for row in rows] == pytest.approx([5.0, 35.0])
    assert [row["later_share"] for row in rows] == pytest.approx([0.2, 1.0])
    assert [row["first_month"] for row in rows] == [1.0, 1.0]


def test_what_helps_by_hand(document: Document) -> None:
    """Of the 5 t/yr that the army lacks the large project returns all, the small one 4."""
    rows = {row["label"]: row for row in cells(document, "helps_most")}
    assert {name: row["avoids_tpa"] for name, row in rows.items()} == pytest.approx(
        {"Plant, Large": 5.0, "Plant Small": 4.0}
    )
    assert rows["Plant Small"]["cost_musd"] == 10.0
    levels = {row["level"]: row["share"] for row in cells(document, "levels")}
    assert levels["new suppliers"] == pytest.approx(0.2)


def test_the_sheet_of_the_finding_and_the_file_are_the_record(made: cn.Assessment, tmp_path: Path) -> None:
    cn.report(made, tmp_path, ["xlsx", "json"])
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert found == [json.loads(json.dumps(one.to_dict())) for one in made.findings]
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Finding"]
    told = {row[1]: row[2] for row in sheet.iter_rows(min_row=6, values_only=True) if row[0] == "worst"}
    assert told.keys() >= found[0].keys()
    assert told["title"] == found[0]["title"]
    assert json.loads(told["shortfall"]) == found[0]["shortfall"]


@pytest.mark.documents
def test_report_json_is_what_find_says(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    cn.report(net, tmp_path, ["json"], draws=0)
    (worst,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert worst == json.loads(json.dumps({**cn.find(net).to_dict(), "restriction": "worst"}))


def test_a_frame_is_told_column_by_column(made: cn.Assessment) -> None:
    """Names of things, places and goods stand in words, ids beside them; millions are of dollars."""
    import pandas as pd

    rows = pd.DataFrame(
        {
            "node": ["m1"],
            "country": ["AUS"],
            "lost_tpa": [2.0],
            "cost_usd": [3e6],
            "part_share": [0.5],
            "is_proved": [True],
            "n_sites": [4],
            "names": [("a", "b")],
        }
    )
    columns = columns_of(rows, {"lost_tpa": "Missing"})
    said = {c.key: c.of(rows.to_dict("records")[0], Facts(made)) for c in columns}
    assert [said[key].text for key in ("node", "node_label", "country_label")] == ["m1", "Mine One", "Australia"]
    assert (said["cost_usd"].value, said["part_share"].text) == (3.0, "50\u00a0%")
    assert (said["is_proved"].text, said["n_sites"].text, said["names"].text) == ("yes", "4", "a and b")
    units = {c.key: (c.head, c.unit) for c in columns}
    assert (units["lost_tpa"], units["cost_usd"]) == (("Missing", "t/yr"), ("Cost", "USD million"))


def test_a_count_that_is_not_known_is_no_fault() -> None:
    import pandas as pd

    rows = pd.DataFrame({"rank": pd.array([1, None], dtype="Int64")})
    (column,) = columns_of(rows, {})
    assert [column.of(row).text for row in rows.to_dict("records")] == ["1", "n/d"]


def test_paper_says_once_a_section_how_to_read_it(document: Document) -> None:
    assert len(document.sections) == 8
    assert all(section.read for section in document.sections[:-1])
    assert all(section.heading[0] == str(n) for n, section in enumerate(document.sections, 1))
