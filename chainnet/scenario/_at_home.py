"""A measure inside one part of a network: what it names there, or why it cannot be kept to a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainnet.errors import DataError
from chainnet.network import Network
from chainnet.scenario._effect import listed

Measure = Mapping[str, Any]
_PLACES = {"country", "region"}


def ids_at_home(part: Network) -> dict[str, set[str]]:
    """Return the ids of a part that a measure may name, by the key that names them."""
    plants = set(part.plants["id"])
    return {"nodes": plants, "projects": plants, "stocks": set(part.view("stocks")["id"])}


def refused(part: Network, measure: Measure) -> dict[str, Any] | None:
    """Refuse a measure of whose kind nobody has said that parts can keep it each for themselves.

    Raises
    ------
    DataError
        Always.
    """
    raise DataError(f"{measure['kind']}: parts cannot keep it each for themselves. Ask the whole network.")


def stopped_at_home(part: Network, measure: Measure) -> dict[str, Any] | None:
    """Return a bound on a class of flows with what it names in a part, as ``named_at_home``.

    Raises
    ------
    DataError
        If the bound couples the parts: all but a whole stop between places.
    """
    away = {key for side in ("from", "to") for key in measure.get(side, {})} - _PLACES
    if "tpa" in measure or measure.get("share", 0.0) or "tier" in measure or "origin" in measure or away:
        raise DataError(
            f"{measure['kind']}: parts can stop trade between countries, by commodity, wholly; no share, tonnage, "
            "tier, origin, stage or step: that couples the parts. Leave it out, or ask the whole network."
        )
    return named_at_home(part, measure)


def named_at_home(part: Network, measure: Measure) -> dict[str, Any] | None:
    """Return a measure with what it names in a part; None where that is nothing.

    Raises
    ------
    DataError
        If it names an edge across the border by its ids.
    """
    new, ids = dict(measure), ids_at_home(part)
    if new.get("node") not in (None, *ids["nodes"]):
        return None
    named = [key for key in (*ids, "edges") if new.get(key)]
    for key in [key for key in named if key != "edges"]:
        new[key] = [word for word in listed(new[key]) if word in ids[key]]
    if new.get("edges"):
        own = [[end in ids["nodes"] for end in pair[:2]] for pair in new["edges"]]
        if any(any(ends) and not all(ends) for ends in own):
            kind = measure["kind"]
            raise DataError(f"{kind}: an edge across the border cannot be named by its ids. Use restrict from and to.")
        new["edges"] = [pair for pair, ends in zip(new["edges"], own, strict=True) if all(ends)]
    if named and not any(new[key] for key in named) and "where" not in new:
        return None
    new = {key: value for key, value in new.items() if key not in named or value}
    if "commodity" in new:
        goods = (
            set(part.view("edges")["commodity"])
            | set(part.view("demand")["commodity"])
            | set(part.view("commodities")["id"])
        )
        new["commodity"] = [word for word in listed(new["commodity"]) if word in goods]
        if not new["commodity"]:
            return None
    return new
