"""Folders that may be handed on, and what a reader can still find out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

import chainnet as cn
from chainnet.sharing import aggregate, at_bounds, attack, bracket, redact
from chainnet.sharing._bands import band_of, middle_of
from chainnet.sharing._redact import _with_names, broken_rule

SECRET = bytes(range(32))


def three(caps: tuple[float, ...] = (12.6, 7.9, 3.2)) -> cn.Network:
    """Three mines in bands of 10-16, 6.3-10 and 2.5-4."""
    return cn.Network(
        nodes=pd.DataFrame(
            {
                "id": ["a", "b", "c", "user"], "stage": ["mine"] * 3 + ["end_use"], "country": ["AUS"] * 4,
                "site": ["1", "2", "2", None], "owner": ["x", "y", "z", None], "capacity_tpa": [*caps, None],
                "low": [10.0, 6.3, 2.5, None], "high": [16.0, 10.0, 4.0, None],
            }
        ),
        edges=pd.DataFrame({"source": ["a", "b", "c"], "target": ["user"] * 3}),
        name="three",
    )  # fmt: skip


def total(value: float, within: float = 0.0, **where: str) -> dict[str, Any]:
    return {"total": where or {"stage": "mine"}, "value": value, "within": within}


@given(value=st.floats(1e-6, 1e9))
def test_a_figure_lies_in_its_band_and_the_band_on_the_grid(value: float) -> None:
    for bands in ("r5", 2.0):
        low, high = band_of(value, bands)
        assert low <= value < high
        assert band_of(low, bands) == (low, high)
        assert low <= middle_of(low, high) <= high
    low, high = band_of(value, "r5")
    assert (high - low) / (high + low) >= 0.2


@pytest.mark.parametrize(
    ("value", "bands", "low", "high", "middle"),
    [
        (1.0, "r5", 1.0, 1.6, 1.26),
        (0.99, "r5", 0.63, 1.0, 0.794),
        (6.3, "r5", 6.3, 10.0, 7.94),
        (159.0, "r5", 100.0, 160.0, 126.0),
        (160.0, "r5", 160.0, 250.0, 200.0),
        (0.0, "r5", 0.0, 0.0, 0.0),
        (1.0, 1.5, 1.0, 1.5, 1.22),
        (2.0, 1.5, 1.5, 2.25, 1.84),
        (0.5, 1.5, 4 / 9, 2 / 3, 0.544),
        (8.0, 2.0, 8.0, 16.0, 11.3),
        (1.02, 1.05, 1.0, 1.05, 1.02),
    ],
)
def test_bands_by_hand(value: float, bands: str | float, low: float, high: float, middle: float) -> None:
    assert band_of(value, bands) == pytest.approx((low, high), rel=1e-8)
    assert middle_of(low, high) == middle


def test_every_figure_stands_at_an_end_of_its_range() -> None:
    net = cn.Network(
        frame("id stage capacity_tpa low high", ("a", "mine", 5.0, 4.0, 6.0), ("b", "mine", None, 1.0, 2.0), ("u", "end_use", None, None, None)),
        frame(
            "source target flow_tpa capacity_tpa low high",
            ("a", "u", None, 3.0, 2.0, 4.0), ("b", "u", 7.0, 9.0, 6.0, 8.0),
        ),
        projects=frame("id stage capacity_tpa low high", ("p", "mine", 8.0, 7.0, None)),
        stocks=frame("id node stock_t low high", ("s", "u", 20.0, 10.0, 30.0)),
        demand=frame("node tier demand_tpa low high", ("u", "defence", 50.0, 40.0, 60.0)),
        cover=frame("node weeks low high", ("u", 4.0, 3.0, 5.0)),
        name="toy",
    )  # fmt: skip

    def figures(found: cn.Network) -> list[Any]:
        columns = {"nodes": "capacity_tpa", "edges": "capacity_tpa", "projects": "capacity_tpa", "stocks": "stock_t"}
        columns |= {"demand": "demand_tpa", "cover": "weeks"}
        return [
            getattr(found, table)[column].astype(object).where(getattr(found, table)[column].notna(), None).tolist()
            for table, column in columns.items()
        ]

    # what has no limit gets one at the low end alone; a range beside a flow is that of the flow
    low = [[4.0, 1.0, None], [2.0, 9.0], [7.0], [10.0], [40.0], [3.0]]
    high = [[6.0, None, None], [4.0, 9.0], [8.0], [30.0], [60.0], [5.0]]
    assert figures(at_bounds(net, "low")) == low
    assert figures(at_bounds(net, "high")) == high
    assert figures(at_bounds(net, "low", demand="high")) == [*low[:4], [60.0], low[5]]
    assert figures(at_bounds(net, "high", demand="low")) == [*high[:4], [40.0], high[5]]
    assert at_bounds(net, "low").name == "toy-low"
    for wrong in ({"end": "middle"}, {"end": "low", "demand": "middle"}):
        with pytest.raises(cn.DataError, match=r'unknown end "middle".*Known: low, high'):
            at_bounds(net, **wrong)  # type: ignore[arg-type]


def test_without_facts_nothing_is_narrowed() -> None:
    found = attack(three())
    assert found["width"].tolist() == pytest.approx([6 / 26, 3.7 / 16.3, 1.5 / 6.5])
    assert found["is_protected"].all()
    assert (found["narrowed_by"] == "").all()


@pytest.mark.parametrize(
    ("fact", "low", "high"),
    [(total(22.0), 10.0, 13.2), (total(22.0, 2.0), 10.0, 15.2), (total(20.5, 4.5), 10.0, 16.0)],
)
def test_worked_totals(fact: dict[str, Any], low: float, high: float) -> None:
    row = attack(three(), [fact]).loc["a"]
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["is_protected"] == ((high - low) / (high + low) >= 0.2)


def test_two_totals_that_differ_by_one_plant_tell_it() -> None:
    row = attack(three(), [total(22.0), total(10.0, site="2")]).loc["a"]
    assert (row["low"], row["high"]) == pytest.approx((12.0, 12.0))
    assert row["narrowed_by"].startswith("total of")


def test_an_insider_knows_more() -> None:
    found = attack(three(), [total(22.0)], insiders={"third": {"c": 3.0}})
    row = found[found["insider"] == "third"].loc["a"]
    assert (row["low"], row["high"]) == pytest.approx((10.0, 12.7))


def test_an_answer_bounds_from_below_and_with_its_cut_from_above() -> None:
    bare = attack(three(), [{"served": 28.0}])
    assert bare.loc["a", ["low", "high"]].tolist() == pytest.approx([14.0, 16.0])
    cut = attack(three(), [{"served": 22.0, "cut": {"a": 1.0, "b": 1.0, "c": 1.0}}])
    assert cut.loc["a", ["low", "high"]].tolist() == pytest.approx([10.0, 13.2])
    assert cut["upper_facts_used"].tolist() == [1, 1, 1]
    assert bare["upper_facts_used"].tolist() == [0, 0, 0]


@given(seed=st.integers(0, 10_000))
def test_the_attack_finds_what_an_own_program_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = np.array([10.0, 6.3, 2.5])
    high = np.array([16.0, 10.0, 4.0])
    true = low + rng.random(3) * (high - low)
    sets = [np.array(rng.random(3) < 0.6) for _ in range(2)]
    net = three(tuple(true))
    nodes = net.nodes.assign(
        step=[str(bool(m)) for m in sets[0]] + [None], region=[str(bool(m)) for m in sets[1]] + [None]
    )
    facts = [total(float(true[sets[0]].sum()), 0.5, step="True"), total(float(true[sets[1]].sum()), 0.2, region="True")]
    found = attack(net.with_table("nodes", nodes), facts)
    lines = np.array([s.astype(float) for s in sets])
    values, within = np.array([f["value"] for f in facts]), np.array([f["within"] for f in facts])
    for i, key in enumerate("abc"):
        ends = [
            sign * linprog(sign * np.eye(3)[i], np.vstack([lines, -lines]), np.concatenate([values + within, within - values]),
                           bounds=np.column_stack([low, high])).fun for sign in (1.0, -1.0)
        ]  # fmt: skip
        assert found.loc[key, ["low", "high"]].tolist() == pytest.approx(ends, abs=1e-6)
        assert ends[0] - 1e-9 <= true[i] <= ends[1] + 1e-9


def test_a_fact_that_contradicts_the_bands_is_named() -> None:
    with pytest.raises(cn.InfeasibleError, match="total of stage mine contradicts the bands"):
        attack(three(), [total(50.0)])


def secrets_of(net: cn.Network) -> set[str]:
    words = {w for t in ("nodes", "projects") for c in ("id", "label", "operator", "owner", "note")
             for w in getattr(net, t)[c].dropna()}  # fmt: skip
    words |= {w for c in ("address", "title") for w in net.references[c].dropna()}
    return {w for w in words if len(w) > 3} - {"several", "unknown"}


@pytest.mark.parametrize("name", ["mag-9", "gallium", pytest.param("rare-earths", marks=pytest.mark.slow)])
def test_nothing_hidden_stands_in_any_byte_and_the_truth_lies_between(
    name: str, graphs: dict[str, cn.Network], tmp_path: Path
) -> None:
    net = graphs[name]
    done = redact(net, secret=SECRET)
    cn.write(done.network, tmp_path / "out")
    text = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert [word for word in secrets_of(net) if word in text] == []
    assert net.digest not in text + repr(done.provenance)
    assert done.attack["is_protected"].all()
    back = cn.read(tmp_path / "out")
    assert back.digest == done.network.digest
    rows = bracket(at_bounds(back, "low"), at_bounds(back, "high"), by="country")
    truth = cn.chokepoints(net, by="country")["lost_tpa"]
    size = cn.max_flow(net).value_tpa
    for label in rows.index.drop("base"):
        low, high = rows.loc[label, ["lost_low_tpa", "lost_high_tpa"]]
        assert low - 1e-6 * size <= truth[label] <= high + 1e-6 * size


def test_aggregated_and_redacted_the_truth_still_lies_between(graphs: dict[str, cn.Network]) -> None:
    net = graphs["germanium"]
    pair = aggregate(net)
    low = at_bounds(redact(pair.inner, secret=SECRET).network, "low")
    high = at_bounds(redact(pair.outer, secret=SECRET).network, "high")
    rows = bracket(low, high, by="country")
    truth = cn.chokepoints(net, by="country")["lost_tpa"]
    for label in rows.index.drop("base"):
        assert rows.loc[label, "lost_low_tpa"] - 1e-6 <= truth[label] <= rows.loc[label, "lost_high_tpa"] + 1e-6


def test_only_what_lies_within_becomes_a_band(mag9: cn.Network) -> None:
    done = redact(mag9, secret=SECRET, within=["USA"])
    at_home = set(done.names[mag9.nodes["id"][mag9.nodes["country"] == "USA"]])
    nodes = done.network.nodes.set_index("id")["note"].fillna("")
    has_figure = done.network.nodes.set_index("id")["capacity_tpa"].notna()
    assert set(nodes.index[nodes.str.startswith("band")]) == at_home & set(nodes.index[has_figure])
    edges = done.network.edges
    touches = edges["source"].isin(at_home) | edges["target"].isin(at_home)
    assert not edges.loc[~touches, "note"].fillna("").str.startswith("band").any()
    was = mag9.nodes.set_index("id")["capacity_tpa"].rename(index=done.names.to_dict())
    elsewhere = [i for i in nodes.index[has_figure] if i not in at_home]
    assert done.network.nodes.set_index("id")["capacity_tpa"][elsewhere].to_dict() == was[elsewhere].to_dict()
    low, high = (cn.max_flow(at_bounds(done.network, end)).value_tpa for end in ("low", "high"))
    wide = [cn.max_flow(at_bounds(redact(mag9, secret=SECRET).network, end)).value_tpa for end in ("low", "high")]
    assert wide[0] <= low <= cn.max_flow(mag9).value_tpa * (1 + 1e-9) <= high * (1 + 1e-9) <= wide[1] * (1 + 2e-9)
    with pytest.raises(cn.DataError, match="within"):
        redact(mag9, secret=SECRET, within=["Atlantis"])


def test_new_ids_tell_nothing_and_only_the_secret_orders_them(mag9: cn.Network) -> None:
    one, same, other = (redact(mag9, secret=key) for key in (SECRET, SECRET, bytes(32)))
    assert one.network.digest == same.network.digest
    assert set(one.names) & set(mag9.nodes["id"]) == set()
    assert set(one.names) == set(other.names)


def test_new_ids_may_be_old_ids_of_other_plants() -> None:
    nodes = three().nodes.assign(id=["AUS_mine_2", "AUS_mine_3", "AUS_mine_1", "user"])
    edges = pd.DataFrame({"source": nodes["id"][:3], "target": "user", "cost_usd_per_t": [1.0, 2.0, 3.0]})
    net = cn.Network(nodes, edges)
    found = redact(net, secret=SECRET)
    for old, cost in zip(nodes["id"][:3], [1.0, 2.0, 3.0], strict=True):
        row = found.network.edges.set_index("source").loc[found.names[old]]
        assert row["cost_usd_per_t"] == cost


def test_kept_ids_and_words_stay(mag9: cn.Network) -> None:
    key = mag9.nodes["id"].iloc[0]
    found = redact(mag9, secret=SECRET, keep=[key, "owner_country"])
    assert key in set(found.network.nodes["id"])
    assert found.network.nodes["owner_country"].notna().any()


def test_demand_and_prices_go_only_if_named(mag9: cn.Network) -> None:
    plain = redact(mag9, secret=SECRET).network
    assert sorted(plain.demand["demand_tpa"]) == sorted(mag9.demand["demand_tpa"])
    hidden = redact(mag9, secret=SECRET, hide=["names", "sources", "demand", "prices"]).network
    assert (hidden.demand["low"] < hidden.demand["high"]).all()
    assert hidden.projects["capex_musd"].isna().all()
    worst = at_bounds(hidden, "low", demand="high").demand["demand_tpa"].sum()
    assert worst >= mag9.demand["demand_tpa"].sum()


def test_what_facts_would_give_away_is_refused_unless_accepted() -> None:
    net = three()
    with pytest.raises(cn.DataError, match=r"a to 10 \.\. 13\.2 t/yr \(width 0\.138, by total of stage mine"):
        redact(net, secret=SECRET, facts=[total(22.0)])
    found = redact(net, secret=SECRET, facts=[total(22.0)], accept=["a", "b", "c"])
    assert not found.attack["is_protected"].all()
    assert set(found.attack["insider"]) > {""}


def test_facts_bear_the_new_ids_and_stay_what_they_were() -> None:
    fact = {"total": {"id": "a", "stage": "mine"}, "cut": {"b": 2.0, "x": 1.0}, "value": 3.0}
    new = {"a": "n1", "b": "n2"}
    assert _with_names(fact, new) == {
        "total": {"id": ["n1"], "stage": "mine"}, "cut": {"n2": 2.0, "x": 1.0}, "value": 3.0,
    }  # fmt: skip
    assert fact["total"] == {"id": "a", "stage": "mine"}
    assert _with_names(total(3.0, id=["b", "x"]), new)["total"] == {"id": ["n2", "x"]}
    for plain in (total(3.0), {"value": 5.0}, {"cut": "full"}):
        assert _with_names(plain, new) == plain
    # who owns the one of two plants knows the other by their total
    with pytest.raises(
        cn.DataError,
        match=r"b to 7\.9 \.\. 7\.9 t/yr \(width 0, by total of id AUS_mine_\d or AUS_mine_\d, for an owner",
    ):
        redact(three(), secret=SECRET, facts=[total(20.5, id=["a", "b"])])


def test_a_class_that_gets_a_band_still_says_that_it_is_one() -> None:
    note = "class of 2; differ in: owner"
    net = three()
    net = net.with_table("nodes", net.nodes.assign(note=[note, "told in secret", None, None]))
    done = redact(net, secret=SECRET)
    assert done.network.nodes.set_index("id").loc[done.names[["a", "b", "c"]], "note"].tolist() == [
        f"band; {note}", "band", "band",
    ]  # fmt: skip


def test_a_scenario_is_handed_on_with_the_new_ids(mag9: cn.Network) -> None:
    key = mag9.nodes.loc[mag9.nodes["country"] == "CHN", "id"].iloc[0]
    stop = cn.Scenario("stop", [{"kind": "remove", "nodes": [key]}])
    found = redact(mag9, secret=SECRET, scenarios=[stop])
    assert found.scenarios[0].measures[0]["nodes"] == [found.names[key]]
    with pytest.raises(cn.DataError, match="asks by owner_country, which is withheld"):
        redact(
            mag9, secret=SECRET, scenarios=[cn.Scenario("s", [{"kind": "remove", "where": {"owner_country": "CHN"}}])]
        )


def test_no_old_id_is_handed_on_in_a_scenario() -> None:
    net = cn.Network(
        frame(
            "id stage country capacity_tpa",
            ("hush_mine", "mine", "AUS", 9.0), ("hush_user", "end_use", "USA", None), ("hush_pile", "mine", "AUS", 4.0),
        ),
        frame("source target commodity", ("hush_mine", "hush_user", "good"), ("hush_pile", "hush_user", "good")),
        demand=frame("node commodity tier demand_tpa", ("hush_user", "good", "defence", 12.0)),
        stocks=frame("id node commodity stock_t", ("hush_pile", "hush_user", "good", 3.0), ("hush_two", "hush_user", "good", 1.0)),
        projects=frame("id stage country capacity_tpa", ("hush_new", "mine", "USA", 2.0)),
        main_commodity="good",
    )  # fmt: skip
    given = [
        {"kind": "release", "stocks": ["hush_pile"]},
        {"kind": "remove", "edges": [["hush_mine", "hush_user", "good"]], "nodes": "hush_mine"},
        {"kind": "build", "projects": ["hush_new"]},
        {"kind": "scale", "where": {"id": ["hush_pile"]}, "share": 0.5},
        {"kind": "purchase", "node": "hush_user", "commodity": "good", "tpa": 1.0},
        {"kind": "licence", "from": {"id": "hush_mine"}, "by": [{"to": {"id": "hush_user"}, "profile": [{"share": 0.5}]}]},
    ]  # fmt: skip
    found = redact(net, secret=SECRET, hide=["names", "stocks"], scenarios=[cn.Scenario("s", given)])
    (scenario,) = found.scenarios
    assert "hush" not in scenario.to_toml()
    mine, user, pile, new = (found.names[f"hush_{word}"] for word in ("mine", "user", "pile", "new"))
    stocks = found.network.stocks
    stock = stocks["id"][stocks["stock_t"].idxmax()]
    assert scenario.measures[0]["stocks"] == [stock]
    assert scenario.measures[1]["edges"] == [[mine, user, "good"]]
    assert scenario.measures[1]["nodes"] == [mine]
    assert scenario.measures[2]["projects"] == [new]
    assert scenario.measures[3]["where"] == {"id": [pile, stock]}  # a plant and a stock of one id
    assert scenario.measures[4]["node"] == user
    assert scenario.measures[5]["from"] == {"id": [mine]}
    assert scenario.measures[5]["by"][0]["to"] == {"id": [user]}
    static = cn.Scenario("s", [dict(one) for one in scenario.measures[:4]])
    served = [cn.balance(one, asked).demand["served_tpa"].sum() for one, asked in
              ((net, cn.Scenario("s", given[:4])), (found.network, static))]  # fmt: skip
    assert served[0] == pytest.approx(served[1])
    abroad = [{"to": {"site": "x"}, "profile": [{"share": 0.5}]}]
    with pytest.raises(cn.DataError, match="s asks by site, which is withheld"):
        redact(
            net, secret=SECRET, scenarios=[cn.Scenario("s", [{"kind": "licence", "commodity": "good", "by": abroad}])]
        )


def test_what_is_withheld_cannot_be_asked_by(mag9: cn.Network) -> None:
    net = redact(mag9, secret=SECRET).network
    with pytest.raises(cn.DataError, match='asks by owner "Firm", which no row here bears'):
        bracket(at_bounds(net, "low"), at_bounds(net, "high"),
                [cn.Scenario("s", [{"kind": "remove", "where": {"owner": "Firm"}}])])  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "rule", "is_safe"),
    [
        ((60, 25, 10, 5), {"p": 0.1, "least": 3}, True),
        ((60, 25, 10, 5), {"p": 0.3}, False),
        ((60, 25, 10, 5), {"nk": (2, 0.8)}, False),
        ((70, 24, 4, 2), {"p": 0.1}, False),
        ((60, 40), {"least": 3}, False),
    ],
)
def test_small_cells(parts: tuple[float, ...], rule: dict[str, Any], is_safe: bool) -> None:
    assert (broken_rule(parts, rule) == "") == is_safe


@pytest.mark.parametrize(
    ("change", "message"),
    [({"secret": b"short"}, "secret: give 16"), ({"bands": 1.0}, "bands: 1.0"), ({"hide": ["colour"]}, 'unknown word "colour"'),
     ({"rule": {"p": 1.5}}, "rule: p: 1.5"), ({"protect": 0.0}, "protect: 0.0"), ({"keep": ["nobody"]}, 'keep: unknown word or id "nobody"'),
     ({"protect": 0.4}, "hidden figures can be narrowed to less than 0.4")],
)  # fmt: skip
def test_bad_words_are_refused(mag9: cn.Network, change: dict[str, Any], message: str) -> None:
    with pytest.raises(cn.DataError, match=message):
        redact(mag9, **{"secret": SECRET, **change})


@pytest.mark.parametrize(
    ("fact", "message"),
    [({"total": {"stage": "mine"}}, "value is missing"), ({}, "give a mapping"), ({"served": 1.0, "whithin": 1.0}, "unknown key"),
     ({"served": 1.0, "cut": {"q": 1.0}}, "q"), (total(5.0, stage="end_use"), "without a capacity")],
)  # fmt: skip
def test_bad_facts_are_refused(fact: dict[str, Any], message: str) -> None:
    with pytest.raises((cn.DataError, cn.UnknownIdError), match=message):
        attack(three(), [fact])
