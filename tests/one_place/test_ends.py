"""What is short at its range, and whom a sentence is about, each stand in one place."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from parsed import nodes, tree

import chainnet as cn
from chainnet.results import ENDS, Ends, ends_of
from chainnet.words import ALL_TIERS, NBSP, Who, at_ends, nouns, verb

PACKAGE = Path(cn.__file__).parent
# tables of a report name their columns
TABLES = {"reporting/sections/served.py"}


def shared(theirs: float = 8.0) -> cn.Network:
    """Ten tonnes of ore for our eight (five of them defence) and theirs."""
    nodes = pd.DataFrame(
        {
            "id": ["m", "ours", "theirs"],
            "stage": ["mine", "end_use", "end_use"],
            "country": ["AUS", "USA", "CHN"],
            "capacity_tpa": [10.0, None, None],
        }
    )
    edges = pd.DataFrame({"source": ["m", "m"], "target": ["ours", "theirs"]})
    rows = [("ours", "defence", 5.0), ("ours", "civilian", 3.0), ("theirs", "civilian", theirs)]
    demand = pd.DataFrame(rows, columns=["node", "tier", "demand_tpa"])
    return cn.Network(nodes=nodes, edges=edges, demand=demand, beneficiaries=["USA"], name="shared")


# -- numbers ------------------------------------------------------------------------------------


def test_ends_that_differ() -> None:
    """Served last, we get two of the ten: defence lacks three of five, civilian users all three of theirs."""
    table = cn.service_range(shared())
    defence, civilian = (Ends.of(table.loc[tier]) for tier in ("defence", "civilian"))
    assert (defence.after, defence.before, defence.demand) == pytest.approx((0.0, 3.0, 5.0))
    assert (civilian.after, civilian.before, civilian.demand) == pytest.approx((0.0, 3.0, 3.0))
    together = Ends.of(table)
    assert (together.after, together.before, together.demand) == pytest.approx((0.0, 6.0, 8.0))
    assert not together.agree
    assert together.worst == pytest.approx(6.0)
    assert (together.share.after, together.share.before) == pytest.approx((0.0, 0.75))
    assert (together.shares, together.numbers) == (f"0 to 75{NBSP}%", "0 to 6")


def test_ends_that_agree() -> None:
    """Beside two tonnes for others all of ours are served; three tonnes of ore lack five of eight whoever is first."""
    met = Ends.of(cn.service_range(shared(theirs=2.0)))
    assert (met.agree, met.worst, met.numbers) == (True, 0.0, "0")
    few = cn.service_range(shared(theirs=0.0).scale({"id": "m"}, 0.3))
    short = Ends.of(few)
    assert short.agree
    assert short.worst == pytest.approx(5.0)
    assert short.share.after == short.share.before
    assert Ends.by_tier(few, "all")["defence"].share.before == pytest.approx(0.4)
    assert short.shares == f"63{NBSP}%"


def test_the_larger_end_may_be_either() -> None:
    assert (Ends(4.0, 2.0, 8.0).worst, Ends(2.0, 4.0, 8.0).worst) == (4.0, 4.0)
    assert Ends(4.0, 2.0).share == Ends(0.0, 0.0, 1.0), "no demand lacks no part of it"


def test_what_no_reader_sees_is_zero() -> None:
    row = {"demand_tpa": 100.0, ENDS["allies_first"]: 9e-5, ENDS["allies_last"]: 2e-4}
    assert Ends.of(row) == Ends(0.0, 2e-4, 100.0)


@pytest.mark.parametrize("order", ["allies_first", "allies_last", "alike"])
def test_a_stress_test_holds_both_ends_whatever_was_asked(order: str) -> None:
    found = cn.stress_test(shared(), [], months=2, order=order)  # type: ignore[arg-type]
    assert found.summary.columns.isin(ENDS.values()).sum() == (1 if order == "allies_first" else 2)
    ends = Ends.by_tier(ends_of(found.summary, "baseline"), "all")
    both = Ends.by_tier(cn.service_range(shared()), "all")
    assert list(ends) == list(both) == ["defence", "civilian"]
    for tier in ends:
        assert (ends[tier].after, ends[tier].before) == pytest.approx((both[tier].after, both[tier].before))


# -- words --------------------------------------------------------------------------------------


def test_a_tier_and_all_tiers_take_their_words() -> None:
    one, every = Who("defence"), Who.of("")
    assert every is ALL_TIERS
    assert (str(every), one.tier, every.tier) == ("all tiers", "defence", None)
    assert (one.loses, every.loses) == ("defence loses", "all tiers lose")
    assert (one.does("lack", "then"), every.does("lack", "then")) == ("defence then lacks", "all tiers then lack")
    assert (one.demand, every.demand) == ("defence demand", "all demand")
    assert (one.anybody, every.anybody) == ("defence", "anybody")


def test_a_tier_finds_its_rows() -> None:
    table = pd.DataFrame({"tier": ["defence", "civilian", None], "t": [1.0, 2.0, 4.0]})
    assert [Who.of(tier).rows(table)["t"].sum() for tier in ("defence", "civilian", None)] == [1.0, 2.0, 7.0]
    assert Who.named(table)["tier"].tolist() == ["defence", "civilian", "all tiers"]


def test_verbs_and_nouns_follow_their_number() -> None:
    assert [verb(word, 1) for word in ("lose", "are", "have", "do", "cut")] == ["loses", "is", "has", "does", "cuts"]
    assert [verb("are", n) for n in (0, 2)] == ["are", "are"]
    assert [nouns("stock", n) for n in (0, 1, 2)] == ["stocks", "stock", "stocks"]
    assert at_ends("2 t", "3 t") == "2 t if the others are served after, 3 t if before"


# -- one place ----------------------------------------------------------------------------------


def is_all_tiers(node: ast.AST) -> bool:
    named = isinstance(node, ast.Name) and node.id == "ALL_TIERS"
    return named or (isinstance(node, ast.Constant) and node.value == "all tiers")


def asks_for_all(tree: ast.AST) -> Iterator[int]:
    """Yield where something is compared with all tiers, or blanks become them."""
    for node in nodes(tree):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.BoolOp):
            parts = [*node.values]  # noqa: PD011 - no table
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fillna":
            parts = node.args
        elif isinstance(node, ast.IfExp) and "isinstance" in ast.unparse(node.test):
            parts = [node.body, node.orelse]
        if any(map(is_all_tiers, parts)):
            yield node.lineno  # type: ignore[attr-defined]


def agrees_by_hand(tree: ast.AST) -> Iterator[int]:
    """Yield where one of two words is chosen that differ by their number alone."""
    for node in nodes(tree):
        if not isinstance(node, ast.IfExp):
            continue
        sides = [side.elts if isinstance(side, ast.Tuple) else [side] for side in (node.body, node.orelse)]
        for one, other in zip(*sides, strict=False):
            words = [
                part.value for part in (one, other) if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            if len(words) == 2 and all(words) and (verb(words[0], 1) == words[1] or verb(words[1], 1) == words[0]):
                yield node.lineno


def reads_an_end(tree: ast.AST) -> Iterator[int]:
    """Yield where a column of an end is spelled."""
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and node.value in ENDS.values():
            yield node.lineno


@pytest.mark.parametrize(
    ("sought", "rooms"),
    [
        (asks_for_all, {"words"}),
        (agrees_by_hand, {"words"}),
        (reads_an_end, {"results", *TABLES}),
    ],
)
def test_it_stands_in_one_place(sought: Callable[[ast.AST], Iterator[int]], rooms: set[str]) -> None:
    found, inside = [], 0
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        lines = list(sought(tree(path)))
        if name in rooms or name.split("/")[0] in rooms:
            inside += len(lines)
        else:
            found += [f"{name}:{line}" for line in lines]
    assert found == []
    assert inside or sought is agrees_by_hand, "the net itself catches nothing"


@pytest.mark.parametrize(
    ("sought", "source"),
    [
        (asks_for_all, "tier == ALL_TIERS"),
        (asks_for_all, "'all tiers' != whose"),
        (asks_for_all, "tier or ALL_TIERS"),
        (asks_for_all, "table['tier'].fillna(ALL_TIERS)"),
        (asks_for_all, "tier if isinstance(tier, str) else ALL_TIERS"),
        (agrees_by_hand, "'lose' if tier.is_all else 'loses'"),
        (agrees_by_hand, "('leaves', 'it') if n == 1 else ('leave', 'they')"),
        (agrees_by_hand, "'is' if n == 1 else 'are'"),
        (reads_an_end, "row['shortfall_last_tpa']"),
    ],
)
def test_the_net_catches(sought: Callable[[ast.AST], Iterator[int]], source: str) -> None:
    assert list(sought(ast.parse(source))) == [1]
