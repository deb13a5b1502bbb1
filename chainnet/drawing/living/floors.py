"""What a price floor does, on a living page: some floors that Python solves, which its reader looks at one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from chainnet._types import records
from chainnet.assessment import SAID, Floored
from chainnet.drawing.markets import market_inputs
from chainnet.flow import Counting
from chainnet.network import Network
from chainnet.prices import floor_curve, market
from chainnet.words import floor_state, gains, join, number, who

# times the reference price; outside China gallium, germanium and antimony have come to four and a half to five times
PARTS = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0)
MILLION, DUST = 1e6, 1e-6  # of the most that anybody gains or loses under any of the floors: none
# words, column of the curve
PRICES = [("inside", "price_usd_per_t"), ("elsewhere", "elsewhere_usd_per_t")]
MONEY = [("users", "users_usd_per_a"), ("makers", "makers_usd_per_a"), ("treasuries", "treasury_usd_per_a")]
WORDS = ("held", "projects")
STATES = {
    "none": "There is no floor",
    "not bought": "Nothing is imported, so nothing changes",
    "already there": "Imports land at more already, so nothing changes",
    "held": "The floor is held by a levy of {levy} USD/t",
    "broken": "The floor is broken by own supply, for imports end at a levy of {levy} USD/t",
}


@dataclass(frozen=True, eq=False)
class Floors:
    """Floors under one good, each solved: with the middle of all elasticities assumed, and with all at either end."""

    network: Network
    floored: Floored
    curves: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
    inputs: str

    @classmethod
    def of(cls, counting: Counting, goods: Iterable[str] = ()) -> Floors:
        """Solve the floors at the border of those who count; ``goods``: those that are taken first.

        Raises
        ------
        DataError
            If nobody has a border, no good with a price comes over it, or the market cannot be cleared.
        """
        network = counting.network
        floored = Floored.of(network, list(counting.whose or ()), goods)
        asked = (floored.asked, floored.at_end(0), floored.at_end(1))
        floors = [0.0, *(part * floored.price for part in PARTS)]
        curves = [floor_curve(network, floored.good, floors, to=floored.members, **told) for told in asked]
        inputs = market_inputs(network, market(network, **floored.asked))
        return cls(network, floored, (curves[0], curves[1], curves[2]), inputs)

    @property
    def data(self) -> dict[str, Any]:
        """What the page holds: words, a step a floor with its numbers, and between what each kind of bar lies."""
        steps = [self._step(list(rows)) for rows in zip(*map(records, self.curves), strict=True)]
        sizes = {"price": [0.0], "money": [0.0]}
        for step in steps:
            for row in step["rows"]:
                sizes[row["unit"]] += [value for value in row["ends"] if value is not None]
        return {
            "good": self.network.good(self.floored.good),
            "whose": who(self.floored.members, self.network.groups_known),
            "inputs": self.inputs,
            "opens": 1 + PARTS.index(SAID),
            "steps": steps,
            "scales": {unit: [min(values), max(values)] for unit, values in sizes.items()},
        }

    @cached_property
    def _dust(self) -> float:
        return DUST * max(float(curve[column].abs().max()) for curve in self.curves for _, column in MONEY)

    def _step(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Return one floor, first with the middle of the elasticities: its words, a picture, a line of the table."""
        floor = float(rows[0]["floor_usd_per_t"])
        states = [floor_state(floor, row["levy_usd_per_t"], row["held"]) if floor else "none" for row in rows]
        values = {column: [float(row[column]) for row in rows] for column in rows[0] if column not in WORDS}
        for _, column in MONEY:
            values[column] = [usd if abs(usd) > self._dust else 0.0 for usd in values[column]]
        pictured = [
            _bar(words, unit, [value / size for value in values[column]])
            for unit, size, listed in (("price", 1.0, PRICES), ("money", MILLION, MONEY))
            for words, column in listed
        ]
        said = {column: _ranged(values[column]) for column in ("levy_usd_per_t", "output_tpa", "imports_tpa")}
        times = "" if floor == self.floored.price else f"{number(floor / self.floored.price)} times "
        built = self._built(rows)
        return {
            "floor": floor,
            "label": f"{number(floor)} USD/t, {times}the reference price" if floor else "none",
            "said": self._said(values, states, built),
            "rows": pictured,
            "line": [
                number(floor) if floor else "none",
                *(one["words"] for one in pictured[:2]),
                said["levy_usd_per_t"],
                " or ".join(dict.fromkeys(states)),
                *(said[column] for column in ("output_tpa", "imports_tpa")),
                built or "nothing",
                *(one["words"] for one in pictured[2:]),
            ],
        }

    def _built(self, rows: list[dict[str, Any]]) -> str:
        """Return how much is newly built, and what, at any of the elasticities."""
        ids = dict.fromkeys(name for row in rows for name in str(row["projects"]).split(";") if name)
        size = _ranged([float(row["built_tpa"]) for row in rows])
        return f"{join([self.network.labels[name] for name in ids])}, {size} t/yr" if ids else ""

    def _said(self, values: dict[str, list[float]], states: list[str], built: str) -> str:
        """Say what a floor does and who pays, between the ends of the elasticities."""
        state, *turned = dict.fromkeys(states)
        at_ends = f" (at an end of the elasticities {join(turned, 'or')})" if turned else ""
        is_free = state in ("none", "already there")
        if state == "already there" and values["imports_tpa"][0] <= 0:
            state = "not bought"
        lead = STATES[state].format(levy=number(values["levy_usd_per_t"][0])) + at_ends
        free = {column: float(self.curves[0][column].iloc[0]) for _, column in PRICES}
        prices = [
            f"{_ranged(values[column])} {words}{'' if is_free else f' instead of {number(free[column])}'}"
            for words, column in PRICES
            if values[column][0] == values[column][0]
        ]
        said = f"{lead}. A tonne costs on average USD {'; '.join(prices)}."
        if is_free:
            return said
        money = [
            f"{words} {gains(min(usd), max(usd)) if any(usd) else 'neither gain nor lose'}"
            for words, usd in ((words, values[column]) for words, column in MONEY)
        ]
        return f"{said} A year {join(money)}. Newly built: {built or 'nothing'}."


def _bar(words: str, unit: str, values: list[float]) -> dict[str, Any]:
    """Return a bar: what, its value with the middle of the elasticities and its ends (None = not known), in words."""
    known = [value for value in values if value == value]
    ends = [values[0] if values[0] == values[0] else None, min(known, default=None), max(known, default=None)]
    return {"who": words, "unit": unit, "ends": ends, "words": _ranged(values, unit == "money")}


def _ranged(values: list[float], is_change: bool = False) -> str:
    """Return a number with its ends behind it, where they differ; a change with its sign."""
    known = [value for value in values if value == value] or values
    ends = (values[0], min(known), max(known))
    if is_change:
        said, low, high = (f"{'+' if value > 0 else ''}{number(value, least=0.0)}" for value in ends)
    else:
        said, low, high = map(number, ends)
    return said if low == high else f"{said} ({low} to {high})"
