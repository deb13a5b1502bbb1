"""The commands that ask a question of a graph."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from chainnet.cli.common import (
    Beneficiaries,
    Degree,
    Graph,
    Market,
    OneScenario,
    Output,
    TableOutput,
    Verify,
    command,
    maybe_scenario,
    read_graph,
    say_verified,
)
from chainnet.cli.words import by_label, words


@command()
def flow(
    graph: Graph,
    commodity: Annotated[str | None, typer.Option("--commodity", help="Cut out the market of one commodity.")] = None,
    beneficiaries: Beneficiaries = None,
    *,
    output: TableOutput,
    verify: Verify = False,
) -> None:
    """Find the largest tonnage that can be served, and the cut that bounds it."""
    from chainnet.flow import max_flow

    found = max_flow(read_graph(graph), commodity, beneficiaries=words(beneficiaries), verify=verify)
    say_verified(found.certificate, verify)
    numbers = {"value_tpa": found.value_tpa, "is_unique": found.is_unique, "certificate": found.certificate}
    output.say({"cut": found.cut, "nodes": found.nodes, "edges": found.edges}, numbers, found.provenance)


@command()
def chokepoints(
    graph: Graph,
    by: Annotated[
        str, typer.Option("--by", help="node, edge, site, country, operator, owner_country, step+country, ...")
    ] = "node",
    top: Annotated[int | None, typer.Option("--top", help="Only the first rows.")] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="What this tier loses, could it come first.")] = None,
    centrality: Annotated[bool, typer.Option("--centrality", help="Fill betweenness for comparison.")] = False,
    scenario: OneScenario = None,
    reroute: Degree = "existing",
    *,
    market: Market,
    output: Output,
    verify: Verify = False,
) -> None:
    """Rank what the network can least do without: the exact loss of each node, edge or group."""
    from chainnet.criticality import chokepoints as ask

    network = read_graph(graph)
    found = ask(
        network,
        by,
        top,
        tier,
        centrality,
        scenario=maybe_scenario(network, scenario),
        reroute=reroute,
        **market.words,
        verify=verify,
    )
    if verify:
        print("verified: a second solver finds the same value and the same largest losses", file=sys.stderr)
    source = found.attrs["provenance"]
    numbers = {"base_tpa": source["settings"]["base_tpa"]}
    for name, value in found.attrs.get("rank_correlation", {}).items():
        numbers[f"rank correlation of {name} with loss"] = value
    output.say({"chokepoints": found}, numbers, source)


@command()
def interdict(
    graph: Graph,
    k: Annotated[float, typer.Option("--k", help="Most removals; with --cost the budget.")],
    by: Annotated[str, typer.Option("--by", help="node, edge, site, country, ... as in chokepoints.")] = "node",
    protect: Annotated[list[str] | None, typer.Option("--protect", help="Cannot be removed; may be repeated.")] = None,
    cost: Annotated[
        list[str] | None, typer.Option("--cost", help="LABEL=COST of a removal (others cost 1); may be repeated.")
    ] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="What this tier loses, could it come first.")] = None,
    details: Annotated[bool, typer.Option("--details", help="Other optimal attacks, and pairs inside a step.")] = False,
    scenario: OneScenario = None,
    reroute: Degree = "existing",
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for the search.")] = 60.0,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Find the k losses at once that hurt most, exactly."""
    import pandas as pd

    from chainnet.criticality import interdict as ask

    network = read_graph(graph)
    prices = by_label(cost, "--cost", "LABEL=NUMBER") if cost else None
    found = ask(
        network,
        k,
        by,
        prices,
        [_edge(word) if by == "edge" else word for word in protect or ()],
        tier,
        details=details,
        scenario=maybe_scenario(network, scenario),
        reroute=reroute,
        **market.words,
        time_limit_s=time_limit,
    )
    sets = [("optimal", found.removed), *(("tie", tie) for tie in found.ties or ()), ("greedy", found.greedy)]
    rows = [(kind, " + ".join(_word(member) for member in members)) for kind, members in sets]
    tables = {"attacks": pd.DataFrame(rows, columns=["kind", "removed"]), "pairs": found.pairs}
    numbers = {
        **found.numbers(),
        "is_unique": None if found.ties is None else not found.ties,
        "certificate": found.certificate,
    }
    output.say(tables, numbers, found.provenance, shown=("attacks", "pairs") if details else ("attacks",))


def _word(member: Any) -> str:
    return " -> ".join(member) if isinstance(member, tuple) else str(member)


def _edge(word: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in word.split("->" if "->" in word else ","))


@command()
def shapley(
    graph: Graph,
    by: Annotated[str, typer.Option("--by", help="As in chokepoints.")] = "country",
    tier: Annotated[str | None, typer.Option("--tier", help="What this tier loses, could it come first.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random orders, beyond 12 players.")] = 0,
    scenario: OneScenario = None,
    *,
    market: Market,
    output: Output,
) -> None:
    """Share the loss that all together would cause fairly among countries, owners or nodes."""
    from chainnet.criticality import shapley as ask

    network = read_graph(graph)
    found = ask(network, by, tier=tier, seed=seed, scenario=maybe_scenario(network, scenario), **market.words)
    output.say({"shapley": found}, None, found.attrs["provenance"])


@command()
def fortify(
    graph: Graph,
    k: Annotated[int, typer.Option("--k", help="Nodes that the attacker removes.")],
    budget: Annotated[float, typer.Option("--budget", help="What the defence may cost, USD million.")],
    protect: Annotated[
        list[str] | None, typer.Option("--protect", help="NODE=USD million to protect it; may be repeated.")
    ] = None,
    build: Annotated[
        list[str] | None,
        typer.Option("--build", help="Project to build at its capex; may be repeated. Default: all with capex."),
    ] = None,
    tier: Annotated[str | None, typer.Option("--tier", help="Whom the defence is for, could it come first.")] = None,
    *,
    market: Market,
    output: TableOutput,
) -> None:
    """Choose what to protect or build so that the worst k removals hurt least."""
    from chainnet.criticality import fortify as ask

    network = read_graph(graph)
    projects = network.projects
    names = (
        build if build is not None else ([] if protect else list(projects.loc[projects["capex_musd"].notna(), "id"]))
    )
    options: dict[str, float | None] = {**dict.fromkeys(names), **by_label(protect, "--protect", "LABEL=NUMBER")}
    found = ask(network, k, budget, options, tier=tier, **market.words)
    numbers = {
        **found.numbers(),
        "attack": list(found.attack),
        "before_attack": list(found.before_attack),
        "certificate": found.certificate,
    }
    output.say(found.tables(), numbers, found.provenance)


@command()
def balance(
    graph: Graph,
    scenario: OneScenario = None,
    reroute: Degree = "existing",
    others: Annotated[
        Any, typer.Option("--others", help="after or before: when the others are served.", parser=str)
    ] = "after",
    fair: Annotated[bool, typer.Option("--fair", help="Equal fractions inside a tier.")] = False,
    *,
    market: Market,
    output: TableOutput,
    verify: Verify = False,
) -> None:
    """Serve demand tier by tier with the least shortfall, then at least cost."""
    from chainnet.flow import balance as ask

    network = read_graph(graph)
    found = ask(
        network,
        maybe_scenario(network, scenario),
        reroute,
        others=others,
        fair=fair,
        **market.words,
        verify=verify,
    )
    say_verified(found.certificate, verify)
    tables = {"tiers": found.by_tier(), **found.tables()}
    numbers = {"cost_usd": found.cost_usd, "certificate": found.certificate}
    output.say(tables, numbers, found.provenance, shown=("tiers", "demand"))


@command()
def concentration(
    graph: Graph,
    by: Annotated[str, typer.Option("--by", help="Column of nodes that names the holder.")] = "country",
    *,
    output: Output,
) -> None:
    """Say who holds how much of what each step makes."""
    from chainnet.indicators import concentration as ask

    found = ask(read_graph(graph), by)
    output.say({"concentration": found}, None, found.attrs["provenance"])
