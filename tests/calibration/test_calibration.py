"""Chains from totals, and trade reports: worked numbers and laws that always hold."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from conftest import frame
from hypothesis import given, settings
from hypothesis import strategies as st

import chainnet as cn
from chainnet.calibration import calibrate, compare_trade, reconcile_mirror, without_reexports
from chainnet.calibration._calibrate import Calibration
from chainnet.calibration._check import CalibrationCertificate, certify
from chainnet.calibration._program import build
from chainnet.calibration._relations import expand_relations
from chainnet.calibration._tables import Settings, take_sources
from chainnet.engine import Conditions, nearest, repair
from chainnet.engine.entropy import support

# -- trade reports ----------------------------------------------------------------------------------


def report(**more: object) -> pd.DataFrame:
    row = {"exporter": "CHN", "importer": "JPN", "reported_export": 100.0, "reported_import": 132.0}
    return pd.DataFrame([{**row, **more}])


def test_mirror_worked_example() -> None:
    found = reconcile_mirror(report(export_sd=10.0, import_sd=20.0), cif=0.10)
    assert found["value"].iloc[0] == pytest.approx(104.0, abs=1e-12)
    assert found["sd"].iloc[0] == pytest.approx((1 / (1 / 100 + 1 / 400)) ** 0.5)
    assert found["ratio"].iloc[0] == pytest.approx(100.0 / 120.0)
    by_row = reconcile_mirror(report(export_sd=10.0, import_sd=20.0, cif=0.10))
    assert by_row["value"].iloc[0] == pytest.approx(104.0)
    half = reconcile_mirror(report(export_sd=10.0, import_sd=20.0, content=0.5), cif=0.10)
    assert half["value"].iloc[0] == pytest.approx(52.0)


def test_one_report_stands_alone_and_is_less_sure() -> None:
    both = reconcile_mirror(report(reported_import=100.0, export_sd=10.0, import_sd=10.0))
    one = reconcile_mirror(report(reported_import=None, export_sd=10.0))
    assert one["value"].iloc[0] == 100.0
    assert one["reported_by"].iloc[0] == "exporter"
    assert one["sd"].iloc[0] == pytest.approx(20.0)
    assert both["sd"].iloc[0] < 10.0
    other = reconcile_mirror(report(reported_export=None), cif=0.1)
    assert other["value"].iloc[0] == pytest.approx(120.0)
    zeros = reconcile_mirror(report(reported_export=0.0, reported_import=0.0))
    assert zeros["value"].iloc[0] == 0.0


def test_a_reporter_that_scatters_weighs_less() -> None:
    rows = [("A", "B", 100.0, 101.0), ("A", "C", 50.0, 50.5), ("D", "B", 10.0, 20.0), ("D", "C", 30.0, 12.0)]
    rows += [("A", "D", 100.0, 180.0)]
    found = reconcile_mirror(pd.DataFrame(rows, columns=["exporter", "importer", "reported_export", "reported_import"]))
    value = found.set_index(["exporter", "importer"])["value"]
    assert value["A", "D"] < 140.0, "nearer to the steadier reporter"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"reported_export": -1.0}, "reports row 2, reported_export.*0 or more"),
        ({"importer": "World"}, "reports row 2, importer.*a sum over all"),
        ({"importer": "CHN"}, "is its own exporter"),
        ({"importer": None}, "blank"),
        ({"reported_export": None, "reported_import": None}, "neither CHN nor JPN"),
        ({"content": 0.0}, "content must be above 0"),
        ({"export_sd": 0.0}, "export_sd must be above 0"),
    ],
)
def test_wrong_reports_are_named(more: dict[str, object], words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        reconcile_mirror(report(**more))


def test_a_pair_may_stand_once() -> None:
    with pytest.raises(cn.DataError, match=r"CHN / JPN.*stands twice"):
        reconcile_mirror(pd.concat([report(), report()]))


def test_transit_is_traced_to_the_maker() -> None:
    trade = pd.DataFrame([("CHN", "NLD", 80.0), ("NLD", "DEU", 60.0)], columns=["exporter", "importer", "value"])
    found = without_reexports(trade, {"CHN": 100.0}).set_index(["origin", "destination"])["value"]
    assert found.to_dict() == pytest.approx({("CHN", "CHN"): 20.0, ("CHN", "DEU"): 60.0, ("CHN", "NLD"): 20.0})
    with pytest.raises(cn.DataError, match=r"exports are larger.*NLD \(10 t\)"):
        without_reexports(trade.assign(value=[50.0, 60.0]), {"CHN": 100.0})
    with pytest.raises(cn.DataError, match="stands twice"):
        without_reexports(trade, pd.Series([1.0, 2.0], index=["CHN", "CHN"]))


@given(st.integers(0, 10_000), st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_traced_goods_add_up_to_output_and_to_use(draw: int, size: int) -> None:
    rng = np.random.default_rng(draw)
    names = [f"C{i}" for i in range(size)]
    flow = rng.uniform(0, 10, (size, size)) * (rng.random((size, size)) < 0.5)
    np.fill_diagonal(flow, 0.0)
    made = np.maximum(flow.sum(axis=1) - flow.sum(axis=0), 0.0) + rng.uniform(0, 5, size)
    rows = [(names[i], names[j], flow[i, j]) for i in range(size) for j in range(size) if flow[i, j] > 0]
    trade = pd.DataFrame(rows, columns=["exporter", "importer", "value"]).astype({"value": "float64"})
    found = without_reexports(trade, dict(zip(names, made, strict=True)))
    by_origin = found.groupby("origin")["value"].sum().reindex(names).fillna(0.0).to_numpy()
    by_user = found.groupby("destination")["value"].sum().reindex(names).fillna(0.0).to_numpy()
    assert by_origin == pytest.approx(made, rel=1e-7, abs=1e-9)
    assert by_user == pytest.approx(made + flow.sum(axis=0) - flow.sum(axis=1), rel=1e-7, abs=1e-9)
    if not (flow.sum(axis=0) * flow.sum(axis=1)).any():  # nobody passes on
        direct = found[found["origin"] != found["destination"]].set_index(["origin", "destination"])["value"]
        assert direct.to_dict() == pytest.approx({(s, t): v for s, t, v in rows})


# -- a whole chain ----------------------------------------------------------------------------------

PROCESSES = pd.DataFrame(
    [
        ("refine", "ore", "input", 1.25),
        ("refine", "metal", "output", 1.0),
        ("refine", "slag", "byproduct", 0.1),
        ("alloy", "metal", "input", 0.9),
        ("alloy", "slag", "input", 0.02),
        ("alloy", "alloy", "output", 1.0),
    ],
    columns=["process", "commodity", "role", "t_per_t"],
)
NODES = pd.DataFrame(
    [
        ("chn_mine", "mine", "CHN", None, None, 125.0, None),
        ("usa_mine", "mine", "USA", None, None, None, None),
        ("aus_mine", "mine", "AUS", None, None, 25.0, "about"),
        ("chn_ref", "refiner", "CHN", "refine", 150.0, None, None),
        ("jpn_ref", "refiner", "JPN", "refine", None, 20.0, None),
        ("chn_alloy", "manufacturer", "CHN", "alloy", None, None, None),
        ("jpn_alloy", "manufacturer", "JPN", "alloy", None, 30.0, None),
        ("usa_use", "end_use", "USA", None, None, None, None),
        ("chn_use", "end_use", "CHN", None, None, None, None),
        ("chn_stock", "end_use", "CHN", None, None, None, None),
    ],
    columns=["id", "stage", "country", "process", "capacity_tpa", "output_tpa", "fit"],
)
DEMAND = pd.DataFrame(
    [
        ("usa_use", "alloy", "defence", 10.0),
        ("usa_use", "alloy", "civilian", 20.0),
        ("chn_use", "alloy", "civilian", 90.0),
        ("chn_stock", "metal", None, None),
    ],
    columns=["node", "commodity", "tier", "demand_tpa"],
)
TOTALS = pd.DataFrame(
    [("mine", "ore", "CHN", 2024, 125.0, "t/yr"), ("mine", "ore", None, 2024, 175.0, "t/yr")],
    columns=["step", "commodity", "country", "year", "value", "unit"],
)
RELATIONS = pd.DataFrame(
    [
        ("stage=mine", "process=refine", "ore", None, None, None),
        ("usa_mine", "jpn_ref", "ore", 10.0, None, None),
        ("country=USA", "country=CHN", "ore", None, 0.1, None),
        ("stage=refiner", "process=alloy", None, None, None, None),
        ("chn_ref", "chn_stock", None, None, None, None),
        ("stage=manufacturer", "country=USA|CHN&stage=end_use", None, None, None, None),
        ("chn_alloy", "usa_use", None, None, None, 21.0),
    ],
    columns=["source", "target", "commodity", "flow_tpa", "weight", "capacity_tpa"],
)
TABLES = {"nodes": NODES, "processes": PROCESSES, "demand": DEMAND, "totals": TOTALS, "relations": RELATIONS}


def made_of(**changed: object) -> object:
    tables = {**TABLES, **changed}
    return calibrate(tables.pop("totals"), tables.pop("relations"), **tables)  # type: ignore[arg-type]


@cache
def plain() -> object:
    """Return the chain as it stands above; nobody changes it."""
    return made_of()


def flows(found: object) -> dict[tuple[str, str, str], float]:
    edges = found.edges  # type: ignore[attr-defined]
    keys = zip(edges["source"], edges["target"], edges["commodity"].fillna(""), strict=True)
    return dict(zip(keys, edges["flow_tpa"], strict=True))


def test_a_chain_balances_and_meets_what_was_given() -> None:
    found = plain()
    flow = flows(found)
    ore = sum(v for (_, _, good), v in flow.items() if good == "ore")
    metal = sum(v for (_, _, good), v in flow.items() if good == "metal")
    assert ore == pytest.approx(175.0)
    assert ore == pytest.approx(1.25 * metal)
    assert flow["usa_mine", "jpn_ref", "ore"] == pytest.approx(10.0)
    assert sum(v for (_, t, _), v in flow.items() if t == "usa_use") == pytest.approx(30.0)
    assert flow["chn_alloy", "usa_use", "alloy"] <= 21.0 * (1 + 1e-9)
    stock = found.demand.set_index("node").loc["chn_stock", "demand_tpa"]
    assert stock == pytest.approx(metal - 0.9 * 120.0)
    assert found.certificate.ok
    assert cn.balance(found.network, reroute="none", beneficiaries=[]).demand["shortfall_tpa"].sum() <= 1e-6


@pytest.mark.parametrize("table", ["gaps", "amounts"])
def test_the_columns_are_those_that_the_docstring_names(table: str) -> None:
    text = re.split(rf"\n    {table} : DataFrame\n", Calibration.__doc__ or "")[1].split(" : ")[0]
    columns = set(getattr(plain(), table).columns)
    assert columns <= set(re.findall(r"\w+", text))
    assert set(re.findall(r"\w+_(?:tpa|share)\b", text)) <= columns


def test_observed_and_inferred_stay_marked() -> None:
    edges = plain().edges.set_index(["source", "target", "commodity"])
    assert edges.loc[("usa_mine", "jpn_ref", "ore"), "quality"] == "reported"
    rest = edges.drop(index=[("usa_mine", "jpn_ref", "ore")])
    assert set(rest["quality"]) == {"inferred"}
    assert rest["note"].str.contains("inferred").all()
    claimed = RELATIONS.assign(quality="reported")
    again = made_of(relations=claimed).edges.set_index(["source", "target", "commodity"])
    assert (again.drop(index=[("usa_mine", "jpn_ref", "ore")])["quality"] == "inferred").all(), "never called reported"


def test_pairs_that_no_row_covers_do_not_trade_and_closed_ones_neither() -> None:
    flow = flows(plain())
    assert ("chn_ref", "usa_use", "metal") not in flow
    shut = pd.concat([RELATIONS, pd.DataFrame([{"source": "country=CHN", "target": "country=USA", "allowed": "no"}])])
    flow = flows(made_of(relations=shut))
    assert ("jpn_alloy", "usa_use", "alloy") in flow
    assert ("chn_alloy", "usa_use", "alloy") in flow, "named one by one"
    wide = RELATIONS.assign(source=RELATIONS["source"].replace("chn_alloy", "country=CHN&stage=manufacturer"))
    shut = pd.concat([wide, pd.DataFrame([{"source": "country=CHN", "target": "country=USA", "allowed": "no"}])])
    assert ("chn_alloy", "usa_use", "alloy") not in flows(made_of(relations=shut))


def scaled(table: np.ndarray, rows: list[float], columns: list[float]) -> np.ndarray:
    """A table scaled to its margins by turns (Deming and Stephan, 1940)."""
    for _ in range(500):
        table = table * (np.array(rows) / table.sum(axis=1))[:, None]
        table = table * (np.array(columns) / table.sum(axis=0))
    return table


def test_one_commodity_is_the_table_of_alternate_scaling() -> None:
    """Margins fixed and every pair open: the flows are those of alternate scaling of the weights."""
    makers, takers = ["a", "b", "c"], ["x", "y"]
    rows, columns = [30.0, 50.0, 20.0], [65.0, 35.0]
    weight = np.array([[1.0, 2.0], [5.0, 0.5], [1.0, 3.0]])
    nodes = pd.DataFrame(
        [(m, "mine", v) for m, v in zip(makers, rows, strict=True)] + [(t, "end_use", None) for t in takers],
        columns=["id", "stage", "output_tpa"],
    )
    demand = pd.DataFrame({"node": takers, "demand_tpa": columns})
    relations = pd.DataFrame(
        [(m, t, weight[i, j]) for i, m in enumerate(makers) for j, t in enumerate(takers)],
        columns=["source", "target", "weight"],
    )
    found = flows(calibrate(relations=relations, nodes=nodes, demand=demand))
    expected = scaled(weight * np.outer(rows, columns) / 100.0, rows, columns)
    for i, m in enumerate(makers):
        for j, t in enumerate(takers):
            assert found[m, t, ""] == pytest.approx(expected[i, j], rel=1e-8)
    plain = flows(calibrate(relations=relations, nodes=nodes, demand=demand, method="entropy"))
    assert plain["a", "x", ""] == pytest.approx(30.0 * 65.0 / 100.0, rel=1e-8), "the weights are left out"


def shuffled(draw: int) -> dict[str, pd.DataFrame]:
    return {name: table.sample(frac=1.0, random_state=draw + i) for i, (name, table) in enumerate(TABLES.items())}


@pytest.mark.parametrize("draw", [1, 2, 3])
def test_order_of_rows_and_columns_does_not_matter(draw: int) -> None:
    once, again = plain(), made_of(**shuffled(draw))
    for name in ("edges", "nodes", "demand", "totals", "gaps", "amounts"):
        pd.testing.assert_frame_equal(getattr(once, name), getattr(again, name), check_exact=True)
    assert once.network.digest == again.network.digest


def times(factor: float) -> dict[str, pd.DataFrame]:
    tonnes = ("output_tpa", "capacity_tpa", "demand_tpa", "value", "flow_tpa")
    return {
        name: table.assign(**{c: table[c] * factor for c in tonnes if c in table.columns})
        for name, table in TABLES.items()
    }


@given(st.floats(1e-3, 1e5))
@settings(max_examples=5, deadline=None)
def test_a_chain_scales(factor: float) -> None:
    once, again = flows(plain()), flows(made_of(**times(factor)))
    assert once.keys() == again.keys()
    for key, tonnes in once.items():
        assert again[key] == pytest.approx(tonnes * factor, rel=1e-5), key


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_whatever_is_given_is_met(draw: int) -> None:
    """Random chains that can be met: every exact figure, every recipe, every bound, by a count of one's own."""
    rng = np.random.default_rng(draw)
    true = rng.uniform(1.0, 30.0, (3, 2))
    nodes = pd.DataFrame({
        "id": ["m0", "m1", "m2", "r0", "r1", "u0", "u1"],
        "stage": ["mine"] * 3 + ["refiner"] * 2 + ["end_use"] * 2,
        "process": [None] * 3 + ["refine"] * 2 + [None] * 2,
        "output_tpa": [*true.sum(axis=1), true[:, 0].sum() / 1.25, None, None, None],
    })  # fmt: skip
    metal = true.sum(axis=0) / 1.25
    part = rng.uniform(0.1, 0.9, 2)
    demand = pd.DataFrame({
        "node": ["u0", "u1"], "commodity": ["metal", "metal"],
        "demand_tpa": [float(part @ metal), float((1 - part) @ metal)],
    })  # fmt: skip
    relations = pd.DataFrame({
        "source": ["stage=mine", "process=refine", "m0"],
        "target": ["process=refine", "stage=end_use", "r0"],
        "commodity": ["ore", "metal", "ore"],
        "flow_tpa": [None, None, true[0, 0]],
    })  # fmt: skip
    found = calibrate(
        relations=relations, nodes=nodes, demand=demand, processes=PROCESSES[PROCESSES["process"] == "refine"]
    )
    flow = flows(found)
    for i, node in enumerate(("m0", "m1", "m2")):
        assert sum(v for (s, _, _), v in flow.items() if s == node) == pytest.approx(true[i].sum(), rel=1e-8)
    for node in ("r0", "r1"):
        taken = sum(v for (_, t, g), v in flow.items() if t == node and g == "ore")
        sent = sum(v for (s, _, g), v in flow.items() if s == node and g == "metal")
        assert taken == pytest.approx(1.25 * sent, rel=1e-8)
    for row in demand.itertuples():
        got = sum(v for (_, t, _), v in flow.items() if t == row.node)
        assert got == pytest.approx(row.demand_tpa, rel=1e-8)
    assert flow["m0", "r0", "ore"] == pytest.approx(true[0, 0], rel=1e-8)
    assert found.certificate.ok


# -- figures that do not fit ------------------------------------------------------------------------


def with_total(value: float, country: str | None = None, **more: object) -> pd.DataFrame:
    row = {"step": "mine", "commodity": "ore", "country": country, "year": 2024, "value": value, "unit": "t/yr", **more}
    return pd.DataFrame([TOTALS.iloc[0].to_dict(), row])


def open_market(makes: list[float], asks: list[float]) -> dict[str, pd.DataFrame]:
    """Mines with these outputs, users with these demands (t/yr), and every way between them."""
    mines, users = [f"m{i}" for i in range(len(makes))], [f"u{i}" for i in range(len(asks))]
    return {
        "nodes": pd.DataFrame(
            {
                "id": mines + users,
                "stage": ["mine"] * len(mines) + ["end_use"] * len(users),
                "output_tpa": [*makes, *[None] * len(users)],
            }
        ),
        "demand": pd.DataFrame({"node": users, "tier": "civilian", "demand_tpa": asks}),
        "relations": pd.DataFrame({"source": ["stage=mine"], "target": ["stage=end_use"]}),
    }


@pytest.mark.parametrize(("small", "large"), [(1.0, 1e7), (1.0, 1e8), (0.37, 2.5e9), (1e-3, 1e9)])
def test_a_tonne_beside_millions_is_met_as_well(small: float, large: float) -> None:
    found = calibrate(**open_market([small, large], [small + large / 2, large / 2]))
    flow = flows(found)
    assert flow["m0", "u0", ""] == pytest.approx(small / 2, rel=1e-6)
    assert flow["m0", "u1", ""] == pytest.approx(small / 2, rel=1e-6)
    assert flow["m1", "u0", ""] == pytest.approx(large / 2, rel=1e-6)


@settings(max_examples=6)
@given(st.lists(st.lists(st.floats(-3, 9), min_size=3, max_size=3), min_size=2, max_size=4))
def test_totals_that_add_up_are_met_whatever_their_sizes(powers: list[list[float]]) -> None:
    given_flows = 10.0 ** np.array(powers)
    made, asked = given_flows.sum(axis=1), given_flows.sum(axis=0)
    found = calibrate(**open_market(made.tolist(), asked.tolist()))
    out = found.edges.groupby("source")["flow_tpa"].sum()
    rounding = 1e-11 * given_flows.sum()
    for i, value in enumerate(made):
        assert out.get(f"m{i}", 0.0) == pytest.approx(value, rel=1e-6, abs=rounding)


@pytest.mark.parametrize(("size", "off"), [(100.0, 1e-6), (100.0, 1e-5), (1e8, 0.5)])
def test_totals_that_are_hardly_off_are_named_too(size: float, off: float) -> None:
    """Off by more than a billionth, less than a solver's tolerance: a fault of the data, not of the search."""
    with pytest.raises(cn.DataError, match="the totals do not match"):
        calibrate(**open_market([1.0, size], [1.0 + size / 2 + off, size / 2]))


def test_totals_that_do_not_match_name_the_row_and_the_nearest_value() -> None:
    with pytest.raises(cn.DataError, match=r"totals row 3, value: .*mine world ore: 100.*the nearest that fits is 135"):
        made_of(totals=with_total(100.0))
    with pytest.warns(cn.ChainnetWarning, match=r"marked about missed by more than 5 %: totals mine: given 100, found"):
        found = made_of(totals=with_total(100.0, fit="about"))
    gap = found.gaps.set_index("value").loc[100.0]
    assert gap["fit"] == "about"
    # 125 t are fixed and 10 t observed; the total pulls at 100 t and aus_mine at 25 t, each by its own size
    australia = gap["found"] - 135.0
    assert australia == pytest.approx(25.0 * (gap["found"] / 100.0) ** (-25.0 / 100.0), rel=1e-3)
    shown = made_of(totals=with_total(100.0, fit="compare"))
    assert shown.gaps.set_index("value").loc[100.0, "difference"] > 35.0


@pytest.mark.parametrize(
    ("totals", "words"),
    [
        (with_total(175.0, "WLD"), 'country: "WLD".*not an upper-case ISO'),
        (with_total(175.0, "Total"), 'country: "Total"'),
        (with_total(-5.0), 'value: "-5": a total is 0 or more'),
        (with_total(120.0, "CHN"), "stands twice"),
        (with_total(20.0, "JPN"), "mine JPN ore: 20.*no node of this step and country"),
        (with_total(20.0, step="minee"), 'step: "minee": no node has this step; did you mean "mine"'),
        (with_total(0.5, unit="share", fit="exact"), "a share is only compared"),
        (with_total(20.0, unit="kg"), 'unit: "kg"'),
        (TOTALS.rename(columns={"value": "valeu"}), 'valeu: unknown column.*did you mean "value"'),
        (pd.concat([TOTALS, TOTALS[["value"]] * 2], axis=1), "value: the column stands twice"),
    ],
)
def test_wrong_totals_are_named(totals: pd.DataFrame, words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        made_of(totals=totals)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"source": "usa_mine", "target": "jpn_reff"}, r"relations row 9, source.*.jpn_reff.; did you mean"),
        ({"source": "usa_mine", "target": "jpn_ref", "commodity": "metal"}, "no pair of the row can trade"),
        ({"source": "stages=mine", "target": "*"}, "'stages=mine' is not column=value"),
        ({"source": "stage=mine", "target": "stage=end_use"}, "no pair of the row can trade"),
        (
            {"source": "aus_mine", "target": "chn_ref", "flow_tpa": 1000.0},
            "relations row 9, flow_tpa.*nearest that fits",
        ),
        ({"source": "aus_mine", "target": "chn_ref", "allowed": "maybe"}, "allowed"),
        ({"source": "aus_mine", "target": "chn_ref", "low": 5.0, "high": 2.0}, "low is above high"),
        ({"source": "aus_mine", "target": "chn_ref", "slack": 0.5}, "slack"),
    ],
)
def test_wrong_relations_are_named(row: dict[str, object], words: str) -> None:
    with pytest.raises(cn.DataError, match=words):
        made_of(relations=pd.concat([RELATIONS, pd.DataFrame([row])], ignore_index=True))


def test_a_year_of_the_flows_and_settings_are_checked() -> None:
    tables = {**TABLES, "totals": with_total(175.0, year=2023, fit="exact")}
    with pytest.raises(cn.DataError, match="the flows are those of 2024"):
        calibrate(tables.pop("totals"), tables.pop("relations"), year=2024, **tables)  # type: ignore[arg-type]
    with pytest.raises(cn.DataError, match='unknown key "slak"; did you mean "slack"'):
        made_of(settings={"slak": 2.0})
    with pytest.raises(cn.DataError, match=r"slack: 0\.5 is not allowed"):
        made_of(slack=0.5)
    with pytest.raises(cn.DataError, match='unknown method "gravity"'):
        made_of(method="gravity")
    with pytest.raises(cn.DataError, match="more than the node's capacity"):
        made_of(nodes=NODES.assign(output_tpa=NODES["output_tpa"].fillna(1000.0)))


def test_a_tonnage_between_groups_only_counts_unless_it_opens() -> None:
    row = {"source": "country=JPN&stage=refiner", "target": "chn_stock", "commodity": "metal", "flow_tpa": 2.0}
    with pytest.raises(cn.DataError, match="observed between pairs that no row opens"):
        made_of(relations=pd.concat([RELATIONS, pd.DataFrame([row])]))
    found = made_of(relations=pd.concat([RELATIONS, pd.DataFrame([{**row, "allowed": "yes"}])]))
    assert flows(found)["jpn_ref", "chn_stock", "metal"] == pytest.approx(2.0)
    both = {"source": "country=CHN", "target": "country=USA", "commodity": "alloy", "flow_tpa": 20.0, "low": 1.0}
    found = made_of(relations=pd.concat([RELATIONS.drop(index=6), pd.DataFrame([both])]))
    edge = found.edges.set_index(["source", "target"]).loc[("chn_alloy", "usa_use")]
    assert edge["flow_tpa"] == pytest.approx(20.0)


# -- the certificate --------------------------------------------------------------------------------


def parts() -> tuple[dict[str, pd.DataFrame], object, object, object]:
    from chainnet.calibration._write import result_tables

    sources = take_sources(TABLES, Settings())
    pairs = expand_relations(sources)
    program = build(sources, pairs, 2024)
    found = plain()
    place = {key: i for i, key in enumerate(
        zip(pairs.table["source"], pairs.table["target"], pairs.table["commodity"], strict=True))}  # fmt: skip
    x = np.zeros(program.n_pairs + len(program.amounts))
    for key, tonnes in flows(found).items():
        x[place[key]] = tonnes
    for row in found.amounts.itertuples():
        at = program.place.get(("activity" if row.table == "nodes" else "take", row.key, row.commodity))
        if at is not None:
            x[at] = row.found_tpa
    return result_tables(sources, pairs, program, x), sources, pairs, program


def test_the_certificate_is_never_ok_with_an_error_above_its_tolerance() -> None:
    assert CalibrationCertificate(0.0, 0.0, 0.0, 1e-9).ok
    for place in range(4):
        errors = [0.0] * 4
        errors[place] = 1.1e-9
        assert not CalibrationCertificate(*errors).ok


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (("chn_mine", "chn_ref", "ore"), "balance|margins"),
        (("usa_mine", "jpn_ref", "ore"), "observed"),
        (("chn_ref", "chn_alloy", "metal"), "balance"),
        (("chn_alloy", "usa_use", "alloy"), "bounds|margins"),
    ],
)
def test_the_certificate_counts_from_the_tables(key: tuple[str, str, str], word: str) -> None:
    """A flow changed in the written table is found, whatever the solver said."""
    made, sources, pairs, program = parts()
    assert certify(made, sources, pairs, program).ok  # type: ignore[arg-type]
    edges = made["edges"].copy()
    hit = (edges["source"] == key[0]) & (edges["target"] == key[1]) & (edges["commodity"] == key[2])
    assert hit.sum() == 1
    for factor in (1.0 + 1e-6, 2.0, -1.0):
        edges["flow_tpa"] = made["edges"]["flow_tpa"].mask(hit, made["edges"]["flow_tpa"] * factor)
        with pytest.raises(cn.SolverError, match=word):
            certify({**made, "edges": edges}, sources, pairs, program)  # type: ignore[arg-type]


# -- the solver -------------------------------------------------------------------------------------


def conditions(matrix_rows: list[list[float]], value: list[float], upper: list[float]) -> Conditions:
    from scipy.sparse import csr_array

    count = len(upper)
    return Conditions(
        csr_array(np.array(matrix_rows)), np.array(value), np.array(upper), np.ones(len(value)), np.ones(count)
    )


def test_nearest_meets_conditions_and_stays_where_it_can() -> None:
    line = conditions([[1.0, 1.0, 1.0]], [6.0], [np.inf] * 3)
    assert nearest(line, np.array([1.0, 2.0, 3.0]), np.ones(3)) == pytest.approx([1.0, 2.0, 3.0], rel=1e-10)
    assert nearest(line, np.array([1.0, 1.0, 1.0]), np.ones(3)) == pytest.approx([2.0, 2.0, 2.0], rel=1e-10)
    bound = replace(line, upper=np.array([1.0, np.inf, np.inf]))
    assert nearest(bound, np.ones(3), np.ones(3)) == pytest.approx([1.0, 2.5, 2.5], rel=1e-9)


@given(st.integers(0, 100_000))
@settings(max_examples=40, deadline=None)
def test_nearest_is_where_no_allowed_step_leads_down(draw: int) -> None:
    """Weights over six powers of ten, first guesses over nine: a linear program finds no way to improve."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(draw)
    count, rows = int(rng.integers(4, 20)), int(rng.integers(1, 7))
    table = (rng.random((rows, count)) < 0.4) * rng.choice([1.0, -1.0, 0.5, 1.25], (rows, count))
    inside = rng.uniform(0.01, 1.0, count) * (rng.random(count) < 0.9)
    upper = np.where(rng.random(count) < 0.3, inside * rng.uniform(1, 2, count) + (inside == 0) * 0.1, np.inf)
    weight, prior = 10.0 ** rng.uniform(-2, 4, count), 10.0 ** rng.uniform(-9, 0, count)
    asked = conditions(table.tolist(), (table @ inside).tolist(), upper.tolist())
    x = nearest(asked, prior, weight)
    assert np.abs(table @ (x - inside)).max() <= 1e-8
    assert (x >= 0).all()
    assert (x <= upper * (1 + 1e-12)).all()
    free = x > 1e-12
    slope = np.where(free, weight * np.log(np.maximum(x, 1e-300) / prior), 0.0)
    down = np.where(free, -0.01 * x, 0.0)
    up = np.where(free & (upper - x >= 1e-9 * np.where(np.isinf(upper), 0.0, upper)), 0.01 * x, 0.0)
    best = linprog(slope, A_eq=table, b_eq=np.zeros(rows), bounds=np.column_stack([down, up]), method="highs")
    worth = float((weight * (x * np.log(np.where(x > 0, x, 1.0) / prior) - x + prior)).sum())
    assert -best.fun <= 1e-5 * max(worth, 1e-9)


def test_what_is_forced_is_found_first() -> None:
    forced = conditions([[1.0, 0.0, 0.0], [1.0, 1.0, -1.0]], [0.0, 3.0], [np.inf, 3.0, np.inf])
    zero, full, _ = support(forced)
    assert zero.tolist() == [True, False, True]
    assert full.tolist() == [False, True, False]
    found = nearest(forced, np.ones(3), np.ones(3))
    assert found == pytest.approx([0.0, 3.0, 0.0])


def test_repair_breaks_as_little_as_can_be() -> None:
    clash = conditions([[1.0], [1.0]], [5.0, 8.0], [np.inf])
    _, lack = repair(clash, np.array([True, True]), np.array([1.0, 3.0]))
    assert lack == pytest.approx([-3.0, 0.0])


def test_trade_is_held_against_the_chain() -> None:
    found = plain()
    flow = flows(found)
    reports = pd.DataFrame(
        {
            "exporter": ["CHN", "JPN"], "importer": ["JPN", "CHN"], "commodity": ["metal", "alloy"],
            "reported_export": [20.0, None], "reported_import": [20.0, 30.0],
        }
    )  # fmt: skip
    table = compare_trade(found.edges, found.nodes, reports).set_index("commodity")
    assert table.loc["metal", "found_tpa"] == pytest.approx(flow["chn_ref", "jpn_alloy", "metal"])
    assert table.loc["alloy", "difference_tpa"] == pytest.approx(flow["jpn_alloy", "chn_use", "alloy"] - 30.0)
    with pytest.raises(cn.DataError, match='unknown column "reporter"'):
        compare_trade(found.edges, found.nodes, reports.assign(reporter="x"))
    with pytest.raises(cn.DataError, match="the column commodity is missing"):
        compare_trade(found.edges, found.nodes, reports.drop(columns="commodity"))
    hub = pd.DataFrame({"exporter": ["CHN", "NLD"], "importer": ["NLD", "JPN"], "commodity": ["metal", "metal"],
                        "reported_export": [15.0, 12.0], "reported_import": [15.0, 12.0]})  # fmt: skip
    assert "NLD" not in set(found.nodes["country"])
    traced = compare_trade(found.edges, found.nodes, hub, reexports=True).set_index(["exporter", "importer"])
    assert traced.loc[("CHN", "JPN"), "trade_tpa"] == pytest.approx(12.0), "the hub makes none: all is Chinese"
    assert ("NLD", "JPN") not in traced.index


def test_a_figure_that_is_missed_is_a_warning_a_gap_and_no_longer_reported() -> None:
    nodes = pd.DataFrame({
        "id": ["pit", "sure", "users"], "stage": ["mine", "mine", "end_use"], "country": ["AUS", "CHN", "USA"],
        "output_tpa": [100.0, 9.0, None], "fit": ["about", None, None],
        "quality": ["reported", "reported", None], "reference": ["B", "B", None],
    })  # fmt: skip
    demand = pd.DataFrame({"node": ["users"], "tier": ["civilian"], "demand_tpa": [10.0]})
    relations = pd.DataFrame({
        "source": ["pit", "sure"], "target": ["users", "users"], "flow_tpa": [None, 9.0],
        "quality": [None, "reported"],
    })  # fmt: skip
    with pytest.warns(
        cn.ChainnetWarning, match=r"1 figure marked about missed.*nodes pit: given 100, found 1\."
    ) as caught:
        found = calibrate(relations=relations, nodes=nodes, demand=demand)
    assert len(caught) == 1
    assert found.gaps[["table", "key", "value", "fit"]].to_numpy().tolist() == [["nodes", "pit", 100.0, "about"]]
    gap = found.gaps.iloc[0]
    assert gap["found"] == pytest.approx(1.0, rel=0.02)
    assert gap["difference_share"] == pytest.approx(gap["found"] / 100 - 1)
    held = found.nodes.set_index("id")
    assert held["quality"].to_dict()["pit"] == "inferred"
    assert held["quality"].to_dict()["sure"] == "reported"
    assert "the output given, 100 t, is not met" in held.loc["pit", "note"]
    assert found.edges.set_index("source")["quality"].to_dict() == {"pit": "inferred", "sure": "reported"}
    assert found.certificate.ok


def test_a_demand_or_a_flow_that_is_missed_is_no_longer_reported() -> None:
    nodes = pd.DataFrame(
        {"id": ["pit", "a", "b"], "stage": ["mine", "end_use", "end_use"], "output_tpa": [10.0, None, None]}
    )
    demand = pd.DataFrame({
        "node": ["a", "b"], "tier": ["civilian"] * 2, "demand_tpa": [30.0, 2.0], "fit": ["about", None],
        "quality": ["reported"] * 2,
    })  # fmt: skip
    relations = pd.DataFrame({
        "source": ["pit", "pit"], "target": ["a", "b"], "flow_tpa": [40.0, None], "fit": ["about", None],
        "quality": ["reported", None],
    })  # fmt: skip
    with pytest.warns(cn.ChainnetWarning, match="2 figures marked about missed"):
        found = calibrate(relations=relations, nodes=nodes, demand=demand)
    assert found.demand.set_index("node")["quality"].to_dict() == {"a": "inferred", "b": "reported"}
    assert set(found.edges["quality"]) == {"inferred"}
    assert found.gaps["table"].tolist() == ["demand", "relations"]


def test_capacities_and_notes_say_what_was_worked_out() -> None:
    nodes = plain().nodes.set_index("id")
    figure, over = "principal figure: ", "; capacity is output over an assumed utilisation of 0.8"
    assert nodes.loc["jpn_ref", ["capacity_tpa", "low", "high"]].tolist() == pytest.approx([25.0, 20.0, 20.0 / 0.6])
    assert nodes.loc["jpn_ref", ["note", "quality"]].tolist() == [f"{figure}output of 20 t{over}", "assumed"]
    made = nodes.loc["usa_mine", "low"]
    assert nodes.loc["usa_mine", ["capacity_tpa", "high"]].tolist() == pytest.approx([made / 0.8, made / 0.6])
    assert nodes.loc["usa_mine", "note"].startswith(f"{figure}computed, output of ")
    assert nodes.loc["usa_mine", "quality"] == "inferred"
    assert nodes.loc["chn_ref", "capacity_tpa"] == 150.0
    assert nodes.loc[["chn_ref", "usa_use"], ["note", "quality", "low", "high"]].isna().all(axis=None)
    edges = plain().edges.set_index(["source", "target", "commodity"])
    seen = edges.loc[("usa_mine", "jpn_ref", "ore")]
    assert seen[["capacity_tpa", "note"]].tolist() == [15.0, "capacity: flow x 1.5"]
    part = edges.loc[("chn_mine", "chn_ref", "ore")]
    assert part["capacity_tpa"] == pytest.approx(1.5 * part["flow_tpa"])
    assert part["note"] == "inferred: share of what the source makes and the target takes; capacity: flow x 1.5"
    limited = edges.loc[("chn_alloy", "usa_use", "alloy")]
    assert limited[["capacity_tpa", "note"]].tolist() == [21.0, part["note"].split("; ")[0]]
    demand = plain().demand.set_index(["node", "tier"])
    assert demand.loc[("chn_stock",), ["quality", "note"]].to_numpy().tolist() == [
        ["inferred", "computed: what is made and not asked for"]
    ]
    assert demand.loc[("usa_use", "defence"), ["quality", "note"]].isna().all()


def test_relations_say_how_much_they_can_carry_at_what_cost_and_how_fast() -> None:
    """10 and 5 t of ore make 7.5 t of metal, of which 2 are asked for abroad; a project may ship its 6 t."""
    sides = {
        "nodes": frame("id stage country process capacity_tpa output_tpa utilisation", ("m", "mine", "CHN", None, 20.0, 10.0, None),
                       ("n", "mine", "USA", None, None, 5.0, 1.0), ("r", "refiner", "CHN", "smelt", None, None, 0.5),
                       ("u", "end_use", "CHN", None, None, None, None), ("v", "end_use", "USA", None, None, None, None),
                       ("w", "end_use", "USA", None, None, None, None)),
        "processes": frame("process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0),
                           ("smelt", "slag", "byproduct", 0.4)),
        "projects": frame("id label stage country capacity_tpa", ("p", "Project", "mine", "CHN", 6.0), ("q", "Other", "mine", "USA", 99.0)),
        "demand": frame("node commodity tier demand_tpa", ("u", "metal", "civilian", None), ("v", "metal", "civilian", 2.0), ("w", "slag", "civilian", 1.0)),
        "totals": frame("step commodity country year value unit fit", ("mine", "ore", "CHN", 2024, 0.6, "share", None),
                        ("mine", "ore", None, 2020, 12.0, "t/yr", None), ("mine", "ore", "USA", 2024, 5.0, "t/yr", None)),
        "relations": frame("source target commodity capacity slack capacity_tpa cost_usd_per_t lag_months note",
                           ("m", "r", "ore", "source", None, None, None, None, None), ("n", "r", "ore", "unlimited", None, None, None, 3.0, "by ship"),
                           ("r", "u", "metal", None, 3.0, None, None, None, None), ("r", "v", "metal", None, None, 9.0, 7.0, None, None),
                           ("r", "w", "slag", "source", None, None, None, None, None), ("p", "r", "ore", None, None, None, None, None, None),
                           ("q", "r", "ore", None, None, None, None, None, None)),
    }  # fmt: skip
    settings_ = {"cost_within": 1.0, "cost_between": 2.0, "lag_within": 0.5, "reference": "k"}
    references = frame("key title", ("k", "A statistic"))
    found = calibrate(
        sides.pop("totals"), sides.pop("relations"), year=2024, settings=settings_, references=references, **sides
    )
    edges = found.edges.set_index(["source", "target"]).astype(object)
    columns = ["flow_tpa", "capacity_tpa", "cost_usd_per_t", "lag_months"]
    assert {"".join(key): row for key, row in zip(edges.index, edges[columns].fillna("").to_numpy().tolist(), strict=True)} == {
        "mr": pytest.approx([10.0, 20.0, 1.0, 0.5]), "nr": [pytest.approx(5.0), "", 2.0, 3.0], "ru": pytest.approx([5.5, 16.5, 1.0, 0.5]),
        "rv": [pytest.approx(2.0), 9.0, 7.0, ""], "rw": [pytest.approx(1.0), pytest.approx(0.4 * 15.0), 2.0, ""],
        "pr": ["", 6.0, 1.0, 0.5], "qr": ["", pytest.approx(2 * 15.0), 2.0, ""],
    }  # fmt: skip
    inferred = "inferred: share of what the source makes and the target takes"
    project = "possible relation of a project; capacity is what the smaller side can make or take"
    assert {"".join(key): note for key, note in edges["note"].items()} == {
        "mr": f"{inferred}; capacity: all that the source can make", "nr": "by ship", "ru": f"{inferred}; capacity: flow x 3",
        "rv": inferred, "rw": f"{inferred}; capacity: all that the source can make", "pr": project, "qr": project,
    }  # fmt: skip
    assert set(edges["reference"]) == {"k"}
    nodes = found.nodes.set_index("id")
    # of a utilisation of 1 there is no more to be had, so no range; of a half the least is a sixth less than the rest has
    assert nodes.loc["n", ["capacity_tpa", "low", "high"]].tolist() == pytest.approx(
        [5.0, math.nan, math.nan], nan_ok=True
    )
    assert nodes.loc["r", ["capacity_tpa", "low", "high"]].tolist() == pytest.approx([15.0, 7.5, 15.0])
    gaps = found.gaps.set_index("unit")
    assert gaps.loc["share", ["found", "difference", "fit"]].tolist() == [
        pytest.approx(2 / 3),
        pytest.approx(2 / 3 - 0.6),
        "compare",
    ]
    tonnes = gaps.loc[["t/yr"]].set_index("year")
    assert tonnes.loc[2020, ["found", "difference", "difference_share", "fit"]].tolist() == [15.0, 3.0, 0.25, "compare"]
    assert tonnes.loc[2024, ["found", "fit"]].tolist() == [pytest.approx(5.0), "exact"]
    amounts = found.amounts.set_index(["table", "key", "how"])["found_tpa"]
    assert amounts["processes", "r", "discarded"] == pytest.approx(0.4 * 7.5 - 1.0)
    assert amounts["nodes", "r", "computed"] == pytest.approx(7.5)
    assert amounts["demand", "u", "computed"] == pytest.approx(5.5)
