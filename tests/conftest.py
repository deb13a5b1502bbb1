"""Toy networks with hand-solved answers, and the shipped graphs, read once."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from copy import copy
from functools import cache, wraps
from pathlib import Path
from typing import Any

# a process for each core runs the tests: a library that starts more threads only makes them wait
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pandas as pd
import pytest
import typer.main
from hypothesis import settings

# before the first table: text as whoever installs by the README has it, without pyarrow, for which pandas takes a third
# more time on tables of ten rows. The second job runs with pyarrow, and so does what starts a process of its own
pd.options.mode.string_storage = os.environ.get("STRING_STORAGE", "python")

import chainnet as cn  # noqa: E402
from chainnet.io import reading  # noqa: E402
from chainnet.network import AS_WRITTEN, Reading, graphs_folder  # noqa: E402

# a process gives hundreds of command lines: typer would make all its commands anew for each
_made = typer.main.get_command
_kept = cache(lambda app, commands: _made(app))  # commands: what is registered, which a test may change
typer.main.get_command = lambda app: _kept(app, tuple(app.registered_commands))

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=10, print_blob=True)
settings.load_profile("repeatable")
# what pandas and its like hold is looked through for garbage less often: a tenth of the time
gc.set_threshold(200_000, 50, 100)


def pytest_configure(config: pytest.Config) -> None:
    """Where compiled modules may not be kept, the processes of this run share a folder of them, gone at its end.

    Else each of them, and a test of processes starts several, compiles pandas and all else anew.
    """
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="chainnet-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name


_from_files = reading.read_folder
_shipped: dict[Path, cn.Network] = {}


def _read_folder(path: Path, how: Reading = AS_WRITTEN) -> cn.Network:
    """Read a folder; a shipped one from its files but once a process. A copy bears tables, and no answer given before."""
    if path.parent != graphs_folder() or how != AS_WRITTEN:
        return _from_files(path, how)
    if path not in _shipped:
        _shipped[path] = _from_files(path, how)
    return copy(_shipped[path])


reading.read_folder = _read_folder


# fixtures that write whole documents
DOCUMENTS = frozenset({"pdf", "printed"})
# tests of over half a second of processor time, or cases of them: for the second job
LONG = frozenset((Path(__file__).parent / "long.txt").read_text(encoding="utf-8").splitlines())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a browser, or reads a whole PDF back, runs in the second job: its fixtures say so."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "browser" in names:
            item.add_marker("browser")
        if not DOCUMENTS.isdisjoint(names):
            item.add_marker("documents")
        if not LONG.isdisjoint((item.nodeid, item.nodeid.partition("[")[0])):
            item.add_marker("long")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded stays: it need not be looked through again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What is left is looked through once, not five times by pytest and again as Python ends: ten seconds a process."""
    pytest_collection_finish(session)


def frame(columns: str, *rows: tuple[object, ...]) -> pd.DataFrame:
    """Rows under column names split by blanks; None is a blank cell."""
    return pd.DataFrame(list(rows), columns=columns.split())


def once(make: Callable[..., cn.Network]) -> Callable[..., cn.Network]:
    """Make a chain once a process where nothing is given; a copy bears its tables, and no answer given before."""
    kept = cache(make)

    @wraps(make)
    def made(*args: Any, **given: Any) -> cn.Network:
        return make(*args, **given) if args or given else copy(kept())

    return made


@once
def line() -> cn.Network:
    """A mine, a port and a user in a row; the port's 5 t/yr bound the flow."""
    return cn.Network.from_edges(
        frame("source target capacity_tpa", ("mine", "port", 7.0), ("port", "user", None)),
        nodes=frame("id stage capacity_tpa", ("port", "refiner", 5.0)),
        name="line",
    )


@once
def diamond() -> cn.Network:
    """Two ways of 4 and 3 t/yr from one mine to one user: value 7."""
    return cn.Network.from_edges(
        frame(
            "source target capacity_tpa",
            ("mine", "a", 4.0),
            ("mine", "b", 3.0),
            ("a", "user", None),
            ("b", "user", 9.0),
        ),
        name="diamond",
    )


@once
def hourglass() -> cn.Network:
    """Two mines (6, 6) and two users (8, 2) meet in one plant of 9 t/yr: value 9."""
    return cn.Network.from_edges(
        frame(
            "source target capacity_tpa",
            ("m1", "waist", 6.0),
            ("m2", "waist", 6.0),
            ("waist", "u1", 8.0),
            ("waist", "u2", 2.0),
        ),
        nodes=frame("id stage capacity_tpa", ("waist", "refiner", 9.0)),
        name="hourglass",
    )


@once
def two_tier() -> cn.Network:
    """10 t of ore make 5 t of metal; defence asks for 3 in the USA, civilians for 4 in the USA and 2 in Japan."""
    return cn.Network(
        nodes=frame(
            "id stage country process capacity_tpa unit_cost_usd_per_t",
            ("mine", "mine", "AUS", None, 10.0, 1.0),
            ("works", "refiner", "CHN", "smelt", None, 10.0),
            ("u_usa", "end_use", "USA", None, None, None),
            ("u_jpn", "end_use", "JPN", None, None, None),
        ),
        edges=frame(
            "source target commodity cost_usd_per_t",
            ("mine", "works", "ore", 2.0),
            ("works", "u_usa", "metal", 0.0),
            ("works", "u_jpn", "metal", 1.0),
        ),
        processes=frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)
        ),
        demand=frame(
            "node commodity tier demand_tpa",
            ("u_usa", "metal", "defence", 3.0),
            ("u_usa", "metal", "civilian", 4.0),
            ("u_jpn", "metal", "civilian", 2.0),
        ),
        main_commodity="metal",
        name="two-tier",
    )


TOYS = {"line": (line, 5.0), "diamond": (diamond, 7.0), "hourglass": (hourglass, 9.0), "two_tier": (two_tier, 5.0)}


@pytest.fixture(scope="session")
def mag9() -> cn.Network:
    """The shipped teaching chain."""
    return cn.read("mag-9")


@pytest.fixture(scope="session")
def china_out(mag9: cn.Network) -> cn.Scenario:
    return cn.scenarios(mag9)["china_out"]


@pytest.fixture(scope="session")
def assessed() -> cn.Assessment:
    """All that is to be asked of the teaching chain, asked once."""
    return cn.assess(cn.read("mag-9"))


@pytest.fixture(scope="session")
def teaching(assessed: cn.Assessment) -> Any:
    """The report on that, made once."""
    from chainnet.reporting.content import build

    return build(assessed)


@pytest.fixture(scope="session")
def graphs() -> dict[str, cn.Network]:
    """Every shipped graph by name, in its base year: that of the published figures."""
    return {name: cn.read(name, as_of=None) for name in cn.catalog().index}


@pytest.fixture(scope="session")
def rare_earths(graphs: dict[str, cn.Network]) -> cn.Network:
    return graphs["rare-earths"]


@pytest.fixture(scope="session")
def today() -> dict[str, cn.Network]:
    """Every shipped graph by name, as it stands."""
    return {name: cn.read(name) for name in cn.catalog().index}


# -- a browser for the drawings ---------------------------------------------------------------------

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("no browser was found: /usr/bin/chromium is not there")
    sync_api = pytest.importorskip("playwright.sync_api", reason="no browser was found: playwright is not installed")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page; afterwards: nothing was asked for, no error, no dialog."""
    faults: list[str] = []
    pages = []

    def watch(file: Path, fragment: str = "") -> Any:
        tab = browser.new_page(viewport={"width": 1366, "height": 768})
        tab.on("request", lambda r: faults.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None)
        tab.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
        tab.on("pageerror", lambda e: faults.append(str(e)))
        tab.on("dialog", lambda d: (faults.append(d.message), d.dismiss()))
        tab.goto(Path(file).resolve().as_uri() + fragment)
        tab.wait_for_function("window.network !== undefined")
        pages.append(tab)
        return tab

    yield watch
    for tab in pages:
        tab.close()
    assert faults == []


@pytest.fixture(autouse=True)
def no_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that asks for tracebacks on the command line leaves none to the next."""
    monkeypatch.delenv("CHAINNET_DEBUG", raising=False)


# -- living pages: written once for each network, and opened in a browser that watches for faults -------------


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Write a living page, once for each network."""
    folder, known = tmp_path_factory.mktemp("living"), {}

    def write(network, **more):
        key = (network.digest, *sorted(more.items()))
        if key not in known:
            known[key] = cn.draw(network, path=folder / f"{len(known)}.html", live=True, **more)
        return Path(known[key])

    return write


@pytest.fixture
def tab(browser):
    """Open a living page; afterwards: nothing was asked for, nothing in the console, no dialog."""
    faults, pages = [], []

    def watch(file, fragment="", before="", **context):
        page = browser.new_context(viewport={"width": 1366, "height": 768}, **context).new_page()
        page.on("request", lambda r: faults.append(r.url) if not r.url.startswith(("file:", "blob:")) else None)
        page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on("dialog", lambda d: (faults.append(d.message), d.dismiss()))
        if before:
            page.add_init_script(before)
        page.goto(file.resolve().as_uri() + fragment)
        pages.append(page)
        return page

    yield watch
    for page in pages:
        page.context.close()
    assert faults == []
