"""The bottleneck: the step of a country outside the beneficiaries that costs most if it alone stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.criticality import chokepoints
from chainnet.engine import CERTAIN, LEAST_SIZE
from chainnet.flow import Counting, ValueModel
from chainnet.network import Network


def step_column(network: Network) -> str:
    """Return the column that parts a chain into steps: ``step``, or ``stage`` where none is named."""
    return "step" if network.nodes["step"].notna().any() else "stage"


def places(counting: Counting) -> pd.DataFrame:
    """Return each step of a country: whether any lies inside the beneficiaries, and its part of the step's output."""
    network, step = counting.network, step_column(counting.network)
    made = network.nodes["id"].map(network.baseline).fillna(0.0)
    nodes = network.nodes.assign(made=made, inside=counting.inside(network.nodes)).dropna(subset=[step, "country"])
    by = nodes.groupby([step, "country"])
    found = pd.DataFrame({"made": by["made"].sum(), "inside": by["inside"].any() & bool(counting.whose)})
    total = found.groupby(level=0)["made"].transform("sum")
    return found.assign(share=found["made"] / total.where(total > 0))


def stoppable(counting: Counting) -> list[dict[str, Any]]:
    """Return each step of a country: step, country, members (positions of plants), inside (us), goods that it makes."""
    network, step = counting.network, step_column(counting.network)
    plants, made = network.plants, network.processes[network.processes["role"] == "output"]
    inside = counting.inside(plants) & bool(counting.whose)
    may = plants[(plants["stage"] != "end_use") & plants[step].notna() & plants["country"].notna()]
    groups: dict[tuple[str, str], list[int]] = {}
    for at, *place in may[[step, "country"]].itertuples():
        groups.setdefault((str(place[0]), str(place[1])), []).append(at)
    found = list[dict[str, Any]]()
    for (word, country), rows in sorted(groups.items()):
        members = np.array(rows)
        goods = made.loc[made["process"].isin(plants["process"][members].dropna()), "commodity"].fillna("")
        found.append(
            {"step": word, "country": country, "members": members}
            | {"inside": bool(inside[members].any()), "goods": sorted(set(goods))}
        )
    return found


def _leaders(table: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
    """Return the places abroad that cost most if they stop, all that tie; none where none costs anything."""
    joined = table.join(lost[["lost_tpa", "lost_share"]]).fillna({"lost_tpa": 0.0, "lost_share": 0.0})
    costly = joined[~joined["inside"] & (joined["lost_share"] > CERTAIN)]
    tied: pd.DataFrame = costly[costly["lost_share"] >= costly["lost_share"].max() - CERTAIN]
    return tied


def bottlenecks_without(counting: Counting, narrow: tuple[str, str], nodes: Sequence[str]) -> pd.DataFrame:
    """Return the nodes without which the bottleneck is another one, each alone, the chain otherwise in the baseline.

    Parameters
    ----------
    counting : Counting
        Of the tier that asks, as if it came first.
    narrow : (str, str)
        Step and country of the bottleneck of the chain as it stands.
    nodes : sequence of str

    Returns
    -------
    DataFrame
        id, and of the bottleneck without it: step, country ("" where no step abroad then costs anything), lost_share.

    Notes
    -----
    One warm linear program for each node and place abroad that the known answers do not settle.
    """
    network, model, step = counting.network, ValueModel(counting), step_column(counting.network)
    table = places(counting)
    abroad = table.index[~table["inside"]]
    keys = pd.MultiIndex.from_frame(network.nodes[[step, "country"]])
    at = [np.flatnonzero(keys == place) for place in abroad]
    position = dict(zip(network.nodes["id"], range(len(network.nodes)), strict=True))
    sets = [np.array([position[name]]) for name in nodes]
    closings = [model.lowered.closing(np.union1d(one, place)) for one in sets for place in at]
    left = model.values_without([*map(model.lowered.closing, sets), *closings])
    served, rest = left[: len(sets)], left[len(sets) :].reshape(len(sets), len(at))
    rows = []
    for name, value, values in zip(nodes, served, rest, strict=True):
        lost = np.maximum(value - values, 0.0)
        told = pd.DataFrame({"lost_tpa": lost, "lost_share": lost / max(value, LEAST_SIZE)}, index=abroad)
        leaders = _leaders(table, told)
        if narrow in leaders.index:
            continue
        ordered = leaders.sort_index().sort_values("share", ascending=False, kind="stable")
        first = (*ordered.index[0], ordered["lost_share"].iloc[0]) if len(ordered) else ("", "", 0.0)
        rows.append((name, *first))
    return pd.DataFrame(rows, columns=["id", "step", "country", "lost_share"])


def lost_by_place(counting: Counting, tier: str | None) -> pd.DataFrame:
    """Return what the stop of each step of a country costs a tier, as if it came first, or all of them.

    Parameters
    ----------
    counting : Counting
    tier : str or None
        None = all tiers.
    """
    by = f"{step_column(counting.network)}+country"
    return chokepoints(counting.network, by, tier=tier, order=counting.value_order, **counting.said)
