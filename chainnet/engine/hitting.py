"""Sets that meet every row of a list, in the order of their weight; the list may grow while they are looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from chainnet._types import Array

Members = frozenset[int]
EVERY = 1000  # looks between two words of how far it is


def hitting_sets(
    weight: Array, rows: Sequence[Members], found: Sequence[Members], most: float
) -> Iterator[tuple[Members | None, float]]:
    """Give sets that have a member of every row, the lightest first.

    Parameters
    ----------
    weight : array
        Of each member, 0 or more; infinite = never taken.
    rows : sequence of sets
        Of each at least one. Whoever takes a set may add a row that it does not meet.
    found : sequence of sets
        What holds one of these whole is left out; whoever takes a set adds it here, or a part of it.
    most : float
        How many members a set may have.

    Yields
    ------
    (set, weight)
        None for the set now and then: no set that is yet to come is lighter than the weight beside it.

    Notes
    -----
    Best first. A set that misses rows is followed by one for each member that is open to the row with fewest; the
    members before it are closed there, so no set comes twice. Its bound adds, over rows that share no open member, the
    lightest of each.
    """
    order = sorted((i for i in range(len(weight)) if weight[i] < float("inf")), key=lambda i: (weight[i], i))
    place = {i: bit for bit, i in enumerate(order)}
    heavy = [float(weight[i]) for i in order]
    masks: list[int] = []
    heap = [(0.0, 0, 0, 0, 0.0)]
    looked = 0
    while heap:
        bound, _, chosen, closed, held = heappop(heap)
        looked += 1
        if looked % EVERY == 0:
            yield None, bound
        members = frozenset(order[bit] for bit in _bits(chosen))
        if any(one <= members for one in found):
            continue
        masks = _masks(rows, place, masks)
        left = [mask for mask in masks if not mask & chosen]
        if not left:
            yield members, held
            if any(one <= members for one in found):
                continue
            masks = _masks(rows, place, masks)
            left = [mask for mask in masks if not mask & chosen]
        if len(members) >= most:
            continue
        for bit in _bits(min((mask & ~closed for mask in left), key=int.bit_count)):
            looked += 1
            taken, weighs = chosen | 1 << bit, held + heavy[bit]
            more = _least([mask & ~closed for mask in left if not mask >> bit & 1], heavy)
            if more < float("inf"):
                heappush(heap, (weighs + more, looked, taken, closed, weighs))
            closed |= 1 << bit


def _masks(rows: Sequence[Members], place: dict[int, int], known: list[int]) -> list[int]:
    """Return the rows as numbers, those with the fewest members first."""
    if len(known) == len(rows):
        return known
    return sorted((sum(1 << place[i] for i in row if i in place) for row in rows), key=int.bit_count)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        last = mask & -mask
        yield last.bit_length() - 1
        mask ^= last


def _least(rows: Sequence[int], heavy: Sequence[float]) -> float:
    """Return a bound of what it weighs to meet all rows; members are numbered by their weight."""
    total, used = 0.0, 0
    for row in rows:
        if not row:
            return float("inf")
        if not row & used:
            used |= row
            total += heavy[(row & -row).bit_length() - 1]
    return total
