"""The plain pictures: where each bar, line and word stands, by hand from the scale, on round widths."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from conftest import frame

from chainnet.drawing import Break, Exceedance, break_svg, course_svg, exceedance_svg, measures_svg, ways_svg
from chainnet.drawing.bars import Axis, Bar, Line, bars_svg, steps_svg
from chainnet.drawing.markets import Cost, Wedge, costs_svg, wedges_svg
from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import Picture, cut, folded, wide

Point = tuple[float, float]


class Seen:
    """What stands in a picture: words by text, boxes and lines in the order in which they are drawn."""

    def __init__(self, svg: str) -> None:
        root = ET.fromstring(svg)
        self.size = (float(root.get("width", 0)), float(root.get("height", 0)))
        self.words: dict[str, tuple[Point, str]] = {}
        self.bold: set[str] = set()
        self.soft: set[str] = set()
        self.boxes: list[tuple[float, ...]] = []
        self.fills: list[str | None] = []
        self.lines: list[tuple[list[Point], str, str, str]] = []
        self.shapes: list[list[Point]] = []
        self.bands: list[tuple[float, ...]] = []
        for one in root:
            kind = one.tag.rsplit("}", 1)[-1]
            if kind == "text":
                text = one.text or ""
                assert text not in self.words
                place = (float(one.get("x", "")), float(one.get("y", "")))
                self.words[text] = (
                    place,
                    {"start": "left", "end": "right", "middle": "middle"}[one.get("text-anchor", "")],
                )
                self.bold |= {text} if one.get("font-weight") == "700" else set()
                self.soft |= {text} if one.get("fill") == COLOURS["soft"] else set()
                assert one.get("fill") in COLOURS.values()
            elif kind == "rect":
                self.boxes.append(tuple(float(one.get(name, "")) for name in ("x", "y", "width", "height")))
                self.fills.append(one.get("fill"))
            elif kind == "path":  # from x and top to x and top, and how wide
                x, top, _, _, _, _, to, goal, end, *_ = map(float, re.findall(r"[-\d.]+", one.get("d", "")))
                self.bands.append((x, top, to, goal, end - goal))
            else:
                points = [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+),([-\d.]+)", one.get("points", ""))]
                if kind == "polygon":
                    self.shapes.append(points)
                else:
                    look = (one.get("stroke", ""), one.get("stroke-width", ""), one.get("stroke-dasharray", ""))
                    self.lines.append((points, *look))


def near(*numbers: float) -> object:
    return pytest.approx(numbers, abs=0.006)


def test_bars_are_on_one_scale_behind_their_names() -> None:
    """Names of ten plain letters are 1.2 x 8.5 x 0.49 x 10 = 49.98 wide, the words 20 letters: the rest is the scale."""
    more, less = COLOURS["more"], COLOURS["less"]
    bars = [
        Bar("abcdefghij", [(0.5, more, "none"), (0.25, less, less)], "x" * 20),
        Bar("short", [], "none", ends=(0.2, 0.6)),
        Bar("z", [(1.0, more, "none")], "all", bold=True),
    ]
    seen = Seen(bars_svg(bars).svg)
    names, room = 55.98, 482.0 - 55.98 - (99.96 + 6.0)
    assert seen.size == (482.0, 53.0)
    assert seen.boxes == [
        near(names, 2.0, room * 0.5, 12.0),
        near(names + room * 0.5, 2.0, room * 0.25, 12.0),
        near(names, 36.0, room, 12.0),
    ]
    assert seen.fills == [more, less, more]
    assert seen.words == {
        "abcdefghij": (near(names - 5.0, 11.0), "right"),
        "x" * 20: (near(names + 0.75 * room + 5.0, 11.0), "left"),
        "short": (near(names - 5.0, 28.0), "right"),
        "none": (near(names + 5.0, 28.0), "left"),
        "z": (near(names - 5.0, 45.0), "right"),
        "all": (near(names + room + 5.0, 45.0), "left"),
    }
    assert seen.bold == {"z", "all"}
    low, high = names + 0.2 * room, names + 0.6 * room
    ranged = [points for points, colour, width, _ in seen.lines if (colour, width) == (less, "1.4")]
    middle = 17.0 + 2.0 + 6.0
    assert ranged == [
        [near(low, middle), near(high, middle)],
        [near(low, middle - 4.0), near(low, middle + 4.0)],
        [near(high, middle - 4.0), near(high, middle + 4.0)],
    ]
    assert seen.lines[-1][:2] == ([near(names, 0.0), near(names, 53.0)], COLOURS["line"])
    assert seen.soft == set()


def test_a_long_name_is_cut_where_the_names_end_and_no_bars_are_no_picture() -> None:
    long = "n" * 60
    seen = Seen(bars_svg([Bar(long, [(1.0, COLOURS["more"], "none")], "1")]).svg)
    (name,) = (one for one in seen.words if one.startswith("n"))
    assert name == cut(long, 208.0 / 1.2)
    assert seen.words[name][0] == near(209.0, 11.0)
    assert seen.boxes[0][0] == 214.0
    nobody = Seen(bars_svg([]).svg)
    assert (nobody.size, nobody.boxes, nobody.words) == ((482.0, 2.0), [], {})


def test_lines_of_steps_hold_until_the_next_point_and_their_words_move_apart() -> None:
    """Ten bold letters take 1.2 x 8.5 x 0.53 x 10 = 54.06 points: the axis goes from 40 to 482 - 54.06 - 8."""
    ink, red = COLOURS["ink"], COLOURS["less"]
    seen = Seen(
        steps_svg(
            [
                Line([(0.0, 10.0), (2.0, 30.0)], "ab", ink),
                Line([(1.0, 28.0), (3.0, 28.0)], "abcdefghij", red, "6 3", 2.5),
                Line([(0.0, 40.0)], "top", ink),
                Line([(0.0, 40.0)], "too", ink),
            ],
            Axis(4.0, [(0.0, "0"), (2.0, "two")], "months"),
            Axis(40.0, [(0.0, "none"), (20.0, "half")]),
            ([(1.0, 10.0), (4.0, 40.0)], red),
        ).svg
    )
    right, top, bottom = 482.0 - 54.06 - 8.0, 8.0, 122.0
    quarter, ten = (right - 40.0) / 4.0, (bottom - top) / 4.0
    assert seen.size == (482.0, 150.0)
    curves = [line for line in seen.lines if line[2] in ("1.8", "2.5")]
    assert [line[0] for line in curves] == [
        [near(40.0 + a * quarter, bottom - b * ten) for a, b in points]
        for points in (
            [(0, 1), (0, 1), (2, 1), (2, 3), (4, 3)],
            [(1, 2.8), (1, 2.8), (3, 2.8), (3, 2.8), (4, 2.8)],
            [(0, 4), (0, 4), (4, 4)],
            [(0, 4), (0, 4), (4, 4)],
        )
    ]
    assert [line[1:] for line in curves] == [
        (ink, "1.8", ""), (red, "2.5", "6 3"), (ink, "1.8", ""), (ink, "1.8", ""),
    ]  # fmt: skip
    # words within ten points of others move by whole points until they are not: up, but down where the picture ends
    first, second = bottom - 3.0 * ten, bottom - 2.8 * ten - 16.0
    heights = {"ab": first, "abcdefghij": second, "top": top, "too": top + 39.0}
    assert {one: seen.words[one] for one in heights} == {
        one: (near(right + 5.0, y + 3.0), "left") for one, y in heights.items()
    }
    assert seen.bold == {"ab", "abcdefghij", "top", "too"}
    assert seen.soft == {"none", "half", "0", "two", "months"}
    # the words of an axis stand at its marks, its own word in its middle
    assert seen.words["none"] == (near(36.0, bottom + 3.0), "right")
    assert seen.words["half"] == (near(36.0, bottom - 2.0 * ten + 3.0), "right")
    assert seen.words["0"] == (near(40.0, bottom + 12.0), "middle")
    assert seen.words["two"] == (near(40.0 + 2.0 * quarter, bottom + 12.0), "middle")
    assert seen.words["months"] == (near((40.0 + right) / 2.0, bottom + 23.0), "middle")
    thin = [(points, colour) for points, colour, width, _ in seen.lines if width in ("0.5", "0.6")]
    assert thin == [
        ([near(40.0, bottom), near(right, bottom)], COLOURS["line"]),
        ([near(40.0, bottom - 2.0 * ten), near(right, bottom - 2.0 * ten)], COLOURS["rule"]),
        ([near(40.0, bottom), near(40.0, bottom + 3.0)], COLOURS["line"]),
        ([near(40.0 + 2.0 * quarter, bottom), near(40.0 + 2.0 * quarter, bottom + 3.0)], COLOURS["line"]),
    ]
    assert seen.boxes == [
        near(40.0 + quarter - 2.2, bottom - ten - 2.2, 4.4, 4.4),
        near(right - 2.2, top - 2.2, 4.4, 4.4),
    ]


def test_prices_stand_over_the_reference_price_on_four_decades() -> None:
    """From a hundredth to a hundred times over 482 - 96 - 126 = 260 points: 65 a decade, the reference price at 256."""
    wedges = [Wedge("ore", (0.1, 1.0), (10.0, 10.0)), Wedge("oxide", (0.001, 2000.0), None)]
    seen = Seen(wedges_svg(wedges, "China"))
    foot = 16.0 + 46.0
    assert seen.size == (482.0, foot + 28.0)
    for words, x in {"1/100": 126.0, "1/10": 191.0, "reference price": 256.0, "10 times": 321.0, "100": 386.0}.items():
        assert seen.words[words] == (near(x, foot + 12.0), "middle")
    assert [line[0] for line in seen.lines] == [
        [near(x, 16.0), near(x, foot)] for x in (126.0, 191.0, 256.0, 321.0, 386.0)
    ]
    thin, thick = (COLOURS["rule"], "0.5", ""), (COLOURS["line"], "0.8", "")
    assert [line[1:] for line in seen.lines] == [thin, thin, thick, thin, thin]
    assert seen.words["price over the reference price of the data, log scale"] == (near(256.0, foot + 24.0), "middle")
    assert [seen.words[one] for one in ("in China", "elsewhere")] == [
        (near(145.0, 9.5), "left"),
        (near(255.0, 9.5), "left"),
    ]
    assert seen.boxes == [
        near(126.0, 2.0, 14.0, 7.0),
        near(236.0, 2.0, 14.0, 7.0),
        near(191.0 - 1.2, 18.0, 65.0 + 2.4, 7.0),
        near(321.0 - 1.2, 27.5, 2.4, 7.0),
        near(126.0 - 1.2, 41.0, 260.0 + 2.4, 7.0),
    ]
    ink, light = COLOURS["ink"], COLOURS["bar_light"]
    assert seen.fills == [ink, light, ink, light, ink]
    assert [seen.words[one] for one in ("ore", "oxide")] == [(near(120.0, 29.5), "right"), (near(120.0, 52.5), "right")]
    said = {"× 0.1 to 1": 24.5, "× 10": 34.0, "× < 0.01 to over 100": 47.5, "not sold": 57.0}
    assert {words: seen.words[words] for words in said} == {
        words: (near(394.0, y), "left") for words, y in said.items()
    }
    scale = {
        "1/100",
        "1/10",
        "reference price",
        "10 times",
        "100",
        "price over the reference price of the data, log scale",
    }
    assert seen.soft == scale | {"not sold"}
    # what lies beyond the scale ends in an arrow that points out of it
    assert seen.shapes == [
        [near(386.0, 39.5), near(392.0, 44.5), near(386.0, 49.5)],
        [near(126.0, 39.5), near(120.0, 44.5), near(126.0, 49.5)],
    ]


def test_the_ends_of_the_scale_of_prices_are_on_it() -> None:
    seen = Seen(wedges_svg([Wedge("ore", (0.01, 100.0), (0.012, 99.0))], "China"))
    assert seen.shapes == []
    assert {"× 0.01 to 100", "× 0.012 to 99"} <= set(seen.words)
    long = "one very long name of a good that folds"
    two = Seen(wedges_svg([Wedge(long, None, None)], "China").replace("not sold", "first", 1))
    lines = folded(long, 0.9 * 118.0, 2)
    assert [two.words[line] for line in lines] == [(near(120.0, 25.0), "right"), (near(120.0, 35.0), "right")]


def test_costs_are_bars_on_a_log_scale_with_their_range_in_the_middle_and_who_pays_behind() -> None:
    """From USD 0.1 to 10 million over 310 - 104 = 206 points: 103 a decade."""
    costs = [
        Cost("stock", "treasury", 1e6, 1e5, 1e7),
        Cost("floor", "users", 2e6, 2e6, 2e6),
        Cost("grants", "treasury", float("nan"), float("nan"), float("nan"), "does not reach it"),
    ]
    seen = Seen(costs_svg(costs))
    foot = 3 * 17.0 + 2.0
    assert seen.size == (482.0, foot + 27.0)
    for words, x in {"0.1": 104.0, "1": 207.0, "10": 310.0}.items():
        assert seen.words[words] == (near(x, foot + 12.0), "middle")
    assert seen.words["USD million a year, log scale"] == (near(207.0, foot + 23.0), "middle")
    assert seen.boxes == [near(104.0, 3.0, 103.0, 11.0), near(104.0, 20.0, 103.0 * 1.30103, 11.0)]
    rules = [[near(x, 0.0), near(x, foot)] for x in (104.0, 207.0, 310.0)]
    ranged = [[near(104.0, 8.5), near(310.0, 8.5)], *([near(x, 4.5), near(x, 12.5)] for x in (104.0, 310.0))]
    assert [line[0] for line in seen.lines] == [*rules, *ranged, [near(104.0, 0.0), near(104.0, foot)]]
    rule, ink = (COLOURS["rule"], "0.5", ""), (COLOURS["ink"], "1.4", "")
    assert [line[1:] for line in seen.lines] == [rule, rule, rule, ink, ink, ink, (COLOURS["line"], "0.6", "")]
    assert seen.fills == [COLOURS["bar_light"]] * 2
    assert seen.soft == {"0.1", "1", "10", "USD million a year, log scale", "does not reach it"}
    assert seen.words["stock"] == (near(98.0, 12.0), "right")
    assert seen.words["floor"] == (near(98.0, 29.0), "right")
    assert seen.words["USD 1 million, treasury"] == (near(318.0, 12.0), "left")
    assert seen.words["USD 2 million, users"] == (near(318.0, 29.0), "left")
    assert seen.words["does not reach it"] == (near(109.0, 46.0), "left")
    assert seen.bold == {"USD 1 million, treasury", "USD 2 million, users"}


def test_costs_that_nobody_knows_or_that_are_nothing_have_a_scale_too() -> None:
    """One to ten million where nothing is known; what is free has a bar of a point, so that it is seen."""
    nothing = Seen(costs_svg([Cost("stock", "treasury", 0.0, 0.0, 0.0)]))
    assert {"1", "10"} <= set(nothing.words)
    assert nothing.boxes == [near(104.0, 3.0, 1.0, 11.0)]
    assert len(nothing.lines) == 3
    one = Seen(costs_svg([Cost("stock", "treasury", 1e8, 1e8, 1e8)]))
    assert {"100", "1,000"} <= set(one.words), "a scale of one number is a decade long"


@pytest.mark.parametrize(
    ("words", "room", "kept"),
    [
        ("abcdefghij", 41.65, "abcdefghij"),
        ("abcdefghij", 41.64, "abcdefgh…"),
        ("abcdefg, ij", 41.0, "abcdefg…"),
        ("ab", 0.1, "a…"),
    ],
)
def test_words_are_cut_to_their_room(words: str, room: float, kept: str) -> None:
    """Ten plain letters are 8.5 x 0.49 x 10 = 41.65 points wide, and a capital a quarter wider."""
    assert cut(words, room) == kept
    assert wide("abcdefghij") == pytest.approx(41.65)
    assert wide("ABCDefghij", 10.0) == pytest.approx(4.9 * 11.0)
    assert wide("abcd", 10.0, bold=True) == pytest.approx(21.2)


def test_words_fold_where_the_room_ends_and_the_last_line_bears_the_rest() -> None:
    """Of 49 points a line holds ten letters of ten points."""
    assert folded("abcd efghi jk", 49.0, 3, 10.0) == ["abcd efghi", "jk"]
    assert folded("abcd efghij jk", 49.0, 3, 10.0) == ["abcd", "efghij jk"]
    assert folded("abcd efghij jk lm", 49.0, 2, 10.0) == ["abcd", cut("efghij jk lm", 49.0, 10.0)]
    assert folded("abcdefghijklm no", 49.0, 2, 10.0) == [cut("abcdefghijklm", 49.0, 10.0), "no"]
    assert folded("", 49.0, 2) == []


def test_a_picture_says_where_each_part_is() -> None:
    picture = Picture(20.0, 30.0)
    picture.box(1.0, 2.0, -3.0, 4.005, "#111", "#222")
    picture.line([(0.0, 1.0), (2.5, 3.0)], "#333", 0.7, "6 3")
    picture.shape([(0.0, 0.0), (1.0, 2.0)], "#444")
    picture.band((1.0, 2.0, 3.0), (5.0, 6.0), "#555", "#666")
    picture.words(7.0, 8.0, "<&>", size=9.0, bold=True, at="end", halo=True, colour="#777")
    paper = COLOURS["paper"]
    assert picture.parts == [
        '<rect x="1.00" y="2.00" width="0.00" height="4.00" fill="#111" stroke="#222" stroke-width="0.6"/>',
        '<polyline points="0.00,1.00 2.50,3.00" fill="none" stroke="#333" stroke-width="0.7" stroke-linejoin="round"'
        ' stroke-dasharray="6 3"/>',
        '<polygon points="0.00,0.00 1.00,2.00" fill="#444" stroke="none" stroke-width="0.6"/>',
        '<path d="M1.00,2.00C3.00,2.00 3.00,6.00 5.00,6.00V9.00C3.00,9.00 3.00,5.00 1.00,5.00Z" '
        'fill="#555" stroke="#666" stroke-width="0.6"/>',
        '<text x="7.00" y="8.00" font-size="9.0" text-anchor="end" font-weight="700" fill="#777" paint-order="stroke" '
        f'stroke="{paper}" stroke-width="2.4" stroke-linejoin="round">&lt;&amp;&gt;</text>',
    ]
    assert ET.fromstring(picture.svg).attrib | {"font-family": ""} == {
        "width": "30", "height": "20", "viewBox": "0 0 30 20", "font-family": "",
    }  # fmt: skip


def test_chances_are_bars_between_their_ends_and_an_open_end_goes_on() -> None:
    """From certain at 354 points to one in a thousand at 10: 344 / 3 points a power of ten."""
    seen = Seen(ways_svg([("one", 0.01, 0.1), ("two", 0.0, 1.0)]))
    third = 344.0 / 3.0
    assert seen.size == (482.0, 74.0)
    for words, x, at in (
        ("certain", 354.0, "left"),
        ("1 in 10", 10.0 + 2 * third, "middle"),
        ("1 in 100", 10.0 + third, "middle"),
        ("1 in 1,000", 10.0, "left"),
    ):
        assert seen.words[words] == (near(x, 68.0), at)
    ticks = [[near(10.0 + k * third, 2.0), near(10.0 + k * third, 56.0)] for k in (3, 2, 1, 0)]
    ends = [[near(x, y), near(x, y + 11.0)] for x, y in ((10.0 + third, 13.5), (10.0 + 2 * third, 13.5), (354.0, 40.5))]
    assert [line[0] for line in seen.lines] == [*ticks, *ends, [near(10.0, 56.0), near(354.0, 56.0)]]
    rule, ink = (COLOURS["rule"], "0.5", ""), (COLOURS["ink"], "1.4", "")
    assert [line[1:] for line in seen.lines] == [rule] * 4 + [ink] * 3 + [(COLOURS["line"], "0.6", "")]
    assert seen.boxes == [near(10.0 + third, 15.0, third, 8.0), near(10.0, 42.0, 344.0, 8.0)]
    assert seen.shapes == [[near(10.0, 40.0), near(4.0, 46.0), near(10.0, 52.0)]]
    assert [seen.words[name][0] for name in ("one", "two")] == [near(10.0, 11.0), near(10.0, 38.0)]
    assert seen.words["between 1 in 100 and 1 in 10"] == (near(16.0 + 2 * third, 22.5), "left")
    assert seen.words["between none and nearly certain"] == (near(360.0, 49.5), "left")
    assert seen.bold == {"between 1 in 100 and 1 in 10", "between none and nearly certain"}
    assert seen.soft == {"certain", "1 in 10", "1 in 100", "1 in 1,000"}
    rare = Seen(ways_svg([("rare", 1e-7, 1.01e-7)]))
    assert rare.boxes == [near(10.0, 15.0, 2.0, 8.0)], "what is narrow is seen"
    assert {"certain", "1 in 100", "1 in 10,000", "1 in 1,000,000"} == rare.soft
    assert rare.words["1 in 1,000,000"] == (near(10.0 + 344.0 / 7.0, 41.0), "middle")


def test_the_course_is_steps_over_the_band_of_the_first_year_with_what_comes_later_behind() -> None:
    """24 months, 5 between and 3 for what comes later share 366 points; a share of 1 is 98 points high."""
    months = frame("month months share", (1, 6, 0.25), (7, 18, 0.5)).set_index("month")
    due = [(0.0, "past"), (1.0, "Pit"), (12.0, "Mill"), (24.0, "beyond"), (23.0, "works with a very long name")]
    seen = Seen(course_svg(months, (0.1, 0.6), (0.4, 0.3, 0.7), "40 % later", 3.0, due))
    assert seen.size == (482.0, 142.0)

    def x(month: float) -> float:
        return 34.0 + 366.0 / 32.0 * month

    def y(share: float) -> float:
        return 116.0 - 98.0 * share

    pale, ink, line, rule = (COLOURS[name] for name in ("blank", "ink", "line", "rule"))
    assert seen.boxes == [
        near(34.0, y(0.6), x(12) - 34.0, 49.0),
        near(x(29), y(0.7), x(3) - 34.0, 39.2),
    ]
    assert seen.fills == [pale, pale]
    steps = [near(x(0), y(0.25)), near(x(6), y(0.25)), near(x(6), y(0.5)), near(x(24), y(0.5))]
    assert seen.shapes == [[near(34.0, 116.0), *steps, near(x(24), 116.0)]]
    red, soft = COLOURS["less"], COLOURS["soft"]
    assert seen.lines == [
        ([near(34.0, 116.0), near(400.0, 116.0)], line, "0.5", ""),
        ([near(34.0, 67.0), near(400.0, 67.0)], rule, "0.5", ""),
        ([near(34.0, 18.0), near(400.0, 18.0)], rule, "0.5", ""),
        ([near(34.0, y(0.1)), near(x(12), y(0.1))], line, "0.6", ""),
        ([near(34.0, y(0.6)), near(x(12), y(0.6))], line, "0.6", ""),
        (steps, ink, "1.8", ""),
        ([near(x(29), y(0.4)), near(400.0, y(0.4))], ink, "1.8", ""),
        *(([near(x(month), 116.0), near(x(month), 119.0)], line, "0.6", "") for month in (0, 12, 24)),
        ([near(x(1), 10.0), near(x(1), 116.0)], soft, "0.6", ""),
        ([near(x(2), 21.0), near(x(2), 116.0)], red, "1.0", ""),
        ([near(x(12), 32.0), near(x(12), 116.0)], soft, "0.6", ""),
        ([near(x(23), 43.0), near(x(23), 116.0)], soft, "0.6", ""),
    ]
    assert seen.words == {
        "0 %": (near(30.0, 119.0), "right"),
        "50 %": (near(30.0, 70.0), "right"),
        "100 %": (near(30.0, 21.0), "right"),
        "40 % later": (near(405.0, y(0.4) + 3.0), "left"),
        **{str(month): (near(x(month), 128.0), "middle") for month in (0, 12, 24)},
        "months after the first measure": (near(x(12), 138.0), "middle"),
        "later": (near((x(29) + 400.0) / 2, 128.0), "middle"),
        "Pit": (near(x(1) + 3.0, 16.0), "left"),
        "first short": (near(x(2) + 3.0, 27.0), "left"),
        "Mill": (near(x(12) + 3.0, 38.0), "left"),
        "works with a very long name": (near(x(23) - 3.0, 49.0), "right"),
    }
    assert seen.bold == {"40 % later", "first short"}
    assert seen.soft == set(seen.words) - seen.bold
    calm = Seen(course_svg(months.assign(share=[2.0, -1.0]), (0.25, 0.254), (0.0, 0.0, 0.0), "none", np.nan, []))
    assert len(calm.boxes) == 1, "no band where the first year has one value"
    assert calm.shapes[0][1:-1] == [near(x(0), 18.0), near(x(6), 18.0), near(x(6), 116.0), near(x(24), 116.0)]
    assert calm.words["none"] == (near(405.0, 116.0), "left"), "it stands on the axis, not on its marks"
    assert len(calm.lines) == 8


def test_each_measure_has_its_number_over_it_and_the_shade_of_its_state() -> None:
    """Of 50 t/yr 10, 5, 15 and 1 are avoided: 62 points over 198; the widest price is 6, and the free one is a line."""
    table = frame(
        "label state avoids_tpa cost_musd",
        *(("one", "running", 10.0, 40.0), ("two", "decided", 5.0, 60.0)),
        *(("three", "idle", 15.0, None), ("four", "building", 1.0, 0.0)),
    )
    seen = Seen(measures_svg(table, 50.0))
    point = 198.0 / 62.0
    talls = [82.0 * 2.0 / 6.0, 82.0, 82.0 / 4.0, 1.0]
    lefts = [30.0, 30.0 + 20.0 * point, 30.0 + 30.0 * point, 30.0 + 60.0 * point]
    rooms = [20.0 * point, 10.0 * point, 30.0 * point, 2.0 * point]
    assert seen.boxes == [
        near(x, 92.0 - tall, room - 1.0, tall) for x, tall, room in zip(lefts, talls, rooms, strict=True)
    ]
    assert seen.fills == [COLOURS["ink"], COLOURS["line"], "none", COLOURS["soft"]]
    for name, x, tall, room in zip("123", lefts, talls, rooms, strict=False):
        assert seen.words[name] == (near(x + room / 2.0, 92.0 - tall - 2.5), "middle")
    assert "4" not in seen.words, "it has no room for a number"
    assert seen.bold == {"1", "2", "3"}
    stripes = [line[0] for line in seen.lines if line[2] == "0.5"]
    assert stripes[0] == [near(lefts[2], 92.0), near(lefts[2] + 20.5, 71.5)]
    last = lefts[2] + 90.0
    assert stripes[-1] == [near(last, 92.0), near(lefts[2] + rooms[2] - 1.0, 92.0 - (rooms[2] - 1.0 - 90.0))]
    nothing = Seen(measures_svg(table.assign(avoids_tpa=0.0, cost_musd=np.nan), 50.0))
    assert {box[2] for box in nothing.boxes} == {0.5}


def flows(*rows: tuple[object, ...]) -> pd.DataFrame:
    return frame("step country to_step to_country arrives_tpa lost_tpa", *rows)


PASSES = (
    ("refining", "JPN", "wafer", "USA", 4.0, 0.0),
    ("refining", "CHN", "precursor", "USA", 0.0, 6.0),
    ("wafer", "USA", "", "DEU", 4.0, 0.0),
    ("precursor", "USA", "", "DEU", 0.0, 6.0),
)


def broken(
    *rows: tuple[object, ...],
    cut_at: tuple[str, str] = ("refining", "CHN"),
    label: str = "Here it breaks",
    users: str = "Users",
) -> Seen:
    table = flows(*rows)
    steps = {step: step for step in table["step"]}
    return Seen(break_svg(Break(table, steps, {"JPN": "Japan"}, cut_at, label, users, "4 of 10 arrive")))


def test_the_break_is_blocks_of_what_arrives_over_what_is_lost_and_bands_between_them() -> None:
    """Ten tonnes and a gap of five share 178 points; a column is 185.5 points wide."""
    seen = broken(*PASSES)
    ton = 17.3
    top, below = 30.0 + 4 * ton, 35.0 + 4 * ton
    assert seen.size == (482.0, 212.0)
    assert seen.boxes == [
        near(0.0, 30.0, 7.0, 4 * ton),
        near(0.0, below, 7.0, 0.0),
        near(0.0, below, 7.0, 6 * ton),
        *(near(x, y, 7.0, tall) for x in (185.5, 371.0) for y, tall in ((30.0, 4 * ton), (top, 6 * ton))),
    ]
    ink, paper = COLOURS["ink"], COLOURS["paper"]
    assert seen.fills == [ink, ink, paper, ink, paper, ink, paper]
    lost = [(7.0, below, 185.5, top, 6 * ton), (192.5, top, 371.0, top, 6 * ton)]
    kept = [(7.0, 30.0, 185.5, 30.0, 4 * ton), (192.5, 30.0, 371.0, 30.0, 4 * ton)]
    np.testing.assert_allclose([*sorted(seen.bands[:2]), *sorted(seen.bands[2:])], lost + kept, atol=0.011)
    begin, end = below - 5.0, below + 6 * ton + 4.0
    zigzag = [near(7.5 + 5.0 * (i % 2), begin + (end - begin) * i / 16) for i in range(17)]
    assert seen.lines == [(zigzag, paper, "4.0", ""), (zigzag, COLOURS["less"], "1.8", "")]
    assert seen.words == {
        "Japan": (near(11.0, 44.0), "left"),
        "USA": (near(196.5, 44.0), "left"),
        "DEU": (near(382.0, 44.0), "left"),
        "Refining": (near(0.0, 9.0), "left"),
        "Wafer and precursor": (near(185.5, 9.0), "left"),
        "Users": (near(371.0, 9.0), "left"),
        "4 of 10 arrive": (near(371.0, 21.0), "left"),
        "Here it breaks": (near(17.0, below + 3 * ton + 3.0), "left"),
    }
    assert seen.bold == set(seen.words) - {"Japan", "USA"}
    long = "Users of magnets in cars and ships"
    assert cut(long, 112.0, bold=True) in broken(*PASSES, users=long).words


def test_what_passes_by_a_column_goes_through_it_and_what_is_lost_hangs_below() -> None:
    """Two more tonnes go from Japan to the users at once: twelve share 173 points."""
    seen = broken(*PASSES, ("refining", "JPN", "", "DEU", 2.0, 0.0))
    ton = 173.0 / 12.0
    usa, chn = 35.0 + 2 * ton, 35.0 + 6 * ton
    lost = [(7.0, chn, 185.5, usa + 4 * ton, 6 * ton), (192.5, usa + 4 * ton, 371.0, 30.0 + 6 * ton, 6 * ton)]
    kept = [
        (7.0, 30.0, 185.5, 30.0, 2 * ton),
        (7.0, 30.0 + 2 * ton, 185.5, usa, 4 * ton),
        (185.5, 30.0, 371.0, 30.0, 2 * ton),
        (192.5, usa, 371.0, 30.0 + 2 * ton, 4 * ton),
    ]
    np.testing.assert_allclose([*sorted(seen.bands[:2]), *sorted(seen.bands[2:])], lost + kept, atol=0.011)
    assert seen.boxes[0] == near(185.5, 30.0, 7.0, 2 * ton)
    assert seen.fills[0] == COLOURS["rule"]
    assert len(seen.boxes) == 1 + 3 + 2 + 2


@pytest.mark.parametrize(("cut_at", "heads"), [(1, "123456"), (2, "23456"), (3, "23456")])
def test_of_many_columns_the_first_go_but_never_that_of_the_bottleneck(cut_at: int, heads: str) -> None:
    rows = [(f"step {k}", f"P{k}", f"step {k + 1}" if k < 6 else "", f"P{k + 1}", 4.0, 6.0) for k in range(1, 7)]
    seen = broken(*rows, cut_at=(f"step {cut_at}", f"P{cut_at}"))
    assert [words[-1] for words in seen.words if words.startswith("Step")] == list(heads)
    x = float(heads.index(str(cut_at))) * 371.0 / len(heads)
    assert seen.words[next(w for w in seen.words if w.startswith("Here"))][0][0] == pytest.approx(x + 17.0, abs=0.006)
    zigzag, again = (line[0] for line in seen.lines)
    assert zigzag == again
    assert min(point[0] for point in zigzag) == pytest.approx(x + 7.5, abs=0.006)
    names = {words for words in seen.words if words.startswith("P")}
    assert names == {f"P{k}" for k in (*map(int, heads), 7) if k != cut_at}, "the bottleneck bears the words of the cut"


def test_small_places_of_a_step_are_one_but_the_bottleneck_has_a_block_of_its_own() -> None:
    """Of seven places the five largest stand alone, and the seventh where the chain breaks; the sixth is the rest."""
    rows = [("refining", f"P{k}", "", "DEU", float(9 - k), 0.0) for k in range(1, 8)]
    kept = {f"P{k}" for k in range(1, 6)}
    plain = broken(*rows, cut_at=("other", "P1"))
    assert {words for words in plain.words if words.startswith("P")} == kept
    assert "other" in plain.words
    assert plain.lines == []
    cut_last = broken(*rows, cut_at=("refining", "P7"))
    assert {words for words in cut_last.words if words.startswith("P")} == kept
    assert len(cut_last.lines) == 2
    assert len(cut_last.boxes) == len(plain.boxes) + 1


def test_the_loss_that_is_asked_for_is_a_red_line_through_both_edges_of_the_band() -> None:
    """418 points are all of a demand, 178 / 3 a power of ten below certain; half is lost at 1 in 100 to 1 in 10."""
    curve = frame("if_event loss_share chance_low chance_high", ("", 0.5, 0.01, 0.1), ("", 1.0, 0.001, 0.01))
    seen = Seen(exceedance_svg(Exceedance(curve, 0.25, 5.0, users="cars")))
    ten = 178.0 / 3.0
    ys = [50.0 + k * ten for k in range(4)]
    xs = [58.0 + 418.0 * share for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    rule, line, ink = ((COLOURS[name], size, "") for name, size in (("rule", "0.5"), ("line", "0.6"), ("ink", "1.4")))
    low = [near(xs[0], ys[2]), near(xs[2], ys[2]), near(xs[2], ys[3]), near(xs[4], ys[3]), near(xs[4], 228.0)]
    high = [near(xs[0], ys[1]), near(xs[2], ys[1]), near(xs[2], ys[2]), near(xs[4], ys[2]), near(xs[4], 228.0)]
    assert [one for one in seen.lines if one[0]] == [
        *(([near(58.0, y), near(476.0, y)], *rule) for y in ys),
        ([near(58.0, 228.0), near(476.0, 228.0)], *line),
        *(([near(x, 228.0), near(x, 231.0)], *line) for x in xs),
        (low, *ink),
        (high, *ink),
        ([near(162.5, 50.0), near(162.5, 228.0)], COLOURS["less"], "1.0", ""),
    ]
    assert seen.boxes == [
        near(160.3, ys[2] - 2.2, 4.4, 4.4),
        near(160.3, ys[1] - 2.2, 4.4, 4.4),
        near(58.0, 3.0, 14.0, 8.5),
    ]
    assert seen.fills == [COLOURS["ink"], COLOURS["ink"], COLOURS["rule"]]
    assert seen.words == {
        **{
            words: (near(53.0, y + 3.0), "right")
            for words, y in zip(("certain", "1 in 10", "1 in 100", "1 in 1,000"), ys, strict=True)
        },
        **{f"{k} %": (near(x, 240.0), "middle") for k, x in zip((0, 25, 50, 75), xs, strict=False)},
        "100 %": (near(476.0, 240.0), "right"),
        "shortfall of so much of cars or more, on a day 5 years ahead": (near(267.0, 254.0), "middle"),
        "25 % or more: between 1 in 100 and 1 in 10": (near(168.5, 61.0), "left"),
        "from all rates low to all rates high": (near(78.0, 10.5), "left"),
    }
    assert seen.bold == {"25 % or more: between 1 in 100 and 1 in 10"}
    assert seen.soft == set(seen.words) - seen.bold
    late = Seen(exceedance_svg(Exceedance(curve, 0.75, 5.0)))
    place, at = late.words["75 % or more: between 1 in 1,000 and 1 in 100"]
    assert (place[0], at) == (pytest.approx(365.5, abs=0.01), "right"), (
        "words that have no room behind it stand before it"
    )
    sure = Seen(exceedance_svg(Exceedance(curve.assign(chance_low=1.0, chance_high=1.0), 0.25, 5.0)))
    assert {round(y) for _, y in sure.shapes[0]} == {50, 55, 228, 233}, "edges that meet are a band all the same"
