"""What pairs of projects buy in words, how likely scenarios are, the worst of them: by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import frame
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.app import app
from chainnet.engine import risk_of
from chainnet.projects._words import _pair_words


def test_a_pair_says_what_it_buys_apart_and_by_how_much_less_or_more_together() -> None:
    assert _pair_words("A", "B", 9.0, 3.0) == "A and B together avoid 9 t/yr, apart 6 t."
    assert _pair_words("A", "B", 3.0, 3.0) == "A and B together avoid 3 t/yr, apart nothing."
    assert (
        _pair_words("A", "B", 9.0, -2.0)
        == "A and B together avoid 9 t/yr, 2 t less than apart: one stands in for the other."
    )


def plans() -> cn.Network:
    """Two mines of 4 and 6 t serve 10; a project of 5 t."""
    return cn.Network(
        frame("id stage country capacity_tpa", ("a", "mine", "AUS", 4.0), ("b", "mine", "CHN", 6.0), ("u", "end_use", "USA", None)),
        frame("source target", ("a", "u"), ("b", "u"), ("new", "u")),
        demand=frame("node tier demand_tpa", ("u", "defence", 10.0)),
        projects=frame("id stage country capacity_tpa capex_musd", ("new", "mine", "CAN", 5.0, 8.0)),
    )  # fmt: skip


def test_probabilities_that_do_not_add_to_one_are_scaled() -> None:
    """One year in ten a is out, three in ten b: of what is planned for, a quarter and three quarters."""
    stops = [
        cn.Scenario("a_out", [{"kind": "remove", "nodes": ["a"]}], probability=0.1),
        cn.Scenario("b_out", [{"kind": "remove", "nodes": ["b"]}], probability=0.3),
    ]
    found = cn.portfolio(plans(), stops, budget_musd=10.0)
    assert found.scenarios["probability"].tolist() == pytest.approx([0.25, 0.75])
    # a out leaves 4 t short, b out 6; the project averts 4 and 5 of them
    assert found.averted_t == pytest.approx(0.25 * 4 + 0.75 * 5)


def test_the_worst_is_the_worst_of_what_may_come() -> None:
    short, chance = np.array([9.0, 4.0, 6.0]), np.array([0.0, 0.7, 0.3])
    assert risk_of(short, chance, "worst", 0.9) == 6.0
    assert risk_of(short, chance, "expected", 0.9) == pytest.approx(0.7 * 4 + 0.3 * 6)
    # the worst four tenths: three of 6 t, one of 4
    assert risk_of(short, chance, "cvar", 0.6) == pytest.approx((0.3 * 6 + 0.1 * 4) / 0.4)


def two_users() -> cn.Network:
    """Defence asks 3 t, civilians 10; without the mine projects of 2 t (defence), 6 t (civil) and 1.5 t (either)."""
    return cn.Network(
        frame(
            "id stage capacity_tpa",
            ("m", "mine", 1.0),
            ("d", "end_use", None),
            ("c", "end_use", None),
        ),
        frame(
            "source target",
            *[("m", "d"), ("m", "c"), ("arms", "d"), ("cars", "c"), ("wide", "d"), ("wide", "c")],
        ),
        demand=frame("node tier demand_tpa", ("d", "defence", 3.0), ("c", "civilian", 10.0)),
        projects=frame(
            "id label stage capacity_tpa capex_musd",
            ("arms", "Arms pit", "mine", 2.0, 10.0),
            ("cars", "Cars pit", "mine", 6.0, 12.0),
            ("wide", "Wide pit", "mine", 1.5, 3.0),
        ),
    )


OUT = cn.Scenario("out", [{"kind": "remove", "nodes": ["m"]}])


def test_a_tier_values_projects_by_what_it_gets_itself() -> None:
    every, mine = cn.reroute(two_users(), OUT), cn.reroute(two_users(), OUT, tier="defence")
    assert every.projects["standalone_t"].to_dict() == pytest.approx({"arms": 2.0, "cars": 6.0, "wide": 1.5})
    assert mine.projects["standalone_t"].to_dict() == pytest.approx({"arms": 2.0, "cars": 0.0, "wide": 1.5})
    # of 3 t arms and wide together give 3, not 3.5
    assert mine.projects["last_in_t"].to_dict() == pytest.approx({"arms": 1.5, "cars": 0.0, "wide": 1.0})
    assert mine.projects["shapley_t"].to_dict() == pytest.approx({"arms": 1.75, "cars": 0.0, "wide": 1.25})
    assert mine.projects["usd_per_tpa"].to_dict() == pytest.approx({"arms": 5e6, "cars": np.inf, "wide": 2e6})
    assert (mine.base_tpa, mine.all_tpa, every.all_tpa) == pytest.approx((0.0, 3.0, 9.5))
    assert mine.levels["tier"].tolist() == every.levels["tier"].tolist()
    assert every.provenance["settings"]["tier"] is None
    assert mine.provenance["settings"]["tier"] == "defence"
    with pytest.raises(cn.DataError, match='unknown tier "navy"'):
        cn.reroute(two_users(), OUT, tier="navy")


def test_a_budget_for_a_tier_takes_what_serves_the_tier() -> None:
    """USD 12 million: the cars' pit gives 6 t; for defence the arms' pit 2 t, the wide one 1.5 t, and both cost 13."""
    every = cn.reroute(two_users(), OUT, budget_musd=12.0).projects["in_portfolio"]
    mine = cn.reroute(two_users(), OUT, budget_musd=12.0, tier="defence").projects["in_portfolio"]
    assert every[every].index.tolist() == ["cars"]
    assert mine[mine].index.tolist() == ["arms"]


def test_the_sentence_says_the_first_tier_before_all() -> None:
    every = cn.reroute(two_users(), OUT)
    assert every.sorted_for == ("defence", "standalone_defence_t")
    assert every.sentence == (
        "Out: 13 of 13 t/yr is short on existing links, 3.5 with all projects. For defence, if served first, and on "
        "existing links, Arms pit adds most: 2 t/yr alone. For all tiers Cars pit avoids most: 6 t/yr alone."
    )
    civil = cn.reroute(two_users(), OUT, tier="civilian")
    assert civil.sorted_for == ("civilian", "standalone_t")
    assert civil.sentence == (
        "Out: 10 of 10 t/yr of civilian demand is short on existing links, 3.5 with all projects. "
        "For civilian, if served first, Cars pit avoids most: 6 t/yr alone."
    )
    assert civil.left.loc["projects", "shortfall_tpa"] == pytest.approx(3.5)
    alike = two_users().with_table("projects", two_users().projects.assign(capacity_tpa=2.0))
    # of two that add as much the cheaper stands first, and the other by its name
    assert "Wide pit adds most, as does Arms pit: 2 t/yr alone." in cn.reroute(alike, OUT).sentence


def test_where_the_first_tier_is_met_the_sentence_says_so_and_else_that_nothing_helps() -> None:
    """The mine of 1 t meets a defence of 1 t; without the two pits that reach defence nothing adds for its 3 t."""
    net = two_users()
    met = net.with_table(
        "demand", net.demand.assign(demand_tpa=net.demand["tier"].map({"defence": 1.0, "civilian": 9.0}))
    )
    said = cn.reroute(met).sentence
    assert "Defence is met on existing links, and no project alone adds anything for it. For all tiers Cars" in said
    assert cn.reroute(net, OUT, projects=["cars"]).sentence.endswith(
        "No project alone adds anything for defence. For all tiers Cars pit avoids most: 6 t/yr alone."
    )


def test_the_shell_sorts_by_what_the_first_tier_gets(tmp_path: Path) -> None:
    cn.write(two_users(), tmp_path / "two")
    (tmp_path / "out.toml").write_text('[[measures]]\nkind = "remove"\nnodes = ["m"]\n', encoding="utf-8")

    def rows(*more: str) -> tuple[str, list[str]]:
        asked = ["reroute", str(tmp_path / "two"), "--scenario", str(tmp_path / "out.toml"), *more]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0, done.output
        lines = done.stdout.split("\nprojects (")[1].splitlines()
        return done.stdout, [
            line.split()[0] for line in lines if line.split()[:1] in ([n] for n in ("arms", "cars", "wide"))
        ]

    text, order = rows()
    assert order == ["arms", "wide", "cars"]
    assert "\nsorted by: what each alone adds for defence if served first (standalone_defence_t), then for all" in text
    assert "all other values are for all tiers; allies served first, on existing links, projects at full size" in text
    text, order = rows("--tier", "civilian")
    assert order == ["cars", "wide", "arms"]
    assert "for civilian if served first (standalone_t); all other values are for civilian" in text


@pytest.mark.parametrize(
    ("wide", "said"),
    [
        ({"capacity_tpa": 5.76, "capex_musd": 3.0}, "6 t/yr alone; Wide pit gives 96 % of that for USD 3 million"),
        ({"capacity_tpa": 5.64, "capex_musd": 3.0}, "6 t/yr alone."),  # 94 % is not nearly as much
        ({"capacity_tpa": 5.76, "capex_musd": 13.0}, "6 t/yr alone."),  # nor is it cheaper
        ({"capacity_tpa": 5.76, "capex_musd": None}, "6 t/yr alone."),
    ],
)
def test_who_gives_nearly_as_much_for_less_is_named_beside_the_best(wide: dict[str, float], said: str) -> None:
    net = two_users()
    changed = net.projects.set_index("id")
    changed.loc["wide", list(wide)] = list(wide.values())
    sentence = cn.reroute(net.with_table("projects", changed.reset_index()), OUT).best_sentence
    assert said in sentence
    assert ("instead of USD 12 million" in sentence) == ("Wide" in said)
    unpriced = net.with_table("projects", changed.assign(capex_musd=[None, None, wide["capex_musd"]]).reset_index())
    assert ("instead of" in cn.reroute(unpriced, OUT).best_sentence) is False
