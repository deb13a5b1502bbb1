"""What a minister reads on page one, by hand: a chain whose two ends, products, stocks and scenarios all differ."""

from __future__ import annotations

import pytest
from conftest import frame

import chainnet as cn
from chainnet.reporting import canvas
from chainnet.reporting.content import build
from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Document
from chainnet.reporting.sections.stocks import requirement_figure

STOP = [{"kind": "remove", "where": {"country": "CHN"}}]


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")


def chain() -> cn.Network:
    """The army asks for 16 t of ore, 3 of salt and 1 of gas; China brings half, and ore to a cousin who asks for 4."""
    return cn.Network(
        frame(
            "id label stage country capacity_tpa",
            ("a", "Pit A", "mine", "AUS", 10.0),
            ("b", "Pit B", "mine", "CHN", 10.0),
            ("s", "Salt works", "mine", "CHN", 3.0),
            ("g", "Gas works", "mine", "CHN", 1.0),
            ("army", "Army", "end_use", "USA", None),
            ("cousin", "Cousin", "end_use", "JPN", None),
        ),
        frame(
            "source target commodity flow_tpa",
            ("a", "army", "ore", 10.0),
            ("b", "army", "ore", 6.0),
            ("a", "cousin", "ore", 0.0),
            ("b", "cousin", "ore", 4.0),
            ("s", "army", "salt", 3.0),
            ("g", "army", "gas", 1.0),
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("army", "ore", "defence", 16.0),
            ("army", "salt", "defence", 3.0),
            ("army", "gas", "defence", 1.0),
            ("cousin", "ore", "defence", 4.0),
        ),
        commodities=frame("id label price_usd_per_t", ("ore", "Ore", 3e6), ("salt", "Salt", 1e6), ("gas", "Gas", 2e6)),
        stocks=frame(
            "id node commodity stock_t country holder",
            ("home", "army", "ore", 2.0, "USA", "Home Depot"),
            ("far", "cousin", "ore", 5.0, "JPN", "Far Depot"),
        ),
        beneficiaries=["USA"],
        main_commodity=["ore", "salt", "gas"],
        year=2024,
        name="page",
    )


@pytest.fixture(scope="module")
def made() -> cn.Assessment:
    scenarios = [
        cn.Scenario("stop", STOP, label="China stops"),
        # the same, four months on
        cn.Scenario("z_later", [{**STOP[0], "start_month": 4}], label="China stops later"),
        # as much of the army's goods, but the cousin keeps its own: better if all others are served first
        cn.Scenario(
            "z_only",
            [{"kind": "remove", "edges": [("b", "army")]}, {"kind": "remove", "nodes": ["s", "g"]}],
            label="China turns away",
        ),
    ]
    return cn.assess(chain(), scenarios, months=12, draws=0, order="allies_first")


@pytest.fixture(scope="module")
def document(made: cn.Assessment) -> Document:
    return build(made)


def test_the_figure_of_stocks_is_solid_where_what_is_held_stands_in(
    made: cn.Assessment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 6 t of ore a third is held, of salt and gas nothing: the solid bar is what is covered, the hatched one what is to buy."""
    drawn = []
    keep = canvas.new_canvas

    def noted(*given: object, **more: object) -> object:
        drawn.append(keep(*given, **more))  # type: ignore[arg-type]
        return drawn[-1]

    monkeypatch.setattr(canvas, "new_canvas", noted)
    figure = requirement_figure(Facts(made))
    assert figure is not None
    axes = drawn[0][1][0]
    bars = {(round(p.get_y() + p.get_height() / 2), bool(p.get_hatch())): p for p in axes.patches}
    labels = [text.get_text().split("\n") for text in axes.get_yticklabels()]
    places = {name[0]: at for name, at in zip(labels, axes.get_yticks(), strict=True) if name[1:] == ["China stops"]}
    ore = places["Ore"]
    assert bars[ore, False].get_width() == pytest.approx(1 / 3)
    assert (bars[ore, True].get_x(), bars[ore, True].get_width()) == pytest.approx((1 / 3, 2 / 3))
    assert (places["Salt"], False) not in bars
    assert bars[places["Salt"], True].get_width() == pytest.approx(1.0)
    assert "China stops, Ore 6 t required, 33 % covered" in flat(figure.alt)
