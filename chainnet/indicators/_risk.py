"""Published indices of supply risk, from shares and governance alone: GeoPolRisk and the EU supply risk."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError
from chainnet.network import graphs_folder, is_country
from chainnet.results import Result, package_version

Numbers: TypeAlias = pd.Series | Mapping[str, float]

# Kosovo has no ISO code; trade and mining statistics use one of these two
_BESIDES_ISO = frozenset({"XKX", "R20"})
_MIDDLE = 0.5  # instability of a partner without one, as the method has it
_OVER = 0.02  # shares rounded in print may add to a little more than 1


@cache
def _governance() -> pd.DataFrame:
    path = graphs_folder() / "common" / "governance.csv"
    table = pd.read_csv(path, encoding="utf-8", keep_default_na=False, dtype=str).set_index("country")
    words = ["reference", "quality", "note"]
    numbers: pd.DataFrame = table.drop(columns=words).apply(pd.to_numeric, errors="coerce")
    # an estimate may lie a little beyond -2.5 or 2.5; geopolrisk-py cuts it off there too
    numbers["instability_2023"] = ((2.5 - numbers["political_stability_2023"]) / 5.0).clip(0.0, 1.0)
    return numbers.join(table[words])


def governance() -> pd.DataFrame:
    """Return the Worldwide Governance Indicators that the risk indices use.

    Returns
    -------
    DataFrame, index country (ISO 3166-1 alpha-3)
        political_stability_2023, rule_of_law_2023, effectiveness_2023, corruption_2023,
        regulation_2023, voice_2023 : estimates, -2.5 (worst) to 2.5 (best).
        mean_2023, mean_2016_2020 : mean of the six.
        scaled_2023, scaled_2016_2020 : 2 x (2.5 - mean), 0 (best) to 10 (worst), for ``eu_supply_risk``.
        instability_2023 : (2.5 - political_stability_2023) / 5, cut to 0 (best) .. 1 (worst), for ``geopolrisk``.
        reference, quality, note.

    See Also
    --------
    eu_supply_risk, geopolrisk

    Notes
    -----
    World Bank, Worldwide Governance Indicators, 2024 update. 2016 to 2020 is the period of the EU
    study of 2023.

    Examples
    --------
    >>> from chainnet.indicators import governance
    >>> governance().loc[["CHN", "AUS"], "scaled_2016_2020"].tolist()
    [5.7126, 1.9674]
    """
    return _governance().copy()


@dataclass(frozen=True, repr=False, eq=False)
class GeoPolRisk(Result):
    """GeoPolRisk of one material for one importer.

    Attributes
    ----------
    hhi : float
        Concentration of world output, 0 to 1.
    import_risk : float
        Import-weighted instability of what the importer uses, 0 to 1.
    score : float
        hhi x import_risk.
    partners : DataFrame
        Index country: imports_t, risk, part (its part of import_risk), is_missing (risk was not given).
    """

    hhi: float
    import_risk: float
    score: float
    partners: pd.DataFrame


def geopolrisk(production: Numbers, imports: Numbers, risk: Numbers, domestic: float = 0.0) -> GeoPolRisk:
    """Return the GeoPolRisk score of one material at one stage for one importer.

    hhi = sum P_c^2 / (sum P_c)^2; import_risk = sum g_i f_i / (p + F); score = hhi x import_risk.

    Parameters
    ----------
    production : Series or mapping, country -> t
        World output P by country, ISO 3166-1 alpha-3 (XKX or R20 for Kosovo). No total, no region.
    imports : Series or mapping, country -> t
        Imports f of the importer by origin, of the same material at the same stage; F is their sum.
    risk : Series or mapping, country -> 0..1
        Political instability g; a partner without one counts 0.5. See ``governance()``, ``instability_2023``.
    domestic : float
        Output p of the importer itself, t, at the same stage.

    Returns
    -------
    GeoPolRisk
        With hhi, import_risk, score and a table of partners.

    Raises
    ------
    DataError
        If a country is none (a total or a region), stands twice, has negative or missing tonnes, or if
        nothing is made or nothing used.

    See Also
    --------
    eu_supply_risk, concentration, indicators.indices

    Notes
    -----
    Method: Gemechu et al. (2016) and Koyamparambath et al. (2024), https://github.com/akoyamp/geopolrisk-py.
    The stage must be one: an importer of metal that imports hardly any ore has a low score for ore.
    The midpoint is score x price. Cost: linear in countries.

    Examples
    --------
    >>> import chainnet as cn
    >>> g = cn.geopolrisk({"CHN": 60, "AUS": 40}, {"CHN": 10}, {"CHN": 0.6}, domestic=10)
    >>> round(g.hhi, 6), round(g.import_risk, 6), round(g.score, 6)
    (0.52, 0.3, 0.156)
    """
    made, taken = _tonnes(production, "production"), _tonnes(imports, "imports")
    unstable = _series(risk, "risk")
    wrong = unstable[(unstable < 0) | (unstable > 1)]
    if len(wrong):
        raise DataError(f"risk: {wrong.index[0]} has {wrong.iloc[0]:g}; instability goes from 0 (best) to 1 (worst).")
    _between(domestic, "domestic", sys.float_info.max)
    total = float(made.sum())
    if total <= 0:
        raise DataError("production: nothing is made, so there is no concentration; give output above 0 for a country.")
    used = float(domestic) + float(taken.sum())
    if used <= 0:
        raise DataError("imports: nothing is imported and domestic is 0; give what the importer buys or makes.")
    g = unstable.reindex(taken.index)
    part = g.fillna(_MIDDLE) * taken / used
    partners = pd.DataFrame({"imports_t": taken, "risk": g.fillna(_MIDDLE), "part": part, "is_missing": g.isna()})
    partners.index.name = "country"
    hhi = float(((made / total) ** 2).sum())
    import_risk = math.fsum(part)
    text = "\n".join(f"{k},{v!r}" for s in (made, taken, g.dropna()) for k, v in s.items())
    source = {
        "graph": "figures given",
        "digest": hashlib.sha256(f"{text}\n{float(domestic)!r}".encode()).hexdigest(),
        "version": package_version(),
        "solver": "none",
        "settings": {"domestic": float(domestic)},
    }
    return GeoPolRisk(source, hhi, import_risk, hhi * import_risk, partners)


def eu_supply_risk(
    global_shares: Numbers | None = None,
    eu_shares: Numbers | None = None,
    *,
    wgi: Numbers,
    import_reliance: float | None = None,
    eol_rir: float = 0.0,
    substitution: float = 1.0,
    trade_global: Numbers | None = None,
    trade_eu: Numbers | None = None,
) -> float:
    """Return the supply risk of the EU methodology for one material at one stage.

    SR = (HHI_global x IR / 2 + HHI_eu x (1 - IR / 2)) x (1 - EoL_RIR) x SI, where
    HHI_x = sum over countries of share^2 x governance x trade parameter.

    Parameters
    ----------
    global_shares, eu_shares : Series or mapping, country -> share
        Shares of world output, and of what the EU takes (its own output and imports by origin), as
        fractions. They may add to less than 1: suppliers left out add nothing. With one mix alone, that
        mix alone counts.
    wgi : Series or mapping, country -> 0..10
        Governance, already scaled, 10 = worst: ``governance()["scaled_2016_2020"]`` or ``["scaled_2023"]``.
    import_reliance : float, optional
        IR = (imports - exports) / (own output + imports - exports), 0 to 1; needed where both mixes are given.
    eol_rir : float
        End-of-life recycling input rate, 0 to 1.
    substitution : float
        Substitution index SI, 0 to 1; 1 where nothing can stand in.
    trade_global, trade_eu : Series or mapping, country -> t, optional
        Trade parameter; 1.0 where none is given. The methodology has 0.8 for EU members and partners of
        some trade agreements, 1.1 to 1.5 under export taxes, quotas or bans.

    Returns
    -------
    float
        Critical from 1.0 on, where economic importance is 2.8 or more.

    Raises
    ------
    DataError
        If a share is negative or above 1, shares add to more than 1 (percent, or a total row), a supplier
        has no governance, or a number is out of range.

    See Also
    --------
    geopolrisk, concentration, indicators.indices

    Notes
    -----
    European Commission, Methodology for establishing the EU list of critical raw materials, guidelines
    (2017), doi 10.2873/769526. A material is given the larger value of extraction and processing. Cost:
    linear in countries.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.indicators import governance
    >>> w = governance()["scaled_2016_2020"]
    >>> round(cn.eu_supply_risk({"CHN": 1.0}, wgi=w, eol_rir=0.01, substitution=0.99), 1)  # dysprosium
    5.6
    """
    _between(eol_rir, "eol_rir", 1.0)
    _between(substitution, "substitution", 1.0)
    if import_reliance is not None:
        _between(import_reliance, "import_reliance", 1.0)
    weight = checked_governance(wgi)
    mixes = []
    if global_shares is not None:
        mixes.append(_weighted_hhi(global_shares, weight, trade_global, "global_shares", "trade_global"))
    if eu_shares is not None:
        mixes.append(_weighted_hhi(eu_shares, weight, trade_eu, "eu_shares", "trade_eu"))
    if not mixes:
        raise DataError("global_shares: neither mix is given; give global_shares, eu_shares or both.")
    if len(mixes) == 2:
        if import_reliance is None:
            raise DataError("import_reliance: it weighs the two mixes; give it, 0 to 1, or one mix alone.")
        hhi = mixes[0] * import_reliance / 2.0 + mixes[1] * (1.0 - import_reliance / 2.0)
    else:
        hhi = mixes[0]
    return float(hhi * (1.0 - eol_rir) * substitution)


def _weighted_hhi(shares: Numbers, weight: pd.Series, trade: Numbers | None, name: str, trade_name: str) -> float:
    """Return the sum of share^2 x governance x trade parameter."""
    s = _series(shares, name)
    bad = s[~((s >= 0) & (s <= 1))]
    if len(bad):
        raise DataError(f"{name}: {bad.index[0]} has {bad.iloc[0]:g}; shares are fractions, 0 to 1.")
    if math.fsum(s) > 1.0 + _OVER:
        raise DataError(f"{name}: the shares add to {math.fsum(s):g}; leave out a total row, and one country once.")
    s = s[s > 0]
    w = weight.reindex(s.index)
    if w.isna().any():
        missing = ", ".join(w.index[w.isna()][:5])
        raise DataError(f"wgi: no governance for {missing} of {name}; give it, or leave the supplier out and say so.")
    if trade is None:
        return math.fsum(s**2 * w)
    return math.fsum(s**2 * w * checked_trade(trade, trade_name).reindex(s.index).fillna(1.0))


def checked_governance(wgi: Numbers) -> pd.Series:
    """Return governance by country; refuse what is not on the scale 0 (best) to 10 (worst)."""
    weight = _series(wgi, "wgi")
    wrong = weight[(weight < 0) | (weight > 10)]
    if len(wrong):
        raise DataError(
            f"wgi: {wrong.index[0]} has {wrong.iloc[0]:g}; governance goes from 0 (best) to 10 (worst): "
            "take 2 x (2.5 - mean of the six estimates)."
        )
    return weight.dropna()


def checked_trade(trade: Numbers, name: str) -> pd.Series:
    """Return trade parameters by country; refuse what is no number above 0."""
    t = _series(trade, name)
    if not ((t > 0) & (t < math.inf)).all():
        raise DataError(f"{name}: a trade parameter must be a number above 0.")
    return t


def _series(values: Numbers, name: str) -> pd.Series:
    """Return values by country in order of the country; numbers only, no country twice."""
    if not isinstance(values, (pd.Series, Mapping)):
        raise DataError(f"{name}: give a Series or a mapping from country to number, not {type(values).__name__}.")
    if isinstance(values, Mapping):
        series = pd.Series(list(values.values()), index=pd.Index(list(values), dtype=object), dtype=object)
    else:
        series = values
    twice = series.index[series.index.duplicated()]
    if len(twice):
        raise DataError(f"{name}: {twice[0]} stands twice; add its rows up first.")
    try:
        numbers = series.astype(float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: a value is no number ({error}).") from None
    return pd.Series(numbers.to_numpy(), index=pd.Index([str(k) for k in series.index], dtype=object)).sort_index()


def _tonnes(values: Numbers, name: str) -> pd.Series:
    """Return tonnes by country; refuse totals, regions, and tonnes that are negative or missing."""
    series = _series(values, name)
    for label in series.index:
        if not (is_country(label) or label in _BESIDES_ISO):
            raise DataError(
                f'{name}: "{label}" is no ISO 3166-1 alpha-3 country; a total or a region is never counted as one. '
                "Leave it out, or split it by country."
            )
    bad = series[~((series >= 0) & (series < math.inf))]
    if len(bad):
        raise DataError(
            f"{name}: {bad.index[0]} has {bad.iloc[0]}; give tonnes, 0 or more, or leave out what is unknown."
        )
    return series


def _between(value: Any, name: str, most: float) -> None:
    what = "a number from 0 to {most:g}" if most <= 1.0 else "tonnes, 0 or more"
    checks.number(value, name, 0.0, most, f"is not allowed; give {what}.")
