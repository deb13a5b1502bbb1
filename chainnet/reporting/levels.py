"""The levels of response: what each allows, and where the projects that run stand among them."""

from __future__ import annotations

import pandas as pd

from chainnet.words import Who

# what a level allows: in a table, in a sentence ("12 t/yr from ...")
LEVELS = {
    "none": ("Nothing is rerouted", ""),
    "existing": ("Existing links, up to capacity", "existing links"),
    "new": ("+ new relations, once qualified", "new relations"),
    "running": ("+ projects that run", "projects that run"),
    "stocks": ("+ stocks, one year's release", "stocks (one year's release)"),
    "projects": ("+ projects that stand", "projects"),
}


def as_it_runs(levels: pd.DataFrame, running: pd.DataFrame) -> pd.DataFrame:
    """Return the levels of response with one of the projects that run after new relations, and stocks on top of them.

    Parameters
    ----------
    levels : DataFrame
        level, tier, demand_tpa, served_tpa, shortfall_tpa, gained_tpa, in the network without them.
    running : DataFrame, index tier
        shortfall_new_tpa, shortfall_stocks_tpa: what is short with them on both levels.
    """
    by_level = dict(list(levels.groupby("level", sort=False)))

    def short(level: str, column: str) -> pd.DataFrame:
        rows = by_level[level]
        lacking = Who.named(rows)["tier"].map(running[column])
        return rows.assign(shortfall_tpa=lacking, served_tpa=rows["demand_tpa"] - lacking)

    by_level["running"] = short("new", "shortfall_new_tpa").assign(level="running")
    by_level["stocks"] = short("stocks", "shortfall_stocks_tpa")
    out = pd.concat([by_level[level] for level in LEVELS if level in by_level], ignore_index=True)
    before = out.groupby("tier", dropna=False)["served_tpa"].shift()
    return out.assign(gained_tpa=(out["served_tpa"] - before).where(before.notna(), out["gained_tpa"]))
