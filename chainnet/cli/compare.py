"""The command that sets two graphs side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from chainnet.cli.common import Market, TableOutput, command, read_graph


@command()
def compare(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="Name of a shipped graph, or a folder or file.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The same, as it is now.")],
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", help="Scenario whose change is traced, or undisturbed; default that which changed most."
        ),
    ] = None,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Say what changed between two graphs, in inputs and in answers, and which input moved the answer."""
    from chainnet.assessment import compare as run

    found = run(read_graph(before), read_graph(after), scenario=scenario, **market.words)
    heads = {f"{i}": sentence for i, sentence in enumerate(found.words, start=1)}
    output.say(found.tables(), heads, found.provenance, shown=("answers", "causes", "rows"))
