"""The package as Python parses it: each module once a process, whoever asks."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
PACKAGE = Path(__file__).parents[1] / "chainnet"


@cache
def tree(path: Path) -> ast.Module:
    """Return the tree of a module, which nobody changes."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(whole: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes of a tree that stays as it is, as ``ast.walk`` yields them."""
    return tuple(ast.walk(whole))


@cache
def statements(whole: ast.AST) -> tuple[ast.AST, ...]:
    """Return all statements inside a tree: a fifth of its nodes, and no import hides in an expression."""
    parts = [part for part in ast.iter_child_nodes(whole) if isinstance(part, _BLOCKS)]
    return tuple(one for part in parts for one in (part, *statements(part)))


@cache
def trees() -> dict[str, ast.Module]:
    """Return the trees of all modules by their place in the package."""
    return {path.relative_to(PACKAGE).as_posix(): tree(path) for path in sorted(PACKAGE.rglob("*.py"))}
