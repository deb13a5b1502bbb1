"""A measure at part of its loss."""

from __future__ import annotations

from typing import Any

from chainnet.scenario._at_home import Measure
from chainnet.scenario._phases import FROM_CUSTOMS, each_share, takes_customs


def scaled(measure: Measure, lost: float) -> dict[str, Any]:
    """Return a removal of part of what it names."""
    return {**less(measure, lost), "kind": "scale"}


def less(measure: Measure, lost: float) -> dict[str, Any]:
    """Return a measure that leaves more of its share."""
    return {**measure, "share": round(1.0 - lost * (1.0 - measure.get("share", 0.0)), 12)}


def severity(measure: Measure, lost: float) -> dict[str, Any]:
    """Return a measure of which less of the cut is made."""
    return {**measure, "severity": round(lost * measure.get("severity", 1.0), 12)}


def restricted(measure: Measure, lost: float) -> dict[str, Any]:
    """Return a restriction at part of its loss; one by origin is all or nothing."""
    if measure.get("share") == FROM_CUSTOMS:
        return severity(measure, lost)
    return dict(measure) if "origin" in measure else less(measure, lost)


def licensed(measure: Measure, lost: float) -> dict[str, Any]:
    """Return a licence at part of its loss, in each of its phases."""
    new = each_share(measure, lambda share: round(1.0 - lost * (1.0 - share), 12))
    return severity(new, lost) if takes_customs(measure) else new
