"""Trade tables as they are downloaded, and the chain that they make."""

from chainnet.calibration.customs._chain import TradeChain, from_trade
from chainnet.calibration.customs._files import layout_of
from chainnet.calibration.customs._production import read_production
from chainnet.calibration.customs._reports import read_reports

__all__ = ["TradeChain", "from_trade", "layout_of", "read_production", "read_reports"]
