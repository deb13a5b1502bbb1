"""Pictures of levels, measures and chances: each mark where the number puts it, by hand, in points."""

from __future__ import annotations

import re

import pytest
from conftest import frame

from chainnet.drawing import COLOURS, levels_svg, measures_svg, ways_svg

Box = dict[str, float]


def boxes(svg: str) -> list[Box]:
    found = re.findall(r'<rect x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)" fill="([^"]+)"', svg)
    return [dict(zip(("x", "y", "width", "height"), map(float, one[:4]), strict=True)) for one in found]


def lines(svg: str, colour: str = "ink") -> list[tuple[float, ...]]:
    """The ends of the lines of one colour: x, y, x, y."""
    found = re.findall(rf'<polyline points="([^"]+)" fill="none" stroke="{COLOURS[colour]}"', svg)
    return [tuple(map(float, re.split("[ ,]", one))) for one in found]


def words(svg: str) -> list[tuple[str, float, str]]:
    """What is written, at which x, and which part of it stands there."""
    found = re.findall(r'<text x="([^"]+)"[^>]*text-anchor="([a-z]+)"[^>]*>([^<]*)<', svg)
    return [(said, float(x), at) for x, at, said in found]


def test_a_tick_stands_where_allies_served_last_lack_more_and_nowhere_else() -> None:
    """The bars are of 102 points: all of them, a quarter with a tick at three quarters, an eighth."""
    levels = frame("level share last_share", ("now", 1.0, 1.0), ("new", 0.25, 0.75), ("built", 0.125, 0.126))
    svg = levels_svg(levels.set_index("level"), "new")
    assert [box["width"] for box in boxes(svg)] == pytest.approx([102.0, 25.5, 12.75])
    (tick,) = lines(svg, "less")
    assert tick[::2] == pytest.approx([92.0 + 76.5] * 2)
    assert tick[1] < 17.0 + 3.0 < 17.0 + 15.0 < tick[3]  # over the bar of the second row, whole


def test_a_measure_is_as_wide_as_what_it_avoids_and_as_high_as_a_point_costs() -> None:
    """Of 50 t/yr asked, 10 are 20 points for USD 40 million, 5 are 10 for 60; 15 are 30 points without a price."""
    table = frame(
        "label state avoids_tpa cost_musd",
        ("one", "running", 10.0, 40.0),
        ("two", "decided", 5.0, 60.0),
        ("three", "idle", 15.0, None),
    )
    svg = measures_svg(table, 50.0)
    first, second, third = boxes(svg)
    whole = 232.0 - 30.0 - 4.0
    assert [box["width"] + 1.0 for box in (first, second, third)] == pytest.approx([whole / 3, whole / 6, whole / 2])
    assert (first["height"], second["height"], third["height"]) == pytest.approx((82.0 / 3, 82.0, 82.0 / 4), abs=0.01)
    bottoms = {round(box["y"] + box["height"], 2) for box in (first, second, third)}
    assert bottoms == {92.0}
    assert len([line for line in lines(svg, "line") if line[0] >= third["x"]]) == 20  # every five points: no price
    # scales: nought to USD 6 million a point up, none of it on the boxes; a bar of 20 of the 60 points along
    assert [(said, at) for said, x, at in words(svg) if x < 30.0] == [("6", "end"), ("0", "end")]
    assert words(svg)[-1] == ("width: points of demand avoided, bar 20", 30.0, "start")
    (bar,) = lines(svg, "ink")
    assert bar[2] - bar[0] == pytest.approx(whole / 3)


def test_a_chance_of_a_tenth_lies_a_third_of_a_scale_of_thousandths_from_its_end() -> None:
    """Certain at 354 points, one in a thousand at 10: 1 in 10 and 1 in 100 between them at even steps."""
    svg = ways_svg([("one", 0.01, 0.1), ("two", 0.0, 1.0)])
    sure, tenth, hundredth, thousandth = (one[0] for one in lines(svg, "rule"))
    assert (sure, thousandth) == pytest.approx((354.0, 10.0))
    assert sure - tenth == pytest.approx(tenth - hundredth, abs=0.011)
    one, two = boxes(svg)
    assert (one["x"], one["x"] + one["width"]) == pytest.approx((hundredth, tenth), abs=0.011)
    assert (two["x"], two["x"] + two["width"]) == pytest.approx((thousandth, sure))
    assert len(lines(svg, "ink")) == 3  # an end that is none has no edge
    assert svg.count("<polygon") == 1
