"""Scenarios: a list of measures, in Python or TOML; put to a network they give an overlay."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from chainnet.countries import graphs_folder
from chainnet.errors import DataError, Fault, near_matches
from chainnet.lowering_overlay import Overlay, Restriction
from chainnet.network import Network, check_share

__all__ = ["Scenario", "overlay_of", "pick_scenarios", "scenarios"]

_SELECTORS = ("nodes", "edges", "where")
_CALENDAR = ("start_month", "start", "months")
MEASURES: dict[str, tuple[str, ...]] = {
    "remove": (*_SELECTORS, *_CALENDAR),
    "scale": (*_SELECTORS, "share", *_CALENDAR),
    "restrict": ("from", "to", "commodity", "share", *_CALENDAR),
}
_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Scenario:
    """A named list of measures.

    Parameters
    ----------
    name : str
        Short name; a file's stem.
    measures : sequence of mapping
        Each has ``kind`` and the keys of that kind: ``remove`` (nodes, edges, where), ``scale`` (the
        same and share: what is left of the capacity), ``restrict`` (from, to, commodity, share: the
        edges that match carry together at most share x their baseline flow, and new relations of
        that class are closed). Dates (start_month, start, months) are kept for answers over time;
        a static answer takes every measure at its full size.
    label : str
        Words for people.
    probability : float, optional
        0 to 1.

    Raises
    ------
    DataError
        With every fault: an unknown kind or key, a value of the wrong form.

    Examples
    --------
    >>> import chainnet as cn
    >>> scn = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}}])
    >>> round(float(cn.balance(cn.read("mag-9"), scn).demand["served_tpa"].sum()), 6)
    10.0
    """

    name: str
    measures: Sequence[Mapping[str, Any]] = ()
    label: str = ""
    probability: float | None = None
    file: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        faults = _form_faults(self)
        if faults:
            raise DataError(faults=faults)
        frozen = tuple(MappingProxyType(dict(measure)) for measure in self.measures)
        object.__setattr__(self, "measures", frozen)

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario from a TOML file.

        Raises
        ------
        DataError
            If the file is missing, is no TOML, or has an unknown key or a wrong value.
        """
        path = Path(path)
        try:
            if path.stat().st_size > _MAX_BYTES:
                raise DataError(f"{path.name}: larger than 1 MiB; a scenario is a short list of measures.")
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as err:
            raise DataError(
                f'scenario: cannot read "{path}": {err.strerror or err}. Give the path of a TOML file.'
            ) from err
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
            raise DataError(
                faults=[Fault(path.name, None, "", "", f"no valid TOML: {err}", "Correct the file.")]
            ) from err
        faults = [
            Fault(path.name, None, key, "", f"unknown key;{near_matches(key, _TOP)}", f"Known: {', '.join(_TOP)}.")
            for key in data
            if key not in _TOP
        ]
        name = data.get("name", path.stem)
        if name != path.stem:
            faults.append(
                Fault(path.name, None, "name", str(name), f'differs from the file stem "{path.stem}"', "Leave it out.")
            )
        measures = data.get("measures", [])
        try:
            scenario = cls(
                path.stem,
                measures if isinstance(measures, list) else [measures],
                data.get("label", ""),
                data.get("probability"),
                path.name,
            )
        except DataError as err:
            faults += list(err._faults)
        if faults:
            raise DataError(faults=faults)
        return scenario

    def to_toml(self) -> str:
        """Return the scenario as TOML text that ``read`` takes back."""
        lines = [f"label = {_toml(self.label)}"] if self.label else []
        if self.probability is not None:
            lines.append(f"probability = {_toml(self.probability)}")
        for measure in self.measures:
            lines += ["", "[[measures]]", *(f"{key} = {_toml(value)}" for key, value in measure.items())]
        return "\n".join(lines).lstrip("\n") + "\n"


_TOP = ("name", "label", "probability", "measures")


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    import json

    return json.dumps(str(value), ensure_ascii=False)


def scenarios(network: Network) -> Mapping[str, Scenario]:
    """Return the scenarios that ship with a network's graph, name -> Scenario, sorted by name.

    Parameters
    ----------
    network : Network
        A network that was read from a folder or a shipped graph.

    Returns
    -------
    Mapping of str to Scenario
        Empty where the graph has none.

    Raises
    ------
    DataError
        If a scenario file is at fault.
    """
    folder = network.folder or (graphs_folder() / network.name if _plain(network.name) else None)
    if folder is None or not (Path(folder) / "scenarios").is_dir():
        return MappingProxyType({})
    files = sorted((Path(folder) / "scenarios").glob("*.toml"))
    return MappingProxyType({file.stem: Scenario.read(file) for file in files})


def _plain(name: str) -> bool:
    return bool(name) and "/" not in name and "\\" not in name and ".." not in name


def pick_scenarios(network: Network, given: Any) -> list[Scenario]:
    """Return what was given as a list: None = the shipped ones, one, a list or a mapping.

    Raises
    ------
    DataError
        If something in it is no Scenario, or two bear one name.
    """
    if given is None:
        given = scenarios(network)
    if isinstance(given, Scenario):
        given = [given]
    found = list(given.values()) if isinstance(given, Mapping) else list(given)
    for item in found:
        if not _is_scenario(item):
            raise DataError(f"scenarios: {item!r} is no Scenario. Use chainnet.Scenario or chainnet.Scenario.read.")
    names = [item.name for item in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"scenarios: the name {twice[0]!r} stands twice. Give each scenario a name of its own.")
    return found


def _form_faults(scenario: Scenario) -> list[Fault]:
    file = scenario.file or f"scenario {scenario.name}"
    faults: list[Fault] = []

    def fault(column: str, value: object, rule: str, remedy: str) -> None:
        faults.append(Fault(file, None, column, "" if value is None else str(value)[:80], rule, remedy))

    if not _is_text(scenario.label):
        fault("label", scenario.label, "is no text", "Write words.")
    p = scenario.probability
    if p is not None and (isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1):
        fault("probability", p, "must be from 0 to 1", "Correct it or leave it out.")
    for number, measure in enumerate(scenario.measures):
        where = f"measures[{number}]"
        if not _is_table(measure):
            fault(where, measure, "is no measure", 'Write a table with kind = "remove", "scale" or "restrict".')
            continue
        kind = measure.get("kind")
        if kind not in MEASURES:
            fault(
                f"{where}.kind",
                kind,
                f"unknown kind;{near_matches(str(kind), MEASURES)}",
                f"One of {', '.join(MEASURES)}.",
            )
            continue
        _measure_faults(measure, where, fault)
    return faults


def _measure_faults(measure: Mapping[str, Any], where: str, fault: Any) -> None:
    kind = measure["kind"]
    known = ("kind", *MEASURES[kind])
    for key in measure:
        if key not in known:
            fault(
                f"{where}.{key}",
                None,
                f"unknown key of {kind};{near_matches(str(key), known)}",
                f"Known: {', '.join(known)}.",
            )
    share = measure.get("share")
    if kind in ("scale", "restrict"):
        if share is None and kind == "scale":
            fault(f"{where}.share", None, "is missing", "Say what share of the capacity is left.")
        if share is not None and (
            isinstance(share, bool) or not isinstance(share, (int, float)) or not np.isfinite(share) or share < 0
        ):
            fault(f"{where}.share", share, "must be a number, 0 or more", "Correct it.")
    for key in ("where", "from", "to"):
        value = measure.get(key)
        if value is not None and (
            not isinstance(value, Mapping) or not value or not all(map(_is_words, value.values()))
        ):
            fault(
                f"{where}.{key}",
                value,
                "must map columns to a word or a list of words",
                'For example {country = "CHN"}.',
            )
    for key in ("nodes", "commodity"):
        if key in measure and not _is_words(measure[key]):
            fault(f"{where}.{key}", measure[key], "must be a word or a list of words", "Correct it.")
    edges = measure.get("edges")
    if edges is not None and (
        isinstance(edges, str)
        or not all(isinstance(e, Sequence) and not isinstance(e, str) and len(e) in (2, 3) for e in edges)
    ):
        fault(f"{where}.edges", edges, "must be a list of [source, target] pairs", "Correct it.")
    if kind in ("remove", "scale") and not any(measure.get(key) for key in _SELECTORS):
        fault(where, None, f"names nothing to {kind}", "Give nodes, edges or where.")
    if kind == "restrict" and not any(measure.get(key) for key in ("from", "to", "commodity")):
        fault(where, None, "names nothing to restrict", "Give from, to or commodity.")
    _calendar_faults(measure, where, fault)


def _calendar_faults(measure: Mapping[str, Any], where: str, fault: Any) -> None:
    for key, least in (("start_month", 0), ("months", 1)):
        value = measure.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
            fault(f"{where}.{key}", value, f"must be a whole number, {least} or more", "Correct it.")
    start = measure.get("start")
    if start is not None:
        import re

        if not isinstance(start, str) or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", start):
            fault(f"{where}.start", start, "must be a month such as 2025-04", "Correct it.")
        if "start_month" in measure:
            fault(f"{where}.start", start, "stands beside start_month", "Keep one of the two.")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_scenario(value: object) -> bool:
    return isinstance(value, Scenario)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_words(value: object) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, (Sequence, frozenset, set)) and bool(value) and all(isinstance(v, str) for v in value)


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(v) for v in value]


def overlay_of(network: Network, scenario: Scenario | None) -> Overlay:
    """Put a scenario to a network, every measure at its full size whatever its dates.

    Raises
    ------
    UnknownIdError
        If a measure names an id or an edge that does not exist.
    DataError
        If a column, country, group or commodity is unknown, or a restricted share has no baseline.
    """
    base = Overlay.none(network)
    if scenario is None:
        return base
    if not _is_scenario(scenario):
        raise DataError(f"scenario: {scenario!r} is no Scenario. Use chainnet.Scenario or chainnet.Scenario.read.")
    nodes, edges = base.node_share.copy(), base.edge_share.copy()
    stocks = base.stock_share.copy()
    restrictions = []
    for measure in scenario.measures:
        if measure["kind"] == "restrict":
            restrictions.append(_restriction(network, measure, scenario.name))
            continue
        share = 0.0 if measure["kind"] == "remove" else check_share(measure["share"], f"{scenario.name}: share")
        node_hit, edge_hit, stock_hit = _selected(network, measure, scenario.name)
        nodes[node_hit] *= share
        edges[edge_hit] *= share
        stocks[stock_hit] *= share
    return Overlay(nodes, edges, stocks, base.built, tuple(restrictions))


def _selected(network: Network, measure: Mapping[str, Any], name: str) -> tuple[Any, Any, Any]:
    """Return which nodes and projects, edges and stocks a remove or scale measure reaches."""
    ids = np.concatenate([network.nodes["id"].to_numpy(dtype=object), network.projects["id"].to_numpy(dtype=object)])
    wanted = network.check_nodes(_list(measure.get("nodes") or []), f"{name}: nodes")
    node_hit = np.isin(ids, wanted) if wanted else np.zeros(len(ids), dtype=bool)
    stock_hit = np.zeros(len(network.stocks), dtype=bool)
    if wanted and measure["kind"] == "remove":
        stock_hit |= network.stocks["node"].isin(wanted).to_numpy()
    where = measure.get("where")
    if where:
        stays = (network.nodes["stage"] == "end_use").to_numpy()
        hit = [
            network.matches("nodes", where, f"{name}: where") & ~stays,
            network.matches("projects", where, f"{name}: where"),
        ]
        node_hit |= np.concatenate(hit)
        stock_hit |= network.matches("stocks", where, f"{name}: where")
    edge_hit = network.edge_rows(measure.get("edges") or [], f"{name}: edges")
    return node_hit, edge_hit, stock_hit


def _restriction(network: Network, measure: Mapping[str, Any], name: str) -> Restriction:
    """Return the edges, the bound and the classes that a restrict measure names."""

    def side(key: str) -> Any:
        where = measure.get(key)
        if not where:
            return np.ones(len(network.nodes) + len(network.projects), dtype=bool)
        argument = f"{name}: {key}"
        return np.concatenate([network.matches("nodes", where, argument), network.matches("projects", where, argument)])

    import pandas as pd

    ids = pd.concat([network.nodes["id"], network.projects["id"]], ignore_index=True)
    sources, targets = side("from"), side("to")
    edges = network.edges
    commodities = tuple(_list(measure["commodity"])) if "commodity" in measure else ()
    known = set(edges["commodity"].dropna()) | set(network.commodities["id"])
    for commodity in commodities:
        if commodity not in known:
            raise DataError(f'{name}: unknown commodity "{commodity}";{near_matches(commodity, known)}')
    hit = edges["source"].isin(set(ids[sources])) & edges["target"].isin(set(ids[targets]))
    if commodities:
        hit &= edges["commodity"].isin(commodities)
    rows = hit.to_numpy()
    share = float(measure.get("share", 0.0))
    flow = edges["flow_tpa"].to_numpy(dtype=float)
    if share > 0:
        new = set(network.projects["id"]) | network.built_projects  # a project has no baseline, built or not
        asleep = edges["source"].isin(new) | edges["target"].isin(new)
        lacking = rows & np.isnan(flow) & ~asleep.to_numpy()
        if lacking.any():
            pairs = (edges["source"] + " -> " + edges["target"])[lacking].tolist()
            raise DataError(
                f"{name}: restrict with share {share:g} needs the baseline flow of {', '.join(pairs[:5])}. "
                "Fill flow_tpa or use share 0."
            )
    bound = share * float(np.nansum(flow[rows])) if share > 0 else 0.0
    return Restriction(rows, bound, sources, targets, commodities)
