"""One finding, shown everywhere: no two formats differ in what is short, when, where it breaks and what to do.

What stands in the files made is read back from them; nothing is asked of the code that wrote them.
"""

from __future__ import annotations

import html
import io
import json
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app

CHAINS = ("antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten")
STOP = cn.Scenario("stop", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.1}], label="China stops it")


def told(finding: dict[str, Any]) -> dict[str, Any]:
    """What a reader takes away: of whom, how much, when, where, what to do."""
    narrow, later = finding["bottleneck"], finding["shortfall"]["later"]
    return {
        "who": (finding["scenario"], finding["tier"]),
        "later": (round(later["share"], 9), round(later["tpa"], 6)),
        "where": (narrow["step"], narrow["country"], round(narrow["lost_tpa"], 6)),
    }


def whole(finding: dict[str, Any]) -> dict[str, Any]:
    """The same with the first month and what to do, which a brief record leaves out."""
    done = [(one["verb"], one["thing"], one["avoids_tpa"], one["cost_musd"], one["due"]) for one in finding["advice"]]
    year = finding["shortfall"]["first_year"]
    return told(finding) | {"when": finding["when"]["first_month"], "what": done, "year": round(year["share"], 9)}


def held(file: Path) -> dict[str, Any]:
    """The finding that a page holds."""
    text = file.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="finding">(.*?)</script>', text, re.DOTALL)
    assert found, file
    return dict(json.loads(found[1]))


def bare(text: str) -> str:
    """The letters and digits of a text, as it stands for a reader."""
    return re.sub(r"\W", "", html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL)))


def sheet(file: Path) -> dict[str, Any]:
    """The first finding of a workbook, field by field."""
    book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()), read_only=True)
    rows = list(book["Finding"].iter_rows(values_only=True))
    top = next(i for i, row in enumerate(rows) if row[:3] == ("finding", "field", "value"))
    mine = [(row[1], row[2]) for row in rows[top + 1 :] if row[0] == rows[top + 1][0]]
    parsed = {}
    for name, value in mine:
        try:
            parsed[str(name)] = json.loads(str(value))
        except json.JSONDecodeError:
            parsed[str(name)] = value
    return parsed


def assert_all_formats_say_one_thing(assessment: cn.Assessment, folder: Path) -> dict[str, Any]:
    """Write all formats of a report, and hold what each says against the record."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        cn.report(assessment, folder / "whole", ["html", "pdf", "xlsx", "json"])
        cn.report(assessment, folder / "brief", ["html"], brief=True)
    record, *_ = json.loads((folder / "whole" / "report.json").read_text(encoding="utf-8"))
    said = whole(record)
    assert whole(sheet(folder / "whole" / "report.xlsx")) == said
    graph = held(folder / "whole" / "graph.html")
    assert (whole if "when" in graph else told)(graph) == (said if "when" in graph else told(record))
    pages = [folder / "whole" / "report.html", folder / "brief" / "brief.html"]
    texts = [bare(page.read_text(encoding="utf-8")) for page in pages]
    texts.append(
        bare(pypdf.PdfReader(io.BytesIO((folder / "whole" / "report.pdf").read_bytes())).pages[0].extract_text())
    )
    for text in texts:
        for claim in (record["title"], *record["sentences"]):
            assert bare(claim) in text, claim
    # the sentences say what the fields hold
    verb, thing = said["what"][-1][:2] if said["what"] else ("", "")  # the last closes most: it leads
    assert bare(thing) in bare(record["sentences"][2])
    assert verb.lower() in record["sentences"][2].lower()
    return dict(record)


def random_chain(seed: int) -> cn.Network:
    """Mines, works and users at home and abroad, in two tiers, with a project or none; not all is well known."""
    rng = np.random.default_rng(seed)
    mines, works = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    places = [str(c) for c in rng.choice(["AUS", "CHN", "USA", "JPN"], size=mines + works)]
    ids = [f"m{i}" for i in range(mines)] + [f"w{i}" for i in range(works)]
    rows = [
        (name, "mine" if name < "w" else "refiner", place, float(rng.integers(4, 20)))
        for name, place in zip(ids, places, strict=True)
    ]
    users = [("u0", "end_use", "USA", None), ("u1", "end_use", "CHN", None)]
    nodes = frame("id stage country capacity_tpa", *rows, *users)
    nodes["quality"] = rng.choice(["reported", "assumed"], size=len(nodes), p=[0.8, 0.2])
    pairs = [(a, b) for a in ids[:mines] for b in ids[mines:] if rng.random() < 0.8 or b == ids[mines]]
    pairs += [(a, b[0]) for a in ids[mines:] for b in users if rng.random() < 0.8 or a == ids[mines]]
    edges = frame("source target", *pairs)
    edges["flow_tpa"] = rng.integers(1, 6, size=len(edges)).astype(float)
    edges["capacity_tpa"] = edges["flow_tpa"] + rng.integers(0, 5, size=len(edges))
    demand = frame(
        "node tier demand_tpa", *[(u[0], tier, float(rng.integers(2, 9))) for u in users for tier in ("defence", "civilian")]
    )  # fmt: skip
    more: dict[str, Any] = {}
    if rng.random() < 0.7:
        project = ("new", "New works", "refiner", "AUS", 6.0, "building", 2027, float(rng.integers(10, 90)))
        more["projects"] = frame("id label stage country capacity_tpa status start_year capex_musd", project)
        more["year"] = 2026
        edges = pd.concat([edges, frame("source target", ("m0", "new"), ("new", "u0"))], ignore_index=True)
    return cn.Network(nodes, edges, demand=demand, beneficiaries=["USA", "JPN"], name=f"random {seed}", **more)


@pytest.mark.documents
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_all_formats_of_a_random_chain(seed: int, tmp_path: Path) -> None:
    net = random_chain(seed)
    record = assert_all_formats_say_one_thing(cn.assess(net, [STOP], months=12, draws=0), tmp_path)
    alone = cn.find(net, STOP)
    assert told(json.loads(json.dumps(alone.to_dict()))) == told(record)


@pytest.mark.documents
def test_all_formats_of_the_teaching_chain(tmp_path: Path) -> None:
    """Those of the shipped chains are read back with the gate of page one, from the same assessment."""
    assert_all_formats_say_one_thing(cn.assess(cn.read("mag-9"), draws=0), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("mag-9", marks=pytest.mark.documents),
        *(pytest.param(name, marks=pytest.mark.slow) for name in CHAINS),
    ],
)
def test_pages_tables_and_the_shell_say_what_the_finding_says(name: str, tmp_path: Path) -> None:
    net = cn.read(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        record = json.loads(json.dumps(cn.find(net).to_dict()))
        row = cn.overview(net).iloc[0].to_dict()
        live = held(cn.draw(net, path=tmp_path / "live.html", live=True, scenario=record["scenario"]))
    printed = CliRunner().invoke(app, ["find", name, "--format", "json"])
    assert printed.exit_code == 0, printed.output
    assert whole(json.loads(printed.stdout)) == whole(record)
    assert told(live) == told(record)
    assert live["shortfall"]["certain"] == record["shortfall"]["certain"]
    said = whole(record)
    assert (row["scenario"], row["tier"]) == said["who"]
    assert round(row["later_share"], 9) == said["later"][0]
    assert round(row["first_year_share"], 9) == said["year"]
    assert (row["bottleneck_step"], row["bottleneck_country"]) == said["where"][:2]
    assert (None if pd.isna(row["first_month"]) else row["first_month"]) == said["when"]
