"""Whether two checkouts write the same documents: the check of a change that is to change no answer.

    python tests/same_bytes.py OLD NEW [--chains mag-9,gallium] [--numbers] [--keep FOLDER]

Both write report (HTML, PDF, workbook, figures), graph, Sankey, map, living page, overview and a comparison of the shipped
chains; what differs is named with its first differing place. ``--numbers`` looks at the numbers of the workbook and of the
overview alone: for a change of words. Some ten minutes for all chains; not part of the test run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHAINS = ("mag-9", "rare-earths", "gallium", "germanium", "tungsten", "antimony", "graphite")
AROUND = 40  # bytes shown before and after the first difference
TOLERANCE = 1e-9


def commands(chain: str, numbers: bool) -> list[list[str]]:
    """Return what a checkout is asked to write of a chain, into its working folder."""
    report = ["report", chain, "--out", f"{chain}/report"]
    if numbers:
        return [[*report, "--formats", "xlsx"], ["overview", chain, "--out", f"{chain}/overview.json"]]
    views = [["draw", chain, "--view", view, "--out", f"{chain}/{view}.html"] for view in ("graph", "sankey", "map")]
    return [
        [*report, "--figures", f"{chain}/figures"],
        *views,
        ["draw", chain, "--live", "--out", f"{chain}/live.html"],
        ["overview", chain, "--out", f"{chain}/overview.html"],
        ["compare", chain, "--out", f"{chain}/compare.html"],
    ]


def write(checkout: Path, chains: list[str], numbers: bool, folder: Path) -> list[str]:
    """Let a checkout write its documents; return the commands that failed, each with its last line."""
    failed = []
    env = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONHASHSEED": "0"}
    for chain in chains:
        for words in commands(chain, numbers):
            (folder / chain).mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [sys.executable, "-m", "chainnet", *words], cwd=folder, env=env, capture_output=True, text=True
            )
            if done.returncode:
                failed.append(f"{' '.join(words)}: {done.stderr.strip().splitlines()[-1:]}")
    return failed


def parts(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what a file holds: the members of a workbook, else the file."""
    if path.suffix != ".xlsx":
        yield "", path.read_bytes()
        return
    with zipfile.ZipFile(path) as book:
        for name in sorted(book.namelist()):
            yield f"!{name}", book.read(name)


def first_difference(old: bytes, new: bytes) -> str:
    """Return where two texts part, with what stands around that place."""
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    a, b = (text[max(at - AROUND, 0) : at + AROUND].decode("utf-8", "replace") for text in (old, new))
    return f"byte {at}:\n    old ...{a!r}\n    new ...{b!r}"


def numbers_of(path: Path) -> dict[str, list[float]]:
    """Return the numbers of a workbook by sheet in their order, or those of a JSON document."""
    if path.suffix == ".json":
        return {"": list(_numbers(json.loads(path.read_text(encoding="utf-8"))["tables"]))}
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    return {
        str(i): [float(c) for row in sheet.values for c in row if isinstance(c, (int, float)) and c is not True]
        for i, sheet in enumerate(book.worksheets)
    }


def _numbers(thing: object) -> Iterator[float]:
    if isinstance(thing, dict):
        thing = list(thing.values())
    if isinstance(thing, list):
        for one in thing:
            yield from _numbers(one)
    elif isinstance(thing, (int, float)) and not isinstance(thing, bool):
        yield float(thing)


def differences(old: Path, new: Path, numbers: bool) -> Iterator[str]:
    """Yield a line for every document that differs."""
    files = sorted({p.relative_to(side) for side in (old, new) for p in side.rglob("*") if p.is_file()})
    for name in files:
        if not (old / name).is_file() or not (new / name).is_file():
            yield f"{name}: only {'old' if (old / name).is_file() else 'new'} writes it"
        elif numbers:
            yield from _other_numbers(name, old / name, new / name)
        else:
            before, after = dict(parts(old / name)), dict(parts(new / name))
            for part in sorted(before.keys() | after.keys()):
                a, b = before.get(part, b""), after.get(part, b"")
                if a != b:
                    yield f"{name}{part}: {first_difference(a, b)}"


def _other_numbers(name: Path, old: Path, new: Path) -> Iterator[str]:
    before, after = numbers_of(old), numbers_of(new)
    for sheet in sorted(before.keys() | after.keys()):
        a, b = sorted(before.get(sheet, [])), sorted(after.get(sheet, []))
        if len(a) != len(b):
            yield f"{name} {sheet}: {len(a)} numbers, then {len(b)}"
        else:
            apart = [(x, y) for x, y in zip(a, b, strict=True) if abs(x - y) > TOLERANCE * max(1.0, abs(x))]
            if apart:
                yield f"{name} {sheet}: {len(apart)} numbers differ, first {apart[0][0]!r} and {apart[0][1]!r}"


def main() -> int:
    """Write with both checkouts at once, compare, and say what differs; 0 if nothing does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--chains", default=",".join(CHAINS))
    parser.add_argument("--numbers", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder in which the documents stay")
    asked = parser.parse_args()
    chains = asked.chains.split(",")
    with tempfile.TemporaryDirectory() as temporary:
        home = (asked.keep or Path(temporary)).resolve()
        sides = [home / "old", home / "new"]
        for side in sides:
            side.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(2) as pool:
            given = zip((asked.old, asked.new), sides, strict=True)
            jobs = [pool.submit(write, one.resolve(), chains, asked.numbers, side) for one, side in given]
            failed = [f"{side.name}: {line}" for job, side in zip(jobs, sides, strict=True) for line in job.result()]
        found = [*failed, *differences(*sides, asked.numbers)]
    print("\n".join(found) or f"{len(chains)} chains: the same")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
