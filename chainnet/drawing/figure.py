"""A figure that stands alone: its message, its subtitle, one or more pictures, a note."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from chainnet.drawing.raster import png_bytes
from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import FAMILY, SMALL, WIDTH, folded
from chainnet.errors import DataError
from chainnet.io import write_file
from chainnet.words import NBSP

MARGIN, LEADING, TITLE = 12.0, 11.0, 11.0  # points; of the title its size
_UNIT, _JOINT = re.compile(r"(?<=\d) (?=%|t/yr|million)"), "\u2060"
_HEIGHT = re.compile(r'height="([\d.]+)"')
WIDER = 0.84  # part of a line that words may take: a page may show them in a wider font


@dataclass(frozen=True, repr=False)
class Figure:
    """A figure of a result.

    Attributes
    ----------
    title : str
        What it says.
    svg : str
        The whole of it, which asks for nothing outside itself.
    alt : str
        The same in words, for those who do not see it.
    """

    title: str
    svg: str
    alt: str

    def save(self, path: str | Path) -> Path:
        """Write it as ``.svg`` or ``.png``.

        Raises
        ------
        DataError
            If the suffix is another, the file cannot be written, or a PNG is asked for without the extra ``report``.
        """
        return save_svg(self.svg, path)

    def __repr__(self) -> str:
        return f"<Figure: {self.title!r}>"

    def _repr_svg_(self) -> str:
        return self.svg


def save_svg(svg: str, path: str | Path) -> Path:
    """Write a picture as ``.svg`` or ``.png``.

    Raises
    ------
    DataError
        If the suffix is another, or the file cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower()
    if kind == ".svg":
        return write_file(target, svg.encode("utf-8"))
    if kind == ".png":
        return write_file(target, png_bytes(svg))
    raise DataError(f"{target}: a figure is saved as .svg or .png.")


def composed(title: str, subtitle: str, pictures: Sequence[tuple[str, str]], note: str, alt: str) -> Figure:
    """Return a figure: title, subtitle, each picture (SVG, as wide as a page) under its heading ("" = none), note."""
    room, y = WIDTH * WIDER, MARGIN + TITLE
    words: list[str] = []

    def write(text: str, size: float, look: str, lines: int = 4) -> None:
        nonlocal y
        # a number keeps its unit
        kept = _UNIT.sub(_JOINT, text)
        for line in (line.replace(_JOINT, NBSP) for line in folded(kept, room, lines, size, bold="700" in look)):
            words.append(f'<text x="{MARGIN:g}" y="{y:.2f}" font-size="{size:g}" {look}>{escape(line)}</text>')
            y += 1.25 * size

    soft, bold = f'fill="{COLOURS["soft"]}"', f'font-weight="700" fill="{COLOURS["ink"]}"'
    write(title, TITLE, bold)
    write(subtitle, SMALL, soft)
    for heading, picture in pictures:
        y += LEADING
        if heading:
            write(heading, SMALL, bold)
        words.append(picture.replace("<svg ", f'<svg x="{MARGIN:g}" y="{y - 4.0:.2f}" ', 1))
        y += float(_HEIGHT.findall(picture)[0]) + 4.0
    if note:
        y += SMALL
        write(note, SMALL, soft)
    width, height = WIDTH + 2 * MARGIN, y + MARGIN / 2
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(f"{title} {alt}")}" '
        f'width="{width:g}" height="{height:.0f}" viewBox="0 0 {width:g} {height:.0f}" '
        f'font-family="{FAMILY}, system-ui, sans-serif">'
        f'<rect width="100%" height="100%" fill="{COLOURS["paper"]}"/>{"".join(words)}</svg>'
    )
    return Figure(title, svg, alt)
