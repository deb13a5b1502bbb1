"""Which inputs of a network have a range, and what a draw makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet._types import Array, Ints
from chainnet.engine import ROUNDING
from chainnet.lowering import Overlay
from chainnet.network import Network, kept

# low and high are read as the 10 % and the 90 % quantile
Z90 = 1.2815515655446004
CORRELATION = 0.5  # part of the variance that inputs of a country share
FURTHEST = 3.0  # draws end at three standard deviations
FIGURES = {
    "nodes": "capacity_tpa",
    "edges": "flow_tpa",
    "demand": "demand_tpa",
    "stocks": "stock_t",
    "projects": "capacity_tpa",
}
KEYS = {"nodes": ("id",), "edges": ("source", "target", "commodity"), "demand": ("node", "commodity", "tier")}
_GROUP = {"nodes": "capacity", "edges": "flow", "demand": "demand", "stocks": "stock", "projects": "project"}


@dataclass(frozen=True)
class Inputs:
    """The inputs that have a range.

    Attributes
    ----------
    table : DataFrame
        table, key, label, column, group, place, value, low, high, quality, reference, row (position in
        its table). ``place`` is the country, or the region.
    """

    table: pd.DataFrame

    def factors(self, z: Array) -> Array:
        """Return the multiplier of each input at ``z`` standard deviations.

        Two half lognormals meet in the value: z = -1.28 gives low, z = 1.28 gives high; where low is 0
        that half is a straight line. A missing end does not move.
        """
        value = self.table["value"].to_numpy(dtype=float)
        low = self.table["low"].fillna(self.table["value"]).to_numpy(dtype=float) / value
        high = self.table["high"].fillna(self.table["value"]).to_numpy(dtype=float) / value
        part = np.clip(z, -FURTHEST, FURTHEST) / Z90
        with np.errstate(divide="ignore", over="ignore"):
            down = np.where(low > 0, np.exp(-part * np.log(np.maximum(low, 1e-300))), 1.0 + part * (1.0 - low))
        up = np.exp(part * np.log(high))
        both: Array = np.where(part < 0, np.maximum(down, 0.0), up)
        return both

    def overlay(self, base: Overlay, factors: Array) -> Overlay:
        """Return an overlay with the inputs multiplied."""
        row, table = self.table["row"].to_numpy(dtype=np.int64), self.table["table"].to_numpy(dtype=object)
        for name in FIGURES:
            mine = table == name
            base = base.times(name, row[mine], factors[mine])
        return base

    def draw(self, seed: int, number: int, correlation: float) -> Array:
        """Return the standard deviations of draw ``number``: one factor for each table and country.

        The numbers of a draw depend on the seed and its number alone.
        """
        rng = np.random.default_rng([seed, number])
        shared, codes = self._shared
        common = rng.standard_normal(shared)
        own = rng.standard_normal(len(self.table))
        drawn: Array = np.sqrt(correlation) * common[codes] + np.sqrt(1.0 - correlation) * own
        return drawn

    @property
    def _shared(self) -> tuple[int, Ints]:
        codes, names = pd.factorize(self.table["table"] + "|" + self.table["place"].fillna("?"), sort=True)
        return len(names), codes


def uncertain_inputs(network: Network) -> Inputs:
    """Return every capacity, flow, demand, stock and project size whose ``low`` and ``high`` leave it room.

    Recipes are not among them: they change the program itself (``sensitivity`` tries them one by one).
    """
    where, label, steps = network.places, network.labels, network.steps
    parts = []
    for table, column in FIGURES.items():
        frame = getattr(network, table)
        if frame.empty:
            continue
        key = frame[list(KEYS.get(table, ("id",)))].astype(object)
        at = {"edges": "source", "demand": "node", "stocks": "node"}.get(table, "id")
        ends = label.reindex(frame[at]).to_numpy()
        if table == "edges":
            ends = ends + " to " + label.reindex(frame["target"]).to_numpy()
        if table == "demand":
            ends = np.array(demand_labels(network), dtype=object)
        if table == "stocks":
            ends = frame["holder"].fillna(frame["id"]).to_numpy()
        value = frame[column].to_numpy(dtype=float)
        if table == "edges":
            # a flow without a capacity bounds nothing
            value = np.where(frame["capacity_tpa"].notna(), value, np.nan)
        step = steps.reindex(frame[at]).to_numpy()
        group = frame["tier"].fillna("host").to_numpy() if table == "demand" else step
        parts.append(
            pd.DataFrame(
                {
                    "table": table,
                    "key": [" / ".join(str(v) for v in row if isinstance(v, str)) for row in key.to_numpy()],
                    "label": ends,
                    "column": column,
                    "group": [f"{_GROUP[table]}: {g}" if isinstance(g, str) else _GROUP[table] for g in group],
                    "place": where.reindex(frame[at]).to_numpy(),
                    "value": value,
                    "low": frame["low"].to_numpy(dtype=float),
                    "high": frame["high"].to_numpy(dtype=float),
                    "quality": frame["quality"].to_numpy(),
                    "reference": frame["reference"].to_numpy(),
                    "row": np.arange(len(frame)),
                }
            )
        )
    whole = pd.concat(parts, ignore_index=True)
    known = np.isfinite(whole["value"]) & (whole["value"] > 0)
    room = (whole["low"] < whole["value"] * (1 - ROUNDING)) | (whole["high"] > whole["value"] * (1 + ROUNDING))
    return Inputs(whole[known & room].reset_index(drop=True))


def demand_labels(network: Network) -> list[str]:
    """Return whose demand each row is; also of what, where the same user asks for several goods.

    Of a good's name the part before a comma, a bracket or "for" is enough to tell it from others.
    """
    users, goods = network.demand["node"], network.demand["commodity"]
    several = goods.groupby(users).transform("nunique") > 1
    names = network.labels.reindex(users)
    rows = zip(names, goods, several, strict=True)
    short = {good: re.split(r"[,(:]| for ", str(network.good(good)))[0].strip() for good in set(goods)}
    short = {
        good: name if list(short.values()).count(name) == 1 else network.good(good) for good, name in short.items()
    }
    return [f"{name} ({short[good]})" if is_one_of else str(name) for name, good, is_one_of in rows]


@dataclass(frozen=True)
class Drawn:
    """One draw of every uncertain input, as a change of an overlay."""

    inputs: Inputs
    factors: Array

    def put(self, overlay: Overlay) -> Overlay:
        """Return an overlay with all inputs as drawn."""
        return self.inputs.overlay(overlay, self.factors)


@kept(4)
def draws_of(network: Network, number: int, correlation: float = CORRELATION) -> tuple[Drawn, ...]:
    """Return the first draws of seed 0, the same ones whenever asked; none where no input has a range.

    Parameters
    ----------
    network : Network
    number : int
    correlation : float
        Part of the variance that inputs of a country share.
    """
    inputs = uncertain_inputs(network)
    if inputs.table.empty:
        return ()
    return tuple(Drawn(inputs, inputs.factors(inputs.draw(0, i, correlation))) for i in range(number))
