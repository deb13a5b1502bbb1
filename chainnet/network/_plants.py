"""Which entries of a network are one plant, which stand for several, and which make up one site."""

from __future__ import annotations

import re

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


@kept(1)
def site_labels(network: Network) -> dict[str, str]:
    """Return the sites that several nodes make up, and how people read them.

    Parameters
    ----------
    network : Network

    Returns
    -------
    dict of str to str
        ``nodes.site`` -> the operator, where it runs nothing else, or the id in words, with the number of parts.

    Examples
    --------
    >>> import chainnet as cn
    >>> site_labels(cn.read("rare-earths"))["mountain_pass"]
    'Mountain pass (3 parts)'
    """
    nodes = network.nodes
    runs = network.plants["operator"].value_counts()
    out = {}
    for site, parts in nodes.dropna(subset=["site"]).groupby("site"):
        if len(parts) < 2:
            continue
        operators = parts["operator"].dropna().unique()
        alone = len(operators) == 1 and runs[operators[0]] == len(parts)
        words = re.sub("_", " ", str(site)) if re.fullmatch(r"[a-z0-9_]+", str(site)) else str(site)
        name = operators[0] if alone else words[:1].upper() + words[1:]
        out[str(site)] = f"{name} ({len(parts)} parts)"
    return out
