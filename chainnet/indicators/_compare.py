"""Index beside loss: where a published index and the exact loss rank holders differently, and why."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.criticality import chokepoints
from chainnet.indicators._concentration import levels_of, supply_by_node
from chainnet.indicators._risk import Numbers
from chainnet.indicators._steps import Words, risk_parts
from chainnet.network import Network
from chainnet.results import origin_of, provenance, stamp
from chainnet.scenario import Scenario
from chainnet.words import number, percent, tonnes

_PLACES = 2  # ranks that differ by less are called the same
_CRITICAL = 1.0  # supply risk from which the EU calls a material critical
_MIDDLE = 5.0  # of the governance scale


def compare_indices(
    network: Network,
    *,
    scenario: Scenario | None = None,
    wgi: Numbers | None = None,
    trade: Numbers | None = None,
    eol_rir: float | Mapping[str, float] = 0.0,
    substitution: float | Mapping[str, float] = 1.0,
    union: Words = "EU27",
    commodity: Any = None,
    beneficiaries: Any = None,
) -> pd.DataFrame:
    """Rank every country at every step by index and by loss, and say why the two differ.

    The index is what the country adds to the EU supply risk of a commodity of the step (the largest
    over its commodities): squared share x governance x trade parameter. The loss is exact: what can no
    longer be served without the country's plants of that step.

    Parameters
    ----------
    network : Network
    scenario : Scenario, optional
        Ask for losses on top of a scenario; the index knows no scenario.
    wgi, trade, eol_rir, substitution, union : optional
        As in ``supply_risk``.
    commodity, beneficiaries : optional
        What and whose demand counts in the loss; default from the network.

    Returns
    -------
    DataFrame, index (step, country), or (stage, country) where no node has a step
        commodity : where the index is largest. share : of its tonnes. governance : 0 best, 10 worst.
        index, index_rank : what it adds to the supply risk. lost_tpa, lost_share, loss_rank : as in
        ``chokepoints``. idle_elsewhere_tpa : capacity of other holders of the step and commodity that the
        baseline leaves idle (inf: no limit). rank_gap : loss_rank - index_rank, above 0 where the index
        ranks it higher. disagrees. why : one sentence.
        Sorted by index_rank, loss_rank, then name. Ties share the better rank; rows without loss are all last.

    Raises
    ------
    DataError
        If an argument is out of range or names what is unknown.
    SolverError
        If a solver fails.

    See Also
    --------
    indicators.indices, chokepoints

    Notes
    -----
    Ranks disagree where they differ by two places or more and the country matters to one of them: it
    loses something, or adds 1.0, the EU's critical value, by itself. Regions without a country have no
    row, as in ``chokepoints``. Cost: one ``chokepoints(by="step+country")``.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import compare_indices
    >>> table = compare_indices(cn.read("rare-earths"))
    >>> bool(table.loc[("mining", "CHN"), "disagrees"])
    True
    """
    place = "step" if "step" in levels_of(network) else "stage"
    losses = chokepoints(
        network, by=f"{place}+country", scenario=scenario, commodity=commodity, beneficiaries=beneficiaries
    )
    parts, sums = risk_parts(
        network, wgi=wgi, trade=trade, trade_eu=None, eol_rir=eol_rir, substitution=substitution, union=union
    )
    parts = parts.join(sums[[place, "commodity", "mixes"]])
    parts["idle"] = _idle_elsewhere(network, parts, place)
    parts["left"] = parts.groupby(level=0)["output_tpa"].transform("sum") - parts["output_tpa"] + parts["idle"]
    parts = parts.dropna(subset=["governance", place])
    parts = parts.sort_values([place, "label", "part", "commodity"], ascending=[True, True, False, True])
    parts["n_made"] = parts.groupby([place, "label"])["commodity"].transform("size")
    best = parts.drop_duplicates([place, "label"]).set_index([place, "label"])
    table = losses[["lost_tpa", "lost_share", "throughput_tpa"]].join(best.rename_axis([place, "country"]), how="inner")
    table = table.rename(columns={"part": "index", "idle": "idle_elsewhere_tpa"})
    _rank(table)
    known = network.commodities.set_index("id")["label"]
    goods = table["commodity"].map(known).astype(object).fillna(table["commodity"])
    table["why"] = [_why({**row, "good": g}) for row, g in zip(records(table), goods, strict=True)]
    table = table.reset_index().sort_values(["index_rank", "loss_rank", place, "country"], kind="stable")
    columns = [
        "commodity",
        "share",
        "governance",
        "index",
        "index_rank",
        "lost_tpa",
        "lost_share",
        "loss_rank",
        "idle_elsewhere_tpa",
        "rank_gap",
        "disagrees",
        "why",
    ]
    source = origin_of(losses)
    settings = {**source["settings"], "union": union if isinstance(union, str) else sorted(union)}
    return stamp(table.set_index([place, "country"])[columns], provenance(network, source["solver"], **settings))


def _idle_elsewhere(network: Network, parts: pd.DataFrame, place: str) -> pd.Series:
    """Return the idle capacity of the other holders of each step and commodity, t/yr, in order of ``parts``."""
    levels = levels_of(network)
    supply = supply_by_node(network, "country")
    known = supply.assign(idle=(supply["capacity_tpa"] - supply["amount"].fillna(0.0)).clip(lower=0.0).fillna(np.inf))
    held = known.groupby([*levels, "label"], dropna=False)["idle"].sum()
    rows = known[levels].drop_duplicates().sort_values(levels, ignore_index=True)
    keyed = held.reset_index().merge(rows.assign(row=np.arange(len(rows))), on=levels)
    own = keyed.set_index(["row", "label"])["idle"]
    finite = own.where(np.isfinite(own), 0.0)
    total, unlimited = finite.groupby(level=0).sum(), np.isinf(own).groupby(level=0).sum()
    at = pd.MultiIndex.from_arrays([parts.index, parts["label"]])
    mine, row = own.reindex(at).to_numpy(), np.asarray(parts.index)
    others = total.reindex(row).to_numpy() - np.where(np.isfinite(mine), mine, 0.0)
    others_unlimited = unlimited.reindex(row).to_numpy() - np.isinf(mine) > 0
    return pd.Series(np.where(others_unlimited, np.inf, np.maximum(others, 0.0)), index=parts.index)


def _rank(table: pd.DataFrame) -> None:
    """Fill both ranks, their gap and whether they disagree."""
    table["index_rank"] = table["index"].round(12).rank(method="min", ascending=False).astype(int)
    lost = table["lost_tpa"].round(9)
    table["loss_rank"] = lost.rank(method="min", ascending=False).where(lost > 0, len(table)).astype(int)
    table["rank_gap"] = table["loss_rank"] - table["index_rank"]
    table["counts"] = (lost > 0) | (table["index"] >= _CRITICAL)
    table["disagrees"] = (table["rank_gap"].abs() >= _PLACES) & table["counts"]


told = partial(tonnes, blank=" ", infinite="tonnes without limit")


def _why(row: Mapping[str, Any]) -> str:
    """Return one sentence on the ranks of a row, out of figures of that row alone."""
    if not row["disagrees"]:
        return "Both rank it about the same." if row["counts"] else "Neither finds a risk here."
    lost, output, idle, made = row["lost_tpa"], row["output_tpa"], row["idle_elsewhere_tpa"], row["good"]
    good = f" of {made}" if made else ""
    share = percent(row["share"], " ")
    gone = f"{told(lost)} of the counted demand are lost" if lost > 0 else "nothing is lost"
    if row["rank_gap"] > 0:
        if row["throughput_tpa"] <= 0:
            return "The index counts its share of the world; none of the counted demand has to pass through it."
        if idle >= output:
            return (
                f"The index counts its share; others have {told(idle)}{good} idle against the {told(output)} it makes, "
                f"and {gone}."
            )
        if row["n_made"] == 1 and row["left"] >= row["throughput_tpa"] and lost <= 0:
            return (
                f"The index counts its share; without it others can still make {told(row['left'])}{good}, and the "
                f"counted demand, served first, needs {told(row['throughput_tpa'])} of it: others go without."
            )
        rest = f"for all but {told(lost)} of" if lost > 0 else "for all of"
        return f"The index counts its share; what is left of the network replaces it {rest} the counted demand."
    if row["governance"] < _MIDDLE:
        return (
            f"Good governance ({number(row['governance'])} of 10) holds the index down; its share of {share}{good} is "
            f"hard to replace all the same, and {gone}."
        )
    if row["share"] < 0.5:
        return f"Squaring a share of {share}{good} holds the index down; what it feeds has no other way, and {gone}."
    return (
        f"The index judges each step by itself, here {number(row['index'])}; the loss follows the product to its "
        f"users, and {gone}."
    )
