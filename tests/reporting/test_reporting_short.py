"""The standing of figures, who holds what, and what a stranger needs to repeat it."""

from __future__ import annotations

import ast
import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet import reporting
from chainnet.reporting.content import build
from chainnet.reporting.facts import Facts
from chainnet.reporting.formats.workbook import workbook_report
from chainnet.reporting.model import Document, ReportFigure, ReportTable, Sentence
from chainnet.reporting.order import FIGURES, TABLES
from chainnet.reporting.sections.losses import owners_words, top_losses


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


@pytest.fixture(scope="module")
def made() -> cn.Assessment:
    return cn.assess(chain(), [out(), out("z_later", "China stops later", start_month=6)], months=12, draws=4)


@pytest.fixture(scope="module")
def document(made: cn.Assessment) -> Document:
    return build(made)


def test_what_costs_most_names_what_the_first_tier_hangs_on_where_nothing_abroad_costs_it_anything() -> None:
    edges = chain().edges
    nodes = chain().nodes.assign(country=chain().nodes["country"].replace("AUS", "USA"))
    kept = ~((edges["source"] == "p2") & (edges["target"] == "army"))
    net = chain(nodes=nodes, edges=edges[kept], beneficiaries=["USA"])
    a = cn.assess(net, [out()], months=12, draws=0)
    facts = Facts(a)
    assert facts.lead_loss == "lost_tpa"
    shown = [(row["kind"].text, row["label"].text, row["first_lost_tpa"].value) for row in top_losses(facts).records()]
    assert ("Country, for defence", "United States") in [row[:2] for row in shown]
    assert all(lost > 0 for kind, _, lost in shown if kind.endswith("for defence"))


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
    section = next(s for s in document.sections if s.id == "s3")
    assert any(isinstance(b, Sentence) and b.text.startswith("By owner: not assessed") for b in section.blocks)


# -- advice ----------------------------------------------------------------------------------------


def advised(
    made: cn.Assessment, projects: tuple[str, ...] = ("q1",), rest: float = 5.0, left: float = 0.0, **more: Any
) -> cn.Assessment:
    """The same assessment with other advice: what new relations leave of 5 t/yr, which projects, what they leave."""
    table = pd.DataFrame(
        {"without_tpa": [rest] * 2, "left_tpa": [left, rest]}, index=["as planned", "half its capacity"]
    )
    table = table.rename_axis("case").assign(year=pd.array([2030, 2030], dtype="Int64")).head(2 if projects else 0)
    table.attrs |= {"tier": "defence", "rest_tpa": rest, "projects": projects, "closed_by": left == 0, "year": 2026.0}
    levels = made.stress.levels.copy()
    for level, short in (("new", rest), ("stocks", more.pop("drawn", rest))):
        mine = levels["level"].eq(level) & levels["tier"].eq("defence")
        levels.loc[mine, "shortfall_tpa"] = short
        levels.loc[mine, "served_tpa"] = levels.loc[mine, "demand_tpa"] - short
    return replace(made, advice=table, stress=replace(made.stress, levels=levels), **more)


def left_short(made: cn.Assessment, defence: float, civilian: float) -> cn.Assessment:
    """The same assessment with other shortfalls, t/yr, once all projects stand."""
    changed = {}
    for year, found in made.rerouting.items():
        levels = found.levels.copy()
        last = levels["level"] == "projects"
        short = levels.loc[last, "tier"].map({"defence": defence, "civilian": civilian})
        levels.loc[last, "shortfall_tpa"] = short
        levels.loc[last, "served_tpa"] = levels.loc[last, "demand_tpa"] - short
        changed[year] = replace(found, levels=levels)
    return replace(made, rerouting=changed)


# -- several losses, standing -------------------------------------------------------------------------


def test_several_losses_are_drawn_beside_the_greedy_choice() -> None:
    """Three plants of which any two can serve nearly all: the third loss takes the rest."""
    nodes = frame(
        "id stage country capacity_tpa",
        ("hub", "mine", "USA", 6.0),
        *((i, "mine", "USA", 5.0) for i in "ab"),
        ("user", "end_use", "USA", None),
    )
    edges = frame("source target capacity_tpa flow_tpa", *((i, "user", 9.0, 5.0) for i in ("hub", "a", "b")))
    net = cn.Network(nodes, edges, demand=frame("node tier demand_tpa", ("user", "defence", 10.0)), name="twins")
    a = cn.assess(net, [], months=6, draws=0)
    figure = cn.report_figures(a)["sets"]
    assert a.attacks.loc["first tier"]["lost_tpa"].to_dict() == {2: 5.0, 3: 10.0}
    assert flat(figure.title) == "Three losses at once leave 0 of 10 t/yr"
    assert "0 out 10; 1 out 10; 2 out 5; 3 out 0" in figure.alt


def test_every_proved_table_says_whether_it_has_a_range(document: Document) -> None:
    kinds = {t.key: t.range_kind for t in document.tables}
    assert (kinds["sites"], kinds["uncertainty"]) == ("not assessed", "P10 to P90")
    assert kinds["measures"] == ""
    assert table(document, "sites").standing.endswith("Range: not assessed.")


# -- figures, holders, digests ---------------------------------------------------------------------


def test_a_figure_bears_the_standing_of_its_table(made: cn.Assessment, document: Document) -> None:
    figures = cn.report_figures(made)
    assert figures["ranges"].note.startswith("Sampled. Inputs: ")
    assert figures["coverage"].note.startswith("From the inputs, not solved. Inputs: ")
    for name, key in (("losses", "sites"), ("projects", "effects.2030")):
        drawn = table(document, key)
        assert figures[name].note.startswith(drawn.trust), name


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
    points = next(s for s in document.annexes if s.id == "annex-g").blocks[0]
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


def test_text_refers_to_sections_by_their_numbers() -> None:
    from chainnet.reporting.content import SECTIONS
    from chainnet.reporting.order import ORDER, see

    assert set(SECTIONS) == set(ORDER)
    assert see("projects") == f"See section {ORDER.index('projects') + 1}."
