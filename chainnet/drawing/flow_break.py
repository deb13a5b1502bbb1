"""The break: what of a tier's demand passes each step of the chain from ore to user, and where the rest is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chainnet.drawing.style import COLOURS
from chainnet.drawing.svg import TEXT, WIDTH, Picture, cut, folded
from chainnet.words import first_capital, spelled

HEIGHT = 212.0  # 75 mm
TOP, FOOT, RIGHT = 30.0, 4.0, 104.0
BLOCK, GAP, LABELLED = 7.0, 5.0, 8.0
MOST_PLACES, MOST_COLUMNS = 5, 5
REST, VIA = "other", "via "
WIDER = 1.2  # a browser without the family writes in one that takes more room
KEPT, BANDS = COLOURS["ink"], COLOURS["rule"]


@dataclass(frozen=True)
class Break:
    """What the picture says beside the flows: heads of steps, names of places, the cut and its label, what arrives.

    ``passage``: step, country, to_step, to_country, arrives_tpa, lost_tpa, steps in their order; ``to_step`` is ""
    at the user.
    """

    passage: pd.DataFrame
    steps: Mapping[str, str]
    places: Mapping[str, str]
    cut: tuple[str, str]
    label: str
    users: str
    arrives: str


def break_svg(told: Break) -> str:
    """Draw the flows: what arrives in ink, what is lost hollow, the bottleneck cut in red."""
    columns = columns_of(told.passage)
    links, heads = _linked(told.passage, columns, told.cut)
    blocks = _placed(links, len(heads)) if heads else {}
    picture = Picture(HEIGHT)
    if not heads:  # nothing flows, with or without the scenario
        picture.words(0.0, 9.0, f"{told.users}: {told.arrives}", bold=True)
        return picture.svg
    n = len(heads)
    x = [i * (WIDTH - RIGHT - BLOCK) / n for i in range(n + 1)]
    _draw_bands(picture, links, blocks, x)
    red: list[tuple[float, float, float]] = []
    for (column, place), block in blocks.items():
        if place.startswith(VIA):
            continue
        kept = block["arrives"]
        picture.box(x[column], block["top"], BLOCK, kept, KEPT)
        if block["lost"] > 0:
            picture.box(x[column], block["top"] + kept, BLOCK, block["lost"], COLOURS["paper"], COLOURS["line"])
        is_cut = column < n and place == told.cut[1] and told.cut[0] in heads[column]
        if is_cut:
            red.append((x[column], block["top"], kept + block["lost"]))
        if not is_cut:
            _name(picture, told, x, (column, place, n), block)
    for column, steps in enumerate(heads):
        for row, line in enumerate(_head(told, steps, (x[1] - 6.0) / WIDER)):
            picture.words(x[column], 9.0 + 10.0 * row, line, bold=True)
    picture.words(x[n], 9.0, cut(told.users, RIGHT + 8.0, bold=True), bold=True)
    picture.words(x[n], 21.0, told.arrives, size=TEXT, bold=True)
    for left, top, height in red:
        _draw_cut(picture, told.label, left + BLOCK, top, height, x[1] - BLOCK - 14.0)
    return picture.svg


def _head(told: Break, steps: Sequence[str], room: float) -> list[str]:
    """Return the head of a column, first the step of the bottleneck; of steps without room how many more there are."""
    first, *rest = (told.steps[step] for step in sorted(steps, key=lambda step: step != told.cut[0]))
    ends = [f" and {rest[0]}"] if len(rest) == 1 else []
    ends += [f" and {spelled(len(rest), 'more', 'more')}" if rest else ""]
    found = [folded(first_capital(first + end), room, 2, bold=True) for end in ends]
    return next((lines for lines in found if not lines[-1].endswith("…")), found[-1])


def columns_of(passage: pd.DataFrame) -> list[list[str]]:
    """Return the steps of each column, the last before the user at the end: a step stands before all that it feeds."""
    depth: dict[str, int] = {"": 0}
    steps = list(dict.fromkeys(passage["step"]))
    feeds = passage.groupby("step")["to_step"].agg(set).to_dict()
    for step in reversed(steps):  # in the order of the chain, so that what it feeds is known
        depth[step] = 1 + max(depth[to] for to in feeds[step])
    most = max(depth.values(), default=0)
    return [[step for step in steps if depth[step] == most - column] for column in range(most)]


def _linked(
    passage: pd.DataFrame, columns: list[list[str]], narrow: tuple[str, str]
) -> tuple[pd.DataFrame, list[list[str]]]:
    """Return the flows from column to column, small places as one, and the steps of each column that is drawn."""
    while len(columns) > MOST_COLUMNS and narrow[0] not in columns[0]:  # the bottleneck and all after it stay
        columns = columns[1:]
    at = {step: column for column, steps in enumerate(columns) for step in steps} | {"": len(columns)}
    rows = passage[passage["step"].isin(at) & passage["to_step"].isin(at)]
    table = pd.DataFrame(
        {
            "a": rows["step"].map(at),
            "from": rows["country"],
            "b": rows["to_step"].map(at),
            "to": rows["to_country"],
            "arrives": rows["arrives_tpa"],
            "lost": rows["lost_tpa"],
        }
    )
    for column, place in (("a", "from"), ("b", "to")):
        size = table.assign(size=table["arrives"] + table["lost"]).groupby([column, place])["size"].sum()
        rank = size.groupby(level=0).rank(ascending=False, method="first")
        cut_at = at.get(narrow[0], -1)
        kept = {key for key, r in rank.items() if r <= MOST_PLACES or key == (cut_at, narrow[1])}
        table[place] = [p if (c, p) in kept else REST for c, p in zip(table[column], table[place], strict=True)]
    found: list[tuple[int, str, str, float, float]] = []
    for row in table.to_dict("records"):
        here = str(row["from"])
        for number in range(int(row["a"]), int(row["b"])):
            there = str(row["to"]) if number + 1 == row["b"] else f"{VIA}{row['from']}"
            found.append((number, here, there, float(row["arrives"]), float(row["lost"])))
            here = there
    made = pd.DataFrame(found, columns=["column", "from", "to", "arrives", "lost"])
    return made.groupby(["column", "from", "to"], as_index=False)[["arrives", "lost"]].sum(), columns


def _block(key: Any) -> tuple[int, str]:
    """Return the column and the place that name a block."""
    return int(key[0]), str(key[1])


def _placed(links: pd.DataFrame, n: int) -> dict[tuple[int, str], dict[str, float]]:
    """Return top, arrives and lost of each block, points: what arrives above what is lost."""
    sizes: dict[tuple[int, str], dict[str, float]] = {}
    outs, ins = (links.groupby(["column", end])[["arrives", "lost"]].sum().to_dict("index") for end in ("from", "to"))
    for key, size in outs.items():
        sizes[_block(key)] = {str(name): float(tons) for name, tons in size.items()}
    for key, size in ins.items():
        column, place = _block(key)
        if column + 1 == n or (column + 1, place) not in sizes:
            sizes[column + 1, place] = {str(name): float(tons) for name, tons in size.items()}
    rows = {column: [key for key in sizes if key[0] == column] for column in range(n + 1)}
    most = max(sum(sum(sizes[key].values()) for key in keys) for keys in rows.values()) or 1.0
    gaps = GAP * max(len(keys) - 1 for keys in rows.values())
    scale = (HEIGHT - TOP - FOOT - gaps) / most
    placed: dict[tuple[int, str], dict[str, float]] = {}
    for keys in rows.values():
        top = TOP
        for key in sorted(keys, key=lambda key: _rank(sizes[key], key[1])):
            arrives, lost = (scale * sizes[key][what] for what in ("arrives", "lost"))
            placed[key] = {"top": top, "arrives": arrives, "lost": lost}
            top += arrives + lost + GAP
    return placed


def _rank(size: Mapping[str, float], place: str) -> tuple[bool, float, float, str]:
    whole = size["arrives"] + size["lost"]
    return size["arrives"] <= 0.0, round(size["lost"] / whole if whole else 0.0, 1), -whole, place


def _draw_bands(picture: Picture, links: pd.DataFrame, blocks: Mapping[Any, Mapping[str, float]], x: Any) -> None:
    for what, fill, stroke in (("lost", "none", COLOURS["line"]), ("arrives", BANDS, "none")):
        scale = _scale(links, blocks, what)
        bands = [
            ((row["column"], row["from"]), (row["column"] + 1, row["to"]), row[what] * scale)
            for row in links.to_dict("records")
        ]
        bands = [band for band in bands if band[2] > 0.02]
        leaves, reaches = (_tops(bands, blocks, what, end) for end in (0, 1))
        for band in sorted(bands, key=lambda band: blocks[band[0]]["top"]):
            (column, place), goal, width = band
            left = x[column] + (0.0 if place.startswith(VIA) else BLOCK)
            picture.band((left, leaves[band], width), (x[column + 1], reaches[band]), fill, stroke)
            if goal[1].startswith(VIA) and what == "arrives":
                picture.box(x[column + 1], reaches[band], BLOCK, width, fill)


def _tops(bands: Sequence[Any], blocks: Mapping[Any, Mapping[str, float]], what: str, end: int) -> dict[Any, float]:
    """Return where each band meets its block at one end, in the order of the blocks at the other."""
    tops, used = {}, dict[Any, float]()
    for band in sorted(bands, key=lambda band: blocks[band[1 - end]]["top"]):
        block = blocks[band[end]]
        base = block["top"] + (block["arrives"] if what == "lost" else 0.0)
        tops[band] = base + used.get(band[end], 0.0)
        used[band[end]] = used.get(band[end], 0.0) + band[2]
    return tops


def _scale(links: pd.DataFrame, blocks: Mapping[Any, Mapping[str, float]], what: str) -> float:
    """Return points per tonne."""
    ends = links.groupby(["column", "to"])[what].sum()
    last = ends[ends.index.get_level_values(0) == ends.index.get_level_values(0).max()]
    tall = sum(blocks[column + 1, place][what] for column, place in last.index)
    return tall / float(last.sum()) if float(last.sum()) > 0 else 0.0


def _name(
    picture: Picture, told: Break, x: Sequence[float], where: tuple[int, str, int], block: Mapping[str, float]
) -> None:
    column, place, n = where
    tall = block["arrives"] + block["lost"]
    room = (RIGHT if column == n else x[1]) - BLOCK - 8.0
    if tall < LABELLED:
        return
    name = cut(told.places.get(place, place), room, bold=column == n)
    y = block["top"] + min(tall / 2 + 3.0, 14.0)
    picture.words(x[column] + BLOCK + 4.0, y, name, bold=column == n, halo=True)


def _draw_cut(picture: Picture, label: str, x: float, top: float, height: float, room: float) -> None:
    """Draw the cut through a block and its label beside it."""
    red, begin, end = COLOURS["less"], top - 5.0, top + height + 4.0
    steps = max(int((end - begin) / 7.0), 2)
    zigzag = [(x + 3.0 + (2.5 if i % 2 else -2.5), begin + (end - begin) * i / steps) for i in range(steps + 1)]
    picture.line(zigzag, COLOURS["paper"], 4.0)
    picture.line(zigzag, red, 1.8)
    lines = folded(label, room, 4, bold=True)
    middle = min(top + height / 2, HEIGHT - 6.0 * len(lines))
    for row, line in enumerate(lines):
        y = middle + 3.0 + 10.0 * (row - (len(lines) - 1) / 2)
        picture.words(x + 10.0, y, line, colour=red, bold=True, halo=True)
