"""What the assessment advises on the margin, as the report reads it: what each rung leaves, which projects, how far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, Facts, once
from chainnet.results import fact_of
from chainnet.words import join, spelled, titled, tonnes

__all__ = ["AS_STATED", "Advised", "advised_of", "holders", "stock_words"]

AS_STATED = "as stated"
NAMED = 2


@dataclass(frozen=True)
class Advised:
    """What stays short rung by rung, and the projects that are advised for the rest.

    Attributes
    ----------
    tier : str
        Whose shortfall; "all tiers" where the first goes short of nothing.
    known, rest, drawn : float
        Short on known relations, with new ones, and with one year of stocks, t/a.
    projects : tuple of str
        Ids; none where none is needed or none helps.
    closes : bool
        Whether with them nothing stays short, before any stock.
    year : float
        The first year in which they do as much; NaN where no date is known.
    cases : mapping of str to float
        What stays short with them, as stated and where they disappoint, t/a.
    """

    tier: str
    known: float
    rest: float
    drawn: float
    projects: tuple[str, ...]
    closes: bool
    year: float
    cases: Mapping[str, float]

    @property
    def left(self) -> float:
        """What stays short with the projects, as stated."""
        return self.cases[AS_STATED]

    @property
    def then_lacks(self) -> str:
        """The same once new relations have done their part."""
        return "all tiers then lack" if self.tier == ALL_TIERS else f"{self.tier} then lacks"

    @property
    def lacks(self) -> str:
        """The tier and its verb."""
        return "all tiers lack" if self.tier == ALL_TIERS else f"{self.tier} lacks"


@once
def advised_of(facts: Facts) -> Advised | None:
    """Return what is advised under the worst scenario; None where there is none, or the ladder was not made."""
    table = facts.a.advice
    tier = fact_of(table, "tier", None)
    if not facts.a.worst or tier is None:
        return None
    tier = tier or ALL_TIERS
    rungs = [facts.scenario_rung(facts.a.worst, rung, tier) for rung in ("existing", "new", "stocks")]
    if any(rung is None for rung in rungs):
        return None
    known, rest, drawn = (float(rung["shortfall_tpa"]) for rung in rungs)
    return Advised(
        tier=tier,
        known=known,
        rest=rest,
        drawn=drawn,
        projects=tuple(fact_of(table, "projects", ())),
        closes=bool(fact_of(table, "closes", False)),
        year=float(fact_of(table, "year", np.nan)),
        cases={str(case): float(left) for case, left in table["left_tpa"].items()} if len(table) else {},
    )


def holders(facts: Facts) -> pd.DataFrame:
    """Return the stocks that give something back, the largest first: ``held`` of the assessment, holder in words."""
    table = facts.a.held
    found = table[table["returns_tpa"] > 0]
    found = found.assign(holder=[h if isinstance(h, str) and h else "a holder not on record" for h in found["holder"]])
    return found.iloc[np.lexsort((found.index.map(str), -found["returns_tpa"].round(9)))]


def stock_words(facts: Facts, found: Advised) -> str:
    """Say what stocks return, whose they are, and that they do so once; empty where they return nothing."""
    gained, table = found.rest - found.drawn, holders(facts)
    if table.empty or gained <= 1e-6 * max(found.rest, 1e-6):
        return ""
    names = list(dict.fromkeys(titled(str(h)) for h in table["holder"]))
    whose = join(names) if len(names) <= NAMED else spelled(len(names), "holder")
    stocks, verb = ("The stock", "returns") if len(table) == 1 else ("The stocks", "return")
    return f"{stocks} of {whose} {verb} {tonnes(gained)} to {found.tier}, over the first year."
