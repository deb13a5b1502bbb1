"""The overview of several chains as a page, and as a table in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from chainnet.indicators import SET_BY_US
from chainnet.reporting.formats.markdown import markdown_table, marked
from chainnet.reporting.formats.page import html_report
from chainnet.reporting.model import Cell, Document, ReportColumn, ReportTable, Sentence, make_table
from chainnet.results import origin_of, package_version
from chainnet.words import NBSP, country_name, first_capital, is_missing, percent, spelled, whole

# shares nearer than this are said as one
APART = 0.005
STRIPS = (
    "In each strip, from nothing at the left to all at the right, the bar is the range and the tick the central case."
)
NOTE = (
    "Shortfall: the part of a tier's demand that the restriction alone leaves short in a steady year. It counts "
    "the plants that the first column names, existing trade links and no stocks; allied users are served first. "
    "In brackets: the least and the most over other judgements, one at a time (nobody first, new suppliers, low "
    "or high demand, more or fewer inferred links). If last: the stress test in which all others are served "
    "first, where it lies outside the range. In force: all rules in force, together. First month, bottleneck and "
    "remedy are those of the tier that is named; months count from the first measure. Depends on: each plant "
    "without which the share leaves its range, then what else changes its class most, and how many more do; "
    "chainnet overview --table details lists them all."
)


def overview_markdown(table: pd.DataFrame) -> str:
    """Return an overview as a table in Markdown.

    Parameters
    ----------
    table : DataFrame
        ``overview`` with details.

    Returns
    -------
    str
        Ends with a line end. What comes from the data is escaped: it makes no column, link, image or HTML.
    """
    made = _table(table)
    keys = ["brief" if column.key == "depends" else column.key for column in made.columns if column.body]
    said = "".join(f"\n{marked(sentence)}\n" for sentence in _coming(table))
    return f"{markdown_table(made, keys)}\n\n{NOTE}\n{said}"


def overview_page(table: pd.DataFrame) -> str:
    """Return an overview as one HTML page without scripts, which asks for nothing but itself.

    Parameters
    ----------
    table : DataFrame
        ``overview`` with details.

    Returns
    -------
    str
        The same table gives the same text.
    """
    document = Document(
        title="Who runs short, why, and what decides it",
        subtitle=first_capital(spelled(table["chain"].nunique(), "supply chain")),
        digest=", ".join(f"{one['graph']} {one['digest'][:12]}" for one in _chains(table)),
        version=package_version(),
        summary=(Sentence(NOTE), *map(Sentence, _coming(table)), _table(table)),
        is_wide=True,
    )
    return html_report(document, False).decode("utf-8")


def _coming(table: pd.DataFrame) -> list[str]:
    """Return for each chain which rules begin next, and which may apply again."""
    return [f"Next for {one['graph']}: {one['next']}" for one in _chains(table) if one.get("next")]


def _chains(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the chains that were asked, each with its digest."""
    found: list[dict[str, Any]] = origin_of(table).get("settings", {}).get("chains", [])
    return found


def _table(table: pd.DataFrame) -> ReportTable:
    """Return the overview as a table: a row a chain and restriction."""
    tiers = list(dict.fromkeys(table["tier"].tolist()))
    columns = (
        ReportColumn("chain", "chain"),
        ReportColumn("restriction", "restriction"),
        *(ReportColumn(f"{tier}_short", f"{tier} shortfall", missing="") for tier in tiers),
        ReportColumn("first_month", "first month"),
        ReportColumn("bottleneck", "bottleneck"),
        ReportColumn("closed_by", "what closes it"),
        ReportColumn("depends", "depends on"),
        ReportColumn("brief", "depends on", body=False),
        ReportColumn("assumed", "inputs assumed"),
    )
    return make_table(columns, _rows(table, tiers), title="What each restriction leaves short", subtitle=STRIPS)


def _rows(table: pd.DataFrame, tiers: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a row a chain and restriction: what each tier lacks, and of the tier that it speaks of the rest."""
    for _, rows in table.groupby(["chain", "restriction"], sort=False):
        short = rows[rows["shortfall_share"] > 0]
        said = (short if len(short) else rows).iloc[0]
        year = f", {said['vintage']}" if said["vintage"] else ""
        month = "never short" if is_missing(said["first_month"]) else f"month {whole(said['first_month'])}"
        since = "" if is_missing(said["closed_by_year"]) else f", from {whole(said['closed_by_year'])}"
        yield {
            **{f"{tier}_short": None for tier in tiers},
            **{f"{row['tier']}_short": _share(row) for _, row in rows.iterrows()},
            "chain": f"{said['chain']}{year}",
            "restriction": f"{said['restriction']}: {said['scenario_label']}",
            "first_month": f"{said['tier']}: {month}",
            "bottleneck": _bottleneck(said),
            "closed_by": f"{said['closed_by']}{since}",
            "depends": "\n".join(_dependencies(rows, str(said["tier"]))),
            "brief": _brief(rows),
            "assumed": percent(said["assumed_share"]),
        }


def _share(row: pd.Series) -> Cell:
    """Return a share of demand that is short with its range, in words and to be drawn."""
    low, stated, high, last = (float(row[f"shortfall_{end}share"]) for end in ("low_", "", "high_", "last_"))
    return Cell(f"{percent(stated)} {_range(low, stated, high, last)}", stated, (low, high))


def _range(low: float, stated: float, high: float, last: float) -> str:
    """Return the range in brackets; nothing where it says no more than the share itself."""
    parts = [_if_last(last, low, high).removeprefix("; ")]
    if {percent(low), percent(high)} != {percent(stated)}:
        parts.insert(0, f"{percent(low).removesuffix(NBSP + '%')} to {percent(high)}")
    words = "; ".join(filter(None, parts))
    return f"({words})" if words else ""


def _if_last(last: float, low: float, high: float) -> str:
    """Return what is left short if all others are served first, where that is more or less than the range."""
    return f"; {percent(last)} if last" if last > high + APART or last < low - APART else ""


def _bottleneck(row: pd.Series) -> str:
    if not row["bottleneck_step"]:
        return f"no step abroad costs {row['tier']} anything"
    ours = " (set by us)" if row["bottleneck_basis"] == SET_BY_US else ""
    share = "" if is_missing(row["bottleneck_share"]) else f", which makes {percent(row['bottleneck_share'])}{ours}"
    return first_capital(f"{row['bottleneck_step']} in {country_name(row['bottleneck_country'])}{share}")


def _dependencies(rows: pd.DataFrame, said: str) -> tuple[str, ...]:
    """Return what the first tier and that which is spoken of depend on."""
    named = {str(rows["tier"].iloc[0]), said}
    return tuple(
        f"{first_capital(row['tier'])}: {row['depends_on'] or 'nothing that was asked'}."
        for _, row in rows[rows["tier"].isin(named)].iterrows()
    )


def _brief(rows: pd.DataFrame) -> str:
    """Return the first thing on which the first tier depends, and how many more."""
    first = rows.iloc[0]
    named, *rest = str(first["depends_on"] or "nothing that was asked").split("; ")
    more = re.fullmatch(r"and (\d+) more", rest[-1]) if rest else None
    left = len(rest) - 1 + int(more[1]) if more else len(rest)
    return f"{first_capital(str(first['tier']))}: {named}{f'; and {left} more' if left else ''}."
