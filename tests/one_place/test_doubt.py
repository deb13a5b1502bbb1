"""What multiplies the rows of a table does so in one place: ``Overlay.times``."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from parsed import nodes, tree

import chainnet as cn
from chainnet.doubt._changes import Change
from chainnet.lowering import Overlay

PACKAGE = Path(cn.__file__).parent
SHARES = {"node_share", "edge_share", "stock_share", "demand_share"}
# where shares are made, not multiplied: a scenario's measures one upon another, and options of projects
MAKES = {"lowering/_overlay.py", "scenario/_overlay.py", "projects/_cases.py"}


@pytest.mark.parametrize(
    ("table", "rows", "share", "places"),
    [
        ("nodes", [1, 4], "node_share", [1, 4]),
        ("projects", [1], "node_share", [6]),  # behind five nodes and the first project
        ("edges", [2], "edge_share", [2]),
        ("demand", [0, 1], "demand_share", [0, 1]),
        ("stocks", [1], "stock_share", [1]),
    ],
)
def test_rows_are_multiplied_and_nothing_else(table: str, rows: list[int], share: str, places: list[int]) -> None:
    start = {"node_share": 0.5 + np.arange(7), "edge_share": 0.25 + np.arange(3), "demand_share": 2.0 + np.arange(2),
             "stock_share": 0.75 + np.arange(2)}  # fmt: skip
    given = Overlay(built=np.zeros(2), restrictions=(), edge_cost=np.zeros(3), release_tpa=np.full(2, np.inf),
                    stock_tiers=((), ()), **{name: values.copy() for name, values in start.items()})  # fmt: skip
    factors = 3.0 + np.arange(len(rows))
    for found in (given.times(table, np.array(rows), factors), Change.of(table, rows, factors).put(given)):
        for name, values in start.items():
            wanted = values.copy()
            if name == share:
                wanted[places] *= factors
            np.testing.assert_array_equal(getattr(found, name), wanted)
            np.testing.assert_array_equal(getattr(given, name), values)


@pytest.mark.long
def test_no_share_is_copied_to_be_multiplied_elsewhere() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).as_posix() in MAKES:
            continue
        for node in nodes(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copy":
                held = node.func.value
                assert not (isinstance(held, ast.Attribute) and held.attr in SHARES), f"{path.name}: Overlay.times"
