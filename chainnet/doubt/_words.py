"""A verdict's robustness and its ends, in one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from chainnet.doubt._judgements import CENTRAL
from chainnet.doubt._smallest import Smallest
from chainnet.doubt._verdict import category
from chainnet.words import Who, join, percent, spelled

# inputs that a sentence names
NAMED = 5


def robustness(tier: str, ends: pd.Series, inputs: pd.DataFrame, smallest: Smallest) -> str:
    """Say whether the verdict of the first tier holds, hangs on inputs, or is open.

    Parameters
    ----------
    tier : str
    ends : Series
        Its row of the ends.
    inputs : DataFrame
        Its rows of single inputs.
    smallest : Smallest

    Returns
    -------
    str
        Begins with "open" where a judgement makes another category, else with "holds unless" where an input or a
        small set does, else with "holds".
    """
    share = float(ends["central_share"])
    demand = "demand" if Who(tier).is_all else Who(tier).demand
    verdict = f"{demand} is met" if share <= 0 else f"{demand} is {percent(share, ' ')} short ({category(share)})"
    if any(category(float(other)) != category(share) for other in (ends["low_share"], ends["high_share"])):
        low, high = (f"{percent(ends[f'{end}_share'], ' ')} under {ends[f'{end}_by']}" for end in ("low", "high"))
        others = [word for word, by in ((low, ends["low_by"]), (high, ends["high_by"])) if by != CENTRAL]
        return f"open: {verdict} in the central case, {join(others)}{_and_hangs(inputs, smallest)}."
    dependencies = _dependencies(inputs, smallest)
    if dependencies:
        return f"holds unless {_listed(dependencies, 'or')}: {verdict}{_closing(inputs)}."
    return f"holds: {verdict}; {_proof(smallest)}{_closing(inputs)}."


def ends_sentence(ends: pd.DataFrame) -> str:
    """Say between which ends each tier's short share lies over the judgements, and which gives them."""
    parts = []
    for tier, row in ends.iterrows():
        low, central, high = (float(row[f"{end}_share"]) for end in ("low", "central", "high"))
        if low == central == high:
            parts.append(f"{tier} {percent(central, ' ')} however it is judged")
            continue
        between = f"{percent(low, ' ')} ({row['low_by']}) to {percent(high, ' ')} ({row['high_by']})"
        parts.append(f"{tier} {between}, central {percent(central, ' ')}")
    return "Short of demand: " + "; ".join(parts) + "."


def _and_hangs(inputs: pd.DataFrame, smallest: Smallest) -> str:
    alone = _dependencies(inputs, smallest)
    return f"; it also hangs on {_listed(alone, 'and')}" if alone else _closing(inputs)


def _dependencies(inputs: pd.DataFrame, smallest: Smallest) -> list[str]:
    """Return what makes another category: the smallest set, then single inputs."""
    sets = [_together(smallest.ids)] if smallest.ids else []
    return [*sets, *(word for word in _that_change(inputs, "category") if word not in sets)]


def _closing(inputs: pd.DataFrame) -> str:
    words = _that_change(inputs, "closed_by")
    return f"; what closes the gap is another with {_listed(words, 'or')}" if words else ""


def _that_change(inputs: pd.DataFrame, what: str) -> list[str]:
    """Return the inputs that change one thing: plants, then relations, then demand; the assumed ones first."""
    rank = {kind: i for i, kind in enumerate(("node", "project", "stock", "process", "relation", "input"))}
    hit = inputs[inputs["what"].str.split(";").map(lambda words: what in words).astype(bool)]
    hit = hit.assign(
        rank=hit["kind"].map(rank), is_known=hit["quality"].ne("assumed"), moves=-hit["change_share"].abs().round(9)
    ).sort_values(["rank", "is_known", "moves", "id", "variant"], kind="stable")
    return [f"{name} {variant}" for name, variant in zip(hit["id"], hit["variant"], strict=True)]


def _listed(words: Sequence[str], last: str) -> str:
    left = len(words) - NAMED
    return join([*words[:NAMED], f"{left} more"] if left > 0 else words, last)


def _together(ids: Sequence[str]) -> str:
    return f"{ids[0]} absent" if len(ids) == 1 else f"{' + '.join(ids)} absent together"


def _proof(smallest: Smallest) -> str:
    n = len(smallest.candidates)
    if not n:
        return "no plant is assumed"
    if smallest.up_to >= n:
        return f"not even all {n} assumed plants absent change that" if n > 1 else "nor does its one assumed plant"
    sets = spelled(smallest.up_to, "assumed plant")
    proof = "no set of at most" if smallest.is_proved else "not found, though not proved, is a set of at most"
    return f"{proof} {sets} of {n} changes that"
