"""Published risk indices: GeoPolRisk and the EU supply risk against published numbers and by hand."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainnet as cn
from chainnet.indicators import eu_supply_risk, geopolrisk, governance
from chainnet.network import is_country

# geopolrisk-py (github.com/akoyamp/geopolrisk-py), tests/data/Testing case - tool.xlsx: mine output 2022 (World
# Mining Data), imports of the USA 2022 (BACI), political instability out of the governance indicators. R20 is Kosovo.
NICKEL = {
    "ALB": 1570, "AUS": 155007, "BRA": 79370, "CAN": 143266, "CHN": 109400, "COL": 41816, "CIV": 27610,
    "CUB": 43000, "DOM": 29223, "FIN": 44921, "GRC": 1700, "GTM": 52600, "IDN": 1593400, "R20": 300,
    "MDG": 35737, "MAR": 157, "MMR": 9600, "NCL": 199951, "NOR": 190, "PNG": 34302, "PHL": 345200, "POL": 830,
    "RUS": 220000, "ZAF": 29500, "TUR": 14540, "USA": 17500, "ZMB": 3946, "ZWE": 14260,
}  # fmt: skip
NICKEL_IMPORTS = {
    "BRA": 0.116, "CAN": 0.005, "CHN": 31.769, "FIN": 0.002, "FRA": 5.544, "ITA": 0.005, "NLD": 0.015,
    "ARE": 0.001, "GBR": 0.03, "ZMB": 0.008,
}  # fmt: skip
INSTABILITY = {
    "BRA": 0.566293179988861, "CAN": 0.34543719291687, "CHN": 0.588214725255966, "FIN": 0.321701657772064,
    "FRA": 0.433095175027847, "ITA": 0.417298924922943, "NLD": 0.356539034843444, "ARE": 0.359842932224273,
    "GBR": 0.399212181568145, "ZMB": 0.479537287354469,
}  # fmt: skip
# manganese ore from the same workbook
MANGANESE = {
    "AGO": 32400, "AUS": 3082850, "BOL": 420, "BRA": 529664, "CHN": 819000, "COL": 160, "COD": 5380, "CIV": 371900,
    "EGY": 5000, "GAB": 4529000, "GEO": 160000, "GHA": 919800, "GUY": 105800, "IND": 872600, "IDN": 0, "IRN": 65800,
    "KAZ": 136600, "KEN": 61200, "MYS": 312720, "MEX": 220745, "MAR": 24500, "MMR": 207100, "NAM": 10600,
    "NGA": 23100, "OMN": 3000, "PAK": 200, "PER": 1169, "ROU": 5900, "RUS": 16500, "SEN": 13370, "ZAF": 7113500,
    "SDN": 0, "THA": 320, "TUR": 36900, "UKR": 372800, "VNM": 155000, "ZMB": 69490,
}  # fmt: skip


def test_geopolrisk_nickel_usa_2022() -> None:
    g = geopolrisk(pd.Series(NICKEL), pd.Series(NICKEL_IMPORTS), pd.Series(INSTABILITY), domestic=17500)
    assert sum(NICKEL.values()) == 3_248_896
    assert len(NICKEL) == 28
    assert g.hhi == pytest.approx(0.26749007657640966, rel=1e-12)
    assert g.import_risk == pytest.approx(0.0012076833631026191, rel=1e-12)
    assert g.score == pytest.approx(0.00032304331527637555, rel=1e-12)
    assert math.fsum(g.partners["imports_t"]) == pytest.approx(37.495)
    assert math.fsum(g.partners["part"]) == g.import_risk


def test_geopolrisk_manganese_hhi() -> None:
    g = geopolrisk(MANGANESE, {"GAB": 1.0}, {})
    assert g.hhi == pytest.approx(0.2035183372902862, rel=1e-12)


def test_geopolrisk_by_hand() -> None:
    g = geopolrisk({"AUS": 3, "CHN": 1}, {"CHN": 4, "PER": 4}, {"CHN": 0.75, "PER": float("nan")}, domestic=2.0)
    assert g.hhi == pytest.approx(10 / 16)
    assert g.import_risk == pytest.approx((0.75 * 4 + 0.5 * 4) / 10), "a partner without risk counts 0.5"
    assert g.score == g.hhi * g.import_risk
    assert g.partners["is_missing"].to_dict() == {"CHN": False, "PER": True}
    assert set(g.provenance) >= {"graph", "digest", "version", "solver", "settings"}
    with pytest.raises(dataclasses.FrozenInstanceError, match="score"):
        g.score = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("word", ["Total", "TOTAL", "DELETE", "WLD", "World", "OTH", "EU27", "EUU", "chn", "", "nan"])
def test_a_total_row_is_never_a_country(word: str) -> None:
    assert geopolrisk(NICKEL, NICKEL_IMPORTS, {**INSTABILITY, word: 0.5}).score > 0, "a table of risk may hold more"
    for arguments in (({**NICKEL, word: 1}, NICKEL_IMPORTS), (NICKEL, {**NICKEL_IMPORTS, word: 1})):
        with pytest.raises(cn.DataError, match="country"):
            geopolrisk(*arguments, INSTABILITY)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (({"CHN": -1}, {"CHN": 1}, {}), "production"),
        (({"CHN": float("nan")}, {"CHN": 1}, {}), "production"),
        (({"CHN": 0}, {"CHN": 1}, {}), "production"),
        (({"CHN": 1}, {"CHN": float("inf")}, {}), "imports"),
        (({"CHN": 1}, {}, {}), "imports"),
        (({"CHN": 1}, {"CHN": "x"}, {}), "imports"),
        (({"CHN": 1}, {"CHN": 1}, {"CHN": 1.01}), "risk"),
        (({"CHN": 1}, {"CHN": 1}, {"CHN": -0.5}), "risk"),
        (([1, 2], {"CHN": 1}, {}), "production"),
        ((pd.Series([1.0, 2.0], index=["CHN", "CHN"]), {"CHN": 1}, {}), "twice"),
    ],
)
def test_geopolrisk_bad_input(arguments: Any, word: str) -> None:
    with pytest.raises(cn.DataError, match=word):
        geopolrisk(*arguments)


@pytest.mark.parametrize("domestic", [-1.0, float("nan"), float("inf"), "1", None, True])
def test_geopolrisk_bad_domestic(domestic: Any) -> None:
    with pytest.raises(cn.DataError, match="domestic"):
        geopolrisk({"CHN": 1}, {"CHN": 1}, {}, domestic=domestic)


COUNTRIES = ["AUS", "CHN", "COD", "DEU", "USA"]
MADE = st.lists(st.integers(1, 10**6), min_size=5, max_size=5).map(lambda v: dict(zip(COUNTRIES, v, strict=True)))


@given(MADE, MADE, st.integers(0, 10**6))
def test_geopolrisk_properties(production: dict[str, int], imports: dict[str, int], domestic: int) -> None:
    risk = governance()["instability_2023"]
    g = geopolrisk(production, imports, risk, domestic)
    assert 1 / 5 - 1e-12 <= g.hhi <= 1
    assert 0 <= g.import_risk <= 1
    shuffled = geopolrisk(dict(reversed(production.items())), dict(reversed(imports.items())), risk, domestic)
    assert (shuffled.score, shuffled.provenance) == (g.score, g.provenance), "the order of rows is nothing"
    assert geopolrisk(production, imports, risk, domestic + 1000).score < g.score, "own output lowers the risk"
    larger = {k: 7 * v for k, v in production.items()}
    assert geopolrisk(larger, imports, risk, domestic).hhi == pytest.approx(g.hhi), "units of output cancel"


# -- EU supply risk ---------------------------------------------------------------------------------


# SR, IR, EoL-RIR, SI, trade parameters: Study on the critical raw materials for the EU 2023, final report, doi
# 10.2873/725585, as transcribed in CritMAT (doi 10.5281/zenodo.20489683). Shares: World Mining Data 2024, mean of 2018
# to 2020, the eight largest (cobalt: COD at the study's 0.63, the others scaled); China's whole heavy rare-earth
# refining, and 0.97 of the EU's magnesium: COM(2023) 160; 0.89 of magnesium, 0.92 of niobium: study of 2020.
EU = dict.fromkeys(
    [
        "AUT",
        "BEL",
        "BGR",
        "HRV",
        "CYP",
        "CZE",
        "DNK",
        "EST",
        "FIN",
        "FRA",
        "DEU",
        "GRC",
        "HUN",
        "IRL",
        "ITA",
        "LVA",
        "LTU",
        "LUX",
        "MLT",
        "NLD",
        "POL",
        "PRT",
        "ROU",
        "SVK",
        "SVN",
        "ESP",
        "SWE",
    ],
    0.8,
)


def shares(text: str) -> dict[str, float]:
    return {word.split(":")[0]: float(word.split(":")[1]) for word in text.split()}


PUBLISHED = [
    (
        "cobalt",
        "COD:0.630 RUS:0.076 AUS:0.044 CAN:0.040 CUB:0.035 PHL:0.030 PNG:0.025 CHN:0.023",
        {"COD": 1.1, "ZMB": 1.1},
        0.22,
        0.98,
        2.8,
    ),
    ("niobium", "BRA:0.924 CAN:0.062 RUS:0.006 COD:0.005 RWA:0.002 NGA:0.001", {}, 0.0, 0.96, 4.4),
    ("niobium, main supplier", "BRA:0.92", {}, 0.0, 0.96, 4.4),
    ("vanadium", "CHN:0.649 RUS:0.190 ZAF:0.084 BRA:0.073 IND:0.002 USA:0.002", {}, 0.06, 0.92, 2.3),
    (
        "lithium",
        "AUS:0.537 CHL:0.231 CHN:0.109 ARG:0.069 CAN:0.017 BRA:0.013 ZWE:0.012 USA:0.007",
        {"ARG": 1.1},
        0.0,
        0.94,
        0.8,
    ),
    (
        "perlite",
        "TUR:0.392 GRC:0.268 USA:0.228 ARM:0.027 IRN:0.018 RUS:0.016 HUN:0.015 SVK:0.012",
        {},
        0.42,
        0.92,
        0.8,
    ),
    ("dysprosium", "CHN:1", {}, 0.01, 0.99, 5.6),
    ("erbium", "CHN:1", {}, 0.01, 1.0, 5.6),
    ("holmium", "CHN:1", {}, 0.01, 1.0, 5.6),
    ("gadolinium", "CHN:1", {}, 0.01, 0.59, 3.3),
    (
        "platinum",
        "ZAF:0.709 RUS:0.122 ZWE:0.081 CAN:0.042 USA:0.023 CHN:0.014 FIN:0.007 COL:0.002",
        {"RUS": 1.1},
        0.12,
        0.95,
        2.13,
    ),
    (
        "palladium",
        "RUS:0.420 ZAF:0.357 CAN:0.084 USA:0.068 ZWE:0.058 CHN:0.006 FIN:0.004 AUS:0.002",
        {},
        0.12,
        0.99,
        1.5,
    ),
]


@pytest.mark.parametrize(("material", "mix", "trade", "rir", "si", "published"), PUBLISHED, ids=lambda v: str(v)[:24])
def test_eu_supply_risk_as_published(
    material: str, mix: str, trade: dict[str, float], rir: float, si: float, published: float
) -> None:
    wgi = governance()["scaled_2016_2020"].dropna()
    found = eu_supply_risk(shares(mix), wgi=wgi, eol_rir=rir, substitution=si, trade_global={**EU, **trade})
    assert abs(found - published) <= 0.1, (material, found)


@pytest.mark.parametrize("world", ["CHN:0.89", "CHN:0.879 RUS:0.054 BRA:0.018 ISR:0.016 KAZ:0.014 TUR:0.014 IRN:0.005"])
def test_eu_supply_risk_magnesium_with_both_mixes(world: str) -> None:
    wgi = governance()["scaled_2016_2020"].dropna()
    found = eu_supply_risk(
        shares(world), {"CHN": 0.97}, wgi=wgi, import_reliance=1.0, eol_rir=0.13, substitution=0.94, trade_global=EU
    )
    assert abs(found - 4.1) <= 0.1


def test_eu_supply_risk_by_hand() -> None:
    wgi = {"AUS": 2.0, "CHN": 6.0}
    world = 0.25**2 * 2 + 0.75**2 * 6 * 1.1
    eu = 0.5**2 * 2 + 0.5**2 * 6
    got = eu_supply_risk(
        {"AUS": 0.25, "CHN": 0.75},
        {"AUS": 0.5, "CHN": 0.5},
        wgi=wgi,
        import_reliance=0.6,
        eol_rir=0.1,
        substitution=0.9,
        trade_global={"CHN": 1.1},
    )
    assert isinstance(got, float)
    assert got == pytest.approx((world * 0.3 + eu * 0.7) * 0.9 * 0.9)
    assert eu_supply_risk({"CHN": 1}, wgi=wgi) == pytest.approx(6.0)
    assert eu_supply_risk(None, {"CHN": 1}, wgi=wgi, import_reliance=0.2) == pytest.approx(6.0), "one mix alone"


def test_governance_has_the_right_way_round() -> None:
    table = governance()
    assert (table["scaled_2016_2020"].dropna().between(0, 10)).all()
    assert table["scaled_2023"].between(0, 10).all()
    assert table["instability_2023"].between(0, 1).all()
    for column in ("scaled_2016_2020", "scaled_2023", "instability_2023"):
        assert table.loc["COD", column] > table.loc["CHN", column] > table.loc["AUS", column]
    assert 5.61 <= table.loc["CHN", "scaled_2016_2020"] <= 5.72, "what the single-supplier rows of the EU study imply"
    by_hand = 2 * (2.5 - np.mean([-0.51, -0.04, 0.68, -0.01, -0.36, -1.5]))
    assert table.loc["CHN", "scaled_2023"] == pytest.approx(by_hand)
    assert all(is_country(c) for c in table.index)
    assert table.index.is_unique
    six = table.filter(regex="_2023$").drop(columns=["mean_2023", "scaled_2023", "instability_2023"])
    assert six.shape[1] == 6
    assert (six.mean(axis=1) - table["mean_2023"]).abs().max() < 1e-3
    assert ((5 - 2 * table["mean_2016_2020"]) - table["scaled_2016_2020"]).abs().max() < 1e-3
    assert (table["reference"] == "WGI_2024").all()
    table.loc["CHN", "scaled_2023"] = 0.0
    assert governance().loc["CHN", "scaled_2023"] > 5, "a changed copy changes nothing"


@given(MADE, MADE, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_eu_supply_risk_properties(
    world: dict[str, int], eu: dict[str, int], reliance: float, rir: float, si: float
) -> None:
    wgi = governance()["scaled_2016_2020"].dropna()
    a = {k: v / sum(world.values()) for k, v in world.items()}
    b = {k: v / sum(eu.values()) for k, v in eu.items()}
    rest: dict[str, Any] = {"wgi": wgi, "eol_rir": rir, "substitution": si}
    sr = eu_supply_risk(a, b, import_reliance=reliance, **rest)
    ends = sorted((eu_supply_risk(a, **rest), eu_supply_risk(b, **rest)))
    assert ends[0] - 1e-9 <= sr <= ends[1] + 1e-9, "a mean of the two mixes"
    assert 0 <= sr <= 10
    more = eu_supply_risk(a, b, import_reliance=min(1.0, reliance + 0.1), **rest)
    sign = eu_supply_risk(a, wgi=wgi) - eu_supply_risk(b, wgi=wgi)
    assert (more - sr) * sign >= -1e-9, "reliance pulls towards the world mix"
    worse = eu_supply_risk(a, wgi=wgi, trade_global={"CHN": 1.5})
    assert worse >= eu_supply_risk(a, wgi=wgi)
    assert eu_supply_risk(dict(reversed(a.items())), wgi=wgi) == eu_supply_risk(a, wgi=wgi)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (({"CHN": 0.6, "AUS": 0.4, "Total": 1.0},), "add to"),
        (({"CHN": 60.0},), "fractions"),
        (({"CHN": -0.1},), "fractions"),
        (({"CHN": float("nan")},), "fractions"),
        (({"CHN": 0.9, "Total": 0.1},), "no governance for Total"),
        ((), "neither mix"),
        (({"CHN": 1.0}, {"CHN": 1.0}), "import_reliance"),
    ],
)
def test_eu_supply_risk_bad_shares(arguments: Any, word: str) -> None:
    with pytest.raises(cn.DataError, match=word):
        eu_supply_risk(*arguments, wgi={"CHN": 5.7, "AUS": 2.0})


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"wgi": {"CHN": -0.4}}, "wgi: CHN has -0.4"),
        ({"wgi": {"CHN": 10.1}}, "wgi: CHN has 10.1"),
        ({"wgi": {}}, "wgi: no governance for CHN"),
        ({"wgi": {"CHN": 5.0}, "eol_rir": 40}, "eol_rir: 40 "),
        ({"wgi": {"CHN": 5.0}, "substitution": -1}, "substitution: -1 "),
        ({"wgi": {"CHN": 5.0}, "import_reliance": float("nan")}, "import_reliance: nan "),
        ({"wgi": {"CHN": 5.0}, "trade_global": {"CHN": 0.0}}, "trade_global: .* above 0"),
        ({"wgi": {"CHN": 5.0}, "trade_global": {"CHN": float("inf")}}, "trade_global: .* above 0"),
    ],
)
def test_eu_supply_risk_bad_numbers(keywords: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.DataError, match=f"^{words}"):
        eu_supply_risk({"CHN": 1.0}, **keywords)
