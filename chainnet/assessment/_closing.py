"""What leaves a tier whole under a scenario, the cheapest first, and from which year."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.assessment._advisable import advisable
from chainnet.engine import PRINTED
from chainnet.flow import Counting, short_by_tier
from chainnet.lowering import Degree
from chainnet.network import OUTSIDE, Network
from chainnet.projects import access_to, portfolio
from chainnet.scenario import Scenario, listed, overlay_of
from chainnet.words import join

YEARS_AHEAD = 6
LEVELS = ("existing", "new", "stocks", "projects")
FREE = {"existing": "not short", "new": "new relations", "stocks": "new relations and stocks"}
NOTHING, ALL = "nothing listed", "all listed projects"
# a search among a few dozen projects takes seconds; one that is cut off would hang on the machine
TIME_LIMIT_S = 3600.0


@dataclass(frozen=True)
class Closing:
    """What leaves a tier whole: ``words``, the first ``year`` in which it does (NaN = no date), ``projects`` by id."""

    words: str
    year: float
    projects: tuple[str, ...] = ()


def closing(counting: Counting, scenario: Scenario | None, central: pd.Series, place: int) -> Closing:
    """Say what leaves a tier whole: levels that cost no plant, then one project, then the fewest.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario or None
    central : Series
        The row of the tier in ``KeyAssumptions.central``.
    place : int
        The number of the tier, from 0; only for the first the fewest projects are sought, else all together stand.
    """
    ways = [word for word in str(central["closed_by"]).split(";") if word]
    for level, words in FREE.items():
        if level in ways:
            only = [] if level == "existing" else conditions(counting, scenario, place, stocks=level == "stocks")
            return Closing(f"{words}, if {join(only)}" if only else words, np.nan)
    found = by_projects(counting, scenario, place, ways)
    if found is not None:
        return found
    if "projects" not in ways:
        return Closing(NOTHING, np.nan)
    asked = _Asked(counting, scenario, place)
    return Closing(ALL, asked.whole_from(asked.every, "new", stocks=True))


def conditions(counting: Counting, scenario: Scenario | None, place: int | None, *, stocks: bool = False) -> list[str]:
    """Return on what it depends that new suppliers close a gap; empty where they do so in any case.

    They may do so only because allied users are not served last, or only because the scenario leaves third countries
    their goods, and these come round. So both are asked otherwise.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario or None
    place : int or None
        The number of the tier, from 0; None = all tiers.
    stocks : bool
        Whether stocks of one year count too.
    """

    def closes(asked: Counting, under: Scenario | None) -> bool:
        found = short_by_tier(asked, overlay_of(asked.network, under), "new", stocks=stocks)
        found = found if place is None else found.iloc[[place]]
        return bool((found["shortfall_tpa"] <= PRINTED * found["demand_tpa"]).all())

    found = [] if closes(counting.in_order("allies_last"), scenario) else ["allied users are not served last"]
    everyone = None if scenario is None else to_everyone(counting.network, scenario)
    if everyone is not None and not closes(counting, everyone):
        found.append("third countries pass the goods on")
    return found


def to_everyone(network: Network, scenario: Scenario) -> Scenario | None:
    """Return a scenario whose export limits hold for every destination; None where they do already."""
    measures = scenario.with_shares(network).measures
    wide = [_to_everyone(measure) for measure in measures]
    return None if wide == [dict(one) for one in measures] else Scenario(f"{scenario.name}_to_everyone", wide)


def _to_everyone(measure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a limit on what leaves somewhere for every destination abroad; home trade stays as free as it was."""
    if not {"from", "to"} <= measure.keys():
        return dict(measure)
    abroad = [OUTSIDE + word for word in listed(measure["from"].get("country", []))]
    return {**measure, "to": {"country": abroad}} if abroad else {k: v for k, v in measure.items() if k != "to"}


def by_projects(
    counting: Counting,
    scenario: Scenario | None,
    place: int,
    ways: Collection[str] | None = None,
    among: Collection[str] | None = None,
) -> Closing | None:
    """Return the projects that leave a tier whole for good, without stocks; None where none or only all of them do.

    The cheapest that does so alone on existing links, else for the first tier the fewest with new relations. ``ways``
    says which alone do, and by "projects" whether all do; None = not known yet. ``among``: the projects to try, None =
    all. Projects of a country whose goods the scenario takes away are none (``advisable``).
    """
    asked = _Asked(counting, scenario, place, among)
    tried = set(asked.names) if ways is None else set(ways) & set(asked.names)
    for name in asked.by_cost(tried):
        found = asked.closes([name], "existing")
        if found is not None:
            return found
    fewest = asked.fewest() if (ways is None or "projects" in ways) and place == 0 else []
    return asked.closes(fewest, "new") if fewest else None


class _Asked:
    """The tier, and the projects that may leave it whole."""

    def __init__(
        self, counting: Counting, scenario: Scenario | None, place: int, among: Collection[str] | None = None
    ) -> None:
        self.counting, self.scenario, self.place = counting, scenario, place
        self.network = counting.network
        self.projects = self.network.projects
        self.every = self.projects["id"].tolist()
        may = self.projects["id"][advisable(self.network, scenario)]
        self.names = [name for name in may if among is None or name in among]
        year = self.network.current_year
        self.last = None if year is None else year + YEARS_AHEAD
        self.years = [None] if year is None else list(range(year, year + YEARS_AHEAD + 1))
        self.overlay = overlay_of(self.network, scenario)

    def by_cost(self, ids: set[str]) -> list[str]:
        """Return projects, the cheapest first; those without a known cost last."""
        mine = self.projects[self.projects["id"].isin(ids)]
        return mine.sort_values(["capex_musd", "id"], na_position="last", kind="stable")["id"].tolist()

    def closes(self, names: Sequence[str], degree: Degree) -> Closing | None:
        """Return these projects and the year from which they leave the tier whole; None if they never do."""
        if not self._is_whole(names, degree, self.last, stocks=False):
            return None  # what does so for good does so at its last size
        year = self.whole_from(names, degree)
        labels = self.projects.set_index("id")["label"]
        words = [labels[one] if isinstance(labels[one], str) and labels[one] else one for one in names]
        return Closing(join(words), year, tuple(names))

    def whole_from(self, names: Sequence[str], degree: Degree, *, stocks: bool = False) -> float:
        """Return the first year in which these projects leave the tier whole; NaN if none does."""
        for year in self.years:
            if self._is_whole(names, degree, year, stocks):
                return np.nan if year is None else float(year)
        return np.nan

    def _is_whole(self, names: Sequence[str], degree: Degree, year: int | None, stocks: bool) -> bool:
        access = access_to(self.counting, self.overlay, year, names)
        here = self.projects["id"].isin(names).to_numpy()
        built = np.maximum(self.overlay.built, np.where(here, access.sizes(), 0.0))
        if year is not None and not (built > self.overlay.built).any():
            return False
        overlay = access.overlay(self.overlay).with_built(built)
        row = short_by_tier(self.counting, overlay, degree, stocks=stocks).iloc[self.place]
        return bool(row["shortfall_tpa"] < PRINTED * row["demand_tpa"])

    def fewest(self) -> list[str]:
        """Return the fewest projects that leave the first tier whole in the last year; none if stocks are needed."""
        tier = self.network.tier_order[0]
        if not (self.network.demand["tier"] == tier).any():
            return []
        found = portfolio(
            self.network,
            self.scenario,
            0.0,
            options=dict.fromkeys(self.names, 1.0),
            by_year=self.last,
            reroute="new",
            budgets=[],
            close=[tier],
            tier=tier,
            time_limit_s=TIME_LIMIT_S,
            **self.counting.said,
        )
        taken = str(found.closing.loc[tier, "taken"] or "")
        return [name for name in self.names if name in {part.strip() for part in taken.split(";")}]
