"""One source, two ways to run it: the kernels as plain Python on lists, or compiled by numba on arrays.

Small networks are answered before numba is even imported; large ones repay its start. Both ways give the same bits.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainnet.engine import maxflow_kernel

# half-edges from which starting numba from its cache (about a second) pays, and from which compiling (many seconds) pays
CACHED_FROM = 12_000
COMPILED_FROM = 300_000


class Kernels:
    """The functions of `maxflow_kernel`, and the container their buffers must have.

    Attributes
    ----------
    compiled : bool
        Whether the functions are compiled and want arrays; else they want lists.
    """

    def __init__(self, functions: dict[str, Callable[..., Any]], compiled: bool) -> None:
        self.compiled = compiled
        for name, function in functions.items():
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(name)  # pragma: no cover - tells type checkers that the kernels are attributes

    def buffer(self, values: NDArray[Any], dtype: type[np.integer[Any]]) -> Any:
        """Return a copy of ``values`` in the container that the kernels want."""
        if self.compiled:
            return np.array(values, dtype=dtype, order="C")
        return values.tolist()

    def filled(self, length: int, dtype: type[np.integer[Any]], value: int = 0) -> Any:
        """Return a buffer of one repeated value."""
        return np.full(length, value, dtype=dtype) if self.compiled else [value] * length


def kernels(n_halves: int) -> Kernels:
    """Choose how to run the kernels on a residual network of ``n_halves`` half-edges."""
    if n_halves < CACHED_FROM:
        return _plain()
    made, is_cached = _compiled()
    if is_cached or n_halves >= COMPILED_FROM:
        return made
    return _plain()


def _functions() -> dict[str, types.FunctionType]:
    found = vars(maxflow_kernel).items()
    return {
        name: f
        for name, f in found
        if isinstance(f, types.FunctionType) and f.__module__ == maxflow_kernel.__name__
    }


@functools.cache
def _plain() -> Kernels:
    return Kernels(dict(_functions()), compiled=False)


@functools.cache
def _compiled() -> tuple[Kernels, bool]:
    """Return the compiled kernels and whether numba can keep them on disk."""
    import numba

    # each function is made again over one common namespace, so that compiled kernels call compiled kernels and the plain
    # ones stay as they are
    space = dict(vars(maxflow_kernel))
    is_cached = True
    for name, function in _functions().items():
        again = types.FunctionType(
            function.__code__, space, name, function.__defaults__, function.__closure__
        )
        again.__module__ = function.__module__
        again.__qualname__ = function.__qualname__
        try:
            space[name] = numba.njit(cache=is_cached, boundscheck=False, _nrt=False)(again)
        except RuntimeError:
            # no place to keep the compiled code: neither beside the source nor in the user's own cache
            is_cached = False
            space[name] = numba.njit(boundscheck=False, _nrt=False)(again)
    return Kernels({name: space[name] for name in _functions()}, compiled=True), is_cached


def is_started() -> bool:
    """Tell whether numba is loaded in this process."""
    return "numba" in sys.modules
