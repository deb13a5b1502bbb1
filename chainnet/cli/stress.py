"""The commands about time: who goes short when, and what must be in stock."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Question, TableOutput, command
from chainnet.cli.progress import progress_bar
from chainnet.cli.words import pairs, words
from chainnet.errors import DataError

Months = Annotated[int, "Horizon."]
OnStream = Annotated[str | None, "Come on stream at their start year: ids split by commas, or all."]

ENDS = ("shortfall_after_tpa", "shortfall_before_tpa")
# what fits on a screen
OVERVIEW = (
    "shortfall_tpa",
    *ENDS,
    "demand_t",
    "shortfall_t",
    "shortfall_unforeseen_t",
    "first_short_month",
    "worst_month",
    "worst_month_share",
    "time_to_survive",
    "time_to_recover",
)


@command("stress.stress_test")
class Stress(Question, Counted, TableOutput):
    """Say who goes short under each scenario, in the long run and month by month."""

    scenarios: opt.Scenarios = None
    months: Months = 48
    start: opt.Start = None
    step_months: opt.Step = 1
    reroute: opt.Degree = "existing"
    others: opt.Others = "after"
    severities: Annotated[bool, "Each scenario at 10, 30, 60, 100 % for 3, 12, 48 months."] = False
    no_stocks: Annotated[bool, "Leave stocks where they are."] = False
    projects: OnStream = None
    ladder_over_time: Annotated[bool, "The ladder over the horizon too (slow).", "--ladder"] = False
    objective: Annotated[Literal["tiers", "value"], "Tiers in their order, or value less cost."] = "tiers"

    def _run(self) -> None:
        from chainnet.results import ends_of, fact_of
        from chainnet.scenario import scenarios as shipped

        chosen = self.given("scenarios")
        if self.severities:
            lengths = [length for length in (3, 12, 48) if length <= self.months]
            if not lengths:
                raise DataError("--severities: the shortest lasts 3 months; give --months 3 or more.")
            all_of_them = shipped(self.network).values() if chosen is None else chosen
            chosen = [step for one in all_of_them for step in one.severities(months=lengths).values()]
        with progress_bar("stress test") as progress:
            found = self.ask(
                scenarios=chosen,
                stocks=not self.no_stocks,
                projects=_on_stream(self),
                progress=progress,
            )
        others = fact_of(found.summary, "has_others")
        shown = [c for c in OVERVIEW if c in found.summary.columns and (others or c not in ENDS)]
        tables = {**found.tables(), "overview": found.summary[shown], "ends": ends_of(found.summary)}
        self.say(
            found,
            tables,
            {"certificate": found.certificate},
            ("overview",),
            self._ends(found) if others else None,
        )

    def _ends(self, found: Any) -> dict[str, str]:
        """Return both ends of the worst scenario, in the long run."""
        from chainnet.cli.ends import short_line
        from chainnet.results import ends_of
        from chainnet.stress import worst_of

        asked = found.provenance["settings"]["scenarios"]
        short = {one: found.summary["shortfall_tpa"].loc[one] for one in asked}
        name = worst_of(short, self.network.tier_order[0]) or "baseline"
        which = f", the worst of {len(asked)}" if len(asked) > 1 else ""
        return short_line(ends_of(found.summary, name), f"{name}{which}, in the long run: ")


@command("stress.stockpile_requirement")
class Stockpile(Question, Counted, TableOutput):
    """Say what must be in stock for the tiers chosen to stay whole through a scenario."""

    scenario: opt.Scenario
    tiers: Annotated[str, "Who must stay whole, split by commas.", words] = "defence"
    months: Months = 48
    start: opt.Start = None
    step_months: opt.Step = 1
    reroute: opt.Degree = "existing"
    projects: OnStream = None
    mitigation: Annotated[bool, "Before and after each mitigation, besides the requirement."] = False
    austerity: Annotated[
        list[str] | None, "TIER=SHARE of demand that is left; with --mitigation; may be repeated.", pairs("TIER=SHARE")
    ] = None

    def _run(self) -> None:
        from chainnet.flow import Counting
        from chainnet.stress import Ask, requirement

        built = _on_stream(self)
        counting = Counting.of(self.network, *(self.given(name) for name in ("commodity", "beneficiaries")))
        projects = None if built is None else tuple(built)
        asked = Ask(counting, self.months, self.start, self.step_months, self.reroute, projects=projects)
        need, proof = requirement(self.given("scenario"), self.given("tiers"), asked)
        tables = {"stockpile": need}
        if self.mitigation:
            tables["mitigation"] = self.ask("stress.stockpile_mitigation", projects=built)
        elif self.austerity:
            raise DataError("--austerity: only --mitigation takes it; a demand measure in the scenario does the same.")
        self.say(need, tables, {"certificate": proof}, tuple(tables))


def _on_stream(asked: Any) -> list[str] | None:
    if asked.projects is None:
        return None
    return list(asked.network.projects["id"]) if asked.projects == "all" else words(asked.projects)
