"""What a strange sheet holds: its heads, columns and rows that are no data, and what is to be said of the cells."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chainnet.io.columns import BACI, Seen, code_of, seen, text_of
from chainnet.io.excerpts import DIRECTIONS, NOTHING
from chainnet.io.grid import Cell, Grid
from chainnet.io.rows import Extra, extra_rows, figure, header_of
from chainnet.io.siblings import parts_of, same_places, sums_of
from chainnet.network import countries_near, is_open

_NAMED = 6  # names that a sentence lists
_TWO_SIDED = ("reporter", "partner", "flow")


@dataclass
class Sheet:
    """A sheet as it seems.

    ``header``: first and last row of the heads, counted from 1, None where there is no table. ``rows``: the data, with
    their numbers in the file. ``ends``: columns of the two ends of a flow. ``form``: "trade" (countries ship to
    countries), "reports" (a reporter tells what it exports and imports), "edges" (plants ship to plants), "figures"
    (one place a row), "matrix", "nothing". ``said``: sentences.
    """

    grid: Grid
    header: tuple[int, int] | None = None
    heads: list[str] = field(default_factory=list)
    columns: list[Seen] = field(default_factory=list)
    extras: list[Extra] = field(default_factory=list)
    rows: list[tuple[int, list[Cell]]] = field(default_factory=list)
    ends: list[Seen] = field(default_factory=list)
    weights: list[Seen] = field(default_factory=list)
    sums: dict[int, tuple[int, ...]] = field(default_factory=dict)
    form: str = "nothing"
    marks: tuple[str, ...] = (".", ",")
    is_marked: bool = False
    said: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What a message calls it."""
        return f'sheet "{self.grid.sheet}"' if self.grid.sheet else "the file"

    def of_role(self, *roles: str) -> list[Seen]:
        """Return the columns that seem to be this."""
        return [one for one in self.columns if one.role in roles]

    @property
    def body(self) -> list[tuple[int, list[Cell]]]:
        """The rows of data; before they are told from the others, all below the heads."""
        return self.rows or (list(self.grid.body(self.header[1] - 1)) if self.header else [])

    def cells(self, one: Seen) -> list[Cell]:
        """Return the cells of a column, of data alone."""
        return [cells[one.place] for _, cells in self.rows]


def sheet_seen(grid: Grid) -> Sheet:
    """Return what a sheet seems to hold."""
    out = Sheet(grid)
    found = header_of(grid)
    if found is None:
        return out
    first, last = found
    out.header, out.heads = (first + 1, last + 1), grid.heads(first, last)
    body = list(grid.body(last))
    lone = grid.width > 2  # then a row of one cell is a note, and no figure of the column that it stands in
    out.columns = _columns(out.heads, [row for row in body if not lone or sum(c is not None for c in row[1]) > 1])
    _take_form(out)
    weight = out.weights[0].place if out.weights else None
    mark = _marks(out)[0][0]
    out.extras = extra_rows(body, grid.rows[last], [one.place for one in out.ends], weight, mark)
    dropped = {one.row for one in out.extras if one.kind != "maybe"}
    out.rows = [(line, cells) for line, cells in body if line not in dropped]
    out.columns = _columns(out.heads, out.rows)
    _take_form(out)
    out.marks, out.is_marked = _marks(out)
    wrong = _no_numbers(out)
    out.extras += wrong
    unread = {one.row for one in wrong}
    out.rows = [(line, cells) for line, cells in out.rows if line not in unread]
    _say(out)
    return out


def _columns(heads: Sequence[str], rows: Sequence[tuple[int, list[Cell]]]) -> list[Seen]:
    found = [seen(place, head, [cells[place] for _, cells in rows]) for place, head in enumerate(heads)]
    for one in found if set(heads) >= BACI.keys() else ():
        if one.head in BACI:
            one.role, one.evidence = BACI[one.head], "BACI calls it so"
            one.units = ("t",) if one.role == "weight" else ()
    return found


def _take_form(out: Sheet) -> None:
    """Say what kind of table it is, by its columns."""
    best = {role: _best(out.of_role(role)) for role in ("exporter", "importer", *_TWO_SIDED, "source", "target")}
    places = _distinct(out)
    _take_weights(out)
    ends = [one for one in (best["exporter"], best["importer"]) if one]
    told = [one for one in (best["reporter"], best["partner"]) if one]
    plants = [one for one in (best["source"], best["target"]) if one]
    if sum(bool(code_of(head.rpartition(" / ")[2])[0]) for head in out.heads) >= 3:
        out.form, out.ends = "matrix", []
    elif len(ends) == 2:
        out.ends, out.form = ends, "trade" if all(one.spelling for one in ends) else "edges"
    elif len(told) == 2:
        out.ends, out.form = told, "reports" if best["flow"] else "trade"
    elif best["flow"] and len(told + places) == 2:
        out.ends, out.form = [*told, *places], "reports"  # whose direction it is, is asked where no head says
        out.ends.sort(key=lambda one: one.role == "partner")
    elif len(plants) == 2:
        # firms ship to firms: of a firm and its country the firm is the end
        plants = [min(out.of_role(one.role), key=lambda two: (two.share_known, two.place)) for one in plants]
        out.ends, out.form = plants, "edges"
    elif len(told + places) == 2 and not ends:
        out.ends, out.form = sorted([*told, *places], key=lambda one: one.role == "partner"), "trade"
    elif len(places) + len(ends) + len(told) >= 1 and out.weights:
        out.ends, out.form = [*places, *ends, *told][:1], "figures"
    else:
        out.ends, out.form = [], "nothing"


def _distinct(out: Sheet) -> list[Seen]:
    """Return the columns of countries of which no head says the end; of a country's code and its name the first."""
    found: list[Seen] = []
    for one in out.of_role("place"):
        twin = next((other for other in found if same_places(other, one, out.body)), None)
        if twin is None:
            found.append(one)
        elif one.share_known > twin.share_known:
            found[found.index(twin)] = one
    return found


def _take_weights(out: Sheet) -> None:
    """Take the columns that may be weights; of a sum and its parts the sum alone."""
    numbers = [one for one in out.of_role("weight", "number") if one.n_filled]
    mark = next(iter(numbers[0].marks), ".") if numbers else "."
    out.sums = sums_of(numbers, out.body, mark)
    for place in out.sums:
        one = out.columns[place]
        parts = [out.columns[part] for part in out.sums[place]]
        if place not in parts_of(out.sums):
            one.role, one.units = "weight", one.units or next((part.units for part in parts if part.units), ())
        one.evidence = f"it is the sum of {listed(part.head for part in parts)} in every row"
    for place in parts_of(out.sums):
        out.columns[place].role = "part"
    out.weights = [one for one in out.of_role("weight") if one.n_filled] or out.of_role("number")


def _best(columns: Sequence[Seen]) -> Seen | None:
    """Return of columns that say one thing that whose cells are understood best; of equals the first."""
    return max(columns, key=lambda one: (one.share_known, -one.place), default=None)


def _marks(out: Sheet) -> tuple[tuple[str, ...], bool]:
    """Return the decimal marks under which all weights and values are numbers, and whether one must be named."""
    figures = [*out.weights, *out.of_role("value")]
    left = tuple(mark for mark in (".", ",") if all(mark in one.marks for one in figures))
    return left or (".",), any(one.is_marked for one in figures)


def _no_numbers(out: Sheet) -> list[Extra]:
    """Return the rows whose weight is no number, whatever the decimal mark."""
    if not out.weights:
        return []
    place, mark = out.weights[0].place, out.marks[0]
    return [
        Extra(line, "no number", cell, "its weight is no number; correct it, or it is left out")
        for line, cells in out.rows
        if isinstance(cell := cells[place], str) and cell.lower() not in NOTHING and figure(cell, mark) is None
    ]


def listed(words: Iterable[str]) -> str:
    """Return the first of some words in quotes, and how many more there are."""
    every = list(words)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(f'"{word}"' for word in every[:_NAMED]) + more


def _say(out: Sheet) -> None:
    """Note what is to be known of the cells."""
    if out.grid.is_cut:
        out.said.append(f"Only the first {len(out.grid.rows)} rows were looked at: totals further down are not named.")
    if out.grid.is_hidden:
        out.said.append("The sheet is hidden.")
    for one in out.weights[:1]:
        cells = out.cells(one)
        dashes = Counter(cell for cell in cells if isinstance(cell, str) and cell.lower() in NOTHING)
        for word, times in dashes.items():
            out.said.append(f'{times} cells of "{one.head}" hold "{word}": read as no figure.')
        blank = sum(cell is None for cell in cells)
        if blank:
            out.said.append(f'{blank} of {len(cells)} cells of "{one.head}" are blank: no figure.')
    if out.is_marked and len(out.marks) == 1:
        said = "decimal commas" if out.marks == (",",) else "decimal points and marks between thousands"
        out.said.append(f"Numbers are written with {said}.")
    for place, parts in out.sums.items():
        if place not in parts_of(out.sums):
            one, several = out.columns[place], listed(out.columns[part].head for part in parts)
            out.said.append(f'"{one.head}" is the sum of {several} in every row: it is read, and they are not.')
    _say_names(out)
    _say_pairs(out)


def _say_names(out: Sheet) -> None:
    """Note names that are nearly equal, and countries that nobody knows."""
    names = dict.fromkeys(text_of(cell) for one in out.ends for cell in out.cells(one) if cell is not None)
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(_bare(name), []).append(name)
    for several in (group for group in alike.values() if len(group) > 1):
        code = code_of(several[0])[0] if out.form in ("trade", "reports") else ""
        what = f"read as one, {code}." if code else "they stay apart, unless you write them alike."
        out.said.append(f"{listed(several)} differ by case, blanks or accents alone: {what}")
    if out.form in ("trade", "reports"):
        lone = [word for one in out.ends for word in one.strange if word != "NA" and not countries_near(word)]
        if lone:
            words = listed(dict.fromkeys(lone))
            out.said.append(f"{words}: no country that is known. Each stays a region, unless --country NAME=CODE says.")
    for end in out.ends:
        for other in out.of_role(end.role):
            is_twin = other not in out.ends and other.spelling and end.spelling
            differ = _differ(out, end, other) if is_twin else []
            if differ:
                out.said.append(f'"{end.head}" and "{other.head}" name different countries in rows {_rows(differ)}.')


def _bare(name: str) -> str:
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return "".join(c for c in letters.casefold() if c.isalnum())


def _differ(out: Sheet, one: Seen, other: Seen) -> list[int]:
    pairs = ((line, code_of(cells[one.place])[0], code_of(cells[other.place])[0]) for line, cells in out.rows)
    return [line for line, a, b in pairs if a and b and a != b]


def _rows(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines[:_NAMED])) + (f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else "")


def _say_pairs(out: Sheet) -> None:
    """Note flows that stand twice, from a country to itself, or that both sides report."""
    if len(out.ends) < 2:
        return
    keys = [*out.ends, *out.of_role("code")[:1], *out.of_role("year")[:1], *out.of_role("flow")[:1]]
    is_trade = out.form in ("trade", "reports")
    flows = [tuple(_key(cells[one.place], is_trade) for one in keys) for _, cells in out.rows]
    several = [flow for flow, times in Counter(flows).items() if times > 1]
    if several:
        first = " > ".join(several[0][:2])
        out.said.append(f"{len(several)} flows stand in several rows, the first {first}: they are added.")
    own = [line for (line, _), flow in zip(out.rows, flows, strict=True) if flow[0] == flow[1]]
    if own:
        end = "it is left out." if is_trade else "it moves nothing."
        out.said.append(f"Rows {_rows(own)} begin and end at one place: {end}")
    if out.form == "reports":
        ways = {word: DIRECTIONS.get(word.lower(), "") for *_, word in flows}
        strange = [word for word, way in ways.items() if not way]
        if strange:
            out.said.append(f"{listed(strange)}: no direction that is known. Write export or import in the file.")
        exports = {(other, me, *rest) for me, other, *rest, word in flows if ways[word] == "export"}
        mirrored = exports & {(me, other, *rest) for me, other, *rest, word in flows if ways[word] == "import"}
        out.said.append(f"{len(mirrored)} flows are reported by both sides, which become one figure.")


def _key(cell: Cell, is_trade: bool) -> str:
    text = text_of(cell)
    return (code_of(cell)[0] or text) if is_trade else text


def twice(out: Sheet) -> list[int]:
    """Return the rows that are equal to an earlier one in every cell."""
    known: set[tuple[Cell, ...]] = set()
    found = []
    for line, cells in out.rows:
        if tuple(cells) in known:
            found.append(line)
        known.add(tuple(cells))
    return found


def open_names(out: Sheet) -> dict[str, tuple[str, ...]]:
    """Return names that are no country for sure, with the codes that they may mean."""
    found: dict[str, tuple[str, ...]] = {}
    for one in out.ends:
        for word in dict.fromkeys(text_of(cell) for cell in out.cells(one) if cell is not None):
            if word == "NA":
                found[word] = ("NAM",)
            elif word in one.strange or (is_open(word) and one.spelling):
                near = countries_near(word)
                if near and word not in found:
                    found[word] = tuple(said[:3] for said in near)
    return found


def year_column(out: Sheet) -> tuple[Seen | None, list[str]]:
    """Return the column of years or other periods, one of plain years if there is any, and its periods."""
    found = [(one, sorted({text_of(cell) for cell in out.cells(one)}, reverse=True)) for one in out.of_role("year")]
    plain = [pair for pair in found if all(is_year(word) for word in pair[1])]
    return next(iter([*plain, *found]), (None, []))


def is_year(word: str) -> bool:
    """Say whether a text is a year by itself."""
    return word.isdigit() and len(word) == 4
