"""How a price of the data is told beside what it makes of tonnes: of which year it is, and where it is a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chainnet.reporting.facts import Facts
from chainnet.words import join

GUESS = "at an assumed price, an order of size only"


def price_year(facts: Facts, commodity: str) -> str:
    """Return the year that the note of a price names first; empty where it names none, or the price is assumed."""
    table = facts.network.commodities
    row = table[(table["id"] == commodity) & table["price_usd_per_t"].notna()]
    if row.empty or row["quality"].iloc[0] == "assumed" or not isinstance(row["note"].iloc[0], str):
        return ""
    found = re.search(r"(?<![\d,.])(?:19|20)\d\d(?![\d,])", row["note"].iloc[0])
    return found[0] if found else ""


def price_words(facts: Facts, commodities: Iterable[str]) -> str:
    """Return at what price a bill stands, as it ends a sentence; empty where the data do not say of which year."""
    names = list(dict.fromkeys(commodities))
    table = facts.network.commodities
    guessed = table["id"].isin(names) & table["price_usd_per_t"].notna() & (table["quality"] == "assumed")
    if guessed.any():
        return GUESS
    years = sorted({year for year in (price_year(facts, name) for name in names) if year})
    return f"at {'a price' if len(names) == 1 else 'prices'} of {join(years)}" if years else ""
