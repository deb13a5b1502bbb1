"""What would have to happen for a given loss, and how likely is that? The likeliest ways; the chance of any loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pandas as pd

from chainnet import checks
from chainnet._types import Words, records
from chainnet.criticality._events import Losses, MonthLosses, SteadyLosses, horizon
from chainnet.criticality._hazards import UNITS, Listed, ahead, listed_hazards
from chainnet.criticality._ranked import Dependence, Ranked
from chainnet.criticality._told import (
    APART,
    curve_table,
    cuts_table,
    exceedance_table,
    hazards_table,
    joined,
    proof_of,
    sets_table,
    what_if_table,
)
from chainnet.criticality._ways import MOST_SETS, TriedWays, Ways
from chainnet.engine import CERTAIN, Certificate
from chainnet.errors import DataError
from chainnet.flow import Counting, Valued, valued_order
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import BOUNDED, CHECKED, SAMPLED, Result, Status, figure_of, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario
from chainnet.stress import Ask
from chainnet.words import count, nouns, odds, percent

Over = Literal["static", "months"]
_MOST_ENUMERATED = 3
_MOST_SAID = 3  # ways in a sentence


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Reverse(Result):
    """The ways in which listed events cost a given loss, that of the highest chance first.

    A chance is that of a day some years ahead on which all of a set are in force, be others in force too or not.

    Attributes
    ----------
    sets : DataFrame
        The ways: rank, events (joined by ";"), n, chance_low, chance_mid, chance_high (geometric mean in the middle,
        by which they are ranked), exact_chance_low, exact_chance_high (that these and no others listed are in force),
        once_high (upper bound of the chance that all are in force at once on some day until then; NaN where nobody
        says how long one lasts), loss_share, lost_tpa (0 to the tonnes of all; NaN over months), lost_t_low,
        lost_t_high (over months: with the short and the long durations), can_be_likeliest, switch_event,
        switch_chance (the chance of that one event at which this way and the first are as likely, all others in the
        middle; of the first way, it and the next), on_line (whether the loss is the one asked for, to 1e-7).
    likeliest : tuple of str or None
        Events of the first way; None where no set of the events listed costs so much.
    decided : bool
        Whether it is the first at whatever chances between low and high.
    bound : float
        No way is likelier than that, chances in the middle.
    is_optimal : bool
        Whether the first way is proved.
    is_complete : bool
        Whether all was found in time. If not, ranks may lack a way, and can_be_likeliest is that of the first alone.
    most_loss_share : float
        What all events with a rate cost together.
    loss_asked_share : float
        The loss that was asked for.
    cuts : DataFrame
        events, loss_share: sets that cost too little, and do so with no other event added but those of no effect. Any
        way has an event outside of each; so each row is checked by one answer, and the first way by a small program.
        None where these took more than a quarter of the time: then a mixed-integer program of all events proves it.
    hazards : DataFrame, index event
        As ``hazards``, with loss_share of each alone.
    what_if : DataFrame
        what, event, events, n, chance_low, chance_mid, chance_high, loss_share. ``if_event``: an event without a rate
        happens; then the rest of the highest chance, and that chance. ``any_dependence``: the first way, where
        nothing is known of how its events hang together (Frechet).
    curve : DataFrame
        With ``curve=True``: if_event (empty = no event without a rate), loss_share, chance_low, chance_high (that the
        loss is so much or more), method (exact; sets = sets of up to k; draws), k, rest (chance of more than k, at the
        high end), rest_bonferroni. With an event without a rate a tenth of the sets and draws are looked at.
    exceedance : DataFrame
        Of each loss in ``exceed``: loss_share, chance_low, chance_high (that it is so much or more), method (exact;
        bounds = chance_low may be lower and chance_high higher than they need be), ways, cuts (the least sets that
        reach it, and the largest that do not, from which they follow).
    certificate : Certificate
        Of the first way: the sum of -ln of its chances, and the least of all that keep the rows of ``cuts``, or of the
        program of all events.
    """

    sets: pd.DataFrame
    likeliest: tuple[str, ...] | None
    decided: bool
    bound: float
    is_optimal: bool
    is_complete: bool
    most_loss_share: float
    loss_asked_share: float
    cuts: pd.DataFrame
    hazards: pd.DataFrame
    what_if: pd.DataFrame
    curve: pd.DataFrame
    exceedance: pd.DataFrame
    certificate: Certificate

    def numbers(self) -> dict[str, Any]:
        """Return the single figures; a bound of a chance is none without its other end."""
        return {name: value for name, value in super().numbers().items() if name != "bound"}

    @property
    def sentence(self) -> str:
        """What it says, with both chances."""
        settings = self.provenance["settings"]
        asked = f"{percent(self.loss_asked_share, ' ')} of {settings['tier'] or 'all'} demand"
        if "months" in settings:
            asked += f" over {settings['months']} months"
        if self.likeliest is None:
            most = percent(self.most_loss_share, " ")
            if not self.is_optimal:
                return f"No set of the events listed that costs {asked} was found in time; there may be one."
            few = f" of at most {settings['most_events']}" if settings["most_events"] else ""
            return f"No set{few} of the events listed costs {asked}. All with a rate together cost {most}."
        ahead_ = f"{settings['years']:g} {nouns('year', settings['years'])} ahead, if the rates are as assumed"
        leading = self.sets[self.sets["can_be_likeliest"]].sort_values("chance_high", ascending=False, kind="stable")
        labels = self.hazards["label"]
        said = [
            f"{' with '.join(labels[row['events'].split(APART)])} ({odds(row['chance_low'], row['chance_high'])})"
            for row in records(leading)
        ]
        if self.decided:
            return f"The likeliest of the events listed that cost {asked}: {said[0]} on a day {ahead_}."
        more = f" and {len(said) - _MOST_SAID} more" if len(said) > _MOST_SAID else ""
        return (
            f"Any of these may be the likeliest of the events listed that cost {asked}: "
            f"{'; '.join(said[:_MOST_SAID])}{more}. Chances are of a day {ahead_}."
        )

    def plot(self) -> Any:
        """Draw the chance of a loss of so much or more; asked with ``curve=True``.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Raises
        ------
        DataError
            If the curve was not asked for, or no event with a rate costs anything.
        """
        return figure_of(self)


def reverse(
    network: Network,
    loss: float,
    *,
    tier: str | None = None,
    hazards: pd.DataFrame | None = None,
    years: float = 5.0,
    over: Over = "static",
    months: int | None = None,
    most_events: int | None = None,
    ways: int = 20,
    dependence: Dependence = "groups",
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    order: Valued = "allies_first",
    curve: bool = False,
    draws: int = 20_000,
    seed: int = 0,
    exceed: Sequence[float] | None = None,
    time_limit_s: float = 60.0,
    progress: Tell | None = None,
) -> Reverse:
    """Find what would have to happen for a given loss, and how likely that is.

    Parameters
    ----------
    network : Network
    loss : float
        Part of the demand, above 0 up to 1.
    tier : str, optional
        What this tier loses, if served first.
    hazards : DataFrame, optional
        Rows as of the table ``hazards``; None = the network's own.
    years : float
        How far ahead the day lies on which the chances are taken; nothing of it is in force today.
    over : {"static", "months"}
        The loss of a year in which all last, or the tonnes over the months, all beginning in the first, each for
        months_high, with what users hold.
    months : int, optional
        With ``over="months"``: how many are followed; default 12 x years.
    most_events : int, optional
        How many may happen together.
    ways : int
        How many are listed; those that could come first, and ties, besides.
    dependence : {"groups", "any"}
        Independent but for the common causes of groups, or whatever ties there may be: then the chance of a set is a
        range, whose high end ranks.
    scenario : Scenario or str, optional
        In force whatever happens.
    reroute, commodity, beneficiaries, order
        As in ``chokepoints``.
    curve : bool
        Also find the chance of any loss.
    draws, seed : int
        Of the curve, where sets of a few events leave too much open.
    exceed : sequence of float, optional
        Also find the chance of each of these losses or more: exact, and faster than the curve, where few sets reach it.
    time_limit_s : float
        After that the best way so far is returned with the bound; ``is_optimal`` says so. ``exceed`` may take as long
        again.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Reverse

    Raises
    ------
    DataError
        If an argument is out of range, the network has no hazards, or a measure may also give (a release, a project, a
        price) and ``most_events`` is not 3 or less.
    SolverError
        If an answer fails its own check.

    See Also
    --------
    hazards, interdict, stress_test

    Notes
    -----
    More events never cost less where all take something and nothing that is counted waits for others. So an implicit
    hitting set finds the likeliest of the events listed: see ``cuts``. Where that takes more than a quarter of the time
    and events only shut flows, one mixed-integer program goes on, as in ``interdict``. Everywhere else all sets of up
    to three are tried. Events without a rate enter no chance. A loss within 1e-7 of the one asked for counts as
    reached.

    References
    ----------
    Moreno-Centeno, E. and Karp, R. M. (2013). Operations Research 61(2), 453-468. Barrere, M. and Hankin, C. (2020).
    arXiv:2005.03003. Marshall, A. W. and Olkin, I. (1967). J. Am. Stat. Assoc. 62, 30-44.

    Examples
    --------
    >>> import chainnet as cn, pandas as pd
    >>> out = pd.DataFrame({"id": ["out"], "effect": ['where = {stage = "refiner"}'], "each": ["node"],
    ...     "rate_low": [0.02], "rate_high": [0.1]})
    >>> found = cn.reverse(cn.read("mag-9"), 0.3, hazards=out)
    >>> found.sets["events"].tolist(), found.decided
    (['out:S_CN'], True)
    >>> cn.reverse(cn.read("gallium"), 0.3).sets["events"].iloc[0]
    'china_stops_japan; out:freiberger'
    """
    scenario = asked_scenario(network, scenario)
    asked, most = _checked(loss, over, dependence, most_events, curve or bool(exceed))
    more = sorted({_share(level, f"exceed[{i}]") for i, level in enumerate(exceed or ())})
    for name, value in (("ways", ways), ("draws", draws)):
        checks.whole(value, name, 1)
    checks.whole(seed, "seed", 0)
    checks.number(time_limit_s, "time_limit_s")
    n_months = horizon(months, ahead(years), over)
    counting = Counting.of(network, commodity, beneficiaries, tier, valued_order(order, "reverse"))
    listed = listed_hazards(network, hazards, years)
    if not listed.causes:
        raise DataError(f"reverse: {network.name} has no hazards. Give hazards=, or a table hazards.")
    losses = _losses(listed, counting, scenario, reroute, over, n_months)
    steps = Steps("sets of events", progress)
    finder = _finder(losses, asked - CERTAIN, most, over, time_limit_s, steps)
    ranked = Ranked(finder, listed, dependence, ways)
    found = curve_table(ranked, losses, asked, (draws, seed), steps if curve else None)
    exceedance = exceedance_table(ranked, more, time_limit_s, steps)
    proof = proof_of(ranked, losses)
    steps.end()
    source = provenance(
        listed.network,
        "HiGHS simplex",
        status=CHECKED if ranked.is_optimal else BOUNDED,
        rests_on=losses.limiting,
        **counting.settings,
        **{"loss": asked, "tier": tier, "years": years, "over": over, "most_events": most, "ways": ways},
        **{"dependence": dependence, "reroute": reroute, "scenario": scenario.name if scenario else ""},
        **({"months": n_months} if over == "months" else {}),
        **({"draws": draws, "seed": seed} if curve else {}),
        **({"exceed": more} if more else {}),
        time_limit_s=time_limit_s,
    )
    is_drawn = bool((found["method"] == "draws").any())
    sampled: dict[str, Status] = dict.fromkeys(("chance_low", "chance_high"), SAMPLED) if is_drawn else {}
    return Reverse(
        provenance=source,
        sets=stamp(sets_table(ranked, losses, asked, years), source, units=UNITS),
        likeliest=joined(listed, ranked.ways[0]) if ranked.ways else None,
        decided=ranked.is_decided,
        bound=ranked.bound,
        is_optimal=ranked.is_optimal,
        is_complete=ranked.is_complete,
        most_loss_share=losses(ranked.with_rates),
        loss_asked_share=asked,
        cuts=stamp(cuts_table(ranked), source),
        hazards=stamp(hazards_table(listed, losses), source, units=UNITS),
        what_if=stamp(what_if_table(ranked, losses), source, units=UNITS),
        curve=stamp(found, source, units=UNITS, status=sampled),
        exceedance=stamp(exceedance, source, units=UNITS),
        certificate=proof,
    )


def _share(loss: Any, argument: str) -> float:
    """Return a part of the demand, checked."""
    rule = "is out of range; give the part of demand that is lost, above 0 and up to 1, such as 0.3."
    asked = checks.number(loss, argument, 0.0, 1.0, rule)
    if not asked > 0:
        raise DataError(f"{argument}: {loss!r} {rule}")
    return asked


def _checked(loss: Any, over: Any, dependence: Any, most: Any, curve: bool) -> tuple[float, int | None]:
    """Return the loss and how many events may happen together, checked with the words."""
    asked = _share(loss, "loss")
    checks.known(over, get_args(Over), "over", "word")
    checks.known(dependence, get_args(Dependence), "dependence", "word")
    if curve and dependence == "any":
        raise DataError('curve, exceed: the chance of a loss needs dependence="groups". Leave one of them out.')
    return asked, None if most is None else checks.whole(most, "most_events", 1)


def _losses(
    listed: Listed, counting: Counting, scenario: Scenario | None, reroute: Degree, over: Over, months: int
) -> Losses:
    if over == "static":
        return SteadyLosses(listed, counting, scenario, reroute)
    ask = Ask(counting.first(None), months, reroute=reroute, is_brief=True, is_total=True)
    return MonthLosses(listed, counting, scenario, ask, 1)


def _finder(losses: Losses, least: float, most: int | None, over: Over, time_limit_s: float, steps: Steps) -> Ways:
    """Return what finds ways: by rows that are true where more events never cost less, else one by one."""
    counting, n = losses.counting, len(losses.listed.causes)
    is_later = counting.order == "allies_last" and bool(counting.rivals.any())
    # over months tiers are served in their order, and what stops an earlier one may free what a later one needs
    is_later |= over == "months" and counting.tier is not None and counting.tier != counting.network.tier_order[0]
    why = losses.breaks_promise(is_later)
    if not why:
        return Ways(losses, n, least, most, time_limit_s, steps)
    if most is None or most > _MOST_ENUMERATED:
        raise DataError(
            f"reverse: {why}, so more events may cost less. Then all sets are tried one by one: give most_events, "
            f"{_MOST_ENUMERATED} or less."
        )
    finder = TriedWays(losses, n, least, most, time_limit_s, steps)
    if finder.n_sets > MOST_SETS:
        raise DataError(
            f"reverse: {why}, and {count(finder.n_sets)} sets are too many to try. Give a smaller most_events."
        )
    return finder
