"""Where are the chokepoints? What is lost without each node, site, country or owner, and without the worst k together.

Words: *removal* (one value of ``by=``), *attack* (the worst k removals), *defence* (what to protect or build),
*exposure* (cost of a loss over its recovery time), *hazard* (what may happen, with two rates), *cause* (a hazard, or
what the members of a group have in common), *way* (a least set of causes that costs a given loss).
"""

from chainnet.criticality._attack import interdict, shapley
from chainnet.criticality._chokepoints import chokepoints
from chainnet.criticality._defence import fortify
from chainnet.criticality._ends import loss_ends
from chainnet.criticality._exposure import risk_exposure
from chainnet.criticality._hazards import hazards
from chainnet.criticality._rates import garwood
from chainnet.criticality._removals import CONTROL, removals
from chainnet.criticality._reverse import Reverse, reverse

__all__ = [
    "CONTROL",
    "Reverse",
    "chokepoints",
    "fortify",
    "garwood",
    "hazards",
    "interdict",
    "loss_ends",
    "removals",
    "reverse",
    "risk_exposure",
    "shapley",
]
