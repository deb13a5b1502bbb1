"""What countries ship and did not make, where a chain was made from trade: written to ``figures``, and read there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from chainnet.network._network import Network

# of a link from a place to no plant; a commodity that is called otherwise is renamed in it as in any key of a link
_SEPARATOR, _LINK = " / ", "re-exports"


def reexport_rows(tonnes: Mapping[tuple[str, str], float], reference: str) -> pd.DataFrame:
    """Return rows of ``figures`` that keep the re-exports, t/yr by place and commodity.

    Examples
    --------
    >>> reexport_rows({("CHN", "ore"): 10.0}, "TRADE")[["key", "value"]].to_numpy().tolist()
    [['CHN / re-exports / ore', 10.0]]
    """
    rows = [
        {"table": "edges", "key": _SEPARATOR.join((place, _LINK, good)), "column": "flow_tpa", "value": value,
         "reference": reference, "quality": "inferred"}
        for (place, good), value in tonnes.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["table", "key", "column", "value", "reference", "quality"])


def reexports(network: Network) -> pd.DataFrame:
    """Return what places ship and did not make, the most first; no rows where the network says nothing of it.

    Returns
    -------
    DataFrame, index place (country, or region where it is none)
        reexports_tpa, exports_tpa : t/yr of all commodities; the exports hold the re-exports.
    """
    figures = network.view("figures")
    keys = figures["key"].str.extract(f"^(.*){_SEPARATOR}{_LINK}{_SEPARATOR}")[0]
    kept = (figures["table"] == "edges") & keys.notna()
    found = figures["value"][kept].groupby(keys[kept].rename("place")).sum()
    if found.empty:
        return pd.DataFrame({"reexports_tpa": found, "exports_tpa": found})
    nodes, edges = network.view("nodes").set_index("id"), network.view("edges")
    places = nodes["country"].fillna(nodes["region"])
    source, target = (edges[end].map(places) for end in ("source", "target"))
    own = edges["flow_tpa"].where(source != target).groupby(source).sum()
    table = pd.DataFrame({"reexports_tpa": found, "exports_tpa": found + own.reindex(found.index).fillna(0.0)})
    return table.sort_values("reexports_tpa", ascending=False, kind="stable")
