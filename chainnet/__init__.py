"""Exact chokepoint, shortfall and rerouting analysis of critical mineral supply chains.

Names are handed on from their rooms when they are first used, so that importing is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainnet.assessment import Assessment as Assessment
    from chainnet.assessment import assess as assess
    from chainnet.assessment_compare import compare as compare
    from chainnet.blocs import alliance as alliance
    from chainnet.blocs_alignment import alignment as alignment
    from chainnet.blocs_retaliation import retaliation as retaliation
    from chainnet.calibration import calibrate as calibrate
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
    from chainnet.indicators_risk import eu_supply_risk as eu_supply_risk
    from chainnet.indicators_risk import geopolrisk as geopolrisk
    from chainnet.io.catalogue import catalog as catalog
    from chainnet.io.reading import read as read
    from chainnet.io.writing import write as write
    from chainnet.network import Network as Network
    from chainnet.projects import reroute as reroute
    from chainnet.projects_floor import price_floor as price_floor
    from chainnet.projects_idle import overcapacity as overcapacity
    from chainnet.projects_portfolio import portfolio as portfolio
    from chainnet.reporting.content import report_figures as report_figures
    from chainnet.reporting.documents import report as report
    from chainnet.results import codebook as codebook
    from chainnet.runs import ensemble as ensemble
    from chainnet.runs_sensitivity import sensitivity as sensitivity
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
    "alignment": "blocs_alignment",
    "alliance": "blocs",
    "assess": "assessment",
    "balance": "flow_balance",
    "calibrate": "calibration",
    "cascade": "cascades",
    "catalog": "io.catalogue",
    "chokepoints": "criticality",
    "codebook": "results",
    "compare": "assessment_compare",
    "concentration": "indicators",
    "draw": "drawing.pages",
    "ensemble": "runs",
    "eu_supply_risk": "indicators_risk",
    "fortify": "criticality_defence",
    "geopolrisk": "indicators_risk",
    "interdict": "criticality_attack",
    "max_flow": "flow",
    "overcapacity": "projects_idle",
    "portfolio": "projects_portfolio",
    "price_floor": "projects_floor",
    "read": "io.reading",
    "report": "reporting.documents",
    "report_figures": "reporting.content",
    "reroute": "projects",
    "retaliation": "blocs_retaliation",
    "risk_exposure": "stress_exposure",
    "scenarios": "scenario",
    "sensitivity": "runs_sensitivity",
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
    "alignment",
    "alliance",
    "assess",
    "balance",
    "calibrate",
    "cascade",
    "catalog",
    "chokepoints",
    "codebook",
    "compare",
    "concentration",
    "draw",
    "ensemble",
    "eu_supply_risk",
    "fortify",
    "geopolrisk",
    "interdict",
    "max_flow",
    "overcapacity",
    "portfolio",
    "price_floor",
    "read",
    "report",
    "report_figures",
    "reroute",
    "retaliation",
    "risk_exposure",
    "scenarios",
    "sensitivity",
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
