"""What helps, on page one: new relations and stocks first, then the project that the rest needs, and how it bears."""

from __future__ import annotations

import numpy as np

from chainnet.network import state_of
from chainnet.reporting.advised import (
    CERTAIN_T,
    Advised,
    advised_of,
    holders,
    purchase_words,
    running_words,
    stock_words,
    stocks_named,
)
from chainnet.reporting.facts import ALL_TIERS, Facts
from chainnet.reporting.sections.order import table_id
from chainnet.reporting.sentences import Claim, fit, told
from chainnet.words import NBSP, count, first_capital, join, number, percent, same, spelled, titled, tonnes

__all__ = ["helps"]


def helps(facts: Facts) -> Claim:
    """Say what new relations, running projects and stocks leave, which project closes the rest, and how it bears."""
    found = advised_of(facts)
    if found is None or found.known <= 0:
        return Claim("")
    more = (purchase_words(facts, found), _stressed(found), _needs(found), _others_first(facts, found))
    return Claim(_rungs(facts, found), told(*more, _end(facts, found)))


def _needs(found: Advised) -> str:
    """Say without which doubtful plants the advised projects leave more short."""
    if not found.closes or not found.needed:
        return ""
    more = len(found.needed) - 1
    also = f"; {spelled(more, 'more doubtful plant is', 'more doubtful plants are')} needed ({table_id('advice')})"
    said = f"{'They need' if len(found.projects) > 1 else 'It needs'} {titled(found.needed[0])}"
    return fit(f"{said}{also if more else ''}.", f"{said}.")


def _rungs(facts: Facts, found: Advised) -> str:
    """Say what stays short rung by rung, as the ladder draws it, and which projects are needed for the rest."""
    if found.new <= 0:
        whom = "nobody" if found.tier == ALL_TIERS else f"no {found.tier} demand"
        head = "New relations between plants that stand, once qualified,"
        return f"{head} leave {whom} short in the long run; no project is needed."
    instead = "" if same(found.new, found.known) else f" instead of {number(found.known)}"
    rungs = [f"New relations leave {found.tier} {tonnes(found.new)} short{instead}"]
    if running_words(found):
        run = "the running project" if len(found.running) == 1 else "running projects"
        rungs.append(f"with {run} {number(found.rest) if found.rest > 0 else 'none'} in {found.running_year:.0f}")
    if stock_words(facts, found):
        held = holders(facts)
        left = number(found.drawn) if found.drawn > CERTAIN_T else "none"
        rungs.append(f"with {stocks_named(held)} {left} while {'it lasts' if len(held) == 1 else 'they last'}")
    ways = _project(facts, found)
    return fit(*(f"{join(rungs)}; {way}." for way in ways), f"{join(rungs)}. {first_capital(ways[-1])}.")


def _project(facts: Facts, found: Advised) -> list[str]:
    """Return ways to say which projects are needed for the rest, and what they leave, the fullest first."""
    if found.rest <= 0:
        return ["no other project is needed"]
    if facts.network.projects.empty:
        return ["no projects are in the data"]
    if set(found.running) == set(facts.network.projects["label"].fillna(facts.network.projects["id"])):
        return ["no other project is listed"]
    if not found.projects:
        return [f"no listed project alone returns anything to {found.tier} then"]
    several = len(found.projects) > 1
    names = join([titled(facts.label(name)) for name in found.projects])
    states = {state_of(facts.status(name)) for name in found.projects}
    names += (f" ({states.pop()})" if len(states) == 1 else "") + (" together" if several else "")
    drawn = " without stocks" if stock_words(facts, found) else ""  # projects are valued without stocks, which end
    if found.closes:
        since = f" from {found.year:.0f}" if np.isfinite(found.year) else ""
        does = "close" if several else "closes"
        return [f"{names} {does} {what}{since}" for what in dict.fromkeys((f"the gap{drawn}", "the gap"))]
    cut = f"{names} {'cut' if several else 'cuts'} that{drawn} to {tonnes(found.left)}"
    how = "more than any other one or two listed" if found.tier == ALL_TIERS else "more than any other alone"
    return [f"{cut}, {how}", cut]


def _stressed(found: Advised) -> str:
    """Say what stays short where the advised projects disappoint."""
    their = "their" if len(found.projects) > 1 else "its"
    words = {
        "half its capacity": f"at half {their} capacity",
        "a year late": "a year late",
        "demand at its high values": "at high demand",
        "without its assumed relations": f"without {their} assumed relations",
    }
    parts = [f"{words[case]} {number(left)}" for case, left in found.cases.items() if case in words]
    return f"{first_capital(join(parts))}{NBSP}t/yr stay short." if parts else ""


def _others_first(facts: Facts, found: Advised) -> str:
    """Say what stays short even with them if all others are served first, and why more than on known relations."""
    before = found.others_first
    if before is None or same(before, found.left):
        return ""
    known = short_on_layer(facts, found.tier, before=True)
    taken = ", for they take what new relations open" if known is not None and before > known * (1 + 1e-6) else ""
    them = "them" if len(found.projects) > 1 else "it"
    return f"If all others are served first, {tonnes(before)} stay short even with {them}{taken}."


def _end(facts: Facts, found: Advised) -> str:
    """Say what stays short with every rung and all projects that stand by the last year."""
    if not facts.ladders or facts.network.projects.empty or found.rest <= 0:
        return ""
    year = list(facts.ladders)[-1]
    n = int(facts.a.rerouting[year].projects["standalone_t"].notna().sum())
    stand = {1: "the one project", 2: "both projects"}.get(n, f"all {count(n)} projects") + " listed to stand"
    rows = [(t, facts.rung(year, "projects", t)) for t in facts.tiers]
    left = [(t, row) for t, row in rows if row is not None and row["shortfall_tpa"] > 0]
    short = [f"{percent(row['shortfall_tpa'] / row['demand_tpa'])} of {t}" for t, row in left[:3]]
    tons = f" ({tonnes(left[0][1]['shortfall_tpa'])})" if len(left) == 1 else ""
    head = f"With stocks and {stand} by {year}"
    return f"{head}, {join(short)} demand stays short{tons}." if left else f"{head}, no tier is short."


def short_on_layer(facts: Facts, tier: str, *, before: bool) -> float | None:
    """Return what a tier lacks on known relations with the projects that run, at an end; None where it is not there."""
    table = facts.a.layers.reset_index()
    table = table[table["layer"] == table["layer"].iloc[-1]]
    mine = table if tier == ALL_TIERS else table[table["tier"].fillna(ALL_TIERS) == tier]
    return float(mine[f"shortfall_{'before' if before else 'after'}_tpa"].sum()) if len(mine) else None
