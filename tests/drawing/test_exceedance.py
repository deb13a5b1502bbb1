"""The band of chances as a picture: both edges where the numbers are, both chances in words, no line in its middle."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from conftest import frame

from chainnet.drawing import Exceedance, exceedance_svg
from chainnet.drawing.exceedance import LEAST, _x, _y

CURVE = frame(
    "if_event loss_share chance_low chance_high", ("", 0.2, 0.05, 0.4), ("", 0.6, 0.002, 0.1), ("war", 0.9, 0.3, 0.5)
)


def lines(svg: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'<polyline points="([^"]+)"', svg)
    return [[tuple(map(float, p.split(","))) for p in one.split()] for one in found]  # type: ignore[misc]


def test_the_edges_stand_where_the_chances_are() -> None:
    svg = exceedance_svg(Exceedance(CURVE.iloc[:2], 0.3, 5.0))
    edges = [one for one in lines(svg) if len(one) == 5]
    assert len(edges) == 2  # no line in the middle
    for edge, column in zip(edges, ("chance_low", "chance_high"), strict=True):
        first, second = CURVE[column].iloc[:2]
        expected = [(0.0, first), (0.2, first), (0.2, second), (0.6, second), (0.6, LEAST)]
        for point, (share, chance) in zip(edge, expected, strict=True):
            assert point == pytest.approx((_x(share), _y(chance)), abs=0.01)


@pytest.mark.parametrize(
    ("asked", "said"),
    [(0.2, "between 1 in 20 and 2 in 5"), (0.3, "between 1 in 500 and 1 in 10"), (0.7, "none and none")],
)
def test_the_loss_that_is_asked_for_bears_both_chances(asked: float, said: str) -> None:
    told = Exceedance(CURVE, asked, 5.0, users="defence demand")  # its rows under an event are another answer
    assert told.title.startswith(f"{round(100 * asked)} % or more of defence demand short on a day 5 years ahead: ")
    assert told.title.endswith(said)
    svg = exceedance_svg(Exceedance(CURVE.iloc[:2], asked, 5.0, users="defence demand"))
    assert said in svg
    assert "of defence demand or more" in svg
    assert "5 years ahead" in svg


def test_an_event_without_a_rate_is_hatched_and_named() -> None:
    svg = exceedance_svg(Exceedance(CURVE, 0.3, 5.0, {"war": "A war & more"}))
    assert "nobody gives a rate: A war &amp; more" in svg
    assert svg.count('fill="url(#hatch)"') == 2  # the band, and its key
    assert 'fill="url(#hatch)"' not in exceedance_svg(Exceedance(CURVE.iloc[:2], 0.3, 5.0))


def test_it_prints_in_grey() -> None:
    svg = exceedance_svg(Exceedance(CURVE, 0.3, 5.0))
    colours = set(re.findall(r'(?:fill|stroke)="(#[0-9A-F]{6})"', svg))
    told_apart = [c for c in colours if max(channels(c)) - min(channels(c)) > 40]
    assert told_apart in ([], ["#A3320B"])  # the line of what is asked for alone has a colour


def channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def test_nothing_to_draw_is_a_picture_all_the_same() -> None:
    assert "none and none" in exceedance_svg(Exceedance(pd.DataFrame(columns=CURVE.columns), 0.3, 5.0))
