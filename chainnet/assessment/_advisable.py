"""Which projects may be advised: none that a country holds whose goods the scenario stops."""

from __future__ import annotations

import numpy as np

from chainnet._types import Bools
from chainnet.network import Network
from chainnet.scenario import KINDS, Scenario, listed

# where measures that take goods away name whose
WHOSE = ("from", "where", "origin")
HOLDERS = ("country", "owner_country")


def advisable(network: Network, scenario: Scenario | None) -> Bools:
    """Return which projects lie and are owned outside the countries whose goods a scenario takes away.

    The model ships what a foreign plant of such an owner makes. Whether the owner would is not known, so no advice
    rests on it.

    Parameters
    ----------
    network : Network
    scenario : Scenario, optional

    Returns
    -------
    boolean array over ``network.projects``
    """
    projects = network.view("projects")
    held = np.zeros(len(projects), dtype=bool)
    for measure in scenario.measures if scenario is not None else ():
        if KINDS[measure["kind"]].takes:
            named = [measure[key] for key in WHOSE if key in measure]
            for words in [listed(where[key]) for where in named for key in HOLDERS if key in where]:
                for column in HOLDERS:
                    held |= network.in_countries(projects, words, "measures", column)
    return np.asarray(~held)
