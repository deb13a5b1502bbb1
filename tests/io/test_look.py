"""A table from elsewhere is looked at, and the command that is printed reads it: numbers by hand, random layouts."""

from __future__ import annotations

import io
import shlex
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import chainnet as cn
from chainnet.calibration.trade._heads import LAYOUTS
from chainnet.cli.common import app
from chainnet.io.columns import role_of
from chainnet.io.excerpts import UNITS, Excerpt, excerpt, rows, unit_of
from chainnet.io.ways import DOWNLOADED, spans

FLOWS = [
    ("Congo, Dem. Rep. of", "China", 900_000),
    ("Congo, Dem. Rep. of", "Korea, Rep. of", 100_000),
    ("Australia", "CHINA ", 50_000),
    ("T\u00fcrkiye", "P.R. China", 30_000),
    ("Russian Fed.", "Chinese Taipei", 20_000),
    ("AUSTRALIA", "Japan", 10_000),
]
# tonnes lost without each country, by hand: makers run at 0.8 of what they can, relations carry 1.5 times their flow.
# COD: 1,000 t less what others have to spare, 60 / 0.8 - 60 of Australia and 30 / 0.8 - 30 of Turkey. RUS, AUS: what
# goes to Taiwan and to Japan, whom nobody else supplies; the 50 t of Australia to China others make up.
LOST = {"COD": 1000 - 15 - 7.5, "RUS": 20.0, "AUS": 10.0, "TUR": 0.0}


def export_book(path: Path) -> Path:
    """An export as a customs office sends it: title, merged heads, kilograms, subtotal, total, foot note."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tab 3.2 Trade"
    sheet.append(["Exports of cobalt ores and concentrates (HS 2605), 2022"])
    sheet.append(["Source: customs"])
    sheet.append([])
    sheet.append(["Exporter", "Importer", "Quantity", None, "Remark"])
    sheet.append([None, None, "kg", "USD", None])
    for cells in ("A1:E1", "C4:D4", "A4:A5", "B4:B5", "E4:E5"):
        sheet.merge_cells(cells)
    for place, (exporter, importer, kg) in enumerate(FLOWS):
        sheet.append([exporter if place != 1 else None, importer, kg, kg // 200])
        if place == 1:
            sheet.append(["Subtotal Congo", None, 1_000_000, 5_000])
    sheet.merge_cells("A6:A7")
    sheet.append(["TOTAL", None, 1_110_000, 5_550])
    sheet.append([])
    sheet.append(["Re-exports are included."])
    book.save(path)
    return path


def run(command: str) -> str:
    words = shlex.split(command)
    assert words[0] == "chainnet"
    done = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_export_becomes_a_ranking_by_the_command_that_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export_book(Path("export.xlsx"))
    printed = run("chainnet look export.xlsx")
    lines = [line.strip() for line in printed.splitlines() if line.startswith("  chainnet ")]
    assert lines == [cn.look("export.xlsx").command]
    assert "--header 4-5 --without-rows 8,13,15 --unit kg" in lines[0]
    run(lines[0])
    follow = printed.rpartition("Then, for instance: ")[2].strip()
    assert follow == "chainnet chokepoints export --by country"
    run(follow)
    lost = cn.chokepoints(cn.read("export"), by="country")["lost_tpa"]
    assert lost.index.tolist() == ["COD", "RUS", "AUS", "TUR"]
    assert lost.to_dict() == pytest.approx(LOST)
    found = eval(cn.look("export.xlsx").calls[0], {"cn": cn})
    assert found.network.digest == cn.read("export").digest


def test_who_takes_the_answer_without_limits_is_told_the_way_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what moved nothing can be ranked: the question says so before, and the error names the other answer after."""
    monkeypatch.chdir(tmp_path)
    Path("net.csv").write_text("Supplier,Customer,Tonnes in t\nMine,Works,100\nWorks,User,90\n")
    printed = run("chainnet look net.csv")
    assert "\nThen, read as capacity_tpa, for instance: chainnet chokepoints net\n" in printed
    lines = [line.strip() for line in printed.splitlines() if line.startswith("  chainnet ")]
    as_flow = next(line for line in lines if "=flow_tpa" in line)
    run(as_flow)
    done = CliRunner().invoke(app, ["chokepoints", "net"])
    assert "(--rename COLUMN=capacity_tpa)" in str(done.exception)
    run(as_flow.replace("=flow_tpa", "=capacity_tpa").replace("--out net", "--out again"))
    assert run("chainnet chokepoints again")


def test_several_goods_of_a_list_of_edges_are_said_to_be_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    for goods, is_said in ((("metal", "wafer"), True), (("metal", "metal"), False)):
        path.write_text(f"Supplier,Customer,Product,Tonnes in t\nMine,Works,{goods[0]},100\nWorks,User,{goods[1]},90\n")
        assert ('"Product" names 2 goods: read as one' in str(cn.look(path))) == is_said


def test_what_is_said_of_each_column_and_row(tmp_path: Path) -> None:
    seen = cn.look(export_book(tmp_path / "export.xlsx"))
    assert seen.columns["seems"].tolist() == ["exporter", "importer", "weight", "value", "note"] or (
        seen.columns["seems"].tolist()[:4] == ["exporter", "importer", "weight", "value"]
    )
    assert seen.columns["head"].tolist() == ["Exporter", "Importer", "Quantity / kg", "Quantity / USD", "Remark"]
    assert seen.columns.loc[2, "unit"] == "kg"
    assert seen.rows[["row", "kind"]].to_numpy().tolist() == [[8, "total"], [13, "total"], [15, "note"]]
    assert "rows 6 to 7 add up to it" in seen.rows.loc[0, "why"]
    assert "rows 6 to 12 (6 of data) add up to it" in seen.rows.loc[1, "why"]
    assert seen.sheets.loc[0, ["header", "n_data", "form"]].tolist() == ["4-5", 6, "trade"]
    assert '"Australia", "AUSTRALIA" differ by case' in str(seen)
    assert "<pre>" in seen._repr_html_()


def text_look(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Any:
    (folder / name).write_bytes(text.encode(encoding))
    return cn.look(folder / name)


def flows_of(call: str) -> dict[tuple[str, str], float]:
    """The flows that a printed call reads, in tonnes."""
    flows = eval(call, {"cn": cn}).flows
    return {(a, b): float(v) for a, b, v in flows[["exporter", "importer", "value_t"]].itertuples(index=False)}


def test_the_unit_is_asked_where_nobody_says_it(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "Exporter,Importer,Quantity\nCHN,USA,5000\nCOD,CHN,800\n")
    assert seen.command is None
    assert seen.ways["answers"].tolist() == ["t", "kg"]
    assert 'In which unit is "Quantity"?' in seen.questions["question"].iloc[0]
    assert flows_of(seen.calls[0]) == {("CHN", "USA"): 5000, ("COD", "CHN"): 800}
    assert flows_of(seen.calls[1]) == {("CHN", "USA"): 5.0, ("COD", "CHN"): 0.8}


def test_a_point_before_three_figures_is_asked(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "Exporter;Importer;Tonnes\nCOD;CHN;280.000\nAUS;CHN;9.000\n")
    assert seen.questions["question"].tolist() == ["Is 280.000 280000, or are its last three figures decimals?"]
    assert [flows_of(call)["COD", "CHN"] for call in seen.calls] == [280.0, 280_000.0]
    clear = text_look(tmp_path, "Exporter;Importer;Tonnes\nCOD;CHN;280.000,5\nAUS;CHN;9.000\n")
    assert clear.questions.empty
    assert flows_of(clear.calls[0]) == {("COD", "CHN"): 280_000.5, ("AUS", "CHN"): 9000.0}
    blanks = text_look(tmp_path, "Exporter,Importer,Tonnes\nCOD,CHN,1 280 000\nAUS,CHN,9 000\nAUS,JPN,7\n")
    assert flows_of(blanks.calls[0])["COD", "CHN"] == 1_280_000.0


def test_who_ships_is_asked_where_a_reporter_gives_no_direction(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "Reporter,Partner,t\nCOD,CHN,9\nAUS,CHN,3\n")
    assert seen.ways["answers"].tolist() == ["Reporter exports", "Partner exports"]
    assert flows_of(seen.calls[0]) == {("COD", "CHN"): 9, ("AUS", "CHN"): 3}
    assert flows_of(seen.calls[1]) == {("CHN", "COD"): 9, ("CHN", "AUS"): 3}


def test_two_columns_of_countries_without_a_word_are_asked_too(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "A,B,t\nCOD,CHN,9\nAUS,CHN,3\n")
    assert 'Which of "A" and "B" ships the goods?' in seen.questions["question"].iloc[0]
    assert flows_of(seen.calls[1]) == {("CHN", "COD"): 9, ("CHN", "AUS"): 3}


def test_both_sides_of_a_flow_become_one_figure(tmp_path: Path) -> None:
    text = (
        "Reporter,Partner,Flow,HS,Year,Net weight (t)\nDE,FR,X,2605,2022,100\nFR,DE,M,2605,2022,110\n"
        "FR,US,X,2605,2022,40\nDE,World,X,2605,2022,100\nDE,FR,RX,2605,2022,7\n"
    )
    seen = text_look(tmp_path, text)
    assert "1 flows are reported by both sides" in str(seen)
    assert seen.rows[["row", "kind"]].to_numpy().tolist() == [[5, "total"]]
    found = eval(seen.command and seen.calls[0], {"cn": cn})
    assert found.network.year == 2022
    flows = found.flows.set_index(["exporter", "importer"])
    assert 100 < flows.loc[("DEU", "FRA"), "value_t"] < 110
    assert flows.loc[("FRA", "USA"), "value_t"] == 40
    assert found.gaps.set_index("kind").loc["re-exports as reported", "size_t"] == 7


def test_a_name_on_its_first_row_alone_is_asked(tmp_path: Path) -> None:
    text = "Exporter,Importer,t\nCOD,CHN,9\n,JPN,2\nSubtotal,,11\nAUS,CHN,4\n,JPN,1\nCOD,FIN,6\nCOD,FIN,6\n"
    seen = text_look(tmp_path, text)
    assert seen.questions["question"].iloc[0].startswith("Rows 3,6 name one end of their flow alone.")
    assert seen.ways["answers"].tolist() == [
        f"{ends}; rows 8 {what}" for ends in ("as it stands above", "those left out") for what in ("left out", "kept")
    ]
    assert "--fill-down" in seen.commands[0]
    rest = {("COD", "CHN"): 9, ("AUS", "CHN"): 4}
    found = [flows_of(call) for call in seen.calls]
    assert found[0] == rest | {("COD", "JPN"): 2, ("AUS", "JPN"): 1, ("COD", "FIN"): 6}
    assert found[1] == rest | {("COD", "JPN"): 2, ("AUS", "JPN"): 1, ("COD", "FIN"): 12}
    assert found[2] == rest | {("COD", "FIN"): 6}
    assert found[3] == rest | {("COD", "FIN"): 12}


def test_a_word_that_is_no_direction_is_told_and_refused(tmp_path: Path) -> None:
    head, row = "Reporter,Partner,Flow,t\n", "DE,FR,{},9\nFR,DE,Einfuhr,8\n"
    seen = text_look(tmp_path, head + row.format("Ausfuhr"))
    assert 8 < flows_of(seen.calls[0])["DEU", "FRA"] < 9
    seen = text_look(tmp_path, head + row.format("outward"))
    assert '"outward": no direction that is known' in str(seen)
    assert seen.commands == ()
    assert 'flow: "outward": is no direction. Write export or import' in seen.questions["question"].iloc[-1]
    names = {"Reporter": "reporter", "Partner": "partner", "Flow": "flow"}
    with pytest.raises(cn.DataError, match=r'flow: "outward": is no direction. Write export or import'):
        cn.from_trade(tmp_path / "t.csv", products={"26": 1.0}, header=1, rename=names)


def test_names_that_mean_two_countries_or_none_are_asked(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "Exporter,Importer,t\nCongo,China,9\nAustrlia,Japan,3\n")
    # nine sets of answers are more than people read: one that differs in one answer each
    told = ["COD; AUS", "COG; AUS", "as it stands; AUS", "COD; AUT", "COD; as it stands"]
    assert seen.ways["answers"].tolist() == told
    assert "9 sets of answers" in str(seen)
    assert flows_of(seen.calls[0]) == {("COD", "CHN"): 9, ("AUS", "JPN"): 3}
    stays = next(
        call for call, said in zip(seen.calls, seen.ways["answers"], strict=True) if said.endswith("as it stands")
    )
    assert ("Austrlia", "JPN") in flows_of(stays)


def test_codes_of_two_letters_are_countries_but_na_is_asked(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "From,To,t\nNA,DE,9\nCD,CN,3\nAU,JP,4\n")
    assert seen.columns["spelling"].tolist()[:2] == ["ISO-2", "ISO-2"]
    assert "Namibia, or not available?" in seen.questions["question"].iloc[0]
    assert flows_of(seen.calls[0])["NAM", "DEU"] == 9
    assert flows_of(seen.calls[1])["NA", "DEU"] == 9


def test_several_products_may_be_one_or_a_chain(tmp_path: Path) -> None:
    text = "Exporter,Importer,HS code,t\nCOD,CHN,260500,9\nCHN,JPN,282200,3\n"
    seen = text_look(tmp_path, text)
    assert seen.ways["answers"].tolist() == ["one commodity", "a chain in this order"]
    one, chain = (eval(call, {"cn": cn}) for call in seen.calls)
    assert one.flows["commodity"].unique().tolist() == ["goods"]
    assert sorted(chain.flows["commodity"].unique()) == ["hs260500", "hs282200"]


def test_the_last_year_is_not_taken_unasked(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "Year,Exporter,Importer,t\n2021,COD,CHN,9\n2022,COD,CHN,5\n")
    assert seen.ways["answers"].tolist() == ["2022", "2021"]
    assert [flows_of(call)["COD", "CHN"] for call in seen.calls] == [5, 9]


def test_years_under_one_head_are_asked(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Foreign trade, 2022"],
        ["As of 2023"],
        [],
        ["Exporter", "Importer", "Quantity (t)", None],
        [None, None, "2021", 2022],
        ["Germany", "France", 10, 12],
        ["Germany", "USA", 5, None],
        ["France", "Germany", 11, 13],
        ["Sum", None, 26, 25],
    ):
        sheet.append(row)
    sheet.merge_cells("C4:D4")
    book.save(tmp_path / "years.xlsx")
    seen = cn.look(tmp_path / "years.xlsx")
    assert seen.sheets.loc[0, "header"] == "4-5"
    assert seen.ways["answers"].tolist() == ['"Quantity (t) / 2021"', '"Quantity (t) / 2022"']
    assert flows_of(seen.calls[0]) == {("DEU", "FRA"): 10, ("DEU", "USA"): 5, ("FRA", "DEU"): 11}
    assert flows_of(seen.calls[1]) == {("DEU", "FRA"): 12, ("FRA", "DEU"): 13}


def test_a_row_that_adds_up_may_be_a_total_by_another_name(tmp_path: Path) -> None:
    text = "Exporter,Importer,t\nCOD,CHN,9\nZMB,CHN,5\nZAF,CHN,2\nAfrica,CHN,16\nAUS,CHN,4\nEurope,CHN,7\n"
    seen = text_look(tmp_path, text)
    assert seen.rows[["row", "kind"]].to_numpy().tolist() == [[5, "total"], [7, "maybe"]]
    assert seen.ways["answers"].tolist() == ["rows 7 left out", "rows 7 kept"]
    assert len(flows_of(seen.calls[0])) == 4
    assert ("Europe", "CHN") in flows_of(seen.calls[1])


def test_a_named_total_that_does_not_add_up_says_by_how_much(tmp_path: Path) -> None:
    seen = text_look(tmp_path, "Exporter,Importer,t\nCOD,CHN,9\nZMB,CHN,5\nTotal,,20\n")
    assert seen.rows.loc[0, "why"] == "it says so; rows 2 to 3 add up to 14, it says 20"


def test_equal_rows_are_asked_and_notes_and_broken_numbers_left_out(tmp_path: Path) -> None:
    text = (
        "Exporter,Importer,t\nCOD,CHN,9\nCOD,CHN,9\nZMB,CHN,about 5\nExporter,Importer,t\n,,3\nAUS,JPN,-\n"
        "AUS,CHN,\nSource: customs,,\nAUS,FIN,7\n"
    )
    seen = text_look(tmp_path, text)
    kinds = dict(seen.rows[["row", "kind"]].itertuples(index=False))
    assert kinds == {4: "no number", 5: "head", 6: "blank end", 9: "note"}
    assert seen.ways["answers"].tolist() == ["rows 3 left out", "rows 3 kept"]
    assert [flows_of(call) for call in seen.calls] == [
        {("COD", "CHN"): 9, ("AUS", "FIN"): 7},
        {("COD", "CHN"): 18, ("AUS", "FIN"): 7},
    ]
    assert '1 cells of "t" hold "-": read as no figure.' in str(seen)


def test_a_list_of_plants_is_an_edge_list_and_flow_or_capacity_is_asked(tmp_path: Path) -> None:
    text = "Lieferungen 2024\n\nLieferant;Kunde;Menge (kg);Bemerkung\nAlfa;Beta;1.234,5;x\nAlfa;G\u00e4ma;12.000;\n"
    seen = text_look(tmp_path, text, encoding="latin-1")
    assert "Latin-1" in str(seen)
    assert seen.ways["answers"].tolist() == ["capacity_tpa", "flow_tpa"]
    with pytest.warns(cn.ChainnetWarning):
        net = eval(seen.calls[0], {"cn": cn})
    edges = net.edges.set_index(["source", "target"])["capacity_tpa"]
    assert edges.to_dict() == pytest.approx({("Alfa", "Beta"): 1.2345, ("Alfa", "G\u00e4ma"): 12.0})
    with pytest.warns(cn.ChainnetWarning):
        assert eval(seen.calls[1], {"cn": cn}).edges["flow_tpa"].sum() == pytest.approx(13.2345)


def test_our_own_files_and_downloads_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cn.write(cn.read("mag-9"), "own.xlsx")
    assert cn.look("own.xlsx").command == "chainnet check own.xlsx"
    run("chainnet check own.xlsx")
    Path("plain.csv").write_text("source,target,capacity_tpa\na,b,3\n")
    seen = cn.look("plain.csv")
    assert seen.command == "chainnet import plain.csv --header 1 --out plain"
    run(seen.command)
    Path("BACI_Y2022_.csv").write_text("t,i,j,k,v,q\n2022,180,156,260500,5000,1500\n2022,36,392,260500,300,4\n")
    seen = cn.look("BACI_Y2022_.csv")
    assert seen.command == "chainnet from-trade BACI_Y2022_.csv --product 260500=1 --out baci_y2022"
    assert seen.columns.set_index("head")["seems"].to_dict() == {
        "t": "year", "i": "exporter", "j": "importer", "k": "code", "v": "value", "q": "weight"
    }  # fmt: skip
    assert seen.columns.set_index("head").loc["q", "unit"] == "t"
    run(seen.command)
    assert {name for name, _, _ in DOWNLOADED} == {one.name for one in LAYOUTS} - {"plain", "two-sided"}
    assert all(one.needs == next(n for name, n, _ in DOWNLOADED if name == one.name) for one in LAYOUTS[:3])


def test_a_downloaded_table_of_several_years_asks_which_the_newest_first(tmp_path: Path) -> None:
    def baci(*years: int) -> Any:
        rows = "".join(f"{year},180,156,260500,5000,1500\n" for year in years)
        (tmp_path / "BACI.csv").write_text(f"t,i,j,k,v,q\n{rows}")
        return cn.look(tmp_path / "BACI.csv")

    seen = baci(2022, 2019, 2021, 2020)
    assert seen.ways["answers"].tolist() == ["2022", "2021", "2020"]
    assert str(seen).count("Which year (the file holds 4, from 2019)?") == 1
    assert " --year 2021 " in seen.commands[1]
    assert "Which year?" in str(baci(2021, 2022))
    assert "Which year" not in str(baci(2021, 2021))


def test_sheets_are_asked_and_hidden_ones_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title in ("2021", "2022 (kg)"):
        sheet = book.create_sheet(title)
        for row in (["Exporter", "Importer", "t"], ["COD", "CHN", int(title[:4]) - 1500]):
            sheet.append(row)
    book["2021"].sheet_state = "hidden"
    book.save(tmp_path / "years.xlsx")
    seen = cn.look(tmp_path / "years.xlsx")
    assert seen.questions["question"].tolist() == ["Which sheet? Several hold a table that can be read."]
    assert "The sheet is hidden." in seen.notes["note"].tolist()
    assert [flows_of(call)["COD", "CHN"] for call in seen.calls] == [521, 522]
    assert len(cn.look(tmp_path / "years.xlsx", sheet="2021").ways) == 1
    with pytest.raises(cn.DataError, match='no sheet "2020"'):
        cn.look(tmp_path / "years.xlsx", sheet="2020")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Country,2022 (t)\nCOD,5\nAUS,3\n", "A figure for each country"),
        ("from/to,CHN,USA,JPN\nCOD,5,6,7\nAUS,3,4,5\n", "Countries stand in the heads"),
        ("Colour,Shape\nred,round\n", "No two columns name the ends of a flow"),
        ("just a line of text\nand another\n", "Nothing in it looks like a table"),
    ],
)
def test_what_no_command_reads_is_said(tmp_path: Path, text: str, said: str) -> None:
    seen = text_look(tmp_path, text)
    assert seen.commands == ()
    assert said in str(seen)


def test_bad_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    secret = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    files = {
        "empty.csv": (b"", "the file is empty"),
        "blank.xlsx": (book_bytes([]), "holds no cell that is filled"),
        "secret.xlsx": (secret, "protected by a password"),
        "old.xls": (b"\xd0\xcf\x11\xe0" + bytes(600), "Save it as .xlsx"),
        "web.xls": (b"<html><table><tr><td>1</td></tr></table></html>", "is a web page"),
        "binary.csv": (b"\x01\x00\x02\x00abc", "is no text and no workbook"),
        "broken.xlsx": (b"PK\x03\x04 not a zip", "not a workbook that can be read"),
        "wrong.csv": (b"\xff\xfea\x00b", "UTF-16"),
        "graph.json": (b"{}", "chainnet import graph.json"),
    }
    for name, (data, said) in files.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(cn.DataError, match=said.replace(".", r"\.")):
            cn.look(tmp_path / name)
    for path, said in ((tmp_path / "none.csv", "no such file"), (tmp_path, "is a folder"), (5, "is no path")):
        with pytest.raises(cn.DataError, match=said):
            cn.look(path)  # type: ignore[arg-type]
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 40_000_000)
    with pytest.raises(cn.DataError, match="unpacks to"):
        cn.look(tmp_path / "bomb.xlsx")


def book_bytes(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_hostile_cells_are_shown_as_text(tmp_path: Path) -> None:
    evil = '<script>alert(1)</script> `$(rm -rf x) `id` "q" \x1b[31m'
    text = 'Exporter,Importer,"{}",t\nCOD,CHN,=1+1,9\nAUS,JPN,<b>,3\n'.format(evil.replace('"', '""'))
    seen = text_look(tmp_path, text)
    assert "\x1b" not in str(seen)
    assert "<script>" not in seen._repr_html_()
    assert "<b>" not in seen._repr_html_()
    assert flows_of(seen.calls[0]) == {("COD", "CHN"): 9, ("AUS", "JPN"): 3}
    named = text_look(tmp_path, f'Exporter,Importer,"Weight (kg) {evil.replace(chr(34), chr(34) * 2)}"\nCOD,CHN,9\n')
    words = shlex.split(named.command)
    told = next(word for word in words if word.endswith("=t"))
    assert "$(rm -rf x)" in told


def test_a_long_file_is_looked_at_in_part_and_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainnet.io.looking._ROWS", 50)
    text = "Exporter,Importer,t\n" + "COD,CHN,9\nAUS,JPN,4\n" * 200
    seen = text_look(tmp_path, text)
    assert "Only the first" in str(seen)
    (tmp_path / "long.xlsx").write_bytes(book_bytes([line.split(",") for line in text.splitlines()]))
    seen = cn.look(tmp_path / "long.xlsx")
    assert "Only the first 50 rows were looked at" in str(seen)


def test_json_holds_the_tables(tmp_path: Path) -> None:
    import json

    path = export_book(tmp_path / "export.xlsx")
    document = json.loads(run(f"chainnet look {path} --format json"))
    assert document["command"] == cn.look(path).command
    assert len(document["tables"]["columns"]) == 5 if "tables" in document else document["columns"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"header": 0}, '"0" is no row'),
        ({"header": "5-4"}, "is no row"),
        ({"header": 99}, "there is no row 99"),
        ({"without_rows": "a"}, "is no row"),
        ({"unit": "stone"}, 'unknown unit "stone"'),
        ({"rename": {"Weight": "t"}}, 'unknown column "Weight"'),
        ({"sheet": "x"}, "a text file has no sheets"),
        ({"countries": {"Kongo": "COD"}, "rename": {"kg": "t"}, "unit": "kg"}, 'unknown name "Kongo"'),
        ({"rename": {"kg": "t"}}, "the head names kg, and tonnes are read"),
        ({"rename": {"kg": "t"}, "unit": "kg", "header": 2}, "unknown column"),
    ],
)
def test_options_that_do_not_fit_the_file_are_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("exporter,importer,kg\nCOD,CHN,9\nAUS,JPN,3\n")
    with pytest.raises(cn.DataError, match=said):
        cn.from_trade(path, products={"2605": 1.0}, **options)
    with pytest.raises(cn.DataError, match="say how a file is read"):
        cn.from_trade(pd.DataFrame({"exporter": ["COD"], "importer": ["CHN"], "t": [1.0]}), products=["2605"], header=1)


def test_a_cell_that_is_no_number_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Title,,\nexporter,importer,t\nCOD,CHN,9\nAUS,JPN,60 t\nZMB,CHN,1.234\n")
    with pytest.raises(cn.DataError) as caught:
        cn.from_trade(path, products={"2605": 1.0}, header=2, decimal=",")
    assert caught.value.faults[["row", "column", "value"]].to_numpy().tolist() == [[4, "t", "60 t"]]


def test_units_in_heads() -> None:
    assert {unit: UNITS[unit] for unit in ("kg", "kt", "lb", "short_ton")} == pytest.approx({
        "kg": 0.001, "kt": 1000.0, "lb": 0.00045359237, "short_ton": 2000 * 0.00045359237,
    })  # fmt: skip
    assert pytest.approx(2240 * 0.00045359237) == UNITS["long_ton"]
    told = {
        "Netweight (kg)": ("kg",), "Menge in Kilogramm": ("kg",), "\u51c0\u91cd(\u5343\u514b)": ("kg",), "1000 t": ("kt",),
        "thousand tonnes": ("kt",), "1,000 kg": ("t",), "Metric tons": ("t",), "short tons": ("short_ton",),
        "Tons": ("t", "short_ton"), "MT": ("t", "Mt"), "Weight": (), "T": (), "Price": (),
    }  # fmt: skip
    assert {head: unit_of(head) for head in told} == told


def test_roles_in_heads() -> None:
    told = {
        "Exporter / Country": "exporter", "Country / Exporter": "exporter", "Partner ISO": "partner", "cmdCode": "code",
        "Trade Value (US$)": "value", "Price USD/t": "price", "Herkunftsland": "exporter", "Pays d'origine": "exporter",
        "Quantity unit": "unit", "% of total": "share", "Country": "place", "Nr": "id", "Nr of tons": "weight",
        "Trade Flow": "flow", "refYear": "year", "Bemerkung": "note", "xyz": "",
    }  # fmt: skip
    assert {head: role_of(head)[0] for head in told} == told


CODES = ("COD", "AUS", "CHN", "JPN", "ZMB", "CAN", "FIN", "USA", "DEU", "MAR")
HEADS = {"exporter": ("Exporter", "Country of origin", "Exportateur"), "importer": ("Importer", "Destination", "Nach")}


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[list[Any]], dict[str, Any]]:
    """The cells of an export, and what stands where."""
    unit = draw(st.sampled_from(["kg", "t", "lb", "kt"]))
    ends = [draw(st.sampled_from(HEADS[end])) for end in ("exporter", "importer")]
    is_double = draw(st.booleans())
    upper = [*ends, "Quantity", "Remark"]
    lower = [None, None, unit, None]
    heads = [upper, lower] if is_double else [[*ends, f"Quantity ({unit})", "Remark"]]
    titles = draw(
        st.lists(st.sampled_from([[], ["Exports in 2022"], ["Table 7: trade in ores"], ["Status: final"]]), max_size=4)
    )
    rows = [list(row) for row in [*titles, *heads]]
    flows: list[tuple[str, str, int]] = []
    totals = []
    has_subtotals, has_total = draw(st.booleans()), draw(st.booleans())
    exporters = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=4, unique=True))
    for exporter in exporters:
        others = [code for code in CODES if code != exporter]
        mine = [(exporter, importer, draw(st.integers(1, 10**6)))
                for importer in draw(st.lists(st.sampled_from(others), min_size=1, max_size=4, unique=True))]  # fmt: skip
        flows += mine
        rows += [[a, b, kg, None] for a, b, kg in mine]
        if has_subtotals:
            rows.append([f"Subtotal {exporter}", None, sum(kg for *_, kg in mine), None])
            totals.append(len(rows))
    if has_total:
        rows.append(
            [
                draw(st.sampled_from(["Total", "World", "Summe", "\u603b\u8ba1"])),
                None,
                sum(kg for *_, kg in flows),
                None,
            ]
        )
        totals.append(len(rows))
    notes = draw(st.lists(st.sampled_from([["Source: customs."], ["* provisional"]]), max_size=2))
    rows += [list(row) for row in notes]
    order = draw(st.permutations(range(4)))
    width_fit = [[row[i] if i < len(row) else None for i in order] if len(row) == 4 else row for row in rows]
    first = len(titles) + 1
    header = f"{first}-{first + 1}" if is_double else str(first)
    return width_fit, {"header": header, "unit": unit, "totals": totals, "flows": flows, "n_notes": len(notes)}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layout=layouts(), separator=st.sampled_from([",", ";", "\t"]), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_any_layout_is_found_and_read(
    tmp_path: Path, layout: tuple[list[list[Any]], dict[str, Any]], separator: str, encoding: str
) -> None:
    cells, told = layout
    text = "\n".join(separator.join("" if c is None else str(c) for c in row) for row in cells) + "\n"
    (tmp_path / "any.csv").write_bytes(text.encode(encoding))
    (tmp_path / "any.xlsx").write_bytes(book_bytes(cells))
    wanted: dict[tuple[str, str], float] = {}
    for a, b, size in told["flows"]:
        wanted[a, b] = wanted.get((a, b), 0.0) + size * UNITS[told["unit"]]
    for name in ("any.csv", "any.xlsx"):
        seen = cn.look(tmp_path / name)
        assert seen.sheets.loc[0, "header"] == told["header"], seen
        assert [u for u in seen.columns["unit"] if u] == [told["unit"]], seen
        assert seen.rows["row"][seen.rows["kind"] == "total"].tolist() == told["totals"], seen
        assert (seen.rows["kind"] == "note").sum() == told["n_notes"], seen
        assert seen.command is not None, seen
        way = {"header": told["header"], "unit": told["unit"], "without_rows": spans(seen.rows["row"].tolist())}
        found = excerpt(tmp_path / name, Excerpt(**way, rename=renamed(seen), separator=separator), KIND.__getitem__)
        table = pd.DataFrame(found.rows, columns=found.header)
        assert table.groupby(["exporter", "importer"])["t"].sum().to_dict() == pytest.approx(wanted)
        assert f"--unit {told['unit']}" in seen.command or told["unit"] == "t"


def renamed(seen: Any) -> dict[str, str]:
    names = {"exporter": "exporter", "importer": "importer", "weight": "t"}
    return {one.head: names[one.seems] for one in seen.columns.itertuples() if one.seems in names}


KIND = {"exporter": "text", "importer": "text", "t": "tonnes", "Remark": "text"}


@given(st.sets(st.integers(1, 60), min_size=1))
def test_rows_are_written_and_read_alike(lines: set[int]) -> None:
    assert rows(Excerpt(without_rows=spans(sorted(lines)))) == lines


PIECES = ("Exporter", "Importer", "Partner", "Reporter", "Flow", "t", "Weight (kg)", "Total", "World", "China", "Congo",
          "NA", "2605", "-", "1.234", "1,234.5", "2022", "X", "", " ", "=1+1", "#N/A", "Africa", "source", "target", "%",
          "a=b", '"q"', "$(x)", "nan", "1e999")  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=5), min_size=1, max_size=8), st.sampled_from([";", "\t"]))
def test_whatever_stands_there_is_looked_at_or_refused_in_words(
    tmp_path: Path, cells: list[list[str]], separator: str
) -> None:
    (tmp_path / "any.csv").write_text("\n".join(separator.join(row) for row in cells))
    if not any(piece.strip() for row in cells for piece in row):
        with pytest.raises(cn.DataError, match=r"is empty|no cell that is filled"):
            cn.look(tmp_path / "any.csv")
        return
    seen = cn.look(tmp_path / "any.csv")
    assert str(seen)
    for command, call in zip(seen.commands, seen.calls, strict=True):
        assert shlex.split(command)[0] == "chainnet"
        compile(call, "call", "eval")


DELIVERIES = {
    "Supplier": ["Alpha", "Beta", "Gamma"],
    "Customer": ["Works A", "Works A", "Works B"],
    "Product": ["ore", "ore", "metal"],
    "Tonnes": [120.0, 70.0, 50.0],
}


def test_of_a_firm_and_its_country_the_firm_ships_and_lies_there(tmp_path: Path) -> None:
    frame = pd.DataFrame(DELIVERIES | {"Supplier country": ["China", "CL", "AUS"], "Land": ["DEU", "DEU", "JPN"]})
    frame.to_excel(tmp_path / "d.xlsx", sheet_name="Deliveries 2024", index=False)
    seen = cn.look(tmp_path / "d.xlsx")
    assert all("Supplier=source" in one and "Customer=target" in one for one in seen.commands)
    said = str(seen)
    assert 'Left out: "Land": they do not say in which country each end lies.' in said
    assert said.endswith("chainnet chokepoints d --by country")
    with pytest.warns(cn.ChainnetWarning, match='by their names: "CL" = CHL, "China" = CHN'):
        net = eval(seen.calls[0], {"cn": cn})
    country = net.nodes.set_index("id")["country"]
    assert country.dropna().to_dict() == {"Alpha": "CHN", "Beta": "CHL", "Gamma": "AUS"}
    lost = cn.chokepoints(net, by="country")["lost_tpa"]
    assert lost.to_dict() == pytest.approx({"CHN": 120.0, "CHL": 70.0, "AUS": 50.0})


def test_a_firm_of_two_countries_is_no_place(tmp_path: Path) -> None:
    rows = DELIVERIES | {"Supplier": ["Alpha", "Alpha", "Gamma"], "Supplier country": ["CHN", "CHL", "AUS"]}
    pd.DataFrame(rows).to_csv(tmp_path / "d.csv", index=False)
    said = str(cn.look(tmp_path / "d.csv"))
    assert 'Left out: "Supplier country"' in said
    assert "add a column country to nodes.csv" in said
    assert "--by country" not in said
    names = {"Supplier": "source", "Customer": "target", "Tonnes": "capacity_tpa", "Supplier country": "source_country"}
    with pytest.raises(cn.DataError, match='"Alpha" lies in two countries, CHN and CHL'):
        cn.read(tmp_path / "d.csv", rename=names, ignore_unknown=True)


def test_tables_of_ours_beside_a_list_are_read_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plants = {"id": ["Alpha", "Beta", "Works A"], "country": ["CHN", "CHL", "DEU"]}
    demand = {"node": ["Works A"], "tier": ["defence"], "demand_tpa": [60.0]}
    with pd.ExcelWriter("d.xlsx") as book:
        pd.DataFrame([["Orders of 2024"]]).to_excel(book, sheet_name="Deliveries", index=False, header=False)
        frame = pd.DataFrame(DELIVERIES | {"Supplier country": ["CHN", "CHL", "AUS"]})
        frame.to_excel(book, sheet_name="Deliveries", index=False, startrow=2)
        pd.DataFrame(plants).to_excel(book, sheet_name="Nodes", index=False)
        pd.DataFrame(demand).to_excel(book, sheet_name="demand", index=False)
        pd.DataFrame({"id": ["x"], "colour": ["red"]}).to_excel(book, sheet_name="stocks", index=False)
    seen = cn.look("d.xlsx")
    assert seen.questions["question"].tolist() == [
        'Is "Tonnes" what moved (flow), or the most that can move (capacity)?'
    ]
    assert seen.notes.query("sheet == 'Nodes'")["note"].tolist() == [
        "A table of ours: it is read along with a list in another sheet."
    ]
    assert "nodes.csv" not in str(seen)
    command = seen.commands[0]
    assert "--sheet Deliveries" in command
    run(command)
    net = cn.read("d")
    country = net.nodes.set_index("id")["country"]
    # what nodes says counts, the list fills in the rest, and the stage of all is inferred
    assert country.dropna().to_dict() == {"Alpha": "CHN", "Beta": "CHL", "Gamma": "AUS", "Works A": "DEU"}
    assert net.demand["demand_tpa"].tolist() == [60.0]
    assert net.stocks.empty, "a sheet of that name whose heads are others is none of ours"
