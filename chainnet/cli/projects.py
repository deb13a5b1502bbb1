"""The commands about projects: what rerouting buys, and which set is best under a budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet.cli.common import (
    Degree,
    Graph,
    Market,
    Scenarios,
    TableOutput,
    command,
    each_scenario,
    pick_scenario,
    read_graph,
)
from chainnet.cli.words import number, words
from chainnet.errors import DataError

if TYPE_CHECKING:
    from chainnet.scenario import Scenario

Allies = Annotated[
    str | None, typer.Option("--allies", help="Only projects in, or backed by, these countries or groups.")
]
Project = Annotated[list[str] | None, typer.Option("--project", help="Only these projects; may be repeated.")]
Probability = Annotated[
    list[float] | None, typer.Option("--probability", help="Of each --scenario, in their order; scaled to 1.")
]
Years = Annotated[list[int] | None, typer.Option("--by-year", help="Projects as they stand then; several: their mean.")]
Protect = Annotated[
    list[str] | None,
    typer.Option("--protect", help="NODE=MUSD: what it costs to protect it; may be repeated."),
]
Stock = Annotated[
    list[str] | None,
    typer.Option("--stock", help="NODE,COMMODITY=TONNES at the commodity's price, or TONNES@USD_PER_T (repeatable)."),
]
Qualify = Annotated[
    list[str] | None,
    typer.Option("--qualify", help="PROJECT=MUSD: qualified for every tier from the start; may be repeated."),
]
Step = Annotated[
    list[float] | None, typer.Option("--step", help="Budget of the frontier; default each step of it (repeatable).")
]
Close = Annotated[
    str | None,
    typer.Option("--close", help="Tiers whose gap to close, split by commas; default every one and all."),
]
Offered = Annotated[
    list[str] | None, typer.Option("--project", help="Only these are on offer; may be repeated. Default: all.")
]


@command()
def reroute(
    graph: Graph,
    scenario: Annotated[str, typer.Option("--scenario", help="Name of a shipped scenario or path of a TOML file.")],
    project: Project = None,
    allies: Allies = None,
    by_year: Annotated[
        int | None, typer.Option("--by-year", help="Projects as they stand in this year; default all at full size.")
    ] = None,
    degree: Degree = "existing",
    budget: Annotated[
        float | None, typer.Option("--budget", help="Also say what the best portfolio takes for this, USD million.")
    ] = None,
    horizon: Annotated[
        str | None, typer.Option("--horizon", help="FIRST,LAST year: also say what each year of delay loses.")
    ] = None,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Say how much rerouting and each project buy under a scenario: alone, last, shared, by price, in company."""
    from chainnet.projects import reroute as ask

    network = read_graph(graph)
    found = ask(
        network,
        pick_scenario(network, scenario),
        project,
        words(allies),
        by_year,
        degree,
        budget_musd=budget,
        horizon=_horizon(horizon),
        **market.words,
    )
    tables = {
        "projects": found.projects,
        "ladder": found.ladder,
        "complements": found.complements,
        "triples": found.triples,
        "words": found.projects[["words"]],
        **({"delays": found.delays} if horizon is not None else {}),
    }
    output.say(tables, found.numbers(), found.provenance, shown=("ladder", "projects"))


@command()
def portfolio(
    graph: Graph,
    budget: Annotated[float, typer.Option("--budget", help="USD million.")],
    scenario: Scenarios = None,
    objective: Annotated[
        Any, typer.Option("--objective", help="expected, worst or cvar: whose shortfall counts.", parser=str)
    ] = "expected",
    alpha: Annotated[float, typer.Option("--alpha", help="For cvar: the worst 1 - alpha of the probability.")] = 0.9,
    probability: Probability = None,
    by_year: Years = None,
    degree: Degree = "existing",
    project: Offered = None,
    allies: Allies = None,
    protect: Protect = None,
    stock: Stock = None,
    qualify: Qualify = None,
    step: Step = None,
    close: Close = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Only this tier counts, as if it came first.")] = None,
    *,
    market: Market,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for each program.")] = 60.0,
    output: TableOutput,
) -> None:
    """Choose what to build, store and protect under a budget so that least stays short, exactly."""
    from chainnet.projects import portfolio as ask

    network = read_graph(graph)
    asked = _likely(each_scenario(network, scenario), probability)
    found = ask(
        network,
        asked or None,
        budget,
        objective,
        alpha=alpha,
        by_year=by_year or None,
        reroute=degree,
        options=_options(protect, stock, qualify) or None,
        projects=project,
        allies=words(allies),
        budgets=step or None,
        close=words(close),
        tier=tier,
        **market.words,
        time_limit_s=time_limit,
    )
    numbers = {
        **found.numbers(),
        "chosen": list(found.chosen),
        "ties": [" + ".join(names) for names in found.ties],
        "greedy": list(found.greedy),
        "certificate": found.certificate,
    }
    shown = ("options", "frontier", "closing") if len(found.closing) else ("options", "frontier")
    output.say(found.tables(), numbers, found.provenance, shown)


def _likely(asked: list[Scenario], probability: list[float] | None) -> list[Scenario]:
    """Return the scenarios with the probabilities given, in their order."""
    if not probability:
        return asked
    if len(probability) != len(asked):
        raise DataError(
            f"--probability: {len(probability)} given for {len(asked)} scenarios. Give one for each --scenario."
        )
    return [replace(one, probability=p) for one, p in zip(asked, probability, strict=True)]


def _horizon(text: str | None) -> tuple[int, int] | None:
    """Read FIRST,LAST."""
    if text is None:
        return None
    parts = words(text) or []
    try:
        first, last = (int(part) for part in parts)
    except ValueError:
        raise DataError(f'--horizon: "{text}" is no pair of years; give FIRST,LAST, such as 2027,2035.') from None
    return first, last


def _options(protect: list[str] | None, stock: list[str] | None, qualify: list[str] | None) -> dict[str, Any]:
    """Return what competes with projects, as ``portfolio`` takes it."""
    found: dict[str, Any] = {}

    def put(name: str, option: dict[str, Any]) -> None:
        if name in found:
            raise DataError(f'options: "{name}" is on offer twice. Name it once.')
        found[name] = option

    for word in protect or ():
        node, cost = _pair(word, "--protect", "NODE=MUSD")
        put(f"protect {node}", {"kind": "protect", "nodes": [node], "cost_musd": _number(cost, "--protect")})
    for word in qualify or ():
        name, cost = _pair(word, "--qualify", "PROJECT=MUSD")
        put(f"qualify {name}", {"kind": "qualify", "projects": [name], "cost_musd": _number(cost, "--qualify")})
    for word in stock or ():
        place, amount = _pair(word, "--stock", "NODE,COMMODITY=TONNES")
        node, _, commodity = (part.strip() for part in place.partition(","))
        tonnes, _, price = amount.partition("@")
        option = {"kind": "stock", "node": node, "commodity": commodity, "most_t": _number(tonnes, "--stock")}
        if price:
            option["usd_per_t"] = _number(price, "--stock")
        put(f"stock {commodity} {node}".replace("  ", " "), option)
    return found


def _pair(word: str, option: str, form: str) -> tuple[str, str]:
    name, sign, value = word.rpartition("=")
    if not sign or not name.strip():
        raise DataError(f'{option}: "{word}" is not of the form {form}.')
    return name.strip(), value.strip()


def _number(text: str, option: str) -> float:
    return number(text, f'{option}: "{text}" is no number.')
