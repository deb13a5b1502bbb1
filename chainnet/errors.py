"""The errors of chainnet.

::

    ChainnetError
    ├── DataError        (also ValueError)  input that breaks a rule; carries all faults as a table
    ├── UnknownIdError   (also KeyError)    an id that no table holds
    ├── InfeasibleError                     bounds that cannot all be met; says which collide
    └── SolverError                         a solver failed, or an answer failed its own check

    ChainnetWarning      (a UserWarning)    an answer stands, but not all that was given counts in it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "UNWRITABLE",
    "UNWRITABLE_RULE",
    "ChainnetError",
    "ChainnetWarning",
    "DataError",
    "Fault",
    "InfeasibleError",
    "SolverError",
    "UnknownIdError",
    "check_words",
    "printable",
]

# control characters, and halves of pairs (lone surrogates): neither XML nor UTF-8 can hold them
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
UNWRITABLE_RULE = "a control character or half a character that no file may hold"
FAULT_COLUMNS = ("file", "row", "column", "value", "rule", "remedy")
_PRINTED = 20
_LONGEST = 200  # characters of a word in a message; the whole stands in ``faults``
_LONGEST_LINE = 4000  # characters of a line of a message


def printable(text: str) -> str:
    """Return a text with ``?`` for every character that cannot be written."""
    return UNWRITABLE.sub("?", text)


def _told(text: str) -> str:
    """Return a message that can be written, and no line of which fills a screen with one cell."""
    return "\n".join(_cut(line, _LONGEST_LINE) for line in printable(text).split("\n"))


class ChainnetError(Exception):
    """Root of every error that chainnet raises on purpose."""

    def __init__(self, *args: object) -> None:
        # an error about a text that cannot be written must be printable itself
        super().__init__(*(_told(arg) if isinstance(arg, str) else arg for arg in args))


@dataclass(frozen=True, order=True)
class Fault:
    """One broken rule: where it stands, what is wrong, what to do.

    ``row`` is the line that a spreadsheet shows (header = 1), empty where there is no one row; ``label`` is that of
    the row in the DataFrame it came from, empty where it came from a file.
    """

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    remedy: str
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("file", "column", "value", "rule", "remedy", "label"):
            text = getattr(self, name)
            if UNWRITABLE.search(text):
                object.__setattr__(self, name, printable(text))

    def __str__(self) -> str:
        return _line([self])


def _line(alike: Sequence[Fault]) -> str:
    """Return one line for faults that differ in their rows alone: where the first stands, then the other rows."""
    fault = alike[0]
    where = _cut(fault.file)
    if fault.row is not None:
        where += f" row {fault.row}"
    if fault.column:
        where += f", {_cut(fault.column)}"
    value = f' "{_cut(fault.value)}":' if fault.value else ""
    also = _listed("also row", [other.row for other in alike[1:] if other.row is not None], "s")
    labels = _listed("index", [other.label for other in alike if other.label])
    more = "; ".join(filter(None, (also, labels)))
    stop = "" if fault.rule.endswith("?") else "."
    return f"{where}:{value} {fault.rule}{stop} {fault.remedy}" + (f" ({more})" if more else "")


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


def _listed(word: str, places: Sequence[int | str], plural: str = "") -> str:
    if not places:
        return ""
    left = len(places) - _PRINTED
    shown = ", ".join(map(str, places[:_PRINTED]))
    return f"{word}{plural if len(places) > 1 else ''} {shown}" + (f" and {left} more" if left > 0 else "")


def _alike(faults: Iterable[Fault]) -> list[list[Fault]]:
    """Return faults that differ in their rows alone together, in the order of the first of each."""
    groups: dict[tuple[str, str, str, str, str], list[Fault]] = {}
    for fault in faults:
        key = (fault.file, fault.column, fault.value, fault.rule, fault.remedy)
        groups.setdefault(key, []).append(fault)
    return list(groups.values())


class DataError(ChainnetError, ValueError):
    """Input that breaks a rule.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence; made from the faults when these are given instead.
    faults : iterable of Fault
        Every broken rule found, in any order.

    Attributes
    ----------
    faults : DataFrame
        Columns file, row, column, value, rule, remedy, sorted by file, row and column.
    faults_list : tuple of Fault
        The same as objects.
    """

    def __init__(self, message: str = "", faults: Iterable[Fault] = ()) -> None:
        self.faults_list = tuple(sorted(set(faults), key=_fault_key))
        if self.faults_list:
            groups = _alike(self.faults_list)
            lines = [_line(alike) for alike in groups[:_PRINTED]]
            left = sum(map(len, groups[_PRINTED:]))
            if left > 0:
                lines.append(f"... and {left} more; all are in .faults")
            head = message or f"{len(self.faults_list)} fault{'s' if len(self.faults_list) > 1 else ''} in the data"
            message = head + "\n  " + "\n  ".join(lines)
        super().__init__(message)

    @property
    def faults(self) -> pd.DataFrame:
        """All faults as a table, one row each."""
        import pandas as pd

        rows = [(f.file, f.row, f.column, f.value, f.rule, f.remedy) for f in self.faults_list]
        frame = pd.DataFrame(rows, columns=list(FAULT_COLUMNS))
        return frame.astype({"row": "Int64"})

    def _repr_html_(self) -> str:
        from html import escape

        head = f"<p><b>{escape(str(self).splitlines()[0])}</b></p>"
        return head + (self.faults.to_html(escape=True, border=0, na_rep="", index=False) if self.faults_list else "")


class UnknownIdError(ChainnetError, KeyError):
    """An id that no table of the network holds."""

    def __str__(self) -> str:
        # KeyError would print the repr of the message
        return str(self.args[0]) if self.args else ""


class InfeasibleError(ChainnetError):
    """Bounds that cannot all be met at once."""


class SolverError(ChainnetError):
    """A solver failed, or an answer failed its own check."""


class ChainnetWarning(UserWarning):
    """An answer stands, but not all that was given counts in it."""


def check_words(**words: str | None) -> None:
    """Raise DataError for an argument that is no text, or that no document may hold; None = left out."""
    for name, text in words.items():
        if text is None:
            continue
        if not isinstance(text, str):
            raise DataError(f"{name}: {text!r} is no text.")
        if UNWRITABLE.search(text):
            raise DataError(f"{name}: {text!r} holds {UNWRITABLE_RULE}. Take it out.")


def _fault_key(fault: Fault) -> tuple[str, int, str, str, str]:
    return (fault.file, -1 if fault.row is None else fault.row, fault.column, fault.value, fault.rule)
