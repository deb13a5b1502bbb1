"""``Network``: validated, ordered tables that never change.

The constructor is the gate: after it nobody checks again. Transforms return a new network.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Words
from chainnet.errors import ChainnetWarning, DataError, UnknownIdError
from chainnet.network._countries import OUTSIDE, Groups, collect_groups, common_groups, expand, graphs_folder
from chainnet.network._dated import Dated
from chainnet.network._dates import day_of
from chainnet.network._doors import Doors
from chainnet.network._gate import Frames, Gate, member
from chainnet.network._kept import reduced, state_of
from chainnet.network._nouns import Nouns
from chainnet.network._order import baseline_of, canonical, digest_of, ends_of, html_of, sort_tables, trade_of
from chainnet.network._projects import nothing_built, opened_parts, put_up, unread_statuses
from chainnet.network._reading import Reading
from chainnet.network._roles import roles_of
from chainnet.network._rows import Rows
from chainnet.network._rules import check_main, check_rules, check_where, check_whose
from chainnet.network._scale import scaled, with_rows, without_rows
from chainnet.network._schema import DEFAULT_TIERS, TABLES
from chainnet.network._select import edge_rows, finite_capacity, matches, meant_by, unrelated_of
from chainnet.network._tidy import BLANKS

Ints = np.ndarray[Any, np.dtype[np.intp]]
Where = Mapping[str, "str | Sequence[str]"]
# what a network is made of; all else is found from it
_PUBLIC = ("name", "label", "year", "as_of", "main_commodity", "beneficiaries", "folder")
_STATE = (*_PUBLIC, "_frames", "_origin", "_gone", "_built", "_said", "_rules", "_scenarios")


class Network(Nouns, Dated, Doors):
    """A supply chain as tables: who makes what from what, who ships to whom, who asks for it.

    Parameters
    ----------
    nodes, edges : DataFrame
        The two tables that must be there; only ``id``, ``stage`` and ``source``, ``target`` are required.
    commodities, processes, demand, stocks, projects, stakes, qualification, cover, contracts, \
service, rules, hazards, groups, owners, tiers, totals, figures, references : DataFrame, optional
        The other tables of the schema. Missing cells are unknown, never zero; a missing or
        an infinite capacity is no limit. Capacities and flows in t/yr, costs in USD/t.
    name : str
        Name of the graph.
    main_commodity : str or list of str, optional
        What losses and rankings count; several must be on one basis, their tonnes then add.
    beneficiaries : list of str, optional
        Countries or groups whose demand counts; none = all.
    year : int, optional
        The base year: that of the baseline flows, of demand and of recipes.
    as_of : str, optional
        The date at which the chain stands, such as "2026-11-30"; a month or a year is its last day. Projects whose
        ``status`` says that they run then are plants, at the size that their ramp has reached. None = nobody opened
        anything since the base year. No part of the digest, as the year is none.
    label : str
        Title for people.
    folder : Path, optional
        Where the tables came from; its scenarios belong to the network. No part of the digest.
    files : mapping of str to str, optional
        File name of each table, for the messages.
    notes : sequence of str
        What one should know beside the tables, a sentence each; no part of the digest.
    inferred : Series of str, optional
        By id: the rule by which a stage was found that nobody gave.
    opened : DataFrame, optional
        Rows of projects, at full size, that stand among the nodes by the date already, as a graph carries them.

    Raises
    ------
    DataError
        With every fault of every table.

    See Also
    --------
    read, write, from_trade

    Examples
    --------
    >>> import chainnet as cn
    >>> import pandas as pd
    >>> net = cn.Network(
    ...     nodes=pd.DataFrame({"id": ["pit", "user"], "stage": ["mine", "end_use"]}),
    ...     edges=pd.DataFrame({"source": ["pit"], "target": ["user"], "capacity_tpa": [3.0]}),
    ... )
    >>> float(cn.max_flow(net).value_tpa)
    3.0
    """

    name: str
    label: str
    year: int | None
    as_of: str | None
    main_commodity: tuple[str, ...]
    beneficiaries: tuple[str, ...]
    folder: Path | None
    # as the gate settled them; as they were before anything was removed; what was removed; what was built
    _frames: Frames
    _origin: Frames
    _gone: frozenset[str]
    _built: pd.DataFrame
    _said: tuple[str, ...]  # sentences on how it was read
    _rules: Mapping[str, str]  # the rule of each stage that was not given
    _scenarios: Mapping[str, str]  # TOML text by name, where no folder holds them

    commodities = Rows()
    nodes = Rows()
    processes = Rows()
    edges = Rows()
    demand = Rows()
    stocks = Rows()
    projects = Rows()
    stakes = Rows()
    qualification = Rows()
    cover = Rows()
    contracts = Rows()
    service = Rows()
    rules = Rows()
    hazards = Rows()
    groups = Rows()
    owners = Rows()
    tiers = Rows()
    totals = Rows()
    figures = Rows()
    references = Rows()

    def __init__(
        self,
        nodes: pd.DataFrame | None = None,
        edges: pd.DataFrame | None = None,
        *,
        name: str = "network",
        main_commodity: str | Sequence[str] | None = None,
        beneficiaries: str | Sequence[str] | None = None,
        year: int | None = None,
        as_of: object = None,
        label: str = "",
        folder: Path | None = None,
        files: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
        inferred: pd.Series | None = None,
        opened: pd.DataFrame | None = None,
        **tables: pd.DataFrame | None,
    ) -> None:
        gate = Gate(files)
        given: dict[str, pd.DataFrame | None] = {"nodes": nodes, "edges": edges, **tables}
        for table in given:
            checks.known(table, TABLES, "Network", "table")
        frames: Frames = {}
        for table, schema in TABLES.items():
            if schema.required and given.get(table) is None:
                gate.fault(table, None, "", None, "the table is missing", "Give it.")
            frames[table] = gate.parse(table, given.get(table))
        check_rules(gate, frames, common_groups())
        main, whose = _words(main_commodity), _words(beneficiaries)
        gate.words(name=name, title=label, main_commodity=main, beneficiaries=whose)
        check_main(gate, frames, main)
        check_whose(gate, frames, whose, common_groups())
        gate.done()
        frames, ends = sort_tables(gate, frames)
        day = None if as_of is None else day_of(as_of)
        built = nothing_built()
        if opened is not None and day is not None:
            rows = Gate(files).parse("projects", opened)
            built = rows.assign(part=opened_parts(rows, day).to_numpy(), is_opened=True)
        self.__dict__.update(
            _frames=frames,
            edge_ends=ends,  # found once, here, not in every question
            name=name,
            label=label or name,
            year=year,
            as_of=None if day is None else day.isoformat(),
            main_commodity=main,
            beneficiaries=whose,
            folder=folder,
            _origin=frames,
            _gone=frozenset(),
            _built=built,
            _said=(*notes, *_warned(unread_statuses(frames["projects"]))),
            _rules={} if inferred is None else dict(zip(inferred.index.to_numpy(dtype=object), inferred, strict=True)),
            _scenarios={},
        )
        done = None if day is None else put_up(frames, built, opened_parts(frames["projects"], day), by_date=True)
        if done is not None:
            now = {**frames, **done[0]}
            self.__dict__.update(_frames=now, _built=done[1], edge_ends=ends_of(now))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"Network is frozen: {name} cannot be set; transforms return a new network")

    def __copy__(self) -> Network:
        new = object.__new__(Network)
        new.__dict__.update(state_of(self))
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"Network is frozen: {name} cannot be deleted")

    def __repr__(self) -> str:
        f = self._frames
        return (
            f"<Network {self.name!r}: {len(f['nodes'])} nodes, {len(f['edges'])} edges, "
            f"{len(f['demand'])} demands, {len(f['projects'])} projects, digest {self.digest[:12]}>"
        )

    def _repr_html_(self) -> str:
        return html_of(self.label, self.digest, self._frames)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical tables and of what the network counts, as hex text."""
        return digest_of(self._frames, self.main_commodity, self.beneficiaries)

    @property
    def groups_known(self) -> Groups:
        """Group name -> member countries: those of every graph and the network's own."""
        return dict(self._groups)

    @cached_property
    def _groups(self) -> Groups:
        own = self._frames["groups"]
        return {**common_groups(), **collect_groups(zip(own["group"], own["country"], strict=True))}

    @cached_property
    def tier_order(self) -> tuple[str, ...]:
        """Tiers of demand, first served first."""
        tiers = self._frames["tiers"]
        if tiers.empty:
            return DEFAULT_TIERS
        return tuple(tiers.sort_values(["rank", "tier"])["tier"])

    @property
    def as_read(self) -> Frames:
        """Tables by name, as they were before anything was removed; the digest does not cover what is gone."""
        frames: Frames = self._origin
        return frames

    @property
    def baseline(self) -> pd.Series:
        """Baseline output of each node, t/yr, by id: main output where there is a process, else throughput."""
        return self._baseline.copy()

    @cached_property
    def _baseline(self) -> pd.Series:
        return baseline_of(self.as_read)

    @property
    def trade(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Who trades what, as the tables had it before anything was removed.

        (kinds, ends): kinds of nodes that trade a commodity (commodity, a, b; a step or stage each), and
        who ships or takes it (id, commodity, side).
        """
        kinds, ends = self._trade
        return kinds.copy(), ends.copy()

    @cached_property
    def _trade(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return trade_of(self.as_read)

    @cached_property
    def edge_ends(self) -> tuple[Ints, Ints]:
        """Positions of source and target of each edge in ``nodes``; -1 where the end is an unbuilt project."""
        return ends_of(self._frames)

    # -- views ----------------------------------------------------------------------------------

    def view(self, table: str) -> pd.DataFrame:
        """Return a table to look at, which costs nothing; who may change it takes the attribute, a copy."""
        return self._frames[table].copy(deep=False)

    def resolve(self, words: str | Iterable[str], where: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return (countries, regions) that the country words stand for; see ``countries.expand``."""
        return expand([words] if isinstance(words, str) else words, self._groups, where)

    def in_countries(
        self, frame: pd.DataFrame, words: str | Iterable[str], where: str, column: str = "country"
    ) -> Bools:
        """Return a boolean array: which rows of ``frame`` lie in the countries or groups named, "!CHN" = outside."""
        words = [words] if isinstance(words, str) else [str(word) for word in words]
        left_out = [word.removeprefix(OUTSIDE) for word in words if word.startswith(OUTSIDE)]
        if left_out:
            named = [word for word in words if not word.startswith(OUTSIDE)]
            outside = ~self.in_countries(frame, left_out, where, column)
            return outside & self.in_countries(frame, named, where, column) if named else outside
        countries, regions = self.resolve(words, where)
        inside = member(frame[column], countries)
        if column == "country" and regions and "region" in frame.columns:
            inside |= frame["country"].isna().to_numpy() & member(frame["region"], regions)
        return inside

    def matches(self, table: str, where: Where, argument: str = "where") -> Bools:
        """Return a boolean array: which rows of ``table`` match every column named in ``where``.

        Raises
        ------
        DataError
            If neither nodes, stocks nor projects have a column of that name.
        """
        check_where(where, argument)
        return matches(table, self._frames[table], self._built, where, argument, self.in_countries)

    def check_nodes(self, ids: Iterable[str], argument: str) -> list[str]:
        """Return ``ids`` as text; raise UnknownIdError for one that is neither node nor project."""
        known = set(self._frames["nodes"]["id"]) | set(self._frames["projects"]["id"]) | self._gone
        out = [str(i) for i in ([ids] if isinstance(ids, str) else ids)]
        for i in out:
            if i not in known:
                checks.known(i, known, argument, "id", meant_by(i, known, self._groups), UnknownIdError)
        return out

    # -- transforms -----------------------------------------------------------------------------

    @property
    def gone(self) -> frozenset[str]:
        """Ids of the nodes and projects that ``without`` took away."""
        return frozenset(name for name in self._gone if "\x1f" not in name)

    @property
    def built_projects(self) -> frozenset[str]:
        """Ids of the nodes that were projects: built by name (``with_projects``), or opened by the date (``at``)."""
        return frozenset(self._built["id"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What one should know of the network beside its tables, a sentence each."""
        return self._said

    @property
    def roles(self) -> pd.DataFrame:
        """Who is what, and how that is known: id, stage, origin (given or inferred), rule (empty where given)."""
        return roles_of(self._frames["nodes"], self._rules)

    @property
    def unrelated(self) -> pd.DataFrame:
        """What no relation reaches: table, id, label, is_fit (False: months refuse it), words."""
        return unrelated_of(self._frames)

    def _replace(self, frames: Frames, **changed: Any) -> Network:
        state = {field: self.__dict__[field] for field in _STATE}
        new = object.__new__(Network)
        new.__dict__.update(state | {"_frames": {**self._frames, **frames}} | changed)
        return new

    def without(
        self,
        nodes: Iterable[str] = (),
        edges: Iterable[Sequence[str]] = (),
        where: Where | None = None,
    ) -> Network:
        """Return a network without some nodes or edges.

        Parameters
        ----------
        nodes : iterable of str
            Ids of nodes or projects; their edges, demand and stocks go with them.
        edges : iterable of (source, target) or (source, target, commodity)
            All rows between the two go.
        where : mapping, optional
            Column -> value or list of values; removes nodes (never end uses), stocks and projects
            that match in every column named. Countries may be ISO codes or group names.

        Raises
        ------
        UnknownIdError
            If an id or an edge does not exist.
        DataError
            If ``where`` names a column that neither nodes, stocks nor projects have.
        """
        f = self._frames
        edges = list(edges)
        out = set(self.check_nodes(nodes, "without(nodes=...)"))
        stocks_out = np.zeros(len(f["stocks"]), dtype=bool)
        if where is not None:
            hit = self.matches("nodes", where) & (f["nodes"]["stage"] != "end_use").to_numpy()
            out |= set(f["nodes"]["id"][hit]) | set(f["projects"]["id"][self.matches("projects", where)])
            stocks_out = self.matches("stocks", where)
        edge_out = f["edges"]["source"].isin(out).to_numpy() | f["edges"]["target"].isin(out).to_numpy()
        edge_out |= self.edge_rows(edges, "without(edges=...)")
        stocks_out = stocks_out | f["stocks"]["node"].isin(out).to_numpy()
        gone = frozenset(out) | {"\x1f".join(map(str, pair[:2])) for pair in edges}
        return self._replace(without_rows(f, out, edge_out, stocks_out), _gone=self._gone | gone)

    def edge_rows(self, pairs: Iterable[Sequence[str]], argument: str) -> Bools:
        """Return a boolean array: which rows of ``edges`` lie between the pairs named.

        Raises
        ------
        UnknownIdError
            If no row lies between a pair.
        """
        return edge_rows(self._frames["edges"], self._gone, pairs, argument)

    def scale(self, where: Where, share: float) -> Network:
        """Return a network in which what matches keeps ``share`` of its capacity.

        Reaches nodes (never end uses), stocks (tonnes, yearly release and room alike) and projects.
        A node without a limit takes its baseline as capacity; share 1 changes nothing, share 0 stops the
        node, its edges and the stocks that lie there.

        Raises
        ------
        DataError
            If the share is negative or not finite, or a row without a limit has no baseline.
        """
        share = checks.share(share, "scale(share=...)")
        if share == 1.0:
            check_where(where, "where")
            return self
        hits = {table: self.matches(table, where) for table in ("nodes", "projects", "stocks")}
        hits["nodes"] &= (self._frames["nodes"]["stage"] != "end_use").to_numpy()
        finite = {table: self.finite_capacity(table, hits[table] & (share > 0)) for table in ("nodes", "projects")}
        frames, built = scaled(self._frames, self._built, hits, finite, share)
        return self._replace(frames, _built=built)

    def finite_capacity(self, table: str, hit: Bools) -> Array:
        """Return capacities, t/yr, in which ``hit`` rows without a limit have their baseline.

        Raises
        ------
        DataError
            If such a row has no baseline flow.
        """
        return finite_capacity(table, self._frames[table], hit, lambda: self._baseline)

    def with_projects(self, ids: Iterable[str]) -> Network:
        """Return a network in which the projects named are built; a removed project stays away.

        Raises
        ------
        UnknownIdError
            If an id is no project.
        """
        known = set(self._frames["projects"]["id"])
        names = [str(i) for i in ([ids] if isinstance(ids, str) else ids)]
        for i in names:
            if i not in self._gone and i not in set(self._frames["nodes"]["id"]):
                checks.known(i, known, "with_projects", "project", error=UnknownIdError)
        return self._put_up(pd.Series(1.0, index=pd.Index(dict.fromkeys(names), dtype=object)))

    def _put_up(self, parts: pd.Series, *, by_date: bool = False) -> Network:
        done = put_up(self._frames, self._built, parts, by_date=by_date)
        return self if done is None else self._replace(done[0], _built=done[1])

    def with_demand(self, demand: pd.DataFrame) -> Network:
        """Return a network with another demand table; see ``with_table``."""
        return self.with_table("demand", demand)

    def with_table(self, table: str, frame: pd.DataFrame) -> Network:
        """Return a network with another table in the place of one, checked as at the gate.

        It answers as ``Network(...)`` of the same tables does. What ``without`` took away before stays known.

        Parameters
        ----------
        table : str
            A name of a table, such as stocks.
        frame : DataFrame
            Its columns; optional ones may be left out.

        Raises
        ------
        DataError
            With every fault of the table, or if there is no such table.
        """
        checks.known(table, TABLES, "with_table", "table")
        gate = Gate()
        parsed = gate.parse(table, frame)
        check_rules(gate, {**self._frames, table: parsed}, common_groups(), table)
        gate.done()
        rows = canonical(table, parsed)
        said = (*self._said, *_warned(unread_statuses(rows))) if table == "projects" else self._said
        return self._replace({table: rows}, _said=said, _origin=with_rows(self._origin, self._frames, table, rows))

    @property
    def own_scenarios(self) -> dict[str, str]:
        """Scenarios that the network holds without a folder, as a joined or merged one does: name -> TOML text."""
        return dict(self._scenarios)

    def with_scenarios(self, texts: Mapping[str, str]) -> Network:
        """Return a network that holds scenarios of its own: name -> TOML text; ``write`` puts them into the folder."""
        return self._replace({}, _scenarios=dict(texts))

    @property
    def scenario_folder(self) -> Path | None:
        """The folder that holds the scenarios: beside the tables, or of the shipped graph of that name; else None."""
        if self._scenarios:
            return None
        is_plain = self.name == Path(self.name).name.strip(".")
        found = Path(self.folder or graphs_folder() / (self.name if is_plain else "none")) / "scenarios"
        return found if found.is_dir() else None

    # -- constructors and exits -----------------------------------------------------------------

    @classmethod
    def from_edges(
        cls,
        edges: pd.DataFrame,
        nodes: pd.DataFrame | None = None,
        *,
        source: Words = None,
        sink: Words = None,
        two_way: bool = False,
        rename: Mapping[str, str] | None = None,
        ignore_unknown: bool = False,
        country_names: bool = False,
        decimal: str | None = None,
        **meta: Any,
    ) -> Network:
        """Return a network from bare capacities.

        Parameters
        ----------
        edges : DataFrame
            ``source``, ``target``, ``capacity_tpa`` (missing or inf = no limit) and any edge column.
        nodes : DataFrame, optional
            ``id``, ``stage`` and any node column. A stage given is used; where it is blank, and for the ids not
            listed, it is inferred: no way in = mine, no way out = end_use, else refiner.
        source, sink : str or list of str, optional
            Nodes where goods come from (mine), and that take them (end_use). All others then pass goods on; where
            only one of the two is given, the other end is inferred.
        two_way : bool
            Every edge is open both ways, as a track of a railway is; one that is listed both ways stays as it is.
        rename : mapping of str to str, optional
            Column as it stands -> column of the tables. ``weight`` and ``capacity`` are read as capacity_tpa (the
            weight is left out beside a capacity), ``flow`` and ``value`` as flow_tpa without being named here.
        ignore_unknown : bool
            Leave out what no table knows, instead of refusing it.
        country_names : bool
            Take names and common abbreviations of countries for their codes.
        decimal : {".", ","}, optional
            The decimal mark of numbers that are text; default as each column shows it.
        **meta
            ``name``, ``main_commodity``, ``beneficiaries``, ``year``, ``label``, other tables.

        Raises
        ------
        DataError
            With every fault found.
        UnknownIdError
            If a source or sink is no node.

        Warns
        -----
        ChainnetWarning
            Once, of all that was inferred, recognised and left out. ``notes`` keeps it.

        Examples
        --------
        >>> import pandas as pd
        >>> rail = pd.DataFrame([("s", "a", 4), ("s", "b", 3), ("a", "b", 9), ("a", "t", 2), ("b", "t", 6)])
        >>> net = Network.from_edges(rail.set_axis(["source", "target", "capacity_tpa"], axis=1), source="s", sink="t")
        >>> net.roles["rule"].tolist()
        ['neither a source nor a sink', 'neither a source nor a sink', 'named as a source', 'named as a sink']
        """
        how = Reading(
            source, sink, two_way, rename or {}, ignore_unknown, country_names, decimal=decimal, asked_by="from_edges"
        )
        return how.network(cls, {"nodes": nodes, "edges": edges}, forgiving=True, **meta)


def _words(words: str | Sequence[str] | None) -> tuple[str, ...]:
    return tuple(str(word).strip(BLANKS) for word in ([words] if isinstance(words, str) else words or ()))


def _warned(sentences: list[str]) -> list[str]:
    """Return sentences of which the caller of the package has been warned."""
    for sentence in sentences:
        warnings.warn(sentence, ChainnetWarning, stacklevel=4)
    return sentences


def check_network(value: object) -> None:
    """Raise DataError for what is no network: a name, a graph of another library, a table."""
    if not isinstance(value, Network):
        raise DataError(
            f"network: a {type(value).__name__} is no Network. Read one with chainnet.read, or make it with "
            "Network.from_networkx or Network.from_edges."
        )
