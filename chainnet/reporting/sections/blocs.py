"""Who holds the balance? What a split into two blocs costs, and what each country between them is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.drawing import country_colours
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import ReportColumn, ReportFigure, Section, make_section
from chainnet.reporting.sections.asked import not_assessed
from chainnet.words import NOT_APPLICABLE, country_name, join, number, tonnes, verb

SHORT_LIST = 10


SIDES = ("allies", "rival")


def section(facts: Facts) -> Section:
    """Return what a split costs each side and what the countries between are worth."""
    return make_section(
        "Who holds the balance?",
        split_table(facts),
        sides_figure(facts),
        side_table(facts),
        not_assessed(facts, "alignment"),
    )


def _blocs(facts: Facts) -> list[list[str]]:
    """Return the members of the two sides: countries and groups."""
    settings: dict[str, Any] = facts.a.alignment.provenance["settings"] if facts.a.alignment else {}
    blocs = settings.get("blocs", {})
    return [list(map(str, blocs.get(name, [name]) if isinstance(blocs, dict) else [name])) for name in SIDES]


def _bloc_names(facts: Facts) -> list[str]:
    """Return the two sides in words."""
    return [join([country_name(member) for member in members]) for members in _blocs(facts)]


def _has_several(facts: Facts) -> bool:
    """Return whether the first side is more than one country."""
    allies, known = _blocs(facts)[0], facts.a.alignment is not None
    return known and len(facts.network.resolve(tuple(allies), "allies")[0]) > 1


def _sold(key: str, per: float = 1.0) -> Any:
    """Return what a side sells to the other; n/a where it sells nothing."""
    return lambda _, row: row["sells"][key] / per if key in row["sells"] else NOT_APPLICABLE


def _side(facts: Facts, row: Any) -> str:
    return dict(zip(SIDES, _bloc_names(facts), strict=True)).get(str(row["side"]), str(row["side"]))


def _alignment(facts: Facts) -> Any:
    return facts.a.alignment


def _splits(facts: Facts) -> list[dict[str, Any]] | None:
    """Return what a split into two blocs costs each side; None where not assessed."""
    found = _alignment(facts)
    if found is None:
        return None
    sales = found.incumbents.to_dict("index")
    return [
        row | {"side": side, "sells": sales.get(side, {})} for side, row in found.split.to_dict("index").items()
    ] or None


def _split_note(facts: Facts) -> str:
    cells = _alignment(facts).incumbents["unpriced"]
    unpriced = sorted({c for cell in cells for c in str(cell).split(", ") if c and c != "nan"})
    note = "Each side's own users outbid everyone, for good; a scenario of a split is another set of measures."
    if unpriced:
        note += f" Sales leave out what has no price in the data: {join([facts.commodity(c) for c in unpriced])}."
    if _has_several(facts):
        note += (
            " What the allies save by one stock held together is not assessed here: “chainnet stockpile --members” "
            "sizes it, “chainnet alliance” says whether a split of what they pool keeps every member in."
        )
    return note


def _against(facts: Facts) -> str:
    one, two = _bloc_names(facts)
    return f"{one} against {two}"


split_table = col.Table(
    "split",
    "Split",
    "What a split into two markets costs",
    rows=_splits,
    columns=(
        col.text("side", "Side", "whose users", _side),
        col.tons("demand_tpa", "Demand", "of its users"),
        col.tons("together_tpa", "Served, one market", "with all trade"),
        col.tons("split_tpa", "Served, split", "without trade between the blocs"),
        col.tons("lost_tpa", "Lost by the split", "the difference"),
        col.tons("alone_tpa", "Served alone", "from its own plants only", missing=NOT_APPLICABLE),
        col.tons(
            "leverage_t", "Others lose if it stops selling", "what the other side's users lose", _sold("leverage_t")
        ),
        col.million(
            "revenue", "Sales to the other, USD million", "what it would no longer sell", _sold("revenue_usd", 1e6)
        ),
    ),
    subtitle=lambda f: f"Unit: {f.unit}. {_against(f)}; the others trade with both.",
    note=_split_note,
    stands=lambda f: f.standing(_alignment(f).split),
)


def _worths(facts: Facts) -> pd.DataFrame | None:
    """Return what each country between the blocs is worth to either side, most first; None where not assessed."""
    found = _alignment(facts)
    if found is None or found.countries.empty:
        return None
    table = found.countries.reset_index()
    worth = ("swing_rival_t", "shapley_allies_t", "swing_allies_t")
    return col.some(table.iloc[np.lexsort((table["country"].astype(str), *(-table[c].round(6) for c in worth)))])


def _side_columns(facts: Facts) -> tuple[ReportColumn, ...]:
    one, two = _bloc_names(facts)
    return (
        col.code("country", "Code", "country"),
        col.placed("label", "Country", "the country in words"),
        col.tons("swing_allies_t", f"Swing of {one}", "served if it sides with them less if it sides with the other"),
        col.tons("shapley_allies_t", "Fair share", "Shapley value over all who choose"),
        col.tons("swing_rival_t", f"Swing of {two}", "the same for the other side"),
        col.tons("shapley_rival_t", "Fair share there", "the same for the other side"),
    )


side_table = col.Table(
    "balance",
    "Balance",
    "What each country between the blocs is worth to either side",
    rows=_worths,
    columns=_side_columns,
    subtitle=lambda f: f"Unit: {f.unit} served to the side's own users, after a split. {_against(f)}.",
    note="Swing: all others stay open to both sides. Fair share: Shapley value over the countries that choose. "
    "Existing relations, no projects.",
    stands=lambda f: f.standing(_alignment(f).countries),
    lead=SHORT_LIST,
)


@fig.figure("sides")
def sides_figure(facts: Facts) -> ReportFigure | None:
    """Draw what each country that chooses is worth to either side."""
    found = facts.a.alignment
    if found is None or found.countries.empty:
        return None
    table = found.countries
    table = table[(table["shapley_allies_t"] > 0) | (table["shapley_rival_t"] > 0)]
    if table.empty:
        return None
    table = table.assign(most=table[["shapley_allies_t", "shapley_rival_t"]].max(axis=1).round(6))
    table = table.reset_index().sort_values(["most", "country"], ascending=[False, True]).head(fig.MOST_BARS)
    y = np.arange(len(table))[::-1]
    canvas, (ax,) = fig.new_canvas(0.6 + 0.23 * len(table))
    one, two = _bloc_names(facts)
    left, right = -table["shapley_rival_t"].to_numpy(float), table["shapley_allies_t"].to_numpy(float)
    members = _blocs(facts)[1]
    rival = country_colours(facts.network).get(members[0], fig.LOST) if len(members) == 1 else fig.LOST
    ax.barh(y, left, color=rival, height=0.6)
    ax.barh(y, right, color=fig.GREY, height=0.6)
    reach = max(float(-left.min()), float(right.max()), 1e-12)
    for at, a, b in zip(y, left, right, strict=True):
        if a < 0:
            fig.write(ax, a - 0.02 * reach, at, number(-a), "right")
        if b > 0:
            fig.write(ax, b + 0.02 * reach, at, number(b))
    ax.set_yticks(y, [facts.drawn(country_name(str(c)), 30) for c in table["country"]])
    ax.set_xlim(-1.25 * reach, 1.25 * reach)
    ax.axvline(0, color=fig.INK, linewidth=0.8)
    for name, side, ha, colour in ((two, -0.03, "right", rival), (one, 0.03, "left", fig.GREY)):
        fig.write(ax, side * reach, len(table) - 0.35, f"to {facts.drawn(name)}", ha, va="baseline", color=colour)
    fig.no_value_axis(ax, len(table), 0.2)
    ax.spines["left"].set_visible(False)
    most = table["shapley_allies_t"].max()
    tied = table[table["shapley_allies_t"].round(6) == round(float(most), 6)]["country"]
    title = f"No country between the blocs is worth anything to {one}"
    if most > 0:
        worth = f"{verb('are', len(tied))} worth {tonnes(most)}{' each' if len(tied) > 1 else ''}"
        title = f"{join([country_name(str(c)) for c in sorted(tied)][:3])} {worth} to {one}"
    alt = "Bars show what each country is worth to either side: " + "; ".join(
        f"{country_name(str(r['country']))} {number(r['shapley_allies_t'])} and {number(r['shapley_rival_t'])}"
        for r in table.head(3).to_dict("records")
    )
    return fig.make_figure(
        canvas,
        title,
        f"Fair share of what the countries that choose are worth to either side after a split, {facts.unit}.",
        alt + ".",
        "",
        side_table(facts),
    )
