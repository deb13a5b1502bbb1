"""Answers that stay with the network they belong to, and go when it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

KEPT = "_kept"  # where in a network; no part of what is pickled
N = TypeVar("N")  # a network
P = ParamSpec("P")
T = TypeVar("T")


def kept(most: int) -> Callable[[Callable[Concatenate[N, P], T]], Callable[Concatenate[N, P], T]]:
    """Keep a function's last answers with the network that it is asked of; what else it is asked must be hashable.

    Callers must not change an answer.

    Parameters
    ----------
    most : int
        Answers kept with one network.
    """

    def keep(work: Callable[Concatenate[N, P], T]) -> Callable[Concatenate[N, P], T]:
        @wraps(work)
        def asked(network: N, /, *args: P.args, **kwargs: P.kwargs) -> T:
            held: dict[Any, Callable[..., T]] = network.__dict__.setdefault(KEPT, {})
            known = held.get(work) or held.setdefault(work, lru_cache(maxsize=most)(partial(work, network)))
            return known(*args, **kwargs)

        return asked

    return keep
