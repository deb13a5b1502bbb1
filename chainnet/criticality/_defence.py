"""The other side of the game: what to protect or build so that the worst attack hurts least."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Ints, Words
from chainnet.criticality._attack import Interdiction, interdict
from chainnet.engine import LEAST_SIZE, PROOF_SEARCH, ROUNDING, BestDefence, Certificate, require
from chainnet.errors import DataError, UnknownIdError
from chainnet.flow import Counting, binding_inputs
from chainnet.lowering import Lowered, Overlay, lower
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import BOUNDED, CHECKED, Result, provenance, stamp
from chainnet.words import exact

ROUNDS = 60


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Fortification(Result):
    """The best defence against the worst attack.

    Attributes
    ----------
    chosen : DataFrame, index option
        kind (protect or build), cost_musd, of the options taken.
    spent_musd : float
    left_tpa, before_left_tpa : float
        What the worst attack leaves, with and without the defence, t/yr.
    bound_tpa : float
        No defence within the budget leaves more than this after its worst attack.
    is_optimal : bool
        Whether left_tpa meets the bound.
    attack, before_attack : tuple
        The worst attack with and without the defence.
    rounds : DataFrame
        Each step of the search: the bound, what its defence leaves, the attack found.
    certificate : Certificate
    """

    chosen: pd.DataFrame
    rounds: pd.DataFrame
    spent_musd: float
    left_tpa: float
    before_left_tpa: float
    bound_tpa: float
    is_optimal: bool
    attack: tuple[Any, ...]
    before_attack: tuple[Any, ...]
    certificate: Certificate


def fortify(
    network: Network,
    k_attack: int,
    budget_musd: float,
    options: Mapping[str, float | None] | Iterable[str] | None = None,
    *,
    tier: str | None = None,
    commodity: Words = None,
    beneficiaries: Words = None,
    time_limit_s: float = 60.0,
    progress: Tell | None = None,
) -> Fortification:
    """Choose what to protect or build so that the worst k removals hurt least.

    Parameters
    ----------
    network : Network
    k_attack : int
        Nodes that the attacker removes; a project that was built can be attacked too.
    budget_musd : float
        What the defence may cost, USD million.
    options : mapping of id to cost, or iterable of project ids, optional
        A node's id means to protect it, a project's to build it; the cost in USD million, None =
        the project's capex. Default: to build every project whose capex is known.
    tier, commodity, beneficiaries
        As in ``chokepoints``.
    time_limit_s : float
        For each of the programs solved.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Fortification

    Raises
    ------
    DataError
        If the budget or a cost is negative or missing.
    UnknownIdError
        If an option is neither a node nor a project.

    See Also
    --------
    interdict, portfolio

    Notes
    -----
    Attacks are added one by one to a mixed-integer program that plans against all of them
    (column-and-constraint generation, Zeng and Zhao 2013); it ends when the best plan's worst attack
    is one it planned against. Exact; each round solves one attack.

    References
    ----------
    Zeng, B., Zhao, L. (2013). Solving two-stage robust optimization problems using a
    column-and-constraint generation method. Oper. Res. Lett. 41(5), 457-461.

    Examples
    --------
    >>> import chainnet as cn
    >>> plan = cn.fortify(cn.read("mag-9"), 1, 100, {"H_CN": 60.0, "H_US": None, "G_US": None})
    >>> list(plan.chosen.index), round(plan.left_tpa, 6)
    (['H_CN'], 12.0)
    """
    checks.number(budget_musd, "budget_musd", rule="is not allowed; give USD million, 0 or more.")
    table = _options(network, options)
    counting = Counting.of(network, commodity, beneficiaries, tier)
    steps = Steps("defences", progress)  # how many rounds it takes nobody knows
    steps.now("the worst attack on none")
    before = _attack(counting, table[:0], k_attack, time_limit_s)
    low = _lowered(network, table)
    planner = BestDefence(
        low.program,
        low.served[counting.rows],
        table["cost_musd"].to_numpy(),
        float(budget_musd),
        _build_columns(low, table),
        time_limit_s,
    )
    best: Interdiction | None = None
    chosen = np.zeros(len(table), dtype=bool)
    trail = []
    attacks: set[tuple[Any, ...]] = set()
    bound = np.inf
    attack = before.removed
    for number in range(ROUNDS):
        attacks.add(attack)
        planner.add_attack(_attacked(low, table, attack))
        plan, promised = planner.solve()
        bound = min(bound, promised)
        found = _attack(counting, table[plan], k_attack, time_limit_s)
        trail.append(
            (number + 1, bound, found.left_tpa, ", ".join(map(str, found.removed)), ", ".join(table.index[plan]))
        )
        if best is None or found.left_tpa > best.left_tpa + ROUNDING:
            best, chosen = found, plan
        steps.now(f"round {number + 1}: the best leaves {exact(best.left_tpa)} t/yr, none more than {exact(bound)}")
        if bound - best.left_tpa <= PROOF_SEARCH * max(before.base_tpa, LEAST_SIZE) or found.removed in attacks:
            break
        attack = found.removed
    if best is None or best.left_tpa <= before.left_tpa + ROUNDING * max(before.base_tpa, LEAST_SIZE):
        best, chosen = before, np.zeros(len(table), dtype=bool)  # nothing helps, so nothing is spent
    is_optimal = bound - best.left_tpa <= PROOF_SEARCH * max(before.base_tpa, LEAST_SIZE) and best.is_optimal
    gap = max(bound - best.left_tpa, 0.0) / max(before.base_tpa, LEAST_SIZE) if is_optimal else 0.0
    steps.end()
    proof = require(Certificate("fortify", best.left_tpa, bound, gap, 0.0, PROOF_SEARCH))
    taken = table[chosen]
    source = provenance(
        network,
        "HiGHS branch and cut",
        status=CHECKED if is_optimal else BOUNDED,
        rests_on=lambda: binding_inputs(counting, [Overlay.none(network)]),
        k_attack=k_attack,
        budget_musd=budget_musd,
        options=sorted(table.index),
        tier=tier,
        **counting.settings,
    )
    rounds = pd.DataFrame(trail, columns=["round", "bound_tpa", "left_tpa", "attack", "plan"])
    return Fortification(
        provenance=source,
        chosen=stamp(taken, source),
        rounds=stamp(rounds, source),
        spent_musd=float(taken["cost_musd"].sum()),
        left_tpa=best.left_tpa,
        before_left_tpa=before.left_tpa,
        bound_tpa=float(max(bound, best.left_tpa)),
        is_optimal=bool(is_optimal),
        attack=best.removed,
        before_attack=before.removed,
        certificate=proof,
    )


def _options(network: Network, options: Mapping[str, float | None] | Iterable[str] | None) -> pd.DataFrame:
    """Return what may be done: index option; kind, cost_musd."""
    if options is None:
        options = network.projects.dropna(subset=["capex_musd"])["id"]
    asked = dict(options) if isinstance(options, Mapping) else dict.fromkeys(map(str, options))
    nodes = set(network.nodes.loc[(network.nodes["stage"] != "end_use").to_numpy(), "id"])
    capex = network.projects.set_index("id")["capex_musd"]
    rows = []
    for name in sorted(asked):
        cost = asked[name]
        if name in capex.index:
            kind, price = "build", float(capex[name]) if cost is None else cost
        elif name in nodes:
            kind, price = "protect", np.nan if cost is None else cost
        else:
            said = checks.unknown(name, sorted([*nodes, *capex.index]), "node or project")
            raise UnknownIdError(f"options: {said}")
        if not np.isfinite(price) or price < 0:
            raise DataError(
                f'options: the cost of "{name}" is {price!r}; give USD million, 0 or more, or a project with capex.'
            )
        rows.append((name, kind, float(price)))
    return pd.DataFrame(rows, columns=["option", "kind", "cost_musd"]).set_index("option")


def _lowered(network: Network, table: pd.DataFrame) -> Lowered:
    """Lower the network with every project on offer built, so that all columns are open."""
    offered = network.projects["id"].isin(table.index[table["kind"] == "build"]).to_numpy()
    return lower(network, Overlay.none(network).with_built(np.where(offered, 1.0, 0.0)))


def _build_columns(low: Lowered, table: pd.DataFrame) -> list[Ints]:
    """Return the columns that each option opens: those of its project, none for a protection."""
    at = low.tables.position
    none = np.empty(0, dtype=np.int64)
    return [
        low.closing(np.array([at[name]])) if kind == "build" else none
        for name, kind in zip(table.index, table["kind"], strict=True)
    ]


def _attacked(low: Lowered, table: pd.DataFrame, attack: tuple[Any, ...]) -> list[tuple[Ints, int]]:
    """Return (columns closed, option that would keep them open or -1) of each attacked node."""
    at = low.tables.position
    option = {
        name: i for i, (name, kind) in enumerate(zip(table.index, table["kind"], strict=True)) if kind == "protect"
    }
    return [(low.closing(np.array([at[name]])), option.get(name, -1)) for name in attack]


def _attack(counting: Counting, plan: pd.DataFrame, k: int, time_limit_s: float) -> Interdiction:
    built = counting.network.with_projects(plan.index[plan["kind"] == "build"])
    protected = list(plan.index[plan["kind"] == "protect"])
    return interdict(built, k, protect=protected, tier=counting.tier, time_limit_s=time_limit_s, **counting.said)
