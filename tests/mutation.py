"""Deliberate mistakes in one package, and the share of them that its tests catch.

    python tests/mutation.py flow --sample 60 --seed 1

mutmut makes the mistakes and chooses, for each, the tests that reach it; this script copies the checkout to a folder of
its own, draws a sample and prints every survivor as a diff. In the engine compiled loops run as plain Python meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("chainnet", "tests", "docs", "graphs", "README.md", "LICENSE", "pyproject.toml", ".gitignore")
# tests of other folders that hold a package's rules as well
MORE = {
    "engine": ["flow", "criticality", "test_parity.py"],
    "flow": ["stress", "criticality", "test_parity.py"],
    "lowering": ["flow", "scenario"],
    "scenario": ["flow/test_flow_balance.py"],
    "stress": ["test_stocks.py"],
}


def settings(package: str, tests: list[str]) -> str:
    """Return the ``[tool.mutmut]`` table for one package."""
    return f"""
[tool.mutmut]
source_paths = ["chainnet"]
only_mutate = ["chainnet/{package}/*"]
also_copy = {json.dumps([name for name in COPIED if name != "chainnet"])}
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow and not browser"]
pytest_add_cli_args_test_selection = {json.dumps(tests)}
max_stack_depth = -1
"""


def mutmut(folder: Path, package: str, *words: str) -> None:
    """Run mutmut in the folder; its talk goes to a log beside the mutants."""
    environment = {**os.environ, "PYTHONPATH": ""}
    if package == "engine":
        environment["NUMBA_DISABLE_JIT"] = "1"
    with (folder / "mutmut.log").open("ab") as log:
        subprocess.run([sys.executable, "-m", "mutmut", *words], cwd=folder, env=environment, stdout=log, stderr=log)


def verdicts(folder: Path) -> dict[str, int | None]:
    """Exit code of each mutant: 0 survived, 33 no test reaches it, None not run, all others caught."""
    found: dict[str, int | None] = {}
    for file in sorted((folder / "mutants").rglob("*.meta")):
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def main() -> int:
    """Copy, draw, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("package", help="a folder of chainnet/, such as flow")
    parser.add_argument("--sample", type=int, default=60, help="how many mistakes are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", help="folders or files of tests/; by default those of the package")
    parser.add_argument("--folder", type=Path, help="where to work (kept); by default a temporary folder")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="mutants-"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".venv"))
        else:
            shutil.copy(source, target)
    workers = str(os.cpu_count() or 2)
    tests = [
        f"tests/{name}" for name in asked.tests or [asked.package, "test_recorded.py", *MORE.get(asked.package, [])]
    ]
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(settings(asked.package, tests))
    mutmut(folder, asked.package, "run", "--max-children", workers, "none of them")
    names = sorted(verdicts(folder))
    if not names:
        sys.exit(f"nothing to mistake in chainnet/{asked.package}: see {folder / 'mutmut.log'}")
    drawn = random.Random(asked.seed).sample(names, min(asked.sample, len(names)))
    mutmut(folder, asked.package, "run", "--max-children", workers, *drawn)
    codes = verdicts(folder)
    if all(codes[name] is None for name in drawn):
        sys.exit(f"no mistake was tried, the tests did not run: see {folder / 'mutmut.log'}")
    survivors = [name for name in sorted(drawn) if codes[name] in (0, 33, None)]
    for name in survivors:
        shown = subprocess.run(
            [sys.executable, "-m", "mutmut", "show", name], cwd=folder, capture_output=True, text=True, check=False
        ).stdout
        print(f"survived ({'no test' if codes[name] == 33 else codes[name]}): {shown}")
    caught = len(drawn) - len(survivors)
    print(
        f"{asked.package}: {caught} of {len(drawn)} caught ({caught / max(len(drawn), 1):.0%}), of {len(names)} in all"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
