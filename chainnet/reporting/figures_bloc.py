"""The figures of budgets, floors, blocs and ranges."""

from __future__ import annotations

import numpy as np

from chainnet.reporting.facts import Facts
from chainnet.reporting.figures import (
    AXIS,
    GREY,
    INK,
    RULE,
    SMALL,
    TIERS,
    Names,
    draw_all,
    make_figure,
    new_canvas,
    no_value_axis,
)
from chainnet.reporting.glyphs import drawable, short_label
from chainnet.reporting.model import Figure
from chainnet.reporting.tables_bloc import bloc_names
from chainnet.reporting.tables_sure import range_rows
from chainnet.words import country_name, join, number, tonnes

__all__ = ["bloc_figures"]

LOST, GAINED = "#A3320B", "#0B6BB8"
MOST_BARS = 12


def bloc_figures(facts: Facts, names: Names) -> dict[str, Figure]:
    """Return the figures of portfolios, floors, blocs and ranges for which there is something to draw, by id."""
    return draw_all(facts, names, (("F9", _frontier), ("F11", _floors), ("F12", _sides), ("F13", _ranges)))


def _frontier(facts: Facts, names: Names) -> Figure | None:
    found = facts.a.portfolios.get("all")
    if found is None or not (found.frontier["averted_t"] > 0).any():
        return None
    figure, (ax,) = new_canvas(2.6)
    rows = found.frontier.drop_duplicates("budget_musd").sort_values("budget_musd")
    budget = [0.0, *rows["budget_musd"]]
    averted = [0.0, *rows["averted_t"]]
    greedy = [0.0, *rows["greedy_averted_t"]]
    ax.step(budget, averted, where="post", color=TIERS[0], linewidth=1.8)
    ax.plot(budget[1:], greedy[1:], "o", markerfacecolor="white", markeredgecolor=GREY, markersize=7)
    ax.plot(budget[1:], averted[1:], "o", color=TIERS[0], markersize=4)
    for x, y in zip(budget[1:], averted[1:], strict=True):
        ax.annotate(
            number(y), (x, y), xytext=(0, 7), ha="center", textcoords="offset points", fontsize=SMALL, color=INK
        )
    ax.set_xlim(0, max(budget) * 1.12)
    ax.set_ylim(0, max(averted) * 1.22)
    ax.spines["bottom"].set_visible(True)
    ax.spines["bottom"].set_color(AXIS)
    ax.set_xlabel("Budget, USD million", fontsize=SMALL, color=INK)
    ax.set_ylabel("Averted, t/yr, all tiers", fontsize=SMALL, color=INK)
    ax.tick_params(labelsize=SMALL)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    ax.set_xticks([0, *rows["budget_musd"]], [number(b) for b in (0, *rows["budget_musd"])], rotation=0)
    _thin_ticks(ax, budget)
    last = rows.iloc[-1]
    least = rows[rows["averted_t"] > 0].iloc[0]
    title = f"USD {number(last['spent_musd'])} million avert {tonnes(last['averted_t'])}"
    if least["budget_musd"] < last["budget_musd"]:
        title += f", the first {number(least['spent_musd'])} million {number(least['averted_t'])}"
    alt = "Steps show the tonnes averted by the best set at each budget: " + "; ".join(
        f"USD {number(r['budget_musd'])} million {number(r['averted_t'])}" for r in rows.to_dict("records")
    )
    subtitle = (
        f"Averted by the best set at each budget ●, by most averted per dollar first ○, {facts.unit}. Scenario: "
        f"{facts.scenario_label(facts.when)}."
    )
    return make_figure("F9", title, subtitle, figure, alt + ".", "Data: T11b.")


def _thin_ticks(ax: object, at: list[float]) -> None:
    """Leave out the ticks that would stand on each other."""
    top, last = max(at), -1.0
    kept = []
    for x in at:
        if last < 0 or (x - last) / top > 0.075:
            kept.append(x)
            last = x
    ax.set_xticks(kept, [number(x) for x in kept])  # type: ignore[attr-defined]


def _floors(facts: Facts, names: Names) -> Figure | None:
    table = facts.a.floors
    if table.empty:
        return None
    known = table[table["break_even_usd_per_t"].notna() & table["reference_usd_per_t"].notna()]
    if known.empty:
        return None
    known = known.assign(ratio=known["break_even_usd_per_t"] / known["reference_usd_per_t"])
    known = known.sort_values(["ratio"], kind="stable").head(MOST_BARS)
    y = np.arange(len(known))[::-1]
    figure, (ax,) = new_canvas(0.8 + 0.3 * len(known))
    ax.axvline(1.0, color=GREY, linewidth=1.0, linestyle="--")
    ax.hlines(y, 1.0, known["ratio"], color=RULE, linewidth=1.4)
    ax.plot(known["ratio"], y, "o", color=TIERS[0], markersize=6)
    for at, row in zip(y, known.to_dict("records"), strict=True):
        words = f"USD {number(row['break_even_usd_per_t'])}/t"
        ax.text(row["ratio"] + 0.03, at, words, va="center", fontsize=SMALL, color=INK)
    labels = [drawable(short_label(facts.label(str(i)), 40), names) for i in known.index]
    ax.set_yticks(y, labels)
    ax.set_xlim(0, max(float(known["ratio"].max()), 1.0) * 1.3)
    ax.set_ylim(-0.6, len(known) - 0.2)
    no_value_axis(ax)
    ax.text(1.0, len(known) - 0.35, "price now", ha="center", va="bottom", fontsize=SMALL, color=GREY)
    pays = int((known["ratio"] <= 1).sum())
    title = f"{pays} of {len(known)} projects with a known cost pay at today's price"
    alt = "Dots show the break-even price over today's price: " + "; ".join(
        f"{facts.label(str(i))} {number(r)}" for i, r in known["ratio"].head(3).items()
    )
    subtitle = "Break-even price over the price in the data; capital over ten years at 10 % (assumed)."
    return make_figure("F11", title, subtitle, figure, alt + ".", "Data: T13.")


def _sides(facts: Facts, names: Names) -> Figure | None:
    found = facts.a.alignment
    if found is None or found.countries.empty:
        return None
    table = found.countries
    table = table[(table["shapley_allies_t"] > 0) | (table["shapley_rival_t"] > 0)]
    if table.empty:
        return None
    table = table.assign(most=table[["shapley_allies_t", "shapley_rival_t"]].max(axis=1).round(6))
    table = table.reset_index().sort_values(["most", "country"], ascending=[False, True]).head(MOST_BARS)
    y = np.arange(len(table))[::-1]
    figure, (ax,) = new_canvas(0.9 + 0.28 * len(table))
    one, two = bloc_names(facts)
    left, right = -table["shapley_rival_t"].to_numpy(float), table["shapley_allies_t"].to_numpy(float)
    ax.barh(y, left, color=LOST, height=0.6)
    ax.barh(y, right, color=GAINED, height=0.6)
    reach = max(float(-left.min()), float(right.max()), 1e-12)
    for at, a, b in zip(y, left, right, strict=True):
        if a < 0:
            ax.text(a - 0.02 * reach, at, number(-a), ha="right", va="center", fontsize=SMALL, color=INK)
        if b > 0:
            ax.text(b + 0.02 * reach, at, number(b), ha="left", va="center", fontsize=SMALL, color=INK)
    ax.set_yticks(y, [drawable(short_label(country_name(str(c)), 30), names) for c in table["country"]])
    ax.set_xlim(-1.25 * reach, 1.25 * reach)
    ax.set_ylim(-0.6, len(table) + 0.2)
    ax.axvline(0, color=INK, linewidth=0.8)
    ax.text(-0.03 * reach, len(table) - 0.35, f"to {drawable(two, names)}", ha="right", fontsize=SMALL, color=LOST)
    ax.text(0.03 * reach, len(table) - 0.35, f"to {drawable(one, names)}", ha="left", fontsize=SMALL, color=GAINED)
    no_value_axis(ax)
    ax.spines["left"].set_visible(False)
    by_allies = table.sort_values(["shapley_allies_t", "country"], ascending=[False, True]).iloc[0]
    tied = table[table["shapley_allies_t"].round(6) == round(float(by_allies["shapley_allies_t"]), 6)]["country"]
    top = join([country_name(str(c)) for c in sorted(tied)][:3])
    if by_allies["shapley_allies_t"] > 0:
        each = " each" if len(tied) > 1 else ""
        verb = "are" if len(tied) > 1 else "is"
        title = f"{top} {verb} worth {tonnes(by_allies['shapley_allies_t'])}{each} to {one}"
    else:
        title = f"No country between the blocs is worth anything to {one}"
    alt = "Bars show what each country is worth to either side: " + "; ".join(
        f"{country_name(str(r['country']))} {number(r['shapley_allies_t'])} and {number(r['shapley_rival_t'])}"
        for r in table.head(3).to_dict("records")
    )
    subtitle = f"Fair share of what the countries that choose are worth to either side after a split, {facts.unit}."
    return make_figure("F12", title, subtitle, figure, alt + ".", "Data: T14.")


def _ranges(facts: Facts, names: Names) -> Figure | None:
    """Draw the ranges over the number as given: tonnes of a small tier and of all would not share an axis."""
    rows = [(words, row) for key, words, row in range_rows(facts) if key != "base_t" and row["given"] > 0]
    if not rows or all(row["p10"] == row["p90"] for _, row in rows):
        return None
    y = np.arange(len(rows))[::-1]
    figure, (ax,) = new_canvas(0.75 + 0.34 * len(rows))
    top = max(max(float(row["p90"]) / float(row["given"]), 1.0) for _, row in rows)
    ax.axvline(1.0, color=GREY, linewidth=1.0, linestyle="--")
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    ax.text(1.0, len(rows) - 0.35, "as given = 1", ha="center", va="bottom", fontsize=SMALL, color=GREY, bbox=box)
    for at, (_, row) in zip(y, rows, strict=True):
        low, middle, high = (float(row[end]) / float(row["given"]) for end in ("p10", "p50", "p90"))
        ax.hlines(at, low, high, color=TIERS[1], linewidth=5)
        ax.plot([middle], [at], "|", color=INK, markersize=13, markeredgewidth=1.8)
        said = f"{number(row['p10'])} to {number(row['p90'])}, as given {number(row['given'])}"
        ax.text(max(high, 1.0) + 0.03 * top, at, said, va="center", fontsize=SMALL, color=INK)
    ax.set_yticks(y, [drawable(short_label(words, 44), names) for words, _ in rows])
    ax.set_xlim(0, 1.55 * top)
    ax.set_ylim(-0.6, len(rows) + 0.1)
    key = f"{facts.first} short"
    told = next(((w, r) for w, r in rows if w.lower().startswith(key)), rows[0])
    what = told[0].removesuffix(", if served first").removesuffix(", no tier first")
    title = f"{what}: {number(told[1]['p10'])} to {tonnes(told[1]['p90'])} in 8 of 10 draws"
    ax.set_xticks(np.arange(0.0, top + 0.25, 0.5 if top <= 3 else 1.0))
    ax.tick_params(axis="x", labelsize=SMALL, labelcolor=INK)
    alt = "Bars run from P10 to P90 over the number as given, the tick is P50: " + "; ".join(
        f"{words} {number(row['p10'])} to {number(row['p90'])}" for words, row in rows[:3]
    )
    subtitle = f"P10 to P90 (bar) and P50 (tick) over the number as given; text in {facts.unit}. Scenario: "
    subtitle += f"{facts.scenario_label(facts.when)}."
    return make_figure("F13", title, subtitle, figure, alt + ".", "Data: T15b. Sampled.")
