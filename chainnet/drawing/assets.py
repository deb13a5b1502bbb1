"""What a page is made of: templates, style sheets, scripts, and the engine that draws."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chainnet.drawing.style import COLOURS, LOSS_COLOURS, css_text, palette_script, palette_sheet, percent, tonnes
from chainnet.errors import DataError
from chainnet.results import package_version
from chainnet.words import numbers_script

_TEMPLATES = Path(__file__).parent / "templates"
_ENGINE = Path("templates/lib/vis-9.1.2/vis-network.min.js")


@cache
def environment(*folders: Path) -> Any:
    """Return where templates are found and filled in: every text is escaped, a word that lacks is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    room = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    room.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    room.filters |= {"tonnes": tonnes, "percent": percent, "css": css_text}
    room.globals |= {"colour": COLOURS, "loss_colours": [fill for fill, _ in LOSS_COLOURS]}
    room.filters["capfirst"] = lambda text: text[:1].upper() + text[1:]
    return room


def filled(template: str, *folders: Path, **words: Any) -> str:
    """Return the page that a template makes of its words, the version of the package among them."""
    page: str = environment(*folders).get_template(template).render(version=package_version(), **words)
    return page


def asset(name: str, folder: Path = _TEMPLATES) -> Any:
    """Return a file of ours to be set into the page as it stands, a style sheet with the palette before it."""
    from markupsafe import Markup

    text = (folder / name).read_text(encoding="utf-8")
    return Markup(palette_sheet() + text if name.endswith(".css") else text)


def shared_script() -> Any:
    """Return what the scripts of every page begin with: numbers as Python writes them, and the palette."""
    from markupsafe import Markup

    return Markup(numbers_script() + palette_script())


def engine() -> Any:
    """Return vis-network from the pyvis package, without the map file a debugger would ask for.

    Raises
    ------
    DataError
        If it is not installed.
    """
    from markupsafe import Markup

    spec = find_spec("pyvis")  # not imported: its package pulls in IPython
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(folder) / _ENGINE
        if file.is_file():
            text = file.read_text(encoding="utf-8").replace("\r\n", "\n")
            text = re.sub(r"//# sourceMappingURL=\S*", "", text)
            return Markup(text.replace("</script", "<\\/script"))
    raise DataError("draw: the package pyvis 0.3.2 with its vis-network is not installed. Install pyvis==0.3.2.")
