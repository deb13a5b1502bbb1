"""The bracket: the optimal answer, the myopic one and the worst case side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.cascades._cascade import YEAR, Fail, failing, left_of, shock_of, told, whole
from chainnet.cascades._esri import downstream, lost_in_use, spreading_of
from chainnet.cascades._inventory import Behaviour, plants_of, simulate
from chainnet.cascades._links import end_uses, links_of
from chainnet.engine import PRINTED
from chainnet.errors import DataError
from chainnet.flow import Counting, ValueModel, cut_of
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import limiting_inputs, provenance, stamp
from chainnet.scenario import KINDS, Scenario, asked_scenario, overlay_of


def bracket(
    network: Network,
    fail: Fail | None = None,
    scenario: Scenario | str | None = None,
    *,
    reroute: Degree = "existing",
    years: int = 10,
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
    **habits: Any,
) -> pd.DataFrame:
    """Set the optimal answer, the myopic one and the worst case side by side.

    Parameters
    ----------
    network : Network
        With baseline flows.
    fail : str, list or mapping, optional
        As for ``cascade``; the share is of capacity (of the baseline where there is none).
    scenario : Scenario or str, optional
        Instead of ``fail``; every measure at its full size, for ever.
    reroute : {"existing", "none", "new"}
        How far the optimal answer may leave the baseline.
    years : int
        Length of the myopic run; its last year is the long run.
    commodity, beneficiaries : optional
        Whose losses count; default from the network.
    progress : callable, optional
        Called with what has been done and the part of the whole.
    **habits
        ``inventory_days``, ``psi``, ``overproduction``, ``tau_days``, ``restock_days``, ``ordering``.

    Returns
    -------
    DataFrame, index measure (optimal, myopic first year, myopic long run, worst case)
        bound (lower, eased by stores, between, upper), lost_tpa, lost_share (of what is served in the
        baseline, with any surge of demand), meaning, which also names the measures that a row does not follow.

    Raises
    ------
    DataError
        If not exactly one of ``fail`` and ``scenario`` is given, or a measure binds a tier or an origin.
    UnknownIdError
        If an id is unknown.

    See Also
    --------
    cascade, balance

    Notes
    -----
    One linear program, ``years`` x 365 simulated days, one fixed point. The optimal answer draws no
    stores, so a myopic year that does may lose less; once the stores stand still it cannot. The worst
    case bounds plants that pass losses on as they come; it is no bound by proof, for orders that turn to
    other suppliers may crowd out third parties. If the long run passes it, ``bound`` says so.
    Baseline flows have no place for a new project, prices or national stocks, so only the optimal
    answer follows build; no row follows release, tariff or price_floor.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.cascades import bracket
    >>> table = bracket(cn.read("mag-9"), "H_CN")
    >>> table.loc[["optimal", "worst case"], "lost_tpa"].round(6).tolist()
    [40.0, 45.0]
    """
    scenario = asked_scenario(network, scenario)
    if (fail is None) == (scenario is None):
        raise DataError("bracket: give either fail or scenario.")
    for name in habits:
        checks.known(name, Behaviour.__dataclass_fields__, "bracket", "argument")
    left = np.ones(len(network.nodes)) if fail is None else left_of(network, fail)
    overlay = failing(network, left) if scenario is None else overlay_of(network, scenario)
    unsaid = [""] * 2 if scenario is None else [_not_followed(scenario, row) for row in ("optimal", "myopic")]
    links = links_of(network)
    counting = Counting.of(network, commodity, beneficiaries)
    uses = end_uses(links, counting)
    how = Behaviour(**habits)
    plants = plants_of(links, uses, how.check(links.words))
    shock = replace(shock_of(links, overlay), output_left=left)
    days = whole(years, 10, "years", 100) * YEAR
    steps = Steps("days", progress, days)
    run = simulate(plants, shock, how, days, with_output=False, steps=steps)
    steps.end()
    counted = uses["counted"].to_numpy(dtype=bool)
    demand, served = float(run.asked[0] * YEAR), run.served
    best = ValueModel(counting, overlay, reroute)
    best.certificate()
    flow = np.maximum(plants.node_flow * YEAR, 1e-300)
    stays = np.minimum(left, np.where(plants.node_flow > 0, np.minimum(shock.node_cap / flow, 1.0), 1.0))
    spreading = spreading_of(links, stays, None, None, False, np.minimum(shock.edge_cap / links.flow, 1.0))
    worst = lost_in_use(spreading, uses, downstream(spreading, 1e-9)[0])
    base = uses["flow_tpa"].to_numpy(dtype=float)
    share, row = np.ones(len(base)), uses["demand_row"].to_numpy(dtype=np.int64)
    share[row >= 0] = shock.demand_share[row[row >= 0]]
    arrives = np.minimum(base * (1.0 - worst), base * share)  # nobody is served more than he asks for
    long_run, most = demand - served[-YEAR:].sum(), demand - arrives[counted].sum()
    holds = long_run <= most + PRINTED * demand
    rows = {
        "optimal": ("lower", demand - best.value, "best rerouting, no stores" + unsaid[0]),
        "myopic first year": (
            "eased by stores",
            demand - served[:YEAR].sum(),
            "plants live on their stores and habits" + unsaid[1],
        ),
        "myopic long run": ("between", long_run, f"year {years}, the stores used up{unsaid[1]}"),
        "worst case": (
            "upper" if holds else "passed by the long run",
            most,
            "no stores, no rerouting (ESRI)" + unsaid[1],
        ),
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["bound", "lost_tpa", "meaning"])
    table["lost_tpa"] = np.clip(table["lost_tpa"], 0.0, demand)
    table.insert(2, "lost_share", table["lost_tpa"] / demand if demand > 0 else 0.0)
    table.index.name = "measure"
    source = provenance(
        network,
        "HiGHS simplex; daily simulation (ARIO); fixed point (ESRI)",
        rests_on=limiting_inputs(network, cut_of(best)),
        fail=told(network, left),
        scenario=scenario.name if scenario else "",
        reroute=reroute,
        years=years,
        demand_tpa=demand,
        **counting.settings,
        **{name: getattr(how, name) for name in how.__dataclass_fields__},
    )
    return stamp(table, source)


def _not_followed(scenario: Scenario, row: str) -> str:
    """Return the words that name measures that a row does not follow.

    Raises
    ------
    DataError
        If a measure binds a tier or an origin: nothing here follows goods down the chain.
    """
    for number, measure in enumerate(scenario.measures):
        for key in KINDS[measure["kind"]].parts_goods(measure):
            raise DataError(
                f"bracket: {scenario.file or scenario.name}: measures[{number}] {measure['kind']} binds "
                f"{'a tier' if key == 'tier' else 'an origin'}, and a myopic run does not follow goods down the "
                "chain. Use balance or stress_test."
            )
    found = [
        f"measures[{n}] {m['kind']}" for n, m in enumerate(scenario.measures) if row not in KINDS[m["kind"]].follows
    ]
    return f"; not followed: {', '.join(found)}" if found else ""
