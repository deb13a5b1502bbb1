"""A release: built twice it is the same, it holds all that it needs with the licences of it, and it answers alone."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PARTS = (*PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"], "pyproject.toml")
pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="needs hatchling, which builds")


def build(source: Path, out: Path, kind: str) -> Path:
    """Build a wheel or sdist of a folder, with no clock set; return it."""
    env = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, env=env)
    return next(out.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"), "wheel")


def test_the_version_is_that_of_the_changelog() -> None:
    changelog = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d\S+) - ", changelog, re.M)[0] == PROJECT["project"]["version"]


def test_the_wheel_holds_every_chain_and_every_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        names = set(held.namelist())
        (about,) = [name.removesuffix("METADATA") for name in names if name.endswith(".dist-info/METADATA")]
        said = message_from_string(held.read(f"{about}METADATA").decode())
        files = PROJECT["project"]["license-files"]
        assert said.get_all("License-File") == files
        assert all(held.read(f"{about}licenses/{name}") == (ROOT / name).read_bytes() for name in files)
        # what others made stands beside its licence, and the licence is one of those
        assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "chainnet").rglob("LICENSE*")} <= set(files)
        assert {name.split("/")[0].split("-")[0] for name in names} == {"chainnet"}
        for path in [*(ROOT / "chainnet").rglob("*"), *(ROOT / "graphs").rglob("*")]:
            if path.is_file() and "__pycache__" not in path.parts and path.name[0] != ".":
                name = path.relative_to(ROOT).as_posix()
                place = f"chainnet/{name}" if name.startswith("graphs/") else name
                assert place in names, name
                assert held.read(place) == path.read_bytes(), name


@pytest.mark.long
def test_built_twice_it_is_the_same(tmp_path: Path) -> None:
    made: list[Path] = []
    for name in ("one", "two"):
        source = tmp_path / name
        for part in map(Path, PARTS):
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / part, source / part)
        if name == "two":  # a copy of another day
            for path in source.rglob("*"):
                os.utime(path, (0, 978307200))
        made += [build(source, tmp_path / f"{name}-out", kind) for kind in ("wheel", "sdist")]
    assert [digest(path) for path in made[:2]] == [digest(path) for path in made[2:]]
    with tarfile.open(made[1]) as sdist:
        sdist.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert digest(build(unpacked, tmp_path / "again", "wheel")) == digest(made[0])


@pytest.mark.slow
def test_the_wheel_alone_answers(wheel: Path, tmp_path: Path) -> None:
    """In a fresh environment, from a folder that holds no checkout, with no index; what it needs stands ready."""
    place = tmp_path / "env"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

    def run(*words: str | Path) -> str:
        done = subprocess.run(list(map(str, words)), cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel)
    (inside,) = (place / "lib").glob("python*/site-packages")
    (inside / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    told = run(python, "-c", "import chainnet as cn; print(cn.__file__, *cn.catalog().index)").split()
    assert Path(told[0]).is_relative_to(inside)
    graphs = ROOT / "graphs"
    assert told[1:] == sorted(path.parent.name for path in graphs.glob("*/datapackage.json"))
    assert run(place / "bin" / "chainnet", "find", "gallium").startswith("finding: ")
    run(place / "bin" / "chainnet", "draw", "mag-9", "--live", "--out", "page.html")
    assert "Copyright (c) 2026 HiGHS" in (tmp_path / "page.html").read_text(encoding="utf-8")
