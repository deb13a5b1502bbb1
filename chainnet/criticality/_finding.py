"""What a ranking of losses says in a line, and the names of its first rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd

from chainnet.engine import TIE
from chainnet.network import Network
from chainnet.results import Ranking
from chainnet.words import costliest_sentence, country_name, in_sentence, named, place_words

MOST_NAMED = 20  # rows of which the names are kept: no more are drawn
NOTHING = "Nothing that drops out alone costs anything."


def ranking(network: Network, by: str, table: pd.DataFrame, column: str, amount: Callable[[float], str]) -> Ranking:
    """Return a stamped table, the largest loss first, with its finding; ``amount`` writes a loss."""
    names = {key: _name(network, by, key) for key in table.index[:MOST_NAMED]}
    lost = table[column]
    sentence = NOTHING
    if len(lost) and lost.iloc[0] > 0:
        tied = int((lost >= lost.iloc[0] * (1 - TIE)).sum()) - 1
        name = names[table.index[0]]
        said = in_sentence(name) if by in ("country", "owner_country") else named(name)
        sentence = costliest_sentence(said, amount(float(lost.iloc[0])), tied)
    return Ranking.of(table, sentence, names)


def _name(network: Network, by: str, key: Hashable) -> str:
    """Return what drops out by the name that people know."""
    labels = network.labels
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
