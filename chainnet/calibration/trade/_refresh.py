"""A graph brought to newer statistics: which figures move, by how much, and what cannot be placed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools
from chainnet.calibration.trade._accounts import reconciled
from chainnet.calibration.trade._production import is_production, read_production
from chainnet.calibration.trade._products import products_of
from chainnet.calibration.trade._reports import read_years
from chainnet.calibration.trade._rows import each
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import Network, is_country
from chainnet.results import Result, provenance, stamp
from chainnet.words import exact

_MOVED = ("what", "commodity", "country", "partner", "before_t", "after_t", "change_t", "change_share", "measured_by",
          "mark", "n_rows", "note")  # fmt: skip
_SAME = 1e-9  # a change below this part is none
_WIDE = 3.0  # a change beyond this factor is doubtful
_SIDES = ("capacity_tpa", "low", "high")


@dataclass(frozen=True, repr=False, eq=False)
class Refreshed(Result):
    """A graph with newer figures.

    Attributes
    ----------
    network : Network
        The graph as it would be; ``compare(old, network)`` says how the answers moved, by input.
    moved : DataFrame
        A row a figure: what (production, trade), commodity (or step), country, partner, before_t, after_t, change_t,
        change_share, measured_by (same statistic: both years stand in the files; published total: of the graph;
        baseline: the graph's flows, so that a difference of scope is in the change too), mark, n_rows (rows that were
        scaled), note.
    left : DataFrame
        The same columns: figures that found no place in the graph, and why; and rows of trade files that are no flow
        of their own, with what became of them.
    """

    network: Network
    moved: pd.DataFrame
    left: pd.DataFrame


def refresh(
    network: Network,
    files: Any,
    *,
    material: str | None = None,
    kind: str | None = None,
    step: str | None = None,
    products: Any = None,
    year: int | None = None,
    capacity: str = "follow",
) -> Refreshed:
    """Bring a graph to newer USGS or BACI figures.

    A figure moves by what the statistic itself says has changed since the year of the graph, where the files hold
    that year too; else by its difference from the graph's published total, or from its baseline flows. The plants of
    a step and country then change alike, and so do what leaves them, or the relations between two countries.

    Parameters
    ----------
    network : Network
    files : path or list of paths
        USGS files of production, and trade files as ``from_trade`` takes them.
    material, kind : str, optional
        As of ``read_production``.
    step : str, optional
        Step (or stage) that the production is of; default the mines where the kind says mine, else the refiners.
    products : mapping, optional
        As of ``from_trade``, with the commodities of the graph; needed for trade files.
    year : int, optional
        Year of the new figures; default the last that the files hold.
    capacity : {"follow", "keep"}
        Whether capacities change as output does, or stay where the new output fits in.

    Returns
    -------
    Refreshed
        network, moved, left.

    Raises
    ------
    DataError
        If a file is of no known form, the step or a commodity is unknown, or no figure finds a place.

    See Also
    --------
    from_trade, compare

    Examples
    --------
    >>> import chainnet as cn
    >>> import pandas as pd
    >>> trade = pd.DataFrame([("COD", "CHN", 900.0)], columns=["exporter", "importer", "t"])
    >>> net = cn.from_trade(trade, {"COD": 90.0}, products={"2605": {"content": 0.1, "commodity": "ore"}}).network
    >>> later = cn.refresh(net, trade.assign(t=600.0), products={"2605": {"content": 0.1, "commodity": "ore"}})
    >>> later.moved[["country", "partner", "before_t", "after_t"]].values.tolist()
    [['COD', 'CHN', 90.0, 60.0]]
    """
    checks.known(capacity, ("follow", "keep"), "capacity", "way")
    checks.year(year, "year")
    given = [files] if isinstance(files, (str, Path, pd.DataFrame)) else list(files)
    made = [one for one in given if not isinstance(one, pd.DataFrame) and is_production(Path(one))]
    trade = [one for one in given if not any(one is other for other in made)]
    if trade and products is None:
        raise DataError(
            'products: trade files need the commodities of the graph, such as {"2605": {"commodity": "ore"}}.'
        )
    moved: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    changed = network
    for path in made:
        changed = _production(changed, Path(path), material, kind, step, year, capacity, moved, left)
    if trade:
        changed = _trade(changed, trade, products, year, moved, left)
    if not moved:
        why = "; ".join(dict.fromkeys(str(row["note"]) for row in left)) or "the files hold nothing of it"
        raise DataError(f"refresh: no figure found a place in {network.name}: {why}. Give step= or products=.")
    doubtful = [row for row in moved if _doubtful(row["before_t"], row["after_t"])]
    if doubtful:
        named = ", ".join(
            f"{row['country']} {exact(row['before_t'])} to {exact(row['after_t'])} t" for row in doubtful[:5]
        )
        said = (
            f"refresh: {len(doubtful)} figures change more than threefold ({named}): are material, step and unit right?"
        )
        warnings.warn(said, ChainnetWarning, stacklevel=2)
    source = provenance(network, "none", year=year, capacity=capacity)
    # what stayed as it was found its place, but did not move
    moved = [row for row in moved if abs(row["change_t"]) > _SAME * row["before_t"]]
    tables = [
        pd.DataFrame(rows, columns=list(_MOVED)).sort_values("change_t", key=np.abs, ascending=False, kind="stable")
        for rows in (moved, left)
    ]
    return Refreshed(source, changed, *(stamp(table.reset_index(drop=True), source) for table in tables))


def _row(
    what: str, commodity: str, country: Any, partner: Any, before: float, after: float, **more: Any
) -> dict[str, Any]:
    share = (after - before) / before if before > 0 else float("nan")
    doubt = "more than three times, or less than a third: look at scope and unit" if _doubtful(before, after) else ""
    note = "; ".join(part for part in (more.pop("note", ""), doubt) if part)
    return {
        "what": what, "commodity": commodity, "country": country, "partner": partner, "before_t": before,
        "after_t": after, "change_t": after - before, "change_share": share, "note": note, **more,
    }  # fmt: skip


def _doubtful(before: float, after: float) -> bool:
    return before > 0 and after > 0 and not 1 / _WIDE <= after / before <= _WIDE


# -- production ----------------------------------------------------------------------------------------


def _production(
    network: Network, path: Path, material: str | None, kind: str | None, step: str | None, year: int | None,
    capacity: str, moved: list[dict[str, Any]], left: list[dict[str, Any]],
) -> Network:  # fmt: skip
    new = read_production(path, material=material, kind=kind, year=year)
    old = pd.DataFrame(columns=new.columns)
    if network.year is not None and network.year != new["year"].max():
        old = read_production(path, material=material, kind=kind, year=network.year, nearest=True)
        old = old[old["year"] == network.year]
    column, word = _step_of(network, step, kind or path.name)
    plants = network.nodes[column].eq(word).to_numpy(dtype=bool)
    base = _leaving(network)
    published = _published(network, word)
    factors: dict[str, float] = {}
    before_of = dict(zip(old["country"], old["value"], strict=True))
    for row in each(new):
        here = plants & network.nodes["country"].eq(row.country).to_numpy(dtype=bool)
        blank = _row("production", word, row.country, None, float("nan"), row.value, mark=row.mark, n_rows=0)
        if row.value != row.value:
            left.append({**blank, "note": f"{row.mark}: no figure, so nothing moves"})
        elif row.country == "world" or not is_country(row.country):
            left.append({**blank, "note": "a sum or a remainder: no country of the graph"})
        elif not here.any():
            left.append({**blank, "note": f"the graph has no {word} in this country"})
        else:
            output = float(base[here].sum())
            before, by = _before(before_of.get(row.country), published.get(row.country), output)
            if before <= 0:
                left.append({**blank, "before_t": before, "note": "nothing to measure the change by"})
                continue
            if _keeps(row.mark, before, row.value):
                note = f"printed as {row.mark} {exact(row.value)} t, which the figure before keeps"
                left.append({**blank, "before_t": before, "note": note})
                continue
            factors[row.country] = row.value / before
            said = {"mark": row.mark, "n_rows": int(here.sum()), "measured_by": by}
            moved.append(_row("production", word, row.country, None, before, float(row.value), **said))
    return _with_output(network, plants, factors, capacity)


def _keeps(mark: str, before: float, bound: float) -> bool:
    """Say whether a figure lies within a bound that a newer statistic prints."""
    return (mark == "greater than" and before >= bound) or (mark == "less than" and before <= bound)


def _before(same: Any, published: Any, output: float) -> tuple[float, str]:
    for value, by in ((same, "same statistic"), (published, "published total"), (output, "baseline")):
        if value is not None and value == value and value > 0:
            return float(value), by
    return 0.0, ""


def _step_of(network: Network, step: str | None, words: str) -> tuple[str, str]:
    """Return the column and the word by which the plants are known that the figures are of."""
    nodes = network.nodes
    known = {str(s): "step" for s in nodes["step"].dropna()} | {str(s): "stage" for s in nodes["stage"].dropna()}
    if step is not None:
        checks.known(step, known, "step", f"step of {network.name}")
        return ("stage" if known[step] == "stage" else "step"), step
    return "stage", "refiner" if any(word in words.lower() for word in ("refin", "smelt", "metal")) else "mine"


def _leaving(network: Network) -> Any:
    """Return what leaves each node in the base year."""
    flow = network.edges.groupby("source")["flow_tpa"].sum()
    return flow.reindex(network.nodes["id"]).fillna(0.0).to_numpy(dtype="float64")


def _published(network: Network, word: str) -> dict[str, float]:
    """Return the published total of each country at a step, in the year of the graph."""
    totals = network.totals
    hit = totals["step"].eq(word) & totals["unit"].eq("t/yr") & totals["country"].notna()
    hit &= totals["year"].eq(network.year) if network.year is not None else True
    sums = totals[hit].groupby("country")["value"].agg(["sum", "size"])
    return {str(country): float(s) for country, s, n in sums.itertuples() if n == 1}


def _with_output(network: Network, plants: Bools, factors: dict[str, float], capacity: str) -> Network:
    """Return the network with the plants of a step, and what leaves them, changed country by country."""
    nodes = network.nodes
    factor = nodes["country"].map(factors).where(plants).fillna(1.0).to_numpy(dtype="float64")
    output = pd.Series(_leaving(network) * factor)
    scale = factor if capacity == "follow" else np.ones(len(nodes))
    for column in _SIDES:
        nodes[column] = nodes[column] * scale
    if capacity == "keep":
        nodes["capacity_tpa"] = nodes["capacity_tpa"].where(~(output > nodes["capacity_tpa"]), output)
        nodes["high"] = nodes[["high", "capacity_tpa"]].max(axis=1).where(nodes["high"].notna())
    nodes["quality"] = nodes["quality"].where(factor == 1.0, "estimated")
    edges = _scaled(network.edges, network.edges["source"].map(dict(zip(nodes["id"], factor, strict=True))).fillna(1.0))
    return network.with_table("nodes", nodes).with_table("edges", edges)


def _scaled(edges: pd.DataFrame, factor: pd.Series) -> pd.DataFrame:
    for column in ("flow_tpa", *_SIDES):
        edges[column] = edges[column] * factor.to_numpy(dtype="float64")
    edges["quality"] = edges["quality"].where(factor.eq(1.0).to_numpy(), "estimated")
    return edges


# -- trade ---------------------------------------------------------------------------------------------


def _trade(
    network: Network, files: Sequence[Any], products: Any, year: int | None, moved: list[dict[str, Any]],
    left: list[dict[str, Any]],
) -> Network:  # fmt: skip
    goods = products_of(products)
    known = set(network.edges["commodity"].fillna(""))
    for one in goods:
        checks.known(one.commodity, known, "products", f"commodity of {network.name}")
    codes = {one.code: one.commodity for one in goods}
    # of a year that is asked for the year of the graph is read too, to measure the change by
    years = read_years(files, codes, None)
    last = max(years) if year is None else year
    if last not in years:
        raise DataError(f"trade: no flows of {last}; the files hold {', '.join(map(str, sorted(years)))}.")
    nan = float("nan")
    for row in years[last].left_out:
        if row["rule"]:
            note = f"{row['kind']}: {row['rows']} rows, {exact(row['tonnes'])} t gross, {row['rule']}; {row['note']}"
            ends = row["commodity"], row["country"], row["partner"]
            left.append(_row("rows of the files", *ends, nan, nan, n_rows=0, note=note))
    keys = ["commodity", "exporter", "importer"]
    new = reconciled(years[last], goods, []).set_index(keys)["value"]
    first = years.get(network.year) if network.year is not None and network.year != last else None
    old = None if first is None else reconciled(first, goods, []).set_index(keys)["value"]
    country = network.plants.set_index("id")["country"]
    edges = network.edges
    pairs = pd.MultiIndex.from_arrays(
        [edges["commodity"].fillna(""), edges["source"].map(country), edges["target"].map(country)], names=keys
    )
    flows = pd.Series(edges["flow_tpa"].to_numpy(dtype="float64"), index=pairs)
    base = flows.groupby(level=[0, 1, 2]).sum()
    rows = flows.notna().groupby(level=[0, 1, 2]).sum()
    factors: dict[Any, float] = {}
    keyed: list[Any] = new.index.to_list()
    for key, value in zip(keyed, new.to_numpy(dtype="float64"), strict=True):
        commodity, exporter, importer = key
        before, by = _before(None if old is None else old.get(key), None, float(base.get(key, 0.0)))
        blank = _row("trade", commodity, exporter, importer, before, float(value), n_rows=0)
        if base.get(key, 0.0) <= 0:
            left.append({**blank, "note": "no relation of the graph carries this between the two"})
            continue
        factors[key] = float(value) / before
        said = {"n_rows": int(rows[key]), "measured_by": by}
        moved.append(_row("trade", commodity, exporter, importer, before, float(value), **said))
    factor = pd.Series([factors.get(key, 1.0) for key in pairs])
    return network.with_table("edges", _scaled(edges, factor))
