"""How a result draws itself, and the table of losses that says in words what costs most."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from html import escape
from importlib import import_module
from typing import Any

import pandas as pd


def figure_of(result: Any, **asked: Any) -> Any:
    """Return the figure of a result.

    The one way up from here: the package that draws is asked by its name, when somebody wants a figure. Nothing that
    is solved rests on it.
    """
    return import_module("chainnet.drawing").plot(result, **asked)


LEFT_OUT = ["what", "n", "tpa", "share"]  # columns of what a ranking leaves out


class _Table(type):
    """So that pandas compares any table with a ranking: its test asks whether one is of the type of the other."""

    def __instancecheck__(cls, one: Any) -> bool:
        return isinstance(one, pd.DataFrame)


class SaidTable(pd.DataFrame, metaclass=_Table):
    """A table that says its finding in words.

    A table like any other. What is cut from it is a plain table: the finding is one on all rows.

    Attributes
    ----------
    sentence : str
        The finding, in words.
    left_out : DataFrame
        Places without the label that ranks, which no row counts, and goods that a country ships but did not make:
        what, n (places), tpa (tonnes a year through them) and share (of all that may drop out; of re-exports, of all
        that the country ships). Empty where nothing is known to be left out.
    """

    # no columns, so that pandas lets them be set
    _metadata = ["sentence", "left_out"]  # noqa: RUF012
    sentence: str = ""
    left_out: pd.DataFrame = pd.DataFrame(columns=LEFT_OUT)

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str | None:
        table: str | None = super()._repr_html_()  # type: ignore[misc]
        if table is None or not self.sentence:
            return table
        return f"{''.join(f'<p>{escape(line)}</p>' for line in self._lines)}{table}"

    @property
    def _lines(self) -> list[str]:
        return [self.sentence]


class Ranking(SaidTable):
    """A table of losses, the largest first, that says its finding and draws itself.

    A table like any other. What is cut from it is a plain table: the finding is one on all rows.

    Attributes
    ----------
    sentence : str
        What costs most, in words.
    names : mapping
        Names for people of its first rows, by index value.
    left_out_sentence : str
        The re-exports of ``left_out``, in words; "" where there are none. ``sentence`` says the places.
    """

    _metadata = ["sentence", "names", "left_out", "left_out_sentence"]  # noqa: RUF012
    names: Mapping[Hashable, str] = {}
    left_out_sentence: str = ""

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        sentence: str,
        names: Mapping[Hashable, str],
        left_out: pd.DataFrame | None = None,
        left_out_sentence: str = "",
    ) -> Ranking:
        """Return a stamped table with its finding, its names and what it leaves out."""
        made = cls(table)
        made.attrs = table.attrs
        made.sentence, made.names = sentence, names
        made.left_out_sentence = left_out_sentence
        made.left_out = pd.DataFrame(columns=LEFT_OUT) if left_out is None else left_out
        return made

    @property
    def _lines(self) -> list[str]:
        return [line for line in (self.sentence, self.left_out_sentence) if line]

    def plot(self, *args: Any, **asked: Any) -> Any:  # type: ignore[override]
        """Draw the largest losses as bars, named, in t/yr; of ``risk_exposure`` the cost against the spend.

        Parameters
        ----------
        top : int, optional
            How many bars, 1 to 20; default 10.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Raises
        ------
        DataError
            If ``top`` is out of range, or the extra that draws is not installed.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.chokepoints(cn.read("mag-9")).plot(top=3).title.split(": ")[1]
        '40 of 50 t/yr (80 %). Before any loss nothing is short (baseline).'
        """
        return figure_of(self, *args, **asked)
