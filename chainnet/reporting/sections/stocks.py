"""What must be in stock? Required, held and missing by material, and what lessens it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.advised import CERTAIN_T
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import (
    ReportColumn,
    ReportFigure,
    ReportTable,
    Section,
    Sentence,
    make_section,
    make_table,
    stands,
)
from chainnet.reporting.order import table_id
from chainnet.reporting.sections.asked import not_assessed
from chainnet.results import origin_of
from chainnet.words import (
    NOT_ASKED,
    bill,
    first_capital,
    join,
    money,
    number,
    percent,
    same,
    stock_part,
    stock_sentence,
    titled,
    weight,
)

LEAST_T = 0.1  # a smaller requirement has no bar
STEP_WORDS = {
    "own exports limited": "Own plants serve the counted demand first",
    "extra buys": "Buy more, from known and new relations",
    "substitution": "Stand-ins up to their limit",
    "austerity": "Less demand",
    "projects": "Projects from their start year",
    "stocks held": "Draw what is held",
}
PARTS = ("before", "averted", "after")


def section(facts: Facts) -> Section:
    """Return what is required, held and missing, what lessens it, and what is on record."""
    return make_section(
        "What must be in stock?",
        stock_points(facts),
        requirement_figure(facts),
        requirement_table(facts),
        mitigation_table(facts),
        not_assessed(facts, "stockpile", "mitigation"),
        stock_table(facts),
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
    months, table = facts.months, _needed(facts)
    if table.empty:
        if "stockpile" in facts.a.unanswered or any(k.startswith("stockpile: ") for k in facts.a.unanswered):
            return ()
        none = f"No scenario leaves {months.lead} short in any month of {months.span}: no stock is required for it."
        return (Sentence(none, ("endurance",)),)
    points = []
    for name, found in table[(table["required_t"] > 0) | (table["buy_t"] > 0)].groupby("scenario", sort=False):
        parts = [
            stock_part(_material(facts, row, empty=True), *(row[c] for c in ("required_t", "buy_t", "buy_usd")))
            for row in found.to_dict("records")
        ]
        points.append(Sentence(stock_sentence(months.lead, facts.scenario_label(str(name)), parts), ("requirement",)))
    less = facts.a.mitigation
    if not less.empty:
        before = less[less["step"] == less["step"].iloc[0]]["before_usd"].sum(min_count=1)
        after = less[less["step"] == less["step"].iloc[-1]]["after_usd"].sum(min_count=1)
        if not np.isnan(after) and before > 0:
            said = (
                f"Under {facts.quoted(str(less['scenario'].iloc[0]))} all mitigations together take what is required "
                f"from {money(before)} to {money(after)}, materials with a price."
            )
            last = less[less["step"] == less["step"].iloc[-1]]
            bare = last[last["after_usd"].isna() & (last["after_t"] > CERTAIN_T)]
            if len(bare):
                parts = [
                    f"{weight(row['after_t'])} of {titled(_material(facts, row))}" for row in bare.to_dict("records")
                ]
                said += f" Without a price, {join(parts)} {'is' if len(bare) == 1 else 'are'} still required."
            points.append(Sentence(said, ("mitigation",)))
    return tuple(points)


def _material(facts: Facts, row: Any, empty: bool = False) -> str:
    """Return the name of a row's material; ``empty`` = also where the data name it with nothing."""
    label = row.get("label")
    if isinstance(label, str) and (label or empty):
        return label
    return facts.commodity(row["commodity"]) or "anything"


def _materials(facts: Facts) -> tuple[ReportColumn, ReportColumn]:
    return (
        col.text("commodity", "Commodity", "id of the material", lambda row: row["commodity"] or NOT_ASKED, body=False),
        col.text("material", "Material", "what must be in stock", lambda row: _material(facts, row)),
    )


@once
def requirement_table(facts: Facts) -> ReportTable | None:
    """Return required, held and missing, by scenario and material; None where it was not assessed."""
    if facts.a.stockpile.empty:
        return None
    table = _needed(facts)
    tonnes = [
        col.weight("required_t", "Required, t", "least stock that keeps the tier whole, none held"),
        col.weight("held_t", "Held, t", "on record with the counted countries for this tier"),
        col.weight("net_t", "Required less held, t", "of the same material, wherever it lies; at least 0", body=False),
        col.weight("buy_t", "To buy, t", "to buy if all that is held, of whatever material, is drawn where it lies"),
    ]
    columns = [
        *col.scenario(facts),
        *_materials(facts),
        *tonnes,
        col.per_tonne("price_usd_per_t", "Price, USD/t", "price taken"),
        col.million(
            "cost_musd",
            "Required less held, USD million",
            "the same, at that price",
            lambda row: row["cost_usd"] / 1e6,
            body=False,
        ),
        col.million("buy_musd", "To buy, USD million", "at that price", lambda row: row["buy_usd"] / 1e6),
    ]
    none: dict[str, Any] = {"label": "no scenario", "material": "nothing is required"}
    return make_table(
        columns,
        _with_sums(table),
        none=none | {column.key: 0.0 for column in tonnes},
        key="requirement",
        sheet="Stock",
        title=f"What must be in stock for {facts.months.lead} to stay whole",
        subtitle=f"Unit: t of each material; never added. {facts.months.span}. Known relations, all others give way.",
        note=(
            "Required: the cheapest set of stocks that keeps every month whole with nothing held; one of several where "
            "prices tie. It may enter where the material is taken in, at any rate. Held: on record for this tier. To "
            "buy: the cheapest set if all that is held, of whatever material, is drawn; what is held of the same "
            "material may lie where it does not help, or for another tier. n/d: no price in the data; such a cost is "
            "not 0. Materials of which nothing is required or held are in no row."
        ),
        **facts.standing(facts.a.stockpile),
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


@col.table("mitigation", "Stock mitigation", "What each mitigation takes off the stock that is required")
def mitigation_table(facts: Facts) -> ReportTable | None:
    """Return before, averted and after each mitigation; None where it was not assessed."""
    table = facts.a.mitigation
    if table.empty:
        return None
    tonnes = [f"{part}_t" for part in PARTS]
    used = table.groupby("commodity", dropna=False)[tonnes].transform(lambda c: c.abs().max()).max(axis=1) > CERTAIN_T
    names = dict(zip(facts.a.stockpile["commodity"], facts.a.stockpile["label"], strict=True))
    rows: list[dict[str, Any]] = []
    for _, found in table[used].groupby("step", sort=False):
        parts = records(found.assign(label=found["commodity"].map(names)))
        for row in parts:
            row |= {f"{part}_t": 0.0 if abs(row[f"{part}_t"]) <= CERTAIN_T else row[f"{part}_t"] for part in PARTS}
            row |= {f"{part}_usd": 0.0 if abs(row[f"{part}_usd"]) <= 1.0 else row[f"{part}_usd"] for part in PARTS}
        sums = {f"{part}_usd": float(found[f"{part}_usd"].fillna(0.0).sum()) for part in PARTS}
        sums = {key: 0.0 if abs(usd) <= 1e-3 else usd for key, usd in sums.items()}
        blank = dict.fromkeys(tonnes, NOT_ASKED)
        rows += [*parts, {"step": parts[0]["step"], "commodity": "", "label": "All with a price", **blank, **sums}]
    amounts = {
        "before": ("Before", "required before the step", "at the price taken"),
        "averted": ("Averted", "before less after", "before less after"),
        "after": ("After", "required after the step", "at the price taken"),
    }
    columns = [
        col.text("step", "Step", "name of the step", body=False),
        col.text(
            "words",
            "Mitigation",
            "what is done, on top of the steps before",
            lambda row: STEP_WORDS.get(str(row["step"]), first_capital(str(row["step"]))),
        ),
        *_materials(facts),
        *(col.weight(f"{key}_t", f"{head}, t", meaning) for key, (head, meaning, _) in amounts.items()),
        *(_musd(key, head, meaning) for key, (head, _, meaning) in amounts.items()),
    ]
    none: dict[str, Any] = {"words": "none", "material": "nothing is required"}
    step = origin_of(table)["settings"].get("step_months", 1)
    scenario = facts.scenario_label(str(table["scenario"].iloc[0]))
    return make_table(
        columns,
        rows,
        none=none | {column.key: 0.0 for column in columns[4:]},
        subtitle=(
            f"Unit: t of each material, never added; USD million. Scenario: {scenario}. "
            f"{facts.months.span}, counted in periods of {step} month{'' if step == 1 else 's'}."
        ),
        note=(
            "Before - averted = after in every row; 0: unchanged. Before the first step nothing carries more than its "
            "baseline. A step may shift the need from one material to another (averted below 0). What a step takes off "
            "depends on those before it, what is left at the end does not. New relations count here, not in "
            f"{table_id('requirement')}. n/d: no price; the sums leave it out."
        ),
        **facts.standing(table),
    )


def _musd(part: str, head: str, meaning: str) -> ReportColumn:
    return col.million(f"{part}_musd", f"{head}, USD million", meaning, lambda row: row[f"{part}_usd"] / 1e6)


@col.table("stocks", "Stocks held", "Stocks on record")
def stock_table(facts: Facts) -> ReportTable:
    """Return the stocks on record."""
    columns = [
        col.text("id", "Stock", "name of the stock", body=False),
        col.text("holder", "Holder", "who holds it"),
        col.text("place", "Country", "where it lies", lambda row: col.country(row["country"])),
        col.commodity(facts, "Of", "what is in store"),
        col.weight("stock_t", "In store, t", "tonnes in store"),
        col.tons("release_tpa", "Most in a year", "most that may be drawn in a year", missing="no limit"),
        col.text(
            "node",
            "Enters at",
            "node where it enters",
            lambda row: facts.label(row["node"]) if isinstance(row["node"], str) else "nowhere",
        ),
        col.quality("how the tonnes are known"),
    ]
    return make_table(
        columns,
        facts.network.stocks.to_dict("records"),
        none={"holder": "no stock on record"},
        subtitle="Unit: t of the stock's own material; never added.",
        note=f"All that is on record, whoever holds it; {table_id('requirement')} counts what lies with the counted "
        "countries for its tier.",
        **stands("see column"),
    )


@fig.figure("stocks")
def requirement_figure(facts: Facts) -> ReportFigure | None:
    """Draw the part of each requirement for which what is held stands in."""
    table = _needed(facts)
    if table.empty or not (table["required_t"] >= LEAST_T).any():
        return None
    rows = table[table["required_t"] >= LEAST_T].head(fig.MOST_BARS).to_dict("records")
    canvas, (ax,) = fig.new_canvas(0.62 + 0.36 * len(rows))
    y = np.arange(len(rows))[::-1]
    for at, row in zip(y, rows, strict=True):
        part = _covered(row)
        ax.barh(
            at,
            1.0 - part,
            left=part,
            height=0.5,
            facecolor="white",
            edgecolor=fig.TIERS[0],
            hatch="////",
            linewidth=0.8,
        )
        if part > 0:
            ax.barh(at, part, height=0.5, color=fig.TIERS[0])
        ax.plot([1, 1], [at - 0.36, at + 0.36], color=fig.INK, linewidth=2.2)
        cost = "no price" if np.isnan(row["buy_usd"]) else bill(row["buy_usd"])
        bought = f"{number(row['buy_t'])} of {weight(row['required_t'])} to buy, {cost}"
        fig.write(ax, 1.03, at, bought if row["buy_t"] > 0 else f"nothing of {weight(row['required_t'])} to buy")
    labels = [
        f"{fig.folded(facts.drawn(r['label'] or r['commodity']), 52, 1)}\n"
        f"{fig.folded(facts.drawn(facts.scenario_label(r['scenario'])), 52, 2)}"
        for r in rows
    ]
    ax.set_yticks(y, labels, fontsize=7.0)
    ax.set_xlim(0, 2.3)
    fig.no_value_axis(ax, len(rows))
    ax.axvline(0, color=fig.RULE, linewidth=0.8)
    ax.spines["left"].set_visible(False)
    priced = [r for r in rows if not np.isnan(r["buy_usd"])]
    top = max(priced, key=lambda r: r["buy_usd"]) if priced else max(rows, key=lambda r: r["buy_t"])
    need = weight(top["required_t"])
    said = f"{number(top['buy_t'])} of {need} required to buy"
    if not top["buy_t"] > 0:
        said = f"what is held does for all {need} required"
    elif same(top["buy_t"], top["required_t"]):
        said = f"all {need} required to buy"
    alt = "Bars show the part of the requirement for which what is held stands in: " + "; ".join(
        f"{facts.scenario_label(r['scenario'])}, {r['label'] or r['commodity']} {weight(r['required_t'])} "
        f"required, {percent(_covered(r))} covered"
        for r in rows[:3]
    )
    return fig.make_figure(
        canvas,
        f"{facts.drawn(top['label'] or top['commodity'], 40)}: {said}",
        f"Covered by what is held, of whatever material (solid), and to buy (hatched), part of what "
        f"{facts.months.lead} requires (tick) to stay whole. {facts.months.span}.",
        alt + ".",
        f"Requirements under {LEAST_T} t have no bar." if (table["required_t"] < LEAST_T).any() else "",
        requirement_table(facts),
    )


def _covered(row: Any) -> float:
    """Return the part of a requirement for which what is held stands in."""
    return 1.0 - min(float(row["buy_t"]) / float(row["required_t"]), 1.0)
