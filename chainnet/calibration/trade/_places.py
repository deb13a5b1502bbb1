"""Whom a code or a name of a statistic means: a country, a remainder, or a sum that may not stand among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from chainnet.network import is_country, is_total
from chainnet.words import country_code

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
_WHOLE = {"0", "W00", "WLD", "97", "EUR", "EU2", "EU27", "EU28"}


@cache
def _numeric() -> dict[int, str]:
    import pycountry

    return {int(country.numeric): country.alpha_3 for country in pycountry.countries} | _CODES


def _is_number(code: str) -> bool:
    return code.isdecimal() and len(code) <= 6  # no code of a place is longer


@dataclass
class Places:
    """Reads codes and names; remembers what was assumed and what stayed without a country."""

    assumed: dict[str, str] = field(default_factory=dict)
    regions: set[str] = field(default_factory=set)
    _known: dict[Any, str | None] = field(default_factory=dict)

    def of(self, code: Any, name: str = "") -> str | None:
        """Return a country's ISO alpha-3 code, the words of a remainder, or None for a sum over countries."""
        key = (code, name)
        if key not in self._known:
            self._known[key] = self._read(str(code).strip().removesuffix(".0"), name.strip())
        return self._known[key]

    def _read(self, code: str, name: str) -> str | None:
        if code in _WHOLE or is_total(code) or name.lower().startswith(("world", "total", "european union")):
            return None
        if is_country(code):
            return code
        number = int(code) if _is_number(code) else _LETTERS.get(code)
        if number is not None and number in _numeric():
            if number in _ASSUMED:
                self.assumed[_numeric()[number]] = _ASSUMED[number]
            return _numeric()[number]
        found = country_code(name) or country_code(code)
        if found is None and code.lower().startswith(("world", "total")):
            return None
        if found is None:
            found = name or (f"area {code}" if _is_number(code) or len(code) <= 3 else code)
            self.regions.add(found)
        return found
