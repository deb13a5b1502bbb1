"""The chain in one strip: what reaches the counted demand, step by step and country by country, and what is lost of it.

Words: *bottleneck* (the step of a country outside the beneficiaries whose loss costs most), *traced* (part of a flow
that ends in the counted demand; what is mixed at a plant is divided in proportion).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from chainnet.drawing import OTHER_COLOUR, country_colours
from chainnet.reporting import canvas as fig
from chainnet.reporting.facts import Facts, once
from chainnet.reporting.model import ReportFigure
from chainnet.reporting.order import table_id
from chainnet.reporting.others import order_of
from chainnet.results import Ends
from chainnet.words import NBSP, NO_DATA, Who, country_name, first_capital, in_sentence, join, number, percent

OTHER = "other"
MOST_STEPS = 5
FEW_STEPS = 4  # where there are more, those that do not pass the bottleneck are left out
CLOSE = 1  # decimals of a concentration: closer ones are equal
PALE = 0.16  # how much of its colour what is lost keeps
BLOCK, GAP = 0.13, 0.012  # a block's width in columns, the white between two blocks in heights
LABELLED = 0.065  # least height of a block that bears its name
BENDS = 24
LONGEST = 26  # letters of the name of two steps
LETTERS = 104  # small ones that stand in the figure's width
HATCH = "/////"
ENDS = ["step", "code", "to_step", "to_code"]


# -- the bottleneck, the places -----------------------------------------------------------------------


@once
def bottlenecks(facts: Facts) -> tuple[list[tuple[str, str]], str]:
    """Return the steps of countries outside the beneficiaries whose loss costs most, and whom: several where they tie.

    Where none costs the leading tier anything, what all tiers lose decides.
    """
    for whom in dict.fromkeys((facts.lead_tier, Who.of(None))):
        bottleneck = facts.bottleneck(whom)
        if bottleneck.lost_tpa > 0:
            places = [(bottleneck.step, bottleneck.country), *bottleneck.tied_with]
            return sorted(places, key=lambda place: facts.place_of_step(place[0])), whom
    return [], ""


def _codes(facts: Facts) -> pd.Series:
    return facts.network.places.fillna(NO_DATA)


# -- which steps and goods ----------------------------------------------------------------------


def _edges(facts: Facts) -> pd.DataFrame:
    """Return the relations with the step and place of either end, and their flow before and under the scenario."""
    edges, things = facts.network.edges, facts.things
    known = edges["flow_tpa"].notna().any()
    base = edges["flow_tpa"].fillna(0.0) if known else facts.a.base.edges["flow_tpa"]
    after = facts.a.disrupted.edges["flow_tpa"] if facts.a.disrupted else base
    named = edges[["source", "target"]].assign(
        commodity=edges["commodity"].fillna(""), base=base.to_numpy(float), after=after.to_numpy(float)
    )
    ends = {"step": "source", "to_step": "target"}
    named = named.assign(**{column: named[end].map(things["step"]) for column, end in ends.items()})
    code = _codes(facts)
    named = named.assign(code=named["source"].map(code), to_code=named["target"].map(code))
    # an end use that hands on, such as a maker of cells, is a step
    users = set(facts.network.nodes.loc[facts.network.nodes["stage"] == "end_use", "id"]) - set(edges["source"])
    return named.assign(is_end=named["target"].isin(users | set(facts.network.demand["node"])))


def _steps(facts: Facts, edges: pd.DataFrame) -> list[str]:
    """Return the steps from the mine to the last that hands on; without those that do nothing but collect scrap."""
    collects = (facts.things["stage"] == "recycler").groupby(facts.things["step"]).all()
    recyclers = set(collects.index[collects])
    late = sorted(set(edges["step"]) - set(facts.steps) - recyclers)
    return [*(step for step in facts.steps if step not in recyclers), *late]


def _ends(facts: Facts) -> pd.DataFrame:
    """Return of each end use and good that count: tier, and its part of what is asked there and served."""
    keys = ["node", "commodity"]
    tables = {"base": (facts.a.base, "demand_tpa"), "after": (facts.a.disrupted or facts.a.base, "served_tpa")}
    found = []
    for name, (answer, column) in tables.items():
        demand = answer.demand
        demand = Who.named(demand).assign(commodity=demand["commodity"].fillna(""))
        whole = demand.groupby(keys)[column].transform("sum")
        kept = demand["is_counted"] & demand["is_beneficiary"]
        part = (demand[column] / whole.where(whole > 0)).fillna(0.0)
        found.append(demand.assign(part=part)[kept].groupby([*keys, "tier"])["part"].sum().rename(name))
    return pd.concat(found, axis=1).fillna(0.0).reset_index()


def _goods(facts: Facts, edges: pd.DataFrame, counted: set[str]) -> dict[str, set[str]]:
    """Return what each step is drawn by: the last ones by what counts, all others by one good each.

    That is the one held most closely; of equals the one on which most of what counts rests. From the bottleneck on it
    is made from the bottleneck's good, elsewhere it feeds what is drawn.
    """
    steps = _steps(facts, edges)
    edges = edges[(edges["base"] > 0) & edges["step"].isin(steps) & (edges["to_step"] != edges["step"])]
    last = edges[edges["is_end"] & edges["commodity"].isin(counted)]
    basis = dict(zip(facts.network.commodities["id"], facts.network.commodities["basis"], strict=True))
    chosen = {str(step): _on_one_basis(found, basis) for step, found in last.groupby("step")}
    added = [good in chosen[step] for step, good in zip(last["step"], last["commodity"], strict=True)]
    last = last[np.array(added, dtype=bool)]
    drawn = [last]
    bottleneck = bottlenecks(facts)[0][0][0] if bottlenecks(facts)[0] else ""
    made = last.groupby("source")["base"].sum()

    def choose(step: str, mine: pd.DataFrame) -> pd.DataFrame:
        mine = mine[mine["step"] == step]
        if step not in chosen and len(mine):
            chosen[step] = {_closest(edges, mine, made)}
            drawn.append(edges[(edges["step"] == step) & edges["commodity"].isin(chosen[step])])
            return drawn[-1]
        return mine.head(0)

    taken = choose(bottleneck, edges)
    for step in steps[steps.index(bottleneck) + 1 :] if bottleneck in steps else []:
        found = choose(step, edges[edges["source"].isin(taken["target"])])
        taken = pd.concat([taken, found])
    for step in reversed(steps):
        choose(step, edges[edges["target"].isin(pd.concat(drawn)["source"])])
    kept = [step for step in steps if step in chosen]
    if len(kept) > FEW_STEPS and bottleneck in kept:
        kept = _through_bottleneck(edges, kept, bottleneck)
    return {step: chosen[step] for step in kept}


def _on_one_basis(flows: pd.DataFrame, basis: dict[str, str]) -> set[str]:
    """Return the goods whose tonnes add to those of the largest."""
    sums = flows.groupby("commodity")["base"].sum()
    kind = basis.get(str(sums.idxmax()))
    return {str(good) for good in sums.index if basis.get(str(good)) == kind}


def _closest(edges: pd.DataFrame, mine: pd.DataFrame, made: pd.Series) -> str:
    """Return the good that is held most closely; of equals the one on which most of what counts rests."""
    import networkx as nx

    share = mine.groupby(["commodity", "code"])["base"].sum()
    share = share / share.groupby("commodity").transform("sum")
    close = (share**2).groupby("commodity").sum().round(CLOSE)
    graph = nx.DiGraph(list(zip(edges["source"], edges["target"], strict=True)))
    rests = {}
    for good, found in mine.groupby("commodity"):
        users = set(found["target"]) | set(found["source"])
        reached = users.union(*(nx.descendants(graph, user) for user in users))
        rests[good] = float(made[made.index.isin(reached)].sum())
    weight = pd.Series(rests).reindex(close.index)
    return str(close.index[np.lexsort((close.index, -weight, -close))][0])


def _through_bottleneck(edges: pd.DataFrame, steps: list[str], bottleneck: str) -> list[str]:
    """Return the steps before and after the bottleneck."""
    import networkx as nx

    flows = edges[edges["step"].isin(steps) & edges["to_step"].isin(steps)]
    graph = nx.DiGraph(list(zip(flows["step"], flows["to_step"], strict=True)))
    graph.add_nodes_from(steps)
    through = nx.ancestors(graph, bottleneck) | nx.descendants(graph, bottleneck) | {bottleneck}
    return [step for step in steps if step in through]


# -- how much ------------------------------------------------------------------------------------


def _traced(edges: pd.DataFrame, flow: pd.Series, ends: pd.Series, rounds: int) -> pd.Series:
    """Return the part of each flow that ends in the counted demand; ``ends`` is that of a flow to a user."""
    leaves = flow.groupby(edges["source"]).sum()
    leaves = leaves.where(leaves > 0)
    moved = flow * ends
    for _ in range(rounds):
        reach = (moved.groupby(edges["source"]).sum() / leaves).fillna(0.0)
        moved = flow * ends.where(edges["is_end"], edges["target"].map(reach).fillna(0.0))
    return moved


@once
def _flows(facts: Facts) -> tuple[pd.DataFrame, dict[str, set[str]]]:
    """Return what goes between steps and places, before and under the scenario; and what each step is drawn by."""
    edges, ends = _edges(facts), _ends(facts)
    goods = _goods(facts, edges, set(ends["commodity"]))
    drawn = [
        step in goods and good in goods[step] for step, good in zip(edges["step"], edges["commodity"], strict=True)
    ]
    edges = edges[np.array(drawn, dtype=bool)]
    edges = edges[edges["is_end"] | edges["to_step"].isin(goods)].reset_index(drop=True)
    asks = edges[["target", "commodity"]].rename(columns={"target": "node"})
    found = asks.merge(ends.groupby(["node", "commodity"])[["base", "after"]].sum().reset_index(), how="left").fillna(
        0.0
    )
    traced = edges.assign(**{n: _traced(edges, edges[n], found[n], len(goods) + 1) for n in ("base", "after")})
    between = traced[~traced["is_end"]]
    # what reaches a user is that of its tiers
    last = traced[traced["is_end"]].merge(ends, left_on=["target", "commodity"], right_on=["node", "commodity"])
    for n in ("base", "after"):
        whole = last.groupby(["source", "target", "commodity"])[f"{n}_y"].transform("sum")
        last[n] = last[f"{n}_x"] * (last[f"{n}_y"] / whole.where(whole > 0)).fillna(0.0)
    last = last.assign(to_step="", to_code=last["tier"])
    flows = pd.concat([between, last])[[*ENDS, "base", "after"]].groupby(ENDS)[["base", "after"]].sum().reset_index()
    least = 1e-9 * flows["base"].max()
    return flows[(flows["base"] > least) | (flows["after"] > least)], goods


def _side_by_side(facts: Facts, flows: pd.DataFrame, goods: dict[str, set[str]]) -> list[str]:
    """Return the last steps that stand side by side and not one after the other, the largest first; none of one alone.

    They sell to the demand itself, on one basis that the data state, and nothing to each other; the bottleneck stands
    alone.
    """
    basis = facts.network.commodities.set_index("id")["basis"].dropna().to_dict()  # without one a good is its own

    def kinds(step: str) -> set[str]:
        return {basis.get(good, f"t {good}") for good in goods[step]}

    marked = {step for step, _ in bottlenecks(facts)[0]}
    last = flows[flows["to_step"].eq("") & ~flows["step"].isin(marked)].groupby("step")["base"].sum()
    ordered = [str(step) for step in last.index[np.lexsort((last.index, -last))]]
    ordered = [step for step in ordered if kinds(step) == kinds(ordered[0])]
    among = flows["step"].isin(ordered) & flows["to_step"].isin(ordered)
    return ordered if len(ordered) > 1 and not among.any() else []


# -- the picture --------------------------------------------------------------------------------


@fig.figure("chain")
def chain_figure(facts: Facts) -> ReportFigure | None:
    """Draw what reaches the counted demand step by step: lost part hatched, bottleneck marked, demand last."""
    flows, goods = _flows(facts)
    if flows.empty or not facts.tiers:
        return None
    colours = country_colours(facts.network)
    named = list(colours)
    for end in ("code", "to_code"):
        is_place = flows["to_step"].ne("") if end == "to_code" else True
        flows = flows.assign(
            **{end: flows[end].where(flows[end].isin(named) | ~np.broadcast_to(is_place, len(flows)), OTHER)}
        )
    as_one = _side_by_side(facts, flows, goods)
    if as_one:
        name = f"{as_one[0]} and {as_one[1] if len(as_one) == 2 else f'{len(as_one) - 1} more'}"
        name = name if len(name) <= LONGEST or len(as_one) > 2 else f"{as_one[0]} and another"
        flows = flows.assign(**{c: flows[c].mask(flows[c].isin(as_one), name) for c in ("step", "to_step")})
        goods = {s: g for s, g in goods.items() if s not in as_one} | {name: set().union(*(goods[s] for s in as_one))}
    flows = flows.groupby(ENDS)[["base", "after"]].sum().reset_index()
    steps = [step for step in goods if step in set(flows["step"])][-MOST_STEPS:]
    flows = flows[flows["step"].isin(steps)]
    order = {code: i for i, code in enumerate([*named, OTHER])}
    blocks = {step: _blocks(flows[flows["step"] == step], order) for step in steps}
    blocks[""] = _tiers(facts)
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(fig.WIDTH_IN, 1.88), layout="constrained")
    ax = canvas.subplots()
    place = {step: float(i) for i, step in enumerate([*steps, ""])}
    inside = [c in blocks[s].index for s, c in zip(flows["to_step"], flows["to_code"], strict=True)]
    _draw_bands(ax, _ribbons(flows[np.array(inside, dtype=bool)], blocks), place, colours)
    marked = bottlenecks(facts)[0]
    for step in steps:
        at = {c for s, c in marked if s == step}
        _draw_step(
            ax, facts, step, goods[step], blocks[step], place[step], colours, at, int(LETTERS / (len(steps) + 1))
        )
    _draw_demand(ax, facts, blocks[""], place[""])
    ax.set_xlim(-0.02, len(steps) + 0.95)
    ax.set_ylim(-0.01, 1.34)
    ax.axis("off")
    return _told(facts, canvas, blocks, steps, as_one)


def _blocks(flows: pd.DataFrame, order: dict[str, int]) -> pd.DataFrame:
    """Return top, height, share and kept part of each place of a step, as it holds what reaches the demand."""
    sums = flows.groupby("code")[["base", "after"]].sum()
    sums = sums.loc[sorted(sums.index, key=order.__getitem__)]
    share = sums["base"] / sums["base"].sum()
    height = share * (1.0 - GAP * (len(sums) - 1))
    top = 1.0 - (height.cumsum() - height) - GAP * np.arange(len(sums))
    kept = (sums["after"] / sums["base"].where(sums["base"] > 0)).clip(0.0, 1.0).fillna(1.0)
    return pd.DataFrame({"top": top, "height": height, "share": share, "kept": kept})


def _tiers(facts: Facts) -> pd.DataFrame:
    """Return the same of each tier: all are equally high, each is its demand."""
    gap = 0.05
    height = (1.0 - gap * (len(facts.tiers) - 1)) / len(facts.tiers)
    rows = [facts.of(facts.when, tier) for tier in facts.tiers]
    kept = [1.0 - float(r["shortfall_tpa"] / r["demand_tpa"]) if r["demand_tpa"] > 0 else 1.0 for r in rows]
    top = [1.0 - i * (height + gap) for i in range(len(rows))]
    return pd.DataFrame({"top": top, "height": height, "kept": kept}, index=facts.tiers)


def _ribbons(flows: pd.DataFrame, blocks: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what goes on and what is lost of each flow: how much, and where it leaves and enters its blocks.

    What goes on fills the kept part of a block, at its top, what is lost the rest.
    """
    kept = flows.assign(amount=flows["after"], is_kept=True)
    lost = flows.assign(amount=(flows["base"] - flows["after"]).clip(lower=0.0), is_kept=False)
    found = pd.concat([kept, lost], ignore_index=True)
    found = found[found["amount"] > 1e-9 * flows["base"].max()]
    rank = {step: {code: i for i, code in enumerate(table.index)} for step, table in blocks.items()}
    order = {step: i for i, step in enumerate(blocks)}
    for side, step, code in (("out", "step", "code"), ("in", "to_step", "to_code")):
        block = pd.DataFrame(
            [blocks[s].loc[c] for s, c in zip(found[step], found[code], strict=True)], index=found.index
        )
        room = block["height"] * block["kept"].where(found["is_kept"], 1.0 - block["kept"])
        top = block["top"] - block["height"] * block["kept"].where(~found["is_kept"], 0.0)
        # goods of several steps that enter one block are each all of it: they share its edge evenly
        kinds = [step, code, "is_kept"] if side == "out" else [step, code, "is_kept", "step"]
        several = 1 if side == "out" else found.groupby([step, code, "is_kept"])["step"].transform("nunique")
        wide = room * found["amount"] / found.groupby(kinds)["amount"].transform("sum") / several
        # in the order of the other ends, so that as few as can be cross
        other = ("to_step", "to_code") if side == "out" else ("step", "code")
        places = [rank[s][c] for s, c in zip(found[other[0]], found[other[1]], strict=True)]
        sort = np.lexsort((places, found[other[0]].map(order)))
        ordered = wide.iloc[sort]
        begin = ordered.groupby([found[k].iloc[sort] for k in (step, code, "is_kept")]).cumsum() - ordered
        found = found.assign(**{f"{side}_top": top - begin.reindex(found.index), f"{side}_wide": wide})
    return pd.DataFrame(found)


def _draw_bands(ax: Any, ribbons: pd.DataFrame, place: dict[str, float], colours: dict[str, str]) -> None:
    bend = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, BENDS))
    for row in ribbons.sort_values("is_kept").to_dict("records"):
        begin, end = place[row["step"]] + BLOCK, place[row["to_step"]]
        top = row["out_top"] + (row["in_top"] - row["out_top"]) * bend
        bottom = top - (row["out_wide"] + (row["in_wide"] - row["out_wide"]) * bend)
        x, colour = np.linspace(begin, end, BENDS), colours.get(row["code"], OTHER_COLOUR)
        if row["is_kept"]:
            ax.fill_between(x, bottom, top, color=colour, alpha=0.5, linewidth=0, zorder=2)
        else:
            ax.fill_between(x, bottom, top, color=colour, alpha=PALE, linewidth=0, zorder=1)
            ax.fill_between(
                x, bottom, top, facecolor="none", edgecolor=fig.LOST, alpha=0.5, hatch=HATCH, linewidth=0, zorder=1
            )


def _draw_block(ax: Any, x: float, row: Any, colour: str, is_bottleneck: bool = False) -> None:
    """Draw what is kept of a block, and hatched what is lost."""
    from matplotlib.colors import to_rgb

    top, height, kept = float(row["top"]), float(row["height"]), float(row["kept"])
    if kept < 1:
        ax.bar(
            x,
            height,
            BLOCK,
            top - height,
            align="edge",
            facecolor=tuple(1.0 - 2 * PALE * (1.0 - part) for part in to_rgb(colour)),
            edgecolor=fig.LOST,
            hatch=HATCH,
            linewidth=0.6,
            zorder=3,
        )
    if kept > 0:
        ax.bar(x, height * kept, BLOCK, top - height * kept, align="edge", color=colour, linewidth=0, zorder=3)
    if is_bottleneck:
        ax.bar(x, height, BLOCK, top - height, align="edge", fill=False, edgecolor=fig.INK, linewidth=2.0, zorder=4)


def _draw_step(
    ax: Any,
    facts: Facts,
    step: str,
    goods: set[str],
    blocks: pd.DataFrame,
    x: float,
    colours: dict[str, str],
    marked: set[str],
    letters: int,
) -> None:
    head = ("▶ " if marked else "") + fig.folded(facts.drawn(first_capital(step)), letters - 4, 2)
    look: dict[str, Any] = {"va": "bottom", "fontweight": "bold", "linespacing": 0.95}
    fig.write(ax, x, 1.175, head, color=fig.LOST if marked else fig.INK, **look)
    words = join([facts.commodity(good) for good in sorted(goods)]) if len(goods) < 2 else "all that count"
    fig.write(
        ax,
        x,
        1.165,
        fig.folded(facts.drawn(words), letters, 2),
        va="top",
        fontsize=6.5,
        color=fig.GREY,
        linespacing=0.95,
    )
    for code, row in blocks.iterrows():
        _draw_block(ax, x, row, colours.get(str(code), OTHER_COLOUR), str(code) in marked)
        if row["height"] >= LABELLED:
            y = float(row["top"] - row["height"] / 2)
            shown = f"{facts.drawn(facts.holder(str(code)), 12)} {percent(row['share'])}"
            fig.write(ax, x + BLOCK + 0.04, y, shown, fontsize=7.0, bbox={**fig.WHITE_BOX, "alpha": 0.75}, zorder=5)


def _draw_demand(ax: Any, facts: Facts, blocks: pd.DataFrame, x: float) -> None:
    fig.write(ax, x, 1.175, "Demand", va="bottom", fontweight="bold")
    whose = facts.whose_members or facts.whose or "all that ask"
    fig.write(
        ax,
        x,
        1.165,
        fig.folded(facts.drawn(f"{first_capital(whose)}, t/yr"), 27, 2),
        va="top",
        fontsize=6.5,
        color=fig.GREY,
        linespacing=0.95,
    )
    for i, (tier, (_, row)) in enumerate(zip(facts.tiers, blocks.iterrows(), strict=True)):
        _draw_block(ax, x, row, fig.tier_colour(i))
        y = float(row["top"] - row["height"] / 2)
        fig.write(ax, x + BLOCK + 0.05, y + 0.045, facts.drawn(first_capital(tier), 16), fontweight="bold")
        fig.write(ax, x + BLOCK + 0.05, y - 0.045, _missing(facts.short(facts.when, tier)), fontsize=7.5)


def _short_words(short: Ends) -> str:
    """Return what is short of what is asked for, its range of who is served first where they differ."""
    ends = [short.after] if short.agree else sorted((short.after, short.before))
    return f"{'–'.join(number(end) for end in ends)} of {number(short.demand)}"


def _missing(short: Ends) -> str:
    """Return what a tier lacks of what it asks for, such as "385 of 428 missing"."""
    return f"{_short_words(short)} missing" if short.worst > 0 else f"{number(short.demand)} met"


def _bottleneck_words(facts: Facts) -> str:
    """Return the bottleneck by name; of several that tie, two steps of one country by name, else how many."""
    marked = bottlenecks(facts)[0]
    if not marked:
        return f"No step {'elsewhere ' if facts.whose else ''}costs anything alone"
    places = list(dict.fromkeys(country for _, country in marked))
    if len(places) == 1 and len(marked) <= 2:
        return f"Bottleneck: {' or '.join(step for step, _ in marked)} in {in_sentence(country_name(places[0]))}"
    return f"{len(marked)} places tie as the bottleneck"


def _told(
    facts: Facts, canvas: Any, blocks: dict[str, pd.DataFrame], steps: list[str], as_one: list[str]
) -> ReportFigure:
    """Return the figure with its finding: the bottleneck, and what is missing at the end."""
    marked, whom = bottlenecks(facts)
    tier = facts.short_tier
    short = facts.short(facts.when, tier)
    amounts = f"{_short_words(short)}{NBSP}t/yr"
    lacks = f"{amounts} missing" if tier.is_all else f"{tier.does('lack')} {amounts}"
    if not short.worst > 0:
        lacks = "nobody is short"
    title = f"{_bottleneck_words(facts)}; {lacks}"
    scenario = f"scenario: {facts.scenario_label(facts.when)}" if facts.a.disrupted else "baseline"
    most = {step: blocks[step]["share"] for step in steps}
    held = [f"{first_capital(s)} {facts.holder(str(m.idxmax()))} {percent(m.max())}" for s, m in most.items()]
    ends = f", {order_of(facts).served}" if facts.has_others else ""
    ends += " (ranges: its range)" if facts.ends_differ(facts.when, *facts.tiers) else ""
    left = [step for step in facts.steps if step not in steps and step not in as_one]
    beside = f" Side by side, drawn as one: {join(as_one)}." if as_one else ""
    outside = ", outside those whose demand counts" if facts.whose else ""
    bottleneck = f"▶: the step of one country whose loss costs {whom} most{outside}. " if marked else ""
    stands = facts.standing(facts.a.stress.summary)
    known = f"{first_capital(stands['status'])}. Inputs: {stands['inputs']}. "
    note = (
        f"{known}{bottleneck}Columns are 100 % each, heights no tonnes; a plant's mix is divided in proportion; of a "
        "step's goods the one held most closely is drawn."
        f"{beside}{f' Not drawn: {join(left)}.' if left else ''} "
        f"Missing: {table_id('served')}."
    )
    return fig.make_figure(
        canvas,
        title,
        f"What reaches the demand, % by country, each step its own good; hatched: lost. {first_capital(scenario)}"
        f"{ends}; existing links, no stocks.",
        f"Steps from left to right, largest holder of each: {', '.join(held)}. At the right what each tier lacks: "
        + ", ".join(f"{tier} {_missing(facts.short(facts.when, tier))}" for tier in facts.tiers)
        + ".",
        note,
    )
