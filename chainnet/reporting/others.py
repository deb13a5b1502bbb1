"""When those are served who do not count, in the words of a report."""

from __future__ import annotations

from dataclasses import dataclass

from chainnet.reporting.facts import Facts
from chainnet.words import ORDER_WORDS


@dataclass(frozen=True)
class Order:
    """Words for one order.

    Attributes
    ----------
    served : str
        When others are served, after a comma.
    counts : str
        What a loss or gain counts, after "fall of".
    first : str
        What stands for "if served first" of a tier's loss.
    whose : str
        A sentence for the reader; empty where the beneficiaries outbid everyone.
    note : str
        What a shortfall in the long run is.
    """

    served: str
    counts: str
    first: str
    whose: str
    note: str


_ORDERS = {
    "allies_first": Order(
        ORDER_WORDS["allies_first"],
        "the largest tonnage that can be served",
        "if served first",
        "",
        "Short with allies served first and last bound the shortfall from below and above.",
    ),
    "allies_last": Order(
        ORDER_WORDS["allies_last"],
        "what is left for the counted demand when all others are served first",
        "allies served last",
        "All others are served first, as far as can be; losses and gains are of what is left.",
        "All others are served first: the most that can be short.",
    ),
    "law": Order(
        ORDER_WORDS["law"],
        "the largest tonnage that can be served",
        "if served first",
        "",
        "Short by law: defence of those whom a law or arrangement covers first, then that of all others, then each "
        "further tier of everyone together, told by its middle.",
    ),
    "stages": Order(
        ORDER_WORDS["stages"],
        "the largest tonnage that can be served",
        "if served first",
        "",
        "Short as a table of stages has it; where a stage is shared, told by its middle.",
    ),
    "alike": Order(
        ORDER_WORDS["alike"],
        "what all are served together",
        "all of that tier together",
        "Nobody is served first: losses and gains are of all demand together, and how much of a shortfall falls to the "
        "counted demand is a tie, told by its ends.",
        "Nobody is served first: the shortfall is one of several, between the least and the most that can fall to the "
        "counted demand.",
    ),
}


def order_of(facts: Facts) -> Order:
    """Return the words for who is served first in the assessment."""
    return _ORDERS[str(facts.settings.get("order", "allies_first"))]
