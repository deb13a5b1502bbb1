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
EPOCH, LOGGED, STAMP, EFFORT, TAIL, FRESH, BACK_FRONT, BACK_TAIL = range(8)


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
    excess: Ints64  # per node: what must find a way out
    room: Ints64  # per node: what the node can take
    starts: Ints32
    targets: Ints32
    touched: Ints32  # per half-edge: stamp of the removal that changed it
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


def label_back(g: Residual, w: Work, root: int, n_targets: int, n_wanted: int) -> int:
    """Label nodes by their distance to the root or an open target; stop when all wanted starts have a label.

    Returns how many of the starts that still hold excess were reached.
    """
    start, head, mate, res = g.start, g.head, g.mate, g.res
    level, seen, queue, shut, excess = w.level, w.seen, w.queue, w.shut, w.excess
    stamp = w.clock[STAMP]
    epoch = w.clock[EPOCH] + 1
    w.clock[EPOCH] = epoch
    tail = 0
    if root >= 0:
        seen[root] = epoch
        level[root] = 0
        w.cur[root] = start[root]
        queue[0] = root
        tail = 1
    for k in range(n_targets):
        x = w.targets[k]
        if w.room[x] > 0 and seen[x] != epoch and shut[x] != stamp:
            seen[x] = epoch
            level[x] = 0
            w.cur[x] = start[x]
            queue[tail] = x
            tail += 1
    found = 0
    front = 0
    while front < tail:
        x = queue[front]
        front += 1
        further = level[x] + 1
        for i in range(start[x], start[x + 1]):
            y = head[i]
            if seen[y] != epoch and res[mate[i]] > 0 and shut[y] != stamp:
                seen[y] = epoch
                level[y] = further
                w.cur[y] = start[y]
                queue[tail] = y
                tail += 1
                if excess[y] > 0:
                    found += 1
                    if found == n_wanted:
                        return found
    return found


def label_ahead(g: Residual, w: Work, root: int, n_starts: int) -> int:
    """Label nodes by their distance from the starts that hold excess, up to the nearest room or the root.

    Returns 1 if there is any, else 0.
    """
    start, head, res = g.start, g.head, g.res
    level, seen, queue, shut, room = w.level, w.seen, w.queue, w.shut, w.room
    stamp = w.clock[STAMP]
    epoch = w.clock[EPOCH] + 1
    w.clock[EPOCH] = epoch
    tail = 0
    for k in range(n_starts):
        x = w.starts[k]
        if w.excess[x] > 0 and seen[x] != epoch:
            seen[x] = epoch
            level[x] = 0
            w.cur[x] = start[x]
            queue[tail] = x
            tail += 1
    last = len(seen)
    front = 0
    while front < tail:
        x = queue[front]
        front += 1
        further = level[x] + 1
        if further > last:
            return 1
        for i in range(start[x], start[x + 1]):
            y = head[i]
            if res[i] > 0 and seen[y] != epoch and shut[y] != stamp:
                seen[y] = epoch
                level[y] = further
                w.cur[y] = start[y]
                queue[tail] = y
                tail += 1
                if y == root or room[y] > 0:
                    last = further
    return 1 if last < len(seen) else 0


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


def block_from(g: Residual, w: Work, u: int, root: int, step: int) -> int:
    """Send as much of the excess of ``u`` as goes by the present labels, ``step`` by step; return how much went."""
    start, head, mate, res = g.start, g.head, g.mate, g.res
    level, seen, cur, path, excess, room = w.level, w.seen, w.cur, w.path, w.excess, w.room
    epoch = w.clock[EPOCH]
    total = 0
    depth = 0
    x = u
    while True:
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
        following = level[x] + step
        while i < end:
            y = head[i]
            if res[i] > 0 and seen[y] == epoch and level[y] == following:
                break
            i += 1
        cur[x] = i
        if i < end:
            path[depth] = i
            depth += 1
            x = head[i]
        else:
            seen[x] = 0
            if depth == 0:
                return total
            depth -= 1
            x = head[mate[path[depth]]]
            cur[x] += 1


def send_all(g: Residual, w: Work, n_starts: int, n_targets: int, root: int) -> int:
    """Send the excess of all starts to the targets and the root by blocking flows, labelled from their ends.

    After the last round without a way, ``seen == clock[EPOCH]`` marks the nodes that reach the root or an open target.
    """
    total = 0
    while True:
        wanted = 0
        for k in range(n_starts):
            if w.excess[w.starts[k]] > 0:
                wanted += 1
        if wanted == 0 or label_back(g, w, root, n_targets, wanted) == 0:
            break
        for k in range(n_starts):
            u = w.starts[k]
            if w.excess[u] > 0 and w.seen[u] == w.clock[EPOCH]:
                total += block_from(g, w, u, root, -1)
    return total


def send_rest(g: Residual, w: Work, n_starts: int, root: int) -> int:
    """Do as `send_all`, labelled from the starts: better where a small part of the network is closed off."""
    total = 0
    while label_ahead(g, w, root, n_starts) > 0:
        for k in range(n_starts):
            u = w.starts[k]
            if w.excess[u] > 0:
                total += block_from(g, w, u, root, 1)
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
    label_back(g, w, root, 0, -1)
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
