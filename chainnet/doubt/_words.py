"""A variation, a class and how firm it is, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from chainnet.doubt._judgements import CENTRAL
from chainnet.doubt._verdict import MET, class_of
from chainnet.words import Who, first_capital, join, percent, verb

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
    far: pd.DataFrame,
    is_split: bool,
    past: Sequence[str],
    others: Mapping[str, float] | None,
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
    firmness, decides
        As ``KeyAssumptions`` has them.
    far : DataFrame
        Its variations that alone move it by two classes.
    is_split : bool
        Whether most draws are in another class.
    past : sequence of str
        The weak inputs that alone move it out of that range.
    others : mapping or None
        What is due of the tiers after the first, in the central case; None = of one tier alone.

    Returns
    -------
    dict of str to str
        asked, verdict, others (where they are short), why (where nothing can be said), range, firm, decides: a
        sentence or two each.
    """
    demand = "demand" if Who(tier).is_all else Who(tier).demand
    low, central, high, already = (_share(row[f"{end}_share"]) for end in ("low", "central", "high", "already"))
    head = f"{demand} {CLASS_WORDS[word]}: {central} because of the scenario, {already} without it already"
    why = _why(far, float(row["class_share"]) if is_split else None)
    if why:
        head = f"how much of {demand} is short because of the scenario cannot be said; the central case says {central}"
    ends = f"from {low} {_by(table, row['low_by'])} to {high} {_by(table, row['high_by'])}"
    if row["low_by"] == row["high_by"] == CENTRAL and low == high:
        ends = f"{central} however it is judged"
    if row["last_share"] == row["last_share"]:
        ends += f"; stress test: if allied users are served last, {_share(row['last_share'])}"
    ends += f". These are judgements; one weak input alone goes further: {join(past, 'or')}" if past else ""
    holds = f"in {percent(float(row['class_share']), ' ')} of the draws the class is the same"
    firm, loose = ([str(name) for name, is_firm in firmness.items() if is_firm == kind] for kind in (True, False))
    kept = f"whatever is assumed of {join(firm, 'or')}" if firm else "under no kind of doubt"
    not_kept = f", not of {join(loose, 'or')}" if firm and loose else ""
    turn = "" if others is None else ", the first tier that asks,"
    return {
        "asked": f"{first_capital(demand)}{turn} in a steady year with new suppliers qualified and stocks used up. "
        "The command stress begins on existing links, where more may be short.",
        "verdict": f"{first_capital(head)}.",
        **({"others": _others(others)} if others and any(class_of(due) != MET for due in others.values()) else {}),
        **({"why": why} if why else {}),
        "range": f"{first_capital(ends)}.",
        "firm": f"The class holds {kept}{not_kept}; {holds}.",
        "decides": f"{first_capital('; '.join(decides))}." if decides else "Nothing alone changes the class.",
    }


def _others(due: Mapping[str, float]) -> str:
    """Return which other tiers are short because of the scenario, and by how much."""
    short = {tier: share for tier, share in due.items() if class_of(share) != MET}
    said = join([f"{_share(share)} of {Who(tier).demand}" for tier, share in short.items()])
    are = verb("are", len(short))
    return f"Of the tiers after it {said} {are} short because of the scenario in the central case; --tier asks of one."


def _why(far: pd.DataFrame, class_share: float | None) -> str:
    """Return why nothing can be said; empty where it can."""
    said = []
    if len(far):
        row = far.iloc[[int(far["change_share"].abs().round(9).to_numpy().argmax())]].to_dict("records")[0]
        said.append(
            f"One thing by itself moves it by two classes or more: {in_words(row)} it is {_share(row['due_share'])}. "
            "Draws cannot show that: they vary sizes, take no plant away and keep the order of service."
        )
    if class_share is not None:
        said.append(f"In most draws the class is another one: it stays in {_share(class_share)} of them.")
    return " ".join(said)


def _by(table: pd.DataFrame, name: str) -> str:
    """Return which judgement gives an end, in words."""
    if name == CENTRAL:
        return "in the central case"
    rows = table[table["id"] == name.removeprefix("node:")]
    return in_words((rows[rows["variant"] == "absent"] if name.startswith("node:") else rows).iloc[0].to_dict())


def _share(share: float) -> str:
    return percent(float(share), " ")
