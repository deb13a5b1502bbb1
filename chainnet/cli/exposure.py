"""The command that says what each loss costs until it is back, and how long it can be borne."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainnet.cli.common import (
    Degree,
    Graph,
    Market,
    OneScenario,
    TableOutput,
    Verify,
    command,
    maybe_scenario,
    read_graph,
)
from chainnet.cli.words import number
from chainnet.errors import DataError

if TYPE_CHECKING:
    from chainnet.network import Network

DEFAULT = 1.0


@command()
def exposure(
    graph: Graph,
    recovery: Annotated[
        list[str] | None,
        typer.Option(
            "--recovery",
            help="Periods until it is back: X for all, ID=X (may be repeated), or FILE.csv with columns id, periods. "
            "What is not named recovers at once; without the option everything takes 1 period.",
        ),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="node, edge, site, country, operator, owner_country, step+country, ...")
    ] = "node",
    top: Annotated[int | None, typer.Option("--top", help="Only the first rows.", min=1)] = None,
    scenario: OneScenario = None,
    reroute: Degree = "existing",
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Also write a plot of spend (or flow) against cost: F.svg.")
    ] = None,
    *,
    market: Market,
    output: TableOutput,
    verify: Verify = False,
) -> None:
    """Say what each loss costs until it is back, and how long it can be borne (risk exposure index)."""
    from chainnet.criticality import risk_exposure

    if plot is not None and plot.suffix.lower() != ".svg":
        raise DataError(f"--plot: {str(plot)!r} is not the name of an SVG; end it in .svg.")
    network = read_graph(graph)
    found = risk_exposure(
        network,
        _recovery(recovery, by),
        by,
        scenario=maybe_scenario(network, scenario),
        reroute=reroute,
        **market.words,
        verify=verify,
    )
    if verify:
        print("verified: a second solver finds the same largest costs and times to survive", file=sys.stderr)
    source = found.attrs["provenance"]
    late = int((found["gap"] > 0).sum())
    numbers: dict[str, Any] = {
        "recovery": _said(recovery, source["settings"]["recovery"]),
        "a tonne lost counts": source["settings"]["value"],
        "recover too late": f"{late} of {len(found)}",
    }
    for name, value in found.attrs["rank_correlation"].items():
        numbers[f"rank correlation of {name} with cost"] = value
    if plot is not None:
        from chainnet.drawing import exposure_svg
        from chainnet.io import write_file

        write_file(plot, exposure_svg(found, _labels(network, by)).encode())
        print(f"written: {plot}", file=sys.stderr)
        numbers["plot"] = str(plot)
    shown = found if top is None else found.head(top)
    output.say({"exposure": shown}, numbers, source)


def _said(given: list[str] | None, used: Any) -> str:
    """Say which recovery times were used, and whether anybody chose them."""
    if not given:
        return f"{DEFAULT:g} period for all (default; give --recovery)"
    if used == "by row":
        return "as given by row, 0 periods for the rest"
    return f"{used:g} period{'' if used == 1 else 's'} for all"


def _labels(network: Network, by: str) -> dict[Any, str]:
    """Return the names by which people know what drops out."""
    if by != "node":
        return {}
    named = network.nodes[["id", "label"]].dropna()
    return {name: label for name, label in named.itertuples(index=False) if label}


def _recovery(given: list[str] | None, by: str) -> float | Mapping[Any, float]:
    """Read X, ID=X or FILE.csv; a label of several columns is split by commas."""
    if not given:
        return DEFAULT
    if len(given) == 1 and "=" not in given[0]:
        word = given[0]
        return _file(Path(word), by) if word.lower().endswith(".csv") else _number(word, word)
    out: dict[Any, float] = {}
    for word in given:
        label, sign, periods = word.rpartition("=")
        if not sign:
            raise DataError(f'--recovery: "{word}" stands beside others; one X or one FILE.csv alone, or ID=X each.')
        _put(out, _key(label, by), _number(periods, word), f'"{label}"')
    return out


def _file(path: Path, by: str) -> dict[Any, float]:
    """Read a file of two columns; ids stay text."""
    from chainnet.io import parse_csv, read_text

    records = parse_csv(read_text(path, path.name), path.name)
    if records.faults:
        raise DataError(faults=records.faults)
    if records.header != ["id", "periods"]:
        raise DataError(f"--recovery: the columns of {path.name} are {', '.join(records.header)}; write id, periods.")
    out: dict[Any, float] = {}
    for line, (label, periods) in zip(records.lines, records.rows, strict=True):
        said = f"{path.name} row {line}"
        _put(out, _key(label, by), _number(periods, f"{said}, {label}: {periods}"), f'"{label}" in {said}')
    return out


def _key(label: str, by: str) -> Any:
    """Return an index value: a pair for edges and for labels that are combined."""
    return tuple(part.strip() for part in label.split(",")) if by == "edge" or "+" in by else label


def _put(out: dict[Any, float], key: Any, periods: float, said: str) -> None:
    if key in out:
        raise DataError(f"--recovery: {said} is given twice. Give one number of periods for each.")
    out[key] = periods


def _number(text: str, word: str) -> float:
    rule = "is not allowed; give X, ID=X or FILE.csv, where X is a number of periods."
    return number(text, f'--recovery: "{word}" {rule}')
