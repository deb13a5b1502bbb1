"""Columns that belong together: one that is the sum of others, parts of a year, one country written twice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from chainnet._types import Array
from chainnet.io.columns import Seen, code_of, head_words, text_of
from chainnet.io.grid import Cell
from chainnet.io.rows import figure

_CLOSE = 1e-6  # relative: what figures of six places add up to
_MOST = 40  # columns of numbers that are added up
_TRIED = 50  # rows by which a sum is looked for, before all are
# what a package weighs is asked: gross is net and tare
_NET = {"net", "netto", "gross", "brutto", "tare", "tara", "export", "exports", "import", "imports"}
_TOTAL = {"total", "sum", "summe", "gesamt", "insgesamt", "year", "jahr", "annee", "ano", "all", "suma", "somme"}
_PART = re.compile(
    r"(q|h|s|t|m)[1-4]|[1-4](q|h|s|t)|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|"
    r"([1-4]|i{1,3}|iv) (quarter|quartal|halbjahr|trimestre|semestre)|(first|second|1st|2nd) half|"
    r"(quarter|quartal|half|halbjahr) ([1-4]|i{1,3}|iv)|(\d+ )?(monat|month|mois) ?\d*",
)  # fmt: skip


def sums_of(columns: Sequence[Seen], rows: Sequence[tuple[int, list[Cell]]], mark: str) -> dict[int, tuple[int, ...]]:
    """Find the columns that are the sum of others in every row, and of which.

    Parameters
    ----------
    columns : sequence of Seen
        Those that hold numbers.
    rows : sequence of (int, list)
    mark : str
        Decimal mark of the numbers that are text.

    Returns
    -------
    dict
        Place of the sum -> places of its parts, the largest sum first.
    """
    columns = [one for one in columns if not _NET & set(head_words(one.head))][:_MOST]
    if len(columns) < 3 or not rows:
        return {}
    numbers = np.array([[figure(cells[one.place], mark) for one in columns] for _, cells in rows], dtype=np.float64)
    numbers = np.nan_to_num(numbers)
    found: dict[int, tuple[int, ...]] = {}
    size = numbers.sum(axis=0)
    for total in sorted(range(len(columns)), key=lambda i: size[i]):  # the small sums first: they are parts of no other
        others = [i for i in range(len(columns)) if i != total and i not in found and size[i] > 0]
        parts = _parts(numbers, total, others) if size[total] > 0 else ()
        is_told = bool(_TOTAL & set(head_words(columns[total].head)))
        if parts and (np.count_nonzero(numbers[:, total]) > 1 or is_told):
            found[total] = parts
    return {
        columns[total].place: tuple(columns[i].place for i in found[total])
        for total in sorted(found, key=lambda i: -size[i])
    }


def _parts(numbers: Array, total: int, others: Sequence[int]) -> tuple[int, ...]:
    """Return neighbours, two or more, that add up to a column in every row."""
    for first, last in combinations(range(len(others) + 1), 2):
        run = others[first:last]
        if len(run) < 2:
            continue
        for some in (numbers[:_TRIED], numbers):
            if not np.allclose(some[:, run].sum(axis=1), some[:, total], rtol=_CLOSE, atol=0.0):
                break
        else:
            if np.count_nonzero(numbers[:, run].any(axis=0)) == len(run):
                return tuple(run)
    return ()


def is_part(head: str) -> bool:
    """Say whether a head names a part of a year: a quarter, a half, a month.

    Examples
    --------
    >>> [is_part(head) for head in ("Q1", "Tonnes / H2", "1. Halbjahr", "March 2022", "2022", "Quantity (t)")]
    [True, True, True, True, False, False]
    """
    words = [word for word in head_words(head.rpartition(" / ")[2]) if not re.fullmatch(r"(19|20)\d\d|t|kg|kt", word)]
    return bool(_PART.fullmatch(" ".join(words)))


def same_places(one: Seen, other: Seen, rows: Sequence[tuple[int, list[Cell]]]) -> bool:
    """Say whether two columns name one country in each row, such as its code and its name."""
    pairs = {(text_of(cells[one.place]), text_of(cells[other.place])) for _, cells in rows}
    both = [(a, b) for a, b in ((code_of(a)[0], code_of(b)[0]) for a, b in pairs) if a and b]
    return bool(both) and all(a == b for a, b in both)


def parts_of(sums: Mapping[int, Sequence[int]]) -> set[int]:
    """Return the columns that are parts of a sum; sums of some of its parts, or of the same, among them."""
    places = list(sums)
    within = {
        place
        for i, place in enumerate(places)
        for j, other in enumerate(places)
        if set(sums[place]) < set(sums[other]) or (j < i and set(sums[place]) == set(sums[other]))
    }
    return within | {part for parts in sums.values() for part in parts}
