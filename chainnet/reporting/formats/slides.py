"""A figure as a slide: its finding, the drawing, its note and the marking on one sheet of 16 to 9."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Literal

from chainnet.drawing import COLOURS, typeset
from chainnet.reporting.glyphs import drawable
from chainnet.reporting.model import Document, ReportFigure
from chainnet.words import short_label

PPI = 144.0  # 960 x 540 points are 1920 x 1080 pixels
MOST = {"title": 140, "subtitle": 320, "note": 420, "marking": 120}  # letters that have room


def slide(figure: ReportFigure, document: Document, kind: Literal["svg", "png"]) -> bytes:
    """Return a figure of a report as a slide.

    Parameters
    ----------
    figure : ReportFigure
    document : Document
        Whose marking, vintage and stamp it bears.
    kind : {"svg", "png"}
        SVG with letters as outlines, or PNG of 1920 x 1080 pixels.

    Returns
    -------
    bytes
        The same for the same content.
    """
    words = {
        "title": figure.title,
        "subtitle": figure.subtitle,
        "note": figure.note,
        "marking": document.marking,
    }
    shown = {name: short_label(drawable(text, document.stand_ins), MOST[name]) for name, text in words.items()}
    stamp = f"{figure.id} of {document.title}. {document.vintage}, input {document.digest}, chainnet {document.version}"
    content = {**shown, "stamp": drawable(stamp, document.stand_ins), "svg": figure.svg, "colours": COLOURS}
    source = files("chainnet.reporting.formats").joinpath("slide.typ").read_bytes()
    return typeset(source, kind, {"data": json.dumps(content, ensure_ascii=True, sort_keys=True)}, ppi=PPI)
