"""Who holds what part of what each step makes."""

from __future__ import annotations

import pandas as pd

from chainnet.indicators import NOT_KNOWN, supply_by_node
from chainnet.network import Network, step_of
from chainnet.words import NO_DATA


def holdings(network: Network) -> pd.DataFrame:
    """Return the share of each place in what a step makes, by baseline flow, else by capacity where no flow is known.

    Returns
    -------
    DataFrame
        step (its stage where it has none), commodity, code (of a country or region; n/d = not known), t, share.
    """
    supply = supply_by_node(network, "country").rename(columns={"label": "code", "amount": "t"})
    by_flow = supply["basis"] == "flow"
    supply = (supply[by_flow] if by_flow.any() else supply).dropna(subset=["t"])
    supply = supply.assign(step=step_of(supply), code=supply["code"].replace(NOT_KNOWN, NO_DATA))
    made = supply.groupby(["step", "commodity", "code"])["t"].sum().reset_index()
    whole = made.groupby(["step", "commodity"])["t"].transform("sum")
    return made.assign(share=made["t"] / whole.where(whole > 0)).dropna(subset=["share"])
