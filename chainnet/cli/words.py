"""Reading what options bear: a reader takes what stands behind an option, and the option's name for its messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainnet.errors import DataError


def words(text: str, option: str = "") -> list[str]:
    """Split an option that lists words by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def several(given: Iterable[str], option: str = "") -> list[str]:
    """Return the words of an option that may be repeated, each of which may list several by commas."""
    return [word for text in given for word in words(text)]


def names(text: str, option: str = "") -> list[str]:
    """Split an option that lists countries or groups, by commas or semicolons as the sheet *meta* does."""
    return words(text.replace(";", ","), option)


def order(text: str, option: str = "") -> Any:
    """Return who is served first: the word, or the table of stages in a CSV file.

    Raises
    ------
    DataError
        If the file cannot be read; words are checked where they are asked.
    """
    if not text.lower().endswith(".csv"):
        return text
    import pandas as pd

    from chainnet.io import parse_csv, read_text

    path = Path(text)
    records = parse_csv(read_text(path, path.name), path.name)
    if records.faults:
        raise DataError(faults=records.faults)
    return pd.DataFrame(records.rows, columns=records.header, dtype=object)


def number(text: str, otherwise: str) -> float:
    """Read a number.

    Raises
    ------
    DataError
        With the message ``otherwise``, if the text is none.
    """
    try:
        return float(text)
    except ValueError:
        raise DataError(otherwise) from None


def split_pairs(given: Iterable[str], option: str, rule: str, twice: str) -> dict[str, str]:
    """Split NAME=VALUE, given several times; a name may itself hold the sign.

    Raises
    ------
    DataError
        If one is not of that form, which ``rule`` says, or a name stands ``twice``.
    """
    found: dict[str, str] = {}
    for word in given:
        name, sign, value = (part.strip() for part in word.rpartition("="))
        if not sign or not name:
            raise DataError(f'{option}: "{word}" {rule}')
        if name in found:
            raise DataError(f'{option}: "{name}" {twice}')
        found[name] = value
    return found


@dataclass(frozen=True)
class Numbers:
    """The reader of NAME=NUMBER, given several times, or of one number alone.

    ``rule`` is said of a word that cannot be read, ``beside`` of a lone number that has company ("" = a number alone
    is not taken either), ``twice`` of a name that is given twice.
    """

    rule: str
    beside: str = ""
    twice: str = "is given twice. Give one number for each."

    def __call__(self, given: Sequence[str], option: str) -> float | dict[str, float]:
        """Return the number, or the numbers by name."""
        if self.beside and len(given) == 1 and "=" not in given[0]:
            return number(given[0], f'{option}: "{given[0]}" {self.rule}')
        parts = split_pairs(given, option, self.beside or self.rule, self.twice)
        return {name: number(value, f'{option}: "{name}={value}" {self.rule}') for name, value in parts.items()}


def pairs(form: str) -> Numbers:
    """Return the reader of numbers by name alone, in a form such as TIER=SHARE."""
    return Numbers(f"is not of the form {form}.")


def one_line(text: str) -> str:
    """Keep a text on its line and a terminal safe from control codes."""
    return "".join(c if c.isprintable() else "?" for c in text)
