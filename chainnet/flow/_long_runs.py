"""The long run of many scenarios at once, with what a picture tells beside each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from chainnet.flow._balance import Balance, balance_under
from chainnet.flow._counting import Counting
from chainnet.flow._ends import service_range
from chainnet.network import Network
from chainnet.scenario import Scenario, overlay_of


@dataclass(frozen=True)
class LongRuns:
    """Steady states by scenario, in the order asked; "" is no scenario.

    ``balances``: without prices; ``closest``: the same as near to the baseline as equally good answers are; ``ends``:
    what is short with allies served first, and with allies served last.
    """

    balances: tuple[Balance, ...]
    closest: tuple[Balance, ...]
    ends: Mapping[str, pd.DataFrame]


def long_runs(network: Network, scenarios: Sequence[Scenario | None], counting: Counting | None = None) -> LongRuns:
    """Return the steady state of each scenario, None = as the network stands; see ``balance``.

    Raises
    ------
    DataError
        If there is no demand table, or a scenario names what is not there.
    SolverError
        If an answer fails its own check.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = long_runs(net, [None, *cn.scenarios(net).values()])
    >>> [float(b.by_tier()["shortfall_tpa"].sum().round(6)) for b in found.balances]
    [0.0, 40.0]
    """
    counts = counting if counting is not None else Counting.of(network, None, None)
    rows = []
    for scenario in scenarios:
        name, overlay = scenario.name if scenario else "", overlay_of(network, scenario)
        plain, near = (balance_under(counts, overlay, closest=c, scenario_name=name) for c in (False, True))
        ends = service_range(network, scenario, known=plain, **counts.said)
        rows.append((plain, near, name, ends))
    return LongRuns(tuple(r[0] for r in rows), tuple(r[1] for r in rows), {r[2]: r[3] for r in rows})
