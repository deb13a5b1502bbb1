"""What of a tier's demand passes each step of a chain and arrives, and what is lost: two answers, tracked upstream."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Bools
from chainnet.flow import Balance, Counting, balance_under
from chainnet.network import Network
from chainnet.scenario import Scenario, overlay_of

COLUMNS = ["step", "country", "to_step", "to_country", "arrives_tpa", "lost_tpa"]
NO_PLACE = "elsewhere"
DUST = 1e-6  # of what is tracked; less is let go
MOST_HOPS = 100
# a plant, what it ships, and the step and place for which it ships that
State = tuple[str, str, str, str]


def passage(counting: Counting, rows: Bools, scenario: Scenario | None, narrow: tuple[str, str]) -> pd.DataFrame:
    """Return what of some demand passes each step of the chain, in tonnes of that demand.

    Parameters
    ----------
    counting : Counting
    rows : array of bool
        Which rows of the demand table.
    scenario : Scenario or None
    narrow : tuple of str
        Step and country of the bottleneck; "" where there is none.

    Returns
    -------
    DataFrame
        step, country, to_step, to_country (to_step "" and the place of the user at the end), arrives_tpa, lost_tpa.

    Notes
    -----
    What arrives is tracked in the answer under the scenario, once new suppliers are qualified; what is lost, in the
    baseline, where it used to come from. Of equally good answers each is the one nearest to the baseline's flows. What
    is mixed at a plant is divided in proportion; scrap that comes back from a later step is followed to what that step
    was made of. Of the inputs of a plant the one is followed that leads to the good
    of the bottleneck of which its country makes most, else the largest.
    """
    network = counting.network
    after, before = (balance_under(counting, overlay_of(network, one), "new", closest=True) for one in (scenario, None))
    calm = _arcs(before)
    score = _scores(network, calm, narrow)
    demand = after.demand[rows]
    parts = [
        _tracked(network, arcs, demand, column, score).assign(what=what)
        for arcs, column, what in (
            (_arcs(after), "served_tpa", "arrives_tpa"),
            (calm, "shortfall_tpa", "lost_tpa"),
        )
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.pivot_table("tpa", COLUMNS[:4], "what", aggfunc="sum", fill_value=0.0, observed=True).reset_index()
    order = {name: number for number, name in enumerate(network.chain)}
    rank = table["step"].map(lambda step: order.get(step, len(order)))
    table = table.reindex(columns=COLUMNS, fill_value=0.0).assign(rank=rank)
    return table.sort_values(["rank", *COLUMNS[:4]], ignore_index=True)[COLUMNS]


def _arcs(answer: Balance) -> pd.DataFrame:
    """Return what flows from plant to plant, on links and from new suppliers."""
    arcs = pd.concat([answer.edges[["source", "target", "commodity", "flow_tpa"]], answer.suppliers])
    arcs = arcs.assign(commodity=arcs["commodity"].fillna(""))
    return arcs[arcs["flow_tpa"] > 0].reset_index(drop=True)


def _scores(network: Network, arcs: pd.DataFrame, narrow: tuple[str, str]) -> dict[str, float]:
    """Return of each good the largest share that the bottleneck makes of a good that leads to it; 0 if none does."""
    import networkx as nx

    step, country = narrow
    makers = arcs["source"]
    made = arcs[makers.map(network.steps).eq(step).to_numpy()].assign(country=makers.map(network.places))
    whole = made.groupby("commodity")["flow_tpa"].sum()
    share = made[made["country"] == country].groupby("commodity")["flow_tpa"].sum() / whole
    table = network.processes
    graph = nx.DiGraph()
    for _, rows in table.groupby("process"):
        inputs = rows.loc[rows["role"] == "input", "commodity"]
        graph.add_edges_from((a, b) for a in inputs for b in rows.loc[rows["role"] != "input", "commodity"])
    score: dict[str, float] = defaultdict(float)
    for good, part in share.dropna().items():
        reached = nx.descendants(graph, good) if good in graph else set()
        for one in (good, *reached):
            score[str(one)] = max(score[str(one)], float(part))
    return score


def _tracked(
    network: Network, arcs: pd.DataFrame, demand: pd.DataFrame, column: str, score: Mapping[str, float]
) -> pd.DataFrame:
    """Return what passes between two steps of what users got in an answer: the columns of a passage, and tpa."""
    steps, places = network.steps, network.places.fillna(NO_PLACE)
    order = {step: number for number, step in enumerate(network.chain)}
    users = set(network.demand["node"])
    into: dict[tuple[str, str], tuple[list[str], Any]] = {
        (str(node), str(good)): (list(rows["source"]), (rows["flow_tpa"] / rows["flow_tpa"].sum()).to_numpy())
        for (node, good), rows in arcs.groupby(["target", "commodity"])
    }
    follow = _followed(network, arcs, score)
    now: dict[State, float] = defaultdict(float)
    for row in demand.to_dict("records"):
        good = row["commodity"] if isinstance(row["commodity"], str) else ""
        now[row["node"], good, "", str(places[row["node"]])] += float(row[column])
    least = DUST * sum(now.values())
    passed: dict[tuple[str, str, str, str], float] = defaultdict(float)
    for _ in range(MOST_HOPS):
        on: dict[State, float] = defaultdict(float)
        for (node, good, to_step, to_place), tons in now.items():
            sources, shares = into.get((node, good), ([], np.empty(0)))
            for maker, part in zip(sources, tons * shares, strict=True):
                step, place = str(steps[maker]), str(places[maker])
                if order.get(step, len(order)) < order.get(to_step, len(order)):
                    passed[step, place, to_step, to_place] += part
                else:  # from plant to plant of a step, or scrap of a later one
                    step, place = to_step, to_place
                if part > least and maker not in users:
                    on[maker, follow(maker, good), step, place] += part
        now = {state: tons for state, tons in on.items() if tons > least}
        if not now:
            break
    return pd.DataFrame([(*key, tons) for key, tons in passed.items()], columns=[*COLUMNS[:4], "tpa"])


def _followed(network: Network, arcs: pd.DataFrame, score: Mapping[str, float]) -> Callable[[str, str], str]:
    """Return which of its inputs is followed for what a plant ships."""
    table = network.processes
    recipes = {
        name: (set(rows.loc[rows["role"] == "input", "commodity"]), set(rows["commodity"]))
        for name, rows in table.groupby("process")
    }
    process = dict(zip(network.nodes["id"], network.nodes["process"], strict=True))
    taken = arcs.groupby(["target", "commodity"])["flow_tpa"].sum()
    inputs: dict[str, dict[str, float]] = defaultdict(dict)
    for key, tons in zip(taken.index.to_list(), taken.to_list(), strict=True):
        inputs[str(key[0])][str(key[1])] = float(tons)

    def follow(maker: str, good: str) -> str:
        own, made = recipes.get(str(process.get(maker)), (set(), set()))
        goods = inputs.get(maker, {})
        asked = {one: tons for one, tons in goods.items() if one in own and good in made} or goods
        if not asked:
            return ""
        return min(asked, key=lambda one: (one != good, -round(score[one], 9), -round(asked[one], 9), one))

    return follow
