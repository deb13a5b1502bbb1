"""``alliance``: what each member, pair and all keep when projects, stocks and access are pooled, against alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.blocs._pool import Pool
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
from chainnet.network import Network, split_list
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario

__all__ = ["Alliance", "alliance"]

REGIONS = ("africa", "latin_america", "southeast_asia", "oceania")


ORDERS = ("after", "before")  # a pool has members that come first


@dataclass(frozen=True, repr=False, eq=False)
class Alliance(Result):
    """What pooling is worth to the members of an alliance.

    Attributes
    ----------
    members : DataFrame, index member
        demand_tpa; alone_tpa (the least it can count on by itself); together_tpa (what equal fractions
        inside each tier give it when all pool); shapley_tpa (fair share of what all keep) and gain_tpa
        (shapley less alone), gain_share; pays_musd and pays_share (capex of the projects that it backs);
        own_projects, own_stocks.
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
        Who may use each project alone, who pays, and what it adds when all pool: standalone_t, last_in_t.
    regions : DataFrame, index region
        Projects by region of investment: n_projects, capex_musd, n_without_capex, standalone_t (all
        projects of the region and no other) and last_in_t (all but them). A region goes before the member
        that lies in it; elsewhere is neither.
    demand_tpa, alone_tpa, together_tpa, gain_tpa, outside_musd : float
        Sums over the members; outside_musd is what backers outside the alliance pay.
    certificate : Certificate
        The worst of all programs solved: each has equal primal and dual values.
    """

    members: pd.DataFrame
    coalitions: pd.DataFrame
    keeps: pd.DataFrame
    pools: pd.DataFrame
    projects: pd.DataFrame
    regions: pd.DataFrame
    demand_tpa: float
    alone_tpa: float
    together_tpa: float
    gain_tpa: float
    outside_musd: float
    certificate: Certificate


def alliance(
    network: Network,
    scenario: Scenario | None = None,
    members: Iterable[str] | Mapping[str, Any] | None = None,
    *,
    projects: Iterable[str] | None = None,
    by_year: int | None = None,
    reroute: Degree = "existing",
    others: str = "before",
    regions: Iterable[str] | Mapping[str, Any] = REGIONS,
    commodity: Words = None,
) -> Alliance:
    """Say what the members of an alliance keep alone, in pairs and together, and who pays for whom.

    What a coalition keeps is the largest tonnage that its own users can be served in one and the same
    world, in which all projects and stocks of all members stand:

    - it uses its own projects: those that lie with or are backed by its members, less what is promised
      to a buyer outside it (``offtake_country``, ``offtake_share``), and what its members were promised
      of others' projects; and it draws its own stocks (first year only);
    - what was made at, went through or was stored with what is the other members' own cannot reach its
      users, neither over an edge nor out of a stock that lies at their end use, though its plants may work it up
      for others;
    - everyone outside it is served first, as far as that goes without the coalition's own projects and
      stocks, over the same relations. With ``others="before"`` that is all other members and all third
      countries; with ``"after"`` the other members alone, and third countries come last. They are owed tonnes, not
      these very goods: the coalition may use what is common and give them as much of its own instead.

    So ``alone`` is what a member can count on while it is outbid for all that is common, and pooling
    means three things: members stop outbidding each other, and they open stocks and projects to all.
    Projects and stocks that are nobody's among the members do not stand.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario, optional
        None = the network as it stands. What it builds stands for everyone.
    members : list of str, or mapping of name to countries and groups
        Each word is a member (a group counts as one). Default the network's beneficiaries, a group of them
        taken apart into the largest group inside it and the countries left over (bloc_2026: EU27, JPN, USA).
    projects : iterable of str, optional
        Projects that can be pooled; default all.
    by_year : int, optional
        Only projects that stand in that year, at the size their ramp has reached; default all in full.
    reroute : {"existing", "frozen", "new"}
    others : {"before", "after"}
    regions : list of str, or mapping
        Groups of countries by which investment is told apart; they must not overlap.
    commodity : str or list of str, optional
        What counts; default the main commodities.

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

    Notes
    -----
    Shapley (1953) over the game of kept tonnes, exact. The game need not be superadditive: two members
    may each count on the same spare of third countries, and together they cannot both have it; such a
    loss is shown as a negative gain. Among equally good ways of serving the outsiders first, the one
    that leaves the coalition most is taken. 2^n coalitions with a handful of programs each. Capex is parted
    equally among the backers of a project, for shares are not published; a project without backers is
    paid by whoever's country it stands in. An unknown ``offtake_share`` binds nothing; qualification times
    are left to ``reroute`` and ``stress_test``.

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
    who = parties(network, default_members(network) if members is None else members, "members")
    if len(who) > MOST_MEMBERS:
        raise DataError(f"members: {len(who)} are named; at most {MOST_MEMBERS}. Put countries into groups.")
    checks.choice(others, "others", "order", ORDERS)
    if network.demand.empty:
        raise DataError("alliance: the network has no demand table, so nobody can go short. Give demand.")
    where = parties(network, regions, "regions") if regions else []
    overlay = standing(network, scenario, [], by_year)
    game = Pool(network, overlay, who, projects, by_year, reroute, others, commodity)
    settings: dict[str, Any] = {
        "scenario": scenario.name if scenario else "",
        "members": {m.name: list(m.words) for m in who},
        "projects": "all" if projects is None else sorted(network.projects["id"][chosen_projects(network, projects)]),
        "by_year": by_year,
        "reroute": reroute,
        "others": others,
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
    table = project_table.drop(columns=["parts"])
    return Alliance(
        source,
        stamp(member_table, source),
        stamp(coalition_table, source),
        stamp(keeps, source),
        stamp(_pool_table(game, who, everyone), source),
        stamp(table, source),
        stamp(_region_table(game, everyone, where, table), source),
        float(member_table["demand_tpa"].sum()),
        alone,
        whole,
        clean(whole - alone, whole),
        float(project_table["capex_musd"].sum()) - paid,
        game.proofs.worst(whole),
    )


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
    ids = frozenset(used["id"])
    rows = []
    for row in used.itertuples():
        users = [n for n in game.who if game.sizes[row.Index] * game.usable(frozenset([n]))[row.Index] > 0]
        parts = _payers(game, row)
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
                "parts": {n: p * (0.0 if np.isnan(row.capex_musd) else row.capex_musd) for n, p in parts.items()},
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
        "parts",
    ]
    return pd.DataFrame(rows, columns=columns).set_index("id")


def _payers(game: Pool, row: Any) -> dict[str, float]:
    """Return who pays what part: equal parts for the backers; without any, whoever's country it stands in."""
    backers = split_list(row.backers) if isinstance(row.backers, str) else []
    out: dict[str, float] = {}
    for backer in backers or [row.country if isinstance(row.country, str) else row.region]:
        name = next((n for n, m in game.who.items() if isinstance(backer, str) and m.holds(backer)), "outside")
        out[name] = out.get(name, 0.0) + 1.0 / max(len(backers), 1)
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
