"""A scenario month by month: who is short when, what stocks carry, and what foresight is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import INF, Array, Bools
from chainnet.engine import CERTAIN, PRINTED, thread_pool
from chainnet.errors import InfeasibleError
from chainnet.flow import Bases, Counting, MonthsModel, Plan, Shipped, balance_under
from chainnet.lowering import Degree, Overlay, Restriction, Start
from chainnet.network import Network, kept
from chainnet.scenario import Bought, Scenario, Timeline, timeline
from chainnet.stress._held import COVER, End, covered, left_of, opened, with_bought

Objective = Literal["tiers", "value"]
Requalify = Literal["none", "table"]
# whether what two countries traded before is qualified anew, as the table says, where another maker ships it
REQUALIFY: Requalify = "none"
# a hundred years: a longer horizon is a slip
MOST_MONTHS = 1200
Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Ask:
    """How a network is asked over time, and whose demand counts; hashable, so that answers can be kept.

    ``cuts``: months, from 0, in which periods begin besides those of ``timeline``. ``is_brief``: who is served when,
    and nothing else; ``is_total``: only how much, over the whole horizon; ``last_tier``: and only down to this tier.
    ``shipped``: sums of flows whose ends are found over all plans of one who knows every date. ``tell`` hears what is
    done and the part of the whole; it is no part of the question.
    """

    counting: Counting
    months: int
    start: str | None = None
    step_months: int = 1
    reroute: Degree = "existing"
    stocks: bool = True
    projects: tuple[str, ...] | None = None
    objective: Objective = "tiers"
    cuts: tuple[int, ...] = ()
    cover: End = COVER
    rush: End = "stated"
    requalify: Requalify = REQUALIFY
    is_brief: bool = False
    is_total: bool = False
    last_tier: str | None = None
    shipped: tuple[Shipped, ...] = ()
    any_size: bool = field(default=True, compare=False)
    tell: Tell | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        rule = "is out of range; give a whole number, {least} to {most}."
        for argument in ("months", "step_months"):
            checks.whole(getattr(self, argument), argument, 1, MOST_MONTHS, rule)
        checks.known(self.objective, ("tiers", "value"), "objective", "objective")
        checks.known(self.requalify, ("none", "table"), "requalify", "word")

    @property
    def network(self) -> Network:
        """The network that is asked."""
        return self.counting.network


@dataclass(frozen=True)
class Trajectory:
    """One scenario over time: as a planner plans who knows every date, and as one who sees what is in force.

    ``endurance``: (tier, node) -> months whole from the onset, node "" for the tier as a whole;
    ``is_lasting`` says whether what is in force at the end could be borne for ever without stocks. ``stocks``: the
    table with what users hold and bought ahead.
    """

    timeline: Timeline
    stocks: pd.DataFrame
    perfect: Plan
    rolling_served_t: Array
    rolling_level_t: Array
    replans: int
    endurance: dict[tuple[str, str], float]
    is_lasting: dict[tuple[str, str], bool]

    @property
    def left(self) -> pd.DataFrame:
        """What the scenario leaves of each stock; see ``left_of``."""
        return left_of(self.stocks, self.timeline.overlays)


def course(scenario: Scenario | None, ask: Ask) -> Trajectory:
    """Follow one scenario over time.

    Notes
    -----
    Cost: about ten warm linear programs of (periods x columns), and as many per replan. Answers to the
    last 64 questions stay with the network, so that a change of one scenario solves that one alone.
    """
    ask = _covered(ask)
    return _course(ask.network, scenario, ask)


def _covered(ask: Ask) -> Ask:
    """Return a question with what users hold for themselves in the stocks of its network."""
    network = covered(ask.network, ask.cover) if ask.stocks and ask.cover != "none" else ask.network
    return ask if network is ask.network else replace(ask, counting=ask.counting.on(network))


def _stocked(scenario: Scenario | None, ask: Ask) -> tuple[Ask, tuple[Bought, ...]]:
    """Return a question with what was bought ahead of a scenario in the stocks of its network, and what that is."""
    bought = _line(scenario, ask, None).bought if ask.stocks and scenario is not None else ()
    network = with_bought(ask.network, bought, ask.rush)
    return (ask, ()) if network is ask.network else (replace(ask, counting=ask.counting.on(network)), bought)


@kept(64)
def _course(network: Network, scenario: Scenario | None, ask: Ask) -> Trajectory:
    # every scenario starts from the plan of the baseline, so its answer hangs on no other scenario
    near = _course(network, None, ask).perfect.bases if scenario is not None else None
    ask, bought = _stocked(scenario, ask)
    truth = _line(scenario, ask, None, bought)
    overlays = qualified(truth, ask)
    model = _model(overlays[0], ask, truth.lengths, near)
    begin = model.periods.base_start(base_flow(network))
    asked = _endured(ask.counting)
    beliefs = _beliefs(scenario, ask, bought, truth)
    is_foreseen = all(_same(belief, overlays[m:]) for m, belief in beliefs.items())
    perfect = model.plan(
        overlays,
        begin,
        endurance=[] if ask.is_brief else [(_label(*key), rows) for key, rows in asked.items()],
        worth=_worth(ask),
        notes_bases=scenario is None,
        tell=_part_of(ask.tell, 0.0, 0.5),
        # where no plan begins at what this one leaves, only who is served when is looked for
        least_cost=not (ask.is_brief and is_foreseen),
        ours_only=ask.is_brief and is_foreseen and not ask.shipped,
        totals_only=ask.is_total and is_foreseen,
        last_tier=ask.last_tier,
        shipped=ask.shipped if scenario is not None else (),
    )
    served, level, replans = perfect.served_t, perfect.level_t, len(beliefs)
    if not is_foreseen:
        served, level = _rolling(ask, truth, overlays, beliefs, model, begin)
    if ask.is_brief:
        return Trajectory(truth, ask.network.stocks, perfect, served, level, replans, {}, {})
    # what lasts to the end of a period lasts to the beginning of the next
    lasts = {key: perfect.endurance[_label(*key)] for key in asked if _label(*key) in perfect.endurance}
    endurance = {
        key: max(truth.starts[int(n)] - (truth.onset or 0), 0.0) if n < INF else INF for key, n in lasts.items()
    }
    last = overlays[-1]
    in_force = tuple(r for r in last.restrictions if r.bound_tpa < INF)
    steady = balance_under(ask.counting, replace(last, restrictions=in_force), ask.reroute)
    short = steady.demand["shortfall_tpa"].to_numpy() > PRINTED * steady.demand["demand_tpa"].to_numpy()
    lasting = {key: not bool((short & rows).any()) for key, rows in asked.items()}
    return Trajectory(truth, ask.network.stocks, perfect, served, level, replans, endurance, lasting)


def _part_of(tell: Tell | None, begin: float, end: float) -> Tell | None:
    """Return what hears the part of a plan as part of all that is done for a scenario."""
    return None if tell is None else lambda what, part: tell(what, begin + part * (end - begin))


def _worth(ask: Ask) -> Array | None:
    """Return what a tonne served is worth by demand row, where that is the objective."""
    if ask.objective == "tiers":
        return None
    return np.asarray(ask.network.demand["value_usd_per_t"].fillna(0.0).to_numpy(dtype=float))


def _line(
    scenario: Scenario | None,
    ask: Ask,
    known_at: int | None,
    bought: tuple[Bought, ...] = (),
    *,
    is_calm: bool = True,
) -> Timeline:
    """Return a scenario over the periods; where it is not calm, users keep what they hold until they see a measure."""
    line = timeline(
        ask.network,
        scenario,
        ask.months,
        step_months=ask.step_months,
        start=ask.start,
        known_at=known_at,
        projects=ask.projects,
        cuts=ask.cuts,
    )
    begins: float = (0 if is_calm else INF) if line.onset is None else line.onset
    return replace(line, overlays=opened(line, ask.network, bought, known_at, begins))


def common_cuts(scenarios: Iterable[Scenario | None], asks: Iterable[Ask]) -> tuple[int, ...]:
    """Return where any of several answers has a period begin, so that they can be held against each other."""
    lines = [_line(scenario, ask, None) for scenario, ask in zip(scenarios, asks, strict=True)]
    return tuple(sorted({month for line in lines for month in line.starts}))


def _model(template: Overlay, ask: Ask, lengths: Sequence[int], near: Bases | None = None) -> MonthsModel:
    return MonthsModel(
        ask.counting,
        template,
        ask.reroute,
        len(lengths),
        lengths,
        stocks=ask.stocks,
        near=near,
        any_size=ask.any_size,
        is_whole=bool(ask.shipped),
    )


@kept(1)
def base_flow(network: Network) -> Array:
    """Return what every edge carries before anything happens, t/yr: the baseline, else the answer in the baseline."""
    flow = network.edges["flow_tpa"].to_numpy(dtype=float)
    source, target = network.edge_ends
    new = network.view("nodes")["id"].isin(network.built_projects).to_numpy()  # of these there is no baseline
    old = (source >= 0) & (target >= 0) & ~new[source] & ~new[target]
    if not np.isnan(flow[old]).any():
        return np.asarray(np.nan_to_num(flow))
    found = balance_under(Counting(network), Overlay.none(network))
    return np.asarray(found.edges["flow_tpa"].to_numpy(dtype=float))


def qualified(line: Timeline, ask: Ask, truth: Timeline | None = None) -> tuple[Overlay, ...]:
    """Add to each overlay that new relations and projects serve a tier only once they are qualified for it.

    A new relation begins its qualification when the first measure comes into force, a project when it comes on stream.
    Where nothing is qualified anew that countries traded before, relations between these are open with that measure.

    Parameters
    ----------
    line : Timeline
    ask : Ask
    truth : Timeline, optional
        Of which ``line`` is what somebody believes: it says which relations can be qualified at all within the horizon.
    """
    bars = [*_new_bars(line, ask, line if truth is None else truth), *_project_bars(line, ask)]
    if not bars:
        return line.overlays
    known: dict[tuple[int, tuple[bool, ...]], Overlay] = {}
    out = []
    for month, overlay in zip(line.starts, line.overlays, strict=True):
        state = tuple(month >= at for at, _ in bars)
        if (id(overlay), state) not in known:
            more = tuple(
                replace(r, bound_tpa=INF if is_open else 0.0) for (_, r), is_open in zip(bars, state, strict=True)
            )
            known[id(overlay), state] = replace(overlay, restrictions=overlay.restrictions + more)
        out.append(known[id(overlay), state])
    return tuple(out)


@kept(1)
def _waits(network: Network) -> dict[str, list[tuple[str, float]]]:
    """Return for each commodity the tiers with the months until they are served, the shortest first."""
    table = network.qualification.sort_values(["commodity", "months", "tier"])
    return {
        str(key): list(zip(mine["tier"], np.ceil(mine["months"]), strict=True))
        for key, mine in table.groupby("commodity", sort=True)
    }


def _new_bars(line: Timeline, ask: Ask, truth: Timeline) -> list[tuple[float, Restriction]]:
    """Return what bars new relations, each with the month from which it does not.

    A commodity of which none is qualified within the horizon is barred as a whole: its goods are not tracked for that.
    """
    if ask.reroute != "new":
        return []
    n_places = len(ask.network.nodes) + len(ask.network.projects)
    every, nothing = np.ones(n_places, dtype=bool), np.zeros(len(ask.network.edges), dtype=bool)
    since, known = (INF if one.onset is None else one.onset for one in (line, truth))
    asked = set(ask.network.demand["tier"].dropna())
    bars = []
    for commodity, waits in _waits(ask.network).items():
        anew = Restriction(nothing, 0.0, every, every, (commodity,), traded=False if ask.requalify == "none" else None)
        if anew.traded is not None:
            bars.append((since, replace(anew, traded=True)))
        if known + min((wait for tier, wait in waits if tier in asked), default=INF) >= ask.months:
            bars.append((INF, anew))
            continue
        for tier, wait in waits:
            bars.append((since + wait, replace(anew, tier=tier, levels=f"{commodity} new")))
    return bars


def _project_bars(line: Timeline, ask: Ask) -> list[tuple[float, Restriction]]:
    """Return what bars goods over the edges of projects, each with the month from which it does not."""
    network = ask.network
    edges, projects, n_nodes = network.view("edges"), network.view("projects"), len(network.view("nodes"))
    if projects.empty:
        return []
    nowhere = np.zeros(n_nodes + len(projects), dtype=bool)
    begins = dict(zip(projects["id"], line.project_start.tolist(), strict=True))
    first = np.fmax(*(np.array([begins.get(name, np.nan) for name in edges[end]]) for end in ("source", "target")))
    bars = []
    for commodity, waits in _waits(network).items():
        own = (edges["commodity"] == commodity).to_numpy() & np.isfinite(first)
        for begin in np.unique(first[own]).tolist():
            # what a project ships to whom its country traded with is qualified no sooner than over its own edges
            ours = np.append(np.zeros(n_nodes, dtype=bool), line.project_start == begin)
            ends = (ours, ~nowhere) if ask.reroute == "new" and ask.requalify == "none" else (nowhere, nowhere)
            bar = Restriction(own & (first == begin), 0.0, *ends, (commodity,), levels=f"{commodity} {begin}")
            bars += [(begin + wait, replace(bar, tier=tier)) for tier, wait in waits]
    return bars


def _beliefs(
    scenario: Scenario | None, ask: Ask, bought: tuple[Bought, ...], truth: Timeline
) -> dict[int, tuple[Overlay, ...]]:
    """Return what one believes who sees what is in force, by the period in which that is news: of it and all later."""
    points = np.searchsorted(truth.starts, sorted({0, *truth.news})).tolist()  # periods begin with the news
    lines = {m: _line(scenario, ask, truth.starts[m], bought, is_calm=truth.onset is None) for m in points}
    return {m: qualified(line, ask, truth)[m:] for m, line in lines.items()}


def _rolling(
    ask: Ask,
    truth: Timeline,
    overlays: tuple[Overlay, ...],
    beliefs: Mapping[int, tuple[Overlay, ...]],
    model: MonthsModel,
    begin: Start,
) -> tuple[Array, Array]:
    """Plan on what is in force, carry the plan out until the news, plan again; return served and levels, t.

    Where what is in force, for ever, would keep stocks from their stated end, the plan leaves that aside.

    Between two pieces of news the plan would not change: what is left of the best plan is the best plan
    for what is left, so a new plan every month gives the same service.
    """
    points = list(beliefs)
    served = np.zeros((len(overlays), model.n_demand))
    level = np.zeros((len(overlays), len(model.network.stocks)))
    share, n_periods = 0.5 / len(points), len(overlays)
    # the first of these plans does not begin at the perfect one: of equal plans that would be one that knows the dates
    start, near = begin, None
    for n, (m, until) in enumerate(zip(points, [*points[1:], n_periods], strict=True)):
        tell = _part_of(ask.tell, 0.5 + n * share, 0.5 + (n + 1) * share)
        more = until < n_periods  # the last plan is where no other begins
        asked = partial(model.plan, beliefs[m], start, worth=_worth(ask), notes_bases=more, near=near, tell=tell)
        try:
            plan = asked()
        except InfeasibleError:  # as things seem, what stocks have to keep cannot be kept
            plan = asked(keeps_end=False)
        served[m:until], level[m:until] = plan.served_t[: until - m], plan.level_t[: until - m]
        if more:
            followed = model.periods
            if followed.is_even:
                near = plan.bases.later(until - m) if plan.bases is not None else None
            else:  # what is left is cut into other periods
                model = _model(overlays[0], ask, truth.lengths[until:])
            start = followed.later_start(plan.x, start, until - m, model.periods)
    return served, level


def _same(a: Sequence[Overlay], b: Sequence[Overlay]) -> bool:
    return all(x is y or _equal(x, y) for x, y in zip(a, b, strict=True))


def _equal(a: Overlay, b: Overlay) -> bool:
    columns = ("node_share", "edge_share", "stock_share", "built", "demand_share", "edge_cost", "release_tpa")
    bounds = [r.bound_tpa for r in a.restrictions] == [r.bound_tpa for r in b.restrictions]
    return bounds and a.home == b.home and all(np.array_equal(getattr(a, c), getattr(b, c)) for c in columns)


def _endured(counting: Counting) -> dict[tuple[str, str], Bools]:
    """Return for whom endurance is asked: every tier as a whole, and every end use in it."""
    demand = counting.network.demand
    node = demand["node"].to_numpy(dtype=object)
    out: dict[tuple[str, str], Bools] = {}
    for name, tier in counting.tiers.items():
        rows = counting.rows & tier & (demand["demand_tpa"] > 0).to_numpy()
        if rows.any():
            out[name, ""] = rows
            for place in sorted(set(node[rows])):
                out[name, place] = rows & (node == place)
    return out


def _label(tier: str, node: str) -> str:
    return f"{tier}\x1f{node}"


def horizon_levels(scenarios: Sequence[Scenario | None], ask: Ask) -> pd.DataFrame:
    """Return what each further degree of rerouting serves over the horizon, level by level, tier by tier.

    The levels are those of ``valuation.levels``: nothing rerouted, existing links, new ones (each tier
    once qualified), stocks, all projects from their start year. Frozen is left out where a baseline flow
    is missing, projects where there are none or their start years cannot be placed.
    """
    steps: list[tuple[str, Degree, bool, tuple[str, ...] | None]] = [
        ("existing", "existing", False, ask.projects),
        ("new", "new", False, ask.projects),
        ("stocks", "new", True, ask.projects),
    ]
    network, (source, target) = ask.network, ask.network.edge_ends
    if not network.edges.loc[(source >= 0) & (target >= 0), "flow_tpa"].isna().any():
        steps.insert(0, ("none", "none", False, ask.projects))
    placed = ask.start is not None or network.year is not None or network.projects["start_year"].isna().all()
    if len(network.projects) and placed:
        steps.append(("projects", "new", True, tuple(network.projects["id"])))
    jobs = []
    for scenario in scenarios:
        asks = [replace(ask, reroute=degree, stocks=stocks, projects=built) for _, degree, stocks, built in steps]
        cuts = common_cuts([scenario] * len(asks), asks)
        jobs += [(scenario, level, replace(one, cuts=cuts)) for (level, *_), one in zip(steps, asks, strict=True)]
    with thread_pool() as pool:
        tables = list(pool.map(lambda job: _level(*job), jobs))
    if not tables:
        return pd.DataFrame(columns=["scenario", "level", "tier", "demand_t", "served_t", "shortfall_t", "gained_t"])
    out = pd.concat(tables, ignore_index=True)
    gained = out.groupby(["scenario", "tier"], dropna=False)["served_t"].diff()
    out["gained_t"] = gained.mask(gained.abs() <= CERTAIN * out["demand_t"], 0.0)
    return out


def _level(scenario: Scenario | None, level: str, ask: Ask) -> pd.DataFrame:
    ask = _covered(ask)
    served, wanted = _served(ask.network, scenario, ask)
    parts = []
    for name, tier in ask.counting.tiers.items():
        rows = ask.counting.rows & tier
        if rows.any():
            asked, given = float(wanted[:, rows].sum()), float(served[:, rows].sum())
            parts.append((scenario.name if scenario else "baseline", level, name or None, asked, given, asked - given))
    return pd.DataFrame(parts, columns=["scenario", "level", "tier", "demand_t", "served_t", "shortfall_t"])


@kept(256)
def _served(network: Network, scenario: Scenario | None, ask: Ask) -> tuple[Array, Array]:
    """Return what is served and wanted where nobody asks when or at what cost: the first stages alone."""
    ask, bought = _stocked(scenario, ask)
    line = _line(scenario, ask, None, bought)
    overlays = qualified(line, ask)
    model = _model(overlays[0], ask, line.lengths)
    begin = model.periods.base_start(base_flow(network))
    plan = model.plan(overlays, begin, totals_only=True, least_cost=False)
    return plan.served_t, plan.wanted_t


# -- tables -------------------------------------------------------------------------------------
