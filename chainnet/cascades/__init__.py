"""How does a failure spread when nobody reroutes well? ESRI (no stocks) and ARIO (stocks, plain habits).

Words: *bracket* (the optimal answer and the myopic ones around the truth), *link* (a baseline flow), *habit* (how a
firm shares out what it has).
"""

from chainnet.cascades._bracket import bracket
from chainnet.cascades._cascade import cascade

__all__ = ["bracket", "cascade"]
