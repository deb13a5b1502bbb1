"""Who stands behind a project, who pays for it, and to whom its output is bound: as stated, else as assumed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from chainnet.network._contracts import contracts_in_force
from chainnet.network._countries import is_country
from chainnet.network._gate import split_list

if TYPE_CHECKING:
    from chainnet.network._network import Network

# kinds of stakes that pay for a project; both are parts of its capex
PAYS = ("capital", "loan")
_COLUMNS = ["project", "party", "country", "region", "share"]


class _Holder(Protocol):
    def view(self, table: str) -> pd.DataFrame: ...


def backers_of(network: _Holder) -> pd.DataFrame:
    """Return who stands behind each project, but those who only buy from it.

    Returns
    -------
    DataFrame
        project (row of the projects table), party, and where it lies: country, else region (a group, or a firm).
    """
    rows = [(row, word) for row, word in _listed(network)]
    stakes = _stakes(network)
    rows += [(row, party) for row, party, kind, _ in stakes if kind != "offtake"]
    return _placed([(row, word, float("nan")) for row, word in dict.fromkeys(rows)]).drop(columns="share")


def offtakes_of(network: Network) -> pd.DataFrame:
    """Return to whom output is bound: columns of ``backers_of`` and share; what is not known binds nothing (0).

    Contracts on its main output say it; stakes of kind offtake stand in their place.
    """
    rows = [(row, party, share) for row, party, kind, share in _stakes(network) if kind == "offtake"]
    stated, bound = {row for row, *_ in rows}, contracts_in_force(network)
    place = {name: row for row, name in enumerate(network.view("projects")["id"])}
    cells = bound[bound["is_main"]][["supplier", "for", "share"]].itertuples(index=False, name=None)
    known = [(place[supplier], party, share) for supplier, party, share in cells if supplier in place]
    rows += [one for one in known if one[0] not in stated]
    return _placed([(row, party, 0.0 if share != share else share) for row, party, share in sorted(rows)])


def payers_of(network: _Holder) -> pd.DataFrame:
    """Return who pays what part of each project's capex: columns of ``backers_of``, share and is_assumed.

    Stakes of kind capital and loan say it. What is left is parted equally among the backers without such a share; where
    there are none, whoever's country the project stands in pays it. Both are assumed.
    """
    projects = network.view("projects")
    stated: dict[int, dict[str, float]] = {}
    rest: dict[int, list[str]] = {}
    for row, word in _listed(network):
        rest.setdefault(row, []).append(word)
    for row, party, kind, share in _stakes(network):
        if kind in PAYS and share == share:
            parts = stated.setdefault(row, {})
            parts[party] = parts.get(party, 0.0) + share
        elif kind in PAYS:
            rest.setdefault(row, []).append(party)
    rows: list[tuple[int, str, float]] = []
    assumed: list[bool] = []
    for row, (country, region) in enumerate(zip(projects["country"], projects["region"], strict=True)):
        known = stated.get(row, {})
        left = 1.0 - sum(known.values())
        others = [word for word in dict.fromkeys(rest.get(row, ())) if word not in known]
        place = [word for word in (country, region) if isinstance(word, str)][:1] or [""]
        rows += [(row, party, share) for party, share in known.items()]
        if left > ROUNDED:
            rows += [(row, word, left / len(others or place)) for word in others or place]
        assumed += [i >= len(known) for i in range(len(rows) - len(assumed))]
    return _placed(rows).assign(is_assumed=assumed)


# what is left of a whole after shares that add up to it
ROUNDED = 1e-9


def _listed(network: _Holder) -> Iterable[tuple[int, str]]:
    """Return (row, word) of the backers that the projects table lists."""
    cells = network.view("projects")["backers"]
    return [(row, word) for row, cell in enumerate(cells) if isinstance(cell, str) for word in split_list(cell)]


def _stakes(network: _Holder) -> list[tuple[int, str, str, float]]:
    """Return (row of the project, party, kind, share) of stakes in projects; those in what stands are spent."""
    stakes = network.view("stakes")
    place = {name: row for row, name in enumerate(network.view("projects")["id"])}
    cells = zip(stakes["project"], stakes["party"], stakes["kind"], stakes["share"], strict=True)
    return [(place[name], party, kind, float(share)) for name, party, kind, share in cells if name in place]


def _placed(rows: list[tuple[int, str, float]]) -> pd.DataFrame:
    """Return rows with where each party lies."""
    parts = [(row, word, *((word, None) if is_country(word) else (None, word)), share) for row, word, share in rows]
    table = pd.DataFrame(parts, columns=_COLUMNS)
    return table.astype({"country": object, "region": object, "share": float})
