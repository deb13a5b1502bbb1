"""What every result bears: where it came from, what each of its numbers is, and how it shows itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import TIE
from chainnet.errors import DataError
from chainnet.results._provenance import handed
from chainnet.results._trust import FROM_INPUTS, NOT_ASSESSED, Status, inputs_words
from chainnet.words import exact, first_capital, with_impossible

_SHOWN_ROWS = 20
_TIED_ROWS = 200  # ranks beyond are not looked at for ties
# unit by the end of a column's name, the longest first
_UNITS = {
    "usd_per_t_a": "USD per t and year",
    "usd_per_tpa": "USD per t/yr",
    "usd_per_kg": "USD/kg",
    "usd_per_t": "USD/t",
    "usd_per_a": "USD/a",
    "t_per_t": "t per t",
    "musd": "million USD",
    "usd": "USD",
    "tpa": "t/yr",
    "t": "t",
    "share": "share, 0 to 1",
    "months": "months",
    "month": "month, from 1",
    "years": "years",
    "year": "year",
}
_NAMED_UNITS = {
    "excess_share": "share",
    "gap": "relative",
    "hhi": "0 to 1",
    "n1_cover": "share, may exceed 1",
    "price": "t/yr served per t/yr",
    "probability": "share, 0 to 1",
    "rank_gap": "ranks",
    "served_high": "t per t",
    "served_low": "t per t",
    "time_to_recover": "months",
    "time_to_survive": "months",
    "tolerance": "relative",
    "utilisation": "share, 0 to 1",
    "violation": "relative",
}
# for ``stamp``: tonnes of a steady state are those of a year
STEADY = {"t": "t/yr"}
_CORNERS = "corner cases"
# columns that hold inputs as they were given
_INPUTS = {"capacity_tpa", "capex_musd", "demand_high_tpa", "demand_low_tpa", "demand_tpa", "high", "low", "start_year"}
_COLUMNS = ["table", "column", "unit", "status", "range_kind", "low", "high", "rests_on", "tied_with", "reference"]


def stamp(
    frame: pd.DataFrame,
    source: dict[str, Any],
    *,
    status: Mapping[str, Status] | None = None,
    units: Mapping[str, str] | None = None,
    ranked: str = "",
    facts: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Return ``frame`` bearing its provenance, and what each column of numbers is.

    Parameters
    ----------
    frame : DataFrame
    source : dict
        From ``provenance``.
    status : mapping of str to str, optional
        Status of columns that differ from the whole.
    units : mapping of str to str, optional
        Unit of a column, or of the end of its name, where the name does not say it.
    ranked : str, optional
        Column by which rows are ranked: its ties are named.
    facts : mapping, optional
        What else is to be said of the table; ``fact_of`` reads it.

    Returns
    -------
    DataFrame
        The same frame, without negative zeros. ``attrs["provenance"]``; ``attrs["columns"]``: by column unit,
        status, range_kind ("not assessed" where there is none), low and high (the columns that hold the ends),
        tied_with (row -> number of others with the same value).
    """
    frame.attrs.clear()
    frame.attrs.update({"provenance": source}, **(facts or {}))
    _without_negative_zeros(frame)
    names = [str(c) for c in frame.columns]
    made: dict[str, dict[str, Any]] = {}
    for name, dtype in zip(names, frame.dtypes, strict=True):
        if dtype.kind not in "iuf":  # no numbers
            continue
        made[name] = {
            "unit": _unit(name, units or {}),
            "status": (status or {}).get(name, FROM_INPUTS if name in _INPUTS else source["status"]),
            **_range(name, names),
        }
    if ranked in made:
        made[ranked]["tied_with"] = _ties(frame[ranked])
    frame.attrs["columns"] = _Columns(made)
    return frame


def _without_negative_zeros(frame: pd.DataFrame) -> None:
    """Say 0 for -0.0, which is the same number and prints as another."""
    for place, dtype in enumerate(frame.dtypes):
        if dtype.kind == "f":
            column = frame.iloc[:, place]
            values = column.to_numpy(dtype=float, na_value=np.nan)
            if np.signbit(values[values == 0.0]).any():
                frame.isetitem(place, values + 0.0 if isinstance(column.dtype, np.dtype) else (column + 0.0).array)


class _Columns(dict[str, dict[str, Any]]):
    """What the columns of a table are; pandas copies it with every table that is made of the table, so fast."""

    def __deepcopy__(self, memo: Any) -> _Columns:
        return _Columns(
            {
                column: {word: dict(value) if isinstance(value, dict) else value for word, value in said.items()}
                for column, said in self.items()
            }
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


def origin_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return the provenance of a table; empty if it has none."""
    origin: dict[str, Any] = fact_of(table, "provenance", {})
    return origin


def fact_of(table: pd.DataFrame, fact: str, otherwise: Any = None) -> Any:
    """Return what ``stamp`` said of a table: "columns", or a fact of its own."""
    return table.attrs.get(fact, otherwise)


def _unit(column: str, given: Mapping[str, str]) -> str:
    """Return the unit that a column's name says."""
    parts = column.split("_")
    tails = ["_".join(parts[i:]) for i in range(len(parts))]
    for tail in tails:  # the longest end says most
        for known in (given, _NAMED_UNITS, _UNITS):
            if tail in known:
                return known[tail]
    return "count" if parts[0] in ("n", "months") else ""


def _range(column: str, columns: Sequence[str]) -> dict[str, str]:
    """Return the columns that hold the ends of a column's range, and of what kind it is."""
    if {"p10", "p90"} <= set(columns) and column in ("given", "p50", "mean"):
        return {"range_kind": "P10-P90", "low": "p10", "high": "p90"}
    if column == "served_t_per_t" and "served_low" in columns:
        return {"range_kind": "a tonne more, a tonne less", "low": "served_low", "high": "served_high"}
    parts = column.split("_")
    for cut in range(len(parts), 0, -1):
        low, high = ("_".join([*parts[:cut], side, *parts[cut:]]) for side in ("low", "high"))
        if low in columns and high in columns:
            return {"range_kind": _CORNERS, "low": low, "high": high}
    return {"range_kind": NOT_ASSESSED}


def _ties(values: pd.Series) -> dict[str, int]:
    """Return the rows that share their value, zero aside, with how many others share it."""
    found = values.head(_TIED_ROWS).to_numpy(dtype=float)
    size = float(np.nanmax(np.abs(found), initial=0.0))
    if not size > 0 or not np.isfinite(size):
        return {}
    _, rounded, n = np.unique(np.round(found / (size * TIE)), return_inverse=True, return_counts=True, equal_nan=False)
    tied = np.flatnonzero((n[rounded] > 1) & (np.abs(found) > size * TIE))
    labels = values.index[tied].tolist()
    names = [" > ".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in labels]
    return dict(zip(names, (n[rounded[tied]] - 1).tolist(), strict=True))


def codebook(result: Any) -> pd.DataFrame:
    """Say what each column of numbers of a result is.

    Parameters
    ----------
    result : Result or DataFrame
        An answer of this package.

    Returns
    -------
    DataFrame, one row per column of numbers
        table, column, unit, status (arithmetic checked; bounded, not proved best; sampled; simulated without
        foresight; from the inputs, not solved), range_kind, low, high (the columns with the ends of its range),
        rests_on (how the weakest of the inputs that bind the answer is known, and how many are so), tied_with
        (largest number of rows that share one value, zero aside), reference (keys of the sources of the inputs
        that bind).

    Raises
    ------
    DataError
        If it is no answer of this package.

    See Also
    --------
    catalog, read

    Examples
    --------
    >>> import chainnet as cn
    >>> book = cn.codebook(cn.chokepoints(cn.read("mag-9")))
    >>> book.set_index("column").loc["lost_tpa", ["unit", "status", "rests_on"]].tolist()
    ['t/yr', 'arithmetic checked', 'assumed inputs (all 3 that bind)']
    """
    tables = result.tables() if isinstance(result, Result) else {"": result}
    rows: list[dict[str, Any]] = []
    for name, table in tables.items():
        if not isinstance(table, pd.DataFrame) or not origin_of(table):
            raise DataError(f"codebook: a {type(table).__name__} without provenance; give an answer of chainnet.")
        rest = origin_of(table)["rests_on"]
        words = inputs_words(rest)
        for column, facts in fact_of(table, "columns").items():
            tied = max(facts.get("tied_with", {}).values(), default=0)
            row = {"table": name, "column": column, **facts, "rests_on": words, "tied_with": tied}
            rows.append({**row, "reference": "; ".join(rest["references"])})
    return pd.DataFrame(rows, columns=_COLUMNS)


def table_html(frame: pd.DataFrame) -> str:
    """Return the head of a table as escaped HTML without scripts."""
    text: str = frame.head(_SHOWN_ROWS).to_html(escape=True, border=0, na_rep="-")
    left = len(frame) - _SHOWN_ROWS
    return text + (f"<p>... and {left} more rows</p>" if left > 0 else "")


class Guarded:
    """What hands out its attributes so that nobody can change what it holds."""

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        # pickle and cached properties keep their state in __dict__ itself
        return value if name.startswith("__") else handed(value)


@dataclass(frozen=True, repr=False, eq=False)
class Result(Guarded):
    """A frozen bundle of tables and numbers with its provenance.

    Tables, and the provenance, are handed out as copies: what was solved stays as it was solved.
    """

    provenance: dict[str, Any]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return all tables of the result by name, the main one first."""
        return {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), pd.DataFrame)}

    def numbers(self) -> dict[str, Any]:
        """Return all single figures of the result by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), (int, float))}

    def __repr__(self) -> str:
        parts = [f"{name}={exact(value)}" for name, value in self.numbers().items()]
        parts += [f"{name}[{len(table)}]" for name, table in self.tables().items()]
        return f"<{type(self).__name__} of {self.provenance['graph']}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        from html import escape

        # of results that say their finding in a line; all say that nobody asks
        settings = self.provenance["settings"]
        said = getattr(self, "sentence", "")
        said = said or with_impossible(first_capital(settings.get("nobody", "")), settings)
        heads = f"<p>{escape(said)}</p>" if said else ""
        heads += "".join(f"<p><b>{escape(name)}</b> {exact(value)}</p>" for name, value in self.numbers().items())
        return heads + "".join(
            f"<h4>{escape(n)}</h4>{table_html(t)}" for n, t in self.tables().items() if len(t.columns)
        )
