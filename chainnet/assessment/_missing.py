"""What a graph does not hold, what no answer can say without it, and how it is added; and what stands in for demand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Words
from chainnet.errors import ChainnetWarning, DataError
from chainnet.flow import Counting, max_flow
from chainnet.network import Network
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario, scenarios
from chainnet.words import number

STANDS_IN = "assumed: the graph holds no demand"


@dataclass(frozen=True)
class _Gap:
    """One kind of data: whether a graph lacks it, what then cannot be said, and where it goes."""

    what: str
    is_there: Callable[[Network], Any]
    lacks: str
    add: str


def _given(table: str, column: str) -> Callable[[Network], bool]:
    def is_there(network: Network) -> bool:
        return bool(network.view(table)[column].notna().any())

    return is_there


def _rows(table: str) -> Callable[[Network], bool]:
    return lambda network: not network.view(table).empty


_GAPS = (
    _Gap(
        "demand",
        lambda network: not network.demand.empty and not (network.demand["note"] == STANDS_IN).any(),
        "who is short: a demand stands in that the baseline network just meets",
        "table demand: node, demand_tpa; commodity and tier where there are several",
    ),
    _Gap(
        "tiers",
        _given("demand", "tier"),
        "who is served first when not all can be: all demand counts alike",
        "demand.tier: defence, industrial or civilian, or words of your own with a table tiers",
    ),
    _Gap(
        "beneficiaries",
        lambda network: bool(network.beneficiaries),
        "whose demand counts, and what changes if others are served first: all demand counts",
        "beneficiaries in datapackage.json, --beneficiaries USA,JPN or beneficiaries=[...]",
    ),
    _Gap(
        "projects",
        _rows("projects"),
        "what helps: the levels of response end with new relations and stocks, no set of projects is sought",
        "table projects: id, stage, capacity_tpa, start_year, capex_musd; its relations in edges, by the project's id",
    ),
    _Gap(
        "cost of projects",
        lambda network: network.projects.empty or network.projects["capex_musd"].notna().any(),
        "cost of a tonne won back, best sets for a budget",
        "projects.capex_musd",
    ),
    _Gap(
        "prices",
        _given("commodities", "price_usd_per_t"),
        "at which prices the chain clears, what floors and other instruments cost, and who pays",
        "commodities.price_usd_per_t",
    ),
    _Gap(
        "value of demand",
        _given("demand", "value_usd_per_t"),
        "losses in money: exposure counts every tonne alike",
        "demand.value_usd_per_t, for all rows that count or for none",
    ),
    _Gap(
        "stocks",
        _rows("stocks"),
        "how long stocks carry: none is drawn",
        "table stocks: id, node, commodity, stock_t, release_tpa",
    ),
    _Gap(
        "countries",
        _given("nodes", "country"),
        "losses by country, shares of a country in a step, blocs, and whose demand it is: beneficiaries count as all",
        "nodes.country: ISO alpha-3, such as USA",
    ),
    _Gap(
        "steps",
        _given("nodes", "step"),
        "where the chain is narrow, step by step: the stage stands in",
        "nodes.step: a word such as separation",
    ),
    _Gap(
        "capacities",
        lambda network: _given("nodes", "capacity_tpa")(network) or _given("edges", "capacity_tpa")(network),
        "how much a plant or a relation can carry: neither has a limit without it, so that shortfalls are too small",
        "nodes.capacity_tpa, edges.capacity_tpa",
    ),
    _Gap(
        "flows of the base year",
        _given("edges", "flow_tpa"),
        "what is lost if nothing is rerouted or nobody plans, shares by output",
        "edges.flow_tpa",
    ),
    _Gap(
        "base year",
        lambda network: network.year is not None,
        "projects by year, months by their calendar names",
        "year in datapackage.json, or year=2025",
    ),
    _Gap(
        "quality of the figures",
        lambda network: _given("nodes", "quality")(network) or _given("edges", "quality")(network),
        "how well the inputs are known that bind an answer",
        "column quality of every table: reported, estimated, inferred or assumed",
    ),
    _Gap(
        "ranges",
        lambda network: any(_given(name, "low")(network) for name in ("nodes", "edges", "demand", "processes")),
        "how far an answer moves with its inputs",
        "columns low and high of every table",
    ),
    _Gap(
        "sources",
        _rows("references"),
        "where a figure comes from",
        "table references: key, title, publisher, year, grade; its keys in column reference of every table",
    ),
)
_SCENARIOS = (
    "scenarios",
    "what an event does: only the baseline network and the loss of single parts are asked",
    "scenarios/NAME.toml in the folder of the graph, --scenario FILE, or scenarios=[cn.Scenario(...)]",
)


def missing(network: Network, asked: Mapping[str, Scenario] | None = None) -> pd.DataFrame:
    """Say which kinds of data a graph does not hold at all, what cannot be said without them, and how to add them.

    Parameters
    ----------
    network : Network
    asked : mapping of str to Scenario, optional
        The scenarios that are asked; default those that ship with the graph.

    Returns
    -------
    DataFrame, index what
        lacks : what no answer says, or what stands in.  add : the table and column, or the option.

    See Also
    --------
    assessment.assume_demand, read

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.assessment import missing
    >>> missing(cn.read("mag-9")).index.tolist()[:3]
    ['beneficiaries', 'prices', 'stocks']
    """
    rows = [] if (scenarios(network) if asked is None else asked) else [_SCENARIOS]
    rows += [(gap.what, gap.lacks, gap.add) for gap in _GAPS if not gap.is_there(network)]
    table = pd.DataFrame(rows, columns=["what", "lacks", "add"], dtype=object).set_index("what")
    return stamp(table, provenance(network, "none"))


def assume_demand(network: Network) -> Network:
    """Return a network in which every end use asks for what it gets in the baseline, if nobody says what is asked for.

    What it gets is its part of the largest flow, one of several where end uses compete; where nothing limits the flow,
    its flow of the base year; without these a tonne each, so that tonnes count end uses.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Network
        The same where it has a demand table; else with rows of quality *assumed*, of which a warning tells.

    Raises
    ------
    DataError
        If there is no end use that anything is shipped to.

    Warns
    -----
    ChainnetWarning
        Where a demand stands in, with its size.

    See Also
    --------
    assessment.missing, read

    Examples
    --------
    >>> import warnings
    >>> import chainnet as cn
    >>> import pandas as pd
    >>> from chainnet.assessment import assume_demand
    >>> net = cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [5.0]}))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     assume_demand(net).demand["demand_tpa"].tolist()
    [5.0]
    """
    if not network.demand.empty:
        return network
    nodes = network.nodes
    users = set(nodes.loc[(nodes["stage"] == "end_use").to_numpy() & nodes["process"].isna().to_numpy(), "id"])
    edges = network.edges
    edges = edges[edges["target"].isin(users).to_numpy()]
    if edges.empty:
        raise DataError(
            "report: there is no demand, and nothing is shipped to an end use that could ask for something. Give the "
            "demand table, or a node of stage end_use with a relation into it."
        )
    tonnes, how = _undisturbed(network, edges)
    asked = edges.assign(demand_tpa=tonnes).groupby(["target", "commodity"], dropna=False)["demand_tpa"].sum()
    table = asked[asked > 0].reset_index().rename(columns={"target": "node"})
    warnings.warn(
        f"{network.name or 'the graph'} holds no demand, so nobody could be short. {how}: "
        f"{number(table['demand_tpa'].sum())} t/yr in all. Give the demand table for answers about your own demand.",
        ChainnetWarning,
        stacklevel=2,
    )
    return network.with_demand(table.assign(quality="assumed", note=STANDS_IN))


def whoever_counts(network: Network, beneficiaries: Words) -> Words:
    """Return whose demand counts in a report: everyone's, with a warning, where no plant and no end use has a place.

    Parameters
    ----------
    network : Network
    beneficiaries : str or list of str, optional
        As they were asked for; None = what the network says.

    Warns
    -----
    ChainnetWarning
        Where beneficiaries are named that no row can be told to belong to.
    """
    whose = Counting.of(network, None, beneficiaries).whose
    if not whose or network.view("nodes")[["country", "region"]].notna().any(axis=None):
        return beneficiaries
    warnings.warn(
        f"beneficiaries: no node has a country or a region, so nothing says what {', '.join(whose)} asks for. All "
        "demand counts instead. Give nodes.country.",
        ChainnetWarning,
        stacklevel=2,
    )
    return []


def _undisturbed(network: Network, edges: pd.DataFrame) -> tuple[np.ndarray[Any, Any], str]:
    """Return what stands in on each relation to an end use, and how in words."""
    try:
        flow = max_flow(network).edges["flow_tpa"]
        tonnes = flow.loc[edges.index].to_numpy(dtype=float)
        if tonnes.sum() > 0:
            return tonnes, "Each end use is taken to ask for its part of the largest flow, one of several such"
    except DataError:  # nothing limits the flow
        pass
    tonnes = edges["flow_tpa"].fillna(0.0).to_numpy(dtype=float)
    if tonnes.sum() > 0:
        return tonnes, "Each end use is taken to ask for its flow of the base year"
    first = ~edges.duplicated(["target", "commodity"]).to_numpy()
    return first.astype(float), "Each end use is taken to ask for one tonne of each good, so that tonnes count end uses"
