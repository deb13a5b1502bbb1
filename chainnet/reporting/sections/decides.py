"""Who else decides? The countries between two blocs, the prices at which projects pay, and what stands idle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.network import step_of
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.frames import Frame
from chainnet.reporting.model import Section, Sentence, make_section, stands
from chainnet.reporting.prices import price_year
from chainnet.reporting.sections.asked import not_assessed
from chainnet.words import NO_DATA, NOT_APPLICABLE, country_name, in_sentence, join, tonnes, verb

READ = (
    "Swing: what a side is served if the country sides with it less if it sides with the other, all others open to "
    "both. "
    "Fair share: Shapley value over the countries that choose. A project pays where the price covers unit cost and "
    "capital over ten years at 10 % (assumed); taxes, ramp-up and years of building are left out. Idle: nothing is cut "
    "off, the cheapest answer, one of several where plants cost the same."
)
SIDES = ("allies", "rival")
LEAST = 0.01  # of the largest; a country worth less has no row in print


def section(facts: Facts) -> Section:
    """Return what countries between are worth, at which price projects pay, what stands idle."""
    return make_section(
        "Who else decides?",
        _worth_words(facts),
        side_table(facts),
        not_assessed(facts, "alignment"),
        floor_table(facts),
        not_assessed(facts, "floors"),
        idle_table(facts),
        not_assessed(facts, "idle"),
        read=READ,
        more=(split_table(facts),),
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


split_table = Frame(
    "split",
    "Split",
    "What a split into two markets costs",
    rows=_splits,
    heads={"leverage_t": "Others lose if it stops selling", "revenue_usd": "Sales to the other"},
    subtitle="Unit: {f.unit}. Each side's own users outbid everyone, for good; the others trade with both.",
    stands=lambda f: f.standing(f.a.alignment.split),  # type: ignore[union-attr]
)


# -- prices and idle plants -----------------------------------------------------------------------


def _pays(row: Any) -> str:
    verdict = row["viable_at_reference"]
    return str(row["break_even_from"]) if pd.isna(verdict) else "yes" if bool(verdict) else "no"


def _floors(facts: Facts) -> list[Any] | None:
    """Return the projects, those first of which it is known whether they pay; None where it was not assessed."""
    rows: list[Any] = facts.a.floors.reset_index().to_dict("records")
    return sorted(rows, key=lambda row: (_pays(row) not in ("yes", "no"), row["id"])) or None


floor_table = col.Table(
    "floors",
    "Floors",
    "At which price listed projects pay",
    rows=_floors,
    columns=(
        col.PROJECT_ID,
        col.PROJECT,
        col.commodity("Makes", "its main output"),
        col.per_tonne("reference", "Price taken, USD/t", "price in the data", "reference_usd_per_t"),
        col.text(
            "year", "Price of", "year that the note of the price names", lambda f, r: price_year(f, r["commodity"])
        ),
        col.per_tonne("break_even", "Pays at, USD/t", "break-even price", "break_even_usd_per_t"),
        col.per_tonne("capital", "Capital, USD/t", "capital cost per tonne", "capital_usd_per_t", body=False),
        col.per_tonne("unit_cost", "Unit cost, USD/t", "cost without capital", "unit_cost_usd_per_t", body=False),
        col.text("viable", "Pays", "yes, no, or what is missing", lambda _, r: _pays(r)),
    ),
    subtitle="Unit: USD per t of the main output, which bears the whole cost.",
    stands=stands("see Input projects"),
    lead=lambda f: max(min(sum(_pays(row) in ("yes", "no") for row in _floors(f) or []), 6), 1),
)


def _used(facts: Facts) -> pd.DataFrame | None:
    """Return use of each step if nothing is cut off, without and with projects; None where not assessed."""
    idle = facts.a.idle
    if idle is None or idle.steps.empty:
        return None
    keys = ["stage", "step", "commodity"]
    table = idle.steps[idle.steps["year"] == idle.steps["year"].max()]
    standing = table["with_projects"].astype(bool)
    both = table[standing].merge(table[~standing], on=keys, how="left", suffixes=("_with", ""))
    both = both.assign(name=step_of(both.replace({"step": {"": None}})))
    places = [facts.steps.index(s) if s in facts.steps else len(facts.steps) for s in both["name"]]
    found: pd.DataFrame = both.assign(place=places).sort_values(["place", "commodity"], kind="stable")
    return found


idle_table = col.Table(
    "idle",
    "Idle",
    "What stands idle if nothing is cut off",
    rows=_used,
    columns=(
        col.text("step", "Step", "step of the chain", "name"),
        col.commodity("Makes", "main output"),
        col.tons("capacity", "Capacity", "without projects", "capacity_tpa", missing=NO_DATA),
        col.share("used", "Used", "output over capacity", "utilisation", missing=NOT_APPLICABLE),
        col.tons("capacity_with", "With projects", "capacity with all projects that stand", "capacity_tpa_with"),
        col.share("used_with", "Used with projects", "output over capacity", "utilisation_with"),
        col.tons("idle_with", "Idle with projects", "capacity less output", "idle_tpa_with"),
    ),
    subtitle="Unit: t/yr of what the step makes, each on its own basis.",
    stands=lambda f: f.standing(f.a.idle.projects),  # type: ignore[union-attr]
    lead=6,
)
