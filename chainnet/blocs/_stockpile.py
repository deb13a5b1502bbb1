"""``joint_stockpile``: what allies hold in store apart and together, in which form and where, and who pays for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.blocs._split import SEPARATOR, FairSplit, fair_split
from chainnet.blocs._stores import Layers, StockGame, layers_of
from chainnet.blocs._worlds import MOST_MEMBERS, Party, clean, coalitions_of, default_members, parties
from chainnet.engine import CERTAIN, Certificate
from chainnet.errors import DataError
from chainnet.flow import Counting, binding_inputs
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Tell
from chainnet.results import Provenance, Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of
from chainnet.stress import Ask, tiers_of
from chainnet.words import NBSP, Amount, dollars, join

First = Literal["allies_last", "allies_first", "last"]
# who is served before a coalition draws on its stores
CONVENTIONS = ("allies_last", "allies_first", "last")
TONNES = {"tonnes": "t"}


@dataclass(frozen=True, repr=False, eq=False)
class JointStockpile(Result):
    """What members of an alliance have to hold, apart and together.

    Attributes
    ----------
    members : DataFrame, index member
        alone_usd; holds_usd (what lies on its soil when all hold together), holds_low_usd and holds_high_usd (over all
        sets as cheap); shapley_usd, nucleolus_usd, core_low_usd, core_high_usd (NaN where the core is empty);
        transfer_usd (on top of holds_usd, the least in all that keeps everyone in, or in the least core where the core
        is empty; below 0 = must be compensated), transfer_low_usd and transfer_high_usd (over all that are as small);
        pays_usd (holds and transfer) and saves_usd (alone less pays).
    coalitions : DataFrame, index coalition
        n_members, cost_usd, alone_usd (sum of its members alone), saves_usd.
    stocks : DataFrame
        What all hold together: node, country, member, commodity, tonnes, low_t and high_t (over all sets as cheap; inf
        where nothing limits it), price_usd_per_t, cost_usd; with several tiers layer_<tier>_t, what the tier adds.
    forms : DataFrame, index commodity
        label, price_usd_per_t, apart_t (each member alone, added), together_t, held_t (what the stocks table says lies
        with the members for these tiers after the scenario: it is not taken off).
    layers : DataFrame, index layer
        tier, cheapest_usd (for the tiers so far by themselves), nested_usd (as a part of the whole set), nesting_usd
        (the difference).
    release : DataFrame
        store (node and commodity in one), node, commodity, layer, tier, month, tonnes (drawn in the period that begins
        with this month) and floor_t: what the tiers before it still need of this store after the period, below which
        it is not opened to this one.
    conventions : DataFrame, index order
        alone_usd, together_usd, saves_usd under each of allies_last, allies_first, last.
    alone_usd, together_usd, saves_usd : float
        Sum of the members alone; all together; the difference.
    core_is_empty, shapley_in_core, holds_in_core : bool
    least_core_usd, outside_money_usd, transfer_total_usd : float
        As in ``fair_split``.
    words : mapping
        The same in sentences: answer, stability, place, counts.
    certificate : Certificate
        The worst of all programs solved: each has equal primal and dual values.
    """

    members: pd.DataFrame
    coalitions: pd.DataFrame
    stocks: pd.DataFrame
    forms: pd.DataFrame
    layers: pd.DataFrame
    release: pd.DataFrame
    conventions: pd.DataFrame
    alone_usd: float
    together_usd: float
    saves_usd: float
    core_is_empty: bool
    shapley_in_core: bool
    holds_in_core: bool
    least_core_usd: float
    outside_money_usd: float
    transfer_total_usd: float
    words: Mapping[str, str]
    certificate: Certificate


def joint_stockpile(
    network: Network,
    scenario: Scenario | str | None,
    members: Iterable[str] | Mapping[str, Any] | None = None,
    tiers: Words = None,
    months: int = 48,
    start: str | None = None,
    *,
    order: First = "allies_last",
    prices: Mapping[str, float] | None = None,
    step_months: int = 1,
    reroute: Degree = "existing",
    projects: Sequence[str] | None = None,
    commodity: Words = None,
    progress: Tell | None = None,
) -> JointStockpile:
    """Say what members have to hold in store apart and together, in which form and where, and who pays for it.

    What a coalition holds is the cheapest set of stores under which the named tiers of its own users are met in
    every period. Stores stand at its members' plants and end uses that the scenario leaves; plants of all countries
    may work them up, over the relations there are.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario, str or None
    members : list of str, or mapping of name to countries and groups
        Two to eight, as in ``alliance``; default the network's beneficiaries, taken apart in the same way.
    tiers : str or list of str, optional
        Who must be served in full in every period; default the first tier of the network. Other demand
        of the coalition gives way to them.
    months, start, step_months
        The horizon, as in ``stress_test``.
    order : {"allies_last", "allies_first", "last"}
        Who else is served. allies_last: all other counted demand, members outside the coalition and third countries,
        gets at least as much over the horizon as it could without the coalition's stores; allies_first: the members
        outside it alone do; last: nobody, so that a coalition's cost is that of ``stockpile_requirement``. Under last
        each counts on the same spare capacity, so apart and together cannot be held against each other.
    prices : mapping of commodity to USD/t, optional
        In place of the commodities table; inf = is never held.
    reroute : {"existing", "none", "new"}
    projects : list of str, optional
        Projects that come on stream at their start year besides those that the scenario builds.
    commodity : str or list of str, optional
        What counts; default the main commodities.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    JointStockpile

    Raises
    ------
    DataError
        If nobody or more than 8 are named, a country is in two members, none of their demand is of these tiers, a
        commodity that could be held has no price, or an argument is unknown.
    InfeasibleError
        If no stock of anything keeps the tiers of some coalition whole.

    Warns
    -----
    ChainnetWarning
        If a measure is in force in no month of the horizon: it does nothing, but a release keeps its stocks shut.

    See Also
    --------
    stockpile_requirement, alliance

    Notes
    -----
    A commodity without a price is asked for only where some price of it, however low, would have it held: where that
    cannot be, its price does not matter. Cost is what stores are worth at stated prices: no rent, no interest, no
    rotation, and nothing held yet. All dates are known beforehand. Of sets as cheap the one is shown that lies at the
    largest plants.

    With several tiers the stores of all of them are bought at least cost, and each earlier layer is the cheapest part
    of that which serves its tiers alone, store by store and period by period; ``layers`` says by how much it is dearer
    than by itself.

    Since others are owed a sum of tonnes, and not each of them its own, a cost under ``allies_last`` is not always
    above that under ``allies_first``; both are never below last. 2^n - 1 coalitions with one linear program of
    (periods x columns) each,
    about twice that for what others get, and two for each store that a set as cheap could hold more or less of.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II, 307-317.
    Schmeidler, D. (1969). The nucleolus of a characteristic function game. SIAM J. Appl. Math. 17, 1163-1170.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("rare-earths")
    >>> stop = cn.scenarios(net)["china_export_stop_all"]
    >>> found = cn.joint_stockpile(net, stop, ["USA", "JPN", "EU27"], months=12, step_months=6)
    >>> bool(abs(found.members["pays_usd"].sum() - found.together_usd) <= 1e-6 * found.together_usd)
    True
    """
    scenario = asked_scenario(network, scenario)
    who = parties(network, default_members(network) if members is None else members, "members")
    if not 2 <= len(who) <= MOST_MEMBERS:
        rule = (
            "name two or more; stockpile_requirement answers for one" if len(who) < 2 else "put countries into groups"
        )
        raise DataError(f"members: {len(who)} named; 2 to {MOST_MEMBERS} can hold together: {rule}.")
    checks.known(order, CONVENTIONS, "order", "order")
    chosen = tiers_of(network, tiers, "joint_stockpile")
    counting = Counting.of(network, commodity, [word for m in who for word in m.words], said=False)
    built = None if projects is None else tuple(projects)
    ask = Ask(counting, months, start, step_months, reroute, projects=built, tell=progress)
    game = StockGame(scenario, who, chosen, ask, prices)
    game.tell_outside()
    source = _source(scenario, who, chosen, ask, order, prices)
    sets, everyone = coalitions_of(list(game.who)), frozenset(game.who)
    ends = [s for s in sets if len(s) == 1] + [everyone]
    # each set; its ends under the other orders; the stores of all, tier by tier
    game.steps.more(len(sets) + (len(CONVENTIONS) - 1) * len(ends) + 1 + 2 * (len(chosen) - 1))
    game.check_prices([(s, order) for s in sets] + [(s, c) for c in CONVENTIONS if c != order for s in ends])
    costs = {s: game.cost(s, order) for s in sets}
    conventions = pd.DataFrame(
        [_apart(c, [game.cost(frozenset([m.name]), c) for m in who], game.cost(everyone, c)) for c in CONVENTIONS],
        columns=["order", "alone_usd", "together_usd", "saves_usd"],
    ).set_index("order")
    layers = layers_of(game, order)
    game.steps.end()
    whole = costs[everyone]
    holds = layers.holds_usd
    size = float(holds[:, 0].sum())
    placed = holds[:, 0] * (whole / size if size > 0 else 0.0)
    split = fair_split(
        {tuple(sorted(s)): cost for s, cost in costs.items()},
        proposal=dict(zip(game.who, placed.tolist(), strict=True)),
    )
    members_table = _member_table(split, list(game.who), placed, holds)
    alone = sum(costs[frozenset([name])] for name in game.who)
    words = {
        **_words(who, chosen, ask, order, whole, alone, split, members_table),
        "place": _place(layers),
        "counts": f"Worth of the stores at the stated prices alone, as if nothing were held yet{_on_record(game)} and "
        "all dates were known; no rent, interest or rotation.",
    }
    return JointStockpile(
        source,
        stamp(members_table, source),
        stamp(_coalition_table(who, costs), source),
        stamp(layers.stocks, source, units=TONNES),
        stamp(_forms(game, layers, order), source),
        stamp(layers.layers, source),
        stamp(layers.release, source, units=TONNES),
        stamp(conventions, source),
        alone,
        whole,
        clean(alone - whole, alone),
        split.core_is_empty,
        split.shapley_in_core,
        bool(split.proposal_in_core),
        split.least_core,
        split.outside_money,
        split.transfer_total,
        words,
        Certificate.worst(game.proofs, "joint stockpile", value=whole),
    )


def _source(
    scenario: Scenario | None,
    who: Sequence[Party],
    tiers: tuple[str, ...],
    ask: Ask,
    order: str,
    prices: Mapping[str, float] | None,
) -> Provenance:
    counting = ask.counting
    return provenance(
        ask.network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [overlay_of(ask.network, scenario)], ask.reroute),
        scenario=scenario.name if scenario else "",
        members={m.name: list(m.words) for m in who},
        tiers=list(tiers),
        months=ask.months,
        start=ask.start or "",
        step_months=ask.step_months,
        reroute=ask.reroute,
        projects=list(ask.projects or ()),
        order=order,
        prices=dict(prices or {}),
        commodity=list(counting.commodities) if counting.commodities else "all",
    )


def _apart(convention: str, alone: Sequence[float], together: float) -> tuple[str, float, float, float]:
    apart = sum(alone)
    return convention, apart, together, clean(apart - together, apart)


def _coalition_table(who: Sequence[Party], costs: Mapping[frozenset[str], float]) -> pd.DataFrame:
    rows = []
    for coalition, cost in costs.items():
        names = [m.name for m in who if m.name in coalition]
        alone = sum(costs[frozenset([name])] for name in names)
        rows.append((SEPARATOR.join(names), len(names), cost, alone, clean(alone - cost, alone)))
    columns = ["coalition", "n_members", "cost_usd", "alone_usd", "saves_usd"]
    return pd.DataFrame(rows, columns=columns).set_index("coalition")


def _member_table(split: FairSplit, names: list[str], placed: Array, holds: Array) -> pd.DataFrame:
    found = split.members.loc[names]
    table = pd.DataFrame({"alone_usd": found["alone"]}, index=found.index)
    table["holds_usd"], table["holds_low_usd"], table["holds_high_usd"] = placed, holds[:, 1], holds[:, 2]
    for column in ("shapley", "nucleolus", "core_low", "core_high", "transfer", "transfer_low", "transfer_high"):
        table[f"{column}_usd"] = found[column]
    table["pays_usd"] = table["holds_usd"] + table["transfer_usd"]
    table["saves_usd"] = [clean(a - p, a) for a, p in zip(table["alone_usd"], table["pays_usd"], strict=True)]
    return table


def _on_record(game: StockGame) -> str:
    """Return what the stocks table says lies with the members, which no answer counts."""
    held = game.held_t[game.held_t > 0]
    labels = game.network.commodities.set_index("id")["label"].dropna()
    said = join([str(Amount(float(tonnes), str(labels.get(name, name)))) for name, tonnes in held.items()])
    return f" (on record are {said.replace(NBSP, ' ')})" if said else ""


def _forms(game: StockGame, layers: Layers, order: str) -> pd.DataFrame:
    """Return what is held of each commodity apart and together."""
    apart = sum(game.answer(frozenset([name]), order).drawn_t for name in game.who)
    by = pd.DataFrame({"commodity": game.commodity, "apart_t": apart, "together_t": layers.drawn_t})
    table = by.groupby("commodity", sort=True).sum()
    known = game.network.commodities.set_index("id")
    table.insert(0, "label", known["label"].reindex(table.index))
    table.insert(1, "price_usd_per_t", [game.price_of[name] for name in table.index])
    table["held_t"] = game.held_t.reindex(table.index).fillna(0.0)
    return table[(table[["apart_t", "together_t", "held_t"]] > 0).any(axis=1)]


def _words(
    who: Sequence[Party],
    tiers: Sequence[str],
    ask: Ask,
    order: str,
    whole: float,
    alone: float,
    split: FairSplit,
    members: pd.DataFrame,
) -> dict[str, str]:
    """Return the answer and what becomes of the split in sentences."""
    names = join([m.name for m in who])
    first = {
        "allies_last": "all others are first served as far as they could be without these stores",
        "allies_first": "members outside a coalition are first served as far as they could be without its stores",
        "last": "nobody else is served first, so that each member alone counts on the same spare as the others: "
        "apart and together cannot be held against each other",
    }[order]
    held = "less" if alone > whole else "more"
    differ = "as much" if clean(alone - whole, alone) == 0 else f"{_usd(abs(alone - whole))} {held}"
    whom = f"{join(list(tiers))} of {names} whole for {ask.months} months"
    answer = f"To keep {whom} takes {_usd(whole)} in store together against {_usd(alone)} apart, {differ}; {first}."
    return {"answer": answer, "stability": _stability(split, members, whole)}


def _stability(split: FairSplit, members: pd.DataFrame, whole: float) -> str:
    if not whole > 0:
        return "Nothing has to be held, so there is nothing to pay for."
    moved = members["transfer_usd"]
    least = CERTAIN * max(float(np.abs(members["holds_usd"]).max()), 1.0)
    paid = [f"{name} with {_usd(-t)}" for name, t in moved.items() if t < -least]
    pays = [f"{name} pays {_usd(t)}" for name, t in moved.items() if t > least]
    several = (members["transfer_high_usd"] - members["transfer_low_usd"] > least).any()
    moves = f"to be compensated are {join(paid)}, and {join(pays)}" + (
        " (other payments are as little in all: transfer_low_usd, transfer_high_usd)" if several else ""
    )
    if split.core_is_empty:
        said = (
            f"No split keeps everyone in: some coalition always bears {_usd(split.least_core)} more than by itself, "
            f"and it takes {_usd(split.outside_money)} from outside to hold all together"
        )
        return f"{said}. Nearest to it, if each pays for what lies on its soil, {moves}." if paid else f"{said}."
    if not paid:
        return "If each pays for what lies on its soil, nobody does better by leaving."
    return f"If each pays for what lies on its soil, some would leave: {moves}."


_usd = partial(dollars, blank=" ")


def _place(layers: Layers) -> str:
    stocks = layers.stocks
    loose = stocks[stocks["high_t"] - stocks["low_t"] > CERTAIN * stocks["tonnes"].max()]
    if loose.empty:
        return "The cheapest set of stores is the only one."
    return (
        f"Several sets are as cheap: {len(loose)} of {len(stocks)} stores may hold more or less (low_t, high_t); the "
        "one shown lies at the largest plants, and what each is to be compensated is reckoned from it."
    )
