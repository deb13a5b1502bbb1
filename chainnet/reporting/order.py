"""The sections, tables and figures of the report in their order; their numbers, and how text refers to them."""

from __future__ import annotations

ORDER = (
    "asked",
    "chain",
    "losses",
    "served",
    "rerouting",
    "projects",
    "stocks",
    "money",
    "blocs",
    "sure",
    "assumed",
    "method",
)
# by key, in the order in which they are printed: the place here is the number that people read
TABLES = (
    *("scenarios", "measures", "steps", "costs_most"),
    *("sites", "countries", "owners", "operators", "steps_by_country", "sets", "pairs"),
    *("over_time", "endurance", "served", "layers", "by_country", "bracket", "exposure"),
    *("levels", "levels_by_scenario", "levels_over_time", "stocks_held"),
    *("helps_most", "projects", "effects", "advice", "complements", "portfolio"),
    *("requirement", "mitigation", "stocks", "floors", "idle", "split", "balance"),
    *("uncertainty", "ranks", "sensitivity", "limiting", "dependencies"),
    *("coverage", "relations", "assumptions", "gaps", "missing"),
    *("nodes", "end_uses", "sources", "certificates", "indices", "digests"),
)
# too long or too far from the question for paper: the PDF names them
ON_SCREEN = frozenset(
    {
        *("measures", "owners", "operators", "pairs", "over_time", "levels_by_scenario", "levels_over_time"),
        *("ranks", "coverage", "digests"),
    }
)
FIGURES = (
    *("break", "course", "response", "cost_curve"),
    *("holders", "losses", "sets", "months", "courses", "endurance", "long_run", "exposure"),
    *("projects", "frontier", "stocks", "floors", "sides", "ranges", "coverage"),
)


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


def see(section: str) -> str:
    """Return the sentence that sends a reader to a section."""
    return f"See section {ORDER.index(section) + 1}."
