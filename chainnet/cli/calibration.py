"""The command that rebuilds a chain from totals and existing links."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from chainnet.cli import options as opt
from chainnet.cli.common import Form, command
from chainnet.errors import DataError


@command(like="calibration.calibrate", example="calibrate gallium")
class Calibrate(Form):
    """Make baseline flows from totals and existing links.

    And show how far they are from published totals. Into FOLDER go edges.csv, datapackage.json and the tables whose
    hand-written form lies in calibration/. A shipped graph named by its name is only compared, unless --out is
    given.
    """

    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Folder that holds calibration/, or the name of a shipped graph.")
    ]
    into: Annotated[
        Path | None, "Write the whole graph to this folder instead of into FOLDER.", "--out", opt.FOLDER
    ] = None
    method: Annotated[
        Literal["ras", "entropy"], "ras: nearest to the weights of the relations; entropy: without them."
    ] = "ras"
    slack: Annotated[float | None, "Capacity of an inferred relation over its flow; default as in settings.toml."] = (
        None
    )
    trade: Annotated[
        Path | None,
        "CSV of customs reports (exporter, importer, commodity, reported_export, reported_import, ...): "
        "both sides are made one figure and held against the flows found, in the table trade.",
    ] = None
    reexports: Annotated[bool, "Trace the goods of --trade through countries that only pass them on."] = False
    form: opt.Format = "table"
    table: opt.Table = None

    def _run(self) -> None:
        from chainnet.calibration import calibrate_folder, compare_trade, read_trade, write_rebuilt

        trade = self.trade
        if self.reexports and trade is None:
            raise DataError("--reexports: there is no trade to trace. Give --trade FILE.")
        rebuilt = calibrate_folder(self.folder, method=self.method, slack=self.slack)
        found, proof, change = rebuilt.found, rebuilt.found.certificate, rebuilt.change()
        numbers = {
            "graph": found.network.name,
            "nodes": len(found.nodes),
            "relations": len(found.edges),
            "of these inferred": int((found.edges["quality"] == "inferred").sum()),
            "largest error of a balance": proof.balance_error,
            "largest error of a figure": max(proof.margin_error, proof.observed_error),
            **({} if change is None else {"largest change of a flow, t/yr": change}),
        }
        tables = {"gaps": found.gaps, "amounts": found.amounts, "edges": found.edges}
        if trade is not None:
            given = found.network.edges, found.network.nodes, read_trade(trade)
            tables["trade"] = compare_trade(*given, reexports=self.reexports, file=trade.name)
        if self.into is not None or not rebuilt.is_shipped:
            print(f"written: {write_rebuilt(rebuilt, self.into)}", file=sys.stderr)
        else:
            print("nothing written: give --out, or the path of the folder", file=sys.stderr)
        self.say(found, tables, numbers, ("gaps", "amounts" if trade is None else "trade"))
