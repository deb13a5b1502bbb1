"""What a verdict rests on: every row against the question asked anew, sets against brute force."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, two_tier
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.calibration import denser, slack_factors, thin_relations
from chainnet.doubt import KeyAssumptions
from chainnet.doubt._verdict import class_of
from chainnet.flow import Balance, Counting, balance_under
from chainnet.scenario import overlay_of

KINDS = {"order", "rerouting", "demand", "slack", "density"}
INPUTS = {"node", "process", "relation", "stock", "project", "input"}
LEVELS = ("existing", "new", "stocks", "projects")
WORST = {
    "mag-9": "china_out",
    "antimony": "china_export_stop",
    "gallium": "china_export_stop_all",
    "germanium": "china_export_stop_all",
    "graphite": "china_export_stop_all",
    "rare-earths": "china_export_stop_all",
    "tungsten": "china_export_stop_all",
}


# -- the same asked anew ------------------------------------------------------------------------------


def served(net: cn.Network, scenario: cn.Scenario | None, reroute: Any = "new", **given: Any) -> Balance:
    """The balance, without the prices that take most of its time."""
    return balance_under(Counting.of(net, **given), overlay_of(net, scenario), reroute)


def shorts(net: cn.Network, scenario: cn.Scenario | None, **given: Any) -> pd.Series:
    return served(net, scenario, **given).by_tier()["shortfall_tpa"]


def family(net: cn.Network) -> pd.Series:
    """The id of the family of each relation that is inferred or assumed."""
    places = pd.concat([net.nodes, net.projects]).set_index("id")
    step, where = places["step"].fillna(places["stage"]), places["country"].fillna(places["region"]).fillna("")
    edges = net.edges

    def end(name: str) -> pd.Series:
        return (edges[name].map(step) + " " + edges[name].map(where)).str.strip()

    good = edges["commodity"].fillna("")
    ids = good.where(good == "", good + ": ") + end("source") + " > " + end("target")
    return ids.where(edges["quality"].isin(["inferred", "assumed"]), "")


def changed(net: cn.Network, table: str, row: Any, column: str, variant: str) -> cn.Network:
    frame = getattr(net, table)
    at = frame.index[row]
    frame.loc[at, column] = frame.loc[at, variant]
    return net.with_table(table, frame)


def nothing_of(net: cn.Network, table: str, rows: Any) -> cn.Network:
    """The network in which some plants or links carry nothing."""
    found = getattr(net, table)
    return net.with_table(table, found.assign(capacity_tpa=found["capacity_tpa"].mask(rows, 0.0)))


def otherwise(net: cn.Network, row: Any) -> cn.Network:
    """The network in which a variation is so; who trades with whom stays known, so that new relations stay possible."""
    name, variant = row["id"], row["variant"]
    if row["kind"] == "node":
        if variant == "absent":
            return nothing_of(net, "nodes", net.nodes["id"] == name)
        return changed(net, "nodes", net.nodes["id"] == name, "capacity_tpa", variant)
    if row["kind"] == "process":
        if variant == "absent":
            return nothing_of(net, "nodes", net.nodes["process"] == name)
        lines = net.processes
        return changed(net, "processes", lines["process"] + " / " + lines["commodity"] == name, "t_per_t", variant)
    if row["kind"] == "relation":
        assert variant == "absent"
        return nothing_of(net, "edges", (family(net) == name).to_numpy())
    if row["kind"] == "input":
        asked = net.demand
        key = asked["node"] + " / " + asked["commodity"].fillna("") + " / " + asked["tier"].fillna("")
        return changed(net, "demand", key == name, "demand_tpa", variant)
    return net  # a stock or a project changes what closes the gap


def check(net: cn.Network, scenario: cn.Scenario | None, found: KeyAssumptions, rows: pd.DataFrame) -> None:
    """Every row says what the balance of the other network says."""
    for (kind, name, variant), block in rows.groupby(["kind", "id", "variant"], sort=False):
        other = otherwise(net, block.iloc[0])
        table, calm = (served(other, one).by_tier() for one in (scenario, None))
        due = table["shortfall_tpa"] - calm["shortfall_tpa"]
        for row in block.to_dict("records"):
            asked, at = table["demand_tpa"][row["tier"]], (kind, name, variant)
            for got, want in (("shortfall", table["shortfall_tpa"]), ("due", due)):
                near = pytest.approx(want[row["tier"]], abs=2e-6 * max(asked, 1.0))
                assert row[f"{got}_tpa"] == near, at
                assert row[f"{got}_share"] == pytest.approx(row[f"{got}_tpa"] / max(asked, 1e-9), abs=1e-6), at


def top(table: pd.DataFrame, outside: Any) -> set[Any]:
    """What costs most, all that tie."""
    lost = table["lost_tpa"][[outside(key) for key in table.index]]
    most = float(lost.max()) if len(lost) else 0.0
    size = table.attrs["provenance"]["settings"]["base_tpa"]
    return set() if most <= 1e-7 * size else set(lost.index[lost >= most - 1e-7 * size])


def asks(net: cn.Network) -> bool:
    """Whether anybody asks for what counts."""
    return bool((net.demand["tier"].notna() & net.demand["commodity"].isin(net.main_commodity)).any())


def blurred(seed: int) -> cn.Network:
    """A random recipe network whose rows are known as well as they may be, with ranges."""
    net = recipe_network(seed, wild=False, baseline=True, projects=True)
    rng = np.random.default_rng(seed + 1000)
    for table in ("nodes", "edges", "demand", "stocks", "projects", "processes"):
        frame = getattr(net, table)
        if frame.empty:
            continue
        frame["quality"] = rng.choice(["reported", "inferred", "assumed"], size=len(frame), p=[0.3, 0.2, 0.5])
        value = {"nodes": "capacity_tpa", "demand": "demand_tpa", "stocks": "stock_t", "projects": "capacity_tpa"}
        if table in value:
            frame["low"], frame["high"] = 0.6 * frame[value[table]], 1.5 * frame[value[table]]
        if table == "processes":
            line = frame["role"] != "output"
            frame.loc[line, "low"], frame.loc[line, "high"] = 0.98 * frame["t_per_t"], 1.02 * frame["t_per_t"]
        net = net.with_table(table, frame)
    return net


@cache
def answer(name: str) -> tuple[cn.Network, cn.Scenario, KeyAssumptions]:
    """A shipped chain under its worst scenario, asked once for all tests."""
    net = cn.read(name)
    scenario = cn.scenarios(net)[WORST[name]]
    return net, scenario, cn.key_assumptions(net, scenario)


def chains(*quick: str, among: Iterable[str] = WORST) -> list[Any]:
    """Chains as parameters; all but the quick ones are for ``-m slow``."""
    return [pytest.param(name, marks=[] if name in quick else [pytest.mark.slow]) for name in sorted(among)]


@pytest.fixture(scope="module")
def stop(mag9: cn.Network) -> cn.Scenario:
    return cn.scenarios(mag9)["china_out"]


@pytest.fixture(scope="module")
def found(mag9: cn.Network, stop: cn.Scenario) -> KeyAssumptions:
    return cn.key_assumptions(mag9, stop)


# -- the rows ----------------------------------------------------------------------------------------


def test_the_table_has_a_row_a_variation_and_tier(mag9: cn.Network, found: KeyAssumptions) -> None:
    table = found.table
    assert list(table.columns) == [
        "kind", "id", "label", "quality", "reference", "variant", "tier", "shortfall_tpa", "shortfall_share", "due_tpa",
        "due_share", "due_low_share", "due_high_share", "change_share", "changes_result", "what",
    ]  # fmt: skip
    assert set(table["kind"]) <= KINDS | INPUTS
    assert not table.duplicated(["kind", "id", "variant", "tier"]).any()
    assert set(table["tier"]) == set(found.central.index)
    assert (table["changes_result"] == (table["what"] != "")).all()
    assert {word for cell in table["what"] for word in cell.split(";") if word} <= {
        "class",
        "bottleneck",
        "rank",
        "closed_by",
    }
    central = table["tier"].map(found.central["due_share"])
    assert np.allclose(table["change_share"], table["due_share"] - central, atol=1e-7)
    weak = table[table["kind"].isin({"node", "process", "relation", "stock", "input"})]
    assert set(weak["quality"]) <= {"inferred", "assumed"}
    nodes = mag9.nodes[mag9.nodes["quality"].isin(["inferred", "assumed"]) & (mag9.nodes["stage"] != "end_use")]
    assert set(table.loc[(table["kind"] == "node") & (table["variant"] == "absent"), "id"]) == set(nodes["id"])


@pytest.mark.long
def test_every_row_of_the_teaching_chain(mag9: cn.Network, stop: cn.Scenario, found: KeyAssumptions) -> None:
    check(mag9, stop, found, found.table[found.table["kind"].isin(INPUTS)])
    assert found.n_settled > 0


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 9))])
def test_every_row_of_random_networks(seed: int) -> None:
    net = next(net for net in map(blurred, range(seed, seed + 100, 10)) if asks(net))
    scenario = cn.Scenario("gone", measures=[{"kind": "remove", "where": {"country": "AUS"}}])
    found = cn.key_assumptions(net, scenario, max_set=0)
    check(net, scenario, found, found.table[found.table["kind"].isin(INPUTS)])


@pytest.mark.slow
@pytest.mark.parametrize("name", chains("antimony", among=set(WORST) - {"mag-9"}))
def test_rows_of_shipped_chains(name: str) -> None:
    net, scenario, found = answer(name)
    table = found.table[found.table["kind"].isin(INPUTS)]
    ids = table[["kind", "id", "variant"]].drop_duplicates()
    moving = ids[ids["id"].isin(found.moving["id"])]
    some = pd.concat([moving.sample(6, random_state=1), ids.sample(4, random_state=2)]).drop_duplicates()
    check(net, scenario, found, table.merge(some, on=["kind", "id", "variant"]))


@pytest.mark.parametrize("name", chains("mag-9"))
def test_judgements_say_what_the_balance_says(name: str) -> None:
    net, scenario, found = answer(name)
    asked = net.demand
    low, high = (
        net.with_demand(asked.assign(demand_tpa=asked[end].fillna(asked["demand_tpa"]))) for end in ("low", "high")
    )
    edges = net.edges

    def slack(margin: float) -> cn.Network:
        return net.with_table("edges", edges.assign(capacity_tpa=edges["capacity_tpa"] * slack_factors(net, margin)))

    said = {
        "order:allies_last": (net, {"order": "allies_last"}),
        "rerouting:existing": (net, {"reroute": "existing"}),
        "demand:low": (low, {}),
        "demand:high": (high, {}),
        "slack:less": (slack(0.0), {}),
        "slack:more": (slack(2.0), {}),
        "density:less": (net.with_table("edges", edges[~thin_relations(net)]), {}),
        "density:more": (denser(net), {}),
    }
    judged = found.table[found.table["kind"].isin(KINDS)]
    tied = ["order:alike", "order:law", "order:law_only"]
    assert set(judged["id"]) - set(tied) <= set(said)
    for name_, block in judged[~judged["id"].isin(tied)].groupby("id"):
        other, given = said[str(name_)]
        want = shorts(other, scenario, **given)
        got = block.set_index("tier")["shortfall_tpa"]
        assert got.to_dict() == pytest.approx(want.reindex(got.index).to_dict(), rel=1e-6, abs=1e-4), name_
    for name_, block in judged[judged["id"].isin(tied)].groupby("id"):
        order, rows = str(name_).removeprefix("order:"), block.set_index("tier")
        hit, calm = (served(net, one, order=order).ranges for one in (scenario, None))
        assert hit is not None
        assert calm is not None
        ends = [(hit[c] - calm[c]) / hit["demand_tpa"] for c in ("shortfall_least_tpa", "shortfall_most_tpa")]
        for column, want in (("due_low_share", np.minimum(*ends)), ("due_high_share", np.maximum(*ends))):
            assert rows[column].to_dict() == pytest.approx(dict(want), abs=1e-4), (name_, column)
        assert rows["due_share"].to_dict() == pytest.approx(dict(sum(ends) / 2), abs=1e-4), name_
    assert ("order:alike" in set(judged["id"])) == bool(net.beneficiaries)


# -- what changes ----------------------------------------------------------------------------------


def test_what_says_class_is_another_class(found: KeyAssumptions) -> None:
    """But for a plant or link without which more is short even without the scenario, and less is due to it."""
    table = found.table
    central = found.central.loc[table["tier"]].reset_index(drop=True)
    after = table["due_share"].map(class_of)
    has = table["what"].str.split(";").map(lambda words: "class" in words)
    milder = table["due_share"] < central["due_share"]
    milder &= table["shortfall_share"] - table["due_share"] > central["already_share"] + 1e-7
    milder &= ~table["kind"].isin([*KINDS, "input"])
    assert (has == ((central["class"] != after) & ~milder)).all()
    assert has.any()
    assert milder.any()


@pytest.mark.slow
@pytest.mark.parametrize("name", chains("mag-9", "antimony"))
def test_closes_is_what_the_ladder_says(name: str) -> None:
    net, scenario, found = answer(name)
    year = found.provenance["settings"]["by_year"]

    def met_at(other: cn.Network) -> dict[str, set[str]]:
        levels = cn.reroute(other, scenario, by_year=year).levels
        whole = levels[levels["shortfall_tpa"] <= 1e-6 * levels["demand_tpa"]]
        return {t: set(whole.loc[whole["tier"] == t, "level"]) & set(LEVELS) for t in found.central.index}

    stated = met_at(net)
    for tier, cell in found.central["closed_by"].items():
        assert {word for word in cell.split(";") if word in LEVELS} == stated[str(tier)]
    absent = found.table[(found.table["kind"] == "node") & (found.table["variant"] == "absent")]
    for node in absent["id"].drop_duplicates().head(4):
        after = met_at(net.without(nodes=[node]))
        for row in absent[absent["id"] == node].to_dict("records"):
            if after[row["tier"]] != stated[row["tier"]]:
                assert "closed_by" in row["what"].split(";")


@pytest.mark.slow
def test_a_project_that_closes_a_gap_alone() -> None:
    net, scenario, found = answer("rare-earths")
    projects = set(net.projects["id"])
    named = {(t, w) for t, cell in found.central["closed_by"].items() for w in cell.split(";") if w in projects}
    for tier, project in named:
        assert shorts(net.with_projects([project]), scenario)[tier] <= 1e-6
        absent = found.table[(found.table["id"] == project) & (found.table["variant"] == "absent")]
        assert "closed_by" in absent.set_index("tier")["what"][tier].split(";")
        # what changes it leaves that project, or a level, no longer enough
        rows = found.table[(found.table["tier"] == tier) & (found.table["kind"] == "node")]
        for row in rows[rows["what"].str.contains("closed_by") & (rows["variant"] == "absent")].to_dict("records")[:3]:
            other = net.without(nodes=[row["id"]])
            alone = shorts(other.with_projects([project]), scenario)[tier]
            levels = cn.reroute(other, scenario, by_year=found.provenance["settings"]["by_year"]).levels
            last = levels[(levels["level"] == "projects") & (levels["tier"] == tier)]["shortfall_tpa"].iloc[0]
            assert max(alone, last) > 1e-6


@pytest.mark.parametrize("name", chains("mag-9"))
def test_bottleneck_and_rank_are_those_of_chokepoints(name: str) -> None:
    net, _, found = answer(name)  # in the baseline, whatever the scenario
    inside: set[str] = set(net.resolve(net.beneficiaries, "")[0]) if net.beneficiaries else set()
    for tier, row in found.central.iterrows():
        steps = cn.chokepoints(net, by="step+country", tier=str(tier))
        best = top(steps, lambda key: key[1] not in inside)
        assert ((row["step_stage"], row["step_country"]) in best) or (not best and row["step_stage"] == "")
        assert row["step_ties"] == max(len(best) - 1, 0)
        countries = top(cn.chokepoints(net, by="country", tier=str(tier)), lambda key: key not in inside)
        assert row["country"] in countries or not countries


@pytest.mark.slow
def test_a_bottleneck_that_another_takes_is_told() -> None:
    net, _, found = answer("rare-earths")
    inside = set(net.resolve(net.beneficiaries, "")[0])
    low = net.with_demand(net.demand.assign(demand_tpa=net.demand["low"].fillna(net.demand["demand_tpa"])))
    row = found.table[found.table["id"] == "demand:low"].set_index("tier")["what"]
    for tier in found.central.index:
        before, after = (
            top(cn.chokepoints(one, by="step+country", tier=tier), lambda key: key[1] not in inside)
            for one in (net, low)
        )
        assert ("bottleneck" in row[tier].split(";")) == (before != after and not before & after)


# -- sets --------------------------------------------------------------------------------------------


LOST = cn.Scenario("lost", [{"kind": "remove", "nodes": ["far"]}])


def smallest(net: cn.Network, scenario: cn.Scenario, tier: str, most: int) -> list[tuple[str, ...]]:
    """Every smallest set of assumed plants without which the scenario costs a class more, by trying all."""
    nodes = net.nodes
    assumed = nodes.loc[(nodes["quality"] == "assumed") & (nodes["stage"] != "end_use"), "id"].tolist()

    def of(idle: list[str]) -> str:
        size = nodes["capacity_tpa"].mask(nodes["id"].isin(idle), 0.0)
        other = net.with_table("nodes", nodes.assign(capacity_tpa=size))
        hit, calm = (served(other, one).by_tier().loc[tier] for one in (scenario, None))
        return class_of((hit["shortfall_tpa"] - calm["shortfall_tpa"]) / max(hit["demand_tpa"], 1e-9))

    order = ["met", "little", "part", "most"]
    central = order.index(of([]))
    for k in range(1, most + 1):
        hit = [names for names in combinations(assumed, k) if order.index(of(list(names))) > central]
        if hit:
            return hit
    return []


@pytest.mark.slow
def test_the_smallest_set_of_the_teaching_chain(mag9: cn.Network, stop: cn.Scenario, found: KeyAssumptions) -> None:
    sets = smallest(mag9, stop, "defence", 3)
    assert found.smallest_set is not None
    assert tuple(sorted(found.smallest_set)) in {tuple(sorted(s)) for s in sets}
    assert cn.key_assumptions(mag9).smallest_set is None, "nothing is due to no scenario"


def stand_ins(seed: int) -> cn.Network:
    """Six works beside one that is far, most of them assumed, which stand in for each other."""
    rng = np.random.default_rng(seed)
    works = [f"w{i}" for i in range(6)]
    rows = [
        (w, "refiner", float(rng.integers(1, 7)), str(rng.choice(["assumed", "reported"], p=[0.8, 0.2]))) for w in works
    ]
    ends = [("pit", "mine", 60.0, "reported"), ("far", "refiner", 30.0, "reported")]
    ends += [("use", "end_use", None, "assumed")]
    ways = [("pit", w) for w in [*works, "far"]] + [(w, "use") for w in [*works, "far"]]
    return cn.Network(
        frame("id stage capacity_tpa quality", *rows, *ends),
        frame("source target", *ways),
        demand=frame("node tier demand_tpa", ("use", "defence", float(rng.integers(8, 20)))),
    )


@pytest.mark.slow
def test_smallest_sets_where_works_stand_in_for_each_other() -> None:
    sizes = set()
    for seed in range(8):
        net = stand_ins(seed)
        found = cn.key_assumptions(net, LOST)
        sets = {tuple(sorted(one)) for one in smallest(net, LOST, "defence", 3)}
        assert (found.smallest_set is None) == (not sets), seed
        assert found.smallest_set is None or tuple(sorted(found.smallest_set)) in sets, seed
        if found.smallest_set:
            assert cn.key_assumptions(net, LOST, max_set=len(found.smallest_set) - 1).smallest_set is None
        sizes.add(len(found.smallest_set or ()))
    assert {0, 2, 3} <= sizes


def test_a_smallest_set_of_two() -> None:
    """Two assumed works stand in for each other: only both together change the class, a reported one is let alone."""
    net = cn.Network(
        frame("id stage capacity_tpa quality", ("pit", "mine", 19.0, "reported"), ("a", "refiner", 9.0, "assumed"),
              ("b", "refiner", 9.0, "assumed"), ("c", "refiner", 1.0, "reported"), ("far", "refiner", 9.0, "reported"),
              ("use", "end_use", None, "reported")),
        frame("source target", *(("pit", x) for x in ("a", "b", "c", "far")), *((x, "use") for x in ("a", "b", "c", "far"))),
        demand=frame("node tier demand_tpa", ("use", "defence", 9.0)),
    )  # fmt: skip
    found = cn.key_assumptions(net, LOST)
    assert found.smallest_set is not None
    assert set(found.smallest_set) == {"a", "b"}
    assert cn.key_assumptions(net, LOST, max_set=1).smallest_set is None


# -- the arguments -----------------------------------------------------------------------------------


def test_bad_arguments(mag9: cn.Network) -> None:
    for wrong in (-1, 6, 1.5, True, "two"):
        with pytest.raises(cn.DataError, match="max_set"):
            cn.key_assumptions(mag9, max_set=wrong)  # type: ignore[arg-type]
    with pytest.raises(cn.DataError, match="tier"):
        cn.key_assumptions(mag9, tier="military")
    with pytest.raises(cn.DataError, match="scenario"):
        cn.key_assumptions(mag9, "china_ou")
    with pytest.raises(cn.DataError, match="demand"):
        cn.key_assumptions(
            cn.Network.from_edges(pd.DataFrame({"source": ["a"], "target": ["b"], "capacity_tpa": [1.0]}))
        )
    with pytest.raises(cn.DataError, match="nobody"):
        cn.key_assumptions(mag9, beneficiaries=["AUS"])


def test_the_answer_bears_what_others_bear(mag9: cn.Network, stop: cn.Scenario, found: KeyAssumptions) -> None:
    assert found.provenance["settings"]["scenario"] == stop.name
    assert set(found.tables()) == {"table", "central", "range"}
    assert "<table" in found._repr_html_()
    assert list(found.firmness.index) == ["order", "rerouting", "demand", "plants", "links"]
    with pytest.raises(AttributeError):
        found.smallest_set = None  # type: ignore[misc]
    again = cn.key_assumptions(mag9, stop, verify=True)
    pd.testing.assert_frame_equal(again.table, found.table)
    assert again.certificate.second_value == pytest.approx(again.certificate.value, rel=1e-6)
    steps: list[float] = []
    cn.key_assumptions(mag9, stop, max_set=0, progress=lambda _what, part: steps.append(part))
    assert steps == sorted(steps)
    assert 0.0 <= steps[0] <= steps[-1] <= 1.0


def test_demand_without_tiers() -> None:
    """A network that knows no tiers has one verdict, of all demand."""
    net = two_tier()
    asked = net.demand.drop_duplicates("node").assign(tier=None, demand_tpa=4.0)
    plain = net.with_table("nodes", net.nodes.assign(quality="assumed")).with_demand(asked)
    found = cn.key_assumptions(plain, cn.Scenario("less", [{"kind": "scale", "nodes": ["mine"], "share": 0.5}]))
    assert list(found.central.index) == ["all tiers"]
    assert found.central[["shortfall_tpa", "due_tpa"]].iloc[0].tolist() == pytest.approx([5.5, 2.5])
    assert found.words["verdict"].startswith("Demand is short by a part")


# -- slack and density -------------------------------------------------------------------------------


def test_slack_is_that_of_inferred_relations(graphs: dict[str, cn.Network]) -> None:
    for net in graphs.values():
        edges = net.edges
        assert (slack_factors(net, 1.0) == pytest.approx(1.0)) or edges.empty
        less, more = slack_factors(net, 0.0), slack_factors(net, 2.0)
        hit = less != 1.0
        assert edges.loc[hit, "quality"].isin(["inferred", "assumed"]).all()
        assert np.allclose((less * edges["capacity_tpa"])[hit], edges["flow_tpa"][hit])
        margin = edges["capacity_tpa"] - edges["flow_tpa"]
        assert np.allclose((more * edges["capacity_tpa"] - edges["flow_tpa"])[hit], 2 * margin[hit])


def test_thin_relations_and_denser_networks(graphs: dict[str, cn.Network]) -> None:
    net = graphs["antimony"]
    edges, thin = net.edges, thin_relations(net)
    whole = edges.groupby(["target", "commodity"])["flow_tpa"].transform("sum")
    assert thin.any()
    assert (edges["flow_tpa"] < 0.05 * whole)[thin].all()
    dense = denser(net)
    more = dense.edges.merge(edges[["source", "target", "commodity"]].drop_duplicates(), how="left", indicator=True)
    more = more[more["_merge"] == "left_only"]
    assert len(dense.edges) == len(edges) + len(more)
    made = edges.groupby(["source", "commodity"])["flow_tpa"].sum()
    taken = edges.groupby(["target", "commodity"])["flow_tpa"].sum()
    smaller = np.minimum(
        made.reindex(pd.MultiIndex.from_frame(more[["source", "commodity"]])).to_numpy(),
        taken.reindex(pd.MultiIndex.from_frame(more[["target", "commodity"]])).to_numpy(),
    )
    assert np.allclose(more["capacity_tpa"], 0.05 * smaller)
    assert denser(dense) is dense


def test_a_chain_without_weak_inputs_is_asked_for_its_judgements_alone() -> None:
    found = cn.key_assumptions(two_tier())
    assert set(found.table["kind"]) <= KINDS
    assert found.range["class_share"].tolist() == [1.0] * len(found.range), "no input has a range, so nothing is drawn"


def test_the_verdict_is_about_the_first_tier_that_asks_for_anything() -> None:
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa quality",
            ("m", "mine", "AUS", 10.0, "assumed"),
            ("far", "mine", "AUS", 10.0, "reported"),
            ("u", "end_use", "USA", None, "reported"),
        ),
        edges=frame("source target flow_tpa", ("m", "u", 6.0), ("far", "u", 0.0)),
        demand=frame("node tier demand_tpa", ("u", "defence", 0.0), ("u", "industrial", 6.0)),
        beneficiaries=["USA"],
    )
    found = cn.key_assumptions(net, LOST)
    assert found.first_tier == "industrial"
    assert found.smallest_set == ("m",)  # without it the scenario leaves all 6 t short
    assert not found.certain
    assert found.decides == ("without m",)
