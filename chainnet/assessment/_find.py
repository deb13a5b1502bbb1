"""``find``: which scenario, whose shortfall; the first tier that is not met."""

from __future__ import annotations

from chainnet._types import Words
from chainnet.assessment._answers import HORIZON, Answers
from chainnet.assessment._finding import Finding, Restriction
from chainnet.errors import DataError
from chainnet.flow import Asked, Counting, check_tier
from chainnet.network import Network, check_network
from chainnet.progress import Tell
from chainnet.scenario import (
    Scenario,
    asked_scenario,
    check_scenario,
)


def find(
    network: Network,
    scenario: Scenario | str | None = None,
    tier: str | None = None,
    *,
    order: Asked = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    progress: Tell | None = None,
) -> Finding:
    """Find who is short under a scenario, when, where the chain breaks, what helps, and how sure that is.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario or str, optional
        A scenario, its name, or ``in_force`` (all rules in force together). None = the worst: of the shipped export
        rules the one that leaves most of the first tier short once new suppliers are qualified, else of the next tier.
    tier : str, optional
        None = the first tier, in order, that is not met in the first year or later; if all are met, the first.
    order, beneficiaries, commodity : optional
        As in ``balance``; default from the network.
    progress : callable, optional
        Called with what is being done and the part of the whole.

    Returns
    -------
    Finding
        Its parts are solved when they are asked for.

    Raises
    ------
    DataError
        If there is no demand table, nobody of the beneficiaries asks for anything, or an argument is unknown.

    See Also
    --------
    overview, key_assumptions, reroute, stress_test

    Notes
    -----
    A quarter of a minute for title, shortfall and bottleneck of a real chain; a minute for ``to_dict()``, most of it
    the months.

    Examples
    --------
    >>> import chainnet as cn
    >>> cn.find(cn.read("mag-9")).title
    'Everything in China stops: how much of defence demand is short cannot be said.'
    >>> round(cn.find(cn.read("mag-9"), tier="industrial").later["share"], 3)
    0.625
    """
    check_network(network)
    if network.demand.empty:
        raise DataError("find: the network has no demand table, so nobody can be short. Give demand.")
    asked = asked_scenario(network, scenario)
    if asked is not None:
        check_scenario(asked)
    check_tier(network, tier)
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    counting.check_asked("find")
    answers = Answers(counting, HORIZON)
    say = progress or (lambda _what, _part: None)
    return finding_of(answers, asked, tier, "worst" if scenario is None else "asked", say)


def finding_of(
    answers: Answers,
    scenario: Scenario | None,
    tier: str | None = None,
    restriction: Restriction = "asked",
    say: Tell = lambda _what, _part: None,
) -> Finding:
    """Return the finding of a chain of which some answers may be known; see ``find``."""
    if scenario is None and restriction == "worst":
        say("which scenario is the worst", 0.0)
        scenario = answers.worst
    if tier is not None:
        return Finding(answers, scenario, tier, restriction)
    say("who is short, and what that rests on", 0.3)
    found = [Finding(answers, scenario, one, restriction) for one in answers.tiers]
    first = next((one for one in found if not one.is_met), found[0])
    say("where the chain breaks", 1.0)
    return first
