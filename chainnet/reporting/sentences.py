"""How the sentences of page one are put together: within their limits, and with what changes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from chainnet.engine import PRINTED
from chainnet.reporting.order import table_id
from chainnet.words import first_capital, number, spelled, verb

MOST_WORDS, MOST_NUMBERS = 25, 4


class Claim(NamedTuple):
    """What a claim says first, in one sentence in large print, and what it adds."""

    lead: str
    more: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        return told(*self)


def drawn_middle(row: Any, demand: float) -> str:
    """Return the median of draws and the figure as given, as they end a sentence; in words where only one is nothing.

    Examples
    --------
    >>> drawn_middle({"p50": 0.119, "given": 0.0}, 2.9)
    ', half of the draws give 0.119 or more; the figures as given none'
    >>> drawn_middle({"p50": 0.0, "given": 2.0}, 10.0)
    ', half of the draws give none; the figures as given 2'
    >>> drawn_middle({"p50": 1.0, "given": 2.0}, 10.0)
    ' (median 1); as given 2'
    """
    median, given = (0.0 if float(row[c]) <= PRINTED * demand else float(row[c]) for c in ("p50", "given"))
    if (median > 0) == (given > 0):
        return f" (median {number(median)}); as given {number(given)}"
    middle = f"{number(median)} or more" if median > 0 else "none"
    return f", half of the draws give {middle}; the figures as given {number(given) if given > 0 else 'none'}"


def told(*said: str) -> str:
    """Return the sentences in which there is something, as a claim."""
    return " ".join(part for part in said if part)


def fit(*ways: str) -> str:
    """Return the first way to tell a sentence that keeps within the limits; the last if none does."""
    return next((way for way in ways if fits(way)), ways[-1])


def grown(ways: Sequence[str], *clauses: tuple[str, str]) -> Claim:
    """Return one sentence that holds as many clauses as it may, in their order; the others follow as their own.

    Parameters
    ----------
    ways : sequence of str
        Ways to tell the sentence, without its stop, the fullest first.
    *clauses : (str, str)
        How each stands in the sentence, from its comma on, and by itself; empty where there is nothing to say.
    """
    said = [clause for clause in clauses if clause[0]]
    for n in range(len(said), -1, -1):
        for way in ways:
            one = f"{way}{''.join(inside for inside, _ in said[:n])}."
            if fits(one) or (not n and way == ways[-1]):
                return Claim(one, told(*(alone for _, alone in said[n:])))
    raise AssertionError(ways)


def fits(text: str) -> bool:
    """Say whether a sentence keeps within the limits."""
    bare = re.sub(r"“[^”]*”", "title", text)
    numbers = [n for n in re.findall(r"\d[\d,.]*", bare) if not re.fullmatch(r"(19|20|21)\d\d[.,]?", n)]
    return len(bare.split(" ")) <= MOST_WORDS and len(numbers) <= MOST_NUMBERS


def also(n: int, does: str, do: str) -> str:
    """Say how many points more do the same, and where they stand; nothing where there is none."""
    said = f"{spelled(n, f'other change {does}', f'other changes {do}')} it too ({table_id('dependencies')})."
    return first_capital(said) if n > 0 else ""


def unless(words: str) -> str:
    """Return a dependency, which begins with if, with or without, as it stands after "unless".

    Examples
    --------
    >>> unless("if all others are served first"), unless("without Mine One"), unless("with Army at its high value")
    ('all others are served first', 'Mine One drops out', 'Army stands at its high value')
    """
    if words.startswith("if "):
        return words.removeprefix("if ")
    if words.startswith("without "):
        out = words.removeprefix("without ")
        several = out.endswith(" together") or out.startswith("inferred relations")
        together = " together" if out.endswith(" together") else ""
        return f"{out.removesuffix(together)} {verb('drop', 2 if several else 1)} out{together}"
    thing, at, value = words.removeprefix("with ").rpartition(" at its ")
    if at:
        return f"{thing} stands at its {value}"
    return f"there are {words.removeprefix('with ')}" if words.startswith("with ") else words
