"""What a picture shows beside the network: the flows of an answer, its months, the losses of a ranking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import PRINTED
from chainnet.errors import DataError
from chainnet.network import Network
from chainnet.scenario import month_text
from chainnet.words import ORDER_WORDS, calendar_month, digits

LONG_RUN = "long run"
ORDERS = ORDER_WORDS | {"allies_first": ""}
_SPANS = {3: "quarter", 6: "half-year", 12: "year"}


@dataclass(frozen=True)
class DrawnFlows:
    """Flows of one answer beside the baseline.

    ``kind`` is "balance" or "largest flow"; ``edge_flow`` has one value per row of ``network.edges``,
    ``node_flow`` one per row of ``network.nodes``, ``project_flow`` one per project. ``relations`` are links
    that no table holds. ``when`` is the month in words, ``months`` the other months, ``peak`` the most
    that each edge carries in any of them, ``others`` are other scenarios over the same months. ``order`` says
    when those are served who do not count, where not after all. ``asked`` and ``shortfall``: what each node asks for
    that counts, and what of it is short, t/yr, NaN where it asks for nothing that counts. ``calm``: what of each tier
    is short in the baseline, t/yr; ``moved``: the links that differ most from it, and what they carry at least and at
    most in any answer that serves as much; None = not asked.
    """

    kind: str
    scenario: str
    words: str
    edge_flow: Any
    node_flow: Any
    tiers: list[dict[str, Any]] = field(default_factory=list)
    relations: pd.DataFrame | None = None
    value_tpa: float | None = None
    cut_nodes: frozenset[str] = frozenset()
    cut_edges: frozenset[tuple[str, str, str]] = frozenset()
    is_unique: bool = False
    project_flow: Any = None
    when: str = ""
    months: Months | None = None
    peak: Any = None
    others: tuple[DrawnFlows, ...] = ()
    order: str = ""
    asked: Any = None
    shortfall: Any = None
    calm: Mapping[str, float] = field(default_factory=dict)
    moved: pd.DataFrame | None = None

    @property
    def is_calm(self) -> bool:
        """Whether no tier is short by more than it is in the baseline: nothing that moves costs anybody anything."""
        return self.kind == "balance" and all(
            t["short"] - self.calm.get(t["tier"], 0.0) <= PRINTED * t["demand"] for t in self.tiers
        )

    @property
    def courses(self) -> tuple[DrawnFlows, ...]:
        """Itself and the other scenarios, if it has months."""
        return () if self.months is None else (self, *self.others)


_none = partial(np.empty, 0, dtype=np.int64)  # of a course that has no month yet


@dataclass(frozen=True)
class Months:
    """An answer month by month, t/yr at the rate of the month.

    ``edge_tpa``, ``site_tpa`` (nodes, then projects), ``relation_tpa`` (rows of ``relations``): periods x
    things; ``tiers``: one list a period; ``number``: first month of each period, from 1; ``lengths``: its months;
    ``lost``: links of the baseline without flow; ``hidden``: new relations between countries, which are not drawn;
    ``tail``: months at the end in which what is shipped may arrive too late; ``shown``: the periods on the slider,
    each of which stands for ``span`` months at most. ``asked`` and ``shortfall``: periods x nodes, as in
    ``DrawnFlows``. With ``is_lasting`` all these have a row more than ``number``: the long run.
    """

    answer: DrawnFlows
    edge_tpa: Array
    site_tpa: Array
    relation_tpa: Array
    relations: pd.DataFrame
    asked: Array
    shortfall: Array
    tiers: list[list[dict[str, Any]]] = field(default_factory=list)
    number: Any = field(default_factory=_none)
    lengths: Any = field(default_factory=_none)
    first: int | None = None
    lost: Any = field(default_factory=_none)
    hidden: Any = field(default_factory=_none)
    tail: int = 0
    shown: tuple[int, ...] = ()
    span: int = 1
    is_lasting: bool = False

    @property
    def lasting(self) -> int | None:
        """The period that is the long run."""
        return len(self.number) if self.is_lasting else None

    @property
    def opening(self) -> int:
        """The period that is seen first: the long run, else the worst month."""
        return self.worst() if self.lasting is None else self.lasting

    @property
    def step(self) -> int:
        """Months of the longest period."""
        return int(self.lengths.max(initial=1))

    @property
    def is_even(self) -> bool:
        """Whether all periods have one length."""
        return bool((self.lengths == self.step).all())

    @property
    def last(self) -> int:
        """Number of the last month."""
        return int(self.number[-1] + self.lengths[-1]) - 1 if len(self.number) else 0

    def worst(self, periods: Any = None) -> int:
        """Return the period in which most is missing in the first tier, then in the next.

        Of equals it is the earliest, the end of the horizon last; where nobody is short, that in which
        most links are lost.
        """

        def badness(t: int) -> tuple[Any, ...]:
            # equal to six figures = equal
            short = [-digits(tier["short"], 6) for tier in self.tiers[t]]
            return (*short, self.is_end(t), 0 if any(short) else -int(self.lost[t]), t)

        some = self.shown if periods is None else periods
        return int(min((t for t in some if t != self.lasting), key=badness))

    def is_end(self, t: int) -> bool:
        """Say whether a period is so near the end that what is shipped may arrive too late to count."""
        return t != self.lasting and int(self.number[t]) > self.last - self.tail

    def coarser(self, span: int) -> Months:
        """Return the same with one month, the worst, for each ``span`` months."""
        bins: dict[int, list[int]] = {}
        for t in range(len(self.number)):
            bins.setdefault((int(self.number[t]) - 1) // span, []).append(t)
        shown = [self.worst(ts) for ts in bins.values()]
        return replace(self, shown=(*shown, *range(len(self.number), len(self.edge_tpa))), span=span)

    def name(self, t: int) -> str:
        """Return a period in words, such as "month 7 of 24"."""
        if t == self.lasting:
            return LONG_RUN
        a, b = int(self.number[t]), int(self.number[t] + self.lengths[t]) - 1
        return f"month {a} of {self.last}" if a == b else f"months {a} to {b} of {self.last}"

    def dated(self, t: int) -> str:
        """Return a period in words with its date, where a start was given."""
        if self.first is None or t == self.lasting:
            return self.name(t)
        date = calendar_month(self.number[t], month_text(self.first))
        return f"{self.name(t)} ({'from ' if self.lengths[t] > 1 else ''}{date})"

    def words(self, t: int) -> str:
        """Return a period in words with its date and what it stands for."""
        stands = self.span > self.step and t != self.lasting
        return self.dated(t) + (f", the worst of its {_SPANS[self.span]}" if stands else "")

    def at(self, t: int) -> DrawnFlows:
        """Return the answer in a period."""
        n = len(self.answer.node_flow)
        return replace(
            self.answer,
            edge_flow=self.edge_tpa[t],
            node_flow=self.site_tpa[t, :n],
            project_flow=self.site_tpa[t, n:],
            tiers=self.tiers[t],
            relations=self.relations.assign(flow_tpa=self.relation_tpa[t]) if len(self.relations) else None,
            when="" if t == self.lasting else self.dated(t),
            asked=self.asked[t],
            shortfall=self.shortfall[t],
        )


@dataclass(frozen=True)
class Losses:
    """A ranking of single losses by node or site, worst first, ties by id: lost_tpa, lost_share, in_cut, rank, is_tied.

    What may stand for several plants has rank 0: it is told beside the single sites. ``tier``: whose losses they are,
    "" = of all; ``first``: the same of one tier, ``first_tier``, beside them. ``unit_of``: node -> its row,
    where the rows are sites. ``under``: what the same cost under a scenario, ``under_words``.
    """

    table: pd.DataFrame
    base_tpa: float | None
    words: str
    when: str
    tier: str = ""
    first: pd.DataFrame | None = None
    first_tier: str = ""
    unit_of: dict[str, str] = field(default_factory=dict)
    under: pd.DataFrame | None = None
    under_words: str = ""


def order_words(source: Any) -> str:
    """Return when those are served who do not count; nothing where after all."""
    return ORDERS[str(source.get("settings", {}).get("order", "allies_first"))]


def rows_match(network: Network, edges: pd.DataFrame, nodes: pd.DataFrame) -> None:
    """Raise a DataError where an answer is of another network."""
    own = network.edges
    same = len(own) == len(edges) and len(network.nodes) == len(nodes)
    for column in ("source", "target", "commodity"):
        same = same and bool((own[column].fillna("").to_numpy() == edges[column].fillna("").to_numpy()).all())
    if not same or not (network.nodes["id"].to_numpy() == nodes.index.to_numpy()).all():
        raise DataError("draw: the result was made from another network; draw it with the network it came from.")


def scenario_words(network: Network, name: str) -> str:
    """Return the label of a scenario of the network's own folder, else its name in words."""
    if name in ("", "baseline"):
        return "no scenario"
    from chainnet.scenario import scenarios

    known = scenarios(network) if network.folder is not None else {}
    return (known[name].label or name).rstrip(".") if name in known else name.replace("_", " ")
