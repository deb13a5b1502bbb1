"""How much rerouting projects buy: alone, last, fairly shared, by price, and in company."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from chainnet.errors import DataError, UnknownIdError, near_matches
from chainnet.flow_value import Words, count_settings
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.network_tables import split_list
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, overlay_of
from chainnet.valuation import Coalitions, ladder, project_sizes, shapley_values

__all__ = ["Reroute", "reroute"]

DUST = 1e-9


@dataclass(frozen=True, repr=False, eq=False)
class Reroute(Result):
    """What rerouting and projects win back under a scenario.

    Attributes
    ----------
    ladder : DataFrame
        rung, tier, demand_tpa, served_tpa, shortfall_tpa, gained_tpa; see ``valuation.ladder``.
    projects : DataFrame, index id
        standalone_t: rise of the value with this project alone. last_in_t: fall without it when
        all others stand. shapley_t (and shapley_se_t, 0 where exact): fair share of what all win.
        dual_t: price of its output times its size; dual_valid_t: tonnes of its output for which that
        price holds. usd_per_tpa: capex per standalone tonne a year (inf when it wins nothing, NaN
        without capex). standalone_<tier>_t: rise of what that tier could get if it came first.
    complements : DataFrame
        Pairs worth more (or less) together than apart: project_a, project_b, alone_a_t, alone_b_t,
        together_t, surplus_t, kind (complement, substitute).
    base_tpa, all_tpa : float
        Value without any, and with all projects, t/a.
    """

    ladder: pd.DataFrame
    projects: pd.DataFrame
    complements: pd.DataFrame
    base_tpa: float
    all_tpa: float


def reroute(
    network: Network,
    scenario: Scenario | None = None,
    projects: Iterable[str] | None = None,
    allies: Words = None,
    by_year: int | None = None,
    reroute: Degree = "existing",
    *,
    beneficiaries: Words = None,
    commodity: Words = None,
) -> Reroute:
    """Say how much rerouting buys, rung by rung and project by project.

    Parameters
    ----------
    network : Network
    scenario : Scenario, optional
        None = the network as it stands.
    projects : iterable of str, optional
        Projects to value; default all.
    allies : list of str, optional
        Only projects whose country, or one of whose backers, lies in these countries or groups; it
        does not change whose demand counts.
    by_year : int, optional
        Only projects that stand in that year, at the size their ramp has reached; default all at full size.
    reroute : {"existing", "frozen", "new"}
        Degree of rerouting at which projects are valued.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.

    Returns
    -------
    Reroute
        Values are rises of the largest tonnage served, t per period.

    Raises
    ------
    UnknownIdError
        If a project does not exist.
    DataError
        If an argument is unknown.

    Notes
    -----
    n + 2 warm solves, one per pair, and for the Shapley shares 2^n up to 12 projects or 64 orders beyond.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> rr = cn.reroute(net, cn.scenarios(net)["china_out"])
    >>> rr.projects["shapley_t"].round(4).to_dict()
    {'G_US': 9.6667, 'H_US': 11.6667, 'S_US': 0.6667}
    """
    if by_year is not None and (isinstance(by_year, bool) or not isinstance(by_year, (int, np.integer))):
        raise DataError(f"by_year: {by_year!r} is no year; give a whole number such as 2030.")
    names = _chosen(network, projects, allies)
    sizes = project_sizes(network, by_year)
    overlay = overlay_of(network, scenario)
    size_of = dict(zip(network.projects["id"], sizes, strict=True))
    standing = [name for name in names if size_of[name] > 0]
    game = Coalitions(network, overlay, sizes, reroute, commodity=commodity, beneficiaries=beneficiaries)
    settings = {
        **count_settings(network, commodity, beneficiaries),
        "scenario": scenario.name if scenario else "",
        "reroute": reroute,
        "by_year": by_year,
        "allies": allies,
        "shapley_seed": 0,
    }
    source = provenance(network, "HiGHS simplex", **settings)
    table = _project_table(network, game, standing, size_of)
    for tier in network.tier_order if not network.demand.empty else ():
        first = Coalitions(
            network, overlay, sizes, reroute, commodity=commodity, beneficiaries=beneficiaries, tier=tier
        )
        rise = [first.value([name]) - first.value([]) for name in standing]
        table[f"standalone_{tier}_t"] = pd.Series(_clean(rise), index=standing, dtype=float)
    rungs = (
        ladder(network, overlay, sizes, commodity=commodity, beneficiaries=beneficiaries, projects=names)
        if not network.demand.empty
        else pd.DataFrame()
    )
    return Reroute(
        source,
        stamp(rungs, source),
        stamp(table.reindex(names), source),
        stamp(_pairs(game, standing), source),
        game.value([]),
        game.value(standing),
    )


def _chosen(network: Network, projects: Iterable[str] | None, allies: Words) -> list[str]:
    table = network.projects
    known = set(table["id"])
    names = list(table["id"])
    if projects is not None:
        wanted = [projects] if isinstance(projects, str) else [str(p) for p in projects]
        for name in wanted:
            if name not in known:
                raise UnknownIdError(f'projects: unknown project "{name}";{near_matches(name, known)}')
        names = [name for name in names if name in set(wanted)]
    if allies is not None:
        words = [allies] if isinstance(allies, str) else list(allies)
        inside = network.in_countries(table, words, "allies")
        countries, groups = network.resolve(words, "allies")
        backed = [
            any(word in countries or word in groups for word in split_list(cell)) if isinstance(cell, str) else False
            for cell in table["backers"]
        ]
        kept = set(table["id"][inside | np.array(backed, dtype=bool)])
        names = [name for name in names if name in kept]
    return names


def _clean(values: Iterable[float]) -> list[float]:
    found = np.array(list(values), dtype=float)
    largest = float(np.max(np.abs(found), initial=0.0))
    return [float(v) if abs(v) > DUST * max(largest, 1.0) else 0.0 for v in found]


def _project_table(network: Network, game: Coalitions, names: list[str], size_of: dict[str, float]) -> pd.DataFrame:
    info = network.projects.set_index("id")
    base, whole = game.value([]), game.value(names)
    fair, error = shapley_values(names, game.value)
    table = info[["label", "step", "country", "start_year", "capacity_tpa", "capex_musd", "status"]].copy()
    table["standalone_t"] = pd.Series(_clean(game.value([n]) - base for n in names), index=names, dtype=float)
    rest = [game.value([other for other in names if other != n]) for n in names]
    table["last_in_t"] = pd.Series(_clean(whole - r for r in rest), index=names, dtype=float)
    table["shapley_t"] = pd.Series(_clean(fair), index=names, dtype=float)
    table["shapley_se_t"] = error.reindex(table.index)
    prices = [_price(network, game, name) for name in names]
    size = np.array([info.loc[n, "capacity_tpa"] * size_of[n] for n in names], dtype=float)
    table["dual_t"] = pd.Series(
        [p * (np.inf if np.isnan(s) else s) if p > 0 else 0.0 for p, s in zip(prices, size, strict=True)],
        index=names,
        dtype=float,
    )
    valid = [_holds(game, n, p, s) for n, p, s in zip(names, prices, size, strict=True)]
    table["dual_valid_t"] = pd.Series(valid, index=names, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = table["capex_musd"] * 1e6 / table["standalone_t"]
    table["usd_per_tpa"] = cost.where(~((table["standalone_t"] == 0) & table["capex_musd"].notna()), np.inf)
    return table


def _price(network: Network, game: Coalitions, name: str) -> float:
    """Price of a project's output at its best user less the prices of its inputs, in t served per t."""
    low, dual = game.model.lowered, game.model.base.row_dual
    position = {node: i for i, node in enumerate(low.ids)}
    me = position[name]
    unbuilt = set(network.projects["id"])

    def at(node: int, code: int) -> float:
        row = low.balance.get((node, code))
        return float(dual[row]) if row is not None else 0.0

    recipe = network.processes[network.processes["process"] == network.projects.set_index("id").loc[name, "process"]]
    codes = {word: i for i, word in enumerate(low.commodities)}
    product = dict(
        zip(
            recipe.loc[recipe["role"] != "input", "commodity"],
            recipe.loc[recipe["role"] != "input", "t_per_t"],
            strict=True,
        )
    )
    n = len(low.activity)
    legs = pd.DataFrame({"tail": low.tail, "head": low.head, "code": low.commodity})
    legs = legs[(legs["tail"] < n) & (legs["head"] < n)]
    asleep = np.array([node in unbuilt for node in low.ids], dtype=bool)
    legs["fetches"] = [at(h, c) for h, c in zip(legs["head"], legs["code"], strict=True)]
    to_users = legs[~asleep[legs["head"].to_numpy()]]
    # what a tonne is worth where it is made: the most that any standing user gives for it
    worth_at = to_users.groupby(["tail", "code"])["fetches"].max()
    best = to_users[to_users["tail"] == me].groupby("code")["fetches"].max()
    if recipe.empty:
        worth = float(best.max()) if len(best) else 0.0
    else:
        worth = sum(float(best.get(codes[c], 0.0)) * share for c, share in product.items())
    feeds = legs[(legs["head"] == me) & ~asleep[legs["tail"].to_numpy()]]
    for row in recipe[recipe["role"] == "input"].itertuples():
        offers = feeds.loc[feeds["code"] == codes[row.commodity], "tail"]
        if offers.empty:
            return 0.0  # nothing that stands feeds it
        code = codes[row.commodity]
        worth -= min(max(float(worth_at.get((t, code), 0.0)), at(t, code)) for t in offers) * row.t_per_t
    return max(worth, 0.0) if worth > DUST else 0.0


def _holds(game: Coalitions, name: str, price: float, size: float) -> float:
    """Find the tonnes of output up to which the price is what the value rises by (bisection; the value is concave)."""
    if price <= 0 or not np.isfinite(size) or size <= 0:
        return 0.0
    base = game.value([])

    def short(share: float) -> bool:
        rise = -game.solution([name], share).value - base
        return rise < price * size * share * (1 - 1e-7) - 1e-9

    if not short(1.0):
        return size
    good, bad = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (good + bad)
        good, bad = (good, middle) if short(middle) else (middle, bad)
    return good * size


def _pairs(game: Coalitions, names: list[str]) -> pd.DataFrame:
    base = game.value([])
    alone = dict(zip(names, _clean(game.value([n]) - base for n in names), strict=True))
    rows: list[dict[str, Any]] = []
    for a, b in combinations(names, 2):
        together = game.value([a, b]) - base
        surplus = together - alone[a] - alone[b]
        if abs(surplus) > 1e-6 * max(abs(together), alone[a] + alone[b], 1.0):
            rows.append(
                {
                    "project_a": a,
                    "project_b": b,
                    "alone_a_t": alone[a],
                    "alone_b_t": alone[b],
                    "together_t": together,
                    "surplus_t": surplus,
                    "kind": "complement" if surplus > 0 else "substitute",
                }
            )
    columns = ["project_a", "project_b", "alone_a_t", "alone_b_t", "together_t", "surplus_t", "kind"]
    table = pd.DataFrame(rows, columns=columns)
    order = np.lexsort((table["project_b"], table["project_a"], -table["surplus_t"].to_numpy(dtype=float)))
    return table.iloc[order].reset_index(drop=True)
