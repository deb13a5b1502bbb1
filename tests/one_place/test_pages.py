"""Pages: one template for documents, one glossary, a table a record, the parts of the report in their order."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from parsed import nodes, tree

import chainnet as cn
from chainnet.reporting import columns as col
from chainnet.reporting.formats.markdown import markdown_table
from chainnet.reporting.formats.page import STRIP, strip
from chainnet.reporting.model import Cell, ReportColumn, make_table, stands
from chainnet.reporting.order import TABLES, table_id
from chainnet.reporting.texts import GLOSSARY, METHOD, STATUS
from chainnet.results import BOUNDED, CHECKED, FROM_INPUTS, SAMPLED, SIMULATED

ROOM = Path(cn.__file__).parent / "reporting"
MODULES = sorted(ROOM.rglob("*.py"))
# what may look into sections and formats: it puts the parts together
ABOVE = {"__init__", "content", "documents", "comparison", "overview"}


def calls(path: Path) -> list[ast.Call]:
    return [node for node in nodes(tree(path)) if isinstance(node, ast.Call)]


# -- one place ----------------------------------------------------------------------------------


def test_one_template_makes_every_page() -> None:
    assert [p.name for p in ROOM.rglob("*.html.j2")] == ["page.html.j2"]
    render = [p.name for p in MODULES if "jinja2" in p.read_text(encoding="utf-8")]
    assert render == ["page.py"]


def test_the_texts_stand_in_one_file() -> None:
    words = [one.word.lower() for one in GLOSSARY]
    assert len(words) == len(set(words)) > 50
    for path in MODULES:
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and path.stem != "texts":
                names = {ast.unparse(target) for target in node.targets}
                assert not names & {"GLOSSARY", "METHOD", "STATUS", "STATUS_WORDS"}, path.name
    for status in (CHECKED, BOUNDED, SAMPLED, SIMULATED, FROM_INPUTS):
        assert f"{status[0].upper()}{status[1:]}: " in STATUS
    assert any(table_id("certificates") in text for _, text in METHOD)


def test_the_glossary_says_of_an_index_what_both_pages_show() -> None:
    (hhi,) = (one.means for one in GLOSSARY if one.word == "HHI")
    assert "0 to 1 in tables" in hhi
    assert "10,000 is one holder" in hhi
    nodes = pd.DataFrame(
        [("a", "mine", "CHN"), ("b", "mine", "USA"), ("u", "end_use", "USA")], columns=["id", "stage", "country"]
    )
    edges = pd.DataFrame({"source": ["a", "b"], "target": ["u", "u"], "flow_tpa": [30.0, 10.0]})
    found = cn.concentration(cn.Network(nodes, edges))["hhi"]
    assert found.iloc[0] == pytest.approx(0.75**2 + 0.25**2)


def test_a_report_takes_no_more_than_twelve_arguments() -> None:
    own = [one for one in inspect.signature(cn.report).parameters.values() if one.kind is not one.VAR_KEYWORD]
    assert len(own) <= 12


def test_no_part_of_the_report_looks_up() -> None:
    """Order, glyphs, facts and words lie below the formats and the sections, which know nothing of each other."""
    for path in MODULES:
        inner = path.parent.name if path.parent != ROOM else ""
        if not inner and path.stem in ABOVE:
            continue
        for node in nodes(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("chainnet.reporting."):
                other = node.module.split(".")[2]
                assert other == inner or other not in ("sections", "formats"), f"{path.name} imports {node.module}"
                assert other not in ABOVE, f"{path.name} imports {node.module}"


def test_every_table_is_a_record_that_is_named_once() -> None:
    named: list[str] = []
    makers = ("Table", "Frame")
    for path in [p for p in MODULES if p.parent.name == "sections"]:
        for call in calls(path):
            name = ast.unparse(call.func).rpartition(".")[2]
            if name in makers and call.args and isinstance(call.args[0], ast.Constant):
                named.append(str(call.args[0].value))
            # a table by what drops out, and the inputs, have columns of their own each time
            assert name != "make_table" or path.stem in ("losses", "made"), f"{path.name} makes a table by hand"
    assert len(named) == len(set(named))
    by_removal = {"sites", "countries", "owners", "operators", "steps_by_country", "nodes"}
    assert set(TABLES) - by_removal - {"effects", "digests"} <= set(named)


# -- what they do -------------------------------------------------------------------------------


class _Facts:
    """As much of the facts as a record asks for."""

    unit = "t/yr {x}"

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}


def _table(rows: Any, **more: Any) -> col.Table:
    columns = (col.text("name", "Name", "its name"), col.tons("t", "Lost", "tonnes", lambda f, row: row["t"] * f.times))
    return col.Table("sites", "S", "Lost", rows=rows, columns=columns, subtitle="Unit: {f.unit}; {served}.", **more)


def test_a_record_is_filled_from_the_facts_once() -> None:
    asked: list[int] = []

    def rows(_facts: Any) -> pd.DataFrame:
        asked.append(1)
        return pd.DataFrame({"t": [3.0, 2.0, 1.0]}, index=pd.Index(["a", "b", "c"], name="name"))

    facts: Any = _Facts()
    facts.times = 2.0
    table = _table(rows, stands=stands("n/a"), note=lambda f: f"Times {f.times}.", lead=2)
    made = table.of(facts)
    assert [[cell.value for cell in row] for row in made.rows] == [["a", 6.0], ["b", 4.0], ["c", 2.0]]
    assert (made.subtitle, made.note) == (f"Unit: t/yr {{x}}; {table_id('served')}.", "Times 2.0.")
    assert (made.key, made.sheet, made.is_cut, len(made.body_rows)) == ("sites", "S", True, 2)
    assert table(facts) is made
    assert asked == [1]


def test_a_record_without_rows_says_so_or_is_no_table() -> None:
    facts: Any = _Facts()
    facts.times = 1.0
    assert _table(lambda _: None, stands=stands("n/a"))(facts) is None
    empty = _table(lambda _: [], stands=stands("n/a"), none=lambda f: {"name": "none", "t": f.times}).of(facts)
    assert [cell.text for cell in empty.rows[0]] == ["none", "1"]


def test_a_strip_runs_from_the_least_to_the_most() -> None:
    # 132 pixels: a tenth is 13.2, half 66, a quarter 33; the end of a bar is no wider than the strip
    assert strip(Cell("25 %", 0.25, (0.1, 0.5))) == {"left": 13.2, "width": 52.8, "tick": 33.0}
    assert strip(Cell("100 %", 1.0, (1.0, 1.0))) == {"left": 129.0, "width": 3, "tick": 131.0}
    assert STRIP["width"] == 132


def test_a_table_in_markdown_escapes_heads_and_cells() -> None:
    columns = [ReportColumn("a", "a_b"), ReportColumn("b", "B")]
    table = make_table(columns, [{"a": "x|y", "b": "<i>"}, {"a": "1\n2", "b": "z"}])
    assert markdown_table(table, ["b", "a"]).splitlines() == [
        "| B | a\\_b |",
        "| --- | --- |",
        "| \\<i\\> | x\\|y |",
        "| z | 1 2 |",
    ]


def test_what_is_wrong_is_said_before_the_assessment_is_made(tmp_path: Path) -> None:
    begun: list[str] = []
    network = cn.read("mag-9")

    def progress(what: str, _part: float) -> None:
        begun.append(what)

    with pytest.raises(cn.DataError, match="docx"):
        cn.report(network, tmp_path / "out", ["docx"], progress=progress)
    with pytest.raises(cn.DataError, match='did you mean "months"'):
        cn.report(network, tmp_path / "out", ["html"], progress=progress, month=7)
    with pytest.raises(cn.DataError, match="str is neither"):
        cn.report("mag-9", tmp_path / "out", ["html"], progress=progress)  # type: ignore[arg-type]
    assert begun == []
