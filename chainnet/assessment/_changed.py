"""What changed between two networks beside shortfalls: who holds how much of each step, whose loss costs most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from chainnet._types import Words
from chainnet.assessment._in_turn import Count
from chainnet.criticality import chokepoints
from chainnet.errors import DataError
from chainnet.indicators import concentration
from chainnet.network import Network
from chainnet.words import counted, percent, tonnes

FIRST = 5  # losses of each side that are set side by side
_STEPS = ["stage", "step", "commodity", "hhi_before", "hhi_after", "change", "top_before", "top_after",
          "top_share_before", "top_share_after"]  # fmt: skip
_LOSSES = ["country", "lost_tpa_before", "lost_tpa_after", "change", "lost_share_before", "lost_share_after"]
_LEAST = 5e-4  # change of a share that is worth a word


def concentrations(old: Network, new: Network) -> pd.DataFrame:
    """Compare who holds how much of what each step makes; the largest change of the HHI first."""
    sides = []
    for network in (old, new):
        table = concentration(network).reset_index()
        sides.append(table.assign(step=table.get("step", "")))
    keys = ["stage", "step", "commodity"]
    both = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("_before", "_after"))
    return _sorted(both.assign(change=both["hhi_after"] - both["hhi_before"]))[_STEPS]


def losses(sides: Sequence[Network], count: Count, commodity: Words, beneficiaries: Words) -> pd.DataFrame:
    """Compare the loss of each country that is among the first five of either side; the largest now first.

    Raises
    ------
    DataError
        If nothing limits the flow of one of them.
    """
    parts = []
    for network in sides:
        found = chokepoints(
            network, by="country", commodity=commodity, beneficiaries=beneficiaries, order=count(network).value_order
        )  # fmt: skip
        parts.append(pd.DataFrame(found[["lost_tpa", "lost_share"]]))
    first = list(dict.fromkeys(c for part in parts for c in part.index[:FIRST]))
    before, after = (part.reindex(first) for part in parts)
    table = before.add_suffix("_before").join(after.add_suffix("_after")).rename_axis("country").reset_index()
    # a country without a plant loses nothing
    table["change"] = table["lost_tpa_after"].fillna(0.0) - table["lost_tpa_before"].fillna(0.0)
    return table.sort_values(["lost_tpa_after", "lost_tpa_before"], ascending=False, kind="stable", ignore_index=True)[
        _LOSSES
    ]


def all_changes(
    old: Network, new: Network, count: Count, commodity: Words, beneficiaries: Words
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return concentration and losses side by side, and their sentences; the same network changes in nothing."""
    steps, lost = pd.DataFrame(columns=_STEPS), pd.DataFrame(columns=_LOSSES)
    if old.digest == new.digest and old.as_of == new.as_of:
        return steps, lost, []
    said = []
    try:
        steps = concentrations(old, new)
        said += _words_of_steps(steps)
    except DataError as error:
        said.append(f"Concentration is not compared: {error}")
    try:
        lost = losses((old, new), count, commodity, beneficiaries)
        said += _words_of_losses(lost)
    except DataError as error:
        said.append(f"Losses by country are not compared: {error}")
    return steps, lost, said


def _words_of_steps(steps: pd.DataFrame) -> list[str]:
    moved = steps[steps["change"].abs() > _LEAST]
    if moved.empty:
        return []
    top = moved.iloc[0]
    step = next(word for word in (top["step"], top["stage"]) if isinstance(word, str) and word)
    way = "rose" if top["change"] > 0 else "fell"
    good = f" of {top['commodity']}" if isinstance(top["commodity"], str) and top["commodity"] else ""
    held = [f"{top[f'top_{side}']} {percent(top[f'top_share_{side}'])}" for side in ("before", "after")]
    return [
        f"Concentration {way} most in {step}{good}: HHI from {top['hhi_before']:.2f} to {top['hhi_after']:.2f}, "
        f"largest holder {held[0]} before, {held[1]} now."
    ]


def _words_of_losses(lost: pd.DataFrame) -> list[str]:
    told = []
    for side in ("before", "after"):
        own = lost[lost[f"lost_tpa_{side}"].notna()].sort_values(f"lost_tpa_{side}", ascending=False, kind="stable")
        top = own.iloc[0] if len(own) else None
        if top is None or not top[f"lost_tpa_{side}"] > 0:
            told.append(("no country", "no country costs anything"))
        else:
            share, cost = percent(top[f"lost_share_{side}"]), tonnes(top[f"lost_tpa_{side}"], " ")
            told.append((str(top["country"]), f"{top['country']} costs {cost} ({share})"))
    if told[0] == told[1]:
        return []
    return [f"Among losses of one country, {told[0][1]} before and {told[1][1]} now."]


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    order = np.lexsort((np.arange(len(table)), -table["change"].abs().fillna(-1.0).to_numpy(dtype=float)))
    return table.iloc[order].reset_index(drop=True)


def words_of_inputs(old: Network, new: Network, inputs: pd.DataFrame) -> str:
    """Return how many cells and rows changed, in a sentence."""
    if old.digest == new.digest:
        return "The inputs are the same."
    kinds = inputs["kind"].value_counts()
    parts = []
    for kind in ("changed", "added", "removed"):
        n = int(kinds.get(kind, 0))
        if n:
            noun = "cell" if kind == "changed" else "row"
            parts.append(f"{counted(n, noun)} {kind}")
    return f"From {old.digest[:12]} to {new.digest[:12]}: {', '.join(parts) or 'only settings differ'}."
