"""What is in force at a date: the rules with their state, and one scenario of all measures whose rule is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from chainnet.network import Network, check_network, day_of, first_day, last_day, month_of
from chainnet.scenario._calendar import is_month, month_number
from chainnet.scenario._customs import control_rows, freshness, table_of
from chainnet.scenario._effect import acting
from chainnet.scenario._form import plain
from chainnet.scenario._phases import in_phase
from chainnet.scenario._register import Rule, chains_of, newest_check, register, rule_named, state_at
from chainnet.scenario._scenario import Scenario
from chainnet.scenario._shipped import scenarios
from chainnet.words import counted, day_words

COMPUTED = ("in_force", "in_force_returns")  # names of scenarios that no file has
AHEAD = 366  # days within which what begins is told
_RETURNING = ("suspended", "unknown")
_COLUMNS = ("title", "state", "in_force", "until", "suspended_from", "suspended_to", "review_by", "source", "actor",
            "kind", "announced", "scope", "checked_on", "note")  # fmt: skip


def rules(network: Network | None = None, as_of: str | None = None) -> pd.DataFrame:
    """Return the rules that touch a chain, with their state at a date.

    Parameters
    ----------
    network : Network, optional
        Default: all rules of the register. With a network, those of its chain and those that a measure of its
        scenarios names; a row of its own table ``rules`` takes the place of the one of that id, or is added.
    as_of : str, optional
        The date, such as ``"2026-11-29"``; a month or a year means its last day. Default: the date at which the
        network stands, or else the newest day on which a rule was checked. No clock is read.

    Returns
    -------
    DataFrame, index rule (its id, as measures write it), in the order of the register
        title; state; in_force, until, suspended_from, suspended_to, review_by (dates as text, blank = none known);
        source (keys of ``graphs/common/references.csv``); actor (ISO code); kind (export, origin, duty, proposal);
        announced, scope, checked_on, note.

        The state is computed, the first that fits: *in force* or *ended*, where the last end has passed and a source
        says what followed; *unknown*, where an end, or the end of a suspension, has passed and none does; *suspended*;
        *in force*, where the rule has begun or bears no date at all; else *announced*. A proposal is never in force.

    Raises
    ------
    DataError
        If ``as_of`` is no date.

    See Also
    --------
    in_force, scenarios, controls

    Examples
    --------
    >>> import chainnet as cn
    >>> ban = "chn_a46_c2"  # no gallium, germanium or antimony for the United States
    >>> [cn.rules(as_of=day).loc[ban, "state"] for day in ("2025-01-31", "2026-02-01", "2026-11-28")]
    ['in force', 'suspended', 'unknown']
    >>> cn.rules(cn.read("gallium"))["state"].head(2).to_dict()
    {'chn_gage_2023': 'in force', 'chn_a46_c1': 'in force'}
    """
    day = day_asked(network, as_of)
    found = {rule.id: rule for rule in rules_of(network)}
    return pd.DataFrame(
        [
            [getattr(rule, key) if key != "state" else state_at(rule, day) for key in _COLUMNS]
            for rule in found.values()
        ],
        columns=list(_COLUMNS),
        index=pd.Index(list(found), name="rule", dtype=object),
    )


def controls(network: Network | None = None) -> pd.DataFrame:
    """Return what customs show of controlled goods, the rows that ``share = "controls"`` chooses from.

    Parameters
    ----------
    network : Network, optional
        Default: all rows. With a network, those of its chain and of its commodities, and what each leaves of the
        network's baseline flow.

    Returns
    -------
    DataFrame, a row each
        chain, good, commodity (ids that it stands for, split by ``;``), from, to (WLD = everywhere), period, months,
        t; share (of as many months of the period before), low, high; before (that period), before_t, quality (customs,
        reported, estimated, press), source (keys of ``graphs/common/references.csv``), checked_on, note.

        With a network also base_share, base_low, base_high: the same as a share of its baseline flow, at most 1, and
        base_tpa: that flow, t/yr. NaN where the row has no tonnes to bring it there.

    See Also
    --------
    rules, Scenario

    Examples
    --------
    >>> import chainnet as cn
    >>> rows = cn.controls(cn.read("gallium")).set_index("period")
    >>> rows.loc["2025", ["t", "before_t", "base_tpa", "base_share"]].round(3).tolist()
    [62.615, 94.0, 69.44, 0.902]
    """
    if network is not None:
        check_network(network)
    return table_of(network)


def in_force(network: Network, as_of: str | None = None, returns: bool = False) -> Scenario:
    """Return all that is in force at a date as one scenario.

    It holds every measure of the chain's own scenario files whose rule is in force at the date, each once. A measure
    that has ended by its own dates, has not begun, or counts its months from 0 (a test) is not among them.

    Parameters
    ----------
    network : Network
        One that was read from a folder or a shipped graph, whose scenarios it looks through.
    as_of : str, optional
        As in ``rules``.
    returns : bool
        With the rules too whose text may apply again: those that are suspended, and those of which it is unknown what
        followed a suspension or an end.

    Returns
    -------
    Scenario
        Named ``in_force``, or ``in_force_returns``; without measures where nothing is in force.

    Raises
    ------
    DataError
        If ``as_of`` is no date, or a measure names a rule that the register lacks.

    See Also
    --------
    rules, scenarios, stress_test

    Examples
    --------
    >>> import chainnet as cn
    >>> now = cn.in_force(cn.read("gallium"), "2026-11-29")
    >>> sorted({measure["rule"] for measure in now.measures})
    ['chn_a46_c1', 'chn_gage_2023', 'chn_jp_a1']
    """
    day = day_asked(network, as_of)
    found: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for scenario in scenarios(network).values():
        for number, measure in enumerate(scenario.measures):
            if "rule" not in measure:
                continue
            rule = rule_named(measure["rule"], f"{scenario.file or scenario.name}: measures[{number}]", network)
            does = {"rule": rule.id, **plain(acting(measure))}
            if _holds(rule, measure, day, returns) and does not in seen:
                seen.append(does)
                found.append(_on(plain(measure), day))
    when = day_words(day.isoformat())
    label = f"The rules in force {'on' if when[0].isdigit() else 'in'} {when}"
    label += " and those that may return" if returns else ""
    return Scenario(COMPUTED[returns], found, label, file="in_force")


def computed_scenario(network: Network, name: str, as_of: str | None = None) -> Scenario | None:
    """Return the scenario of a name that no file has: ``in_force`` or ``in_force_returns``; None for other names."""
    return in_force(network, as_of, returns=name == COMPUTED[1]) if name in COMPUTED else None


def rule_warnings(network: Network, as_of: str | None = None) -> list[str]:
    """Return what to know of rules at a date: unknown states, reviews that are due, what begins next, old customs.

    Parameters
    ----------
    network : Network
    as_of : str, optional
        As in ``rules``.

    Returns
    -------
    list of str
        A sentence each; the last says how old the newest row of customs is.
    """
    day = day_asked(network, as_of)
    said = []
    for rule in rules_of(network):
        state = state_at(rule, day)
        if when := begins_soon(rule, day):
            said.append(f"{rule.id}: announced, {when}.")
            continue
        ends = {"until": rule.until, "suspension until": rule.suspended_to}
        passed = [f"{word} {text}" for word, text in ends.items() if text and last_day(text) < day]
        if state == "unknown":
            read = f"checked {rule.checked_on}" if rule.checked_on else "never checked"
            said.append(f"{rule.id}: {read}, {', '.join(passed)}: state unknown on {day}.")
        elif rule.review_by and last_day(rule.review_by) < day and state != "ended":
            said.append(f"{rule.id}: {state} on {day}, but its review was due by {rule.review_by}.")
    goods = set(network.commodities["id"])
    rows = [row for row in control_rows() if row.chain in chains_of(network.name) or goods & set(row.commodities)]
    return [*said, *filter(None, [freshness(rows, day)])]


def day_asked(network: Network | None, as_of: str | None) -> date:
    """Return the day of a question: as asked, else at which the network stands, else of the newest check."""
    if network is not None:
        check_network(network)
    stands = network.as_of if as_of is None and network is not None else as_of
    return newest_check(network) if stands is None else day_of(stands)


def begins_soon(rule: Rule, day: date) -> str:
    """Return in words when an announced rule begins within a year of a day; blank where it does not."""
    if not rule.in_force or rule.kind == "proposal" or state_at(rule, day) != "announced":
        return ""
    start = first_day(rule.in_force)
    ahead = (start - day).days
    return f"begins on {start}, {counted(ahead, 'day')} after {day}" if 0 < ahead <= AHEAD else ""


def rules_of(network: Network | None) -> list[Rule]:
    """Return the rules that touch a network and those that its scenarios name; without one, all."""
    if network is None:
        return list(register().values())
    named = {measure.get("rule") for one in scenarios(network).values() for measure in one.measures}
    return [rule for rule in register(network).values() if rule.touches(network.name) or rule.id in named]


def _on(measure: dict[str, Any], day: date) -> dict[str, Any]:
    """Return a measure as it is at a day: of a licence the phase in which it then is."""
    if "start" not in measure:
        return measure
    return in_phase(measure, day.year * 12 + day.month - 1 - month_number(measure["start"]))


def _holds(rule: Rule, measure: Mapping[str, Any], day: date, returns: bool) -> bool:
    """Say whether a measure of a rule is in force at a day, by the state of the rule and its own dates."""
    state = state_at(rule, day)
    if "start_month" in measure or "months" in measure or rule.kind == "proposal":
        return False
    month = month_of(day)
    if is_month(measure.get("until")) and month_number(measure["until"]) <= month:
        return False
    if state != "in force":
        return returns and state in _RETURNING
    if rule.is_laid and measure.get("status") in ("suspended", "announced"):
        return True  # its start is that of the rule as the register has it
    start = measure.get("start")
    # a start within or after a suspension says when the text would return, not when it began
    is_return = rule.suspended_from and start and first_day(start) >= first_day(rule.suspended_from)
    return not start or bool(is_return) or month_number(start) <= month
