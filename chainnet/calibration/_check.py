"""The proof of a calibration: every balance, margin and bound again, from the tables it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from chainnet._types import records
from chainnet.engine import ROUNDING
from chainnet.errors import SolverError
from chainnet.words import gap

if TYPE_CHECKING:
    from chainnet.calibration._program import Program
    from chainnet.calibration._relations import Pairs
    from chainnet.calibration._tables import Sources


@dataclass(frozen=True)
class CalibrationCertificate:
    """How far a calibration is off, each as a share of the largest flow of its commodity.

    Attributes
    ----------
    balance_error : float
        Largest breach of a balance: inputs = output x t_per_t, products shipped = made.
    margin_error : float
        Largest breach of an exact output, demand or total.
    observed_error : float
        Largest breach of an exact observed flow.
    bound_error : float
        Largest breach of a capacity, or flow below zero.
    tolerance : float
        All must stay below it.
    """

    balance_error: float
    margin_error: float
    observed_error: float
    bound_error: float
    tolerance: float = ROUNDING

    @property
    def ok(self) -> bool:
        """Whether all errors are within the tolerance."""
        worst = max(self.balance_error, self.margin_error, self.observed_error, self.bound_error)
        return worst <= self.tolerance


def certify(
    made: Mapping[str, pd.DataFrame], sources: Sources, pairs: Pairs, program: Program
) -> CalibrationCertificate:
    """Return the certificate of the tables written.

    Raises
    ------
    SolverError
        If an error is above the tolerance: such an answer is never returned.
    """
    edges = made["edges"].dropna(subset=["flow_tpa"]).assign(commodity=lambda f: f["commodity"].fillna(""))
    largest = edges.groupby("commodity")["flow_tpa"].max()
    base = dict(zip(largest.index, largest.where(largest > 0, 1.0), strict=True))
    out = edges.groupby(["source", "commodity"])["flow_tpa"].sum()
    into = edges.groupby(["target", "commodity"])["flow_tpa"].sum()
    # an amount of a node is never smaller than what stands behind it, so its own size counts as well
    balance = _balance(sources, dict(zip(out.index, out, strict=True)), dict(zip(into.index, into, strict=True)), base)
    margin = observed = 0.0
    flows = edges.set_index(["source", "target", "commodity"])["flow_tpa"].to_dict()
    for figure in program.figures:
        if figure.fit != "exact":
            continue
        size = max(abs(figure.value), min((base.get(g, 1.0) for g in figure.commodity.split(";")), default=1.0), 1e-300)
        if figure.table in ("relations", "totals"):
            keys = [(*program.ends_of[i], program.pair_commodity[i]) for i in figure.at]
            error = abs(sum(flows.get(key, 0.0) for key in keys) - figure.value) / size
        elif figure.table == "demand":
            sent = out.get((figure.key, figure.commodity), 0.0)
            error = abs(into.get((figure.key, figure.commodity), 0.0) - sent - figure.value) / size
            if figure.key in _with_process(sources):
                error = 0.0
        else:
            error = abs(_main_output(sources, figure.key, out) - figure.value) / size
        if figure.table == "relations":
            observed = max(observed, error)
        else:
            margin = max(margin, error)
    bound = max(0.0, -float(edges["flow_tpa"].min())) if len(edges) else 0.0
    limited = edges.dropna(subset=["capacity_tpa"])
    for flow, most, good in zip(limited["flow_tpa"], limited["capacity_tpa"], limited["commodity"], strict=True):
        bound = max(bound, (flow - most) / base[good])
    found = CalibrationCertificate(balance, margin, observed, bound)
    if not found.ok:
        raise SolverError(
            f"calibration: the flows fail their own check (balance {gap(balance)}, margins {gap(margin)}, observed "
            f"{gap(observed)}, bounds {gap(bound)}; at most {ROUNDING:g} of the largest flow of the commodity)."
        )
    return found


def _with_process(sources: Sources) -> set[str]:
    return set(sources.nodes.loc[sources.nodes["process"].notna(), "id"])


def _main_output(sources: Sources, node: str, out: pd.Series) -> float:
    process = sources.nodes.set_index("id")["process"][node]
    mine = out[out.index.get_level_values("source") == node]
    if isinstance(process, str):
        lines = sources.processes[(sources.processes["process"] == process) & (sources.processes["role"] == "output")]
        mine = mine[mine.index.get_level_values("commodity").isin(lines["commodity"])]
    return float(mine.sum())


Flows = Mapping[tuple[str, str], float]


def _balance(sources: Sources, out: Flows, into: Flows, base: Mapping[str, float]) -> float:
    """Largest breach of a recipe or of a node that hands on, over the largest flow of its commodity."""
    worst = 0.0
    lines = dict(iter(sources.processes.groupby("process")))
    own = (
        sources.demand.assign(commodity=sources.demand["commodity"].fillna(""))
        .groupby(["node", "commodity"])["demand_tpa"]
        .sum()
    )
    nodes = sources.nodes
    for node, stage, process in zip(nodes["id"], nodes["stage"], nodes["process"], strict=True):
        if not isinstance(process, str):
            if stage in ("mine", "end_use"):
                continue
            goods = {g for (name, g) in (*out, *into) if name == node}
            for good in goods:
                error = abs(into.get((node, good), 0.0) - out.get((node, good), 0.0))
                worst = max(worst, error / base.get(good, 1.0))
            continue
        recipe = lines[process]
        main = recipe.loc[recipe["role"] == "output", "commodity"].iloc[0]
        activity = out.get((node, main), 0.0)
        groups: dict[str, float] = {}
        for line in records(recipe):
            good, ratio, group = line["commodity"], line["t_per_t"], line["group"]
            size = base.get(good, 1.0)
            if line["role"] == "input":
                got = into.get((node, good), 0.0) - float(own.get((node, good), 0.0))
                if isinstance(group, str):
                    groups[group] = groups.get(group, 0.0) + got / ratio
                    if line["max_share"] < 1.0:
                        worst = max(worst, (got / ratio - line["max_share"] * activity) / base.get(main, 1.0))
                else:
                    worst = max(worst, abs(got - ratio * activity) / size)
            elif line["role"] != "output":
                worst = max(worst, (out.get((node, good), 0.0) - ratio * activity) / size)
        for used in groups.values():
            worst = max(worst, abs(used - activity) / base.get(main, 1.0))
    return worst
