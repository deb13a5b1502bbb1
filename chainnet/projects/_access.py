"""What of a project reaches the beneficiaries: its size by a year, what others bought, for whom it is qualified."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import INF, Array, Bools, Words
from chainnet.flow import Counting, named_projects
from chainnet.lowering import Overlay, Restriction
from chainnet.network import Network, backers_of, first_years, offtakes_of, ramp_reached, say_idle

MONTHS = 12.0


@dataclass(frozen=True)
class Bar:
    """What a project's young output may not do: serve a tier before its qualification is over.

    ``project`` is its row, ``amount_tpa`` what the edges carry when it runs at full size, ``months`` how
    long it takes; ``restriction`` names the edges and the tier.
    """

    project: int
    tier: str
    amount_tpa: float
    months: float
    restriction: Restriction


@dataclass(frozen=True)
class Access:
    """How much of each project the beneficiaries can use.

    Attributes
    ----------
    by_year : int or None
    start, ramp : arrays over ``network.projects``
        Year of the first output, years of the ramp.
    bound_away : array
        Part of the output that is bound to go elsewhere.
    bars : tuple of Bar
        Tiers that output is, or would be some years late, too young for.
    """

    by_year: int | None
    start: Array
    ramp: Array
    bound_away: Array
    bars: tuple[Bar, ...]

    def reached(self, late: Array | float = 0.0) -> Array:
        """Return the part of its size that each project's ramp has reached when it starts ``late`` years late."""
        if self.by_year is None:
            return np.ones(len(self.start))
        return ramp_reached(self.start, self.ramp, self.by_year, late)

    def sizes(self, late: Array | float = 0.0) -> Array:
        """Return the part of its size that the beneficiaries can use of each project."""
        return np.asarray(self.reached(late) * (1.0 - self.bound_away), dtype=float)

    def bound(self, bar: Bar, late: Array | float = 0.0, share: Array | float = 1.0) -> float:
        """Return the most that may serve the tier of a bar, t/yr; ``share`` of the size that a project would have."""
        late_by, part_of = (np.broadcast_to(given, self.start.shape)[bar.project] for given in (late, share))
        age = MONTHS * ((self.by_year or 0) + 1.0 - self.start[bar.project] - late_by)
        part = float(np.clip((age - bar.months) / MONTHS, 0.0, 1.0))
        if part == 1.0:
            return INF
        size = float(self.sizes(late)[bar.project] * part_of)
        return 0.0 if part == 0.0 or size == 0.0 else bar.amount_tpa * size * part

    def overlay(
        self,
        overlay: Overlay,
        late: Array | float = 0.0,
        share: Array | float = 1.0,
        free: Collection[tuple[int, str]] = (),
    ) -> Overlay:
        """Return the overlay with the bars in force but those of ``free`` (row, tier); ``share`` as of the sizes."""
        return _barred(
            overlay, self.bars, [INF if (b.project, b.tier) in free else self.bound(b, late, share) for b in self.bars]
        )

    def template(self, overlay: Overlay) -> Overlay:
        """Return the overlay with every bar open, so that the program has a row for each."""
        return _barred(overlay, self.bars, [b.amount_tpa for b in self.bars])


def _barred(overlay: Overlay, bars: tuple[Bar, ...], bounds: list[float]) -> Overlay:
    more = tuple(replace(b.restriction, bound_tpa=bound) for b, bound in zip(bars, bounds, strict=True))
    return replace(overlay, restrictions=overlay.restrictions + more) if bars else overlay


def access_to(
    counting: Counting,
    overlay: Overlay,
    by_year: int | None,
    names: Iterable[str] | None = None,
    years_late: int = 0,
) -> Access:
    """Say how much of each project the beneficiaries can use.

    Parameters
    ----------
    counting : Counting
        Who the beneficiaries are; without any, nobody is outside.
    overlay : Overlay
        What the scenario does.
    by_year : int, optional
        None = every project at full size, and long qualified.
    names : iterable of str, optional
        Projects that may be built; others get no bars.
    years_late : int
        The latest that a project may be, so that there is a bar for it.

    Returns
    -------
    Access

    Notes
    -----
    What of a project's output is bound to buyers outside the beneficiaries (contracts, or stakes of kind
    offtake in their place) is not theirs (an unknown share binds nothing). A project begins with
    its start year. Its output may serve a tier once its commodity's qualification time for that tier has passed: of a
    year in which that happens only the rest counts. Without a start year a project is taken as qualified.
    """
    network, projects = counting.network, counting.network.projects
    start = first_years(projects)
    ramp = projects["ramp_years"].fillna(0.0).to_numpy(dtype=float)
    access = Access(by_year, start, ramp, _bound_away(counting), ())
    if by_year is None or network.qualification.empty:
        return access
    offered = projects["id"].isin(list(projects["id"]) if names is None else list(names)).to_numpy()
    offered = offered & (access.reached() > 0)
    age = MONTHS * (by_year + 1.0 - start - years_late)
    return replace(access, bars=tuple(_bars(network, overlay, offered, age)))


def _bound_away(counting: Counting) -> Array:
    offtakes = offtakes_of(counting.network)
    share = np.where(counting.inside(offtakes), 0.0, offtakes["share"].to_numpy(dtype=float))
    row = offtakes["project"].to_numpy(dtype=np.int64)
    return np.bincount(row, share, minlength=len(counting.network.projects)).astype(float)


def _bars(network: Network, overlay: Overlay, offered: Bools, age: Array) -> Iterable[Bar]:
    """Return the bars of projects that are too young, by commodity, project and way (out or in)."""
    projects, edges = network.projects, network.edges
    rows = pd.Index(projects["id"])
    ends = np.column_stack([rows.get_indexer(edges[end]) for end in ("source", "target")])
    # an edge is as young as the younger of the projects at its ends
    young = np.where(ends >= 0, np.nan_to_num(age, nan=INF)[ends] if len(projects) else INF, INF)
    way = young.argmin(axis=1)
    owner = np.where(np.isfinite(young.min(axis=1)), ends[np.arange(len(edges)), way], -1)
    per = _rates(network)
    n_nodes, places = len(network.nodes), len(network.nodes) + len(projects)
    nowhere = np.zeros(places, dtype=bool)
    waits = network.qualification.sort_values(["commodity", "months", "tier"])
    for commodity, steps in waits.groupby("commodity", sort=True):
        of_it = (edges["commodity"] == commodity).to_numpy() & (owner >= 0)
        for row in np.unique(owner[of_it]).tolist():
            if not offered[row]:
                continue
            capacity = float(projects["capacity_tpa"].iloc[row]) * overlay.node_share[n_nodes + row]
            for side, word in enumerate(("output", "input")):
                mine = of_it & (owner == row) & (way == side)
                if not mine.any():
                    continue
                rate = per.get((projects["process"].iloc[row], commodity, word), 1.0)
                amount = INF if np.isnan(capacity) else capacity * rate
                for tier, months in zip(steps["tier"], steps["months"], strict=True):
                    if age[row] - months < MONTHS and amount > 0:
                        levels = f"{commodity} {projects['id'].iloc[row]} {word}"
                        bar = Restriction(mine, 0.0, nowhere, nowhere, (str(commodity),), tier=tier, levels=levels)
                        yield Bar(row, str(tier), amount, float(months), bar)


def _rates(network: Network) -> dict[tuple[Any, Any, str], float]:
    """Return t of each commodity per t of main output, by process, commodity and way."""
    lines = network.processes
    way = np.where(lines["role"] == "input", "input", "output")
    return dict(zip(zip(lines["process"], lines["commodity"], way, strict=True), lines["t_per_t"], strict=True))


def pick_projects(network: Network, projects: Iterable[str] | None, allies: Words) -> list[str]:
    """Return the ids of the projects asked for, in the order of the table.

    Raises
    ------
    UnknownIdError
        If a project does not exist.
    DataError
        If a country or group is unknown.
    """
    table = network.projects
    wanted = set(named_projects(network, projects))
    if projects is not None:
        say_idle(network, sorted(wanted))
    names = [name for name in table["id"] if name in wanted]
    if allies is not None:
        words = [allies] if isinstance(allies, str) else list(allies)
        inside = network.in_countries(table, words, "allies")
        backers = backers_of(network)
        backed = backers["project"][network.in_countries(backers, words, "allies")]
        kept = set(table["id"][inside | np.isin(np.arange(len(table)), backed)])
        names = [name for name in names if name in kept]
    return names
