"""A market ready to be cleared: the chain under a scenario, its measures, its players, and the numbers it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from chainnet import checks
from chainnet._types import Array, Bools
from chainnet.engine import dual_ends
from chainnet.errors import DataError
from chainnet.flow import EXTRA_COST_USD_PER_T, named_projects
from chainnet.lowering import Degree, Lowered, Overlay, lower, stack
from chainnet.network import Network, check_network
from chainnet.prices._clear import STILL, Cleared, Clearing
from chainnet.prices._conduct import Mark, Player, best_of_leader, players_of, with_players
from chainnet.prices._inputs import Inputs, Pick, central
from chainnet.prices._measures import Instrument, instruments_of, parted
from chainnet.prices._money import money_of
from chainnet.prices._program import Program, Trade, build, with_trades
from chainnet.prices._terms import capital_recovery_factor, plain
from chainnet.scenario import KINDS, Scenario, asked_scenario, effects_of, overlay_at

Run = Literal["short", "long"]
Holder = Literal["country", "owner_country"]


@dataclass(frozen=True, eq=False)
class Setting:
    """A market ready to be cleared, again and again with other numbers in its measures.

    ``still``: the same market where no measure buys or sells; None where none can.
    """

    network: Network
    low: Lowered
    program: Program
    inputs: Inputs
    instruments: list[Instrument]
    clearing: Clearing
    quotas: dict[int, int]
    entrants: Bools
    given: dict[str, Any]
    players: list[Player]
    marks: list[Mark]
    still: Setting | None = None

    def profit(self, number: int, cleared: Cleared) -> float:
        """Return what a player keeps, USD/a: all that its plants, its stocks and its sales bring."""
        makers = money_of(self.program, cleared, self.quotas).makers
        owner = self.program.owner
        return float(makers[(owner >= 0) & self.players[number].plants[np.maximum(owner, 0)]].sum())

    @property
    def stands(self) -> Bools:
        """Which nodes, then projects, stand."""
        return _standing(self.low)

    def with_measure(self, number: int, **changed: Any) -> Setting:
        """Return the same market with other numbers in one measure; the solver stays warm."""
        held = list(self.instruments)
        held[number] = replace(held[number], measure={**held[number].measure, **changed})
        clearing = Clearing(self.program, held, self.clearing.places, self.clearing.model)
        clearing.landings, clearing.begun = self.clearing.landings, self.clearing.begun
        return replace(self, instruments=held, clearing=clearing)

    def without_policy(self) -> Setting:
        """Return the same market without any measure: nothing is levied, bought or limited by one."""
        free, low = self.still or self, self.low
        limits = {self.clearing.places[one.number] for one in self.instruments if one.act == "limit"}
        program, begun = free.program, free.clearing.begun
        if limits:
            open_to = [
                replace(r, bound_tpa=np.inf) if n in limits else r for n, r in enumerate(low.overlay.restrictions)
            ]
            base, edges = program.program, len(low.flows.tail)
            upper, most = base.col_upper.copy(), base.row_upper.copy()
            upper[:edges] = low.bounds(replace(low.overlay, restrictions=tuple(open_to)))[0][:edges]
            most[list(self.quotas.values())] = np.inf
            program, begun = replace(program, program=replace(base, col_upper=upper, row_upper=most)), {}
        clearing = Clearing(program, [], {}, free.clearing.model)
        clearing.begun = begun
        return replace(free, program=program, instruments=[], quotas={}, clearing=clearing)


def prepare(
    network: Network,
    scenario: Scenario | str | None = None,
    policy: Any = None,
    *,
    conduct: Mapping[Any, str | float] | None = None,
    run: Run = "short",
    projects: Iterable[str] | None = None,
    protect: Iterable[str] = (),
    rate: float = 0.10,
    years: int = 10,
    reroute: Degree = "existing",
    by: Holder = "country",
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    pick: Pick = central,
    **told_of: Any,
) -> Setting:
    """Return a market ready to be cleared; see ``market``. ``pick`` says which value of each range is used."""
    check_network(network)
    if network.demand.empty:
        raise DataError("market: the network has no demand table, so nobody buys. Give demand.")
    checks.known(run, ("short", "long"), "run", "run")
    checks.known(by, ("country", "owner_country"), "by", "holder")
    factor = capital_recovery_factor(rate, years)
    tiers = (protect,) if isinstance(protect, str) else tuple(protect)
    for tier in tiers:
        checks.known(tier, network.tier_order, "protect", "tier")
    if projects is not None and run == "short":
        raise DataError('projects: enter in the long run only. Give run="long", or build them by a measure.')
    scenario = asked_scenario(network, scenario)
    shock, measures = parted(scenario, policy)
    instruments = instruments_of(network, measures)
    effects = effects_of(network, shock, scenario.name if scenario else "policy")
    overlay, built = _overlay(network, effects, shock)
    inputs = Inputs(network, stack(network), pick=pick, **told_of)
    entrants, capital = _entrants(network, inputs, projects, factor, run == "long", built)
    places: dict[int, int] = {}
    classes = list(overlay.restrictions)
    for one in instruments:
        if one.crossing is not None and (one.act == "limit" or reroute == "new"):
            places[one.number] = len(classes)
            classes.append(one.crossing)
    n = len(network.nodes)
    stands = np.maximum(built, entrants[n:].astype(float))
    overlay = replace(overlay, restrictions=tuple(classes), built=stands)
    low = lower(network, overlay, reroute, stocks=True, extra_cost_usd_per_t=extra_cost_usd_per_t)
    drawn = np.zeros(len(network.stocks), dtype=bool)
    for effect in effects:
        if KINDS[effect.kind].shuts:
            drawn |= effect.stocks
    trades = [trade for one in instruments for trade in _trades(low, one)]
    bare = build(low, inputs, extra_cost_usd_per_t, tiers, capital, drawn)
    players = players_of(network, conduct)
    rows = {number: row for row, (kind, number, _) in enumerate(low.rows) if kind == "restriction"}
    limited = [one for one in instruments if one.act == "limit" and places[one.number] in rows]
    quotas = {one.number: rows[places[one.number]] for one in limited}
    given = {
        "scenario": scenario.name if scenario else "",
        "policy": [dict(one.measure) for one in instruments],
        "conduct": {player.label: player.conjecture for player in players},
        "run": run, "reroute": reroute, "by": by, "protect": list(tiers), "rate": rate, "years": years,
        "demand_form": inputs.demand_form, "reference_price": plain(inputs.reference_price),
        "extra_cost_usd_per_t": extra_cost_usd_per_t,
    }  # fmt: skip

    def ready(program: Program) -> Setting:
        program, marks = with_players(program, players)
        clearing = Clearing(program, instruments, places)
        return Setting(network, low, program, inputs, instruments, clearing, quotas, entrants, given, players, marks)

    return replace(ready(with_trades(bare, trades)), still=ready(bare) if trades else None)


def _standing(low: Lowered) -> Bools:
    """Return which nodes, then projects, stand."""
    share, built = low.overlay.node_share, low.overlay.built
    return np.asarray((share != 0) & np.append(np.ones(len(share) - len(built)), built > 0).astype(bool))


def _trades(low: Lowered, one: Instrument) -> list[Trade]:
    """Return what a measure may buy or sell itself, where its good is."""
    if not one.trades:
        return []
    code, stands = low.commodities.index(one.goods[0]), _standing(low)
    places = [int(plant) for plant in one.plants if (plant, code) in low.balance and stands[plant]]
    if not places:
        where = f"at {low.tables.ids[one.plants[0]]}" if "node" in one.measure else "of the members"
        raise DataError(
            f"{one.argument}: nothing that stands {where} makes, uses or brings {one.goods[0]}. Name another node."
        )
    found = []
    for plant in places:
        whole = low.balance[plant, code]
        states = sorted((key[2], row) for key, row in low.strands.balance.items() if key[:2] == (plant, code))
        ways: list[tuple[int, ...]] = [(whole, row) for _, row in states] or [(whole,)]
        for sign, most, usd in one.trades:  # what is bought may be of any state, what is sold bears no mark
            for rows in ways if sign > 0 else ways[:1]:
                found.append(Trade(one.number, plant, code, sign, float(most), usd, rows))
    return found


def _overlay(network: Network, effects: Sequence[Any], shock: Sequence[Mapping[str, Any]]) -> tuple[Overlay, Array]:
    """Return what the scenario does, and which projects it builds."""
    sizes = np.ones(len(effects))
    overlay = overlay_at(network, effects, sizes)
    built = overlay.built.copy()
    for effect in effects:
        if KINDS[effect.kind].stands:
            built[effect.projects] = 1.0
    return overlay, built


def _entrants(
    network: Network, inputs: Inputs, projects: Iterable[str] | None, factor: float, is_long: bool, built: Array
) -> tuple[Bools, Array]:
    """Return which plants may enter (nodes, then projects), and what a tonne of theirs must earn for the capital."""
    table, n = network.projects, len(network.nodes)
    entrants, capital = np.zeros(n + len(table), dtype=bool), np.zeros(n + len(table))
    if not is_long:
        return entrants, capital
    named = None if projects is None else set(named_projects(network, projects))
    size, cost = table["capacity_tpa"].to_numpy(dtype=float), table["capex_musd"].to_numpy(dtype=float)
    known = (size > 0) & ~np.isnan(cost)
    for number, name in enumerate(table["id"]):
        if built[number] or (named is not None and name not in named):
            continue
        if known[number]:
            entrants[n + number], capital[n + number] = True, cost[number] * 1e6 * factor / size[number]
        elif named is not None:
            raise DataError(
                f"projects: {name} has no capacity_tpa or no capex_musd, so what it must earn is not known."
            )
        else:
            nothing = {"low": np.nan, "used": np.nan, "high": np.nan}
            said = "not known: the project cannot enter"
            inputs.assumed[f"capex {name}"] = {**nothing, "source": said}
    return entrants, capital


def stirred(setting: Setting) -> Setting:
    """Return a market, without what its measures would buy and sell where no price calls for that.

    What is not called for then changes nothing at all, and where the price is just the one that is offered nobody
    need say how much is sold at it.
    """
    if setting.still is None:
        return setting
    cleared, _ = cleared_with(setting.still)
    trades = setting.program.trades
    if any(len(one.rows) > 1 for one in trades):
        return setting
    rows = np.array([one.rows[0] for one in trades], dtype=np.int64)
    ends = (cleared.dual[rows],) * 2 if cleared.jumps else dual_ends(cleared.found, rows)[:2]
    for one, low, high in zip(trades, *ends, strict=True):
        price = np.inf if one.usd is None else one.usd
        if not (low >= price * (1.0 - STILL) if one.sign > 0 else high <= price * (1.0 + STILL)):
            return setting
    return setting.still


def cleared_with(setting: Setting) -> tuple[Cleared, dict[int, float]]:
    """Return the market, a leader selling what pays it best, and how much more each leader could earn at most."""
    lead = next((one for one in setting.marks if setting.players[one.player].conjecture is None), None)
    if lead is None:
        return setting.clearing.solve(), {}
    cleared, gap = best_of_leader(setting.clearing, lead, lambda found: setting.profit(lead.player, found))
    return cleared, {lead.player: gap}
