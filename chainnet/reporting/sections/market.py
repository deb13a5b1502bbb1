"""Who pays? Prices that clear the chain under the finding, what a floor does, what instruments cost at equal effect."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pandas as pd

from chainnet.drawing import INSTRUMENTS, cost_of, costs_svg, market_inputs, wedge_of, wedges_svg
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure, Sentence, stands
from chainnet.results import CHECKED, SAMPLED
from chainnet.words import (
    Who,
    count,
    country_name,
    dollars,
    first_capital,
    floor_state,
    gains,
    in_sentence,
    join,
    number,
    tonnes,
)

GOODS = 9  # that a picture shows
MOST = 100.0  # times as dear: what is beyond is said as more than that
INPUTS = stands("see the sheet Market inputs", CHECKED)


def assumed_words(facts: Facts) -> tuple[Sentence, ...]:
    """Say how many unit costs are on record and how many are derived, and what has no price."""
    market = facts.a.priced.market
    if market is None:
        return ()
    return (Sentence(market_inputs(facts.network, market), ("market_inputs",), "Inputs:"),)


# -- prices by stage --------------------------------------------------------------------------------


def _actor(facts: Facts) -> str:
    """Return the country that the finding's scenario is of, else that of the bottleneck."""
    finding = facts.a.findings[0]
    measures = [] if finding.scenario is None else finding.scenario.measures
    named = [(one.get("from") or {}).get("country") for one in measures]
    code = next((one for one in named if isinstance(one, str)), finding.bottleneck["country"])
    return str(code)


@once
def _by_good(facts: Facts) -> pd.DataFrame | None:
    """Return the ends of each good's price in the actor's country and elsewhere, in the order of the chain."""
    market, actor = facts.a.priced.market, _actor(facts)
    if market is None or actor not in set(facts.network.places):
        return None
    table = market.wedge(facts.network, actor).reset_index()
    if table.empty:
        return None
    made = facts.things[facts.things["made"] != ""]
    places = made["step"].map(facts.place_of_step).groupby(made["made"]).min()
    found = table.assign(place=lambda t: t["commodity"].map(places).fillna(len(facts.network.chain)))
    return found.sort_values(["place", "commodity"], kind="stable").drop(columns="place")


price_table = col.Table(
    "market",
    "Market",
    "What each good costs as the market clears, inside and elsewhere",
    rows=_by_good,
    heads={"commodity": "Good", "reference_usd_per_t": "Reference price"},
    subtitle=lambda f: (
        f"Unit: USD/t. Inside: {country_name(_actor(f))}. Scenario: {f.worst_label}. From the cheapest to the dearest "
        "place, with the ends of prices that are not unique; no limit: nothing bounds it."
    ),
    stands=lambda _: INPUTS,
)


@fig.figure("prices")
def price_figure(facts: Facts) -> ReportFigure | None:
    """Draw the price of each good inside the actor's country and elsewhere, over its reference price."""
    table = _by_good(facts)
    if table is None:
        return None
    rows = table.to_dict("records")
    wedges = [(_wide(row), row) for row in rows]
    kept = {row["commodity"] for _, row in sorted(wedges, key=lambda pair: -pair[0])[:GOODS]}
    actor = in_sentence(country_name(_actor(facts)))
    widest, row = max(wedges, key=lambda pair: pair[0])
    name = _short(facts, row["commodity"])
    title = f"Prices in {actor} and elsewhere do not part"
    if widest > 1.01:
        times = "over 100 times" if widest > MOST else f"at least {number(widest)} times"
        title = f"{name} costs {times} as much outside {actor}"
    pictures = [wedge_of(row, _short(facts, row["commodity"])) for row in rows if row["commodity"] in kept]
    said = "; ".join(
        f"{one.name}: {_told(one.inside)} inside, {_told(one.elsewhere)} elsewhere" for one in pictures[:3]
    )
    return fig.make_figure(
        wedges_svg(pictures, country_name(_actor(facts))),
        title,
        f"Price over its reference price, times. Scenario: {facts.worst_label}, with the plants that stand.",
        f"Two bars a good, in the order of the chain. {said}.",
        price_table(facts),
    )


def _short(facts: Facts, good: str) -> str:
    """Return the name of a good up to its first comma or bracket, the whole of it where two goods share that."""
    whole = facts.commodity(good)
    heads = [re.split(r"[,(:]", facts.commodity(one))[0].strip() for one in facts.network.commodities["id"]]
    head = re.split(r"[,(:]", whole)[0].strip()
    return facts.drawn(first_capital(whole if heads.count(head) > 1 else head))


def _wide(row: Any) -> float:
    """Return by how many times a good costs more elsewhere, at least."""
    inside, elsewhere = float(row["inside_high_usd_per_t"]), float(row["elsewhere_low_usd_per_t"])
    return elsewhere / inside if inside > 0 and elsewhere == elsewhere else 0.0


def _told(ends: tuple[float, float] | None) -> str:
    return "not sold" if ends is None else f"{number(ends[0])} to {number(ends[1])} times"


# -- what a floor does ------------------------------------------------------------------------------


def _floor_good(facts: Facts) -> str:
    curve = facts.a.priced.floor
    policy = curve.provenance["settings"]["policy"] if curve is not None else [{}]
    return facts.commodity(policy[0].get("commodity", ""))


def _holds(_facts: Facts, row: Any) -> str:
    return floor_state(row["floor_usd_per_t"], row["levy_usd_per_t"], row["held"])


floor_table = col.Table(
    "floors",
    "Floors",
    "What a floor at the border makes happen",
    rows=lambda f: f.a.priced.floors,
    columns=(
        col.per_tonne("floor", "Floor, USD/t", "price under which no import lands", "floor_usd_per_t"),
        col.per_tonne("price", "Users pay, USD/t", "mean price for members", "price_usd_per_t"),
        col.text("held", "Floor is", "held, broken by own supply, or already there", _holds),
        col.tons("output", "Members make", "output of members", "output_tpa"),
        col.tons("imports", "Imports", "what comes over the border", "imports_tpa"),
        col.tons("built", "Newly built", "output of projects that enter", "built_tpa"),
        col.dollars("users", "Users", "change for members' users", "users_usd_per_a"),
        col.dollars("makers", "Makers", "change for members' makers", "makers_usd_per_a"),
        col.dollars("treasury", "Treasury", "change for members' treasuries", "treasury_usd_per_a"),
    ),
    subtitle=lambda f: (
        f"{first_capital(_floor_good(f))}; t/yr, and USD million a year against no floor, for "
        f"{f.people or 'those who count'}. Nothing is cut off; projects enter where they earn their capital."
    ),
    stands=lambda _: INPUTS,
)


def _ranged(facts: Facts) -> pd.DataFrame | None:
    """Return what a floor moves, with its range and the input that turns its sign."""
    one = facts.a.priced.floor
    if one is None:
        return None
    table = one.ranges[one.ranges[["p10", "p50", "p90"]].abs().max(axis=1) > 0.5]
    named = [_quantity(facts, str(name)) for name in table["quantity"]]
    turned = [_input(facts, str(name)) if name else "no input" for name in table["reverses"]]
    return table.assign(quantity=named, reverses=turned)


_GROUPS = {"consumers_usd_per_a": "Users in", "producers_usd_per_a": "Makers in", "treasury_usd_per_a": "Treasury of"}


def _quantity(facts: Facts, name: str) -> str:
    """Return what is ranged in words, with its unit."""
    what, _, of = name.partition(" ")
    if what in _GROUPS:
        return f"{_GROUPS[what]} {in_sentence(country_name(of))}, USD a year"
    if what == "price_usd_per_t":
        return f"Price of {facts.commodity(of)}, USD/t"
    if what == "measure":
        return "Levy, USD/t" if name.endswith("usd_per_t") else "Levy, USD a year"
    return "Newly built, t/yr"


def _input(facts: Facts, name: str) -> str:
    """Return an assumed input in words."""
    what, _, of = name.partition(" ")
    if what == "unit_cost":
        return f"unit cost of {facts.label(of)}"
    return f"{what.replace('_', ' ')}{f' of {of}' if of else ''}"


statement_table = col.Table(
    "statements",
    "Floor ranges",
    "How far what a floor does rests on what is assumed",
    rows=_ranged,
    heads={"quantity": "What", "sign_share": "Same sign", "reverses": "Turned by"},
    subtitle=lambda f: (
        f"Floor under {_floor_good(f)} at 1.5 times its reference price; money against no floor. "
        f"{len(f.a.priced.floor.assumed)} inputs drawn, "  # type: ignore[union-attr]
        f"n = {f.a.priced.floor.provenance['settings']['draws']}."  # type: ignore[union-attr]
    ),
    stands=lambda _: stands("see the sheet Market inputs", SAMPLED),
)


def floor_words(facts: Facts) -> tuple[Sentence, ...]:
    """Say who bears the floor most among those who count, and what it does to the country of the scenario."""
    one = facts.a.priced.floor
    if one is None:
        return ()
    members = facts.network.resolve(facts.network.beneficiaries, "beneficiaries")[0] | set(facts.network.beneficiaries)
    table = one.ranges.set_index("quantity")
    size = table["p50"].abs()
    said = []
    for group in ("consumers_usd_per_a", "producers_usd_per_a"):
        ours = [name for name in table.index if name.startswith(group) and name.split(" ", 1)[1] in members]
        names = [max(ours, key=lambda name: float(size[name]))] if ours else []
        names += [name for name in (f"{group} {_actor(facts)}",) if name in table.index and group.startswith("prod")]
        said += [_gain(facts, name, table.loc[name]) for name in names if float(size[name]) >= 1.0]
    if not said:
        return ()
    n = one.provenance["settings"]["draws"]
    words = f"{'; '.join(said)} (P10 to P90 of {count(n)} draws)."
    return (Sentence(first_capital(words), ("statements",), "A floor at 1.5 times the reference price:"),)


def _gain(facts: Facts, name: str, row: Any) -> str:
    """Say what a group gains or loses a year, and which input turns that."""
    who = _quantity(facts, name).removesuffix(", USD a year")
    turns = row["sign_share"] < 1
    turned = f", a sign that goes most with {_input(facts, str(row['reverses']))}" if turns else ""
    return f"{who[:1].lower()}{who[1:]} {gains(row['p10'], row['p90'], turns)} a year{turned}"


# -- instruments at equal effect --------------------------------------------------------------------


@once
def _instruments(facts: Facts) -> pd.DataFrame | None:
    """Return the comparison without the offtake, which is told with the contracts: it costs the same."""
    found = facts.a.priced.instruments
    return None if found is None else found.table.loc[list(INSTRUMENTS)].reset_index()


def _aim(facts: Facts) -> str:
    """Say what is avoided, of whose shortfall, by when and by which good."""
    settings: dict[str, Any] = facts.a.priced.instruments.provenance["settings"]  # type: ignore[union-attr]
    who = Who.of(settings["tier"])
    short = "shortfall" if who.is_all else f"{who} shortfall"
    return (
        f"At least {tonnes(settings['avoid_tpa'])} less {short} under {facts.quoted(facts.when)} by {settings['by']}; "
        f"the good: {facts.commodity(settings['commodity'])}."
    )


def _builds(facts: Facts, row: Any) -> str:
    return join([facts.label(name) for name in str(row["projects"]).split(";") if name]) or "nothing"


instrument_table = col.Table(
    "instruments",
    "Instruments",
    "What each instrument costs at equal effect, and who pays",
    rows=_instruments,
    columns=(
        col.text("instrument", "Instrument", "what is done", lambda _, r: first_capital(INSTRUMENTS[r["instrument"]])),
        col.whether("reaches", "Reaches it", "whether it avoids what is asked for"),
        col.per_tonne("usd_per_t", "At, USD/t", "least floor or strike that does it", missing="n/a"),
        col.weight("tonnes", "Holds, t", "tonnes of the stock", "tonnes_t", missing="n/a"),
        col.text("projects", "Builds", "projects beyond those that the market builds", _builds),
        col.tons("left", "Left short", "shortfall that stays", "left_tpa"),
        col.dollars("cost", "Cost a year", "gross", "cost_usd_per_a", missing="n/a"),
        col.dollars("cost_low", "Low", "all ranges low", "cost_low_usd_per_a", missing="n/a"),
        col.dollars("cost_high", "High", "all ranges high", "cost_high_usd_per_a", missing="n/a"),
        col.dollars("revenue", "Levy brings", "never taken off the cost", "revenue_usd_per_a", body=False),
        col.text("payer", "Paid by", "who pays", "payer"),
        col.text("note", "Note", "what else is to be known", "note", body=False),
    ),
    subtitle=lambda f: f"{_aim(f)} USD million a year in which nothing is cut off.",
    stands=lambda _: INPUTS,
)


@fig.figure("instruments")
def instrument_figure(facts: Facts) -> ReportFigure | None:
    """Draw what each instrument costs a year, with its range, and who pays."""
    table = _instruments(facts)
    if table is None:
        return None
    costs = [cost_of(row["instrument"], row) for row in table.to_dict("records")]
    known = [one for one in costs if one.usd == one.usd]
    title = "No instrument avoids as much"
    if known:
        least = min(known, key=lambda one: one.usd)
        others = [one for one in known if one is not least]
        once = " for one year" if least.name.startswith("stock") else ""  # no stock lasts
        what = f"{least.name.partition(',')[0]}{once}"
        first = f"The cheapest instrument is {what}: {dollars(least.usd)} a year"
        title = f"{first}, paid by the {least.payer}" if not others else first
    said = "; ".join(f"{one.name} {dollars(one.usd) if one.usd == one.usd else one.words}" for one in costs)
    return fig.make_figure(
        costs_svg(costs),
        title,
        f"{_aim(facts)} Bars: central; lines: all ranges low, and high.",
        f"A bar an instrument: {said}.",
        instrument_table(facts),
    )


def order_words(facts: Facts) -> tuple[Sentence, ...]:
    """Say in which order the instruments cost, and between which of them the ranges decide."""
    table = _instruments(facts)
    if table is None or table["cost_usd_per_a"].notna().sum() < 2:
        return ()
    rows = table.dropna(subset=["cost_usd_per_a"]).sort_values("cost_usd_per_a", kind="stable").to_dict("records")
    names = [INSTRUMENTS[row["instrument"]].partition(",")[0] for row in rows]
    open_ = [
        f"{one} and {other}"
        for (one, a), (other, b) in pairwise(zip(names, rows, strict=True))
        if a["cost_high_usd_per_a"] >= b["cost_low_usd_per_a"]
    ]
    firm = "This holds at either end of all ranges." if not open_ else f"Between {join(open_)} the elasticities decide."
    return (Sentence(f"{first_capital(', '.join(names))}. {firm}", ("instruments",), "From cheapest to dearest:"),)


def _assumed(facts: Facts) -> pd.DataFrame | None:
    """Return the assumed inputs of the market in words."""
    if facts.a.priced.market is None:
        return None
    table = facts.a.priced.market.assumed.reset_index()
    return table.assign(input=[_input(facts, str(name)) for name in table["input"]])


input_table = col.Table(
    "market_inputs",
    "Market inputs",
    "What the market is told that nobody gives",
    rows=_assumed,
    heads={"input": "Input", "source": "Where from"},
    subtitle="USD/t, or an elasticity: by how many per cent for one per cent of the price.",
    stands=lambda _: stands("see column"),
)
