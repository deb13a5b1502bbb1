"""Tables, sheets and titles say whose loss they rank, on what links, between what a figure lies; a row is there or named."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import Any

import openpyxl
import pytest
from conftest import frame
from test_report_body import assessed_chain, cells, chain, document_of_chain, flat, out, table

import chainnet as cn
from chainnet.reporting.content import build
from chainnet.reporting.formats.workbook import workbook_report
from chainnet.reporting.model import Document, ReportFigure, Sentence


@pytest.fixture
def made() -> cn.Assessment:
    return assessed_chain()


@pytest.fixture
def document() -> Document:
    return document_of_chain()


@pytest.fixture(scope="module")
def book(teaching: Document) -> Any:
    return openpyxl.load_workbook(io.BytesIO(workbook_report(teaching)))


def sentences(document: Document, place: int) -> dict[str, str]:
    """What a section says in words, by the words in bold before it."""
    blocks = document.sections[place].blocks
    points = [one for block in blocks for one in (block if isinstance(block, tuple) else (block,))]
    return {one.head: flat(one.text) for one in points if isinstance(one, Sentence)}


def titles(document: Document) -> dict[str, str]:
    return {one.key: flat(one.title) for one in document.blocks() if isinstance(one, ReportFigure)}


# -- who is short, and when ---------------------------------------------------------------------


def test_a_tier_that_cannot_be_said_has_its_row(assessed: cn.Assessment, teaching: Document) -> None:
    """MAG-9: defence is met in the central case, and short of all without one plant; page one is about it."""
    assert not assessed.findings[0].certain
    defence, *_ = cells(teaching, "over_time")
    assert (defence["tier"], defence["later_share"], defence["first_month"]) == ("defence", 0.0, "never")
    assert (flat(defence["range"]), defence["later_low_share"], defence["later_high_share"]) == ("0 to 100 %", 0.0, 1.0)
    assert not [text for text in sentences(teaching, 2).values() if "nobody short" in text]


def test_between_what_a_share_lies_by_hand(document: Document) -> None:
    """20 t are left for the army's 20, 25 or 30: nothing to a third is short. Of one who is late nobody looked."""
    stop, shop, later, _ = cells(document, "over_time")
    assert (stop["scenario"], flat(stop["range"])) == ("stop", "0 to 33 %")
    assert (stop["later_low_share"], stop["later_high_share"]) == pytest.approx((0.0, 1 / 3))
    assert (flat(shop["range"]), shop["first_range"]) == ("100 %", "not assessed"), "the first year of page one's tier"
    assert later["scenario"] == "z_later"
    assert {later[key] for key in ("range", "last_share", "later_high_share")} == {"not assessed"}
    assert table(document, "over_time").range_kind == "corner cases"


@pytest.mark.long
def test_who_may_be_short_stands_beside_who_is_not() -> None:
    """The shop asks for 30 to 50 of 40: nobody is short as given, a fifth at the most; the army first, never."""
    demand = chain().demand.assign(demand_tpa=[10.0, 30.0], low=None, high=[None, 50.0])
    part = cn.Scenario("part", [{"kind": "scale", "nodes": ["p2"], "share": 1 / 3}], label="A part is out")
    document = build(cn.assess(chain(demand=demand), [part], months=6, draws=0))
    rows = {row["tier"]: row for row in cells(document, "over_time")}
    assert rows["civilian"]["later_share"] == 0.0
    assert rows["civilian"]["later_high_share"] > 0.0
    assert "“A part is out” leaves nobody short in the central case." in sentences(document, 2).values()


# -- by what it is ranked, and on what links ----------------------------------------------------


@pytest.mark.parametrize(
    ("which", "whose", "column"),
    [("document", "defence loses", "first_lost_tpa"), ("teaching", "all tiers lose", "lost_tpa")],
)
def test_ranked_tables_say_by_what(which: str, whose: str, column: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(which)
    for key in ("sites", "steps_by_country"):
        lost = [row[column] for row in cells(found, key)]
        assert lost == sorted(lost, reverse=True)
        assert table(found, key).subtitle.endswith(f"Ranked by what {whose}.")


def test_draws_and_ranks_say_for_whom_and_on_what_links(made: cn.Assessment, document: Document) -> None:
    said = sentences(document, 6)
    assert made.ensemble is not None
    assert set(made.ensemble.ranks["counts"]) == {"defence"}
    assert said["Ranks."].startswith("By what defence loses, ")
    assert table(document, "ranks").subtitle.startswith("Ranked by what defence loses")
    assert said["Draws."].startswith("On existing links, with all figures drawn at once, the defence shortfall")
    assert "Page one counts new suppliers." in said["Draws."]


def test_required_stocks_read_by_themselves(document: Document) -> None:
    """The army lacks 5 t/yr from the first month: 5 t in twelve months, nothing of it held."""
    required = table(document, "requirement")
    heads = {column.key: column.head for column in required.columns}
    row, *_ = cells(document, "requirement")
    assert (row["required_t"], row["held_t"], row["buy_t"]) == pytest.approx((5.0, 0.0, 5.0))
    assert "if nothing is held" in heads["required_t"]
    assert "of this material" in heads["held_t"]
    assert "beside all that is held" in heads["buy_t"]
    assert "On existing links" in required.subtitle
    assert sentences(document, 4)[""].startswith("On existing links, ")


# -- what costs as much as the bottleneck -------------------------------------------------------


def in_a_row(regions: int, held: float = 0.0) -> cn.Network:
    """Works in no country, one after another, then Chinese separators and a maker: all 9 t for the army pass them.

    ``held``: what a second supplier of the first works' good can give.
    """
    works = [(f"w{i}", f"Works {i}", f"part {i}", None, "other", None) for i in range(regions)]
    rest = [("sep", "Separators", "separation", "CHN", None, None), ("make", "Maker", "making", "USA", None, None)]
    rows = [(name, label, "mine" if name == "w0" else "refiner", *more) for name, label, *more in [*works, *rest]]
    rows += [("army", "Army", "end_use", None, "USA", None, None), ("aid", "Aid", "mine", "aid", "AUS", None, held)]
    way = [name for name, *_ in rows if name != "aid"]
    edges = frame("source target flow_tpa", *((*pair, 9.0) for pair in pairwise(way)), ("aid", way[1], 0.0))
    return cn.Network(
        frame("id label stage step country region capacity_tpa", *rows),
        edges.assign(capacity_tpa=20.0),
        demand=frame("node tier demand_tpa", ("army", "defence", 9.0)),
        year=2024,
        name="row",
    )


def beside_the_bottleneck(net: cn.Network) -> str:
    document = build(cn.assess(net, [out()], months=6, draws=0))
    assert "bottleneck is " in sentences(document, 0)[""]
    texts = [flat(block.text) for block in document.sections[1].blocks if isinstance(block, Sentence)]
    return next((text for text in texts if text.startswith("Without ")), "")


def test_what_costs_as_much_as_the_bottleneck_is_named() -> None:
    """Four works in no country cost the army all its 9 t, as do the Chinese separators; three are named."""
    said = beside_the_bottleneck(in_a_row(4))
    assert said.count("(9 t/yr)") == 3
    assert " and " in said
    assert re.search(r"and \d+ more as much or more is lost", said)
    assert "Separators" not in said, "they are the bottleneck"


@pytest.mark.long
def test_what_costs_less_is_not_named() -> None:
    """Of the one works' 9 t a second supplier gives 5: the works cost 4."""
    assert "Works 0" in beside_the_bottleneck(in_a_row(1))
    assert "Works 0" not in beside_the_bottleneck(in_a_row(1, held=5.0))


# -- the workbook -------------------------------------------------------------------------------


def column(book: Any, sheet: str, code: str) -> list[Any]:
    codes = [cell.value for cell in book[sheet][5]]
    return [row[codes.index(code)] for row in book[sheet].iter_rows(min_row=6, values_only=True) if row[-1]]


def test_how_long_a_use_lasts_says_of_what_and_never_is_a_word(book: Any) -> None:
    sheet = book["Endurance by use"]
    told = " ".join(str(cell.value) for cell in sheet["A"])
    assert "Existing links" in told
    assert "Page one tells another month" in told
    lasts = dict(
        zip(
            column(book, "Endurance by use", "tier"),
            zip(
                *(
                    column(book, "Endurance by use", code)
                    for code in ("time_to_survive", "first_short_month", "time_to_recover")
                ),
                strict=True,
            ),
            strict=True,
        )
    )
    assert lasts["defence"] == ("never short", "never", 0)
    assert lasts["civilian"] == (0, 1, "never")
    heads = [cell.value for cell in sheet[4]]
    assert {"Time to survive, months", "Time to recover, months", "Short, t"} <= set(heads)


def test_every_column_has_a_unit_or_a_kind(book: Any) -> None:
    units = {row[:2]: row[3] for row in book["Columns"].iter_rows(min_row=6, values_only=True)}
    assert "-" not in units.values()
    assert units["Who is short when", "tier"] == "text"
    assert units["Who is short when", "first_month"] == "month"
    assert units["Who is short when", "later_share"] == "share"
    assert units["Coverage", "n_nodes"] == "count"
    assert units["Endurance by use", "time_to_survive"] == "months"


def test_exposure_is_told_in_years_and_no_figure_but_a_proof_is_a_power_of_ten(teaching: Document) -> None:
    """The Chinese plants are out for the year assumed, and missed from the first day: a year too late."""
    found = {column.key: column for column in table(teaching, "exposure").columns}
    assert {key: found[key].unit for key in ("time_to_survive", "gap", "recovery", "lost_t")} == {
        "time_to_survive": "years",
        "gap": "years",
        "recovery": "years",
        "lost_t": "t",
    }
    assert all(one.unit in one.head for one in found.values() if one.unit and one.key != "rei")
    first, *_ = cells(teaching, "exposure")
    assert (first["time_to_survive"], first["gap"], first["recovery"], first["rei"]) == (0.0, 1.0, 1.0, 1.0)
    powers = {t.key for t in teaching.tables for row in t.rows for cell in row if re.search(r"\de[+-]\d", cell.text)}
    assert powers == {"certificates"}


def test_without_a_value_of_demand_a_loss_has_no_price(document: Document) -> None:
    """Nobody says what a tonne is worth: what is lost is told in tonnes alone."""
    keys = [column.key for column in table(document, "exposure").columns]
    assert "lost_t" in keys
    assert not [key for key in keys if key.endswith("_usd")]


def test_a_year_is_no_rounded_number(document: Document) -> None:
    assert {cell.text for cell in (row["start_year"] for row in table(document, "projects").records())} == {"2025"}


# -- titles of figures --------------------------------------------------------------------------


def test_titles_of_figures_by_hand(document: Document) -> None:
    """Of making 40 of 60 t are of an assumed plant, of mining none; the army's 5 t have no name of a material."""
    said = titles(document)
    assert said["coverage"] == "1 of 2 steps rests mostly on assumed figures"
    assert said["stocks"] == "Anything: all 5 t required are to buy"
    assert said["ranges"].startswith("In 8 of 10 draws defence demand lacks ")
    assert said["courses"] == "Civilian demand ends 100 % short under the worst scenario"
