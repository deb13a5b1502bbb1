"""What a ranking of losses says in a line, and the names of its first rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.criticality._removals import Removals
from chainnet.engine import TIE
from chainnet.network import Network, is_country, reexports, several_rows
from chainnet.results import LEFT_OUT, Ranking, origin_of
from chainnet.words import (
    costliest_sentence,
    country_name,
    first_capital,
    in_sentence,
    named,
    next_sentence,
    place_words,
    reexports_sentence,
    unranked_words,
    with_impossible,
)

MOST_NAMED = 20  # rows of which the names are kept: no more are drawn
_MOST_TOLD = 3  # countries that the line on re-exports names
NOTHING = "Nothing that drops out alone costs anything."
NOTHING_RANKED = "Nothing that is ranked costs anything alone."
UNTRIED = "Nothing was tried."


def ranking(
    network: Network,
    by: str,
    table: pd.DataFrame,
    column: str,
    amount: Callable[[float], str],
    left: pd.DataFrame,
    every: pd.Series[float] | None = None,
    before: str = "",
) -> Ranking:
    """Return a stamped table, the largest loss first, with its finding.

    ``amount`` writes a loss; ``left``: places that are not ranked; ``every``: the losses of all rows, where the table
    has but the first; NaN where nobody looked, for they are not among the first; ``before``: what is short already, in
    a sentence.
    """
    name = partial(_name, network, by, network.labels)
    is_cut = every is not None and bool(every.isna().any())
    lost = table[column] if every is None or is_cut else every
    sentence = _sentence(network, by, name, lost, amount, is_cut, has_left=bool((left["tpa"] > 0).any()))
    sentence = " ".join(filter(None, (sentence, unranked_sentence(left), before)))
    settings = origin_of(table).get("settings", {})
    if nobody := settings.get("nobody"):
        sentence = f"{first_capital(nobody)}."
    sentence = with_impossible(sentence, settings)
    names = {key: name(key) for key in table.index[:MOST_NAMED]}
    passed, words = _reexported(network)
    return Ranking.of(table, sentence, names, left if passed.empty else pd.concat([left, passed]), words)


def unranked(by: str, what: Removals, flows: Array) -> pd.DataFrame:
    """Return the places that may drop out and lack the label that ranks: what, n, tpa (through them), share.

    ``flows``: throughput of every node, t/yr.
    """
    if not len(what.unnamed):
        return pd.DataFrame(columns=LEFT_OUT)
    whole, tpa = (max(float(flows[rows].sum()), 0.0) for rows in (what.open_rows, what.unnamed))
    lacks = " or ".join(f"{'an' if c[0] in 'aeiou' else 'a'} {c.replace('_', ' ')}" for c in by.split("+"))
    row = (f"places without {lacks}", len(what.unnamed), tpa, tpa / whole if whole > 0 else 0.0)
    return pd.DataFrame([row], columns=LEFT_OUT)


def unranked_sentence(left: pd.DataFrame) -> str:
    """Say which places are not ranked, and what part of the tonnes goes through them; "" where there are none."""
    return " ".join(unranked_words(*row) for row in left.itertuples(index=False, name=None))


def _reexported(network: Network) -> tuple[pd.DataFrame, str]:
    """Return goods that a country ships on and no loss counts, where the network was made from trade, with words."""
    table = reexports(network)
    if table.empty:
        return pd.DataFrame(columns=LEFT_OUT), ""
    rows = [
        (in_sentence(country_name(place)) if is_country(place) else place, part, whole)
        for place, part, whole in table.itertuples(name=None)
    ]
    left = [(f"re-exports of {place}", 1, part, part / whole if whole > 0 else 0.0) for place, part, whole in rows]
    words = reexports_sentence(rows[:_MOST_TOLD], len(rows) - len(rows[:_MOST_TOLD]))
    return pd.DataFrame(left, columns=LEFT_OUT), words


def _sentence(
    network: Network,
    by: str,
    name: Callable[[Hashable], str],
    lost: pd.Series[float],
    amount: Callable[[float], str],
    is_cut: bool,
    has_left: bool,
) -> str:
    """Return what costs most; where plants and groups of plants are ranked together, the worst of either.

    ``is_cut``: there are smaller losses than those given; ``has_left``: goods go through places that are not ranked.
    """
    if not len(lost):
        return UNTRIED
    if not lost.iloc[0] > 0:
        return NOTHING_RANKED if has_left else NOTHING

    def told(key: Hashable) -> str:
        return in_sentence(name(key)) if by in ("country", "owner_country") else named(name(key))

    several = several_rows(network, by)
    groups = lost.index.isin(several) if several else np.zeros(len(lost), dtype=bool)
    first, most = lost.index[0], float(lost.iloc[0])
    tied = int((lost >= most * (1 - TIE)).sum()) - 1
    sentence = costliest_sentence(told(first), amount(most), tied, is_group=bool(groups[0]))
    others = lost[groups != groups[0]]
    if len(others) and others.iloc[0] > 0:
        worst = next_sentence(told(others.index[0]), amount(float(others.iloc[0])), is_group=not groups[0])
    elif groups[0] and not is_cut:
        worst = next_sentence("", "", is_group=False)
    else:
        return sentence
    return f"{sentence} {worst}"


def _name(network: Network, by: str, labels: pd.Series, key: Hashable) -> str:
    """Return what drops out by the name that people know."""
    parts: tuple[Any, ...] = key if isinstance(key, tuple) else (key,)
    if by == "edge":
        ends = " → ".join(str(labels.get(end, end)) for end in parts[:2])
        return ", ".join([ends, *(str(part) for part in parts[2:] if part)])
    if by == "site":
        return str(network.site_labels.get(str(key), key))
    if by in ("step+country", "stage+country"):
        return place_words(str(parts[0]), str(parts[1]))
    if by == "node":
        return str(labels.get(key, key))
    return ", ".join(
        country_name(str(part)) if "country" in column else str(part)
        for column, part in zip(by.split("+"), parts, strict=False)
    )
