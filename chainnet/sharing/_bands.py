"""Bands in place of figures: a grid fixed beforehand, and a network at either end of its bands."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.errors import DataError
from chainnet.network import TABLES, Network
from chainnet.sharing._records import like
from chainnet.words import digits

R5 = (1.0, 1.6, 2.5, 4.0, 6.3)
_DIGITS = 3
End = Literal["low", "high"]


def check_bands(bands: Any) -> None:
    """Raise DataError unless bands are "r5" or a ratio above 1."""
    if bands == "r5":
        return
    if not checks.is_number(bands) or bands <= 1.0:
        raise DataError(f'bands: {bands!r} is not allowed; give "r5", or a ratio above 1 between a band\'s ends.')


def band_of(value: float, bands: str | float) -> tuple[float, float]:
    """Return the band of the grid in which a figure lies, low included; nothing of the figure moves the grid.

    Examples
    --------
    >>> band_of(12.0, "r5"), band_of(1600.0, "r5")
    ((10.0, 16.0), (1600.0, 2500.0))
    """
    if value <= 0:
        return 0.0, 0.0
    if bands == "r5":
        power = math.floor(math.log10(value))
        edges = [float(f"{step}e{p}") for p in range(power - 1, power + 2) for step in R5]
    else:
        ratio = float(bands)
        place = math.floor(math.log(value) / math.log(ratio))
        edges = [digits(ratio**k, 9) for k in range(place - 2, place + 4)]
    at = int(np.searchsorted(edges, value, side="right"))
    return edges[at - 1], edges[at]


def middle_of(low: float, high: float) -> float:
    """Return the figure that stands for a band: the geometric mean of its ends, to three digits, never outside."""
    if low == 0:
        return 0.0
    return min(max(digits(math.sqrt(low * high), _DIGITS), low), high)


def at_bounds(network: Network, end: End, *, demand: End | None = None) -> Network:
    """Return a network with every figure that has a range at one of its ends.

    Parameters
    ----------
    network : Network
        Such as a redacted one.
    end : {"low", "high"}
        For capacities of plants, projects and relations, stocks, users' cover, and demand.
    demand : {"low", "high"}, optional
        For demand alone: low with demand high is the worst case for a shortfall, the reverse the best.

    Returns
    -------
    Network
        What it can serve at low is at most, and at high at least, what the true figures can, since no capacity,
        stock or demand more ever serves less. low and high describe a row's principal figure; of a relation with a
        flow that is the flow, so its capacity stays.

    Raises
    ------
    DataError
        If an end is neither low nor high.

    See Also
    --------
    sharing.bracket, sharing.aggregate

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("gallium")
    >>> low, high = (cn.sharing.at_bounds(net, end) for end in ("low", "high"))
    >>> bool(cn.max_flow(low).value_tpa <= cn.max_flow(net).value_tpa <= cn.max_flow(high).value_tpa)
    True
    """
    checks.known(end, ("low", "high"), "end", "end")
    if demand is not None:
        checks.known(demand, ("low", "high"), "demand", "end")
    columns = {"nodes": "capacity_tpa", "projects": "capacity_tpa", "edges": "capacity_tpa", "stocks": "stock_t",
               "demand": "demand_tpa", "cover": "weeks"}  # fmt: skip
    frames = {name: network.view(name) for name in TABLES}
    for table, column in columns.items():
        side = demand or end if table == "demand" else end
        frame = frames[table]
        known = frame[side].notna() & frame[column].notna() if side == "high" else frame[side].notna()
        if table == "edges":
            known &= frame["flow_tpa"].isna()
        frames[table] = frame.assign(**{column: frame[column].mask(known, _least_zero(frame[side]))})
    return like(network, frames, f"{network.name}-{end}", f"{network.label}, {end}", network.folder)


def _least_zero(cells: pd.Series) -> Array:
    return np.asarray(np.maximum(cells.to_numpy(dtype=float), 0.0), dtype=float)
