"""Small chains for the answers on record, made anew for each question, and programs in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from conftest import frame, once

import chainnet as cn
from chainnet import lowering
from chainnet.engine import Ordered
from chainnet.flow import Counting, MonthsModel, Plan, StockModel, ValueModel, _balance
from chainnet.flow._fair import _with_level
from chainnet.flow._stages import demand_table
from chainnet.lowering import Lowered, Overlay, Periods, Start
from chainnet.scenario import overlay_of

# what an expression may say in few words
MINES_OUT = {"kind": "remove", "where": {"step": "mining"}}
CHN_HALF = {"kind": "scale", "where": {"country": "CHN"}, "share": 0.5}
CHN_OUT = {"kind": "remove", "where": {"country": "CHN"}}
NO_TIER = {"kind": "restrict", "from": {"country": "CHN"}, "tier": "defence", "share": 0}
NO_ORIGIN = {"kind": "restrict", "to": {"country": "USA"}, "origin": {"country": "CHN"}, "share": 0}


@once
def magnets(**given: Any) -> cn.Network:
    """Ore, two refiners with a by-product, stand-ins in one plant, two users in tiers, stocks and two projects.

    Costs differ on every way, so that the cheapest plan is one.
    """
    tables = {
        "nodes": frame(
            "id stage step country owner process capacity_tpa unit_cost_usd_per_t site",
            ("mine_c", "mine", "mining", "CHN", "Alpha", None, 100.0, 3.0, None),
            ("mine_a", "mine", "mining", "AUS", "Beta", None, 40.0, 5.0, None),
            ("sep_c", "refiner", "separation", "CHN", "Alpha", "separate", 12.0, 20.0, "s"),
            ("sep_m", "refiner", "separation", "MYS", "Beta", "separate", 5.0, 31.0, None),
            ("old", "recycler", "recycling", "JPN", None, "recycle", 2.0, 44.0, None),
            ("hub", "refiner", "trade", "SGP", None, None, 9.0, 1.0, None),
            ("plant", "manufacturer", "magnets", "JPN", "Gamma", "press", 14.0, 60.0, "s"),
            ("plant_u", "manufacturer", "magnets", "USA", "Gamma", "press", 3.0, 90.0, None),
            ("u_usa", "end_use", "use", "USA", None, None, None, None, None),
            ("u_jpn", "end_use", "use", "JPN", None, None, 8.0, None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa capacity_tpa cost_usd_per_t lag_months quality",
            ("mine_c", "sep_c", "ore", 90.0, None, 0.2, None, "reported"),
            ("mine_a", "sep_m", "ore", 30.0, 45.0, 0.7, 1.0, "estimated"),
            ("mine_a", "sep_c", "ore", 5.0, 20.0, 0.9, None, "assumed"),
            ("sep_c", "hub", "oxide", 5.0, None, 1.1, None, None),
            ("hub", "plant", "oxide", 5.0, None, 1.3, 2.0, None),
            ("sep_c", "plant", "oxide", 3.0, 4.0, 1.7, None, None),
            ("sep_m", "plant", "oxide", 2.0, None, 1.9, None, None),
            ("sep_m", "plant_u", "oxide", 1.0, None, 2.3, None, None),
            ("old", "plant", "scrap", 1.0, None, 2.9, None, None),
            ("sep_c", "u_jpn", "dy", 0.5, None, 3.1, None, None),
            ("plant", "u_usa", "magnet", 5.0, 9.0, 3.7, 1.0, None),
            ("plant", "u_jpn", "magnet", 5.0, None, 4.1, None, None),
            ("plant_u", "u_usa", "magnet", 1.0, None, 0.3, None, None),
        ),
        "processes": frame(
            "process commodity role t_per_t group max_share",
            ("separate", "ore", "input", 8.0, None, None),
            ("separate", "oxide", "output", 1.0, None, None),
            ("separate", "dy", "byproduct", 0.1, None, None),
            ("recycle", "scrap", "output", 1.0, None, None),
            ("press", "oxide", "input", 1.25, "feed", None),
            ("press", "scrap", "input", 1.5, "feed", 0.3),
            ("press", "magnet", "output", 1.0, None, None),
        ),
        "demand": frame(
            "node commodity tier demand_tpa value_usd_per_t",
            ("u_usa", "magnet", "defence", 4.0, 900.0),
            ("u_usa", "magnet", "civilian", 5.0, 300.0),
            ("u_jpn", "magnet", "defence", 1.0, 800.0),
            ("u_jpn", "magnet", "civilian", 6.0, 250.0),
            ("u_jpn", "dy", "civilian", 1.5, 700.0),
            ("u_jpn", "dy", None, 4.0, 10.0),
        ),
        "stocks": frame(
            "id holder country commodity stock_t release_tpa tiers node capacity_t end_t holding_usd_per_t_a",
            ("pile", "DLA", "USA", "magnet", 3.0, 2.0, "defence", "u_usa", None, None, None),
            ("heap", "firm", "JPN", "oxide", 2.0, None, None, "plant", 4.0, 1.0, 6.0),
            ("lost", "firm", "JPN", "oxide", 7.0, None, None, None, None, None, None),
        ),
        "projects": frame(
            "id stage step country process capacity_tpa unit_cost_usd_per_t start_year ramp_years capex_musd",
            ("new_sep", "refiner", "separation", "USA", "separate", 6.0, 41.0, 2027, 1.0, 50.0),
            ("new_mine", "mine", "mining", "USA", None, None, 7.0, None, None, 20.0),
        ),
        "commodities": frame(
            "id price_usd_per_t", ("ore", 4.0), ("oxide", 60.0), ("magnet", 200.0), ("dy", 250.0), ("scrap", None)
        ),
        "groups": frame("group country", ("friends", "USA"), ("friends", "JPN")),
        "main_commodity": "magnet",
        "name": "magnets",
    }
    tables["edges"] = pd.concat(
        [
            tables["edges"],
            frame(
                "source target commodity flow_tpa capacity_tpa cost_usd_per_t lag_months quality",
                ("new_mine", "new_sep", "ore", None, None, 0.4, None, None),
                ("new_sep", "plant_u", "oxide", None, None, 0.6, None, None),
            ),
        ],
        ignore_index=True,
    )
    return cn.Network(**{**tables, **given})  # type: ignore[arg-type]


@once
def lone(**given: Any) -> cn.Network:
    """One commodity without a name, two mines and two users; no recipe, two capacities, two stocks."""
    tables = {
        "nodes": frame(
            "id stage step country owner capacity_tpa unit_cost_usd_per_t",
            ("m", "mine", "mining", "CHN", "Alpha", 6.0, 2.0),
            ("n", "mine", "mining", "AUS", None, None, 3.0),
            ("t", "refiner", "trade", None, "Beta", 8.0, 1.0),
            ("u", "end_use", "use", "USA", None, None, None),
            ("v", "end_use", "use", "JPN", None, 5.0, None),
        ),
        "edges": frame(
            "source target flow_tpa capacity_tpa cost_usd_per_t",
            ("m", "t", 5.0, None, 1.0),
            ("n", "t", 2.0, 3.0, 1.5),
            ("t", "u", 4.0, None, 0.5),
            ("t", "v", 3.0, 4.0, 0.7),
            ("n", "v", 1.0, 2.0, 0.1),
        ),
        "demand": frame(
            "node tier demand_tpa value_usd_per_t",
            ("u", "defence", 4.0, 90.0),
            ("v", "industrial", 5.0, 30.0),
            ("u", "civilian", 3.0, 20.0),
        ),
        "stocks": frame(
            "id country stock_t release_tpa node capacity_t end_t",
            ("a", "USA", 2.0, 1.0, "u", None, None),
            ("b", "JPN", 3.0, None, "t", 6.0, 0.5),
        ),
        "name": "lone",
    }
    return cn.Network(**{**tables, **given})  # type: ignore[arg-type]


@once
def bare(**given: Any) -> cn.Network:
    """The same without demand, stocks and tiers: users take what comes."""
    whole = lone()
    return cn.Network(**{"nodes": whole.nodes, "edges": whole.edges, "name": "bare", **given})


def wide(n: int, **given: Any) -> cn.Network:
    """A mine and ``n`` users of one tonne each."""
    users = [f"u{i}" for i in range(n)]
    tables = {
        "nodes": frame("id stage capacity_tpa", ("m", "mine", 0.75 * n), *((u, "end_use", None) for u in users)),
        "edges": frame("source target cost_usd_per_t", *(("m", u, 1.0 + i) for i, u in enumerate(users))),
        "demand": frame("node tier demand_tpa", *((u, "civilian", 1.0) for u in users)),
    }
    return cn.Network(**{**tables, **given})  # type: ignore[arg-type]


def other_tables(net: cn.Network, **changed: Any) -> cn.Network:
    """The same network with some cells written anew: table = {column: {row: cell}}; rows as the network has them."""
    for name, cells in changed.items():
        table = getattr(net, name).copy()
        for column, values in cells.items():
            if column not in table:
                table[column] = None
            table[column] = [values.get(row, cell) for row, cell in enumerate(table[column])]
        net = net.with_table(name, table)
    return net


def all_but(value: Any, *left_out: str) -> dict[str, Any]:
    """The fields of a record, some left out."""
    return {f.name: getattr(value, f.name) for f in fields(value) if f.name not in left_out}


def overlay(net: cn.Network, *measures: Mapping[str, Any], built: Any = None) -> Overlay:
    """What measures do to a network; ``built``: the part of each project that stands."""
    found = overlay_of(net, cn.Scenario("x", list(measures)) if measures else None)
    return found if built is None else found.with_built(np.array(built, dtype=float))


# -- programs in words ------------------------------------------------------------------------------


def low(net: cn.Network, *measures: Mapping[str, Any], built: Any = None, **asked: Any) -> Lowered:
    """A network under measures as a linear program."""
    return lowering.lower(net, overlay(net, *measures, built=built), **asked)


def _number(value: float) -> str:
    return f"{float(value):.6g}"


def _range(low: float, high: float) -> str:
    return "" if (low, high) == (0.0, np.inf) else f"{_number(low)} to {_number(high)}, "


def _place(found: Lowered, node: int) -> str:
    ids = found.tables.ids
    return str(ids[node]) if node < len(ids) else f"hub {node - len(ids)}"


def column_names(found: Lowered) -> list[str]:
    """What each column stands for."""
    f, words = found.flows, found.commodities
    ends = [
        f"{_place(found, a)} > {_place(found, b)} {words[c]}"
        for a, b, c in zip(f.tail, f.head, f.commodity, strict=True)
    ]
    acts = [f"run {found.tables.ids[node]}" for node in np.flatnonzero(f.activity >= 0)]
    standins = [
        f"stand-in {found.tables.ids[n]} {words[c]}"
        for n, c in zip(f.standins["node"], f.standins["code"], strict=True)
    ]
    draws = [f"draw {name}" for name in found.tables.network.stocks["id"]]
    asks = [f"serve {n} {c} {t}" for n, c, t in f.demand[["node", "commodity", "tier"]].itertuples(index=False)]
    s = found.strands
    parts = [
        f"strand {ends[e] if e >= 0 else '-'} {words[c]} {m}" for e, c, m in zip(s.edge, s.code, s.marks, strict=True)
    ]
    return [*ends, *acts, *standins, *draws, *asks, *parts]


def lines_of(program: Any, columns: list[str], rows: list[str]) -> dict[str, Any]:
    """A linear program in words: columns with their bounds, cost and size, rows with all that stands in them."""
    matrix = program.matrix.tocsr()
    said = [
        f"{name}: {_range(lo, hi)}{f'{_number(cost)} USD, ' if cost else ''}size {_number(size)}"
        for name, lo, hi, cost, size in zip(
            columns, program.col_lower, program.col_upper, program.cost, program.col_scale, strict=True
        )
    ]
    lines = []
    for i, name in enumerate(rows):
        part = matrix[[i], :].tocoo()
        entries = sorted(zip(part.col.tolist(), part.data.tolist(), strict=True))
        terms = ", ".join(f"{_number(v)} [{j}]" for j, v in entries if v)
        bounds = f"{_number(program.row_lower[i])} to {_number(program.row_upper[i])}"
        lines.append(f"{name}: {bounds}, size {_number(program.row_scale[i])}: {terms}")
    return {"columns": [f"[{j}] {text}" for j, text in enumerate(said)], "rows": lines}


def row_names(found: Lowered) -> list[str]:
    """Kind, owner and extra of each row."""
    words = found.commodities
    return [
        f"{kind} {_place(found, owner)} {words[extra]}"
        if kind in ("balance", "strand")
        else f"{kind} {_place(found, owner) if kind in ('node', 'recipe', 'strands') else owner} {extra}"
        for kind, owner, extra in found.rows
    ]


def program(net: cn.Network, *measures: Mapping[str, Any], **asked: Any) -> dict[str, Any]:
    """The whole program of a network under measures, in words."""
    found = low(net, *measures, **asked)
    s = found.strands
    return lines_of(found.program, column_names(found), row_names(found)) | {
        "sizes": found.sizes,
        "locks": np.zeros(0, dtype=np.int64),  # there are none: what keeps a stage is no row of the network
        "limited": found.limited,
        "balance": {f"{_place(found, n)} {found.commodities[c]}": row for (n, c), row in found.balance.items()},
        "pairs": found.relations.pairs,
        "classes": found.relations.classes.sum(axis=1),
        "first": s.first,
        "counted": s.counted,
        "dodging": s.dodging,
        "stock_state": s.stock_state,
        "strand balance": {f"{_place(found, n)} {found.commodities[c]} {m}": r for (n, c, m), r in s.balance.items()},
    }


def bounds(net: cn.Network, before: Any, after: Any, built: Any = None, **asked: Any) -> dict[str, Any]:
    """Bounds and costs of a program lowered under some measures, when others of the same kind are in force."""
    found = low(net, *before, **asked)
    there = overlay(net, *after, built=built)
    upper, rows = found.bounds(there)
    return {"upper": upper, "rows": rows, "cost": found.costs(there)}


def off(net: cn.Network, *measures: Mapping[str, Any]) -> Overlay:
    """The overlay of measures whose restrictions are all out of force."""
    found = overlay(net, *measures)
    return replace(found, restrictions=tuple(replace(r, bound_tpa=np.inf) for r in found.restrictions))


def expanded(
    net: cn.Network, n_periods: int, step_months: float, *measures: Mapping[str, Any], **asked: Any
) -> Periods:
    """A network over periods."""
    given = {"stocks": True, "pipeline": True, **asked}
    lag = given.pop("new_lag_months", 2.0)
    found = low(net, *measures, **given)
    return lowering.expand_periods(found, n_periods, step_months, new_lag_months=lag)


def months_program(net: cn.Network, n_periods: int, step_months: float, *measures: Any, **asked: Any) -> dict[str, Any]:
    """The whole program over periods, in words."""
    p = expanded(net, n_periods, step_months, *measures, **asked)
    columns = [str(i) for i in range(len(p.program.cost))]
    return lines_of(p.program, columns, [str(i) for i in range(len(p.program.row_lower))]) | {
        name: getattr(p, name)
        for name in [
            "width",
            "height",
            "lag",
            "under_way",
            "first_level",
            "kept",
            "fills",
            "stock_rows",
            "years",
        ]
    }


def over_time(net: cn.Network, n_periods: int, step_months: float, overlays: Any, **asked: Any) -> dict[str, Any]:
    """Bounds, costs and what follows from made-up columns, under one list of measures per period."""
    measures = [m for part in overlays for m in part]
    p = expanded(net, n_periods, step_months, *(measures[:1]), **asked)
    known = [overlay(net, *part) for part in overlays]
    start = p.base_start(np.arange(1.0, 1.0 + len(net.edges)))
    x = 0.25 * (np.arange(len(p.program.cost)) % 7)
    upper, low_, high = p.bounds(known, start)
    free = p.bounds(known, start, keeps_end=False)
    return {
        "start": start,
        "upper": upper,
        "low": low_,
        "high": high,
        "free low": free[1],
        "free high": free[2],
        "cost": p.costs(known),
        "held": p.held(known, start),
        "levels": p.levels(x, known, start),
        "throughput": p.throughput(x),
        "served": p.served(np.ones(len(net.demand), dtype=bool)),
        "later": [p.later_start(x, start, k) for k in range(n_periods)],
    }


def bounded_start(net: cn.Network, n_periods: int, step_months: float, stock_t: Any, overlays: Any) -> Any:
    """Bounds of rows from a start with other stocks."""
    p = expanded(net, n_periods, step_months)
    none = p.base_start(np.zeros(len(net.edges)))
    start = Start(none.arrivals, np.array(stock_t, dtype=float))
    return p.bounds([overlay(net, *part) for part in overlays], start)[1:]


# -- models -----------------------------------------------------------------------------------------


def months(net: cn.Network, *overlays: Any, **asked: Any) -> dict[str, Any]:
    """A plan over periods under one list of measures per period; what is not one answer is left out."""
    counted = {k: asked.pop(k) for k in ("commodity", "beneficiaries", "tier", "order") if k in asked}
    model = {k: asked.pop(k) for k in ("degree", "n_periods", "step_months", "stocks") if k in asked}
    template = asked.pop("template", None)
    whole = template if template is not None else [m for part in overlays for m in part]
    first = overlay(net, *whole)
    made = MonthsModel(Counting.of(net, **counted), first, **{"n_periods": len(overlays), **model})
    flow = asked.pop("flow", net.edges["flow_tpa"].fillna(0.0).to_numpy())
    limits = {k: np.isin(np.arange(len(net.demand)), v) for k, v in asked.pop("endurance", {}).items()}
    worth = asked.pop("worth", None)
    found: Plan = made.plan(
        [part if isinstance(part, Overlay) else overlay(net, *part) for part in overlays],
        made.periods.base_start(np.asarray(flow, dtype=float)),
        endurance=list(limits.items()),
        worth=None if worth is None else np.array(worth, dtype=float),
        **asked,
    )
    return {"stages": [name for name, _ in made.stages], **all_but(found, "x")}


def least(
    net: cn.Network, *overlays: Any, whole: Any, price: Any, free: Any, solve: Any = ({},), **asked: Any
) -> list[Any]:
    """The least stock under one list of measures per period; ``solve``: how it is asked, time after time."""
    model = MonthsModel(Counting.of(net), overlay(net, *[m for p in overlays for m in p]), n_periods=len(overlays))
    start = model.periods.base_start(net.edges["flow_tpa"].fillna(0.0).to_numpy())
    found = StockModel(
        model,
        [overlay(net, *part) for part in overlays],
        start,
        np.any([rows for name, rows in model.stages if name in whole], axis=0),
        np.isin(np.arange(len(net.stocks)), free),
        np.array(price, dtype=float),
    )
    asks = [{k: np.array(v) if k in ("only", "price") else v for k, v in ask.items()} for ask in solve]
    return [found.least(**ask) for ask in asks]


def value(
    net: cn.Network, *measures: Any, degree: Any = "existing", stocks: bool = False, **counted: Any
) -> ValueModel:
    """The value of a network under measures."""
    return ValueModel(Counting.of(net, **counted), overlay(net, *measures), degree, stocks=stocks)


def stages(net: cn.Network, **counted: Any) -> list[Any]:
    """Names and rows of the stages of a balance."""
    return [(name, np.flatnonzero(rows)) for name, rows in cn.flow.stages_of(Counting.of(net, **counted))]


def locked(net: cn.Network, first: int = 0, **counted: Any) -> list[Any]:
    """What each stage gets, what proves it, and how far below that its lock lies, in ten thousand millionths."""
    counting = Counting.of(net, **counted)
    members = [rows for _, rows in cn.flow.stages_of(counting)]
    found = lowering.lower(net, overlay(net))
    stages_, values = _floored(found, [*[members[0]] * first, *members], first)
    now = stages_.model.current()
    low, high = (bound[-first - len(members) :] for bound in (now.row_lower, now.row_upper))
    below = [1e10 * (v - least) for v, least in zip(values, low[first:], strict=True)]
    stages_.stage(found.program.cost, "end")
    return [values, below, low[:first], high, stages_.proofs[-1]]


def _floored(found: Lowered, members: Sequence[Any], first: int = 0) -> tuple[Ordered, list[float]]:
    """A program whose stages, from a number on, are kept by floors, and what each got."""
    goals = [found.serving(rows) for rows in members]
    stages_ = Ordered(found.program, "toy", goals)
    values = []
    for number in range(first, len(goals)):
        values.append(-stages_.stage(goals[number]).value)
        stages_.floor(number, -values[-1])
    return stages_, values


def fair_bounds(net: cn.Network, *measures: Mapping[str, Any]) -> list[Any]:
    """The share that each demand row is promised, and how far below it its bound lies, in hundred millionths."""
    members = [rows for _, rows in cn.flow.stages_of(Counting(net))]
    found = lowering.lower(net, overlay(net, *measures))
    stages_, _ = _floored(found, members)
    cn.flow.share_fairly(found, stages_, members)
    lower = stages_.model.current().col_lower[found.served]
    whole = np.round(lower, 6)
    wider, rows, level = _with_level(found, stages_.model.current(), found.flows.demand["demand_tpa"].to_numpy())
    return [
        whole,
        1e8 * (whole - lower),
        lines_of(wider, ["c"] * len(wider.cost), ["r"] * len(wider.row_upper)),
        rows,
        level,
    ]


def shown(net: cn.Network, served: Any) -> Any:
    """The demand table of a balance in which rows are served a part of what they ask for."""
    found = low(net)
    x = np.zeros(len(found.program.cost))
    x[found.served] = found.flows.demand["demand_tpa"].to_numpy() * served
    return demand_table(found, Counting(net), x, np.zeros(len(found.served)))


def few_ranged(n: int, most: int) -> list[Any]:
    """The prices of a balance where only so many balances may be ranged."""
    before = _balance.MOST_RANGED
    _balance.MOST_RANGED = most
    try:
        return [cn.balance(wide(n)).prices]
    finally:
        _balance.MOST_RANGED = before


def months_model(net: cn.Network, n_periods: int = 3, **asked: Any) -> MonthsModel:
    """A model over months without measures."""
    return MonthsModel(Counting(net), overlay(net), n_periods=n_periods, **asked)


def settled(net: cn.Network, parts: Any) -> list[Any]:
    """What months call served, where rows are served a part of what they ask for."""
    model = months_model(net)
    wanted = np.tile(model.periods.low.flows.demand["demand_tpa"].to_numpy() / 12.0, (3, 1))
    return [model._settled(wanted * np.array(part), wanted) for part in parts]
