"""Parts of the map drawn larger, where its marks lie on each other."""

from __future__ import annotations

import math
from typing import Any

INSET_WIDTH, INSET_HEIGHT, _BETWEEN = 400.0, 240.0, 14.0
_ZOOM, _MOST, _COVERED = 4.0, 3, 4  # so many pairs that cover each other make an inset
_ROUNDS, _APART = 60, 3.0
_LETTER, _TALL, _LONGEST = 6.0, 11.0, 26


def insets(marks: list[dict[str, Any]], top: float, width: float) -> list[dict[str, Any]]:
    """Return the windows in which marks cover each other, the fullest first, with their marks moved apart.

    Parameters
    ----------
    marks : list of dict
        x, y and r of each mark on the sheet.
    top, width : float
        Where the strip of insets begins, and how wide the sheet is.
    """
    found: list[dict[str, Any]] = []
    free = list(marks)
    wide, high = INSET_WIDTH / _ZOOM, INSET_HEIGHT / _ZOOM
    while len(found) < _MOST:
        score, _, _, seed = max(
            ((_covered(_inside(free, m["x"], m["y"], wide, high)), -m["x"], -m["y"], m) for m in free),
            key=lambda one: one[:3],
            default=(0, 0.0, 0.0, None),
        )
        if score < _COVERED or seed is None:
            break
        # the window is moved to the middle of what it holds
        some = _inside(free, seed["x"], seed["y"], wide, high)
        x, y = (sum(m[c] for m in some) / len(some) for c in "xy")
        some = _inside(free, x, y, wide, high)
        free = [m for m in free if not any(m is one for one in some)]
        found.append({"x": x - wide / 2, "y": y - high / 2, "w": wide, "h": high, "marks": some})
    left = (width - len(found) * INSET_WIDTH - (len(found) - 1) * _BETWEEN) / 2
    for i, one in enumerate(found):
        one["left"], one["top"] = round(left + i * (INSET_WIDTH + _BETWEEN), 1), round(top, 1)
        one["letter"], one["zoom"] = "ABC"[i], _ZOOM
        one["width"], one["height"] = INSET_WIDTH, INSET_HEIGHT
        one["marks"] = _labelled(_moved_apart(one), one)
        one |= {key: round(one[key], 2) for key in ("x", "y", "w", "h")}
    return found


def _inside(marks: list[dict[str, Any]], x: float, y: float, wide: float, high: float) -> list[dict[str, Any]]:
    return [m for m in marks if abs(m["x"] - x) <= wide / 2 and abs(m["y"] - y) <= high / 2]


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes, each from its left upper to its right lower corner, cover each other."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _covered(marks: list[dict[str, Any]]) -> int:
    """Return how many pairs cover each other."""
    return sum(
        math.hypot(a["x"] - b["x"], a["y"] - b["y"]) < 0.8 * (a["r"] + b["r"])
        for i, a in enumerate(marks)
        for b in marks[:i]
    )


def _moved_apart(inset: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the marks where they stand in the inset, moved so far that none covers another."""
    out = [
        m | {"x": inset["left"] + (m["x"] - inset["x"]) * _ZOOM, "y": inset["top"] + (m["y"] - inset["y"]) * _ZOOM}
        for m in inset["marks"]
    ]
    low_x, high_x = inset["left"] + 18, inset["left"] + INSET_WIDTH - 18
    low_y, high_y = inset["top"] + 18, inset["top"] + INSET_HEIGHT - 18
    for _ in range(_ROUNDS):
        for i, a in enumerate(out):
            for j, b in enumerate(out[:i]):
                dx, dy = a["x"] - b["x"], a["y"] - b["y"]
                away, need = math.hypot(dx, dy), a["r"] + b["r"] + _APART
                if away >= need:
                    continue
                if away < 1e-6:  # from one and the same place they part by their number
                    dx, dy, away = math.cos(2.4 * (i + j)), math.sin(2.4 * (i + j)), 1.0
                push = (need - away) / 2 if away > 1e-6 else need / 2
                for one, sign in ((a, 1.0), (b, -1.0)):
                    one["x"] = min(high_x, max(low_x, one["x"] + sign * push * dx / away))
                    one["y"] = min(high_y, max(low_y, one["y"] + sign * push * dy / away))
    return [m | {"x": round(m["x"], 1), "y": round(m["y"], 1)} for m in out]


def _labelled(marks: list[dict[str, Any]], inset: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the marks with their names, the largest first, where these cover no mark and no name, nor are cut."""
    x0, y0 = inset["left"] + 2, inset["top"] + 2
    x1, y1 = x0 + INSET_WIDTH - 4, y0 + INSET_HEIGHT - 4
    boxes = [(m["x"] - m["r"], m["y"] - m["r"], m["x"] + m["r"], m["y"] + m["r"]) for m in marks]
    out = []
    for m in sorted(marks, key=lambda m: (-m["r"], m["words"])):
        name = m["name"] if len(m["name"]) <= _LONGEST else m["name"][: _LONGEST - 1].rstrip() + "…"
        wide, r, own = _LETTER * len(name), m["r"], None
        for dx, dy in ((r + 3, 4.0), (-r - wide - 3, 4.0), (-wide / 2, -r - 4), (-wide / 2, r + _TALL)):
            box = (m["x"] + dx, m["y"] + dy - _TALL, m["x"] + dx + wide, m["y"] + dy + 2)
            mine = (m["x"] - r, m["y"] - r, m["x"] + r, m["y"] + r)
            if box[0] < x0 or box[1] < y0 or box[2] > x1 or box[3] > y1:
                continue
            if not any(other != mine and overlap(box, other) for other in boxes):
                own = (round(dx, 1), round(dy, 1))
                boxes.append(box)
                break
        out.append(m | ({"label": name, "dx": own[0], "dy": own[1]} if own else {"label": ""}))
    return out
