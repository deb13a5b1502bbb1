"""Countries and sets of countries: what counts as one, and who belongs to which set."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from chainnet.errors import DataError, near_matches

__all__ = ["Groups", "common_groups", "graphs_folder", "is_country", "is_total"]

Groups = Mapping[str, frozenset[str]]
_TOTALS = frozenset(
    ("all", "all countries", "global", "grand total", "sum", "total", "totals", "w00", "wld", "world", "world total")
)


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
            hint = near_matches(str(word), [*groups, *_iso_codes()])
            raise DataError(
                f'{where}: "{word}" is neither an ISO 3166-1 alpha-3 country nor a known group;{hint} '
                f"Known groups: {', '.join(groups) or 'none'}."
            )
    regions |= {name for name, held in groups.items() if held and held <= countries}
    return frozenset(countries), frozenset(regions)
