"""What calibration is given and says: patterns, judged margins, figures that are missed, faults; by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.calibration import (
    compare_trade,
    denser,
    reconcile_mirror,
    slack_factors,
    thin_relations,
    without_reexports,
)
from chainnet.calibration._check import CalibrationCertificate
from chainnet.calibration._folder import Rebuilt, find_folder, read_table, read_trade
from chainnet.calibration._program import Figure
from chainnet.calibration._relations import _Places
from chainnet.calibration._tables import Settings, take_sources
from chainnet.calibration._write import ALL_OF_SOURCE, _joined, _missed, _tonnes, missed_words


@pytest.mark.parametrize(
    ("margin", "factors"), [(0.0, [10 / 16, 1, 1, 1, 1]), (2.0, [22 / 16, 1, 1, 1, 1]), (0.5, [13 / 16, 1, 1, 1, 1])]
)
def test_a_margin_is_judged_only_where_it_is_a_guess_and_not_all_that_the_source_can_make(
    margin: float, factors: list[float]
) -> None:
    """Of five relations with 10 t of flow only the first has a guessed margin: 6 t above its flow."""
    net = cn.Network(
        frame("id stage", ("m", "mine"), ("n", "mine"), *((f"u{k}", "end_use") for k in range(5))),
        frame(
            "source target flow_tpa capacity_tpa quality note",
            ("m", "u0", 10.0, 16.0, "inferred", "capacity: a guess"),
            ("m", "u1", 10.0, 16.0, "inferred", f"by totals; {ALL_OF_SOURCE}"),
            ("m", "u2", 10.0, 16.0, "reported", None),
            ("m", "u3", 10.0, None, "assumed", None),
            ("n", "u4", 10.0, 10.0, "assumed", None),
        ),
    )
    assert slack_factors(net, margin).tolist() == pytest.approx(factors)


def sparse() -> cn.Network:
    """Two mines, two users; ore of the second mine goes to the second user alone, which takes 100 t of ore, 10 t of slag."""
    return cn.Network(
        frame("id stage", ("m", "mine"), ("n", "mine"), ("u", "end_use"), ("v", "end_use")),
        frame(
            "source target commodity flow_tpa capacity_tpa quality",
            ("m", "u", "ore", 30.0, 40.0, "inferred"), ("m", "v", "ore", 4.9, 6.0, "inferred"),
            ("n", "v", "ore", 95.1, 99.0, "assumed"), ("m", "v", "slag", 0.6, 1.0, "inferred"),
            ("n", "v", "slag", 9.4, 9.9, "reported"), ("n", "u", "slag", 0.0, 5.0, "inferred"),
        ),
    )  # fmt: skip


def test_a_relation_is_thin_by_the_good_that_its_taker_uses() -> None:
    """4.9 of 100 t of ore are under a twentieth, 0.6 of 10 t of slag are not; what is reported or empty never is."""
    named = sparse().edges[["source", "target", "commodity"]].to_numpy().tolist()
    thin = {
        share: [key for key, hit in zip(named, thin_relations(sparse(), share), strict=True) if hit]
        for share in (0.05, 0.07, 0.99)
    }
    assert thin[0.05] == [["m", "v", "ore"]]
    assert thin[0.07] == [["m", "v", "ore"], ["m", "v", "slag"]]
    assert len(thin[0.99]) == 3
    assert thin_relations(sparse()).sum() == 1


def test_a_denser_chain_has_small_relations_from_every_maker_to_every_user() -> None:
    """n ships 95.1 t of ore and u takes 30: a tenth of the less; m ships 0.6 t of slag, but u takes none."""
    net = denser(sparse(), 0.1)
    more = net.edges[net.edges["flow_tpa"].eq(0.0) & net.edges["quality"].eq("assumed")]
    assert more[["source", "target", "commodity", "capacity_tpa"]].to_numpy().tolist() == [["n", "u", "ore", 3.0]]
    assert len(net.edges) == 7
    assert denser(net) is net


def test_a_certificate_holds_up_to_its_tolerance() -> None:
    def ok(*errors: float) -> bool:
        return CalibrationCertificate(*errors, tolerance=0.5).ok

    assert ok(0.5, 0.5, 0.5, 0.5)
    assert [ok(*(0.6 if i == at else 0.0 for i in range(4))) for at in range(4)] == [False] * 4


# -- what it is given ---------------------------------------------------------------------------------


def test_settings_are_numbers_in_their_range_or_open() -> None:
    told = Settings.of({"slack": 1, "utilisation": 1.0, "reference": "k", "cost_within": None, "lag_between": 0})
    assert (told.slack, told.utilisation, told.reference, told.cost_within, told.lag_between) == (1, 1.0, "k", None, 0)
    for given, said in (
        ({"slack": 0.9}, "f, slack: 0.9 is not allowed; a number from 1 to inf."),
        ({"utilisation": 1.1}, "f, utilisation: 1.1 is not allowed; a number from 1e-06 to 1."),
        ({"utilisation": 0.0}, "f, utilisation: 0.0 is not allowed; a number from 1e-06 to 1."),
        ({"cost_between": -1.0}, "f, cost_between: -1.0 is not allowed; a number from 0 to inf."),
        ({"slack": None}, "f, slack: None is not allowed; a number from 1 to inf."),
        ({"reference": 3}, "f, reference: must be text."),
        ({"lag": 1}, 'f: unknown key "lag". Known: slack, utilisation, reference, cost_within, cost_between, lag_within,'
         " lag_between."),
    ):  # fmt: skip
        with pytest.raises(cn.DataError) as refused:
            Settings.of(given, "f")
        assert str(refused.value) == said


def test_every_fault_of_the_tables_of_a_calibration_is_said_at_once() -> None:
    tables: dict[str, pd.DataFrame | None] = {
        "nodes": frame("id stage step country process capacity_tpa output_tpa", ("m", "mine", "mining", "CHN", None, 5.0, 6.0),
                       ("r", "refiner", "refining", "CHN", "smelt", 5.0, 5.0)),
        "demand": frame("node commodity demand_tpa", ("x", "gold", 2.0), ("r", "ore", None)),
        "totals": frame("step commodity country year value unit fit low high", ("mining", "ore", "CHN", 2024, -1.0, "t/yr", None, 3.0, 2.0),
                        ("minning", "ore", None, 2024, 1.0, "t/yr", "exact", None, None), ("mining", "ore", "JPN", 2020, 1.0, "t/yr", "about", None, None),
                        ("mining", "tin", "USA", 2024, 0.5, "share", "exact", None, None), ("mining", "ore", "KOR", 2020, 1.0, "kg", None, None, None)),
        "relations": frame("source target low high slack", ("m", "r", 3.0, 2.0, 0.5)),
        "processes": frame("process commodity role t_per_t", ("refine", "ore", "input", 1.0), ("refine", "metal", "output", 1.0)),
        "commodities": frame("id", ("ore",), ("metal",)),
    }  # fmt: skip
    with pytest.raises(cn.DataError) as caught:
        take_sources(tables, Settings(), {"totals": "t.csv"}, 2024)
    told = {(one.file, one.row, one.column, one.value, one.rule, one.remedy) for one in caught.value.faults_list}
    met = "Correct it, or write compare into fit."
    assert told == {
        ("nodes", 2, "output_tpa", "6", "more than the node's capacity of 5 t", "Correct one of them."),
        ("nodes", 3, "process", "smelt", "the processes table lacks it", "Correct it or add the row."),
        ("demand", 2, "node", "x", "no node or project has this id", "Correct it or add the row."),
        ("demand", 2, "commodity", "gold", "the commodities table lacks it", "Correct it or add the row."),
        ("t.csv", 2, "value", "-1", "a total is 0 or more", "Correct the cell."),
        ("t.csv", 2, "low", "3", "low is above high", "Swap them."),
        ("t.csv", 3, "step", "minning", 'no node has this step; did you mean "mining" or "refining"?', met),
        ("t.csv", 4, "year", "2020", "the flows are those of 2024; a total of another year is only compared", met),
        ("t.csv", 5, "fit", "exact", "a share is only compared", met),
        ("t.csv", 5, "commodity", "tin", "the commodities table lacks it", "Correct it or add the row."),
        ("t.csv", 6, "unit", "kg", "neither t/yr nor share", "Use one of them."),
        ("relations", 2, "low", "3", "low is above high", "Swap them."),
        ("relations", 2, "slack", "0.5", "must be 1 or more", "Correct the cell."),
    }


PATTERNS = {
    " m ; r ": "m r", "p": "p", "*": "a m n r", "table=projects": "p", "stage=mine": "a m n", "stage=mine&country=CHN": "m",
    "stage!=mine": "r", "country=duo": "a m", "country!=duo": "n r", "country=duo&table=nodes|projects": "a m p",
    "country=rest|AUS": "a r", "id=m|r&stage=refiner": "r", "country=NTIB": "a", "id!=m": "a n r",
}  # fmt: skip


def test_a_cell_of_the_relations_names_ids_or_a_pattern() -> None:
    """A group of one's own, a known group, or a region that stands for no country; projects where they are named."""
    sources = take_sources(
        {
            "nodes": frame("id stage country region", ("m", "mine", "CHN", None), ("a", "mine", "AUS", None), ("n", "mine", "KOR", "rest"),
                           ("r", "refiner", None, "rest")),
            "projects": frame("id label stage country", ("p", "Project", "mine", "CHN")),
            "groups": frame("group country", ("duo", "CHN"), ("duo", "AUS")),
        },
        Settings(),
    )  # fmt: skip
    places = _Places(sources)
    assert {cell: " ".join(places.select(cell)[0]) for cell in PATTERNS} == PATTERNS
    assert [cell for cell in PATTERNS if places.select(cell)[1]] == [" m ; r ", "p"]


# -- what it says -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "low", "high", "found", "is_missed"),
    [
        (100.0, math.nan, math.nan, 105.0, False), (100.0, math.nan, math.nan, 105.1, True), (100.0, math.nan, math.nan, 94.9, True),
        (100.0, 80.0, 120.0, 120.0, False), (100.0, 80.0, 120.0, 120.1, True), (100.0, 80.0, 120.0, 80.0, False),
        (0.0, math.nan, math.nan, 5e-5, False), (0.0, math.nan, math.nan, 5.1e-5, True),
    ],
)  # fmt: skip
def test_a_figure_is_missed_beyond_its_range_and_a_twentieth(
    value: float, low: float, high: float, found: float, is_missed: bool
) -> None:
    def missed(fit: str = "about", at: tuple[int, ...] = (0, 2)) -> float | None:
        figure = object.__new__(Figure)
        for name, given in {"fit": fit, "at": at, "value": value, "low": low, "high": high, "size": 1000.0}.items():
            object.__setattr__(figure, name, given)
        return _missed(figure, pd.Series([found / 4, 99.0, found * 3 / 4]).to_numpy())

    assert missed() == (pytest.approx(found) if is_missed else None)
    assert missed("exact") is missed(at=()) is None


def test_missed_figures_are_told_the_worst_first_and_five_of_them() -> None:
    rows = [("totals", "", "mining", 10.0, 9.0, -0.1), ("nodes", "m", "mining", 0.0, 2.0, math.nan),
            *(("demand", f"u{n}", None, 10.0, 10.0 + n, n / 10) for n in range(2, 6))]  # fmt: skip
    missed = frame("table key step value found difference_share", *rows)
    assert missed_words(missed) == (
        "calibrate: 6 figures marked about missed by more than 5 %: nodes m: given 0, found 2; demand u5: given 10, found 15; "
        "demand u4: given 10, found 14; demand u3: given 10, found 13; demand u2: given 10, found 12; and 1 more. "
        "Correct them or what they clash with; gaps lists all."
    )
    assert missed_words(missed.iloc[:1]) == (
        "calibrate: 1 figure marked about missed by more than 5 %: totals mining: given 10, found 9. "
        "Correct them or what they clash with; gaps lists all."
    )
    assert missed_words(missed.iloc[:0]) == ""
    assert [_tonnes(t) for t in (999.94, 1000.0, 12.3456)] == ["999.9", "1,000", "12.35"]
    assert [_joined("a", "", "b"), _joined(None, ""), _joined(math.nan, "b")] == ["a; b", None, "b"]


# -- reports of trade ---------------------------------------------------------------------------------


def reports(*rows: tuple[object, ...], more: str = "") -> pd.DataFrame:
    return frame(f"exporter importer reported_export reported_import {more}", *rows)


def test_every_fault_of_reports_is_said_at_once() -> None:
    table = reports(("CHN", None, 1.0, 2.0), ("CHN", "World", 1.0, 2.0), ("CHN", "JPN", -1.0, 2.0), ("CHN", "JPN", 3.0, math.inf),
                    ("USA", "USA", 1.0, 1.0))  # fmt: skip
    with pytest.raises(cn.DataError) as caught:
        reconcile_mirror(table, file="r.csv")
    assert [(one.file, one.row, one.column, one.value, one.rule, one.remedy) for one in caught.value.faults_list] == [
        ("r.csv", 2, "importer", "", "the cell is blank", "Fill it in."),
        ("r.csv", 3, "importer", "World", "a sum over all stands among its parts", "Remove the row."),
        ("r.csv", 4, "reported_export", "-1", "must be a number, 0 or more", "Correct it."),
        ("r.csv", 5, "exporter", "CHN / JPN", "the pair stands twice", "Add the rows up."),
        ("r.csv", 5, "reported_import", "inf", "must be a number, 0 or more", "Correct it."),
        ("r.csv", 6, "importer", "USA", "is its own exporter", "Remove the row."),
    ]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: reconcile_mirror(frame("exporter importer reported_export", ("A", "B", 1.0))),
         "reports: the column reported_import is missing; columns: exporter, importer, reported_export."),
        (lambda: reconcile_mirror(reports(("A", "B", 1.0, 1.0)), cif=-0.1),
         "reconcile_mirror: cif is -0.1; it must be a number, 0 or more."),
        (lambda: reconcile_mirror(reports(("A", "B", 1.0, 1.0)), one_sided=0.9),
         "reconcile_mirror: one_sided is 0.9; it must be a number, 1 or more."),
        (lambda: reconcile_mirror(reports(("A", "B", None, None)), file="r"),
         "r: neither A nor B reports the flow. Remove the row."),
        (lambda: reconcile_mirror(reports(("A", "B", 1.0, 1.0, 1.1), more="content")),
         "reports: content must be above 0 and at most 1; it is a share of the gross weight."),
        (lambda: reconcile_mirror(reports(("A", "B", 1.0, 1.0, 0.0), more="import_sd")), "reports: import_sd must be above 0."),
        (lambda: without_reexports(frame("exporter importer value commodity", ("A", "B", 1.0, "x"), ("A", "B", 1.0, "y")), {"A": 9.0}),
         "trade: holds several commodities; trace them one by one."),
        (lambda: without_reexports(frame("exporter importer value", ("A", "B", 1.0)), pd.Series([1.0, 2.0], ["A", "A"])),
         'production: "A" stands twice. Keep one figure.'),
        (lambda: without_reexports(frame("exporter importer value", ("A", "B", 1.0)), {"A": 2.0, "B": -1.0}),
         "production: B is -1; output is 0 or more."),
        (lambda: without_reexports(frame("exporter importer value", ("A", "B", 3.0), ("B", "C", 5.0)), {"A": 2.0}),
         "trade: exports are larger than output and imports in A (1 t), B (2 t). Correct production, or add what was taken from"
         " stock to it."),
        (lambda: compare_trade(frame("source target commodity flow_tpa", ("m", "u", "ore", 1.0), ("m", "u", "tin", 1.0)),
                               frame("id country", ("m", "A"), ("u", "B")), reports(("A", "B", 1.0, 1.0)), file="r"),
         "r: the column commodity is missing; the chain has ore, tin."),
        (lambda: compare_trade(frame("source target commodity flow_tpa", ("m", "u", "ore", 1.0)), frame("id country", ("m", "A")),
                               reports(("A", "B", 1.0, 1.0, 1.0), more="comodity"), file="r"),
         'r: unknown column "comodity"; did you mean "commodity"? Known: exporter, importer, commodity,'
         " reported_export, reported_import, export_sd, import_sd, cif, content, reference, note."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_reports_is_said(call: Any, said: str) -> None:
    with pytest.raises(cn.DataError) as refused:
        call()
    assert str(refused.value) == said


def test_reports_weigh_by_how_far_their_reporter_scatters() -> None:
    """A scatters by ln 2 / sqrt 2 over its one two-sided flow, and so does B; C is given; D has none: 0.2."""
    table = reports(("A", "B", 20.0, 10.0), ("A", "C", 30.0, None), ("D", "C", None, 8.0))
    told = reconcile_mirror(table, spread={"C": 0.1}).set_index(["exporter", "importer"])
    half = math.log(2) / math.sqrt(2)
    one, other = (half * 20.0) ** -2, (half * 10.0) ** -2
    assert told.loc[("A", "B"), "value"] == pytest.approx((20 * one + 10 * other) / (one + other))
    assert told.loc[("A", "B"), "sd"] == pytest.approx((one + other) ** -0.5)
    assert told["ratio"].tolist() == pytest.approx([2.0, math.nan, math.nan], nan_ok=True)
    assert told["reported_by"].tolist() == ["both", "exporter", "importer"]
    assert told["value"].tolist()[1:] == pytest.approx([30.0, 8.0])
    assert told["sd"].tolist()[1:] == pytest.approx([2 * half * 30.0, 2 * 0.1 * 8.0])
    same = reconcile_mirror(table, spread=0.3, one_sided=3.0)
    assert same["sd"].tolist()[1:] == pytest.approx([3 * 0.3 * 30.0, 3 * 0.3 * 8.0])
    assert reconcile_mirror(reports(("D", "C", None, 8.0)))["sd"].tolist() == pytest.approx([2 * 0.2 * 8.0])
    near = reconcile_mirror(reports(("A", "B", 10.0, 10.0)))
    assert near["sd"].tolist() == pytest.approx([0.05 * 10 / math.sqrt(2)]), "no reporter is surer than a twentieth"


def test_content_and_freight_of_a_row_stand_before_those_of_all() -> None:
    table = reports(("A", "B", 20.0, 33.0, 0.5, 0.1, 4.0, None), ("A", "C", None, 24.0, None, None, None, 6.0),
                    more="content cif export_sd import_sd")  # fmt: skip
    told = reconcile_mirror(table, cif=0.2, spread=0.2).set_index("importer")
    # 10 t with 2 t of spread, and 33 / 2 / 1.1 = 15 t with a fifth of it
    assert told.loc["B", "value"] == pytest.approx((10 / 4 + 15 / 9) / (1 / 4 + 1 / 9))
    assert told.loc["C", ["value", "sd"]].tolist() == pytest.approx([20.0, 2 * 6.0])


def test_flows_of_a_chain_are_held_against_what_customs_report() -> None:
    """A mine of 30 t in A; 20 go to B, whose trader hands 12 on to C. Customs report 25 t and 10 t."""
    nodes = frame("id country region", ("m", "A", None), ("t", "B", None), ("u", None, "C"), ("h", "A", None))
    edges = frame("source target commodity flow_tpa", ("m", "t", "ore", 20.0), ("t", "u", "ore", 12.0), ("m", "h", "ore", 10.0),
                  ("m", "u", "tin", 99.0), ("m", "u", "ore", None))  # fmt: skip
    given = frame("exporter importer commodity reported_export reported_import", ("B", "C", "ore", 10.0, 10.0), ("A", "B", "ore", 25.0, None),
                  ("A", "C", "ore", 4.0, None))  # fmt: skip
    told = compare_trade(edges, nodes, given)
    assert told[["exporter", "importer", "trade_tpa", "found_tpa", "difference_tpa", "difference_share", "reported_by"]].to_numpy().tolist() == [
        ["A", "B", 25.0, 20.0, -5.0, -0.2, "exporter"], ["A", "C", 4.0, 0.0, -4.0, -1.0, "exporter"], ["B", "C", 10.0, 12.0, 2.0, 0.2, "both"],
    ]  # fmt: skip
    silent = compare_trade(edges, nodes, given.assign(reported_export=0.0, reported_import=0.0))["difference_share"]
    assert silent.tolist() == pytest.approx([math.inf, math.nan, math.inf], nan_ok=True)
    traced = compare_trade(edges, nodes, given.iloc[:2], reexports=True)
    # A makes 30 t; B makes nothing: of its 25 t it hands 10 on, which are of A
    assert traced[["exporter", "importer", "trade_tpa", "reported_by"]].to_numpy().tolist() == [
        ["A", "B", pytest.approx(15.0), "traced"], ["A", "C", pytest.approx(10.0), "traced"],
    ]  # fmt: skip
    assert traced["sd"].isna().all()


# -- files --------------------------------------------------------------------------------------------


def test_a_table_of_reports_is_read_as_numbers_or_its_cells_are_named(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("exporter,reported_export,content,note\nA,12,,x\nB,much,0.5,\nC,,half,\n", encoding="utf-8")
    with pytest.raises(cn.DataError) as caught:
        read_trade(path)
    assert [(one.row, one.column, one.value, one.rule, one.remedy) for one in caught.value.faults_list] == [
        (3, "reported_export", "much", "is no number", "Correct the cell."),
        (4, "content", "half", "is no number", "Correct the cell."),
    ]
    path.write_text("exporter,reported_export,note\nA,12,\n,,x\n", encoding="utf-8")
    told = read_trade(path)
    assert told["reported_export"].tolist() == pytest.approx([12.0, math.nan], nan_ok=True)
    assert told.isna().to_numpy().tolist() == [[False, False, True], [True, True, False]]
    with pytest.raises(cn.DataError) as refused:
        read_table(tmp_path / "gone.csv", "a CSV of products")
    assert str(refused.value) == f"{tmp_path / 'gone.csv'}: there is no such file. Give a CSV of products."


def test_a_folder_without_hand_written_tables_is_told_what_lacks(tmp_path: Path) -> None:
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "nodes.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(cn.DataError) as refused:
        find_folder(str(tmp_path))
    assert str(refused.value) == (
        f"{tmp_path.resolve()}: calibration/relations.csv is missing; a chain is calibrated from the hand-written tables "
        "calibration/nodes.csv, calibration/demand.csv, calibration/totals.csv, calibration/relations.csv and "
        "calibration/settings.toml."
    )
    (tmp_path / "calibration" / "relations.csv").write_text("source\n", encoding="utf-8")
    assert find_folder(str(tmp_path)) == (tmp_path.resolve(), False)


def test_the_change_of_a_rebuilt_chain_is_the_largest_of_its_flows(tmp_path: Path) -> None:
    found: Any = type("Found", (), {})()
    found.edges = frame(
        "source target commodity flow_tpa", ("a", "b", "ore", 5.0), ("a", "c", None, 2.0), ("a", "d", "ore", None)
    )
    rebuilt = Rebuilt(found, tmp_path, (), False)
    assert rebuilt.change() is None
    old = tmp_path / "edges.csv"
    for text, change in (
        ("source,target,commodity,flow_tpa\na,b,ore,5\na,c,,2\n", 0.0),
        ("source,target,commodity,flow_tpa\na,b,ore,1\na,b,ore,2\na,c,,2\n", 2.0),  # two rows are summed
        ("source,target,commodity,flow_tpa\na,b,ore,5\na,c,,2\nx,y,,7\n", 7.0),
        ("source,target,commodity,flow_tpa\na,b,ore,5\na,c,,none\n", 2.0),
        ("source,target\na,b\n", None),
    ):
        old.write_text(text, encoding="utf-8")
        assert rebuilt.change() == change
    found.edges = found.edges.assign(commodity=None)
    old.write_text("source,target,flow_tpa\na,b,1\na,c,2\n", encoding="utf-8")
    assert rebuilt.change() == 4.0


@pytest.mark.parametrize("change", [-0.05, 0.05])
def test_a_flow_that_differs_in_its_last_digit_has_not_changed_and_a_small_one_beside_a_large_one_has(
    tmp_path: Path, change: float
) -> None:
    found: Any = type("Found", (), {})()
    found.edges = frame("source target commodity flow_tpa", ("a", "b", "ore", 84e6), ("a", "c", "ga", 93.0 + 1e-10))
    rebuilt = Rebuilt(found, tmp_path, (), False)
    old = tmp_path / "edges.csv"
    old.write_text("source,target,commodity,flow_tpa\na,b,ore,84000000\na,c,ga,93\n", encoding="utf-8")
    assert rebuilt.change() == 0.0
    old.write_text(f"source,target,commodity,flow_tpa\na,b,ore,84000000\na,c,ga,{93 + change}\n", encoding="utf-8")
    assert rebuilt.change() == pytest.approx(0.05)
