"""What a report is made of: sentences, tables and figures as data, before any format is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Literal

from chainnet.drawing import png_bytes
from chainnet.errors import DataError
from chainnet.io import write_file
from chainnet.words import NO_DATA, as_text, count, number, percent, whole

__all__ = ["Cell", "Column", "Document", "Figure", "Section", "Sentence", "Table"]

Kind = Literal["text", "number", "share", "year", "count"]
BODY_ROWS = 10
TIED_ROWS = 20


@dataclass(frozen=True)
class Cell:
    """What a workbook holds and what people read; ``value`` None where the text says why there is none."""

    text: str
    value: str | float | None = None


@dataclass(frozen=True)
class Column:
    """A column: its name in code, its head for people, what it holds."""

    key: str
    head: str
    kind: Kind = "text"
    unit: str = ""
    meaning: str = ""
    body: bool = True  # whether it is printed; the workbook has every column

    @property
    def is_number(self) -> bool:
        """Whether its cells stand at the right."""
        return self.kind != "text"


@dataclass(frozen=True)
class Table:
    """A table: one in text, one sheet of the workbook.

    ``lead`` rows stand in the body; the rest in the annex. ``total`` is a last row that adds up.
    """

    id: str
    sheet: str
    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    total: tuple[Cell, ...] = ()
    lead: int = 0
    status: str = ""
    grade: str = ""
    reference: str = ""  # keys of the sources of the inputs that bind

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
        return "" if self.status == "G" else "not assessed"

    @property
    def standing(self) -> str:
        """Status, grade and kind of range, as they stand under the table."""
        ranged = f" Range: {self.range_kind}." if self.range_kind else ""
        return f"Status {self.status}. Grade {self.grade}.{ranged}"

    @property
    def body_columns(self) -> tuple[int, ...]:
        """Positions of the columns that are printed."""
        return tuple(i for i, column in enumerate(self.columns) if column.body)

    @property
    def body_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that stand in the body."""
        return self.rows[: self.lead] if self.lead else self.rows

    @property
    def is_cut(self) -> bool:
        """Whether the annex holds more rows than the body."""
        return bool(self.lead) and self.lead < len(self.rows)

    def with_lead(self, tied: Sequence[str] = (), rows: int = BODY_ROWS) -> Table:
        """Return the table with its first rows in the body, and those that tie with the last of them."""
        lead = min(rows, len(self.rows))
        if tied and lead:
            while lead < len(self.rows) and lead < TIED_ROWS and tied[lead] == tied[lead - 1]:
                lead += 1
        return replace(self, lead=lead if lead < len(self.rows) else 0)


@dataclass(frozen=True)
class Sentence:
    """A sentence and the tables in which its numbers stand."""

    text: str
    tables: tuple[str, ...] = ()
    head: str = ""  # a few words in bold before it


@dataclass(frozen=True)
class Figure:
    """A figure: a finding as title, its statistical subtitle, the drawing, and the same in words."""

    id: str
    title: str
    subtitle: str
    svg: str
    alt: str
    note: str = ""

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
        target = Path(path)
        kind = target.suffix.lower()
        if kind == ".svg":
            return write_file(target, self.svg.encode("utf-8"))
        if kind == ".png":
            return write_file(target, png_bytes(self.svg))
        raise DataError(f"{target}: a figure is saved as .svg or .png.")

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(self.id)} {escape(self.title)}</b><br>{escape(self.subtitle)}</p>"
        return f'<figure role="img" aria-label="{escape(self.alt)}">{head}{self.svg}</figure>'


Block = Sentence | Table | Figure | tuple[Sentence, ...]  # a tuple is a list of points


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    id: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """All of a report but its format."""

    title: str
    subtitle: str
    author: str
    marking: str
    vintage: str
    digest: str
    version: str
    bottom_line: tuple[Sentence, ...]
    summary: tuple[Block, ...]
    sections: tuple[Section, ...]
    annexes: tuple[Section, ...]
    inputs: tuple[Table, ...]  # sheets of the workbook only
    language: str = "en"

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table once, in the order in which it is printed."""
        found: dict[str, Table] = {}
        for block in self.blocks():
            if isinstance(block, Table):
                found.setdefault(block.id, block)
        return tuple(found.values())

    def blocks(self) -> list[Block]:
        """Every block in the order in which it is printed."""
        parts = [*self.sections, *self.annexes]
        return [*self.summary, *(block for section in parts for block in section.blocks)]


def make_table(columns: Sequence[Column], rows: Sequence[Sequence[Any]], **named: Any) -> Table:
    """Return a table; cells that are not yet ``Cell`` are written by the kind of their column."""
    made = tuple(tuple(_cell(c, v) for c, v in zip(columns, row, strict=True)) for row in rows)
    total = tuple(_cell(c, v) for c, v in zip(columns, named.pop("total", ()), strict=False))
    return Table(columns=tuple(columns), rows=made, total=total, **named)


_WRITE: dict[str, Callable[[Any], str]] = {
    "number": number,
    "share": percent,
    "year": whole,
    "count": count,
}


def _cell(column: Column, value: Any) -> Cell:
    if isinstance(value, Cell):
        return value
    if column.kind == "text":
        text = as_text(value)
        return Cell(text, text)
    text = _WRITE[column.kind](value)
    exact = None if text == NO_DATA or value in (float("inf"), float("-inf")) else float(value)
    return Cell(text, exact)
