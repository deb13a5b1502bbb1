"""The tables of what a site's loss costs until it is back, and of what is lost where nobody reroutes well."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Cell, Column, Table, make_table
from chainnet.reporting.tables import PROVED, share, text, tons, whose_words
from chainnet.words import NO_DATA, number, ranks

__all__ = ["bracket_table", "exposure_table", "has_values", "recovery_words"]

MONTHS = 12  # in the year that a period of a shipped graph is
SHORT_LIST = 10
MEASURES = {
    "optimal": "best rerouting, no stocks",
    "myopic first year": "plants live on their stores and habits, first year",
    "myopic long run": "the same, last year, the stores used up",
    "worst case": "no stores, no rerouting (ESRI)",
}


def has_values(facts: Facts) -> bool:
    """Say whether the cost of an exposure is in USD, not in tonnes."""
    settings = facts.a.exposure.attrs.get("provenance", {}).get("settings", {})
    return bool(settings.get("value") == "value_usd_per_t")


def recovery_words(facts: Facts) -> str:
    """Say which recovery was taken, and whether anybody gave it."""
    table = facts.a.exposure
    months = sorted({round(float(v) * MONTHS, 6) for v in table["recovery"]})
    how = "as given" if table.attrs.get("recovery") == "given" else "assumed, the data hold none"
    span = number(months[0]) if len(months) == 1 else f"{number(months[0])} to {number(months[-1])}"
    return f"Recovery: {span} months for each site ({how})."


def exposure_table(facts: Facts) -> Table | None:
    """Return T8f: what the loss of each site costs until it is back; None where it was not assessed."""
    table = facts.a.exposure
    if table.empty:
        return None
    money = has_values(facts)
    columns = [
        text("rank", "Rank", "place by the cost; = tied"),
        text("site", "Id", "what drops out", body=False),
        text("label", "Site", "the same in words"),
        text("place", "Country or region", "where it stands"),
        Column(
            "cost_musd" if money else "cost_t",
            "Cost, USD million" if money else "Cost, t",
            "number",
            "USD million" if money else "t",
            "least value lost until it is back",
        ),
        share("rei", "Of the largest", "risk exposure index: cost over the largest cost"),
        Column("lost_t", "Lost, t", "number", "t", "tonnes lost until it is back"),
        Column("time_to_survive", "Time to survive, months", "number", "months", "time without any loss"),
        Column("recovery", "Recovery, months", "number", "months", "time until it is back, an input"),
        tons("throughput_tpa", "Throughput", "what leaves it in the baseline"),
    ]
    if "spend_usd" in table:
        columns.append(Column("spend_musd", "Spend, USD million", "number", "USD million", "throughput at its prices"))
    scale = 1e6 if money else 1.0
    rows = []
    for place, row in zip(ranks(table["cost_usd"]), table.reset_index().to_dict("records"), strict=True):
        name = str(row["site"])
        parts = [p for p in facts.members(name) if p in facts.things.index]
        where = ", ".join(dict.fromkeys(facts.things.loc[parts, "place"])) if parts else NO_DATA
        survive = row["time_to_survive"]
        cells = [row["cost_usd"] / scale, row["rei"], row["lost_t"]]
        cells += [Cell("unlimited") if np.isinf(survive) else survive * MONTHS, row["recovery"] * MONTHS]
        spend = [row["spend_usd"] / 1e6] if "spend_usd" in table else []
        rows.append([place, name, facts.site_label(name), where, *cells, row["throughput_tpa"], *spend])
    hit = int((table["cost_usd"] > 0).sum())
    value = "" if money else "The data hold no value per tonne, so that each tonne counts 1. "
    return make_table(
        columns,
        rows,
        id="T8f",
        sheet="Exposure",
        title="What the loss of each site costs until it is back",
        subtitle=(
            f"Unit: {'USD million' if money else 't'}, all tiers by their value. {recovery_words(facts)} One at a "
            f"time, undisturbed network."
        ),
        note=value
        + "The rest of the network makes, ships and draws on stocks so that the least value is lost; lead times are "
        "left out. Time to survive: how long it can be out without any loss. Throughput: t/yr of all that leaves it.",
        status=PROVED,
        **facts.rests_on(facts.a.exposure),
    ).with_lead(rows=min(hit + 1, SHORT_LIST))


def bracket_table(facts: Facts) -> Table | None:
    """Return T8g: the optimal loss, the myopic ones and the worst case of each scenario; None where none is known."""
    table = facts.a.bracket
    if table.empty:
        return None
    columns = [
        text("scenario", "Scenario", "name of the scenario", body=False),
        text("label", "Scenario", "the scenario in words"),
        *(tons(f"{key.replace(' ', '_')}_tpa", _HEADS[key], words) for key, words in MEASURES.items()),
        *(
            share(f"{key.replace(' ', '_')}_share", f"{_HEADS[key]}, %", f"{words}: part of the baseline", body=shown)
            for key, words, shown in (
                ("optimal", MEASURES["optimal"], True),
                ("myopic first year", MEASURES["myopic first year"], False),
                ("myopic long run", MEASURES["myopic long run"], True),
                ("worst case", MEASURES["worst case"], False),
            )
        ),
    ]
    known = [name for name in facts.ordered if name in table.index.get_level_values("scenario")]
    rows = []
    for name in known:
        mine = settled_losses(table.loc[name])
        rows.append(
            [
                name,
                facts.scenario_label(name),
                *(mine.loc[key, "lost_tpa"] for key in MEASURES),
                *(mine.loc[key, "lost_share"] for key in MEASURES),
            ]
        )
    years = table.attrs["provenance"]["settings"]["years"]
    return make_table(
        columns,
        rows,
        id="T8g",
        sheet="Bracket",
        title="Lost with the best rerouting, and if firms react only to their own stocks",
        subtitle=f"Unit: {facts.unit}, all tiers. Every measure at its full size. {whose_words(facts)}",
        note=(
            "Loss against what is served in the baseline, no tier first (T8 serves them in order). Best rerouting "
            f"draws no stocks. First and last of {years} simulated years in which plants order as they always did: "
            "the first lives on the stores of plants, so that it may lose less than the best rerouting without "
            "them. Worst case: no stores, no rerouting; no bound by proof. " + _left_out(facts)
        ).strip(),
        status=f"{PROVED}; first, last year and worst case M",
        **facts.rests_on(facts.a.bracket),
    )


_HEADS = {
    "optimal": "Best rerouting",
    "myopic first year": "Habit, first year",
    "myopic long run": "Habit, last year",
    "worst case": "Worst case",
}


def settled_losses(table: pd.DataFrame) -> pd.DataFrame:
    """Return a bracket in which what cannot be told from zero is zero."""
    out = table.copy()
    nothing = out["lost_share"].abs() <= 1e-7
    for column in ("lost_tpa", "lost_share"):
        out[column] = out[column].mask(nothing, 0.0)
    return out


def _left_out(facts: Facts) -> str:
    names = [key.removeprefix("bracket: ") for key in facts.a.unanswered if key.startswith("bracket: ")]
    known = [facts.scenario_label(name) for name in names if name in facts.a.scenarios.index]
    if not known:
        return ""
    return f"Not assessed: {'; '.join(known)} (see below)."
