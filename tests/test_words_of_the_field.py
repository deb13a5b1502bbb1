"""The words of the field: what people read says bottleneck, shortfall, t/yr; no page has a sentence that is too long."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from chainnet.reporting.formats.page import html_report
from chainnet.reporting.model import Document

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "graphs").glob("*/README.md"))]
# what changed is told in the words of its time
CHANGELOG = ROOT / "docs" / "changelog.md"
# made from docstrings and help: their sentences are the code's
MADE = {ROOT / "docs" / "reference" / "cli.md", *(ROOT / "docs" / "reference" / "python").glob("*.md")}
STRUCK = re.compile(
    r"\b(?:necks?|narrowest|least do without|rungs?|ladders?|hinges? on|past its ends|as stated|the standing|overturn\w*|unmet"
    r"|(?:goes|go|going) short|(?:is|are|stays?) whole|both ends|others served (?:after|before|first|last)"
    r"|others alongside|could (?:it|they) come first|held to their baseline|the degree|frozen relations|known relations"
    r"|buys? nothing|(?:wins?|won) back|regains?|gives? back|it is said|t/a|t a year|t per period|undisturbed"
    r"|nothing happens|strands?|decisive|unlimited|likeliest(?! of the events listed))\b",
    re.I,
)
# names of data, which keep theirs: a value of capacity in tables of calibration, an attribute
NAMES = re.compile(r"`unlimited`|`likeliest`|`[^`]*_usd_per_t_a`")
MOST_WORDS, USUAL_WORDS, USUAL = 35, 28, 0.9


def struck(text: str) -> list[str]:
    """The words that are not to stand, each with what stands around it."""
    text = NAMES.sub("", text)
    return [text[max(one.start() - 30, 0) : one.end() + 20].replace("\n", " ") for one in STRUCK.finditer(text)]


def sentences(text: str) -> list[str]:
    """The sentences of a page: no code, tables or headings; an item of a list begins one, a code word is a word."""
    text = re.sub(r"^```.*?^```", "\n\n", text, flags=re.S | re.M)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    parts: list[str] = [""]
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith(("|", "#", "<")) or re.match(r"\[[^\]]+\]: ", line):
            parts.append("")
            continue
        item = re.match(r"\s*(?:[-*]|\d+\.)\s+(.*)", line)
        if item:
            parts.append(item[1])
        else:
            parts[-1] += " " + line.strip()
    found: list[str] = []
    for part in parts:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"`[^`]*`", "Code", part))
        found += re.split(r"(?<=[.!?])[\")*]*\s+(?=[A-Z\"“(*\[])", plain.strip())
    return [one for one in found if one]


def n_words(sentence: str) -> int:
    return len(re.findall(r"[A-Za-z0-9][\w'’.,/%-]*", sentence))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_struck_word_on_a_page(path: Path) -> None:
    if path != CHANGELOG:
        assert struck(path.read_text(encoding="utf-8")) == []


def test_the_report_of_the_teaching_chain_has_none_either(teaching: Document) -> None:
    page = html_report(teaching, has_graph=True).decode("utf-8")
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    assert struck(html.unescape(re.sub(r"<[^>]+>", " ", page))) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_sentences_are_short(path: Path) -> None:
    if path == CHANGELOG or path in MADE:
        return
    found = sentences(path.read_text(encoding="utf-8"))
    long = [one for one in found if n_words(one) > MOST_WORDS]
    assert not long, f"more than {MOST_WORDS} words: {long}"
    few = sum(n_words(one) <= USUAL_WORDS for one in found)
    assert few >= USUAL * len(found), f"{few} of {len(found)} sentences have at most {USUAL_WORDS} words"


def test_the_rules_see_what_they_forbid() -> None:
    assert struck("The neck is refining, 5 t/a; it goes short.") != []
    assert struck("The bottleneck is refining, 5 t/yr; it is short.") == []
    assert [n_words(one) for one in sentences("One two `a b c`. Three four\n- five six\n\n| seven |\n")] == [3, 2, 2]
