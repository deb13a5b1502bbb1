"""How do tables become arrays? The only place where ids become positions.

Words: *lowering* (tables to columns and rows of a linear program), *overlay* (what a scenario changes: bounds and
costs, never the matrix), *degree* (no rerouting, existing links or new suppliers), *tracked flow* (clean and
any goods kept apart where a measure asks), *reach* (what can be reached at all, and how much a column can gain).
"""

from chainnet.lowering._bounds import edge_caps, node_caps, release_rate
from chainnet.lowering._lowered import Degree, Lowered, lower
from chainnet.lowering._market import FlowMarket, is_plain, lower_market
from chainnet.lowering._overlay import Overlay, Restriction
from chainnet.lowering._periods import Periods, Start, check_stocks, expand_periods
from chainnet.lowering._reach import Reach, column_gains
from chainnet.lowering._rows import Tables, stack

__all__ = [
    "Degree",
    "FlowMarket",
    "Lowered",
    "Overlay",
    "Periods",
    "Reach",
    "Restriction",
    "Start",
    "Tables",
    "check_stocks",
    "column_gains",
    "edge_caps",
    "expand_periods",
    "is_plain",
    "lower",
    "lower_market",
    "node_caps",
    "release_rate",
    "stack",
]
