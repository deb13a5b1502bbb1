"""Files such as offices send, made at random: each command that look prints runs, and reads what pandas adds up."""

from __future__ import annotations

import io
import random
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app

MAKERS, USERS = ("COD", "AUS", "CHL", "ZMB", "IDN"), ("CHN", "JPN", "KOR", "DEU", "FRA")
IN_TONNES = {"t": 1.0, "kg": 0.001, "kt": 1000.0, "lb": 0.00045359237}


@dataclass
class File:
    """Cells, and the flows in them: year, tonnes (in the unit of the cell), unit."""

    rows: list[list[Any]]
    flows: pd.DataFrame
    name: str
    separator: str = ","
    encoding: str = "utf-8"
    is_told: bool = True

    def write(self, folder: Path) -> None:
        if self.name.endswith(".xlsx"):
            book = openpyxl.Workbook()
            for row in self.rows:
                book.active.append(row)
            out = io.BytesIO()
            book.save(out)
            (folder / self.name).write_bytes(out.getvalue())
            return

        def cell(value: Any) -> str:
            text = "" if value is None else str(value)
            return f'"{text}"' if self.separator in text else text

        lines = [self.separator.join(map(cell, row)) for row in self.rows]
        (folder / self.name).write_bytes(("\n".join(lines) + "\n").encode(self.encoding))


def made(seed: int) -> File:
    """A file: which columns stand in it, in which order, and what is written around them, by chance."""
    draw = random.Random(seed)
    years = draw.sample(range(2015, 2024), draw.choice((0, 0, 1, 2, 3)))
    kind = draw.choice(("weight", "sums", "units", "direction", "weight"))
    unit = draw.choice(("t", "kg", "kt", "lb"))
    mark = draw.choice((".", ","))
    separator = draw.choice((",", ";", "\t")) if mark == "." else draw.choice((";", "\t"))
    is_book = draw.random() < 0.3
    records = []
    for maker in draw.sample(MAKERS, draw.randint(2, 5)):
        for user in draw.sample(USERS, draw.randint(1, 4)):
            for year in years or [0]:
                parts = [draw.randint(1, 90_000) + draw.choice((0.0, 0.25, 0.5)) for _ in range(2)]
                if kind == "units":
                    unit = draw.choice(("t", "kg"))
                records.append((maker, user, year, unit, *parts, draw.random() < 0.5))
    if kind == "direction":
        records = [(*one[:-1], draw.random() < 0.5) for one in records]
    frame = pd.DataFrame(records, columns=["maker", "user", "year", "unit", "first", "second", "is_export"])
    frame["t"] = (frame["first"] + frame["second"]) * frame["unit"].map(IN_TONNES)

    def number(value: float) -> Any:
        return value if is_book else f"{value:.2f}".replace(".", mark)

    year_head = draw.choice(("t", "Year", "Jahr", "Period", "yr"))
    size = {"weight": f"Quantity ({unit})", "units": "Quantity"}.get(kind, f"Menge in {unit}")
    columns: dict[str, list[Any]] = {}
    is_told = True
    if kind == "direction":
        words = draw.choice((("X", "M"), ("exporter", "importer"), ("Export", "Import"), ("Ausfuhr", "Einfuhr")))
        side = frame["is_export"].tolist()
        ends = list(zip(frame["maker"], frame["user"], side, strict=True))
        columns["Reporter"] = [maker if mine else user for maker, user, mine in ends]
        columns["Partner"] = [user if mine else maker for maker, user, mine in ends]
        columns["role"] = [words[0] if mine else words[1] for mine in side]
    else:
        columns["Exporter"], columns["Importer"] = frame["maker"].tolist(), frame["user"].tolist()
    if years:
        columns[year_head] = frame["year"].tolist()
    if kind == "sums":
        columns |= {"H1": list(map(number, frame["first"])), "H2": list(map(number, frame["second"]))}
        head = draw.choice(("Total", "Year", "Full year")) if year_head not in ("Year",) else "Total"
        is_told = draw.random() < 0.5
        columns[f"{head} ({unit})" if is_told else head] = list(map(number, frame["first"] + frame["second"]))
    else:
        columns[size] = list(map(number, frame["first"] + frame["second"]))
    if kind == "units":
        columns["Unit"] = frame["unit"].tolist()
    columns["Remark"] = [draw.choice((None, "provisional")) for _ in records]
    heads = list(columns)
    draw.shuffle(heads)
    rows: list[list[Any]] = [["Exports of ores (HS 2604)"], []] if draw.random() < 0.4 else []
    rows += [heads, *map(list, zip(*(columns[head] for head in heads), strict=True))]
    if draw.random() < 0.4 and kind not in ("units", "direction"):
        total = dict.fromkeys(heads)
        total["Exporter"] = "Total"
        for head in heads:
            is_sum = kind == "sums" and head.split(" (")[0] in ("Total", "Year", "Full year")
            if head in ("H1", "H2", size) or (is_sum and head != year_head):
                total[head] = number(round(sum(float(str(cell).replace(",", ".")) for cell in columns[head]), 2))
        rows.append([total[head] for head in heads])
    rows += [["Source: customs."]] if draw.random() < 0.4 else []
    name = f"file{seed}{'.xlsx' if is_book else draw.choice(('.csv', '.tsv' if separator == chr(9) else '.csv'))}"
    return File(rows, frame, name, separator, draw.choice(("utf-8", "cp1252", "utf-16")), is_told)


def run(command: str) -> str:
    done = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
    assert done.exit_code == 0, f"{command}\n{done.output}"
    return done.stdout


@pytest.mark.parametrize("seed", range(20))
def test_each_command_runs_and_reads_what_pandas_adds_up(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = made(seed)
    file.write(tmp_path)
    printed = run(f"chainnet look {file.name}")
    commands = [line.strip() for line in printed.splitlines() if line.startswith("  chainnet ")]
    assert commands, printed
    read = set()
    for command in commands[:4]:
        words = shlex.split(command)
        given = dict(pairwise(words))
        run(command)
        flows = file.flows
        if len(set(flows["year"])) > 1:
            flows = flows[flows["year"] == int(given["--year"])]
        tonnes = flows["t"].sum()
        if not file.is_told:  # then look asks for the unit, and the command has an answer
            tonnes *= IN_TONNES[given.get("--unit", "t")] / IN_TONNES[flows["unit"].iloc[0]]
        net = cn.read(given["--out"])
        assert net.edges["flow_tpa"].sum() == pytest.approx(tonnes, rel=2e-4), f"{command}\n{printed}"
        read.add(given.get("--year"))
    assert read <= {str(year) for year in file.flows["year"]} | {None}
