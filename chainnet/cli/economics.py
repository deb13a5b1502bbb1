"""The commands about price floors and about what stands idle if nothing is cut off."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from chainnet.cli.common import (
    Degree,
    Graph,
    Market,
    Scenarios,
    TableOutput,
    Verify,
    command,
    each_scenario,
    read_graph,
)
from chainnet.cli.words import number, words
from chainnet.errors import DataError

Price = float | dict[str, float]
Projects = Annotated[str | None, typer.Option("--projects", help="Which projects, split by commas; default all.")]
Rate = Annotated[float, typer.Option("--rate", help="Required return a year: ten percent is 0.1.")]
Years = Annotated[int, typer.Option("--years", help="Years over which the capital must come back.")]


@command("floor")
def floor_command(
    graph: Graph,
    floor: Annotated[list[str], typer.Option("--floor", help="USD/t: one number, or COMMODITY=USD (may be repeated).")],
    reference: Annotated[
        list[str] | None,
        typer.Option("--reference", help="Market price, as --floor; default the price in the commodities table."),
    ] = None,
    import_price: Annotated[
        list[str] | None, typer.Option("--import-price", help="What importers pay, as --floor; default the reference.")
    ] = None,
    unit_cost: Annotated[
        list[str] | None,
        typer.Option("--unit-cost", help="Cost without capital: USD/t, or PROJECT=USD or COMMODITY=USD (repeatable)."),
    ] = None,
    upside_share: Annotated[
        float, typer.Option("--upside-share", help="Part of the price above the floor that goes back, 0 to 1.")
    ] = 0.0,
    cut: Annotated[float, typer.Option("--cut", help="Part of its price that the incumbent cuts at most.")] = 0.5,
    incumbent: Annotated[
        str | None, typer.Option("--incumbent", help="Who cuts: countries or groups, split by commas.")
    ] = None,
    buyers: Annotated[
        str | None, typer.Option("--buyers", help="Who stands behind the floor; default the beneficiaries.")
    ] = None,
    by_year: Annotated[int | None, typer.Option("--by-year", help="Output that the ramp has reached then.")] = None,
    coproduct_credit: Annotated[
        bool, typer.Option("--coproduct-credit", help="Take coproducts off the break-even price.")
    ] = False,
    rate: Rate = 0.10,
    years: Years = 10,
    projects: Projects = None,
    commodity: Annotated[
        str | None, typer.Option("--commodity", help="Only makers of these commodities, split by commas.")
    ] = None,
    *,
    output: TableOutput,
) -> None:
    """Say which projects pay at a price floor, what it costs, and what a price cut does to it."""
    from chainnet.economics import floor_buyers, floor_supply_curve, price_cut, price_floor

    network = read_graph(graph)
    at = _prices(floor, "--floor")
    market, border = _prices(reference, "--reference"), _prices(import_price, "--import-price")
    if at is None:
        raise DataError("--floor: missing; give USD/t, or COMMODITY=USD.")
    makers = words(commodity)
    shared: dict[str, Any] = {
        "projects": words(projects),
        "commodity": makers if makers is not None or not isinstance(at, Mapping) else sorted(at),
        "rate": rate,
        "years": years,
        "unit_cost": _prices(unit_cost, "--unit-cost"),
        "by_year": by_year,
        "coproduct_credit": coproduct_credit,
    }
    found = price_floor(network, at, market, upside_share=upside_share, import_price=border, **shared)
    curve = floor_supply_curve(network, market, **shared)
    cuts = price_cut(network, at, market, cut=cut, incumbent=words(incumbent), **shared)
    bill_at = dict.fromkeys(makers, at) if makers is not None and not isinstance(at, Mapping) else at
    bill = floor_buyers(network, bill_at, market, import_price=border, buyers=words(buyers))
    numbers = {
        "projects": len(found),
        "viable at the floor": int(found["viable"].fillna(False).sum()),
        "viable at the reference price": int(found["viable_at_reference"].fillna(False).sum()),
        "not known": int(found["viable"].isna().sum()),
    }
    if not isinstance(at, Mapping) and found["commodity"].nunique() > 1:
        print(
            f"chainnet: one floor of {at:g} USD/t stands for {found['commodity'].nunique()} commodities; "
            "give --floor COMMODITY=USD, or --commodity.",
            file=sys.stderr,
        )
    tables = {"floor": found, "supply_curve": curve, "price_cut": cuts, "buyers": bill}
    output.say(tables, numbers, found.attrs["provenance"])


@command("overcapacity")
def overcapacity_command(
    graph: Graph,
    scenario: Scenarios = None,
    by_year: Annotated[
        list[int] | None, typer.Option("--by-year", help="Year in which to look; may be repeated.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="step or stage.")] = "step",
    probability: Annotated[
        list[float] | None, typer.Option("--probability", help="Of each --scenario in a year, in their order.")
    ] = None,
    growth: Annotated[
        float, typer.Option("--demand-growth", help="Assumed growth of demand a year, such as 0.03.")
    ] = 0.0,
    supply_elasticity: Annotated[
        str | None, typer.Option("--supply-elasticity", help="Assumed: a number, or LOW,HIGH.")
    ] = None,
    demand_elasticity: Annotated[
        str | None, typer.Option("--demand-elasticity", help="Assumed: a number, or LOW,HIGH.")
    ] = None,
    rate: Rate = 0.10,
    years: Years = 10,
    projects: Projects = None,
    reroute: Degree = "existing",
    *,
    market: Market,
    output: TableOutput,
    verify: Verify = False,
) -> None:
    """Say what stands idle if nothing is cut off, with and without projects, and what that insures."""
    from chainnet.economics import overcapacity

    network = read_graph(graph)
    found = overcapacity(
        network,
        each_scenario(network, scenario),
        by_year=by_year or None,
        projects=words(projects),
        by=by,  # type: ignore[arg-type]
        rate=rate,
        years=years,
        probabilities=probability or None,
        demand_growth=growth,
        supply_elasticity=_range(supply_elasticity, "--supply-elasticity"),
        demand_elasticity=_range(demand_elasticity, "--demand-elasticity"),
        reroute=reroute,
        **market.words,
        verify=verify,
    )
    if verify:
        print("verified: a second solver finds the same least costs", file=sys.stderr)
    tables = {name: frame for name, frame in found.tables().items() if len(frame) or name == "steps"}
    shown = ("steps", "premium") if scenario else ("steps",)
    output.say(tables, {"certificate": found.certificate}, found.provenance, shown)


def _prices(given: list[str] | None, option: str) -> Price | None:
    """Read one number, or NAME=NUMBER several times."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return _number(given[0], option)
    out: dict[str, float] = {}
    for word in given:
        name, sign, value = word.rpartition("=")
        if not sign:
            raise DataError(f'{option}: "{word}" stands beside others; one number alone, or NAME=USD each.')
        if name in out:
            raise DataError(f'{option}: "{name}" is given twice. Give one price for each.')
        out[name] = _number(value, option)
    return out


def _range(text: str | None, option: str) -> tuple[float, float] | None:
    parts = words(text)
    if parts is None:
        return None
    if len(parts) not in (1, 2):
        raise DataError(f'{option}: "{text}" is not allowed; give a number, or LOW,HIGH.')
    ends = [_number(part, option) for part in parts]
    return ends[0], ends[-1]


def _number(text: str, option: str) -> float:
    rule = "is no number; give a number, or NAME=NUMBER where prices are meant."
    return number(text, f'{option}: "{text}" {rule}')
