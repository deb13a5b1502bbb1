"""``instruments``: for the same tonnes of shortfall avoided, what each instrument costs, and who pays."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.engine import Certificate, require
from chainnet.errors import DataError
from chainnet.flow import Asked, Balance, Counting, balance_under, named_projects, project_sizes
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network, check_network, first_years
from chainnet.prices._clear import Cleared
from chainnet.prices._entry import Members, loss_of, measure_of
from chainnet.prices._inputs import CHOKE, Pick, central, high_end, low_end
from chainnet.prices._money import money_of, welfare_of
from chainnet.prices._setting import Setting, prepare
from chainnet.prices._terms import capital_recovery_factor, check_number, main_outputs
from chainnet.progress import Tell
from chainnet.results import Result, figure_of, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of, scenarios
from chainnet.stress import worst_of

NEAR_END = 1e-3  # to what the least number is found where only the end of a range is asked, relative to it
AROUND = 0.1  # within that part of the middle's number an end is looked for first
HAIR = 1e-6  # tonnes per tonne asked for that a search may miss by
MOST_TOGETHER = 12  # projects of which every set is looked at
NO_ADVICE = "a comparison of the projects listed, no advice on a price"


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Instruments(Result):
    """What each instrument costs at the same effect.

    Attributes
    ----------
    table : DataFrame, index instrument
        floor, contract_for_difference, offtake, grant, stock: reaches; usd_per_t (the least floor, strike or price that
        does it; NaN for grant and stock); tonnes_t (of the stock); projects (ids that it builds beyond those that the
        market builds by itself, split by ;); avoids_tpa, left_tpa (shortfall that stays); cost_usd_per_a, between
        cost_low_usd_per_a and cost_high_usd_per_a (all ranges low, all high), gross; revenue_usd_per_a (of a levy,
        never taken off); cost_usd (present value, or what is paid at once); payer; note.
    certificate : Certificate
        The worst of all balances.
    """

    table: pd.DataFrame
    certificate: Certificate

    def plot(self) -> Any:
        """Draw what each instrument costs a year, with its range, and who pays.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.instruments(cn.read("gallium"), "civilian", 1.0, 2030, commodity="ga_primary", precision=0.01).plot()
        <Figure: 'What it costs a year to avoid 1 t/yr of the civilian shortfall'>
        """
        return figure_of(self)


@dataclass
class _Effect:
    """What stays short of the tier under the scenario, with parts of projects standing; each answer is kept."""

    counting: Counting
    overlay: Overlay
    reroute: Degree
    tier: str
    sizes: Array
    known: dict[bytes, Balance] = field(default_factory=dict)
    shorts: dict[bytes, float] = field(default_factory=dict)

    def balance(self, built: Array) -> Balance:
        """Return the balance with these parts of the projects, each at the size of its year."""
        part, key = self._key(built)
        if key not in self.known:
            overlay = self.overlay.with_built(np.maximum(self.overlay.built, part * self.sizes))
            self.known[key] = balance_under(self.counting, overlay, self.reroute, with_links=False)
        return self.known[key]

    def short(self, built: Array) -> float:
        """Return the shortfall of the tier, t/yr."""
        _, key = self._key(built)
        if key not in self.shorts:
            self.shorts[key] = float(self.balance(built).by_tier()["shortfall_tpa"].get(self.tier, 0.0))
        return self.shorts[key]

    @staticmethod
    def _key(built: Array) -> tuple[Array, bytes]:
        part: Array = np.asarray(np.round(np.clip(built, 0.0, 1.0), 6), dtype=float)
        return part, part.tobytes()


@dataclass(frozen=True, eq=False)
class _Found:
    """What one instrument does at the least number that reaches the effect, or at its highest."""

    reaches: bool
    number: float
    built: Array
    cost: float
    revenue: float = 0.0
    at_once: float | None = None
    tonnes: float = np.nan
    note: str = NO_ADVICE


def instruments(
    network: Network,
    tier: str,
    avoid_tpa: float,
    by: int,
    scenario: Scenario | str | None = None,
    *,
    order: Asked = None,
    reroute: Degree = "new",
    commodity: str | None = None,
    months: float = 12,
    rate: float = 0.10,
    years: int = 10,
    projects: Iterable[str] | None = None,
    precision: float = 1e-6,
    progress: Tell | None = None,
    **market: Any,
) -> Instruments:
    """Compare instruments at the same effect: a floor, contracts, offtake, grants and a stock.

    The effect is what a tier lacks less under the scenario with what an instrument built; the cost is that of each
    year in the market without the scenario, as with an insurance.

    Parameters
    ----------
    network : Network
    tier : str
    avoid_tpa : float
        Tonnes a year of the tier's shortfall that are to be avoided.
    by : int
        A year; projects count at what they have at its end, and only those that have begun by then enter.
    scenario : Scenario or str, optional
        None = the shipped one under which the tier lacks most.
    order, reroute
        Of the balance under the scenario, as in ``balance``.
    commodity : str, optional
        The good whose price is raised; default the one that the tier lacks most, which is what a stock is of.
    months : float
        How long the stock has to last.
    rate, years
        Of the capital recovery factor, and of present values.
    projects : iterable of str, optional
        Which may enter; default all whose capital cost and capacity are known.
    precision : float
        To what the least number is found, relative to it; the ends of the ranges to a thousandth, or this.
    progress : callable, optional
        Called with what is being done and the part of the whole.
    **market
        Elasticities, prices and costs, as in ``market``.

    Returns
    -------
    Instruments

    Raises
    ------
    DataError, UnknownIdError
        As ``market`` and ``balance``; if the network names no beneficiaries, or no scenario ships with it.

    See Also
    --------
    market, price_floor, retaliation

    Notes
    -----
    A floor is a levy at the border of the beneficiaries; contracts and offtake are with the projects that make the
    good. Grants go to the set of projects that reaches the effect at the least grants, each the least part of the
    capital cost with which the project earns the rest; a grant is taken to be least where its project enters alone. The
    least number is an infimum, given from above, within ``precision``.

    Examples
    --------
    >>> import chainnet as cn
    >>> found = cn.instruments(cn.read("gallium"), "defence", 0.0, 2030, demand_elasticity=0.1)
    >>> found.table["cost_usd_per_a"].tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    check_network(network)
    checks.known(tier, network.tier_order, "tier", "tier")
    target = check_number(avoid_tpa, "avoid_tpa", 0.0, np.inf, "tonnes a year")
    lasting = check_number(months, "months", 0.0, np.inf, "months")
    if lasting == 0:
        raise DataError("months: 0 is out of range; say for how many months the stock has to last.")
    checks.year(by, "by")
    near = checks.number(precision, "precision", 0.0, 0.5, "is out of range; give a part of the number, such as 1e-6.")
    if not near > 0:
        raise DataError(f"precision: {precision!r} is out of range; give a part of the number, such as 1e-6.")
    for word in ("run", "policy"):
        if word in market:
            raise DataError(f"{word}: is set by instruments itself. Leave it out.")
    factor = capital_recovery_factor(rate, years)
    counting = Counting.of(network, order=order)
    sizes = project_sizes(network, by)
    scenario, effect = _worst(network, scenario, counting, reroute, tier, sizes)
    names = named_projects(network, projects)
    began = first_years(network.projects)
    known = network.projects[["capacity_tpa", "capex_musd"]].notna().all(axis=1).to_numpy() | (projects is not None)
    due = [
        n for n, year, is_known in zip(network.projects["id"], began, known, strict=True) if is_known and not year > by
    ]
    names = [name for name in names if name in due]
    lacking = _most_short(effect, tier)
    good, members = commodity or lacking, Members.of(network, None)
    asked = _Asked(
        network, effect, target, good, lacking, names, members, lasting, rate, years, factor, market, near
    )  # fmt: skip
    found = asked.all(central, _part_of(progress, 0.1, ""))
    ends = [
        asked.all(end, _part_of(progress, begin, f", {name} values"))
        for end, begin, name in ((low_end, 0.4, "low"), (high_end, 0.7, "high"))
        if asked.is_ranged
    ]
    if progress is not None:
        progress("instruments", 1.0)
    settings: dict[str, Any] = {
        "tier": tier, "avoid_tpa": target, "by": by, "scenario": scenario, "order": counting.order_name,
        "reroute": reroute, "commodity": good, "months": lasting, "rate": rate, "years": years, "projects": names,
    }  # fmt: skip
    source = provenance(network, "HiGHS simplex and equations", **settings)
    proof = Certificate.worst([one.certificate for one in effect.known.values()], "instruments")
    return Instruments(provenance=source, table=stamp(asked.table(found, ends), source), certificate=require(proof))


def _part_of(tell: Tell | None, begin: float, values: str) -> Tell:
    """Return what hears one of three rounds as a part of the whole."""
    return lambda what, part: None if tell is None else tell(f"{what}{values}", begin + 0.3 * part)


def _worst(
    network: Network, given: Scenario | str | None, counting: Counting, reroute: Degree, tier: str, sizes: Array
) -> tuple[str, _Effect]:
    """Return the scenario, the worst where none is given, and what the effect is measured by."""
    asked = (
        [scenario] if (scenario := asked_scenario(network, given)) is not None else list(scenarios(network).values())
    )
    if not asked:
        raise DataError("scenario: none ships with the network. Give one.")
    every = {one.name: _Effect(counting, overlay_of(network, one), reroute, tier, sizes) for one in asked}
    none = np.zeros(len(sizes))
    short = (
        {name: one.balance(none).by_tier()["shortfall_tpa"] for name, one in every.items()} if len(every) > 1 else {}
    )
    name = worst_of(short, tier) or next(iter(every))
    return name, every[name]


def _most_short(effect: _Effect, tier: str) -> str:
    """Return the good that the tier lacks most."""
    rows = effect.balance(np.zeros(len(effect.sizes))).demand
    rows = rows[rows["is_counted"] & rows["is_beneficiary"] & (rows["tier"] == tier)]
    if rows.empty:
        raise DataError(f'tier: no beneficiary asks as tier "{tier}". Name another one.')
    return str(rows.groupby(rows["commodity"].fillna(""))["shortfall_tpa"].sum().idxmax())


@dataclass(eq=False)
class _Asked:
    """One comparison: what is to be avoided, of what, by which projects, and at what cost of capital."""

    network: Network
    effect: _Effect
    target: float
    good: str
    lacking: str
    names: list[str]
    members: Members
    months: float
    rate: float
    years: int
    factor: float
    market: dict[str, Any]
    near: float
    alone: dict[str, float] | None = None  # what each project alone avoids; it only ranks, so once for all ends
    middles: dict[str, float] = field(default_factory=dict)  # the number of each mechanism in the middle of all ranges

    def __post_init__(self) -> None:
        self.ids = self.network.plants["id"].tolist()
        made = main_outputs(self.network, self.network.projects)
        self.makers = [name for name in self.names if made[name] == self.good]

    def all(self, pick: Pick, say: Tell) -> dict[str, _Found]:
        """Return what each instrument does, with a value of every range."""
        say("the market without an instrument", 0.0)
        free = self._setting([], pick)
        self.is_ranged = any(one["high"] > one["low"] for one in free.inputs.assumed.values())
        cleared = free.clearing.solve()
        self.free, self.start = cleared, self._built(free, cleared)
        self.base = self.effect.short(self.start)
        price = free.inputs.worth(self.good)
        if np.isnan(price):
            raise DataError(
                f"commodity: no price of {self.good}. Give reference_price (--reference), or name another commodity."
            )
        stored = free.inputs.worth(self.lacking)
        top = CHOKE * price
        say("contracts", 0.1)
        contract = self._raised(pick, "cfd", top, self._topped) if self.makers else None
        say("a floor", 0.4)
        lacks = _Found(self.target <= 0, np.nan, self.start, 0.0, note=f"no project listed makes {self.good}")
        return {
            "floor": self._raised(pick, "border", top, self._levied),
            "contract_for_difference": contract or lacks,
            "offtake": contract or lacks,
            "grant": self._granted(pick),
            "stock": self._stocked(stored),
        }

    def _setting(self, policy: list[dict[str, Any]], pick: Pick) -> Setting:
        more: dict[str, Any] = {"rate": self.rate, "years": self.years, "projects": self.names}
        return prepare(self.network, policy=policy, run="long", pick=pick, **more, **self.market)

    def _built(self, setting: Setting, cleared: Cleared) -> Array:
        """Return the part of each project that a market builds."""
        n, built = len(self.network.nodes), np.zeros(len(self.network.projects))
        for plant in np.flatnonzero(setting.entrants).tolist():
            built[plant - n] = loss_of(setting, cleared, plant)[1]
        return built

    def _reaches(self, built: Array) -> bool:
        return self.base - self.effect.short(built) >= self.target * (1.0 - HAIR)

    def _raised(
        self, pick: Pick, mechanism: str, top: float, money: Callable[[Setting, Cleared], tuple[float, float]]
    ) -> _Found:
        """Return the least number of a floor or strike at which what it builds reaches the effect."""
        if self.target <= 0:
            return _Found(True, 0.0, self.start, 0.0)
        measure = measure_of(self.members, self.good, 0.0, mechanism, self.makers)
        setting = self._setting([measure], pick)

        def at(number: float) -> tuple[bool, Array, Setting, Cleared]:
            one = setting.with_measure(0, usd_per_t=number)
            cleared = one.clearing.solve()
            built = self._built(one, cleared)
            return self._reaches(built), built, one, cleared

        found = at(top)
        if not found[0]:
            return _Found(False, np.nan, found[1], np.nan)
        low, high, number = 0.0, top, self.middles.get(mechanism, 0.0)
        first = [number * (1.0 + AROUND), number * (1.0 - AROUND)]
        while high - low > (self.near if pick is central else max(self.near, NEAR_END)) * high:
            middle = next((one for one in first if low < one < high), (low + high) / 2)
            tried = at(middle)
            low, high, found = (low, middle, tried) if tried[0] else (middle, high, found)
        self.middles.setdefault(mechanism, high)
        cost, revenue = money(found[2], found[3])
        return _Found(True, high, found[1], cost, revenue)

    def _levied(self, setting: Setting, cleared: Cleared) -> tuple[float, float]:
        """Return what a levy costs the members' users, and what it brings their treasury, USD/a."""
        places = self.network.places.reindex(self.network.plants["id"])

        def ours(one: Setting, done: Cleared) -> pd.Series:
            money = money_of(one.program, done, one.quotas)
            table = welfare_of(one.program, done, money, one.instruments, places, places)
            return table[table.index.isin(self.members.places)].sum()

        now = ours(setting, cleared)
        loss = ours(setting.without_policy(), self.free)["consumers_usd_per_a"] - now["consumers_usd_per_a"]
        return float(loss), float(now["treasury_usd_per_a"])

    def _topped(self, setting: Setting, cleared: Cleared) -> tuple[float, float]:
        """Return what is paid on top of the market, USD/a."""
        return -float((cleared.states[0].duty * cleared.found.x).sum()), 0.0

    def _granted(self, pick: Pick) -> _Found:
        """Return the set of projects whose grants cost least of those that reach the effect, and the grant of each."""
        table = self.network.projects.set_index("id")
        places = {str(name): number for number, name in enumerate(table.index.tolist())}
        capex = {str(name): float(musd) * 1e6 for name, musd in table["capex_musd"].items()}
        if self.target <= 0:
            return _Found(True, np.nan, self.start, 0.0, at_once=0.0)

        def built(names: Iterable[str]) -> Array:
            part = self.start.copy()
            part[[places[name] for name in names]] = 1.0
            return part

        def paid(shares: Mapping[str, float]) -> float:
            return sum(share * capex[name] for name, share in shares.items())

        # what runs neither alone nor beside all others earns less than its running cost, whatever the grant
        single = {name: self._shares((name,), pick) for name in self.names}
        beside = self._shares(tuple(self.names), pick) if self.names else {}
        running = [name for name in self.names if name in single[name] or name in beside]
        note = NO_ADVICE
        if len(running) > MOST_TOGETHER:
            if self.alone is None:
                self.alone = {name: self.base - self.effect.short(built([name])) for name in running}
            worth = {name: self.alone.get(name, 0.0) / max(capex[name], 1.0) for name in running}
            running = sorted(running, key=lambda name: (-worth[name], name))[:MOST_TOGETHER]
            note = f"{NO_ADVICE}; sets of {MOST_TOGETHER} of them"
        if not self._reaches(built(running)):
            if len(running) < len(self.names) and self._reaches(built(self.names)):
                note = "unit cost exceeds the price of projects that it needs, so no grant suffices"
            return _Found(False, np.nan, built(running), np.nan, note=note)
        # others that enter lower the price, so a grant is least where its project enters alone
        least = {name: paid(single[name]) for name in running}
        order = sorted(running, key=lambda name: (least[name], capex[name], name))
        best: dict[str, float] | None = None
        for chosen in _by_cost(order, least):
            if best is not None and sum(least[name] for name in chosen) >= paid(best):
                break
            if self._reaches(built(chosen)):
                shares = self._shares(chosen, pick)
                if len(shares) == len(chosen) and (best is None or paid(shares) < paid(best)):
                    best = shares
        if best is None:
            note = "unit cost exceeds the price where enough projects enter, so no grant suffices"
            return _Found(False, np.nan, self.start, np.nan, note=note)
        once = paid(best)
        return _Found(True, np.nan, built(best), once * self.factor, at_once=once, note=note)

    def _shares(self, chosen: tuple[str, ...], pick: Pick) -> dict[str, float]:
        """Return the part of its capital cost that each project of a set needs; what does not run is left out."""
        setting = self._setting([{"kind": "subsidy", "nodes": list(chosen), "capex_share": 1.0}], pick)
        cleared = setting.clearing.solve()
        shares = {}
        for name in chosen:
            plant = self.ids.index(name)
            loss, share = loss_of(setting, cleared, plant)
            capital = next(one.capital for one in setting.program.outputs if one.plant == plant)
            if share >= 1.0 - HAIR:
                shares[name] = min(max(1.0 + loss / capital, 0.0), 1.0) if capital > 0 else 0.0
        return shares

    def _stocked(self, price: float) -> _Found:
        """Return what a stock of the good costs that lasts so long."""
        if np.isnan(price):
            return _Found(False, np.nan, self.start, np.nan, note=f"no price of {self.lacking}")
        avoids = min(self.target, self.base)
        tonnes = avoids * self.months / 12.0
        note = f"for {self.months:g} months; {NO_ADVICE}"
        spent = tonnes * price
        return _Found(avoids >= self.target, np.nan, self.start, self.rate * spent, 0.0, spent, tonnes, note)

    def table(self, found: dict[str, _Found], ends: list[dict[str, _Found]]) -> pd.DataFrame:
        """Return the comparison, with the cost at both ends of all ranges."""
        payer = {"floor": "users", "offtake": "buyer"}
        ids = np.array(self.network.projects["id"], dtype=object)
        rows = []
        for name, one in found.items():
            avoids = min(self.target, self.base) if name == "stock" else self.base - self.effect.short(one.built)
            avoids = 0.0 if self.target <= 0 and name != "stock" else avoids
            costs = [end[name].cost if end[name].reaches else np.nan for end in ends]
            known = [cost for cost in (*costs, one.cost) if not np.isnan(cost)]
            cost = one.cost if one.reaches else np.nan
            rows.append(
                {
                    "instrument": name,
                    "reaches": one.reaches,
                    "usd_per_t": one.number,
                    "tonnes_t": one.tonnes,
                    "projects": ";".join(ids[one.built > self.start + HAIR]),
                    "avoids_tpa": avoids,
                    "left_tpa": self.base - avoids,
                    "cost_usd_per_a": cost,
                    "cost_low_usd_per_a": min(known, default=np.nan) if one.reaches else np.nan,
                    "cost_high_usd_per_a": max(known, default=np.nan) if one.reaches else np.nan,
                    "revenue_usd_per_a": one.revenue,
                    "cost_usd": one.at_once if one.at_once is not None and one.reaches else cost / self.factor,
                    "payer": payer.get(name, "treasury"),
                    "note": one.note,
                }
            )
        return pd.DataFrame(rows).set_index("instrument")


def _by_cost(order: list[str], cost: dict[str, float]) -> Iterable[tuple[str, ...]]:
    """Yield sets of options, the cheapest first, then by the order given."""
    heap: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    while heap:
        spent, chosen = heapq.heappop(heap)
        yield tuple(order[number] for number in chosen)
        for number in range(chosen[-1] + 1 if chosen else 0, len(order)):
            heapq.heappush(heap, (spent + cost[order[number]], (*chosen, number)))
