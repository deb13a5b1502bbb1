"""The report as one HTML file without scripts."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from chainnet.drawing import css_text, palette_sheet
from chainnet.reporting.model import Block, Cell, Document, ReportFigure, ReportTable, Sentence
from chainnet.results import package_version
from chainnet.words import first_capital

STRIP = {"width": 132, "height": 12, "bar": 6, "least": 3}  # of a share, pixels
WORDY = ("label", "depends")  # columns of names or sentences, which need room
RIGHT = ("range", "first_range", "demand_range", "first", "worst", "survive", "recover")


def html_report(document: Document, has_graph: bool, template: str | None = None) -> bytes:
    """Return the HTML of a report.

    Parameters
    ----------
    document : Document
    has_graph : bool
        Whether ``graph.html`` stands beside it.
    template : str, optional
        Text of a template in the place of ours.

    Returns
    -------
    bytes
        UTF-8; it asks for nothing but itself and the graph beside it.
    """
    from markupsafe import Markup

    source = template or files("chainnet.reporting.formats").joinpath("page.html.j2").read_text(encoding="utf-8")
    printed = document.tables
    text: str = _template(source).render(
        d=document,
        palette=Markup(palette_sheet().rstrip()),
        graph=has_graph,
        anchors={t.id for t in printed},
        places=lambda table: {i: at for at, i in enumerate(table.body_columns)},
        kind_of=kind_of,
        numeric=numeric,
        wordy=WORDY,
        strip=strip,
        size=STRIP,
    )
    return text.encode("utf-8")


@lru_cache(2)
def _template(source: str) -> Any:
    from jinja2 import Environment, StrictUndefined

    shell = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    shell.filters["nb"] = unbroken
    shell.filters["css"] = css_text
    shell.filters["b64"] = lambda text: b64encode(text.encode("utf-8")).decode("ascii")
    return shell.from_string(source)


def wide_page(title: str, what: str, chains: Iterable[Mapping[str, str]], *blocks: Block) -> str:
    """Return the HTML of one wide table and what is said of it; ``chains``: graph and digest of each that it is of."""
    digest = ", ".join(f"{one['graph']} {one['digest'][:12]}" for one in chains)
    document = Document(title, first_capital(what), digest, package_version(), summary=blocks, is_wide=True)
    return html_report(document, False).decode("utf-8")


def strip(cell: Cell) -> dict[str, float]:
    """Return where the bar and the ticks of a share stand in its strip, pixels: from its least to its most."""
    low, high = cell.ends or (0.0, 0.0)
    wide = STRIP["width"]
    ticks = {"tick": float(cell.value or 0.0)} | ({} if cell.early is None else {"early": cell.early})
    width = max(wide * (high - low), STRIP["least"])
    return {
        "left": round(min(wide * low, wide - width), 1),
        "width": round(width, 1),
        **{name: round(min(max(wide * share, 1.0), wide - 1.0), 1) for name, share in ticks.items()},
    }


def unbroken(text: str) -> Any:
    """Return escaped text in which no range is broken over two lines."""
    from markupsafe import Markup, escape

    parts = re.split(r"(\[[^\[\]]{1,24}\]|[0-9.,<]+\u00a0t/yr)", text)
    held = [Markup('<span class="nb">{}</span>').format(p) if i % 2 else escape(p) for i, p in enumerate(parts)]
    return Markup("").join(held)


def kind_of(block: Any) -> str:
    """Return what kind of block this is: table, figure, list or text."""
    if isinstance(block, ReportTable):
        return "table"
    if isinstance(block, ReportFigure):
        return "figure"
    return "text" if isinstance(block, Sentence) else "list"


def numeric(table: ReportTable) -> frozenset[int]:
    """Return the columns that are words in code and numbers to the eye, such as ranges: they stand at the right."""
    return frozenset(i for i, c in enumerate(table.columns) if c.key in RIGHT)
