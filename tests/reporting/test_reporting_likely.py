"""How likely a loss is, in whole sentences: what may come first, what is proved, what has no rate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from conftest import frame

from chainnet.reporting.facts import Facts
from chainnet.reporting.sections.likely import (
    exceedance_table,
    hazard_table,
    likely_points,
    ways_figure,
    ways_table,
)

HAZARDS = frame(
    "id label p_low p_high loss_share quality reference",
    ("stop", "China stops", 0.1, 0.4, 0.6, "assumed", "own"),
    ("quake", "A quake", 0.02, 0.05, 0.5, "reported", "a book"),
    ("ice", "Ice", None, None, 0.2, None, None),
    ("war", "War", 0.0, 1.0, 0.9, None, None),
).set_index("id")
SETS = frame(
    "rank events n chance_low chance_high loss_share can_be_likeliest",
    (1, "stop", 1, 0.1, 0.4, 0.6, True),
    (2, "stop; quake", 2, 0.01, 0.5, 0.9, True),
    (3, "quake", 1, 0.02, 0.05, 0.7, False),
)
LOSSES = frame(
    "loss_share chance_low chance_high method",
    (0.1, 0.25, 0.5, "exact"),
    (0.9, 0.0, 0.2, "exact"),
    (1.0, 0.0, 0.0, "exact"),
)


def facts(tier: str | None = "defence", **more: Any) -> Facts:
    """A report of an assessment that knows but how likely a loss of 55.5 % is."""
    told: dict[str, Any] = {
        "loss_asked_share": 0.555,
        "likeliest": ("stop",),
        "is_optimal": True,
        "is_complete": True,
        "decided": True,
        "sets": SETS,
        "cuts": [("ice",), ("quake",)],
        "hazards": HAZARDS,
        "exceedance": LOSSES,
        "most_loss_share": 0.31,
        "provenance": {"settings": {"tier": tier, "years": 5.0}},
    }
    found = Facts.__new__(Facts)
    found.made, found.stand_ins = {}, {}  # no name in a script that the fonts lack
    found.a = SimpleNamespace(likelihood=SimpleNamespace(**told | more))  # type: ignore[assignment]
    return found


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")


PROVED = "Proved by 2 sets that cost less."
NO_RATE = " 2 of the 4 events listed have no rate and enter no chance: Ice and War."


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            {"sets": SETS.head(1)},
            "The likeliest of the events listed that cost 56 % of defence demand if served first: China stops, between 1 in 10 "
            f"and 2 in 5 on a day 5 years ahead, if the rates are as assumed. {PROVED}{NO_RATE}",
        ),
        (
            {"sets": SETS.iloc[1:], "tier": None, "cuts": [("ice",)], "is_complete": False, "hazards": HAZARDS[:3]},
            "The likeliest of the events listed that cost 56 % of all demand: China stops with A quake, between 1 in 100 and 1 "
            "in 2 on a day 5 years ahead, if the rates are as assumed. Proved by 1 set that costs less; the list may lack a "
            "set. 1 of the 3 events listed has no rate and enters no chance: Ice.",
        ),
        (
            {"decided": False, "cuts": [], "hazards": HAZARDS[:2]},
            "Any of 2 sets may be the likeliest of the events listed that cost 56 % of defence demand if served first; their "
            "chances lie between 1 in 100 and 1 in 2 on a day 5 years ahead, if the rates are as assumed. Proved.",
        ),
        (
            {"likeliest": None, "hazards": HAZARDS[:2]},
            "No set of the events listed costs 56 % of defence demand if served first; all with a rate together cost 31 %. "
            f"{PROVED}",
        ),
        (
            {"likeliest": None, "is_optimal": False, "tier": None, "hazards": HAZARDS[:2]},
            "No set of the events listed that costs 56 % of all demand was found in time; there may be one. Not proved in the "
            "seconds given to it.",
        ),
    ],
)
def test_how_likely_is_said_in_whole_sentences(more: dict[str, Any], words: str) -> None:
    (said,) = likely_points(facts(**more))
    assert flat(said.text) == words
    assert (said.head, said.tables) == ("How likely.", ("ways", "hazards"))


def test_where_nobody_asked_nothing_is_said() -> None:
    nothing = facts()
    nothing.a = SimpleNamespace(likelihood=None)  # type: ignore[assignment]
    assert likely_points(nothing) == ()
    assert [table(nothing) for table in (ways_table, exceedance_table, hazard_table)] == [None] * 3
    assert ways_figure(nothing) is None
    empty = facts(sets=SETS[:0], exceedance=LOSSES[:0], likeliest=None)
    assert (ways_table(empty), exceedance_table(empty), ways_figure(empty)) == (None, None, None)


def rows(table: Any) -> list[list[Any]]:
    return [
        [flat(str(cell.value)) if isinstance(cell.value, str) else cell.value for cell in row] for row in table.rows
    ]


def test_the_tables_say_both_ends_of_every_chance_and_whose_loss_it_is() -> None:
    ways = ways_table.of(facts())
    assert rows(ways) == [
        [1, "China stops", 1, 0.1, 0.4, 0.6, "yes"],
        [2, "China stops with A quake", 2, 0.01, 0.5, 0.9, "yes"],
        [3, "A quake", 1, 0.02, 0.05, 0.7, "no"],
    ]
    assert [column.head for column in ways.columns] == [
        "Rank", "Set of events", "Events", "Chance, low", "Chance, high", "Loss, of demand", "May come first",
    ]  # fmt: skip
    assert flat(ways.subtitle) == (
        "Loss asked for: 56 % of defence demand if served first. On top of what is in force today. Low: all rates low; high: "
        "all high."
    )
    chances = exceedance_table.of(facts())
    assert rows(chances) == [
        [0.1, 0.25, 0.5, "exact", "between 1 in 4 and 1 in 2"],
        [0.9, 0.0, 0.2, "exact", "between none and 1 in 5"],
        [1.0, 0.0, 0.0, "exact", "no set of the events listed costs so much"],
    ]
    for tier, whose in (("defence", "defence demand if served first"), (None, "all demand")):
        said = flat(exceedance_table.of(facts(tier)).subtitle)
        assert said.startswith(
            f"Part of {whose} that the events listed cost together, on a day 5 years ahead. Low: all"
        )
    listed = hazard_table.of(facts())
    assert [row[0] for row in rows(listed)] == ["China stops", "A quake", "Ice", "War"]
    assert rows(listed)[0][1:4] == [0.1, 0.4, 0.6]
    assert listed.subtitle == "In force on a day 5 years ahead. n/d: nobody gives a rate, so it enters no chance."


@pytest.mark.parametrize(("is_optimal", "methods", "proved"), [(True, "exact", True), (False, "bounds", False)])
def test_tables_stand_as_far_as_they_are_proved(is_optimal: bool, methods: str, proved: bool) -> None:
    mixed = LOSSES.assign(method=["exact", "exact", methods])
    asked = facts(is_optimal=is_optimal, exceedance=mixed)
    states = {table.of(asked).status for table in (ways_table, exceedance_table)}
    assert states == {"arithmetic checked" if proved else "bounded, not proved best"}
    assert hazard_table.of(asked).status == "arithmetic checked"


def test_the_picture_has_the_sets_that_may_come_first_the_likeliest_at_their_best_on_top() -> None:
    found = ways_figure(facts())
    assert found is not None
    assert flat(found.title) == "The likeliest of the events listed: chance between 1 in 10 and 1 in 2"
    assert flat(found.subtitle) == (
        "Chance of each set, from all rates low to all rates high, log scale. Loss: 56 % of defence demand if served first."
    )
    bars = "China stops with A quake: between 1 in 100 and 1 in 2; China stops: between 1 in 10 and 2 in 5."
    assert flat(found.alt) == f"{flat(found.title)}. A bar a set of events: {bars}"
    many = pd.concat([SETS.head(1)] * 5, ignore_index=True)
    more = ways_figure(facts(sets=many))
    assert more is not None
    assert more.subtitle.endswith(" 2 more may come first too.")
    assert ways_figure(facts(likeliest=None)) is None
