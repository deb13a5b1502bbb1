"""Projects that run stand as built: what a status says, how much stands when, whatever the order."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame

import chainnet as cn
from chainnet.flow import Counting, balance_under, project_sizes
from chainnet.lowering import Overlay
from chainnet.network import state_of

THIRD = 100.0 * (1.0 / 3.0)


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


def test_what_stands_when() -> None:
    net = chain()
    built = net.as_built(2025)
    sizes = built.nodes.set_index("id")["capacity_tpa"]
    assert sizes.drop("user").to_dict() == {"pit": 10.0, "done": 100.0, "ramp": THIRD, "undated": 100.0}
    assert set(built.projects["id"]) == {"idle", "later", "site"}
    assert built.name == net.name
    assert built.digest != net.digest
    assert built.standing[["id", "part", "year"]].to_dict("list") == {
        "id": ["done", "ramp", "undated"],
        "part": [1.0, 1 / 3, 1.0],
        "year": [2025] * 3,
    }
    assert built.standing["since"].fillna(0).tolist() == [2024, 2025, 0]
    assert built.notes == (
        '"done" stands as built in 2025: since 2024.',
        '"ramp" stands as built in 2025: since 2025, at 33.3 % of its size.',
        '"undated" stands as built in 2025: in every year.',
    )
    assert set(net.as_built(2023).standing["id"]) == {"undated"}
    assert set(net.as_built(2030).standing["id"]) == {"done", "later", "ramp", "undated"}
    assert net.notes == ()
    assert net.standing.empty
    assert net.projects["id"].size == 6, "the network itself never changes"


def test_the_range_of_a_size_goes_with_it() -> None:
    row = chain().as_built(2025).nodes.set_index("id").loc["ramp", ["low", "capacity_tpa", "high"]]
    assert row.tolist() == pytest.approx([20.0, THIRD, 50.0])
    assert np.isfinite(cn.ensemble(chain().as_built(2025), None, draws=8).draws.to_numpy(dtype=float)).all()


def test_finished_ramps_stand_as_with_projects() -> None:
    net = chain()
    assert net.as_built(2027).digest == net.with_projects(["done", "ramp", "undated"]).digest
    shipped = cn.read("rare-earths")
    names = shipped.as_built(2060).standing["id"]
    assert len(names) >= 3
    assert shipped.as_built(2060).digest == shipped.with_projects(names).digest


def test_nothing_that_runs_changes_nothing() -> None:
    net = cn.read("mag-9")
    assert net.as_built(2026) is net
    assert "as_built" not in cn.balance(net).provenance["settings"]


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027, 2031])
def test_an_answer_is_that_of_projects_at_their_size_in_the_year(year: int) -> None:
    net = chain()
    runs = net.projects["id"].isin(["done", "later", "ramp", "undated"]).to_numpy()
    sizes = np.where(runs, project_sizes(net, year), 0.0)
    expected = balance_under(Counting.of(net, None, None), Overlay.none(net).with_built(sizes), "existing")
    found = cn.balance(net.as_built(year))
    assert found.demand["served_tpa"].tolist() == pytest.approx(expected.demand["served_tpa"].tolist())
    assert cn.chokepoints(net.as_built(year)).loc["done", "lost_tpa"] == pytest.approx(100.0)


CHANGES: dict[str, Callable[[cn.Network], cn.Network]] = {
    "as_built": lambda net: net.as_built(2025),
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
        ("as_built", "with_projects"),
        ("as_built", "without"),
        ("as_built", "scale"),
        ("as_built", "stop"),
        ("as_built", "with_projects", "scale"),
        ("as_built", "with_projects", "without", "scale"),
        ("as_built", "without where", "scale one", "with_projects"),
        ("as_built", "stop", "scale one"),
    ],
)
def test_the_order_of_changes_does_not_matter(names: tuple[str, ...]) -> None:
    digests, notes = set(), set()
    for order in permutations(names):
        net = chain()
        for name in order:
            net = CHANGES[name](net)
        digests.add(net.digest)
        notes.add(net.notes)
    assert len(digests) == 1
    assert len(notes) == 1


def test_the_latest_of_several_years_counts() -> None:
    net = chain()
    one, two = net.as_built(2025).as_built(2026), net.as_built(2026).as_built(2025)
    assert one.digest == two.digest == net.as_built(2026).digest
    assert one.notes == two.notes == net.as_built(2026).notes
    whole = net.as_built(2025).with_projects(["ramp"])
    assert whole.nodes.set_index("id").loc["ramp", "capacity_tpa"] == 100.0
    assert "ramp" not in set(whole.standing["id"]), "it was built by name"


def test_what_has_no_capacity_stands_without_one() -> None:
    net = chain(projects=chain().projects.assign(capacity_tpa=np.nan, low=np.nan, high=np.nan))
    built = net.as_built(2025)
    assert built.nodes.set_index("id")["capacity_tpa"].isna().sum() == 4  # three projects and the user
    assert built.as_built(2026).digest == net.as_built(2026).digest


def test_a_table_that_is_replaced_stays_what_it_is() -> None:
    built = chain().as_built(2025)
    nodes = built.nodes
    nodes.loc[nodes["id"] == "ramp", "capacity_tpa"] = 7.0
    mine = built.with_table("nodes", nodes).scale({"country": "USA"}, 0.5)
    assert mine.nodes.set_index("id").loc["ramp", "capacity_tpa"] == 3.5


def test_it_goes_to_another_process_and_through_a_folder(tmp_path: Any) -> None:
    built = chain().as_built(2025)
    again = pickle.loads(pickle.dumps(built))
    assert (again.digest, again.notes) == (built.digest, built.notes)
    assert cn.read(cn.write(built, tmp_path / "chain")).digest == built.digest


def test_answers_say_what_stands() -> None:
    said = cn.balance(chain().as_built(2025)).provenance["settings"]["as_built"]
    assert said == {"year": 2025, "since": {"done": 2024, "ramp": 2025, "undated": "always"}}


@pytest.mark.parametrize("year", ["2026", 2026.0, 2026.5, True, None, float("nan"), 1899, 2201, [2026], 10**400])
def test_a_wrong_year_is_refused(year: object) -> None:
    with pytest.raises(cn.DataError, match=r"^as_built\(year=\.\.\.\): .* is no year; .* from 1900 to 2200"):
        chain().as_built(year)  # type: ignore[arg-type]
