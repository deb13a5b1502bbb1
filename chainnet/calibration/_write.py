"""From solved flows to the tables of a network: capacities, qualities, notes, and what is left over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools, records
from chainnet.calibration._program import Figure, Program, total_pairs
from chainnet.calibration._relations import Pairs
from chainnet.calibration._tables import ABOUT, COMPARE, Sources
from chainnet.network import TABLES, place_of, plants_of
from chainnet.words import count, digits, exact

# what the note of a relation says whose capacity is no slack over its flow
ALL_OF_SOURCE = "capacity: all that the source can make"

# part of a figure marked about by which the flows may be off before it is called missed
MISSED = 0.05
_NAMED = 5


def result_tables(sources: Sources, pairs: Pairs, program: Program, x: Array) -> dict[str, pd.DataFrame]:
    """Return edges, nodes, demand, totals (as the schema has them), gaps, those missed, and amounts."""
    missed = [(f, found) for f in program.figures if (found := _missed(f, x)) is not None]
    keys = {table: {f.key for f, _ in missed if f.table == table} for table in ("nodes", "demand", "relations")}
    nodes = _nodes(sources, program, x, {f.key: f.value for f, _ in missed if f.table == "nodes"})
    limits = dict(zip(nodes["id"], nodes["capacity_tpa"], strict=True))
    parts = [_edges(sources, pairs, program, x, limits, keys["relations"]), _sleeping(sources, pairs, limits)]
    edges = pd.concat(parts, ignore_index=True)
    gaps, is_missed = _gaps(sources, pairs, program, x, missed)
    return {
        "edges": edges[TABLES["edges"].names],
        "nodes": nodes[TABLES["nodes"].names],
        "demand": _demand(sources, program, x, keys["demand"])[TABLES["demand"].names],
        "totals": sources.totals[TABLES["totals"].names],
        "gaps": gaps,
        "missed": gaps[is_missed],
        "amounts": _amounts(program, x),
    }


def twelve_digits(x: Array) -> Array:
    """Round to twelve digits: far below the tolerance, and what a person types comes back as typed."""
    return np.array([digits(value, 12) for value in x.tolist()], dtype=np.float64)


def _tonnes(value: float) -> str:
    return count(value) if value >= 1000 else exact(value, 4)


def _joined(note: Any, *words: str) -> str | None:
    said = [part for part in (note, *words) if isinstance(part, str) and part]
    return "; ".join(said) or None


def _edges(
    sources: Sources, pairs: Pairs, program: Program, x: Array, limits: dict[str, float], missed: set[str]
) -> pd.DataFrame:
    table = pairs.table.copy()
    settings = sources.settings
    flow = x[: program.n_pairs]
    met = [seen for seen in pairs.observed if seen.fit != COMPARE and seen.words not in missed]
    alone = {int(seen.pairs[0]) for seen in met if len(seen.pairs) == 1}
    summed = {int(i) for seen in met if len(seen.pairs) > 1 for i in seen.pairs}
    is_seen = np.array([i in alone for i in range(len(table))], dtype=bool)
    is_part = np.array([i in summed for i in range(len(table))], dtype=bool) & ~is_seen
    slack = table["slack"].fillna(settings.slack).to_numpy(dtype=np.float64)
    rule = table["capacity"].fillna("slack").to_numpy(dtype=object)
    given = table["capacity_tpa"].to_numpy(dtype=np.float64)
    source_limit = _can_make(sources, table, limits)
    chosen = np.select([rule == "slack", rule == "source"], [flow * slack, source_limit], np.nan)
    capacity = np.where(np.isnan(given), twelve_digits(chosen), given)
    # a relation that carries nothing is not closed for ever: it stays out, or has its own capacity
    words = np.select(
        [~np.isnan(given), rule == "slack", rule == "source"],
        ["", "slack", ALL_OF_SOURCE],
        "",
    )
    notes = []
    for i, note in enumerate(table["note"].tolist()):
        how = "" if is_seen[i] else "inferred: share of what the source makes and the target takes"
        if is_part[i]:
            how = "inferred: part of an observed sum"
        if isinstance(note, str):
            how = ""
        said = f"capacity: flow x {slack[i]:g}" if words[i] == "slack" else str(words[i])
        notes.append(_joined(note, how, said))
    quality = table["quality"].to_numpy(dtype=object)
    quality = np.where(pd.isna(quality), np.where(is_seen, "reported", "inferred"), quality)
    # a share that was worked out is never called reported
    quality = np.where(~is_seen & np.isin(quality.astype(str), ["reported", "estimated"]), "inferred", quality)
    table = table.assign(flow_tpa=flow, capacity_tpa=capacity, quality=quality)
    table["note"] = notes
    keep = (flow > 0) | ~np.isnan(given) | (rule != "slack") | is_seen
    return _shipping(sources, table[keep])


def _can_make(sources: Sources, table: pd.DataFrame, limits: dict[str, float]) -> Array:
    """Most that the source of each pair can make of the commodity."""
    process_of = plants_of(sources.nodes, sources.projects).set_index("id")["process"].to_dict()
    lines = sources.processes[sources.processes["role"] != "input"]
    ratio = {(p, c): t for p, c, t in zip(lines["process"], lines["commodity"], lines["t_per_t"], strict=True)}
    out = []
    for source, good in zip(table["source"], table["commodity"], strict=True):
        process = process_of[source]
        out.append(
            limits.get(source, np.nan) * (ratio.get((process, good), np.nan) if isinstance(process, str) else 1.0)
        )
    return np.array(out, dtype=np.float64)


def _can_take(sources: Sources, table: pd.DataFrame, limits: dict[str, float]) -> Array:
    process_of = plants_of(sources.nodes, sources.projects).set_index("id")["process"].to_dict()
    lines = sources.processes[sources.processes["role"] == "input"]
    ratio = {(p, c): t for p, c, t in zip(lines["process"], lines["commodity"], lines["t_per_t"], strict=True)}
    out = []
    for target, good in zip(table["target"], table["commodity"], strict=True):
        process = process_of[target]
        most = limits.get(target, np.nan)
        out.append(most * ratio.get((process, good), np.nan) if isinstance(process, str) else most)
    return np.array(out, dtype=np.float64)


def _sleeping(sources: Sources, pairs: Pairs, limits: dict[str, float]) -> pd.DataFrame:
    """Relations of projects: no flow, and what the smaller side can make or take."""
    table = pairs.sleeping
    if table.empty:
        return table
    limits = {**limits, **dict(zip(sources.projects["id"], sources.projects["capacity_tpa"], strict=True))}
    smaller = np.fmin(_can_make(sources, table, limits), _can_take(sources, table, limits))
    given = table["capacity_tpa"].to_numpy(dtype=np.float64)
    words = "possible relation of a project; capacity is what the smaller side can make or take"
    notes = [n if isinstance(n, str) else words for n in table["note"]]
    table = table.assign(
        flow_tpa=np.nan,
        capacity_tpa=np.where(np.isnan(given), twelve_digits(smaller), given),
        quality=table["quality"].fillna("assumed"),
        note=notes,
    )
    return _shipping(sources, table)


def _shipping(sources: Sources, table: pd.DataFrame) -> pd.DataFrame:
    """Fill in shipping cost, time and source from the settings."""
    settings = sources.settings
    where = place_of(plants_of(sources.nodes, sources.projects).set_index("id")).fillna("?").to_dict()
    same = np.array(
        [where[a] == where[b] != "?" for a, b in zip(table["source"], table["target"], strict=True)], dtype=bool
    )
    out = table.copy()
    for column, within, between in (
        ("cost_usd_per_t", settings.cost_within, settings.cost_between),
        ("lag_months", settings.lag_within, settings.lag_between),
    ):
        default = np.where(same, np.nan if within is None else within, np.nan if between is None else between)
        out[column] = np.where(out[column].notna(), out[column].astype("float64"), default)
    if settings.reference:
        out["reference"] = out["reference"].fillna(settings.reference)
    return out.assign(commodity=out["commodity"].where(out["commodity"] != "", None))


def _nodes(sources: Sources, program: Program, x: Array, missed: dict[str, float]) -> pd.DataFrame:
    """Fill in what is not known of a node's capacity: output over an assumed utilisation.

    An output that is ``missed`` is what the other figures leave, and no longer what was reported.
    """
    nodes = sources.nodes.copy()
    activity = {node: float(x[at]) for (kind, node, _), at in program.place.items() if kind == "activity"}
    use = nodes["utilisation"].fillna(sources.settings.utilisation).to_numpy(dtype=np.float64)
    made = nodes["id"].map(activity).to_numpy(dtype=np.float64)
    todo = (nodes["capacity_tpa"].isna() & (nodes["stage"] != "end_use")).to_numpy() & ~np.isnan(made)
    capacity = np.where(todo, twelve_digits(made / use), nodes["capacity_tpa"].to_numpy(dtype=np.float64))
    given = nodes["output_tpa"].notna().to_numpy() & (nodes["fit"] != "about").to_numpy()
    notes, quality = nodes["note"].tolist(), nodes["quality"].tolist()
    for i in np.flatnonzero(todo):
        how = "" if given[i] else "computed, "
        lost = missed.get(nodes["id"].iloc[i])
        if lost is not None and quality[i] == "reported":
            quality[i] = "inferred"
        notes[i] = _joined(
            notes[i],
            "" if lost is None else f"the output given, {_tonnes(lost)} t, is not met",
            f"principal figure: {how}output of {_tonnes(made[i])} t",
            f"capacity is output over an assumed utilisation of {use[i]:g}",
        )
        if not isinstance(quality[i], str):
            quality[i] = "inferred" if not given[i] else "assumed"
    # a utilisation of 1 says that there is no more to be had: no range
    ranged = todo & (use < 1.0)
    low = nodes["low"].where(~(ranged & nodes["low"].isna().to_numpy()), made)
    high = nodes["high"].where(~(ranged & nodes["high"].isna().to_numpy()), twelve_digits(made / np.minimum(use, 0.6)))
    return nodes.assign(capacity_tpa=capacity, low=low, high=high, note=notes, quality=quality)


def _demand(sources: Sources, program: Program, x: Array, missed: set[str]) -> pd.DataFrame:
    """Fill in demand that was left open; an open row takes what the node's other rows leave."""
    demand = sources.demand.copy()
    good = demand["commodity"].fillna("")
    values = demand["demand_tpa"].to_numpy(dtype=np.float64).copy()
    for key, part in demand.groupby(["node", good], sort=True):
        node, commodity = map(str, key)
        at = program.place.get(("take", node, commodity))
        found = float(x[at]) if at is not None else 0.0
        places = part.index.to_numpy()
        blank = part["demand_tpa"].isna().to_numpy()
        if blank.any():
            left = found - float(part["demand_tpa"].sum())
            values[places[blank]] = max(left, 0.0) / int(blank.sum())
        elif part["fit"].eq("about").any() and part["demand_tpa"].sum() > 0:
            values[places] *= found / float(part["demand_tpa"].sum())
    was_open = demand["demand_tpa"].isna()
    quality = demand["quality"].where(demand["quality"].notna() | ~was_open, "inferred")
    # a row that gives way to the others is no longer what was reported
    bent = (demand["node"].isin(missed) & demand["fit"].eq("about") & ~was_open).to_numpy(dtype=bool)
    quality = quality.mask(bent & (quality == "reported").to_numpy(), "inferred")
    said = np.select([was_open.to_numpy(dtype=bool), bent], ["computed: what is made and not asked for", "not met"], "")
    notes = [_joined(n, str(words)) for n, words in zip(demand["note"], said, strict=True)]
    demand["note"] = notes
    return demand.assign(demand_tpa=values, quality=quality)


def _missed(figure: Figure, x: Array) -> float | None:
    """Return what was found for a figure marked about that is missed by more than a few per cent, else None."""
    if figure.fit != ABOUT or not figure.at:
        return None
    found = float(x[list(figure.at)].sum())
    if figure.low <= found <= figure.high:
        return None
    return found if abs(found - figure.value) > MISSED * max(figure.value, 1e-6 * figure.size) else None


def missed_words(missed: pd.DataFrame) -> str:
    """Say which figures marked about are missed, the worst first; nothing where all are met."""
    if missed.empty:
        return ""
    share = missed["difference_share"].abs().fillna(np.inf)
    worst = missed.loc[share.sort_values(ascending=False, kind="stable").index]
    each = [
        f"{row['table']} {row['key'] or row['step']}: given {exact(row['value'])}, found {exact(row['found'])}"
        for row in records(worst.head(_NAMED))
    ]
    left = f"; and {len(worst) - _NAMED} more" if len(worst) > _NAMED else ""
    return (
        f"calibrate: {len(worst)} figure{'s' * (len(worst) > 1)} marked about missed by more than "
        f"{100 * MISSED:g} %: {'; '.join(each)}{left}. Correct them or what they clash with; gaps lists all."
    )


def _gaps(
    sources: Sources, pairs: Pairs, program: Program, x: Array, missed: list[tuple[Figure, float]]
) -> tuple[pd.DataFrame, Bools]:
    """All published totals, and every other figure that is missed; and which rows are missed."""
    rows: list[tuple[Any, ...]] = []
    by_row = {f.row: f for f in program.figures if f.table == "totals"}
    is_missed: list[bool] = []
    off = {f.row for f, _ in missed if f.table == "totals"}
    for row in records(sources.totals):
        figure = by_row.get(int(row["row"]))
        found = np.nan
        fit = figure.fit if figure else COMPARE
        if figure is not None and figure.at:
            found = float(x[list(figure.at)].sum())
        elif row["unit"] == "share" and isinstance(row["country"], str):
            mine = total_pairs(sources, pairs.table, row)
            world = total_pairs(sources, pairs.table, {**row, "country": None})
            if mine is not None and world and _one_basis(sources, pairs, world):
                found = float(x[mine].sum() / max(x[world].sum(), 1e-300))
        value = row["value"]
        difference = found - value
        share = difference / value if value else np.nan
        said = (row["step"], row["commodity"], row["country"], int(row["year"]), row["unit"], value)
        rows.append(("totals", "", *said, found, difference, share, fit))
        is_missed.append(int(row["row"]) in off)
    places = sources.nodes.set_index("id")
    for f, found in missed:
        if f.table == "totals":
            continue
        place = places.loc[f.key] if f.key in places.index else {"step": None, "country": None}
        share = (found - f.value) / f.value if f.value else np.nan
        where = (place["step"], f.commodity, place["country"], None, "t/yr")
        rows.append((f.table, f.key, *where, f.value, found, found - f.value, share, f.fit))
        is_missed.append(True)
    columns = [
        "table",
        "key",
        "step",
        "commodity",
        "country",
        "year",
        "unit",
        "value",
        "found",
        "difference",
        "difference_share",
        "fit",
    ]
    return pd.DataFrame(rows, columns=columns).astype({"year": "Int64"}), np.array(is_missed, dtype=bool)


def _one_basis(sources: Sources, pairs: Pairs, places: list[int]) -> bool:
    goods = set(pairs.table["commodity"].iloc[places])
    basis = sources.commodities.set_index("id")["basis"].reindex(sorted(goods))
    return len(goods) == 1 or (bool(basis.notna().all()) and len(basis.unique()) == 1)


def _amounts(program: Program, x: Array) -> pd.DataFrame:
    """All figures that were given, what was computed instead of one, and what is made and not taken."""
    rows: list[tuple[str, str, str, float, float, str]] = []
    given = set()
    for f in program.figures:
        found = float(x[list(f.at)].sum()) if f.at else np.nan
        rows.append((f.table, f.key, f.commodity, f.value, found, f.fit))
        if f.table in ("nodes", "demand"):
            given |= set(f.at)
    for at, (kind, node, good) in enumerate(program.amounts, start=program.n_pairs):
        if kind in ("activity", "take") and at not in given:
            table = "nodes" if kind == "activity" else "demand"
            rows.append((table, node, good, np.nan, float(x[at]), "computed"))
        elif kind == "discard" and x[at] > 1e-9 * program.size.get(good, 1.0):
            rows.append(("processes", node, good, np.nan, float(x[at]), "discarded"))
    frame = pd.DataFrame(rows, columns=["table", "key", "commodity", "given_tpa", "found_tpa", "how"])
    frame = frame.assign(difference_tpa=frame["found_tpa"] - frame["given_tpa"])
    order = ["table", "key", "commodity", "given_tpa", "found_tpa", "difference_tpa", "how"]
    return frame[order].sort_values(["table", "key", "commodity", "how"], kind="stable").reset_index(drop=True)
