"""The published risk indices step by step, from the flows of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.engine import UNIT_ROUNDING
from chainnet.indicators._concentration import levels_of, supply_by_node
from chainnet.indicators._risk import Numbers, checked_governance, checked_trade, governance
from chainnet.network import Network
from chainnet.results import provenance, stamp

Words = str | Iterable[str]

_MEMBER = 0.8  # trade parameter of the union's own members, as the EU methodology has it
_WORST = 10.0
_MIDDLE = 0.5


def supply_risk(
    network: Network,
    *,
    wgi: Numbers | None = None,
    trade: Numbers | None = None,
    trade_eu: Numbers | None = None,
    eol_rir: float | Mapping[str, float] = 0.0,
    substitution: float | Mapping[str, float] = 1.0,
    union: Words = "EU27",
) -> pd.DataFrame:
    """Return the EU supply risk of every commodity at every step, from the network's own flows.

    The world mix is what each step makes, by country. The EU mix is where the union's users of it get
    it, their own makers among them; it and the import reliance come from ``edges.flow_tpa``. Where the
    union uses none, or no flows are known, the world mix alone counts.

    Parameters
    ----------
    network : Network
    wgi : Series or mapping, country -> 0..10
        Governance, 10 = worst; default ``governance()["scaled_2023"]``. The EU study of 2023 used
        ``["scaled_2016_2020"]``.
    trade, trade_eu : Series or mapping, country -> t, optional
        Trade parameters in the world mix and in the EU mix; 1.0 where none is given, 0.8 for members
        of the union. ``trade_eu`` left out is ``trade``.
    eol_rir, substitution : float or mapping, commodity -> value
        Recycling input rate and substitution index, one for all or by commodity; left out they lower
        nothing, so the result is an upper value.
    union : str or list of str
        Countries or a group: whose mix counts as the EU's.

    Returns
    -------
    DataFrame, index (stage, step, commodity) or (stage, commodity) where no node has a step
        supply_risk : suppliers without governance ("other") add nothing; NaN where no supplier has one.
        supply_risk_high : all of them as one supplier of the worst governance.
        hhi_global, hhi_eu : weighted sums over suppliers. import_reliance : 0 to 1.
        unscored_share : of the world mix, without governance. mixes : both or global.
        top : supplier that adds most. is_bottleneck : the step of the largest supply_risk.

    Raises
    ------
    DataError
        If a country, a commodity or a number is out of range or unknown.

    Notes
    -----
    European Commission guidelines (2017), doi 10.2873/769526; formula as in ``eu_supply_risk``. A
    region that is a group (EU27) has the mean governance of its members and counts as one supplier.
    Cost: linear in edges.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import supply_risk
    >>> table = supply_risk(cn.read("rare-earths"))
    >>> table.xs("dytb_oxide", level="commodity").loc[("refiner", "separation"), "top"]
    'CHN'
    """
    parts, sums = risk_parts(
        network,
        wgi=wgi,
        trade=trade,
        trade_eu=trade_eu,
        eol_rir=eol_rir,
        substitution=substitution,
        union=union,
    )
    best = parts.sort_values(["part", "label"], ascending=[False, True]).groupby(level=0)["label"].first()
    sums = sums.assign(top=best.reindex(range(len(sums))))
    largest = sums["supply_risk"].max()
    sums["is_bottleneck"] = (sums["supply_risk"] >= largest * (1 - UNIT_ROUNDING)) & (largest > 0)
    columns = [
        "supply_risk",
        "supply_risk_high",
        "hhi_global",
        "hhi_eu",
        "import_reliance",
        "unscored_share",
        "mixes",
        "top",
        "is_bottleneck",
    ]
    source = provenance(
        network,
        "none",
        union=union if isinstance(union, str) else sorted(union),
        wgi="given" if wgi is not None else "scaled_2023",
        trade=_said(trade),
        trade_eu=_said(trade_eu),
        eol_rir=_said(eol_rir),
        substitution=_said(substitution),
    )
    return stamp(sums.set_index(levels_of(network))[columns], source)


def _said(given: Any) -> Any:
    """Return an argument as provenance holds it: a number, or a sorted dict."""
    if given is None:
        return {}
    return float(given) if isinstance(given, Real) else {str(k): float(v) for k, v in sorted(dict(given).items())}


def risk_parts(
    network: Network,
    *,
    wgi: Numbers | None,
    trade: Numbers | None,
    trade_eu: Numbers | None,
    eol_rir: float | Mapping[str, float],
    substitution: float | Mapping[str, float],
    union: Words,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each supplier adds to the EU supply risk of each step, and the sums of each step.

    Returns
    -------
    (parts, sums)
        parts : index = row of sums; label, output_tpa, share, share_eu, governance, trade, part.
        sums : the levels of an index table and its columns, one row per step and commodity.
    """
    weight = checked_governance(governance()["scaled_2023"].dropna() if wgi is None else wgi)
    levels = levels_of(network)
    supply = supply_by_node(network, "country")
    world = supply.groupby([*levels, "label"], dropna=False)["amount"].sum(min_count=1).rename("output_tpa")
    sums = supply[levels].drop_duplicates().sort_values(levels, ignore_index=True)
    row_of = sums.assign(row=np.arange(len(sums)))
    flows = shipments(network).merge(row_of, on=levels, how="inner")
    inside = pd.Series(network.in_countries(network.nodes, union, "union"), index=network.nodes["id"])
    into, out_of = flows["target"].map(inside).to_numpy(dtype=bool), flows["source"].map(inside).to_numpy(dtype=bool)
    flow = flows["flow_tpa"].fillna(0.0).to_numpy()

    def total(which: Any) -> Any:
        return np.bincount(flows["row"], weights=np.where(which, flow, 0.0), minlength=len(sums))

    used = total(into)
    net_imports = total(into & ~out_of) - total(out_of & ~into)
    # own output + imports - exports is what the union takes
    reliance = np.clip(np.divide(net_imports, used, out=np.full(len(sums), np.nan), where=used > 0), 0.0, 1.0)
    eu = flows[into].groupby(["row", "label"])["flow_tpa"].sum()
    parts = world.reset_index().merge(row_of, on=levels).set_index(["row", "label"])[["output_tpa"]]
    # a supplier of the union is a maker of the step, so every label of the EU mix is in the world mix
    parts["eu_tpa"] = eu.reindex(parts.index).fillna(0.0)
    parts = parts.reset_index("label").sort_index(kind="stable")
    parts["share"] = _share(parts["output_tpa"].fillna(0.0))
    parts["share_eu"] = _share(parts["eu_tpa"])
    parts["governance"] = parts["label"].map(by_label(network, weight, parts["label"].unique()))
    members = set().union(*network.resolve(union, "union"))
    for column, given in (("trade", trade), ("trade_eu", trade if trade_eu is None else trade_eu)):
        known = pd.Series(dict.fromkeys(members, _MEMBER), dtype=float)
        if given is not None:
            own = checked_trade(given, column)
            known = pd.concat([known[~known.index.isin(own.index)], own])
        parts[column] = parts["label"].map(known).fillna(1.0).astype(float)
    both = pd.Series(~np.isnan(reliance))
    sums["import_reliance"] = reliance
    sums["mixes"] = np.where(both, "both", "global")
    half = sums["import_reliance"] / 2.0
    lower = (1.0 - _by_commodity(network, sums, eol_rir, "eol_rir")) * _by_commodity(
        network, sums, substitution, "substitution"
    )
    weigh_world, weigh_eu = half.where(both, 1.0) * lower, (1.0 - half).where(both, 0.0) * lower
    held = parts["governance"].fillna(0.0)
    a, b = parts["share"] ** 2 * held * parts["trade"], parts["share_eu"] ** 2 * held * parts["trade_eu"]
    parts["part"] = a * weigh_world.reindex(parts.index) + b * weigh_eu.reindex(parts.index)
    unscored = parts["governance"].isna()

    def summed(values: pd.Series) -> pd.Series:
        return values.groupby(level=0).sum().reindex(range(len(sums)), fill_value=0.0)

    sums["hhi_global"], sums["hhi_eu"] = summed(a), summed(b).where(both)
    sums["unscored_share"] = summed(parts["share"].where(unscored, 0.0))
    unscored_eu = summed(parts["share_eu"].where(unscored, 0.0))
    known_output = summed(parts["output_tpa"].fillna(0.0)) > 0
    risk = summed(parts["part"]).where(known_output)
    extra = _WORST * (weigh_world * sums["unscored_share"] ** 2 + weigh_eu * unscored_eu**2)
    # nobody scored is no risk of zero
    sums["supply_risk"] = risk.where(sums["unscored_share"] < 1.0 - UNIT_ROUNDING)
    sums["supply_risk_high"] = risk + extra
    return parts, sums


def shipments(network: Network) -> pd.DataFrame:
    """Return what leaves each step: source, target, the levels of an index table, label of the source, flow_tpa."""
    levels = levels_of(network)
    nodes, edges = network.nodes.set_index("id"), network.edges
    place = nodes["stage"] + "|" + nodes["step"].fillna("")
    edges = edges.assign(commodity=edges["commodity"].fillna(""))
    awake = edges["source"].isin(nodes.index) & edges["target"].isin(nodes.index)
    edges = edges[awake & (edges["source"].map(place) != edges["target"].map(place))]
    made = supply_by_node(network, "country").rename(columns={"node": "source"})
    kept = edges[["source", "target", "commodity", "flow_tpa"]].merge(
        made[["source", *levels, "label"]], on=["source", "commodity"], how="inner"
    )
    return kept[["source", "target", *levels, "label", "flow_tpa"]]


def by_label(network: Network, values: pd.Series, labels: Iterable[str]) -> dict[str, float]:
    """Return the value of each label: a country's own; for a region that is a group the mean of its members."""
    groups = network.groups_known
    out: dict[str, float] = {}
    for label in labels:
        if label in values.index:
            out[label] = float(values[label])
        elif label in groups:
            known = values.reindex(sorted(groups[label])).dropna()
            out[label] = float(known.mean()) if len(known) else np.nan
        else:
            out[label] = np.nan
    return out


def importer_risk(network: Network, importer: Words, risk: pd.Series) -> pd.DataFrame:
    """Return GeoPolRisk of one importer by step: import_risk and geopolrisk; NaN where it neither makes nor imports."""
    levels = levels_of(network)
    supply = supply_by_node(network, "country")
    supply = supply.assign(amount=supply["amount"].where(supply["basis"] == "flow"))
    inside = pd.Series(network.in_countries(network.nodes, importer, "importer"), index=network.nodes["id"])
    by_country = supply.groupby([*levels, "label"], dropna=False)["amount"].sum(min_count=1)
    share = by_country / by_country.groupby(level=levels, dropna=False).transform("sum")
    hhi = (share**2).groupby(level=levels, dropna=False).sum(min_count=1)
    own = supply["amount"].where(supply["node"].map(inside).astype(bool), 0.0)
    domestic = own.groupby([supply[c] for c in levels], dropna=False).sum(min_count=1)
    flows = shipments(network)
    bought = flows["target"].map(inside).astype(bool) & ~flows["source"].map(inside).astype(bool)
    flows = flows[bought].dropna(subset=["flow_tpa"])
    g = flows["label"].map(by_label(network, risk, flows["label"].unique())).astype(float).fillna(_MIDDLE)
    keys = [flows[c] for c in levels]
    imports = flows["flow_tpa"].groupby(keys, dropna=False).sum().reindex(hhi.index).fillna(0.0)
    weighed = (flows["flow_tpa"] * g).groupby(keys, dropna=False).sum().reindex(hhi.index).fillna(0.0)
    used = domestic.reindex(hhi.index) + imports
    import_risk = weighed / used.where(used > 0)
    return pd.DataFrame({"import_risk": import_risk, "geopolrisk": hhi * import_risk}, index=hhi.index)


def byproduct_shares(network: Network) -> pd.Series:
    """Return the part of each step's tonnes that is made because of another product, by the levels of an index table.

    A coproduct counts whole; a main output counts as far as its inputs do: those on its own basis
    (``commodities.basis``), else all, weighed by baseline flow. What recyclers make counts nothing.
    """
    levels = levels_of(network)
    nodes = network.nodes.set_index("id")
    edges = network.edges.assign(commodity=network.edges["commodity"].fillna(""))
    edges = edges[edges["source"].isin(nodes.index) & edges["target"].isin(nodes.index)]
    supply = supply_by_node(network, "country")
    made = edges[["source", "commodity"]].drop_duplicates().rename(columns={"source": "node"})
    made = made.assign(process=made["node"].map(nodes["process"]))
    roles = network.processes[["process", "commodity", "role"]]
    made = made.merge(roles[roles["role"] != "input"], on=["process", "commodity"], how="left").reset_index(drop=True)
    recycled = made["node"].map(nodes["stage"]) == "recycler"
    forced = made["role"].isin(["coproduct", "byproduct"]) & ~recycled
    free = made[~forced & ~recycled].reset_index(names="out")
    flow = edges["flow_tpa"].fillna(0.0)
    into = edges.assign(tonnes=flow if flow.sum() > 0 else 1.0)[["source", "target", "commodity", "tonnes"]]
    into = into.merge(
        made.reset_index(names="in")[["node", "commodity", "in"]],
        left_on=["source", "commodity"],
        right_on=["node", "commodity"],
    )[["target", "commodity", "tonnes", "in"]].rename(columns={"target": "node", "commodity": "taken"})
    pairs = free.merge(into, on="node")
    # a node without a process passes each commodity through by itself
    pairs = pairs[pairs["process"].notna() | (pairs["commodity"] == pairs["taken"])]
    basis = network.commodities.set_index("id")["basis"]
    same = pairs["commodity"].map(basis) == pairs["taken"].map(basis)
    pairs = pairs[same | ~same.groupby(pairs["out"]).transform("any")]
    weight = pairs["tonnes"] / pairs.groupby("out")["tonnes"].transform("sum")
    share = np.where(forced, 1.0, 0.0)
    rows, columns, weights = pairs["out"].to_numpy(), pairs["in"].to_numpy(), weight.fillna(0.0).to_numpy()
    # rises from below to its limit, also round a loop of recycling
    for _ in range(len(made) + 1):
        new = np.where(forced, 1.0, np.bincount(rows, weights=weights * share[columns], minlength=len(made)))
        if np.abs(new - share).max(initial=0.0) <= UNIT_ROUNDING:
            break
        share = new
    made["of_host"] = share
    counted = supply.merge(made[["node", "commodity", "of_host"]], on=["node", "commodity"], how="left")
    amount = counted["amount"].fillna(0.0)
    keys = [counted[c] for c in levels]
    total = amount.groupby(keys, dropna=False).sum()
    return (amount * counted["of_host"]).groupby(keys, dropna=False).sum() / total.where(total > 0)


def _share(amounts: pd.Series) -> pd.Series:
    total = amounts.groupby(level=0).transform("sum")
    return (amounts / total.where(total > 0)).fillna(0.0)


def _by_commodity(network: Network, sums: pd.DataFrame, value: float | Mapping[str, float], name: str) -> pd.Series:
    """Return one number per row of ``sums``: the same for all, or by commodity (others: no effect)."""
    neutral = 0.0 if name == "eol_rir" else 1.0
    given: dict[str, Any] = dict(value) if isinstance(value, Mapping) else dict.fromkeys(sums["commodity"], value)
    known = sorted({*network.commodities["id"], *sums["commodity"]})
    for commodity, number in given.items():
        checks.known(commodity, known, name, "commodity")
        checks.number(number, name, 0.0, 1.0, "is not allowed; give a number from 0 to 1.")
    return sums["commodity"].map(given).fillna(neutral).astype(float)
