"""The scenarios that ship with a chain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from chainnet import checks
from chainnet.network import Network, check_network, graphs_folder
from chainnet.scenario._scenario import Scenario, is_plain


def scenarios(network: Network) -> Mapping[str, Scenario]:
    """Return the scenarios that ship with a network's graph, name -> Scenario, sorted by name.

    Parameters
    ----------
    network : Network
        A network that was read from a folder or a shipped graph.

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
    """
    check_network(network)
    kind = f"scenario of {network.name or 'the network'}"
    folder = network.folder or (graphs_folder() / network.name if is_plain(network.name) else None)
    if folder is None or not (Path(folder) / "scenarios").is_dir():
        return MappingProxyType(checks.Named({}, "scenarios", kind))
    files = sorted((Path(folder) / "scenarios").glob("*.toml"))
    return MappingProxyType(checks.Named({file.stem: Scenario.read(file) for file in files}, "scenarios", kind))
