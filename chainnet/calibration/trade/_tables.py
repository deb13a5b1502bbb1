"""The tables of a chain from its accounts; and all that was supposed, in words with sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet.calibration.trade._accounts import Account
from chainnet.calibration.trade._held import held_good
from chainnet.calibration.trade._ledger import gap
from chainnet.calibration.trade._products import Product
from chainnet.calibration.trade._reports import Reports
from chainnet.calibration.trade._rows import each, pairs
from chainnet.engine import ROUNDING
from chainnet.errors import DataError
from chainnet.network import Network, is_country, reexport_rows
from chainnet.words import country_name, exact

_QUALITY = {"reported": "reported", "estimated": "estimated", "greater than": "estimated", "less than": "estimated"}
_STAGES = ("mine", "refiner", "manufacturer")


@dataclass(frozen=True)
class Parts:
    """All that a chain is made from."""

    commodities: list[str]
    accounts: Mapping[str, Account]
    feeds: Mapping[str, pd.Series]
    figures: Mapping[str, pd.DataFrame]
    use: pd.DataFrame | None
    flows: pd.DataFrame
    products: list[Product]
    slack: float
    utilisation: float
    tier: str
    held: Mapping[str, pd.Series]

    def range_of(self, good: str) -> tuple[float, float]:
        """Return low and high over the value of a commodity, by the contents of its codes."""
        mine = [one for one in self.products if one.commodity == good]
        return min(one.low / one.content for one in mine), max(one.high / one.content for one in mine)


def stays_with_miners(parts: Parts) -> pd.Series:
    """Return by country what it mines and nobody says that it uses: neither sold nor, by a figure, made on there.

    Such goods may as well leave under a product code that was not asked for, so they are no demand. Where a figure
    says what a country makes of the last commodity, what stays of that is its use.
    """
    return parts.held[parts.commodities[-1]]


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_") or "x"


def network_of(
    parts: Parts, reports: Reports, gaps: list[dict[str, Any]], *, name: str, beneficiaries: str | Sequence[str] | None
) -> Network:
    """Return the network; what cannot stand in it is added to the gaps."""
    _check_names(parts)
    nodes: dict[str, dict[str, Any]] = {}
    edges: list[dict[str, Any]] = []
    processes: list[dict[str, Any]] = []
    for place, good in enumerate(parts.commodities):
        _makers(parts, good, place, nodes, processes)
    for place, good in enumerate(parts.commodities):
        following = parts.commodities[place + 1] if place + 1 < len(parts.commodities) else None
        _relations(parts, good, following, nodes, edges)
        if place:
            _other_feed(parts, good, parts.commodities[place - 1], nodes, edges, processes)
    demand = _demand(parts, nodes, edges, gaps)
    basis = "t" if all("content" not in one.said for one in parts.products) else "t contained"
    kept = [held_good(good) for good in parts.commodities if len(parts.held[good])]
    goods = [{"id": good, "basis": basis, "quality": "reported"} for good in [*parts.commodities, *kept]]
    return Network(
        pd.DataFrame(nodes.values()), pd.DataFrame(edges), demand=pd.DataFrame(demand), name=name,
        processes=pd.DataFrame(processes) if processes else None, commodities=pd.DataFrame(goods),
        totals=_totals(parts, reports), figures=_reexports(parts), references=_references(reports, parts),
        main_commodity=parts.commodities[-1], beneficiaries=beneficiaries, year=reports.year,
    )  # fmt: skip


def _check_names(parts: Parts) -> None:
    """Refuse places that make the same ids."""
    seen: dict[str, str] = {}
    made = [str(place) for one in parts.figures.values() for place in one["country"]]
    for place in sorted({*parts.flows["exporter"], *parts.flows["importer"], *made}):
        other = seen.setdefault(_slug(place), place)
        if other != place:
            raise DataError(f'trade: "{other}" and "{place}" can hardly be told apart. Give one of them another name.')


def _node(country: str, what: str, stage: str, step: str, **more: Any) -> dict[str, Any]:
    is_one = is_country(country)
    return {
        "id": f"{_slug(country)}_{_slug(what)}", "label": f"{country_name(country)}: {what}", "stage": stage,
        "step": step, "country": country if is_one else None, "region": None if is_one else country, **more,
    }  # fmt: skip


def _makers(
    parts: Parts, good: str, place: int, nodes: dict[str, dict[str, Any]], processes: list[dict[str, Any]]
) -> None:
    account, figures = parts.accounts[good], parts.figures.get(good)
    said = {} if figures is None else figures.set_index("country").to_dict("index")
    stage = _STAGES[min(place, len(_STAGES) - 1)]
    process = None
    if place:
        process = f"make_{_slug(good)}"
        recovery = next(one.recovery for one in parts.products if one.commodity == good)
        before = parts.commodities[place - 1]
        lines = [(process, before, good)]
        lines += (
            [(f"make_{_slug(held_good(good))}", held_good(before), held_good(good))] if len(parts.held[good]) else []
        )
        for word, fed, out in lines:
            processes += [
                {"process": word, "commodity": fed, "role": "input", "t_per_t": 1.0 / recovery, "quality": "assumed"},
                {"process": word, "commodity": out, "role": "output", "t_per_t": 1.0, "quality": "reported"},
            ]
    for country, made in pairs(account.made[account.made > 0]):
        figure = said.get(country, {})
        mark = str(figure.get("mark"))
        known = _QUALITY.get(mark, "estimated") if figures is not None else "inferred"
        own = float(parts.held[good].get(country, 0.0))
        low, high = (_over(figure.get(end), parts.utilisation, own) for end in ("low", "high"))
        source = "PRODUCTION" if figure else "TRADE"
        note = f"output of {exact(made, 9)} t ({mark if figure else 'from what it keeps'}) over a utilisation of "
        note += f"{parts.utilisation:g}"
        if own > 0:
            node = _node(
                country, held_good(good), stage, good, process=f"make_{_slug(held_good(good))}" if place else None,
                capacity_tpa=own, quality="assumed", reference=source,
                note="stays where it is mined: it counts for nobody, and replaces nothing that is lost",
            )  # fmt: skip
            nodes[node["id"]] = node
            note += f", less {exact(own, 9)} t that are kept at home"
        if made / parts.utilisation - own <= ROUNDING * made:
            continue
        node = _node(
            country, good, stage, good, process=process, capacity_tpa=made / parts.utilisation - own, low=low,
            high=high, quality=known if parts.utilisation == 1.0 else "assumed", reference=source, note=note,
        )  # fmt: skip
        nodes[node["id"]] = node
    for country, size in pairs(account.unexplained[account.unexplained > 0]):
        source = f"other_{_slug(good)}"
        if place and not any(row["process"] == source for row in processes):
            processes.append({"process": source, "commodity": good, "role": "output", "t_per_t": 1.0})
        what = "as much as its net exports" if figures is None and not place else "exports beyond all known supply"
        node = _node(
            country, good if what.startswith("as") else f"{good} of unknown origin", stage, good,
            process=source if place else None, capacity_tpa=size / parts.utilisation, quality="assumed",
            reference="TRADE", note=f"{what}: {exact(size, 9)} t, over a utilisation of {parts.utilisation:g}",
        )  # fmt: skip
        nodes[node["id"]] = node


def _over(value: Any, by: float, less: float) -> float | None:
    return None if value is None or value != value else max(float(value) / by - less, 0.0)


def _relations(
    parts: Parts, good: str, following: str | None, nodes: dict[str, dict[str, Any]], edges: list[dict[str, Any]]
) -> None:
    """Add the relations of one commodity, and the end uses of the last."""
    account = parts.accounts[good]
    low, high = parts.range_of(good)
    weak = set(parts.flows.loc[parts.flows["weak"].astype(bool) & (parts.flows["commodity"] == good), "exporter"])
    mine = parts.flows[parts.flows["commodity"] == good].set_index(["exporter", "importer"])
    bounds = mine[["value", "low", "high"]].to_dict("index")
    places = {i: n["country"] or n["region"] for i, n in nodes.items()}  # a region may have a colon in its name
    makers = {(places[i], n["label"].removeprefix(f"{country_name(places[i])}: ")): i for i, n in nodes.items()}
    for row in each(account.flows):
        target = _taker(str(row.destination), following, parts, nodes)
        if target is None:
            continue
        own = float(parts.held[good].get(row.origin, 0.0)) if row.origin == row.destination else 0.0
        if own > 0:
            end = target if following is None else _node(row.origin, held_good(following), "refiner", following)["id"]
            edges.append({
                "source": makers[row.origin, held_good(good)], "target": end, "commodity": held_good(good),
                "flow_tpa": own, "capacity_tpa": own, "quality": "inferred", "reference": "TRADE",
                "low": own * min(low, 1.0), "high": own * max(high, 1.0),
            })  # fmt: skip
        if target not in nodes or parts.slack * row.value - own <= ROUNDING * row.value:
            continue
        supply = {good: account.made[row.origin], f"{good} of unknown origin": account.unexplained[row.origin]}
        direct = abs(row.value - row.reported) <= 1e-9 * row.value and row.origin != row.destination
        quality = "inferred" if not direct else "estimated" if row.origin in weak else "reported"
        ends = bounds.get((row.origin, row.destination), {}) if direct else {}
        for what, size in supply.items():
            source = makers.get((row.origin, what)) or makers.get((row.origin, good))
            if size <= 0 or source is None:
                continue
            whole = float(row.value * size / sum(supply.values()))
            flow = whole - own if whole - own > ROUNDING * whole else 0.0
            span = (
                (ends["low"] / ends["value"], ends["high"] / ends["value"]) if ends and ends["value"] else (low, high)
            )
            edges.append({
                "source": source, "target": target, "commodity": good, "flow_tpa": flow,
                "capacity_tpa": parts.slack * whole - own, "quality": quality, "reference": "TRADE",
                "low": flow * min(span[0], 1.0), "high": flow * max(span[1], 1.0),
            })  # fmt: skip


def _taker(country: str, following: str | None, parts: Parts, nodes: dict[str, dict[str, Any]]) -> str | None:
    """Return the node of a country that takes a commodity; None where nothing is made of it there."""
    if following is None:
        node = _node(country, "use", "end_use", "end use", quality="inferred", reference="TRADE")
        return str(nodes.setdefault(node["id"], node)["id"])
    made = parts.accounts[following].made
    return _node(country, following, "refiner", following)["id"] if made.get(country, 0.0) > 0 else None


def _other_feed(
    parts: Parts, good: str, before: str, nodes: dict[str, dict[str, Any]], edges: list[dict[str, Any]],
    processes: list[dict[str, Any]],
) -> None:  # fmt: skip
    """Add a source where a country makes more than the commodity before explains."""
    lack = parts.feeds[good].sub(parts.accounts[before].stays, fill_value=0.0)
    lack = lack[lack > ROUNDING * max(float(parts.feeds[good].max()), 1e-300)]
    for country, size in pairs(lack):
        if parts.accounts[good].made.get(country, 0.0) <= 0:
            continue
        source = f"other_{_slug(before)}"
        if not any(row["process"] == source for row in processes):
            processes.append({"process": source, "commodity": before, "role": "output", "t_per_t": 1.0})
        node = _node(
            country, f"other feed for {good}", "mine", before, process=source, capacity_tpa=size / parts.utilisation,
            quality="assumed", reference="TRADE", note=f"feed that no figure explains: {exact(size, 9)} t",
        )  # fmt: skip
        nodes[node["id"]] = node
        edges.append({
            "source": node["id"], "target": _node(str(country), good, "refiner", good)["id"], "commodity": before,
            "flow_tpa": float(size), "capacity_tpa": parts.slack * float(size), "quality": "assumed",
            "reference": "TRADE", "low": None, "high": None,
        })  # fmt: skip


def _demand(
    parts: Parts, nodes: dict[str, dict[str, Any]], edges: list[dict[str, Any]], gaps: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what is asked for: the use given, or what stays."""
    good = parts.commodities[-1]
    reaching: dict[str, float] = {}
    for edge in edges:
        reaching[edge["target"]] = reaching.get(edge["target"], 0.0) + edge["flow_tpa"]
    users = {i: n["country"] or n["region"] for i, n in nodes.items() if n["stage"] == "end_use"}
    row = {"commodity": good, "tier": parts.tier, "reference": "TRADE", "quality": "inferred"}
    if parts.use is None:
        return _what_stays(parts, row, reaching, users, gaps)
    said = parts.use[parts.use["country"].ne("world") & parts.use["value"].notna()].set_index("country")
    found = []
    for country, figure in said.to_dict("index").items():
        node = _node(str(country), "use", "end_use", "end use", quality="reported", reference="USE")
        nodes.setdefault(node["id"], node)
        found.append({
            **row, "node": node["id"], "demand_tpa": figure["value"], "reference": "USE",
            "quality": _QUALITY.get(str(figure["mark"]), "estimated"),
        })  # fmt: skip
        have = reaching.get(node["id"], 0.0)
        if abs(have - figure["value"]) > ROUNDING * max(have, figure["value"]):
            note = "use given, and what stays in the country by trade and production"
            gaps.append(gap("use against supply", good, abs(have - figure["value"]), country=country,
                            given_t=figure["value"], found_t=have, note=note))  # fmt: skip
    for user, country in users.items():
        own = float(parts.held[good].get(country, 0.0))
        if own > 0:
            found.append({**row, "node": user, "commodity": held_good(good), "demand_tpa": own, "tier": None})
        if country not in said.index:
            note = "stays in a country whose use is not given; it asks for nothing"
            gaps.append(gap("use not given", good, reaching[user], country=country, found_t=reaching[user], note=note))
            if reaching[user] - own > ROUNDING * reaching[user]:
                found.append({**row, "node": user, "demand_tpa": reaching[user] - own, "tier": None})
    return found


def _what_stays(
    parts: Parts,
    row: dict[str, Any],
    reaching: Mapping[str, float],
    users: Mapping[str, Any],
    gaps: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Return the demand where no use is given: what stays; what stays with those who mine it, in no tier."""
    unsold, found = stays_with_miners(parts), []
    for user, country in users.items():
        own = min(float(unsold.get(country, 0.0)), reaching[user])
        if own > 0:
            note = "stays where it is mined: it may leave under a code that is not given, so it is no demand"
            gaps.append(gap("use not known", str(row["commodity"]), own, country=country, found_t=own, note=note))
            kept = held_good(str(row["commodity"]))
            found.append({
                **row, "node": user, "commodity": kept, "demand_tpa": own, "tier": None, "quality": "assumed",
            })  # fmt: skip
        if reaching[user] - own > ROUNDING * reaching[user]:
            found.append({**row, "node": user, "demand_tpa": reaching[user] - own})
    return found


def _totals(parts: Parts, reports: Reports) -> pd.DataFrame | None:
    rows = []
    for good, figures in parts.figures.items():
        for row in each(figures[figures["value"].notna()]):
            if row.country != "world" and not is_country(row.country):
                continue
            when = row.year if row.year is not None and row.year == row.year else reports.year
            if when is None:
                continue
            rows.append({
                "step": good, "commodity": good, "country": None if row.country == "world" else row.country,
                "year": int(when), "value": row.value, "unit": "t/yr", "reference": "PRODUCTION",
                "quality": _QUALITY.get(row.mark, "estimated"),
                "low": row.low if row.low == row.low else None, "high": row.high if row.high == row.high else None,
                "note": row.mark if row.mark not in ("reported", "estimated") else None,
            })  # fmt: skip
    return pd.DataFrame(rows) if rows else None


def _reexports(parts: Parts) -> pd.DataFrame | None:
    each = {(str(place), good): t for good, one in parts.accounts.items() for place, t in pairs(one.passed_on) if t > 0}
    return reexport_rows(each, "TRADE") if each else None


def _references(reports: Reports, parts: Parts) -> pd.DataFrame:
    rows = [{"key": "TRADE", "title": f"Bilateral trade by product code: {', '.join(reports.files)}"}]
    if parts.figures:
        rows.append({"key": "PRODUCTION", "title": "Production by country, as given"})
    if parts.use is not None:
        rows.append({"key": "USE", "title": "Use by country, as given"})
    return pd.DataFrame(rows)


def _tonnes_of(product: Product, parts: Parts, table: pd.DataFrame) -> float:
    """Return the trade of a product: its part of its commodity, by gross weight times content."""
    content = {one.code: one.content for one in parts.products if one.commodity == product.commodity}
    weights = table[table["code"].isin(content)].groupby("code")["t"].sum()
    weights = weights * pd.Series(content).reindex(weights.index)
    whole = float(parts.flows.loc[parts.flows["commodity"] == product.commodity, "value"].sum())
    return whole * float(weights.get(product.code, 0.0)) / max(float(weights.sum()), 1e-300)


def _periods(held: set[str]) -> str:
    """Return the parts of a year that a table holds, in words."""
    whole, name = (4, "quarters") if all("Q" in part.upper() for part in held) else (12, "months")
    return f"{len(held)} of {whole} {name}"


# -- what was supposed ---------------------------------------------------------------------------------


def assumptions_of(parts: Parts, reports: Reports, has_production: bool) -> pd.DataFrame:
    """Return all that was supposed, with the contained tonnes that it bears on."""
    rows: list[tuple[str, Any, str, float, str]] = []
    table = reports.table
    for one in parts.products:
        ranged = f"from {one.low:g} to {one.high:g}" if one.low < one.high else "as given, without a range"
        note = ranged if "content" in one.said else "not given: a gross tonne counts whole"
        rows.append((f"content of {one.code}", one.content, one.commodity, _tonnes_of(one, parts, table), note))
    for good in parts.commodities[1:]:
        recovery = next(one for one in parts.products if one.commodity == good)
        note = "as given" if "recovery" in recovery.said else "not given: nothing is lost"
        rows.append((f"recovery of {good}", recovery.recovery, good, float(parts.feeds[good].sum()), note))
    for good, account in parts.accounts.items():
        mine = parts.flows[parts.flows["commodity"] == good]
        both = mine[mine["reported_by"] == "both"]
        if len(both):
            note = "both sides weighed by how far their reports scatter; tonnes hold no freight"
            rows.append(("mirror reports", "inverse variance", good, float(both["value"].sum()), note))
        note = "own output and imports leave a country in equal parts"
        rows.append(("re-exports traced", "equal mixing", good, float(account.passed_on.sum()), note))
    if not has_production:
        first = parts.commodities[0]
        note = "production not given: a net exporter makes what it exports; what it uses itself is not known"
        rows.append(("production", "net exports", first, float(parts.accounts[first].unexplained.sum()), note))
    for good, figures in parts.figures.items():
        years = {int(y) for y in figures["year"].dropna()} - {reports.year}
        if years:
            note = f"the figures are those of {', '.join(map(str, sorted(years)))}, trade that of {reports.year}"
            rows.append(("year of production", max(years), good, float(figures["value"].sum()), note))
        weak = figures[figures["mark"].eq("estimated")]
        if len(weak):
            note = f"{len(weak)} figures that the statistics mark as estimated"
            rows.append(("estimated production", "", good, float(weak["value"].sum()), note))
    estimated = table.assign(t=table["estimated_t"]).groupby("code")["t"].sum()
    for one in parts.products:
        if estimated.get(one.code, 0.0) > 0:
            size = float(estimated[one.code]) * one.content
            rows.append(("estimated weights", "", one.commodity, size, "weights that the statistics mark as estimated"))
    rows += [(f"country {code}", code, "trade", np.nan, words) for code, words in reports.places.assumed.items()]
    if reports.places.regions:
        note = f"no country: {', '.join(sorted(reports.places.regions))}; each is a region of its own"
        ends = parts.flows["exporter"].isin(reports.places.regions) | parts.flows["importer"].isin(
            reports.places.regions
        )
        rows.append(("areas without a country", "", "trade", float(parts.flows.loc[ends, "value"].sum()), note))
    for file, unread in reports.ledger.unread.items():
        if unread:
            note = f"{file}: columns that were not read"
            rows.append(("columns ignored", ", ".join(unread), "trade", np.nan, note))
    for when, held in sorted(reports.ledger.periods.items()):
        note = f"{_periods(held)} of {when} are added as a year"
        if reports.year in (when, None):
            rows.append(("parts of a year", len(held), "trade", float(parts.flows["value"].sum()), note))
    last = parts.accounts[parts.commodities[-1]]
    if parts.use is None:
        own = float(stays_with_miners(parts).sum())
        rest = float(last.stays.sum()) - own
        rows.append(("use", "what stays", parts.commodities[-1], rest, "output and imports less exports"))
        if own > 0:
            note = "counts in no answer and replaces nothing: it may be used there, or leave under a code not given"
            rows.append(("stays where it is mined", "no demand", parts.commodities[-1], own, note))
    rows += [
        ("tier of demand", parts.tier, "demand", float(last.stays.sum()), "all use counts alike"),
        ("utilisation", parts.utilisation, "makers", np.nan, "output over capacity: the rest can stand in for others"),
        ("slack", parts.slack, "relations", np.nan, "capacity over flow: a relation can carry that much more"),
        ("time and cost", 0, "relations", np.nan, "no freight, no time in transit, no stocks"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["assumption", "value", "applies_to", "size_t", "note"]).astype({"value": "str"})
