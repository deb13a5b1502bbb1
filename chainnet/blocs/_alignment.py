"""``alignment``: what a split into two blocs costs, and what each country's choice is worth to either side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.blocs._caps import cap_table
from chainnet.blocs._instruments import excluded_firms, exclusion_table, with_bars
from chainnet.blocs._market import THIRD, SplitMarket
from chainnet.blocs._worlds import Party, parties, standing, third_places
from chainnet.engine import Certificate, require
from chainnet.errors import DataError
from chainnet.flow import (
    Counting,
    balance_under,
    binding_inputs,
    most_sets,
    project_sizes,
    shapley_values,
)
from chainnet.indicators import BENCHMARKS, benchmarks
from chainnet.lowering import Degree, Overlay
from chainnet.network import STAGES, Network
from chainnet.progress import Steps, Tell
from chainnet.results import Provenance, Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario

N_TABLES = 7  # besides that of the countries


@dataclass(frozen=True, repr=False, eq=False)
class Alignment(Result):
    """Two blocs, the countries between them, and the instruments of the first.

    "Served" is the largest tonnage that a side's own users can be served when they outbid everyone.

    Attributes
    ----------
    split : DataFrame, index side
        demand_tpa; together_tpa and split_tpa (served with and without trade between the blocs),
        lost_tpa, lost_share; alone_tpa (served from the bloc alone, with all countries outside it cut off).
    tiers : DataFrame
        side, tier, demand_tpa, together_tpa, split_tpa, lost_tpa: tiers in order, the side first.
    countries : DataFrame, index country
        For each bloc: <bloc>_joins_tpa (what the bloc's users are served if the country trades with that
        bloc only), <bloc>_rival_tpa (if it trades with the other bloc only), <bloc>_both_tpa, swing_<bloc>_t
        (joins less rival), shapley_<bloc>_t and its standard error; all after the split.
    exclusion : DataFrame, index id
        Plants of the excluded owners inside the first bloc and in third countries.
    excluded : DataFrame
        scope, side, before_tpa, after_tpa, lost_tpa.
    caps : DataFrame
        step, commodity, what the first bloc takes, its largest third country, whether that breaks the cap,
        and what obeying costs.
    benchmarks : DataFrame
        Index as in ``chainnet.indicators.benchmarks``: use_tpa, output_tpa, capacity_tpa, covered_share (capacity in
        the first bloc over what its users take) and with_projects_share (all its projects built) against benchmark,
        10 / 40 / 25 percent; is_met, is_met_with_projects.
    incumbents : DataFrame, index bloc
        What each bloc sells to the other, and so loses when the market splits: sells_tpa (counted
        commodities) and sells_share of what it makes of them, revenue_usd (``unpriced`` lists the
        commodities without a price). leverage_t: what the other's users lose when this bloc stops selling;
        leverage_with_projects_t: the same with all projects in or backed by the other standing;
        own_loss_t: what its own users lose by it.
    counter_network : DataFrame
        bloc, network, served_tpa, lost_tpa: from the open market to the bloc alone, and with fewer and fewer
        friends behind one border, the least missed dropped first.
    scenarios : mapping
        The split, the exclusion and the origin rule as scenarios, to be used elsewhere.
    cost_together_usd, cost_split_usd : float
        Edge and node cost of the whole market, USD/a.
    certificate : Certificate
        The worst of all programs solved: equal primal and dual values.
    """

    split: pd.DataFrame
    tiers: pd.DataFrame
    countries: pd.DataFrame
    exclusion: pd.DataFrame
    excluded: pd.DataFrame
    caps: pd.DataFrame
    benchmarks: pd.DataFrame
    incumbents: pd.DataFrame
    counter_network: pd.DataFrame
    scenarios: Mapping[str, Scenario]
    cost_together_usd: float
    cost_split_usd: float
    certificate: Certificate


def alignment(
    network: Network,
    blocs: Mapping[str, Any],
    *,
    scenario: Scenario | str | None = None,
    countries: Iterable[str] | None = None,
    projects: Iterable[str] | None = (),
    by_year: int | None = None,
    reroute: Degree = "existing",
    exclude: Iterable[str] | None = None,
    exclude_from: str | None = None,
    cap_share: float = 0.65,
    benchmarks: Mapping[str, float] | None = None,
    permutations: int = 32,
    seed: int = 0,
    commodity: Words = None,
    progress: Tell | None = None,
) -> Alignment:
    """Say what two blocs are worth to each other, and what every country between them is worth to either.

    Parameters
    ----------
    network : Network
        With a demand table.
    blocs : mapping of name to countries and groups
        Two; the first is the one whose exclusions, caps and benchmarks are looked at.
    scenario : Scenario or str, optional
        In force throughout; None = the network as it stands.
    countries : list of str, optional
        The countries that have to choose; default all outside both blocs that make or hold something. A
        group counts as one.
    projects : iterable of str, optional
        Projects that stand; None = all; default none but those that the scenario builds.
    by_year : int, optional
        The size of these projects in a year.
    reroute : {"existing", "none", "new"}
    exclude : iterable of str, optional
        Owners that are shut out, with all that they control; default all owners of the second bloc.
    exclude_from : str, optional
        Date such as "2027-01" that the exclusion scenario bears.
    cap_share : float
        Most of a step's supply that may come from one third country, above 0 up to 1.
    benchmarks : mapping of stage to share, optional
        Default mine 0.10, refiner 0.40, recycler 0.25.
    permutations, seed : int
        For the Shapley values, beyond 12 countries.
    commodity : str or list of str, optional
        What counts; default the main commodities.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Alignment

    Raises
    ------
    DataError
        If there are not two blocs, one has no members, a country is in both, a country that has to choose
        is in a bloc, or an argument is out of range.
    UnknownIdError
        If a project or an owner does not exist.

    See Also
    --------
    partners, alliance, retaliation

    Notes
    -----
    A country that joins a bloc no longer trades with the other; relations inside and with the rest stay
    (and new ones open at ``reroute="new"``). Swing values let all other countries trade with both. The
    Shapley game runs from "all trade with the rival" to "all trade with the bloc"; the shares add up to
    the difference. The caps, the shares of 65, 10, 40 and 25 percent are those of Regulation (EU)
    2024/1252, articles 1 and 5. One linear program per world, each certified.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.blocs import alignment
    >>> net = cn.read("rare-earths")
    >>> found = alignment(net, {"allies": ["bloc_2026"], "china": ["CHN"]}, countries=["AUS", "MMR"])
    >>> bool(found.split.loc["allies", "lost_tpa"] > found.split.loc["china", "lost_tpa"])
    True
    """
    scenario = asked_scenario(network, scenario)
    sides = _sides(network, blocs)
    marks = dict(BENCHMARKS if benchmarks is None else benchmarks)
    _check_shares(cap_share, marks)
    proofs: list[Certificate] = []
    overlay = standing(network, scenario, projects, by_year)
    world = SplitMarket(network, overlay, reroute, commodity, sides, proofs)
    players = _players(network, sides, overlay, countries)
    exclude = [exclude] if isinstance(exclude, str) else None if exclude is None else list(exclude)
    plans = _plans(network, sides, exclude, exclude_from)
    settings: dict[str, Any] = {
        "blocs": {bloc.name: list(bloc.words) for bloc in sides},
        "scenario": scenario.name if scenario else "",
        "countries": [p.name for p in players],
        "projects": "all" if projects is None else sorted(projects),
        "by_year": by_year,
        "reroute": reroute,
        "commodity": commodity,
        "exclude": None if exclude is None else sorted(exclude),
        "cap_share": cap_share,
        "benchmarks": marks,
        "permutations": permutations,
        "seed": seed,
    }
    source = _source(world, settings)
    n_worlds = N_TABLES + 2 * (most_sets(len(players), permutations) + len(players))
    steps = Steps("splits of the market", progress, n_worlds)
    split = steps.after("the blocs apart", _split_table(world))
    tiers, cost_together, cost_split = steps.after("tier by tier", _tier_table(world))
    owned, excluded = steps.after("without owners", exclusion_table(world, exclude))
    found = Alignment(
        source,
        stamp(split, source),
        stamp(tiers, source),
        stamp(_country_table(world, players, permutations, seed, steps), source),
        stamp(owned, source),
        stamp(excluded, source),
        stamp(steps.after("caps", cap_table(world, cap_share)), source),
        stamp(steps.after("benchmarks", _benchmark_table(world, marks)), source),
        stamp(steps.after("who sells to whom", _incumbent_table(world, by_year)), source),
        stamp(steps.after("networks of their own", _counter_table(world, players)), source),
        plans,
        cost_together,
        cost_split,
        Certificate.worst(proofs, "alignment", value=float(split["split_tpa"].iloc[0])),
    )
    steps.end()
    return found


def _source(world: SplitMarket, settings: Mapping[str, Any]) -> Provenance:
    words = [word for side in world.sides for word in side.words]
    counting = Counting.of(world.network, world.commodity, words, said=False)
    return provenance(
        world.network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [world.overlay], world.degree),
        **settings,
    )


def _sides(network: Network, blocs: Any) -> list[Party]:
    if not isinstance(blocs, Mapping) or len(blocs) != 2:
        raise DataError('blocs: give two, such as {"us": ["USA", "JPN", "EU27"], "them": ["CHN"]}.')
    sides = parties(network, blocs, "blocs")
    for bloc in sides:
        if bloc.name == THIRD:
            raise DataError(f'blocs: a bloc cannot be called "{THIRD}". Give it another name.')
        if not bloc.rows(network.plants).any():
            raise DataError(f'blocs: nothing in {network.name} lies with "{bloc.name}". Check its countries.')
    return sides


def _check_shares(cap: Any, marks: Mapping[str, Any]) -> None:
    if not checks.is_number(cap) or not 0 < cap <= 1:
        raise DataError(f"cap_share: {cap!r} is not allowed; give a share above 0, up to 1.")
    for stage, mark in marks.items():
        checks.known(stage, STAGES, "benchmarks", "stage")
        checks.number(mark, "benchmarks", 0, 1, f"is not allowed for {stage}; give a share from 0 to 1.")


def _players(network: Network, sides: Sequence[Party], overlay: Overlay, countries: Any) -> list[Party]:
    if countries is None:
        names: Any = third_places(network, sides, overlay.built)
        return parties(network, names, "countries") if names else []
    players = parties(network, countries, "countries") if countries else []
    for player in players:
        for bloc in sides:
            both = sorted(player.countries & bloc.countries)
            if both:
                raise DataError(
                    f'countries: {", ".join(both[:5])} is in the bloc "{bloc.name}" and has no choice. Leave it out.'
                )
    return players


def _plans(network: Network, sides: Sequence[Party], exclude: Any, exclude_from: str | None) -> dict[str, Scenario]:
    """Return the instruments as scenarios."""
    ours, theirs = [list(bloc.words) for bloc in sides]
    firms = excluded_firms(network, sides[1], exclude)
    owned: list[dict[str, Any]] = [{"owner": firms}] if firms else []
    owned += [{"owner_country": theirs}] if exclude is None else []
    dated = {} if exclude_from is None else {"start": exclude_from}
    stop = {"kind": "restrict", "share": 0.0}
    return {
        "split": Scenario(
            "split",
            [
                {**stop, "from": {"country": theirs}, "to": {"country": ours}},
                {**stop, "from": {"country": ours}, "to": {"country": theirs}},
            ],
            f"No trade between {sides[0].name} and {sides[1].name}",
        ),
        "exclusion": Scenario(
            "exclusion",
            [{"kind": "remove", "where": {**owner, "country": ours}, **dated} for owner in owned],
            f"{'Named owners' if exclude else f'Owners of {sides[1].name}'} are excluded from {sides[0].name}",
        ),
        "origin_rule": Scenario(
            "origin_rule",
            [{"kind": "restrict", "to": {"country": ours}, "origin": {"country": theirs}, **dated}],
            f"Nothing made in, or gone through, {sides[1].name} enters {sides[0].name}",
        ),
    }


def _split_table(world: SplitMarket) -> pd.DataFrame:
    closed = world.crossing()
    rows = []
    for name in world.rows:
        whole, parted = world.value(name), world.value(name, closed)
        number = [b.name for b in world.sides].index(name) if name != THIRD else None
        alone = np.nan if number is None else world.value(name, world.around(number))
        lost = world.clean(whole - parted)
        share = lost / whole if whole > 0 else 0.0
        rows.append((name, world.demand(name), whole, parted, lost, share, alone))
    columns = ["side", "demand_tpa", "together_tpa", "split_tpa", "lost_tpa", "lost_share", "alone_tpa"]
    return pd.DataFrame(rows, columns=columns).set_index("side")


def _tier_table(world: SplitMarket) -> tuple[pd.DataFrame, float, float]:
    """Return who is short by tier on each side, each side first in its own row, and what the market costs."""
    network = world.network
    parted = with_bars(world)
    rows: list[dict[str, Any]] = []
    costs = [0.0, 0.0]
    for bloc in world.sides:
        tables = []
        for number, overlay in enumerate((world.overlay, parted)):
            found = balance_under(Counting.of(network, world.commodity, bloc.words, said=False), overlay, world.degree)
            world.proofs.append(require(found.certificate))
            if bloc is world.sides[0]:
                costs[number] = found.cost_usd
            tables.append(found.by_tier())
        apart = tables[1]["served_tpa"].reindex(tables[0].index).tolist()
        for (tier, line), left in zip(tables[0].iterrows(), apart, strict=True):
            rows.append(
                {
                    "side": bloc.name,
                    "tier": tier,
                    "demand_tpa": float(line["demand_tpa"]),
                    "together_tpa": float(line["served_tpa"]),
                    "split_tpa": left,
                    "lost_tpa": world.clean(float(line["served_tpa"]) - left),
                }
            )
    columns = ["side", "tier", "demand_tpa", "together_tpa", "split_tpa", "lost_tpa"]
    return pd.DataFrame(rows, columns=columns), costs[0], costs[1]


def _country_table(
    world: SplitMarket, players: Sequence[Party], permutations: int, seed: int, steps: Steps
) -> pd.DataFrame:
    rows: dict[str, dict[str, float]] = {p.name: {} for p in players}
    names = [p.name for p in players]
    for number, bloc in enumerate(world.sides):
        own = 1 if number == 0 else -1
        for player in steps.each(players):
            joins, rival, both = (
                world.value(bloc.name, world.crossing({player.name: sign} if sign else {}, players))
                for sign in (own, -own, 0)
            )
            rows[player.name] |= {
                f"{bloc.name}_joins_tpa": joins,
                f"{bloc.name}_rival_tpa": rival,
                f"{bloc.name}_both_tpa": both,
                f"swing_{bloc.name}_t": world.clean(joins - rival),
            }

        def game(joined: frozenset[str], own: int = own, name: str = bloc.name) -> float:
            return world.value(name, world.crossing({p: own if p in joined else -own for p in names}, players))

        fair, error = shapley_values(names, steps.counting(game), permutations, seed)
        for player in players:
            rows[player.name][f"shapley_{bloc.name}_t"] = world.clean(float(fair[player.name]))
            rows[player.name][f"shapley_{bloc.name}_se_t"] = float(error[player.name])
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("country")
    if table.empty:
        return table
    swing = table[[f"swing_{b.name}_t" for b in world.sides]].abs().sum(axis=1).to_numpy()
    return table.iloc[np.lexsort((np.arange(len(table)), -swing))]


def _leverage(world: SplitMarket, seller: int, sizes: Any) -> float:
    """Return what the other bloc loses when this one stops selling, with all the other's projects standing."""
    other = world.sides[1 - seller]
    own = other.stands_behind(world.network)
    if not (own & (sizes > 0)).any():
        return world.clean(world.value(other.name) - world.value(other.name, world.leaving(seller)))
    built = np.maximum(world.overlay.built, np.where(own, sizes, 0.0))
    later = world.under(world.overlay.with_built(built))
    return world.clean(later.value(other.name) - later.value(other.name, later.leaving(seller)))


def _benchmark_table(world: SplitMarket, marks: Mapping[str, float]) -> pd.DataFrame:
    """Hold what the first bloc can make of what it uses against benchmarks, as it stands and with all its projects."""
    bloc, edges = world.sides[0], world.network.edges
    network = world.network.with_table("edges", edges.assign(flow_tpa=world.baseline))
    whole = network.with_projects(network.projects["id"][bloc.rows(network.projects)])
    table = benchmarks(network, bloc.words, marks).dropna(subset=["benchmark", "use_tpa"])
    table = table[["use_tpa", "output_tpa", "capacity_tpa", "covered_share", "benchmark", "is_met"]]
    then = benchmarks(whole, bloc.words, marks).reindex(table.index)
    table.insert(4, "with_projects_share", then["covered_share"])
    return table.assign(is_met_with_projects=then["is_met"])


def _incumbent_table(world: SplitMarket, by_year: int | None) -> pd.DataFrame:
    """What each bloc sells to the other, and what the other loses when it stops."""
    network = world.network
    flow, sizes = world.baseline, project_sizes(network, by_year)
    words, price, counted = world.goods, world.price, world.carries_counted
    n = len(network.edges)
    rows = []
    for number, bloc in enumerate(world.sides):
        other = world.sides[1 - number]
        sells = world.leaving(number)
        here = sells[:n]
        value = flow[here] * price[here]
        tonnes = float(flow[here & counted].sum())
        source = world.sign({})[world.tail[:n]] == (1 if number == 0 else -1)
        made = float(flow[source & counted].sum())
        rows.append(
            {
                "bloc": bloc.name,
                "sells_tpa": tonnes,
                "sells_share": tonnes / made if made > 0 else 0.0,
                "revenue_usd": float(np.nansum(value)),
                "leverage_t": world.clean(world.value(other.name) - world.value(other.name, sells)),
                "leverage_with_projects_t": _leverage(world, number, sizes),
                "own_loss_t": world.clean(world.value(bloc.name) - world.value(bloc.name, sells)),
                "unpriced": ", ".join(sorted(set(words[here & np.isnan(price) & (flow > 0)]))),
            }
        )
    return pd.DataFrame(rows).set_index("bloc")


def _counter_table(world: SplitMarket, players: Sequence[Party]) -> pd.DataFrame:
    """What each bloc keeps with more and more of a network of its own."""
    rows = []
    for number, bloc in enumerate(world.sides):
        own = 1 if number == 0 else -1
        whole = world.value(bloc.name)
        cases = [
            ("open market", None),
            ("split, the others trade with both", world.crossing()),
            ("split, all others with it", world.crossing({p.name: own for p in players}, players)),
            ("split, all others with the rival", world.crossing({p.name: -own for p in players}, players)),
            ("the bloc and all others, cut off from the rest", world.around(number, players)),
            ("the bloc alone", world.around(number)),
        ]
        for label, closed in cases:
            kept = world.value(bloc.name, closed)
            rows.append((bloc.name, label, kept, world.clean(whole - kept)))
        rows += _shrinking(world, number, players)
    return pd.DataFrame(rows, columns=["bloc", "network", "served_tpa", "lost_tpa"])


def _shrinking(world: SplitMarket, number: int, players: Sequence[Party]) -> list[tuple[str, str, float, float]]:
    """Drop friends one by one, always the one that is missed least; those nobody misses go at once."""
    name, whole = world.sides[number].name, world.value(world.sides[number].name)
    friends, rows = list(players), []
    kept = world.value(name, world.around(number, friends))
    while friends:
        left = [world.value(name, world.around(number, [q for q in friends if q is not p])) for p in friends]
        best = int(np.argmax(left))
        if world.clean(kept - left[best]) > 0:  # everyone left is missed
            label = f"the bloc with {', '.join(p.name for p in friends)} alone"
            rows.append((name, label, kept, world.clean(whole - kept)))
        friends.pop(best)
        kept = left[best]
    return rows
