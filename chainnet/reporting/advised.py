"""What the assessment advises on the margin, as the report reads it: what each level leaves, and which projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chainnet.reporting.facts import Facts, once
from chainnet.results import fact_of
from chainnet.words import Who

AS_PLANNED, WITHOUT, OTHERS_FIRST = "as planned", "without ", "allies served last"
# what each case is called
CASES = {
    AS_PLANNED: "As announced",
    "half its capacity": "At half the capacity",
    "a year late": "A year late",
    "demand at its high values": "All demand at its high values",
    "without its assumed relations": "Without assumed relations",
    OTHERS_FIRST: "Allies served last",
}
CERTAIN_T = 1e-6  # less of a stock is none


@dataclass(frozen=True)
class Advised:
    """What stays short level by level, and the projects that are advised for the rest.

    Attributes
    ----------
    tier : Who
        Whose shortfall; all tiers where the first is short of nothing.
    known, new, drawn : float
        Short on existing links, with new ones, and with one year of stocks, t/yr.
    projects : tuple of str
        Ids; none where none is needed or none helps.
    closed_if : tuple of str
        Where nothing stays short without a project: on what that depends.
    closes : bool
        Whether with them nothing stays short, before any stock.
    year : float
        The first year in which they do as much; NaN where no date is known.
    cases : mapping of str to float
        What stays short with them, as planned and where they disappoint, t/yr.
    """

    tier: Who
    known: float
    new: float
    drawn: float
    projects: tuple[str, ...]
    closed_if: tuple[str, ...]
    closes: bool
    year: float
    cases: Mapping[str, float]

    @property
    def needed(self) -> tuple[str, ...]:
        """The doubtful plants without which, each alone, they leave more short."""
        return tuple(c.removeprefix(WITHOUT) for c in self.cases if c.startswith(WITHOUT) and c not in CASES)

    @property
    def others_first(self) -> float | None:
        """What stays short with the projects if all others are served first; None where there are no others."""
        return self.cases.get(OTHERS_FIRST)

    @property
    def left(self) -> float:
        """What stays short with the projects, as planned."""
        return self.cases[AS_PLANNED]


@once
def advised_of(facts: Facts) -> Advised | None:
    """Return what is advised under the worst scenario; None where there is none, or no level of response was asked."""
    table = facts.a.advice
    tier = facts.advised_tier
    if not facts.a.worst or fact_of(table, "tier") is None:
        return None
    levels = [facts.scenario_level(facts.a.worst, level, tier) for level in ("existing", "new", "stocks")]
    if any(level is None for level in levels):
        return None
    known, new, drawn = (float(level["shortfall_tpa"]) for level in levels)
    return Advised(
        tier=tier,
        known=known,
        new=new,
        drawn=drawn,
        projects=tuple(fact_of(table, "projects", ())),
        closed_if=tuple(fact_of(table, "closed_if", ())),
        closes=bool(fact_of(table, "closed_by", False)),
        year=float(fact_of(table, "year", np.nan)),
        cases={str(case): float(left) for case, left in table["left_tpa"].items()} if len(table) else {},
    )
