"""The house: floors, sizes and names (a lower floor never imports a higher one)."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import chainnet as cn

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "chainnet"
MODULES = sorted(PACKAGE.rglob("*.py"))

# the first word of a room's name, or the folder, and the floor it stands on
FLOORS = {
    "schema": 1,
    "errors": 1,
    "countries": 1,
    "network": 2,
    "engine": 2,
    "results": 3,
    "lowering": 3,
    "io": 3,
    "calibration": 3,
    "scenario": 4,
    "flow": 4,
    "valuation": 4,
    "criticality": 5,
    "stress": 5,
    "projects": 5,
    "cascades": 5,
    "indicators": 5,
    "blocs": 5,
    "assessment": 6,
    "runs": 6,
    "reporting": 7,
    "drawing": 7,
    "cli": 8,
}
LINES, FUNCTION_LINES = 600, 80
# neither the drawing nor the report may solve anything: they are handed results
SOLVERS = {
    f"chainnet.{room}"
    for room in (
        "flow",
        "flow_balance",
        "flow_months",
        "criticality",
        "stress",
        "stress_months",
        "stress_exposure",
        "stress_stockpile",
        "projects",
        "cascades",
    )
}


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem.split("_")[0]


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def imports(path: Path, types: bool = True) -> set[str]:
    """Modules of the package that a module imports, also inside functions."""
    found: set[str] = set()
    todo: list[ast.AST] = [tree(path)]
    while todo:
        node = todo.pop()
        if not types and for_types_only(node):
            continue
        todo.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name}: a relative import"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    known = {dotted(p) for p in MODULES}
    return {name for name in found if name in known and name != "chainnet"}


INNER = [p for p in MODULES if p.parent != PACKAGE or p.stem not in ("__init__", "__main__")]


@pytest.mark.parametrize("path", INNER, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_floors(path: Path) -> None:
    assert room(path) in FLOORS, f"{path.name}: name its floor in FLOORS"
    floor = FLOORS[room(path)]
    for name in sorted(imports(path)):
        target = PACKAGE.parent / Path(*name.split("."))
        target = target.with_suffix(".py") if target.with_suffix(".py").is_file() else target / "__init__.py"
        assert FLOORS[room(target)] <= floor, f"{dotted(path)} (floor {floor}) imports {name}"


def test_no_import_goes_in_a_circle() -> None:
    import networkx as nx

    graph = nx.DiGraph()
    for path in INNER:
        # an import for types alone is none when the program runs
        graph.add_edges_from((dotted(path), name) for name in imports(path, types=False))
    allowed = {
        ("chainnet.network._network", "chainnet.network._convert"),
        ("chainnet.network._convert", "chainnet.network._network"),
    }
    graph.remove_edges_from(
        [edge for edge in allowed if edge[0] == "chainnet.network._network"]
    )  # constructors, lazily
    assert graph.number_of_edges() > 50
    circles = list(nx.simple_cycles(graph))
    assert circles == []


@pytest.mark.parametrize("path", [p for p in INNER if room(p) in ("drawing", "reporting")], ids=lambda p: p.name)
def test_drawing_and_report_never_solve(path: Path) -> None:
    called = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute))
    }
    assert not called & {"max_flow", "balance", "chokepoints", "reroute", "stress_test", "interdict", "ValueModel"}


@pytest.mark.parametrize("path", [p for p in INNER if room(p) == "engine"], ids=lambda p: p.name)
def test_the_engine_knows_arrays_alone(path: Path) -> None:
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module.split(".")[0] for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.module}
    assert not names & {"pandas", "networkx", "igraph", "pathlib", "csv"}
    assert all(name.startswith(("chainnet.engine", "chainnet.errors")) for name in imports(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_sizes_and_docstrings(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body
            own = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                own -= (body[0].end_lineno or 0) - body[0].lineno + 1
            assert own <= FUNCTION_LINES, f"{path.name}: {node.name} has {own} lines"
    if path.stem != "__main__":
        assert ast.get_docstring(tree(path)), f"{path.name}: no module docstring"


def test_the_front_door_only_hands_on_names() -> None:
    for node in tree(PACKAGE / "__init__.py").body:
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr)) or for_types_only(node):
            continue
        if isinstance(node, ast.FunctionDef):
            assert node.name in ("__getattr__", "__dir__")
        else:
            assert isinstance(node, ast.Assign)
            assert {ast.unparse(t) for t in node.targets} <= {"_ROOMS", "__all__"}
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent != PACKAGE:
            assert len(tree(path).body) == 1, f"{path.parent.name}/__init__.py defines something"


def test_no_module_bears_a_public_functions_name() -> None:
    stems = {p.stem for p in MODULES} | {p.parent.name for p in MODULES if p.parent != PACKAGE}
    assert not stems & set(cn.__all__)


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
