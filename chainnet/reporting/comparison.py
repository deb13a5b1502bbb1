"""Scenarios, portfolios or chains side by side: as a page, and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chainnet.assessment import SideBySide
from chainnet.reporting.formats.markdown import markdown_table, marked
from chainnet.reporting.formats.page import wide_page
from chainnet.reporting.model import Cell, ReportColumn, ReportTable, Sentence, make_table
from chainnet.results import origin_of
from chainnet.words import (
    NBSP,
    NO_DATA,
    NOT_APPLICABLE,
    ORDER_WORDS,
    first_capital,
    is_missing,
    number,
    percent,
    short_label,
    spelled,
    whole,
)

Row = dict[str, Any]
TITLE = 80  # letters of the names in a title
STRIPS = "In each strip, from nothing at the left to all at the right, the bar and its tick are what is short."
NOTE = (
    "Short: the part of a tier's demand, and its tonnes, that is not met in the long run. Where it makes a difference "
    "who is served first, there is a line for the order that was asked and, as a stress test, one with allies served "
    "last. Months count from the first measure. Largest single loss: the part of what a tier can be served, if served "
    "first, that the loss of one site costs it."
)
BUILT = (
    "In the long run the projects of a column stand at full size and serve every tier; in the months from their start "
    "year on, once qualified for a tier."
)


def comparison_markdown(found: SideBySide) -> str:
    """Return a comparison as a table in Markdown.

    Parameters
    ----------
    found : SideBySide

    Returns
    -------
    str
        Ends with a line end. What comes from the data is escaped: it makes no column, link, image or HTML.
    """
    said = " ".join(marked(words) for words in found.words)
    table = _table(found)
    keys = [column.key for column in table.columns if column.key not in ("whose", "what")]
    return f"{said}\n\n{markdown_table(table, keys)}\n\n{_note(found)}\n".replace(NBSP, " ")


def comparison_page(found: SideBySide) -> str:
    """Return a comparison as one HTML page without scripts, which asks for nothing but itself.

    Parameters
    ----------
    found : SideBySide

    Returns
    -------
    str
        The same comparison gives the same text.
    """
    names = [str(name) for name in found.columns.index]
    title, chains = f"Side by side: {short_label(', '.join(names), TITLE)}", _settings(found)["columns"]
    return wide_page(title, spelled(len(names), "column"), chains, *map(Sentence, found.words), _table(found))


def _table(found: SideBySide) -> ReportTable:
    """Return the comparison as a table: a column each, a row a figure."""
    names = [str(name) for name in found.columns.index]
    columns = (
        ReportColumn("whose", "", missing=""),
        ReportColumn("what", "column"),
        ReportColumn("head", "", body=False),
        *(ReportColumn(f"column {i}", name) for i, name in enumerate(names)),
    )
    rows = (*_about(found), *_tiers(found))
    return make_table(columns, rows, title="The same figures of each column", subtitle=STRIPS, note=_note(found))


def _row(whose: str, what: str, cells: Iterable[Cell]) -> Row:
    """Return a line of the comparison: of whom, what it says, and a cell a column."""
    head = f"{whose}{' ' if what.startswith('short') else ': '}{what}" if whose else what
    named = {f"column {i}": cell for i, cell in enumerate(cells)}
    return {"whose": whose or "What it is", "what": first_capital(what), "head": head, **named}


def _settings(found: SideBySide) -> dict[str, Any]:
    settings: dict[str, Any] = origin_of(found.side)["settings"]
    return settings


def _note(found: SideBySide) -> str:
    return f"{NOTE} {BUILT}" if (found.columns["projects"] != "").any() else NOTE


def _about(found: SideBySide) -> list[Row]:
    """Return the lines that say what each column is; those that say nothing are left out."""

    def line(what: str, said: Iterable[Any]) -> Row:
        return _row("", what, (Cell(str(words)) for words in said))

    table = found.columns
    built = table["project_labels"].where(table["project_labels"] != "", "none")
    cost = [f"USD{NBSP}{number(v)}{NBSP}million" if not is_missing(v) else NO_DATA for v in table["capex_musd"]]
    chains = [_dated(str(label), year) for label, year in zip(table["label"], table["year"], strict=True)]
    lines = [
        line("Chain", chains),
        line("Scenario", table["scenario_label"]),
        line("Unit of tonnes", table["unit"]),
        line("Rests on", table["inputs"]),
    ]
    if (table["projects"] != "").any():
        lines[2:2] = [line("Projects built", built), line("Their capital cost", cost)]
    return lines


def _dated(label: str, year: float) -> str:
    """Return the name of a chain with the year of its flows, which it may bear already."""
    return label if is_missing(year) or whole(year) in label else f"{label}, {whole(year)}"


def _tiers(found: SideBySide) -> Iterator[Row]:
    """Yield the lines of each tier."""
    names = [str(name) for name in found.columns.index]
    for tier, rows in found.side.groupby("tier", sort=False):
        asked = {(r["figure"], r["order"]): [r[name] for name in names] for r in rows.to_dict("records")}
        yield from _lines(found, str(tier), asked, names)


def _lines(found: SideBySide, tier: str, asked: dict[tuple[str, str], list[float]], names: list[str]) -> Iterator[Row]:
    months = int(_settings(found)["months"])

    def line(what: str, end: str, cells: Iterable[Cell]) -> Row:
        words = "" if end == "either" else f", {ORDER_WORDS[end]}"
        return _row(first_capital(tier), f"{what}{words}", cells)

    for (figure, end), values in asked.items():
        if figure == "demand_tpa":
            yield line("demand", end, (_unless(v, f"{number(v)}{NBSP}t/yr") for v in values))
        elif figure == "shortfall_share":
            tons = asked.get(("shortfall_tpa", end)) or asked["shortfall_tpa", "either"]
            yield line("short", end, (_short(v, t) for v, t in zip(values, tons, strict=True)))
        elif figure == "first_short_month" and months:
            there = asked.get(("demand_tpa", "either"), values)
            cells = (Cell(_month(v, of, months)) for v, of in zip(values, there, strict=True))
            yield line("first short month", end, cells)
        elif figure == "largest_loss_share":
            sites = _sites(found, tier, end)
            cells = (_unless(v, f"{percent(v)}{sites[n] if v > 0 else ''}") for v, n in zip(values, names, strict=True))
            yield line("largest single loss", end, cells)


def _short(share: float, tons: float) -> Cell:
    """Return what is short of a demand: its share, drawn too, and its tonnes."""
    if is_missing(share):
        return Cell(NOT_APPLICABLE)
    return Cell(f"{percent(share)}{'' if tons == 0 else f' ({number(tons)}{NBSP}t/yr)'}", share, (0.0, share))


def _unless(value: float, words: str) -> Cell:
    """Return the words of a figure; that it cannot be asked where a column has no such tier."""
    return Cell(NOT_APPLICABLE if is_missing(value) else words)


def _month(month: float, asked: float, horizon: int) -> str:
    if is_missing(asked):
        return NOT_APPLICABLE
    return f"not in {spelled(horizon, 'month')}" if is_missing(month) else f"month{NBSP}{whole(month)}"


def _sites(found: SideBySide, tier: str, end: str) -> dict[str, str]:
    """Return the costliest site of each column, in brackets; the same in either order where that makes none."""
    mine = found.answers[found.answers["tier"] == tier]
    mine = mine[mine["order"].isin([end, "either"]) if end == "allies_last" else mine["order"] != "allies_last"]
    rows: list[dict[Any, Any]] = mine.to_dict("records")
    return {r["column"]: f" ({r['largest_loss']}{_more(r['n_tied'])})" for r in rows}


def _more(tied: Any) -> str:
    return f" and {int(tied)} more" if tied else ""
