"""The fewest assumed plants whose joint absence changes a verdict, or the proof that there are none so few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainnet.criticality import interdict
from chainnet.doubt._case import Case
from chainnet.doubt._changes import Change
from chainnet.doubt._judgements import FIRST, Setting
from chainnet.doubt._verdict import CLASSES, Outcome, class_of
from chainnet.engine import LEAST_SIZE, Certificate

# beyond this the search may take hours: its worst case grows with the number of sets
MOST = 5
WORST = list(CLASSES)[-1]
# how plants have their value
VALUED = Setting(order=FIRST)


@dataclass(frozen=True)
class Smallest:
    """What was found: the set, how many plants were asked about, and up to what number it is proved.

    ``is_proved``: no smaller set does, or none of at most ``up_to``. ``proofs``: those of the searches.
    """

    ids: tuple[str, ...] | None
    candidates: tuple[str, ...]
    up_to: int
    is_proved: bool
    proofs: tuple[Certificate, ...]


def smallest_set(case: Case, tier: int, max_set: int) -> Smallest:
    """Find the fewest assumed nodes, end uses aside, without which a scenario costs a tier a class more.

    Parameters
    ----------
    case : Case
    tier : int
        Which: the first that asks for anything.
    max_set : int
        Largest set looked for.

    Notes
    -----
    It is asked with allies served first, as every value of plants is. What is taken away can then only take from the
    first tier, with the scenario and without it. So no set costs more than it leaves short under the scenario, less
    what is short without any; where that is of the same class for all assumed nodes together, no set does, else the
    worst attack of one, two, ... nodes, everything else protected, tells.
    """
    nodes = case.network.nodes
    assumed = (nodes["quality"] == "assumed").to_numpy() & (nodes["stage"] != "end_use").to_numpy()
    candidates = tuple(nodes.loc[assumed, "id"])
    most = min(max_set, len(candidates))
    central, *_ = case.shortfalls(VALUED)
    now, already, wanted = (float(x[tier]) for x in (central.due, central.already, central.wanted))
    if not most or case.is_calm or class_of(now) == WORST:
        return Smallest(None, candidates, most, True, ())
    if class_of(_without(case, candidates).share[tier] - already) == class_of(now):
        return Smallest(None, candidates, len(candidates), True, ())
    protect, size = nodes.loc[~assumed, "id"].tolist(), max(wanted, LEAST_SIZE)
    proofs, is_proved = [], True
    for k in range(1, most + 1):
        found = interdict(
            case.network,
            k,
            protect=protect,
            tier=case.parts.tiers[tier] or None,
            scenario=case.scenario,
            reroute="new",
            **case.counting.said,
        )
        proofs.append(found.certificate)
        names = tuple(map(str, found.removed))
        if class_of(float(_without(case, names).due[tier])) != class_of(now):
            return Smallest(names, candidates, k, is_proved, tuple(proofs))
        least = found.base_tpa - found.bound_tpa
        is_proved = is_proved and class_of((wanted - least) / size - already) == class_of(now)
    return Smallest(None, candidates, most, is_proved, tuple(proofs))


def _without(case: Case, names: Sequence[str]) -> Outcome:
    """Return the answer without some nodes."""
    rows = np.flatnonzero(case.network.nodes["id"].isin(names))
    return case.shortfalls(VALUED, [Change.of("nodes", rows, 0.0)])[0]
