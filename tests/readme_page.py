"""The table and the picture of the README, and the first lines of each chain's page, made from the shipped chains.

    python tests/readme_page.py            writes table and lines
    python tests/readme_page.py --picture  also draws docs/images/graph.png (needs Chromium)

A row a chain: what ``find`` says of the worst scenario, and of what is in force; the same in words on the chain's own
page. ``tests/test_readme.py`` asks again and compares.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

import pandas as pd

import chainnet as cn
from chainnet.indicators import SET_BY_US, share_quality
from chainnet.words import country_name, first_capital, vintage

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "docs/images/graph.png"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"
CARD_BEGIN, CARD_END = "<!-- finding -->\n", "<!-- /finding -->"
STOP = "china_export_stop_all"
COMMAND = f"chainnet draw rare-earths --scenario {STOP}"
SIZE = {"width": 1366, "height": 900}
# what a reader calls the chain
CHAINS = {
    "rare-earths": "rare-earth magnets",
    "graphite": "graphite anodes",
    "germanium": "germanium",
    "gallium": "gallium",
    "antimony": "antimony",
    "tungsten": "tungsten",
}


@cache
def chain(name: str) -> cn.Network:
    """Return a chain as it stands."""
    return cn.read(name)


@cache
def findings(name: str) -> tuple[cn.Finding, cn.Finding]:
    """Return the finding of the worst scenario of a chain, and that of what is in force."""
    return cn.find(chain(name)), cn.find(chain(name), "in_force")


def percent(share: float) -> str:
    """Return a share as the table prints it."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share < 1e-6 else "under 1 %"


def short(found: cn.Finding) -> str:
    """Return whose shortfall a finding tells: in the first year, then later with its range."""
    if found.is_met:
        return "all met"
    ends = [percent(found.later[end]) for end in ("low", "high")]
    later = percent(found.later["share"]) if found.certain else "cannot be said"
    range_ = "" if ends[0] == ends[1] else f" ({ends[0].removesuffix(' %')} to {ends[1]})"
    return f"{found.tier}: {percent(found.first_year_share)}, then {later}{range_}"


def row(name: str) -> str:
    """Return the row of a chain."""
    worst, now = findings(name)
    ruled = short(now) if now.scenario is not None and now.scenario.measures else "no rule"
    decides = next(iter(worst.decides), "nothing alone")
    return f"| {' | '.join([link(name), place(worst), short(worst), ruled, decides])} |"


def link(name: str) -> str:
    """Return the name of a chain, and where its page is."""
    return f"[{CHAINS[name]}](graphs/{name}/README.md)"


def place(found: cn.Finding) -> str:
    """Return the bottleneck, the part that its country makes, and who says so."""
    narrow = found.bottleneck
    if not narrow["step"]:
        return "no step abroad costs anything"
    basis = share_quality(found.network)["basis"].get((narrow["step"], narrow["country"]))
    share = "" if pd.isna(narrow["share_made"]) else f": {percent(narrow['share_made'])}"
    return f"{narrow['step'].replace('_', ' ')}, {country_name(narrow['country'])}{share}" + (
        " (set by us)" if basis == SET_BY_US else ""
    )


def table() -> str:
    """Return the table of the README."""
    heads = ["chain", "bottleneck, and the country's share of it", "worst: short in the first year, then later"]
    heads += ["in force now: the same", "what decides the worst"]
    rule = ["---"] * len(heads)
    return "\n".join([f"| {' | '.join(heads)} |", f"| {' | '.join(rule)} |", *map(row, CHAINS)]) + "\n"


def card(name: str) -> str:
    """Return what the page of a chain says first: the two findings, a sentence each, and what decides."""
    worst, now = findings(name)
    lines = [f"- **{found.title}** {found.sentences[0]} {found.sentences[3]}" for found in (now, worst)]
    return "\n".join([f"{first_capital(vintage(chain(name)))}:", "", *lines]).replace("\xa0", " ") + "\n"


def page_of(name: str) -> Path:
    """Return the page of a chain."""
    return ROOT / "graphs" / name / "README.md"


# -- the picture: what it says stands in it as text -----------------------------------------------------


def draw_picture() -> None:
    """Draw the graph by the command of the README and keep a picture of it, with its heading and its bottleneck."""
    from playwright.sync_api import sync_playwright

    from chainnet.cli.app import main

    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "graph.html"
        sys.argv = [*COMMAND.split(), "--out", str(page)]
        with suppress(SystemExit):
            main()
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            tab = browser.new_page(viewport=SIZE)
            tab.goto(page.as_uri())
            tab.wait_for_function("window.network !== undefined")
            tab.wait_for_timeout(1500)
            said = {"heading": tab.inner_text("h1"), "bottleneck": tab.inner_text(".chip.bottleneck")}
            said["plants"] = tab.inner_text("p.name")
            picture = tab.screenshot()
            browser.close()
    PICTURE.write_bytes(with_text(picture, said))


def with_text(png: bytes, said: dict[str, str]) -> bytes:
    """Return a PNG with lines of text in it."""
    head = 8 + 25  # signature and header
    chunks = b"".join(_chunk(b"iTXt", f"{key}\0\0\0\0\0{text}".encode()) for key, text in said.items())
    return png[:head] + chunks + png[head:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text_of(path: Path) -> dict[str, str]:
    """Return the lines of text in a PNG."""
    data, at, found = path.read_bytes(), 8, {}
    while at < len(data):
        (size,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b"iTXt":
            key, text = data[at + 8 : at + 8 + size].split(b"\0\0\0\0\0", 1)
            found[key.decode()] = text.decode()
        at += 12 + size
    return found


def write(page: Path, begin: str, text: str, end: str) -> None:
    """Write a text between two marks of a page."""
    before, rest = page.read_text(encoding="utf-8").split(begin)
    page.write_text(before + begin + text + end + rest.split(end)[1], encoding="utf-8")


def written(page: Path, begin: str, end: str) -> str:
    """Return the text that stands between two marks of a page."""
    return page.read_text(encoding="utf-8").split(begin)[1].split(end)[0].strip() + "\n"


def main() -> None:
    """Write the table, and the picture where it is asked for."""
    write(README, BEGIN, table(), END)
    for name in CHAINS:
        write(page_of(name), CARD_BEGIN, card(name), CARD_END)
    if "--picture" in sys.argv[1:]:
        draw_picture()


if __name__ == "__main__":
    main()
