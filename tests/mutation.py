"""Deliberate mistakes in one package, and the share of them that its tests catch.

    python tests/mutation.py flow --sample 60 --seed 1

mutmut makes the mistakes and chooses, for each, the tests that reach it; this script copies the checkout to a folder of
its own, draws a sample and prints every survivor as a diff. Tests of meaning and the examples in docstrings run first;
what they let through is tried on the answers on record. So two shares are told: what is known to be wrong, and what is
only seen to be other than before. In the engine compiled loops run as plain Python meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from test_public_api import DEAR

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("chainnet", "tests", "docs", "graphs", "README.md", "LICENSE", "pyproject.toml", ".gitignore")
# tests of other folders that hold a package's rules as well
MORE = {
    "cli": ["test_readme.py"],
    "engine": ["flow", "criticality", "test_parity.py"],
    "flow": ["stress", "criticality", "test_parity.py"],
    "io": ["scenario/test_own_rules.py"],
    "lowering": ["flow", "scenario"],
    "network": ["io"],
    "scenario": ["flow/test_flow_balance.py"],
    "stress": ["test_stocks.py"],
}
RECORDS = ["test_recorded.py", "cli/test_cli_recorded.py"]
# numba wants bare functions, which deliberate mistakes wrap
BARE = ["engine/test_engine_compiled.py", "engine/test_engine_threads.py"]
TOLD = re.compile(r"\[tool\.mutmut\].*", re.DOTALL)
# at which line a warning points: not to be asked where every function is wrapped
POINTS = re.compile(r"^( *)assert \w+\[0\]\.filename == __file__.*$", re.MULTILINE)
# mutmut but for three things: tests that fail without a mistake are left out; what a fixture reaches is reached by every
# test that takes it, not by the first alone; and no test runs in the process of which all others are forks, so that these
# hold no answers kept from before
MUTMUT = """
import pytest
from mutmut.__main__ import cli
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.workers.isolation import ForkRunner

class Seen:
    def __init__(self):
        self.failed, self.reached = set(), {}

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        before = set(state()._stats)
        state()._stats.clear()
        try:
            return (yield)
        finally:
            self.reached.setdefault(fixturedef, set()).update(state()._stats)
            state()._stats.update(before)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item):
        for name in item.fixturenames:
            for fixture in item._fixtureinfo.name2fixturedefs.get(name, ()):
                state()._stats.update(self.reached.get(fixture, ()))

def run_stats(self, *, tests):
    seen = Seen()
    execute, more = self.execute_pytest, ["--maxfail=50"]
    self.execute_pytest = lambda params, plugins: execute([*params, *more], plugins=[*plugins, seen])
    code = ask(self, tests=tests)
    self.execute_pytest = execute
    for name in seen.failed:
        with open("left_out.txt", "a") as file:
            print(name, file=file)
        for known in state().tests_by_mangled_function_name.values():
            known.discard(name)
    return 0 if len(seen.failed) < 50 and code in (0, 1) else code

ask, PytestRunner.run_stats = PytestRunner.run_stats, run_stats
ForkRunner.run_clean_tests = lambda *_, **__: 0
cli()
"""
QUICK = "not slow and not documents and not long and not browser"


def settle(folder: Path, package: str, tests: list[str], left_out: list[str]) -> None:
    """Write the ``[tool.mutmut]`` table for one package and some tests; what was known of other tests goes.

    A docstring stands beside each mistake again: its examples run once, and call what is mistaken.
    """
    words = ["-p", "no:cacheprovider", "-p", "no:xdist", "-m", QUICK]
    words += ["--doctest-modules", "-k", "not __mutmut_ or __mutmut_orig"]
    words += [f"--ignore=tests/{name}" for name in left_out]
    file = folder / "pyproject.toml"
    told = TOLD.sub("", file.read_text(encoding="utf-8")).rstrip()
    file.write_text(
        f"""{told}

[tool.mutmut]
source_paths = ["chainnet"]
only_mutate = ["chainnet/{package}/*"]
also_copy = {json.dumps([name for name in COPIED if name != "chainnet"])}
pytest_add_cli_args = {json.dumps(words)}
pytest_add_cli_args_test_selection = {json.dumps(tests)}
max_stack_depth = -1
timeout_constant = 40.0
track_dependencies = false
""",
        encoding="utf-8",
    )
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)


def mutmut(folder: Path, package: str, *words: str) -> int:
    """Run mutmut in the folder, return its exit code; its talk goes to a log beside the mutants."""
    environment = {**os.environ, "PYTHONPATH": ""}
    if package == "engine":
        environment["NUMBA_DISABLE_JIT"] = "1"
    with (folder / "mutmut.log").open("ab") as log:
        command = [sys.executable, "-c", MUTMUT, *words]
        return subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log).returncode


def verdicts(folder: Path) -> dict[str, int | None]:
    """Exit code of each mutant: 0 survived, 33 no test reaches it, None not run, all others caught."""
    found: dict[str, int | None] = {}
    for file in sorted((folder / "mutants").rglob("*.meta")):
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def survivors(folder: Path, package: str, names: list[str]) -> list[str]:
    """Try mistakes on the tests that are settled; return those that none of them notices."""
    if mutmut(folder, package, "run", "--max-children", str(os.cpu_count() or 2), *names):
        sys.exit(f"no mistake was tried, the tests did not run: see {folder / 'mutmut.log'}")
    codes = verdicts(folder)
    return [name for name in sorted(names) if codes[name] in (0, 33, None)]


def shown(folder: Path, name: str) -> str:
    """The mistake as a diff."""
    words = [sys.executable, "-m", "mutmut", "show", name]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False).stdout


def main() -> int:
    """Copy, draw, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("package", help="a folder of chainnet/, such as flow")
    parser.add_argument("--sample", type=int, default=60, help="how many mistakes are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", help="folders or files of tests/; by default those of the package")
    parser.add_argument("--no-records", action="store_true", help="tests of meaning alone, no answers on record")
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
    for file in (folder / "tests").rglob("test_*.py"):
        file.write_text(POINTS.sub(r"\1pass", file.read_text(encoding="utf-8")), encoding="utf-8")
    tests = [f"tests/{name}" for name in asked.tests or [asked.package, *MORE.get(asked.package, [])]]
    if not asked.tests and asked.package not in DEAR:
        tests.append(f"chainnet/{asked.package}")
    settle(folder, asked.package, tests, [*RECORDS, *BARE])
    mutmut(folder, asked.package, "run", "--max-children", "2", "none of them")
    names = sorted(verdicts(folder))
    if not names:
        sys.exit(f"nothing to mistake in chainnet/{asked.package}: see {folder / 'mutmut.log'}")
    drawn = random.Random(asked.seed).sample(names, min(asked.sample, len(names)))
    left = survivors(folder, asked.package, drawn)
    told = f"{asked.package}: of {len(drawn)} mistakes {share(drawn, left)} caught without the answers on record"
    if left and not asked.no_records:
        seen = set(left)
        settle(folder, asked.package, [f"tests/{name}" for name in RECORDS], [])
        left = survivors(folder, asked.package, left)
        for name in sorted(seen - set(left)):
            print(f"only other than on record: {shown(folder, name)}")
        told += f", {share(drawn, left)} with them"
    for name in left:
        print(
            f"survived ({'no test' if verdicts(folder)[name] == 33 else verdicts(folder)[name]}): {shown(folder, name)}"
        )
    print(f"{told}; {len(names)} in all")
    return 0


def share(drawn: list[str], left: list[str]) -> str:
    """How many are caught, and their share."""
    return f"{len(drawn) - len(left)} ({(len(drawn) - len(left)) / max(len(drawn), 1):.0%})"


if __name__ == "__main__":
    sys.exit(main())
