"""What does every answer bear? Provenance, the unit and standing of each number, how well what binds it is known.

Words: *provenance* (graph, digest, version, solver, settings), *codebook* (column, unit, status), *status* (how a
number was made: arithmetic checked, bounded, sampled, ...), *limiting input* (its bound carries a price for the
question), *quality* (how an input is known: reported, estimated, inferred, assumed), *rests on* (the quality of the
weakest limiting input, and how many are so).
"""

from chainnet._version import package_version
from chainnet.results._ends import ENDS, Ends, ends_of, ends_table
from chainnet.results._provenance import Provenance, handed, provenance
from chainnet.results._ranking import LEFT_OUT, Ranking, SaidTable, figure_of
from chainnet.results._results import STEADY, Guarded, Result, codebook, fact_of, origin_of, stamp
from chainnet.results._trust import (
    BOUNDED,
    CHECKED,
    FROM_INPUTS,
    GIVEN,
    NOT_ASSESSED,
    NOT_STATED,
    SAMPLED,
    SIMULATED,
    Status,
    inputs_words,
    is_assessed,
    limiting_inputs,
    rest_of,
    rests_words,
    weakest,
)

__all__ = [
    "BOUNDED",
    "CHECKED",
    "ENDS",
    "FROM_INPUTS",
    "GIVEN",
    "LEFT_OUT",
    "NOT_ASSESSED",
    "NOT_STATED",
    "SAMPLED",
    "SIMULATED",
    "STEADY",
    "Ends",
    "Guarded",
    "Provenance",
    "Ranking",
    "Result",
    "SaidTable",
    "Status",
    "codebook",
    "ends_of",
    "ends_table",
    "fact_of",
    "figure_of",
    "handed",
    "inputs_words",
    "is_assessed",
    "limiting_inputs",
    "origin_of",
    "package_version",
    "provenance",
    "rest_of",
    "rests_words",
    "stamp",
    "weakest",
]
