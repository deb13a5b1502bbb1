"""What can be done about what a finding leaves short: new suppliers, stocks, projects, and what each avoids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from chainnet.assessment._advice import BEFORE, HIGH, LINKS, WITHOUT, Margin
from chainnet.assessment._advisable import advisable
from chainnet.assessment._answers import BUILDING, LEVELS, Answers
from chainnet.assessment._closing import YEARS_AHEAD, Closing, by_projects, conditions
from chainnet.engine import PRINTED
from chainnet.network import Network, begins_of, last_day, month_of, state_of, verb_of
from chainnet.scenario import Scenario
from chainnet.words import calendar_month, join, spelled, titled

COLUMNS = ["id", "label", "state", "verb", "avoids_tpa", "cost_musd", "cost_also", "due", "is_past", "due_month"]
# what there is to do about a project whose date has passed and whose output no source confirms
CONFIRM = "Confirm the output of"
# how far a project is, the least first: of several the verb is that of the least
STATES = ("undecided", "idle", "decided", "building", "running")
MOST_NAMED = 2  # projects of one advice
# on what an advice depends that leaves something short in a case
IF = {HIGH: "demand is not high", LINKS: "assumed links hold", BEFORE: "allied users are not served last"}


@dataclass(frozen=True)
class Advice:
    """One thing to do.

    ``verb`` and ``thing``: what to do, and to what; ``state``: how far a project is.
    ``ids``: of projects or of a stock, none for new suppliers. ``avoids_tpa``: of the tier's shortfall after what is
    cheaper, ``left_tpa``: what then stays short; of a stock for one year, with all others.
    ``cost_musd``: NaN = not known; ``cost_also``: what else it pays for.
    ``due``: year or month, "" = no date; ``is_past``: all of it has passed;
    ``due_month``: its end in months from the date of the chain, NaN = no date.
    ``closes``: nothing stays short with it, for good. ``conditions``: on what its effect depends, in words.
    ``cases``: what stays short, t/yr, where it disappoints. ``rivals``: what else alone avoids as much.
    ``cheaper``: of those that each avoid something, the two that together close the gap for least, if for less.
    """

    verb: str
    thing: str
    ids: tuple[str, ...]
    state: str
    avoids_tpa: float
    left_tpa: float
    cost_musd: float
    due: str = ""
    is_past: bool = False
    closes: bool = False
    due_month: float = np.nan
    conditions: tuple[str, ...] = ()
    cases: tuple[tuple[str, float], ...] = ()
    rivals: tuple[str, ...] = ()
    cost_also: str = ""
    cheaper: tuple[str, ...] = ()


def advised(answers: Answers, scenario: Scenario | None, tier: str) -> tuple[Advice, ...]:
    """Return what to do about what a scenario leaves a tier short, the cheapest level first; empty where it is met.

    New suppliers stand first where they avoid anything, then stocks of the beneficiaries, which last a year, then
    projects: those that run or are being built, then what of the others closes the rest, else avoids most.
    """
    if scenario is None:
        return ()
    existing, after, drawn = (
        float(answers.due(scenario, level)["due_tpa"][tier]) for level in ("existing links", "new suppliers", "stocks")
    )
    place, found = answers.place(tier), []
    least = PRINTED * float(answers.wanted[tier])
    margin = Margin(answers.counting, scenario, answers.named(tier), last_year(answers.network))
    if existing - after > least:
        cases = tuple(margin.cases()) if after <= least else ()
        only = conditions(answers.counting, scenario, place) if after <= least else []
        found.append(
            Advice(
                *("Qualify", "new suppliers", (), "", existing - after, after, np.nan),
                closes=after <= least,
                conditions=(*only, *_conditions(cases, {HIGH: least}, least)),
                cases=cases,
            )
        )
    if after <= least:
        return tuple(found)
    if after - drawn > least:
        found += _stocks(answers, replace(margin, stocks=True))
    return (*found, *_projects(answers, margin, tier, place))


def project_measures(answers: Answers, scenario: Scenario | None, tier: str) -> pd.DataFrame:
    """Return what each project alone avoids of a tier's shortfall, with new suppliers and at its size in six years.

    Returns
    -------
    DataFrame
        id, label, state, verb, avoids_tpa, cost_musd, cost_also (what else that pays for), due, is_past, due_month
        (from the date of the chain; NaN = not known), the largest first. Projects of a country whose goods the
        scenario takes away are none (``advisable``),
        nor are those that avoid nothing.
    """
    if scenario is None:
        return pd.DataFrame(columns=COLUMNS)

    def solve() -> pd.DataFrame:
        margin = Margin(answers.counting, scenario, answers.named(tier), last_year(answers.network))
        projects = answers.network.projects
        projects = projects[advisable(answers.network, scenario)]
        if margin.rest <= 0 or projects.empty:
            return pd.DataFrame(columns=COLUMNS)
        avoids = [max(margin.rest - margin.left([name]), 0.0) for name in projects["id"]]
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
    as_of = answers.network.as_of
    today = np.nan if as_of is None else float(month_of(last_day(as_of)))
    has_month = projects["start"].notna().to_numpy()
    ends = begins_of(projects) + np.where(has_month, 0.0, 11.0)  # a plan that names a year has all of it
    dues = [
        calendar_month(1, text) if is_month else "" if np.isnan(end) else str(int(end // 12))
        for text, is_month, end in zip(projects["start"], has_month, ends, strict=True)
    ]
    state, is_past = projects["status"].map(state_of), ends < today  # not where either is unknown
    return pd.DataFrame(
        {
            "id": projects["id"],
            "label": projects["label"].fillna(projects["id"]),
            "state": state,
            "verb": projects["status"].map(verb_of).mask((state == "building") & is_past, CONFIRM),
            "cost_musd": projects["capex_musd"].astype(float),
            "cost_also": projects["capex_also"].fillna(""),
            "due": dues,
            "is_past": is_past,
            "due_month": ends - today,
        }
    )


def _stocks(answers: Answers, margin: Margin) -> list[Advice]:
    """Return the stocks that lie with the beneficiaries and avoid anything for one year, the largest first."""
    stocks, found = answers.network.stocks, list[Advice]()
    for place in np.flatnonzero(answers.counting.inside(stocks)):
        row = stocks.iloc[place]
        avoids = margin.short(margin.overlay.times("stocks", np.array([place]), 0.0)) - margin.rest
        if margin.settled(avoids) > 0:
            holder = row["holder"] if isinstance(row["holder"], str) and row["holder"] else "a holder not on record"
            thing = f"the {answers.network.good(row['commodity'])} stock of {titled(holder)}"
            found.append(Advice("Release", thing, (str(row["id"]),), "held", avoids, margin.rest, np.nan))
    found.sort(key=lambda one: (-round(one.avoids_tpa, 6), one.ids))
    # where they disappoint, they do so together
    return [*(replace(one, cases=tuple(margin.cases())) for one in found[:1]), *found[1:]]


def _projects(answers: Answers, margin: Margin, tier: str, place: int) -> list[Advice]:
    """Return the projects that close what a tier lacks: those that run or are being built, then one of the others."""
    projects = answers.network.projects
    projects = projects[advisable(answers.network, margin.scenario)]
    is_near = projects["status"].map(state_of).isin(LEVELS[BUILDING][2])
    near, least = projects.loc[is_near, "id"].tolist(), PRINTED * float(answers.wanted[tier])
    left = margin.left(near)
    if margin.rest - left <= least:
        taken, rivals = _best(answers, margin, tier, by_projects(answers.counting, margin.scenario, place))
        return [_advice(answers, margin, taken, rivals)] if taken else []
    if left <= least:
        closing = by_projects(answers.counting, margin.scenario, place, among=near)
        taken, rivals = _best(answers, margin, tier, closing, near)
        taken = taken or _needed(margin, near, least)
        helps = projects[projects["id"].isin(project_measures(answers, margin.scenario, tier)["id"])]
        cheaper = _cheaper(margin, helps, taken[0], least) if len(taken) == 1 else ()
        return [_advice(answers, margin, taken, rivals, cheaper)]
    first = _advice(answers, margin, _needed(margin, near, least))
    then = replace(margin, given=first.ids)
    rests = {name: then.left([name]) for name in projects.loc[~is_near, "id"]}
    if then.rest - min(rests.values(), default=np.inf) <= least:
        return [first]
    best, *others = _by_cost(projects, [name for name, rest in rests.items() if rest <= min(rests.values()) + least])
    return [first, _advice(answers, then, _cheaper(then, projects[~is_near], best, least) or (best,), others)]


def _best(
    answers: Answers, margin: Margin, tier: str, closing: Closing | None, among: Collection[str] | None = None
) -> tuple[tuple[str, ...], list[str]]:
    """Return the projects to advise and their rivals: several that close the gap where no one does, else the best one.

    The best one is the cheapest of those that alone avoid most; among some it stands only if it closes the gap.
    """
    alone, least = project_measures(answers, margin.scenario, tier), PRINTED * float(answers.wanted[tier])
    most = float(alone["avoids_tpa"].max()) if len(alone) else 0.0
    if closing is not None and len(closing.projects) > 1:
        taken = closing.projects
    else:
        may = alone if among is None else alone[alone["id"].isin(among) & (most >= margin.rest - least)]
        taken = tuple(_by_cost(answers.network.projects, may.loc[may["avoids_tpa"] >= most - least, "id"])[:1])
    does = margin.rest - margin.left(taken) - least if taken else np.inf
    return taken, [name for name in alone.loc[alone["avoids_tpa"] >= does, "id"] if name not in taken]


def _by_cost(projects: pd.DataFrame, names: Collection[str]) -> list[str]:
    """Return projects, the cheapest first; those without a known cost last."""
    mine = projects[projects["id"].isin(list(names))]
    return mine.sort_values(["capex_musd", "id"], kind="stable", na_position="last")["id"].tolist()


def _conditions(cases: Sequence[tuple[str, float]], bears: Mapping[str, float], most: float) -> tuple[str, ...]:
    """Return on what an effect depends: cases that leave more than each bears, doubtful plants more than the most."""
    said = [IF[case] for case, still in cases if case in bears and still > bears[case]]
    bearing = [case.removeprefix(WITHOUT) for case, still in cases if case.startswith(WITHOUT) and still > most]
    bearing = [name for name in bearing if WITHOUT + name != LINKS]
    if bearing:
        said.append(f"{bearing[0]} runs" if len(bearing) == 1 else f"{spelled(len(bearing), 'doubtful plant')} run")
    return tuple(said)


def _cheaper(margin: Margin, projects: pd.DataFrame, best: str, least: float) -> tuple[str, ...]:
    """Return the cheapest two projects that close the rest for less than one does; empty where none do."""
    costs = projects.set_index("id")["capex_musd"].dropna().astype(float)
    if best not in costs.index or margin.left([best]) > least:
        return ()
    pairs = sorted((costs[a] + costs[b], a, b) for a, b in combinations(costs.index, 2))
    dearer = float(costs[best]) * (1.0 - PRINTED)
    return next(((a, b) for cost, a, b in pairs if cost < dearer and margin.left([a, b]) <= least), ())


def _needed(margin: Margin, names: Sequence[str], least: float) -> tuple[str, ...]:
    """Return those of projects without which their joint effect is not reached, each tried in turn."""
    left, taken = margin.left(names), list(names)
    for name in names:
        rest = [one for one in taken if one != name]
        if margin.left(rest) <= left + least:
            taken = rest
    return tuple(taken)


def _advice(
    answers: Answers, margin: Margin, names: Sequence[str], rivals: Sequence[str] = (), cheaper: Sequence[str] = ()
) -> Advice:
    """Return the advice to bring about projects, with how far it holds."""
    projects, left, least = answers.network.projects, margin.left(names), PRINTED * margin.rest
    rows = _described(answers, projects[projects["id"].isin(names)]).set_index("id").loc[list(names)]
    rows = rows.sort_values("due_month", kind="stable")
    state, cases = min(rows["state"], key=STATES.index), tuple(margin.cases(names))
    being = " being built" if (rows["state"] == "building").all() else ""
    # where a case leaves more than that, they close nothing, or avoid nothing
    bears = dict.fromkeys(IF, least) if left <= least else {LINKS: margin.rest - least}
    named = dict(zip(projects["id"], projects["label"].fillna(projects["id"]), strict=True))
    labels = [titled(named[name]) for name in names]
    return Advice(
        verb=str(rows[rows["state"] == state]["verb"].iloc[-1]),
        thing=join(labels) if len(labels) <= MOST_NAMED else f"{spelled(len(labels), 'project')}{being}",
        ids=tuple(names),
        state=state,
        avoids_tpa=margin.rest - left,
        left_tpa=left,
        cost_musd=float(rows["cost_musd"].sum(skipna=False)),
        due=next((due for due in reversed(rows["due"].tolist()) if due), ""),
        is_past=bool(rows["is_past"].all()),
        closes=left <= least,
        due_month=float(rows["due_month"].max()),
        conditions=_conditions(cases, bears, bears[LINKS]),
        cases=cases,
        rivals=tuple(named[one] for one in rivals),
        cost_also=join([also for also in rows["cost_also"] if also]),
        cheaper=tuple(named[one] for one in cheaper),
    )
