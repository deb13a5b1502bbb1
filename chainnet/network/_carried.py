"""What a graph carries beside its nodes and edges: words on the network and its other tables, as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.network._dates import day_of
from chainnet.network._gate import Frames, as_text
from chainnet.network._results import result_columns
from chainnet.network._schema import TABLES
from chainnet.network._tidy import plain_head

CARRIED = "chainnet"  # the attribute of a graph that holds it
_MOST_TABLES = 1000
_SHOWN = 5  # ids that a sentence names
_ALLOWED = [table for table in TABLES if table != "nodes"]  # every node stands among those of the graph


# keys of ``meta_words``, and ``year`` as folders were written before they bore a date
_META = ("name", "title", "base_year", "as_of", "main_commodity", "beneficiaries", "year")
# what else the standard of data packages knows, which no answer looks at
DESCRIBED = (
    "$schema", "id", "profile", "description", "homepage", "image", "version", "created", "keywords", "contributors",
    "licenses", "license", "sources", "readme", "author", "maintainers", "resources",
)  # fmt: skip
_OWN_KEYS = ("x-", "_", "$")  # how a key begins that somebody else looks at


class Tables(Protocol):
    """A network, as far as it is carried."""

    name: str
    label: str
    year: int | None
    as_of: str | None
    main_commodity: tuple[str, ...]
    beneficiaries: tuple[str, ...]

    @property
    def opened_projects(self) -> pd.DataFrame: ...

    def view(self, table: str) -> pd.DataFrame: ...


def written_columns(frame: pd.DataFrame, required: Iterable[str]) -> list[str]:
    """Return the columns of ``frame`` that a file needs: the required ones and those with any value."""
    keep = set(required)
    return [c for c in frame.columns if c in keep or bool(frame[c].notna().any())]


def rows_of(frame: pd.DataFrame, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns that a file needs and the rows of ``frame`` in them."""
    names = written_columns(frame, [c.name for c in TABLES[table].columns if c.required])
    columns = [[_cell(v) for v in frame[name].tolist()] for name in names]
    return names, list(zip(*columns, strict=True))


def _cell(value: Any) -> Any:
    """Return a table cell as JSON holds it: text, a number, or None where it is missing."""
    if isinstance(value, float):
        if value != value:
            return None
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return None if pd.isna(value) else value


def awake_edges(network: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the edges between nodes, and those that wait for a project to be built."""
    edges = network.view("edges")
    nodes = network.view("nodes")["id"]
    awake = edges["source"].isin(nodes) & edges["target"].isin(nodes)
    return edges[awake], edges[~awake]


def meta_words(network: Tables) -> dict[str, Any]:
    """Return name, title, dates, main commodity and beneficiaries as files hold them."""
    meta: dict[str, Any] = {"name": network.name, "title": network.label}
    if network.year is not None:
        meta["base_year"] = int(network.year)
    if network.as_of is not None:
        meta["as_of"] = network.as_of
    if network.main_commodity:
        main = list(network.main_commodity)
        meta["main_commodity"] = main[0] if len(main) == 1 else main
    if network.beneficiaries:
        meta["beneficiaries"] = list(network.beneficiaries)
    return meta


def _known_meta(data: Mapping[Any, Any], fault: Callable[..., None], also: Collection[str]) -> dict[str, Any]:
    """Return what is said under the keys of ``meta_words``, whatever their case; any other key is a fault."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        name = key if key in _META else plain_head(key)
        if name in found:
            fault(f"says the same as {name}", "Keep one of them.", column=str(key), value=value)
        elif name in _META:
            found[name] = value
        elif key not in also and not str(key).startswith(_OWN_KEYS):
            rule = checks.told("unknown key", name, _META)
            remedy = f"{checks.listed(_META)} A key of your own begins with x-."
            fault(rule, remedy, column=str(key), value="" if value is None else value)
    if len({"base_year", "year"} & found.keys()) == 2:
        fault("says the same as base_year", "Keep one of them.", column="year", value=found["year"])
    return found


def meta_of(
    data: Mapping[str, Any], fault: Callable[..., None], also: Collection[str] | None = DESCRIBED
) -> dict[str, Any]:
    """Return the keywords of ``Network`` that ``data`` gives; wrong kinds and unknown keys are faults.

    Parameters
    ----------
    data : mapping
        Of ``meta_words``.
    fault : callable
        Takes rule and remedy, and by name column and value.
    also : collection of str, optional
        Keys that may stand beside those; None = any, as in a graph of others.
    """
    meta: dict[str, Any] = {}
    data = data if also is None else _known_meta(data, fault, also)
    for key, argument in (("name", "name"), ("title", "label")):
        value = data.get(key)
        if isinstance(value, str):
            if value.strip():
                meta[argument] = value
        elif value is not None:
            fault("must be text", "Quote it.", column=key, value=value)
    column = "base_year" if "base_year" in data else "year"  # as folders were written before they bore a date
    year = data.get(column)
    if checks.is_whole(year) and 1900 <= year <= 2200:
        meta["year"] = year
    elif year is not None:
        fault("must be a year from 1900 to 2200", "Write it as a plain number.", column=column, value=year)
    as_of = data.get("as_of")
    try:
        if as_of is not None:
            meta["as_of"] = day_of(as_of).isoformat()
    except DataError:
        fault("is no date", "Write YYYY-MM-DD, or YYYY-MM for its last day.", column="as_of", value=as_of)
    for key in ("main_commodity", "beneficiaries"):
        value = data.get(key)
        words = [value] if isinstance(value, str) else value
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            meta[key] = words
        elif value is not None:
            fault("must be a text or a list of texts", "Correct it.", column=key, value=value)
    return meta


def carried_words(network: Tables, results: str = "") -> dict[str, Any]:
    """Return what a graph keeps beside nodes and edges: meta words, the other tables, which columns are answers."""
    _, asleep = awake_edges(network)
    frames = {table: network.view(table) for table in TABLES if table not in ("nodes", "edges")}
    frames["edges"] = asleep
    tables = {}
    for table, frame in frames.items():
        if len(frame):
            columns, rows = rows_of(frame, table)
            tables[table] = {"columns": columns, "rows": rows}
    said: dict[str, Any] = {"results": results} if results else {}
    if len(opened := network.opened_projects):
        columns, rows = rows_of(opened, "projects")
        said["opened"] = {"columns": columns, "rows": rows}
    return {**meta_words(network), **({"tables": tables} if tables else {}), **said}


class CarriedTable(NamedTuple):
    """The rows of one table, and where each stood."""

    columns: list[str]
    rows: list[list[Any]]
    lines: list[int]


@dataclass
class Carried:
    """What a graph carried, read again: keywords of ``Network``, tables, columns that are answers, what was wrong.

    ``lost`` names what a simple graph left out.
    """

    meta: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, CarriedTable] = field(default_factory=dict)
    results: dict[str, list[str]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def of(cls, words: Mapping[str, Any], place: str, files: Mapping[str, str], is_own: bool = True) -> Carried:
        """Read the words of a graph.

        Parameters
        ----------
        words : mapping
            Of ``carried_words``.
        place : str
            How faults call the words.
        files : mapping of str to str
            How faults call each table.
        is_own : bool
            Whether chainnet wrote them; else other words may stand among them.
        """
        out = cls(results=result_columns(words.get("results")))

        def fault(rule: str, remedy: str, *, column: str = "", value: object = "") -> None:
            out.faults.append(Fault(place, None, column, str(value), rule, remedy))

        tables = words.get("tables", {})
        if not isinstance(tables, Mapping):
            fault("must be an object of tables", "Correct the file.", column="tables")
        elif len(tables) > _MOST_TABLES:
            rule = f"has {len(tables)} tables; at most {_MOST_TABLES}"
            fault(rule, "Correct the file.", column="tables")
        else:
            for table, content in tables.items():
                out._take(table, content, fault, files)
        opened = words.get("opened")
        if opened is not None:
            out._take("projects", opened, fault, {**files, "projects": "opened"}, "opened")
        out.meta = meta_of(words, fault, ("tables", "results", "opened", "lost", *DESCRIBED) if is_own else None)
        lost = words.get("lost", [])
        out.lost = [str(word) for word in lost] if isinstance(lost, list) else []
        return out

    def _take(
        self, table: str, content: Any, fault: Callable[..., None], files: Mapping[str, str], kept_as: str = ""
    ) -> None:
        columns = content.get("columns") if isinstance(content, Mapping) else None
        rows = content.get("rows") if isinstance(content, Mapping) else None
        if table not in _ALLOWED:
            rule = "no table of this name may stand here"
            if table != "nodes":
                rule = checks.told(rule, table, _ALLOWED)
            fault(rule, checks.listed(_ALLOWED), column="tables", value=table)
        elif not _is_texts(columns) or not isinstance(rows, list):
            fault("must be {columns: [...], rows: [[...]]}", "Correct the file.", column="tables", value=table)
        else:
            self.tables[kept_as or table] = self._rows(columns or [], rows, files[table])

    def _rows(self, columns: list[str], rows: Collection[Any], file: str) -> CarriedTable:
        out = CarriedTable(columns, [], [])
        for line, row in enumerate(rows, start=2):
            if not isinstance(row, (list, tuple)) or len(row) != len(columns):
                rule = f"the row does not have {len(columns)} cells"
                self.faults.append(Fault(file, line, "", "", rule, "Correct the file."))
                continue
            cells = zip(columns, row, strict=True)
            out.rows.append([plain_cell(v, file, line, name, self.faults) for name, v in cells])
            out.lines.append(line)
        return out

    def fit(self, nodes: Collection[str]) -> list[str]:
        """Leave out rows that name what the graph no longer holds, and say so: its nodes and edges win.

        Parameters
        ----------
        nodes : collection of str
            Ids of the nodes of the graph.
        """
        said = []
        known: set[str | None] = {*nodes, None}
        if "id" in self.tables.get("projects", CarriedTable([], [], [])).columns:
            again = self._keep("projects", lambda row: _id(row["id"]) not in nodes)
            if again:
                said.append(f"{_counted(again, 'projects')} left out: the graph has nodes of these ids.")
            held = self.tables["projects"]
            known |= {_id(row[held.columns.index("id")]) for row in held.rows}
        if "opened" in self.tables:
            self._keep("opened", lambda row: _id(row.get("id")) in nodes)
            self.meta["opened"] = _frame(self.tables.pop("opened"))
        out, ids = [], dict[str, None]()
        for table in self.tables:
            ends = [column for column in TABLES[table].foreign if column in self.tables[table].columns]
            gone = self._keep(table, lambda row, ends=ends: all(_id(row[end]) in known for end in ends))  # type: ignore[misc]
            ids |= {str(row[end]): None for row in gone for end in ends if _id(row[end]) not in known}
            if gone:
                out.append(_counted(gone, table))
        if out:
            named = ", ".join(f'"{name}"' for name in list(ids)[:_SHOWN])
            named += f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
            said.append(f"{', '.join(out)} left out: they name {named}, which the graph does not hold.")
        return said

    def _keep(self, table: str, fits: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Keep the rows that fit, and return the others."""
        held = self.tables[table]
        rows = [dict(zip(held.columns, row, strict=True)) for row in held.rows]
        is_fit = [fits(row) for row in rows]
        if all(is_fit):
            return []
        left = [place for place, fit in enumerate(is_fit) if fit]
        self.tables[table] = CarriedTable(
            held.columns, [held.rows[place] for place in left], [held.lines[place] for place in left]
        )
        return [row for row, fit in zip(rows, is_fit, strict=True) if not fit]

    def frames(self) -> Frames:
        """Return the tables."""
        return {table: _frame(held) for table, held in self.tables.items()}


def _frame(held: CarriedTable) -> pd.DataFrame:
    columns = list(zip(*held.rows, strict=True)) if held.rows else [()] * len(held.columns)
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=object) for name, cells in zip(held.columns, columns, strict=True)},
        columns=pd.Index(held.columns, dtype=object),
    )


def parse_carried(value: object, place: str) -> Mapping[str, Any] | None:
    """Return the words of a graph's attribute, which is their JSON text or the object itself; None where there is none.

    Raises
    ------
    DataError
        If it is neither.
    """
    if value is None or value == "":
        return None
    remedy = "Leave the attribute as it was written, or remove it."
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise DataError(faults=[Fault(place, None, "", "", f"not JSON: {error}", remedy)]) from None
    if not isinstance(value, Mapping):
        raise DataError(faults=[Fault(place, None, "", "", "must be one JSON object", remedy)])
    return value


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def plain_cell(value: Any, file: str, line: int, column: str, faults: list[Fault]) -> Any:
    """Return a cell that is text, a number or missing; anything else is a fault."""
    if value is None or type(value) in (str, int, float):
        return value
    faults.append(Fault(file, line, column, str(value)[:80], "neither text nor a number", "Correct the cell."))
    return None


def _is_texts(words: Any) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _id(value: Any) -> str | None:
    """Return an id as text; None where the cell is blank."""
    text = as_text(value)
    return text if text is not None and text.strip() else None


def _counted(rows: Collection[Any], table: str) -> str:
    return f"{len(rows)} row{'s' * (len(rows) != 1)} of {table}"
