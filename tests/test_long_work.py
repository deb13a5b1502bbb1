"""Long work says how far it is: every question that solves more than one program takes ``progress``, and counts to N."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import chainnet as cn
from chainnet.cascades import bracket

Tell = Callable[[str, float], None]

# what solves nothing, or one small program: nobody waits for it
SHORT = {
    "calibrate": "one program",
    "catalog": "reads a list",
    "chain_before": "fits dated totals, in seconds",
    "codebook": "writes a list",
    "concentration": "adds up",
    "controls": "reads a table",
    "draw": "asks other questions, each in a second",
    "eu_supply_risk": "adds up",
    "events": "reads the files of a chain",
    "fair_split": "tables of 8 members at most",
    "from_trade": "reads in one pass",
    "geopolrisk": "adds up",
    "hazards": "reads a table",
    "in_force": "reads the files of a chain",
    "join": "puts tables together",
    "look": "reads one file of a bounded size",
    "market": "one program, in a second",
    "max_flow": "one flow",
    "merge": "puts tables together",
    "price_floor": "adds up",
    "read": "reads",
    "refresh": "reads in one pass",
    "report_figures": "draws what was assessed",
    "rules": "reads a table",
    "scenarios": "reads",
    "write": "writes",
}
QUESTIONS = [name for name in cn.__all__ if inspect.isfunction(getattr(cn, name)) and name not in SHORT]


def two_users() -> cn.Network:
    """Users in two countries, with a price for all that may be in store."""
    nodes = [("m", "mine", "AUS"), ("r", "refiner", "CHN"), ("us", "end_use", "USA"), ("jp", "end_use", "JPN")]
    edges = [("m", "r", "ore", 20.0), ("r", "us", "metal", 10.0), ("r", "jp", "metal", 10.0)]
    recipe = [("refine", "metal", "output", 1.0), ("refine", "ore", "input", 1.0)]
    return cn.Network(
        pd.DataFrame(nodes, columns=["id", "stage", "country"]).assign(
            process=[None, "refine", None, None], capacity_tpa=[20.0, 20.0, None, None]
        ),
        pd.DataFrame(edges, columns=["source", "target", "commodity", "flow_tpa"]).assign(capacity_tpa=30.0),
        processes=pd.DataFrame(recipe, columns=["process", "commodity", "role", "t_per_t"]),
        commodities=pd.DataFrame({"id": ["ore", "metal"], "price_usd_per_t": [1.0, 9.0]}),
        demand=pd.DataFrame({"node": ["us", "jp"], "commodity": "metal", "tier": "defence", "demand_tpa": 10.0}),
        main_commodity="metal",
        name="two users",
    )


STOP = cn.Scenario("stop", [{"kind": "remove", "where": {"country": "CHN"}}])
NET, PAIR = cn.read("mag-9"), two_users()
OUT = cn.scenarios(NET)["china_out"]
BLOCS = {"us": ["USA"], "them": ["CHN"]}
TIERS = ["defence", "industrial"]
HAZARDS = pd.DataFrame(
    {"id": ["out"], "effect": ['where = {country = "CHN"}'], "each": ["node"], "rate_low": [0.02], "rate_high": [0.1]}
)

ASKED: dict[str, Callable[[Tell], Any]] = {
    "alignment": lambda say: cn.alignment(NET, BLOCS, countries=["JPN", "AUS"], progress=say),
    "alliance": lambda say: cn.alliance(PAIR, STOP, ["USA", "JPN"], progress=say),
    "assess": lambda say: cn.assess(PAIR, STOP, months=1, draws=0, years=[], progress=say),
    "balance": lambda say: cn.balance(NET, OUT, progress=say),
    "service_range": lambda say: cn.service_range(PAIR, STOP, beneficiaries=["USA"], progress=say),
    "cascade": lambda say: cn.cascade(NET, "H_CN", method="ario", days=300, progress=say),
    "chokepoints": lambda say: cn.chokepoints(NET, progress=say),
    "compare": lambda say: cn.compare(NET, NET.scale({"id": "G_JP"}, 0.5), progress=say),
    "ensemble": lambda say: cn.ensemble(NET, OUT, draws=3, sobol=2, progress=say),
    "find": lambda say: cn.find(PAIR, STOP, progress=say),
    "fortify": lambda say: cn.fortify(NET, 1, 100, {"H_CN": 60.0, "H_US": None, "G_US": None}, progress=say),
    "instruments": lambda say: cn.instruments(
        cn.read("gallium"), "industrial", 0.0, 2030, "china_export_stop", progress=say
    ),
    "interdict": lambda say: cn.interdict(NET, 2, details=True, progress=say),
    "joint_stockpile": lambda say: cn.joint_stockpile(
        PAIR, STOP, ["USA", "JPN"], months=4, step_months=2, progress=say
    ),
    "key_assumptions": lambda say: cn.key_assumptions(PAIR, STOP, progress=say),
    "overview": lambda say: cn.overview(PAIR, progress=say),
    "partners": lambda say: cn.partners(NET, BLOCS, countries=["JPN"], prices={"magnet": 9e4}, progress=say),
    "portfolio": lambda say: cn.portfolio(NET, OUT, 130, progress=say),
    "overcapacity": lambda say: cn.overcapacity(NET, OUT, progress=say),
    "reroute": lambda say: cn.reroute(NET, OUT, horizon=(2027, 2028), progress=say),
    "retaliation": lambda say: cn.retaliation(NET, ["USA"], ["CHN"], budget_musd=100, progress=say),
    "reverse": lambda say: cn.reverse(NET, 0.3, hazards=HAZARDS, progress=say),
    "risk_exposure": lambda say: cn.risk_exposure(NET, 2, progress=say),
    "sensitivity": lambda say: cn.sensitivity(cn.read("rare-earths"), tier="defence", recipes=False, progress=say),
    "shapley": lambda say: cn.shapley(NET, progress=say),
    "stockpile_mitigation": lambda say: cn.stockpile_mitigation(NET, OUT, TIERS, 4, step_months=2, progress=say),
    "stockpile_requirement": lambda say: cn.stockpile_requirement(NET, OUT, TIERS, 4, step_months=2, progress=say),
    "stress_test": lambda say: cn.stress_test(NET, [OUT], 2, progress=say),
    # other ways through the same questions
    "attacks tried one by one": lambda say: cn.interdict(
        PAIR, 2, order="allies_last", beneficiaries=["USA"], progress=say
    ),
    "exposure with others first": lambda say: cn.risk_exposure(
        PAIR, 2, order="allies_last", beneficiaries=["USA"], progress=say
    ),
    "failures without stores": lambda say: cn.cascade(NET, "H_CN", progress=say),
    "columns side by side": lambda say: cn.compare(NET, scenarios=["baseline", "china_out"], months=0, progress=say),
    "bracket": lambda say: bracket(NET, "H_CN", years=1, progress=say),
}
# asked elsewhere, for they take long
LONG = {"report", "hindcast"}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_that_may_take_long_takes_progress_and_says_nothing_without(name: str) -> None:
    parameter = inspect.signature(getattr(cn, name)).parameters.get("progress")
    assert parameter is not None, f"{name}: takes no progress; or say in SHORT why nobody waits for it"
    assert parameter.default is None
    assert name in {*ASKED, *LONG}, f"{name}: is not asked below"


def test_what_is_short_is_a_public_function_without_progress() -> None:
    assert {name for name in SHORT if "progress" in inspect.signature(getattr(cn, name)).parameters} == set()


@pytest.mark.parametrize("name", ASKED)
def test_progress_never_falls_and_ends_at_the_whole(name: str) -> None:
    heard: list[tuple[str, float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cn.ChainnetWarning)
        ASKED[name](lambda what, part: heard.append((what, part)))
    parts = [part for _, part in heard]
    assert parts == sorted(parts)
    assert parts[0] >= 0.0
    assert [part for part in parts if part >= 1.0] == [1.0]
    assert parts[-1] == 1.0
    counts = [tuple(map(int, found.groups())) for what, _ in heard if (found := re.match(r"(\d+) of (\d+)\b", what))]
    assert all(n <= of for n, of in counts)
    assert not counts or counts[-1][0] == counts[-1][1]


def test_an_interruption_between_two_steps_ends_a_question() -> None:
    def stop(_what: str, part: float) -> None:
        if part > 0.3:
            raise KeyboardInterrupt

    for name in ("shapley", "stockpile_requirement", "retaliation", "alliance"):
        with pytest.raises(KeyboardInterrupt):
            ASKED[name](stop)


def test_an_interrupted_assessment_names_what_is_answered_and_goes_no_further() -> None:
    heard: list[str] = []

    def stop(what: str, _part: float) -> None:
        heard.append(what)
        if len(heard) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"3 of \d+ done: [\w ]+, [\w ]+, [\w ]+") as caught:
        ASKED["assess"](stop)
    assert len(caught.value.done) == 3  # type: ignore[attr-defined]
    assert len(heard) == 3
