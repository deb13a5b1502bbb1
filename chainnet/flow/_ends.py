"""``service_range``: what is short with allies served first, and with allies served last."""

from __future__ import annotations

import pandas as pd

from chainnet._types import Words
from chainnet.errors import DataError
from chainnet.flow._balance import balance_under
from chainnet.flow._counting import Counting
from chainnet.flow._steady import Balance
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import ENDS, ends_table, provenance
from chainnet.scenario import Scenario, asked_scenario, overlay_of


def service_range(
    network: Network,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    *,
    beneficiaries: Words = None,
    commodity: Words = None,
    known: Balance | None = None,
    progress: Tell | None = None,
) -> pd.DataFrame:
    """Show what is short with allies served first, and with allies served last.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario or str, optional
        None = the baseline.
    reroute : {"existing", "none", "new"}
        As in ``balance``.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    known : Balance, optional
        The answer of ``balance`` to the same question at one end, which is then not solved again.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    DataFrame, index tier
        demand_tpa, shortfall_first_tpa, shortfall_last_tpa : t/yr. Where all demand counts there are no others, and
        both are one; ``attrs["has_others"]`` says which.

    Raises
    ------
    DataError
        If there is no demand table, an argument is unknown, or ``known`` answers another question.

    See Also
    --------
    balance, key_assumptions

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> cn.service_range(net, cn.scenarios(net)["china_out"])["shortfall_last_tpa"].round(6).tolist()
    [0.0, 10.0, 30.0]
    """
    scenario = asked_scenario(network, scenario)
    counting, overlay = Counting.of(network, commodity, beneficiaries), overlay_of(network, scenario)
    name = scenario.name if scenario else ""
    settings = {**counting.settings, "scenario": name, "reroute": reroute}
    has_others = bool(counting.rivals.any())
    steps = Steps("tiers in their order, allies first and last", progress)
    told: dict[str, Balance] = {}
    if known is not None:
        _check(known, network, settings)
        told[str(known.provenance["settings"]["order"])] = known
    if "allies_first" not in told:
        told["allies_first"] = balance_under(counting, overlay, reroute, scenario_name=name, steps=steps)
    if "allies_last" not in told:
        told["allies_last"] = told["allies_first"]
        if has_others:
            last = counting.in_order("allies_last")
            told["allies_last"] = balance_under(last, overlay, reroute, scenario_name=name, steps=steps)
    steps.end()
    after, before = (told[end].by_tier() for end in ENDS)
    source = provenance(network, "HiGHS simplex", tiers=list(network.tier_order), **settings)
    return ends_table(after["demand_tpa"], after["shortfall_tpa"], before["shortfall_tpa"], source, has_others)


def _check(known: Balance, network: Network, settings: dict[str, object]) -> None:
    source = known.provenance
    other = [key for key, value in settings.items() if source["settings"].get(key) != value]
    if source["digest"] != network.digest or other:
        what = ", ".join(other) or "the network"
        raise DataError(f"service_range: known answers another question ({what} differs). Ask balance again.")
