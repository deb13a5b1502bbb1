"""``join``: chains of different minerals in one network, tied where they share plants or commodities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal
from warnings import warn

import pandas as pd

from chainnet import checks
from chainnet._types import records
from chainnet.errors import ChainnetWarning, DataError
from chainnet.network import TABLES, Frames, Network, common_table, site_of
from chainnet.scenario import scenarios
from chainnet.sharing._aliases import aliased, matched, resolved
from chainnet.sharing._apart import Apart, countries_in, same_date
from chainnet.sharing._laid import laid
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
        ``suspects`` names a shared commodity that has makers in more than one file; ``counts`` shows that every row
        of each part is kept. The network has no main commodity unless those of all are on one basis: ask with
        ``commodity=``, as a warning says.

    Raises
    ------
    DataError
        As ``merge``; also if ``same`` names an id that fewer than two networks have, or if a project or contract
        would be another at the date of the other networks.

    Warns
    -----
    ChainnetWarning
        Once, where main commodities are on several bases, so that their tonnes cannot be added, or where
        beneficiaries, base years, dates or laws of service differ.

    Notes
    -----
    Whatever holds for all of one part holds for that part alone: users' cover, rules without goods, unnamed goods,
    tiers in another order, groups of other countries, firms with other owners. Its scenarios and hazards reach its own
    plants, goods and users, and bear its name where two parts use one: ``gallium:china_export_stop``. Scenarios of
    several parts are added: ``scenarios["a:stop"] + scenarios["b:stop"]``.

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
    book = Apart(given, {name: _by_match(given[name], name, match, given, alias) for name in sorted(given)})
    for name in book.held:
        _note_match(book, name, match, alias)
    book.settle()
    _check_shared(book.held, shared)
    for table in _NAMESPACES:
        _prefixed(book, table, shared)
    _plants_apart(book, shared)
    _words_apart(book, shared)
    goods = {name: _flowing(frames) for name, frames in book.held.items()}
    book.rules(goods)
    _hazards_apart(book)
    meta = _counted(given, goods, book)
    return merged(
        [Party(name, frames) for name, frames in book.held.items()], given, prefer=prefer, rules=rules, ranges=ranges,
        ties=ties, alias=alias, name=_name_of(given), meta=meta, question="join",
        suspects=_makers(book.held, shared), finish=partial(laid, book, goods),
    )  # fmt: skip


def _name_of(given: Mapping[str, Network]) -> str:
    """Return the names of the chains, by which rules touch them; where two share theirs, of the parts."""
    names = [given[name].name for name in sorted(given)]
    return "+".join(names if len(set(names)) == len(names) else sorted(given))


def _by_match(
    network: Network, name: str, match: pd.DataFrame | None, given: Mapping[str, Network], alias: Any
) -> Frames:
    """Return the tables of a part before anything opened by its date, in the words of all."""
    return aliased(name, matched(name, network.at(None), match, given), alias)


def _note_match(book: Apart, name: str, match: pd.DataFrame | None, alias: Mapping[str, Any] | None) -> None:
    if match is not None:
        for row in records(match[match["party"] == name]):
            book.note(name, "nodes" if row["table"] == "projects" else row["table"], {row["id"]: row["same_as"]})
    book.note(name, "commodities", {old: new for old, (new, _) in resolved(alias or {}).items()})


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


def _flowing(frames: Frames) -> set[str]:
    """Return the goods that a measure on flows or demand may name."""
    return {
        *frames["commodities"]["id"],
        *frames["edges"]["commodity"].dropna(),
        *frames["demand"]["commodity"].dropna(),
    }


def _prefixed(book: Apart, table: str, shared: set[str]) -> None:
    """Put the network's name in front of ids that collide; sources with the same words in each stay."""
    column = _NAMESPACES[table]
    held = book.held
    ids = {
        name: _goods(frames) if table == "commodities" else set(frames[table][column]) for name, frames in held.items()
    }

    def is_one(word: str) -> bool:
        if table == "references":
            return word not in shared and len({_source(frames, word) for frames in held.values()} - {None}) == 1
        return word in shared

    book.in_front(table, ids, is_one)


def _hazards_apart(book: Apart) -> None:
    """Keep apart hazards, their common causes and scenarios of one name."""
    held = book.held
    book.in_front("hazards", {name: set(frames["hazards"]["id"]) for name, frames in held.items()}, _never)
    groups = Counter(w for frames in held.values() for w in set(frames["hazards"]["group"].dropna()))
    for name, frames in held.items():
        table = frames["hazards"]
        new = _in_front(name, table["group"].dropna(), [groups[word] > 1 for word in table["group"].dropna()])
        book.held[name] = {**frames, "hazards": table.assign(group=new.reindex(table.index))}
    known = {name: set(scenarios(network)) for name, network in book.given.items()}
    count = Counter(word for words in known.values() for word in words)
    for name in held:
        book.note(name, "scenarios", {word: f"{name}:{word}" for word in known[name] if count[word] > 1})


def _never(_word: str) -> bool:
    return False


def _source(frames: Frames, key: str) -> str | None:
    rows = frames["references"]
    hit = rows[rows["key"] == key]
    return None if hit.empty else repr(hit.fillna("").to_numpy().tolist())


def _plants_apart(book: Apart, shared: set[str]) -> None:
    """Give plants that collide a name each; shared ones with another recipe in each keep one site."""
    tables = ("nodes", "projects")
    ids = {name: {i for t in tables for i in frames[t]["id"]} for name, frames in book.held.items()}
    stocks = {name: set(frames["stocks"]["id"]) for name, frames in book.held.items()}
    count = Counter(word for words in ids.values() for word in words)
    twice = {word for word, n in count.items() if n > 1}
    one_site = {word for word in twice & shared if len({_work(f, word) for f in book.held.values()} - {None}) > 1}
    for name, frames in book.held.items():
        # a condition on ids reaches plants and stocks alike
        others = set[str]().union(*(words for other, words in stocks.items() if other != name))
        apart = (twice - shared) | one_site | (others - shared)
        new = dict(frames)
        for table in tables:
            frame = new[table]
            new[table] = frame.assign(site=frame["id"].where(frame["id"].isin(one_site), frame["site"]).astype("str"))
        book.held[name] = new
        book.rename("nodes", {name: {word: f"{name}:{word}" for word in ids[name] & apart}})


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


def _words_apart(book: Apart, shared: set[str]) -> None:
    """Keep apart what is named by words alone: sites, totals of one step without a commodity, and figures."""
    held = book.held
    # a plant without a site is its own
    sites = Counter(w for f in held.values() for w in {w for t in ("nodes", "projects") for w in site_of(f[t])})
    keys = Counter(k for f in held.values() for k in set(_total_keys(f["totals"])))
    figured = Counter(k for f in held.values() for k in set(_figure_keys(f["figures"])))
    for name, frames in held.items():
        new = dict(frames)

        for table in ("nodes", "projects"):
            cells = new[table]["site"].dropna()
            is_twice = [sites[word] > 1 and word not in shared for word in cells]
            apart = _in_front(name, cells, is_twice)
            book.note(name, "sites", {w: f"{name}:{w}" for w, twice in zip(cells, is_twice, strict=True) if twice})
            new[table] = new[table].assign(site=apart.reindex(new[table].index))
        totals, figures = new["totals"], new["figures"]
        new["totals"] = totals.assign(step=_in_front(name, totals["step"], [keys[k] > 1 for k in _total_keys(totals)]))
        # figures whose key names no row speak of their own chain
        new["figures"] = figures.assign(
            key=_in_front(name, figures["key"], [figured[k] > 1 for k in _figure_keys(figures)])
        )
        book.held[name] = new


def _in_front(name: str, words: pd.Series, is_twice: Sequence[bool]) -> pd.Series:
    new = [f"{name}:{word}" if twice else word for word, twice in zip(words, is_twice, strict=True)]
    return pd.Series(new, words.index, dtype="str")


def _figure_keys(figures: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(zip(figures["table"], figures["key"], figures["column"], strict=True))


def _total_keys(totals: pd.DataFrame) -> list[str]:
    return [repr(row) for row in totals[list(TABLES["totals"].key)].fillna("").to_numpy().tolist()]


def _counted(given: Mapping[str, Network], goods: Mapping[str, set[str]], book: Apart) -> dict[str, Any]:
    """Return what the joined network counts and when it stands; a warning where the parts differ."""
    basis: dict[str, str] = {}
    named: list[str] = []
    for name, frames in book.held.items():
        table = frames["commodities"]
        basis |= dict(zip(table["id"], table["basis"].fillna(""), strict=True))
        words = book.names[name].get("commodities", {})
        own = [words.get(word, word) for word in given[name].main_commodity]
        asked = frames["demand"]  # a part that names none counts all that is asked for
        named += own or sorted({*asked.loc[asked["tier"].notna(), "commodity"]} & goods[name])
    bases = {basis.get(word, "") for word in named}
    meta: dict[str, Any] = {"as_of": same_date(given)}
    said = []
    if not any(network.main_commodity for network in given.values()):
        pass
    elif len(bases) == 1 and (bases != {""} or len(set(named)) == 1):
        meta["main_commodity"] = list(dict.fromkeys(named))
    else:
        said.append(
            "the main commodities are not on one stated basis, so the joined network has none and its tonnes "
            f"are not to be added up; ask with commodity=, one of {', '.join(dict.fromkeys(named))}."
        )
    whose = {
        (*countries_in(network.beneficiaries, book.names[name].get("groups", {})),) for name, network in given.items()
    }
    if len(whose) == 1:
        meta["beneficiaries"] = list(whose.pop())
    else:
        said.append("the networks name different beneficiaries, so the joined network names none; say beneficiaries=.")
    years = {name: network.year for name, network in given.items() if network.year is not None}
    if len({*years.values()}) == 1:
        meta["year"] = next(iter(years.values()))
    elif years:
        told = ", ".join(f"{name} {year}" for name, year in sorted(years.items()))
        said.append(f"the base years differ ({told}), so the joined network has none; months need start=.")
    if len({network.as_of for network in given.values()}) > 1:
        late = [name for name, network in given.items() if network.as_of != meta["as_of"]]
        said.append(
            f"the joined network stands at {meta['as_of']}; {', '.join(late)} did not: rules are those of that day."
        )
    said += _service(book)
    if said:
        sentences = [said[0], *(one[0].upper() + one[1:] for one in said[1:])]
        warn(f"join: {' '.join(sentences)}", ChainnetWarning, stacklevel=3)
    meta["notes"] = [f"{name}: {note}" for name in sorted(given) for note in given[name].notes]
    return meta


def _service(book: Apart) -> list[str]:
    """Give each part the laws of service of all: a row says whose needs go first, not for which goods."""
    tables = {name: frames["service"] for name, frames in book.held.items()}
    columns = list(TABLES["service"].names)
    words = {name: sorted(map(repr, records(table[columns[:6]].fillna("")))) for name, table in tables.items()}
    if len({*map(repr, words.values())}) == 1:
        return []
    common = common_table("service").frame.assign(reference=None)
    for name, frames in book.held.items():
        if frames["service"].empty:
            book.held[name] = {**frames, "service": common}
    own = ", ".join(name for name, table in tables.items() if len(table))
    return [f"the table service of {own} is not that of the others: its laws hold for the users of all parts."]


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
