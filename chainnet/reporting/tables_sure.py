"""The tables of doubt: all ranges at once, whether ranks hold, and which single figure moves the answer."""

from __future__ import annotations

from typing import Any

from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Column, Sentence, Table, make_table
from chainnet.reporting.tables import PROVED, share, text, tons
from chainnet.results import LETTERS
from chainnet.words import count, first_capital, number, percent, readable_id, tonnes

__all__ = ["RANGE_WORDS", "input_table", "range_table", "rank_table", "sure_points"]

SAMPLED = "S"
TOP = 10
RANGE_WORDS = {
    "base_t": "Served undisturbed, all tiers",
    "served_t": "Served, all tiers, no tier first",
    "lost_t": "Lost, all tiers, no tier first",
}


def _name(facts: Facts, key: str) -> str | None:
    if key in RANGE_WORDS:
        return RANGE_WORDS[key]
    for tier in facts.tiers:
        if key == f"{tier}_short_t":
            return f"{first_capital(tier)} short, if served first"
    return None


def range_rows(facts: Facts) -> list[tuple[str, str, Any]]:
    """Return (key, words, row) of the headline numbers that were sampled."""
    many = facts.a.ensemble
    if many is None:
        return []
    named = [(str(key), _name(facts, str(key)), row) for key, row in many.summary.iterrows()]
    return [(key, words, row) for key, words, row in named if words]


def range_table(facts: Facts) -> Table | None:
    """Return T15b: P10, P50 and P90 of the headline numbers; None where not sampled."""
    rows = range_rows(facts)
    many = facts.a.ensemble
    if not rows or many is None:
        return None
    columns = [
        text("number", "Name", "name of the number", body=False),
        text("label", "Number", "the number in words"),
        tons("given", "As given", "at the figures as they stand"),
        tons("p10", "P10", "one draw in ten lies below"),
        tons("p50", "P50", "the middle draw"),
        tons("p90", "P90", "one draw in ten lies above"),
        text("bad_end", "Bad end", "which end is the bad one"),
    ]
    cells = [
        [key, words, row["given"], row["p10"], row["p50"], row["p90"], row["bad_end"].upper()]
        for key, words, row in rows
    ]
    settings = many.provenance["settings"]
    return make_table(
        columns,
        cells,
        id="T15b",
        sheet="Uncertainty",
        title="How far the answer moves when all ranges vary at once",
        subtitle=f"Unit: {facts.unit}. Scenario: {facts.scenario_label(facts.when)}. n = {settings['draws']}, "
        f"seed {settings['seed']}.",
        note="No tier first: as many tonnes as can be, so all tiers lose less than in T8, where tiers come in order. "
        f"{count(len(many.inputs))} figures with a range vary; low and high are read as P10 and P90; inputs of "
        "one country share half of their variance (assumed). Recipes and relations stay as they are.",
        status=SAMPLED,
        **facts.rests_on(many.summary),
    )


def rank_table(facts: Facts) -> Table | None:
    """Return T15c: whether the order of the costliest nodes holds; None where not sampled."""
    many = facts.a.ensemble
    if many is None or many.ranks.empty:
        return None
    columns = [
        text("node", "Id", "name of the node", body=False),
        text("label", "Node", "the node in words"),
        Column("given_rank", "Rank as given", "count", "", "among these nodes"),
        Column("p10", "P10", "number", "", "rank", body=False),
        Column("p50", "Middle rank", "number", "", "P50 of its rank"),
        Column("p90", "P90", "number", "", "rank", body=False),
        share("first_share", "Ranks first in", "share of the draws"),
        share("top3_share", "Among the first three in", "share of the draws"),
    ]
    rows = [
        [
            str(node),
            facts.label(str(node)),
            row["given_rank"],
            row["p10"],
            row["p50"],
            row["p90"],
            row["first_share"],
            row["top3_share"],
        ]
        for node, row in many.ranks.iterrows()
    ]
    settings = many.provenance["settings"]
    counts = str(many.ranks["counts"].iloc[0])
    whose = "all tiers" if counts == "all" else counts
    return make_table(
        columns,
        rows,
        id="T15c",
        sheet="Ranks",
        title="Does the order of the costliest nodes hold?",
        subtitle=f"Loss of {whose} when one node drops out, undisturbed; n = {settings['draws']}, seed "
        f"{settings['seed']}.",
        note="Equal losses share the better rank, so shares of first places may add to more than 100 %.",
        status=SAMPLED,
        **facts.rests_on(many.ranks),
    )


def input_table(facts: Facts) -> Table | None:
    """Return T15d: the single figures that move the shortfall most; None where none has a range."""
    one = facts.a.sensitivity
    if one is None or one.inputs.empty:
        return None
    unit = {"demand_tpa": "t/yr", "capacity_tpa": "t/yr", "flow_tpa": "t/yr", "stock_t": "t", "t_per_t": "t/t"}
    columns = [
        text("table", "Table", "where it stands", body=False),
        text("key", "Row", "its row", body=False),
        text("label", "Figure", "the row in words"),
        text("what", "What", "which figure of the row"),
        Column("value", "As given", "number", "", "value"),
        text("range", "Range", "low to high"),
        Column("low", "Low", "number", "", "low", body=False),
        Column("high", "High", "number", "", "high", body=False),
        tons("short_low_t", "Short at low", "shortfall with it at its low value"),
        tons("short_high_t", "Short at high", "shortfall with it at its high value"),
        tons("swing_t", "Largest change", "from the answer as given"),
        text("quality", "Grade", "grade of the figure"),
    ]
    rows = []
    for row in one.inputs.to_dict("records"):
        low = row["low"] if row["low"] == row["low"] else row["value"]
        high = row["high"] if row["high"] == row["high"] else row["value"]
        words = row["column"].removesuffix("_tpa").removesuffix("_t").replace("_per", " per t")
        rows.append(
            [
                row["table"],
                row["key"],
                _label(facts, row),
                f"{words}, {unit.get(row['column'], '')}".strip(", "),
                row["value"],
                f"[{_small(low)}–{_small(high)}]",
                row["low"],
                row["high"],
                row["short_low_t"],
                row["short_high_t"],
                row["swing_t"],
                LETTERS.get(row["quality"], row["quality"]),
            ]
        )
    moving = int((one.inputs["swing_t"] > 0).sum())
    tier = one.provenance["settings"]["tier"]
    return make_table(
        columns,
        rows,
        id="T15d",
        sheet="Sensitivity",
        title="Which single figure moves the shortfall most",
        subtitle=f"Unit: {facts.unit}. Shortfall of {tier or 'all tiers'}"
        + (", if served first" if tier else "")
        + f", {tonnes(one.short_t)} as given. Scenario: {facts.scenario_label(facts.when)}.",
        note=f"One figure at a time, each solved at both ends; {count(moving)} of {count(len(rows))} with a range move "
        "the answer. Capacity, demand and flows in t/yr, recipes in t per t.",
        status=PROVED,
        grade="see column",
    ).with_lead(rows=min(TOP, max(moving, 3)))


def _label(facts: Facts, row: dict[str, Any]) -> str:
    """Return a figure in words: of a demand with what is asked for, of a recipe with what goes in or comes out."""
    words, parts = str(row["label"]), str(row["key"]).split(" / ")
    if row["table"] == "demand" and len(parts) == 3:
        return f"{words} ({facts.commodity(parts[1])})"
    process, colon, line = words.partition(": ")
    role, blank, good = line.partition(" ")
    if row["table"] == "processes" and colon and blank:
        return f"{readable_id(process)}: {role} {facts.commodity(good)}"
    return words


def _small(value: float) -> str:
    """Return a number with two digits below 0.1: a recipe's amounts are small."""
    return f"{value:.2g}" if 0 < abs(value) < 0.1 else number(value)


def sure_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return what the ranges do to the answer, in words."""
    said = []
    many, one = facts.a.ensemble, facts.a.sensitivity
    if many is not None:
        key = next((k for k, _, _ in range_rows(facts) if k == f"{facts.first}_short_t"), "lost_t")
        row = many.summary.loc[key]
        what = f"the {facts.first} shortfall" if key != "lost_t" else "the loss over all tiers"
        said.append(
            Sentence(
                f"In 8 of 10 draws {what} lies between {number(row['p10'])} and {tonnes(row['p90'])} (median "
                f"{number(row['p50'])}, n = {many.provenance['settings']['draws']}); as given "
                f"{number(row['given'])}.",
                ("T15b",),
                "Draws.",
            )
        )
        if not many.ranks.empty:
            top = many.ranks["first_share"].idxmax()
            part = percent(many.ranks.loc[top, "first_share"])
            said.append(Sentence(f"{facts.label(str(top))} ranks first in {part} of the draws.", ("T15c",), "Ranks."))
    if one is not None and len(one.inputs) and float(one.inputs["swing_t"].iloc[0]) > 0:
        row = one.inputs.iloc[0]
        ends = sorted([row["short_low_t"], row["short_high_t"]])
        figure = row["column"].removesuffix("_tpa").removesuffix("_t").replace("_", " ")
        said.append(
            Sentence(
                f"{_label(facts, row.to_dict())} ({figure}) alone moves the shortfall of "
                f"{one.provenance['settings']['tier'] or 'all tiers'} from {number(one.short_t)} to between "
                f"{number(ends[0])} and {tonnes(ends[1])}.",
                ("T15d",),
                "One at a time.",
            )
        )
    return tuple(said)
