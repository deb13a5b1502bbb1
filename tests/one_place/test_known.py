"""What is said of a word that is not known is said in one place: ``checks``, in one wording."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
import pytest
from parsed import nodes, tree

import chainnet as cn
from chainnet import checks

PACKAGE = Path(cn.__file__).parent
TIERS = ("defence", "industrial", "civilian")


def message(word: Any, words: Any = TIERS, **more: Any) -> str:
    with pytest.raises(cn.ChainnetError) as caught:
        checks.known(word, words, "tier", "tier", **more)
    return str(caught.value)


def test_a_known_word_passes() -> None:
    for words in (TIERS, list(TIERS), set(TIERS), dict.fromkeys(TIERS), pd.Index(TIERS)):
        checks.known("industrial", words, "tier", "tier")


def test_what_was_given_what_is_near_and_what_is_known() -> None:
    assert message("defense") == (
        'tier: unknown tier "defense"; did you mean "defence"? Known: defence, industrial, civilian.'
    )
    assert message("navy") == 'tier: unknown tier "navy". Known: defence, industrial, civilian.'
    assert message("navy", also="Leave it out.").endswith("civilian. Leave it out.")
    assert message("navy", {}) == 'tier: unknown tier "navy". Known: none.'


def test_a_set_is_listed_by_the_alphabet_and_a_long_list_is_cut() -> None:
    assert message("x", {"c", "a", "b"}).endswith("Known: a, b, c.")
    many = [f"n{i:02d}" for i in range(checks.MOST_LISTED + 7)]
    assert message("x", many).endswith(f"{many[checks.MOST_LISTED - 1]} and 7 more.")
    assert message("x", many[: checks.MOST_LISTED]).endswith(f", {many[checks.MOST_LISTED - 1]}.")


def test_what_cannot_be_a_word_and_what_is_too_long_is_refused_all_the_same() -> None:
    assert message(["defence"], dict.fromkeys(TIERS)).startswith("tier: unknown tier \"['defence']\"")
    assert "did you mean" not in message("defence" * 40)


def test_an_id_is_refused_by_its_own_error() -> None:
    with pytest.raises(cn.UnknownIdError, match=r'^tier: unknown tier "x"'):
        checks.known("x", TIERS, "tier", "tier", error=cn.UnknownIdError)


def test_a_scenario_that_does_not_ship_is_a_key_error_with_what_is_near(mag9: cn.Network) -> None:
    shipped = cn.scenarios(mag9)
    with pytest.raises(KeyError, match=r'unknown scenario of mag-9 "china_oot"; did you mean "china_out"\?'):
        shipped["china_oot"]
    assert "china_oot" not in shipped
    assert shipped.get("china_oot") is None
    with pytest.raises(cn.UnknownIdError, match="Known: none"):
        cn.scenarios(cn.Network.from_edges(pd.DataFrame({"source": ["m"], "target": ["u"]})))["x"]


@pytest.mark.parametrize(
    "ask",
    [
        cn.assess, cn.balance, cn.service_range, cn.chokepoints, cn.concentration, cn.controls, cn.draw, cn.ensemble,
        cn.in_force, cn.key_assumptions, cn.max_flow, cn.overcapacity, cn.portfolio, cn.reroute, cn.rules, cn.scenarios, cn.sensitivity, cn.shapley, cn.stress_test,
        lambda network: cn.alliance(network, ["USA"]),
        lambda network: cn.joint_stockpile(network, ["USA"]),
        lambda network: cn.risk_exposure(network, recovery=6),
        lambda network: cn.price_floor(network, {"ore": 1.0}),
        lambda network: cn.stockpile_requirement(network, "x"),
    ],
)  # fmt: skip
def test_what_is_no_network_is_refused_in_words(ask: Any) -> None:
    for wrong, name in ((nx.DiGraph(), "DiGraph"), ("mag-9", "str")):
        with pytest.raises(cn.DataError, match=rf"^network: a {name} is no Network\. .*chainnet\.read"):
            ask(wrong)


def test_what_is_no_path_is_refused_in_words() -> None:
    with pytest.raises(cn.DataError, match=r"^read: a DiGraph is neither a path .*Network\.from_networkx"):
        cn.read(nx.DiGraph())  # type: ignore[arg-type]


def texts(path: Path) -> list[str]:
    """Return the texts of a module as they are written, blanks for what is filled in; docstrings are left out."""
    whole = tree(path)
    docs = {
        id(node.body[0].value)
        for node in nodes(whole)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and isinstance(node.body[0], ast.Expr)
        and ast.get_docstring(node) is not None
    }
    found = []
    for node in nodes(whole):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]  # noqa: PD011
            found.append("".join(str(part) for part in parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            found.append(node.value)
    return found


def test_unknown_words_and_near_ones_are_told_in_checks_alone() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "checks.py":
            continue
        inner = path.relative_to(PACKAGE).as_posix()
        source = path.read_text(encoding="utf-8")
        if re.search(r"\bdifflib\b|get_close_matches", source):
            wrong.append(f"{inner}: looks for near matches itself")
        for text in texts(path):
            if re.search(r"did you mean|unknown [a-z ]+ [\"']\{\}|(^|[.:;] ?)(?i:known|one of):? \{\}", text):
                wrong.append(f"{inner}: {text[:60]!r}: chainnet.checks.known")
    assert wrong == []
