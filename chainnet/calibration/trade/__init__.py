"""What chain do trade tables make? Tables as they are downloaded, and a graph brought to newer ones.

Words: *production* (what a country mines or makes, beside its trade), *mirror* (one shipment, reported by both
countries), *gap* (what trade tables leave out or contradict).
"""

from chainnet.calibration.trade._chain import from_trade
from chainnet.calibration.trade._look import look
from chainnet.calibration.trade._production import read_production
from chainnet.calibration.trade._refresh import refresh

__all__ = ["from_trade", "look", "read_production", "refresh"]
