"""Numbers as people read them: three figures, halves up, a true minus, the unit beside them.

No other module writes a number for people. ``numbers.js``, beside this file, says the same in a page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chainnet.words._infinite import NO_LIMIT

NO_DATA = "n/d"
NOT_APPLICABLE = "n/a"
NOT_ASKED = "-"
NOT_ASSESSED = "not assessed"
NBSP = "\u00a0"
MINUS = "\u2212"
DUST = 1e-9
FIGURES = 3
LEAST = 0.1
HALF_UP = 1 + 1e-9  # what lies at a half but for the last digits of a solve always rounds up
CERTAIN = 1e-6  # of a share: what a solve is certain of
MILLION = 1e6
IN_FULL, SMALLEST, WHOLE = 6, 1e-6, 999_999.5  # figures of a number in full; less is told as less; above no fraction
_SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_OF_ONE = {"are": "is", "do": "does", "have": "has"}  # verbs that take more than an s


def is_missing(value: Any) -> bool:
    """Say whether a value is None, not a number, or what pandas takes for a blank cell."""
    return value is None or type(value).__name__ == "NAType" or value != value


def is_known(value: Any) -> bool:
    """Say whether a cell holds something: neither None nor NaN nor empty text."""
    return not is_missing(value) and value != ""


def number(value: Any, infinite: str = NO_LIMIT, least: float = LEAST) -> str:
    """Return three significant figures, thousands by comma, a true minus; what lies below ``least`` is said to be so.

    Examples
    --------
    >>> number(21337.41), number(42.0), number(0.04), number(0), number(None)
    ('21,300', '42', '<0.1', '0', 'n/d')
    """
    if not is_known(value):
        return NO_DATA
    x = float(value)
    if math.isinf(x):
        return infinite
    size = abs(x)
    if size <= DUST:
        return "0"
    if size < least:
        return f"<{least:g}" if x > 0 else f">{MINUS}{least:g}"
    return (MINUS if x < 0 else "") + plain(significant(size, FIGURES))


def significant(size: float, figures: int) -> float:
    """Return an amount above 0 rounded to so many figures, halves up."""
    step = 10.0 ** (math.floor(math.log10(size)) - figures + 1)
    return round(size / step * HALF_UP) * step


def plain(size: float) -> str:
    """Return an amount above 0 that is rounded already, without zeros at its end."""
    if size >= 100:
        return f"{size:,.0f}"
    exponent = math.floor(math.log10(size))
    text = f"{size:,.{max(FIGURES - 1 - exponent, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tonnes(value: Any, blank: str = NBSP, infinite: str = NO_LIMIT) -> str:
    """Return tonnes a year; ``blank`` stands between number and unit, ``infinite`` for both where there is no end.

    Examples
    --------
    >>> tonnes(385.0, " "), tonnes(None)
    ('385 t/yr', 'n/d')
    """
    text = number(value, infinite)
    return text if text in (NO_DATA, infinite) else f"{text}{blank}t/yr"


def percent(share: Any, blank: str = NBSP) -> str:
    """Return a share as percent: whole from 10 up, one decimal below; only what is nothing or all reads 0 or 100.

    Examples
    --------
    >>> [percent(s, " ") for s in (0.12345, 0.0123, 0.99999, 0.996, 1, 1.0021, 0)]
    ['12 %', '1.2 %', '>99.9 %', '99.6 %', '100 %', '100.2 %', '0 %']
    """
    if not is_known(share):
        return NO_DATA
    x = 100.0 * float(share)
    if abs(x) <= DUST:
        shown = "0"
    elif 0 < x < LEAST:
        shown = f"<{LEAST:g}"
    elif 99.5 <= x < 100 - DUST:
        shown = ">99.9" if x > 99.9 else f"{math.floor(x * 10) / 10:.1f}"
    elif 100 * (1 + CERTAIN) < x < 100.5 + DUST:
        shown = f"{x * HALF_UP:.1f}" if x >= 100.05 else ">100"
    else:
        size = abs(x) * HALF_UP
        shown = (MINUS if x < 0 else "") + (f"{size:.1f}".removesuffix(".0") if size < 9.95 else f"{size:.0f}")
    return f"{shown}{blank}%"


def change(value: Any, blank: str = NBSP) -> str:
    """Return tonnes a year that came to it, or went from it, with their sign.

    Examples
    --------
    >>> [change(t, " ") for t in (12345.6, -999.6, 0, None)]
    ['+12,300 t/yr', '−1,000 t/yr', '0 t/yr', 'n/d']
    """
    return ("+" if is_known(value) and float(value) > DUST else "") + tonnes(value, blank)


def exact(value: Any, figures: int = IN_FULL) -> str:
    """Return a number in full, for a reader who compares it with a source: never in powers of ten, which few read.

    Examples
    --------
    >>> exact(1234567.8), exact(12345.678), exact(0.000012), exact(-2e-9), exact(12345.678, 9)
    ('1,234,568', '12,345.7', '0.000012', '>-0.000001', '12,345.678')
    """
    if is_missing(value):
        return NO_DATA
    x = float(value)
    size, sign = abs(x), "-" if x < 0 else ""
    if size == 0:
        return "0"
    if math.isinf(size):
        return f"{sign}inf"
    if size < SMALLEST:
        return f"{'>-' if sign else '<'}{SMALLEST:.{IN_FULL}f}"
    if size >= WHOLE and figures <= IN_FULL:
        return f"{x:,.0f}"
    text = f"{size:,.{figures}g}"
    return sign + (text if "e" not in text else f"{size:,.10f}".rstrip("0").rstrip("."))


def correlation(value: Any) -> str:
    """Return a correlation, two decimals.

    Examples
    --------
    >>> correlation(0.244), correlation(-1.0), correlation(float("nan"))
    ('0.24', '−1.00', 'n/a')
    """
    return NOT_APPLICABLE if is_missing(value) else f"{float(value):.2f}".replace("-", MINUS)


def gap(value: float) -> str:
    """Return how far two proofs lie apart, or a breach: the one number that is a power of ten.

    Examples
    --------
    >>> gap(3.21e-10), gap(0.0)
    ('3.2e-10', '0')
    """
    return f"{value:.1e}" if value else "0"


def digits(value: float, figures: int) -> float:
    """Return a number kept to so many digits, as tables and pages hold it: the last bits of a solve do not show.

    Examples
    --------
    >>> digits(0.1 + 0.2, 9), digits(-0.0, 9)
    (0.3, 0.0)
    """
    return float(f"{float(value):.{figures}g}") + 0.0


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


def nouns(noun: str, n: float, plural: str = "") -> str:
    """Return a noun as it stands behind a number.

    Examples
    --------
    >>> nouns("stock", 1), nouns("stock", 0), nouns("country", 2, "countries")
    ('stock', 'stocks', 'countries')
    """
    return noun if n == 1 else plural or noun + "s"


def verb(plural: str, n: float) -> str:
    """Return a verb as it follows so many; given as it follows several.

    Examples
    --------
    >>> verb("lose", 1), verb("lose", 2), verb("are", 1), verb("do", 1)
    ('loses', 'lose', 'is', 'does')
    """
    return plural if n != 1 else _OF_ONE.get(plural, plural + "s")


def spelled(value: int, noun: str, plural: str = "") -> str:
    """Return a small count in words with its noun.

    Examples
    --------
    >>> spelled(1, "site"), spelled(12, "site"), spelled(3, "country", "countries")
    ('one site', '12 sites', 'three countries')
    """
    word = _SPELLED[value] if 0 <= value < len(_SPELLED) else count(value)
    return f"{word} {nouns(noun, value, plural)}"


def counted(value: Any, noun: str) -> str:
    """Return a whole number with its noun.

    Examples
    --------
    >>> counted(1, "stock"), counted(1300, "node")
    ('1 stock', '1,300 nodes')
    """
    return f"{count(value)} {nouns(noun, 1 if count(value) == '1' else 2)}"


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
    return NO_DATA if is_missing(usd) else f"USD{NBSP}{number(float(usd) / MILLION)}{NBSP}million"


def dollars(usd: Any, blank: str = NBSP) -> str:
    """Return US dollars: in millions where they are that many, else as they are.

    Examples
    --------
    >>> dollars(130.0, " "), dollars(3.2e9, " "), dollars(None)
    ('USD 130', 'USD 3,200 million', 'n/d')
    """
    if is_missing(usd):
        return NO_DATA
    text = money(usd) if abs(float(usd)) >= MILLION else f"USD{NBSP}{number(usd)}"
    return text.replace(NBSP, blank)


def bill(usd: Any) -> str:
    """Return what something costs in a sentence: below a million the digits would say more than is known.

    Examples
    --------
    >>> bill(1.44e5).replace(NBSP, " "), bill(1.6e7).replace(NBSP, " "), bill(0)
    ('under USD 1 million', 'USD 16 million', 'nothing')
    """
    if not is_missing(usd) and float(usd) <= 0:
        return "nothing"
    return f"under {money(MILLION)}" if not is_missing(usd) and float(usd) < MILLION else money(usd)


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
        step = 10.0 ** (digits - FIGURES + 1)
        if width > DUST:
            step = max(step, min(10.0 ** math.floor(math.log10(width / 10)), 10.0 ** (digits - 1)))
        # a value that already stands on the step, but for rounding, stays where it is
        steps = value / step
        nearest = round(steps)
        steps = nearest if abs(steps - nearest) < 1e-6 else outward(steps)
        ends.append((MINUS if steps < 0 else "") + plain(abs(steps) * step))
    return f"[{ends[0]}–{ends[1]}]"


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


def numbers_script() -> str:
    """Return the same words for a page: a script that makes ``WORDS`` of number, percent, count and others."""
    return (Path(__file__).parent / "numbers.js").read_text(encoding="utf-8")
