"""What every result bears: provenance, the unit and standing of each number, how well what binds it is known."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.network import QUALITIES
from chainnet.results import (
    BOUNDED,
    CHECKED,
    FROM_INPUTS,
    SAMPLED,
    SIMULATED,
    STEADY,
    Ends,
    Ranking,
    Result,
    ends_of,
    ends_table,
    figure_of,
    handed,
    inputs_words,
    is_assessed,
    limiting_inputs,
    package_version,
    provenance,
    rest_of,
    rests_words,
    stamp,
    weakest,
)


@pytest.fixture(scope="module")
def net() -> cn.Network:
    return cn.read("mag-9")


@pytest.fixture(scope="module")
def out(net: cn.Network) -> cn.Scenario:
    return cn.scenarios(net)["china_out"]


def chain(**more: Any) -> cn.Network:
    """A mine of 10 (reported), a plant that takes 8 over an edge (inferred), one user of 9 (assumed)."""
    return cn.Network(
        nodes=frame(
            "id stage capacity_tpa quality reference",
            ("mine", "mine", 10.0, "reported", "a"),
            ("plant", "refiner", 20.0, "estimated", "a;b"),
            ("user", "end_use", None, None, None),
        ),
        edges=frame(
            "source target capacity_tpa quality reference",
            ("mine", "plant", 8.0, "inferred", "c"),
            ("plant", "user", 30.0, "reported", "a"),
        ),
        demand=frame("node demand_tpa quality reference", ("user", 9.0, "assumed", "d")),
        **more,
    )


def answers(net: cn.Network, out: cn.Scenario) -> dict[str, Any]:
    return {
        "max_flow": cn.max_flow(net),
        "balance": cn.balance(net, out),
        "chokepoints": cn.chokepoints(net),
        "interdict": cn.interdict(net, 2, details=True),
        "shapley": cn.shapley(net),
        "stress": cn.stress_test(net, out, months=6),
        "reroute": cn.reroute(net, out, horizon=(2026, 2028)),
        "portfolio": cn.portfolio(net, out, budget_musd=130),
        "exposure": cn.risk_exposure(net, recovery=1),
        "stock": cn.stockpile_requirement(net, out, months=6),
        "concentration": cn.concentration(net),
        "overcapacity": cn.overcapacity(net, out),
        "ensemble": cn.ensemble(net, out, draws=4),
        "sensitivity": cn.sensitivity(net, out),
        "cascade": cn.cascade(net, ["H_CN"]),
        "floor": cn.price_floor(net, {"magnet": 60000.0}),
    }


def test_every_number_of_every_answer_bears_unit_status_and_what_it_rests_on(net: cn.Network, out: cn.Scenario) -> None:
    for name, answer in answers(net, out).items():
        book = cn.codebook(answer)
        tables = answer.tables() if hasattr(answer, "tables") else {"": answer}
        for key, table in tables.items():
            numbers = [
                c
                for c in table.columns
                if pd.api.types.is_numeric_dtype(table[c]) and not pd.api.types.is_bool_dtype(table[c])
            ]
            assert book.loc[book["table"] == key, "column"].tolist() == [str(c) for c in numbers], (name, key)
        known = book["column"].str.contains(r"_(?:tpa|t|usd|musd|share)$|_usd_per_t$")
        assert (book.loc[known, "unit"] != "").all(), name
        assert set(book["status"]) <= {CHECKED, BOUNDED, SAMPLED, SIMULATED, FROM_INPUTS}, name
        assert not book["range_kind"].isna().any(), name


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("lost_tpa", "t/yr"),
        ("stock_t", "t"),
        ("price_usd_per_t", "USD/t"),
        ("holding_usd_per_t_a", "USD per t and year"),
        ("capex_musd", "million USD"),
        ("n_nodes", "count"),
        ("shortfall_share", "share, 0 to 1"),
        ("time_to_survive", "months"),
        ("served_t_per_t", "t per t"),
    ],
)
def test_units_are_read_from_names(net: cn.Network, column: str, unit: str) -> None:
    table = stamp(pd.DataFrame({column: [1.0]}), provenance(net, "none"))
    assert table.attrs["columns"][column]["unit"] == unit


def test_tonnes_of_a_steady_state_are_a_years(net: cn.Network, out: cn.Scenario) -> None:
    book = cn.codebook(cn.reroute(net, out)).set_index(["table", "column"])
    assert book.loc[("projects", "shapley_t"), "unit"] == "t/yr"
    # but no price is tonnes, though its name ends so
    prices = cn.codebook(cn.balance(net, out)).set_index(["table", "column"])["unit"]
    assert prices["prices"][["usd_per_t", "served_t_per_t", "from_t"]].tolist() == ["USD/t", "t per t", "t/yr"]


def test_status_is_that_of_the_method(net: cn.Network, out: cn.Scenario) -> None:
    found = answers(net, out)

    def status(name: str, column: str) -> str:
        book = cn.codebook(found[name])
        return str(book.loc[book["column"] == column, "status"].iloc[0])

    assert status("chokepoints", "lost_tpa") == CHECKED
    assert status("ensemble", "p90") == SAMPLED
    assert status("cascade", "lost_tpa") == SIMULATED
    assert status("concentration", "hhi") == FROM_INPUTS
    assert status("balance", "demand_tpa") == FROM_INPUTS  # an input, in a table that is proved
    assert status("reroute", "shapley_t") == CHECKED


def test_sampled_shares_say_so() -> None:
    found = cn.shapley(cn.read("rare-earths"), by="country", permutations=2)
    assert found.attrs["columns"]["shapley_tpa"]["status"] == SAMPLED
    assert found.attrs["columns"]["lost_tpa"]["status"] == CHECKED


def test_a_range_names_its_columns_and_kind(net: cn.Network) -> None:
    source = provenance(net, "none")
    table = pd.DataFrame(columns=["shortfall_tpa", "shortfall_low_tpa", "shortfall_high_tpa", "other_tpa"], dtype=float)
    said = stamp(table, source).attrs["columns"]
    assert said["shortfall_tpa"]["range_kind"] == "corner cases"
    assert (said["shortfall_tpa"]["low"], said["shortfall_tpa"]["high"]) == ("shortfall_low_tpa", "shortfall_high_tpa")
    assert said["other_tpa"]["range_kind"] == "not assessed"
    assert "low" not in said["other_tpa"]
    drawn = cn.codebook(cn.ensemble(net, draws=4)).set_index(["table", "column"])
    assert drawn.loc[("summary", "given"), ["range_kind", "low", "high"]].tolist() == ["P10-P90", "p10", "p90"]


def test_ties_are_named_and_zeros_do_not_tie() -> None:
    twins = cn.Network(
        nodes=frame(
            "id stage capacity_tpa",
            *((f"m{i}", "mine", 5.0) for i in range(3)),
            ("idle", "mine", 0.0),
            ("none", "mine", 0.0),
            ("user", "end_use", None),
        ),
        edges=frame("source target", *((f"m{i}", "user") for i in range(3)), ("idle", "user"), ("none", "user")),
        demand=frame("node demand_tpa", ("user", 15.0)),
    )
    table = cn.chokepoints(twins)
    assert table.attrs["columns"]["lost_tpa"]["tied_with"] == {"m0": 2, "m1": 2, "m2": 2}
    assert cn.codebook(table).set_index("column").loc["lost_tpa", "tied_with"] == 2


# -- what it rests on -------------------------------------------------------------------------------


def test_the_quality_is_that_of_the_weakest_input_that_binds() -> None:
    short = cn.balance(chain())  # the edge of 8 binds, not the demand of 9
    assert short.limiting[["kind", "id", "quality", "price"]].to_numpy().tolist() == [
        ["edge", "mine -> plant", "inferred", 1.0]
    ]
    assert short.provenance["rests_on"] == {"quality": "inferred", "n_weakest": 1, "n_limiting": 1, "references": ["c"]}
    whole = cn.balance(chain().with_demand(chain().demand.assign(demand_tpa=7.0)))
    assert whole.provenance["rests_on"] == {"quality": "assumed", "n_weakest": 1, "n_limiting": 1, "references": ["d"]}


def test_of_several_cuts_the_union_is_counted() -> None:
    net = chain().with_demand(chain().demand.assign(demand_tpa=8.0))  # edge and demand bind alike
    rest = cn.max_flow(net).provenance["rests_on"]
    assert rest == {"quality": "assumed", "n_weakest": 1, "n_limiting": 2, "references": ["c", "d"]}


def test_pure_flows_and_programs_rest_on_the_same() -> None:
    net = chain()
    plain = cn.chokepoints(net).attrs["provenance"]
    program = cn.chokepoints(
        net, scenario=cn.Scenario("nothing", [{"kind": "scale", "nodes": ["plant"], "share": 0.9}])
    )
    assert plain["solver"] != program.attrs["provenance"]["solver"]
    assert plain["rests_on"] == program.attrs["provenance"]["rests_on"]


def test_what_a_measure_sets_is_given_and_no_datum() -> None:
    cut = frame(
        "kind source target id commodity tier capacity_tpa price",
        ("restriction", None, None, "measure 1", None, None, 1.0, 1.0),
    )
    found = limiting_inputs(chain(), cut)
    assert found["quality"].tolist() == ["given"]
    assert rest_of(found) == {"quality": "given", "n_weakest": 0, "n_limiting": 0, "references": []}


def test_of_parallel_rows_the_weakest_counts() -> None:
    net = cn.Network(
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use")),
        edges=frame("source target capacity_tpa quality", ("m", "u", 3.0, "assumed"), ("m", "u", 4.0, "reported")),
        demand=frame("node demand_tpa quality", ("u", 9.0, "reported")),
    )
    assert cn.balance(net).provenance["rests_on"]["quality"] == "assumed"


def test_a_cut_that_names_the_end_use_alone_bears_the_quality_of_its_demand() -> None:
    rows = [("demand", "user", None), ("demand", "stranger", None), ("edge", None, None), ("node", "plant", None)]
    cut = frame("kind id commodity", *rows).assign(
        source=[None, None, "mine", None],
        target=[None, None, "plant", None],
        capacity_tpa=[9.0, 1.0, 8.0, 20.0],
        price=1.0,
    )
    net = chain().with_demand(chain().demand.assign(tier="defence"))
    found = limiting_inputs(net, cut).set_index("id")
    assert found.index.tolist() == ["stranger", "user", "mine -> plant", "plant"], "the weakest first"
    assert found["quality"].to_dict() == {
        "stranger": "not stated", "user": "assumed", "mine -> plant": "inferred", "plant": "estimated"
    }  # fmt: skip
    assert found["reference"].tolist()[1:] == ["d", "c", "a;b"]
    assert found["capacity_tpa"].tolist() == [1.0, 9.0, 8.0, 20.0]
    rest = rest_of(limiting_inputs(net, cut.drop(index=1)))
    assert rest == {"quality": "assumed", "n_weakest": 1, "n_limiting": 3, "references": ["a", "b", "c", "d"]}


def test_a_codebook_names_the_sources_of_what_binds() -> None:
    net = chain().with_demand(chain().demand.assign(demand_tpa=8.0))  # edge (c) and demand (d) bind alike
    assert set(cn.codebook(cn.max_flow(net))["reference"]) == {"c; d"}


def test_a_result_draws_itself_through_the_package_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("chainnet.drawing.plot", lambda result, **asked: seen.append((result, asked)) or "figure")
    table = pd.DataFrame({"a": [1.0]})
    assert figure_of(table, title="one") == "figure"
    assert seen[0][0] is table
    assert seen[0][1] == {"title": "one"}


def test_what_is_handed_out_shows_what_it_holds() -> None:
    held = handed(MappingProxyType({"a": [1.0]}))
    assert repr(held) == "mappingproxy({'a': [1.0]})"
    held["a"].append(2.0)
    assert (dict(held), len(held)) == ({"a": [1.0]}, 1), "a copy was changed, not what is held"


def test_inputs_without_a_quality_are_said_to_have_none() -> None:
    net = cn.Network.from_edges(frame("source target capacity_tpa", ("a", "b", 3.0)))
    assert cn.max_flow(net).provenance["rests_on"]["quality"] == "not stated"
    assert rest_of(None)["quality"] == "not assessed"
    assert weakest(["reported", None, "estimated"]) == "estimated"
    assert weakest([None]) == "not stated"


@pytest.mark.parametrize(
    ("quality", "n", "of", "words"),
    [
        ("assumed", 2, 12, "rests on assumed inputs (2 of the 12 that bind)"),
        ("estimated", 1, 3, "rests on an estimated input (1 of the 3 that bind)"),
        ("reported", 4, 4, "rests on reported inputs (all 4 that bind)"),
        ("reported", 1, 1, "rests on a reported input (the only one that binds)"),
        ("not stated", 2, 3, "rests on inputs of no stated quality (2 of the 3 that bind)"),
        ("given", 0, 0, "rests on what the scenario sets alone"),
        ("not assessed", 0, 0, "what it rests on: not assessed"),
    ],
)
def test_what_an_answer_rests_on_is_said_in_words(quality: str, n: int, of: int, words: str) -> None:
    rest = {"quality": quality, "n_weakest": n, "n_limiting": of, "references": []}
    assert rests_words(rest) == words
    assert inputs_words(rest) in words


def test_prices_of_what_binds_are_tonnes_served_per_tonne(net: cn.Network, out: cn.Scenario) -> None:
    """One more tonne of the dysprosium that binds gives fifty of magnets, in the first tier alone."""
    found = cn.balance(net, out).limiting.set_index("id")
    more = net.with_table(
        "nodes", net.nodes.assign(capacity_tpa=net.nodes["capacity_tpa"].where(net.nodes["id"] != "H_BR", 0.2001))
    )
    gain = cn.balance(more, out).by_tier()["served_tpa"].sum() - cn.balance(net, out).by_tier()["served_tpa"].sum()
    assert found.loc["H_BR", "price"] == pytest.approx(gain / 1e-4, rel=1e-6)


def test_every_scenario_of_a_stress_test_rests_on_its_own_inputs(net: cn.Network) -> None:
    found = cn.stress_test(net, months=6)
    said = found.summary.attrs["rests_on"]
    assert set(said) == {"baseline", *cn.scenarios(net)}
    for name, scenario in cn.scenarios(net).items():
        assert said[name] == cn.balance(net, scenario).provenance["rests_on"]


def test_it_survives_a_worker(net: cn.Network) -> None:
    with ProcessPoolExecutor(1) as pool:
        found = pool.submit(cn.chokepoints, net).result()
    assert found.attrs == cn.chokepoints(net).attrs


@dataclass(frozen=True, repr=False, eq=False)
class Holder(Result):
    """A result that holds one of each kind."""

    table: pd.DataFrame
    series: pd.Series
    words: dict[str, list[str]]
    by_name: Mapping[str, pd.DataFrame]
    array: np.ndarray
    ties: tuple[list[str], ...]


def holder() -> Holder:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    table.attrs["provenance"] = {"digest": "d", "settings": {"tiers": ["one"]}}
    frames = MappingProxyType({"node": table.copy()})
    return Holder(table.attrs["provenance"], table, table["a"].copy(), {"k": ["v"]}, frames, np.ones(2), (["a"], ["b"]))


def wear(held: Holder) -> None:
    """Change whatever can be got hold of."""
    for table in (held.table, held.by_name["node"], *held.tables().values(), *held.by_name.values()):
        table.loc[0, "a"] = 9.0
        table["a"].array[:] = 9.0
        del table["b"]
        table.attrs["provenance"]["settings"]["tiers"].append("two")
    series = held.series
    series.iloc[0] = 9.0
    series.array[1] = 9.0
    held.words["k"].append("w")
    held.words["l"] = []
    held.ties[0].append("c")
    held.provenance["digest"] = "x"
    held.provenance["settings"]["tiers"].append("two")
    held.provenance.clear()


def test_nothing_that_is_read_of_a_result_writes_through() -> None:
    held, whole = holder(), holder()
    wear(held)
    pd.testing.assert_frame_equal(held.table, whole.table)
    pd.testing.assert_frame_equal(held.by_name["node"], whole.by_name["node"])
    pd.testing.assert_series_equal(held.series, whole.series)
    assert (held.words, held.ties, held.provenance) == (whole.words, whole.ties, whole.provenance)
    assert held.table.attrs == whole.table.attrs
    assert isinstance(held.provenance, dict)
    with pytest.raises(ValueError, match="read-only"):
        held.array[0] = 9.0
    with pytest.raises(TypeError):
        held.by_name["other"] = held.table  # type: ignore[index]
    with pytest.raises(AttributeError):
        held.table = held.table  # type: ignore[misc]
    assert list(held.by_name) == ["node"]
    assert replace(held, words={}).table.equals(whole.table)
    again = pickle.loads(pickle.dumps(replace(held, by_name={})))
    assert again.table.equals(whole.table)


def test_answers_stay_as_they_were_solved(net: cn.Network, out: cn.Scenario) -> None:
    found = cn.balance(net, out)
    shown, digest = found.demand, found.provenance["digest"]
    shown["served_tpa"].array[:] = 0.0
    found.provenance["digest"] = "forged"
    assert found.demand["served_tpa"].sum() == pytest.approx(10.0)
    assert found.provenance["digest"] == found.demand.attrs["provenance"]["digest"] == digest
    months = cn.stress_test(net, out, months=2)
    moved = months.flows["flow_t"].sum()
    keys = months.by_month["china_out"].keys
    keys["source"] = "x"
    with pytest.raises(ValueError, match="read-only"):
        months.by_month["china_out"].edge_t[:] = 0.0
    months.by_month.clear()
    assert cn.stress_test(net, out, months=2).flows["flow_t"].sum() == moved == months.flows["flow_t"].sum()


def test_what_was_asked_does_not_change_with_the_callers_list(net: cn.Network) -> None:
    asked = {"tiers": ["one"]}
    source = provenance(net, "none", asked=asked)
    asked["tiers"].append("two")
    assert source["settings"]["asked"] == {"tiers": ["one"]}


def test_words_that_are_all_blank_are_no_numbers(net: cn.Network) -> None:
    flow = cn.max_flow(net)
    assert flow.cut["source"].isna().all()  # no edge limits it
    book = cn.codebook(flow)
    assert book.loc[book["table"] == "cut", "column"].tolist() == ["capacity_tpa", "price"]


def test_codebook_refuses_what_is_no_answer() -> None:
    for wrong in (pd.DataFrame({"a": [1.0]}), 3, None):
        with pytest.raises(cn.DataError, match="codebook: a "):
            cn.codebook(wrong)


@pytest.mark.slow
def test_two_solvers_name_the_same_binding_inputs() -> None:
    """On random pure flows with one minimum cut, the cut of the kernel and the duals of the program agree."""
    agreed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = [
            (f"a{i}", f"b{j}", float(rng.uniform(1, 9)), rng.choice(["reported", "assumed"]))
            for i in range(4)
            for j in range(4)
            if rng.random() < 0.6
        ]
        if not rows:
            continue
        ids = sorted({r[0] for r in rows} | {r[1] for r in rows})
        net = cn.Network(
            nodes=frame(
                "id stage capacity_tpa quality",
                *(
                    (
                        i,
                        "mine" if i[0] == "a" else "end_use",
                        float(rng.uniform(1, 9)) if i[0] == "a" else None,
                        "estimated",
                    )
                    for i in ids
                ),
            ),
            edges=frame("source target capacity_tpa quality", *rows),
            demand=frame(
                "node demand_tpa quality", *((i, float(rng.uniform(1, 9)), "inferred") for i in ids if i[0] == "b")
            ),
        )
        flow = cn.max_flow(net)
        if not flow.is_unique:
            continue
        assert cn.balance(net).provenance["rests_on"] == flow.provenance["rests_on"]
        agreed += 1
    assert agreed >= 5


def test_what_an_answer_rests_on_is_worked_out_when_it_is_read_and_once(net: cn.Network) -> None:
    asked: list[int] = []

    def binds() -> pd.DataFrame:
        asked.append(1)
        return limiting_inputs(net, cn.max_flow(net).cut)

    source = provenance(net, "solver", rests_on=binds, k=[1, 2])
    copied, more = source.copy(), source | {"verified": "no"}
    table = stamp(pd.DataFrame({"lost_tpa": [1.0, 2.0]}), source)
    part = table.head(1).assign(other=1.0)  # pandas copies attrs, to the last level
    assert (source["solver"], source.get("status"), source.get("nothing", 5), len(source)) == ("solver", CHECKED, 5, 7)
    assert asked == []
    known = [found["rests_on"]["quality"] for found in (part.attrs["provenance"], copied, more, source, source)]
    assert len(set(known)) == 1
    assert known[0] in QUALITIES
    assert asked == [1]


def test_a_provenance_is_a_dict_to_everybody(net: cn.Network) -> None:
    source = provenance(net, "solver", rests_on=lambda: limiting_inputs(net, cn.max_flow(net).cut), k=[1, 2])
    plain = dict(source)
    assert type(plain) is dict
    assert plain["digest"] == net.digest
    assert plain["rests_on"] == source["rests_on"] == dict(source.items())["rests_on"] == {**source}["rests_on"]
    assert list(source.values()) == list(plain.values())
    assert json.loads(json.dumps(source)) == plain == source
    assert repr(source) == repr(plain)
    assert source.copy() == source
    assert source != plain | {"k": 3}
    back = pickle.loads(pickle.dumps(source))
    assert (type(back), back) == (dict, plain)
    assert source.copy().pop("digest") == net.digest
    assert source.copy().pop("nothing", 7) == 7
    source["settings"]["k"].append(3)
    source["rests_on"]["references"].append("nobody")
    assert "nobody" not in source["rests_on"]["references"]


def test_no_table_says_minus_nothing(net: cn.Network) -> None:
    rows = pd.DataFrame({"shortfall_tpa": [-0.0, 1.0, np.nan], "label": ["a", "b", "c"], "n_rows": [0, 1, 2]})
    said = stamp(rows, cn.balance(net).provenance)
    assert said is rows
    assert not np.signbit(said["shortfall_tpa"].iloc[0])
    assert said["shortfall_tpa"].tolist()[:2] == [0.0, 1.0]


# -- how it shows itself ----------------------------------------------------------------------------


@dataclass(frozen=True, repr=False, eq=False)
class Shown(Result):
    """Two tables and two figures."""

    parts: pd.DataFrame
    value_tpa: float
    n: int
    rest: pd.DataFrame
    word: str = "no figure"
    sentence: str = ""


def shown(net: cn.Network, sentence: str = "") -> Shown:
    parts = pd.DataFrame({"a<b": [1.5, None]}, index=["x", "y"])
    rest = pd.DataFrame({"c": range(23)})
    return Shown(provenance(net, "none"), parts, 12345.678, 3, rest, sentence=sentence)


def test_a_result_says_its_figures_and_how_long_its_tables_are(net: cn.Network) -> None:
    found = shown(net)
    assert found.numbers() == {"value_tpa": 12345.678, "n": 3}
    assert list(found.tables()) == ["parts", "rest"]
    assert repr(found) == "<Shown of mag-9: value_tpa=12,345.7, n=3, parts[2], rest[23]>"


def test_a_result_in_a_notebook_is_escaped_and_cut(net: cn.Network) -> None:
    page = shown(net, "1 < 2")._repr_html_()
    assert page.startswith("<p>1 &lt; 2</p><p><b>value_tpa</b> 12,345.7</p><p><b>n</b> 3</p><h4>parts</h4><table")
    assert "<th>a&lt;b</th>" in page
    assert "<td>-</td>" in page, "a blank cell"
    assert page.endswith("<p>... and 3 more rows</p>")
    assert page.count("more rows") == 1
    assert shown(net)._repr_html_().startswith("<p><b>value_tpa</b>")


# -- allies first, allies last ----------------------------------------------------------------------


def test_what_is_short_at_either_end_by_hand(net: cn.Network) -> None:
    demand = pd.Series({"defence": 8.0, "civilian": 40.0, None: 10.0})
    after, before = (pd.Series(v, index=demand.index) for v in ([2.0, 1e-9, 0.0], [6.0, 30.0, 10.0]))
    table = ends_table(demand, after, before, provenance(net, "none"), has_others=True)
    assert table["demand_tpa"].tolist() == [8.0, 40.0, 10.0]
    assert table["shortfall_first_tpa"].tolist() == [2.0, 0.0, 0.0], "what no reader sees is zero"
    assert table["shortfall_last_tpa"].tolist() == [6.0, 30.0, 10.0]
    assert (table.attrs["has_others"], table.attrs["provenance"]["graph"]) == (True, "mag-9")
    ends = Ends.by_tier(table, "all")
    assert {tier: (e.after, e.before, e.demand, e.worst) for tier, e in ends.items()} == {
        "defence": (2.0, 6.0, 8.0, 6.0), "civilian": (0.0, 30.0, 40.0, 30.0), "all": (0.0, 10.0, 10.0, 10.0)
    }  # fmt: skip
    assert Ends.of(table.assign(shortfall_first_tpa=[7.0, 0.0, 0.0])).worst == 46.0, "of all rows together"


def test_the_ends_of_a_stress_test_are_of_one_scenario_or_of_all(net: cn.Network) -> None:
    index = pd.MultiIndex.from_tuples([("stop", "defence"), ("stop", "civilian"), ("quota", "defence")])
    summary = pd.DataFrame({"demand_tpa": [8.0, 40.0, 8.0], "shortfall_tpa": [2.0, 9.0, 1.0],
                            "shortfall_last_tpa": [6.0, 30.0, 3.0]}, index=index)  # fmt: skip
    summary = stamp(summary, provenance(net, "none"), facts={"has_others": True})
    whole, one = ends_of(summary), ends_of(summary, "stop")
    assert whole.index.tolist() == index.tolist()
    assert one["shortfall_first_tpa"].to_dict() == {"defence": 2.0, "civilian": 9.0}, "the answer itself is that end"
    assert one["shortfall_last_tpa"].to_dict() == {"defence": 6.0, "civilian": 30.0}
    assert one.attrs["has_others"] is whole.attrs["has_others"] is True
    both = ends_of(summary.assign(shortfall_first_tpa=[0.5, 4.0, 0.0]), "stop")
    assert both["shortfall_first_tpa"].tolist() == [0.5, 4.0]
    del summary.attrs["has_others"]
    assert ends_of(summary).attrs["has_others"] is False


# -- what a column is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "column", "said"),
    [
        (["given", "p10", "p90"], "given", ("P10-P90", "p10", "p90")),
        (["mean", "p10", "p90"], "mean", ("P10-P90", "p10", "p90")),
        (["p50", "p10"], "p50", ("not assessed", "", "")),
        (["served_t_per_t", "served_low", "served_high"], "served_t_per_t",
         ("a tonne more, a tonne less", "served_low", "served_high")),
        (["served_t_per_t"], "served_t_per_t", ("not assessed", "", "")),
        (["lost_tpa", "lost_low_tpa", "lost_high_tpa"], "lost_tpa", ("corner cases", "lost_low_tpa", "lost_high_tpa")),
        (["lost_tpa", "lost_low_tpa"], "lost_tpa", ("not assessed", "", "")),
    ],
)  # fmt: skip
def test_a_column_finds_the_ends_of_its_range(net: cn.Network, columns: list[str], column: str, said: Any) -> None:
    table = stamp(pd.DataFrame(1.0, index=[0], columns=columns), provenance(net, "none"))
    row = cn.codebook(table).set_index("column").loc[column, ["range_kind", "low", "high"]].fillna("")
    assert tuple(row) == said


@pytest.mark.parametrize(
    ("column", "unit"),
    [("n_plants", "count"), ("months_short", "count"), ("in_months", "months"), ("plants", ""), ("cost_usd_per_t", "USD/t"),
     ("gap", "relative"), ("first_month", "month, from 1"), ("a_t", "t")],
)  # fmt: skip
def test_the_longest_end_of_a_name_says_the_unit(net: cn.Network, column: str, unit: str) -> None:
    table = stamp(pd.DataFrame({column: [1.0]}), provenance(net, "none"))
    assert cn.codebook(table)["unit"].tolist() == [unit]


def test_ties_are_named_row_by_row_and_negative_zeros_go(net: cn.Network) -> None:
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)])
    values = [0.004, 0.004 * (1 + 1e-12), 0.003, -0.0, 0.0]
    table = stamp(pd.DataFrame({"x_share": values}, index=index), provenance(net, "none"), ranked="x_share")
    assert table.attrs["columns"]["x_share"]["tied_with"] == {"a > 1": 1, "b > 2": 1}
    assert not np.signbit(table["x_share"]).any()
    nothing = stamp(pd.DataFrame({"x_share": [0.0, 0.0]}), provenance(net, "none"), ranked="x_share")
    assert nothing.attrs["columns"]["x_share"]["tied_with"] == {}


def test_a_provenance_is_got_worked_out_and_equals_only_what_says_the_same(net: cn.Network) -> None:
    one, other = provenance(net, "solver", k=1), provenance(net, "solver", k=2)
    assert one.get("digest") == net.digest
    assert one == provenance(net, "solver", k=1) == one.plain()
    assert one != other
    assert one != "solver"


def test_a_chain_without_any_stated_quality_beside_a_known_one_rests_on_none_stated() -> None:
    rows = pd.DataFrame({"quality": ["assumed", "not stated", "given"], "reference": ["a", None, "b"]})
    assert rest_of(rows) == {"quality": "not stated", "n_weakest": 1, "n_limiting": 2, "references": ["a"]}
    assert inputs_words(rest_of(rows)) == "an input of no stated quality (1 of the 2 that bind)"


# -- the inputs that bind, and what holds them ------------------------------------------------------


def test_inputs_that_bind_are_looked_up_by_hand_the_weakest_first() -> None:
    small = cn.Network(
        nodes=frame("id label stage capacity_tpa low high quality reference", ("m", "Mine", "mine", 9.0, 8.0, 10.0, "reported", "k1"),
                    ("n", None, "mine", 9.0, None, None, None, None), ("u", "User", "end_use", None, None, None, None, None),
                    ("v", "Other", "end_use", None, None, None, None, None)),
        edges=frame("source target commodity flow_tpa capacity_tpa low high quality reference",
                    ("m", "u", "ore", 4.0, 5.0, 4.0, 6.0, "estimated", "k2"), ("n", "u", "ore", 1.0, None, None, None, None, None),
                    ("m", "v", "ore", 2.0, None, None, None, None, None)),
        demand=frame("node commodity tier demand_tpa low high quality reference", ("u", "ore", "defence", 4.0, 3.0, 5.0, "inferred", "k3"),
                     ("u", "ore", "civilian", 4.0, 3.5, 5.5, "assumed", "k4"), ("v", "ore", "civilian", 2.0, None, None, "assumed", "k4")),
        references=frame("key title", *((f"k{n}", f"Source {n}") for n in range(1, 5))),
    )  # fmt: skip
    cut = frame(
        "kind source target id commodity tier capacity_tpa price",
        ("restriction", None, None, "quota", "ore", None, 3.0, 1.0),
        ("node", None, None, "m", None, None, 9.0, 0.5),
        ("edge", "m", "u", None, "ore", None, 5.0, 0.25),
        ("node", None, None, "n", None, None, 9.0, 0.75),
        ("demand", None, None, "u", "ore", "defence", 4.0, 1.0),
        ("demand", None, None, "u", None, None, 8.0, 1.0),
        ("node", None, None, "m", None, None, 9.0, 0.1),  # named a second time
        ("node", None, None, "gone", None, None, 9.0, 0.1),
    )  # fmt: skip
    told = limiting_inputs(small, cut).astype(object)
    told = told.where(told.notna(), None)
    assert told[["kind", "id", "label", "price", "low", "high", "quality", "reference"]].to_numpy().tolist() == [
        ["node", "gone", None, 0.1, None, None, "not stated", None],
        ["node", "n", None, 0.75, None, None, "not stated", None],
        ["demand", "u", "User", 1.0, 3.5, 5.5, "assumed", "k4"],  # that of its weakest row
        ["demand", "u", "User", 1.0, 3.0, 5.0, "inferred", "k3"],
        ["edge", "m -> u", None, 0.25, 4.0, 6.0, "estimated", "k2"],
        ["node", "m", "Mine", 0.5, 8.0, 10.0, "reported", "k1"],
        ["restriction", "quota", None, 1.0, None, None, "given", None],
    ]
    assert told["tier"].tolist() == [None, None, None, "defence", None, None, None]
    assert told["capacity_tpa"].tolist() == [9.0, 9.0, 8.0, 4.0, 5.0, 9.0, 3.0]
    rest = rest_of(limiting_inputs(small, cut))
    assert rest == {"quality": "not stated", "n_weakest": 2, "n_limiting": 6, "references": ["k1", "k2", "k3", "k4"]}
    known = limiting_inputs(small, cut.iloc[[0, 1, 2, 4]])
    assert rest_of(known) == {"quality": "inferred", "n_weakest": 1, "n_limiting": 3, "references": ["k1", "k2", "k3"]}
    assert rest_of(known.iloc[-1:]) == {"quality": "given", "n_weakest": 0, "n_limiting": 0, "references": []}
    none = {"quality": "not assessed", "n_weakest": 0, "n_limiting": 0, "references": []}
    assert rest_of(None) == rest_of(known.iloc[:0]) == none


def test_the_weakest_of_some_qualities_is_the_last_that_is_known() -> None:
    assert weakest(["reported", "inferred", "estimated", None, "good"]) == "inferred"
    assert weakest(["estimated", "reported"]) == "estimated"
    assert weakest([None, "good"]) == "not stated"


def test_what_is_rested_on_is_said_or_that_nobody_looked() -> None:
    rest = {"quality": "assumed", "n_weakest": 2, "n_limiting": 12, "references": []}
    assert (rests_words(rest), is_assessed(rest)) == ("rests on assumed inputs (2 of the 12 that bind)", True)
    nobody = {"quality": "not assessed", "n_weakest": 0, "n_limiting": 0}
    assert (rests_words(nobody), is_assessed(nobody)) == ("what it rests on: not assessed", False)
    assert rests_words({"quality": "given", "n_weakest": 0, "n_limiting": 0}) == "rests on what the scenario sets alone"


def test_a_provenance_works_out_what_waits_once_and_by_whatever_way_it_is_read(net: cn.Network) -> None:
    asked: list[int] = []

    def found() -> pd.DataFrame:
        asked.append(1)
        return pd.DataFrame({"quality": ["assumed"], "reference": ["k"]})

    source = provenance(net, "HiGHS", rests_on=found, tiers={"b"}, shares=(1, 2))
    copies = [source.copy(), copy(source), deepcopy(source), source | {"solver": "other"}]
    assert asked == [], "a copy waits as it does"
    assert source["settings"] == {"tiers": ["b"], "shares": [1, 2]}
    words = {"quality": "assumed", "n_weakest": 1, "n_limiting": 1, "references": ["k"]}
    assert [one["rests_on"] for one in copies] == [words] * 4
    assert asked == [1]
    assert [one["solver"] for one in copies] == ["HiGHS", "HiGHS", "HiGHS", "other"]
    assert dict(source.items())["rests_on"] == words
    assert words in source.values()
    assert source.get("gone", 7) == source.pop("gone", 7) == 7
    with pytest.raises(KeyError):
        source.pop("gone")
    again = pickle.loads(pickle.dumps(source))
    assert (type(again), again) == (dict, source.plain())
    assert repr(source) == repr(source.plain())
    source["rests_on"]["references"].append("more")
    assert source.pop("rests_on") == words, "who changes it changes his own"
    assert "rests_on" not in source
    assert source != copies[0]


def test_status_and_version_of_a_provenance(net: cn.Network) -> None:
    assert provenance(net, "none")["status"] == "from the inputs, not solved"
    assert provenance(net, "HiGHS")["status"] == "arithmetic checked"
    assert provenance(net, "none", status=SAMPLED)["status"] == "sampled"
    assert provenance(net, "none")["graph"] == "mag-9"
    assert package_version("no-such-package") == "unknown"
    assert provenance(net, "none")["version"] == package_version() == version("chainnet")


def test_what_is_handed_out_cannot_be_changed_at_any_level() -> None:
    held = {"list": [[1]], "tuple": ([2],), "table": pd.DataFrame({"a": [1]}), "array": np.array([3.0])}
    told = handed(MappingProxyType(held))
    told["list"][0].append(9)
    told["tuple"][0].append(9)
    mine = told["table"]
    mine["a"] = 9
    with pytest.raises(ValueError, match="read-only"):
        told["array"][0] = 9
    assert (held["list"], held["tuple"], held["array"].tolist()) == ([[1]], ([2],), [3.0])
    assert held["table"]["a"].tolist() == [1]
    held["array"][0] = 4.0
    assert (list(told), len(told)) == (list(held), 4)
    for plain in (copy(told), deepcopy(told), pickle.loads(pickle.dumps(told))):
        assert type(plain) is dict
        assert list(plain) == list(held)
    assert "'a': 1" in repr(handed(MappingProxyType({"a": 1})))


def test_a_ranking_says_its_finding_and_what_it_leaves_out(net: cn.Network) -> None:
    table = stamp(pd.DataFrame({"lost_tpa": [2.0, 1.0]}, index=["a", "b"]), provenance(net, "none"))
    ranking = Ranking.of(table, "A < B.", {"a": "Plant A"}, left_out_sentence="Ships are left out.")
    assert (ranking.sentence, ranking.names) == ("A < B.", {"a": "Plant A"})
    assert (ranking.left_out_sentence, len(ranking.left_out)) == ("Ships are left out.", 0)
    assert ranking.attrs["provenance"] is table.attrs["provenance"]
    page = ranking._repr_html_()
    assert page is not None
    assert page.startswith("<p>A &lt; B.</p><p>Ships are left out.</p><div>")
    bare = Ranking.of(table, "A.", {})._repr_html_()
    assert bare is not None
    assert bare.startswith("<p>A.</p><div>")
    assert type(ranking.head(1)) is pd.DataFrame
    assert isinstance(table, Ranking)
    assert not isinstance([], Ranking)


def test_status_and_unit_of_one_column_may_differ_from_the_whole(net: cn.Network) -> None:
    table = pd.DataFrame({"lost_t": [1.0], "demand_tpa": [2.0], "drawn_share": [0.5], "is_met": [True], "n": [1]})
    said = stamp(table, provenance(net, "HiGHS"), status={"drawn_share": SAMPLED}, units=STEADY).attrs["columns"]
    assert {name: (one["unit"], one["status"]) for name, one in said.items()} == {
        "lost_t": ("t/yr", CHECKED), "demand_tpa": ("t/yr", FROM_INPUTS), "drawn_share": ("share, 0 to 1", SAMPLED),
        "n": ("count", CHECKED),
    }  # fmt: skip


def test_ties_are_looked_for_in_the_first_two_hundred_rows_and_never_of_infinite_ones(net: cn.Network) -> None:
    def tied(values: list[float]) -> dict[str, int]:
        table = stamp(pd.DataFrame({"x_t": values}), provenance(net, "none"), ranked="x_t")
        return dict(table.attrs["columns"]["x_t"]["tied_with"])

    assert tied([3.0, -3.0, 3.0, 3.0, 1.0, 1.0, np.nan, np.nan]) == {"0": 2, "2": 2, "3": 2, "4": 1, "5": 1}
    assert tied([np.inf, np.inf, 1.0, 1.0]) == {}
    assert tied([float(n) for n in range(300, 101, -1)] + [1.0, 1.0]) == {}
    assert tied([float(n) for n in range(300, 102, -1)] + [1.0, 1.0]) == {"198": 1, "199": 1}
