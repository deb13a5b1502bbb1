"""Parts of a chain that stay at home: each party's own rows, and border points where its relations leave."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.errors import DataError, check_words
from chainnet.flow import Counting
from chainnet.network import TABLES, Network, cover_by_node, plants_of, split_list
from chainnet.results import Result, provenance, stamp

REST = "rest"
BORDER = "border/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")
_PASSES = 100
_LARGEST_PRICE = 1e6


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Partition(Result):
    """A chain in parts, each of which its party may keep.

    Attributes
    ----------
    border : DataFrame
        id, commodity, exporter, importer, limit_tpa (most that the relation carries), flow_tpa (baseline). It is all
        that the parties must agree on.
    parts : mapping of name to Network
        Own nodes and projects and every row that touches them; a relation across a border ends at a border point,
        an end use in the exporter's part (demand without a tier), a mine in the importer's.
    """

    border: pd.DataFrame
    parts: Mapping[str, Network]


def partition(network: Network, parties: Mapping[str, Any]) -> Partition:
    """Take a chain apart by parties, so that each can answer for its own part.

    Parameters
    ----------
    network : Network
    parties : mapping of name to countries and groups
        What lies with none of them is the part "rest". Names are letters, digits, - and _: they name folders.

    Returns
    -------
    Partition
        ``joint_value`` answers from it what the whole network would.

    Raises
    ------
    DataError
        If a country is in two parties, a party has no node, a relation across a border has no limit, or an id
        begins with "border/".

    See Also
    --------
    sharing.first_ask, sharing.offer, sharing.joint_value

    Notes
    -----
    A relation without a capacity is limited by what its source can make, or where that has no limit by what its
    target can take in. Words that all share stand in every part: commodities with their prices, groups, tiers, rules
    without source and note. Of stakes, stocks, contracts, cover, service, owners, totals and references each part has
    those of its own rows; figures stay out. A border
    point bears the country at its other end, so that a stop of trade between countries reaches it from both sides.

    Examples
    --------
    >>> import chainnet as cn
    >>> found = cn.sharing.partition(cn.read("mag-9"), {"usa": ["USA"], "china": ["CHN"]})
    >>> sorted(found.parts)
    ['china', 'rest', 'usa']
    >>> found.border["id"].iloc[0]
    'border/dy/1'
    """
    if network.demand.empty:
        raise DataError("partition: the network has no demand table, so nobody is served. Give demand.")
    plants = network.plants
    for name in plants["id"]:
        if name.startswith(BORDER):
            raise DataError(f'partition: the id "{name}" begins with "{BORDER}", as border points do. Rename it.')
    owner = _owners(network, parties, plants)
    names = sorted(set(owner), key=lambda name: (name == REST, name))
    ids = dict(zip(plants["id"], owner, strict=True))
    edges = network.edges
    sides = [edges[end].map(ids).to_numpy(dtype=object) for end in ("source", "target")]
    crossing = np.flatnonzero(sides[0] != sides[1])
    limit = _limits(network, plants, crossing)
    points = [f"{BORDER}{good}/{n}" for good, n in _numbered(edges["commodity"].fillna("").iloc[crossing].tolist())]
    where = plants.set_index("id")[["country", "region"]]
    parts = {}
    for name in names:
        own = {i for i, party in ids.items() if party == name}
        parts[name] = _part(network, name, own, crossing, points, limit, sides, where)
    source = provenance(network, "none", parties={k: list(_words(v)) for k, v in parties.items()})
    return Partition(provenance=source, border=stamp(border_of(parts), source), parts=parts)


def border_of(parts: Mapping[str, Network]) -> pd.DataFrame:
    """Return the border points of parts: id, commodity, exporter, importer, limit_tpa, flow_tpa.

    Raises
    ------
    DataError
        If a point does not stand in two parts, once as an end use and once as a mine.
    """
    held: dict[str, dict[str, Any]] = {}
    for party, part in parts.items():
        edges, limits = part.view("edges"), part.view("nodes").set_index("id")["capacity_tpa"]
        for end, side in (("target", "exporter"), ("source", "importer")):
            for row in edges[edges[end].str.startswith(BORDER)].to_dict("records"):
                line = held.setdefault(row[end], {"commodity": row["commodity"]})
                if side in line:
                    raise DataError(
                        f'border: "{row[end]}" has two of {line[side]} and {party} as {side}. Part it anew.'
                    )
                line[side] = party
                line["flow_tpa"] = row["flow_tpa"]
                if side == "importer":
                    line["limit_tpa"] = float(limits[row[end]])
    for point, line in held.items():
        for side in ("exporter", "importer"):
            if side not in line:
                other = line.get("exporter", line.get("importer"))
                raise DataError(f'border: "{point}" of {other} has no {side} among the parts. Give that part as well.')
    columns = ["id", "commodity", "exporter", "importer", "limit_tpa", "flow_tpa"]
    rows = [{"id": point, **line} for point, line in sorted(held.items())]
    return pd.DataFrame(rows, columns=columns).astype({"limit_tpa": float, "flow_tpa": float})


def most_prices(parts: Mapping[str, Network], commodities: Sequence[Any]) -> Array:
    """Return the most that a tonne of each commodity can serve, or free to be served, tonnes; from recipes alone."""
    lines = pd.concat([part.view("processes") for part in parts.values()]).drop_duplicates(
        ["process", "commodity", "role"]
    )
    asked = [part.view("demand")["commodity"][own_demand(part)].fillna("") for part in parts.values()]
    uses = dict.fromkeys(pd.concat(asked), 1.0)
    frees: dict[str, float] = {}
    columns = ["commodity", "t_per_t", "role"]
    recipes: list[tuple[list[Any], list[Any]]] = []
    for _, group in lines.groupby("process"):
        rows = list(zip(*(group[column].tolist() for column in columns), strict=True))
        recipes.append(([r for r in rows if r[2] == "input"], [r for r in rows if r[2] != "input"]))
    for _ in range(_PASSES):
        before = (dict(uses), dict(frees))
        for inputs, outputs in recipes:
            made = sum(t * uses.get(good, 0.0) for good, t, _ in outputs)
            freed = sum(t * frees.get(good, 0.0) for good, t, _ in inputs)
            for good, t, _ in inputs:
                uses[good] = min(max(uses.get(good, 0.0), made / t), _LARGEST_PRICE)
            for good, t, role in outputs:
                if role != "byproduct":  # who takes the main product lets the plant make the others
                    others = made - t * uses.get(good, 0.0) + freed
                    frees[good] = min(max(frees.get(good, 0.0), others / t), _LARGEST_PRICE)
        if before == (uses, frees):
            break
    found = [max(uses.get(good or "", 0.0), frees.get(good or "", 0.0)) for good in commodities]
    least = min((price for price in found if price > 0), default=1.0)
    return np.array([price or least for price in found], dtype=float)


def own_demand(part: Network) -> Bools:
    """Return which rows of demand of a part count: never what crosses a border, nor a host's product beside tiers."""
    demand = part.view("demand")
    own = ~demand["node"].str.startswith(BORDER).to_numpy(dtype=bool)
    has_tier = demand["tier"].notna().to_numpy()
    counting = Counting.of(part, said=False)
    goods = np.ones(len(demand), dtype=bool)
    if counting.commodities is not None:
        goods = demand["commodity"].isin(counting.commodities).to_numpy()
    tiered = bool(has_tier.any()) or len(part.view("tiers")) > 0
    return np.asarray(own & goods & counting.ours & (has_tier if tiered else ~has_tier), dtype=bool)


# -- taking apart ---------------------------------------------------------------------------------------


def _words(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(str(word) for word in given)


def _owners(network: Network, parties: Any, plants: pd.DataFrame) -> list[str]:
    """Return the party of each node and project."""
    if not isinstance(parties, Mapping) or not parties:
        raise DataError('parties: give names and countries, such as {"usa": ["USA"], "jpn": ["JPN"]}.')
    held: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for name, words in parties.items():
        check_words(parties=str(name))
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name == REST:
            rule = f'is kept for what lies with nobody: "{REST}"' if name == REST else "is no name of a folder"
            raise DataError(f'parties: "{name}" {rule}. Use letters, digits, - and _.')
        found = network.resolve(_words(words), f"parties: {name}")
        for other, (countries, _) in held.items():
            both = sorted(countries & found[0])
            if both:
                raise DataError(f'parties: {", ".join(both[:5])} is in both "{other}" and "{name}". Leave it in one.')
        held[name] = found
    owner = []
    for country, region in zip(plants["country"], plants["region"], strict=True):
        of = (n for n, (c, r) in held.items() if country in c or (not isinstance(country, str) and region in r))
        owner.append(next(of, REST))
    for name in held:
        if name not in owner:
            raise DataError(f'parties: nothing of {network.name} lies with "{name}". Check its countries.')
    return owner


def _numbered(goods: Sequence[str]) -> list[tuple[str, int]]:
    count: dict[str, int] = {}
    out = []
    for good in goods:
        count[good] = count.get(good, 0) + 1
        out.append((good, count[good]))
    return out


def _limits(network: Network, plants: pd.DataFrame, crossing: Any) -> Array:
    """Return the most that each relation across a border can carry, t/yr."""
    edges = network.edges.iloc[crossing]
    table = plants.set_index("id")
    lines = network.processes.set_index(["process", "commodity"])
    asked = network.demand.groupby(["node", "commodity"], dropna=False)["demand_tpa"].sum()

    def declared(node: str, good: Any, roles: tuple[str, ...]) -> float:
        row: Any = table.loc[node]
        most = np.inf if np.isnan(row["capacity_tpa"]) else float(row["capacity_tpa"])
        if isinstance(row["process"], str):
            own = lines.loc[[(row["process"], good)]] if (row["process"], good) in lines.index else lines.iloc[:0]
            return float(most * own["t_per_t"][own["role"].isin(roles)].sum()) if len(own) else 0.0
        if row["stage"] == "end_use" and roles == ("input",):
            most = min(most, float(asked.get((node, good), np.inf)))
        return most

    found = edges["capacity_tpa"].to_numpy(dtype=float, copy=True)
    for i in np.flatnonzero(~np.isfinite(found)):
        source, target, good = edges[["source", "target", "commodity"]].iloc[i]
        most = declared(source, good, ("output", "coproduct", "byproduct"))
        # what a plant takes in it may throw away, so its need is asked for last
        found[i] = most if np.isfinite(most) else declared(target, good, ("input",))
        if not np.isfinite(found[i]):
            raise DataError(
                f"partition: {source} -> {target} crosses a border and has no limit: give capacity_tpa to it, or to "
                "one of its ends."
            )
    return np.asarray(found)


def _part(
    network: Network,
    name: str,
    own: set[str],
    crossing: Any,
    points: Sequence[str],
    limit: Array,
    sides: Sequence[Any],
    where: pd.DataFrame,
) -> Network:
    """Return the rows of one party, its border points among them."""
    tables = {table: getattr(network, table) for table in TABLES}
    edges, demand = tables["edges"], tables["demand"]
    inside = edges["source"].isin(own) & edges["target"].isin(own)
    frames = {
        **tables,
        "nodes": tables["nodes"][tables["nodes"]["id"].isin(own)],
        "projects": tables["projects"][tables["projects"]["id"].isin(own)],
        "demand": demand[demand["node"].isin(own)],
        "stakes": tables["stakes"][tables["stakes"]["project"].isin(own)],
        "stocks": tables["stocks"][_stocks_of(tables["stocks"], own, where)],
        "contracts": tables["contracts"][tables["contracts"]["supplier"].isin(own)],
        # scenarios name rules, but say no more of them
        "rules": tables["rules"].assign(source=None, note=None),
    }
    cover = cover_by_node(tables, network.groups_known)
    frames["cover"] = cover[cover["node"].isin(own)]
    home = set(frames["nodes"]["country"].dropna())
    law = [bool(network.resolve(word, "country")[0] & home) for word in tables["service"]["country"]]
    frames["service"] = tables["service"][np.array(law, dtype=bool)]
    lines, ends, asks = [edges[inside]], [], []
    for k, i in enumerate(crossing):
        row = edges.iloc[[i]]
        for side, end, other in ((0, "target", "target"), (1, "source", "source")):
            if sides[side][i] != name:
                continue
            place = where.loc[row[other].iloc[0]]
            lines.append(row.assign(**{end: points[k], **({"cost_usd_per_t": np.nan} if side else {})}))
            stage = "mine" if side else "end_use"
            ends.append({"id": points[k], "stage": stage, "country": place["country"], "region": place["region"],
                         "capacity_tpa": limit[k] if side else np.nan})  # fmt: skip
            if not side:
                asks.append({"node": points[k], "commodity": row["commodity"].iloc[0], "demand_tpa": limit[k]})
    frames["edges"] = pd.concat(lines, ignore_index=True)
    frames["nodes"] = _with_rows(frames["nodes"], ends)
    tiered = bool(demand["tier"].notna().any())
    if frames["demand"].empty and not asks:  # without any row end uses would take all they get
        users = set(frames["nodes"]["id"][frames["nodes"]["stage"] == "end_use"])
        taken = frames["edges"][frames["edges"]["target"].isin(users)].head(1)
        asks = [{"node": r.target, "commodity": r.commodity, "demand_tpa": 0.0} for r in taken.itertuples()]
    frames["demand"] = _with_rows(frames["demand"], asks)
    if tiered and frames["tiers"].empty:  # so that a part without tiers of its own still knows that some are
        order = network.tier_order
        frames["tiers"] = pd.DataFrame({"tier": order, "rank": np.arange(1.0, len(order) + 1)})
    if tables["commodities"].empty:
        named = pd.concat([tables[t]["commodity"] for t in ("edges", "demand", "processes")]).dropna()
        frames["commodities"] = pd.DataFrame({"id": sorted(set(named))})
    plants = plants_of(frames["nodes"], frames["projects"])
    used = set(plants["process"].dropna())
    frames["processes"] = tables["processes"][tables["processes"]["process"].isin(used)]
    frames["owners"] = _owners_of(tables["owners"], set(plants["owner"].dropna()))
    totals = tables["totals"]
    frames["totals"] = totals[totals["country"].isin(home) | totals["country"].isna()]
    frames["figures"] = tables["figures"].iloc[:0]
    cited = {
        key
        for table in frames.values()
        if "reference" in table
        for cell in table["reference"].dropna()
        for key in split_list(cell)
    }
    frames["references"] = tables["references"][tables["references"]["key"].isin(cited)]
    return Network(
        name=name,
        main_commodity=network.main_commodity,
        beneficiaries=network.beneficiaries,
        year=network.year,
        label=f"{network.label}: {name}",
        **{table: frame.reset_index(drop=True) for table, frame in frames.items() if len(frame)},
    )


def _with_rows(table: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return (
        table if not rows else pd.concat([table, pd.DataFrame(rows).reindex(columns=table.columns)], ignore_index=True)
    )


def _stocks_of(stocks: pd.DataFrame, own: set[str], where: pd.DataFrame) -> Bools:
    countries = set(where.loc[sorted(own), "country"].dropna())
    placed = stocks["node"].notna()
    return np.asarray((placed & stocks["node"].isin(own)) | (~placed & stocks["country"].isin(countries)), dtype=bool)


def _owners_of(owners: pd.DataFrame, firms: set[str]) -> pd.DataFrame:
    """Return who stands behind firms, and behind those in turn."""
    while True:
        more = firms | set(owners["parent"][owners["owner"].isin(firms)])
        if more == firms:
            return owners[owners["owner"].isin(firms)]
        firms = more
