"""What a group of sites can make, in what order tiers stand, what a map keeps, how changes are told, by hand."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, radians
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import frame

import chainnet as cn
from chainnet.drawing import gathering, pages
from chainnet.drawing.facts import change_text, collect
from chainnet.drawing.lean import LINK_BLANK, SITE_BLANK, lean
from chainnet.drawing.living.payload import _members
from chainnet.drawing.style import percent, tonnes
from chainnet.drawing.world import _project
from chainnet.flow import Counting


def test_a_group_with_an_unlimited_member_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mines of 4 and 6 t in Australia make 10; of two in China one has no limit, so the group has none."""
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("a1", "mine", "AUS", 4.0),
            ("a2", "mine", "AUS", 6.0),
            ("c1", "mine", "CHN", 5.0),
            ("c2", "mine", "CHN", None),
            ("u", "end_use", "USA", None),
        ),
        frame(
            "source target flow_tpa capacity_tpa",
            ("a1", "u", 1.0, 2.0),
            ("a2", "u", 2.0, 3.0),
            ("c1", "u", 3.0, 4.0),
            ("c2", "u", 4.0, None),
        ),
    )
    monkeypatch.setattr(gathering, "MOST_SITES", 4)
    found = gathering.gather(net, None, None)
    nodes = found.network.nodes.set_index("country")
    assert sorted(found.sizes.values()) == [1, 2, 2]
    assert nodes["capacity_tpa"].to_dict() == pytest.approx({"AUS": 10.0, "CHN": np.nan, "USA": np.nan}, nan_ok=True)
    place = found.network.nodes.set_index("id")["country"]
    edges = found.network.edges.assign(place=found.network.edges["source"].map(place)).set_index("place")
    assert edges["flow_tpa"].to_dict() == pytest.approx({"AUS": 3.0, "CHN": 7.0})
    assert edges["capacity_tpa"].to_dict() == pytest.approx({"AUS": 5.0, "CHN": np.nan}, nan_ok=True)


def test_the_living_page_lists_tiers_in_the_order_in_which_they_are_served_and_places_by_name() -> None:
    net = cn.Network(
        frame("id stage country", ("m", "mine", "AUS"), ("us", "end_use", "USA"), ("jp", "end_use", "JPN")),
        frame("source target", ("m", "us"), ("m", "jp")),
        demand=frame(
            "node tier demand_tpa",
            ("us", "alpha", 1.0),
            ("us", "zulu", 2.0),
            ("jp", "zulu", 3.0),
            ("us", None, 4.0),
            ("jp", "mid", 5.0),
        ),
        tiers=frame("tier rank", ("zulu", 1.0), ("mid", 2.0), ("alpha", 3.0)),
    )
    found = [(member["tier"], member["label"]) for member in _members(net, Counting.of(net))]
    assert [tier for tier, _ in found] == [*["zulu"] * 2, "mid", "alpha"] + [""] * (len(found) - 4)
    assert [label for tier, label in found if tier == "zulu"] == ["Japan", "United States"]


@pytest.mark.parametrize("latitude", [-55, -20, 35, 77])
def test_a_map_of_the_world_keeps_areas(latitude: float) -> None:
    """A field of a degree either way is as large on the sheet, anywhere, as its part of the globe on that scale."""
    (left, _), (right, _) = _project(-180.0, 0.0), _project(180.0, 0.0)
    assert (left, right) == pytest.approx((8.0, 1232.0), abs=0.01)
    scale = 612.0 / 2.70663  # the sheet's points a radius of the globe: half a width is as many radii, by its authors
    (x, _), (further, _) = _project(30.0, latitude), _project(31.0, latitude)
    (_, north), (_, south) = _project(30.0, latitude + 0.5), _project(30.0, latitude - 0.5)
    field = (further - x) * (south - north)
    assert field == pytest.approx(scale**2 * radians(1.0) ** 2 * cos(radians(latitude)), rel=1e-3)


def test_a_change_has_its_sign_and_unit_and_dust_is_none() -> None:
    told = [change_text(before, after) for before, after in ((1.0, 3.5), (3.5, 1.0), (2e6, 2e6 + 1.0), (None, 1.0))]
    assert told == ["+2.5 t/yr", "\u22122.5 t/yr", "0", "n/d"]


def test_the_head_of_a_step_adds_what_may_be_added_and_says_what_cannot_apply() -> None:
    """Mines of 10 and 30 t/yr make 5 and 25; of two makers one has no limit; a user has no capacity at all."""
    net = cn.Network(
        frame(
            "id stage capacity_tpa",
            ("m1", "mine", 10.0),
            ("m2", "mine", 30.0),
            ("p1", "manufacturer", 20.0),
            ("p2", "manufacturer", None),
            ("u", "end_use", None),
        ),
        frame(
            "source target flow_tpa",
            ("m1", "p1", 5.0),
            ("m2", "p2", 25.0),
            ("p1", "u", 5.0),
            ("p2", "u", 25.0),
        ),
    )
    keys = ("capacityText", "baseText", "utilText", "resultText")
    assert [[flat(head[key]) for key in keys] for head in collect(net, None, None).blocks] == [
        ["40 t/yr", "30 t/yr", "75 %", "-"],
        ["20 t/yr + 1 without limit", "30 t/yr", "n/d", "-"],
        ["n/a", "30 t/yr", "n/a", "-"],
    ]


def filled_in(row: dict[str, Any], blank: dict[str, Any], texts: Callable[..., dict[str, Any]], data: Any) -> Any:
    """A row as the script of the page makes it whole: blanks, what follows from its numbers, then what it holds."""
    base = row.get("base") if data["hasResult"] else None
    given = {**blank, "result": base, **row}
    for name, flow in (("utilBase", "base"), ("utilResult", "result")):
        given[name] = row.get(name, ratio(given[flow], given.get("capacity")))
    return {**texts(given), **given}


def ratio(flow: float | None, capacity: float | None) -> float | None:
    return None if flow is None or not capacity else float(f"{flow / capacity:.9g}")


def test_a_page_holds_what_its_script_cannot_fill_in_and_no_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each row is whole again by the rules of graph_data.js, and what these rules give already is not in the file."""
    seen: list[Any] = []
    monkeypatch.setattr(pages, "lean", lambda facts: seen.append((facts, lean(facts))) or seen[-1][1])
    net = cn.read("mag-9")
    cn.draw(net, cn.balance(net, "china_out"), path=tmp_path / "a.html", losses=cn.chokepoints(net))
    cn.draw(net, path=tmp_path / "b.html")
    for facts, (links, sites, common) in seen:
        data = facts.data
        has_result = data["hasResult"]

        def of_site(s: dict[str, Any], data: Any = data, has_result: bool = has_result) -> dict[str, Any]:
            block = data["blocks"][s["block"]]
            none = "n/a" if block["stage"] == "end_use" else "no limit (no capacity on record)"
            told = {"stage": block["stage"], "step": block["name"], "colour": data["colourOf"].get(s["place"])}
            for name, size, share in (("lost", "lost", "lostShare"), ("firstLost", "firstLost", "firstLostShare")):
                told[f"{name}Text"] = "-" if s[size] is None else tonnes(s[size])
                told[f"{name}ShareText"] = "-" if s[size] is None else percent(s[share])
            return told | {
                "baseText": tonnes(s["base"]),
                "resultText": tonnes(s["result"]) if has_result else "-",
                "capacityText": none if s["capacity"] is None else tonnes(s["capacity"]),
                "utilText": percent(s["utilResult"] if s["base"] is None else s["utilBase"]),
            }

        def of_link(k: dict[str, Any], data: Any = data, has_result: bool = has_result) -> dict[str, Any]:
            return {
                "baseText": tonnes(k["base"]),
                "resultText": tonnes(k["result"]) if has_result else "-",
                "changeText": change_text(k["base"], k["result"]) if has_result else "-",
                "commodityText": data["commodityWords"].get(k["commodity"], k["commodity"]),
            }

        for whole, held, blank, texts in (
            (facts.sites, sites, SITE_BLANK, of_site),
            (facts.links, links, LINK_BLANK, of_link),
        ):
            for i, (row, kept) in enumerate(zip(whole, held, strict=True)):
                first = blank if blank is SITE_BLANK else {**blank, "id": f"e{i}"}
                made = filled_in(kept, first, texts, data)
                made["fields"] = [common[one] if isinstance(one, int) else one for one in made["fields"]]
                assert set(row) - set(made) <= {"fromLabel", "toLabel", "from", "to", "isInferred"}
                told = {name: value for name, value in row.items() if name in made}
                assert {name: made[name] for name in told} == told | {"fields": [list(one) for one in row["fields"]]}
                for name in set(kept) - {"fields"}:
                    without = {other: value for other, value in kept.items() if other != name}
                    if name not in ("s", "t", "block", "id", "label", "order"):
                        assert filled_in(without, first, texts, data).get(name, "not there") != kept[name], name


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")
