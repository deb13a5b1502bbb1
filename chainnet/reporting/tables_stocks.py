"""The tables of what must be in stock, and of what lessens it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.reporting.tables import PROVED, text
from chainnet.words import NO_DATA, first_capital

__all__ = ["mitigation_table", "needed", "requirement_table"]

CERTAIN_T = 1e-6
STEP_WORDS = {
    "own exports limited": "Own plants serve the counted demand first",
    "extra buys": "Buy more, from known and new relations",
    "substitution": "Stand-ins up to their limit",
    "austerity": "Less demand",
    "projects": "Projects from their start year",
    "stocks held": "Draw what is held",
}


def needed(facts: Facts) -> pd.DataFrame:
    """Return the rows of the requirement in which anything is required or held, dust taken off."""
    table = facts.a.stockpile
    if table.empty:
        return table
    table = table.copy()
    for column in ("required_t", "held_t", "net_t", "buy_t"):
        if column in table:
            table[column] = table[column].mask(table[column].abs() <= CERTAIN_T, 0.0)
    return table[(table["required_t"] > 0) | (table["held_t"] > 0)]


def _label(facts: Facts, row: Any) -> str:
    label = row.get("label")
    return str(label) if isinstance(label, str) and label else facts.commodity(row["commodity"]) or "anything"


def _musd(key: str, head: str, meaning: str, **more: Any) -> Column:
    return Column(key, head, "number", "USD million", meaning, **more)


def _millions(usd: Any) -> Any:
    return Cell(NO_DATA) if pd.isna(usd) else float(usd) / 1e6


def requirement_table(months: Months) -> Table | None:
    """Return T12: required, held and missing, by scenario and material; None where it was not assessed."""
    facts = months.facts
    if facts.a.stockpile.empty:
        return None
    table = needed(facts)
    has_buy = "buy_t" in table
    columns = [
        text("scenario", "Scenario", "name of the scenario", body=False),
        text("label", "Scenario", "the scenario in words"),
        text("commodity", "Commodity", "id of the material", body=False),
        text("material", "Material", "what must be in stock"),
        Column("required_t", "Required, t", "number", "t", "least stock that keeps the tier whole, none held"),
        Column("held_t", "Held, t", "number", "t", "on record with the counted countries for this tier"),
        Column("net_t", "Missing, t", "number", "t", "required less held, at least 0"),
        *([Column("buy_t", "To buy, t", "number", "t", "to buy if all that is held is drawn")] if has_buy else []),
        Column("price_usd_per_t", "Price, USD/t", "number", "USD/t", "price taken"),
        _musd("cost_musd", "Cost, USD million", "what is missing, at that price"),
    ]
    rows = [
        [
            row["scenario"],
            facts.scenario_label(row["scenario"]),
            row["commodity"] or "-",
            _label(facts, row),
            row["required_t"],
            row["held_t"],
            row["net_t"],
            *([row["buy_t"]] if has_buy else []),
            row["price_usd_per_t"],
            _millions(row["cost_usd"]),
        ]
        for row in table.to_dict("records")
    ]
    none = ["-", "no scenario", "-", "nothing is required", *(0.0 for _ in range(3 + has_buy)), Cell("-"), Cell("-")]
    return make_table(
        columns,
        rows or [none],
        id="T12",
        sheet="Stock",
        title=f"What must be in stock for {months.lead} to stay whole",
        subtitle=f"Unit: t of each material; never added. {months.span}. Known relations, all others give way.",
        note=(
            "Required: the cheapest set of stocks that keeps every month whole with nothing held; one of several where "
            "prices tie. It may enter where the material is taken in, at any rate. Held: on record for this tier. "
            + ("To buy: the cheapest set if all that is held, of whatever material, is drawn. " if has_buy else "")
            + "n/d: no price in the data; such a cost is not 0. Materials of which nothing is required or held are in "
            "no row."
        ),
        status=PROVED,
        **facts.rests_on(facts.a.stockpile),
    )


def mitigation_table(months: Months) -> Table | None:
    """Return T12b: before, averted and after each mitigation; None where it was not assessed."""
    facts, table = months.facts, months.facts.a.mitigation
    if table.empty:
        return None
    columns = ["before_t", "averted_t", "after_t"]
    used = table.groupby("commodity", dropna=False)[columns].transform(lambda c: c.abs().max()).max(axis=1) > CERTAIN_T
    names = dict(zip(facts.a.stockpile["commodity"], facts.a.stockpile["label"], strict=True))
    rows = []
    for step, found in table[used].groupby("step", sort=False):
        words = STEP_WORDS.get(str(step), first_capital(str(step)))
        for row in found.to_dict("records"):
            tonnes = [0.0 if abs(row[c]) <= CERTAIN_T else row[c] for c in columns]
            dollars = [_settled(row[c]) for c in ("before_usd", "averted_usd", "after_usd")]
            label = _label(facts, {"label": names.get(row["commodity"]), "commodity": row["commodity"]})
            rows.append([step, words, row["commodity"] or "-", label, *tonnes, *dollars])
        sums = [float(found[c].fillna(0.0).sum()) / 1e6 for c in ("before_usd", "averted_usd", "after_usd")]
        blank = [Cell("-") for _ in columns]
        rows.append([step, words, "-", "All with a price", *blank, *(0.0 if abs(v) <= 1e-9 else v for v in sums)])
    scenario = str(table["scenario"].iloc[0])
    nothing = ["-", "none", "-", "nothing is required", *(0.0 for _ in range(6))]
    step = facts.a.mitigation.attrs["provenance"]["settings"].get("step_months", 1)
    return make_table(
        [
            text("step", "Step", "name of the step", body=False),
            text("words", "Mitigation", "what is done, on top of the steps before"),
            text("commodity", "Commodity", "id of the material", body=False),
            text("material", "Material", "what must be in stock"),
            Column("before_t", "Before, t", "number", "t", "required before the step"),
            Column("averted_t", "Averted, t", "number", "t", "before less after"),
            Column("after_t", "After, t", "number", "t", "required after the step"),
            _musd("before_musd", "Before, USD million", "at the price taken"),
            _musd("averted_musd", "Averted, USD million", "before less after"),
            _musd("after_musd", "After, USD million", "at the price taken"),
        ],
        rows or [nothing],
        id="T12b",
        sheet="Stock mitigation",
        title="What each mitigation takes off the stock that is required",
        subtitle=(
            f"Unit: t of each material, never added; USD million. Scenario: {facts.scenario_label(scenario)}. "
            f"{months.span}, counted in periods of {step} month{'' if step == 1 else 's'}."
        ),
        note=(
            "Before - averted = after in every row; 0: unchanged. Before the first step nothing carries more than its "
            "baseline. A step may shift the need from one material to another (averted below 0). What a step takes off "
            "depends on those before it, what is left at the end does not. n/d: no price; the sums leave it out."
        ),
        status=PROVED,
        **facts.rests_on(table),
    )


def _settled(usd: Any) -> Any:
    if pd.isna(usd):
        return Cell(NO_DATA)
    return 0.0 if abs(usd) <= 1.0 else float(np.float64(usd) / 1e6)
