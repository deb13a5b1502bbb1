"""The content of a report, in its order: page one, the fixed questions, the annexes. Every format shows this."""

from __future__ import annotations

import json
from dataclasses import replace

from chainnet.assessment import Assessment, missing
from chainnet.errors import DataError
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Document, ReportFigure, ReportTable, Section, Sentence
from chainnet.reporting.order import ORDER, section_id
from chainnet.reporting.sections import chain, decides, helping, losses, made, page_one, served, stocks, sure
from chainnet.reporting.sections.made import input_tables, with_reproduction
from chainnet.reporting.sections.served import month_sheets
from chainnet.reporting.texts import READ
from chainnet.words import NOT_ASKED, join, spelled, vintage

_MAKERS = (chain, losses, served, helping, stocks, decides, sure, made)
SECTIONS = {module.__name__.rpartition(".")[2]: module.section for module in _MAKERS}


def build(
    assessment: Assessment, *, title: str | None = None, author: str = "", marking: str = "", is_brief: bool = False
) -> Document:
    """Return the content of the report on an assessment.

    Parameters
    ----------
    assessment : Assessment
    title : str, optional
        Default the graph's own title.
    author, marking : str
        The marking stands on every page, sheet and in the title.
    is_brief : bool
        Page one alone: of all that stands behind it nothing is made.

    Returns
    -------
    Document
    """
    facts = Facts(assessment)
    network, source = assessment.network, assessment.provenance
    marking = marking.strip()
    document = Document(
        title=title or f"{network.label}: stress test",
        subtitle=_subtitle(facts),
        author=author,
        marking=marking,
        vintage=", ".join(filter(None, (network.label, vintage(network)))),
        digest=source["digest"][:12],
        version=source["version"],
        front=page_one.front(facts, title or ""),
        sections=tuple(_numbered(facts, name, _thinned(SECTIONS[name](facts))) for name in ORDER if not is_brief),
        inputs=(finding_table.of(facts), *month_sheets(facts), *input_tables(facts)),
        stand_ins=facts.stand_ins,
        is_brief=is_brief,
    )
    if is_brief:
        return document
    *most, last = document.sections
    asked = {"title": title or "", "author": author, "marking": marking}
    last = with_reproduction(facts, last, document.tables, asked)
    return replace(document, sections=(*most, last))


def _fields(facts: Facts) -> list[dict[str, str]]:
    """Return the fields of the findings, a row each: as ``report.json`` has them, a record of several in one cell."""
    return [
        {"finding": one.restriction, "field": name, "value": value if isinstance(value, str) else json.dumps(value)}
        for one in facts.a.findings
        for name, value in one.to_dict().items()
    ]


finding_table = col.Table(
    "Finding",
    "Finding",
    "The findings, field by field",
    rows=_fields,
    columns=(
        col.text("finding", "Finding", "why this scenario: the worst, or in force"),
        col.text("field", "Field", "name in report.json"),
        col.text("value", "Value", "text, or as JSON", missing=NOT_ASKED),
    ),
    subtitle="As report.json has them: the worst first, then what is in force.",
    stands=lambda f: f.standing(f.a.stress.summary),
)


def _numbered(facts: Facts, name: str, part: Section) -> Section:
    at = section_id(name)
    return replace(part, id=at, heading=f"{at[1:]} {part.heading}", read=READ.get(name, "").format(f=facts))


def _thinned(part: Section) -> Section:
    """Return a section without the tables that say nothing, and a line on screen that names them."""
    tables = [block for block in (*part.blocks, *part.more) if isinstance(block, ReportTable)]
    silent = {table.key: f"{table.title} ({table.says_nothing})" for table in tables if table.says_nothing}
    if not silent:
        return part
    blocks, more = (
        tuple(b for b in some if not (isinstance(b, ReportTable) and b.key in silent))
        for some in (part.blocks, part.more)
    )
    return replace(part, blocks=blocks, more=(*more, Sentence(f"{'; '.join(silent.values())}.", (), "Not shown.")))


def report_figures(assessment: Assessment) -> dict[str, ReportFigure]:
    """Return every figure of the report on an assessment, by key.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    dict of str to ReportFigure
        key, id, title (the finding), subtitle, svg, alt, note; ``save`` writes SVG or PNG, a notebook shows it.

    Raises
    ------
    DataError
        If it is no assessment.

    See Also
    --------
    report, draw

    Examples
    --------
    >>> import chainnet as cn
    >>> made = cn.report_figures(cn.assess(cn.read("mag-9"), months=12, draws=0))
    >>> made["holders"].title
    'China makes over half of 4 of 4 goods'
    """
    if not isinstance(assessment, Assessment):
        raise DataError(f"report_figures: a {type(assessment).__name__}; give an Assessment, made by assess.")
    return {block.key: block for block in build(assessment).blocks() if isinstance(block, ReportFigure)}


def _subtitle(facts: Facts) -> str:
    what = join([facts.commodity(c) for c in facts.counted]) or "all goods"
    whose = f", demand of {facts.people}" if facts.whose else ""
    scenarios = spelled(len(facts.ordered), "scenario")
    said = f"{what}{whose}; {scenarios}, in the long run and over {facts.horizon} months"
    if "demand" not in missing(facts.network, facts.a.asked).index:
        return said
    return f"{said}. The graph holds no demand: what end uses get in the baseline stands in"
