"""Tables that look for gaps, say what was assumed, add up and repeat: each row by hand, from tables made by hand."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.reporting.facts import Facts
from chainnet.reporting.order import table_id
from chainnet.reporting.reproduction import digest_table, reproduction
from chainnet.reporting.sections.assumed import assumption_table, gap_table
from chainnet.reporting.sections.made import certificate_table
from chainnet.reporting.sections.stocks import requirement_table, stock_points
from chainnet.reporting.sections.sure import input_table, limiting_table, sure_points
from chainnet.words import Who

SETTINGS = {"months": 36, "draws": 4, "years": [2031, 2035], "start": "2026-04", "commodity": None}
SETTINGS |= {"beneficiaries": ["USA"], "order": "allies_last", "recovery": "assumed"}


def net(**more: Any) -> cn.Network:
    """Of three plants one has no country and two no owner's; of three demands one has a low end, and one no tier."""
    tables: dict[str, Any] = {
        "demand": frame(
            "node commodity tier demand_tpa low high quality",
            ("u", "metal", "defence", 3.0, 2.0, 4.0, "reported"),
            ("u", "metal", "civilian", 5.0, None, 9.0, "assumed"),
            ("u", "metal", None, 7.0, None, None, "assumed"),
        ),
        "projects": frame(
            "id stage country capacity_tpa capex_musd start_year",
            ("p", "mine", "USA", 5.0, None, 2028),
            ("q", "mine", "USA", 5.0, None, None),
            ("r", "mine", "USA", 5.0, 3.0, 2028),
        ),
        "name": "hand made",
    }
    return cn.Network(
        frame(
            "id label stage step country owner_country capacity_tpa quality",
            ("a", "Pit", "mine", "digging", "CHN", "CHN", 5.0, "reported"),
            ("b", "Remainder", "mine", "digging", None, None, 5.0, "estimated"),
            ("c", "Mill", "refiner", "milling", "USA", None, 5.0, "inferred"),
            ("u", "Users", "end_use", None, None, None, None, None),
        ),
        frame("source target", ("a", "c"), ("b", "c"), ("c", "u")),
        **tables | more,
    )


def facts(network: cn.Network | None = None, **known: Any) -> Facts:
    """A report of an assessment of which some answers are known."""
    found = Facts.__new__(Facts)
    found.network, found.made, found.settings = network or net(), {}, SETTINGS
    worst = pd.DataFrame({"shortfall_low_tpa": [1.0], "shortfall_high_tpa": [2.0], "demand_tpa": [3.0]}, index=["stop"])
    labels = {"stop": "China stops", "late": "All is late"}
    answers: dict[str, Any] = {"worst": "stop", "rerouting": {}, "exposure": pd.DataFrame(), "unanswered": {}}
    found.a = SimpleNamespace(network=found.network, **answers | known)
    found.__dict__ |= {"has_first": True, "leading": worst, "_labels": labels, "ordered": list(labels), "basis": ""}
    return found


def rows(table: Any) -> list[list[str]]:
    return [[cell.text.replace("\u00a0", " ") for cell in row] for row in table.rows]


# -- gaps and assumptions ------------------------------------------------------------------------------

COVER = frame(
    "step n_nodes n_unlimited assumed_share",
    ("digging", 12, 4, 0.0),
    ("milling", 3, 0, 0.125),
).set_index("step")
LINKS = frame("quality n_with_flow", ("reported", 5), ("inferred", 2), ("assumed", 0)).set_index("quality")


def test_every_gap_is_counted_and_what_is_whole_is_none() -> None:
    found = rows(gap_table.of(facts(coverage=COVER, edge_quality=LINKS)))
    as_given = "as in the data, capacity of the relation bounds it"
    assert found == [
        ["Capacity of digging nodes", "4 of 12", "no limit", "shortfall too small"],
        ["Output of milling: assumed, no source", "13 % of tonnes", "as assumed in the data", "either way"],
        ["Who ships to whom: inferred", "2 of 7", as_given, "either way"],
        ["Plants behind a region's remainder", "1 of 3", "one node each", "loss of one site too large"],
        ["Owner's country", "2 of 3", "falls with no owner", "owner losses too small"],
        ["Range of a demand", "1 of 2", "its one value", "range too narrow"],
        ["Stocks", "none on record", "no stock is drawn", "shortfall too large in the first months"],
        ["Capital cost of a project", "2 of 3", "no cost per tonne", "order by cost open"],
        ["Start year of a project", "1 of 3", "stands in any year", "shortfall too small"],
    ]
    held = net(stocks=frame("id node stock_t", ("s", "u", 1.0)), projects=None)
    turned = LINKS.assign(n_with_flow=[5, 0, 3])
    found = rows(gap_table.of(facts(held, coverage=COVER[:0], edge_quality=turned)))
    assert found[0] == ["Who ships to whom: assumed", "3 of 8", as_given, "either way"]
    assert found[4:] == [["Stocks not on record", "n/d", "not drawn", "shortfall too large in the first months"]]


def test_every_assumption_says_how_where_it_enters_and_what_was_tried() -> None:
    standing = SimpleNamespace(projects=pd.DataFrame({"standalone_t": [1.0, np.nan, 0.0]}))
    later = SimpleNamespace(projects=pd.DataFrame({"standalone_t": [1.0, 2.0, 0.0]}))
    exposure = pd.DataFrame({"recovery": [2.0, 0.5, 2.0]})
    depends, levels = (f"see {table_id(key)}" for key in ("dependencies", "levels"))
    whole = facts(rerouting={2031: standing, 2035: later}, exposure=exposure)
    assert rows(assumption_table.of(whole)) == [
        ["Length", "a steady year; 36 months over time", "all answers", "either", "not tested"],
        ["Intensity", "every measure at its full size; its dates in the months", "scenarios", "up", "not tested"],
        ["Foresight", "none in the first year; every date in required stocks", "months, stocks", "down", "not tested"],
        ["Whose demand", "United States", "all answers", "either", "not tested"],
        ["Who is served first", "all others first", "scenarios", "either", depends],
        ["Demand, defence", "3 t/yr, known at weakest as reported", "all answers", "either",
         "defence short [1–2] t/yr in the worst scenario"],
        ["Capacities", "3 nodes, the weakest inferred", "all answers", "either", depends],
        ["Relations", "known ones, each up to its capacity", "losses, stocks", "up", levels],
        ["New suppliers", "any maker to any user not barred, at an extra cost", "what is short later", "down", levels],
        ["Stocks", "0 on record, drawn once", "levels, months", "down", levels],
        ["Projects", "announced size, year and ramp: 2 by 2031, 3 by 2035", "what helps", "down", f"see {table_id('advice')}"],
        ["Recovery of a site", "0.5 to 2 years, assumed", table_id("exposure"), "either", "not tested"],
    ]  # fmt: skip
    few = facts(exposure=exposure.assign(recovery=1.0))
    few.__dict__ |= {"has_first": False, "whose": "", "leading": few.leading.assign(shortfall_low_tpa=np.nan)}
    said = {row[0]: row[1:] for row in rows(assumption_table.of(few))}
    assert said["Whose demand"][0] == "everyone's"
    assert said["Demand, all tiers"] == ["3 t/yr, known at weakest as assumed", "all answers", "either", "not tested"]
    assert said["Recovery of a site"][0] == "1 year, assumed"
    assert "Projects" not in said


# -- what must be held ---------------------------------------------------------------------------------


def required(*more: tuple[object, ...]) -> pd.DataFrame:
    columns = "scenario commodity label required_t held_t net_t buy_t price_usd_per_t cost_usd"
    return frame(columns, *more)


OXIDE = ("stop", "ox", "oxide", 30.0, 10.0, 20.0, 25.0, 1e6, 2e7)
ALLOY = ("stop", "al", "alloy", 5.0, 0.0, 5.0, 4.0, None, None)
METAL = ("stop", "me", "metal", 3.0, 3.0, 0.0, 0.0, 2e6, 0.0)
DUST = ("stop", "du", "dust", 1e-7, 0.0, 1e-7, 1e-7, 1.0, 0.0)


@pytest.mark.parametrize(
    ("given", "total"),
    [
        ((OXIDE, ALLOY, METAL, DUST), ["20", "25"]),  # 25 t at a million, and the rest without a price or not to buy
        ((OXIDE, ("stop", "zi", "zinc", *OXIDE[3:])), ["40", "50"]),
        ((OXIDE,), None),
        ((ALLOY, METAL), None),
        ((METAL, METAL), None),
    ],
)
def test_what_is_to_buy_adds_up_where_several_have_a_price(given: tuple[Any, ...], total: list[str] | None) -> None:
    table = requirement_table.of(facts(stockpile=required(*given)))
    said = [dict(zip([c.key for c in table.columns], row, strict=True)) for row in rows(table)]
    shown = [row["material"] for row in said]
    assert shown == [one[2] for one in given if one is not DUST] + ([] if total is None else ["All with a price"])
    if total is not None:
        assert [said[-1][key] for key in ("cost_musd", "buy_musd")] == total
        assert {said[-1][key] for key in ("required_t", "held_t", "net_t", "buy_t", "price_usd_per_t")} == {"-"}
    if given[0] is OXIDE:
        numbers = ["required_t", "held_t", "net_t", "buy_t", "price_usd_per_t", "cost_musd", "buy_musd"]
        assert [said[0][key] for key in numbers] == ["30", "10", "20", "25", "1,000,000", "20", "25"]


def test_each_scenario_has_a_sum_of_its_own_and_a_sentence() -> None:
    late = [("late", *one[1:]) for one in (OXIDE, METAL)]
    found = facts(stockpile=required(OXIDE, ALLOY, *late))
    table = requirement_table.of(found)
    assert [row[2] for row in rows(table)] == [
        "oxide",
        "alloy",
        "All with a price",
        "oxide",
        "metal",
        "All with a price",
    ]
    said = stock_points(found)
    bought = "30 t of oxide (25 t to buy beside what is held, USD 25 million)"
    assert [one.text.replace("\u00a0", " ") for one in said] == [
        f"On existing links, carrying defence through “China stops” takes {bought} and 5 t of alloy (4 t to buy beside what is "
        "held, no price in the data).",
        f"On existing links, carrying defence through “All is late” takes {bought} and 3 t of metal (nothing to buy, what is "
        "held does).",
    ]
    assert [one.tables for one in said] == [("requirement",)] * 2


HELD = ("stop", "he", "held", 0.0, 3.0, 0.0, 0.0, 1.0, 0.0)


@pytest.mark.parametrize("dusty", [required(), required(DUST), required(HELD)])
def test_where_nothing_is_required_that_is_said_unless_nobody_could_ask(dusty: pd.DataFrame) -> None:
    (said,) = stock_points(facts(stockpile=dusty))
    words = "On existing links the worst scenario leaves defence short in no month of 36"
    assert said.text == f"{words}: in the central case no stock is required for it."
    assert len(stock_points(facts(stockpile=dusty, unanswered={"market": "no price"}))) == 1
    assert stock_points(facts(stockpile=required(), unanswered={"stockpile: stop": "no end", "x": ""})) == ()
    found = requirement_table(facts(stockpile=dusty))
    assert (found is None) == dusty.empty
    if found is not None:
        assert rows(found)[0][2] == ("held" if len(dusty) and dusty["held_t"].any() else "nothing is required")


# -- how sure, and how it is made again ----------------------------------------------------------------


def sure(**more: Any) -> list[tuple[str, str]]:
    finding = SimpleNamespace(
        assumptions=SimpleNamespace(words={"range": "0 to 1."}), track_record="Two of three.", tier="civilian"
    )
    known: dict[str, Any] = {"findings": (finding,), "likelihood": None, "ensemble": None, "sensitivity": None}
    found = facts(**known | more)
    found.__dict__["tiers"] = [Who("defence"), Who("civilian")]
    return [(one.head, one.text.replace("\u00a0", " ")) for one in sure_points(found)]


SUMMARY = frame(
    "number given p10 p50 p90",
    ("lost_t", 9.0, 8.0, 8.5, 10.0),
    ("defence_short_t", 4.0, 1.0, 2.0, 3.0),
    ("civilian_short_t", 50.0, 10.0, 20.0, 30.0),
).set_index("number")
DRAWS = {"settings": {"draws": 1000, "seed": 3}}
RANKS = pd.DataFrame({"first_share": [0.25, 0.625, 0.125], "counts": "defence"}, index=["a", "c", "b"])


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ((), "the civilian shortfall lies between 10 and 30 t/yr in 8 of 10 draws (of 1,000; median 20); as given 50"),
        (
            ("civilian_short_t",),
            "the defence shortfall lies between 1 and 3 t/yr in 8 of 10 draws (of 1,000; median 2); as given 4",
        ),
        (
            ("civilian_short_t", "defence_short_t"),
            "the loss over all tiers lies between 8 and 10 t/yr in 8 of 10 draws (of 1,000; median 8.5); as given 9",
        ),
    ],
)
def test_the_draws_are_told_of_the_tier_of_the_finding_else_of_the_first_else_of_all(
    gone: tuple[str, ...], words: str
) -> None:
    many = SimpleNamespace(summary=SUMMARY.drop(list(gone)), ranks=RANKS, provenance=DRAWS)
    said = sure(ensemble=many)
    head = "On existing links, with all figures drawn at once, "
    assert said == [
        ("Range.", "0 to 1."),
        ("Track record.", "Two of three."),
        ("Draws.", f"{head}{words}. Page one counts new suppliers."),
        ("Ranks.", "By what defence loses, Mill ranks first in 63 % of the draws."),
    ]
    assert len(sure(ensemble=SimpleNamespace(summary=SUMMARY, ranks=RANKS[:0], provenance=DRAWS))) == 3


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "Pit (capacity) alone moves the shortfall of defence from 4 to between 1 and 9 t/yr."),
        ({"column": "stock_t"}, "Pit (stock) alone moves the shortfall of defence from 4 to between 1 and 9 t/yr."),
        (
            {"table": "demand", "column": "demand_tpa", "key": "u / metal / defence", "label": "Users (metal)"},
            "Users (metal) (demand) alone moves the shortfall of defence from 4 to between 1 and 9 t/yr.",
        ),
        (
            {"table": "processes", "column": "t_per_t", "key": "x", "label": "acid_leach: input metal"},
            "Acid leach: input metal (t per t) alone moves the shortfall of defence from 4 to between 1 and 9 t/yr.",
        ),
        ({"swing_t": 0.0}, ""),
    ],
)
def test_the_figure_that_moves_most_alone_is_named_with_both_ends_in_order(more: dict[str, Any], words: str) -> None:
    first = {"table": "nodes", "key": "a", "column": "capacity_tpa", "label": "Pit", "swing_t": 0.5}
    first |= {"shortfall_low_t": 9.0, "shortfall_high_t": 1.0, **more}
    other = {**first, "label": "Mill", "swing_t": 0.0}
    one = SimpleNamespace(
        inputs=pd.DataFrame([first, other]), provenance={"settings": {"tier": "defence"}}, short_t=4.0
    )
    assert [text for head, text in sure(sensitivity=one) if head == "One at a time."] == ([words] if words else [])
    one.inputs = one.inputs[:0]
    assert len(sure(sensitivity=one)) == 2


def test_the_table_of_single_figures_says_in_tonnes_a_year_what_each_end_leaves_short() -> None:
    columns = "table key column label shortfall_low_t shortfall_high_t swing_t"
    inputs = frame(
        columns, ("nodes", "a", "capacity_tpa", "Pit", 9.0, 1.0, 5.0), ("nodes", "c", "x", "Mill", 4.0, 4.5, 0.5)
    )
    found = facts(sensitivity=SimpleNamespace(inputs=inputs))
    table = input_table.of(found)
    heads = {column.head: [row[i] for row in rows(table)] for i, column in enumerate(table.columns)}
    units = {column.head: column.unit for column in table.columns}
    ends = {"Short at low": ["9", "4"], "Short at high": ["1", "4.5"], "Largest change": ["5", "0.5"]}
    assert {head: heads[head] for head in ends} == ends
    assert {units[head] for head in ends} == {"t/yr"}
    assert heads["Label"] == ["Pit", "Mill"]
    assert input_table(facts(sensitivity=None)) is None


def test_an_input_that_binds_has_its_label_and_a_relation_the_names_of_its_ends() -> None:
    columns = "kind id label commodity tier capacity_tpa low high price quality reference"
    limiting = frame(
        columns,
        ("node", "a", "The Pit", None, None, 5.0, 4.0, 6.0, 1.0, "reported", "x"),
        ("edge", "a -> c", None, "metal", None, 5.0, None, None, 0.5, None, None),
        ("edge", "c -> nobody", None, "metal", None, 5.0, None, None, 0.5, None, None),
    )
    found = facts(limiting=limiting)
    found.__dict__["rests_words"] = "rests on them"
    table = limiting_table.of(found)
    at = [column.head for column in table.columns].index("Input")
    assert [row[at] for row in rows(table)] == ["The Pit", "Pit to Mill", "Mill to nobody"]


def test_proofs_are_named_by_what_was_solved_in_words() -> None:
    proofs = frame(
        "problem value gap violation tolerance ok",
        ("balance, stop", 1.0, 0.0, 2e-9, 1e-6, True),
        ("least stock, late", 1.0, 1e-12, 0.0, 1e-6, False),
        ("balance, other", 1.0, 0.0, 0.0, 1e-6, True),
        ("flow", 1.0, 0.0, 0.0, 1e-6, True),
    )
    table = certificate_table.of(facts(certificates=proofs))
    said = rows(table)
    assert [row[0] for row in said] == ["balance, China stops", "least stock, All is late", "balance, other", "flow"]
    assert [column.head for column in table.columns] == [
        "Problem",
        "Value",
        "Gap",
        "Largest breach",
        "Allowed",
        "Closes",
    ]
    assert [row[-1] for row in said] == ["yes", "no", "yes", "yes"]


def test_what_repeats_a_report_is_told_point_by_point() -> None:
    network = net()
    source = {"version": "9.9", "solver": "HiGHS", "digest": "abc", "settings": SETTINGS | {"as_of": "2026-05-01"}}
    proofs = pd.DataFrame({"tolerance": [1e-6, 1e-9, 1e-6]})
    found = facts(network, provenance=source, certificates=proofs)
    said = {one.head: one.text for one in reproduction(found, {"title": "A b", "author": "", "marking": "it's"})}
    assert list(said) == ["Version.", "Input digest.", "Settings.", "Tolerance.", "Seed.", "Command.", "To verify."]
    assert said["Version."].startswith("chainnet 9.9; highspy ")
    assert said["Version."].endswith("; solver HiGHS.")
    assert said["Input digest."] == "hand made, SHA-256 abc."
    assert json.loads(said["Settings."]) == source["settings"]
    assert said["Tolerance."] == f"1.0e-09, 1.0e-06, relative, of gap and largest breach ({table_id('certificates')})."
    assert said["Command."] == (
        "chainnet report 'hand made' --out out --months 36 --year 2031 --year 2035 --draws 4 --as-of 2026-05-01 "
        "--order allies_last --start 2026-04 --title 'A b' --marking 'it'\"'\"'s'"
    )
    assert said["To verify."] == (
        "run the command again on the same input and versions and compare the files byte by byte; with other versions compare "
        f"the digests of {table_id('digests')}: a table that differs has its own line."
    )
    for order, words in (("stages", "--draws 4 --order stages.csv --start 2026-04"), ("", "--draws 4 --start 2026-04")):
        found.a.provenance = source | {"settings": SETTINGS | {"order": order}}  # type: ignore[misc]
        assert next(one.text for one in reproduction(found, {}) if one.head == "Command.").endswith(words)


def test_a_digest_is_of_every_cell_and_another_where_one_differs() -> None:
    stop, late = (cn.Scenario(name, [{"kind": "remove", "nodes": ["a"]}]) for name in ("stop", "late"))
    gaps = gap_table.of(facts(coverage=COVER, edge_quality=LINKS))
    other = gap_table.of(facts(coverage=COVER.assign(n_unlimited=[5, 0]), edge_quality=LINKS))
    one, two = (rows(digest_table(facts(asked={"stop": stop, "late": late}), [table])) for table in (gaps, other))
    assert [row[:2] for row in one] == [
        ["scenario", "late"],
        ["scenario", "stop"],
        ["table", f"{table_id('gaps')} What is missing, and which way it pushes the answers"],
    ]
    assert all(len(row[2]) == 16 for row in one)
    assert one[:2] == two[:2]
    assert one[2][2] != two[2][2]
    said = digest_table(facts(asked={}), [gaps])
    assert (said.note, len(said.rows)) == ("Two reports with the same digests say the same.", 1)
