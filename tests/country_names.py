"""Rewrite the names of countries in other languages from the Unicode CLDR, which Babel carries.

``python tests/country_names.py`` writes ``chainnet/network/country_names.csv`` and the licence beside it; it needs
Babel (``pip install babel``), which chainnet itself does not. A name that several states bear, or that heads the names
of several and is the name of none, stands with all of their codes: it is asked, never guessed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path

from chainnet.network._countries import _iso_names, _plain

FOLDER = Path(__file__).parents[1] / "chainnet" / "network"
LANGUAGES = "ar cs da de el en es fa fi fr he hu id it ja ko nb nl pl pt pt_PT ro ru sv tr uk vi zh zh_Hant"
# states that share a name, and which of them is meant only a word beside it tells
TWINS = ({"COD", "COG"}, {"KOR", "PRK"}, {"VGB", "VIR"}, {"MAF", "SXM"})
AREAS = {
    "001", "002", "003", "005", "009", "013", "019", "021", "142", "150", "202", "419", "029", "035", "EU", "EZ",
}  # fmt: skip
_LONGEST = 3  # words of a head


def names(language: str, codes: dict[str, str]) -> dict[str, str]:
    """Return the names of states in a language, in plain letters, with their codes."""
    from babel import Locale

    said = Locale.parse(language).territories
    return {_plain(said[short]): code for short, code in codes.items() if short in said}


def heads(known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield how names begin and end, with the codes of states."""
    for name, code in known.items():
        words = name.split()
        for size in range(1, min(_LONGEST, len(words) - 1) + 1):
            yield " ".join(words[:size]), code
            yield " ".join(words[-size:]), code


def table() -> dict[str, list[str]]:
    """Return each name in plain letters with the codes of all that it may mean."""
    import pycountry

    codes = {c.alpha_2: c.alpha_3 for c in pycountry.countries} | {area: area for area in sorted(AREAS)}
    sure = _iso_names()
    found: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for language in LANGUAGES.split():
        known = names(language, codes)
        for name, code in known.items():
            found.setdefault(name, set()).add(code)
        several: dict[str, set[str]] = {}
        for head, code in heads({name: code for name, code in known.items() if code not in AREAS}):
            several.setdefault(head, set()).add(code)
        for head, meant in several.items():
            if head not in known and meant in TWINS:
                shared.setdefault(head, set()).update(meant)
    for head, meant in shared.items():
        found.setdefault(head, set()).update(meant)
    return {name: sorted(meant) for name, meant in sorted(found.items()) if name and name not in sure}


def main() -> None:
    """Write the table and the licence."""
    with (FOLDER / "country_names.csv").open("w", encoding="utf-8", newline="") as handle:
        out = csv.writer(handle, lineterminator="\n")
        out.writerow(("name", "codes"))
        out.writerows((name, " ".join(meant)) for name, meant in table().items())
    licence = next(file for file in files("babel") or [] if file.name == "LICENSE.unicode")
    (FOLDER / "LICENSE.unicode").write_text(licence.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
