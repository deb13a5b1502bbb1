"""What a restriction alone costs, over every judgement: the range, the class and how firm it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet.doubt._changes import OPENED
from chainnet.doubt._judgements import CENTRAL, LAST
from chainnet.doubt._verdict import apart
from chainnet.doubt._words import in_words
from chainnet.engine import CERTAIN
from chainnet.words import percent

# kinds of variation behind each square of a finding
SQUARES: Mapping[str, tuple[str, ...]] = {
    "order": ("order",),
    "rerouting": ("rerouting",),
    "demand": ("demand", "input"),
    "plants": ("node", "process", "project", "stock"),
    "links": ("relation", "slack", "density"),
}
# kinds of which every variation is a judgement of the range; of plants only those that are absent
JUDGED = ("order", "rerouting", "demand", "slack", "density")
STRESS_TEST = f"order:{LAST}"
# part of the draws in which the central class holds at the least, and classes that no order and no plant alone may move
HOLDS, JUMP = 0.5, 2
MOST_NAMED = 3
# an input that moves a tier past its range by less is not named beside it
PAST = 0.01


def range_table(table: pd.DataFrame, central: pd.DataFrame, class_share: pd.Series) -> pd.DataFrame:
    """Return between what shares of demand a restriction costs each tier.

    Parameters
    ----------
    table, central : DataFrame
        Of ``KeyAssumptions``.
    class_share : Series, index tier

    Returns
    -------
    DataFrame, index tier
        See ``KeyAssumptions.range``.
    """
    rows = []
    for tier, base in central.iterrows():
        mine = table[table["tier"] == tier]
        last = mine.loc[mine["id"] == STRESS_TEST, "due_share"]
        plants = (mine["kind"] == "node") & (mine["variant"] == "absent")
        plants &= ~contradicts(mine["shortfall_share"] - mine["due_share"], mine["due_share"], base)
        judged = mine[mine["kind"].isin(JUDGED) & (mine["id"] != STRESS_TEST) | plants]
        # of equal ends the first: the central case leads
        names = [CENTRAL, *judged["id"].where(judged["kind"] != "node", "node:" + judged["id"])]
        low = np.array([base["due_low_share"], *judged["due_low_share"]])
        high = np.array([base["due_high_share"], *judged["due_high_share"]])
        least, most = int(low.round(9).argmin()), int(high.round(9).argmax())
        rows.append(
            {
                "tier": tier,
                "central_share": base["due_share"],
                "low_share": low[least],
                "high_share": high[most],
                "already_share": base["already_share"],
                "low_by": names[least],
                "high_by": names[most],
                "class_share": float(class_share[str(tier)]),
                "last_share": float(last.iloc[0]) if len(last) else np.nan,
            }
        )
    return pd.DataFrame(rows).set_index("tier")


def contradicts(already: Any, due: Any, base: Mapping[Any, Any] | pd.Series) -> Any:
    """Say where a plant or link that is otherwise leaves more short without any restriction, and so less due to one.

    Nobody saw that shortage in the base year. So it speaks against such a variation, and not for a milder restriction.

    Parameters
    ----------
    already, due : float, or Series
        Shares of demand under the variation.
    base : mapping
        already_share and due_share of the central case.
    """
    return (already > base["already_share"] + CERTAIN) & (due < base["due_share"])


def changes_class(rows: pd.DataFrame) -> pd.Series:
    """Return which variations of a tier put it into another class."""
    return rows["what"].str.split(";").map(lambda words: "class" in words).astype(bool)


def firmness(rows: pd.DataFrame) -> pd.Series:
    """Return, by kind of doubt, whether no variation of a tier puts it into another class."""
    moving = set(rows.loc[changes_class(rows), "kind"])
    squares = {name: not moving & set(kinds) for name, kinds in SQUARES.items()}
    return pd.Series(squares, name="is_firm", dtype=bool)


def jumps(rows: pd.DataFrame, central_share: float) -> pd.DataFrame:
    """Return the orders of service and the named plants that alone move a tier by two classes."""
    alone = (rows["kind"] == "order") & (rows["id"] != STRESS_TEST)
    alone |= (rows["kind"] == "node") & (rows["id"] != OPENED)
    far = rows["due_share"].map(lambda share: apart(share, central_share) >= JUMP).astype(bool)
    return rows[alone & far & changes_class(rows)]


def beyond(rows: pd.DataFrame, ends: Mapping[Any, Any]) -> list[str]:
    """Return the weak inputs that alone move a tier furthest out of its range, in words: the least, then the most.

    The range holds judgements only; a reader who sees it alone would take its ends for the least and the most.

    Parameters
    ----------
    rows : DataFrame
        The variations of a tier, of ``KeyAssumptions.table``.
    ends : mapping
        Its range.
    """
    already = rows["shortfall_share"] - rows["due_share"]
    base = {"already_share": ends["already_share"], "due_share": ends["central_share"]}
    rows = rows[(rows["id"] != STRESS_TEST) & ~contradicts(already, rows["due_share"], base)]
    said = []
    for end, sign in (("low", -1.0), ("high", 1.0)):
        past = (sign * (rows[f"due_{end}_share"] - ends[f"{end}_share"])).round(9)
        if past.max() >= PAST:
            row = rows.loc[past.idxmax()].to_dict()
            said.append(f"{'up' if sign > 0 else 'down'} to {percent(row[f'due_{end}_share'], ' ')} {in_words(row)}")
    return said


def deciders(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows of what puts a tier into another class, what moves it most first, each thing once."""
    rows = rows[changes_class(rows)]
    rows = rows.assign(size=-rows["change_share"].abs().round(9)).sort_values("size", kind="stable")
    return rows.drop_duplicates(["kind", "id"]).head(MOST_NAMED).to_dict("records")
