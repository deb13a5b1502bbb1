"""Which entries of a network are one plant, and which stand for several."""

from __future__ import annotations

from chainnet.network._kept import kept
from chainnet.network._network import Network

# an operator cell that names several: "A, B", "A and others"
_SEVERAL = r", | and others\b| and [A-Z]"


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
    nodes = network.nodes
    plants = nodes[nodes["stage"] != "end_use"]
    operator = plants["operator"]
    nobody = operator.isna() & bool(operator.notna().any())
    nowhere = plants["country"].isna() & bool(nodes["country"].notna().any())  # else nothing says where any plant is
    return frozenset(plants.loc[nowhere | nobody | operator.str.contains(_SEVERAL).eq(True), "id"])
