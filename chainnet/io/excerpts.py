"""The table in a sheet that has titles above it, totals in it and names of its own: what of it is read, and as what."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.io.grid import Cell, Grid, plain, read_grids
from chainnet.io.text import Records, number_text, refuse
from chainnet.network import MOST_FAULTS, as_numbers

# tonnes in one; a pound and the tons of it are exact by definition
UNITS = {"t": 1.0, "kg": 0.001, "g": 1e-6, "kt": 1e3, "Mt": 1e6, "lb": 0.00045359237, "short_ton": 0.90718474,
         "long_ton": 1.0160469088}  # fmt: skip
# what statistics write where they have no figure
NOTHING = frozenset(("-", "--", "\u2013", "\u2014", "..", "...", ":", "x", "c", "n/a", "na", "n.a.", "nan", "null"))
# how statistics write which way goods go; a re-export is part of the exports too
DIRECTIONS = {"x": "export", "e": "export", "m": "import", "i": "import", "rx": "re-export"} | {
    word: meant
    for meant, words in {
        "export": "export|exports|exported|exporter|exporting|domestic export|domestic exports|ausfuhr|ausfuhren|"
        "exporteur|exportation|exportations|exportateur|exportaci\u00f3n|exportaciones|exportador|esportazione|"
        "esportazioni|exporta\u00e7\u00e3o|uitvoer|\u51fa\u53e3|\u8f38\u51fa|\uc218\ucd9c|\u044d\u043a\u0441\u043f\u043e\u0440\u0442",
        "import": "import|imports|imported|importer|importing|general import|general imports|einfuhr|einfuhren|"
        "importeur|importation|importations|importateur|importaci\u00f3n|importaciones|importador|importazione|"
        "importazioni|importa\u00e7\u00e3o|invoer|\u8fdb\u53e3|\u8f38\u5165|\uc218\uc785|\u0438\u043c\u043f\u043e\u0440\u0442",
        "re-export": "re-export|re-exports|reexport|reexports|wiederausfuhr",
    }.items()
    for word in words.split("|")
}
ENDS = ("exporter", "importer", "reporter", "partner", "source", "target")
PLACES = ("exporter", "importer", "reporter", "partner", "country")
_WORDS = {
    "kg": "kg", "kgs": "kg", "kgm": "kg", "tne": "t",
    "kilo": "kg", "kilos": "kg", "kilogram": "kg", "kilograms": "kg", "kilogramm": "kg",
    "kilogramme": "kg", "kilogrammes": "kg", "kilogramos": "kg", "\u5343\u514b": "kg", "\u516c\u65a4": "kg",
    "\u30ad\u30ed\u30b0\u30e9\u30e0": "kg", "\ud0ac\ub85c\uadf8\ub7a8": "kg", "t": "t",
    "tpa": "t", "tonne": "t", "tonnes": "t", "tonnen": "t", "toneladas": "t", "\u5428": "t",
    "\u30c8\u30f3": "t", "\ud1a4": "t", "g": "g", "gram": "g",
    "grams": "g", "kt": "kt", "ktpa": "kt", "kilotonnes": "kt", "lb": "lb", "lbs": "lb", "pound": "lb", "pounds": "lb",
}  # fmt: skip
_TONS = {"metric": "t", "short": "short_ton", "long": "long_ton"}
_MILLION = re.compile(r"\b1[ .,']?000[ .,']?000\b|'000[ ']000\b|\bmillions?\b|\bmillionen\b", re.I)
_TONS_CUT = {"st": "short_ton", "lt": "long_ton", "t": "t"}  # as cells write them, also in capitals
_THOUSAND = re.compile(r"\b1[ .,']?000\b|'000\b|\bthousands?\b|\btausend\b|\bmilliers\b", re.I)
Kind = Callable[[str], str]


def unit_of(head: str) -> tuple[str, ...]:
    """Return the units of weight that a head may mean: none where it names none, several where it is not sure.

    Examples
    --------
    >>> unit_of("Net weight (kg)"), unit_of("1,000 t"), unit_of("Tons"), unit_of("Price")
    (('kg',), ('kt',), ('t', 'short_ton'), ())
    """
    said = re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head))
    low = [word.lower() for word in said]
    found = next((_WORDS[word.lower()] for word in said if word.lower() in _WORDS and word not in ("T", "G")), "")
    tons = [word for word in low if word in ("ton", "tons")]
    if tons:
        found = next((unit for word, unit in _TONS.items() if word in low), "")
    if "mt" in low:
        return ("t", "Mt")
    if not found:
        return ("t", "short_ton") if tons else ()
    if _MILLION.search(head):
        return {"t": ("Mt",), "kg": ("kt",)}.get(found, ())
    if _THOUSAND.search(head):
        return {"t": ("kt",), "kg": ("t",)}.get(found, ())
    return (found,)


def unit_size(cell: str) -> float | None:
    """Return the tonnes in the unit that a cell names; None where it names none of weight for sure.

    Examples
    --------
    >>> unit_size("kg"), unit_size("thousand metric tons"), unit_size("st"), unit_size("tons"), unit_size("m3")
    (0.001, 1000.0, 0.90718474, None, None)
    """
    said = unit_of(cell)
    word = cell if cell in UNITS else _TONS_CUT.get(cell.lower(), said[0] if len(said) == 1 else "")
    return UNITS.get(word)


@dataclass(frozen=True)
class Excerpt:
    """What of a file is the table, and how its cells are read.

    Attributes
    ----------
    sheet : str, optional
        Default the only one.
    header : int or str, optional
        Row of the heads, or rows ("4-5"); default the first.
    without_rows : int, str or list, optional
        Rows that are left out, as a spreadsheet counts them: ``[12, 30]`` or "12,30-32".
    rename : mapping
        Head to name of ours.
    unit : str, optional
        Of all weights, a key of ``UNITS``; default tonnes.
    countries : mapping
        What stands for a country, to its code.
    separator, decimal : str, optional
        As of ``read``.
    fill_down : bool
        Whether a blank end of a flow is the one that stands above it.
    """

    sheet: str | None = None
    header: int | str | None = None
    without_rows: Any = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    countries: Mapping[str, str] = field(default_factory=dict)
    separator: str = ","
    decimal: str | None = None
    fill_down: bool = False

    @property
    def is_asked(self) -> bool:
        """Whether anything is said that only a file with a table inside needs."""
        return replace(self, without_rows=()) != Excerpt() or bool(rows(self))


def rows(how: Excerpt) -> frozenset[int]:
    """Return the rows that are left out.

    Raises
    ------
    DataError
        If they are no numbers of rows.
    """
    given = how.without_rows
    words = given.split(",") if isinstance(given, str) else [given] if isinstance(given, int) else list(given or ())
    found: set[int] = set()
    for word in words if words != [""] else []:
        first, last = _span(str(word).strip(), "without_rows", "Give rows as a spreadsheet counts them: 12,30-32.")
        found |= set(range(first, last + 1))
    return frozenset(found)


def header_rows(how: Excerpt) -> tuple[int, int]:
    """Return the first and the last row of the heads, counted from 1.

    Raises
    ------
    DataError
        If it is no row.
    """
    if how.header is None:
        return 1, 1
    return _span(str(how.header).strip(), "header", "Give the row of the heads, such as 5, or its rows, such as 4-5.")


def _span(word: str, argument: str, remedy: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", word)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= first <= last:
        raise DataError(f'{argument}: "{word}" is no row. {remedy}')
    return first, last


def excerpt(path: Path, how: Excerpt, kind: Kind) -> Records:
    """Return the table in a file: our names, plain numbers, tonnes.

    Parameters
    ----------
    path : Path
    how : Excerpt
    kind : callable
        What a column of ours holds: "text", "number", or "tonnes".

    Raises
    ------
    DataError
        If the table does not stand there, or with every cell that is no number where one must stand.
    """
    if how.unit is not None:
        checks.known(how.unit, UNITS, "unit", "unit")
    separator = "\t" if path.suffix.lower() == ".tsv" and how.separator == "," else how.separator
    grid = _grid(path, how.sheet, separator)
    file = f"{path.name}!{grid.sheet}" if grid.sheet else path.name
    first, last = header_rows(how)
    left_out = rows(how)
    beyond = max([last, *left_out])
    if beyond > len(grid.rows):
        rule = f"there is no row {beyond}: the last is {len(grid.rows)}"
        raise refuse(file, rule, "Correct header= (--header) or without_rows= (--without-rows).")
    heads = grid.heads(first - 1, last - 1)
    names = _named(heads, how.rename, file)
    body = list(grid.body(last - 1, left_out))
    if not body:
        raise refuse(file, f"no row stands below row {last}", "Correct header= (--header).")
    out = Records(names, [cells for _, cells in body], [line for line, _ in body])
    columns: list[list[Any]] = []
    by_row = names.index("unit") if "unit" in names and how.unit is None else None
    for place, name in enumerate(names):
        cells = [row[place] for row in out.rows]
        what = kind(name)
        if what == "text":
            columns.append([_text(cell) for cell in cells])
        else:
            is_weight = what == "tonnes"
            is_told = by_row is not None and is_weight
            scale = _scale(heads[place], name, how.unit, file) if is_weight and not is_told else 1.0
            read = _numbers(cells, how.decimal, scale, file, name, out)
            columns.append(_in_tonnes(read, by_row, file, out) if is_told else read)
    if by_row is not None:
        del names[by_row], columns[by_row]
    if how.countries:
        _say_countries(names, columns, how.countries)
    if how.fill_down:
        for place in [place for place, name in enumerate(names) if name in ENDS]:
            columns[place] = _filled(columns[place])
    out.rows = list(map(list, zip(*columns, strict=True)))
    if out.faults:
        raise DataError(faults=out.faults)
    return out


def _in_tonnes(cells: list[float | None], place: int | None, file: str, out: Records) -> list[float | None]:
    """Return weights in tonnes by the unit that each row says."""
    found: list[float | None] = []
    for i, cell in enumerate(cells):
        word = _text(out.rows[i][place or 0])
        units = unit_of(word)
        if cell is not None and len(units) != 1 and len(out.faults) < MOST_FAULTS:
            rule = "is no unit of weight that is known" if not units else f"may be {' or '.join(units)}"
            remedy = f"Write one of {', '.join(UNITS)}, leave out the row (--without-rows), or give unit= (--unit)."
            out.faults.append(Fault(file, out.lines[i], "unit", word, rule, remedy))
        found.append(cell * UNITS[units[0]] if cell is not None and units else None)
    return found


def _filled(cells: list[Any]) -> list[Any]:
    above = ""
    return [above := cell or above for cell in cells]


def _grid(path: Path, sheet: str | None, separator: str) -> Grid:
    grids = [grid for grid in read_grids(path, sheet=sheet, separator=separator) if grid.rows]
    if len(grids) == 1:
        return grids[0]
    if not grids:
        raise refuse(path.name, "holds nothing", "Give a file that holds a table.")
    titles = ", ".join(f'"{plain(grid.sheet)}"' for grid in grids)
    raise refuse(path.name, f"holds several sheets: {titles}", "Give sheet= (--sheet).")


def _named(heads: list[str], rename: Mapping[str, str], file: str) -> list[str]:
    for old in rename:
        if old not in heads:
            raise DataError(f"{file}: rename: {checks.unknown(old, heads, 'column')} chainnet look FILE lists them.")
    names = [rename.get(head, head) for head in heads]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise refuse(file, f'two columns are "{twice}"', "Rename one of them otherwise.")
    return names


def _scale(head: str, name: str, unit: str | None, file: str) -> float:
    """Return the tonnes in a unit; a head that names one is never read in another unseen."""
    said = unit_of(head)
    if unit is None and said and said != ("t",) and head != name:
        named = " or ".join(said)
        raise refuse(
            file, f"the head names {named}, and tonnes are read", f"Give unit= (--unit {said[0]}).", column=head
        )
    return UNITS[unit or "t"]


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "" if cell is None else number_text(cell)


def _numbers(
    cells: list[Cell], decimal: str | None, scale: float, file: str, name: str, out: Records
) -> list[float | None]:
    """Return numbers, in tonnes where they are weights; None for what statistics write where they have none."""
    told = [None if isinstance(cell, str) and cell.lower() in NOTHING else cell for cell in cells]
    read, open_cell = as_numbers(pd.Series(told, dtype="object"), decimal)
    found: list[float | None] = [cell * scale if isinstance(cell, float) else None for cell in read.tolist()]
    if open_cell is not None:
        row, *words = open_cell
        out.faults.append(Fault(file, out.lines[row], name, *words))
        return found
    remedy = "Correct it, leave out its row (--without-rows), or name the decimal mark (--decimal)."
    for i, cell in enumerate(read.tolist()):
        if isinstance(cell, str) and len(out.faults) < MOST_FAULTS:
            out.faults.append(Fault(file, out.lines[i], name, cell, "not a plain number", remedy))
    return found


def _say_countries(names: list[str], columns: list[list[Any]], countries: Mapping[str, str]) -> None:
    """Put codes in place of what stands for a country."""
    places: Collection[int] = [place for place, name in enumerate(names) if name in PLACES]
    known = {cell for place in places for cell in columns[place]}
    for old in countries:
        if old not in known:
            raise DataError(f"countries: {checks.unknown(old, known, 'name')}")
    for place in places:
        columns[place] = [countries.get(cell, cell) for cell in columns[place]]
