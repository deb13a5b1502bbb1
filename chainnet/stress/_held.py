"""What users hold when a scenario begins: their cover, and what they bought ahead of a rule that was announced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, cast

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.lowering import Overlay
from chainnet.network import COVERED, Network, cover_stocks, kept
from chainnet.scenario import Bought, Timeline

End = Literal["none", "low", "stated", "high"]
ENDS: tuple[End, ...] = ("none", "low", "stated", "high")
# what users hold where nobody says which end of its range counts
COVER: End = "stated"
# times the central value
_RUSH = {"none": 0.0, "low": 0.0, "stated": 1.0, "high": 2.0}
_BOUGHT = "bought_ahead_"


def end_of(cover: bool | str, argument: str = "cover") -> End:
    """Return which end of a range is meant; True is the stated value, False none.

    Raises
    ------
    DataError
        If there is no such end.
    """
    if isinstance(cover, bool):
        return "stated" if cover else "none"
    checks.known(cover, ENDS, argument, "end")
    return cast(End, cover)


@kept(8)
def covered(network: Network, end: End) -> Network:
    """Return a network in whose stocks also lies what its users hold for themselves; kept with it."""
    tables = {name: network.view(name) for name in ("nodes", "edges", "demand", "stocks", "cover")}
    rows = cover_stocks(tables, network.groups_known, end)
    return with_stocks(network, rows) if len(rows) else network


def with_stocks(network: Network, rows: pd.DataFrame) -> Network:
    """Return a network with further stocks."""
    stocks = network.stocks
    return network.with_table("stocks", rows if stocks.empty else pd.concat([stocks, rows], ignore_index=True))


def left_of(stocks: pd.DataFrame, overlays: Sequence[Overlay]) -> pd.DataFrame:
    """Return what a scenario leaves of each stock, as stated and at the ends of its range: stock_t, low_t, high_t."""
    share = np.max([overlay.stock_share for overlay in overlays], axis=0)
    ends = {"stock_t": "stock_t", "low_t": "low", "high_t": "high"}
    return pd.DataFrame({name: stocks[end].fillna(stocks["stock_t"]) * share for name, end in ends.items()})


def with_bought(network: Network, bought: Sequence[Bought], rush: End) -> Network:
    """Return a network with a stock for each thing that was bought ahead; the same where there is none."""
    if not bought or not _RUSH[rush]:
        return network
    prefix = _BOUGHT
    while network.stocks["id"].str.startswith(prefix).any():
        prefix += "_"
    rows = [
        (f"{prefix}{one.begin}_{one.node}_{one.commodity}", one.node, one.commodity or None, _RUSH[rush] * one.stock_t)
        for one in bought
    ]
    return with_stocks(network, pd.DataFrame(rows, columns=["id", "node", "commodity", "stock_t"]))


def opened(
    line: Timeline, network: Network, bought: Sequence[Bought], known_at: int | None, onset: float
) -> tuple[Overlay, ...]:
    """Return the overlays of a timeline in which what was bought ahead is in store only once the rule begins.

    What users hold is kept until the first measure is in force: who knows of none does not live on it, nor plan to.

    ``known_at``: month, from 0, up to which things are seen; who did not see the announcement counts on nothing.
    ``onset``: month in which the first measure comes into force as one sees it; inf = never.
    """
    ids = network.view("stocks")["id"]
    mine = ids.str.startswith(_BOUGHT).to_numpy(dtype=bool) & bool(bought)
    held = ids.str.startswith(COVERED).to_numpy(dtype=bool) & bool(len(network.view("cover")) and onset)
    if not (mine | held).any():
        return line.overlays
    begins = {f"{one.begin}_{one.node}_{one.commodity}": one for one in bought}
    of_row = [begins[name.removeprefix(_BOUGHT).lstrip("_")] for name in ids[mine]]
    begin = np.array([b.begin if known_at is None or known_at >= b.known else np.inf for b in of_row])
    made: dict[tuple[int, bytes], Overlay] = {}
    out = []
    for month, overlay in zip(line.starts, line.overlays, strict=True):
        shut = np.zeros(len(ids), dtype=bool)
        shut[mine] = begin > month
        shut |= held & (month < onset)
        key = (id(overlay), shut.tobytes())
        if key not in made:
            release = overlay.release_tpa.copy()
            release[shut] = 0.0
            made[key] = replace(overlay, release_tpa=release)
        out.append(made[key])
    return tuple(out)
