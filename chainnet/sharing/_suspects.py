"""What may stand twice in merged tables: never merged by guess, always named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from chainnet.network import place_of, step_of
from chainnet.sharing._records import Party

_REST = re.compile(r"(^|[^a-z])(other|others|rest|remainder|remaining|residual|elsewhere)([^a-z]|$)", re.IGNORECASE)


def suspects_of(sides: Sequence[Party]) -> list[dict[str, Any]]:
    """Return pairs of ids of one place and step that may be one plant, or a part of it.

    Two ids that only one party each knows; and a remainder such as "other" beside a plant that its party does not name.
    """
    found = []
    frames = [side.frames["nodes"] for side in sides]
    known = [set(frame["id"]) for frame in frames]
    places = [_by_place(frame) for frame in frames]
    for i, one in enumerate(sides):
        for j, other in enumerate(sides):
            for place in sorted(places[i].keys() & places[j].keys()) if i != j else ():
                mine = [(k, rest) for k, rest in places[i][place] if k not in known[j] or rest]
                theirs = [(k, rest) for k, rest in places[j][place] if k not in known[i]]
                for key, is_rest in mine:
                    for other_key, other_rest in theirs:
                        if is_rest and not other_rest:
                            why = "a remainder beside a plant that its party does not name"
                        elif i < j and not is_rest and not other_rest and key not in known[j]:
                            why = "same place and step, no id in common"
                        elif i < j and is_rest and other_rest and key not in known[j]:
                            why = "two remainders of one place and step"
                        else:
                            continue
                        found.append(
                            {
                                "id": key, "party": one.name, "other_id": other_key, "other_party": other.name,
                                "country": place[0], "step": place[1], "why": why,
                            }
                        )  # fmt: skip
    return found


def _by_place(nodes: pd.DataFrame) -> dict[tuple[str, str], list[tuple[str, bool]]]:
    """Return ids by place and step, each with whether it is a remainder."""
    found: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for where, what, key, label in zip(place_of(nodes), step_of(nodes), nodes["id"], nodes["label"], strict=True):
        if isinstance(where, str):
            is_rest = bool(_REST.search(key.replace("_", " ")) or (isinstance(label, str) and _REST.search(label)))
            found.setdefault((where, what), []).append((key, is_rest))
    return found
