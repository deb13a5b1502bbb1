"""Projects of a network: what their status says, how far their ramp is, and how one becomes a node."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd

from chainnet._types import Array, Bools
from chainnet.network._dates import first_day, month_of
from chainnet.network._gate import Frames, empty
from chainnet.network._order import canonical
from chainnet.network._schema import TABLES

State = Literal["running", "building", "decided", "undecided", "idle"]

# what a status says, before its date if it has one; hyphens are read as blanks
_PHRASES: dict[State, str] = {
    "running": "running|operating|operational|in operation|in production|in service|on stream|producing|shipping|"
    "ramping|ramping up|built|completed|commissioned|opened|restarted|started|started up|start up|startup",
    "building": "building|being built|under construction|in construction|construction|commissioning|site preparation",
    "decided": "decided|approved|committed|funded|financed",
    "idle": "idle|idled|mothballed|(?:in |on |under )?care and maintenance",
}
_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?"
)
_SINCE = (
    rf"(?: (?:since|in))?(?: (?:early|mid|late|(?:the )?end of|q[1-4]|h[12]|{_MONTH}|\d{{1,2}}))*"
    r"(?: of)?(?: \d{4})?(?: \d{1,2}){0,2}"
)
_STATES = {state: re.compile(f"(?:{words}){_SINCE}") for state, words in _PHRASES.items()}
_BEGINS = re.compile(rf"(?:{'|'.join(_PHRASES.values())})\b")
# what there is to do about a project, by how far it is
_VERBS: dict[State, str] = {
    "running": "Secure the offtake of",
    "building": "Protect the date of",
    "decided": "Hold to the decision on",
    "undecided": "Fund",
    "idle": "Restart",
}
_NAMED = 12  # projects that a sentence names
# a figure of a project's own size, which its ramp has reached in part
_SIZES = ("capacity_tpa", "low", "high")


def _said(status: object) -> str:
    """Return the words of a status before its first comma, hyphens as blanks."""
    return re.sub(r"[\s\-‐‑–_]+", " ", status.split(",")[0]).strip().casefold() if isinstance(status, str) else ""


def state_of(status: object, day: date | None = None) -> State:
    """Return how far a project is by its ``status``: the words before the first comma, with a date or without one.

    Parameters
    ----------
    status : str or missing
    day : date, optional
        A plant that runs since a later year than this does not run yet.

    Returns
    -------
    {"running", "building", "decided", "undecided", "idle"}
        Empty, or any other words, is undecided: "started construction" is no plant that started.

    Examples
    --------
    >>> state_of("operating, ramping"), state_of("Under construction"), state_of("producing from 2029")
    ('running', 'building', 'undecided')
    """
    words = _said(status)
    state: State = next((state for state, phrase in _STATES.items() if phrase.fullmatch(words)), "undecided")
    years = [int(year) for year in re.findall(r"\b\d{4}\b", words)]
    return "undecided" if state == "running" and day is not None and max(years, default=0) > day.year else state


def unread_statuses(projects: pd.DataFrame) -> list[str]:
    """Return a sentence on statuses that begin as a known one and go on otherwise, which count as undecided.

    Examples
    --------
    >>> unread_statuses(pd.DataFrame({"id": ["p"], "status": ["started construction"]}))[0].partition(". ")[0]
    'Status not understood, so the project counts as undecided: p "started construction"'
    """
    odd = [
        f'{name} "{status}"'
        for name, status in zip(projects["id"].tolist(), projects["status"].tolist(), strict=True)
        if _BEGINS.match(_said(status)) and state_of(status) == "undecided"
    ]
    if not odd:
        return []
    who = "the project counts" if len(odd) == 1 else "the projects count"
    more = f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
    cure = "Write running, building, decided, idle or undecided before a comma, and the details after it."
    return [f"Status not understood, so {who} as undecided: {'; '.join(odd[:_NAMED])}{more}. {cure}"]


def verb_of(status: object) -> str:
    """Return what there is to do about a project by its ``status``: what runs needs no money, but a buyer.

    Examples
    --------
    >>> verb_of("operating, ramping"), verb_of("under construction"), verb_of(None)
    ('Secure the offtake of', 'Protect the date of', 'Fund')
    """
    return _VERBS[state_of(status)]


def ramp_reached(start: Array, ramp: Array, year: float, late: Array | float = 0.0) -> Array:
    """Return the part of its size that each project has in a year.

    Output rises in equal steps from the start year over the years of the ramp; what has no start year
    stands whole in every year.

    Parameters
    ----------
    start, ramp : arrays
        Year of the first output (NaN = none), years from it to full output.
    year : float
    late : array or float
        Years by which each starts late.
    """
    steps = (year - start - late + 1.0) / (ramp + 1.0)
    return np.asarray(np.where(np.isnan(start), 1.0, np.clip(steps, 0.0, 1.0)), dtype=float)


def begins_of(projects: pd.DataFrame) -> Array:
    """Return the number of the first month of each project's output: ``start``, else January of ``start_year``."""
    year = projects["start_year"].to_numpy(dtype=float)
    months = [month_of(first_day(text)) if isinstance(text, str) else np.nan for text in projects["start"]]
    return np.where(np.isnan(months), year * 12.0, np.array(months, dtype=float))


def first_years(projects: pd.DataFrame) -> Array:
    """Return the year of each project's first output; NaN = available in every year."""
    return np.asarray(np.floor(begins_of(projects) / 12.0), dtype=float)


def ramp_in(projects: pd.DataFrame, month: Array | float) -> Array:
    """Return the part of its size that each project has in a month (a number, as ``month_of`` gives it).

    Output rises in equal steps, one at the start and one each twelve months after it, over the years of the ramp; what
    has no start stands whole in every month. With an array of months a column stands for each.
    """
    begin, ramp = begins_of(projects), projects["ramp_years"].fillna(0.0).to_numpy(dtype=float)
    at = np.asarray(month, dtype=float)
    if at.ndim:
        begin, ramp = begin[:, None], ramp[:, None]
    steps = np.floor((at - begin) / 12.0) + 1.0
    return np.asarray(np.where(np.isnan(begin), 1.0, np.clip(steps / (ramp + 1.0), 0.0, 1.0)), dtype=float)


def opened_parts(projects: pd.DataFrame, day: date) -> pd.Series:
    """Return the part of its size that each project which runs has at a day, by id; 0 for all others."""
    runs = np.array([state_of(status, day) == "running" for status in projects["status"]], dtype=bool)
    parts = ramp_in(projects, float(month_of(day)))
    return pd.Series(np.where(runs, parts, 0.0), index=projects["id"], dtype=float)


@cache
def nothing_built() -> pd.DataFrame:
    """Return the empty table of what was built: rows of projects at full size, and what of each stands.

    ``part`` is what stands of it; ``is_opened`` whether it stands by the date of the network, not by name. Callers must
    not change it.
    """
    return empty("projects").assign(part=np.empty(0), is_opened=np.empty(0, dtype=bool))


def put_up(
    frames: Frames, built: pd.DataFrame, parts: pd.Series, *, by_date: bool = False
) -> tuple[Frames, pd.DataFrame] | None:
    """Make nodes of projects, or let what stands in part grow.

    Parameters
    ----------
    frames : Frames
    built : DataFrame
        What was built before.
    parts : Series
        Part of its size by id; 0 = it stays as it is.
    by_date : bool
        Whether it stands by the date of the network; else by name.

    Returns
    -------
    (Frames, DataFrame) or None
        Tables that changed and all that is built; None where nothing changed.
    """
    projects = frames["projects"]
    share = parts.reindex(projects["id"]).fillna(0.0).to_numpy(dtype=float)
    stands = share > 0
    older = built.assign(part=np.fmax(built["part"], parts.reindex(built["id"]).to_numpy(dtype=float)))
    named = built["id"].isin(parts.index[parts.to_numpy() > 0]).to_numpy()
    older["is_opened"] = built["is_opened"].to_numpy(dtype=bool) & (by_date | ~named)  # what is built by name stays so
    if not stands.any() and older[["part", "is_opened"]].equals(built[["part", "is_opened"]]):
        return None
    rows = projects[stands].assign(part=share[stands], is_opened=by_date)
    nodes = _sized(frames["nodes"], older[(older["part"] > built["part"]).to_numpy()])
    if len(rows):
        new = rows[TABLES["nodes"].names].copy()
        for column in _SIZES:
            new[column] = rows[column] * rows["part"]
        nodes = canonical("nodes", pd.concat([nodes, new], ignore_index=True))
    left = projects if not stands.any() else projects[~stands].reset_index(drop=True)
    return {"nodes": nodes, "projects": left}, pd.concat([older, rows], ignore_index=True)


def taken_down(frames: Frames, built: pd.DataFrame) -> tuple[Frames, pd.DataFrame] | None:
    """Make projects again of what stands by the date of the network; None where nothing does."""
    opened = built["is_opened"].to_numpy(dtype=bool)
    back = built[opened & built["id"].isin(frames["nodes"]["id"]).to_numpy()]
    if not opened.any():
        return None
    nodes = frames["nodes"][~frames["nodes"]["id"].isin(back["id"]).to_numpy()].reset_index(drop=True)
    rows = back[TABLES["projects"].names]
    projects = canonical("projects", pd.concat([frames["projects"], rows], ignore_index=True))
    return {"nodes": nodes, "projects": projects}, built[~opened].reset_index(drop=True)


def _sized(nodes: pd.DataFrame, grown: pd.DataFrame) -> pd.DataFrame:
    """Return nodes in which those that have grown have the size that they have reached."""
    if grown.empty:
        return nodes
    known = grown.set_index("id")
    hit = nodes["id"].isin(known.index).to_numpy()
    rows = known.loc[nodes["id"][hit]]
    nodes = nodes.copy()
    for column in _SIZES:
        nodes.loc[hit, column] = (rows[column] * rows["part"]).to_numpy()
    return nodes


def scaled_wholes(built: pd.DataFrame, nodes: pd.DataFrame, hit: Bools, share: float) -> tuple[pd.DataFrame, Array]:
    """Scale what was built: its full size too, so that the order of scaling and building is free.

    Parameters
    ----------
    built, nodes : DataFrame
        Nodes as they were before.
    hit : boolean array over the nodes
    share : float

    Returns
    -------
    (DataFrame, array)
        What is built, and the capacity of each node after the scaling, t/yr; NaN where it is any other node.
    """
    capacity = np.full(len(nodes), np.nan)
    reached = built["id"].isin(nodes["id"][hit]).to_numpy()
    if not reached.any():
        return built, capacity
    scaled = built.assign(capacity_tpa=built["capacity_tpa"].mask(reached, built["capacity_tpa"] * share))
    before, after = (
        (table["capacity_tpa"] * table["part"])[reached].set_axis(table["id"][reached]) for table in (built, scaled)
    )
    same = hit & (nodes["capacity_tpa"].to_numpy() == before.reindex(nodes["id"]).to_numpy())
    capacity[same] = after.reindex(nodes["id"]).to_numpy()[same]
    return scaled, capacity


def opened_of(built: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Return what stands by the date of the network: id, label, since, part, status, reference; sorted by id."""
    rows = built[built["is_opened"].to_numpy(dtype=bool) & built["id"].isin(nodes["id"]).to_numpy()]
    rows = rows.sort_values("id", ignore_index=True)
    years = [None if np.isnan(year) else str(int(year)) for year in first_years(rows)]
    told = [day if isinstance(day, str) else year for day, year in zip(rows["start"], years, strict=True)]
    return pd.DataFrame(
        {
            "id": rows["id"],
            "label": rows["label"].fillna(rows["id"]),
            "since": pd.Series(told, dtype="str"),
            "part": rows["part"].astype(float),
            "status": rows["status"],
            "reference": rows["reference"],
        }
    )
