"""No row of a trade table is lost, added up or read in another unit without a row that says so."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.calibration.trade._reports import read_reports
from chainnet.io import UNITS

NICKEL = {"2604": {"commodity": "ore"}}
PLAIN = ["exporter", "importer", "t"]


def read(rows: list[tuple[Any, ...]], columns: list[str] | None = None, **options: Any) -> Any:
    frame = pd.DataFrame(rows, columns=columns or PLAIN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        return cn.from_trade(frame, products=options.pop("products", NICKEL), **options)


def flows(found: Any) -> dict[tuple[str, str], float]:
    return {(r.exporter, r.importer): r.value_t for r in found.flows.itertuples()}


def told(found: Any) -> list[tuple[Any, ...]]:
    rows = found.gaps[found.gaps["rule"].notna()]
    return [(r.kind, r.rule, r.rows, r.tonnes) for r in rows.itertuples()]


# -- areas ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "area", ["EU27", "EU28", "EUR", "EU2", "European Union", "Europe", "EU-28", "Union européenne"]
)
def test_an_area_whose_countries_have_no_flow_is_a_region(area: str) -> None:
    found = read([("IDN", area, 90.0), ("PHL", "JPN", 10.0)])
    ((_, where), _) = sorted(flows(found), key=lambda pair: pair[0])
    name = {"EUR": "EU27", "EU2": "EU27", "European Union": "EU27", "EU-28": "EU28", "Union européenne": "EU27"}.get(
        area, area
    )
    assert where == name
    assert told(found) == [("aggregates kept", "kept", 1, 90.0)]
    assert cn.chokepoints(found.network, by="country")["lost_tpa"].idxmax() == "IDN"
    assert name in found.assumptions.set_index("assumption").loc["areas without a country", "note"]


@pytest.mark.parametrize(
    "area", ["EU27", "World", "W00", "Total", "Welt", "Europe", "Euro area", "World excluding China"]
)
def test_an_area_is_left_out_where_its_countries_have_the_flow(area: str) -> None:
    found = read([("IDN", area, 90.0), ("IDN", "DEU", 80.0), ("PHL", "JPN", 10.0)])
    assert flows(found) == {("IDN", "DEU"): 80.0, ("PHL", "JPN"): 10.0}
    assert told(found) == [("aggregates left out", "left out", 1, 90.0)]
    gap = found.gaps.iloc[0]
    assert (gap["given_t"], gap["found_t"]) == (90.0, 80.0)
    assert "left out" in found.gaps.to_string()


def test_of_areas_that_hold_each_other_the_smallest_stays() -> None:
    rows = [("IDN", "World", 100.0), ("IDN", "Europe", 95.0), ("IDN", "EU27", 90.0), ("IDN", "CHN", 5.0)]
    assert flows(read(rows)) == {("IDN", "EU27"): 90.0, ("IDN", "CHN"): 5.0}
    # an area that ships, and the world where nothing else is known
    assert flows(read([("EU27", "CHN", 4.0), ("DEU", "CHN", 3.0), ("FRA", "JPN", 2.0)])) == {
        ("DEU", "CHN"): 3.0,
        ("FRA", "JPN"): 2.0,
    }
    assert flows(read([("IDN", "World", 7.0), ("PHL", "JPN", 1.0)])) == {
        ("IDN", "partners not named"): 7.0,
        ("PHL", "JPN"): 1.0,
    }


def test_unions_hold_their_members_and_trade_inside_an_area_is_left_out() -> None:
    rows = [
        ("IDN", "ASEAN", 5.0),
        ("IDN", "Asia", 6.0),
        ("IDN", "OECD", 3.0),
        ("IDN", "JPN", 1.0),
        ("EU27", "EU27", 8.0),
    ]
    found = read(rows)
    assert flows(found) == {("IDN", "ASEAN"): 5.0, ("IDN", "JPN"): 1.0}
    assert sorted(told(found)) == [
        ("aggregates kept", "kept", 1, 5.0), *(("aggregates left out", "left out", 1, t) for t in (3.0, 6.0, 8.0)),
    ]  # fmt: skip


def test_an_area_has_production_of_its_own_and_is_not_the_world() -> None:
    with pytest.warns(cn.ChainnetWarning, match="EU27: no country"):
        found = cn.from_trade(
            pd.DataFrame([("IDN", "CHN", 9.0)], columns=PLAIN), {"IDN": 9.0, "EU27": 50.0}, products=NICKEL
        )
    assert "world total" not in set(found.gaps["kind"])
    assert "world" not in set(found.production["country"])


# -- columns ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["Year", "YEAR", "refYear", "period", "Jahr", "année"])
def test_several_years_are_asked_under_whatever_head(head: str) -> None:
    rows = [("IDN", "CHN", 90.0, 2022), ("IDN", "CHN", 80.0, 2023)]
    with pytest.raises(cn.DataError, match=r"holds the years 2022, 2023\. Give year="):
        read(rows, [*PLAIN, head])
    found = read(rows, [*PLAIN, head], year=2023)
    assert flows(found) == {("IDN", "CHN"): 80.0}
    assert told(found) == [("other years", "left out", 1, 90.0)]


@pytest.mark.parametrize("heads", [["Exporter", "IMPORTER", "T"], [" exporter ", "importer", "t "]])
def test_heads_are_read_in_any_case(heads: list[str]) -> None:
    assert flows(read([("IDN", "CHN", 90.0)], heads)) == {("IDN", "CHN"): 90.0}
    with pytest.raises(cn.DataError, match=r"are both t\. Leave one of them out"):
        read([("IDN", "CHN", 90.0, 9.0)], [*PLAIN, "T"])


def test_statistics_are_known_whatever_the_case_of_their_heads(tmp_path: Path) -> None:
    text = "t,i,j,k,v,q\n2022,360,156,260400,1,90\n2022,360,156,260400,1,90\n2021,360,156,260400,1,5\n2022,36,156,270100,1,7\n"
    for name, said in (("low.csv", text), ("high.csv", text.replace("t,i,j,k,v,q", "T,I,J,K,V,Q"))):
        (tmp_path / name).write_text(said)
        found = cn.from_trade(tmp_path / name, products=NICKEL, year=2022)
        assert flows(found) == {("IDN", "CHN"): 180.0}
        assert sorted(told(found)) == [("equal rows", "added", 1, 90.0), ("other products", "left out", 1, 7.0),
                                       ("other years", "left out", 1, 5.0)]  # fmt: skip
    assert flows(cn.from_trade(pd.read_csv(tmp_path / "high.csv"), products=NICKEL, year=2022)) == {
        ("IDN", "CHN"): 180.0
    }
    (tmp_path / "kg.csv").write_text("t,i,j,k,v,q,unit\n2022,360,156,260400,1,90,kg\n")
    assert flows(cn.from_trade(tmp_path / "kg.csv", products=NICKEL)) == pytest.approx({("IDN", "CHN"): 0.09})


@pytest.mark.parametrize(
    ("unit", "size"),
    [("kg", 0.001), ("KG", 0.001), ("t", 1.0), ("kt", 1e3), ("Mt", 1e6), ("lb", 0.00045359237), ("st", 0.90718474),
     ("thousand metric tons", 1e3), ("million tonnes", 1e6), ("long tons", 1.0160469088), ("Tonnen", 1.0)],
)  # fmt: skip
@pytest.mark.parametrize("head", ["unit", "qtyUnit", "Einheit"])
def test_the_unit_of_each_row_is_read(unit: str, size: float, head: str) -> None:
    found = read([("IDN", "CHN", 90.0, unit), ("PHL", "CHN", 5.0, "t")], [*PLAIN, head])
    assert flows(found) == pytest.approx({("IDN", "CHN"): 90.0 * size, ("PHL", "CHN"): 5.0})


@pytest.mark.parametrize(
    ("unit", "said"),
    [("pieces", "is no unit"), ("MT", "may be t or Mt"), ("tons", "may be t or short_ton"), ("", "is no unit")],
)
def test_a_unit_that_is_not_sure_is_refused_by_row(unit: str, said: str) -> None:
    with pytest.raises(cn.DataError, match=f'trade row 3, unit: ("{unit}": )?.*{said}'):
        read([("IDN", "CHN", 90.0, "t"), ("PHL", "CHN", 5.0, unit)], [*PLAIN, "unit"])
    with pytest.raises(cn.DataError, match=r"differs from unit="):
        read([("IDN", "CHN", 90.0, "kg")], [*PLAIN, "unit"], unit="t")


def test_a_table_in_memory_takes_unit_rename_and_countries() -> None:
    found = read([("Congo", "CHN", 90.0)], ["from", "to", "Weight (kg)"], unit="kg", countries={"Congo": "COD"},
                 rename={"from": "exporter", "to": "importer", "Weight (kg)": "t"})  # fmt: skip
    assert flows(found) == pytest.approx({("COD", "CHN"): 0.09})
    with pytest.raises(cn.DataError, match="the head names kg, and tonnes are read"):
        read([("COD", "CHN", 90.0)], ["exporter", "importer", "kg"], rename={"kg": "t"})


def test_export_and_import_of_one_movement_are_two_reports() -> None:
    found = read([("IDN", "CHN", 90.0, "Export"), ("IDN", "CHN", 88.0, "Import")], [*PLAIN, "Flow"])
    assert 88.0 < flows(found)["IDN", "CHN"] < 90.0
    assert "mirror difference" in set(found.gaps["kind"])
    with pytest.raises(cn.DataError, match='flow: "sideways": is no direction'):
        read([("IDN", "CHN", 90.0, "sideways")], [*PLAIN, "direction"])


def test_columns_that_nobody_reads_are_listed() -> None:
    found = read([("IDN", "CHN", 90.0, "x", 3)], [*PLAIN, "colour", "mood"])
    assert found.assumptions.set_index("assumption").loc["columns ignored", "value"] == "colour, mood"
    with pytest.raises(cn.DataError, match='holds several goods, "ore", "metal"'):
        read([("IDN", "CHN", 90.0, "ore"), ("IDN", "CHN", 9.0, "metal")], [*PLAIN, "Commodity"])


def test_codes_are_read_under_any_head_so_that_other_products_are_left_out() -> None:
    found = read([("IDN", "CHN", 90.0, "2604.00"), ("IDN", "CHN", 9.0, "7502")], [*PLAIN, "HS code"])
    assert flows(found) == {("IDN", "CHN"): 90.0}
    assert told(found) == [("other products", "left out", 1, 9.0)]


def test_weights_by_year_in_columns_are_one_year() -> None:
    rows, heads = [("IDN", "CHN", 90.0, 80.0)], ["exporter", "importer", "2022", "2023"]
    with pytest.raises(cn.DataError, match=r"holds the years 2022, 2023\. Give year="):
        read(rows, heads)
    found = read(rows, heads, year=2022)
    assert (flows(found), found.network.year) == ({("IDN", "CHN"): 90.0}, 2022)
    assert found.assumptions.set_index("assumption").loc["columns ignored", "value"] == "2023"


@pytest.mark.parametrize(
    ("whens", "said"),
    [([202200 + m for m in range(1, 13)], "12 of 12 months of 2022"), ([202201, 202202], "2 of 12 months of 2022"),
     (["2022-Q1", "2022-Q3"], "2 of 4 quarters of 2022"), (["2022-12-31"], ""), ([2022], "")],
)  # fmt: skip
def test_parts_of_a_year_that_are_added_are_counted(whens: list[Any], said: str) -> None:
    frame = pd.DataFrame([("IDN", "CHN", 10.0, when) for when in whens], columns=[*PLAIN, "period"])
    if said.startswith("2 of"):
        with pytest.warns(cn.ChainnetWarning, match=said):
            found = cn.from_trade(frame, products=NICKEL)
    else:
        found = cn.from_trade(frame, products=NICKEL)
    assert flows(found) == pytest.approx({("IDN", "CHN"): 10.0 * len(whens)})
    notes = found.assumptions.set_index("assumption")["note"]
    assert notes.get("parts of a year", "").startswith(said)
    with pytest.raises(cn.DataError, match="annual and monthly rows"):
        read([("IDN", "CHN", 1.0, 2022), ("IDN", "CHN", 1.0, 202201)], [*PLAIN, "period"])


# -- rows -------------------------------------------------------------------------------------------------


def test_equal_rows_and_rows_of_one_flow_are_added_and_counted() -> None:
    found = read([("IDN", "CHN", 90.0)] * 3 + [("IDN", "CHN", 7.0), ("Indonesia", "China", 5.0)])
    assert flows(found) == {("IDN", "CHN"): 282.0}
    assert told(found) == [("equal rows", "added", 2, 180.0), ("rows of one flow", "added", 2, 12.0)]


def test_a_heading_beside_its_subheadings_counts_once() -> None:
    heads = [*PLAIN, "code"]
    rows = [("IDN", "CHN", 90.0, "2604"), ("IDN", "CHN", 80.0, "260400"), ("PHL", "CHN", 10.0, "260400")]
    found = read(rows, heads)
    assert flows(found) == {("IDN", "CHN"): 90.0, ("PHL", "CHN"): 10.0}
    assert told(found) == [("heading beside its subheadings", "left out", 1, 80.0)]
    # where one subheading is asked for apart its heading would hold it
    rows = [("IDN", "CHN", 90.0, "2604"), ("IDN", "CHN", 60.0, "260410"), ("IDN", "CHN", 30.0, "260420")]
    both = {"2604": {"commodity": "ore", "content": 0.1}, "260410": {"commodity": "ore", "content": 0.5}}
    assert flows(read(rows, heads, products=both)) == pytest.approx({("IDN", "CHN"): 33.0})


def test_what_has_no_figure_is_counted() -> None:
    found = read([("IDN", "CHN", 90.0), ("PHL", "CHN", None)])
    assert [(kind, rows) for kind, _, rows, _ in told(found)] == [("no figure", 1)]


def test_a_refresh_lists_rows_that_are_no_flow_of_their_own() -> None:
    net = read([("IDN", "CHN", 90.0)]).network
    newer = pd.DataFrame([("IDN", "CHN", 50.0), ("IDN", "CHN", 50.0), ("IDN", "World", 100.0)], columns=PLAIN)
    left = cn.refresh(net, newer, products=NICKEL).left
    assert left["what"].tolist() == ["rows of the files"] * 2
    assert left["note"].str.split(";").str[0].tolist() == [
        "aggregates left out: 1 rows, 100 t gross, left out", "equal rows: 1 rows, 50 t gross, added",
    ]  # fmt: skip


def test_figures_of_output_and_use_are_read_in_their_unit_and_under_heads_in_any_case() -> None:
    made = pd.DataFrame([("Indonesien", 1.8, "kt"), ("PHL", 330.0, "t")], columns=["Country", "VALUE", "Unit"])
    found = read([("IDN", "CHN", 900.0)], production=made, use=pd.DataFrame({"Country": ["China"], "Value": [900.0]}))
    assert found.production.set_index("country")["value_t"].to_dict() == {"IDN": 1800.0, "PHL": 330.0}
    with pytest.raises(cn.DataError, match='unit: "tons": is no unit of weight'):
        read([("IDN", "CHN", 900.0)], production=made.assign(Unit="tons"))
    with pytest.warns(cn.ChainnetWarning, match="columns that were not read: colour"):
        cn.from_trade(pd.DataFrame([("IDN", "CHN", 9.0)], columns=PLAIN), made.assign(colour="red"), products=NICKEL)
    with pytest.raises(cn.DataError, match='row 2, country: "Congo": means no one country'):
        read([("COD", "CHN", 900.0)], production={"Congo": 900.0})


PLACES = st.sampled_from(["IDN", "Indonesien", "PHL", "DEU", "France", "CHN", "EU27", "World", "Europe", "Rest of it"])
TOLD = st.tuples(PLACES, PLACES, st.integers(1, 99), st.sampled_from(["t", "kg", "kt", "short_ton"]),
                 st.sampled_from(["2604", "260400", "7502"]), st.sampled_from([2021, 2022]))  # fmt: skip
HEADS = ("exporter", "importer", "t", "unit", "code", "year")


@settings(deadline=None, max_examples=15)
@given(
    st.lists(TOLD, min_size=1, max_size=12),
    st.lists(st.sampled_from([str.lower, str.upper, str.title]), min_size=6, max_size=6),
)
def test_all_tonnes_stand_in_the_flows_or_in_the_gaps(rows: list[tuple[Any, ...]], cases: list[Any]) -> None:
    rows = [*rows, ("AUS", "JPN", 5, "t", "2604", 2022)]
    frame = pd.DataFrame(rows, columns=[case(head) for case, head in zip(cases, HEADS, strict=True)])
    found = read_reports(frame, {"2604": "ore"}, 2022)
    counted = [(row["kind"], row["rule"], row["rows"], row["tonnes"]) for row in found.left_out]
    given = sum(t * UNITS[unit] for *_, t, unit, code, year in rows if code != "7502" and year == 2022)
    lost = sum(tonnes for kind, rule, _, tonnes in counted if rule == "left out" and not kind.startswith("other"))
    assert found.table["t"].sum() + lost == pytest.approx(given)
    n = sum(n for kind, _, n, _ in counted if kind.startswith("other"))
    assert n == sum(1 for *_, code, year in rows if code == "7502" or year != 2022)
