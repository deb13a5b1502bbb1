"""The notebooks run, show what they hold, read well and lead on."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from notebooks import NOTEBOOKS, outputs, read, run, source
from test_words_of_the_field import MOST_WORDS, n_words, sentences, struck

SIX, MOST_BYTES = 6, 1_500_000
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
names = [pytest.param(path, id=path.stem) for path in NOTEBOOKS]


def texts(path: Path) -> str:
    return "\n\n".join(source(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")


def words(output: dict[str, Any]) -> str:
    """What an output says: its plain text, and the words of its picture."""
    if output["output_type"] == "stream":
        return "".join(output["text"])
    data = output["data"]
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", "".join(data.get("image/svg+xml", [])))
    return "\n".join(["".join(data["text/plain"]), *map(html.unescape, drawn)])


def alike(now: str, then: str) -> bool:
    """Whether two outputs say the same, numbers to one in a hundred thousand, blanks aside."""
    if NUMBER.sub("#", now).split() != NUMBER.sub("#", then).split():
        return False
    pairs = zip(NUMBER.findall(now), NUMBER.findall(then), strict=True)
    return all(
        float(a.replace(",", "")) == pytest.approx(float(b.replace(",", "")), rel=1e-5, abs=1e-9) for a, b in pairs
    )


@pytest.mark.documents
@pytest.mark.parametrize("path", names)
def test_a_notebook_shows_what_its_cells_say(path: Path) -> None:
    kept = read(path)
    now = run(kept)
    for one, two in zip(now["cells"], kept["cells"], strict=True):
        said, held = ([words(output) for output in cell.get("outputs", [])] for cell in (one, two))
        assert len(said) == len(held), f"{source(one)}\n run: python tests/notebooks.py {path.stem}"
        for a, b in zip(said, held, strict=True):
            assert alike(a, b), (
                f"{source(one)}\nnow:\n{a}\nin the notebook:\n{b}\n run: python tests/notebooks.py {path.stem}"
            )


def test_there_are_six_and_they_are_small() -> None:
    assert len(NOTEBOOKS) == SIX
    assert sum(path.stat().st_size for path in NOTEBOOKS) < MOST_BYTES
    assert all(
        any("image/svg+xml" in o.get("data", {}) for c in read(p)["cells"] for o in c.get("outputs", []))
        for p in NOTEBOOKS[:5]
    )


@pytest.mark.parametrize("path", names)
def test_a_notebook_is_one_that_jupyter_opens(path: Path) -> None:
    book = read(path)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    counts = [cell["execution_count"] for cell in book["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), "outputs are those of one run, from top to bottom"


@pytest.mark.parametrize("path", names)
def test_a_notebook_is_written_in_the_words_of_the_field(path: Path) -> None:
    text = texts(path)
    assert struck(text) == []
    assert [one for one in sentences(text) if n_words(one) > MOST_WORDS] == []


@pytest.mark.parametrize("path", names)
def test_a_notebook_leads_on(path: Path) -> None:
    last = source(read(path)["cells"][-1])
    assert "## Next" in last
    links = re.findall(r"\]\(([^)\s]+)\)", texts(path))
    assert len(links) >= 4
    assert [one for one in links if not (path.parent / one.partition("#")[0]).exists()] == []


def test_a_cell_gives_what_it_prints_then_its_last_value() -> None:
    space: dict[str, Any] = {}
    printed, value = outputs("x = 2\nprint('said')\nx + 1", space, 4)
    assert (printed["output_type"], printed["text"]) == ("stream", ["said\n"])
    assert value["data"] == {"text/plain": ["3"]}
    assert (value["execution_count"], space["x"]) == (4, 2)
    assert outputs("x;", space, 5) == outputs("x = 3", space, 5) == outputs("None", space, 5) == []
    with pytest.raises(ZeroDivisionError):
        outputs("1 / 0", space, 6)


def test_a_difference_of_outputs_is_seen() -> None:
    assert alike("a 1.000001  b", "a 1.0 b")
    assert not alike("a 1.1", "a 1.0")
    assert not alike("a 1.0", "b 1.0")
    assert not alike("a 1 2", "a 1")
