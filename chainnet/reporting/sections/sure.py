"""How sure are we? All ranges at once, whether ranks hold, single figures, limiting inputs, quality."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure, Section, Sentence, make_section, stands
from chainnet.reporting.sections.asked import not_assessed
from chainnet.reporting.sections.assumed import assumption_table, gap_table
from chainnet.reporting.sections.helping import yearly
from chainnet.reporting.sections.likely import exceedance_table, hazard_table, likely_points, ways_figure, ways_table
from chainnet.reporting.sections.missing import missing_table
from chainnet.results import CHECKED, NOT_STATED, SAMPLED
from chainnet.words import Who, count, counted, first_capital, lacking, number, percent, readable_id, tonnes, verb

RANGE_WORDS = {
    "base_t": "Served in the baseline, all tiers",
    "served_t": "Served, all tiers",
    "lost_t": "Lost, all tiers",
}
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
        Sentence(facts.a.findings[0].sentences[3], ("dependencies",)),
        sure_points(facts),
        ways_figure(facts),
        ranges_figure(facts),
        dependency_table(facts),
        not_assessed(facts, "likelihood", "ranges", "draws"),
        coverage_figure(facts),
        more=(
            *(table(facts) for table in (ways_table, exceedance_table, hazard_table)),
            *(
                table(facts)
                for table in (range_table, rank_table, input_table, limiting_table, coverage_table, edge_table)
            ),
            *(table(facts) for table in (assumption_table, gap_table, missing_table)),
        ),
    )


def sure_points(facts: Facts) -> tuple[Sentence, ...]:
    """Return how past rules were forecast, and what the ranges do to the answer, in words."""
    finding = facts.a.findings[0]
    said = [
        Sentence(finding.assumptions.words["range"], ("dependencies",), "Range."),
        Sentence(finding.track_record, (), "Track record."),
        *likely_points(facts),
    ]
    many, one = facts.a.ensemble, facts.a.sensitivity
    if many is not None:
        tier = next((one for one in (facts.lead_words, facts.first) if f"{one}_short_t" in _ranges(facts)), None)
        row = many.summary.loc[f"{tier}_short_t" if tier else "lost_t"]
        what = f"the {tier} shortfall" if tier else "the loss over all tiers"
        draws = (
            f"On existing links, with all figures drawn at once, {what} lies between {number(row['p10'])} and "
            f"{tonnes(row['p90'])} in 8 of 10 draws (of {count(many.provenance['settings']['draws'])}; median "
            f"{number(row['p50'])}); as given {number(row['given'])}. Page one counts new suppliers."
        )
        said.append(Sentence(draws, ("uncertainty",), "Draws."))
        if not many.ranks.empty:
            top = many.ranks["first_share"].idxmax()
            part = percent(many.ranks["first_share"].max())
            ranked = f"By what {_ranked(facts).loses}, {facts.label(str(top))} ranks first in {part} of the draws."
            said.append(Sentence(ranked, ("ranks",), "Ranks."))
    if one is not None and len(one.inputs) and float(one.inputs["swing_t"].iloc[0]) > 0:
        row = one.inputs.iloc[0]
        low, high = sorted([row["shortfall_low_t"], row["shortfall_high_t"]])
        alone = (
            f"{_label(facts, row)} ({col.words_of(row['column']).lower()}) alone moves the shortfall of "
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


def _ranked(facts: Facts) -> Who:
    """Return by whose loss the nodes are ranked."""
    return Who.of(_many(facts).ranks["counts"].iloc[0])


def _drawn_words(facts: Facts) -> str:
    settings = _many(facts).provenance["settings"]
    return f"n = {settings['draws']}, seed {settings['seed']}."


range_table = col.Table(
    "uncertainty",
    "Uncertainty",
    "How far the answer moves when all ranges vary at once",
    rows=lambda f: pd.DataFrame(list(_ranges(f).values())),
    heads={"label": "Number", "given": "As given", "p10": "P10", "p50": "P50", "p90": "P90"},
    subtitle=lambda f: f"Unit: {f.unit}. Scenario: {f.worst_label}. {_drawn_words(f)}",
    note="Recipes and relations stay as they are.",
    stands=lambda f: f.standing(_many(f).summary, status=SAMPLED),
)
rank_table = col.Table(
    "ranks",
    "Ranks",
    "Does the order of the costliest nodes hold?",
    rows=lambda f: _many(f).ranks.rename_axis("node") if _many(f) else None,
    subtitle=lambda f: f"Ranked by what {_ranked(f).loses} if one node drops out, in the baseline; {_drawn_words(f)}",
    stands=lambda f: f.standing(_many(f).ranks, status=SAMPLED),
)
input_table = col.Table(
    "sensitivity",
    "Sensitivity",
    "Which single figure moves the shortfall most",
    rows=lambda f: _single(f),
    heads={"shortfall_low_tpa": "Short at low", "shortfall_high_tpa": "Short at high", "swing_tpa": "Largest change"},
    subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. One figure at a time, at its low and its high value.",
    stands=lambda _: stands("see column", CHECKED),
)


def _single(facts: Facts) -> pd.DataFrame | None:
    one = facts.a.sensitivity
    if one is None:
        return None
    labels = [_label(facts, row) for row in one.inputs.to_dict("records")]
    return yearly(one.inputs.assign(label=labels))


def _label(facts: Facts, row: Any) -> str:
    """Return a figure in words: of a demand with what is asked for, of a recipe with what goes in or comes out."""
    words, parts = str(row["label"]), str(row["key"]).split(" / ")
    if row["table"] == "demand" and len(parts) == 3:
        good = f" ({facts.commodity(parts[1])})"
        return f"{words.removesuffix(good)}{good}"
    process, colon, line = words.partition(": ")
    role, blank, good = line.partition(" ")
    if row["table"] == "processes" and colon and blank:
        return f"{readable_id(process)}: {role} {facts.commodity(good)}"
    return words


# -- inputs and their quality --------------------------------------------------------------------------


def _limiting(facts: Facts) -> pd.DataFrame:
    table = facts.a.limiting
    named = [facts.input_label(row) for row in table.to_dict("records")]
    columns = ["kind", "commodity", "tier", "capacity_tpa", "low", "high", "price", "quality", "reference"]
    found: pd.DataFrame = table[columns].assign(label=named)[["kind", "label", *columns[1:]]]
    return found


limiting_table = col.Table(
    "limiting",
    "Limiting inputs",
    "Inputs on which the answer rests, the weakest first",
    rows=_limiting,
    heads={
        "kind": "Bound of",
        "label": "Input",
        "capacity_tpa": "Bound",
        "price": "Worth, t/yr served per t/yr",
        "reference": "Source",
    },
    subtitle="Bounds with a price for what the counted tiers get. Scenario: {f.worst_label}. The answer "
    "{f.rests_words}.",
    note="A demand in this list is met in full. One of the sets of bounds that prove the answer; others may exist.",
    stands=lambda _: stands("see column", CHECKED),
)


def _depends(facts: Facts) -> list[dict[str, Any]]:
    """Return what alone makes another class of the shortfall, or another bottleneck: plants before judgements."""
    return [
        {
            **one,
            "label": first_capital(one["label"]),
            "then": lacking(one["low_share"], one["high_share"]) if one["does"] == "class" else one["then"] or "none",
        }
        for one in facts.a.findings[0].depends_on
    ]


dependency_table = col.Table(
    "dependencies",
    "Dependencies",
    "What alone changes the verdict or the bottleneck",
    rows=_depends,
    columns=(
        col.code("kind", "Kind", "plant, project, recipe, relation, stock, demand or judgement"),
        col.code("id", "Id", "name in the data"),
        col.text("label", "If otherwise", "what is judged or known otherwise"),
        col.text("does", "Changes", "the class of the shortfall, or the bottleneck"),
        col.text("then", "Then", "how much is short, or the bottleneck, in that case"),
        *(
            col.share(f"{end}_share", f"Short, at {word}", f"part of demand short then, at {word}", body=False)
            for end, word in (("low", "least"), ("high", "most"))
        ),
    ),
    none={"label": "nothing alone changes it", "kind": "-", "id": "-", "does": "-", "then": "-"},
    subtitle="One at a time, {f.lead_words}. Scenario: {f.worst_label}.",
    stands=stands("see Limiting inputs", CHECKED),
    lead=12,
)


def _covered(facts: Facts) -> pd.DataFrame:
    """Return tonnes of each step by quality, in the order of the chain."""
    table = facts.a.coverage
    order = np.argsort([facts.place_of_step(str(name)) for name in table.index], kind="stable")
    return table.iloc[order].rename_axis("step")


coverage_table = col.Table(
    "coverage",
    "Coverage",
    "How well each step is known",
    rows=_covered,
    heads={"n_nodes": "Nodes", "n_unlimited": "No capacity"},
    subtitle="Unit: t/yr that the nodes of a step make, by how the node's principal figure is known.",
    stands=lambda _: stands("see columns"),
)
edge_table = col.Table(
    "relations",
    "Edge quality",
    "How well the relations are known",
    rows=lambda f: f.a.edge_quality.rename_axis("quality"),
    heads={"n_edges": "Relations", "n_with_flow": "Of them with flow"},
    subtitle="Unit: rows. Tonnes of different goods are not added.",
    stands=lambda _: stands("see rows"),
)


# -- figures ------------------------------------------------------------------------------------


@fig.figure("ranges")
def ranges_figure(facts: Facts) -> ReportFigure | None:
    """Draw the ranges over the number as given: tonnes of a small tier and of all would not share an axis."""
    rows = [row for key, row in _ranges(facts).items() if key != "base_t" and row["given"] > 0]
    if all(row["p10"] == row["p90"] for row in rows):
        return None
    y = np.arange(len(rows))[::-1]
    canvas, (ax,) = fig.new_canvas(0.65 + 0.22 * len(rows))
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
    leads = [f"{tier}_short_t" for tier in (facts.lead_words, facts.first)]  # of the verdict, then the first
    told = next((row for key in leads for row in rows if row["number"] == key), rows[0])
    size = f"{number(told['p10'])} to {tonnes(told['p90'])}"
    said = f"{size} are {told['label'].partition(',')[0].lower()}"
    if told["number"] in leads:
        said = f"{Who(told['number'].removesuffix('_short_t')).demand} lacks {size}"
    step = 0.5 if top <= 3 else float(next(s for k in range(9) for s in (10**k, 2 * 10**k, 5 * 10**k) if top / s <= 8))
    ax.set_xticks(np.arange(0.0, top + step / 2, step))
    ax.tick_params(axis="x", labelsize=fig.SMALL, labelcolor=fig.INK)
    alt = "Bars run from P10 to P90 over the number as given, the tick is P50: " + "; ".join(
        f"{row['label']} {number(row['p10'])} to {number(row['p90'])}" for row in rows[:3]
    )
    return fig.make_figure(
        canvas,
        f"In 8 of 10 draws {said}",
        f"P10 to P90 (bar) and P50 (tick) over the number as given; text in {facts.unit}. Existing links. "
        f"Scenario: {facts.scenario_label(facts.when)}.",
        alt + ".",
        range_table(facts),
    )


@fig.figure("coverage")
def coverage_figure(facts: Facts) -> ReportFigure | None:
    """Draw the tonnes of each step by the quality of the node's principal figure."""
    table = _covered(facts)
    kinds = [c for c in table.columns if c.endswith("_tpa")]
    whole = table[kinds].sum(axis=1)
    table = table[whole > 0]
    if table.empty:
        return None
    canvas, (ax,) = fig.new_canvas(0.4 + 0.21 * len(table))
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
    mostly = int((weak > 0.5).sum())
    title = f"{count(mostly)} of {counted(len(weak), 'step')} {verb('rest', mostly)} mostly on assumed figures"
    if not mostly:
        title = f"No step rests mostly on assumed figures (at most {percent(weak.max())}: {weak.idxmax()})"
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
        coverage_table(facts),
    )
