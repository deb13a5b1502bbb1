"""A network as a folder: one CSV per table and a ``datapackage.json``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chainnet import checks
from chainnet.errors import DataError
from chainnet.io.atomic import write_files
from chainnet.io.datapackage import DESCRIPTOR, file_columns, generate_datapackage, read_descriptor, stays_inside
from chainnet.io.decimals import with_points
from chainnet.io.intake import Intake
from chainnet.io.parquet import parquet_frame
from chainnet.io.text import csv_line, file_stem, parse_csv, read_text, refuse, written_cells
from chainnet.network import AS_WRITTEN, TABLES, Network, Reading

__all__ = ["generate_datapackage", "headers_of", "read_folder", "write_folder"]


def read_folder(path: Path | str, how: Reading = AS_WRITTEN) -> Network:
    """Read a network from a folder of CSV tables.

    Parameters
    ----------
    path : Path or str
        Folder with ``nodes.csv`` and ``edges.csv`` at least; any table may be a ``.parquet`` file
        instead. ``datapackage.json`` may name it and say what it counts; without one the folder's
        name is the network's. Every other CSV must bear the name of a table; files of other kinds
        are left alone.
    how : Reading
        What the caller says of the tables.

    Returns
    -------
    Network

    Raises
    ------
    DataError
        With every fault of every file.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder.")
    intake = Intake("{}.csv", DESCRIPTOR, how)
    descriptor = read_descriptor(folder, intake)
    for table, file in descriptor.paths.items():
        if file:
            intake.files[table] = file
    _stray_files(folder, set(descriptor.paths.values()), intake)
    for table in TABLES:
        file, other = intake.files[table], f"{table}.parquet"
        if table in descriptor.paths or _lies(folder / file):
            take_table(folder, table, file, intake)
            if file != other and _lies(folder / other):
                intake.fault(f"the table lies here as {file} too", "Keep one of the two files.", file=other)
        elif _lies(folder / other):
            intake.files[table] = other
            take_table(folder, table, other, intake)
    meta = {"name": folder.resolve().name or "network", "folder": folder, **descriptor.meta}
    return intake.network(**meta)


def take_table(folder: Path, table: str, file: str, intake: Intake) -> None:
    """Take a table in from its file, or note why it cannot be read."""
    place = folder / file
    try:
        if not stays_inside(folder, place):
            raise refuse(file, "is a link out of the folder", "Put the file itself into the folder.")
        if place.suffix.lower() == ".parquet":
            frame = parquet_frame(place, file, TABLES[table].required)
            intake.frames[table], unclear = with_points(table, frame, replace(intake.how, separator=""), file)
            intake.faults += unclear
            return
        records = parse_csv(read_text(place, file), file, intake.how.separator)
    except DataError as error:
        intake.unreadable(table, error)
    else:
        intake.add(table, records)


def _lies(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _stray_files(folder: Path, listed: set[str], intake: Intake) -> None:
    """A CSV that no table claims is most likely a table whose name is mistyped."""
    known = {f"{table}.csv" for table in TABLES} | listed
    for entry in sorted(folder.iterdir()):
        name = entry.name
        if entry.suffix.lower() == ".csv" and not name.startswith(".") and name not in known:
            rule = checks.told("no table has this name", name.lower(), known)
            intake.fault(rule, f"Rename or move it. {checks.listed(TABLES)}", file=name)


def table_csv(network: Network, table: str) -> str:
    """Return a table of the network as CSV text: required columns and those with any value."""
    frame = getattr(network, table)
    names = file_columns(table, frame)
    columns = [written_cells(frame[name]) for name in names]
    return csv_line(names) + "".join(map(csv_line, zip(*columns, strict=True)))


def headers_of(folder: Path | str) -> dict[str, list[str]]:
    """Return the header of each table's CSV in a folder, for its ``datapackage.json``."""
    found = {}
    for table in TABLES:
        path = Path(folder) / f"{table}.csv"
        if path.is_file():
            found[table] = parse_csv(read_text(path, path.name), path.name).header
    return found


def write_folder(network: Network, path: Path | str) -> Path:
    """Write a network as a folder of CSV tables and a ``datapackage.json``, whole or not at all.

    Parameters
    ----------
    network : Network
    path : Path or str
        Missing, empty, or a folder that has a ``datapackage.json``: of that one the tables are
        replaced and everything else (scenarios, README) is kept. Scenarios of the network that do not lie there are
        added.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        If the target is something else, or cannot be written.
    """
    target = Path(path)
    drop: set[str] = set()
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise DataError(f"{target}: is not a folder; a network is written to a folder of its own.")
    if target.is_dir() and any(target.iterdir()):
        if not (target / DESCRIPTOR).is_file():
            raise DataError(
                f"{target}: the folder is not empty and has no {DESCRIPTOR}; "
                "give a new folder, or one that was written before."
            )
        old = read_descriptor(target, Intake("{}.csv", DESCRIPTOR))
        drop = {f"{table}.{kind}" for table in TABLES for kind in ("csv", "parquet")} | {
            file for file in old.paths.values() if file
        }
    held = scenario_files(network)
    if network.folder is not None and Path(network.folder).resolve() == target.resolve():
        held = {}
    elif not network.own_scenarios:  # those that lie there are kept
        held = {name: data for name, data in held.items() if not (target / name).exists()}
    return write_files(target, {**folder_files(network), **held}, drop)


def folder_files(network: Network) -> dict[str, bytes]:
    """Return the files of a network's folder: name -> content."""
    filed = network.at(None)  # what opened since is a project in a file, and stands again when it is read
    files = {
        f"{table}.csv": table_csv(filed, table).encode()
        for table in TABLES
        if TABLES[table].required or len(getattr(filed, table))
    }
    files[DESCRIPTOR] = generate_datapackage(network).encode()
    return files


def scenario_files(network: Network) -> dict[str, bytes]:
    """Return the scenarios of a network as files of its folder: name -> content.

    Raises
    ------
    DataError
        If two of them would be one file.
    """
    files: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for name, text in network.own_scenarios.items():
        file = f"scenarios/{file_stem(name)}.toml"
        if names.setdefault(file.lower(), name) != name:
            raise DataError(f'write: the scenarios "{names[file.lower()]}" and "{name}" are both {file}. Rename one.')
        files[file] = text.encode()
    folder = network.scenario_folder
    if folder is not None:
        files |= {f"scenarios/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    return files
