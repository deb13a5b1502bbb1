"""A licence as what it is: restrictions that touch end to end, one for each phase and each group of destinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from chainnet._types import INF, Bools
from chainnet.errors import DataError
from chainnet.network import Network

Measure = Mapping[str, Any]
Places = Callable[[Network, Mapping[str, Any], str], Bools]  # which nodes, then projects, a condition chooses
Span = tuple[int, float]  # months of a measure's own time, from and before, in which a part of it acts
ALWAYS: Span = (0, INF)
FROM_CUSTOMS = "controls"  # what a measure writes in place of a number


def profile_of(measure: Measure) -> list[Any]:
    """Return the phases of a licence for all whom it does not name apart; one share is one phase; empty = it has none.

    Its last phase stays.
    """
    profile = measure.get("profile", [{"share": measure["share"]}] if "share" in measure else [])
    return list(profile) if isinstance(profile, (list, tuple)) else []


def takes_customs(measure: Measure) -> bool:
    """Whether a share of it is taken from customs: its own, or that of a phase."""
    return any(phase.get("share") == FROM_CUSTOMS for phase in profile_of(measure) if isinstance(phase, Mapping))


def with_share(measure: Measure, share: Any) -> dict[str, Any]:
    """Return a measure with another share where it takes that of customs."""
    if "profile" not in measure:
        return {**measure, "share": share}
    left = [{**phase, "share": share} if phase["share"] == FROM_CUSTOMS else phase for phase in measure["profile"]]
    return {**measure, "profile": left}


def each_share(measure: Measure, change: Callable[[float], float]) -> dict[str, Any]:
    """Return a licence with every share that is a number changed."""

    def changed(one: Measure) -> dict[str, Any]:
        return dict(one) if isinstance(one["share"], str) else {**one, "share": change(one["share"])}

    new = dict(measure)
    if "share" in new:
        new = changed(new)
    if "profile" in new:
        new["profile"] = [changed(phase) for phase in new["profile"]]
    if "by" in new:
        new["by"] = [{**one, "profile": [changed(phase) for phase in one["profile"]]} for one in new["by"]]
    return new


def phases_of(places: Places, network: Network, measure: Measure, argument: str) -> list[tuple[Measure, Span]]:
    """Return a licence as restrictions, each with the months of the licence in which it acts; the lasting ones last.

    Raises
    ------
    DataError
        If two groups of destinations overlap.
    """
    bare = {key: value for key, value in measure.items() if key not in ("profile", "by")}
    apart = [one["to"] for one in measure.get("by") or ()]
    classes = [({**bare, "to": one["to"]}, one["profile"]) for one in measure.get("by") or ()]
    if profile_of(measure):
        rest = _others(places, network, measure, apart, argument)
        if rest is not None:
            classes.insert(0, ({**bare, **rest}, profile_of(measure)))
    found = [({**one, "share": share}, span) for one, profile in classes for share, span in _spans(profile)]
    return sorted(found, key=lambda pair: pair[1][1] == INF)


def _spans(profile: list[Any]) -> Iterator[tuple[Any, Span]]:
    """Yield the share of each phase and when it holds; a phase of no months is none."""
    first = 0
    for phase in profile:
        after = first + phase["months"] if "months" in phase else INF
        if after > first:
            yield phase["share"], (first, after)
        first = int(after) if after < INF else first


def _others(
    places: Places, network: Network, measure: Measure, apart: list[Any], argument: str
) -> dict[str, Any] | None:
    """Return the destinations that no group names, as ids; None where none is left. Groups may not overlap."""
    if not apart:
        return {}
    taken = np.zeros(len(network.plants), dtype=bool)
    for number, where in enumerate(apart):
        mine = places(network, where, f"{argument}: by[{number}]")
        if (taken & mine).any():
            both = network.plants["id"][taken & mine].iloc[0]
            raise DataError(
                f'{argument}: by[{number}]: "{both}" is in an earlier group too. Name each destination in one alone.'
            )
        taken |= mine
    asked = measure.get("to")
    left = ~taken & (places(network, asked, f"{argument}: to") if asked else True)
    return {"to": {"id": network.plants["id"][left].tolist()}} if left.any() else None
