"""The table and the picture of the README, made from the shipped chains.

    python tests/readme_page.py            writes the table into README.md
    python tests/readme_page.py --picture  also draws docs/images/graph.png (needs Chromium)

A row a chain of ``overview``: the worst restriction, and what is in force. ``tests/test_readme.py`` asks again and compares.
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
from chainnet.assessment import is_met, spoken_of
from chainnet.indicators import SET_BY_US
from chainnet.words import country_name

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "docs/images/graph.png"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"
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
def details(name: str) -> pd.DataFrame:
    """Return every restriction and tier of a chain."""
    return cn.overview(chain(name), details=True)


def percent(share: float) -> str:
    """Return a share as the table prints it."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share < 1e-6 else "under 1 %"


def later(row: pd.Series) -> str:
    """Return what is short later, with its range."""
    ends = [percent(row[f"due_{end}_share"]) for end in ("low", "high")]
    words = percent(row["later_share"]) if row["certain"] else "cannot be said"
    words = "met" if is_met(row) else words
    return words if set(ends) <= {words, "0 %"} else f"{words} ({ends[0].removesuffix(' %')} to {ends[1]})"


def row(name: str) -> str:
    """Return the row of a chain."""
    table = details(name)
    by = {str(what): rows for what, rows in table.groupby("restriction")}
    worst, now = by["worst"], by.get("in force")
    defence, first = worst.set_index("tier", drop=False).loc["defence"], spoken_of(worst)
    ruled = "no rule" if now is None else f"{spoken_of(now)['tier']}: {later(spoken_of(now))}"
    cells = [
        f"[{CHAINS[name]}](graphs/{name}/README.md)",
        place(first),
        percent(defence["first_year_share"]),
        later(defence),
        ruled,
        f"{first['tier']}: {first['decides_first'] or 'nothing alone'}",
    ]
    return f"| {' | '.join(cells)} |"


def place(row: pd.Series) -> str:
    """Return the bottleneck, the part that its country makes, and who says so."""
    if not row["bottleneck_step"]:
        return "no step abroad costs anything"
    ours = " (set by us)" if row["bottleneck_basis"] == SET_BY_US else ""
    share = "" if pd.isna(row["bottleneck_share"]) else f": {percent(row['bottleneck_share'])}{ours}"
    return f"{row['bottleneck_step']}, {country_name(row['bottleneck_country'])}{share}"


def table() -> str:
    """Return the table of the README."""
    heads = ["chain", "bottleneck, and the country's share of it", "worst: defence, first year"]
    heads += ["worst: defence, later", "in force now: first tier not met, later", "what decides the worst"]
    rule = ["---", "---", "---:", "---:", "---", "---"]
    return "\n".join([f"| {' | '.join(heads)} |", f"| {' | '.join(rule)} |", *map(row, CHAINS)]) + "\n"


def written_table() -> str:
    """Return the table that stands in the README."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip() + "\n"


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


def main() -> None:
    """Write the table, and the picture where it is asked for."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + table() + END + rest.split(END)[1], encoding="utf-8")
    if "--picture" in sys.argv[1:]:
        draw_picture()


if __name__ == "__main__":
    main()
