"""What may happen, and how often: the table ``hazards`` as causes, each with two chances and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, records
from chainnet.criticality._rates import day_chance, garwood
from chainnet.criticality._removals import removals
from chainnet.errors import DataError
from chainnet.io import load_toml
from chainnet.network import Network, check_network, site_labels
from chainnet.results import provenance, stamp
from chainnet.scenario import COMPUTED, KINDS, Scenario, computed_scenario, effects_of, scenarios

_SELECTORS = ("kind", "measures", "nodes", "where", "edges", "from", "to", "stocks")
GROUP = "group:"  # how the id of a common cause begins
UNKNOWN = "unknown"
UNITS = {
    **dict.fromkeys(("rate_low", "rate_high"), "1/year"),
    **dict.fromkeys(("lost_t_low", "lost_t_high"), "t"),
    **dict.fromkeys(("months_low", "months_high"), "months"),
    **dict.fromkeys(("p_low", "p_high", "once_high", "rest", "rest_bonferroni"), "chance, 0 to 1"),
    **dict.fromkeys(("chance", "chance_low", "chance_mid", "chance_high"), "chance, 0 to 1"),
}


@dataclass(frozen=True)
class Cause:
    """One thing that may happen: what it does, and how likely it is in force on the day that is asked for.

    ``units``: places of its measures in the list of all; ``low``, ``high``: its chances, NaN = nobody gives a rate;
    ``turn``: how often a year it ends at most, NaN = not known; ``source``: how its rates are known.
    """

    id: str
    label: str
    group: str
    units: frozenset[int]
    low: float
    high: float
    rates: tuple[float, float]
    months: tuple[float, float]
    turn: float
    source: str
    reference: str
    quality: str
    note: str

    @property
    def is_known(self) -> bool:
        """Whether somebody gives its rate."""
        return bool(np.isfinite(self.low))


@dataclass
class Listed:
    """The causes, and the measures that they are made of; ``network``: the one that holds the table."""

    network: Network
    causes: list[Cause] = field(default_factory=list)
    measures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def low(self) -> Array:
        """Chances at the low end; NaN where unknown."""
        return np.array([cause.low for cause in self.causes], dtype=float)

    @property
    def high(self) -> Array:
        """Chances at the high end; NaN where unknown."""
        return np.array([cause.high for cause in self.causes], dtype=float)

    @property
    def middle(self) -> Array:
        """Geometric mean of the two chances; NaN where unknown."""
        return np.sqrt(self.low * self.high)

    def table(self) -> pd.DataFrame:
        """Return the causes as a table."""
        rows = [
            (c.id, c.label, c.group, *c.rates, c.low, c.high, *c.months, c.source, c.reference, c.quality, c.note)
            for c in self.causes
        ]
        columns = ["event", "label", "group", "rate_low", "rate_high", "p_low", "p_high", "months_low", "months_high",
                   "source", "reference", "quality", "note"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns).set_index("event")


def hazards(network: Network, hazards: pd.DataFrame | None = None, years: float = 5.0) -> pd.DataFrame:
    """Show the hazards in use: what may happen, how often, and how likely each is in force some years ahead.

    Parameters
    ----------
    network : Network
    hazards : DataFrame, optional
        Rows as of the table ``hazards``; None = the network's own.
    years : float
        How far ahead the day lies.

    Returns
    -------
    DataFrame, index event
        A row an event, and one a common cause of a group. label, group, rate_low, rate_high (1/year; of a count
        Garwood's 95 % interval; NaN where a share is given), p_low, p_high (chance that it is in force on that day,
        NaN = nobody gives a rate), months_low, months_high (inf = no end), source (rate, count, share, unknown),
        reference, quality, note.

    Raises
    ------
    DataError
        If an effect is unknown or reaches nothing, or with every fault of the table.

    See Also
    --------
    reverse, rules

    Examples
    --------
    >>> import chainnet as cn, pandas as pd
    >>> table = pd.DataFrame({"id": ["stop"], "effect": ["china_out"], "count": [3], "years": [15.75]})
    >>> cn.hazards(cn.read("mag-9"), table).loc["stop", ["p_low", "p_high"]].astype(float).round(3).tolist()
    [0.178, 0.938]
    >>> cn.hazards(cn.read("gallium")).index[:2].tolist()
    ['china_stops_all', 'china_stops_japan']
    """
    listed = listed_hazards(network, hazards, ahead(years))
    source = provenance(listed.network, "none", years=years)
    return stamp(listed.table(), source, units=UNITS)


def ahead(years: float) -> float:
    """Return how far ahead a day lies, checked."""
    if not checks.is_number(years) or not 0 < years <= 100:
        raise DataError(f"years: {years!r} is out of range; give a number above 0, up to 100.")
    return float(years)


def listed_hazards(network: Network, frame: pd.DataFrame | None, years: float) -> Listed:
    """Return the hazards of a network, or of a table of one's own, as causes.

    Raises
    ------
    DataError
        If an effect is unknown or reaches nothing, a group has one member, or with every fault of the table.
    """
    check_network(network)
    if frame is not None:
        network = network.with_table("hazards", frame)
    table = network.view("hazards")
    found = Listed(network)
    places: dict[str, int] = {}
    for cells in records(table):
        for name, label, measures in _each(network, cells):
            units = frozenset(_place(found, places, measure) for measure in measures)
            found.causes.append(_cause(cells, name, label, units, years))
    _add_groups(found, table, years)
    ids = [cause.id for cause in found.causes]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise DataError(f'hazards: "{twice[0]}" is the name of two events. Give each row an id of its own.')
    return found


def _place(found: Listed, places: dict[str, int], measure: dict[str, Any]) -> int:
    """Return the place of a measure in the list; one that several events have stands there once."""
    key = repr(sorted(measure.items(), key=lambda item: item[0]))
    if key not in places:
        places[key] = len(found.measures)
        found.measures.append(measure)
    return places[key]


def _cause(cells: Mapping[str, Any], name: str, label: str, units: frozenset[int], years: float) -> Cause:
    given = {key: value for key, value in cells.items() if value == value and value is not None}
    group = str(given.get("group", ""))
    months = (given.get("months_low", np.inf), given.get("months_high", np.inf))
    turn = 12.0 / months[0]
    if "share_low" in given:
        low, high, rates, source = given["share_low"], given["share_high"], (np.nan, np.nan), "share"
        turn = turn if "months_low" in given else np.nan
    else:
        rates, source = _rates(given)
        low, high = (day_chance(rate, month, years) for rate, month in zip(rates, months, strict=True))
        if source == UNKNOWN:
            low = high = np.nan
    said = [str(given.get(key, "")) for key in ("reference", "quality", "note")]
    return Cause(name, label, group, units, low, high, rates, months, turn, source, *said)


def _rates(given: Mapping[str, Any]) -> tuple[tuple[float, float], str]:
    if "count" in given:
        return garwood(int(given["count"]), given["years"]), "count"
    if "rate_low" in given:
        return (given["rate_low"], given["rate_high"]), "rate"
    return (np.nan, np.nan), UNKNOWN


def _add_groups(found: Listed, table: pd.DataFrame, years: float) -> None:
    """Add one cause to each group, which has the effect of all its members and lasts as one of them does."""
    for group, rows in table.dropna(subset="group").groupby("group"):
        members = [cause for cause in found.causes if cause.group == group]
        if len(members) < 2:
            raise DataError(f'hazards: group "{group}": its row is one event alone. Name the others, or leave it out.')
        rates = rows[["group_rate_low", "group_rate_high"]].dropna()
        pair = {"rate_low": rates.iloc[0, 0], "rate_high": rates.iloc[0, 1]} if len(rates) else {}
        lasts = [pick(cause.months[end] for cause in members) for end, pick in enumerate((min, max))]
        cells = {**pair, "months_low": lasts[0], "months_high": lasts[1], "group": group}
        units = frozenset[int]().union(*(cause.units for cause in members))
        refs = dict.fromkeys(cause.reference for cause in members if cause.reference)
        cells |= {"reference": "; ".join(refs), "note": f"common cause of {', '.join(c.id for c in members)}"}
        found.causes.append(_cause(cells, f"{GROUP}{group}", f"all of {group} at once", units, years))


def _each(network: Network, cells: Mapping[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return the events that a row stands for: id, label and measures of each."""
    name, each = str(cells["id"]), cells["each"]
    label = cells["label"] if isinstance(cells["label"], str) else name
    argument = f'hazards: "{name}"'
    measures = _measures(network, cells["effect"], argument) if isinstance(cells["effect"], str) else []
    if not isinstance(each, str):
        if not measures:
            raise DataError(f"{argument}: effect: blank. Name a scenario, or write where = {{...}} or measures.")
        measures = [dict(one) for one in Scenario(name, measures, file=argument).measures]
        effects_of(network, measures, argument)
        return [(name, label, measures)]
    reached, form = _reached(network, measures, argument)
    what, found = removals(network, each), []
    labels = {**network.labels, **site_labels(network)}
    for key, rows in zip(what.index, what.members, strict=True):
        ids = network.view("nodes")["id"].iloc[rows[reached[rows]]].tolist()
        if ids:
            named = labels[ids[0]] if len(ids) == 1 else labels.get(key, key)
            found.append((f"{name}:{key}", f"{label}: {named}", [{**form, "nodes": ids}]))
    if not found:
        raise DataError(f"{argument}: each: the effect reaches no {each}. Correct effect or each.")
    return found


def _reached(network: Network, measures: list[dict[str, Any]], argument: str) -> tuple[Any, dict[str, Any]]:
    """Return which nodes the one measure of a row reaches, and the measure without its words for them."""
    n = len(network.view("nodes"))
    if not measures:
        return np.ones(n, dtype=bool), {"kind": "remove"}
    kind = KINDS.get(str(measures[0].get("kind")))
    is_of_plants = kind is not None and kind.takes and "nodes" in kind.keys and "edges" not in measures[0]
    if len(measures) > 1 or not is_of_plants:
        raise DataError(f"{argument}: each needs an effect of one remove or scale of plants. Leave each out, or split.")
    form = Scenario(argument, measures, file=argument).measures[0]
    effect = effects_of(network, [form], argument)[0]
    return effect.nodes[:n], {key: value for key, value in form.items() if key not in ("where", "nodes")}


def _measures(network: Network, effect: str, argument: str) -> list[dict[str, Any]]:
    """Return the measures that an effect names: those of a scenario, or what TOML text says."""
    if "=" not in effect:
        known = scenarios(network)
        scenario = known.get(effect) or computed_scenario(network, effect)
        if scenario is None:
            said = checks.unknown(effect, [*known, *COMPUTED], f"scenario of {network.name}")
            raise DataError(f"{argument}: effect: {said} Or write where = {{...}}, nodes = [...] or measures as TOML.")
        return [dict(one) for one in scenario.measures]
    data = load_toml(effect, argument)
    if "measures" in data:
        return [dict(one) for one in Scenario(argument, data["measures"], file=argument).measures]
    return [{"kind": "remove", **data} if data.keys() & set(_SELECTORS) else {"kind": "remove", "where": data}]
