"""What is lost if one, two or k drop out? Sites, nodes, countries, owners, operators; the worst sets; pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, counts_of, once
from chainnet.reporting.model import (
    BODY_ROWS,
    Cell,
    ReportColumn,
    ReportFigure,
    ReportTable,
    Section,
    Sentence,
    make_section,
    make_table,
)
from chainnet.reporting.order import table_id
from chainnet.reporting.others import order_of
from chainnet.results import BOUNDED, CHECKED, origin_of
from chainnet.words import (
    ALL_TIERS,
    NOT_ASKED,
    counted,
    country_name,
    first_capital,
    in_sentence,
    join,
    number,
    owners_sentence,
    percent,
    ranks,
    same,
    spelled,
    tonnes,
)

DIFFERING = 3  # countries told in a sentence
# what drops out, label of the removals -> table, sheet, what is said of it
_TABLES = {
    "site": ("sites", "N-1", "one site"),
    "node": ("nodes", "N-1 nodes", "one node"),
    "country": ("countries", "Countries", "one country"),
    "owner_country": ("owners", "Owner countries", "all that one country's owners hold"),
    "operator": ("operators", "Operators", "one operator"),
    "step+country": ("steps_by_country", "Steps by country", "one step in one country"),
}
_HEADS = {"country": "Country", "owner_country": "Country of owner", "operator": "Operator"}


def section(facts: Facts) -> Section:
    """Return single losses by size, then the worst sets and the pairs that stand in for each other."""
    return make_section(
        "What is lost if one, two or k drop out?",
        top_losses(facts),
        single_figure(facts),
        *(loss_table(facts, by) for by in ("site", "country", "owner_country")),
        Sentence(owners_words(facts), ("countries", "owners")),
        *(loss_table(facts, by) for by in ("operator", "step+country")),
        sets_figure(facts),
        attack_table(facts),
        pair_table(facts),
        Sentence("Sets of four and more: not assessed; each is a search of its own (“chainnet interdict”)."),
    )


def _loss_columns(facts: Facts, by: str = "") -> list[ReportColumn]:
    first = facts.first
    left = "fall of what is left when all others are served first"
    other_end = [col.tons("others_lost_tpa", "Others first", left, body=not facts.has_first)]
    if facts.has_first:
        head = f"{first_capital(first)} lost, others first"
        other_end.insert(0, col.tons("others_first_lost_tpa", head, f"what {first} loses where all others come first"))
    columns = [
        col.tons("first_lost_tpa", f"{first_capital(first)} lost", f"what {first} loses, {order_of(facts).first}"),
        col.share("first_lost_share", f"of {first}", f"the same, of the demand of {first} served before"),
    ]
    return [
        *(columns if facts.has_first else []),
        col.tons("lost_tpa", "All tiers lost", f"fall of {order_of(facts).counts}"),
        col.share("lost_share", "of all tiers", "the same, of what was served before"),
        *(other_end if by == "site" and len(facts.a.others_first) else []),
    ]


def _why(facts: Facts) -> str:
    return f"Loss: served before less after removal, both solved. By the loss of {facts.lead_tier}; = marks ties."


def _name_columns(facts: Facts, by: str) -> list[ReportColumn]:
    """Return the columns that say what is removed; rows are (name, its loss)."""

    def things(row: Any) -> pd.DataFrame:
        return facts.things.loc[facts.members(row["name"]) if by == "site" else [row["name"]]]

    def listed(column: str) -> Any:
        return lambda _, row: ", ".join(dict.fromkeys(things(row)[column]))

    def largest(_facts: Facts, row: Any) -> Any:
        found = things(row)["step_share"]
        return float(found.max()) if len(found) and found.max() > 0 else Cell("0", 0.0)

    def removed(_facts: Facts, row: Any) -> str:
        return " | ".join(map(str, row["name"])) if "+" in by else str(row["name"])

    name = col.code(by.replace("+", "_"), "Name", "what is removed", removed)
    if by in ("site", "node"):
        label = facts.site_label if by == "site" else facts.label
        return [
            name,
            col.text("label", by.capitalize(), "the same in words", lambda _, row: label(row["name"])),
            col.text("step", "Step", "step of the chain", listed("step")),
            col.text("place", "Country or region", "where it stands", listed("place")),
            col.share("step_share", "Share of step", "part of what its step makes of the same good", largest),
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
    """Return what each loss costs, by site, node or a label."""
    losses = facts.losses(by)
    tied = ranks(losses[facts.lead_loss])
    names = _name_columns(facts, by)
    dominates = "whether nothing reaches the users without it"
    columns = [
        col.RANK,
        *names,
        *_loss_columns(facts, by),
        col.whether("in_cut", "In the cut", "whether it lies in the minimum cut", body=False),
        col.whether("is_dominator", "Dominator", dominates, body=False),
    ]
    note = _why(facts)
    if by in ("site", "node") and any(facts.stands_for_several(str(i)) for i in losses.index):
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
        subtitle=f"Unit: {facts.unit}. Removal one at a time, in the baseline network.",
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


def _kinds(facts: Facts) -> list[tuple[str, str, Callable[[Any], bool], int]]:
    """Return the kinds of removal in the order in which they are told: name, table, which rows, how many at most."""

    def is_group(site: Any) -> bool:
        return facts.stands_for_several(str(site))

    def is_ours(site: Any) -> bool:
        return facts.is_ours(str(site))

    return [
        ("Step", "step+country", lambda key: not facts.is_member(str(key[1])), 2),
        ("Plant", "site", lambda site: not is_group(site) and not is_ours(site), 3),
        ("Plant at home", "site", lambda site: not is_group(site) and is_ours(site), 1),
        ("Group of plants", "site", is_group, 2),
        ("Country", "country", lambda _: True, 1),
        ("Owners", "owner_country", lambda _: True, 1),
        ("Operator", "operator", lambda _: True, 1),
    ]


def _costliest(facts: Facts) -> list[dict[str, Any]]:
    """Return the steps abroad, single plants and groups of plants that cost most; then country, owners, operator.

    A group of plants never stands among single ones.
    """
    rows = []
    for kind, by, belongs, most in _kinds(facts):
        found = zip(facts.losses(by).index, loss_table(facts, by).records(), strict=False)
        cost = [row for name, row in found if (row[facts.lead_loss].value or 0.0) > 0 and belongs(name)]  # type: ignore[operator]
        for row in cost[:most]:
            where, said = _where(row), _stands(row, kind, by)
            if "+" in by:  # a step of a country is its own name
                said["label"] = f"{first_capital(where[0])} in {in_sentence(where[1])}"
            rows.append({**row, **said})
    return rows + _of_first(facts, rows)


def _no_loss(facts: Facts) -> dict[str, Any]:
    nothing: dict[str, Any] = {column.key: 0.0 for column in _loss_columns(facts)}
    return {"kind": "None", "label": "no single removal costs anything", **nothing}


top_losses = col.Table(
    "costs_most",
    "Costs most",
    "What costs most if it alone drops out",
    rows=_costliest,
    columns=lambda f: (
        col.text("kind", "Out", "a step of a country, a plant, several, a country, its owners, an operator"),
        col.text("label", "Name", "what is removed"),
        col.text("place", "Step and place", "step of the chain, country or region", "where"),
        *_loss_columns(f),
    ),
    none=_no_loss,
    subtitle="Unit: {f.unit}. The first of each kind, steps and plants abroad first. No zero losses.",
    note=lambda f: (
        f"{_why(f)} A group stands for several plants: it never ranks among single ones. "
        f"All: {table_id('sites')} to {table_id('operators')}."
    ),
    stands=lambda f: f.standing(*f.a.first_tier.values(), *f.a.chokepoints.values()),
)


def _of_first(facts: Facts, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the site and the country that cost the first tier most, where the table goes by what all tiers lose."""
    if not facts.has_first or facts.lead_loss == "first_lost_tpa":
        return []
    known, found = {row["label"].text for row in shown if hasattr(row["label"], "text")}, []
    for kind, by in (("Site", "site"), ("Country", "country")):
        records = loss_table(facts, by).records()
        worst = max(records, key=lambda row: float(row["first_lost_tpa"].value or 0.0), default=None)
        if worst is None or not float(worst["first_lost_tpa"].value or 0.0) > 0 or worst["label"].text in known:
            continue
        found.append({**worst, **_stands(worst, f"{kind}, for {facts.first}", by)})
    return found


def _where(row: Any) -> list[str]:
    return [row[key].text for key in ("step", "place") if key in row]


def _stands(row: Any, kind: str, by: str) -> dict[str, Any]:
    """Return what is removed and where it stands; of what is no single site a dash."""
    return {"kind": kind, "where": ", ".join(_where(row)) if by == "site" else "-"}


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


def _also(facts: Facts, row: Any) -> str:
    others = tied_sets(row["other_sets"])
    return "not asked" if others is None else "; ".join(set_words(facts, other) for other in others) or "none"


def _counted(facts: Facts, row: Any) -> str:
    return facts.first if row["counts"] == "first tier" else ALL_TIERS


def _removed(facts: Facts, row: Any) -> str:
    return set_words(facts, row["removed"]) if row["removed"] else "nothing costs anything"


def _proved(_facts: Facts, row: Any) -> str:
    return "yes" if row["is_optimal"] else f"at most {number(row['bound_tpa'])}"


def _sets_stand(facts: Facts) -> dict[str, Any]:
    proved = bool(facts.a.attacks["is_optimal"].all())
    return facts.standing(facts.a.attacks, status=CHECKED if proved else f"{CHECKED} or {BOUNDED}, see column")


attack_table = col.Table(
    "sets",
    "N-k",
    "The worst that drop out together",
    rows=lambda f: f.a.attacks,
    columns=(
        col.text("counts", "Counted", "whose loss", _counted),
        col.count("k", "At once", "number that drop out together"),
        col.code("removed", "Ids", "what drops out, by id"),
        col.text("label", "The worst set", "what drops out, in words", _removed),
        col.tons("lost_tpa", "Lost", "what they cost together"),
        col.tons("left_tpa", "Left", "what can still be served"),
        col.tons("greedy_lost_tpa", "Greedy", "taking the worst single loss again and again"),
        col.tons("bound_tpa", "Bound", "no set of this size costs more", body=False),
        col.text("proved", "Proved", "whether the loss meets its bound", _proved),
        col.text("tied_with", "As bad", "other sets that cost as much", _also),
        col.code("other_sets", "Other sets", "by id", missing=NOT_ASKED),
    ),
    none={"k": 0, "label": "not asked"},
    subtitle="Unit: {f.unit}. Sites taken as nodes, two and three at once, in the baseline network.",
    note="Lost is solved for the set itself. Where greedy is smaller, the worst single losses do not show the "
    "worst set.",
    stands=_sets_stand,
)


pair_table = col.Table(
    "pairs",
    "Pairs",
    "Pairs that stand in for each other: both out costs more than each alone",
    rows=lambda f: f.a.pairs,
    columns=(
        col.code("node_a", "Id a", "first of the two"),
        col.code("node_b", "Id b", "second of the two"),
        col.STEP,
        col.named("label_a", "One", "the first in words", "node_a"),
        col.named("label_b", "and the other", "the second in words", "node_b"),
        col.tons("lost_a_tpa", "One alone", "loss of the first alone"),
        col.tons("lost_b_tpa", "Other alone", "loss of the second alone"),
        col.tons("lost_both_tpa", "Both", "loss of both"),
        col.tons("surplus_tpa", "More than added", "loss of both less the two losses"),
    ),
    none={"label_a": "no such pair"},
    subtitle="Unit: {f.unit}, {f.first}. Two nodes of one step at once, in the baseline network.",
    note="Such a pair looks harmless in {sites}: each alone is made up for by the other.",
    stands=lambda f: f.standing(f.a.pairs),
    lead=BODY_ROWS,
)


# -- figures ------------------------------------------------------------------------------------


@fig.figure("losses")
def single_figure(facts: Facts) -> ReportFigure | None:
    """Draw the costliest sites, then large ones without a loss, beside their share of their step."""
    table = facts.losses("site")
    hit = table[table[facts.lead_loss] > 0]
    if hit.empty:
        return None
    idle = table[table["lost_tpa"] <= 0]
    size = {s: float(facts.things.loc[facts.members(s), "step_share"].max()) for s in table.index}
    big = sorted(
        (s for s in idle.index if set(facts.things.loc[facts.members(s), "stage"]) != {"recycler"}),
        key=lambda s: (-round(size[s], 9), s),
    )[:2]
    several = np.array([facts.stands_for_several(str(s)) for s in hit.index], dtype=bool)
    single, groups = list(hit.index[~several][:8]), list(hit.index[several][:4])
    sites = [*single, *groups, *(s for s in big if size[s] > 0.1)]
    y = np.arange(len(sites))[::-1]
    canvas, (left, right) = fig.new_canvas(0.55 + 0.26 * len(sites), 2, (1.5, 1.0))
    lost = [float(table.loc[s, facts.lead_loss]) for s in sites]
    # a bar of several plants is hollow: it is no single loss
    faces = ["white" if facts.stands_for_several(str(s)) else fig.LOST for s in sites]
    left.barh(y, lost, color=faces, edgecolor=fig.LOST, linewidth=1.0, height=0.62)
    fig.value_ends(left, y, lost)
    heads = [f"{'Group: ' if s in groups else ''}{facts.site_label(str(s))}" for s in sites]
    left.set_yticks(y, [fig.folded(facts.drawn(head), 40, 2) for head in heads], linespacing=0.95)
    left.set_title(f"Lost, t/yr ({facts.lead_tier})", loc="left", fontsize=fig.NORMAL, color=fig.INK)
    parts = [size[s] for s in sites]
    right.hlines(y, 0, parts, color=fig.RULE, linewidth=1.2)
    right.plot(parts, y, "o", markerfacecolor="white", markeredgecolor=fig.INK, markersize=5.5)
    for at, part in zip(y, parts, strict=True):
        fig.write(right, part + 0.09, at, percent(part))
    right.set_xlim(0, 1.5)
    right.set_yticks(y, [""] * len(y))
    right.set_title("Share of its good", loc="left", fontsize=fig.NORMAL, color=fig.INK)
    for ax in (left, right):
        fig.no_value_axis(ax, len(sites))
    alt = "Bars show the loss when one site drops out, circles its share of its good in its step: " + "; ".join(
        f"{facts.site_label(str(s))} {number(v)} t/yr" for s, v in list(zip(sites, lost, strict=True))[:3]
    )
    title = f"No single plant that can be named costs {facts.lead_tier} anything"
    if single:
        title = f"{facts.drawn(facts.site_label(str(sites[0])), 45)}: {tonnes(lost[0])} lost without it"
    return fig.make_figure(
        canvas,
        title,
        f"Loss of {facts.lead_tier} when one site drops out, {facts.unit}, in the baseline; then groups of plants, "
        "then large sites without a loss.",
        alt + ".",
        "Hollow: several plants; what one of them costs is not known." if groups else "",
        loss_table(facts, "site"),
    )


@fig.figure("sets")
def sets_figure(facts: Facts) -> ReportFigure | None:
    """Draw what is left by number of losses: a bar that is proved, a circle for greedy, dots to an open bound."""
    steps = _steps(facts)
    if not steps or same(steps[0][1], steps[-1][1]):
        return None
    base = steps[0][1]
    last = next(step for step in steps if same(step[1], steps[-1][1]))
    canvas, (ax,) = fig.new_canvas(0.3 + 0.43 * len(steps))
    y = np.arange(len(steps))[::-1]
    left = [step[1] for step in steps]
    ax.barh(y, left, color=fig.BAR, height=0.46)
    ax.set_xlim(0, 1.3 * base)
    for at, (_, value, greedy, bound, _) in zip(y, steps, strict=True):
        if same(value, greedy) or greedy - value > 0.16 * base:
            fig.write(ax, value + 0.015 * base, at, number(value))
        else:  # the circle stands where the number would
            fig.write(ax, value - 0.015 * base, at, number(value), "right", color="white")
        if not same(value, greedy):
            ax.plot([greedy], [at], "o", markerfacecolor="white", markeredgecolor=fig.INK, markersize=8, zorder=3)
            fig.write(
                ax, greedy + 0.03 * base, at, f"greedy leaves {number(greedy)}", fontsize=fig.SMALL - 1, color=fig.GREY
            )
        if not same(value, bound):
            ax.hlines(at, bound, value, color="white", linewidth=2.0, linestyle=":")
    ax.set_yticks(y, [fig.folded(facts.drawn(f"{k} out: {said}" if k else "None out"), 54, 3) for k, *_, said in steps])
    fig.no_value_axis(ax, len(steps))
    alt = "Bars show what is left of deliveries: " + "; ".join(f"{s[0]} out {number(s[1])}" for s in steps)
    return fig.make_figure(
        canvas,
        f"{first_capital(spelled(last[0], 'loss', 'losses'))} at once leave {number(last[1])} of {tonnes(base)}",
        f"Left for {facts.lead_tier} after the worst k nodes (bar); ○ where the worst single losses, one after "
        f"another, leave more. {first_capital(facts.unit)}, in the baseline network.",
        alt + " t/yr.",
        f"One alone: {table_id('nodes')}.",
        attack_table(facts),
    )


def _steps(facts: Facts) -> list[tuple[int, float, float, float, str]]:
    """Return (k, left, left by greedy, left at the bound, the set in words), from none on; empty where not asked."""
    counts = counts_of(facts.lead_tier)
    single = (facts.a.chokepoints if facts.lead_tier.is_all else facts.a.first_tier)["node"]
    attacks = facts.a.attacks
    if single.empty or counts not in attacks.index.get_level_values("counts"):
        return []
    base = float(origin_of(single)["settings"]["base_tpa"])
    worst = float(single["lost_tpa"].max())
    alone = [str(i) for i, lost in single["lost_tpa"].items() if worst > 0 and same(float(lost), worst)]
    one = base - worst
    out = [(0, base, base, base, ""), (1, one, one, one, _said(facts, alone[:1], len(alone) - 1))]
    for k, row in attacks.loc[counts].iterrows():
        said = _said(facts, [row["removed"]] if row["removed"] else [], len(tied_sets(row["other_sets"]) or ()))
        greedy, bound = (base - float(row[c]) for c in ("greedy_lost_tpa", "bound_tpa"))
        out.append((int(str(k)), float(row["left_tpa"]), greedy, bound, said))
    return out


def _said(facts: Facts, sets: Sequence[str], tied: int) -> str:
    """Return a set in words, with how many others cost as much."""
    if not sets:
        return "nothing costs anything"
    return set_words(facts, sets[0]) + (f" ({spelled(tied, 'other')} as bad)" if tied > 0 else "")
