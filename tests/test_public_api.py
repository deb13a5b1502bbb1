"""The front door: names, docstrings, import cost, provenance."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import chainnet as cn


def test_all_is_sorted_and_complete() -> None:
    assert cn.__all__ == sorted(cn.__all__)
    assert set(cn._ROOMS) == set(cn.__all__)
    for name in cn.__all__:
        thing = getattr(cn, name)
        assert thing.__name__ == name
        assert thing.__module__.startswith(f"chainnet.{cn._ROOMS[name]}")
    assert dir(cn) == cn.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cn.nothing  # noqa: B018


def test_the_version_is_that_of_the_package() -> None:
    assert cn.__version__ == version("chainnet")


def test_type_checkers_see_the_same_names() -> None:
    source = inspect.getsource(importlib.import_module("chainnet"))
    assert set(re.findall(r"import (\w+) as \1$", source, re.M)) == set(cn.__all__)


@pytest.mark.parametrize("name", cn.__all__)
def test_numpydoc(name: str) -> None:
    thing = getattr(cn, name)
    doc = inspect.getdoc(thing) or ""
    first = doc.splitlines()[0]
    assert first.endswith(".")
    if name.endswith(("Error", "Warning")):
        return
    has_arguments = [p for p in inspect.signature(thing).parameters if p not in ("self", "args", "kwargs")]
    if name != "Assessment":
        assert ("Parameters\n----------" in doc) == bool(has_arguments)
        for argument in has_arguments:
            assert re.search(rf"\b{argument}\b", doc), f"{name}: {argument} is not described"
    if inspect.isfunction(thing):
        assert "Returns\n-------" in doc
        source = inspect.getsource(thing)
        if "raise " in source and has_arguments:  # without an argument nobody can do anything about it
            assert "Raises\n------" in doc


# names of earlier versions that have another answer now: see the changelog
GONE = {
    "chainnet": ("licences",),
    "chainnet.prices": (
        "build_or_wait",
        "constant_elasticity_price",
        "floor_buyers",
        "floor_supply_curve",
        "floor_tables",
        "option_value",
        "price_cut",
    ),
}


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in GONE.items() for name in names])
def test_a_name_that_lapsed_is_in_no_module_and_on_no_page(module: str, name: str) -> None:
    assert not hasattr(importlib.import_module(module), name)
    pages = Path(cn.__file__).parents[1] / "docs"
    text = "".join(page.read_text() for page in sorted((pages / "reference").rglob("*.md")))
    assert not re.search(rf"^#+ (?:\w+\.)?{name}$", text, re.MULTILINE)


ROOT = Path(cn.__file__).parent
# every module that shows an example, found by its text so that nothing is imported to collect the tests
MODULES = sorted(
    ".".join(("chainnet", *file.relative_to(ROOT).with_suffix("").parts))
    for file in ROOT.rglob("*.py")
    if ">>> " in file.read_text(encoding="utf-8")
)
# a whole assessment each
LONG = {
    "chainnet.assessment._assess.assess",
    "chainnet.reporting.content.report_figures",
    "chainnet.reporting.documents.report",
}


def run_examples(module: str, names: Callable[[str], bool]) -> int:
    """Run the examples of the docstrings of a module that ``names`` picks; return how many docstrings have some."""
    found = doctest.DocTestFinder().find(importlib.import_module(module), module)
    tests = [test for test in found if test.examples and names(test.name)]
    for test in tests:
        said: list[str] = []
        assert doctest.DocTestRunner(verbose=False).run(test, out=said.append).failed == 0, "".join(said)
    return len(tests)


# rooms whose examples ask for whole answers: `-m slow` runs them
DEAR = ("assessment", "blocs", "doubt", "drawing", "prices", "projects", "reporting", "sharing")
_EXAMPLES = [
    pytest.param(name, marks=[pytest.mark.slow] if name.split(".")[1:2] and name.split(".")[1] in DEAR else [])
    for name in MODULES
]


@pytest.mark.parametrize("module", _EXAMPLES)
def test_examples_hold(module: str) -> None:
    ran = run_examples(module, lambda name: name not in LONG)
    left = sum(name.rpartition(".")[0] == module for name in LONG)
    text = (ROOT.parent / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")
    assert ran + left == len(re.findall(r"^ *Examples\n *--------$", text, re.M)), "none was overlooked"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LONG))
def test_long_examples_hold(name: str) -> None:
    assert run_examples(name.rpartition(".")[0], name.__eq__) == 1


def test_importing_is_light_and_fast() -> None:
    code = (
        "import sys, time; t = time.perf_counter(); import chainnet; spent = time.perf_counter() - t\n"
        "print(','.join(sorted({m.split('.')[0] for m in sys.modules})), spent)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, spent = done.stdout.split()
    heavy = {"pandas", "matplotlib", "igraph", "pyvis", "highspy", "numba", "networkx", "typst", "openpyxl", "scipy"}
    assert not heavy & set(names.split(","))
    assert float(spent) < 0.5


def test_solving_needs_neither_drawing_nor_report() -> None:
    code = (
        "import sys, chainnet as cn; net = cn.read('mag-9'); cn.chokepoints(net); cn.balance(net)\n"
        "print(','.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"matplotlib", "pyvis", "typst", "openpyxl", "xlsxwriter", "jinja2"} & set(
        done.stdout.strip().split(",")
    )


@pytest.fixture(scope="module")
def results(mag9: cn.Network, china_out: cn.Scenario) -> dict[str, Any]:
    return {
        "max_flow": cn.max_flow(mag9),
        "balance": cn.balance(mag9, china_out),
        "stress_test": cn.stress_test(mag9),
        "reroute": cn.reroute(mag9, china_out),
        "interdict": cn.interdict(mag9, 1),
        "chokepoints": cn.chokepoints(mag9),
        "concentration": cn.concentration(mag9),
        "shapley": cn.shapley(mag9),
    }


KEYS = {"graph", "digest", "version", "solver", "settings"}


def test_every_result_says_where_it_comes_from(results: dict[str, Any], mag9: cn.Network) -> None:
    for name, result in results.items():
        source = result.attrs["provenance"] if isinstance(result, pd.DataFrame) else result.provenance
        assert set(source) >= KEYS, name
        assert source["digest"] == mag9.digest
        assert source["graph"] == "mag-9"


def test_results_are_frozen_and_show_themselves(results: dict[str, Any]) -> None:
    for name, result in results.items():
        if isinstance(result, pd.DataFrame):
            continue
        field = dataclasses.fields(result)[1].name
        with pytest.raises(dataclasses.FrozenInstanceError, match=field):
            setattr(result, field, None)
        assert name.split("_")[0][:3] in repr(result).lower()
        page = result._repr_html_()
        assert "<table" in page
        assert "<script" not in page


def test_the_same_input_gives_the_same_answer(
    results: dict[str, Any], mag9: cn.Network, china_out: cn.Scenario
) -> None:
    again = cn.balance(mag9, china_out)
    for name, table in results["balance"].tables().items():
        pd.testing.assert_frame_equal(table, again.tables()[name], check_exact=True)
    pd.testing.assert_frame_equal(results["chokepoints"], cn.chokepoints(mag9), check_exact=True)


def test_returned_frames_do_not_change_the_network(mag9: cn.Network) -> None:
    digest, value = mag9.digest, cn.max_flow(mag9).value_tpa
    for table in ("nodes", "edges", "demand", "projects"):
        frame = getattr(mag9, table)
        for column in frame.columns:
            frame[column] = None
    found = cn.balance(mag9).demand
    found["demand_tpa"] = 0.0
    assert cn.max_flow(mag9).value_tpa == value
    assert mag9.without(nodes=[]).digest == digest
