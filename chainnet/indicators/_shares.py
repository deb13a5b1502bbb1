"""Whose figure a share is: what a country makes of a step, and whether that was published or set by the tables."""

from __future__ import annotations

import pandas as pd

from chainnet.network import Network
from chainnet.results import provenance, stamp

PUBLISHED, SET_BY_US, WORKED_OUT = "published", "set by us", "worked out"
# from this part of a step's tonnes on, assumed figures decide its shares
MOST = 0.5


def share_quality(network: Network) -> pd.DataFrame:
    """Say of the share that each country makes of a step whose figure it is.

    A share that was set must never be printed beside a published one without the words "set by us".

    Parameters
    ----------
    network : Network

    Returns
    -------
    DataFrame, index (step, country)
        made_tpa: what the country makes there in the base year, t/yr; share: its part of the step, as
        ``overview`` prints it in ``bottleneck_share``; basis; reference: of the row of totals that decides, if any.

        - "set by us": the row of ``totals`` for the share of that step and country is of the quality assumed; or there
          is no such row, and half of the step's tonnes or more rest on assumed plants.
        - "published": a row of ``totals`` of the base year gives that share, and is not assumed.
        - "worked out": neither; the share follows from other figures.

    Notes
    -----
    Plants without a country (regions, sums) count in the step and have no row. Cost: linear in the tables.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import share_quality
    >>> table = share_quality(cn.read("tungsten"))
    >>> table.loc[("refining", "CHN"), "basis"], table.loc[("mining", "CHN"), "basis"]
    ('set by us', 'published')
    """
    column = "step" if network.nodes["step"].notna().any() else "stage"
    plants = network.nodes[(network.nodes["stage"] != "end_use").to_numpy()]
    made = plants["id"].map(network.baseline).fillna(0.0)
    plants = plants.assign(made_tpa=made, assumed=made.where((plants["quality"] == "assumed").to_numpy(), 0.0))
    steps = plants.groupby(column)[["made_tpa", "assumed"]].sum()
    table = plants.groupby([column, "country"])[["made_tpa"]].sum().rename_axis(["step", "country"])
    whole = pd.Series([steps["made_tpa"][step] for step, _ in table.index], index=table.index, dtype=float)
    table["share"] = table["made_tpa"] / whole.where(whole > 0)
    guessed = (steps["assumed"] >= MOST * steps["made_tpa"]) & (steps["made_tpa"] > 0)
    rows = [_row_of(network.totals, step, country, network.year) for step, country in table.index]
    table["basis"] = [
        (SET_BY_US if guessed[step] else WORKED_OUT) if row is None else row[0]
        for (step, _), row in zip(table.index, rows, strict=True)
    ]
    table["reference"] = [None if row is None else row[1] for row in rows]
    return stamp(table, provenance(network, "none"))


def _row_of(totals: pd.DataFrame, step: str, country: str, year: float | None) -> tuple[str, str | None] | None:
    """Return the basis and the source of the share in the table of totals; one that was set wins over any other."""
    rows = totals[(totals["step"] == step).to_numpy() & (totals["country"] == country).to_numpy()]
    rows = rows[(rows["unit"] == "share").to_numpy() & (rows["year"].isna() | (rows["year"] == year)).to_numpy()]
    if rows.empty:
        return None
    assumed = (rows["quality"] == "assumed").to_numpy()
    row = rows[assumed].iloc[0] if assumed.any() else rows.iloc[0]
    return (SET_BY_US if assumed.any() else PUBLISHED), row["reference"]
