"""SVG to PNG, without a browser: typeset by typst with the fonts that come with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chainnet.errors import DataError

_PAGE = """#set page(width: auto, height: auto, margin: 8pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg")
"""
_PPI = 160.0


@cache
def font_folders() -> list[str]:
    """Return the folders of the fonts of documents: the one family, and behind it one that knows more letters."""
    return [str(files("font_source_sans_pro").joinpath("files")), str(font_folder())]


@cache
def font_folder() -> Path:
    """Return the folder of the DejaVu fonts that come with matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def png_bytes(svg: str) -> bytes:
    """Return a picture as PNG, the same bytes for the same SVG.

    Raises
    ------
    DataError
        If the package typst is missing, or the SVG cannot be read.
    """
    if find_spec("typst") is None or find_spec("font_source_sans_pro") is None:
        raise DataError(
            "png: needs the packages typst and font-source-sans-pro. Install them with: "
            'pip install ".[report]" in the checkout'
        )
    try:
        return typeset(_PAGE.encode(), "png", {"svg": svg.replace("system-ui", "'Source Sans Pro'")}, ppi=_PPI)
    except Exception as error:  # typst's own errors share no class
        raise DataError(f"png: the picture cannot be drawn: {error}") from error


def typeset(source: bytes, kind: str, inputs: Mapping[str, str], **more: Any) -> bytes:
    """Return what typst makes of a source: the same bytes for the same inputs, in our fonts alone."""
    import typst

    compile_typst: Any = typst.compile  # its stub wants bytes where it takes text
    made: bytes = compile_typst(
        source, format=kind, sys_inputs=inputs, ignore_system_fonts=True, font_paths=font_folders(), **more
    )
    return made
