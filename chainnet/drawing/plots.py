"""``plot``: the figure of one result, from its own tables. Nothing is solved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.criticality import Reverse
from chainnet.drawing.bars import DASHES, Axis, Bar, Line, bars_svg, steps_svg
from chainnet.drawing.exceedance import Exceedance, exceedance_svg
from chainnet.drawing.exposure import exposure_svg
from chainnet.drawing.figure import Figure, composed
from chainnet.drawing.markets import INSTRUMENTS, cost_of, costs_svg, wedge_of, wedges_svg
from chainnet.drawing.style import COLOURS, tier_colour
from chainnet.drawing.svg import Picture
from chainnet.errors import DataError
from chainnet.flow import Balance
from chainnet.prices import Instruments, Market
from chainnet.projects import Portfolio, Reroute
from chainnet.results import Ranking, origin_of, rests_words
from chainnet.stress import StressTest
from chainnet.words import (
    ORDER_WORDS,
    Who,
    country_name,
    dollars,
    first_capital,
    number,
    part_of,
    percent,
    readable_id,
    spelled,
    tonnes,
    verb,
)

TOP, MOST = 10, 20  # bars of a ranking
REROUTE_WORDS = {"none": "nothing rerouted", "existing": "existing links", "new": "new suppliers"}
FULL = 100.0
BARS = "is not allowed; give a whole number, {least} to {most}."


def plot(result: Any, **asked: Any) -> Figure:
    """Return the figure of a result.

    Parameters
    ----------
    result : Balance, StressTest, Reroute, Portfolio, Reverse, Market, Instruments or Ranking
        An answer of ``balance``, ``stress_test``, ``reroute``, ``portfolio``, ``reverse``, ``market``, ``instruments``,
        ``chokepoints`` or ``risk_exposure``.
    **asked
        What the ``plot`` method of the result takes.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a value is not allowed, or what is drawn was not asked for.
    """
    kinds: Mapping[type, Callable[..., Figure]] = {
        Balance: _served,
        StressTest: _months,
        Reroute: _levels,
        Portfolio: _frontier,
        Reverse: _exceedance,
        Market: _wedges,
        Instruments: _costs,
    }
    for kind, draw in kinds.items():
        if isinstance(result, kind):
            return draw(result, **asked)
    return _exposure(result, **asked) if "cost_usd" in result else _losses(result, **asked)


def month_lines(shares: pd.DataFrame, end: float, places: Sequence[int], label: str) -> Picture:
    """Draw what part of each tier's demand is short, month by month.

    Parameters
    ----------
    shares : DataFrame, index month (from 1), a column a tier
        0 to 1; each row holds until the next.
    end : float
        The last month.
    places : sequence of int
        Place of each tier in the order of service, which gives it its colour.
    label : str
        What the months count from.
    """
    lines = [
        Line(
            list(zip(shares.index.to_numpy(dtype=float) - 1.0, FULL * shares[tier].to_numpy(dtype=float), strict=True)),
            f"{first_capital(Who.of(tier))} {percent(shares[tier].iloc[-1], ' ')}",
            tier_colour(place),
            DASHES[min(place, len(DASHES) - 1)],
        )
        for tier, place in zip(shares.columns, places, strict=True)
    ]
    months = [(float(month), str(month)) for month in range(0, int(end) + 1, 6 if end > 12 else 3)]
    shown = [(FULL * part, percent(part, " ")) for part in (0.0, 0.5, 1.0)]
    return steps_svg(lines, Axis(end, months, label), Axis(FULL, shown))


def _rests(source: Mapping[str, Any]) -> str:
    """Say of which chain a result is, how it was made and on what it rests."""
    made = f"{first_capital(source['status'])}; {rests_words(source['rests_on'])}."
    return f"Chain: {source['graph']}. {made}"


def _asked(settings: Mapping[str, Any]) -> str:
    """Say under what a result was asked: scenario, rerouting, order of service."""
    scenario = settings.get("scenario", "")
    parts = [f"Scenario: {readable_id(scenario)}" if scenario else "Baseline"]
    parts.append(f"rerouting: {REROUTE_WORDS[settings['reroute']]}")
    if "order" in settings:
        parts.append(ORDER_WORDS[settings["order"]])
    return f"{'; '.join(parts)}."


def _served(result: Balance) -> Figure:
    bars = []
    for place, tier in enumerate(result.shortfalls):
        short = min(max(tier.share, 0.0), 1.0)
        words = "met" if tier.is_met else f"short {tier.amount} ({percent(tier.share, ' ')})"
        ends = (1.0 - tier.most / tier.demand_tpa, 1.0 - tier.least / tier.demand_tpa) if tier.is_range else None
        parts = [(1.0 - short, tier_colour(place), "none"), (short, COLOURS["paper"], COLOURS["line"])]
        bars.append(Bar(first_capital(Who.of(tier.tier)), parts, words, ends))
    red = " Red: where it may lie, as others are served in the same stage." if any(b.ends for b in bars) else ""
    how = f"Filled: part of each tier's demand that is served. Hollow: shortfall.{red}"
    alt = "; ".join(f"{bar.name} {bar.words}" for bar in bars)
    source = result.provenance
    return composed(
        result.sentence, f"{how} {_asked(source['settings'])}", [("", bars_svg(bars).svg)], _rests(source), f"{alt}."
    )


def _months(result: StressTest, scenario: str | None = None) -> Figure:
    source = result.provenance
    known = source["settings"]["scenarios"]
    if scenario is not None:
        checks.known(scenario, known, "plot", "scenario of the result")
    name = scenario or result.worst
    rows = Who.named(result.months[result.months["scenario"] == name])
    if rows.empty:
        raise DataError(f"plot: the months of {name} were not followed. Ask stress_test with this scenario.")
    wanted, short = (
        rows.pivot_table(index="month", columns="tier", values=column, aggfunc="sum", observed=True)
        for column in ("demand_t", "shortfall_t")
    )
    table = (short / wanted.where(wanted > 0)).fillna(0.0).clip(lower=0.0)
    tiers = [str(Who.of(tier)) for tier in result.summary.loc[name].index]
    picture = month_lines(table[tiers], float(source["settings"]["months"]), range(len(tiers)), "month")
    title = result.sentence_of(name)
    how = "Part of each tier's demand that is short, month by month, planned by one who knows every date."
    alt = "; ".join(f"{tier} at most {percent(table[tier].max(), ' ')}" for tier in tiers)
    said = f"{how} {_asked({**source['settings'], 'scenario': '' if name == 'baseline' else name})}"
    return composed(title, said, [("", picture.svg)], _rests(source), f"{alt}.")


def _losses(result: Ranking, top: int = TOP) -> Figure:
    checks.whole(top, "top", least=1, most=MOST, rule=BARS)
    source, costly = origin_of(result), result[result["lost_tpa"] > 0]
    table, settings = costly.head(top)["lost_tpa"], source["settings"]
    base = float(settings["base_tpa"])
    bars = [
        Bar(
            _headed(str(result.names.get(key, key))),
            [(lost / float(table.max()), COLOURS["less"], "none")],
            part_of(lost, base) if i == 0 else f"{tonnes(lost, ' ')} ({percent(lost / base, ' ')})",
            bold=i == 0,
        )
        for i, (key, lost) in enumerate(table.items())
    ]
    of = f"demand of {settings['tier']}" if settings["tier"] else "largest flow" if _is_flow(source) else "demand"
    how = f"What is lost of the {of} if each drops out alone, by {settings['by'].replace('+', ' and ')}, t/yr."
    alt = "; ".join(f"{bar.name} {bar.words}" for bar in bars[:3])
    counts = ((len(costly) - len(table), "less"), (len(result) - len(costly), "nothing"))
    more = " ".join(f"{first_capital(spelled(n, 'more row'))} {verb('cost', n)} {what}." for n, what in counts if n)
    pictures = [("", bars_svg(bars).svg)] if bars else []
    said = " ".join(one for one in (more, _rests(source)) if one)
    return composed(result.sentence, f"{how} {_asked(settings)}", pictures, said, f"{alt}.")


def _is_flow(source: Mapping[str, Any]) -> bool:
    """Whether a ranking is of a pure flow, in which nobody asks for anything."""
    return str(source["solver"]).startswith("chainnet")


def _headed(name: str) -> str:
    """Return a name as it begins a line; an id stays as it is."""
    return first_capital(name) if " " in name else name


def _exposure(result: Ranking, top: int = TOP) -> Figure:
    checks.whole(top, "top", least=1, most=TOP, rule=BARS)
    return Figure(result.sentence, exposure_svg(result, result.names, named=top), result.sentence)


def _levels(result: Reroute) -> Figure:
    source, left = result.provenance, result.left
    pictures: list[tuple[str, str]] = []
    if len(left):
        demand = float(left["demand_tpa"].iloc[0])
        rows = Who.named(result.levels)
        by_tier = rows.pivot_table(index="level", columns="tier", values="shortfall_tpa", sort=False)
        tiers = list(map(str, rows["tier"].unique()))
        bars = [
            Bar(
                first_capital(words),
                [
                    (float(by_tier[tier][level]) / demand, tier_colour(place), "none")
                    for place, tier in enumerate(tiers)
                ],
                part_of(float(left["shortfall_tpa"][level]), demand),
            )
            for level, words in result.level_words.items()
        ]
        pictures.append(
            ("Shortfall after each level of response, with all before it", _keyed(bars_svg(bars), tiers).svg)
        )
    best = result.ranked.head(TOP)
    if len(best):
        most = float(best[["standalone_t", "shapley_t"]].to_numpy().max()) or 1.0
        alone = [
            Bar(
                str(row["label"]),
                [(max(float(row["standalone_t"]), 0.0) / most, COLOURS["bar"], "none")],
                f"{number(row['standalone_t'])} alone, fair share {number(row['shapley_t'])}",
            )
            for row in best.to_dict("records")
        ]
        pictures.append((f"{result.best_sentence} All, t/yr:", bars_svg(alone).svg))
    alt = "; ".join(
        f"{words} {number(left.loc[level, 'shortfall_tpa'])} t/yr" for level, words in result.level_words.items()
    )
    note = f"{_rests(source)} Fair share: Shapley value of the project among all projects."
    title = result.levels_sentence or result.best_sentence
    return composed(title, _asked(source["settings"]), pictures, note, f"{alt}.")


def _keyed(picture: Picture, tiers: Sequence[str]) -> Picture:
    """Add a key of the tiers under a picture."""
    x, y = 0.0, picture.height + 4.0
    keyed = Picture(picture.height + 16.0)
    keyed.parts = list(picture.parts)
    for place, tier in enumerate(tiers):
        keyed.box(x, y, 10.0, 8.0, tier_colour(place))
        keyed.words(x + 14.0, y + 7.5, tier, colour=COLOURS["soft"])
        x += 34.0 + 6.0 * len(tier)
    return keyed


def _frontier(result: Portfolio) -> Figure:
    table, source = result.frontier, result.provenance
    budgets = table["budget_musd"].to_numpy(dtype=float)
    end = max(float(budgets.max(initial=0.0)), result.budget_musd) or 1.0
    most = max(float(table["averted_t"].max()), result.averted_t) or 1.0
    best = Line(list(zip(budgets, table["averted_t"], strict=True)), "best set", COLOURS["ink"])
    greedy = [*zip(budgets, table["greedy_averted_t"], strict=True), (result.budget_musd, result.greedy_averted_t)]
    marks = [(float(at), number(at)) for at in np.linspace(0.0, end, 5)]
    heights = [(part * most, number(part * most)) for part in (0.0, 0.5, 1.0)]
    picture = steps_svg(
        [best], Axis(end, marks, "budget, USD million"), Axis(most, heights), dots=(greedy, COLOURS["less"])
    )
    how = (
        "Shortfall avoided by the best set at each budget, t/yr. "
        "Squares: by always taking what avoids most per dollar, at some budgets."
    )
    alt = f"At most {tonnes(most, ' ')} for USD {number(end)} million."
    return composed(result.sentence, how, [("", picture.svg)], _rests(source), alt)


def _exceedance(result: Reverse) -> Figure:
    if not len(result.curve):
        raise DataError("plot: the chance of any loss was not asked for. Ask reverse(..., curve=True).")
    if not (result.curve["if_event"] == "").any() or not (result.hazards["loss_share"] > 0).any():
        raise DataError("plot: no event with a rate costs anything, so there is nothing to draw.")
    settings = result.provenance["settings"]
    users = f"{settings['tier']} demand" if settings["tier"] else "demand"
    labels = {str(event): str(label) for event, label in result.hazards["label"].items()}
    asked = Exceedance(result.curve, result.loss_asked_share, settings["years"], labels, users)
    return composed(asked.title, "", [("", exceedance_svg(asked))], _rests(result.provenance), "")


def _wedges(result: Market, table: pd.DataFrame, labels: Mapping[str, str], inside: str) -> Figure:
    wedges = [wedge_of(row, labels[str(good)]) for good, row in table.to_dict("index").items()]
    where = country_name(inside)
    settings = result.provenance["settings"]
    how = f"From the cheapest to the dearest place, with the ends of prices that are not unique. {_asked(settings)}"
    title = f"What goods cost in {where} and elsewhere"
    alt = f"Two bars a good, over its reference price: {', '.join(one.name for one in wedges[:3])}."
    note = f"{_rests(result.provenance)} {number(len(result.assumed))} inputs are assumed; no forecast."
    return composed(title, how, [("", wedges_svg(wedges, where))], note, alt)


def _costs(result: Instruments) -> Figure:
    settings, rows = result.provenance["settings"], result.table.to_dict("index")
    costs = [cost_of(name, rows[name]) for name in INSTRUMENTS]
    who = Who.of(settings["tier"])
    short = "shortfall" if who.is_all else f"{who} shortfall"
    title = f"What it costs a year to avoid {tonnes(settings['avoid_tpa'], ' ')} of the {short}"
    how = f"Bars: central. Lines: all ranges low, and high. {_asked(settings)}"
    alt = "; ".join(f"{one.name}: {dollars(one.usd, ' ') if one.usd == one.usd else one.words}" for one in costs)
    return composed(title, how, [("", costs_svg(costs))], _rests(result.provenance), f"{alt}.")
