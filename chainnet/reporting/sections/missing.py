"""What does the graph not hold at all, and how is it added? For whoever hands in a graph of their own."""

from __future__ import annotations

import pandas as pd

from chainnet.assessment import missing
from chainnet.reporting import columns as col
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Sentence, stands
from chainnet.reporting.order import table_id
from chainnet.words import first_capital, join


def _missing(facts: Facts) -> pd.DataFrame | None:
    found = missing(facts.network, facts.a.asked)
    return found if len(found) else None


missing_table = col.Table(
    "missing",
    "Missing",
    "What the graph does not hold, and how to add it",
    rows=_missing,
    columns=(
        col.text("what", "Missing", "kind of data", lambda _, row: first_capital(row["what"])),
        col.text("lacks", "What cannot be said without it", "what no answer says, or what stands in"),
        col.text("add", "How to add it", "table and column, or option"),
    ),
    subtitle="Kinds of data of which the graph holds nothing at all; single gaps stand in {gaps}.",
    note="“chainnet check” checks the tables; “chainnet init” writes a small graph to start from.",
    stands=stands("n/a"),
)


def missing_words(facts: Facts) -> tuple[Sentence, ...]:
    """Return in a sentence what the graph does not hold; nothing where it holds all."""
    found = _missing(facts)
    if found is None:
        return ()
    kinds = join(found.index.tolist())
    text = f"{kinds}; {table_id('missing')} says what cannot be answered without them, and how to add them."
    return (Sentence(text, ("missing",), "Not in the graph:"),)
