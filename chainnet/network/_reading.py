"""How a source that is not in our own form is read: other names, strange attributes, names of countries, roles."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools, Words
from chainnet.errors import ChainnetWarning, DataError, Fault, printable
from chainnet.network._countries import country_named, is_country
from chainnet.network._decimals import as_numbers
from chainnet.network._gate import Frames, Gate, as_text
from chainnet.network._roles import Roles, words_of
from chainnet.network._schema import TABLES, Column
from chainnet.network._tidy import is_spoilt, plain_head, tidy

# where a graph that was written with results says which of its attributes are results
RESULTS = "results"
# other words for a column, the first that stands there first
SYNONYMS: dict[str, tuple[tuple[str, str], ...]] = {
    "nodes": (
        ("capacity", "capacity_tpa"),
        ("lat", "latitude"),
        ("lon", "longitude"),
        ("lng", "longitude"),
        ("name", "label"),
        ("description", "note"),
    ),
    "edges": (
        ("capacity", "capacity_tpa"),
        ("flow", "flow_tpa"),
        ("value", "flow_tpa"),
        ("weight", "capacity_tpa"),
        ("label", "note"),
        ("edge_label", "note"),
        ("description", "note"),
    ),
}
# columns of an edge list that say where its ends lie: a list of others has no second table for that
END_COUNTRY = {"source": "source_country", "target": "target_country"}
# what graph libraries call it anyway: read without a warning
_USUAL = "capacity"
# what programs that draw graphs keep of a node or edge, letters and figures alone; no answer could look at it
DRAWN = frozenset({
    "r", "g", "b", "a", "x", "y", "z", "size", "color", "colour", "shape", "fixed", "dotsize", "thickness", "url",
    "key", "timeset", "interval", "type", "id", "edgeid", "label", "edgelabel", "name", "description", "weight",
    "value", "degree", "indegree", "outdegree", "weighteddegree", "weightedindegree", "weightedoutdegree",
    "modularityclass", "inferredclass", "statinfclass", "pagerank", "pageranks", "eccentricity",
    "closenesscentrality", "closnesscentrality", "harmonicclosenesscentrality", "harmonicclosnesscentrality",
    "betweennesscentrality", "betweenesscentrality", "eigenvectorcentrality", "eigencentrality", "authority",
    "hub", "componentid", "componentnumber", "stronglyconnectedid", "strongcompnum", "clustering",
    "clusteringcoefficient", "triangles", "numberoftriangles",
})  # fmt: skip
# those of them that only a drawing has: in a bare list they are as strange as any other column
LOOKS = frozenset({
    "r", "g", "b", "a", "x", "y", "z", "size", "color", "colour", "shape", "fixed", "dotsize", "thickness", "url",
})  # fmt: skip
_REMEDY = " Name source= and sink= (--source, --sink), or fill stage; network.roles lists them."
_NAMED = 12  # columns that are left out and named
N = TypeVar("N")


@dataclass(frozen=True)
class Reading:
    """How a source is read that is not in our own form.

    Attributes
    ----------
    source, sink : str or list of str, optional
        Ids of the nodes where goods come from, and of those that take them.
    two_way : bool
        Every edge is open both ways.
    rename : mapping of str to str
        Column or attribute as it stands -> column of the tables.
    ignore_unknown : bool
        Leave out columns and attributes that no table knows, and say which.
    country_names : bool
        Take names and common abbreviations of countries for their codes, and say which.
    separator : str
        What stands between the cells of a CSV file; with another than a comma, decimal commas are read.
    decimal : str, optional
        The decimal mark of its numbers, a point or a comma; the other one then marks thousands.
    asked_by : str
        Who asks, for the messages.
    """

    source: Words = None
    sink: Words = None
    two_way: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False
    country_names: bool = False
    separator: str = ","
    decimal: str | None = None
    asked_by: str = "read"

    @classmethod
    def split(cls, given: Mapping[str, Any]) -> tuple[Reading, dict[str, Any]]:
        """Return the reading that some keywords ask for, and the keywords that are none of its own."""
        own = {f.name for f in fields(cls)}
        how = {name: value for name, value in given.items() if name in own}
        how["rename"] = how.get("rename") or {}
        return cls(**how), {name: value for name, value in given.items() if name not in own}

    def column_of(self, table: str, name: object) -> Column | None:
        """Return the column of our tables that a column of a source is read as, if it is known before reading."""
        word = plain_head(self.rename.get(str(name), str(name)))
        target = word if word in TABLES[table].names else dict(SYNONYMS.get(table, ())).get(word)
        return None if target is None else TABLES[table].column(target)

    def is_text(self, table: str, name: object) -> bool:
        """Say whether a column of a source holds text of ours."""
        column = self.column_of(table, name)
        return column is not None and column.kind == "text"

    def is_number(self, table: str, name: object) -> bool:
        """Say whether a column of a source holds numbers of ours."""
        column = self.column_of(table, name)
        return column is not None and column.kind != "text"

    def network(
        self,
        make: Callable[..., N],
        frames: Mapping[str, Any],
        *,
        forgiving: bool,
        closed: bool = False,
        is_own: bool = False,
        depth: int = 2,
        beside: Sequence[str] = (),
        **more: Any,
    ) -> N:
        """Return the network that ``make`` makes of the tables, and say what was taken for what.

        Parameters
        ----------
        make : callable
            ``Network``.
        frames : mapping of str to DataFrame
        forgiving : bool
            Whether it is a graph or an edge list of others: then usual words are recognised, what drawing programs
            keep is left out, and roles that nobody gave are inferred.
        closed : bool
            Whether it is a graph, whose nodes all stand in the nodes table: another id of an edge is then a fault.
        is_own : bool
            Whether chainnet handed the graph out: then ``weight`` is a width, and no capacity.
        depth : int
            Calls between the caller of the package and this one.
        beside : sequence of str
            What else is to be said of the source.
        **more
            What else ``make`` is told.

        Raises
        ------
        DataError
            With every fault.
        """
        said = _Said(self.asked_by)
        for sentence in beside:
            said.add(sentence, loud=True)
        given = {name: frame for name, frame in frames.items() if frame is not None}
        if self.decimal is not None and "files" not in more:
            given = {name: self._pointed(name, frame) for name, frame in given.items()}
        tables = self._renamed({name: tidy(name, frame, self.rename, not forgiving) for name, frame in given.items()})
        results = more.pop(RESULTS, {})
        if any(is_spoilt(name, frame) for name, frame in tables.items()):
            _refuse_spoilt(tables, more.get("files"))
        if forgiving and "edges" in tables:
            is_kept, left_out = self.without_loops(tables["edges"])
            for sentence in left_out:
                said.add(sentence, loud=True)
            tables["edges"] = _one_capacity(tables["edges"][is_kept], is_own, said)
            self._take_countries(tables)
        for name, frame in tables.items():
            drawn = (DRAWN if closed else DRAWN - LOOKS) if forgiving else frozenset()
            tables[name] = self._fitted(name, frame, drawn, set(results.get(name, ())), said)
        if self.two_way and "edges" in tables:
            tables["edges"] = _both_ways(tables["edges"])
        named = bool(words_of(self.source)) and bool(words_of(self.sink))
        edges = tables.get("edges", pd.DataFrame())
        if (forgiving or self.source or self.sink) and {"source", "target"} <= set(edges.columns):
            edges = edges.loc[:, ~edges.columns.duplicated()]  # the gate names a column that stands twice
            edges = edges.assign(**{end: edges[end].replace("", None) for end in ("source", "target")})
            projects = tables.get("projects", pd.DataFrame())
            apart = {printable(str(name)) for name in projects["id"].tolist()} if "id" in projects.columns else set()
            roles = Roles.of(tables.get("nodes"), edges, self.source, self.sink, apart, closed)
            tables["nodes"], more["inferred"] = roles.nodes, roles.rules
            if forgiving and roles.nodes.empty:
                remedy = "Give edges with source, target and capacity_tpa."
                raise DataError(f"{self.asked_by}: there is neither a node nor an edge. {remedy}")
            if roles.inferred and roles.is_plain:
                said.add(roles.words(edges) + ("" if named else _REMEDY), loud=not named)
        elif forgiving:  # the gate names the ends that lack, not the nodes that nobody could infer
            tables.setdefault("nodes", pd.DataFrame({"id": [], "stage": []}, dtype="str"))
        for sentence in _alike(tables):
            said.add(sentence, loud=True)
        made = make(**tables, **more, notes=said.all)
        said.warn(depth + 1)
        return made

    def _pointed(self, table: str, frame: Any) -> Any:
        """Return a table in Python whose texts are numbers, by the decimal mark that is named."""
        if not isinstance(frame, pd.DataFrame):
            return frame
        out = frame.copy(deep=False)
        for place, name in enumerate(frame.columns):
            if self.is_number(table, name):
                cells, open_cell = as_numbers(frame.iloc[:, place], self.decimal)
                if open_cell is not None:
                    row, value, rule, remedy = open_cell
                    raise DataError(faults=[Fault(table, row + 2, str(name), value, rule, remedy)])
                out.isetitem(place, cells.array)
        return out

    def without_loops(self, edges: pd.DataFrame) -> tuple[Bools, list[str]]:
        """Return which edges end elsewhere than they begin, and what is to be said of the others."""
        named = [self.column_of("edges", name) for name in edges.columns]
        ends = [[i for i, column in enumerate(named) if column and column.name == end] for end in ("source", "target")]
        if [len(places) for places in ends] != [1, 1]:
            return np.ones(len(edges), dtype=bool), []
        source, target = (edges.iloc[:, place] for [place] in ends)
        if source.dtype != target.dtype:  # pandas compares some kinds of text with nothing else
            source, target = source.astype(object), target.astype(object)
        is_loop = ((source == target) & source.notna() & (source != "")).fillna(False).to_numpy(dtype=bool)
        names = list(dict.fromkeys(map(str, source[is_loop])))
        if not names:
            return ~is_loop, []
        one = is_loop.sum() == 1
        words = "edge that ends where it begins" if one else "edges that end where they begin"
        told = ", ".join(f'"{name}"' for name in names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        said = f"{int(is_loop.sum())} {words} left out, for {'it moves' if one else 'they move'} nothing: {told}{more}."
        return ~is_loop, [said]

    @staticmethod
    def _is_end_country(table: str, column: str) -> bool:
        return table == "edges" and column in END_COUNTRY.values()

    def _take_countries(self, tables: Frames) -> None:
        """Move what a list says of the countries of its ends to the nodes; what the nodes say themselves counts.

        Raises
        ------
        DataError
            If one id has two countries.
        """
        edges, found = tables["edges"], dict[str, str]()
        named = [(end, c) for end, c in END_COUNTRY.items() if end in edges.columns and c in edges.columns]
        for end, column in named:
            for name, code in zip(map(as_text, edges[end]), map(as_text, edges[column]), strict=True):
                if name and code and self._country(found.setdefault(name, code)) != self._country(code):
                    rule = f'"{name}" lies in two countries, {found[name]} and {code}'
                    raise DataError(f"{self.asked_by}: {column}: {rule}. Correct one, or tell the plants apart.")
        tables["edges"] = edges.drop(columns=[column for _, column in named])
        nodes = pd.DataFrame(tables.get("nodes", {"id": []}))
        if found and "id" in nodes.columns:
            new = [name for name in found if name not in set(map(as_text, nodes["id"]))]
            nodes = pd.concat([nodes, pd.DataFrame({"id": new}, dtype="str")], ignore_index=True)
            told = nodes["id"].map(as_text).map(found)
            own = nodes["country"] if "country" in nodes.columns else pd.Series(None, nodes.index, dtype=object)
            tables["nodes"] = nodes.assign(country=own.where(~_is_missing(own), told))

    def _country(self, word: str) -> str:
        return (country_named(word) if self.country_names else None) or word

    def _renamed(self, frames: Frames) -> Frames:
        out = dict(frames)
        for old, new in self.rename.items():
            having = [name for name, frame in frames.items() if old in frame.columns]
            if not having:
                known = {str(c) for frame in frames.values() for c in frame.columns}
                raise DataError(f"{self.asked_by}: rename: {checks.unknown(old, known, 'column')}")
            fit = [name for name in having if new in TABLES[name].names or self._is_end_country(name, new)]
            if not fit:
                names = {c for name in having for c in TABLES[name].names}
                words = f"{', '.join(having)} knows no column"
                other = next((name for name in ("demand", *TABLES) if new in TABLES[name].names), None)
                if other is not None:
                    needs = ", ".join(c.name for c in TABLES[other].columns if c.required)
                    cure = (
                        f"it is a column of the table {other}. Give that table by itself ({other}=); it needs {needs}."
                    )
                    raise DataError(f'{self.asked_by}: rename: {words} "{new}"; {cure}')
                raise DataError(checks.told(f'{self.asked_by}: rename: {words} "{new}"', new, names, "."))
            for name in fit:
                if new in out[name].columns and new != old:
                    words = f'"{old}" to "{new}": the column stands in {name} already'
                    raise DataError(f"{self.asked_by}: rename: {words}. Rename or remove one of them.")
                out[name] = out[name].rename(columns={old: new})
        return out

    def _fitted(
        self, name: str, frame: pd.DataFrame, drawn: frozenset[str], results: set[str], said: _Said
    ) -> pd.DataFrame:
        """Return a table whose columns bear our names, and whose countries their codes.

        ``drawn`` are attributes that no answer could look at; none where the table is in our own form.
        """
        frame = pd.DataFrame(frame)
        known = TABLES[name].names
        if drawn:
            if name == "edges":
                self._check_type(frame)
            frame = frame.drop(columns=[c for c in frame.columns if c not in known and _is_blank(frame[c])])
            frame = _recognised(name, frame, said)
        left = [c for c in frame.columns if c not in known]
        if left:
            own = [c for c in left if c in results]
            looks = [c for c in left if c not in own and re.sub(r"[\W_]", "", str(c)).lower() in drawn]
            strange = [c for c in left if c not in own and c not in looks and self.ignore_unknown]
            said.left_out(name, own, "results of an earlier answer", loud=False)
            said.left_out(name, looks, "no answer looks at it", loud=True)
            said.left_out(name, strange, "no table knows it", loud=True)
            frame = frame.drop(columns=[*own, *looks, *strange])
        return self._coded(name, frame, said) if self.country_names else frame

    def _check_type(self, frame: pd.DataFrame) -> None:
        """Refuse an edge list that says of itself that it is undirected."""
        column = next((c for c in frame.columns if str(c).strip().lower() == "type"), None)
        if column is None or self.two_way:
            return
        if any(str(word).strip().lower() == "undirected" for word in set(frame[column].tolist())):
            raise DataError(
                f"{self.asked_by}: the edges are undirected; flows have a direction. Give directed edges, or "
                "two_way=True where every edge is open both ways."
            )

    def _coded(self, name: str, frame: pd.DataFrame, said: _Said) -> pd.DataFrame:
        """Return a table in which names of countries are their codes."""
        taken: dict[str, str] = {}
        for column in TABLES[name].columns:
            if not column.is_country or column.name not in frame.columns:
                continue
            words = {w for w in frame[column.name].dropna().unique().tolist() if isinstance(w, str)}
            codes = {w: code for w in words if not is_country(w) and (code := country_named(w))}
            if codes:
                frame = frame.assign(**{column.name: frame[column.name].replace(codes)})
                taken |= codes
        if taken:
            pairs = ", ".join(f'"{word}" = {code}' for word, code in sorted(taken.items()))
            said.add(f"countries of {name} are taken by their names: {pairs}.", loud=True)
        return frame


AS_WRITTEN = Reading()


def _refuse_spoilt(tables: Frames, files: Mapping[str, str] | None) -> None:
    """Raise DataError for cells into which nobody should look; a column that is not recognised yet is no fault."""
    gate = Gate(files)
    for name, frame in tables.items():
        gate.parse(name, frame)
    gate.faults = [f for f in gate.faults if not f.rule.startswith(("unknown column", "required column"))]
    gate.done()


def _is_blank(cells: pd.Series | pd.DataFrame) -> bool:
    """Say whether a column, which stands once, holds nothing at all."""
    return isinstance(cells, pd.Series) and len(cells) > 0 and bool((cells.isna() | (cells == "")).all())


def _recognised(name: str, frame: pd.DataFrame, said: _Said) -> pd.DataFrame:
    """Return a table in which usual words for its columns are its columns."""
    known = TABLES[name].names
    found: dict[Any, str] = {}
    taken = set(frame.columns)
    lower = {plain_head(c): c for c in frame.columns if c not in known}
    for word, target in [*((c, c) for c in known), *SYNONYMS.get(name, ())]:
        if word in lower and target not in taken and lower[word] not in found:
            found[lower[word]] = target
            taken.add(target)
    for column, target in found.items():
        loud = str(column) != _USUAL and plain_head(column) != target
        said.add(f'"{column}" of {name} is read as {target}{_unit(name, target)}.', loud=loud)
    # what stands there may be no text that pandas takes for a name: the gate says so
    return frame.set_axis(pd.Index([found.get(c, c) for c in frame.columns], dtype="object"), axis=1)


def _one_capacity(edges: pd.DataFrame, is_own: bool, said: _Said) -> pd.DataFrame:
    """Return edges with one column of capacities, where graph libraries keep theirs beside ours, and no width.

    Ours counts; theirs fills what it leaves blank. ``is_own``: a weight is what chainnet wrote for others, not read.
    """
    edges = pd.DataFrame(edges)
    names = edges.columns.tolist()
    if is_own and names.count("weight") == 1:
        blank = pd.Series(True, index=edges.index)
        for column in ("flow_tpa", "capacity_tpa", "capacity"):
            blank &= _is_missing(edges[column]) if names.count(column) == 1 else True
        lone = int((blank & ~_is_missing(edges["weight"])).sum())
        if lone:
            words = f'"weight" of {lone} edge{"s" * (lone != 1)} without flow and capacity is not read'
            said.add(f"{words}. Name it capacity or flow_tpa.", loud=True)
        edges = edges.drop(columns="weight")
    if names.count("capacity") != 1 or names.count("capacity_tpa") > 1 or not ("capacity_tpa" in names or is_own):
        return edges
    theirs = edges["capacity"].astype(object).mask(_numbers(edges["capacity"]) == np.inf)
    ours = edges["capacity_tpa"] if "capacity_tpa" in names else pd.Series(None, index=edges.index, dtype=object)
    is_open = _is_missing(ours)
    with np.errstate(invalid="ignore"):
        differ = ~is_open & ~_is_missing(theirs) & (_numbers(ours) != _numbers(theirs))
    if differ.any():
        row = int(np.flatnonzero(differ)[0])
        ends = " -> ".join(str(edges[end].iloc[row]) for end in ("source", "target") if names.count(end) == 1)
        which = f"{int(differ.sum())} of {len(edges)} edges, the first {ends}"
        said.add(f'"capacity" differs from capacity_tpa on {which}: capacity_tpa is read.', loud=True)
    filled = ours.astype(object).where(~is_open, theirs)
    return edges.assign(capacity_tpa=filled).drop(columns="capacity")


def _is_missing(cells: pd.Series) -> pd.Series:
    return cells.isna() | (cells.astype(object) == "")


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells, errors="coerce").astype(float)


def _unit(name: str, column: str) -> str:
    unit = TABLES[name].column(column).unit
    return f" ({unit})" if unit else ""


def _alike(tables: Frames) -> list[str]:
    """Name ids that differ by case, blanks or accents alone: lists put together often hold one plant twice."""
    named = [pd.DataFrame(tables[name])["id"] for name in ("nodes", "projects") if "id" in tables.get(name, ())]
    cells = [
        cell for column in named if isinstance(column, pd.Series) for cell in column.tolist()
    ]  # it may stand twice
    known = {text for cell in cells if (text := as_text(cell))}
    if all(map(str.isascii, known)) and len({" ".join(name.lower().split()) for name in known}) == len(known):
        return []  # the common case, quickly
    groups: dict[str, list[str]] = {}
    for name in sorted(known):
        groups.setdefault(_plain(name), []).append(name)
    several = [names for names in groups.values() if len(names) > 1]
    if not several:
        return []
    told = "; ".join(" and ".join(f'"{name}"' for name in names) for names in several[:_NAMED])
    more = f" and {len(several) - _NAMED} more" if len(several) > _NAMED else ""
    said = f"ids that differ by case, blanks or accents alone are plants of their own: {told}{more}."
    return [f"{said} If two are one plant, write them alike."]


def _plain(name: str) -> str:
    """Return a name without case and accents, and with one blank for several."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return " ".join(letters.casefold().split())


def _both_ways(edges: pd.DataFrame) -> pd.DataFrame:
    """Return edges, each followed by none but listed once more the other way, unless it is there already."""
    if not {"source", "target"} <= set(edges.columns):
        return edges
    back = edges.rename(columns={"source": "target", "target": "source"})[edges.columns]
    pairs = set(_pairs(edges))
    is_new = [pair not in pairs for pair in _pairs(back)]
    return pd.concat([edges, back[is_new]])


def _pairs(edges: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(map(str, edges["source"].tolist()), map(str, edges["target"].tolist()), strict=True))


class _Said:
    """What is said of a source, in one warning and in the notes of the network."""

    def __init__(self, asked_by: str) -> None:
        self._asked_by = asked_by
        self._sentences: list[tuple[str, bool]] = []

    def add(self, sentence: str, *, loud: bool) -> None:
        """Note a sentence; a loud one is a warning too."""
        self._sentences.append((sentence[0].upper() + sentence[1:], loud))

    def left_out(self, name: str, columns: list[Any], why: str, *, loud: bool) -> None:
        """Note columns that are left out."""
        if columns:
            words = ", ".join(f'"{column}"' for column in columns[:_NAMED])
            words += f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
            self.add(f"{words} of {name} left out: {why}.", loud=loud)

    @property
    def all(self) -> tuple[str, ...]:
        """All sentences."""
        return tuple(sentence for sentence, _ in self._sentences)

    def warn(self, depth: int) -> None:
        """Warn once, of all that is loud."""
        loud = [sentence for sentence, is_loud in self._sentences if is_loud]
        if loud:
            warnings.warn(f"{self._asked_by}: {' '.join(loud)}", ChainnetWarning, stacklevel=depth + 1)
