"""From the names of countries, as statistics and people write them, to codes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from chainnet.network import country_named, is_country

# names that the ISO register does not have as such; keys in the form of ``_plain``
_NAMES = {
    "america": "USA", "bolivia plurinational state of": "BOL", "britain": "GBR", "brunei": "BRN", "burma": "MMR",
    "cape verde": "CPV", "china hong kong sar": "HKG", "china macao sar": "MAC", "congo": "COG",
    "congo brazzaville": "COG", "congo kinshasa": "COD", "cote divoire": "CIV", "czech republic": "CZE",
    "dem peoples rep of korea": "PRK", "dem rep of the congo": "COD", "democratic republic of congo": "COD",
    "democratic republic of the congo": "COD", "dominican rep": "DOM", "dr congo": "COD", "drc": "COD",
    "great britain": "GBR", "holland": "NLD", "iran": "IRN", "ivory coast": "CIV", "korea": "KOR",
    "korea north": "PRK", "korea south": "KOR", "lao peoples dem rep": "LAO", "laos": "LAO", "macedonia": "MKD",
    "moldova": "MDA", "north korea": "PRK", "rd congo": "COD", "rep of korea": "KOR", "rep of moldova": "MDA",
    "republic of korea": "KOR", "republic of the congo": "COG", "russia": "RUS", "south korea": "KOR",
    "swaziland": "SWZ", "syria": "SYR", "taiwan": "TWN", "tanzania": "TZA", "turkey": "TUR", "uae": "ARE",
    "uk": "GBR", "united rep of tanzania": "TZA", "us": "USA", "usa": "USA", "venezuela": "VEN", "vietnam": "VNM",
}  # fmt: skip


def country_code(name: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of a country's name or code, None where it is none; nothing is guessed.

    Examples
    --------
    >>> country_code("Congo (Kinshasa)"), country_code("Korea, Republic of"), country_code("DRC"), country_code("CHN")
    ('COD', 'KOR', 'COD', 'CHN')
    >>> country_code("Other countries") is None, country_code("Georgia (state)") is None
    (True, True)
    """
    text = name.strip()
    return text if is_country(text) else _register().get(_plain(text)) or country_named(text)


def _plain(text: str) -> str:
    """Return a name in lower-case ASCII letters and single spaces."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z ]+", " ", ascii_text.replace("'", "").replace("&", " and ")).split())


@cache
def _register() -> dict[str, str]:
    import pycountry

    found: dict[str, str] = {}
    for country in pycountry.countries:
        for key in ("name", "official_name", "common_name"):
            said = getattr(country, key, "")
            if said:
                found.setdefault(_plain(said), country.alpha_3)
    return found | _NAMES
