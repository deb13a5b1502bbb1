"""What users hold for themselves, and what they bought ahead: by hand, and as properties of random chains."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.network import cover_stocks

CHN = {"country": "CHN"}
LICENCE = cn.Scenario(
    "lic", [{"kind": "licence", "from": CHN, "profile": [{"months": 2, "share": 0.1}, {"share": 0.8}]}]
)
STOP = cn.Scenario("stop", [{"kind": "restrict", "from": CHN}])


def frame(columns: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns.split())


def one_user(weeks: float | None = None, **tables: Any) -> cn.Network:
    """A user in Germany who needs 1 t a month from a pit in China."""
    if weeks is not None:
        tables["cover"] = frame("weeks low high", (weeks, 0.0, max(weeks, 26.0)))
    return cn.Network(
        nodes=frame("id stage country", ("pit", "mine", "CHN"), ("user", "end_use", "DEU")),
        edges=frame("source target commodity capacity_tpa flow_tpa", ("pit", "user", "ga", 20.0, 12.0)),
        demand=frame("node commodity tier demand_tpa", ("user", "ga", "civilian", 12.0)),
        year=2024,
        name="one",
        **tables,
    )


def short(net: cn.Network, scenario: cn.Scenario, n: int = 12, column: str = "", **how: Any) -> list[float]:
    found = cn.stress_test(net, [scenario], months=n, **how).months
    mine = found[found["scenario"] == scenario.name].groupby("month")
    return [float(t) for t in mine[column or "shortfall_unforeseen_t"].sum()]


@pytest.mark.parametrize(
    ("weeks", "by_month", "onset"),
    [
        (0.0, [0.9, 0.9, *[0.2] * 10], 1),
        (6.0, [0.0, 1.8 - 6 / 52 * 12, *[0.2] * 10], 2),
        (13.0, [*[0.0] * 8, *[0.2] * 4], 9),
    ],
)
def test_a_licence_of_two_phases_by_hand(weeks: float, by_month: list[float], onset: int) -> None:
    net = one_user(weeks)
    assert short(net, LICENCE, cover=True) == pytest.approx(by_month, abs=1e-9)
    first = cn.stress_test(net, [LICENCE], months=12, cover="stated").summary.loc["lic"]
    assert first["first_short_month"].tolist() == [onset]
    assert first["first_year_tpa"].tolist() == pytest.approx([sum(by_month)])
    assert first["first_year_share"].tolist() == pytest.approx([sum(by_month) / 12.0])


def test_the_end_of_the_range_that_counts() -> None:
    net = one_user(13.0)
    asked = {end: sum(short(net, LICENCE, cover=end)) for end in (False, "none", "low", "stated", True, "high")}
    assert list(asked.values()) == pytest.approx([3.8, 3.8, 3.8, 0.8, 0.8, 0.0])
    assert sum(short(net, LICENCE, cover=True, stocks=False)) == pytest.approx(3.8)
    with pytest.raises(cn.DataError, match='cover: unknown end "middle"'):
        short(net, LICENCE, cover="middle")


def test_static_answers_know_no_cover() -> None:
    shares = [cn.balance(one_user(weeks), LICENCE).demand["shortfall_tpa"].tolist() for weeks in (None, 13.0)]
    assert shares[0] == shares[1] == pytest.approx([2.4])


def test_no_weeks_and_no_table_are_the_same() -> None:
    assert short(one_user(0.0), LICENCE, cover=True) == short(one_user(), LICENCE, cover=True)


def test_stocks_that_lie_there_count() -> None:
    """Of 13 weeks, 3 t, one lies there already: 2 are added; where 5 lie nothing is."""
    for held, added in ((1.0, 2.0), (5.0, 0.0)):
        stocks = frame("id node commodity stock_t", ("own", "user", "ga", held))
        rows = cover_stocks({t: one_user(13.0, stocks=stocks).view(t) for t in TABLES}, {})
        assert float(rows["stock_t"].sum()) == pytest.approx(added)
        assert sum(short(one_user(13.0, stocks=stocks), LICENCE, cover=True)) == pytest.approx(
            max(3.8 - max(held, 3.0), 0.0)
        )


TABLES = ("nodes", "edges", "demand", "stocks", "cover")


def plant_and_users(cover: pd.DataFrame) -> cn.Network:
    return cn.Network(
        nodes=frame(
            "id stage step country process",
            ("pit", "mine", "mining", "CHN", None),
            ("works", "refiner", "metal", "USA", "melt"),
            ("usa", "end_use", "end use", "USA", None),
            ("jpn", "end_use", "end use", "JPN", None),
        ),
        processes=frame(
            "process commodity role t_per_t", ("melt", "metal", "output", 1.0), ("melt", "ore", "input", 2.0)
        ),
        edges=frame(
            "source target commodity flow_tpa",
            ("pit", "works", "ore", 104.0),
            ("works", "usa", "metal", 31.2),
            ("works", "jpn", "metal", 20.8),
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("usa", "metal", "defence", 5.2),
            ("usa", "metal", "civilian", 26.0),
            ("jpn", "metal", "civilian", 20.8),
        ),
        cover=cover,
        name="plant",
    )


def held_t(net: cn.Network) -> dict[str, float]:
    rows = cover_stocks({t: net.view(t) for t in TABLES}, net.groups_known)
    return dict(zip(rows["id"], rows["stock_t"].round(9), strict=True))


def test_the_row_that_says_most_of_a_user_holds() -> None:
    """52 weeks are a year: of 5.2, 26 and 20.8 t."""
    assert held_t(plant_and_users(frame("weeks", (10.0,)))) == pytest.approx(
        {"cover_usa_metal_civilian": 5.0, "cover_usa_metal_defence": 1.0, "cover_jpn_metal": 4.0}
    )
    rows = frame("tier country weeks", (None, None, 10.0), ("defence", None, 20.0), (None, "JPN", 5.0))
    assert held_t(plant_and_users(rows)) == pytest.approx(
        {"cover_usa_metal_civilian": 5.0, "cover_usa_metal_defence": 2.0, "cover_jpn_metal": 2.0}
    )
    # plants hold something only where a row names them or their step: two weeks of 104 t of ore
    for row in (frame("step weeks", ("metal", 2.0)), frame("node weeks", ("works", 2.0))):
        assert held_t(plant_and_users(row)) == pytest.approx({"cover_works_ore": 4.0})


def test_two_rows_that_say_as_much_are_refused() -> None:
    rows = frame("tier country weeks", ("defence", None, 20.0), (None, "USA", 5.0))
    with pytest.raises(cn.DataError, match=r"cover row 3, weeks.*names as much as row 2 and can meet it"):
        plant_and_users(rows)


def random_chain(seed: int, weeks: float) -> cn.Network:
    """Two pits, two works and three users whose needs, capacities and recipes are drawn."""
    draw = np.random.default_rng(seed)
    need = draw.integers(5, 40, 3).astype(float)
    flow = np.outer(draw.dirichlet([1.0, 1.0]), need)
    tiers = ["defence", "industrial", "civilian"]
    edges = [("p1", "w1", "ore", flow[0].sum()), ("p2", "w2", "ore", flow[1].sum())]
    edges += [(f"w{i + 1}", f"u{j + 1}", "metal", flow[i, j]) for i in range(2) for j in range(3)]
    table = frame("source target commodity flow_tpa", *edges)
    table["capacity_tpa"] = table["flow_tpa"] * draw.uniform(1.0, 1.6, len(table))
    return cn.Network(
        nodes=frame(
            "id stage country",
            ("p1", "mine", "CHN"),
            ("p2", "mine", "AUS"),
            ("w1", "refiner", "CHN"),
            ("w2", "refiner", "USA"),
            *[(f"u{j + 1}", "end_use", "USA") for j in range(3)],
        ),
        edges=table,
        demand=pd.DataFrame({"node": ["u1", "u2", "u3"], "commodity": "metal", "tier": tiers, "demand_tpa": need}),
        cover=frame("weeks", (weeks,)),
        main_commodity="metal",
        name=f"random{seed}",
    )


@pytest.mark.long
@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 9))])
def test_cover_never_makes_anyone_shorter_in_all(seed: int) -> None:
    total = [
        (sum(short(random_chain(seed, weeks), STOP, 8, cover=True)),
         sum(short(random_chain(seed, weeks), STOP, 8, "shortfall_t", cover=True)))
        for weeks in (0.0, 4.0, 9.0, 20.0)
    ]  # fmt: skip
    assert np.diff(np.array(total), axis=0).max() <= 1e-9
    assert total[0][0] > 0


@pytest.mark.long
@pytest.mark.parametrize("weeks", [2.0, 5.0, 13.0, 30.0])
def test_cover_delays_a_total_loss(weeks: float) -> None:
    lost = short(one_user(weeks), STOP, 12, cover=True)
    first = next(month for month, tonnes in enumerate(lost) if tonnes > 1e-9)
    assert first >= math.floor(weeks * 12 / 52)


@pytest.mark.parametrize("end", ["none", "low", "stated", "high"])
def test_what_was_bought_ahead_by_hand(end: str) -> None:
    """Announced 59 days before April: 59 / 30.4 months of 1 t a month lie at the user in April, at high twice that."""
    phases = [{"months": 2, "share": 0.1}, {"share": 0.8}]
    measure = {"kind": "licence", "from": CHN, "profile": phases, "start": "2025-04", "announced": "2025-02-01"}
    bought = {"none": 0.0, "low": 0.0, "stated": 59 / 30.4, "high": 2 * 59 / 30.4}[end]
    expected, left = [0.0] * 3, bought
    for need in (0.9, 0.9, *[0.2] * 7):
        expected.append(max(need - left, 0.0))
        left = max(left - need, 0.0)
    assert short(one_user(), cn.Scenario("s", [measure]), rush=end) == pytest.approx(expected, abs=1e-9)


def test_no_notice_and_a_rule_that_began_before_bring_nothing() -> None:
    bare = {"kind": "licence", "from": CHN, "share": 0.5}
    for times in ({"start": "2025-04", "announced": "2025-04-01"}, {"start": "2024-11", "announced": "2024-08-01"}):
        with_it, without = (
            cn.Scenario("s", [{**bare, **times}]),
            cn.Scenario("s", [{**bare, "start": times["start"]}]),
        )
        assert short(one_user(), with_it, rush="high") == pytest.approx(short(one_user(), without), abs=1e-9)


def test_two_measures_on_one_flow_bring_the_longest_notice_once() -> None:
    both = [
        {"kind": "licence", "from": CHN, "share": 0.0, "start": "2025-04", "announced": day}
        for day in ("2025-03-01", "2025-03-20")
    ]
    assert sum(short(one_user(), cn.Scenario("s", both))) == pytest.approx(9.0 - 31 / 30.4)


def test_the_command_line_takes_an_end(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    from typer.testing import CliRunner

    from chainnet.cli.app import app

    folder = cn.write(one_user(13.0), tmp_path / "one")
    (tmp_path / "lic.toml").write_text(LICENCE.to_toml(), encoding="utf-8")
    words = ["stress", str(folder), "--scenario", str(tmp_path / "lic.toml"), "--months", "12", "--format", "csv"]
    lost = {}
    for end in ("none", "stated"):
        said = CliRunner().invoke(app, [*words, "--cover", end, "--table", "summary"])
        assert said.exit_code == 0, said.output
        table = pd.read_csv(pd.io.common.StringIO(said.stdout), comment="#")
        lost[end] = float(table.set_index("scenario").loc["lic", "shortfall_unforeseen_t"])
    assert lost == pytest.approx({"none": 3.8, "stated": 0.8})


def test_what_users_hold_is_kept_until_the_first_measure() -> None:
    """13 weeks, 3 t, last three months from the fourth on, in which all supply stops; nobody saw it come."""
    stop = cn.Scenario("later", [{"kind": "restrict", "from": CHN, "share": 0.0, "start_month": 3}])
    assert short(one_user(13.0), stop, 10, cover=True) == pytest.approx([0.0] * 6 + [1.0] * 4)


@pytest.mark.parametrize("road", [1, 2])
@pytest.mark.parametrize("cost", [0.0, 5.0])
def test_who_knows_of_no_measure_does_not_plan_to_live_on_what_he_holds(road: int, cost: float) -> None:
    """Supply stops with the fourth month: what left before still comes, then 3 t carry three months more.

    Whoever planned to draw the 3 t from the fourth month on would have ordered less before.
    """
    net = one_user(13.0)
    edges = net.edges.assign(lag_months=float(road), cost_usd_per_t=cost)
    stop = cn.Scenario("later", [{"kind": "restrict", "from": CHN, "share": 0.0, "start_month": 3}])
    assert short(net.with_table("edges", edges), stop, 10) == pytest.approx([0.0] * (6 + road) + [1.0] * (4 - road))
