"""The overview of several chains, cell by cell: met or short, the range, what is open, what stands without a word."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from chainnet.reporting import overview_markdown, overview_page, overview_sentences

ROW: dict[str, Any] = {
    "chain": "magnets", "label": "Magnets", "vintage": "base year 2024", "restriction": "worst", "scenario": "stop",
    "scenario_label": "Everything stops", "state": "", "tier": "defence", "is_allied": False, "first_year_share": 0.2,
    "later_share": 0.5, "due_low_share": 0.3, "due_high_share": 0.7, "already_share": 0.0, "last_share": 0.5,
    "certain": True, "first_month": 3.0, "bottleneck_step": "separation", "bottleneck_country": "CHN",
    "bottleneck_basis": "reported", "bottleneck_share": 0.8, "decides": "who is served first", "decides_first": "who",
    "closed_by": "the Mill", "closed_by_year": 2029.0, "assumed_share": 0.25,
}  # fmt: skip


def overview(*rows: dict[str, Any], **chains: str) -> pd.DataFrame:
    table = pd.DataFrame([{**ROW, **row} for row in rows])
    known = [{"graph": name, "digest": f"{name}-0123456789", "next": words} for name, words in chains.items()]
    table.attrs = {"provenance": {"settings": {"chains": known}}}
    return table


def cells(*rows: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of the table in Markdown, by head."""
    lines = [line for line in overview_markdown(overview(*rows)).splitlines() if line.startswith("|")]
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(split[0], line, strict=True)) for line in split[2:]]


def test_a_row_says_all_of_a_chain_under_a_restriction() -> None:
    civil = {
        "tier": "civilian",
        "first_year_share": 0.0,
        "later_share": 0.0,
        "due_low_share": 0.0,
        "due_high_share": 0.0,
    }
    assert cells(
        {}, {**civil, "last_share": 0.0}, {"chain": "other", "restriction": "in force", "state": "in force"}
    ) == [
        {
            "chain": "magnets, base year 2024",
            "restriction": "worst: Everything stops",
            "defence: first year, later": "20 %, 50 % (30 to 70 %)",
            "civilian: first year, later": "met",
            "first month": "defence: month 3",
            "bottleneck": "Separation in China, which makes 80 %",
            "what closes it": "the Mill, from 2029",
            "what decides": "defence: who is served first",
            "inputs assumed": "25 %",
        },
        {
            "chain": "other, base year 2024",
            "restriction": "in force: Everything stops",
            "defence: first year, later": "20 %, 50 % (30 to 70 %)",
            "civilian: first year, later": "",
            "first month": "defence: month 3",
            "bottleneck": "Separation in China, which makes 80 %",
            "what closes it": "the Mill, from 2029",
            "what decides": "defence: who is served first",
            "inputs assumed": "25 %",
        },
    ]


@pytest.mark.parametrize(
    ("more", "head", "words"),
    [
        ({"certain": False}, "defence: first year, later", "20 %, cannot be said (30 to 70 %)"),
        ({"certain": False, "due_low_share": 0.5, "due_high_share": 0.5}, "defence: first year, later", "20 %, cannot be said (50 %)"),
        ({"due_low_share": 0.5, "due_high_share": 0.5}, "defence: first year, later", "20 %, 50 %"),
        ({"due_low_share": 0.5}, "defence: first year, later", "20 %, 50 % (50 to 70 %)"),
        ({"already_share": 0.1}, "defence: first year, later", "20 %, 50 % (30 to 70 %; 10 % already)"),
        ({"last_share": 0.71}, "defence: first year, later", "20 %, 50 % (30 to 70 %; 71 % if last)"),
        ({"last_share": 0.704}, "defence: first year, later", "20 %, 50 % (30 to 70 %)"),
        ({"last_share": 0.29}, "defence: first year, later", "20 %, 50 % (30 to 70 %; 29 % if last)"),
        ({"last_share": 0.296}, "defence: first year, later", "20 %, 50 % (30 to 70 %)"),
        ({"vintage": ""}, "chain", "magnets"),
        ({"state": "begins 2027"}, "restriction", "worst: Everything stops, begins 2027"),
        ({"state": "may return"}, "restriction", "worst: Everything stops"),
        ({"first_month": float("nan")}, "first month", "defence: none short"),
        ({"closed_by_year": None}, "what closes it", "the Mill"),
        ({"decides": ""}, "what decides", "defence: nothing alone"),
        ({"bottleneck_step": ""}, "bottleneck", "no step abroad costs defence anything"),
        ({"bottleneck_share": None}, "bottleneck", "Separation in China"),
        ({"bottleneck_basis": "set by us"}, "bottleneck", "Separation in China, which makes 80 % (set by us)"),
    ],
)  # fmt: skip
def test_a_cell_says_what_is_open_and_leaves_out_what_is_not_known(more: dict[str, Any], head: str, words: str) -> None:
    (row,) = cells(more)
    assert row[head] == words


def test_each_sentence_is_of_the_first_tier_that_is_short_and_names_its_restriction() -> None:
    met = {
        "first_year_share": 0.0,
        "later_share": 0.0,
        "due_low_share": 0.0,
        "due_high_share": 0.0,
        "decides_first": "",
    }
    table = overview(
        met,
        {"tier": "civilian"},
        {"restriction": "in force", "decides_first": ""},
        {"restriction": "may return"},
        {"chain": "other", "label": "", "is_allied": True},
    )
    said = {name: words.replace("\u00a0", " ") for name, words in overview_sentences(table).items()}
    assert list(said) == ["magnets, worst", "magnets, in force", "magnets, may return", "other, worst"]
    heads = ["Magnets, at worst (Everything stops): ", "Magnets, under the rules in force: "]
    heads += ["Magnets, if the suspended rules apply again too: ", "other, at worst (Everything stops): "]
    assert [words.startswith(head) for words, head in zip(said.values(), heads, strict=True)] == [True] * 4
    assert "of civilian demand" in said["magnets, worst"]
    assert "of defence demand" in said["magnets, in force"]
    assert "of allied defence demand" in said["other, worst"]
    assert said["magnets, may return"].endswith("What decides: who.")
    assert said["magnets, in force"].endswith("Nothing alone changes that.")


def test_a_page_says_of_how_many_chains_it_is_from_which_inputs_and_what_comes_next() -> None:
    """Rows are no chains: two of one tell of one chain; a rule that begins is told of each that has one."""
    one = overview({}, {"tier": "civilian"}, magnets="")
    page = overview_page(one)
    assert '<p class="sub">One supply chain.</p>' in page
    assert "magnets magnets-0123" in page
    assert "Next for" not in page
    two = overview({}, {"chain": "other"}, magnets="a rule.", other="")
    page, text = overview_page(two), overview_markdown(two)
    assert '<p class="sub">Two supply chains.</p>' in page
    assert "magnets magnets-0123, other other-012345" in page
    assert page.count("Next for") == text.count("Next for") == 1
    assert "Next for magnets: a rule." in page
    sentences, rows, read, coming = text.split("\n\n")
    said = [words.replace("\u00a0", " ") for words in overview_sentences(two).values()]
    assert sentences.splitlines() == [f"- {words}" for words in said]
    assert [line.count("|") for line in rows.splitlines()] == [9] * 4
    assert read
    assert coming == "Next for magnets: a rule.\n"
