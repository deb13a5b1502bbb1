"""Who else decides? The countries between two blocs, the market and who pays in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Section, Sentence, make_section
from chainnet.reporting.sections.asked import not_assessed
from chainnet.reporting.sections.market import (
    assumed_words,
    floor_table,
    floor_words,
    input_table,
    instrument_figure,
    instrument_table,
    order_words,
    price_figure,
    price_table,
    statement_table,
)
from chainnet.words import country_name, in_sentence, join, tonnes, verb

SIDES = ("allies", "rival")
LEAST = 0.01  # of the largest; a country worth less has no row in print


def section(facts: Facts) -> Section:
    """Return what countries between are worth, at which prices the chain clears, and what instruments cost."""
    return make_section(
        "Who else decides?",
        _worth_words(facts),
        side_table(facts),
        not_assessed(facts, "alignment"),
        price_figure(facts),
        *not_assessed(facts, "market"),
        floor_table(facts),
        *not_assessed(facts, "floors"),
        instrument_figure(facts),
        *not_assessed(facts, "instruments"),
        (*floor_words(facts), *order_words(facts), *assumed_words(facts)),
        more=(
            *(table(facts) for table in (price_table, instrument_table, statement_table, input_table)),
            split_table(facts),
        ),
    )


def _bloc_names(facts: Facts) -> list[str]:
    """Return the two sides in words."""
    settings: dict[str, Any] = facts.a.alignment.provenance["settings"] if facts.a.alignment else {}
    blocs = settings.get("blocs", {})
    members = [blocs.get(name, [name]) if isinstance(blocs, dict) else [name] for name in SIDES]
    return [join([country_name(str(member)) for member in some]) for some in members]


def _worths(facts: Facts) -> pd.DataFrame | None:
    """Return what each country between the blocs is worth to either side, most first; None where not assessed."""
    found = facts.a.alignment
    if found is None or found.countries.empty:
        return None
    table = found.countries.reset_index()
    worth = ("shapley_allies_t", "shapley_rival_t", "swing_allies_t")
    return table.iloc[np.lexsort((table["country"].astype(str), *(-table[c].round(6) for c in reversed(worth))))]


def _worth_words(facts: Facts) -> Sentence | None:
    """Say which country between is worth most to either side."""
    table = _worths(facts)
    if table is None:
        return None
    said = []
    for name, column in zip(_bloc_names(facts), ("shapley_allies_t", "shapley_rival_t"), strict=True):
        most = float(table[column].max())
        tied = [in_sentence(country_name(str(c))) for c in table["country"][table[column].round(6) == round(most, 6)]]
        worth = f"{join(tied[:3])} {verb('are', len(tied))} worth most to {name}: {tonnes(most)}"
        said.append(worth if most > 0 else f"no country is worth anything to {name}")
    text = "; ".join(said)
    return Sentence(f"{text[:1].upper()}{text[1:]}.", ("balance",))


def _side_columns(facts: Facts) -> tuple[Any, ...]:
    one, two = _bloc_names(facts)
    return (
        col.code("country", "Code", "country"),
        col.placed("label", "Country", "the country in words"),
        col.tons("shapley_allies_t", f"Worth to {one}", "Shapley value over all who choose"),
        col.tons("swing_allies_t", "Swing", "served if it sides with them less if it sides with the other"),
        col.tons("shapley_rival_t", f"Worth to {two}", "the same for the other side"),
        col.tons("swing_rival_t", "Swing there", "the same for the other side"),
    )


def _lead(facts: Facts) -> int:
    """Return how many countries are worth a hundredth of the most."""
    table = _worths(facts)
    if table is None:
        return 1
    most = table[["shapley_allies_t", "shapley_rival_t"]].max(axis=1)
    return max(min(int((most >= LEAST * most.max()).sum()), 6), 1)


side_table = col.Table(
    "balance",
    "Balance",
    "What each country between the blocs is worth to either side",
    rows=_worths,
    columns=_side_columns,
    subtitle=lambda f: (
        f"Unit: {f.unit} served to the side's own users, after a split. {' against '.join(_bloc_names(f))}."
    ),
    stands=lambda f: f.standing(f.a.alignment.countries),  # type: ignore[union-attr]
    lead=_lead,
)


def _splits(facts: Facts) -> pd.DataFrame | None:
    found = facts.a.alignment
    if found is None:
        return None
    sides = dict(zip(SIDES, _bloc_names(facts), strict=True))
    table = found.split.join(found.incumbents[["leverage_t", "revenue_usd"]]).rename_axis("side").reset_index()
    return table.assign(side=[sides.get(str(side), str(side)) for side in table["side"]])


split_table = col.Table(
    "split",
    "Split",
    "What a split into two markets costs",
    rows=_splits,
    heads={"leverage_t": "Others lose if it stops selling", "revenue_usd": "Sales to the other"},
    subtitle="Unit: {f.unit}. Each side's own users outbid everyone, for good; the others trade with both.",
    stands=lambda f: f.standing(f.a.alignment.split),  # type: ignore[union-attr]
)
