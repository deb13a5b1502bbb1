"""What must be in stock: the least of each commodity that keeps tiers whole, and what would lessen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet._types import Array, Words
from chainnet.engine import PRINTED, ROUNDING, Certificate
from chainnet.errors import InfeasibleError
from chainnet.flow import Asked, Counting, LeastStock, binding_inputs, check_tier
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import Provenance, provenance, stamp
from chainnet.scenario import Outside, Scenario, asked_scenario, overlay_of, tell_outside
from chainnet.stress._months import Ask, common_cuts
from chainnet.stress._requirement import Requirement, requirement_words, unpriced_good
from chainnet.stress._stores import Stores, no_stock, prices_of, tiers_of


def stockpile_requirement(
    network: Network,
    scenario: Scenario | str | None,
    tiers: Words = None,
    months: int = 48,
    start: str | None = None,
    *,
    step_months: int = 1,
    reroute: Degree = "existing",
    projects: Sequence[str] | None = None,
    order: Asked = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    prices: Mapping[str, float] | None = None,
    progress: Tell | None = None,
) -> Requirement:
    """Say how much of each commodity must be in stock for the chosen tiers to be met.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario, str or None
    tiers : str or list of str, optional
        Who must be served in full in every period; default the first tier of the network. Other tiers give way.
    months, start, step_months
        The horizon, as in ``stress_test``.
    reroute : {"existing", "none", "new"}
    projects : list of str, optional
        Projects that come on stream at their start year besides those that the scenario builds.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who else is served, as in ``balance``; default by law where it knows a beneficiary, else allies first.
        allies_first: nobody, all give way to the tiers. allies_last: all others get at least as much over the horizon
        as they could with nothing in store. Else whoever comes before the tiers or beside them, at home or under
        contract gets at least what he does with nothing in store (beside them: the middle of what he may).
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    prices : mapping of commodity to USD/t, optional
        In place of those of the ``commodities`` table; inf = is never held.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Requirement, a DataFrame with one row per commodity that a plant or an end use of the beneficiaries takes in
        It says which stocks cover what, and what is to buy (``.sentence``, ``.held``).
        commodity, label.  required_t : the cheapest set of stocks, nothing held, t (one of several where
        prices tie).  required_low_t, required_high_t : the same with all demand at the low, and at the high end of its
        range, inf where no amount suffices.  held_t : what the stocks table says lies with the beneficiaries for these
        tiers, after the scenario.  net_t : required_t - held_t, at least 0; no netting across commodities.
        alone_t : what it would take of this commodity alone, inf where no amount suffices.  buy_t : what
        is to be bought where all that is held is drawn where it helps.  buy_low_t, buy_high_t : the same with
        every stock at the high, and at the low end of its range.  price_usd_per_t : as given, else that of the table
        ``commodities``, one for all places; its note says where and when it was paid.  cost_usd, required_usd,
        buy_usd : net_t, required_t and buy_t at that price, NaN without a price.

    Raises
    ------
    DataError
        If there is no demand table, a tier or an order is unknown, a price is none, or an argument is out of range.
    InfeasibleError
        If no stock of anything that may be held keeps the tiers whole.

    Warns
    -----
    ChainnetWarning
        If a measure is in force in no month of the horizon: it does nothing, but a release keeps its stocks shut.

    See Also
    --------
    stockpile_mitigation, joint_stockpile, stress_test

    Notes
    -----
    A stock enters where its commodity is taken in: at plants and end uses of the beneficiaries that the
    scenario leaves standing, at any rate, at month 1 or later. A commodity without a price is bought only
    where the tiers ask for it itself, and then as little as can be; the sentence names others that would do alone.
    What users hold for themselves (table ``cover``) is left out. Cost: one linear program of
    (periods x columns) per commodity.

    References
    ----------
    Requirements in the sense of the reports on the National Defense Stockpile (50 U.S.C. 98h-5):
    shortfall before stock, less what is held, valued at market prices.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> need = cn.stockpile_requirement(net, cn.scenarios(net)["china_out"], ["defence", "industrial"], months=12)
    >>> need.loc[need["required_t"] > 0, ["commodity", "required_t"]].round(3).values.tolist()
    [['magnet', 10.0]]
    """
    scenario = asked_scenario(network, scenario)
    ask = Ask(
        Counting.of(network, commodity, beneficiaries, order=order),
        months,
        start,
        step_months,
        reroute,
        projects=None if projects is None else tuple(projects),
        tell=progress,
    )
    chosen = tiers_of(network, tiers, "stockpile_requirement")
    need = _Need(scenario, chosen, ask, prices)
    steps = Steps(f"least stocks over {need.size}", ask.tell, 7 + len(need.commodities))
    table, gross = _table(need, steps)
    held = need.stocks(gross)
    steps.done("what is drawn")
    ends: tuple[Literal["high", "low"], ...] = ("high", "low")
    for column, end in zip(("buy_low_t", "buy_high_t"), ends, strict=True):
        other = need.buy_with(end) if gross.drawn_t.any() else None
        table[column] = table["buy_t"] if other is None else other
        steps.done(f"with stocks at their {end} figures")
    for place, end in enumerate(reversed(ends), start=3):
        other = need.required_with(end)
        table.insert(place, f"required_{end}_t", table["required_t"] if other is None else other)
        steps.done(f"with demand at its {end} figures")
    steps.end()
    for what in ("required", "buy"):
        table[f"{what}_usd"] = (table[f"{what}_t"] * table["price_usd_per_t"]).mask(table[f"{what}_t"] <= 0, 0.0)
    source = _source(scenario, chosen, ask) | ({"prices": dict(prices)} if prices else {})
    said = requirement_words(table, held, scenario, chosen, ask)
    return Requirement.of(stamp(table, source), said, stamp(held, source), gross.certificate)


def requirement(scenario: Scenario | None, tiers: Words, ask: Ask) -> tuple[pd.DataFrame, Certificate]:
    """Return ``stockpile_requirement`` without the stocks that cover it, and the proof that no cheaper set does."""
    chosen = tiers_of(ask.network, tiers, "stockpile_requirement")
    need = _Need(scenario, chosen, ask)
    steps = Steps(f"least stocks over {need.size}", ask.tell, 2 + len(need.commodities))
    table, gross = _table(need, steps)
    steps.end()
    return stamp(table, _source(scenario, chosen, ask)), gross.certificate


def _table(need: _Need, steps: Steps) -> tuple[pd.DataFrame, LeastStock]:
    """Return what is required, held and to buy by commodity, and the answer with nothing held; buy is solved last."""
    gross = need.least(use_held=False)
    steps.done("the cheapest set")
    alone = [need.alone(code) for code in steps.each(need.commodities, "{} alone".format)]
    buy = need.least(use_held=True)
    steps.done("beside what is held")
    tell_outside([need.outside], stacklevel=4)
    table = pd.DataFrame({"commodity": need.commodities, "label": need.labels, "required_t": need.by_commodity(gross)})
    table["held_t"] = need.held()
    table["net_t"] = np.maximum(table["required_t"] - table["held_t"], 0.0)
    table["alone_t"], table["buy_t"] = alone, need.by_commodity(buy)
    table["price_usd_per_t"] = need.prices
    # what is never held costs nothing, and 0 t times inf is no number
    table["cost_usd"] = (table["net_t"] * table["price_usd_per_t"]).mask(np.isinf(need.prices), 0.0)
    return table, gross


def stockpile_mitigation(
    network: Network,
    scenario: Scenario | str | None,
    tiers: Words = None,
    months: int = 48,
    start: str | None = None,
    *,
    step_months: int = 1,
    austerity: Mapping[str, float] | None = None,
    measures: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    projects: Sequence[str] | None = None,
    order: Asked = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    prices: Mapping[str, float] | None = None,
    progress: Tell | None = None,
) -> pd.DataFrame:
    """Say what each mitigation takes off the stockpile requirement, one after the other.

    Parameters
    ----------
    network, scenario, tiers, months, start, step_months, order, beneficiaries, commodity, prices
        As in ``stockpile_requirement``.
    austerity : mapping, tier -> share of its demand that is left, optional
        Without it no demand is cut.
    measures : mapping, name -> list of measures, optional
        Further mitigations in words of a scenario, after those that stand ready.
    projects : list of str, optional
        Default all; they come on stream at their start year.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    DataFrame, one row per step and commodity
        step, commodity, before_t, averted_t, after_t, before_usd, averted_usd, after_usd: before -
        averted = after. The steps, in this order: own exports limited (plants of the beneficiaries serve
        the beneficiaries, up to capacity), extra buys (every known relation up to capacity, and new
        ones), substitution (stand-ins up to ``processes.max_share``), austerity, the measures given,
        projects, stocks held (drawn where they help, of whatever commodity, as in ``buy_t`` of
        ``stockpile_requirement``). Before the first nothing carries more than its baseline and no stand-in
        is used. Steps that the data cannot show are left out: the first without baseline flows on all edges,
        substitution without limited stand-ins, projects without any that can be placed in time.

    Raises
    ------
    DataError, InfeasibleError
        As in ``stockpile_requirement``.

    Warns
    -----
    ChainnetWarning
        As in ``stockpile_requirement``.

    See Also
    --------
    stockpile_requirement, reroute

    Notes
    -----
    What a step takes off depends on the steps before it; what is left at the end does not. A step may
    shift the requirement from one commodity to another: averted_t is then below 0 in one row, never in
    the sum of USD. Cost: one linear program of (periods x columns) per step, and one more.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> steps = cn.stockpile_mitigation(net, cn.scenarios(net)["china_out"], ["defence", "industrial"], months=12)
    >>> bool((steps["before_t"] - steps["averted_t"] - steps["after_t"]).abs().max() < 1e-9)
    True
    """
    scenario = asked_scenario(network, scenario)
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    ask = Ask(counting, months, start, step_months, projects=())
    chosen = tiers_of(network, tiers, "stockpile_requirement")
    name = scenario.name if scenario else "mitigation"
    base = list(scenario.measures) if scenario else []
    own, rest = _held_back(ask.counting)
    strict = _without_standins(network)
    has_standins = strict is not network
    steps: list[tuple[str, Network, list[Any], Ask]] = []
    if rest is not None and own is not None:
        steps.append(("nothing done", _without_standins(rest), base, ask))
        steps.append(("own exports limited", _without_standins(own), base, ask))
    else:
        steps.append(("nothing done", strict, base, ask))
    ask = replace(ask, reroute="new")
    steps.append(("extra buys", strict, base, ask))
    if has_standins:
        steps.append(("substitution", network, base, ask))
    for tier, share in (austerity or {}).items():
        check_tier(network, tier)
        base = [*base, {"kind": "demand", "tier": tier, "share": share}]
    if austerity:
        steps.append(("austerity", network, base, ask))
    for label, more in (measures or {}).items():
        base = [*base, *more]
        steps.append((label, network, base, ask))
    built = network.check_nodes(list(network.projects["id"]) if projects is None else projects, "projects")
    placed = start is not None or network.year is not None or network.projects["start_year"].isna().all()
    if built and placed:
        ask = replace(ask, projects=tuple(built))
        steps.append(("projects", network, base, ask))
    tables: list[pd.DataFrame] = []
    before: pd.DataFrame | None = None
    need: _Need | None = None
    outside: list[Outside] = []
    told = Steps("mitigations", progress, len(steps))
    scenarios = [Scenario(name, words) if words else None for _, _, words, _ in steps]
    cuts = common_cuts(scenarios, [asked for *_, asked in steps])
    for (label, variant, _, asked), events in zip(told.each(steps, lambda one: one[0]), scenarios, strict=True):
        need = _Need(events, chosen, replace(asked, counting=asked.counting.on(variant), cuts=cuts), prices)
        after = need.table(need.by_commodity(need.least(use_held=False)))
        if before is not None:
            tables.append(averted(before, after).assign(step=label))
        before = after
        outside.append(need.outside)
    told.end()
    tell_outside(outside)
    assert need is not None
    assert before is not None
    drawn = need.table(need.by_commodity(need.least(use_held=True)))
    tables.append(averted(before, drawn).assign(step="stocks held"))
    out = pd.concat(tables, ignore_index=True)
    out.insert(0, "step", out.pop("step"))
    return stamp(out, _source(scenario, chosen, ask) | {"steps": [label for label, *_ in steps]})


def averted(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Put a requirement before and after a mitigation side by side: before - averted = after.

    Parameters
    ----------
    before, after : DataFrame
        commodity, tonnes, usd; the same commodities, or some that stand in one alone (0 in the other).

    Returns
    -------
    DataFrame
        commodity, before_t, averted_t, after_t, before_usd, averted_usd, after_usd; what does not change
        shows 0; USD is NaN where a price is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainnet.stress import averted
    >>> before = pd.DataFrame({"commodity": ["ga"], "tonnes": [17.686], "usd": [10.48e6]})
    >>> after = pd.DataFrame({"commodity": ["ga"], "tonnes": [13.750], "usd": [8.15e6]})
    >>> averted(before, after).round(3).loc[0, ["averted_t", "averted_usd"]].tolist()
    [3.936, 2330000.0]
    """
    both = before.merge(after, on="commodity", how="outer", suffixes=("_before", "_after"), sort=True)
    out = pd.DataFrame({"commodity": both["commodity"]})
    for unit, column in (("t", "tonnes"), ("usd", "usd")):
        first, last = both[f"{column}_before"], both[f"{column}_after"]
        if column == "tonnes":
            first, last = first.fillna(0.0), last.fillna(0.0)
        last = last.mask((first - last).abs() <= ROUNDING * first.abs(), first)  # rounding of two solves
        out[f"before_{unit}"], out[f"averted_{unit}"], out[f"after_{unit}"] = first, first - last, last
    return out


def _source(scenario: Scenario | None, tiers: tuple[str, ...], ask: Ask) -> Provenance:
    return provenance(
        ask.network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(ask.counting, [overlay_of(ask.network, scenario)], ask.reroute),
        scenario=scenario.name if scenario else "",
        tiers=list(tiers),
        months=ask.months,
        start=ask.start or "",
        step_months=ask.step_months,
        reroute=ask.reroute,
        projects=list(ask.projects or ()),
        **ask.counting.settings,
    )


def _without_standins(network: Network) -> Network:
    """Return the network in which no limited stand-in is used; the same one where there is none."""
    processes = network.processes
    standin = (processes["role"] == "input") & processes["group"].notna() & (processes["max_share"] < 1)
    if not standin.any():
        return network
    return network.with_table("processes", processes.assign(max_share=processes["max_share"].mask(standin, 0.0)))


def _held_back(counting: Counting) -> tuple[Network | None, Network | None]:
    """Return the network with only relations among beneficiaries free to carry more than their baseline, and none."""
    network, edges = counting.network, counting.network.edges
    source, target = network.edge_ends
    both = (source >= 0) & (target >= 0)
    flow = edges["flow_tpa"].to_numpy(dtype=float)
    if np.isnan(flow[both]).any():
        return None, None
    plants = network.plants
    inside = pd.Series(counting.inside(plants), index=plants["id"])
    among = (edges["source"].map(inside) & edges["target"].map(inside)).to_numpy(dtype=bool)
    capacity = edges["capacity_tpa"].to_numpy(dtype=float)
    held = np.where(both, np.fmin(capacity, flow), capacity)
    return (
        network.with_table("edges", edges.assign(capacity_tpa=np.where(among, capacity, held))),
        network.with_table("edges", edges.assign(capacity_tpa=held)),
    )


class _Need:
    """A network in which anything may be bought for stock, and whom that has to keep whole."""

    def __init__(
        self, scenario: Scenario | None, tiers: tuple[str, ...], ask: Ask, prices: Mapping[str, float] | None = None
    ) -> None:
        self._stores = stores = Stores(scenario, tiers, ask)
        self._asked = scenario, tiers, ask, prices
        self._codes = stores.commodity
        self.commodities = sorted(set(self._codes))
        known = ask.network.commodities.set_index("id")
        self.prices = pd.Series(prices_of(ask.network.commodities, self._codes, prices)).to_numpy(dtype=float)
        self.labels = known["label"].reindex(self.commodities).to_numpy(dtype=object)
        demand = ask.network.demand
        whole = ask.counting.rows & demand["tier"].isin(tiers).to_numpy()
        asked = np.isin(self._codes, demand["commodity"].fillna("")[whole].unique().astype(object))
        price: Array = np.array(pd.Series(self.prices, index=self.commodities).reindex(self._codes), dtype=np.float64)
        # without a price nothing says how much of one is worth a tonne of another: only what is asked for itself
        self._never = np.isinf(price)
        self._bought = (~np.isnan(price) | asked) & ~self._never
        price[self._never] = 1.0
        if np.isnan(price[self._bought]).all():
            price[np.isnan(price)] = 1.0
        order, rivals = ask.counting.order, ask.counting.rivals
        self._first: list[tuple[int, float]] = []
        if order in ("allies_first", "allies_last"):
            asks_first = order == "allies_last" and bool(rivals.any())
            self._model = stores.model(price, [rivals] if asks_first else [])
            if asks_first:
                self._first = [(0, self._model.most(0)[0])]
        else:
            before = stores.before()
            self._model = stores.model(price, [rows for rows, _ in before])
            self._first = list(enumerate(tonnes for _, tonnes in before))
        self._tiers = tiers

    def least(self, use_held: bool) -> LeastStock:
        """Return the cheapest set of stocks."""
        found = self._model.least(use_held, only=self._bought, first=self._first)
        if found is None:
            raise self._no_stock(use_held)
        return found

    def _no_stock(self, use_held: bool) -> InfeasibleError:
        """Return the fault of an answer that does not exist: what never held, or without a price, would make one."""
        helps, unpriced = self._never & False, []
        if self._never.any():
            every = self._model.least(use_held, first=self._first)
            helps = helps if every is None else self._never & (every.drawn_t > 0)
            rest = self._model.least(use_held, ~self._never, first=self._first)
            if rest is not None:
                drawn = self.by_commodity(rest)
                network, some = self._asked[2].network, np.isnan(self.prices) & (drawn > 0)
                unpriced = [unpriced_good(network, self.commodities[i], drawn[i]) for i in np.flatnonzero(some)]
        never = sorted(set(map(str, self._codes[helps])))
        return no_stock("stockpile_requirement", ", ".join(self._tiers), never, unpriced)

    def alone(self, commodity: str) -> float:
        """Return what it takes of one commodity alone, inf where no amount suffices."""
        mine = self._codes == commodity
        found = self._model.least(False, mine, np.ones(len(mine)), first=self._first)
        return float("inf") if found is None else float(found.drawn_t.sum())

    def stocks(self, gross: LeastStock) -> pd.DataFrame:
        """Return the stocks on record with what is drawn of each; what is to buy was asked for last."""
        held = self._stores.held
        is_needed = bool(gross.drawn_t.any())
        held["drawn_t"] = self._model.fewest_held() if len(held) and is_needed else 0.0
        idle = held["not_drawn"].mask(held["not_drawn"] == "", "does not help" if is_needed else "not needed")
        held["not_drawn"] = idle.mask(held["drawn_t"] > PRINTED * held["stock_t"], "")
        return held.sort_values("drawn_t", ascending=False, kind="stable", ignore_index=True)

    def buy_with(self, end: Literal["low", "high"]) -> Array | None:
        """Return what is to buy by commodity with every stock at an end of its range; None where none has that end."""
        stocks = self._asked[2].network.stocks
        tonnes = stocks[end].fillna(stocks["stock_t"])
        if (tonnes == stocks["stock_t"]).all():
            return None
        # what has to be left at the end is no more than there is
        least = stocks["end_t"].where(~(stocks["end_t"] > tonnes), tonnes)
        need = self._with("stocks", stocks.assign(stock_t=tonnes, end_t=least))
        return need.by_commodity(need.least(use_held=True))

    def required_with(self, end: Literal["low", "high"]) -> Array | None:
        """Return what is required by commodity with all demand at an end of its range; None where none has that end."""
        demand = self._asked[2].network.demand
        tonnes = demand[end].fillna(demand["demand_tpa"])
        if (tonnes == demand["demand_tpa"]).all():
            return None
        need = self._with("demand", demand.assign(demand_tpa=tonnes))
        try:
            return need.by_commodity(need.least(use_held=False))
        except InfeasibleError:
            return np.full(len(self.commodities), np.inf)

    def _with(self, name: str, table: pd.DataFrame) -> _Need:
        """Return the same of a network with another table."""
        scenario, tiers, ask, prices = self._asked
        network = ask.network.with_table(name, table)
        return _Need(scenario, tiers, replace(ask, counting=ask.counting.on(network)), prices)

    @property
    def size(self) -> str:
        """How large the program is that is solved again and again."""
        return self._stores.size

    @property
    def outside(self) -> Outside:
        """Measures that are in force in no period."""
        return self._stores.outside

    def by_commodity(self, found: LeastStock) -> Array:
        """Add up what is drawn, in the order of ``commodities``."""
        drawn = pd.Series(found.drawn_t).groupby(self._codes).sum().reindex(self.commodities)
        return np.asarray(drawn.to_numpy(dtype=float))

    def table(self, tonnes: Array) -> pd.DataFrame:
        """Return tonnes and their worth by commodity."""
        return pd.DataFrame({"commodity": self.commodities, "tonnes": tonnes, "usd": tonnes * self.prices})

    def held(self) -> Array:
        """Return what lies in stock with the beneficiaries for these tiers, after the scenario."""
        return np.asarray(self._stores.held_t.reindex(self.commodities).fillna(0.0).to_numpy(dtype=float))
