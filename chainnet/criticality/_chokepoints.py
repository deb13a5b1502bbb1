"""Chokepoints: the exact loss when a node, edge or group drops out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Words
from chainnet.criticality._checks import check_losses, compared
from chainnet.criticality._finding import ranking, unranked
from chainnet.criticality._losses import Losses, plain_losses, program_losses
from chainnet.criticality._removals import Removals, removals
from chainnet.engine import CERTAIN, ROUNDING
from chainnet.flow import Counting, Valued, value_model, valued_order
from chainnet.lowering import Degree, Reach, is_plain, stack
from chainnet.network import Network, reexports, several_rows
from chainnet.progress import Steps, Tell
from chainnet.results import Ranking, limiting_inputs, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of
from chainnet.words import Who, before_sentence, demand_words, part_of

COLUMNS = ["lost_tpa", "lost_share", "throughput_tpa", "in_cut", "is_dominator", "betweenness"]


def chokepoints(
    network: Network,
    by: str = "node",
    top: int | None = None,
    tier: str | None = None,
    centrality: bool = False,
    *,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    order: Valued = "allies_first",
    verify: bool = False,
    progress: Tell | None = None,
) -> Ranking:
    """Rank nodes, edges or groups by the exact loss if they drop out.

    The loss of X is the value of the network minus its value without X, both solved: the largest
    tonnage of counted demand that can be served. It is exact, never a sum of parts.

    Parameters
    ----------
    network : Network
        Capacities in t/yr; missing capacity means no limit.
    by : str
        node, edge, site, country, operator, owner, owner_country, or columns of nodes joined by +
        such as step+country. A label takes all its nodes away, but never an end use.
    top : int, optional
        Only the first rows of the full table.
    tier : str, optional
        Count what this tier could get if it came first; default all tiers.
    centrality : bool
        Fill ``betweenness`` (directed, igraph), and by node add ``current_flow`` (current-flow
        betweenness of the undirected graph, capacity as conductance) and ``is_articulation``; the
        rank correlation of each with the loss stands in ``attrs["rank_correlation"]``.
    scenario : Scenario or str, optional
        Ask what is lost on top of a scenario.
    reroute : {"existing", "none", "new"}
        How far flows may leave the baseline.
    commodity, beneficiaries : optional
        What and whose demand counts; default from the network.
    order : {"allies_first", "allies_last", "alike"}
        Whom the value serves. allies_first: the beneficiaries outbid everyone. allies_last: all others come first, as
        far as can be, and the value is what is left for the beneficiaries; a loss may then be below 0, where the
        others can no longer use what they took. alike: nobody comes first and the value counts all; how much of it is
        the beneficiaries' is a tie, so its ends are given. Not by law, the default of ``balance``, ``stress_test`` and
        ``find``: no exact method says what is lost of what its stages leave.
    verify : bool
        Solve the value and the largest losses (up to 20) again with a second solver and compare.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Ranking, a DataFrame with one row per removed thing, sorted by lost_tpa descending, ties by index
        It says what costs most, the worst single plant beside the worst group, and what is short before any loss
        (``.sentence``), and which places are not ranked, because they lack the label (``.left_out``: what, n, tpa,
        share; of a chain made from trade also the re-exports that no loss counts). It draws itself (``.plot()``).
        lost_tpa : t/yr, >= 0 unless others come before.  lost_share : of the value.  throughput_tpa : t/yr in one
        optimal flow, of main outputs.  in_cut : a capacity of its lies in the reported minimum cut.
        is_dominator : without it nothing reaches the demand, whatever the capacities.
        betweenness : NaN unless asked.  is_group (by node or site) : it may be several plants, such as "other makers".
        Of a chain made from trade, by country, also reexports_tpa : t/yr, what it ships and did not make; that is not
        in its loss.
        With all served alike also ours_least_tpa and ours_most_tpa : t/yr, what is left for the beneficiaries without
        it, at least and at most (``attrs["ours_tpa"]``: both with it).

    Raises
    ------
    DataError
        If an argument is unknown, ``top`` is negative, or nothing limits the flow.
    SolverError
        If the base answer fails its own check, or a second solver finds another loss.

    See Also
    --------
    interdict, risk_exposure, concentration, reverse

    Notes
    -----
    What carries no flow in the base answer costs nothing. A pure flow is re-augmented from the base
    flow; a recipe network is one warm linear program per candidate, two where others come before, four alongside.

    Examples
    --------
    >>> import chainnet as cn
    >>> cn.chokepoints(cn.read("mag-9"), top=3)["lost_tpa"].round(6).to_dict()
    {'H_CN': 40.0, 'G_CN': 38.0, 'S_CN': 20.0}
    >>> gallium = cn.read("gallium")
    >>> cn.chokepoints(gallium, by="country", top=2)["lost_share"].round(2).to_dict()
    {'CHN': 0.92, 'JPN': 0.22}
    """
    scenario = asked_scenario(network, scenario)
    if top is not None:
        checks.whole(top, "top", rule="is not allowed; give a whole number, 0 or more, or None for all rows.")
    what = removals(network, by)
    counting = Counting.of(network, commodity, beneficiaries, tier, valued_order(order, "chokepoints"))
    plain = is_plain(network) and scenario is None and reroute == "existing"
    steps = Steps(f"losses by {by}", progress, len(what.index))
    if plain:
        found = plain_losses(counting, what, None if centrality else top)
    else:
        model = value_model(counting, overlay_of(network, scenario), reroute)
        model.certificate()
        found = program_losses(model, what, steps)
    steps.end()
    lost, base = _without_dust(found, plain, order), found.base
    ranked = np.lexsort((np.arange(len(lost)), -np.nan_to_num(lost, nan=-1.0)))
    every = pd.Series(lost[ranked], what.take(ranked).index)
    if top is not None and not centrality:  # a rank correlation needs every row
        ranked = ranked[:top]
    kept = what.take(ranked)
    lost = lost[ranked]
    share = lost / base if base > 0 else 0.0 * lost
    table = pd.DataFrame(
        {
            "lost_tpa": lost,
            "lost_share": share,
            "throughput_tpa": np.asarray(found.through)[ranked],
            "in_cut": np.asarray(found.in_cut)[ranked],
            "is_dominator": _dominators(counting, kept, share),
            "betweenness": _betweenness(network, by, what)[ranked] if centrality else np.nan,
        },
        index=kept.index,
        columns=COLUMNS,
    )
    if by in ("node", "site"):
        table["is_group"] = table.index.isin(several_rows(network, by))
    if by == "country" and len(passed := reexports(network)["reexports_tpa"]):
        table["reexports_tpa"] = passed.reindex(table.index).fillna(0.0)
    facts: dict[str, object] = {}
    if found.ends is not None and found.ends_left is not None:
        facts["ours_tpa"] = dict(zip(("least", "most"), map(float, found.ends), strict=True))
        for column, left in zip(("ours_least_tpa", "ours_most_tpa"), found.ends_left, strict=True):
            table[column] = left[ranked]
    if verify:
        check_losses(counting, kept, lost, float(base), plain, overlay_of(network, scenario), reroute)
    source = provenance(
        network,
        "chainnet re-augmentation" if plain else "HiGHS simplex",
        by=by,
        top=top,
        tier=tier,
        scenario=scenario.name if scenario else "",
        reroute=reroute,
        base_tpa=float(base),
        rests_on=lambda: limiting_inputs(network, found.cut()),
        **counting.settings,
    )
    if centrality and by == "node":
        table, facts["rank_correlation"] = compared(network, table)
    said = source | {"verified": "second solver" if verify else "no"}
    stamped = stamp(table if top is None else table.head(top), said, ranked="lost_tpa", facts=facts)
    before = _before(counting, scenario, float(base), Who.of(tier))
    unnamed = unranked(by, what, found.flows)
    return ranking(network, by, stamped, "lost_tpa", lambda tpa: part_of(tpa, float(base)), unnamed, every, before)


def _before(counting: Counting, scenario: Scenario | None, base: float, who: Who) -> str:
    """Say what is short of the counted demand under the scenario with nothing lost."""
    demand, label = counting.network.view("demand"), (scenario.label or scenario.name) if scenario else ""
    if demand.empty:
        return before_sentence(label, np.nan, np.nan)
    share = overlay_of(counting.network, scenario).demand_share
    asked = float((demand["demand_tpa"].to_numpy() * share)[counting.valued].sum())
    whose = "" if who.is_all and not counting.whose else demand_words(who, bool(counting.whose))
    return before_sentence(label, asked - base, asked, whose)


def _without_dust(found: Losses, plain: bool, order: Valued) -> Array:
    """Return the losses without what rounding alone makes: none, or with others first a little of either sign."""
    lost, base = found.lost, found.base
    if order != "allies_last":
        # a pure flow is exact: a small loss beside a huge value is still a loss
        return np.where(lost <= (0.0 if plain else ROUNDING * base), 0.0, np.minimum(lost, base))
    # a difference of two sums, or of two programs of which each keeps to what the others got a hair aside
    size = max(base, float(np.max(np.abs(lost), initial=0.0)))
    return np.where(np.abs(lost) <= (ROUNDING if plain else CERTAIN) * size, 0.0, np.minimum(lost, base))


def _dominators(counting: Counting, what: Removals, lost_share: Array) -> Bools:
    """Look only at what loses everything: a dominator always does, the converse fails."""
    out = np.zeros(len(what.index), dtype=bool)
    candidates = np.flatnonzero(lost_share >= 1 - ROUNDING)
    if not len(candidates):
        return out
    network = counting.network
    t, demand = stack(network), network.view("demand")
    if demand.empty:
        ends = ((t.nodes["stage"] == "end_use").to_numpy() & counting.inside(t.nodes))[t.head]
        targets = np.column_stack([t.head[ends], t.commodity[ends]])
    else:
        asked = demand[counting.rows]
        codes = asked["commodity"].fillna("").map(t.code)
        targets = np.column_stack([asked["node"].map(t.position), codes]).astype(np.int64)
    reach = Reach(network, targets)
    none = np.empty(0, dtype=np.int64)
    for i in candidates:
        nodes, edges = (none, what.members[i]) if what.is_edge else (what.members[i], none)
        out[i] = not reach.reaches(nodes, edges)
    return out


def _betweenness(network: Network, by: str, what: Removals) -> Array:
    """Directed betweenness of nodes or edges, unweighted; NaN for groups, where it has no meaning."""
    if by == "node":
        graph = network.to_igraph()
        found = np.asarray(graph.betweenness(directed=True))
        return np.array([found[m[0]] for m in what.members])
    if by == "edge":
        source, target = network.edge_ends
        awake = (source >= 0) & (target >= 0)
        out = np.full(len(awake), np.nan)
        out[awake] = network.to_igraph().edge_betweenness(directed=True)
        return out
    return np.full(len(what.index), np.nan)
