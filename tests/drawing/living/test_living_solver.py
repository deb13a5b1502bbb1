"""The solver of living pages is part of the package: nothing fetches it, and nothing runs when chainnet is installed."""

import ast
import gzip
import hashlib
import shutil
import tomllib
from itertools import chain
from pathlib import Path

import pytest

import chainnet as cn
from chainnet.drawing.living import solver

ROOT = Path(__file__).parents[3]
PACKAGE = Path(cn.__file__).parent
# what starts a program or speaks over a network
BARRED = {
    "subprocess",
    "socket",
    "ssl",
    "urllib.request",
    "http",
    "ftplib",
    "smtplib",
    "requests",
    "httpx",
    "aiohttp",
    "pip",
}
BARRED_CALLS = {
    "system",
    "popen",
    "posix_spawn",
    "startfile",
    *(f"{a}{b}" for a in ("exec", "spawn") for b in ("l", "v", "ve", "vp", "le", "lp")),
}


def test_the_files_are_those_of_the_package_named():
    found = solver.solver_files()
    assert {name: hashlib.sha256(data).hexdigest() for name, data in found.items()} == solver.DIGESTS
    assert hashlib.sha256(gzip.decompress(found["highs.wasm.gz"])).hexdigest() == solver.PROGRAM_SHA256
    assert gzip.decompress(found["highs.wasm.gz"])[:4] == b"\0asm"
    assert b"MIT License" in found["LICENSE"]


@pytest.mark.long
def test_a_living_page_is_written_with_that_solver(tmp_path):
    page = cn.draw(cn.read("mag-9"), path=tmp_path / "page.html", live=True).read_text(encoding="utf-8")
    assert "Copyright (c) 2026 HiGHS" in page


def test_another_file_in_its_place_is_refused(monkeypatch, tmp_path):
    place = tmp_path / "highs"
    shutil.copytree(solver.FOLDER, place)
    monkeypatch.setattr(solver, "FOLDER", place)
    assert len(solver.solver_files()) == 3
    (place / "highs.js").write_bytes((place / "highs.js").read_bytes() + b"\nfetch('//elsewhere');")
    with pytest.raises(cn.DataError, match=r"highs\.js is not the file that chainnet ships.*Install chainnet again"):
        cn.draw(cn.read("mag-9"), path=tmp_path / "page.html", live=True)
    (place / "highs.js").unlink()
    with pytest.raises(cn.DataError, match=r"highs\.js, which cannot be read"):
        solver.solver_files()
    assert not (tmp_path / "page.html").exists()


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.long
def test_no_module_starts_a_program_or_speaks_over_a_network():
    paths = sorted(PACKAGE.rglob("*.py"))
    assert len(paths) > 100
    for path in paths:
        offline(path)


def offline(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [n for n in imported(tree) if n in BARRED or n.split(".")[0] in BARRED], path
    called = {
        n.func.attr
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and isinstance(n.func.value, ast.Name)
        and n.func.value.id == "os"
    }
    assert not called & BARRED_CALLS, path


def test_the_build_runs_nothing_of_its_own():
    """The build backend alone makes the wheel: no hook, no plugin, no script beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert [line.split(">")[0] for line in project["build-system"]["requires"]] == ["hatchling"]
    assert project["build-system"]["build-backend"] == "hatchling.build"
    assert "backend-path" not in project["build-system"]

    def keys(table):
        for name, value in table.items():
            yield name
            if isinstance(value, dict):
                yield from keys(value)

    assert not {"hooks", "metadata"} & set(keys(project["tool"]["hatch"]))
    assert not [name for name in ("setup.py", "hatch_build.py", "build.py") if (ROOT / name).exists()]
    # a requirement by address would be fetched from there
    asked = [
        *project["project"]["dependencies"],
        *chain.from_iterable(project["project"]["optional-dependencies"].values()),
    ]
    assert not [line for line in asked if "@" in line or "://" in line]
