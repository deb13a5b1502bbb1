"""Inner loops of the removals; how they are run stands in `chainnet.engine.maxflow_kernel`.

One removal shuts nodes (or an edge) out, turns the flow that went through them into excess at the one end and room at
the other, looks for ways from excess to room or to the root of the component, and puts everything back.
"""

from __future__ import annotations

from chainnet.engine.maxflow_kernel import (
    BACK_AT,
    BACK_FRONT,
    BACK_TAIL,
    EFFORT,
    EPOCH,
    FRESH,
    STAMP,
    TAIL,
    Ints32,
    Ints64,
    Residual,
    Work,
    narrowest,
    note,
    push,
    send_all,
    undo,
)

# starts of a removal after which its effort is foreseen
FIRST_STARTS = 64
# half-edges that the search from the targets may look at for each of the search from the excess, which goes down the
# guides from every node that it comes to
LOOK_BACK = 4


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
    """Write the half-edges of the search tree from ``u`` to ``x`` into ``w.path``, last first; return their number."""
    depth = 0
    while x != u:
        i = w.parent[x]
        w.path[depth] = i
        depth += 1
        x = g.head[g.mate[i]]
    return depth


def send_along(g: Residual, w: Work, u: int, x: int, length: int, root: int) -> int:
    """Push excess of ``u`` along the search tree to ``x`` and ``length`` half-edges of ``w.trail`` on from there.

    Returns the place in the queue from where the search tree is void, or -1 if all of it still holds.
    """
    end = x if length == 0 else g.head[w.trail[length - 1]]
    amount = w.excess[u] if end == root else min(w.excess[u], w.room[end])
    depth = root_path(g, w, u, x)
    amount = narrowest(g, w.path, depth, amount)
    amount = narrowest(g, w.trail, length, amount)
    for d in range(length):
        push(g, w, w.trail[d], amount)
    void = -1
    for d in range(depth):
        i = w.path[d]
        push(g, w, i, amount)
        if g.res[i] == 0:
            void = w.level[g.head[i]]
    w.excess[u] -= amount
    if end != root:
        w.room[end] -= amount
    return void


def drain(g: Residual, w: Work, u: int, x: int, root: int) -> int:
    """Push excess of ``u`` by way of ``x`` and the guides until that fails; return as `send_along`."""
    while w.excess[u] > 0:
        length = descend(g, w, x, root)
        if length < 0:
            return -1
        void = send_along(g, w, u, x, length, root)
        w.clock[FRESH] = 0
        if void >= 0:
            return void
    return -1


def join(g: Residual, w: Work, u: int, x: int, root: int) -> int:
    """Push excess of ``u`` by way of ``x``, where the search meets the one from the targets; return as `send_along`."""
    length = 0
    y = x
    while w.room[y] <= 0:
        i = w.onward[y]
        w.trail[length] = i
        length += 1
        y = g.head[i]
    w.clock[FRESH] = 0
    return send_along(g, w, u, x, length, root)


def seek_back(g: Residual, w: Work, root: int, n_targets: int, epoch: int, effort: int) -> int:
    """Search on from the targets that have room, against the flow, for at most ``effort`` half-edges.

    Starts anew whenever something was pushed since; else goes on where it stopped, in the middle of a row if need be:
    some rows are longer than all that a removal looks at. Returns a node where it meets the search of ``epoch``, or -1.
    """
    start, head, mate, res = g.start, g.head, g.mate, g.res
    behind, back_queue, onward, seen, shut = w.behind, w.back_queue, w.onward, w.seen, w.shut
    stamp = w.clock[STAMP]
    if w.clock[FRESH] == 0:
        w.clock[EPOCH] += 1
        w.clock[FRESH] = w.clock[EPOCH]
        w.clock[BACK_FRONT] = 0
        tail = 0
        for k in range(n_targets):
            x = w.targets[k]
            if w.room[x] > 0 and shut[x] != stamp:
                behind[x] = w.clock[FRESH]
                back_queue[tail] = x
                tail += 1
        w.clock[BACK_TAIL] = tail
        w.clock[BACK_AT] = start[back_queue[0]]
    fresh = w.clock[FRESH]
    front = w.clock[BACK_FRONT]
    tail = w.clock[BACK_TAIL]
    i = w.clock[BACK_AT]
    met = -1
    while front < tail and effort > 0 and met < 0:
        end = start[back_queue[front] + 1]
        stop = min(end, i + effort)
        effort -= stop - i
        while i < stop and met < 0:
            y = head[i]
            if behind[y] != fresh and res[mate[i]] > 0 and shut[y] != stamp and y != root:
                behind[y] = fresh
                onward[y] = mate[i]
                back_queue[tail] = y
                tail += 1
                if seen[y] == epoch:
                    met = y
            i += 1
        if i == end:
            front += 1
            if front < tail:
                i = start[back_queue[front]]
    w.clock[BACK_FRONT] = front
    w.clock[BACK_TAIL] = tail
    w.clock[BACK_AT] = i
    return met


def spread(g: Residual, w: Work, u: int, x: int, begin: int, epoch: int, root: int) -> int:
    """Visit where the half-edges of ``x`` from ``begin`` on lead, and try to get rid of excess of ``u`` there.

    Returns as `send_along`.
    """
    head, res, seen, shut, behind = g.head, g.res, w.seen, w.shut, w.behind
    stamp = w.clock[STAMP]
    for i in range(begin, g.start[x + 1]):
        y = head[i]
        if res[i] <= 0 or seen[y] == epoch or shut[y] == stamp:
            continue
        tail = w.clock[TAIL]
        seen[y] = epoch
        w.parent[y] = i
        w.level[y] = tail
        w.queue[tail] = y
        w.clock[TAIL] = tail + 1
        void = drain(g, w, u, y, root)
        if void < 0 and w.excess[u] > 0 and w.clock[FRESH] > 0 and behind[y] == w.clock[FRESH]:
            void = join(g, w, u, y, root)
        if void >= 0 or w.excess[u] == 0:
            return void
    return -1


def search(g: Residual, w: Work, u: int, n_targets: int, root: int, budget: int) -> None:
    """Find a way out for the excess of ``u``, from ``u`` and from the targets at once.

    From ``u`` the search goes breadth first, with a guided descent from every node that it comes to. What is left in
    ``excess[u]`` has no way out, unless the effort went over the budget. The nodes that a search proved to lead nowhere
    are shut for the rest of the removal.
    """
    start, level, seen, queue = g.start, w.level, w.seen, w.queue
    drain(g, w, u, u, root)
    epoch = w.clock[EPOCH] + 1
    w.clock[EPOCH] = epoch
    seen[u] = epoch
    level[u] = 0
    queue[0] = u
    front = 0
    begin = start[u]
    w.clock[TAIL] = 1
    w.clock[FRESH] = 0
    while w.excess[u] > 0 and front < w.clock[TAIL]:
        if w.clock[EFFORT] > budget:
            return
        x = queue[front]
        effort = start[x + 1] - begin
        w.clock[EFFORT] += 2 * effort
        void = spread(g, w, u, x, begin, epoch, root)
        if void < 0 and w.excess[u] > 0:
            met = seek_back(g, w, root, n_targets, epoch, LOOK_BACK * effort)
            if met >= 0:
                void = join(g, w, u, met, root)
        if void >= 0:
            # the search tree holds up to the half-edge that is now full: forget what came after, go on from there
            full = w.parent[queue[void]]
            front = level[g.head[g.mate[full]]]
            begin = full + 1
            for k in range(void, w.clock[TAIL]):
                seen[queue[k]] = 0
            w.clock[TAIL] = void
        else:
            front += 1
            if front < w.clock[TAIL]:
                begin = start[queue[front]]
    if w.excess[u] > 0:
        for k in range(w.clock[TAIL]):
            w.shut[queue[k]] = w.clock[STAMP]


def clear(w: Work, n_starts: int, n_targets: int) -> None:
    """Take back the excess and the room of all starts and targets."""
    for k in range(n_starts):
        w.excess[w.starts[k]] = 0
    for k in range(n_targets):
        w.room[w.targets[k]] = 0


def settle(g: Residual, w: Work, n_starts: int, n_targets: int, root: int, flow: int, floor: int, budget: int) -> int:
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
        search(g, w, u, n_targets, root, budget)
        saved += before - w.excess[u]
        # of many starts the first tell what all would take
        foreseen = w.clock[EFFORT] * n_starts // (k + 1) if k >= FIRST_STARTS else w.clock[EFFORT]
        if max(foreseen, w.clock[EFFORT]) > budget:
            saved += send_all(g, w, n_starts, n_targets, root)
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


def keep_best(best: Ints64, value: int) -> None:
    """Put ``value`` into the rising list ``best`` in place of its first entry."""
    k = 1
    while k < len(best) and best[k] < value:
        best[k - 1] = best[k]
        k += 1
    best[k - 1] = value


def sweep_nodes(
    g: Residual,
    w: Work,
    inner: Ints32,
    outer: Ints32,
    root: Ints32,
    flow: Ints64,
    lost: Ints64,
    best: Ints64,
    budget: int,
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
    g: Residual, w: Work, half: Ints32, root: Ints32, flow: Ints64, lost: Ints64, best: Ints64, budget: int
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


def lose_group(g: Residual, w: Work, members: Ints32, source: int, sink: int, plenty: int) -> int:
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
