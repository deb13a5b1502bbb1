"""The tables of what is lost when something drops out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting.facts import ALL_TIERS, Facts
from chainnet.reporting.model import BODY_ROWS, Cell, Column, Table, make_table
from chainnet.reporting.tables import PROVED, share, text, tons
from chainnet.words import counted, country_name, first_capital, join, number, owners_sentence, ranks, same

__all__ = ["attack_table", "loss_table", "owners_words", "pair_table", "set_words", "tied_sets", "top_losses"]

DIFFERING = 3  # countries told in a sentence


def _loss_columns(facts: Facts) -> list[Column]:
    columns = []
    if facts.has_first:
        columns += [
            tons("first_lost_tpa", f"{first_capital(facts.first)} lost", f"what {facts.first} loses, if served first"),
            share("first_lost_share", f"of {facts.first}", f"the same, of the demand of {facts.first} served before"),
        ]
    return [
        *columns,
        tons("lost_tpa", "All tiers lost", "fall of the largest tonnage that can be served"),
        share("lost_share", "of all tiers", "the same, of what was served before"),
    ]


def _loss_cells(facts: Facts, row: Any) -> list[Any]:
    cells = [row.first_lost_tpa, row.first_lost_share] if facts.has_first else []
    return [*cells, row.lost_tpa, row.lost_share]


def _why(facts: Facts) -> str:
    return f"Loss: served before less after removal, both solved. By the loss of {facts.lead_tier}; = marks ties."


def loss_table(facts: Facts, by: str, number_: str, sheet: str, title: str) -> Table:
    """Return T5 (by site or node) or one of T6 (by a label)."""
    losses = facts.losses(by)
    tied = ranks(losses[facts.lead_loss])
    single = by in ("site", "node")
    names: list[Column] = [text(by.replace("+", "_"), "Name", "what is removed", body=False)]
    if single:
        names += [
            text("label", "Site" if by == "site" else "Node", "the same in words"),
            text("step", "Step", "step of the chain"),
            text("place", "Country or region", "where it stands"),
            share("step_share", "Share of step", "part of what its step makes of the same good"),
        ]
    elif "+" in by:
        names += [text("step", "Step", "step of the chain"), text("place", "Country", "whose nodes drop out")]
    else:
        head = {"country": "Country", "owner_country": "Country of owner", "operator": "Operator"}.get(by, by)
        names += [text("label", head, "whose nodes drop out")]
    columns = [
        text("rank", "Rank", "place by the loss; = tied", body=True),
        *names,
        *_loss_columns(facts),
        text("in_cut", "In the cut", "whether it lies in the minimum cut", body=False),
        text("is_dominator", "Dominator", "whether nothing reaches the users without it", body=False),
    ]
    rows = []
    for place, row in zip(tied, losses.itertuples(), strict=True):
        flags = ["yes" if row.in_cut else "no", "yes" if row.is_dominator else "no"]
        rows.append([place, *_names(facts, by, row.Index), *_loss_cells(facts, row), *flags])
    note = _why(facts)
    if single and any(facts.stands_for_several(str(i)) for i in losses.index):
        note += " A row in a region, or without an operator on record, may be several plants."
    if by == "operator":
        note += " Nodes without an operator on record have no row."
    if not rows:
        rows = [["-", *("none on record" if c.key == names[-1].key else Cell("-") for c in columns[1:])]]
    table = make_table(
        columns,
        rows,
        id=number_,
        sheet=sheet,
        title=title,
        subtitle=f"Unit: {facts.unit}. Removal one at a time, undisturbed network.",
        note=note,
        status=PROVED,
        **facts.rests_on(facts.a.first_tier[by], facts.a.chokepoints[by]),
    )
    if not len(tied):
        return table
    hit = int(((losses["lost_tpa"] > 0) | (losses["first_lost_tpa"].fillna(0.0) > 0)).sum())
    if hit >= BODY_ROWS:
        return table.with_lead(tied)
    # rows that cost nothing are many and say the same: two of them in the body stand for all
    return table.with_lead(rows=min(hit + 2, BODY_ROWS))


def _names(facts: Facts, by: str, index: Any) -> list[Any]:
    if by in ("site", "node"):
        parts = facts.members(index) if by == "site" else [index]
        things = facts.things.loc[parts]
        label = facts.site_label(index) if by == "site" else facts.label(index)
        largest = float(things["step_share"].max()) if len(things) else 0.0
        steps = ", ".join(dict.fromkeys(things["step"]))
        places = ", ".join(dict.fromkeys(things["place"]))
        return [index, label, steps, places, largest if largest > 0 else Cell("0", 0.0)]
    if "+" in by:
        return [" | ".join(map(str, index)), index[0], country_name(str(index[1]))]
    return [index, country_name(str(index)) if "country" in by else str(index)]


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


def top_losses(facts: Facts, tables: Sequence[Table]) -> Table:
    """Return T2: the five sites, and the country, owners' country and operator, whose loss costs most."""
    rows = []
    for table, kind in zip(tables, ("site", "country", "owners", "operator"), strict=True):
        names = {c.key: i for i, c in enumerate(table.columns)}
        if facts.lead_loss not in names:
            continue
        lost = names[facts.lead_loss]
        kept = [r for r in table.rows[:5] if isinstance(r[lost].value, float) and float(r[lost].value or 0) > 0]
        for row in kept[: 5 if kind == "site" else 1]:
            losses = [row[names[c.key]] for c in _loss_columns(facts)]
            where = f"{row[names['step']].text}, {row[names['place']].text}" if kind == "site" else "-"
            rows.append([first_capital(kind), row[names["rank"]], row[names["label"]], where, *losses])
    columns = [
        text("kind", "Out", "kind of removal: a site, a country, all that a country's owners hold, an operator"),
        text("rank", "Rank", "place among its kind"),
        text("label", "Name", "what is removed"),
        text("place", "Step and place", "step of the chain, country or region"),
        *_loss_columns(facts),
    ]
    return make_table(
        columns,
        rows or [["None", "-", "no single removal costs anything", "-", *([0.0] * len(_loss_columns(facts)))]],
        id="T2",
        sheet="Costs most",
        title="What costs most if it alone drops out",
        subtitle=f"Unit: {facts.unit}. Five sites; the first country, owners of a country, operator. No zero losses.",
        note=_why(facts) + " All: T5, T6.",
        status=PROVED,
        **facts.rests_on(*facts.a.first_tier.values(), *facts.a.chokepoints.values()),
    )


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


def attack_table(facts: Facts) -> Table:
    """Return T7: the worst two and three sites at once, proved, beside the greedy choice."""
    columns = [
        text("counts", "Counted", "whose loss"),
        Column("k", "At once", "count", "", "number that drop out together"),
        text("removed", "Ids", "what drops out, by id", body=False),
        text("label", "The worst set", "what drops out, in words"),
        tons("lost_tpa", "Lost", "what they cost together"),
        tons("left_tpa", "Left", "what can still be served"),
        tons("greedy_lost_tpa", "Greedy", "taking the worst single loss again and again"),
        tons("bound_tpa", "Bound", "no set of this size costs more", body=False),
        text("proved", "Proved", "whether the loss meets its bound"),
        text("tied_with", "As bad", "other sets that cost as much"),
        text("other_sets", "Other sets", "by id", body=False),
    ]
    rows = []
    for (counts, k), row in facts.a.attacks.iterrows():
        others = tied_sets(row["other_sets"])
        words = "; ".join(set_words(facts, other) for other in others or ())
        said = "not asked" if others is None else words or "none"
        rows.append(
            [
                facts.first if counts == "first tier" else ALL_TIERS,
                k,
                row["removed"],
                set_words(facts, row["removed"]) if row["removed"] else "nothing costs anything",
                row["lost_tpa"],
                row["left_tpa"],
                row["greedy_lost_tpa"],
                row["bound_tpa"],
                "yes" if row["is_optimal"] else f"at most {number(row['bound_tpa'])}",
                said,
                row["other_sets"] if others else "-",
            ]
        )
    return make_table(
        columns,
        rows or [["-", 0, "-", "not asked", *(Cell("-") for _ in range(4)), "-", "-", "-"]],
        id="T7",
        sheet="N-k",
        title="The worst that drop out together",
        subtitle=f"Unit: {facts.unit}. Sites taken as nodes, two and three at once, undisturbed network.",
        note="Lost is solved for the set itself. Where greedy is smaller, the worst single losses do not show "
        "the worst set.",
        status=PROVED if bool(facts.a.attacks["is_optimal"].all()) else "P or B, see column",
        **facts.rests_on(facts.a.attacks),
    )


def pair_table(facts: Facts) -> Table:
    """Return T7b: pairs of one step that cost more together than their two losses added."""
    columns = [
        text("node_a", "Id a", "first of the two", body=False),
        text("node_b", "Id b", "second of the two", body=False),
        text("step", "Step", "step of the chain"),
        text("label_a", "One", "the first in words"),
        text("label_b", "and the other", "the second in words"),
        tons("lost_a_tpa", "One alone", "loss of the first alone"),
        tons("lost_b_tpa", "Other alone", "loss of the second alone"),
        tons("lost_both_tpa", "Both", "loss of both"),
        tons("surplus_tpa", "More than added", "loss of both less the two losses"),
    ]
    rows = [
        [
            row.node_a,
            row.node_b,
            row.step,
            facts.label(row.node_a),
            facts.label(row.node_b),
            row.lost_a_tpa,
            row.lost_b_tpa,
            row.lost_both_tpa,
            row.surplus_tpa,
        ]
        for row in facts.a.pairs.itertuples()
    ]
    return make_table(
        columns,
        rows or [["-", "-", "-", "no such pair", "-", *(Cell("-") for _ in range(4))]],
        id="T7b",
        sheet="Pairs",
        title="Pairs that stand in for each other: both out costs more than each alone",
        subtitle=f"Unit: {facts.unit}, {facts.first}. Two nodes of one step at once, undisturbed network.",
        note="Such a pair looks harmless in T5: each alone is made up for by the other.",
        status=PROVED,
        **facts.rests_on(facts.a.pairs),
    ).with_lead()
