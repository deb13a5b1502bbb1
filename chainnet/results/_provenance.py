"""Where an answer comes from and what it rests on; what costs something is worked out when it is read, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from chainnet._version import package_version
from chainnet.network import Network
from chainnet.results._trust import CHECKED, FROM_INPUTS, Status, rest_of


class _Once:
    """A value that is worked out when somebody asks for it; copies of whoever holds it share it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work: Callable[[], Any] | None = work

    def __call__(self) -> Any:
        work = self._work
        if work is not None:
            self._found = work()
            self._work = None  # and let go what it was worked out from
        return handed(self._found)


class Provenance(dict[str, Any]):
    """A dict of which some values are worked out when they are read; a copy waits as it does, a pickle does not."""

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        return value() if isinstance(value, _Once) else value

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, worked out."""
        value = super().get(key, default)
        return value() if isinstance(value, _Once) else value

    # also by this nobody takes the values past the methods below
    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def items(self) -> Any:
        """Return the items, worked out."""
        return self.plain().items()

    def values(self) -> Any:
        """Return the values, worked out."""
        return self.plain().values()

    def pop(self, key: str, *default: Any) -> Any:
        """Take a value out, worked out."""
        value = super().pop(key, *default)
        return value() if isinstance(value, _Once) else value

    def plain(self) -> dict[str, Any]:
        """Return an ordinary dict."""
        return {key: self[key] for key in self}

    def copy(self) -> Provenance:
        """Return a copy: nothing is worked out for it."""
        return Provenance({key: handed(value) for key, value in super().items()})

    def __copy__(self) -> Provenance:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Provenance:
        return self.copy()

    def __or__(self, more: Mapping[str, Any]) -> Provenance:  # type: ignore[override]
        return Provenance({**dict(super().items()), **more})

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, dict) and self.plain() == dict(other))

    __hash__ = None

    def __repr__(self) -> str:
        return repr(self.plain())

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.plain(),)


def provenance(
    network: Network,
    solver: str,
    *,
    status: Status | None = None,
    rests_on: pd.DataFrame | Callable[[], pd.DataFrame] | None = None,
    **settings: Any,
) -> Provenance:
    """Return what a result must say of itself; no clock time.

    Parameters
    ----------
    network : Network
    solver : str
        "none" for what is reckoned from the inputs alone.
    status : str, optional
        How it was made, in words: ``CHECKED``, ``BOUNDED``, ``SAMPLED``, ``SIMULATED`` or ``FROM_INPUTS``; default
        the last without a solver, else the first.
    rests_on : DataFrame or callable, optional
        The inputs that bind the answer (``limiting_inputs``), or what finds them when somebody reads them;
        None = not looked for.
    **settings
        What was asked. ``as_of`` is added where the network stands at a date, and ``opened``: which plants opened since
        the base year, and when.

    Returns
    -------
    Provenance
        graph, digest, version, solver, settings, status, rests_on (quality, n_weakest, n_limiting, references).
    """
    # a caller's list may change later; what was asked does not
    kept = {key: list(v) if isinstance(v, (set, frozenset, tuple)) else handed(v) for key, v in settings.items()}
    if network.as_of is not None:
        kept["as_of"] = network.as_of
        if network.built_projects and len(opened := network.opened):
            kept["opened"] = dict(zip(opened["id"], opened["since"].fillna("always"), strict=True))
    return Provenance(
        {
            "graph": network.name,
            "digest": _Once(lambda: network.digest),
            "version": package_version(),
            "solver": solver,
            "settings": kept,
            "status": status or (FROM_INPUTS if solver == "none" else CHECKED),
            "rests_on": _Once(lambda: rest_of(rests_on() if callable(rests_on) else rests_on)),
        }
    )


def handed(value: Any) -> Any:
    """Return a value as it is handed out: whoever changes it changes a copy of his own, or gets an error.

    Tables, dicts, lists and tuples are copied, to the last level; arrays are read-only views; a read-only
    mapping hands out its values in this way.
    """
    if isinstance(value, (pd.DataFrame, pd.Series, Provenance)):
        return value.copy()
    if isinstance(value, dict):
        return {key: handed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [handed(one) for one in value]
    if type(value) is tuple:
        return tuple(handed(one) for one in value)
    if isinstance(value, MappingProxyType):
        return _Handed(value)
    if isinstance(value, np.ndarray):
        value = value.view()
        value.setflags(write=False)
    return value


class _Handed(Mapping[Any, Any]):
    """A read-only mapping that copies a table when it is asked for, not all tables at once."""

    def __init__(self, held: Mapping[Any, Any]) -> None:
        self._held = held

    def __getitem__(self, key: Any) -> Any:
        return handed(self._held[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __copy__(self) -> dict[Any, Any]:
        return {key: self[key] for key in self}

    def __deepcopy__(self, memo: Any) -> dict[Any, Any]:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self.__copy__(),)  # a read-only mapping cannot be pickled

    def __repr__(self) -> str:
        return repr(self._held)
