"""``stress_test``: every scenario as a steady state, with both ends of the bracket."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import frame, two_tier
from stress_networks import OUT, road

import chainnet as cn


def scenarios() -> list[cn.Scenario]:
    return [
        cn.Scenario("half", [{"kind": "scale", "where": {"stage": "mine"}, "share": 0.5}]),
        cn.Scenario("all", [{"kind": "remove", "where": {"country": "CHN"}}]),
    ]


def test_summary_by_scenario_and_tier() -> None:
    st = cn.stress_test(two_tier(), scenarios())
    assert st.summary.index.names == ["scenario", "tier"]
    assert list(st.summary.index.get_level_values(0).unique()) == ["baseline", "half", "all"]
    short = st.summary["shortfall_tpa"]
    assert short["baseline"].tolist() == pytest.approx([0.0, 4.0])
    assert short["half"].tolist() == pytest.approx([0.5, 6.0])
    assert short["all"].tolist() == pytest.approx([3.0, 6.0])
    assert st.summary["shortfall_low_tpa"].isna().all(), "no range is given"


def test_both_ends_of_the_bracket() -> None:
    st = cn.stress_test(two_tier(), scenarios(), beneficiaries=["USA"])
    after, before = st.summary["shortfall_tpa"], st.summary["shortfall_last_tpa"]
    assert (before >= after - 1e-9).all()
    assert after["half"].tolist() == pytest.approx([0.5, 4.0])
    assert before["half"].sum() == pytest.approx(6.5)


def test_demand_at_its_low_and_high_value() -> None:
    net = two_tier()
    ranged = net.demand.assign(low=[1.0, np.nan, 2.0], high=[3.0, np.nan, 5.0], value_usd_per_t=[10.0, 10.0, 1e6])
    st = cn.stress_test(net.with_demand(ranged), scenarios())
    assert st.summary.loc[("half", "defence"), "shortfall_low_tpa"] == pytest.approx(0.0)
    assert st.summary.loc[("half", "defence"), "shortfall_high_tpa"] == pytest.approx(2.5)
    assert st.summary.loc[("half", "defence"), "demand_high_tpa"] == 5.0
    assert st.summary.loc[("half", "defence"), "value_musd"] == pytest.approx(0.5)


def test_what_nobody_priced_is_unknown_and_no_zero() -> None:
    net, all_out = two_tier(), scenarios()[1]

    def stressed(*value: float) -> cn.StressTest:
        priced = net.with_demand(net.demand.assign(value_usd_per_t=list(value)))  # Japan, USA civilian, USA defence
        return cn.stress_test(priced, all_out, months=1)

    none = stressed(np.nan, np.nan, np.nan)
    for table, column in (("summary", "value_musd"), ("summary", "value_at_risk_musd"), ("nodes", "value_musd")):
        assert getattr(none, table)[column].isna().all(), (table, column)
    assert none.months["value_musd"].isna().all()
    assert none.money[["served_usd", "lost_usd", "net_usd"]].isna().all(axis=None)
    part = stressed(2e6, np.nan, 1e6).summary
    for column, year in (("value_musd", 1.0), ("value_at_risk_musd", 1.0 / 12.0)):
        found = part[column].to_dict()
        # in the baseline defence has all, and 0 is known; Japan comes after the USA, where metal costs less to bring
        assert found == pytest.approx(
            {
                ("baseline", "defence"): 0.0,
                ("baseline", "civilian"): 4.0 * year,
                ("all", "defence"): 3.0 * year,
                ("all", "civilian"): 4.0 * year,  # what is known of a tier
            }
        )


def test_one_a_list_a_mapping_or_the_shipped_ones(mag9: cn.Network, china_out: cn.Scenario) -> None:
    one = cn.stress_test(mag9, china_out).summary
    for given in ([china_out], {"china_out": china_out}, None, cn.scenarios(mag9)):
        assert cn.stress_test(mag9, given).summary.equals(one)
    assert one.loc["china_out", "shortfall_tpa"].tolist() == pytest.approx([0.0, 10.0, 30.0], abs=1e-6)
    with pytest.raises(cn.DataError, match="stands twice"):
        cn.stress_test(mag9, [china_out, china_out])
    assert cn.stress_test(mag9, ["china_out"]).summary.equals(one), "the name of one that ships"
    with pytest.raises(cn.DataError, match="no Scenario"):
        cn.stress_test(mag9, [3])


def test_per_node_and_ladder(mag9: cn.Network) -> None:
    st = cn.stress_test(mag9)
    assert st.nodes.loc["china_out"]["shortfall_tpa"].sum() == pytest.approx(40.0)
    assert st.levels["level"].unique().tolist() == ["none", "existing", "new", "stocks"]
    assert st.levels["scenario"].unique().tolist() == ["china_out"]


def test_no_demand_is_said() -> None:
    from conftest import line

    with pytest.raises(cn.DataError, match="no demand table"):
        cn.stress_test(line(), [])


def test_a_plain_copy_keeps_its_order(mag9: cn.Network) -> None:
    st = cn.stress_test(mag9)
    assert st.summary.loc["china_out"].index.tolist() == ["defence", "industrial", "civilian"]
    assert st.provenance["settings"]["scenarios"] == ["china_out"]


def test_whom_nobody_asks_for_has_no_rows(mag9: cn.Network) -> None:
    st = cn.stress_test(mag9, [], months=1, beneficiaries=["PER"])
    assert [len(table) for table in (st.summary, st.nodes, st.months, st.time_to_survive)] == [0, 0, 0, 0]
    assert "time_to_recover" in st.summary


def test_who_is_short_is_told_by_country_of_the_users() -> None:
    """Of 10 t a year a mine of 6 t is out: of two in defence 2 t are short, and all 4 t of civilian demand."""
    net = cn.Network(
        nodes=frame(
            "id stage country region capacity_tpa",
            ("near", "mine", "AUS", None, 4.0),
            ("far", "mine", "CHN", None, 6.0),
            ("cars", "end_use", "JPN", None, None),
            ("arms", "end_use", "JPN", None, None),
            ("rest", "end_use", None, "other", None),
        ),
        edges=frame(
            "source target flow_tpa", *((m, u, 1.0) for m in ("near", "far") for u in ("cars", "arms", "rest"))
        ),
        demand=frame(
            "node tier demand_tpa", ("arms", "defence", 3.0), ("cars", "civilian", 4.0), ("rest", "defence", 3.0)
        ),
    )
    found = cn.stress_test(net, cn.Scenario("out", [{"kind": "remove", "nodes": ["far"]}]), months=2)
    table = found.countries
    assert table.loc["baseline"]["shortfall_tpa"].tolist() == [0.0, 0.0, 0.0]
    mine = table.loc["out"]
    assert mine.index.tolist()[-1] == ("civilian", "JPN")
    assert mine.loc[("civilian", "JPN"), "shortfall_tpa"] == pytest.approx(4.0)
    assert mine["demand_tpa"].loc["defence"].to_dict() == {"JPN": 3.0, "other": 3.0}
    assert mine["shortfall_tpa"].loc["defence"].sum() == pytest.approx(2.0)
    assert (mine["demand_tpa"] - mine["served_tpa"]).tolist() == pytest.approx(mine["shortfall_tpa"].tolist())
    sums = found.nodes["shortfall_tpa"].groupby(level=["scenario", "tier"]).sum()
    assert table["shortfall_tpa"].groupby(level=["scenario", "tier"]).sum().to_dict() == pytest.approx(sums.to_dict())
    ordered = mine["shortfall_tpa"].loc["defence"].tolist()
    assert ordered == sorted(ordered, reverse=True)


def test_demand_without_a_tier_is_told_by_country_too() -> None:
    table = cn.stress_test(road(demand=frame("node demand_tpa", ("user", 6.0))), OUT, months=1).countries
    assert table.loc["out"].index.get_level_values("country").tolist() == ["USA"]
    assert table.loc["out", "shortfall_tpa"].tolist() == pytest.approx([6.0])
