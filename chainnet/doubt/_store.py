"""Finished draws in an SQLite file: whole after any end, and no draw twice."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from chainnet.errors import DataError

_HEAD = b"SQLite format 3\x00"
_SHOWN = 80  # characters of what another question was
_EVERY_S, _EVERY_N = 2.0, 64


class Store:
    """The draws of one question.

    Parameters
    ----------
    path : str or Path, optional
        None keeps them in memory only.
    asked : mapping
        What the draws answer; a file that answers something else is refused and left as it is.
    width : int
        Numbers of a draw.

    Raises
    ------
    DataError
        If the file is no store, is damaged, or holds the draws of another question.
    """

    def __init__(self, path: str | Path | None, asked: Mapping[str, Any], width: int) -> None:
        self._width = width
        self._waiting: list[tuple[int, list[float]]] = []
        self._last = time.monotonic()
        self._db: sqlite3.Connection | None = None
        self.done: dict[int, list[float]] = {}
        if path is None:
            return
        self.path = Path(path)
        try:
            self._check_file()
            self._open({key: json.dumps(value, sort_keys=True) for key, value in asked.items()})
        except DataError:
            self.close()
            raise
        except (OSError, sqlite3.Error, UnicodeError) as error:
            self.close()
            raise DataError(f"store {self.path}: cannot be used: {error}. Give the path of a new file.") from error

    def _check_file(self) -> None:
        if self.path.is_dir():
            raise DataError(f"store {self.path}: is a folder; give the name of a file.")
        if not self.path.parent.is_dir():
            raise DataError(f"store {self.path}: its folder does not exist. Make it first.")
        if self.path.is_file() and self.path.stat().st_size:
            with self.path.open("rb") as file:
                if file.read(len(_HEAD)) != _HEAD:
                    raise DataError(f"store {self.path}: is no SQLite file. Give the path of a new file.")
            self._check_tables()

    def _check_tables(self) -> None:
        """Look without a chance to write."""
        with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            held = set(db.execute("SELECT type, name FROM sqlite_master WHERE type != 'index'"))
        # a trigger or a view would do what nobody asked for
        if held and held != {("table", "draws"), ("table", "asked")}:
            raise DataError(f"store {self.path}: is a database of something else. Give the path of a new file.")

    def _open(self, asked: dict[str, str]) -> None:
        self._db = db = sqlite3.connect(self.path)
        db.execute("CREATE TABLE IF NOT EXISTS asked (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        db.execute("CREATE TABLE IF NOT EXISTS draws (draw INTEGER PRIMARY KEY, numbers TEXT NOT NULL)")
        held = dict(db.execute("SELECT key, value FROM asked"))
        if held:
            other = sorted(key for key in asked.keys() | held.keys() if held.get(key) != asked.get(key))
            if other:
                said = "; ".join(f"{k}: {_short(held.get(k))} there, {_short(asked.get(k))} asked" for k in other)
                raise DataError(f"store {self.path}: holds draws of another question ({said}). Give another file.")
        else:
            db.executemany("INSERT INTO asked VALUES (?, ?)", sorted(asked.items()))
            db.commit()
        self.done = {int(n): self._numbers(n, text) for n, text in db.execute("SELECT draw, numbers FROM draws")}

    def _numbers(self, draw: int, text: Any) -> list[float]:
        try:
            numbers = [float(number) for number in json.loads(text)]
        except (TypeError, ValueError, OverflowError, RecursionError):
            numbers = []
        if len(numbers) != self._width:
            raise DataError(f"store {self.path}: draw {draw} is damaged. Give the path of a new file.")
        return numbers

    def add(self, rows: Iterable[tuple[int, list[float]]]) -> None:
        """Keep finished draws; they are on disk after two seconds or 64 draws at the latest."""
        for number, values in rows:
            if number not in self.done:
                self.done[number] = values
                self._waiting.append((number, values))
        if len(self._waiting) >= _EVERY_N or time.monotonic() - self._last >= _EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Commit what waits."""
        if self._db is not None and self._waiting:
            rows = [(number, json.dumps(values)) for number, values in self._waiting]
            self._db.executemany("INSERT OR IGNORE INTO draws VALUES (?, ?)", rows)
            self._db.commit()
        self._waiting = []
        self._last = time.monotonic()

    def close(self) -> None:
        """Commit and let go of the file."""
        self.flush()
        if self._db is not None:
            self._db.close()
            self._db = None


def _short(text: Any) -> str:
    said = "none" if text is None else str(text)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}..."
