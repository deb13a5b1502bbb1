"""The long run of many scenarios at once, against one baseline, so that only what a rule moves is moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainnet.flow._balance import balance_under
from chainnet.flow._counting import Counting
from chainnet.flow._steady import Balance
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.scenario import Scenario, overlay_of


@dataclass(frozen=True)
class LongRuns:
    """Steady states without prices: ``balances``, as asked for, and the ``baseline`` that they are held against.

    The baseline is the answer without a scenario in the same order of service, the nearest to the flows on record
    among those that serve as much; each other one is the nearest to the baseline.
    """

    baseline: Balance
    balances: tuple[Balance, ...]


def long_runs(
    network: Network,
    scenarios: Sequence[Scenario | None],
    counting: Counting | None = None,
    reroute: Degree = "existing",
) -> LongRuns:
    """Return the steady state of each scenario.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : sequence of Scenario or None
        None = as the network stands.
    counting : Counting, optional
        Whose demand counts, and who is served first; default from the network.
    reroute : {"existing", "none", "new"}
        As in ``balance``.

    Returns
    -------
    LongRuns

    Raises
    ------
    DataError
        If there is no demand table, or a scenario names what is not there.
    SolverError
        If an answer fails its own check.

    See Also
    --------
    balance, stress_test

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = long_runs(net, [None, *cn.scenarios(net).values()])
    >>> [float(b.by_tier()["shortfall_tpa"].sum().round(6)) for b in found.balances]
    [0.0, 40.0]
    """
    counts = counting if counting is not None else Counting.of(network, None, None)
    base = balance_under(counts, Overlay.none(network), reroute, closest=True)
    near = base.edges["flow_tpa"].to_numpy(dtype=float)
    found = [
        base
        if one is None
        else balance_under(counts, overlay_of(network, one), reroute, closest=near, scenario_name=one.name)
        for one in scenarios
    ]
    return LongRuns(base, tuple(found))
