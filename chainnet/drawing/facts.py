"""Network and answers -> the plain data of a graph page: steps, sites, links, words. Nothing is solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import records
from chainnet.drawing.colours import country_colours
from chainnet.drawing.drawn import DrawnFlows, Losses
from chainnet.drawing.placing import Block, place
from chainnet.drawing.style import LOSS_COLOURS, OTHER_COLOUR, SHAPES, loss_class, percent, tonnes
from chainnet.network import Network, State, contracts_in_force, kept, several_plants, site_labels, state_of
from chainnet.words import NO_LIMIT, digits, is_known, number, step_words

# a project is none of the flows of its base year, however far it is by now
_PROJECT_WORDS: dict[State, str] = {
    "running": "project that runs, not in the base year",
    "building": "project, being built",
    "decided": "project, decided",
    "undecided": "project, not decided",
    "idle": "idle plant, to restart",
}
_NO_RANK = {"lossClass": 0, "rank": 0, "rankText": ""}
_FIELDS = (
    ("region", "Region"),
    ("operator", "Operator"),
    ("owner", "Owner"),
    ("owner_country", "Owner's country"),
    ("site", "Site"),
    ("process", "Process"),
)
_PROJECT_FIELDS = (
    ("status", "Status"),
    ("start_year", "Start year"),
    ("ramp_years", "Ramp, years"),
    ("capex_musd", "Cost to build, USD million"),
    ("break_even_usd_per_t", "Break-even, USD/t"),
    ("backers", "Backers"),
    ("bound_to", "Output bound to"),
)


@dataclass(frozen=True)
class PageData:
    """All that the template needs; ``data`` is what the script reads."""

    data: dict[str, Any]
    sites: list[dict[str, Any]]
    links: list[dict[str, Any]]
    blocks: list[dict[str, Any]]
    placed: tuple[Block, ...] = ()


def heads(
    network: Network, facts: PageData, sites: list[dict[str, Any]], answer: DrawnFlows | None
) -> list[dict[str, Any]]:
    """Return the heads of the steps for other flows of the same sites."""
    basis = facts.data["basisOf"]
    return [_block(network, b, block, sites, answer, basis) for b, block in enumerate(facts.placed)]


def collect(
    network: Network,
    answer: DrawnFlows | None,
    losses: Losses | None,
    sizes: dict[str, int] | None = None,
    chips: Mapping[str, str] | None = None,
) -> PageData:
    """Gather steps, sites and links with their numbers as they are printed.

    ``sizes``: sites that stand as one; ``chips``: what the head of the bottleneck says, by step.
    """
    table = _plants(network)
    edges = network.edges
    position = {name: i for i, name in enumerate(table["id"])}
    tail = edges["source"].map(position).to_numpy(dtype=np.int64)
    head = edges["target"].map(position).to_numpy(dtype=np.int64)
    base = edges["flow_tpa"].to_numpy(dtype=float)
    shown = np.full(len(edges), np.nan)
    if answer is not None:
        shown = answer.edge_flow if answer.peak is None else answer.peak
    weight = np.sqrt(np.fmax(np.nan_to_num(base), np.nan_to_num(shown)))
    # links without flow still pull a little, so that sites without any find a place
    weight = weight + 1e-3 * max(float(weight.max(initial=0.0)), 1e-6)
    sites = _sites(network, table, answer, losses)
    colours = country_colours(network)
    for site in sites:
        site |= {"size": (sizes or {}).get(site["id"], 1), "colour": colours.get(site["place"], OTHER_COLOUR)}
    places = sorted({s["place"] for s in sites}, key=lambda p: (list(colours).index(p) if p in colours else 99, p))
    rank_of = {p: i for i, p in enumerate(places)}
    tiers = {tier: i for i, tier in enumerate(network.tier_order)}

    def first(i: int) -> tuple[Any, ...]:
        # whoever is served first stands first among the end uses: the picture is about them
        s = sites[i]
        tier = min((tiers.get(d["tier"], len(tiers)) for d in s["demand"] if d["counts"]), default=len(tiers))
        return (s["project"], s["asked"] is None, tier, rank_of[s["place"]], s["id"])

    rank = np.argsort(sorted(range(len(sites)), key=first))
    placed = place(table.assign(leads=_leads_to_demand(network, tail, head, sites)), tail, head, weight, rank)
    for b, block in enumerate(placed):
        for o, i in enumerate(block.members):
            sites[i] |= {"block": b, "order": o}
    links = _links(network, edges, tail, head, sites, answer)
    kinds = basis_of(network)
    blocks = [_block(network, b, block, sites, answer, kinds) for b, block in enumerate(placed)]
    narrow_by = _narrowest(blocks, chips)
    main = sorted({kinds.get(c, c) for c in network.main_commodity})
    data = {
        "basisOf": kinds,
        "commodityWords": {c: network.good(c) for c in network.commodities["id"] if c in set(edges["commodity"])},
        "colourOf": {p: colours.get(p, OTHER_COLOUR) for p in places},
        "mainBasis": main[0] if len(main) == 1 else "",
        "sites": sites,
        "links": links,
        "blocks": blocks,
        "columns": len({b.column for b in placed if b.column >= 0}),
        "narrowBy": narrow_by,
        "countries": [
            {"place": p, "colour": colours.get(p, OTHER_COLOUR), "n": sum(s["place"] == p for s in sites)}
            for p in places
        ],
        "stageWords": {stage: step_words(stage) for stage in sorted({s["stage"] for s in sites})},
        "shapes": {stage: list(SHAPES[stage]) for stage in sorted({s["stage"] for s in sites})},
        "lossColours": [list(c) for c in LOSS_COLOURS],
        "references": _references(network, sites, links),
        "tierOrder": list(network.tier_order),
        "tierTotals": _tier_totals(network),
        "main": sorted(network.main_commodity),
        "hasBase": bool(np.isfinite(base).any()),
        "hasResult": answer is not None,
        "hasLosses": losses is not None,
        "tested": None if losses is None else _tested(losses.table),
        "firstTested": None if losses is None or losses.first is None else _tested(losses.first),
        "hasUnmet": any(s["asked"] is not None for s in sites),
        "firstTier": "" if losses is None else losses.first_tier,
        "underWords": "" if losses is None else losses.under_words,
        "lossTier": "" if losses is None else losses.tier,
        "lossCounts": "" if losses is None else losses.words,
        "resultName": ""
        if answer is None
        else ("Scenario" if answer.scenario or answer.courses else answer.kind.capitalize()),
    }
    return PageData(data, sites, links, blocks, tuple(placed))


def _leads_to_demand(network: Network, tail: Any, head: Any, sites: list[dict[str, Any]]) -> Any:
    """Return which sites supply, however many steps later, demand that counts; all where nothing is asked for."""
    leads = np.array([any(d["counts"] for d in s["demand"]) for s in sites], dtype=bool)
    if not leads.any():
        return np.ones(len(sites), dtype=bool)
    for _ in range(len(sites)):
        before = leads.sum()
        leads[tail[leads[head]]] = True
        if leads.sum() == before:
            break
    return leads


def _narrowest(blocks: list[dict[str, Any]], chips: Mapping[str, str] | None) -> str:
    """Mark the bottleneck; where it was not looked for the minimum cut, else the costliest loss; return why."""
    for b in blocks:
        b["bottleneckText"] = (chips or {}).get(b["name"], "")
        b["narrowest"] = bool(b["bottleneckText"])
    if chips is not None:
        return "bottleneck"
    cut = [b for b in blocks if b["nCut"]]
    worst = sorted((b for b in blocks if b["costs"] > 0), key=lambda b: (-b["costs"], b["index"]))
    marked = cut or worst[:1]
    for b in blocks:
        b["narrowest"] = any(b is m for m in marked)
    return "cut" if cut else ("loss" if worst else "")


def _sites(
    network: Network, table: pd.DataFrame, answer: DrawnFlows | None, losses: Losses | None
) -> list[dict[str, Any]]:
    base = network.baseline
    result = {} if answer is None else dict(zip(network.nodes["id"], answer.node_flow, strict=True))
    if answer is not None and answer.project_flow is not None:
        result |= dict(zip(network.projects["id"], answer.project_flow, strict=True))
    ranks = {} if losses is None else losses.table.to_dict("index")
    first = {} if losses is None or losses.first is None else losses.first.to_dict("index")
    under = {} if losses is None or losses.under is None else losses.under["lost_tpa"].to_dict()
    wants, shortfall = _by_node(network, answer, "asked"), _by_node(network, answer, "shortfall")
    groups, named = several_plants(network), site_labels(network)
    units = named if losses is not None and losses.unit_of else {}
    main = network.processes[network.processes["role"] == "output"].set_index("process")["commodity"]
    steps, places, names = network.steps, network.places.fillna(""), network.labels
    makes = _makes(network, table, main)
    cut = answer.cut_nodes if answer is not None else frozenset()
    asks: dict[str, list[dict[str, Any]]] = {}
    for row in records(network.demand):
        tier, good, asked = row["tier"], row["commodity"], row["demand_tpa"]
        asks.setdefault(row["node"], []).append(
            {
                "tier": tier if is_known(tier) else "",
                "commodity": network.good(good),
                "counts": not network.main_commodity or good in network.main_commodity,
                "tpa": _json(asked),
                "text": tonnes(asked),
            }
        )
    sites = []
    for row in records(table):
        name = row["id"]
        unit = losses.unit_of.get(name, name) if losses is not None else name
        found = ranks.get(unit)
        several = name in groups if found is None else bool(found["may_be_several"])
        flow = np.nan if row["is_project"] else base.get(name, np.nan)
        new = result.get(name, np.nan)
        capacity = row["capacity_tpa"]
        site = {
            "id": name,
            "label": names[name],
            "stage": row["stage"],
            "step": step_words(steps[name]),
            "place": places[name],
            "project": bool(row["is_project"]),
            "projectText": _PROJECT_WORDS[state_of(row["status"])] if row["is_project"] else "",
            "state": state_of(row["status"]) if row["is_project"] else "",
            "capex": _json(row["capex_musd"]) if row["is_project"] else None,
            "start": int(row["start_year"]) if row["is_project"] and is_known(row["start_year"]) else None,
            "several": several,
            "unit": unit if unit in units else "",
            "unitLabel": units.get(unit, ""),
            "asked": _json(wants.get(name)),
            "shortfall": _json(shortfall.get(name)),
            "capacity": _json(capacity),
            "base": _json(flow),
            "result": _json(new),
            "utilBase": ratio(flow, capacity),
            "utilResult": ratio(new, capacity),
            "makes": network.good(makes.get(name)),
            "commodity": makes.get(name, ""),
            "inCut": bool(name in cut or (found is not None and found["in_cut"])),
            "quality": row["quality"] if is_known(row["quality"]) else "n/d",
            "references": _keys(row["reference"]),
            "fields": _card(row | {"site": named.get(row["site"], row["site"])}),
            "demand": asks.get(name, []),
            **_loss(found, several),
            **{f"first{key[:1].upper()}{key[1:]}": value for key, value in _loss(first.get(unit), several).items()},
            "underText": tonnes(under[unit]) if unit in under else "",
            "owner": row["owner"] if is_known(row["owner"]) else "",
            "operator": row["operator"] if is_known(row["operator"]) else "",
            "ownerCountry": row["owner_country"] if is_known(row["owner_country"]) else "",
        }
        sites.append(site | site_texts(site, answer is not None))
    return sites


def site_texts(site: dict[str, Any], has_result: bool) -> dict[str, str]:
    """Return what is said of a site's numbers: here, and by the script of a page, which is not told it."""
    capacity, used = site["capacity"], site["utilResult"] if site["base"] is None else site["utilBase"]
    unlimited = "n/a" if site["stage"] == "end_use" else f"{NO_LIMIT} (no capacity on record)"
    return {
        "baseText": tonnes(site["base"]),
        "resultText": tonnes(site["result"]) if has_result else "-",
        "capacityText": unlimited if capacity is None else tonnes(capacity),
        "utilText": percent(used),
        **{f"{key}Text": "-" if site[key] is None else tonnes(site[key]) for key in ("lost", "firstLost")},
        **{
            f"{key}ShareText": "-" if site[key] is None else percent(site[f"{key}Share"])
            for key in ("lost", "firstLost")
        },
    }


def link_texts(link: dict[str, Any], has_result: bool) -> dict[str, str]:
    """Return what is said of a link's numbers, likewise."""
    return {
        "baseText": tonnes(link["base"]),
        "resultText": tonnes(link["result"]) if has_result else "-",
        "changeText": change_text(link["base"], link["result"]) if has_result else "-",
    }


def _tested(table: pd.DataFrame) -> dict[str, int]:
    """Return how many single sites were tested, and how many of them cost something."""
    return {"single": int((~table["may_be_several"]).sum()), "costly": int((table["rank"] > 0).sum())}


def _by_node(network: Network, answer: DrawnFlows | None, name: str) -> dict[str, float]:
    values = None if answer is None else getattr(answer, name)
    return {} if values is None else dict(zip(network.nodes["id"], values, strict=True))


def _loss(found: dict[Any, Any] | None, several: bool) -> dict[str, Any]:
    """Return what the loss of a site costs, and its rank among single sites; "group" where it is not one."""
    if found is None:
        return {"lost": None, "lostShare": None} | _NO_RANK
    place = {"rank": int(found["rank"]), "rankText": f"{int(found['rank'])}{'=' if found['is_tied'] else ''}"}
    return {
        "lost": _json(found["lost_tpa"]),
        "lostShare": _json(found["lost_share"]),
        "lossClass": loss_class(found["lost_share"]),
        **({"rank": 0, "rankText": "group" if several else ""} if not found["rank"] else place),
    } | ({} if found["lost_tpa"] > 0 else _NO_RANK)


def _makes(network: Network, table: pd.DataFrame, main: pd.Series) -> dict[str, str]:
    """Return the commodity that a site's tonnes count: its main output, else what leaves it, else what it takes."""
    edges = network.edges.dropna(subset=["commodity"])
    out = edges.groupby("source")["commodity"].agg(lambda c: sorted(set(c)))
    into = edges.groupby("target")["commodity"].agg(lambda c: sorted(set(c)))
    found: dict[str, str] = {}
    for name, process in zip(table["id"], table["process"], strict=True):
        if is_known(process) and process in main.index:
            found[name] = main[process]
        elif name in out.index and len(out[name]) == 1:
            found[name] = out[name][0]
        elif name not in out.index and name in into.index and len(into[name]) == 1:
            found[name] = into[name][0]
    return found


def basis_of(network: Network) -> dict[str, str]:
    """Return what a tonne of each commodity counts."""
    table = network.commodities
    return {k: (v if is_known(v) else k) for k, v in zip(table["id"], table["basis"], strict=True)}


def _plants(network: Network) -> pd.DataFrame:
    """Return the plants by id, with ``bound_to``: to whom output is bound by contract, and what part of it."""
    table, bound = network.plants.sort_values("id", ignore_index=True), contracts_in_force(network)
    said = [f"{whose} {percent(share)}" for whose, share in zip(bound["for"], bound["share"], strict=True)]
    words = pd.Series(said, dtype=object).groupby(bound["supplier"].to_numpy()).agg("; ".join)
    return table.assign(bound_to=table["id"].map(words.to_dict()))


def _card(row: dict[str, Any]) -> list[list[str]]:
    """Return name and text of every further column that has something to say."""
    lines, lacking = [], []
    for column, name in (*_FIELDS, *(_PROJECT_FIELDS if row["is_project"] else ())):
        value: Any = row.get(column)
        if not is_known(value):
            lacking.append(name)
        elif column == "start_year":
            lines.append([name, str(int(value))])
        else:
            lines.append([name, number(value) if isinstance(value, (int, float)) else str(value)])
    if is_known(row["low"]) or is_known(row["high"]):
        lines.append(["Range of the principal figure", f"{number(row['low'])} to {number(row['high'])}"])
    if is_known(row["unit_cost_usd_per_t"]):
        lines.append(["Unit cost, USD/t", number(row["unit_cost_usd_per_t"])])
    if is_known(row["note"]):
        lines.append(["Note", str(row["note"])])
    if lacking:
        lines.append(["n/d", ", ".join(lacking)])
    return lines


def _links(
    network: Network, edges: pd.DataFrame, tail: Any, head: Any, sites: list[dict[str, Any]], answer: DrawnFlows | None
) -> list[dict[str, Any]]:
    rows = records(edges)
    flows = answer.edge_flow if answer is not None else np.full(len(edges), np.nan)
    links = [_link(f"e{i}", row, int(tail[i]), int(head[i]), network, flows[i], answer) for i, row in enumerate(rows)]
    if answer is not None and answer.relations is not None:
        position = {s["id"]: i for i, s in enumerate(sites)}
        blank = dict.fromkeys(edges.columns) | {"flow_tpa": 0.0, "quality": "new relation"}
        for i, row in enumerate(answer.relations.to_dict("records")):
            if row["maker"] not in position or row["user"] not in position:
                continue
            words = {**blank, "source": row["maker"], "target": row["user"], "commodity": row["commodity"]}
            link = _link(
                f"n{i}", words, position[row["maker"]], position[row["user"]], network, row["flow_tpa"], answer
            )
            links.append(link | {"isNew": True})
    for link in links:
        link["fromLabel"], link["toLabel"] = sites[link["s"]]["label"], sites[link["t"]]["label"]
    return links


def _link(
    name: str, row: dict[str, Any], tail: int, head: int, network: Network, flow: Any, answer: DrawnFlows | None
) -> dict[str, Any]:
    commodity = row["commodity"] if is_known(row["commodity"]) else ""
    key = (row["source"], row["target"], commodity)
    quality = row["quality"] if is_known(row["quality"]) else "n/d"
    more = [
        [words, number(row[column])]
        for column, words in (("lag_months", "Lag, months"), ("cost_usd_per_t", "Cost, USD/t"))
        if is_known(row[column])
    ]
    if is_known(row["note"]):
        more.append(["Note", str(row["note"])])
    link = {
        "id": name,
        "s": tail,
        "t": head,
        "from": row["source"],
        "to": row["target"],
        "commodity": commodity,
        "commodityText": network.good(commodity),
        "base": _json(row["flow_tpa"]),
        "result": _json(flow),
        "capacityText": tonnes(row["capacity_tpa"]) if is_known(row["capacity_tpa"]) else NO_LIMIT,
        "quality": quality,
        "isInferred": quality == "inferred",
        "isNew": False,
        "inCut": answer is not None and key in answer.cut_edges,
        "references": _keys(row["reference"]),
        "fields": more,
    }
    return link | link_texts(link, answer is not None)


def _block(
    network: Network,
    index: int,
    block: Block,
    sites: list[dict[str, Any]],
    answer: DrawnFlows | None,
    basis: dict[str, str],
) -> dict[str, Any]:
    """Return the head of a step: capacity, flow and utilisation where its tonnes may be added."""
    members = [sites[i] for i in block.members]
    running = [s for s in members if not s["project"]]
    units = sorted({basis.get(s["commodity"], s["commodity"]) for s in running if s["commodity"]})
    if block.stage == "end_use" and network.main_commodity:
        units = sorted({basis.get(c, c) for c in network.main_commodity})
    is_end = block.stage == "end_use"
    adds = len(units) <= 1 or is_end
    lost = min((s for s in members if s["rank"]), key=lambda s: (s["rank"], s["id"]), default=None)
    hurts = max((s["lost"] or 0.0 for s in members), default=0.0)
    head: dict[str, Any] = {
        "index": index,
        "name": block.name,
        "stage": block.stage,
        "stageWord": step_words(block.stage),
        "column": block.column,
        "n": sum(s["size"] for s in running),
        "nProjects": len(members) - len(running),
        "nUnlimited": 0 if is_end else sum(s["capacity"] is None for s in running),
        "nCut": sum(s["inCut"] for s in members),
        "unit": units[0] if len(units) == 1 else ("several kinds of tonne, not added" if units and not adds else ""),
        "capacityText": "n/a" if is_end else "not added",
        "baseText": "not added",
        "resultText": "not added" if answer is not None else "-",
        "utilText": "n/a" if is_end else "n/d",
        "utilResultText": "n/a" if is_end else "n/d",
        "worst": None if lost is None else lost["id"],
        "costs": hurts,
        "worstText": "" if lost is None else lost["lostText"],
        "worstShareText": "" if lost is None else lost["lostShareText"],
        "worstClass": 0 if lost is None else lost["lossClass"],
    }
    if is_end and network.main_commodity:
        flow, new = _delivered(network, tuple(s["id"] for s in running), answer)
    else:
        flow, new = _sum(s["base"] for s in running), _sum(s["result"] for s in running)
    if adds:
        head |= {"baseText": tonnes(flow), "resultText": tonnes(new) if answer is not None else "-"}
    if is_end or not adds:
        return head
    capacity = _sum(s["capacity"] for s in running)
    full = head["nUnlimited"] == 0
    if full or not is_known(capacity):
        head["capacityText"] = tonnes(capacity) if full else NO_LIMIT
        head["utilText"], head["utilResultText"] = percent(ratio(flow, capacity)), percent(ratio(new, capacity))
    else:
        head["capacityText"] = f"{tonnes(capacity)} + {head['nUnlimited']} without limit"
    return head


def _delivered(network: Network, ids: tuple[str, ...], answer: DrawnFlows | None) -> tuple[Any, Any]:
    """Return what the main commodities deliver to the sites, before and after."""
    rows, base = _delivering(network, ids)
    after = _sum(answer.edge_flow[rows].tolist()) if answer is not None else np.nan
    if answer is not None and answer.relations is not None:
        extra = answer.relations
        hit = extra["user"].isin(ids) & extra["commodity"].isin(network.main_commodity)
        after += float(extra.loc[hit, "flow_tpa"].sum())
    return base, after


@kept(16)
def _delivering(network: Network, ids: tuple[str, ...]) -> tuple[Any, float]:
    """Return which edges bring the main commodities to the sites, and their baseline; kept for the next month."""
    edges = network.edges
    rows = (edges["target"].isin(ids) & edges["commodity"].isin(network.main_commodity)).to_numpy()
    return rows, _sum(edges["flow_tpa"].to_numpy(dtype=float)[rows].tolist())


def _tier_totals(network: Network) -> dict[str, float]:
    demand = network.demand.dropna(subset=["tier"])
    if network.main_commodity:
        demand = demand[demand["commodity"].isin(network.main_commodity)]
    return {str(t): float(v) for t, v in demand.groupby("tier")["demand_tpa"].sum().items()}


def _references(network: Network, *rows: list[dict[str, Any]]) -> dict[str, str]:
    used = {key for part in rows for row in part for key in row["references"]}
    words = {}
    for row in records(network.references):
        if row["key"] in used:
            parts = [row["title"], row["publisher"], row["year"]]
            words[row["key"]] = ", ".join(str(p) for p in parts if is_known(p))
    return words


def _keys(cell: Any) -> list[str]:
    return [k.strip() for k in str(cell).split(";") if k.strip()] if is_known(cell) else []


def _sum(values: Any) -> float:
    known = [float(v) for v in values if is_known(v)]
    return float(sum(known)) if known else float("nan")


def ratio(flow: Any, capacity: Any) -> float | None:
    """Return the share of a capacity that is used, None where either is not known."""
    if not is_known(flow) or not is_known(capacity) or capacity <= 0:
        return None
    return _json(float(flow) / float(capacity))


def change_text(before: Any, after: Any) -> str:
    """Return the change with its sign; rounding noise of a solver is no change."""
    if not is_known(before) or not is_known(after):
        return "n/d"
    change = float(after) - float(before)
    if abs(change) <= 1e-6 * max(abs(float(before)), abs(float(after)), 1e-9):
        return "0"
    return ("+" if change > 0 else "") + number(change) + " t/yr"


def _json(value: Any) -> float | None:
    """Return a number that JSON can hold; nine digits, so that the last bits of a solver do not show."""
    return digits(value, 9) if is_known(value) and np.isfinite(value) else None
