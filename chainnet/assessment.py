"""``assess``: all questions put to one network and its scenarios; an ``Assessment`` is the bundle of their tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from chainnet.criticality import chokepoints
from chainnet.criticality_attack import interdict
from chainnet.errors import DataError
from chainnet.flow import MaxFlow, cut_of, max_flow
from chainnet.flow_balance import Balance, balance
from chainnet.flow_value import ValueModel, Words, count_settings
from chainnet.indicators import concentration
from chainnet.network import Network
from chainnet.projects import Reroute, reroute
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, overlay_of, pick_scenarios
from chainnet.schema import QUALITIES
from chainnet.stress import StressTest, stress_test

__all__ = ["Assessment", "assess", "data_quality"]

ATTACKED = (2, 3)
REMOVED = ("node", "site", "country", "operator", "owner_country", "step+country")


@dataclass(frozen=True, repr=False, eq=False)
class Assessment(Result):
    """Every table of the report, in code.

    Attributes
    ----------
    network : Network
    flow : MaxFlow
        The value of the undisturbed network and its cut.
    base : Balance
        The undisturbed steady state.
    worst : str
        Scenario with the largest shortfall of the first tier, then of all tiers, then by name; "" if none.
    disrupted : Balance or None
        The steady state under that scenario.
    chokepoints : mapping of str to DataFrame
        By node, site, country, operator, owner_country, step+country: what all tiers lose.
    first_tier : mapping of str to DataFrame
        The same for the first tier alone, could it come first.
    attacks : DataFrame, index (counts, k)
        The worst k sites at once, for the first tier ("first tier") and for all: removed, lost_tpa,
        left_tpa, bound_tpa, is_optimal, greedy_lost_tpa, other_sets (None = not asked).
    pairs : DataFrame
        Pairs of nodes of one step that cost the first tier more together than their losses added.
    stress : StressTest
    rerouting : mapping of int to Reroute
        Under the worst scenario, by year.
    indicators : DataFrame
        Concentration by country.
    scenarios : DataFrame, index scenario
        label, measures in words.
    coverage : DataFrame, index step
        Tonnes by grade of the node's figure, number of nodes, nodes without a capacity.
    decisive : DataFrame
        Bounds that carry a price for the first tier in the worst scenario (else undisturbed), weakest
        grade first: kind, id, label, commodity, tier, capacity_tpa, price, low, high, quality, reference.
    edge_quality : DataFrame, index quality
        Tonnes and rows of edges by grade.
    certificates : DataFrame
        problem, value, bound, gap, violation, tolerance, ok.
    """

    network: Network
    flow: MaxFlow
    base: Balance
    worst: str
    disrupted: Balance | None
    chokepoints: Mapping[str, pd.DataFrame]
    first_tier: Mapping[str, pd.DataFrame]
    attacks: pd.DataFrame
    pairs: pd.DataFrame
    stress: StressTest
    rerouting: Mapping[int, Reroute]
    indicators: pd.DataFrame
    scenarios: pd.DataFrame
    coverage: pd.DataFrame
    decisive: pd.DataFrame
    edge_quality: pd.DataFrame
    certificates: pd.DataFrame


def assess(
    network: Network,
    scenarios: Any = None,
    *,
    years: Sequence[int] | None = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    progress: Callable[[str, float], None] | None = None,
) -> Assessment:
    """Put every question to a network and its scenarios.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : Scenario, list or mapping of Scenario, optional
        Default the scenarios that ship with the graph.
    years : list of int, optional
        Years for which projects are valued; default the third and the sixth after the base year.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    progress : callable, optional
        Called with (what is being done, part done from 0 to 1).

    Returns
    -------
    Assessment

    Raises
    ------
    DataError
        If there is no demand table or an argument is unknown.

    Examples
    --------
    >>> import chainnet as cn
    >>> a = cn.assess(cn.read("mag-9"))
    >>> a.worst, a.chokepoints["node"].index[0]
    ('china_out', 'H_CN')
    """
    if network.demand.empty:
        raise DataError("assess: the network has no demand table, so nobody can go short. Give demand.")
    say = progress or (lambda _what, _part: None)
    count: dict[str, Any] = {"commodity": commodity, "beneficiaries": beneficiaries}
    chosen = pick_scenarios(network, scenarios)
    first = network.tier_order[0]
    has_first = bool((network.demand["tier"] == first).any())
    say("undisturbed flow", 0.0)
    flow = max_flow(network, beneficiaries=beneficiaries)
    base = balance(network, **count)
    removed, removed_first = {}, {}
    for number, by in enumerate(REMOVED):
        say(f"losses by {by}", 0.05 + 0.2 * number / len(REMOVED))
        removed[by] = chokepoints(network, by, **count)
        removed_first[by] = chokepoints(network, by, tier=first if has_first else None, **count)
    say("several losses at once", 0.25)
    attacks, pairs = _attacks(network, first if has_first else None, count)
    say("scenarios", 0.35)
    stress = stress_test(network, chosen, **count)
    worst = _worst(stress, chosen, first)
    disrupted = balance(network, worst, **count) if worst else None
    when = tuple(years) if years is not None else _years(network)
    rerouting: dict[int, Reroute] = {}
    for number, year in enumerate(when):
        say(f"projects by {year}", 0.6 + 0.35 * number / max(len(when), 1))
        rerouting[year] = reroute(network, worst, by_year=year, **count)
    say("done", 1.0)
    source = provenance(
        network,
        "HiGHS simplex; chainnet re-augmentation",
        scenarios=[s.name for s in chosen],
        years=list(when),
        worst=worst.name if worst else "",
        tiers=list(network.tier_order),
        **count_settings(network, commodity, beneficiaries),
    )
    return Assessment(
        source,
        network,
        flow,
        base,
        worst.name if worst else "",
        disrupted,
        MappingProxyType(removed),
        MappingProxyType(removed_first),
        stamp(attacks, source),
        stamp(pairs, source),
        stress,
        MappingProxyType(rerouting),
        concentration(network),
        stamp(_scenario_table(chosen), source),
        stamp(_coverage(network), source),
        stamp(_decisive(network, worst, first if has_first else None, count), source),
        stamp(_edge_quality(network), source),
        stamp(_certificates(flow, base, disrupted), source),
    )


def _attacks(network: Network, first: str | None, count: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the worst two and three sites at once, for the first tier with ties and pairs, and for all."""
    rows, pairs = [], pd.DataFrame()
    for counts, tier in (("first tier", first), ("all tiers", None)):
        if counts == "all tiers" and first is None:
            continue
        for k in ATTACKED:
            found = interdict(network, k, tier=tier, details=counts == "first tier" and k == ATTACKED[0], **count)
            if not found.pairs.empty:
                pairs = found.pairs
            others = None if found.ties is None else "; ".join(" + ".join(tie) for tie in found.ties)
            rows.append(
                (
                    counts,
                    k,
                    " + ".join(found.removed),
                    found.lost_tpa,
                    found.left_tpa,
                    found.bound_tpa,
                    found.is_optimal,
                    found.greedy_lost_tpa,
                    others,
                )
            )
    columns = [
        "counts",
        "k",
        "removed",
        "lost_tpa",
        "left_tpa",
        "bound_tpa",
        "is_optimal",
        "greedy_lost_tpa",
        "other_sets",
    ]
    return pd.DataFrame(rows, columns=columns).set_index(["counts", "k"]), pairs


def _years(network: Network) -> tuple[int, ...]:
    if network.projects.empty or network.year is None:
        return ()
    return (network.year + 3, network.year + 6)


def _worst(stress: StressTest, chosen: list[Scenario], first: str) -> Scenario | None:
    def key(scenario: Scenario) -> tuple[float, float, str]:
        short = stress.summary.loc[scenario.name, "shortfall_tpa"]
        return (-float(short.get(first, 0.0)), -float(short.sum()), scenario.name)

    return min(chosen, key=key) if chosen else None


def _scenario_table(chosen: list[Scenario]) -> pd.DataFrame:
    rows = [(s.name, s.label or s.name, "; ".join(_measure_words(m) for m in s.measures)) for s in chosen]
    return pd.DataFrame(rows, columns=["scenario", "label", "measures"]).set_index("scenario")


def _measure_words(measure: Mapping[str, Any]) -> str:
    def words(value: Any) -> str:
        if isinstance(value, Mapping):
            return " and ".join(f"{k} {words(v)}" for k, v in value.items())
        if isinstance(value, (list, tuple)):
            return ", ".join(words(v) for v in value)
        return str(value)

    parts = [f"{key} {words(value)}" for key, value in measure.items() if key != "kind"]
    return f"{measure['kind']}: {'; '.join(parts)}"


def data_quality(network: Network) -> dict[str, pd.DataFrame]:
    """Return what a network's figures rest on: coverage by step, edges by grade, references by grade."""
    references = network.references.assign(grade=network.references["grade"].fillna("not graded"))
    by_grade = references.groupby("grade").size().rename("n_references").to_frame()
    return {"coverage": _coverage(network), "edges": _edge_quality(network), "references": by_grade}


def _coverage(network: Network) -> pd.DataFrame:
    """Tonnes of each step by the grade of the node's principal figure."""
    nodes = network.nodes[(network.nodes["stage"] != "end_use").to_numpy()]
    table = nodes.assign(
        step=nodes["step"].fillna(nodes["stage"]),
        quality=nodes["quality"].fillna("not graded"),
        tonnes=network.baseline.reindex(nodes["id"]).fillna(0.0).to_numpy(),
    )
    wide = table.pivot_table(index="step", columns="quality", values="tonnes", aggfunc="sum", fill_value=0.0)
    words = [*QUALITIES, *(["not graded"] if "not graded" in wide.columns else [])]
    wide = wide.reindex(columns=words, fill_value=0.0).add_suffix("_tpa")
    total = wide.sum(axis=1)
    wide["assumed_share"] = np.where(total > 0, wide["assumed_tpa"] / total.where(total > 0, 1.0), np.nan)
    wide["n_nodes"] = table.groupby("step").size()
    wide["n_unlimited"] = table["capacity_tpa"].isna().groupby(table["step"]).sum()
    wide.columns.name = None
    return wide


def _edge_quality(network: Network) -> pd.DataFrame:
    edges = network.edges.assign(quality=network.edges["quality"].fillna("not graded"))
    grouped = edges.groupby("quality")["flow_tpa"]
    table = pd.DataFrame({"n_edges": grouped.size(), "n_with_flow": grouped.apply(lambda f: int((f > 0).sum()))})
    return table.reindex([*[q for q in QUALITIES if q in table.index], *[q for q in table.index if q not in QUALITIES]])


def _decisive(network: Network, scenario: Scenario | None, tier: str | None, count: dict[str, Any]) -> pd.DataFrame:
    """Bounds that carry a price for the first tier: what the answer rests on, weakest grade first."""
    model = ValueModel(network, overlay_of(network, scenario), tier=tier, **count)
    cut = cut_of(model)
    nodes = network.nodes.set_index("id")[["label", "low", "high", "quality", "reference"]]
    asked = network.demand.set_index(["node", "commodity", "tier"])[["low", "high", "quality", "reference"]]
    edges = network.edges.groupby(["source", "target", "commodity"])[["low", "high", "quality", "reference"]].first()
    rows = []
    for member in cut.itertuples():
        entry: dict[str, Any] = {
            "kind": member.kind,
            "id": member.id,
            "commodity": member.commodity,
            "tier": member.tier,
            "capacity_tpa": member.capacity_tpa,
            "price": member.price,
        }
        found = None
        if member.kind == "demand":
            found = asked.loc[(member.id, member.commodity, member.tier)]
            entry["label"] = nodes.loc[member.id, "label"]
        elif member.kind == "node" and member.id in nodes.index:
            found = nodes.loc[member.id]
            entry["label"] = found["label"]
        elif member.kind == "edge":
            entry["id"] = f"{member.source} -> {member.target}"
            key = (member.source, member.target, member.commodity)
            found = edges.loc[key] if key in edges.index else None
        if found is not None:
            entry |= {key: found[key] for key in ("low", "high", "quality", "reference")}
        rows.append(entry)
    columns = [
        "kind",
        "id",
        "label",
        "commodity",
        "tier",
        "capacity_tpa",
        "price",
        "low",
        "high",
        "quality",
        "reference",
    ]
    table = pd.DataFrame(rows, columns=columns)
    rank = {word: i for i, word in enumerate(QUALITIES)}
    table["quality"] = table["quality"].astype(object).fillna("not graded")
    worst_first = -table["quality"].map(rank).fillna(len(QUALITIES)).to_numpy(dtype=float)
    return table.iloc[np.lexsort((table["id"].astype(str), worst_first))].reset_index(drop=True)


def _certificates(flow: MaxFlow, base: Balance, disrupted: Balance | None) -> pd.DataFrame:
    named = [("value, undisturbed", flow.certificate), ("balance, undisturbed", base.certificate)]
    if disrupted is not None:
        named.append((f"balance, {disrupted.provenance['settings']['scenario']}", disrupted.certificate))
    rows = [(name, c.value, c.bound, c.gap, c.violation, c.tolerance, c.ok) for name, c in named]
    return pd.DataFrame(rows, columns=["problem", "value", "bound", "gap", "violation", "tolerance", "ok"])
