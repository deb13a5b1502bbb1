"""What measures reach in a network, for people who want to see it before they ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet._types import Bools
from chainnet.network import Network
from chainnet.scenario._effect import TIMES, Effect, acting, listed
from chainnet.scenario._kinds import KINDS

_NAMED = 8
_COLUMNS = ("scenario", "measure", "kind", "what", "when", "n_nodes", "n_edges", "n_stocks", "n_demand", "n_projects",
            "names", "also", "capacity_tpa", "flow_tpa")  # fmt: skip


def matches_of(network: Network, effects: Sequence[Effect], scenario: str) -> pd.DataFrame:
    """Return a row a measure: how many rows of which table it reaches, and which."""
    rows = [_row(network, effect, scenario) for effect in sorted(effects, key=lambda effect: effect.number)]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _row(network: Network, effect: Effect, scenario: str) -> tuple[Any, ...]:
    nodes, count = effect.nodes, len(network.nodes)
    edges = effect.edges if effect.restriction is None else effect.restriction.edges
    if effect.cost is not None:
        edges = edges | (effect.cost != 0)
    plants = nodes.copy()
    plants[count:] |= effect.projects
    ids = [
        *network.plants["id"][plants],
        *network.stocks["id"][effect.stocks],
        *(network.edges["source"] + " > " + network.edges["target"])[edges],
        *network.demand["node"][effect.demand],
    ]
    ids = list(dict.fromkeys(map(str, ids)))
    named = ", ".join([*ids[:_NAMED], *([f"{len(ids) - _NAMED} more"] if len(ids) > _NAMED else [])])
    return (
        scenario, effect.number + 1, effect.kind, words_of(effect.measure), when_of(effect.measure),
        int(nodes[:count].sum()), int(edges.sum()),
        int(effect.stocks.sum()), int(effect.demand.sum()), int(plants[count:].sum()),
        named or "nothing", _also(network, effect),
        _sum(network.nodes["capacity_tpa"], nodes[:count]), _sum(network.edges["flow_tpa"], edges),
    )  # fmt: skip


def _also(network: Network, effect: Effect) -> str:
    """Return what else plants make that are chosen by what they make: they lose that too."""
    where = effect.measure.get("where", {})
    if not KINDS[effect.kind].takes or "makes" not in where:
        return ""
    plants, lines = network.plants, network.processes
    made = lines.loc[
        lines["process"].isin(plants["process"][effect.nodes].dropna()) & lines["role"].ne("input"), "commodity"
    ]
    return ", ".join(sorted(set(made) - set(listed(where["makes"]))))


def _sum(column: pd.Series, rows: Bools) -> float:
    """Return a sum; NaN where there is nothing to add, or a figure is not known."""
    return float(column[rows].sum(skipna=False)) if rows.any() else float(np.nan)


def words_of(measure: Mapping[str, Any]) -> str:
    """Return a measure's keys in one line, without its kind and its times."""
    said = {key: value for key, value in acting(measure).items() if key != "kind" and key not in TIMES}
    return "; ".join(f"{key} {_value(value)}" for key, value in said.items())


def when_of(measure: Mapping[str, Any]) -> str:
    """Return a measure's times in one line: from when, for how long; empty where it holds always."""
    said = {"start": "from {}", "start_month": "from month {}", "months": "for {} months", "until": "until {}"}
    told = [words.format(measure[key]) for key, words in said.items() if key in measure]
    stops = [when_of(span) for span in measure.get("suspended", ())]
    return ", ".join([*told, *([f"suspended {' and '.join(stops)}"] if stops else [])])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {' or '.join(listed(one))}" for key, one in value.items())
    if isinstance(value, list) and value and isinstance(value[0], list):
        return ", ".join(" > ".join(map(str, pair)) for pair in value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
