"""What governments do, put to a market: which relations and plants each measure reaches, and who gets its money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools, Ints, Texts
from chainnet.errors import DataError
from chainnet.lowering import Lowered, Restriction
from chainnet.network import OUTSIDE, Network
from chainnet.prices._terms import main_outputs
from chainnet.scenario import KINDS, Scenario, listed, reached


@dataclass(frozen=True, eq=False)
class Instrument:
    """A measure that a market answers to.

    ``crossing``: the relations over the border that it names; ``content``: tonnes of its good in a tonne of another,
    by good; ``plants``: positions of the plants that it pays, or where it may buy and sell; ``members``: positions of
    those whose use pays for it; ``payee``: whose treasury gets what it brings.
    """

    number: int
    kind: str
    measure: Mapping[str, Any]
    argument: str
    goods: tuple[str, ...]
    crossing: Restriction | None
    content: Mapping[str, float]
    plants: Ints
    payee: str
    members: Ints

    @property
    def act(self) -> str:
        """What a market makes of it: levy, exit levy, limit, floor, paid, bought, pooled, stored."""
        return KINDS[self.kind].money

    @property
    def trades(self) -> list[tuple[int, float, float | None]]:
        """How it trades itself: 1 = buys or -1 = sells, at most how much, t/yr, at which price (None = at any)."""
        m = self.measure
        if self.act == "stored":
            return [(1, m.get("room_t", 0.0), m["floor_usd_per_t"]), (-1, m.get("stock_t", 0.0), m["cap_usd_per_t"])]
        return [(1, m["tpa"], m.get("usd_per_t"))] if self.act in ("bought", "pooled") else []

    @property
    def is_contract(self) -> bool:
        """Whether it is a floor kept by contracts with plants, not at the border."""
        return self.act == "floor" and self.measure.get("mechanism", "border") == "cfd"

    @property
    def is_border_floor(self) -> bool:
        """Whether it is a floor kept by a levy on imports."""
        return self.act == "floor" and not self.is_contract

    def columns(self, low: Lowered, number: int | None, good: str) -> Bools:
        """Return which edge columns carry a good over the border; ``number``: its place among restrictions, if any."""
        assert self.crossing is not None, "crosses no border"
        new = np.zeros(len(low.relations.tail), dtype=bool) if number is None else low.relations.classes[number]
        hit = np.concatenate([self.crossing.edges, new])
        return np.asarray(hit & (low.flows.commodity == low.commodities.index(good)), dtype=bool)


def parted(
    scenario: Scenario | None, policy: Any
) -> tuple[list[Mapping[str, Any]], list[tuple[str, Mapping[str, Any]]]]:
    """Return the measures that change what can flow, and those that a market answers to, with names for messages."""
    shock: list[Mapping[str, Any]] = []
    found: list[tuple[str, Mapping[str, Any]]] = []
    for given in (scenario, policy_of(policy)):
        if given is None:
            continue
        for number, measure in enumerate(given.measures):
            if is_answered(measure):
                found.append((f"{given.name}: measures[{number}] {measure['kind']}", measure))
            else:
                shock.append(measure)
    return shock, found


def policy_of(policy: Any) -> Scenario | None:
    """Return measures as a scenario.

    Raises
    ------
    DataError
        If they are neither a Scenario nor a list of measures.
    """
    if policy is None or isinstance(policy, Scenario):
        return policy
    if isinstance(policy, (str, Mapping)) or not isinstance(policy, Sequence):
        raise DataError(f"policy: {policy!r} is no Scenario and no list of measures.")
    return Scenario("policy", list(policy))


def is_answered(measure: Mapping[str, Any]) -> bool:
    """Return whether a measure is one that a market answers to, not one that changes what can flow."""
    return bool(KINDS[measure["kind"]].money) and "tier" not in measure


def instruments_of(network: Network, measures: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Instrument]:
    """Put measures to a network, in the order in which they are listed.

    Raises
    ------
    DataError, UnknownIdError
        If a word of one is unknown, or it lacks what a market needs.
    """
    known = set(network.edges["commodity"].fillna("")) | set(network.demand["commodity"].fillna(""))
    main = main_outputs(network, network.plants)
    found = []
    for number, (argument, measure) in enumerate(measures):
        goods = tuple(listed(measure.get("commodity") or []))
        for word in goods:
            checks.known(word, known, argument, "commodity")
        kind, act = measure["kind"], KINDS[measure["kind"]].money
        is_contract = act == "floor" and measure.get("mechanism", "border") == "cfd"
        crossing, plants, members = None, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        if act in ("bought", "pooled", "stored"):
            if len(goods) != 1:
                raise DataError(f"{argument}: give the commodity that is bought, one for each measure.")
            if "to" in measure:
                plants = members = np.flatnonzero(_at(network, measure["to"], f"{argument}: to"))
            if "node" in measure:
                network.check_nodes([measure["node"]], f"{argument}: node")
                plants = np.flatnonzero((network.plants["id"] == measure["node"]).to_numpy())
        elif act == "paid" or is_contract:
            plants = _paid(network, measure, argument, goods, main)
        else:
            crossing = border(network, measure, argument)
            if act == "limit":
                crossing = replace(crossing, bound_tpa=float(measure["tpa"]))
        if act == "floor" and len(goods) != 1:
            raise DataError(f"{argument}: a floor is one of one commodity. Give commodity, and a measure for each.")
        default = "from" if act == "exit levy" or (act == "limit" and is_of_exports(measure)) else "to"
        content: Mapping[str, float] = {}
        if act == "floor" and not is_contract and "content" in measure:
            content = _content(network, measure["content"], goods[0], argument, known)
        found.append(
            Instrument(
                number, kind, measure, argument, goods or tuple(sorted(known)), crossing, content, plants,
                measure.get("revenue", default), members,
            )
        )  # fmt: skip
    return found


def is_of_exports(measure: Mapping[str, Any]) -> bool:
    """Say whether the border that a measure names is that of who sells: it names no buyer, or only who is none."""
    words = listed((measure.get("to") or {}).get("country", []))
    return not measure.get("to") or bool(words and all(word.startswith(OUTSIDE) for word in words))


def border(network: Network, measure: Mapping[str, Any], argument: str, *, is_whole: bool = False) -> Restriction:
    """Return the relations that cross the border that a measure names, into ``to`` or out of ``from``.

    Of a quota those of its goods, but for ``is_whole``; else of all goods, for what is made of them may bear a part.
    """
    if not measure.get("to") and not measure.get("from"):
        raise DataError(f'{argument}: names no border. Give to or from, such as to = {{country = "USA"}}.')
    sides = {key: _at(network, measure[key], f"{argument}: {key}") for key in ("from", "to") if measure.get(key)}
    inside = sides["to"] if "to" in sides else ~sides["from"]
    outside = (sides["from"] if "from" in sides else ~sides["to"]) & ~inside
    ids, edges = network.plants["id"], network.view("edges")
    hit = edges["source"].isin(set(ids[outside])) & edges["target"].isin(set(ids[inside]))
    is_limit = KINDS[measure["kind"]].money == "limit" and not is_whole
    goods = tuple(sorted(listed(measure.get("commodity") or []))) if is_limit else ()
    if goods:
        hit = hit & edges["commodity"].isin(goods)
    return Restriction(hit.to_numpy(), np.inf, outside, inside, goods)


def _at(network: Network, where: Mapping[str, Any], argument: str) -> Bools:
    """Return which nodes, then projects, lie where a measure says."""
    parts = [network.matches(table, where, argument) for table in ("nodes", "projects")]
    return np.asarray(np.concatenate(parts), dtype=bool)


def _paid(network: Network, measure: Mapping[str, Any], argument: str, goods: tuple[str, ...], main: pd.Series) -> Ints:
    """Return the plants that a measure pays: of those it names the makers of its goods."""
    ids = network.plants["id"]
    named = network.check_nodes(listed(measure.get("nodes") or []), f"{argument}: nodes")
    hit = ids.isin(named).to_numpy()
    if "where" in measure:
        hit = hit | reached(network, measure["where"])
    if goods:
        wrong = [name for name in named if main[name] not in goods]
        if wrong:
            raise DataError(f"{argument}: {', '.join(wrong)} makes no {' or '.join(goods)}. Leave it out.")
        hit = hit & main.reindex(ids).isin(goods).to_numpy()
    if not hit.any():
        raise DataError(f"{argument}: no plant that it names makes {' or '.join(goods) or 'anything'}. Correct it.")
    return np.flatnonzero(hit)


def _content(network: Network, given: Any, good: str, argument: str, known: set[str]) -> Mapping[str, float]:
    """Return tonnes of a good in a tonne of what is made of it, as given, or for all that is made along the recipes."""
    if given != "auto":
        for word in given:
            checks.known(word, known, f"{argument}: content", "commodity")
        return {str(word): float(value) for word, value in given.items()}
    table = contents(network)
    return {word: row[good] for word, row in table.items() if row.get(good, 0.0) > 0 and word != good and word in known}


def contents(network: Network) -> dict[str, dict[str, float]]:
    """Return tonnes of goods in a tonne of each good, by that and by what is in it, of stand-ins the least.

    Of several ways to make a good the mean is taken, weighted by nothing. A loop of scrap converges, for what comes
    back is less than what goes in; recipes that make a good of more than itself have no content.
    """
    lines = network.processes
    goods = sorted(set(lines["commodity"].dropna()) | set(network.edges["commodity"].dropna()))
    place = {good: number for number, good in enumerate(goods)}
    direct = np.zeros((len(goods), len(goods)))
    fed: dict[str, list[Any]] = {}
    for line in lines[lines["role"] == "input"].itertuples():
        fed.setdefault(str(line.process), []).append(line)
    outputs = lines[lines["role"] == "output"]
    for good, processes in outputs.groupby("commodity")["process"]:
        for process in processes:
            least: dict[str, Any] = {}
            for line in sorted(fed.get(process, []), key=lambda line: float(line.t_per_t)):
                name = line.group if isinstance(line.group, str) else f" {line.Index}"  # a stand-in, or alone
                least.setdefault(name, line)
            for line in least.values():
                direct[place[good], place[line.commodity]] += float(line.t_per_t) / len(processes)
    total, step = np.eye(len(goods)), np.eye(len(goods))
    for _ in range(len(goods) + 50):
        step = step @ direct
        total = total + step
        if np.abs(step).max(initial=0.0) <= 1e-12:
            break
    return {good: dict(zip(goods, row, strict=True)) for good, row in zip(goods, total.tolist(), strict=True)}


def places_of(low: Lowered, places: pd.Series) -> tuple[Texts, Texts]:
    """Return the place at which each edge column begins and at which it ends, an array of texts each."""
    f, n = low.flows, len(low.tables.nodes)
    known = np.append(places.fillna("not known").to_numpy(dtype=object), "")
    pairs = low.relations.pairs
    ends = []
    for side, column in ((f.tail, "maker"), (f.head, "user")):
        word = known[np.where(side < n, side, -1)]
        word[low.n_edges :][low.relations.is_pair] = pairs[column].to_numpy(dtype=object)
        ends.append(word)
    return ends[0], ends[1]
