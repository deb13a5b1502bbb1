"""Inner loops of the flow engine: plain Python that numba can compile as it stands.

Every function here works on anything that can be indexed: lists when a network is small and they run as they are, NumPy
arrays when it is large and they are compiled (`chainnet.engine.maxflow_jit`). All numbers are integers, so both ways
give the same bits. No function allocates; the caller hands over a `Residual` and a `Work`.

A half-edge ``i`` stands in the row of its tail; ``head[i]`` is where it leads, ``mate[i]`` the same edge in the row of
the other end, ``res[i]`` what may still be pushed along it.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

# buffers of 8, 32 and 64 bits when compiled; lists otherwise
Ints8: TypeAlias = Any
Ints32: TypeAlias = Any
Ints64: TypeAlias = Any

# places in Work.clock
EPOCH, LOGGED, STAMP, EFFORT, TAIL, FRESH, BACK_FRONT, BACK_AT, BACK_TAIL, LEVELS, WORK, GAP = range(12)


class Residual(NamedTuple):
    """A residual network as adjacency rows of half-edges."""

    start: Ints32
    head: Ints32
    mate: Ints32
    res: Ints64
    guide_end: Ints32  # half-edges start[x] .. guide_end[x] lead one step nearer to the root
    is_forward: Ints8  # 1 on the half-edge that stands for the edge itself, 0 on its way back


class Work(NamedTuple):
    """Scratch space that lives from one removal to the next; stamps take the place of clearing."""

    clock: Ints64
    level: Ints32  # per node: distance, or place in the queue
    seen: Ints32  # per node: epoch in which level is valid
    cur: Ints32  # per node: next half-edge to try in a blocking flow
    guide: Ints32  # per node: next guiding half-edge to try in this removal
    guided: Ints32  # per node: stamp for which guide is valid
    shut: Ints32  # per node: stamp of the removal that has no use for the node (removed, or proved dead)
    parent: Ints32  # per node: half-edge by which a search came in
    queue: Ints32
    behind: Ints32  # per node: epoch in which the search from the targets came by
    onward: Ints32  # per node: half-edge by which that search leads on to a target
    back_queue: Ints32
    path: Ints32
    trail: Ints32
    count: Ints32  # per label: nodes that bear it
    excess: Ints64  # per node: what must find a way out
    room: Ints64  # per node: what the node can take
    starts: Ints32
    targets: Ints32
    touched: Ints32  # per half-edge: stamp of the removal that changed it
    marks: Ints64  # a bit per node: whether a labelling has been there; so small that it stays near the processor
    log_edge: Ints32
    log_res: Ints64
    log_back: Ints64


def note(g: Residual, w: Work, i: int) -> None:
    """Remember the residuals of half-edge ``i`` before the first change in this removal."""
    j = g.mate[i]
    first = min(i, j)
    stamp = w.clock[STAMP]
    if w.touched[first] != stamp:
        w.touched[first] = stamp
        k = w.clock[LOGGED]
        w.log_edge[k] = i
        w.log_res[k] = g.res[i]
        w.log_back[k] = g.res[j]
        w.clock[LOGGED] = k + 1


def push(g: Residual, w: Work, i: int, amount: int) -> None:
    """Push ``amount`` along half-edge ``i``."""
    note(g, w, i)
    g.res[i] -= amount
    g.res[g.mate[i]] += amount


def undo(g: Residual, w: Work) -> None:
    """Put every residual back to what it was when the stamp last changed."""
    k = w.clock[LOGGED]
    while k > 0:
        k -= 1
        i = w.log_edge[k]
        g.res[i] = w.log_res[k]
        g.res[g.mate[i]] = w.log_back[k]
    w.clock[LOGGED] = 0


def label_back(g: Residual, w: Work, root: int, n_targets: int) -> None:
    """Label nodes by their distance to the root or an open target, and count the nodes of each label."""
    start, head, mate, res = g.start, g.head, g.mate, g.res
    level, seen, queue, shut, cur, count, marks = w.level, w.seen, w.queue, w.shut, w.cur, w.count, w.marks
    stamp = w.clock[STAMP]
    epoch = w.clock[EPOCH] + 1
    w.clock[EPOCH] = epoch
    for d in range(w.clock[LEVELS]):
        count[d] = 0
    for k in range(len(marks)):
        marks[k] = 0
    tail = 0
    if root >= 0:
        marks[root >> 6] |= 1 << (root & 63)
        seen[root] = epoch
        level[root] = 0
        queue[0] = root
        tail = 1
    for k in range(n_targets):
        x = w.targets[k]
        if w.room[x] > 0 and seen[x] != epoch and shut[x] != stamp:
            marks[x >> 6] |= 1 << (x & 63)
            seen[x] = epoch
            level[x] = 0
            queue[tail] = x
            tail += 1
    front = 0
    further = 0
    while front < tail:
        x = queue[front]
        front += 1
        cur[x] = start[x]
        count[level[x]] += 1
        further = level[x] + 1
        for i in range(start[x], start[x + 1]):
            y = head[i]
            place, bit = y >> 6, 1 << (y & 63)
            if marks[place] & bit != 0 or res[mate[i]] <= 0:
                continue
            marks[place] |= bit
            if shut[y] != stamp:
                seen[y] = epoch
                level[y] = further
                queue[tail] = y
                tail += 1
    w.clock[LEVELS] = further


def reach(g: Residual, w: Work, origin: int) -> int:
    """Stamp every node that ``origin`` reaches in the residual network as seen; return their number."""
    start, head, res = g.start, g.head, g.res
    seen, queue = w.seen, w.queue
    epoch = w.clock[EPOCH] + 1
    w.clock[EPOCH] = epoch
    seen[origin] = epoch
    queue[0] = origin
    tail = 1
    front = 0
    while front < tail:
        x = queue[front]
        front += 1
        for i in range(start[x], start[x + 1]):
            y = head[i]
            if res[i] > 0 and seen[y] != epoch:
                seen[y] = epoch
                queue[tail] = y
                tail += 1
    return tail


def narrowest(g: Residual, path: Ints32, depth: int, amount: int) -> int:
    """Return the most, up to ``amount``, that the first ``depth`` half-edges of ``path`` let through."""
    for d in range(depth):
        amount = min(amount, g.res[path[d]])
    return amount


def push_path(g: Residual, w: Work, path: Ints32, depth: int, amount: int) -> int:
    """Push along the first ``depth`` half-edges of ``path``; return the place of the first that is now full."""
    first = depth
    for d in range(depth - 1, -1, -1):
        i = path[d]
        push(g, w, i, amount)
        if g.res[i] == 0:
            first = d
    return first


def lift(g: Residual, w: Work, x: int) -> bool:
    """Label ``x`` anew, one step above the lowest node that it still leads to.

    Returns whether no node with the old label is left: then nothing above leads to the root or an open target any more.
    """
    head, res, level, seen = g.head, g.res, w.level, w.seen
    epoch = w.clock[EPOCH]
    lowest = len(seen)
    begin = g.start[x]
    for i in range(begin, g.start[x + 1]):
        y = head[i]
        if res[i] > 0 and seen[y] == epoch and level[y] < lowest:
            lowest = level[y]
    w.clock[WORK] += g.start[x + 1] - begin
    old = level[x]
    w.count[old] -= 1
    if lowest + 1 >= len(seen):
        seen[x] = 0
    else:
        level[x] = lowest + 1
        w.count[lowest + 1] += 1
        w.clock[LEVELS] = max(w.clock[LEVELS], lowest + 2)
        w.cur[x] = begin
    is_gap: bool = w.count[old] == 0
    return is_gap


def send_from(g: Residual, w: Work, u: int, root: int) -> int:
    """Send the excess of ``u`` along shortest ways until none is left, or for the time being; return how much went."""
    start, head, mate, res = g.start, g.head, g.mate, g.res
    level, seen, cur, path, excess, room = w.level, w.seen, w.cur, w.path, w.excess, w.room
    epoch = w.clock[EPOCH]
    most_work = len(head) + len(seen)
    total = 0
    depth = 0
    x = u
    while seen[u] == epoch:
        if x == root or room[x] > 0:
            amount = excess[u] if x == root else min(excess[u], room[x])
            amount = narrowest(g, path, depth, amount)
            first = push_path(g, w, path, depth, amount)
            total += amount
            excess[u] -= amount
            if x != root:
                room[x] -= amount
            if excess[u] == 0:
                return total
            if first < depth:
                depth = first
                x = head[mate[path[depth]]]
            continue
        i = cur[x]
        end = start[x + 1]
        nearer = level[x] - 1
        while i < end:
            y = head[i]
            if res[i] > 0 and seen[y] == epoch and level[y] == nearer:
                break
            i += 1
        cur[x] = i
        if i < end:
            path[depth] = i
            depth += 1
            x = head[i]
            continue
        if lift(g, w, x):
            w.clock[GAP] = min(w.clock[GAP], nearer + 1)
            return total
        if depth > 0:
            depth -= 1
            x = head[mate[path[depth]]]
        if w.clock[WORK] > most_work:
            return total
    return total


def send_all(g: Residual, w: Work, n_starts: int, n_targets: int, root: int) -> int:
    """Send the excess of all starts to the targets and the root along shortest ways, until there is no way left.

    Distances are kept up as lower bounds where a search gets stuck (Ahuja and Orlin 1991), and found anew once that has
    cost as much as finding them.
    """
    total = 0
    is_done = False
    while not is_done:
        is_done = True
        label_back(g, w, root, n_targets)
        w.clock[WORK] = 0
        w.clock[GAP] = len(w.seen)
        for k in range(n_starts):
            u = w.starts[k]
            if w.excess[u] > 0 and w.seen[u] == w.clock[EPOCH] and w.level[u] <= w.clock[GAP]:
                total += send_from(g, w, u, root)
                if w.clock[WORK] > len(g.head) + len(w.seen):
                    is_done = False
                    break
    return total


def swap(g: Residual, edge: Ints32, a: int, b: int) -> None:
    """Exchange two half-edges of one row; ``edge`` holds the edge of each half-edge and goes with them."""
    g.head[a], g.head[b] = g.head[b], g.head[a]
    g.res[a], g.res[b] = g.res[b], g.res[a]
    g.is_forward[a], g.is_forward[b] = g.is_forward[b], g.is_forward[a]
    edge[a], edge[b] = edge[b], edge[a]
    of_a = g.mate[a]
    of_b = g.mate[b]
    g.mate[a] = of_b
    g.mate[b] = of_a
    g.mate[of_a] = b
    g.mate[of_b] = a


def set_guides(g: Residual, w: Work, edge: Ints32, root: int) -> None:
    """Move to the front of its row each half-edge that leads one step nearer to ``root``."""
    label_back(g, w, root, 0)
    epoch = w.clock[EPOCH]
    for x in range(len(g.guide_end)):
        if w.seen[x] != epoch:
            continue
        front = g.start[x]
        for i in range(g.start[x], g.start[x + 1]):
            y = g.head[i]
            if g.res[i] > 0 and w.seen[y] == epoch and w.level[y] == w.level[x] - 1:
                if i != front:
                    swap(g, edge, i, front)
                front += 1
        g.guide_end[x] = front


def strong_components(g: Residual, w: Work, component: Ints32) -> int:
    """Number the strong components of the residual network (Tarjan 1972) into ``component``, which holds -1 everywhere.

    Returns their number.
    """
    start, head, res = g.start, g.head, g.res
    level, low, cur, calls, stack = w.level, w.parent, w.cur, w.path, w.queue
    n_parts = order = top = 0
    for origin in range(len(g.guide_end)):
        if component[origin] != -1:
            continue
        depth = 0
        child = origin
        while depth >= 0:
            if child >= 0:
                calls[depth] = child
                stack[top] = child
                top += 1
                level[child] = order
                low[child] = order
                order += 1
                cur[child] = start[child]
                component[child] = -2
            x = calls[depth]
            child = -1
            i = cur[x]
            end = start[x + 1]
            while i < end:
                y = head[i]
                if res[i] > 0:
                    if component[y] == -1:
                        child = y
                        break
                    if component[y] == -2 and level[y] < low[x]:
                        low[x] = level[y]
                i += 1
            cur[x] = i
            if child >= 0:
                depth += 1
                continue
            if low[x] == level[x]:
                while component[x] == -2:
                    top -= 1
                    component[stack[top]] = n_parts
                n_parts += 1
            depth -= 1
            if depth >= 0:
                low[calls[depth]] = min(low[calls[depth]], low[x])
    return n_parts
