"""How an answer may be judged: who comes first, which relations count, how much is asked for, how sure inference is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.calibration import THIN, slack_factors, thin_relations
from chainnet.flow import Counting, Kept
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.results import weakest
from chainnet.words import percent

CENTRAL = "central"
# the order in which a network has its value, and so its bottleneck
FIRST: Kept = "allies_first"
# by law or arrangement, and by laws alone that are known to be in force
BY_LAW: tuple[Kept, ...] = ("law", "law_only")
# a stress test beside the range: nobody expects that allied users come after everyone else
LAST: Kept = "allies_last"
# the quality of what is no datum: somebody decides it
JUDGEMENT = "judgement"
# times the stated margin of inferred relations above their flow
MARGINS = {"less": 0.0, "more": 2.0}


@dataclass(frozen=True)
class Setting:
    """One way to judge: order of service, degree of rerouting, demand, slack and density of inferred relations."""

    order: Kept
    rerouting: Degree = "new"
    demand: str = CENTRAL
    slack: str = CENTRAL
    density: str = CENTRAL

    @property
    def is_dense(self) -> bool:
        """Whether relations are added to the table."""
        return self.density == "more"

    def put(self, network: Network, overlay: Overlay) -> Overlay:
        """Return an overlay so judged."""
        rows = slice(None)
        if self.slack in MARGINS:
            overlay = overlay.times("edges", rows, slack_factors(network, MARGINS[self.slack]))
        if self.density == "less":
            overlay = overlay.times("edges", rows, np.where(thin_relations(network), 0.0, 1.0))
        if self.demand != CENTRAL:
            overlay = overlay.times("demand", rows, demand_factors(network, self.demand))
        return overlay


@dataclass(frozen=True)
class Judgement:
    """One judgement made otherwise: kind, variant, what it means, and how its inputs are known."""

    kind: str
    variant: str
    label: str
    quality: str
    setting: Setting

    @property
    def id(self) -> str:
        """What the judgement is called."""
        return f"{self.kind}:{self.variant}"


LABELS = {
    "order:law": "those whom law or arrangement puts first are served first",
    "order:law_only": "only those whom a law in force puts first are served first",
    "order:allies_first": "allied users are served first",
    "order:alike": "all are served alike, nobody first",
    "order:allies_last": "all others are served first",
    "rerouting:existing": "makers ship to the users that they know, and to no new ones",
    "demand:low": "every demand at its low value",
    "demand:high": "every demand at its high value",
    "slack:less": "inferred and assumed links with a baseline and a capacity above it carry no more than the baseline",
    "slack:more": "inferred and assumed links with a baseline and a capacity above it have twice that margin",
    "density:less": f"without inferred relations under {percent(THIN, ' ')} of what their taker uses",
    "density:more": f"with relations from every maker to every user, each up to {percent(THIN, ' ')} of the smaller",
}


def orders_of(counting: Counting) -> list[Kept]:
    """Return the orders of service of a range, that of the central case first; by law where it puts anyone first."""
    if not (counting.anyone & ~counting.ours).any():
        return [counting.order]
    found: list[Kept] = [counting.order]
    by_law, by_law_only = (rows.covered & rows.rows for rows in map(counting.in_order, BY_LAW))
    if by_law.any():
        found += BY_LAW[:1] if (by_law == by_law_only).all() else BY_LAW
    return list(dict.fromkeys([*found, "alike", FIRST]))


def judgements(counting: Counting, orders: Sequence[Kept], is_denser: bool) -> list[Judgement]:
    """Return every judgement that can be made otherwise of a network, in a fixed order.

    Parameters
    ----------
    counting : Counting
    orders : sequence
        From ``orders_of``.
    is_denser : bool
        Whether there is any relation to add.
    """
    network, central = counting.network, Setting(orders[0])
    others = (counting.anyone & ~counting.ours).any()
    is_loose = bool((slack_factors(network, 0.0) != 1.0).any())
    usable = {
        **{f"order:{order}": bool(others) for order in {*orders, LAST} - {orders[0]}},
        "rerouting:existing": True,
        **{f"demand:{end}": bool((demand_factors(network, end) != 1.0).any()) for end in ("low", "high")},
        **{f"slack:{margin}": is_loose for margin in MARGINS},
        "density:less": bool(thin_relations(network).any()),
        "density:more": is_denser,
    }
    quality = _qualities(network)
    out = []
    for name, label in LABELS.items():
        kind, _, variant = name.partition(":")
        if usable.get(name):
            setting = replace(central, **{kind: variant})  # type: ignore[arg-type]
            out.append(Judgement(kind, variant, label, quality[kind], setting))
    return out


def demand_factors(network: Network, end: str) -> Array:
    """Return by what to multiply each row of demand to bring it to its low or high value; 1 without one."""
    table = network.demand
    value, other = (table[column].to_numpy(dtype=float) for column in ("demand_tpa", end))
    known = np.isfinite(other) & (value > 0)
    return np.where(known, np.where(known, other, 1.0) / np.where(known, value, 1.0), 1.0)


def _qualities(network: Network) -> dict[str, str]:
    """Return how the inputs behind each judgement are known."""
    edges = network.edges["quality"]
    guessed = weakest(edges[edges.isin(["inferred", "assumed"])])
    waits = weakest(network.qualification["quality"]) if len(network.qualification) else JUDGEMENT
    ranged: pd.Series = network.demand.loc[network.demand[["low", "high"]].notna().any(axis=1), "quality"]
    return {
        "order": JUDGEMENT,
        "rerouting": waits,
        "demand": weakest(ranged),
        "slack": guessed,
        "density": guessed,
    }
