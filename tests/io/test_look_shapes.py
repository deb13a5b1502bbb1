"""Shapes of sheets that people draw: merged cells beyond the data, cells as long as a book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

import chainnet as cn

ROWS = [["Exporter", "Importer", "t"], ["CHN", "JPN", 5], ["CHN", "KOR", 7]]
BOTH = {("CHN", "JPN"): 5.0, ("CHN", "KOR"): 7.0}


def book(path: Path, rows: list[list[Any]], *merged: str) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for cells in merged:
        made.active.merge_cells(cells)
    made.save(path)
    return path


def flows_of(call: str) -> dict[tuple[str, str], float]:
    flows = eval(call, {"cn": cn}).flows
    return {(a, b): float(v) for a, b, v in flows[["exporter", "importer", "value_t"]].itertuples(index=False)}


@pytest.mark.parametrize(
    ("above", "merged", "flows"),
    [
        ([], ["C1:D1"], BOTH),
        ([], ["C1:GR1"], BOTH),
        ([], ["E1:F1"], BOTH),
        ([], ["A2:A9"], BOTH),
        ([], ["A2:A3", "C1:E1"], BOTH),
        ([["Trade of 2022"]], ["A1:Z1", "A3:A40"], BOTH),
        ([["Trade of 2022"]], ["A1:Z1", "B2:B2", "C2:F2"], BOTH),
    ],
)
def test_merged_cells_may_reach_beyond_the_data(
    tmp_path: Path, above: list[list[Any]], merged: list[str], flows: dict[tuple[str, str], float]
) -> None:
    path = book(tmp_path / "m.xlsx", above + ROWS, *merged)
    assert flows_of(cn.look(path).calls[0]) == flows
    names = {"Exporter": "exporter", "Importer": "importer"}
    found = cn.from_trade(path, products={"26": 1.0}, header=len(above) + 1, rename=names)
    assert found.flows["value_t"].sum() == 12


def test_a_head_merged_over_two_rows_beyond_the_data_names_both_columns(tmp_path: Path) -> None:
    rows = [
        ["Exporter", "Importer", "Quantity", None],
        [None, None, "t", "USD"],
        ["CHN", "JPN", 5, 6],
        [None, "KOR", 7, 8],
    ]
    path = book(tmp_path / "m.xlsx", rows, "A1:A2", "B1:B2", "C1:G1", "A3:A99")
    assert flows_of(cn.look(path).calls[0]) == BOTH


@pytest.mark.parametrize("piece", ["1", "1 ", "1.", "x y", "\u00e9,x", "(", "a / "])
def test_a_cell_of_megabytes_is_refused_at_once(tmp_path: Path, piece: str) -> None:
    path, long = tmp_path / "long.csv", piece * (2_000_000 // len(piece))
    for text in (f'source,target,capacity_tpa\na,"{long}",1\nb,c,3\n', f'source,target,"{long}"\na,b,1\nb,c,3\n'):
        path.write_text(text)
        with pytest.raises(cn.DataError, match=r"at most 1000000 are taken|more than"):
            cn.look(path)
        with pytest.raises(cn.DataError):
            cn.read(path)
