"""The command that follows a failure along the baseline flows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainnet.cli.common import Graph, Market, OneScenario, TableOutput, command, maybe_scenario, read_graph
from chainnet.cli.words import by_label, number
from chainnet.errors import DataError

METHODS = ("esri", "ario", "bracket")


@command()
def cascade(
    graph: Graph,
    fail: Annotated[
        list[str] | None,
        typer.Option("--fail", help="ID or ID=SHARE of output lost (1 = all); may be repeated."),
    ] = None,
    method: Annotated[
        str,
        typer.Option("--method", help="esri (no stores), ario (stores, day by day), or bracket (beside the optimum)."),
    ] = "esri",
    scenario: OneScenario = None,
    importance: Annotated[
        str | None, typer.Option("--importance", help="esri: essential, nonessential or none, for all links.")
    ] = None,
    replaceable: Annotated[
        bool, typer.Option("--replaceable", help="esri: losses count by the share of what the sector still makes.")
    ] = False,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="esri: largest change of the last round; default 1e-9.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="ario: horizon; default 365.")] = None,
    start_day: Annotated[int | None, typer.Option("--start-day", help="ario: first day of the failure.")] = None,
    days_out: Annotated[
        int | None, typer.Option("--days-out", help="ario: how long it lasts; default for ever.")
    ] = None,
    inventory_days: Annotated[
        list[str] | None,
        typer.Option("--inventory-days", help="DAYS or COMMODITY=DAYS in store; default 90; may be repeated."),
    ] = None,
    years: Annotated[int | None, typer.Option("--years", help="bracket: length of the myopic run; default 10.")] = None,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Follow a failure along the baseline flows, when nobody reroutes well."""
    from chainnet.cascades import bracket
    from chainnet.cascades import cascade as ask

    if method not in METHODS:
        raise DataError(f'--method: unknown method "{method}"; one of {", ".join(METHODS)}.')
    _check_options(
        method,
        {
            "--importance": (importance, ("esri",)),
            "--replaceable": (replaceable or None, ("esri",)),
            "--tolerance": (tolerance, ("esri",)),
            "--days": (days, ("ario",)),
            "--start-day": (start_day, ("ario",)),
            "--days-out": (days_out, ("ario",)),
            "--inventory-days": (inventory_days or None, ("ario", "bracket")),
            "--years": (years, ("bracket",)),
            "--scenario": (scenario, ("bracket",)),
        },
    )
    network = read_graph(graph)
    lost = _shares(fail, set(network.nodes["id"]))
    stores = _stores(inventory_days)
    if method == "bracket":
        event = maybe_scenario(network, scenario)
        given: dict[str, Any] = {} if stores is None else {"inventory_days": stores}
        if years is not None:
            given["years"] = years
        found = bracket(network, lost or None, event, **market.words, **given)
        output.say({"bracket": found}, None, found.attrs["provenance"])
        return
    if not lost:
        raise DataError("--fail: nothing fails; give --fail ID or --fail ID=SHARE.")
    spread: dict[str, Any] = {"importance": importance, "replaceable": replaceable}
    if tolerance is not None:
        spread["tolerance"] = tolerance
    timed: dict[str, Any] = {"days": days, "start_day": start_day, "days_out": days_out, "inventory_days": stores}
    result = ask(network, lost, method, **spread, **timed, **market.words)  # type: ignore[arg-type]
    nodes = result.nodes.sort_values("loss", ascending=False, kind="stable")
    tables = {**result.tables(), "nodes": nodes}
    shown = ("nodes", "tiers") if method == "esri" else ("tiers", "nodes")
    output.say(tables, result.numbers(), result.provenance, shown=shown)


def _check_options(method: str, given: dict[str, tuple[Any, tuple[str, ...]]]) -> None:
    """Refuse an option that the method would leave aside."""
    for option, (value, owners) in given.items():
        if value is not None and method not in owners:
            raise DataError(f"{option}: belongs to --method {' or '.join(owners)}. Leave it out or ask for that one.")


def _shares(fail: list[str] | None, known: set[str]) -> dict[str, float]:
    """Read ID or ID=SHARE; an id may itself hold the sign."""
    out: dict[str, float] = {}
    for word in fail or ():
        label, sign, share = word.rpartition("=")
        whole = word in known or not sign
        name = word if whole else label
        if name in out:
            raise DataError(f'--fail: "{name}" is named twice. Name it once.')
        out[name] = 1.0 if whole else number(share, f'--fail: "{word}" is not of the form ID or ID=SHARE.')
    return out


def _stores(given: list[str] | None) -> float | dict[str, float] | None:
    """Read DAYS or COMMODITY=DAYS."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return number(given[0], f'--inventory-days: "{given[0]}" is not of the form DAYS or COMMODITY=DAYS.')
    return by_label(given, "--inventory-days", "COMMODITY=DAYS, where there are several")
