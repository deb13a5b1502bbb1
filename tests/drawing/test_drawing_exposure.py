"""The plot of spend or flow against exposure: well-formed, told in words, safe from labels, nothing on top of a name."""

from __future__ import annotations

import re
import sys
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.drawing import Exposure, exposure_svg, figure_style

SVG = "{http://www.w3.org/2000/svg}"


def answer(cost: Any, size: Any, *, spend: bool = False, index: Any = None, rank: float = 0.25) -> pd.DataFrame:
    cost = np.asarray(cost, dtype=float)
    table = pd.DataFrame(
        {"cost_usd": cost, "recovery": 2.0, "added_cost_usd": cost, "throughput_tpa": np.asarray(size, dtype=float)},
        index=index if index is not None else [f"n{i}" for i in range(len(cost))],
    )
    if spend:
        table["spend_usd"] = table["throughput_tpa"] * 10
    table.attrs["rank_correlation"] = {"throughput_tpa": rank, "spend_usd": rank}
    return table


def drawn(table: pd.DataFrame, **more: Any) -> tuple[ElementTree.Element, list[str]]:
    root = ElementTree.fromstring(exposure_svg(table, **more))
    return root, [t.text or "" for t in root.iter(f"{SVG}text")]


def marks(root: ElementTree.Element) -> list[tuple[float, float]]:
    """Return where the marks lie: those of a cloud are one path, used once a place."""
    clouds = [g for g in root.iter(f"{SVG}g") if (g.get("id") or "").startswith("PathCollection")]
    return [(float(u.get("x", 0)), float(u.get("y", 0))) for g in clouds for u in g.iter(f"{SVG}use")]


def test_a_shipped_graph(mag9: cn.Network) -> None:
    table = cn.risk_exposure(mag9, 1)
    root, words = drawn(table, labels={"H_CN": "Dysprosium source"})
    assert len(marks(root)) == len(table)
    assert "Losing Dysprosium source costs most: USD 130" in words
    assert [w for w in words if w in ("2", "3")] == ["2", "3"] * 2, "each number at its mark and in the list"
    assert any("rank correlation of flow with loss, over all 9 rows: 0.24" in w for w in words)
    assert {"Loss, USD", "Flow, t a period, log scale"} <= set(words)
    assert root.get("role") == "img"
    ids = {e.get("id"): "".join(e.itertext()) for e in root if e.get("id")}
    assert [ids[name] != "" for name in root.get("aria-labelledby", "").split()] == [True, True]
    assert "Dysprosium source: USD 130 lost, 0.9 t flow" in ids["exposure-desc"]
    assert exposure_svg(table) == exposure_svg(table.copy())


def test_it_asks_for_nothing() -> None:
    text = exposure_svg(answer([3, 1, 0], [1, 2, 3]))
    assert re.findall(r"(?:src=|@import|<script|url\((?!#)|href=\"(?!#))", text) == []
    assert set(re.findall(r"https?://[^\"]+", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_hostile_names_stay_words() -> None:
    bad = ["</text><script>alert(1)</script>", 'a" onload="x', "\x00\x07&amp;", "永久磁铁" * 30]
    root, words = drawn(answer([4, 3, 2, 1], [1, 2, 3, 4], index=bad))
    assert not list(root.iter(f"{SVG}script"))
    assert any("<script>" in w for w in words)
    assert any("?" in w and "&amp;" in w for w in words)
    assert not [e for e in root.iter() if "onload" in e.attrib]


def test_spend_where_prices_are_known_and_tonnes_where_values_are_not() -> None:
    _, words = drawn(answer([3e9, 2e6], [5, 6], spend=True))
    assert "Spend, USD a period" in words
    assert "USD 3,000 million lost, USD 50 spend" in words
    assert "Loss, USD, log scale" in words, "losses far apart"
    plain = answer([30, 20], [5, 6])
    plain.attrs["provenance"] = {"settings": {"value": "1 per tonne"}}
    _, words = drawn(plain)
    assert {"Loss, t", "30 t lost, 5 t flow"} <= set(words)


def test_what_cannot_be_drawn_is_said() -> None:
    assert "Nothing can drop out" in drawn(answer([], []))[1]
    nothing = answer([0, 0], [0, 0], rank=float("nan"))
    root, words = drawn(nothing)
    assert "Nothing is lost, whatever drops out alone, before it is back" in words
    assert any("n/a" in w for w in words)
    assert len(marks(root)) == 2, "what carries nothing and costs nothing lies where the axes begin"
    tied = drawn(answer([5, 5, 5, 1], [1, 1, 1, 1]))[1]
    assert "Losing n0 costs most, as does any of 2 others: USD 5" in tied
    assert "1–3" in tied, "marks on each other share one number"
    anyway = answer([5, 4], [1, 2])
    anyway["added_cost_usd"] -= 3
    assert any("USD 3 would be lost in that time with nothing out" in w for w in drawn(anyway)[1])
    many = answer(np.arange(2500, 0, -1), np.ones(2500))
    root, words = drawn(many)
    assert len(marks(root)) == 2000
    assert any(w.startswith("500 rows") for w in words)


def test_the_foot_says_what_the_picture_rests_on_in_whole_sentences() -> None:
    """Of 2,001 rows one is not drawn; 3 of what is lost would be lost with nothing out, or up to 3 where times differ."""
    rank = "Spearman's rank correlation of {}, over all {}: {}."
    anyway = answer(np.full(2001, 5.0), np.ones(2001), rank=-0.5)
    anyway.loc["n7", "added_cost_usd"] = 2.0
    assert Exposure(anyway, {}).notes() == [
        rank.format("flow with loss", "2,001 rows", "−0.50 (1 = same order, 0 = unrelated)"),
        "Of each loss USD 3 would be lost in that time with nothing out.",
        "1 rows with smaller or no losses are not drawn.",
    ]
    spent = answer([9.0, 5.0], [1, 2], spend=True, rank=float("nan"))
    spent.loc["n0", ["recovery", "added_cost_usd"]] = [4.0, 6.5]
    assert Exposure(spent, {}).notes() == [
        rank.format("spend with loss", "2 rows", "n/a (one of them does not vary)"),
        "Of each loss up to USD 2.5 would be lost in that time with nothing out.",
    ]
    assert (
        Exposure(spent, {}).subtitle()
        == "Value lost until what drops out is back (2 to 4 periods), against spend through it"
    )
    spent.attrs["provenance"] = {"settings": {"value": "1 per tonne"}}
    tonnes = Exposure(spent.assign(recovery=1.0), {"n0": "Mine", "n1": "Port"})
    assert tonnes.subtitle() == "Tonnes lost until what drops out is back (1 period), against spend through it"
    assert tonnes.notes()[1] == "Of each loss 2.5 t would be lost in that time with nothing out."
    assert tonnes.description() == (
        "Scatter plot of 2 rows, 2 of them with a loss. Tonnes lost until what drops out is back (1 period), against spend "
        "through it. Largest: Mine: 9 t lost, USD 10 spend; Port: 5 t lost, USD 20 spend. " + " ".join(tonnes.notes())
    )
    nothing = Exposure(answer([0.0, 0.0], [1, 2]), {})
    assert nothing.description() == (
        "Scatter plot of 2 rows, 0 of them with a loss. Value lost until what drops out is back (2 periods), against flow "
        "through it. " + " ".join(nothing.notes())
    )


def test_labels_of_edges_and_of_combined_columns() -> None:
    edges = pd.MultiIndex.from_tuples([("a", "b", "ore"), ("a", "c", "")], names=["source", "target", "commodity"])
    assert {"a → b, ore", "a → c"} <= set(drawn(answer([2, 1], [1, 1], index=edges))[1])
    steps = pd.MultiIndex.from_tuples([("mine", "CHN"), ("mine", "USA")], names=["step", "country"])
    assert {"mine, CHN", "mine, USA"} <= set(drawn(answer([2, 1], [1, 1], index=steps))[1])


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(cn.DataError, match=r"matplotlib.*chainnet\[report\]"):
        exposure_svg(answer([2, 1], [1, 3]))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(0.0), st.floats(1e-6, 1e12)),
            st.one_of(st.just(0.0), st.floats(1e-6, 1e12)),
        ),
        max_size=40,
    ),
    st.integers(0, 10),
)
def test_every_mark_lies_inside_the_axes(rows: list[tuple[float, float]], named: int) -> None:
    table = answer([c for c, _ in rows], [s for _, s in rows])
    with figure_style("a test"):
        ax = Exposure(table, {}, named).draw().axes[0]
    for (low, high), values in ((ax.get_xlim(), table["throughput_tpa"]), (ax.get_ylim(), table["cost_usd"])):
        assert values.between(low, high).all()
        assert low < high
    numbers = [text for text in ax.texts if text.get_text()]
    assert bool(numbers) == bool(min(named, (table["cost_usd"] > 0).sum()))


@pytest.mark.parametrize("named", [-1, 11, 2.0, True])
def test_how_many_are_named(named: Any) -> None:
    with pytest.raises(cn.DataError, match="0 to 10"):
        exposure_svg(answer([1], [1]), named=named)


def test_another_table_is_refused() -> None:
    with pytest.raises(cn.DataError, match="lacks cost_usd"):
        exposure_svg(pd.DataFrame({"lost_tpa": [1.0]}))
