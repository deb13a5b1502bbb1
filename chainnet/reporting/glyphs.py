"""Which characters the fonts of figures and of the PDF can show, and what stands in for those they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from chainnet.drawing import font_folder

BOX = "\u25a1"
# joiners, direction marks and variation selectors change how others look and need no glyph themselves
_SILENT = frozenset(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), *range(0xFE00, 0xFE10), 0xFEFF, 0x00AD]
)


@cache
def _known() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font_folder() / "DejaVuSans.ttf")).get_charmap())


def can_draw(text: str) -> bool:
    """Say whether the fonts hold every character of a text."""
    return all(ord(c) in _known() or ord(c) in _SILENT or c in "\n\t" for c in text)


def drawable(text: str, stand_ins: Mapping[str, str] | None = None) -> str:
    """Return a text that the fonts can show.

    Parameters
    ----------
    text : str
    stand_ins : mapping of str to str, optional
        Names in scripts that the fonts lack -> what stands for them, such as the id.

    Returns
    -------
    str
        The text itself where every character is known; else with the names replaced, and a box for
        each run of characters that is still unknown.
    """
    kept = "".join(c for c in text.replace("\n", " ").replace("\t", " ") if ord(c) not in _SILENT)
    if can_draw(kept):
        return kept
    for name, stand_in in (stand_ins or {}).items():
        kept = kept.replace(name, stand_in)
    out: list[str] = []
    for c in kept:
        if ord(c) in _known():
            out.append(c)
        elif not out or out[-1] != BOX:
            out.append(BOX)
    return "".join(out)


def stand_ins(pairs: Mapping[str, str]) -> dict[str, str]:
    """Return label -> id for labels that cannot be drawn, longest first: no part goes before its whole."""
    bad = {label: name for name, label in pairs.items() if not can_draw(label)}
    return {label: bad[label] for label in sorted(bad, key=lambda t: (-len(t), t))}
