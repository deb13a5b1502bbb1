"""What a report is made of: sentences, tables and figures as data, before any format is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from math import isinf
from pathlib import Path
from typing import Any, Literal

from chainnet import words
from chainnet.drawing import save_svg
from chainnet.reporting.order import figure_id, table_id
from chainnet.results import FROM_INPUTS
from chainnet.words import NOT_ASSESSED

Kind = Literal["text", "number", "share", "year", "count"]
BODY_ROWS = 10
SILENT = (words.NO_DATA, words.NOT_APPLICABLE, words.NOT_ASKED, NOT_ASSESSED)
ZEROS = (words.number(0), words.percent(0))
TIED_ROWS = 20


@dataclass(frozen=True)
class Cell:
    """What a workbook holds and what people read; ``value`` None where the text says why there is none.

    A share with ``ends`` is drawn too, on a page on screen: a strip from nothing to all, the ends as a bar; ``early``
    is the same share in the first year, a shorter tick.
    """

    text: str
    value: str | float | None = None
    ends: tuple[float, float] | None = None
    early: float | None = None


_WRITE: dict[str, Callable[[Any], str]] = {
    "number": words.number,
    "share": words.percent,
    "year": words.whole,
    "count": words.count,
}


@dataclass(frozen=True)
class ReportColumn:
    """A column: its name in code, its head for people, what it holds, and what of a row it shows.

    ``value`` is a function of the facts and the row, or the name of its field; the column's own key if empty.
    ``missing`` stands where the row has none.
    """

    key: str
    head: str
    kind: Kind = "text"
    unit: str = ""
    meaning: str = ""
    value: Callable[[Any, Any], Any] | str = ""
    missing: str = words.NO_DATA
    body: bool = True  # whether it is printed; the workbook has every column

    @property
    def is_number(self) -> bool:
        """Whether its cells stand at the right."""
        return self.kind != "text"

    def of(self, row: Any, facts: Any = None) -> Cell:
        """Return the cell of a row."""
        return self.write(self.value(facts, row) if callable(self.value) else row[self.value or self.key])

    def write(self, value: Any) -> Cell:
        """Return a value as a cell; words in a column of numbers say why there is none."""
        if isinstance(value, Cell):
            return value
        if not words.is_known(value):
            return Cell(self.missing)
        if isinstance(value, str) or not self.is_number:
            return Cell(str(value), None if self.is_number else str(value))
        if isinf(value):
            return Cell(words.infinite_word(self.key))
        return Cell(_WRITE[self.kind](value), float(value))


@dataclass(frozen=True)
class ReportTable:
    """A table: one in text, one sheet of the workbook.

    ``lead`` rows stand in the body; the rest in the annex.
    """

    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    key: str = ""
    sheet: str = ""
    title: str = ""
    subtitle: str = ""
    note: str = ""
    lead: int = 0
    status: str = ""
    inputs: str = ""  # how the weakest input is known
    reference: str = ""  # keys of the sources of the inputs that bind

    @property
    def id(self) -> str:
        """What the table is called in print, counted from the order of all."""
        return table_id(self.key)

    @property
    def anchor(self) -> str:
        """Name of the place to which text links."""
        return self.id.lower()

    @property
    def range_kind(self) -> str:
        """Kind of the range that the table gives beside its numbers; empty where they are inputs."""
        keys = {column.key for column in self.columns}
        if "p10" in keys:
            return "P10 to P90"
        if any(key == "range" or "_low_" in key or key.endswith("_low") for key in keys):
            return "corner cases"
        return "" if self.status == FROM_INPUTS else "not assessed"

    @property
    def standing(self) -> str:
        """How the numbers were made, how the inputs are known, and the kind of range; empty where the table says it."""
        if not self.status:
            return ""
        ranged = f" Range: {self.range_kind}." if self.range_kind else ""
        return f"{self.trust}{ranged}"

    @property
    def trust(self) -> str:
        """How the numbers were made, and apart from it how the inputs are known."""
        return f"{words.first_capital(self.status)}. Inputs: {self.inputs}."

    @property
    def foot(self) -> str:
        """What stands under the table: its note, how it was made, and the sheet that holds all of it."""
        sheet = f" {self.standing} Sheet: {self.sheet}." if self.sheet else ""
        return f"{self.left_out}{self.note}{sheet}"

    @property
    def body_columns(self) -> tuple[int, ...]:
        """Positions of the columns that are printed: those in which any row has something to say."""
        return tuple(i for i, column in enumerate(self.columns) if column.body and i not in self._unknown)

    @cached_property
    def _unknown(self) -> frozenset[int]:
        if len(self.rows) < 2:
            return frozenset()
        silent = [all(row[i].text in SILENT for row in self.rows) for i in range(len(self.columns))]
        return frozenset(i for i, is_silent in enumerate(silent) if is_silent and self.columns[i].body)

    @property
    def left_out(self) -> str:
        """Which columns are not printed since no row has anything to say in them; empty if none."""
        heads: dict[str, list[str]] = {}
        for i in sorted(self._unknown):
            said = " or ".join(sorted({row[i].text for row in self.rows}))
            heads.setdefault(said, []).append(self.columns[i].head)
        return "".join(f"In every row {said}: {', '.join(names)}. " for said, names in heads.items())

    @property
    def says_nothing(self) -> str:
        """Why the table need not be printed, such as "all 0"; empty where any number in it is known and not 0."""
        numbers = [i for i in self.body_columns if self.columns[i].kind in ("number", "share", "count")]
        numbers += [i for i in self._unknown if self.columns[i].is_number]
        cells = [row[i] for row in self.rows for i in numbers]
        if not cells or any(cell.value or cell.text not in (*SILENT, *ZEROS) for cell in cells):
            return ""
        if not any(cell.text in ZEROS for cell in cells):
            return "no number known"
        return "all 0" if all(cell.text in ZEROS for cell in cells) else "all 0 or not known"

    def spans(self, rows: Sequence[tuple[Cell, ...]]) -> list[list[int]]:
        """Return over how many rows each printed cell reaches, 0 where one above reaches over it.

        What heads a group, in the first two columns, stands once.
        """
        columns = self.body_columns
        out = [[1] * len(columns) for _ in rows]
        for j, i in enumerate(columns[:2]):
            if self.columns[i].is_number or self.columns[i].key == "rank":
                break
            begin = 0
            for r in range(1, len(rows) + 1):
                goes_on = r < len(rows) and rows[r][i].text == rows[begin][i].text
                if goes_on and not (j and out[r][j - 1]):
                    out[r][j] = 0
                    continue
                out[begin][j], begin = r - begin, r
        return out

    def gaps(self, rows: Sequence[tuple[Cell, ...]]) -> list[int]:
        """Return after which rows, counted from 1, there is white: at the end of a group, else after every fifth."""
        heads = [span[0] for span in self.spans(rows)] if self.body_columns else []
        if all(n == 1 for n in heads):
            return list(range(5, len(rows), 5))
        return [i for i, n in enumerate(heads) if n and i]

    @property
    def body_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that stand in the body."""
        return self.rows[: self.lead] if self.lead else self.rows

    @property
    def is_cut(self) -> bool:
        """Whether the annex holds more rows than the body."""
        return bool(self.lead) and self.lead < len(self.rows)

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows as cells by the key of their column."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, row, strict=True)) for row in self.rows]

    def with_lead(self, tied: Sequence[str] = (), rows: int = BODY_ROWS) -> ReportTable:
        """Return the table with its first rows in the body, and those that tie with the last of them."""
        lead = min(rows, len(self.rows))
        if tied and lead:
            while lead < len(self.rows) and lead < TIED_ROWS and tied[lead] == tied[lead - 1]:
                lead += 1
        return replace(self, lead=lead if lead < len(self.rows) else 0)


@dataclass(frozen=True)
class Sentence:
    """A sentence and the tables in which its numbers stand, by key."""

    text: str
    tables: tuple[str, ...] = ()
    head: str = ""  # a few words in bold before it

    @property
    def refers(self) -> tuple[str, ...]:
        """What its tables are called in print."""
        return tuple(table_id(key) for key in self.tables)


@dataclass(frozen=True)
class ReportFigure:
    """A figure.

    Attributes
    ----------
    key : str
        Its name in the report.
    title, subtitle : str
        The finding, and what is drawn with its unit.
    svg : str
        The drawing.
    alt, note : str
        The same in words, and what one should know beside it.
    """

    key: str
    title: str
    subtitle: str
    svg: str
    alt: str
    note: str = ""

    @property
    def id(self) -> str:
        """What the figure is called in print, counted from the order of all."""
        return figure_id(self.key)

    @property
    def anchor(self) -> str:
        """Name of the place to which text links."""
        return self.id.lower()

    def save(self, path: str | Path) -> Path:
        """Write the drawing as ``.svg`` or ``.png``.

        Raises
        ------
        DataError
            If the suffix is another, or the file cannot be written.
        """
        return save_svg(self.svg, path)

    def __repr__(self) -> str:
        return f"<Figure {self.id}: {self.title!r}>"

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(self.id)} {escape(self.title)}</b><br>{escape(self.subtitle)}</p>"
        return f'<figure role="img" aria-label="{escape(self.alt)}">{head}{self.svg}</figure>'


Block = Sentence | ReportTable | ReportFigure | tuple[Sentence, ...]  # a tuple is a list of points


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it: ``blocks`` and how to read them; ``more`` on screen and in the workbook."""

    heading: str
    blocks: tuple[Block, ...]
    id: str = ""
    read: str = ""
    more: tuple[Block, ...] = ()

    @property
    def trust(self) -> str:
        """How the numbers of its printed tables were made, and how their inputs are known."""
        said: dict[str, list[str]] = {}
        for block in self.blocks:
            if isinstance(block, ReportTable) and block.status:
                said.setdefault(block.trust, []).append(block.id)
        return "".join(f" {words.join(ids)}: {trust}" for trust, ids in said.items())


@dataclass(frozen=True)
class Front:
    """Pages one and two: the finding, and the evidence for it.

    Page one: ``small`` (the chain, and of when it is), the title, three key figures with their captions, four
    sentences, what flows and what breaks, the months. Page two: all else.
    """

    small: str
    title: str
    key_figures: tuple[tuple[str, str], ...]
    sentences: tuple[tuple[str, str, str], ...]  # head, the sentence, id of the section that says more
    flows: ReportFigure
    course: ReportFigure
    levels: ReportFigure
    measures: ReportFigure | None
    listed: tuple[str, ...]  # what is drawn in ``measures``, a line each
    scenarios: ReportTable
    firmness: tuple[tuple[str, bool], ...]
    depends_on: tuple[str, ...]
    left_out: tuple[str, ...]
    how_to_read: str

    def blocks(self) -> list[Block]:
        """Return its figures and its table."""
        return list(blocks_of(self.flows, self.course, self.levels, self.measures, self.scenarios))


@dataclass(frozen=True)
class Document:
    """All of a report but its format."""

    title: str
    subtitle: str
    digest: str
    version: str
    summary: tuple[Block, ...] = ()
    front: Front | None = None
    sections: tuple[Section, ...] = ()
    inputs: tuple[ReportTable, ...] = ()  # sheets of the workbook only
    author: str = ""
    marking: str = ""
    vintage: str = ""
    stand_ins: Mapping[str, str] = field(default_factory=dict)  # names in scripts that the fonts lack -> what stands in
    language: str = "en"
    is_brief: bool = False  # whether it is one page, which stands alone
    is_wide: bool = False  # whether it is one wide table

    @property
    def tables(self) -> tuple[ReportTable, ...]:
        """Every table once, in the order in which it is printed."""
        found: dict[str, ReportTable] = {}
        for block in self.blocks():
            if isinstance(block, ReportTable):
                found.setdefault(block.key, block)
        return tuple(found.values())

    def blocks(self) -> list[Block]:
        """Every block in the order in which it is printed."""
        front = self.front.blocks() if self.front else []
        return [*front, *self.summary, *(block for part in self.sections for block in (*part.blocks, *part.more))]


def blocks_of(*blocks: Block | None) -> tuple[Block, ...]:
    """Return the blocks in which there is something."""
    return tuple(block for block in blocks if block)


def stands(inputs: str, status: str = FROM_INPUTS) -> dict[str, Any]:
    """Return what a table bears that says itself how its inputs are known; by default nothing was solved."""
    return {"status": status, "inputs": inputs}


def make_section(heading: str, *blocks: Block | None, more: Iterable[Block | None] = ()) -> Section:
    """Return a section of the blocks in which there is something."""
    return Section(heading, blocks_of(*blocks), more=blocks_of(*more))


def make_table(
    columns: Sequence[ReportColumn],
    rows: Iterable[Any],
    facts: Any = None,
    *,
    none: Mapping[str, Any] | None = None,
    **named: Any,
) -> ReportTable:
    """Return a table: a cell for each row and column.

    Parameters
    ----------
    columns : sequence of ReportColumn
    rows : iterable
        What the columns are asked of, one by one.
    facts : Facts, optional
        For columns that need more than the row.
    none : mapping of str to object, optional
        What stands in the one row of a table without rows, by key; elsewhere "-".
    **named
        Other fields of the table.
    """
    made = tuple(tuple(column.of(row, facts) for column in columns) for row in rows)
    if not made and none:
        made = (tuple(column.write(none.get(column.key, words.NOT_ASKED)) for column in columns),)
    return ReportTable(tuple(columns), made, **named)
