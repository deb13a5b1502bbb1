"""What is compared and taken as one: records of tables, what each party claims of a cell, and which claim wins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from chainnet.network import QUALITIES, TABLES, Frames, Network, place_of, split_list, step_of

SEPARATOR = " / "
RULES = ("grade", "newer", "prefer")
# they travel with the figure that they describe
PEDIGREE_CELLS = ("quality", "reference", "low", "high")
# rows that are taken together or not at all: recipes, groups and shares are never mixed line by line
_TOGETHER: dict[str, tuple[str, ...]] = {
    "processes": ("process",),
    "groups": ("group",),
    "owners": ("owner",),
    "stakes": ("project",),
    "contracts": ("supplier", "commodity"),
    "cover": (),
    "tiers": (),
}
# of these a join keeps each row by its key: every row names its plant by then, and tiers are one order
_OF_PLANTS = ("contracts", "cover", "tiers")
_PRINCIPAL: dict[str, tuple[str, ...]] = {
    "commodities": ("price_usd_per_t",),
    "nodes": ("capacity_tpa",),
    "processes": ("t_per_t",),
    "edges": ("flow_tpa", "capacity_tpa"),
    "demand": ("demand_tpa",),
    "stocks": ("stock_t",),
    "projects": ("capacity_tpa",),
    "qualification": ("months",),
    "cover": ("weeks",),
    "contracts": ("share", "tpa"),
    "owners": ("share",),
    "stakes": ("share",),
    "tiers": ("rank",),
    "totals": ("value",),
    "figures": ("value",),
}
Row = Mapping[str, Any]
_YEAR = re.compile(r"\d{4}")
# the note of plants that stand as one: how many, in what they differ, which measures reach them all the same
CLASS_NOTE = re.compile(r"^(?:band; )?class of (\d+); differ in: ([^;]*)(?:; yet asked for by: (.*))?$")


def joined_key(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the key of each row as one text, blank cells as nothing."""
    cells = [["" if v is None or v != v else _plain(v) for v in frame[column].tolist()] for column in columns]
    return [SEPARATOR.join(parts) for parts in zip(*cells, strict=True)] if cells else [""] * len(frame)


def _plain(value: object) -> str:
    """Return a part of a key as text, a whole number without its point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def principal_of(table: str, *rows: Row) -> str:
    """Return the column that quality, reference, low and high of a row describe; "" where a table has none."""
    columns = _PRINCIPAL.get(table, ("",))
    return next((column for column in columns if any(column in row for row in rows)), columns[-1])


class Claim(NamedTuple):
    """What one party says of a cell, and how well it is known."""

    value: Any
    party: str
    quality: str = ""
    reference: str = ""
    low: float | None = None
    high: float | None = None
    grade: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Record:
    """Rows that are compared together: by the key of each row, its cells that are not blank."""

    rows: Mapping[str, Row]
    is_whole: bool  # taken whole, whatever the number of rows


@dataclass(frozen=True)
class Party:
    """One side's tables."""

    name: str
    frames: Frames

    def __post_init__(self) -> None:
        sources = self.frames["references"]
        known = {
            key: ("" if grade != grade else str(grade), _year(year))
            for key, grade, year in zip(sources["key"], sources["grade"], sources["year"], strict=True)
        }
        figures = {(row["table"], row["key"], row["column"]): row for row in _rows(self.frames["figures"])}
        object.__setattr__(self, "_sources", known)
        object.__setattr__(self, "_figures", figures)

    def claim(self, table: str, key: str, column: str, row: Row) -> Claim:
        """Return what the party says of a cell: the row's pedigree, but for what ``figures`` has one of its own."""
        is_principal = column == principal_of(table, row)
        own: Row = {} if is_principal else self._figures.get((table, key, column), {})  # type: ignore[attr-defined]
        pedigree, ranged = own or row, own or (row if is_principal else {})
        if table == "references":
            grade, year = str(row.get("grade", "")), _year(row.get("year"))
        else:
            grade, year = self._standing(pedigree.get("reference"))
        return Claim(
            row.get(column),
            self.name,
            pedigree.get("quality", ""),
            pedigree.get("reference", ""),
            ranged.get("low"),
            ranged.get("high"),
            grade,
            year,
        )

    def _standing(self, cell: Any) -> tuple[str, int | None]:
        """Return the best grade and the newest year of the sources that a cell names."""
        found = [self._sources[key] for key in split_list(cell or "") if key in self._sources]  # type: ignore[attr-defined]
        grades = [grade for grade, _ in found if grade]
        years = [year for _, year in found if year is not None]
        return min(grades, default=""), max(years, default=None)


def _year(cell: Any) -> int | None:
    found = _YEAR.search(cell) if isinstance(cell, str) else None
    return int(found.group()) if found else None


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as dicts without their blank cells."""
    columns = [name for name in frame.columns if frame[name].notna().any()]
    cells = [frame[name].tolist() for name in columns]
    return [
        {name: value for name, value in zip(columns, values, strict=True) if value is not None and value == value}
        for values in zip(*cells, strict=True)
    ]


def records_of(table: str, frame: pd.DataFrame, joined: bool = False) -> dict[str, Record]:
    """Return the records of a table by key; ``joined``: of chains whose plants are not the same.

    Rows of edges that share source, target and commodity are one record; each bears its number from the second on.
    """
    schema = TABLES[table]
    together = {name: words for name, words in _TOGETHER.items() if not (joined and name in _OF_PLANTS)}
    owner = together.get(table, schema.named_by)
    grouped: dict[str, dict[str, Row]] = {}
    for key, record, row in zip(
        joined_key(frame, schema.named_by), joined_key(frame, owner), _rows(frame), strict=True
    ):
        held = grouped.setdefault(record, {})
        held[f"{key} #{len(held) + 1}" if key in held else key] = row
    return {key: Record(rows, table in together or len(rows) > 1) for key, rows in grouped.items()}


# -- which claim is taken ---------------------------------------------------------------------------------


def settle(claims: Sequence[Claim], rules: Sequence[str], prefer: Sequence[str]) -> tuple[Claim, str]:
    """Return the claim that is taken and the rule that decided; "tie" where none did, "" where all agree.

    The order is total and knows no party but by ``prefer``: the order in which claims come decides nothing.
    """

    def ranks(claim: Claim) -> list[tuple[Any, ...]]:
        return [_rank(rule, claim, prefer) for rule in rules]

    def full(claim: Claim) -> tuple[Any, ...]:
        # of equal values the best known first; then what is written, never who wrote it
        same = [*_pedigree_rank(claim), claim.low is None, claim.low or 0.0, claim.high is None, claim.high or 0.0]
        return (*ranks(claim), _value_rank(claim.value), *same, claim.reference)

    first = min(claims, key=full)
    others = [claim for claim in claims if not same_value(claim.value, first.value)]
    if not others:
        return first, ""
    second = min(others, key=full)
    pairs = zip(rules, ranks(first), ranks(second), strict=True)
    return first, next((rule for rule, one, other in pairs if one != other), "tie")


def like(network: Network, frames: Frames, name: str, label: str, folder: Path | None = None) -> Network:
    """Return a network of other tables that counts what another counts."""
    tables: dict[str, Any] = dict(frames)
    return Network(
        **tables,
        name=name,
        label=label,
        year=network.year,
        main_commodity=network.main_commodity or None,
        beneficiaries=network.beneficiaries or None,
        folder=folder,
    )


def quality_rank(quality: str) -> int:
    """Rank a quality, the best first; none is weaker than all."""
    return QUALITIES.index(quality) if quality in QUALITIES else len(QUALITIES)


def _pedigree_rank(claim: Claim) -> tuple[int, str, int]:
    return quality_rank(claim.quality), claim.grade or "9", -(claim.year or 0)


def _rank(rule: str, claim: Claim, prefer: Sequence[str]) -> tuple[Any, ...]:
    quality, grade, year = _pedigree_rank(claim)
    if rule == "grade":
        return quality, grade
    if rule == "newer":
        return (year,)
    return (prefer.index(claim.party) if claim.party in prefer else len(prefer),)


def _value_rank(value: Any) -> tuple[bool, float, str]:
    """Rank a smaller number and an earlier text first."""
    is_number = isinstance(value, (int, float))
    return is_number, float(value) if is_number else 0.0, "" if is_number else str(value)


def same_value(one: Any, other: Any) -> bool:
    """Say whether two cells hold the same: numbers to within 1e-9 of the larger."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) <= 1e-9 * max(abs(one), abs(other))
    return bool(one == other)


def place_words(nodes: pd.DataFrame, by: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the labels of each node: country, or else region; step, or else stage."""
    cells = nodes.assign(country=place_of(nodes), step=step_of(nodes))
    return list(zip(*(cells[column].fillna("").tolist() for column in by), strict=True))


def is_class(note: object) -> bool:
    """Say whether a note is that of a class."""
    return isinstance(note, str) and CLASS_NOTE.match(note) is not None
