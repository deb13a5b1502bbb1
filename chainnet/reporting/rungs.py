"""The rungs of the ladder: what each allows, and where the projects that run stand among them."""

from __future__ import annotations

import pandas as pd

from chainnet.words import Who

# what a rung allows: in a table, in a sentence ("12 t/yr from ...")
RUNGS = {
    "frozen": ("Nothing is rerouted", ""),
    "existing": ("Known relations, up to capacity", "known relations"),
    "new": ("+ new relations, once qualified", "new relations"),
    "running": ("+ projects that run", "projects that run"),
    "stocks": ("+ stocks, one year's release", "stocks (one year's release)"),
    "projects": ("+ projects that stand", "projects"),
}


def as_it_runs(ladder: pd.DataFrame, running: pd.DataFrame) -> pd.DataFrame:
    """Return a ladder with a rung of the projects that run after new relations, and stocks on top of them.

    Parameters
    ----------
    ladder : DataFrame
        rung, tier, demand_tpa, served_tpa, shortfall_tpa, gained_tpa, in the network without them.
    running : DataFrame, index tier
        shortfall_new_tpa, shortfall_stocks_tpa: what is short with them on both rungs.
    """
    rungs = dict(list(ladder.groupby("rung", sort=False)))

    def short(rung: str, column: str) -> pd.DataFrame:
        rows = rungs[rung]
        lacking = Who.named(rows)["tier"].map(running[column])
        return rows.assign(shortfall_tpa=lacking, served_tpa=rows["demand_tpa"] - lacking)

    rungs["running"] = short("new", "shortfall_new_tpa").assign(rung="running")
    rungs["stocks"] = short("stocks", "shortfall_stocks_tpa")
    out = pd.concat([rungs[rung] for rung in RUNGS if rung in rungs], ignore_index=True)
    before = out.groupby("tier", dropna=False)["served_tpa"].shift()
    return out.assign(gained_tpa=(out["served_tpa"] - before).where(before.notna(), out["gained_tpa"]))
