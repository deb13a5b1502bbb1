"""Where sites lie: places and sizes of a world map for the template, which makes shapes of them."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from chainnet.drawing.facts import PageData
from chainnet.drawing.insets import INSET_HEIGHT, insets, overlap
from chainnet.drawing.style import OTHER_COLOUR, SHAPES, corners, percent
from chainnet.network import Network

_WIDTH, _MARGIN, _LEGEND, _GAP = 1240.0, 8.0, 26.0, 16.0
_LARGEST, _ARCS, _PAIRS = 14.0, 40, 30
_LETTER, _TALL = 7.6, 11.0  # room for a bold capital of a name, at most, and its height
# Equal Earth, Šavrič, Patterson and Jenny 2018, doi 10.1080/13658816.2018.1504949
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_SOUTH, _NORTH = -56.0, 78.0
_STAGES = ("mine", "refiner", "manufacturer", "recycler", "end_use")

Point = tuple[float, float]


def atlas(network: Network, facts: PageData) -> dict[str, Any]:
    """Return land, sites and the widest flows between countries.

    Sites with coordinates are drawn one by one; the others together at the centre of their country,
    one ring per stage. Flows begin and end where the sites are drawn. Sizes are shares of a step's output, so that
    kinds of tonne are never compared.
    """
    world = _world()
    after = facts.data["hasResult"]
    key = "result" if after else "base"
    totals: dict[int, float] = {}
    for site in facts.sites:
        totals[site["block"]] = totals.get(site["block"], 0.0) + (site[key] or 0.0)
    marks, at, nowhere = _marks(network, facts, key, totals, world["centres"])
    top = _project(0.0, _NORTH)[1]
    height = _project(0.0, _SOUTH)[1] - top
    arcs, n_arcs, pairs, crossing = _arcs(facts, key, at)
    marks = [m | {"y": round(m["y"] - top, 1)} for m in marks]
    strip = insets(marks, height + _LEGEND + _GAP, _WIDTH)
    return {
        "width": _WIDTH,
        "height": round(height + _LEGEND, 1),
        "whole": round(height + _LEGEND + (2 * _GAP + INSET_HEIGHT if strip else 0.0), 1),
        "insets": strip,
        "top": top,
        "land": [_outline(ring, top) for ring in world["land"]],
        "marks": marks,
        "arcs": [a | {"d": _arc(a["ends"], top)} for a in arcs],
        "n_arcs": n_arcs,
        "pairs": pairs,
        "crossing": crossing,
        "nowhere": nowhere,
        "after": after,
        "shapes": [(SHAPES[s][1], s.replace("_", " ")) for s in _STAGES if any(x["stage"] == s for x in facts.sites)],
        "colours": [c for c in facts.data["countries"] if c["colour"] != OTHER_COLOUR],
        "source": world["source"],
    }


@lru_cache(maxsize=1)
def _world() -> dict[str, Any]:
    text = (Path(__file__).parent / "world.json").read_text(encoding="utf-8")
    world: dict[str, Any] = json.loads(text)
    return world


def _project(longitude: float, latitude: float) -> Point:
    """Return where a place stands on the sheet (Equal Earth: areas are true)."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    t2 = theta * theta
    t6 = t2**3
    slope = _A[0] + 3 * _A[1] * t2 + t6 * (7 * _A[2] + 9 * _A[3] * t2)
    x = 2 * math.sqrt(3) / 3 * math.radians(longitude) * math.cos(theta) / slope
    y = theta * (_A[0] + _A[1] * t2 + t6 * (_A[2] + _A[3] * t2))
    scale = (_WIDTH / 2 - _MARGIN) / 2.70663
    return _WIDTH / 2 + scale * x, -scale * y


def _outline(ring: list[float], top: float) -> str:
    points = [_project(x, y) for x, y in zip(ring[::2], ring[1::2], strict=True)]
    return "M" + "L".join(f"{x:.1f} {y - top:.1f}" for x, y in points) + "Z"


def _centre(network: Network, place: str, centres: dict[str, list[float]]) -> Point | None:
    """Return latitude and longitude of a country, or the middle of a group's members."""
    if place in centres:
        return centres[place][0], centres[place][1]
    members = sorted(c for c in network.groups_known.get(place, ()) if c in centres)
    if not members:
        return None
    return (
        sum(centres[c][0] for c in members) / len(members),
        sum(centres[c][1] for c in members) / len(members),
    )


def _marks(
    network: Network, facts: PageData, key: str, totals: dict[int, float], centres: dict[str, list[float]]
) -> tuple[list[dict[str, Any]], dict[int, Point], int]:
    """Return the marks, where each site (by position) is drawn, and how many have no place."""
    rows = {row["id"]: row for row in network.plants.to_dict("records")}
    marks: list[dict[str, Any]] = []
    gathered: dict[tuple[str, str], list[dict[str, Any]]] = {}
    centre: dict[str, Point] = {}
    at: dict[int, Point] = {}
    nowhere = 0
    for i, site in enumerate(facts.sites):
        if site["project"]:
            continue
        row = rows[site["id"]]
        share = (site[key] or 0.0) / totals[site["block"]] if totals[site["block"]] > 0 else 0.0
        middle = _centre(network, site["place"], centres)
        if middle is not None:
            centre.setdefault(site["place"], _project(middle[1], middle[0]))
        if math.isfinite(row["latitude"]) and math.isfinite(row["longitude"]):
            x, y = _project(row["longitude"], row["latitude"])
            words = f"{site['label']} ({site['step']}): {site['resultText' if key == 'result' else 'baseText']}"
            mark = _mark(site["stage"], x, y, share, site["colour"], True, words, "")
            marks.append(mark | {"place": site["place"], "name": site["label"]})
            at[i] = (x, y)
        elif middle is not None:
            gathered.setdefault((site["place"], site["stage"]), []).append({"i": i, "site": site, "share": share})
        else:
            nowhere += 1
    named = {place for place, _ in gathered}
    for mark in sorted(marks, key=lambda m: (-m["r"], m["words"])):
        # a country without rings is named at its largest site
        if mark["place"] not in named:
            named.add(mark["place"])
            mark["label"] = mark["place"]
    marks += _at_centres(gathered, centre, at, key)
    _set_apart(marks)
    marks.sort(key=lambda m: (-m["r"], m["x"], m["y"], m["words"]))
    return marks, at, nowhere


def _at_centres(
    gathered: dict[tuple[str, str], list[dict[str, Any]]], centre: dict[str, Point], at: dict[int, Point], key: str
) -> list[dict[str, Any]]:
    """Set the rings of a country side by side, in the middle of it; puts down where each site then is."""
    text = "resultText" if key == "result" else "baseText"
    marks = []
    for place in sorted({p for p, _ in gathered}):
        shares = {}
        for stage in _STAGES:
            inside = gathered.get((place, stage), [])
            steps: dict[str, float] = {}
            for row in inside:
                steps[row["site"]["step"]] = steps.get(row["site"]["step"], 0.0) + row["share"]
            if inside:
                shares[stage] = max(steps.values())
        x, y = centre[place]
        x -= sum(_radius(share) + 2.0 for share in shares.values())
        for i, (stage, share) in enumerate(shares.items()):
            inside = gathered[place, stage]
            words = "; ".join(f"{row['site']['label']} {row['site'][text]}" for row in inside)
            words = f"{place}, {len(inside)} x {stage.replace('_', ' ')} at the country's centre: {words}"
            x += _radius(share) + 2.0
            mark = _mark(stage, x, y, share, inside[0]["site"]["colour"], False, words, "" if i else place)
            name = (
                f"{place}, {len(inside)} x {stage.replace('_', ' ')}" if len(inside) > 1 else inside[0]["site"]["label"]
            )
            marks.append(mark | {"place": place, "name": name})
            at |= {row["i"]: (x, y) for row in inside}
            x += _radius(share) + 2.0
    return marks


def _set_apart(marks: list[dict[str, Any]]) -> None:
    """Give each name a side of its mark where no larger country's name stands; a name without one is left out."""
    size: dict[str, float] = {}
    for mark in marks:
        size[mark["place"]] = size.get(mark["place"], 0.0) + mark["r"] ** 2
    taken: list[tuple[float, float, float, float]] = []
    for mark in sorted((m for m in marks if m["label"]), key=lambda m: (-size[m["place"]], m["place"])):
        wide, r = _LETTER * len(mark["label"]), mark["r"]
        for dx, dy in ((-r, -r - 5), (-r, r + _TALL), (-r - wide - 4, 4.0), (r + 4, 4.0)):
            box = (mark["x"] + dx, mark["y"] + dy - _TALL, mark["x"] + dx + wide, mark["y"] + dy + 2)
            if not any(overlap(box, other) for other in taken):
                taken.append(box)
                mark |= {"dx": round(dx, 1), "dy": round(dy, 1)}
                break
        else:
            mark["label"] = ""


def _radius(share: float) -> float:
    return max(3.2, _LARGEST * math.sqrt(share))


def _mark(
    stage: str, x: float, y: float, share: float, colour: str, known: bool, words: str, label: str
) -> dict[str, Any]:
    r = _radius(share)
    return {
        "x": round(x, 1),
        "y": y,
        "r": round(r, 1),
        "points": corners(stage, r),
        "colour": colour,
        "known": known,
        "words": f"{words}, {percent(share)} of the step" if known else words,
        "label": label,
    }


def _arcs(
    facts: PageData, key: str, at: dict[int, Point]
) -> tuple[list[dict[str, Any]], int, list[dict[str, Any]], Point]:
    """Return the widest flows over borders from place to place, and by country, as shares of all of their commodity."""
    whole: dict[str, float] = {}
    ways: dict[Any, dict[str, float]] = {}
    pairs: dict[Any, dict[str, float]] = {}
    ends: dict[Any, tuple[list[str], list[str]]] = {}
    main = set(facts.data["main"])
    counted = crossing = 0.0
    for link in facts.links:
        flow = link[key] or 0.0
        source, target = facts.sites[link["s"]], facts.sites[link["t"]]
        whole[link["commodity"]] = whole.get(link["commodity"], 0.0) + flow
        abroad = source["place"] != target["place"]
        if not main or link["commodity"] in main:
            counted += flow
            crossing += flow if abroad else 0.0
        if flow > 0 and abroad and link["s"] in at and link["t"] in at:
            way = (*at[link["s"]], *at[link["t"]], source["place"], target["place"])
            for cells, name in ((ways, way), (pairs, way[4:])):
                cell = cells.setdefault(name, {})
                cell[link["commodity"]] = cell.get(link["commodity"], 0.0) + flow
            told = ends.setdefault(way, ([], []))
            for names, site in zip(told, (source, target), strict=True):
                if site["label"] not in names:
                    names.append(site["label"])
    colours = {c["place"]: c["colour"] for c in facts.data["countries"]}
    words = {k["commodity"]: k["commodityText"] for k in facts.links}

    def widest(cell: dict[str, float]) -> dict[str, Any]:
        shares = {c: v / whole[c] for c, v in cell.items()}
        first = max(shares, key=lambda c: (shares[c], c))
        return {"share": shares[first], "words": f"{percent(shares[first])} of {words[first] or 'the flow'}"}

    arcs = [
        {"from": _named(ends[way][0]), "to": _named(ends[way][1]), "ends": way[:4], "place": way[4]} | widest(cell)
        for way, cell in ways.items()
    ]
    arcs.sort(key=lambda r: (-r["share"], r["from"], r["to"]))
    rows = [{"from": pair[0], "to": pair[1]} | widest(cell) for pair, cell in pairs.items()]
    rows.sort(key=lambda r: (-r["share"], r["from"], r["to"]))
    for arc in arcs:
        arc |= {"width": round(0.6 + 9 * arc["share"], 2), "colour": colours.get(arc["place"], OTHER_COLOUR)}
    return arcs[:_ARCS], len(arcs), rows[:_PAIRS], (crossing, counted)


def _named(labels: list[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"


def _arc(ends: tuple[float, float, float, float], top: float) -> str:
    x1, y1, x2, y2 = ends
    lift = 0.22 * math.hypot(x2 - x1, y2 - y1)
    # goods going east bend to the north, those going west to the south, so that both ways are seen
    turn = -lift if x2 >= x1 else lift
    return f"M{x1:.1f} {y1 - top:.1f}Q{(x1 + x2) / 2:.1f} {(y1 + y2) / 2 - top + turn:.1f} {x2:.1f} {y2 - top:.1f}"
