"""What does all of it say of one chain? Every question put to one network; two compared, many in a table.

Words: *question* (one table of the assessment, and why it may be missing), *cause* (an input that moved an answer).
"""

from chainnet.assessment._assess import Assessment, assess
from chainnet.assessment._compare import compare
from chainnet.assessment._neck import Neck
from chainnet.assessment._overview import first_rows, overview

__all__ = ["Assessment", "Neck", "assess", "compare", "first_rows", "overview"]
