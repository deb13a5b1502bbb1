"""Which country bears which colour: the one place that says it, for figures, pages and files alike."""

from __future__ import annotations

import pandas as pd

from chainnet.drawing.style import COUNTRY_COLOURS
from chainnet.network import Network, is_country, kept, place_of, step_of

# those that lead in several chains have a colour of their own, so that it is the same in the files of all chains
_HOMES = (
    ("CHN",),
    ("JPN",),
    ("USA",),
    ("EU27",),
    ("AUS", "CAN", "DEU", "MDG"),
    ("BEL", "KOR", "MMR", "MYS", "RUS", "VNM"),
)
_HOME = {place: colour for places, colour in zip(_HOMES, COUNTRY_COLOURS, strict=True) for place in places}


@kept(16)
def country_colours(network: Network) -> dict[str, str]:
    """Return the colour of the six countries, or known groups, with the largest shares of their steps.

    All others are grey (``OTHER_COLOUR``). It follows from the tables alone, so that all pictures of a network have the
    same colours, whatever the answer; what leads in several shipped chains has one colour in all of them.

    Parameters
    ----------
    network : Network

    Returns
    -------
    dict of str to str
        Country code or name of a group -> ``#RRGGBB``, the largest first.

    See Also
    --------
    draw, report_figures

    Examples
    --------
    >>> import chainnet as cn
    >>> country_colours(cn.read("mag-9"))["CHN"]
    '#0B6BB8'
    """
    weight = _weights(network)
    real = [p for p in weight.index if p in network.groups_known or is_country(p)]
    taken: dict[str, str] = {}
    for place in sorted(real, key=lambda p: (-round(float(weight[p]), 9), p)):
        if len(taken) < len(COUNTRY_COLOURS) and _HOME.get(place, "free") not in taken.values():
            taken[place] = _HOME.get(place, "")  # of two with one colour the larger has it, the other is grey
    free = [colour for colour in COUNTRY_COLOURS if colour not in taken.values()]
    return {place: colour or free.pop(0) for place, colour in taken.items()}


def _weights(network: Network) -> pd.Series:
    """Return the shares that each place has of its steps, added: of flow, else of capacity, else of sites."""
    nodes, edges = network.nodes, network.edges
    place, step = place_of(nodes).fillna(""), step_of(nodes)
    source, target = network.edge_ends
    ends_here = nodes["stage"].to_numpy()[target] == "end_use"
    kinds = network.commodities.set_index("id")["basis"]
    kind = edges["commodity"].map(kinds).where(edges["commodity"].isin(kinds.dropna().index), edges["commodity"])
    leaves = pd.DataFrame({"node": source, "kind": kind.fillna("").to_numpy(), "t": edges["flow_tpa"].to_numpy()})
    arrives = leaves.assign(node=target)[ends_here]
    rows = pd.concat([leaves, arrives], ignore_index=True)
    if not rows["t"].sum() > 0:
        sizes = nodes["capacity_tpa"].fillna(0.0)
        rows = pd.DataFrame({"node": range(len(nodes)), "kind": "", "t": sizes if sizes.sum() > 0 else 1.0})
    rows = rows.assign(place=place.to_numpy()[rows["node"]], step=step.to_numpy()[rows["node"]])
    part = rows.groupby(["step", "kind", "place"])["t"].sum()
    whole = part.groupby(level=["step", "kind"]).transform("sum")
    weight: pd.Series = (part / whole.where(whole > 0)).groupby(level="place").sum()
    return weight
