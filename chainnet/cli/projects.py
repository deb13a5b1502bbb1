"""The commands about projects: what rerouting buys, and which set is best under a budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Drawn, Question, TableOutput, command
from chainnet.cli.words import number, pairs, split_pairs, words
from chainnet.errors import DataError

Allies = Annotated[str | None, "Only projects in, or backed by, these countries or groups.", words]


def _horizon(text: str, option: str) -> tuple[int, int]:
    """Read FIRST,LAST."""
    try:
        first, last = (int(part) for part in words(text))
    except ValueError:
        raise DataError(f'{option}: "{text}" is no pair of years; give FIRST,LAST, such as 2027,2035.') from None
    return first, last


def _stocks(given: list[str], option: str) -> dict[str, dict[str, Any]]:
    """Read NODE,COMMODITY=TONNES or NODE,COMMODITY=TONNES@USD_PER_T."""
    rule = "is not of the form NODE,COMMODITY=TONNES."
    found: dict[str, dict[str, Any]] = {}
    for place, amount in split_pairs(given, option, rule, "is given twice. Name it once.").items():
        node, _, commodity = (part.strip() for part in place.partition(","))
        named = ("most_t", "usd_per_t") if "@" in amount else ("most_t",)
        sizes = [number(part, f'{option}: "{part}" is no number.') for part in amount.split("@", 1)]
        stock = {"kind": "stock", "node": node, "commodity": commodity, **dict(zip(named, sizes, strict=True))}
        found[f"stock {commodity} {node}".replace("  ", " ")] = stock
    return found


# what people see of a project, of some twenty columns, behind what it adds
_SEEN = ("capex_musd", "start_year", "status", "usd_per_tpa", "last_in_t", "shapley_t", "country")
_LESS = (
    "A tier gains less than nothing where new suppliers or plants also reach users who are served before it or with "
    "it: these then take goods that it had."
)
_LEVELS = ("level", "tier", "demand_tpa", "shortfall_tpa", "shortfall_least_tpa", "shortfall_most_tpa", "gained_tpa")


@command("projects.reroute", example="reroute gallium --scenario china_export_stop_all")
class Reroute(Question, Counted, TableOutput, Drawn):
    """Rank projects by the shortfall that they avoid.

    And show what each level of rerouting avoids under a scenario.
    """

    scenario: opt.Scenario
    projects: opt.Projects = None
    allies: Allies = None
    by_year: Annotated[int | None, "Projects as they stand in this year; default all at full size."] = None
    reroute: opt.Degree = "existing"
    order: opt.Order = None
    tier: Annotated[str | None, "Value projects by what this tier gets, if served first; default all tiers."] = None
    budget_musd: Annotated[
        float | None, "Also say what the best portfolio takes for this, USD million.", "--budget"
    ] = None
    horizon: Annotated[str | None, "FIRST,LAST year: also say what each year of delay loses.", _horizon] = None

    def _tell(self, found: Any) -> None:
        from chainnet.words import Who

        (word, first), valued = found.sorted_for, Who.of(self.tier)
        who = Who(word)
        # by what each adds for whom a planner looks at first, then alone and beside the others
        order = dict.fromkeys([first, "standalone_t", "shapley_t", "last_in_t"])
        gains = found.projects
        gains = gains.sort_values(list(order), ascending=False, kind="stable") if len(gains) else gains
        tables = {
            "projects": gains,
            "levels": found.levels,
            "complements": found.complements,
            "triples": found.triples,
            "words": gains[["words"]],
            **({"delays": found.delays} if self.horizon is not None else {}),
            **({"ours": found.ours} if found.ours is not None else {}),
        }
        whose = f"{who}{'' if who.is_all else ' if served first'} ({first})"
        rest = "" if first == "standalone_t" else f", then for {valued} (standalone_t)"
        values = f"what each alone adds for {whose}{rest}; all other values are for {valued}; {found.valued_words}"
        said = {"answer": found.sentence, "sorted by": values}
        seen = ("id", "label", *dict.fromkeys([first, "standalone_t"]), *_SEEN)
        shown = {"projects": seen, "levels": _LEVELS}
        footer = {"gained": _LESS} if (found.levels["gained_tpa"] < 0).any() else None
        self.say(found, tables, {**said, **found.numbers()}, ("levels", "projects"), footer, columns=shown)


@command("projects.portfolio", example="portfolio gallium --budget 500 --scenario china_export_stop_all")
class Portfolio(Question, Counted, TableOutput, Drawn):
    """Choose what to build and store under a budget.

    Also what to protect, so that least demand is short; exact.
    """

    budget_musd: Annotated[float, "USD million.", "--budget"]
    scenarios: opt.Scenarios = None
    objective: Annotated[Literal["expected", "worst", "cvar"], "Whose shortfall counts."] = "expected"
    alpha: Annotated[float, "For cvar: the worst 1 - alpha of the probability."] = 0.9
    probability: Annotated[list[float] | None, "Of each --scenario, in their order; scaled to 1."] = None
    by_year: Annotated[list[int] | None, "Projects as they stand then; several: their mean."] = None
    reroute: opt.Degree = "existing"
    projects: Annotated[list[str] | None, "Only these are on offer; may be repeated. Default: all.", "--project"] = None
    allies: Allies = None
    protect: Annotated[
        list[str] | None, "NODE=MUSD: what it costs to protect it; may be repeated.", pairs("NODE=MUSD")
    ] = None
    stock: Annotated[
        list[str] | None, "NODE,COMMODITY=TONNES at the commodity's price, or TONNES@USD_PER_T (repeatable).", _stocks
    ] = None
    qualify: Annotated[
        list[str] | None,
        "PROJECT=MUSD: qualified for every tier from the start; may be repeated.",
        pairs("PROJECT=MUSD"),
    ] = None
    budgets: Annotated[
        list[float] | None, "Budget of the frontier; default each step of it (repeatable).", "--step"
    ] = None
    close: Annotated[str | None, "Tiers whose gap to close, split by commas; default every one and all.", words] = None
    tier: Annotated[str | None, "Only this tier counts, as if it came first."] = None
    time_limit_s: Annotated[float, "Seconds for each program.", "--time-limit"] = 60.0
    details: Annotated[bool, "Whether other sets as good are looked for.", "--details/--no-details"] = True

    def _run(self) -> None:
        found = self.ask(scenarios=self._likely(), options=self._options() or None)
        shown = ("options", "frontier", "closing") if len(found.closing) else ("options", "frontier")
        ties = None if found.ties is None else [" + ".join(names) for names in found.ties]
        self.say(found, shown=shown, chosen=list(found.chosen), ties=ties, greedy=list(found.greedy))

    def _likely(self) -> list[Any] | None:
        """Return the scenarios with the probabilities given, in their order."""
        asked, given = self.given("scenarios") or [], self.probability
        if not given:
            return asked or None
        if len(given) != len(asked):
            raise DataError(
                f"--probability: {len(given)} given for {len(asked)} scenarios. Give one for each --scenario."
            )
        return [replace(one, probability=p) for one, p in zip(asked, given, strict=True)]

    def _options(self) -> dict[str, Any]:
        """Return what competes with projects, as ``portfolio`` takes it."""
        protect, qualify, stock = (self.given(name) or {} for name in ("protect", "qualify", "stock"))
        return {
            **{f"protect {name}": {"kind": "protect", "nodes": [name], "cost_musd": c} for name, c in protect.items()},
            **{f"qualify {n}": {"kind": "qualify", "projects": [n], "cost_musd": cost} for n, cost in qualify.items()},
            **stock,
        }
