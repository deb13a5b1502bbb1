"""The reference leaves nothing out: every public name, and every class and column that an answer hands out, has its entry."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import pandas as pd
import pytest
import reference_python as ref
from reference_pages import asked

import chainnet as cn
from chainnet.results import fact_of

ROOT = Path(__file__).parents[1]
FUNCTIONS = [name for names in ref.GROUPS.values() for name in names]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "graphs").glob("*/README.md"))]
NO_CLASS = {"Any", "Callable", "Hashable", "Iterable", "Literal", "Mapping", "Path", "Self", "Sequence", "None"}
OF_OTHERS = {"DataFrame", "Series", "Index", "MultiIndex"}


def test_the_questions_are_those_of_the_guides() -> None:
    guides = re.findall(r"^## (.+)$", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"), re.M)
    assert list(ref.GROUPS) == guides
    assert len(FUNCTIONS) == len(set(FUNCTIONS))


def test_every_public_name_has_an_entry() -> None:
    told = {*FUNCTIONS, *ref.classes()}
    assert {name for name in cn.__all__ if not name.endswith(("Error", "Warning"))} <= told
    commands = {re.sub(r"^(cn|chainnet)\.", "", function) for function in asked().values()}
    assert commands <= told


def test_every_name_imported_in_a_page_has_an_entry() -> None:
    things = [ref.thing(name) for name in FUNCTIONS]
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        names = [f"cn.{name}" for name in re.findall(r"\bcn\.((?:sharing\.)?[a-z_]\w*)\(", text)]
        for room, found in re.findall(r"^\s*from chainnet\.(\w+) import ([\w, ]+)$", text, re.M):
            names += [f"{room}.{name.strip()}" for name in found.split(",")]
        for name in names:
            one = ref.thing(name.removeprefix("cn."))
            # constants say what they are where they are used
            if inspect.isfunction(one):
                assert one in things, f"{path.name}: {name}"
            elif inspect.isclass(one):
                assert one.__name__ in ref.classes(), f"{path.name}: {name}"


def test_every_class_of_a_return_annotation_has_an_entry() -> None:
    for place, said in ref.signatures().items():
        back = re.sub(r"'[^']*'", "", said.rpartition("->")[2] if "->" in said else "")
        for word in re.findall(r"\b[A-Z]\w+", back):
            known = (
                word in ref.classes() or word in ref.HIDDEN or word in NO_CLASS | OF_OTHERS or word in ref.short_names()
            )
            assert known, f"{place}: {word}"


def test_signatures_are_short_and_say_no_module() -> None:
    for place, said in ref.signatures().items():
        assert max(map(len, said.splitlines())) <= ref.WIDEST, place
        if not said.startswith("->"):
            assert not re.search(r"[(:\[ |>](?:pd|np|nx|cn|chainnet)\.", said), place


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_of_whole(name: str) -> None:
    one = ref.thing(name)
    doc = inspect.getdoc(one) or ""
    parts = ref.sections(doc)
    named = {word for head, _ in ref.entries(parts.get("Parameters", "")) for word in re.findall(r"\w+", head)}
    assert set(inspect.signature(one).parameters) - {"options"} <= named
    assert parts.get("Returns"), "say what it returns"
    led = ref.see_also(doc)
    assert 2 <= len(led) <= 4
    assert set(led) <= {*FUNCTIONS, *ref.classes()} - {name}


@pytest.mark.parametrize("name", ref.classes())
def test_a_class_is_told_of_whole(name: str) -> None:
    one = ref.classes()[name]
    doc = inspect.getdoc(one) or ""
    told = ref.described(one) | set(re.findall(r"``(\w+)``", doc)) | {"provenance"}
    bases = [base for base in one.__mro__[1:] if base.__name__ in ref.classes()]
    told |= {word for base in bases for word in ref.described(base)}
    if dataclasses.is_dataclass(one):
        assert {field.name for field in dataclasses.fields(one) if field.name[0] != "_"} <= told
    for member, value in ref.members(one).items():
        assert member in told or inspect.getdoc(ref.function_of(value)), member


ANSWERS = {
    "max_flow": lambda net, out: cn.max_flow(net),
    "balance": lambda net, out: cn.balance(net, out, "new", order="alike"),
    "stress_test": lambda net, out: cn.stress_test(net),
    "reroute": lambda net, out: cn.reroute(net, out),
    "portfolio": lambda net, out: cn.portfolio(net, out, budget_musd=100),
    "chokepoints": lambda net, out: cn.chokepoints(net),
    "risk_exposure": lambda net, out: cn.risk_exposure(net, recovery=1),
    "concentration": lambda net, out: cn.concentration(net),
    "cascade": lambda net, out: cn.cascade(net, "H_CN"),
    "overcapacity": lambda net, out: cn.overcapacity(net),
    "stockpile_requirement": lambda net, out: cn.stockpile_requirement(net, out, months=12),
    "service_range": lambda net, out: cn.service_range(net, out),
    "sensitivity": lambda net, out: cn.sensitivity(net, out),
    "compare": lambda net, out: cn.compare(net, net),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_column_is_told_of_with_its_unit(name: str, mag9: cn.Network, china_out: cn.Scenario) -> None:
    found = ANSWERS[name](mag9, china_out)
    owner = name if isinstance(found, pd.DataFrame) else type(found).__name__
    doc = inspect.getdoc(ref.thing(name) if isinstance(found, pd.DataFrame) else type(found)) or ""
    for table, frame in {"": found}.items() if isinstance(found, pd.DataFrame) else found.tables().items():
        for column in map(str, frame.columns):
            said = re.sub("_(defence|industrial|civilian)_", "_<tier>_", column)
            assert re.search(rf"(?<!\w){said}(?!\w)", doc), f"{owner}.{table}: {column}"
        for column, facts in fact_of(frame, "columns", {}).items():
            if "_" in column and "tier" not in column and (shown := ref.units(f" {column} ", owner)):
                unit = shown.rpartition(": ")[2]
                assert facts["unit"] == unit or (unit == ref.STEADY["t"] and facts["unit"] in ("t", "t/yr")), column
