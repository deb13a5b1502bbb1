"""The nouns of a chain, each found here alone: its plants, their steps, places and labels, its goods, its order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from chainnet.network._kept import kept
from chainnet.network._schema import STAGES

Ints = np.ndarray[Any, np.dtype[np.int64]]


def plants_of(nodes: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Return nodes, then projects, one under the other, with ``is_project``; of a whole network ask ``plants``."""
    return pd.concat([nodes.assign(is_project=False), projects.assign(is_project=True)], ignore_index=True)


def step_of(rows: pd.DataFrame) -> pd.Series:
    """Return the step of each row, else its stage as the tables spell it; of a whole network ask ``steps``."""
    return rows["step"].fillna(rows["stage"])


def label_of(rows: pd.DataFrame) -> pd.Series:
    """Return the label of each row, else its id; of a whole network ask ``labels``."""
    return rows["label"].fillna(rows["id"])


def place_of(rows: pd.DataFrame) -> pd.Series:
    """Return the country of each row, else its region, else nothing; of a whole network ask ``places``."""
    return rows["country"].fillna(rows["region"])


def site_of(rows: pd.DataFrame) -> pd.Series:
    """Return the site of each row, else its id: who drops out with it."""
    return rows["site"].fillna(rows["id"])


def depths(tail: Ints, head: Ints, n: int) -> Ints:
    """Return how many links lie on the longest way to each of ``n`` points; those of one loop stand as deep as it.

    Parameters
    ----------
    tail, head : arrays of int
        Ends of the links.
    n : int

    Examples
    --------
    >>> import numpy as np
    >>> depths(np.array([0, 0, 1, 2]), np.array([1, 2, 2, 1]), 4).tolist()  # 1 and 2 are one loop
    [0, 1, 1, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(tail)), (tail, head)), shape=(n, n))
    n_loops, loop = connected_components(links, directed=True, connection="strong")
    a, b = loop[tail], loop[head]
    a, b = a[a != b], b[a != b]
    depth = np.zeros(n_loops, dtype=np.int64)
    while len(a):
        below = depth.copy()
        np.maximum.at(below, b, depth[a] + 1)
        if (below == depth).all():
            break
        depth = below
    return np.asarray(depth[loop], dtype=np.int64)


class Nouns:
    """What a network calls its parts. Each answer is found once and lives with its network: look, and change nothing.

    A table or column comes as a view, which costs nothing; what is assigned to it does not come back.
    """

    if TYPE_CHECKING:  # of the network itself

        def view(self, table: str) -> pd.DataFrame: ...

    @property
    def plants(self) -> pd.DataFrame:
        """Nodes, then projects, one under the other: their columns, and ``is_project`` (bool); a row for each."""
        return _plants(self).copy(deep=False)

    @property
    def steps(self) -> pd.Series:
        """Step of each plant (nodes, then projects) by id; without one its stage, as the tables spell it."""
        return _by_id(self, "step").copy(deep=False)

    @property
    def places(self) -> pd.Series:
        """Where each plant lies (nodes, then projects) by id: ISO code of its country, else its region, else NaN."""
        return _by_id(self, "place").copy(deep=False)

    @property
    def labels(self) -> pd.Series:
        """Label of each plant (nodes, then projects) by id; without one its id."""
        return _by_id(self, "label").copy(deep=False)

    @property
    def site_labels(self) -> pd.Series:
        """Label of each row of ``by="site"`` by id: of a site of several nodes with their number, else of its node.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.read("rare-earths").site_labels[["mountain_pass", "aus_mt_weld"]].tolist()
        ['Mountain pass (3 parts)', 'Mt Weld mine']
        """
        return _by_site(self).copy(deep=False)

    @property
    def chain(self) -> tuple[str, ...]:
        """Steps of the nodes from the mine to the last maker, recyclers behind; end uses are no step of it.

        A step stands at its first stage, inside it by the longest way from a step that needs none; ties by name.
        """
        return _chain(self)

    def basis(self, goods: str | Iterable[str] | None) -> str:
        """Return what a tonne of some commodities counts, without the t.

        Parameters
        ----------
        goods : str or iterable of str, optional
            Ids of commodities; None = none.

        Returns
        -------
        str
            Such as Nd; empty where nothing is said, or several things are.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.read("gallium").basis(["ga_primary", "gaas_wafer"])
        'Ga content'
        """
        table = self.view("commodities")
        named = [goods] if isinstance(goods, str) else list(goods or ())
        found = table.loc[table["id"].isin(named), "basis"].dropna().unique()
        return str(found[0]).removeprefix("t ") if len(found) == 1 else ""

    def good(self, name: object) -> str:
        """Return the label of a commodity, else its id; empty where it has no name.

        Parameters
        ----------
        name : str or missing
            Id of a commodity.
        """
        return _goods(self).get(name, name) if isinstance(name, str) else ""


@kept(1)
def site_labels(network: Nouns) -> dict[str, str]:
    """Return the sites that several nodes make up, and how people read them.

    Parameters
    ----------
    network : Network

    Returns
    -------
    dict of str to str
        ``nodes.site`` -> the operator, where it runs nothing else, or the id in words, with the number of parts.

    Examples
    --------
    >>> import chainnet as cn
    >>> site_labels(cn.read("rare-earths"))["mountain_pass"]
    'Mountain pass (3 parts)'
    """
    nodes = network.view("nodes")
    runs = network.plants["operator"].value_counts()
    out = {}
    for site, parts in nodes.dropna(subset=["site"]).groupby("site"):
        if len(parts) < 2:
            continue
        operators = parts["operator"].dropna().unique()
        alone = len(operators) == 1 and runs[operators[0]] == len(parts)
        words = re.sub("_", " ", str(site)) if re.fullmatch(r"[a-z0-9_]+", str(site)) else str(site)
        name = operators[0] if alone else words[:1].upper() + words[1:]
        out[str(site)] = f"{name} ({len(parts)} parts)"
    return out


@kept(1)
def _by_site(network: Nouns) -> pd.Series:
    nodes = network.view("nodes")
    units, labels = site_of(nodes), label_of(nodes)
    return pd.Series({**dict(zip(units, labels, strict=True)), **site_labels(network)}, dtype=object)


@kept(1)
def _plants(network: Nouns) -> pd.DataFrame:
    return plants_of(network.view("nodes"), network.view("projects"))


@kept(3)
def _by_id(network: Nouns, what: str) -> pd.Series:
    of = {"label": label_of, "step": step_of, "place": place_of}[what]
    tables = [table for table in (network.view("nodes"), network.view("projects")) if len(table)]
    found = [of(table).set_axis(pd.Index(table["id"])) for table in tables]
    return found[0] if len(found) == 1 else pd.concat(found) if found else pd.Series(dtype="str")


@kept(1)
def _chain(network: Nouns) -> tuple[str, ...]:
    nodes, edges = network.view("nodes"), network.view("edges")
    step = step_of(nodes).set_axis(pd.Index(nodes["id"]))
    rank = nodes["stage"].map(STAGES.index).groupby(step.to_numpy()).min()  # a refinery that also takes scrap
    stage = {str(name): STAGES[at] for name, at in rank.items()}
    inner = sorted(name for name, where in stage.items() if where != "end_use")
    at = {name: number for number, name in enumerate(inner)}
    links = {
        (at[a], at[b])
        for a, b in set(zip(step.reindex(edges["source"]), step.reindex(edges["target"]), strict=True))
        # what comes back from later stages aside
        if a in at and b in at and "recycler" not in (stage[a], stage[b])
        if STAGES.index(stage[a]) <= STAGES.index(stage[b])
    }
    tail, head = np.array(sorted(links), dtype=np.int64).reshape(-1, 2).T
    depth = depths(tail, head, len(inner))
    return tuple(sorted(inner, key=lambda name: (STAGES.index(stage[name]), depth[at[name]], name)))


@kept(1)
def _goods(network: Nouns) -> dict[str, str]:
    table = network.view("commodities")
    return dict(zip(table["id"], table["label"].fillna(table["id"]), strict=True))
