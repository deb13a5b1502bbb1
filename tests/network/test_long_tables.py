"""Long tables are looked at column by column: what is read, refused, sorted and remembered is the same."""

from __future__ import annotations

import gc
import pickle
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import chainnet as cn
from chainnet.network import TABLES, _coded
from chainnet.network._coded import Coded, blank_numbers, blank_texts, counted_order, encode, joined, places

LONG = 1  # rows from which every table is long here


@pytest.fixture(autouse=True, params=["pandas", pytest.param("arrow", marks=pytest.mark.long)])
def by(request: pytest.FixtureRequest) -> None:
    """Let both look at what is long: pandas in the first job, Arrow, where it keeps the text, in the second."""


def layers(seed: int, n_edges: int = 400) -> dict[str, pd.DataFrame]:
    """Three layers with parallel edges, whose rows differ in their capacity, their note or not at all."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 20, n_edges), rng.integers(0, 2, n_edges)
    step = np.array(["m", "r", "u"], dtype=object)
    source = [f"{step[k]}{i:02d}" for k, i in zip(b, a, strict=True)]
    target = [f"{step[k + 1]}{i:02d}" for k, i in zip(b, rng.integers(0, 20, n_edges), strict=True)]
    capacity = np.where(rng.random(n_edges) < 0.1, np.nan, rng.integers(0, 4, n_edges))
    edges = pd.DataFrame({"source": source, "target": target, "capacity_tpa": capacity})
    edges["note"] = pd.Series(rng.choice(["é", "z", ""], n_edges), dtype="str").replace("", None)
    stages = dict(zip(step, ("mine", "refiner", "end_use"), strict=True))
    ids = [f"{kind}{i:02d}" for kind in step for i in range(20)]
    nodes = pd.DataFrame({"id": ids, "stage": [stages[i[0]] for i in ids], "capacity_tpa": 7.0})
    return {"nodes": nodes.sample(frac=1, random_state=seed), "edges": edges}


def same(one: cn.Network, two: cn.Network) -> None:
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table))
    assert one.digest == two.digest
    for left, right in zip(one.edge_ends, two.edge_ends, strict=True):
        assert left.tolist() == right.tolist()


@pytest.fixture
def is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_coded, "MANY", LONG)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_table_is_read_as_a_short_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = layers(seed)
    short, bare = cn.Network(**tables), cn.Network.from_edges(tables["edges"])
    losses = cn.chokepoints(short)
    monkeypatch.setattr(_coded, "MANY", LONG)
    long = cn.Network(**tables)
    same(long, short)
    same(cn.Network.from_edges(tables["edges"]), bare)
    same(cn.Network.from_edges(tables["edges"], tables["nodes"].iloc[:7]), cn.Network(**_with_stages(tables)))
    shuffled = {name: table.sample(frac=1, random_state=9) for name, table in tables.items()}
    same(cn.Network(**shuffled), short)
    pd.testing.assert_frame_equal(cn.chokepoints(long), losses)
    same(pickle.loads(pickle.dumps(long)), short)
    same(long.without(nodes=["r03"]), short.without(nodes=["r03"]))


def _with_stages(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    edges, given = tables["edges"], tables["nodes"].iloc[:7]
    ids = sorted({*edges["source"], *edges["target"]} - set(given["id"]))
    leaves, enters = set(edges["source"]), set(edges["target"])
    stage = ["mine" if i not in enters else "refiner" if i in leaves else "end_use" for i in ids]
    return {"nodes": pd.concat([given, pd.DataFrame({"id": ids, "stage": stage})]), "edges": edges}


@pytest.mark.parametrize("kind", ["category", "object", "string", "python"])
def test_text_may_come_in_any_kind(kind: str, is_long: None) -> None:
    tables = layers(0)
    dtype = pd.StringDtype("python", na_value=np.nan) if kind == "python" else kind
    kinds = {"source": dtype, "target": dtype, "note": dtype}
    same(cn.Network(nodes=tables["nodes"], edges=tables["edges"].astype(kinds)), cn.Network(**tables))


def test_whole_numbers_are_ids(is_long: None) -> None:
    edges = pd.DataFrame({"source": [10, 9, 10], "target": [2, 10, 2], "capacity_tpa": ["1", " 2.5 ", ""]})
    net = cn.Network.from_edges(edges)
    assert net.edges["source"].tolist() == ["10", "10", "9"]
    assert net.edges["capacity_tpa"].fillna(-1).tolist() == [1.0, -1.0, 2.5]
    assert net.nodes["stage"].tolist() == ["refiner", "end_use", "mine"]


BROKEN: dict[str, pd.DataFrame] = {
    "nodes": pd.DataFrame(
        {
            "id": ["a", "a", " ", None, "x\x01", "b"],
            "stage": ["mine", "mine", "mine", "shop", "", "end_use"],
            "country": ["CHN", "china", None, "USA", "", "USA"],
            "capacity_tpa": ["1,5", "-1", "1e999", "inf", "nan", "+2"],
        }
    ),
    "edges": pd.DataFrame(
        {
            "source": ["a", "a", "c", "", "b", "a"],
            "target": ["b", "a", "b", "b", None, "b"],
            "commodity": ["ore", None, "ore", "ore", "ore", "ore"],
            "low": [2.0, None, 3.0, None, None, None],
            "high": [1.0, None, 4.0, None, None, None],
            "quality": ["reported", "guess", None, None, None, None],
        }
    ),
    "demand": pd.DataFrame({"node": ["b", "b", "bb"], "demand_tpa": [1.0, 1.0, None], "tier": ["x", "x", None]}),
}


@pytest.mark.parametrize("kind", ["str", "category", "object"])
def test_what_is_refused_is_refused_in_the_same_words(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["id", "stage", "country", "source", "target", "commodity", "quality"]
    tables = {
        name: table.astype({column: kind for column in texts if column in table}) for name, table in BROKEN.items()
    }
    found = []
    for rows in (10**9, LONG):
        monkeypatch.setattr(_coded, "MANY", rows)
        with pytest.raises(cn.DataError) as caught:
            cn.Network(**tables)
        found.append(caught.value.faults)
    assert len(found[0]) > 15
    pd.testing.assert_frame_equal(found[1], found[0])


def test_numbers_in_text_are_read_as_python_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["0.1", "1e-7", "123456789.123456789", "-0", "4.9e-324", "1.7976931348623157e308", ".5", "5.", "+3", "٣"]
    cells = pd.Series(words * 3, dtype="str")
    edges = pd.DataFrame({"source": "a", "target": "b", "cost_usd_per_t": cells})
    monkeypatch.setattr(_coded, "MANY", LONG)
    long = cn.Network.from_edges(edges).edges["cost_usd_per_t"]
    assert long.tolist() == sorted(float(word) for word in words * 3)


def test_blank_columns_cost_nothing_and_a_copy_can_be_written_to(is_long: None) -> None:
    net = cn.Network(**layers(0))
    held = net.view("edges")
    assert held["flow_tpa"].to_numpy().strides == (0,)
    assert held["flow_tpa"].isna().all()
    mine = net.edges
    mine.loc[3, "flow_tpa"] = 1.0
    mine.loc[3, "reference"] = "me"
    mine["low"].array[:] = 5.0
    assert net.edges[["flow_tpa", "reference", "low"]].isna().all(axis=None)


def test_a_view_shares_and_an_attribute_does_not(is_long: None) -> None:
    net = cn.Network(**layers(0))
    held = net.view("edges")["capacity_tpa"].to_numpy()
    assert np.shares_memory(held, net.view("edges")["capacity_tpa"].to_numpy())
    assert not np.shares_memory(held, net.edges["capacity_tpa"].to_numpy())
    seen = net.view("edges")
    seen["capacity_tpa"] = 0.0
    assert net.edges["capacity_tpa"].max() == 3.0


def test_codes_words_and_places() -> None:
    cells = pd.Series(["b", None, "a", "b", "ü"], dtype="str")
    coded = encode(cells)
    assert coded is not None
    assert coded.codes.tolist() == [0, -1, 1, 0, 2]
    ranked = coded.ranked()
    assert (ranked.words.tolist(), ranked.codes.tolist()) == (["a", "b", "ü"], [1, -1, 0, 1, 2])
    assert ranked.ranked() is ranked
    assert pd.Series(ranked.cells()).equals(cells)
    assert coded.rows_of({"b"}).tolist() == [True, False, False, True, False]
    assert coded.without(np.array([True, False, False])).codes.tolist() == [-1, -1, 0, -1, 1]
    assert places(coded.words, pd.Series(["ü", "c", "b"], dtype="str")).tolist() == [2, -1, 0]
    assert encode(pd.Series([1.5, 2.5])) is None
    assert encode(pd.Series(["a", 1], dtype="object")) is None
    unused = encode(pd.Series(["x"]).astype(pd.CategoricalDtype(["y", "x"])))
    assert unused is not None
    assert unused.words.tolist() == ["x"]


def test_the_order_is_that_of_the_first_column_then_the_next_and_stable() -> None:
    words = pd.array(["a", "b", "c"], dtype="str")
    first = Coded(np.array([1, 0, -1, 1, 1], dtype=np.int32), words, True)
    second = Coded(np.array([2, 2, 0, -1, 2], dtype=np.int32), words, True)
    assert counted_order([first, second]).tolist() == [1, 0, 4, 3, 2]


def test_joined_texts_are_those_of_python(is_long: None) -> None:
    cells = pd.Series(["é", None, "", "b c"], dtype="str")
    for part in (cells, cells.iloc[1:], pd.concat([cells, cells])):
        assert bytes(joined(part)) == "\x1f".join(part.fillna("").tolist()).encode()


@pytest.mark.parametrize("length", [0, 1, 65_536, 65_537])
def test_blank_columns_of_any_length(length: int, is_long: None) -> None:
    assert len(blank_texts(length)) == len(blank_numbers(length)) == length
    assert pd.isna(blank_texts(length)).all()
    assert np.isnan(blank_numbers(length)).all()


def test_a_folder_may_hold_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = layers(1)
    short = cn.Network(**tables)
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet", index=False)
    pd.DataFrame({"id": pd.Series([], dtype="str"), "stock_t": pd.Series([], dtype=float)}).to_parquet(
        tmp_path / "stocks.parquet"
    )
    assert cn.read(tmp_path).digest == short.digest
    monkeypatch.setattr(_coded, "MANY", LONG)
    same(cn.read(tmp_path), short)
    copied = pa.table({"source": ["a"], "target": ["b"]})
    parquet.write_table(copied.append_column("is_new", pa.array([True])), tmp_path / "edges.parquet")
    with pytest.raises(cn.DataError, match=r"edges.parquet, is_new: the column holds bool"):
        cn.read(tmp_path)
    parquet.write_table(copied.slice(0, 0), tmp_path / "edges.parquet")
    with pytest.raises(cn.DataError, match=r"edges.parquet: the table has no rows"):
        cn.read(tmp_path)


def test_an_id_that_stands_twice_in_a_long_table_is_refused(is_long: None) -> None:
    tables = layers(0)
    nodes = pd.concat([tables["nodes"], tables["nodes"].iloc[[3]]])
    with pytest.raises(cn.DataError, match=rf'nodes row {len(nodes) + 1}, id: "{nodes["id"].iloc[3]}": .*Keep one row'):
        cn.Network(nodes=nodes, edges=tables["edges"])


def test_a_table_may_not_lie_there_twice(tmp_path: Path) -> None:
    tables = layers(1)
    tables["nodes"].to_csv(tmp_path / "nodes.csv", index=False)
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet", index=False)
    with pytest.raises(cn.DataError, match=r"nodes.parquet: the table lies here as nodes.csv too"):
        cn.read(tmp_path)
    (tmp_path / "nodes.csv").unlink()
    (tmp_path / "datapackage.json").write_text(
        '{"name": "x", "resources": [{"name": "edges", "path": "edges.parquet"}]}'
    )
    cn.write(cn.read(tmp_path), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"nodes.csv", "edges.csv", "datapackage.json"}
    assert cn.read(tmp_path).digest == cn.Network(**tables).digest


def _asked(net: cn.Network, scenario: cn.Scenario) -> None:
    cn.chokepoints(net)
    cn.balance(net, scenario, reroute="new")
    cn.max_flow(net)
    cn.stress_test(net, [scenario], months=3)
    cn.ensemble(net, scenario, draws=2)


def test_no_cache_keeps_a_network_alive(mag9: cn.Network) -> None:
    gc.freeze()  # what is older need not be looked through
    net = pickle.loads(pickle.dumps(mag9))
    _asked(net, next(iter(cn.scenarios(mag9).values())))
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None
