"""``loss_ends``: the largest single loss if all others are served after those who count, and before them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Words
from chainnet.criticality._chokepoints import chokepoints
from chainnet.engine import TIE
from chainnet.flow import Counting
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.results import ENDS, origin_of, stamp
from chainnet.scenario import Scenario


def loss_ends(
    network: Network,
    by: str = "node",
    tier: str | None = None,
    *,
    scenario: Scenario | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame | None:
    """Return the largest single loss with allies served first and last; None where all demand counts.

    Parameters
    ----------
    network, by, tier, scenario, reroute, commodity, beneficiaries
        As in ``chokepoints``.
    known : DataFrame, optional
        The answer of ``chokepoints`` at one end, all its rows; it is then not solved again.

    Returns
    -------
    DataFrame, index order ("allies_first", "allies_last")
        base_tpa : t/yr served with nothing lost.  lost_tpa, lost_share : the largest loss, t/yr, and of the base.
        name : what is lost, the first of those that tie.  n_tied : how many others cost as much.

    See Also
    --------
    chokepoints, service_range
    """
    counting = Counting.of(network, commodity, beneficiaries, tier)
    if not counting.rivals.any():
        return None
    told: dict[str, pd.DataFrame] = {}
    if known is not None and origin_of(known)["settings"]["top"] is None:
        told[origin_of(known)["settings"].get("order", "allies_first")] = known
    rows: list[dict[str, Any]] = []
    for order in ENDS:
        if order not in told:
            told[order] = chokepoints(
                network, by, tier=tier, scenario=scenario, reroute=reroute, order=order, **counting.said
            )
        table = told[order]
        rows.append({"order": order, "base_tpa": origin_of(table)["settings"]["base_tpa"], **_largest(table)})
    source = origin_of(table)
    return stamp(pd.DataFrame(rows).set_index("order"), source | {"settings": source["settings"] | {"order": "both"}})


def _largest(table: pd.DataFrame) -> dict[str, Any]:
    lost = table["lost_tpa"].to_numpy(dtype=float)
    if not len(lost) or not lost[0] > 0:
        return {"lost_tpa": 0.0, "lost_share": 0.0, "name": "", "n_tied": 0}
    first = table.index[0]
    return {
        "lost_tpa": float(lost[0]),
        "lost_share": float(table["lost_share"].iloc[0]),
        "name": " -> ".join(map(str, first)) if isinstance(first, tuple) else str(first),
        "n_tied": int(np.sum(lost >= lost[0] * (1 - TIE))) - 1,
    }
