"""From the names of countries, as statistics and people write them, to codes."""

from __future__ import annotations

import re
import unicodedata

# names of statistics that mean one country there, and elsewhere none or one of several; keys in the form of ``_plain``
_NAMES = {
    "america": "USA", "brunei": "BRN", "cape verde": "CPV", "china hong kong sar": "HKG", "china macao sar": "MAC",
    "congo": "COG", "dem peoples rep of korea": "PRK", "holland": "NLD", "korea": "KOR", "lao peoples dem rep": "LAO",
    "rd congo": "COD",
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
    from chainnet.network import country_named, is_country

    text = name.strip()
    return text if is_country(text) else _NAMES.get(_plain(text)) or country_named(text)


def _plain(text: str) -> str:
    """Return a name in lower-case ASCII letters and single spaces."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z ]+", " ", ascii_text.replace("'", "").replace("&", " and ")).split())
