"""Names as people read them: ids, countries, whom country words stand for; lists in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

WORDS = 3  # of a name that needs no quotes


def readable_id(text: str) -> str:
    """Return a lower snake case id as words, any other text as it stands.

    Examples
    --------
    >>> readable_id("japan_magnet_makers"), readable_id("H_CN")
    ('Japan magnet makers', 'H_CN')
    """
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", text):
        return first_capital(text).replace("_", " ")
    return text


def step_words(step: str) -> str:
    """Return a step, or a stage that stands for one, as people read it.

    Examples
    --------
    >>> step_words("separation"), step_words("end_use")
    ('separation', 'end use')
    """
    from chainnet.network import STAGES  # not before: with the tables comes pandas, which takes a second

    return step.replace("_", " ") if step in STAGES else step


def first_capital(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def short_label(text: str, width: int) -> str:
    """Return a label cut at ``width`` letters, with an ellipsis where it was cut.

    Examples
    --------
    >>> short_label("Mountain Pass", 20), short_label("Mountain Pass, oxides", 15)
    ('Mountain Pass', 'Mountain Pass…')
    """
    return text if len(text) <= width else text[: width - 1].rstrip(" ,;(") + "…"


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


def named(text: str) -> str:
    """Return a name as it stands inside a sentence: in quotes where a comma in it would part it.

    Examples
    --------
    >>> named("Bayan Obo mines"), named("Caremag, Lacq")
    ('Bayan Obo mines', '“Caremag, Lacq”')
    """
    return f"“{text}”" if ", " in text or " and " in text else text


def titled(text: str) -> str:
    """Return a name as one word of a sentence: in quotes where it has several, or a comma would part it.

    Examples
    --------
    >>> titled("Bayan Obo mines"), titled("Mine of the far north"), titled("Caremag, Lacq")
    ('Bayan Obo mines', '“Mine of the far north”', '“Caremag, Lacq”')
    """
    if text.startswith("“") and text.endswith("”"):
        return text
    return f"“{text.replace('“', '‘').replace('”', '’')}”" if len(text.split()) > WORDS or named(text) != text else text


_COMMON = {"COD": "DR Congo", "RUS": "Russia"}  # the register has no common name of them


@cache
def country_name(code: str) -> str:
    """Return the name of an ISO 3166-1 alpha-3 code, or the text itself where it is none.

    Examples
    --------
    >>> country_name("CHN"), country_name("KOR"), country_name("COD"), country_name("EU27"), country_name("bloc_2026")
    ('China', 'South Korea', 'DR Congo', 'EU27', 'Bloc 2026')
    """
    from chainnet.network import is_country

    if not is_country(code):
        return readable_id(code)
    if code in _COMMON:
        return _COMMON[code]
    import pycountry

    found = pycountry.countries.get(alpha_3=code)
    if found is None:
        return code
    last, _, first = str(getattr(found, "common_name", found.name)).partition(", ")
    return f"{first} {last}".strip()  # the register writes "Palestine, State of"


def inside(name: str) -> str:
    """Return the name of a good as it stands inside a sentence.

    Examples
    --------
    >>> inside("Samarium oxide"), inside("NdFeB magnet")
    ('samarium oxide', 'NdFeB magnet')
    """
    return name if any(letter.isupper() for letter in name.split(" ")[0][1:]) else name[:1].lower() + name[1:]


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
    return f"the {name}" if first in ("United", "Netherlands", "Philippines") else name


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
