"""Whom a sentence is about: a tier, or all of them together, with the words that agree with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainnet.words._numbers import is_known, verb

if TYPE_CHECKING:
    import pandas as pd


class Who(str):
    """A tier by its name, or all tiers together: a text that finds its rows and knows its words.

    Examples
    --------
    >>> defence, everybody = Who("defence"), Who.of(None)
    >>> defence.is_all, everybody.is_all
    (False, True)
    >>> defence.loses, everybody.loses
    ('defence loses', 'all tiers lose')
    """

    __slots__ = ()

    @classmethod
    def of(cls, tier: Any) -> Who:
        """Return whom a cell or an argument names; a blank, and "all", are all tiers.

        Examples
        --------
        >>> Who.of("civilian"), Who.of(float("nan")), Who.of("all")
        ('civilian', 'all tiers', 'all tiers')
        """
        return cls(tier) if is_known(tier) and tier != "all" else ALL_TIERS

    @staticmethod
    def named(table: pd.DataFrame) -> pd.DataFrame:
        """Return a table in which demand without a tier is that of all tiers."""
        return table.assign(tier=table["tier"].astype(object).fillna(str(ALL_TIERS)))

    @property
    def is_all(self) -> bool:
        """Whether all tiers are meant."""
        return self == ALL_TIERS

    @property
    def tier(self) -> str | None:
        """The tier as a question takes it; None = all."""
        return None if self.is_all else str(self)

    def rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table with a column tier; all of them where all tiers are meant."""
        return table if self.is_all else table[table["tier"] == self]

    def does(self, plural: str, adverb: str = "") -> str:
        """Return the name with a verb, given as it follows several; what stands between them.

        Examples
        --------
        >>> Who("defence").does("lack", "then"), Who.of(None).does("avoid", "together")
        ('defence then lacks', 'all tiers together avoid')
        """
        return " ".join(part for part in (self, adverb, verb(plural, 2 if self.is_all else 1)) if part)

    @property
    def loses(self) -> str:
        """The name with its verb."""
        return self.does("lose")

    @property
    def adjective(self) -> str:
        """How it stands before a noun: "all" or the tier."""
        return "all" if self.is_all else self

    @property
    def demand(self) -> str:
        """What it asks for."""
        return f"{self.adjective} demand"

    @property
    def anybody(self) -> str:
        """It in a sentence with a no: "no plant costs anybody anything"."""
        return "anybody" if self.is_all else self


ALL_TIERS = Who("all tiers")
