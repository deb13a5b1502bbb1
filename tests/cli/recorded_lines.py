"""Command lines on record: what each prints and how it ends, as table, csv and json.

The lines stand in ``lines.toml`` by name, what they print in ``lines.json``; ``test_cli_recorded.py`` gives them again.
{here} stands for a folder with the small graphs and files below. After a change that is meant, look at what changed:

    python tests/cli/recorded_lines.py && git diff tests/cli
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import sys
import tempfile
import tomllib
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]

import recorded_answers as answers  # noqa: E402
from conftest import line, two_tier  # noqa: E402
from project_networks import SITE  # noqa: E402
from scenario_networks import YARD  # noqa: E402

import chainnet as cn  # noqa: E402
from chainnet.cli import main  # noqa: E402
from chainnet.cli.progress import PLAIN  # noqa: E402

CERTIFICATE = re.compile(r"gap [\d.e+-]+, largest breach [\d.e+-]+(, second solver [\d.e+-]+)?")
DIGEST = re.compile(r"(?<!\.)\b[0-9a-f]{12,64}\b")
FILES = {
    "slow.csv": "id,periods\nH_CN,2\nG_CN,0.5\n",
    "edges_slow.csv": 'id,periods\n"H_CN,G_CN",2\n',
    "twice.csv": "id,periods\nH_CN,2\nH_CN,1\n",
    "word.csv": "id,periods\nH_CN,long\n",
    "columns.csv": "name,periods\nH_CN,2\n",
    "ragged.csv": "id,periods\nH_CN,2,3\n",
    "stop.toml": 'label = "Stop"\n[[measures]]\nkind = "remove"\nnodes = ["H_CN"]\n',
    "half.toml": 'probability = 0.5\n[[measures]]\nkind = "scale"\nnodes = ["H_CN"]\nshare = 0.5\n',
    "trade.csv": "exporter,importer,commodity,reported_export,reported_import\nCHN,DEU,germanium,10,12\n",
    "calm.toml": 'label = "Calm"\n',
    "bad.toml": '[[measures]]\nkind = "remve"\n',
}
SCENARIOS = {
    "cut": [{"kind": "remove", "where": {"country": "CHN"}, "start_month": 2, "months": 6}],
    "dry": [{"kind": "scale", "nodes": ["mine_a"], "share": 0.5}],
}


def lay_out(folder: Path) -> None:
    """Write the graphs and files that lines name."""
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    stocks = YARD.stocks[~YARD.stocks["id"].isin(["s_lost", "s_sunk"])]
    for net in (YARD.with_table("stocks", stocks), SITE, line(), two_tier()):
        cn.write(net, folder / net.name)
    (folder / "yard" / "scenarios").mkdir()
    for name, measures in SCENARIOS.items():
        text = cn.Scenario(name, measures, label=name.title()).to_toml()
        (folder / "yard" / "scenarios" / f"{name}.toml").write_text(text, encoding="utf-8")
    faulty = folder / "faulty"
    faulty.mkdir()
    (faulty / "nodes.csv").write_text("id,stage\nm,mine\nm,mine\nu,shop\n", encoding="utf-8")
    (faulty / "edges.csv").write_text("source,target,capacity_tpa\nm,x,-3\n", encoding="utf-8")


def lines() -> dict[str, str]:
    """Command lines by name."""
    return tomllib.loads((HERE / "lines.toml").read_text(encoding="utf-8"))


def give(line: str, folder: Path) -> dict[str, Any]:
    """Give a command line in the folder: how it ends and what it prints, with what differs by machine left out."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    words = ["chainnet", *shlex.split(line.replace("{here}", "."))]
    environment = {name: value for name, value in os.environ.items() if name != "CHAINNET_DEBUG"}
    before = stamps(folder)
    argv, surroundings = patch.object(sys, "argv", words), patch.dict(os.environ, environment, clear=True)
    with argv, surroundings, chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    found: dict[str, Any] = {"code": code}
    told = "".join(line for line in err.getvalue().splitlines(True) if not line.startswith(PLAIN))  # hangs on time
    said = {"out": out.getvalue(), "err": "" if code == 2 else told}  # usage is worded by click
    for name, text in said.items():
        if name == "out" and text.startswith("{"):
            found["json"] = answers.gathered(answers.plain(json.loads(text)))
            ordered = json.dumps(json.loads(text), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
            found["written"] = "as always" if text == ordered else text
        elif text:
            found[name] = tidy(text, folder).split("\n")
    new = [path for path, stamp in stamps(folder).items() if before.get(path) != stamp]
    if new:
        found["files"] = {path: inside(folder / path, folder) for path in sorted(new)}
    return found


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """When each file was written, and its size."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def inside(path: Path, folder: Path) -> list[str]:
    """What is to be read in a file: text as it is, the words of a drawing, the heading of a page."""
    if path.suffix in (".toml", ".txt"):
        return tidy(path.read_text(encoding="utf-8"), folder).split("\n")
    if path.suffix == ".svg":
        return re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text(encoding="utf-8"))
    return re.findall(r"<title>(.*)</title>", path.read_text(encoding="utf-8"))[:1] if path.suffix == ".html" else []


def tidy(text: str, folder: Path) -> str:
    """Leave out what differs from one machine or release to the next."""
    text = text.replace(str(folder), "{here}")
    return DIGEST.sub("...", CERTIFICATE.sub(r"gap ..., largest breach ...", text))


def main_record() -> None:
    """Give every line again, and put what it prints on record."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        found = {title: give(line, folder) for title, line in lines().items()}
    print(f"{len(found)} lines, {answers.write(HERE / 'lines.json', found)} bytes")


def differences(now: dict[str, Any], then: dict[str, Any]) -> list[str]:
    """Where two outputs differ; a line of text also where only its blanks do, if all its numbers are the same."""
    found = []
    for key in dict.fromkeys([*then, *now]):
        one, two = now.get(key), then.get(key)
        if key in ("out", "err") and one and two and len(one) == len(two):
            found += [f"{key}: {a!r}, on record {b!r}" for a, b in zip(one, two, strict=True) if not same(a, b)]
        else:
            found += answers.differences(one, two, key)
    return found


def same(a: str, b: str) -> bool:
    """Say whether two lines say the same, numbers to one part in a hundred thousand."""
    if a == b:
        return True
    parts = list(zip(a.split(), b.split(), strict=False))
    if len(a.split()) != len(b.split()) or all(x == y for x, y in parts):
        return False
    return all(x == y or near(x, y) for x, y in parts)


def near(x: str, y: str) -> bool:
    """Say whether two words are numbers that are nearly the same."""
    try:
        p, q = (float(word.replace(",", "")) for word in (x, y))
    except ValueError:
        return False
    return abs(p - q) <= 1e-5 * max(abs(p), abs(q)) + 1e-9


if __name__ == "__main__":
    main_record()
