"""The command that sets the published indices beside the losses, and the words of coverage for ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet.cli.common import Graph, Market, OneScenario, TableOutput, command, maybe_scenario, read_graph
from chainnet.cli.words import by_label, words
from chainnet.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.network import Network

PERIODS = ("2023", "2016-2020")


@command()
def indicators(
    graph: Graph,
    union: Annotated[
        str, typer.Option("--union", help="Whose mix and benchmarks: countries or groups, split by commas.")
    ] = "EU27",
    importer: Annotated[
        str, typer.Option("--importer", help="Whose GeoPolRisk: countries or a group as one importer.")
    ] = "USA",
    governance: Annotated[
        str, typer.Option("--governance", help="Years of the governance figures: 2023 or 2016-2020.")
    ] = "2023",
    trade: Annotated[
        list[str] | None,
        typer.Option("--trade", help="COUNTRY=t, trade parameter (1.1 to 1.5: export limits); may be repeated."),
    ] = None,
    eol_rir: Annotated[
        list[str] | None,
        typer.Option("--eol-rir", help="COMMODITY=share, recycling input rate, 0 to 1; may be repeated. Default: 0."),
    ] = None,
    substitution: Annotated[
        list[str] | None,
        typer.Option("--substitution", help="COMMODITY=index, 0 to 1; may be repeated. Default: 1, nothing stands in."),
    ] = None,
    scenario: OneScenario = None,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Set the published indices of every step beside the exact losses, and say where they disagree."""
    from chainnet.indicators import benchmarks, compare_indices, indices
    from chainnet.indicators import governance as figures

    if governance not in PERIODS:
        raise DataError(f'--governance: unknown period "{governance}"; one of {", ".join(PERIODS)}.')
    network = read_graph(graph)
    settings: dict[str, Any] = {
        "wgi": figures()[f"scaled_{governance.replace('-', '_')}"].dropna(),
        "trade": by_label(trade, "--trade", "COUNTRY=NUMBER") or None,
        "eol_rir": by_label(eol_rir, "--eol-rir", "COMMODITY=NUMBER"),
        "substitution": by_label(substitution, "--substitution", "COMMODITY=NUMBER"),
        "union": words(union) or [],
    }
    found = indices(network, importer=words(importer) or [], **settings)
    beside = compare_indices(
        network,
        scenario=maybe_scenario(network, scenario),
        **market.words,
        **settings,
    )
    tables = {
        "indicators": found,
        "disagreements": beside[beside["disagrees"]],
        "beside_losses": beside,
        "benchmarks": benchmarks(network, settings["union"]),
        "formulas": formula_table(found),
    }
    output.say(tables, None, found.attrs["provenance"], shown=("indicators", "disagreements"))


def formula_table(found: pd.DataFrame) -> pd.DataFrame:
    """Return formula and source of each index of a table."""
    import pandas as pd

    rows = [(name, *words) for name, words in found.attrs["formulas"].items()]
    return pd.DataFrame(rows, columns=["index", "formula", "source"])


def coverage_answer(network: Network) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the tables of coverage by name and its single figures, as ``check`` prints them."""
    from chainnet.indicators import coverage

    found = coverage(network)
    tables = found.tables()
    numbers = found.numbers()
    # a year bears no thousands separator
    numbers["as_of"] = f"{found.as_of:.0f}" if found.as_of == found.as_of else None
    return {"coverage": tables.pop("steps"), **tables}, numbers
