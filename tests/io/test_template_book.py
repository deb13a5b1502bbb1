"""The workbook to fill in: it is a chain as it stands, and every mistake in it is marked at its cell."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

import chainnet as cn
from chainnet.io import marked_copy, write_template_book
from chainnet.network import TABLES

RED = "00F8CBAD"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_template_book(tmp_path_factory.mktemp("fresh") / "plan.xlsx")


@pytest.fixture
def plan(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(fresh, tmp_path))


def put(path: Path, *cells: tuple[str, int, str, object]) -> list[str]:
    """Put values into cells, or into heads of columns (row 1), of a workbook; return the cells."""
    book = openpyxl.load_workbook(path)
    places = []
    for sheet, row, column, value in cells:
        page = book[sheet]
        cell = page.cell(row, [head.value for head in page[1]].index(column) + 1)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "f" if value.startswith("=") else "s"
        places.append(f"{sheet}!{cell.coordinate}")
    book.save(path)
    return places


def test_it_is_a_chain_that_answers_as_it_stands(plan: Path) -> None:
    net = cn.read(plan)
    assert net.notes == ()
    assert (net.name, net.year, net.main_commodity) == ("plan", 2024, ("part",))
    assert cn.chokepoints(net).index[0] == "maker"
    other = plan.parent / "other"
    other.mkdir()
    assert cn.read(plan).digest == cn.read(write_template_book(other / "plan.xlsx")).digest


def test_every_column_has_a_note_and_words_and_numbers_are_checked_in_the_cell(plan: Path) -> None:
    book = openpyxl.load_workbook(plan)
    assert book.sheetnames[0] == "guide"
    told = {row[0].value: row[1].value for row in book["guide"].iter_rows(min_row=10) if row[1].value}
    for name in book.sheetnames:
        if name not in TABLES:
            continue
        sheet, table = book[name], TABLES[name]
        assert told[name], f"{name}: the guide does not say what it is for"
        checks = {str(c.sqref).split(":")[0].rstrip("0123456789"): c for c in sheet.data_validations.dataValidation}
        for place, column in enumerate(table.columns, start=1):
            letter, head = get_column_letter(place), sheet.cell(1, place)
            assert head.value == column.name
            assert column.unit in head.comment.text
            if column.words:
                rows = checks[letter].formula1.removeprefix("lists!").replace("$", "")
                assert [c[0].value for c in book["lists"][rows]] == list(column.words)
            if column.kind == "number" and column.minimum is not None:
                assert float(checks[letter].formula1) == column.minimum
    countries = next(c for c in book["nodes"].data_validations.dataValidation if "country" in (c.promptTitle or ""))
    assert "lists!" in countries.formula1


def test_who_pays_for_a_project_has_a_sheet_of_its_own(plan: Path) -> None:
    row = {"project": "refinery_c", "party": "JPN", "kind": "loan", "share": 0.4}
    put(plan, *[("stakes", 2, column, value) for column, value in row.items()])
    assert cn.read(plan).stakes[list(row)].to_dict("records") == [row]
    [place] = put(plan, ("stakes", 2, "share", 1.4))
    assert place in marked(plan)[0]


def test_no_file_is_overwritten_and_no_other_kind_made(plan: Path, tmp_path: Path) -> None:
    before = plan.read_bytes()
    with pytest.raises(cn.DataError, match="stands already"):
        write_template_book(plan)
    with pytest.raises(cn.DataError, match=r"ends in \.xlsx"):
        write_template_book(tmp_path / "plan.csv")
    assert plan.read_bytes() == before


# sheet, row, column, what is put there: fifty mistakes that people make
MISTAKES = [
    ("nodes", 2, "id", None), ("nodes", 4, "id", "mine_a"), ("nodes", 2, "stage", None), ("nodes", 2, "stage", "Mine"),
    ("nodes", 4, "stage", "refinery"), ("nodes", 2, "country", "Australia"), ("nodes", 3, "country", "EU"),
    ("nodes", 4, "country", "mys"), ("nodes", 2, "owner_country", "U.S."), ("nodes", 4, "process", "refining"),
    ("nodes", 2, "capacity_tpa", "1,200"), ("nodes", 2, "capacity_tpa", -5), ("nodes", 3, "capacity_tpa", "12.5 t"),
    ("nodes", 3, "capacity_tpa", "=B2*2"), ("nodes", 2, "latitude", 95), ("nodes", 2, "longitude", -181),
    ("nodes", 2, "quality", "sure"), ("nodes", 2, "reference", "exampel"), ("nodes", 2, "capacity_tpa", True),
    ("nodes", 2, "low", "n/a"), ("edges", 2, "source", "mine_x"), ("edges", 2, "target", "refinery"),
    ("edges", 3, "source", None), ("edges", 5, "target", "mine_b"), ("edges", 4, "commodity", "ores"),
    ("edges", 4, "commodity", None), ("edges", 5, "flow_tpa", -1), ("edges", 5, "flow_tpa", "60,5"),
    ("edges", 6, "lag_months", -2), ("edges", 2, "capacity_tpa", "unlimited"), ("edges", 2, "cost_usd_per_t", "$20"),
    ("demand", 2, "node", "user"), ("demand", 2, "tier", "defense"), ("demand", 3, "demand_tpa", None),
    ("demand", 3, "demand_tpa", -30), ("demand", 4, "tier", "defence"), ("demand", 2, "commodity", "parts"),
    ("commodities", 2, "id", None), ("commodities", 4, "id", "ore"), ("commodities", 2, "price_usd_per_t", -1),
    ("processes", 2, "t_per_t", 0), ("processes", 3, "t_per_t", 2.0), ("processes", 2, "role", "in"),
    ("processes", 2, "role", None), ("processes", 4, "max_share", 1.5), ("projects", 2, "id", "mine_a"),
    ("projects", 2, "start_year", 28), ("projects", 2, "start_year", 2028.5), ("projects", 2, "capex_musd", "150m"),
    ("projects", 2, "backers", "USA; Japan"),
]  # fmt: skip


def marked(path: Path) -> tuple[set[str], list[str]]:
    """Return the cells that are marked in the copy of a workbook, and those that its first sheet lists."""
    with pytest.raises(cn.DataError) as caught:
        cn.read(path)
    book = openpyxl.load_workbook(marked_copy(path, caught.value))
    assert book.sheetnames[0] == "faults"
    red = {
        f"{sheet.title}!{cell.coordinate}"
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.fgColor.rgb == RED and cell.comment is not None and cell.comment.author == "chainnet check"
    }
    return red, [row[0].value for row in book["faults"].iter_rows(min_row=2)]


def rounds() -> list[list[tuple[str, int, str, object]]]:
    """The mistakes in as few workbooks as there are mistakes in one cell."""
    books: list[dict[tuple[str, int, str], tuple[str, int, str, object]]] = []
    for mistake in MISTAKES:
        free = next((held for held in books if mistake[:3] not in held), None)
        if free is None:
            books.append(free := {})
        free[mistake[:3]] = mistake
    return [list(held.values()) for held in books]


def test_fifty_mistakes_are_marked_each_at_its_cell(plan: Path) -> None:
    assert len({tuple(map(str, m)) for m in MISTAKES}) == sum(map(len, rounds())) == 50
    original = plan.read_bytes()
    for several in rounds():
        plan.write_bytes(original)
        places = dict(zip(put(plan, *several), several, strict=True))
        red, listed = marked(plan)
        assert [mistake for place, mistake in places.items() if place not in red] == []
        assert len(listed) >= len(several)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m[0]} {m[2]}: {m[3]}")
def test_a_mistake_alone_is_marked_and_little_else(plan: Path, mistake: tuple[str, int, str, object]) -> None:
    [place] = put(plan, mistake)
    red, _ = marked(plan)
    assert place in red
    assert len(red) <= 6, "what follows from it, in rows that name it"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda path: put(path, ("meta", 1, "key", "word")), "meta!A1"),
        (lambda path: put(path, ("nodes", 1, "step", "stepp")), "nodes!D1"),
        (lambda path: put(path, ("meta", 4, "value", "soon")), "meta!B4"),
    ],
)
def test_what_has_no_row_is_marked_at_the_head_or_at_its_word(plan: Path, change: Any, place: str) -> None:
    change(plan)
    assert place in marked(plan)[0]


def test_the_copy_stands_beside_the_workbook_which_is_left_as_it_is(plan: Path) -> None:
    [place, _] = put(plan, ("nodes", 2, "label", '=HYPERLINK("http://x","y")'), ("nodes", 2, "operator", "x" * 50))
    before = plan.read_bytes()
    assert place in marked(plan)[0]
    assert plan.read_bytes() == before
    assert sorted(entry.name for entry in plan.parent.iterdir()) == ["plan-marked.xlsx", "plan.xlsx"]
    book = openpyxl.load_workbook(plan.with_name("plan-marked.xlsx"))
    assert book["nodes"]["O2"].value == openpyxl.load_workbook(plan)["nodes"]["O2"].value
    assert "must" in book["faults"]["D2"].value or "Paste" in book["faults"]["D2"].value


def test_what_is_no_workbook_has_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"no zip")
    with pytest.raises(cn.DataError) as caught:
        cn.read(path)
    with pytest.raises(cn.DataError, match="not a workbook"):
        marked_copy(path, caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.xlsx"]


def test_law_and_contract_have_sheets_with_a_row_to_start_from(plan: Path) -> None:
    net = cn.read(plan)
    assert [len(getattr(net, table)) for table in ("rules", "service", "contracts", "cover")] == [1, 1, 1, 1]
    assert cn.rules(net, "2026-12-31")["state"].to_dict() == {"example_licences": "announced"}
    assert cn.rules(net, "2027-01-01")["state"].to_dict() == {"example_licences": "in force"}


@pytest.mark.parametrize(
    "mistakes",  # one of each sheet, as no fault of one hides that of another
    [
        [("rules", "kind", "ban"), ("service", "country", "Japan"), ("contracts", "supplier", "refinery_x"),
         ("cover", "weeks", -1)],
        [("rules", "in_force", "soon"), ("service", "binding", "yes"), ("contracts", "for", "Japan"),
         ("cover", "country", "U.S.")],
        [("rules", "title", None), ("service", "from", "1.1.2020"), ("contracts", "share", 25), ("cover", "low", 8)],
        [("contracts", "until", "end of 2030"), ("cover", "tier", "defense")],
        [("cover", "node", "user")],
    ],
)  # fmt: skip
def test_what_is_wrong_in_them_is_marked_in_its_cell(plan: Path, mistakes: list[tuple[str, str, object]]) -> None:
    places = put(plan, *((sheet, 2, column, value) for sheet, column, value in mistakes))
    assert set(places) <= marked(plan)[0]
