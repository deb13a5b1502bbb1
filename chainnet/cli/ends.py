"""Both ends of who is served first, said below an answer; nothing where all demand counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

BLANK, UNIT = " ", "t/a"


def short_line(table: pd.DataFrame, head: str = "") -> dict[str, str]:
    """Return the line on what goes short, tier by tier.

    Parameters
    ----------
    table : DataFrame, index tier
        demand_tpa, shortfall_after_tpa, shortfall_before_tpa, t/a.
    head : str
        What it is about.
    """
    from chainnet.words import ends_sentence

    columns = ("demand_tpa", "shortfall_after_tpa", "shortfall_before_tpa")
    tiers = [tier if isinstance(tier, str) else "demand" for tier in table.index]
    rows = list(zip(tiers, *(table[c].astype(float) for c in columns), strict=True))
    return {"ends": head + ends_sentence(rows, UNIT, BLANK)}


def loss_line(table: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the line on the largest single loss (``loss_ends``)."""
    after, before = (table.loc[end] for end in ("after", "before"))
    one, other = _loss(after, labels), _loss(before, labels)
    if one == other:
        return {"ends": f"largest single loss {one}, whoever is served first"}
    return {"ends": f"largest single loss {one} if the others are served after, {other} if before"}


def cost_line(after: pd.DataFrame, before: pd.DataFrame, unit: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the line on the largest cost of an exposure, the others served after and before."""
    one, other = (_cost(table, unit, labels) for table in (after, before))
    if one == other:
        return {"ends": f"largest cost {one}, whoever is served first"}
    return {"ends": f"largest cost {one} if the others are served after, {other} if before"}


def _cost(table: pd.DataFrame, unit: str, labels: Mapping[str, str]) -> str:
    from chainnet.words import number

    most = float(table["cost_usd"].max()) if len(table) else 0.0
    if most <= 0:
        return f"0 {unit}"
    tied = int((table["cost_usd"] >= most * (1 - 1e-9)).sum()) - 1
    first = table.index[0]
    name = " / ".join(first) if isinstance(first, tuple) else labels.get(str(first), str(first))
    return f"{number(most)} {unit} ({name}{f' and {tied} more' if tied else ''})"


def _loss(row: Any, labels: Mapping[str, str]) -> str:
    from chainnet.words import number, percent

    if not row["lost_tpa"] > 0:
        return f"0 {UNIT}"
    tied = f" and {row['n_tied']} more" if row["n_tied"] else ""
    share = f"{percent(row['lost_share'], BLANK)} of {number(row['base_tpa'])}"
    return f"{number(row['lost_tpa'])} {UNIT} ({share}; {labels.get(row['name'], row['name'])}{tied})"
