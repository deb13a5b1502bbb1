"""The value of a network with any set of projects built, as far as the beneficiaries can use them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np

from chainnet._types import Array, Bools, Ints
from chainnet.engine import FINEST, ROUNDING, LinearSolution
from chainnet.flow import Counting, OrderedValue, SharedValue, value_model
from chainnet.lowering import Degree, Overlay
from chainnet.projects._access import Access

RECENT = 64


class _Owners:
    """Which project lifts which bound of the program: upper bounds of columns, then those of rows.

    A lift has an owner if nothing is left of it without that project. Where none owns it, it counts for all.
    """

    def __init__(self, game: Game) -> None:
        n = len(game.network.projects)
        self.n, whole = n, np.ones(n, dtype=bool)
        most, least = game.bounds(whole), game.bounds(~whole)
        lifted = np.flatnonzero(most > least)
        owner = np.full(len(most), -1, dtype=np.int64)
        self.needs: list[tuple[Ints, Array]] = []
        for i in range(n):
            others = whole.copy()
            others[i] = False
            without = game.bounds(others)[lifted]
            owner[lifted[(without <= least[lifted]) & (owner[lifted] < 0)]] = i
            moved = without < most[lifted]
            self.needs.append((lifted[moved], without[moved]))
        self.owned, self.shared = lifted[owner[lifted] >= 0], lifted[owner[lifted] < 0]
        self.owner, self.most, self.least = owner[self.owned], most, least

    def cut(self, found: LinearSolution, bounds: Array) -> tuple[float, Array]:
        """Return rest and worth of the projects: by the prices of an answer, no set surpasses their sum."""
        price = np.maximum(-np.concatenate([found.col_dual, found.row_dual]), 0.0)
        own, shared = self.owned, self.shared
        lift = _times(price[own], self.most[own] - self.least[own])
        here = _times(price[own], bounds[own] - self.least[own]).sum()
        above = _times(price[shared], np.where(bounds[shared] < self.most[shared], self.most[shared], 0.0)).sum()
        return float(above - here), np.bincount(self.owner, lift, minlength=self.n).astype(float)

    def used(self, levels: Array, members: Bools) -> Bools:
        """Return the members without which an answer would not be allowed."""
        if len(self.shared):
            return members
        return np.array([bool((levels[at] > least).any()) for at, least in self.needs], dtype=bool) & members


def _times(price: Array, amount: Array) -> Array:
    """Return what an amount is worth; nothing where it has no limit and the price is dust."""
    out = np.zeros(len(price))
    counts = np.where(np.isfinite(amount), price > 0, price > FINEST)
    out[counts] = price[counts] * amount[counts]
    return out


class _Bracket:
    """Bounds on the value of a set, from the answers of other sets.

    From below: a set is worth at least what another one is whose answer uses none but its members. From above: the
    prices of any answer stay feasible when bounds move, so value <= rest + sum of ``worth`` of the members.
    """

    def __init__(self, n: int) -> None:
        self.used, self.values = np.zeros((64, n), dtype=bool), np.zeros(64)
        self.rest, self.worth = np.zeros(64), np.zeros((64, n))
        self.known = 0

    def add(self, used: Bools, value: float, rest: float, worth: Array) -> None:
        if self.known == len(self.values):
            for name in ("used", "values", "rest", "worth"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))
        k = self.known
        self.used[k], self.values[k], self.rest[k], self.worth[k] = used, value, rest, worth
        self.known += 1

    def between(self, members: Bools) -> tuple[float, float]:
        k = self.known
        held = ~(self.used[:k] & ~members).any(axis=1)
        low = float(self.values[:k][held].max(initial=0.0))
        high = float((self.rest[:k] + self.worth[:k][:, members].sum(axis=1)).min(initial=np.inf))
        return low, high

    @property
    def largest(self) -> float:
        return float(self.values[: self.known].max(initial=0.0))


class Game:
    """The value of a network with any set of projects built, solved only where other sets do not tell it.

    Projects that the scenario itself builds stand in every set.

    Parameters
    ----------
    counting : Counting
    overlay : Overlay
        What the scenario does.
    access : Access
        How much of each project the beneficiaries can use.
    degree
        As for ``ValueModel``.

    Notes
    -----
    Each answer bounds the value of all other sets: from below by what it uses, from above by its prices. Where the
    two meet (1e-9 of the largest value) nothing is solved. Where others come before the beneficiaries neither holds,
    for a project may serve the others first: then every set is solved.
    """

    def __init__(
        self,
        counting: Counting,
        overlay: Overlay,
        access: Access,
        degree: Degree = "existing",
    ) -> None:
        self.network, self._overlay, self.access = counting.network, overlay, access
        self._in_time = access.overlay(overlay)
        self._position = {name: i for i, name in enumerate(self.network.projects["id"])}
        self.model = value_model(counting, access.template(overlay), degree)
        self.is_ordered = isinstance(self.model, OrderedValue)
        self.model.certificate()
        self._forget()

    def _forget(self) -> None:
        self._known: dict[frozenset[str], float] = {}
        self._bracket = _Bracket(len(self._position))
        self._recent: deque[tuple[Bools, Any]] = deque(maxlen=RECENT)

    def first(self, tier: str) -> Game:
        """Return the game of what one tier could get if it came first; the program is the same."""
        owners = self._owners  # the columns are the same ones
        game = copy(self)
        game.__dict__["_owners"] = owners
        game.model = self.model.first(tier)
        game._forget()
        return game

    @cached_property
    def _owners(self) -> _Owners:
        return _Owners(self)

    def bounds(self, members: Bools) -> Array:
        """Return upper bounds of columns and then of rows with these projects built."""
        size = np.maximum(self._overlay.built, np.where(members, self.access.sizes(), 0.0))
        return np.concatenate(self.model.lowered.bounds(self._in_time.with_built(size)))

    def _within(self, bounds: Array, basis: Any = None) -> LinearSolution:
        """Solve with these upper bounds of columns and then of rows."""
        n = len(self.model.lowered.program.col_upper)
        return self.model.solve_within(bounds[:n], bounds[n:], basis)

    def value(self, built: Iterable[str] = ()) -> float:
        """Return the largest tonnage served with these projects built, t/yr."""
        key = frozenset(built)
        if key not in self._known:
            self._known[key] = self._value(key)
        return self._known[key]

    def _value(self, key: frozenset[str]) -> float:
        members = self._members(key)
        if isinstance(self.model, OrderedValue):
            found = self._within(self.bounds(members), self._nearest(members))
            self._recent.append((members, found.basis))
            return float(self.model.settled(np.array(-found.value)))
        low, high = self._bracket.between(members)
        if high - low <= ROUNDING * self._bracket.largest:
            return low
        bounds = self.bounds(members)
        found = self._within(bounds, self._nearest(members))
        self._recent.append((members, found.basis))
        value = max(-found.value, low) + 0.0
        rest, worth = self._owners.cut(found, bounds)
        levels = np.concatenate([found.x, self.model.lowered.program.matrix @ found.x])
        self._bracket.add(self._owners.used(levels, members), value, value + rest, worth)
        return value

    def _nearest(self, members: Bools) -> Any:
        """Return the basis of the set solved last that differs least: few steps lead from there."""
        return min(self._recent, key=lambda one: int((one[0] != members).sum()))[1] if self._recent else None

    def _members(self, built: Iterable[str]) -> Bools:
        out = np.zeros(len(self._position), dtype=bool)
        out[[self._position[name] for name in built]] = True
        return out

    def ends(self, built: Iterable[str]) -> tuple[float, float]:
        """Return the least and the most of the value that can be the beneficiaries', with nobody first, t/yr."""
        bounds, n = self.bounds(self._members(built)), len(self.model.lowered.program.col_upper)
        if not isinstance(self.model, SharedValue):
            return self.value(built), self.value(built)
        return self.model.ends_within(bounds[:n], bounds[n:])

    def tried(self) -> dict[frozenset[str], float]:
        """Return every set whose value is known so far."""
        return dict(self._known)

    def solution(self, built: Iterable[str], share: float = 1.0, late: Array | float = 0.0) -> LinearSolution:
        """Solve with these projects built, at ``share`` of what they would have, some of them ``late`` years late."""
        return self.model.solve_under(self._at(built, share, late))

    def _at(self, built: Iterable[str], share: float, late: Array | float) -> Overlay:
        members = self._members(built)
        size = np.maximum(self._overlay.built, np.where(members, share * self.access.sizes(late), 0.0))
        # what the scenario builds keeps its size, and its bars with it
        part = np.where(members & (self._overlay.built == 0), share, 1.0)
        overlay = self.access.overlay(self._overlay, late, part)
        return overlay.with_built(size)

    def rise(self, name: str, share: float) -> tuple[float, float]:
        """Return by how much the value rises with a part of one project, and the slope there, per share."""
        bounds, none = (np.concatenate(self.model.lowered.bounds(self._at([name], part, 0.0))) for part in (share, 0.0))
        found = self._within(bounds)
        price = np.maximum(-np.concatenate([found.col_dual, found.row_dual]), 0.0)
        moved = np.isfinite(bounds)  # what has no limit does not bind
        slope = float(price[moved] @ (bounds[moved] - none[moved])) / share
        return -found.value - self.value(), slope

    def late(self, built: Iterable[str], name: str, years: float) -> float:
        """Return the value with these projects built, one of them some years late, t/yr."""
        names = frozenset(built)
        in_time, never = self.value(names), 0.0 if self.is_ordered else self.value(names - {name})
        if not self.is_ordered and in_time - never <= ROUNDING * self._bracket.largest:
            return in_time
        late = np.zeros(len(self._position))
        late[self._position[name]] = years
        return max(-self.solution(names, late=late).value, never) + 0.0
