"""How long do we last, and who is short when? Month by month with stocks, transit and ramps.

Words: *trajectory* (the months of one scenario), *foresight* (the plan that knows all, beside the one that does not),
*time to survive* (months without loss), *requirement* (the least stock that keeps a tier whole).
"""

from chainnet.stress._first_year import YEAR, due_by_month, due_in_year, first_year, is_short
from chainnet.stress._held import End
from chainnet.stress._months import Ask, Trajectory, base_flow, course, horizon_levels
from chainnet.stress._result import StressTest
from chainnet.stress._stockpile import averted, requirement, stockpile_mitigation, stockpile_requirement
from chainnet.stress._stores import Stores, no_stock, prices_of, tiers_of
from chainnet.stress._test import stress_test, tested
from chainnet.stress._worst import worst_of

__all__ = [
    "YEAR",
    "Ask",
    "End",
    "Stores",
    "StressTest",
    "Trajectory",
    "averted",
    "base_flow",
    "course",
    "due_by_month",
    "due_in_year",
    "first_year",
    "horizon_levels",
    "is_short",
    "no_stock",
    "prices_of",
    "requirement",
    "stockpile_mitigation",
    "stockpile_requirement",
    "stress_test",
    "tested",
    "tiers_of",
    "worst_of",
]
