"""What can be done about what a finding leaves short: new suppliers, stocks, projects, and what each avoids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet.assessment._advice import Margin
from chainnet.assessment._advisable import advisable
from chainnet.assessment._answers import Answers
from chainnet.assessment._closing import YEARS_AHEAD, by_projects, conditions
from chainnet.engine import PRINTED
from chainnet.network import Network, begins_of, last_day, month_of, state_of, verb_of
from chainnet.scenario import Scenario
from chainnet.words import join, titled

COLUMNS = ["id", "label", "state", "verb", "avoids_tpa", "cost_musd", "due", "is_past", "due_month"]
# what there is to do about a project whose date has passed and whose output no source confirms
CONFIRM = "Confirm the output of"
# how far a project is, the least first: of several the verb is that of the least
STATES = ("undecided", "idle", "decided", "building", "running")


@dataclass(frozen=True)
class Advice:
    """One thing to do.

    ``verb`` and ``thing``: what to do, and to what; ``state``: how far a project is.
    ``ids``: of projects or of a stock, none for new suppliers. ``avoids_tpa``: of the tier's shortfall after what is
    cheaper. ``cost_musd``: NaN = not known. ``due``: year or month, "" = no date; ``is_past``: it has passed;
    ``due_month``: the same in months from the date of the chain, NaN = no date.
    ``closes``: nothing stays short with it. ``conditions``: on what it depends, in words. ``cases``: what stays short,
    t/yr, where it disappoints. ``rivals``: what else alone avoids as much.
    """

    verb: str
    thing: str
    ids: tuple[str, ...]
    state: str
    avoids_tpa: float
    cost_musd: float
    due: str
    is_past: bool
    closes: bool
    due_month: float = np.nan
    conditions: tuple[str, ...] = ()
    cases: tuple[tuple[str, float], ...] = ()
    rivals: tuple[str, ...] = ()


def advised(answers: Answers, scenario: Scenario | None, tier: str) -> tuple[Advice, ...]:
    """Return what to do about what a scenario leaves a tier short, the cheapest level first; empty where it is met.

    New suppliers stand first where they avoid anything, then stocks of the beneficiaries, then the projects that close
    the rest, else the one that avoids most.
    """
    if scenario is None:
        return ()
    existing, after, drawn = (
        float(answers.due(scenario, level)["due_tpa"][tier]) for level in ("existing links", "new suppliers", "stocks")
    )
    place, found = answers.place(tier), []
    least = PRINTED * float(answers.wanted[tier])
    if existing - after > least:
        only = tuple(conditions(answers.counting, scenario, place)) if after <= least else ()
        found.append(
            Advice(
                *("Qualify", "new suppliers", (), "", existing - after, np.nan, "", False, after <= least),
                conditions=only,
            )
        )
    if after <= least:
        return tuple(found)
    if after - drawn > least:
        found += _stocks(answers, scenario, tier, drawn)
    return (*found, *_projects(answers, scenario, tier, place))


def project_measures(answers: Answers, scenario: Scenario | None, tier: str) -> pd.DataFrame:
    """Return what each project alone avoids of a tier's shortfall, with new suppliers and at its size in six years.

    Returns
    -------
    DataFrame
        id, label, state, verb, avoids_tpa, cost_musd, due, is_past, due_month (from the date of the chain; NaN = not
        known), the largest first. Projects of a country whose goods the scenario takes away are none (``advisable``),
        nor are those that avoid nothing.
    """
    if scenario is None:
        return pd.DataFrame(columns=COLUMNS)

    def solve() -> pd.DataFrame:
        margin = Margin(answers.counting, scenario, answers.named(tier))
        projects = answers.network.projects
        projects = projects[advisable(answers.network, scenario)]
        if margin.rest <= 0 or projects.empty:
            return pd.DataFrame(columns=COLUMNS)
        year = last_year(answers.network)
        avoids = [max(margin.rest - margin.short(margin.built([name], year)), 0.0) for name in projects["id"]]
        table = _described(answers, projects).assign(avoids_tpa=avoids)
        table = table[table["avoids_tpa"] > PRINTED * float(answers.wanted[tier])]
        rank = table.assign(size=-table["avoids_tpa"].round(6), cost=table["cost_musd"].fillna(np.inf))
        return table.loc[rank.sort_values(["size", "cost", "id"]).index, COLUMNS].reset_index(drop=True)

    return answers.once(("measures", scenario, tier), solve)


def last_year(network: Network) -> int | None:
    """Return the year at whose sizes projects count: the sixth after that in which the chain stands."""
    year = network.current_year
    return None if year is None else year + YEARS_AHEAD


def _described(answers: Answers, projects: pd.DataFrame) -> pd.DataFrame:
    """Return projects as measures: label, state, verb, cost, date, and whether it has passed."""
    begins = begins_of(projects)
    as_of = answers.network.as_of
    today = np.nan if as_of is None else float(month_of(last_day(as_of)))
    dues = [
        start if isinstance(start, str) and start else _year(begin)
        for start, begin in zip(projects["start"], begins, strict=True)
    ]
    state, is_past = projects["status"].map(state_of), begins <= today  # not where either is unknown
    return pd.DataFrame(
        {
            "id": projects["id"],
            "label": projects["label"].fillna(projects["id"]),
            "state": state,
            "verb": projects["status"].map(verb_of).mask((state == "building") & is_past, CONFIRM),
            "cost_musd": projects["capex_musd"].astype(float),
            "due": dues,
            "is_past": is_past,
            "due_month": begins - today,
        }
    )


def _year(begin: float) -> str:
    return "" if np.isnan(begin) else str(int(begin // 12))


def _stocks(answers: Answers, scenario: Scenario, tier: str, drawn: float) -> list[Advice]:
    """Return the stocks that lie with the beneficiaries and avoid anything for one year, the largest first."""
    margin, stocks = Margin(answers.counting, scenario, answers.named(tier)), answers.network.stocks
    everything = margin.short(margin.overlay, stocks=True)
    found = []
    for place in np.flatnonzero(answers.counting.inside(stocks)):
        row = stocks.iloc[place]
        without = margin.short(margin.overlay.times("stocks", np.array([place]), 0.0), stocks=True)
        if margin.settled(without - everything) > 0:
            holder = row["holder"] if isinstance(row["holder"], str) and row["holder"] else "a holder not on record"
            good = answers.network.good(row["commodity"])
            thing = f"the {good} stock of {titled(holder)}"
            ids = (str(row["id"]),)
            found.append(Advice("Release", thing, ids, "held", without - everything, np.nan, "", False, drawn <= 0))
    return sorted(found, key=lambda one: (-round(one.avoids_tpa, 6), one.ids))


def _projects(answers: Answers, scenario: Scenario, tier: str, place: int) -> list[Advice]:
    """Return the projects that close what a tier lacks, else the one that avoids most alone; with how far it holds."""
    closing = by_projects(answers.counting, scenario, place)
    alone = project_measures(answers, scenario, tier)
    names: Sequence[str] = closing.projects if closing is not None else ()
    if len(names) < 2:  # of those that alone avoid most the cheapest, whatever order they were tried in
        least = float(alone["avoids_tpa"].max()) - PRINTED * float(answers.wanted[tier]) if len(alone) else 0.0
        equal = alone[alone["avoids_tpa"] >= least].sort_values("cost_musd", kind="stable", na_position="last")
        names = tuple(equal["id"].head(1))
    if not names:
        return []
    margin, year = Margin(answers.counting, scenario, answers.named(tier)), last_year(answers.network)
    (_, _, rest, left), *stressed = margin.cases(names, year)
    projects = answers.network.projects
    rows = _described(answers, projects[projects["id"].isin(names)]).set_index("id").loc[list(names)]
    state = min(rows["state"], key=STATES.index)
    dues, is_past = [due for due in rows["due"] if due], bool(rows["is_past"].all())
    rivals = alone[
        (alone["avoids_tpa"] >= rest - left - PRINTED * float(answers.wanted[tier])) & ~alone["id"].isin(names)
    ]
    return [
        Advice(
            verb=str(rows[rows["state"] == state].sort_values("due_month", kind="stable")["verb"].iloc[-1]),
            thing=join([titled(label) for label in rows["label"]]),
            ids=tuple(names),
            state=state,
            avoids_tpa=rest - left,
            cost_musd=float(rows["cost_musd"].sum(skipna=False)),
            due=max(dues, default=""),
            is_past=is_past,
            closes=left <= 0,
            due_month=float(rows["due_month"].max()),
            cases=tuple((case, still) for case, _, _, still in stressed),
            rivals=tuple(rivals["label"]),
        )
    ]
