"""What does all of it say of one chain? Every question put to one network; two compared, many in a table.

Words: *question* (one table of the assessment, and why it may be missing), *cause* (an input that moved an answer).
"""

from chainnet.assessment._answers import Answers
from chainnet.assessment._assess import Assessment, assess
from chainnet.assessment._bottleneck import stoppable
from chainnet.assessment._compare import compare
from chainnet.assessment._find import find, finding_of
from chainnet.assessment._finding import Finding
from chainnet.assessment._holdings import holdings
from chainnet.assessment._missing import assume_demand, missing, whoever_counts
from chainnet.assessment._overview import first_rows, is_made_up, is_met, overview, spoken_of
from chainnet.assessment._priced import SAID, Floored
from chainnet.assessment._side_by_side import SideBySide

__all__ = [
    "SAID",
    "Answers",
    "Assessment",
    "Finding",
    "Floored",
    "SideBySide",
    "assess",
    "assume_demand",
    "compare",
    "find",
    "finding_of",
    "first_rows",
    "holdings",
    "is_made_up",
    "is_met",
    "missing",
    "overview",
    "spoken_of",
    "stoppable",
    "whoever_counts",
]
