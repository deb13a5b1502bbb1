"""The sections, tables and figures of the report in their order; their numbers, and how text refers to them."""

from __future__ import annotations

ORDER = ("chain", "losses", "served", "helping", "stocks", "decides", "sure", "made")
# by key, in the order in which they are printed: the place here is the number that people read
TABLES = (
    *("scenarios", "bottleneck", "steps", "sites", "steps_by_country", "countries", "owners", "operators"),
    *("sets", "pairs"),
    *("over_time", "served", "layers", "by_country", "bracket", "exposure"),
    *("levels", "helps_most", "advice", "projects", "effects", "complements", "portfolio"),
    *("requirement", "stocks", "balance", "floors", "market", "instruments"),
    *("statements", "market_inputs", "split", "ways", "exceedance", "hazards"),
    *("dependencies", "uncertainty", "ranks", "sensitivity", "limiting", "coverage", "relations"),
    *("assumptions", "gaps", "missing", "measures", "sources", "certificates", "indices", "digests"),
)
FIGURES = (
    *("break", "course", "response", "cost_curve", "holders", "courses", "stocks", "prices", "instruments"),
    *("ways", "ranges", "coverage"),
)


def section_id(name: str) -> str:
    """Return the name of the place where a section stands, such as s3; its number is that of its heading."""
    return f"s{ORDER.index(name) + 1}"


def table_id(key: str) -> str:
    """Return what a table is called in print, such as T5; one of several years bears its year, T24.2030.

    A key that is not in the list, such as that of an input, is its own name.
    """
    name, dot, year = key.partition(".")
    return f"T{TABLES.index(name) + 1}{dot}{year}" if name in TABLES else key


def table_ids() -> dict[str, str]:
    """Return what each table is called in print, by key: what a text that names tables is filled with."""
    return {key: table_id(key) for key in TABLES}


def figure_id(key: str) -> str:
    """Return what a figure is called in print, such as F2."""
    return f"F{FIGURES.index(key) + 1}" if key in FIGURES else key
