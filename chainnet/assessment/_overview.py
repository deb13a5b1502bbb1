"""``overview``: what every chain says, a row each, and with details a row a restriction and tier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet.assessment._answers import HORIZON, Answers
from chainnet.assessment._closing import Closing
from chainnet.assessment._finding import Finding, Restriction
from chainnet.doubt import class_of
from chainnet.errors import DataError
from chainnet.flow import Asked, Counting
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
    tell_outside,
    timeline,
)
from chainnet.words import vintage

COLUMNS = ["chain", "as_of", "scenario", "state", "tier", "first_year_share", "later_share"]
COLUMNS += ["due_low_share", "due_high_share", "first_month", "bottleneck_step", "bottleneck_country", "decides"]
# what details say besides
MORE = ["restriction", "label", "vintage", "scenario_label", "class", "certain", "low_by", "high_by"]
MORE += ["decides_first", "already_share", "last_share", "bottleneck_share", "bottleneck_basis"]
MORE += ["closed_by", "closed_by_year", "assumed_share", "is_allied"]
IN_FORCE: Restriction = "in force"
RETURNS: Restriction = "may return"
WORST: Restriction = "worst"
# tables whose rows are counted for the share that is assumed; relations aside, which one rule infers from totals
COUNTED = ("nodes", "processes", "demand", "stocks")
# columns that are reckoned from the inputs alone
GIVEN_COLUMNS: dict[str, Status] = dict.fromkeys(("assumed_share", "bottleneck_share"), FROM_INPUTS)
NOT_SOUGHT = Closing("", np.nan)
Graph = Network | str | Path
Progress = Callable[[str, float], None] | None


def overview(
    graphs: Graph | Iterable[Graph] | None = None,
    *,
    details: bool = False,
    order: Asked = None,
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
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first, as in ``balance``.
    progress : callable, optional
        Called with (what is being done, part done from 0 to 1).

    Returns
    -------
    DataFrame
        A row a chain: what ``find`` says of it, the worst of its scenarios, and the first tier that is not met under
        it, or of which it cannot be said (less than 1 % short is met; if all are met, the first).

        - chain, as_of, scenario ("" where it ships none: the chain as it stands), state (in force, may return, begins
          DATE, or blank: of no rule), tier;
        - first_year_share: part of the tier's demand that is due to the scenario in its first twelve months: its
          shortfall less that without it. Existing links carry at once, new suppliers once they qualify, users draw what
          they hold, and nobody knows the dates beforehand;
        - later_share, due_low_share, due_high_share: the same once new suppliers are qualified, in the central case
          and over the judgements, one at a time (``key_assumptions``);
        - first_month: the first month with more than 1 % due, counted from the first measure (1 = its own month); after
          the first year the first month of a half-year, looked for where the tier is short once new suppliers are
          qualified; NaN if none within 48 months;
        - bottleneck_step, bottleneck_country: the step of a country outside the beneficiaries that the tier could least
          do without, in the baseline, if served first (of several that tie see ``Finding.bottleneck``; "" where none
          costs anything);
        - decides: what alone changes the class of the shortfall, the largest first, at most three.

        With details the rows are those of all rules in force together (``in_force``), of those that may apply again too
        (``in_force_returns``), and of the worst, in this order, for each tier. Columns more: restriction (in force, may
        return, worst), label, vintage (as of when the chain stands, in words), scenario_label, class and certain
        (False: it cannot be said), low_by and high_by (the judgements that give the ends), decides_first (the first of
        decides), already_share (short without any restriction), last_share (if all others are served first: a stress
        test outside the range), bottleneck_share (that country's part of what the step makes, t), bottleneck_basis
        (whose figure that is: published, worked out, or set by us), closed_by and closed_by_year (what leaves the tier
        whole, and the first year in which it does), assumed_share (part of the rows of nodes, recipes, demand and
        stocks that are assumed), is_allied (whether only the demand of beneficiaries counts).

    Raises
    ------
    DataError
        If a graph is unknown, has no demand table, two bear one name, or none is left.

    See Also
    --------
    find, assess, compare

    Notes
    -----
    Half a minute a chain, and as much for each further restriction. Every share comes from checked answers, and the
    same input gives the same table.

    Examples
    --------
    >>> import chainnet as cn
    >>> table = cn.overview("mag-9")
    >>> table.loc[0, ["scenario", "tier"]].tolist(), table.loc[0, ["first_year_share", "later_share"]].round(3).tolist()
    (['china_out'], ['defence'], [0.0])
    """
    networks = _networks(graphs)
    say = progress or (lambda _what, _part: None)
    rows: list[dict[str, Any]] = []
    outside: list[Outside] = []
    for number, network in enumerate(networks):

        def step(what: str, part: float, network: Network = network, number: int = number) -> None:
            say(f"{network.name}: {what}", (number + part) / len(networks))

        chain = _Chain(network, order)
        with outside_is_told():
            rows += chain.rows(details, step)
        outside += chain.outside
    say(f"{len(networks)} of {len(networks)}: chains", 1.0)
    tell_outside(outside)
    source = provenance(
        networks[0],
        "HiGHS simplex",
        chains=[{"graph": one.name, "digest": one.digest, "next": next_words(one)} for one in networks],
        order=order if isinstance(order, str) or order is None else "stages",
        details=details,
    )
    table = stamp(pd.DataFrame(rows, columns=[*COLUMNS, *MORE]), source, status=GIVEN_COLUMNS)
    return table if details else first_rows(table)


def first_rows(details: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that ``overview`` gives without details, from those with details: a row a chain.

    Parameters
    ----------
    details : DataFrame
    """
    worst = details[details["restriction"] == WORST]
    said = [spoken_of(rows).name for _, rows in worst.groupby("chain", sort=False)]
    return stamp(worst.loc[said, COLUMNS].reset_index(drop=True), origin_of(details) | {})


def is_met(row: pd.Series) -> bool:
    """Say whether less than 1 % of a tier's demand is due to the restriction, in the first year and later.

    Parameters
    ----------
    row : Series
        Of ``overview`` with details.
    """
    return bool(row["certain"]) and class_of(max(row["later_share"], row["first_year_share"])) == "met"


def spoken_of(rows: pd.DataFrame) -> pd.Series:
    """Return the row of the first tier that is not met, or of which it cannot be said; if all are met, the first.

    Parameters
    ----------
    rows : DataFrame
        Of one chain and restriction, of ``overview`` with details.
    """
    return rows.iloc[int(np.argmin([is_met(row) for _, row in rows.iterrows()]))]


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


class _Chain:
    """One chain, its findings, and the rows that they give."""

    def __init__(self, network: Network, order: Asked) -> None:
        self.network = network
        self.answers = Answers(Counting.of(network, order=order))
        self.outside: list[Outside] = []  # measures of other times

    def rows(self, details: bool, step: Callable[[str, float], None]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the chain, restriction by restriction, tier by tier; else those of the worst alone."""
        step("which scenario is the worst", 0.0)
        asked = self._asked() if details else [(WORST, self.answers.worst)]
        for number, (restriction, scenario) in enumerate(asked):
            at, width = 0.1 + 0.9 * number / len(asked), 0.9 / len(asked)
            step(f"{restriction}: who is short, and when", at)
            self.outside.append(timeline(self.network, scenario, HORIZON).outside)
            for place, tier in enumerate(self.answers.tiers):
                step(f"{restriction}: {tier}", at + width * (0.5 + 0.5 * place / len(self.answers.tiers)))
                yield self._row(Finding(self.answers, scenario, tier, restriction), details)

    def _asked(self) -> list[tuple[Restriction, Scenario | None]]:
        """Return the restrictions that are told: what is in force, what may return, the worst."""
        now, returns = in_force(self.network), in_force(self.network, returns=True)
        found: list[tuple[Restriction, Scenario | None]] = [(IN_FORCE, now)] if now.measures else []
        found += [(RETURNS, returns)] if len(returns.measures) > len(now.measures) else []
        return [*found, (WORST, self.answers.worst)]

    def _row(self, found: Finding, details: bool) -> dict[str, Any]:
        network, scenario, due = self.network, found.scenario, found.assumptions.range.loc[found.tier].to_dict()
        narrow, closes = found.bottleneck, found.closed_by if details else NOT_SOUGHT
        return {
            "chain": network.name,
            "as_of": network.as_of or "",
            "scenario": scenario.name if scenario else "",
            "state": found.state,
            "tier": found.tier,
            "first_year_share": found.first_year_share,
            "later_share": found.later["share"],
            "due_low_share": found.later["low"],
            "due_high_share": found.later["high"],
            "first_month": found.first_month,
            "bottleneck_step": narrow["step"],
            "bottleneck_country": narrow["country"],
            "decides": "; ".join(found.decides),
            "restriction": found.restriction,
            "label": network.label.removesuffix(f", {network.year}"),
            "vintage": vintage(network),
            "scenario_label": found.label,
            "class": str(found.assumptions.central.loc[found.tier, "class"]),
            "certain": found.certain,
            "low_by": str(due["low_by"]),
            "high_by": str(due["high_by"]),
            "decides_first": next(iter(found.decides), ""),
            "already_share": found.already_share,
            "last_share": float(due["last_share"]),
            "bottleneck_share": narrow["share_made"],
            "bottleneck_basis": str(self._bases.get((narrow["step"], narrow["country"]), "")),
            "closed_by": closes.words,
            "closed_by_year": closes.year,
            "assumed_share": self._assumed_share,
            "is_allied": found.claims.is_allied,
        }

    @cached_property
    def _bases(self) -> pd.Series:
        """Whose figure the share of each country in a step is."""
        return share_quality(self.network)["basis"]

    @cached_property
    def _assumed_share(self) -> float:
        """The part of the rows of the counted tables that are assumed."""
        quality = pd.concat([getattr(self.network, name)["quality"] for name in COUNTED])
        return float((quality == "assumed").mean()) if len(quality) else np.nan
