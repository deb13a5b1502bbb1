"""What alone makes another class of a shortfall, or another bottleneck."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.assessment._answers import Answers
from chainnet.doubt import JUDGED, class_of, in_words, is_weak
from chainnet.words import place_words


def dependencies(
    answers: Answers, table: pd.DataFrame, tier: str, narrow: tuple[str, str]
) -> tuple[dict[str, Any], ...]:
    """Return what alone makes another class of a tier's shortfall, or another bottleneck: plants before judgements.

    Parameters
    ----------
    answers : Answers
    table : DataFrame
        Of the tier's ``KeyAssumptions``.
    tier : str
    narrow : (str, str)
        Step and country of the bottleneck, blank = none.

    Returns
    -------
    tuple of dict
        kind, id, label, variant, tier, does (class, bottleneck), then (the class, or the step and its country), and of
        a class low_share and high_share, what is then due (they differ where who of several is short is a tie).
    """
    moves = table["what"].str.split(";").map(lambda words: "class" in words).astype(bool)
    rows = table[moves].assign(size=-table.loc[moves, "change_share"].abs().round(9))
    rows = rows.assign(judged=rows["kind"].isin(JUDGED))
    rows = rows.sort_values(["judged", "size", "id"], kind="stable").drop_duplicates(["kind", "id"])
    found = [
        {
            "kind": str(row["kind"]),
            "id": str(row["id"]),
            "label": in_words(row),
            "variant": str(row["variant"]),
            "tier": tier,
            "does": "class",
            "then": class_of(float(row["due_share"])),
            "low_share": float(row["due_low_share"]),
            "high_share": float(row["due_high_share"]),
        }
        for row in rows.to_dict("records")
    ]
    n_plants = int((~rows["judged"]).sum())
    return (*found[:n_plants], *_moved(answers, tier, narrow), *found[n_plants:])


def _moved(answers: Answers, tier: str, narrow: tuple[str, str]) -> list[dict[str, Any]]:
    """Return the doubtful plants without which the bottleneck is another one."""
    if not all(narrow):
        return []
    nodes, labels = answers.network.nodes, answers.network.labels
    doubted = nodes.loc[is_weak(nodes) & (nodes["stage"] != "end_use"), "id"]
    rows = answers.without(answers.named(tier), narrow, tuple(doubted))
    return [
        {
            "kind": "node",
            "id": str(row["id"]),
            "label": f"without {labels[row['id']]}",
            "variant": "absent",
            "tier": tier,
            "does": "bottleneck",
            "then": place_words(str(row["step"]), str(row["country"])),
            "low_share": np.nan,
            "high_share": np.nan,
        }
        for row in rows.to_dict("records")
    ]
