"""The notebooks of docs/tutorials: their cells run here, and what they show is kept in them.

    python tests/notebooks.py          runs all and writes their outputs anew
    python tests/notebooks.py NAME...  runs these alone

A notebook is a JSON file. Its code cells run in one namespace, each notebook in an empty folder; what a cell prints and
the value of its last line are put into words by the formatters of IPython, as Jupyter asks for them.
``tests/test_notebooks.py`` runs them again and compares.
"""

from __future__ import annotations

import ast
import io
import json
import sys
import tempfile
import time
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.core.formatters import DisplayFormatter

FOLDER = Path(__file__).parents[1] / "docs" / "tutorials"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# what a reader's window would decide
WINDOW = ("display.width", 100, "display.max_columns", 12, "display.max_rows", 20)
KEPT = ("text/plain", "text/html", "image/svg+xml")


def read(path: Path) -> dict[str, Any]:
    """Return a notebook."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def source(cell: dict[str, Any]) -> str:
    """Return the text of a cell."""
    return "".join(cell["source"])


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook with the outputs of its cells; what fails raises."""
    space: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    with tempfile.TemporaryDirectory() as folder, chdir(folder), pd.option_context(*WINDOW):
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                cells.append(cell)
                continue
            count += 1
            cells.append({**cell, "execution_count": count, "outputs": outputs(source(cell), space, count)})
    return {**notebook, "cells": cells}


def outputs(code: str, space: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Run a cell, and return what it prints and the value of its last line."""
    tree = ast.parse(code)
    last = (
        tree.body.pop()
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";")
        else None
    )
    said, value = io.StringIO(), None
    with redirect_stdout(said):
        exec(compile(tree, "<cell>", "exec"), space)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), space)
    found: list[dict[str, Any]] = []
    if said.getvalue():
        found.append({"name": "stdout", "output_type": "stream", "text": lines(said.getvalue())})
    if value is not None:
        shown, _ = DisplayFormatter().format(value)
        data = {kind: lines(shown[kind]) for kind in KEPT if kind in shown}
        found.append({"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return found


def lines(text: str) -> list[str]:
    """Return a text as a notebook holds it."""
    return text.splitlines(keepends=True)


def write(path: Path, notebook: dict[str, Any]) -> None:
    """Write a notebook as Jupyter writes it."""
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for one in NOTEBOOKS:
        if not sys.argv[1:] or one.stem in sys.argv[1:]:
            begin = time.process_time()
            write(one, run(read(one)))
            print(f"{one.name}: {one.stat().st_size:,} bytes, {time.process_time() - begin:.0f} s of the processor")
