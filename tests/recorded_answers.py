"""Answers on record: every table, figure, certificate, standing and message of many small questions.

A family's questions stand in ``tests/recorded/<family>.toml`` as Python expressions by name, its answers beside them in
``<family>.json``: the rows of a table under the names of its columns, and once an answer where it comes from and what its
columns mean. ``tests/test_recorded.py`` asks again and compares. After a change that is meant, look at what changed:

    python tests/recorded_answers.py flow && git diff tests/recorded
"""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
import warnings
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import chainnet as cn
from chainnet.errors import ChainnetError
from chainnet.results import Result

RECORDED = Path(__file__).parent / "recorded"

# what differs from one machine or release to the next
LEFT_OUT = {"version", "versions", "digest", "command", "python", "seconds", "gap", "violation", "second_value"}


def names() -> dict[str, Any]:
    """What an expression may use: the public names, the faces, toy networks and the shipped chains' names."""
    import criticality_networks
    import engine_programs
    import flow_problems
    import project_networks
    import recipe_networks
    import recorded_chains
    import scenario_networks
    import stress_networks
    from conftest import TOYS, frame

    faces = {
        name: import_module(f"chainnet.{name}")
        for name in ["engine", "network", "scenario", "lowering", "flow", "criticality", "stress", "projects"]
    }
    toys = {name: make() for name, (make, _) in TOYS.items()}
    mag9 = cn.read("mag-9")
    return {
        **faces,
        **toys,
        "cn": cn,
        "np": np,
        "pd": pd,
        "inf": math.inf,
        "nan": math.nan,
        "frame": frame,
        "mag9": mag9,
        "china_out": cn.scenarios(mag9)["china_out"],
        "S": cn.Scenario,
        "recipes": recipe_networks,
        "problems": flow_problems,
        # projects
        "sites": project_networks,
        "site": project_networks.SITE,
        # scenario
        "yards": scenario_networks,
        "yard": scenario_networks.YARD,
        # flow
        "chains": recorded_chains,
        "programs": engine_programs,
        # criticality, stress
        "crit": criticality_networks,
        "works": criticality_networks.works(),
        "based": criticality_networks.based(),
        "roads": criticality_networks.roads(),
        "stocked": criticality_networks.stocked(),
        "stressed": stress_networks,
    }


@cache
def questions(family: str) -> dict[str, str]:
    """Expressions by name."""
    return tomllib.loads((RECORDED / f"{family}.toml").read_text(encoding="utf-8"))


def recorded(family: str) -> dict[str, Any]:
    """Answers by name, as they were when they were recorded."""
    return read(RECORDED / f"{family}.json")


def read(file: Path) -> dict[str, Any]:
    """What is on record in a file."""
    return _unpacked(json.loads(file.read_text(encoding="utf-8")))


def write(file: Path, found: dict[str, Any]) -> int:
    """Put answers on record; the bytes that they take."""
    text = json.dumps(_packed(found), ensure_ascii=False, indent=1, allow_nan=False)
    text = re.sub(r"[{\[][^{}\[\]]*[}\]]", lambda part: re.sub(r"\n +", " ", part[0]), text) + "\n"  # a row is a line
    return file.write_bytes(text.encode())


def _packed(value: Any) -> Any:
    """The same with the names of columns once a table, not once a row."""
    if isinstance(value, dict):
        return {k: _packed(v) for k, v in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > 1 and all(isinstance(row, dict) and row and list(row) == list(value[0]) for row in value):
        return {"each": list(value[0]), "is": [[_packed(cell) for cell in row.values()] for row in value]}
    return [_packed(v) for v in value]


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(v) for v in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["each", "is"]:
        return [{k: _unpacked(v) for k, v in zip(value["each"], row, strict=True)} for row in value["is"]]
    return {k: _unpacked(v) for k, v in value.items()}


def answer(question: str, known: dict[str, Any]) -> Any:
    """The answer as plain data, without its warnings; the message, if it is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cn.ChainnetWarning)
            return gathered(plain(eval(question, dict(known))))
    except ChainnetError as err:
        return {"error": f"{type(err).__name__}: {err}"}


def plain(value: Any) -> Any:
    """Return what JSON can hold of a result; a number that is none, or is infinite, as a word."""
    if isinstance(value, pd.DataFrame):
        rows = value.reset_index() if any(name is not None for name in value.index.names) else value
        said = {k: plain(v) for k, v in value.attrs.items()}
        return {"rows": [plain(row) for row in rows.to_dict("records")], **({"attrs": said} if said else {})}
    if isinstance(value, pd.Series):
        return plain(value.to_dict())
    if isinstance(value, cn.Network):
        tables = {name: getattr(value, name) for name in value.as_read}
        return {name: plain(rows.dropna(axis=1, how="all")) for name, rows in tables.items() if len(rows)}
    if isinstance(value, cn.Scenario):
        return value.to_toml()
    if isinstance(value, Result):
        return {"is": type(value).__name__} | {
            field.name: plain(getattr(value, field.name)) for field in fields(value) if field.name not in LEFT_OUT
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name not in LEFT_OUT}
    if isinstance(value, dict):
        return {_key(k): plain(v) for k, v in value.items() if k not in LEFT_OUT}
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if isinstance(value, (list, tuple, np.ndarray, pd.Index)):
        return [plain(v) for v in (value.tolist() if hasattr(value, "tolist") else value)]
    if value is None or value is pd.NA:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.number)):
        return float(f"{value:.9g}") if math.isfinite(value) else str(float(value))
    return str(value)


def gathered(found: Any) -> Any:
    """An answer with what its tables repeat said once: where it comes from, and what each column means."""
    origins: list[Any] = []
    meanings: dict[str, set[str]] = {}

    def part(value: Any) -> Any:
        if isinstance(value, list):
            return [part(v) for v in value]
        if not isinstance(value, dict):
            return value
        rest = {}
        for key, inner in value.items():
            if key == "provenance":
                origins.extend([] if inner in origins else [inner])
            elif key == "columns" and (books := codebooks(inner)):
                for column, said in (line for book in books for line in book.items()):
                    meanings.setdefault("; ".join(f"{k} {v}" for k, v in said.items() if v), set()).add(column)
            elif (told := part(inner)) or key != "attrs":
                rest[key] = told
        return rest

    answer = part(found)
    if not origins and not meanings:
        return answer
    said = {meaning: " ".join(sorted(columns)) for meaning, columns in meanings.items()}
    return {"answer": answer, "provenance": origins, "columns": said}


def codebooks(value: Any) -> list[dict[str, Any]]:
    """What tells the unit and the standing of columns: that of one table, or of several by name."""
    books = [value] if isinstance(value, dict) else []
    if books and value and not any("unit" in said for said in value.values() if isinstance(said, dict)):
        books = list(value.values())
    return books if all(isinstance(b, dict) and all("unit" in said for said in b.values()) for b in books) else []


def _key(value: Any) -> str:
    return " | ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def differences(now: Any, then: Any, where: str = "") -> list[str]:
    """Where two plain answers differ, numbers by more than one part in a million."""
    if isinstance(now, dict) and isinstance(then, dict):
        return [
            line
            for key in dict.fromkeys([*then, *now])
            for line in differences(now.get(key, "absent"), then.get(key, "absent"), f"{where}.{key}")
        ]
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [
            line
            for place, pair in enumerate(zip(now, then, strict=True))
            for line in differences(*pair, f"{where}[{place}]")
        ]
    if type(now) is float and type(then) is float:
        same = abs(now - then) <= 1e-6 * max(1.0, abs(then))
    else:
        same = type(now) is type(then) and now == then
    return [] if same else [f"{where}: {now!r}, on record {then!r}"]


def main(families: list[str]) -> None:
    """Ask every question of the families again, and put what is answered on record."""
    known = names()
    for family in families or sorted(path.stem for path in RECORDED.glob("*.toml")):
        found = {name: answer(question, known) for name, question in questions(family).items()}
        print(f"{family}: {len(found)} answers, {write(RECORDED / f'{family}.json', found)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
