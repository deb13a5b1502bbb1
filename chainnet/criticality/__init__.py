"""Where are the chokepoints? What is lost without each node, site, country or owner, and without the worst k together.

Words: *removal* (one value of ``by=``), *attack* (the worst k removals), *defence* (what to protect or build),
*exposure* (cost of a loss over its recovery time).
"""

from chainnet.criticality._attack import interdict, shapley
from chainnet.criticality._chokepoints import chokepoints
from chainnet.criticality._defence import fortify
from chainnet.criticality._ends import loss_ends
from chainnet.criticality._exposure import risk_exposure
from chainnet.criticality._removals import CONTROL, removals

__all__ = ["CONTROL", "chokepoints", "fortify", "interdict", "loss_ends", "removals", "risk_exposure", "shapley"]
