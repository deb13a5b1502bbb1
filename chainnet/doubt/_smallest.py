"""The fewest assumed plants whose joint absence changes a verdict, or the proof that there are none so few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainnet.criticality import interdict
from chainnet.doubt._case import Case
from chainnet.doubt._changes import Change
from chainnet.doubt._verdict import category, next_share
from chainnet.engine import LEAST_SIZE, Certificate

# beyond this the search may take hours: its worst case grows with the number of sets
MOST = 5


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


def smallest_set(case: Case, tier: int, share: float, wanted: float, max_set: int) -> Smallest:
    """Find the fewest assumed nodes, end uses aside, whose absence makes another category of a tier.

    Parameters
    ----------
    case : Case
    tier : int
        Which: the first that asks for anything.
    share : float
        Its short share in the central case.
    wanted : float
        What it asks for, t/yr.
    max_set : int
        Largest set looked for.

    Notes
    -----
    What is taken away can only take from the tier that is served first. So where all assumed nodes together change
    nothing no set does; else the worst attack of one, two, ... nodes, everything else protected, tells.
    """
    nodes = case.network.nodes
    assumed = (nodes["quality"] == "assumed").to_numpy() & (nodes["stage"] != "end_use").to_numpy()
    candidates = tuple(nodes.loc[assumed, "id"])
    most = min(max_set, len(candidates))
    none = Smallest(None, candidates, most, True, ())
    if not most or not np.isfinite(next_share(share)):
        return none
    rows = np.flatnonzero(assumed)
    whole = case.share_under([Change("nodes", rows, np.zeros(len(rows)))])[tier]
    if category(float(whole)) == category(share):
        return Smallest(None, candidates, len(candidates), True, ())
    return _search(case, tier, share, wanted, candidates, nodes.loc[~assumed, "id"].tolist(), most)


def _search(
    case: Case,
    tier: int,
    share: float,
    wanted: float,
    candidates: tuple[str, ...],
    protect: Sequence[str],
    most: int,
) -> Smallest:
    """Attack with one node more at a time."""
    counting, proofs, is_proved = case.counting, [], True
    for k in range(1, most + 1):
        found = interdict(
            case.network,
            k,
            protect=protect,
            tier=case.tiers[tier] or None,
            scenario=case.scenario,
            **counting.said,
        )
        proofs.append(found.certificate)
        size = max(wanted, LEAST_SIZE)
        if category((wanted - found.left_tpa) / size) != category(share):
            return Smallest(tuple(map(str, found.removed)), candidates, k, is_proved, tuple(proofs))
        least = found.base_tpa - found.bound_tpa
        is_proved = is_proved and (found.is_optimal or category((wanted - least) / size) == category(share))
    return Smallest(None, candidates, most, is_proved, tuple(proofs))
