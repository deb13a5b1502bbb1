"""What helps, on page one: new relations and stocks first, then the project that the rest needs, and how it bears."""

from __future__ import annotations

import numpy as np

from chainnet.network import state_of
from chainnet.reporting.advised import (
    CERTAIN_T,
    Advised,
    advised_of,
    holders,
    lasting,
    purchase_words,
    stock_words,
    stocks_named,
)
from chainnet.reporting.facts import Facts
from chainnet.reporting.order import table_id
from chainnet.reporting.sentences import Claim, fit, grown, told
from chainnet.results import Ends
from chainnet.words import (
    NBSP,
    count,
    first_capital,
    join,
    nouns,
    number,
    percent,
    same,
    spelled,
    titled,
    tonnes,
    verb,
    whole,
)


def helps(facts: Facts) -> Claim:
    """Say what new relations and stocks leave, which project closes the rest, and how it bears."""
    found = advised_of(facts)
    if found is None or found.known <= 0:
        return Claim("")
    more = (purchase_words(facts, found), _stressed(found), _needs(found), _others_first(facts, found))
    said = _levels(facts, found)
    return Claim(said.lead, told(said.more, *more, _end(facts, found)))


def _needs(found: Advised) -> str:
    """Say without which doubtful plants the advised projects leave more short."""
    if not found.closes or not found.needed:
        return ""
    more = len(found.needed) - 1
    also = f"; {spelled(more, 'more doubtful plant is', 'more doubtful plants are')} needed ({table_id('advice')})"
    n = len(found.projects)
    said = f"{'It' if n == 1 else 'They'} {verb('need', n)} {titled(found.needed[0])}"
    return fit(f"{said}{also if more else ''}.", f"{said}.")


def _levels(facts: Facts, found: Advised) -> Claim:
    """Say what stays short level by level, as the figure draws it, and which projects are needed for the rest."""
    if found.new <= 0:
        whom = "nobody" if found.tier.is_all else f"no {found.tier.demand}"
        if found.closed_if:
            said = f"In the long run new relations leave {whom} short, if {join(found.closed_if)}."
            return Claim(said, "Otherwise some stays short; no project was sought for that.")
        head = "New relations between plants that stand, once qualified,"
        return Claim(f"{head} leave {whom} short in the long run; no project is needed.")
    head = f"New relations leave {found.tier} {tonnes(found.new)} short"
    instead = "" if same(found.new, found.known) else f" instead of {number(found.known)}"
    return grown([f"{head}{instead}", head], _stocks(facts, found), _project(facts, found))


def _stocks(facts: Facts, found: Advised) -> tuple[str, str]:
    """Say the same of stocks, and that they end."""
    if not stock_words(facts, found):
        return "", ""
    held = holders(facts)
    n, whose = len(held), stocks_named(held)
    left = f"{number(found.drawn) if found.drawn > CERTAIN_T else 'none'} while {lasting(held)}"
    names = held["holder"].unique()
    brief = f"{names[0]}'{'' if names[0].endswith('s') else 's'} {nouns('stock', n)}"
    is_brief = len(names) == 1 and titled(names[0]) == names[0] and " of " not in names[0]
    return f", then {brief if is_brief else whose} {left}", f"{first_capital(whose)} then {verb('leave', n)} {left}."


def _project(facts: Facts, found: Advised) -> tuple[str, str]:
    """Say which projects are needed for the rest, and what they leave; they are valued without stocks, which end."""
    none = _no_project(facts, found)
    if none:
        return f"; {none}", f"{first_capital(none)}."
    n = len(found.projects)
    names = join([titled(facts.label(name)) for name in found.projects])
    states = {state_of(facts.status(name)) for name in found.projects}
    names += (f" ({states.pop()})" if len(states) == 1 else "") + (" together" if n > 1 else "")
    since = f" from {whole(found.year)}{unconfirmed(facts, found)}" if np.isfinite(found.year) else ""
    left = "none" if found.closes else number(found.left)
    clause = f", {'or' if stock_words(facts, found) else 'then'} {names} {left}{since}"
    if found.closes:
        return clause, f"{names} {verb('close', n)} the gap{since}."
    how = "more than any other one or two listed" if found.tier.is_all else "more than any other alone"
    cut = f"{names} {verb('cut', n)} that to {tonnes(found.left)}{since}"
    return clause, fit(f"{cut}, {how}.", f"{cut}.")


def unconfirmed(facts: Facts, found: Advised) -> str:
    """Say that advised projects that are due already are not on record as running; empty where they are, or not due."""
    now = facts.network.current_year
    if now is None or not found.year <= now:
        return ""
    runs = all(state_of(facts.status(name)) == "running" for name in found.projects)
    return "" if runs else " (output not confirmed)"


def _no_project(facts: Facts, found: Advised) -> str:
    """Say why no project is advised; empty where one is."""
    if found.new <= 0:
        return "no project is needed" + (f", if {join(found.closed_if)}" if found.closed_if else "")
    if facts.network.projects.empty:
        return "no projects are in the data"
    return "" if found.projects else f"no listed project alone returns anything to {found.tier} then"


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
    """Say what stays short even with them if all others are served first, and why more than on existing links."""
    before = found.others_first
    if before is None or same(before, found.left):
        return ""
    known = found.tier.rows(facts.layers[facts.layers["layer"] == facts.layers["layer"].iloc[-1]])
    more = len(known) > 0 and before > Ends.of(known).before * (1 + 1e-6)
    taken = ", for they take what new relations open" if more else ""
    them = "them" if len(found.projects) > 1 else "it"
    return f"If all others are served first, {tonnes(before)} stay short even with {them}{taken}."


def _end(facts: Facts, found: Advised) -> str:
    """Say what stays short with every level and all projects that stand by the last year."""
    if not facts.level_tables or facts.network.projects.empty or found.new <= 0:
        return ""
    year = list(facts.level_tables)[-1]
    n = int(facts.a.rerouting[year].projects["standalone_t"].notna().sum())
    stand = {1: "the one project", 2: "both projects"}.get(n, f"all {count(n)} projects") + " listed to stand by then"
    rows = [(t, facts.level(year, "projects", t)) for t in facts.tiers]
    left = [(t, row) for t, row in rows if row is not None and row["shortfall_tpa"] > 0]
    short = [f"{percent(row['shortfall_tpa'] / row['demand_tpa'])} of {t}" for t, row in left[:3]]
    tons = f" ({tonnes(left[0][1]['shortfall_tpa'])})" if len(left) == 1 else ""
    head = f"In {year}, with stocks and {stand}"
    return f"{head}, {join(short)} demand stays short{tons}." if left else f"{head}, no tier is short."
