"""``partners``: what a country between two blocs earns, works up and risks by each choice, in its own terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.blocs._choice import AS_IS, JOINS, OWN_USE, Market, Setting, Stand, Told
from chainnet.blocs._market import THIRD
from chainnet.blocs._worlds import Party, clean, parties, standing, third_places
from chainnet.engine import CERTAIN, Certificate
from chainnet.errors import DataError
from chainnet.flow import Counting, binding_inputs
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Partners(Result):
    """What each country outside two blocs has of each choice; every measure as the least and the most over all plans.

    A range is exact for the inputs at hand: flows are not unique, and any plan that serves the same lies in it. It says
    nothing of how sure the inputs are.

    Attributes
    ----------
    choices : DataFrame
        country, choice; served_tpa (by all, tiers in order); <bloc>_best_tpa (what the bloc's users get at most);
        and ``_low_``, ``_high_`` of value_added_usd (price x what plants ship less price x what they take in), kept_usd
        (of plants owned at home), worked_tpa (what plants that take something in make), worked_share (of what own mines
        ship, what own plants take), sales_usd (abroad), shortfall_tpa (own users); investment_musd, and
        investment_unknown (projects without a capex); dominated_by (empty: no other; missing: cannot be told).
        NaN: a price is missing (``unpriced``), tonnes are not on one basis, or there is nothing to be a share of.
    trade : DataFrame
        country, choice, bloc; sales_usd, sales_share (of all sales abroad) and bought_usd (by plants), low and high.
    leverage : DataFrame
        country, choice, bloc; lost_tpa: what the bloc's users lose when the country's plants drop out; depends_usd:
        what the most value added falls by when bloc and country no longer trade.
    ban : DataFrame, index country
        ``own_use`` against ``as_is``: commodities kept at home, <bloc>_lost_tpa, value_added_lost_usd and
        break_even_rise, from the high ends at the prices given.
    made : DataFrame
        country, choice, commodity; low_tpa, high_tpa that plants with an input make.
    owned : DataFrame
        country, owner (a bloc, home, others, unknown), commodity, n_plants, capacity_tpa.
    investment : DataFrame
        country, choice, backer (a bloc, others, nobody), n_projects, capex_musd (by the stakes of kind
        capital and loan; what they leave is parted equally among the other backers), assumed_musd (what of it is so
        parted), n_without_capex.
    unpriced : DataFrame
        country, choice, commodity, measure: which missing price makes which measure NaN.
    certificate : Certificate
        The worst of all programs solved.
    """

    choices: pd.DataFrame
    trade: pd.DataFrame
    leverage: pd.DataFrame
    ban: pd.DataFrame
    made: pd.DataFrame
    owned: pd.DataFrame
    investment: pd.DataFrame
    unpriced: pd.DataFrame
    certificate: Certificate


def partners(
    network: Network,
    blocs: Mapping[str, Any],
    *,
    countries: Iterable[str] | None = None,
    scenario: Scenario | str | None = None,
    projects: Iterable[str] | None = (),
    by_year: int | None = None,
    choices: Iterable[str | Scenario] | None = None,
    prices: Mapping[str, float] | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    progress: Tell | None = None,
) -> Partners:
    """Say what countries between two blocs gain by choosing a side, neither, or to keep their ore at home.

    Parameters
    ----------
    network : Network
        With a demand table and prices.
    blocs : mapping of name to countries and groups
        Two.
    countries : list of str, optional
        Those that choose, one at a time; default all outside both blocs that make or hold something.
    scenario : Scenario or str, optional
        In force throughout; None = the network as it stands.
    projects : iterable of str, optional
        Projects that stand; None = all; default none but those that a scenario builds.
    by_year : int, optional
        The size of these projects in a year.
    choices : iterable of str and Scenario, optional
        as_is, joins_<bloc> (no trade with the other bloc), own_use (no export of what a recipe in the country takes
        in), and scenarios in place of the one above. Default the first four; as_is is always looked at.
    prices : mapping of commodity to USD/t, optional
        In place of those of ``commodities``.
    reroute : {"existing", "none"}
    commodity : str or list of str, optional
        What counts; default the main commodities.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Partners

    Raises
    ------
    DataError
        If there are not two blocs, a country is in one, there is no price at all or no demand, or an argument is
        unknown.
    UnknownIdError
        If a project does not exist.

    See Also
    --------
    alignment, market

    Notes
    -----
    Under each choice all demand is served tier by tier with nobody's country first, and what was served is locked;
    then each measure is sought at its least and most. Plans that buy an input and throw it away are among them. Prices
    do not respond: break_even_rise says what they would have to do. A plant without ``owner_country`` counts in
    ``kept`` not at all at the low end and wholly at the high one. No choice is called best; dominated_by names another
    that is at least as good, at the least and the most, in value added, kept, worked, short and investment, and
    better in one.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = cn.partners(net, {"us": ["USA"], "them": ["CHN"]}, prices={"magnet": 90_000.0})
    >>> found.choices.groupby("country")["choice"].count().unique().tolist()
    [4]
    """
    scenario = asked_scenario(network, scenario)
    sides = _sides(blocs, parties(network, blocs, "blocs"))
    checks.known(reroute, ("existing", "none", "new"), "reroute", "degree")
    if reroute == "new":
        raise DataError(
            'reroute: "new" is not asked here: who sells to whom is known of existing links. Use "existing".'
        )
    if network.demand.empty:
        raise DataError("partners: the network has no demand table, so there is nothing to serve. Give demand.")
    price = _prices(network, prices)
    plain, plans = _choices(choices, sides)
    proofs: list[Certificate] = []
    overlay = standing(network, scenario, projects, by_year)
    who = _countries(network, countries, sides, overlay)
    setting = Setting(network, reroute, commodity, sides, price, proofs)
    markets = {AS_IS: Market(setting, overlay)}
    markets |= dict.fromkeys(plain, markets[AS_IS])
    markets |= {plan.name: Market(setting, standing(network, plan, projects, by_year)) for plan in plans}
    tables = Told()
    steps = Steps("countries and their choices", progress, len(who) * len(markets))
    asked = [(country, choice) for country in who for choice in markets]
    for country, choice in steps.each(asked, " ".join):
        Stand(markets[choice], country, choice, sides, tables).tell()
    steps.end()
    settings: dict[str, Any] = {
        "blocs": {side.name: list(side.words) for side in sides},
        "countries": who,
        "scenario": scenario.name if scenario else "",
        "projects": "all" if projects is None else sorted(projects),
        "by_year": by_year,
        "choices": list(markets),
        "prices": dict(prices or {}),
        "reroute": reroute,
        "commodity": commodity,
    }
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(Counting.of(network, commodity, [], said=False), [overlay], reroute),
        **settings,
    )
    table = tables.frame("choices")
    table["dominated_by"] = _dominated(table)
    return Partners(
        provenance=source,
        choices=stamp(table, source),
        trade=stamp(tables.frame("trade"), source),
        leverage=stamp(tables.frame("leverage"), source),
        ban=stamp(_ban(table, markets[AS_IS], who, sides), source),
        made=stamp(tables.frame("made"), source),
        owned=stamp(_owned(network, who, sides), source),
        investment=stamp(tables.frame("investment"), source),
        unpriced=stamp(tables.frame("unpriced"), source),
        certificate=Certificate.worst(
            proofs, "partners", value=float(markets[AS_IS].world(markets[AS_IS].nothing).served)
        ),
    )


# -- what was asked -------------------------------------------------------------------------------------


def _sides(blocs: Any, found: list[Party]) -> list[Party]:
    if not isinstance(blocs, Mapping) or len(found) != 2:
        raise DataError('blocs: give two, such as {"us": ["USA", "JPN", "EU27"], "them": ["CHN"]}.')
    for side in found:
        if side.name == THIRD:
            raise DataError(f'blocs: a bloc cannot be called "{THIRD}". Give it another name.')
    return found


def _prices(network: Network, given: Mapping[str, float] | None) -> pd.Series:
    """Return the price of each commodity, NaN where none is known."""
    price = network.commodities.set_index("id")["price_usd_per_t"].astype(float)
    traded = sorted(set(network.view("edges")["commodity"].dropna()) | set(price.index))
    price = price.reindex(traded)
    for word, value in (given or {}).items():
        checks.known(word, traded, "prices", "commodity")
        price[word] = checks.number(value, f"prices: {word}", rule="is not allowed; give USD/t, 0 or more.")
    if not price.notna().any():
        raise DataError(
            "prices: no commodity has a price, so no value can be told. Fill price_usd_per_t in commodities, or give "
            "prices."
        )
    return price


def _choices(given: Iterable[str | Scenario] | None, sides: Sequence[Party]) -> tuple[list[str], list[Scenario]]:
    """Return the choices that close trade, and those that are scenarios."""
    known = [AS_IS, *(f"{JOINS}{side.name}" for side in sides), OWN_USE]
    if given is None:
        return known, []
    given = [given] if isinstance(given, (str, Scenario)) else list(given)
    plans = [choice for choice in given if isinstance(choice, Scenario)]
    words = [choice for choice in given if not isinstance(choice, Scenario)]
    for word in words:
        checks.known(word, known, "choices", "choice", "Or give a Scenario.")
    names = [*dict.fromkeys([AS_IS, *words]), *(plan.name for plan in plans)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f'choices: "{twice}" stands twice. Give the scenario another name.')
    return [word for word in names if word in known], plans


def _countries(network: Network, given: Iterable[str] | None, sides: Sequence[Party], overlay: Overlay) -> list[str]:
    if given is None:
        return third_places(network, sides, overlay.built)
    words = [given] if isinstance(given, str) else [str(word) for word in given]
    found = sorted(set().union(*(network.resolve(word, "countries")[0] for word in words)))
    for country in found:
        for side in sides:
            if side.holds(country):
                raise DataError(f'countries: {country} is in the bloc "{side.name}" and has no choice. Leave it out.')
    return found


# -- tables over all ------------------------------------------------------------------------------------

_BETTER = (("value_added", "usd", 1), ("kept", "usd", 1), ("worked", "tpa", 1), ("short", "tpa", -1))


def _dominated(table: pd.DataFrame) -> list[str | None]:
    """Return for each row another choice of its country that is nowhere worse and somewhere better."""
    columns = [(f"{name}_{end}_{unit}", sign) for name, unit, sign in _BETTER for end in ("low", "high")]
    columns.append(("investment_musd", 1))
    out: list[str | None] = [None] * len(table)
    if table.empty:
        return out
    goods = np.column_stack([table[name].to_numpy(dtype=float) * sign for name, sign in columns])
    for country in table["country"].unique():
        rows = np.flatnonzero(table["country"] == country)
        slack = CERTAIN * np.abs(goods[rows]).max(axis=0)
        for row in rows:
            out[row] = None if np.isnan(goods[rows]).any() else ""  # with a measure missing nobody can say
            for other in rows if out[row] == "" else ():
                ahead = goods[other] - goods[row]
                if other != row and (ahead >= -slack).all() and (ahead > slack).any():
                    out[row] = table["choice"].iloc[other]
                    break
    return out


def _ban(table: pd.DataFrame, market: Market, who: Sequence[str], sides: Sequence[Party]) -> pd.DataFrame:
    """Return what each country's export ban costs both blocs and itself."""
    rows: Any = table.set_index(["country", "choice"])
    out: dict[str, dict[str, Any]] = {}
    for country in who if (table["choice"] == OWN_USE).any() else ():
        before, after = (rows.loc[(country, choice)] for choice in (AS_IS, OWN_USE))
        line: dict[str, Any] = {"commodities": ", ".join(sorted(set(market.goods[market.kept_home(country)])))}
        for side in sides:
            name = f"{side.name}_best_tpa"
            line[f"{side.name}_lost_tpa"] = market.split.clean(before[name] - after[name])
        most, left = float(before["value_added_high_usd"]), float(after["value_added_high_usd"])
        line["value_added_lost_usd"] = clean(most - left, most)
        line["break_even_rise"] = most / left - 1.0 if left > 0 else np.inf if most > 0 else np.nan
        out[country] = line
    columns = ["commodities", *(f"{s.name}_lost_tpa" for s in sides), "value_added_lost_usd", "break_even_rise"]
    return pd.DataFrame.from_dict(out, orient="index", columns=columns).rename_axis("country")


def _owned(network: Network, who: Sequence[str], sides: Sequence[Party]) -> pd.DataFrame:
    """Return whose the plants of each country are, t/yr of what they make."""
    nodes = network.nodes[(network.nodes["stage"] != "end_use").to_numpy()]
    main = network.processes[network.processes["role"] == "output"].set_index("process")["commodity"]
    sold = network.edges.groupby("source")["commodity"].agg(lambda words: ", ".join(sorted(set(words.dropna()))))
    made = nodes["process"].map(main).fillna(nodes["id"].map(sold)).fillna("")

    def owner(country: str, held: Any) -> str:
        if not isinstance(held, str):
            return "unknown"
        return "home" if held == country else next((side.name for side in sides if side.holds(held)), "others")

    here = nodes["country"].isin(who).to_numpy()
    rows = nodes[here].assign(commodity=made[here])
    rows["owner"] = [owner(c, o) for c, o in zip(rows["country"], rows["owner_country"], strict=True)]
    rows["capacity_tpa"] = rows["capacity_tpa"].fillna(np.inf)
    groups = rows.groupby(["country", "owner", "commodity"])["capacity_tpa"]
    return groups.agg(n_plants="size", capacity_tpa="sum").reset_index()
