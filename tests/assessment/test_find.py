"""``find``: one record, made of answers that other calls give too; what it says holds over all rows."""

from __future__ import annotations

import json
import pickle
import sys

import jsonschema
import numpy as np
import pandas as pd
import pytest
from conftest import frame, line, two_tier

import chainnet as cn
from chainnet.assessment._answers import Answers
from chainnet.assessment._case import Case
from chainnet.assessment._priced import _if_served_first
from chainnet.cli import main
from chainnet.doubt import class_assumptions
from chainnet.errors import DataError
from chainnet.flow import Counting
from chainnet.stress import due_by_month, first_year

TOP = ["chain", "as_of", "base_year", "scenario", "tier", "demand_tpa", "shortfall", "when", "bottleneck"]
TOP += ["products", "levels", "advice", "depends_on", "firmness", "track_record"]


@pytest.fixture(scope="module")
def china_out() -> cn.Scenario:
    return cn.scenarios(cn.read("mag-9"))["china_out"]


@pytest.fixture(scope="module")
def mag9() -> cn.Network:
    return cn.read("mag-9")


@pytest.fixture(scope="module")
def industry(mag9: cn.Network) -> cn.Finding:
    return cn.find(mag9, "china_out", "industrial")


def test_its_parts_are_the_answers_of_the_calls_it_is_made_of(
    mag9: cn.Network, china_out: cn.Scenario, industry: cn.Finding
) -> None:
    counting = Counting.of(mag9, order=None)
    rests = class_assumptions(counting, china_out).of("industrial")
    row = rests.range.loc["industrial"]
    assert industry.later["share"] == pytest.approx(row["central_share"])
    assert (industry.later["low"], industry.later["high"]) == (row["low_share"], row["high_share"])
    assert (industry.certain, industry.decides) == (rests.certain, rests.decides)
    year = first_year(due_by_month(counting, china_out)).loc["industrial"]
    assert industry.first_year["share"] == pytest.approx(year["due_share"])
    assert industry.first_year["low"] <= industry.first_year["share"] <= industry.first_year["high"]
    new = cn.balance(mag9, china_out, "new").by_tier().loc["industrial"]
    assert industry.levels["tpa"]["new suppliers"] == pytest.approx(new["shortfall_tpa"], abs=1e-6)
    assert industry.levels["share"]["new suppliers"] == pytest.approx(industry.later["share"], abs=1e-9)
    assert industry.demand["tpa"] == pytest.approx(new["demand_tpa"])


def test_the_brief_record_is_a_part_of_the_whole_one(industry: cn.Finding) -> None:
    """Without China industry lacks 10 of its 16 t: what opens a living page says so too."""
    brief, whole = industry.in_brief(), industry.to_dict()
    later, certain = brief["shortfall"].pop("later"), whole["shortfall"]["certain"]
    assert later == pytest.approx({"share": 0.625, "tpa": 10.0})
    assert later == {name: whole["shortfall"]["later"][name] for name in later}
    assert brief.pop("shortfall") == {"certain": certain}
    assert brief == {name: whole[name] for name in brief}
    assert (brief["chain"], brief["scenario"], brief["tier"]) == ("mag-9", "china_out", "industrial")


def test_the_levels_never_rise_and_the_ends_lie_about_them(industry: cn.Finding) -> None:
    levels = industry.levels
    for column in ("share", "first_share", "last_share"):
        assert (levels[column].diff().dropna() <= 1e-9).all()
    assert levels.index[-1] == "planned projects"


def test_what_the_columns_of_the_levels_hold_is_said_in_words(mag9: cn.Network, industry: cn.Finding) -> None:
    read = (
        "part of industrial demand that is short in a steady year, due to the scenario. share, tpa: {}. first_share, "
    )
    assert industry.levels_words.startswith(read.format("allies served first"))
    assert "last_share: allies served first and last, an order of service and no time" in industry.levels_words
    alike = cn.find(mag9, "china_out", "industrial", order="alike")
    assert alike.levels_words.startswith(read.format("nobody served first"))


def test_the_bottleneck_costs_most_of_all_rows(mag9: cn.Network, industry: cn.Finding) -> None:
    lost = cn.chokepoints(
        mag9, "stage+country" if mag9.nodes["step"].isna().all() else "step+country", tier="industrial"
    )
    narrow = industry.bottleneck
    assert narrow["lost_tpa"] == pytest.approx(lost["lost_tpa"].max())
    assert lost.loc[(narrow["step"], narrow["country"]), "lost_tpa"] == pytest.approx(narrow["lost_tpa"])


def test_whose_finding_it_is(mag9: cn.Network, china_out: cn.Scenario) -> None:
    found = cn.find(mag9)
    assert (found.scenario, found.restriction) == (china_out, "worst")
    # of defence nothing can be said, so it is not met, and it comes first
    assert (found.tier, found.certain, found.is_met) == ("defence", False, False)
    assert [one.tier for one in found.others] == ["industrial", "civilian"]
    nothing = cn.find(mag9, cn.Scenario("nothing"))
    assert (nothing.tier, nothing.is_met) == ("defence", True)
    assert nothing.title == "Nothing: defence demand is met."
    assert nothing.advice == ()


def test_the_worst_is_an_export_rule_where_one_is_shipped(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A rule on exports comes before the loss of a plant that costs more; of two rules the dearer one."""
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            *(("pit", "mine", "CHN", 9.0), ("own", "mine", "USA", 4.0), ("user", "end_use", "USA", None)),
        ),
        edges=frame("source target commodity flow_tpa", ("pit", "user", "ga", 6.0), ("own", "user", "ga", 4.0)),
        demand=frame("node commodity tier demand_tpa", ("user", "ga", "defence", 10.0)),
        beneficiaries=["USA"],
        name="pits",
    )
    folder = cn.write(net, tmp_path_factory.mktemp("pits") / "pits")
    (folder / "scenarios").mkdir(exist_ok=True)
    rule = {"kind": "restrict", "from": {"country": "CHN"}}
    for one in (
        cn.Scenario("all_lost", [{"kind": "remove", "nodes": ["pit", "own"]}], label="All is lost"),
        cn.Scenario("half", [{**rule, "share": 0.5}], label="China halves exports"),
        cn.Scenario("stop", [{**rule, "share": 0.0}], label="China stops exports"),
    ):
        (folder / "scenarios" / f"{one.name}.toml").write_text(one.to_toml(), encoding="utf-8")
    found = cn.find(cn.read(str(folder)))
    assert found.scenario is not None
    assert found.scenario.name == "stop"
    assert found.later["share"] == pytest.approx(0.6)
    assert found.title == "China stops exports: from month 1 allied defence demand is short, later by 60\xa0%."
    assert found.bottleneck["country"] == "CHN"
    assert found.when["back_month"] == np.inf
    # a product that is short by as much as the tier
    assert [(one["commodity"], round(one["share"], 6)) for one in found.products] == [("ga", 0.6)]


def test_projects_are_advised_by_state_with_what_they_avoid(mag9: cn.Network, china_out: cn.Scenario) -> None:
    civil = cn.find(mag9, china_out, "industrial")
    assert civil.advice
    lead = civil.advice[-1]
    assert lead.ids
    assert lead.avoids_tpa > 0
    most = civil.measures["avoids_tpa"].max() if len(civil.measures) else 0.0
    assert lead.closes or lead.avoids_tpa == pytest.approx(most), "a superlative holds over all rows"
    assert lead.verb in civil.sentences[2]
    # without a date of the chain nothing is past, and how far ahead a date lies is not known
    assert mag9.as_of is None
    assert not lead.is_past
    assert np.isnan(lead.due_month)


STOP = cn.Scenario("stop", [{"kind": "restrict", "from": {"country": "CHN"}, "share": 0.0}])
PROJECT = "id label stage country capacity_tpa status start_year start capex_musd"


def pit(*projects: tuple[object, ...], stocks: pd.DataFrame | None = None) -> cn.Network:
    """Ten tonnes a year from China to a user, who can take from any of some projects too, as of November 2026."""
    more = {} if stocks is None else {"stocks": stocks}
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("pit", "mine", "CHN", 20.0), ("user", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("pit", "user", 10.0), *((one[0], "user", None) for one in projects)),
        demand=frame("node tier demand_tpa", ("user", "defence", 10.0)),
        projects=frame(PROJECT, *((name, f"Works {name}", "mine", "USA", *rest) for name, *rest in projects)),
        beneficiaries=["USA"],
        year=2024,
        as_of="2026-11",
        **more,
    )


@pytest.mark.parametrize(
    ("year", "start", "verb", "due", "month"),
    [
        (2025, None, "Confirm the output of", "2025", -11),
        (2026, "2026-04", "Confirm the output of", "Apr 2026", -7),
        (2026, "2026-11", "Protect the date of", "Nov 2026", 0),  # the month is not over
        (2026, None, "Protect the date of", "2026", 1),  # nor is the year
        (2028, None, "Protect the date of", "2028", 25),
    ],
)
def test_a_date_that_has_passed_is_to_be_confirmed_in_table_and_advice(
    year: int, start: str | None, verb: str, due: str, month: float
) -> None:
    found = cn.find(pit(("new", 16.0, "building", year, start, None)), STOP)
    (row,) = found.measures.to_dict("records")
    (advice,) = found.advice
    assert (row["verb"], row["due"], row["due_month"]) == (verb, due, month)
    assert (advice.verb, advice.due, advice.due_month) == (verb, due, month)
    assert advice.is_past == row["is_past"] == (month < 0)


def test_projects_being_built_come_before_those_that_wait_and_what_closes_the_rest_follows() -> None:
    net = pit(
        ("a", 3.0, "building", 2027, None, 7.0),
        ("b", 2.0, "building", 2029, None, None),
        ("c", 6.0, "undecided", 2030, None, 50.0),
        ("d", 6.0, "undecided", 2031, None, 40.0),
        ("e", 4.0, "undecided", 2028, None, 1.0),
    )
    first, then = cn.find(net, STOP).advice
    assert (first.verb, first.ids) == ("Protect the date of", ("a", "b"))
    assert (first.avoids_tpa, first.left_tpa, first.closes) == (pytest.approx(5.0), pytest.approx(5.0), False)
    assert np.isnan(first.cost_musd), "one cost is not known, so their sum is not"
    assert first.due == "2029", "the last of their dates"
    # e costs least but leaves a tonne; of the two that close the rest the cheaper one
    assert (then.verb, then.ids, then.cost_musd, then.closes) == ("Fund", ("d",), 40.0, True)
    assert (then.avoids_tpa, then.left_tpa, then.rivals) == (pytest.approx(5.0), 0.0, ("Works c",))
    cases = dict(then.cases)
    assert cases["half its capacity"] == pytest.approx(2.0), "three of six tonnes, with what is being built whole"
    assert cn.find(net, STOP).sentences[2].replace("\xa0", " ") == (
        "Protect the date of Works a and Works b: that avoids 5 t/yr (not all costs known, last due 2029), leaving "
        "5 t/yr. Then fund Works d (capex USD 40 million, due 2031): that closes the gap."
    )


def test_two_projects_close_the_rest_where_together_they_cost_less_than_one() -> None:
    near = ("a", 4.0, "building", 2027, None, 1.0)
    large = ("b", 6.0, "undecided", 2030, None, 90.0)
    small = [("c", 3.0, "undecided", 2028, None, 30.0), ("d", 3.0, "undecided", 2029, None, 40.0)]
    _, then = cn.find(pit(near, large, *small), STOP).advice
    assert (then.ids, then.cost_musd, then.closes) == (("c", "d"), 70.0, True)
    of_these = {case: left for case, left in then.cases if case.startswith("of these")}
    assert of_these == {f"of these without Works {name}": pytest.approx(3.0) for name in "cd"}
    # as dear as the one, which is simpler
    dear = [("c", 3.0, "undecided", 2028, None, 45.0), ("d", 3.0, "undecided", 2029, None, 45.0)]
    assert cn.find(pit(near, large, *dear), STOP).advice[1].ids == ("b",)
    # together they leave half a tonne
    short = [("c", 3.0, "undecided", 2028, None, 1.0), ("d", 2.5, "undecided", 2029, None, 1.0)]
    assert cn.find(pit(near, large, *short), STOP).advice[1].ids == ("b",)


def test_an_advice_that_rests_on_one_doubtful_plant_names_it() -> None:
    """Ten tonnes come from China, ten from an assumed works at home that takes them from an ore project abroad."""
    net = cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa quality",
            *(("pit", "mine", "CHN", "dig", 20.0, "reported"), ("works", "refiner", "USA", "smelt", 20.0, "assumed")),
            ("user", "end_use", "USA", None, None, "reported"),
        ),
        edges=frame(
            "source target commodity flow_tpa",
            *(("pit", "user", "metal", 10.0), ("works", "user", "metal", 0.0), ("ore", "works", "ore", None)),
        ),
        processes=frame(
            "process commodity role t_per_t",
            *(("dig", "metal", "output", 1.0), ("smelt", "ore", "input", 1.0), ("smelt", "metal", "output", 1.0)),
            ("dig_ore", "ore", "output", 1.0),
        ),
        demand=frame("node commodity tier demand_tpa", ("user", "metal", "defence", 10.0)),
        projects=frame(
            "id stage country process capacity_tpa status start_year",
            ("ore", "mine", "USA", "dig_ore", 12.0, "building", 2028),
        ),
        beneficiaries=["USA"],
        year=2026,
    )
    (advice,) = cn.find(net, STOP).advice
    assert (advice.closes, advice.conditions) == (True, ("works runs",))
    assert dict(advice.cases)["without works"] == pytest.approx(10.0)
    assert "closing the gap if works runs." in cn.find(net, STOP).sentences[2]


def test_one_good_that_bears_all_of_the_shortfall_is_named() -> None:
    goods = (("pit", "user", "red", 6.0), ("own", "user", "blue", 4.0))
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            *(("pit", "mine", "CHN", 9.0), ("own", "mine", "USA", 4.0), ("user", "end_use", "USA", None)),
        ),
        edges=frame("source target commodity flow_tpa", *goods),
        demand=frame(
            "node commodity tier demand_tpa", ("user", "red", "defence", 6.0), ("user", "blue", "defence", 4.0)
        ),
        beneficiaries=["USA"],
    )
    found = cn.find(net, STOP)
    assert found.sentences[0].replace("\xa0", " ") == (
        "Allied defence demand loses 60 % over the first year, as much later: in the central case only red."
    )
    both = net.with_table("edges", net.edges.assign(source=["pit", "pit"]))
    assert "only" not in cn.find(both, STOP).sentences[0]


def test_no_project_that_waits_is_advised_where_those_being_built_close_the_gap() -> None:
    small = ("c", 4.0, "building", 2029, None, 3.0)
    net = pit(("a", 12.0, "building", 2028, None, 90.0), ("b", 12.0, "undecided", 2027, None, 1.0), small)
    (only,) = cn.find(net, STOP).advice
    assert (only.ids, only.closes, only.rivals) == (("a",), True, ("Works b",))
    pair = ("e", 8.0, "undecided", 2029, None, 2.0)
    (dear,) = cn.find(pit(("a", 12.0, "building", 2028, None, 90.0), small, pair), STOP).advice
    assert (dear.ids, dear.cheaper) == (("a",), ("Works c", "Works e"))
    several = [(name, 4.0, "building", 2028, None, 1.0) for name in "abc"]
    (all_three,) = cn.find(pit(*several, ("d", 12.0, "undecided", 2027, None, 1.0)), STOP).advice
    assert (all_three.ids, all_three.thing) == (("a", "b", "c"), "three projects being built")
    assert (all_three.left_tpa, all_three.cost_musd) == (0.0, 3.0)


def test_what_closes_the_gap_at_central_demand_alone_says_so() -> None:
    net = pit(("a", 12.0, "building", 2028, None, 1.0))
    wide = net.with_table("demand", net.demand.assign(low=8.0, high=12.0))
    assert cn.find(wide, STOP).advice[0].conditions == ()
    wider = net.with_table("demand", net.demand.assign(low=8.0, high=13.0))
    (advice,) = cn.find(wider, STOP).advice
    assert dict(advice.cases)["demand at its high values"] == pytest.approx(1.0)
    assert advice.conditions == ("demand is not high",)


def test_a_cost_that_pays_for_more_than_the_project_is_a_part_of_one() -> None:
    net = pit(("a", 12.0, "building", 2028, None, 90.0))
    shared = net.with_table("projects", net.projects.assign(capex_also="bauxite"))
    found = cn.find(shared, STOP)
    assert (found.advice[0].cost_also, found.measures["cost_also"].tolist()) == ("bauxite", ["bauxite"])
    assert "(part of USD\xa090\xa0million, due 2028)" in found.sentences[2]
    assert cn.find(net, STOP).advice[0].cost_also == ""


def test_a_tier_that_is_short_before_that_of_the_finding_is_said_to_be() -> None:
    """China sends 4 t/yr to weapons, which a stock serves for two years, and 6 t/yr to cars at once."""
    demand = frame("node tier demand_tpa", ("user", "defence", 4.0), ("cars", "civilian", 6.0))
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            *(("pit", "mine", "CHN", 20.0), ("user", "end_use", "USA", None), ("cars", "end_use", "USA", None)),
        ),
        edges=frame("source target flow_tpa", ("pit", "user", 4.0), ("pit", "cars", 6.0)),
        demand=demand,
        stocks=frame("id node stock_t holder country", ("s", "user", 8.0, "the state", "USA")),
        beneficiaries=["USA"],
    )
    found = cn.find(net, STOP)
    assert found.sentences[0] == (
        "Allied defence demand loses nothing over the first year, more later. Short sooner, civilian demand loses all."
    )
    late = cn.find(net, STOP, "civilian").sentences[0]
    assert "sooner" not in late


def test_a_stock_closes_nothing_for_good_and_its_cases_are_told() -> None:
    held = frame("id node stock_t low holder country", ("s", "user", 10.0, 4.0, "the state", "USA"))
    (stock,) = cn.find(pit(stocks=held), STOP).advice
    assert (stock.verb, stock.avoids_tpa, stock.left_tpa, stock.closes) == ("Release", pytest.approx(10.0), 0.0, False)
    assert dict(stock.cases) == {"stocks at their low values": pytest.approx(6.0)}


def test_without_any_scenario_the_bottleneck_stops() -> None:
    found = cn.find(two_tier())
    assert found.scenario is not None
    assert found.scenario.name == "bottleneck_stops"


def test_the_record_is_plain_and_holds_what_it_must(mag9: cn.Network) -> None:
    told = json.loads(json.dumps(cn.find(mag9).to_dict(), allow_nan=False))
    assert [key for key in TOP if key not in told] == []
    assert set(told["shortfall"]) >= {"first_year", "later", "already_share", "class", "certain", "decides"}
    ends = {f"first_month_{end}_stocks" for end in ("low", "high")}
    assert set(told["when"]) == {"first_month", "survive_months", "worst_month", "back_month", *ends}
    assert set(told["bottleneck"]) >= {"step", "country", "share_made", "lost_tpa", "ties"}
    assert len(told["sentences"]) == 4
    assert all(set(one) >= {"level", "share", "first_share", "last_share"} for one in told["levels"])
    assert all(set(one) >= {"kind", "id", "variant", "does", "then"} for one in told["depends_on"])


@pytest.mark.slow
def test_an_assessment_holds_the_finding_of_the_worst(mag9: cn.Network, china_out: cn.Scenario) -> None:
    found = cn.assess(mag9, months=12, draws=0)
    assert found.worst == "china_out"
    alone = cn.find(mag9)
    (told,) = (one.to_dict() for one in found.findings)  # no rule is in force
    months = dict.fromkeys(["when", "horizon", "months"])
    assert told | months == alone.to_dict() | months
    # only what is asked is looked through, and a list of none leaves the stop of the bottleneck
    other = cn.Scenario("small", [{"kind": "scale", "nodes": ["H_CN"], "share": 0.9}])
    assert cn.assess(mag9, [other], months=12, draws=0).worst == "small"


@pytest.mark.long
def test_from_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def chainnet(*words: str) -> None:
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code

    chainnet("find", "mag-9", "--scenario", "china_out", "--tier", "industrial", "--format", "json")
    told = json.loads(capsys.readouterr().out)
    assert told == cn.find(cn.read("mag-9"), "china_out", "industrial").to_dict()
    chainnet("find", "mag-9", "--tier", "industrial")
    out = capsys.readouterr().out
    assert told["title"].replace("\xa0", " ") in out.replace("\xa0", " ")
    assert "new suppliers" in out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"tier": "nobody"}, "tier"),
        ({"scenario": "no_such"}, "no_such"),
        ({"order": "nobody"}, "order"),
    ],
)
def test_bad_input_is_named(mag9: cn.Network, asked: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        cn.find(mag9, **asked)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no demand table"):
        cn.find(line())


def test_the_record_keeps_its_schema(industry: cn.Finding, mag9: cn.Network) -> None:
    schema = cn.Finding.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    told = jsonschema.Draft202012Validator(schema)
    whole, brief = (json.loads(json.dumps(industry.to_dict(brief=one))) for one in (False, True))
    assert sorted(schema["properties"]) == sorted(whole)
    assert list(told.iter_errors(whole)) == list(told.iter_errors(brief)) == []
    assert set(schema["required"]) == set(brief)
    for name, wrong in (("tier", 3), ("demand_tpa", -1.0), ("sentences", ["one"]), ("shortfall", {})):
        assert list(told.iter_errors(whole | {name: wrong})), name
    assert list(told.iter_errors({k: v for k, v in whole.items() if k != "title"}))
    without = cn.find(mag9, cn.Scenario("nothing")).to_dict()  # of whom nothing is short
    assert list(told.iter_errors(json.loads(json.dumps(without)))) == []


@pytest.mark.parametrize(("stated", "title"), [(10.0, "month 11"), (14.0, "year 2")])
def test_what_the_time_rests_on_in_store_is_said(stated: float, title: str) -> None:
    """A tonne is drawn each month once the mine is out: 4 t last for four months, 10 t for ten, 30 t for thirty."""
    stocks = frame("id node stock_t low high country", ("pile", "user", stated, 4.0, 30.0, "USA"))
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("mine", "mine", "CHN", 12.0), ("user", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("mine", "user", 12.0)),
        demand=frame("node tier demand_tpa", ("user", "defence", 12.0)),
        stocks=stocks,
        beneficiaries=["USA"],
    )
    out = cn.Scenario("out", [{"kind": "remove", "nodes": ["mine"]}])
    found = cn.find(net, out)
    assert f"from {title}" in found.title
    assert found.stock_ends == {"first_month_low_stocks": 5.0, "first_month_high_stocks": 31.0}
    assert "from month 5 with all of them at the low end of their ranges, from year 3 at the high end" in (
        found.stocks_sentence
    )
    known = cn.find(net.with_table("stocks", stocks.assign(low=stated, high=None)), out)
    assert known.stocks_sentence == ""
    assert set(known.stock_ends.values()) == {known.first_month}


def test_what_another_process_knows_is_not_solved_again(mag9: cn.Network, monkeypatch: pytest.MonkeyPatch) -> None:
    out = cn.scenarios(mag9)["china_out"]
    here, there = (pickle.loads(pickle.dumps(Answers(Counting(mag9), asked={}))) for _ in range(2))
    due = there.due(out)["due_tpa"].to_dict()
    both = here.with_known(there)

    def refuse(*_given: object, **_more: object) -> None:
        raise AssertionError("solved again")

    monkeypatch.setattr("chainnet.assessment._answers.short_by_tier", refuse)
    assert both.due(out)["due_tpa"].to_dict() == due
    assert any(due.values())
    with pytest.raises(AssertionError, match="solved again"):
        here.due(out)


def test_the_chance_of_a_finding_is_asked_as_events_are_valued() -> None:
    """Nine of 20 t/yr are left: four go to weapons first, so cars lack half of ten; if cars came first, a tenth."""
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            *(("pit", "mine", "CHN", 20.0), ("own", "mine", "USA", 9.0)),
            *(("user", "end_use", "USA", None), ("cars", "end_use", "USA", None)),
        ),
        edges=frame(
            "source target flow_tpa",
            *(("pit", "user", 2.0), ("pit", "cars", 5.0), ("own", "user", 2.0), ("own", "cars", 5.0)),
        ),
        demand=frame("node tier demand_tpa", ("user", "defence", 4.0), ("cars", "civilian", 10.0)),
        beneficiaries=["USA"],
    )
    found = cn.find(net, STOP, "civilian")
    assert found.later["share"] == pytest.approx(0.5)
    case = Case(found.answers.counting, (STOP,), (), 12, None, None, 0)
    assert _if_served_first(case, found) == pytest.approx(0.1)
