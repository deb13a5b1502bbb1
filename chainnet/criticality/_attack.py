"""Several losses at once: the worst attack within a budget, and how far the greedy answer is from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice
from math import comb
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Ints, Words
from chainnet.criticality._finding import unranked, unranked_sentence
from chainnet.criticality._removals import Removals, removals
from chainnet.engine import (
    CERTAIN,
    LEAST_SIZE,
    PROOF_SEARCH,
    ROUNDING,
    Attack,
    Certificate,
    affordable,
    essential,
    require,
    worst_attack,
)
from chainnet.errors import DataError, UnknownIdError
from chainnet.flow import (
    Counting,
    OrderedValue,
    SharedValue,
    Valued,
    ValueModel,
    cut_of,
    most_sets,
    shapley_values,
    value_model,
    valued_order,
)
from chainnet.lowering import Degree, column_gains
from chainnet.network import Network, is_country, site_labels
from chainnet.progress import Steps, Tell
from chainnet.results import BOUNDED, CHECKED, SAMPLED, Result, SaidTable, Status, limiting_inputs, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of
from chainnet.words import country_name, first_capital, percent, tonnes

MOST_TIES = 20
# attacks that are tried one by one, where no single program finds the worst, and how many of them side by side
MOST_ATTACKS = 20_000
AT_ONCE = 256


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Interdiction(Result):
    """The worst k losses at once.

    Attributes
    ----------
    removed : tuple
        What is removed in one optimal attack: index values as in ``chokepoints`` (node id,
        (source, target), label).
    base_tpa, left_tpa, lost_tpa : float
        Value before, after, and their difference, t/yr; solved for the attack itself.
    bound_tpa : float
        No attack within the budget loses more.
    is_optimal : bool
        Whether lost_tpa meets the bound.
    greedy, greedy_lost_tpa : tuple, float
        What one gets by taking the worst single loss again and again.
    ties : tuple of tuples, or None
        Other optimal attacks, up to 20; empty if proved unique; None if not asked.
    attacks : DataFrame
        The attacks in words: kind (optimal, tie, greedy), removed, label (names for people), lost_tpa.
    pairs : DataFrame
        With details: pairs inside one step that cost more together than their two losses added.
    certificate : Certificate
    left_out : DataFrame
        Places that no attack takes, because they lack the label: what, n, tpa (through them), share.
    ours_tpa : (float, float) or None
        With all served alike: the least and the most of what is left that can be the beneficiaries', t/yr.
    """

    removed: tuple[Any, ...]
    base_tpa: float
    left_tpa: float
    lost_tpa: float
    bound_tpa: float
    is_optimal: bool
    greedy: tuple[Any, ...]
    greedy_lost_tpa: float
    ties: tuple[tuple[Any, ...], ...] | None
    attacks: pd.DataFrame
    pairs: pd.DataFrame
    certificate: Certificate
    left_out: pd.DataFrame
    ours_tpa: tuple[float, float] | None = None

    @property
    def sentence(self) -> str:
        """What is removed and what that costs, in a sentence."""
        first = self.attacks.iloc[0]
        if not self.removed:
            return f"No removal within the budget costs anything of {tonnes(self.base_tpa, ' ')}."
        lost, whole = tonnes(self.lost_tpa, " "), tonnes(self.base_tpa, " ")
        return f"Without {first['label']} {lost} of {whole} are lost ({percent(self.lost_tpa / self.base_tpa, ' ')})."

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables of the result by name, the main one first; pairs only where there are any."""
        return {name: table for name, table in super().tables().items() if name != "pairs" or len(table)}


class _Board:
    """What may be attacked, as groups of columns, and the value of any attack."""

    def __init__(self, model: ValueModel, keys: list[Any], columns: list[Ints], cost: Array) -> None:
        self.model, self.keys, self.columns, self.cost = model, keys, columns, cost
        self.gains = column_gains(model.lowered, model.counted)

    def closing(self, chosen: Iterable[int]) -> Ints:
        """Return the columns of some groups."""
        none = np.empty(0, dtype=np.int64)
        return np.unique(np.concatenate([none, *(self.columns[i] for i in chosen)]))

    def left(self, chosen: Iterable[int]) -> float:
        """Return the value with these groups closed."""
        columns = self.closing(chosen)
        return self.model.value_without(columns) if len(columns) else self.model.value

    def lefts(self, attacks: list[list[int]]) -> Array:
        """Return the value under each of many attacks, solved as one sweep."""
        return self.model.values_without([self.closing(attack) for attack in attacks])

    def search(self, budget: float, time_limit_s: float, forbidden: list[Ints]) -> Attack | None:
        """Solve the attacker's program."""
        low = self.model.lowered
        return worst_attack(
            low.program,
            low.served[self.model.counted],
            self.columns,
            self.gains,
            self.cost,
            budget,
            forbidden=forbidden,
            time_limit_s=time_limit_s,
        )


def interdict(
    network: Network,
    k: float,
    by: str = "node",
    cost: Mapping[Any, float] | None = None,
    protect: Iterable[Any] = (),
    tier: str | None = None,
    *,
    details: bool = False,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    order: Valued = "allies_first",
    time_limit_s: float = 60.0,
    progress: Tell | None = None,
) -> Interdiction:
    """Find the k losses at once that hurt most, exactly.

    Parameters
    ----------
    network : Network
    k : int
        Most removals; with ``cost`` the budget, in the unit of the costs.
    by : str
        node, edge (all rows between a pair count once), or a label as in ``chokepoints``.
    cost : mapping, optional
        Index value -> cost of its removal; what is not named costs 1.
    protect : iterable
        Index values that cannot be removed. End uses never can; naming one is no fault.
    tier : str, optional
        What this tier loses, if served first.
    details : bool
        Also look for other optimal attacks, and for pairs inside a step that hurt more together.
    scenario, reroute, commodity, beneficiaries, order
        As in ``chokepoints``.
    time_limit_s : float
        After that the best attack so far is returned with the bound; ``is_optimal`` says so.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Interdiction

    Raises
    ------
    DataError
        If k is negative or (without cost) not whole, or an argument is unknown.
    UnknownIdError
        If ``protect`` or ``cost`` names what does not exist.

    See Also
    --------
    fortify, chokepoints, reverse

    Notes
    -----
    One mixed-integer program (Wood 1993, on the dual of the value program with penalties that no
    tonne can outweigh); NP-hard in general. Loss is not submodular: greedy is shown, never trusted. With others
    before, an attack that takes more may leave more, and the attacks are tried one by one: up to 20,000 of them, beyond
    that the best found is returned with the whole value as its bound.

    References
    ----------
    Wood, R. K. (1993). Deterministic network interdiction. Math. Comput. Modelling 17(2), 1-18.

    Examples
    --------
    >>> import chainnet as cn
    >>> worst = cn.interdict(cn.read("mag-9"), 2)
    >>> round(worst.lost_tpa, 6), worst.is_optimal
    (50.0, True)
    >>> cn.interdict(cn.read("gallium"), 1).removed
    ('chn_alumina',)
    """
    scenario = asked_scenario(network, scenario)
    budget = _budget(k, cost)
    counting = Counting.of(network, commodity, beneficiaries, tier, valued_order(order, "interdict"))
    model = value_model(counting, overlay_of(network, scenario), reroute)
    model.certificate()
    what = removals(network, by)
    protect = [protect] if isinstance(protect, str) else list(protect)
    board = _board(network, model, what, by, cost, protect)
    one_by_one = isinstance(model, OrderedValue)
    steps = Steps(f"attacks by {by}", progress)
    tried = _try_all(board, budget, time_limit_s, steps) if one_by_one else None
    if not one_by_one:
        steps.now(f"the worst of {len(board.keys)} that can be hit is searched for, {time_limit_s:g} s at most")
    found = board.search(budget, time_limit_s, []) if not one_by_one and board.columns and budget > 0 else None
    chosen = tuple(int(i) for i in found.chosen) if found is not None else tried.worst if tried is not None else ()
    greedy = _greedy(board, budget, steps)
    left, greedy_left = board.left(chosen), board.left(greedy)
    if greedy_left < left - ROUNDING * max(model.value, 1.0):
        chosen, left = greedy, greedy_left  # the time limit struck before the search was as good
    chosen = essential(chosen, board.left, left + ROUNDING * max(model.value, LEAST_SIZE))
    left = board.left(chosen) + 0.0
    # nobody can lose more than there is, whatever the search says of numbers far apart in size
    bound = model.value - max(found.bound if found is not None else model.value, 0.0)
    lost = model.value - left
    size = max(model.value, LEAST_SIZE)
    bound = bound if tried is None else lost if tried.is_all else model.value
    met = found is None or (found.is_optimal and bound - lost <= PROOF_SEARCH * size)
    is_optimal = left == 0.0 or (met if tried is None else tried.is_all)
    gap = abs(bound - lost) / size if is_optimal else 0.0
    proof = require(Certificate("interdict", lost, bound, gap, 0.0, PROOF_SEARCH))
    ties = None
    if details and is_optimal:
        steps.now("others as bad")
        ties = _ties(board, budget, chosen, left, time_limit_s) if tried is None else tried.ties(board, chosen, left)
    pairs = _pairs(board, network, what) if details and by == "node" else pd.DataFrame()
    steps.end()
    source = provenance(
        network,
        "HiGHS branch and cut",
        status=CHECKED if is_optimal else BOUNDED,
        rests_on=limiting_inputs(network, cut_of(model)),
        **counting.settings,
        **{"k": k, "by": by, "tier": tier, "protect": protect, "reroute": reroute},
        scenario=scenario.name if scenario else "",
        time_limit_s=time_limit_s,
    )
    keys, naive = board.keys, (greedy, model.value - greedy_left)
    told = _told(network, by, keys, [chosen, *(ties or ())], lost, naive)
    return Interdiction(
        provenance=source,
        removed=tuple(keys[i] for i in chosen),
        base_tpa=model.value,
        left_tpa=left,
        lost_tpa=lost,
        bound_tpa=max(bound, lost),
        is_optimal=is_optimal,
        greedy=tuple(keys[i] for i in greedy),
        greedy_lost_tpa=naive[1],
        ties=None if ties is None else tuple(tuple(keys[i] for i in tie) for tie in ties),
        attacks=stamp(told, source),
        pairs=stamp(pairs, source),
        left_out=stamp(unranked(by, what, model.lowered.throughput(model.base.x)), source),
        certificate=proof,
        ours_tpa=_ends(board, chosen),
    )


def _told(
    network: Network, by: str, keys: list[Any], worst: list[tuple[int, ...]], lost: float,
    greedy: tuple[tuple[int, ...], float],
) -> pd.DataFrame:  # fmt: skip
    """Return attacks in words: kind, removed, label, lost_tpa."""
    kinds = ["optimal", *["tie"] * (len(worst) - 1)]
    sets = [*((kind, one, lost) for kind, one in zip(kinds, worst, strict=True)), ("greedy", *greedy)]
    labels = {**network.labels, **(site_labels(network) if by == "site" else {})}
    labels |= {key: country_name(key) for key in keys if isinstance(key, str) and is_country(key)}
    rows = [(kind, *(" + ".join(say(keys[i]) for i in one) for say in (_word, partial(_named, labels))), cost)
            for kind, one, cost in sets]  # fmt: skip
    return pd.DataFrame(rows, columns=["kind", "removed", "label", "lost_tpa"])


def _word(member: Any) -> str:
    return " -> ".join(member) if isinstance(member, tuple) else str(member)


def _named(labels: Mapping[str, str], member: Any) -> str:
    """Return the name for people of an id, or of the ends of a link; the id itself where there is none."""
    ends = member if isinstance(member, tuple) else (member,)
    return " -> ".join(labels.get(str(end), str(end)) for end in ends)


@dataclass(frozen=True)
class _Tried:
    """What attacks leave that were tried one by one, and whether these were all within the budget."""

    attacks: list[list[int]]
    left: Array
    is_all: bool

    @property
    def worst(self) -> tuple[int, ...]:
        """The attack that leaves least, the first and smallest of equals; none where none hurts."""
        if not len(self.left):
            return ()
        return tuple(self.attacks[int(np.argmin(np.round(self.left, 9)))])

    def ties(self, board: _Board, first: tuple[int, ...], left: float) -> list[tuple[int, ...]]:
        """Return the other attacks that leave as little, without members that they could do without."""
        most = left + 2 * CERTAIN * max(board.model.value, LEAST_SIZE)
        if not first:
            return []
        found: dict[tuple[int, ...], None] = {}
        for i in np.flatnonzero(self.left <= most).tolist():
            if len(found) < MOST_TIES and not set(first) <= set(self.attacks[i]):
                found[essential(self.attacks[i], board.left, most)] = None
        return [core for core in found if core != first]


def _try_all(board: _Board, budget: float, time_limit_s: float, steps: Steps) -> _Tried:
    """Try the attacks within the budget one by one, small ones first, until all are tried or the limit is reached."""
    n, start = len(board.keys), monotonic()
    cheapest = np.cumsum(np.sort(board.cost))
    largest = sum(affordable(np.array([total]), budget) for total in cheapest)
    every = (list(some) for size in range(1, largest + 1) for some in combinations(range(n), size))
    within = (some for some in islice(every, 10 * MOST_ATTACKS) if affordable(board.cost[some], budget))
    attacks: list[list[int]] = []
    left: list[Array] = []
    steps.more(min(sum(comb(n, size) for size in range(1, largest + 1)), MOST_ATTACKS))
    while len(attacks) < MOST_ATTACKS and monotonic() - start < time_limit_s:
        batch = list(islice(within, min(AT_ONCE, MOST_ATTACKS - len(attacks))))
        if not batch:
            break
        attacks += batch
        left.append(board.lefts(batch))
        steps.done(n=len(batch))
    is_all = sum(comb(n, size) for size in range(1, largest + 1)) <= 10 * MOST_ATTACKS and next(within, None) is None
    return _Tried(attacks, np.concatenate([np.empty(0), *left]), is_all)


def _ends(board: _Board, chosen: tuple[int, ...]) -> tuple[float, float] | None:
    """Return the least and the most of what an attack leaves that can be the beneficiaries', with nobody first."""
    if not isinstance(board.model, SharedValue):
        return None
    least, most = board.model.ends_without([board.closing(chosen)])
    return float(least[0]), float(most[0])


def _budget(k: Any, cost: Any) -> float:
    checks.number(k, "k", rule="is not allowed; give a whole number, 0 or more (with cost: a budget, 0 or more).")
    if cost is None and k != int(k):
        raise DataError(f"k: {k!r} is not whole; only a budget with cost= may have a fraction.")
    return float(k)


def _board(
    network: Network,
    model: ValueModel,
    what: Removals,
    by: str,
    cost: Mapping[Any, float] | None,
    protect: Iterable[Any],
) -> _Board:
    low = model.lowered
    members: dict[Any, list[Ints]] = {}
    for key, member in zip(what.index, what.members, strict=True):
        name = (key[0], key[1]) if what.is_edge else key
        members.setdefault(name, []).append(member if what.is_edge else low.closing(member))
    kept = {_meant(network, by, members, item, "protect") for item in protect}
    prices = {}
    for item, price in (cost or {}).items():
        if not np.isfinite(price) or price < 0:
            raise DataError(f"cost: {price!r} of {item!r} is not allowed; a cost is a finite number, 0 or more.")
        prices[_meant(network, by, members, item, "cost")] = price
    keys, columns = [], []
    served = model.counted | model.counting.rivals if isinstance(model, OrderedValue) else model.counted
    gains = column_gains(low, served)
    for name, parts in members.items():
        if name in kept:
            continue
        closing = np.unique(np.concatenate(parts))
        closing = closing[gains[closing] > 0]  # what can serve nobody is not worth attacking
        if len(closing):
            keys.append(name)
            columns.append(closing)
    return _Board(model, keys, columns, np.array([prices.get(name, 1.0) for name in keys], dtype=float))


def _meant(network: Network, by: str, known: Mapping[Any, Any], item: Any, argument: str) -> Any:
    """Return the index value that is meant; None for what exists but can never be removed, such as an end use.

    Raises
    ------
    UnknownIdError
        If there is nothing of that name.
    """
    name = tuple(map(str, item[:2])) if by == "edge" and not isinstance(item, str) else item
    for word in (name, str(name)):
        if word in known:
            return word
    if by == "edge":
        network.edge_rows([name], argument)  # what was taken away is no fault
        return None
    plants = network.plants
    columns = ["id"] if by == "node" else by.split("+")
    words = name if isinstance(name, tuple) else (name,)
    if len(words) != len(columns) or not all(
        _exists(network, plants, column, str(word)) for column, word in zip(columns, words, strict=True)
    ):
        raise UnknownIdError(f"{argument}: {checks.unknown(item, known, by)}")
    return None


def _exists(network: Network, plants: pd.DataFrame, column: str, word: str) -> bool:
    """Return whether a label stands anywhere, on end uses and projects too; every country does."""
    if column.endswith("country") and is_country(word):
        return True
    labels = set(plants[column].dropna())
    if column in ("id", "site"):
        labels |= {*plants["id"], *network.gone}
    if column == "owner":
        labels |= {*network.owners["owner"], *network.owners["parent"]}
    return word in labels


def _greedy(board: _Board, budget: float, steps: Steps) -> tuple[int, ...]:
    """Take the worst single loss again and again, first by index among equals."""
    chosen: list[int] = []
    left = board.model.value
    while True:
        others = [i for i in range(len(board.keys)) if i not in chosen]
        open_moves = [i for i in others if affordable(board.cost[[*chosen, i]], budget)]
        if not open_moves:
            return tuple(chosen)
        steps.now(f"one by one, {len(chosen) + 1} taken")
        values = board.lefts([[*chosen, i] for i in open_moves])
        place = int(np.argmin(values))
        if values[place] >= left - ROUNDING * max(board.model.value, 1.0):
            return tuple(chosen)
        chosen.append(open_moves[place])
        left = float(values[place])


def _ties(
    board: _Board, budget: float, first: tuple[int, ...], left: float, time_limit_s: float
) -> list[tuple[int, ...]]:
    """Find the other attacks that leave as little, by forbidding each that was found."""
    others: list[tuple[int, ...]] = []
    slack = CERTAIN * max(board.model.value, LEAST_SIZE)
    forbidden = [np.array(first, dtype=np.int64)]
    while first and len(others) < MOST_TIES:
        found = board.search(budget, time_limit_s, forbidden)
        if found is None:
            break
        chosen = tuple(int(i) for i in found.chosen)
        if board.left(chosen) > left + 2 * slack:
            break
        core = essential(chosen, board.left, left + slack)
        others.append(core)
        forbidden.append(np.array(core, dtype=np.int64))
    return others


def _pairs(board: _Board, network: Network, what: Removals) -> pd.DataFrame:
    """Pairs of nodes of one step whose joint loss is more than the two losses added."""
    step = network.steps
    base = board.model.value
    alone = base - board.lefts([[i] for i in range(len(board.keys))])
    inside = [(i, j) for i, j in combinations(range(len(board.keys)), 2) if step[board.keys[i]] == step[board.keys[j]]]
    joint = base - board.lefts([list(pair) for pair in inside])
    rows = []
    for (i, j), both in zip(inside, joint, strict=True):
        a, b = board.keys[i], board.keys[j]
        if both > alone[i] + alone[j] + CERTAIN * max(base, 1.0):
            rows.append((a, b, step[a], alone[i], alone[j], both, both - alone[i] - alone[j]))
    columns = ["node_a", "node_b", "step", "lost_a_tpa", "lost_b_tpa", "lost_both_tpa", "surplus_tpa"]
    table = pd.DataFrame(rows, columns=columns)
    order = np.lexsort((table["node_b"], table["node_a"], -table["lost_both_tpa"].to_numpy(dtype=float)))
    return table.iloc[order].reset_index(drop=True)


def shapley(
    network: Network,
    by: str = "country",
    *,
    tier: str | None = None,
    permutations: int = 128,
    seed: int = 0,
    scenario: Scenario | str | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> pd.DataFrame:
    """Share the loss that all labels together would cause fairly among them.

    Parameters
    ----------
    network : Network
    by : str
        As in ``chokepoints``.
    tier, scenario, reroute, commodity, beneficiaries
        As in ``chokepoints``.
    permutations, seed : int
        Random orders (each with its reverse) and their seed, used beyond 12 players.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    DataFrame, index as in ``chokepoints``, largest first
        shapley_tpa (sums to the loss when all are out), standard_error_tpa (0 where exact), lost_tpa alone.
        ``.left_out`` and ``.sentence`` name places that lack the label, as in ``chokepoints``.

    Raises
    ------
    DataError
        If an argument is unknown.

    See Also
    --------
    chokepoints, fair_split

    Examples
    --------
    >>> import chainnet as cn
    >>> cn.shapley(cn.read("mag-9"))["shapley_tpa"].sum().round(6)
    np.float64(50.0)
    """
    scenario = asked_scenario(network, scenario)
    for name, value, least in (("permutations", permutations, 2), ("seed", seed, 0)):
        checks.whole(value, name, least)
    counting = Counting.of(network, commodity, beneficiaries, tier)
    model = ValueModel(counting, overlay_of(network, scenario), reroute)
    model.certificate()
    what = removals(network, by)
    closing = [m if what.is_edge else model.lowered.closing(m) for m in what.members]
    names = [str(i) for i in range(len(closing))]
    known: dict[frozenset[str], float] = {}

    def loss(out: frozenset[str]) -> float:
        if out not in known:
            columns = [closing[int(i)] for i in sorted(out)]
            known[out] = model.value - (
                model.value_without(np.unique(np.concatenate(columns))) if columns else model.value
            )
        return known[out]

    steps = Steps(f"sets by {by}", progress, most_sets(len(names), permutations))
    share, error = shapley_values(names, steps.counting(loss), permutations, seed)
    steps.end()
    table = pd.DataFrame(
        {
            "shapley_tpa": share.to_numpy(),
            "standard_error_tpa": error.to_numpy(),
            "lost_tpa": [loss(frozenset([n])) for n in names],
        },
        index=what.index,
    )
    table = table.mask(table.abs() <= ROUNDING * max(model.value, LEAST_SIZE), 0.0)
    order = np.lexsort((np.arange(len(table)), -table["shapley_tpa"].to_numpy()))
    settings = {
        **counting.settings, "by": by, "tier": tier, "seed": seed, "permutations": permutations, "reroute": reroute,
        "scenario": scenario.name if scenario else "",
    }  # fmt: skip
    source = provenance(network, "HiGHS simplex", rests_on=limiting_inputs(network, cut_of(model)), **settings)
    sampled: dict[str, Status] = (
        {} if bool((error == 0).all()) else dict.fromkeys(("shapley_tpa", "standard_error_tpa"), SAMPLED)
    )
    found = SaidTable(stamped := stamp(table.iloc[order], source, status=sampled, ranked="shapley_tpa"))
    found.attrs = stamped.attrs
    found.left_out = unranked(by, what, model.lowered.throughput(model.base.x))
    nobody = first_capital(source["settings"].get("nobody", ""))
    found.sentence = f"{nobody}." if nobody else unranked_sentence(found.left_out)
    return found
