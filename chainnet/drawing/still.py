"""The first view of a graph as plain shapes, for readers without scripts."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from chainnet.drawing.facts import PageData
from chainnet.drawing.style import COLOURS, corners
from chainnet.words import number

_WIDTH, _TOP, _ROW, _MARGIN = 1240.0, 64.0, 22.0, 24.0
# more than this cannot be told apart, and would double the size of the page
_SITES, _LINKS = 400, 600
_BLOCK = 16.0  # height of the largest end use whose demand counts


def still(facts: PageData, by_result: bool = False) -> dict[str, Any]:
    """Return places and sizes of everything drawn; the template makes shapes of them.

    With ``by_result`` sizes and widths are those of the answer, not of the baseline; what stops is hollow. End uses
    whose demand counts are blocks, as tall as they ask for, and empty as far as they are short.
    """
    data = facts.data
    if by_result:
        stops = {s["id"] for s in facts.sites if (s["base"] or 0.0) > 0 and not s["result"]}
        swapped = [[{**row, "base": row["result"] or 0.0} for row in rows] for rows in (facts.sites, facts.links)]
        facts = replace(facts, sites=[{**s, "stops": s["id"] in stops} for s in swapped[0]], links=swapped[1])
    running = [s for s in facts.sites if not s["project"]]
    first = sorted(running, key=lambda s: (s["rank"] == 0, s["rank"], not s["inCut"], -_flow(s), s["id"]))[:_SITES]
    kept = {s["id"] for s in first}
    shown = [s for s in running if s["id"] in kept]
    columns = max(int(data["columns"]), 1)
    step = (_WIDTH - 2 * _MARGIN) / columns
    rows = max((sum(_in_column(facts, s, c) for s in shown) for c in range(columns)), default=1)
    height = max(rows, 8) * _ROW
    places: dict[int, tuple[float, float]] = {}
    index = {id(s): i for i, s in enumerate(facts.sites)}
    heads = []
    for c in range(columns):
        inside = [s for s in shown if _in_column(facts, s, c)]
        inside.sort(key=lambda s: (s["block"], s["order"]))
        x = _MARGIN + c * step + 14
        for k, site in enumerate(inside):
            places[index[id(site)]] = (x, _TOP + (k + 0.5) * height / len(inside))
        names = [b["name"] for b in facts.blocks if b["column"] == c]
        heads.append({"x": round(x - 10, 1), "text": " / ".join(dict.fromkeys(names))})
    below = [s for s in shown if facts.blocks[s["block"]]["column"] < 0]
    below.sort(key=lambda s: (s["block"], s["order"]))
    for k, site in enumerate(below):
        x = _MARGIN + (k % columns) * step + 14
        places[index[id(site)]] = (x, _TOP + height + 34 + (k // columns) * _ROW)
    kinds = _kinds(facts)
    most: dict[str, float] = {}
    widest: dict[str, float] = {}
    for site in shown:
        most[kinds[site["id"]]] = max(most.get(kinds[site["id"]], 0.0), _flow(site))
    asked = max((s["asked"] or 0.0 for s in shown), default=0.0)
    for link in facts.links:
        widest[_kind(facts, link)] = max(widest.get(_kind(facts, link), 0.0), _flow(link))
    return {
        "width": _WIDTH,
        "height": round(_TOP + height + (34 + math.ceil(len(below) / columns) * _ROW if below else 0) + 12, 1),
        "heads": heads,
        "left_out": len(running) - len(shown),
        "band": round(_TOP + height + 14, 1) if below else 0,
        "links": _paths(facts, places, widest),
        "sites": [
            _shape(facts.sites[i], xy, most.get(kinds[facts.sites[i]["id"]], 0.0), step, asked)
            for i, xy in sorted(places.items())
        ],
    }


def _in_column(facts: PageData, site: dict[str, Any], column: int) -> bool:
    return int(facts.blocks[site["block"]]["column"]) == column


def _flow(row: dict[str, Any]) -> float:
    return float(row["base"] if row["base"] is not None else (row["result"] or 0.0))


def _kind(facts: PageData, link: dict[str, Any]) -> str:
    """Return the kind of tonne that a link carries; widths of different kinds are not compared."""
    return str(facts.data["basisOf"].get(link["commodity"], link["commodity"]))


def _kinds(facts: PageData) -> dict[str, str]:
    """Return the kind of tonne of each site: that of the widest link out of it, else into it."""
    best: dict[str, tuple[bool, float, str]] = {}
    for link in facts.links:
        for end, leaves in (("from", True), ("to", False)):
            mine = (leaves, _flow(link), _kind(facts, link))
            best[link[end]] = max(best.get(link[end], mine), mine)
    return {site["id"]: best[site["id"]][2] if site["id"] in best else "" for site in facts.sites}


def _paths(facts: PageData, places: dict[int, tuple[float, float]], widest: dict[str, float]) -> list[dict[str, Any]]:
    paths = []
    for link in facts.links:
        flow = _flow(link)
        if flow <= 0 or link["s"] not in places or link["t"] not in places:
            continue
        (x1, y1), (x2, y2) = places[link["s"]], places[link["t"]]
        bend = (x2 - x1) / 2
        paths.append(
            {
                "d": f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}",
                "width": round(max(0.5, 10 * math.sqrt(flow / widest[_kind(facts, link)])), 2),
                "colour": facts.sites[link["s"]]["colour"],
                "dash": link["isInferred"],
            }
        )
    return sorted(paths, key=lambda p: (-p["width"], p["d"]))[:_LINKS]


def _shape(site: dict[str, Any], xy: tuple[float, float], most: float, step: float, asked: float) -> dict[str, Any]:
    x, y = xy
    block = site["stage"] == "end_use" and bool(site["asked"])
    share = (site["shortfall"] or 0.0) / site["asked"] if block else 0.0
    tall = max(5.0, _BLOCK * math.sqrt(site["asked"] / asked)) if block else 0.0
    size = max(_flow(site), 0.0)  # what rounding leaves below 0 is nothing
    r = max(4.0, 14 * math.sqrt(size / most)) if most > 0 else 6.0
    r = 5.0 if block else r
    aside = f"short {number(site['shortfall'])} of {number(site['asked'])}" if share else ""
    rank = site["rank"] if 0 < site["rank"] <= 3 else 0
    aside = f"({rank}: {site['lostText']})" if rank else aside
    room = max(8, int((step - r - 24) / 5.7) - (len(aside) + 1 if aside else 0))
    # "China: wind turbines" beside "CHN" says the country twice
    label = (
        re.sub(r"^[^:]{2,30}: ", "", site["label"]) if site["place"] and site["stage"] == "end_use" else site["label"]
    )
    words = f"{site['place']} {label}".strip()
    return {
        "x": round(x, 1),
        "y": round(y, 1),
        "r": round(r, 1),
        "points": corners(site["stage"], r, x, y),
        "block": [round(x - 5, 1), round(y - tall / 2, 1), 10.0, round(tall, 1), round(tall * share, 1)]
        if block
        else [],
        "colour": COLOURS["paper"] if site.get("stops") and not block else site["colour"],
        "edge": COLOURS["less" if site.get("stops") or share else "ink"],
        "cut": site["inCut"],
        "text": words if len(words) <= room else words[: room - 1] + "…",
        "tx": round(x + r + 4, 1),
        "full": site["label"],
        "rank": rank,
        "aside": aside,
    }
