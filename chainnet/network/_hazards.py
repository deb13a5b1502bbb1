"""The rules of the table ``hazards`` that span cells: how often is said once, between two ends."""

from __future__ import annotations

import pandas as pd

from chainnet._types import records
from chainnet.network._gate import Gate

_ENDS = ("rate", "share", "months", "group_rate")
_WAYS = ("rate_low", "count", "share_low")


def check_hazards(gate: Gate, frame: pd.DataFrame) -> None:
    """Note rates without their other end or in the wrong order, rates said twice, and groups that are none."""
    if frame.empty:
        return
    numbers = frame.select_dtypes("number").columns
    for row, cells in enumerate(records(frame[numbers])):
        held = {column: value for column, value in cells.items() if value == value}
        for name in _ENDS:
            low, high = held.get(f"{name}_low"), held.get(f"{name}_high")
            if low is not None and high is not None and low > high:
                rule = f"{name}_low is above {name}_high ({high:g})"
                gate.fault("hazards", row, f"{name}_low", f"{low:g}", rule, "Swap or correct them.")
            # a duration without its long end has no end that anybody saw
            if (low is None) != (high is None) and not (name == "months" and high is None):
                lacks, other = (f"{name}_{end}" for end in (("low", "high") if low is None else ("high", "low")))
                gate.fault("hazards", row, lacks, None, f"blank, but {other} is given", "Give each its other end.")
        ways = [column for column in _WAYS if column in held]
        if len(ways) > 1:
            rule = f"stands beside {ways[0]}"
            value = f"{held[ways[1]]:g}"
            gate.fault("hazards", row, ways[1], value, rule, "Say how often in one way: a rate, a count or a share.")
        if ("count" in held) != ("years" in held):
            lacks = "years" if "count" in held else "count"
            rule = "blank: a count needs the years in which it was counted, and these a count"
            gate.fault("hazards", row, lacks, None, rule, "Fill it.")
        if "count" in held and held["count"] % 1:
            gate.fault("hazards", row, "count", f"{held['count']:g}", "is no whole number of events", "Correct it.")
    _groups(gate, frame)


def _groups(gate: Gate, frame: pd.DataFrame) -> None:
    ends = ["group_rate_low", "group_rate_high"]
    alone = frame["group"].isna() & frame[ends].notna().any(axis=1)
    for row in gate.rows(alone.to_numpy()):
        given = ends[int(frame[ends[0]].isna().iloc[row])]
        gate.fault("hazards", row, "group", None, f"blank, but {given} is given", "Name the group.")
    for group, members in frame.dropna(subset="group").groupby("group"):
        # one row for each of several is a group by itself
        if len(members) == 1 and members["each"].isna().all():
            rule = "a group of one: it has no common cause"
            gate.fault("hazards", int(members.index[0]), "group", group, rule, "Name the others, or leave it out.")
        rates = members[ends].dropna().drop_duplicates()
        if len(rates) > 1:
            rule = f"the rates of the group {group} differ"
            value = f"{rates['group_rate_low'].iloc[1]:g}"
            gate.fault("hazards", int(rates.index[1]), "group_rate_low", value, rule, "Give it one pair of rates.")
