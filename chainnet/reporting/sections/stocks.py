"""What must be in stock? Required, held and missing by material, and what lessens it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure, Section, Sentence, make_section, stands
from chainnet.reporting.sections.asked import not_assessed
from chainnet.words import NOT_ASKED, bill, first_capital, number, percent, same, stock_part, stock_sentence, weight

LEAST_T = 0.1  # a smaller requirement has no bar
CERTAIN_T = 1e-6  # less of a stock is none


def section(facts: Facts) -> Section:
    """Return what is required, held and to buy under the worst scenario, and what is on record."""
    return make_section(
        "What must be held?",
        stock_points(facts),
        requirement_figure(facts),
        requirement_table(facts),
        not_assessed(facts, "stockpile"),
        more=(stock_table(facts),),
    )


@once
def _needed(facts: Facts) -> pd.DataFrame:
    """Return the rows of the requirement in which anything is required or held, dust taken off."""
    table = facts.a.stockpile
    if table.empty:
        return table
    amounts = ["required_t", "held_t", "net_t", "buy_t"]
    table = table.assign(**{c: table[c].mask(table[c].abs() <= CERTAIN_T, 0.0) for c in amounts})
    table = table.assign(buy_usd=(table["buy_t"] * table["price_usd_per_t"]).mask(table["buy_t"] <= 0, 0.0))
    return table[(table[["required_t", "held_t", "buy_t"]] > 0).any(axis=1)]


def stock_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return what must be in stock for the leading tier, material by material, and what it costs."""
    table = _needed(facts)
    if table.empty:
        if any(key.startswith("stockpile") for key in facts.a.unanswered):
            return ()
        return (_nothing(facts),)
    points = []
    for name, found in table[(table["required_t"] > 0) | (table["buy_t"] > 0)].groupby("scenario", sort=False):
        parts = [
            stock_part(_material(facts, row, empty=True), *(row[c] for c in ("required_t", "buy_t", "buy_usd")))
            for row in found.to_dict("records")
        ]
        points.append(Sentence(stock_sentence(facts.first, facts.scenario_label(str(name)), parts), ("requirement",)))
    return tuple(points) or (_nothing(facts),)


def _nothing(facts: Facts) -> Sentence:
    """Say that no stock is required."""
    none = f"On existing links the worst scenario leaves {facts.first} short in no month of {facts.horizon}"
    return Sentence(f"{none}: in the central case no stock is required for it.")


def _material(facts: Facts, row: Any, empty: bool = False) -> str:
    """Return the name of a row's material; ``empty`` = also where the data name it with nothing."""
    label = row.get("label")
    if isinstance(label, str) and (label or empty):
        return label
    return facts.commodity(row["commodity"]) or "anything"


_MATERIALS = (
    col.code("commodity", "Commodity", "id of the material", lambda _, row: row["commodity"] or NOT_ASKED),
    col.text("material", "Material", "what must be in stock", lambda f, row: _material(f, row)),
)


_TONNES = (
    col.weight("required_t", "Required if nothing is held, t", "least stock that keeps the tier whole, none held"),
    col.weight("held_t", "Held of this material, t", "on record with the counted countries for this tier"),
    col.weight("net_t", "Required less held, t", "of the same material, wherever it lies; at least 0", body=False),
    col.weight(
        "buy_t",
        "To buy beside all that is held, t",
        "to buy if all that is held, of whatever material, is drawn where it lies",
    ),
)
requirement_table = col.Table(
    "requirement",
    "Stock",
    "What must be in stock for {f.first} to be met",
    rows=lambda f: None if f.a.stockpile.empty else _with_sums(_needed(f)),
    columns=(
        col.SCENARIO_NAME,
        *_MATERIALS,
        *_TONNES,
        col.per_tonne("price_usd_per_t", "Price, USD/t", "price taken"),
        col.dollars("cost_musd", "Required less held, USD million", "the same, at that price", "cost_usd", body=False),
        col.dollars("buy_musd", "To buy, USD million", "at that price", "buy_usd"),
    ),
    none={"material": "nothing is required", **{column.key: 0.0 for column in _TONNES}},
    subtitle="Unit: t of each material; never added. On existing links, {f.horizon} months. Scenario: {f.worst_label}.",
    stands=lambda f: f.standing(f.a.stockpile),
)


def _with_sums(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a requirement, and under a scenario with several what all that is to buy costs."""
    rows: list[dict[str, Any]] = []
    for name, found in table.groupby("scenario", sort=False):
        rows += records(found)
        if len(found) > 1 and (found["buy_usd"] > 0).any():
            blank = dict.fromkeys(("required_t", "held_t", "net_t", "buy_t", "price_usd_per_t"), NOT_ASKED)
            sums = {c: float(found[c].fillna(0.0).sum()) for c in ("cost_usd", "buy_usd")}
            rows.append({"scenario": name, "commodity": "", "label": "All with a price", **blank, **sums})
    return rows


stock_table = col.Table(
    "stocks",
    "Stocks held",
    "Stocks on record",
    rows=lambda f: f.network.stocks,
    columns=(
        col.code("id", "Stock", "name of the stock"),
        col.text("holder", "Holder", "who holds it"),
        col.placed("place", "Country", "where it lies"),
        col.commodity("Of", "what is in store"),
        col.weight("stock_t", "In store, t", "tonnes in store"),
        col.tons("release_tpa", "Most in a year", "most that may be drawn in a year", missing="no limit"),
        col.named("node", "Enters at", "node where it enters", "node", missing="nowhere"),
        col.quality("how the tonnes are known"),
    ),
    none={"holder": "no stock on record"},
    subtitle="Unit: t of the stock's own material; never added.",
    note="All that is on record, whoever holds it; {requirement} counts what lies with the counted countries for its "
    "tier.",
    stands=stands("see column"),
)


@fig.figure("stocks")
def requirement_figure(facts: Facts) -> ReportFigure | None:
    """Draw the part of each requirement for which what is held stands in."""
    table = _needed(facts)
    if table.empty or not (table["required_t"] >= LEAST_T).any():
        return None
    rows = table[table["required_t"] >= LEAST_T].head(fig.MOST_BARS).to_dict("records")
    canvas, (ax,) = fig.new_canvas(0.45 + 0.32 * len(rows))
    y = np.arange(len(rows))[::-1]
    for at, row in zip(y, rows, strict=True):
        part = _covered(row)
        ax.barh(
            at,
            1.0 - part,
            left=part,
            height=0.5,
            facecolor="white",
            edgecolor=fig.BAR,
            hatch="////",
            linewidth=0.8,
        )
        if part > 0:
            ax.barh(at, part, height=0.5, color=fig.BAR)
        ax.plot([1, 1], [at - 0.36, at + 0.36], color=fig.INK, linewidth=2.2)
        cost = "no price" if np.isnan(row["buy_usd"]) else bill(row["buy_usd"])
        bought = f"{number(row['buy_t'])} of {weight(row['required_t'])} to buy, {cost}"
        fig.write(ax, 1.03, at, bought if row["buy_t"] > 0 else f"nothing of {weight(row['required_t'])} to buy")
    labels = [fig.folded(facts.drawn(_material(facts, r)), 44, 2) for r in rows]
    ax.set_yticks(y, labels, fontsize=fig.SMALL)
    ax.set_xlim(0, 2.3)
    fig.no_value_axis(ax, len(rows))
    ax.axvline(0, color=fig.RULE, linewidth=0.8)
    ax.spines["left"].set_visible(False)
    priced = [r for r in rows if not np.isnan(r["buy_usd"])]
    top = max(priced, key=lambda r: r["buy_usd"]) if priced else max(rows, key=lambda r: r["buy_t"])
    need = weight(top["required_t"])
    said = f"{number(top['buy_t'])} of {need} required are to buy"
    if not top["buy_t"] > 0:
        said = f"what is held does for all {need} required"
    elif same(top["buy_t"], top["required_t"]):
        said = f"all {need} required are to buy"
    alt = "Bars show the part of the requirement for which what is held stands in: " + "; ".join(
        f"{facts.scenario_label(r['scenario'])}, {_material(facts, r)} {weight(r['required_t'])} "
        f"required, {percent(_covered(r))} covered"
        for r in rows[:3]
    )
    return fig.make_figure(
        canvas,
        f"{first_capital(facts.drawn(_material(facts, top), 60))}: {said}",
        f"Covered by what is held, of whatever material (solid), and to buy (hatched), part of what "
        f"{facts.first} requires (tick) to be met. Existing links, {facts.horizon} months.",
        alt + ".",
        requirement_table(facts),
        f"Requirements under {LEAST_T} t have no bar." if (table["required_t"] < LEAST_T).any() else "",
    )


def _covered(row: Any) -> float:
    """Return the part of a requirement for which what is held stands in."""
    return 1.0 - min(float(row["buy_t"]) / float(row["required_t"]), 1.0)
