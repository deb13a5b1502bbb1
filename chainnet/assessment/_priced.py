"""What an assessment says of likelihood and of prices: what else would cost as much, and who pays for what it takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet.assessment._case import Case, Reason, Reasons
from chainnet.assessment._closing import YEARS_AHEAD
from chainnet.assessment._finding import Finding
from chainnet.criticality import Reverse, reverse
from chainnet.doubt import class_of
from chainnet.engine import CERTAIN, PRINTED
from chainnet.errors import DataError
from chainnet.flow import Counting, value_model
from chainnet.network import Network
from chainnet.prices import Instruments, Market, floor_curve, instruments, market
from chainnet.scenario import in_force, overlay_of

AHEAD = 5.0  # years to the day on which chances are taken
WAYS, SECONDS = 5, 20.0  # sets listed besides those that could come first; the search takes a few seconds
EXCEED = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)  # losses whose chance is told, besides that of the finding
# assumed, short run (plants stand) and long run (projects enter): the first tier, the other tiers, supply
SHORT = (0.0, (0.05, 0.3), (0.05, 0.35))
LONG = ((0.0, 0.1), (0.2, 0.9), (0.3, 1.5))
FLOORS = (1.0, 1.25, 1.5, 2.0)  # times the reference price
SAID = 1.5  # the floor of which ranges are given
DRAWS = 8
ENTRANTS = 12  # projects at most: of so many every set is looked at
PRECISION = 5e-3


@dataclass(frozen=True)
class Priced:
    """What prices say of the first finding; any part may be missing.

    ``market``: as it clears under its scenario, with the plants that stand. ``instruments``: what each costs at equal
    effect, half of what stays short or of what one project avoids. ``floors``: where nothing is cut off, what
    several floors at the border do; ``floor``: one of them, with ranges.
    """

    market: Market | None = None
    instruments: Instruments | None = None
    floors: pd.DataFrame | None = None
    floor: Market | None = None


@dataclass(frozen=True, eq=False)
class Floored:
    """A good under which a floor is put where nothing is cut off.

    ``price``: its reference price, USD/t; ``members``: at whose border; ``asked``: what a market is told for it, in the
    long run, where those listed projects may enter that make the good.
    """

    good: str
    price: float
    members: list[str]
    asked: dict[str, Any]

    @classmethod
    def of(cls, network: Network, members: list[str], goods: Iterable[str] = ()) -> Floored:
        """Choose the good: the first of ``goods`` if any of it comes over the members' border, else that of most value.

        Value is what is paid for it there at reference prices.

        Raises
        ------
        DataError
            If no good with a price comes over the border.
        """
        prices, plants = network.commodities.set_index("id")["price_usd_per_t"].dropna(), network.plants
        inside = set(plants.loc[network.in_countries(plants, members, "beneficiaries"), "id"]) if members else set()
        edges = network.edges[~network.edges["source"].isin(inside) & network.edges["target"].isin(inside)]
        spent = (edges["flow_tpa"] * edges["commodity"].map(prices).astype(float)).groupby(edges["commodity"]).sum()
        spent = spent[spent > 0]
        if spent.empty:
            raise DataError("no good with a price comes over the border of those who count")
        good = str(next((name for name in goods if name in spent), spent.idxmax()))
        known = network.projects[["capacity_tpa", "capex_musd"]].notna().all(axis=1) & (_makes(network) == good)
        makers = network.projects.loc[known, "id"].tolist()
        return cls(good, float(prices[good]), members, {"run": "long", "projects": makers, **_sizes(network, LONG)})

    def at_end(self, end: Literal[0, 1]) -> dict[str, Any]:
        """Return what the market is told with all elasticities at their low end (0) or their high one (1)."""
        sizes = {tier: _end(size, end) for tier, size in self.asked["demand_elasticity"].items()}
        return {
            **self.asked,
            "demand_elasticity": sizes,
            "supply_elasticity": _end(self.asked["supply_elasticity"], end),
        }


def _end(size: Any, end: int) -> float:
    return float(size[end] if isinstance(size, tuple) else size)


def likelihood(case: Case, finding: Finding, why: Reasons) -> Reverse | None:
    """Return which of the events listed cost as much as the finding says, and how likely they are.

    The loss is that of the finding once new suppliers are qualified, or its high end where that is met; what is in
    force today is in force. Events are valued with the tier served first, and so is the finding where that is less.
    """
    later = finding.later
    loss = later["share"] if class_of(later["share"]) != "met" else later["high"]
    with Reason(why, "likelihood"):
        if case.network.hazards.empty:
            raise DataError("the data list no hazards")
        if class_of(loss) == "met":
            raise DataError("the finding leaves nothing short")
        first = _if_served_first(case, finding)
        loss = first if class_of(first) != "met" and first < loss else loss
        return reverse(
            case.network,
            min(loss, 1.0),
            tier=finding.answers.named(finding.tier),
            scenario=in_force(case.network),
            reroute="new",
            years=AHEAD,
            ways=WAYS,
            exceed=[*EXCEED, min(loss, 1.0)],
            time_limit_s=SECONDS,
            **case.in_value,
        )
    return None


def _if_served_first(case: Case, finding: Finding) -> float:
    """Return what the scenario of a finding costs its tier beside what is in force, as events are valued."""
    counting = Counting.of(case.network, tier=finding.answers.named(finding.tier), **case.in_value)
    now, then = (
        value_model(counting, overlay_of(case.network, one), "new").value
        for one in (in_force(case.network), finding.scenario)
    )
    return max(now - then, 0.0) / finding.demand["tpa"]


def priced(case: Case, finding: Finding, why: Reasons) -> Priced:
    """Return how the chain clears under a finding's scenario, and what floors and other instruments would cost."""
    network = case.network
    cleared, compared, curve, one = None, None, None, None
    with Reason(why, "market"):
        cleared = market(network, finding.scenario, **_sizes(network, SHORT))
    if cleared is None:
        return Priced()
    helpful = _entrants(network, finding)
    with Reason(why, "instruments"):
        compared = _compared(case, finding, helpful)
    with Reason(why, "floors"):
        curve, one = _floors(network, helpful)
    return Priced(cleared, compared, curve, one)


def _compared(case: Case, finding: Finding, helpful: pd.DataFrame) -> Instruments:
    """Return what instruments cost that avoid half of what they could."""
    if helpful.empty:
        raise DataError("no listed project that helps has a size, a capital cost and a price of what it makes")
    network = case.network
    asked = partial(
        instruments,
        network,
        finding.tier,
        by=network.current_year + YEARS_AHEAD if network.current_year else case.last_year or YEARS_AHEAD,
        scenario=finding.scenario,
        order=case.counting.order,
        commodity=str(helpful["commodity"].iloc[0]),
        projects=helpful["id"].tolist(),
        precision=PRECISION,
        **_sizes(network, LONG),
    )
    left = float(asked(avoid_tpa=0.0).table["left_tpa"].iloc[0])
    half = min(left, float(helpful["avoids_tpa"].iloc[0])) / 2.0
    if half <= PRINTED * finding.demand["tpa"]:
        raise DataError("the market builds what is short by itself")
    return asked(avoid_tpa=_two_digits(half))


def _two_digits(value: float) -> float:
    """Return a size kept to two digits, never above it."""
    step = 10.0 ** (np.floor(np.log10(value)) - 1.0)
    return float(np.floor(value / step * (1.0 + CERTAIN)) * step)


def _sizes(network: Network, run: tuple[Any, Any, Any]) -> dict[str, Any]:
    """Return the assumed elasticities, by tier."""
    first, others, supply = run
    sizes = {tier: others if place else first for place, tier in enumerate(network.tier_order)}
    return {"demand_elasticity": sizes, "supply_elasticity": supply}


def _entrants(network: Network, finding: Finding) -> pd.DataFrame:
    """Return the projects that help the tier and may enter a market, most first: id, commodity, avoids_tpa."""
    table = finding.measures[["id", "avoids_tpa"]].merge(network.projects, on="id")
    prices = network.commodities.set_index("id")["price_usd_per_t"]
    table["commodity"] = table["id"].map(_makes(network).set_axis(network.projects["id"]))
    known = table[["capacity_tpa", "capex_musd"]].notna().all(axis=1) & table["commodity"].map(prices).notna()
    return table.loc[known & (table["avoids_tpa"] > 0), ["id", "commodity", "avoids_tpa"]].head(ENTRANTS)


def _makes(network: Network) -> pd.Series:
    """Return the main output of each project."""
    recipes = network.processes
    main = recipes[recipes["role"] == "output"].drop_duplicates("process").set_index("process")["commodity"]
    return network.projects["process"].map(main)


def _floors(network: Network, helpful: pd.DataFrame) -> tuple[pd.DataFrame, Market]:
    """Return what floors under a good do at the border where nothing is cut off, and one of them with ranges."""
    floored = Floored.of(network, list(network.beneficiaries), helpful["commodity"].head(1))
    curve = floor_curve(network, floored.good, [part * floored.price for part in FLOORS], **floored.asked)
    one = {"kind": "price_floor", "commodity": floored.good, "usd_per_t": SAID * floored.price}
    policy = [{**one, "to": {"country": floored.members}}]
    return curve, market(network, policy=policy, draws=DRAWS, **floored.asked)
