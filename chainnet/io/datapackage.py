"""``datapackage.json``: the Frictionless descriptor of a folder, made from the schema and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError
from chainnet.io.intake import Intake
from chainnet.io.text import load_json, read_text
from chainnet.network import TABLES, Column, Network, Table, meta_of, meta_words, written_columns

DESCRIPTOR = "datapackage.json"
_MOST_RESOURCES = 1000
_TYPES = {"text": "string", "number": "number", "integer": "integer"}


@dataclass
class Descriptor:
    """What a descriptor says: words for the network, and the file of each table."""

    meta: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)


def generate_datapackage(network: Network, headers: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the text of ``datapackage.json`` for a network (Frictionless Data Package v2).

    Parameters
    ----------
    network : Network
        Its tables with any row become resources.
    headers : mapping of table to column names, optional
        The header of each file that lies there already: its fields are these, whether there is a value or not.
        Default the columns that ``write`` puts into a file.

    Returns
    -------
    str
        JSON with a closing line end; the same network gives the same text.
    """
    filed = network.at(None)  # what opened since is a project in a file, and stands again when it is read
    tables = {name: getattr(filed, name) for name in TABLES}
    filled = {name: frame for name, frame in tables.items() if len(frame)}
    counts = ", ".join(f"{len(frame)} {name}" for name, frame in filled.items())
    meta = meta_words(network)
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": meta.pop("name"),
        "title": meta.pop("title"),
        "description": f"A supply chain as tables, in tonnes a year: {counts}.",
        **meta,
        "resources": [
            _resource(TABLES[name], frame, (headers or {}).get(name) or file_columns(name, frame), filled)
            for name, frame in filled.items()
        ],
    }
    return json.dumps(package, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def file_columns(table: str, frame: pd.DataFrame) -> list[str]:
    """Return the columns that a file of the table holds: the required ones and those with any value."""
    return written_columns(frame, [c.name for c in TABLES[table].columns if c.required])


def _resource(
    table: Table, frame: pd.DataFrame, names: Sequence[str], filled: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(table.column(name)) for name in names]}
    key = [name for name in table.key if name in names]
    if table.key:
        # a key with blank cells is unique all the same, but no primary key
        whole = key == list(table.key) and bool(frame[key].notna().all(axis=None))
        schema |= {"primaryKey": key} if whole else {"uniqueKeys": [key]}
    foreign = [_foreign(name, other, column) for name, other, column in _references(table, filled) if name in names]
    if foreign:
        schema["foreignKeys"] = foreign
    return {
        "name": table.name,
        "path": f"{table.name}.csv",
        "type": "table",
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _references(table: Table, filled: Mapping[str, pd.DataFrame]) -> list[tuple[str, str, str]]:
    """Columns that point into one other table; a column that may point into two cannot be said."""
    out = []
    if "projects" not in filled:
        out += [(column, "nodes", "id") for column in table.foreign]
    if table.name not in ("commodities", "totals") and "commodity" in table.names and "commodities" in filled:
        out.append(("commodity", "commodities", "id"))
    return out


def _foreign(column: str, other: str, key: str) -> dict[str, Any]:
    return {"fields": [column], "reference": {"resource": other, "fields": [key]}}


def _field(column: Column) -> dict[str, Any]:
    out: dict[str, Any] = {"name": column.name, "type": _TYPES[column.kind], "description": column.description}
    if column.unit:
        out["unit"] = column.unit
    rules: dict[str, Any] = {}
    if column.filled:
        rules["required"] = True
    if column.words:
        rules["enum"] = list(column.words)
    if column.is_country:
        rules["pattern"] = "[A-Z]{3}"
    for word, bound in (("minimum", column.minimum), ("maximum", column.maximum), ("exclusiveMinimum", column.above)):
        if bound is not None:
            rules[word] = int(bound) if float(bound).is_integer() else bound
    if rules:
        out["constraints"] = rules
    if not column.filled:
        out["missing"] = column.missing
    return out


def read_descriptor(folder: Path, intake: Intake) -> Descriptor:
    """Read ``datapackage.json`` of a folder if it is there; faults go to ``intake``."""
    path = folder / DESCRIPTOR
    if not path.exists() and not path.is_symlink():
        return Descriptor()
    if not stays_inside(folder, path):
        intake.fault("is a link out of the folder", "Put the file itself into the folder.")
        return Descriptor()
    try:
        data = load_json(read_text(path, DESCRIPTOR), DESCRIPTOR)
    except DataError as error:
        intake.faults += error.faults_list
        return Descriptor()
    if not isinstance(data, dict):
        intake.fault("must be one JSON object", "Correct the file.")
        return Descriptor()
    out = Descriptor(take_meta(data, intake))
    resources = data.get("resources", [])
    if not isinstance(resources, list):
        intake.fault("must be a list", "Correct the file.", column="resources")
        resources = []
    if len(resources) > _MOST_RESOURCES:
        rule = f"has {len(resources)} resources; at most {_MOST_RESOURCES}"
        intake.fault(rule, "Correct the file.", column="resources")
        resources = []
    for number, resource in enumerate(resources):
        _take_resource(folder, number, resource, out, intake)
    return out


def take_meta(data: Mapping[str, Any], intake: Intake) -> dict[str, Any]:
    """Return the keywords of ``Network`` that ``data`` gives; wrong kinds are faults."""
    return meta_of(data, intake.fault)


def _take_resource(folder: Path, number: int, resource: Any, out: Descriptor, intake: Intake) -> None:
    where = f"resources[{number}]"
    name = resource.get("name") if isinstance(resource, dict) else None
    path = resource.get("path") if isinstance(resource, dict) else None
    if not isinstance(name, str) or not isinstance(path, str):
        rule = "a resource must have a name and one path"
        intake.fault(rule, "Name the table and its CSV file.", column=where)
        return
    # a path that leaves the folder is refused whatever the resource is called
    safe = _safe(path)
    if not safe:
        rule = "the path must be relative, without .. and no address"
        intake.fault(rule, "Put the file into the folder.", column=f"{where}.path", value=path)
    elif not stays_inside(folder, folder / path):
        rule = "the path is a link out of the folder"
        intake.fault(rule, "Put the file itself into the folder.", column=f"{where}.path", value=path)
        safe = False
    if name not in TABLES:
        rule = checks.told("no table has this name", name, TABLES)
        intake.fault(rule, checks.listed(TABLES), column=f"{where}.name", value=name)
    elif name in out.paths:
        intake.fault("the table stands twice", "Keep one resource.", column=f"{where}.name", value=name)
    else:
        out.paths[name] = path if safe else ""


def _safe(path: str) -> bool:
    parts = PurePosixPath(path.replace("\\", "/")).parts
    absolute = path.startswith(("/", "\\", "~")) or PureWindowsPath(path).drive != ""
    return bool(parts) and not absolute and ".." not in parts and "://" not in path and "\x00" not in path


def stays_inside(folder: Path, path: Path) -> bool:
    """Say whether ``path``, with every link followed, lies in ``folder``."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # also half a character, which no file system takes
        return False
