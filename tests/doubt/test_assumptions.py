"""What a verdict rests on: every row against the question asked anew, sets against brute force."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, two_tier
from recipe_networks import recipe_network

import chainnet as cn
from chainnet.calibration import denser, slack_factors, thin_relations
from chainnet.doubt import CATEGORIES, KeyAssumptions, category
from chainnet.flow import Balance, Counting, balance_under
from chainnet.scenario import overlay_of

KINDS = {"order", "rerouting", "demand", "slack", "density"}
INPUTS = {"node", "process", "relation", "stock", "project", "input"}
ENDS = ("low", "high")
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


def served(net: cn.Network, scenario: cn.Scenario | None, reroute: Any = "existing", **given: Any) -> Balance:
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


def otherwise(net: cn.Network, row: Any) -> cn.Network:
    """The network in which a variation is so."""
    name, variant = row["id"], row["variant"]
    if row["kind"] == "node":
        if variant == "absent":
            return net.without(nodes=[name])
        return changed(net, "nodes", net.nodes["id"] == name, "capacity_tpa", variant)
    if row["kind"] == "process":
        if variant == "absent":
            plants = pd.concat([net.nodes, net.projects])
            return net.without(nodes=plants.loc[plants["process"] == name, "id"].tolist())
        lines = net.processes
        return changed(net, "processes", lines["process"] + " / " + lines["commodity"] == name, "t_per_t", variant)
    if row["kind"] == "relation":
        assert variant == "absent"
        return net.with_table("edges", net.edges[(family(net) != name).to_numpy()])
    if row["kind"] == "input":
        asked = net.demand
        key = asked["node"] + " / " + asked["commodity"].fillna("") + " / " + asked["tier"].fillna("")
        return changed(net, "demand", key == name, "demand_tpa", variant)
    return net  # a stock or a project changes what closes the gap


def check(net: cn.Network, scenario: cn.Scenario | None, found: KeyAssumptions, rows: pd.DataFrame) -> None:
    """Every row says what the balance of the other network says."""
    for (kind, name, variant), block in rows.groupby(["kind", "id", "variant"], sort=False):
        other = otherwise(net, block.iloc[0])
        table = served(other, scenario).by_tier()
        for tier, short, share in block[["tier", "shortfall_tpa", "shortfall_share"]].itertuples(index=False):
            asked = table["demand_tpa"][tier]
            assert short == pytest.approx(table["shortfall_tpa"][tier], abs=2e-6 * max(asked, 1.0)), (
                kind,
                name,
                variant,
            )
            assert share == pytest.approx(short / max(asked, 1e-9), abs=1e-6)


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
    assert list(table.columns[:12]) == [
        "kind", "id", "label", "quality", "reference", "variant", "tier", "shortfall_tpa", "shortfall_share", "change_share",
        "changes_result", "what",
    ]  # fmt: skip
    assert set(table["kind"]) <= KINDS | INPUTS
    assert not table.duplicated(["kind", "id", "variant", "tier"]).any()
    assert set(table["tier"]) == set(found.central.index)
    assert (table["changes_result"] == (table["what"] != "")).all()
    assert {word for cell in table["what"] for word in cell.split(";") if word} <= {
        "category",
        "bottleneck",
        "rank",
        "closed_by",
    }
    stated = table["tier"].map(found.central["shortfall_share"])
    assert np.allclose(table["change_share"], table["shortfall_share"] - stated, atol=2e-9)
    weak = table[table["kind"].isin({"node", "process", "relation", "stock", "input"})]
    assert set(weak["quality"]) <= {"inferred", "assumed"}
    nodes = mag9.nodes[mag9.nodes["quality"].isin(["inferred", "assumed"]) & (mag9.nodes["stage"] != "end_use")]
    assert set(table.loc[(table["kind"] == "node") & (table["variant"] == "absent"), "id"]) == set(nodes["id"])


def test_every_row_of_the_teaching_chain(mag9: cn.Network, stop: cn.Scenario, found: KeyAssumptions) -> None:
    check(mag9, stop, found, found.table[found.table["kind"].isin(INPUTS)])
    assert found.n_settled > 0


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
        "rerouting:none": (net, {"reroute": "none"}),
        "rerouting:new": (net, {"reroute": "new"}),
        "demand:low": (low, {}),
        "demand:high": (high, {}),
        "slack:less": (slack(0.0), {}),
        "slack:more": (slack(2.0), {}),
        "density:less": (net.with_table("edges", edges[~thin_relations(net)]), {}),
        "density:more": (denser(net), {}),
    }
    judged = found.table[found.table["kind"].isin(KINDS)]
    assert set(judged["id"]) - {"order:alike"} <= set(said)
    for name_, block in judged[judged["id"] != "order:alike"].groupby("id"):
        other, given = said[str(name_)]
        want = shorts(other, scenario, **given)
        got = block.set_index("tier")["shortfall_tpa"]
        assert got.to_dict() == pytest.approx(want.reindex(got.index).to_dict(), rel=1e-6, abs=1e-4), name_
    alongside = judged[judged["id"] == "order:alike"]
    if len(alongside):
        ranges = served(net, scenario, order="alike").ranges
        assert ranges is not None
        for end, column in (("most", "shortfall_tpa"), ("least", "shortfall_least_tpa")):
            want = ranges[f"shortfall_{end}_tpa"].to_dict()
            assert alongside.set_index("tier")[column].to_dict() == pytest.approx(want, rel=1e-5, abs=1e-3), end
    assert len(alongside) == (3 if net.beneficiaries else 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", chains("mag-9", "antimony"))
def test_ends_are_those_of_the_judgements(name: str) -> None:
    _, _, found = answer(name)
    rows = pd.concat([found.table[found.table["kind"].isin(KINDS)], found.together])
    for tier, end in found.ends.iterrows():
        mine = rows[rows["tier"] == tier]
        shares = [*mine["shortfall_share"], end["central_share"]]
        asked = dict(zip(mine["id"], mine["shortfall_share"], strict=True)) | {"central": end["central_share"]}
        assert end["high_share"] >= max(shares) - 1e-9
        assert end["low_share"] <= min(shares) + 1e-9
        for by, share in ((end["high_by"], end["high_share"]), (end["low_by"], end["low_share"])):
            if "+" not in by:
                assert by in asked
            if by == end["high_by"] and by in asked:
                assert asked[by] == pytest.approx(share, abs=1e-9)
    assert set(found.together["id"]) == {"judgements:adverse", "judgements:favourable"}


def queue() -> cn.Network:
    """Let a mine of 10 t serve two users who took 4 t each: ours and another, who ask for 5 t, at the most for 9 t."""
    return cn.Network(
        nodes=frame(
            "id stage country capacity_tpa",
            ("m", "mine", "AUS", 10.0),
            ("u", "end_use", "USA", None),
            ("v", "end_use", "CHN", None),
        ),
        edges=frame("source target flow_tpa", ("m", "u", 4.0), ("m", "v", 4.0)),
        demand=frame("node tier demand_tpa low high", ("u", "defence", 5.0, 5.0, 9.0), ("v", "defence", 5.0, 5.0, 9.0)),
        beneficiaries=["USA"],
    )


def test_ends_hold_what_judgements_do_together() -> None:
    ends = cn.key_assumptions(queue(), max_set=0).ends.loc["defence"]
    # alone: 1 of 5 t short with the flows of before; all adverse at once holds the other back too: 5 of 9 t.
    # The other first and both at the high value: it takes 9 of the 10 t, and leaves 1 t of the 9 that we ask for.
    assert (ends["low_share"], ends["central_share"]) == (0.0, 0.0)
    assert ends["high_share"] == pytest.approx(8 / 9)
    assert ends["high_by"] == "order:allies_last+demand:high"


@pytest.mark.parametrize("name", chains("mag-9", among=("mag-9", "gallium", "antimony")))
def test_no_combination_of_order_degree_and_demand_lies_outside_the_ends(name: str) -> None:
    net, scenario, found = answer(name)
    asked = net.demand
    demands = [net, *(net.with_demand(asked.assign(demand_tpa=asked[e].fillna(asked["demand_tpa"]))) for e in ENDS)]
    for one, degree, order in product(demands, ("none", "existing", "new"), ("allies_first", "allies_last", "alike")):
        made = served(one, scenario, degree, order=order)
        table = made.by_tier()
        asks = table["demand_tpa"].clip(lower=1e-9)
        ends = [table["shortfall_tpa"]] * 2
        if made.ranges is not None:
            ends = [made.ranges[f"shortfall_{end}_tpa"] for end in ("least", "most")]
        for short, column, sign in zip(ends, ("low_share", "high_share"), (1, -1), strict=True):
            assert (sign * (short / asks - found.ends[column]) > -1e-5).all(), (degree, order, column)


# -- what changes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "word"), [(0.0, "met"), (1e-7, "met"), (1e-6, "little"), (0.0999, "little")])
def test_categories(share: float, word: str) -> None:
    assert category(share) == word
    assert list(CATEGORIES) == ["met", "little", "part", "most"]
    assert [category(s) for s in (0.1, 0.49, 0.5, 1.0)] == ["part", "part", "most", "most"]


def test_what_says_category_is_another_category(found: KeyAssumptions) -> None:
    table = found.table
    before = table["tier"].map(found.central["category"])
    after = table["shortfall_share"].map(category)
    has = table["what"].str.split(";").map(lambda words: "category" in words)
    assert (has == (before != after)).all()
    assert has.any()


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
    new = found.table[found.table["id"] == "rerouting:new"].set_index("tier")["what"]
    for tier in found.central.index:
        before, after = (
            top(cn.chokepoints(net, by="step+country", tier=tier, reroute=degree), lambda key: key[1] not in inside)
            for degree in ("existing", "new")
        )
        assert ("bottleneck" in new[tier].split(";")) == (before != after and not before & after)


# -- sets --------------------------------------------------------------------------------------------


def smallest(net: cn.Network, scenario: cn.Scenario | None, tier: str, most: int) -> list[tuple[str, ...]]:
    """Every smallest set of assumed plants whose absence changes the category, by trying all."""
    nodes = net.nodes
    assumed = nodes.loc[(nodes["quality"] == "assumed") & (nodes["stage"] != "end_use"), "id"].tolist()

    def of(other: cn.Network) -> str:
        row = served(other, scenario).by_tier().loc[tier]
        return category(row["shortfall_tpa"] / max(row["demand_tpa"], 1e-9))

    stated = of(net)
    for k in range(1, most + 1):
        hit = [names for names in combinations(assumed, k) if of(net.without(nodes=list(names))) != stated]
        if hit:
            return hit
    return []


@pytest.mark.slow
def test_the_smallest_set_of_the_teaching_chain(mag9: cn.Network, stop: cn.Scenario, found: KeyAssumptions) -> None:
    sets = smallest(mag9, stop, "defence", 3)
    assert found.smallest_set is not None
    assert tuple(sorted(found.smallest_set)) in {tuple(sorted(s)) for s in sets}
    undisturbed = cn.key_assumptions(mag9)
    sets = smallest(mag9, None, "defence", 3)
    assert (undisturbed.smallest_set is None) == (not sets)
    if undisturbed.smallest_set:
        assert tuple(sorted(undisturbed.smallest_set)) in {tuple(sorted(s)) for s in sets}


@pytest.mark.slow
def test_smallest_sets_of_random_networks() -> None:
    sizes = []
    for seed in range(16):
        net = blurred(seed)
        if not asks(net):
            continue
        found = cn.key_assumptions(net)
        first = str(found.ends.index[0])
        sets = smallest(net, None, first, 3)
        assert (found.smallest_set is None) == (not sets), seed
        if found.smallest_set:
            assert tuple(sorted(found.smallest_set)) in {tuple(sorted(s)) for s in sets}, seed
            assert cn.key_assumptions(net, max_set=len(found.smallest_set) - 1).smallest_set is None
        sizes.append(len(found.smallest_set or ()))
    assert {0, 1} <= set(sizes)


@pytest.mark.slow
def test_smallest_sets_where_works_stand_in_for_each_other() -> None:
    sizes = set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        works = [f"w{i}" for i in range(6)]
        rows = [
            (w, "refiner", float(rng.integers(1, 7)), str(rng.choice(["assumed", "reported"], p=[0.8, 0.2])))
            for w in works
        ]
        ends = [("pit", "mine", 40.0, "assumed" if seed % 3 == 0 else "reported"), ("use", "end_use", None, "assumed")]
        ways = [("pit", w) for w in works] + [(w, "use") for w in works]
        net = cn.Network(
            frame("id stage capacity_tpa quality", *rows, *ends),
            frame("source target", *ways),
            demand=frame("node tier demand_tpa", ("use", "defence", float(rng.integers(8, 20)))),
        )
        found = cn.key_assumptions(net)
        sets = {tuple(sorted(one)) for one in smallest(net, None, "defence", 3)}
        assert (found.smallest_set is None) == (not sets), seed
        assert found.smallest_set is None or tuple(sorted(found.smallest_set)) in sets, seed
        sizes.add(len(found.smallest_set or ()))
    assert {1, 2} <= sizes


def test_a_smallest_set_of_two() -> None:
    """Two assumed works stand in for each other: only both together change the result, and a reported one is let alone."""
    net = cn.Network(
        frame("id stage capacity_tpa quality", ("pit", "mine", 9.0, "reported"), ("a", "refiner", 9.0, "assumed"),
              ("b", "refiner", 9.0, "assumed"), ("c", "refiner", 1.0, "reported"), ("use", "end_use", None, "reported")),
        frame("source target", *(("pit", x) for x in "abc"), *((x, "use") for x in "abc")),
        demand=frame("node tier demand_tpa", ("use", "defence", 9.0)),
    )  # fmt: skip
    found = cn.key_assumptions(net)
    assert found.smallest_set is not None
    assert set(found.smallest_set) == {"a", "b"}
    assert found.standing.startswith("holds unless")
    assert "a + b absent together" in found.standing
    one = cn.key_assumptions(net, max_set=1)
    assert one.smallest_set is None
    assert "no set of at most one assumed plant of 2" in one.standing


@pytest.mark.slow
def test_the_smallest_set_of_a_shipped_chain_by_trying_all(graphs: dict[str, cn.Network]) -> None:
    net = graphs["antimony"]
    for name in (WORST["antimony"], "loss_of_chinese_smelting"):
        scenario = cn.scenarios(net)[name]
        found = cn.key_assumptions(net, scenario, max_set=2)
        sets = smallest(net, scenario, "defence", 2)
        assert (found.smallest_set is None) == (not sets)
        if found.smallest_set:
            assert tuple(sorted(found.smallest_set)) in {tuple(sorted(s)) for s in sets}


# -- the standing, the arguments ---------------------------------------------------------------------


@pytest.mark.parametrize("name", chains("mag-9", "antimony"))
def test_the_standing_follows_from_the_answers(name: str) -> None:
    net, _, found = answer(name)
    tier = found.ends.index[0]
    end, rows = found.ends.iloc[0], found.table[found.table["tier"] == tier]
    hit = rows["what"].str.split(";").map(lambda words: "category" in words) & rows["kind"].isin(INPUTS)
    if len({category(end[f"{side}_share"]) for side in ("low", "central", "high")}) > 1:
        assert found.standing.startswith("open")
    elif hit.any() or found.smallest_set:
        assert found.standing.startswith("holds unless")
    else:
        assert found.standing.startswith("holds:")
    if found.smallest_set:
        assert all(node in found.standing for node in found.smallest_set)
    assert found.certificate.ok
    # who comes first is asked wherever anybody is no beneficiary
    assert ({"order:allies_last", "order:alike"} <= set(found.table["id"])) == bool(net.beneficiaries)


def test_one_tier_as_if_it_came_first(graphs: dict[str, cn.Network]) -> None:
    net = graphs["rare-earths"]
    scenario = cn.scenarios(net)[WORST["rare-earths"]]
    found = cn.key_assumptions(net, scenario, tier="civilian", max_set=1)
    assert list(found.central.index) == ["civilian"]
    base = cn.chokepoints(net, tier="civilian", scenario=scenario)
    asked = served(net, scenario).by_tier().loc["civilian", "demand_tpa"]
    value = base.attrs["provenance"]["settings"]["base_tpa"]
    assert found.central["shortfall_tpa"].iloc[0] == pytest.approx(asked - value, rel=1e-6)


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
    assert set(found.tables()) == {"table", "central", "ends", "together"}
    assert "<table" in found._repr_html_()
    with pytest.raises(AttributeError):
        found.standing = "holds"  # type: ignore[misc]
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
    found = cn.key_assumptions(plain)
    assert list(found.central.index) == ["all tiers"]
    assert found.central["shortfall_tpa"].iloc[0] == pytest.approx(3.0)
    assert found.smallest_set is not None
    assert len(found.smallest_set) == 1


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
    net = two_tier()
    found = cn.key_assumptions(net)
    assert set(found.table["kind"]) <= KINDS
    assert found.standing.startswith(("holds", "open"))


def test_the_verdict_is_about_the_first_tier_that_asks_for_anything() -> None:
    net = cn.Network(
        nodes=frame(
            "id stage country capacity_tpa quality",
            ("m", "mine", "AUS", 10.0, "assumed"),
            ("u", "end_use", "USA", None, "reported"),
        ),
        edges=frame("source target flow_tpa", ("m", "u", 6.0)),
        demand=frame("node tier demand_tpa", ("u", "defence", 0.0), ("u", "industrial", 6.0)),
        beneficiaries=["USA"],
    )
    found = cn.key_assumptions(net)
    assert found.first_tier == "industrial"
    assert found.smallest_set == ("m",)  # without it all 6 t are short
    assert found.standing.startswith("holds unless m absent: industrial demand is met")
