"""One source, two ways to run it: the kernels as plain Python on lists, or compiled by numba on arrays.

Small networks are answered before numba is even imported; larger ones repay its start, and its compilation, which
happens once per installation and is told on stderr. Both ways give the same bits.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainnet.engine import maxflow_kernel, removal_kernel

# half-edges from which it pays to start numba from its cache (about a second), and to compile where nothing can be kept
# and every process compiles anew (many seconds)
CACHED_FROM = 12_000
COMPILED_FROM = 300_000

# merged into their callers: a call that hands over all buffers costs more than these do
_INLINED = {"descend", "send_along", "drain", "spread", "join"}


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
        if self.compiled:  # pages of zeros come into being when they are written to, most of them never
            return np.full(length, value, dtype=dtype) if value else np.zeros(length, dtype=dtype)
        return [value] * length


def kernels(n_halves: int) -> Kernels:
    """Choose how to run the kernels on a residual network of ``n_halves`` half-edges."""
    if n_halves < CACHED_FROM or (n_halves < COMPILED_FROM and not _is_keepable()):
        return _plain()
    return _compiled()


def _functions() -> dict[str, types.FunctionType]:
    """Return the kernels of both rooms, each after those that it calls."""
    found: dict[str, types.FunctionType] = {}
    for room in (maxflow_kernel, removal_kernel):
        found |= {
            name: value
            for name, value in vars(room).items()
            if isinstance(value, types.FunctionType) and value.__module__ == room.__name__
        }
    return found


@functools.cache
def _plain() -> Kernels:
    return Kernels(dict(_functions()), compiled=False)


@functools.cache
def _compiled() -> Kernels:
    """Return the compiled kernels: from numba's cache, or compiled and kept there for the next process."""
    import numba

    functions = _functions()
    if not _is_kept():
        print("chainnet: compiling the flow kernels once, about 20 s", file=sys.stderr, flush=True)
    space = {**vars(maxflow_kernel), **vars(removal_kernel)}
    print_of_all = _fingerprint(functions)
    known = _numba_types(numba)
    is_cached = True
    for name, function in functions.items():
        again = _again(name, function, space, print_of_all)
        wanted = _kinds(function, known)
        # without reference counts (_nrt): no kernel allocates, and counting costs as much as the work itself
        inline = "always" if name in _INLINED else "never"
        options: dict[str, Any] = {"boundscheck": False, "_nrt": False, "nogil": True, "inline": inline}
        try:
            space[name] = numba.njit(wanted, cache=is_cached, **options)(again)
        except (RuntimeError, OSError):
            # no place to keep compiled code, neither beside the source nor in the user's own cache
            is_cached = False
            space[name] = numba.njit(wanted, **options)(again)
    return Kernels({name: space[name] for name in functions}, compiled=True)


def _is_keepable() -> bool:
    """Say whether compiled code can be kept for the next process."""
    return _place() is not None


def _is_kept() -> bool:
    """Say whether numba's cache holds the last kernel, and so, as they are kept in their order, all of them."""
    import numba
    from numba.core.registry import cpu_target

    held, last = _place(), list(_functions().values())[-1]
    return (
        held is not None
        and held.load_overload(_kinds(last, _numba_types(numba)), cpu_target.target_context) is not None
    )


@functools.cache
def _place() -> Any:
    """Return numba's cache of the last kernel; None where compiled code has no place."""
    from numba.core.caching import FunctionCache

    functions = _functions()
    name, last = list(functions.items())[-1]
    try:
        return FunctionCache(_again(name, last, {}, _fingerprint(functions)))
    except (RuntimeError, OSError):
        return None


def _again(name: str, function: types.FunctionType, space: dict[str, Any], print_of_all: str) -> types.FunctionType:
    """Return a kernel made again over one namespace for all.

    So compiled kernels call compiled kernels and the plain ones stay as they are; the name holds a print of all
    kernels, as numba's cache does not see changes in what one calls.
    """
    again = types.FunctionType(function.__code__, space, name)
    again.__module__ = function.__module__
    again.__qualname__ = f"{name}_{print_of_all}"
    return again


def _kinds(function: types.FunctionType, known: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(known[kind] for of, kind in function.__annotations__.items() if of != "return")


def _numba_types(numba: Any) -> dict[str, Any]:
    """Return numba's type for each annotation that occurs in the kernels."""
    known: dict[str, Any] = {"int": numba.int64}
    for bits in (8, 32, 64):
        known[f"Ints{bits}"] = getattr(numba, f"int{bits}")[::1]
    for bundle in (maxflow_kernel.Residual, maxflow_kernel.Work):
        parts = [known[kind.__forward_arg__] for kind in bundle.__annotations__.values()]
        known[bundle.__name__] = numba.types.NamedTuple(parts, bundle)
    return known


def _fingerprint(functions: dict[str, types.FunctionType]) -> str:
    """Return a short print of all that decides what the kernels do."""
    digest = hashlib.sha256()
    for function in functions.values():
        code = function.__code__
        digest.update(repr((code.co_code, code.co_consts, code.co_names, code.co_varnames)).encode())
    for room in (maxflow_kernel, removal_kernel):
        digest.update(repr({name: v for name, v in vars(room).items() if isinstance(v, int)}).encode())
    digest.update(
        repr((maxflow_kernel.Residual._fields, maxflow_kernel.Work._fields, sorted(_INLINED), "nogil")).encode()
    )
    return digest.hexdigest()[:12]
