"""A variation, a class and how firm it is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chainnet.doubt._judgements import CENTRAL
from chainnet.words import Who, first_capital, join, percent

if TYPE_CHECKING:
    from chainnet.doubt._key_assumptions import KeyAssumptions

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


def sentences(found: KeyAssumptions) -> dict[str, str]:
    """Return the verdict on the first tier that is asked about, and how firm it is.

    Returns
    -------
    dict of str to str
        verdict, range, firm, decides: a sentence each.
    """
    tier, row = found.first_tier, found.range.loc[found.first_tier]
    demand = "demand" if Who(tier).is_all else Who(tier).demand
    low, central, high, already = (_share(row[f"{end}_share"]) for end in ("low", "central", "high", "already"))
    word = str(found.central["class"][tier])
    head = f"{demand} {CLASS_WORDS[word]}: {central} because of the scenario, {already} without it already"
    if not found.certain:
        head = f"how much of {demand} is short because of the scenario cannot be said; the central case says {central}"
    ends = f"from {low} {_by(found, row['low_by'])} to {high} {_by(found, row['high_by'])}"
    if row["low_by"] == row["high_by"] == CENTRAL:
        ends = f"{central} however it is judged"
    if row["last_share"] == row["last_share"]:
        ends += f"; stress test: if allied users are served last, {_share(row['last_share'])}"
    holds = f"in {percent(float(row['class_share']), ' ')} of the draws the class is the same"
    firm = [name for name, is_firm in found.firmness.items() if is_firm]
    loose = [name for name, is_firm in found.firmness.items() if not is_firm]
    kept = f"whatever is assumed of {join(firm, 'or')}" if firm else "under no kind of doubt"
    not_kept = f", not of {join(loose, 'or')}" if firm and loose else ""
    return {
        "verdict": f"{first_capital(head)}.",
        "range": f"{first_capital(ends)}.",
        "firm": f"The class holds {kept}{not_kept}; {holds}.",
        "decides": f"{first_capital('; '.join(found.decides))}."
        if found.decides
        else "Nothing alone changes the class.",
    }


def _by(found: KeyAssumptions, name: str) -> str:
    """Return which judgement gives an end, in words."""
    if name == CENTRAL:
        return "in the central case"
    rows = found.table[found.table["id"] == name.removeprefix("node:")]
    return in_words((rows[rows["variant"] == "absent"] if name.startswith("node:") else rows).iloc[0])


def _share(share: float) -> str:
    return percent(float(share), " ")
