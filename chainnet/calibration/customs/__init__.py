"""Trade tables as they are downloaded, the chain that they make, and a graph brought to newer ones."""

from chainnet.calibration.customs._chain import TradeChain, from_trade
from chainnet.calibration.customs._production import read_production
from chainnet.calibration.customs._refresh import Refreshed, refresh

__all__ = ["Refreshed", "TradeChain", "from_trade", "read_production", "refresh"]
