"""Figures of a report: canvases of the drawings, with their finding, their words and the table of their numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from chainnet.drawing import COLOURS, SMALL, figure_style, new_canvas, svg_of, tier_colour, write
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure, ReportTable
from chainnet.words import short_label

INK, GREY, RULE = (COLOURS[name] for name in ("ink", "soft", "rule"))
BAR, BAR_LIGHT, BLANK, LINK = (COLOURS[name] for name in ("bar", "bar_light", "blank", "link"))
WHITE_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # behind words that stand on a line
MOST_BARS = 10
Draw = Callable[[Facts], ReportFigure | None]

__all__ = ["SMALL", "new_canvas", "tier_colour", "write"]  # handed on


def figure(key: str) -> Callable[[Draw], Draw]:
    """Give a function that draws one figure, or none, its key and the style; it draws once for a report."""

    def styled(draw: Draw) -> Draw:
        @once
        @wraps(draw)
        def drawn(facts: Facts) -> ReportFigure | None:
            with figure_style(key):
                found = draw(facts)
            return found and replace(found, key=key)

        return drawn

    return styled


def make_figure(
    canvas: Any, title: str, subtitle: str, alt: str, data: ReportTable | None, note: str = ""
) -> ReportFigure:
    """Return a canvas, or SVG text, with its finding, its subtitle and the same in words.

    ``data`` is the table that holds its numbers: how they were made stands before the note, its name after it.
    """
    svg = canvas if isinstance(canvas, str) else svg_of(canvas)
    said = [data.trust, note, f"Data: {data.id}."] if data else [note]
    return ReportFigure("", title, subtitle, svg, f"{title}. {alt}", " ".join(words for words in said if words))


def no_value_axis(ax: Any, rows: int = 0, room: float = -0.4) -> None:
    """Take the value axis off: the values stand at the marks. With rows, give each its place and ``room`` above."""
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    if rows:
        ax.set_ylim(-0.6, rows + room)


def folded(label: str, width: int, lines: int) -> str:
    """Return a label on so many lines at most, cut with an ellipsis where they are longer."""
    found: list[str] = []
    rest = label
    while rest and len(found) < lines - 1 and len(rest) > width:
        at = rest.rfind(" ", width // 3, width + 1)
        at = at if at > 0 else width
        found.append(rest[:at])
        rest = rest[at:].strip()
    return "\n".join([*found, short_label(rest, width)])
