"""``market``: the prices at which a chain clears, what governments do to them, and who pays."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Ints
from chainnet.engine import PRICED, Certificate, dual_ends, require
from chainnet.errors import ChainnetWarning
from chainnet.flow import EXTRA_COST_USD_PER_T
from chainnet.lowering import Degree, Lowered
from chainnet.network import Network
from chainnet.prices._clear import IN_USE, Cleared
from chainnet.prices._conduct import conduct_table
from chainnet.prices._inputs import Sized
from chainnet.prices._measures import border, contents, is_of_exports
from chainnet.prices._money import Money, money_of
from chainnet.prices._policies import policies_of
from chainnet.prices._program import Output
from chainnet.prices._ranges import ranges_of
from chainnet.prices._setting import Holder, Run, Setting, cleared_with, prepare, stirred
from chainnet.prices._terms import Money as Prices
from chainnet.results import Result, figure_of, provenance, stamp
from chainnet.scenario import Scenario

POLICY = 1e-7  # to what floors, rates and contracts are settled, over the price
LEAST = 1e-9  # of the natural size of a good, below which a flow is none


@dataclass(frozen=True)
class MarketCertificate(Certificate):
    """What proves a market: the proof of its program, and what is checked beside it.

    Attributes
    ----------
    arbitrage : float
        Most that a relation, plant or user could still gain by a tonne more or less, over what it pays and gets.
    policy : float
        How far a floor, rate or contract is from what it says, over the price; a club's surcharge over what it pays.
    money : float
        What all groups have together, more or less than what users value less what things cost, over what was paid.
    """

    arbitrage: float = 0.0
    policy: float = 0.0
    money: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything lies within the tolerance."""
        parts = self.arbitrage, self.policy, self.money
        return super().ok and all(np.isfinite(part) and part <= POLICY for part in parts)


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Market(Result):
    """A market that has cleared.

    Attributes
    ----------
    prices : DataFrame, index (node, commodity)
        price_usd_per_t, between price_low_usd_per_t and price_high_usd_per_t: the ends of what goes with the same
        flows. Infinite where nothing bounds it; the price is blank where it may be anything from 0 up, and with it the
        price, surplus, profit and welfare of all who trade there.
    flows : DataFrame
        A row per row of ``network.edges``, then one per pair of countries with new relations in use: source, target,
        commodity, flow_tpa, duty_usd_per_t (levied on it, below 0 paid for it).
    demand : DataFrame
        node, commodity, tier, demand_tpa, served_tpa, price_usd_per_t (with what a club charges), surplus_usd_per_a
        (worth less what is paid; of who buys as much at any price only differences mean something).
    plants : DataFrame, index id
        commodity, output_tpa, price_usd_per_t, paid_usd_per_t (subsidy or top-up; below 0
        what a club charges its feed), rent_usd_per_t (of capacity, per
        tonne), profit_usd_per_a (capital of new plants taken off).
    builds : DataFrame, index id
        In the long run the projects that may enter: built_share, output_tpa, profit_usd_per_a.
    policies : DataFrame
        A row per measure in order: kind, commodity, usd_per_t (levy, top-up, rent, rate or surcharge in force, or the
        price of what is bought or sold; the mean by tonnes where plants differ), tonnes_tpa (of a buffer what it buys,
        below 0 what it sells), treasury_usd_per_a, binds, held (of floors and buffers), consistent_usd_per_t (of a
        floor beside one on what the good is made of: the price at which it lands with the content taxed alike), state
        (of a buffer: buys, sells, idle, full, empty).
    welfare : DataFrame, index country
        consumers_usd_per_a, producers_usd_per_a, treasury_usd_per_a, stock_usd_per_a (bought into stock less sold out
        of it, at the price of the market; what a club buys is theirs whose use paid), total_usd_per_a. Differences
        between two answers are what a measure does.
    leaks : DataFrame
        Of each levy or quota on imports, by what is made of its good: product, content, imports_change_tpa (of the
        product, against the same market without the policy), share (that change in content, over what imports of the
        good fall by).
    conduct : DataFrame, index player
        how, sales_tpa, profit_usd_per_a, gain_usd_per_a (the most that other sales would bring more: of a Cournot
        player as it conjectures, of a leader proved; unknown where a floor, rate or contract moves with its sales).
    ranges : DataFrame
        With draws: quantity (prices, levies, treasuries, tonnes built, and by country what users, makers and treasury
        have, with measures against the same market without them), p10, p50, p90, sign_share (of the draws with the sign
        of the median), reverses (the input that goes most with the sign, where it is not one).
    assumed : DataFrame, index input
        low, used, high, source: what was neither given nor on record.
    left_out : tuple of str
        Goods without a price, nor any of what goes into them: they are taken where they are there, at a price of 0.
    certificate : MarketCertificate
    """

    prices: pd.DataFrame
    flows: pd.DataFrame
    demand: pd.DataFrame
    plants: pd.DataFrame
    builds: pd.DataFrame
    policies: pd.DataFrame
    welfare: pd.DataFrame
    leaks: pd.DataFrame
    conduct: pd.DataFrame
    ranges: pd.DataFrame
    assumed: pd.DataFrame
    left_out: tuple[str, ...]
    certificate: MarketCertificate

    def mean_prices(self, network: Network) -> tuple[dict[str, float], dict[str, float]]:
        """Return by commodity the mean price of what flows where it sets out, and where it lands from abroad, USD/t."""
        flows = self.flows[self.flows["flow_tpa"] > 0]
        place, price = network.places, self.prices["price_usd_per_t"].to_dict()
        known = flows[flows["source"].isin(place.index) & flows["target"].isin(place.index)]
        abroad = known["source"].map(place).to_numpy() != known["target"].map(place).to_numpy()
        found: list[dict[str, float]] = []
        for end, rows in (("source", known), ("target", known[abroad])):
            at = [price.get(pair, np.nan) for pair in zip(rows[end], rows["commodity"].fillna(""), strict=True)]
            worth = rows.assign(
                usd=rows["flow_tpa"] * np.array(at, dtype=float), commodity=rows["commodity"].fillna("")
            )
            sums = worth.groupby("commodity")[["usd", "flow_tpa"]].sum(min_count=1)
            found.append({str(name): float(usd / t) for name, usd, t in sums.itertuples() if usd == usd})
        return found[0], found[1]

    def wedge(self, network: Network, inside: str) -> pd.DataFrame:
        """Return what each good costs inside a country and elsewhere, in the order of the table of commodities.

        Parameters
        ----------
        network : Network
            The one that was asked.
        inside : str
            A country or region, as ``network.places`` has it.

        Returns
        -------
        DataFrame, index commodity
            reference_usd_per_t (of the commodities; goods without one have no row), inside_low_usd_per_t,
            inside_high_usd_per_t, elsewhere_low_usd_per_t, elsewhere_high_usd_per_t: from the cheapest to the dearest
            place at which it is sold or asked for, with the ends of prices that are not unique. NaN = nowhere.

        Raises
        ------
        DataError
            If nothing of the network lies inside.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("gallium")
        >>> cn.market(net, "china_export_stop_all").wedge(net, "CHN").index.tolist()
        ['ga_primary', 'ga_refined']
        """
        checks.known(inside, set(network.places.dropna()), "inside", "place")
        flows = self.flows[self.flows["flow_tpa"] > 0]
        ends = [flows.rename(columns={end: "node"}) for end in ("source", "target")]
        asked = self.demand[self.demand["demand_tpa"] > 0]
        used = pd.concat([part[["node", "commodity"]] for part in (*ends, asked)]).dropna().drop_duplicates()
        table = self.prices.reset_index().merge(used, on=["node", "commodity"])
        known = network.commodities.set_index("id")["price_usd_per_t"].dropna()
        table = table[table["commodity"].isin(known.index) & table["price_usd_per_t"].notna()]
        hit = (table["node"].map(network.places) == inside).to_numpy()
        found = {"reference_usd_per_t": known[known.index.isin(table["commodity"])]}
        for word, mine in (("inside", table[hit]), ("elsewhere", table[~hit])):
            goods = mine.groupby("commodity")
            found[f"{word}_low_usd_per_t"] = goods["price_low_usd_per_t"].min().clip(lower=0.0)
            found[f"{word}_high_usd_per_t"] = goods["price_high_usd_per_t"].max()
        return stamp(
            pd.DataFrame(found).rename_axis("commodity").loc[found["reference_usd_per_t"].index], self.provenance
        )

    def plot(self, network: Network, inside: str) -> Any:
        """Draw what each good costs inside a country and elsewhere, over its reference price: see ``wedge``.

        Parameters
        ----------
        network : Network
            The one that was asked.
        inside : str
            A country or region, as ``network.places`` has it.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("gallium")
        >>> cn.market(net).plot(net, "CHN")
        <Figure: 'What goods cost in China and elsewhere'>
        """
        labels = {str(name): network.good(name) for name in network.commodities["id"]}
        return figure_of(self, table=self.wedge(network, inside), labels=labels, inside=inside)


def market(
    network: Network,
    scenario: Scenario | str | None = None,
    policy: Scenario | Sequence[Mapping[str, Any]] | None = None,
    *,
    demand_elasticity: Sized = None,
    supply_elasticity: Sized = None,
    demand_form: Literal["linear", "isoelastic"] = "linear",
    reference_price: Prices = None,
    unit_cost: Prices = None,
    curves: pd.DataFrame | None = None,
    conduct: Mapping[Any, str | float] | None = None,
    run: Run = "short",
    projects: Iterable[str] | None = None,
    protect: Iterable[str] = (),
    rate: float = 0.10,
    years: int = 10,
    reroute: Degree = "existing",
    by: Holder = "country",
    extra_cost_usd_per_t: float = EXTRA_COST_USD_PER_T,
    draws: int = 0,
    seed: int = 0,
) -> Market:
    """Find the prices at which a chain clears, what measures do to them, and who pays.

    All take prices as they are (perfect competition), but whom ``conduct`` names. No forecast: what an answer rests on
    stands in ``assumed``, and differences between two answers say more than their levels.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario or str, optional
        What happens to the chain. Its tariffs, floors and quotas count as policy.
    policy : Scenario or list of measures, optional
        What governments do: tariff, export_tax, quota, price_floor (``mechanism``: "border", a levy on imports that
        is the least with which they land at the floor, or "cfd", contracts with plants), subsidy, purchase, club (a
        purchase that a surcharge on what the members ``to`` use pays for), buffer (buys at its floor as long as it
        has room, sells at its cap as long as it has stock); see ``Scenario``. In a market levies and quotas touch only
        what crosses the border of ``to`` (or ``from``).
    demand_elasticity, supply_elasticity : number, (low, high) or mapping, optional
        Sizes, 0 or more. By node, commodity, tier or (commodity, tier); the most specific holds. Of a range the
        geometric middle is used. Without one a user buys as much at any price up to twenty times the reference price,
        and a plant makes up to its capacity at its unit cost.
    demand_form : {"linear", "isoelastic"}
        The curve through the reference price and ``demand_tpa``.
    reference_price : number or mapping by node or commodity, optional
        USD/t; default ``price_usd_per_t`` of the commodities. Where there is none, what goes into a tonne.
    unit_cost : number or mapping by node, project or commodity, optional
        USD/t without feed and capital; default that of the tables, else what reference prices leave a plant after its
        inputs.
    curves : DataFrame, optional
        node, commodity (blank = the node's only one), tier (blank = all), intercept_usd_per_t,
        slope_usd_per_t_per_tpa (both >= 0). Users pay intercept - slope x quantity; a plant costs intercept + slope
        x output, without its feed. With a slope of 0 a user takes up to demand_tpa at the intercept, with one above 0
        demand_tpa is no cap.
    conduct : mapping of country, group, owner or node, optional
        Or (one of them, commodity), which holds back that good alone.
        "competitive", "cournot" (holds back as far as its own sales lower the price, those of others staying), a
        conjecture from 0 to 1 between them, or "leader" (sees what all others answer; one may lead).
    run : {"short", "long"}
        short: plants stand, and decide their output. long: projects enter too, each as far as it earns its
        annualised capital cost.
    projects : iterable of str, optional
        Which may enter in the long run; default all whose capital cost and capacity are known.
    protect : iterable of str
        Tiers whose largest service is kept first, whatever it costs.
    rate, years
        Of the capital recovery factor.
    reroute : {"existing", "none", "new"}
        As in ``balance``.
    by : {"country", "owner_country"}
        Whose makers' money is whose: by place, or by owner.
    extra_cost_usd_per_t : float
        Assumed cost of a tonne over a new relation.
    draws, seed : int
        How often every range is drawn anew for ``ranges``, and the start of the random numbers.

    Returns
    -------
    Market

    Raises
    ------
    DataError
        If there is no demand table, nothing asked for has a price, an argument is out of range or unknown, a floor has
        no border, or money is made without an end.
    UnknownIdError
        If an id is unknown.
    SolverError
        If an answer fails its own check.

    See Also
    --------
    instruments, price_floor, balance

    Notes
    -----
    One convex program on the lowered chain (Samuelson 1952; Takayama and Judge 1964): what users would pay less what
    things cost, all that is made may be thrown away. Prices are the duals of its balances; each is given with the two
    ends that prove the same flows. A floor, a rate or a contract is a number around it, found by a search whose every
    step is an exact answer. So is the surcharge of a club. What is bought and sold pays the price of the market: the
    floor of a buffer as long as it has room, its cap as long as it has stock.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = cn.market(net, reference_price={"magnet": 50_000, "ndpr": 60_000, "dy": 300_000}, demand_elasticity=0.5)
    >>> found.certificate.ok, found.demand["served_tpa"].round(3).tolist()
    (True, [30.0, 4.0, 16.0])
    """
    checks.whole(draws, "draws")
    checks.whole(seed, "seed")
    prepared = partial(
        prepare, network, scenario, policy, demand_elasticity=demand_elasticity, supply_elasticity=supply_elasticity,
        demand_form=demand_form, reference_price=reference_price, unit_cost=unit_cost, curves=curves, conduct=conduct,
        run=run, projects=projects, protect=protect, rate=rate, years=years, reroute=reroute, by=by,
        extra_cost_usd_per_t=extra_cost_usd_per_t,
    )  # fmt: skip
    setting = stirred(prepared())
    ranges = ranges_of(lambda pick: prepared() if pick is None else prepared(pick=pick), draws, seed)
    setting.given.update({"draws": draws, "seed": seed} if draws else {})
    found = told(setting, *cleared_with(setting), ranges)
    if found.welfare["total_usd_per_a"].isna().any():
        unknown = int(found.prices["price_usd_per_t"].isna().sum())
        warnings.warn(
            f"market: {unknown} of {len(found.prices)} prices are not known and left blank, some of goods that are "
            "traded: they may be anything from 0 up, as where a rule follows goods of an origin or for a tier. "
            "Surplus, profit and welfare of those who trade there are blank too; the flows hold.",
            ChainnetWarning,
            stacklevel=2,
        )
    return found


def told(setting: Setting, cleared: Cleared, gaps: Mapping[int, float], ranges: pd.DataFrame) -> Market:
    """Return a cleared market as tables."""
    program, low, network = setting.program, setting.low, setting.network
    stands = setting.stands
    keys = [key for key in program.prices if stands[key[0]]]
    rows = np.array([program.prices[key] for key in keys], dtype=np.int64)
    least, most, middle = dual_ends(cleared.found, rows)
    if cleared.jumps:  # a floor says which of the prices it is
        middle = cleared.dual
    cleared = replace(cleared, dual=middle)
    money = money_of(program, cleared, setting.quotas)
    source = provenance(network, "HiGHS simplex and equations", **setting.given)
    prices = _prices(low, keys, least, most, middle[rows] if cleared.jumps else None)
    proof = cleared.found.certificate
    certificate = MarketCertificate(
        **{name: getattr(proof, name) for name in ("problem", "value", "bound", "gap", "violation", "tolerance")},
        arbitrage=cleared.found.arbitrage,
        policy=cleared.residual,
        money=money.off,
    )
    require(certificate)
    policies = policies_of(setting, cleared, money)
    unknown = rows[prices["price_usd_per_t"].isna().reindex(_named(low, keys)).to_numpy()]
    if len(unknown):
        cleared = replace(cleared, dual=np.where(np.isin(np.arange(len(middle)), unknown), np.nan, middle))
        money = money_of(program, cleared, setting.quotas)
    plants = _plants(setting, cleared, money)
    assumed = pd.DataFrame.from_dict(setting.inputs.assumed, orient="index", columns=["low", "used", "high", "source"])
    tables = {
        "prices": prices,
        "flows": _flows(setting, cleared),
        "demand": _demand(setting, cleared, money),
        "plants": plants,
        "builds": _builds(setting, plants),
        "policies": policies,
        "welfare": setting.welfare(cleared, money),
        "leaks": _leaks(setting, cleared),
        "conduct": conduct_table(
            setting.players,
            setting.marks,
            cleared,
            np.array([setting.profit(number, cleared) for number in range(len(setting.players))]),
            gaps,
        ),
        "ranges": ranges,
        "assumed": assumed.rename_axis("input").sort_index(),
    }
    return Market(
        provenance=source,
        **{name: stamp(table, source) for name, table in tables.items()},
        left_out=program.left_out,
        certificate=certificate,
    )


def _named(low: Lowered, keys: list[tuple[int, int]]) -> pd.MultiIndex:
    """Return the node and commodity of prices."""
    return pd.MultiIndex.from_tuples(
        [(str(low.tables.ids[node]), low.commodities[code]) for node, code in keys], names=["node", "commodity"]
    )


def _prices(low: Lowered, keys: list[tuple[int, int]], least: Array, most: Array, known: Array | None) -> pd.DataFrame:
    """Return the table of prices: the middle of each range, or its one end where the other is not bounded."""
    both = np.isfinite(least) & np.isfinite(most)
    with np.errstate(invalid="ignore"):
        point = np.where(both, (least + most) / 2, np.where(np.isfinite(least), least, most))
    point = np.where(np.isfinite(point), point, np.nan) if known is None else known
    point = np.where((least <= PRICED) & np.isinf(most), np.nan, point)  # from 0 to without a limit: not known
    ends = {"price_usd_per_t": point, "price_low_usd_per_t": least, "price_high_usd_per_t": most}
    return pd.DataFrame(ends, index=_named(low, keys)).sort_index()


def _flows(setting: Setting, cleared: Cleared) -> pd.DataFrame:
    """Return what flows over the relations of the table, then over new ones by pair of countries."""
    low, duty = setting.low, cleared.duty
    x = _cleaned(setting, cleared)
    edges = setting.network.edges[["source", "target", "commodity"]]
    rent = np.zeros(len(x))
    for row in setting.quotas.values():
        rent += np.asarray((setting.program.program.matrix[[row]] != 0).toarray())[0] * -cleared.dual[row]
    table = edges.assign(flow_tpa=x[: low.n_edges], duty_usd_per_t=(duty + rent)[: low.n_edges])
    pairs = low.relations.pairs
    if len(pairs):
        at = low.n_edges + np.flatnonzero(low.relations.is_pair)
        words = np.array([*low.commodities, ""], dtype=object)
        new = pd.DataFrame(
            {
                "source": pairs["maker"].to_numpy(dtype=object),
                "target": pairs["user"].to_numpy(dtype=object),
                "commodity": words[pairs["code"].to_numpy(dtype=np.int64)],
                "flow_tpa": x[at],
                "duty_usd_per_t": duty[at],
            }
        )
        table = pd.concat([table, new[new["flow_tpa"] > 0]], ignore_index=True)
    return table


def _cleaned(setting: Setting, cleared: Cleared) -> Array:
    """Return the flows without what is rounding."""
    x = cleared.found.x
    return np.where(np.abs(x) <= LEAST * setting.program.program.col_scale, 0.0, x)


def _demand(setting: Setting, cleared: Cleared, money: Money) -> pd.DataFrame:
    """Return what each user is served, at which price, and what that is worth above it."""
    program = setting.program
    demand = program.demand
    columns = demand["column"].to_numpy(dtype=np.int64)
    ends = zip(demand["position"].tolist(), demand["code"].tolist(), strict=True)
    price = [program.price_of(cleared.dual, int(node), int(code)) for node, code in ends]
    table = demand[["node", "commodity", "tier", "demand_tpa"]].assign(
        served_tpa=_cleaned(setting, cleared)[columns], price_usd_per_t=price + cleared.duty[columns]
    )
    valued = demand["is_valued"].to_numpy(dtype=bool)
    return table.assign(surplus_usd_per_a=np.where(valued, money.users[columns], np.nan))


def _plants(setting: Setting, cleared: Cleared, money: Money) -> pd.DataFrame:
    """Return what each plant puts out and what it earns."""
    program, low = setting.program, setting.low
    stands, x = setting.stands, _cleaned(setting, cleared)
    out = pd.DataFrame([one for one in program.outputs if stands[one.plant]], columns=Output._fields)
    columns = out["column"].to_numpy(dtype=np.int64)
    profit = _sums(money.makers, program.owner)
    edges = np.zeros(len(x), dtype=bool)
    edges[: len(low.flows.tail)] = True
    sold = _sums(np.where(edges, money.makers, 0.0), program.owner)
    ends = zip(out["plant"].tolist(), out["code"].tolist(), strict=True)
    table = pd.DataFrame(
        {
            "id": [str(low.tables.ids[plant]) for plant in out["plant"]],
            "commodity": [low.commodities[code] for code in out["code"]],
            "output_tpa": x[columns],
            "price_usd_per_t": [program.price_of(cleared.dual, plant, code) for plant, code in ends],
            "paid_usd_per_t": -cleared.duty[columns] + 0.0,
            "rent_usd_per_t": np.maximum(-cleared.found.col_dual[columns], 0.0),
            "profit_usd_per_a": (profit - sold).reindex(out["plant"]).to_numpy(),
        }
    )
    goods = table.groupby("id", sort=False)
    whole = goods[["output_tpa"]].sum()
    first = goods.first()
    first["commodity"] = goods["commodity"].agg("+".join)
    first["output_tpa"] = whole["output_tpa"]
    return first.sort_index()


def _sums(money: Array, owner: Ints) -> pd.Series:
    """Return sums by owner; blank where a part is not known."""
    return pd.Series(money).groupby(owner).agg(lambda parts: parts.sum(skipna=False))


def _builds(setting: Setting, plants: pd.DataFrame) -> pd.DataFrame:
    """Return which projects entered."""
    names = [str(name) for name in setting.low.tables.ids[np.flatnonzero(setting.entrants)]]
    size = setting.network.plants.set_index("id")["capacity_tpa"]
    rows = plants.loc[[name for name in names if name in plants.index]]
    return pd.DataFrame(
        {
            "built_share": rows["output_tpa"] / size.reindex(rows.index),
            "output_tpa": rows["output_tpa"],
            "profit_usd_per_a": rows["profit_usd_per_a"],
        }
    ).rename_axis("id")


def _leaks(setting: Setting, cleared: Cleared) -> pd.DataFrame:
    """Return what comes in as the next product: of each good levied or limited at a border, by what is made of it."""
    columns = ["commodity", "product", "content", "imports_change_tpa", "share"]
    borders = [one for one in setting.instruments if one.crossing is not None and not is_of_exports(one.measure)]
    if not borders:
        return pd.DataFrame(columns=columns)
    edges = len(setting.low.flows.tail)
    moved = cleared.found.x[:edges] - setting.without_policy().clearing.solve().found.x[:edges]
    table = contents(setting.network)
    outputs = setting.network.processes
    rows = []
    for one in borders:
        whole = replace(one, crossing=border(setting.network, one.measure, one.argument, is_whole=True))
        for good in one.goods:
            if good not in table or not one.measure.get("commodity"):
                continue
            own = setting.clearing.crossing(one, good)
            fell = -float(moved[own].sum())
            users = outputs.loc[(outputs["commodity"] == good) & (outputs["role"] == "input"), "process"]
            made = outputs[outputs["process"].isin(users) & (outputs["role"] == "output")]["commodity"]
            for product in sorted(set(made) - {good}):
                share = table[product][good]
                crossing = whole.columns(setting.low, setting.clearing.places.get(one.number), product)
                change = float(moved[crossing].sum())
                size = float(setting.program.program.col_scale[own].max(initial=0.0))
                part = share * change / fell if fell > IN_USE * size else np.nan
                rows.append(dict(zip(columns, (good, product, share, change, part), strict=True)))
    return pd.DataFrame(rows, columns=columns)
