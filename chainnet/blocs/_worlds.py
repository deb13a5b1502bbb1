"""What the questions about blocs share: parties, places, and the value of a world in which some trade is closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Words
from chainnet.engine import CERTAIN, LEAST_SIZE, Certificate, Ordered
from chainnet.errors import DataError, check_words
from chainnet.flow import Counting, ValueModel, named_projects, project_sizes
from chainnet.lowering import Degree, Lowered, Overlay
from chainnet.network import Network, backers_of, place_of
from chainnet.scenario import Scenario, overlay_of

MOST_MEMBERS = 8


def clean(value: float, size: float) -> float:
    """Return a difference; 0 where a linear program cannot tell it from nothing beside the tonnes it came from."""
    return 0.0 if abs(value) <= CERTAIN * max(abs(size), LEAST_SIZE) else float(value)


@dataclass(frozen=True)
class Party:
    """A member or a bloc: its name, the words it was given by, its countries, and the regions that are all its own."""

    name: str
    words: tuple[str, ...]
    countries: frozenset[str]
    regions: frozenset[str]

    def holds(self, place: str) -> bool:
        """Say whether a country or region belongs to the party."""
        return place in self.countries or place in self.regions

    def rows(self, frame: pd.DataFrame, column: str = "country") -> Bools:
        """Return which rows of a table lie with the party."""
        inside = frame[column].isin(self.countries)
        if column == "country" and "region" in frame.columns:
            inside |= frame["country"].isna() & frame["region"].isin(self.regions)
        return np.asarray(inside.to_numpy(dtype=bool))

    def stands_behind(self, network: Network) -> Bools:
        """Return which projects lie with the party or are backed by it."""
        projects, backers = network.projects, backers_of(network)
        backed = np.zeros(len(projects), dtype=bool)
        backed[backers["project"].to_numpy(dtype=np.int64)[self.rows(backers)]] = True
        return self.rows(projects) | backed


def parties(network: Network, given: Any, argument: str) -> list[Party]:
    """Read members or blocs: a list of words, each a party, or a mapping name -> words. Sorted by name.

    Raises
    ------
    DataError
        If there is none, one is empty, a word is neither country nor group, or a country is in two.
    """
    if isinstance(given, str):
        given = [given]
    if given is not None and not isinstance(given, Iterable):
        raise DataError(f"{argument}: {given!r} is not allowed. Give a list of countries and groups.")
    if isinstance(given, Mapping):
        pairs = [(str(name), [w] if isinstance(w, str) else list(w)) for name, w in given.items()]
    else:
        pairs = [(str(word), [str(word)]) for word in (given or ())]
    if not pairs:
        raise DataError(f"{argument}: nobody is named. Give countries or groups, such as USA or EU27.")
    found = []
    for name, words in pairs:
        check_words(**{argument: name})
        if not words:
            raise DataError(f'{argument}: "{name}" has no members. Give it at least one country or group.')
        countries, regions = network.resolve([str(w) for w in words], argument)
        found.append(Party(name, tuple(str(w) for w in words), countries, regions))
    names = [party.name for party in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f'{argument}: "{twice[0]}" stands twice. Name each once.')
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            both = sorted(one.countries & other.countries)
            if both:
                raise DataError(
                    f'{argument}: {", ".join(both[:5])} is in both "{one.name}" and "{other.name}". '
                    "A country can be in one of them only."
                )
    return found if isinstance(given, Mapping) else sorted(found, key=lambda party: party.name)


def default_members(network: Network) -> list[str]:
    """Return the beneficiaries, groups taken apart where that makes no more members than a game may have."""
    known = network.groups_known
    out: list[str] = []
    for word in network.beneficiaries:
        whole = known.get(word, frozenset())
        inside = sorted(
            (name for name, held in known.items() if held and held < whole), key=lambda n: (-len(known[n]), n)
        )
        parts = [inside[0], *sorted(whole - known[inside[0]])] if inside else sorted(whole) or [word]
        out += parts if len(parts) <= MOST_MEMBERS else [word]
    return out


def coalitions_of(names: Sequence[str]) -> list[frozenset[str]]:
    """Return every set of members but the empty one, the smaller first."""
    return [frozenset(c) for size in range(1, len(names) + 1) for c in combinations(names, size)]


def places(frame: pd.DataFrame) -> Any:
    """Return where each row lies: its country, else its region, else nothing."""
    return place_of(frame).fillna("").to_numpy(dtype=object)


def edge_places(low: Lowered) -> tuple[Any, Any]:
    """Return where each edge column begins and ends: relations of the table, then new relations through hubs."""
    where = low.tables.network.places.fillna("").to_numpy(dtype=object)
    n = len(low.tables.tail)
    tail, head = np.full(len(low.flows.tail), "", dtype=object), np.full(len(low.flows.head), "", dtype=object)
    tail[:n], head[:n] = where[low.flows.tail[:n]], where[low.flows.head[:n]]
    pairs = n + np.flatnonzero(low.relations.is_pair)
    tail[pairs] = low.relations.pairs["maker"].to_numpy(dtype=object)
    head[pairs] = low.relations.pairs["user"].to_numpy(dtype=object)
    return tail, head


def third_places(network: Network, blocs: Sequence[Party], built: Array) -> list[str]:
    """Return the countries outside all blocs that make, hand on or hold something; sorted."""
    nodes, projects = network.nodes, network.projects
    makes = nodes[(nodes["stage"] != "end_use").to_numpy()]
    standing_projects = projects[built > 0]
    found = {*makes["country"].dropna(), *standing_projects["country"].dropna(), *network.stocks["country"].dropna()}
    return sorted(c for c in found if not any(bloc.holds(c) for bloc in blocs))


def chosen_projects(network: Network, projects: Iterable[str] | None) -> Bools:
    """Return which rows of the projects table are meant; None = all.

    Raises
    ------
    UnknownIdError
        If a project does not exist.
    """
    table = network.projects
    return np.asarray(table["id"].isin(named_projects(network, projects)).to_numpy(dtype=bool))


def standing(
    network: Network, scenario: Scenario | None, projects: Iterable[str] | None, by_year: Any, *, said: bool = True
) -> Overlay:
    """Return the overlay of a scenario with the named projects built, at the size they have in a year."""
    year = checks.year(by_year)
    overlay = overlay_of(network, scenario, by_year=year, said=said)
    sizes = np.where(chosen_projects(network, projects), project_sizes(network, year), 0.0)
    return overlay.with_built(np.maximum(overlay.built, sizes))


def unlimited(problem: str) -> str:
    """Return what to say where nothing limits a flow."""
    return f"{problem}: nothing limits the flow. Give capacity_tpa to a node or edge on every way."


def open_market(network: Network, overlay: Overlay, degree: Degree, commodity: Words) -> tuple[Lowered, Bools]:
    """Return the network as arrays, and which demand rows count, whoever asks."""
    model = ValueModel(Counting.of(network, commodity, []), overlay, degree)
    return model.lowered, model.counted


def demand_of(network: Network, demand: pd.DataFrame, party: Party) -> Bools:
    """Return which demand rows lie with a party."""
    plants = network.plants
    inside = set(plants["id"][party.rows(plants)])
    return np.asarray(demand["node"].isin(inside).to_numpy(dtype=bool))


class WorldValue:
    """The most that some users can be served when they outbid everyone, with any trade closed; each answer proved.

    Parameters
    ----------
    low : Lowered
    counted : boolean array over ``low.flows.demand``
        Whose tonnes count.
    proofs : list of Certificate
        Takes those of all answers.
    """

    def __init__(self, low: Lowered, counted: Bools, proofs: list[Certificate]) -> None:
        self._upper, self._cost = low.program.col_upper, low.serving(counted)
        problem = "value of a world"
        self._ordered = Ordered(low.program, problem, unbounded=lambda: unlimited(problem), proofs=proofs)
        self._known: dict[bytes, float] = {}
        self._ordered.stage(self._cost)

    def value(self, closed: Bools) -> float:
        """Return the value with the marked edge columns closed, t/yr."""
        key = np.packbits(closed).tobytes()
        if key not in self._known:
            upper = self._upper.copy()
            upper[: len(closed)][closed] = 0.0
            self._ordered.within(upper)
            self._known[key] = max(-self._ordered.ask(self._cost).value, 0.0) + 0.0
        return self._known[key]
