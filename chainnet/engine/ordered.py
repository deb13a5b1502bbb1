"""One objective after another on one program: each is the best that those before it leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from chainnet._types import Array
from chainnet.engine.certificate import Certificate, require
from chainnet.engine.linear import LinearProgram, LinearSolution, WarmModel, solve_independently
from chainnet.engine.refined import refined
from chainnet.engine.tolerances import LEAST_SIZE, LOCK, NEAT
from chainnet.errors import DataError, SolverError

# the widest that floors which collide by rounding are set, over the usual: 1e-8 of what the stage got
MOST_LOOSER = 100.0


def optimal(model: WarmModel, basis: Any, problem: str, unbounded: Callable[[], str] | None = None) -> LinearSolution:
    """Return the optimum of the program in place; where rounding made it infeasible, of one that is a little wider.

    Parameters
    ----------
    model : WarmModel
    basis : Any
        Where to start from.
    problem : str
        Name for messages.
    unbounded : callable, optional
        What to say where nothing limits the value.

    Raises
    ------
    DataError
        If nothing limits the value.
    SolverError
        If there is no optimum: nothing demands what cannot be, so only floors can collide.
    """
    found = model.solve(basis, or_wide=True)
    if found.status == "optimal":
        return found
    if found.status == "unbounded" and unbounded is not None:
        raise DataError(unbounded())
    raise SolverError(f"{problem}: the program is {found.status}. Report the network that caused this.")


def floor_of(value: float, scale: float, looser: float = 1.0) -> float:
    """Return a hair less than what a stage got; ``scale`` is the natural size of its row."""
    return value - max(looser * LOCK * value, 100 * LOCK * scale)


class Ordered:
    """A program in which one objective after another is sought, those before it being kept.

    Parameters
    ----------
    program : LinearProgram
    problem : str
        Name for messages and proofs.
    goals : sequence of float arrays over the columns
        Costs of stages that may be kept by a floor: a free row each, after those of the program.
    unbounded : callable, optional
        What to say where nothing limits a value.
    proofs : list of Certificate, optional
        Where all proofs go, each of which must hold. None = they are kept aside, for ``worst``.

    Notes
    -----
    There are two ways to keep a stage. ``hold`` leaves only the answers that are as good: nothing gives way, no row
    is needed, and the program becomes smaller. That is the rule. But what is held there has no price of its own
    any more, and what is held is the answer to the bounds in place. So ``floor`` is for where prices of a
    later stage are asked, and for a value that was found within other bounds: it sets a row, a hair below.
    """

    def __init__(
        self,
        program: LinearProgram,
        problem: str,
        goals: Sequence[Array] = (),
        *,
        unbounded: Callable[[], str] | None = None,
        proofs: list[Certificate] | None = None,
    ) -> None:
        self._n_rows = len(program.row_lower)
        self.program = with_goals(program, goals) if goals else program
        self.model = WarmModel(self.program)
        self.proofs: list[Certificate] = [] if proofs is None else proofs
        self._problem, self._unbounded, self._must_hold = problem, unbounded, proofs is not None
        self._floors: dict[int, float] = {}
        self._cost = self._last = program.cost  # of the last stage, and what was asked last
        self._found: LinearSolution | None = None
        self.basis: Any = None  # where the last stage ended
        self.looser = 1.0  # how wide floors are, over the usual

    def within(self, upper: Array | None = None, row_upper: Array | None = None) -> None:
        """Put other upper bounds of columns and rows in place, None = those of the program; nothing is kept."""
        p, free = self.program, np.full(len(self.program.row_lower) - self._n_rows, np.inf)
        rows = p.row_upper if row_upper is None else np.append(row_upper, free)
        self.model.set_bounds((p.col_lower, p.col_upper if upper is None else upper, p.row_lower, rows))
        self._floors, self.looser = {}, 1.0

    def stage(self, cost: Array, what: str = "", basis: Any = None) -> LinearSolution:
        """Return the least of a cost; what is sought next begins where this ends.

        Parameters
        ----------
        cost : float array over the columns
        what : str
            Name of the stage, for its proof.
        basis : Any
            Where to start from, rather than where the last stage ended.

        Raises
        ------
        DataError
            If nothing limits the value.
        SolverError
            If there is no optimum, or the proof does not hold and has to.
        """
        found = self._whole(self._found, cost, what)
        if found is None:
            found = self._solved(cost, what, basis)
            if (whole := self._whole(found, cost, what)) is not None:
                found = whole
                del self.proofs[-2]  # one for each answer
        self._cost, self._found, self.basis = cost, found, found.basis
        return self._own(found)

    def _whole(self, before: LinearSolution | None, cost: Array, what: str) -> LinearSolution | None:
        """Return an answer as the best of a stage that it serves whole; None where something is left to gain.

        It is where every column with a cost, each below 0, lies at its upper bound: these costs alone prove it, no
        row has a price. Whether the answer is allowed within what is in place, that proof shows as well.
        """
        some = np.flatnonzero(cost)
        if before is None or not some.size or (cost[some] > 0).any():  # what costs is asked for its prices too
            return None
        best = self.model.bounds[1][some]
        if not (np.abs(before.x[some] - best) <= LOCK * np.maximum(np.abs(best), LEAST_SIZE)).all():
            return None
        self.model.set_cost(cost)
        self._last = cost
        value = float((cost * before.x).sum())
        found = replace(before, value=value, row_dual=np.zeros(len(before.row_dual)), col_dual=cost)
        proof = self.model.certify(f"{self._problem}, {what}" if what else self._problem, found)
        if max(proof.gap, proof.violation) > NEAT:
            return None
        self.proofs.append(proof)
        return found

    def ask(self, cost: Array, what: str = "", basis: Any = None) -> LinearSolution:
        """Return the least of a cost, as ``stage`` does, but leave the last stage in its place."""
        return self._own(self._solved(cost, what, basis))

    def _solved(self, cost: Array, what: str, basis: Any) -> LinearSolution:
        """Solve and prove; where floors collide by rounding they are loosened until they do not."""
        self.model.set_cost(cost)
        problem = f"{self._problem}, {what}" if what else self._problem
        while True:
            try:
                found = optimal(self.model, self.basis if basis is None else basis, problem, self._unbounded)
                break
            except SolverError:
                if not self.loosen():
                    raise
        self._last = cost
        proof = self.model.certify(problem, found)
        self.proofs.append(require(proof) if self._must_hold else proof)
        return found

    def _own(self, found: LinearSolution) -> LinearSolution:
        """Return an answer without the prices of floors."""
        return replace(found, row_dual=found.row_dual[: self._n_rows])

    def ends(self, cost: Array, what: str = "") -> tuple[LinearSolution, LinearSolution]:
        """Return where a sum over the columns is least, and where it is most; its value there is that of -cost."""
        return self.ask(cost, what), self.ask(-cost, what)

    def hold(self) -> None:
        """Leave only what is as good as the last stage; see ``WarmModel.hold``."""
        assert self._found is not None, "no stage was sought"
        if self._last is not self._cost:  # something was asked since
            self.model.set_cost(self._cost)
        self.model.hold(self._found)

    def in_order(self, costs: Iterable[Array], what: str = "", basis: Any = None) -> Iterator[LinearSolution]:
        """Yield the answer of each stage, and hold it before the next; ``basis`` is where the first begins."""
        for cost in costs:
            yield self.stage(cost, what, basis)
            self.hold()
            basis = None

    def exactly(self, costs: Iterable[Array]) -> LinearSolution:
        """Return the answer of one stage after another, each refined and held; floors of their goals are lifted."""
        lower, upper, row_lower, row_upper = self.model.bounds
        costs, row_lower = list(costs), row_lower.copy()
        row_lower[[self._n_rows + number for number in range(len(costs) - 1)]] = -np.inf
        self.model.set_bounds((lower, upper, row_lower, row_upper))
        found = None
        for cost in costs:
            self.model.set_cost(cost)
            self._last = self._cost = cost
            found = refined(self.model, optimal(self.model, self.basis, self._problem, self._unbounded))
            self.proofs.append(self.model.certify(f"{self._problem}, refined", found))
            self.model.hold(found)
        assert found is not None, "no stage was sought"
        return self._own(found)

    def floor(self, number: int, value: float) -> float:
        """Keep a goal a hair from its value, so that no later stage fails by rounding; return the hair."""
        self._floors[number] = value
        row = self._n_rows + number
        least = floor_of(-value, float(self.program.row_scale[row]), self.looser)
        self.model.set_row(row, least, np.inf)
        return -value - least

    def loosen(self) -> bool:
        """Set floors ten times as wide, for they collide by rounding; False where they are as wide as may be."""
        if not self._floors or self.looser >= MOST_LOOSER:
            return False
        self.looser *= 10.0
        for number, value in self._floors.items():
            self.floor(number, value)
        return True

    def value(self, cost: Array, basis: Any) -> float:
        """Return the least of a cost alone, the cheapest answer there is; NaN if there is no optimum."""
        self.model.set_cost(cost)
        self._last = cost
        return self.model.value(basis)

    def second(self, cost: Array) -> float:
        """Return the least of a cost by a second solver, what is kept being kept."""
        self.model.set_cost(cost)
        self._last = cost
        return solve_independently(self.model.current())

    @property
    def worst(self) -> Certificate:
        """The last proof, with the widest gap and the largest breach of all."""
        return Certificate.worst(self.proofs, self._problem)


def with_goals(program: LinearProgram, goals: Sequence[Array]) -> LinearProgram:
    """Add a free row for each goal: what it is served, its size the mean one of its columns."""
    lines = -np.array(goals)
    row, column = np.nonzero(lines)
    sizes = np.log(np.abs(lines[row, column]) * program.col_scale[column])
    mean = np.bincount(row, sizes, minlength=len(lines)) / np.maximum(np.bincount(row, minlength=len(lines)), 1)
    free = np.full(len(lines), np.inf)
    # geometric: beside a large column a small one would be lost to the solver
    return program.with_rows(csc_array(lines), -free, free, np.exp(mean))
