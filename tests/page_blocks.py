"""Run the blocks of a page, and write what they print: ``python tests/page_blocks.py docs/concepts.md``.

A block ````` ```text output ````` is what the blocks above it print, as Python's own prompt or the shell would show
it; ``...`` stands for anything. ``tests/test_docs.py`` runs the pages and compares.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app

BLOCK = re.compile(r"^```(?:text )?(\w+)\n(.*?)^```$", re.M | re.S)
KINDS = {"python", "pycon", "sh", "bash", "console", "toml", "json", "text", "output"}
NOT_RUN = re.compile(r"\b(pip|venv|git|uv|pytest)\b")
WIDE = ("display.width", 110, "display.max_columns", 20)


def blocks(path: Path) -> list[tuple[str, str]]:
    """Return the kind and the text of each block of a page."""
    return BLOCK.findall(path.read_text(encoding="utf-8"))


def run_python(text: str, name: str, space: dict[str, object]) -> str:
    """Run a block as the prompt does, which shows the value of every expression; return what it printed."""
    code = compile(ast.Interactive(ast.parse(text).body), name, "single")
    with contextlib.redirect_stdout(io.StringIO()) as out, pd.option_context(*WIDE):
        exec(code, space)
    return out.getvalue()


def run_shell(line: str, folder: Path) -> str:
    """Run a line that begins with chainnet; return what it printed."""
    expected = int(found.group(1)) if (found := re.search(r"# exit (\d)\s*$", line)) else 0
    command = re.sub(r"^\$ ", "", line).split("  #")[0]
    if not re.search(r"[|<>;&$`]", command):
        # what a shell adds nothing to runs here: a new process would import everything again
        done = CliRunner().invoke(app, shlex.split(command)[1:])
        refused = isinstance(done.exception, cn.ChainnetError)
        assert (1 if refused else done.exit_code) == expected, f"{line}\n{done.output}\n{done.exception}"
        return done.stdout
    words = re.sub(r"^(\.venv/bin/)?chainnet", f"{sys.executable} -m chainnet", command)
    ran = subprocess.run(words, shell=True, cwd=folder, capture_output=True, text=True, timeout=120)
    assert ran.returncode == expected, f"{line}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def played(path: Path, folder: Path) -> str:
    """Run all blocks of a page in a folder, which is the working one; return the page with what they print today."""
    space: dict[str, object] = {"__name__": "__main__"}
    printed = ""

    def play(block: re.Match[str]) -> str:
        nonlocal printed
        kind, text = block[1], block[2]
        assert kind in KINDS, f"{path.name}: a block of kind {kind}"
        if kind == "output":
            given, printed = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines()) + "\n", ""
            same = doctest.OutputChecker().check_output(text, given, doctest.ELLIPSIS)
            return block[0] if same else f"```text output\n{given}```"
        printed = ""
        if kind == "python":
            printed = run_python(text, str(path), space)
        elif kind == "toml":
            tomllib.loads(text)
        elif kind == "json":
            json.loads(text)
        elif kind in {"sh", "bash", "console"}:
            for line in text.splitlines():
                if re.match(r"(\$ )?(\.venv/bin/)?chainnet\b", line) and not NOT_RUN.search(line):
                    printed += run_shell(line, folder)
        return block[0]

    return BLOCK.sub(play, path.read_text(encoding="utf-8"))


def main() -> None:
    """Write the outputs of the pages named."""
    for path in [Path(name).resolve() for name in sys.argv[1:]]:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            text = played(path, Path(folder))
            os.chdir(path.parent)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
