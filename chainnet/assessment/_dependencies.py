"""What a share that is short depends on, in words: labels, never ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from chainnet.doubt import BEFORE, STRESS_TEST, VARIANTS, KeyAssumptions
from chainnet.network import Network
from chainnet.words import country_name, in_sentence, join, readable_id

NAMED = 3
# a step out of the range counts from this part of the demand
MOVES = 0.01
# inputs in the order in which they are named
KINDS = ("node", "project", "stock", "input", "process", "relation")


@dataclass(frozen=True)
class Dependencies:
    """What a share depends on, in words.

    ``over``: those of them that make another class. ``closing``: plants, absent, and orders of service that make no
    other class, but what closes the gap another.
    """

    words: tuple[str, ...]
    over: tuple[str, ...]
    closing: tuple[str, ...]


def dependencies(
    network: Network, found: KeyAssumptions, tier: str, *, is_first: bool, called: Callable[[str], str] = str
) -> Dependencies:
    """Return what puts the share that is due of a tier into another class, or out of its range, in words.

    Parameters
    ----------
    network : Network
    found : KeyAssumptions
    tier : str
    is_first : bool
        Whether the smallest set of assumed plants was looked for in this tier.
    called : callable
        How a name from the data stands in a sentence.

    Returns
    -------
    Dependencies
        First the judgement that moves the share most, the smallest set, then inputs (plants, projects, stocks, demand,
        recipes, relations) and the judgements that are left.
    """
    low, high = (float(found.range[f"{end}_share"][tier]) for end in ("low", "high"))
    every = rows = found.table[found.table["tier"] == tier]
    outside = (rows["due_share"] > high + MOVES) | (rows["due_share"] < low - MOVES)
    over, closes = (_makes_another(rows, what) for what in ("class", "closed_by"))
    outside &= rows["id"] != STRESS_TEST
    rows = rows.assign(size=-rows["change_share"].abs().round(9))[outside | over]
    rows = rows.assign(over=over[rows.index])
    judged = rows["kind"].isin(list(BEFORE))
    ranked = rows[judged].assign(place=rows.loc[judged, "kind"].map(list(BEFORE).index))
    ordered = ranked.sort_values(["size", "place", "id"], kind="stable")
    judgements = [BEFORE[kind] + label for kind, label in zip(ordered["kind"], ordered["label"], strict=True)]
    inputs = rows[~judged]
    together = [_without(network, found.smallest_set, called)] if is_first and found.smallest_set else []
    words = [
        *judgements[:1],
        *together,
        *_said(network, inputs, called),
        *judgements[1:],
    ]
    turning = [word for word, turns in zip(judgements, ordered["over"], strict=True) if turns]
    turning += [*_said(network, inputs[inputs["over"]], called), *together]
    said = tuple(dict.fromkeys(words))
    alone = every[closes & ~over].assign(size=-every["change_share"].abs().round(9))
    gone = alone[(alone["kind"] == "node") & (alone["variant"] == "absent")]
    orders = [BEFORE["order"] + label for label in alone.loc[alone["kind"] == "order", "label"]]
    closing = (*_said(network, gone, called), *orders)
    return Dependencies(said, tuple(word for word in said if word in turning), closing)


def dependency_table(
    network: Network, found: KeyAssumptions, called: Callable[[str], str], moved: pd.DataFrame
) -> pd.DataFrame:
    """Return what the answers depend on, one thing at a time, the weightiest first.

    Parameters
    ----------
    network : Network
    found : KeyAssumptions
    called : callable
        How a name from the data stands in a sentence.
    moved : DataFrame
        Plants without which the bottleneck is another one: tier, id, step, country (``bottlenecks_without``).

    Returns
    -------
    DataFrame
        tier, words, does (verdict: another class of the share; bottleneck: another bottleneck, ``then``; closes:
        another thing closes the gap; share: it lies out of its own range), then.
    """
    rows = []
    for tier in map(str, found.central.index):
        asked = dependencies(network, found, tier, is_first=tier == found.first_tier, called=called)
        rows += [(tier, words, "verdict" if words in asked.over else "share", "") for words in asked.words]
        rows += [(tier, words, "closed_by", "") for words in asked.closing]
    for row in moved.to_dict("records"):
        step = str(row["step"]).replace("_", " ")
        then = f"{called(step)} in {in_sentence(country_name(row['country']))}" if step else ""
        rows.append((row["tier"], f"without {called(network.labels[row['id']])}", "bottleneck", then))
    return pd.DataFrame(rows, columns=["tier", "words", "does", "then"])


def _makes_another(rows: pd.DataFrame, what: str) -> pd.Series:
    return rows["what"].str.split(";").map(lambda words: what in words).astype(bool)


def shortened(words: Sequence[str]) -> str:
    """Return the first three in a list, and how many more there are.

    Examples
    --------
    >>> shortened(("a", "b", "c", "d"))
    'a; b; c; and 1 more'
    """
    left = len(words) - NAMED
    return "; ".join([*words[:NAMED], f"and {left} more"] if left > 0 else words)


def _said(network: Network, rows: pd.DataFrame, called: Callable[[str], str]) -> list[str]:
    """Return inputs in words, each once, by kind, assumed ones first, then by how far they move the share."""
    ordered = rows.assign(
        place=rows["kind"].map({kind: i for i, kind in enumerate(KINDS)}), known=rows["quality"] != "assumed"
    ).sort_values(["place", "known", "size", "id", "variant"], kind="stable")
    ordered = ordered.drop_duplicates(["kind", "id"])
    return [VARIANTS[row["variant"]].format(_thing(network, row, called)) for _, row in ordered.iterrows()]


def _recipe(network: Network, process: str, called: Callable[[str], str]) -> str:
    """Return what a recipe is called: by what it makes, and what of."""
    lines = network.processes[network.processes["process"] == process]
    goods = {role: [_good(network, str(c)) for c in found["commodity"]] for role, found in lines.groupby("role")}
    if not goods.get("output") or not goods.get("input"):
        return f"the recipe {called(readable_id(process).lower())}"
    return f"the recipe of {called(goods['output'][0])} from {called(goods['input'][0])}"


def _thing(network: Network, row: pd.Series, called: Callable[[str], str]) -> str:
    """Return what an input is called."""
    if row["kind"] == "process":
        return _recipe(network, str(row["id"]), called)
    if row["kind"] == "input":
        good = str(row["id"]).split(" / ")[1] if " / " in str(row["id"]) else ""
        label = re.sub(r" \([^()]*\)$", "", str(row["label"]))  # what the user's name says in brackets
        return called(f"{label} ({_good(network, good)})" if good else label)
    if row["kind"] != "relation":
        return called(str(row["label"]))
    good, _, way = str(row["id"]).rpartition(": ")
    return called(f"{_good(network, good) or 'goods'} from {' to '.join(map(_place, way.split(' > ')))}")


def _good(network: Network, good: str) -> str:
    """Return what a commodity is called."""
    name = network.commodities.set_index("id")["label"].get(good)
    return name if isinstance(name, str) and name else readable_id(good)


def _place(text: str) -> str:
    """Return a step and its country in words."""
    step, _, country = text.rpartition(" ")
    name = in_sentence(country_name(country))
    return f"{step} in {name}" if step and name != country else text


def _without(network: Network, ids: tuple[str, ...], called: Callable[[str], str]) -> str:
    names = [called(network.labels[one]) for one in ids]
    return f"without {join(names)}{' together' if len(names) > 1 else ''}"
