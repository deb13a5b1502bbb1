"""The annexes: glossary and signs, full tables, sources, certificates, indices, changes, reproduction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
from chainnet.reporting.order import table_id
from chainnet.reporting.reproduction import digest_table, reproduction
from chainnet.reporting.sections.asked import not_assessed
from chainnet.reporting.sections.losses import loss_table
from chainnet.reporting.sections.served import user_table
from chainnet.reporting.texts import GLOSSARY, STATUS
from chainnet.results import CHECKED, FROM_INPUTS
from chainnet.words import NO_DATA, country_name, exact, first_capital, gap, is_missing

SHORT_LIST = 8


def annexes(
    facts: Facts, printed: Sequence[ReportTable], asked: Mapping[str, str], place: Callable[[ReportTable], int]
) -> tuple[Section, ...]:
    """Return the annexes in their order.

    Parameters
    ----------
    facts : Facts
    printed : sequence of ReportTable
        The tables of the sections: those that are cut stand here in full, each has a digest.
    asked : mapping of str to str
        title, author and marking as they were given; "" = none.
    place : callable
        Where a table stands among all.
    """
    full = (loss_table(facts, "node"), user_table(facts))
    own = (*full, certificate_table(facts), source_table(facts), index_table(facts))
    tables = sorted((table for table in (*printed, *own) if table), key=place)
    glossary = tuple(Sentence(one.means, (), f"{one.word}.") for one in GLOSSARY if one.in_report)
    return (
        make_section("Glossary and signs", (*_SIGNS, *glossary)),
        replace(
            # an annex of its own holds a table in full already
            make_section("Full tables", *(t.whole for t in tables if t in full or (t.is_cut and t not in own))),
            on_screen=True,
        ),
        make_section(
            "Inputs and sources",
            Sentence(
                "All input tables as used, with source, quality and range of every row, are sheets of the workbook "
                "(Input nodes, Input edges and so on)."
            ),
            source_table(facts),
        ),
        make_section("Certificates", certificate_table(facts)),
        make_section(
            "Published indices",
            Sentence(
                f"HHI and N-1 cover stand in {table_id('steps')}; the index below is the EU supply risk, country by "
                "country."
            ),
            index_table(facts),
            not_assessed(facts, "indices"),
        ),
        make_section("Changes", Sentence("Not asked; “chainnet compare” sets two versions of the data side by side.")),
        make_section("Reproduction", reproduction(facts, asked), digest_table(facts, tables)),
    )


_SIGNS = (
    Sentence(STATUS, (), "Status."),
    Sentence(
        "Reported, estimated, inferred or assumed: how the weakest limiting input is known. An input is limiting if "
        "its bound carries a price for the question; bounds that a scenario sets are not counted.",
        (),
        "Inputs.",
    ),
    Sentence(
        "n/d no data; n/a cannot apply; - not asked; 0 found to be zero; <0.1 small; [low–high] a range, "
        "ends rounded outward. "
        "Numbers have three significant digits; totals come from unrounded values and may not add up as printed.",
        (),
        "Signs.",
    ),
)


def _problem(facts: Facts, row: Any) -> str:
    head, _, scenario = str(row["problem"]).partition(", ")
    return f"{head}, {facts.scenario_label(scenario)}" if scenario in facts.ordered else str(row["problem"])


def _small(key: str) -> Any:
    return lambda _, row: gap(row[key])


certificate_table = col.Table(
    "certificates",
    "Certificates",
    "Certificates",
    rows=lambda f: f.a.certificates,
    columns=(
        col.text("problem", "Problem", "what was solved", _problem),
        col.number("value", "Value", "the answer", unit="t/yr or USD/yr"),
        col.number("bound", "Bound", "the value that proves it", unit="t/yr or USD/yr"),
        col.text("gap_words", "Gap", "value less bound, relative", _small("gap")),
        col.text("violation_words", "Largest breach", "of a bound or balance, relative", _small("violation")),
        col.text("tolerance_words", "Allowed", "both must stay below it", _small("tolerance")),
        col.number("gap", "Gap", "value less bound, relative", body=False),
        col.number("violation", "Largest breach", "of a bound or balance, relative", body=False),
        col.whether("ok", "Closes", "whether it is proved"),
    ),
    subtitle="Value: t/yr served; balance: its last stage, USD/yr of flow cost. Checked by code that shares nothing "
    "with the solver.",
    note="Every other solve was checked in the same way as it was made; one that fails stops the run.",
    stands=stands("n/a", CHECKED),
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


def _index_note(facts: Facts) -> str:
    table = facts.a.indices.reset_index()
    differ = table[table["disagrees"].astype(bool)]
    note = f"Ranks differ by two places or more in {len(differ)} of {len(table)} rows; the workbook says why. "
    if len(differ):
        first = differ.iloc[0]
        note += f"{first_capital(str(first.iloc[0]))}, {country_name(str(first['country']))}: {first['why']}"
    return note


index_table = col.Table(
    "indices",
    "Indices",
    "Published index and solved loss disagree where spare capacity or a narrow step decides",
    rows=lambda f: (
        col.some(f.a.indices.rename_axis(["step", *f.a.indices.index.names[1:]])) if len(f.a.indices) else None
    ),
    columns=(
        col.STEP,
        col.placed("country", "Country", "whose plants"),
        col.commodity("Of", "commodity for which the index is largest"),
        col.share("share", "Share", "of its tonnes"),
        col.number("index", "Adds to supply risk", "squared share x governance x trade parameter"),
        col.count("index_rank", "Rank by index", "1 = largest"),
        col.tons("lost_tpa", "Lost without it", "solved"),
        col.count("loss_rank", "Rank by loss", "1 = largest"),
        col.code("why", "Why they differ", "one sentence"),
    ),
    subtitle="Index: contribution to the EU supply risk. Loss: {f.unit}, all tiers.",
    note=_index_note,
    stands=lambda f: f.standing(f.a.indices, status=f"index {FROM_INPUTS}; loss {CHECKED}"),
    lead=SHORT_LIST,
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
                _words(c.name),
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


def _words(name: str) -> str:
    """Return the name of a column in words, without its unit."""
    plain = re.sub(r"_(t|tpa|usd_per_t|usd|musd|t_per_t|months|years|share)$", "", name)
    return first_capital(plain.replace("_", " "))


def _exact(key: str) -> Any:
    """Return what writes a cell in full."""

    def written(_facts: Facts, row: Any) -> Cell:
        value = row[key]
        if is_missing(value):
            return Cell(NO_DATA)
        return Cell(value, value) if isinstance(value, str) else Cell(exact(value, 12), float(value))

    return written
