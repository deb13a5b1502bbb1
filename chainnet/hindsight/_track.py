"""What a finding says of the past: one line, read from scores that are kept in the data; nothing is solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from chainnet.network import graphs_folder, is_country
from chainnet.scenario import KINDS
from chainnet.words import nouns, whole

NEVER_TESTED = "This chain has never been put to the test."
EVERY = "all"
FILE = "track_record.csv"


@cache
def _kept() -> pd.DataFrame:
    path = graphs_folder() / "common" / FILE
    return pd.read_csv(path).set_index(["class", "chain"]) if path.is_file() else pd.DataFrame()


def class_of_rule(measures: Iterable[Mapping[str, Any]]) -> str:
    """Return the class of past events that measures are like: a licence, a quota, a ban on one country, or all.

    Examples
    --------
    >>> class_of_rule([{"kind": "restrict", "from": {"country": "CHN"}, "to": {"country": "USA"}, "share": 0.0}])
    'ban_one'
    """
    given = list(measures)
    keys = [KINDS[measure["kind"]].keys for measure in given]
    if any("profile" in known for known in keys):
        return "licence"
    if any({"tpa", "from"} <= {*known} for known in keys):  # a purchase has tonnes too
        return "quota"
    named = [(measure.get("to") or {}).get("country") for measure in given if "origin" in KINDS[measure["kind"]].keys]
    return "ban_one" if named and all(isinstance(word, str) and is_country(word) for word in named) else EVERY


def track_line(chain: str, measures: Iterable[Mapping[str, Any]]) -> str:
    """Return how rules of a kind were forecast, in one line; of a chain without a score that it has none.

    Parameters
    ----------
    chain : str
        Name of the network.
    measures : iterable of mapping
        Of the scenario that is asked about.
    """
    table = _kept()
    if table.empty or (EVERY, chain) not in table.index:
        return NEVER_TESTED
    name = class_of_rule(measures)
    name = name if (name, EVERY) in table.index else EVERY
    place = table.index.get_loc((name, EVERY))
    row = dict(zip(table.columns, table.to_numpy(dtype=float)[place].tolist(), strict=True))
    return record_words(row, name != EVERY)


def record_words(row: Mapping[str, float], of_kind: bool = False) -> str:
    """Return the counts of a track record in words; without a count that there is none."""
    if not row["n"]:
        return NEVER_TESTED
    what = f"{whole(row['events'])} past {nouns('rule', row['events'])}{' of this kind' if of_kind else ''}"
    parts = [
        f"Put to {what}, as known beforehand, the wide band held {whole(row['hits'])} of {whole(row['n'])} outcomes "
        f"(between {whole(100 * row['low'])} and {whole(100 * row['high'])} of 100 at this number)."
    ]
    if row["onsets"]:
        right = f"{whole(row['onsets_right'])} of {whole(row['onsets'])}"
        parts.append(f"The first short month was right within one in {right}.")
    if row["compared"]:
        beat = f"{whole(row['better_in'])} of {whole(row['compared'])}"
        parts.append(f"For flows it beat 'the share is lost, nothing is rerouted' in {beat}.")
    return " ".join(parts)
