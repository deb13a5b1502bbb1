"""How much rerouting projects buy: alone, last, fairly shared, by price, and in company."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.engine import CERTAIN, ROUNDING, TIE
from chainnet.errors import DataError
from chainnet.flow import (
    EXACT_PLAYERS,
    Asked,
    Counting,
    ValueModel,
    balance_under,
    binding_inputs,
    climbed,
    levels,
    most_sets,
    shapley_values,
    value_model,
)
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.projects._access import access_to, pick_projects
from chainnet.projects._delay import COLUMNS, check_horizon, delay_table
from chainnet.projects._game import Game
from chainnet.projects._search import best_projects
from chainnet.projects._words import needed_by, pair_table, sentences, triple_table
from chainnet.results import SAMPLED, STEADY, Result, Status, figure_of, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of
from chainnet.words import (
    DEGREE_WORDS,
    NBSP,
    ORDER_WORDS,
    Who,
    bill,
    first_capital,
    is_known,
    least_short,
    levels_sentence,
    named,
    others_words,
    percent,
    tonnes,
    with_impossible,
)

# where tracked flows part goods no balance bears the whole price: then the rise over this part of the size tells
FIRST = 1e-4
MOST_KINKS = 100
NEARLY = 0.95  # of what the best avoids: who costs less and does so much is named beside it
LEVEL_SAID = {**DEGREE_WORDS, "stocks": "with stocks for one year", "projects": "with all projects"}
N_TABLES = 5  # that take more than the sets
UNITS = {**STEADY, "usd_per_shapley_tpa": "USD per t/yr"}


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Reroute(Result):
    """What rerouting and projects avoid under a scenario.

    Attributes
    ----------
    levels : DataFrame
        level, meaning (in words), tier, demand_tpa, served_tpa, shortfall_tpa, gained_tpa; see ``valuation.levels``.
    projects : DataFrame, index id
        label, step, country, start_year, capacity_tpa, capex_musd, status: as the tables say.
        reached_share: part of its size that its ramp has reached. bound_share: part of its output that is bound to go
        to others than the beneficiaries. standalone_t: rise of the value with this project alone. last_in_t: fall
        without it when all others stand. shapley_t (and shapley_se_t, 0 where exact): fair share of what all win.
        dual_t: price of its output times its size; dual_valid_t: tonnes of its output for which that
        price holds. usd_per_tpa and usd_per_shapley_tpa: capex per standalone tonne, per tonne of the fair share, a
        year (inf when that is nothing, NaN without capex). late_alone_t, late_last_in_t (with a year): what is lost
        in that year if it starts a year later. standalone_<tier>_t: rise of what that tier could get if it came
        first. in_portfolio (with a budget): whether the best set takes it. needs: projects without which it adds
        nothing, split by ;. words: a sentence.
    complements : DataFrame
        Pairs worth more (or less) together than apart: project_a, project_b, alone_a_t, alone_b_t,
        together_t, surplus_t, kind (complement, substitute), words.
    triples : DataFrame
        Three that buy something although no two of them do: project_a, project_b, project_c, together_t, words.
    delays : DataFrame
        With a horizon: project, years_late, alone_t, last_in_t; see ``projects_delay.delay_table``.
    base_tpa, all_tpa : float
        Value without any, and with all projects, t/yr.
    ours : DataFrame or None, index built
        With all served alike, when the value counts all: least_tpa and most_tpa of it that can be the beneficiaries',
        with none of the projects ("none"), with each alone, and with all ("all").
    """

    levels: pd.DataFrame
    projects: pd.DataFrame
    complements: pd.DataFrame
    triples: pd.DataFrame
    delays: pd.DataFrame
    base_tpa: float
    all_tpa: float
    ours: pd.DataFrame | None = None

    @property
    def ranked(self) -> pd.DataFrame:
        """The projects that avoid something, first what avoids most alone, then by the fair share."""
        table = self.projects.sort_values(["standalone_t", "shapley_t"], ascending=False, kind="stable")
        return table[(table["standalone_t"] > 0) | (table["shapley_t"] > 0)]

    @property
    def _valued_for(self) -> Who:
        """Whose tonnes projects are worth: of the tier that was asked for, else of all tiers."""
        return Who.of(self.provenance["settings"].get("tier"))

    @property
    def sorted_for(self) -> tuple[str, str]:
        """Whom a planner looks at first, and the column of ``projects`` that says what each adds for them.

        The tier that was asked for, else the first; "all tiers" where the demand names none.
        """
        names = map(str, self.projects.columns)
        first = next((c for c in names if c.startswith("standalone_") and c != "standalone_t"), "")
        if not (first and self._valued_for.is_all):
            return self._valued_for, "standalone_t"
        return Who(first.removeprefix("standalone_").removesuffix("_t")), first

    @property
    def valued_words(self) -> str:
        """How projects are valued: who is served first, at which level of response, in which year."""
        asked = self.provenance["settings"]
        order = ORDER_WORDS[asked.get("order") if asked.get("order") in ("allies_last", "alike") else "allies_first"]
        size = "at full size" if asked["by_year"] is None else f"as they stand in {asked['by_year']}"
        return f"{order}, {LEVEL_SAID[asked['reroute']]}, projects {size}"

    @property
    def left(self) -> pd.DataFrame:
        """What stays short after each level of response, index level: demand_tpa, shortfall_tpa.

        Of all demand, or of the tier that was asked for.
        """
        if self.levels.empty:
            return pd.DataFrame(columns=["demand_tpa", "shortfall_tpa"], dtype=float)
        rows = self._valued_for.rows(self.levels)
        return rows.groupby("level", sort=False)[["demand_tpa", "shortfall_tpa"]].sum()

    @property
    def level_words(self) -> dict[str, str]:
        """The levels of response in words."""
        return {str(level): LEVEL_SAID[level] for level in self.left.index}

    @property
    def levels_sentence(self) -> str:
        """What stays short level by level; "" without demand."""
        left = self.left
        if left.empty:
            return ""
        steps = list(zip(self.level_words.values(), left["shortfall_tpa"], strict=True))
        whole, scenario = float(left["demand_tpa"].iloc[0]), self.provenance["settings"]["scenario"]
        return levels_sentence(scenario, steps, whole, self._valued_for)

    @property
    def first_sentence(self) -> str:
        """Which project alone adds most for the tier that is looked at first; "" where all values are of one."""
        who, column = Who(self.sorted_for[0]), self.sorted_for[1]
        if column == "standalone_t" or self.ranked.empty:
            return ""
        best = _by(self.ranked, column)
        first, degree = best.iloc[0], self.provenance["settings"]["reroute"]
        if first[column] > 0:
            most = f"adds most{_tied(best, column)}: {tonnes(first[column], ' ')} alone{_cheaper(best, column)}"
            return f"For {who}, if served first, and {LEVEL_SAID[degree]}, {named(_name(first))} {most}."
        short = who.rows(self.levels[self.levels["level"] == degree])
        if len(short) and (short["shortfall_tpa"] <= least_short(short["demand_tpa"])).all():
            return f"{first_capital(who)} is met {LEVEL_SAID[degree]}, and no project alone adds anything for it."
        return f"No project alone adds anything for {who}."

    @property
    def best_sentence(self) -> str:
        """Which project avoids most alone, of what all tiers or the tier asked for lack."""
        best = self.ranked
        if best.empty:
            return "No project avoids any shortfall." if len(self.projects) else ""
        column = "standalone_t" if best["standalone_t"].iloc[0] > 0 else "shapley_t"
        best, whose = _by(best, column), self._valued_for
        first = best.iloc[0]
        alone, fair = (tonnes(first[column], " ") for column in ("standalone_t", "shapley_t"))
        size = f"{alone} alone" if first["standalone_t"] > 0 else f"nothing alone, {fair} as its fair share"
        head = f"For {whose}{'' if whose.is_all else ', if served first,'}"
        return f"{head} {named(_name(first))} avoids most{_tied(best, column)}: {size}{_cheaper(best, column)}."

    @property
    def sentence(self) -> str:
        """What stays short level by level, and which project adds most for the first tier and for all, in a line."""
        if nobody := self.provenance["settings"].get("nobody"):
            return f"{first_capital(nobody)}."
        said = " ".join(one for one in (self.levels_sentence, self.first_sentence, self.best_sentence) if one)
        return with_impossible(said, self.provenance["settings"])

    def plot(self) -> Any:
        """Draw what stays short after each level of response, and what each project avoids alone and beside others.

        Returns
        -------
        Figure
            A notebook shows it; ``.save("name.svg")`` or ``.png`` writes it.

        Examples
        --------
        >>> import chainnet as cn
        >>> cn.reroute(cn.read("mag-9"), "china_out").plot()
        <Figure: 'China out: 48 of 50 t/yr is short without rerouting, 40 on existing links, 18 with all projects.'>
        """
        return figure_of(self)


def _by(ranked: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return projects, what is largest in a column first; of what ties with the largest the cheapest."""
    best = ranked.sort_values(column, ascending=False, kind="stable")
    leads = best[column] >= float(best[column].max()) * (1 - TIE)
    return pd.concat([best[leads].sort_values("capex_musd", na_position="last", kind="stable"), best[~leads]])


def _cheaper(best: pd.DataFrame, column: str) -> str:
    """Return which project does nearly as much as the first for the least cost, where that is less; "" else."""
    first = best.iloc[0]
    near = best[best[column] >= NEARLY * first[column]].sort_values(["capex_musd", column], ascending=[True, False])
    least = near.iloc[0]
    if not least["capex_musd"] < (np.inf if np.isnan(first["capex_musd"]) else first["capex_musd"]):
        return ""
    cost, instead = (bill(row["capex_musd"] * 1e6) for row in (least, first))
    part = percent(least[column] / first[column], " ")
    known = "" if np.isnan(first["capex_musd"]) else f" instead of {instead}"
    return f"; {named(_name(least))} gives {part} of that for {cost}{known}".replace(NBSP, " ")


def _name(project: pd.Series) -> str:
    """Return what people call a project: its id where it has no label."""
    return str(project["label"] if is_known(project["label"]) else project.name)


def reroute(
    network: Network,
    scenario: Scenario | str | None = None,
    projects: Iterable[str] | None = None,
    allies: Words = None,
    by_year: int | None = None,
    reroute: Degree = "existing",
    *,
    beneficiaries: Words = None,
    commodity: Words = None,
    order: Asked = None,
    tier: str | None = None,
    budget_musd: float | None = None,
    horizon: tuple[int, int] | None = None,
    progress: Tell | None = None,
) -> Reroute:
    """Say how much shortfall rerouting avoids, level by level and project by project.

    Parameters
    ----------
    network : Network
    scenario : Scenario or str, optional
        None = the baseline.
    projects : iterable of str, optional
        Projects to value; default all.
    allies : list of str, optional
        Only projects whose country, or one of whose backers, lies in these countries or groups; it
        does not change whose demand counts.
    by_year : int, optional
        Only projects that stand in that year, at the size their ramp has reached and for the tiers that they are
        qualified for; default all at full size.
    reroute : {"existing", "none", "new"}
        Degree of rerouting at which projects are valued.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first in the levels, as in ``balance``; and whom the value of projects serves, as in
        ``chokepoints``: by law and by a table of stages, in which no exact method values a project, it counts the
        beneficiaries first. allies_last: what a project adds may go to the others first, so a rise may be nothing or
        below 0, and there is no price (``dual_t`` is NaN). alike: the value counts all, and ``ours`` says what part of
        it can be the beneficiaries'.
    tier : str, optional
        Value projects by what this tier could get if it came first; default by what all tiers get. The levels are of
        all tiers in any case.
    budget_musd : float, optional
        Also say which projects the best portfolio takes under this budget, USD million.
    horizon : (int, int), optional
        Also say what each project's delay by one, two and three years loses from the first of these years to the last.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Reroute
        Values are rises of the largest tonnage served, t in one period.

    Raises
    ------
    UnknownIdError
        If a project does not exist.
    DataError
        If an argument is unknown or out of range.

    See Also
    --------
    portfolio, balance, price_floor

    Notes
    -----
    What of a project's output is bound to buyers outside the beneficiaries (contracts, or stakes of kind
    offtake in their place) does not count. In a year, output younger than the qualification time of its
    commodity for a tier does not serve that tier; of the year in which it becomes old enough the rest counts. Projects
    that the scenario builds stand in every set.

    Cost: n + 2 warm solves, one per pair, some per triple, and for the Shapley shares 2^n up to 12 projects or 64
    orders beyond.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> rr = cn.reroute(net, cn.scenarios(net)["china_out"])
    >>> rr.projects["shapley_t"].round(4).to_dict()
    {'G_US': 9.6667, 'H_US': 11.6667, 'S_US': 0.6667}
    >>> rr.projects.loc["G_US", "words"]
    'Magnet plant in the United States avoids nothing until Dysprosium source in the United States stands.'
    >>> gallium = cn.read("gallium")
    >>> stop = cn.scenarios(gallium)["china_export_stop_all"]
    >>> levels = cn.reroute(gallium, stop).levels
    >>> levels.groupby("level", sort=False)["shortfall_tpa"].sum().round(1).to_dict()
    {'none': 44.0, 'existing': 43.5, 'new': 37.2, 'stocks': 34.3, 'projects': 0.8}
    """
    scenario = asked_scenario(network, scenario)
    year, years = checks.year(by_year), check_horizon(horizon)
    budget = None if budget_musd is None else checks.money(budget_musd, "budget_musd")
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    valuing = counting.valuing.first(tier)
    if valuing.order != "allies_first" and (budget is not None or years is not None):
        raise DataError("reroute: budget_musd and horizon count the beneficiaries first; ask with order=allies_first.")
    names = pick_projects(network, projects, allies)
    overlay = overlay_of(network, scenario, by_year=year)
    access = access_to(counting, overlay, year, names, 1)
    reached = dict(zip(network.projects["id"], access.reached(), strict=True))
    standing = [name for name in names if reached[name] > 0]
    game = Game(valuing, overlay, access, reroute)
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [overlay], reroute),
        **counting.settings,
        scenario=scenario.name if scenario else "",
        tier=tier,
        reroute=reroute,
        by_year=year,
        allies=allies,
        shapley_seed=0,
        budget_musd=budget,
        horizon=years,
    )
    steps = Steps("sets of projects", progress, most_sets(len(standing)) + N_TABLES)
    if years is not None:
        steps.more(years[1] - years[0] + 1)
    table = _project_table(valuing, game, standing, overlay, reroute, steps)
    steps.done("each alone and last")
    if budget is not None:
        table["in_portfolio"] = table.index.isin(best_projects(valuing, reroute, scenario, year, standing, budget))
    pairs = pair_table(game, standing, network.labels)
    steps.done("pairs")
    triples = triple_table(game, standing, network.labels)
    steps.done("threes")
    needs, company = needed_by(game, standing)
    steps.done("who needs whom")
    table["needs"] = pd.Series({name: ";".join(needs.get(name, ())) for name in standing}, dtype=object)
    is_exact = len(standing) <= EXACT_PLAYERS
    table["words"] = sentences(network, table, game, standing, needs, company, year, is_exact)
    late = pd.DataFrame(columns=list(COLUMNS))
    if years is not None:
        late = delay_table(valuing, overlay, names, years, reroute, steps)
    levels, ours = _levels(counting, overlay, game, names), _ours(game, standing) if valuing.order == "alike" else None
    steps.end()
    shares: dict[str, Status] = (
        {} if is_exact else dict.fromkeys(("shapley_t", "shapley_se_t", "usd_per_shapley_tpa"), SAMPLED)
    )
    return Reroute(
        provenance=source,
        levels=stamp(levels, source),
        projects=stamp(table.reindex(names), source, units=UNITS, status=shares),
        complements=stamp(pairs, source, units=STEADY),
        triples=stamp(triples, source, units=STEADY),
        delays=stamp(late, source),
        base_tpa=game.value(),
        all_tpa=game.value(standing),
        ours=None if ours is None else stamp(ours, source),
    )


def _tied(best: pd.DataFrame, column: str) -> str:
    """Say which other, or how many others, add as much as the first."""
    others = best[best[column] >= float(best[column].max()) * (1 - TIE)].iloc[1:]
    return others_words(len(others), named(_name(others.iloc[0])) if len(others) else "")


def _ours(game: Game, names: Sequence[str]) -> pd.DataFrame:
    """Return the ends of what can be the beneficiaries' of the value without, with each, and with all projects."""
    sets = {"none": [], **{name: [name] for name in names}, "all": list(names)}
    table = pd.DataFrame([game.ends(built) for built in sets.values()], columns=["least_tpa", "most_tpa"])
    return table.set_index(pd.Index(list(sets), name="built"))


def _levels(counting: Counting, overlay: Overlay, game: Game, names: Sequence[str]) -> pd.DataFrame:
    """Return the levels of response; its last level with what the beneficiaries can use of the projects."""
    network = counting.network
    if network.demand.empty:
        return pd.DataFrame()
    access = game.access
    out = levels(counting, overlay, access.sizes(), projects=names)
    if not access.bars:
        return out
    here = network.projects["id"].isin(names).to_numpy()
    built = np.maximum(overlay.built, np.where(here, access.sizes(), 0.0))
    found = balance_under(counting, access.overlay(overlay).with_built(built), "new", stocks=True)
    last = out["level"] == "projects"
    for column in ("served_tpa", "shortfall_tpa"):
        out.loc[last, column] = found.by_tier()[column].to_numpy()
    return climbed(out)


def _clean(values: Iterable[float]) -> list[float]:
    found = np.array(list(values), dtype=float)
    largest = float(np.max(np.abs(found), initial=0.0))
    return [float(v) if abs(v) > ROUNDING * max(largest, 1.0) else 0.0 for v in found]


def _project_table(
    counting: Counting, game: Game, names: list[str], overlay: Overlay, degree: Degree, steps: Steps
) -> pd.DataFrame:
    network = counting.network
    info = network.projects.set_index("id")
    access = game.access
    base, whole = game.value(), game.value(names)
    fair, error = shapley_values(names, steps.counting(game.value))
    table = info[["label", "step", "country", "start_year", "capacity_tpa", "capex_musd", "status"]].copy()
    table["reached_share"] = access.reached()
    table["bound_share"] = access.bound_away
    rest = [game.value([other for other in names if other != n]) for n in names]

    def put(column: str, values: Iterable[float]) -> None:
        table[column] = pd.Series(_clean(values), index=names, dtype=float)

    put("standalone_t", (game.value([n]) - base for n in names))
    put("last_in_t", (whole - r for r in rest))
    put("shapley_t", fair)
    table["shapley_se_t"] = error.reindex(table.index)
    # goods under a bar bear part of the price only; nothing that is barred stands yet, so prices are the same without
    model = value_model(counting, overlay, degree) if access.bars else game.model
    prices = [np.nan if game.is_ordered else _price(network, game, model, name) for name in names]
    size = (info["capacity_tpa"] * access.sizes()).reindex(names).to_numpy(dtype=float)
    table["dual_t"] = pd.Series(
        [p * (np.inf if np.isnan(s) else s) if not p <= 0 else 0.0 for p, s in zip(prices, size, strict=True)],
        index=names,
        dtype=float,
    )
    valid = [p if np.isnan(p) else _holds(game, n, p, s) for n, p, s in zip(names, prices, size, strict=True)]
    table["dual_valid_t"] = pd.Series(valid, index=names, dtype=float)
    for column, what in (("usd_per_tpa", "standalone_t"), ("usd_per_shapley_tpa", "shapley_t")):
        with np.errstate(divide="ignore", invalid="ignore"):
            cost = table["capex_musd"] * 1e6 / table[what]
        table[column] = cost.where(~((table[what] <= 0) & table["capex_musd"].notna()), np.inf)
    if access.by_year is not None:
        put("late_alone_t", (game.value([n]) - game.late([n], n, 1) for n in names))
        put("late_last_in_t", (whole - game.late(names, n, 1) for n in names))
    for tier in network.tier_order if not network.demand.empty else ():
        first = game.first(tier)
        put(f"standalone_{tier}_t", [first.value([n]) - first.value() for n in names])
    return table


def _price(network: Network, game: Game, model: ValueModel, name: str) -> float:
    """Price of a project's output at its best user less the prices of its inputs, in t served per t."""
    low, dual = model.lowered, model.base.row_dual
    if len(low.strands.code):
        return _first_rise(network, game, name)
    me = low.tables.position[name]
    unbuilt = set(network.projects["id"])

    def at(node: int, code: int) -> float:
        row = low.balance.get((node, code))
        return float(dual[row]) if row is not None else 0.0

    recipe = network.processes[network.processes["process"] == network.projects.set_index("id").loc[name, "process"]]
    codes = low.tables.code
    product = dict(
        zip(
            recipe.loc[recipe["role"] != "input", "commodity"],
            recipe.loc[recipe["role"] != "input", "t_per_t"],
            strict=True,
        )
    )
    n = len(low.flows.activity)
    legs = pd.DataFrame({"tail": low.flows.tail, "head": low.flows.head, "code": low.flows.commodity})
    legs = legs[(legs["tail"] < n) & (legs["head"] < n)]
    asleep = np.array([node in unbuilt for node in low.tables.ids], dtype=bool)
    legs["fetches"] = [at(h, c) for h, c in zip(legs["head"], legs["code"], strict=True)]
    to_users = legs[~asleep[legs["head"].to_numpy()]]
    # what a tonne is worth where it is made: the most that any standing user gives for it
    worth_at = to_users.groupby(["tail", "code"])["fetches"].max()
    best = to_users[to_users["tail"] == me].groupby("code")["fetches"].max()
    if recipe.empty:
        worth = float(best.max()) if len(best) else 0.0
    else:
        worth = sum(float(best.get(codes[c], 0.0)) * share for c, share in product.items())
    feeds = legs[(legs["head"] == me) & ~asleep[legs["tail"].to_numpy()]]
    inputs = recipe[recipe["role"] == "input"]
    for good, ratio in zip(inputs["commodity"], inputs["t_per_t"], strict=True):
        code = codes[good]
        offers = feeds.loc[feeds["code"] == code, "tail"]
        if offers.empty:
            return 0.0  # nothing that stands feeds it
        worth -= min(max(float(worth_at.get((t, code), 0.0)), at(t, code)) for t in offers) * ratio
    return max(worth, 0.0) if worth > ROUNDING else 0.0


def _first_rise(network: Network, game: Game, name: str) -> float:
    """Return by how much the value rises per tonne of the first of a project's output."""
    row = int(np.flatnonzero((network.projects["id"] == name).to_numpy())[0])
    size = float(network.projects["capacity_tpa"].iloc[row]) * float(game.access.sizes()[row])
    if not np.isfinite(size) or size <= 0:
        return 0.0
    rise = -game.solution([name], FIRST).value - game.value()
    return max(rise / (size * FIRST), 0.0) if rise > ROUNDING * max(game.value(), 1.0) else 0.0


def _holds(game: Game, name: str, price: float, size: float) -> float:
    """Find the tonnes of output up to which the price is what the value rises by.

    The rise is concave in the size, so where its tangent meets the line of the price the rise is nearer to that line,
    and it is met after as many steps as the rise has kinks.
    """
    if price <= 0 or not np.isfinite(size) or size <= 0:
        return 0.0
    share = 1.0
    for _ in range(MOST_KINKS):
        rise, slope = game.rise(name, share)
        line = price * size
        if rise >= line * share * (1 - CERTAIN) - ROUNDING:
            return share * size
        if slope >= line:
            break  # rounding: the rise cannot be steeper than its price
        share = min((rise - slope * share) / (line - slope), share)
        if share <= ROUNDING:
            break
    return 0.0
