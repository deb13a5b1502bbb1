"""The site: ``python -m sphinx -W -c docs . OUT`` from the top of the repository (extra ``docs``), offline.

Its pages are those that GitHub shows, so a link between them works in both. The front page is the README. The five
pages of ``SECTIONS`` list all others, and the trees are made of these lists: a heading is the caption of its links.
"""

from __future__ import annotations

import json
import os.path
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
SECTIONS = {
    "Start": "docs/start",
    "Guides": "docs/README",
    "Chains": "docs/chains",
    "Reference": "docs/reference/README",
    "Project": "docs/project",
}
# index pages below one of these
INNER = ("docs/reference/python/README",)
LISTED = re.compile(r"^- \[([^\]]+)\]\(([^):]+)\.(?:md|ipynb)\)", re.M)

project, copyright = "chainnet", "The chainnet authors, MIT licence"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
root_doc = "README"
include_patterns = ["README.md", "docs/**", "graphs/*/README.md"]
exclude_patterns = [".*", "**/.*", "chainnet", "tests", "out", "build", "dist"]
myst_heading_anchors = 4
html_theme = "pydata_sphinx_theme"
html_title = "chainnet"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
}


def listed(docname: str) -> dict[str, list[tuple[str, str]]]:
    """Return by heading the pages that the lists of an index page name: how they are called, and where they are."""
    parts = re.split(r"^#+ (.+)$", (ROOT / f"{docname}.md").read_text(encoding="utf-8"), flags=re.M)[1:]
    folder = Path(docname).parent.as_posix()
    found = {
        caption: [(name, os.path.normpath(f"{folder}/{page}")) for name, page in LISTED.findall(body)]
        for caption, body in zip(parts[::2], parts[1::2], strict=True)
    }
    known = {page for pages in found.values() for _, page in pages}
    if docname == "docs/start":
        files = sorted((ROOT / "docs/tutorials").glob("*.[im]*"))
        more = [file.relative_to(ROOT).with_suffix("").as_posix() for file in files]
        found["Notebooks"] = [("", page) for page in more if page not in known]
    return {caption: pages for caption, pages in found.items() if pages}


def tree(caption: str, pages: list[tuple[str, str]]) -> str:
    """Return a table of contents that stands at the side alone."""
    lines = [f"{name} </{page}>" if name else f"/{page}" for name, page in pages]
    return "\n".join(["", "", "```{toctree}", ":hidden:", f":caption: {caption}", "", *lines, "```"])


def add_trees(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the trees below the front page and the index pages."""
    if docname == root_doc:
        source[0] += tree("Contents", list(SECTIONS.items()))
    elif docname in (*SECTIONS.values(), *INNER):
        source[0] += "".join(tree(caption, pages) for caption, pages in listed(docname).items())


def show_notebook(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn a notebook with its outputs into Markdown."""
    if app.env.doc2path(docname).suffix == ".ipynb":
        parts = []
        for cell in json.loads(source[0])["cells"]:
            text = "".join(cell["source"])
            parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
            for output in cell.get("outputs", ()):
                data = output.get("data", {"text/plain": output.get("text", "")})
                kind = next(k for k in ("text/html", "image/svg+xml", "image/png", "text/plain") if k in data)
                shown = "".join(data[kind])
                if kind == "image/png":
                    shown = f'<img alt="what the cell draws" src="data:image/png;base64,{shown.strip()}">'
                parts.append(f"```text\n{shown}\n```" if kind == "text/plain" else f"```{{raw}} html\n{shown}\n```")
        source[0] = "\n\n".join(parts)


def open_at_front(app: Sphinx, failure: Exception | None) -> None:
    """Let the folder open at the front page."""
    if failure is None and app.builder.format == "html":
        page = f'<!doctype html><title>chainnet</title><meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register all of them."""
    for change in (add_trees, show_notebook):
        app.connect("source-read", change)
    app.connect("build-finished", open_at_front)
