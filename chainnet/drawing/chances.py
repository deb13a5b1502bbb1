"""How likely each of a few sets of events is: a bar from the low to the high chance, on a log scale, no point."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10

from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import WIDTH, Picture, folded
from chainnet.words import count, odds

LEFT, WORDS, ROW, FOOT = 10.0, 128.0, 27.0, 18.0
LEAST = 1e-3  # the lowest chance that a scale ends at, where none is lower
EVERY = 1e-12  # below it a chance is none


def ways_svg(ways: Sequence[tuple[str, float, float]]) -> str:
    """Draw sets of events: a name, the low and the high chance of each.

    A low chance of none is an open end, beyond the lowest chance that the scale shows.

    Examples
    --------
    >>> from chainnet.drawing import ways_svg
    >>> "between none and 7 in 10" in ways_svg([("A stop", 0.0, 0.7)])
    True
    """
    known = [chance for _, *ends in ways for chance in ends if chance > EVERY]
    decades = max(ceil(-log10(min([LEAST, *known])) - 1e-9), 1)
    top, room = 2.0, WIDTH - LEFT - WORDS
    picture = Picture(top + ROW * len(ways) + FOOT)
    bottom = picture.height - FOOT

    def x(chance: float) -> float:
        return LEFT + room * (1.0 + log10(min(max(chance, 10.0**-decades), 1.0)) / decades)

    step = ceil(decades / 5)
    for power in range(0, decades + 1, step):
        at = x(10.0**-power)
        words = "certain" if not power else f"1 in {count(10**power)}"
        picture.line([(at, top), (at, bottom)], COLOURS["rule"], 0.5)
        picture.words(
            at, bottom + 12.0, words, at="middle" if power and at > LEFT + 20 else "start", colour=COLOURS["soft"]
        )
    for number, (name, low, high) in enumerate(ways):
        y = top + ROW * number
        line = folded(name, 0.92 * (WIDTH - LEFT), 1)[0]
        picture.words(LEFT, y + 9.0, line, halo=True)
        left, right = x(low), x(high)
        picture.box(left, y + 13.0, max(right - left, 2.0), 8.0, COLOURS["bar_light"])
        for end, chance in ((left, low), (right, high)):
            if chance > EVERY:
                picture.line([(end, y + 11.5), (end, y + 22.5)], COLOURS["ink"], 1.4)
        if low <= EVERY:  # an open end: it goes on to none
            picture.shape([(left, y + 11.0), (left - 6.0, y + 17.0), (left, y + 23.0)], COLOURS["bar_light"])
        picture.words(max(right, left) + 6.0, y + 20.5, odds(low, high), bold=True, halo=True)
    picture.line([(LEFT, bottom), (LEFT + room, bottom)], COLOURS["line"])
    return picture.svg
