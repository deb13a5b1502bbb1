"""Inner loops of the flow engine: plain Python that numba can compile as it stands.

Every function here works on anything that can be indexed: lists when a network is small and run as they are, NumPy arrays
when it is large and the functions are compiled (`chainnet.engine.maxflow_jit`). All numbers are integers, so both ways
give the same bits. No function allocates; the caller hands over a `Residual` and a `Work`.

A half-edge ``i`` stands in the row of its tail; ``head[i]`` is where it leads, ``mate[i]`` the same edge in the row of
the other end, ``res[i]`` what may still be pushed along it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# places in Work.clock
EPOCH, LOGGED, STAMP, EFFORT = 0, 1, 2, 3


class Residual(NamedTuple):
    """A residual network as adjacency rows of half-edges."""

    start: Any
    head: Any
    mate: Any
    res: Any
    guide_end: Any  # half-edges start[x] .. guide_end[x] lead one step nearer to the root
    is_forward: Any  # 1 on the half-edge that stands for the edge itself, 0 on its way back


class Work(NamedTuple):
    """Scratch space that lives from one removal to the next; stamps take the place of clearing."""

    clock: Any
    level: Any  # per node: distance, or place in the queue
    seen: Any  # per node: epoch in which level is valid
    cur: Any  # per node: next half-edge to try in a blocking flow
    guide: Any  # per node: next guiding half-edge to try in this removal
    guided: Any  # per node: stamp for which guide is valid
    shut: Any  # per node: stamp of the removal that has no use for the node (removed, or proved dead)
    parent: Any  # per node: half-edge by which a search came in
    queue: Any
    path: Any
    trail: Any
    excess: Any  # per node: what must find a way out
    room: Any  # per node: what the node can take
    starts: Any
    targets: Any
    touched: Any  # per half-edge: stamp of the removal that changed it
    log_edge: Any
    log_res: Any
    log_back: Any


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


def push_path(g: Residual, w: Work, path: Any, depth: int, amount: int) -> int:
    """Push along the first ``depth`` half-edges of ``path``; return the place of the first that is now full."""
    first = depth
    for d in range(depth - 1, -1, -1):
        i = path[d]
        push(g, w, i, amount)
        if g.res[i] == 0:
            first = d
    return first


def narrowest(g: Residual, path: Any, depth: int, amount: int) -> int:
    """Return the most, up to ``amount``, that the first ``depth`` half-edges of ``path`` let through."""
    for d in range(depth):
        amount = min(amount, g.res[path[d]])
    return amount


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


def descend(g: Residual, w: Work, origin: int, root: int) -> int:
    """Follow guiding half-edges from ``origin`` to the root or a node with room, into ``w.trail``.

    Returns the length of the way, or -1; a failure proves nothing. A half-edge given up is not tried again in this
    removal, so all descents of one removal together cost one pass over the guides. The end of the way is the origin or
    the head of the last half-edge.
    """
    start, head, res, guide_end = g.start, g.head, g.res, g.guide_end
    guide, guided, shut, room, trail = w.guide, w.guided, w.shut, w.room, w.trail
    stamp = w.clock[STAMP]
    effort = 0
    depth = 0
    x = origin
    while x != root and room[x] <= 0:
        if guided[x] != stamp:
            guided[x] = stamp
            guide[x] = start[x]
        i = guide[x]
        end = guide_end[x]
        first = i
        while i < end and (res[i] <= 0 or shut[head[i]] == stamp):
            i += 1
        effort += i - first + 1
        guide[x] = i
        if i < end:
            trail[depth] = i
            depth += 1
            x = head[i]
        elif depth == 0:
            depth = -1
            break
        else:
            depth -= 1
            x = origin if depth == 0 else head[trail[depth - 1]]
            guide[x] += 1
    w.clock[EFFORT] += effort
    return depth


def root_path(g: Residual, w: Work, u: int, x: int) -> int:
    """Write the half-edges by which a search came from ``u`` to ``x`` into ``w.path``, last first; return their number."""
    depth = 0
    while x != u:
        i = w.parent[x]
        w.path[depth] = i
        depth += 1
        x = g.head[g.mate[i]]
    return depth


def drain(g: Residual, w: Work, u: int, x: int, root: int) -> int:
    """Push excess of ``u`` by way of ``x`` and the guides; return the place in the queue from where the search is void.

    The place is -1 as long as no guide leads on from ``x``, and that of ``x`` plus one when the search may go on.
    """
    while w.excess[u] > 0:
        length = descend(g, w, x, root)
        if length < 0:
            return -1
        end = x if length == 0 else g.head[w.trail[length - 1]]
        amount = w.excess[u] if end == root else min(w.excess[u], w.room[end])
        depth = root_path(g, w, u, x)
        amount = narrowest(g, w.path, depth, amount)
        amount = narrowest(g, w.trail, length, amount)
        push_path(g, w, w.trail, length, amount)
        last = -1
        for d in range(depth):
            push(g, w, w.path[d], amount)
            if g.res[w.path[d]] == 0:
                last = d
        w.excess[u] -= amount
        if end != root:
            w.room[end] -= amount
        if last >= 0:
            return w.level[g.head[w.path[last]]]
    return -1


def search(g: Residual, w: Work, u: int, root: int, budget: int) -> None:
    """Find a way out for the excess of ``u``, breadth first, with a guided descent from every node on the way.

    What is left in ``excess[u]`` has no way out, unless the effort went over the budget. The nodes that a search proved
    to lead nowhere are shut for the rest of the removal.
    """
    start, head, res = g.start, g.head, g.res
    level, seen, queue, shut = w.level, w.seen, w.queue, w.shut
    stamp = w.clock[STAMP]
    epoch = w.clock[EPOCH] + 1
    w.clock[EPOCH] = epoch
    if drain(g, w, u, u, root) >= 0 or w.excess[u] == 0:
        return
    seen[u] = epoch
    level[u] = 0
    queue[0] = u
    tail = 1
    front = 0
    while front < tail:
        x = queue[front]
        front += 1
        w.clock[EFFORT] += start[x + 1] - start[x]
        if w.clock[EFFORT] > budget:
            return
        for i in range(start[x], start[x + 1]):
            y = head[i]
            if res[i] <= 0 or seen[y] == epoch or shut[y] == stamp:
                continue
            seen[y] = epoch
            w.parent[y] = i
            level[y] = tail
            queue[tail] = y
            tail += 1
            void = drain(g, w, u, y, root)
            if w.excess[u] == 0:
                return
            if void >= 0:
                # the search tree holds up to the half-edge that is now full: forget what came after, go on from its tail
                front = level[head[g.mate[w.parent[queue[void]]]]]
                for k in range(void, tail):
                    seen[queue[k]] = 0
                tail = void
                break
    for k in range(tail):
        shut[queue[k]] = stamp


def clear(w: Work, n_starts: int, n_targets: int) -> None:
    """Take back the excess and the room of all starts and targets."""
    for k in range(n_starts):
        w.excess[w.starts[k]] = 0
    for k in range(n_targets):
        w.room[w.targets[k]] = 0


def settle(
    g: Residual, w: Work, n_starts: int, n_targets: int, root: int, flow: int, floor: int, budget: int
) -> int:
    """Return the loss that the excess of the starts leaves, or -1 when it is proved to be at most ``floor``.

    ``flow`` is what went through that which was removed. All residuals, excess and room are put back.
    """
    w.clock[EFFORT] = 0
    saved = 0
    for k in range(n_starts):
        u = w.starts[k]
        both = min(w.excess[u], w.room[u])
        w.excess[u] -= both
        w.room[u] -= both
        saved += both
    for k in range(n_starts):
        u = w.starts[k]
        before = w.excess[u]
        if before == 0:
            continue
        if flow - saved <= floor:
            break
        search(g, w, u, root, budget)
        saved += before - w.excess[u]
        if w.clock[EFFORT] > budget:
            saved += send_rest(g, w, n_starts, root)
            break
        w.excess[u] = 0
    undo(g, w)
    clear(w, n_starts, n_targets)
    if flow - saved <= floor:
        return -1
    return flow - saved


def give_up_row(g: Residual, w: Work, x: int, root: int, n_starts: int, n_targets: int) -> tuple[int, int]:
    """Turn the flow on the edges of the shut node ``x`` into excess and room at the other ends."""
    stamp = w.clock[STAMP]
    for i in range(g.start[x], g.start[x + 1]):
        y = g.head[i]
        if w.shut[y] == stamp:
            continue
        if g.is_forward[i] == 0:
            flow = g.res[i]
            if flow > 0:
                if w.excess[y] == 0:
                    w.starts[n_starts] = y
                    n_starts += 1
                w.excess[y] += flow
        elif y != root:
            flow = g.res[g.mate[i]]
            if flow > 0:
                if w.room[y] == 0:
                    w.targets[n_targets] = y
                    n_targets += 1
                w.room[y] += flow
    return n_starts, n_targets


def keep_best(best: Any, value: int) -> None:
    """Put ``value`` into the rising list ``best`` in place of its first entry."""
    k = 1
    while k < len(best) and best[k] < value:
        best[k - 1] = best[k]
        k += 1
    best[k - 1] = value


def sweep_nodes(
    g: Residual, w: Work, inner: Any, outer: Any, root: Any, flow: Any, lost: Any, best: Any, budget: int
) -> None:
    """Write the loss of each single node, given by its two halves, into ``lost``; -1 where it cannot be among the best.

    ``root`` is that of the node's component, -1 for none. With a non-empty ``best`` (the largest losses known, rising),
    nodes come by falling flow.
    """
    floor = -1
    for k in range(len(inner)):
        if len(best) > 0:
            floor = best[0]
            if flow[k] <= floor:
                break
        w.clock[STAMP] += 1
        w.shut[inner[k]] = w.clock[STAMP]
        w.shut[outer[k]] = w.clock[STAMP]
        n_starts, n_targets = give_up_row(g, w, inner[k], root[k], 0, 0)
        if outer[k] != inner[k]:
            n_starts, n_targets = give_up_row(g, w, outer[k], root[k], n_starts, n_targets)
        lost[k] = settle(g, w, n_starts, n_targets, root[k], flow[k], floor, budget)
        if len(best) > 0 and lost[k] > floor:
            keep_best(best, lost[k])


def sweep_edges(
    g: Residual, w: Work, half: Any, root: Any, flow: Any, lost: Any, best: Any, budget: int
) -> None:
    """Write the loss of each single edge, given by its forward half-edge, into ``lost``; as `sweep_nodes`."""
    floor = -1
    for k in range(len(half)):
        if len(best) > 0:
            floor = best[0]
            if flow[k] <= floor:
                break
        w.clock[STAMP] += 1
        i = half[k]
        j = g.mate[i]
        note(g, w, i)
        g.res[i] = 0
        g.res[j] = 0
        w.starts[0] = g.head[j]
        w.excess[g.head[j]] = flow[k]
        n_targets = 0
        if g.head[i] != root[k]:
            w.targets[0] = g.head[i]
            w.room[g.head[i]] = flow[k]
            n_targets = 1
        lost[k] = settle(g, w, 1, n_targets, root[k], flow[k], floor, budget)
        if len(best) > 0 and lost[k] > floor:
            keep_best(best, lost[k])


def lose_group(g: Residual, w: Work, members: Any, source: int, sink: int, plenty: int) -> int:
    """Return the loss when all ``members`` go at once; ``plenty`` is more than can leave the source."""
    w.clock[STAMP] += 1
    for x in members:
        w.shut[x] = w.clock[STAMP]
    n_starts = 0
    n_targets = 0
    into = 0
    for x in members:
        for i in range(g.start[x], g.start[x + 1]):
            if g.is_forward[i] == 0 and w.shut[g.head[i]] != w.clock[STAMP]:
                into += g.res[i]
        n_starts, n_targets = give_up_row(g, w, x, sink, n_starts, n_targets)
    saved = 0
    for k in range(n_starts):
        u = w.starts[k]
        both = min(w.excess[u], w.room[u])
        w.excess[u] -= both
        w.room[u] -= both
        saved += both
    if w.excess[source] == 0:
        w.starts[n_starts] = source
        n_starts += 1
    w.excess[source] = plenty
    saved += send_all(g, w, n_starts, n_targets, sink)
    undo(g, w)
    clear(w, n_starts, n_targets)
    return into - saved


def swap(g: Residual, edge: Any, a: int, b: int) -> None:
    """Exchange the places of two half-edges of one row; ``edge`` holds the edge of each half-edge and goes with them."""
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


def set_guides(g: Residual, w: Work, edge: Any, root: int) -> None:
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


def strong_components(g: Residual, w: Work, component: Any) -> int:
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
