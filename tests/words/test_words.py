"""The words of numbers: rounded as they say, never to nothing, ranges never inward, units and plurals right."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainnet import words
from chainnet.words._numbers import DUST

AMOUNTS = st.floats(1e-4, 1e9) | st.integers(1, 10**6).map(lambda n: n / 1000)


def flat(text: str) -> str:
    return text.replace(words.NBSP, " ")


def read(text: str) -> float:
    """The number that a reader takes from a text."""
    return float(text.replace(",", "").replace(words.MINUS, "-"))


# -- ranges -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (64.17, 1155.0, "[64–1,200]"),
        (0.0, 339.2, "[0–340]"),
        (5.0, 5.0, "[5–5]"),
        (0.6, 1.0, "[0.6–1]"),
        (0.61, 0.999, "[0.61–1]"),
        (0.04, 0.96, "[0.04–0.96]"),
        (12.34, 12.36, "[12.3–12.4]"),
        (99.94, 100.06, "[99.9–101]"),
        (-1155.0, 64.17, "[−1,200–65]"),
        (0.0, 0.0, "0"),
        (0.0, None, "not assessed"),
        (float("nan"), 3.0, "not assessed"),
    ],
)
def test_ranges_by_hand(low: float | None, high: float | None, said: str) -> None:
    assert words.span(low, high) == said


@settings(max_examples=100)
@given(AMOUNTS | st.just(0.0), AMOUNTS | st.just(0.0), st.sampled_from([(1, 1), (-1, 1), (-1, -1)]))
def test_a_range_holds_both_its_ends_and_little_more(one: float, other: float, signs: tuple[int, int]) -> None:
    low, high = sorted((one * signs[0], other * signs[1]))
    said = words.span(low, high)
    if low == high == 0:
        assert said == "0"
        return
    shown = re.fullmatch(r"\[([^–]+)–([^–]+)\]", said)
    assert shown
    left, right = read(shown[1]), read(shown[2])
    # three figures are kept, or as many as the width allows, and two at least
    room = [max(abs(v) / 100, min((high - low) / 10, abs(v) / 10)) * (1 + 1e-6) for v in (low, high)]
    # what is within a millionth of a step stays where it is
    assert low - room[0] <= left <= low + 1e-6 * room[0], said
    assert high - 1e-6 * room[1] <= right <= high + room[1], said
    assert (left == 0, right == 0) == (low == 0, high == 0), "what is above nothing never reads 0"


# -- single numbers -----------------------------------------------------------------------------------


def test_amounts_bear_no_power_of_ten() -> None:
    said = [words.number(a) for a in (3.5e-7, 0.5, 999.6, 12346.0, 2.5e7)]
    assert said == ["<0.1", "0.5", "1,000", "12,300", "25,000,000"]


@settings(max_examples=100)
@given(AMOUNTS)
def test_three_figures_and_nothing_below_a_tenth_reads_zero(value: float) -> None:
    said = words.number(value)
    assert words.number(-value) == ({"<0.1": f">{words.MINUS}0.1"}.get(said) or f"{words.MINUS}{said}")
    if value < 0.1:
        assert said == "<0.1"
        return
    assert abs(read(said) - value) <= 0.5 * 10 ** (math.floor(math.log10(value)) - 2) * (1 + 1e-6)


@settings(max_examples=100)
@given(st.floats(0, 1) | st.integers(0, 1000).map(lambda n: n / 1000))
def test_a_share_reads_nothing_or_all_only_where_it_is(share: float) -> None:
    said = flat(words.percent(share)).removesuffix(" %")
    assert (said == "0") == (100 * share <= DUST)
    assert (said == "100") == (100 * share >= 100 - DUST)
    if said.startswith(("<", ">")):
        assert share < 0.001 or share > 0.999
    else:
        assert abs(read(said) - 100 * share) <= (0.1 if share >= 0.995 else 0.5 if share >= 0.0995 else 0.05) * 1.000001


@pytest.mark.parametrize(
    ("value", "yearly", "in_all", "dollars"),
    [
        (0.6, "0.6 t/yr", "0.6 t", "USD <0.1 million"),
        (385.0, "385 t/yr", "385 t", "USD <0.1 million"),
        (1234.0, "1,230 t/yr", "1,230 t", "USD <0.1 million"),
        (2e6, "2,000,000 t/yr", "2,000,000 t", "USD 2 million"),
        (1.159334e7, "11,600,000 t/yr", "11,600,000 t", "USD 11.6 million"),
        (0, "0 t/yr", "0 t", "USD 0 million"),
    ],
)
def test_units_stand_behind_their_numbers(value: float, yearly: str, in_all: str, dollars: str) -> None:
    assert flat(words.tonnes(value)) == yearly
    assert flat(words.weight(value)) == in_all
    assert flat(words.money(value)) == dollars


def test_one_is_singular_and_all_else_plural() -> None:
    assert [words.in_months(n) for n in (0, 1, 2, 12)] == ["0 months", "1 month", "2 months", "12 months"]
    assert [words.counted(n, "node") for n in (0, 1, 1001)] == ["0 nodes", "1 node", "1,001 nodes"]
    assert [words.spelled(n, "pair costs", "pairs cost") for n in (0, 1, 2, 10, 11)] == [
        "no pairs cost", "one pair costs", "two pairs cost", "ten pairs cost", "11 pairs cost"
    ]  # fmt: skip


@given(st.lists(st.floats(0, 100) | st.integers(0, 3).map(float), min_size=1, max_size=8))
def test_ranks_count_those_before_and_mark_ties(values: list[float]) -> None:
    ordered = sorted(values, reverse=True)
    said = words.ranks(ordered)
    for value, rank in zip(ordered, said, strict=True):
        if not any(v != value and words.same(v, value) for v in ordered):
            assert rank == f"{1 + sum(v > value for v in ordered)}{'=' if ordered.count(value) > 1 else ''}"


@pytest.mark.parametrize(
    ("one", "other", "is_tie"),
    [(5.0, 5.0 + 1e-7, True), (5.0, 5.001, False), (4e4, 4e4 + 0.01, True), (4e4, 4e4 + 0.1, False), (0, 1e-13, True),
     (0.0, 1e-4, False), (0.6, 0.4, False), (1e-3, 1.1e-3, False)],
)  # fmt: skip
def test_two_results_tie_within_what_a_solve_is_certain_of(one: float, other: float, is_tie: bool) -> None:
    assert words.same(one, other) is words.same(other, one) is is_tie
    larger, smaller = max(one, other), min(one, other)
    assert words.ranks([larger, smaller]) == (["1=", "1="] if is_tie else ["1", "2"])


def test_when_it_is_first_short_is_said_of_the_central_case_where_the_class_cannot_be_said() -> None:
    nothing = words.Narrow("", 0.0, 0.0, 0)
    for certain, case in ((True, ""), (False, ", central case")):
        short = words.Shortfall(0.1, 0.3, 0.2, 0.6, 0.0, is_met=False, is_certain=certain)
        at = {month: words.Claims("Stop", "defence", True, short, month, nothing).first(48) for month in (3.0, 14.0)}
        assert at == {3.0: ("Month 3", f"first shortfall{case}"), 14.0: ("Year 2", f"first shortfall{case}")}
        never = words.Claims("Stop", "defence", True, short, math.nan, nothing).first(48)
        assert never == ("Never", f"is allied defence demand short (48 months{case})")
