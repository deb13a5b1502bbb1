"""The figure of several losses at once: what is left after the worst k, and after the greedy choice."""

from __future__ import annotations

import numpy as np

from chainnet.reporting.facts import ALL_TIERS, Facts
from chainnet.reporting.figures import (
    GREY,
    INK,
    SMALL,
    TIERS,
    Names,
    draw_all,
    make_figure,
    new_canvas,
    no_value_axis,
    value_ends,
)
from chainnet.reporting.figures_months import folded
from chainnet.reporting.glyphs import drawable
from chainnet.reporting.model import Figure
from chainnet.reporting.tables_losses import set_words, tied_sets
from chainnet.words import first_capital, number, same, spelled, tonnes

__all__ = ["loss_figures"]

Step = tuple[int, float, float, float, str]


def loss_figures(facts: Facts, names: Names) -> dict[str, Figure]:
    """Return the figure of several losses at once by id; none where nothing is lost."""
    return draw_all(facts, names, (("F4", _together),))


def _together(facts: Facts, names: Names) -> Figure | None:
    """Draw what is left by number of losses: a bar that is proved, a circle for greedy, dots to an open bound."""
    steps = _steps(facts)
    if not steps or same(steps[0][1], steps[-1][1]):
        return None
    base = steps[0][1]
    last = next(step for step in steps if same(step[1], steps[-1][1]))
    figure, (ax,) = new_canvas(0.5 + 0.42 * len(steps))
    y = np.arange(len(steps))[::-1]
    left = [step[1] for step in steps]
    ax.barh(y, left, color=TIERS[0], height=0.46)
    value_ends(ax, y, left)
    for at, (_, value, greedy, bound, _) in zip(y, steps, strict=True):
        if not same(value, greedy):
            ax.plot([greedy], [at], "o", markerfacecolor="white", markeredgecolor=INK, markersize=8, zorder=3)
            words = f"greedy leaves {number(greedy)}"
            ax.text(greedy + 0.03 * base, at, words, va="center", fontsize=SMALL - 1, color=GREY)
        if not same(value, bound):
            ax.hlines(at, bound, value, color="white", linewidth=2.0, linestyle=":")
    labels = [folded(drawable(f"{k} out: {said}" if k else "None out", names), 56, 2) for k, *_, said in steps]
    ax.set_yticks(y, labels)
    ax.set_ylim(-0.6, len(steps) - 0.4)
    no_value_axis(ax)
    title = f"{first_capital(spelled(last[0], 'loss', 'losses'))} at once leave {number(last[1])} of {tonnes(base)}"
    alt = "Bars show what is left of deliveries: " + "; ".join(f"{s[0]} out {number(s[1])}" for s in steps)
    subtitle = (
        f"Left for {facts.lead_tier} after the worst k nodes (bar); ○ where the worst single losses, one after "
        f"another, leave more. {first_capital(facts.unit)}, undisturbed network."
    )
    return make_figure("F4", title, subtitle, figure, alt + " t/yr.", "Data: T7; one alone: T5b.")


def _steps(facts: Facts) -> list[Step]:
    """Return (k, left, left by greedy, left at the bound, the set in words), from none on; empty where not asked."""
    counts = "first tier" if facts.lead_tier != ALL_TIERS else "all tiers"
    single = facts.a.first_tier["node"] if counts == "first tier" else facts.a.chokepoints["node"]
    attacks = facts.a.attacks
    if single.empty or counts not in attacks.index.get_level_values("counts"):
        return []
    base = float(single.attrs["provenance"]["settings"]["base_tpa"])
    worst = float(single["lost_tpa"].max())
    alone = [str(i) for i, lost in single["lost_tpa"].items() if worst > 0 and same(float(lost), worst)]
    one = base - worst
    out: list[Step] = [(0, base, base, base, ""), (1, one, one, one, _said(facts, alone[:1], len(alone) - 1))]
    for k, row in attacks.loc[counts].iterrows():
        others = tied_sets(row["other_sets"])
        said = _said(facts, [row["removed"]] if row["removed"] else [], len(others or ()))
        greedy, bound = (base - float(row[c]) for c in ("greedy_lost_tpa", "bound_tpa"))
        out.append((int(str(k)), float(row["left_tpa"]), greedy, bound, said))
    return out


def _said(facts: Facts, sets: list[str], tied: int) -> str:
    """Return a set in words, with how many others cost as much."""
    if not sets:
        return "nothing costs anything"
    return set_words(facts, sets[0]) + (f" ({spelled(tied, 'other')} as bad)" if tied > 0 else "")
