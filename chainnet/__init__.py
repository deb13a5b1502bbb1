"""Exact chokepoint, shortfall and rerouting analysis of critical mineral supply chains.

Names are handed on from their packages when they are first used, so that importing is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import chainnet.sharing as sharing  # noqa: F401
    from chainnet.assessment import Assessment as Assessment
    from chainnet.assessment import Finding as Finding
    from chainnet.assessment import assess as assess
    from chainnet.assessment import compare as compare
    from chainnet.assessment import find as find
    from chainnet.assessment import overview as overview
    from chainnet.blocs import alignment as alignment
    from chainnet.blocs import alliance as alliance
    from chainnet.blocs import fair_split as fair_split
    from chainnet.blocs import joint_stockpile as joint_stockpile
    from chainnet.blocs import partners as partners
    from chainnet.blocs import retaliation as retaliation
    from chainnet.calibration import calibrate as calibrate
    from chainnet.calibration import from_trade as from_trade
    from chainnet.calibration import look as look
    from chainnet.calibration import refresh as refresh
    from chainnet.cascades import cascade as cascade
    from chainnet.criticality import chokepoints as chokepoints
    from chainnet.criticality import fortify as fortify
    from chainnet.criticality import hazards as hazards
    from chainnet.criticality import interdict as interdict
    from chainnet.criticality import reverse as reverse
    from chainnet.criticality import risk_exposure as risk_exposure
    from chainnet.criticality import shapley as shapley
    from chainnet.doubt import ensemble as ensemble
    from chainnet.doubt import key_assumptions as key_assumptions
    from chainnet.doubt import sensitivity as sensitivity
    from chainnet.drawing import draw as draw
    from chainnet.errors import ChainnetError as ChainnetError
    from chainnet.errors import ChainnetWarning as ChainnetWarning
    from chainnet.errors import DataError as DataError
    from chainnet.errors import InfeasibleError as InfeasibleError
    from chainnet.errors import SolverError as SolverError
    from chainnet.errors import UnknownIdError as UnknownIdError
    from chainnet.flow import balance as balance
    from chainnet.flow import max_flow as max_flow
    from chainnet.flow import service_range as service_range
    from chainnet.hindsight import chain_before as chain_before
    from chainnet.hindsight import events as events
    from chainnet.hindsight import hindcast as hindcast
    from chainnet.indicators import concentration as concentration
    from chainnet.indicators import eu_supply_risk as eu_supply_risk
    from chainnet.indicators import geopolrisk as geopolrisk
    from chainnet.io import catalog as catalog
    from chainnet.io import read as read
    from chainnet.io import write as write
    from chainnet.network import Network as Network
    from chainnet.prices import instruments as instruments
    from chainnet.prices import market as market
    from chainnet.prices import overcapacity as overcapacity
    from chainnet.prices import price_floor as price_floor
    from chainnet.projects import portfolio as portfolio
    from chainnet.projects import reroute as reroute
    from chainnet.reporting import report as report
    from chainnet.reporting import report_figures as report_figures
    from chainnet.results import codebook as codebook
    from chainnet.scenario import Scenario as Scenario
    from chainnet.scenario import controls as controls
    from chainnet.scenario import in_force as in_force
    from chainnet.scenario import rules as rules
    from chainnet.scenario import scenarios as scenarios
    from chainnet.sharing import join as join
    from chainnet.sharing import merge as merge
    from chainnet.stress import stockpile_mitigation as stockpile_mitigation
    from chainnet.stress import stockpile_requirement as stockpile_requirement
    from chainnet.stress import stress_test as stress_test

_ROOMS = {
    "Assessment": "assessment",
    "ChainnetError": "errors",
    "ChainnetWarning": "errors",
    "DataError": "errors",
    "Finding": "assessment",
    "InfeasibleError": "errors",
    "Network": "network",
    "Scenario": "scenario",
    "SolverError": "errors",
    "UnknownIdError": "errors",
    "alignment": "blocs",
    "alliance": "blocs",
    "assess": "assessment",
    "balance": "flow",
    "service_range": "flow",
    "calibrate": "calibration",
    "cascade": "cascades",
    "catalog": "io",
    "chain_before": "hindsight",
    "chokepoints": "criticality",
    "codebook": "results",
    "compare": "assessment",
    "concentration": "indicators",
    "controls": "scenario",
    "draw": "drawing",
    "ensemble": "doubt",
    "eu_supply_risk": "indicators",
    "events": "hindsight",
    "fair_split": "blocs",
    "find": "assessment",
    "fortify": "criticality",
    "from_trade": "calibration",
    "geopolrisk": "indicators",
    "hazards": "criticality",
    "hindcast": "hindsight",
    "in_force": "scenario",
    "instruments": "prices",
    "interdict": "criticality",
    "join": "sharing",
    "joint_stockpile": "blocs",
    "key_assumptions": "doubt",
    "look": "calibration",
    "market": "prices",
    "max_flow": "flow",
    "merge": "sharing",
    "overcapacity": "prices",
    "overview": "assessment",
    "partners": "blocs",
    "portfolio": "projects",
    "price_floor": "prices",
    "read": "io",
    "refresh": "calibration",
    "report": "reporting",
    "report_figures": "reporting",
    "reroute": "projects",
    "retaliation": "blocs",
    "reverse": "criticality",
    "risk_exposure": "criticality",
    "rules": "scenario",
    "scenarios": "scenario",
    "sensitivity": "doubt",
    "shapley": "criticality",
    "stockpile_mitigation": "stress",
    "stockpile_requirement": "stress",
    "stress_test": "stress",
    "write": "io",
}

__all__ = [
    "Assessment",
    "ChainnetError",
    "ChainnetWarning",
    "DataError",
    "Finding",
    "InfeasibleError",
    "Network",
    "Scenario",
    "SolverError",
    "UnknownIdError",
    "alignment",
    "alliance",
    "assess",
    "balance",
    "calibrate",
    "cascade",
    "catalog",
    "chain_before",
    "chokepoints",
    "codebook",
    "compare",
    "concentration",
    "controls",
    "draw",
    "ensemble",
    "eu_supply_risk",
    "events",
    "fair_split",
    "find",
    "fortify",
    "from_trade",
    "geopolrisk",
    "hazards",
    "hindcast",
    "in_force",
    "instruments",
    "interdict",
    "join",
    "joint_stockpile",
    "key_assumptions",
    "look",
    "market",
    "max_flow",
    "merge",
    "overcapacity",
    "overview",
    "partners",
    "portfolio",
    "price_floor",
    "read",
    "refresh",
    "report",
    "report_figures",
    "reroute",
    "retaliation",
    "reverse",
    "risk_exposure",
    "rules",
    "scenarios",
    "sensitivity",
    "service_range",
    "shapley",
    "stockpile_mitigation",
    "stockpile_requirement",
    "stress_test",
    "write",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("chainnet._version").package_version()
    if name == "sharing":  # what is asked less often stands on the face of its package
        return import_module("chainnet.sharing")
    if name not in _ROOMS:
        raise AttributeError(f"module 'chainnet' has no attribute {name!r}")
    value = getattr(import_module(f"chainnet.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
