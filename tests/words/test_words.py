"""The words of numbers: rounded as they say, never to nothing, ranges never inward, units and plurals right."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pandas as pd
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
    nothing = words.Narrow("", 0.0, 0)
    for certain, case in ((True, ""), (False, ", central case")):
        short = words.Shortfall(0.1, 0.3, 0.2, 0.6, 0.0, is_met=False, is_certain=certain)
        at = {month: words.Claims("Stop", "defence", True, short, month, nothing).first(48) for month in (3.0, 14.0)}
        what = f"first defence shortfall{case}"
        assert at == {3.0: ("Month 3", what), 14.0: ("Year 2", what)}
        never = words.Claims("Stop", "defence", True, short, math.nan, nothing).first(48)
        assert never == ("Never", f"is allied defence demand short (48 months, with new suppliers{case})")


# -- sentences of a finding ---------------------------------------------------------------------------

NOWHERE = words.Narrow("", 0.0, 0)
SEPARATION = words.Narrow("separation in China", 40.0, 2)


def claims(
    later: float = 0.3,
    narrow: words.Narrow = NOWHERE,
    month: float = 3.0,
    decides: tuple[str, ...] = (),
    *,
    first_year: float = 0.124,
    already: float = 0.0,
    is_certain: bool = True,
    last: float = 0.0,
    is_worse_last: bool = False,
    decided: tuple[float, float] = (0.6, 0.6),
    good: str = "",
) -> words.Claims:
    """A finding of allied defence demand; less than 1 % is met."""
    is_met = max(later, first_year) <= 0.01
    short = words.Shortfall(first_year, later, 0.2, 0.6, already, is_met, is_certain, last, is_worse_last, decided)
    return words.Claims("china out", "defence", True, short, month, narrow, decides, good)


def test_a_verdict_names_who_from_when_and_how_much_as_far_as_it_can_be_said() -> None:
    said = [
        claims(),
        claims(month=math.nan),
        claims(month=25.0),
        claims(later=0.0),
        claims(0.0, first_year=0.0),
        claims(is_certain=False),
    ]
    assert [flat(one.title) for one in said] == [
        "China out: from month 3 allied defence demand is short, later by 30 %.",
        "China out: 30 % of allied defence demand is short in the long run.",
        "China out: from year 3 allied defence demand is short, later by 30 %.",
        "China out: 12 % of allied defence demand is short in the first year, nothing later.",
        "China out: allied defence demand is met.",
        "China out: what allied defence demand loses cannot be said.",
    ]


def test_a_line_of_an_overview_ends_with_what_decides_and_says_what_is_short_already() -> None:
    found = claims(decides=("if the stock is halved", "if nothing else"), already=0.1)
    assert flat(found.line("Gallium", "china out")).endswith(
        " 10 % is short without any restriction. What decides: if the stock is halved."
    )
    assert flat(claims().line("Gallium", "china out")).startswith("Gallium, china out: ")
    assert claims().line("Gallium", "china out").endswith(". Nothing alone changes that.")


def test_how_sure_a_verdict_is_names_what_changes_it_and_what_does_not() -> None:
    found = claims(decides=("if the stock is halved",))
    firm, loose = {"stocks": True, "projects": True}, {"law": False}
    assert found.how_sure(firm) == "No judgement and no doubtful input that was tried changes this verdict."
    assert found.how_sure(firm | loose) == (
        "The verdict changes if the stock is halved: 60\xa0%. Nothing assumed of stocks or projects changes its class."
    )
    assert flat(found.how_sure(loose)) == "The verdict changes if the stock is halved: 60 %."
    two = claims(decides=("if the stock is halved", "without a mine"), decided=(0.34, 0.67))
    assert flat(two.how_sure(loose)) == "The verdict changes most if the stock is halved: 34 to 67 %."
    none = claims(decides=("with half of the demand",), decided=(0.0, 0.0))
    assert none.how_sure(loose) == "The verdict changes with half of the demand: nothing short."
    assert claims().how_sure(firm | loose) == "Nothing assumed of stocks or projects changes its class."


def test_who_is_short_tells_the_tier_then_the_others_in_the_order_of_service() -> None:
    industry = words.Other("industry", False, True, (0.2, 0.3), 0.5)
    civilian = words.Other("civilian", True, True, (0.0, 0.0), 0.0)
    hobby = words.Other("hobby", False, False, (0.1, 0.1), 0.1)
    assert flat(claims().who([civilian, industry, hobby])) == (
        "Allied defence demand loses 12 % over the first year, more later. Civilian demand is met. "
        "Industry demand loses 50 %. What hobby demand loses cannot be said."
    )
    late = {later: flat(claims(later).who([])) for later in (0.0, 0.05, 0.124)}
    assert late == {
        later: f"Allied defence demand loses 12 % over the first year, {word} later."
        for later, word in ((0.0, "nothing"), (0.05, "less"), (0.124, "as much"))
    }
    open_ = [replace(industry, later=(0.59, 1.0)), replace(hobby, is_certain=True, is_sooner=True)]
    assert flat(claims().who(open_)).endswith(
        "Industry demand loses 59 to 100 %. Short sooner, hobby demand loses 10 %."
    )
    last = [civilian, replace(civilian, tier="hobby", is_met_last=False)]
    assert flat(claims().who(last)).endswith("Civilian demand is met. Hobby demand is met unless served last.")
    assert flat(claims(0.0, first_year=0.0).who([])) == "Allied defence demand is met in the first year and later."
    assert flat(claims(is_certain=False).who([])) == (
        "Allied defence demand loses 12 % over the first year (central case)."
    )
    assert flat(claims(first_year=0.0, good="red").who([])) == (
        "Allied defence demand loses nothing over the first year, more later: in the central case only red."
    )


def test_the_first_short_month_names_another_year_at_the_ends_of_stocks() -> None:
    what = "first defence shortfall"
    assert claims(month=43.0).first(48, 25.0, 43.0) == ("Year 4", f"{what} (year 3 at low stocks)")
    assert claims(month=8.0).first(48, 7.0, 14.0) == ("Month 8", f"{what} (year 2 at high stocks)")
    assert claims(month=8.0).first(48, 7.0, math.nan) == ("Month 8", what)


def test_a_part_of_a_cost_is_said_to_be_one() -> None:
    shared = ADVICE | {"cost_also": "bauxite"}
    assert "(part of USD 30 million, due Apr 2026)" in flat(claims().what([shared]))


def test_two_cheaper_projects_are_said_to_do_as_much() -> None:
    rivals = {"rivals": ["a"], "cheaper": ["c", "d"]}
    said = flat(claims().what([ADVICE | rivals]))
    assert said.endswith("One other project avoids as much. Two cheaper projects do so together.")


def test_the_bottleneck_bears_its_loss_and_its_ties() -> None:
    assert flat(claims(narrow=SEPARATION).where) == (
        "The bottleneck is separation in China. On existing links its stop costs allied defence demand 40 t/yr. "
        "Other steps cost as much."
    )
    assert claims().where == "No single step abroad costs allied defence demand anything if it alone stops."


def test_a_time_that_rests_on_stocks_says_both_ends() -> None:
    assert claims().with_stocks(2.0, 7.0) == (
        "The time rests on stocks: allied defence demand is short from month 2 with all of them at the low end of "
        "their ranges, from month 7 at the high end."
    )
    assert claims().with_stocks(3.0, 3.0) == ""
    assert "in no month looked at at the high end" in claims().with_stocks(3.0, math.nan)


ADVICE = {"verb": "Build", "thing": "works", "ids": ["w"], "state": "building", "avoids_tpa": 12.0, "left_tpa": 8.0,
          "cost_musd": 30.0, "cost_also": "", "cheaper": [], "due": "Apr 2026", "is_past": False, "closes": False, "conditions": [], "rivals": []}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Build works: that avoids 12 t/yr (capex USD 30 million, due Apr 2026), leaving 8 t/yr."),
        ({"is_past": True, "closes": True, "rivals": ["other"]},
         "Build works: that avoids 12 t/yr (capex USD 30 million, was due Apr 2026), closing the gap. "
         "One other project avoids as much."),
        ({"closes": True, "conditions": ["allies come first", "links hold"]},
         "Build works: that avoids 12 t/yr (capex USD 30 million, due Apr 2026), closing the gap if allies come first and "
         "links hold."),
        ({"cost_musd": None, "due": "", "rivals": ["a", "b"]},
         "Build works: that avoids 12 t/yr (cost unknown), leaving 8 t/yr. Two other projects avoid as much."),
        ({"ids": [], "cost_musd": None, "due": ""},
         "Build works: that avoids 12 t/yr (cost unknown), leaving 8 t/yr."),
        ({"state": "held", "left_tpa": 0.0}, "Build works: that avoids 12 t/yr, leaving nothing short for one year."),
    ],
)  # fmt: skip
def test_what_to_do_says_what_it_avoids_and_costs(changed: dict[str, object], said: str) -> None:
    assert flat(claims().what([ADVICE | changed])) == said


def test_what_to_do_begins_with_the_first_project_and_says_what_closes_the_rest() -> None:
    stock = ADVICE | {"verb": "Release", "state": "held"}
    then = ADVICE | {"verb": "Fund", "thing": "more works", "closes": True, "due": "2031", "rivals": ["third"]}
    tied = [one | {"conditions": ["links hold"]} for one in (ADVICE, then)]
    assert flat(claims().what(tied)).endswith("(capex USD 30 million, due 2031): that closes the gap if links hold.")
    assert flat(claims().what([stock, ADVICE, then])) == (
        "Build works: that avoids 12 t/yr (capex USD 30 million, due Apr 2026), leaving 8 t/yr. "
        "Then fund more works (capex USD 30 million, due 2031): that closes the gap."
    )


def test_without_advice_it_is_said_whether_any_is_needed() -> None:
    assert claims().what([]) == "No listed project avoids the shortfall of allied defence demand."
    assert claims(later=0.0).what([]) == "No measure is needed once new suppliers are qualified."
    assert claims(later=0.0, is_certain=False).what([]) == (
        "In the central case no measure is needed once new suppliers are qualified."
    )


def test_what_allies_lose_if_served_last_stands_beside_what_is_firm() -> None:
    firm, loose = {"order": True, "links": True}, {"order": True, "links": False}
    assert flat(claims(last=1.0, is_worse_last=True).how_sure(loose)) == "Served last, allies lose all."
    assert flat(claims().how_sure(loose)) == "Nothing assumed of order changes its class."
    assert flat(claims(last=0.6, is_worse_last=True).how_sure(firm)).endswith(
        "changes this verdict; served last, allies lose 60 %."
    )
    assert "served last" not in claims(last=1.0).how_sure(loose)


def test_when_the_gap_opens_is_the_title_of_the_months() -> None:
    assert claims(month=8.0).course(48) == "Short within the first year"
    assert claims(month=43.0).course(48) == "Short after the first year"
    assert claims(month=math.nan).course(48) == "Nothing short in 48 months, but later"
    assert claims(later=0.0, month=math.nan).course(24) == "Nothing short in 24 months"
    assert claims(is_certain=False, month=math.nan).course(24) == "Nothing short in 24 months"


# -- sentences of answers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1 / 11, 0.4, "between 1 in 11 and 2 in 5"),
        (0.0, 0.5, "between none and 1 in 2"),
        (1 / 1234, 0.9, "between 1 in 1,200 and 9 in 10"),
        (0.33, 0.96, "between 1 in 3 and nearly certain"),
    ],
)
def test_a_chance_is_said_with_both_ends(low: float, high: float, said: str) -> None:
    assert words.odds(low, high) == said


def test_a_part_of_nothing_is_no_share() -> None:
    assert words.part_of(12.0, 48.0) == "12 of 48 t/yr (25 %)"
    assert words.part_of(0.0, 0.0) == "0 of 0 t/yr (0 %)"


def test_numbers_in_full_and_shares_a_little_above_all_keep_their_side() -> None:
    assert [words.exact(x) for x in (2e-9, -2e-9, -12.5, math.inf, -math.inf, 0)] == [
        "<0.000001", ">-0.000001", "-12.5", "inf", "-inf", "0"
    ]  # fmt: skip
    assert [words.percent(x, " ") for x in (1.0000001, 1.0003, 1.0021, 1.0051, 1.012, -0.25, 0.0004)] == [
        "100 %", ">100 %", "100.2 %", "101 %", "101 %", "−25 %", "<0.1 %"
    ]  # fmt: skip


def test_a_sum_says_what_it_is_of_and_what_lacks_a_price() -> None:
    head = (["defence"], "through “A stops”", "12 months")
    alloy, oxide, slag = words.Amount(30.0, "alloy", 6e6), words.Amount(2.5, "oxide", 3e6), words.Amount(1.0, "slag")
    said = words.requirement_sentence(head, [alloy, oxide, slag], [], [alloy, oxide, slag], idle=["Firm X, 5 t"])
    assert said == (
        "For defence demand to be met through “A stops” (12 months) 30 t of alloy, 2.5 t of oxide and 1 t of slag "
        "must be in stock, USD 9 million in all without those that have no price. "
        "On record, but not drawn: Firm X, 5 t. All of it is to buy."
    )
    assert "must be in stock, no price in the data. No stock is on record" in words.requirement_sentence(
        head, [slag], [], [slag]
    )


def test_what_a_stock_gives_says_all_and_what_it_may_be_at_least() -> None:
    said = [
        str(words.Drawn("Firm X", "oxide", 200.0, drawn, low))
        for drawn, low in ((80.0, 50.0), (200.0, 0.0), (80.0, None))
    ]
    assert [flat(one) for one in said] == [
        "Firm X gives 80 t of its 200 t (perhaps only 50) of oxide",
        "Firm X gives all its 200 t (perhaps none) of oxide",
        "Firm X gives 80 t of its 200 t of oxide",
    ]


def test_who_is_short_and_when_is_said_once_where_it_is_the_same() -> None:
    def tier(name: str, short: float, since: str) -> words.TierShort:
        return words.TierShort(name, short, 16.0, since=since)

    now, later = " from month 1", " from year 2"
    both = [tier("defence", 1.0, now), tier("civilian", 10.0, later)]
    assert words.short_sentence("china_out", both) == (
        "China out: defence is short 1 of 16 t/yr from month 1, civilian short 10 of 16 t/yr from year 2."
    )
    alike = [tier("defence", 1.0, now), tier("civilian", 10.0, now), tier("hobby", 0.0, ""), tier("art", 0.0, "")]
    assert words.short_sentence("china_out", alike) == (
        "China out: defence is short 1 of 16 t/yr, civilian short 10 of 16 t/yr from month 1. Hobby and art are met."
    )
    assert words.short_sentence("", [words.TierShort(None, 4.0, 16.0, 3.0, 5.0, now)]) == (
        "Baseline: demand is short 3 to 5 of 16 t/yr from month 1."
    )


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([50.0, 20.0, 20.0, 30.0, 0.0], "50 of 50 t/yr is short a, 20 b, nothing e."),
        ([50.0, 50.0, 50.0, 50.0, 50.0], "50 of 50 t/yr is short a; no level of response avoids any of it."),
        ([40.0, 40.0 - 4e-5, 40.0, 40.0, 40.0], "40 of 50 t/yr is short a; no level of response avoids any of it."),
        ([4e-5, 0.0, 0.0, 0.0, 0.0], "all demand is met a."),
    ],
)
def test_only_levels_that_avoid_more_than_the_one_before_are_named(left: list[float], said: str) -> None:
    assert words.levels_sentence("", list(zip("abcde", left, strict=True)), 50.0) == f"Baseline: {said}"


def test_a_course_of_two_months_names_both_and_one_of_one_names_it() -> None:
    assert [words.course_words(3.0, n) for n in (1.0, 2.0, 12.0)] == [
        " in month 3",
        " in months 3 to 4",
        " in months 3 to 14",
    ]
    assert words.course_words(3.0, 2.0, 3.0) == " in months 3 to 4", "kept whole no longer, nothing to add"


def test_ends_are_said_of_each_tier_where_one_does_not_agree() -> None:
    apart, alike = words.SaidEnds(0.0, 2.9, 2.9), words.SaidEnds(0.5, 0.5, 0.8)
    assert flat(words.ends_sentence({"defence": apart, "civilian": alike})) == (
        "defence short 0 t/yr if the others are served after, 2.9 t/yr (100 %) if before; "
        "civilian short 0.5 t/yr (63 %), whoever is served first"
    )


def test_gains_below_a_dollar_and_around_nothing_keep_their_sign() -> None:
    assert flat(words.gains(-0.5, 0.5)) == f"between {words.MINUS}USD 0.5 and +USD 0.5"
    assert flat(words.gains(-4e6, 0.0)) == "lose up to USD 4 million"
    assert (
        words.budget_sentence(5.0, ["A"], 2.0, 0.5)
        == "USD 5 million: A avoids 0.5 t/yr of shortfall for USD 2 million."
    )


def test_names_of_countries_and_things_stand_in_a_sentence() -> None:
    said = [
        words.in_sentence(name) for name in ("The Gambia", "Philippines", "United Kingdom", "Netherlands", "Thailand")
    ]
    assert said == ["the Gambia", "the Philippines", "the United Kingdom", "the Netherlands", "Thailand"]
    assert [words.named(name) for name in ("Smith and Sons", "Sandvik")] == ["“Smith and Sons”", "Sandvik"]
    assert words.titled("“a b c d”") == "“a b c d”"
    assert words.titled("the “new” mine of Kiruna") == "“the ‘new’ mine of Kiruna”"
    groups = {"solo": frozenset({"FRA"}), "duo": frozenset({"FRA", "DEU"}), "all": frozenset({"FRA", "DEU", "JPN"})}
    assert words.who(["FRA", "JPN"], groups) == "France and Japan", "a group of one is that country"
    assert words.who(["JPN", "duo"], {**groups, "other": frozenset({"FRA"})}) == "Japan and duo"
    assert words.demand_words(words.ALL_TIERS, True) == "allied demand"
    assert [words.place_words(*one) for one in (("end_use", "CHN"), ("", "CHN"))] == ["end use in China", ""]


def test_what_no_cell_holds_is_no_number() -> None:
    for blank in (None, math.nan, pd.NA):
        assert (words.number(blank), words.count(blank), words.whole(blank)) == ("n/d", "n/d", "n/d")
    assert [words.bill(usd).replace(words.NBSP, " ") for usd in (0.5, 1e6)] == ["under USD 1 million", "USD 1 million"]
    assert words.percent(0.995, " ") == "99.5 %"


def test_what_is_to_buy_at_low_stocks_is_said_only_where_it_differs() -> None:
    head, need = (["defence"], "in 2030", "12 months"), [words.Amount(30.0, "alloy", 6e6)]
    drawn = [words.Drawn("Firm X", "alloy", 20.0, 20.0, 10.0)]
    buys = [[words.Amount(tonnes, "alloy", 2e6)] for tonnes in (10.0, 20.0)]
    same, more = (words.requirement_sentence(head, need, drawn, buys[0], most) for most in buys)
    assert same.endswith("To buy: 10 t of alloy, USD 2 million.")
    assert more.endswith(
        "To buy: 10 t of alloy, USD 2 million; with stocks at their low figures 20 t of alloy, USD 2 million."
    )
    assert flat(words.stock_part("oxide", 3.0, 3.0, None)) == "3 t of oxide (all to buy, no price in the data)"


# -- how much, in a clause, a key figure and the title of today's rules ---------------------------------

JUDGED = "Judged otherwise, one thing at a time, 20 to 60 % of allied defence demand is short once stocks are gone. "


@pytest.mark.parametrize(
    ("changed", "amount", "figure", "today"),
    [
        ({}, "30 % of allied defence demand is short once stocks are gone (20 to 60 %), 12 % in the first year",
         ("30 %", "of allied defence demand short (20 to 60 %)"), ("30 %", "of allied defence demand short under today's rules")),
        ({"first_year": 0.01}, "30 % of allied defence demand is short once stocks are gone (20 to 60 %), nothing in the first year",
         ("30 %", "of allied defence demand short (20 to 60 %)"), ("30 %", "of allied defence demand short under today's rules")),
        ({"later": 0.01}, "12 % of allied defence demand is short in the first year, nothing once new suppliers are qualified "
         "(20 to 60 %)", ("12 %", "of allied defence demand short, first year alone"),
         ("12 %", "of allied defence demand short under today's rules")),
        ({"later": 0.0, "first_year": 0.0}, "allied defence demand is met (20 to 60 %)",
         ("Nothing", "of allied defence demand short (20 to 60 %)"), ("Nothing", "of allied defence demand short under today's rules")),
        ({"is_certain": False}, "how much of allied defence demand is short once stocks are gone cannot be said (20 to 60 %), "
         "12 % is short in the first year", ("20 to 60 %", "of allied defence demand short, by judgement"),
         ("Cannot be said", "of defence demand today (20 to 60 %)")),
        ({"is_certain": False, "first_year": 0.0}, "how much of allied defence demand is short once stocks are gone cannot be "
         "said (20 to 60 %), nothing is short in the first year", ("20 to 60 %", "of allied defence demand short, by judgement"),
         ("Cannot be said", "of defence demand today (20 to 60 %)")),
    ],
)  # fmt: skip
def test_how_much_is_short_is_said_with_its_range(
    changed: dict[str, float], amount: str, figure: tuple[str, str], today: tuple[str, str]
) -> None:
    found = claims(**changed)  # type: ignore[arg-type]
    assert flat(found.amount) == amount
    assert tuple(map(flat, found.figure)) == figure
    assert tuple(map(flat, found.today)) == today
    assert flat(found.judged).startswith(JUDGED)
    assert flat(found.judged).endswith(
        ". A weak input can go further: ask chainnet assumptions of this scenario and tier."
    )
    assert flat(found.line("Gallium", "China out")) == f"Gallium, China out: {amount}. Nothing alone changes that."


def test_where_no_judgement_moves_it_no_range_is_said() -> None:
    def still(share: float, later: float, **more: bool) -> words.Claims:
        found = claims(later, first_year=later, **more)  # type: ignore[arg-type]
        return replace(found, shortfall=replace(found.shortfall, low=share, high=share))

    sure, open_, met = still(0.3, 0.3), still(0.3, 0.3, is_certain=False), still(0.0, 0.0)
    assert [one.judged for one in (sure, open_, met)] == ["", "", ""]
    assert [tuple(map(flat, one.figure)) for one in (sure, open_, met)] == [
        ("30 %", "of allied defence demand short"), ("Cannot be said", "for allied defence demand"),
        ("Nothing", "of allied defence demand short"),
    ]  # fmt: skip
    assert tuple(map(flat, open_.today)) == ("Cannot be said", "for allied defence demand under today's rules")
    assert met.amount == "allied defence demand is met"
    assert flat(sure.amount).endswith("is short once stocks are gone (30 %), 30 % in the first year")


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        ({"ids": ["w", "v"]}, "(capex USD 30 million, last due Apr 2026)"),
        ({"ids": ["w", "v"], "cost_musd": None, "is_past": True}, "(not all costs known, was last due Apr 2026)"),
        ({"due": ""}, "(capex USD 30 million)"),
        ({"cost_musd": 0.5}, "(capex under USD 1 million, due Apr 2026)"),
    ],
)
def test_a_bill_says_whose_cost_and_date_it_is(advice: dict[str, object], said: str) -> None:
    assert flat(claims().what([ADVICE | advice])) == f"Build works: that avoids 12 t/yr {said}, leaving 8 t/yr."


def test_what_follows_a_first_advice_names_what_it_leaves_and_each_condition_once() -> None:
    first = ADVICE | {"conditions": ["b holds", "a holds"]}
    then = ADVICE | {"verb": "Fund", "thing": "mill", "left_tpa": 3.0, "conditions": ["a holds", "c holds"], "due": ""}
    assert flat(claims().what([first, then])) == (
        "Build works: that avoids 12 t/yr (capex USD 30 million, due Apr 2026), leaving 8 t/yr. "
        "Then fund mill (capex USD 30 million): that leaves 3 t/yr if b holds, a holds and c holds."
    )
    stocks = [ADVICE | {"state": "held", "thing": thing, "left_tpa": 5.0} for thing in ("one", "two")]
    assert flat(claims().what(stocks)) == "Build two: that avoids 12 t/yr, leaving 5 t/yr for one year."


def test_a_mark_in_a_picture_names_one_thing_or_how_many() -> None:
    assert [words.in_a_mark("“Works, phase 1”", ids) for ids in ([], ["w"], ["w", "v"], ["w", "v", "u"])] == [
        "Works, phase 1", "Works, phase 1", "two projects", "three projects",
    ]  # fmt: skip


# -- sentences of answers, branch by branch -------------------------------------------------------------


def test_a_tier_is_met_up_to_what_a_solve_is_certain_of_at_the_worst_of_its_ends() -> None:
    def met(short: float, most: float = math.nan) -> bool:
        return words.TierShort("defence", short, 100.0, 0.0, most).is_met

    assert [met(0.99e-4), met(1.01e-4), met(0.0, 0.99e-4), met(0.0, 2e-4), met(2e-4, 0.0)] == [
        True,
        False,
        True,
        False,
        False,
    ]
    assert words.TierShort("defence", 4.0, 16.0).share == 0.25
    assert words.TierShort("defence", 4.0, 0.0).share == 0.0
    peak = words.TierShort("defence", 4.0, 16.0, 3.0, 5.0, is_peak=True)
    assert (peak.amount, replace(peak, most=3.0).amount, replace(peak, is_peak=False).amount) == (
        "up to 3 to 5 of 16 t/yr", "up to 4 of 16 t/yr", "3 to 5 of 16 t/yr",
    )  # fmt: skip


def test_what_costs_most_is_a_plant_or_a_group() -> None:
    assert words.costliest_sentence("A", "4 t", 2) == "Losing A costs most, as does any of 2 others: 4 t."
    assert words.next_sentence("A", "4 t", is_group=True) == "Of groups of plants A costs most: 4 t."
    assert words.next_sentence("", "", is_group=True) == "No group of plants costs anything alone."


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ("china_out", 0.0, 428.0, "defence demand"),
            "Before any loss nothing of defence demand is short (China out).",
        ),
        (("", 4.3e-4, 428.0), "Before any loss <0.1 of 428 t/yr is short (baseline)."),
        (("", 4.28e-4, 428.0), "Before any loss nothing is short (baseline)."),
        (("", math.nan, math.nan), ""),
    ],
)
def test_what_is_short_before_any_loss(asked: tuple[str, float, float], said: str) -> None:
    assert words.before_sentence(*asked) == said


def test_goods_that_a_country_ships_on_are_told_by_country() -> None:
    said = words.reexports_sentence([("China", 4080.0, 11024.0), ("Japan", 2.0, 8.0)], 1)
    assert said == (
        "Goods that a country ships but did not make count as lost with their makers alone, traced by equal mixing: "
        "4,080 of 11,000 t/yr from China, 2 of 8 from Japan, and those of 1 other."
    )
    assert words.reexports_sentence([("China", 4.0, 8.0)]).endswith("mixing: 4 of 8 t/yr from China.")


@pytest.mark.parametrize(
    ("ends", "may_turn", "said"),
    [
        ((3.0, 7.0), False, "gain USD 3 to 7"), ((-3.0, -7.0), False, "lose USD 3 to 7"),
        ((5e5, 7e6), False, "gain USD 500,000 to USD 7 million"), ((5.0, 5.0), False, "gain USD 5"),
        ((-5e6, -5e6), False, "lose USD 5 million"), ((0.0, -4.0), False, "lose up to USD 4"),
        ((0.0, 0.0), False, "lose up to USD 0"), ((1e6, 2e6), True, "between +USD 1 million and +USD 2 million"),
        ((2e6, -1e6), False, "between −USD 1 million and +USD 2 million"),
    ],
)  # fmt: skip
def test_what_several_gain_or_lose_by_hand(ends: tuple[float, float], may_turn: bool, said: str) -> None:
    assert flat(words.gains(*ends, may_turn)) == said


def test_a_budget_names_several_that_avoid_and_nothing_where_none_does() -> None:
    said = words.budget_sentence(5.0, ["A", "B"], 2.0, 0.5)
    assert said == "USD 5 million: A and B avoid 0.5 t/yr of shortfall for USD 2 million."
    assert words.budget_sentence(5.0, ["A"], 2.0, 0.0) == "USD 5 million: nothing on offer avoids any shortfall."


def test_a_floor_bites_above_a_billionth() -> None:
    assert [words.floor_state(100.0, levy, held) for levy, held in ((1e-7, False), (1.1e-7, False), (1.0, True))] == [
        "already there", "broken", "held",
    ]  # fmt: skip


def test_owners_and_stocks_are_listed() -> None:
    parts = [("Brazil", 0.0, 12.0), ("Chile", 3.0, 1.0)]
    assert flat(words.owners_sentence(parts, "defence")).endswith("owns them): Brazil 0 and 12 and Chile 3 and 1.")
    assert words.carried_sentence("a_stops", []) == ""
    stocks = [("Firm X", "oxide, pure", 200.0, 100.0, 250.0), ("Firm Y", "alloy", 20.0, 0.0, 25.0)]
    assert words.carried_sentence("a_stops", stocks) == (
        "a_stops: the time rests on stocks: Firm X 200 t (100 to 250) of “oxide, pure” and Firm Y 20 t (0 to 25) of alloy."
    )
    assert flat(words.stock_part("oxide", 30.0, 2.0, None)) == (
        "30 t of oxide (2 t to buy beside what is held, no price in the data)"
    )


HEAD = (["defence", "civilian"], "through “A stops”", "12 months")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        # one material in tonnes
        ([("alloy", 0.0, None)], [("alloy", 40.0, None)], "With demand at its low figures nothing, at its high figures 40 t."),
        ([], [("alloy", math.inf, None)], "With demand at its low figures nothing, at its high figures no amount."),
        ([("alloy", 30.0, None)], [("alloy", 30.0, None)], ""),
        # several in USD, of which some may have no amount
        ([("oxide", 1.0, 2e6)], [("alloy", 40.0, 9e6), ("oxide", 2.0, 1e6)],
         "With demand at its low figures USD 2 million, at its high figures USD 10 million in all."),
        ([], [("oxide", 2.0, 9e6)], "With demand at its low figures nothing, at its high figures USD 9 million."),
        ([("oxide", 1.0, 2e6)], [("alloy", math.inf, 9e6)],
         "With demand at its low figures USD 2 million, at its high figures no amount."),
    ],
)  # fmt: skip
def test_what_is_required_at_the_ends_of_demand(low: list[tuple], high: list[tuple], said: str) -> None:  # type: ignore[type-arg]
    ends = tuple([words.Amount(tonnes, label, usd) for label, tonnes, usd in side] for side in (low, high))
    told = words.requirement_sentence(HEAD, [words.Amount(30.0, "alloy", 6e6)], [], [], ends=ends)  # type: ignore[arg-type]
    assert told == " ".join(
        part
        for part in (
            "For defence and civilian demand to be met through “A stops” (12 months) 30 t of alloy must be in stock, USD 6"
            " million.",
            said,
            "No stock is on record, so all of it is to buy.",
        )
        if part
    )


def test_of_many_stocks_and_goods_without_a_price_three_are_named() -> None:
    need = [words.Amount(30.0, "alloy", 6e6)]
    drawn = [words.Drawn("Firm X", "alloy", 20.0, 5.0)]
    said = words.requirement_sentence(
        HEAD, need, drawn, [], [], list("abcde"), unpriced=list("pqrs"), leaves_cover=True
    )
    assert said.partition("USD 6 million. ")[2] == (
        "Or, without a price in the data, p, q or r. Already held: Firm X gives 5 t of its 20 t of alloy. "
        "On record, but not drawn: a, b, c and 2 more. To buy: nothing. "
        "What users hold for themselves is left out, but counts in chainnet stress and find."
    )
    exactly = words.requirement_sentence(HEAD, need, [], need, idle=list("abc"))
    assert exactly.endswith("On record, but not drawn: a, b and c. All of it is to buy.")
    two = [words.Amount(10.0, "alloy", 1e6), words.Amount(5.0, "oxide", 2e6)]
    more = words.requirement_sentence(HEAD, need, drawn, need, two)
    assert more.endswith("To buy: 30 t of alloy, USD 6 million; with stocks at their low figures USD 3 million in all.")
    ends = ([], [words.Amount(3.0, "alloy")])
    assert words.requirement_sentence(HEAD, [], [], [], ends=ends) == (
        "Defence and civilian demand is met through “A stops” (12 months) with nothing in store: no stock is needed. "
        "With demand at its low figures nothing, at its high figures 3 t."
    )


def test_the_word_for_an_infinite_number_is_that_of_its_column() -> None:
    said = {
        "no end": ("months_low", "months_high"),
        "never short": ("time_to_survive", "survive_low"),
        "never": ("time_to_recover", "recovery_months", "onset_high", "month", "first_year", "central", "observed", "wide_high"),
        "no amount": ("alone_t", "break_even_rise", "usd_per_t"),
        "no limit": ("capacity_tpa", "months", "price_usd_per_t", "recovered_tpa", "centrality"),
    }  # fmt: skip
    assert {column: words.infinite_word(column) for columns in said.values() for column in columns} == {
        column: word for word, columns in said.items() for column in columns
    }


def test_months_by_the_calendar_and_days_in_words() -> None:
    assert [words.calendar_month(n, "2025-11") for n in (1, 2, 3, 14, 26, None)] == [
        "Nov 2025", "Dec 2025", "Jan 2026", "Dec 2026", "Dec 2027", "",
    ]  # fmt: skip
    assert words.calendar_month(2, "2025-12-24") == "Jan 2026"
    days = ("2024-02-29", "2025-02-28", "2024-02-28", "2026-12-31", "2026-01-01")
    assert [words.day_words(day) for day in days] == [
        "February 2024", "February 2025", "28 February 2024", "December 2026", "1 January 2026",
    ]  # fmt: skip


def test_a_label_is_cut_without_a_blank_or_comma_at_its_end() -> None:
    assert [words.short_label("Works (phase, 1)", n) for n in (16, 15, 14, 13, 8, 7)] == [
        "Works (phase, 1)", "Works (phase…", "Works (phase…", "Works (phase…", "Works…", "Works…",
    ]  # fmt: skip


def test_whom_a_sentence_is_about_finds_its_rows_and_agrees() -> None:
    table = pd.DataFrame({"tier": ["defence", None, "civilian"], "t": [1, 2, 3]})
    named = words.Who.named(table)
    assert named["tier"].tolist() == ["defence", "all tiers", "civilian"]
    defence, everybody = words.Who("defence"), words.Who.of("")
    assert (defence.rows(table)["t"].tolist(), everybody.rows(table)["t"].tolist()) == ([1], [1, 2, 3])
    assert (defence.tier, everybody.tier) == ("defence", None)
    assert (defence.adjective, everybody.adjective) == ("defence", "all")
    assert (defence.demand, everybody.demand) == ("defence demand", "all demand")
    assert (defence.anybody, everybody.anybody) == ("defence", "anybody")
    assert (defence.does("do"), everybody.does("do")) == ("defence does", "all tiers do")


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (1e-10, "none"), (0.95, "9 in 10"), (0.951, "nearly certain"), (1.0, "nearly certain"), (2 / 3, "2 in 3"),
        (0.1, "1 in 10"), (0.105, "1 in 10"), (0.0945, "1 in 11"), (1 / 104, "1 in 100"), (1 / 96, "1 in 96"),
        (1 / 23456, "1 in 23,000"), (0.23, "2 in 9"),
    ],
)  # fmt: skip
def test_a_chance_is_a_small_fraction_or_one_in_so_many(chance: float, said: str) -> None:
    assert words.odds(chance, chance) == f"between {said} and {said}"


def test_numbers_at_their_edges() -> None:
    assert [words.number(x) for x in (1e-9, 2e-9, 0.0999, 0.1, 9.995, 99.95, 999.4, 1e5, -math.inf)] == [
        "0", "<0.1", "<0.1", "0.1", "10", "100", "999", "100,000", "no limit",
    ]  # fmt: skip
    assert words.number(math.inf, "never") == "never"
    assert words.number(0.004, least=0.01) == "<0.01"
    assert words.number(0.02, least=0.01) == "0.02"
    assert (words.tonnes(math.inf), flat(words.tonnes(math.inf, infinite="never"))) == ("no limit", "never")
    assert [words.percent(x, " ") for x in (2e-11, 1e-12, 0.0995, 0.0994, 0.105, 0.9949, 1.000001, 1.0005, None)] == [
        "<0.1 %", "0 %", "10 %", "9.9 %", "11 %", "99 %", "100 %", "100.1 %", "n/d",
    ]  # fmt: skip
    assert [words.change(x, " ") for x in (1e-10, 0.2, -0.2)] == ["0 t/yr", "+0.2 t/yr", f"{words.MINUS}0.2 t/yr"]
    assert [words.exact(x) for x in (999_999.4, 999_999.5, 1e-6, 0.000123456789, None)] == [
        "999,999", "1,000,000", "0.000001", "0.000123457", "n/d",
    ]  # fmt: skip
    assert words.exact(1234567.89, 9) == "1,234,567.89"
    assert [words.verb("have", n) for n in (1, 0, 2)] == ["has", "have", "have"]
    assert [words.dollars(x, " ") for x in (999_999.0, 1e6, -2e6)] == [
        "USD 1,000,000", "USD 1 million", f"USD {words.MINUS}2 million",
    ]  # fmt: skip
    assert (words.digits(1234.5678, 3), words.correlation(0.005), words.gap(0.00123)) == (1230.0, "0.01", "1.2e-03")
