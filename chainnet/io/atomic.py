"""All or nothing: what is written stands beside its target until it is whole, then takes its name."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from chainnet.errors import DataError

# a file of these kinds is no folder
_FILES = (
    ".csv", ".docx", ".gexf", ".graphml", ".htm", ".html", ".jpeg", ".jpg", ".json", ".md", ".parquet", ".pdf", ".png",
    ".svg", ".toml", ".tsv", ".txt", ".xls", ".xlsx", ".xml", ".zip",
)  # fmt: skip


def check_target(path: str | Path, kinds: Sequence[str], argument: str) -> Path:
    """Return where something is to be written; refuse before the work what could not be written, or only wrongly.

    Parameters
    ----------
    path : str or Path
    kinds : sequence of str
        Suffixes that it may have, such as .html; "" = none, as the name of a folder. A folder's name may hold points.
    argument : str
        Such as --out, for the message.

    Raises
    ------
    DataError
        If the suffix is another, or there is neither the folder of the target nor one above it to make it in.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    is_folder = "" in kinds and len(kinds) == 1
    if not (suffix in kinds or (is_folder and suffix not in _FILES)):
        known = "a folder, whose name has no suffix" if is_folder else ", ".join(kind or "no suffix" for kind in kinds)
        raise DataError(f'{argument}: "{path}": "{suffix or "no suffix"}" is not written here. Give {known}.')
    if target.is_dir() and "" not in kinds:
        raise DataError(f"{argument}: {path}: is a folder; give the name of a file.")
    if is_folder and target.exists() and not target.is_dir():
        raise DataError(f"{argument}: {path}: is a file; give the name of a folder.")
    _missing(target)
    return target


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


class Placing:
    """A folder to which some files are added, whole or not at all; what else it holds is left alone.

    The files are written into ``stage``, beside the folder, or in it where it is there already; with ``finish`` they
    take their place, on any error all is as before.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.is_new = folder, not folder.exists()
        self.stage = _beside(folder.absolute() if self.is_new else folder / "new")
        self._made: list[Path] = []

    def __enter__(self) -> Placing:
        try:
            self._made = _make_parents(self.stage)
            self.stage.mkdir()
        except OSError as error:
            raise DataError(f"{self.folder}: cannot be written: {error.strerror}.") from error
        return self

    def finish(self) -> list[Path]:
        """Move the files to their place; return where they are."""
        names = sorted(f.name for f in self.stage.iterdir())
        try:
            if self.is_new:
                self.stage.rename(self.folder)
            else:
                self._swap(names)
        except OSError as error:
            raise DataError(f"{self.folder}: cannot be written: {error.strerror}.") from error
        self._made = []
        return [self.folder / name for name in names]

    def _swap(self, names: Sequence[str]) -> None:
        """Put each file in its place; put the old ones back if one of them fails."""
        kept = self.stage / "before"
        kept.mkdir()
        done: list[str] = []
        try:
            for name in names:
                target = self.folder / name
                if target.exists() or target.is_symlink():
                    target.rename(kept / name)
                done.append(name)
                (self.stage / name).rename(target)
        except BaseException:
            for name in done:
                (self.folder / name).unlink(missing_ok=True)
                if (kept / name).exists() or (kept / name).is_symlink():
                    (kept / name).rename(self.folder / name)
            raise

    def __exit__(self, *_error: object) -> None:
        shutil.rmtree(self.stage, ignore_errors=True)
        _remove_empty(self._made)


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


def _missing(target: Path) -> list[Path]:
    """Return the folders above a target that are not there, innermost first; a mistyped path is not made from the root.

    Raises
    ------
    DataError
        If no folder above it is there.
    """
    missing = [folder for folder in target.parents if not folder.exists()]
    if missing and missing[-1].parent == Path(missing[-1].anchor) != Path():
        raise DataError(f"{target}: there is no folder {missing[-1]}. Make it first, or correct the path.")
    return missing


def _make_parents(target: Path) -> list[Path]:
    """Make the folders above the target; return those that were missing, innermost first."""
    missing = _missing(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        _remove_empty(missing)
        raise
    return missing


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
