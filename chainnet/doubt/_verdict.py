"""What a verdict is, and when another answer changes it: class, bottleneck, rank, what closes the gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import CERTAIN, LEAST_SIZE, PRINTED

# word of each class, and the share of demand up to which it holds
CLASSES = {"met": 0.01, "little": 0.1, "part": 0.5, "most": np.inf}
MET = next(iter(CLASSES))
LEVELS = ("existing", "new", "stocks", "projects")


def class_of(share: float) -> str:
    """Return the class of what a tier lacks: met, little, part or most.

    Parameters
    ----------
    share : float
        Of its demand: met up to 0.01, little up to 0.1, part up to 0.5, most beyond; what is within 1e-6 of a border
        is in the lower class.

    Returns
    -------
    str

    Examples
    --------
    >>> [class_of(share) for share in (0.01, 0.010002, 0.1, 0.5, 0.6)]
    ['met', 'little', 'little', 'part', 'most']
    """
    return next(word for word, most in CLASSES.items() if share <= most + PRINTED)


def apart(one: float, other: float) -> int:
    """Return by how many classes two shares differ."""
    words = list(CLASSES)
    return abs(words.index(class_of(one)) - words.index(class_of(other)))


@dataclass(frozen=True)
class Bottleneck:
    """What costs a tier most when it alone drops out, if the tier is served first: all that tie, and the loss."""

    names: frozenset[object]
    lost_tpa: float
    lost_share: float


@dataclass(frozen=True)
class Outcome:
    """The answer of one way to judge or one variation, arrays by tier, t/yr.

    ``short`` and ``calm``: the least and the most that is short, with the scenario and without any; they differ
    where who of several is served is a tie. ``closes``: the levels that leave each tier without shortfall. ``steps``
    and ``countries``: the bottleneck and the costliest country of each tier; None = not asked of it.
    """

    wanted: Array
    short: tuple[Array, Array]
    calm: tuple[Array, Array]
    closes: tuple[frozenset[str], ...] = ()
    steps: tuple[Bottleneck | None, ...] = ()
    countries: tuple[Bottleneck | None, ...] = ()

    @property
    def share(self) -> Array:
        """Share of each tier's demand that is short; the middle, where that is a tie."""
        return shortfall((self.short[0] + self.short[1]) / 2.0, self.wanted)

    @property
    def already(self) -> Array:
        """The same without the scenario."""
        return shortfall((self.calm[0] + self.calm[1]) / 2.0, self.wanted)

    @property
    def due(self) -> Array:
        """Share that is short because of the scenario: what is short less what is so without it."""
        low, high = self.due_ends
        return (low + high) / 2.0

    @property
    def due_ends(self) -> tuple[Array, Array]:
        """The least and the most of it; the same users are favoured with the scenario and without."""
        size = np.maximum(self.wanted, LEAST_SIZE)
        ends = [(short - calm) / size for short, calm in zip(self.short, self.calm, strict=True)]
        ends = [np.where(np.abs(end) <= CERTAIN, 0.0, np.where(end >= 1.0 - CERTAIN, 1.0, end)) for end in ends]
        return np.minimum(*ends), np.maximum(*ends)


def shortfall(short: Array, wanted: Array) -> Array:
    """Return the share of demand that is short, 0 where nothing is asked for; rounding at 0 and 1 is taken off."""
    share = short / np.maximum(wanted, LEAST_SIZE)
    return np.where(share <= CERTAIN, 0.0, np.where(share >= 1.0 - CERTAIN, 1.0, share))


def top_of(index: pd.Index, lost: Array, base: float) -> Bottleneck:
    """Return what costs most among removals of one kind; nothing where none costs anything."""
    most = float(lost.max(initial=0.0))
    size = max(base, LEAST_SIZE)
    if most <= CERTAIN * size:
        return Bottleneck(frozenset(), 0.0, 0.0)
    tied = np.flatnonzero(lost >= most - CERTAIN * size)
    return Bottleneck(frozenset(index[tied]), most, most / size)


def changed(central: Outcome, other: Outcome, tier: int) -> list[str]:
    """Return what of a tier's verdict is another one: class, bottleneck, rank, closed_by."""
    words = []
    if apart(float(central.due[tier]), float(other.due[tier])):
        words.append("class")
    for word, before, after in (
        ("bottleneck", central.steps[tier], other.steps[tier]),
        ("rank", central.countries[tier], other.countries[tier]),
    ):
        if before is not None and after is not None and _is_another(before, after):
            words.append(word)
    if central.closes[tier] != other.closes[tier]:
        words.append("closed_by")
    return words


def _is_another(before: Bottleneck, after: Bottleneck) -> bool:
    """Say whether no leader is left: of several that tie any one is a true answer."""
    return before.names != after.names and not before.names & after.names
