"""How an answer may be judged: who comes first, which relations count, how much is asked for, how sure inference is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.calibration import THIN, slack_factors, thin_relations
from chainnet.flow import Counting
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.results import weakest
from chainnet.words import percent

CENTRAL = "central"
# the quality of what is no datum: somebody decides it
JUDGEMENT = "judgement"
# times the stated margin of inferred relations above their flow
MARGINS = {"less": 0.0, "more": 2.0}


@dataclass(frozen=True)
class Setting:
    """One way to judge: order of service, degree of rerouting, demand, slack and density of inferred relations."""

    order: str = "allies_first"
    rerouting: Degree = "existing"
    demand: str = CENTRAL
    slack: str = CENTRAL
    density: str = CENTRAL

    @property
    def is_dense(self) -> bool:
        """Whether relations are added to the table."""
        return self.density == "more"

    def put(self, network: Network, overlay: Overlay) -> Overlay:
        """Return an overlay so judged; without rerouting there is no slack to judge."""
        rows = slice(None)
        if self.slack in MARGINS and self.rerouting != "none":
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
    is_adverse: bool

    @property
    def id(self) -> str:
        """What the judgement is called."""
        return f"{self.kind}:{self.variant}"


LABELS = {
    "order:allies_last": "all others are served first",
    "order:alike": "all are served alike, nobody first",
    "rerouting:none": "relations are not rerouted",
    "rerouting:new": "makers may also ship to new users",
    "demand:low": "every demand at its low value",
    "demand:high": "every demand at its high value",
    "slack:less": "inferred and assumed links with a baseline and a capacity above it carry no more than the baseline",
    "slack:more": "inferred and assumed links with a baseline and a capacity above it have twice that margin",
    "density:less": f"without inferred relations under {percent(THIN, ' ')} of what their taker uses",
    "density:more": f"with relations from every maker to every user, each up to {percent(THIN, ' ')} of the smaller",
}
ADVERSE = ("order:allies_last", "rerouting:none", "demand:high", "slack:less", "density:less")
FAVOURABLE = ("rerouting:new", "demand:low", "slack:more", "density:more")


def judgements(network: Network, counting: Counting, is_denser: bool) -> list[Judgement]:
    """Return every judgement that can be made otherwise of this network, in a fixed order.

    Parameters
    ----------
    network : Network
    counting : Counting
    is_denser : bool
        Whether there is any relation to add.
    """
    usable = {
        "order": bool((counting.anyone & ~counting.ours).any()),
        "rerouting:none": _has_baseline(network),
        "rerouting:new": True,
        "demand:low": bool((demand_factors(network, "low") != 1.0).any()),
        "demand:high": bool((demand_factors(network, "high") != 1.0).any()),
        "slack": bool((slack_factors(network, 0.0) != 1.0).any()),
        "density:less": bool(thin_relations(network).any()),
        "density:more": is_denser,
    }
    quality = _qualities(network)
    out = []
    for name, label in LABELS.items():
        kind, _, variant = name.partition(":")
        if usable.get(name, usable.get(kind, False)):
            setting = replace(Setting(), **{kind: variant})  # type: ignore[arg-type]
            out.append(Judgement(kind, variant, label, quality[kind], setting, name in ADVERSE))
    return out


def corners(made: list[Judgement]) -> Iterator[tuple[str, Setting]]:
    """Yield every combination of two or three of order, rerouting and demand, by the ids of its judgements.

    One at a time they stand in ``made``. All that is adverse at once may be milder: what holds back everybody holds
    back those who are served before us as well.
    """
    ways = [[None, *(one for one in made if one.kind == kind)] for kind in ("order", "rerouting", "demand")]
    for chosen in product(*ways):
        parts = [one for one in chosen if one is not None]
        if len(parts) > 1:
            setting = replace(Setting(), **{one.kind: one.variant for one in parts})  # type: ignore[arg-type]
            yield "+".join(one.id for one in parts), setting


def together(made: list[Judgement]) -> Iterator[tuple[str, Setting]]:
    """Yield all that is favourable, and all that is adverse, at once, by its name."""
    for name, words in (("judgements:favourable", FAVOURABLE), ("judgements:adverse", ADVERSE)):
        parts = {one.kind: one.variant for one in made if one.id in words}
        if parts:
            yield name, replace(Setting(), **parts)  # type: ignore[arg-type]


def demand_factors(network: Network, end: str) -> Array:
    """Return by what to multiply each row of demand to bring it to its low or high value; 1 without one."""
    table = network.demand
    value, other = (table[column].to_numpy(dtype=float) for column in ("demand_tpa", end))
    known = np.isfinite(other) & (value > 0)
    return np.where(known, np.where(known, other, 1.0) / np.where(known, value, 1.0), 1.0)


def _has_baseline(network: Network) -> bool:
    projects = set(network.projects["id"]) | network.built_projects
    edges = network.edges
    asleep = edges["source"].isin(projects) | edges["target"].isin(projects)
    return bool(edges.loc[~asleep, "flow_tpa"].notna().all()) and not edges.empty


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
