"""Two networks side by side: what changed, and which input moved which answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import chainnet as cn
from chainnet.assessment._compare import _settings, _traced, _words
from chainnet.cli.common import app


def test_the_same_says_so(mag9: cn.Network) -> None:
    found = cn.compare(mag9, mag9)
    assert found.words == ("The inputs are the same.", "No shortfall changed, nor what is served.")
    assert found.inputs.empty
    assert found.causes.empty
    assert (found.answers["change"] == 0).all()


def test_two_changes_that_need_each_other(mag9: cn.Network) -> None:
    """Twice the magnets of Japan and more dysprosium of Brazil: with China out, only both together count."""
    nodes, demand = mag9.nodes, mag9.demand
    nodes.loc[nodes["id"] == "G_JP", "capacity_tpa"] = 24.0
    demand.loc[demand["tier"] == "civilian", "demand_tpa"] = 35.0
    after = mag9.with_table("nodes", nodes.assign(capacity_tpa=nodes["capacity_tpa"].where(nodes["id"] != "H_BR", 0.4)))
    after = after.with_table("demand", demand)
    found = cn.compare(mag9, after, scenario="china_out")
    # H_BR 0.4 t of Dy make 20 t of magnets, 24 could be made: served 20 instead of 10 of 55 instead of 50
    top = found.answers.query("tier == 'all tiers' and measure == 'short_t' and scenario == 'china_out'").iloc[0]
    assert (top["before"], top["after"]) == pytest.approx((40.0, 35.0))
    assert found.causes.attrs["answer"].startswith("short_t, china_out")
    assert found.causes["share_t"].sum() == pytest.approx(-5.0)
    assert found.causes.loc["nodes", ["share_t", "alone_t", "last_in_t"]].tolist() == pytest.approx([-10, -10, -10])
    assert found.causes.loc["demand", "share_t"] == pytest.approx(5.0)
    alone = found.rows.set_index("key")["alone_t"]
    assert alone["G_JP"] == 0
    assert alone["H_BR"] == pytest.approx(-2.0), "12 t of magnets can be made in Japan"
    assert any("fell from 40 t/yr to 35 t/yr" in sentence for sentence in found.words)


def twins(capacity: float, share: float) -> cn.Network:
    """A pit of ours and others', in two tiers, under contract; a law puts our defence first."""
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "AUS", capacity), ("us", "end_use", "USA", None), ("jp", "end_use", "JPN", None)),
        edges=frame("source target", ("m", "us"), ("m", "jp")),
        demand=frame("node tier demand_tpa", ("us", "defence", 2.0), ("us", "civilian", 9.0), ("jp", "defence", 3.0), ("jp", "civilian", 7.0)),
        contracts=frame("supplier for share", ("m", "JPN", share)),
        service=frame("country instrument binding", ("USA", "act", "law")),
        beneficiaries=["USA"],
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(
    "order", ["law", *(pytest.param(o, marks=pytest.mark.slow) for o in ("allies_first", "allies_last", "alike"))]
)
def test_what_changed_is_told_in_the_order_that_is_asked(order: Any) -> None:
    before, after = twins(12.0, 0.0), twins(9.0, 0.9)
    found = cn.compare(before, after, order=order)
    told = found.answers.query("measure == 'short_t' and scenario == 'baseline'").set_index("tier")
    for tier in ("defence", "civilian"):
        for side, net in (("before", before), ("after", after)):
            made = cn.balance(net, order=order)
            short = made.by_tier()["shortfall_tpa"][tier]
            if order == "alike" and made.ranges is not None:
                short = made.ranges.loc[tier, ["shortfall_least_tpa", "shortfall_most_tpa"]].mean()
            assert told.loc[tier, side] == pytest.approx(short, abs=1e-6)
    assert told.loc["all tiers", "after"] == pytest.approx(told.loc[["defence", "civilian"], "after"].sum())
    traced = told.loc[found.causes.attrs["answer"].split(", ")[2]] if len(found.causes) else None
    if order == "law":
        # of 9 t Japan takes the 8.1 that are bound to it, so 0.9 are left for 2; of 12 it takes all the 10 it asks for
        assert traced["change"] == pytest.approx(1.1)
        assert found.causes["share_t"].to_dict() == pytest.approx({"nodes": 0.55, "contracts": 0.55})
        assert cn.compare(before, after).answers.equals(found.answers), "by law where nobody says otherwise"
    elif len(found.causes):
        assert found.causes.loc["contracts", "share_t"] == pytest.approx(0.0)


@pytest.mark.slow
@settings(max_examples=2)
@given(caps=st.lists(st.floats(0.5, 40), min_size=3, max_size=3), asked=st.floats(1, 60))
def test_shares_add_up(caps: list[float], asked: float) -> None:
    nodes = pd.DataFrame(
        {"id": ["a", "b", "u"], "stage": ["mine", "mine", "end_use"], "capacity_tpa": [10.0, 20.0, np.nan]}
    )
    edges = pd.DataFrame({"source": ["a", "b"], "target": ["u", "u"], "capacity_tpa": [8.0, np.nan]})
    demand = pd.DataFrame({"node": ["u"], "tier": ["defence"], "demand_tpa": [30.0]})
    old = cn.Network(nodes, edges, demand=demand)
    new = cn.Network(
        nodes.assign(capacity_tpa=[caps[0], caps[1], np.nan]),
        edges.assign(capacity_tpa=[caps[2], np.nan]),
        demand=demand.assign(demand_tpa=asked),
    )
    found = cn.compare(old, new)
    change = found.answers.query("tier == 'all tiers' and measure == 'short_t'")["change"].iloc[0]
    by_hand = max(asked - min(caps[0], caps[2]) - caps[1], 0) - 2.0
    assert change == pytest.approx(by_hand, abs=1e-6)
    assert found.causes["share_t"].sum() == pytest.approx(change, abs=1e-6)
    back = cn.compare(new, old)
    assert back.causes["share_t"].sum() == pytest.approx(-change, abs=1e-6)


def test_rows_come_and_go(mag9: cn.Network) -> None:
    found = cn.compare(mag9, mag9.without(nodes=["H_CN"]), scenario="baseline")
    gone = found.inputs[found.inputs["kind"] == "removed"]
    assert "H_CN" in set(gone["key"])
    assert found.causes.loc["rows added or removed", "share_t"] == pytest.approx(40.0)
    back = cn.compare(mag9.without(nodes=["H_CN"]), mag9, scenario="baseline")
    assert set(back.inputs["kind"]) == {"added"}


def test_assessments_bring_their_scenarios(assessed: cn.Assessment) -> None:
    mild = cn.Scenario("own", [{"kind": "scale", "nodes": ["H_CN"], "share": 0.5}])
    hard = cn.Scenario("own", [{"kind": "remove", "nodes": ["H_CN"]}])
    found = cn.compare(*(replace(assessed, asked={"own": one}) for one in (mild, hard)))
    assert set(found.answers["scenario"]) == {"baseline", "own"}
    assert found.causes.index.tolist() == ["scenario"]
    assert found.words[0] == "The inputs are the same."


def test_a_scenario_that_one_side_lacks(mag9: cn.Network) -> None:
    other = cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [1.0]}))
    found = cn.compare(mag9, other)
    assert found.answers.query("scenario == 'china_out'")["after"].isna().all()


TINY = {
    "nodes": frame("id stage country step", ("m", "mine", "CHN", "mining"), ("u", "end_use", "USA", None)),
    "edges": frame("source target capacity_tpa", ("m", "u", 5.0)),
    "totals": frame("step country year value unit", ("mining", "CHN", 2024, 9.0, "t/yr")),
    "figures": frame("table key column value quality", ("nodes", "m", "capacity_tpa", 9.0, "reported")),
    "references": frame("key title grade", ("usgs", "Minerals", "1")),
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "column", "after", "key"),
    [
        ("totals", "value", 4.0, "mining /  / CHN / 2024 / t/yr"),
        ("figures", "quality", "assumed", "nodes / m / capacity_tpa"),
        ("references", "grade", "3", "usgs"),
    ],
)
def test_what_the_figures_rest_on_is_compared_too(table: str, column: str, after: object, key: str) -> None:
    changed = {**TINY, table: TINY[table].assign(**{column: after})}
    found = cn.compare(cn.Network(**TINY), cn.Network(**changed))
    told = found.inputs[["table", "key", "column", "before", "after"]].to_numpy().tolist()
    assert told == [[table, key, column, TINY[table][column].iloc[0], after]]
    assert "1 cell changed" in found.words[0]
    gone = cn.compare(cn.Network(**TINY), cn.Network(**{k: v for k, v in TINY.items() if k != table}))
    assert gone.inputs[["table", "key", "kind"]].to_numpy().tolist() == [[table, key, "removed"]]


def test_keys_that_print_alike_stay_apart() -> None:
    nodes = frame("id stage", ("m", "mine"), ("a", "end_use"), ("a / b", "end_use"))
    edges = frame("source target commodity capacity_tpa", ("m", "a", "b / c", 9.0), ("m", "a / b", "c", 9.0))

    def net(first: float, second: float) -> cn.Network:
        asked = frame(
            "node commodity tier demand_tpa", ("a", "b / c", "defence", first), ("a / b", "c", "defence", second)
        )
        return cn.Network(nodes, edges, demand=asked)

    found = cn.compare(net(3.0, 5.0), net(20.0, 11.0))
    told = found.inputs.set_index("key")[["before", "after"]]
    assert told.loc['a / "b / c" / defence'].tolist() == [3.0, 20.0]
    assert told.loc['"a / b" / c / defence'].tolist() == [5.0, 11.0]
    # 9 t/yr pass to each
    assert found.rows.set_index("key")["alone_t"].to_dict() == {
        'a / "b / c" / defence': 11.0,
        '"a / b" / c / defence': 2.0,
    }


@given(st.lists(st.tuples(*[st.text('a/" ', max_size=4)] * 2), min_size=2, max_size=2, unique=True))
def test_no_two_keys_print_alike(pairs: list[tuple[str, str]]) -> None:
    from chainnet.assessment._compare import _key_part

    one, two = (" / ".join(map(_key_part, pair)) for pair in pairs)
    assert one != two


@pytest.mark.parametrize("wrong", [{"before": 3}, {"scenario": "nowhere"}])
def test_wrong_arguments_are_named(mag9: cn.Network, wrong: dict[str, Any]) -> None:
    call: dict[str, Any] = {"before": mag9, "after": mag9, **wrong}
    with pytest.raises(cn.DataError, match=next(iter(wrong))):
        cn.compare(call.pop("before"), call.pop("after"), **call)


def test_order_of_rows_changes_nothing(mag9: cn.Network) -> None:
    turned = mag9.with_table("nodes", mag9.nodes.iloc[::-1])
    assert cn.compare(mag9, turned).inputs.empty


def test_command(mag9: cn.Network, tmp_path: Any) -> None:
    cn.write(mag9.scale({"id": "G_JP"}, 0.5), tmp_path / "less")
    run = CliRunner()
    done = run.invoke(app, ["compare", "mag-9", str(tmp_path / "less"), "--scenario", "baseline"])
    assert done.exit_code == 0, done.output
    done = run.invoke(app, ["compare", "mag-9", str(tmp_path / "less"), "--format", "json"])
    assert done.exit_code == 0
    assert "G_JP" in done.stdout
    assert run.invoke(app, ["compare", "mag-9", "mag-10"]).exit_code == 1


def test_totals_of_two_years_are_compared_by_their_place() -> None:
    """Keyed by the year every total was removed and added, and nobody saw which figure had moved."""

    def of(year: int, china: float) -> cn.Network:
        columns = ["step", "country", "year", "value", "unit"]
        rows = [("mining", "CHN", year, china, "t/yr"), ("mining", "AUS", year, 5.0, "t/yr")]
        return cn.read("mag-9").with_table("totals", pd.DataFrame(rows, columns=columns))

    inputs = cn.compare(of(2022, 60.0), of(2023, 70.0)).inputs
    totals = inputs[inputs["table"] == "totals"]
    assert totals[["kind", "column", "before", "after"]].to_numpy().tolist() == [["changed", "value", 60.0, 70.0]]


@pytest.mark.parametrize(
    ("scenario", "ends", "kinds", "causes", "alone", "words"),
    [
        ("stop", (1.0, 7.0), "changed added added removed", {"demand": 4.0, "scenario": 2.0, "nodes": 0.0}, 3.5, (
            ": 1 cell changed, 2 rows added, 1 row removed.",
            'The shortfall of defence under "stop" rose from 1 t/yr to 7 t/yr.',
            "Of this, +4 t/yr from figures in demand; +2 t/yr from scenario.",
            "The single figure that moves it most is capacity_tpa of a in nodes: +3.5 t/yr alone.",
        )),
        ("baseline", (7.0, 2.0), "changed changed", {"rows added or removed": -8.0, "edges": 3.0}, -4.0, (
            ": 2 cells changed.",
            "The shortfall of defence in the baseline fell from 7 t/yr to 2 t/yr.",
            "Of this, −8 t/yr from rows added or removed; +3 t/yr from figures in edges.",
            "The single figure that moves it most is capacity_tpa of a in nodes: −4 t/yr alone.",
        )),
        ("stop", (1.0, 3.0), "", {}, None, (
            ": only settings differ.",
            'The shortfall of defence under "stop" rose from 1 t/yr to 3 t/yr.',
        )),
        ("stop", (1.0, 3.0), "removed removed", {}, 0.0, (
            ": 2 rows removed.",
            'The shortfall of defence under "stop" rose from 1 t/yr to 3 t/yr.',
        )),
    ],
)  # fmt: skip
def test_what_changed_is_said_in_whole_sentences(
    scenario: str, ends: tuple[float, float], kinds: str, causes: dict[str, float], alone: Any, words: tuple[str, ...]
) -> None:
    """Served, another tier and another scenario stand before the answer that is told, with other numbers."""
    old, new = (cn.Network(frame("id stage", (name, "mine")), frame("source target")) for name in ("a", "b"))
    answers = frame(
        "scenario tier measure before after change",
        ("cut", "defence", "short_t", 20.0, 50.0, 30.0),
        (scenario, "civilian", "short_t", 20.0, 50.0, 30.0),
        (scenario, "defence", "served_t", 20.0, 50.0, 30.0),
        (scenario, "defence", "short_t", *ends, ends[1] - ends[0]),
    )
    rows = [("nodes", "a", "capacity_tpa", alone), ("edges", "b", "flow_tpa", 0.0)] if alone is not None else []
    said = _words(
        old,
        new,
        answers,
        pd.DataFrame({"share_t": pd.Series(causes, dtype=float)}),
        frame("table key column alone_t", *rows),
        pd.DataFrame({"kind": kinds.split()}),
        (scenario, "defence", "short_t"),
    )
    assert said == (f"From {old.digest[:12]} to {new.digest[:12]}{words[0]}", *words[1:])


def test_the_answer_that_is_traced_is_of_the_first_tier_then_of_all_then_any() -> None:
    """The largest change of a shortfall, told first; what is served where none changed, never what only rounding moved."""
    rows = frame(
        "scenario tier measure before change",
        ("stop", "civilian", "short_t", 1.0, 9.0),
        ("stop", "all tiers", "short_t", 1.0, -8.0),
        ("cut", "all tiers", "short_t", 1.0, 7.0),
        ("cut", "defence", "short_t", 1.0, -3.0),
        ("stop", "defence", "short_t", 1e6, 9e-4),
        ("stop", "industrial", "served_t", 1.0, 20.0),
    )
    assert _traced(rows, None, ["defence"]) == ("cut", "defence", "short_t")
    assert _traced(rows, "stop", ["defence"]) == ("stop", "all tiers", "short_t")
    assert _traced(rows[rows["tier"] == "civilian"], None, ["defence"]) == ("stop", "civilian", "short_t")
    assert _traced(rows, None, ["industrial"]) == ("stop", "all tiers", "short_t")
    assert _traced(rows, "baseline", ["defence"]) is None
    assert _traced(rows.assign(change=2e-3), "stop", ["defence"]) == ("stop", "defence", "short_t")
    served = rows[rows["tier"] == "industrial"]
    assert _traced(served, None, ["defence"]) == ("stop", "industrial", "served_t")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"after": True, "scenarios": []}, "scenarios and portfolios are columns of one network; leave the second one out."),
        ({"after": True, "portfolios": {}}, "scenarios and portfolios are columns of one network; leave the second one out."),
        ({"after": True, "scenario": cn.Scenario("cut")}, 'of two networks name the scenario, such as "cut", that one of them has.'),
        ({"is_list": True, "scenarios": []}, "scenarios and portfolios are columns of one network; give one, not a list."),
        ({"is_list": True, "portfolios": {}}, "scenarios and portfolios are columns of one network; give one, not a list."),
        ({"scenario": "china_out"}, "of one network name the columns: scenarios=[...], or portfolios={...}."),
        ({"portfolios": {}, "scenarios": []}, "portfolios are set side by side under one scenario; give scenario=, not scenarios=."),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused_in_whole_words(
    mag9: cn.Network, asked: dict[str, Any], words: str
) -> None:
    sides: list[Any] = [[mag9, mag9] if asked.pop("is_list", False) else mag9]
    sides += [mag9] if asked.pop("after", False) else []
    with pytest.raises(cn.DataError) as told:
        cn.compare(*sides, **asked)
    assert str(told.value) == f"compare: {words}"


@pytest.mark.parametrize(
    ("sides", "words"),
    [
        (({"a": 1}, None), "before: a dict; give a Network or an Assessment."),
        (("net", 3), "after: a int; give a Network or an Assessment."),
        ((["net", "mag-9"], None), "before[1]: a str; give a Network or an Assessment."),
    ],
)
def test_what_is_no_network_is_named_by_its_place(mag9: cn.Network, sides: tuple[Any, Any], words: str) -> None:
    def put(one: Any) -> Any:
        return [put(each) for each in one] if isinstance(one, list) else mag9 if one == "net" else one

    with pytest.raises(cn.DataError) as told:
        cn.compare(*map(put, sides))
    assert str(told.value) == words


def test_every_setting_that_differs_stands_in_a_row() -> None:
    one, two = (
        cn.Network(frame("id stage", ("a", "mine")), frame("source target"), name=name, year=year, beneficiaries=whose)
        for name, year, whose in (("x", 2024, ["AUS", "JPN"]), ("y", 2026, ["USA"]))
    )
    assert _settings(one, two).to_numpy().tolist() == [
        ["name", "x", "y"],
        ["label", "x", "y"],
        ["year", "2024", "2026"],
        ["beneficiaries", "AUS, JPN", "USA"],
        ["digest", one.digest, two.digest],
    ]


def supplied(philippines: float, indonesia: float, asked: float) -> cn.Network:
    """Two mines that serve all that is asked, so nobody is ever short."""
    return cn.Network(
        nodes=frame("id stage country", ("p", "mine", "PHL"), ("i", "mine", "IDN"), ("u", "end_use", "JPN")),
        edges=frame(
            "source target commodity flow_tpa capacity_tpa",
            ("p", "u", "ore", philippines, philippines), ("i", "u", "ore", indonesia, indonesia),
        ),
        demand=frame("node commodity tier demand_tpa", ("u", "ore", "civilian", asked)),
        main_commodity="ore",
    )  # fmt: skip


def test_what_is_served_who_holds_it_and_whose_loss_costs_most_are_compared_where_nobody_is_short() -> None:
    found = cn.compare(supplied(20.0, 39.0, 59.0), supplied(19.6, 0.4, 20.0))
    assert found.words[1:3] == (
        "No shortfall changed.", "The tonnage served to all tiers in the baseline fell from 59 t/yr to 20 t/yr.",
    )  # fmt: skip
    assert found.causes["share_t"].sum() == pytest.approx(-39.0)
    hhi = found.concentration.iloc[0]
    assert (hhi["hhi_before"], hhi["hhi_after"]) == pytest.approx((0.551, 0.961), abs=1e-3)
    assert (hhi["top_before"], hhi["top_after"]) == ("IDN", "PHL")
    lost = found.losses.set_index("country")
    assert lost["lost_tpa_before"].to_dict() == pytest.approx({"PHL": 20.0, "IDN": 39.0})
    assert lost["lost_tpa_after"].to_dict() == pytest.approx({"PHL": 19.6, "IDN": 0.4})
    assert any("HHI from 0.55 to 0.96" in one and "IDN 66" in one and "PHL 98" in one for one in found.words)
    assert any("IDN costs 39 t/yr" in one and "PHL costs 19.6 t/yr" in one for one in found.words)
