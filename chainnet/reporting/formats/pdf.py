"""The report as a tagged PDF (PDF/UA-1), typeset by typst."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence, Set
from importlib.resources import files
from typing import Any

from chainnet.drawing import COLOURS, typeset
from chainnet.reporting.formats.page import numeric
from chainnet.reporting.glyphs import drawable
from chainnet.reporting.model import Block, Cell, Document, Front, ReportFigure, ReportTable, Sentence
from chainnet.words import short_label

ROWS = 12  # of a table on paper: the rest stands in the HTML and the workbook
MORE = 6  # that may follow so that a group is not cut
BOLD = 1.05  # how much wider a bold letter is
ROOM = 112.0  # letters in the width of a page
WORD = 19  # letters of a word that a column of text always has room for
LINE = 45  # letters of a word that a line of text always has room for
CELL = 170  # letters that a cell shows
JOINT = "\u200b"  # where a long word may break
Write = Callable[[str], str]


def pdf_report(document: Document, names: Mapping[str, str], template: str | None = None) -> bytes:
    """Return the PDF of a report.

    Parameters
    ----------
    document : Document
    names : mapping of str to str
        Names in scripts that the fonts lack -> what stands in.
    template : str, optional
        Text of a template in the place of ours.

    Returns
    -------
    bytes
        The same for the same content: no date, no path, fonts from the packages themselves.
    """

    def write(text: str) -> str:
        return _breakable(drawable(text, names), LINE)

    ours = files("chainnet.reporting.formats").joinpath("report.typ")
    source = template.encode() if template else ours.read_bytes()
    data = json.dumps({**_content(document, write), "colours": COLOURS}, ensure_ascii=True, sort_keys=True)
    return typeset(source, "pdf", {"data": data}, pdf_standards="ua-1", timestamp=0)


def _content(document: Document, write: Write) -> dict[str, Any]:
    taken, there = set[str](), {table.id for table in document.tables}
    front = document.front and _front(document.front, write, taken)
    sections = [
        {
            "id": s.id,
            "heading": s.heading,
            "blocks": _blocks(s.blocks, write, taken, there),
            "read": write(f"{s.read}{s.trust}".strip()),
        }
        for s in document.sections
    ]
    title = f"{document.marking} | {document.title}" if document.marking else document.title
    return {
        "language": document.language,
        "pdf_title": write(title),
        **{name: write(getattr(document, name)) for name in ("title", "subtitle", "author", "marking", "vintage")},
        "stamp": f"input {document.digest}, chainnet {document.version}",
        "front": front,
        "sections": sections,
        "anchors": sorted(taken),
        "is_brief": document.is_brief,
    }


def _front(front: Front, write: Write, taken: set[str]) -> dict[str, Any]:
    """Return pages one and two."""
    figures = {name: getattr(front, name) for name in ("flows", "course", "levels", "measures")}
    words = {name: write(getattr(front, name)) for name in ("small", "title", "how_to_read")}
    lists = {name: list(map(write, getattr(front, name))) for name in ("listed", "depends_on", "left_out")}
    return {
        **words,
        **lists,
        "sentences": [{"head": head, "text": write(said), "leads_to": at} for head, said, at in front.sentences],
        **{name: figure and _figure(figure, write) for name, figure in figures.items()},
        "key_figures": [{"value": write(value), "caption": write(caption)} for value, caption in front.key_figures],
        "scenarios": _table(front.scenarios, write, taken),
        "firmness": [{"of": name, "is_firm": firm} for name, firm in front.firmness],
    }


def _sentence(sentence: Sentence, write: Write, there: Set[str]) -> dict[str, Any]:
    words = {name: write(getattr(sentence, name)) for name in ("head", "text")}
    return {**words, "tables": [table for table in sentence.refers if table in there]}


def _blocks(blocks: Sequence[Block], write: Write, taken: set[str], there: Set[str]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for block in blocks:
        if isinstance(block, ReportTable):
            out.append(_table(block, write, taken))
        elif isinstance(block, ReportFigure):
            out.append(_figure(block, write))
        elif isinstance(block, Sentence):
            out.append({"kind": "text", **_sentence(block, write, there)})
        else:
            out.append({"kind": "list", "items": [_sentence(s, write, there) for s in block]})
    return out


def _figure(figure: ReportFigure, write: Write) -> dict[str, Any]:
    return {
        "kind": "figure",
        "id": figure.id,
        "anchor": figure.anchor,
        "svg": figure.svg,
        **{name: write(getattr(figure, name)) for name in ("title", "subtitle", "alt")},
    }


def _table(table: ReportTable, write: Write, taken: set[str]) -> dict[str, Any]:
    shown = _first_rows(table)
    columns = table.body_columns
    texts = [[write(row[i].text).replace(JOINT, "") for i in columns] for row in shown]
    rows = [[_breakable(short_label(text, CELL), WORD) for text in row] for row in texts]
    heads = [write(table.columns[i].head) for i in columns]
    more = f"First {len(shown)} of {len(table.rows)} rows" if len(shown) < len(table.rows) else ""
    anchor = "" if table.id in taken else table.anchor
    taken.add(table.id)
    right = [table.columns[i].is_number or i in numeric(table) for i in columns]
    return {
        "kind": "table",
        "id": table.id,
        "anchor": anchor,
        "title": write(table.title),
        "subtitle": write(table.subtitle),
        "heads": heads,
        "rows": rows,
        "spans": table.spans(shown),
        "gaps": table.gaps(shown),
        "right": right,
        "widths": _widths(heads, rows, right),
        "note": more,
    }


def _first_rows(table: ReportTable) -> tuple[tuple[Cell, ...], ...]:
    """Return so many rows that no group is cut, where it is not too long."""
    rows = table.body_rows
    heads = [span[0] for span in table.spans(rows)]
    ends = [n for n in range(2, len(rows) + 1) if n == len(rows) or heads[n]]
    fit = [n for n in ends if n <= ROWS + (MORE if 0 in heads else 0)]
    return rows[: max(fit[-1] if fit else 0, min(ROWS, len(rows)) if not fit or fit[-1] < ROWS // 2 else 0)]


def _breakable(text: str, width: int) -> str:
    """Return a text in which words longer than ``width`` letters may be broken, at an underscore where there is one."""

    def joints(word: str) -> str:
        pieces = re.split(r"(?<=_)", word)
        return JOINT.join(piece[i : i + width] for piece in pieces for i in range(0, len(piece), width))

    return " ".join(word if len(word) <= width else joints(word) for word in text.split(" "))


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[float]:
    """Return shares of the page's width, in letters: by the longest words, so that no column starves or sprawls.

    Where there is not room for all, columns give way whose words can go on a next line.
    """
    wide, least = [], []
    for i, head in enumerate(heads):
        cells = [row[i] for row in rows] or [""]
        sizes = [_letters(cell) for cell in cells]
        word = max(_longest(head) * BOLD, *map(_longest, cells))
        if right[i]:
            wide.append(max(*sizes, min(word, 12.0), 5.0) + 1.0)
            least.append(wide[-1])
        else:
            mean = sum(sizes) / len(sizes)
            wide.append(min(max(mean * 1.15, word, max(sizes) * 0.5, 5.0), max(42.0, word)) + 1.0)
            least.append(min(word + 1.0, wide[-1]))
    spare = sum(wide) - sum(least)
    part = min((sum(wide) - ROOM) / spare, 1.0) if sum(wide) > ROOM and spare > 0 else 0.0
    return [round(w - part * (w - n), 2) for w, n in zip(wide, least, strict=True)]


def _longest(text: str) -> float:
    """Return how wide the longest word of a text is, in small letters."""
    return max((_letters(word) for word in re.split(f"[ {JOINT}]", text)), default=1.0)


def _letters(text: str) -> float:
    """Return how wide a text is, in small letters: capitals are wider."""
    return len(text) + 0.4 * sum(c.isupper() for c in text)
