"""Proofs of answers, made by code that shares nothing with the solvers.

Only bounds, balances and inner products are looked at: an answer that was found in whatever
way is right if it passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chainnet.engine.tolerances import PROOF, PROOF_FLOW, ROUNDING
from chainnet.errors import SolverError


@dataclass(frozen=True)
class Certificate:
    """What was checked, and how far it is off.

    Attributes
    ----------
    problem : str
        What was solved.
    value, bound : float
        The answer and the value that proves it (cut, dual or best bound).
    gap : float
        |value - bound| over the larger of the two and the tolerance base.
    violation : float
        Largest breach of a bound or balance, relative to the size of its commodity's flow.
    tolerance : float
        Both must stay below it.
    second_value : float or None
        The same value by a second solver, where that was asked for.
    is_audited : bool
        Whether the flows were also checked against the tables and the measures, apart from the program.
    """

    problem: str
    value: float
    bound: float
    gap: float
    violation: float
    tolerance: float
    second_value: float | None = None
    is_audited: bool = field(default=False, repr=False)

    @property
    def ok(self) -> bool:
        """Whether everything lies within the tolerance."""
        parts = [self.gap, self.violation]
        if self.second_value is not None:
            size = max(1.0, abs(self.value), abs(self.second_value))
            parts.append(abs(self.value - self.second_value) / size / 10)
        return bool(all(np.isfinite(p) and p <= self.tolerance for p in parts))

    @classmethod
    def worst(
        cls,
        proofs: Iterable[Certificate],
        problem: str | None = None,
        *,
        value: float | None = None,
        bound: float | None = None,
    ) -> Certificate:
        """Return one certificate for all: the last, with the widest gap, breach and tolerance of any.

        Parameters
        ----------
        proofs : iterable of Certificate
        problem : str, optional
            What they prove together. None = what the last does.
        value, bound : float, optional
            What they stand for together; ``bound`` is as ``value`` where that alone is given. None = of the last.

        Raises
        ------
        SolverError
            If there is none.
        """
        held = list(proofs)
        if not held:
            raise SolverError(f"{problem or 'certificate'}: nothing was solved")
        last = held[-1]
        if bound is None:
            bound = last.bound if value is None else value
        # a gap that is no number must not be lost
        gap, violation, tolerance = (
            float(np.max([getattr(proof, side) for proof in held])) for side in ("gap", "violation", "tolerance")
        )
        return replace(
            last,
            problem=last.problem if problem is None else problem,
            value=last.value if value is None else value,
            bound=bound,
            gap=gap,
            violation=violation,
            tolerance=tolerance,
        )


def require(certificate: Certificate) -> Certificate:
    """Return the certificate if it holds.

    Raises
    ------
    SolverError
        If it does not: such an answer is never returned.
    """
    if not certificate.ok:
        raise SolverError(
            f"{certificate.problem}: the answer failed its own check (value {certificate.value!r}, "
            f"bound {certificate.bound!r}, largest breach {certificate.violation:.3g}, second solver "
            f"{certificate.second_value!r}). Report the network that caused this."
        )
    return certificate


def certify_linear(
    problem: str, program: Any, x: Any, row_dual: Any, sizes: Any, transposed: Any = None
) -> Certificate:
    """Prove an optimum of a linear program by feasibility of both sides and equal values.

    Parameters
    ----------
    problem : str
        Name for messages.
    program : LinearProgram
        In the caller's units.
    x, row_dual : array
        The primal answer and the duals of the rows.
    sizes : array, one per row
        What a breach of the row is measured against.
    transposed : sparse array, optional
        The matrix of the program transposed, where many answers to it are proved.

    Returns
    -------
    Certificate
        ``value`` and ``bound`` are the primal and the dual objective.
    """
    activity = program.matrix @ x
    breach = np.maximum(program.row_lower - activity, activity - program.row_upper)
    row_breach = float(np.max(np.maximum(breach, 0.0) / np.maximum(sizes, 1e-12), initial=0.0))
    if row_breach > PROOF:
        # in a row whose terms are large for its size a sum is no more exact than this: 25 x 36 may miss 900 by a digit
        each = abs(program.matrix)
        exact = np.finfo(float).eps * (1.0 + np.bincount(each.tocoo().row, minlength=len(sizes))) * (each @ np.abs(x))
        row_breach = float(np.max(np.maximum(breach - exact, 0.0) / np.maximum(sizes, 1e-12), initial=0.0))
    col_breach = float(
        np.max(
            np.maximum(np.maximum(program.col_lower - x, x - program.col_upper), 0.0) / program.col_scale, initial=0.0
        )
    )
    reduced = program.cost - (program.matrix.T if transposed is None else transposed) @ row_dual
    natural = float(np.max(np.abs(program.cost) * program.col_scale, initial=0.0))
    bound, lost = _side(row_dual, program.row_lower, program.row_upper, sizes, natural)
    more, more_lost = _side(reduced, program.col_lower, program.col_upper, program.col_scale, natural)
    # no inner product of BLAS: its threads cost more than the sum, and more still on a busy machine
    paid = program.cost * x
    value = float(paid.sum())
    bound += more
    # measured against what the value is made of, so that an optimum of 0 can be proved too
    base = max(abs(value), abs(bound), float(np.abs(paid).sum()), natural, 1e-12)
    gap = (abs(value - bound) + lost + more_lost) / base
    return Certificate(problem, value, bound, gap, max(row_breach, col_breach), PROOF)


def certify_flow(problem: str, network: Any, flow: Any, cut_capacity: float, max_error: float) -> Certificate:
    """Prove a maximum flow by its bounds, its balances and a cut of the same capacity.

    Parameters
    ----------
    problem : str
        Name for messages.
    network : FlowProblem
        Nodes, arcs and their capacities.
    flow : FlowSolution
        Arc flows, supplies, demands and the value claimed.
    cut_capacity : float
        Sum of the capacities of the cut's members, added up by the caller from the tables.
    max_error : float
        What the scaling to integers may have cost.

    Returns
    -------
    Certificate
        ``value`` is the flow, ``bound`` the cut.
    """
    n = network.n_nodes
    out = np.bincount(network.tail, weights=flow.arc_flow, minlength=n)
    into = np.bincount(network.head, weights=flow.arc_flow, minlength=n)
    largest = max(float(np.max(flow.arc_flow, initial=0.0)), float(flow.value), 1e-300)
    through = into + flow.supply_flow
    breaches = [
        np.abs(through - out - flow.demand_flow),
        flow.arc_flow - network.capacity,
        -flow.arc_flow,
        flow.supply_flow - network.supply,
        flow.demand_flow - network.demand,
        through - network.node_capacity,
        np.array([abs(float(flow.supply_flow.sum()) - flow.value), abs(float(flow.demand_flow.sum()) - flow.value)]),
    ]
    violation = max(float(np.max(part, initial=0.0)) for part in breaches) / largest
    gap = max(abs(flow.value - cut_capacity) - max_error, 0.0) / max(abs(flow.value), abs(cut_capacity), 1e-300)
    return Certificate(problem, float(flow.value), cut_capacity, gap, violation, PROOF_FLOW)


def _side(price: Any, lower: Any, upper: Any, sizes: Any, natural: float) -> tuple[float, float]:
    """Value that prices give to bounds; a price on an infinite bound counts as lost at the row's own size.

    A price that is no more than rounding counts at the row's own size too, where its bound is far beyond.
    """
    at = np.where(price > 0, lower, upper)
    dust = (np.abs(price) * sizes <= ROUNDING * natural) & (np.abs(at) > 1000.0 * sizes)
    finite = np.isfinite(at) & ~dust
    held = float(np.sum(np.where(finite & (price != 0), price * np.where(finite, at, 0.0), 0.0)))
    stray = float(np.sum(np.abs(price[~finite]) * sizes[~finite])) if (~finite).any() else 0.0
    return held, stray
