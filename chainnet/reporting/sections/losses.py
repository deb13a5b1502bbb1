"""What is lost if one, two or k drop out? Sites, nodes, countries, owners, operators; the worst sets; pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import CERTAIN
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import (
    BODY_ROWS,
    Cell,
    ReportColumn,
    ReportTable,
    Section,
    Sentence,
    make_section,
    make_table,
)
from chainnet.words import (
    ALL_TIERS,
    NOT_ASSESSED,
    Who,
    counted,
    country_name,
    first_capital,
    join,
    owners_sentence,
    place_words,
    ranks,
    same,
    spelled,
    step_words,
    tonnes,
)

DIFFERING = 3  # countries told in a sentence
# what drops out, label of the removals -> table, sheet, what is said of it
_TABLES = {
    "site": ("sites", "N-1", "one site"),
    "country": ("countries", "Countries", "one country"),
    "owner_country": ("owners", "Owner countries", "all that one country's owners hold"),
    "operator": ("operators", "Operators", "one operator"),
    "step+country": ("steps_by_country", "Steps by country", "one step in one country"),
}
_HEADS = {"country": "Country", "owner_country": "Country of owner", "operator": "Operator"}


WITHOUT = 3  # pairs that are told, and what costs as much as the bottleneck


def section(facts: Facts) -> Section:
    """Return what single losses cost, and what two at once do."""
    sites, steps = (loss_table(facts, by).with_lead(rows=rows) for by, rows in (("site", 8), ("step+country", 5)))
    return make_section(
        "What is lost if a plant, a country, an owner drops out?",
        sites,
        steps,
        _as_costly(facts),
        Sentence(owners_words(facts), ("countries", "owners")),
        *(Sentence(said, ("sets", "pairs")) for said in _together(facts)),
        more=(
            *(loss_table(facts, by) for by in ("country", "owner_country", "operator")),
            attack_table(facts),
            pair_table(facts),
        ),
    )


def _as_costly(facts: Facts) -> Sentence | None:
    """Name what costs the tier of the finding as much as the bottleneck, and is no step of one country abroad."""
    finding = facts.a.findings[0]
    narrow, who = finding.bottleneck, Who(finding.tier)
    if not narrow["step"] or who not in (facts.first, ALL_TIERS):
        return None
    losses = facts.a.chokepoints if who.is_all else facts.a.first_tier

    def costly(by: str) -> dict[Any, float]:
        table = losses[by][losses[by]["lost_share"] >= narrow["lost_share"] - CERTAIN]
        return dict(zip(table.index, table["lost_tpa"].astype(float), strict=True))

    told = {(step_words(step), country) for step, country in [(narrow["step"], narrow["country"]), *narrow["ties"]]}
    steps = {(step_words(step), country): lost for (step, country), lost in costly("step+country").items()}
    found = {place_words(*place): lost for place, lost in steps.items() if place not in told}
    for site, lost in costly("site").items():
        rows = facts.things.loc[facts.members(str(site)), ["step", "country"]]
        if not set(rows.itertuples(index=False, name=None)) <= told | set(steps):
            found[facts.network.site_labels[str(site)]] = lost
    said = [f"{name} ({tonnes(lost)})" for name, lost in sorted(found.items(), key=lambda one: (-one[1], one[0]))]
    if not said:
        return None
    named = join([*said[:WITHOUT], *([f"{len(said) - WITHOUT} more"] if len(said) > WITHOUT else [])])
    words = f"Without {named} as much or more is lost; the bottleneck is the costliest step of one country abroad."
    return Sentence(words, ("sites", "steps_by_country"))


def _together(facts: Facts) -> list[str]:
    """Say which two sites cost most at once, and which pairs stand in for each other."""
    worst = facts.a.attacks.reset_index().iloc[0]
    whose = facts.first
    said = [f"No two sites cost {whose.anybody} anything."]
    if worst["removed"]:
        tied = len(tied_sets(worst["other_sets"]) or ())
        also = f" {first_capital(spelled(tied, 'other pair costs', 'other pairs cost'))} as much." if tied else ""
        two = set_words(facts, worst["removed"])
        said = [f"Of two sites at once {two} cost {whose} most: {tonnes(worst['lost_tpa'])}.{also}"]
    pairs = facts.a.pairs
    if len(pairs):
        named = [
            f"{facts.label(a)} and {facts.label(b)}" for a, b in zip(pairs["node_a"], pairs["node_b"], strict=True)
        ]
        n = len(named) - WITHOUT
        more = f"; and {spelled(n, 'more pair')}" if n > 0 else ""
        said.append(f"Costlier to {whose} together than one by one: {'; '.join(named[:WITHOUT])}{more}.")
    return said


def _loss_columns(facts: Facts) -> list[ReportColumn]:
    first = facts.first
    columns = [
        col.tons("first_lost_tpa", f"{first_capital(first)} lost", f"what {first} loses, as if served first"),
        col.share("first_lost_share", f"of {first}", f"the same, of the demand of {first} served before"),
    ]
    return [
        *(columns if facts.has_first else []),
        col.tons("lost_tpa", "All tiers lost", "fall of the largest tonnage that can be served"),
        col.share("lost_share", "of all tiers", "the same, of what was served before"),
    ]


def _name_columns(facts: Facts, by: str) -> list[ReportColumn]:
    """Return the columns that say what is removed; rows are (name, its loss)."""

    def things(row: Any) -> pd.DataFrame:
        return facts.things.loc[facts.members(row["name"])]

    def listed(column: str) -> Any:
        return lambda _, row: ", ".join(dict.fromkeys(things(row)[column]))

    def largest(_facts: Facts, row: Any) -> Any:
        found = things(row)["step_share"]
        return float(found.max()) if len(found) and found.max() > 0 else Cell("0", 0.0)

    def removed(_facts: Facts, row: Any) -> str:
        return " | ".join(map(str, row["name"])) if "+" in by else str(row["name"])

    name = col.code(by.replace("+", "_"), "Name", "what is removed", removed)
    if by == "site":
        return [
            name,
            col.text("label", "Site", "the same in words", lambda f, row: f.network.site_labels[row["name"]]),
            col.text("step", "Step", "step of the chain", listed("step")),
            col.text("place", "Country or region", "where it stands", listed("place")),
            col.share("step_share", "Share of good", "part of what its step makes of the same good", largest),
        ]
    if "+" in by:
        return [
            name,
            col.text("step", "Step", "step of the chain", lambda _, row: row["name"][0]),
            col.text("place", "Country", "whose nodes drop out", lambda _, row: country_name(str(row["name"][1]))),
        ]
    words = country_name if "country" in by else str
    return [name, col.text("label", _HEADS[by], "whose nodes drop out", lambda _, row: words(str(row["name"])))]


@once
def loss_table(facts: Facts, by: str) -> ReportTable:
    """Return what each loss costs, by site or a label."""
    losses = facts.losses(by)
    tied = ranks(losses[facts.lead_loss])
    names = _name_columns(facts, by)
    dominates = "whether nothing reaches the users without it"
    columns = [
        col.RANK,
        *names,
        *_loss_columns(facts),
        col.whether("in_cut", "In the cut", "whether it lies in the minimum cut", body=False),
        col.whether("is_dominator", "Dominator", dominates, body=False),
    ]
    note = "Loss: served before less served after removal, both solved; = marks ties."
    if by == "site" and any(facts.stands_for_several(str(i)) for i in losses.index):
        note += " A row in a region, or without an operator on record, may be several plants."
    if by == "operator":
        note += " Nodes without an operator on record have no row."
    key, sheet, what = _TABLES[by]
    table = make_table(
        columns,
        losses.assign(name=list(losses.index), rank=tied).to_dict("records"),
        facts,
        none={names[-1].key: "none on record"},
        key=key,
        sheet=sheet,
        title=f"What is lost if {what} drops out",
        subtitle=f"Unit: {facts.unit}. One at a time, in the baseline network. Ranked by what {facts.lead_tier.loses}.",
        note=note,
        **facts.standing(facts.a.first_tier[by], facts.a.chokepoints[by]),
    )
    if not len(tied):
        return table
    hit = int(((losses["lost_tpa"] > 0) | (losses["first_lost_tpa"].fillna(0.0) > 0)).sum())
    # rows that cost nothing are many and say the same: two of them in the body stand for all
    return table.with_lead(tied) if hit >= BODY_ROWS else table.with_lead(rows=min(hit + 2, BODY_ROWS))


def owners_words(facts: Facts) -> str:
    """Say for which countries the loss by location and the loss by owner differ most."""
    place = facts.losses("country")[facts.lead_loss]
    owner = facts.losses("owner_country")[facts.lead_loss]
    if owner.empty:
        return "By owner: not assessed; no owner's country is on record."
    both = pd.DataFrame({"place": place, "owner": owner}).fillna(0.0)
    both = both[[not same(a, b) for a, b in zip(both["place"], both["owner"], strict=True)]]
    order = np.lexsort((both.index.map(str), -(both["place"] - both["owner"]).abs().round(9)))
    parts = [
        (country_name(str(c)), float(a), float(b)) for c, a, b in both.iloc[order[:DIFFERING]].itertuples(name=None)
    ]
    unknown = int(facts.network.nodes["owner_country"].isna().sum())
    missing = f" On record without an owner's country: {counted(unknown, 'node')}, which fall with no owner."
    return owners_sentence(parts, facts.lead_tier) + (missing if unknown else "")


# -- several at once ----------------------------------------------------------------------------


def set_words(facts: Facts, members: str) -> str:
    """Return a set of nodes, as the assessment joins their ids, by their labels."""
    names = members.split(" + ")
    known = all(name in facts.things.index for name in names)
    return join([facts.label(name) for name in names]) if known else members


def tied_sets(others: object) -> list[str] | None:
    """Return the other sets that cost as much; None where they were not asked for."""
    if not isinstance(others, str):
        return None
    return others.split("; ") if others else []


def _sets(facts: Facts) -> pd.DataFrame:
    """Return the worst sets in words."""
    table = facts.a.attacks.reset_index()
    others = [tied_sets(cell) for cell in table["other_sets"]]
    also = [NOT_ASSESSED if o is None else "; ".join(set_words(facts, one) for one in o) or "none" for o in others]
    words = [set_words(facts, ids) if ids else "nothing costs anything" for ids in table["removed"]]
    return table.assign(counts=facts.first, set=words, as_bad=also).drop(columns=["removed", "other_sets"])


attack_table = col.Table(
    "sets",
    "N-k",
    "The worst that drop out together",
    rows=_sets,
    heads={"counts": "Counted", "k": "At once", "set": "The worst set", "is_optimal": "Proved", "as_bad": "As bad"},
    subtitle="Unit: {f.unit}. Plants taken as nodes, two and three at once, in the baseline.",
    note="Lost is solved for the set itself. Greedy: the worst single loss again and again. Sets of four and more: "
    "“chainnet interdict”.",
    stands=lambda f: f.standing(f.a.attacks),
)
pair_table = col.Table(
    "pairs",
    "Pairs",
    "Pairs that stand in for each other: both out costs more than each alone",
    rows=lambda f: f.a.pairs,
    heads={
        "node_a": "One",
        "node_b": "The other",
        "lost_a_tpa": "One alone",
        "lost_b_tpa": "Other alone",
        "lost_both_tpa": "Both",
        "surplus_tpa": "More than added",
    },
    subtitle="Unit: {f.unit}, {f.first}. Two nodes of one step at once, in the baseline network.",
)
