"""The rules of a network that span cells: keys, ids, references, recipes, words of other tables.

Each notes what it finds at the gate; nothing is raised before all are through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from math import isnan
from typing import NamedTuple

import pandas as pd

from chainnet import checks
from chainnet.errors import UNWRITABLE, UNWRITABLE_RULE, DataError, printable
from chainnet.network._coded import is_long
from chainnet.network._countries import Groups, collect_groups, common_groups, countries_near, country_named, is_country
from chainnet.network._gate import Frames, Gate, empty, member, near_word, split_list
from chainnet.network._hazards import check_hazards
from chainnet.network._law import check_law
from chainnet.network._schema import DEFAULT_TIERS, TABLES, Table

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
TWICE = "stands twice in the table"
_HINT_COMPARISONS = 200_000
UNIT_ROUNDING = 1e-9  # of shares that add up to 1


def check_rules(gate: Gate, frames: Frames, common: Groups, changed: str | None = None) -> None:
    """Note every broken rule that spans cells: keys, ids, ranges, recipes.

    ``changed`` names the one table that is new where the others are known to keep the rules: what it has no part in
    is not checked again.
    """

    def touched(*names: str) -> bool:
        return changed is None or changed in names

    for name, frame in frames.items():
        if frame.empty or not touched(name):
            continue
        check_keys(gate, TABLES[name], frame)
        if "low" in frame.columns:
            for row in gate.rows((frame["low"] > frame["high"]).to_numpy()):
                gate.fault(
                    name,
                    int(row),
                    "low",
                    f"{frame['low'].iloc[row]:g}",
                    f"low is above high ({frame['high'].iloc[row]:g})",
                    "Swap or correct them.",
                )
    if touched("nodes", "projects"):
        _shared_ids(gate, frames)
    _foreign(gate, frames, changed)
    if touched("edges"):
        _edges(gate, frames)
    if touched("edges", "demand", "stocks"):
        _unnamed(gate, frames)
    if touched("processes", "commodities"):
        check_processes(gate, frames)
    if touched("projects"):
        _starts(gate, frames["projects"])
    if touched("stakes", "contracts"):
        _stakes(gate, frames)
    if touched("hazards"):
        check_hazards(gate, frames["hazards"])
    if touched("rules", "service", "contracts", "cover", "nodes", "demand", "groups", "tiers"):
        check_law(gate, frames, _groups(frames, common))
    _words(gate, frames, common)


def lone_table(name: str, frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Return a table that stands by itself, checked as at the gate; ``file`` is how faults call it.

    Raises
    ------
    DataError
        With every fault of the table.
    """
    gate = Gate({name: file})
    parsed = gate.parse(name, frame)
    check_rules(gate, {**{table: empty(table) for table in TABLES}, name: parsed}, common_groups(), name)
    gate.done()
    return parsed


def check_keys(gate: Gate, table: Table, frame: pd.DataFrame) -> None:
    """Note rows whose key stands in the table already."""
    if not table.key:
        return
    key = list(table.key)
    coded = gate.coded.get((table.name, key[0]))
    if coded is not None and len(key) == 1 and len(coded.words) == len(frame):
        return
    if not is_long(frame):  # the common case, quickly
        cells = [[None if cell != cell else cell for cell in frame[column].tolist()] for column in key]
        if len(set(zip(*cells, strict=True))) == len(frame):
            return
    twice = frame.duplicated(key).to_numpy() & frame[key[0]].notna().to_numpy()
    for row in gate.rows(twice):
        value = " / ".join("" if pd.isna(v) else str(v) for v in frame[key].iloc[row])
        gate.fault(table.name, int(row), table.key[0], value, TWICE, "Keep one row.")


def _named(frame: pd.DataFrame, column: str) -> set[str]:
    """Return the words of a column."""
    return _distinct(frame[column]) if len(frame) else set()


def _distinct(cells: pd.Series) -> set[str]:
    """Return the words that stand in a column."""
    return {word for word in (cells.unique() if is_long(cells) else cells).tolist() if isinstance(word, str)}


def _groups(frames: Frames, common: Groups) -> Groups:
    """Return group name -> members: those that are always known and the tables' own."""
    if frames["groups"].empty:
        return common
    own = frames["groups"].dropna(subset=["group", "country"])
    return {**common, **collect_groups(zip(own["group"], own["country"], strict=True))}


def _shared_ids(gate: Gate, frames: Frames) -> None:
    if frames["projects"].empty:
        return
    both = member(frames["projects"]["id"], _named(frames["nodes"], "id"))
    for row in gate.rows(both):
        gate.fault(
            "projects",
            int(row),
            "id",
            frames["projects"]["id"].iloc[row],
            "the id stands in nodes too",
            "Give the project an id of its own.",
        )


def _foreign(gate: Gate, frames: Frames, changed: str | None) -> None:
    """Note ids that no table has: in all tables, or in the one that changed and where others name its rows."""
    ids: dict[str, set[str]] = {
        "commodity": _named(frames["commodities"], "id"),
        "process": _named(frames["processes"], "process"),
        "reference": _named(frames["references"], "key"),
    }

    @cache
    def places() -> set[str]:
        return _named(frames["nodes"], "id") | _named(frames["projects"], "id")

    for name, frame in frames.items():
        if frame.empty:
            continue
        if changed in (None, name, "nodes", "projects"):
            for column in TABLES[name].foreign:
                if not _all_nodes(gate, frames, name, column):
                    check_known(gate, name, frame, column, places(), "no node or project has this id", True)
        named = "commodity" in frame.columns and ids["commodity"] and name != "totals"
        if named and changed in (None, name, "commodities"):
            check_known(gate, name, frame, "commodity", ids["commodity"], "the commodities table lacks it")
        if "reference" in frame.columns and ids["reference"] and changed in (None, name, "references"):
            _references(gate, name, frame, ids["reference"])
    for name in ("nodes", "projects"):
        if changed in (None, name, "processes"):
            check_known(gate, name, frames[name], "process", ids["process"], "the processes table lacks it", True)


def _all_nodes(gate: Gate, frames: Frames, name: str, column: str) -> bool:
    """Say whether a long column is known to name nodes alone; False where that was not looked for."""
    return (name, column) in gate.coded and bool((gate.places(name, column, frames["nodes"]["id"]) >= 0).all())


def check_known(
    gate: Gate, name: str, frame: pd.DataFrame, column: str, known: set[str], rule: str, always: bool = False
) -> None:
    """Note words of a column that are not known; where nothing is known they are not judged, unless ``always``."""
    if frame.empty or not (known or always):
        return
    cells = frame[column]
    coded = gate.coded.get((name, column))
    wrong = (_distinct(cells) if coded is None else set(coded.words.tolist())) - known
    if not wrong:
        return
    hints: dict[str, str] = {}
    for row in gate.rows(member(cells, wrong)):
        value = cells.iloc[row]
        if value not in hints:
            # likeness is costly: with many wrong words the first get a hint
            hints[value] = near_word(value, known) if len(hints) * len(known) < _HINT_COMPARISONS else ""
        gate.fault(name, row, column, value, rule, f"Correct it or add the row.{hints[value]}")


def _references(gate: Gate, name: str, frame: pd.DataFrame, known: set[str]) -> None:
    cells = frame["reference"]
    wrong: dict[str, list[str]] = {}
    for cell in _distinct(cells):
        lacking = [key for key in split_list(cell) if key not in known]
        if lacking:
            wrong[cell] = lacking
    for row in gate.rows(member(cells, set(wrong))):
        lacking = wrong[cells.iloc[row]]
        gate.fault(
            name,
            int(row),
            "reference",
            "; ".join(lacking),
            "the references table lacks it",
            f"Correct it or add the source.{checks.near(lacking[0], known)}",
        )


def _edges(gate: Gate, frames: Frames) -> None:
    edges = frames["edges"]
    for row in gate.rows((edges["source"] == edges["target"]).to_numpy()):
        gate.fault(
            "edges",
            int(row),
            "target",
            edges["target"].iloc[row],
            "an edge may not end where it begins",
            "Remove the row: it moves nothing.",
        )
    blank = edges["commodity"].isna().to_numpy()
    if blank.any() and not blank.all():
        for row in gate.rows(blank):
            gate.fault(
                "edges",
                int(row),
                "commodity",
                None,
                "blank beside rows that name a commodity",
                "Name the commodity in every row, or in none.",
            )


def _starts(gate: Gate, projects: pd.DataFrame) -> None:
    """A project starts in one month: one that is written as such, in its start year."""
    for row in gate.rows(projects["start"].notna().to_numpy()):
        text, year = str(projects["start"].iloc[row]), projects["start_year"].iloc[row]
        if not _MONTH.fullmatch(text):
            gate.fault("projects", int(row), "start", text, "is no month", "Write YYYY-MM.")
        elif not pd.isna(year) and int(text[:4]) != int(year):
            rule = f"is not in start_year ({int(year)})"
            gate.fault("projects", int(row), "start", text, rule, "Correct one of the two, or leave start_year out.")


def _unnamed(gate: Gate, frames: Frames) -> None:
    """Demand and stocks name a commodity where edges do: nothing unnamed could ever reach them."""
    edges = frames["edges"]["commodity"]
    if edges.empty or edges.isna().any():
        return
    for name in ("demand", "stocks"):
        for row in gate.rows(frames[name]["commodity"].isna().to_numpy()):
            rule = "blank beside edges that name a commodity"
            gate.fault(name, row, "commodity", None, rule, "Name the commodity.")


def check_processes(gate: Gate, frames: Frames) -> None:
    """Note recipes without one main output, with a product that is their input, or that make mass."""
    if frames["processes"].empty:
        return
    lines = _lines(frames)
    outputs = Counter(line.process for line in lines if line.role == "output")
    inputs = {(line.process, line.commodity) for line in lines if line.role == "input"}
    products = [line for line in lines if line.role != "input" and isinstance(line.commodity, str)]
    first = {line.process: line.row for line in reversed(lines)}
    once = {(line.process, line.commodity): line.row for line in reversed(products)}
    for line in lines:
        if line.row == first[line.process] and outputs[line.process] != 1:
            rule = f"the process has {outputs[line.process]} rows with role output; it must have one"
            remedy = "Make the other products coproduct or byproduct."
            gate.fault("processes", line.row, "role", line.process, rule, remedy)
    for line in lines:
        if line.role == "output" and line.t_per_t != 1.0 and not isnan(line.t_per_t):
            rule, remedy = "the main output has t_per_t 1", "State the other rows per tonne of main output."
            gate.fault("processes", line.row, "t_per_t", f"{line.t_per_t:g}", rule, remedy)
    for line in products:
        if (line.process, line.commodity) in inputs:
            gate.fault(
                "processes", line.row, "commodity", line.commodity, "the output is its own input", "Net the two."
            )
    for line in products:
        if line.row != once[line.process, line.commodity]:
            gate.fault(
                "processes", line.row, "commodity", line.commodity, "the product stands twice", "Add the rows up."
            )
    known = frames["commodities"]
    basis = dict(zip(known["id"].tolist()[::-1], known["basis"].tolist()[::-1], strict=True))
    _mass(gate, lines, first, {good: word for good, word in basis.items() if isinstance(word, str)})


class _Line(NamedTuple):
    """One line of a recipe, as its row has it; what is missing is NaN."""

    row: int
    process: str
    commodity: str
    role: str
    t_per_t: float
    group: str
    max_share: float


def _lines(frames: Frames) -> list[_Line]:
    """Return the lines of recipes whose process is named: few as they are, plain Python is quickest."""
    table = frames["processes"]
    columns = [table[name].tolist() for name in _Line._fields[1:]]
    return [line for line in map(_Line, range(len(table)), *columns) if isinstance(line.process, str)]


def _mass(gate: Gate, lines: list[_Line], first: dict[str, int], basis: dict[str, str]) -> None:
    """No process may make more of a basis than its inputs on that basis can weigh."""
    made: dict[tuple[str, str], float] = {}
    most: dict[tuple[str, str], float] = {}
    covered: dict[tuple[str, str, str], float] = {}
    weighed = [line for line in lines if line.commodity in basis]
    # stand-ins of a group: the heaviest first, each up to its share, until the activity is covered
    for line in sorted(weighed, key=lambda line: (isnan(line.t_per_t), -line.t_per_t)):
        key = (line.process, basis[line.commodity])
        if line.role != "input":
            made[key] = made.get(key, 0.0) + line.t_per_t
            continue
        part = 1.0
        if isinstance(line.group, str):
            before = covered.get((*key, line.group), 0.0)
            share = 1.0 if isnan(line.max_share) else line.max_share
            part = min(share, max(1.0 - before, 0.0))
            covered[*key, line.group] = before + share
        most[key] = most.get(key, 0.0) + part * line.t_per_t
    for process, word in sorted(made.keys() & most.keys()):
        weight, held = made[process, word], most[process, word]
        if weight > held * (1 + 1e-9):
            gate.fault(
                "processes",
                first[process],
                "t_per_t",
                process,
                f"makes {weight:g} t of {word} per tonne of activity from at most {held:g} t",
                "Correct the recipe or the commodities' basis.",
            )


def _words(gate: Gate, frames: Frames, common: Groups) -> None:
    tiers = _named(frames["tiers"], "tier") or set(DEFAULT_TIERS)
    for name in ("demand", "qualification"):
        check_known(gate, name, frames[name], "tier", tiers, f"not a known tier ({', '.join(sorted(tiers))})")
    served = frames["stocks"]["tiers"].dropna()
    for row, cell in zip(served.index, served, strict=True):
        for tier in split_list(cell):
            if tier not in tiers:
                gate.fault(
                    "stocks", int(row), "tiers", tier, "not a known tier", f"Correct it.{near_word(tier, tiers)}"
                )
    groups = _named(frames["groups"], "group") | set(common)
    backers = frames["projects"]["backers"].dropna()
    for row, cell in zip(backers.index, backers, strict=True):
        for word in split_list(cell):
            if word not in groups and not is_country(word):
                gate.fault(
                    "projects",
                    int(row),
                    "backers",
                    word,
                    "neither a country nor a known group",
                    "Use ISO alpha-3 codes or group names, split by ;.",
                )
    owners = frames["owners"]
    firms = _named(owners, "owner") | _named(owners, "parent")
    firms |= {w for t in ("nodes", "projects") for c in ("operator", "owner") for w in _named(frames[t], c)}
    for row, word in enumerate(frames["stakes"]["party"]):
        if isinstance(word, str) and not (word in groups or word in firms or is_country(word)):
            rule = "neither a country, a known group nor a firm of the owners table or of a plant"
            gate.fault("stakes", row, "party", word, rule, f"Correct it.{checks.near(word, groups | firms)}")
    figures = frames["figures"]
    for row, (table, column) in enumerate(zip(figures["table"], figures["column"], strict=True)):
        if table not in TABLES:
            rule = checks.told("no such table", table, TABLES)
            gate.fault("figures", row, "table", table, rule, checks.listed(TABLES))
        elif column not in TABLES[table].names:
            gate.fault("figures", row, "column", column, f"the table {table} has no such column", "Correct it.")


def _stakes(gate: Gate, frames: Frames) -> None:
    """Note shares of a project that add up to more than the whole, and offtakes that a contract denies."""
    stakes = frames["stakes"]
    cells = zip(stakes["project"], stakes["party"], stakes["kind"], stakes["share"].fillna(0.0), strict=True)
    sums: dict[tuple[str, str], float] = {}
    bound: dict[str, list[tuple[int, str, float]]] = {}
    for row, (project, party, kind, share) in enumerate(cells):
        if not (isinstance(project, str) and isinstance(kind, str)):
            continue
        # a loan and the capital beside it pay for the same
        what = "capital and loan" if kind in ("capital", "loan") else kind
        before = sums.get((project, what), 0.0)
        sums[project, what] = before + share
        if before <= 1 + UNIT_ROUNDING < before + share:
            rule = f"the shares of {what} of {project} add up to more than 1"
            gate.fault("stakes", row, "share", f"{share:g}", rule, "Correct the shares.")
        if kind == "offtake":
            bound.setdefault(project, []).append((row, party, share))
    contracts = frames["contracts"]
    told: dict[str, dict[str, float]] = {}
    for project, whose, share in zip(contracts["supplier"], contracts["for"], contracts["share"], strict=True):
        told.setdefault(project, {})[whose] = share
    for project, rows in bound.items():
        said = told.get(project, {})
        held = {party: share for _, party, share in rows}
        if said and (held.keys() != said.keys() or any(abs(held[one] - said[one]) > UNIT_ROUNDING for one in said)):
            words = ", ".join(f"{one} {share:g}" for one, share in said.items())
            rule = f"contracts of {project} say otherwise ({words})"
            gate.fault("stakes", rows[0][0], "party", rows[0][1], rule, "Leave one of the two out.")


def check_main(gate: Gate, frames: Frames, main: tuple[str, ...]) -> None:
    """Note main commodities that flow nowhere, or are on more than one basis."""
    if not main:
        return
    used = _named(frames["edges"], "commodity") | _named(frames["demand"], "commodity")
    used |= _named(frames["commodities"], "id")
    for commodity in main:
        if commodity not in used and not UNWRITABLE.search(commodity):
            rule = checks.told("no table names this commodity", commodity, used)
            gate.fault("network", None, "main_commodity", commodity, rule, "Correct it.")
    if len(main) < 2:
        return
    named = frames["commodities"].dropna(subset=["id"]).drop_duplicates("id").set_index("id")["basis"]
    basis = named.reindex([printable(commodity) for commodity in main])
    if len(set(basis.fillna(""))) > 1:
        rule = "the main commodities are on different bases, so their tonnes cannot be added"
        found = "; ".join(map(str, basis.unique()))
        gate.fault("commodities", None, "basis", found, rule, "Give them one basis or name one of them.")


def check_whose(gate: Gate, frames: Frames, whose: tuple[str, ...], common: Groups) -> None:
    """Note beneficiaries that are neither countries nor groups."""
    if not whose:
        return
    groups = _groups(frames, common)
    for word in whose:
        if word not in groups and not is_country(word) and not UNWRITABLE.search(word):
            hint = countries_near(word)
            code = country_named(word)
            near = checks.meant([code] if code else hint) or checks.near(word, groups)
            rule = "neither an ISO 3166-1 alpha-3 country nor a known group" + (f";{near}" if near else "")
            remedy = f"Name countries by their codes, or groups, several as a list. {checks.listed(groups)}"
            gate.fault("network", None, "beneficiaries", word, rule, remedy)


def check_where(where: object, argument: str) -> None:
    """Raise DataError unless ``where`` maps columns of nodes, stocks or projects to words."""
    known = sorted({c for t in ("nodes", "stocks", "projects") for c in TABLES[t].names})
    if not isinstance(where, Mapping) or not where:
        raise DataError(f'{argument}: give a mapping of column to value, for example {{"country": "CHN"}}.')
    for column, value in where.items():
        for word in [value] if isinstance(value, str) else value:
            if UNWRITABLE.search(str(word)):
                raise DataError(f"{argument}.{column}: {str(word)!r} has {UNWRITABLE_RULE}. Remove it.")
        if column not in known:
            raise DataError(f"{argument}: {checks.unknown(column, known, 'column of nodes, stocks or projects')}")
