"""Which tables of a report the workbook draws, and the figures of each chart: a category a line, a tier a series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chainnet.reporting.model import Cell, ReportTable
from chainnet.words import Who

MOST_BARS = 12  # more cannot be told apart on half a page
SAID_ELSEWHERE = ("any year", "-")  # what a category of two columns leaves out


@dataclass(frozen=True)
class Chart:
    """A chart: lines of categories, and a series of figures for each head; None where there is no figure."""

    table: str
    title: str
    kind: str  # bar, stacked or line
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
    """How a table is drawn: columns of the category, of the figures; ``split`` gives a series for each of its values.

    A column of figures with ``{tier}`` in it stands for one of each tier of the report.

    ``within`` names a column of which only the group with most in it is drawn.
    """

    table: str
    kind: str
    lines: tuple[str, ...]
    figures: tuple[str, ...]
    split: str = ""
    within: str = ""


_PLANS = (
    _Plan("steps", "bar", ("step", "commodity"), ("top_share",)),
    _Plan("sites", "bar", ("label",), ("first_lost_share", "lost_share")),
    _Plan("countries", "bar", ("label",), ("first_lost_share", "lost_share")),
    _Plan("M1", "line", ("month",), ("shortfall_share",), "tier", "scenario"),
    _Plan("levels", "stacked", ("meaning", "by_year"), ("shortfall_tpa",), "tier"),
    _Plan("helps_most", "bar", ("label",), ("alone_t",)),
)


def charts(tables: Sequence[ReportTable]) -> tuple[Chart, ...]:
    """Return the charts of the main tables, in a fixed order; none of a table in which all figures are zero.

    Parameters
    ----------
    tables : sequence of ReportTable
    """
    known = {table.key: table for table in tables}
    rows = known["served"].records() if "served" in known else []
    tiers = list(dict.fromkeys(row["tier"].text for row in rows))
    names = {row["scenario"].text: row["label"].text for row in rows}
    drawn = (_drawn(plan, known[plan.table], tiers, names) for plan in _PLANS if plan.table in known)
    return tuple(chart for chart in drawn if chart is not None)


def _drawn(plan: _Plan, table: ReportTable, tiers: Sequence[str], names: Mapping[str, str]) -> Chart | None:
    """Return the chart of a table; tiers stand in their order, whatever that of the rows; a group by its name."""
    columns = {column.key: column for column in table.columns}
    figures = [name.format(tier=tier) for name in plan.figures for tier in (tiers if "{tier}" in name else [""])]
    figures = [key for key in figures if key in columns]
    if not figures or not columns.keys() >= {*plan.lines[:1], *filter(None, (plan.split, plan.within))}:
        return None
    rows, where = _within(plan, table.records(), figures[0])
    found: dict[str, dict[str, float | None]] = {}
    lines: dict[str, None] = {}
    for row in rows:
        if plan.split and Who(row[plan.split].text).is_all:  # the sum of the others
            continue
        line = _line(plan, row)
        lines[line] = None
        for key in figures:
            head = row[plan.split].text if plan.split else columns[key].head
            found.setdefault(head, {})[line] = _figure(row[key])
    kept = tuple(lines)[: len(lines) if plan.kind == "line" else MOST_BARS]
    heads = sorted(found, key=lambda head: tiers.index(head) if head in tiers else len(tiers))
    series = tuple((head, tuple(found[head].get(line) for line in kept)) for head in heads)
    if not any(figure for _, drawn in series for figure in drawn):
        return None
    title = f"{table.id} {table.title}{f': {names.get(where, where)}' if where else ''}"
    of_tiers = plan.split == "tier" or any("{tier}" in name for name in plan.figures)
    return Chart(table.id, title, plan.kind, columns[figures[0]].unit, kept, series, of_tiers)


def _line(plan: _Plan, row: dict[str, Cell]) -> str:
    parts = [row[key].text for key in plan.lines if key in row]
    return ", ".join([parts[0], *(part for part in parts[1:] if part not in SAID_ELSEWHERE)])


def _within(plan: _Plan, rows: list[dict[str, Cell]], figure: str) -> tuple[list[dict[str, Cell]], str]:
    """Return the rows of the group with most in it, the first of those that tie, and how it is called."""
    if not plan.within:
        return rows, ""
    size: dict[str, float] = {}
    for row in rows:
        size[row[plan.within].text] = size.get(row[plan.within].text, 0.0) + (_figure(row[figure]) or 0.0)
    most = max(size, key=lambda name: size[name], default="")
    return [row for row in rows if row[plan.within].text == most], most


def _figure(cell: Cell) -> float | None:
    return cell.value if isinstance(cell.value, float) else None


def figures_of(chart: Chart) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    """Yield the lines of a chart, each with a figure a series."""
    for i, line in enumerate(chart.lines):
        yield line, tuple(drawn[i] for _, drawn in chart.series)
