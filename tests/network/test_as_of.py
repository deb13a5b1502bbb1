"""Projects that run stand as built: what a status says, how much stands when, whatever the order."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame, once

import chainnet as cn
from chainnet.flow import Counting, balance_under, project_sizes
from chainnet.lowering import Overlay
from chainnet.network import state_of

THIRD = 100.0 * (1.0 / 3.0)


@once
def chain(**change: Any) -> cn.Network:
    """A mine, a user of 1000 t and projects of 100 t each: running with and without a ramp, and not running."""
    rows = [
        ("done", "operating, sold out", 2024.0, None, 90.0, 120.0),
        ("idle", "idle, no restart decided", 2020.0, None, None, None),
        ("later", "running", 2030.0, None, None, None),
        ("ramp", "ramping", 2025.0, 2.0, 60.0, 150.0),
        ("site", "building", 2024.0, None, None, None),
        ("undated", "Operating", None, 4.0, None, None),
    ]
    projects = frame("id status start_year ramp_years low high", *rows).assign(
        stage="mine", country="USA", owner="Acme", capacity_tpa=100.0, backers="USA"
    )
    tables: dict[str, Any] = {
        "nodes": frame("id stage country capacity_tpa", ("pit", "mine", "AUS", 10.0), ("user", "end_use", "USA", None)),
        "edges": frame("source target flow_tpa", ("pit", "user", 10.0), *((row[0], "user", None) for row in rows)),
        "demand": frame("node tier demand_tpa", ("user", "defence", 1000.0)),
        "projects": projects,
        "name": "chain",
        "year": 2024,
    }
    return cn.Network(**{**tables, **change})


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("operating, ramping", "running"),
        ("Operating since April 2025, Chinese controlled", "running"),
        ("running", "running"),
        ("in operation", "running"),
        ("Operational", "running"),
        ("producing", "running"),
        ("shipping", "running"),
        ("ramping", "running"),
        ("built", "running"),
        ("completed", "running"),
        ("commissioned 2024", "running"),
        ("opened September 2025", "running"),
        ("restarted April 2025", "running"),
        ("start-up", "running"),
        ("  START‑UP , samples", "running"),
        ("building, finance open", "building"),
        ("under construction", "building"),
        ("Construction", "building"),
        ("commissioning mid-2026", "building"),
        ("site preparation", "building"),
        ("decided December 2025, mid-2027", "decided"),
        ("approved", "decided"),
        ("committed", "decided"),
        ("funded", "decided"),
        ("financed", "decided"),
        ("idle, no restart decided", "idle"),
        ("mothballed", "idle"),
        ("care and maintenance", "idle"),
        ("on care-and-maintenance", "idle"),
        ("planned", "undecided"),
        ("announced", "undecided"),
        ("pilot metal November 2025", "undecided"),
        ("small line running", "undecided"),
        ("site chosen, building", "undecided"),
        ("before decision", "undecided"),
        ("not operating", "undecided"),
        ("no longer operating", "undecided"),
        ("Not yet built", "undecided"),
        ("non-operational", "undecided"),
        ("built but not operating", "undecided"),
        ("operation suspended", "undecided"),
        ("operating licence applied for", "undecided"),
        ("completed pre-feasibility study", "undecided"),
        ("building permit granted", "undecided"),
        ("construction planned", "undecided"),
        ("started construction", "undecided"),
        ("built by 2029", "undecided"),
        ("producing from 2029", "undecided"),
        ("opened tender", "undecided"),
        ("completed DFS", "undecided"),
        ("completed bankable feasibility", "undecided"),
        ("commissioned a study", "undecided"),
        ("started drilling 2025", "undecided"),
        ("running out of money", "undecided"),
        ("shipping contract signed", "undecided"),
        ("operating company founded", "undecided"),
        ("approved for study", "undecided"),
        ("construction to start 2027", "undecided"),
        ("idle land bought", "undecided"),
        ("commissioned Q3 2024", "running"),
        ("producing since the end of 2025", "running"),
        ("opened 2025-04-01", "running"),
        ("decided in mid 2026", "decided"),
        ("mothballed since 2019", "idle"),
        ("runningish", "undecided"),
        ("builtin", "undecided"),
        ("", "undecided"),
        (",operating", "undecided"),
        (None, "undecided"),
        (pd.NA, "undecided"),
        (float("nan"), "undecided"),
    ],
)
def test_what_a_status_says(status: object, state: str) -> None:
    assert state_of(status) == state


@pytest.mark.parametrize("status", ["started construction", "opened tender", "Producing from 2029"])
def test_a_status_that_is_not_understood_makes_no_plant_and_is_told(status: str) -> None:
    nodes = frame("id stage", ("pit", "mine"), ("user", "end_use"))
    edges = frame("source target", ("pit", "kiln"), ("kiln", "user"))
    projects = frame("id stage capacity_tpa status", ("kiln", "refiner", 6.0, status))
    with pytest.warns(cn.ChainnetWarning, match=f'counts as undecided: kiln "{status}". Write running, building'):
        net = cn.Network(nodes, edges, projects=projects, year=2026, as_of="2026-12")
    assert net.opened.empty
    assert status in net.notes[-1]
    plain = cn.Network(nodes, edges, projects=projects.assign(status="planned"))
    with pytest.warns(cn.ChainnetWarning, match="counts as undecided"):
        assert status in plain.with_table("projects", projects).notes[-1]
    assert not plain.notes


def test_a_plant_that_runs_since_a_later_year_does_not_stand_yet() -> None:
    nodes = frame("id stage", ("pit", "mine"), ("user", "end_use"))
    edges = frame("source target", ("pit", "kiln"), ("kiln", "user"))
    projects = frame("id stage capacity_tpa status", ("kiln", "refiner", 6.0, "commissioned 2029"))
    net = cn.Network(nodes, edges, projects=projects, year=2026, as_of="2026-12")
    assert net.opened.empty
    assert net.at("2029-12").opened["id"].tolist() == ["kiln"]


def test_what_stands_when() -> None:
    net = chain()
    built = net.at("2025-12")
    sizes = built.nodes.set_index("id")["capacity_tpa"]
    assert sizes.drop("user").to_dict() == {"pit": 10.0, "done": 100.0, "ramp": THIRD, "undated": 100.0}
    assert set(built.projects["id"]) == {"idle", "later", "site"}
    assert (built.name, built.as_of, built.base_year, built.current_year) == (net.name, "2025-12-31", 2024, 2025)
    assert built.digest != net.digest
    assert built.opened[["id", "part"]].to_dict("list") == {
        "id": ["done", "ramp", "undated"],
        "part": [1.0, 1 / 3, 1.0],
    }
    assert built.opened["since"].fillna("always").tolist() == ["2024", "2025", "always"]
    assert set(net.at("2023").opened["id"]) == {"undated"}
    assert set(net.at("2030").opened["id"]) == {"done", "later", "ramp", "undated"}
    assert net.opened.empty
    assert net.projects["id"].size == 6, "the network itself never changes"
    assert built.at(None).digest == net.digest
    assert built.at(None).as_of is None


@pytest.mark.parametrize(
    ("day", "part"),
    [("2025-06-30", None), ("2025-07-01", 1 / 3), ("2026-06-30", 1 / 3), ("2026-07", 2 / 3), ("2027-07", 1.0)],
)
def test_a_plant_starts_in_its_month_and_grows_every_twelve(day: str, part: float | None) -> None:
    projects = chain().projects.assign(start=[None, None, None, "2025-07", None, None])
    opened = chain(projects=projects).at(day).opened.set_index("id")
    assert ("ramp" in opened.index) == (part is not None)
    if part is not None:
        assert opened.loc["ramp", ["since", "part"]].tolist() == ["2025-07", pytest.approx(part)]


@pytest.mark.parametrize(
    ("start", "rule"),
    [("July 2025", "is no month"), ("2025", "is no month"), ("2026-01", "is not in start_year (2025)")],
)
def test_a_start_that_is_no_month_or_in_another_year_is_refused(start: str, rule: str) -> None:
    with pytest.raises(cn.DataError) as found:
        chain(projects=chain().projects.assign(start=[None, None, None, start, None, None]))
    assert found.value.faults.loc[0, ["file", "row", "column", "value", "rule"]].tolist() == [
        "projects", 5, "start", start, rule,
    ]  # fmt: skip


def test_a_network_with_a_date_stands_at_it() -> None:
    made = chain(as_of="2025-12")
    assert made.digest == chain().at("2025-12-31").digest
    assert made.trade[0].equals(chain().at("2025").trade[0])
    assert cn.balance(made).demand["served_tpa"].sum() == pytest.approx(10.0 + 100.0 + THIRD + 100.0)


def test_the_range_of_a_size_goes_with_it() -> None:
    row = chain().at("2025").nodes.set_index("id").loc["ramp", ["low", "capacity_tpa", "high"]]
    assert row.tolist() == pytest.approx([20.0, THIRD, 50.0])
    assert np.isfinite(cn.ensemble(chain().at("2025"), None, draws=8).draws.to_numpy(dtype=float)).all()


def test_finished_ramps_stand_as_with_projects() -> None:
    net = chain()
    assert net.at("2027").digest == net.with_projects(["done", "ramp", "undated"]).digest
    shipped = cn.read("rare-earths", as_of=None)
    names = shipped.at("2060").opened["id"]
    assert len(names) >= 3
    assert shipped.at("2060").digest == shipped.with_projects(names).digest


def test_a_chain_without_projects_that_run_is_the_same_at_every_date() -> None:
    net = cn.read("mag-9")
    assert net.at("2026").digest == net.digest
    assert "opened" not in cn.balance(net.at("2026")).provenance["settings"]


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027, 2031])
def test_an_answer_is_that_of_projects_at_their_size_in_the_year(year: int) -> None:
    net = chain()
    runs = net.projects["id"].isin(["done", "later", "ramp", "undated"]).to_numpy()
    sizes = np.where(runs, project_sizes(net, year), 0.0)
    expected = balance_under(Counting.of(net, None, None), Overlay.none(net).with_built(sizes), "existing")
    found = cn.balance(net.at(str(year)))
    assert found.demand["served_tpa"].tolist() == pytest.approx(expected.demand["served_tpa"].tolist())
    assert cn.chokepoints(net.at(str(year))).loc["done", "lost_tpa"] == pytest.approx(100.0)


def test_links_of_an_opened_plant_carry_up_to_capacity_where_nothing_is_rerouted() -> None:
    served = {
        how: cn.balance(chain(as_of="2025"), reroute=how).demand["served_tpa"].sum() for how in ("none", "existing")
    }
    assert served["none"] == served["existing"] == pytest.approx(210.0 + THIRD)


def test_months_begin_after_the_date_and_the_ramp_goes_on() -> None:
    months = cn.stress_test(chain(as_of="2025-11"), [], 15).months
    served = months.groupby("month")["served_t"].sum() * 12
    assert served[1] == pytest.approx(210.0 + THIRD)  # December 2025
    assert served[2] == pytest.approx(210.0 + 2 * THIRD)  # January 2026
    assert served[14] == pytest.approx(310.0)  # January 2027
    moved = cn.stress_test(chain(as_of="2025-11"), [], 2, "2024-12").months.groupby("month")["served_t"].sum() * 12
    assert moved[1] == pytest.approx(210.0), "before its start the plant makes nothing"


def test_by_a_year_a_plant_has_grown() -> None:
    whole = cn.reroute(chain(as_of="2025"), projects=["site"], by_year=2027)
    first = cn.reroute(chain(as_of="2025"), projects=["site"])
    left = [table.levels.set_index("level").loc["existing", "shortfall_tpa"] for table in (first, whole)]
    assert left == pytest.approx([1000.0 - 210.0 - THIRD, 1000.0 - 310.0])


CHANGES: dict[str, Callable[[cn.Network], cn.Network]] = {
    "at": lambda net: net.at("2025"),
    "with_projects": lambda net: net.with_projects(["ramp", "site"]),
    "without": lambda net: net.without(nodes=["done"]),
    "without where": lambda net: net.without(where={"status": "building"}),
    "scale": lambda net: net.scale({"backers": "USA"}, 0.3),
    "scale one": lambda net: net.scale({"status": "ramping"}, 0.7),
    "stop": lambda net: net.scale({"status": "Operating"}, 0.0),
}


@pytest.mark.parametrize(
    "names",
    [
        ("at", "with_projects"),
        ("at", "without"),
        ("at", "scale"),
        ("at", "stop"),
        ("at", "with_projects", "scale"),
        ("at", "with_projects", "without", "scale"),
        ("at", "without where", "scale one", "with_projects"),
        ("at", "stop", "scale one"),
    ],
)
def test_the_order_of_changes_does_not_matter(names: tuple[str, ...]) -> None:
    digests, opened = set(), set()
    for order in permutations(names):
        net = chain()
        for name in order:
            net = CHANGES[name](net)
        digests.add(net.digest)
        opened.add(tuple(net.opened["id"]))
    assert len(digests) == 1
    assert len(opened) == 1


def test_the_last_date_counts() -> None:
    net = chain()
    assert net.at("2026").at("2025").digest == net.at("2025").digest
    assert net.at("2026").scale({"status": "ramping"}, 0.5).at("2025").digest == (
        net.at("2025").scale({"status": "ramping"}, 0.5).digest
    )
    assert net.scale({"status": "operating, sold out"}, 0.5).at("2026").at(None).digest == (
        net.scale({"status": "operating, sold out"}, 0.5).digest
    )
    whole = net.at("2025").with_projects(["ramp"])
    assert whole.nodes.set_index("id").loc["ramp", "capacity_tpa"] == 100.0
    assert "ramp" not in set(whole.opened["id"]), "it was built by name"


def test_what_has_no_capacity_stands_without_one() -> None:
    net = chain(projects=chain().projects.assign(capacity_tpa=np.nan, low=np.nan, high=np.nan))
    built = net.at("2025")
    assert built.nodes.set_index("id")["capacity_tpa"].isna().sum() == 4  # three projects and the user
    assert built.at("2026").digest == net.at("2026").digest


def test_a_table_that_is_replaced_stays_what_it_is() -> None:
    built = chain().at("2025")
    nodes = built.nodes
    nodes.loc[nodes["id"] == "ramp", "capacity_tpa"] = 7.0
    mine = built.with_table("nodes", nodes).scale({"country": "USA"}, 0.5)
    assert mine.nodes.set_index("id").loc["ramp", "capacity_tpa"] == 3.5


@pytest.mark.parametrize("name", ["chain", "chain.xlsx", "chain.json", "chain.graphml", "chain.gexf"])
def test_it_goes_through_every_kind_of_file(name: str, tmp_path: Any) -> None:
    built = chain(as_of="2025-12")
    again = cn.read(cn.write(built, tmp_path / name))
    assert (again.digest, again.as_of, again.base_year) == (built.digest, "2025-12-31", 2024)
    assert again.at("2026").digest == built.at("2026").digest
    assert cn.read(tmp_path / name, as_of=None).digest == chain().digest


def test_it_goes_to_another_process_and_to_other_libraries() -> None:
    built = chain(as_of="2025-12")
    for again in (
        pickle.loads(pickle.dumps(built)),
        cn.Network.from_networkx(built.to_networkx()),
        cn.Network.from_igraph(built.to_igraph()),
    ):
        assert (again.digest, again.as_of, list(again.opened["id"])) == (
            built.digest,
            "2025-12-31",
            ["done", "ramp", "undated"],
        )
        assert again.at("2026").digest == built.at("2026").digest


def test_answers_say_what_stands() -> None:
    said = cn.balance(chain().at("2025-11-12")).provenance["settings"]
    assert said["as_of"] == "2025-11-12"
    assert said["opened"] == {"done": "2024", "ramp": "2025", "undated": "always"}


@pytest.mark.parametrize("day", ["2026-13", "next year", 2026, 2026.0, True, float("nan"), "", [2026], "2026-02-30"])
def test_what_is_no_date_is_refused(day: object) -> None:
    with pytest.raises(cn.DataError, match=r"^as_of: .* is no date\. Write"):
        chain().at(day)
    with pytest.raises(cn.DataError, match=r"^as_of: .* is no date\. Write"):
        cn.read("mag-9", as_of=day)


def test_rows_of_what_opened_say_nothing_without_a_date() -> None:
    opened = frame("id stage status capacity_tpa start_year", ("new", "mine", "running", 3.0, 2025))
    tables = {"nodes": frame("id stage", ("m", "mine"), ("u", "end_use")), "edges": frame("source target", ("m", "u"))}
    assert cn.Network(**tables, opened=opened, year=2024).opened.empty
