"""Flows by step and country as bands: places and sizes for the template, which makes shapes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chainnet.drawing.facts import PageData
from chainnet.drawing.style import OTHER_COLOUR, percent, tonnes

_WIDTH, _HEIGHT, _TOP, _MARGIN, _BLOCK = 1240.0, 560.0, 92.0, 10.0, 14.0
_GAP, _HEAD, _FLOOR = 2.0, 58.0, 1.0
_PLACES, _FIRST = 5, 0.86
_OTHER = "other"


@dataclass
class _Group:
    """The blocks of one step: one per country, as high as its share of what leaves (or reaches) the step."""

    index: int
    name: str
    column: int
    is_end: bool
    kind: str = ""
    total: float = 0.0
    after: float = 0.0
    top: float = 0.0
    height: float = 0.0
    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)


Groups = dict[tuple[int, str], _Group]  # by column and name
Flows = dict[tuple[int, str, int, str], dict[str, float]]  # by group and place at either end


def bands(facts: PageData, basis: dict[str, str], main: tuple[str, ...]) -> dict[str, Any]:
    """Return blocks, bands and what is left out.

    Each step is drawn to the height of its own tonnes, so that tonnes of different kinds are never
    compared. A band leaves a block in proportion to its tonnes and fills, with the others of its
    kind, the block it enters.
    """
    places = [c["place"] for c in facts.data["countries"] if c["colour"] != OTHER_COLOUR][:_PLACES]
    colours = {c["place"]: c["colour"] for c in facts.data["countries"]}
    groups = _groups(facts)
    flows, left_out = _flows(facts, groups, basis, main, set(places))
    units = sorted({basis.get(c, c) for c in main})
    for g in groups.values():
        if g.is_end:
            g.kind = units[0] if len(units) == 1 else ""
    _measure(groups, flows, [*places, _OTHER])
    _stack(groups, colours)
    drawn = _bands(groups, flows, colours, [*places, _OTHER])
    columns = max((g.column for g in groups.values()), default=0) + 1
    step = (_WIDTH - 2 * _MARGIN - _BLOCK - 118) / max(columns - 1, 1)
    return {
        "width": _WIDTH,
        "height": _TOP + _HEIGHT + 16,
        "groups": [_group_words(g, _x(g.column, step)) for g in groups.values() if g.total > 0],
        "bands": [b | _path(b, step) for b in drawn],
        "left_out": left_out,
        "has_after": facts.data["hasResult"],
        "has_base": facts.data["hasBase"],
    }


def _groups(facts: PageData) -> Groups:
    groups: Groups = {}
    for b in facts.blocks:
        if b["column"] >= 0:
            key = (b["column"], b["name"])
            groups.setdefault(key, _Group(len(groups), b["name"], b["column"], b["stage"] == "end_use"))
    return groups


def _place(site: dict[str, Any], places: set[str]) -> str:
    return site["place"] if site["place"] in places else _OTHER


def _flows(
    facts: PageData, groups: Groups, basis: dict[str, str], main: tuple[str, ...], places: set[str]
) -> tuple[Flows, list[str]]:
    """Add up the links between blocks; each step keeps the kind of tonne that most of its output is."""
    by_index = {g.index: g for g in groups.values()}

    def group(site: dict[str, Any]) -> _Group | None:
        block = facts.blocks[site["block"]]
        return groups.get((block["column"], block["name"]))

    rows = []
    beside: dict[str, float] = {}
    for link in facts.links:
        source, target = facts.sites[link["s"]], facts.sites[link["t"]]
        a, b = group(source), group(target)
        base, after = link["base"] or 0.0, link["result"] or 0.0
        kind = basis.get(link["commodity"], link["commodity"])
        if a is None or b is None or a.column >= b.column:
            if max(base, after) > 0 and (a is None or b is None):
                way = "to" if b is None else "from"
                words = f"{way} recyclers ({link['commodityText'] or 'goods'})"
                beside[words] = beside.get(words, 0.0) + (base or after)
            continue
        ends = (a.index, _place(source, places), b.index, _place(target, places))
        rows.append((ends, kind, base, after, link))
    sums: dict[tuple[int, str], float] = {}
    for ends, kind, base, after, _ in rows:
        sums[ends[0], kind] = sums.get((ends[0], kind), 0.0) + max(base, after)
    for g in by_index.values():
        kinds = sorted((k for i, k in sums if i == g.index), key=lambda k: (-sums[g.index, k], k))
        g.kind = kinds[0] if kinds else ""
        g.is_end = g.is_end and not any(sums[g.index, k] > 0 for k in kinds)  # cells are a use, and ship on
    flows: Flows = {}
    for ends, kind, base, after, link in rows:
        ends_here = by_index[ends[2]].is_end
        if kind != by_index[ends[0]].kind or (ends_here and main and link["commodity"] not in main):
            words = f"{by_index[ends[0]].name} to {by_index[ends[2]].name} ({link['commodityText']})"
            beside[words] = beside.get(words, 0.0) + (base or after)
            continue
        cell = flows.setdefault(ends, {"base": 0.0, "after": 0.0, "inferred": 0.0})
        cell["base"] += base
        cell["after"] += after
        cell["inferred"] += max(base, after) if link["isInferred"] else 0.0
    left_out = [f"{words}: {tonnes(v)}" for words, v in sorted(beside.items(), key=lambda i: (-i[1], i[0])) if v > 0]
    return {k: v for k, v in flows.items() if max(v["base"], v["after"]) > 0}, left_out


def _measure(groups: Groups, flows: Flows, places: list[str]) -> None:
    for g in groups.values():
        side = 2 if g.is_end else 0
        for place in places:
            mine = [v for k, v in flows.items() if k[side] == g.index and k[side + 1] == place]
            size = sum(max(v["base"], v["after"]) for v in mine)
            base, after = sum(v["base"] for v in mine), sum(v["after"] for v in mine)
            if size > 0:
                g.blocks[place] = {"size": size, "base": base, "after": after}
        g.total = sum(b["size"] for b in g.blocks.values())


def _stack(groups: Groups, colours: dict[str, str]) -> None:
    for column in sorted({g.column for g in groups.values()}):
        inside = [g for g in groups.values() if g.column == column and g.total > 0]
        room = _HEIGHT - _HEAD * (len(inside) - 1)
        y = _TOP
        for i, g in enumerate(inside):
            part = 1.0 if len(inside) == 1 else (_FIRST if i == 0 else (1 - _FIRST) / (len(inside) - 1))
            g.top, g.height = y, room * part
            free = g.height - _GAP * (len(g.blocks) - 1)
            at = y
            for place, block in g.blocks.items():
                block["y"], block["h"] = at, max(_FLOOR, free * block["size"] / g.total)
                block["colour"] = colours.get(place, OTHER_COLOUR)
                at += block["h"] + _GAP
            y += g.height + _HEAD


def _bands(groups: Groups, flows: Flows, colours: dict[str, str], places: list[str]) -> list[dict[str, Any]]:
    by_index = {g.index: g for g in groups.values()}
    order = {p: i for i, p in enumerate(places)}
    # the kinds that enter a step: the one from the nearest step before takes most of a block's edge
    kinds: dict[int, dict[str, float]] = {}
    for b in sorted({k[2] for k in flows}):
        near: dict[str, tuple[int, float]] = {}
        for key, v in flows.items():
            if key[2] == b:
                g = by_index[key[0]]
                old = near.get(g.kind, (-1, 0.0))
                near[g.kind] = (max(old[0], g.column), old[1] + max(v["base"], v["after"]))
        ranked = sorted(near, key=lambda k: (-near[k][0], -near[k][1], k))
        rest = (1 - _FIRST) / max(len(ranked) - 1, 1)
        kinds[b] = {k: 1.0 if len(ranked) == 1 else (_FIRST if i == 0 else rest) for i, k in enumerate(ranked)}
    size = {k: max(v["base"], v["after"]) for k, v in flows.items()}
    drawn = {}
    leaving: dict[tuple[int, str], float] = {}
    for key in sorted(flows, key=lambda k: (k[0], order[k[1]], by_index[k[2]].column, k[2], order[k[3]])):
        block = by_index[key[0]].blocks[key[1]]
        whole = sum(size[k] for k in flows if k[:2] == key[:2])
        thick = block["h"] * size[key] / whole
        at = leaving.get(key[:2], block["y"])
        leaving[key[:2]] = at + thick
        drawn[key] = {"y1": at, "w1": thick}
    entering: dict[tuple[int, str], float] = {}
    for key in sorted(flows, key=lambda k: (k[2], order[k[3]], _kind_rank(kinds, by_index, k), k[0], order[k[1]])):
        entered = by_index[key[2]].blocks.get(key[3])
        if entered is None:  # it takes, and delivers nothing that is drawn
            drawn.pop(key)
            continue
        kind = by_index[key[0]].kind
        present = {by_index[k[0]].kind for k in flows if k[2:] == key[2:]}
        edge = kinds[key[2]][kind] / sum(kinds[key[2]][k] for k in present)
        whole = sum(size[k] for k in flows if k[2:] == key[2:] and by_index[k[0]].kind == kind)
        thick = entered["h"] * edge * size[key] / whole
        at = entering.get(key[2:], entered["y"])
        entering[key[2:]] = at + thick
        drawn[key] |= {"y2": at, "w2": thick}
    return [
        drawn[key]
        | {
            "c1": by_index[key[0]].column,
            "c2": by_index[key[2]].column,
            "colour": colours.get(key[1], OTHER_COLOUR),
            "kept": min(1.0, v["after"] / size[key]) if v["after"] > 0 else 0.0,
            "opacity": 0.42 if by_index[key[2]].column == by_index[key[0]].column + 1 else 0.26,
            "inferred": v["inferred"] > 0.5 * size[key],
            "from": f"{key[1]}, {by_index[key[0]].name}",
            "to": f"{key[3]}, {by_index[key[2]].name}",
            "kind": by_index[key[0]].kind,
            "base": v["base"],
            "after": v["after"],
            "baseText": tonnes(v["base"]),
            "afterText": tonnes(v["after"]),
        }
        for key, v in flows.items()
        if key in drawn
    ]


def _kind_rank(kinds: dict[int, dict[str, float]], by_index: dict[int, _Group], key: Any) -> tuple[float, str]:
    kind = by_index[key[0]].kind
    return (-kinds[key[2]][kind], kind)


def _x(column: int, step: float) -> float:
    return _MARGIN + column * step


def _path(band: dict[str, Any], step: float) -> dict[str, str]:
    """Return the outline of what flows and of what is missing below it."""
    x1, x2 = _x(band["c1"], step) + _BLOCK, _x(band["c2"], step)
    bend = (x2 - x1) / 2

    def outline(start: float, end: float) -> str:
        if end - start <= 0:
            return ""
        a, b = band["y1"] + band["w1"] * start, band["y1"] + band["w1"] * end
        c, d = band["y2"] + band["w2"] * start, band["y2"] + band["w2"] * end
        return (
            f"M{x1:.1f} {a:.2f}C{x1 + bend:.1f} {a:.2f} {x2 - bend:.1f} {c:.2f} {x2:.1f} {c:.2f}"
            f"V{d:.2f}C{x2 - bend:.1f} {d:.2f} {x1 + bend:.1f} {b:.2f} {x1:.1f} {b:.2f}Z"
        )

    return {"whole": outline(0, 1), "flowing": outline(0, band["kept"]), "missing": outline(band["kept"], 1)}


def _group_words(group: _Group, x: float) -> dict[str, Any]:
    base = sum(b["base"] for b in group.blocks.values())
    after = sum(b["after"] for b in group.blocks.values())
    named = [p for p in group.blocks if p != _OTHER] or [_OTHER]
    largest = max(named, key=lambda p: (group.blocks[p]["size"], p))
    return {
        "name": group.name,
        "is_end": group.is_end,
        "kind": group.kind,
        "x": round(x, 1),
        "y": round(group.top, 1),
        "w": _BLOCK,
        "base": tonnes(base),
        "after": tonnes(after),
        "size": group.total,
        "largest": largest,
        "blocks": [
            {
                "place": place,
                "size": b["size"],
                "y": round(b["y"], 2),
                "h": round(b["h"], 2),
                "colour": b["colour"],
                "base": tonnes(b["base"]),
                "after": tonnes(b["after"]),
                "kept": round(b["h"] * min(1.0, b["after"] / b["size"]), 2),
                "share": percent(b["size"] / group.total),
                "labelled": b["h"] >= 12,
            }
            for place, b in group.blocks.items()
        ],
    }
