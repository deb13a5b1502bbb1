"""Answers that stay with the network they belong to, and go when it goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4
from weakref import WeakValueDictionary

KEPT = "_kept"  # where in a network; no part of what is pickled
MARK = "_mark"  # where in a network; the same in every process that it was sent to
_ARRIVED: WeakValueDictionary[str, Any] = WeakValueDictionary()
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


def state_of(network: Any) -> dict[str, Any]:
    """Return what a network bears besides the answers kept with it."""
    state = dict(network.__dict__)  # a copy in one step: another thread may be caching a property
    state.pop(KEPT, None)
    state.pop(MARK, None)
    return state


def reduced(network: Any) -> tuple[Any, ...]:
    """Return what a network is pickled as: sent to a process twice, it is one there as long as it is in use."""
    mark = network.__dict__.setdefault(MARK, uuid4().hex)
    return _arrived, (type(network), mark, state_of(network))


def _arrived(kind: type[N], mark: str, state: dict[str, Any]) -> N:
    new = object.__new__(kind)
    new.__dict__.update(state | {MARK: mark})
    found: N = _ARRIVED.setdefault(mark, new)
    return found
