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
    if rows["product"].str.len().nunique() < 2:
        return rows
    dropped: set[int] = set()
    for _, flow in rows.groupby(_FLOW, dropna=False):
        known = dict(zip(flow["product"], flow["code"], strict=True))
        for place, product, code in zip(flow.index, flow["product"], flow["code"], strict=True):
            under = [other for other in known if other != product and other.startswith(product)]
            over = [other for other in known if other != product and product.startswith(other)]
            is_parted = any(known[other] != code for other in under)
            if is_parted or any(known[other] == code and not _parted(other, known) for other in over):
                dropped.add(place)
    hit = rows.index.isin(list(dropped))
    note = "a heading stands beside its subheadings: one level counts, the heading where all under it is one product"
    ledger.by_commodity("heading beside its subheadings", "left out", rows[hit], note, commodities)
    return rows[~hit]


def _parted(heading: str, known: Mapping[str, str]) -> bool:
    """Say whether something under a heading is asked for under a code of its own."""
    return any(other != heading and other.startswith(heading) and known[other] != known[heading] for other in known)


def _without_areas(rows: pd.DataFrame, places: Places, commodities: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Leave out flows of areas whose countries have the flow as well; keep the others as flows of a region."""
    is_area = rows["exporter"].isin(places.areas) | rows["importer"].isin(places.areas)
    if not is_area.any():
        return rows
    plain = rows[~is_area]
    kept = [plain]
    keys = ["year", "code", "exporter", "importer"]
    flows = rows.loc[is_area, keys].drop_duplicates().sort_values(keys)
    sizes = [_size(row.exporter, places) * _size(row.importer, places) for row in each(flows)]
    for row in each(flows.iloc[np.argsort(sizes, kind="stable")]):
        year, code, exporter, importer = row.year, str(row.code), str(row.exporter), str(row.importer)
        same = rows["year"].eq(year) & rows["code"].eq(code)
        part = rows[same & rows["exporter"].eq(exporter) & rows["importer"].eq(importer)]
        tonnes = float(part.groupby("side")["t"].sum().max())
        area = " to ".join(end for end in (exporter, importer) if end in places.areas)
        held = float(sum(_inside(one, year, code, exporter, importer, places) for one in kept))
        if held > 0:
            note = f"{area}: its countries stand in the table as well, with {exact(held)} t"
            kind, rule, found = "aggregates left out", "left out", {"given_t": tonnes, "found_t": held}
            ledger.add(kind, rule, len(part), tonnes, note, commodities[code], exporter, importer, found)
            continue
        note = f"{area}: no flow of its countries stands in the table, so it is a region of its own"
        ledger.add("aggregates kept", "kept", len(part), tonnes, note, commodities[code], exporter, importer)
        names = {end: UNNAMED if end == WORLD else end for end in (exporter, importer)}
        places.regions |= {name for end, name in names.items() if end in places.areas}
        kept.append(part.replace({"exporter": names, "importer": names}))
    return pd.concat(kept)


def _size(area: str, places: Places) -> int:
    """Return how many countries an area may hold."""
    if area not in places.areas:
        return 1
    members = members_of(area)
    return 300 + (area == WORLD) if members is None else len(members)


def _inside(rows: pd.DataFrame, year: float, code: str, exporter: str, importer: str, places: Places) -> float:
    """Return the tonnes of flows that a flow between areas holds."""
    hit = rows["year"].eq(year) & rows["code"].eq(code) & rows["exporter"].ne(rows["importer"])
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
