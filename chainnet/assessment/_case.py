"""What an assessment is asked, and why some questions have no answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from chainnet.errors import ChainnetError
from chainnet.flow import Counting, Others, Said
from chainnet.network import Network
from chainnet.scenario import Scenario

__all__ = ["Case", "Reason", "Reasons", "worst_of"]

Reasons = dict[str, str]


class InOrder(Said):
    """Whose tonnes count, and when the others are served."""

    others: Others


@dataclass(frozen=True)
class Case:
    """Who counts, under which scenarios, in which years, how far ahead; ``recovery`` in years, ``draws`` 0 = none."""

    counting: Counting
    scenarios: tuple[Scenario, ...]
    years: tuple[int, ...]
    months: int
    start: str | None
    recovery: Any
    draws: int

    @property
    def network(self) -> Network:
        """The network that is assessed."""
        return self.counting.network

    @property
    def said(self) -> Said:
        """What a public call has to be told to count the same."""
        return self.counting.said

    @property
    def in_order(self) -> InOrder:
        """The same for a call that also asks when the others are served."""
        return {**self.said, "others": self.counting.others}

    @property
    def first(self) -> str | None:
        """The tier that is served first; None if nobody asks in it."""
        first = self.network.tier_order[0]
        return first if bool((self.network.demand["tier"] == first).any()) else None

    @property
    def last_year(self) -> int | None:
        """The last year for which projects are valued."""
        return self.years[-1] if self.years else None


class Reason:
    """Keep why a question has no answer, and go on."""

    def __init__(self, reasons: Reasons, question: str) -> None:
        self._reasons, self._question = reasons, question

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: object, _trace: object) -> bool:
        if isinstance(error, ChainnetError):
            self._reasons[self._question] = str(error)
        return isinstance(error, ChainnetError)


def worst_of(scenarios: Iterable[Scenario], short_tpa: Mapping[str, pd.Series], first: str) -> Scenario | None:
    """Return the scenario with the largest shortfall of the first tier, then of all tiers, then by name.

    Parameters
    ----------
    scenarios : iterable of Scenario
    short_tpa : mapping of str to Series
        The shortfall of each tier in the long run, t/a, by the name of the scenario.
    first : str
        The tier that is served first.
    """

    def key(scenario: Scenario) -> tuple[float, float, str]:
        short = short_tpa[scenario.name]
        # rounded, so that ties are ties and not the last digits of a solve
        return (-round(float(short.get(first, 0.0)), 6), -round(float(short.sum()), 6), scenario.name)

    return min(scenarios, key=key, default=None)
