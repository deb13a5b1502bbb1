"""Small programs and flow problems for the answers on record, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from flow_problems import problem, random_problem
from scipy.sparse import csc_array, csr_array

from chainnet.engine import (
    BestDefence,
    BestSet,
    CompactModel,
    Conditions,
    Copy,
    FixedSets,
    LinearProgram,
    LinearSolution,
    Rows,
    UnboundedFlow,
    WarmModel,
    choice,
    entropy,
    linear,
    maxflow,
    maxflow_jit,
    maxflow_network,
    maxflow_scale,
    removal,
    solve,
)
from chainnet.errors import ChainnetError

INF = np.inf


def _array(values: Any) -> Any:
    return np.array(values, dtype=float)


def lp(
    rows: Any,
    low: Any,
    high: Any,
    upper: Any,
    cost: Any,
    lower: Any = None,
    row_scale: Any = None,
    col_scale: Any = None,
) -> LinearProgram:
    """A linear program from lists."""
    matrix = _array(rows).reshape(len(low), len(cost))
    return LinearProgram(
        csc_array(matrix),
        _array(low),
        _array(high),
        np.zeros(len(cost)) if lower is None else _array(lower),
        _array(upper),
        _array(cost),
        np.ones(len(low)) if row_scale is None else _array(row_scale),
        np.ones(len(cost)) if col_scale is None else _array(col_scale),
    )


def two(**given: Any) -> LinearProgram:
    """Most of 3 x + 2 y, x + y up to 4, x + 3 y up to 7, x up to 3: (3, 1), and one dual."""
    asked = {"upper": [3.0, INF], "cost": [-3.0, -2.0], "row_scale": [2.0, 5.0], "col_scale": [10.0, 0.5], **given}
    return lp([[1.0, 1.0], [1.0, 3.0]], [-INF, -INF], [4.0, 7.0], **asked)


def fan(**given: Any) -> LinearProgram:
    """Three ways of 4, 3 and 2 t to one user, who is served what comes; the middle way makes only half of it."""
    asked = {
        "upper": [4.0, 3.0, 2.0, 100.0],
        "cost": [1.0, 2.0, 4.0, -10.0],
        "row_scale": [0.5, 2.0],
        "col_scale": [2.0, 1.0, 4.0, 3.0],
        **given,
    }
    return lp([[1.0, 0.5, 1.0, -1.0], [1.0, 1.0, 0.0, 0.0]], [0.0, -INF], [INF, 6.0], **asked)


def ladder(n: int) -> LinearProgram:
    """``n`` ways of rising size and cost to one user of 1000 t."""
    ways = np.arange(1.0, n + 1.0)
    return lp([[*np.ones(n), -1.0]], [0.0], [INF], [*ways, 1000.0], [*(0.01 * ways), -1.0])


def idle(n: int) -> LinearProgram:
    """``n`` ways of the same size, of which a user of half of it needs every other one."""
    return lp([[*np.ones(n), -1.0]], [0.0], [INF], [*np.ones(n), n / 2.0], [*np.zeros(n), -1.0])


def needed(n: int, others: int) -> LinearProgram:
    """``n`` ways with a user of 1 t each, and others that share one user of half of what they can carry."""
    ways, users = n + others, n + 1
    rows = np.zeros((users, ways + users))
    rows[np.minimum(np.arange(ways), n), np.arange(ways)] = 1.0
    rows[np.arange(users), ways + np.arange(users)] = -1.0
    worth = [*np.zeros(ways), *-np.ones(users)]
    return lp(rows, np.zeros(users), np.full(users, INF), [*np.ones(ways), *np.ones(n), others / 2.0], worth)


def said(found: LinearSolution) -> dict[str, Any]:
    """What a solution says, its basis aside."""
    return {part: getattr(found, part) for part in ("status", "value", "x", "row_dual", "col_dual")}


def plain_program(p: LinearProgram) -> dict[str, Any]:
    """A program as lists."""
    return {
        "matrix": p.matrix.toarray(),
        "rows": [p.row_lower, p.row_upper, p.row_scale],
        "columns": [p.col_lower, p.col_upper, p.cost, p.col_scale],
    }


def warm(program: LinearProgram, *steps: tuple[str, tuple[Any, ...]], **asked: Any) -> list[Any]:
    """Answers of one warm model, first as it is, then after each step, from the basis before."""
    model = WarmModel(program)
    found = [model.solve(**asked)]
    for name, given in steps:
        getattr(model, name)(*(np.array(g, dtype=float) if isinstance(g, list) else g for g in given))
        found.append(model.solve(found[-1].basis, **asked))
    cold = WarmModel(model.current()).solve()
    return [*map(said, found), plain_program(model.current()), said(cold)]


def tried(
    program: LinearProgram, before: Any, ways: Sequence[tuple[dict[str, Any], bool]], is_neat: bool = True
) -> Any:
    """What is made of several ways to solve, from the basis of other rows; then what the model says of its rows."""
    model = WarmModel(program)
    model.set_rows(program.row_lower, _array(before))
    basis = model.solve().basis
    model.set_rows(program.row_lower, program.row_upper)
    found = model._best(basis, [({**linear.PLAIN, **way}, goes_on) for way, goes_on in ways], is_neat)
    return [said(found), model.row_ranges()]


def loose(most: float) -> dict[str, Any]:
    """A way that is content with a breach."""
    return {"primal_feasibility_tolerance": most, "dual_feasibility_tolerance": 1e-9, "simplex_scale_strategy": 0}


def chained(upper: float) -> LinearProgram:
    """x up to 1 gives y, of which a row takes up to ``upper``; y is worth something."""
    return lp([[1.0, -1.0], [0.0, 1.0]], [0.0, -INF], [INF, upper], [1.0, INF], [0.0, -1.0])


def verdict(program: LinearProgram, **way: Any) -> str:
    """The solver's word, run one way."""
    return WarmModel(program)._run(None, {**linear.PLAIN, **way})


def compact(program: LinearProgram, *steps: tuple[str, tuple[Any, ...]]) -> list[Any]:
    """Answers of one compact model, first as it is, then after each step, from the one before; with proofs."""
    model = CompactModel(program)
    found = model.solve()
    out = [said(found), model.certify("first") if found.status == "optimal" else None]
    for name, given in steps:
        kinds = (int, float) if name == "hold_at" else (float, float, float)
        getattr(model, name)(*(np.array(g, dtype=kind) for g, kind in zip(given, kinds, strict=False)))
        found = model.solve(found if found.basis is not None else None)
        out += [said(found), model.certify(name) if found.status == "optimal" else None]
    return [*out, model._open, model._rows]


# -- choices ----------------------------------------------------------------------------------------


def rows_of(rows: Rows, width: int) -> dict[str, Any]:
    """Rows as lists."""
    return {"matrix": rows.matrix(width).toarray(), "low": list(rows.low), "high": list(rows.high)}


def built(*calls: tuple[str, tuple[Any, ...]]) -> Rows:
    """Rows made by calls."""
    rows = Rows()
    for name, given in calls:
        getattr(rows, name)(*given)
    return rows


def copies(**given: Any) -> list[Copy]:
    """Two scenarios, the first in two years; options: a way, more of a row, a stock, the other way."""
    half = fan(upper=[4.0, 3.0, 2.0, 5.0])
    return [
        Copy(fan(), np.array([3]), 0, 0.5, 9.0, [(1, 3.0, 0)], [(1, 4.0, 2.0, 1)], [(2, 2.0, 2)]),
        Copy(half, np.array([3]), 0, 0.5, 5.0, [(0, 1.0, 3), (1, 3.0, 0)], [], [(2, 1.0, 2)]),
        Copy(fan(upper=[2.0, 3.0, 2.0, 8.0]), np.array([3]), 1, 1.0, 8.0, [(1, 3.0, 0)], [(1, 3.0, 1.0, 1)], []),
    ]


def best_set(objective: str, alpha: float = 0.5, weight: Any = (0.75, 0.25), time_limit_s: float = 60.0) -> BestSet:
    """The best of four options, the third a stock."""
    stock = np.array([False, False, True, False])
    return BestSet(copies(), _array(weight), _array([3.0, 2.0, 4.0, 1.0]), stock, objective, alpha, time_limit_s)


def written(best: BestSet) -> dict[str, Any]:
    """The program behind a best set."""
    parts = ("first", "value_at", "risk_at", "width", "col_lower", "col_upper", "goal", "offset", "size", "wanted")
    return {"rows": rows_of(best.rows, best.width), **{part: getattr(best, part) for part in parts}}


def fixed_values(*sets: Any) -> list[Any]:
    """The value of each scenario under given sets."""
    model = FixedSets(copies(), 2)
    return [model.values(np.array(taken, dtype=bool)) for taken in sets]


def defended(budget: float, attacks: Any, opens: Any = ((),), cost: Any = (1.0, 2.0, 3.0), program: Any = None) -> Any:
    """The best defence of the fan; attacks: (columns, option that keeps them open)."""
    model = BestDefence(
        program or fan(), np.array([3]), _array(cost), budget, [np.array(o, dtype=int) for o in opens], 60.0
    )
    for attack in attacks:
        model.add_attack([(np.array(columns), option) for columns, option in attack])
    return model.solve()


# -- pure flows -------------------------------------------------------------------------------------

ROUTES = [(0, 1, 10), (0, 2, 70), (2, 1, 30), (1, 4, 100), (2, 3, 40), (3, 4, 50)]


def routes(**given: Any) -> Any:
    """Six ways among five nodes."""
    return problem(5, ROUTES, **{"supply": {0: INF}, "demand": {4: INF}, **given})


def grid(side: int, seed: int = 0) -> Any:
    """A square grid of whole capacities, from the first column to the last; every third node limited."""
    rng = np.random.default_rng(seed)
    at = np.arange(side * side).reshape(side, side)
    arcs = [(int(a), int(b)) for a, b in zip(at[:, :-1].ravel(), at[:, 1:].ravel(), strict=True)]
    arcs += [(int(a), int(b)) for a, b in zip(at[:-1].ravel(), at[1:].ravel(), strict=True)]
    arcs += [(b, a) for a, b in arcs[:: side // 2]]
    return problem(
        side * side,
        [(a, b, float(rng.integers(1, 20))) for a, b in arcs],
        supply={int(v): 25.0 for v in at[:, 0]},
        demand={int(v): 25.0 for v in at[:, -1]},
        node_capacity={int(v): float(rng.integers(5, 30)) for v in at.ravel()[::3]},
    )


def flow_of(p: Any) -> dict[str, Any]:
    """A solution, and the work that it took."""
    found = solve(p)
    parts = ("value", "arc_flow", "supply_flow", "demand_flow", "throughput", "source_cut", "sink_cut", "is_unique")
    base = found.base
    return {part: getattr(found, part) for part in (*parts, "max_error")} | {
        "scale": base.scale,
        "whole": [base.edge_flow, base.throughput, base.value],
        "work": work_of(found),
    }


def work_of(found: Any) -> Any:
    """The clock of the kernels after all was sent, labelled and reached."""
    split, rows = found.base.split, found.base.rows
    capacity, _ = maxflow_scale.to_integers(split.capacity, float(found.value) + 1.0)
    make = maxflow_jit.kernels(len(rows.head))
    g = maxflow_network.residual(make, rows, np.where(rows.is_forward, capacity[rows.edge], 0))
    w = maxflow_network.workspace(make, split.n_places, len(rows.head))
    w.excess[split.source] = maxflow.PLENTY
    w.starts[0] = split.source
    value = make.send_all(g, w, 1, 0, split.sink)
    sent = list(w.clock)
    make.label_back(g, w, split.sink, 0)
    labels = [list(w.clock), list(w.level), list(w.count)]
    n = make.reach(g, w, split.source)
    return {"value": value, "sent": sent, "labels": labels, "reached": [n, list(w.clock)]}


def flows(seeds: Sequence[int]) -> list[Any]:
    """Solutions of random problems, those without a limit left out."""
    found = []
    for seed in seeds:
        with suppress(UnboundedFlow):
            found.append(flow_of(random_problem(seed, 9, 20)))
    return found


def losses(p: Any, groups: Any = (), top: int | None = None) -> dict[str, Any]:
    """What is lost without each node, arc and group, and the work that it takes, one by one."""
    found = solve(p)
    out: dict[str, Any] = {
        "nodes": removal.node_losses(p, found, top=top),
        "arcs": removal.arc_losses(p, found, top=top),
        "groups": removal.group_losses(p, found, [np.array(group, dtype=int) for group in groups]),
    }
    flow = found.base
    parts = removal._Parts.of(flow)
    out["parts"] = [parts.component, parts.root, list(parts.g.guide_end), list(parts.edge), list(parts.g.head)]
    steps = []
    for v in np.flatnonzero(flow.throughput).tolist():
        inner, outer = int(flow.split.inner[v]), int(flow.split.outer[v])
        if parts.component[inner] == parts.component[outer]:
            through = flow.throughput[[v]]
            root = parts.root[[inner]]
            none = np.zeros(0, dtype=np.int64)
            lost = parts.sweep("sweep_nodes", (np.array([inner]), np.array([outer])), root, through, none)
            steps.append([v, lost, list(parts.w.clock)])
    out["steps"] = steps
    return out


def searched(p: Any, budget: int) -> Any:
    """The losses of nodes and arcs where the search of one removal may look at so many half-edges."""
    with set_to(removal, "_LEAST_EFFORT", budget), set_to(removal, "_budget", lambda n: budget):
        found = solve(p)
        return [removal.node_losses(p, found), removal.arc_losses(p, found)]


# -- nearest flows ----------------------------------------------------------------------------------


@contextmanager
def set_to(module: Any, name: str, value: Any) -> Any:
    """A constant of a module, for a while."""
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def conditions(rows: Any, value: Any, upper: Any = None, scale: Any = None, size: Any = None) -> Conditions:
    """Conditions from lists."""
    matrix = csr_array(_array(rows).reshape(len(value), -1))
    n = matrix.shape[1]
    return Conditions(
        matrix,
        _array(value),
        np.full(n, INF) if upper is None else _array(upper),
        np.ones(len(value)) if scale is None else _array(scale),
        np.full(n, 1.0) if size is None else _array(size),
    )


def table(rows: Any = (6.0, 3.0), columns: Any = (4.0, 4.0, 1.0), **given: Any) -> Conditions:
    """Two rows and three columns of a table with their sums; the last sum follows from the others."""
    lines = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1]]
    return conditions(lines, [*rows, *columns], **given)


PRIOR = np.array([1.0, 2.0, 0.5, 3.0, 1.5, 0.25])
WEIGHT = np.array([1.0, 0.5, 2.0, 1.0, 1.0, 4.0])


def newton(rounds: int, c: Conditions, prior: Any = PRIOR, weight: Any = WEIGHT) -> Any:
    """Where Newton's method stands after so many rounds."""
    matrix, value = c.scaled
    with set_to(entropy, "_ROUNDS", rounds):
        return entropy._newton(matrix, value, np.array(prior), np.array(weight), c.upper)


def from_inside(steps: int, c: Conditions, start: Any, prior: Any = PRIOR, weight: Any = WEIGHT) -> Any:
    """Where the way from an inner point ends, or how far it still moves after so many steps."""
    matrix, value = c.scaled
    with set_to(entropy, "_STEPS", steps):
        return entropy._from_inside(
            matrix, value, np.array(prior), np.array(weight), c.upper, np.array(start, dtype=float), c.size
        )


def asked(call: Callable[[], Any]) -> Any:
    """An answer, or its message."""
    try:
        return call()
    except ChainnetError as err:
        return f"{type(err).__name__}: {err}"


def proofs(*made: Any) -> list[Any]:
    """Gaps and breaches in thousandths of a millionth, which are left out of other answers."""
    return [[c.problem, c.value, c.bound, 1e9 * c.gap, 1e9 * c.violation, c.tolerance, c.ok] for c in made]


def risk(short: Any, weight: Any, objective: str, alpha: float = 0.9) -> float:
    """The risk of what stays short."""
    return choice.risk_of(_array(short), _array(weight), objective, alpha)
