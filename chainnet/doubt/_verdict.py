"""What a verdict is, and when another answer changes it: category, bottleneck, rank, what closes the gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import CERTAIN, LEAST_SIZE, PRINTED

# word of each category and the short share below which it holds
CATEGORIES = {"met": PRINTED, "little": 0.1, "part": 0.5, "most": np.inf}
LEVELS = ("existing", "new", "stocks", "projects")


def category(shortfall_share: float) -> str:
    """Return the word for a share of demand that is short: met, little, part or most.

    Parameters
    ----------
    shortfall_share : float
        From 0 to 1; met below 1e-6, little below 0.1, part below 0.5, most from there.

    Returns
    -------
    str
    """
    share = round(shortfall_share, 9)  # a share that ends on a limit is no matter of the last digit of a solve
    return next(word for word, most in CATEGORIES.items() if share < most)


def next_share(shortfall_share: float) -> float:
    """Return the share from which the category is a worse one; infinite where there is none."""
    return CATEGORIES[category(shortfall_share)]


@dataclass(frozen=True)
class Bottleneck:
    """What costs a tier most when it alone drops out, if the tier is served first: all that tie, and the loss."""

    names: frozenset[object]
    lost_tpa: float
    lost_share: float


@dataclass(frozen=True)
class Outcome:
    """The answer of one way to judge or one variation, arrays by tier, t/yr.

    ``most`` and ``least`` are the ends of the shortfall: they differ where nobody comes first. ``closes``: the levels
    that leave each tier without shortfall. ``steps`` and ``countries``: the bottleneck and the costliest country of
    each tier; None = not asked of it.
    """

    wanted: Array
    most: Array
    least: Array
    closes: tuple[frozenset[str], ...]
    steps: tuple[Bottleneck | None, ...]
    countries: tuple[Bottleneck | None, ...]

    @property
    def share(self) -> Array:
        """Share of each tier's demand that is short, at the most."""
        return shortfall(self.most, self.wanted)

    @property
    def least_share(self) -> Array:
        """The same, at the least."""
        return shortfall(self.least, self.wanted)


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


def changed(stated: Outcome, other: Outcome, tier: int) -> list[str]:
    """Return what of a tier's verdict is another one: category, bottleneck, rank, closed_by."""
    said = []
    if category(float(stated.share[tier])) != category(float(other.share[tier])):
        said.append("category")
    for word, before, after in (
        ("bottleneck", stated.steps[tier], other.steps[tier]),
        ("rank", stated.countries[tier], other.countries[tier]),
    ):
        if before is not None and after is not None and _is_another(before, after):
            said.append(word)
    if stated.closes[tier] != other.closes[tier]:
        said.append("closed_by")
    return said


def _is_another(before: Bottleneck, after: Bottleneck) -> bool:
    """Say whether no leader is left: of several that tie any one is a true answer."""
    return before.names != after.names and not before.names & after.names
