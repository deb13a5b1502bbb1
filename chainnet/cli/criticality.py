"""The commands about losses: chokepoints, interdict, shapley, fortify, exposure, hazards, reverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Drawn, Output, Question, TableOutput, Verified, command
from chainnet.cli.words import Numbers, number, pairs
from chainnet.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PRICES = pairs("LABEL=NUMBER")
PERIODS = Numbers(
    "is not allowed; give X, ID=X or FILE.csv, where X is a number of periods.",
    "stands beside others; one X or one FILE.csv alone, or ID=X each.",
    "is given twice. Give one number of periods for each.",
)
ONE_PERIOD = 1.0
# by --order, whom a loss counts for and how to ask otherwise
_SERVED = {
    order: f"{whom} (--order {order}). Ask --order {' or '.join(others)} for another; it is not by law, as chainnet "
    "stress and find serve."
    for order, whom, *others in (
        ("allies_first", "Allied users first; they outbid all others", "allies_last", "alike"),
        ("allies_last", "Allied users last; they get what all others leave", "allies_first", "alike"),
        ("alike", "Nobody first; the loss of all users counts", "allies_first", "allies_last"),
    )
}


def _hazards(path: Path, option: str) -> pd.DataFrame:
    """Read a table of hazards from a file of its own."""
    from chainnet.io import read_table

    return read_table(path, "hazards")


HazardTable = Annotated[
    Path | None, "CSV of hazards in the place of those of the graph: id, effect, rate_low, rate_high, ...", _hazards
]


@command("criticality.chokepoints", example="chokepoints gallium --by country")
class Chokepoints(Question, Counted, Output, Verified, Drawn):
    """Rank plants, links or countries by what they cost.

    The exact loss of each node, edge or group, if it drops out alone.
    """

    by: opt.By = "node"
    top: Annotated[int | None, "Only the first rows."] = None
    tier: opt.Tier = None
    centrality: Annotated[bool, "Fill betweenness for comparison."] = False
    scenario: opt.OneScenario = None
    reroute: opt.Degree = "existing"
    order: opt.Valued = "allies_first"

    def _tell(self, found: Any) -> None:
        from chainnet.results import fact_of, origin_of

        self.say_verified("the same value and the same largest losses")
        ends = self.ask("criticality.loss_ends", known=found)
        served = {} if ends is None else {"served": _SERVED[self.order]}
        left_out = {"left out": found.left_out_sentence} if found.left_out_sentence else {}
        numbers = {"answer": found.sentence, **left_out, **served, "base_tpa": origin_of(found)["settings"]["base_tpa"]}
        numbers |= {f"base_ours_{end}_tpa": tonnes for end, tonnes in fact_of(found, "ours_tpa", {}).items()}
        tables: dict[str, Any] = {"chokepoints": found}
        footer = None
        if len(found.left_out):
            tables["left_out"] = found.left_out
        if ends is not None:
            tables["ends"], footer = ends, _loss_at_ends(ends, self.labels)
        idle = {"chokepoints": ("lost_tpa", "cost nothing")}
        numbers |= _correlations(found, "loss")
        # beside the loss, and only where something is known to be several plants
        mark = ["is_group"] if "is_group" in found and found["is_group"].any() else []
        kept = ["lost_tpa", "lost_share", *mark, *(c for c in found if c != "is_group")]
        columns = (*found.index.names, "label", *dict.fromkeys(kept), "source_label", "target_label")
        self.say(found, tables, numbers, footer=footer, columns={"chokepoints": columns}, idle=idle)


@command("criticality.interdict", example="interdict mag-9 --k 2")
class Interdict(Question, Counted, TableOutput):
    """Find the k losses at once that hurt most, exactly."""

    k: Annotated[float, "Most removals; with --cost the budget."]
    by: Annotated[str, "node, edge, site, country, ... as in chokepoints."] = "node"
    protect: Annotated[list[str] | None, "Cannot be removed; may be repeated."] = None
    cost: Annotated[list[str] | None, "LABEL=COST of a removal (others cost 1); may be repeated.", PRICES] = None
    tier: opt.Tier = None
    details: Annotated[bool, "Other optimal attacks, and pairs inside a step."] = False
    scenario: opt.OneScenario = None
    reroute: opt.Degree = "existing"
    order: opt.Valued = "allies_first"
    time_limit_s: Annotated[float, "Seconds for the search.", "--time-limit"] = 60.0

    def _run(self) -> None:
        found = self.ask(protect=[_edge(word) if self.by == "edge" else word for word in self.protect or ()])
        attacks = found.attacks
        if (attacks["label"] == attacks["removed"]).all():
            attacks = attacks.drop(columns="label")
        tables = {"attacks": attacks, "pairs": found.pairs}
        shown = ("attacks", "pairs") if self.details else ("attacks",)
        ours = dict(zip(("ours_least_tpa", "ours_most_tpa"), found.ours_tpa or (), strict=False))
        if len(found.left_out):
            tables["left_out"], shown = found.left_out, (*shown, "left_out")
        self.say(found, tables, shown=shown, is_unique=None if found.ties is None else not found.ties, **ours)


@command("criticality.shapley", example="shapley mag-9 --by country")
class Shapley(Question, Counted, Output):
    """Share a joint loss fairly among its causes.

    Among countries, owners or nodes.
    """

    by: Annotated[str, "As in chokepoints."] = "country"
    tier: opt.Tier = None
    seed: Annotated[int, "Seed of the random orders, beyond 12 players."] = 0
    scenario: opt.OneScenario = None


@command("criticality.fortify", example="fortify mag-9 --k 1 --budget 100")
class Fortify(Question, Counted, TableOutput):
    """Choose what to protect against the worst k losses.

    Or what to build, so that they hurt least.
    """

    k_attack: Annotated[int, "Nodes that the attacker removes.", "--k"]
    budget_musd: Annotated[float, "What the defence may cost, USD million.", "--budget"]
    protect: Annotated[list[str] | None, "NODE=USD million to protect it; may be repeated.", PRICES] = None
    build: Annotated[list[str] | None, "Project to build at its capex; may be repeated. Default: all with capex."] = (
        None
    )
    tier: Annotated[str | None, "Whom the defence is for, if served first."] = None

    def _run(self) -> None:
        options = {**dict.fromkeys(self.build or ()), **(self.given("protect") or {})}
        found = self.ask(options=options or None)
        attacks: dict[str, list[Any]] = {"attack": list(found.attack), "before_attack": list(found.before_attack)}
        more: dict[str, Any] = {**attacks, **{f"{k}_labels": [*map(self.named, ids)] for k, ids in attacks.items()}}
        self.say(found, **more)


@command("criticality.risk_exposure", example="exposure gallium --recovery 0.5 --top 5")
class Exposure(Question, Counted, TableOutput, Verified):
    """Compare recovery with what stocks can cover.

    What each loss costs until it is back, and how long it can be borne (risk exposure index).
    """

    recovery: Annotated[
        list[str] | None,
        "Periods until it is back: X for all, ID=X (may be repeated), or FILE.csv with columns id, periods. "
        "What is not named recovers at once; without the option everything takes 1 period.",
    ] = None
    by: opt.By = "node"
    top: Annotated[int | None, "Only the first rows.", opt.AtLeast(1)] = None
    scenario: opt.OneScenario = None
    reroute: opt.Degree = "existing"
    order: opt.Valued = "allies_first"
    plot: Annotated[
        Path | None, "Also write a plot of spend (or flow) against cost: F.svg (extra: report).", opt.SVG
    ] = None

    def _run(self) -> None:
        found = self.ask(recovery=_recovery(self.recovery, self.by))
        self.say_verified("the same largest costs and times to survive")
        from chainnet.results import origin_of

        settings = origin_of(found)["settings"]
        numbers: dict[str, Any] = {
            "recovery": _said(self.recovery, settings["recovery"]),
            "a tonne lost counts": settings["value"],
            "recover too late": f"{int((found['gap'] > 0).sum())} of {len(found)}",
            **_correlations(found, "cost"),
        }
        if self.plot is not None:
            self.write(self.plot, found.plot().svg)
            numbers["plot"] = str(self.plot)
        shown = {"exposure": found if self.top is None else found.head(self.top)}
        self.say(found, shown, numbers, footer=self._ends(found, settings["value"]))

    def _ends(self, found: Any, value: str) -> dict[str, str] | None:
        """Say the largest cost with allies served first and last; nothing where nobody else asks for anything."""
        from chainnet.flow import Counting

        counting = Counting.of(self.network, self.given("commodity"), self.given("beneficiaries"))
        if not counting.rivals.any() or self.order == "alike":
            return None
        recovery = _recovery(self.recovery, self.by)
        other = self.ask(
            recovery=recovery, verify=False, order="allies_last" if self.order == "allies_first" else "allies_first"
        )
        both = (found, other) if self.order == "allies_first" else (other, found)
        from chainnet.words import at_ends

        unit = "t" if value == "1 per tonne" else "USD"
        return {"ends": f"largest cost {at_ends(*(_cost(table, unit, self.labels) for table in both))}"}


@command("criticality.hazards", example="hazards gallium --years 5")
class Hazards(Question, TableOutput):
    """Show what may happen, and how often.

    The hazards in use, with the low and the high chance that each is in force some years ahead.
    """

    hazards: HazardTable = None
    years: Annotated[float, "How far ahead the day lies."] = 5.0

    def _run(self) -> None:
        seen = ("event", "label", "source", "p_low", "p_high", "rate_low", "rate_high")
        self.say(self.ask(), columns={"hazards": seen})


@command("criticality.reverse", example="reverse gallium --loss 0.3 --most 2")
class Reverse(Question, Counted, TableOutput):
    """Find what would have to happen for a given loss.

    The likeliest of the events listed that cost so much, proved, with low and high chances.
    """

    loss: Annotated[float, "Part of the demand that is lost, such as 0.3."]
    tier: opt.Tier = None
    hazards: HazardTable = None
    years: Annotated[float, "How far ahead the day lies on which chances are taken."] = 5.0
    over: Annotated[
        Literal["static", "months"], "The loss of a year in which all last, or of the months with what users hold."
    ] = "static"
    months: Annotated[int | None, "How many months, with --over months; default 12 a year.", opt.AtLeast(1)] = None
    most_events: Annotated[int | None, "How many may happen together.", "--most", opt.AtLeast(1)] = None
    ways: Annotated[int, "How many sets are listed.", opt.AtLeast(1)] = 20
    dependence: Annotated[
        Literal["groups", "any"], "Independent but for common causes of groups, or whatever ties there may be."
    ] = "groups"
    curve: Annotated[bool, "Also the chance of any loss."] = False
    draws: Annotated[int, "Of the curve, where few events leave too much open.", opt.AtLeast(1)] = 20_000
    seed: Annotated[int, "Seed of the draws.", opt.AtLeast(0)] = 0
    exceed: Annotated[list[float] | None, "Also the chance of such a loss or more (may be repeated)."] = None
    figure: Annotated[
        Path | None, "Also draw the chance of any loss: F.svg, or F.png (extra: report).", opt.PICTURE
    ] = None
    scenario: opt.OneScenario = None
    reroute: opt.Degree = "existing"
    order: opt.Valued = "allies_first"
    time_limit_s: Annotated[float, "Seconds for the search.", "--time-limit"] = 60.0

    def _run(self) -> None:
        found = self.ask(curve=self.curve or self.figure is not None)
        said = {"answer": found.sentence}
        if self.figure is not None:
            said["figure"] = self._draw(self.figure, found)
        seen = ("rank", "events", "n", "chance_low", "chance_high", "loss_share", "can_be_likeliest")
        shown = ("sets", *(("exceedance",) if self.exceed else ()), *(("curve",) if self.curve else ()))
        band = ("if_event", "loss_share", "chance_low", "chance_high", "method")
        self.say(found, shown=shown, footer=said, columns={"sets": seen, "curve": band})

    def _draw(self, path: Path, found: Any) -> str:
        """Draw the band; where no event with a rate costs anything there is nothing to draw."""
        if not (found.curve["if_event"] == "").any() or not (found.hazards["loss_share"] > 0).any():
            return "none: no event with a rate costs anything"
        return str(found.plot().save(path))


def _loss_at_ends(table: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the line on the largest loss of a row (``loss_ends``)."""
    from chainnet.results import ENDS
    from chainnet.words import at_ends, number, percent

    def said(row: Any) -> str:
        if not row["lost_tpa"] > 0:
            return "0 t/yr"
        tied = f" and {row['n_tied']} more" if row["n_tied"] else ""
        share = f"{percent(row['lost_share'], ' ')} of {number(row['base_tpa'])}"
        return f"{number(row['lost_tpa'])} t/yr ({share}; {labels.get(row['name'], row['name'])}{tied})"

    return {"ends": f"largest loss {at_ends(*(said(table.loc[end]) for end in ENDS))}"}


def _cost(table: pd.DataFrame, unit: str, labels: Mapping[str, str]) -> str:
    """Return the largest cost of an exposure, and of what."""
    from chainnet.words import number

    most = float(table["cost_usd"].max()) if len(table) else 0.0
    if most <= 0:
        return f"0 {unit}"
    tied = int((table["cost_usd"] >= most * (1 - 1e-9)).sum()) - 1
    first = table.index[0]
    name = " / ".join(first) if isinstance(first, tuple) else labels.get(str(first), str(first))
    return f"{number(most)} {unit} ({name}{f' and {tied} more' if tied else ''})"


def _correlations(found: Any, what: str) -> dict[str, float]:
    from chainnet.results import fact_of

    given = fact_of(found, "rank_correlation", {})
    return {f"rank correlation of {name} with {what}": value for name, value in given.items()}


def _word(member: Any) -> str:
    return " -> ".join(member) if isinstance(member, tuple) else str(member)


def _edge(word: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in word.split("->" if "->" in word else ","))


def _said(given: list[str] | None, used: Any) -> str:
    """Say which recovery times were used, and whether anybody chose them."""
    if not given:
        return f"{ONE_PERIOD:g} period for all (default; give --recovery)"
    if used == "by row":
        return "as given by row, 0 periods for the rest"
    from chainnet.words import nouns

    return f"{used:g} {nouns('period', used)} for all"


def _recovery(given: Sequence[str] | None, by: str) -> float | Mapping[Any, float]:
    """Read X, ID=X or FILE.csv; a label of several columns, or an edge, is split by commas."""
    if not given:
        return ONE_PERIOD
    is_file = len(given) == 1 and "=" not in given[0] and given[0].lower().endswith(".csv")
    found = _file(Path(given[0])) if is_file else PERIODS(given, "--recovery")
    if isinstance(found, float) or (by != "edge" and "+" not in by):
        return found
    return {tuple(part.strip() for part in label.split(",")): periods for label, periods in found.items()}


def _file(path: Path) -> dict[str, float]:
    """Read a file of two columns; ids stay text."""
    from chainnet.io import parse_csv, read_text

    records = parse_csv(read_text(path, path.name), path.name)
    if records.faults:
        raise DataError(faults=records.faults)
    if records.header != ["id", "periods"]:
        raise DataError(f"--recovery: the columns of {path.name} are {', '.join(records.header)}; write id, periods.")
    out: dict[str, float] = {}
    for line, (label, periods) in zip(records.lines, records.rows, strict=True):
        said = f"{path.name} row {line}"
        if label in out:
            raise DataError(f'--recovery: "{label}" in {said} {PERIODS.twice}')
        out[label] = number(periods, f'--recovery: "{said}, {label}: {periods}" {PERIODS.rule}')
    return out
