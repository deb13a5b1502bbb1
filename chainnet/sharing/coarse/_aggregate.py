"""``aggregate``: a coarser chain whose answers bracket those of the chain it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Ints
from chainnet.engine import LEAST_SIZE, MARGIN
from chainnet.errors import ChainnetWarning, DataError, SolverError
from chainnet.flow import Counting, ValueModel
from chainnet.lowering import Overlay, stack
from chainnet.network import Network
from chainnet.results import BOUNDED, Result, provenance, stamp
from chainnet.scenario import Scenario, check_scenario, overlay_of
from chainnet.sharing.coarse._classes import Classes, apart, classes_of, signatures, traded_apart, with_partners
from chainnet.sharing.coarse._coarse import bounded, coarse, edge_bounds, lags_of, unlimited
from chainnet.sharing.coarse._shares import Wish, class_edges, fit_plans, fit_shares
from chainnet.words import exact, percent

_QUANTITIES = [
    ("capacity of a class", "sum", "least of capacity over share"),
    ("capacity of relations", "most that they carry together", "least of capacity over share; 0 where no shares fit"),
    ("demand of a class", "sum", "least of demand over share"),
    ("stocks", "as they are: a plant with a store stays by itself", "the same"),
    ("recipes, lags, order of tiers", "as they are", "as they are"),
    ("unit cost, cost of a relation", "least", "most"),
    ("baseline flow", "sum", "sum"),
    ("operator, owner, site, region, country", "only where all members agree; else a note names them", "the same"),
    ("contracts and cover that name a member of a class", "not kept", "the same"),
    ("coordinates, label, low, high, quality, source of a class", "not kept", "not kept"),
]
_MOST_SPLITS = 400


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Aggregate(Result):
    """Two coarser networks between whose answers the true one lies, for every scenario that respects the classes.

    Attributes
    ----------
    checked : DataFrame, index scenario
        For the owner alone, as it holds the truth: served_low_tpa, served_tpa, served_high_tpa, width_share.
    quantities : DataFrame
        quantity, outer, inner: what became of each.
    split : DataFrame
        id, class, why: members that were taken out of their class. Finer classes tell more.
    classes : Series
        Class of each node and project, by id.
    n_nodes, n_classes : int
    outer, inner : Network
        ``outer`` can serve at least as much as the truth, ``inner`` at most.
    """

    checked: pd.DataFrame
    quantities: pd.DataFrame
    split: pd.DataFrame
    classes: pd.Series
    n_nodes: int
    n_classes: int
    outer: Network
    inner: Network


def aggregate(
    network: Network,
    by: str | Sequence[str] = ("country", "step"),
    *,
    respect: Sequence[Scenario] = (),
    most_width: float | None = None,
) -> Aggregate:
    """Make a chain coarser so that what it can serve stays bracketed.

    Parameters
    ----------
    network : Network
    by : list of str
        Labels of a class, such as country and step. Plants of a class have one stage and one recipe, end uses the same
        goods and tiers; a plant with a store or without a capacity stays by itself.
    respect : list of Scenario
        Measures that the classes must not cut in two. Without any, answers are looked at with each label of the first
        ``by`` out in turn.
    most_width : float, optional
        Take members out of their class until upper less lower bound is at most this share of demand in every answer
        looked at; None = classes as they come. It ends at the latest with the chain itself.

    Returns
    -------
    Aggregate
        The bracket holds for what can be served in a steady state over existing links (``bracket``). It is
        not promised for tiers after the first, for costs, for answers over time, or for a measure that cuts a class
        in two, which ``bracket`` refuses.

    Raises
    ------
    DataError
        If ``by`` is unknown, ``most_width`` is not above 0 and at most 1, or a measure does not fit the network.
    UnknownIdError
        If a measure names an id that is not there.
    SolverError
        If a bound does not hold against the chain itself: such networks are never returned.

    Warns
    -----
    ChainnetWarning
        If the inner network serves nothing where the outer one serves something.

    See Also
    --------
    sharing.at_bounds, sharing.bracket, sharing.redact

    Notes
    -----
    Outer: every plan of the chain, summed over classes, keeps all summed bounds. Inner: every class is split in
    fixed shares v with a plan w for each class edge whose sums are v at both its ends; a plan of the inner network
    times the shares is a plan of the chain (Zipkin 1980).
    Where members of two classes are tied sparsely no such plan may exist; nothing flows there in the inner network,
    and the bracket is wide (``checked`` says how wide).

    Examples
    --------
    >>> import chainnet as cn
    >>> import pandas as pd
    >>> net = cn.Network(
    ...     nodes=pd.DataFrame({
    ...         "id": ["a1", "a2", "b1", "b2", "user"],
    ...         "stage": ["mine", "mine", "refiner", "refiner", "end_use"],
    ...         "country": ["AUS", "AUS", "MYS", "MYS", "USA"],
    ...         "capacity_tpa": [10.0, 30.0, 25.0, 15.0, None],
    ...     }),
    ...     edges=pd.DataFrame({"source": ["a1", "a2", "b1", "b2"], "target": ["b1", "b2", "user", "user"]}),
    ...     demand=pd.DataFrame({"node": ["user"], "demand_tpa": [40.0]}),
    ... )
    >>> coarser = cn.sharing.aggregate(net, ["country", "stage"])
    >>> coarser.n_classes, [round(float(cn.max_flow(side).value_tpa), 6) for side in (coarser.inner, coarser.outer)]
    (3, [25.0, 25.0])
    """
    words = [by] if isinstance(by, str) else list(by)
    if not words:
        raise DataError("by: no label is named. Give one or more, such as country and step.")
    if most_width is not None:
        rule = "is not allowed; give a share of demand above 0, at most 1."
        if checks.number(most_width, "most_width", 0.0, 1.0, rule) == 0.0:
            raise DataError(f"most_width: {most_width!r} {rule}")
    respect = [respect] if isinstance(respect, Scenario) else list(respect)
    for scenario in respect:
        check_scenario(scenario)
    keys = traded_apart(signatures(network, words, respect), stack(network))
    looked_at = list(respect) or [label_out(words[0], label) for label in labels_of(network, words[0])]
    truth = _Truth(network, looked_at)
    split: list[dict[str, Any]] = []
    for turn in range(_MOST_SPLITS):
        classes = classes_of(network, keys, words, respect)
        outer, inner, pinch = _pair(network, classes, truth)
        checked = truth.check(outer, inner)
        if most_width is None or checked["width_share"].max() <= most_width or classes.n == len(classes.of):
            break
        worst = f"the bracket was {percent(checked['width_share'].max(), ' ')} of demand wide"
        finer = with_partners(keys, classes.tables) if turn == 0 else keys
        out = _parted(classes, finer) if turn == 0 else []
        why = "it trades with other classes than the rest of its own"
        if not out:
            out, why = _pinched(classes, pinch), "its share binds"
            finer = apart(keys, out)
        names = [(str(classes.tables.ids[i]), classes.names[classes.of[i]]) for i in out]
        split += [{"id": key, "class": name, "why": f"{worst}; {why}"} for key, name in names]
        keys = finer
    base = checked.loc["base"]
    if base["served_low_tpa"] <= MARGIN * truth.size < base["served_high_tpa"]:
        warn(
            "aggregate: the inner network serves nothing, so the lower bound says nothing: the classes are tied too "
            "sparsely for fixed shares. Give most_width, or finer labels in by.",
            ChainnetWarning,
            stacklevel=2,
        )
    source = provenance(
        network, "HiGHS simplex", status=BOUNDED, by=words, respect=[s.name for s in respect], most_width=most_width
    )
    ids = classes.tables.ids
    return Aggregate(
        provenance=source,
        checked=stamp(checked, source),
        quantities=stamp(pd.DataFrame(_QUANTITIES, columns=["quantity", "outer", "inner"]), source),
        split=stamp(pd.DataFrame(split, columns=["id", "class", "why"]), source),
        classes=pd.Series([classes.names[k] for k in classes.of], index=pd.Index(ids, name="id"), name="class"),
        n_nodes=len(ids),
        n_classes=classes.n,
        outer=outer,
        inner=inner,
    )


def label_out(column: str, label: str) -> Scenario:
    """Return the scenario in which all plants of a label are out."""
    where: dict[str, str | list[str]] = dict(zip(column.split("+"), label.split("+"), strict=True))
    return Scenario(label, [{"kind": "remove", "where": where}])


def labels_of(network: Network, column: str) -> list[str]:
    """Return the labels of plants, end uses aside; of several columns joined by +."""
    nodes = network.view("nodes")
    rows = nodes.loc[nodes["stage"] != "end_use", column.split("+")].dropna().drop_duplicates()
    return sorted("+".join(map(str, row)) for row in rows.to_numpy().tolist())


class _Truth:
    """The answers of the chain itself, and what it makes, ships and serves in each."""

    def __init__(self, network: Network, scenarios: Sequence[Scenario]) -> None:
        self.counting = Counting.of(network)
        self.scenarios = list(scenarios)
        model = ValueModel(self.counting)
        self.names = ["base", *(s.name for s in self.scenarios)]
        self.answers = [(model.lowered, model.base.x)]
        self.values = [model.value]
        for scenario in self.scenarios:
            low, x, value = _solved(model, overlay_of(network, scenario))
            self.answers.append((low, x))
            self.values.append(value)
        demand = network.view("demand").loc[self.counting.rows, "demand_tpa"].sum() if len(network.demand) else 0.0
        self.size = max(float(demand) or self.values[0], LEAST_SIZE)

    def wishes(self, classes: Classes, of: Ints) -> tuple[list[Wish], list[tuple[int, int, float]]]:
        """Return what each answer wants of the classes, and the rows of demand as (node, kind, tonnes)."""
        found = []
        demand: list[tuple[int, int, float]] = []
        for low, x in self.answers:
            asked = low.flows.demand
            told = asked["commodity"].fillna("") + "\x1f" + asked["tier"].fillna("")
            kinds, kind = np.unique(told.to_numpy(dtype=object), return_inverse=True)
            at = asked["position"].to_numpy(dtype=np.int64)
            served = np.zeros((classes.n, max(len(kinds), 1)))
            np.add.at(served, (classes.of[at], kind), np.maximum(x[low.served], 0.0))
            inside, most = of >= 0, int(of.max(initial=-1)) + 1
            shipped = np.bincount(of[inside], np.maximum(x[: len(of)], 0.0)[inside], minlength=most).astype(float)
            made = np.bincount(classes.of, np.maximum(low.throughput(x), 0.0), minlength=classes.n).astype(float)
            found.append(Wish(made, shipped, served))
            if not demand and len(low.tables.wanted):
                demand = list(zip(at.tolist(), kind.tolist(), low.tables.wanted.tolist(), strict=True))
        return found, demand

    def check(self, outer: Network, inner: Network) -> pd.DataFrame:
        """Hold the bounds against the truth, and say how wide they are."""
        rows = []
        models = [ValueModel(Counting.of(net)) for net in (inner, outer)]
        for name, scenario, truth in zip(self.names, [None, *self.scenarios], self.values, strict=True):
            if scenario is None:
                low, high = (model.value for model in models)
            else:
                low, high = (_solved(model, overlay_of(model.counting.network, scenario))[2] for model in models)
            slack = MARGIN * max(self.size, abs(truth))
            if not low - slack <= truth <= high + slack:
                raise SolverError(
                    f"aggregate: under {name} the chain serves {exact(truth, 9)} t/yr, but the bounds are "
                    f"{exact(low, 9)} and {exact(high, 9)}. Report the network that caused this."
                )
            rows.append((name, low, truth, high, max(high - low, 0.0) / self.size))
        columns = ["scenario", "served_low_tpa", "served_tpa", "served_high_tpa", "width_share"]
        return pd.DataFrame(rows, columns=columns).set_index("scenario")


def _solved(model: ValueModel, overlay: Overlay) -> tuple[Any, Array, float]:
    """Return the program, answer and value under an overlay: warm where its restrictions are none."""
    if overlay.restrictions or model.lowered.overlay.restrictions:
        other = ValueModel(model.counting, overlay)
        return other.lowered, other.base.x, other.value
    found = model.solve_under(overlay)
    return model.lowered, found.x, -found.value + 0.0


def _pair(network: Network, classes: Classes, truth: _Truth) -> tuple[Network, Network, Array]:
    """Return the outer and the inner network of classes, and where the shares pinch."""
    t = classes.tables
    of, *ends = class_edges(classes, lags_of(network))
    caps, edge_caps = unlimited(t.node_capacity), unlimited(t.edge_capacity)
    n_edges = len(ends[0])
    single = classes.sizes[classes.of] == 1
    rebuilt = np.zeros(n_edges, dtype=bool)
    rebuilt[of[(of >= 0) & ~(single[t.tail] & single[t.head])]] = True
    demand = network.view("demand")[["node", "commodity", "tier", "demand_tpa"]]
    at = [int(classes.of[t.position[i]]) for i in demand["node"]]
    kinds = list(zip(at, demand["commodity"].fillna(""), demand["tier"].fillna(""), strict=True))
    totals: dict[tuple[int, str, str], float] = {}
    for kind, tonnes in zip(kinds, demand["demand_tpa"], strict=True):
        totals[kind] = totals.get(kind, 0.0) + float(tonnes)
    ties = (ends[0], ends[1], ends[2])
    outer = coarse(
        network, classes, of, ties, "outer", np.bincount(classes.of, caps, minlength=classes.n).astype(float),
        edge_bounds(classes, of, rebuilt), totals,
    )  # fmt: skip
    wishes, rows = truth.wishes(classes, of)
    shares = fit_shares(classes, of, wishes, rows, caps, edge_caps)
    plan, broken = fit_plans(classes, of, shares.of_node, edge_caps)
    inside = of >= 0
    within = bounded(edge_caps[inside], plan[inside], of[inside], n_edges)
    within[broken] = 0.0
    parts: dict[tuple[int, str, str], float] = {}
    for kind, node, tonnes in zip(kinds, demand["node"], demand["demand_tpa"], strict=True):
        share = shares.of_node[t.position[node]]
        if share > 0:
            parts[kind] = min(parts.get(kind, np.inf), float(tonnes) / share)
    inner = coarse(
        network, classes, of, ties, "inner", bounded(caps, shares.of_node, classes.of, classes.n), within, parts
    )
    return outer, inner, shares.pinch


def _parted(classes: Classes, keys: Sequence[tuple[Any, ...]]) -> list[int]:
    """Return members that finer keys part from the first of their class."""
    return [i for i, k in enumerate(classes.of) if keys[i] != keys[classes.first[k]]]


def _pinched(classes: Classes, pinch: Array) -> list[int]:
    """Return members to take out of their class: those that bind the most, one of each class at most."""
    shared = classes.sizes[classes.of] > 1
    score = np.where(shared, pinch + LEAST_SIZE, -1.0)
    best: dict[int, int] = {}
    for i in np.argsort(-score, kind="stable"):
        if shared[i] and score[i] >= 0.5 * score.max():
            best.setdefault(int(classes.of[i]), int(i))
    return list(best.values())[:3]
