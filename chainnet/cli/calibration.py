"""The command that rebuilds a chain from totals and known relations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from chainnet.cli.common import Form, Output, TableName, command


@command()
def calibrate(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Folder that holds calibration/, or the name of a shipped graph.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the whole graph to this folder instead of into FOLDER.")
    ] = None,
    method: Annotated[
        str, typer.Option("--method", help="ras: nearest to the weights of the relations; entropy: without them.")
    ] = "ras",
    slack: Annotated[
        float | None,
        typer.Option("--slack", help="Capacity of an inferred relation over its flow; default as in settings.toml."),
    ] = None,
    trade: Annotated[
        Path | None,
        typer.Option(
            "--trade",
            help="CSV of customs reports (exporter, importer, commodity, reported_export, reported_import, ...): "
            "both sides are made one figure and held against the flows found, in the table trade.",
        ),
    ] = None,
    reexports: Annotated[
        bool, typer.Option("--reexports", help="Trace the goods of --trade through countries that only pass them on.")
    ] = False,
    form: Form = "table",
    table: TableName = None,
) -> None:
    """Make baseline flows from totals and known relations, and say how far they are from published totals.

    Into FOLDER go edges.csv, datapackage.json and the tables whose hand-written form lies in
    calibration/. A shipped graph named by its name is only compared, unless --out is given.
    """
    from chainnet.calibration import calibrate_folder, compare_trade, read_trade, write_rebuilt
    from chainnet.errors import DataError

    if reexports and trade is None:
        raise DataError("--reexports: there is no trade to trace. Give --trade FILE.")
    rebuilt = calibrate_folder(folder, method=method, slack=slack)
    found, proof = rebuilt.found, rebuilt.found.certificate
    change = rebuilt.change()
    numbers = {
        "graph": found.network.name,
        "nodes": len(found.nodes),
        "relations": len(found.edges),
        "of these inferred": int((found.edges["quality"] == "inferred").sum()),
        "largest error of a balance": proof.balance_error,
        "largest error of a figure": max(proof.margin_error, proof.observed_error),
    }
    if change is not None:
        numbers["largest change of a flow, t/a"] = change
    tables = {"gaps": found.gaps, "amounts": found.amounts, "edges": found.edges}
    if trade is not None:
        network = found.network
        reports = read_trade(trade)
        tables["trade"] = compare_trade(network.edges, network.nodes, reports, reexports=reexports, file=trade.name)
    if out is not None or not rebuilt.is_shipped:
        print(f"written: {write_rebuilt(rebuilt, out)}", file=sys.stderr)
    else:
        print("nothing written: give --out, or the path of the folder", file=sys.stderr)
    shown = ("gaps", "amounts") if trade is None else ("gaps", "trade")
    Output(form, table=table).say(tables, numbers, found.provenance, shown)
