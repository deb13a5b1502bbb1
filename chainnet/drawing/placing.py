"""Where things stand in the picture: steps into columns, sites into an order that keeps links short."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet.network import depths, step_of
from chainnet.words import step_words

STAGES = ("mine", "refiner", "manufacturer", "end_use")
_SWEEPS = 24
_MAX_LEVELS = 8


@dataclass
class Block:
    """The sites of one step, in drawing order; ``column`` -1 is the band of recyclers below."""

    name: str
    stage: str
    column: int
    members: list[int] = field(default_factory=list)


def place(nodes: pd.DataFrame, tail: Any, head: Any, weight: Any, rank: Any) -> list[Block]:
    """Place nodes in columns by stage and step, and order each column; return blocks from left to right, top to bottom.

    Parameters
    ----------
    nodes : DataFrame
        Columns stage, step, is_project and leads (whether a node supplies the demand that counts; default all do);
        row i is node i.
    tail, head : arrays of int
        Ends of the links.
    weight : array of float
        What a link counts when sites are ordered.
    rank : array of int
        First order inside a column, also the last word between ties; end uses keep it.
    """
    blocks = _blocks(nodes, tail, head, weight)
    flat = [b for b in blocks if b.column >= 0]
    columns = sorted({b.column for b in flat})
    moving = [c for c in columns if any(b.stage != "end_use" for b in flat if b.column == c)]
    position = np.full(len(nodes), np.nan)
    in_column = {c: [b for b in flat if b.column == c] for c in columns}
    for column in columns:
        for block in in_column[column]:
            block.members.sort(key=lambda i: rank[i])
        _spread(in_column[column], position)
    best = (np.inf, [list(b.members) for b in flat])
    for sweep in range(_SWEEPS):
        length = _length(position, tail, head, weight)
        if length < best[0] - 1e-12:
            best = (length, [list(b.members) for b in flat])
        for column in moving if sweep % 2 else moving[::-1]:
            centre = _centres(position, tail, head, weight, len(nodes))
            for block in in_column[column]:
                # a little inertia, so that equal pulls do not swing for ever
                pull = {i: round(float(0.8 * centre[i] + 0.2 * position[i]), 12) for i in block.members}
                block.members.sort(key=lambda i: (pull[i], rank[i]))
            _spread(in_column[column], position)
    for block, members in zip(flat, best[1], strict=True):
        block.members = members
    for column in columns:
        _spread(in_column[column], position)
    at = np.full(len(nodes), np.nan)
    for block in flat:
        at[block.members] = block.column
    for block in blocks:
        if block.column < 0:
            mean = _centres(at, tail, head, weight, len(nodes))
            pull = {i: round(float(mean[i]), 12) for i in block.members}
            block.members.sort(key=lambda i: (pull[i], rank[i]))
    return blocks


def _blocks(nodes: pd.DataFrame, tail: Any, head: Any, weight: Any) -> list[Block]:
    stage = nodes["stage"].to_numpy(dtype=object)
    name = step_of(nodes).map(step_words).to_numpy(dtype=object)
    named = nodes["step"].notna().to_numpy()
    keys = np.array([f"{s}\x1f{n}" for s, n in zip(stage, name, strict=True)], dtype=object)
    blocks: list[Block] = []
    column = 0
    for one in STAGES:
        inside = np.flatnonzero(stage == one)
        if not len(inside):
            continue
        level = _levels(keys, inside, tail, head, weight)
        width = 1
        for this in sorted({level[k] for k in level}):
            names = sorted(k for k in level if level[k] == this)
            deepest = []
            for key in names:
                members = np.flatnonzero(keys == key)
                # a step that has a name is one column, whatever its sites sell to each other
                depth = (
                    _depths(members, tail, head, len(nodes))
                    if not named[members[0]]
                    else dict.fromkeys(members.tolist(), 0)
                )
                deepest.append(max(depth.values()))
                for d in range(deepest[-1] + 1):
                    chosen = [int(i) for i in members if depth[int(i)] == d]
                    blocks.append(Block(key.split("\x1f")[1], one, column + d, chosen))
            width = max(deepest) + 1
            column += width
    recyclers = np.flatnonzero(stage == "recycler")
    for key in sorted(set(keys[recyclers])):
        blocks.append(Block(key.split("\x1f")[1], "recycler", -1, np.flatnonzero(keys == key).tolist()))
    running = ~nodes["is_project"].to_numpy(dtype=bool)
    size = {id(b): int(running[b.members].sum()) for b in blocks}
    leads = nodes["leads"].to_numpy(dtype=bool) if "leads" in nodes else np.ones(len(nodes), dtype=bool)
    # on top of a column stands what supplies the demand that counts, then the fullest step
    return sorted(blocks, key=lambda b: (b.column < 0, b.column, not leads[b.members].any(), -size[id(b)], b.name))


def _levels(keys: Any, inside: Any, tail: Any, head: Any, weight: Any) -> dict[str, int]:
    """Return how far down its stage each step stands, by the net direction of what flows between steps."""
    names = sorted(set(keys[inside]))
    code = {k: i for i, k in enumerate(names)}
    between = np.zeros((len(names), len(names)))
    for t, h, w in zip(tail.tolist(), head.tolist(), weight.tolist(), strict=True):
        a, b = code.get(keys[t]), code.get(keys[h])
        if a is not None and b is not None and a != b:
            between[a, b] += w
    down = between > between.T
    level = np.zeros(len(names), dtype=int)
    for _ in range(len(names)):
        above = np.where(down, level[:, None] + 1, 0).max(axis=0)
        if (above == level).all():
            break
        level = np.maximum(level, np.minimum(above, len(names) - 1))
    order = {v: i for i, v in enumerate(sorted(set(level.tolist())))}
    return {k: order[int(level[code[k]])] for k in names}


def _depths(members: Any, tail: Any, head: Any, n: int) -> dict[int, int]:
    """Return how many links of the same step lie before each member, at most eight levels; loops count as one."""
    local = np.full(n, -1)
    local[members] = np.arange(len(members))
    a, b = local[tail], local[head]
    inner = (a >= 0) & (b >= 0)
    depth = np.minimum(depths(a[inner], b[inner], len(members)), _MAX_LEVELS - 1)
    return dict(zip(members.tolist(), depth.tolist(), strict=True))


def _spread(blocks: list[Block], position: Any) -> None:
    """Give the sites of one column even places between 0 and 1."""
    members = [i for block in blocks for i in block.members]
    position[members] = (np.arange(len(members)) + 0.5) / max(len(members), 1)


def _centres(position: Any, tail: Any, head: Any, weight: Any, n: int) -> Any:
    """Return the weighted mean place of each node's neighbours; its own place where it has none."""
    pull, mass = np.zeros(n), np.zeros(n)
    for ours, theirs in ((tail, head), (head, tail)):
        known = np.isfinite(position[theirs])
        np.add.at(pull, ours[known], weight[known] * position[theirs[known]])
        np.add.at(mass, ours[known], weight[known])
    own = np.where(np.isfinite(position), position, 0.5)
    return np.where(mass > 0, pull / np.where(mass > 0, mass, 1.0), own)


def _length(position: Any, tail: Any, head: Any, weight: Any) -> float:
    rise = np.abs(position[tail] - position[head])
    return float(np.nansum(rise * weight))
