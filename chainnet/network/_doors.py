"""The doors of a network to graph libraries: networkx, igraph, pyvis, scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pandas as pd
from scipy.sparse import csr_array

from chainnet.network._convert import Parts, from_igraph, from_networkx, incidence, to_igraph, to_networkx
from chainnet.network._pictures import to_pyvis
from chainnet.network._reading import RESULTS, Reading


class Doors:
    """What a network takes from graph libraries and hands to them."""

    if TYPE_CHECKING:  # of the network itself
        name: str
        label: str
        year: int | None
        as_of: str | None
        main_commodity: tuple[str, ...]
        beneficiaries: tuple[str, ...]

        @property
        def opened_projects(self) -> pd.DataFrame: ...

        def view(self, table: str) -> pd.DataFrame: ...

    @classmethod
    def from_networkx(cls, graph: Any, *, two_way: bool = False, **given: Any) -> Self:
        """Return a network from a networkx digraph, or with ``two_way`` from any graph.

        A graph that ``to_networkx`` made comes back as the same network. Its nodes and edges count as they are now:
        rows of other tables that name a node which is gone are left out, with a warning.

        Parameters
        ----------
        graph : networkx graph
            Left as it is. Attributes bear the names of columns; see ``from_edges`` for other words. The names of nodes
            are their ids: an attribute ``id``, ``source`` or ``target`` that differs is left out, with a warning.
            ``capacity`` fills what ``capacity_tpa`` leaves blank. ``weight`` is read as a capacity, but not in a graph
            of ``to_networkx``.
        two_way : bool
        **given
            ``source``, ``sink``, ``rename``, ``ignore_unknown``, ``country_names`` and all else as of ``from_edges``.

        Raises
        ------
        DataError
            With every fault found; if there is neither a node nor an edge.

        Warns
        -----
        ChainnetWarning
            Once, of all that was inferred, recognised and left out.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("mag-9")
        >>> cn.Network.from_networkx(net.to_networkx()).digest == net.digest
        True
        """
        return cls._from_parts(
            from_networkx(graph, two_way), {"two_way": two_way, "asked_by": "from_networkx", **given}
        )

    @classmethod
    def from_igraph(cls, graph: Any, *, two_way: bool = False, **given: Any) -> Self:
        """Return a network from a directed igraph graph; the vertex attribute ``name``, else ``id``, is the id.

        All else as of ``from_networkx``.
        """
        return cls._from_parts(from_igraph(graph, two_way), {"two_way": two_way, "asked_by": "from_igraph", **given})

    @classmethod
    def _from_parts(cls, parts: Parts, given: dict[str, Any]) -> Self:
        how, more = Reading.split(given)
        frames = {table: frame for table, frame in parts.frames.items() if table not in more}
        words = {**parts.meta, RESULTS: parts.results, **more}
        made: Self = how.network(
            cls, frames, forgiving=True, closed=True, is_own=parts.is_own, depth=3, beside=parts.said, **words
        )
        return made

    def to_networkx(self, results: Any = None, *, simple: bool = False, onto: Any = None) -> Any:
        """Return a ``networkx.DiGraph``, or a ``MultiDiGraph`` where edges are parallel.

        Edges bear ``capacity`` (absent = no limit) and ``weight`` (the baseline flow, else the capacity) beside our
        columns, t/yr. The other tables, and edges of projects that are not built, go along as one JSON text in
        ``graph.graph["chainnet"]``, so that ``from_networkx`` gives the same network back.

        Parameters
        ----------
        results : result, table, or list or mapping of them, optional
            Answers whose losses, flows and prices become attributes of nodes and edges.
        simple : bool
            A ``DiGraph`` for algorithms alone: parallel edges are one, their capacities and flows added; no projects.
        onto : networkx graph, optional
            Your own graph, which gets the ``results`` alone and is handed back. Its ids may be numbers: they are
            compared as text. Of parallel edges, and of edges without a direction, nothing is said.

        Raises
        ------
        DataError
            If ``onto`` stands without results, or no node of it is a node of the network.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("mag-9")
        >>> graph = net.to_networkx(results=cn.chokepoints(net))
        >>> round(graph.nodes["H_CN"]["lost_tpa"], 6)
        40.0
        """
        return to_networkx(self, results, simple, onto)

    def to_igraph(self, results: Any = None, *, simple: bool = False) -> Any:
        """Return a directed ``igraph.Graph``; attributes, ``results`` and ``simple`` as of ``to_networkx``.

        An edge without a limit has the capacity ``inf``, since here every edge has every attribute.
        """
        return to_igraph(self, results, simple)

    def to_pyvis(self, results: Any = None) -> Any:
        """Return a ``pyvis.network.Network`` to change; ``chainnet.draw`` makes a page of it that opens offline.

        Parameters
        ----------
        results : result, table, or list or mapping of them, optional
            Answers whose numbers stand in the tooltip of nodes and edges.

        Notes
        -----
        Every node has a place, so nothing moves by itself. Names from data stay text in pyvis's own page too, as long
        as its ``select_menu`` is off; ``chainnet.draw`` has no such limit.

        Examples
        --------
        >>> import chainnet as cn
        >>> page = cn.read("mag-9").to_pyvis()
        >>> len(page.nodes), len(page.edges)
        (10, 15)
        """
        return to_pyvis(self, results)

    def incidence(self) -> tuple[csr_array, pd.Index, pd.MultiIndex]:
        """Return who ships and who takes as a matrix: nodes x edges, -1 where an edge leaves, +1 where it arrives.

        Returns
        -------
        csr_array
            Of the edges between nodes; those of projects that are not built have no column.
        Index
            Ids of the nodes, in the order of ``nodes``.
        MultiIndex
            source, target, commodity and row of each edge; ``row`` is its place in ``edges``, which tells parallel
            edges apart.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("mag-9")
        >>> matrix, nodes, edges = net.incidence()
        >>> gain = matrix @ net.edges["flow_tpa"].iloc[edges.get_level_values("row")].to_numpy()
        >>> matrix.shape, round(float(gain[nodes.get_loc("USE")]), 6)
        ((10, 15), 50.0)
        """
        return incidence(self)
