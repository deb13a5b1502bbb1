"""Where the heads of a strange table stand, and which rows below them are none of its data: totals, notes, heads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainnet.io.columns import code_of, role_of, text_of
from chainnet.io.excerpts import NOTHING, unit_of
from chainnet.io.grid import Cell, Grid
from chainnet.network import number_of

_HEAD_ROWS = 60  # above the first row of data
_LONGEST_UNIT = 12  # letters of a unit that stands by itself
_MOST_HEADS = 3  # rows of one header
_YEAR = re.compile(r"(19[5-9]|20)\d\d")
_TOTAL = re.compile(
    r"((grand|world) )?totals?( general)?|sub[- ]?totals?\b.*|sums?|summe|(ins)?gesamt|somme|suma|(the )?world|welt|"
    r"monde|mundo|all countries|alle l\u00e4nder|\u5408\u8ba1|\u603b\u8ba1|\u5c0f\u8ba1.*|.*\u5c0f\u8ba1|"
    r"\u4e16\u754c|\u5168\u7403|\u0432\u0441\u0435\u0433\u043e|\u0438\u0442\u043e\u0433\u043e",
    re.I,
)  # fmt: skip
# what may be a sum, or the name of a plant or of a country that is counted for itself
_GROUP = re.compile(
    r"totals?\b.*|.*\btotals?|sum of .*|(africa|asia|europe|(north |south |latin |central )?americas?|oceania|eu|"
    r"e\.u\.|eu[- ]?2[578]|european union|oecd|asean|brics|opec|middle east)( \(.*\))?",
    re.I,
)
_CLOSE = 1e-6  # relative: what figures of six places add up to


@dataclass(frozen=True)
class Extra:
    """A row that is no data: its number in the file, kind (total, note, head, maybe), what it says, why."""

    row: int
    kind: str
    said: str
    why: str


def header_of(grid: Grid) -> tuple[int, int] | None:
    """Return the first and the last row of the heads, counted from 0; None where nothing looks like a table."""
    data = _first_data(grid.rows)
    if data is None:
        wide = [i for i, row in enumerate(grid.rows[:_HEAD_ROWS]) if _filled(row) >= 2]
        return (wide[0], wide[0]) if wide and len(grid.rows) > wide[0] + 1 else None
    above = [i for i in range(data - 1, -1, -1) if _filled(grid.rows[i])]
    block = []
    for i in above:
        if not _is_words(grid.rows[i]) or (_filled(grid.rows[i]) < 2 and not _is_part(grid, i)):
            break
        block.append(i)
    if not block:
        return None
    telling = [i for i in block if _n_roles(grid.rows[i]) or _is_years(grid.rows[i])]
    last = telling[0] if telling else block[0]
    first = last
    for i in block:
        if (
            i < first
            and i == first - 1
            and last - i < _MOST_HEADS
            and (_n_roles(grid.rows[i]) or _is_above(grid, i, last))
        ):
            first = i
    return first, last


def _filled(row: Sequence[Cell]) -> int:
    return sum(cell is not None for cell in row)


def _is_words(row: Sequence[Cell]) -> bool:
    """Say whether a row may be heads: words, or years among words."""
    numbers = [text_of(cell) for cell in row if _number(cell)]
    return _filled(row) > 0 and all(_YEAR.fullmatch(one) for one in numbers)


def _number(cell: Cell) -> bool:
    return isinstance(cell, float) or (isinstance(cell, str) and any(c.isdigit() for c in cell) and _reads(cell))


def _reads(text: str) -> bool:
    return text.lower() in NOTHING or number_of(text, ".") is not None or number_of(text, ",") is not None


def _n_roles(row: Sequence[Cell]) -> int:
    return sum(bool(role_of(cell)[0]) for cell in row if isinstance(cell, str))


def _is_years(row: Sequence[Cell]) -> bool:
    """Say whether a row holds years alone, as under a head over several columns."""
    return _filled(row) > 1 and all(_YEAR.fullmatch(text_of(cell)) for cell in row if cell is not None)


def _spans(grid: Grid, row: int) -> bool:
    """Say whether a row holds a head over some columns, but not a title over all."""
    spans = [one for one in grid.merged if one[0] <= row <= one[2] and one[3] > one[1]]
    return any(right - left + 1 < grid.width for _, left, _, right in spans)


def _is_part(grid: Grid, row: int) -> bool:
    """Say whether a row of one cell belongs to the heads: it is a unit, or stands over or under some columns alone."""
    place, cell = next((i, cell) for i, cell in enumerate(grid.rows[row]) if cell is not None)
    return _spans(grid, row) or place > 0 or (len(text_of(cell)) < _LONGEST_UNIT and bool(unit_of(text_of(cell))))


def _is_above(grid: Grid, row: int, last: int) -> bool:
    """Say whether a row without telling words is the upper part of the heads: merged, or with gaps that they fill."""
    return _spans(grid, row) or 2 <= _filled(grid.rows[row]) < _filled(grid.rows[last])


def _first_data(rows: Sequence[Sequence[Cell]]) -> int | None:
    """Return the first row that has a number and as many cells as rows with numbers usually have."""
    some = [(i, _filled(row)) for i, row in enumerate(rows[:2000]) if any(map(_number, row)) and _filled(row) >= 2]
    some = [(i, n) for i, n in some if not _years_only(rows[i])]
    if not some:
        return None
    usual = sorted(n for _, n in some)[len(some) // 2]
    return next(i for i, n in some if 2 * n > usual)


def _years_only(row: Sequence[Cell]) -> bool:
    """Say whether all numbers of a row are years, beside a telling head: heads, or a line of a title."""
    return _is_words(row) and (_n_roles(row) > 0 or _is_years(row))


def extra_rows(
    body: Sequence[tuple[int, list[Cell]]], heads: Sequence[Cell], ends: Sequence[int], weight: int | None, mark: str
) -> list[Extra]:
    """Return the rows below the heads that are no data, with the reason for each.

    Parameters
    ----------
    body : sequence of (int, list)
        Number of each row, and its cells.
    heads : sequence
        The lowest row of the heads.
    ends : sequence of int
        Columns of the countries or plants at the ends of a flow.
    weight : int or None
        Column of the weights.
    mark : str
        Decimal mark of the numbers that are text.
    """
    found: dict[int, Extra] = {}
    for line, cells in body:
        said = next((cell for cell in cells if isinstance(cell, str)), "")
        if heads and _filled(cells) > 1 and list(cells) == [*heads, *[None] * (len(cells) - len(heads))]:
            found[line] = Extra(line, "head", said, "the heads again")
        elif weight is not None and ends and _is_beside(cells, ends, weight):
            found[line] = Extra(line, "note", said, "no figure, and not two ends of a flow: a note or a title")
    data = [(line, cells) for line, cells in body if line not in found]
    if weight is not None:
        for one in _totals(data, ends, [figure(cells[weight], mark) for _, cells in data]):
            found[one.row] = one
    for line, cells in data:
        if line not in found and len(ends) > 1 and any(cells[end] is None for end in ends):
            said = next((cell for cell in cells if isinstance(cell, str)), "")
            found[line] = Extra(line, "blank end", said, "an end of the flow is blank")
    return [found[line] for line in sorted(found)]


def _is_beside(cells: Sequence[Cell], ends: Sequence[int], weight: int) -> bool:
    if _filled(cells) == 1 and len(ends) > 1:
        return not _number(cells[weight])
    return cells[weight] is None and not (len(ends) > 1 and all(cells[end] is not None for end in ends))


def figure(cell: Cell, mark: str) -> float | None:
    """Return a cell as a number, None where it is none."""
    if not isinstance(cell, str):
        return cell
    if cell.lower() in NOTHING:
        return None
    return number_of(cell, mark)


def _word(pattern: re.Pattern[str], cells: Sequence[Cell], ends: Sequence[int]) -> str:
    """Return the cell that says what a row sums up, "" where none does."""
    told = [cells[place] for place in dict.fromkeys((0, *ends))]
    return next((c for c in told if isinstance(c, str) and pattern.fullmatch(c) and not code_of(c)[0]), "")


def _totals(
    data: Sequence[tuple[int, list[Cell]]], ends: Sequence[int], figures: Sequence[float | None]
) -> list[Extra]:
    """Return the rows that are sums of others, and those that may be."""
    found: list[Extra] = []
    names = [_word(_TOTAL, cells, ends) for _, cells in data]
    below, same = _below(data, figures, names), _same(data, ends, figures, names)
    run, all_above = _Span(), _Span()
    for place, (line, cells) in enumerate(data):
        value = figures[place]
        if value is None or not value > 0:
            if names[place]:
                found.append(Extra(line, "total", names[place], "it says so"))
            continue
        lacks = bool(ends) and any(cells[end] is None for end in ends)
        group = _word(_GROUP, cells, ends)
        least = 1 if names[place] else 2 if lacks or group else 3
        kept = [same[end, cells[end]] for end in ends if (end, cells[end]) in same]
        spans = [one for one in (run, all_above, *below[place], *kept) if one.n >= least]
        adds = next((one.words for one in spans if abs(one.total - value) <= _CLOSE * value), "")
        said = names[place] or group or next((c for c in cells if isinstance(c, str)), "")
        if names[place]:
            other = "what it is the sum of is not found"
            if spans and not kept:
                other = f"{spans[0].words} add up to {spans[0].total:g}, it says {value:g}"
            found.append(Extra(line, "total", said, f"it says so; {f'{adds} add up to it' if adds else other}"))
        elif adds and (lacks or group):
            found.append(Extra(line, "total", said, f"{adds} add up to it" + ("; an end is blank" if lacks else "")))
        elif group or (adds and not (ends and all(code_of(cells[end])[0] for end in ends))):
            why = f"{adds} add up to it" if adds else "by its name it may be a sum; of what is not found"
            found.append(Extra(line, "maybe", said, why))
        elif lacks and len(ends) > 1:
            found.append(Extra(line, "blank end", said, "an end of the flow is blank, and nothing adds up to it"))
        if found and found[-1].row == line and found[-1].kind == "total":
            run = _Span()
        else:
            run, all_above = run.with_row(line, value), all_above.with_row(line, value)
    return found


@dataclass(frozen=True)
class _Span:
    """Some rows, one after the other or not, and what they add up to."""

    first: int = 0
    last: int = 0
    total: float = 0.0
    n: int = 0
    is_near: bool = True

    @property
    def words(self) -> str:
        if not self.is_near:
            return "the rows of the same end of a flow"
        if self.n == 1:
            return f"row {self.first}"
        some = f" ({self.n} of data)" if self.last - self.first >= self.n else ""
        return f"rows {self.first} to {self.last}{some}"

    def with_row(self, row: int, value: float) -> _Span:
        ends = (self.first, row) if not self.n or row > self.first else (row, self.last)
        first, last = (row, row) if not self.n else ends
        return _Span(first, last, self.total + value, self.n + 1, self.is_near)


def _same(
    data: Sequence[tuple[int, list[Cell]]], ends: Sequence[int], figures: Sequence[float | None], names: Sequence[str]
) -> dict[tuple[int, Cell], _Span]:
    """Return by an end of the flow and what stands there the rows that have it too, totals aside."""
    out: dict[tuple[int, Cell], _Span] = {}
    for (line, cells), value, name in zip(data, figures, names, strict=True):
        for end in ends:
            if cells[end] is not None and value is not None and not name:
                out[end, cells[end]] = out.get((end, cells[end]), _Span(is_near=False)).with_row(line, value)
    return out


def _below(
    data: Sequence[tuple[int, list[Cell]]], figures: Sequence[float | None], names: Sequence[str]
) -> list[tuple[_Span, _Span]]:
    """Return for each row those below it until the next total, and all below it that are none."""
    out: list[tuple[_Span, _Span]] = []
    run, every = _Span(), _Span()
    for (line, _), value, name in zip(reversed(data), reversed(figures), reversed(names), strict=True):
        out.append((run, every))
        if name:
            run = _Span()
        elif value is not None:
            run, every = run.with_row(line, value), every.with_row(line, value)
    return out[::-1]
