"""One course a scenario: an answer month by month, and what it leaves in the long run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.drawing.drawn import DrawnFlows, Months, order_words, rows_match, scenario_words
from chainnet.engine import PRINTED
from chainnet.errors import DataError
from chainnet.network import Network, step_of
from chainnet.scenario import month_number
from chainnet.words import digits

# flows by month are kept to so many figures: what is printed has three
FIGURES = 5
_NO_PAIRS = pd.DataFrame({"commodity": [], "maker": [], "user": []}, dtype=object)


def from_months(network: Network, result: Any, scenario: str | None, lasting: Mapping[str, DrawnFlows]) -> DrawnFlows:
    """Return the scenarios of a stress test month by month, first the one that leaves most short.

    ``lasting``: what each of them, or some, leaves in the long run.
    """
    names = _ordered(network, result, scenario)
    new = [lasting[name].relations for name in names if name in lasting]
    every = [*(result.by_month[name].relations for name in names), *(one for one in new if one is not None)]
    pairs = _drawn_pairs(pd.concat(every), result.by_month[names[0]].ids)
    found = [_course(network, result, name, pairs) for name in names]
    found = [_with_long_run(network, one, lasting[one.scenario]) if one.scenario in lasting else one for one in found]
    return _together([_opened(one) for one in found])


def from_balances(network: Network, found: Sequence[DrawnFlows]) -> DrawnFlows:
    """Return scenarios of which only the long run is known; in the order given."""
    pairs = _drawn_pairs(
        pd.concat([_NO_PAIRS, *(one.relations for one in found if one.relations is not None)]),
        network.plants["id"].to_numpy(dtype=object),
    )
    return _together([_opened(_with_long_run(network, _without_months(network, one, pairs), one)) for one in found])


def _together(found: Sequence[DrawnFlows]) -> DrawnFlows:
    peak = np.max([one.peak for one in found], axis=0)
    return replace(found[0], peak=peak, others=tuple(found[1:]))


def _opened(answer: DrawnFlows) -> DrawnFlows:
    """Return a course in the period that is seen first."""
    months = answer.months
    assert months is not None
    at = months.at(months.opening)
    return replace(at, months=months, peak=months.edge_tpa.max(axis=0))


def _course(network: Network, result: Any, name: str, pairs: pd.DataFrame) -> DrawnFlows:
    """Return one scenario with all its months."""
    flows = result.by_month[name]
    every = network.plants["id"].to_numpy(dtype=object)
    if len(flows.ids) != len(every) or not (flows.ids == every).all():
        raise DataError("draw: the result was made from another network; draw it with the network it came from.")
    rows_match(network, flows.keys, network.nodes.set_index("id"))
    rate = 12.0 / flows.lengths
    base = network.edges["flow_tpa"].to_numpy(dtype=float)
    edge = _figures(flows.edge_t * rate[:, None], base)
    site = _figures(flows.node_t * rate[:, None], network.baseline.reindex(every).to_numpy(dtype=float))
    relation, hidden = _relations(flows, pairs, rate)
    table = result.months[result.months["scenario"] == name]
    start = result.provenance["settings"].get("start")
    n = len(network.nodes)
    asked, shortfall = _shortfall_by_month(network, table, flows.month, rate)
    answer = DrawnFlows(
        "balance",
        name,
        scenario_words(network, name),
        edge[0],
        site[0, :n],
        project_flow=site[0, n:],
        order=order_words(result.provenance),
    )
    months = Months(
        answer,
        edge,
        site,
        relation,
        pairs,
        asked,
        shortfall,
        tiers=_tiers(network, table, flows.month, rate),
        number=flows.month,
        lengths=flows.lengths,
        first=month_number(start) if start else None,  # a calendar only where a start was asked for
        lost=((np.nan_to_num(base) > 0) & (edge <= 0)).sum(axis=1),
        hidden=hidden,
        tail=_tail(network),
        shown=tuple(range(len(flows.month))),
        span=int(flows.lengths.max()),
    )
    return replace(answer, months=months)


def _without_months(network: Network, answer: DrawnFlows, pairs: pd.DataFrame) -> DrawnFlows:
    """Return a course that has no month yet."""
    nodes, sites, edges = len(network.nodes), len(network.nodes) + len(network.projects), len(network.edges)
    edge, site, relation, asked, short = (np.empty((0, n)) for n in (edges, sites, len(pairs), nodes, nodes))
    months = Months(answer, edge, site, relation, pairs, asked, short)
    return replace(answer, months=months)


def _with_long_run(network: Network, course: DrawnFlows, lasting: DrawnFlows) -> DrawnFlows:
    """Return a course with the long run as its last period."""
    months = course.months
    assert months is not None
    base = network.edges["flow_tpa"].to_numpy(dtype=float)
    edge = _figures(lasting.edge_flow, base)
    idle = np.zeros(len(network.projects))
    built = idle if lasting.project_flow is None else np.nan_to_num(lasting.project_flow)
    through = np.concatenate([lasting.node_flow, built])
    site = _figures(np.nan_to_num(through), network.baseline.reindex(network.plants["id"]).to_numpy(dtype=float))
    relation, hidden = np.zeros(len(months.relations)), 0
    if lasting.relations is not None:
        where = {key: i for i, key in enumerate(months.relations.itertuples(index=False, name=None))}
        rows = zip(*(lasting.relations[c] for c in ("commodity", "maker", "user", "flow_tpa")), strict=True)
        for good, maker, user, flow in rows:
            place = where.get((good, maker, user))
            hidden += place is None
            if place is not None:
                relation[place] += flow
    whole = replace(
        months,
        answer=replace(months.answer, calm=lasting.calm, moved=lasting.moved),
        edge_tpa=np.vstack([months.edge_tpa, edge]),
        site_tpa=np.vstack([months.site_tpa, site]),
        relation_tpa=np.vstack([months.relation_tpa, relation]),
        tiers=[*months.tiers, lasting.tiers],
        lost=np.append(months.lost, ((np.nan_to_num(base) > 0) & (edge <= 0)).sum()),
        hidden=np.append(months.hidden, hidden),
        shown=(*months.shown, len(months.number)),
        asked=np.vstack([months.asked, lasting.asked]),
        shortfall=np.vstack([months.shortfall, lasting.shortfall]),
        is_lasting=True,
    )
    return replace(course, months=whole, calm=lasting.calm, moved=lasting.moved)


def tier_of(tier: str, demand: float, served: float, short: float) -> dict[str, Any]:
    """Return what a tier asks for, gets and lacks, t/yr; what lies below the tolerance of an answer is no shortage."""
    whole = short < PRINTED * demand
    return {
        "tier": tier or "all demand",
        "demand": float(demand),
        "served": float(demand if whole else served),
        "short": 0.0 if whole else float(short),
    }


def shortfall_of(network: Network, rows: pd.DataFrame) -> tuple[Array, Array]:
    """Return what each node asks for and what of it is short, t/yr; NaN where it is in no row."""
    sums = rows.groupby("node")[["demand_tpa", "shortfall_tpa"]].sum().reindex(network.nodes["id"])
    asked = sums["demand_tpa"].to_numpy(dtype=float)
    return asked, _no_noise(sums["shortfall_tpa"].to_numpy(dtype=float), asked)


def _no_noise(shortfall: Array, asked: Array) -> Array:
    """Return what is short without what lies below the tolerance of an answer."""
    return np.where(shortfall < PRINTED * asked, 0.0, shortfall)


def _shortfall_by_month(network: Network, table: pd.DataFrame, months: Any, rate: Array) -> tuple[Array, Array]:
    ids = network.nodes["id"]
    wide = [
        table.pivot_table(index="month", columns="node", values=column, aggfunc="sum").reindex(
            index=months, columns=ids
        )
        for column in ("demand_t", "shortfall_t")
    ]
    asked, shortfall = (one.to_numpy(dtype=float) * rate[:, None] for one in wide)
    return asked, _no_noise(shortfall, asked)


def _tail(network: Network) -> int:
    """Return how many months goods take from end to end at most: the longest lag for each step but one."""
    nodes = network.nodes[network.nodes["stage"] != "recycler"]
    lag = network.edges["lag_months"].max()
    if not lag > 0:
        return 0
    return int(np.floor(lag + 0.5)) * max(int(step_of(nodes).nunique()) - 1, 1)


def _ordered(network: Network, result: Any, scenario: str | None) -> list[str]:
    """Return the scenario asked for, else all, first the one that leaves most short, tier by tier."""
    known = list(result.by_month)
    if not known:
        raise DataError("draw: this stress test holds no flows by month. Ask stress_test again.")
    if scenario is not None:
        checks.known(scenario, known, "draw", "scenario of the result")
        return [scenario]
    short = result.months.groupby(["scenario", result.months["tier"].fillna("")])["shortfall_t"].sum()
    order = [*network.tier_order, ""]

    def badness(name: str) -> tuple[Any, ...]:
        return (*[-digits(short.get((name, tier), 0.0), 6) for tier in order], name)

    # the baseline is shown where nothing else is
    return sorted((name for name in known if name != "baseline"), key=badness) or known


def _figures(amount: Array, base: Array) -> Array:
    """Return amounts to five figures; what differs from the baseline by less is the baseline."""
    values, where = np.unique(amount, return_inverse=True)
    out = np.array([digits(x, FIGURES) for x in values.tolist()], dtype=float)[where].reshape(amount.shape)
    same = np.abs(amount - base) <= 0.5 * 10.0 ** (1 - FIGURES) * np.abs(base)  # False where there is none
    return np.where(same, np.broadcast_to(base, amount.shape), out)


def _drawn_pairs(relations: pd.DataFrame, ids: Any) -> pd.DataFrame:
    """Return the new relations between sites; those between countries have no place among them."""
    keys = ["commodity", "maker", "user"]
    drawn = relations["maker"].isin(ids) & relations["user"].isin(ids)
    return relations.loc[drawn, keys].drop_duplicates().sort_values(keys, ignore_index=True)


def _relations(flows: Any, pairs: pd.DataFrame, rate: Array) -> tuple[Array, Any]:
    """Return what each new relation of sites carries, periods x relations, and how many others there are a period."""
    table = flows.relations.merge(pairs.reset_index(), on=list(pairs.columns), how="left")
    period, column = table["period"].to_numpy(dtype=np.int64), table["index"].to_numpy(dtype=float)
    drawn = ~np.isnan(column)
    amount = np.zeros((len(flows.month), len(pairs)))
    amount[period[drawn], column[drawn].astype(np.int64)] = (table["flow_t"].to_numpy(dtype=float) * rate[period])[
        drawn
    ]
    return _figures(amount, np.zeros(len(pairs))), np.bincount(period[~drawn], minlength=len(flows.month))


def _tiers(network: Network, table: pd.DataFrame, months: Any, rate: Array) -> list[list[dict[str, Any]]]:
    """Return demand and service by tier, t/yr at the rate of the month, one list a period."""
    tier = table["tier"].fillna("").rename("tier")
    sums = table.groupby(["month", tier])[["demand_t", "served_t", "shortfall_t"]].sum()
    sums = sums.mul(sums.index.get_level_values("month").map(dict(zip(months, rate, strict=True))), axis=0)
    names = [name for name in [*network.tier_order, ""] if name in set(tier)]
    out: list[list[dict[str, Any]]] = []
    for _, rows in sums.groupby(level="month"):
        numbers = rows.droplevel("month").reindex(names, fill_value=0.0).to_numpy().tolist()
        out.append([tier_of(name, *row) for name, row in zip(names, numbers, strict=True)])
    return out
