"""What a finding says of the past: one line, read from scores that are kept in the data; nothing is solved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from chainnet.network import graphs_folder

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
    kinds = {measure["kind"] for measure in given}
    if "licence" in kinds:
        return "licence"
    if "quota" in kinds:
        return "quota"
    named = [(measure.get("to") or {}).get("country") for measure in given if measure["kind"] == "restrict"]
    return "ban_one" if named and all(isinstance(word, str) and len(word) == 3 for word in named) else EVERY


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
    row = {str(key): float(value) for key, value in table.xs((name, EVERY)).items()}
    what = f"past rule{'s' * (row['events'] != 1)}{' of this kind' * (name != EVERY)}"
    parts = [
        f"Put to {row['events']:.0f} {what}, as known beforehand, "
        f"the wide band held {row['hits']:.0f} of {row['n']:.0f} "
        f"outcomes (between {100 * row['low']:.0f} and {100 * row['high']:.0f} of 100 at this number)"
    ]
    if row["onsets"]:
        parts.append(f"the first short month was right within one in {row['onsets_right']:.0f} of {row['onsets']:.0f}")
    if row["compared"]:
        beat = f"{row['better_in']:.0f} of {row['compared']:.0f}"
        parts.append(f"for flows it beat 'the share is lost, nothing is rerouted' in {beat}")
    return ", ".join(parts) + "."
