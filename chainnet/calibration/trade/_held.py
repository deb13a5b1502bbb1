"""What stays where it is mined is held there: no figure says that it is used, and it replaces nothing that is lost."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from chainnet.calibration.trade._accounts import Account
from chainnet.engine import ROUNDING

HELD = "kept at home"


def held_good(good: str) -> str:
    """Return the name of what of a good is held: a good of its own, so that it serves nobody else."""
    return f"{good} {HELD}"


def held_of(
    accounts: Mapping[str, Account],
    feeds: Mapping[str, pd.Series],
    recoveries: Mapping[str, float],
    figures: Mapping[str, pd.DataFrame],
    use: pd.DataFrame | None,
) -> dict[str, pd.Series]:
    """Return by commodity and country the tonnes that are held.

    Of the last commodity that is what a country makes of ore of its own and neither sells nor, by a figure of output
    or use, uses; of those before, what goes into it.

    Parameters
    ----------
    accounts : mapping
        Commodity -> account, in the order of the chain.
    feeds : mapping
        Commodity -> what of the one before goes into it, by country.
    recoveries : mapping
        Commodity -> what comes out of a tonne that goes in.
    figures : mapping
        Commodity -> figures of output.
    use : DataFrame, optional
        Figures of use: country, value.
    """
    goods = list(accounts)
    part: pd.Series | None = None  # of what each country makes, that of its own ore
    for before, good in pairwise(goods):
        flows = accounts[before].flows
        into = flows.groupby("destination")["value"].sum()
        share = _own(accounts[before]) / pd.concat([into, feeds[good]], axis=1).max(axis=1)
        part = share.fillna(0.0) if part is None else (share * part).fillna(0.0)
    own = _own(accounts[goods[-1]])
    held = own if part is None else own * part.reindex(own.index).fillna(0.0)
    if use is not None:
        told = use[use["value"].notna()].set_index("country")["value"].reindex(own.index).fillna(0.0)
        held = held.clip(upper=(own - told).clip(lower=0.0))
    elif len(goods) > 1 and goods[-1] in figures:
        held = held[~held.index.isin(figures[goods[-1]]["country"])]
    held = held[held > ROUNDING * max(float(own.max()), 1e-300)] if len(held) else held
    found = {goods[-1]: held}
    for before, good in reversed(list(pairwise(goods))):
        found[before] = found[good] / recoveries[good]
    return found


def _own(account: Account) -> pd.Series:
    """Return what stays in the country that makes it, by country."""
    flows = account.flows
    return flows[flows["origin"] == flows["destination"]].set_index("origin")["value"]
