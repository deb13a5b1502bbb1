"""``overview``: what every chain says, a row each, and with details a row a restriction and tier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.assessment._bottleneck import Bottleneck, bottleneck_of, lost_by_place, places
from chainnet.assessment._closing import Closing, closing
from chainnet.assessment._dependencies import dependencies, shortened
from chainnet.doubt import KeyAssumptions, key_assumptions
from chainnet.errors import DataError
from chainnet.flow import Counting, balance_under
from chainnet.indicators import share_quality
from chainnet.io import read, shipped_names
from chainnet.network import Network
from chainnet.results import FROM_INPUTS, Status, origin_of, provenance, stamp
from chainnet.scenario import (
    Outside,
    Scenario,
    in_force,
    next_words,
    outside_is_told,
    overlay_of,
    scenarios,
    tell_outside,
    timeline,
)
from chainnet.stress import stress_test, worst_of
from chainnet.words import vintage

COLUMNS = [
    "chain",
    "year",
    "scenario",
    "tier",
    "shortfall_low_share",
    "shortfall_share",
    "shortfall_high_share",
    "first_month",
]
COLUMNS += [
    "bottleneck_step",
    "bottleneck_country",
    "bottleneck_share",
    "closed_by",
    "closed_by_year",
    "depends_on",
    "assumed_share",
]
# what details say besides
MORE = ["restriction", "label", "scenario_label", "dependencies"]
MORE += [
    "shortfall_low_by",
    "shortfall_high_by",
    "shortfall_last_share",
    "already_share",
    "bottleneck_basis",
    "vintage",
]
WORST, IN_FORCE = "worst", "in force"
# tables whose rows are counted for the share that is assumed; relations aside, which one rule infers from totals
COUNTED = ("nodes", "processes", "demand", "stocks")
# columns that are reckoned from the inputs alone
GIVEN_COLUMNS: dict[str, Status] = dict.fromkeys(("assumed_share", "bottleneck_share", "year"), FROM_INPUTS)
Graph = Network | str | Path
Progress = Callable[[str, float], None] | None


def overview(
    graphs: Graph | Iterable[Graph] | None = None,
    *,
    details: bool = False,
    months: int = 48,
    progress: Progress = None,
) -> pd.DataFrame:
    """Say of every chain, in one row with the same columns, who is short, why, and what that rests on.

    Parameters
    ----------
    graphs : Network, str, Path or several of them, optional
        Networks, names of shipped graphs or paths; default every shipped chain that is not made up to learn on (one of
        which every node is assumed).
    details : bool
        A row a chain, restriction and tier instead of a row a chain.
    months : int
        Horizon in which the first month is looked for.
    progress : callable, optional
        Called with (what is being done, part done from 0 to 1).

    Returns
    -------
    DataFrame
        A row a chain: the worst of its scenarios, as ``assess`` finds it, and the tier that is served first.

        - chain, year (of its flows), scenario ("" where it ships none: the chain as it stands), tier;
        - shortfall_low_share, shortfall_share, shortfall_high_share: part of the tier's demand that the restriction
        leaves short,
          in the central case and at the ends of its range: the shortfall less that without any restriction, both
          judged alike, once new suppliers are qualified, over the judgements one at a time (nobody first, existing
          links only, demand, inferred links, a doubtful plant absent);
        - first_month: the first short month, counted from the first measure (1 = its own month); NaN if none;
        - bottleneck_step, bottleneck_country: the step of a country outside the beneficiaries that the tier could
        least do
          without, in the baseline, if served first (of several that tie the one with most of its step, then by name;
          "" where none costs anything); bottleneck_share: that country's part of what the step makes, t;
        - closes, closed_by_year: what leaves the tier whole, and the first year in which it does: "not short", "new
          relations", "new relations and stocks" (no year), a project, the fewest projects, or "nothing listed" by the
          sixth year after the base year;
        - depends_on: what alone puts the share into another class of ``key_assumptions`` or out of its range, and the
          smallest set of assumed plants that does; at most three, then how many more;
        - assumed_share: part of the rows of nodes, recipes, demand and stocks that are assumed; links are not counted.

        With details the rows are those of each restriction and each tier. Columns more: restriction ("worst", or "in
        force": all rules in force together, ``in_force``; none where no rule of the chain is), label, scenario_label,
        dependencies (all of them), shortfall_low_by and shortfall_high_by (the judgements that give the ends),
        shortfall_last_share (if all others are served first: a stress test outside the range), already_share (short
        without any restriction), bottleneck_basis (whose figure bottleneck_share is: published, worked out, or set by
        us),
        vintage (as of when the chain stands, in words).

    Raises
    ------
    DataError
        If a graph is unknown, has no demand table, two bear one name, or none is left.

    Notes
    -----
    Fifteen to twenty seconds a chain, twice that with details. Every share comes from checked answers, and the same
    input gives the same table.

    Examples
    --------
    >>> import chainnet as cn
    >>> table = cn.overview("mag-9")
    >>> table["scenario"].tolist(), table["tier"].tolist(), table["shortfall_high_share"].tolist()
    (['china_out'], ['defence'], [0.0])
    """
    months = checks.whole(months, "months", 1, 1200, "is out of range; give a whole number, {least} to {most}.")
    networks = _networks(graphs)
    say = progress or (lambda _what, _part: None)
    rows: list[dict[str, Any]] = []
    outside: list[Outside] = []
    for number, network in enumerate(networks):

        def step(what: str, part: float, network: Network = network, number: int = number) -> None:
            say(f"{network.name}: {what}", (number + part) / len(networks))

        chain = _Chain(network, months)
        with outside_is_told():
            rows += chain.rows(details, step)
        outside += chain.outside
    say(f"{len(networks)} of {len(networks)}: chains", 1.0)
    tell_outside(outside)
    source = provenance(
        networks[0],
        "HiGHS simplex",
        chains=[{"graph": one.name, "digest": one.digest, "next": next_words(one)} for one in networks],
        months=months,
        details=details,
    )
    table = pd.DataFrame(rows, columns=[*COLUMNS, *MORE]).astype(
        {"first_month": "float64", "closed_by_year": "float64"}
    )
    return stamp(table if details else table[COLUMNS].copy(), source, status=GIVEN_COLUMNS)


def first_rows(details: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that ``overview`` gives without details, from those with details: a row a chain.

    Parameters
    ----------
    details : DataFrame
    """
    table = details.drop_duplicates("chain")[COLUMNS].reset_index(drop=True)
    return stamp(table, origin_of(details) | {}, status=GIVEN_COLUMNS)


def _networks(graphs: Graph | Iterable[Graph] | None) -> list[Network]:
    """Return the networks that are asked about, each once."""
    if graphs is None:
        found = [one for one in map(read, shipped_names()) if not is_made_up(one)]
    else:
        given = [graphs] if isinstance(graphs, (Network, str, Path)) else list(graphs)
        found = [one if isinstance(one, Network) else read(one) for one in given]
    if not found:
        raise DataError("overview: no graph is given. Name at least one.")
    names = [network.name for network in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f'overview: two graphs bear the name "{twice[0]}". Give each once, under a name of its own.')
    for network in found:
        if network.demand.empty:
            raise DataError(f"overview: {network.name} has no demand table, so nobody can be short. Give demand.")
    return found


def is_made_up(network: Network) -> bool:
    """Say whether no plant of a chain rests on a source: it is there to learn on."""
    return bool((network.nodes["quality"] == "assumed").all())


@dataclass(frozen=True)
class _Said:
    """What one scenario says of each tier."""

    scenario: Scenario | None
    restriction: str
    found: KeyAssumptions
    first: pd.Series


class _Chain:
    """One chain, its scenarios, and the rows that they give."""

    def __init__(self, network: Network, months: int) -> None:
        self.network, self.months = network, months
        self.counting = Counting.of(network)
        self.outside: list[Outside] = []  # measures of other times
        self._bottlenecks: dict[str | None, Bottleneck] = {}

    def rows(self, details: bool, step: Callable[[str, float], None]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the chain, those of the worst restriction and of the first tier before others."""
        step("which scenario is the worst", 0.0)
        asked = [(WORST, self._worst(list(self.shipped.values())))]
        now = in_force(self.network) if details else None
        asked += [(IN_FORCE, now)] if now is not None and now.measures else []
        for number, (restriction, scenario) in enumerate(asked):
            at, width = 0.2 + 0.8 * number / len(asked), 0.8 / len(asked)
            step(f"{restriction}: who is short, and when", at)
            first = self._first_months(scenario)
            step(f"{restriction}: what that rests on", at + 0.2 * width)
            said = _Said(scenario, restriction, key_assumptions(self.network, scenario), first)
            tiers = said.found.central.index if details else said.found.central.index[:1]
            for place, tier in enumerate(tiers):
                step(f"{restriction}: what closes the gap", at + width * (0.7 + 0.3 * place / len(tiers)))
                yield self._row(said, place, str(tier))

    @cached_property
    def shipped(self) -> dict[str, Scenario]:
        """The scenarios of the chain, by name."""
        return dict(scenarios(self.network))

    @cached_property
    def _short(self) -> dict[str, pd.Series]:
        """The shortfall of each tier in the long run, t/yr, by scenario."""
        return {
            name: balance_under(self.counting, overlay_of(self.network, one)).by_tier()["shortfall_tpa"]
            for name, one in self.shipped.items()
        }

    def _worst(self, among: list[Scenario]) -> Scenario | None:
        short = {one.name: self._short[one.name] for one in among}
        return self.shipped.get(worst_of(short, self.network.tier_order[0]))

    def _first_months(self, scenario: Scenario | None) -> pd.Series:
        """Return the first short month of each tier, from 1 at the first measure; NaN = none."""
        months = stress_test(self.network, [scenario] if scenario else [], self.months).summary["first_short_month"]
        mine: pd.Series = months.loc[scenario.name if scenario else "baseline"]
        line = timeline(self.network, scenario, self.months)
        self.outside.append(line.outside)
        return (mine - (line.onset or 0)).clip(lower=1.0)

    def _row(self, said: _Said, place: int, tier: str) -> dict[str, Any]:
        network, found, scenario = self.network, said.found, said.scenario
        stated, due = found.central.iloc[place], found.range.iloc[place]
        bottleneck = self._bottleneck(tier if tier in network.tier_order else None)
        closes: Closing = closing(self.counting, scenario, stated, place)
        asked = dependencies(network, found, tier, is_first=tier == found.first_tier)
        return {
            "chain": network.name,
            "year": np.nan if network.year is None else network.year,
            "scenario": scenario.name if scenario else "",
            "tier": tier,
            "shortfall_low_share": float(due["low_share"]),
            "shortfall_share": float(due["central_share"]),
            "shortfall_high_share": float(due["high_share"]),
            "first_month": float(said.first.iloc[place]),
            "bottleneck_step": bottleneck.step,
            "bottleneck_country": bottleneck.country,
            "bottleneck_share": bottleneck.share,
            "closed_by": closes.words,
            "closed_by_year": closes.year,
            "depends_on": shortened(asked.words),
            "assumed_share": self._assumed_share,
            "restriction": said.restriction,
            "label": network.label,
            "scenario_label": (scenario.label or scenario.name) if scenario else "baseline",
            "dependencies": "; ".join(asked.words),
            "shortfall_low_by": str(due["low_by"]),
            "shortfall_high_by": str(due["high_by"]),
            "shortfall_last_share": float(due["last_share"]),
            "already_share": float(due["already_share"]),
            "vintage": vintage(network),
            "bottleneck_basis": str(self._bases.get((bottleneck.step, bottleneck.country), "")),
        }

    def _bottleneck(self, tier: str | None) -> Bottleneck:
        """Return the bottleneck of a country outside the beneficiaries, in the baseline; found once a tier."""
        if tier not in self._bottlenecks:
            self._bottlenecks[tier] = self._narrowest(tier)
        return self._bottlenecks[tier]

    def _narrowest(self, tier: str | None) -> Bottleneck:
        return bottleneck_of(places(self.counting), lost_by_place(self.counting, tier))

    @cached_property
    def _bases(self) -> pd.Series:
        """Whose figure the share of each country in a step is."""
        return share_quality(self.network)["basis"]

    @cached_property
    def _assumed_share(self) -> float:
        """The part of the rows of the counted tables that are assumed."""
        quality = pd.concat([getattr(self.network, name)["quality"] for name in COUNTED])
        return float((quality == "assumed").mean()) if len(quality) else np.nan
