"""The commands on trade tables: a chain from them, and a graph brought to newer ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Form, Question, command
from chainnet.cli.words import split_pairs
from chainnet.errors import DataError

Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="As downloaded: BACI, UN Comtrade, USGS, or a table.")
]
ProductsGiven = Annotated[
    list[str] | None,
    "CODE=CONTENT, with :COMMODITY and :RECOVERY behind it where there are several; may be repeated.",
    "--product",
]
ProductsFile = Annotated[Path | None, "CSV of products: code, commodity, content, recovery, ...", "--products"]
Kind = Annotated[str | None, "Words of the type of production in the USGS file, such as mine or refinery."]
Material = Annotated[str | None, "Commodity in the USGS file, such as Cobalt."]


def _products(given: list[str] | None, path: Path | None) -> Any:
    """Return the products of repeated ``CODE=CONTENT:COMMODITY:RECOVERY``, or of a file."""
    if path is not None and given:
        raise DataError("--product: stands beside --products. Give one of the two.")
    if path is not None:
        return path
    found: dict[str, dict[str, str]] = {}
    for text in given or []:
        code, _, said = (part.strip() for part in text.partition("="))
        if not code or not said or code in found:
            raise DataError(f'--product: "{text}": write CODE=CONTENT, each code once, such as 2605=0.08:ore.')
        keys = dict(zip(("content", "commodity", "recovery"), said.split(":"), strict=False))
        found[code] = {key: value.strip() for key, value in keys.items() if value.strip()}
    return found


def _countries(given: list[str], option: str) -> dict[str, str]:
    return split_pairs(given, option, "is not of the form NAME=CODE.", "is given twice.")


Countries = Annotated[
    list[str] | None, "NAME=CODE, what stands for a country; may be repeated.", "--country", _countries
]
# where in a file the table stands, and how its cells are read
_PLACED = ("sheet", "header", "without_rows", "rename", "unit", "countries", "separator", "decimal", "fill_down")


# lines that make the files of examples
TRADE = "printf 't,i,j,k,v,q\\n2022,180,156,260500,9,1500\\n2022,36,392,260500,2,100\\n' > BACI_2022.csv"
_NEWER = "printf 't,i,j,k,v,q\\n2023,180,156,260500,9,1700\\n2023,36,392,260500,2,90\\n' > BACI_2023.csv"
_CHAIN = "from-trade BACI_2022.csv --product 2605=0.08:ore --out cobalt"


@command(name="from-trade", like="calibration.from_trade", first=(TRADE,), example=_CHAIN)
class FromTrade(Form):
    """Make a chain from bilateral trade by product code.

    And list all that was supposed and every gap. Each product code has the content of the material in a gross
    tonne; several commodities stand in their order along the chain: --product 2605=0.08:ore --product
    810520=1:metal:0.9.
    """

    files: Files
    product: ProductsGiven = None
    products: ProductsFile = None
    production: Annotated[str | None, "USGS file as downloaded, or CSV with country and value (contained t)."] = None
    use: Annotated[str | None, "CSV with country and value (contained t); default what stays."] = None
    year: Annotated[int | None, "Where the files hold several."] = None
    material: Material = None
    kind: Kind = None
    tier: Annotated[str, "Of all demand."] = "civilian"
    beneficiaries: opt.Beneficiaries = None
    slack: Annotated[float, "Capacity of a relation over its flow."] = 1.5
    utilisation: Annotated[float, "Output over capacity of every maker."] = 0.8
    sheet: opt.Sheet = None
    header: opt.Header = None
    without_rows: opt.WithoutRows = ""
    rename: opt.Rename = None
    unit: opt.Unit = None
    countries: Countries = None
    separator: opt.Separator = ","
    decimal: opt.Decimal = None
    fill_down: opt.FillDown = False
    name: Annotated[str, "Name of the graph."] = "trade"
    folder: Annotated[Path | None, "Write the graph to this folder.", "--out", opt.FOLDER] = None
    table: opt.Table = None

    def _run(self) -> None:
        from chainnet.calibration import from_trade
        from chainnet.io import write

        production = (self.production, self.kind) if self.production and self.kind else self.production
        found = from_trade(
            self.files, production, self.use, products=_products(self.product, self.products), year=self.year,
            material=self.material, tier=self.tier, beneficiaries=self.given("beneficiaries"),
            slack=self.slack, utilisation=self.utilisation, name=self.name,
            **{name: self.given(name) for name in _PLACED},
        )  # fmt: skip
        net = found.network
        numbers = {"graph": net.name, "year": net.year, "nodes": len(net.nodes), "relations": len(net.edges)}
        numbers |= found.numbers()
        if self.folder is not None:
            print(f"written: {write(net, self.folder)}", file=sys.stderr)
        self.say(found, numbers=numbers, shown=("assumptions", "gaps"))


@command(
    name="refresh",
    like="calibration.refresh",
    first=(TRADE, f"chainnet {_CHAIN}", _NEWER),
    example="refresh cobalt BACI_2023.csv --product 2605=0.08:ore",
)
class Refresh(Question, Form):
    """Bring a graph to newer USGS or BACI figures.

    And show what moved in inputs, and how the answers moved, by input. A figure moves by what the statistic itself
    says has changed since the year of the graph, where the files hold that year too; else by its difference from
    the graph's own figure.
    """

    graph: opt.Graph
    files: Files
    product: ProductsGiven = None
    products: ProductsFile = None
    material: Material = None
    kind: Kind = None
    step: Annotated[str | None, "Step or stage of the graph that the production is of; default by the kind."] = None
    year: Annotated[int | None, "Of the new figures; default the last."] = None
    capacity: Annotated[
        Literal["follow", "keep"], "Whether capacities change as output does, or stay where it fits in."
    ] = "follow"
    scenario: Annotated[str | None, "Scenario whose change is traced; default that which changed most."] = None
    folder: Annotated[Path | None, "Write the refreshed graph to this folder.", "--out", opt.FOLDER] = None
    table: opt.Table = None

    def _run(self) -> None:
        from chainnet.assessment import compare
        from chainnet.calibration import refresh
        from chainnet.io import write

        products = _products(self.product, self.products)
        found = refresh(
            self.network, self.files, material=self.material, kind=self.kind, step=self.step, products=products or None,
            year=self.year, capacity=self.capacity,
        )  # fmt: skip
        moved = compare(self.network, found.network, scenario=self.scenario)
        tables = {**found.tables(), **moved.tables()}
        numbers = {str(i): sentence for i, sentence in enumerate(moved.words, start=1)}
        if self.folder is not None:
            print(f"written: {write(found.network, self.folder)}", file=sys.stderr)
        self.say(moved, tables, numbers, ("moved", "left", "answers", "causes", "rows"))
