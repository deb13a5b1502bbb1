"""The commands about time: who is short when, and what must be in stock."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import STOPPED, Counted, Drawn, Question, TableOutput, command, short_at_ends
from chainnet.cli.progress import progress_bar
from chainnet.cli.words import order, pairs, several, words
from chainnet.errors import DataError
from chainnet.words import in_months, join, nouns, number, whole

Months = Annotated[int, "Horizon."]
# columns that hold months
MONTHS = {"month", "first_short_month", "worst_month", "short_from_month"}
OnStream = Annotated[str | None, "Come on stream at their start year: ids split by commas, or all."]
Sets = Annotated[
    list[str] | None,
    "Come on stream at their start year: ids split by commas, all or none. Repeated: sets side by side, as NAME=IDS.",
]

# by --reroute, on what links goods move
_LINKS = {
    "none": "No link carries more than in the base year (--reroute none)",
    "existing": "Goods move on existing links (--reroute existing)",
    "new": "Makers may ship to new users, once these have qualified them (--reroute new)",
}

# what is set side by side for several sets of projects
SIDE_BY_SIDE = ("shortfall_tpa", "shortfall_t", "first_short_month", "time_to_survive")
# what people see, as far as it fits a line; the ends of the long run last
OVERVIEW = (
    "shortfall_tpa",
    "first_short_month",
    "worst_month",
    "worst_month_share",
    "time_to_survive",
    "time_to_recover",
    "shortfall_t",
    "shortfall_unforeseen_t",
    "demand_t",
)


@command("stress.stress_test", example="stress gallium --scenario china_export_stop_all --months 12")
class Stress(Question, Counted, TableOutput, Drawn):
    """Show who runs short in each scenario, and when.

    In the long run and month by month. Months count from 1, the first month of the answer; with --start they are
    dates. With several --projects each set is asked, and the first table sets them side by side.
    """

    scenarios: opt.Scenarios = None
    months: Months = 48
    start: opt.Start = None
    step_months: opt.Step = 1
    reroute: opt.MonthsDegree = "existing"
    order: opt.Order = None
    severities: Annotated[bool, "Each scenario at 10, 30, 60, 100 % for 3, 12, 48 months."] = False
    no_stocks: Annotated[bool, "Leave stocks where they are."] = False
    projects: Sets = None
    levels_over_time: Annotated[bool, "The levels of response over the horizon too (slow).", "--levels"] = False
    cover: opt.Cover = "stated"
    rush: opt.Rush = "stated"
    requalify: opt.Requalify = "none"
    objective: Annotated[Literal["tiers", "value"], "Tiers in their order, or value less cost."] = "tiers"
    any_size: Annotated[bool, "Follow months whose program takes very long too."] = False

    _is_stopped = False  # set by Ctrl-C: what is done is told, and the exit says so

    def _run(self) -> None:
        from chainnet.scenario import scenarios as shipped

        chosen = self.given("scenarios")
        if self.severities:
            lengths = [length for length in (3, 12, 48) if length <= self.months]
            if not lengths:
                raise DataError("--severities: the shortest lasts 3 months; give --months 3 or more.")
            all_of_them = shipped(self.network).values() if chosen is None else chosen
            chosen = [step for one in all_of_them for step in one.severities(months=lengths).values()]
        sets = _sets(self)
        if self.figure is not None and len(sets) > 1:
            raise DataError("--figure: draws the answer with one set of projects; give --projects once.")
        answers = {}
        for name, built in sets.items():
            answers[name] = self._answer(name, chosen, built)
            if self._is_stopped:
                break
        if len(answers) > 1:
            self._side_by_side(answers)
        else:
            self._say_one(next(iter(answers.values())))
        if self._is_stopped:
            raise typer.Exit(STOPPED)

    def _say_one(self, found: Any) -> None:
        from chainnet.results import ENDS, ends_of, fact_of

        others = fact_of(found.summary, "has_others")
        wanted = (*OVERVIEW, *(ENDS.values() if others else ()))
        shown = [c for c in wanted if c in found.summary.columns]
        tables = {**found.tables(), "overview": _settled(found.summary)[shown], "ends": ends_of(found.summary)}
        footer = self._ends(found) if others else {}
        footer |= {"timing": found.timing_sentence} if found.timing_sentence else {}
        if found.stocks_sentence:
            footer["stocks"] = f"{found.stocks_sentence} From when at either end: chainnet find."
        if found.levels_sentence:
            hint = "" if self.reroute == "new" else " Month by month with new suppliers: --reroute new."
            footer |= {"levels": found.levels_sentence + hint, **self._countries(found)}
        heads = {"asked": self._asked(), "certificate": found.certificate}
        self.say(found, dated(tables, self.start), heads, ("overview",), footer)

    def _asked(self) -> str:
        """Return on what terms the months and the long run are counted."""
        stocks = "stocks stay where they are" if self.no_stocks else "the months draw on stocks, the long run does not"
        first = f"{self.start} is" if self.start else "Month 1 is"
        dates = "" if self.start else "; --start prints dates"
        return (
            f"{_LINKS[self.reroute]}; {stocks}. {first} the first month{dates}. The planner knows every date and lacks "
            f"the fewest tonnes over these {in_months(self.months)}, so an early short month may save a later one. "
            "chainnet find plans the first twelve by themselves, without foresight. By end use: --table nodes; by "
            "country: --table countries."
        )

    def _countries(self, found: Any) -> dict[str, str]:
        """Return which countries the first tier that is short lacks it in, in the long run of the worst scenario."""
        from chainnet.words import country_name, least_short, tonnes

        summary = found.summary.loc[found.worst]
        tier = next(iter(summary.index[summary["shortfall_tpa"] > least_short(summary["demand_tpa"])]), None)
        if not isinstance(tier, str):  # nobody is short, or demand names no tier
            return {}
        said = [
            f"{country_name(place) if place else 'no country'} {number(short)} of {tonnes(demand, ' ')}"
            for place, demand, _, short in found.countries.loc[found.worst].loc[tier].itertuples(name=None)
        ]
        head = f"{tier} lacks, in the long run"
        return {"countries": f"{head}: {join(said)}; users who are served together may share it otherwise."}

    def _answer(self, name: str, chosen: Any, built: Any) -> Any:
        """Ask with one set of projects; after Ctrl-C of those scenarios that are done, if any are."""
        from chainnet.progress import Stopped
        from chainnet.scenario import pick_scenarios

        asked = {"stocks": not self.no_stocks, "projects": built}
        try:
            with progress_bar(f"stress test {name}".strip()) as progress:
                return self.ask(scenarios=chosen, progress=progress, **asked)
        except Stopped as stop:
            everything = {one.name: one for one in pick_scenarios(self.network, chosen)}
            done = [everything[each] for each in stop.done if each in everything]
            if not done:
                raise
            self._is_stopped = True
            print(f"chainnet: stopped; {stop}. These follow.", file=sys.stderr)
            return self.ask(scenarios=done, levels_over_time=False, **asked)

    def _side_by_side(self, answers: Mapping[str, Any]) -> None:
        """Say who is short with each set of projects; every table of each follows under its name."""
        import pandas as pd

        parts = {name: _settled(found.summary)[list(SIDE_BY_SIDE)] for name, found in answers.items()}
        beside = pd.concat(
            [parts[name][column].rename(f"{column} {name}") for column in SIDE_BY_SIDE for name in parts], axis=1
        )
        tables = {"side_by_side": beside}
        for name, found in answers.items():
            tables |= {f"{table} {name}": rows for table, rows in found.tables().items()}
        proofs = {f"certificate {name}": found.certificate for name, found in answers.items()}
        first = next(iter(answers.values()))
        idle = self._idle(parts, {name: found.provenance["settings"]["projects"] for name, found in answers.items()})
        self.say(first, dated(tables, self.start), proofs, ("side_by_side",), {"idle": idle} if idle else None)

    def _idle(self, parts: Mapping[str, Any], sets: Mapping[str, list[str]]) -> str:
        """Say which sets of projects change no number against none, and why; "" if all change one, or none is asked."""
        plain = next((parts[name] for name, ids in sets.items() if not ids), None)
        if plain is None:
            return ""
        table, said = set(self.network.projects["id"]), list[str]()
        for name, ids in sets.items():
            if not ids or not parts[name].round(6).equals(plain.round(6)):
                continue
            offered = [one for one in ids if one in table]
            running = [one for one in ids if one in self.network.built_projects]
            why = [f"{join(running)} {nouns('runs', len(running), 'run')} already"] if running else []
            if offered:
                why.append(f"what {join(offered)} {nouns('makes', len(offered), 'make')} closes no gap here")
            said.append(f"{name} changes nothing: {' and '.join(why)}.")
        return " ".join(said)

    def _ends(self, found: Any) -> dict[str, str]:
        """Return the range of the worst scenario, in the long run."""
        from chainnet.results import ends_of
        from chainnet.stress import worst_of

        asked = found.provenance["settings"]["scenarios"]
        short = {one: found.summary["shortfall_tpa"].loc[one] for one in asked}
        name = worst_of(short, self.network.tier_order[0]) or "baseline"
        which = f", the worst of {len(asked)}" if len(asked) > 1 else ""
        return short_at_ends(ends_of(found.summary, name), f"{name}{which}, in the long run: ")


@command("stress.stockpile_requirement", example="stockpile mag-9 --scenario china_out --months 12")
class Stockpile(Question, Counted, TableOutput):
    """Size the stock that demand needs.

    What must be in stock for the tiers chosen to be met through a scenario. With --members: what each member, every
    set of them and all together have to hold, where, and who pays for it.
    """

    scenario: opt.Scenario
    tiers: Annotated[
        list[str] | None, "Whose demand must be met; may be repeated. Default the first tier.", "--tier", several
    ] = None
    months: Months = 48
    start: opt.Start = None
    step_months: opt.Step = 1
    reroute: opt.MonthsDegree = "existing"
    projects: OnStream = None
    mitigation: Annotated[bool, "Before and after each mitigation, besides the requirement."] = False
    austerity: Annotated[
        list[str] | None, "TIER=SHARE of demand that is left; with --mitigation; may be repeated.", pairs("TIER=SHARE")
    ] = None
    members: Annotated[
        str | None, "Who hold together, countries or groups split by commas: apart, together, who pays.", words
    ] = None
    order: Annotated[
        str | None,
        "Who else is served: law (default), allies_first (nobody), alike, or allies_last (all others, what they can "
        "get). With --members: allies_last (all others), allies_first (other members) or last (nobody).",
        order,
    ] = None
    prices: Annotated[
        list[str] | None,
        "COMMODITY=USD per t, in place of the graph's; inf = is never held; may be repeated.",
        "--price",
        pairs("COMMODITY=USD"),
    ] = None

    def _run(self) -> None:
        built = _on_stream(self)
        if self.members is None:
            self._alone(built)
            return
        for option in ("mitigation", "austerity", "beneficiaries"):
            if getattr(self, option):
                raise DataError(f"--{option}: not with --members, who are the beneficiaries; leave one of the two out.")
        found = self.ask("blocs.joint_stockpile", projects=built)
        shown = ("members", "coalitions", "stocks", "forms", "conventions")
        tables = dated(found.tables(), self.start)
        self.say(found, tables, shown=(*shown, "layers") if len(found.layers) > 1 else shown, footer=found.words)

    def _prices(self, need: Any) -> str:
        """Return the price of what is required, with its range, and where and when it was paid as its table notes."""
        goods = self.network.commodities.set_index("id")
        said, given = [], self.given("prices") or {}
        for row in need[need["required_usd"] > 0].itertuples():
            low, high, note = goods.loc[row.commodity, ["low", "high", "note"]]
            ends = f" ({number(low)} to {number(high)})" if low == low and high == high else ""
            note = note if isinstance(note, str) and note else "the table says neither where nor when"
            if row.commodity in given:
                ends, note = "", "as given"
            label = row.label if isinstance(row.label, str) and row.label else row.commodity or "goods"
            said.append(f"{label} {number(row.price_usd_per_t)}{ends} USD/t: {note}.")
        return " ".join(said)

    def _alone(self, built: list[str] | None) -> None:
        need = self.ask(projects=built)
        tables = {"stockpile": need, **({"held": need.held} if len(need.held) else {})}
        if self.mitigation:
            tables["mitigation"] = self.ask("stress.stockpile_mitigation", projects=built)
        elif self.austerity:
            raise DataError("--austerity: only --mitigation takes it; a demand measure in the scenario does the same.")
        seen = {
            "stockpile": (
                "commodity",
                "label",
                "required_t",
                "required_usd",
                "buy_t",
                "buy_usd",
                "buy_high_t",
                "alone_t",
            ),
            "held": ("holder", "country", "commodity", "drawn_t", "not_drawn", "stock_t", "low_t", "high_t", "quality"),
        }
        idle = {"stockpile": ("required_t", "need no stock")}
        said = {"answer": need.sentence}
        if (need["required_usd"] > 0).any():
            said["prices"] = (
                f"{self._prices(need)} They stand before any scenario; a stop may raise them (chainnet market)."
            )
        said["certificate"] = need.certificate
        self.say(need, dated(tables, self.start), said, tuple(tables), columns=seen, idle=idle)


def _settled(summary: Any) -> Any:
    """Return a summary without the shortfalls that lie within the tolerance of the answer: they are none."""
    from chainnet.results import ENDS
    from chainnet.words import least_short

    seen = summary.copy()
    for column in ("shortfall_tpa", *ENDS.values(), "shortfall_t", "shortfall_unforeseen_t"):
        if column in seen.columns:
            seen[column] = seen[column].where(seen[column].abs() > least_short(seen["demand_t"]), 0.0)
    seen.attrs = summary.attrs
    return seen


def _sets(asked: Any) -> dict[str, list[str] | None]:
    """Return the sets of projects by name; one without a name bears its ids."""
    found: dict[str, list[str] | None] = {}
    for given in asked.projects or ["none"]:
        name, _, ids = given.rpartition("=")
        name = name.strip() or ids.strip()
        if name in found:
            raise DataError(f'--projects: the set "{name}" is given twice. Give each a name, as NAME=IDS.')
        _tell_late(asked, words(ids))
        found[name] = {"all": list(asked.network.projects["id"]), "none": None}.get(ids.strip(), words(ids))
    return found


def _tell_late(asked: Any, ids: list[str]) -> None:
    """Warn of projects that are named and come on stream after the horizon: they change nothing."""
    import warnings

    from chainnet.errors import ChainnetWarning
    from chainnet.network import begins_of
    from chainnet.scenario import first_month, month_number

    network = asked.network
    zero = first_month(network) if asked.start is None else month_number(asked.start, "--start")
    if zero is None:
        return
    named = network.projects[network.projects["id"].isin(ids)]
    late = named.assign(year=begins_of(named) // 12)[begins_of(named) >= zero + asked.months]
    if len(late):
        said = ", ".join(f"{name} ({whole(year)})" for name, year in zip(late["id"], late["year"], strict=True))
        warnings.warn(
            f"--projects: starts after the horizon, and changes nothing: {said}.", ChainnetWarning, stacklevel=2
        )


def dated(tables: Mapping[str, Any], start: str | None) -> dict[str, Any]:
    """Return tables with months as dates where the first month is given; numbers count from 1."""
    import pandas as pd

    from chainnet.scenario import month_number, month_text

    if start is None:
        return dict(tables)
    zero = month_number(start, "--start")

    def date(month: Any) -> Any:
        return month_text(zero + int(month) - 1) if month == month and abs(month) != float("inf") else None

    def of(table: Any) -> Any:
        rows = table.reset_index() if any(n is not None for n in table.index.names) else table.copy()
        for place, column in enumerate(map(str, rows.columns)):
            if column.split(" ")[0] in MONTHS:
                rows.isetitem(place, pd.array([date(month) for month in rows.iloc[:, place]], dtype="str"))
        rows.attrs = table.attrs
        return rows

    return {name: of(table) for name, table in tables.items()}


def _on_stream(asked: Any) -> list[str] | None:
    if asked.projects is None:
        return None
    return list(asked.network.projects["id"]) if asked.projects == "all" else words(asked.projects)
