"""The content of a report, in its order: page one, the fixed questions, the annexes. Every format shows this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chainnet.assessment import Assessment, missing
from chainnet.errors import DataError
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Block, Document, ReportFigure, ReportTable, Section, Sentence
from chainnet.reporting.order import ORDER, TABLES
from chainnet.reporting.sections import (
    asked,
    assumed,
    blocs,
    chain,
    losses,
    method,
    money,
    page_one,
    projects,
    rerouting,
    served,
    stocks,
    sure,
)
from chainnet.reporting.sections.annexes import annexes, input_tables
from chainnet.reporting.sections.month_sheets import sheets
from chainnet.words import join, spelled, vintage

_MAKERS = (asked, chain, losses, served, rerouting, projects, stocks, money, blocs, sure, assumed, method)
SECTIONS = {module.__name__.rpartition(".")[2]: module.section for module in _MAKERS}


def build(assessment: Assessment, *, title: str | None = None, author: str = "", marking: str = "") -> Document:
    """Return the content of the report on an assessment.

    Parameters
    ----------
    assessment : Assessment
    title : str, optional
        Default the graph's own title.
    author, marking : str
        The marking stands on every page, sheet and in the title.

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
        sections=tuple(_numbered(i, _thinned(SECTIONS[name](facts))) for i, name in enumerate(ORDER, 1)),
        annexes=(),
        inputs=(*sheets(facts), *input_tables(facts)),
        stand_ins=facts.stand_ins,
    )
    made = annexes(facts, document.tables, {"title": title or "", "author": author, "marking": marking}, _place)
    return _without_dead_links(replace(document, annexes=tuple(_lettered(i, part) for i, part in enumerate(made))))


def _without_dead_links(document: Document) -> Document:
    """Return a document whose sentences refer to tables that are there."""
    there = {table.key for table in document.tables}
    return _reworded(document, lambda s: replace(s, tables=tuple(key for key in s.tables if key in there)))


def _reworded(document: Document, change: Callable[[Sentence], Sentence]) -> Document:
    """Return a document with every sentence changed."""

    def changed(block: Block) -> Block:
        if isinstance(block, tuple):
            return tuple(map(change, block))
        return change(block) if isinstance(block, Sentence) else block

    def part(section: Section) -> Section:
        return replace(section, blocks=tuple(map(changed, section.blocks)))

    return replace(
        document,
        summary=tuple(map(changed, document.summary)),
        sections=tuple(map(part, document.sections)),
        annexes=tuple(map(part, document.annexes)),
    )


def brief_of(document: Document) -> Document:
    """Return page one of a report, which stands alone."""
    return replace(document, is_brief=True, summary=(), sections=(), annexes=())


def _numbered(i: int, part: Section) -> Section:
    return replace(part, id=f"s{i}", heading=f"{i} {part.heading}")


def _thinned(part: Section) -> Section:
    """Return a section without the tables that say nothing, and a line that names them."""
    said = {block.key: block.says_nothing for block in part.blocks if isinstance(block, ReportTable)}
    silent = [b for b in part.blocks if isinstance(b, ReportTable) and said[b.key]]
    if not silent:
        return part
    kept = tuple(block for block in part.blocks if block not in silent)
    words = "; ".join(f"{table.title} ({said[table.key]})" for table in silent)
    return replace(part, blocks=(*kept, Sentence(f"{words}.", (), "Not shown.")))


def _lettered(i: int, part: Section) -> Section:
    letter = chr(ord("a") + i)
    return replace(part, id=f"annex-{letter}", heading=f"{letter.upper()} {part.heading}")


def _place(table: ReportTable) -> int:
    """Return where a table stands among all; those of one year each are of one number."""
    return TABLES.index(table.key.partition(".")[0])


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
    said = f"{what}{whose}; {scenarios}, in the long run and over {facts.months.span}"
    if "demand" not in missing(facts.network, facts.a.asked).index:
        return said
    return f"{said}. The graph holds no demand: what end uses get in the baseline stands in"
