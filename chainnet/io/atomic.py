"""All or nothing: what is written stands beside its target until it is whole, then takes its name."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from chainnet.errors import DataError


def write_file(target: Path, data: bytes) -> Path:
    """Write one file whole or not at all.

    Raises
    ------
    DataError
        If the target is a folder or cannot be written.
    """
    if target.is_dir():
        raise DataError(f"{target}: is a folder; give the name of a file.")
    beside = _beside(target)
    try:
        made = _make_parents(target)
        try:
            beside.write_bytes(data)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            _remove_empty(made)
            raise
    except (OSError, UnicodeError) as error:  # half a character makes no name of a file
        raise DataError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}.") from error
    return target


def write_files(target: Path, files: Mapping[str, bytes], drop: Collection[str]) -> Path:
    """Write a folder of files whole or not at all.

    Parameters
    ----------
    target : Path
        Missing, or a folder; what it holds besides ``files`` and ``drop`` is kept.
    files : mapping
        Name -> content.
    drop : collection of str
        Names, relative to the folder, that do not outlive the change.

    Raises
    ------
    DataError
        If the target cannot be written.
    """
    beside, before = _beside(target), _beside(target)
    try:
        made = _make_parents(target)
        try:
            if target.exists():
                shutil.copytree(target, beside, symlinks=True)
                for name in drop:
                    (beside / name).unlink(missing_ok=True)
            else:
                beside.mkdir()
            for name, data in files.items():
                (beside / name).parent.mkdir(parents=True, exist_ok=True)
                (beside / name).write_bytes(data)
            _swap(target, beside, before)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            _remove_empty(made)
            raise
    except (OSError, UnicodeError, shutil.Error) as error:
        raise DataError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}.") from error
    shutil.rmtree(before, ignore_errors=True)
    return target


def _swap(target: Path, beside: Path, before: Path) -> None:
    if not target.exists():
        beside.rename(target)
        return
    target.rename(before)
    try:
        beside.rename(target)
    except BaseException:
        before.rename(target)
        raise


def _beside(target: Path) -> Path:
    return target.parent / f".{target.name}.{secrets.token_hex(6)}.part"


def _make_parents(target: Path) -> list[Path]:
    """Make the folders above the target; return those that were missing, innermost first."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
