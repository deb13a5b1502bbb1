"""How figures look: one style, one width, values at the marks, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from chainnet.drawing.raster import font_folders
from chainnet.drawing.style import COLOURS
from chainnet.errors import DataError

WIDTH_IN = 6.7
SMALL, NORMAL = 8.5, 8.5
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "path",
    "font.family": ["Source Sans Pro", "DejaVu Sans"],  # the second knows more letters
    "font.size": NORMAL,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "hatch.linewidth": 0.6,
}


@contextmanager
def figure_style(salt: str, more: Mapping[Any, Any] | None = None) -> Iterator[None]:
    """Let figures be drawn in our style, and ``more`` of it; ``salt`` makes the names inside their SVG.

    Raises
    ------
    DataError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        raise DataError('a figure needs matplotlib. Install the extra: pip install "chainnet[report]".') from None
    _take_fonts()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, "svg.hashsalt": f"chainnet {salt}", **(more or {})})
        yield


@cache
def _take_fonts() -> None:
    """Let figures be written in the family of the documents."""
    from matplotlib.font_manager import fontManager

    for face in ("Regular", "Bold"):
        fontManager.addfont(f"{font_folders()[0]}/SourceSansPro-{face}.ttf")


def svg_of(canvas: Any) -> str:
    """Return a canvas as SVG without a date, or anything else that is not in the numbers."""
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
        ax.spines["left"].set_color(COLOURS["line"])
        ax.tick_params(length=0, labelsize=SMALL, labelcolor=COLOURS["ink"])
    return canvas, axes


def write(ax: Any, x: float, y: float, words: str, ha: str = "left", **more: Any) -> None:
    """Write small words at a mark."""
    ax.text(x, y, words, **{"ha": ha, "va": "center", "fontsize": SMALL, "color": COLOURS["ink"], **more})
