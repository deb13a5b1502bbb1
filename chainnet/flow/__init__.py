"""How much can be served, and who is short? The largest flow, the balance by tier, the value of a network.

Words: *value* (the largest tonnage that can be served), *balance* (least shortfall tier by tier, then least cost),
*counted* (whose demand and which commodities), *levels of response* (no rerouting, existing links, new
suppliers, stocks, projects, what stays short).
"""

from chainnet.flow._balance import EXTRA_COST_USD_PER_T, balance, balance_under, shared_tiers, short_by_tier, stages_of
from chainnet.flow._counting import Counting, Said, check_tier
from chainnet.flow._ends import service_range
from chainnet.flow._fair import share_fairly
from chainnet.flow._impossible import impossible, impossible_words
from chainnet.flow._largest import (
    MaxFlow,
    binding_inputs,
    cut_of,
    cut_table,
    market_of,
    max_flow,
    solve_market,
    values_by_igraph,
)
from chainnet.flow._law import at_home, first_by_law, home_stages, released
from chainnet.flow._long_runs import LongRuns, long_runs
from chainnet.flow._months import NEW_LAG_MONTHS, MonthsModel
from chainnet.flow._order import Asked, Kept, Valued, valued_order
from chainnet.flow._ordered import OrderedValue, SharedValue, value_model
from chainnet.flow._plan import Bases, Plan
from chainnet.flow._shared import (
    EXACT_PLAYERS,
    climbed,
    levels,
    most_sets,
    named_projects,
    project_sizes,
    shapley_values,
)
from chainnet.flow._shipped import Shipped
from chainnet.flow._stages import in_finer_sizes
from chainnet.flow._steady import Balance
from chainnet.flow._stock import LeastStock, StockModel
from chainnet.flow._value import ValueModel

__all__ = [
    "EXACT_PLAYERS",
    "EXTRA_COST_USD_PER_T",
    "NEW_LAG_MONTHS",
    "Asked",
    "Balance",
    "Bases",
    "Counting",
    "Kept",
    "LeastStock",
    "LongRuns",
    "MaxFlow",
    "MonthsModel",
    "OrderedValue",
    "Plan",
    "Said",
    "SharedValue",
    "Shipped",
    "StockModel",
    "ValueModel",
    "Valued",
    "at_home",
    "balance",
    "balance_under",
    "binding_inputs",
    "check_tier",
    "climbed",
    "cut_of",
    "cut_table",
    "first_by_law",
    "home_stages",
    "impossible",
    "impossible_words",
    "in_finer_sizes",
    "levels",
    "long_runs",
    "market_of",
    "max_flow",
    "most_sets",
    "named_projects",
    "project_sizes",
    "released",
    "service_range",
    "shapley_values",
    "share_fairly",
    "shared_tiers",
    "short_by_tier",
    "solve_market",
    "stages_of",
    "value_model",
    "valued_order",
    "values_by_igraph",
]
