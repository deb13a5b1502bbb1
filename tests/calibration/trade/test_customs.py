"""Chains from trade tables as they are downloaded, and graphs brought to newer ones: by hand, and by what must add up."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.calibration import read_production
from chainnet.calibration.trade._accounts import account_of, reconciled
from chainnet.calibration.trade._files import _other_year, _range_of
from chainnet.calibration.trade._places import Places
from chainnet.calibration.trade._production import figure_of
from chainnet.calibration.trade._products import products_of
from chainnet.calibration.trade._refresh import _before, _doubtful, _keeps, _row, _step_of, _with_output
from chainnet.calibration.trade._reports import Reports, _asked, _at_total, _filled, _numbers, _whole
from chainnet.calibration.trade._rows import heads, text_pieces
from chainnet.cli.app import app

ORE = {"2605": {"commodity": "ore", "content": 0.1}}
BACI = "t,i,j,k,v,q\n2022,180,156,260500,5000,900\n2022,156,392,260500,600,100\n2022,36,392,260500,300,50\n2022,36,392,810520,1,9\n"
HEAD = (
    "typeCode,refYear,reporterCode,reporterISO,reporterDesc,flowCode,partnerCode,partnerISO,partnerDesc,partner2Code,"
    "cmdCode,customsCode,motCode,netWgt,isNetWgtEstimated,primaryValue\n"
)
COMTRADE = HEAD + (
    "C,2022,180,COD,Dem. Rep. of the Congo,X,156,CHN,China,0,2605,C00,0,1000000,False,5000000\n"
    # the same at a finer code, and the sum over partners
    "C,2022,180,COD,Dem. Rep. of the Congo,X,156,CHN,China,0,260500,C00,0,1000000,False,5000000\n"
    "C,2022,180,COD,Dem. Rep. of the Congo,X,0,W00,World,0,2605,C00,0,1000000,False,5000000\n"
    "C,2022,156,CHN,China,M,180,COD,Dem. Rep. of the Congo,0,2605,C00,0,1300000,True,7000000\n"
    # no weight, and re-exports that stand in exports already
    "C,2022,156,CHN,China,X,392,JPN,Japan,0,2605,C00,0,0,False,600000\n"
    "C,2022,156,CHN,China,RX,392,JPN,Japan,0,2605,C00,0,50000,False,600000\n"
    # by means of transport, without a total: parts add up; beside a total they do not
    'C,2022,392,JPN,Japan,M,490,S19,"Other Asia, nes",0,2605,C00,2100,20000,False,100000\n'
    'C,2022,392,JPN,Japan,M,490,S19,"Other Asia, nes",0,2605,C00,3200,5000,False,100000\n'
    "C,2022,392,JPN,Japan,M,36,AUS,Australia,0,2605,C00,0,8000,False,100000\n"
    "C,2022,392,JPN,Japan,M,36,AUS,Australia,0,2605,C00,2100,8000,False,100000\n"
    'C,2022,392,JPN,Japan,M,899,_X ,"Areas, nes",0,2605,C00,0,7000,False,40000\n'
    "C,2022,384,CIV,Côte d'Ivoire,X,392,JPN,Japan,0,2605,C00,0,3000,False,40000\n"
)
LEGACY = (
    "Classification,Year,Trade Flow,Reporter Code,Reporter,Reporter ISO,Partner Code,Partner,Partner ISO,"
    "Commodity Code,Netweight (kg),Trade Value (US$),Flag\n"
    "H5,2018,Export,180,Dem. Rep. of the Congo,COD,156,China,CHN,2605,1000000,5000000,0\n"
    "H5,2018,Import,156,China,CHN,180,Dem. Rep. of the Congo,COD,2605,1100000,5000000,6\n"
    "H5,2018,Export,180,Dem. Rep. of the Congo,COD,0,World,WLD,2605,1000000,5000000,0\n"
)
KIND = '"Mine production, cobalt content"'
USGS_2024 = (
    "Source,Country,Type,Prod_t_2022,Prod_t_est_2023,Prod_notes\n"
    f'MCS2024,Congo (Kinshasa),{KIND},"144,000",170000,\n'
    f"MCS2024,Australia,{KIND},5790,4600,\n"
    f"MCS2024,United States,{KIND},W,500,\n"
    f"MCS2024,Turkey,{KIND},—,2800,\n"
    f"MCS2024,Indonesia,{KIND},>9600,17000,\n"
    f"MCS2024,Other countries,{KIND},5240,5200,\n"
    f"MCS2024,World total (rounded),{KIND},197000,230000,\n"
)
USGS_2025 = (
    "SOURCE,COMMODITY,COUNTRY,TYPE,UNIT_MEAS,PROD_2023,PROD_EST_ 2024,PROD_NOTES\n"
    f"MCS2025,Cobalt,Congo (Kinshasa),{KIND},metric tons,175000,220000,\n"
    f"MCS2025,Cobalt,Australia ,{KIND},metric tons,5220,3600,\n"
    "MCS2025,Cobalt,World total (rounded),Mine production,metric tons,238000,290000,\n"
    'MCS2025,Nickel,Canada,"Mine production, nickel content",thousand metric tons,159,190,\n'
)
USGS_2026 = (
    "MCS chapter,Section,Commodity,Country,Statistics,Statistics_detail,Unit,Year,Value,Notes\n"
    f'COBALT,World Mine Production and Reserves,Cobalt,Congo (Kinshasa),Production,{KIND},metric tons,2024,"226,000",\n'
    f'COBALT,World Mine Production and Reserves,Cobalt,Congo (Kinshasa),Production,{KIND},metric tons,2025,"230,000e",\n'
    f"COBALT,World Mine Production and Reserves,Cobalt,Australia,Production,{KIND},metric tons,2025,>95,\n"
    "COBALT,World Mine Production and Reserves,Cobalt,Congo (Kinshasa),Reserves,Reserves,metric tons,2025,6000000,\n"
    "COBALT,Salient Statistics,Cobalt,United States,Production,Mine,metric tons,2025,W,\n"
)


def written(folder: Path, text: str, name: str = "file.csv", encoding: str = "utf-8") -> str:
    (folder / name).write_text(text, encoding=encoding)
    return str(folder / name)


def trade(*rows: tuple[Any, ...], columns: str = "exporter importer t") -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def flows(found: Any) -> dict[tuple[str, str], float]:
    return {(r.exporter, r.importer): r.value_t for r in found.flows.itertuples()}


def sizes(found: Any, kind: str) -> dict[str, float]:
    rows = found.gaps[found.gaps["kind"] == kind]
    return {str(c): float(s) for c, s in zip(rows["country"], rows["size_t"], strict=True)}


SMALL = trade(("COD", "CHN", 900.0), ("CHN", "JPN", 100.0), ("AUS", "JPN", 50.0))


# -- the chain ------------------------------------------------------------------------------------------


def test_whose_demand_counts_and_what_a_tonne_is_stand_in_the_chain() -> None:
    net = cn.from_trade(SMALL, {"COD": 120.0, "AUS": 10.0}, products=ORE, beneficiaries=["JPN"]).network
    assert net.beneficiaries == ("JPN",)
    goods = [["ore", "t contained", "reported"], ["ore kept at home", "t contained", "reported"]]
    assert net.commodities[["id", "basis", "quality"]].to_numpy().tolist() == goods


def test_goods_are_traced_to_where_they_were_made() -> None:
    found = cn.from_trade(SMALL, {"COD": 120.0, "AUS": 10.0}, products=ORE)
    edges = found.network.edges
    made = {(s[:3], t[:3]): f for s, t, f in zip(edges["source"], edges["target"], edges["flow_tpa"], strict=True)}
    # 90 t reach China, which passes 10 of them on to Japan
    assert made == pytest.approx(
        {("aus", "aus"): 5.0, ("aus", "jpn"): 5.0, ("cod", "chn"): 80.0, ("cod", "cod"): 30.0, ("cod", "jpn"): 10.0}
    )
    losses = cn.chokepoints(found.network, by="country")["lost_tpa"]
    # of 80 t to China and 10 t to Japan, which then has 2.5 t more from Australia; what stays in the Congo is no loss.
    # Without Australia the Congo sends Japan all its 15 t: slack is 1.5
    assert losses.to_dict() == pytest.approx({"COD": 87.5, "AUS": 0.0})
    assert "CHN" not in losses.index


def test_what_stays_where_it_is_mined_is_no_demand() -> None:
    with pytest.warns(cn.ChainnetWarning, match="35 t of ore stay in the countries that mine it, and count for nobody"):
        found = cn.from_trade(SMALL, {"COD": 120.0, "AUS": 10.0}, products=ORE)
    assert (found.demand_tpa, found.uncounted_tpa) == pytest.approx((95.0, 35.0))
    assert found.assumed_demand_share == 1.0  # no figure of use
    assert sizes(found, "use not known") == pytest.approx({"COD": 30.0, "AUS": 5.0})
    # a mine that sells nothing under the codes given is no chokepoint
    alone = cn.from_trade(SMALL, {"COD": 120.0, "AUS": 10.0, "MDG": 50.0}, products=ORE)
    assert cn.chokepoints(alone.network, by="country")["lost_tpa"].get("MDG", 0.0) == 0.0
    given = cn.from_trade(SMALL, {"COD": 120.0, "AUS": 10.0}, {"CHN": 80.0, "JPN": 15.0}, products=ORE)
    assert (given.demand_tpa, given.assumed_demand_share, given.uncounted_tpa) == pytest.approx((95.0, 0.0, 0.0))


def test_what_a_country_without_mines_keeps_is_its_use() -> None:
    table = trade(("COD", "CHN", 2605, 1000.0), ("AUS", "CHN", 2605, 0.1), columns="exporter importer code t")
    products = {**ORE, "810520": {"commodity": "metal", "recovery": 0.8}}
    table = pd.concat([table, trade(("CHN", "USA", 810520, 60.0), columns="exporter importer code t")])
    found = cn.from_trade(table, {"COD": 100.0, "AUS": 40.01}, products=products)
    # China keeps 20 t of metal; Australia keeps 40 t of ore, of which nobody says that it makes metal
    asked = found.network.demand.dropna(subset="tier").set_index("node")["demand_tpa"].to_dict()
    assert asked == pytest.approx({"chn_use": 20.008, "usa_use": 60.0})
    assert found.uncounted_tpa == pytest.approx(32.0)
    assert cn.chokepoints(found.network, by="country")["lost_tpa"].get("AUS") == pytest.approx(0.0, abs=0.01)


def test_what_a_country_ships_on_is_kept_in_the_network_and_said_with_its_loss(tmp_path: Path) -> None:
    """China takes 60 t, makes 20 t, ships 40 t: half of all it has, so half of the 60, and 10 t of its own."""
    rows = trade(("COD", "CHN", 60.0), ("CHN", "JPN", 40.0), ("COD", "NLD", 8.0), ("NLD", "JPN", 8.0))
    found = cn.from_trade(rows, {"COD": 68.0, "CHN": 20.0}, products={"2605": {"commodity": "ore"}})
    assert found.assumptions.set_index("assumption").loc["re-exports traced", "size_t"] == pytest.approx(38.0)
    cn.write(found.network, tmp_path / "chain")
    table = cn.chokepoints(cn.read(tmp_path / "chain"), by="country")
    assert table["reexports_tpa"].to_dict() == pytest.approx({"COD": 0.0, "CHN": 30.0})
    # the Netherlands make and keep nothing: they stand in the line alone
    assert table.left_out_sentence.endswith("30 of 40 t/yr from China, 8 of 8 from the Netherlands.")
    assert table.left_out_sentence in table._repr_html_()
    direct = cn.from_trade(trade(("COD", "JPN", 5.0)), products={"2605": 1.0}).network
    assert cn.chokepoints(direct, by="country").left_out.empty
    assert "reexports_tpa" not in cn.chokepoints(direct, by="country")


def test_every_assumption_is_listed_with_its_size() -> None:
    found = cn.from_trade(SMALL, {"COD": 120.0, "AUS": 10.0}, products={"2605": 1.0 / 10}, slack=2.0, utilisation=0.5)
    said = found.assumptions.set_index("assumption")
    assert set(said.index) == {
        "content of 2605", "re-exports traced", "use", "stays where it is mined", "tier of demand", "utilisation",
        "slack", "time and cost"
    }  # fmt: skip
    assert said.loc["re-exports traced", "size_t"] == pytest.approx(10.0)
    assert said.loc["use", "size_t"] == pytest.approx(95.0)
    assert said.loc["stays where it is mined", "size_t"] == pytest.approx(35.0)
    nodes = found.network.nodes.set_index("id")
    # 120 t over a half, 30 of which stay at home
    assert nodes.loc[["cod_hs2605", "cod_hs2605_kept_at_home"], "capacity_tpa"].tolist() == pytest.approx([210.0, 30.0])
    assert nodes.loc["cod_hs2605", "quality"] == "assumed"
    edges = found.network.edges.set_index(["source", "target"])
    assert edges.loc[("cod_hs2605", "chn_use"), ["flow_tpa", "capacity_tpa"]].tolist() == pytest.approx([80.0, 160.0])
    # twice what stays at home less what is held there
    assert edges.loc[("cod_hs2605", "cod_use"), ["flow_tpa", "capacity_tpa"]].tolist() == pytest.approx([0.0, 30.0])


def test_without_production_net_exporters_make_what_they_export() -> None:
    found = cn.from_trade(trade(("PHL", "CHN", 330.0), ("IDN", "PHL", 10.0), ("GTM", "CHN", 3.0)), products={"2604": 1})
    losses = cn.chokepoints(found.network, by="country")["lost_tpa"]
    assert losses.idxmax() == "PHL"
    assert set(found.network.nodes.query("stage == 'mine'")["country"]) == {"PHL", "IDN", "GTM"}
    assert "net exports" in found.assumptions["value"].tolist()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_made_and_what_stays_add_up(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = ["CHN", "JPN", "USA", "DEU", "COD", "AUS", "NLD", "Areas, nes"]
    pairs = [(a, b, float(rng.integers(1, 99))) for a in codes for b in codes if a != b and rng.random() < 0.5]
    made = {code: float(rng.integers(0, 300)) for code in codes[:6]}
    found = cn.from_trade(trade(*pairs), made, products={"2605": {"commodity": "ore"}})
    out, into = (
        found.network.edges.groupby("source")["flow_tpa"].sum(),
        found.network.edges.groupby("target")["flow_tpa"].sum(),
    )
    beyond = sizes(found, "exports beyond supply")
    thin = sum(sizes(found, "thin relations").values())
    assert out.sum() == pytest.approx(sum(made.values()) + sum(beyond.values()), abs=thin + 1e-6)
    for code in codes:
        exports = sum(t for a, _, t in pairs if a == code)
        imports = sum(t for _, b, t in pairs if b == code)
        lack = max(exports - imports - made.get(code, 0.0), 0.0)
        assert beyond.get(code, 0.0) == pytest.approx(lack)
        use = next((t for node, t in into.items() if node.startswith(code[:3].lower())), 0.0)
        assert use == pytest.approx(made.get(code, 0.0) + lack + imports - exports, abs=thin + 1e-6)
    assert found.network.demand["demand_tpa"].sum() == pytest.approx(out.sum())


def test_of_several_commodities_each_is_made_from_the_one_before() -> None:
    table = trade(("COD", "CHN", 2605, 1000.0), ("CHN", "USA", 810520, 60.0), columns="exporter importer code t")
    products = {**ORE, "810520": {"commodity": "metal", "recovery": 0.8}}
    found = cn.from_trade(table, {"COD": 100.0}, products=products)
    edges = found.network.edges.set_index(["source", "target"])["flow_tpa"]
    assert edges["cod_ore", "chn_metal"] == pytest.approx(100.0)
    assert edges["chn_metal", "usa_use"] == pytest.approx(60.0)
    assert edges["chn_metal", "chn_use"] == pytest.approx(20.0)  # 80 t are made
    assert cn.chokepoints(found.network, by="country")["lost_tpa"].round(9).to_dict() == {"CHN": 80.0, "COD": 80.0}
    more = cn.from_trade(table, {"ore": {"COD": 100.0}, "metal": {"CHN": 120.0, "FIN": 8.0}}, products=products)
    assert sizes(more, "feed not explained") == pytest.approx({"CHN": 50.0, "FIN": 10.0})
    less = cn.from_trade(table, {"ore": {"COD": 100.0}, "metal": {"CHN": 64.0}}, products=products)
    assert sizes(less, "input beyond output") == pytest.approx({"CHN": 20.0})
    assert cn.balance(more.network).demand["shortfall_tpa"].sum() == pytest.approx(0.0, abs=1e-6)


def test_use_that_is_given_is_asked_for_and_held_against_what_stays() -> None:
    found = cn.from_trade(
        SMALL, {"COD": 120.0, "AUS": 10.0}, {"CHN": 50.0, "JPN": 20.0, "USA": 3.0}, products=ORE, tier="defence"
    )
    asked = found.network.demand.query("tier == 'defence'").set_index("node")["demand_tpa"].to_dict()
    assert asked == {"chn_use": 50.0, "jpn_use": 20.0, "usa_use": 3.0}
    assert sizes(found, "use against supply") == pytest.approx({"CHN": 30.0, "JPN": 5.0, "USA": 3.0})
    assert sizes(found, "use not given") == pytest.approx({"COD": 30.0, "AUS": 5.0})


def test_the_range_of_the_content_is_the_range_of_a_reported_flow() -> None:
    ranged = {"2605": {"commodity": "ore", "content": 0.1, "content_low": 0.05, "content_high": 0.12}}
    edges = cn.from_trade(trade(("COD", "CHN", 900.0)), {"COD": 90.0}, products=ranged).network.edges
    assert edges[["flow_tpa", "low", "high"]].to_numpy()[0].tolist() == pytest.approx([90.0, 45.0, 108.0])
    assert edges["quality"].tolist() == ["reported"]


# -- files ----------------------------------------------------------------------------------------------


def test_baci_is_read_alike_in_every_form_it_comes_in(tmp_path: Path) -> None:
    plain = written(tmp_path, BACI, "BACI_HS17_Y2022_V202401.csv")
    wanted = flows(cn.from_trade(plain, products=ORE))
    assert wanted == pytest.approx({("COD", "CHN"): 90.0, ("CHN", "JPN"): 10.0, ("AUS", "JPN"): 5.0})
    # older editions pad their cells, which only the slower reader takes
    padded = BACI.replace(",260500,", ",260500,      ").replace("2022,36", "2022, 36")
    forms = [
        written(tmp_path, padded, "padded.csv"),
        str(tmp_path / "b.zip"),
        str(tmp_path / "b.parquet"),
        str(tmp_path / "all"),
    ]
    with zipfile.ZipFile(forms[1], "w") as book:
        book.writestr("BACI_HS17_Y2022_V202401.csv", BACI)
        book.writestr("BACI_HS17_Y2021_V202401.csv", BACI.replace("2022,", "2021,"))
        book.writestr("country_codes_V202401.csv", "country_code,country_name\n4,Afghanistan\n")
    pd.read_csv(plain).to_parquet(forms[2])
    (tmp_path / "all").mkdir()
    written(tmp_path / "all", BACI, "BACI_HS17_Y2022_V202401.csv")
    written(tmp_path / "all", "country_code,country_name\n4,Afghanistan\n", "country_codes_V202401.csv")
    for form in forms:
        assert flows(cn.from_trade(form, products=ORE, year=2022)) == pytest.approx(wanted), form
    with pytest.raises(cn.DataError, match=r"holds the years 2021, 2022\. Give year="):
        cn.from_trade(forms[1], products=ORE)


def test_a_missing_weight_is_reckoned_from_the_value_and_told(tmp_path: Path) -> None:
    found = cn.from_trade(written(tmp_path, BACI + "2022,180,392,260500,50,NA\n"), products=ORE)
    # 5,900,000 USD for 1050 t
    assert flows(found)["COD", "JPN"] == pytest.approx(0.1 * 50 * 1050 / 5900)
    gap = found.gaps[found.gaps["kind"] == "weight reckoned from value"].iloc[0]
    assert gap["size_t"] == pytest.approx(0.1 * 50 * 1050 / 5900)  # contained, as all others
    assert "USD 50,000" in gap["note"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("ends", ["", ","])  # some downloads end each row in a comma
def test_comtrade_counts_each_flow_once(tmp_path: Path, encoding: str, ends: str) -> None:
    text = "\n".join(line + (ends if n else "") for n, line in enumerate(COMTRADE.splitlines()))
    found = cn.from_trade(written(tmp_path, text, encoding=encoding), {"COD": 200.0, "CIV": 1.0}, products=ORE)
    seen = flows(found)
    assert set(seen) == {
        ("COD", "CHN"),
        ("CHN", "JPN"),
        ("TWN", "JPN"),
        ("AUS", "JPN"),
        ("Areas, nes", "JPN"),
        ("CIV", "JPN"),
    }
    assert seen["TWN", "JPN"] == pytest.approx(2.5)
    assert seen["AUS", "JPN"] == pytest.approx(0.8)
    row = found.flows.set_index(["exporter", "importer"]).loc[("COD", "CHN")]
    assert row["ratio"] == pytest.approx(1000 / 1300)
    assert 100.0 < row["value_t"] < 130.0
    assert sizes(found, "mirror difference") == pytest.approx({"COD": 30.0})
    assert sum(sizes(found, "re-exports as reported").values()) == pytest.approx(50.0)
    said = found.assumptions.set_index("assumption")
    assert said.loc["estimated weights", "size_t"] == pytest.approx(130.0)
    assert "read as Taiwan" in said.loc["country TWN", "note"]
    assert said.loc["areas without a country", "size_t"] == pytest.approx(0.7)


def test_months_beside_years_are_refused(tmp_path: Path) -> None:
    text = COMTRADE.replace("typeCode", "freqCode").replace("\nC,", "\nA,", 1).replace("\nC,", "\nM,")
    with pytest.raises(cn.DataError, match="annual and monthly rows"):
        cn.from_trade(written(tmp_path, text), {"COD": 200.0}, products=ORE)


def test_the_older_form_of_comtrade_is_read(tmp_path: Path) -> None:
    found = cn.from_trade(written(tmp_path, LEGACY), {"COD": 200.0}, products=ORE)
    assert list(flows(found)) == [("COD", "CHN")]
    assert found.network.year == 2018


# -- production -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "mark", "low", "high"),
    [
        ("144,000", 144000.0, "reported", None, None),
        ("e5,200", 5200.0, "estimated", None, None),
        ("230,000e", 230000.0, "estimated", None, None),
        ("12r", 12.0, "reported", None, None),
        ("—", 0.0, "reported", None, None),
        ("--", 0.0, "reported", None, None),
        ("W", None, "withheld", None, None),
        ("NA", None, "not available", None, None),
        (">95", 95.0, "greater than", 95.0, None),
        ("<5", 5.0, "less than", 0.0, 5.0),
        ("½ unit", 0.0, "less than", 0.0, 0.5),
    ],
)
def test_a_cell_of_a_statistic_keeps_its_mark(
    text: str, value: float | None, mark: str, low: float | None, high: float | None
) -> None:
    found = figure_of(text)
    assert found is not None
    assert found.mark == mark
    for seen, wanted in ((found.value, value), (found.low, low), (found.high, high)):
        assert seen == wanted or (wanted is None and np.isnan(seen))


@pytest.mark.parametrize("text", ["x", "-3", "3 500", "1.2.3", "12?"])
def test_what_is_no_figure_is_none(text: str) -> None:
    assert figure_of(text) is None


def test_three_generations_of_usgs_files_are_read(tmp_path: Path) -> None:
    old = read_production(written(tmp_path, USGS_2024, encoding="cp1252"), year=2022).set_index("country")
    assert old["value"].dropna().to_dict() == {
        "COD": 144000.0, "AUS": 5790.0, "TUR": 0.0, "IDN": 9600.0, "Other countries": 5240.0, "world": 197000.0
    }  # fmt: skip
    assert old.loc["USA", "mark"] == "withheld"
    assert (old.loc["IDN", "mark"], old.loc["IDN", "low"]) == ("greater than", 9600.0)
    new = read_production(written(tmp_path, USGS_2025), material="cobalt").set_index("country")
    assert new["value"].to_dict() == {"COD": 220000.0, "AUS": 3600.0, "world": 290000.0}
    assert new["mark"].tolist() == ["estimated"] * 3
    nickel = read_production(written(tmp_path, USGS_2025), material="Nickel", year=2023)
    assert nickel[["country", "value"]].to_numpy().tolist() == [["CAN", 159000.0]]
    last = read_production(written(tmp_path, USGS_2026)).set_index("country")
    assert last["value"].to_dict() == {"COD": 230000.0, "AUS": 95.0}


def test_marks_stay_and_what_they_hide_is_a_gap(tmp_path: Path) -> None:
    baci = written(tmp_path, "t,i,j,k,v,q\n2022,842,156,260500,10,100\n2022,180,156,260500,10,1000\n", "baci.csv")
    found = cn.from_trade(baci, written(tmp_path, USGS_2024), products=ORE)
    assert found.production.set_index("country").loc["USA", "mark"] == "withheld"
    assert sizes(found, "production withheld") == pytest.approx({"USA": 10.0})
    assert sizes(found, "exports beyond supply") == pytest.approx({"USA": 10.0})
    assert sizes(found, "production of no named country") == {"Other countries": 5240.0}
    assert np.isnan(sizes(found, "production greater than")["IDN"])
    assert sizes(found, "world total")["None" if "None" in sizes(found, "world total") else "nan"] == pytest.approx(
        197000 - 164630
    )


# -- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"trade": "nowhere.csv"}, "there is no file nowhere.csv"),
        ({"trade": SMALL.rename(columns={"exporter": "from"})}, "is no trade table that is known"),
        ({"trade": SMALL.drop(columns="t")}, "no column of tonnes"),
        ({"trade": SMALL.assign(t="12,500")}, 'trade row 2, t: "12,500": the comma may mark'),
        ({"trade": SMALL.assign(t=-1.0)}, "is no weight or value, in 3 of the rows"),
        (
            {"trade": trade(("COD", "CHN", 9.0), ("CHN", "COD", 9.0))},
            "only pass on to each other ore that nobody makes",
        ),
        ({"products": {}}, "none is given"),
        ({"products": {"26051234": 0.1}}, "is no product code"),
        ({"products": {"2605": 8}}, r"is no share\. A share above 0, at most 1: 0\.08 for 8 %"),
        ({"products": {"2605": {"contents": 0.1}}}, 'contents: unknown column; did you mean "content"'),
        ({"products": {"2605": {"content": 0.1, "content_low": 0.2}}}, "lies outside its range"),
        ({"production": {"COD": -1.0}}, "is no figure, 0 or more"),
        ({"production": pd.DataFrame({"country": ["COD", "COD"], "value": [1, 2]})}, "COD.*stands twice"),
        ({"production": 3}, "give country -> tonnes"),
        ({"products": {"2605": {"commodity": "Use"}}}, "is the word for end uses"),
        ({"products": {"2605": {"commodity": "ore"}, "2606": {"commodity": "Ore"}}}, 'can hardly be told from "ore"'),
        ({"trade": trade(("Areas, nes", "CHN", 9.0), ("areas nes", "CHN", 9.0))}, "can hardly be told apart"),
        ({"slack": 0.5}, "slack: 0.5 is out of range"),
        ({"utilisation": 0.0}, "utilisation: 0.0 is out of range"),
    ],
)
def test_bad_input_is_refused_with_what_is_wrong(given: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        cn.from_trade(**{"trade": SMALL, "products": ORE, **given})


def test_files_that_do_not_hold_what_is_asked_for_are_refused(tmp_path: Path) -> None:
    baci, usgs = written(tmp_path, BACI, "baci.csv"), written(tmp_path, USGS_2025, "usgs.csv")
    with pytest.raises(cn.DataError, match=r"no flow of product 7502; read baci\.csv"):
        cn.from_trade(baci, products={"7502": 1})
    with pytest.raises(cn.DataError, match="no flow of product 2605 in 2019"):
        cn.from_trade(baci, products=ORE, year=2019)
    with pytest.raises(cn.DataError, match="a cell is no number"):
        cn.from_trade(written(tmp_path, BACI.replace("900", "many")), products=ORE)
    with pytest.raises(cn.DataError, match="semicolons"):
        cn.from_trade(written(tmp_path, BACI.replace(",", ";")), products=ORE)
    with pytest.raises(cn.DataError, match=r"material: there are several.* Cobalt; Nickel"):
        cn.from_trade(baci, usgs, products=ORE)
    with pytest.raises(cn.DataError, match='material: "Tin" is none'):
        cn.from_trade(baci, usgs, products=ORE, material="Tin")
    with pytest.raises(cn.DataError, match='row 2, Prod_t_2022: "x1": is no figure'):
        cn.from_trade(baci, written(tmp_path, USGS_2024.replace('"144,000"', "x1")), products=ORE)
    (tmp_path / "broken.zip").write_bytes(b"PK no")
    with pytest.raises(cn.DataError, match="is no zip file"):
        cn.from_trade(tmp_path / "broken.zip", products=ORE)


def test_a_country_that_nobody_knows_is_told() -> None:
    with pytest.warns(cn.ChainnetWarning, match="Middle Earth: no country"):
        cn.from_trade(SMALL, {"Middle Earth": 100.0, "AUS": 10.0}, products=ORE)


# -- newer statistics -------------------------------------------------------------------------------------


@pytest.fixture
def cobalt() -> cn.Network:
    made = {"COD": 100.0, "AUS": 50.0}
    found = cn.from_trade(trade(("COD", "CHN", 900.0, 2022), ("AUS", "JPN", 400.0, 2022), columns="exporter importer t year"),
                          made, products=ORE, utilisation=1.0)  # fmt: skip
    return found.network


def usgs(*rows: tuple[str, str, str]) -> str:
    return "Country,Type,Prod_t_2022,Prod_t_est_2023\n" + "".join(f"{c},{KIND},{a},{b}\n" for c, a, b in rows)


def test_a_figure_moves_by_what_the_statistic_says_has_changed(tmp_path: Path, cobalt: cn.Network) -> None:
    # the statistic has twice the tonnes of the graph in both years: scope, not change
    path = written(
        tmp_path, usgs(("Congo (Kinshasa)", "200", "100"), ("Australia", "100", "W"), ("World total", "9", "9"))
    )
    found = cn.refresh(cobalt, path)
    assert found.moved[["country", "before_t", "after_t", "measured_by"]].to_numpy().tolist() == [
        ["COD", 200.0, 100.0, "same statistic"]
    ]
    assert set(found.left["country"]) == {"AUS", "world"}
    nodes = found.network.nodes.set_index("id")["capacity_tpa"]
    held = nodes[["cod_ore_kept_at_home", "aus_ore_kept_at_home"]]
    assert (nodes["cod_ore"], nodes["aus_ore"], *held) == pytest.approx((45.0, 40.0, 5.0, 10.0))
    edges = found.network.edges.set_index(["source", "target"])
    assert edges.loc[("cod_ore", "chn_use"), "flow_tpa"] == pytest.approx(45.0)
    moved = cn.compare(cobalt, found.network)
    assert moved.answers.query("measure == 'short_t' and tier == 'all tiers'")["change"].tolist() == pytest.approx(
        [45.0]  # of 90 t that are sold half; half as much stays at home as well
    )
    assert moved.rows.loc[0, "key"] == "cod_ore"


def test_without_the_year_of_the_graph_its_own_figures_are_the_measure(tmp_path: Path, cobalt: cn.Network) -> None:
    path = written(tmp_path, usgs(("Congo (Kinshasa)", "1", "80"), ("Chile", "1", "5")).replace("2022", "2021"))
    found = cn.refresh(cobalt, path)
    row = found.moved.iloc[0]
    assert (row["before_t"], row["after_t"], row["measured_by"]) == (100.0, 80.0, "baseline")
    assert found.left["note"].tolist() == ["the graph has no mine in this country"]
    kept = cn.refresh(cobalt, path, capacity="keep").network
    assert kept.nodes.set_index("id").loc["cod_ore", "capacity_tpa"] == pytest.approx(90.0)
    assert kept.edges["flow_tpa"].sum() == pytest.approx(130.0)
    more = written(tmp_path, usgs(("Congo (Kinshasa)", "100", "150")), "more.csv")
    nodes = cn.refresh(cobalt, more, capacity="keep").network.nodes.set_index("id")["capacity_tpa"]
    assert nodes[["cod_ore", "cod_ore_kept_at_home"]].tolist() == pytest.approx([135.0, 15.0])


def test_a_bound_that_the_figure_keeps_moves_nothing_and_a_leap_is_told(tmp_path: Path, cobalt: cn.Network) -> None:
    path = written(tmp_path, usgs(("Congo (Kinshasa)", "100", ">60"), ("Australia", "50", "10")))
    with pytest.warns(cn.ChainnetWarning, match="change more than threefold"):
        found = cn.refresh(cobalt, path)
    assert found.moved["country"].tolist() == ["AUS"]
    assert found.left["note"].tolist() == ["printed as greater than 60 t, which the figure before keeps"]


def test_trade_moves_the_relations_between_two_countries(tmp_path: Path, cobalt: cn.Network) -> None:
    baci = written(tmp_path, "t,i,j,k,v,q\n2022,180,156,260500,1,1800\n2024,180,156,260500,1,900\n2024,36,392,260500,1,400\n"
                   "2024,36,156,260500,1,70\n")  # fmt: skip
    found = cn.refresh(cobalt, baci, products=ORE)
    rows = found.moved[["country", "partner", "before_t", "after_t", "measured_by"]].to_numpy().tolist()
    assert rows == [["COD", "CHN", 180.0, 90.0, "same statistic"]]  # Australia to Japan is as it was
    assert found.left[["country", "partner", "after_t"]].to_numpy().tolist() == [["AUS", "CHN", 7.0]]
    edges = found.network.edges.set_index(["source", "target"])["flow_tpa"]
    assert edges["cod_ore", "chn_use"] == pytest.approx(45.0)


def test_a_refresh_that_finds_no_place_is_refused(tmp_path: Path, cobalt: cn.Network) -> None:
    path = written(tmp_path, usgs(("Chile", "1", "5")))
    with pytest.raises(cn.DataError, match="no figure found a place"):
        cn.refresh(cobalt, path)
    with pytest.raises(cn.DataError, match='step: unknown step of trade "oar"; did you mean "ore"'):
        cn.refresh(cobalt, path, step="oar")
    with pytest.raises(cn.DataError, match="trade files need the commodities of the graph"):
        cn.refresh(cobalt, SMALL)
    with pytest.raises(cn.DataError, match='unknown commodity of trade "metal"'):
        cn.refresh(cobalt, SMALL, products={"2605": {"commodity": "metal"}})


# -- on the command line ----------------------------------------------------------------------------------


def test_from_trade_table_to_chokepoints_and_a_refresh_on_the_command_line(tmp_path: Path) -> None:
    def ask(*words: str, code: int = 0) -> Any:
        done = CliRunner().invoke(app, list(words))
        if code:
            return str(done.exception)
        assert done.exit_code == 0, (done.output, done.exception)
        return done.stdout

    baci, prod, out = written(tmp_path, BACI, "b.csv"), written(tmp_path, USGS_2024, "u.csv"), str(tmp_path / "cobalt")
    said = json.loads(
        ask("from-trade", baci, "--product", "2605=0.1:ore", "--production", prod, "--out", out, "--format", "json")
    )
    assert {"assumptions", "gaps", "flows", "production"} <= set(said["tables"])
    losses = json.loads(ask("chokepoints", out, "--by", "country", "--format", "json"))["tables"]["chokepoints"]
    assert losses[0]["country"] == "COD"
    newer = written(tmp_path, USGS_2025, "n.csv")
    said = json.loads(ask("refresh", out, newer, "--material", "Cobalt", "--out", out + "2", "--format", "json"))
    assert said["tables"]["moved"][0]["country"] == "COD"
    assert {"left", "answers", "causes", "rows", "inputs"} <= set(said["tables"])
    assert cn.read(out + "2").digest != cn.read(out).digest
    assert "write CODE=CONTENT" in ask("from-trade", baci, "--product", "2605", code=1)
    products = written(tmp_path, "code,commodity,content\n2605,ore,0.1\n", "p.csv")
    assert "stands beside --products" in ask("from-trade", baci, "--product", "2605=1", "--products", products, code=1)
    again = json.loads(ask("from-trade", baci, "--products", products, "--production", prod, "--format", "json"))
    assert again["tables"]["flows"][0]["commodity"] == "ore"


def test_a_region_may_have_a_colon_in_its_name() -> None:
    found = cn.from_trade(
        pd.DataFrame({"exporter": ["Areas: other"], "importer": ["CHN"], "t": [7.0]}), products={"2605": 0.5}
    )
    assert found.network.edges["flow_tpa"].tolist() == [3.5]


# -- part by part ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name", "place"),
    [
        ("COD", "", "COD"), (180, "", "COD"), ("180.0", "", "COD"), (842, "", "USA"), (251, "", "FRA"), (490, "", "TWN"),
        ("S19", "Other Asia, nes", "TWN"), (" 58 ", "", "BEL"), ("Chile ", "", "CHL"), ("x", "Germany", "DEU"),
        ("0", "", "World"), ("W00", "World", "World"), ("EU27", "", "EU27"), ("abc", "European Union", "EU27"),
        ("World total (rounded)", "", "World"), ("Total", "", "World"), ("EU 28", "", "EU28"), ("Europa", "", "Europe"), (899, "Areas, nes", "Areas, nes"), (899, "", "area 899"), ("_X", "", "area _X"),
        ("Other countries", "", "Other countries"), ("1234567", "", "1234567"),
    ],
)  # fmt: skip
def test_a_code_or_a_name_means_a_country_a_remainder_or_an_area(code: Any, name: str, place: str) -> None:
    places = Places()
    assert places.of(code, name) == places.of(code, name) == place
    assert places.areas == ({place} & {"World", "EU27", "EU28", "Europe"})
    assert places.regions == (set() if place in places.areas or len(place) == 3 else {place})
    assert not places.faults
    assert set(places.assumed) == ({place} if place in ("TWN", "BEL") else set())


LISTED = "Known: code, commodity, content, content_low, content_high, recovery, reference."


def test_every_fault_of_products_is_said_at_once() -> None:
    table = [("26", "ore", 0.1, None, None, 0.9, None), ("26", "ore", 8.0, None, None, 0.8, 1), ("x", "Ore", "much", None, None, None, None),
             ("7", "use", 0.5, 0.6, 0.7, None, None)]  # fmt: skip
    names = "code commodity content content_low content_high recovery contnt"
    with pytest.raises(cn.DataError) as caught:
        products_of(pd.DataFrame(table, columns=names.split()))
    assert {(one.row, one.column, one.value, one.rule, one.remedy) for one in caught.value.faults_list} == {
        (3, "content", "8.0", "is no share", "A share above 0, at most 1: 0.08 for 8 %."),
        (3, "contnt", "", 'unknown column; did you mean "content" or "content_low" or "content_high"?', LISTED),
        (3, "code", "26", "stands twice", "Keep one row."),
        (4, "code", "x", "is no product code", "2 to 6 figures of the Harmonized System, as text: 260500."),
        (4, "content", "much", "is no share", "A share above 0, at most 1: 0.08 for 8 %."),
        (4, "content", "nan", "lies outside its range, nan to nan", "Correct one of the three."),
        (5, "code", "7", "is no product code", "2 to 6 figures of the Harmonized System, as text: 260500."),
        (5, "content", "0.5", "lies outside its range, 0.6 to 0.7", "Correct one of the three."),
        (None, "commodity", "use", "is the word for end uses", "Give it another name."),
        (None, "commodity", "Ore", 'can hardly be told from "ore"', "Give it another name."),
        (None, "recovery", "ore", "has two recoveries", "Give its codes the same."),
    }  # fmt: skip


def test_products_are_given_in_many_forms(tmp_path: Path) -> None:
    def told(given: Any) -> list[tuple[Any, ...]]:
        return [(p.code, p.commodity, p.content, p.low, p.high, p.recovery, sorted(p.said)) for p in products_of(given)]

    bare = ("2605", "hs2605", 1.0, 1.0, 1.0, 1.0, ["code"])
    assert told(2605) == told("2605") == told(["2605"]) == [bare]
    assert told([2605, "26"])[1][0] == "26"
    assert told({2605.0: 0.1}) == [("2605", "hs2605", 0.1, 0.1, 0.1, 1.0, ["code", "content"])]
    whole = {
        "commodity": "ore",
        "content": 0.1,
        "content_low": 0.05,
        "content_high": "0.2",
        "recovery": 0.9,
        "reference": " ",
    }
    ore = (
        "2605",
        "ore",
        0.1,
        0.05,
        0.2,
        0.9,
        ["code", "commodity", "content", "content_high", "content_low", "recovery"],
    )
    assert told({"2605": whole}) == [ore]
    path = tmp_path / "p.csv"
    path.write_text(
        "code,commodity,content,content_low,content_high,recovery\n2605,ore,0.1,0.05,0.2,0.9\n", encoding="utf-8"
    )
    assert told(path) == told(str(path)) == told(pd.read_csv(path)) == [ore]
    for given, said in (({}, "products: none is given. Name product codes with contents, such as {\"2605\": 0.08}."),
                        (3.5, 'products: give product codes with contents, such as {"2605": 0.08}, or a table of them.')):  # fmt: skip
        with pytest.raises(cn.DataError) as refused:
            products_of(given)
        assert str(refused.value) == said


def test_a_beginning_of_a_code_is_a_range_of_numbers_and_the_longest_counts() -> None:
    assert [_range_of(code) for code in ("2605", "01", "810520")] == [
        (260500, 260600),
        (10000, 20000),
        (810520, 810521),
    ]
    asked = dict.fromkeys(("26", "2605", "81"), "ore")
    assert [_asked(code, asked) for code in ("260500", "260400", "8105", "26")] == ["2605", "26", "81", "26"]
    years = [
        _other_year(*one)
        for one in (
            ("BACI_HS92_Y2021_V1.csv", 2022),
            ("BACI_HS92_Y2022_V1.csv", 2022),
            ("a_Y2021_.csv", None),
            ("a.csv", 2022),
        )
    ]
    assert years == [True, False, False, False]


@pytest.mark.parametrize(
    ("rows", "total", "kept"),
    [
        # a total beside its parts stands alone; parts without a total add up; by partner each for itself
        ([("CHN", "0", 5), ("CHN", "1", 2), ("CHN", "2", 3)], "0", [5]),
        ([("CHN", "1", 2), ("CHN", "2", 3)], "0", [2, 3]),
        ([("CHN", "0", 5), ("CHN", "1", 2), ("JPN", "1", 4)], "0", [5, 4]),
    ],
)
def test_of_a_breakdown_the_total_or_the_parts_count(
    rows: list[tuple[str, str, int]], total: str, kept: list[int]
) -> None:
    table = pd.DataFrame(rows, columns=["partner", "mode", "t"]).assign(
        year=2022, product="2605", side="export", reporter="COD"
    )
    assert _at_total(table, table["mode"].eq(total))["t"].tolist() == kept


def test_missing_weights_are_reckoned_from_the_mean_price_of_their_product() -> None:
    """Of 26 10 t cost 40 USD, so 8 USD are 2 t; of 81 nothing has a weight."""
    table = pd.DataFrame(
        {"code": ["26", "26", "26", "81"], "usd_with_t": [10.0, 30.0, 0.0, 0.0], "t": [4.0, 6.0, 0.0, 0.0], "usd_without_t": [0.0, 0.0, 8.0, 5.0]}
    ).assign(year=2022, side="both", exporter="A", importer="B", estimated_t=0.0, is_reconciled=True)  # fmt: skip
    left: list[dict[str, Any]] = []
    told = _filled(table, {"26": "ore", "81": "metal"}, left)
    assert told[["t", "filled_t", "filled_usd"]].to_numpy().tolist() == [
        [4.0, 0, 0],
        [6.0, 0, 0],
        [2.0, 2.0, 8.0],
        [0.0, 0, 0],
    ]
    (gap,) = left
    assert (gap["kind"], gap["commodity"], gap["note"]) == (
        "weight unknown", "metal", "USD 5 without any weight to reckon from: tonnes unknown",
    )  # fmt: skip
    assert np.isnan(gap["size_t"])


def test_the_measure_of_a_change_is_the_same_statistic_else_what_is_published_else_the_baseline() -> None:
    nan = float("nan")
    told = [_before(*one) for one in ((5.0, 6.0, 7.0), (0.0, 6.0, 7.0), (nan, None, 7.0), (None, nan, 0.0))]
    assert told == [(5.0, "same statistic"), (6.0, "published total"), (7.0, "baseline"), (0.0, "")]
    bounds = [_keeps(*one) for one in (("greater than", 6.0, 6.0), ("greater than", 5.9, 6.0), ("less than", 6.0, 6.0), ("less than", 6.1, 6.0),
                                       ("reported", 6.0, 6.0))]  # fmt: skip
    assert bounds == [True, False, True, False, False]
    doubts = [_doubtful(*one) for one in ((3.0, 9.0), (3.0, 9.1), (9.0, 3.0), (9.0, 2.9), (0.0, 9.0), (9.0, 0.0))]
    assert doubts == [False, True, False, True, False, False]
    row = _row("trade", "ore", "A", "B", 4.0, 16.0, note="seen", n_rows=2)
    assert (row["change_t"], row["change_share"], row["n_rows"]) == (12.0, 3.0, 2)
    assert row["note"] == "seen; more than three times, or less than a third: look at scope and unit"
    assert np.isnan(_row("trade", "ore", "A", "B", 0.0, 16.0)["change_share"])


def test_a_step_is_found_by_its_name_or_by_the_kind_of_production(cobalt: cn.Network) -> None:
    assert _step_of(cobalt, "ore", "") == ("step", "ore")
    assert _step_of(cobalt, "mine", "") == ("stage", "mine")
    kinds = [_step_of(cobalt, None, words)[1] for words in ("Mine production", "Refinery", "SMELTER", "metal", "")]
    assert kinds == ["mine", "refiner", "refiner", "refiner", "mine"]


def test_output_moves_capacity_range_and_what_leaves_or_leaves_capacity_where_it_fits() -> None:
    nodes = frame("id stage country capacity_tpa low high quality", ("m", "mine", "AUS", 10.0, 8.0, 11.0, "reported"), ("n", "mine", "COD", 10.0, 8.0, None, "reported"),
                  ("u", "end_use", None, None, None, None, None))  # fmt: skip
    edges = frame(
        "source target flow_tpa capacity_tpa low high quality",
        ("m", "u", 9.0, 12.0, 5.0, 9.0, "reported"),
        ("n", "u", 6.0, None, None, None, "reported"),
    )
    net = cn.Network(nodes, edges)
    plants = np.array([True, True, False])

    def told(factors: dict[str, float], how: str) -> tuple[list[Any], list[Any]]:
        made = _with_output(net, plants, factors, how)
        node, edge = made.nodes.set_index("id").loc["m"], made.edges.set_index("source").loc["m"]
        return (
            [*node[["capacity_tpa", "low", "high"]], node["quality"]], [*edge[["flow_tpa", "capacity_tpa", "low", "high"]], edge["quality"]],
        )  # fmt: skip

    doubled = [18.0, 24.0, 10.0, 18.0, "estimated"]
    assert told({"AUS": 2.0}, "follow") == ([20.0, 16.0, 22.0, "estimated"], doubled)
    # 18 t leave: more than 10, so 18 it is, and its high end no less
    assert told({"AUS": 2.0}, "keep") == ([18.0, 8.0, 18.0, "estimated"], doubled)
    assert told({"AUS": 0.5, "COD": 3.0}, "keep")[0] == [10.0, 8.0, 11.0, "estimated"]
    assert told({"COD": 3.0}, "follow") == ([10.0, 8.0, 11.0, "reported"], [9.0, 12.0, 5.0, 9.0, "reported"])
    other = _with_output(net, np.array([False, True, False]), {"AUS": 2.0, "COD": 3.0}, "follow")
    assert other.nodes.set_index("id")["capacity_tpa"].tolist()[:2] == [10.0, 30.0], "of another step nothing moves"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,a\n1,2,3\n", "f: the column a stands twice. Keep one of them."),
        ("a,b\n1,2\n3,4,5\n", "f row 3: has more cells than the header. Quote a cell that holds a comma."),
        ("a,b\n1,2,3,4\n", "f: a row has more cells than the header. Quote a cell that holds a comma."),
        ("a,b\n1,2\n3,4,5,6\n", "f row 3: has more cells than the header. Quote a cell that holds a comma."),
    ],
)
def test_a_csv_with_cells_too_many_is_refused(text: str, said: str) -> None:
    with pytest.raises(cn.DataError) as refused:
        list(text_pieces(io.StringIO(text), "f"))
    assert str(refused.value) == said


def test_a_csv_is_read_as_text_cell_by_cell() -> None:
    (piece,) = text_pieces(io.StringIO('a , b,\n01, "x, y",\n,NA,\n'), "f")
    assert piece.to_dict("list") == {"a": ["01", ""], "b": ["x, y", "NA"], "column 3": ["", ""]}
    assert list(heads(["x" * 70, *range(20)]).split(", ")) == ["x" * 60, *map(str, range(11))]


def test_what_is_no_number_of_a_statistic_is_named_with_how_many_rows() -> None:
    def fault(call: Any, column: str, *cells: Any) -> tuple[str, ...]:
        with pytest.raises(cn.DataError) as caught:
            call(pd.DataFrame({column: list(cells)}), column, "f")
        (one,) = caught.value.faults_list
        return one.file, one.column, one.value, one.rule, one.remedy

    assert fault(_whole, "exporter", "180", "x", "1.5") == (
        "f", "exporter", "x", "is no code of a country, in 2 of the rows asked for", "Correct the cells.",
    )  # fmt: skip
    assert fault(_whole, "year", 2022, 12345)[2:4] == ("12345", "is no year, in 1 of the rows asked for")
    assert _whole(pd.DataFrame({"year": ["0", "9999"]}), "year", "f").tolist() == [0, 9999]
    assert fault(_numbers, "t", "1", "-2", "1e16", "NA") == (
        "f", "t", "-2", "is no weight or value, in 2 of the rows asked for", "Numbers with a point, 0 or more.",
    )  # fmt: skip
    assert _numbers(pd.DataFrame({"t": ["1.5", " NA", "", "NULL"]}), "t", "f").fillna(-1.0).tolist() == [
        1.5,
        -1.0,
        -1.0,
        -1.0,
    ]


def reports_of(*rows: tuple[Any, ...]) -> Reports:
    names = "code side exporter importer t estimated_t filled_t filled_usd is_reconciled"
    return Reports(frame(names, *rows).assign(year=2022), ("f",), [], Places(), 2022)


CONTENTS = {
    "26": {"commodity": "ore", "content": 0.1, "content_low": 0.05, "content_high": 0.2},
    "27": {"commodity": "ore", "content": 0.2},
}


def test_codes_of_one_good_add_up_and_a_figure_that_rests_on_estimates_is_weak() -> None:
    """10 and 2 t contained, of the second more than half an estimate; 20 t of the first were reckoned from 400 USD."""
    gaps: list[dict[str, Any]] = []
    told = reconciled(
        reports_of(("26", "both", "COD", "CHN", 100.0, 0.0, 20.0, 400.0, True), ("27", "both", "COD", "CHN", 10.0, 5.1, 0.0, 0.0, True),
                   ("27", "both", "AUS", "CHN", 10.0, 5.0, 0.0, 0.0, True)),
        products_of(CONTENTS), gaps,
    ).set_index("exporter")  # fmt: skip
    assert told.loc["COD", ["value", "low", "high"]].tolist() == pytest.approx([12.0, 7.0, 22.0])
    assert told["weak"].to_dict() == {"AUS": False, "COD": True}
    assert set(told["reported_by"]) == {"reconciled"}
    assert told["ratio"].isna().all()
    (gap,) = gaps
    assert (gap["kind"], gap["commodity"], gap["size_t"]) == ("weight reckoned from value", "ore", pytest.approx(2.0))
    assert gap["note"] == "1 reports without weight, USD 400, at 20 USD/t, the mean of the rest"


def test_the_range_of_two_reports_holds_both_and_the_contents() -> None:
    """10 and 8 t contained, which may be half or twice as much; of another flow the exporter alone tells."""
    gaps: list[dict[str, Any]] = []
    told = reconciled(
        reports_of(("26", "export", "COD", "CHN", 100.0, 0.0, 0.0, 0.0, False), ("26", "import", "COD", "CHN", 80.0, 80.0, 0.0, 0.0, False),
                   ("26", "export", "COD", "JPN", 50.0, 0.0, 0.0, 0.0, False)),
        products_of(CONTENTS), gaps,
    ).set_index("importer")  # fmt: skip
    assert 8.0 < told.loc["CHN", "value"] < 10.0
    assert told.loc["CHN", ["low", "high", "ratio"]].tolist() == pytest.approx([4.0, 20.0, 1.25])
    assert told.loc["JPN", ["value", "low", "high"]].tolist() == pytest.approx([5.0, 2.5, 10.0])
    assert told[["weak", "reported_by"]].to_numpy().tolist() == [[True, "both"], [False, "exporter"]]
    both, alone = gaps
    assert (both["kind"], both["country"], both["partner"]) == ("mirror difference", "COD", "CHN")
    assert (both["size_t"], both["given_t"], both["found_t"]) == pytest.approx((2.0, 10.0, 8.0))
    assert both["note"].startswith("exporter's report and importer's; ")
    assert (alone["kind"], alone["commodity"], alone["size_t"], alone["note"]) == (
        "reported by one side", "ore", pytest.approx(5.0), "1 flows that the exporter alone reports stand as reported",
    )  # fmt: skip


def test_an_account_says_what_is_made_passed_on_and_kept() -> None:
    """COD makes 100 and ships 60 on to CHN, which ships 30 on; AUS ships 5 t that nobody knows of; a hair is left out."""
    trade_ = frame(
        "exporter importer value", ("COD", "CHN", 60.0), ("CHN", "JPN", 30.0), ("AUS", "JPN", 5.0), ("COD", "USA", 1e-4)
    )
    gaps: list[dict[str, Any]] = []
    found = account_of(trade_, pd.Series({"COD": 100.0}), "ore", gaps)
    assert found.made.to_dict() == {"AUS": 0.0, "CHN": 0.0, "COD": 100.0, "JPN": 0.0, "USA": 0.0}
    assert found.unexplained[found.unexplained > 0].to_dict() == {"AUS": 5.0}
    assert found.stays.to_dict() == pytest.approx({"AUS": 0.0, "CHN": 30.0, "COD": 39.9999, "JPN": 35.0, "USA": 1e-4})
    assert found.passed_on[found.passed_on > 0].to_dict() == pytest.approx({"CHN": 30.0})
    flows_ = {(row.origin, row.destination): (row.value, row.reported) for row in found.flows.itertuples()}
    assert flows_ == {
        ("AUS", "JPN"): pytest.approx((5.0, 5.0)), ("COD", "CHN"): pytest.approx((30.0, 60.0)), ("COD", "COD"): pytest.approx((39.9999, 0.0)),
        ("COD", "JPN"): pytest.approx((30.0, 0.0)),
    }  # fmt: skip
    (gap,) = gaps
    assert (gap["kind"], gap["commodity"], gap["size_t"]) == ("thin relations", "ore", pytest.approx(1e-4))
    assert gap["note"] == "1 relations, each below 1e-05 of all trade in it, left out"
