"""What a column is, whatever its head: years, sums, directions, one country written twice, units by the row."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def look(text: str, name: str = "t.csv") -> Any:
    Path(name).write_text(text)
    return cn.look(name)


def tonnes(command: str) -> float:
    """What a printed command reads, by the command line."""
    words = shlex.split(command)
    done = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    edges = cn.read(words[words.index("--out") + 1]).edges
    return float(edges["flow_tpa"].fillna(edges["capacity_tpa"]).sum())


BACI = (
    "t,hs6,i_iso3,j_iso3,qty_tons\n2022,260400,PHL,CHN,100\n2023,260400,PHL,CHN,120\n2022,260400,IDN,CHN,50\n"
    "2023,260400,IDN,CHN,10\n"
)


def test_a_column_of_years_is_no_weight_whatever_its_head_and_the_year_is_asked() -> None:
    seen = look(BACI)
    assert seen.columns.set_index("head")["seems"].to_dict() == {
        "t": "year", "hs6": "code", "i_iso3": "place", "j_iso3": "place", "qty_tons": "weight",
    }  # fmt: skip
    assert "Which year?" in seen.questions["question"].tolist()
    by_year = {year: [c for c in seen.commands if f"--year {year}" in c] for year in (2022, 2023)}
    assert sum(map(len, by_year.values())) == len(seen.commands)
    assert {year: tonnes(few[0]) for year, few in by_year.items()} == {2022: 150, 2023: 130}


@pytest.mark.parametrize("head", ["t", "qty", "Menge", "value", "xyz"])
def test_years_are_never_offered_as_a_weight(head: str) -> None:
    seen = look(f"exporter,importer,{head},Tonnes\nCOD,CHN,2022,9.5\nAUS,JPN,2023,4\n")
    assert not any(f"{head}=t" in command for command in seen.commands)
    assert seen.columns.set_index("head").loc[head, "seems"] == "year"
    alone = look("exporter,importer,Quantity (kg)\nCOD,CHN,2022\nAUS,JPN,2023\n")
    assert alone.commands == ()
    assert "Are they years, or weights?" in alone.questions["question"].iloc[0]


def test_years_of_deliveries_are_asked_too_and_never_added() -> None:
    seen = look("Supplier,Customer,Year,Tonnes in t\nPit,Works,2021,28\nPit,Works,2022,30\nMine,Works,2022,12\n")
    assert any(question.startswith("Which year") for question in seen.questions["question"])
    assert {tonnes(command) for command in seen.commands} == {28, 42}


def test_months_are_asked_or_nothing_is_read() -> None:
    seen = look("exporter,importer,period,t\nCOD,CHN,202201,9\nCOD,CHN,202202,5\n")
    assert seen.ways["answers"].tolist() == ["202202", "202201"]
    assert [tonnes(command) for command in seen.commands] == [5, 9]
    rows = "".join(f"COD,CHN,2022-{1 + i % 12:02d},{i + 0.5}\n" for i in range(1000))
    seen = look(f"exporter,importer,month,period,t\n{rows}".replace("month,", ""))
    assert seen.commands == ()
    assert "nothing may be added" in seen.questions["question"].iloc[-1]


@pytest.mark.parametrize(
    ("heads", "rows", "total"),
    [
        ("H1,H2,Year", ["28,30,58", "10,12,22"], 80),
        ("Year,H1,H2", ["58,28,30", "22,10,12"], 80),
        ("Q1,Q2,Q3,Q4,Total", ["1,2,3,4,10", "5,6,7,8,26"], 36),
        ("Q1,Q2,H1,Q3,Q4,H2,Year", ["1,2,3,3,4,7,10", "5,6,11,7,8,15,26"], 36),
        ("Q1,Q2,Q3,Q4,H1,H2,Year", ["1,2,3,4,3,7,10", "5,6,7,8,11,15,26"], 36),
        ("Sea,Rail,Sum", ["1,,1", "5,6,11"], 12),
    ],
)
def test_of_a_sum_and_its_parts_the_sum_is_read(heads: str, rows: list[str], total: float) -> None:
    body = "".join(f"{who},Works,{row}\n" for who, row in zip(("Pit", "Mine"), rows, strict=True))
    seen = look(f"Supplier,Customer,{heads}\n{body}")
    assert (seen.columns["seems"] == "weight").sum() == 1
    in_t = [command for command in seen.commands if "--unit kg" not in command]
    assert in_t
    assert {tonnes(command) for command in in_t} == {total}
    assert "in every row: it is read, and they are not" in str(seen)


def test_parts_of_a_year_without_their_sum_are_asked_and_not_read_as_years() -> None:
    for heads in ("Q1,Q2", "1. Halbjahr,2. Halbjahr", "Jan,Feb"):
        seen = look(f"exporter,importer,{heads}\nCOD,CHN,1,2\nAUS,JPN,3,4\n")
        assert seen.commands == ()
        assert seen.questions["question"].iloc[0].startswith("What is moved in a year?")


def test_net_and_tare_are_no_parts_of_a_year_and_the_weight_is_asked() -> None:
    seen = look("exporter,importer,Net (t),Tare (t),Gross (t)\nCOD,CHN,9,1,10\nAUS,JPN,3,1,4\n")
    assert "Which column holds the weight" in seen.questions["question"].iloc[0]


def test_a_country_and_its_code_are_one_place_and_no_trade() -> None:
    for heads, rows in (
        ("Country code,Country,Production (t)", "COD,Congo (Dem. Rep.),5\nAUS,Australia,7\n"),
        ("Country,ISO2,Output (kt)", "Chile,CL,5\nAustralia,AU,7\nOther,,3\n"),
        ("Land,M49,t", "Germany,276,5\nChile,152,7\n"),
    ):
        seen = look(f"{heads}\n{rows}")
        assert seen.commands == ()
        assert seen.sheets.loc[0, "form"] == "figures"
        assert "A figure for each country" in str(seen)


@pytest.mark.parametrize(
    ("out", "into"),
    [("exporter", "importer"), ("X", "M"), ("Export", "Import"), ("Ausfuhr", "Einfuhr"), ("EXPORTS", "IMPORTS"),
     ("Exportations", "Importations"), ("\u8f38\u51fa", "\u8f38\u5165")],
)  # fmt: skip
@pytest.mark.parametrize("head", ["asean_role", "Type", "Exporter/Importer", "Note"])
def test_cells_that_are_directions_tell_who_ships(out: str, into: str, head: str) -> None:
    seen = look(f"Reporter,Partner,{head},t\nIDN,CHN,{out},5\nIDN,AUS,{into},7\n")
    assert seen.columns.set_index("head").loc[head, "seems"] == "flow"
    flows = eval(seen.calls[0], {"cn": cn}).flows
    assert set(zip(flows["exporter"], flows["importer"], strict=True)) == {("IDN", "CHN"), ("AUS", "IDN")}
    asked = look(f"A,B,{head},t\nIDN,CHN,{out},5\nIDN,AUS,{into},7\n")
    assert len(asked.commands) == 2
    assert "The file does not say" in asked.questions["question"].iloc[0]


def test_both_directions_of_one_table_are_not_added() -> None:
    seen = look("exporter,importer,flow,t\nCOD,CHN,export,5\nCOD,CHN,import,6\nAUS,JPN,export,7\nAUS,JPN,import,8\n")
    assert any(question.startswith("Which direction") for question in seen.questions["question"])
    assert [tonnes(command) for command in seen.commands] == [12, 14]


def test_each_row_is_read_in_its_own_unit() -> None:
    seen = look("exporter,importer,Qty,Unit\nCOD,CHN,5000,kg\nAUS,JPN,7,t\nAUS,CHN,9,pieces\nCHL,CHN,2,KGM\n")
    assert "--without-rows 4" in seen.command
    assert tonnes(seen.command) == pytest.approx(12.002, abs=0.003)  # the two kilograms are a thin relation
    open_ = look("exporter,importer,Qty,Unit\nCOD,CHN,5,tons\nAUS,JPN,7,kg\n")
    assert open_.commands == ()
    assert 'holds "tons"? Write it there.' in open_.questions["question"].iloc[0]
    with pytest.raises(cn.DataError, match=r'row 2, unit: "tons": may be t or short_ton'):
        cn.from_trade("t.csv", products={"26": 1.0}, header=1, rename={"Unit": "unit", "Qty": "t"})


def test_a_column_by_the_name_of_another_is_told_from_it() -> None:
    seen = look("exporter,importer,t,code,Quantity (kg)\nCOD,CHN,provisional,a-7,900\nAUS,JPN,final,b-8,100\n")
    assert tonnes(seen.command) == 1.0


def test_decimal_marks_of_a_download_decide_by_column_and_the_command_reads_it() -> None:
    rows = "".join(f"2022,PHL,CHN,{t}\n" for t in ("1.234", "25.65", "100.500"))
    seen = look(f"Year,Exporter,Importer,Tonnes in t\n{rows}".replace("PHL,CHN,25", "IDN,CHN,25"))
    assert tonnes(seen.commands[0]) == pytest.approx(1.234 + 25.65 + 100.5)
    seen = look("Exporter;Importer;Tonnes\nPHL;CHN;1.234\nIDN;CHN;100.500\n")
    assert [tonnes(command) for command in seen.commands] == [pytest.approx(101.734), 101734]
    assert all("--decimal" in command for command in seen.commands)


def test_the_rename_of_a_program_of_the_shell_runs_as_it_is_printed() -> None:
    seen = look("Supplier,Customer,H1,H2,Year\nPit,Works,28,30,58\nMine,Works,10,12,22\n")
    assert all("Year=" in command for command in seen.commands)
    assert not any("H1" in command for command in seen.commands)


def test_a_command_that_is_refused_is_not_printed_and_what_is_asked_is() -> None:
    seen = look("exporter,importer,t\nCOD,COD,5\n")
    assert seen.commands == ()
    assert seen.questions["question"].iloc[-1].startswith("No command reads it as it is.")
    cn.write(cn.read("mag-9"), "own.xlsx")
    import openpyxl

    book = openpyxl.load_workbook("own.xlsx")
    book["edges"]["A2"].value = "nobody"
    book.save("own.xlsx")
    seen = cn.look("own.xlsx")
    assert seen.commands == ()
    assert "nobody" in seen.questions["question"].iloc[0]


def test_years_of_a_table_are_told_with_the_option_of_the_shell() -> None:
    Path("t.csv").write_text("exporter,importer,year,t\nCOD,CHN,2021,5\nCOD,CHN,2022,5\n")
    done = CliRunner().invoke(app, ["from-trade", "t.csv", "--product", "26=1"])
    assert "--year" in str(done.exception)


def test_blanks_at_the_ends_of_ids_of_a_file_are_left_out_and_that_is_said() -> None:
    for name, separator in (("e.csv", ","), ("e.tsv", "\t")):
        Path(name).write_text("source,target,capacity_tpa\na, b,3\nb ,c,3\n".replace(",", separator))
        with pytest.warns(cn.ChainnetWarning, match='Blanks at the ends of ids left out, in 1 cells of target: " b"'):
            net = cn.read(name)
        assert net.nodes["id"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("me", "other", "out", "into"),
    [("Land", "Partnerland", "Ausfuhr (t)", "Einfuhr (t)"), ("Reporter", "Partner", "Exports (t)", "Imports (t)")],
)
def test_heads_that_say_a_direction_are_read_that_way_alone(me: str, other: str, out: str, into: str) -> None:
    seen = look(f"{me},{other},{out},{into}\nDEU,CHN,5,7\nDEU,JPN,1,6\n")
    assert seen.ways["answers"].tolist() == [f'"{out}"', f'"{into}"']
    flows = [eval(call, {"cn": cn}).flows for call in seen.calls]
    assert [set(one["exporter"]) for one in flows] == [{"DEU"}, {"CHN", "JPN"}]
    assert [one["value_t"].sum() for one in flows] == [6, 13]
