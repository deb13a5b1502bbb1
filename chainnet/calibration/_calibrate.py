"""From totals and existing links to edges with baseline flows: observed stays observed, inferred says so."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.calibration._check import CalibrationCertificate, certify
from chainnet.calibration._program import Figure, Program, build
from chainnet.calibration._relations import Pairs, expand_relations
from chainnet.calibration._tables import ABOUT, EXACT, Settings, Sources, take_sources
from chainnet.calibration._write import missed_words, result_tables, twelve_digits
from chainnet.engine import Conditions, Rows, nearest, repair
from chainnet.errors import ChainnetWarning, DataError, Fault
from chainnet.network import Network
from chainnet.results import Result, provenance, stamp
from chainnet.words import exact

METHODS = ("ras", "entropy")
_PULL = 1e4  # how much harder a figure marked about is to move than a relation
_SNAP = 2e-3  # a figure this near to its value after the pull is tried exactly
_BREACH = 1e-9
_WASTE = 1e-12  # first guess of the part of a by-product that nobody takes
_DREGS = 1e-5  # a part that small is an artefact of the guess


@dataclass(frozen=True, repr=False, eq=False)
class Calibration(Result):
    """A calibrated chain.

    Attributes
    ----------
    edges : DataFrame
        The ``edges`` table: flow_tpa balances through every recipe; quality says reported, estimated
        or inferred.
    nodes, demand, totals : DataFrame
        The tables of the network, with the capacities and amounts that were left open filled in.
    gaps : DataFrame
        One row per published total, and per other figure marked about that is missed by more than five per cent:
        table, key, step, commodity, country, year, unit, value (as given), found and difference (both in that unit),
        difference_share, fit.
    amounts : DataFrame
        One row per figure given or computed: table, key, commodity, given_tpa, found_tpa, difference_tpa, how
        (exact, about, compare, computed, discarded).
    certificate : CalibrationCertificate
        Largest error of balances, margins, observed relations and bounds.
    network : Network
        The chain, ready for every question.
    """

    edges: pd.DataFrame
    nodes: pd.DataFrame
    demand: pd.DataFrame
    totals: pd.DataFrame
    gaps: pd.DataFrame
    amounts: pd.DataFrame
    certificate: CalibrationCertificate
    network: Network


def calibrate(
    totals: pd.DataFrame | None = None,
    relations: pd.DataFrame | None = None,
    *,
    nodes: pd.DataFrame,
    processes: pd.DataFrame | None = None,
    demand: pd.DataFrame | None = None,
    method: str = "ras",
    slack: float = 1.5,
    utilisation: float = 0.8,
    settings: Mapping[str, Any] | None = None,
    year: int | None = None,
    name: str = "network",
    label: str = "",
    main_commodity: str | Sequence[str] | None = None,
    beneficiaries: str | Sequence[str] | None = None,
    files: Mapping[str, str] | None = None,
    folder: Any = None,
    **tables: pd.DataFrame | None,
) -> Calibration:
    """Make baseline flows from totals and existing links.

    Every figure is exact (met), about (met as nearly as the others allow) or compare (only shown);
    what no figure says is computed. Amounts come first: what every node makes and takes, so that
    all recipes balance, by-products and scrap loops with them. Then each commodity is shared out
    over the pairs that may trade: of all tables with these margins, the nearest to the seed in
    relative entropy, with observed flows kept and capacities respected.

    Parameters
    ----------
    totals : DataFrame, optional
        step, commodity, country, year, value, unit (t/yr or share), low, high, fit. A total of a step
        counts what leaves it, of outputs and coproducts; a blank country is the world. Totals of
        other years, of unknown steps, and shares are only compared.
    relations : DataFrame, optional
        source, target (id, ``*`` or ``column=value&column=value``), commodity, flow_tpa (observed, of
        all pairs of the row together), fit, weight (seed), allowed, capacity_tpa, capacity (slack,
        source, no limit), slack, cost_usd_per_t, lag_months, reference, quality, note. Pairs that
        no row covers may not trade. None = every maker may ship to every taker.
    nodes : DataFrame
        As the ``nodes`` table, with output_tpa (main output or throughput; blank = computed) and fit.
    processes, demand : DataFrame, optional
        As the tables; a blank ``demand_tpa`` is computed (a stock build that takes the surplus), and
        demand may have ``fit``.
    method : {"ras", "entropy"}
        ras: nearest to the weights of the relations; entropy: the weights are left out.
    slack : float
        Capacity of an inferred relation over its flow.
    utilisation : float
        Output over capacity where no capacity is known.
    settings : mapping, optional
        Further settings as in ``settings.toml``: reference, cost_within, cost_between, lag_within,
        lag_between; also slack and utilisation, which then stand before the arguments.
    year : int, optional
        Year of the flows.
    name, label, main_commodity, beneficiaries
        As of ``Network``.
    files : mapping, optional
        File name of each table, for the messages.
    folder : Path, optional
        As of ``Network``.
    **tables : DataFrame
        Other tables of the network: commodities, projects, stocks, references, ...

    Returns
    -------
    Calibration
        edges, nodes, demand, totals, gaps, amounts, certificate, network.

    Raises
    ------
    DataError
        If a table breaks a rule, or figures marked exact cannot hold together: each is named with
        the nearest value that would fit.

    Warns
    -----
    ChainnetWarning
        If figures marked about are missed by more than five per cent; what was reported of them is then called
        inferred.

    See Also
    --------
    from_trade, read, ensemble

    Notes
    -----
    Fit: ``about`` lies between ``low`` and ``high`` and is missed as little as the others allow. Blank is exact; a
    tonnage of a relation is one figure for all its pairs together.

    Ends of a relation: an id, several split by ``;``, ``*``, or patterns on the columns of ``nodes``:
    ``stage=mine&country=CHN``, ``|`` between values, ``!=`` for not. ``country=`` also takes groups, and regions of
    nodes without a country; ``table=projects`` reaches projects, whose relations carry nothing yet.

    Which row counts: a row that names source and target by id counts before a pattern, a row with fewer pairs before
    one with more; weights multiply. ``allowed`` = no closes all pairs of its row that no row names by id. A tonnage
    between patterns counts the sum over its pairs and opens none of them, unless ``allowed`` is yes.

    Capacity of a relation: flow x slack; or ``capacity_tpa``; or ``capacity`` = source (all that the source can
    make) or ``unlimited`` (no limit).

    Certificate: every balance, margin, observed flow and bound is counted again from the tables that are returned.
    An answer with an error above 1e-9 of the largest flow of its commodity is not returned.

    The dual of the entropy program has one number per balance and figure; Newton's method takes some
    twenty sparse factorisations. Without bounds and with margins fixed the flows of one commodity
    are those of alternate scaling (RAS).
    Deming and Stephan (1940), doi:10.1214/aoms/1177731829; Golan, Judge and Robinson (1994),
    doi:10.2307/2109978 on entropy balancing of incomplete accounts.

    Examples
    --------
    >>> import pandas as pd
    >>> from chainnet.calibration import calibrate
    >>> nodes = pd.DataFrame({
    ...     "id": ["pit_a", "pit_b", "users", "stock"], "stage": ["mine", "mine", "end_use", "end_use"],
    ...     "output_tpa": [60.0, 40.0, None, None],
    ... })
    >>> demand = pd.DataFrame({"node": ["users", "stock"], "tier": ["civilian", None], "demand_tpa": [90.0, None]})
    >>> relations = pd.DataFrame({"source": ["stage=mine"], "target": ["stage=end_use"]})
    >>> found = calibrate(relations=relations, nodes=nodes, demand=demand)
    >>> found.edges["flow_tpa"].round(6).tolist()
    [6.0, 54.0, 4.0, 36.0]
    >>> found.certificate.ok
    True
    """
    checks.known(method, METHODS, "calibrate", "method")
    chosen = Settings.of(
        {"slack": slack, "utilisation": utilisation, **(settings or {})}, (files or {}).get("settings", "settings")
    )
    given = {"nodes": nodes, "processes": processes, "demand": demand, "totals": totals, "relations": relations}
    sources = take_sources({**given, **tables}, chosen, files, year)
    pairs = expand_relations(sources)
    program = build(sources, pairs, year)
    x = twelve_digits(_solve(program, sources, pairs, method))
    made = result_tables(sources, pairs, program, x)
    certificate = certify(made, sources, pairs, program)
    if missed := missed_words(made["missed"]):
        warnings.warn(missed, ChainnetWarning, stacklevel=2)
    made_anew = ("nodes", "demand", "totals", "edges")
    rest: dict[str, Any] = {key: frame for key, frame in tables.items() if key not in made_anew}
    network = Network(
        made["nodes"], made["edges"], demand=made["demand"], totals=made["totals"], processes=processes,
        name=name, label=label, main_commodity=main_commodity, beneficiaries=beneficiaries, year=year,
        folder=folder, files=files, **rest,
    )  # fmt: skip
    source = provenance(network, "newton+highs", method=method, slack=chosen.slack, utilisation=chosen.utilisation)
    return Calibration(
        source,
        network.edges,
        network.nodes,
        network.demand,
        network.totals,
        stamp(made["gaps"], source),
        stamp(made["amounts"], source),
        certificate,
        network,
    )


def _solve(program: Program, sources: Sources, pairs: Pairs, method: str) -> Array:
    """Amounts first, then the flows between them."""
    weight = pairs.table["weight"].fillna(1.0).to_numpy(dtype=np.float64)
    if method == "entropy":
        weight = np.ones(len(weight))
    hard = [f for f in program.figures if f.fit == EXACT]
    soft = [f for f in program.figures if f.fit == ABOUT]
    _without_pairs(program, sources, hard + soft)
    _must_fit(program, sources, hard)
    x = _amounts(program, sources, hard, soft, weight)
    if _no_waste(program, hard, x):
        x = _amounts(program, sources, hard, soft, weight)
    near = [f for f in soft if abs(_sum(f, x) - f.value) <= _SNAP * max(f.value, 1e-12 * f.size)]
    if near and len(near) < len(soft) + 1:
        firm = [*hard, *near]
        conditions = program.conditions(firm, [f.value for f in firm])
        if not _breaches(program, conditions, firm)[1]:
            x = _amounts(program, sources, firm, [f for f in soft if f not in near], weight)
    return _flows(program, hard + soft, x, weight)


def _no_waste(program: Program, hard: list[Figure], x: Array) -> bool:
    """Close the by-product losses that next to nothing goes to, if all balances can do without them."""
    tiny = [
        at
        for at, (kind, node, good) in enumerate(program.amounts, start=program.n_pairs)
        if kind == "discard" and x[at] <= _DREGS * program.made(node, good, x)
    ]
    before = list(program.upper)
    for at in tiny:
        program.upper[at] = 0.0
    if tiny and not _breaches(program, program.conditions(hard, [f.value for f in hard]), hard)[1]:
        return True
    program.upper[:] = before
    return False


def _sum(figure: Figure, x: Array) -> float:
    return float(x[list(figure.at)].sum())


def _without_pairs(program: Program, sources: Sources, figures: list[Figure]) -> None:
    """A figure above zero that counts nothing cannot be met."""
    faults = []
    for f in figures:
        if not f.at and f.value > 0:
            rule = "nothing in the tables can make this: no node of this step and country ships this commodity"
            if f.table == "nodes":
                rule = "the node ships nothing: no relation begins at it"
            faults.append(_fault(sources, f, rule, "Add a node (a remainder of the country), or a relation."))
    if faults:
        raise DataError(faults=faults)


def _fault(sources: Sources, figure: Figure, rule: str, remedy: str) -> Fault:
    file = sources.files.get(figure.table, figure.table)
    what = f"{figure.key} {figure.commodity}".strip()
    return Fault(file, figure.row + 2, figure.column, f"{what}: {exact(figure.value, 9)}", rule, remedy)


def _breaches(program: Program, conditions: Any, figures: list[Figure]) -> tuple[Array, list[tuple[Figure, float]]]:
    """Return a point that breaks figures as little as can be, and which it breaks by how much."""
    start = len(program.rows)
    soft = np.zeros(len(conditions.value), dtype=bool)
    soft[start:] = True
    # by size of the figure itself, so that a small one is not given up for a large one
    weight = np.zeros(len(conditions.value))
    weight[start:] = [f.size / max(f.value, 1e-6 * f.size) for f in figures]
    x, lack = repair(conditions, soft, weight)
    broken = [
        (f, lack[start + i])
        for i, f in enumerate(figures)
        if abs(lack[start + i]) > _BREACH * max(f.value, 1e-3 * f.size)
    ]
    return x, broken


def _must_fit(program: Program, sources: Sources, hard: list[Figure]) -> None:
    """Raise, naming figures and values that would fit, if the exact figures cannot hold together."""
    conditions = program.conditions(hard, [f.value for f in hard])
    _, broken = _breaches(program, conditions, hard)
    if not broken:
        return
    faults = []
    for figure, lack in broken:
        near = figure.value - lack
        rule = f"the figures marked exact do not match; all others held, the nearest that fits is {exact(near, 9)}"
        remedy = (
            "Correct a figure, mark one about, leave one blank (it is computed), "
            "or give the difference a place: a remainder node or a stock build with blank demand_tpa."
        )
        faults.append(_fault(sources, figure, rule, remedy))
    raise DataError("calibration: the totals do not match", faults)


def _amounts(program: Program, sources: Sources, hard: list[Figure], soft: list[Figure], weight: Array) -> Array:
    """Return what every node makes and takes, nearest to the figures marked about and to a first guess."""
    sizes = program.sizes()
    prior, pull = _guess(program, sources, sizes)
    supply, use = program.ends(prior)
    scale = sizes[: program.n_pairs]
    prior[: program.n_pairs] = np.maximum(weight * supply * use / scale, 1e-12 * scale)
    conditions = program.conditions(hard, [f.value for f in hard])
    conditions, more_prior, more_pull = _with_soft(conditions, soft)
    found = nearest(conditions, np.concatenate([prior, more_prior]), np.concatenate([pull, more_pull]))
    return found[: len(prior)]


def _with_soft(conditions: Conditions, soft: list[Figure]) -> tuple[Conditions, Array, Array]:
    """Add a variable for each figure marked about, which is pulled to its value within low and high."""
    count, columns = len(soft), conditions.matrix.shape[1]
    bounded = [i for i, f in enumerate(soft) if f.low == f.low and f.low > 0 and f.table in ("totals", "relations")]
    value = np.array([f.value for f in soft])
    size = np.array([f.size for f in soft])
    high = [f.high if f.high == f.high and f.table in ("totals", "relations") else np.inf for f in soft]
    low = np.array([soft[i].low for i in bounded])
    rows = Rows()
    rows.block(conditions.matrix, 0, conditions.value, conditions.value, conditions.scale)
    for i, f in enumerate(soft):
        rows.add([*f.at, columns + i], [*[1.0] * len(f.at), -1.0], 0.0, 0.0, f.size)
    for j, i in enumerate(bounded):
        rows.add([columns + i, columns + count + j], [1.0, -1.0], low[j], low[j], size[i])
    whole = Conditions.of(
        rows,
        np.concatenate([conditions.upper, high, np.full(len(bounded), np.inf)]),
        np.concatenate([conditions.size, size, size[bounded]]),
    )
    prior = np.concatenate([np.maximum(value, 1e-9 * size), np.maximum(value[bounded] - low, 1e-3 * size[bounded])])
    pull = np.concatenate([_PULL / np.maximum(value, 1e-6 * size), 1e-3 / size[bounded]])
    return whole, prior, pull


def _guess(program: Program, sources: Sources, sizes: Array) -> tuple[Array, Array]:
    """Return a first guess of every variable, and how much each resists."""
    capacity = sources.nodes.set_index("id")["capacity_tpa"].to_dict()
    prior, pull = sizes.copy(), 1.0 / sizes
    alike: dict[tuple[str, str], int] = {}
    for kind, _, good in program.amounts:
        alike[kind, good] = alike.get((kind, good), 0) + 1
    given = {min(f.at): f.value for f in program.figures if f.table in ("nodes", "demand") and len(f.at) == 1}
    for at, (kind, node, good) in enumerate(program.amounts, start=program.n_pairs):
        most = capacity.get(node, np.nan)
        if at in given:
            prior[at] = given[at]
        elif kind == "activity" and most == most:
            prior[at] = most * sources.settings.utilisation
        elif kind != "discard":
            prior[at] = sizes[at] / (alike[kind, good] + 1)
        # an amount that nobody gave should follow the flows
        pull[at] *= 1.0 if kind == "discard" else 1e-2
    for at, (kind, node, good) in enumerate(program.amounts, start=program.n_pairs):
        if kind == "discard":  # use before waste, and all makers waste alike
            prior[at] = _WASTE * program.made(node, good, prior)
    return np.maximum(prior, 1e-12 * sizes), pull


def _flows(program: Program, figures: list[Figure], x: Array, weight: Array) -> Array:
    """Share each commodity out over its pairs, nearest to the seed, with all amounts held."""
    n = program.n_pairs
    supply, use = program.sums(x)
    scale = program.sizes()[:n]
    seen = [f for f in figures if f.table in ("relations", "totals") and len(f.at)]
    conditions = program.margins(x, seen)
    total = np.maximum(program.totals(x), 1e-300)
    prior = np.maximum(weight * supply * use / total, 1e-12 * scale)
    out = x.copy()
    out[:n] = nearest(conditions, prior, 1.0 / np.maximum(total, 1e-9 * scale))
    return out
