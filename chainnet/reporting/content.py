"""The content of a report, in its order: page one, the fixed questions, the annexes. Every format shows this."""

from __future__ import annotations

from dataclasses import replace

from chainnet.assessment import Assessment
from chainnet.errors import DataError
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Document, ReportFigure, ReportTable, Section
from chainnet.reporting.sections import (
    answer,
    asked,
    assumed,
    blocs,
    chain,
    losses,
    method,
    money,
    months,
    page_one,
    projects,
    rerouting,
    served,
    stocks,
    sure,
)
from chainnet.reporting.sections.annexes import annexes, input_tables
from chainnet.reporting.sections.order import ORDER
from chainnet.words import join, spelled

__all__ = ["build", "report_figures"]

_MAKERS = (answer, asked, chain, losses, served, rerouting, projects, stocks, money, blocs, sure, assumed, method)
SECTIONS = {module.__name__.rpartition(".")[2]: module.section for module in _MAKERS}
# the numbers that tables bear, in the order of annex B and of the digests; a table of a number not listed comes last
NUMBERS = (
    *("T1", "T4", "T5", "T5b", "T6a", "T6b", "T6c", "T6d", "T7", "T7b", "T8", "T8b", "T8c", "T8d", "T8e", "T12a"),
    *(
        "T15",
        "T16",
        "T16b",
        "T17",
        "T18",
        "T19",
        "T20",
        "T21",
        "T22",
        "T9b",
        "T9",
        "T9d",
        "T3",
        "T3b",
        "T11",
        "T10.",
        "T10",
        "T9c",
        "T8f",
    ),
    *("T8g", "T8h", "T12", "T12b", "T11b", "T13", "T13b", "T14b", "T14", "T23", "T15b", "T15c", "T15d", "T2"),
)


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
        vintage=f"{network.label}, data of {network.year}" if network.year else network.label,
        digest=source["digest"][:12],
        version=source["version"],
        bottom_line=answer.short_line(facts),
        summary=page_one.summary(facts),
        sections=tuple(_numbered(i, SECTIONS[name](facts)) for i, name in enumerate(ORDER)),
        annexes=(),
        inputs=(*months.sheets(facts), *input_tables(facts)),
        stand_ins=facts.stand_ins,
    )
    made = annexes(facts, document.tables, {"title": title or "", "author": author, "marking": marking}, _place)
    return replace(document, annexes=tuple(_lettered(i, part) for i, part in enumerate(made)))


def _numbered(i: int, part: Section) -> Section:
    return replace(part, id=f"s{i}", heading=f"{i} {part.heading}" if i else part.heading)


def _lettered(i: int, part: Section) -> Section:
    letter = chr(ord("a") + i)
    return replace(part, id=f"annex-{letter}", heading=f"{letter.upper()} {part.heading}")


def _place(table: ReportTable) -> int:
    """Return where a table stands among all; those of one year each are of one number."""
    number, dot, _ = table.id.partition(".")
    return NUMBERS.index(number + dot) if number + dot in NUMBERS else len(NUMBERS)


def report_figures(assessment: Assessment) -> dict[str, ReportFigure]:
    """Return every figure of the report on an assessment, by id.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    dict of str to ReportFigure
        id, title (the finding), subtitle, svg, alt, note; ``save`` writes SVG or PNG, a notebook shows it.

    Raises
    ------
    DataError
        If it is no assessment.

    Examples
    --------
    >>> import chainnet as cn
    >>> made = cn.report_figures(cn.assess(cn.read("mag-9"), months=12, draws=0))
    >>> made["F2"].title
    'China makes over half of 4 of 4 goods'
    """
    if not isinstance(assessment, Assessment):
        raise DataError(f"report_figures: a {type(assessment).__name__}; give an Assessment, made by assess.")
    return {block.id: block for block in build(assessment).blocks() if isinstance(block, ReportFigure)}


def _subtitle(facts: Facts) -> str:
    what = join([facts.commodity(c) for c in facts.counted]) or "all goods"
    whose = f", demand of {facts.whose}" if facts.whose else ""
    scenarios = spelled(len(facts.ordered), "scenario")
    return f"{what}{whose}; {scenarios}, in the long run and over {facts.months.span}"
