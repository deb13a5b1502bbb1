"""What the gate holds of rules, service, contracts and cover: dates, countries, amounts, rows that contradict."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.network import cover_by_node

CHAIN: dict[str, Any] = {
    "nodes": pd.DataFrame(
        {
            "id": ["mine", "works", "us_arms", "us_cars", "eu_cars"],
            "stage": ["mine", "refiner", "end_use", "end_use", "end_use"],
            "step": [None, None, "arms", "cars", "cars"],
            "country": ["AUS", "MYS", "USA", "USA", None],
            "region": [None, None, None, None, "EU27"],
        }
    ),
    "edges": pd.DataFrame(
        {
            "source": ["mine", "works", "works", "works"],
            "target": ["works", "us_arms", "us_cars", "eu_cars"],
            "commodity": ["ore", "metal", "metal", "metal"],
        }
    ),
    "demand": pd.DataFrame(
        {
            "node": ["us_arms", "us_cars", "eu_cars"],
            "commodity": ["metal"] * 3,
            "tier": ["defence", "civilian", "civilian"],
            "demand_tpa": [1.0, 2.0, 3.0],
        }
    ),
}


def chain(**tables: list[dict[str, Any]]) -> cn.Network:
    return cn.Network(**CHAIN, **{name: pd.DataFrame(rows) for name, rows in tables.items()})


def faults(**tables: list[dict[str, Any]]) -> list[tuple[str, int, str, str]]:
    with pytest.raises(cn.DataError) as caught:
        chain(**tables)
    return sorted((f.file, f.row or 0, f.column, f.rule) for f in caught.value.faults_list)


def rule(**cells: Any) -> dict[str, Any]:
    return {"id": "r", "title": "R", "kind": "export", **cells}


@pytest.mark.parametrize("text", ["2026", "2026-02", "2026-02-28"])
def test_years_months_and_days_are_dates(text: str) -> None:
    held = chain(
        rules=[rule(in_force=text, until=text, review_by=text)],
        service=[{"country": "USA", "instrument": "Act", "binding": "law", "from": text, "until": text}],
        contracts=[{"supplier": "works", "commodity": "metal", "for": "JPN", "share": 0.5, "until": text}],
    )
    assert held.rules["until"].tolist() == held.contracts["until"].tolist() == [text]


@pytest.mark.parametrize("text", ["soon", "2026-13", "2026-02-30", "28.2.2026", "26", "2026-2"])
def test_what_is_no_date_is_told_with_its_cell(text: str) -> None:
    found = faults(
        rules=[rule(), rule(id="s", suspended_to=text)],
        service=[{"country": "USA", "instrument": "Act", "binding": "law", "from": text}],
        contracts=[{"supplier": "works", "commodity": "metal", "for": "JPN", "share": 0.5, "until": text}],
    )
    assert found == [
        ("contracts", 2, "until", "is no date"),
        ("rules", 3, "suspended_to", "is no date"),
        ("service", 2, "from", "is no date"),
    ]


def test_a_span_may_not_run_backwards_but_may_lie_within_one_month() -> None:
    assert len(chain(rules=[rule(in_force="2026-11-20", until="2026-11")]).rules) == 1
    assert faults(rules=[rule(in_force="2026-11-21", until="2026-11-20")])[0][2:] == (
        "in_force",
        "lies after until (2026-11-20)",
    )
    assert faults(rules=[rule(suspended_from="2027", suspended_to="2026")])[0][2] == "suspended_from"


def test_countries_are_codes_or_groups_known_in_common_or_own() -> None:
    rows = {
        "service": [{"country": "club", "instrument": "Pact", "binding": "none"}],
        "contracts": [{"supplier": "works", "commodity": "metal", "for": "G7", "tpa": 7.0}],
        "cover": [{"country": "EU27", "weeks": 3.0}],
        "groups": [{"group": "club", "country": "JPN"}],
    }
    assert chain(**rows).service["country"].tolist() == ["club"]
    found = faults(
        service=[{"country": "US", "instrument": "Act", "binding": "law"}],
        contracts=[{"supplier": "works", "commodity": "metal", "for": "Japan", "tpa": 7.0}],
        cover=[{"country": "NATOO", "weeks": 3.0}],
    )
    assert [one[:3] for one in found] == [("contracts", 2, "for"), ("cover", 2, "country"), ("service", 2, "country")]
    with pytest.raises(cn.DataError, match=r'did you mean USA|did you mean "USA"'):
        chain(service=[{"country": "US", "instrument": "Act", "binding": "law"}])


@pytest.mark.parametrize(
    ("cells", "said"),
    [({}, "share: share and tpa are both blank"), ({"share": 0.5, "tpa": 3.0}, 'share: "0.5": stands beside tpa')],
)
def test_a_contract_has_a_share_or_tonnes(cells: dict[str, float], said: str) -> None:
    with pytest.raises(cn.DataError) as caught:
        chain(contracts=[{"supplier": "works", "commodity": "metal", "for": "JPN", **cells}])
    (fault,) = caught.value.faults_list
    assert str(fault) == f"contracts row 2, {said}. Give one of the two: a share, or tonnes a year. (index 0)"


def test_a_contract_names_a_plant_and_a_share_is_one() -> None:
    found = faults(contracts=[{"supplier": "nobody", "for": "JPN", "share": 1.5}])
    assert {one[2] for one in found} == {"supplier", "share"}


def test_cover_has_weeks_within_its_range_and_a_tier_that_is_known() -> None:
    assert chain(cover=[{"weeks": 0.0, "low": 0.0, "high": 13.0}]).cover["high"].tolist() == [13.0]
    found = faults(cover=[{"weeks": 7.0, "low": 8.0, "tier": "army"}, {"weeks": 7.0, "high": 6.0}])
    assert [one[1:3] for one in found] == [(2, "low"), (2, "tier"), (3, "high")]
    assert [one[3] for one in faults(cover=[{"weeks": 7.0, "low": 8.0, "high": 6.0}])] == ["low is above high (6)"]
    assert faults(cover=[{"weeks": -1.0}])[0][2] == "weeks"


MEET = [
    # (one row, another, whether they contradict)
    ({"tier": "civilian"}, {"step": "cars"}, True),
    ({"tier": "defence"}, {"step": "cars"}, False),  # no cars for the army
    ({"country": "USA"}, {"step": "arms"}, True),
    ({"country": "EU27"}, {"step": "arms"}, False),
    ({"country": "EU27"}, {"step": "cars"}, True),  # by the region of the node
    ({"country": "G7"}, {"country": "USA"}, True),  # a group and its member name as much
    ({"country": "USA"}, {"country": "JPN"}, False),
    ({"country": "G7", "tier": "defence"}, {"country": "USA"}, False),  # the first is more specific
    ({"commodity": "metal"}, {"node": "us_cars"}, False),  # a node is one step in one country
    ({"commodity": "ore"}, {"node": "us_cars"}, False),
    ({"node": "works"}, {"country": "MYS"}, False),  # a plant is reached by its node or step alone
    ({"node": "works"}, {"step": "refiner"}, False),
    ({"commodity": "metal", "tier": "civilian", "step": "cars"}, {"node": "us_cars"}, True),
]


@pytest.mark.parametrize(("one", "other", "meets"), MEET)
def test_two_rows_of_cover_that_name_as_much_and_can_meet_contradict(
    one: dict[str, Any], other: dict[str, Any], meets: bool
) -> None:
    for rows in ([one, other], [other, one]):
        given = [{**row, "weeks": 4.0} for row in rows]
        if not meets:
            assert len(chain(cover=given).cover) == 2
            continue
        found = faults(cover=given)
        assert found[0][:3] == ("cover", 3, "weeks")
        assert "names as much as row 2 and can meet it" in found[0][3]


def test_cover_names_each_user_by_the_most_specific_row() -> None:
    """Weeks of a node, else of its step, else of its country; a plant is named by node or step, with what it names."""
    given = [
        {"weeks": 1.0},
        {"country": "G7", "weeks": 2.0, "note": "seven"},
        {"step": "cars", "country": "EU27", "weeks": 3.0},
        {"node": "us_arms", "weeks": 4.0},
        {"step": "refiner", "commodity": "metal", "weeks": 5.0},
        {"node": "mine", "tier": "defence", "weeks": 6.0},
    ]
    for rows in (given, given[::-1]):
        net = chain(cover=rows)
        found = cover_by_node(net.as_read, net.groups_known)
        assert set(found.columns) == set(net.cover.columns)
        assert found[["step", "country"]].isna().all(axis=None)
        cells = found[["node", "commodity", "tier", "weeks", "note"]].astype(object)
        assert sorted(cells.where(cells.notna(), "").to_numpy().tolist()) == [
            ["eu_cars", "metal", "civilian", 3.0, ""],
            ["mine", "", "defence", 6.0, ""],
            ["us_arms", "metal", "defence", 4.0, ""],
            ["us_cars", "metal", "civilian", 2.0, "seven"],
            ["works", "metal", "", 5.0, ""],
        ]
    assert cover_by_node(chain().as_read, {}).empty


def test_a_table_that_changes_is_held_to_the_same(mag9: cn.Network) -> None:
    laid = mag9.with_table("rules", pd.DataFrame([rule(in_force="2026-01-01")]))
    assert laid.digest != mag9.digest
    with pytest.raises(cn.DataError, match=re.escape("is no date")):
        mag9.with_table("rules", pd.DataFrame([rule(in_force="tomorrow")]))
    covered = chain(cover=[{"tier": "civilian", "weeks": 1.0}, {"tier": "defence", "weeks": 2.0}])
    both = covered.demand.assign(tier=["defence", "civilian", "civilian"])
    assert len(covered.with_demand(both).cover) == 2
    apart = chain(cover=[{"tier": "defence", "weeks": 1.0}, {"step": "cars", "weeks": 2.0}])
    with pytest.raises(cn.DataError, match="can meet it"):
        apart.with_demand(apart.demand.assign(tier="defence"))
