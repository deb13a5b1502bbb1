"""A picture written by hand: lines, boxes, bands and words in points, in the one family of all documents."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from chainnet.drawing.style import COLOURS

WIDTH = 482.0  # of a page's text, points
SMALL, TEXT = 8.5, 10.0
FAMILY = "Source Sans Pro"
_LETTER = {False: 0.49, True: 0.53}  # of the size: a letter's mean width, of plain and bold ones


def wide(words: str, size: float = SMALL, bold: bool = False) -> float:
    """Return about how wide some words are, points."""
    return size * _LETTER[bold] * (len(words) + 0.25 * sum(c.isupper() for c in words))


def cut(words: str, room: float, size: float = SMALL, bold: bool = False) -> str:
    """Return words that are no wider than their room, with an ellipsis where they were cut."""
    if wide(words, size, bold) <= room:
        return words
    kept = words[: max(int(len(words) * room / wide(words, size, bold)) - 1, 1)]
    return f"{kept.rstrip(' ,;(')}\u2026"


def folded(words: str, room: float, lines: int, size: float = SMALL, bold: bool = False) -> list[str]:
    """Return words on so many lines at most, none wider than the room."""
    found: list[str] = []
    for word in words.split():
        longer = f"{found[-1]} {word}" if found else word
        if found and (wide(longer, size, bold) <= room or len(found) == lines):
            found[-1] = longer
        else:
            found.append(word)
    return [cut(line, room, size, bold) for line in found]


class Picture:
    """What is drawn, in its order; ``svg`` is the text of it.

    Parameters
    ----------
    height, width : float
        Points.
    """

    def __init__(self, height: float, width: float = WIDTH) -> None:
        self.height, self.width = height, width
        self.parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, fill: str, stroke: str = "none") -> None:
        """Draw a box."""
        self.parts.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{max(width, 0):.2f}" height="{max(height, 0):.2f}" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="0.6"/>'
        )

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 0.6, dash: str = "") -> None:
        """Draw a line through points; ``dash``: lengths of strokes and gaps."""
        shown = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{shown}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"'
            f"{dashed}/>"
        )

    def shape(self, points: Sequence[tuple[float, float]], fill: str, stroke: str = "none") -> None:
        """Draw a shape with straight sides."""
        shown = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        self.parts.append(f'<polygon points="{shown}" fill="{fill}" stroke="{stroke}" stroke-width="0.6"/>')

    def band(self, begin: tuple[float, float, float], end: tuple[float, float], fill: str, stroke: str) -> None:
        """Draw a band of one width from (x, top, width) to (x, top)."""
        x, top, width = begin
        to, goal = end
        mid = (x + to) / 2
        self.parts.append(
            f'<path d="M{x:.2f},{top:.2f}C{mid:.2f},{top:.2f} {mid:.2f},{goal:.2f} {to:.2f},{goal:.2f}'
            f'V{goal + width:.2f}C{mid:.2f},{goal + width:.2f} {mid:.2f},{top + width:.2f} {x:.2f},{top + width:.2f}Z" '
            f'fill="{fill}" stroke="{stroke}" stroke-width="0.6"/>'
        )

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = SMALL,
        colour: str = COLOURS["ink"],
        bold: bool = False,
        at: str = "start",
        halo: bool = False,
    ) -> None:
        """Write words with their base line at y; ``halo``: white behind them."""
        behind = f' paint-order="stroke" stroke="{COLOURS["paper"]}" stroke-width="2.4" stroke-linejoin="round"'
        look = f'font-size="{size}" text-anchor="{at}" font-weight="{700 if bold else 400}" fill="{colour}"'
        self.parts.append(f'<text x="{x:.2f}" y="{y:.2f}" {look}{behind if halo else ""}>{escape(text)}</text>')

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" font-family="{FAMILY}, system-ui, sans-serif">'
            f"{''.join(self.parts)}</svg>"
        )
