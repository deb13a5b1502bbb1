"""What a question names: a scenario of one's own, a shipped one, or all rules in force."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainnet import checks
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import Network, check_network
from chainnet.scenario._in_force import COMPUTED, computed_scenario
from chainnet.scenario._scenario import Scenario, check_scenario, say_idle
from chainnet.scenario._shipped import scenarios
from chainnet.scenario._standing import in_order


def pick_scenarios(network: Network, given: Any) -> list[Scenario]:
    """Return what was given as a list: one or its name, a list or a mapping of these; None = the shipped ones.

    Those come in the order of ``in_order``.

    Raises
    ------
    DataError
        If something in it is no Scenario, or two bear one name.
    """
    if given is None:
        given = in_order(network, scenarios(network).values())
    if isinstance(given, (Scenario, str)):
        given = [given]
    found = list(given.values()) if isinstance(given, Mapping) else list(given)
    found = [named_scenario(network, item) if isinstance(item, str) else item for item in found]
    for item in found:
        if not isinstance(item, Scenario):
            raise DataError(f"scenarios: {item!r} is no Scenario. Use chainnet.Scenario or chainnet.Scenario.read.")
        say_idle(item)
    names = [item.name for item in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"scenarios: the name {twice[0]!r} stands twice. Give each scenario a name of its own.")
    for item in found:
        _say_empty(item)
    return found


def _say_empty(scenario: Scenario) -> None:
    """Warn of a scenario without measures, under which nothing happens."""
    if not scenario.measures:
        warnings.warn(
            f"scenario {scenario.name}: no measures, so its answers are those of the baseline.",
            ChainnetWarning,
            stacklevel=4,
        )


def named_scenario(network: Network, given: Scenario | str) -> Scenario:
    """Return a scenario that was given, or the one of that name: shipped, or computed (``in_force``).

    Raises
    ------
    DataError
        If the network has none of that name.
    """
    if not isinstance(given, str):
        check_scenario(given)
        say_idle(given)
        return given
    shipped = scenarios(network)
    found = shipped.get(given) or computed_scenario(network, given)
    if found is None:
        names = [*shipped, *COMPUTED]
        place = Path(network.folder).name if network.folder else network.name
        alone = "" if shipped else " Only a folder takes scenarios along."
        said = checks.unknown(given, names, f"scenario of {place}")
        raise DataError(f"scenario: {said}{alone} A file: chainnet.Scenario.read.")
    return found


def asked_scenario(network: Network, given: Scenario | str | None) -> Scenario | None:
    """Return what a question is asked under: a scenario, the shipped one of that name, or None for none.

    Raises
    ------
    DataError
        If it is no scenario, or the network has none of that name.
    """
    check_network(network)
    if given is None:
        return None
    scenario = named_scenario(network, given)
    _say_empty(scenario)
    return scenario
