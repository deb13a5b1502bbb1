"""Which projects help, and in what company? What each is, avoids, needs, and the best set at each budget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.network import state_of
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.advised import CASES, advised_of
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import (
    BODY_ROWS,
    ReportColumn,
    ReportFigure,
    ReportTable,
    Section,
    Sentence,
    make_section,
    stands,
)
from chainnet.reporting.order import table_id
from chainnet.reporting.sections.asked import not_assessed
from chainnet.results import CHECKED, SAMPLED
from chainnet.words import (
    NO_LIMIT,
    NOT_APPLICABLE,
    Who,
    count,
    first_capital,
    join,
    number,
    ranks,
    same,
    spelled,
    tonnes,
)

NONE_WON = "none won"


# what there is to do about a project, by its state
TO_DO = {
    "running": "Secure its offtake",
    "building": "Protect its date",
    "decided": "Hold them to the decision",
    "undecided": "Fund it",
    "idle": "Restart it",
}


def section(facts: Facts) -> Section:
    """Return what each project is and avoids, pairs, and best sets."""
    heading = "Which projects help, and in what company?"
    years = list(facts.a.rerouting)
    if facts.network.projects.empty or not years:
        return make_section(heading, Sentence("Not assessed: projects. There are none in the data."))
    return make_section(
        heading,
        top_projects(facts),
        project_table(facts),
        projects_figure(facts),
        *(effect_table(facts, year) for year in years),
        case_table(facts),
        complement_table(facts),
        frontier_figure(facts),
        frontier_table(facts),
        not_assessed(facts, "portfolio"),
    )


def _first_column(facts: Facts) -> list[str]:
    column = f"standalone_{facts.first}_t"
    found = [r.projects for r in facts.a.rerouting.values()]
    return [column] if facts.has_first and found and column in found[0].columns else []


def _sampled(table: pd.DataFrame) -> bool:
    """Say whether the fair shares of a year are means of random orders, not exact."""
    return bool((table["shapley_se_t"].fillna(0.0) > 1e-6).any())


_PLACE = col.text("place", "Country", "where it is to stand", lambda f, row: f.things.loc[row["id"], "place"])
_STEP = col.text("step", "Step", "step of the chain", lambda f, row: f.things.loc[row["id"], "step"])
_START = col.year("start_year", "Start", "first year of output", missing="any year")


def _to_do(_facts: Facts, row: Any) -> str:
    return TO_DO[state_of(row["status"])]


def _listed(facts: Facts) -> pd.DataFrame:
    table = facts.network.projects
    return table.assign(order=table["start_year"].fillna(0)).sort_values(["order", "id"])


project_table = col.Table(
    "projects",
    "Project data",
    "What the listed projects are",
    rows=_listed,
    columns=(
        col.PROJECT_ID,
        col.PROJECT,
        _STEP,
        _PLACE,
        _START,
        col.tons("capacity_tpa", "Capacity", "main output at full size", missing=NO_LIMIT),
        col.million("capex_musd", "Capital cost, USD million", "cost to build"),
        col.per_tonne("break_even_usd_per_t", "Pays at, USD/t", "price at which it pays", body=False),
        col.text("status", "State", "how far it is"),
        col.text("verb", "To do", "what there is to do about it, by its state", _to_do),
        col.quality("how its capacity is known"),
    ),
    subtitle="Unit: t/yr of the project's main output. Capacity and dates as announced.",
    note="n/d: no figure in the sources; such a cost is not 0.",
    stands=stands("see column"),
)


def _won(key: str, head: str, meaning: str, **more: Any) -> ReportColumn:
    return col.tons(key, head, meaning, lambda _, row: _if_stands(row, row[key]), **more)


def _usd_per_tpa(_facts: Facts, row: Any) -> Any:
    return _if_stands(row, NONE_WON if np.isinf(row["usd_per_tpa"]) else row["usd_per_tpa"])


def _effect_columns(facts: Facts) -> list[ReportColumn]:
    first = facts.first
    return [
        *(col.PROJECT_ID, col.PROJECT, _PLACE, _START),
        *(
            _won(c, f"Alone, {first} first", f"rise of what {first} can get, with it alone")
            for c in _first_column(facts)
        ),
        _won("standalone_t", "Alone, all tiers", "rise of the largest tonnage served, with it alone"),
        _won("last_in_t", "Last in", "fall without it when all others stand"),
        _won("shapley_t", "Fair share", "Shapley value: its part of what all win together"),
        _won("shapley_se_t", "Standard error", "of the fair share, where sampled", body=False),
        _won("dual_t", "Price x size", "what its output is worth at the margin, times its size", body=False),
        _won("dual_valid_t", "Price holds to", "tonnes of its output for which that price holds", body=False),
        col.number(
            "usd_per_tpa", "USD per t/yr", "capital cost over what it wins alone", _usd_per_tpa, unit="USD per t/yr"
        ),
    ]


@once
def effect_table(facts: Facts, year: int) -> ReportTable:
    """Return what each project avoids by a year."""
    found = facts.a.rerouting[year].projects
    order = np.lexsort((found.index, -found["standalone_t"].fillna(-1), -found["shapley_t"].fillna(-1).round(6)))
    found = found.iloc[order]
    standing = int(found["standalone_t"].notna().sum())
    note = f"{count(standing)} of {count(len(found))} projects stand by {year}; n/a: not by then. "
    if _sampled(found):
        note += "Fair share: mean of 64 random orders of building, seed 0; its standard error is in the workbook. "
    note += "What new relations serve already needs no project. Alone and last in are not shares and do not add up. "
    note += "Values are rises of the largest tonnage served."
    return col.Table(
        f"effects.{year}",
        f"Projects {year}",
        f"What each project avoids by {year}",
        rows=lambda _: found,
        columns=_effect_columns,
        subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. New relations, no stocks.",
        note=lambda _: note,
        stands=_gains_stand(facts, found),
        lead=BODY_ROWS,
    ).of(facts)


def _gains_stand(facts: Facts, table: pd.DataFrame) -> dict[str, Any]:
    return facts.standing(table, status=f"{CHECKED}; fair share {SAMPLED}" if _sampled(table) else CHECKED)


def _if_stands(row: Any, value: Any) -> Any:
    return NOT_APPLICABLE if pd.isna(row["standalone_t"]) else value


@once
def top_projects(facts: Facts) -> ReportTable:
    """Return five projects with the largest fair share, side by side over the years."""
    years = {y: found.projects for y, found in facts.a.rerouting.items()}
    year = list(years)[-1]
    last = years[year]
    first, whom = [c for c in _first_column(facts) if bool((last[c] > 0).any())], facts.first
    shares = last["shapley_t"].fillna(0.0).round(6)
    lead = last[first[0]].fillna(0.0).round(6) if first else shares
    order = np.lexsort((last.index.astype(str), -shares, last["capex_musd"].fillna(np.inf), -lead))
    names = [n for n in last.index[order] if shares[n] > 0 or lead[n] > 0][:5]
    by_year = {f"shapley_{y}_t": table["shapley_t"].reindex(names) for y, table in years.items()}
    head = f"Alone, {whom} first, {year}" if first else f"Alone {year}"
    note = "Alone: once new relations have done their part. "
    if first:
        note += f"Ranked by what {whom.does('avoid')} so, then by cost. "
    note += f"{_more_tied(lead, names)}Fair share: Shapley value over all tiers"
    note += " (mean of 64 random orders, seed 0)." if _sampled(last) else "."
    note += " n/a: does not stand by then."
    if facts.has_first and not first:
        note += " Tonnes over all tiers, none first: in order more may be short."
    columns = (
        col.text("rank", "Rank", "place; = tied"),
        *(col.PROJECT, _STEP, _PLACE, _START),
        col.tons("alone_t", head, "rise with it alone, in the last year asked", first[0] if first else "standalone_t"),
        *(
            col.tons(key, f"Fair share {y}", f"Shapley value by {y}", missing=NOT_APPLICABLE)
            for key, y in zip(by_year, years, strict=True)
        ),
        col.million("capex_musd", "USD million", "cost to build"),
    )
    return col.Table(
        "helps_most",
        "Helps most",
        "Projects that help most",
        rows=lambda _: last.loc[names].assign(id=names, rank=ranks(lead[names]), **by_year).reset_index(drop=True),
        columns=columns,
        none={"label": "no project wins anything"},
        subtitle="Unit: {f.unit}. Scenario: {f.worst_label}. New relations, no stocks.",
        note=lambda _: note,
        stands=_gains_stand(facts, last),
    ).of(facts)


def _more_tied(lead: pd.Series, names: list[str]) -> str:
    """Say how many more tie with the last that is shown."""
    if not names:
        return ""
    n = sum(same(float(lead[names[-1]]), float(other)) for other in lead.drop(names))
    return f"{first_capital(spelled(n, 'more ties', 'more tie'))} with the last. " if n else ""


def _advice(facts: Facts) -> Any:
    return advised_of(facts)


def _case_columns(facts: Facts) -> tuple[ReportColumn, ...]:
    short = f"what {_advice(facts).tier.does('lack')} with new relations"
    return (
        col.text("case", "Case", "how the project turns out", _case),
        col.year("year", "Year", "year of the answer", missing="any year"),
        col.tons("without_tpa", "Short without", short),
        col.tons("left_tpa", "Short with", "the same with the project"),
    )


def _case(_facts: Facts, row: Any) -> str:
    return CASES.get(row["case"], first_capital(row["case"]))


def _case_words(facts: Facts) -> str:
    found = _advice(facts)
    names = join([facts.label(name) for name in found.projects])
    return f"Unit: {facts.unit}, {found.tier}. Scenario: {facts.worst_label}. {names}. New relations, no stocks."


case_table = col.Table(
    "advice",
    "Advice",
    "What stays short with the advised project, and where it disappoints",
    rows=lambda f: f.a.advice if _advice(f) and _advice(f).projects else None,
    columns=_case_columns,
    subtitle=_case_words,
    note="One case at a time. A year late: in the first year in which it otherwise does as much. Without assumed "
    "relations: nor may it sell or buy by new ones. Plants: those that are inferred or assumed, and whose absence "
    "alone leaves more short.",
    stands=stands(f"see {table_id('projects')}", CHECKED),
)


complement_table = col.Table(
    "complements",
    "Complements",
    "Projects that need each other, or replace each other",
    rows=lambda f: [
        row | {"by_year": str(year)}
        for year, found in f.a.rerouting.items()
        for row in found.complements.to_dict("records")
    ],
    columns=(
        col.text("by_year", "By", "year by which both stand"),
        col.code("project_a", "Id a", "name of the first project"),
        col.code("project_b", "Id b", "name of the second project"),
        col.named("label_a", "Project", "the first project in words", "project_a"),
        col.named("label_b", "and project", "the second project in words", "project_b"),
        col.tons("alone_a_t", "First alone", "rise with the first alone"),
        col.tons("alone_b_t", "Second alone", "rise with the second alone"),
        col.tons("together_t", "Both", "rise with both"),
        col.tons("surplus_t", "Surplus", "both less the sum of each alone"),
        col.text("kind", "They", "complement: need each other; substitute: either will do"),
    ),
    none={"label_a": "no pair"},
    subtitle="Unit: {f.unit}, all tiers. Scenario: {f.worst_label}.",
    note="A surplus above 0: together they win more than the sum of each alone. Pairs without a surplus are left out.",
    stands=lambda f: f.standing(*(found.complements for found in f.a.rerouting.values())),
    lead=BODY_ROWS,
)


def _sets(facts: Facts) -> list[dict[Any, Any]] | None:
    """Return the best set of projects at each budget; None where it was not assessed."""
    rows = []
    for tier, best in facts.a.portfolios.items():
        counts = whom if (whom := Who.of(tier)).is_all else f"{whom} first"
        before = float((best.scenarios["demand_tpa"] - best.scenarios["before_tpa"]).iloc[0])
        # a budget that buys the same set as a smaller one says nothing new
        frontier = best.frontier.sort_values("budget_musd").drop_duplicates("taken")
        rows += [row | {"counts": counts, "before": before} for row in frontier.to_dict("records")]
    return rows if facts.a.portfolios else None


def _set_words(facts: Facts, row: Any) -> str:
    return join([facts.label(name) for name in str(row["taken"]).split("; ") if name])


def _frontier_note(facts: Facts) -> str:
    found = facts.a.portfolios
    note = (
        "Tonnes served with new relations and without stocks; all tiers: no tier first, so that less is short than in "
        f"{table_id('levels')}, where tiers come in order. "
    )
    note += " ".join(_closing_words(tier, best.closing.iloc[0]) for tier, best in found.items() if len(best.closing))
    costless = int((next(iter(found.values())).options["why"] == "no capex").sum())
    if costless:
        note += f" {costless} listed projects have no capital cost in the sources and cannot be chosen."
    return note.strip()


def _frontier_words(facts: Facts) -> str:
    by = f", by {list(facts.a.rerouting)[-1]}" if facts.a.rerouting else ""
    return f"Unit: {facts.unit}. Scenario: {facts.worst_label}{by}. New relations, no stocks."


frontier_table = col.Table(
    "portfolio",
    "Portfolio",
    "Which projects to build at which budget",
    rows=_sets,
    columns=(
        col.text("counts", "Counts", "whose tonnes the set is chosen for"),
        col.million("budget_musd", "Budget, USD million", "most that may be spent"),
        col.million("spent_musd", "Spent", "capital cost of the set"),
        col.tons("averted_t", "Averted", "what the set averts"),
        col.tons(
            "short_t", "Still short", "what stays short with it", lambda _, r: max(r["before"] - r["averted_t"], 0.0)
        ),
        col.tons("bound_t", "No set averts more than", "proved bound", body=False),
        col.tons("greedy_averted_t", "Greedy averts", "most averted per dollar first"),
        col.text("label", "Best set", "the projects in words", _set_words, missing="none"),
        col.code("taken", "Ids", "names of the projects", missing="none"),
    ),
    subtitle=_frontier_words,
    note=_frontier_note,
    stands=lambda f: f.standing(*(best.frontier for best in f.a.portfolios.values())),
)


def _closing_words(tier: str, row: Any) -> str:
    whom = Who.of(tier)
    if row["shortfall_tpa"] <= 0:
        return f"{first_capital(whom)}: nothing is short."
    if np.isnan(row["least_budget_musd"]):
        left = f"{number(row['remains_t'])} t/yr stay short with every project that has a cost"
        return f"No budget closes the gap of {whom}: {left}."
    return f"USD {number(row['least_budget_musd'])} million close the gap of {whom}."


# -- figures ------------------------------------------------------------------------------------


@fig.figure("projects")
def projects_figure(facts: Facts) -> ReportFigure | None:
    """Draw what each project returns alone, as fair share and last in."""
    years = list(facts.a.rerouting)
    if not years:
        return None
    table = facts.a.rerouting[years[-1]].projects
    marks = ["standalone_t", "shapley_t", "last_in_t"]
    best = table[marks].fillna(0.0).max(axis=1).round(6)
    found = table[best > 0].fillna(dict.fromkeys(marks, 0.0))
    if found.empty:
        return None
    order = np.lexsort((found.index, found["capex_musd"].fillna(np.inf), -best[best > 0]))
    found = found.iloc[order[: fig.MOST_BARS]]
    y = np.arange(len(found))[::-1]
    canvas, (ax,) = fig.new_canvas(0.5 + 0.24 * len(found))
    top = float(best.max())
    for at, values in zip(y, found[marks].to_numpy().tolist(), strict=True):
        ax.hlines(at, min(values), max(values), color=fig.RULE, linewidth=1.5, zorder=1)
        fig.write(ax, max(values) + 0.025 * top, at, number(max(values)))
    faces = (("o", "white", "alone"), ("o", fig.INK, "fair share"), ("D", fig.BAR_LIGHT, "last in"))
    for mark, (shape, face, words) in zip(marks, faces, strict=True):
        size = 4.2 if shape == "D" else 6.0
        ax.plot(
            found[mark],
            y,
            shape,
            markerfacecolor=face,
            markeredgecolor=fig.INK,
            markersize=size,
            label=words,
            linestyle="",
        )
    few = len(found) < 4  # nothing may stand on a mark
    below: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.0, -0.05), "ncols": 3}
    where: dict[str, Any] = below if few else {"loc": "lower right"}
    ax.legend(frameon=False, fontsize=fig.SMALL, handletextpad=0.2, **where)
    ax.set_yticks(y, [facts.drawn(facts.label(str(n)), 46) for n in found.index])
    ax.set_xlim(-0.02 * top, 1.15 * top)
    fig.no_value_axis(ax, len(found))
    ax.axvline(0, color=fig.AXIS, linewidth=0.8)
    ax.spines["left"].set_visible(False)
    lead = str(found.index[0])
    tied = sum(same(float(other), float(best[lead])) for other in best) - 1
    who = f"{facts.drawn(facts.label(lead), 40)} {'returns' if not tied else f'and {count(tied)} more return'}"
    alt = "Marks show what each project returns alone, as fair share and last in: " + "; ".join(
        f"{facts.label(str(name))} {', '.join(number(row[m]) for m in marks)}" for name, row in found.head(3).iterrows()
    )
    return fig.make_figure(
        canvas,
        f"Over all tiers {who} most: {tonnes(best[lead])}",
        f"Returned over all tiers, {facts.unit}, by {years[-1]}: alone (open circle), fair share (dot), last in "
        f"(diamond). Scenario: {facts.scenario_label(facts.when)}.",
        alt + " t/yr.",
        "The number is the largest of the three.",
        effect_table(facts, years[-1]),
    )


@fig.figure("frontier")
def frontier_figure(facts: Facts) -> ReportFigure | None:
    """Draw what the best set averts at each budget, beside the most averted per dollar first."""
    found = facts.a.portfolios.get("all")
    if found is None or not (found.frontier["averted_t"] > 0).any():
        return None
    canvas, (ax,) = fig.new_canvas(2.1)
    rows = found.frontier.drop_duplicates("budget_musd").sort_values("budget_musd")
    budget, averted, greedy = ([0.0, *rows[c]] for c in ("budget_musd", "averted_t", "greedy_averted_t"))
    ax.step(budget, averted, where="post", color=fig.BAR, linewidth=1.8)
    ax.plot(budget[1:], greedy[1:], "o", markerfacecolor="white", markeredgecolor=fig.GREY, markersize=7)
    ax.plot(budget[1:], averted[1:], "o", color=fig.BAR, markersize=4)
    words: Any = {"textcoords": "offset points", "fontsize": fig.SMALL, "color": fig.INK}
    for i, (x, y) in enumerate(zip(budget[1:], averted[1:], strict=True), 2):
        is_close = i < len(budget) and budget[i] - x < 0.09 * max(budget) and averted[i] - y < 0.1 * max(averted)
        place, side = ((4, -12), "left") if is_close else ((0, 7), "center")
        ax.annotate(number(y), (x, y), xytext=place, ha=side, **words)
    ax.set_xlim(0, max(budget) * 1.12)
    ax.set_ylim(0, max(averted) * 1.22)
    ax.spines["bottom"].set_visible(True)
    ax.spines["bottom"].set_color(fig.AXIS)
    ax.set_xlabel("Budget, USD million", fontsize=fig.SMALL, color=fig.INK)
    ax.set_ylabel("Averted, t/yr, all tiers", fontsize=fig.SMALL, color=fig.INK)
    ax.tick_params(labelsize=fig.SMALL)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    ticks = budget[:1]
    for x in budget[1:]:  # none that would stand on the one before
        ticks += [x] if (x - ticks[-1]) / max(budget) > 0.075 else []
    ax.set_xticks(ticks, [number(x) for x in ticks])
    last = rows.iloc[-1]
    least = rows[rows["averted_t"] > 0].iloc[0]
    title = f"USD {number(last['spent_musd'])} million avert {tonnes(last['averted_t'])}"
    if least["averted_t"] < last["averted_t"]:
        title += f", the first {number(least['spent_musd'])} million {number(least['averted_t'])}"
    alt = "Steps show the tonnes averted by the best set at each budget: " + "; ".join(
        f"USD {number(r['budget_musd'])} million {number(r['averted_t'])}" for r in rows.to_dict("records")
    )
    return fig.make_figure(
        canvas,
        title,
        f"Averted by the best set at each budget tried ●, by most averted per dollar first ○, {facts.unit}. Scenario: "
        f"{facts.scenario_label(facts.when)}.",
        alt + ".",
        "",
        frontier_table(facts),
    )
