"""Tells what was given to ``draw``: flows of one answer or of several, losses of one ranking or of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.drawing.courses import from_balances, from_months, shortfall_of, tier_of
from chainnet.drawing.drawn import ORDERS, DrawnFlows, Losses, order_words, rows_match, scenario_words
from chainnet.errors import DataError
from chainnet.flow import LongRuns
from chainnet.network import Network, several_rows, site_of
from chainnet.results import origin_of
from chainnet.words import ALL_TIERS, Who, digits, who


def sort_answers(
    network: Network,
    result: Any,
    losses: pd.DataFrame | None,
    scenario: str | None = None,
    order: str | None = None,
    first_losses: pd.DataFrame | None = None,
    scenario_losses: pd.DataFrame | None = None,
    long_run: LongRuns | None = None,
) -> tuple[DrawnFlows | None, Losses | None]:
    """Tell flows from rankings among what was given.

    Raises
    ------
    DataError
        If the result is of another kind or of another network, the losses are not by node, those of a
        tier stand alone, the scenario is not one of a result by month, or an answer was asked in another order than
        ``order``.
    """
    from chainnet.flow import Balance
    from chainnet.stress import StressTest

    runs = result if isinstance(result, LongRuns) else long_run
    result = list(result.balances) if isinstance(result, LongRuns) else result
    several = isinstance(result, (list, tuple))
    shown = () if runs is None else runs.balances
    balances = list(shown or (result if several else [result] if isinstance(result, Balance) else []))
    if several and not (result and all(isinstance(one, Balance) for one in result)):
        raise DataError("draw: a list of results holds answers of balance, one a scenario, and at least one.")
    if long_run is not None and not isinstance(result, StressTest):
        raise DataError("draw: long_run stands beside a stress test; without months give the long runs as the result.")
    _check_order(order, *([] if several else [result]), *balances, losses, first_losses)
    if scenario is not None and not isinstance(result, StressTest):
        raise DataError("draw: scenario names one of a stress test by month; this result holds no other.")
    if isinstance(result, pd.DataFrame) and losses is not None:
        raise DataError("draw: result and losses are both rankings; give the chokepoints once.")
    answer = _flows(network, result, scenario, runs, balances)
    ranking = result if isinstance(result, pd.DataFrame) else losses
    if ranking is None:
        if first_losses is not None or scenario_losses is not None:
            raise DataError("draw: losses of one tier stand beside the losses of all tiers; give losses too.")
        return answer, None
    found = _from_table(network, ranking)
    for name, given in (("first_losses", first_losses), ("scenario_losses", scenario_losses)):
        if given is None:
            continue
        one = _from_table(network, given)
        if one.unit_of != found.unit_of:
            raise DataError(f"draw: losses and {name} are of other things; give both by node, or both by site.")
        if name == "first_losses":
            found = replace(found, first=one.table, first_tier=one.tier or "the first tier")
        else:
            found = replace(found, under=one.table, under_words=one.under_words)
    return answer, found


def _flows(
    network: Network, result: Any, scenario: str | None, runs: LongRuns | None, balances: Sequence[Any]
) -> DrawnFlows | None:
    from chainnet.flow import Balance, MaxFlow
    from chainnet.stress import StressTest

    calm = {} if runs is None else {t["tier"]: t["short"] for t in _tiers_of(runs.baseline)}
    flows = [_from_balance(network, one, calm) for one in balances]
    by_name = {one.scenario: one for one in flows}
    if len(by_name) < len(flows):
        raise DataError("draw: two answers of balance are of one scenario. Give one each.")
    if isinstance(result, Balance):
        return flows[0]
    if isinstance(result, (list, tuple)):
        return from_balances(network, [replace(one, words=scenario_words(network, one.scenario)) for one in flows])
    if isinstance(result, MaxFlow):
        return _from_flow(network, result)
    if isinstance(result, StressTest):
        return from_months(network, result, scenario, {name or "baseline": one for name, one in by_name.items()})
    if result is None or isinstance(result, pd.DataFrame):
        return None
    raise DataError(
        f"draw: cannot show a {type(result).__name__}; result is None, the answer of max_flow, balance (or a list of "
        "them) or stress_test, or the table of chokepoints(network). A file goes in path=."
    )


def _check_order(order: str | None, *answers: Any) -> None:
    if order is None:
        return
    checks.known(order, ORDERS, "order", "order")
    for answer in answers:
        source = origin_of(answer) if isinstance(answer, pd.DataFrame) else getattr(answer, "provenance", {})
        found = source.get("settings", {}).get("order", "allies_first") if source else order
        is_value = isinstance(answer, pd.DataFrame) and order in ("law", "stages")  # these know no value of a plant
        if found != ("allies_first" if is_value else order):
            raise DataError(f'draw: order="{order}", but an answer was asked with order="{found}". Ask it again.')


def _tiers_of(result: Any) -> list[dict[str, Any]]:
    """Return what each tier asks for, gets and lacks."""
    rows = result.by_tier()[["demand_tpa", "served_tpa", "shortfall_tpa"]].astype(float)
    return [
        tier_of("" if pd.isna(tier) else str(tier), *row) for tier, row in zip(rows.index, rows.to_numpy(), strict=True)
    ]


def _from_balance(network: Network, result: Any, calm: Mapping[str, float]) -> DrawnFlows:
    rows_match(network, result.edges, result.nodes)
    name = str(result.provenance["settings"].get("scenario") or "")
    asked, shortfall = shortfall_of(
        network, result.demand[result.demand["is_counted"] & result.demand["is_beneficiary"]]
    )
    return DrawnFlows(
        "balance",
        name,
        scenario_words(network, name) if name else "least shortfall, then least cost",
        result.edges["flow_tpa"].to_numpy(dtype=float),
        result.nodes["throughput_tpa"].to_numpy(dtype=float),
        _tiers_of(result),
        result.suppliers.rename(columns={"source": "maker", "target": "user"}) if len(result.suppliers) else None,
        order=order_words(result.provenance),
        asked=asked,
        shortfall=shortfall,
        calm=calm,
        moved=result.moved,
    )


def _from_flow(network: Network, result: Any) -> DrawnFlows:
    rows_match(network, result.edges, result.nodes)
    cut = result.cut
    edge_rows = cut[cut["kind"] == "edge"]
    return DrawnFlows(
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
        is_unique=bool(result.is_unique),
    )


def _from_table(network: Network, table: pd.DataFrame) -> Losses:
    if "lost_tpa" not in table.columns:
        raise DataError("draw: the table of losses has no column lost_tpa; give chokepoints(network).")
    nodes = network.nodes
    units = dict(zip(nodes["id"], site_of(nodes), strict=True)) if table.index.name == "site" else {}
    known = set(units.values()) if units else set(nodes["id"])
    if table.index.nlevels > 1 or not set(table.index) <= known or not table.index.is_unique:
        raise DataError(
            f"draw: the losses are by {'+'.join(str(n) for n in table.index.names)}; the graph shows losses of single "
            'sites. Give chokepoints(network, by="node") or by="site" of this very network.'
        )
    frame = table.rename_axis("id").reset_index()
    frame = frame.sort_values(["lost_tpa", "id"], ascending=[False, True], ignore_index=True).set_index("id")
    lost = frame["lost_tpa"].to_numpy(dtype=float)
    if "lost_share" not in frame.columns:
        frame["lost_share"] = np.nan
    if "in_cut" not in frame.columns:
        frame["in_cut"] = False
    # equal to nine digits = a tie; what may be several plants is no rank's single site
    marks = pd.Series([digits(x, 9) for x in lost], index=frame.index)
    frame["may_be_several"] = frame.index.isin(several_rows(network, "site" if units else "node"))
    one = ~frame["may_be_several"] & (lost > 0)
    ranks = marks[one].rank(method="min", ascending=False)
    frame["rank"] = ranks.reindex(frame.index).fillna(0).astype(int)
    frame["is_tied"] = marks[one].duplicated(keep=False).reindex(frame.index).eq(True)
    settings = origin_of(table).get("settings", {})
    base = settings.get("base_tpa")
    if base is None:
        share = frame["lost_share"].to_numpy(dtype=float)
        top = np.flatnonzero((share > 0) & np.isfinite(share))
        base = float(lost[top[0]] / share[top[0]]) if len(top) else None
    whose = settings.get("beneficiaries") or ()
    whose = [whose] if isinstance(whose, str) else list(whose)
    counted = "all demand" if whose == ["all"] or not whose else f"demand of {who(whose, network.groups_known)}"
    order = order_words(origin_of(table)) or ("" if counted == "all demand" else "allies served first")
    words = ", ".join(part for part in (f"counted: {counted}", order) if part)
    when = "in the scenario" if settings.get("scenario") else "at the baseline"
    if settings.get("scenario"):
        words += f", on top of {scenario_words(network, str(settings['scenario']))}"
    tier, under = (str(settings.get(name) or "") for name in ("tier", "scenario"))
    whose = Who(tier) if tier else ALL_TIERS
    under = f"Under “{scenario_words(network, under)}” its loss costs {whose}"
    return Losses(frame, None if base is None else float(base), words, when, tier, unit_of=units, under_words=under)
