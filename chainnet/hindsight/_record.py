"""Scores of what is registered, of several graphs together: nothing is solved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from chainnet.hindsight._event import CLASSES, Event
from chainnet.hindsight._hindcast import SCORE, from_register, kept_in, scores_of, seen_of
from chainnet.hindsight._reading import events
from chainnet.hindsight._skill import counts_of
from chainnet.hindsight._track import EVERY
from chainnet.network import Network


@dataclass(frozen=True)
class Record:
    """Scores of the registered forecasts of several networks, a row a question, and their events by chain and id."""

    scores: pd.DataFrame
    events: dict[tuple[str, str], Event]
    not_scored: pd.DataFrame


def record_of(networks: Iterable[Network]) -> Record:
    """Return the scores of all registered forecasts; a later event may learn from an earlier one of any network."""
    chosen = {net.name: dict(events(net)) for net in networks}
    made = {chain: {name: from_register(event) for name, event in mine.items()} for chain, mine in chosen.items()}
    seen = {chain: seen_of(mine, kept_in(mine, None)) for chain, mine in chosen.items()}
    past = [one for chain, mine in chosen.items() for one in seen[chain].past(mine)]
    parts, left = (
        [pd.DataFrame(columns=["chain", *SCORE])],
        [pd.DataFrame(columns=["chain", "event", "question", "why"])],
    )
    for chain, mine in chosen.items():
        if mine:
            parts.append(scores_of(mine, made[chain], seen[chain], past).assign(chain=chain))
            left += [one.not_scored.assign(chain=chain) for one in made[chain].values()]
    known = {(chain, name): event for chain, mine in chosen.items() for name, event in mine.items()}
    return Record(_joined(parts), known, _joined(left))


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    full = [part for part in parts if len(part)]
    return pd.concat(full, ignore_index=True) if full else parts[0]


def track_record(record: Record) -> pd.DataFrame:
    """Return how often the wide band held and what else was right, by class of rule and chain; "all" is every one."""
    rows = []
    for name in (EVERY, *CLASSES):
        for chain in (EVERY, *sorted({chain for chain, _ in record.events})):
            mine = record.scores[(record.scores["class"] == name) | (name == EVERY)]
            counts = counts_of(mine[(mine["chain"] == chain) | (chain == EVERY)])
            if counts["n"]:
                rows.append({"class": name, "chain": chain, **counts})
    return pd.DataFrame(rows)
