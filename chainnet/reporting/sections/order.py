"""The sections of the report in their order, and how text refers to one."""

from __future__ import annotations

__all__ = ["ORDER", "see"]

# the first bears no number
ORDER = (
    "answer",
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


def see(section: str) -> str:
    """Return the sentence that sends a reader to a section."""
    return f"See section {ORDER.index(section)}."
