"""The site: every page has its place, every guide leads on, and what is built loads nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest
from docs_pictures import IMAGES, PICTURES

ROOT = Path(__file__).parents[1]
GUIDES = sorted((ROOT / "docs" / "howto").glob("*.md"))
MOST_LINES = 120


@pytest.fixture(scope="module")
def conf() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_conf", ROOT / "docs" / "conf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_has_one_place_in_the_tree(conf: ModuleType) -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb"), *(ROOT / "graphs").glob("*/README.md")]
    names = {page.relative_to(ROOT).with_suffix("").as_posix() for page in pages}
    placed = Counter(conf.SECTIONS.values())
    for section in (*conf.SECTIONS.values(), *conf.INNER):
        placed.update(page for found in conf.listed(section).values() for _, page in found)
    assert set(placed) == names
    assert max(placed.values()) == 1


def test_the_guides_stand_under_eight_questions(conf: ModuleType) -> None:
    guides = conf.listed(conf.SECTIONS["Guides"])
    assert len(guides) == 8
    elsewhere = {"docs/howto/mutation-tests"}  # for those who mend the code
    placed = {page for found in guides.values() for _, page in found}
    assert placed | elsewhere == {page.relative_to(ROOT).with_suffix("").as_posix() for page in GUIDES}


@pytest.mark.parametrize("path", GUIDES, ids=lambda p: p.name)
def test_a_guide_leads_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    last = re.fullmatch(r"\n\n- Concept: (.+)\n- Reference: (.+)\n- Next: (.+)\n", text.split("## See also")[-1])
    assert last is not None, "end with: See also, Concept, Reference, Next"
    for links, folders in zip(last.groups(), ("explanation", "reference|explanation", r"\w"), strict=True):
        assert re.match(rf"\[[^\]]+\]\((\.\./)?({folders})", links), links
    assert text.count("\n") <= MOST_LINES, f"{text.count(chr(10))} lines"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_the_code_draws(name: str) -> None:
    assert (IMAGES / name).read_text(encoding="utf-8") == PICTURES[name](), "run: python tests/docs_pictures.py"


def test_the_citation_names_the_newest_version_and_its_day() -> None:
    version, day = re.findall(
        r"^## (\d\S+) - (\S+)$", (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8"), re.M
    )[0]
    cited = (ROOT / "docs" / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {version}\ndate-released: {day}\n" in cited


class Page(HTMLParser):
    """What a page loads, where it leads, and what can be pointed at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "a":
            self.leads.append(given.get("href", ""))
        else:
            self.loads += [given[name] for name in ("src", "href", "data", "poster", "srcset") if name in given]


@pytest.mark.slow  # a minute, and the extra `docs`: .ci/run asks for it
def test_the_site_builds_whole_and_loads_nothing(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", ".", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = {path: Page(path) for path in tmp_path.rglob("*.html") if "_static" not in path.parts}
    assert len(pages) > 60
    for path, page in pages.items():
        assert not [one for one in page.loads if re.match(r"(\w+:)?//", one)], path
        for target in page.leads:
            name, _, anchor = unquote(target).partition("#")
            if re.match(r"\w+:", name):
                continue
            other = (path.parent / name).resolve() if name else path
            assert other.exists(), f"{path}: {target}"
            assert not anchor or other not in pages or anchor in pages[other].ids, f"{path}: {target}"
    for style in tmp_path.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style
