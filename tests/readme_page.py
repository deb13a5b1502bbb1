"""The table and the picture of the README, made from the shipped chains.

    python tests/readme_page.py            writes the table into README.md
    python tests/readme_page.py --picture  also draws docs/images/graph.png (needs Chromium)

One question for all chains: China stops all exports to every country. ``tests/test_readme.py`` asks again and compares.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import chainnet as cn
from chainnet.assessment import Bottleneck, bottlenecks
from chainnet.flow import Counting
from chainnet.indicators import SET_BY_US, share_quality
from chainnet.words import country_name

ROOT = Path(__file__).parents[1]
README, PICTURE = ROOT / "README.md", ROOT / "docs/images/graph.png"
BEGIN, END = "<!-- results -->\n", "<!-- /results -->"
STOP, TODAY = "china_export_stop_all", 2026
COMMAND = f"chainnet draw rare-earths --scenario {STOP}"
SIZE = {"width": 1366, "height": 900}
# what a reader calls the chain, and the plants that decide the figure of defence, the costliest first, and how each is known
CHAINS = {
    "rare-earths": (
        "rare-earth magnets",
        {"mys_lynas_dytb": "the dysprosium circuit that Lynas opened in 2025"},
    ),
    "graphite": (
        "graphite anodes",
        {
            "kor_coke": "Korean coke, whose output is assumed",
            "nor_heroya": "the anode plant at Herøya, whose output was never published",
        },
    ),
    "germanium": ("germanium", {"bel_olen_metal": "crystal making at Olen, whose output is assumed"}),
    "gallium": (
        "gallium",
        {"jpn_iijima_zinc": "the order of service, and a zinc refinery at Akita whose part is assumed"},
    ),
    "antimony": (
        "antimony",
        {"usa_thompson_falls_trisulfide": "Thompson Falls, the one known trisulfide maker outside China"},
    ),
    "tungsten": ("tungsten", {"jpn_w": "Japanese metal powder, whose output is inferred"}),
}


@dataclass(frozen=True)
class Short:
    """Shares of demand that are not met, with the allies served first and last: of defence, and of all tiers."""

    defence: tuple[float, float]
    all: tuple[float, float]


@cache
def chain(name: str, year: int | None) -> cn.Network:
    """Return a chain on the plants of its base year (None), or with those opened until a year."""
    return cn.read(name, as_of=None if year is None else str(year))


def short(network: cn.Network, scenario: cn.Scenario) -> Short:
    """Return what is not met under a scenario, on existing links, without stocks."""
    found = cn.service_range(network, scenario)
    short = [found[f"shortfall_{end}_tpa"] for end in ("first", "last")]
    defence = [float(one["defence"] / found["demand_tpa"]["defence"]) for one in short]
    whole = [float(one.sum() / found["demand_tpa"].sum()) for one in short]
    return Short((defence[0], defence[1]), (whole[0], whole[1]))


def bottleneck(network: cn.Network) -> Bottleneck:
    """Return the bottleneck as report and graph mark it: of defence, or where nothing abroad costs it anything, of all."""
    table = bottlenecks(Counting.of(network))
    costly = table[table["lost_tpa"] > 0]
    return Bottleneck(**(costly if len(costly) else table).iloc[0].to_dict())


def percent(share: float) -> str:
    """Return a share as the table prints it."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share < 1e-6 else "under 1 %"


def pair(values: tuple[float, float]) -> str:
    """Return one figure, or two where the order of service decides."""
    first, last = map(percent, values)
    return first if first == last else f"{first}, {last}"


def row(name: str) -> str:
    """Return the row of a chain."""
    words, decide = CHAINS[name]
    base, today = chain(name, None), chain(name, TODAY)
    stop = cn.scenarios(base)[STOP]
    then, now = short(base, stop), short(today, stop)
    ruled = short(today, cn.in_force(today))
    without = {plant: percent(short(today.without(nodes=[plant]), stop).defence[0]) for plant in decide}
    cells = [
        f"[{words}](graphs/{name}/README.md), {base.year}",
        place(name),
        pair(now.defence),
        pair(then.defence),
        pair(now.all),
        f"{pair(ruled.defence)}; {pair(ruled.all)}",
        "; ".join(f"{said}: without it {without[plant]}" for plant, said in decide.items()),
    ]
    return f"| {' | '.join(cells)} |"


def place(name: str) -> str:
    """Return the bottleneck on the plants of today, the part that its country makes, and who says so."""
    found = bottleneck(chain(name, TODAY))
    if not found.step:
        return "no step abroad costs anything"
    basis = share_quality(chain(name, None)).loc[(found.step, found.country), "basis"]
    share = "" if np.isnan(found.share) else f": {percent(found.share)}{' (set by us)' if basis == SET_BY_US else ''}"
    return f"{found.step}, {country_name(found.country)}{share}"


def table() -> str:
    """Return the table of the README."""
    heads = ["chain, base year", "bottleneck, and the country's share of it", "defence, plants of today"]
    heads += [
        "defence, plants of the base year",
        "all demand, plants of today",
        "rules in force now: defence; all demand",
    ]
    heads += ["what decides the defence figure"]
    rule = ["---", "---", "---:", "---:", "---:", "---:", "---"]
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
