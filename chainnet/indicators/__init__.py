"""What do the published indices say of the same tables? Concentration, supply risk, coverage, benchmarks.

Words: *step* (mining, separation, magnet, ...), *coverage* (share of what enters that is known, by quality), *index* (a
published formula).
"""

from chainnet.indicators._benchmarks import BENCHMARKS, benchmarks, indices
from chainnet.indicators._compare import compare_indices
from chainnet.indicators._concentration import NOT_KNOWN, concentration, supply_by_node
from chainnet.indicators._coverage import coverage, tonnes_by_quality
from chainnet.indicators._risk import eu_supply_risk, geopolrisk, governance
from chainnet.indicators._shares import SET_BY_US, share_quality
from chainnet.indicators._steps import supply_risk

__all__ = [
    "BENCHMARKS",
    "NOT_KNOWN",
    "SET_BY_US",
    "benchmarks",
    "compare_indices",
    "concentration",
    "coverage",
    "eu_supply_risk",
    "geopolrisk",
    "governance",
    "indices",
    "share_quality",
    "supply_by_node",
    "supply_risk",
    "tonnes_by_quality",
]
