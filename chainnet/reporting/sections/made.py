"""How was it made? Method in one page, fifteen words, reproduction; on screen what was asked, sources, proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from chainnet.network import TABLES, split_list
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import (
    Cell,
    ReportColumn,
    ReportTable,
    Section,
    Sentence,
    make_section,
    make_table,
    stands,
)
from chainnet.reporting.reproduction import digest_table, reproduction
from chainnet.reporting.sections.asked import asked_points, measure_table, not_assessed
from chainnet.reporting.texts import GLOSSARY, METHOD, SIGNS
from chainnet.results import CHECKED, FROM_INPUTS
from chainnet.words import NO_DATA, exact, is_missing

# words of the glossary that paper has room for
PRINTED = (
    *("Baseline", "Basis", "Beneficiaries", "Certificate", "Chokepoint", "Cut", "Fair share", "Limiting input"),
    *("Levels of response", "Loss", "N-1 cover", "Required stock", "Shortfall", "Tie", "Tier"),
)


def section(facts: Facts) -> Section:
    """Return the method, the glossary, and what repeats the report."""
    words = [Sentence(one.means, (), f"{one.word}.") for one in GLOSSARY if one.word in PRINTED]
    rest = [Sentence(one.means, (), f"{one.word}.") for one in GLOSSARY if one.in_report and one.word not in PRINTED]
    return make_section(
        "How was it made?",
        tuple(Sentence(text, (), head) for head, text in METHOD),
        Sentence("", (), "Words and signs"),
        (*SIGNS, *words),
        more=(
            Sentence("", (), "What was asked"),
            asked_points(facts),
            *(table(facts) for table in (measure_table, source_table, certificate_table, index_table)),
            *not_assessed(facts, "indices"),
            tuple(rest),
        ),
    )


def with_reproduction(facts: Facts, last: Section, tables: Sequence[ReportTable], asked: Any) -> Section:
    """Return the last section with what repeats the report: that has a digest of every table."""
    points = reproduction(facts, asked)
    settings = tuple(one for one in points if one.head == "Settings.")  # long, and in the command too
    again = (Sentence("", (), "To make it again"), tuple(one for one in points if one not in settings))
    return replace(last, blocks=(*last.blocks, *again), more=(*last.more, settings, digest_table(facts, tables)))


def _certificates(facts: Facts) -> pd.DataFrame:
    """Return the proofs by what was solved in words."""
    table = facts.a.certificates
    named = []
    for problem in map(str, table["problem"]):
        head, _, scenario = problem.partition(", ")
        named.append(f"{head}, {facts.scenario_label(scenario)}" if scenario in facts.ordered else problem)
    return table.assign(problem=named)


certificate_table = col.Table(
    "certificates",
    "Certificates",
    "Certificates",
    rows=_certificates,
    heads={"violation": "Largest breach", "tolerance": "Allowed", "ok": "Closes"},
    subtitle="Value: t/yr served; balance: its last stage, USD/yr of flow cost. Checked by code that shares nothing "
    "with the solver.",
    note="Every other solve was checked in the same way as it was made; one that fails stops the run.",
    stands=lambda _: stands("n/a", CHECKED),
)


def _sources(facts: Facts) -> pd.DataFrame:
    """Return the sources, and how many rows rest on each."""
    used: Counter[str] = Counter()
    for frame in (getattr(facts.network, name) for name in TABLES):
        for cell in frame["reference"].dropna() if "reference" in frame.columns else ():
            used.update(split_list(cell))
    table = facts.network.references
    return table.assign(rows=[used[key] for key in table["key"]])


source_table = col.Table(
    "sources",
    "Sources",
    "Sources",
    rows=_sources,
    columns=(
        col.text("key", "Key", "name of the source"),
        col.text("title", "Title", "title"),
        col.text("publisher", "Publisher", "who published it"),
        col.text("year", "Year", "year of publication"),
        col.text("source_class", "Source class", "1, 2 or 3: see the glossary", "grade"),
        col.count("rows", "Rows", "rows of the tables that rest on it"),
        col.code("address", "Address", "where it can be found"),
    ),
    none={"title": "no source on record", "rows": 0},
    subtitle="Addresses are in the workbook.",
    stands=stands("see column"),
)


index_table = col.Table(
    "indices",
    "Indices",
    "Published index and solved loss disagree where spare capacity or a narrow step decides",
    rows=lambda f: f.a.indices.rename_axis(["step", *f.a.indices.index.names[1:]]) if len(f.a.indices) else None,
    heads={"index": "Adds to supply risk", "index_rank": "Rank by index", "loss_rank": "Rank by loss"},
    subtitle="Index: contribution to the EU supply risk. Loss: {f.unit}, all tiers.",
    stands=lambda f: f.standing(f.a.indices, status=f"index {FROM_INPUTS}; loss {CHECKED}"),
)


def input_tables(facts: Facts) -> list[ReportTable]:
    """Return the inputs as used, one sheet each; columns in which no row says anything are named below."""
    frames = {name: getattr(facts.network, name) for name in TABLES if name != "references"}
    return [_input_table(name, frame) for name, frame in frames.items() if not frame.empty]


def _input_table(name: str, frame: pd.DataFrame) -> ReportTable:
    columns = TABLES[name].columns
    given = [c for c in columns if frame[c.name].notna().any()]
    blank = [c.name for c in columns if c not in given]
    return make_table(
        [
            ReportColumn(
                c.name,
                col.words_of(c.name),
                "text" if c.kind == "text" else "number",
                c.unit,
                c.description + ("" if c.required else f"; {NO_DATA}: {c.missing}"),
                _exact(c.name),
            )
            for c in given
        ],
        frame.to_dict("records"),
        key=f"I {name}",
        sheet=f"Input {name}",
        title=f"Input: {name}",
        subtitle=f"{TABLES[name].description} As used; what {NO_DATA} means in a column stands in the sheet Columns.",
        note=f"Said of no row: {', '.join(blank)}." if blank else "",
        **stands("see column quality"),
    )


def _exact(key: str) -> Any:
    """Return what writes a cell in full."""

    def written(_facts: Facts, row: Any) -> Cell:
        value = row[key]
        if is_missing(value):
            return Cell(NO_DATA)
        return Cell(value, value) if isinstance(value, str) else Cell(exact(value, 12), float(value))

    return written
