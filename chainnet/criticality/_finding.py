"""What a ranking of losses says in a line, and the names of its first rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import TIE
from chainnet.network import Network, is_country, reexports, several_rows
from chainnet.results import Ranking
from chainnet.words import (
    costliest_sentence,
    country_name,
    in_sentence,
    named,
    next_sentence,
    place_words,
    reexports_sentence,
)

MOST_NAMED = 20  # rows of which the names are kept: no more are drawn
_MOST_TOLD = 3  # countries that the line on re-exports names
NOTHING = "Nothing that drops out alone costs anything."


def ranking(
    network: Network,
    by: str,
    table: pd.DataFrame,
    column: str,
    amount: Callable[[float], str],
    every: pd.Series[float] | None = None,
    before: str = "",
) -> Ranking:
    """Return a stamped table, the largest loss first, with its finding.

    ``amount`` writes a loss; ``every``: the losses of all rows, where the table has but the first; NaN where nobody
    looked, for they are not among the first; ``before``: what is short already, in a sentence.
    """
    name = partial(_name, network, by, network.labels)
    is_cut = every is not None and bool(every.isna().any())
    lost = table[column] if every is None or is_cut else every
    sentence = _sentence(network, by, name, lost, amount, is_cut)
    names = {key: name(key) for key in table.index[:MOST_NAMED]}
    return Ranking.of(table, f"{sentence} {before}".rstrip(), names, _left_out(network))


def _left_out(network: Network) -> str:
    """Return what no loss counts: goods that a country ships on, where the network was made from trade."""
    table = reexports(network)
    if table.empty:
        return ""
    each = [
        (in_sentence(country_name(place)) if is_country(place) else place, part, whole)
        for place, part, whole in table.head(_MOST_TOLD).itertuples(name=None)
    ]
    return reexports_sentence(each, len(table) - len(each))


def _sentence(
    network: Network,
    by: str,
    name: Callable[[Hashable], str],
    lost: pd.Series[float],
    amount: Callable[[float], str],
    is_cut: bool,
) -> str:
    """Return what costs most; where plants and groups of plants are ranked together, the worst of either.

    ``is_cut``: there are smaller losses than those given.
    """
    if not (len(lost) and lost.iloc[0] > 0):
        return NOTHING

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
