"""What must be paid? Markets and what measures do to them, floors that make projects viable, what idle plants cost.

Words: *market* (prices at which a chain clears), *break-even* (the price at which a project pays), *floor* (the price
that is guaranteed), *levy* (what an import pays), *contract* (a maker is paid what lacks to the floor), *idle*
(capacity that nobody needs), *premium* (what keeping it costs).
"""

from chainnet.prices._entry import break_even_floor, floor_curve, implied_floors
from chainnet.prices._floor import price_floor
from chainnet.prices._idle import Overcapacity, overcapacity
from chainnet.prices._instruments import Instruments, instruments
from chainnet.prices._market import Market, market
from chainnet.prices._reply import best_reply
from chainnet.prices._storage import storage
from chainnet.prices._terms import capital_recovery_factor

__all__ = [
    "Instruments",
    "Market",
    "Overcapacity",
    "best_reply",
    "break_even_floor",
    "capital_recovery_factor",
    "floor_curve",
    "implied_floors",
    "instruments",
    "market",
    "overcapacity",
    "price_floor",
    "storage",
]
