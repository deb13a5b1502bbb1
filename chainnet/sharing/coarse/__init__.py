"""What do plants say that stand as one? Networks that can serve at least, and at most, what the truth can.

Words: *class* (plants that stand as one), *outer* and *inner* (the networks of the two bounds), *respected* (a measure
that reaches all members of a class or none).
"""

from chainnet.sharing.coarse._aggregate import aggregate
from chainnet.sharing.coarse._bracket import bracket

__all__ = ["aggregate", "bracket"]
