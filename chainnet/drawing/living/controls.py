"""What a reader of a living page can move: each control with the measures of a scenario that it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import words
from chainnet._types import Bools, records
from chainnet.network import Network, place_of

_DEFAULTS = {"export": None, "site": True, "owner": True, "project": False, "stock": True, "demand": 1.0}

_NO_FIRM = ("several", "unknown")  # what tables say where no one firm owns a site
HALF = 0.5  # any share between none and all opens the rows of an export control


@dataclass(frozen=True)
class Control:
    """One control.

    Parameters
    ----------
    id : str
        Lasting name, such as ``export:CHN:separation``.
    kind : {"export", "site", "owner", "project", "stock", "demand"}
    label, detail : str
        Words for people: what it moves, and what else to know of it.
    measures : tuple of mapping
        What it stands for in a scenario; an export and a demand also take ``share``, the value of the control.
    graded : bool
        Whether an export can be set between none and all: the baseline flow of every edge is known.
    size_tpa : float
        What passes in the baseline, t/yr; controls of a kind are listed by it.
    is_part : bool
        Whether it moves a part of what another control moves: the demand of one member of a tier.
    """

    id: str
    kind: str
    label: str
    detail: str
    measures: tuple[Mapping[str, Any], ...]
    graded: bool = True
    size_tpa: float = 0.0
    is_part: bool = False

    @property
    def default(self) -> float | bool | None:
        """Value at which it changes nothing: no rule, working, not built, open, demand as it is."""
        return _DEFAULTS[self.kind]

    def measures_at(self, value: float | bool | None) -> list[dict[str, Any]]:
        """Return the measures of a value; none at the default."""
        if value == self.default and (value is None) == (self.default is None):
            return []
        sized = self.kind in ("export", "demand")
        return [{**measure, "share": float(value or 0.0)} if sized else dict(measure) for measure in self.measures]


def controls_of(network: Network) -> list[Control]:
    """Return every control that a network gives, by kind, those first that most passes through."""
    return [
        *_exports(network),
        *_sites(network),
        *_owners(network),
        *_projects(network),
        *_stocks(network),
        *_demands(network),
    ]


def _exports(network: Network) -> Iterator[Control]:
    """One for each country and step that ships to another country, or to a place without one."""
    nodes = network.plants
    known = network.nodes.set_index("id")
    edges = network.edges
    from_country, to_country = edges["source"].map(known["country"]), edges["target"].map(known["country"])
    abroad = (edges["flow_tpa"] > 0) & from_country.notna() & (from_country != to_country)
    column = "step" if known["step"].notna().any() else "stage"
    step = edges["source"].map(known[column])
    leaving = pd.DataFrame({"country": from_country, "step": step, "flow_tpa": edges["flow_tpa"]})[
        abroad & step.notna()
    ]
    groups = leaving.groupby(["country", "step"])["flow_tpa"].sum().reset_index()
    countries = sorted(nodes["country"].dropna().unique())
    places = sorted(nodes.loc[nodes["country"].isna(), "region"].dropna().unique())
    for row in records(groups.sort_values("flow_tpa", ascending=False, kind="stable")):
        country, word = row["country"], row["step"]
        origin = {"country": country, column: word}
        sides: list[dict[str, Any]] = [{"country": [c for c in countries if c != country]}, {"region": places}]
        measures = [{"kind": "restrict", "from": origin, "to": to} for to in sides if next(iter(to.values()))]
        label = f"{words.country_name(country)}, {word}"
        rest = (tuple(measures), _is_graded(network, measures), float(row["flow_tpa"]))
        yield Control(f"export:{country}:{word}", "export", label, "", *rest)


def _is_graded(network: Network, measures: list[dict[str, Any]]) -> bool:
    """Say whether the baseline of every edge that the measures name is known, projects aside."""
    edges, new = network.edges, set(network.projects["id"]) | network.built_projects
    lacking = edges["flow_tpa"].isna() & ~edges["source"].isin(new) & ~edges["target"].isin(new)
    return not any(bool((lacking & _named(network, measure)).any()) for measure in measures)


def _named(network: Network, measure: Mapping[str, Any]) -> Bools:
    hit = np.ones(len(network.edges), dtype=bool)
    for side, end in (("from", "source"), ("to", "target")):
        ids = [network.view(t).loc[network.matches(t, measure[side]), "id"] for t in ("nodes", "projects")]
        hit &= network.edges[end].isin(pd.concat(ids)).to_numpy()
    return hit


def _sites(network: Network) -> Iterator[Control]:
    """One for each node that is no end use; those first that make most in the baseline."""
    sites = network.nodes[network.nodes["stage"] != "end_use"]
    places, labels = network.places.map(words.country_name, na_action="ignore"), network.labels
    made = network.baseline.reindex(sites["id"]).fillna(0.0).to_numpy()
    order = np.argsort(-made, kind="stable")
    for number in order.tolist():
        row = sites.iloc[number]
        detail = ", ".join(word for word in (row["step"], places[row["id"]]) if isinstance(word, str))
        measure = {"kind": "remove", "nodes": [row["id"]]}
        label = labels[row["id"]]
        yield Control(f"site:{row['id']}", "site", label, detail, (measure,), size_tpa=float(made[number]))


def _owners(network: Network) -> list[Control]:
    """One for each firm that owns more than an end use: all that it owns, projects with it."""
    plants = network.plants
    is_site = plants["is_project"] | (plants["stage"] != "end_use")
    owned = plants[is_site & plants["owner"].notna() & ~plants["owner"].isin(_NO_FIRM)]
    made = network.baseline.reindex(owned["id"]).fillna(0.0).to_numpy()
    found = []
    for owner, rows in owned.assign(made_tpa=made).groupby("owner"):
        labels = network.labels[rows["id"]]
        size = float(rows["made_tpa"].sum())
        measure = {"kind": "remove", "where": {"owner": owner}}
        found.append(Control(f"owner:{owner}", "owner", str(owner), "; ".join(labels), (measure,), size_tpa=size))
    return sorted(found, key=lambda control: (-control.size_tpa, control.id))


def _projects(network: Network) -> Iterator[Control]:
    """One for each project, by the year in which it starts."""
    projects = network.projects.reset_index(drop=True)
    year = projects["start_year"].to_numpy(dtype=float)
    for number in np.argsort(np.where(np.isnan(year), np.inf, year), kind="stable").tolist():
        row = projects.iloc[number]
        start = f"from {int(year[number])}" if np.isfinite(year[number]) else "no year given"
        parts = (row["step"], words.country_name(row["country"]) if isinstance(row["country"], str) else None, start)
        detail = ", ".join(str(word) for word in parts if isinstance(word, str))
        measure = {"kind": "build", "projects": [row["id"]]}
        yield Control(f"project:{row['id']}", "project", network.labels[row["id"]], detail, (measure,))


def _stocks(network: Network) -> Iterator[Control]:
    """One for each stock that something can take, the largest first; shut is a release of nothing."""
    unrelated = network.unrelated
    unfit = set(unrelated.loc[unrelated["table"] == "stocks", "id"])
    for row in records(network.stocks.sort_values("stock_t", ascending=False, kind="stable")):
        if row["id"] in unfit:
            continue
        label = row["holder"] if isinstance(row["holder"], str) else str(row["id"])
        good = row["commodity"] if isinstance(row["commodity"], str) else "goods"
        measure = {"kind": "release", "stocks": [row["id"]], "release_tpa": 0.0}
        detail = f"{words.number(row['stock_t'])} t of {good}"
        yield Control(f"stock:{row['id']}", "stock", label, detail, (measure,))


def _demands(network: Network) -> list[Control]:
    """One for each tier that asks, then one for each of its members where it has several."""
    asked = network.demand.groupby("tier")["demand_tpa"].sum()
    tiers = [tier for tier in network.tier_order if tier in asked.index]
    whole = [
        Control(f"demand:{tier}", "demand", tier, "", ({"kind": "demand", "tier": tier},), size_tpa=float(asked[tier]))
        for tier in tiers
    ]
    return [*whole, *(member for tier in tiers for member in _members(network, tier))]


def _members(network: Network, tier: str) -> Iterator[Control]:
    """One for each country or place that asks in a tier; none where it is one alone, which the tier's own moves."""
    ends = network.plants.set_index("id")[["country", "region"]]
    rows = network.demand[network.demand["tier"] == tier].join(ends, on="node")
    rows["place"] = place_of(rows).fillna(rows["node"])
    asked = rows.groupby("place")["demand_tpa"].sum().sort_values(ascending=False, kind="stable")
    for place, size in asked.items() if len(asked) > 1 else ():
        row = rows[rows["place"] == place].iloc[0]
        column = next((c for c in ("country", "region") if isinstance(row[c], str)), None)
        where = {"where": {column: place}} if column else {"nodes": [place]}
        label = words.country_name(str(place)) if column == "country" else str(place)
        measure = {"kind": "demand", "tier": tier, **where}
        name = f"demand:{tier}:{place}"
        yield Control(name, "demand", f"{label}, {tier}", "", (measure,), size_tpa=float(size), is_part=True)
