"""Living pages, written once for each network, and opened in a browser that watches for faults."""

from pathlib import Path

import pytest

import chainnet as cn


@pytest.fixture(scope="session")
def mag9():
    return cn.read("mag-9")


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
