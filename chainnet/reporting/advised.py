"""What the assessment advises on the margin, as the report reads it: what each level leaves, and which projects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet.reporting.facts import Facts, once
from chainnet.reporting.order import table_id
from chainnet.reporting.prices import price_words
from chainnet.reporting.sentences import fit
from chainnet.results import fact_of
from chainnet.words import Who, bill, first_capital, join, nouns, spelled, titled, tonnes, verb, weight

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
NAMED = 2
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


def holders(facts: Facts) -> pd.DataFrame:
    """Return the stocks that give something back, the largest first: ``held`` of the assessment, holder in words."""
    table = facts.a.held
    found = table[table["returns_tpa"] > 0]
    found = found.assign(holder=[h if isinstance(h, str) and h else "a holder not on record" for h in found["holder"]])
    return found.iloc[np.lexsort((found.index.map(str), -found["returns_tpa"].round(9)))]


def purchase_words(facts: Facts, found: Advised) -> str:
    """Say what it costs to buy the stock that keeps the tier whole; empty where it was not asked, or none is needed."""
    table = facts.a.stockpile
    whom = facts.months.lead
    if table.empty:
        return ""
    mine = table[table["scenario"] == facts.a.worst]
    mine = mine[mine["buy_t"] > CERTAIN_T]
    if mine.empty:
        return ""
    cost = (mine["buy_t"] * mine["price_usd_per_t"]).sum(min_count=1)
    price, at = "has no price in the data" if np.isnan(cost) else f"costs {bill(cost)}", ""
    if np.isnan(cost) and len(mine) == 1:
        row = mine.iloc[0]
        label = row["label"] if isinstance(row["label"], str) and row["label"] else facts.commodity(row["commodity"])
        price = f"is {weight(row['buy_t'])} of {titled(label or 'its goods')}, which has no price in the data"
    if not np.isnan(cost) and mine["price_usd_per_t"].isna().any():
        price += " and more that has no price"
    if not np.isnan(cost):
        at = price_words(facts, mine.loc[mine["price_usd_per_t"].notna(), "commodity"])
    stock = "Stock" if facts.network.stocks.empty else "Besides what is held, stock"
    bought = f"{stock} that keeps {whom} whole for {facts.months.horizon} months"
    ways = (f" {at}", f" {at.partition(',')[0]}") if at else ("",)
    return fit(*(f"{bought} {price}{way} ({table_id('requirement')})." for way in ways))


def stock_words(facts: Facts, found: Advised) -> str:
    """Say what stocks return, whose they are, and that they end; empty where they return nothing."""
    gained, table = found.new - found.drawn, holders(facts)
    if table.empty or gained <= 1e-6 * max(found.new, 1e-6):
        return ""
    n, last = len(table), lasting(table)
    return f"{first_capital(stocks_named(table))} {verb('return', n)} {tonnes(gained)} to {found.tier} while {last}."


def lasting(table: pd.DataFrame) -> str:
    """Return that stocks last, as it stands after "while"."""
    return f"{'it' if len(table) == 1 else 'they'} {verb('last', len(table))}"


def stocks_named(table: pd.DataFrame) -> str:
    """Return stocks by whose they are, such as "the stock of Depot"; of many holders how many."""
    names = list(dict.fromkeys(titled(str(h)) for h in table["holder"]))
    whose = join(names) if len(names) <= NAMED else spelled(len(names), "holder")
    return f"the {nouns('stock', len(table))} of {whose}"
