"""How much do allied projects buy? Alone, last, as a fair share, late, and the best set for a budget.

Words: *game* (value of each set of projects), *access* (who may use whose output), *case* (a scenario of a portfolio),
*option* (a project as it may be chosen).
"""

from chainnet.projects._access import Access, access_to
from chainnet.projects._portfolio import Portfolio, portfolio
from chainnet.projects._reroute import Reroute, reroute

__all__ = ["Access", "Portfolio", "Reroute", "access_to", "portfolio", "reroute"]
