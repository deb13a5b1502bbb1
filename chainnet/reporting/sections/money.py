"""What do floors cost, and what stands idle? The price at which each project pays, and the use of each step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.network import step_of
from chainnet.reporting import canvas as fig
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import ReportFigure, Section, make_section, stands
from chainnet.reporting.order import table_id
from chainnet.reporting.prices import price_year
from chainnet.reporting.sections.asked import not_assessed
from chainnet.reporting.sections.chain import told_apart
from chainnet.words import NO_DATA, NOT_APPLICABLE, number, verb

SHORT_LIST = 10
OVER = "over ten years at 10 %"


def section(facts: Facts) -> Section:
    """Return at which price projects pay, and what stands idle if nothing is cut off."""
    return make_section(
        "What do floors cost, and what stands idle?",
        floors_figure(facts),
        floor_table(facts),
        not_assessed(facts, "floors"),
        idle_table(facts),
        not_assessed(facts, "idle"),
    )


def _pays(row: Any) -> str:
    verdict = row["viable_at_reference"]
    return str(row["break_even_from"]) if pd.isna(verdict) else "yes" if bool(verdict) else "no"


def _most(row: Any) -> Any:
    most = row["reference_usd_per_t"] - row["capital_usd_per_t"]
    return "never" if most < 0 else most


def _floors(facts: Facts) -> list[Any] | None:
    """Return the projects, those first of which it is known whether they pay; None where it was not assessed."""
    rows: list[Any] = facts.a.floors.reset_index().to_dict("records")
    return sorted(rows, key=lambda row: (_pays(row) not in ("yes", "no"), row["id"])) or None


def _price_year(facts: Facts, row: Any) -> str:
    return price_year(facts, row["commodity"]) or NO_DATA


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
        col.text("year", "Price of", "year that the note of the price names", _price_year),
        col.per_tonne("capital", "Capital, USD/t", f"capital cost {OVER}, per tonne", "capital_usd_per_t"),
        col.per_tonne("unit_cost", "Unit cost, USD/t", "cost without capital", "unit_cost_usd_per_t"),
        col.per_tonne("break_even", "Pays at, USD/t", "break-even price", "break_even_usd_per_t"),
        col.per_tonne("most", "Pays if unit cost is below", "price less capital per tonne", lambda _, r: _most(r)),
        col.text("viable", "Pays at that price", "yes, no, or what is missing", lambda _, r: _pays(r)),
    ),
    subtitle="Unit: USD per t of the main output, which bears the whole cost. Capital spread over ten years at 10 % "
    "(assumed).",
    note="Taxes, ramp-up and the years of building are left out. A floor at the break-even price makes a project pay; "
    "“chainnet floor” gives the outlay at any floor.",
    stands=stands("see Input projects"),
    lead=SHORT_LIST,
)


def _idle(facts: Facts) -> Any:
    return facts.a.idle


def _used(facts: Facts) -> pd.DataFrame | None:
    """Return use of each step if nothing is cut off, without and with projects; None where not assessed."""
    idle = facts.a.idle
    if idle is None or idle.steps.empty:
        return None
    keys = ["stage", "step", "commodity"]
    table = idle.steps[idle.steps["year"] == idle.steps["year"].max()]
    standing = table["with_projects"].astype(bool)
    both = table[standing].merge(table[~standing], on=keys, how="left", suffixes=("_with", ""), indicator="seen")
    both = both.assign(name=step_of(both.replace({"step": {"": None}})))
    both = both.assign(good=[facts.commodity(c) for c in both["commodity"]])
    places = [facts.steps.index(s) if s in facts.steps else len(facts.steps) for s in both["name"]]
    found: pd.DataFrame = both.assign(place=places, name=told_apart(both, "name"))
    return found.sort_values(["place", "good"], kind="stable")


def _now(facts: Facts, row: Any, key: str, none: str) -> Any:
    """Return a figure without projects; in words where nothing makes the good first today."""
    if row["seen"] == "both":
        return row[key]
    beside = facts.a.indicators.index.get_level_values("commodity")  # what no plant makes first may come so
    return "co-product" if row["commodity"] in beside else none


def _idle_year(facts: Facts) -> str:
    year = _idle(facts).steps["year"]
    return f"Year: {int(year.max())}." if year.notna().any() else "All projects at full size."


idle_table = col.Table(
    "idle",
    "Idle",
    "What stands idle if nothing is cut off",
    rows=_used,
    columns=(
        col.text("step", "Step", "step of the chain", "name"),
        col.text("commodity", "Makes", "main output", "good"),
        col.tons("capacity", "Capacity", "without projects", lambda f, r: _now(f, r, "capacity_tpa", "0")),
        col.share("used", "Used", "output over capacity", lambda f, r: _now(f, r, "utilisation", NOT_APPLICABLE)),
        col.tons("capacity_with", "Capacity with projects", "with all projects that stand", "capacity_tpa_with"),
        col.share("used_with", "Used with projects", "output over capacity", "utilisation_with"),
        col.tons("idle_with", "Idle with projects", "capacity less output", "idle_tpa_with"),
    ),
    subtitle=lambda f: f"Unit: t/yr of what the step makes, each on its own basis. {_idle_year(f)}",
    note=lambda f: (
        "Each plant stands at its main output; use is that of the cheapest answer, one of several where "
        f"plants cost the same. {table_id('steps')} gives the baseline, co-products too." + _premium_words(f)
    ),
    stands=lambda f: f.standing(_idle(f).projects),
)


def _premium_words(facts: Facts) -> str:
    """Return what it costs to keep capital idle, with a leading blank."""
    premium = _idle(facts).premium
    if premium.empty:
        return ""
    row = premium.iloc[-1]
    if pd.isna(row["premium_usd_per_t"]):
        return " No premium: the projects avert nothing, or none has a capital cost."
    lacking = int(row["n_without_capex"])
    return (
        f" Capital that stands idle costs USD {number(row['stranded_usd_per_a'] / 1e6)} million a year, USD "
        f"{number(row['premium_usd_per_t'])} "
        f"[{number(row['premium_low_usd_per_t'])}–{number(row['premium_high_usd_per_t'])}] per tonne averted once the "
        "worst scenario happens."
        + (f" {lacking} projects without a capital cost are left out of it." if lacking else "")
    )


@fig.figure("floors")
def floors_figure(facts: Facts) -> ReportFigure | None:
    """Draw the break-even price of each project over the price now."""
    table = facts.a.floors
    if table.empty:
        return None
    known = table[table["break_even_usd_per_t"].notna() & table["reference_usd_per_t"].notna()]
    if known.empty:
        return None
    known = known.assign(ratio=known["break_even_usd_per_t"] / known["reference_usd_per_t"])
    known = known.sort_values(["ratio"], kind="stable").head(fig.MOST_BARS)
    y = np.arange(len(known))[::-1]
    canvas, (ax,) = fig.new_canvas(0.6 + 0.26 * len(known))
    ax.vlines(1.0, -0.5, len(known) - 0.5, color=fig.GREY, linewidth=1.0, linestyle="--")
    ax.hlines(y, 1.0, known["ratio"], color=fig.RULE, linewidth=1.4)
    ax.plot(known["ratio"], y, "o", color=fig.BAR, markersize=6)
    for at, row in zip(y, known.to_dict("records"), strict=True):
        off, side = (
            (-0.03, "right") if 0.3 < row["ratio"] < 1 else (0.03, "left")
        )  # away from the line of the price taken
        words = f"USD {number(row['break_even_usd_per_t'])}/t"
        fig.write(ax, row["ratio"] + off, at, words, side, bbox=fig.WHITE_BOX)
    ax.set_yticks(y, [facts.drawn(facts.label(str(i)), 40) for i in known.index])
    ax.set_xlim(0, max(float(known["ratio"].max()), 1.0) * 1.3)
    fig.no_value_axis(ax, len(known), -0.2)
    ax.set_xticks([0.0, 1.0], ["0", "1"])
    fig.write(ax, 1.0, len(known) - 0.35, "price now = 1", "center", va="bottom", color=fig.GREY)
    alt = "Dots show the break-even price over the price taken: " + "; ".join(
        f"{facts.label(str(i))} {number(r)}" for i, r in known["ratio"].head(3).items()
    )
    n = int((known["ratio"] <= 1).sum())
    title = f"{n} of {len(known)} projects with a known cost {verb('pay', n)} at the price taken"
    if len(known) == 1:
        title = f"The one project with a known cost {'pays' if n else 'does not pay'} at the price taken"
    return fig.make_figure(
        canvas,
        title,
        "Break-even price over the price in the data; capital over ten years at 10 % (assumed).",
        alt + ".",
        "",
        floor_table(facts),
    )
