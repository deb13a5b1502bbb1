"""Stage after stage, each locked at what it got before the next is asked; and a second solve in finer sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from chainnet._types import Array
from chainnet.engine import LOCK, PRINTED, ROUNDING, Certificate, LinearSolution, WarmModel
from chainnet.errors import DataError, SolverError
from chainnet.lowering import Lowered
from chainnet.words import digits

# tonnes of one stage that a tonne of another, given way by its lock, may stand for
SEVERAL = 10.0
# the widest that locks which collide by rounding are set, over the usual: 1e-8 of what the stage got
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
        If there is no optimum: nothing demands what cannot be, so only locks can collide.
    """
    found = model.solve(basis, or_wide=True)
    if found.status == "optimal":
        return found
    if found.status == "unbounded" and unbounded is not None:
        raise DataError(unbounded())
    raise SolverError(f"{problem}: the program is {found.status}. Report the network that caused this.")


def settled(served: Array, wanted: Array, open_: Array) -> Array:
    """Return what is served, clear of the solver's rounding.

    Parameters
    ----------
    served, wanted : ndarray
        Of the same unit; ``wanted`` gives the size.
    open_ : ndarray
        What locks and proofs leave open of each: short of less is nobody's shortfall, served less is nothing.

    Returns
    -------
    ndarray
        All that is wanted, or nothing, where it is that but for ``open_``; the nearest number of six digits, where it
        is that but for rounding (29.9999999998 of 40 is 30). Nothing else moves.
    """
    served = np.where(wanted - served <= open_, wanted, np.where(served <= open_, 0.0, served))
    # by what is served, for what is wanted may be far beyond all that can flow
    grid = PRINTED * 10.0 ** np.ceil(np.log10(np.where(served > 0, served, 1.0)))
    near = np.round(served / grid) * grid
    # as a decimal, so that 30 is 30 and not 30.000000000000004
    near = np.array([digits(number, 12) for number in near.ravel()], dtype=float).reshape(near.shape)
    return np.where((served < wanted) & (np.abs(near - served) <= ROUNDING * served), np.minimum(near, wanted), served)


def floor_of(value: float, scale: float, looser: float = 1.0) -> float:
    """Return a hair less than what a stage got; ``scale`` is the natural size of its lock, t/a."""
    return value - max(looser * LOCK * value, 100 * LOCK * scale)


def proof_of(problem: str, model: WarmModel, found: LinearSolution) -> Certificate:
    """Return what the duals of an answer prove of it."""
    return model.certify(problem, found)


class Stages:
    """A program that serves one stage after another as much as can be.

    Parameters
    ----------
    low : Lowered
        With a lock for each stage.
    problem : str
        Name for messages.
    unbounded : callable, optional
        As for ``optimal``.
    """

    def __init__(self, low: Lowered, problem: str, unbounded: Callable[[], str] | None = None) -> None:
        self.low, self.model = low, WarmModel(low.program)
        self.basis: Any = None
        self._problem, self._unbounded = problem, unbounded
        self._locked: dict[int, float] = {}
        self.looser = 1.0  # how wide locks are, over the usual

    def solve(self, cost: Array) -> LinearSolution:
        """Return the least of a cost, the locks being kept; starts from the basis of the last stage.

        Where the locks of earlier stages collide by rounding they are loosened until they do not.
        """
        self.model.set_cost(cost)
        while True:
            try:
                return optimal(self.model, self.basis, self._problem, self._unbounded)
            except SolverError:
                if not self.loosen():
                    raise

    def loosen(self) -> bool:
        """Set the locks ten times as wide, for they collide by rounding; False where they are as wide as may be."""
        if not self._locked or self.looser >= MOST_LOOSER:
            return False
        self.looser *= 10.0
        for number, value in self._locked.items():
            self.lock(number, value)
        return True

    def serve(self, members: Any) -> LinearSolution:
        """Return the most that some demand rows can be served, and go on from there."""
        found = self.solve(self.low.serving(members))
        self.basis = found.basis
        return found

    def in_order(self, stages: Iterable[Any], first: int = 0) -> Iterator[LinearSolution]:
        """Serve each stage, and lock it before the next; ``first`` is the number of its lock."""
        for number, members in enumerate(stages, first):
            found = self.serve(members)
            yield found
            self.lock(number, -found.value)

    def lock(self, number: int, value: float) -> float:
        """Hold a stage a hair below what it got, so that no later stage fails by rounding; return the hair, t/a."""
        self._locked[number] = value
        row = int(self.low.locks[number])
        floor = floor_of(value, self.low.program.row_scale[row], self.looser)
        self.model.set_row(row, floor, np.inf)
        return value - floor

    def ends(self, members: Any) -> Iterator[LinearSolution]:
        """Yield the least and the most that some demand rows are served, the locks being kept."""
        serving = self.low.serving(members)
        yield self.solve(-serving)
        yield self.solve(serving)

    def proof(self, what: str, found: LinearSolution) -> Certificate:
        """Return what the duals prove of the answer to the program in place."""
        return proof_of(f"{self._problem}, {what}", self.model, found)


def in_finer_sizes(
    lowering: Callable[..., Lowered], take: Callable[[Lowered], Array], is_proved: Callable[[], bool]
) -> None:
    """Solve, and where the answer has other sizes than were estimated, solve again in those.

    Parameters
    ----------
    lowering : callable
        Takes ``sizes``, or nothing, and lowers.
    take : callable
        Solves a program, keeps the answer and returns its columns.
    is_proved : callable
        Says whether the answer taken last holds.

    Notes
    -----
    The second answer is kept, unless the first alone is proved.
    """
    low = lowering()
    finer = low.finer_sizes(take(low))
    if finer is None:
        return
    held = is_proved()
    try:
        take(lowering(sizes=finer))
    except SolverError:
        if not held:
            raise
        take(low)
        return
    if held and not is_proved():
        take(low)
