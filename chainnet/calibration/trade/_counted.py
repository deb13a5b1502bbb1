"""Count each tonne once: headings beside what is under them, areas beside their countries, rows that repeat a flow."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from chainnet.calibration.trade._ledger import Ledger
from chainnet.calibration.trade._places import UNNAMED, WORLD, Places, members_of
from chainnet.calibration.trade._rows import each
from chainnet.words import exact

_FLOW = ["year", "side", "exporter", "importer"]
_FIGURES = ["t", "estimated_t", "usd_without_t", "usd_with_t"]


def counted_once(rows: pd.DataFrame, places: Places, commodities: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Return rows of which none holds another; what is left out, kept in doubt or added to another is counted."""
    rows = _without_headings(rows, commodities, ledger)
    rows = _without_areas(rows, places, commodities, ledger)
    _count_repeats(rows, commodities, ledger)
    return rows


def _without_headings(rows: pd.DataFrame, commodities: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Leave out subheadings whose heading is there for the same flow; but the heading where one is asked for apart."""
    size = rows["product"].str.len()
    dropped: set[int] = set()
    for length in sorted(size.unique())[:-1]:
        heads = rows.loc[size.eq(length), [*_FLOW, "product", "code"]].rename_axis("at").reset_index()
        under = rows.loc[size.gt(length), [*_FLOW, "product", "code"]].rename_axis("below").reset_index()
        under["product"] = under["product"].str[:length]
        pairs = heads.merge(under, on=[*_FLOW, "product"], suffixes=("", "_below"))
        parted = set(pairs.loc[pairs["code"].ne(pairs["code_below"]), "at"])
        dropped |= parted | set(pairs.loc[~pairs["at"].isin(parted), "below"])
    hit = rows.index.isin(list(dropped))
    note = "a heading stands beside its subheadings: one level counts, the heading where all under it is one product"
    ledger.by_commodity("heading beside its subheadings", "left out", rows[hit], note, commodities)
    return rows[~hit]


def _without_areas(rows: pd.DataFrame, places: Places, commodities: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Leave out flows of areas whose countries have the flow as well; keep the others as flows of a region."""
    is_area = rows["exporter"].isin(places.areas) | rows["importer"].isin(places.areas)
    if not is_area.any():
        return rows
    keys = ["year", "code", "exporter", "importer"]
    known = {key: [part] for key, part in rows[~is_area].groupby(keys[:2])}
    areas = rows[is_area]
    flows = areas[keys].drop_duplicates().sort_values(keys)
    sizes = [_size(row.exporter, places) * _size(row.importer, places) for row in each(flows)]
    for row in each(flows.iloc[np.argsort(sizes, kind="stable")]):
        year, code, exporter, importer = row.year, str(row.code), str(row.exporter), str(row.importer)
        same = areas["year"].eq(year) & areas["code"].eq(code)
        part = areas[same & areas["exporter"].eq(exporter) & areas["importer"].eq(importer)]
        tonnes = float(part["t"].sum())
        near = known.setdefault((year, code), [])
        held = float(sum(_inside(one, exporter, importer, places) for one in near))
        area = " to ".join(end for end in (exporter, importer) if end in places.areas)
        kind, rule, found = "aggregates left out", "left out", {"given_t": tonnes, "found_t": held}
        if exporter == importer:
            note = f"{exporter}: trade inside it"
        elif held > 0:
            note = f"{area}: its countries stand in the table as well, with {exact(held)} t"
        else:
            note = f"{area}: no flow of its countries stands in the table, so it is a region of its own"
            kind, rule, found = "aggregates kept", "kept", {}
            names = {end: UNNAMED if end == WORLD else end for end in (exporter, importer)}
            places.regions |= {name for end, name in names.items() if end in places.areas}
            near.append(part.replace({"exporter": names, "importer": names}))
        ledger.add(kind, rule, len(part), tonnes, note, commodities[code], exporter, importer, found)
    return pd.concat([rows[:0], *(part for parts in known.values() for part in parts)])


def _size(area: str, places: Places) -> int:
    """Return how many countries an area may hold."""
    if area not in places.areas:
        return 1
    members = members_of(area)
    return 300 + (area == WORLD) if members is None else len(members)


def _inside(rows: pd.DataFrame, exporter: str, importer: str, places: Places) -> float:
    """Return the tonnes of flows that a flow between areas holds."""
    hit = rows["exporter"].ne(rows["importer"])
    for column, end in (("exporter", exporter), ("importer", importer)):
        if end not in places.areas:
            hit &= rows[column].eq(end)
            continue
        members = members_of(end)
        if members is not None:
            inner = {area for area in places.areas if area != end and (members_of(area) or {""}) <= members}
            hit &= rows[column].isin([*members, *inner])
    return float(rows[hit].groupby("side")["t"].sum().max()) if hit.any() else 0.0


def _count_repeats(rows: pd.DataFrame, commodities: Mapping[str, str], ledger: Ledger) -> None:
    """Count rows that are added to an earlier one of the same flow and product."""
    key = [*_FLOW, "product"]
    again = rows.duplicated(key)
    same = rows.duplicated([*key, *_FIGURES])
    note = "equal to an earlier row in every figure, and added to it: it may stand twice"
    ledger.by_commodity("equal rows", "added", rows[same], note, commodities)
    note = "of a flow and product that has an earlier row, and added to it"
    ledger.by_commodity("rows of one flow", "added", rows[again & ~same], note, commodities)
