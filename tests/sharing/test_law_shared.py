"""Rules, service, contracts and cover where chains are handed on: nothing hidden in any byte, nothing said of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import frame, once

import chainnet as cn
from chainnet.sharing import aggregate, at_bounds, partition, redact
from chainnet.sharing._redact import HIDE

SECRET = bytes(range(32))
# what no reader of a redacted folder may find
HIDDEN = ("hush", "13.37", "0.4321", "works_my", "us_arms")


@once
def chain(prefix: str = "", **more: Any) -> cn.Network:
    """Mines, works and users in two countries, under contract, with cover, law and rules of their own."""
    p = prefix
    tables: dict[str, Any] = {
        "nodes": frame(
            "id stage step country process capacity_tpa",
            (f"{p}mine_au", "mine", None, "AUS", None, 40.0),
            (f"{p}works_my", "refiner", None, "MYS", None, 21.0),
            (f"{p}works_us", "refiner", None, "USA", None, 22.0),
            (f"{p}us_arms", "end_use", "arms", "USA", None, None),
            (f"{p}us_cars", "end_use", "cars", "USA", None, None),
            (f"{p}jp_cars", "end_use", "cars", "JPN", None, None),
        ),
        "edges": frame(
            "source target commodity capacity_tpa",
            (f"{p}mine_au", f"{p}works_my", "metal", 20.0),
            (f"{p}mine_au", f"{p}works_us", "metal", 20.0),
            (f"{p}works_my", f"{p}jp_cars", "metal", 20.0),
            (f"{p}works_my", f"{p}us_arms", "metal", 20.0),
            (f"{p}works_us", f"{p}us_arms", "metal", 20.0),
            (f"{p}works_us", f"{p}us_cars", "metal", 20.0),
            (f"{p}works_us", f"{p}jp_cars", "metal", 20.0),
            (f"{p}works_my", f"{p}us_cars", "metal", 20.0),
        ),
        "demand": frame(
            "node commodity tier demand_tpa",
            (f"{p}us_arms", "metal", "defence", 10.0),
            (f"{p}us_cars", "metal", "civilian", 11.0),
            (f"{p}jp_cars", "metal", "civilian", 12.0),
        ),
        "commodities": frame("id basis", ("metal", "t metal")),
        "contracts": frame(
            "supplier commodity for share tpa low high until note reference",
            (f"{p}works_my", "metal", "JPN", 0.4321, None, 0.3, 0.5, "2038", "hush: 13.37 USD", "hush_deal"),
            (f"{p}works_us", None, "USA", None, 13.37, 12.0, 14.0, None, None, None),
        ),
        "cover": frame(
            "node step country tier weeks low high note reference",
            (f"{p}us_arms", None, None, None, 13.37, 8.0, 20.0, "hush: told in confidence", "hush_deal"),
            (None, "cars", "USA", None, 3.0, 2.0, 4.0, None, None),
            (None, None, None, "civilian", 5.0, None, None, None, None),
        ),
        "service": frame(
            "country instrument binding note reference",
            ("USA", "hush act", "law", "hush: unpublished", "hush_deal"),
            ("JPN", "pact", "none", None, None),
        ),
        "rules": frame(
            "id title kind in_force scope source note",
            ("hush_rule", "hush: a rule to come", "export", "2027-01-01", "hush scope", "hush_deal", "hush: a leak"),
        ),
        "references": frame("key title", ("hush_deal", "hush: a paper")),
        **more,
    }
    return cn.Network(**{"beneficiaries": ["USA"], **tables}, name=f"{p}chain")


def bytes_of(network: cn.Network, folder: Path) -> str:
    """Every byte of a network as a folder and as one file."""
    where = cn.write(network, folder / "out")
    text = "".join(path.read_text() for path in sorted(where.rglob("*")) if path.is_file())
    return text + cn.write(network, folder / "out.json").read_text()


def test_the_chain_itself_holds_what_is_to_be_hidden(tmp_path: Path) -> None:
    held = bytes_of(chain(), tmp_path)
    assert all(word in held for word in HIDDEN)


def test_a_redacted_chain_holds_none_of_it(tmp_path: Path) -> None:
    done = redact(chain(), secret=SECRET, hide=HIDE, accept=["works_my", "works_us", "mine_au"])
    held = bytes_of(done.network, tmp_path) + done.log.to_csv()
    assert [word for word in HIDDEN if word in held] == []
    assert done.network.contracts.empty
    assert done.network.rules.empty
    # who is served first stays: without it answers by law would be others
    assert set(done.network.service["instrument"]) == {"instrument_1", "instrument_2"}
    assert sorted(zip(done.network.service["country"], done.network.service["binding"], strict=True)) == [
        ("JPN", "none"),
        ("USA", "law"),
    ]
    # weeks are bands of the grid 1, 1.6, 2.5, 4, 6.3, and each end is to be had
    cover = done.network.cover
    named = cover[cover["node"].notna()].iloc[0]
    assert (named["low"], named["high"], named["note"]) == (10.0, 16.0, "band")
    assert at_bounds(done.network, "high").cover["weeks"].max() == 16.0
    assert at_bounds(done.network, "low").cover["weeks"].min() == 2.5
    assert set(done.log["table"]) >= {"contracts", "cover", "rules", "service"}


def test_cover_is_handed_on_as_stocks_are_and_without_what_was_told_of_it(tmp_path: Path) -> None:
    done = redact(chain(), secret=SECRET, accept=["works_my", "works_us", "mine_au"])
    assert sorted(done.network.cover["weeks"]) == [3.0, 5.0, 13.37]
    assert done.network.cover[["low", "high", "note"]].isna().all(axis=None)
    assert not {"hush", "us_arms"} & set(bytes_of(done.network, tmp_path).replace('"', " ").replace(",", " ").split())


def test_what_lies_elsewhere_keeps_its_weeks_and_what_holds_for_all_does_not() -> None:
    hide = ["names", "sources", "stocks"]
    done = redact(chain(), secret=SECRET, hide=hide, within=["JPN"])
    cover = done.network.cover.set_index(["step", "tier"])
    assert set(cover["weeks"]) >= {13.37}  # of an American user, as it is
    assert (cover["note"] == "band").sum() == 2


def test_without_a_plant_its_contract_and_cover_are_gone() -> None:
    left = chain().without(nodes=["works_my", "us_arms"])
    assert left.contracts["supplier"].tolist() == ["works_us"]
    assert left.cover["node"].isna().all()
    assert len(left.cover) == 2


def test_a_class_does_not_say_what_one_of_its_members_is_bound_to(tmp_path: Path) -> None:
    net = chain(beneficiaries=None)
    one = pd.DataFrame([{"node": "jp_cars", "commodity": "metal", "tier": "civilian", "weeks": 77.7}])
    found = aggregate(net.with_table("cover", pd.concat([net.cover, one])), ["stage"])
    for side in (found.outer, found.inner):
        assert side.contracts.empty  # both works stand in one class
        assert side.cover["node"].dropna().tolist() == ["us_arms"]  # which stands by itself
        held = bytes_of(side, tmp_path / side.name)
        assert [word for word in ("13.37 USD", "0.4321", "77.7") if word in held] == []
    apart = aggregate(chain(), ["country", "stage", "step"])
    assert len(apart.outer.contracts) == 2


def test_each_part_has_its_own_contracts_cover_and_law(tmp_path: Path) -> None:
    parts = partition(chain(), {"usa": ["USA"], "jpn": ["JPN"]}).parts
    assert parts["usa"].contracts["supplier"].tolist() == ["works_us"]
    assert parts["rest"].contracts["supplier"].tolist() == ["works_my"]
    assert parts["usa"].cover.set_index("node")["weeks"].to_dict() == {"us_arms": 13.37, "us_cars": 3.0}
    assert parts["jpn"].cover.set_index("node")["weeks"].to_dict() == {"jp_cars": 5.0}
    assert parts["usa"].service["instrument"].tolist() == ["hush act"]
    held = bytes_of(parts["jpn"], tmp_path)
    assert [word for word in ("13.37", "0.4321", "in confidence", "unpublished", "a leak") if word in held] == []
    # a scenario that names the rule still fits each part
    assert parts["jpn"].rules["id"].tolist() == ["hush_rule"]


# -- several chains -----------------------------------------------------------------------------------------


def test_parties_contracts_and_cover_are_taken_whole_never_mixed() -> None:
    ours, theirs = chain(), chain(
        contracts=frame("supplier commodity for tpa quality", ("works_my", "metal", "JPN", 7.0, "reported")),
        cover=frame("country weeks quality", ("USA", 9.0, "reported")),
    )  # fmt: skip
    merged = cn.merge({"a": ours, "b": theirs})
    bound = merged.network.contracts.set_index("supplier")
    # a share beside tonnes would be no contract
    assert (bound.loc["works_my", "tpa"], bool(pd.isna(bound.loc["works_my", "share"]))) == (7.0, True)
    assert bound.loc["works_us", "tpa"] == 13.37
    # rows of both could meet
    assert merged.network.cover["weeks"].tolist() == [9.0]
    assert {"contracts", "cover"} <= set(merged.conflicts["table"])


def test_rules_of_two_parties_that_differ_are_a_conflict() -> None:
    later = chain().rules.assign(in_force="2032-01-01")
    merged = cn.merge({"a": chain(), "b": chain().with_table("rules", later)}, prefer=["b"])
    row = merged.conflicts.query("table == 'rules'")
    assert set(row["column"]) == {"in_force"}
    assert merged.network.rules["in_force"].tolist() == ["2032-01-01"]


def test_what_holds_for_all_users_of_one_chain_is_none_of_those_of_another() -> None:
    bare = chain("other_", cover=None, contracts=None, rules=None, service=None)
    both = cn.join({"a": chain(), "b": bare}, same=["metal"]).network
    assert both.cover.set_index("node")["weeks"].to_dict() == {"us_arms": 13.37, "us_cars": 3.0, "jp_cars": 5.0}
    assert both.contracts["supplier"].tolist() == ["works_my", "works_us"]


def test_a_name_and_a_count_change_wherever_they_stand() -> None:
    match = pd.DataFrame(
        [("b", "nodes", "works_my", "lynas"), ("b", "nodes", "us_arms", "arms"), ("b", "references", "hush_deal", "d")],
        columns=["party", "table", "id", "same_as"],
    )
    oxide = chain(edges=chain().edges.assign(commodity="oxide"), demand=chain().demand.assign(commodity="oxide"),
                  commodities=frame("id basis", ("oxide", "t oxide")),
                  contracts=chain().contracts.assign(commodity=["oxide", None]))  # fmt: skip
    merged = cn.merge({"a": bare_of_law(), "b": oxide}, match=match, alias={"oxide": ("metal", 0.5)})
    bound = merged.network.contracts.set_index("supplier")
    assert bound.loc["lynas", ["share", "low", "high"]].tolist() == [0.4321, 0.3, 0.5]  # a share is none of a good
    # of its main output, which is oxide: half as many tonnes of metal
    assert bound.loc["works_us", ["tpa", "low", "high"]].tolist() == pytest.approx([6.685, 6.0, 7.0])
    assert "arms" in set(merged.network.cover["node"].dropna())
    assert merged.network.rules["source"].tolist() == ["d"]


def bare_of_law() -> cn.Network:
    return chain("x_", cover=None, contracts=None, rules=None, service=None)


# -- there and back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["folder", "book.xlsx", "graph.graphml", "graph.gexf", "graph.json"])
def test_every_file_that_holds_a_network_gives_them_back(file: str, tmp_path: Path) -> None:
    net = chain()
    again = cn.read(cn.write(net, tmp_path / file))
    assert again.digest == net.digest
    for table in ("rules", "service", "contracts", "cover"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(net, table))


def test_they_may_lie_in_a_folder_as_parquet(tmp_path: Path) -> None:
    net = chain()
    folder = cn.write(net, tmp_path / "chain")
    for table in ("rules", "service", "contracts", "cover"):
        (folder / f"{table}.csv").unlink()
        getattr(net, table).to_parquet(folder / f"{table}.parquet")
    (folder / "datapackage.json").unlink()
    for table in ("rules", "service", "contracts", "cover"):
        pd.testing.assert_frame_equal(getattr(cn.read(folder), table), getattr(net, table))


def test_doors_give_them_back() -> None:
    net = chain()
    assert cn.Network.from_networkx(net.to_networkx()).digest == net.digest
    graph = net.to_networkx()
    graph.remove_node("works_my")
    with pytest.warns(cn.ChainnetWarning, match="1 row of contracts left out"):
        assert cn.Network.from_networkx(graph).contracts["supplier"].tolist() == ["works_us"]


def test_a_commitment_covers_their_rows() -> None:
    held = cn.sharing.commit(chain(), SECRET)
    assert {"rules", "service", "contracts", "cover"} <= set(held.rows["table"])
