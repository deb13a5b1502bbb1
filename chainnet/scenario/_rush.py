"""What is bought ahead of a licence that was announced: months of the actor's flow, in store when the rule begins.

Of a notice of N days the flow doubles until the rule begins, so N / 30.4 months of it are bought ahead; the range is from
nothing to twice as much. It stands at the first receivers outside the actor.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from chainnet._types import Array
from chainnet.network import Network, first_day
from chainnet.scenario._calendar import Calendar
from chainnet.scenario._effect import Effect
from chainnet.scenario._register import rule_named

DAYS_OF_MONTH = 30.4


@dataclass(frozen=True)
class Bought:
    """Goods bought ahead at one place: in store from month ``begin`` on, known of from month ``known`` on, t."""

    node: str
    commodity: str
    stock_t: float
    begin: int
    known: float


def bought_ahead(network: Network, effects: Sequence[Effect], calendars: Sequence[Calendar]) -> tuple[Bought, ...]:
    """Return what is bought ahead of the measures that begin in the months of an answer, at its central value.

    Where several bound one flow the longest notice counts.

    Parameters
    ----------
    network : Network
    effects, calendars : sequences
        Measures put to the network, and when each is in force.
    """
    edges, plants = network.view("edges"), network.plants["id"].to_numpy(dtype=object)
    flow = edges["flow_tpa"].fillna(0.0).to_numpy(dtype=float)
    found: dict[tuple[str, str, int, float], Array] = {}
    most = np.zeros(len(edges))
    for effect, calendar in zip(effects, calendars, strict=True):
        months = _notice(network, effect, calendar)
        if months <= 0.0 or not effect.is_lasting or effect.restriction is None:
            continue
        actor = set(plants[effect.restriction.sources])
        rows = effect.restriction.edges & (flow > 0) & ~edges["target"].isin(actor).to_numpy() & (months > most)
        for kept in found.values():
            kept[rows] = 0.0
        most[rows] = months
        ends = zip(
            edges["target"][rows], edges["commodity"][rows].fillna(""), np.flatnonzero(rows).tolist(), strict=True
        )
        for target, commodity, row in ends:
            key = (target, commodity, calendar.begin, calendar.known)
            found.setdefault(key, np.zeros(len(edges)))[row] = months / 12.0 * flow[row]
    return tuple(Bought(*key[:2], float(t.sum()), *key[2:]) for key, t in sorted(found.items()) if t.any())


def _notice(network: Network, effect: Effect, calendar: Calendar) -> float:
    """Return the months between the day on which a measure was announced and that on which it begins; 0 without both.

    The day of its rule counts, where that lies in the month in which it begins.
    """
    measure = effect.measure
    if "announced" not in measure or "start" not in measure or calendar.begin < 0:
        return 0.0
    year, month = map(int, measure["start"].split("-"))
    begin = date(year, month, 1)
    if "rule" in measure:
        force = rule_named(measure["rule"], effect.argument, network).in_force
        if force and begin <= first_day(force) <= begin.replace(day=monthrange(year, month)[1]):
            begin = first_day(force)
    return max((begin - first_day(measure["announced"])).days, 0) / DAYS_OF_MONTH
