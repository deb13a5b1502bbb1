"""The form of a scenario: what may stand in a measure, checked before any network is looked at; and its severity."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np

from chainnet import checks
from chainnet.errors import UNWRITABLE, UNWRITABLE_RULE, DataError, Fault
from chainnet.network import split_list
from chainnet.scenario._calendar import calendar_of, is_month, month_number
from chainnet.scenario._kinds import KINDS
from chainnet.scenario._phases import FROM_CUSTOMS, takes_customs

_AMOUNTS = (
    "share", "tpa", "rate", "usd_per_t", "release_tpa", "severity", "upside_share", "capex_share", "floor_usd_per_t",
    "cap_usd_per_t", "room_t", "stock_t",
)  # fmt: skip
_CHOICES = {"revenue": ("to", "from"), "mechanism": ("border", "cfd")}
_WHOLE = (("start_month", 0), ("months", 1), ("phase_in_months", 1), ("late_months", 1))
_SHARES = ("share", "rate", "severity", "upside_share", "capex_share")
_WRITTEN = re.compile(r"(\d+(?:[.,]\d+)?)\s*(%)?")
_LARGEST = 1e300
_LONGEST = 12_000  # a thousand years; beyond that a number is a slip
STATUSES = ("in force", "suspended", "announced", "ended", "assumed")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAPPINGS = ("where", "from", "to", "origin")
_WORDS = ("nodes", "stocks", "projects", "commodity", "tiers")

Say = Callable[[str, object, str, str], None]


def plain(value: Any) -> Any:
    """Return a copy of a measure's value in plain Python: mappings, lists, numbers, text; sets sorted."""
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else plain(key): plain(v) for key, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return [plain(v) for v in sorted(value, key=str)]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def frozen(value: Any) -> Any:
    """Return a measure's value that nobody can change: mappings read-only, lists as tuples, to the last level."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(v) for key, v in value.items()})
    return tuple(frozen(v) for v in value) if isinstance(value, (list, tuple)) else value


def form_faults(name: Any, label: Any, probability: Any, measures: Any, file: str) -> list[Fault]:
    """Return every fault in the form of a scenario; whether ids exist is not looked at."""
    file = file or f"scenario {name}"
    faults: list[Fault] = []

    def fault(column: str, value: object, rule: str, remedy: str) -> None:
        faults.append(Fault(file, None, column, _short(value), rule, remedy))

    if not isinstance(name, str) or not name:
        fault("name", name, "is no text", "Write a short name.")
    if not isinstance(label, str):
        fault("label", label, "is no text", "Write words.")
    for column, text in [*_texts(name, "name"), *_texts(label, "label"), *_texts(measures, "measures")]:
        if UNWRITABLE.search(text):
            fault(column, text, UNWRITABLE_RULE, "Remove it.")
    p = probability
    if p is not None and (isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1):
        fault("probability", p, "must be from 0 to 1", _number_remedy(p, "share", "Correct it or leave it out."))
    if not isinstance(measures, (list, tuple)):
        fault("measures", measures, "is no list of measures", "Write [[measures]] before each.")
        return faults
    for number, measure in enumerate(measures):
        where = f"measures[{number}]"
        if not isinstance(measure, Mapping):
            fault(where, measure, "is no measure", 'Write a table with a kind, such as kind = "remove".')
            continue
        kind = measure.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            hint = checks.told("unknown kind", kind, KINDS)
            fault(f"{where}.kind", kind, hint, checks.listed(KINDS))
            meant = next((word for word in KINDS if f'"{word}"' in hint.split(" or ")[0]), None)
            if meant is not None:  # its keys and values are told in the same breath
                _measure_faults(meant, measure, where, fault)
            continue
        before = len(faults)
        _measure_faults(kind, measure, where, fault)
        if len(faults) == before:
            _calendar_problems(measure, where, fault)
    return faults


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text in a value, also the keys, with the place where it stands."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(key, where)
            yield from _texts(one, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for number, one in enumerate(value):
            yield from _texts(one, f"{where}[{number}]")


def _short(value: object) -> str:
    try:
        return "" if value is None else str(value)[:80]
    except ValueError:  # a whole number of thousands of digits
        return "a number too long to write"


def severity_steps(
    name: str, measures: Sequence[Mapping[str, Any]], shares: Sequence[float], months: Sequence[int]
) -> tuple[list[float], list[int]]:
    """Return the shares and durations of every severity step, checked.

    A bar of an origin is all or nothing: where nothing else is taken away only the whole loss is a step.
    """
    asked: dict[str, Any] = {"shares": shares, "months": months}
    for argument, given in asked.items():
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise DataError(f"severities({argument}=...): {given!r} is no list; give a list, such as [{given}].")
    shares, months = list(shares), list(months)
    for share in shares:
        if not _is_amount(plain(share)) or not 0 < share <= 1:
            raise DataError(
                f"severities(shares=...): {share!r} is out of range; parts of the loss are above 0, up to 1."
            )
    for length in map(plain, months):
        checks.whole(length, "severities(months=...)", 1, rule="is no duration; give whole months, 1 or more.")
    takes = [measure for measure in measures if KINDS[measure["kind"]].takes]
    if not takes:
        raise DataError(
            f"severities: no measure of {name} takes anything away, so no part of a loss can be set. "
            f"It needs one of {', '.join(name for name, kind in KINDS.items() if kind.takes)}."
        )
    if all("origin" in measure for measure in takes):
        whole = [share for share in shares if share == 1]
        if shares and not whole:
            raise DataError(
                f"severities(shares=...): {name} only bars origins, which is all or nothing. Give 1.0 among the shares."
            )
        shares = whole
    pairs = [(float(share), int(length)) for share in shares for length in months]
    return [share for share, _ in pairs], [length for _, length in pairs]


def severity_of(measure: Mapping[str, Any], lost: float, months: int) -> dict[str, Any]:
    """Return a measure at part of its loss and for a duration; kinds that take nothing away stay as they are."""
    part, new = KINDS[measure["kind"]].part, dict(measure)
    if part is None:
        return new
    new.pop("suspended", None)
    new.pop("until", None)
    new["months"] = months
    if "phase_in_months" in new:
        new["phase_in_months"] = min(new["phase_in_months"], months)
    return part(new, lost) if lost < 1.0 else new


def _measure_faults(name: str, measure: Mapping[str, Any], where: str, fault: Say) -> None:
    kind = KINDS[name]
    _key_faults(measure, ("kind", *kind.keys), where, name, fault)
    customs = takes_customs(measure)
    if customs:
        _customs_faults(name, measure, where, fault)
    for key in _AMOUNTS:
        if key in measure and not _is_amount(measure[key]) and not (customs and key == "share"):
            if kind.money == "exit levy" and checks.is_number(measure[key]) and abs(measure[key]) <= _LARGEST:
                continue  # below 0 it is a rebate
            fault(f"{where}.{key}", measure[key], "must be a number, 0 or more", _number_remedy(measure[key], key))
    _money_faults(measure, where, fault)
    for key in _MAPPINGS:
        value = measure.get(key)
        if key in measure and not _is_condition(value):
            rule = "must map columns to a word or a list of words"
            fault(f"{where}.{key}", value, rule, 'For example {country = "CHN"}.')
    for key in _WORDS:
        if key in measure and not _is_words(measure[key]):
            fault(f"{where}.{key}", measure[key], "must be a word or a list of words", "Correct it.")
    tier = measure.get("tier", "")
    if kind.has_tiers and "tier" in measure and not _is_words(tier):
        fault(f"{where}.tier", tier, "must be a word or a list of words", "Correct it.")
    elif not kind.has_tiers and not isinstance(tier, str):
        fault(f"{where}.tier", tier, "must be the name of one tier", "Write one measure for each tier.")
    share = measure.get("share", 0)
    if kind.takes and _is_amount(share) and share > 1:  # what is left of something
        remedy = f"A share is what is left: write {share / 100:g} for {share:g} %." if share <= 100 else "Correct it."
        if share <= 2:
            remedy = "A share is what is left, 1 all of it. For more than there is, build a project."
        fault(f"{where}.share", share, "must be from 0 to 1", remedy)
    edges = measure.get("edges")
    if "edges" in measure and not _is_pairs(edges):
        fault(f"{where}.edges", edges, "must be a list of [source, target] pairs", "Correct it.")
    if not any(measure.get(key) for key in kind.names_what):
        fault(where, None, f"names nothing to {name.replace('_', ' ')}", f"Give {' or '.join(kind.names_what)}.")
    if kind.needed is not None and kind.needed[0] not in measure:
        fault(f"{where}.{kind.needed[0]}", None, "is missing", kind.needed[1])
    if kind.either is not None and (kind.either[0] in measure) == (kind.either[1] in measure):
        fault(where, None, f"must have either {kind.either[0]} or {kind.either[1]}", kind.either[2])
    for key, rule, remedy in kind.faults(measure):
        fault(f"{where}.{key}", measure.get(key), rule, remedy)
    if _is_amount(measure.get("severity", 0)) and measure.get("severity", 0) > 1:
        remedy = _number_remedy(measure["severity"], "severity")
        fault(f"{where}.severity", measure["severity"], "must be from 0 to 1", remedy)
    if kind.has_customs and "severity" in measure and not customs:
        remedy = "Leave it out, and write what is left as share."
        fault(f"{where}.severity", measure["severity"], f'goes with share = "{FROM_CUSTOMS}" only', remedy)
    if "origin" in kind.strands and "origin" in measure and not customs:
        if measure.get("share", 0) != 0:
            fault(f"{where}.share", measure["share"], "stands beside origin", "An origin takes share 0 only.")
        if "phase_in_months" in measure:
            rule = "stands beside origin, which takes share 0 only"
            fault(f"{where}.phase_in_months", measure["phase_in_months"], rule, "Leave it out.")
    if "profile" in kind.keys:
        _licence_faults(measure, where, fault)
    _date_faults(measure, where, fault)


def _money_faults(measure: Mapping[str, Any], where: str, fault: Say) -> None:
    """Check how a measure moves money: who gets it, by what mechanism, in which goods it is counted too."""
    for key, words in _CHOICES.items():
        if key in measure and measure[key] not in words:
            fault(f"{where}.{key}", measure[key], "is not known", checks.listed(words))
    for key in ("upside_share", "capex_share"):
        if _is_amount(measure.get(key)) and measure[key] > 1:
            fault(f"{where}.{key}", measure[key], "must be from 0 to 1", _number_remedy(measure[key], key))
    node = measure.get("node", "")
    if not isinstance(node, str):
        fault(f"{where}.node", node, "must be the id of one node", "Write one measure for each node.")
    content = measure.get("content", "auto")
    if content != "auto" and not (isinstance(content, Mapping) and content and all(map(_is_amount, content.values()))):
        rule = 'must be "auto", or map commodities to tonnes in a tonne'
        fault(f"{where}.content", content, rule, "For example {magnet = 0.3}.")
    if measure.get("mechanism") == "cfd" and not (measure.get("nodes") or measure.get("where")):
        fault(where, None, "is a contract with nobody", "Name the plants by nodes or where.")


def _customs_faults(name: str, measure: Mapping[str, Any], where: str, fault: Say) -> None:
    """Check a share that is taken from customs: they show what crosses a border, by good, not for whom or of whose."""
    if not KINDS[name].has_customs:
        known = " or ".join(word for word, kind in KINDS.items() if kind.has_customs)
        rule = f"is taken of {known} alone, not of {name.replace('_', ' ')}"
        remedy = f"Customs show what crosses a border. Write a number, or {known} the flow."
        fault(f"{where}.share", FROM_CUSTOMS, rule, remedy)
        return
    for key, need in (("rule", "its rule"), ("from", "from where"), ("to", "to where"), ("commodity", "of what")):
        if not measure.get(key):
            remedy = f"Say {need}: customs show what crosses a border, and their rows are chosen by it."
            fault(f"{where}.{key}", None, f'is missing beside share = "{FROM_CUSTOMS}"', remedy)
    for key in ("tier", "origin"):
        if key in measure:
            remedy = "Customs do not say for whom a good is, nor what it was made of. Write a number, or leave it out."
            fault(f"{where}.{key}", measure[key], f'stands beside share = "{FROM_CUSTOMS}"', remedy)


def _licence_faults(measure: Mapping[str, Any], where: str, fault: Say) -> None:
    """Check the phases of a licence, for all and by destination, and when it was announced."""
    if "profile" in measure and "share" in measure:
        fault(
            f"{where}.share",
            measure["share"],
            "stands beside profile",
            "Keep one: one share is a profile of one phase.",
        )
    elif "profile" not in measure and "share" not in measure and "by" not in measure:
        remedy = "For example [{months = 3, share = 0.0}, {share = 0.5}]."
        fault(f"{where}.profile", None, "is missing", remedy)
    if "profile" in measure:
        _profile_faults(measure["profile"], f"{where}.profile", True, fault)
    by = measure.get("by", [{}])
    if not isinstance(by, (list, tuple)) or not by:
        remedy = 'For example [{to = {country = "JPN"}, profile = [{share = 0.5}]}].'
        fault(f"{where}.by", by, "must be a list of destinations", remedy)
        by = []
    for number, one in enumerate(by if "by" in measure else []):
        place = f"{where}.by[{number}]"
        if not isinstance(one, Mapping):
            fault(place, one, "is no destination", 'Write {to = {country = "JPN"}, profile = [{share = 0.5}]}.')
            continue
        _key_faults(one, ("to", "profile"), place, "a destination", fault)
        if not _is_condition(one.get("to")):
            remedy = 'For example {country = "JPN"}.'
            fault(f"{place}.to", one.get("to"), "must map columns to a word or a list of words", remedy)
        _profile_faults(one.get("profile"), f"{place}.profile", False, fault)
    announced, start = measure.get("announced"), measure.get("start")
    if "announced" in measure and not (_is_day(announced) or is_month(announced)):
        remedy = 'Write the day in quotes, such as "2025-04-04", or its month.'
        fault(f"{where}.announced", announced, "must be a day", remedy)
    elif announced is not None and is_month(start) and month_number(str(announced)[:7]) > month_number(str(start)):
        fault(f"{where}.announced", announced, f"is after start, {start}", "Correct one of the two.")


def _profile_faults(profile: object, where: str, may_ask: bool, fault: Say) -> None:
    """Check one profile; ``may_ask``: whether a share may be taken from customs."""
    if not isinstance(profile, (list, tuple)) or not profile:
        fault(where, profile, "must be a list of phases", "For example [{months = 3, share = 0.0}, {share = 0.5}].")
        return
    for number, phase in enumerate(profile):
        place, is_last = f"{where}[{number}]", number == len(profile) - 1
        if not isinstance(phase, Mapping):
            fault(place, phase, "is no phase", "Write {months = 3, share = 0.0}.")
            continue
        _key_faults(phase, ("months", "share"), place, "a phase", fault)
        months, share = phase.get("months"), phase.get("share")
        if is_last and "months" in phase:
            fault(f"{place}.months", months, "stands in the last phase", "Leave it out: the last phase stays.")
        elif not is_last and not (checks.is_whole(months) and 0 <= months <= _LONGEST):
            fault(f"{place}.months", months, "must be a whole number, 0 or more", "Say how long the phase lasts.")
        if share == FROM_CUSTOMS and not may_ask:
            remedy = "Give this destination a licence of its own, with to: rows of customs are chosen by it."
            fault(f"{place}.share", share, "stands in a profile by destination", remedy)
        elif share != FROM_CUSTOMS and not (_is_amount(share) and share <= 1):  # type: ignore[operator]
            fault(f"{place}.share", share, "must be from 0 to 1", "Say what part of the flow is let out.")


def _key_faults(table: Mapping[str, Any], known: Sequence[str], where: str, what: str, fault: Say) -> None:
    for key in table:
        if key not in known:
            fault(f"{where}.{key}", None, checks.told(f"unknown key of {what}", key, known), checks.listed(known))


def _date_faults(measure: Mapping[str, Any], where: str, fault: Say) -> None:
    _when_faults(measure, where, fault)
    _until_faults(measure, where, fault)
    _told_faults(measure, where, fault)
    if "suspended" not in measure:
        return
    windows = measure["suspended"]
    if not isinstance(windows, (list, tuple)) or not windows:
        fault(
            f"{where}.suspended", windows, "must be a list of windows", "For example [{start_month = 3, months = 2}]."
        )
        return
    known = ("start_month", "start", "months")
    for number, window in enumerate(windows):
        place = f"{where}.suspended[{number}]"
        if not isinstance(window, Mapping):
            fault(place, window, "is no window", "Write {start_month = 3, months = 2}.")
            continue
        _key_faults(window, known, place, "a suspension", fault)
        _when_faults(window, place, fault)
        if "months" not in window:
            fault(f"{place}.months", None, "is missing", "Say how long it is suspended; months of the measure end it.")
        if "start" not in window and "start_month" not in window:
            fault(place, None, "does not say when it begins", "Give start_month or start.")


def _when_faults(table: Mapping[str, Any], where: str, fault: Say) -> None:
    for key, least in _WHOLE:
        value = table.get(key)
        if key in table and not (checks.is_whole(value) and least <= value <= _LONGEST):
            remedy = _number_remedy(value, key)
            fault(f"{where}.{key}", value, f"must be a whole number, {least} or more", remedy)
    if "start" in table:
        if not is_month(table["start"]):
            fault(f"{where}.start", table["start"], 'must be a month such as "2025-04"', "Correct it.")
        if "start_month" in table:
            fault(f"{where}.start", table["start"], "stands beside start_month", "Keep one of the two.")


def _until_faults(measure: Mapping[str, Any], where: str, fault: Say) -> None:
    if "until" not in measure:
        return
    until, start = measure["until"], measure.get("start")
    if "months" in measure:
        fault(f"{where}.until", until, "stands beside months", "Keep one of the two.")
    if not is_month(until):
        fault(f"{where}.until", until, 'must be a month such as "2026-11"', "Write the first month without it.")
    elif is_month(start) and month_number(until) <= month_number(str(start)):
        remedy = "Write the first month in which it is no longer in force."
        fault(f"{where}.until", until, f"is not after start, {start}", remedy)


def _told_faults(measure: Mapping[str, Any], where: str, fault: Say) -> None:
    """Check where a measure comes from: its status, its source, and when that was looked up."""
    status = measure.get("status")
    if "status" in measure and status not in STATUSES:
        fault(f"{where}.status", status, checks.told("unknown status", status, STATUSES), checks.listed(STATUSES))
    elif status == "suspended" and "start" not in measure:
        remedy = "Write the month in which it would return; it never acts before."
        fault(f"{where}.start", None, "is missing beside a suspended status", remedy)
    rule = measure.get("rule")
    if "rule" in measure and not (isinstance(rule, str) and rule):
        fault(f"{where}.rule", rule, "must be the id of a rule", "List the ids with chainnet.rules().")
    source = measure.get("source")
    if "source" in measure and not (isinstance(source, str) and split_list(source)):
        fault(f"{where}.source", source, "must be keys of the references table", "Write keys, several split by ;.")
    if "checked_on" in measure and not _is_day(measure["checked_on"]):
        remedy = "Write the day on which the source was read, in quotes."
        fault(f"{where}.checked_on", measure["checked_on"], 'must be a day such as "2025-11-20"', remedy)


def _calendar_problems(measure: Mapping[str, Any], where: str, fault: Say) -> None:
    """Check the times against each other; dates beside month numbers wait for a month 0."""
    tables = [measure, *measure.get("suspended", ())]
    if len({"start" in table for table in tables} | ({True} if "until" in measure else set())) == 1:
        for rule in calendar_of(measure, 0).problems():
            fault(where, measure["kind"], rule, "Correct the times.")


def _number_remedy(value: object, key: str, usual: str = "Correct it.") -> str:
    """Return what to write for what was to be a number: a decimal comma, a per cent, a number in quotes."""
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(map(checks.is_whole, value)):  # split at its comma
        value = f"{value[0]},{value[1]}"
    found = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        number, is_percent = float(found[1].replace(",", ".")), found[2] is not None
        if is_percent and key not in _SHARES:
            return "A per cent is no amount: write the amount itself."
        number = number / 100 if is_percent else number
        return f"Write {number:g}: a number has a point for its decimals, and no quotes."
    if checks.is_number(value) and key in _SHARES and 2 < value <= 100:
        return f"Write {value / 100:g} for {value:g} %."
    is_whole = isinstance(value, float) and 0 < value <= _LONGEST and value.is_integer()
    return f"Write {value:g}." if is_whole else usual


def _is_amount(value: object) -> bool:
    return checks.is_number(value) and 0 <= value <= _LARGEST


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:  # no such day, as the 30th of February
        return False
    return True


def _is_words(value: object) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(v, str) for v in value)


def _is_condition(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(map(_is_words, value.values()))


def _is_pairs(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(e, (list, tuple)) and len(e) in (2, 3) for e in value)
