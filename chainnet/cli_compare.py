"""The command that sets two graphs side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from chainnet.cli_common import Beneficiaries, Commodity, Form, Out, TableName, app, read_graph, say, words


@app.command()
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="Name of a shipped graph, or a folder or file.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same, as it is now.")],
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", help="Scenario whose change is traced, or undisturbed; default that which changed most."
        ),
    ] = None,
    commodity: Commodity = None,
    beneficiaries: Beneficiaries = None,
    form: Form = "table",
    out: Out = None,
    table: TableName = None,
) -> None:
    """Say what changed between two graphs, in inputs and in answers, and which input moved the answer."""
    from chainnet.assessment_compare import compare as run
    from chainnet.cli_output import Answer

    found = run(
        read_graph(before),
        read_graph(after),
        scenario=scenario,
        commodity=words(commodity),
        beneficiaries=words(beneficiaries),
    )
    heads = {f"{i}": sentence for i, sentence in enumerate(found.words, start=1)}
    say(Answer(found.tables(), heads, found.provenance, shown=("answers", "causes", "rows")), form, out, table)
