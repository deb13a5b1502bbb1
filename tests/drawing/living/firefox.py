"""A Firefox without a window and without a network, driven over its own remote protocol: JSON after its length."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

__all__ = ["Firefox", "firefox_path"]

_SECONDS = 120
# every request that is not to a file ends at a port where nobody listens
_PREFERENCES = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.dns.disabled": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
}


def firefox_path() -> str | None:
    """Return where a Firefox is, if there is one."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One browser with one page; a context manager, so that it is ended with its folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        lines = [
            f"user_pref({json.dumps(k)}, {json.dumps(v)});"
            for k, v in {**_PREFERENCES, "marionette.port": port}.items()
        ]
        folder.mkdir()
        (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")
        self._number = 0
        self._process = subprocess.Popen(
            [str(firefox_path()), "--headless", "--marionette", "--no-remote", "--profile", str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._line = self._connect(port)
        self._read()  # its greeting
        self._ask("WebDriver:NewSession", {})
        self._ask("WebDriver:SetTimeouts", {"script": 1000 * _SECONDS})

    def __enter__(self) -> Firefox:
        return self

    def __exit__(self, *_error: object) -> None:
        self._line.close()
        self._process.terminate()
        self._process.wait(_SECONDS)

    def open(self, address: str) -> None:
        """Open a page."""
        self._ask("WebDriver:Navigate", {"url": address})

    def run(self, script: str, *given: Any) -> Any:
        """Return what a promise of the page gives; ``page`` is its window, ``given`` are plain values."""
        whole = (
            "const done = arguments[arguments.length - 1], page = window, "
            "given = page.JSON.parse(arguments[0]);"
            f"Promise.resolve({script}).then((v) => done(JSON.stringify([v ?? null])), (e) => done(JSON.stringify({{no: String(e)}})));"
        )
        found = json.loads(
            self._ask("WebDriver:ExecuteAsyncScript", {"script": whole, "args": [json.dumps(given)]})["value"]
        )
        if isinstance(found, dict):
            raise AssertionError(found["no"])
        return found[0]

    def _connect(self, port: int) -> socket.socket:
        end = time.monotonic() + _SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise
                time.sleep(0.2)

    def _read(self) -> Any:
        length = b""
        while (one := self._line.recv(1)) != b":":
            length += one
        parts = b""
        while len(parts) < int(length):
            parts += self._line.recv(int(length) - len(parts))
        return json.loads(parts)

    def _ask(self, command: str, given: dict[str, Any]) -> Any:
        self._number += 1
        text = json.dumps([0, self._number, command, given]).encode()
        self._line.sendall(f"{len(text)}:".encode() + text)
        _, _, error, found = self._read()
        if error is not None:
            raise AssertionError(error)
        return found
