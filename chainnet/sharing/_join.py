"""``join``: chains of different minerals in one network, tied where they share plants or commodities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from warnings import warn

import pandas as pd

from chainnet import checks
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import TABLES, Frames, Network, cover_by_node
from chainnet.sharing._aliases import aliased, matched, renamed
from chainnet.sharing._merge import Merge, check_options, merged, parties_of
from chainnet.sharing._records import RULES, Party

# tables of ids that may collide without being one thing, with the column of the id
_NAMESPACES = {"commodities": "id", "processes": "process", "stocks": "id", "references": "key"}


def join(
    networks: Mapping[str, Network | Merge],
    *,
    same: Sequence[str] | None = None,
    prefer: Sequence[str] = (),
    rules: Sequence[str] = RULES,
    ranges: Literal["widen", "taken"] = "widen",
    ties: Literal["take", "error"] = "take",
    match: pd.DataFrame | None = None,
    alias: Mapping[str, Any] | None = None,
) -> Merge:
    """Put chains of different minerals into one network.

    Parameters
    ----------
    networks : mapping of str to Network
        Two or more, by the name that goes in front of what collides.
    same : list of str, optional
        Ids of plants and commodities that are truly shared. A shared commodity couples the chains; a
        shared plant with another recipe in each keeps a node in each, and both nodes one site: they fall together
        with ``by="site"``. All other ids that collide get the network's name in front, as in ``gallium:cn_other``.
    prefer, rules, ranges, ties, match, alias
        As for ``merge``, for what is shared.

    Returns
    -------
    Merge
        ``suspects`` names a shared commodity that has makers in more than one file. The network has no main
        commodity unless those of all are on one basis: ask with ``commodity=``, as a warning says.

    Raises
    ------
    DataError
        As ``merge``; also if ``same`` names an id that fewer than two networks have.

    Warns
    -----
    ChainnetWarning
        Where the main commodities are on several bases, so that their tonnes cannot be added.

    See Also
    --------
    merge, read

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> both = cn.join({"a": net, "b": net})
    >>> len(both.network.nodes), both.n_conflicts, both.network.main_commodity
    (20, 0, ('a:magnet', 'b:magnet'))
    """
    given = parties_of(networks, "join")
    check_options(given, prefer, rules, ranges, ties)
    if isinstance(same, str):
        raise DataError(f"same: {same!r} is a text. Give a list of ids.")
    shared = set(map(str, same or ()))
    held = {name: aliased(name, matched(name, net, match, given), alias) for name, net in sorted(given.items())}
    # what holds for all users of one chain is none of those of another
    held = {name: {**f, "cover": cover_by_node(f, given[name].groups_known)} for name, f in held.items()}
    _check_shared(held, shared)
    main = {name: [*given[name].main_commodity] for name in held}
    goods: dict[str, dict[str, str]] = {}
    for table in _NAMESPACES:
        names = _prefixes(held, table, shared)
        goods = names if table == "commodities" else goods
        held = {name: renamed(frames, table, names[name]) for name, frames in held.items()}
    held = _plants_apart(held, shared)
    held = _words_apart(held, shared)
    named = [goods[name].get(word, word) for name in held for word in main[name]]
    meta = _counted(given, named, held)
    return merged(
        [Party(name, frames) for name, frames in held.items()], given, prefer=prefer, rules=rules, ranges=ranges,
        ties=ties, alias=alias, name="+".join(held), meta=meta, question="join",
        suspects=_makers(held, shared),
    )  # fmt: skip


def _check_shared(held: Mapping[str, Frames], shared: set[str]) -> None:
    ids = Counter(
        word
        for frames in held.values()
        for word in {
            *frames["nodes"]["id"],
            *frames["projects"]["id"],
            *_goods(frames),
            *frames["processes"]["process"],
        }
    )
    for word in sorted(shared):
        if ids[word] < 2:
            rule = f'{"only one network has" if ids[word] else "no network has"} "{word}"'
            said = checks.told(rule, word, ids, ".")
            raise DataError(f"same: {said} Name ids of plants, commodities or recipes that two have.")


def _goods(frames: Frames) -> set[str]:
    """Return the commodities that any table names."""
    tables = ("edges", "demand", "processes", "stocks", "qualification", "cover", "contracts", "totals")
    return {*frames["commodities"]["id"], *(w for t in tables for w in frames[t]["commodity"].dropna())}


def _prefixes(held: Mapping[str, Frames], table: str, shared: set[str]) -> dict[str, dict[str, str]]:
    """Return, per network, the new names of ids that collide; sources with the same words in each stay."""
    column = _NAMESPACES[table]
    ids = {
        name: _goods(frames) if table == "commodities" else set(frames[table][column]) for name, frames in held.items()
    }
    count = Counter(word for words in ids.values() for word in words)
    twice = {word for word, n in count.items() if n > 1} - shared
    if table == "references":
        twice = {key for key in twice if len({_source(frames, key) for frames in held.values()} - {None}) > 1}
    return {name: {word: f"{name}:{word}" for word in words & twice} for name, words in ids.items()}


def _source(frames: Frames, key: str) -> str | None:
    rows = frames["references"]
    hit = rows[rows["key"] == key]
    return None if hit.empty else repr(hit.fillna("").to_numpy().tolist())


def _plants_apart(held: Mapping[str, Frames], shared: set[str]) -> dict[str, Frames]:
    """Give plants that collide a name each; shared ones with another recipe in each keep one site."""
    tables = ("nodes", "projects")
    ids = {name: {i for t in tables for i in frames[t]["id"]} for name, frames in held.items()}
    count = Counter(word for words in ids.values() for word in words)
    twice = {word for word, n in count.items() if n > 1}
    one_site = {word for word in twice & shared if len({_work(f, word) for f in held.values()} - {None}) > 1}
    out = {}
    for name, frames in held.items():
        names = {word: f"{name}:{word}" for word in ids[name] & twice if word not in shared or word in one_site}
        new = dict(frames)
        for table in tables:
            frame = new[table]
            new[table] = frame.assign(site=frame["id"].where(frame["id"].isin(one_site), frame["site"]).astype("str"))
        new = renamed(new, "nodes", names)
        out[name] = new
    return out


def _work(frames: Frames, word: str) -> str | None:
    """Return what a plant does, by which two nodes of one id are one: its recipe, or the goods that pass it."""
    for table in ("nodes", "projects"):
        hit = frames[table][frames[table]["id"] == word]
        if hit.empty:
            continue
        if hit["stage"].iloc[0] == "end_use":
            return "end use"
        process = hit["process"].iloc[0]
        if isinstance(process, str):
            lines = frames["processes"][frames["processes"]["process"] == process]
            return repr(sorted(lines[["commodity", "role", "t_per_t"]].to_numpy().tolist(), key=str))
        edges = frames["edges"]
        own = edges[(edges["source"] == word) | (edges["target"] == word)]
        return repr(sorted(set(own["commodity"].fillna(""))))
    return None


def _words_apart(held: Mapping[str, Frames], shared: set[str]) -> dict[str, Frames]:
    """Keep apart what is named by words alone: sites, totals of one step without a commodity, and figures."""
    sites = Counter(w for f in held.values() for w in {*f["nodes"]["site"].dropna(), *f["projects"]["site"].dropna()})
    keys = Counter(k for f in held.values() for k in set(_total_keys(f["totals"])))
    figured = Counter(k for f in held.values() for k in set(_figure_keys(f["figures"])))
    out = {}
    for name, frames in held.items():
        new = dict(frames)

        for table in ("nodes", "projects"):
            cells = new[table]["site"].dropna()
            apart = _in_front(name, cells, [sites[word] > 1 and word not in shared for word in cells])
            new[table] = new[table].assign(site=apart.reindex(new[table].index))
        totals, figures = new["totals"], new["figures"]
        new["totals"] = totals.assign(step=_in_front(name, totals["step"], [keys[k] > 1 for k in _total_keys(totals)]))
        # figures whose key names no row speak of their own chain
        new["figures"] = figures.assign(
            key=_in_front(name, figures["key"], [figured[k] > 1 for k in _figure_keys(figures)])
        )
        out[name] = new
    return out


def _in_front(name: str, words: pd.Series, is_twice: Sequence[bool]) -> pd.Series:
    new = [f"{name}:{word}" if twice else word for word, twice in zip(words, is_twice, strict=True)]
    return pd.Series(new, words.index, dtype="str")


def _figure_keys(figures: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(zip(figures["table"], figures["key"], figures["column"], strict=True))


def _total_keys(totals: pd.DataFrame) -> list[str]:
    return [repr(row) for row in totals[list(TABLES["totals"].key)].fillna("").to_numpy().tolist()]


def _counted(given: Mapping[str, Network], named: Sequence[str], held: Mapping[str, Frames]) -> dict[str, Any]:
    """Return what the joined network counts: the main commodities where they are on one basis, else a warning."""
    basis: dict[str, str] = {}
    for frames in held.values():
        goods = frames["commodities"]
        basis |= dict(zip(goods["id"], goods["basis"].fillna(""), strict=True))
    bases = {basis.get(word, "") for word in named}
    meta: dict[str, Any] = {}
    if len(bases) == 1 and (bases != {""} or len(set(named)) == 1):
        meta["main_commodity"] = list(dict.fromkeys(named))
    elif named:
        warn(
            "join: the main commodities are not on one stated basis, so the joined network has none and its tonnes "
            f"are not to be added up; ask with commodity=, one of {', '.join(dict.fromkeys(named))}.",
            ChainnetWarning,
            stacklevel=3,
        )
    whose = {network.beneficiaries for network in given.values()}
    years = {network.year for network in given.values()}
    if len(whose) == 1:
        meta["beneficiaries"] = list(whose.pop())
    else:
        warn(
            "join: the networks name different beneficiaries, so the joined network names none; say beneficiaries=.",
            ChainnetWarning,
            stacklevel=3,
        )
    if len(years) == 1:
        meta["year"] = years.pop()
    return meta


def _makers(held: Mapping[str, Frames], shared: set[str]) -> list[dict[str, Any]]:
    """Return makers of a shared commodity where more than one file has some: they may be the same plants."""
    rows: list[dict[str, Any]] = []
    for good in sorted(shared):
        makers = {}
        for name, frames in held.items():
            lines = frames["processes"]
            made = set(lines.loc[(lines["commodity"] == good) & (lines["role"] != "input"), "process"])
            nodes, edges = frames["nodes"], frames["edges"]
            dug = set(edges.loc[edges["commodity"] == good, "source"])
            hit = nodes["process"].isin(made) | (
                nodes["process"].isna() & (nodes["stage"] == "mine") & nodes["id"].isin(dug)
            )
            if hit.any():
                makers[name] = nodes[hit]
        names = list(makers)
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                for a in makers[one].to_dict("records"):
                    for b in makers[other].to_dict("records"):
                        if a["id"] != b["id"]:
                            place = (a["country"] if isinstance(a["country"], str) else a["region"], a["step"])
                            why = f"both make {good}, which is shared: its makers should stand in one file"
                            rows.append(
                                {
                                    "id": a["id"], "party": one, "other_id": b["id"], "other_party": other,
                                    "country": place[0], "step": place[1], "why": why,
                                }
                            )  # fmt: skip
    return rows
