"""Which scenario comes first where several are listed, by the state of the rules that their measures name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from chainnet.network import Network, first_day, last_day
from chainnet.scenario._in_force import AHEAD, COMPUTED, begins_soon, day_asked, in_force, rules_of
from chainnet.scenario._register import register, state_at
from chainnet.scenario._scenario import Scenario
from chainnet.scenario._shipped import scenarios

IN_FORCE, NEXT, OTHER = range(3)


@dataclass(frozen=True, order=True)
class Standing:
    """What a scenario is at a date: in force now, what may return or begin next, or one of the others.

    Attributes
    ----------
    rank : int
        0 in force now, 1 next, 2 other.
    day : date
        When it begins; of what may return already, and of all others, the earliest date there is.
    words : str
        The same for people; blank of others.
    """

    rank: int
    day: date
    words: str


def standing_of(network: Network, scenario: Scenario, as_of: str | None = None) -> Standing:
    """Return what a scenario is at a date, by the rules that its measures name.

    It begins next where each of its measures names a rule, and one of them is announced and begins later; a proposal
    begins when its measure says so.

    Parameters
    ----------
    network : Network
    scenario : Scenario
    as_of : str, optional
        As in ``rules``.
    """
    if scenario.name in COMPUTED:
        returns = scenario.name == COMPUTED[1]
        return Standing(NEXT if returns else IN_FORCE, date.min, "may return" if returns else "in force")
    day, known = day_asked(network, as_of), register(network)
    begins = []
    for measure in scenario.measures:
        rule = known.get(measure.get("rule", ""))
        if rule is None:
            return Standing(OTHER, date.min, "")
        start = rule.in_force or measure.get("start", "")
        if state_at(rule, day) == "announced" and start and first_day(start) > day:
            begins.append(first_day(start))
    return Standing(NEXT, min(begins), f"begins {min(begins)}") if begins else Standing(OTHER, date.min, "")


def in_order(network: Network, given: Iterable[Scenario], as_of: str | None = None) -> list[Scenario]:
    """Return scenarios in the order of tables: in force now, what may return or begin next (the soonest first), others.

    The worst stands third where its answers are known; that is for who knows them. Equals come by name.

    Parameters
    ----------
    network : Network
    given : iterable of Scenario
    as_of : str, optional
        As in ``rules``.
    """
    return sorted(given, key=lambda one: (standing_of(network, one, as_of), one.name))


def standings(network: Network, as_of: str | None = None) -> pd.DataFrame:
    """Return the scenarios of a network in the order of tables, and those that are computed from its rules.

    Parameters
    ----------
    network : Network
    as_of : str, optional
        As in ``rules``.

    Returns
    -------
    DataFrame, index scenario
        standing (in force, may return, begins DATE, or blank), measures (how many), label.
    """
    now, returns = (in_force(network, as_of, returns=which) for which in (False, True))
    found = [now] if now.measures else []
    found += [returns] if len(returns.measures) > len(now.measures) else []
    found += scenarios(network).values()
    rows = [
        (one.name, standing_of(network, one, as_of).words, len(one.measures), one.label)
        for one in in_order(network, found, as_of)
    ]
    return pd.DataFrame(rows, columns=["scenario", "standing", "measures", "label"]).set_index("scenario")


def next_words(network: Network, as_of: str | None = None) -> str:
    """Return in words which rules of a chain begin or end within a year, and which may apply again.

    Parameters
    ----------
    network : Network
    as_of : str, optional
        As in ``rules``.
    """
    day = day_asked(network, as_of)
    begin, paused, unknown = [], [], []
    for rule in rules_of(network):
        state = state_at(rule, day)
        if when := begins_soon(rule, day):
            begin.append((first_day(rule.in_force), f"{rule.title} ({rule.id}): {when}."))
        elif state == "in force" and rule.until and 0 <= (last_day(rule.until) - day).days <= AHEAD:
            begin.append((last_day(rule.until), f"{rule.title} ({rule.id}): ends on {last_day(rule.until)}."))
        elif state == "suspended" and rule.suspended_to:
            paused.append(f"{rule.id} until {last_day(rule.suspended_to)}")
        elif state == "unknown":
            unknown.append(rule.id)
    said = [words for _, words in sorted(begin)]
    said += [f"Suspended: {', '.join(paused)}."] if paused else []
    said += [f"Not known whether they apply again: {', '.join(unknown)}."] if unknown else []
    return " ".join(said)
