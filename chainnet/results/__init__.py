"""What does every answer bear? Provenance, the unit and standing of each number, the grade of what binds it.

Words: *provenance* (graph, digest, version, solver, settings), *codebook* (column, unit, status), *grade* (the weakest
input on which a number rests).
"""

from chainnet.results._ends import ends_of
from chainnet.results._grade import GIVEN, LETTERS, NOT_ASSESSED, NOT_GRADED, decisive_inputs, rest_of, weakest
from chainnet.results._provenance import Provenance, Status, handed, package_version, provenance
from chainnet.results._results import STEADY, Guarded, Result, codebook, fact_of, origin_of, stamp

__all__ = [
    "GIVEN",
    "LETTERS",
    "NOT_ASSESSED",
    "NOT_GRADED",
    "STEADY",
    "Guarded",
    "Provenance",
    "Result",
    "Status",
    "codebook",
    "decisive_inputs",
    "ends_of",
    "fact_of",
    "handed",
    "origin_of",
    "package_version",
    "provenance",
    "rest_of",
    "stamp",
    "weakest",
]
