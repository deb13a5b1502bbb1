"""Folders against the Frictionless standard (Table Schema v2): what the descriptor says of a file is true of it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import TOYS, frame, line

import chainnet as cn
from chainnet.io import generate_datapackage, headers_of, write_template
from chainnet.network import graphs_folder

SHIPPED = sorted(path.parent.name for path in graphs_folder().glob("*/datapackage.json"))
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
CASTS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "number": lambda text: float(text) if NUMBER.fullmatch(text) else None,
    "integer": lambda text: int(text) if re.fullmatch(r"[+-]?\d+", text) else None,
}
RULES: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "enum": lambda value, words: value in words,
    "pattern": lambda value, pattern: re.fullmatch(pattern, value) is not None,
    "required": lambda value, _: value is not None,
}

Rows = list[dict[str, Any]]


def table_faults(folder: Path, resource: dict[str, Any]) -> tuple[list[str], Rows]:
    """Return what the standard forbids in one file, and its rows with typed cells (None = missing)."""
    schema, name = resource["schema"], resource["name"]
    with (folder / resource["path"]).open(encoding=resource["encoding"], newline="") as handle:
        header, *lines = list(csv.reader(handle))
    faults = [] if header == [f["name"] for f in schema["fields"]] else [f"{name}: the header is not the fields"]
    missing = schema.get("missingValues", [""])
    rows: Rows = []
    for number, cells in enumerate(lines, start=2):
        row: dict[str, Any] = {}
        for spec, text in zip(schema["fields"], cells, strict=True):
            row[spec["name"]] = value = None if text in missing else CASTS[spec["type"]](text)
            where = f"{name} {number} {spec['name']}"
            if value is None and text not in missing:
                faults.append(f"{where}: {text!r} is no {spec['type']}")
            for rule, bound in spec.get("constraints", {}).items():
                if (value is not None or rule == "required") and not RULES[rule](value, bound):
                    faults.append(f"{where}: {rule}")
        rows.append(row)
    primary = schema.get("primaryKey", [])
    for key in [primary, *schema.get("uniqueKeys", [])]:
        words = [tuple(row[column] for column in key) for row in rows]
        faults += [f"{name}: the key {key} stands twice"] * (key != [] and len(set(words)) < len(words))
        faults += [f"{name}: a blank in the primary key"] * any(key == primary and None in word for word in words)
    return faults, rows


def package_faults(folder: Path) -> list[str]:
    """Return what the standard forbids in a folder."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    resources = {resource["name"]: resource for resource in package["resources"]}
    faults = [] if len(resources) == len(package["resources"]) else ["two resources of one name"]
    listed = {resource["path"] for resource in package["resources"]}
    faults += [f"{name}: not a name" for name in resources if not re.fullmatch(r"[a-z0-9._-]+", name)]
    rows: dict[str, Rows] = {}
    for name, resource in resources.items():
        found, rows[name] = table_faults(folder, resource)
        faults += found
    faults += [f"{path.name} is not listed" for path in folder.glob("*.csv") if path.name not in listed]
    for name, resource in resources.items():
        for foreign in resource["schema"].get("foreignKeys", []):
            other = foreign["reference"]
            held = {tuple(row[c] for c in other["fields"]) for row in rows[other["resource"] or name]}
            asked = {tuple(row[c] for c in foreign["fields"]) for row in rows[name]}
            faults += [f"{name}: {word} is not in {other}" for word in asked - held if None not in word]
    return faults


def odd() -> cn.Network:
    """Text that a file must quote, numbers at the ends of their range, blank keys, every optional table."""
    return cn.Network(
        nodes=frame(
            "id stage label operator country unit_cost_usd_per_t",
            ("m", "mine", " lead", "=1+1", "CHN", -3.5),
            ("nan", "end_use", 'tail, "quoted"\nover two lines', "NA", "USA", None),
            ("n", "end_use", "nan", "-", None, 1e-300),
        ),
        edges=frame("source target flow_tpa", ("m", "nan", 0.1), ("m", "n", 1.2345678901234567e22)),
        demand=frame("node tier demand_tpa", ("n", None, 3.0), ("n", "defence", 3.0)),
        totals=frame("step year value unit country", ("x", 2024, 1.5, "t/yr", None), ("x", 2024, 0.5, "share", "CHN")),
        stocks=frame("id stock_t node", ("s", 1.0, None)),
        projects=frame("id stage start_year ramp_years", ("p", "mine", 2026, 1.0)),
        contracts=frame("supplier for share", ("p", "CHN", 1.0)),
        groups=frame("group country", ("g", "CHN")),
        tiers=frame("tier rank", ("defence", 1.0)),
        qualification=frame("commodity tier months", ("c", "defence", 3.0)),
        name="odd Näme/..",
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_folder_keeps_the_standard(name: str) -> None:
    assert package_faults(graphs_folder() / name) == []


@pytest.mark.parametrize("make", [*(toy for toy, _ in TOYS.values()), odd], ids=lambda make: make.__name__)
def test_a_folder_that_is_written_keeps_the_standard(make: Callable[[], cn.Network], tmp_path: Path) -> None:
    assert package_faults(cn.write(make(), tmp_path / "chain")) == []


def test_the_template_keeps_the_standard(tmp_path: Path) -> None:
    assert package_faults(write_template(tmp_path / "chain")) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_descriptor_is_the_generated_one(name: str, today: dict[str, cn.Network]) -> None:
    folder = graphs_folder() / name
    made = generate_datapackage(today[name], headers_of(folder))
    assert (folder / "datapackage.json").read_text(encoding="utf-8") == made


def test_blank_columns_of_a_file_are_fields_and_stay_where_they_are(tmp_path: Path) -> None:
    folder = cn.write(line(), tmp_path / "line")
    (folder / "nodes.csv").write_text("note,id,stage\n,mine,mine\n,port,refiner\n,user,end_use\n", encoding="utf-8")
    text = generate_datapackage(cn.read(folder), headers_of(folder))
    (folder / "datapackage.json").write_text(text, encoding="utf-8")
    assert package_faults(folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("edges.csv", "source,target,", "target,source,", "header"),
        ("nodes.csv", ",5\n", ",five\n", "no number"),
        ("nodes.csv", ",5\n", ",-5\n", "minimum"),
        ("nodes.csv", "refiner", "refinery", "enum"),
        ("nodes.csv", "user,", "port,", "stands twice"),
        ("nodes.csv", "user,", ",", "required"),
        ("edges.csv", "mine,", "nowhere,", "is not in"),
        ("datapackage.json", '"edges.csv"', '"nodes.csv"', "not listed"),
    ],
)
def test_what_breaks_the_standard_is_seen(file: str, old: str, new: str, fault: str, tmp_path: Path) -> None:
    """The checks above can fail."""
    folder = cn.write(line(), tmp_path / "line")
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    assert any(fault in word for word in package_faults(folder))
