"""Who pays and who gains: users, makers, treasuries and stocks, place by place; and whether the sums come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from chainnet._types import Array, Ints, Texts
from chainnet.prices._clear import IN_USE, Cleared
from chainnet.prices._measures import Instrument, places_of
from chainnet.prices._program import Program

GROUPS = ["consumers_usd_per_a", "producers_usd_per_a", "treasury_usd_per_a", "stock_usd_per_a"]


@dataclass(frozen=True, eq=False)
class Money:
    """Money by column, USD/a: what users gain, what makers and sellers keep, what each instrument brings and to whom.

    ``bought``: what measures pay for what they buy, less what they get for what they sell.

    ``off``: what the groups together have more or less than all that is worth something costs, over what was paid.
    """

    users: Array
    makers: Array
    levied: list[Array]
    bought: Array
    off: float


def money_of(program: Program, cleared: Cleared, quotas: dict[int, int]) -> Money:
    """Count the money of a market.

    Parameters
    ----------
    program : Program
    cleared : Cleared
    quotas : dict
        Row of each quota among the instruments, by its number, where a row bounds it.
    """
    base, curves, x, dual = program.program, program.curves, cleared.found.x, cleared.dual
    worth = base.matrix.T @ np.where(program.own, dual, 0.0)  # of what a column brings, less what it takes
    # nothing is paid for what does not flow, also where its price is not known
    paid = np.where(np.isnan(worth) & (x <= IN_USE * base.col_scale), 0.0, worth * x)
    cost = base.cost * x
    np.add.at(cost, curves.column, curves.total(x[curves.column]))
    cost[list(program.marks)] = 0.0
    is_user = np.zeros(len(x), dtype=bool)
    is_user[program.demand["column"].to_numpy(dtype=np.int64)] = True
    is_bought = np.zeros(len(x), dtype=bool)
    is_bought[[one.column for one in program.trades]] = True
    levied = [state.duty * x for state in cleared.states]
    for number, row in quotas.items():
        members = np.asarray((base.matrix[[row]] != 0).toarray())[0]
        levied[number] = -dual[row] * x * members
    duty = np.asarray(sum(levied, np.zeros(len(x))), dtype=float)
    gain = np.where(is_bought, 0.0, paid - cost - duty)
    users = np.where(is_user, gain, 0.0)
    makers = np.where(is_user, 0.0, gain)
    bought = np.where(is_bought, -paid, 0.0)
    value = float(-np.where(is_bought, 0.0, cost).sum())
    groups = float(users.sum() + makers.sum() + duty.sum() - bought.sum())
    size = max(float(np.abs(paid).sum()), 1e-300)
    return Money(users, makers, levied, bought, abs(groups - value) / size)


def welfare_of(
    program: Program,
    cleared: Cleared,
    money: Money,
    instruments: list[Instrument],
    places: pd.Series,
    owners: pd.Series,
) -> pd.DataFrame:
    """Return what users, makers, treasury and stocks of each place have a year.

    ``places``: of nodes, then projects; ``owners``: of whom their makers' money is.
    """
    parts: dict[str, dict[str, float]] = {group: {} for group in GROUPS}
    for group, names, values in accounts_of(program, instruments, places, owners):
        for name, value in _sums(values(money), names).items():
            parts[group][name] = parts[group].get(name, 0.0) + value
    held = sorted({name for part in parts.values() for name in part if name})
    table = pd.DataFrame(
        {group: [part.get(name, 0.0) for name in held] for group, part in parts.items()},
        index=pd.Index(held, name="country"),
    )
    return table.assign(total_usd_per_a=table.sum(axis=1, skipna=False))


# a group, whose money each entry is, and the entries of any answer
Account = tuple[str, Texts, Callable[[Money], Array]]


def accounts_of(program: Program, instruments: list[Instrument], places: pd.Series, owners: pd.Series) -> list[Account]:
    """Return whose all money of a market is, group by group, whatever the answer; see ``welfare_of``."""
    low, demand, owner = program.low, program.demand, program.owner
    begins, ends = places_of(low, places)
    at, of = (table.fillna("not known").to_numpy(dtype=object) for table in (places, owners))
    users, user = (demand[name].to_numpy(dtype=np.int64) for name in ("column", "position"))
    named = np.where(owner >= 0, of[owner], "")
    pairs = np.flatnonzero(owner[: len(begins)] < 0)
    named[pairs] = begins[pairs]
    consumers, producers, treasury, stock = GROUPS
    found: list[Account] = [
        (consumers, at[user], lambda money: money.users[users]),
        (producers, named, lambda money: money.makers),
    ]
    using = owner.copy()
    using[users] = user
    is_club = {one.number: one.act == "pooled" for one in instruments}
    for place, one in enumerate(instruments):
        payee = place_of_money(one, begins, ends, using if is_club[one.number] else owner, at)
        # what a club buys is theirs whose use paid for it
        found.append((stock if is_club[one.number] else treasury, payee, partial(_levied, place=place)))
    traded = [trade for trade in program.trades if not is_club[trade.number]]
    columns = np.array([trade.column for trade in traded], dtype=np.int64)
    homes = at[np.array([trade.plant for trade in traded], dtype=np.int64)]
    found.append((stock, homes, lambda money: money.bought[columns]))
    found.append((treasury, homes, lambda money: -money.bought[columns]))
    return found


def _levied(money: Money, place: int) -> Array:
    return money.levied[place]


def place_of_money(one: Instrument, begins: Texts, ends: Texts, owner: Ints, at: Texts) -> Texts:
    """Return whose treasury gets, or pays, what an instrument puts on each column."""
    if one.crossing is None:
        return np.where(owner >= 0, at[owner], "")
    found = np.full(len(owner), "", dtype=object)
    found[: len(begins)] = ends if one.payee == "to" else begins
    return found


def _sums(values: Array, names: Texts) -> dict[str, float]:
    """Return sums by name."""
    place, words = pd.factorize(names)
    sums = np.bincount(place, weights=values, minlength=len(words))
    return dict(zip(map(str, words), sums.tolist(), strict=True))
