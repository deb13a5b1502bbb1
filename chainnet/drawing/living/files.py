"""The files of the solver as the package finds and adds them, with errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from tarfile import TarError

from chainnet.drawing.living.solver import (
    ARCHIVE,
    FILES,
    PACKAGE,
    SolverPackageError,
    folders,
    is_there,
    read_archive,
    unpack,
)
from chainnet.errors import DataError

__all__ = ["add_solver", "solver_files"]


def solver_files() -> dict[str, bytes]:
    """Return the files of the solver by name: program (packed), script and licence.

    Raises
    ------
    DataError
        If they are not installed.
    """
    for folder in folders():
        if is_there(folder):
            return {name: (folder / name).read_bytes() for name in FILES.values()}
    raise DataError(
        "living pages need the solver HiGHS as WebAssembly, which is not installed. Fetch it with: npm pack "
        f"{PACKAGE}; then add it with: chainnet engine add {ARCHIVE}; or install chainnet again where there is npm."
    )


def add_solver(path: str | Path) -> Path:
    """Add the solver of living pages from the package file that npm gives.

    Parameters
    ----------
    path : str or Path
        ``highs-1.15.3.tgz``, as ``npm pack highs@1.15.3`` writes it.

    Returns
    -------
    Path
        The folder written: beside the package, else with the data of the user.

    Raises
    ------
    DataError
        If the file is missing or another one, or neither folder can be written.
    """
    try:
        archive = read_archive(Path(path))
    except SolverPackageError as err:
        raise DataError(f"engine: {err}. Give the file that this writes: npm pack {PACKAGE}.") from err
    refused: OSError | None = None
    for folder in folders():
        try:
            unpack(archive, folder)
        except (SolverPackageError, TarError, KeyError) as err:
            raise DataError(f"engine: {err}. Give the file that this writes: npm pack {PACKAGE}.") from err
        except OSError as err:
            refused = err
            continue
        return folder
    raise DataError(
        f"engine: no folder can be written ({refused}). Give yourself the right to write one of: "
        f"{', '.join(map(str, folders()))}."
    )
