"""A table as Markdown; what comes from the data makes no column, link, image or HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chainnet.reporting.model import ReportTable
from chainnet.words import NBSP


def markdown_table(table: ReportTable, keys: Sequence[str]) -> str:
    """Return some columns of a table, by key and in that order, without a line end behind the last row."""
    heads = {column.key: column.head for column in table.columns}
    rows = [[marked(heads[key]) for key in keys], ["---"] * len(keys)]
    rows += [[marked(row[key].text) for key in keys] for row in table.records()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows).replace(NBSP, " ")


def marked(text: Any) -> str:
    """Return text that Markdown shows as it stands, on one line."""
    flat = "".join(c if c.isprintable() else " " for c in str(text))
    return re.sub(r"([\\`*_{}\[\]<>|#~&])", r"\\\1", flat)
