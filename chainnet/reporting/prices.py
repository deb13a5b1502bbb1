"""How a price of the data is told beside what it makes of tonnes: of which year it is, and where it is a guess."""

from __future__ import annotations

import re

from chainnet.reporting.facts import Facts


def price_year(facts: Facts, commodity: str) -> str:
    """Return the year that the note of a price names first; empty where it names none, or the price is assumed."""
    table = facts.network.commodities
    row = table[(table["id"] == commodity) & table["price_usd_per_t"].notna()]
    if row.empty or row["quality"].iloc[0] == "assumed" or not isinstance(row["note"].iloc[0], str):
        return ""
    found = re.search(r"(?<![\d,.])(?:19|20)\d\d(?![\d,])", row["note"].iloc[0])
    return found[0] if found else ""
