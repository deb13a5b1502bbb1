"""What a stranger needs to make the report again, and to see that it is the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from hashlib import sha256

from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import ReportTable, Sentence, make_table, stands
from chainnet.reporting.order import table_id
from chainnet.results import package_version
from chainnet.words import gap

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
    allowed = ", ".join(gap(value) for value in sorted(set(facts.a.certificates["tolerance"])))
    versions = ", ".join(f"{package} {package_version(package)}" for package in PACKAGES)
    return (
        Sentence(f"chainnet {source['version']}; {versions}; solver {source['solver']}.", (), "Version."),
        Sentence(f"{network.name}, SHA-256 {source['digest']}.", (), "Input digest."),
        Sentence(settings, (), "Settings."),
        Sentence(f"{allowed}, relative, of gap and largest breach ({table_id('certificates')}).", (), "Tolerance."),
        Sentence("0 (random orders of the fair shares and draws of the ranges); nothing else is random.", (), "Seed."),
        Sentence(_command(facts, asked), (), "Command."),
        Sentence(
            "run the command again on the same input and versions and compare the files byte by byte; with other "
            f"versions compare the digests of {table_id('digests')}: a table that differs has its own line.",
            ("digests",),
            "To verify.",
        ),
    )


def _command(facts: Facts, asked: Mapping[str, str]) -> str:
    """Return the command line that makes the report again; scenarios of one's own go with their files."""
    settings = facts.a.provenance["settings"]
    words = ["chainnet", "report", facts.network.name, "--out", "out", "--months", str(settings["months"])]
    words += [word for year in settings["years"] for word in ("--year", str(year))]
    words += ["--draws", str(settings["draws"])]
    words += ["--as-of", settings["as_of"]] if "as_of" in settings else []
    order = settings.get("order", "")  # a table of stages goes with its file, as scenarios of one's own do
    given = {"order": "stages.csv" if order == "stages" else order, "start": str(settings["start"]), **asked}
    words += [word for name, value in given.items() if value for word in (f"--{name}", value)]
    return " ".join(shlex.quote(word) for word in words)


def digest_table(facts: Facts, tables: Sequence[ReportTable]) -> ReportTable:
    """Return a digest of every scenario and of every table as printed in full."""
    columns = [
        col.text("kind", "What", "scenario or table"),
        col.text("name", "Name", "name of the scenario, or number and title of the table"),
        col.text("digest", "Digest", f"first {SHOWN} digits of its SHA-256", lambda _, row: _digest(row["words"])),
    ]
    asked = sorted(facts.a.asked.items())
    # an empty row at the end, as reports have always had it: digests of older ones stay comparable
    cells = [[*([cell.text for cell in row] for row in table.rows), []] for table in tables]
    rows = [{"kind": "scenario", "name": name, "words": scenario.to_toml()} for name, scenario in asked]
    rows += [
        {"kind": "table", "name": f"{table.id} {table.title}", "words": json.dumps(said, ensure_ascii=False)}
        for table, said in zip(tables, cells, strict=True)
    ]
    return make_table(
        columns,
        rows,
        key="digests",
        sheet="Digests",
        title="Digests of the scenarios and tables",
        subtitle=f"First {SHOWN} digits of SHA-256: of a scenario's TOML, of a table's cells as printed, all rows.",
        note="Two reports with the same digests say the same.",
        **stands("n/a"),
    )


def _digest(words: str) -> str:
    return sha256(words.encode("utf-8")).hexdigest()[:SHOWN]
