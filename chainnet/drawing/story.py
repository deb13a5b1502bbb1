"""The finding that a page shows, as a story of five steps and a course over time; it is worded and ranked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainnet.drawing.drawn import DrawnFlows
from chainnet.drawing.style import percent, tonnes
from chainnet.errors import DataError
from chainnet.network import Network
from chainnet.words import (
    CLAIMS,
    NONE,
    Who,
    country_name,
    demand_words,
    digits,
    first_capital,
    in_a_mark,
    place_words,
    step_words,
)

# the steps, and the flows that each shows
STEPS = (
    ("Today", "base"),
    ("The rule", "diff"),
    ("Where it breaks", "result"),
    ("What still arrives", "result"),
    ("What closes it", "result"),
)
Finding = Mapping[str, Any]


def plain_finding(network: Network, given: Any, answer: DrawnFlows | None) -> Finding | None:
    """Return a finding as plain values, from a ``Finding`` without the parts that cost most.

    Raises
    ------
    DataError
        If it is no finding, is of another network, or of a scenario that no result shows.
    """
    if given is None:
        return None
    found = given if isinstance(given, Mapping) else given.to_dict(brief=True) if hasattr(given, "to_dict") else {}
    if "sentences" not in found or "bottleneck" not in found:
        raise DataError("draw: finding is the answer of find(network, scenario), or its to_dict().")
    if found["digest"] != network.digest:
        raise DataError("draw: the finding was made from another network; draw it with the network it came from.")
    shown = {"", "baseline"} if answer is None else {one.scenario for one in (answer, *answer.others)}
    if answer is not None and answer.kind == "balance" and not shown & named(found):
        raise DataError(
            f'draw: the finding is of "{found["scenario"]}", which no result shows. Draw that scenario too.'
        )
    return found


def named(finding: Finding) -> set[str]:
    """Return how answers of the scenario of a finding call it."""
    return {finding["scenario"]} if finding["scenario"] else {"", "baseline"}


def led(answer: DrawnFlows | None, finding: Finding | None) -> bool:
    """Say whether an answer is of the scenario of the finding."""
    return finding is not None and answer is not None and answer.scenario in named(finding)


def chip(finding: Finding | None) -> dict[str, str] | None:
    """Return what the head of the step says that is the bottleneck; empty if there is none, None = not looked for."""
    if finding is None or not finding["bottleneck"]["step"]:
        return None if finding is None else {}
    narrow = finding["bottleneck"]
    who, lost = f"{Who(finding['tier'])} users", tonnes(narrow["lost_tpa"])
    said = f"{country_name(narrow['country'])}, its stop costs {who} {lost}"
    return {step_words(narrow["step"]): f"bottleneck: {said}"}


def story_data(finding: Finding | None, vintage: str) -> dict[str, Any] | None:
    """Return what the script of a page knows of the finding."""
    if finding is None:
        return None
    who, where, what, sure = finding["sentences"]
    label = finding["scenario_label"].rstrip(".") + (f" ({finding['state']})." if finding["state"] else ".")
    texts = (
        f"{first_capital(vintage)}." if vintage else today(finding),
        label,
        where,
        who,
        f"{what} {sure}",
    )
    return {
        "names": sorted(named(finding)),
        "tier": "" if Who(finding["tier"]).is_all else finding["tier"],
        "title": finding["title"],
        "where": where,
        "steps": [[name, mode, text] for (name, mode), text in zip(STEPS, texts, strict=True)],
        "ties": [first_capital(place_words(*pair)) for pair in finding["bottleneck"]["ties"]],
        "projects": [name for one in finding["advice"] if one["state"] != "held" for name in one["ids"]],
        "without": {
            row["id"]: row["then"]
            for row in finding.get("depends_on", ())
            if row["does"] == "class" and row["kind"] == "node"
        },
        "months": timeline(finding),
    }


def today(finding: Finding) -> str:
    """Return the heading of the chain without the scenario: what is asked for, and what is short of it even so."""
    already = finding["shortfall"]["already_share"]
    also = f"; {CLAIMS['already'].format(share=percent(already))}" if already > NONE else ""
    demand = demand_words(finding["tier"], finding["beneficiaries"] != "all")
    return f"Today: {demand} is {tonnes(finding['demand_tpa'])}{also}."


def timeline(finding: Finding) -> dict[str, Any] | None:
    """Return the shortfall by month, and marks: the first short month, when what is advised is due.

    None where nobody asked for the months.
    """
    rows = finding.get("months")
    if not rows:
        return None
    first = finding["when"]["first_month"]
    marks: list[list[Any]] = [] if first is None else [[int(first), "first short"]]
    for one in finding["advice"]:
        at = one["due_month"]
        if at is not None and 1 <= at <= finding["horizon"]:
            marks.append([int(at), f"{in_a_mark(one['thing'], one['ids'])} due"])
    due = [row["due_t"] / row["demand_t"] if row["demand_t"] else 0.0 for row in rows]
    bars = [[int(row["month"]), int(row["months"]), digits(part, 4)] for row, part in zip(rows, due, strict=True)]
    return {"bars": bars, "marks": marks, "last": finding["horizon"]}
