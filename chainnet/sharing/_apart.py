"""What holds for all of one chain, kept from the chains that it is joined with: goods, tiers, groups, firms, rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from chainnet._types import records
from chainnet.errors import DataError
from chainnet.network import OUTSIDE, TABLES, Frames, Network, common_groups, common_table, cover_by_node, plants_of
from chainnet.sharing._aliases import new_words, renamed

Names = dict[str, dict[str, str]]  # table -> id in a part -> id in the joined network
_UNNAMED = ("edges", "demand", "stocks")  # tables in which a blank commodity is the one unnamed commodity
_BARS = ["bars_from", "bars_to", "bars_commodity"]


class Apart:
    """Tables of each part while ids get the part's name in front, and all new names, for its scenarios and hazards."""

    def __init__(self, given: Mapping[str, Network], held: Mapping[str, Frames]) -> None:
        self.given = given
        self.held: dict[str, Frames] = dict(held)
        self.names: dict[str, Names] = {name: {} for name in held}

    def note(self, name: str, table: str, names: Mapping[str, str]) -> None:
        """Note new names, of which some may be new names of new names."""
        known = self.names[name].setdefault(table, {})
        known.update({old: names.get(new, new) for old, new in known.items()})
        known.update({old: new for old, new in names.items() if old not in known.values()})

    def rename(self, table: str, names: Mapping[str, Mapping[str, str]]) -> None:
        """Give the ids of a table other names in each part."""
        for name, own in names.items():
            self.held[name] = renamed(self.held[name], table, own)
            self.note(name, table, own)

    def in_front(self, table: str, ids: Mapping[str, set[str]], is_one: Callable[[str], bool]) -> None:
        """Put the part's name in front of ids that several parts have and that are not one thing."""
        count = Counter(word for words in ids.values() for word in words)
        twice = {word for word, n in count.items() if n > 1 and not is_one(word)}
        self.rename(table, {name: {w: f"{name}:{w}" for w in words & twice} for name, words in ids.items()})

    def settle(self) -> None:
        """Keep apart what is named by no plant: unnamed goods, cover, tiers, groups, firms and rules."""
        for name, frames in self.held.items():
            self.held[name] = _with_goods_named(name, frames, self)
        self._cover()
        self._tiers()
        self._groups()
        self._firms()

    def _cover(self) -> None:
        """Let a row of cover name its users, projects too: those of another part it says nothing of."""
        for name, frames in self.held.items():
            plants = plants_of(frames["nodes"], frames["projects"])[TABLES["nodes"].names]
            rows = cover_by_node({**frames, "nodes": plants}, self.given[name].groups_known)
            self.held[name] = {**frames, "cover": rows}

    def _tiers(self) -> None:
        """Make one order of tiers of all; where two contradict, those of the later part bear its name."""
        orders = {name: list(network.tier_order) for name, network in self.given.items()}
        if len({tuple(order) for order in orders.values()}) == 1:
            return
        while (one := _one_order([*orders.values()])) is None:
            name = [name for name, order in orders.items() if not order[0].startswith(f"{name}:")][-1]
            new = {tier: f"{name}:{tier}" for tier in orders[name]}
            self.rename("tiers", {name: new})
            orders[name] = [*new.values()]
        told = {row["tier"]: row for frames in self.held.values() for row in records(frames["tiers"])}
        rows = [{**told.get(tier, {}), "tier": tier, "rank": float(rank)} for rank, tier in enumerate(one, 1)]
        table = pd.DataFrame(rows, columns=TABLES["tiers"].names)
        for name, frames in self.held.items():
            self.held[name] = {**frames, "tiers": table.astype(dict(frames["tiers"].dtypes))}

    def _groups(self) -> None:
        """Put the name of a part in front of its own groups that mean other countries elsewhere."""
        known = {name: network.groups_known for name, network in self.given.items()}
        own = {name: set(frames["groups"]["group"]) for name, frames in self.held.items()}
        self.rename(
            "groups",
            {
                name: {g: f"{name}:{g}" for g in words if any(other.get(g, known[name][g]) != known[name][g]
                       for other in [*known.values(), common_groups()])}
                for name, words in own.items()
            },
        )  # fmt: skip

    def _firms(self) -> None:
        """Put the name of a part in front of firms behind whom others stand in another part that knows them."""
        owners = {name: _parents(frames["owners"]) for name, frames in self.held.items()}
        firms = {name: _firms_in(frames) | owners[name].keys() for name, frames in self.held.items()}
        behind = {name: {firm: _behind(firm, owners[name]) for firm in words} for name, words in firms.items()}
        count = Counter(firm for words in firms.values() for firm in words)
        differ = {firm for firm, n in count.items()
                  if n > 1 and len({repr(own[firm]) for own in behind.values() if firm in own}) > 1}  # fmt: skip
        self.rename("owners", {name: {w: f"{name}:{w}" for w in words & differ} for name, words in firms.items()})

    def rules(self, goods: Mapping[str, set[str]]) -> None:
        """Keep rules to the goods of their part: its own, and those of every graph that it words otherwise."""
        common = {str(row["id"]): row for row in records(common_table("rules").frame)}
        own = {name: {str(row["id"]): row for row in records(frames["rules"])} for name, frames in self.held.items()}
        meant = {name: {**common, **rows} for name, rows in own.items()}
        columns = list(TABLES["rules"].names)

        def cells(row: Mapping[str, Any]) -> str:
            return repr([row.get(c) for c in columns if isinstance(row.get(c), str)])

        for name, frames in self.held.items():
            words = self.names[name].get("commodities", {})
            apart, rows = {}, []
            for word, row in own[name].items():
                if any(word in other and cells(other[word]) != cells(row) for other in meant.values()):
                    apart[word] = f"{name}:{word}"
                before = common.get(word, {})
                row = {**row, **{c: before[c] for c in ("actor", "chains") if not isinstance(row[c], str) and before}}
                if not any(isinstance(row[c], str) for c in _BARS) and before:
                    row |= {c: new_words(before[c], words) if isinstance(before[c], str) else None for c in _BARS}
                if isinstance(row["bars_from"], str) and not isinstance(row["bars_commodity"], str):
                    row["bars_commodity"] = "; ".join(sorted(goods[name]))
                rows.append(row)
            for word, row in common.items():
                bars = row["bars_commodity"]
                if word in own[name] or not isinstance(row["bars_from"], str):
                    continue
                if any(word in other for other in own.values()):
                    # another part words it anew, under a name of its own: it goes on holding for the rest
                    rest = sorted(part for part, other in own.items() if word not in other)
                    bars = "; ".join(
                        new_words(bars, self.names[part].get("commodities", {}))
                        if isinstance(bars, str) else "; ".join(sorted(goods[part])) for part in rest
                    )  # fmt: skip
                    rows.append({**row, "bars_commodity": bars, "source": None})
                elif isinstance(bars, str) and new_words(bars, words) != bars:
                    apart[word] = f"{name}:{word}"
                    rows.append({**row, "bars_commodity": new_words(bars, words), "source": None})
            if rows:
                table = pd.DataFrame(rows, columns=columns).astype(dict(frames["rules"].dtypes))
                self.held[name] = {**frames, "rules": table}
            named = {word: new for word, new in apart.items() if word in own[name]}
            self.held[name] = renamed(self.held[name], "rules", apart)
            self.note(name, "rules", named)


def _with_goods_named(name: str, frames: Frames, book: Apart) -> Frames:
    """Give the unnamed commodity of a part the part's name: another part's is another good."""
    blank = {table: frames[table]["commodity"].isna() for table in _UNNAMED}
    if not any(rows.any() for rows in blank.values()):
        return frames
    known = {*frames["commodities"]["id"], *(w for t in _UNNAMED for w in frames[t]["commodity"].dropna())}
    new = name if name not in known else f"{name}:goods"
    out = dict(frames)
    for table in _UNNAMED:
        out[table] = frames[table].assign(commodity=frames[table]["commodity"].fillna(new).astype("str"))
    figures = frames["figures"]
    rows = figures["table"].isin(_UNNAMED[:2]).to_numpy()
    keys = [" / ".join(part or new for part in str(key).split(" / ")) if row else key
            for key, row in zip(figures["key"], rows, strict=True)]  # fmt: skip
    out["figures"] = figures.assign(key=pd.Series(keys, figures.index, dtype="str"))
    book.names[name].setdefault("commodities", {})[""] = new
    return out


def _one_order(orders: list[list[str]]) -> list[str] | None:
    """Return the order that holds each of some orders; None where two contradict."""
    left, found = [list(order) for order in orders if order], list[str]()
    while left:
        heads = [order[0] for order in left]
        head = next((word for word in heads if not any(word in order[1:] for order in left)), None)
        if head is None:
            return None
        found.append(head)
        left = [rest for order in left if (rest := [word for word in order if word != head])]
    return found


def _parents(owners: pd.DataFrame) -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    for row in records(owners[["owner", "parent", "share"]].fillna(-1.0)):
        found.setdefault(str(row["owner"]), []).append((str(row["parent"]), float(row["share"])))
    return found


def _firms_in(frames: Frames) -> set[str]:
    cells = [frames[t][c].dropna() for t in ("nodes", "projects") for c in ("owner", "operator")]
    return {*pd.concat([*cells, frames["stakes"]["party"], frames["owners"]["parent"]])} - set(common_groups())


def _behind(firm: str, parents: Mapping[str, list[tuple[str, float]]]) -> list[tuple[str, str, float]]:
    """Return every holding behind a firm, through all that stand between."""
    found, todo, seen = [], [firm], set[str]()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        found += [(one, parent, share) for parent, share in parents.get(one, [])]
        todo += [parent for parent, _ in parents.get(one, [])]
    return sorted(found)


def countries_in(cell: Any, names: Mapping[str, str]) -> Any:
    """Return words for countries in which groups bear other names."""
    if isinstance(cell, str):
        bare = cell.removeprefix(OUTSIDE)
        return OUTSIDE * cell.startswith(OUTSIDE) + names.get(bare, bare)
    return [countries_in(word, names) for word in cell]


def same_date(given: Mapping[str, Network]) -> str | None:
    """Return the date at which all stand, or to which nothing of those that stand at another answers.

    Raises
    ------
    DataError
        If a project or a contract of a network that stands at another date would be another at the common one.
    """
    dates = {network.as_of for network in given.values()}
    day = max((date for date in dates if date is not None), default=None)
    for name, network in given.items():
        if network.as_of == day:
            continue
        moved = network.at(day)
        other = [len(moved.opened) != len(network.opened), not moved.opened["part"].equals(network.opened["part"])]
        if any(other) or network.view("contracts")["until"].notna().any():
            raise DataError(
                f'join: "{name}" stands at {network.as_of or "its base year"} and others at {day}: its projects or '
                f'contracts would be others. Give all one date: network.at("{day}").'
            )
    return day
