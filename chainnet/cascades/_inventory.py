"""Adaptive inventories (ARIO): plants that know only their suppliers, their stores and today's orders.

Units of production are the nodes with a process, and each commodity that a node without one passes
on. The baseline is ``edges.flow_tpa`` read as tonnes a day; it is a fixed point of the simulation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Ints
from chainnet.cascades._links import Links, check_number, recipe_of, total_by
from chainnet.engine import ROUNDING, UNIT_ROUNDING
from chainnet.progress import SILENT, Steps

DAYS_A_YEAR = 365.0
INVENTORY_DAYS = 90.0
ORDERINGS = ("alt", "baseline")


@dataclass(frozen=True)
class Behaviour:
    """How plants behave: see ``cascade``. ``inventory_days`` may name days by commodity."""

    inventory_days: float | Mapping[str, float] = INVENTORY_DAYS
    psi: float = 0.8
    overproduction: float = 1.25
    tau_days: float = 365.0
    restock_days: float = 60.0
    ordering: str = "alt"

    def check(self, words: list[str]) -> Array:
        """Return the days of each commodity.

        Raises
        ------
        DataError
            If a setting is out of its range or names an unknown commodity.
        """
        by_name = dict(self.inventory_days) if isinstance(self.inventory_days, Mapping) else None
        for word in by_name or ():
            checks.known(word, words, "inventory_days", "commodity")
        days = (
            [self.inventory_days] * len(words) if by_name is None else [by_name.get(w, INVENTORY_DAYS) for w in words]
        )
        for value in [self.inventory_days] if by_name is None else by_name.values():
            check_number(value, "inventory_days", 1.0, np.inf, "a plant works a day from what lies in store")
        check_number(self.psi, "psi", 0.0, 1.0, "the part of the target below which a store slows its plant")
        check_number(self.overproduction, "overproduction", 1.0, np.inf, "1 is no overproduction")
        check_number(self.tau_days, "tau_days", 1.0, np.inf, "days in which overproduction builds up")
        check_number(self.restock_days, "restock_days", 1.0, np.inf, "days in which a gap is ordered again")
        checks.known(self.ordering, ORDERINGS, "ordering", "word")
        return np.array(days, dtype=float)


@dataclass(frozen=True, eq=False)
class Shock:
    """What fails while it lasts: parts left of nodes' output, bounds in t/yr, demand multipliers."""

    output_left: Array
    node_cap: Array
    edge_cap: Array
    demand_share: Array
    start_day: int = 1
    days_out: int | None = None

    def holds(self, day: int) -> bool:
        """Whether the failure is on at a day; the first day is 1."""
        return day >= self.start_day and (self.days_out is None or day < self.start_day + self.days_out)


@dataclass(frozen=True, eq=False)
class Plants:
    """The baseline as arrays, in tonnes a day.

    ``unit``: units of production (node position, baseline activity). ``outlet``: a commodity that a
    unit ships (unit, tonnes per activity, whether the unit runs for it). ``slot``: what is ordered as
    one: an input of a unit (a commodity, or stand-ins in units of activity), or the need of a user.
    """

    links: Links
    uses: pd.DataFrame
    unit_node: Ints
    activity: Array
    cap_share: Array
    outlet: Ints
    outlet_unit: Ints
    outlet_ratio: Array
    drives: Bools
    outlet_start: Ints
    supplier: Ints
    slot: Ints
    measure: Array
    slot_unit: Ints
    slot_ratio: Array
    slot_days: Array
    slot_need: Array
    own_use: Array
    use_group: Ints
    use_part: Array
    group_flow: Array
    group_slot: Ints
    group_unit: Ints
    node_flow: Array

    @property
    def n_inputs(self) -> int:
        """Number of slots that are inputs; the needs of users stand after them."""
        return len(self.slot_unit)

    @cached_property
    def at_slot(self) -> tuple[Ints, Ints]:
        """End uses that take goods as they come, and the slots of these."""
        direct = np.flatnonzero(self.group_slot >= 0)
        return direct, self.group_slot[direct]

    @cached_property
    def at_unit(self) -> tuple[Ints, Ints]:
        """End uses that also pass goods on, and their units."""
        through = np.flatnonzero(self.group_unit >= 0)
        return through, self.group_unit[through]


def plants_of(links: Links, uses: pd.DataFrame, days: Array) -> Plants:
    """Turn baseline relations into units, outlets and slots; ``days`` of inventory by commodity."""
    t, n, k = links.tables, links.n, max(len(links.words), 1)
    nodes = t.network.nodes
    has_process = nodes["process"].notna().to_numpy()
    is_mine = (nodes["stage"] == "mine").to_numpy() & ~has_process
    flow = links.flow / DAYS_A_YEAR

    def keys(ends: Ints) -> Ints:
        return np.where(has_process[ends], ends * (k + 1) + k, ends * (k + 1) + links.commodity)

    unit_keys, supplier = np.unique(keys(links.source), return_inverse=True)
    unit_node = unit_keys // (k + 1)
    made = recipe_of(links, links.source)
    outlet_keys, first, outlet = np.unique(supplier * k + links.commodity, return_index=True, return_inverse=True)
    outlet_unit = outlet_keys // k
    shipped = total_by(outlet, flow, len(outlet_keys))
    t_per_t = made["t_per_t"].fillna(1.0).to_numpy(dtype=float)[first]
    passes = ~has_process[unit_node[outlet_unit]]
    drives = made["role"].isin(["output", "coproduct"]).to_numpy()[first] | passes
    idle = np.bincount(outlet_unit[drives], minlength=len(unit_keys)) == 0
    drives = drives | idle[outlet_unit]
    group_keys, use_group = np.unique(uses["key"].to_numpy(dtype=np.int64), return_inverse=True)
    group_flow = total_by(use_group, uses["flow_tpa"].to_numpy(dtype=float), len(group_keys)) / DAYS_A_YEAR
    group_unit = _find(unit_keys, group_keys // k * (k + 1) + group_keys % k)
    own_use = np.zeros(len(unit_keys))
    own_use[group_unit[group_unit >= 0]] = group_flow[group_unit >= 0]
    activity = np.zeros(len(unit_keys))
    np.maximum.at(activity, outlet_unit[drives], (shipped / np.where(passes, 1.0, t_per_t))[drives])
    activity = activity + own_use
    ratio = np.where(passes, 1.0, np.maximum(t_per_t, shipped / activity[outlet_unit]))

    used = recipe_of(links, links.target)
    user = _find(unit_keys, keys(links.target))
    user[is_mine[links.target]] = -1
    user[has_process[links.target] & (used["role"] != "input").to_numpy()] = -1
    slots = _slots(links, used, user, flow, activity, days)
    group_slot = _find(slots["sink_keys"], group_keys)
    group_slot[group_slot >= 0] += len(slots["unit"])
    into = total_by(links.target, flow, n)
    node_flow = np.maximum(total_by(links.source, flow, n), into)
    node_flow[unit_node[has_process[unit_node]]] = activity[has_process[unit_node]]
    return Plants(
        links,
        uses,
        unit_node,
        activity,
        activity / node_flow[unit_node],
        outlet,
        outlet_unit,
        ratio,
        drives,
        np.flatnonzero(np.r_[True, outlet_unit[1:] != outlet_unit[:-1]]) if len(outlet_unit) else outlet_unit,
        supplier,
        slots["slot"],
        slots["measure"],
        slots["unit"],
        slots["ratio"],
        slots["days"],
        slots["need"],
        own_use,
        use_group,
        uses["flow_tpa"].to_numpy(dtype=float) / DAYS_A_YEAR / np.maximum(group_flow[use_group], 1e-300),
        group_flow,
        group_slot,
        group_unit,
        node_flow,
    )


def _find(keys: Ints, wanted: Ints) -> Ints:
    """Return where each wanted key stands among sorted keys, -1 where it does not."""
    place = np.searchsorted(keys, wanted)
    place = np.minimum(place, max(len(keys) - 1, 0))
    return np.where(keys[place] == wanted, place, -1) if len(keys) else np.full(len(wanted), -1)


def _slots(links: Links, used: pd.DataFrame, user: Ints, flow: Array, activity: Array, days: Array) -> dict[str, Any]:
    """Put links that are ordered together into slots: inputs of units first, then needs of users.

    Stand-ins add up in units of activity; where one may only take a share, the mix of the baseline is
    kept, so that no rule of the recipe is broken.
    """
    k = max(len(links.words), 1)
    names, group = np.unique(used["group"].fillna("").to_numpy(dtype=str), return_inverse=True)
    wide = k + len(names)
    keys = user * wide + k + group
    bound = np.unique(keys[(used["max_share"] < 1.0).to_numpy()])
    joint = (user >= 0) & used["group"].notna().to_numpy() & ~np.isin(keys, bound)
    measure = np.where(joint, 1.0 / used["t_per_t"].fillna(1.0).to_numpy(dtype=float), 1.0)
    keys = np.where(joint, keys, user * wide + links.commodity)
    is_input = user >= 0
    input_keys, slot_of_input = np.unique(keys[is_input], return_inverse=True)
    sink_keys, slot_of_sink = np.unique(links.target[~is_input] * k + links.commodity[~is_input], return_inverse=True)
    slot = np.empty(len(keys), dtype=np.int64)
    slot[is_input] = slot_of_input
    slot[~is_input] = len(input_keys) + slot_of_sink
    amount = total_by(slot, flow * measure, len(input_keys) + len(sink_keys))
    unit = input_keys // wide
    shortest = np.full(len(input_keys), np.inf)
    np.minimum.at(shortest, slot_of_input, days[links.commodity[is_input]])
    return {
        "slot": slot,
        "measure": measure,
        "unit": unit,
        "ratio": amount[: len(input_keys)] / activity[unit],
        "days": shortest,
        "need": amount[len(input_keys) :],
        "sink_keys": sink_keys,
    }


@dataclass(frozen=True, eq=False)
class Run:
    """What a simulation gives, in tonnes.

    ``asked`` and ``served``: of all counted uses, by day. ``use_asked``, ``use_served``: over the horizon,
    by row of the uses. ``output``: by day and node, an end use puts out what it is served (None if not
    asked for). ``start_stock``, ``stock``: in each input slot before the first and after the last day;
    ``received`` and ``used`` between. ``shipped`` by link, ``made`` by unit, over the horizon.
    """

    asked: Array
    served: Array
    use_asked: Array
    use_served: Array
    output: Array | None
    start_stock: Array
    stock: Array
    received: Array
    used: Array
    shipped: Array
    made: Array


def simulate(
    plants: Plants, shock: Shock, how: Behaviour, days: int, with_output: bool = True, steps: Steps = SILENT
) -> Run:
    """Run day by day; the baseline stays as it is until something fails. A day is a step.

    Notes
    -----
    A day: capacity, the orders of the evening before, production within them and the stores,
    proportional rationing, receipts, orders for use and for the gap of the stores. Cost: days x links.
    """
    p, m = plants, plants.n_inputs
    target = p.slot_days * p.slot_ratio  # tonnes in store per activity
    hold = np.maximum(how.psi * p.slot_days, 1.0) * p.slot_ratio  # below this a plant slows
    n_slots, n_units = m + len(p.slot_need), len(p.activity)
    weight = p.links.flow / DAYS_A_YEAR * p.measure
    base, hit = _bounds(p, None), _bounds(p, shock)
    stock, order, own = target * p.activity[p.slot_unit], weight / p.measure, p.own_use
    alpha = np.ones(n_units)
    counted, place = p.uses["counted"].to_numpy(dtype=bool), p.uses["position"].to_numpy(dtype=np.int64)
    direct = p.group_slot[p.use_group] >= 0
    zeros = {"asked": days, "served": days, "use_asked": len(place), "use_served": len(place)}
    zeros |= {"received": m, "used": m, "shipped": len(weight), "made": n_units}
    run = Run(
        output=np.zeros((days, p.links.n)) if with_output else None,
        start_stock=stock,
        stock=stock,
        **{name: np.zeros(size) for name, size in zeros.items()},
    )
    unit_of, outlet_unit, slot_of = p.slot_unit, p.outlet_unit, p.slot
    bincount: Any = np.bincount  # of amounts, so floats
    n_outlets, is_alt = len(outlet_unit), how.ordering == "alt"
    # what hangs on the bounds alone
    fixed = {id(now): (_sink_need(p, now), _own(p, now), weight * now.edge_open) for now in (base, hit)}
    for day in steps.each(range(days)):
        now = hit if shock.holds(day + 1) else base
        sink_need, own_next, open_weight = fixed[id(now)]
        cap = np.minimum(alpha * now.left * p.activity, now.unit_cap)
        sent = np.minimum(order, now.edge_cap)
        goods: Array = bincount(p.outlet, sent, minlength=n_outlets)
        wanted = _wanted(p, goods) + own
        best = np.minimum(cap, wanted)
        made = best.copy()
        np.minimum.at(made, unit_of, stock / hold)
        claims = goods + own[outlet_unit]
        met = np.minimum(made[outlet_unit] * p.outlet_ratio, claims)
        fraction = np.where(claims > 0, met / np.where(claims > 0, claims, 1.0), 0.0)
        shipped = sent * fraction[p.outlet]
        arrived: Array = bincount(slot_of, shipped * p.measure, minlength=n_slots)
        received, used = arrived[:m], p.slot_ratio * made[unit_of]
        stock = np.maximum(stock + received - used, 0.0)
        served = _taken(p, now, arrived, made, wanted)
        run.asked[day], run.served[day] = now.asked[counted].sum(), served[counted].sum()
        for total, part in (
            (run.use_asked, now.asked),
            (run.use_served, served),
            (run.received, received),
            (run.used, used),
            (run.shipped, shipped),
            (run.made, made),
        ):
            total += part
        if run.output is not None:
            run.output[day] = total_by(p.unit_node, made, p.links.n)
            run.output[day] += total_by(place[direct], served[direct], p.links.n)
        short = np.where(wanted > 0, 1.0 - made / np.where(wanted > 0, wanted, 1.0), 0.0)
        rise = (how.overproduction - alpha) * short / how.tau_days
        alpha = np.where(short > UNIT_ROUNDING, alpha + rise, alpha + (1.0 - alpha) / how.tau_days)
        need = np.concatenate([_need(p, best, used, stock, target, how.restock_days), sink_need])
        able = cap.copy()  # what each could make tomorrow from capacity and stores
        np.minimum.at(able, unit_of, stock / hold)
        pull = open_weight * (able / p.activity)[p.supplier] if is_alt else weight
        pulled = bincount(slot_of, pull, minlength=n_slots)[slot_of]
        if not (pulled > 0).all():
            pull = np.where(pulled > 0, pull, weight)
            pulled = bincount(slot_of, pull, minlength=n_slots)[slot_of]
        order = need[slot_of] * pull / pulled / p.measure
        own = own_next
    return replace(run, stock=stock)


@dataclass(frozen=True, eq=False)
class _Bounds:
    """What holds on a day: parts of output left by unit, bounds a day, what users ask for and may take.

    ``edge_open``: part of its baseline that a link still lets through.
    """

    left: Array
    unit_cap: Array
    edge_cap: Array
    edge_open: Array
    asked: Array
    group_asked: Array
    group_order: Array


def _bounds(p: Plants, shock: Shock | None) -> _Bounds:
    t, n, daily = p.links.tables, p.links.n, p.links.flow / DAYS_A_YEAR
    group_node = p.uses["position"].to_numpy(dtype=np.int64)[np.unique(p.use_group, return_index=True)[1]]
    base = p.group_flow[p.use_group] * p.use_part
    if shock is None:
        # flows above their capacity are faults of the data, yet the baseline they are
        node_cap = np.maximum(t.node_capacity[:n] / DAYS_A_YEAR, p.node_flow)
        edge_cap = np.maximum(t.edge_capacity[p.links.row] / DAYS_A_YEAR, daily)
        left, share = np.ones(n), np.ones(len(base))
        node_cap, edge_cap = (np.where(np.isnan(cap), np.inf, cap) for cap in (node_cap, edge_cap))
    else:
        node_cap, edge_cap = shock.node_cap / DAYS_A_YEAR, shock.edge_cap / DAYS_A_YEAR
        rows = p.uses["demand_row"].to_numpy(dtype=np.int64)
        left, share = shock.output_left, np.ones(len(base))
        share[rows >= 0] = shock.demand_share[rows[rows >= 0]]
    asked = base * share
    group_asked = total_by(p.use_group, asked, len(p.group_flow))
    room = node_cap[group_node] * p.group_flow / p.node_flow[group_node]
    return _Bounds(
        left[p.unit_node],
        node_cap[p.unit_node] * p.cap_share,
        edge_cap,
        np.minimum(edge_cap / daily, 1.0),
        asked,
        group_asked,
        np.minimum(group_asked * left[group_node], room),
    )


def _wanted(p: Plants, goods: Array) -> Array:
    """Return the activity that the orders for driving outlets ask of each unit."""
    if not len(p.outlet_unit):
        return np.zeros(0)
    return np.maximum.reduceat(np.where(p.drives, goods / p.outlet_ratio, 0.0), p.outlet_start)


def _need(p: Plants, best: Array, used: Array, stock: Array, target: Array, restock_days: float) -> Array:
    """Return what each input slot orders: the use of a full day, and a part of what its store lacks.

    Never more than fills the store: a plant that waits for one input does not pile up the others.
    """
    most = best[p.slot_unit]
    level = target * most
    room = np.maximum(level + used - stock, 0.0)
    full = p.slot_ratio * most + np.maximum(level - stock, 0.0) / restock_days
    # rounding may not trim an order, or the baseline would drift
    return np.asarray(np.where(full > room + ROUNDING * level, room, full))


def _sink_need(p: Plants, now: _Bounds) -> Array:
    need = p.slot_need.copy()
    direct, slot = p.at_slot
    need[slot - p.n_inputs] = now.group_order[direct]
    return need


def _own(p: Plants, now: _Bounds) -> Array:
    """Return what users that also pass goods on want for themselves, by unit."""
    own = np.zeros(len(p.activity))
    through, unit = p.at_unit
    own[unit] = now.group_order[through]
    return own


def _taken(p: Plants, now: _Bounds, arrived: Array, made: Array, wanted: Array) -> Array:
    """Return what each row of the uses is served: equal fractions within an end use."""
    served = np.zeros(len(p.group_flow))
    direct, slot = p.at_slot
    served[direct] = arrived[slot]
    through, unit = p.at_unit
    part = made[unit] / np.where(wanted[unit] > 0, wanted[unit], 1.0)
    served[through] = now.group_order[through] * part
    total = now.group_asked[p.use_group]
    fraction = np.minimum(served[p.use_group] / np.where(total > 0, total, 1.0), 1.0)
    return np.asarray(now.asked * np.where(total > 0, fraction, 0.0))
