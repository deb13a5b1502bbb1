"""What is left of a network when part of it goes, keeps a share of its capacity, or has another table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.network._gate import Frames
from chainnet.network._order import canonical
from chainnet.network._projects import scaled_wholes
from chainnet.network._schema import TABLES


def scaled(
    frames: Frames, built: pd.DataFrame, hits: Mapping[str, Bools], capacity: Mapping[str, Array], share: float
) -> tuple[Frames, pd.DataFrame]:
    """Return the tables that change when what is hit keeps a share of its capacity, and what is built.

    Parameters
    ----------
    frames : Frames
    built : DataFrame
        What was built of the projects.
    hits : mapping of str to boolean array
        Which rows of nodes, projects and stocks.
    capacity : mapping of str to array
        Capacities of nodes and projects, t/yr; of what is hit all are finite unless the share is 0.
    share : float
    """
    nodes, edges, stocks = frames["nodes"], frames["edges"], frames["stocks"].copy()
    left = dict(frames)
    for table in ("nodes", "projects"):
        size = np.where(hits[table], capacity[table] * share if share > 0 else 0.0, frames[table]["capacity_tpa"])
        left[table] = frames[table].assign(capacity_tpa=size)
    built, exact = scaled_wholes(built, nodes, hits["nodes"], share)
    left["nodes"]["capacity_tpa"] = np.where(np.isnan(exact), left["nodes"]["capacity_tpa"], exact)
    stopped = {name for table in ("nodes", "projects") for name in frames[table]["id"][hits[table]] if share == 0}
    if stopped:
        idle = edges["source"].isin(stopped) | edges["target"].isin(stopped)
        edges = canonical("edges", edges.assign(capacity_tpa=edges["capacity_tpa"].mask(idle, 0.0)))
    hit = hits["stocks"] | stocks["node"].isin(stopped).to_numpy()
    for column in ("stock_t", "release_tpa", "capacity_t"):
        stocks[column] = np.where(hit, stocks[column] * share, stocks[column])
    return {"nodes": left["nodes"], "projects": left["projects"], "stocks": stocks, "edges": edges}, built


def without_rows(frames: Frames, out: set[str], edges_out: Bools, stocks_out: Bools) -> Frames:
    """Return the tables that change when plants, edges and stocks go, and the demand of those plants with them."""
    gone = {
        "nodes": frames["nodes"]["id"].isin(out).to_numpy(),
        "projects": frames["projects"]["id"].isin(out).to_numpy(),
        "edges": edges_out,
        "demand": frames["demand"]["node"].isin(out).to_numpy(),
        "stocks": stocks_out,
        "stakes": frames["stakes"]["project"].isin(out).to_numpy(),
        "cover": frames["cover"]["node"].isin(out).to_numpy(),
        "contracts": frames["contracts"]["supplier"].isin(out).to_numpy(),
    }
    return {t: frames[t][~rows].reset_index(drop=True) if rows.any() else frames[t] for t, rows in gone.items()}


def with_rows(origin: Frames, frames: Frames, table: str, rows: pd.DataFrame) -> Frames:
    """Return the tables as they were read, with other rows in the place of one table.

    Rows that were taken away before stay beside the new ones: what was read is known, also of what is gone.

    Parameters
    ----------
    origin, frames : Frames
        As they were read, and as they are now.
    table : str
    rows : DataFrame
        In canonical order.
    """
    read, now = origin[table], frames[table]
    if read is now:
        return {**origin, table: rows}
    key = list(TABLES[table].named_by)
    known = pd.concat([now[key], rows[key]]).fillna("").itertuples(index=False, name=None)
    kept = set(known)
    gone = np.array([name not in kept for name in read[key].fillna("").itertuples(index=False, name=None)], dtype=bool)
    return {**origin, table: canonical(table, pd.concat([rows, read[gone]], ignore_index=True)) if gone.any() else rows}
