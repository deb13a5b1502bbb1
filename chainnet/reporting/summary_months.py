"""Sentences of the months, of what habit loses and of what must be in stock, made from numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from chainnet.reporting.facts import Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.model import Sentence
from chainnet.reporting.tables_exposure import settled_losses
from chainnet.reporting.tables_stocks import needed
from chainnet.words import (
    NBSP,
    bracket_sentence,
    endurance_sentence,
    first_capital,
    foresight_sentence,
    join,
    money,
    month_words,
    spelled,
    stock_part,
    stock_sentence,
    tier_sentence,
)

__all__ = ["bracket_points", "lasts_words", "month_points", "not_assessed", "stock_points", "tier_words", "when_words"]

TOLD = 3


def _quoted(facts: Facts, name: str) -> str:
    return f"“{facts.scenario_label(name)}”"


def when_words(months: Months) -> str:
    """Return when the leading tier, or else who is short first, goes short in the worst scenario of the months."""
    facts = months.facts
    if not months.ordered:
        return ""
    if not months.short:
        n = spelled(len(months.ordered), "scenario")
        return f"Over {months.span} nobody is short in any month of {n}: stocks and spare capacity carry them."
    name = months.short[0]
    row = months.of(name, months.lead)
    said = f"Over {months.span}, most is lacking under {_quoted(facts, name)}: "
    if np.isnan(row["first_short_month"]):
        said += tier_words(months, name, months.lead) + " "
        others = [t for t in facts.tiers if not np.isnan(months.of(name, t)["first_short_month"])]
        return said + " ".join(f"{tier_words(months, name, t)}{lasts_words(months, name, t)}" for t in others[:2])
    said += f"{tier_words(months, name, months.lead)}{lasts_words(months, name, months.lead)}"
    return f"{said}{_also(months, name)}".strip()


def tier_words(months: Months, name: str, tier: str) -> str:
    """Return what the months say of a tier under a scenario."""
    row = months.of(name, tier)
    return tier_sentence(
        tier,
        row["demand_t"],
        row["shortfall_t"],
        row["first_short_month"],
        row["worst_month"],
        row["worst_month_share"],
        months.start,
    )


def lasts_words(months: Months, name: str, tier: str) -> str:
    """Return how long a tier is kept whole and when it recovers, with a leading blank; empty if never short."""
    row = months.of(name, tier)
    if np.isnan(row["first_short_month"]):
        return ""
    return " " + endurance_sentence(tier, months.survive(row), months.recover(row))


def _also(months: Months, name: str) -> str:
    """Say from which month the leading tier is short under the next scenarios."""
    rest = [n for n in months.short if n != name]
    hit = [(n, months.of(n, months.lead)["first_short_month"]) for n in rest]
    hit = [(n, first) for n, first in hit if not np.isnan(first)][:TOLD]
    if not hit:
        return ""
    words = [f"{_quoted(months.facts, n)} from month{NBSP}{month_words(first, months.start)}" for n, first in hit]
    return f" It is also short under {join(words)}."


def month_points(months: Months) -> tuple[Sentence, ...]:
    """Return what the months say of each tier, under the worst scenarios."""
    points = []
    for name in months.short[:TOLD]:
        parts = []
        for tier in months.facts.tiers:
            row = months.of(name, tier)
            parts.append(tier_words(months, name, tier) + lasts_words(months, name, tier))
            parts.append(foresight_sentence(row["value_of_information_t"], row["shortfall_t"]))
        head = f"{months.facts.scenario_label(name)}."
        points.append(Sentence(" ".join(p for p in parts if p), ("T8d", "T8e"), head))
    if not points and months.ordered:
        points.append(Sentence(when_words(months), ("T8d",)))
    return tuple(points)


def bracket_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return the bracket of the worst scenarios that it can express, those that lose the same told once."""
    table = facts.a.bracket
    if table.empty:
        return ()
    known = set(table.index.get_level_values("scenario"))
    found: dict[str, list[str]] = {}
    for name in facts.ordered:
        if name in known:
            mine = settled_losses(table.loc[name])["lost_tpa"]
            if mine.max() > 0:
                found.setdefault(bracket_sentence(mine["optimal"], mine["myopic long run"]), []).append(name)
    points = []
    for words, names in list(found.items())[:TOLD]:
        head = join([facts.scenario_label(n) for n in names])
        points.append(Sentence(words, ("T8g",), f"{head}."))
    return tuple(points)


def stock_points(months: Months) -> tuple[Sentence, ...]:
    """Return what must be in stock for the leading tier, material by material, and what it costs."""
    facts = months.facts
    table = needed(facts)
    if table.empty:
        if "stockpile" in facts.a.unanswered or any(k.startswith("stockpile: ") for k in facts.a.unanswered):
            return ()
        none = f"No scenario leaves {months.lead} short in any month of {months.span}: no stock is required for it."
        return (Sentence(none, ("T8e",)),)
    points = []
    for name, found in table.groupby("scenario", sort=False):
        mine = found[found["required_t"] > 0]
        parts = [
            stock_part(
                str(row["label"]) if isinstance(row["label"], str) else facts.commodity(row["commodity"]) or "anything",
                row["required_t"],
                row["held_t"],
                row["net_t"],
                row["cost_usd"],
            )
            for row in mine.to_dict("records")
        ]
        if parts:
            said = stock_sentence(months.lead, facts.scenario_label(str(name)), parts)
            points.append(Sentence(said, ("T12",)))
    less = facts.a.mitigation
    if not less.empty:
        before = less[less["step"] == less["step"].iloc[0]]["before_usd"].sum(min_count=1)
        last = less["step"].iloc[-1]
        after = less[less["step"] == last]["after_usd"].sum(min_count=1)
        if not np.isnan(after) and before > 0:
            scenario = _quoted(facts, str(less["scenario"].iloc[0]))
            points.append(
                Sentence(
                    f"Under {scenario} all mitigations together take what is required from {money(before)} to "
                    f"{money(after)}, materials with a price.",
                    ("T12b",),
                )
            )
    return tuple(points)


def not_assessed(facts: Facts, questions: Sequence[str]) -> tuple[Sentence, ...]:
    """Return why some questions were not answered, scenarios with the same reason together."""
    names = {
        "bracket": "Myopic loss",
        "exposure": "Exposure",
        "stockpile": "Required stock",
        "mitigation": "Mitigation of the required stock",
        "portfolio": "Best sets of projects",
        "floors": "Prices at which projects pay",
        "idle": "Idle plants",
        "alignment": "What countries between two blocs are worth",
        "indices": "Published indices",
        "ranges": "Ranges",
        "draws": "All ranges at once",
    }
    found: dict[tuple[str, str], list[str]] = {}
    for key, reason in facts.a.unanswered.items():
        question, _, scenario = key.partition(": ")
        if question in questions:
            found.setdefault((question, _reason(reason)), []).append(scenario)
    points = []
    for (question, reason), scenarios in found.items():
        labels = [_quoted(facts, s) for s in scenarios if s]
        of = f" ({join(labels)})" if labels else ""
        points.append(Sentence(f"Not assessed: {names[question].lower()}{of}. {first_capital(reason)}"))
    return tuple(points)


def _reason(message: str) -> str:
    """Return the first sentence of an error without the names of functions and files before it."""
    words = re.sub(r"^(?:[a-z_]+: )?(?:[^\s:]+\.toml: )?", "", message)
    words = re.sub(r"^measures\[\d+\] (\w+)", r"a measure (\1)", words)
    return words.split(". ")[0].rstrip(".") + "."
