"""Measures of scenarios in plain words, one rule for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chainnet.network import OUTSIDE, split_list
from chainnet.reporting.facts import Facts
from chainnet.scenario import Scenario, listed
from chainnet.words import calendar_month, country_name, in_months, in_sentence, join, number, percent, readable_id

Measure = Mapping[str, Any]
MOST_NAMED = 6


def measure_rows(facts: Facts, scenario: Scenario) -> list[tuple[str, str]]:
    """Return what a scenario does, a sentence a measure; its rule's status, its source and when that was checked.

    Parameters
    ----------
    facts : Facts
    scenario : Scenario

    Returns
    -------
    list of pairs of str
        The second is empty where a measure says nothing of it.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for measure in scenario.with_shares(facts.network).measures:
        before, after = _KINDS[measure["kind"]](facts, measure)
        goods = [facts.commodity(word) for word in listed(measure.get("commodity", []))]
        found.setdefault((before, after + _calendar(measure), _told(measure)), []).extend(goods)
    return [(before + _of(goods) + after, told) for (before, after, told), goods in found.items()]


def _told(measure: Measure) -> str:
    """Return where a measure comes from: status, source, day on which that was checked."""
    source = "; ".join(split_list(measure.get("source", "")))
    checked = f"checked {measure['checked_on']}" if "checked_on" in measure else ""
    return ", ".join(part for part in (measure.get("rule", ""), measure.get("status", ""), source, checked) if part)


def _of(goods: Sequence[str]) -> str:
    named = list(dict.fromkeys(goods))
    if any(", " in name for name in named):  # or one could not see where a name ends
        return f" of {'; '.join(named)};"
    return f" of {join(named)}" if named else ""


# -- kinds: the words before the good and those after it ---------------------------------------------


def _restrict(facts: Facts, measure: Measure) -> tuple[str, str]:
    share = measure.get("share", 0.0)
    head = "No flow" if share == 0 else f"At most {_share(measure)} of the baseline flow"
    return head, _class(facts, measure)


def _licence(facts: Facts, measure: Measure) -> tuple[str, str]:
    said = [f": {_phases(measure)}"] if "profile" in measure or "share" in measure else []
    said += [f"; to {_where(facts, one['to'])}: {_phases(one)}" for one in measure.get("by", ())]
    told = f", announced {measure['announced']}" if "announced" in measure else ""
    return "Licences on flow", _class(facts, measure) + "".join(said) + told


def _phases(measure: Measure) -> str:
    """Return the phases of a licence: what is let out, and for how long."""
    phases = measure.get("profile") or [{"share": measure["share"]}]
    said = [
        ("none" if phase["share"] == 0 else f"at most {_share(phase)} of the baseline flow")
        + (f" for {in_months(phase['months'])}" if "months" in phase else "")
        for phase in phases
        if phase.get("months") != 0
    ]
    return ", then ".join(said)


def _quota(facts: Facts, measure: Measure) -> tuple[str, str]:
    part = "" if measure.get("severity", 1.0) == 1.0 else f" ({percent(measure['severity'])} of the cut)"
    return f"At most {number(measure['tpa'])} t/yr", _class(facts, measure) + part


def _tariff(facts: Facts, measure: Measure) -> tuple[str, str]:
    rate = percent(measure["rate"]) if "rate" in measure else f"USD {number(measure['usd_per_t'])}/t"
    return f"Tariff of {rate} on flow", _class(facts, measure)


def _at(measure: Measure) -> str:
    return f" at USD {number(measure['usd_per_t'])}/t at most" if "usd_per_t" in measure else ""


def _floor(facts: Facts, measure: Measure) -> tuple[str, str]:
    head = f"Price floor of USD {number(measure['usd_per_t'])}/t"
    if measure.get("mechanism", "border") == "border":
        return f"{head} for flow", _class(facts, measure)
    return f"{head}, by contract with {_chosen(facts, measure)}", ""


def _subsidy(facts: Facts, measure: Measure) -> tuple[str, str]:
    size = f"USD {number(measure['usd_per_t'])}/t" if "usd_per_t" in measure else percent(measure["capex_share"])
    what = "made" if "usd_per_t" in measure else "of the capital cost"
    return f"Subsidy of {size} {what}: {_chosen(facts, measure)}", ""


def _club(facts: Facts, measure: Measure) -> tuple[str, str]:
    at = f" at {facts.label(measure['node'])}" if "node" in measure else ""
    head = f"Bought{at} by a club of {_where(facts, measure['to'])}: at most {number(measure['tpa'])} t/yr"
    return head, f"{_at(measure)}, paid by a surcharge on what its members use"


def _buffer(facts: Facts, measure: Measure) -> tuple[str, str]:
    where = f"at {facts.label(measure['node'])}" if "node" in measure else f"of {_where(facts, measure['to'])}"
    room, stock = (number(measure.get(key, 0)) for key in ("room_t", "stock_t"))
    low, high = (number(measure[key]) for key in ("floor_usd_per_t", "cap_usd_per_t"))
    after = f" {where}: buys at USD {low}/t into room for {room} t, sells at USD {high}/t from {stock} t"
    return "Buffer stock", after


def _demand(facts: Facts, measure: Measure) -> tuple[str, str]:
    whose = _chosen(facts, measure) if "nodes" in measure or "where" in measure else ""
    tiers = listed(measure.get("tier", []))
    named = (f" for {join(tiers)}" if tiers else "") + (f", {whose}" if whose else "")
    return f"Demand times {number(measure['share'])}{named}", ""


def _release(facts: Facts, measure: Measure) -> tuple[str, str]:
    rate = f" at {number(measure['release_tpa'])} t/yr at most" if "release_tpa" in measure else ""
    tiers = f" for {join(listed(measure['tiers']))}" if "tiers" in measure else ""
    what = join([readable_id(s) for s in listed(measure["stocks"])]) if "stocks" in measure else _chosen(facts, measure)
    return f"Stocks released: {what}{tiers}{rate}", ""


_KINDS: dict[str, Callable[[Facts, Measure], tuple[str, str]]] = {
    "remove": lambda facts, m: (f"Out: {_chosen(facts, m)}", ""),
    "scale": lambda facts, m: (f"Capacity at {_share(m)}: {_chosen(facts, m)}", ""),
    "restrict": _restrict,
    "licence": _licence,
    "quota": _quota,
    "tariff": _tariff,
    "price_floor": _floor,
    "export_tax": lambda facts, m: (f"Export tax of USD {number(m['usd_per_t'])}/t on flow", _class(facts, m)),
    "subsidy": _subsidy,
    "purchase": lambda facts, m: (f"Bought at {facts.label(m['node'])}: at most {number(m['tpa'])} t/yr", _at(m)),
    "club": _club,
    "buffer": _buffer,
    "demand": _demand,
    "release": _release,
    "build": lambda facts, m: (f"Projects stand: {_projects(facts, m)}", ""),
    "delay": lambda facts, m: (f"Late by {in_months(m['late_months'])}: {_projects(facts, m)}", ""),
}


# -- what is meant, and when -------------------------------------------------------------------------


def _share(measure: Measure) -> str:
    return percent(measure["share"])


def _class(facts: Facts, measure: Measure) -> str:
    """Return the words of a class of flows: from where, to where, for whom, of what origin."""
    said = [f" {way} {_where(facts, measure[way])}" for way in ("from", "to") if way in measure]
    if "tier" in measure:
        said.append(f" for {join(listed(measure['tier']))}")
    if "origin" in measure:
        said.append(f", with material of origin {_where(facts, measure['origin'])} in it")
    return "".join(said)


def _chosen(facts: Facts, measure: Measure) -> str:
    """Return the words of a choice of nodes or edges."""
    said = []
    if "nodes" in measure:
        said.append(_some([facts.label(i) for i in listed(measure["nodes"])]))
    if "edges" in measure:
        said.append(_some([f"{facts.label(e[0])} > {facts.label(e[1])}" for e in measure["edges"]]))
    if "where" in measure:
        said.append(_where(facts, measure["where"]))
    return "; ".join(said)


def _projects(facts: Facts, measure: Measure) -> str:
    if "projects" in measure:
        return _some([facts.label(i) for i in listed(measure["projects"])])
    return _where(facts, measure["where"])


def _some(names: list[str]) -> str:
    if len(names) > MOST_NAMED:
        names = [*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} more"]
    return join(names)


_WHERE: dict[str, Callable[[Facts, list[str]], str]] = {
    "country": lambda _, words: _countries(words),
    "owner_country": lambda _, words: f"owned from {_countries(words)}",
    "region": lambda _, words: f"the region “{join(words)}”",
    "site": lambda facts, words: join([str(facts.network.site_labels[word]) for word in words]),
    "id": lambda facts, words: _some([facts.label(word) for word in words]),
    "stage": lambda _, words: join([f"{word.replace('_', ' ')}s" for word in words]),
    "step": lambda _, words: join(words),
    "makes": lambda facts, words: f"which make {join([facts.commodity(word) for word in words])}",
    "takes": lambda facts, words: f"which take {join([facts.commodity(word) for word in words])}",
}


def _where(facts: Facts, where: Mapping[str, Any]) -> str:
    """Return the words of a condition on columns, such as {country: CHN, step: mining}."""
    return ", ".join(
        _WHERE[column](facts, listed(value))
        if column in _WHERE
        else f"{column.replace('_', ' ')} {join(listed(value))}"
        for column, value in where.items()
    )


def _countries(words: list[str]) -> str:
    """Return the names of countries and groups, and of those that are left out of them or of all."""
    named, left_out = ([w for w in words if w.startswith(OUTSIDE) is out] for out in (False, True))
    whole = join([in_sentence(country_name(w)) for w in named]) or "all countries"
    return f"{whole} but {join([in_sentence(country_name(w[1:])) for w in left_out])}" if left_out else whole


def _calendar(measure: Measure) -> str:
    """Return when a measure is in force; nothing where it always is."""
    said = [
        f"from {_start(measure)}" if _start(measure) else "",
        f"until {calendar_month(1, str(measure['until']))}" if "until" in measure else "",
        f"for {in_months(measure['months'])}" if "months" in measure else "",
        f"phased in over {in_months(measure['phase_in_months'])}" if "phase_in_months" in measure else "",
    ]
    for window in measure.get("suspended", ()):
        said.append(f"suspended from {_start(window) or 'month 1'} for {in_months(window['months'])}")
    return "".join(f", {words}" for words in said if words)


def _start(times: Mapping[str, Any]) -> str:
    if "start" in times:
        return calendar_month(1, str(times["start"]))
    first = int(times.get("start_month", 0))
    return f"month {first + 1}" if first else ""
