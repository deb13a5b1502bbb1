"""Chains of different minerals in one network."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from conftest import frame

import chainnet as cn


def chain(good: str, plant: str, capacity: float, price: float = 1.0) -> cn.Network:
    """A mine, a works with a recipe of its own and a user; the works bound it."""
    return cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa",
            ("pit", "mine", "AUS", None, 100.0), (plant, "refiner", "JPN", "work", capacity),
            ("user", "end_use", "USA", None, None),
        ),
        edges=frame("source target commodity", ("pit", plant, f"{good}_ore"), (plant, "user", good)),
        processes=frame(
            "process commodity role t_per_t", ("work", f"{good}_ore", "input", 2.0 * price), ("work", good, "output", 1.0)
        ),
        commodities=frame("id basis", (good, f"t {good}"), (f"{good}_ore", "ore")),
        demand=frame("node commodity tier demand_tpa", ("user", good, "defence", 20.0)),
        main_commodity=good,
        name=good,
    )  # fmt: skip


def test_joined_with_nothing_shared_each_chain_answers_as_alone(mag9: cn.Network) -> None:
    other = chain("tin", "smelter", 7.0)
    with pytest.warns(cn.ChainnetWarning, match="ask with commodity="):
        both = cn.join({"mag": mag9, "tin": other}).network
    assert both.main_commodity == ()
    for net, good in ((mag9, "magnet"), (other, "tin")):
        joined = cn.chokepoints(both, by="country", commodity=good)["lost_tpa"]
        alone = cn.chokepoints(net, by="country")["lost_tpa"]
        assert joined.reindex(alone.index).to_numpy() == pytest.approx(alone.to_numpy(), abs=1e-9)


def test_what_collides_bears_the_networks_name() -> None:
    with pytest.warns(cn.ChainnetWarning):
        found = cn.join({"a": chain("tin", "works", 5.0), "b": chain("zinc", "works", 5.0)})
    ids = set(found.network.nodes["id"])
    assert ids == {f"{name}:{word}" for name in "ab" for word in ("pit", "works", "user")}
    assert set(found.network.processes["process"]) == {"a:work", "b:work"}
    assert len(found.suspects) == found.n_conflicts == 0


def test_a_shared_plant_with_two_recipes_keeps_two_nodes_that_fall_together() -> None:
    with pytest.warns(cn.ChainnetWarning):
        net = cn.join({"a": chain("tin", "works", 5.0), "b": chain("zinc", "works", 8.0)}, same=["works"]).network
    for good, lost in (("tin", 5.0), ("zinc", 8.0)):
        assert cn.chokepoints(net, by="site", commodity=good)["lost_tpa"]["works"] == pytest.approx(lost)
    assert cn.chokepoints(net, by="site", commodity=["tin", "zinc"])["lost_tpa"]["works"] == pytest.approx(13.0)


def test_a_shared_commodity_couples_the_chains_and_two_files_of_its_makers_are_suspects() -> None:
    one, two = chain("tin", "first", 5.0), chain("tin", "second", 8.0)
    found = cn.join({"a": one, "b": two}, same=["tin"])
    assert found.network.main_commodity == ("tin",)
    assert cn.max_flow(found.network).value_tpa == pytest.approx(13.0)
    assert found.suspects[["id", "other_id"]].to_numpy().tolist() == [["first", "second"]]


def test_one_site_word_in_two_files_is_not_one_site_unless_it_is_said() -> None:
    one, two = (net.with_table("nodes", net.nodes.assign(site="park")) for net in
                (chain("tin", "a1", 5.0), chain("zinc", "b1", 5.0)))  # fmt: skip
    with pytest.warns(cn.ChainnetWarning):
        assert set(cn.join({"a": one, "b": two}).network.nodes["site"]) == {"a:park", "b:park"}


def test_what_is_shared_must_be_in_two_networks() -> None:
    with pytest.raises(cn.DataError, match='same: only one network has "first"'):
        cn.join({"a": chain("tin", "first", 5.0), "b": chain("zinc", "second", 5.0)}, same=["first"])
    with pytest.raises(cn.DataError, match="join: 1 given"):
        cn.join({"a": chain("tin", "first", 5.0)})


def answers(net: cn.Network, good: str, scenario: cn.Scenario | str) -> list[float]:
    """Return the shortfall of each month by tier, of one good."""
    table = cn.stress_test(net, scenario, months=3, commodity=good).months.reset_index()
    table = table[table["scenario"] != "baseline"].sort_values(["tier", "month"])
    return [float(x) for x in table["shortfall_t"]]


def covered(good: str, weeks: float, **more: object) -> cn.Network:
    """A chain whose users all hold some weeks, whose mine may stop by hazard, scenario or rule, with its own words."""
    return cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "CHN", 100.0), ("u", "end_use", "USA", None)),
        edges=frame("source target commodity flow_tpa", ("m", "u", good, 100.0)),
        demand=frame("node commodity tier demand_tpa", ("u", good, "defence", 100.0)),
        cover=frame("weeks", (weeks,)),
        stocks=frame("id node commodity stock_t", ("s", "u", good, 5.0)),
        hazards=frame(
            "id effect each rate_low rate_high",
            ("lost", None, "country", 0.1, 0.2), ("gone", 'where = {stage = "mine"}', None, 0.1, 0.3),
            ("named", "out", None, 0.1, 0.4),
        ),
        main_commodity=good, beneficiaries=["USA"], year=2024, name=good, **more,
    ).with_scenarios({"out": cn.Scenario("out", [{"kind": "remove", "where": {"country": "CHN"}}]).to_toml()})  # fmt: skip


def joined(**parts: cn.Network) -> cn.Merge:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        return cn.join(parts)


def test_cover_stocks_hazards_and_scenarios_of_each_part_stay_and_hold_for_it_alone(tmp_path: Path) -> None:
    parts = {"a": covered("tin", 13.0), "b": covered("zinc", 4.0)}
    found = joined(**parts)
    assert (found.counts["rows"] == found.counts["kept"]).all()
    for table in ("cover", "stocks", "hazards", "demand", "scenarios"):
        assert set(found.counts[found.counts["table"] == table]["part"]) == {"a", "b"}
    written = cn.read(cn.write(found.network, tmp_path / "both"))
    assert dict(cn.scenarios(written)) == dict(cn.scenarios(found.network))
    assert written.hazards.equals(found.network.hazards)
    both = found.network
    assert set(cn.scenarios(both)) == {"a:out", "b:out"}
    for name, part in parts.items():
        good = part.main_commodity[0]
        assert answers(both, good, f"{name}:out") == pytest.approx(answers(part, good, "out"))
        other = next(p for p in parts.values() if p is not part).main_commodity[0]
        assert sum(answers(both, other, f"{name}:out")) == 0.0
        own, all_ = cn.hazards(part), cn.hazards(both)
        assert all_.loc[[f"{name}:{i}" for i in own.index], "p_high"].tolist() == own["p_high"].tolist()
    assert len(cn.hazards(both)) == 6
    lost = cn.reverse(both, 0.5, commodity="tin").hazards.query("loss_share >= 0.5").index
    assert {event.split(":")[0] for event in lost} == {"a"}


@pytest.mark.long
def test_shipped_chains_answer_joined_as_alone() -> None:
    parts = {name: cn.read(name) for name in ("antimony", "gallium")}
    found = joined(**parts)
    both = found.network
    assert (found.counts["rows"] == found.counts["kept"]).all()
    assert both.as_of == parts["gallium"].as_of
    assert set(both.opened["id"]) == {i for part in parts.values() for i in part.opened["id"]}
    assert len(both.hazards) == sum(len(part.hazards) for part in parts.values())
    stop = sum((cn.scenarios(both)[f"{n}:china_export_stop"] for n in parts), cn.Scenario("stop", []))
    got = cn.stress_test(both, cn.Scenario("stop", stop.measures), months=6).months.reset_index()
    want = sum(
        cn.stress_test(part, "china_export_stop", months=6).months.reset_index().query("scenario == 'china_export_stop'")
        .groupby(["month", "tier"])["shortfall_t"].sum() for part in parts.values()
    )  # fmt: skip
    table = got[got["scenario"] == "stop"].groupby(["month", "tier"])["shortfall_t"].sum()
    assert table.to_numpy() == pytest.approx(want.reindex(table.index).to_numpy(), abs=1e-6)
    assert table[table > 1e-6].index.get_level_values("month").min() == 3


def test_tiers_groups_firms_and_unnamed_goods_of_a_part_are_its_own() -> None:
    def part(tiers: tuple[str, ...], country: str, parent: str, good: str | None = None) -> cn.Network:
        return cn.Network(
            nodes=frame(
                "id stage country owner capacity_tpa",
                ("m", "mine", country, "firm", 60.0), ("u", "end_use", country, None, None),
            ),
            edges=frame("source target commodity", ("m", "u", good)),
            demand=frame("node commodity tier demand_tpa", *(("u", good, tier, 40.0) for tier in tiers)),
            tiers=frame("tier rank", *((tier, float(n)) for n, tier in enumerate(tiers))),
            groups=frame("group country", ("club", country)),
            owners=frame("owner parent", ("firm", parent)),
            beneficiaries=["club"],
        )  # fmt: skip

    a, b = part(("hospitals", "defence"), "JPN", "JPN"), part(("defence", "hospitals"), "USA", "USA")
    both = joined(a=a, b=b).network
    asked = both.demand.set_index(["node", "tier"])
    assert set(asked["commodity"]) == set(both.edges["commodity"]) == {"a", "b"}
    for name, net in (("a", a), ("b", b)):
        new = {t: t if t in both.tier_order and name == "a" else f"{name}:{t}" for t in net.tier_order}
        alone = cn.balance(net).by_tier()["served_tpa"]
        got = cn.balance(both, beneficiaries=[f"{name}:club"], commodity=name).by_tier()["served_tpa"]
        assert got[[new[t] for t in alone.index]].tolist() == pytest.approx(alone.tolist())
    lost = cn.chokepoints(both, by="owner", commodity="a", beneficiaries=["a:club"])["lost_tpa"]
    assert lost[lost > 0].tolist() == cn.chokepoints(a, by="owner")["lost_tpa"].tolist()


def test_new_relations_and_own_rules_stay_inside_a_part() -> None:
    def part(name: str, **more: object) -> cn.Network:
        return cn.Network(
            nodes=frame(
                "id stage country capacity_tpa",
                ("m", "mine", "CHN", 50.0), ("n", "mine", "AUS", 90.0), ("u", "end_use", "USA", None),
                ("v", "end_use", "JPN", None),
            ),
            edges=frame("source target flow_tpa", ("m", "u", 50.0), ("n", "v", 40.0)),
            demand=frame("node tier demand_tpa", ("u", "defence", 50.0), ("v", "defence", 40.0)),
            name=name, **more,
        )  # fmt: skip

    bar = frame(
        "id title kind bars_from bars_to in_force", ("own", "a rule", "export", "AUS", "USA", "2020"),
    )  # fmt: skip
    parts = {"a": part("a", rules=bar), "b": part("b")}
    both = joined(**parts).network
    out = [{"kind": "remove", "where": {"country": "CHN"}}]
    for name, net in parts.items():
        alone = cn.balance(net, cn.Scenario("out", out), "new").demand["shortfall_tpa"].sum()
        rows = cn.balance(both, cn.Scenario("out", out), "new", commodity=name).demand.query("is_counted")
        assert rows["shortfall_tpa"].sum() == pytest.approx(alone)
    assert both.rules["bars_commodity"].tolist() == ["a"]


def test_parts_of_two_dates_are_refused_where_it_matters_and_told_where_not() -> None:
    one = cn.read("rare-earths")
    with pytest.raises(cn.DataError, match=r'"b" stands at 2022-12-31 .* network\.at\("2026-11-30"\)'):
        cn.join({"a": one, "b": one.at("2022")})
    with pytest.warns(cn.ChainnetWarning, match="stands at 2026-11-30; mag did not"):
        cn.join({"mag": cn.read("mag-9"), "a": cn.read("gallium")})
