"""Every table of a network as data: columns, kinds, units, ranges, keys, meaning.

This page is the one place that says what a table may hold. The reader, the validator, the
Frictionless descriptors and the reference pages are all made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Kind = Literal["text", "number", "integer"]

STAGES = ("mine", "refiner", "manufacturer", "end_use", "recycler")
ROLES = ("input", "output", "coproduct", "byproduct")
QUALITIES = ("reported", "estimated", "inferred", "assumed")
STAKES = ("capital", "loan", "guarantee", "offtake", "floor")
BINDING = ("law", "arrangement", "none")
EACH = ("node", "site", "country", "owner")
KINDS_OF_RULE = ("export", "import", "origin", "duty", "proposal")
AFTER = ("works", "ended")
SOURCE_CLASSES = ("1", "2", "3")
DEFAULT_TIERS = ("defence", "industrial", "civilian")


LONGEST_NAME = 10_000  # characters of an id, a label, or another word
LONGEST_TEXT = 5_000_000  # of free text
_FREE = ("note", "effect", "title", "description")


@dataclass(frozen=True)
class Column:
    """One column: its kind, unit, legal range and what a missing cell means."""

    name: str
    description: str
    kind: Kind = "text"
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    required: bool = False
    filled: bool = False  # a required column whose cells may not be blank either
    words: tuple[str, ...] = ()
    formerly: Mapping[str, str] = field(default_factory=dict)  # words that files may still hold -> what they mean
    is_country: bool = False
    missing: str = "unknown"

    @property
    def longest(self) -> int:
        """How many characters a cell may have; no answer, page or file can show more."""
        return LONGEST_TEXT if self.name in _FREE else LONGEST_NAME

    @property
    def range_words(self) -> str:
        """The legal range in words, for messages and reference pages."""
        if self.words:
            return "one of " + ", ".join(self.words)
        if self.above is not None:
            return f"a number above {self.above:g}"
        if self.minimum is not None and self.maximum is not None:
            return f"from {self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{self.minimum:g} or more"
        return ""


@dataclass(frozen=True)
class Table:
    """One table: its columns in order, its key, and whether a network must have it."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    foreign: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def named_by(self) -> tuple[str, ...]:
        """Columns that name a row: the key; rows of edges may share theirs."""
        return self.key or ("source", "target", "commodity")

    def column(self, name: str) -> Column:
        """Return the column called ``name``."""
        return next(column for column in self.columns if column.name == name)


def _text(name: str, description: str, **rule: object) -> Column:
    return Column(name, description, **rule)  # type: ignore[arg-type]


def _number(name: str, description: str, unit: str = "", **rule: object) -> Column:
    return Column(name, description, kind="number", unit=unit, **rule)  # type: ignore[arg-type]


def _amount(name: str, description: str, unit: str, **rule: object) -> Column:
    return _number(name, description, unit, minimum=0.0, **rule)


def _id(name: str, description: str) -> Column:
    return _text(name, description, required=True, filled=True)


PEDIGREE = (
    _text("reference", "keys of the references table, several split by ;"),
    _text("quality", "how the row's principal figure is known", words=QUALITIES),
    _number("low", "lower end of the row's principal figure, in its unit"),
    _number("high", "upper end of the row's principal figure, in its unit"),
    _text("note", "free text"),
)

_NODE_COLUMNS = (
    _id("id", "name of the node, unique over nodes and projects"),
    _text("label", "name for people", missing="the id stands in"),
    _text("stage", "place in the chain", required=True, filled=True, words=STAGES),
    _text("step", "word that refines the stage: mining, separation, metal, magnet"),
    _text("site", "nodes of one plant share a site and fall together", missing="the node is its own site"),
    _text("country", "ISO 3166-1 alpha-3", is_country=True),
    _text("region", "where no one country fits: EU27, other"),
    _text("operator", "firm that runs the node"),
    _text("owner", "firm that owns the node"),
    _text("owner_country", "country of the ultimate controlling owner, ISO 3166-1 alpha-3", is_country=True),
    _text("process", "key of the processes table", missing="everything passes through one to one"),
    _amount("capacity_tpa", "bound on main output or throughput", "t/yr", missing="no limit"),
    _number("unit_cost_usd_per_t", "cost of a tonne of main output or throughput", "USD/t", missing="0"),
    _number("latitude", "degrees north", "degree", minimum=-90.0, maximum=90.0),
    _number("longitude", "degrees east", "degree", minimum=-180.0, maximum=180.0),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "commodities",
            "What flows, and what a tonne of it counts.",
            (
                _id("id", "name of the commodity"),
                _text("label", "name for people", missing="the id stands in"),
                _text("basis", "what a tonne counts; tonnes of one basis may be added"),
                _number("price_usd_per_t", "price of a tonne", "USD/t", minimum=0.0),
                *PEDIGREE,
            ),
            key=("id",),
        ),
        Table(
            "nodes",
            "Mines, refiners, manufacturers, recyclers and end uses.",
            (*_NODE_COLUMNS, *PEDIGREE),
            key=("id",),
            required=True,
        ),
        Table(
            "processes",
            "Recipes: what a tonne of main output takes and gives besides.",
            (
                _id("process", "name of the process, as nodes.process has it"),
                _text("commodity", "what is taken or made", required=True, filled=True),
                _text("role", "how the commodity takes part", required=True, filled=True, words=ROLES),
                _number("t_per_t", "tonnes per tonne of main output", "t/t", above=0.0, required=True, filled=True),
                _text("group", "inputs of one group stand in for each other"),
                _number(
                    "max_share",
                    "most of the activity this input may carry",
                    "share",
                    minimum=0.0,
                    maximum=1.0,
                    missing="1",
                ),
                *PEDIGREE,
            ),
            key=("process", "commodity", "role"),
        ),
        Table(
            "edges",
            "Who ships what to whom.",
            (
                _id("source", "id of a node or project that ships"),
                _id("target", "id of a node or project that takes"),
                _text("commodity", "what is shipped", missing="the one unnamed commodity"),
                _amount("flow_tpa", "baseline flow", "t/yr"),
                _amount("capacity_tpa", "most that can be shipped", "t/yr", missing="no limit"),
                _number("cost_usd_per_t", "cost of shipping a tonne", "USD/t", missing="0"),
                _number("lag_months", "time in transit", "month", minimum=0.0, missing="0"),
                *PEDIGREE,
            ),
            required=True,
            foreign={"source": ("nodes", "projects"), "target": ("nodes", "projects")},
        ),
        Table(
            "demand",
            "What the end uses ask for, by tier.",
            (
                _id("node", "id of the node that asks"),
                _text("commodity", "what it asks for", missing="the one unnamed commodity"),
                _text(
                    "tier",
                    "who asks; the first tier is served first",
                    missing="taken after all tiers, never short",
                ),
                _amount("demand_tpa", "tonnes asked for", "t/yr", required=True, filled=True),
                _number("value_usd_per_t", "loss per tonne short", "USD/t", minimum=0.0),
                *PEDIGREE,
            ),
            key=("node", "commodity", "tier"),
            foreign={"node": ("nodes", "projects")},
        ),
        Table(
            "stocks",
            "Tonnes in store that may be drawn.",
            (
                _id("id", "name of the stock"),
                _text("holder", "who holds it"),
                _text("country", "where it lies, ISO 3166-1 alpha-3", is_country=True),
                _text("commodity", "what is in store", missing="the one unnamed commodity"),
                _amount("stock_t", "tonnes in store", "t", required=True, filled=True),
                _amount("release_tpa", "most that may be drawn in a year", "t/yr", missing="no limit"),
                _text("tiers", "tiers it is kept for, split by ;", missing="all tiers"),
                _text("node", "id of the node where it enters", missing="it cannot be drawn"),
                _amount(
                    "capacity_t", "most it can hold when it is filled again", "t", missing="it is never filled again"
                ),
                _amount("end_t", "least that is left at the end of the horizon", "t", missing="nothing need be left"),
                _number("holding_usd_per_t_a", "cost of holding a tonne for a year", "USD/t/yr", minimum=0.0),
                *PEDIGREE,
            ),
            key=("id",),
            foreign={"node": ("nodes", "projects")},
        ),
        Table(
            "projects",
            "Nodes that may be built.",
            (
                *_NODE_COLUMNS,
                Column(
                    "start_year",
                    "first year of output",
                    kind="integer",
                    unit="year",
                    minimum=1900,
                    maximum=2200,
                    missing="available in every year",
                ),
                _text("start", "first month of output, YYYY-MM", missing="January of start_year"),
                _number("ramp_years", "years from start to full output", "year", minimum=0.0, missing="0"),
                _amount("capex_musd", "cost to build", "USD million", missing="valued, never chosen"),
                _text("capex_also", "what else capex_musd pays for", missing="nothing"),
                _number("break_even_usd_per_t", "price at which the project pays", "USD/t", minimum=0.0),
                _text("backers", "countries or groups behind it, split by ;"),
                _text("status", "operating, building, decided or idle; other words, and none, count as undecided"),
                *PEDIGREE,
            ),
            key=("id",),
        ),
        Table(
            "stakes",
            "Who bears what part of a project: of its capex (capital, loan), of its output (offtake), of its risk.",
            (
                _id("project", "id of the project"),
                _id("party", "country, group or firm that holds it"),
                _text("kind", "what is held", required=True, filled=True, words=STAKES),
                _number(
                    "share",
                    "capital and loan: of the capex; offtake: of the output; guarantee and floor: of what they cover",
                    "share",
                    minimum=0.0,
                    maximum=1.0,
                    missing="capital, loan: an equal part of what is left, assumed; else nothing is bound",
                ),
                *PEDIGREE,
            ),
            key=("project", "party", "kind"),
            foreign={"project": ("nodes", "projects")},
        ),
        Table(
            "qualification",
            "How long a new relation takes before it may serve a tier.",
            (
                _id("commodity", "what is shipped"),
                _id("tier", "who is served"),
                _number("months", "time to qualify", "month", minimum=0.0, required=True, filled=True),
                *PEDIGREE,
            ),
            key=("commodity", "tier"),
        ),
        Table(
            "cover",
            "What users hold for themselves: weeks of their need, drawn first, in answers over time alone.",
            (
                _text("step", "step of the users", missing="any"),
                _text("node", "id of the user", missing="any"),
                _text("country", "where the users are: ISO 3166-1 alpha-3, or a group", missing="any"),
                _text("commodity", "what they hold", missing="all that they need"),
                _text("tier", "for whose need", missing="all"),
                _amount("weeks", "weeks of a year's need in store at the start", "week", required=True, filled=True),
                *PEDIGREE,
            ),
            key=("step", "node", "country", "commodity", "tier"),
            foreign={"node": ("nodes", "projects")},
        ),
        Table(
            "contracts",
            "Output that is bound to go to some countries first.",
            (
                _id("supplier", "id of the node or project whose output is bound"),
                _text("commodity", "what is bound", missing="its main output"),
                _text("for", "country or group that it is bound to", required=True, filled=True),
                _number(
                    "share",
                    "part of the output that is bound",
                    "share",
                    minimum=0.0,
                    maximum=1.0,
                    missing="as tpa says",
                ),
                _amount("tpa", "tonnes that are bound, up to the whole output", "t/yr", missing="as share says"),
                _text("until", "last day that it binds: YYYY, YYYY-MM or YYYY-MM-DD", missing="no end"),
                _text("binding", "how it binds", words=BINDING),
                *PEDIGREE,
            ),
            key=("supplier", "commodity", "for"),
            foreign={"supplier": ("nodes", "projects")},
        ),
        Table(
            "service",
            "Laws and arrangements by which a country's defence is served first.",
            (
                _text("country", "whose needs go first: ISO 3166-1 alpha-3, or a group", required=True, filled=True),
                _id("instrument", "law or arrangement"),
                _text("binding", "whether it ranks buyers, and by what", required=True, filled=True, words=BINDING),
                _text("from", "first day: YYYY, YYYY-MM or YYYY-MM-DD", missing="always"),
                _text("until", "last day: YYYY, YYYY-MM or YYYY-MM-DD", missing="no end"),
                _text("after", "what followed the last day, where a source says so", words=AFTER),
                *PEDIGREE,
            ),
            key=("country", "instrument"),
        ),
        Table(
            "rules",
            "Export controls, origin rules and duties with their dates; rows lie over those of every graph.",
            (
                _id("id", "name of the rule, as measures write it"),
                _text("title", "what it is", required=True, filled=True),
                _text("actor", "who made it, ISO 3166-1 alpha-3 or group"),
                _text("kind", "kind of rule", required=True, filled=True, words=KINDS_OF_RULE),
                _text("chains", "graphs that it touches, split by ;"),
                _text("announced", "day it was announced: YYYY, YYYY-MM or YYYY-MM-DD"),
                _text("in_force", "first day in force", missing="in force, unless it bears another date"),
                _text("until", "last day in force", missing="no end"),
                _text("suspended_from", "first day of a suspension", missing="none"),
                _text("suspended_to", "last day of a suspension", missing="none"),
                _text("after", "what followed the last of its ends, where a source says so", words=AFTER),
                _text("scope", "goods and destinations"),
                _text(
                    "bars_from",
                    "no new relation may begin there, split by ;: country, group, !CHN = outside",
                    missing="it bars none",
                ),
                _text("bars_to", "countries or groups in which none of these may end; !CHN = outside", missing="none"),
                _text("bars_commodity", "goods of these relations", missing="all"),
                _text("source", "keys of the references table, several split by ;"),
                _text("checked_on", "day on which the source was read"),
                _text("review_by", "day by which it should be read again"),
                _text("note", "free text"),
            ),
            key=("id",),
        ),
        Table(
            "hazards",
            "What may happen, how often, and what it does: between two rates, never at one.",
            (
                _id("id", "name of the hazard"),
                _text("label", "name for people", missing="the id stands in"),
                _text("effect", "name of a scenario, or where, nodes, or measures as TOML", missing="each is lost"),
                _text("each", "one hazard for each of these that the effect reaches", words=EACH, missing="it is one"),
                _amount("rate_low", "events in a year, low end", "1/year", missing="as count or share says"),
                _amount("rate_high", "events in a year, high end", "1/year", missing="as count or share says"),
                _amount("count", "events counted in the years: Garwood's exact 95 % interval", "events"),
                _number("years", "years in which they were counted", "year", above=0.0),
                _number("share_low", "part of the time out of action, low end", "share", minimum=0.0, maximum=1.0),
                _number("share_high", "part of the time out of action, high end", "share", minimum=0.0, maximum=1.0),
                _number("months_low", "how long it lasts, short end", "month", above=0.0, missing="no end seen"),
                _number("months_high", "how long it lasts, long end", "month", above=0.0, missing="no end seen"),
                _text("group", "hazards with a common cause besides their own"),
                _amount("group_rate_low", "common causes in a year, low end", "1/year", missing="not known"),
                _amount("group_rate_high", "common causes in a year, high end", "1/year", missing="not known"),
                *(column for column in PEDIGREE if column.name not in ("low", "high")),
            ),
            key=("id",),
        ),
        Table(
            "groups",
            "Sets of countries that may stand wherever countries are named.",
            (
                _id("group", "name of the set"),
                _text("country", "a member, ISO 3166-1 alpha-3", required=True, filled=True, is_country=True),
                *PEDIGREE,
            ),
            key=("group", "country"),
        ),
        Table(
            "owners",
            "Who stands behind whom.",
            (
                _id("owner", "firm"),
                _id("parent", "who holds a share of it: a firm or a country"),
                _number("share", "part held", "share", minimum=0.0, maximum=1.0, missing="control"),
                _text("from", "year or date since which it is held; no answer looks at it yet"),
                *PEDIGREE,
            ),
            key=("owner", "parent"),
        ),
        Table(
            "tiers",
            "The tiers of demand in their order, where the three usual ones do not fit.",
            (
                _id("tier", "name of the tier"),
                _number("rank", "place in the order, lowest first", required=True, filled=True),
                *PEDIGREE,
            ),
            key=("tier",),
        ),
        Table(
            "totals",
            "Published totals that the flows are held against.",
            (
                _text("step", "step of the chain", required=True, filled=True),
                _text("commodity", "what is counted"),
                _text("country", "whose total, ISO 3166-1 alpha-3; empty for the world", is_country=True),
                Column(
                    "year",
                    "year of the figure",
                    kind="integer",
                    unit="year",
                    minimum=1900,
                    maximum=2200,
                    required=True,
                    filled=True,
                ),
                _number("value", "the figure", "as unit says", required=True, filled=True),
                _text("unit", "t/yr or share", required=True, filled=True),
                *PEDIGREE,
            ),
            key=("step", "commodity", "country", "year", "unit"),
        ),
        Table(
            "figures",
            "Source and quality of figures that are not their row's principal one.",
            (
                _text("table", "table of the figure", required=True, filled=True),
                _text("key", "key of its row", required=True, filled=True),
                _text("column", "its column", required=True, filled=True),
                _number("value", "the figure"),
                *PEDIGREE,
            ),
            key=("table", "key", "column"),
        ),
        Table(
            "references",
            "Where the figures come from.",
            (
                _id("key", "name of the source"),
                _text("title", "title"),
                _text("publisher", "who published it"),
                _text("year", "year of publication"),
                _text("address", "where it can be found"),
                _text(
                    "grade",
                    "source class: 1 filings, official statistics, stoichiometry; 2 a company, trade body or "
                    "consultancy with a named origin; 3 a single press item, a copy, what is computed, a model, a page "
                    "without sources (A, B, C in older files are read as 1, 2, 3)",
                    words=SOURCE_CLASSES,
                    formerly=dict(zip("ABC", SOURCE_CLASSES, strict=True)),
                ),
            ),
            key=("key",),
        ),
    )
}
