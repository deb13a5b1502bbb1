"""Countries and groups: what counts as one, and who belongs where."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import area_named, common_groups, countries_near, country_named, graphs_folder, is_country
from chainnet.network._countries import expand

GROUPS = {"bloc": frozenset({"USA", "JPN"}), "wide": frozenset({"USA", "JPN", "AUS"}), "other": frozenset({"CHN"})}


def test_codes() -> None:
    assert is_country("NAM")
    assert not any(map(is_country, ("chn", "NA", "EU", "CHINA", "", "XXX")))


def test_a_group_brings_its_members_and_the_sets_inside_it() -> None:
    countries, regions = expand(["wide"], GROUPS, "members")
    assert countries == {"USA", "JPN", "AUS"}
    assert regions == {"bloc", "wide"}
    assert expand(["USA", "JPN"], GROUPS, "members")[1] == {"bloc"}
    assert expand(["USA"], GROUPS, "members") == ({"USA"}, frozenset())


@pytest.mark.parametrize("word", ["usa", "XYZ", "blocc"])
def test_an_unknown_word_is_refused_by_name(word: str) -> None:
    with pytest.raises(cn.DataError, match=f'members: "{word}" is neither'):
        expand([word], GROUPS, "members")


def test_common_groups_hold_countries_alone() -> None:
    groups = common_groups()
    assert {"EU27", "G7"} <= set(groups)
    assert len(groups["EU27"]) == 27
    assert len(groups["G7"]) == 7
    assert all(is_country(code) for members in groups.values() for code in members)


def test_the_defence_base_of_the_united_states_and_its_allies() -> None:
    groups = common_groups()
    assert groups["NTIB"] == {"USA", "CAN", "GBR", "AUS", "NZL"}
    assert groups["NTIB_KOR"] - groups["NTIB"] == {"KOR"}
    assert groups["NTIB"] == groups["five_eyes"], "the same five today, by other rules"


def test_rows_of_common_groups_are_sourced_and_dated() -> None:
    folder = graphs_folder() / "common"
    rows = pd.read_csv(folder / "groups.csv", keep_default_na=False)
    known = set(pd.read_csv(folder / "references.csv", keep_default_na=False)["key"])
    assert {key for cell in rows["reference"] for key in cell.split(";")} <= known
    assert not rows.duplicated(["group", "country"]).any()
    seven = rows[rows["group"] == "G7"].set_index("country")["note"].str.extract(r"since (\d{4})")[0]
    assert seven.to_dict() == dict.fromkeys(("DEU", "FRA", "GBR", "ITA", "JPN", "USA"), "1975") | {"CAN": "1976"}
    base = rows[rows["group"] == "NTIB"].set_index("country")["note"]
    assert base[["GBR", "AUS"]].str.contains("2017").all()
    assert "2023" in base["NZL"]


def regional() -> cn.Network:
    return cn.Network(
        nodes=frame(
            "id stage country region capacity_tpa",
            ("m_eu", "mine", None, "EU27", 3.0),
            ("m_de", "mine", "DEU", None, 2.0),
            ("m_cn", "mine", "CHN", None, 4.0),
            ("u_eu", "end_use", None, "EU27", None),
            ("u_cn", "end_use", "CHN", None, None),
        ),
        edges=frame("source target", *((m, u) for m in ("m_eu", "m_de", "m_cn") for u in ("u_eu", "u_cn"))),
        demand=frame("node tier demand_tpa", ("u_eu", "defence", 8.0), ("u_cn", "defence", 8.0)),
    )


def test_a_region_belongs_to_its_group_and_to_every_wider_one() -> None:
    net = regional()
    assert net.without(where={"country": "EU27"}).nodes["id"].tolist() == ["m_cn", "u_cn", "u_eu"]
    assert net.without(where={"country": "DEU"}).nodes["id"].tolist() == ["m_cn", "m_eu", "u_cn", "u_eu"]
    served = cn.balance(net, beneficiaries=["EU27"]).demand.set_index("node")["served_tpa"]
    assert served.to_dict() == pytest.approx({"u_cn": 1.0, "u_eu": 8.0})
    wide = cn.Network(
        nodes=net.nodes,
        edges=net.edges,
        demand=net.demand,
        groups=frame("group country", *(("wide", c) for c in [*common_groups()["EU27"], "USA"])),
    )
    assert len(wide.without(where={"country": "wide"}).nodes) == 3


def test_a_country_that_the_graph_lacks_is_an_answer() -> None:
    with pytest.warns(cn.ChainnetWarning, match="no demand of .* lies in NZL"):
        bal = cn.balance(regional(), beneficiaries=["NZL"])
    assert not bal.demand["is_beneficiary"].any()
    with pytest.warns(cn.ChainnetWarning, match="no demand of .* lies in NZL"):
        assert cn.max_flow(regional(), beneficiaries=["NZL"]).value_tpa == 0.0


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("Congo", ["COD", "COG"]), ("Korea", ["KOR", "PRK"]), ("America", ["USA"]), ("P.R. China", ["CHN"]),
        ("Russian Fed.", ["RUS"]), ("Chinese Taipei", ["TWN"]), ("Macau", ["MAC"]), ("Austrlia", ["AUS"]),
        ("Kazakstan", ["KAZ"]), ("MAL", ["MYS", "MLI", "MDV"]),
    ],
)  # fmt: skip
def test_a_word_that_is_no_code_is_told_what_it_may_mean(word: str, codes: list[str]) -> None:
    nodes = frame("id stage country", ("m", "mine", word), ("u", "end_use", None))
    with pytest.raises(cn.DataError, match=f'country: "{word}"') as bad:
        cn.Network(nodes, frame("source target", ("m", "u")))
    assert all(code in str(bad.value) for code in codes)
    with pytest.raises(cn.DataError, match="is neither") as bad:
        expand([word], GROUPS, "members")
    assert all(code in str(bad.value) for code in codes)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("USA", "U.S.A.|Vereinigte Staaten|États-Unis|Estados Unidos|Stati Uniti|米国|美国|미국|США|الولايات المتحدة"),
        ("AUS", "Australien|Australie|Austrália|オーストラリア|澳大利亚|오스트레일리아|Австралия|Avustralya|أستراليا"),
        ("ZAF", "Südafrika|Afrique du Sud|Sudáfrica|Zuid-Afrika|RPA|南アフリカ|南非|ЮАР|Sydafrika"),
        ("CHN", "PRC|People’s Republic of China|China, mainland|China (mainland)|VR China|КНР|中华人民共和国|Chiny|P.R. China"),
        ("COD", "DRC|Congo, Dem. Rep.|Dem. Rep. of the Congo|Congo (Kinshasa)|Demokratische Republik Kongo|Zaire|刚果（金）"),
        ("COG", "Congo, Rep.|Republic of the Congo|Congo (Brazzaville)|Kongo-Brazzaville|République du Congo"),
        ("KOR", "Rep. of Korea|Korea, Republic of|South Korea|Südkorea|Corée du Sud|韓国|韩国|대한민국|Республика Корея"),
        ("PRK", "Dem. People's Rep. of Korea|Korea, Dem. People's Rep.|North Korea|Nordkorea|北朝鮮"),
        ("CIV", "Côte d’Ivoire|Cote d'Ivoire|Ivory Coast|Elfenbeinküste|Costa de Marfil|Кот-д’Ивуар"),
        ("TUR", "Türkiye|Turkey|Turkiye|Turquie|TÜRKEI|Турция"),
        ("EGY", "Egypt, Arab Rep.|Ägypten|مصر"), ("IRN", "Iran, Islamic Rep.|Islamic Republic of Iran|Irán"),
        ("VEN", "Venezuela (Bolivarian Republic of)|Venezuela, RB"), ("FSM", "Micronesia, Fed. Sts.|FS Micronesia"),
        ("HKG", "China, Hong Kong SAR|Hong Kong SAR, China|Hong Kong"), ("TWN", "Chinese Taipei|Taiwan, China|台湾"),
        ("LAO", "Lao People's Dem. Rep.|Lao PDR|Laos"), ("GBR", "U.K.|Großbritannien|Royaume-Uni|Reino Unido|英国"),
        ("TTO", "Trinidad & Tobago"), ("NLD", " Holland |Pays-Bas|Niederlande"), ("RUS", "rus|Russian Fed.|Россия"),
        ("GIN", "Guinea|Guinée"), ("SDN", "Sudan"), ("WSM", "Samoa"), ("NER", "Niger"), ("NAM", "Namibia|ナミビア"),
    ],
)  # fmt: skip
def test_a_country_is_known_as_people_and_statistics_write_it(code: str, names: str) -> None:
    assert {name: country_named(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), code)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Congo", ["COD", "COG"]), ("Kongo", ["COD", "COG"]), ("Конго", ["COD", "COG"]), ("コンゴ", ["COD", "COG"]),
        ("Corée", ["KOR", "PRK"]), ("Корея", ["KOR", "PRK"]), ("Virgin Islands", ["VGB", "VIR"]), ("NA", ["NAM"]),
        ("Saint-Martin", ["MAF", "SXM"]), ("Czechoslovakia", ["CZE", "SVK"]), ("Phillipines", ["PHL"]),
        ("Kasachstn", ["KAZ"]), ("Rest of the world", []), ("Other countries", []), ("Areas, nes", []),
        ("Georgia (state)", []), ("Free Zones", []), ("Other Asia, nes", []), ("", []),
    ],
)  # fmt: skip
def test_a_name_that_is_not_sure_is_no_country_and_what_it_may_mean_is_listed(name: str, codes: list[str]) -> None:
    assert country_named(name) is None
    assert [said[:3] for said in countries_near(name)][: max(len(codes), 1)] == codes


def test_areas_are_known_in_many_languages_and_are_no_countries() -> None:
    areas = {"EU27": "EU|EU-27|EU (27)|European Union|Europäische Union|Union européenne", "EU28": "EU28|EU 28",
             "001": "World|Welt|Monde|世界|World total (rounded)|TOTAL", "150": "Europe|Europa|Европа", "002": "Afrika"}  # fmt: skip
    for area, names in areas.items():
        assert {name: area_named(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), area)
        assert not any(map(country_named, names.split("|")))
    assert area_named("Germany") is None
    assert area_named("Other Africa") is None


def test_every_name_in_another_language_means_a_country_or_lists_several() -> None:
    rows = pd.read_csv(graphs_folder().parent / "chainnet" / "network" / "country_names.csv", keep_default_na=False)
    assert not rows["name"].duplicated().any()
    lone = rows[rows["codes"].str.fullmatch("[A-Z]{3}")]
    assert len(lone) > 4000
    assert all(map(is_country, lone["codes"]))
    assert [country_named(name) for name in lone["name"][::97]] == lone["codes"][::97].tolist()
