"""Events as files: ``events/<event>.toml``, and beside them the inputs and outcomes of the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.hindsight._checks import check_event, check_outcomes
from chainnet.hindsight._event import INPUT_COLUMNS, OUTCOME_COLUMNS, Event, Question
from chainnet.io import load_toml, parse_csv, read_text
from chainnet.network import Network, check_network, graphs_folder

FOLDER = "events"
_KEYS = ("label", "actor", "class", "announced", "in_force", "notice_days", "until", "text_source", "base_year", "base",
         "measures", "parameters", "questions")  # fmt: skip
_SAID = ("label", "actor", "class", "announced", "in_force", "until", "text_source")  # a day may be one of TOML
_NEEDED = ("label", "actor", "class", "in_force", "measures", "questions")
_ASKED = ("id", "kind", "commodity", "from", "to", "tier", "country", "months", "per", "factor", "who", "level",
          "among", "fitted", "seen")  # fmt: skip
_NUMBERS = ("value", "low", "high", "months", "phase")


@dataclass
class Intake:
    """The faults found so far."""

    faults: list[Fault] = field(default_factory=list)

    def fault(self, file: str, row: int | None, column: str, value: object, rule: str, remedy: str) -> None:
        """Note a broken rule."""
        self.faults.append(Fault(file, row, column, str(value), rule, remedy))

    def done(self) -> None:
        """Raise DataError with all that was noted."""
        if self.faults:
            raise DataError("events", self.faults)


def events(network: Network) -> Mapping[str, Event]:
    """Return the past events that lie beside a network, checked: what was known before, what is asked, what came.

    Parameters
    ----------
    network : Network
        Read from a folder with ``events/``, or a shipped graph.

    Returns
    -------
    Mapping of str to Event
        Sorted by id; empty where there are none. An unknown id raises UnknownIdError, which is a KeyError.

    Raises
    ------
    DataError
        With every fault: a form that is wrong, or an input that could not be known before.

    See Also
    --------
    hindcast, chain_before

    Examples
    --------
    >>> import chainnet as cn
    >>> event = cn.events(cn.read("graphite"))["graphite_2023"]
    >>> event.kind, event.notice_days, event.begins
    ('licence', 42, '2023-12')
    """
    check_network(network)
    folder, kind = events_folder(network), f"event of {network.name or 'the network'}"
    if folder is None:
        return MappingProxyType(checks.Named({}, "events", kind))
    intake = Intake()
    inputs = take_table(folder / "inputs.csv", INPUT_COLUMNS, intake)
    outcomes = take_table(folder / "outcomes.csv", OUTCOME_COLUMNS, intake)
    found = {}
    for path in sorted(folder.glob("*.toml")):
        event = _event(path, network, inputs, outcomes, intake)
        if event is not None:
            found[path.stem] = event
    for name, table in (("inputs.csv", inputs), ("outcomes.csv", outcomes)):
        for row, word in zip(table["row"], table["event"], strict=True):
            if not (folder / f"{word}.toml").is_file():
                intake.fault(name, row, "event", word, checks.unknown(word, found, "event"), "Correct the row.")
    for event in found.values():
        check_event(event, intake.fault, folder)
        check_outcomes(event, event.outcomes, "outcomes.csv", intake.fault)
    intake.done()
    return MappingProxyType(checks.Named(found, "events", kind))


def events_folder(network: Network) -> Path | None:
    """Return the folder in which the events of a network lie; None = it has none."""
    base = Path(network.folder) if network.folder else graphs_folder() / network.name
    has_name = network.folder is not None or (network.name and network.name == Path(network.name).name)
    return base / FOLDER if has_name and (base / FOLDER).is_dir() else None


def take_table(path: Path, columns: Sequence[str], intake: Intake) -> pd.DataFrame:
    """Return a table as text, its numbers as numbers, with the line of each row; without a file it is empty."""
    header: list[str] = []
    rows: list[list[Any]] = []
    lines: list[int] = []
    if path.is_file():
        records = parse_csv(read_text(path, path.name), path.name)
        intake.faults += records.faults
        header, rows, lines = records.header, records.rows, records.lines
        for word in header:
            if word not in columns:
                rule = checks.told("unknown column", word, columns)
                intake.fault(path.name, 1, word, "", rule, checks.listed(columns))
    given = {name: [str(row[at]).strip() for row in rows] for at, name in enumerate(header)}
    table = pd.DataFrame({name: given.get(name, [""] * len(rows)) for name in columns}, dtype=object)
    table["row"] = lines
    for column in [name for name in _NUMBERS if name in columns]:
        if column == "value" and "question" in columns:
            continue  # an outcome may be a word
        cells = table[column].tolist()
        numbers = [_number(cell) for cell in cells]
        for line, cell, number in zip(lines, cells, numbers, strict=True):
            if cell and not checks.is_number(number):
                intake.fault(path.name, line, column, cell, "is no number", "Write a finite number, or leave it blank.")
        table[column] = np.array(numbers, dtype=float)
    return table


def _number(cell: str) -> float:
    try:
        return float(cell or "nan")
    except ValueError:
        return float("nan")


def _event(path: Path, network: Network, inputs: pd.DataFrame, outcomes: pd.DataFrame, intake: Intake) -> Event | None:
    """Read one event file; None where it cannot be made sense of."""
    text = read_text(path, path.name)
    data, file, before = load_toml(text, path.name), path.name, len(intake.faults)
    for key in data:
        if key in ("extends", "scenario"):
            rule = "takes a scenario, which may hold what came later (R5)"
            intake.fault(file, None, key, data[key], rule, "Write the measures as the text of the event has them.")
        elif key not in _KEYS:
            intake.fault(file, None, key, "", checks.told("unknown key", key, _KEYS), checks.listed(_KEYS))
    for key in _NEEDED:
        if not data.get(key):
            intake.fault(file, None, key, "", "is missing", "Write it.")
    for key in _SAID:
        if not isinstance(data.get(key, ""), (str, date)):
            intake.fault(file, None, key, data[key], "must be text", "Write one text in quotes.")
    for key in ("measures", "questions"):
        if not isinstance(data.get(key, []), list) or not all(isinstance(one, dict) for one in data.get(key, [])):
            intake.fault(file, None, key, "", "must be a list of tables", f"Write [[{key}]].")
    for key in ("notice_days", "base_year"):
        if not checks.is_whole(data.get(key, 0)) or data.get(key, 0) < 0:
            intake.fault(file, None, key, data[key], "is no whole number, 0 or more", "Write a number, such as 30.")
    if data.get("base", "before") != "before":
        rule = checks.unknown(data["base"], ("before",), "base")
        intake.fault(file, None, "base", data["base"], rule, "Correct the word, or leave base out.")
    if not isinstance(data.get("parameters", {}), dict):
        intake.fault(file, None, "parameters", data["parameters"], "must be a table", "Write [parameters].")
    if len(intake.faults) > before:
        return None
    asked = [_question(one, number, file, intake) for number, one in enumerate(data["questions"], 1)]
    mine = inputs[inputs["event"] == path.stem]
    return Event(
        path.stem, str(data["label"]), network.name, str(data["actor"]), str(data["class"]),
        str(data.get("announced", "")), str(data["in_force"]), int(data.get("notice_days", 0)),
        str(data.get("until", "")), str(data.get("text_source", "")), int(data.get("base_year", network.year or 0)),
        data.get("base") == "before", tuple(data["measures"]), data.get("parameters", {}),
        tuple(q for q in asked if q is not None), mine, outcomes[outcomes["event"] == path.stem],
        {"event": sha256(text.encode()).hexdigest(), "inputs": _digest(mine)}, network,
    )  # fmt: skip


def _digest(inputs: pd.DataFrame) -> str:
    return sha256(inputs.drop(columns="row").to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def _question(one: Mapping[str, Any], number: int, file: str, intake: Intake) -> Question | None:
    """Read one question; what is no question is a fault."""
    where, before = f"questions[{number}]", len(intake.faults)

    def fault(key: str, rule: str, remedy: str) -> None:
        intake.fault(file, None, f"{where}.{key}", one.get(key, ""), rule, remedy)

    for key in one:
        if key not in _ASKED:
            fault(key, checks.told("unknown key", key, _ASKED), checks.listed(_ASKED))
    for key in ("fitted", "seen"):
        if not isinstance(one.get(key, False), bool):
            fault(key, "must be true or false", "Write true, or leave it out.")
    for key in ("id", "kind"):
        if not isinstance(one.get(key), str) or not one[key]:
            fault(key, "is missing", "Write a word.")
    for key in _WORDS.values():
        if not isinstance(one.get(key, ""), str):
            fault(key, "must be text", "Write one word in quotes.")
    for key in ("commodity", "among"):
        listed = one.get(key, [])
        if not isinstance(listed, str) and not (isinstance(listed, list) and all(isinstance(w, str) for w in listed)):
            fault(key, "must be a word or a list of words", 'For example ["CHN", "JPN"].')
    months = one.get("months", [1, 12])
    if not (
        isinstance(months, list) and len(months) == 2 and all(map(checks.is_whole, months)) and months[0] <= months[1]
    ):
        fault("months", "is no window", "Write the first and the last month, such as [1, 3].")
    if not checks.is_number(one.get("factor", 1.0)) or one.get("factor", 1.0) <= 0:
        fault("factor", "must be above 0", "Write what gross tonnes are multiplied by.")
    if not checks.is_number(one.get("level", 0.9)) or one.get("level", 0.9) <= 0:
        fault("level", "must be above 0", "Write a share of the former flow.")
    if len(intake.faults) > before:
        return None
    words = {key: str(one.get(name, "")) for key, name in _WORDS.items()}
    question = Question(
        one["id"], one["kind"], commodity=_several(one.get("commodity")), months=(months[0], months[1]), **words,
        factor=float(one.get("factor", 1.0)), level=float(one.get("level", 0.9)), among=_several(one.get("among")),
        is_fitted=bool(one.get("fitted", False)), is_seen=bool(one.get("seen", False)),
    )  # fmt: skip
    return question if words["who"] else replace(question, who="tier")


_WORDS = {"source": "from", "target": "to", "tier": "tier", "country": "country", "per": "per", "who": "who"}


def _several(word: Any) -> tuple[str, ...]:
    if word is None or word == "":
        return ()
    return (word,) if isinstance(word, str) else tuple(map(str, word))
