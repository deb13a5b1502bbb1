"""How a failure spreads when nobody reroutes well: ESRI (no stocks) and ARIO (stocks, plain habits).

Both follow the baseline flows. With the optimal answer of ``balance`` they bracket the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.cascades._esri import Spreading, downstream, lost_in_use, positions, residual_of, spreading_of, upstream
from chainnet.cascades._inventory import Behaviour, Plants, Run, Shock, plants_of, simulate
from chainnet.cascades._links import Links, check_number, end_uses, links_of, total_by
from chainnet.engine import PRINTED, UNIT_ROUNDING
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting
from chainnet.lowering import Overlay, edge_caps, node_caps
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import SIMULATED, Result, provenance, stamp
from chainnet.words import gap

Fail = str | Iterable[str] | Mapping[str, float]
METHODS = ("esri", "ario")
MOST_DAYS, MOST_CELLS = 36_500, 50_000_000
YEAR = 365


@dataclass(frozen=True, repr=False, eq=False)
class Cascade(Result):
    """How a failure spreads.

    Attributes
    ----------
    nodes : DataFrame, index id
        esri: downstream_loss, upstream_loss, loss (shares of output, 0 to 1; the larger of both).
        ario: baseline_tpa, output_tpa (mean of the horizon), loss (share of output over the horizon),
        lowest_share, first_day_short (NaN = never).
    tiers : DataFrame, index tier
        What the counted end uses lose: demand_tpa (baseline), served_tpa, lost_tpa, lost_share; ario adds
        lost_t, over the horizon (the _tpa columns are means of it).
    path : DataFrame, index day
        ario: demand_t, served_t, lost_t, served_share of the counted end uses, day by day.
    output : DataFrame, index day, one column per node
        ario: tonnes a day of main output (nodes with a process) or of what passes through.
    esri : float or None
        esri: share of the weight of all nodes that is lost.
    rounds : int or None
        esri: rounds until the state stood still.
    residual : float or None
        esri: most that one further round, computed in another way, would change.
    """

    nodes: pd.DataFrame
    tiers: pd.DataFrame
    path: pd.DataFrame
    output: pd.DataFrame
    esri: float | None
    rounds: int | None
    residual: float | None


def cascade(
    network: Network,
    fail: Fail,
    method: Literal["esri", "ario"] = "esri",
    sector: Mapping[str, str] | None = None,
    importance: str | Mapping[Any, str] | None = None,
    replaceable: bool = False,
    weights: Mapping[str, float] | None = None,
    tolerance: float = 1e-9,
    *,
    days: int | None = None,
    start_day: int | None = None,
    days_out: int | None = None,
    inventory_days: float | Mapping[str, float] | None = None,
    psi: float | None = None,
    overproduction: float | None = None,
    tau_days: float | None = None,
    restock_days: float | None = None,
    ordering: Literal["alt", "baseline"] | None = None,
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> Cascade:
    """Follow a failure along the baseline flows, without any planner who reroutes.

    ``esri``: every plant passes a loss of inputs on at once, no stocks, to the fixed point; losses of
    orders go upstream. ``ario``: day by day, plants live on stores, ration in proportion, order for use
    and for the gap of their stores, and make up to ``overproduction`` of their baseline.

    Parameters
    ----------
    network : Network
        ``edges.flow_tpa`` is the baseline, t/yr; edges of projects have none and are left out.
    fail : str, list of str or mapping of str to float
        Nodes that fail, or the share of output that each loses (1 = all).
    method : {"esri", "ario"}
        What is followed.
    sector : mapping of str to str, optional
        esri: label of a node: its market and, for its buyers, its input. Default, also for nodes that
        are left out: step, else stage. Where the mapping is not given, an input of a recipe is its
        commodity or its group of stand-ins (added by t_per_t), elsewhere sector and commodity.
    importance : str or mapping of (source, target) to str, optional
        esri: essential, nonessential or none, for all links or for each. Default, also for links that
        are left out: what a recipe names as input is essential, what it does not name none; at a node
        without a process all is nonessential (it loses the share that does not arrive).
    replaceable : bool
        esri: a supplier's loss counts by its share of what its sector still makes.
    weights : mapping of str to float, optional
        esri: weight of each node in the index, 0 where left out. Default what leaves it, t/yr.
    tolerance : float
        esri: largest change of the last round.
    days : int, optional
        ario: horizon; default 365.
    start_day, days_out : int, optional
        ario: first day of the failure (default 1) and how long it lasts (default for ever).
    inventory_days : float or mapping of commodity to float, optional
        ario: use that lies in store as target and at the start, 1 or more; default 90.
    psi : float, optional
        ario: part of the target below which a store slows its plant; default 0.8.
    overproduction, tau_days : float, optional
        ario: most output against the baseline (default 1.25) and days in which it builds up (365).
        Capacities of nodes and edges hold as well.
    restock_days : float, optional
        ario: days in which the gap of a store is ordered again, on top of a full day's use but never
        more than fills the store; default 60.
    ordering : {"alt", "baseline"}, optional
        ario: buyers turn to their suppliers by baseline and what these can still make and ship, or by
        baseline.
    commodity, beneficiaries : optional
        Whose losses ``tiers`` and ``path`` count; default from the network.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Cascade

    Raises
    ------
    UnknownIdError
        If an id is no node of the network, or a pair no edge.
    DataError
        If an argument is out of its range or belongs to the other method, or a baseline flow is missing.
    SolverError
        If the state does not stand still, or fails its own check.

    See Also
    --------
    balance, cascades.bracket, risk_exposure

    Notes
    -----
    esri costs rounds x links and adds tonnes of different commodities only in the share of all
    purchases (nonessential inputs), in orders lost and in the default weights. ario costs days x links;
    technical coefficients are those of the baseline, goods arrive on the day they leave, national
    stocks are not drawn, and a stand-in with max_share keeps its part of the mix. Two habits differ from
    Hallegatte's: a plant orders the use of a full day, not of the day it had, which starves nobody, but
    never more than fills its store; with ordering "alt" buyers also see empty stores and closed borders.

    References
    ----------
    Diem, Borsos, Reisch, Kertesz, Thurner 2022, doi 10.1038/s41598-022-11522-z. Hallegatte 2014, doi
    10.1111/risa.12090.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.cascades import cascade
    >>> net = cn.read("mag-9")
    >>> float(cascade(net, "H_CN").nodes.loc["G_CN", "loss"].round(6))
    0.952381
    >>> run = cascade(net, "H_CN", method="ario", days=365)
    >>> bool(run.path.loc[1, "lost_t"] == 0 and run.path.loc[365, "lost_t"] > 0)
    True
    """
    checks.known(method, METHODS, "cascade", "method")
    spread = {"sector": sector, "importance": importance, "weights": weights, "replaceable": replaceable or None}
    timed = {"days": days, "start_day": start_day, "days_out": days_out}
    habits: dict[str, Any] = {
        "inventory_days": inventory_days,
        "psi": psi,
        "overproduction": overproduction,
        "tau_days": tau_days,
        "restock_days": restock_days,
        "ordering": ordering,
    }
    other, owner = (spread, "esri") if method == "ario" else ({**timed, **habits}, "ario")
    foreign = [name for name, value in other.items() if value is not None]
    if foreign:
        raise DataError(f'{foreign[0]}: belongs to method "{owner}". Leave it out or ask for that method.')
    left = left_of(network, fail)
    links = links_of(network)
    counting = Counting.of(network, commodity, beneficiaries)
    uses = end_uses(links, counting)
    settings = {"method": method, "fail": told(network, left), **counting.settings}
    if method == "ario":
        chosen = replace(Behaviour(), **{name: value for name, value in habits.items() if value is not None})
        span = whole(days, YEAR, "days", MOST_DAYS), whole(start_day, 1, "start_day"), days_out
        return _ario(network, links, uses, left, chosen, span, settings, progress)
    tolerance = check_number(tolerance, "tolerance", 0.0, 1.0, "the largest change of the last round")
    if tolerance == 0:
        raise DataError("tolerance: 0 is not allowed; give a number above 0, for example 1e-9.")
    if replaceable not in (True, False):
        raise DataError(f"replaceable: {replaceable!r} is neither True nor False.")
    spreading = spreading_of(links, left, sector, importance, bool(replaceable))
    settings |= {
        "importance": "by recipe" if importance is None else importance if isinstance(importance, str) else "by link",
        "sector": "step, else stage" if sector is None else "given",
        "replaceable": bool(replaceable),
        "weights": "out-strength" if weights is None else "given",
        "tolerance": tolerance,
    }
    steps = Steps("fixed points", progress, 2)
    found = _esri(network, spreading, uses, weights, tolerance, settings)
    steps.end()
    return found


# -- arguments ------------------------------------------------------------------------------------


def left_of(network: Network, fail: Fail) -> Array:
    """Return the part of its output that each node keeps."""
    if isinstance(fail, (Mapping, pd.Series)):
        asked = {str(name): share for name, share in fail.items()}
    elif isinstance(fail, Iterable) and not isinstance(fail, str):
        asked = dict.fromkeys(map(str, fail), 1.0)
    elif isinstance(fail, (str, int, np.integer)):
        asked = {str(fail): 1.0}
    else:
        raise DataError(f"fail: {fail!r} is not allowed; give an id, a list of ids, or a mapping of id to share lost.")
    left = np.ones(len(network.nodes))
    for place, (name, share) in zip(positions(network, asked, "fail"), asked.items(), strict=True):
        left[place] = 1.0 - check_number(share, f"fail[{name!r}]", 0.0, 1.0, "the share of output lost")
    return left


def whole(value: Any, default: int, name: str, most: float = np.inf) -> int:
    """Return a whole number from 1 to ``most``, or the default for None."""
    if value is None:
        return default
    span = "1 or more" if np.isinf(most) else f"1 to {most:g}"
    return checks.whole(value, name, 1, most, f"is not allowed; give a whole number, {span}.")


def told(network: Network, left: Array) -> dict[str, float]:
    """Return what fails, for the provenance."""
    return {str(name): float(1.0 - part) for name, part in zip(network.nodes["id"], left, strict=True) if part < 1.0}


# -- ESRI -------------------------------------------------------------------------------------------


def _esri(
    network: Network,
    s: Spreading,
    uses: pd.DataFrame,
    weights: Mapping[str, float] | None,
    tolerance: float,
    settings: dict[str, Any],
) -> Cascade:
    weight = s.out
    if weights is not None:
        if not isinstance(weights, (Mapping, pd.Series)):
            raise DataError("weights: give a mapping of node id to a number.")
        given = {str(name): value for name, value in weights.items()}
        weight = np.zeros(s.links.n)
        places = positions(network, given, "weights")
        weight[places] = [check_number(v, f"weights[{w!r}]", 0.0, np.inf, "a weight") for w, v in given.items()]
        if not weight.any():
            raise DataError("weights: all are 0, so there is no share of them. Give at least one above 0.")
    down, rounds = downstream(s, tolerance)
    up, more = upstream(s, tolerance)
    residual = residual_of(s, down, up)
    if not residual <= max(10.0 * tolerance, UNIT_ROUNDING):
        raise SolverError(f"cascade: the state moves by {gap(residual)} in a further round; it is no fixed point.")
    nodes = pd.DataFrame(
        {"downstream_loss": 1.0 - down, "upstream_loss": 1.0 - up, "loss": 1.0 - np.minimum(down, up)},
        index=pd.Index(network.nodes["id"], name="id"),
    )
    total = float(weight.sum())
    index = float(weight @ nodes["loss"].to_numpy() / total) if total > 0 else 0.0
    source = provenance(network, "fixed point of the generalised Leontief cascade (ESRI)", status=SIMULATED, **settings)
    base = uses["flow_tpa"].to_numpy(dtype=float)
    tiers = _tier_table(network, uses, base, base * (1.0 - lost_in_use(s, uses, down)))
    empty = pd.DataFrame(index=pd.Index([], name="day", dtype="int64"))
    nodes, tiers, path, output = (stamp(frame, source) for frame in (nodes, tiers, empty, empty.copy()))
    return Cascade(source, nodes, tiers, path, output, index, max(rounds, more), residual)


def _tier_table(network: Network, uses: pd.DataFrame, demand: Array, served: Array) -> pd.DataFrame:
    """Sum what counts by tier, in the order of the tiers, t/yr."""
    counted = uses["counted"].to_numpy(dtype=bool)
    rows = pd.DataFrame({"tier": uses["tier"], "demand_tpa": demand, "served_tpa": served})[counted]
    table = rows.groupby("tier", sort=False, dropna=False)[["demand_tpa", "served_tpa"]].sum()
    order = [tier for tier in network.tier_order if tier in table.index]
    table = table.reindex(order) if order else table
    table["lost_tpa"] = (table["demand_tpa"] - table["served_tpa"]).clip(lower=0.0)
    table["lost_share"] = (table["lost_tpa"] / table["demand_tpa"]).fillna(0.0)
    return table


# -- ARIO -----------------------------------------------------------------------------------------


def _ario(
    network: Network,
    links: Links,
    uses: pd.DataFrame,
    left: Array,
    how: Behaviour,
    span: tuple[int, int, int | None],
    settings: dict[str, Any],
    progress: Tell | None,
) -> Cascade:
    days, start, out = span
    if days * links.n > MOST_CELLS:
        most = max(MOST_CELLS // links.n, 1)
        raise DataError(
            f"days: {days} days of {links.n} nodes are more than a table can hold; ask for {most} or fewer."
        )
    plants = plants_of(links, uses, how.check(links.words))
    shock = replace(shock_of(links, failing(network, left)), output_left=left, start_day=start)
    if out is not None:
        shock = replace(shock, days_out=whole(out, 1, "days_out"))
    steps = Steps("days", progress, days)
    run = simulate(plants, shock, how, days, steps=steps)
    steps.end()
    source = provenance(
        network,
        "daily simulation with adaptive inventories (ARIO)",
        status=SIMULATED,
        **settings,
        days=days,
        start_day=start,
        days_out=shock.days_out,
        **{name: getattr(how, name) for name in how.__dataclass_fields__},
    )
    per_year = YEAR / days
    tiers = _tier_table(network, uses, run.use_asked * per_year, run.use_served * per_year)
    tiers["lost_t"] = tiers["lost_tpa"] / per_year
    index = pd.RangeIndex(1, days + 1, name="day")
    asked, served = run.asked, run.served
    path = pd.DataFrame({"demand_t": asked, "served_t": served}, index=index)
    path["lost_t"] = (path["demand_t"] - path["served_t"]).clip(lower=0.0)
    path["served_share"] = np.where(asked > 0, served / np.where(asked > 0, asked, 1.0), 1.0)
    nodes, output = _node_tables(network, plants, run, index)
    nodes, tiers, path, output = (stamp(frame, source) for frame in (nodes, tiers, path, output))
    return Cascade(source, nodes, tiers, path, output, None, None, None)


def _node_tables(network: Network, plants: Plants, run: Run, index: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return output by node over the horizon and day by day; an end use puts out what it is served."""
    output = np.asarray(run.output)
    direct = plants.group_slot[plants.use_group] >= 0
    users = plants.uses["position"].to_numpy(dtype=np.int64)[direct]
    taken = (plants.group_flow[plants.use_group] * plants.use_part)[direct]
    base = total_by(plants.unit_node, plants.activity, plants.links.n) + total_by(users, taken, plants.links.n)
    share = np.where(base > 0, output / np.where(base > 0, base, 1.0), 1.0)
    short = share < 1.0 - PRINTED
    ids = pd.Index(network.nodes["id"], name="id")
    nodes = pd.DataFrame(
        {
            "baseline_tpa": base * YEAR,
            "output_tpa": output.mean(axis=0) * YEAR,
            "loss": np.clip(1.0 - share.mean(axis=0), 0.0, 1.0),
            "lowest_share": share.min(axis=0),
            "first_day_short": np.where(short.any(axis=0), short.argmax(axis=0) + 1.0, np.nan),
        },
        index=ids,
    )
    return nodes, pd.DataFrame(output, index=index, columns=ids)


def failing(network: Network, left: Array) -> Overlay:
    """Return the overlay in which nodes keep a part of their capacity."""
    base = Overlay.none(network)
    return replace(base, node_share=np.concatenate([left, base.node_share[len(left) :]]))


def shock_of(links: Links, overlay: Overlay) -> Shock:
    """Return what an overlay leaves to those who do not reroute: joint bounds are split by baseline flow."""
    t = links.tables
    nodes, edges = node_caps(t, overlay)[: links.n], edge_caps(t, overlay, "existing")[links.row]
    for restriction in overlay.restrictions:
        if restriction.is_strand:
            raise DataError(
                "bracket: a measure binds a tier or an origin, and a myopic run does not follow goods down the chain. "
                "Use balance or stress_test."
            )
        hit = restriction.edges[links.row]
        total = float(links.flow[hit].sum())
        if np.isfinite(restriction.bound_tpa) and total > 0:
            edges = np.where(hit, np.minimum(edges, links.flow * min(restriction.bound_tpa / total, 1.0)), edges)
    return Shock(np.ones(links.n), nodes, edges, overlay.demand_share)
