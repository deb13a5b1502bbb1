"""What a picture shows beside the network: the flows of an answer, the losses of a ranking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError
from chainnet.network import Network

__all__ = ["Answer", "Losses", "sort_answers"]


@dataclass(frozen=True)
class Answer:
    """Flows of one answer beside the baseline.

    ``kind`` is "balance" or "largest flow"; ``edge_flow`` has one value per row of ``network.edges``,
    ``node_flow`` one per row of ``network.nodes``. ``relations`` are links that no table holds.
    """

    kind: str
    scenario: str
    words: str
    edge_flow: Any
    node_flow: Any
    tiers: list[dict[str, Any]] = field(default_factory=list)
    relations: pd.DataFrame | None = None
    value_tpa: float | None = None
    cut_nodes: frozenset[str] = frozenset()
    cut_edges: frozenset[tuple[str, str, str]] = frozenset()
    cut_demand: bool = False
    is_unique: bool = False


@dataclass(frozen=True)
class Losses:
    """A ranking of single losses by node id: ``table`` is sorted, worst first, ties by id."""

    table: pd.DataFrame
    base_tpa: float | None
    words: str
    when: str


def sort_answers(network: Network, result: Any, losses: pd.DataFrame | None) -> tuple[Answer | None, Losses | None]:
    """Tell flows from rankings among what was given.

    Raises
    ------
    DataError
        If the result is of another kind or of another network, or the losses are not by node.
    """
    from chainnet.flow import MaxFlow
    from chainnet.flow_balance import Balance

    answer = None
    if isinstance(result, pd.DataFrame):
        if losses is not None:
            raise DataError("draw: result and losses are both rankings; give the chokepoints once.")
        losses = result
    elif isinstance(result, Balance):
        answer = _from_balance(network, result)
    elif isinstance(result, MaxFlow):
        answer = _from_flow(network, result)
    elif result is not None:
        raise DataError(
            f"draw: cannot show a {type(result).__name__}; result is None, the answer of max_flow or balance, "
            "or the table of chokepoints(network)."
        )
    return answer, None if losses is None else _from_table(network, losses)


def _rows_match(network: Network, edges: pd.DataFrame, nodes: pd.DataFrame) -> None:
    own = network.edges
    same = len(own) == len(edges) and len(network.nodes) == len(nodes)
    for column in ("source", "target", "commodity"):
        same = same and bool((own[column].fillna("").to_numpy() == edges[column].fillna("").to_numpy()).all())
    if not same or not (network.nodes["id"].to_numpy() == nodes.index.to_numpy()).all():
        raise DataError("draw: the result was made from another network; draw it with the network it came from.")


def _from_balance(network: Network, result: Any) -> Answer:
    _rows_match(network, result.edges, result.nodes)
    name = str(result.provenance["settings"].get("scenario") or "")
    tiers = [
        {
            "tier": "all demand" if pd.isna(tier) else str(tier),
            "demand": float(row["demand_tpa"]),
            "served": float(row["served_tpa"]),
            "short": float(row["shortfall_tpa"]),
        }
        for tier, row in result.by_tier().iterrows()
    ]
    return Answer(
        "balance",
        name,
        _scenario_words(network, name) if name else "least shortfall, then least cost",
        result.edges["flow_tpa"].to_numpy(dtype=float),
        result.nodes["throughput_tpa"].to_numpy(dtype=float),
        tiers,
        result.relations if len(result.relations) else None,
    )


def _from_flow(network: Network, result: Any) -> Answer:
    _rows_match(network, result.edges, result.nodes)
    cut = result.cut
    edge_rows = cut[cut["kind"] == "edge"]
    return Answer(
        "largest flow",
        "",
        "largest deliveries",
        result.edges["flow_tpa"].to_numpy(dtype=float),
        result.nodes["throughput_tpa"].to_numpy(dtype=float),
        value_tpa=float(result.value_tpa),
        cut_nodes=frozenset(cut.loc[cut["kind"] == "node", "id"]),
        cut_edges=frozenset(
            zip(edge_rows["source"], edge_rows["target"], edge_rows["commodity"].fillna(""), strict=True)
        ),
        cut_demand=bool((cut["kind"] == "demand").any()),
        is_unique=bool(result.is_unique),
    )


def _scenario_words(network: Network, name: str) -> str:
    """Return the label of a scenario of the network's own folder, else its name in words."""
    from chainnet.scenario import scenarios

    known = scenarios(network) if network.folder is not None else {}
    return (known[name].label or name).rstrip(".") if name in known else name.replace("_", " ")


def _from_table(network: Network, table: pd.DataFrame) -> Losses:
    if "lost_tpa" not in table.columns:
        raise DataError("draw: the table of losses has no column lost_tpa; give chokepoints(network).")
    known = set(network.nodes["id"])
    if table.index.nlevels > 1 or not set(table.index) <= known or not table.index.is_unique:
        raise DataError(
            f"draw: the losses are by {'+'.join(str(n) for n in table.index.names)}; the graph shows losses of single "
            'sites. Give chokepoints(network, by="node") of this very network.'
        )
    frame = table.rename_axis("id").reset_index()
    frame = frame.sort_values(["lost_tpa", "id"], ascending=[False, True], ignore_index=True).set_index("id")
    lost = frame["lost_tpa"].to_numpy(dtype=float)
    if "lost_share" not in frame.columns:
        frame["lost_share"] = np.nan
    if "in_cut" not in frame.columns:
        frame["in_cut"] = False
    # equal to nine digits = a tie
    marks = [f"{x:.9g}" for x in lost]
    frame["rank"] = [1 + sum(float(m) > float(mine) for m in marks[:i]) for i, mine in enumerate(marks)]
    frame["is_tied"] = [marks.count(m) > 1 for m in marks]
    settings = table.attrs.get("provenance", {}).get("settings", {})
    base = settings.get("base_tpa")
    if base is None:
        share = frame["lost_share"].to_numpy(dtype=float)
        top = np.flatnonzero((share > 0) & np.isfinite(share))
        base = float(lost[top[0]] / share[top[0]]) if len(top) else None
    whose = settings.get("beneficiaries") or ()
    whose = "all demand" if whose == "all" or not whose else ", ".join([whose] if isinstance(whose, str) else whose)
    words = f"counted: {whose}" + (f", {settings['tier']} first" if settings.get("tier") else "")
    when = "in the scenario" if settings.get("scenario") else "at the baseline"
    if settings.get("scenario"):
        words += f", on top of {_scenario_words(network, str(settings['scenario']))}"
    return Losses(frame, None if base is None else float(base), words, when)
