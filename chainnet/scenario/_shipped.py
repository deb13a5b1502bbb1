"""The scenarios that ship with a chain."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chainnet import checks
from chainnet.errors import DataError
from chainnet.network import Network, check_network, kept
from chainnet.scenario._scenario import Scenario


def scenarios(network: Network) -> Mapping[str, Scenario]:
    """Return the scenarios that ship with a network's graph, name -> Scenario, sorted by name.

    Parameters
    ----------
    network : Network
        A network that was read from a folder or a shipped graph, or that was joined or merged of such.

    Returns
    -------
    Mapping of str to Scenario
        Empty where the graph has none. A name that is none of theirs raises UnknownIdError, which is a KeyError.

    Raises
    ------
    DataError
        If a scenario file is at fault.

    See Also
    --------
    Scenario, in_force, stress_test

    Examples
    --------
    >>> import chainnet as cn
    >>> list(cn.scenarios(cn.read("germanium")))[:2]
    ['allied_defence_origin', 'china_export_stop']
    """
    check_network(network)
    kind = f"scenario of {network.name or 'the network'}"
    return MappingProxyType(checks.Named(dict(_read(network)), "scenarios", kind))


def _read(network: Network) -> list[tuple[str, Scenario]]:
    if network.own_scenarios:
        return _held(network)
    folder = network.scenario_folder
    found = [Scenario.read(file) for file in sorted(folder.glob("*.toml"))] if folder else []
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f'scenarios: two files bear the name "{twice[0]}". Give each a name of its own.')
    return sorted(zip(names, found, strict=True), key=lambda pair: pair[0])


@kept(1)
def _held(network: Network) -> list[tuple[str, Scenario]]:
    return [(name, Scenario.parse(text, name)) for name, text in sorted(network.own_scenarios.items())]
