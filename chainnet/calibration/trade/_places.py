"""Whom a code or a name of a statistic means: a country, a remainder, or an area that holds several countries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.network import MOST_FAULTS, area_named, common_groups, countries_near, country_named, is_country

# codes of the statistics that differ from the register of the United Nations
_CODES = {58: "BEL", 251: "FRA", 381: "ITA", 490: "TWN", 579: "NOR", 699: "IND", 711: "ZAF", 736: "SDN", 757: "CHE",
          841: "USA", 842: "USA"}  # fmt: skip
# of these the meaning is an assumption that must be said
_ASSUMED = {
    58: "Belgium-Luxembourg read as Belgium",
    490: '"Other Asia, not elsewhere specified" read as Taiwan',
    711: "Southern African Customs Union read as South Africa",
    736: "former Sudan read as Sudan",
}
_LETTERS = {"S19": 490, "F19": None}
WORLD = "World"
# an area whose flow no country has is kept under its own name, the world's under this
UNNAMED = "partners not named"
_AREAS = {"0": WORLD, "W00": WORLD, "WLD": WORLD, "97": "EU27", "EUR": "EU27", "EU2": "EU27"}
_CLDR = {"001": WORLD, "002": "Africa", "202": "Africa", "419": "Latin America", "009": "Oceania", "150": "Europe",
         "142": "Asia", "035": "South-East Asia", "EZ": "Euro area", "003": "North America", "021": "North America",
         "005": "South America", "019": "America"}  # fmt: skip
_GROUPS = {"Africa": "africa", "Latin America": "latin_america", "Oceania": "oceania",
           "South-East Asia": "southeast_asia"}  # fmt: skip
_EUROPE = "ALB AND BIH BLR CHE FRO GBR GIB ISL LIE MCO MDA MKD MNE NOR RUS SMR SRB UKR VAT"
_SOUTH = "ARG BOL BRA CHL COL ECU FLK GUF GUY PER PRY SUR URY VEN"
_ASIA = ("AFG ARE ARM AZE BGD BHR BRN BTN CHN CYP GEO HKG IDN IND IRN IRQ ISR JOR JPN KAZ KGZ KHM KOR KWT LAO LBN LKA "
         "MAC MDV MMR MNG MYS NPL OMN PAK PHL PRK PSE QAT SAU SGP SYR THA TJK TKM TLS TUR TWN UZB VNM YEM")  # fmt: skip
# unions and regions that statistics sum over: what they are called -> members
_UNIONS = {
    "ASEAN": "BRN IDN KHM LAO MMR MYS PHL SGP THA TLS VNM",
    "Benelux": "BEL LUX NLD",
    "BRICS": "ARE BRA CHN EGY ETH IDN IND IRN RUS ZAF",
    "CIS": "ARM AZE BLR KAZ KGZ MDA RUS TJK TKM UZB",
    "EFTA": "CHE ISL LIE NOR",
    "GCC": "ARE BHR KWT OMN QAT SAU",
    "MERCOSUR": "ARG BOL BRA PRY URY VEN",
    "Middle East": "ARE BHR IRN IRQ ISR JOR KWT LBN OMN PSE QAT SAU SYR TUR YEM",
    "NAFTA": "CAN MEX USA",
    "OECD": "AUS AUT BEL CAN CHE CHL COL CRI CZE DEU DNK ESP EST FIN FRA GBR GRC HUN IRL ISL ISR ITA JPN KOR LTU LUX "
    "LVA MEX NLD NOR NZL POL PRT SVK SVN SWE TUR USA",
    "OPEC": "AGO ARE COG DZA ECU GAB GNQ IRN IRQ KWT LBY NGA QAT SAU VEN",
    "USMCA": "CAN MEX USA",
}
_NO_EURO = {"CZE", "DNK", "HUN", "POL", "ROU", "SWE"}


@cache
def _numeric() -> dict[int, str]:
    import pycountry

    return {int(country.numeric): country.alpha_3 for country in pycountry.countries} | _CODES


def _is_number(code: str) -> bool:
    return code.isdecimal() and len(code) <= 6  # no code of a place is longer


def members_of(area: str) -> frozenset[str] | None:
    """Return the countries that an area may hold; None where it may be any."""
    groups = common_groups()
    union = groups.get("EU27", frozenset())
    if area in groups or area in _GROUPS:
        return groups.get(_GROUPS.get(area, area))
    listed = {"Europe": union | {*_EUROPE.split()}, "Asia": frozenset(_ASIA.split()), "Euro area": union - _NO_EURO,
              "South America": frozenset(_SOUTH.split()), "North America": frozenset(("CAN", "GRL", "MEX", "USA")),
              "America": groups.get("latin_america", frozenset()) | {"CAN", "USA"}}  # fmt: skip
    if area in listed or area in _UNIONS:
        return listed.get(area, frozenset(_UNIONS.get(area, "").split()))
    return union | {"GBR"} if re.fullmatch(r"EU\d\d", area) else None


@dataclass
class Places:
    """Reads codes and names; remembers what was assumed, what stayed without a country, and what it must ask.

    ``countries``: what the caller says that a word means. ``areas``: what holds several countries. ``met``: all words.
    """

    countries: Mapping[str, str] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    regions: set[str] = field(default_factory=set)
    areas: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    _known: dict[Any, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def of(self, code: Any, name: str = "", *, file: str = "", column: str = "", row: int | None = None,
           is_iso2: bool = False) -> str:  # fmt: skip
        """Return a country's ISO alpha-3 code, the words of a remainder, or the name of an area."""
        key = (code, name)
        if key not in self._known:
            text, said = str(code).strip().removesuffix(".0"), name.strip()
            self.met |= {text, said}
            found = next((self.countries[word] for word in (text, said) if word in self.countries), None)
            if found is not None and not is_country(found):
                self.regions.add(found)
            if text == "NA" and is_iso2 and found is None:
                found = "NAM"
                self.assumed[found] = '"NA" read as Namibia: every other code beside it has two letters as well'
            self._known[key] = found or self._read(text, said)
            if self._known[key] not in self.areas and not is_country(self._known[key]) and found is None:
                self._ask(text, said, file, column, row)
        return self._known[key]

    def figure_of(self, word: Any, file: str, column: str, row: int) -> str:
        """Return whose figure a row of production or use is; "world" for the sum of all."""
        found = self.of(word, file=file, column=column, row=row)
        return "world" if found == WORLD else found

    def column(self, rows: pd.DataFrame, column: str, file: str) -> pd.Series:
        """Return whom the cells of a column mean."""
        cells = rows[column].astype("str")
        distinct = [word.strip() for word in cells.unique()]
        is_iso2 = len(distinct) > 1 and all(re.fullmatch("[A-Z]{2}", word) for word in distinct)
        lines = rows["line"] if "line" in rows.columns else pd.Series(None, index=rows.index, dtype=object)
        first = dict(zip(cells[::-1], lines[::-1], strict=True))
        found = {word: self.of(word, file=file, column=column, row=first[word], is_iso2=is_iso2) for word in first}
        return cells.map(found)

    def check(self) -> None:
        """Ask what is not sure.

        Raises
        ------
        DataError
            With every name that may mean several countries, or is nearly one.
        """
        if self.faults:
            raise DataError(faults=self.faults[:MOST_FAULTS])

    def _read(self, code: str, name: str) -> str:
        if is_country(code):
            return code
        area = _AREAS.get(code) or _area(code) or (_area(name) if name else "")
        if area:
            self.areas.add(area)
            return area
        number = int(code) if _is_number(code) else _LETTERS.get(code)
        if number is not None and number in _numeric():
            if number in _ASSUMED:
                self.assumed[_numeric()[number]] = _ASSUMED[number]
            return _numeric()[number]
        found = country_named(name) or country_named(code)
        if found is None:
            found = name or (f"area {code}" if _is_number(code) or len(code) <= 3 else code)
            self.regions.add(found)
        return found

    def _ask(self, code: str, name: str, file: str, column: str, row: int | None) -> None:
        """Note a word that may mean several countries, or is nearly the name of one; a numbered area is none."""
        if name and (_is_number(code) or code in _LETTERS or code.startswith("_")):
            return
        word = name or code
        near = countries_near(word)
        if near:
            rule = "means no one country for sure" if len(near) > 1 else "is no country that is known"
            code = near[0][:3]
            remedy = (
                f"Did you mean {' or '.join(near)}? Write the code, or say what it means, such as "
                f'countries={{"{word}": "{code}"}} (--country "{word}={code}"), or {{"{word}": "{word}"}} for a region.'
            )
            self.faults.append(Fault(file, row, column, word, rule, remedy))


def _area(word: str) -> str:
    """Return the name of an area that a word means; empty where it means none."""
    by_name = {group.lower().replace("_", " "): group for group in common_groups()}
    plain = re.sub(r"[\s_]+", " ", word.lower()).strip()
    union = next((union for union in _UNIONS if union.lower() == plain), "")
    if union:
        return union
    if plain in by_name:
        return {group: area for area, group in _GROUPS.items()}.get(by_name[plain], by_name[plain])
    found = area_named(word)
    if found is not None:
        return _CLDR.get(found, "") if re.fullmatch(r"\d{3}|EZ", found) else found
    if plain.startswith("european union"):
        return "EU27"
    is_sum = re.match(r"(world|total|extra[- ]|intra[- ]|non[- ](?:oecd|eu)\b)", plain)
    return word.strip() if is_sum else ""


def check_named(countries: Mapping[str, str], met: set[str]) -> None:
    """Refuse what stands in no table that was read.

    Raises
    ------
    DataError
        If a name of ``countries`` is none of the words met.
    """
    for old in countries:
        if old not in met:
            raise DataError(f"countries: {checks.unknown(old, met, 'name')}")
