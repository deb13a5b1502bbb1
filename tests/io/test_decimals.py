"""One rule for the decimal mark of numbers that are text, wherever they stand; worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import chainnet as cn

HEAD = ["source", "target", "capacity_tpa"]
HOW: dict[str, Any] = {"source": "n0", "sink": "n9"}


def rows_of(texts: list[Any]) -> list[list[Any]]:
    return [[f"n{i}", f"n{i + 1}" if i + 1 < len(texts) else "n9", text] for i, text in enumerate(texts)]


def of_text(separator: str, name: str = "n.csv") -> Callable[[Path, list[Any]], Any]:
    def read(folder: Path, texts: list[Any], **how: Any) -> cn.Network:
        lines = [separator.join(map(str, row)) for row in [HEAD, *rows_of(texts)]]
        (folder / name).write_text("\n".join(lines) + "\n")
        return cn.read(folder / name, separator=separator, **HOW, **how)

    return read


def of_book(folder: Path, texts: list[Any], **how: Any) -> cn.Network:
    book = openpyxl.Workbook()
    for row in [HEAD, *rows_of(texts)]:
        book.active.append(row)
    book.save(folder / "n.xlsx")
    return cn.read(folder / "n.xlsx", **HOW, **how)


def of_frame(folder: Path, texts: list[Any], **how: Any) -> cn.Network:
    return cn.Network.from_edges(pd.DataFrame(rows_of(texts), columns=HEAD), **HOW, **how)


def of_parquet(folder: Path, texts: list[Any], **how: Any) -> cn.Network:
    pytest.importorskip("pyarrow")
    pd.DataFrame(rows_of(list(map(str, texts))), columns=HEAD).to_parquet(folder / "n.parquet")
    return cn.read(folder / "n.parquet", **HOW, **how)


def of_excerpt(folder: Path, texts: list[Any], **how: Any) -> cn.Network:
    lines = [";".join(map(str, row)) for row in [["Deliveries"], HEAD, *rows_of(texts)]]
    (folder / "e.csv").write_text("\n".join(lines) + "\n")
    return cn.read(folder / "e.csv", separator=";", header=2, **HOW, **how)


SOURCES: dict[str, Any] = {
    "semicolons": of_text(";"), "tabs": of_text("\t"), "tsv": of_text("\t", "n.tsv"), "workbook": of_book,
    "frame": of_frame, "parquet": of_parquet, "excerpt": of_excerpt,
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_a_value_that_can_be_read_one_way_alone_decides_for_its_column(tmp_path: Path, source: str) -> None:
    for texts, numbers in (
        (["1.200", "25.65"], [1.2, 25.65]),
        (["1.200", "1.234,5"], [1200, 1234.5]),
        (["1,200", "0,5"], [1.2, 0.5]),
        (["1,200", "1,234.5"], [1200, 1234.5]),
        (["1.200", "0.125"], [1.2, 0.125]),
        (["1.200", "1.234.567"], [1200, 1234567]),
        (["1.200", "2.5e3"], [1.2, 2500]),
        (["1 200", "7"], [1200, 7]),
        (["3", "40"], [3, 40]),
    ):
        assert SOURCES[source](tmp_path, texts).edges["capacity_tpa"].tolist() == numbers, texts


@pytest.mark.parametrize("source", SOURCES)
def test_a_column_that_leaves_it_open_is_refused_once_and_read_with_the_remedy(tmp_path: Path, source: str) -> None:
    for texts, by_point, by_comma in (
        (["1.200", "34.500", "4"], [1.2, 34.5, 4], [1200, 34500, 4]),
        (["280,000", "9,000"], [280000, 9000], [280, 9]),
    ):
        with pytest.raises(cn.DataError) as caught:
            SOURCES[source](tmp_path, texts)
        [fault] = caught.value.faults_list
        assert (fault.row, fault.column, fault.value) == (3 if source == "excerpt" else 2, "capacity_tpa", texts[0])
        assert "may mark thousands, or be the decimal mark, in 2 cells of the column" in fault.rule
        assert 'decimal=","' in fault.remedy
        assert "--decimal" in fault.remedy
        for decimal, numbers in ((".", by_point), (",", by_comma)):
            assert SOURCES[source](tmp_path, texts, decimal=decimal).edges["capacity_tpa"].tolist() == numbers


@pytest.mark.parametrize("source", SOURCES)
def test_a_column_with_both_marks_is_refused_once(tmp_path: Path, source: str) -> None:
    with pytest.raises(cn.DataError, match=r'"2.25": its decimal mark is a point, that of "1,5" in the same') as caught:
        SOURCES[source](tmp_path, ["2.25", "1,5", "3,5"])
    assert len(caught.value.faults_list) == 1


def test_numbers_beside_one_text_in_a_workbook_decide_nothing(tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match=r'edges|Sheet row 2, capacity_tpa: "1.200"'):
        of_book(tmp_path, ["1.200", 4, 25.65])
    assert of_book(tmp_path, ["1.200", 4, 25.65], decimal=",").edges["capacity_tpa"].tolist() == [1200, 4, 25.65]


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_what_pandas_writes_is_read(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(rows_of([1.2, 3.125, 40.0, 1234.567]), columns=HEAD)
    frame.to_csv(tmp_path / f"n{suffix}", sep="," if suffix == ".csv" else "\t", index=False)
    assert cn.read(tmp_path / f"n{suffix}", **HOW).edges["capacity_tpa"].tolist() == frame["capacity_tpa"].tolist()


def test_a_folder_of_our_own_comes_back_as_it_was(tmp_path: Path) -> None:
    net = of_frame(tmp_path, [1.234, 5.678])
    for target in ("folder", "n.xlsx", "n.graphml", "n.json"):
        assert cn.read(cn.write(net, tmp_path / target)).digest == net.digest


def test_trade_in_python_has_the_same_rule() -> None:
    def flows(*texts: str, **how: Any) -> list[float]:
        frame = pd.DataFrame([("COD", f, t) for f, t in zip(("CHN", "JPN"), texts, strict=True)])
        frame.columns = pd.Index(["exporter", "importer", "t"])
        return [float(t) for t in cn.from_trade(frame, products={"26": 1.0}, **how).flows["value_t"]]

    assert flows("1.200", "1.234,5") == [1200, 1234.5]
    assert flows("1.200", "25.65") == [1.2, 25.65]
    with pytest.raises(cn.DataError, match=r'trade row 2, t: "1.200": the point may mark thousands'):
        flows("1.200", "4")
    assert flows("1.200", "4", decimal=",") == [1200, 4]
