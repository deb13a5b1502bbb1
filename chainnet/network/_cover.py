"""What users hold for themselves: weeks of their need, as rows of stocks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from chainnet.network._gate import Frames, Gate
from chainnet.network._nouns import step_of

# how much each column narrows a row down; a node has one step and one country
_WEIGHT = {"node": 3, "step": 1, "country": 1, "commodity": 1, "tier": 1}
_WEEKS = 52.0
_COLUMNS = ["id", "node", "commodity", "tiers", "stock_t", "capacity_t"]


def check_cover(gate: Gate, frames: Frames) -> None:
    """Note users to whom two rows of cover speak that say as much of them."""
    cover = frames["cover"]
    if cover.empty:
        return
    users = _users(frames)
    row, tie = _rows(cover, users)
    for place in gate.rows((tie >= 0) & ~pd.Series(tie).duplicated().to_numpy()):
        user, other = users.iloc[place], gate.labels.get("cover")
        first = f"row {int(row[place]) + 2}" if other is None else f"row {other[int(row[place])]}"
        whose = " / ".join(
            str(word) for word in (user["node"], user["commodity"], user["tier"]) if isinstance(word, str)
        )
        gate.fault(
            "cover",
            int(tie[place]),
            "weeks",
            cover["weeks"].iloc[int(tie[place])],
            f"says as much of {whose} as {first} does",
            "Of the rows that fit a user that with the most columns filled holds: fill one more in, or leave one out.",
        )


def cover_stocks(frames: Frames | Mapping[str, pd.DataFrame], end: str = "stated") -> pd.DataFrame:
    """Return what the table ``cover`` adds to the stocks, as rows of ``stocks``: one for each user, good and tier.

    What lies in stock at the same place already counts: cover tops it up.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables of a network.
    end : {"stated", "low", "high"}
        Which end of the range of weeks.
    """
    cover, users = frames["cover"], _users(frames)
    if cover.empty or users.empty:
        return pd.DataFrame(columns=_COLUMNS)
    row, _ = _rows(cover, users)
    weeks = cover["weeks"] if end == "stated" else cover[end].fillna(cover["weeks"])
    users = users.assign(weeks=np.where(row >= 0, weeks.to_numpy(dtype=float)[row], 0.0))
    users["stock_t"] = users["weeks"] / _WEEKS * users["need_tpa"] - _held(frames["stocks"], users)
    users = users[(users["weeks"] > 0) & (users["stock_t"] > 0)]
    # who alone asks for a good at a place needs no stock kept for his tier
    asked = _users(frames).groupby(["node", "commodity"])["tier"].nunique()
    alone = asked.reindex(pd.MultiIndex.from_frame(users[["node", "commodity"]])).to_numpy() <= 1
    prefix = "cover_"
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


def _users(frames: Frames | Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return who needs what: end uses what their tiers ask for, plants what they take in the baseline, t/yr."""
    nodes, edges, demand = frames["nodes"], frames["edges"], frames["demand"]
    asked = demand.loc[demand["tier"].notna() & (demand["demand_tpa"] > 0), ["node", "commodity", "tier", "demand_tpa"]]
    asked = asked.rename(columns={"demand_tpa": "need_tpa"}).assign(is_end=True)
    is_end = edges["target"].isin(nodes.loc[nodes["stage"] == "end_use", "id"])
    taken = edges.loc[~is_end & (edges["flow_tpa"] > 0), ["target", "commodity", "flow_tpa"]]
    plants = taken.assign(commodity=taken["commodity"].fillna("")).groupby(["target", "commodity"]).sum().reset_index()
    plants = plants.rename(columns={"target": "node", "flow_tpa": "need_tpa"}).assign(tier=None, is_end=False)
    both = pd.concat([asked.astype({"tier": object}), plants.astype({"tier": object})], ignore_index=True)
    both["commodity"] = both["commodity"].fillna("")
    places = pd.DataFrame({"node": nodes["id"], "step": step_of(nodes), "country": nodes["country"]})
    found: pd.DataFrame = both.merge(places, on="node")
    return found


def _rows(cover: pd.DataFrame, users: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return for each user the row that says most of it, and another that says as much; -1 = none."""
    row, tie = np.full(len(users), -1), np.full(len(users), -1)
    best = np.full(len(users), -1)
    for number in range(len(cover)):
        said = {column: cover[column].iloc[number] for column in _WEIGHT if isinstance(cover[column].iloc[number], str)}
        weight = sum(_WEIGHT[column] for column in said)
        hit = users["is_end"].to_numpy(dtype=bool) | bool({"node", "step"} & said.keys())
        for column, word in said.items():
            hit &= (users[column] == word).to_numpy(dtype=bool)
        tie = np.where(hit & (weight > best), -1, np.where(hit & (weight == best), number, tie))
        row, best = np.where(hit & (weight > best), number, row), np.where(hit, np.maximum(best, weight), best)
    return row, tie


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
