"""What must be paid? Price floors that make projects viable, and what idle plants and too much capacity cost.

Words: *break-even* (the price at which a project pays), *floor* (the price that is guaranteed), *idle* (capacity that
nobody needs), *premium* (what keeping it costs).
"""

from chainnet.prices._floor import floor_buyers, floor_supply_curve, floor_tables, price_cut, price_floor
from chainnet.prices._idle import Overcapacity, constant_elasticity_price, overcapacity
from chainnet.prices._market import Market, MarketCertificate, market
from chainnet.prices._terms import capital_recovery_factor
from chainnet.prices._timing import build_or_wait, option_value

__all__ = [
    "Market",
    "MarketCertificate",
    "Overcapacity",
    "build_or_wait",
    "capital_recovery_factor",
    "constant_elasticity_price",
    "floor_buyers",
    "floor_supply_curve",
    "floor_tables",
    "market",
    "option_value",
    "overcapacity",
    "price_cut",
    "price_floor",
]
