"""What an assessment is asked, and why some questions have no answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainnet.errors import ChainnetError
from chainnet.flow import Asked, Counting, Said, Valued
from chainnet.network import Network
from chainnet.scenario import Scenario

Reasons = dict[str, str]


class InOrder(Said):
    """Whose tonnes count, and who is served first."""

    order: Asked


class InValue(Said):
    """Whose tonnes count, and in which order plants are valued."""

    order: Valued


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
        """The same for a call that also asks who is served first."""
        return {**self.said, "order": self.counting.order}

    @property
    def in_value(self) -> InValue:
        """The same for a call that values plants."""
        return {**self.said, "order": self.counting.value_order}

    @property
    def first(self) -> str | None:
        """The tier that is served first; None if nobody who counts asks in it."""
        return self.counting.first_tier

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
