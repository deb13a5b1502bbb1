"""What chainnet stands on: the packages that it needs, their versions and licences, and what each is used for."""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution, metadata, requires

import pandas as pd

from chainnet.errors import DataError

# every package that pyproject.toml asks for, but those for the work on chainnet itself
USES = {
    "numpy": "arrays",
    "scipy": "sparse matrices, distributions, a second solver",
    "pandas": "tables",
    "networkx": "graphs in and out, betweenness",
    "igraph": "graphs in and out, max flow a second time to prove it",
    "numba": "compiled max flow and removals",
    "pyvis": "vis-network, which draws the graph in a page",
    "highspy": "HiGHS, the linear and integer solver",
    "jinja2": "pages",
    "openpyxl": "workbooks in and out",
    "pycountry": "names and codes of countries",
    "typer": "command line",
    "rich": "progress on the command line",
    "matplotlib": "figures of the report",
    "typst": "PDF",
    "font-source-sans-pro": "type of the report",
    "xlsxwriter": "workbook of the report",
    "distributed": "draws on other machines",
    "pyarrow": "Parquet, large trade tables",
    "cryptography": "signatures of joint answers",
}
_OWN_WORK = ("dev", "bench", "all")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")
# whoever hands on a work with these in it owes its source, in whole or of that part
_STRONG = re.compile(r"\bA?GPL|(?<!Lesser )(?<!Library )General Public License|Affero", re.IGNORECASE)
_WEAK = re.compile(
    r"\bLGPL|Lesser General Public|Library General Public|\bMPL|Mozilla|\bEPL|Eclipse|CDDL", re.IGNORECASE
)
_LONGEST = 100  # of words that name a licence; some packages put its whole text there


def licences() -> pd.DataFrame:
    """List the packages that chainnet needs, directly or through another, as they are installed here.

    Nothing is asked of a network: what the packages say of themselves is read. What only the work on chainnet itself
    needs (tests, benchmarks) is left out.

    Returns
    -------
    DataFrame, one row per package, index ``package``: those that chainnet names first
        version : that is installed, missing where it is not. licence : in the package's own words. copyleft : "strong"
        (whoever hands on a whole with it owes the source of the whole), "weak" (of that package), else empty; read from
        the words, so no advice of a lawyer. part : "core", or the extras that bring it. used_for : what for.

    Raises
    ------
    DataError
        If chainnet runs from a tree that nobody installed.
    """
    try:
        asked = requires("chainnet") or []
    except PackageNotFoundError:
        raise DataError("licences: chainnet is not installed here. Install it: pip install .") from None
    parts: dict[str, list[str]] = {}
    for line in asked:
        extra = _EXTRA.search(line)
        part = extra[1] if extra else "core"
        if part not in _OWN_WORK:
            parts.setdefault(_plain(line), []).append(part)
    rows = [_row(name, ", ".join(mine), USES.get(name, "")) for name, mine in sorted(parts.items(), key=_place)]
    rows += [_row(name, "through others", f"needed by {', '.join(by)}") for name, by in _behind(list(parts)).items()]
    columns = ["package", "version", "licence", "copyleft", "part", "used_for"]
    return pd.DataFrame(rows, columns=columns, dtype="str").set_index("package")


def _place(item: tuple[str, list[str]]) -> tuple[bool, int]:
    name, parts = item
    return "core" not in parts, list(USES).index(name) if name in USES else len(USES)


def _plain(requirement: str) -> str:
    """Return the name that a requirement begins with, as indexes write it."""
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _behind(named: list[str]) -> dict[str, list[str]]:
    """Return the installed packages that these need and do not name, by name, with who needs them."""
    found: dict[str, list[str]] = {}
    todo = list(named)
    while todo:
        by = todo.pop()
        for name in sorted({_plain(line) for line in _requires(by) if not _EXTRA.search(line)}):
            if name in named or name == "chainnet" or _metadata(name) is None:
                continue
            if name not in found:
                todo.append(name)
            found.setdefault(name, []).append(by)
    return {name: sorted(by) for name, by in sorted(found.items())}


def _requires(name: str) -> list[str]:
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def _metadata(name: str) -> PackageMetadata | None:
    try:
        return metadata(name)
    except PackageNotFoundError:
        return None


def _row(name: str, part: str, use: str) -> tuple[str, str | None, str | None, str, str, str]:
    said = _metadata(name)
    if said is None:
        return name, None, None, "", part, use
    licence = _licence(said)
    strength = "weak" if _WEAK.search(licence) else "strong" if _STRONG.search(licence) else ""
    return name, said["Version"], licence, strength, part, use


def _licence(said: PackageMetadata) -> str:
    """Return what a package says of its licence: an expression, else words, else a class of licences."""
    expression, words = (
        " ".join(" ".join(said.get_all(key) or []).split()) for key in ("License-Expression", "License")
    )
    classes = [
        line.rpartition("::")[2].strip() for line in said.get_all("Classifier") or [] if line.startswith("License")
    ]
    if expression or (words and len(words) <= _LONGEST and not classes):
        return expression or words
    return " or ".join(classes) or (f"{words[:_LONGEST]}..." if words else "not stated")
