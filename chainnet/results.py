"""What every result bears: where it came from, and how it shows itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from chainnet.network import Network

__all__ = ["Result", "provenance", "stamp", "table_html"]

_SHOWN_ROWS = 20


@cache
def package_version() -> str:
    """Return the version of chainnet that is installed."""
    try:
        return version("chainnet")
    except PackageNotFoundError:  # run from a tree that nobody installed
        return "unknown"


def provenance(network: Network, solver: str, **settings: Any) -> dict[str, Any]:
    """Return what a result must say of itself: graph, digest, version, solver, settings; no clock time."""
    kept = {key: list(v) if isinstance(v, (set, frozenset, tuple)) else v for key, v in settings.items()}
    return {
        "graph": network.name,
        "digest": network.digest,
        "version": package_version(),
        "solver": solver,
        "settings": kept,
    }


def stamp(frame: pd.DataFrame, source: dict[str, Any]) -> pd.DataFrame:
    """Return ``frame`` bearing its provenance in ``attrs``."""
    frame.attrs["provenance"] = source
    return frame


def table_html(frame: pd.DataFrame) -> str:
    """Return the head of a table as escaped HTML without scripts."""
    text: str = frame.head(_SHOWN_ROWS).to_html(escape=True, border=0, na_rep="-")
    left = len(frame) - _SHOWN_ROWS
    return text + (f"<p>... and {left} more rows</p>" if left > 0 else "")


@dataclass(frozen=True, repr=False, eq=False)
class Result:
    """A frozen bundle of tables and numbers with its provenance."""

    provenance: dict[str, Any]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables of the result by name, the main one first."""
        return {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), pd.DataFrame)}

    def numbers(self) -> dict[str, Any]:
        """Return all single figures of the result by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), (int, float))}

    def __repr__(self) -> str:
        parts = [f"{name}={value:.6g}" for name, value in self.numbers().items()]
        parts += [f"{name}[{len(table)}]" for name, table in self.tables().items()]
        return f"<{type(self).__name__} of {self.provenance['graph']}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        from html import escape

        heads = "".join(f"<p><b>{escape(name)}</b> {value:.6g}</p>" for name, value in self.numbers().items())
        return heads + "".join(f"<h4>{escape(n)}</h4>{table_html(t)}" for n, t in self.tables().items())
