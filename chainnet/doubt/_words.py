"""A variation, a class and how firm it is, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chainnet.doubt._judgements import CENTRAL
from chainnet.words import Who, first_capital, join, percent

# what stands before the words of a judgement, by its kind; of equal weight the first kind is named first
BEFORE = {"rerouting": "if ", "demand": "with ", "density": "", "order": "if ", "slack": "if "}
# a thing that is otherwise
VARIANTS = {"absent": "without {}", "low": "with {} at its low value", "high": "with {} at its high value"}
# what a class is called, of a demand
CLASS_WORDS = {
    "met": "is met",
    "little": "is short by a little (less than a tenth)",
    "part": "is short by a part (a tenth to a half)",
    "most": "is short by most of it (more than a half)",
}


def in_words(row: Mapping[Any, Any]) -> str:
    """Return a variation as a clause: "without a plant", "if all are served alike"."""
    before = BEFORE.get(row["kind"])
    return VARIANTS[row["variant"]].format(row["label"]) if before is None else before + row["label"]


def sentences(
    tier: str,
    word: str,
    row: Mapping[Any, Any],
    table: pd.DataFrame,
    firmness: pd.Series,
    decides: Sequence[str],
    certain: bool,
) -> dict[str, str]:
    """Return the verdict on a tier, and how firm it is.

    Parameters
    ----------
    tier, word : str
        And its class.
    row : mapping
        Its range.
    table : DataFrame
        Its variations.
    firmness, decides, certain
        As ``KeyAssumptions`` has them.

    Returns
    -------
    dict of str to str
        verdict, range, firm, decides: a sentence each.
    """
    demand = "demand" if Who(tier).is_all else Who(tier).demand
    low, central, high, already = (_share(row[f"{end}_share"]) for end in ("low", "central", "high", "already"))
    head = f"{demand} {CLASS_WORDS[word]}: {central} because of the scenario, {already} without it already"
    if not certain:
        head = f"how much of {demand} is short because of the scenario cannot be said; the central case says {central}"
    ends = f"from {low} {_by(table, row['low_by'])} to {high} {_by(table, row['high_by'])}"
    if row["low_by"] == row["high_by"] == CENTRAL and low == high:
        ends = f"{central} however it is judged"
    if row["last_share"] == row["last_share"]:
        ends += f"; stress test: if allied users are served last, {_share(row['last_share'])}"
    holds = f"in {percent(float(row['class_share']), ' ')} of the draws the class is the same"
    firm, loose = ([str(name) for name, is_firm in firmness.items() if is_firm == kind] for kind in (True, False))
    kept = f"whatever is assumed of {join(firm, 'or')}" if firm else "under no kind of doubt"
    not_kept = f", not of {join(loose, 'or')}" if firm and loose else ""
    return {
        "verdict": f"{first_capital(head)}.",
        "range": f"{first_capital(ends)}.",
        "firm": f"The class holds {kept}{not_kept}; {holds}.",
        "decides": f"{first_capital('; '.join(decides))}." if decides else "Nothing alone changes the class.",
    }


def _by(table: pd.DataFrame, name: str) -> str:
    """Return which judgement gives an end, in words."""
    if name == CENTRAL:
        return "in the central case"
    rows = table[table["id"] == name.removeprefix("node:")]
    return in_words((rows[rows["variant"] == "absent"] if name.startswith("node:") else rows).iloc[0].to_dict())


def _share(share: float) -> str:
    return percent(float(share), " ")
