"""Price floors on a living page: numbers by hand, the same that Python solves again, read by keys."""

import json

import market_networks as markets
import numpy as np
import pytest
from conftest import frame

import chainnet as cn
from chainnet.assessment import Floored
from chainnet.drawing.living.floors import PARTS, Floors
from chainnet.flow import Counting
from chainnet.prices import capital_recovery_factor, floor_curve

HOSTILE = "</script><img src=x onerror=alert(1)>{{7*7}}"


def priced(label=HOSTILE, **more):
    """China makes 140 t and keeps 100, the United States make 60 and use 100, all at 100 USD/t; a plant may come."""
    net = markets.network(
        [
            ("mine_chn", "mine", "CHN", None, None),
            ("mine_usa", "mine", "USA", None, None),
            ("use_chn", "end_use", "CHN", None, None),
            ("use_usa", "end_use", "USA", None, None),
        ],
        [
            ("mine_chn", "use_chn", "good", 0.0),
            ("mine_usa", "use_usa", "good", 0.0),
            ("mine_chn", "use_usa", "good", 0.0),
            ("plant", "use_usa", "good", 0.0),
        ],
        {("use_chn", "good"): 100.0, ("use_usa", "good"): 100.0},
        recipes=[("p", "good", "output", 1.0)],
        projects=[
            {"id": "plant", "label": "New plant", "stage": "refiner", "country": "USA", "process": "p",
             "capacity_tpa": 10.0, "capex_musd": 120.0 * 10.0 / capital_recovery_factor(0.1, 10) / 1e6,
             "unit_cost_usd_per_t": 60.0, "start_year": 2028},
        ],
        commodities=[{"id": "good", "label": label, "price_usd_per_t": 100.0}],
        main_commodity="good",
        **{"beneficiaries": ["USA"], **more},
    )  # fmt: skip
    return net.with_table(
        "edges",
        net.edges.assign(
            flow_tpa=net.edges["source"]
            .map({"mine_usa": 60.0, "plant": 0.0})
            .fillna(net.edges["target"].map({"use_chn": 100.0, "use_usa": 40.0}))
        ),
    )


def test_a_floor_costs_what_it_costs_by_hand_at_either_end_of_the_elasticities():
    found = Floors.of(Counting(priced()))
    at = 1 + PARTS.index(1.1)
    step = found.data["steps"][at]
    # demand 0.2 to 0.9, supply 0.3 to 1.5, first the middle of each; all at 100 USD/t as in the baseline
    sizes = [(np.sqrt(0.2 * 0.9), np.sqrt(0.3 * 1.5)), (0.2, 0.3), (0.9, 1.5)]
    assert step["floor"] == pytest.approx(110.0)
    assert step["label"] == "110 USD/t, 1.1 times the reference price"
    bought = [100.0 * (1.0 - 0.1 * demand) for demand, _ in sizes]
    made = [60.0 * 1.1**supply for _, supply in sizes]
    users = [-10.0 * (100.0 + tonnes) / 2.0 / 1e6 for tonnes in bought]
    inside, elsewhere, lost, *_ = (row["ends"] for row in step["rows"])
    assert inside == pytest.approx([110.0, 110.0, 110.0])
    assert lost == pytest.approx([users[0], users[1], users[2]], rel=1e-6)
    for curve, tonnes, home in zip(found.curves, bought, made, strict=True):
        row = curve.iloc[at]
        assert row["output_tpa"] == pytest.approx(home, rel=1e-6)
        assert row["imports_tpa"] == pytest.approx(tonnes - home, rel=1e-6)
        assert row["levy_usd_per_t"] == pytest.approx(110.0 - row["elsewhere_usd_per_t"], rel=1e-6)
    assert elsewhere[1] < elsewhere[0] < elsewhere[2] < 100.0
    money = "A year users lose USD 955 to 990, makers gain USD 609 to 646 and treasuries gain USD 352 to 578."
    assert step["said"].replace("\u00a0", " ") == (
        "The floor is held by a levy of 16 USD/t. A tonne costs on average USD 110 inside instead of 100; "
        f"94 (93.9 to 94.1) elsewhere instead of 100. {money} Newly built: nothing."
    )


def test_a_floor_says_what_it_builds_and_where_it_breaks_or_does_nothing():
    steps = {round(step["floor"]): step for step in Floors.of(Counting(priced())).data["steps"]}
    assert steps[0]["label"] == "none"
    assert steps[0]["said"] == "There is no floor. A tonne costs on average USD 100 inside; 100 elsewhere."
    assert steps[100]["said"].startswith("Imports land at more already, so nothing changes. ")
    assert [row["words"] for row in steps[100]["rows"]] == ["100", "100", "0", "0", "0"]
    # at the high end own supply is what is used at 121.66 USD/t: 60 x 1.2166 ** 1.5 = 100 x (1 - 0.9 x 0.2166)
    assert (
        "(at an end of the elasticities broken). A tonne costs on average USD 150 (122 to 150) inside"
        in steps[150]["said"]
    )
    assert steps[150]["line"][4] == "held or broken"
    # at the low end the plant pays at 180 USD/t, and with it imports end at 187.65
    assert steps[175]["said"].endswith("Newly built: nothing.")
    assert steps[200]["said"].endswith("Newly built: New plant, 0 (0 to 10) t/yr.")
    assert steps[500]["said"].startswith("The floor is broken by own supply, for imports end at a levy of 78.3 USD/t. ")


def curve(*rows):
    """A row a floor: floor, levy, held, price inside and elsewhere, users', makers', treasuries' million, imports, built."""
    table = frame("floor levy held price elsewhere users makers treasury imports built projects", *rows)
    names = {"floor": "floor_usd_per_t", "levy": "levy_usd_per_t", "price": "price_usd_per_t"}
    names |= {"elsewhere": "elsewhere_usd_per_t", "imports": "imports_tpa", "built": "built_tpa"}
    for name in ("users", "makers", "treasury"):
        table[name] = table[name] * 1e6
        names[name] = f"{name}_usd_per_a"
    return table.rename(columns=names).assign(output_tpa=[20.0 + k for k in range(len(table))])


def test_each_floor_is_said_between_the_ends_beside_what_stands_without_one():
    """Without a floor a tonne costs 100 inside and 90 elsewhere; at the ends other numbers, which no sentence takes."""
    unknown = float("nan")
    middle = curve(
        (0.0, 0.0, True, 100.0, 90.0, 0.0, 0.0, 0.0, 40.0, 0.0, ""),
        (80.0, 0.0, True, 101.0, 91.0, 3.0, 3.0, 3.0, 39.0, 0.0, ""),
        (110.0, 0.0, True, 102.0, 92.0, 3.0, 3.0, 3.0, 0.0, 0.0, ""),
        (150.0, 60.0, True, 150.0, 80.0, -3.0, 2.0, 1e-7, 30.0, 5.0, "plant"),
        (200.0, 70.0, False, 160.0, unknown, -5.0, 4.0, 1.0, 20.0, 0.0, ""),
    )
    low = curve(
        (0.0, 0.0, True, 99.0, 89.0, 0.0, 0.0, 0.0, 40.0, 0.0, ""),
        (80.0, 0.0, True, 101.0, 91.0, 3.0, 3.0, 3.0, 39.0, 0.0, ""),
        (110.0, 0.0, True, 102.0, 92.0, 3.0, 3.0, 3.0, 5.0, 0.0, ""),
        (150.0, 50.0, False, 140.0, 70.0, -2.0, 1.0, 1e-7, 25.0, 0.0, ""),
        (200.0, 65.0, False, 150.0, 60.0, -5.0, 4.0, -1.0, 20.0, 10.0, "plant"),
    )
    high = low.assign(held=True, levy_usd_per_t=middle["levy_usd_per_t"], price_usd_per_t=middle["price_usd_per_t"] + 1)
    high.loc[3, "levy_usd_per_t"] = 0.0
    floored = Floored("good", 100.0, ["USA"], {})
    found = Floors(priced("Good"), floored, (middle, low, high), "what it rests on").data
    steps = found["steps"]
    assert [step["label"] for step in steps] == [
        "none",
        *(
            f"{n} USD/t, {times} times the reference price"
            for n, times in ((80, 0.8), (110, 1.1), (150, 1.5), (200, 2))
        ),
    ]
    free = "A tonne costs on average USD {} inside; {} elsewhere."
    money = "users lose USD 2 to 3 million, makers gain USD 1 to 2 million and treasuries neither gain nor lose"
    more = (
        "users lose USD 5 million, makers gain USD 4 million and treasuries between −USD 1 million and +USD 1 million"
    )
    assert [step["said"].replace("\u00a0", " ") for step in steps] == [
        f"There is no floor. {free.format('100 (99 to 101)', '90 (89 to 90)')}",
        f"Imports land at more already, so nothing changes. {free.format('101 (101 to 102)', '91')}",
        f"Nothing is imported, so nothing changes. {free.format('102 (102 to 103)', '92')}",
        "The floor is held by a levy of 60 USD/t (at an end of the elasticities broken or already there). A tonne costs on average USD "
        f"150 (140 to 151) inside instead of 100; 80 (70 to 80) elsewhere instead of 90. A year {money}. "
        "Newly built: New plant, 5 (0 to 5) t/yr.",
        "The floor is broken by own supply, for imports end at a levy of 70 USD/t (at an end of the elasticities held). A "
        f"tonne costs on average USD 160 (150 to 161) inside instead of 100. A year {more}. "
        "Newly built: New plant, 0 (0 to 10) t/yr.",
    ]
    inside, elsewhere, users, makers, treasuries = steps[3]["rows"]
    assert (inside["ends"], elsewhere["ends"]) == ([150.0, 140.0, 151.0], [80.0, 70.0, 80.0])
    assert [bar["ends"] for bar in (users, makers, treasuries)] == [
        [-3.0, -3.0, -2.0],
        [2.0, 1.0, 2.0],
        [0.0, 0.0, 0.0],
    ]
    assert [bar["who"] for bar in steps[3]["rows"]] == ["inside", "elsewhere", "users", "makers", "treasuries"]
    assert [bar["unit"] for bar in steps[3]["rows"]] == ["price", "price", "money", "money", "money"]
    assert [bar["words"] for bar in (users, treasuries)] == ["−3 (−3 to −2)", "0"]
    assert steps[4]["rows"][1]["ends"] == [None, 60.0, 60.0]
    assert steps[3]["line"][:5] == [
        "150",
        "150 (140 to 151)",
        "80 (70 to 80)",
        "60 (0 to 60)",
        "held or broken or already there",
    ]
    assert steps[3]["line"][5:] == [
        "23",
        "30 (25 to 30)",
        "New plant, 5 (0 to 5) t/yr",
        "−3 (−3 to −2)",
        "+2 (+1 to +2)",
        "0",
    ]
    assert steps[0]["line"][0] == "none"
    assert (steps[0]["line"][4], steps[0]["line"][7]) == ("none", "nothing")
    assert found["scales"] == {"price": [0.0, 161.0], "money": [-5.0, 4.0]}
    assert (found["good"], found["whose"], found["inputs"]) == ("Good", "the United States", "what it rests on")


@pytest.mark.browser
def test_the_page_shows_the_floors_that_python_solves_again_by_keys(written, tab):
    net = priced()
    page = tab(written(net))
    page.evaluate("chainnet.ready")
    assert page.text_content("#floors-title") == f"{HOSTILE}: what a price floor does"
    held = json.loads(page.text_content("#floor-steps"))
    assert page.get_attribute("#floor", "aria-valuetext") == "150 USD/t, 1.5 times the reference price"
    floored = Floored.of(net, ["USA"])
    page.focus("#floor")
    page.keyboard.press("Home")
    assert page.text_content("#floor-now") == "none"
    for key, times in (("ArrowRight", 3), ("ArrowRight", 3), ("End", 1)):
        for _ in range(times):
            page.keyboard.press(key)
        place = int(page.input_value("#floor"))
        step = held["steps"][place]
        again = [
            floor_curve(net, "good", [step["floor"]], to="USA", **told).iloc[0]
            for told in (floored.asked, floored.at_end(0), floored.at_end(1))
        ]
        assert page.text_content("#floor-said") == step["said"]
        shown = page.query_selector_all("[data-pays]")
        columns = [
            "price_usd_per_t",
            "elsewhere_usd_per_t",
            "users_usd_per_a",
            "makers_usd_per_a",
            "treasury_usd_per_a",
        ]
        for row, column, element in zip(step["rows"], columns, shown, strict=True):
            size = 1.0 if column.endswith("per_t") else 1e6
            values = [float(one[column]) / size for one in again]
            assert row["ends"] == pytest.approx([values[0], min(values), max(values)], rel=1e-6, abs=1e-8)
            assert element.query_selector(".what").inner_text() == row["words"]
            low, high = held["scales"][row["unit"]]
            drawn = element.query_selector("i").evaluate("e => [e.style.left, e.style.width].map(parseFloat)")
            ends = sorted([0.0, row["ends"][0]])
            assert drawn == pytest.approx(
                [100 * (ends[0] - low) / (high - low), 100 * (ends[1] - ends[0]) / (high - low)], abs=1e-3
            )
    assert place == len(PARTS)
    for _ in range(60):
        if page.text_content("#spoken") == step["said"]:
            break
        page.wait_for_timeout(50)
    assert page.text_content("#spoken") == step["said"]
    assert len(page.query_selector_all("#floor-table tbody tr")) == 1 + len(PARTS)


def test_a_page_without_prices_or_a_border_says_why_it_shows_no_floor(written):
    why = "no good with a price comes over the border of those who count"
    net = priced(label="The good")
    with pytest.raises(cn.DataError, match=why):
        Floors.of(Counting(net.with_table("commodities", net.commodities.assign(price_usd_per_t=np.nan))))
    text = written(priced(label="The good", beneficiaries=[])).read_text(encoding="utf-8")
    assert f"what a price floor does: {why}" in text
    assert 'id="floor-steps"' not in text
