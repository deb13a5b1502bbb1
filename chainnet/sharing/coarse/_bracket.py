"""``bracket``: what the true answer lies between, from a network that can serve less and one that can serve more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.engine import LEAST_SIZE, MARGIN
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting, ValueModel
from chainnet.network import Network
from chainnet.results import BOUNDED, provenance, stamp
from chainnet.scenario import Scenario, acting, overlay_of, pick_scenarios
from chainnet.sharing.coarse._aggregate import label_out, labels_of
from chainnet.sharing.coarse._classes import check_label, check_measured
from chainnet.words import exact

_COLUMNS = [
    "served_low_tpa", "served_high_tpa", "shortfall_low_tpa", "shortfall_high_tpa", "lost_low_tpa", "lost_high_tpa",
    "width_share", "is_exact",
]  # fmt: skip


def bracket(
    inner: Network,
    outer: Network,
    scenarios: Scenario | Sequence[Scenario] | Mapping[str, Scenario] | None = None,
    *,
    by: str | None = None,
    tier: str | None = None,
    base_tpa: float | None = None,
    commodity: Words = None,
    beneficiaries: Words = None,
) -> pd.DataFrame:
    """Say what the true answer lies between.

    Parameters
    ----------
    inner, outer : Network
        Of ``aggregate``, or a redacted network ``at_bounds`` low and high: the one can serve at most
        what the truth can, the other at least.
    scenarios : Scenario, list or mapping, optional
        A row each, after the first, base.
    by : str, optional
        A row for each label instead, all its plants out: country, or several joined by + (step+country).
    tier : str, optional
        Only this tier, as if it came first.
    base_tpa : float, optional
        What the owner says can be served in the baseline, t/yr: losses are then narrower.
    commodity, beneficiaries : str or list, optional
        What counts and whose; default from the networks.

    Returns
    -------
    DataFrame, index scenario (or the name of ``by``)
        served_low_tpa, served_high_tpa; shortfall_low_tpa, shortfall_high_tpa (NaN without demand); lost_low_tpa,
        lost_high_tpa against base; width_share (upper less lower bound, as a share of demand); is_exact. Each is the
        most that can be served in a steady state over existing links, all tiers together or ``tier`` first; nothing
        is promised for later tiers, for costs or over time.

    Raises
    ------
    DataError
        If a scenario, label or tier is unknown, asks by what a class's plants differ in, or ``base_tpa`` lies
        outside the bracket.
    SolverError
        If the inner network can serve more than the outer one: then they are not two sides of one chain.

    See Also
    --------
    sharing.aggregate, sharing.at_bounds, sharing.joint_value

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> pair = cn.sharing.aggregate(net)
    >>> found = cn.sharing.bracket(pair.inner, pair.outer, by="country")
    >>> truth = cn.max_flow(net.without(where={"country": "CHN"})).value_tpa
    >>> bool(found.served_low_tpa["CHN"] - 1e-6 <= truth <= found.served_high_tpa["CHN"] + 1e-6)
    True
    """
    if by is not None and scenarios is not None:
        raise DataError("bracket: give scenarios or by, not both.")
    asked = _asked(inner, outer, scenarios, by)
    for network in (inner, outer):
        check_measured(network, asked)
    pair = [Counting.of(network, commodity, beneficiaries, tier) for network in (inner, outer)]
    models = [ValueModel(counting) for counting in pair]
    low0, high0 = (model.value for model in models)
    slack = MARGIN * max(high0, LEAST_SIZE)
    if base_tpa is not None:
        checks.number(base_tpa, "base_tpa")
        if not low0 - slack <= base_tpa <= high0 + slack:
            raise DataError(f"base_tpa: {base_tpa:g} lies outside what can be served, {low0:g} to {high0:g} t/yr.")
    rows = []
    for scenario in (None, *asked):
        ends = [_one(model, scenario) for model in models]
        (low, demand_low), (high, demand_high) = ends
        name = "base" if scenario is None else scenario.name
        if low > high + slack:
            raise SolverError(
                f"bracket: under {name} the inner network serves {exact(low, 9)} t/yr and the outer one "
                f"{exact(high, 9)}; they are not bounds of one chain, or stand in the wrong order."
            )
        low = min(low, high)
        least, most = (low0, high0) if base_tpa is None else (base_tpa, base_tpa)
        lost = (0.0, 0.0) if scenario is None else (max(0.0, least - high), max(0.0, most - low))
        size = demand_high if np.isfinite(demand_high) and demand_high > 0 else max(high0, LEAST_SIZE)
        short = [max(0.0, demand_low - high), max(0.0, demand_high - low)]
        if not np.isfinite(demand_high):
            short = [np.nan, np.nan]
        rows.append((name, low, high, *short, *lost, (high - low) / size, high - low <= MARGIN * size))
    source = provenance(
        outer, "HiGHS simplex", status=BOUNDED, inner=inner.digest, by=by or "", tier=tier or "", base_tpa=base_tpa,
        scenarios=[scenario.name for scenario in asked], **pair[1].settings,
    )  # fmt: skip
    table = pd.DataFrame(rows, columns=["scenario", *_COLUMNS]).set_index("scenario")
    table.index.name = by or "scenario"
    return stamp(table, source)


def _asked(inner: Network, outer: Network, scenarios: Any, by: str | None) -> list[Scenario]:
    if by is None:
        found = [] if scenarios is None else pick_scenarios(outer, scenarios)
        # where a rule comes from does not matter here, and its sources may be withheld
        return [Scenario(s.name, [acting(measure) for measure in s.measures], s.label) for s in found]
    for column in by.split("+"):
        if column not in outer.view("nodes").columns or column in ("id", "note"):
            raise DataError(f'by: nodes have no label "{column}"; give country, step, owner, or several joined by +.')
        check_label(inner, column)
    labels = sorted({*labels_of(inner, by), *labels_of(outer, by)})
    return [label_out(by, label) for label in labels]


def _one(model: ValueModel, scenario: Scenario | None) -> tuple[float, float]:
    """Return what can be served under a scenario, and what is asked for."""
    network = model.counting.network
    if scenario is None:
        value, shares = model.value, np.ones(len(network.demand))
    else:
        overlay = overlay_of(network, scenario)
        if overlay.restrictions:
            value = ValueModel(model.counting, overlay).value
        else:
            value = -model.solve_under(overlay).value + 0.0
        at = network.demand["node"].map(model.lowered.tables.position).to_numpy(dtype=np.int64)
        shares = overlay.demand_share * (overlay.node_share[at] != 0) if len(at) else overlay.demand_share
    if not len(network.demand):
        return value, np.inf
    demand = network.view("demand")["demand_tpa"].to_numpy(dtype=float) * shares
    return value, float(demand[model.counting.valued].sum())
