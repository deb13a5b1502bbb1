"""Countries and sets of countries: what counts as one, and who belongs to which set."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from chainnet import checks
from chainnet.errors import DataError

Groups = Mapping[str, frozenset[str]]
OUTSIDE = "!"  # before a country or group: wherever that is not
_VAGUE = frozenset(("america",))  # one country is likely, and not sure
_TOTALS = frozenset(
    ("all", "all countries", "global", "grand total", "sum", "total", "totals", "w00", "wld", "world", "world total")
)
_AREAS = {"eu": "EU27", "european union": "EU27", "eu 27": "EU27", "europe": "EU27"}
# letters that are no others with an accent; marks of kana, which tell one sound from another
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
_SOUNDS = "\u3099\u309a"
_CLIPPED = {"br": "british", "dem": "democratic", "fed": "federation", "is": "islands", "isds": "islands",
            "pr": "peoples republic", "rep": "republic", "st": "saint", "sts": "states"}  # fmt: skip
_SMALL = frozenset(("and", "of", "the"))  # words that names are written with and without
_LONGEST_NAME = 1000  # letters of a word that may be a name at all
_LONGEST = 60  # letters of a word that is compared with names
_LISTED = 5  # countries that a hint lists


@cache
def graphs_folder() -> Path:
    """Return the folder of the shipped graphs: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "graphs"
    return inside if inside.is_dir() else package.parent / "graphs"


@cache
def _iso_codes() -> frozenset[str]:
    import pycountry

    return frozenset(country.alpha_3 for country in pycountry.countries)


def is_country(code: str) -> bool:
    """Say whether ``code`` is an upper-case ISO 3166-1 alpha-3 code."""
    return code in _iso_codes()


@cache
def _iso_names() -> Mapping[str, str]:
    """Return plain names of countries -> alpha-3 code; alpha-2 codes too, but for NA, which is no answer."""
    import pycountry

    aliases = _listed_names("country_aliases.csv")
    found: dict[str, str] = {}
    for country in pycountry.countries:
        for key in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            word = _plain(getattr(country, key, ""))
            if word and word != "na" and word not in aliases:
                found[word] = country.alpha_3
    return found | {name: codes[0] for name, codes in aliases.items() if len(codes) == 1 and name not in _VAGUE}


def _listed_names(file: str) -> dict[str, tuple[str, ...]]:
    """Return plain names -> all codes that each may mean, of a table beside this module."""
    with (Path(__file__).parent / file).open(encoding="utf-8", newline="") as handle:
        return {_plain(row["name"]): tuple(row["codes"].split()) for row in csv.DictReader(handle)}


@cache
def _names() -> tuple[Mapping[str, str], Mapping[tuple[str, ...], str], Mapping[str, tuple[str, ...]]]:
    """Return names in all languages -> what they mean; their words in any order -> the same; names of several."""
    aliases, known = _listed_names("country_aliases.csv"), _listed_names("country_names.csv")
    found = {name: codes[0] for name, codes in known.items() if len(codes) == 1} | dict(_iso_names())
    several = {name: codes for name, codes in (known | aliases).items() if len(codes) > 1 or name in _VAGUE}
    bags: dict[tuple[str, ...], set[str]] = {}
    for name, code in found.items():
        if " " in name:
            bags.setdefault(_bag(name), set()).add(code)
    return found, {bag: next(iter(codes)) for bag, codes in bags.items() if len(codes) == 1}, several


def _bag(plain: str) -> tuple[str, ...]:
    """Return the words of a name, whole and in one order."""
    words = " ".join(_CLIPPED.get(word, word) for word in plain.split()).replace("federated", "federation").split()
    return tuple(sorted(set(words) - _SMALL))


@cache
def country_names() -> Mapping[str, str]:
    """Return the name of every country by its code, in the order of the codes."""
    import pycountry

    return {country.alpha_3: country.name for country in sorted(pycountry.countries, key=lambda c: c.alpha_3)}


def _plain(word: str) -> str:
    """Return a name in small letters without accents, whatever its script, with single blanks."""
    if len(word) > _LONGEST_NAME:
        return ""
    apart = unicodedata.normalize("NFKD", word.casefold())
    letters = "".join(c for c in apart if not unicodedata.combining(c) or c in _SOUNDS).translate(_LETTERS)
    letters = unicodedata.normalize("NFC", re.sub(r"(?<=\b[a-z])\.(?=[a-z]\b|\s|$)", "", letters))  # U.S.A.
    words = re.sub(
        r"[\W_]+", " ", re.sub("['\u2018\u2019\u02bb\u02bc\u00b4`]", "", letters).replace("&", " and ")
    ).split()
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def country_named(word: object) -> str | None:
    """Return the code of the country that a name or a common abbreviation means; None where it is not sure.

    Names are known in some twenty languages (Unicode CLDR) and as statistics write them.

    Examples
    --------
    >>> country_named("DRC"), country_named("Korea, Rep. of"), country_named("Congo"), country_named("U.S.")
    ('COD', 'KOR', None, 'USA')
    >>> country_named("Südafrika"), country_named("オーストラリア"), country_named("China (mainland)")
    ('ZAF', 'AUS', 'CHN')
    """
    found = _meaning(word)
    return found if found is not None and is_country(found) else None


def area_named(word: object) -> str | None:
    """Return the group, or the code of the CLDR, of a name of several countries together; None where it is none.

    Examples
    --------
    >>> area_named("Union européenne"), area_named("EU-28"), area_named("Welt"), area_named("France")
    ('EU27', 'EU28', '001', None)
    """
    plain = _plain(word) if isinstance(word, str) else ""
    if is_total(word) or re.fullmatch(r"(world|(world |grand )?totals?)( rounded)?", plain):
        return "001"
    union = re.fullmatch(r"(?:eu|european union)\s?(\d\d)?(?: 2020| countries)?", plain)
    if union:
        return f"EU{union[1] or 27}"
    found = _meaning(word)
    return {"EU": "EU27"}.get(found, found) if found is not None and not is_country(found) else None


def _meaning(word: object) -> str | None:
    plain = _plain(word) if isinstance(word, str) else ""
    known, bags, several = _names()
    if plain in several or plain == "na":
        return None
    for form in (plain, re.sub(r"( of)?( the)?$", "", plain)):
        if form in known:
            return known[form]
    return bags.get(_bag(plain)) if " " in plain else None


def country_hint(word: object) -> str:
    """Return what to write for a word that is no code of a country, in words; empty where nobody knows."""
    code = country_named(word)
    if code is not None:
        return f"Write {code} ({country_names()[code]}), or read with country_names=True."
    if not isinstance(word, str):
        return ""
    area = _AREAS.get(_plain(word))
    if area:
        return f"Leave the cell empty and write {area} into region."
    near = countries_near(word)
    return f"Did you mean {' or '.join(near)}? Use the three-letter code." if near else ""


def is_open(word: str) -> bool:
    """Say whether a name of a country does not say which of several is meant."""
    return _plain(word) in _names()[2]


@cache
def countries_near(word: str) -> tuple[str, ...]:
    """Return the countries that a word may mean that names none of them, each as code and name.

    Examples
    --------
    >>> countries_near("Congo"), countries_near("Kazakstan")
    (('COD (Congo, The Democratic Republic of the)', 'COG (Congo)'), ('KAZ (Kazakhstan)',))
    """
    plain, names = _plain(word), country_names()
    codes = list(_names()[2].get(plain, ("NAM",) if plain == "na" else ()))
    if not codes and re.fullmatch(r"[A-Z]{3}", word):  # no code, but perhaps how a name begins
        codes = [
            code for code, name in sorted(names.items(), key=lambda item: item[1]) if _plain(name).startswith(plain)
        ]
    elif not codes and 3 < len(plain) <= _LONGEST:
        known = {said: code for said, code in _names()[0].items() if len(said) > 3 and code in names}
        codes = list(dict.fromkeys(known[said] for said in checks.alike(plain, known, 2, 0.85)))
    return tuple(f"{code} ({names[code]})" for code in codes[:_LISTED])


def is_total(label: object) -> bool:
    """Say whether a label is a word of statistics for the sum of all countries, which may not stand among them."""
    return isinstance(label, str) and label.strip().lower() in _TOTALS


@cache
def common_groups() -> Groups:
    """Return the sets of countries that are always known (``graphs/common/groups.csv``)."""
    path = graphs_folder() / "common" / "groups.csv"
    if not path.is_file():
        return MappingProxyType({})
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return collect_groups((row["group"], row["country"]) for row in csv.DictReader(handle))


def collect_groups(pairs: Iterable[tuple[str, str]]) -> Groups:
    """Return group name -> members from (group, country) pairs."""
    members: dict[str, set[str]] = {}
    for group, country in pairs:
        members.setdefault(group, set()).add(country)
    return MappingProxyType({name: frozenset(found) for name, found in sorted(members.items())})


def expand(words: Iterable[str], groups: Groups, where: str) -> tuple[frozenset[str], frozenset[str]]:
    """Resolve country words to (countries, names of groups whose region rows belong to them).

    A row without a country whose region is the name of a group belongs to that group and to
    every set that holds all of the group's countries.

    Parameters
    ----------
    words : iterable of str
        ISO alpha-3 codes or group names.
    groups : mapping of str to frozenset
        Known groups.
    where : str
        Argument name, for the message.

    Raises
    ------
    DataError
        If a word is neither.
    """
    countries: set[str] = set()
    regions: set[str] = set()
    for word in words:
        if word in groups:
            countries |= groups[word]
            regions.add(word)
        elif is_country(word):
            countries.add(word)
        else:
            named = country_named(word) or _AREAS.get(_plain(str(word)))
            near = () if named else countries_near(str(word))
            said = f'"{word}" is neither an ISO 3166-1 alpha-3 country nor a known group'
            hint = checks.meant([f'"{named}"'] if named else near) or checks.near(word, [*groups, *_iso_codes()])
            raise DataError(f"{where}: {said}{f';{hint}' if hint else '.'} {checks.listed(groups)}")
    regions |= {name for name, held in groups.items() if held and held <= countries}
    return frozenset(countries), frozenset(regions)
