"""Whom a living page serves when: the orders that it knows, what law keeps at home, and what keeps a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainnet._types import Bools
from chainnet.drawing.living.controls import Control
from chainnet.drawing.living.program import LivingProgram
from chainnet.flow import Counting, Kept, home_stages, shared_tiers, stages_of
from chainnet.lowering import Overlay
from chainnet.words import Who, demand_words

_ORDERS: tuple[Kept, ...] = ("law", "allies_first", "allies_last", "alike")


def orders_of(counting: Counting) -> tuple[Kept, ...]:
    """Return the orders that a page lets its reader choose: by law where that is the default or asked for."""
    asked = Counting.of(counting.network, **counting.said, order=None, said=False).order
    return tuple(order for order in _ORDERS if order != "law" or "law" in (asked, counting.order))


class Service:
    """What a page needs to serve stage by stage as ``balance`` does.

    Attributes
    ----------
    stages : dict of str to list of dict
        By order.
    goals : list of list of int
        Sets of rows of demand that a row of each program may keep: the stages by law, what users at home get, what
        falls to the beneficiaries of each tier.
    homes : dict
        Whose export rules presets and controls are, and the goals of users at home, by country.
    tiers : list of dict
        The beneficiaries' demand by tier: its goal, and by order the last stage of several that they share with others.
    """

    def __init__(
        self,
        counting: Counting,
        controls: Sequence[Control],
        programs: Mapping[str, LivingProgram],
        orders: Sequence[Kept],
    ) -> None:
        found = {order: stages_of(counting.in_order(order)) for order in orders}
        self.stages = {str(order): [_stage(counting, *stage) for stage in stages] for order, stages in found.items()}
        self.goals = [np.flatnonzero(rows).tolist() for _, rows in found.get("law", [])]
        presets = {preset: program.overlay(preset, {}).home for program in programs.values() for preset in program.base}
        closed = {c.id: programs["existing"].overlay("", {c.id: 0.0}).home for c in controls if c.kind == "export"}
        countries = tuple(sorted({country for home in (*presets.values(), *closed.values()) for country in home}))
        goals: dict[str, list[int]] = {}
        everywhere = replace(Overlay.none(counting.network), home=countries)
        for country, _, rows in home_stages(counting.in_order("law"), everywhere) if "law" in orders else ():
            goals.setdefault(country, []).append(self._goal(rows))
        self.homes: dict[str, Any] = {"presets": presets, "controls": closed, "goals": goals}
        self.tiers: list[dict[str, Any]] = [
            {"name": name or "demand", "rows": np.flatnonzero(rows).tolist(), "goal": self._goal(rows)}
            | {"demand": demand_words(name or Who.of(None), bool(counting.whose)), "last": {}}
            for name, tier in counting.tiers.items()
            if (rows := counting.rows & tier).any()
        ]
        for order, stages in found.items():
            shared = shared_tiers(counting.in_order(order), stages)
            for tier in self.tiers:
                if tier["name"] in shared:
                    tier["last"][order] = shared[tier["name"]][0]

    def _goal(self, rows: Bools) -> int:
        self.goals.append(np.flatnonzero(rows).tolist())
        return len(self.goals) - 1


def _stage(counting: Counting, name: str, rows: Bools) -> dict[str, Any]:
    return {
        "name": name,
        "rows": np.flatnonzero(rows).tolist(),
        "counts": bool((rows & counting.rows).any()),
        "main": bool((rows & counting.anyone).any()),
    }
