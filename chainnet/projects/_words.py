"""What projects avoid in words: who needs whom, who stands in for whom, who avoids nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from chainnet.engine import PRINTED
from chainnet.network import Network
from chainnet.projects._game import Game
from chainnet.words import number, verb


def needed_by(game: Game, names: Sequence[str]) -> tuple[dict[str, tuple[str, ...]], dict[str, frozenset[str]]]:
    """Return what each project cannot do without, and a small company in which it adds something.

    A project needs another if it adds something to no set tried without it. All sets have been tried where
    Shapley shares are exact; elsewhere also all others but one, and companies that no member can leave. A project
    that adds nothing anywhere is in neither answer.
    """
    least = PRINTED * max(game.value(names), 1.0)

    def adds(name: str, others: frozenset[str]) -> bool:
        return game.value(others | {name}) - game.value(others) > least

    needs: dict[str, tuple[str, ...]] = {}
    company: dict[str, frozenset[str]] = {}
    for name in names:
        if adds(name, frozenset()):
            needs[name], company[name] = (), frozenset()
            continue
        known = game.tried()
        wins = [
            others
            for others, value in known.items()
            if name not in others and known.get(others | {name}, value) - value > least
        ]
        if not wins:
            continue
        small = min(wins, key=lambda others: (len(others), sorted(others)))
        for other in sorted(small):
            if adds(name, small - {other}):
                small = small - {other}
        rest = frozenset(names) - {name}
        spared = [rest - {other} for other in sorted(small) if adds(name, rest - {other})]
        needs[name] = tuple(sorted(frozenset.intersection(small, *wins, *spared)))
        company[name] = small
    return needs, company


def pair_table(game: Game, names: Sequence[str], label: pd.Series) -> pd.DataFrame:
    """Return pairs that are worth more, or less, together than apart."""
    base = game.value()
    alone = {name: game.value([name]) - base for name in names}
    least = PRINTED * max(game.value(names), 1.0)
    rows: list[dict[str, Any]] = []
    for a, b in combinations(names, 2):
        together = game.value([a, b]) - base
        surplus = together - alone[a] - alone[b]
        if abs(surplus) <= PRINTED * max(abs(together), alone[a] + alone[b], 1.0):
            continue
        rows.append(
            {
                "project_a": a,
                "project_b": b,
                "alone_a_t": alone[a] if alone[a] > least else 0.0,
                "alone_b_t": alone[b] if alone[b] > least else 0.0,
                "together_t": together,
                "surplus_t": surplus,
                "kind": "complement" if surplus > 0 else "substitute",
                "words": _pair_words(label[a], label[b], together, surplus),
            }
        )
    columns = ["project_a", "project_b", "alone_a_t", "alone_b_t", "together_t", "surplus_t", "kind", "words"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["surplus_t", "project_a", "project_b"], ascending=[False, True, True], ignore_index=True)


def _pair_words(a: str, b: str, together: float, surplus: float) -> str:
    both = f"{a} and {b} together avoid {number(together)} t/yr"
    if surplus > 0:
        apart = together - surplus
        return f"{both}, apart {'nothing' if apart <= PRINTED * together else f'{number(apart)} t'}."
    return f"{both}, {number(-surplus)} t less than apart: one stands in for the other."


def triple_table(game: Game, names: Sequence[str], label: pd.Series) -> pd.DataFrame:
    """Return triples that buy something although no two of their members do.

    Notes
    -----
    The value never falls when a project is added, so a branch of the search ends where even all that could still
    be added avoids nothing.
    """
    base = game.value()
    least = PRINTED * max(game.value(names), 1.0)

    def buys(members: Iterable[str]) -> float:
        return game.value(members) - base

    idle = [name for name in names if buys([name]) <= least]
    rows = []
    for i, a in enumerate(idle):
        if buys(idle[i:]) <= least:
            break
        for j in range(i + 1, len(idle) - 1):
            b = idle[j]
            if buys([a, *idle[j:]]) <= least:
                break
            if buys([a, b]) > least or buys([a, b, *idle[j + 1 :]]) <= least:
                continue
            for c in idle[j + 1 :]:
                if buys([a, c]) > least or buys([b, c]) > least:
                    continue
                together = buys([a, b, c])
                if together > least:
                    words = f"{label[a]}, {label[b]} and {label[c]} avoid {number(together)} t/yr, no two of them any."
                    rows.append((a, b, c, together, words))
    table = pd.DataFrame(rows, columns=["project_a", "project_b", "project_c", "together_t", "words"])
    return table.sort_values(
        ["together_t", "project_a", "project_b", "project_c"],
        ascending=[False, True, True, True],
        ignore_index=True,
    )


def sentences(
    network: Network,
    table: pd.DataFrame,
    game: Game,
    names: Sequence[str],
    needs: Mapping[str, tuple[str, ...]],
    company: Mapping[str, frozenset[str]],
    by_year: int | None,
    is_exact: bool,
) -> pd.Series:
    """Return one sentence for each project of ``table``."""
    label = network.labels
    apart = set(network.unrelated["id"])
    tried = "" if is_exact else " in any combination tried"
    least = PRINTED * max(game.value(names), 1.0)
    out = {}
    for name, row in table.iterrows():
        who = label[str(name)]
        if name not in names:
            out[name] = f"{who} does not stand by {by_year}."
        elif name in apart:
            out[name] = f"{who} has no relation: no edge begins or ends at it, so nothing can be said of it."
        elif name not in needs:
            out[name] = f"{who} avoids nothing{tried}, whatever else is built."
        elif row["standalone_t"] > least:
            last = row["last_in_t"]
            then = f"{number(last)} t" if last > least else "nothing"
            out[name] = f"{who} avoids {number(row['standalone_t'])} t/yr alone, and {then} once all others stand."
        elif needs[str(name)]:
            others = [label[other] for other in needs[str(name)]]
            out[name] = f"{who} avoids nothing{tried} until {_listed(others)} {verb('stand', len(others))}."
        else:
            others = sorted(company[str(name)])
            adds = game.value([*others, str(name)]) - game.value(others)
            beside = _listed([label[o] for o in others])
            out[name] = f"{who} alone avoids nothing; beside {beside} it adds {number(adds)} t/yr."
    return pd.Series(out, dtype=object).reindex(table.index)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
