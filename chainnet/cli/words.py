"""Reading what options bear: lists of words, numbers, and numbers by label."""

from __future__ import annotations

from collections.abc import Iterable

from chainnet.errors import DataError

__all__ = ["by_label", "number", "words"]


def words(text: str | None) -> list[str] | None:
    """Split an option that lists words by commas."""
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


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


def by_label(given: Iterable[str] | None, option: str, rule: str) -> dict[str, float]:
    """Read an option given as LABEL=NUMBER, several times; a label may itself hold the sign.

    Raises
    ------
    DataError
        If one is not of the form that ``rule`` names, or a label stands twice.
    """
    out: dict[str, float] = {}
    for word in given or ():
        label, _, value = word.rpartition("=")
        label, form = label.strip(), f'{option}: "{word}" is not of the form {rule}.'
        if not label:
            raise DataError(form)
        if label in out:
            raise DataError(f'{option}: "{label}" is given twice. Give one number for each.')
        out[label] = number(value, form)
    return out
