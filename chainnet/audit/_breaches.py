"""The flows that an audit reads, and the breaches that it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from chainnet.engine import Certificate
from chainnet.errors import SolverError

_NAMED = 3


class Breach(NamedTuple):
    """A rule that an answer breaks: the tonnes found at a place, and the tonnes that the rule allows there."""

    rule: str
    place: str
    tonnes: float
    allowed: float

    def __str__(self) -> str:
        """Return the breach in a line."""
        return f"{self.rule}: {self.place}: {self.tonnes:.6g} t, allowed {self.allowed:.6g} t"


@dataclass(frozen=True, eq=False)
class Flows:
    """The tonnes of an answer, as tables.

    Attributes
    ----------
    edges : DataFrame
        One row per row of ``network.edges``: flow_tpa.
    suppliers : DataFrame
        New relations: source, target, commodity, flow_tpa.
    nodes : DataFrame, index id
        throughput_tpa, of every node.
    demand : DataFrame
        One row per row of ``network.demand``: demand_tpa, served_tpa, shortfall_tpa.
    """

    edges: pd.DataFrame
    suppliers: pd.DataFrame
    nodes: pd.DataFrame
    demand: pd.DataFrame


def passed(certificate: Certificate, breaches: Sequence[Breach]) -> Certificate:
    """Return the certificate of an audited answer.

    Raises
    ------
    SolverError
        If the answer breaks a rule: it is never returned.
    """
    if breaches:
        told = "; ".join(map(str, breaches[:_NAMED]))
        more = f"; {len(breaches) - _NAMED} more" if len(breaches) > _NAMED else ""
        raise SolverError(
            f"{certificate.problem}: the answer breaks its own tables ({told}{more}). Report the network that caused "
            "this."
        )
    return replace(certificate, is_audited=True)
