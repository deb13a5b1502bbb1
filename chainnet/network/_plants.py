"""Which entries of a network are one plant, and which stand for several."""

from __future__ import annotations

import numpy as np

from chainnet.network._kept import kept
from chainnet.network._network import Network
from chainnet.network._nouns import site_of

# an operator cell that names several: "A, B", "A and others", "A; B", "about 40 plants"
_SEVERAL = r"[,;] | and others\b|\bplants\b"


@kept(1)
def several_plants(network: Network) -> frozenset[str]:
    """Return nodes that may be several plants: in no country, of several operators, or of none where others have one.

    End uses are no plants and never among them.

    Parameters
    ----------
    network : Network

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> import chainnet as cn
    >>> found = several_plants(cn.read("rare-earths"))
    >>> "aus_mt_weld" in found, "chn_monazite_sep" in found
    (False, True)
    """
    nodes = network.view("nodes")
    operators, countries = nodes["operator"], nodes["country"]
    is_plant = (nodes["stage"] != "end_use").to_numpy()
    several = np.zeros(len(nodes), dtype=bool)
    if operators[is_plant].notna().any():
        several |= (operators.isna() | operators.str.contains(_SEVERAL).eq(True)).to_numpy()
    if countries.notna().any():  # else nothing says where any plant is
        several |= countries.isna().to_numpy()
    return frozenset(nodes["id"].to_numpy(dtype=object)[several & is_plant])


def several_rows(network: Network, by: str) -> frozenset[str]:
    """Return the nodes, or by site the sites, that may be several plants; none of what is several by its nature.

    A site is where all its parts may be, or where it has several operators. A node without a site is its own.
    """
    if by == "node":
        return several_plants(network)
    if by != "site":
        return frozenset()
    nodes = network.view("nodes")
    site = site_of(nodes)
    each = nodes["id"].isin(several_plants(network)).groupby(site).all()
    operators = nodes["operator"].groupby(site).nunique()
    return frozenset(each.index[each.to_numpy() | (operators > 1).to_numpy()])
