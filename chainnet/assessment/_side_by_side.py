"""Scenarios, portfolios or chains as columns of one table: who is short in each, as asked and with allies last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.assessment._in_turn import Count, in_turn
from chainnet.criticality import chokepoints
from chainnet.engine import CERTAIN
from chainnet.errors import DataError
from chainnet.flow import Counting, binding_inputs
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import (
    FROM_INPUTS,
    Result,
    inputs_words,
    origin_of,
    provenance,
    rest_of,
    stamp,
)
from chainnet.scenario import Outside, Scenario, outside_is_told, overlay_of, tell_outside, timeline
from chainnet.stress import stress_test, worst_of
from chainnet.words import ORDER_WORDS, Who, first_capital, least_short, verb

UNDISTURBED = "baseline"
EITHER: Final = "either"
LAST: Final = "allies_last"  # a stress test beside the order that is asked
KEYS = ("tier", "figure", "order")
# the figures of a tier, and whether each has a line with allies served first and last
FIGURES = ("demand_tpa", "shortfall_share", "shortfall_tpa", "first_short_month", "largest_loss_share")


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class SideBySide(Result):
    """Several scenarios, portfolios or chains, a column each.

    Attributes
    ----------
    side : DataFrame
        tier, figure, order, then a column of numbers for each thing compared. Figures: demand_tpa; shortfall_share,
        shortfall_tpa (the long run); first_short_month (from 1 at the first measure; NaN = never within the horizon);
        largest_loss_share (part of what the tier can be served, if served first, that the loss of one site costs
        it; NaN where it is served nothing). ``order`` says who is served first: the order that was asked
        and, as a stress test, "allies_last" where that makes a difference in any column, else "either". A
        largest loss is a value: by law and by a table of stages allies come first in it.
    columns : DataFrame, index column
        graph, label, year, scenario, scenario_label, projects (ids), project_labels, capex_musd (NaN where one has
        none), unit, inputs (how the weakest inputs that bind are known, and how many they are), digest.
    answers : DataFrame
        The same numbers, a row a column, tier and end: column, tier, order, demand_tpa, shortfall_tpa, shortfall_share,
        first_short_month, largest_loss_tpa, largest_loss_share, largest_loss (the site), n_tied.
    words : tuple of str
        Which column leaves most of the first tier short, and whether that depends on who is served first.
    """

    side: pd.DataFrame
    columns: pd.DataFrame
    answers: pd.DataFrame
    words: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """One column: a network, under a scenario (None = as it stands), with projects built."""

    name: str
    network: Network
    scenario: Scenario | None
    projects: tuple[str, ...] = ()


# -- what is compared ---------------------------------------------------------------------------


def scenarios_of(
    network: Network, asked: Mapping[str, Scenario], names: Iterable[str | Scenario] | None
) -> list[Column]:
    """Return a column for each scenario that is named, by default for the baseline network and for all."""
    wanted = [UNDISTURBED, *asked] if names is None else list(names)
    return [Column(_name_of(one), network, _scenario(one, asked)) for one in wanted]


def portfolios_of(network: Network, scenario: Scenario | None, portfolios: Mapping[str, Iterable[str]]) -> list[Column]:
    """Return a column for each set of projects, under one scenario."""
    known, made = list(network.projects["id"]), []
    for name, ids in portfolios.items():
        chosen = tuple(dict.fromkeys([ids] if isinstance(ids, str) else ids))
        for one in chosen:
            checks.known(one, known, f'portfolios: "{name}"', f"project of {network.name or 'the network'}")
        made.append(Column(str(name), network, scenario, chosen))
    return made


def chains_of(
    networks: Iterable[tuple[Network, Mapping[str, Scenario]]],
    scenario: str | Scenario | None,
    count: Count,
) -> list[Column]:
    """Return a column for each chain, under the scenario that is named, by default the worst of its own."""
    made = []
    for network, asked in networks:
        _asks(network)
        one = worst_scenario(count(network), asked) if scenario is None else _scenario(scenario, asked)
        made.append(Column(network.name, network, one))
    return made


def worst_scenario(counting: Counting, asked: Mapping[str, Scenario]) -> Scenario | None:
    """Return the scenario that leaves most of the first tier short in the long run; None without scenarios."""
    short = {name: in_turn(counting, one)["shortfall_tpa"] for name, one in asked.items()}
    return asked.get(worst_of(short, counting.network.tier_order[0]))


def _name_of(one: str | Scenario) -> str:
    return one.name if isinstance(one, Scenario) else str(one)


def _scenario(one: str | Scenario, asked: Mapping[str, Scenario]) -> Scenario | None:
    """Return a scenario by its name."""
    if isinstance(one, Scenario):
        return one
    if one == UNDISTURBED:
        return None
    checks.known(one, [UNDISTURBED, *asked], "scenarios", "scenario")
    return asked[one]


def _asks(network: Network) -> None:
    if network.demand.empty:
        raise DataError(
            f"compare: {network.name or 'the network'} has no demand table, so nobody can be short. Give demand."
        )


# -- what is found ------------------------------------------------------------------------------


def side_by_side(
    sides: Sequence[Column],
    count: Count,
    *,
    months: int,
    progress: Tell | None = None,
) -> SideBySide:
    """Answer the same questions of every column.

    Parameters
    ----------
    sides : sequence of Column
    count : callable
        What is asked, of any network.
    months : int
        Horizon in which the first short month is looked for; 0 = not asked.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Raises
    ------
    DataError
        If there are fewer than two columns, two of one name, one of a name that the table has for itself, or a
        network without demand.
    """
    _check([side.name for side in sides])
    steps = Steps("columns", progress, len(sides))
    parts: list[pd.DataFrame] = []
    outside: list[Outside] = []
    for side in steps.each(sides, lambda one: one.name):
        _asks(side.network)
        with outside_is_told():
            found = _answers(side, months, count(side.network))
        parts.append(found)
        if months:
            outside.append(timeline(side.network, side.scenario, months).outside)
    steps.end()
    tell_outside(outside)
    source = provenance(
        sides[0].network,
        "HiGHS simplex",
        columns=[_asked(side) for side in sides],
        months=months,
        **count(sides[0].network).settings,
    )
    answers = pd.concat(parts, ignore_index=True)
    columns = pd.DataFrame([_column(side, count) for side in sides]).set_index("column")
    return SideBySide(
        provenance=source,
        side=stamp(_wide(answers, [side.name for side in sides]), source),
        columns=stamp(columns, source, status={"capex_musd": FROM_INPUTS}),
        answers=stamp(answers, source),
        words=_words(answers),
    )


def _check(names: Sequence[str]) -> None:
    if len(names) < 2:
        raise DataError("compare: there is one column alone; name at least two scenarios, portfolios or chains.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f'compare: two columns bear the name "{twice[0]}". Give each once, under a name of its own.')
    taken = [name for name in names if name in KEYS or not name.strip()]
    if taken:
        raise DataError(f'compare: a column cannot be called "{taken[0]}"; take another name than {", ".join(KEYS)}.')


def _asked(side: Column) -> dict[str, Any]:
    scenario = side.scenario.name if side.scenario else UNDISTURBED
    return {
        "column": side.name,
        "graph": side.network.name,
        "digest": side.network.digest,
        "scenario": scenario,
        "projects": list(side.projects),
    }


def _column(side: Column, count: Count) -> dict[str, Any]:
    network = side.network
    built = network.projects.set_index("id").loc[list(side.projects)]
    counting = count(network.with_projects(side.projects))
    binding = binding_inputs(counting, [overlay_of(counting.network, side.scenario)])
    basis = network.basis(counting.settings["commodity"])
    return {
        "column": side.name,
        "graph": network.name,
        "label": network.label,
        "year": np.nan if network.year is None else float(network.year),
        "scenario": side.scenario.name if side.scenario else UNDISTURBED,
        "scenario_label": (side.scenario.label or side.scenario.name) if side.scenario else "baseline",
        "projects": "; ".join(side.projects),
        "project_labels": "; ".join(network.labels[list(side.projects)]),
        "capex_musd": float(built["capex_musd"].sum(skipna=False)) if len(built) else 0.0,
        "unit": f"t/yr {basis}".strip(),
        "inputs": inputs_words(rest_of(binding)),
        "digest": network.digest,
    }


def _answers(side: Column, months: int, counting: Counting) -> pd.DataFrame:
    """Return the answers of a column: a row a tier, in the order that is asked and with allies served last."""
    network = side.network
    counting = counting.on(network.with_projects(side.projects) if side.projects else network)
    asked = {counting.order_name: counting, LAST: counting.in_order(LAST)} if counting.rivals.any() else {}
    rows = []
    for end, one in (asked or {EITHER: counting}).items():
        first = _first_months(side, months, one.on(network))
        for place, (name, row) in enumerate(in_turn(one, side.scenario).iterrows()):
            tier = name if isinstance(name, str) else None
            demand, short = float(row["demand_tpa"]), float(row["shortfall_tpa"])
            short = short if short > least_short(demand) else 0.0
            rows.append(
                {
                    "column": side.name,
                    "tier": Who.of(tier),
                    "order": end,
                    "demand_tpa": demand,
                    "shortfall_tpa": short,
                    "shortfall_share": short / demand if demand > 0 else 0.0,
                    "first_short_month": first[place] if len(first) else np.nan,
                    **_largest(one.valuing, side.scenario, tier),
                }
            )
    return pd.DataFrame(rows)


def _first_months(side: Column, months: int, counting: Counting) -> Sequence[float]:
    """Return the first short month of each tier, from 1 at the first measure; NaN = none; nothing if not asked."""
    if not months:
        return ()
    asked, built = [side.scenario] if side.scenario else [], list(side.projects) or None
    found = stress_test(side.network, asked, months, projects=built, order=counting.order, **counting.said)
    summary = pd.DataFrame(found.summary.loc[side.scenario.name if side.scenario else "baseline"])
    onset = timeline(side.network, side.scenario, months).onset or 0
    return [max(float(month) - onset, 1.0) if month == month else np.nan for month in summary["first_short_month"]]


def _largest(counting: Counting, scenario: Scenario | None, tier: str | None) -> dict[str, Any]:
    """Return what the loss of the costliest site costs a tier, if served first."""
    order = counting.value_order
    table = chokepoints(counting.network, "site", tier=tier, scenario=scenario, order=order, **counting.said)
    lost = table["lost_tpa"].to_numpy(dtype=float)
    base = float(origin_of(table)["settings"]["base_tpa"])
    if not len(lost) or not lost[0] > CERTAIN * max(base, 1.0):
        return _loss(counting.network, 0.0, base, "", 0)
    tied = int(np.sum(lost >= lost[0] * (1 - CERTAIN))) - 1
    return _loss(counting.network, float(lost[0]), base, str(table.index[0]), tied)


def _loss(network: Network, lost: float, base: float, site: str, tied: int) -> dict[str, Any]:
    nodes = network.nodes
    there = nodes[(nodes["site"] == site) | (nodes["id"] == site)]
    label = there["label"].dropna()
    return {
        "largest_loss_tpa": float(lost),
        "largest_loss_share": float(lost) / base if base > 0 else np.nan,
        "largest_loss": str(label.iloc[0]) if len(label) else site,
        "n_tied": tied,
    }


# -- how it is laid out -------------------------------------------------------------------------


def _wide(answers: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return a row a tier, figure and end, a column a thing compared; one row where its range say the same."""
    rows, asked = [], _order(answers)
    for tier in dict.fromkeys(answers["tier"]):
        mine = answers[answers["tier"] == tier]
        for figure in FIGURES:
            first, last = (_at(mine, figure, end).reindex(list(names)) for end in (asked, LAST))
            same = np.isclose(first, last, rtol=CERTAIN, atol=CERTAIN, equal_nan=True).all() and asked != LAST
            told = {EITHER: first} if same else {asked: first, LAST: last}
            rows += [{"tier": tier, "figure": figure, "order": end, **line} for end, line in told.items()]
    return pd.DataFrame(rows, columns=[*KEYS, *names])


def _order(answers: pd.DataFrame) -> str:
    """Return the order that was asked; allies_first where nobody has others beside him."""
    return next((str(order) for order in answers["order"] if order != EITHER), "allies_first")


def _at(mine: pd.DataFrame, figure: str, end: str) -> pd.Series:
    """Return a figure by column at one end; a column without others says the same at both."""
    return mine[mine["order"].isin([end, EITHER])].set_index("column")[figure].astype(float)


def _words(answers: pd.DataFrame) -> tuple[str, ...]:
    """Return which column is worst for the first tier, and for the next until one is short; allies first and last."""
    said: list[str] = []
    asked = _order(answers)
    for tier in dict.fromkeys(answers["tier"]):
        mine = answers[answers["tier"] == tier]
        worst = [_worst(_at(mine, "shortfall_share", end)) for end in (asked, LAST)]
        said.append(_sentence(str(tier), asked, *worst))
        if any(worst):
            break
    return tuple(said)


def _sentence(tier: str, order: str, asked: tuple[str, ...], last: tuple[str, ...]) -> str:
    whoever = f"with {ORDER_WORDS[order]}" if order == LAST else "whoever is served first"
    if not asked and not last:
        return f"No column leaves {tier} short, {whoever}."
    if asked == last:
        return f"{_leave(asked)} the largest part of {tier} short, {whoever}."
    told = [f"{_leave(names)} the largest part" if names else "no column leaves any" for names in (asked, last)]
    return (
        f"Which column leaves the largest part of {tier} short depends on who is served first. "
        f"{first_capital(ORDER_WORDS[order])}: {told[0]}; {ORDER_WORDS[LAST]}: {told[1]}."
    )


def _worst(share: pd.Series) -> tuple[str, ...]:
    """Return the columns with the largest share, all that tie; none where nothing is short."""
    most = float(share.max())
    return tuple(str(name) for name in share.index[share >= most - CERTAIN]) if most > CERTAIN else ()


def _leave(names: Sequence[str]) -> str:
    named = " and ".join(f'"{name}"' for name in names)
    return f"{named} {verb('leave', len(names))}"
