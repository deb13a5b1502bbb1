"""Floors and who builds: the floor at which a project enters, what each floor does, and which floors go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Ints, Words
from chainnet.errors import DataError
from chainnet.flow import named_projects
from chainnet.network import Network, check_network
from chainnet.prices._clear import Cleared
from chainnet.prices._measures import contents
from chainnet.prices._money import GROUPS, accounts_of, money_of
from chainnet.prices._setting import Setting, prepare
from chainnet.prices._terms import as_list, by_commodity, check_number, known_commodities, main_outputs
from chainnet.results import provenance, stamp

Mechanism = Literal["border", "cfd"]
NEAR = 1e-6  # half the width of the bracket around a break-even floor, over it
MOST = 60
ENTERS = 1e-6  # share of its size above which a project is in
LINE = 1e-9  # relative: as near three floors lie on one line
TONNES, WHO = ("output_tpa", "imports_tpa", "built_tpa"), ("users", "makers", "treasury")


@dataclass(frozen=True, eq=False)
class Members:
    """Whose floor it is: words, which plants (nodes, then projects) are theirs, and the names of their places."""

    words: list[str]
    inside: Bools
    places: set[str]

    @classmethod
    def of(cls, network: Network, to: Words, argument: str = "to") -> Members:
        """Return the members named, None = the beneficiaries."""
        words = as_list(to) or list(network.beneficiaries)
        if not words:
            raise DataError(f"{argument}: missing, and the network names no beneficiaries. Say whose border it is.")
        inside = network.in_countries(network.plants, words, argument)
        places = network.places.reindex(network.plants["id"]).to_numpy(dtype=object)
        return cls(words, inside, {str(name) for name in places[inside]})


def measure_of(
    members: Members, commodity: str, usd: float, mechanism: str, plants: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return a floor as a measure: at the members' border, or by contract with plants (None = all of theirs)."""
    checks.known(mechanism, ("border", "cfd"), "mechanism", "mechanism")
    one = {"kind": "price_floor", "commodity": commodity, "usd_per_t": usd}
    if mechanism == "border":
        return {**one, "to": {"country": members.words}}
    named = {"nodes": list(plants)} if plants is not None else {"where": {"country": members.words}}
    return {**one, "mechanism": "cfd", **named}


def loss_of(setting: Setting, cleared: Cleared, plant: int) -> tuple[float, float]:
    """Return by how much a tonne of a plant does not pay, USD/t, and what it puts out over its size."""
    outputs = [one for one in setting.program.outputs if one.plant == plant]
    column = outputs[0].column
    size = float(setting.program.program.col_upper[column])
    return float(cleared.found.col_dual[column]), float(cleared.found.x[column]) / max(size, 1e-300)


def break_even_floor(
    network: Network,
    projects: Iterable[str] | None,
    commodity: str,
    *,
    mechanism: Mechanism = "border",
    to: Words = None,
    **market: Any,
) -> pd.DataFrame:
    """Find the least floor at which each project enters, feed, coproducts and its own output moving the prices.

    Parameters
    ----------
    network : Network
    projects : iterable of str, or None
        Asked one at a time; all others may enter too. None = all that make the good, their size and capital cost known.
    commodity : str
        The good of the floor.
    mechanism : {"border", "cfd"}
        A levy on imports into ``to``, or a contract with the project alone.
    to : str or list of str, optional
        Countries or groups; default the beneficiaries.
    **market
        As in ``market``.

    Returns
    -------
    DataFrame, index project
        floor_low_usd_per_t, floor_high_usd_per_t: between these it begins to enter; 0 if it enters without a floor,
        infinite if imports end before it pays.

    Raises
    ------
    DataError, UnknownIdError
        As ``market``.

    See Also
    --------
    prices.floor_curve, price_floor, market

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import break_even_floor
    >>> net = cn.read("rare-earths")
    >>> table = break_even_floor(net, ["zaf_phalaborwa"], "ndpr_oxide", mechanism="cfd")
    >>> bool(table.loc["zaf_phalaborwa", "floor_low_usd_per_t"] > 60_000)
    True
    """
    check_network(network)
    members = Members.of(network, to)
    checks.known(commodity, known_commodities(network), "commodity", "commodity")
    names = named_projects(network, projects)
    if projects is None:
        table = network.projects
        made = main_outputs(network, table) == commodity
        names = table.loc[made.to_numpy() & table[["capacity_tpa", "capex_musd"]].notna().all(axis=1), "id"].tolist()
    ids = network.plants["id"].tolist()
    rows = []
    for name in names:
        measure = measure_of(members, commodity, 0.0, mechanism, [name])
        setting = prepare(network, policy=[measure], **{**market, "run": "long"})
        rows.append(_least_floor(setting, ids.index(name)))
    table = pd.DataFrame(
        rows, columns=["floor_low_usd_per_t", "floor_high_usd_per_t"], index=pd.Index(names, name="project")
    )
    given: dict[str, Any] = {"commodity": commodity, "mechanism": mechanism, "to": members.words}
    return stamp(table, provenance(network, "HiGHS simplex and equations", **given))


def _least_floor(setting: Setting, plant: int) -> tuple[float, float]:
    """Return a bracket around the least floor at which a plant enters: what it lacks is added to the floor tried."""

    def at(floor: float) -> tuple[float, bool, bool | None]:
        one = setting.with_measure(-1, usd_per_t=floor)  # those of a scenario stand before it
        cleared = one.clearing.solve()
        loss, share = loss_of(one, cleared, plant)
        return loss, share > ENTERS, cleared.states[-1].held

    loss, enters, _ = at(0.0)
    if enters:
        return 0.0, 0.0
    low, high = 0.0, np.inf
    guess = max(loss, 1.0) + _price_now(setting, plant)
    for _ in range(MOST):
        below = guess * (1.0 - NEAR)
        loss, enters, held = at(guess * (1.0 + NEAR))
        if enters:
            high = guess * (1.0 + NEAR)
            if below <= low or not at(below)[1]:
                return max(low, below), high
            high, guess = below, (low + below) / 2
            continue
        if held is False:
            return np.inf, np.inf
        low = guess * (1.0 + NEAR)
        guess = guess + loss if low < guess + loss < high else (low + high) / 2 if np.isfinite(high) else 2 * guess
        if high - low <= 2 * NEAR * low:
            break
    return low, high


def _price_now(setting: Setting, plant: int) -> float:
    """Return the price at a plant without its floor."""
    cleared = setting.without_policy().clearing.solve()
    out = next(one for one in setting.program.outputs if one.plant == plant)
    return max(setting.program.price_of(cleared.dual, plant, out.code), 0.0)


def floor_curve(
    network: Network,
    commodity: str,
    floors: Iterable[float],
    *,
    mechanism: Mechanism = "border",
    to: Words = None,
    elasticities: Iterable[float] | None = None,
    **market: Any,
) -> pd.DataFrame:
    """Say what each of several floors does to the members: price, levy, output, imports, and who pays.

    Parameters
    ----------
    network : Network
    commodity : str
    floors : iterable of float
        USD/t.
    mechanism, to
        As in ``break_even_floor``; a contract is with all of the members' makers.
    elasticities : iterable of float, optional
        Sizes of the elasticity of demand: the curve is given for each, of all users that a mapping
        ``demand_elasticity`` does not name.
    **market
        As in ``market``.

    Returns
    -------
    DataFrame, a row a floor, or a row an elasticity and floor
        demand_elasticity (with ``elasticities``); floor_usd_per_t; price_usd_per_t, elsewhere_usd_per_t (what members
        and what others pay for the good, the mean by tonnes, NaN where they buy none); levy_usd_per_t (levy, or
        top-up); held; output_tpa, imports_tpa (of the members); built_tpa (of projects that entered anywhere) and
        projects (which, by id, with ; between); users, makers and treasury in usd_per_a: the members' change against
        the same market without the floor.

    Raises
    ------
    DataError, UnknownIdError
        As ``market``.

    See Also
    --------
    prices.break_even_floor, prices.implied_floors, price_floor

    Notes
    -----
    Where all curves are lines, answers move along lines between two floors at which the same binds, and money along
    parabolas: three floors then say all between them. The others are solved one by one, downwards, each from the last.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import floor_curve
    >>> sizes = {"demand_elasticity": 0.2, "supply_elasticity": 0.2}
    >>> table = floor_curve(cn.read("rare-earths"), "ndpr_oxide", [60_000, 110_000], **sizes)
    >>> table["levy_usd_per_t"].round(-2).tolist(), table["held"].tolist()
    ([5100.0, 6300.0], [True, False])
    """
    check_network(network)
    members = Members.of(network, to)
    checks.known(commodity, known_commodities(network), "commodity", "commodity")
    asked = [check_number(floor, "floors", 0.0, np.inf, "a price in USD/t") for floor in floors]
    sizes = (
        [None]
        if elasticities is None
        else [check_number(e, "elasticities", 0.0, np.inf, "a size") for e in elasticities]
    )
    own = market.get("demand_elasticity")
    if elasticities is not None and own is not None and not isinstance(own, Mapping):
        raise DataError(
            "demand_elasticity: stands beside elasticities. Give those of single tiers, nodes or goods only."
        )
    rows: list[dict[str, Any]] = []
    given: dict[str, Any] = {}
    for size in sizes:
        told = market if size is None else {**market, "demand_elasticity": {**(own or {}), None: size}}
        setting = prepare(network, policy=[measure_of(members, commodity, 0.0, mechanism)], **told)
        given = given or setting.given
        first = {} if size is None else {"demand_elasticity": size}
        rows += [{**first, **row} for row in _Curve(setting, members, commodity).rows(asked)]
    money = [f"{group}_usd_per_a" for group in WHO]
    columns = ["floor_usd_per_t", "price_usd_per_t", "elsewhere_usd_per_t", "levy_usd_per_t", "held"]
    columns += [*TONNES, "projects", *money]
    table = pd.DataFrame(rows, columns=[*(["demand_elasticity"] if elasticities is not None else []), *columns])
    given = {**given, "commodity": commodity, "mechanism": mechanism, "to": members.words}
    given |= {} if elasticities is None else {"elasticities": sizes}
    return stamp(
        table.assign(held=table["held"].astype("boolean")),
        provenance(network, "HiGHS simplex and equations", **given),
    )


@dataclass(frozen=True, eq=False)
class _Point:
    """What a floor does to members; ``key``: what binds (None = open)."""

    numbers: Array  # levy, then tonnes: on a line between floors where the same binds
    sums: Array  # money and what is paid: on a parabola there
    held: bool | None
    projects: str
    key: bytes | None


class _Curve:
    """Floors one after the other on one market: between two where the same binds, answers follow from three."""

    def __init__(self, setting: Setting, members: Members, commodity: str) -> None:
        self.setting = setting
        low, program = setting.low, setting.program
        code, f = low.commodities.index(commodity), low.flows
        none = np.zeros(low.relations.n_hubs, dtype=bool)
        inside, carry = np.append(members.inside, none), f.commodity == code
        self._into, self._rows = list[Ints](), list[Ints]()  # what members, and what others are brought, and its price
        for buyers in (inside, np.append(~members.inside, none)):
            into = np.flatnonzero(carry & buyers[f.head])
            self._into.append(into)
            self._rows.append(np.array([low.balance[node, code] for node in f.head[into].tolist()], dtype=np.int64))
        self._abroad = self._into[0][~inside[f.tail[self._into[0]]]]
        out = [one for one in program.outputs if one.code == code and not _is_passing(setting, one.plant)]
        self._home = np.array([one.column for one in out if members.inside[one.plant]], dtype=np.int64)
        self._entrants = [(one.column, str(low.tables.ids[one.plant])) for one in out if setting.entrants[one.plant]]
        accounts = accounts_of(program, setting.instruments, setting.places, setting.owners)
        self._accounts = [(group, np.isin(names, list(members.places)), of) for group, names, of in accounts]

    def rows(self, floors: list[float]) -> list[dict[str, Any]]:
        """Return a row for each floor, in the order in which they are given."""
        order = sorted(set(floors))
        free = self._point(self.setting.clearing.solve(), self.setting)
        known: dict[float, _Point] = {}
        if order:
            known[order[-1]] = self._at(order[-1])
        # a border keeps no floor above what lands last: there all are broken alike
        landings = [price for price in self.setting.clearing.landings.values() if price is not None]
        if order and known[order[-1]].held is False and landings:
            known |= {floor: known[order[-1]] for floor in order if floor > max(landings)}
        self._fill(known, [floor for floor in order if floor not in known])
        return [self._row(floor, known[floor], free) for floor in floors]

    def _fill(self, known: dict[float, _Point], left: list[float]) -> None:
        """Find the floors that are left: the ends, then halves, until the same binds on both sides of a middle.

        Where curves bend nothing lies on a line, and going down is quickest: what bound last seldom changes.
        """
        if not self.setting.clearing.model.is_straight:
            known |= {floor: self._at(floor) for floor in reversed(left)}
            return
        for floor in (left[0], left[-1]) if left else ():
            known[floor] = self._at(floor)
        parts = [left] if left else []
        while parts:
            part = parts.pop()
            if len(part) < 3:
                continue
            middle = len(part) // 2
            known[part[middle]] = self._at(part[middle])
            ends = [(floor, known[floor]) for floor in (part[0], part[middle], part[-1])]
            if ends[0][1].key is not None and len({point.key for _, point in ends}) == 1 and _is_line(ends):
                known |= {floor: _between(ends, floor) for floor in part if floor not in known}
            else:
                parts += [part[: middle + 1], part[middle:]]

    def _at(self, floor: float) -> _Point:
        one = self.setting.with_measure(-1, usd_per_t=floor)  # those of a scenario stand before it
        return self._point(one.clearing.solve(), one)

    def _point(self, cleared: Cleared, setting: Setting) -> _Point:
        x, state, upper = cleared.found.x, cleared.states[-1], setting.program.program.col_upper
        binding = setting.clearing.model.binding if setting.clearing.is_alone else None
        key = None if binding is None or cleared.jumps else binding + (state.duty != 0).tobytes() + bytes([state.binds])
        built = x[[column for column, _ in self._entrants]]
        tonnes = [x[self._home].sum(), x[self._abroad].sum(), built.sum()]
        paid = [cleared.dual[rows] @ x[into] for into, rows in zip(self._into, self._rows, strict=True)]
        money, sums = money_of(setting.program, cleared, setting.quotas), dict.fromkeys(GROUPS, 0.0)
        for group, ours, of in self._accounts:
            sums[group] += float(of(money)[ours].sum())
        numbers = np.array([state.value, *(x[into].sum() for into in self._into), *tonnes])
        entered = [name for column, name in self._entrants if x[column] > ENTERS * upper[column]]
        return _Point(
            numbers, np.array([*paid, *(sums[group] for group in GROUPS[:3])]), state.held, ";".join(entered), key
        )

    def _row(self, floor: float, point: _Point, free: _Point) -> dict[str, Any]:
        levy, *bought = point.numbers[:3].tolist()
        paid, money, before = point.sums[:2].tolist(), point.sums[2:].tolist(), free.sums[2:].tolist()
        prices = [usd / tpa if tpa > 0 else np.nan for usd, tpa in zip(paid, bought, strict=True)]
        row = {"floor_usd_per_t": floor, "price_usd_per_t": prices[0], "elsewhere_usd_per_t": prices[1]}
        row |= {"levy_usd_per_t": levy, "held": point.held, "projects": point.projects}
        row |= dict(zip(TONNES, point.numbers[3:].tolist(), strict=True))
        return row | {f"{name}_usd_per_a": now - was for name, now, was in zip(WHO, money, before, strict=True)}


def _is_line(ends: list[tuple[float, _Point]]) -> bool:
    """Return whether levy and tonnes of three floors lie on a line, as they do where the same holds between them."""
    (low, one), (at, two), (high, three) = ends
    line = one.numbers + (at - low) / (high - low) * (three.numbers - one.numbers)
    size = np.maximum(np.abs(one.numbers), np.abs(three.numbers))
    return bool((np.abs(two.numbers - line) <= LINE * np.maximum(size, 1e-300)).all())


def _between(ends: list[tuple[float, _Point]], floor: float) -> _Point:
    """Return what a floor does between three that know it: on their line, money on their parabola."""
    (low, one), (at, two), (high, three) = ends
    share, middle = (floor - low) / (high - low), (at - low) / (high - low)
    first = (1 - share) * one.numbers + share * three.numbers
    bend = ((1 - middle) * one.sums + middle * three.sums - two.sums) / (middle * (1 - middle))
    sums = (1 - share) * one.sums + share * three.sums - bend * share * (1 - share)
    return replace(one, numbers=first, sums=sums)


def _is_passing(setting: Setting, plant: int) -> bool:
    tables = setting.low.tables
    return not (tables.acts[plant] or tables.is_mine[plant])


def implied_floors(network: Network, floors: Mapping[str, float], reference_price: Any = None) -> pd.DataFrame:
    """Say which floors of other goods go with those that are given: so much a tonne more as is in it.

    A floor above the market price of a good is worth nothing to its users unless what they make is raised by its
    content; and a floor on what is made of a good carries so much of it at most.

    Parameters
    ----------
    network : Network
    floors : mapping of commodity to float
        USD/t.
    reference_price : float or mapping, optional
        Default ``price_usd_per_t`` of the commodities.

    Returns
    -------
    DataFrame, index commodity
        floor_usd_per_t : given; downstream the reference price and the rise of the goods in it; upstream the reference
        price and the rise of what is made of it, over its content.  from : "given", or the good it follows from.
        content : tonnes of the good given in a tonne of it, or the other way round.

    Raises
    ------
    DataError
        If a commodity is unknown, or has no price to rise from.

    See Also
    --------
    prices.floor_curve, prices.break_even_floor

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import implied_floors
    >>> implied_floors(cn.read("rare-earths"), {"ndpr_oxide": 110_000}).loc["ndpr_metal", "floor_usd_per_t"].round(0)
    np.float64(139806.0)
    """
    check_network(network)
    known = known_commodities(network)
    if not isinstance(floors, Mapping):
        raise DataError(f"floors: {floors!r} is no mapping; give USD/t by commodity.")
    given = by_commodity(floors, "floors", floors, known)
    listed = network.commodities.set_index("id")["price_usd_per_t"].astype(float)
    if reference_price is not None:
        listed = by_commodity(reference_price, "reference_price", known, known).combine_first(listed)
    lacking = [name for name in given.index if np.isnan(listed.get(name, np.nan))]
    if lacking:
        raise DataError(f"floors: no price of {', '.join(lacking)} to rise from. Give reference_price (--reference).")
    table = contents(network)
    asked = {str(name): float(value) for name, value in given.items()}
    rows = [(name, value, "given", 1.0) for name, value in asked.items()]
    for name, value in asked.items():
        rise = value - float(listed[name])
        for other in sorted(set(table) - set(asked)):
            price = float(listed.get(other, np.nan))
            down, up = table[other].get(name, 0.0), table.get(name, {}).get(other, 0.0)
            if not np.isnan(price) and down > 0:
                rows.append((other, price + down * rise, name, down))
            elif not np.isnan(price) and up > 0:
                rows.append((other, price + rise / up, name, up))
    found = pd.DataFrame(rows, columns=["commodity", "floor_usd_per_t", "from", "content"]).set_index("commodity")
    return stamp(found, provenance(network, "none", floors=asked))
