"""The house: packages with faces, floors, sizes and names (a lower floor never imports a higher one)."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path

import networkx as nx
import pytest
from parsed import nodes, statements, tree

import chainnet as cn

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "chainnet"
MODULES = sorted(PACKAGE.rglob("*.py"))

FLOORS = (
    ("errors", "checks", "progress", "_types", "_version"),
    ("network", "engine"),
    ("io", "lowering", "results", "words"),
    ("scenario", "calibration"),
    ("flow",),
    ("criticality", "stress", "projects", "prices", "cascades"),
    ("indicators", "blocs", "doubt", "sharing", "hindsight"),
    ("drawing", "assessment"),
    ("reporting",),
    ("cli",),
)
FLOOR = {name: number for number, names in enumerate(FLOORS, 1) for name in names}
# packages whose inner modules need no underscore: many rooms, entered by the face all the same
OPEN = {"engine", "io", "drawing", "reporting", "cli"}
# packages inside a package, which a newcomer need not know: tests of their own, entered by their own face alone
ANNEXES = ("sharing.joint", "sharing.coarse", "drawing.living", "calibration.trade")
MOST_ROOMS, LINES, FUNCTION_LINES = 30, 600, 80


def room(path: Path) -> str:
    """Return the package, or the module, of the top level that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


NAMES = {dotted(path) for path in MODULES}


@cache
def imports(path: Path) -> set[str]:
    """Modules of the package that a module imports, also inside functions."""
    found: set[str] = set()
    for node in statements(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name}: a relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & NAMES
            if not inner <= NAMES:
                found.add(node.module)
    return {name for name in found if name.startswith("chainnet.")}


INNER = [p for p in MODULES if p.parent != PACKAGE or p.stem not in ("__init__", "__main__")]
FACES = [p for p in MODULES if p.name == "__init__.py" and p.parent != PACKAGE]


def test_floors_and_faces() -> None:
    wrong = []
    for path in INNER:
        assert room(path) in FLOOR, f"{path.name}: name its floor in FLOORS"
        for name in sorted(imports(path)):
            other = name.split(".")[1]
            if other == room(path):
                continue
            if name != f"chainnet.{other}":
                wrong.append(f"{dotted(path)} enters {name} beside its face")
            elif FLOOR[other] > FLOOR[room(path)]:
                wrong.append(f"{dotted(path)} imports {name}, which stands on a higher floor")
    assert wrong == []


def test_packages_are_asked_by_name_in_three_places_alone() -> None:
    """The front door, the command line, and the one hook by which a result is drawn."""
    asked = {
        dotted(path)
        for path in MODULES
        for node in nodes(tree(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("import_module", "__import__")
    }
    assert asked == {"chainnet", "chainnet.cli.common", "chainnet.results._ranking"}


def annex(name: str) -> str:
    """Return the annex that a module belongs to, "" for none."""
    return next((inner for inner in ANNEXES if f"{name}.".startswith(f"chainnet.{inner}.")), "")


def test_an_annex_is_entered_by_its_face() -> None:
    wrong = []
    for path in INNER:
        for name in sorted(imports(path)):
            other = annex(name)
            if other not in ("", annex(dotted(path))) and name != f"chainnet.{other}":
                wrong.append(f"{dotted(path)} enters {name} beside its face")
    assert wrong == []
    for other in ANNEXES:
        assert list((ROOT / "tests").joinpath(*other.split(".")).glob("test_*.py")), f"{other} has no tests of its own"


def test_only_a_face_lists_its_names() -> None:
    """Nobody reads the list of a private module; one that hands names of others on says so by it."""
    for path in INNER:
        if path.name == "__init__.py" or path.parent == PACKAGE:
            continue
        taken = {
            alias.asname or alias.name
            for node in nodes(tree(path))
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets):
                assert taken & set(ast.literal_eval(node.value)), f"{dotted(path)}: __all__ stands in faces alone"


def test_no_import_goes_in_a_circle() -> None:
    rooms, modules = nx.DiGraph(), nx.DiGraph()
    for path in INNER:
        for name in imports(path):
            modules.add_edge(dotted(path), name)
            if name.split(".")[1] != room(path):
                rooms.add_edge(room(path), name.split(".")[1])
    assert rooms.number_of_edges() > 50
    assert list(nx.simple_cycles(rooms)) == []
    assert list(nx.simple_cycles(modules)) == []


def test_the_top_level_has_few_rooms_and_every_family_a_folder() -> None:
    entries = [p for p in PACKAGE.iterdir() if p.name not in ("__pycache__", "graphs", "py.typed")]
    assert len(entries) <= MOST_ROOMS
    assert {p.stem for p in entries} == {*FLOOR, "__init__", "__main__"}
    for path in MODULES:
        if path.parent != PACKAGE and room(path) not in OPEN:
            assert path.stem.startswith("_"), f"{dotted(path)}: an inner module begins with _"


@pytest.mark.parametrize("path", FACES, ids=lambda p: p.parent.name)
def test_a_face_says_the_question_and_hands_on_names(path: Path) -> None:
    doc = ast.get_docstring(tree(path)) or ""
    for node in tree(path).body[1:]:
        assert isinstance(node, (ast.ImportFrom, ast.Assign)), f"{path.parent.name}/__init__.py defines something"
    if path.parent.parent != PACKAGE and not annex(dotted(path)):
        return
    assert doc.splitlines()[0].count("?"), f"{path.parent.name}: the face says no question"
    face = importlib.import_module(dotted(path))
    assert set(face.__all__) == {
        alias.asname or alias.name
        for node in tree(path).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert all(not name.startswith("_") for name in face.__all__)


def test_every_name_on_a_face_is_used_outside() -> None:
    """A face grows by what others need; what nobody outside imports is a private matter."""
    documents = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs").rglob("*.md"))
    taken: dict[str, set[str]] = {}
    for path in [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]:
        for node in statements(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("chainnet."):
                inner = annex(node.module)
                if PACKAGE in path.parents and (
                    inner == annex(dotted(path)) if inner else room(path) == node.module.split(".")[1]
                ):
                    continue
                taken.setdefault(node.module, set()).update(alias.name for alias in node.names)
    for path in FACES:
        name = dotted(path)
        if path.parent.parent != PACKAGE and not annex(name):
            continue
        for word in importlib.import_module(name).__all__:
            public = cn._ROOMS.get(word) == name.removeprefix("chainnet.")
            assert public or word in taken.get(name, set()) or word in documents, f"{name} hands on {word} to nobody"


# what solves: the drawing and the report are handed results, and take no more than words and types from these
SOLVERS = (
    "engine",
    "flow",
    "criticality",
    "stress",
    "projects",
    "prices",
    "cascades",
    "indicators",
    "blocs",
    "doubt",
)


# a living page hands on programs, and holds its first answer against Python's
SHOWING = [p for p in INNER if room(p) in ("drawing", "reporting") and annex(dotted(p)) != "drawing.living"]


def test_drawing_and_report_never_solve() -> None:
    for path in SHOWING:
        for node in nodes(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[1:2]:
                if node.module.split(".")[1] not in SOLVERS or not node.module.startswith("chainnet."):
                    continue
                for alias in node.names:
                    assert not alias.name[0].islower(), f"{path.name} takes {alias.name} from {node.module}"


@pytest.mark.parametrize("path", [p for p in INNER if room(p) == "engine"], ids=lambda p: p.name)
def test_the_engine_knows_arrays_alone(path: Path) -> None:
    names = {
        alias.name.split(".")[0] for node in nodes(tree(path)) if isinstance(node, ast.Import) for alias in node.names
    } | {node.module.split(".")[0] for node in nodes(tree(path)) if isinstance(node, ast.ImportFrom) and node.module}
    assert not names & {"pandas", "networkx", "igraph", "pathlib", "csv"}
    assert all(name.startswith(("chainnet.engine", "chainnet.errors", "chainnet._types")) for name in imports(path))


def test_sizes_and_docstrings() -> None:
    wrong = []
    for path in MODULES:
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES:
            wrong.append(f"{dotted(path)} has {lines} lines")
        if path.stem != "__main__" and not ast.get_docstring(tree(path)):
            wrong.append(f"{dotted(path)}: no module docstring")
        for node in nodes(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                body = node.body
                own = (node.end_lineno or 0) - node.lineno + 1
                if ast.get_docstring(node) is not None:
                    own -= (body[0].end_lineno or 0) - body[0].lineno + 1
                if own > FUNCTION_LINES:
                    wrong.append(f"{dotted(path)}: {node.name} has {own} lines")
    assert wrong == []


def test_the_front_door_only_hands_on_names() -> None:
    for node in tree(PACKAGE / "__init__.py").body:
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) or for_types_only(node):
            continue
        if isinstance(node, ast.FunctionDef):
            assert node.name in ("__getattr__", "__dir__")
        else:
            assert isinstance(node, ast.Assign)
            assert {ast.unparse(t) for t in node.targets} <= {"_ROOMS", "__all__"}


def test_no_room_bears_a_public_functions_name() -> None:
    assert not set(FLOOR) & set(cn.__all__)


def test_nothing_heavy_is_imported_at_the_top_of_a_module() -> None:
    heavy = {
        "matplotlib",
        "igraph",
        "pyvis",
        "highspy",
        "networkx",
        "numba",
        "typst",
        "xlsxwriter",
        "openpyxl",
        "pycountry",
    }
    for path in MODULES:
        if path.name == "maxflow_kernel.py" or path.name == "removal_kernel.py":
            continue
        for node in tree(path).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.split(".")[0] for n in names} & heavy, f"{path.name} imports {names} at its top"


def test_the_top_level_of_the_repository() -> None:
    for name in ("README.md", "LICENSE", "pyproject.toml", "chainnet", "graphs", "tests", "docs", ".ci", ".gitignore"):
        assert (ROOT / name).exists(), name
    assert (PACKAGE / "py.typed").is_file()
    assert not (ROOT / "setup.py").exists()
