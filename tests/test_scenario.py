"""Scenarios: their form, their file, and what they do to a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import frame, two_tier

import chainnet as cn

REMOVE = {"kind": "remove", "where": {"country": "CHN"}}


@pytest.mark.parametrize(
    "measure",
    [
        {"kind": "explode", "where": {"country": "CHN"}},
        {"kind": "remove"},
        {"kind": "remove", "where": {}},
        {"kind": "remove", "where": {"country": 3}},
        {"kind": "remove", "where": {"country": "CHN"}, "color": "red"},
        {"kind": "remove", "nodes": [1]},
        {"kind": "remove", "edges": [["a"]]},
        {"kind": "remove", "edges": ["ab"]},
        {"kind": "scale", "where": {"country": "CHN"}},
        {"kind": "scale", "where": {"country": "CHN"}, "share": -1},
        {"kind": "scale", "where": {"country": "CHN"}, "share": True},
        {"kind": "scale", "where": {"country": "CHN"}, "share": float("nan")},
        {"kind": "restrict", "share": 0.5},
        {**REMOVE, "start_month": -1},
        {**REMOVE, "start_month": 1.5},
        {**REMOVE, "months": 0},
        {**REMOVE, "start": "2025-13"},
        {**REMOVE, "start": "2025-04", "start_month": 3},
        "remove",
    ],
)
def test_a_wrong_form_is_refused(measure: object) -> None:
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario("s", [measure])  # type: ignore[list-item]
    assert len(caught.value.faults) >= 1


@pytest.mark.parametrize("probability", [-0.1, 1.1, True, "0.5"])
def test_a_wrong_probability_is_refused(probability: object) -> None:
    with pytest.raises(cn.DataError):
        cn.Scenario("s", [REMOVE], probability=probability)  # type: ignore[arg-type]


def write(folder: Path, text: str, name: str = "ban.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_the_same_words(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'name = "ban"\nlabel = "Chinese refiners stop"\nprobability = 0.2\n'
        '[[measures]]\nkind = "remove"\nwhere = {country = "CHN", stage = "refiner"}\nstart_month = 0\nmonths = 12\n'
        '[[measures]]\nkind = "restrict"\nfrom = {country = "CHN"}\nto = {country = ["USA", "EU27"]}\n'
        'commodity = "metal"\nshare = 0.5\n',
    )
    scn = cn.Scenario.read(path)
    assert scn.name == "ban"
    assert scn.probability == 0.2
    assert scn.measures[0]["where"] == {"country": "CHN", "stage": "refiner"}
    again = cn.Scenario.read(write(tmp_path, scn.to_toml(), "again.toml"))
    assert [dict(m) for m in again.measures] == [dict(m) for m in scn.measures]
    assert again.label == scn.label


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('nmae = "ban"', "nmae"),
        ('name = "other"', "name"),
        ('[[measures]]\nkind = "remove"\nwhere = {country = "CHN"}\nwhen = 3', "measures[0].when"),
        ("measures = 3", "measures[0]"),
        ("label = [", ""),
        ("probability = 2", "probability"),
    ],
)
def test_a_faulty_file_names_file_and_key(tmp_path: Path, text: str, column: str) -> None:
    with pytest.raises(cn.DataError) as caught:
        cn.Scenario.read(write(tmp_path, text))
    faults = caught.value.faults
    assert (faults["file"] == "ban.toml").all()
    assert column in faults["column"].tolist()


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(cn.DataError, match=r"nowhere\.toml"):
        cn.Scenario.read(tmp_path / "nowhere.toml")


def test_shipped_scenarios_are_a_sorted_mapping(graphs: dict[str, cn.Network]) -> None:
    for net in graphs.values():
        found = cn.scenarios(net)
        assert list(found) == sorted(found)
        assert len(found) >= 1
        assert all(name == scn.name for name, scn in found.items())
        with pytest.raises(TypeError):
            found["new"] = None  # type: ignore[index]


def test_a_network_of_ones_own_has_no_scenarios() -> None:
    assert dict(cn.scenarios(two_tier())) == {}


@pytest.mark.parametrize(
    ("measure", "error"),
    [
        ({"kind": "remove", "nodes": ["wroks"]}, cn.UnknownIdError),
        ({"kind": "remove", "edges": [["mine", "u_usa"]]}, cn.UnknownIdError),
        ({"kind": "remove", "where": {"colour": "red"}}, cn.DataError),
        ({"kind": "remove", "where": {"country": "CHINA"}}, cn.DataError),
        ({"kind": "restrict", "commodity": "gold"}, cn.DataError),
        ({"kind": "restrict", "commodity": "metal", "share": 0.5}, cn.DataError),  # no baseline
    ],
)
def test_ids_are_checked_when_it_is_put_to_a_network(measure: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        cn.balance(two_tier(), cn.Scenario("s", [measure]))


def served(net: cn.Network, *measures: dict[str, object], **more: object) -> list[float]:
    found = cn.balance(net, cn.Scenario("s", measures), **more)
    return found.demand["served_tpa"].round(9).tolist()


def test_what_each_kind_does() -> None:
    net = two_tier()  # rows: Japan civilian 2, USA civilian 4, USA defence 3; 5 t can be made
    assert served(net)[2] == 3.0
    assert served(net, REMOVE) == [0.0, 0.0, 0.0]
    assert served(net, {"kind": "remove", "where": {"country": "NZL"}})[2] == 3.0
    assert served(net, {"kind": "scale", "where": {"stage": "mine"}, "share": 0.4}) == [0.0, 0.0, 2.0]
    assert served(net, {"kind": "remove", "edges": [["works", "u_usa"]]}) == [2.0, 0.0, 0.0]
    assert served(net, {"kind": "restrict", "to": {"country": "USA"}, "commodity": "metal"}) == [2.0, 0.0, 0.0]
    assert served(net, {"kind": "remove", "where": {"country": "JPN"}}) == served(net), "end uses never drop out"


def test_measures_multiply_and_their_order_does_not_matter() -> None:
    net = two_tier()
    half = {"kind": "scale", "where": {"stage": "mine"}, "share": 0.5}
    fifth = {"kind": "scale", "nodes": ["mine"], "share": 0.4}
    assert sum(served(net, half, fifth)) == sum(served(net, fifth, half)) == 1.0


def test_restrict_binds_the_class_together() -> None:
    net = two_tier()
    flows = net.edges.assign(flow_tpa=[10.0, 2.0, 3.0])  # mine->works, works->u_jpn, works->u_usa
    net = cn.Network(
        nodes=net.nodes, edges=flows, demand=net.demand, processes=net.processes, main_commodity="metal", name="t"
    )
    both = {"kind": "restrict", "from": {"country": "CHN"}, "commodity": "metal", "share": 0.5}
    assert sum(served(net, both)) == pytest.approx(2.5)
    usa = {**both, "to": {"country": "USA"}}
    assert served(net, usa) == pytest.approx([2.0, 0.0, 1.5])


def test_dates_do_not_matter_in_a_static_answer() -> None:
    net = two_tier()
    assert served(net, {**REMOVE, "start_month": 30, "months": 1}) == [0.0, 0.0, 0.0]


def test_a_restriction_of_a_projects_edges_needs_no_baseline() -> None:
    net = cn.Network(
        nodes=frame("id stage country capacity_tpa", ("m", "mine", "CHN", 2.0), ("u", "end_use", "USA", None)),
        edges=frame("source target flow_tpa", ("m", "u", 2.0), ("plan", "u", None)),
        demand=frame("node tier demand_tpa", ("u", "defence", 9.0)),
        projects=frame("id stage country capacity_tpa", ("plan", "mine", "USA", 4.0)),
    )
    scn = cn.Scenario("s", [{"kind": "restrict", "to": {"country": "USA"}, "share": 0.5}])
    assert cn.reroute(net, scn).all_tpa == pytest.approx(1.0)
    assert cn.balance(net.with_projects(["plan"]), scn).demand["served_tpa"].sum() == pytest.approx(1.0)


def test_a_scenario_is_frozen() -> None:
    scn = cn.Scenario("s", [REMOVE])
    with pytest.raises(AttributeError):
        scn.name = "t"  # type: ignore[misc]
    with pytest.raises(TypeError):
        scn.measures[0]["kind"] = "scale"  # type: ignore[index]
