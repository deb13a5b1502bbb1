"""Exact chokepoint, shortfall and rerouting analysis of critical mineral supply chains.

Names are handed on from their rooms when they are first used, so that importing is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainnet.assessment import Assessment as Assessment
    from chainnet.assessment import assess as assess
    from chainnet.cascades import cascade as cascade
    from chainnet.criticality import chokepoints as chokepoints
    from chainnet.criticality_attack import interdict as interdict
    from chainnet.criticality_attack import shapley as shapley
    from chainnet.criticality_defence import fortify as fortify
    from chainnet.drawing.pages import draw as draw
    from chainnet.errors import ChainnetError as ChainnetError
    from chainnet.errors import DataError as DataError
    from chainnet.errors import InfeasibleError as InfeasibleError
    from chainnet.errors import SolverError as SolverError
    from chainnet.errors import UnknownIdError as UnknownIdError
    from chainnet.flow import max_flow as max_flow
    from chainnet.flow_balance import balance as balance
    from chainnet.indicators import concentration as concentration
    from chainnet.io.catalogue import catalog as catalog
    from chainnet.io.reading import read as read
    from chainnet.io.writing import write as write
    from chainnet.network import Network as Network
    from chainnet.projects import reroute as reroute
    from chainnet.projects_floor import price_floor as price_floor
    from chainnet.projects_idle import overcapacity as overcapacity
    from chainnet.reporting.documents import report as report
    from chainnet.scenario import Scenario as Scenario
    from chainnet.scenario import scenarios as scenarios
    from chainnet.stress import stress_test as stress_test
    from chainnet.stress_exposure import risk_exposure as risk_exposure
    from chainnet.stress_stockpile import stockpile_mitigation as stockpile_mitigation
    from chainnet.stress_stockpile import stockpile_requirement as stockpile_requirement

_ROOMS = {
    "Assessment": "assessment",
    "ChainnetError": "errors",
    "DataError": "errors",
    "InfeasibleError": "errors",
    "Network": "network",
    "Scenario": "scenario",
    "SolverError": "errors",
    "UnknownIdError": "errors",
    "assess": "assessment",
    "balance": "flow_balance",
    "cascade": "cascades",
    "catalog": "io.catalogue",
    "chokepoints": "criticality",
    "concentration": "indicators",
    "draw": "drawing.pages",
    "fortify": "criticality_defence",
    "interdict": "criticality_attack",
    "max_flow": "flow",
    "overcapacity": "projects_idle",
    "price_floor": "projects_floor",
    "read": "io.reading",
    "report": "reporting.documents",
    "reroute": "projects",
    "risk_exposure": "stress_exposure",
    "scenarios": "scenario",
    "shapley": "criticality_attack",
    "stockpile_mitigation": "stress_stockpile",
    "stockpile_requirement": "stress_stockpile",
    "stress_test": "stress",
    "write": "io.writing",
}

__all__ = [
    "Assessment",
    "ChainnetError",
    "DataError",
    "InfeasibleError",
    "Network",
    "Scenario",
    "SolverError",
    "UnknownIdError",
    "assess",
    "balance",
    "cascade",
    "catalog",
    "chokepoints",
    "concentration",
    "draw",
    "fortify",
    "interdict",
    "max_flow",
    "overcapacity",
    "price_floor",
    "read",
    "report",
    "reroute",
    "risk_exposure",
    "scenarios",
    "shapley",
    "stockpile_mitigation",
    "stockpile_requirement",
    "stress_test",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'chainnet' has no attribute {name!r}")
    value = getattr(import_module(f"chainnet.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
