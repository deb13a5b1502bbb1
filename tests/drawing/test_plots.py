"""The figure of a result says what its tables say, and the result says it in a line."""

from __future__ import annotations

import pickle
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

import chainnet as cn
from chainnet.drawing import Figure, cost_of, costs_svg, plot, wedge_of, wedges_svg

BAN = [{"kind": "remove", "where": {"country": "CHN"}}]
SHORT = "industrial is short 10 of 16 t/yr, civilian short 30 of 30 t/yr"


@pytest.fixture(scope="module")
def net() -> cn.Network:
    return cn.read("mag-9")


def words(figure: Figure) -> str:
    """The words of a figure, line by line; that it is well-formed, too."""
    return "\n".join(one.text or "" for one in ET.fromstring(figure.svg).iter() if one.tag.endswith("text"))


def widths(figure: Figure) -> list[float]:
    """How long its filled bars are."""
    inner = re.findall(r'<rect x="[^"]*" y="[^"]*" width="([\d.]+)" height="12.00" fill="#', figure.svg)
    return [float(one) for one in inner]


def test_a_balance_draws_what_each_tier_gets(net: cn.Network) -> None:
    found = cn.balance(net, cn.Scenario("ban", BAN))
    assert found.sentence == f"Ban: {SHORT}. Defence is met."
    figure = found.plot()
    assert figure.title == found.sentence
    assert all(
        one in words(figure)
        for one in ("Defence", "met", "short 10 of 16 t/yr (63 %)", "Baseline")
        if one != "Baseline"
    )
    served = widths(figure)[::2]
    assert served[1] / served[0] == pytest.approx(6 / 16, rel=1e-3)
    assert served[2] == 0.0
    assert f"<p>{found.sentence}</p>" in found._repr_html_()
    assert cn.balance(net).sentence == "Baseline: all demand is met."


def test_where_a_stage_is_shared_the_range_is_said_and_drawn() -> None:
    """5 t of supply, two users of one tier with 4 t each, of whom one is ours: 0 to 3 t of ours can be short."""
    nodes = pd.DataFrame(
        {
            "id": ["m", "a", "b"],
            "stage": ["mine", "end_use", "end_use"],
            "country": ["CHN", "USA", "BRA"],
            "capacity_tpa": [5.0, None, None],
        }
    )
    edges = pd.DataFrame({"source": ["m", "m"], "target": ["a", "b"], "commodity": "x"})
    demand = pd.DataFrame({"node": ["a", "b"], "commodity": "x", "tier": "defence", "demand_tpa": [4.0, 4.0]})
    net = cn.Network(nodes=nodes, edges=edges, demand=demand, main_commodity="x", beneficiaries=["USA"], name="two")
    found = cn.balance(net, order="alike")
    assert "0 to 3 of 4 t/yr" in found.sentence
    assert "Red: where it may lie" in words(found.plot()).replace("\n", " ")


def test_a_stress_test_draws_its_worst_scenario_or_the_one_asked(net: cn.Network) -> None:
    late = cn.Scenario(
        "late", [{"kind": "scale", "where": {"country": "CHN"}, "share": 0.0, "start_month": 3, "months": 4}]
    )
    mild = cn.Scenario("mild", [{"kind": "scale", "nodes": ["G_CN"], "share": 0.9}])
    found = cn.stress_test(net, [mild, late], months=12)
    assert found.worst == "late"
    assert found.sentence == f"Late: {SHORT} in months 4 to 7. Defence is met."
    figure = found.plot()
    assert all(one in words(figure) for one in ("Defence 0 %", "Civilian 0 %", "100 %", "month"))
    # no line stands on another's words
    assert found.plot("mild").title.startswith("Mild: ")
    with pytest.raises(cn.DataError, match="scenario of the result"):
        found.plot("mildd")
    assert f"<p>{found.sentence}</p>" in found._repr_html_()


def test_a_reroute_draws_levels_and_projects(net: cn.Network) -> None:
    found = cn.reroute(net, "china_out")
    assert found.sentence == (
        "China out: 48 of 50 t/yr is short without rerouting, 40 on existing links, 18 with all projects. "
        "Defence is met on existing links, and no project alone adds anything for it. "
        "For all tiers Dysprosium source in the United States avoids most: 2 t/yr alone."
    )
    said = words(found.plot())
    assert "18 of 50 t/yr (36 %)" in said
    # by what each avoids alone, then by its fair share
    order = [said.index(name) for name in ("Dysprosium source", "Magnet plant", "Separator")]
    assert order == sorted(order)
    assert "0 alone, fair share 9.67" in said


CALM = "Before any loss nothing is short (baseline)."


def test_chokepoints_are_a_table_that_says_and_draws_its_finding(net: cn.Network) -> None:
    table = cn.chokepoints(net)
    assert table.sentence == "Losing Dysprosium source in China costs most: 40 of 50 t/yr (80 %). " + CALM
    said = words(table.plot())
    assert "38 t/yr (76 %)" in said
    assert "Six more rows cost nothing." in said.replace("\n", " ")
    bars = widths(table.plot(top=2))
    assert len(bars) == 2
    assert bars[1] / bars[0] == pytest.approx(38 / 40, rel=1e-3)
    for bad in (0, 21, 1.5):
        with pytest.raises(cn.DataError, match="top"):
            table.plot(top=bad)
    assert table._repr_html_().startswith("<p>Losing Dysprosium")
    few = table.head(3)
    assert type(few) is type(table.reset_index()) is pd.DataFrame, "what is cut is compared with plain tables"
    assert few.attrs["provenance"] == table.attrs["provenance"]
    again = pickle.loads(pickle.dumps(table))
    pd.testing.assert_frame_equal(again, table)
    assert (again.sentence, again.names, again.attrs["provenance"]) == (
        table.sentence,
        table.names,
        table.attrs["provenance"],
    )


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("country", "Losing China costs most: 40 of 50"),
        ("step+country", "Losing heavy mining in China costs most: 40 of 50"),
        ("edge", "Losing “Magnet plant in China → Users of magnets, magnet” costs most: 38 of 50"),
    ],
)
def test_what_drops_out_is_named_as_people_know_it(net: cn.Network, by: str, said: str) -> None:
    assert cn.chokepoints(net, by).sentence.startswith(said)


def test_ties_are_said_and_a_table_without_losses_says_so(net: cn.Network) -> None:
    twin = pd.DataFrame({"source": ["a", "b", "m"], "target": ["m", "m", "u"], "capacity_tpa": [2.0, 2.0, None]})
    table = cn.chokepoints(cn.Network.from_edges(twin, source=["a", "b"], sink="u"))
    assert table.sentence == "Losing m costs most: 4 of 4 t/yr (100 %)."
    assert cn.chokepoints(cn.Network.from_edges(twin.iloc[:2], source=["a", "b"], sink="m")).sentence == (
        "Losing a costs most, as does one other: 2 of 4 t/yr (50 %)."
    )
    calm = cn.chokepoints(net, tier="defence")
    of = " Before any loss nothing of defence demand is short (baseline)."
    assert calm.sentence == "Nothing that drops out alone costs anything." + of
    assert "more rows cost nothing" in words(calm.plot())


def test_names_are_escaped_everywhere(net: cn.Network) -> None:
    nodes = net.nodes
    evil = net.with_table("nodes", nodes.assign(label=nodes["label"].where(nodes["id"] != "H_CN", '<b>&"x')))
    table = cn.chokepoints(evil)
    assert "<b>" not in table._repr_html_().split("<div>")[0].removeprefix("<p>")
    assert "<b>&" in words(table.plot())


def test_a_figure_is_shown_and_saved(net: cn.Network, tmp_path: Path) -> None:
    figure = cn.portfolio(net, cn.scenarios(net), 60).plot()
    assert figure._repr_svg_() == figure.svg
    assert repr(figure) == f"<Figure: {figure.title!r}>"
    assert figure.save(tmp_path / "a.svg").read_text(encoding="utf-8") == figure.svg
    assert figure.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(cn.DataError, match=r"saved as \.svg or \.png"):
        figure.save(tmp_path / "a.jpg")
    assert "xlink:href" not in figure.svg
    assert plot(cn.balance(net)).svg == cn.balance(net).plot().svg


def test_without_the_extra_a_figure_says_what_to_install(
    net: cn.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = cn.risk_exposure(net, 1)
    assert table.plot().title == "Losing Dysprosium source in China costs most: USD 130."
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(cn.DataError, match=r"chainnet\[report\]"):
        table.plot()
    monkeypatch.setattr("chainnet.drawing.raster.find_spec", lambda name: None)
    with pytest.raises(cn.DataError, match=r"\[report\]"):
        cn.balance(net).plot().save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.long
def test_the_chance_of_any_loss_is_drawn_where_it_was_asked() -> None:
    net = cn.read("gallium")
    with pytest.raises(cn.DataError, match="curve=True"):
        cn.reverse(net, 0.3, most_events=1).plot()


def test_a_market_draws_both_prices_of_a_good() -> None:
    """Two plants outside at 2 and 3 times the reference price, one inside at half of it, as the table has it."""
    row = {
        "reference_usd_per_t": 100.0,
        "inside_low_usd_per_t": 50.0,
        "inside_high_usd_per_t": 50.0,
        "elsewhere_low_usd_per_t": 200.0,
        "elsewhere_high_usd_per_t": 300.0,
    }
    one = wedge_of(row, "oxide")
    assert (one.inside, one.elsewhere) == ((0.5, 0.5), (2.0, 3.0))
    none = wedge_of({**row, "inside_low_usd_per_t": float("nan")}, "ore")
    assert none.inside is None
    svg = wedges_svg([one, none], "China")
    assert all(said in svg for said in ("× 2 to 3", "× 0.5<", "not sold"))
    left, right = (float(x) for x in re.findall(r'<rect x="([\d.]+)"[^>]*height="7.00"', svg)[2:4])
    room = 482.0 - 96.0 - 126.0
    assert right - left == pytest.approx(room / 4 * 0.60206, abs=0.02), "from half to twice on a scale of four decades"


def test_an_instrument_without_a_cost_says_why() -> None:
    row = {"reaches": False, "note": "unit cost exceeds the price, so no grant suffices", "payer": "treasury"}
    row |= dict.fromkeys(("cost_usd_per_a", "cost_low_usd_per_a", "cost_high_usd_per_a"), float("nan"))
    assert "no grant suffices" in costs_svg([cost_of("grant", row)])
    paid = {**row, "reaches": True, "cost_usd_per_a": 5e6, "cost_low_usd_per_a": 4e6, "cost_high_usd_per_a": 9e6}
    svg = costs_svg([cost_of("stock", paid)])
    assert "USD 5 million, treasury" in svg
    assert svg.count('stroke-width="1.4"') == 3, "a range has a line and two ends"
