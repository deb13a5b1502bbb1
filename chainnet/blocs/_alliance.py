"""``alliance``: what each member, pair and all keep when projects, stocks and access are pooled, against alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.blocs._contributions import contributions, opened
from chainnet.blocs._pool import Pool
from chainnet.blocs._split import FairSplit, fair_split
from chainnet.blocs._worlds import (
    MOST_MEMBERS,
    Party,
    chosen_projects,
    clean,
    coalitions_of,
    default_members,
    parties,
    places,
    standing,
)
from chainnet.engine import CERTAIN, LEAST_SIZE, Certificate
from chainnet.errors import DataError
from chainnet.flow import Counting, binding_inputs, shapley_values
from chainnet.lowering import Degree
from chainnet.network import Network, payers_of
from chainnet.progress import Steps, Tell
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario
from chainnet.words import NBSP, join, money, percent, tonnes

REGIONS = ("africa", "latin_america", "southeast_asia", "oceania")


# who pays and is no member
OUTSIDE = "outside"
ORDERS = ("allies_first", "allies_last")  # a pool has members that come first


@dataclass(frozen=True, repr=False, eq=False)
class Alliance(Result):
    """What pooling is worth to the members of an alliance.

    Attributes
    ----------
    members : DataFrame, index member
        demand_tpa; alone_tpa (the least it can count on by itself); together_tpa (what equal fractions
        inside each tier give it when all pool); needs_compensation (together is below alone); shapley_tpa (fair
        share of what all keep) and gain_tpa (shapley less alone), gain_share; nucleolus_tpa, core_low_tpa and
        core_high_tpa (NaN where the core is empty); transfer_tpa (what it is owed on top of together_tpa, the least
        in all that keeps everyone in, or in the least core where the core is empty; below 0 = what it owes),
        transfer_low_tpa and transfer_high_tpa (over all that are as small); pays_musd and pays_share (its part of
        the capex of projects) and what of it is assumed (pays_assumed_musd); own_projects, own_stocks.
    coalitions : DataFrame
        One row per set of members: coalition, n_members, demand_tpa, kept_tpa (largest tonnage),
        alone_tpa (sum of its members alone), gain_tpa, outsiders_tpa (what those outside are served
        first), and kept_<tier>_tpa when tiers are served in order.
    keeps : DataFrame
        coalition, member, tier, demand_tpa, served_tpa: equal fractions inside a tier.
    pools : DataFrame
        What is pooled, step by step: pool (access, stocks, projects), alone_tpa (members alone, added),
        together_tpa, gain_tpa (of pooling), added_tpa (what the step adds to together_tpa).
    projects : DataFrame, index id
        Who may use each project alone, who pays, and what it adds when all pool: standalone_t, last_in_t;
        assumed_share (what of its capex is parted for want of stated shares).
    regions : DataFrame, index region
        Projects by region of investment: n_projects, capex_musd, n_without_capex, standalone_t (all
        projects of the region and no other) and last_in_t (all but them). A region goes before the member
        that lies in it; elsewhere is neither.
    contributions : DataFrame, index member
        pays_musd; holds_usd (its stocks at the prices of the commodities table, NaN where one is missing); opens_t
        (what of its own projects and stocks serves the others when all pool), receives_t (of the others'), net_t
        (opens less receives); gain_tpa. opens adds up to receives. Of one plan among several: goods mix in proportion,
        and are whose own they were last; what several pay for is their own by what each pays.
    demand_tpa, alone_tpa, together_tpa, gain_tpa, outside_musd : float
        Sums over the members; outside_musd is what backers outside the alliance pay.
    core_is_empty, shapley_in_core : bool
        Whether no split keeps everyone in; whether the Shapley shares do.
    least_core_tpa, transfer_total_tpa : float
        As in ``fair_split``.
    opens_least_tpa : float
        What of together_tpa at least rests on what one member opens to another: all less what they could keep if
        nobody's users were served with what is another's own.
    words : mapping
        The same in sentences: answer, compensation, stability, contributions, payment.
    certificate : Certificate
        The worst of all programs solved: each has equal primal and dual values.
    """

    members: pd.DataFrame
    coalitions: pd.DataFrame
    keeps: pd.DataFrame
    pools: pd.DataFrame
    projects: pd.DataFrame
    regions: pd.DataFrame
    contributions: pd.DataFrame
    demand_tpa: float
    alone_tpa: float
    together_tpa: float
    gain_tpa: float
    outside_musd: float
    core_is_empty: bool
    shapley_in_core: bool
    least_core_tpa: float
    transfer_total_tpa: float
    opens_least_tpa: float
    words: Mapping[str, str]
    certificate: Certificate


def alliance(
    network: Network,
    scenario: Scenario | str | None = None,
    members: Iterable[str] | Mapping[str, Any] | None = None,
    *,
    projects: Iterable[str] | None = None,
    by_year: int | None = None,
    reroute: Degree = "existing",
    order: str = "allies_last",
    regions: Iterable[str] | Mapping[str, Any] = REGIONS,
    commodity: Words = None,
    progress: Tell | None = None,
) -> Alliance:
    """Say what the members of an alliance keep alone, in pairs and together, and who pays for whom.

    What a coalition keeps is the largest tonnage that its own users can be served in one and the same
    world, in which all projects and stocks of all members stand:

    - it uses its own projects: those that lie with or are backed by its members, less what is promised
      to buyers outside it (contracts, or stakes of kind offtake in their place), and what its
      members were promised of others' projects; and it draws its own stocks (first year only);
    - what was made at, went through or was stored with what is the other members' own cannot reach its
      users, neither over an edge nor out of a stock that lies at their end use, though its plants may work it up
      for others;
    - everyone outside it is served first, as far as that goes without the coalition's own projects and
      stocks, over the same relations. With ``order="allies_last"`` that is all other members and all third
      countries; with ``"allies_first"`` the other members alone, and third countries come last. They are owed tonnes,
      not these very goods: the coalition may use what is common and give them as much of its own instead.

    So ``alone`` is what a member can count on while it is outbid for all that is common, and pooling
    means three things: members stop outbidding each other, and they open stocks and projects to all.
    Projects and stocks that are nobody's among the members do not stand.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario or str, optional
        None = the network as it stands. What it builds stands for everyone.
    members : list of str, or mapping of name to countries and groups
        Each word is a member (a group counts as one). Default the network's beneficiaries, a group of them
        taken apart into the largest group inside it and the countries left over (bloc_2026: EU27, JPN, USA).
    projects : iterable of str, optional
        Projects that can be pooled; default all.
    by_year : int, optional
        Only projects that stand in that year, at the size their ramp has reached; default all in full.
    reroute : {"existing", "none", "new"}
    order : {"allies_last", "allies_first"}
    regions : list of str, or mapping
        Groups of countries by which investment is told apart; they must not overlap.
    commodity : str or list of str, optional
        What counts; default the main commodities.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Alliance

    Raises
    ------
    DataError
        If nobody or more than 8 are named, a country is in two members, no demand lies with them, or an
        argument is unknown.
    UnknownIdError
        If a project does not exist.

    See Also
    --------
    fair_split, joint_stockpile, alignment, partners

    Notes
    -----
    Shapley (1953) over the game of kept tonnes, exact. The game need not be superadditive: two members
    may each count on the same spare of third countries, and together they cannot both have it; such a
    loss is shown as a negative gain. Among equally good ways of serving the outsiders first, the one
    that leaves the coalition most is taken. 2^n coalitions with a handful of programs each. Capex is
    paid by the stakes of kind capital and loan; what they leave is parted equally among the backers of a project
    without a stated share, or paid by whoever's country it stands in: both are assumed, and said to be. An unknown
    offtake binds nothing; qualification times are left to ``reroute`` and ``stress_test``.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II, 307-317.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.blocs import alliance
    >>> net = cn.read("rare-earths")
    >>> found = alliance(net, cn.scenarios(net)["china_export_stop_all"], ["USA", "JPN", "EU27"], projects=[])
    >>> bool(found.together_tpa >= found.members["alone_tpa"].max())
    True
    """
    scenario = asked_scenario(network, scenario)
    who = parties(network, default_members(network) if members is None else members, "members")
    if len(who) > MOST_MEMBERS:
        raise DataError(f"members: {len(who)} are named; at most {MOST_MEMBERS}. Put countries into groups.")
    checks.known(order, ORDERS, "order", "order")
    if network.demand.empty:
        raise DataError("alliance: the network has no demand table, so nobody can be short. Give demand.")
    where = parties(network, regions, "regions") if regions else []
    overlay = standing(network, scenario, [], by_year)
    steps = Steps("answers for sets of members", progress)
    game = Pool(network, overlay, who, projects, by_year, reroute, order, commodity, steps)
    steps.more(_most_answers(game, len(where)))
    settings: dict[str, Any] = {
        "scenario": scenario.name if scenario else "",
        "members": {m.name: list(m.words) for m in who},
        "projects": "all" if projects is None else sorted(network.projects["id"][chosen_projects(network, projects)]),
        "by_year": by_year,
        "reroute": reroute,
        "order": order,
        "regions": [r.name for r in where],
        "commodity": commodity,
        "stocks": "first year",
    }
    ours = [word for m in who for word in m.words]
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(Counting.of(network, commodity, ours, said=False), [overlay], reroute),
        **settings,
    )
    everyone = frozenset(m.name for m in who)
    project_table = _project_table(game, everyone)
    member_table = _member_table(game, everyone, project_table)
    coalition_table, keeps = _coalition_tables(game, who)
    paid = float(member_table["pays_musd"].sum())
    member_table["pays_share"] = member_table["pays_musd"] / paid if paid > 0 else np.nan
    whole, alone = game.kept(everyone), float(member_table["alone_tpa"].sum())
    split = _split(game, who)
    member_table = _with_split(member_table, split, whole)
    given = _contributions(game, everyone, member_table, project_table)
    opens = max(clean(whole - game.closed(), whole), 0.0)
    table = project_table.drop(columns=["parts", "assumed", "own"])
    pools, by_region = _pool_table(game, who, everyone), _region_table(game, everyone, where, table)
    steps.end()
    return Alliance(
        source,
        stamp(member_table, source),
        stamp(coalition_table, source),
        stamp(keeps, source),
        stamp(pools, source),
        stamp(table, source),
        stamp(by_region, source),
        stamp(given, source),
        float(member_table["demand_tpa"].sum()),
        alone,
        whole,
        clean(whole - alone, whole),
        float(project_table["capex_musd"].sum()) - paid,
        split.core_is_empty if split else False,
        split.shapley_in_core if split else True,
        split.least_core if split else 0.0,
        split.transfer_total if split else 0.0,
        opens,
        _words(member_table, split, whole, alone, opens, float(given["opens_t"].sum())),
        Certificate.worst(game.proofs, "alliance", value=whole),
    )


def _most_answers(game: Pool, n_regions: int) -> int:
    """Return how many answers are solved at most.

    Each set with and without its tiers; all with and without each project, and each region; two pools.
    """
    n = len(game.who)
    sets = int(2**n) - 1
    used = int((game.sizes * game.usable(frozenset(game.who)) > 0).sum())
    return 2 * sets + 2 * used + 2 * (n_regions + 2) + 2 * (n + 1)


def _coalition_tables(game: Pool, who: Sequence[Party]) -> tuple[pd.DataFrame, pd.DataFrame]:
    demand = game.network.demand
    wanted = demand["demand_tpa"].to_numpy(dtype=float)
    tier = demand["tier"].to_numpy(dtype=object)
    tiers = [t for t in game.network.tier_order if (tier == t).any()]
    every: list[str | None] = [*tiers] or [None]
    rows: list[dict[str, Any]] = []
    keeps: list[dict[str, Any]] = []
    for coalition in coalitions_of([m.name for m in who]):
        found = game.answer(coalition, detail=True)
        names = [m.name for m in who if m.name in coalition]
        label = " + ".join(names)
        ours = np.any([game.rows[n] for n in names], axis=0)
        alone = sum(game.kept(frozenset([n])) for n in names)
        line: dict[str, Any] = {
            "coalition": label,
            "n_members": len(names),
            "demand_tpa": float(wanted[ours].sum()),
            "kept_tpa": found.kept,
            "alone_tpa": alone,
            "gain_tpa": clean(found.kept - alone, found.kept),
            "outsiders_tpa": found.outsiders,
        }
        for name in tiers:
            line[f"kept_{name}_tpa"] = float(found.served[ours & (tier == name)].sum())
        rows.append(line)
        for name in names:
            for t in every:
                mine = game.rows[name] & ((tier == t) if t is not None else True)
                keeps.append(
                    {
                        "coalition": label,
                        "member": name,
                        "tier": t,
                        "demand_tpa": float(wanted[mine].sum()),
                        "served_tpa": float(found.served[mine].sum()),
                    }
                )
    return pd.DataFrame(rows), pd.DataFrame(keeps)


def _member_table(game: Pool, everyone: frozenset[str], projects: pd.DataFrame) -> pd.DataFrame:
    names = list(game.who)
    fair, _ = shapley_values(names, game.kept)
    together = game.answer(everyone, detail=True).served
    wanted = game.network.demand["demand_tpa"].to_numpy(dtype=float)
    whole = game.kept(everyone)
    rows = []
    for name in names:
        alone = game.kept(frozenset([name]))
        gain = clean(float(fair[name]) - alone, whole)
        rows.append(
            {
                "member": name,
                "demand_tpa": float(wanted[game.rows[name]].sum()),
                "alone_tpa": alone,
                "together_tpa": float(together[game.rows[name]].sum()),
                "shapley_tpa": float(fair[name]),
                "gain_tpa": gain,
                "pays_musd": float(sum(parts.get(name, 0.0) for parts in projects["parts"])),
                "pays_assumed_musd": float(sum(parts.get(name, 0.0) for parts in projects["assumed"])),
                "own_projects": int((game.sizes * game.usable(frozenset([name])) > 0).sum()),
                "own_stocks": int(game.held(frozenset([name])).sum()),
            }
        )
    table = pd.DataFrame(rows).set_index("member")
    total = float(table["gain_tpa"].sum())
    table.insert(
        5, "gain_share", table["gain_tpa"] / total if abs(total) > CERTAIN * max(whole, LEAST_SIZE) else np.nan
    )
    return table


def _split(game: Pool, who: Sequence[Party]) -> FairSplit | None:
    """Return how the tonnes kept may be split, against equal fractions as proposed; None for one member."""
    if len(who) < 2:
        return None
    whole = game.kept(frozenset(game.who))
    served = game.answer(frozenset(game.who), detail=True).served
    equal = {name: float(served[game.rows[name]].sum()) for name in game.who}
    total = sum(equal.values())
    # the same to the last digit: an amount of all that is served in another order
    proposal = {name: part * whole / total if total > 0 else 0.0 for name, part in equal.items()}
    worth = {tuple(sorted(s)): game.kept(s) for s in coalitions_of([m.name for m in who])}
    return fair_split(worth, "gain", proposal)


def _with_split(members: pd.DataFrame, split: FairSplit | None, whole: float) -> pd.DataFrame:
    """Put beside what each member gets what would keep it in."""
    table = members.copy()
    table["needs_compensation"] = [
        clean(t - a, whole) < 0 for t, a in zip(table["together_tpa"], table["alone_tpa"], strict=True)
    ]
    columns = ["nucleolus", "core_low", "core_high", "transfer", "transfer_low", "transfer_high"]
    for column in columns:
        otherwise = 0.0 if column.startswith("transfer") else whole
        table[f"{column}_tpa"] = split.members[column].reindex(table.index) if split else otherwise
    first = ["demand_tpa", "alone_tpa", "together_tpa", "needs_compensation", "shapley_tpa", "gain_tpa", "gain_share"]
    first += [f"{column}_tpa" for column in columns]
    return table[[*first, *(column for column in members.columns if column not in first)]]


def _contributions(game: Pool, everyone: frozenset[str], members: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Return what each member puts in and takes out when all pool."""
    network, names = game.network, list(game.who)
    plan = game.answer(everyone, detail=True).plan
    assert plan is not None
    low, x = plan
    own = projects["own"].reindex(network.projects["id"])
    owned = {name: np.array([part.get(name, 0.0) if isinstance(part, dict) else 0.0 for part in own]) for name in names}
    held = {name: game.held(frozenset([name])) for name in names}
    moved = opened(low, x, owned, held, game.rows)
    stocks = network.stocks
    known = network.commodities.set_index("id")["price_usd_per_t"]
    price = known.reindex(stocks["commodity"].fillna("")).to_numpy(dtype=float)
    tonnes_held = stocks["stock_t"].to_numpy(dtype=float)
    worth = np.where(tonnes_held > 0, tonnes_held * price, 0.0)
    size = CERTAIN * max(game.kept(everyone), LEAST_SIZE)
    return contributions(members, np.where(moved > size, moved, 0.0), [float(worth[held[n]].sum()) for n in names])


def _words(
    members: pd.DataFrame, split: FairSplit | None, whole: float, alone: float, opens: float, shown: float
) -> dict[str, str]:
    """Return what pooling is worth and to whom, in sentences."""

    def tpa(amount: float) -> str:
        return tonnes(amount, " ")

    gain = clean(whole - alone, whole)
    more = "no more" if gain == 0 else f"{tpa(abs(gain))} {'more' if gain > 0 else 'less'}"
    answer = f"Together {join(list(members.index))} keep {tpa(whole)}, {more} than each alone ({tpa(alone)})."
    lines = members.loc[members["needs_compensation"], ["alone_tpa", "together_tpa"]]
    worse = [
        f"{name} is served {tpa(by_itself - pooled)} less together ({tpa(pooled)}) than alone ({tpa(by_itself)})"
        for name, by_itself, pooled in zip(lines.index, lines["alone_tpa"], lines["together_tpa"], strict=True)
    ]
    needs = f"{join(worse)}, and must be compensated." if worse else "Nobody is served less together than alone."
    words = {"answer": answer, "compensation": needs}
    if split is None:
        words = {"answer": f"{members.index[0]} alone keeps {tpa(whole)}."}
    else:
        words["stability"] = _stability(members, split, tpa)
        words["contributions"] = (
            f"At least {tpa(opens)} of what all keep rests on what one member opens to another; opens_t and receives_t "
            f"({tpa(shown)} in all) are those of one plan among several, in which goods mix in proportion."
        )
    paid, assumed = (float(members[column].sum()) for column in ("pays_musd", "pays_assumed_musd"))
    if assumed > 0:
        words["payment"] = (
            f"Of {money(paid * 1e6)} that members pay, {percent(assumed / paid)} is assumed: no stake says who does."
        ).replace(NBSP, " ")
    return words


def _stability(members: pd.DataFrame, split: FairSplit, tpa: Callable[[float], str]) -> str:
    moved = members["transfer_tpa"]
    owed = [f"{name} is owed the worth of {tpa(t)}" for name, t in moved.items() if t > 0]
    owes = [f"{name} owes that of {tpa(-t)}" for name, t in moved.items() if t < 0]
    several = (members["transfer_high_tpa"] - members["transfer_low_tpa"] > 0).any()
    moves = join([*owed, *owes]) + (
        " (other payments are as little in all: transfer_low_tpa, transfer_high_tpa)" if several else ""
    )
    if split.core_is_empty:
        said = f"No split keeps everyone in: some coalition always gets {tpa(split.least_core)} less than by itself"
        return f"{said}. Nearest to it, from equal fractions, {moves}." if owed else f"{said}."
    if not owed:
        return "If all are served in equal fractions, nobody does better by leaving."
    return f"If all are served in equal fractions, some would leave: {moves}."


def _pool_table(game: Pool, who: Sequence[Party], everyone: frozenset[str]) -> pd.DataFrame:
    rows, before = [], 0.0
    for pool in ("access", "stocks", "projects"):
        alone = sum(game.answer(frozenset([m.name]), pool).kept for m in who)
        together = game.answer(everyone, pool).kept
        rows.append((pool, alone, together, clean(together - alone, together), clean(together - before, together)))
        before = together
    return pd.DataFrame(rows, columns=["pool", "alone_tpa", "together_tpa", "gain_tpa", "added_tpa"])


def _project_table(game: Pool, everyone: frozenset[str]) -> pd.DataFrame:
    """Return one row per project that the alliance may use; ``parts`` is who pays what, USD million."""
    table = game.network.projects
    share = game.sizes * game.usable(everyone)
    used = table[share > 0].copy()
    used["size_share"] = share[share > 0]
    whole, base = game.kept(everyone), game.answer(everyone, "stocks").kept
    ids, payers = frozenset(used["id"]), _payers(game)
    rows = []
    for row in used.itertuples():
        users = [n for n in game.who if game.sizes[row.Index] * game.usable(frozenset([n]))[row.Index] > 0]
        parts = {name: part for name, (part, _) in payers[row.Index].items()}
        inside = sum(part for name, part in parts.items() if name != OUTSIDE)
        capex = 0.0 if np.isnan(row.capex_musd) else row.capex_musd
        rest = game.answer(everyone, only=ids - {row.id}).kept
        alone = game.answer(everyone, only=frozenset([row.id])).kept
        rows.append(
            {
                "id": row.id,
                "label": row.label,
                "country": row.country,
                "step": row.step,
                "size_share": row.size_share,
                "capex_musd": row.capex_musd,
                "usable_by": " + ".join(users),
                "paid_by": " + ".join(parts),
                "standalone_t": clean(max(alone - base, 0.0), whole),
                "last_in_t": clean(max(whole - rest, 0.0), whole),
                "assumed_share": sum(assumed for _, assumed in payers[row.Index].values()),
                "parts": {name: part * capex for name, part in parts.items()},
                "assumed": {name: assumed * capex for name, (_, assumed) in payers[row.Index].items()},
                # whose own: of those who pay, else of those who may use it
                "own": {n: p / inside for n, p in parts.items() if n != OUTSIDE}
                or {n: 1.0 / len(users) for n in users},
            }
        )
    columns = [
        "id",
        "label",
        "country",
        "step",
        "size_share",
        "capex_musd",
        "usable_by",
        "paid_by",
        "standalone_t",
        "last_in_t",
        "assumed_share",
        "parts",
        "assumed",
        "own",
    ]
    return pd.DataFrame(rows, columns=columns).set_index("id")


def _payers(game: Pool) -> list[dict[str, tuple[float, float]]]:
    """Return for each project who pays what part of it, and what of that is assumed."""
    paid = payers_of(game.network)
    name = np.full(len(paid), OUTSIDE, dtype=object)
    for member in reversed(list(game.who.values())):
        name[member.rows(paid)] = member.name
    out: list[dict[str, tuple[float, float]]] = [{} for _ in game.sizes]
    for row, who, share, is_assumed in zip(paid["project"], name, paid["share"], paid["is_assumed"], strict=True):
        part, assumed = out[row].get(who, (0.0, 0.0))
        out[row][who] = part + share, assumed + share * is_assumed
    return out


def _region_table(game: Pool, everyone: frozenset[str], where: Sequence[Party], projects: pd.DataFrame) -> pd.DataFrame:
    table = game.network.projects.set_index("id").reindex(projects.index)
    place = pd.Series(places(table), index=table.index)
    label = pd.Series("elsewhere", index=table.index, dtype=object)
    inside = [any(m.holds(p) for m in game.who.values()) for p in place]
    label[inside] = "members"
    for region in where:
        label[[region.holds(p) for p in place]] = region.name
    whole, base = game.kept(everyone), game.answer(everyone, "stocks").kept
    ids = frozenset(table.index)
    rows = []
    for name in ["members", *[r.name for r in where], "elsewhere"]:
        mine = frozenset(label.index[label == name])
        capex = projects.loc[sorted(mine), "capex_musd"]
        alone = game.answer(everyone, only=mine).kept if mine else base
        rest = game.answer(everyone, only=ids - mine).kept if mine else whole
        rows.append(
            {
                "region": name,
                "n_projects": len(mine),
                "capex_musd": float(capex.sum()),
                "n_without_capex": int(capex.isna().sum()),
                "standalone_t": clean(max(alone - base, 0.0), whole),
                "last_in_t": clean(max(whole - rest, 0.0), whole),
            }
        )
    return pd.DataFrame(rows).set_index("region")
