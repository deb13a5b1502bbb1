"""How figures look: one style, one width, values at the marks, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure, ReportTable
from chainnet.words import number

INK, GREY, AXIS, RULE = "#1B1F24", "#4B5563", "#767D87", "#C9CED6"
TIERS = ("#12436D", "#0B6BB8", "#2BA59A", "#7A828C")
LOST, GAINED = "#A3320B", "#0B6BB8"
LOSS = ("#FFFFFF", "#FFF1DC", "#FBC98A", "#E8893A", "#AD4A0C", "#5C1F08")
LOSS_ENDS = (0.0, 0.05, 0.25, 0.5, 0.75, 1.0)
WHITE_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # behind words that stand on a line
WIDTH_IN = 6.7
SMALL, NORMAL = 8.0, 8.5
MOST_BARS = 10
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": NORMAL,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "hatch.linewidth": 0.6,
}
Draw = Callable[[Facts], ReportFigure | None]


def figure(key: str) -> Callable[[Draw], Draw]:
    """Give a function that draws one figure, or none, its key and the style; it draws once for a report."""

    def styled(draw: Draw) -> Draw:
        @once
        @wraps(draw)
        def drawn(facts: Facts) -> ReportFigure | None:
            import matplotlib as mpl

            with mpl.rc_context():
                mpl.rcdefaults()
                mpl.rcParams.update({**_STYLE, "svg.hashsalt": f"chainnet {key}"})
                found = draw(facts)
            return found and replace(found, key=key)

        return drawn

    return styled


def make_figure(
    canvas: Any, title: str, subtitle: str, alt: str, note: str, data: ReportTable | None = None
) -> ReportFigure:
    """Return a canvas, or SVG text, with its finding, its subtitle and the same in words.

    ``data`` is the table that holds its numbers: how they were made stands before the note, its name after it.
    """
    svg = canvas if isinstance(canvas, str) else _svg(canvas)
    said = [data.trust, note, f"Data: {data.id}."] if data else [note]
    return ReportFigure("", title, subtitle, svg, f"{title}. {alt}", " ".join(words for words in said if words))


def _svg(canvas: Any) -> str:
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue().decode("utf-8")
    return re.sub(r"\s*<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)


def new_canvas(height_in: float, columns: int = 1, ratios: Sequence[float] = (1.0,)) -> tuple[Any, list[Any]]:
    """Return a canvas of the report's width, and its axes side by side."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    grid = canvas.subplots(1, columns, squeeze=False, gridspec_kw={"width_ratios": list(ratios)})
    axes = list(grid[0])
    for ax in axes:
        for side in ("top", "right", "bottom"):
            ax.spines[side].set_visible(False)
        ax.spines["left"].set_color(AXIS)
        ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK)
    return canvas, axes


def no_value_axis(ax: Any, rows: int = 0, room: float = -0.4) -> None:
    """Take the value axis off: the values stand at the marks. With rows, give each its place and ``room`` above."""
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    if rows:
        ax.set_ylim(-0.6, rows + room)


def write(ax: Any, x: float, y: float, words: str, ha: str = "left", **more: Any) -> None:
    """Write small words at a mark."""
    ax.text(x, y, words, **{"ha": ha, "va": "center", "fontsize": SMALL, "color": INK, **more})


def value_ends(ax: Any, y: Any, values: Sequence[float]) -> None:
    """Write each value at the end of its bar."""
    top = max(max(values), 1e-12)
    for at, value in zip(y, values, strict=True):
        write(ax, max(value, 0) + 0.015 * top, at, number(value))
    ax.set_xlim(0, 1.2 * top)


def level_of(share: float) -> int:
    """Return the class of a share that goes short; 0 = nothing."""
    return 0 if share <= 1e-9 else next(k for k, end in enumerate(LOSS_ENDS) if k > 0 and share <= end + 1e-9)


def folded(words: str, width: int, lines: int) -> str:
    """Return words on so many lines at most, cut with an ellipsis where they are longer."""
    from chainnet.reporting.glyphs import short_label

    found: list[str] = []
    rest = words
    while rest and len(found) < lines - 1 and len(rest) > width:
        at = rest.rfind(" ", width // 3, width + 1)
        at = at if at > 0 else width
        found.append(rest[:at])
        rest = rest[at:].strip()
    return "\n".join([*found, short_label(rest, width)])
