"""Prices along a chain inside and outside a country, and what instruments cost at equal effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from typing import Any

from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import WIDTH, Picture, folded
from chainnet.network import Network
from chainnet.prices import Market
from chainnet.words import count, dollars, join, number

NAMES, VALUES, ROW, FOOT, TOP = 126.0, 96.0, 23.0, 28.0, 16.0
MOST = 100.0  # times the reference price: what is beyond it ends in an arrow
BAR = 7.0
Ends = tuple[float, float]


@dataclass(frozen=True)
class Wedge:
    """The price of a good over its reference price, inside a country and elsewhere: low and high; None = not known."""

    name: str
    inside: Ends | None
    elsewhere: Ends | None


def wedges_svg(wedges: Sequence[Wedge], inside: str) -> str:
    """Draw a row a good, in the order of the chain: a bar for the price inside a country, one for it elsewhere.

    Parameters
    ----------
    wedges : sequence of Wedge
    inside : str
        The country, as its bars are named.

    Examples
    --------
    >>> from chainnet.drawing import wedge_of, wedges_svg
    >>> ends = {f"{place}_{end}_usd_per_t": 2.0 for place in ("inside", "elsewhere") for end in ("low", "high")}
    >>> "oxide" in wedges_svg([wedge_of({**ends, "reference_usd_per_t": 1.0}, "oxide")], "China")
    True
    """
    picture = Picture(TOP + ROW * len(wedges) + FOOT)
    right, bottom = WIDTH - VALUES, picture.height - FOOT

    def x(times: float) -> float:
        part = (log10(min(max(times, 1.0 / MOST), MOST)) + 2.0) / 4.0
        return NAMES + part * (right - NAMES)

    for times, words in ((0.01, "1/100"), (0.1, "1/10"), (1.0, "reference price"), (10.0, "10 times"), (MOST, "100")):
        ink = COLOURS["line"] if times == 1.0 else COLOURS["rule"]
        picture.line([(x(times), TOP), (x(times), bottom)], ink, 0.8 if times == 1.0 else 0.5)
        picture.words(x(times), bottom + 12.0, words, at="middle", colour=COLOURS["soft"])
    middle = "price over the reference price of the data, log scale"
    picture.words((NAMES + right) / 2, bottom + 24.0, middle, at="middle", colour=COLOURS["soft"])
    looks = ((COLOURS["ink"], f"in {inside}"), (COLOURS["bar_light"], "elsewhere"))
    at = NAMES
    for fill, words in looks:
        picture.box(at, 2.0, 14.0, BAR, fill)
        picture.words(at + 19.0, 9.5, words)
        at += 110.0
    for number_, one in enumerate(wedges):
        y = TOP + ROW * number_
        lines = folded(one.name, 0.9 * (NAMES - 8.0), 2)
        for line, words in enumerate(lines):
            picture.words(NAMES - 6.0, y + (9.0 if len(lines) > 1 else 13.5) + 10.0 * line, words, at="end")
        for line, (ends, (fill, _)) in enumerate(zip((one.inside, one.elsewhere), looks, strict=True)):
            _price(picture, x, ends, y + 2.0 + 9.5 * line, right, fill)
    return picture.svg


def _price(picture: Picture, x: Callable[[float], float], ends: Ends | None, y: float, right: float, fill: str) -> None:
    """Draw one price from its low to its high end, with both as words at the right."""
    words = "not sold" if ends is None else _times(*ends)
    picture.words(right + 8.0, y + BAR - 0.5, words, colour=COLOURS["ink"] if ends else COLOURS["soft"])
    if ends is None:
        return
    low, high = (x(end) for end in ends)
    picture.box(low - 1.2, y, max(high - low, 0.0) + 2.4, BAR, fill)
    if ends[1] > MOST:
        picture.shape([(high, y - 1.5), (high + 6.0, y + BAR / 2), (high, y + BAR + 1.5)], fill)
    if ends[0] < 1.0 / MOST:
        picture.shape([(low, y - 1.5), (low - 6.0, y + BAR / 2), (low, y + BAR + 1.5)], fill)


def _times(low: float, high: float) -> str:
    """Return a price over another in words: its two ends, one where they are one."""
    said = [
        f"over {number(MOST)}" if end > MOST else "< 0.01" if end < 1.0 / MOST else number(end, least=0.01)
        for end in (low, high)
    ]
    return f"× {said[0]}" if said[0] == said[1] else f"× {said[0]} to {said[1]}"


def market_inputs(network: Network, market: Market) -> str:
    """Say how many unit costs a market has on record, how many are derived, what is assumed and what has no price."""
    given = int(network.plants["unit_cost_usd_per_t"].notna().sum())
    names = [str(name) for name in market.assumed.index]
    derived = sum(name.startswith("unit_cost ") for name in names)
    sizes = sum("elasticity" in name for name in names)
    left = join([network.good(name) for name in market.left_out])
    without = f" Without a price, and taken as they come: {left}." if left else ""
    return (
        f"{count(given)} unit costs are on record, {count(derived)} are derived from reference prices; {count(sizes)} "
        f"elasticities are assumed.{without}"
    )


def wedge_of(row: Mapping[Any, Any], name: str) -> Wedge:
    """Return what is drawn of a row of ``Market.wedge``: its prices over the reference price."""
    inside, elsewhere = (
        tuple(float(row[f"{word}_{end}_usd_per_t"]) / float(row["reference_usd_per_t"]) for end in ("low", "high"))
        for word in ("inside", "elsewhere")
    )
    return Wedge(name, *((ends[0], ends[1]) if ends[0] == ends[0] else None for ends in (inside, elsewhere)))


INSTRUMENTS = {
    "floor": "floor at the border",
    "contract_for_difference": "contracts, offtake",
    "grant": "grants",
    "stock": "stock",
}


def cost_of(name: str, row: Mapping[Any, Any]) -> Cost:
    """Return what is drawn of a row of ``Instruments.table``; offtake, which costs what contracts do, has no bar."""
    note = str(row["note"])
    why = "" if row["reaches"] else note if "exceeds" in note or note.startswith("no ") else "does not reach it"
    usd, low, high = (float(row[f"cost_{end}usd_per_a"]) for end in ("", "low_", "high_"))
    return Cost(INSTRUMENTS[name], str(row["payer"]), usd, low, high, why)


@dataclass(frozen=True)
class Cost:
    """What an instrument costs a year, USD, central, low and high, and who pays; ``words`` where it has no cost."""

    name: str
    payer: str
    usd: float
    low: float
    high: float
    words: str = ""


def costs_svg(costs: Sequence[Cost]) -> str:
    """Draw a bar an instrument: its yearly cost on a log scale, the range as a line, at the right who pays.

    Examples
    --------
    >>> from chainnet.drawing import Cost, costs_svg
    >>> "treasury" in costs_svg([Cost("stock", "treasury", 5e5, 4e5, 6e5)])
    True
    """
    names, row, foot = 104.0, 17.0, 27.0
    right, picture = WIDTH - 172.0, Picture(row * len(costs) + 2.0 + foot)
    bottom = picture.height - foot
    known = [value for one in costs for value in (one.low, one.usd, one.high) if isfinite(value) and value > 0]
    first = floor(log10(min(known))) if known else 6
    last = max(ceil(log10(max(known))) if known else 7, first + 1)

    def x(usd: float) -> float:
        return names + (right - names) * min(max((log10(max(usd, 10.0**first)) - first) / (last - first), 0.0), 1.0)

    for power in range(first, last + 1):
        picture.line([(x(10.0**power), 0.0), (x(10.0**power), bottom)], COLOURS["rule"], 0.5)
        words = number(10.0 ** (power - 6), least=0.0)
        picture.words(x(10.0**power), bottom + 12.0, words, at="middle", colour=COLOURS["soft"])
    words = "USD million a year, log scale"
    picture.words((names + right) / 2, bottom + 23.0, words, at="middle", colour=COLOURS["soft"])
    for place, one in enumerate(costs):
        y = row * place + 1.0
        picture.words(names - 6.0, y + 11.0, one.name, at="end")
        if not isfinite(one.usd):
            picture.words(names + 5.0, y + 11.0, one.words, colour=COLOURS["soft"], halo=True)
            continue
        picture.box(names, y + 2.0, max(x(one.usd) - names, 1.0), row - 6.0, COLOURS["bar_light"])
        middle = y + 2.0 + (row - 6.0) / 2
        if one.high > one.low:
            picture.line([(x(one.low), middle), (x(one.high), middle)], COLOURS["ink"], 1.4)
            for end in (one.low, one.high):
                picture.line([(x(end), middle - 4.0), (x(end), middle + 4.0)], COLOURS["ink"], 1.4)
        picture.words(right + 8.0, y + 11.0, f"{dollars(one.usd, ' ')}, {one.payer}", bold=True)
    picture.line([(names, 0.0), (names, bottom)], COLOURS["line"])
    return picture.svg
