"""How do totals become flows? Published totals and existing links give edges with baseline flows.

Words: *relation* (who may ship to whom), *figure* (a published total), *gap* (a figure that the flows miss), *trade*
(bilateral tables), *thin* (a relation of little weight, which may be there or not).
"""

from chainnet.calibration._calibrate import calibrate
from chainnet.calibration._density import THIN, denser, slack_factors, thin_relations
from chainnet.calibration._folder import calibrate_folder, read_trade, write_rebuilt
from chainnet.calibration._trade import compare_trade, reconcile_mirror, without_reexports
from chainnet.calibration.trade import from_trade, look, read_production, refresh

__all__ = [
    "THIN",
    "calibrate",
    "calibrate_folder",
    "compare_trade",
    "denser",
    "from_trade",
    "look",
    "read_production",
    "read_trade",
    "reconcile_mirror",
    "refresh",
    "slack_factors",
    "thin_relations",
    "without_reexports",
    "write_rebuilt",
]
