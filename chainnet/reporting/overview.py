"""The overview of several chains as a page, and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from chainnet.assessment import is_met, spoken_of
from chainnet.indicators import SET_BY_US
from chainnet.reporting.formats.markdown import markdown_table, marked
from chainnet.reporting.formats.page import wide_page
from chainnet.reporting.model import Cell, ReportColumn, ReportTable, Sentence, make_table
from chainnet.reporting.texts import READ
from chainnet.results import origin_of
from chainnet.words import (
    NBSP,
    NONE,
    Claims,
    Narrow,
    Shortfall,
    between,
    first_capital,
    is_missing,
    percent,
    place_words,
    spelled,
    whole,
)

# shares nearer than this are said as one
APART = 0.005
MET, SAME = "met", ("in force", "may return")
UNDER = {"in force": "under the rules in force", "may return": "if the suspended rules apply again too"}
TITLE = "Who runs short, why, and what decides it"
STRIPS = (
    "In each strip, from nothing at the left to all at the right: the bar is the range, the long tick the central case "
    "later, the short tick the first year."
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
    said = "".join(f"- {_shown(sentence)}\n" for sentence in overview_sentences(table).values())
    coming = "".join(f"\n{_shown(sentence)}\n" for sentence in _coming(table))
    rows = markdown_table(made, [column.key for column in made.columns])
    return f"{said}\n{rows}\n\n{READ['overview']}\n{coming}"


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
    said = map(Sentence, [*overview_sentences(table).values(), *_coming(table)])
    what = spelled(table["chain"].nunique(), "supply chain")
    return wide_page(TITLE, what, _chains(table), *said, _table(table), Sentence(READ["overview"]))


def overview_sentences(table: pd.DataFrame) -> dict[str, str]:
    """Return a sentence for each chain and restriction: how much is short, the range, and what decides.

    Parameters
    ----------
    table : DataFrame
        ``overview`` with details.

    Returns
    -------
    dict of str to str
        By chain and restriction, in the order of the table. Each is about the first tier that is not met.
    """
    return {
        f"{chain}, {restriction}": _sentence(spoken_of(rows))
        for (chain, restriction), rows in table.groupby(["chain", "restriction"], sort=False)
    }


def _sentence(row: pd.Series) -> str:
    under = UNDER.get(row["restriction"], f"at worst ({row['scenario_label']})")
    return _claims(row).line(row["label"] or row["chain"], under)


def _claims(row: pd.Series) -> Claims:
    """Return what a row claims, in the words of a finding."""
    short = Shortfall(
        first_year=float(row["first_year_share"]),
        later=float(row["later_share"]),
        low=float(row["due_low_share"]),
        high=float(row["due_high_share"]),
        already=float(row["already_share"]),
        is_met=is_met(row),
        is_certain=bool(row["certain"]),
    )
    where = place_words(row["bottleneck_step"], row["bottleneck_country"])
    narrow = Narrow(where, 0.0, 0)
    decides = (row["decides_first"],) if row["decides_first"] else ()
    return Claims(
        row["scenario_label"], row["tier"], row["is_allied"], short, float(row["first_month"]), narrow, decides
    )


def _shown(sentence: str) -> str:
    return marked(sentence).replace(NBSP, " ")


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
        *(ReportColumn(f"{tier}_short", f"{tier}: first year, later", missing="") for tier in tiers),
        ReportColumn("first_month", "first month"),
        ReportColumn("bottleneck", "bottleneck"),
        ReportColumn("closed_by", "what closes it"),
        ReportColumn("decides", "what decides"),
        ReportColumn("assumed", "inputs assumed"),
    )
    return make_table(columns, _rows(table, tiers), title="What each restriction leaves short", subtitle=STRIPS)


def _rows(table: pd.DataFrame, tiers: list[str]) -> Iterator[dict[str, Any]]:
    """Yield a row a chain and restriction: what each tier lacks, and of the tier that it speaks of the rest."""
    for _, rows in table.groupby(["chain", "restriction"], sort=False):
        said = spoken_of(rows)
        dated = f", {said['vintage']}" if said["vintage"] else ""
        state = f", {said['state']}" if said["state"] and said["state"] not in SAME else ""
        month = "none short" if is_missing(said["first_month"]) else f"month {whole(said['first_month'])}"
        since = "" if is_missing(said["closed_by_year"]) else f", from {whole(said['closed_by_year'])}"
        yield {
            **{f"{tier}_short": None for tier in tiers},
            **{f"{row['tier']}_short": _share(row) for _, row in rows.iterrows()},
            "chain": f"{said['chain']}{dated}",
            "restriction": f"{said['restriction']}: {said['scenario_label']}{state}",
            "first_month": f"{said['tier']}: {month}",
            "bottleneck": _bottleneck(said),
            "closed_by": f"{said['closed_by']}{since}",
            "decides": f"{said['tier']}: {said['decides'] or 'nothing alone'}",
            "assumed": percent(said["assumed_share"]),
        }


def _share(row: pd.Series) -> Cell:
    """Return what of a tier is short in the first year and later, with the range, in words and to be drawn."""
    early, later = float(row["first_year_share"]), float(row["later_share"])
    low, high = float(row["due_low_share"]), float(row["due_high_share"])
    last = percent(later) if row["certain"] else "cannot be said"
    head = MET if is_met(row) else f"{percent(early)}, {last}"
    parts = [between(low, high) if not row["certain"] or {percent(low), percent(high)} != {percent(later)} else ""]
    parts += [f"{percent(row['already_share'])} already" if row["already_share"] > NONE else ""]
    parts += [_if_last(float(row["last_share"]), low, high)]
    words = "; ".join(filter(None, parts))
    return Cell(f"{head} ({words})" if words else head, later, (low, high), early)


def _if_last(last: float, low: float, high: float) -> str:
    """Return what is left short if all others are served first, where that is more or less than the range."""
    return f"{percent(last)} if last" if last > high + APART or last < low - APART else ""


def _bottleneck(row: pd.Series) -> str:
    if not row["bottleneck_step"]:
        return f"no step abroad costs {row['tier']} anything"
    ours = " (set by us)" if row["bottleneck_basis"] == SET_BY_US else ""
    share = "" if is_missing(row["bottleneck_share"]) else f", which makes {percent(row['bottleneck_share'])}{ours}"
    return first_capital(f"{place_words(row['bottleneck_step'], row['bottleneck_country'])}{share}")
