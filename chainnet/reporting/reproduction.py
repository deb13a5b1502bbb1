"""What a stranger needs to make the report again, and to see that it is the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version

from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Sentence, Table, make_table
from chainnet.reporting.tables import GIVEN, text

__all__ = ["digest_table", "reproduction"]

# what decides the last digits of an answer
PACKAGES = ("highspy", "numpy", "pandas", "scipy")
SHOWN = 16


def reproduction(facts: Facts, asked: Mapping[str, str]) -> tuple[Sentence, ...]:
    """Return versions, digest, settings, tolerance, seed, command, and how to verify.

    Parameters
    ----------
    facts : Facts
    asked : mapping of str to str
        title, author and marking as they were given; "" = none.
    """
    source, network = facts.a.provenance, facts.network
    settings = json.dumps(source["settings"], sort_keys=True, ensure_ascii=False)
    allowed = ", ".join(f"{value:.0e}" for value in sorted(set(facts.a.certificates["tolerance"])))
    return (
        Sentence(f"chainnet {source['version']}; {', '.join(_versions())}; solver {source['solver']}.", (), "Version."),
        Sentence(f"{network.name}, SHA-256 {source['digest']}.", (), "Input digest."),
        Sentence(settings, (), "Settings."),
        Sentence(f"{allowed}, relative, of gap and largest breach (T20).", (), "Tolerance."),
        Sentence("0 (random orders of the fair shares and draws of the ranges); nothing else is random.", (), "Seed."),
        Sentence(_command(facts, asked), (), "Command."),
        Sentence(
            "run the command again on the same input and versions and compare the files byte by byte; with other "
            "versions compare the digests of T24: a table that differs has its own line.",
            ("T24",),
            "To verify.",
        ),
    )


def _versions() -> list[str]:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"{package} unknown")
    return found


def _command(facts: Facts, asked: Mapping[str, str]) -> str:
    """Return the command line that makes the report again; scenarios of one's own go with their files."""
    settings = facts.a.provenance["settings"]
    words = ["chainnet", "report", facts.network.name, "--out", "out", "--months", str(settings["months"])]
    words += [word for year in settings["years"] for word in ("--year", str(year))]
    words += ["--draws", str(settings["draws"])]
    given = {"start": str(settings["start"]), **asked}
    words += [word for name, value in given.items() if value for word in (f"--{name}", value)]
    return " ".join(shlex.quote(word) for word in words)


def digest_table(facts: Facts, made: Mapping[str, Table]) -> Table:
    """Return T24: a digest of every scenario and of every table as printed in full."""
    rows = [["scenario", name, _digest(scenario.to_toml())] for name, scenario in sorted(facts.a.asked.items())]
    for key, table in made.items():
        cells = [[cell.text for cell in row] for row in (*table.rows, table.total)]
        rows.append(["table", f"{key} {table.title}", _digest(json.dumps(cells, ensure_ascii=False))])
    return make_table(
        [
            text("kind", "What", "scenario or table"),
            text("name", "Name", "name of the scenario, or number and title of the table"),
            text("digest", "Digest", f"first {SHOWN} digits of its SHA-256"),
        ],
        rows,
        id="T24",
        sheet="Digests",
        title="Digests of the scenarios and tables",
        subtitle=f"First {SHOWN} digits of SHA-256: of a scenario's TOML, of a table's cells as printed, all rows.",
        note="Two reports with the same digests say the same.",
        status=GIVEN,
        grade="n/a",
    )


def _digest(words: str) -> str:
    return sha256(words.encode("utf-8")).hexdigest()[:SHOWN]
