"""Alliance: hand-worked pools, Shapley, who pays, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.blocs import alliance
from chainnet.blocs._contributions import traced
from chainnet.lowering import lower


def shared(r: float = 10.0, p: float = 5.0, s: float = 3.0, **project: Any) -> cn.Network:
    """One common refiner R, a project P of the United States, a stock S in Japan, and users in both."""
    nodes = pd.DataFrame(
        [
            ("M", "mine", "AUS", np.nan),
            ("R", "refiner", "AUS", r),
            ("U", "end_use", "USA", np.nan),
            ("J", "end_use", "JPN", np.nan),
        ],
        columns=["id", "stage", "country", "capacity_tpa"],
    )
    edges = pd.DataFrame(
        [("M", "R"), ("M", "P"), ("R", "U"), ("R", "J"), ("P", "U"), ("P", "J")], columns=["source", "target"]
    )
    demand = pd.DataFrame({"node": ["U", "J"], "tier": ["defence", "civilian"], "demand_tpa": [10.0, 10.0]})
    plan = {"id": "P", "stage": "refiner", "country": "USA", "capacity_tpa": p, "capex_musd": 90.0, **project}
    stocks = pd.DataFrame({"id": ["S"], "country": ["JPN"], "stock_t": [s], "node": ["J"]})
    return cn.Network(
        nodes=nodes, edges=edges, demand=demand, projects=pd.DataFrame([plan]), stocks=stocks, name="shared"
    )


def test_alone_and_together_by_hand() -> None:
    # alone, the other is served first from all but what is one's own; together R + P + S = 18 of 20
    found = alliance(shared(), None, ["USA", "JPN"])
    assert found.members["alone_tpa"].to_dict() == pytest.approx({"JPN": 8.0, "USA": 8.0})
    assert found.together_tpa == pytest.approx(18.0)
    assert found.members["shapley_tpa"].to_dict() == pytest.approx({"JPN": 9.0, "USA": 9.0})
    assert found.gain_tpa == pytest.approx(2.0)
    assert found.members["gain_share"].to_list() == pytest.approx([0.5, 0.5])
    pools = found.pools.set_index("pool")
    assert pools["alone_tpa"].to_list() == pytest.approx([0.0, 6.0, 16.0])
    assert pools["together_tpa"].to_list() == pytest.approx([10.0, 13.0, 18.0])
    assert pools["gain_tpa"].to_list() == pytest.approx([10.0, 7.0, 2.0])
    assert found.certificate.ok


def test_tiers_come_in_order_when_all_pool() -> None:
    whole = alliance(shared(), None, ["USA", "JPN"]).coalitions.set_index("coalition").loc["JPN + USA"]
    assert whole["kept_defence_tpa"] == pytest.approx(10.0)
    assert whole["kept_civilian_tpa"] == pytest.approx(8.0)


def test_what_is_the_others_own_does_not_reach_a_member() -> None:
    # without R nothing is common: Japan cannot take what P makes, nor the United States what lies in S
    found = alliance(shared(r=0.0), None, ["USA", "JPN"])
    assert found.members["alone_tpa"].to_dict() == pytest.approx({"JPN": 3.0, "USA": 5.0})
    assert found.together_tpa == pytest.approx(8.0)
    assert found.gain_tpa == 0.0


def test_outsiders_are_owed_tonnes_not_these_very_goods() -> None:
    """What P makes reaches Japan alone; the United States use what is common and give P's 5 t for it."""
    net = shared(s=0.0)
    edges = net.edges[~((net.edges["source"] == "P") & (net.edges["target"] == "U"))]
    alone = alliance(net.with_table("edges", edges), None, ["USA", "JPN"]).members["alone_tpa"]
    # Japan's 10 t come first, from R alone; with P it is R's other half that is free
    assert alone["USA"] == pytest.approx(5.0)


@pytest.mark.parametrize("onward", [False, True])
def test_a_stock_at_another_members_end_use_is_not_that_members(onward: bool) -> None:
    """Japan's 3 t lie at the user in the United States: neither can use them alone, unless they can be shipped home."""
    ways = [("mine", "us"), ("mine", "japan"), *([("us", "japan")] if onward else [])]
    net = cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["mine", "us", "japan"],
                "stage": ["mine", "end_use", "end_use"],
                "country": ["AUS", "USA", "JPN"],
                "capacity_tpa": [0.0, np.nan, np.nan],
            }
        ),
        edges=pd.DataFrame(ways, columns=["source", "target"]),
        demand=pd.DataFrame({"node": ["us", "japan"], "demand_tpa": [10.0, 10.0]}),
        stocks=pd.DataFrame({"id": ["store"], "country": ["JPN"], "stock_t": [3.0], "node": ["us"]}),
    )
    found = alliance(net, None, ["USA", "JPN"]).members
    home = 3.0 if onward else 0.0
    assert found["alone_tpa"].to_dict() == pytest.approx({"JPN": home, "USA": 0.0})
    assert found["shapley_tpa"].to_dict() == pytest.approx({"JPN": 1.5 + home / 2, "USA": 1.5 - home / 2})
    assert found["gain_tpa"].sum() == pytest.approx(3.0 - home)


def bound(whose: str, share: float | None, *, tpa: float | None = None, **project: Any) -> cn.Network:
    """A part of what P makes, or tonnes of it, is bound by contract."""
    contract = pd.DataFrame({"supplier": ["P"], "for": [whose], "share": [share], "tpa": [tpa]})
    return shared(**project).with_table("contracts", contract)


def test_contracts_and_backers_decide_who_may_use_a_project() -> None:
    promised = alliance(bound("JPN", 0.4, r=0.0, backers="USA;JPN"), None, ["USA", "JPN"])
    # Japan backs it and has the offtake: all 5; the United States back it but 40 % is promised away
    assert promised.members["alone_tpa"].to_dict() == pytest.approx({"JPN": 8.0, "USA": 3.0})
    assert promised.members["pays_musd"].to_dict() == pytest.approx({"JPN": 45.0, "USA": 45.0})
    outside = alliance(shared(backers="USA;AUS"), None, ["USA", "JPN"])
    assert outside.outside_musd == pytest.approx(45.0)
    assert outside.projects.loc["P", "paid_by"] == "USA + outside"
    away = alliance(bound("KOR", 1.0, r=0.0), None, ["USA", "JPN"])
    assert away.together_tpa == pytest.approx(3.0)
    assert away.projects.empty


def test_regions_part_the_projects() -> None:
    found = alliance(shared(country="BRA", backers="USA"), None, ["USA", "JPN"])
    assert found.regions.loc["latin_america", "n_projects"] == 1
    assert found.regions.loc["latin_america", "capex_musd"] == pytest.approx(90.0)
    assert found.regions.loc["latin_america", "standalone_t"] == pytest.approx(5.0)
    assert found.regions["n_projects"].sum() == len(found.projects)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12))
def test_shapley_is_efficient_and_members_never_keep_more_than_they_ask(r: int, p: int, s: int) -> None:
    found = alliance(shared(float(r), float(p), float(s)), None, ["USA", "JPN"])
    assert found.members["shapley_tpa"].sum() == pytest.approx(found.together_tpa, abs=1e-6)
    assert found.members["gain_tpa"].sum() == pytest.approx(found.gain_tpa, abs=1e-6)
    # the stock lies with Japan's users and serves no others
    assert found.together_tpa == pytest.approx(min(20, r + p + min(s, 10)), abs=1e-6)
    assert (found.members["together_tpa"] <= found.members["demand_tpa"] + 1e-6).all()


def test_equals_get_equal_shares() -> None:
    net = shared(p=4.0)
    twin = net.projects.assign(id="Q", country="JPN")
    edges = pd.concat(
        [net.edges, pd.DataFrame({"source": ["M", "Q", "Q"], "target": ["Q", "U", "J"]})], ignore_index=True
    )
    both = cn.Network(
        nodes=net.nodes,
        edges=edges,
        demand=net.demand.assign(tier="civilian"),
        projects=pd.concat([net.projects, twin], ignore_index=True),
    )
    found = alliance(both, None, ["USA", "JPN"])
    assert found.members.loc["USA", "shapley_tpa"] == pytest.approx(found.members.loc["JPN", "shapley_tpa"])
    assert found.members.loc["USA", "alone_tpa"] == pytest.approx(found.members.loc["JPN", "alone_tpa"])


def test_mag_9_by_hand() -> None:
    """MAG-9 with China out and its users in the United States and Japan, 25 t each."""
    net = cn.read("mag-9")
    nodes = net.nodes[net.nodes["id"] != "USE"]
    users = pd.DataFrame({"id": ["UJ", "UU"], "stage": "end_use", "country": ["JPN", "USA"]})
    old = net.edges[net.edges["target"] == "USE"]
    edges = pd.concat(
        [net.edges[net.edges["target"] != "USE"], old.assign(target="UJ"), old.assign(target="UU")], ignore_index=True
    )
    demand = pd.DataFrame({"node": ["UJ", "UU"], "commodity": "magnet", "tier": "industrial", "demand_tpa": 25.0})
    split = cn.Network(
        nodes=pd.concat([nodes, users], ignore_index=True),
        edges=edges,
        demand=demand,
        processes=net.processes,
        projects=net.projects,
        main_commodity=["magnet"],
    )
    ban = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}}])
    found = alliance(split, ban, ["USA", "JPN"])
    # Brazil's 0.2 t Dy make 10 t, which whoever is outbid does not get; with the three American projects
    # 0.7 t Dy make 32 t (12 in G_JP, 20 in G_US), all but Japan's 10 for the United States
    assert found.members["alone_tpa"].to_dict() == pytest.approx({"JPN": 7.0, "USA": 22.0})
    assert found.together_tpa == pytest.approx(32.0)
    assert found.pools["together_tpa"].to_list() == pytest.approx([10.0, 10.0, 32.0])
    assert found.members["pays_musd"].to_dict() == pytest.approx({"JPN": 0.0, "USA": 230.0})


def test_who_is_served_less_together_than_alone_is_said_and_what_it_is_owed() -> None:
    """The United States alone use all 15 t of P for 10 t of demand; in equal fractions with Japan they get 9 t."""
    found = alliance(
        shared(r=0.0, p=15.0).with_table("demand", shared().demand.assign(tier="civilian")), None, ["USA", "JPN"]
    )
    members = found.members
    assert members["alone_tpa"].to_dict() == pytest.approx({"JPN": 3.0, "USA": 10.0})
    assert members["together_tpa"].to_dict() == pytest.approx({"JPN": 9.0, "USA": 9.0})
    assert members["needs_compensation"].to_dict() == {"JPN": False, "USA": True}
    assert members["nucleolus_tpa"].to_dict() == pytest.approx({"JPN": 5.5, "USA": 12.5})
    assert members.loc["USA", ["core_low_tpa", "core_high_tpa"]].tolist() == pytest.approx([10.0, 15.0])
    assert members["transfer_tpa"].to_dict() == pytest.approx({"JPN": -1.0, "USA": 1.0})
    assert (found.core_is_empty, found.shapley_in_core, found.transfer_total_tpa) == (False, True, pytest.approx(1.0))
    assert found.words["compensation"].startswith("USA is served 1 t/yr less together (9 t/yr) than alone (10 t/yr)")
    assert "USA is owed the worth of 1 t/yr" in found.words["stability"]


def test_what_members_open_adds_up_to_what_they_receive() -> None:
    found = alliance(shared(r=0.0, p=15.0), None, ["USA", "JPN"])
    given_ = found.contributions
    # P makes 15 t, of which 10 are for its own; Japan's store lies at home
    assert given_["opens_t"].to_dict() == pytest.approx({"JPN": 0.0, "USA": 5.0})
    assert given_["receives_t"].to_dict() == pytest.approx({"JPN": 5.0, "USA": 0.0})
    assert given_["net_t"].sum() == pytest.approx(0.0)
    assert given_["pays_musd"].to_dict() == {"JPN": 0.0, "USA": 90.0}
    assert found.opens_least_tpa == pytest.approx(5.0)
    # with the common refiner each may be served with what is nobody's, whatever the plan shown does
    assert alliance(shared(), None, ["USA", "JPN"]).opens_least_tpa == 0.0


def test_a_member_alone_is_a_split_of_its_own() -> None:
    one = alliance(shared(), None, ["JPN"])
    assert one.members["nucleolus_tpa"].tolist() == pytest.approx([one.together_tpa])
    assert one.members["transfer_tpa"].tolist() == [0.0]
    assert not one.core_is_empty


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 5.0), min_size=3, max_size=3))
def test_what_is_traced_is_whose_it_was_by_hand(sizes: list[float]) -> None:
    """Two mines feed a works that melts two parts ore with one part salt; a store of metal lies at the user."""
    ore_a, ore_b, store = sizes
    net = cn.Network(
        nodes=pd.DataFrame(
            [
                ("a", "mine", None),
                ("b", "mine", None),
                ("s", "mine", None),
                ("w", "refiner", "melt"),
                ("u", "end_use", None),
            ],
            columns=["id", "stage", "process"],
        ),
        edges=pd.DataFrame(
            [("a", "w", "ore"), ("b", "w", "ore"), ("s", "w", "salt"), ("w", "u", "metal")],
            columns=["source", "target", "commodity"],
        ),
        processes=pd.DataFrame(
            [("melt", "ore", "input", 2.0), ("melt", "salt", "input", 1.0), ("melt", "metal", "output", 1.0)],
            columns=["process", "commodity", "role", "t_per_t"],
        ),
        demand=pd.DataFrame({"node": ["u"], "commodity": ["metal"], "demand_tpa": [99.0]}),
        stocks=pd.DataFrame({"id": ["t"], "node": ["u"], "commodity": ["metal"], "stock_t": [9.0]}),
    )
    low = lower(net, stocks=True)
    x = np.zeros(len(low.program.cost))
    ids = [*low.tables.network.nodes["id"]]
    made = (ore_a + ore_b) / 2
    ends = {(s, t): i for i, (s, t) in enumerate(zip(net.edges["source"], net.edges["target"], strict=True))}
    for way, amount in {("a", "w"): ore_a, ("b", "w"): ore_b, ("s", "w"): made, ("w", "u"): made}.items():
        x[ends[way]] = amount
    x[low.flows.activity[ids.index("w")]] = made
    x[low.flows.draw_start] = store
    x[low.served] = made + store
    owner = np.zeros((len(ids), 2))
    owner[ids.index("a"), 0] = 1.0
    parts = traced(low, x, owner, np.array([[0.0, 1.0]]))[0]
    of_works = ore_a / (ore_a + ore_b) * 2 / 3
    assert parts.tolist() == pytest.approx([of_works * made / (made + store), store / (made + store)])
    # an own works makes all that leaves it its owner's
    owner[ids.index("w"), 1] = 1.0
    assert traced(low, x, owner, np.array([[0.0, 1.0]]))[0].tolist() == pytest.approx([0.0, 1.0])


@pytest.mark.slow
def test_rare_earths_whole_alliance_is_the_value_of_the_same_world() -> None:
    net = cn.read("rare-earths")
    stop = cn.scenarios(net)["china_export_stop"]
    who = ["USA", "JPN", "EU27"]
    found = alliance(net, stop, who, order="allies_first", projects=["usa_columbus", "est_narva", "mys_lynas_heavy"])
    assert found.members["shapley_tpa"].sum() == pytest.approx(found.together_tpa, rel=1e-9)
    bare = alliance(net.with_table("stocks", net.stocks.iloc[:0]), stop, who, order="allies_first", projects=[])
    served = cn.balance(net, stop, beneficiaries=who).by_tier()["served_tpa"].sum()
    assert bare.together_tpa >= served - 1e-6
    valued = cn.chokepoints(net, top=1, scenario=stop, beneficiaries=who).attrs["provenance"]["settings"]["base_tpa"]
    assert bare.together_tpa == pytest.approx(valued, rel=1e-9)


def test_the_default_members_of_the_shipped_bloc() -> None:
    net = cn.read("rare-earths")
    found = alliance(net, cn.scenarios(net)["china_export_stop"], projects=[])
    assert list(found.members.index) == ["EU27", "JPN", "USA"]


def test_order_of_members_and_rows_does_not_matter() -> None:
    net = shared()
    turned = cn.Network(
        nodes=net.nodes.iloc[::-1],
        edges=net.edges.iloc[::-1],
        demand=net.demand.iloc[::-1],
        projects=net.projects,
        stocks=net.stocks,
        name="shared",
    )
    one, two = alliance(net, None, ["USA", "JPN"]), alliance(turned, None, ["JPN", "USA"])
    for name, table in one.tables().items():
        pd.testing.assert_frame_equal(table, two.tables()[name])


@pytest.mark.parametrize(
    ("members", "keywords", "words"),
    [
        ([], {}, "nobody is named"),
        (5, {}, "5 is not allowed"),
        (["USA", "NOWHERE"], {}, "NOWHERE"),
        (["USA", "G7"], {}, "USA is in both"),
        ({"west": []}, {}, "west"),
        (["AUS"], {}, "no demand"),
        (["USA"], {"order": "never"}, "never"),
        (["USA"], {"by_year": "soon"}, "by_year"),
        (["USA"], {"regions": ["africa", "ZAF"]}, "ZAF is in both"),
        (["USA"], {"projects": ["X"]}, "unknown project"),
        (["AUS", "BRA", "CAN", "FRA", "DEU", "IND", "ITA", "USA", "JPN"], {}, "at most 8"),
    ],
)
def test_bad_input_is_named(members: Any, keywords: dict[str, Any], words: str) -> None:
    with pytest.raises(cn.ChainnetError, match=words):
        alliance(shared(), None, members, **keywords)


# -- stakes ---------------------------------------------------------------------------------------


def staked(*rows: tuple[Any, ...], **project: Any) -> cn.Network:
    stakes = pd.DataFrame(list(rows), columns=["project", "party", "kind", "share"])
    return shared(**project).with_table("stakes", stakes)


def test_capex_is_paid_by_stated_shares_and_the_rest_is_said_to_be_assumed() -> None:
    net = staked(("P", "USA", "capital", 0.3), ("P", "JPN", "loan", 0.5), backers="USA;JPN;AUS")
    found = alliance(net, None, ["USA", "JPN"])
    # a fifth is left for Australia, the one backer without a share, which is no member
    assert found.members["pays_musd"].to_dict() == pytest.approx({"JPN": 45.0, "USA": 27.0})
    assert found.members["pays_assumed_musd"].to_dict() == {"JPN": 0.0, "USA": 0.0}
    assert found.outside_musd == pytest.approx(18.0)
    assert found.projects.loc["P", "assumed_share"] == pytest.approx(0.2)
    assert "payment" not in found.words
    equal = alliance(shared(backers="USA;JPN"), None, ["USA", "JPN"])
    assert equal.members["pays_assumed_musd"].to_dict() == pytest.approx({"JPN": 45.0, "USA": 45.0})
    assert equal.words["payment"] == "Of USD 90 million that members pay, 100 % is assumed: no stake says who does."


def test_a_blank_share_is_an_equal_part_of_what_is_left() -> None:
    net = staked(("P", "USA", "capital", 0.4), ("P", "JPN", "capital", None), ("P", "EU27", "loan", None))
    paid = alliance(net, None, ["USA", "JPN"]).members
    assert paid["pays_musd"].to_dict() == pytest.approx({"JPN": 27.0, "USA": 36.0})
    assert paid["pays_assumed_musd"].to_dict() == pytest.approx({"JPN": 27.0, "USA": 0.0})


def test_who_holds_a_stake_may_use_the_project_and_who_only_buys_no_more_than_that() -> None:
    lender = alliance(staked(("P", "JPN", "guarantee", 0.5), r=0.0, country="BRA"), None, ["USA", "JPN"]).members
    assert lender["alone_tpa"].to_dict() == pytest.approx({"JPN": 8.0, "USA": 0.0})
    buyers = staked(("P", "JPN", "offtake", 0.4), ("P", "KOR", "offtake", 0.2), r=0.0)
    bound = alliance(buyers, None, ["USA", "JPN"])
    assert bound.members["alone_tpa"].to_dict() == pytest.approx({"JPN": 3.0 + 2.0, "USA": 2.0})
    assert bound.together_tpa == pytest.approx(3.0 + 4.0)


def test_stakes_of_kind_offtake_say_what_a_contract_says() -> None:
    """P makes 5 t, of which 2 t, or two fifths, are bound to Korea."""
    table = staked(("P", "KOR", "offtake", 0.4), r=0.0)
    for contract in (bound("KOR", 0.4, r=0.0), bound("KOR", None, tpa=2.0, r=0.0)):
        one, two = (alliance(net, None, ["USA", "JPN"]) for net in (contract, table))
        assert one.members["alone_tpa"].to_dict() == pytest.approx({"JPN": 3.0, "USA": 3.0})
        assert one.members["alone_tpa"].tolist() == pytest.approx(two.members["alone_tpa"].tolist())
        levels = [cn.reroute(net, None, beneficiaries=["USA"], allies=["USA"]).levels for net in (contract, table)]
        pd.testing.assert_frame_equal(*levels)


@pytest.mark.parametrize("row", [{"until": "2024"}, {"binding": "none"}])
def test_a_contract_that_has_ended_or_binds_nobody_leaves_a_project_free(row: dict[str, str]) -> None:
    net = bound("KOR", 1.0, r=0.0, status="planned")
    net = net.with_table("contracts", net.contracts.assign(**row))
    net = cn.Network(**{name: getattr(net, name) for name in ("nodes", "edges", "demand", "projects", "stocks", "contracts")}, as_of="2026-11")  # fmt: skip
    assert alliance(net, None, ["USA", "JPN"]).together_tpa == pytest.approx(8.0)


@pytest.mark.parametrize("column", ["offtake_country", "offtake_share"])
def test_a_column_that_contracts_replace_is_told_where_it_went(column: str) -> None:
    with pytest.raises(cn.DataError, match=f"projects, {column}: .*unknown column.*Contracts say to whom"):
        shared(**{column: "JPN"})


@pytest.mark.parametrize(
    ("rows", "contract", "words"),
    [
        ([("X", "USA", "capital", 0.1)], {}, "no node or project has this id"),
        ([("P", "UAS", "capital", 0.1)], {}, "neither a country, a known group nor a firm"),
        ([("P", "USA", "gift", 0.1)], {}, "capital, loan, guarantee, offtake, floor"),
        ([("P", "USA", "capital", 1.1)], {}, "from 0 to 1"),
        ([("P", "USA", "capital", 0.1), ("P", "USA", "capital", 0.2)], {}, "stands twice"),
        ([("P", "USA", "capital", 0.7), ("P", "JPN", "loan", 0.4)], {}, "capital and loan of P add up to more than 1"),
        ([("P", "USA", "offtake", 0.7), ("P", "JPN", "offtake", 0.4)], {}, "offtake of P add up to more than 1"),
        ([("P", "USA", "offtake", 0.7)], {"for": "JPN", "share": 0.7}, r"contracts of P say otherwise \(JPN 0.7\)"),
        ([("P", "JPN", "offtake", 0.6)], {"for": "JPN", "share": 0.7}, "say otherwise"),
    ],
)
def test_stakes_that_cannot_be_are_refused(rows: list[Any], contract: dict[str, Any], words: str) -> None:
    net = bound(contract["for"], contract["share"]) if contract else shared()
    stakes = pd.DataFrame(rows, columns=["project", "party", "kind", "share"])
    with pytest.raises(cn.DataError, match=words):
        net.with_table("stakes", stakes)


def test_stakes_that_say_what_a_contract_says_are_taken() -> None:
    net = staked(("P", "JPN", "offtake", 0.7), r=0.0)
    both = net.with_table("contracts", pd.DataFrame([{"supplier": "P", "for": "JPN", "share": 0.7}]))
    one, two = (alliance(it, None, ["USA", "JPN"]).members["alone_tpa"].tolist() for it in (net, both))
    assert one == pytest.approx(two)


def test_stakes_go_with_their_project_and_through_a_folder(tmp_path: Any) -> None:
    net = staked(("P", "USA", "capital", 0.3), ("P", "JPN", "offtake", 0.5))
    assert cn.read(cn.write(net, tmp_path / "folder")).digest == net.digest
    assert net.without(["P"]).stakes.empty
    assert len(net.with_projects(["P"]).stakes) == 2
    told = cn.Network(nodes=net.nodes, edges=net.edges, demand=net.demand, projects=net.projects, stocks=net.stocks)
    merged = cn.merge({"a": net, "b": told}).network
    assert merged.stakes["party"].tolist() == net.stakes["party"].tolist()
