"""``fair_split``: what each member of any game is to bear, and whether the split is stable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools
from chainnet.engine import AGREE, LEAST_SIZE, Rows, least
from chainnet.errors import DataError, SolverError
from chainnet.results import CHECKED, Provenance, Result, package_version, rest_of, stamp

MOST_MEMBERS = 8
SEPARATOR = "+"


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class FairSplit(Result):
    """How a cost, or a gain, may be split, and who would leave.

    Attributes
    ----------
    members : DataFrame, index member
        alone, shapley, nucleolus, core_low, core_high (least and most in the core, NaN where it is empty), proposal,
        transfer (on top of the proposal, the least in all that makes it stable, or nearest to that where the core is
        empty; of several such the one whose largest payment is least; for a cost below 0 = must be compensated, for a
        gain above 0), transfer_low and transfer_high (over all that are as little in all).
    coalitions : DataFrame, index coalition
        value, and excess_shapley, excess_nucleolus, excess_proposal: what a coalition bears more than it would by
        itself (for a gain: gets less); above 0 it had better leave.
    least_core : float
        The smallest excess that no split can avoid in some coalition; the core is empty where it is above 0.
    core_is_empty, shapley_in_core, proposal_in_core : bool
    outside_money : float
        What somebody from outside must pay so that nobody leaves.
    transfer_total : float
        Sum of what is paid between members; NaN without a proposal.
    """

    members: pd.DataFrame
    coalitions: pd.DataFrame
    least_core: float
    core_is_empty: bool
    shapley_in_core: bool
    proposal_in_core: bool | None
    outside_money: float
    transfer_total: float


def fair_split(
    values: Mapping[Any, float] | pd.DataFrame,
    kind: Literal["cost", "gain"] = "cost",
    proposal: Mapping[str, float] | None = None,
) -> FairSplit:
    """Split a cost or a gain among members: Shapley, core, nucleolus, least compensation.

    Parameters
    ----------
    values : mapping or DataFrame
        Coalition -> value for every coalition but the empty one; a coalition is a name, a tuple of names, or names
        joined by +. As a table: columns coalition and value. Up to 8 members.
    kind : {"cost", "gain"}
    proposal : mapping of member to amount, optional
        Adds up to the value of all.

    Returns
    -------
    FairSplit
        In the unit of the values.

    Raises
    ------
    DataError
        If a coalition is missing or stands twice, a value is not finite, there are more than 8 members or fewer than
        two, or the proposal does not fit.

    See Also
    --------
    alliance, shapley

    Notes
    -----
    Nucleolus: the largest excess is made least, sets that bind in every optimum are fixed, and so on until the split
    is unique (Schmeidler 1969; Maschler, Peleg and Shapley 1979).

    Examples
    --------
    >>> import chainnet as cn
    >>> costs = {"A": 9, "B": 8, "C": 5, "A+B": 10, "A+C": 13, "B+C": 12, "A+B+C": 15}
    >>> found = cn.fair_split(costs)
    >>> found.members["nucleolus"].round(6).tolist(), found.shapley_in_core
    ([5.5, 4.5, 5.0], False)
    """
    checks.known(kind, ("cost", "gain"), "kind", "kind")
    names, worth = _game(values)
    sign = 1.0 if kind == "cost" else -1.0
    sets = sorted((s for s in worth if s), key=lambda s: (len(s), sorted(s)))
    rows = np.array([[float(name in s) for name in names] for s in sets])
    cost = sign * np.array([worth[s] for s in sets])
    game = _Game(rows, cost)
    share = _shapley(names, worth) * sign
    lowest, core = game.least_core(), game.core_ranges()
    nucleolus = game.nucleolus()
    is_empty = bool(lowest > game.slack)
    given = _proposal(proposal, names, worth)
    room = max(lowest, 0.0)
    moved = np.full((3, len(names)), np.nan) if given is None else game.transfers(sign * given, room)
    transfer, ends = moved[0], sign * (moved[1:] if sign > 0 else moved[:0:-1])
    splits = {"shapley": share, "nucleolus": nucleolus} | ({} if given is None else {"proposal": sign * given})
    excess = {name: np.where(np.abs(rows @ x - cost) <= game.slack, 0.0, rows @ x - cost) for name, x in splits.items()}
    source = _source(kind, names, sets, worth, proposal)
    low, high = (core if sign > 0 else core[::-1]) if not is_empty else (np.full(len(names), np.nan),) * 2
    members = pd.DataFrame(
        {
            "alone": [worth[frozenset([name])] for name in names],
            # no share is minus nothing
            "shapley": sign * share + 0.0,
            "nucleolus": sign * nucleolus + 0.0,
            "core_low": sign * low + 0.0,
            "core_high": sign * high + 0.0,
            "proposal": np.nan if given is None else given,
            "transfer": sign * transfer + 0.0,
            "transfer_low": ends[0] + 0.0,
            "transfer_high": ends[1] + 0.0,
        },
        index=pd.Index(names, name="member"),
    )
    table = pd.DataFrame(
        {"value": [worth[s] for s in sets], **{f"excess_{name}": part for name, part in excess.items()}},
        index=pd.Index([SEPARATOR.join(sorted(s)) for s in sets], name="coalition"),
    )
    return FairSplit(
        provenance=source,
        members=stamp(members, source),
        coalitions=stamp(table, source),
        least_core=0.0 if abs(lowest) <= game.slack else lowest,
        core_is_empty=is_empty,
        shapley_in_core=bool((excess["shapley"] <= 0).all()),
        proposal_in_core=None if given is None else bool((excess["proposal"] <= 0).all()),
        outside_money=game.outside_money(),
        transfer_total=float(np.maximum(transfer, 0.0).sum()) if given is not None else float("nan"),
    )


def _game(values: Any) -> tuple[list[str], dict[frozenset[str], float]]:
    """Return the members and the value of every coalition."""
    if isinstance(values, pd.DataFrame):
        frame = values.reset_index() if "coalition" in values.index.names else values
        lacking = [column for column in ("coalition", "value") if column not in frame.columns]
        if lacking:
            raise DataError(f"values: column {', '.join(lacking)} is missing. Give coalition and value.")
        pairs: Iterable[tuple[Any, Any]] = zip(frame["coalition"], frame["value"], strict=True)
    elif isinstance(values, Mapping):
        pairs = values.items()
    else:
        raise DataError(f"values: {type(values).__name__} is no game. Give coalition -> value.")
    worth: dict[frozenset[str], float] = {}
    for coalition, value in pairs:
        words = coalition.split(SEPARATOR) if isinstance(coalition, str) else list(coalition)
        members = frozenset(str(word).strip() for word in words)
        told = SEPARATOR.join(sorted(members))
        if members in worth:
            raise DataError(f'values: "{told}" stands twice. Give each coalition once.')
        worth[members] = checks.number(value, f'values: "{told}"', -np.inf, rule="is no finite number.")
    if abs(worth.pop(frozenset(), 0.0)) > 0:
        raise DataError("values: the empty coalition has a value other than 0. Leave it out.")
    names = sorted(set().union(*worth)) if worth else []
    if not 2 <= len(names) <= MOST_MEMBERS or "" in names:
        raise DataError(f"values: {len(names)} members; give 2 to {MOST_MEMBERS}, each with a name.")
    for k in range(1, len(names) + 1):
        for members_of in combinations(names, k):
            if frozenset(members_of) not in worth:
                raise DataError(f'values: "{SEPARATOR.join(members_of)}" is missing. Give every coalition.')
    return names, worth


def _proposal(given: Any, names: list[str], worth: Mapping[frozenset[str], float]) -> Array | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise DataError(f"proposal: give an amount for each of {', '.join(names)} and nobody else.")
    amounts = [checks.number(given[n], f"proposal: {n}", -np.inf, rule="is no finite number.") for n in names]
    whole = worth[frozenset(names)]
    if abs(sum(amounts) - whole) > AGREE * max(1.0, abs(whole)):
        raise DataError(f"proposal: adds up to {sum(amounts):g}, not to {whole:g}, the value of all together.")
    return np.array(amounts)


def _shapley(names: list[str], worth: Mapping[frozenset[str], float]) -> Array:
    """Return the mean of what each member adds, over all orders."""
    n = len(names)
    out = np.zeros(n)
    for i, name in enumerate(names):
        others = [other for other in names if other != name]
        for k in range(n):
            weight = factorial(k) * factorial(n - 1 - k) / factorial(n)
            for chosen in combinations(others, k):
                before = worth[frozenset(chosen)] if chosen else 0.0
                out[i] += weight * (worth[frozenset((*chosen, name))] - before)
    return out


class _Game:
    """A cost game as rows: who is in a coalition, and what it bears by itself; the last is all together."""

    def __init__(self, rows: Array, cost: Array) -> None:
        self.rows, self.cost, self.n = rows, cost, rows.shape[1]
        self.size = max(float(np.abs(cost).max()), LEAST_SIZE)
        self.slack = AGREE * self.size

    def _least(self, cost: Array, rows: Rows) -> Array:
        """Return the answer of least cost; any column may be below 0."""
        return least("fair_split", rows.program(cost, -np.inf, np.inf, self.size))[0].x

    def _sets(self, free: Bools, fixed: Sequence[int], levels: Sequence[float], most: float | None = None) -> Rows:
        """Return x(S) <= c(S) + excess for the free sets, and x(S) = c(S) + level for the fixed ones and for all.

        The excess is ``most``, or a column after those of the members.
        """
        rows, at = Rows(), [*fixed, len(self.cost) - 1]
        sets = rows.block(self.rows[free], 0, -np.inf, self.cost[free] + (most or 0.0), self.size)
        if most is None:
            rows.write(sets, self.n, -1.0)
        held = self.cost[at] + np.append(levels, 0.0)
        rows.block(self.rows[at], 0, held, held, self.size)
        return rows

    @property
    def _proper(self) -> Bools:
        """Which coalitions are not all together."""
        return np.arange(len(self.cost)) < len(self.cost) - 1

    def least_core(self) -> float:
        """Return the smallest largest excess of a coalition other than all."""
        goal = np.append(np.zeros(self.n), 1.0)
        return float(self._least(goal, self._sets(self._proper, (), ()))[-1])

    def core_ranges(self) -> tuple[Array, Array]:
        """Return least and most of each member in the core; meaningless where it is empty."""
        ends = np.full((2, self.n), np.nan)
        if self.least_core() > self.slack:
            return ends[0], ends[1]
        rows = self._sets(self._proper, (), (), max(self.least_core(), 0.0))
        for i in range(self.n):
            for end, sign in enumerate((1.0, -1.0)):
                ends[end, i] = self._least(sign * np.eye(self.n)[i], rows)[i]
        return ends[0], ends[1]

    def outside_money(self) -> float:
        """Return what all together bear more than they can be asked for without a coalition leaving."""
        rows = Rows()
        rows.block(self.rows, 0, -np.inf, self.cost, self.size)
        left = float(self.cost[-1] - self._least(-np.ones(self.n), rows).sum())
        return 0.0 if left <= self.slack else left

    def nucleolus(self) -> Array:
        """Return the split whose excesses, sorted downward, come first in lexicographic order."""
        free = self._proper
        fixed: list[int] = []
        levels: list[float] = []
        goal = np.append(np.zeros(self.n), 1.0)
        while free.any():
            level = float(self._least(goal, self._sets(free, fixed, levels))[-1])
            # e is held at its least; what cannot go below it then binds in every optimum
            held = self._sets(free, fixed, levels, level + 0.01 * self.slack)
            new = []
            for s in np.flatnonzero(free).tolist():
                if self.rows[s] @ self._least(self.rows[s], held) - self.cost[s] >= level - self.slack:
                    new.append(s)
            if not new:
                raise SolverError("fair_split: no set binds in every optimum. Report the values that caused this.")
            fixed += new
            levels += [level] * len(new)
            free[new] = False
            if np.linalg.matrix_rank(self.rows[[*fixed, len(self.cost) - 1]]) == self.n:
                break
        at = [*fixed, len(self.cost) - 1]
        wanted = self.cost[at] + np.append(levels, 0.0)
        return np.asarray(np.linalg.lstsq(self.rows[at], wanted, rcond=None)[0])

    def transfers(self, proposal: Array, room: float) -> Array:
        """Return the least payments between members that put a proposal into the core, or into the least core.

        Three rows over the members: those whose largest payment is least, and the ends of each over all that are as
        little in all.
        """
        n, rows = self.n, Rows()
        charged, paid, largest = np.arange(n), n + np.arange(n), 2 * n
        one, total = np.eye(2 * n + 1), np.repeat([0.0, 1.0, 0.0], [n, n, 1])
        rows.block(self.rows[:-1], 0, -np.inf, self.cost[:-1] + room - self.rows[:-1] @ proposal, self.size)
        rows.each([charged, paid], [1.0, -1.0], -np.inf, 0.0, self.size)
        rows.each([paid], [1.0], 0.0, np.inf, self.size)
        rows.each([paid, largest], [1.0, -1.0], -np.inf, 0.0, self.size)
        rows.add(charged, 1.0, 0.0, 0.0, self.size)
        in_all = float(total @ self._least(total, rows))
        rows.add(paid, 1.0, -np.inf, in_all + 0.01 * self.slack, self.size)
        shown = self._least(one[largest], rows)[:n]
        ends = np.array([[self._least(s * one[i], rows)[i] for i in range(n)] for s in (1.0, -1.0)])
        found = np.vstack([shown, np.where(np.abs(ends - shown) <= self.slack, shown, ends)])
        return np.where(np.abs(found) <= self.slack, 0.0, found)


def _source(kind: str, names: list[str], sets: Any, worth: Any, proposal: Any) -> Provenance:
    told = repr([(sorted(s), worth[s]) for s in sets])
    return Provenance(
        {
            "graph": "values",
            "digest": hashlib.sha256(told.encode()).hexdigest(),
            "version": package_version(),
            "solver": "HiGHS simplex",
            "settings": {"kind": kind, "members": names, "proposal": dict(proposal) if proposal else None},
            "status": CHECKED,
            "rests_on": rest_of(None),
        }
    )
