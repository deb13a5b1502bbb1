"""Which plants and users new suppliers cannot reach, because no link of theirs says that they may have any."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pandas as pd

from chainnet._types import records
from chainnet.errors import ChainnetWarning
from chainnet.network._fed import named
from chainnet.network._gate import Frames
from chainnet.network._kept import kept
from chainnet.network._network import Network

_SAID = 3  # rows that a warning names
_COLUMNS = ["id", "label", "stage", "commodity", "lacks", "words"]


@kept(1)
def unlinked_plants(network: Network) -> pd.DataFrame:
    """Return the nodes that can never find a supplier or a user of a good, even where new links are allowed.

    New links join makers and users that have a link of that good already, whatever it can carry. A node that needs or
    makes a good, and at which no row of ``edges`` with that good ends or begins, gets none.

    Parameters
    ----------
    network : Network
        Looked at as it was read: what a scenario took away is not missed.

    Returns
    -------
    DataFrame
        A row for each node and good that other nodes trade: id, label, stage, commodity, lacks (supplier or user),
        words. Inputs that stand in for each other are asked for together: one link is enough.

    Notes
    -----
    Cost: a few passes over nodes, recipes and edges; the answer stays with the network.

    Examples
    --------
    >>> import chainnet as cn
    >>> len(unlinked_plants(cn.read("mag-9")))
    0
    """
    frames = network.as_read
    nodes, edges = frames["nodes"], frames["edges"]
    traded = edges["commodity"].fillna("")
    goods = set(traded)
    gets, ships = (set(zip(edges[end], traded, strict=True)) for end in ("target", "source"))
    rows = [(name, good, "user") for name, good in _made(frames) if good in goods and (name, good) not in ships]
    for name, any_of in _needed(frames):
        if goods.intersection(any_of) and not any((name, good) in gets for good in any_of):
            rows.append((name, " or ".join(any_of), "supplier"))
    table = pd.DataFrame(rows, columns=["id", "commodity", "lacks"]).drop_duplicates()
    table = table.merge(nodes[["id", "label", "stage"]], on="id")  # in the order of the rows
    if not len(table):
        return pd.DataFrame(columns=_COLUMNS)
    return table.assign(words=[_words(row) for row in records(table)])[_COLUMNS].reset_index(drop=True)


def _made(frames: Frames) -> list[tuple[str, str]]:
    """Return each node with each good that its process makes."""
    lines = frames["processes"]
    made = lines[lines["role"].isin(["output", "coproduct", "byproduct"])][["process", "commodity"]]
    plants = frames["nodes"][["id", "process"]].dropna().merge(made, on="process")
    return list(zip(plants["id"], plants["commodity"], strict=True))


def _needed(frames: Frames) -> list[tuple[str, tuple[str, ...]]]:
    """Return each node with the goods that it asks for: any of them does."""
    demand, lines = frames["demand"], frames["processes"]
    asked = zip(demand["node"], demand["commodity"].fillna(""), strict=True)
    needs: list[tuple[str, tuple[str, ...]]] = [(name, (good,)) for name, good in asked]
    inputs = lines[lines["role"] == "input"][["process", "commodity", "group"]]
    of: dict[str, dict[str, tuple[str, ...]]] = {}
    for process, good, group in inputs.itertuples(index=False, name=None):
        lines_of = of.setdefault(process, {})
        key = f"group {group}" if isinstance(group, str) else f"input {good}"
        lines_of[key] = (*lines_of.get(key, ()), good)
    plants = frames["nodes"][["id", "process"]].dropna()
    for name, process in zip(plants["id"], plants["process"], strict=True):
        needs += [(name, any_of) for any_of in of.get(process, {}).values()]
    return needs


def _words(row: dict[str, str]) -> str:
    """Say of one node what it cannot find, why, and what to do."""
    does, end = ("needs", "ends") if row["lacks"] == "supplier" else ("makes", "begins")
    good = row["commodity"] or "goods"
    return (
        f"{named(row)} ({row['stage']}) {does} {good}, but no row of edges with {good} {end} there: "
        f"it finds no new {row['lacks']} either. If it may have one, add a row with capacity_tpa 0."
    )


def say_unlinked(network: Network, stacklevel: int = 2) -> None:
    """Warn of users that new suppliers cannot reach, by their names."""
    table = unlinked_plants(network)
    said = table.loc[table["lacks"] == "supplier", "words"]
    if len(said):
        more = f" {len(said) - _SAID} more are in the table unlinked of check." if len(said) > _SAID else ""
        warnings.warn(f"{network.name}: {' '.join(said[:_SAID])}{more}", ChainnetWarning, stacklevel=stacklevel + 1)


def say_idle(network: Network, projects: Sequence[str], stacklevel: int = 2) -> None:
    """Warn of projects that are named and cannot change an answer: they run already, or have no edge."""
    apart = set(network.unrelated["id"])
    why = {
        "runs already at this date": [name for name in projects if name in network.built_projects],
        "has no edge": [name for name in projects if name in apart],
    }
    said = [f"{', '.join(names)} {reason}" for reason, names in why.items() if names]
    if said:
        words = f"projects: {'; '.join(said)}: naming it changes nothing."
        warnings.warn(words, ChainnetWarning, stacklevel=stacklevel + 1)
