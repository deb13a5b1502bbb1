"""Numbers and names as people read them. The same string stands in text, tables and figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from chainnet.drawing import readable_id, style
from chainnet.network import is_country

__all__ = [
    "NOT_ASSESSED",
    "NO_DATA",
    "as_text",
    "calendar_month",
    "count",
    "counted",
    "country_name",
    "in_months",
    "is_missing",
    "join",
    "money",
    "month_words",
    "named",
    "number",
    "percent",
    "ranks",
    "recover_words",
    "span",
    "survive_words",
    "tonnes",
    "weight",
    "who",
]

NO_DATA = "n/d"
NOT_APPLICABLE = "n/a"
NOT_ASKED = "-"
NOT_ASSESSED = "not assessed"
NBSP = "\u00a0"
MINUS = "\u2212"
DUST = 1e-9
DIGITS = 3
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def number(value: Any, infinite: str = "unlimited") -> str:
    """Return a number with three significant digits, thousands by comma, a true minus.

    Examples
    --------
    >>> number(21337.41), number(42.0), number(0.04), number(0), number(None)
    ('21,300', '42', '<0.1', '0', 'n/d')
    """
    return style.number(value, infinite)


def whole(value: Any) -> str:
    """Return a year or a count without thousands marks.

    Examples
    --------
    >>> whole(2027.0)
    '2027'
    """
    return NO_DATA if is_missing(value) else str(round(float(value)))


def count(value: Any) -> str:
    """Return a count in full, thousands by comma.

    Examples
    --------
    >>> count(1234)
    '1,234'
    """
    return NO_DATA if is_missing(value) else f"{round(float(value)):,}"


def spelled(value: int, noun: str, plural: str = "") -> str:
    """Return a small count in words with its noun.

    Examples
    --------
    >>> spelled(1, "site"), spelled(12, "site"), spelled(3, "country", "countries")
    ('one site', '12 sites', 'three countries')
    """
    word = _SPELLED[value] if 0 <= value < len(_SPELLED) else count(value)
    return f"{word} {noun if value == 1 else plural or noun + 's'}"


def counted(value: Any, noun: str) -> str:
    """Return a whole number with its noun.

    Examples
    --------
    >>> counted(1, "stock"), counted(1300, "node")
    ('1 stock', '1,300 nodes')
    """
    return f"{count(value)} {noun}{'' if count(value) == '1' else 's'}"


def in_months(value: Any) -> str:
    """Return a number of months with its noun.

    Examples
    --------
    >>> in_months(1), in_months(13)
    ('1 month', '13 months')
    """
    return counted(value, "month")


def tonnes(value: Any) -> str:
    """Return tonnes a year.

    Examples
    --------
    >>> tonnes(385.0).replace(NBSP, " ")
    '385 t/yr'
    """
    return f"{number(value)}{NBSP}t/yr"


def percent(share: Any) -> str:
    """Return a share as percent; only what is nothing or all reads 0 or 100.

    Examples
    --------
    >>> [percent(s).replace(NBSP, " ") for s in (0.12345, 0.0123, 0.99999, 0.996, 1, 0)]
    ['12 %', '1.2 %', '>99.9 %', '99.6 %', '100 %', '0 %']
    """
    return style.percent(share).replace(" ", NBSP)


def span(low: Any, high: Any) -> str:
    """Return a range, each end rounded outward, no finer than a tenth of its width allows.

    Two digits are kept at least, so that a low end above zero never reads 0.

    Examples
    --------
    >>> span(64.17, 1155.0), span(0, 339.2), span(None, 3), span(5, 5)
    ('[64–1,200]', '[0–340]', 'not assessed', '[5–5]')
    """
    if is_missing(low) or is_missing(high):
        return NOT_ASSESSED
    low, high = float(low), float(high)
    width = high - low
    if max(abs(low), abs(high)) <= DUST:
        return "0"
    ends = []
    for value, outward in ((low, math.floor), (high, math.ceil)):
        if abs(value) <= DUST:
            ends.append("0")
            continue
        digits = math.floor(math.log10(abs(value)))
        step = 10.0 ** (digits - DIGITS + 1)
        if width > DUST:
            step = max(step, min(10.0 ** math.floor(math.log10(width / 10)), 10.0 ** (digits - 1)))
        # a value that already stands on the step, but for rounding, stays where it is
        steps = value / step
        nearest = round(steps)
        steps = nearest if abs(steps - nearest) < 1e-6 else outward(steps)
        ends.append((MINUS if steps < 0 else "") + style.plain(abs(steps) * step))
    return f"[{ends[0]}–{ends[1]}]"


def join(parts: Sequence[str], last: str = "and") -> str:
    """Return parts as a list in words.

    Examples
    --------
    >>> join(["a"]), join(["a", "b"]), join(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    parts = list(parts)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def as_text(value: Any) -> str:
    """Return a word from the data, or n/d where there is none."""
    return NO_DATA if is_missing(value) or str(value) == "" else str(value)


def first_capital(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


@cache
def country_name(code: str) -> str:
    """Return the name of an ISO 3166-1 alpha-3 code, or the text itself where it is none.

    Examples
    --------
    >>> country_name("CHN"), country_name("KOR"), country_name("COD"), country_name("EU27"), country_name("bloc_2026")
    ('China', 'South Korea', 'The Democratic Republic of the Congo', 'EU27', 'Bloc 2026')
    """
    if not is_country(code):
        return readable_id(code)
    import pycountry

    found = pycountry.countries.get(alpha_3=code)
    if found is None:
        return code
    last, _, first = str(getattr(found, "common_name", found.name)).partition(", ")
    return f"{first} {last}".strip()  # the register writes "Congo, The Democratic Republic of the"


def in_sentence(name: str) -> str:
    """Return a country's name as it stands inside a sentence.

    Examples
    --------
    >>> in_sentence("United States"), in_sentence("Japan")
    ('the United States', 'Japan')
    """
    first = name.split(" ")[0]
    if first == "The":
        return f"the {name[4:]}"
    return f"the {name}" if first in ("United", "Russian", "Netherlands", "Philippines") else name


def who(words: Sequence[str], groups: Mapping[str, frozenset[str]]) -> str:
    """Return whom country words stand for: the few countries and known groups that make them up.

    Examples
    --------
    >>> who(["bloc"], {"bloc": frozenset({"USA", "FRA", "DEU"}), "duo": frozenset({"FRA", "DEU"})})
    'the United States and duo'
    """
    members: set[str] = set()
    for word in words:
        members |= groups.get(word, frozenset({word}))
    left, named = set(members), []
    inside = sorted((g for g in groups if groups[g] < members), key=lambda g: (-len(groups[g]), g))
    for group in inside:
        if groups[group] <= left and len(groups[group]) > 1:
            named.append(group)
            left -= groups[group]
    return join([*sorted(in_sentence(country_name(c)) for c in left), *named])


def ranks(values: Iterable[float]) -> list[str]:
    """Return ranks of values that are sorted, largest first; ties share theirs and say so.

    Examples
    --------
    >>> ranks([9.0, 4.0, 4.0, 1.0])
    ['1', '2=', '2=', '4']
    """
    found = [float(v) for v in values]
    if not found:
        return []
    first = [i for i, v in enumerate(found) if i == 0 or not same(v, found[i - 1])]
    ends = [*first[1:], len(found)]
    out: list[str] = []
    for start, end in zip(first, ends, strict=True):
        out += [f"{start + 1}{'=' if end - start > 1 else ''}"] * (end - start)
    return out


def same(a: float, b: float) -> bool:
    """Say whether two results tie: equal to within what a solve is certain of."""
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-6)


def named(text: str) -> str:
    """Return a name as it stands inside a sentence: in quotes where a comma in it would part it.

    Examples
    --------
    >>> named("Bayan Obo mines"), named("Caremag, Lacq")
    ('Bayan Obo mines', '“Caremag, Lacq”')
    """
    return f"“{text}”" if ", " in text or " and " in text else text


def weight(value: Any) -> str:
    """Return tonnes, not a year but in all.

    Examples
    --------
    >>> weight(1234.0).replace(NBSP, " ")
    '1,230 t'
    """
    return f"{number(value)}{NBSP}t"


def money(usd: Any) -> str:
    """Return US dollars in millions.

    Examples
    --------
    >>> money(1.159334e7).replace(NBSP, " "), money(None)
    ('USD 11.6 million', 'n/d')
    """
    return NO_DATA if is_missing(usd) else f"USD{NBSP}{number(float(usd) / 1e6)}{NBSP}million"


def calendar_month(month: Any, start: str) -> str:
    """Return the calendar month of a month that counts from 1; empty where the start is not known.

    Parameters
    ----------
    month : number
    start : str
        The first month, such as "2025-01"; "" = not known.

    Examples
    --------
    >>> calendar_month(1, "2025-01"), calendar_month(14, "2025-01"), calendar_month(3, "")
    ('Jan 2025', 'Feb 2026', '')
    """
    if is_missing(month) or not start:
        return ""
    year, first = (int(part) for part in start.split("-")[:2])
    years, place = divmod(first - 1 + round(float(month)) - 1, 12)
    return f"{_MONTHS[place]} {year + years}"


def month_words(month: Any, start: str, never: str = "never") -> str:
    """Return a month by its number and its name.

    Examples
    --------
    >>> month_words(4, "2025-01").replace(NBSP, " "), month_words(4, ""), month_words(None, "2025-01")
    ('4 (Apr 2025)', '4', 'never')
    """
    if is_missing(month):
        return never
    name = calendar_month(month, start)
    return f"{whole(month)}{NBSP}({name.replace(' ', NBSP)})" if name else whole(month)


def survive_words(months: Any, is_unlimited: Any, horizon: Any) -> str:
    """Return how long demand can be kept whole, in months from the first measure.

    Parameters
    ----------
    months : number
        inf where it is unlimited.
    is_unlimited : bool
    horizon : number
        Months from the first measure to the end; a time as long as that is a lower limit.

    Examples
    --------
    >>> survive_words(6.0, False, 48), survive_words(48.0, False, 48), survive_words(float("inf"), True, 48)
    ('6', 'at least 48', 'unlimited')
    """
    if is_missing(months):
        return NO_DATA
    if is_unlimited or math.isinf(months):
        return "unlimited"
    return f"at least {number(months)}" if not is_missing(horizon) and months >= horizon - 1e-6 else number(months)


def recover_words(months: Any, horizon: Any) -> str:
    """Return months from the first short one until demand is met for good.

    Examples
    --------
    >>> recover_words(4.0, 48), recover_words(0.0, 48), recover_words(float("inf"), 48)
    ('4', '-', 'not in 48')
    """
    if is_missing(months):
        return NO_DATA
    if math.isinf(months):
        return f"not in {whole(horizon)}"
    return NOT_ASKED if months <= 0 else number(months)


def is_missing(value: Any) -> bool:
    """Say whether a value is None or not a number."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value != value
