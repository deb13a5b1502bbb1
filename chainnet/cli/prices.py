"""The commands about price floors and about what stands idle if nothing is cut off."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Question, TableOutput, Verified, command
from chainnet.cli.words import Numbers, number, words
from chainnet.errors import DataError

PRICES = Numbers(
    "is no number; give a number, or NAME=NUMBER where prices are meant.",
    "stands beside others; one number alone, or NAME=USD each.",
    "is given twice. Give one price for each.",
)
Some = Annotated[str | None, "Which projects, split by commas; default all.", words]
Rate = Annotated[float, "Required return a year: ten percent is 0.1."]
Years = Annotated[int, "Years over which the capital must come back."]


def _span(text: str, option: str) -> tuple[float, float]:
    """Read a number, or LOW,HIGH."""
    parts = words(text)
    if len(parts) not in (1, 2):
        raise DataError(f'{option}: "{text}" is not allowed; give a number, or LOW,HIGH.')
    ends = [number(part, f'{option}: "{part}" {PRICES.rule}') for part in parts]
    return ends[0], ends[-1]


Span = Annotated[str | None, "Assumed: a number, or LOW,HIGH.", _span]


@command("prices.floor_tables", like="prices.price_floor")
class Floor(Question, TableOutput):
    """Price a floor: who builds, and what it costs.

    And what a price cut by the incumbent does to it.
    """

    floor: Annotated[list[str], "USD/t: one number, or COMMODITY=USD (may be repeated).", PRICES]
    reference_price: Annotated[
        list[str] | None, "Market price, as --floor; default the price in the commodities table.", "--reference", PRICES
    ] = None
    import_price: Annotated[list[str] | None, "What importers pay, as --floor; default the reference.", PRICES] = None
    unit_cost: Annotated[
        list[str] | None, "Cost without capital: USD/t, or PROJECT=USD or COMMODITY=USD (repeatable).", PRICES
    ] = None
    upside_share: Annotated[float, "Part of the price above the floor that goes back, 0 to 1."] = 0.0
    cut: Annotated[float, "Part of its price that the incumbent cuts at most."] = 0.5
    incumbent: Annotated[str | None, "Who cuts: countries or groups, split by commas.", words] = None
    buyers: Annotated[str | None, "Who stands behind the floor; default the beneficiaries.", words] = None
    by_year: Annotated[int | None, "Output that the ramp has reached then."] = None
    coproduct_credit: Annotated[bool, "Take coproducts off the break-even price."] = False
    rate: Rate = 0.10
    years: Years = 10
    projects: Some = None
    commodity: Annotated[str | None, "Only makers of these commodities, split by commas.", words] = None

    def _tell(self, found: Any) -> None:
        table = found["floor"]
        numbers = {
            "projects": len(table),
            "viable at the floor": int(table["viable"].fillna(False).sum()),
            "viable at the reference price": int(table["viable_at_reference"].fillna(False).sum()),
            "not known": int(table["viable"].isna().sum()),
        }
        floor, made = self.given("floor"), table["commodity"].nunique()
        if isinstance(floor, float) and made > 1:
            print(
                f"chainnet: one floor of {floor:g} USD/t stands for {made} commodities; "
                "give --floor COMMODITY=USD, or --commodity.",
                file=sys.stderr,
            )
        self.say(table, found, numbers)


@command("prices.overcapacity")
class Overcapacity(Question, Counted, TableOutput, Verified):
    """Show what is idle if nothing is cut off.

    With and without projects, and what that insures.
    """

    scenarios: opt.Scenarios = None
    by_year: Annotated[list[int] | None, "Year in which to look; may be repeated."] = None
    by: Annotated[Literal["step", "stage"], "What a row is."] = "step"
    probabilities: Annotated[list[float] | None, "Of each --scenario in a year, in their order.", "--probability"] = (
        None
    )
    demand_growth: Annotated[float, "Assumed growth of demand a year, such as 0.03."] = 0.0
    supply_elasticity: Span = None
    demand_elasticity: Span = None
    rate: Rate = 0.10
    years: Years = 10
    projects: Some = None
    reroute: opt.Degree = "existing"

    def _tell(self, found: Any) -> None:
        self.say_verified("the same least costs")
        tables = {name: frame for name, frame in found.tables().items() if len(frame) or name == "steps"}
        shown = ("steps", "premium") if self.scenarios else ("steps",)
        self.say(found, tables, {"certificate": found.certificate}, shown)
