"""What several rooms share: projects and their sizes, fair shares, the levels of response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.errors import UnknownIdError
from chainnet.flow._balance import balance_under
from chainnet.flow._counting import Counting
from chainnet.flow._steady import Balance
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network, check_network, first_years, ramp_reached
from chainnet.words import least_short

EXACT_PLAYERS = 12


def named_projects(network: Network, projects: Iterable[str] | None) -> list[str]:
    """Return the ids of the projects named, in the order given; None = all, in the order of the table.

    Raises
    ------
    UnknownIdError
        If a project does not exist.
    """
    check_network(network)
    known = [str(name) for name in network.projects["id"]]
    if projects is None:
        return known
    names = [projects] if isinstance(projects, str) else [str(p) for p in projects]
    for name in names:
        checks.known(name, known, "projects", "project", error=UnknownIdError)
    return names


def project_sizes(network: Network, by_year: int | None) -> Array:
    """Return the part of its size that each project has in a year: 1 without a year.

    See ``ramp_reached``.
    """
    projects = network.projects
    if by_year is None:
        return np.ones(len(projects))
    return ramp_reached(first_years(projects), projects["ramp_years"].fillna(0.0).to_numpy(dtype=float), by_year)


def shapley_values(
    players: Sequence[str], value: Callable[[frozenset[str]], float], permutations: int = 32, seed: int = 0
) -> tuple[pd.Series, pd.Series]:
    """Share a game's value fairly among its players.

    Exact up to 12 players; beyond that the mean over ``permutations`` random orders and their
    reverses, with its standard error.

    Returns
    -------
    (Series, Series)
        Shapley value and standard error (0 where exact), indexed by player. They sum to
        value(all) - value(none).
    """
    names = list(players)
    n = len(names)
    if n <= EXACT_PLAYERS:
        shares = dict.fromkeys(names, 0.0)
        for size in range(n):
            weight = 1.0 / (n * comb(n - 1, size)) if n else 0.0
            for others in combinations(names, size):
                coalition = frozenset(others)
                before = value(coalition)
                for player in names:
                    if player not in coalition:
                        shares[player] += weight * (value(coalition | {player}) - before)
        return pd.Series(shares, dtype=float), pd.Series(0.0, index=names)
    rng = np.random.default_rng(seed)
    draws = np.zeros((permutations, n))
    for draw in range(permutations):
        order = rng.permutation(n)
        for run in (order, order[::-1]):
            coalition, before = frozenset[str](), value(frozenset())
            for player in run:
                coalition = coalition | {names[player]}
                after = value(coalition)
                draws[draw, player] += 0.5 * (after - before)
                before = after
    error = draws.std(axis=0, ddof=1) / np.sqrt(permutations)
    return pd.Series(draws.mean(axis=0), index=names), pd.Series(error, index=names)


def most_sets(n: int, permutations: int = 32) -> int:
    """Return of how many sets ``shapley_values`` asks the value at most."""
    return int(2**n) if n <= EXACT_PLAYERS else 2 * permutations * n + 1


LEVELS = ("none", "existing", "new", "stocks", "projects")
LEVEL_WORDS = {
    "none": "nothing is rerouted",
    "existing": "existing links, up to their capacity",
    "new": "new relations between known plants, once qualified",
    "stocks": "stocks, first year only",
    "projects": "projects that stand",
}


def levels(
    counting: Counting,
    overlay: Overlay,
    sizes: Array,
    *,
    projects: Sequence[str] | None = None,
    existing: Balance | None = None,
) -> pd.DataFrame:
    """Return what each further degree of rerouting serves, level by level, tier by tier; ``existing`` if it is known.

    Returns
    -------
    DataFrame
        level, meaning, tier, demand_tpa, served_tpa, shortfall_tpa, gained_tpa (against the level
        before; below 0 where further links also reach users who are served earlier, who then take what this
        tier had). Each level keeps what the levels before it allow; the last shortfall is what stays
        short. Without baseline flows on every edge the level without rerouting is left out.
    """
    network = counting.network
    built = np.zeros(len(network.projects))
    chosen = network.projects["id"].isin(projects).to_numpy() if projects is not None else np.ones(len(built), bool)
    steps: list[tuple[str, Degree, bool, Array]] = [
        ("none", "none", False, built),
        ("existing", "existing", False, built),
        ("new", "new", False, built),
        ("stocks", "new", True, built),
        ("projects", "new", True, np.where(chosen, sizes, 0.0)),
    ]
    project_edges = network.edges["source"].isin(network.projects["id"]) | network.edges["target"].isin(
        network.projects["id"]
    )
    if network.edges.loc[~project_edges, "flow_tpa"].isna().any():
        steps = steps[1:]
    parts: list[pd.DataFrame] = []
    solved: dict[tuple[Degree, bool, bool], Balance] = {}
    if existing is not None:
        solved["existing", False, False] = existing
    for level, degree, stocks, share in steps:
        # a level that adds nothing is the one before it
        asked = (degree, stocks and not network.stocks.empty, bool(share.any()))
        if asked not in solved:
            found = overlay.with_built(share)
            solved[asked] = balance_under(counting, found, degree, stocks=stocks, with_links=False)
        table = solved[asked].by_tier().reset_index()
        table.insert(0, "level", level)
        table.insert(1, "meaning", LEVEL_WORDS[level])
        parts.append(table)
    return climbed(pd.concat(parts, ignore_index=True))


def climbed(levels: pd.DataFrame) -> pd.DataFrame:
    """Return the levels with what each gains; what is short by less than an answer tells, relative to demand, is 0."""
    asked = levels["demand_tpa"]
    met = levels["shortfall_tpa"] <= least_short(asked)
    out = levels.assign(
        served_tpa=levels["served_tpa"].mask(met, asked), shortfall_tpa=levels["shortfall_tpa"].mask(met, 0.0)
    )
    gained = out.groupby("tier", dropna=False)["served_tpa"].diff()
    return out.assign(gained_tpa=gained.mask(gained.abs() <= least_short(asked), 0.0))
