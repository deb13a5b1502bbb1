"""Which tables of a report the workbook draws, and the figures of each chart: a category a line, a tier a series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainnet.reporting.model import Cell, ReportTable

MOST_BARS = 12  # more cannot be told apart on half a page


@dataclass(frozen=True)
class Chart:
    """A chart: lines of categories, and a series of figures for each head; None where there is no figure."""

    table: str
    title: str
    kind: str  # bar or line
    unit: str
    lines: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    of_tiers: bool  # a series for each, in their order

    @property
    def is_share(self) -> bool:
        """Whether its figures are parts of a whole."""
        return self.unit == "share"


@dataclass(frozen=True)
class _Plan:
    """How a table is drawn: columns of the category, of the figures; ``split``: a series for each of its values."""

    table: str
    kind: str
    lines: tuple[str, ...]
    figures: tuple[str, ...]
    split: str = ""


_PLANS = (
    _Plan("steps", "bar", ("step", "commodity"), ("top_share",)),
    _Plan("sites", "bar", ("label",), ("first_lost_share", "lost_share")),
    _Plan("countries", "bar", ("label",), ("first_lost_share", "lost_share")),
    _Plan("M1", "line", ("month",), ("shortfall_t",), "tier"),
    _Plan("levels", "bar", ("level",), ("share",)),
    _Plan("helps_most", "bar", ("label",), ("avoids_tpa",)),
)


def charts(tables: Sequence[ReportTable]) -> tuple[Chart, ...]:
    """Return the charts of the main tables, in a fixed order; none of a table in which all figures are zero.

    Parameters
    ----------
    tables : sequence of ReportTable
    """
    known = {table.key: table for table in tables}
    tiers = list(dict.fromkeys(row["tier"].text for row in known["served"].records())) if "served" in known else []
    drawn = (_drawn(plan, known[plan.table], tiers) for plan in _PLANS if plan.table in known)
    return tuple(chart for chart in drawn if chart is not None)


def _drawn(plan: _Plan, table: ReportTable, tiers: Sequence[str]) -> Chart | None:
    """Return the chart of a table; tiers stand in their order, whatever that of the rows."""
    columns = {column.key: column for column in table.columns}
    figures = [key for key in plan.figures if key in columns]
    if not figures or not columns.keys() >= {*plan.lines[:1], *filter(None, (plan.split,))}:
        return None
    found: dict[str, dict[str, float | None]] = {}
    lines: dict[str, None] = {}
    for row in table.records():
        line = ", ".join(row[key].text for key in plan.lines if key in row)
        lines[line] = None
        for key in figures:
            head = row[plan.split].text if plan.split else columns[key].head
            found.setdefault(head, {})[line] = _figure(row[key])
    kept = tuple(lines)[: len(lines) if plan.kind == "line" else MOST_BARS]
    heads = sorted(found, key=lambda head: tiers.index(head) if head in tiers else len(tiers))
    series = tuple((head, tuple(found[head].get(line) for line in kept)) for head in heads)
    if not any(figure for _, drawn in series for figure in drawn):
        return None
    title, unit = f"{table.id} {table.title}", columns[figures[0]].unit
    return Chart(table.id, title, plan.kind, unit, kept, series, plan.split == "tier")


def _figure(cell: Cell) -> float | None:
    return cell.value if isinstance(cell.value, float) else None


def figures_of(chart: Chart) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    """Yield the lines of a chart, each with a figure a series."""
    for i, line in enumerate(chart.lines):
        yield line, tuple(drawn[i] for _, drawn in chart.series)
