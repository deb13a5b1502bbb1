"""The picture of the break: steps that stand side by side are one column, the cut stands at the bottleneck."""

from __future__ import annotations

import pandas as pd

from chainnet.drawing import Break, break_svg
from chainnet.drawing.flow_break import columns_of


def passage(*rows: tuple[str, str, str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["step", "country", "to_step", "to_country", "arrives_tpa", "lost_tpa"])


ROWS = passage(
    ("refining", "JPN", "wafer", "USA", 4.0, 0.0),
    ("refining", "CHN", "precursor", "USA", 0.0, 6.0),
    ("wafer", "USA", "", "USA", 4.0, 0.0),
    ("precursor", "USA", "", "USA", 0.0, 6.0),
)


def drawn(table: pd.DataFrame) -> str:
    names = {name: name for name in [*table["country"], *table["to_country"]]}
    steps = {step: step for step in table["step"]}
    return break_svg(Break(table, steps, names, ("refining", "CHN"), "Bottleneck here", "Users", "4 of 10 arrive"))


def test_steps_that_feed_the_same_stand_in_one_column() -> None:
    assert columns_of(ROWS) == [["refining"], ["wafer", "precursor"]]


def test_the_cut_and_what_arrives_are_labelled() -> None:
    svg = drawn(ROWS)
    assert ">Wafer and precursor<" in svg
    assert "4 of 10 arrive" in svg
    assert "Bottleneck" in svg


def test_what_never_flows_is_said_and_not_drawn() -> None:
    assert "4 of 10 arrive" in drawn(passage())
