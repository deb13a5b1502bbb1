"""Chains rebuilt from their folder: every shipped graph, the command, and what wrong files are told."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainnet as cn
from chainnet.calibration import calibrate_folder, read_trade, write_rebuilt
from chainnet.calibration._folder import HAND_FOLDER, find_folder
from chainnet.calibration._relations import expand_relations
from chainnet.calibration._tables import HAND_TABLES, Settings, take_sources
from chainnet.cli import main
from chainnet.io import shipped_path

REBUILT = [name for name in cn.catalog().index if (shipped_path(name) / HAND_FOLDER).is_dir()]
MADE = ("nodes.csv", "edges.csv", "demand.csv", "totals.csv", "datapackage.json")
TEXTBOOK = {"mag-9"}
TWICE = {"germanium", "rare-earths"}  # the smallest, and the one of most relations

FILES = {
    "processes.csv": """process,commodity,role,t_per_t
refine,ore,input,1.25
refine,metal,output,1
""",
    "calibration/nodes.csv": """id,stage,step,country,process,output_tpa
chn_mine,mine,mining,CHN,,125
aus_mine,mine,mining,AUS,,
chn_ref,refiner,refining,CHN,refine,
jpn_ref,refiner,refining,JPN,refine,20
usa_use,end_use,end use,USA,,
chn_stock,end_use,end use,CHN,,
""",
    "calibration/demand.csv": """node,commodity,tier,demand_tpa
usa_use,metal,civilian,70
chn_stock,metal,,
""",
    "calibration/totals.csv": """step,commodity,country,year,value,unit,fit
mining,ore,,2024,175,t/yr,
refining,metal,CHN,2024,0.85,share,compare
""",
    "calibration/relations.csv": """source,target,commodity,flow_tpa,allowed
stage=mine,process=refine,,,
process=refine,stage=end_use,,,
country=JPN,chn_stock,,,no
""",
    "calibration/settings.toml": 'name = "small"\ntitle = "A small chain"\nyear = 2024\nslack = 1.25\n',
}


def folder_with(path: Path, **changed: str | None) -> Path:
    """Write the small chain; ``relations_csv="..."`` changes calibration/relations.csv, None leaves it out."""
    texts: dict[str, str | None] = dict(FILES)
    for key, text in changed.items():
        name = key.replace("_csv", ".csv").replace("_toml", ".toml")
        texts[name if name == "processes.csv" else f"calibration/{name}"] = text
    for name, text in texts.items():
        if text is not None:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text, encoding="utf-8", newline="\n")
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- shipped graphs ---------------------------------------------------------------------------------


def test_every_shipped_graph_but_the_textbook_one_can_be_rebuilt() -> None:
    assert set(cn.catalog().index) - set(REBUILT) == TEXTBOOK


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*marked about missed:chainnet.errors.ChainnetWarning")
@pytest.mark.parametrize("name", REBUILT)
def test_a_shipped_graph_is_what_its_calibration_gives(name: str, tmp_path: Path) -> None:
    """All tables as shipped: flows to 1e-6 of the flow or 1e-9 of the commodity's largest, all else alike."""
    copy = shutil.copytree(shipped_path(name), tmp_path / name)
    rebuilt = calibrate_folder(copy)
    assert rebuilt.found.certificate.ok
    write_rebuilt(rebuilt)
    once = bytes_of(copy)
    shipped, again = cn.read(shipped_path(name)), cn.read(copy)
    for table in ("nodes", "edges", "demand", "totals"):
        old, new = getattr(shipped, table), getattr(again, table)
        assert len(old) == len(new), table
        numbers = [c for c in old.columns if old[c].dtype.kind == "f"]
        pd.testing.assert_frame_equal(old.drop(columns=numbers), new.drop(columns=numbers))
        for column in numbers:
            was, now = old[column].to_numpy(), new[column].to_numpy()
            assert (np.isnan(was) == np.isnan(now)).all(), column
            least = 0.0
            if table == "edges" and column in ("flow_tpa", "capacity_tpa"):
                largest = old.groupby(old["commodity"].fillna(""))["flow_tpa"].transform("max")
                least = 1e-9 * largest.fillna(0.0).to_numpy()
            apart = np.nan_to_num(np.abs(was - now))
            assert (apart <= 1e-6 * np.nan_to_num(np.abs(was)) + least).all(), column
    assert (shipped_path(name) / "datapackage.json").read_bytes() == once["datapackage.json"]
    if name in TWICE:
        write_rebuilt(calibrate_folder(copy))
        assert bytes_of(copy) == once, "twice the same bytes"


@pytest.mark.long
@pytest.mark.parametrize("name", REBUILT)
def test_a_shipped_graph_marks_what_was_observed(name: str) -> None:
    """A flow is called reported or estimated only where a row with its tonnage names that one pair."""
    folder = shipped_path(name)
    net = cn.read(folder)
    rows = pd.read_csv(folder / HAND_FOLDER / "relations.csv", dtype="str", keep_default_na=False)
    pairs = expand_relations(_sources(folder))
    alone = {int(seen.pairs[0]) for seen in pairs.observed if len(seen.pairs) == 1}
    observed = pairs.table.iloc[sorted(alone)]
    seen = set(zip(observed["source"], observed["target"], observed["commodity"], strict=True))
    claimed = net.edges[net.edges["quality"].isin(["reported", "estimated"]) & net.edges["flow_tpa"].notna()]
    for row in claimed.itertuples():
        assert (row.source, row.target, row.commodity) in seen, f"{row.source} -> {row.target}"
    assert (rows["flow_tpa"] != "").any(), "something was observed"


def _sources(folder: Path) -> Any:
    def table(path: Path) -> pd.DataFrame | None:
        return pd.read_csv(path, dtype="str", keep_default_na=False).replace("", None) if path.is_file() else None

    hand = {name: table(folder / HAND_FOLDER / f"{name}.csv") for name in HAND_TABLES}
    rest = {name: table(folder / f"{name}.csv") for name in ("processes", "commodities", "projects", "groups")}
    return take_sources({**hand, **rest}, Settings())


# -- a folder ---------------------------------------------------------------------------------------


def test_a_folder_is_written_whole_and_can_be_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "small")
    rebuilt = calibrate_folder(folder)
    assert set(bytes_of(folder)) == set(FILES), "nothing is written before it is asked for"
    assert rebuilt.change() is None
    assert write_rebuilt(rebuilt) == folder.resolve()
    assert set(bytes_of(folder)) == {*FILES, *MADE}
    net = cn.read(folder)
    assert (net.name, net.year, net.label) == ("small", 2024, "A small chain")
    edges = net.edges.set_index(["source", "target"])
    assert edges["flow_tpa"].groupby("target").sum()["chn_ref"] == pytest.approx(150.0)
    assert ("jpn_ref", "chn_stock") not in edges.index
    assert edges.loc[("jpn_ref", "usa_use"), "capacity_tpa"] == pytest.approx(25.0)
    assert net.nodes.set_index("id").loc["chn_ref", "capacity_tpa"] == pytest.approx(150.0)
    assert calibrate_folder(folder).change() == pytest.approx(0.0, abs=1e-9)
    descriptor = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert descriptor["name"] == "small"


def test_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    turned = {}
    for name, text in FILES.items():
        head, *rows = text.splitlines()
        turned[name] = "\n".join([head, *reversed(rows)]) + "\n" if name.endswith(".csv") else text
    one, two = folder_with(tmp_path / "a" / "small"), folder_with(tmp_path / "b" / "small")
    for name, text in turned.items():
        (two / name).write_text(text, encoding="utf-8", newline="\n")
    write_rebuilt(calibrate_folder(one))
    write_rebuilt(calibrate_folder(two))
    for name in MADE:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_another_folder_and_the_name_of_a_shipped_graph(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "small")
    out = write_rebuilt(calibrate_folder(folder), tmp_path / "out")
    assert cn.read(out).edges["flow_tpa"].sum() > 0
    assert set(bytes_of(folder)) == set(FILES)
    assert find_folder("rare-earths")[1]
    assert not find_folder(str(folder))[1]


TOTALS = FILES["calibration/totals.csv"]
RELATIONS = FILES["calibration/relations.csv"]
WRONG = [
    ({"totals_csv": TOTALS + "mining,ore,WLD,2024,175,t/yr,\n"}, r"calibration/totals.csv row 4, country: \"WLD\""),
    ({"totals_csv": TOTALS + "mining,ore,Total,2024,175,t/yr,\n"}, r"calibration/totals.csv row 4, country"),
    ({"totals_csv": TOTALS + "mining,ore,,2024,170,t/yr,\n"}, r"calibration/totals.csv row 4.*stands twice"),
    ({"totals_csv": TOTALS + "mining,ore,CHN,2024,-1,t/yr,\n"}, r"row 4, value: \"-1\": a total is 0 or more"),
    ({"totals_csv": TOTALS + "mining,ore,CHN,2024,1 25,t/yr,\n"}, r"row 4, value: \"1 25\""),
    ({"totals_csv": TOTALS.replace("175", "100")}, r"calibration/nodes.csv row 2, output_tpa.*nearest that fits is 100"),
    ({"totals_csv": TOTALS.replace(",fit", ",fitt")}, r"totals.csv, fitt: unknown column"),
    ({"relations_csv": RELATIONS + "chn_mine,jpn_reff,,,\n"}, r"calibration/relations.csv row 5.*did you mean"),
    ({"relations_csv": "source,target\nstage=mine,process=refine\n"}, r"jpn_ref metal: 20.*do not match"),
    ({"relations_csv": RELATIONS + "chn_mine,jpn_ref,,90,\n"}, r"relations.csv row 5, flow_tpa.*nearest that fits is 25"),
    ({"nodes_csv": FILES["calibration/nodes.csv"] + "chn_ref,refiner,refining,CHN,refine,\n"}, r"row 8, id.*stands twice"),
    ({"settings_toml": 'slak = 2\n'}, r"calibration/settings.toml: unknown key \"slak\"; did you mean \"slack\""),
    ({"settings_toml": 'slack = "wide"\n'}, r"calibration/settings.toml, slack"),
    ({"settings_toml": "slack = = 2\n"}, r"calibration/settings.toml: no valid TOML"),
    ({"settings_toml": 'year = "now"\n'}, r"year"),
    ({"relations_csv": None}, r"calibration/relations.csv is missing"),
    ({"trades_csv": "exporter\n"}, r"calibration: unknown table \"trades.csv\""),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "words"), WRONG, ids=[w[:40] for _, w in WRONG])
def test_wrong_files_are_named_and_nothing_is_written(
    changed: dict[str, str | None], words: str, tmp_path: Path
) -> None:
    folder = folder_with(tmp_path / "small", **changed)
    before = bytes_of(folder)
    with pytest.raises(cn.DataError, match=words):
        write_rebuilt(calibrate_folder(folder))
    assert bytes_of(folder) == before


def test_a_word_that_names_nothing() -> None:
    with pytest.raises(cn.DataError, match=r'no such folder.*did you mean "rare-earths"'):
        calibrate_folder("rare-earth")
    with pytest.raises(cn.DataError, match=r"calibration/nodes\.csv, calibration/relations\.csv is missing"):
        calibrate_folder("mag-9")


# -- the command ------------------------------------------------------------------------------------


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["chainnet", *words])
        monkeypatch.delenv("CHAINNET_DEBUG", raising=False)
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        found = capfd.readouterr()
        return code, found.out, found.err

    return call


def test_the_command_writes_and_says_what_is_off(run: Any, tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "small")
    code, out, err = run("calibrate", str(folder))
    assert (code, "written:" in err) == (0, True)
    assert set(bytes_of(folder)) == {*FILES, *MADE}
    assert "largest error of a balance" in out
    code, out, _ = run("calibrate", str(folder), "--format", "json", "--slack", "2")
    answer = json.loads(out)
    gaps = {row["unit"]: row for row in answer["tables"]["gaps"]}
    assert gaps["t/yr"]["difference"] == pytest.approx(0.0, abs=1e-9)
    assert gaps["share"]["found"] == pytest.approx(120 / 140)
    assert cn.read(folder).edges["capacity_tpa"].sum() == pytest.approx(2 * cn.read(folder).edges["flow_tpa"].sum())
    code, out, _ = run("calibrate", str(folder), "--table", "edges", "--format", "csv", "--method", "entropy")
    assert out.startswith("source,target")


@pytest.mark.long
def test_the_command_only_compares_a_shipped_graph(run: Any, tmp_path: Path) -> None:
    before = bytes_of(shipped_path("germanium"))
    code, out, err = run("calibrate", "germanium", "--format", "json")
    assert (code, "nothing written" in err) == (0, True)
    assert bytes_of(shipped_path("germanium")) == before
    assert json.loads(out)["largest change of a flow, t/yr"] <= 1e-3
    code, _, err = run("calibrate", "germanium", "--out", str(tmp_path / "copy"))
    assert code == 0
    assert len(cn.read(tmp_path / "copy").edges) == len(cn.read("germanium").edges)


TRADE = """exporter,importer,commodity,reported_export,reported_import,export_sd,import_sd,cif
CHN,USA,metal,52,66,2,4,0.1
JPN,USA,metal,,22,,,
"""


def test_the_command_holds_flows_against_customs(run: Any, tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "small")
    (tmp_path / "customs.csv").write_text(TRADE, encoding="utf-8")
    words = ("calibrate", str(folder), "--trade", str(tmp_path / "customs.csv"), "--format", "json")
    code, out, _ = run(*words)
    assert code == 0
    table = {row["exporter"]: row for row in json.loads(out)["tables"]["trade"]}
    assert table["CHN"]["trade_tpa"] == pytest.approx((52 / 4 + 60 / 16) / (1 / 4 + 1 / 16))
    assert table["CHN"]["found_tpa"] == pytest.approx(50.0)
    assert table["JPN"]["difference_tpa"] == pytest.approx(-2.0)
    code, _, err = run(*words, "--reexports")
    assert (code, "exports are larger than output and imports in JPN (2 t)" in err) == (1, True)
    (tmp_path / "customs.csv").write_text(TRADE + "CHN,JPN,metal,10,,,,\n", encoding="utf-8")
    code, out, _ = run(*words, "--reexports")
    traced = {(row["exporter"], row["importer"]): row["trade_tpa"] for row in json.loads(out)["tables"]["trade"]}
    assert traced["JPN", "USA"] == pytest.approx(22.0 * 20 / 30), "a third of what Japan ships was Chinese"
    code, _, err = run("calibrate", str(folder), "--reexports")
    assert (code, "Give --trade FILE" in err) == (1, True)
    (tmp_path / "customs.csv").write_text(TRADE.replace(",22,", ",many,"), encoding="utf-8")
    code, _, err = run(*words)
    assert (code, 'customs.csv row 3, reported_import: "many"' in err) == (1, True)
    (tmp_path / "customs.csv").write_text(TRADE.replace("JPN", "World"), encoding="utf-8")
    code, _, err = run(*words)
    assert (code, 'customs.csv row 3, exporter: "World"' in err) == (1, True)
    with pytest.raises(cn.DataError, match="no such file"):
        read_trade(tmp_path / "none.csv")


def test_faults_leave_by_exit_code_one(run: Any, tmp_path: Path) -> None:
    code, out, err = run("calibrate", str(folder_with(tmp_path / "small", relations_csv=None)))
    assert (code, out) == (1, "")
    assert "relations.csv is missing" in err
    assert "Traceback" not in err
