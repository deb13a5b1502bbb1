"""Every option of every command reaches the question it belongs to, and no other."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pandas as pd
import pytest
from conftest import hourglass
from typer.main import get_command

import chainnet as cn
from chainnet.cli.common import Output, app

COMMANDS: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]


class Thing:
    """Stands for an answer: whatever a command takes from it is a thing again, and says where it comes from."""

    def __init__(self, name: str, **known: Any) -> None:
        self._name = name
        self.__dict__.update(known)

    def __setitem__(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Thing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Thing(f"{self._name}.{name}")

    def __call__(self, *given: Any, **_: Any) -> Thing:
        return Thing(f"{self._name}({', '.join(map(repr, given))})")

    def _any(self, *_: Any) -> Thing:
        return Thing(f"{self._name}...")

    __getitem__ = __gt__ = __lt__ = __ge__ = _any
    __eq__ = __ne__ = _any  # type: ignore[assignment]
    __hash__ = object.__hash__

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 0

    def __format__(self, _: str) -> str:
        return self._name

    def __repr__(self) -> str:
        return self._name


def plain(value: Any) -> Any:
    """What a question was given, in a form that can be compared."""
    if isinstance(value, cn.Scenario):
        return value.name if value.probability is None else f"{value.name} at {value.probability:g}"
    if isinstance(value, cn.Network):
        return value.name
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, pd.Series):
        return value.name
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value if value is None or isinstance(value, str | bool | int | float) else repr(value)


class Asked(dict[str, Any]):
    """Every argument of every question that a command asked, by "question.argument"."""

    def spy(self, name: str, real: Callable[..., Any], answer: Any) -> Callable[..., Any]:
        form = inspect.signature(real)

        def ask(*args: Any, **words: Any) -> Any:
            bound = form.bind(*args, **words)
            bound.apply_defaults()
            for argument, value in bound.arguments.items():
                if argument not in ("progress", "executor") or isinstance(value, int):
                    self[f"{name}.{argument}"] = plain(value)
            return answer

        return ask


QUESTIONS = {
    "alignment": ["blocs.alignment", "io.write_file"],
    "alliance": ["blocs.alliance"],
    "balance": ["flow.balance"],
    "calibrate": [
        "calibration.calibrate_folder",
        "calibration.read_trade",
        "calibration.write_rebuilt",
        "calibration.compare_trade",
    ],
    "cascade": ["cascades.cascade", "cascades.bracket"],
    "check": ["indicators.coverage"],
    "chokepoints": ["criticality.chokepoints"],
    "compare": ["assessment.compare"],
    "concentration": ["indicators.concentration"],
    "draw": ["criticality.chokepoints", "flow.balance", "stress.stress_test", "drawing.draw"],
    "ensemble": ["runs.ensemble"],
    "exposure": ["criticality.risk_exposure", "drawing.exposure_svg", "io.write_file"],
    "floor": [
        "economics.price_floor",
        "economics.floor_supply_curve",
        "economics.price_cut",
        "economics.floor_buyers",
    ],
    "flow": ["flow.max_flow"],
    "fortify": ["criticality.fortify"],
    "import": ["io.write"],
    "indicators": [
        "indicators.indices",
        "indicators.compare_indices",
        "indicators.benchmarks",
    ],
    "init": ["io.write_template"],
    "interdict": ["criticality.interdict"],
    "list": ["io.catalog"],
    "overcapacity": ["economics.overcapacity"],
    "portfolio": ["projects.portfolio"],
    "report": ["reporting.report"],
    "reroute": ["projects.reroute"],
    "retaliation": ["blocs.retaliation"],
    "sensitivity": ["runs.sensitivity"],
    "shapley": ["criticality.shapley"],
    "stockpile": ["stress.stockpile_requirement", "stress.stockpile_mitigation"],
    "stress": ["stress.stress_test"],
}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mag9: cn.Network) -> Any:
    """Call a command; its questions are not answered but noted."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text('[[measures]]\nkind = "remove"\nnodes = ["H_CN"]\n')
    graphs = {"mag-9": mag9, "hourglass": hourglass()}
    monkeypatch.setattr("chainnet.io.read", graphs.__getitem__)
    answers = {
        "alignment": Thing(
            "alignment", scenarios={"split": Thing("split", label="", to_toml=lambda: "text")}, prices=()
        )
    }

    def call(words: list[str]) -> Asked:
        asked = Asked()
        with monkeypatch.context() as patch:
            for place in QUESTIONS[words[0]]:
                module, _, name = place.rpartition(".")
                real = getattr(importlib.import_module(f"chainnet.{module}"), name)
                patch.setattr(f"chainnet.{place}", asked.spy(name, real, answers.get(name, Thing(name))))

            def say(self: Output, tables: Any, numbers: Any = None, provenance: Any = None, shown: Any = None) -> None:
                asked.update({f"say.{name}": plain(getattr(self, name)) for name in ("form", "out", "table")})
                asked.update({"say.tables": plain(dict(tables)), "say.shown": plain(shown)})

            patch.setattr(Output, "say", say)
            COMMANDS[words[0]].main(words[1:], standalone_mode=False)
        return asked

    return call


# what reaches one place of each question under one name; where another name stands, it is said below
MARKET = {"--commodity": ("dy", ["dy"]), "--beneficiaries": ("USA,JPN", ["USA", "JPN"])}
DEGREE = {"--reroute": ("new", "new")}
ONE = {"--scenario": ("china_out", "china_out")}
TIER = {"--tier": ("defence", "defence")}
BY = {"--by": ("site", "site")}
VERIFY = {"--verify": ("", True)}
YEAR = {"--by-year": ("2031", 2031)}
NAMED = {"--project": ("H_US", ["H_US"])}
TIMED = {"--start": ("2027-05", "2027-05"), "--step-months": ("3", 3)}
PRINTED = {
    "--format": ("json", {"say.form": "json"}),
    "--out": ("deep/answer", {"say.out": "deep/answer"}),
    "--table": ("edges", {"say.table": "edges"}),
}


def under(question: str, *options: dict[str, tuple[str, Any]], **renamed: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Options that reach an argument of their own name, or of another one that ``renamed`` gives."""
    found = {}
    for option, (given, value) in [pair for each in options for pair in each.items()]:
        name = option.removeprefix("--").replace("-", "_")
        found[option] = (given, {f"{question}.{renamed.get(name, name)}": value})
    return found


def each(given: str, value: Any, argument: str, *questions: str) -> tuple[str, dict[str, Any]]:
    """One option that reaches the same argument of several questions."""
    return (given, {f"{question}.{argument}": value for question in questions})


FLOORS = ("price_floor", "floor_supply_curve", "price_cut")
INDICES = ("indices", "compare_indices")
SEVERE = [f"china_out.s{share}.m{months}" for share in (10, 30, 60, 100) for months in (3, 12)]

STOCKS = ("stockpile_requirement", "stockpile_mitigation")
BOTH = {**ONE, **TIMED, **MARKET, "--months": ("7", 7)}

# command: the words before the option; what each option reaches
OPTIONS: dict[str, tuple[str, dict[str, tuple[str, dict[str, Any]]]]] = {
    "alignment": (
        "mag-9 --bloc us=USA --bloc cn=CHN",
        {
            **under("alignment", ONE, YEAR, DEGREE, NAMED, {"--seed": ("5", 5)}, project="projects"),
            **under("alignment", {"--commodity": MARKET["--commodity"], "--countries": ("MYS,AUS", ["MYS", "AUS"])}),
            **under("alignment", {"--tariff": ("0.5 --tariff 0.1", [0.5, 0.1])}, tariff="tariff_rates"),
            **under(
                "alignment", {"--leak": ("0.3", [0.3]), "--cap": ("0.4", 0.4)}, leak="leak_shares", cap="cap_share"
            ),
            **under("alignment", {"--exclude": ("A", ["A"]), "--exclude-from": ("2027-01", "2027-01")}),
            **under("alignment", {"--supply-elasticity": ("0.2", 0.2), "--demand-elasticity": ("0.3", 0.3)}),
            "--bloc": ("jp=JPN,G7", {"alignment.blocs": {"us": ["USA"], "cn": ["CHN"], "jp": ["JPN", "G7"]}}),
            "--save-scenarios": ("plans", {"write_file.target": "plans/split.toml", "write_file.data": "b'text'"}),
        },
    ),
    "alliance": (
        "mag-9",
        {
            **under("alliance", ONE, YEAR, DEGREE, NAMED, project="projects"),
            **under("alliance", {"--commodity": MARKET["--commodity"], "--others": ("after", "after")}),
            **under("alliance", {"--members": ("USA,G7", ["USA", "G7"]), "--regions": ("africa", ["africa"])}),
        },
    ),
    "balance": (
        "mag-9",
        under("balance", ONE, DEGREE, MARKET, VERIFY, {"--others": ("before", "before"), "--fair": ("", True)}),
    ),
    "calibrate": (
        "mag-9 --trade trade.csv",
        {
            **under("calibrate_folder", {"--method": ("entropy", "entropy"), "--slack": ("1.5", 1.5)}),
            "--out": ("new", {"write_rebuilt.rebuilt": "calibrate_folder", "write_rebuilt.out": "new"}),
            "--trade": ("other.csv", {"read_trade.path": "other.csv", "compare_trade.file": "other.csv"}),
            "--reexports": ("", {"compare_trade.reexports": True}),
        },
    ),
    "cascade": (
        "mag-9 --fail H_CN",
        {
            **under("cascade", MARKET, {"--importance": ("none", "none"), "--replaceable": ("", True)}),
            "--method": ("ario", {"cascade.method": "ario", "say.shown": ["tiers", "nodes"]}),
            "--tolerance": ("1e-6", {"cascade.tolerance": 1e-6}),
            "--fail": ("G_CN=0.5", {"cascade.fail": {"H_CN": 1.0, "G_CN": 0.5}}),
        },
    ),
    "cascade (ario)": (
        "mag-9 --fail H_CN --method ario",
        {
            **under("cascade", {"--days": ("7", 7), "--start-day": ("3", 3), "--days-out": ("2", 2)}),
            "--inventory-days": ("dy=9 --inventory-days magnet=5", {"cascade.inventory_days": {"dy": 9, "magnet": 5}}),
        },
    ),
    "cascade (bracket)": (
        "mag-9 --fail H_CN --method bracket",
        {
            **under("bracket", MARKET, ONE, {"--years": ("7", 7)}),
            "--inventory-days": ("20", {"bracket.habits": {"inventory_days": 20.0}}),
        },
    ),
    "check": ("mag-9", {}),
    "chokepoints": (
        "mag-9",
        under("chokepoints", BY, {"--top": ("3", 3), "--centrality": ("", True)}, TIER, ONE, DEGREE, MARKET, VERIFY),
    ),
    "compare": ("mag-9 hourglass", under("compare", MARKET, {"--scenario": ("undisturbed", "undisturbed")})),
    "concentration": ("mag-9", under("concentration", BY)),
    "draw": (
        "mag-9",
        {
            **under("draw", {"--title": ("T", "T"), "--marking": ("M", "M"), "--view": ("map", "map")}),
            **under("draw", {"--out": ("a.html", "a.html")}, out="path"),
            "--scenario": ("china_out", {"balance.scenario": "china_out"}),
        },
    ),
    "draw (months)": (
        "mag-9 --scenario china_out --months 12",
        under("stress_test", TIMED, {"--months": ("6", 6)}),
    ),
    "ensemble": (
        "mag-9",
        {
            **under("ensemble", ONE, DEGREE, MARKET, {"--draws": ("9", 9), "--seed": ("5", 5), "--ranked": ("2", 2)}),
            **under("ensemble", {"--workers": ("2", 2), "--store": ("x.db", "x.db")}, workers="executor"),
            "--correlation": ("0.1", {"ensemble.correlation": 0.1}),
            "--sobol": ("64", {"ensemble.sobol": 64, "say.shown": ["summary", "ranks", "sobol"]}),
        },
    ),
    "exposure": (
        "mag-9",
        {
            **under("risk_exposure", BY, ONE, DEGREE, MARKET, VERIFY),
            "--plot": (
                "deep/plot.svg",
                {
                    "exposure_svg.table": "risk_exposure",
                    "exposure_svg.labels": ANY,  # test_cli_exposure reads them in the plot
                    "exposure_svg.named": 10,
                    "write_file.target": "deep/plot.svg",
                    "write_file.data": "exposure_svg.encode()",
                },
            ),
            "--recovery": ("H_CN=2", {"risk_exposure.recovery": {"H_CN": 2.0}}),
            "--top": ("3", {"say.tables": {"exposure": "risk_exposure.head(3)"}}),
        },
    ),
    "floor": (
        "mag-9 --floor dy=90",
        {
            "--floor": (
                "ndpr=70",
                {
                    **each("", {"dy": 90.0, "ndpr": 70.0}, "floor", "price_floor", "price_cut", "floor_buyers")[1],
                    **each("", ["dy", "ndpr"], "commodity", *FLOORS)[1],
                },
            ),
            "--reference": each("dy=40", {"dy": 40.0}, "reference_price", *FLOORS, "floor_buyers"),
            "--import-price": each("45", 45.0, "import_price", "price_floor", "floor_buyers"),
            "--unit-cost": each("30", 30.0, "unit_cost", *FLOORS),
            "--upside-share": each("0.2", 0.2, "upside_share", "price_floor"),
            "--cut": each("0.3", 0.3, "cut", "price_cut"),
            "--incumbent": each("CHN,RUS", ["CHN", "RUS"], "incumbent", "price_cut"),
            "--buyers": each("USA", ["USA"], "buyers", "floor_buyers"),
            "--by-year": each("2031", 2031, "by_year", *FLOORS),
            "--coproduct-credit": each("", True, "coproduct_credit", *FLOORS),
            "--rate": each("0.2", 0.2, "rate", *FLOORS),
            "--years": each("7", 7, "years", *FLOORS),
            "--projects": each("H_US,S_US", ["H_US", "S_US"], "projects", *FLOORS),
            "--commodity": each("ndpr", ["ndpr"], "commodity", *FLOORS),
        },
    ),
    "flow": (
        "mag-9",
        under("max_flow", {"--commodity": ("dy", "dy"), "--beneficiaries": MARKET["--beneficiaries"]}, VERIFY),
    ),
    "fortify": (
        "mag-9 --k 1 --budget 100",
        {
            **under(
                "fortify", TIER, MARKET, {"--k": ("3", 3), "--budget": ("55", 55.0)}, k="k_attack", budget="budget_musd"
            ),
            "--protect": ("H_CN=4 --protect M_CN=5", {"fortify.options": {"H_CN": 4.0, "M_CN": 5.0}}),
            "--build": ("H_US --build S_US", {"fortify.options": {"H_US": None, "S_US": None}}),
        },
    ),
    "import": ("mag-9 --out x", {"--out": ("y.xlsx", {"write.path": "y.xlsx"})}),
    "indicators": (
        "mag-9",
        {
            **under("compare_indices", ONE, MARKET),
            "--union": each("USA,JPN", ["USA", "JPN"], "union", *INDICES, "benchmarks"),
            "--importer": ("JPN", {"indices.importer": ["JPN"]}),
            "--governance": each("2016-2020", "scaled_2016_2020", "wgi", *INDICES),
            "--trade": each("CHN=1.5 --trade AUS=1.1", {"CHN": 1.5, "AUS": 1.1}, "trade", *INDICES),
            "--eol-rir": each("dy=0.1", {"dy": 0.1}, "eol_rir", *INDICES),
            "--substitution": each("dy=0.9", {"dy": 0.9}, "substitution", *INDICES),
        },
    ),
    "init": ("own", {}),
    "interdict": (
        "mag-9 --k 2",
        {
            **under(
                "interdict", BY, TIER, ONE, DEGREE, MARKET, {"--time-limit": ("9", 9.0)}, time_limit="time_limit_s"
            ),
            "--k": ("3", {"interdict.k": 3.0}),
            "--cost": ("H_CN=4", {"interdict.cost": {"H_CN": 4.0}}),
            "--protect": ("H_CN --protect M_CN", {"interdict.protect": ["H_CN", "M_CN"]}),
            "--details": ("", {"interdict.details": True, "say.shown": ["attacks", "pairs"]}),
        },
    ),
    "list": ("", {}),
    "overcapacity": (
        "mag-9 --scenario china_out",
        {
            **under("overcapacity", BY, DEGREE, MARKET, VERIFY, {"--rate": ("0.2", 0.2), "--years": ("7", 7)}),
            "--scenario": ("china_out", {"overcapacity.scenarios": ["china_out", "china_out"]}),
            "--by-year": ("2031 --by-year 2035", {"overcapacity.by_year": [2031, 2035]}),
            "--probability": ("0.2", {"overcapacity.probabilities": [0.2]}),
            "--demand-growth": ("0.03", {"overcapacity.demand_growth": 0.03}),
            "--supply-elasticity": ("0.2,0.4", {"overcapacity.supply_elasticity": [0.2, 0.4]}),
            "--demand-elasticity": ("0.3", {"overcapacity.demand_elasticity": [0.3, 0.3]}),
            "--projects": ("H_US,S_US", {"overcapacity.projects": ["H_US", "S_US"]}),
        },
    ),
    "portfolio": (
        "mag-9 --budget 100 --scenario china_out",
        {
            **under("portfolio", NAMED, TIER, MARKET, DEGREE, {"--alpha": ("0.8", 0.8)}, project="projects"),
            **under(
                "portfolio",
                {"--budget": ("55", 55.0), "--time-limit": ("9", 9.0)},
                budget="budget_musd",
                time_limit="time_limit_s",
            ),
            "--objective": ("worst", {"portfolio.objective": "worst"}),
            "--allies": ("USA,JPN", {"portfolio.allies": ["USA", "JPN"]}),
            "--scenario": ("china_out", {"portfolio.scenarios": ["china_out", "china_out"]}),
            "--probability": ("0.2", {"portfolio.scenarios": ["china_out at 0.2"]}),
            "--by-year": ("2031 --by-year 2035", {"portfolio.by_year": [2031, 2035]}),
            "--step": ("50 --step 70", {"portfolio.budgets": [50.0, 70.0]}),
            "--close": ("defence,civilian", {"portfolio.close": ["defence", "civilian"]}),
            "--protect": (
                "H_CN=4",
                {"portfolio.options": {"protect H_CN": {"kind": "protect", "nodes": ["H_CN"], "cost_musd": 4.0}}},
            ),
            "--qualify": (
                "H_US=4",
                {"portfolio.options": {"qualify H_US": {"kind": "qualify", "projects": ["H_US"], "cost_musd": 4.0}}},
            ),
            "--stock": (
                "G_JP,dy=4@700",
                {
                    "portfolio.options": {
                        "stock dy G_JP": {
                            "kind": "stock",
                            "node": "G_JP",
                            "commodity": "dy",
                            "most_t": 4.0,
                            "usd_per_t": 700.0,
                        }
                    }
                },
            ),
        },
    ),
    "report": (
        "mag-9",
        {
            **under("report", MARKET, {"--months": ("7", 7), "--start": ("2027-05", "2027-05"), "--draws": ("9", 9)}),
            **under("report", {"--out": ("new", "new"), "--recovery": ("2", 2.0), "--title": ("T", "T")}, out="path"),
            **under("report", {"--author": ("A", "A"), "--marking": ("M", "M"), "--language": ("de", "de")}),
            "--templates": ("own", {"report.templates": "own"}),
            "--formats": ("pdf,html", {"report.formats": ["pdf", "html"]}),
            "--scenario": ("china_out", {"report.scenarios": ["china_out"]}),
            "--year": ("2031 --year 2035", {"report.years": [2031, 2035]}),
        },
    ),
    "reroute": (
        "mag-9 --scenario plan.toml",
        {
            **under(
                "reroute",
                ONE,
                NAMED,
                YEAR,
                DEGREE,
                MARKET,
                {"--budget": ("55", 55.0)},
                project="projects",
                budget="budget_musd",
            ),
            "--allies": ("USA,JPN", {"reroute.allies": ["USA", "JPN"]}),
            "--horizon": (
                "2027,2035",
                {
                    "reroute.horizon": [2027, 2035],
                    "say.tables": {
                        **{name: f"reroute.{name}" for name in ("projects", "ladder", "complements", "triples")},
                        "words": "reroute.projects...",
                        "delays": "reroute.delays",
                    },
                },
            ),
        },
    ),
    "retaliation": (
        "mag-9 --us USA --them CHN",
        {
            **under("retaliation", ONE, YEAR, DEGREE, NAMED, {"--k": ("3", 3)}, project="projects"),
            **under(
                "retaliation",
                {"--by": ("node", "node"), "--to": ("all", "all"), "--budget": ("55", 55.0)},
                budget="budget_musd",
            ),
            "--commodity": ("dy", {"retaliation.commodity": ["dy"]}),
            "--us": ("USA,JPN", {"retaliation.us": ["USA", "JPN"]}),
            "--them": ("CHN,RUS", {"retaliation.them": ["CHN", "RUS"]}),
            "--move": ("china_out", {"retaliation.moves": {"nothing": None, "china_out": "china_out"}}),
        },
    ),
    "sensitivity": (
        "mag-9",
        {
            **under("sensitivity", ONE, YEAR, TIER, DEGREE, NAMED, MARKET, {"--top": ("3", 3)}, project="projects"),
            "--recipes": ("--no-recipes", {"sensitivity.recipes": False}),
        },
    ),
    "shapley": ("mag-9", under("shapley", BY, TIER, ONE, MARKET, {"--seed": ("5", 5)})),
    "stockpile": (
        "mag-9 --scenario plan.toml",
        {
            **under("stockpile_requirement", ONE, TIMED, DEGREE, MARKET, {"--months": ("7", 7)}),
            "--tiers": ("defence,civilian", {"stockpile_requirement.tiers": ["defence", "civilian"]}),
            "--projects": ("all", {"stockpile_requirement.projects": ["G_US", "H_US", "S_US"]}),
            "--mitigation": (
                "",
                {
                    "stockpile_mitigation.network": "mag-9",
                    "stockpile_mitigation.scenario": "plan",
                    "stockpile_mitigation.tiers": ["defence"],
                    "stockpile_mitigation.months": 48,
                    "stockpile_mitigation.step_months": 1,
                    "stockpile_mitigation.austerity": {},
                    "say.tables": {"stockpile": STOCKS[0], "mitigation": STOCKS[1]},
                    "say.shown": ["stockpile", "mitigation"],
                },
            ),
        },
    ),
    "stockpile (mitigation)": (
        "mag-9 --scenario plan.toml --mitigation",
        {
            **{
                option: each(given, value, option[2:].replace("-", "_"), *STOCKS)
                for option, (given, value) in BOTH.items()
            },
            "--tiers": each("civilian", ["civilian"], "tiers", *STOCKS),
            "--projects": each("H_US,S_US", ["H_US", "S_US"], "projects", *STOCKS),
            "--austerity": each("civilian=0.5", {"civilian": 0.5}, "austerity", STOCKS[1]),
        },
    ),
    "stress": (
        "mag-9 --scenario china_out --months 24",
        {
            **under("stress_test", TIMED, DEGREE, MARKET, {"--months": ("7", 7), "--objective": ("value", "value")}),
            "--scenario": ("china_out", {"stress_test.scenarios": ["china_out", "china_out"]}),
            "--severities": ("", {"stress_test.scenarios": SEVERE}),
            "--no-stocks": ("", {"stress_test.stocks": False}),
            "--projects": ("H_US,S_US", {"stress_test.projects": ["H_US", "S_US"]}),
            "--ladder": ("", {"stress_test.ladder_over_time": True}),
        },
    ),
}


def known(command: str) -> set[str]:
    """The options that the command has, by their first name."""
    return {option.opts[0] for option in COMMANDS[command].params if option.param_type_name == "option"}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_without_a_check(command: str) -> None:
    checked = {option for name, (_, options) in OPTIONS.items() if name.split(" ")[0] == command for option in options}
    assert checked <= known(command)
    assert known(command) - checked <= set(PRINTED), f"{command}: say in OPTIONS what these reach"


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_reaches_its_question_and_nothing_else(ask: Any, name: str) -> None:
    line, options = OPTIONS[name]
    start = [name.split(" ")[0], *line.split()]
    base = ask(start)
    graphs = {key: value for key, value in base.items() if key.endswith((".network", ".source"))}
    assert set(graphs.values()) <= {"mag-9"}
    printed = (
        {option: PRINTED[option] for option in (known(name) & set(PRINTED)) - set(options)} if name in COMMANDS else {}
    )
    for option, (given, reached) in {**printed, **options}.items():
        got = ask([*start, *([] if given.startswith("--") else [option]), *given.split()])
        changed = {key: got.get(key) for key in {*base, *got} if got.get(key) != base.get(key)}
        if option == "--format" and "say.form" not in base:
            # a table of paths, printed line by line before
            changed = {key: value for key, value in changed.items() if key == "say.form" or not key.startswith("say.")}
        assert changed == reached, (name, option)
        assert reached
