"""The commands about prices: markets and floors, and what stands idle if nothing is cut off."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Question, TableOutput, Verified, command
from chainnet.cli.words import Numbers, number, order, split_pairs, words
from chainnet.errors import DataError

PRICES = Numbers(
    "is no number; give a number, or NAME=NUMBER where prices are meant.",
    "stands beside others; one number alone, or NAME=USD each.",
    "is given twice. Give one price for each.",
)
FLOORS = Numbers("is not of the form COMMODITY=USD.", twice="is given twice. Give one price for each.")
Some = Annotated[str | None, "Which projects, split by commas; default all.", words]
Rate = Annotated[float, "Required return a year: ten percent is 0.1."]
Years = Annotated[int, "Years over which the capital must come back."]


SIZES = "is no size; give a number, LOW:HIGH, or NAME=either, split by commas."


def _sizes(text: str, option: str) -> Any:
    """Read a size or a range, or either by name; TIER of one commodity is COMMODITY/TIER."""

    def ends(word: str, said: str) -> float | tuple[float, float]:
        parts = [number(part, f'{option}: "{said}" {SIZES}') for part in word.split(":")]
        if len(parts) > 2:
            raise DataError(f'{option}: "{said}" {SIZES}')
        return parts[0] if len(parts) == 1 else (parts[0], parts[1])

    if "=" not in text:
        return ends(text, text)
    found = split_pairs(words(text), option, SIZES, "is given twice. Give one size for each.")
    return {
        tuple(name.split("/")) if "/" in name else name: ends(size, f"{name}={size}") for name, size in found.items()
    }


def _acts(text: str, option: str) -> dict[Any, str | float]:
    """Read how players act: a word or a number by NAME, or by NAME/COMMODITY."""
    found = split_pairs(words(text), option, "is not of the form NAME=HOW.", "is given twice. Say it once.")
    return {
        tuple(name.split("/")) if "/" in name else name: float(how) if how.replace(".", "", 1).isdigit() else how
        for name, how in found.items()
    }


def _curves(text: str, option: str) -> Any:
    """Read a table of curves, whose sizes are numbers."""
    table = order(text, option)
    if isinstance(table, str):
        raise DataError(f'{option}: "{text}" is no CSV file. Give a file whose name ends in .csv.')
    for name in [column for column in table.columns if "usd_per_t" in column]:
        table[name] = [number(cell, f'{option}: {name} "{cell}" is no number.') for cell in table[name].fillna("")]
    return table.where(table != "", None)


_NAMED = "a number, LOW:HIGH, or NAME=either by node, commodity or tier"
Less = Annotated[
    str | None, f"Per cent less bought if the price rises by one: {_NAMED}. Default: as much at any price.", _sizes
]
More = Annotated[
    str | None, f"Per cent more made if the price rises by one: {_NAMED}. Default: all at its unit cost.", _sizes
]


@dataclass(kw_only=True, eq=False)
class Cleared(Question, TableOutput):
    """The options of a market."""

    scenario: opt.OneScenario = None
    demand_elasticity: Less = None
    supply_elasticity: More = None
    demand_form: Annotated[Literal["linear", "isoelastic"], "Of the curve through the reference price."] = "linear"
    reference_price: Annotated[
        list[str] | None,
        "Price of the base year: USD/t, or COMMODITY=USD (repeatable); default that of the graph.",
        "--reference",
        PRICES,
    ] = None
    unit_cost: Annotated[
        list[str] | None,
        "What a tonne costs its maker, feed and capital aside: USD/t, PROJECT=USD or COMMODITY=USD (repeatable).",
        PRICES,
    ] = None
    curves: Annotated[str | None, "CSV of node, commodity, tier, intercept and slope.", _curves] = None
    rate: Rate = 0.10
    years: Years = 10
    projects: Some = None
    reroute: opt.Degree = "existing"

    def market_options(self) -> dict[str, Any]:
        """Return what the options of a market say, by the name of its parameter."""
        from chainnet.prices import market

        names = [field.name for field in fields(Cleared) if field.name in inspect.signature(market).parameters]
        given = {name: self.given(name) for name in names}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(kw_only=True, eq=False)
class Bordered(Cleared):
    """The option that says whose border it is."""

    members: Annotated[str | None, "Whose border, or whose plants; default the beneficiaries.", words] = None

    def inside(self) -> dict[str, Any]:
        """Return where the members are."""
        members = self.given("members") or list(self.network.beneficiaries)
        if not members:
            raise DataError("--members: missing, and the graph names no beneficiaries. Say whose border it is.")
        return {"country": members}


@dataclass(kw_only=True, eq=False)
class Measured(Bordered):
    """The options of a market in which measures are in force."""

    policy: Annotated[Path | None, "TOML file of measures: tariffs, quotas, floors, subsidies, clubs, buffers."] = None
    floor: Annotated[list[str] | None, "COMMODITY=USD per tonne (may be repeated).", FLOORS] = None
    mechanism: Annotated[Literal["border", "cfd"], "How --floor is kept: a levy on imports, or contracts."] = "border"
    content: Annotated[
        Literal["none", "auto"], "Whether goods made of it bear the levy on their content (--floor at the border)."
    ] = "none"
    long_run: Annotated[bool, "Projects enter as far as they earn their capital cost."] = False
    conduct: Annotated[
        str | None,
        "Who holds back for a higher price: NAME=cournot, leader or 0 to 1, split by commas; NAME is a country, group "
        "or plant. Default nobody.",
        _acts,
    ] = None
    protect: Annotated[str | None, "Tiers that are served first whatever it costs, split by commas.", words] = None
    by: Annotated[
        Literal["country", "owner_country"],
        "Whose the profit of a plant is: the country's where it lies, or its owner's.",
    ] = "country"

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask with the measures that the options stand for."""
        from chainnet.scenario import Scenario

        measures = list(Scenario.read(self.policy).measures) if self.policy is not None else []
        measures += self.floors()
        run = "long" if self.long_run else "short"
        return super().ask(question, of, policy=measures, run=run, **other)

    def floors(self) -> Sequence[dict[str, Any]]:
        """Return the measures of --floor."""
        found: list[dict[str, Any]] = []  # of whom "members" says
        for commodity, usd in (self.given("floor") or {}).items():
            one = {"kind": "price_floor", "commodity": commodity, "usd_per_t": usd}
            if self.mechanism == "cfd":
                found.append({**one, "mechanism": "cfd", "where": self.inside()})
            else:
                more = {"content": "auto"} if self.content == "auto" else {}
                found.append({**one, "to": self.inside(), **more})
        return found


@command("prices.market", example="market gallium --demand-elasticity 0.2:0.9")
class Market(Measured):
    """Clear the market: prices, who pays, what measures do.

    An equilibrium, no forecast: read differences between two answers. It rests on what is assumed (--table assumed).
    Without --policy and --floor it is the market as it is.
    """

    draws: Annotated[int, "Draws of all ranges, for --table ranges; 0 = none."] = 0
    seed: Annotated[int, "Start of the random numbers."] = 0

    def _tell(self, found: Any) -> None:
        tables = {name: table for name, table in found.tables().items() if len(table) or name == "prices"}
        shown = tuple(
            name for name in ("policies", "welfare", "leaks", "conduct", "builds", "prices") if name in tables
        )
        numbers = {"left_out": ", ".join(found.left_out) or "none", "assumed": len(found.assumed)}
        self.say(found, tables, {**numbers, "certificate": found.certificate}, shown)


@command(
    name="best-reply",
    like="prices.best_reply",
    example="best-reply gallium --player CHN --commodity ga_primary --demand-elasticity 0.5",
)
class BestReply(Measured):
    """Show a player's best answer to a policy.

    Export tax, quota, stop or flood, and what is left of the policy.
    """

    player: Annotated[str, "Who answers: a country or group."]
    commodity: Annotated[str, "The good that it taxes, limits, stops or floods with."]

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask with all options of a market."""
        own = {name: value for name in ("conduct", "protect", "by") if (value := self.given(name)) is not None}
        return super().ask(self.like, of, to=self.inside()["country"], **self.market_options(), **own, **other)

    def _tell(self, found: Any) -> None:
        told = ("policy", "answer", "usd_per_t", "exports_tpa", "price_usd_per_t", "held", "is_best")
        money = tuple(f"{side}_change_usd_per_a" for side in ("player", "members", "others"))
        columns = {"table": (*told[:4], *money, *told[4:])}
        self.say(
            found, found.tables(), {"certificate": found.certificate}, ("table",), {"best": found.sentence}, columns
        )


Mechanism = Annotated[Literal["border", "cfd"], "How the floor is kept: a levy on imports, or contracts."]


@command(
    name="floor-curve",
    like="prices.floor_curve",
    example="floor-curve gallium --commodity ga_primary --floor 500000 --demand-elasticity 0.2:0.9",
)
class FloorCurve(Bordered):
    """Clear the market at several floors.

    Price, levy, output, imports, who pays.
    """

    commodity: Annotated[str, "The good of the floor."]
    floors: Annotated[list[float], "USD/t (may be repeated).", "--floor"]
    elasticities: Annotated[list[float] | None, "Elasticity of demand (may be repeated).", "--elasticity"] = None
    mechanism: Mechanism = "border"
    long_run: Annotated[bool, "Projects enter as far as they earn their capital cost."] = False

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask with all options of a market."""
        market = {"run": "long" if self.long_run else "short", **self.market_options()}
        return super().ask(self.like, of, to=self.inside()["country"], **market, **other)


@command(
    name="break-even",
    like="prices.break_even_floor",
    example="break-even rare-earths --commodity ndpr_oxide --mechanism cfd --projects aus_nolans",
)
class BreakEven(Bordered):
    """Find the floor at which projects enter.

    Their own output moves the prices.
    """

    commodity: Annotated[str, "The good of the floor."]
    mechanism: Mechanism = "border"

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask with all options of a market; those that are not asked about may enter too."""
        market = {**self.market_options(), "projects": self.given("projects")}
        return super().ask(self.like, of, to=self.inside()["country"], **market, **other)


@command(
    like="prices.storage",
    example="storage mag-9 --period baseline --period china_out --node USE --reference 50000",
)
class Storage(Cleared):
    """Clear markets one after the other.

    What is kept joins them: buffer stocks of --policy until they are full or empty, or a good at a node.
    """

    periods: Annotated[list[str], "Scenario of each period, in order (repeated); baseline = none.", "--period"]
    policy: Annotated[Path | None, "TOML file of measures, in force in all periods."] = None
    months: Annotated[int, "Length of a period."] = 12
    node: Annotated[str | None, "Where holders keep a good from the first to the second period."] = None
    commodity: Annotated[str | None, "Which good they keep."] = None
    holding: Annotated[float, "USD for keeping a tonne from one period to the next."] = 0.0

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask with all options of a market; what --scenario says happens in every period."""
        from chainnet.scenario import Scenario

        options = self.market_options()
        always = options.pop("scenario", None)
        cases = [None if word == "baseline" else self.pick_scenario(word, "--period") for word in self.periods]
        return super().ask(
            self.like,
            of,
            scenarios=[one if always is None else always if one is None else always + one for one in cases],
            policy=Scenario.read(self.policy) if self.policy is not None else None,
            holding_usd_per_t=self.holding,
            **options,
        )


@command(
    like="prices.instruments",
    example="instruments gallium --tier civilian --avoid 1 --by 2031 --commodity ga_primary",
)
class Instruments(Cleared):
    """Compare floors, contracts, grants, stocks at equal effect.

    Each avoids the same tonnes of a tier's shortfall under --scenario (default the baseline): what it costs a year, and
    who pays.
    """

    tier: Annotated[str, "Whose shortfall is avoided."]
    avoid_tpa: Annotated[float, "Tonnes a year that each must avoid of that shortfall.", "--avoid"]
    by: Annotated[int, "Year by whose end; a project counts with what it can make then."]
    order: opt.Order = None
    commodity: Annotated[str | None, "The good whose price is raised; default what the tier lacks most."] = None
    months: Annotated[float, "How long the stock has to last."] = 12
    precision: Annotated[float, "To what the least number is found, relative to it."] = 1e-6
    reroute: opt.Degree = "new"

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask with all options of a market but those that the comparison has itself."""
        own = ("scenario", "reroute", "projects", "rate", "years")
        market = {name: value for name, value in self.market_options().items() if name not in own}
        return super().ask(self.like, of, **market, **other)

    def _tell(self, found: Any) -> None:
        seen = ("instrument", "reaches", "cost_usd_per_a", "avoids_tpa", "usd_per_t", "tonnes_t", "projects", "payer")
        self.say(found, columns={"table": seen})


@command(
    name="implied-floors", like="prices.implied_floors", example="implied-floors rare-earths --floor ndpr_oxide=110000"
)
class ImpliedFloors(Question, TableOutput):
    """Show which floors of other goods go with those given."""

    floors: Annotated[list[str], "COMMODITY=USD per tonne (may be repeated).", "--floor", FLOORS]
    reference_price: Annotated[list[str] | None, "USD/t, or COMMODITY=USD (repeatable).", "--reference", PRICES] = None

    def ask(self, question: str | None = None, of: Any = None, /, **other: Any) -> Any:
        """Ask for the floors."""
        return super().ask(self.like, of, **other)


@command(
    "prices.price_floor",
    example="floor rare-earths --floor ndpr_oxide=110000 --unit-cost ndpr_oxide=40000",
)
class Floor(Question, TableOutput):
    """Price a floor: who builds, and what it costs.

    A floor by commodity asks about the makers of those commodities alone.
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
    by_year: Annotated[int | None, "Output that the ramp has reached then."] = None
    coproduct_credit: Annotated[bool, "Take coproducts off the break-even price."] = False
    rate: Rate = 0.10
    years: Years = 10
    projects: Some = None
    commodity: Annotated[str | None, "Only makers of these commodities, split by commas.", words] = None

    def _tell(self, table: Any) -> None:
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
        seen = (
            "id",
            "label",
            "commodity",
            "floor_usd_per_t",
            "break_even_usd_per_t",
            "viable",
            "output_tpa",
            "country",
        )
        left_out = [name for name in self.given("projects") or () if name not in table.index]
        if left_out:
            print(
                f"chainnet: left out, since no --floor or --commodity names what they make: {', '.join(left_out)}.",
                file=sys.stderr,
            )
        self.say(table, {"floor": table}, numbers, columns={"floor": seen})


@command("prices.overcapacity", example="overcapacity gallium --scenario china_export_stop_all --by-year 2030")
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
    rate: Rate = 0.10
    years: Years = 10
    projects: Some = None
    reroute: opt.Degree = "existing"

    def _tell(self, found: Any) -> None:
        self.say_verified("the same least costs")
        tables = {name: frame for name, frame in found.tables().items() if len(frame) or name == "steps"}
        shown = ("steps", "premium") if self.scenarios else ("steps",)
        self.say(found, tables, {"certificate": found.certificate}, shown)
