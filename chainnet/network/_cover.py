"""What users hold for themselves: weeks of their need, as rows of stocks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.network._countries import Groups
from chainnet.network._gate import Frames
from chainnet.network._law import cover_by_node
from chainnet.network._nouns import step_of

_NAMED = ("node", "commodity", "tier")
_WEEKS = 52.0
COVERED = "cover_"  # how the id of what users hold begins
_COLUMNS = ["id", "node", "commodity", "tiers", "stock_t", "capacity_t"]


def cover_stocks(frames: Frames, groups: Groups, end: str = "stated") -> pd.DataFrame:
    """Return what the table ``cover`` adds to the stocks, as rows of ``stocks``: one for each user, good and tier.

    What lies in stock at the same place already counts: cover tops it up.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables of a network.
    groups : mapping of str to frozenset
        Members of each known group.
    end : {"stated", "low", "high"}
        Which end of the range of weeks.
    """
    cover, users = cover_by_node(frames, groups), _users(frames)
    if cover.empty or users.empty:
        return pd.DataFrame(columns=_COLUMNS)
    row = _row(cover, users)
    weeks = cover["weeks"] if end == "stated" else cover[end].fillna(cover["weeks"])
    users = users.assign(weeks=np.where(row >= 0, weeks.to_numpy(dtype=float)[row], 0.0))
    users["stock_t"] = users["weeks"] / _WEEKS * users["need_tpa"] - _held(frames["stocks"], users)
    users = users[(users["weeks"] > 0) & (users["stock_t"] > 0)]
    # who alone asks for a good at a place needs no stock kept for his tier
    asked = _users(frames).groupby(["node", "commodity"])["tier"].nunique()
    alone = asked.reindex(pd.MultiIndex.from_frame(users[["node", "commodity"]])).to_numpy() <= 1
    prefix = COVERED
    while frames["stocks"]["id"].str.startswith(prefix).any():
        prefix += "_"
    ids = [
        prefix + "_".join(part for part in (node, good, tier if many else "") if isinstance(part, str) and part)
        for node, good, tier, many in zip(users["node"], users["commodity"], users["tier"], ~alone, strict=True)
    ]
    return pd.DataFrame(
        {
            "id": ids,
            "node": users["node"].to_numpy(),
            "commodity": users["commodity"].where(users["commodity"] != "", None).to_numpy(dtype=object),
            "tiers": users["tier"].where(~alone, None).to_numpy(dtype=object),
            "stock_t": users["stock_t"].to_numpy(),
            "capacity_t": users["stock_t"].to_numpy(),
        }
    )


def _users(frames: Frames) -> pd.DataFrame:
    """Return who needs what: end uses what their tiers ask for, plants what they take in the baseline, t/yr."""
    nodes, edges, demand = frames["nodes"], frames["edges"], frames["demand"]
    asked = demand.loc[demand["tier"].notna() & (demand["demand_tpa"] > 0), ["node", "commodity", "tier", "demand_tpa"]]
    asked = asked.rename(columns={"demand_tpa": "need_tpa"})
    is_end = edges["target"].isin(nodes.loc[nodes["stage"] == "end_use", "id"])
    taken = edges.loc[~is_end & (edges["flow_tpa"] > 0), ["target", "commodity", "flow_tpa"]]
    plants = taken.assign(commodity=taken["commodity"].fillna("")).groupby(["target", "commodity"]).sum().reset_index()
    plants = plants.rename(columns={"target": "node", "flow_tpa": "need_tpa"}).assign(tier=None)
    both = pd.concat([asked.astype({"tier": object}), plants.astype({"tier": object})], ignore_index=True)
    both["commodity"] = both["commodity"].fillna("")
    places = pd.DataFrame({"node": nodes["id"], "step": step_of(nodes), "country": nodes["country"]})
    found: pd.DataFrame = both.merge(places, on="node")
    return found


def _row(cover: pd.DataFrame, users: pd.DataFrame) -> np.ndarray:
    """Return for each user the row that says most of it, of rows that name their node each; -1 = none."""
    row, best = np.full(len(users), -1), np.zeros(len(users), dtype=int)
    for number, said in enumerate(records(cover[list(_NAMED)])):
        words = {column: word for column, word in said.items() if isinstance(word, str)}
        hit = np.ones(len(users), dtype=bool)
        for column, word in words.items():
            hit &= (users[column] == word).to_numpy(dtype=bool)
        hit &= best < len(words)
        row, best = np.where(hit, number, row), np.where(hit, len(words), best)
    return row


def _held(stocks: pd.DataFrame, users: pd.DataFrame) -> np.ndarray:
    """Return what each user has in stock at its place already, t; tiers that share a stock have it by their need."""
    held = np.zeros(len(users))
    for node, good, tiers, amount in zip(
        stocks["node"], stocks["commodity"].fillna(""), stocks["tiers"].fillna(""), stocks["stock_t"], strict=True
    ):
        kept = {word.strip() for word in tiers.split(";") if word.strip()}
        mine = (users["node"] == node) & (users["commodity"] == good) & (users["tier"].isin(kept) | (not kept))
        need = np.where(mine, users["need_tpa"], 0.0)
        if need.sum() > 0:
            held += amount * need / need.sum()
    return held
