"""Bars with their names at the left and their values at the right, and lines of steps: the two plain pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import WIDTH, Picture, cut, wide

ROW, GAP, NAMES = 17.0, 5.0, 214.0  # points: of a row, between bars, at most for names
WIDER = 1.2  # a page may show words in a wider font
DASHES = ("", "6 3", "1.5 2.5")  # of lines, beside their colours
LEFT, FOOT, HEIGHT = 40.0, 28.0, 150.0


@dataclass(frozen=True)
class Bar:
    """A bar: parts of its length, each with a fill and a stroke; the words behind it; a range, as parts of 1."""

    name: str
    parts: Sequence[tuple[float, str, str]]
    words: str
    ends: tuple[float, float] | None = None
    bold: bool = False


def bars_svg(bars: Sequence[Bar]) -> Picture:
    """Draw bars on one scale, the longest of which is 1."""
    picture = Picture(ROW * len(bars) + 2.0)
    names = min(max((WIDER * wide(bar.name, bold=bar.bold) for bar in bars), default=0.0) + 6.0, NAMES)
    words = max((WIDER * wide(bar.words, bold=bar.bold) for bar in bars), default=0.0) + 6.0
    room = WIDTH - names - words
    for i, bar in enumerate(bars):
        y, x = ROW * i, names
        picture.words(
            names - 5.0, y + 11.0, cut(bar.name, (names - 6.0) / WIDER, bold=bar.bold), at="end", bold=bar.bold
        )
        for part, fill, stroke in bar.parts:
            picture.box(x, y + 2.0, room * part, ROW - GAP, fill, stroke)
            x += room * part
        if bar.ends is not None:
            low, high = (names + room * end for end in bar.ends)
            middle = y + 2.0 + (ROW - GAP) / 2
            picture.line([(low, middle), (high, middle)], COLOURS["less"], 1.4)
            for end in (low, high):
                picture.line([(end, middle - 4.0), (end, middle + 4.0)], COLOURS["less"], 1.4)
        picture.words(max(x, names) + 5.0, y + 11.0, bar.words, bold=bar.bold)
    picture.line([(names, 0.0), (names, picture.height)], COLOURS["line"])
    return picture


@dataclass(frozen=True)
class Axis:
    """An axis from 0 to ``end``: its marks with their words, and what it counts."""

    end: float
    marks: Sequence[tuple[float, str]]
    label: str = ""


@dataclass(frozen=True)
class Line:
    """A line of steps: each point holds until the next; ``words`` stand at its end."""

    points: Sequence[tuple[float, float]]
    words: str
    colour: str
    dash: str = ""
    width: float = 1.8


def steps_svg(
    lines: Sequence[Line], across: Axis, up: Axis, dots: tuple[Sequence[tuple[float, float]], str] = ((), "")
) -> Picture:
    """Draw lines of steps, and squares of one colour; words that would stand on each other move apart."""
    picture = Picture(HEIGHT)
    right = WIDTH - max((WIDER * wide(line.words, bold=True) for line in lines), default=0.0) - 8.0
    top, bottom = 8.0, HEIGHT - FOOT

    def x(value: float) -> float:
        return LEFT + (right - LEFT) * value / (across.end or 1.0)

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / (up.end or 1.0)

    for value, words in up.marks:
        picture.line([(LEFT, y(value)), (right, y(value))], COLOURS["rule" if value else "line"], 0.5)
        picture.words(LEFT - 4.0, y(value) + 3.0, words, at="end", colour=COLOURS["soft"])
    for value, words in across.marks:
        picture.line([(x(value), bottom), (x(value), bottom + 3.0)], COLOURS["line"])
        picture.words(x(value), bottom + 12.0, words, at="middle", colour=COLOURS["soft"])
    picture.words((LEFT + right) / 2, bottom + 23.0, across.label, at="middle", colour=COLOURS["soft"])
    taken: list[float] = []
    for line in lines:
        held: list[tuple[float, float]] = []
        for value, height in line.points:
            held += [(x(value), held[-1][1] if held else y(height)), (x(value), y(height))]
        held.append((x(across.end), held[-1][1]))
        picture.line(held, line.colour, line.width, line.dash)
        at = held[-1][1]
        step = -1.0 if at > top + 12.0 else 1.0
        while any(abs(at - other) < 10.0 for other in taken):
            at += step
        taken.append(at)
        picture.words(right + 5.0, at + 3.0, line.words, bold=True, colour=line.colour)
    for value, height in dots[0]:
        picture.box(x(value) - 2.2, y(height) - 2.2, 4.4, 4.4, COLOURS["paper"], dots[1])
    return picture
