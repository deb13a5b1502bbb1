"""One voice: numbers, months and colours are written in one room each, and a page says what Python says."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from parsed import nodes, tree

from chainnet import words
from chainnet.drawing import COLOURS, tier_colour
from chainnet.drawing.style import LOSS_COLOURS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "chainnet"
MODULES = sorted(PACKAGE.rglob("*.py"))
PAGES = [p for kind in ("js", "css", "j2", "typ") for p in sorted(PACKAGE.rglob(f"*.{kind}")) if "highs" not in p.parts]

# engine and network stand below words and cannot ask it; they print what they were given, in messages alone
BELOW = ("engine", "network")
# places of a picture, in its own units: no number that anybody reads
DRAWN = {f"drawing/{name}.py": {".0f", ".1f", ".2f"} for name in ("world", "still", "sankey", "style", "svg", "figure")}


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def formats(path: Path) -> set[str]:
    """Return the formats of numbers that a module writes by itself: of f-strings, str.format and %."""
    found = set()
    for node in nodes(tree(path)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "9" for v in node.format_spec.values))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "format":
            found |= {str(a.value) for a in node.args[1:] if isinstance(a, ast.Constant)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"\{[a-z_0-9]*:([^{}]*)\}", node.value))
    # a bare g echoes what somebody gave; what only sets a width is no format of a number
    return {
        spec
        for spec in found
        if re.fullmatch(r"[-+ ]?\d*[,_]?(\.\d+)?[fFeEgG%]?", spec) and spec.strip("0123456789") not in ("", "g")
    }


@pytest.mark.long
def test_words_alone_formats_numbers() -> None:
    wrong = {
        place(path): bad
        for path in MODULES
        if place(path).split("/")[0] not in (*BELOW, "words") and (bad := formats(path) - DRAWN.get(place(path), set()))
    }
    assert wrong == {}
    assert formats(PACKAGE / "words" / "_numbers.py") >= {",.0f", ".1f", ".1e"}, "the lint finds what it looks for"


def test_a_page_formats_no_number_by_itself() -> None:
    wrong = {}
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if found := re.findall(r"toLocaleString|toFixed|Intl\.NumberFormat|toExponential\(|\"%[.\d]*[fge]\"", text):
            wrong[place(path)] = found
    assert set(wrong) == {"words/numbers.js"}


NUMBERS = [
    0,
    1e-12,
    -1e-12,
    0.0499,
    -0.05,
    0.1,
    0.12345,
    0.9995,
    1,
    2.5,
    9.995,
    -12.34,
    42.0,
    99.95,
    385.0,
    999.49,
    999.5,
]
NUMBERS += [999.6, -1000.0, 1005.0, 12345.6, 12350, 123450.0, 1e6, 7.6543e9, None]
SHARES = [
    0,
    1e-12,
    0.0005,
    0.000999,
    0.001,
    0.0123,
    0.0125,
    0.0995,
    0.0999,
    0.12345,
    0.125,
    0.5,
    0.9945,
    0.995,
    0.9959,
    0.996,
]
SHARES += [
    0.99899,
    0.99901,
    0.99995,
    1 - 1e-12,
    1,
    1 + 1e-9,
    1.0004,
    1.0021,
    1.0049,
    1.005,
    1.25,
    12.3,
    -0.0004,
    -0.031,
    -0.5,
    None,
]
VECTORS = {
    "number": NUMBERS,
    "tonnes": NUMBERS,
    "change": NUMBERS,
    "percent": SHARES,
    "gap": [0, 3.21e-10, 0.00002, 12345.6],
    "count": [0, 7, 1234, 1234567, None],
}


def said_by_python() -> dict[str, list[str]]:
    return {name: [getattr(words, name)(value) for value in values] for name, values in VECTORS.items()}


def asked_of_a_page() -> str:
    """Return what a page is asked: the same numbers, by the same names."""
    return (
        f"{words.numbers_script()}\nconst asked = {json.dumps(VECTORS)};\n"
        "const said = JSON.stringify(Object.fromEntries("
        "Object.entries(asked).map(([name, values]) => [name, values.map((v) => WORDS[name](v))])));"
    )


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node; Chromium is asked the same")
def test_a_script_says_what_python_says() -> None:
    done = subprocess.run(["node", "-e", f"{asked_of_a_page()}console.log(said)"], check=True, capture_output=True)
    assert json.loads(done.stdout) == said_by_python()


@pytest.mark.browser
def test_a_page_says_what_python_says(browser: Any) -> None:
    page = browser.new_page()
    said = page.evaluate(f"() => {{{asked_of_a_page()}return said}}")
    page.close()
    assert json.loads(said) == said_by_python()


def test_numbers_by_hand() -> None:
    said = {name: dict(zip(map(str, VECTORS[name]), found, strict=True)) for name, found in said_by_python().items()}
    assert said["tonnes"]["999.6"] == "1,000\u00a0t/yr"
    assert said["tonnes"]["12345.6"] == "12,300\u00a0t/yr"
    assert said["tonnes"]["-1000.0"] == "\u22121,000\u00a0t/yr"
    assert said["tonnes"]["0.0499"] == "<0.1\u00a0t/yr"
    assert said["percent"]["0.0005"] == "<0.1\u00a0%"
    assert said["percent"]["1.0021"] == "100.2\u00a0%"
    assert said["percent"]["1.0004"] == ">100\u00a0%"
    assert said["change"]["-12.34"] == "\u221212.3\u00a0t/yr"


def test_months_have_one_name() -> None:
    """No module but that of words knows the names of months, or takes a month in words apart."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if place(path) not in ("words/_months.py", "scenario/_phrases.py"):
            assert not re.search(r"\bMONTHS\b.*\bchainnet\.words\b|import .*\bMONTHS\b(?=.*words)", text), place(path)
            assert not re.search(r"\"(Jan|February|strftime)\"|calendar_month\([^)]*\)\.split", text), place(path)


# network stands below the palette: what it gives pyvis is the pair of shape and colour that pyvis itself is told
# the tables side by side and the table of chains are pages of their own yet
WITHOUT = ("network/_pictures.py", "reporting/formats/comparison.html.j2", "reporting/formats/overview.html.j2")


def bare(path: Path) -> str:
    """Return a module without its docstrings, or a page as it is."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    found = ast.parse(text)
    for node in ast.walk(found):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(found)


@pytest.mark.long
def test_a_colour_stands_in_the_palette_alone() -> None:
    wrong = {
        place(path): found for path in [*MODULES, *PAGES] if (found := re.findall(r"#[0-9A-Fa-f]{6}\b", bare(path)))
    }
    assert {name: found for name, found in wrong.items() if name not in WITHOUT} == {}
    palette = (PACKAGE / "drawing" / "style.toml").read_text(encoding="utf-8")
    assert palette.count(COLOURS["ink"]) == 1


def test_a_tiers_colour_is_no_bars_colour() -> None:
    tiers = [tier_colour(place) for place in range(5)]
    assert len(set(tiers)) == 5, "a fifth tier has a colour of its own"
    assert tier_colour(7) == tiers[-1]
    others = {COLOURS["bar"], COLOURS["bar_light"], COLOURS["less"], *(fill for fill, _ in LOSS_COLOURS)}
    assert not others & set(tiers)
    # who draws by tier: the figures of results, and the charts whose series are tiers
    asked = re.compile(r"(?<!def )\btier_colour\(")
    users = {place(path) for path in MODULES if asked.search(path.read_text(encoding="utf-8"))}
    assert users == {"drawing/plots.py", "reporting/formats/workbook.py"}


def test_what_a_page_is_handed_are_the_colours_of_the_palette() -> None:
    """A style sheet and a script name no colour that the palette lacks."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if place(path).startswith("drawing/") or path.name == "page.html.j2":
            named = set(re.findall(r"var\(--([a-z-]+)\)", text))
            assert {name.replace("-", "_") for name in named} <= {*COLOURS}, place(path)
        used = set(re.findall(r"\b(?:COLOURS|d\.colours|colour)\.([a-z_]+)\b", text)) - {"dark", "known"}
        assert used <= {*COLOURS}, place(path)
