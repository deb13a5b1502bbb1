"""How sure are we? All ranges at once, whether ranks hold, single figures, limiting inputs, quality."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import BODY_ROWS, ReportColumn, ReportFigure, Section, Sentence, make_section, stands
from chainnet.reporting.order import table_id
from chainnet.reporting.sections.asked import not_assessed
from chainnet.results import CHECKED, NOT_STATED, SAMPLED
from chainnet.words import NOT_ASKED, Who, count, first_capital, is_known, number, percent, readable_id, span, tonnes

TOP = 10
WORTH = "tonnes served per tonne more of this bound, the largest over the tiers"
DEPENDENCY = "a judgement or an input made otherwise"
RANGE_WORDS = {
    "base_t": "Served in the baseline, all tiers",
    "served_t": "Served, all tiers",
    "lost_t": "Lost, all tiers",
}
_UNITS = {"demand_tpa": "t/yr", "capacity_tpa": "t/yr", "flow_tpa": "t/yr", "stock_t": "t", "t_per_t": "t/t"}
# quality -> fill, hatch, ink of a bar's part
_LOOKS = {
    "reported": (fig.BAR, "", "white"),
    "estimated": (fig.BAR_LIGHT, "", fig.INK),
    "inferred": ("white", "////", fig.INK),
    "assumed": ("white", "..", fig.INK),
    NOT_STATED: (fig.BLANK, "", fig.INK),
}


def section(facts: Facts) -> Section:
    """Return what the ranges do to the answer, on which inputs it rests and how well they are known."""
    return make_section(
        "How sure are we?",
        sure_points(facts),
        ranges_figure(facts),
        range_table(facts),
        rank_table(facts),
        input_table(facts),
        not_assessed(facts, "ranges", "draws"),
        coverage_figure(facts),
        limiting_table(facts),
        dependency_rows(facts),
        not_assessed(facts, "key_assumptions"),
        coverage_table(facts),
        edge_table(facts),
    )


def sure_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return what the ranges do to the answer, in words."""
    said = []
    many, one = facts.a.ensemble, facts.a.sensitivity
    if many is not None:
        first = f"{facts.first}_short_t"
        key = first if first in _ranges(facts) else "lost_t"
        row = many.summary.loc[key]
        what = f"the {facts.first} shortfall" if key != "lost_t" else "the loss over all tiers"
        draws = (
            f"In 8 of 10 draws (of {count(many.provenance['settings']['draws'])}) {what} lies between "
            f"{number(row['p10'])} and {tonnes(row['p90'])} (median {number(row['p50'])}); "
            f"as given {number(row['given'])}."
        )
        said.append(Sentence(draws, ("uncertainty",), "Draws."))
        if not many.ranks.empty:
            top = many.ranks["first_share"].idxmax()
            part = percent(many.ranks["first_share"].max())
            said.append(Sentence(f"{facts.label(str(top))} ranks first in {part} of the draws.", ("ranks",), "Ranks."))
    if one is not None and len(one.inputs) and float(one.inputs["swing_t"].iloc[0]) > 0:
        row = one.inputs.iloc[0]
        low, high = sorted([row["shortfall_low_t"], row["shortfall_high_t"]])
        column = row["column"].removesuffix("_tpa").removesuffix("_t").replace("_", " ")
        alone = (
            f"{_label(facts, row)} ({column}) alone moves the shortfall of "
            f"{Who.of(one.provenance['settings']['tier'])} from {number(one.short_t)} to between "
            f"{number(low)} and {tonnes(high)}."
        )
        said.append(Sentence(alone, ("sensitivity",), "One at a time."))
    return tuple(said)


# -- ranges -------------------------------------------------------------------------------------


@once
def _ranges(facts: Facts) -> dict[str, Any]:
    """Return the headline numbers that were sampled, by key: their row, and words as ``label``."""
    if facts.a.ensemble is None:
        return {}
    words = RANGE_WORDS | {f"{t}_short_t": f"{first_capital(t)} short" for t in facts.tiers}
    rows = facts.a.ensemble.summary.to_dict("index")
    return {str(key): row | {"number": key, "label": words[str(key)]} for key, row in rows.items() if key in words}


def _many(facts: Facts) -> Any:
    """Return the draws, which a table below has where they were made."""
    return facts.a.ensemble


def _single(facts: Facts) -> Any:
    """Return the same of single figures."""
    return facts.a.sensitivity


def _drawn_words(facts: Facts) -> str:
    settings = _many(facts).provenance["settings"]
    return f"n = {settings['draws']}, seed {settings['seed']}."


range_table = col.Table(
    "uncertainty",
    "Uncertainty",
    "How far the answer moves when all ranges vary at once",
    rows=lambda f: list(_ranges(f).values()) or None,
    columns=(
        col.code("number", "Name", "name of the number"),
        col.text("label", "Number", "the number in words"),
        col.tons("given", "As given", "at the figures as they stand"),
        col.tons("p10", "P10", "one draw in ten lies below"),
        col.tons("p50", "P50", "the middle draw"),
        col.tons("p90", "P90", "one draw in ten lies above"),
        col.text("bad_end", "Bad end", "which end is the bad one", lambda _, row: row["bad_end"].upper()),
    ),
    subtitle=lambda f: f"Unit: {f.unit}. Scenario: {f.worst_label}. {_drawn_words(f)}",
    note=lambda f: (
        "No tier first: as many tonnes as can be, so all tiers lose less than in "
        f"{table_id('served')}, where tiers come in order. "
        f"{count(len(_many(f).inputs))} figures with a range vary; low and high are read as P10 and P90; inputs of "
        "one country share half of their variance (assumed). Recipes and relations stay as they are."
    ),
    stands=lambda f: f.standing(_many(f).summary, status=SAMPLED),
)


rank_table = col.Table(
    "ranks",
    "Ranks",
    "Does the order of the costliest nodes hold?",
    rows=lambda f: col.some(_many(f).ranks.rename_axis("node")) if _many(f) else None,
    columns=(
        col.code("node", "Id", "name of the node"),
        col.named("label", "Node", "the node in words", "node"),
        col.count("given_rank", "Rank as given", "among these nodes"),
        col.number("p10", "P10", "rank", body=False),
        col.number("p50", "Middle rank", "P50 of its rank"),
        col.number("p90", "P90", "rank", body=False),
        col.share("first_share", "Ranks first in", "share of the draws"),
        col.share("top3_share", "Among the first three in", "share of the draws"),
    ),
    subtitle=lambda f: f"Loss of {_ranked(f)} when one node drops out, in the baseline; {_drawn_words(f)}",
    note="Equal losses share the better rank, so shares of first places may add to more than 100 %.",
    stands=lambda f: f.standing(_many(f).ranks, status=SAMPLED),
)


def _ranked(facts: Facts) -> str:
    counts = str(_many(facts).ranks["counts"].iloc[0])
    return "all tiers" if counts == "all" else counts


def _what(_facts: Facts, row: Any) -> str:
    words = row["column"].removesuffix("_tpa").removesuffix("_t").replace("_per", " per t")
    return f"{words}, {_UNITS.get(row['column'], '')}".strip(", ")


def _between(_facts: Facts, row: Any) -> str:
    low, high = (row[end] if is_known(row[end]) else row["value"] for end in ("low", "high"))
    return f"[{_small(low)}–{_small(high)}]"


def _moving(facts: Facts) -> int:
    return int((_single(facts).inputs["swing_t"] > 0).sum())


def _moved(facts: Facts) -> str:
    """Return whose shortfall single figures move, and how much of it there is as given."""
    one = _single(facts)
    tier = one.provenance["settings"]["tier"]
    whose = f"{tier}, if served first" if tier else "all tiers"
    return f"Unit: {facts.unit}. Shortfall of {whose}, {tonnes(one.short_t)} as given. Scenario: {facts.worst_label}."


input_table = col.Table(
    "sensitivity",
    "Sensitivity",
    "Which single figure moves the shortfall most",
    rows=lambda f: col.some(_single(f).inputs) if _single(f) else None,
    columns=(
        col.code("table", "Table", "where it stands"),
        col.code("key", "Row", "its row"),
        col.text("label", "Figure", "the row in words", lambda f, row: _label(f, row)),
        col.text("what", "What", "which figure of the row", _what),
        col.number("value", "As given", "value"),
        col.text("range", "Range", "low to high", _between),
        col.number("low", "Low", "low", body=False),
        col.number("high", "High", "high", body=False),
        col.tons("shortfall_low_t", "Short at low", "shortfall with it at its low value"),
        col.tons("shortfall_high_t", "Short at high", "shortfall with it at its high value"),
        col.tons("swing_t", "Largest change", "from the answer as given"),
        col.quality("how the figure is known"),
    ),
    subtitle=_moved,
    note=lambda f: (
        f"One figure at a time, each solved at its low and its high value; {count(_moving(f))} of "
        f"{count(len(_single(f).inputs))} with a range move the answer. Capacity, demand and flows in t/yr, recipes "
        "in t per t."
    ),
    stands=stands("see column", CHECKED),
    lead=lambda f: min(TOP, max(_moving(f), 3)),
)


def _label(facts: Facts, row: Any) -> str:
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
    """Return a number with its digits below 0.1 too: a recipe's amounts are small."""
    return number(value, least=1e-6)


# -- inputs and their quality --------------------------------------------------------------------------


limiting_table = col.Table(
    "limiting",
    "Limiting inputs",
    "Inputs on which the answer rests, the weakest first",
    rows=lambda f: f.a.limiting,
    columns=(
        col.text("kind", "Bound of", "node, edge or demand"),
        col.code("id", "Id", "whose bound it is"),
        col.text("label", "Name", "the same in words", lambda f, row: f.input_label(row)),
        col.commodity("Of", "commodity"),
        col.code("tier", "Tier", "tier of a demand", missing=NOT_ASKED),
        col.tons("capacity_tpa", "Bound", "the figure itself"),
        col.text("range", "Range", "from the data", lambda _, row: span(row["low"], row["high"])),
        col.tons("low", "Low", "low value in the data", body=False),
        col.tons("high", "High", "high value in the data", body=False),
        col.number("price", "Worth, t per t", WORTH, unit="t/t"),
        col.quality("how the figure is known; given: the scenario sets it"),
        col.text("reference", "Source", "key into the sources", lambda _, row: _spaced(row["reference"])),
    ),
    none={"label": "no bound carries a price"},
    subtitle="Bounds with a price for what the counted tiers get, in their order. Scenario: {f.worst_label}. The "
    "answer {f.rests_words}.",
    note="A demand in this list is met in full: more supply elsewhere changes nothing for it. One of the sets of "
    "bounds that prove the answer; others may exist. n/d: no range in the data.",
    stands=stands("see column", CHECKED),
    lead=BODY_ROWS,
)


def _spaced(keys: Any) -> str | None:
    return keys.replace(";", "; ") if isinstance(keys, str) else None


DOES = {
    "verdict": "changes the verdict",
    "bottleneck": "moves the bottleneck",
    "closed_by": "changes what closes the gap",
    "share": "moves the share",
}


def _dependencies(facts: Facts) -> pd.DataFrame | None:
    """Return what the answers of each tier depend on, the verdict first; None where nothing moves them."""
    place = {word: number for number, word in enumerate(DOES)}
    table = facts.a.dependencies
    return col.some(table.sort_values("does", key=lambda does: does.map(place), kind="stable")) if len(table) else None


dependency_rows = col.Table(
    "dependencies",
    "Dependencies",
    "What changes an answer, or moves it out of its range",
    rows=_dependencies,
    columns=(
        col.TIER,
        col.text("words", "The answer changes", DEPENDENCY),
        col.text("does", "What that does", "as the note says", lambda _, row: DOES[row["does"]]),
        col.code(
            "then", "Bottleneck then", "the bottleneck without it", lambda _, row: row["then"] or None, missing="-"
        ),
    ),
    subtitle="One at a time, in the long run. Scenario: {f.worst_label}; bottlenecks in the baseline.",
    note="Verdict: what is short because of the scenario, once new suppliers are qualified, moves to another class (up "
    "to 1 %, to 10 %, to 50 %, more). Share: it leaves its range. Assumed plants also up to three at once.",
    stands=stands(f"see {table_id('limiting')}", CHECKED),
    lead=BODY_ROWS,
)


def _covered(facts: Facts) -> pd.DataFrame:
    """Return tonnes of each step by quality, in the order of the chain."""
    table = facts.a.coverage
    order = np.argsort([facts.place_of_step(str(name)) for name in table.index], kind="stable")
    return table.iloc[order].rename_axis("step")


def _qualities(facts: Facts) -> list[ReportColumn]:
    kinds = {c: first_capital(c.removesuffix("_tpa")) for c in facts.a.coverage.columns if c.endswith("_tpa")}
    return [
        col.text("step", "Step", "step of the chain", lambda _, row: str(row["step"]).replace("_", " ")),
        *(col.tons(c, head, f"tonnes whose principal figure is {head.lower()}") for c, head in kinds.items()),
        col.share("assumed_share", "Assumed", "part of the tonnes whose figure is assumed"),
        col.count("n_nodes", "Nodes", "nodes of the step"),
        col.count("n_unlimited", "No capacity", "nodes without a capacity, counted as without limit"),
    ]


coverage_table = col.Table(
    "coverage",
    "Coverage",
    "How well each step is known",
    rows=_covered,
    columns=_qualities,
    subtitle="Unit: t/yr that the nodes of a step make, by how the node's principal figure is known.",
    note="Tonnes of different steps are on different bases.",
    stands=stands("see columns"),
)


edge_table = col.Table(
    "relations",
    "Edge quality",
    "How well the relations are known",
    rows=lambda f: f.a.edge_quality.rename_axis("quality"),
    columns=(
        col.quality("how the baseline flow is known"),
        col.count("n_edges", "Relations", "rows of the edges table"),
        col.count("n_with_flow", "of them with flow", "rows with a baseline flow above 0"),
    ),
    none={"quality": "no relation", "n_edges": 0, "n_with_flow": 0},
    total=lambda f: {"quality": "all"} | {key: int(f.a.edge_quality[key].sum()) for key in ("n_edges", "n_with_flow")},
    subtitle="Unit: rows. Tonnes of different goods are not added.",
    stands=stands("see rows"),
)


# -- figures ------------------------------------------------------------------------------------


@fig.figure("ranges")
def ranges_figure(facts: Facts) -> ReportFigure | None:
    """Draw the ranges over the number as given: tonnes of a small tier and of all would not share an axis."""
    rows = [row for key, row in _ranges(facts).items() if key != "base_t" and row["given"] > 0]
    if all(row["p10"] == row["p90"] for row in rows):
        return None
    y = np.arange(len(rows))[::-1]
    canvas, (ax,) = fig.new_canvas(0.65 + 0.28 * len(rows))
    top = max(max(float(row["p90"]) / float(row["given"]), 1.0) for row in rows)
    ax.vlines(1.0, -0.6, len(rows) - 0.5, color=fig.GREY, linewidth=1.0, linestyle="--")
    fig.write(ax, 1.0, len(rows) - 0.35, "as given = 1", "center", va="bottom", color=fig.GREY)
    for at, row in zip(y, rows, strict=True):
        low, middle, high = (float(row[end]) / float(row["given"]) for end in ("p10", "p50", "p90"))
        ax.hlines(at, low, high, color=fig.BAR_LIGHT, linewidth=5)
        ax.plot([middle], [at], "|", color=fig.INK, markersize=13, markeredgewidth=1.8)
        said = f"{number(row['p10'])} to {number(row['p90'])}, as given {number(row['given'])}"
        fig.write(ax, max(high, 1.0) + 0.03 * top, at, said)
    ax.set_yticks(y, [facts.drawn(row["label"], 44) for row in rows])
    ax.set_xlim(0, 1.55 * top)
    ax.set_ylim(-0.6, len(rows) + 0.1)
    told = next((row for row in rows if row["label"].lower().startswith(f"{facts.first} short")), rows[0])
    step = 0.5 if top <= 3 else float(next(s for k in range(9) for s in (10**k, 2 * 10**k, 5 * 10**k) if top / s <= 8))
    ax.set_xticks(np.arange(0.0, top + step / 2, step))
    ax.tick_params(axis="x", labelsize=fig.SMALL, labelcolor=fig.INK)
    alt = "Bars run from P10 to P90 over the number as given, the tick is P50: " + "; ".join(
        f"{row['label']} {number(row['p10'])} to {number(row['p90'])}" for row in rows[:3]
    )
    return fig.make_figure(
        canvas,
        f"{told['label']}: {number(told['p10'])} to {tonnes(told['p90'])} in 8 of 10 draws",
        f"P10 to P90 (bar) and P50 (tick) over the number as given; text in {facts.unit}. Scenario: "
        f"{facts.scenario_label(facts.when)}.",
        alt + ".",
        "",
        range_table(facts),
    )


@fig.figure("coverage")
def coverage_figure(facts: Facts) -> ReportFigure | None:
    """Draw the tonnes of each step by the quality of the node's principal figure."""
    table = facts.a.coverage
    kinds = [c for c in table.columns if c.endswith("_tpa")]
    whole = table[kinds].sum(axis=1)
    table = table[whole > 0]
    if table.empty:
        return None
    table = table.iloc[np.argsort([facts.place_of_step(str(name)) for name in table.index], kind="stable")]
    canvas, (ax,) = fig.new_canvas(0.4 + 0.27 * len(table))
    y = np.arange(len(table))[::-1]
    for at, (step, row) in zip(y, table.iterrows(), strict=True):
        left, total = 0.0, float(whole[str(step)])
        for column in kinds:
            share = float(row[column]) / total
            if share <= 0:
                continue
            quality = column.removesuffix("_tpa")
            fill, hatch, ink = _LOOKS[quality]
            bar = {"color": fill, "edgecolor": fig.BAR, "hatch": hatch, "linewidth": 0.8}
            ax.barh(at, share, left=left, height=0.7, **bar)
            if share > 0.1 or (share > 0.06 and not hatch):
                words = f"{quality} {percent(share)}" if share > 0.27 else percent(share)
                fig.write(ax, left + share / 2, at, words, "center", color=ink, bbox=fig.WHITE_BOX if hatch else None)
            left += share
        missing = int(row["n_unlimited"])
        if missing:
            fig.write(ax, 1.015, at, f"no capacity: {missing}")
    ax.set_yticks(y, [fig.folded(facts.drawn(s), 44, 2) for s in table.index], linespacing=0.95)
    ax.set_xlim(0, 1.17)
    fig.no_value_axis(ax, len(table))
    weak = table["assumed_share"].fillna(0.0)
    title = f"{first_capital(str(weak.idxmax()))} rests most on assumption: {percent(weak.max())} of its tonnes"
    if weak.max() <= 0:
        title = "No step's tonnes rest on an assumed figure"
    if float(table.get(f"{NOT_STATED}_tpa", weak * 0).sum()) >= float(whole.sum()) - 1e-9:
        title = "No figure of the data says how it is known"
    alt = "One bar per step, parts by quality: " + "; ".join(
        f"{s} {percent(v)} assumed" for s, v in list(weak.items())[:3]
    )
    return fig.make_figure(
        canvas,
        title,
        "Tonnes of each step by how the node's principal figure is known, %: dark reported, light estimated, hatched "
        "inferred, dotted assumed.",
        alt + ".",
        "",
        coverage_table(facts),
    )
