"""What became of rows of a trade table that are no figure of their own: each is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

GAP_COLUMNS = ("kind", "commodity", "country", "partner", "size_t", "given_t", "found_t", "note", "rule", "rows",
               "tonnes")  # fmt: skip


def gap(kind: str, commodity: str, size_t: float, **more: Any) -> dict[str, Any]:
    """Return a row of ``gaps``."""
    row: dict[str, Any] = {"kind": kind, "commodity": commodity, "size_t": size_t, **more}
    return {column: row.get(column) for column in GAP_COLUMNS}


@dataclass
class Ledger:
    """Counts rows by what became of them (``rule``: left out, added, kept), in gross tonnes.

    ``unread``: heads of columns that nobody read, by file. ``periods``: parts of a year that were added, by year.
    """

    unread: dict[str, tuple[str, ...]] = field(default_factory=dict)
    periods: dict[int, set[str]] = field(default_factory=dict)
    _rows: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    def add(self, kind: str, rule: str, rows: int, tonnes: float, note: str, commodity: str = "", country: str = "",
            partner: str = "", more: Mapping[str, Any] | None = None, *, sized: bool = True) -> None:  # fmt: skip
        """Count rows; ``sized`` says whether they are of a good that was asked for."""
        if not rows:
            return
        row = self._rows.setdefault(
            (kind, rule, commodity, country, partner),
            gap(kind, commodity, 0.0, country=country or None, partner=partner or None, note=note, rule=rule,
                rows=0, tonnes=0.0, **(more or {})),
        )  # fmt: skip
        row["rows"] += int(rows)
        row["tonnes"] += float(tonnes)
        row["size_t"] = row["tonnes"] if sized else float("nan")

    def by_commodity(self, kind: str, rule: str, rows: pd.DataFrame, note: str, commodities: Mapping[str, str]) -> None:
        """Count rows that have a code and tonnes, by what they are."""
        for code, part in rows.groupby("code"):
            tonnes = float(pd.to_numeric(part["t"], errors="coerce").sum())
            self.add(kind, rule, len(part), tonnes, note, commodity=commodities[str(code)])

    def take(self, other: Ledger) -> None:
        """Add what another has counted."""
        for file, unread in other.unread.items():
            self.unread.setdefault(file, unread)
        for year, parts in other.periods.items():
            self.periods.setdefault(year, set()).update(parts)
        for key, row in other._rows.items():
            mine = self._rows.setdefault(key, {**row, "rows": 0, "tonnes": 0.0, "size_t": 0.0})
            for name in ("rows", "tonnes", "size_t"):
                mine[name] += row[name]

    def gaps(self) -> list[dict[str, Any]]:
        """Return the rows of ``gaps``."""
        return [dict(row) for row in self._rows.values()]
