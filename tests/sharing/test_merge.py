"""Tables of several parties as one network: every conflict listed, nothing decided in silence."""

from __future__ import annotations

import itertools
import random

import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.sharing import Merge


def plant(capacity: float, quality: str | None, source: str | None, **more: object) -> cn.Network:
    return cn.Network(
        nodes=frame("id stage capacity_tpa quality reference", ("sep1", "refiner", capacity, quality, source)).assign(
            **more
        ),
        edges=frame("source target commodity", ("sep1", "user", "oxide")),
        demand=frame("node commodity demand_tpa", ("user", "oxide", 9.0)),
        projects=frame("id stage", ("user", "end_use")),
        references=frame("key title year grade", ("old", "o", "2024", "1"), ("new", "n", "2025", "2")),
        name="chain",
    )


def three() -> dict[str, cn.Network]:
    return {
        "usa": plant(1200.0, "reported", "old"),
        "jpn": plant(1350.0, "estimated", "new"),
        "eu": plant(1200.0, "assumed", None),
    }


@pytest.mark.parametrize(
    ("rules", "prefer", "taken", "why"),
    [
        (("grade", "newer", "prefer"), (), 1200.0, "grade"),
        (("newer",), (), 1350.0, "newer"),
        (("prefer",), ("jpn",), 1350.0, "prefer"),
        ((), (), 1200.0, "tie"),
    ],
)
def test_a_conflict_is_decided_as_ruled_and_holds_everybodys_figure(
    rules: tuple[str, ...], prefer: tuple[str, ...], taken: float, why: str
) -> None:
    found = cn.merge(three(), rules=rules, prefer=prefer)
    row = found.network.nodes.set_index("id").loc["sep1"]
    assert (row["capacity_tpa"], row["low"], row["high"]) == (taken, 1200.0, 1350.0)
    assert found.n_conflicts == 1
    assert len(found.conflicts) == 3
    assert set(found.conflicts["why"]) == {why}
    assert found.conflicts.set_index("party")["taken"].to_dict() == {p: v == taken for p, v in
                                                                     {"usa": 1200, "jpn": 1350, "eu": 1200}.items()}  # fmt: skip


def test_the_range_may_be_that_of_the_claim_taken() -> None:
    row = cn.merge(three(), ranges="taken").network.nodes.set_index("id").loc["sep1"]
    assert row[["low", "high"]].isna().all()


def test_the_pedigree_travels_with_the_figure_taken() -> None:
    row = cn.merge(three(), rules=("newer",)).network.nodes.set_index("id").loc["sep1"]
    assert (row["quality"], row["reference"]) == ("estimated", "new")


def test_an_undecided_conflict_can_be_refused() -> None:
    with pytest.raises(cn.DataError, match="no rule decides 1 conflicts: nodes sep1, capacity_tpa"):
        cn.merge(three(), rules=(), ties="error")


def seeded(net: cn.Network, party: int, spots: dict[tuple[str, str], list[int]]) -> cn.Network:
    for (table, column), rows in spots.items():
        new = getattr(net, table)
        for row in rows:
            old = new.loc[row, column]
            new.loc[row, column] = f"firm {party}" if isinstance(old, str) else old * (1.1 + party)
            new.loc[row, ["low", "high"]] = None
        net = net.with_table(table, new)
    return net


@pytest.mark.long
def test_two_hundred_seeded_conflicts_are_all_listed_in_any_order(rare_earths: cn.Network) -> None:
    rng = random.Random(7)
    spots = {}
    for table, column, n in (("nodes", "capacity_tpa", 40), ("edges", "capacity_tpa", 110), ("demand", "demand_tpa", 30),
                             ("nodes", "operator", 20)):  # fmt: skip
        known = getattr(rare_earths, table)[column].dropna().index
        spots[table, column] = rng.sample(list(known), n)
    parties = {"a": rare_earths, "b": seeded(rare_earths, 1, spots), "c": seeded(rare_earths, 2, spots)}
    found = cn.merge(parties)
    assert found.n_conflicts == 200 == found.conflicts["conflict"].nunique()
    assert found.n_cells == found.n_conflicts + found.n_filled + found.n_unmatched + found.n_equal
    assert found.n_filled == found.n_unmatched == 0
    tables = {name: getattr(rare_earths, name) for name, _ in spots}
    wanted = {(t, c, float(tables[t].loc[row, c])) for (t, c), rows in spots.items() for row in rows if c != "operator"}
    own = found.conflicts[(found.conflicts["party"] == "a") & (found.conflicts["column"] != "operator")]
    assert {(t, c, float(v)) for t, c, v in zip(own["table"], own["column"], own["value"], strict=True)} == wanted
    turned = cn.merge(dict(reversed(parties.items())))
    assert turned.network.digest == found.network.digest
    assert cn.merge({"m": found.network, "n": found.network}).network.digest == found.network.digest


def test_merging_a_network_with_itself_changes_nothing(mag9: cn.Network, graphs: dict[str, cn.Network]) -> None:
    for net in (mag9, graphs["germanium"]):
        found = cn.merge({"a": net, "b": net})
        assert found.network.digest == net.digest
        assert found.n_conflicts == found.n_filled == found.n_unmatched == 0
        assert len(found.suspects) == len(found.pedigree) == 0


def test_cells_of_records_taken_whole_are_counted_one_by_one() -> None:
    """Amounts of two lines, stages of three nodes, the process of one: six cells, of which one amount differs."""

    def melt(ore: float) -> cn.Network:
        lines = {"process": ["melt"] * 2, "commodity": ["metal", "ore"], "role": ["output", "input"]}
        return cn.Network(
            pd.DataFrame(
                {"id": ["m", "p", "u"], "stage": ["mine", "refiner", "end_use"], "process": [None, "melt", None]}
            ),
            pd.DataFrame({"source": ["m", "p"], "target": ["p", "u"], "commodity": ["ore", "metal"]}),
            processes=pd.DataFrame({**lines, "t_per_t": [1.0, ore]}),
        )

    alike, other = (cn.merge({"a": melt(2.0), "b": melt(ore)}) for ore in (2.0, 3.0))
    assert (alike.n_equal, alike.n_conflicts, alike.n_cells) == (6, 0, 6)
    assert (other.n_equal, other.n_conflicts, other.n_cells) == (5, 1, 6)


def test_merging_in_steps_is_merging_at_once() -> None:
    digests = set()
    for a, b, c in list(itertools.permutations(three().items()))[::2]:
        inner: Merge = cn.merge(dict([a, b]), prefer=["jpn"] if "jpn" in (a[0], b[0]) else ())
        digests.add(cn.merge({"both": inner, c[0]: c[1]}, prefer=["jpn"]).network.digest)
    assert len(digests) == 1


def test_what_is_reported_twice_is_not_added_up() -> None:
    net = plant(5.0, None, None)
    both = cn.merge({"a": net, "b": net}).network
    assert both.demand["demand_tpa"].tolist() == [9.0]
    assert len(both.edges) == 1


def test_blank_is_no_claim_and_what_is_filled_is_listed() -> None:
    found = cn.merge({"a": plant(5.0, None, None, operator=None), "b": plant(5.0, None, None, operator="Firm")})
    assert found.network.nodes["operator"].tolist() == ["Firm"]
    assert found.n_conflicts == 0
    assert found.filled[["key", "column", "value", "given_by", "missing_in"]].to_numpy().tolist() == [
        ["sep1", "operator", "Firm", "b", "a"]
    ]


def test_what_only_one_party_holds_is_listed_and_a_remainder_is_suspect() -> None:
    def side(*ids: str) -> cn.Network:
        return cn.Network(
            nodes=pd.DataFrame({"id": [*ids, "user"], "stage": ["mine"] * len(ids) + ["end_use"], "country": "AUS"}),
            edges=pd.DataFrame({"source": ids, "target": "user"}),
            name="m",
        )

    found = cn.merge({"a": side("aus_other"), "b": side("aus_other", "pit")})
    assert found.unmatched[found.unmatched["table"] == "nodes"].to_numpy().tolist() == [["nodes", "pit", "b", "a"]]
    assert found.suspects[["id", "party", "other_id", "other_party"]].to_numpy().tolist() == [
        ["aus_other", "a", "pit", "b"]
    ]
    apart = cn.merge({"a": side("deep"), "b": side("pit")}).suspects
    assert apart["why"].tolist() == ["same place and step, no id in common"]


def test_every_pair_that_may_be_one_plant_says_why_and_in_whose_table() -> None:
    """Places and steps part them; an id that both know is one plant, and a remainder speaks of those not named."""

    def side(*rows: tuple[str, str, str | None]) -> cn.Network:
        nodes = frame("id country label", *rows).assign(stage="mine")
        user = frame("id country stage", ("user", "AUS", "end_use"))
        return cn.Network(
            pd.concat([nodes, user], ignore_index=True),
            pd.DataFrame({"source": nodes["id"], "target": "user"}),
            name="m",
        )

    found = cn.merge(
        {
            "a": side(("deep", "AUS", None), ("shared", "AUS", None), ("rest_aus", "AUS", None), ("north", "CHL", None)),
            "b": side(("pit", "AUS", None), ("shared", "AUS", None), ("aus2", "AUS", "All others"), ("south", "PER", None)),
        }
    ).suspects  # fmt: skip
    beside = "a remainder beside a plant that its party does not name"
    assert sorted(found[["id", "party", "other_id", "other_party", "why"]].to_numpy().tolist()) == [
        ["aus2", "b", "deep", "a", beside],
        ["deep", "a", "pit", "b", "same place and step, no id in common"],
        ["rest_aus", "a", "aus2", "b", "two remainders of one place and step"],
        ["rest_aus", "a", "pit", "b", beside],
    ]
    assert set(found["country"]) == {"AUS"}
    assert set(found["step"]) == {"mine"}


def test_a_recipe_is_taken_whole_and_a_missing_line_is_a_conflict() -> None:
    def recipe(*lines: tuple[object, ...]) -> cn.Network:
        return cn.Network(
            nodes=frame("id stage process", ("m", "mine", None), ("w", "refiner", "melt"), ("u", "end_use", None)),
            edges=frame("source target commodity", ("m", "w", "ore"), ("w", "u", "metal")),
            processes=frame("process commodity role t_per_t quality", *lines),
            name="m",
        )

    made = ("melt", "metal", "output", 1.0, "reported")
    ours = recipe(made, ("melt", "ore", "input", 2.0, "reported"))
    theirs = recipe(made, ("melt", "ore", "input", 3.0, "assumed"), ("melt", "acid", "input", 0.1, "assumed"))
    found = cn.merge({"a": ours, "b": theirs})
    assert found.network.processes["t_per_t"].tolist() == [1.0, 2.0]
    listed = found.conflicts[found.conflicts["party"] == "b"].set_index("key")
    assert listed.loc["melt / acid / input", "value"] == "present"
    assert listed.loc["melt / ore / input", "value"] == "3.0"
    assert not listed["taken"].any()
    assert set(found.conflicts["why"]) == {"grade"}


def test_parallel_relations_are_taken_whole_from_one_party() -> None:
    def side(*caps: float) -> cn.Network:
        edges = pd.DataFrame({"source": "m", "target": "u", "capacity_tpa": caps})
        return cn.Network.from_edges(edges, name="m")

    found = cn.merge({"a": side(1.0, 2.0), "b": side(5.0)}, prefer=["b"])
    assert found.network.edges["capacity_tpa"].tolist() == [5.0]
    assert {"row", "capacity_tpa"} == set(found.conflicts["column"])


def test_a_node_here_and_a_project_there_is_a_node_and_a_conflict() -> None:
    built = cn.Network.from_edges(frame("source target", ("m", "u"), ("n", "u")), name="m")
    planned = cn.Network(
        nodes=frame("id stage", ("m", "mine"), ("u", "end_use")),
        edges=frame("source target", ("m", "u"), ("n", "u")),
        projects=frame("id stage", ("n", "mine")),
        name="m",
    )
    found = cn.merge({"a": built, "b": planned})
    assert set(found.network.nodes["id"]) == {"m", "n", "u"}
    assert found.network.projects.empty
    assert found.conflicts[["column", "why"]].drop_duplicates().to_numpy().tolist() == [["table", "built"]]


def test_where_only_the_pedigree_differs_that_is_said() -> None:
    found = cn.merge({"a": plant(5.0, "reported", "old"), "b": plant(5.0, "assumed", "new")})
    assert found.n_conflicts == 0
    assert found.pedigree.set_index("party")["taken"].to_dict() == {"a": True, "b": False}


def test_a_claim_that_is_not_known_as_its_row_is_has_a_figure() -> None:
    a = plant(5.0, "reported", "old", unit_cost_usd_per_t=10.0)
    b = plant(5.0, "assumed", "new", unit_cost_usd_per_t=12.0)
    found = cn.merge({"a": a, "b": b}, rules=("newer",))
    row = found.network.figures.iloc[0]
    assert row[["table", "key", "column", "value", "low", "high"]].tolist() == [
        "nodes", "sep1", "unit_cost_usd_per_t", 12.0, 10.0, 12.0,
    ]  # fmt: skip


def test_what_is_counted_is_compared_too(mag9: cn.Network) -> None:
    tables = {
        name: getattr(mag9, name) for name in ("nodes", "edges", "demand", "processes", "commodities", "projects")
    }
    tables |= {"references": mag9.references}
    other = cn.Network(**tables, name="mag-9", main_commodity=["ndpr"], year=2020)
    with pytest.raises(cn.DataError, match="main commodities are on different bases"):
        cn.merge({"a": mag9, "b": other})
    alike = cn.Network(**tables, name="mag-9", main_commodity=["magnet"], beneficiaries=["USA"], year=2020)
    found = cn.merge({"a": mag9, "b": alike})
    assert found.network.beneficiaries == ("USA",)
    assert "beneficiaries" in set(found.filled["column"]) | set(found.conflicts["column"])


def oxide(commodity: str, factor: float) -> cn.Network:
    """The same works, counted in one commodity or another."""
    return cn.Network(
        nodes=frame(
            "id stage process capacity_tpa unit_cost_usd_per_t",
            ("m", "mine", None, 40.0, None), ("sep", "refiner", "part", 10.0 * factor, 6.0 / factor),
            ("mag", "manufacturer", "make", 30.0, None), ("u", "end_use", None, None, None),
        ),
        edges=frame(
            "source target commodity capacity_tpa", ("m", "sep", "ore", None),
            ("sep", "mag", commodity, 8.0 * factor), ("mag", "u", "magnet", None),
        ),
        processes=frame(
            "process commodity role t_per_t",
            ("part", "ore", "input", 3.0 / factor), ("part", commodity, "output", 1.0),
            ("make", commodity, "input", 0.3 * factor), ("make", "magnet", "output", 1.0),
        ),
        commodities=frame(
            "id basis price_usd_per_t", ("ore", "o", None), (commodity, "p" if factor == 1 else "n", 100.0 / factor),
            ("magnet", "m", None),
        ),
        demand=frame("node commodity demand_tpa", ("u", "magnet", 50.0)),
        main_commodity="magnet",
        name="m",
    )  # fmt: skip


def test_an_alias_counts_a_commodity_as_another_and_the_chain_serves_the_same() -> None:
    f = 288.484 / 336.481
    found = cn.merge({"a": oxide("ndpr_oxide", 1.0), "b": oxide("ndpr", f)}, alias={"ndpr_oxide": ("ndpr", f)})
    assert found.n_conflicts == 1  # the bases, which differ by word
    assert found.conflicts["column"].unique().tolist() == ["basis"]
    assert cn.max_flow(found.network).value_tpa == pytest.approx(cn.max_flow(oxide("ndpr", f)).value_tpa, rel=1e-9)
    assert found.network.nodes.set_index("id").loc["sep", "capacity_tpa"] == pytest.approx(10 * f)


def test_match_gives_one_plant_one_name() -> None:
    ours, theirs = (cn.Network.from_edges(frame("source target", (name, "u")), name="m") for name in ("pit", "mine_1"))
    match = pd.DataFrame({"party": ["b"], "table": ["nodes"], "id": ["mine_1"], "same_as": ["pit"]})
    found = cn.merge({"a": ours, "b": theirs}, match=match)
    assert found.network.digest == ours.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prefer": ["gbr"]}, 'prefer: unknown party "gbr"'),
        ({"rules": ["best"]}, 'rules: unknown rule "best"'),
        ({"ranges": "all"}, "ranges: unknown way"),
        ({"alias": {"a": "b", "b": "a"}}, "alias: a -> b -> a runs in a circle"),
        ({"alias": {"a": ("b", 0.0)}}, 'alias: "a": 0.0 is no factor'),
        ({"match": pd.DataFrame({"party": ["eu"], "table": ["nodes"], "id": ["sep2"], "same_as": ["x"]})},
         'match row 2, id: unknown id of nodes of eu "sep2"; did you mean "sep1"'),
        ({"match": pd.DataFrame({"party": ["eu"]})}, "column table, id, same_as is missing"),
    ],
)  # fmt: skip
def test_bad_words_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(cn.DataError, match=message.replace("(", r"\(")):
        cn.merge(three(), **change)  # type: ignore[arg-type]


def test_fewer_than_two_parties_or_two_of_one_name_are_refused(mag9: cn.Network) -> None:
    with pytest.raises(cn.DataError, match="1 given; give two or more"):
        cn.merge({"a": mag9})
    with pytest.raises(cn.DataError, match='two parties are called "usa"'):
        cn.merge({"x": cn.merge({"usa": mag9, "jpn": mag9}), "usa": plant(5.0, None, None)})
    with pytest.raises(cn.DataError, match="is a DataFrame"):
        cn.merge({"a": mag9, "b": mag9.nodes})  # type: ignore[dict-item]


def test_an_alias_without_a_factor_between_two_bases_is_refused() -> None:
    net = oxide("ndpr_oxide", 1.0)
    with pytest.raises(cn.DataError, match="on basis p and"):
        cn.merge({"a": net, "b": net}, alias={"ndpr_oxide": "magnet"})
