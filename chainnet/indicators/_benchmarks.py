"""Rules of thumb and benchmarks by step, and all indices of a network in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import UNIT_ROUNDING
from chainnet.indicators._concentration import concentration, levels_of, supply_by_node
from chainnet.indicators._risk import Numbers, governance
from chainnet.indicators._steps import Words, byproduct_shares, importer_risk, shipments, supply_risk
from chainnet.network import Network, is_country
from chainnet.results import origin_of, provenance, stamp

# Regulation (EU) 2024/1252, Article 5(1): what the union should be able to make of what it uses by 2030
BENCHMARKS = {"mine": 0.10, "refiner": 0.40, "recycler": 0.25}
_ONE_COUNTRY = 0.65

_EU_GUIDE = "European Commission, guidelines for the EU list of critical raw materials (2017), doi 10.2873/769526"
_CRMA = "Regulation (EU) 2024/1252, Article 5(1)"
_GPR = "Gemechu et al. (2016); Koyamparambath et al. (2024), geopolrisk-py"

FORMULAS: dict[str, tuple[str, str]] = {
    "hhi": ("sum of squared shares of the step's tonnes by country", "Herfindahl-Hirschman index"),
    "top_share": ("largest share", "IEA, Global Critical Minerals Outlook 2025"),
    "top3_share": ("sum of the three largest shares", "IEA, Global Critical Minerals Outlook 2025"),
    "n1_cover": (
        "(S - S_top) / (D - D_top): supply over demand, both without the largest country",
        "IEA, Global Critical Minerals Outlook 2025, N-1 assessment",
    ),
    "supply_risk": (
        "(HHI_global x IR/2 + HHI_eu x (1 - IR/2)) x (1 - EoL_RIR) x SI, HHI_x = sum of share^2 x governance x trade",
        _EU_GUIDE,
    ),
    "supply_risk_high": ("supply_risk with all suppliers without governance as one, governance 10", _EU_GUIDE),
    "geopolrisk": ("HHI x sum(g f) / (p + F)", _GPR),
    "byproduct_share": (
        "part of the step's tonnes made because of another product",
        "companionality, Nassar, Graedel and Harper (2015), doi 10.1126/sciadv.1400180",
    ),
    "top_third_share": ("largest share of one country outside the union in what the union takes", _CRMA),
    "over_65": ("top_third_share above 0.65", _CRMA),
    "covered_share": ("capacity in the union over what it takes; output where capacity is not known", _CRMA),
    "benchmark": ("0.10 at mines, 0.40 at refiners, 0.25 at recyclers", _CRMA),
    "is_met": ("covered_share at or above benchmark", _CRMA),
}


def benchmarks(network: Network, union: Words = "EU27", marks: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Hold each step against the 10 / 40 / 25 benchmarks and the 65 % rule of the Critical Raw Materials Act.

    By 2030 the union should be able to mine 10 %, process 40 % and recycle 25 % of what it uses of a
    strategic raw material, and take no more than 65 % of it from one third country at any stage.

    Parameters
    ----------
    network : Network
        With ``edges.flow_tpa``; without flows the union's use is not known.
    union : str or list of str
        Countries or a group.
    marks : mapping of stage to share, optional
        Other benchmarks than 0.10, 0.40 and 0.25.

    Returns
    -------
    DataFrame, index (stage, step, commodity) or (stage, commodity) where no node has a step
        use_tpa : what users in the union take of the commodity. output_tpa, capacity_tpa : of its makers there.
        covered_share : capacity (output where a capacity is not known) over use; NaN where none is used.
        benchmark : 0.10, 0.40, 0.25; NaN for manufacturers. is_met : NA where one of the two is not known.
        top_third_country, top_third_share : largest known country outside the union, of what the union takes
        of the step. over_65 : NA where none is taken, or a remainder ("other") could hide such a country.

    Raises
    ------
    DataError
        If ``union`` names what is neither a country nor a group.

    See Also
    --------
    concentration, indicators.indices

    Notes
    -----
    Regulation (EU) 2024/1252, Article 5(1). The act counts use of the raw material; here it is what
    users in the union take of the step's own commodity, so material inside imported goods is outside it.
    All recycling of a commodity is held against all use of it. Cost: linear in edges.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import benchmarks
    >>> table = benchmarks(cn.read("rare-earths"))
    >>> table.xs("ndfeb", level="commodity")["over_65"].tolist()
    [True]
    """
    levels = levels_of(network)
    inside = pd.Series(network.in_countries(network.nodes, union, "union"), index=network.nodes["id"])
    supply = supply_by_node(network, "country")
    rows = supply[levels].drop_duplicates().sort_values(levels, ignore_index=True)
    index = pd.MultiIndex.from_frame(rows)
    own = supply[supply["node"].map(inside).astype(bool)]
    keys = [own[c] for c in levels]
    output = own["amount"].groupby(keys, dropna=False).sum(min_count=1).reindex(index)
    capacity = own["capacity_tpa"].fillna(own["amount"]).groupby(keys, dropna=False).sum(min_count=1).reindex(index)
    flows = shipments(network)
    flows = flows[flows["target"].map(inside).astype(bool)].dropna(subset=["flow_tpa"])
    flows = flows.assign(is_own=flows["source"].map(inside).astype(bool))
    # one step's commodity may also come from recyclers: the union's use is all of it
    used = flows.groupby("commodity")["flow_tpa"].sum().to_dict()
    use = pd.Series(index.get_level_values("commodity").map(used), index=index, dtype=float).where(lambda u: u > 0)
    # a remainder ("other") is no one country; it may hide one
    hidden = ~flows["is_own"] & ~flows["label"].map(is_country).astype(bool)
    unnamed = flows[hidden].groupby(levels, dropna=False)["flow_tpa"].sum().reindex(index).fillna(0.0)
    third = flows[~flows["is_own"] & ~hidden].groupby([*levels, "label"], dropna=False)["flow_tpa"].sum().reset_index()
    third = third.sort_values(["flow_tpa", "label"], ascending=[False, True]).drop_duplicates(levels)
    third = third.set_index(levels).reindex(index)
    taken = flows.groupby(levels, dropna=False)["flow_tpa"].sum().reindex(index)
    share = third["flow_tpa"].fillna(0.0) / taken.where(taken > 0)
    most = share + unnamed / taken.where(taken > 0)
    decided = ((share > _ONE_COUNTRY + UNIT_ROUNDING) | (most <= _ONE_COUNTRY + UNIT_ROUNDING)).to_numpy()
    covered = (capacity.fillna(0.0) / use).astype(float)
    marks = dict(BENCHMARKS if marks is None else marks)
    mark = pd.Series(index.get_level_values("stage").map(marks), index=index, dtype=float)
    known = (covered.notna() & mark.notna()).to_numpy()
    table = pd.DataFrame(
        {
            "use_tpa": use,
            "output_tpa": output.fillna(0.0),
            "capacity_tpa": capacity.fillna(0.0),
            "covered_share": covered,
            "benchmark": mark,
            "is_met": _yes_no(covered >= mark - UNIT_ROUNDING, known),
            "top_third_country": third["label"],
            "top_third_share": share,
            "over_65": _yes_no(share > _ONE_COUNTRY + UNIT_ROUNDING, decided),
        },
        index=index,
    )
    return _explained(table, provenance(network, "none", union=_said(union)))


def indices(
    network: Network,
    *,
    wgi: Numbers | None = None,
    trade: Numbers | None = None,
    eol_rir: float | Mapping[str, float] = 0.0,
    substitution: float | Mapping[str, float] = 1.0,
    union: Words = "EU27",
    importer: Words = "USA",
) -> pd.DataFrame:
    """Return all published indices of every commodity at every step, from the tables of one network.

    Parameters
    ----------
    network : Network
    wgi, trade, eol_rir, substitution, union : optional
        As in ``supply_risk``.
    importer : str or list of str
        Whose GeoPolRisk: a country, or a group as one importer.

    Returns
    -------
    DataFrame, index (stage, step, commodity) or (stage, commodity) where no node has a step
        output_tpa, top, top_share, top3_share, hhi, n1_cover, supply_risk, supply_risk_high, is_bottleneck,
        geopolrisk, byproduct_share, covered_share, benchmark, is_met, top_third_country, top_third_share,
        over_65. NaN or NA: not available. ``attrs["formulas"]`` has formula and source of each.

    Raises
    ------
    DataError
        If an argument is out of range or names what is unknown.

    See Also
    --------
    indicators.compare_indices, eu_supply_risk, geopolrisk

    Notes
    -----
    Every index is read off shares, none asks what could stand in: see ``compare_indices``. Cost: linear
    in edges.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import indices
    >>> table = indices(cn.read("rare-earths"))
    >>> table.attrs["formulas"]["geopolrisk"][0]
    'HHI x sum(g f) / (p + F)'
    """
    held = concentration(network)[["output_tpa", "top", "top_share", "top3_share", "hhi", "n1_cover"]]
    risk = supply_risk(network, wgi=wgi, trade=trade, eol_rir=eol_rir, substitution=substitution, union=union)
    instability = governance()["instability_2023"].dropna()
    parts = [
        held,
        risk[["supply_risk", "supply_risk_high", "is_bottleneck"]],
        importer_risk(network, importer, instability)[["geopolrisk"]],
        byproduct_shares(network).rename("byproduct_share").to_frame(),
        benchmarks(network, union).drop(columns=["use_tpa", "output_tpa", "capacity_tpa"]),
    ]
    table = pd.concat([part.reindex(held.index) for part in parts], axis=1)
    settings = {**origin_of(risk)["settings"], "importer": _said(importer)}
    return _explained(table, provenance(network, "none", **settings))


def _yes_no(values: Any, known: Any) -> Any:
    return pd.arrays.BooleanArray(np.asarray(values, dtype=bool), ~np.asarray(known, dtype=bool))


def _said(words: Words) -> Any:
    return words if isinstance(words, str) else sorted(words)


def _explained(table: pd.DataFrame, source: dict[str, Any]) -> pd.DataFrame:
    formulas = {name: FORMULAS[name] for name in table.columns if name in FORMULAS}
    return stamp(table, source, facts={"formulas": formulas})
