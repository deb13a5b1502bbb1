"""What stands behind an option: its help, its name, how it is read; and the options that several families take.

An option is a field of a command with ``Annotated``: its type in the shell (``Literal`` where only some words are
taken: any other is bad usage); its help; where it is not ``--`` and the
field's name, its name; where the question takes something else than the shell gives, the reader that makes it; and
``AtLeast`` for the smallest number allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from chainnet.cli.words import names, order, split_pairs, words

GRAPH = "Name of a shipped graph, or a folder or file."
SCENARIO = "Name of a shipped scenario or path of a TOML file"


class AtLeast(int):
    """The smallest number that an option takes."""


class Writes(tuple[str, ...]):
    """The suffixes that the name of what an option writes may have; "" = none."""


FOLDER = Writes(("",))
NETWORK = Writes(("", ".xlsx", ".graphml", ".gexf", ".json", ".csv", ".parquet"))
JSON = Writes((".json",))
BOOK = Writes((".xlsx",))
DRAWING = Writes((".html", ".svg", ".png"))
SVG = Writes((".svg",))
PICTURE = Writes((".svg", ".png"))


@dataclass(frozen=True)
class Option:
    """An option or an argument of a command, as its field says it."""

    kind: Any
    help: str | typer.models.ArgumentInfo
    name: str
    read: Callable[[Any, str], Any] | None
    least: int | None
    writes: Writes | None

    def typed(self, default: Any) -> tuple[Any, Any]:
        """Return the type and the default that typer reads."""
        if not isinstance(self.help, str):
            return Annotated[self.kind, self.help], default
        return self.kind, typer.Option(default, self.name, help=self.help, min=self.least)


def options_of(kind: type[Any]) -> dict[str, Option]:
    """Return the options of a command by field."""
    found: dict[str, Option] = {}
    for field, hint in get_type_hints(kind, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        shell, said, *more = get_args(hint)
        name = next((word for word in more if isinstance(word, str)), "--" + field.replace("_", "-"))
        least = next((part for part in more if isinstance(part, AtLeast)), None)
        writes = next((part for part in more if isinstance(part, Writes)), None)
        found[field] = Option(shell, said, name, next(filter(callable, more), None), least, writes)
    return found


Graph = Annotated[str, typer.Argument(metavar="GRAPH", help=GRAPH)]
Commodity = Annotated[str | None, "What counts: commodities, split by commas.", words]
Beneficiaries = Annotated[str | None, "Whose demand counts: countries or groups, split by commas.", names]
Scenario = Annotated[str, SCENARIO + "."]
OneScenario = Annotated[str | None, SCENARIO + "."]
Scenarios = Annotated[list[str] | None, SCENARIO + "; may be repeated.", "--scenario"]
Start = Annotated[str | None, "First month, such as 2027-01."]
Step = Annotated[int, "Most months of a period; one also ends where a measure or project begins, changes or ends."]
AsOf = Annotated[
    str | None, "Date at which the chain stands, such as 2027-06; base = its base year. Default: the date of the graph."
]
LaidRules = Annotated[Path | None, "CSV of rules with their dates, laid over those of the graph.", "--rules"]
Degree = Annotated[
    Literal["none", "existing", "new"], "How far flows may move: not, on existing links, or to new suppliers too."
]
MonthsDegree = Annotated[
    Literal["none", "existing", "new"],
    "How far flows may move: not, on existing links, or to new suppliers too (slow over months: a minute or more for a "
    "large chain).",
]
By = Annotated[str, "node, edge, site, country, operator, owner_country, step+country, ..."]
Valued = Annotated[
    Literal["allies_first", "allies_last", "alike"],
    "Who is served first: the beneficiaries, all others, or nobody. Not by law, as in other commands: no exact method.",
]
Order = Annotated[
    str | None,
    "Who is served first: law, allies_first, allies_last, alike (nobody), or a CSV file of stage, country, tier.",
    order,
]
Cover = Annotated[
    Literal["none", "low", "stated", "high"], "What users hold for themselves, at which end of its range."
]
Rush = Annotated[
    Literal["none", "low", "stated", "high"], "What was bought ahead of licences that were announced, at which end."
]
Requalify = Annotated[
    Literal["table", "none"], "Whether goods that two countries traded before are qualified anew, with --reroute new."
]
Tier = Annotated[str | None, "What this tier loses, if served first."]
ByYear = Annotated[int | None, "Projects at the size they have in this year."]
Projects = Annotated[list[str] | None, "Only these projects; may be repeated. Default: all.", "--project"]
RENAMES = "is not of the form OLD=NEW: a column as it stands, and a column of the tables."


def _renames(given: Sequence[str], option: str) -> dict[str, str]:
    return split_pairs(given, option, RENAMES, "is given twice.")


def _mark(text: str, option: str) -> str:
    """Read a separator; a tab may be written as two characters."""
    return {"\\t": "\t", "tab": "\t"}.get(text, text)


Source = Annotated[str | None, "Nodes where goods come from, split by commas; all else passes on.", words]
Sink = Annotated[str | None, "Nodes that take the goods, split by commas.", words]
TwoWay = Annotated[bool, "Every edge is open both ways."]
Rename = Annotated[list[str] | None, "OLD=NEW, a column or attribute by another name; may be repeated.", _renames]
IgnoreUnknown = Annotated[bool, "Leave out columns and attributes that no table knows, and say which."]
CountryNames = Annotated[bool, "Take names of countries for their codes, and say which."]
Separator = Annotated[str, 'Between the cells of CSV files, such as ";", which reads decimal commas too.', _mark]
Decimal = Annotated[
    Literal[".", ","] | None, "Decimal mark of numbers that are text; the other one then marks thousands."
]
Sheet = Annotated[str | None, "Sheet of a workbook; default the only one."]
Header = Annotated[str | None, "Row of the heads, or their rows, such as 4-5; chainnet look FILE finds them."]
WithoutRows = Annotated[str, "Rows that are left out, such as totals: 12,30-32, as a spreadsheet counts them."]
Unit = Annotated[
    Literal["t", "kg", "g", "kt", "Mt", "lb", "short_ton", "long_ton"] | None, "Unit of the weights; default t."
]
FillDown = Annotated[bool, "A blank end of a flow is the one that stands above it."]
AnySize = Annotated[bool, "Read it however large it is; for a file that you know."]
Form = Literal["table", "csv", "json"]
Kind = Literal["table", "csv", "json", "md", "html"]
ANSWER = Writes(("", ".json", ".csv", ".txt"))
PAGE = Writes((*ANSWER, ".html", ".md"))
# what an answer is written as, by the name of its file
BY_SUFFIX: dict[str, Kind] = {".html": "html", ".md": "md", ".csv": "csv", ".json": "json", ".txt": "table"}
FORM_BY_SUFFIX: dict[str, Form] = {".csv": "csv", ".json": "json", ".txt": "table"}
Format = Annotated[Form, "Of the answer.", "--format"]
Table = Annotated[str | None, "Which table to print as table or csv."]
