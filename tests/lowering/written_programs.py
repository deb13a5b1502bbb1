"""Ten small programs as texts, one for each construct, in the LP format that every solver reads.

Each network below is made for one thing. ``tests/lowering/programs/NAME.lp`` says how it is lowered: columns and rows by
name, bounds, costs, and behind a backslash the size in which the solver sees them. ``test_written_programs.py`` compares
line by line, and solves each text for the two numbers worked out by hand here. After a change that is meant:

    python tests/lowering/written_programs.py && git diff tests/lowering/programs
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]

from conftest import frame  # noqa: E402

import chainnet as cn  # noqa: E402
from chainnet import lowering  # noqa: E402
from chainnet.scenario import overlay_of  # noqa: E402

PROGRAMS = HERE / "programs"


class Written(NamedTuple):
    """A program, how much it serves at most, what that costs at least, and why."""

    text: Callable[[], str]
    served_t: float
    cost_usd: float
    why: str

    def lines(self) -> list[str]:
        """The text, with the reason as its heading."""
        return [f"\\ {self.served_t:.6g} t, {self.cost_usd:.6g} USD: {self.why}", *self.text().splitlines()]


def mill(**given: Any) -> cn.Network:
    """Ore of two mines, a works that makes a tonne of metal of two of ore, a user in two tiers."""
    tables = {
        "nodes": frame(
            "id stage country process capacity_tpa unit_cost_usd_per_t",
            ("mine", "mine", "AUS", None, 8.0, 1.0),
            ("pit", "mine", "BRA", None, 5.0, 4.0),
            ("works", "refiner", "CHN", "smelt", 6.0, 10.0),
            ("user", "end_use", "USA", None, None, None),
        ),
        "edges": frame(
            "source target commodity flow_tpa cost_usd_per_t",
            ("mine", "works", "ore", 8.0, 2.0),
            ("pit", "works", "ore", 3.0, 0.5),
            ("works", "user", "metal", 5.5, 7.0),
        ),
        "processes": frame(
            "process commodity role t_per_t", ("smelt", "ore", "input", 2.0), ("smelt", "metal", "output", 1.0)
        ),
        "demand": frame(
            "node commodity tier demand_tpa", ("user", "metal", "defence", 3.0), ("user", "metal", "civilian", 4.0)
        ),
        "main_commodity": "metal",
        "name": "mill",
    }
    return cn.Network(**{**tables, **given})  # type: ignore[arg-type]


def road(**given: Any) -> cn.Network:
    """One good without a name: a mine, a port that it passes, two users."""
    tables = {
        "nodes": frame(
            "id stage country capacity_tpa unit_cost_usd_per_t",
            ("mine", "mine", "AUS", 9.0, 3.0),
            ("port", "refiner", "SGP", 7.0, 5.0),
            ("north", "end_use", "JPN", None, None),
            ("south", "end_use", "USA", None, None),
        ),
        "edges": frame(
            "source target capacity_tpa cost_usd_per_t",
            ("mine", "port", None, 2.0),
            ("mine", "south", 1.5, 11.0),
            ("port", "north", 4.0, 0.25),
            ("port", "south", None, 0.5),
        ),
        "demand": frame("node tier demand_tpa", ("north", "defence", 5.0), ("south", "defence", 6.0)),
        "name": "road",
    }
    return cn.Network(**{**tables, **given})  # type: ignore[arg-type]


# -- one for each construct ----------------------------------------------------------------------------


def recipe() -> str:
    recipes = frame(
        "process commodity role t_per_t",
        ("smelt", "ore", "input", 2.0),
        ("smelt", "lime", "input", 0.5),
        ("smelt", "metal", "output", 1.0),
        ("smelt", "slag", "byproduct", 0.25),
    )
    net = mill()
    nodes = frame(
        "id stage country process capacity_tpa unit_cost_usd_per_t",
        *net.nodes[["id", "stage", "country", "process", "capacity_tpa", "unit_cost_usd_per_t"]].itertuples(
            index=False
        ),
        ("kiln", "mine", "CHN", None, 2.5, 3.0),
    )
    edges = frame(
        "source target commodity cost_usd_per_t",
        *net.edges[["source", "target", "commodity", "cost_usd_per_t"]].itertuples(index=False),
        ("kiln", "works", "lime", 0.0),
        ("works", "user", "slag", 0.0),
    )
    return one_year(mill(nodes=nodes, edges=edges, processes=recipes))


def stand_in() -> str:
    recipes = frame(
        "process commodity role t_per_t group max_share",
        ("smelt", "ore", "input", 2.0, "feed", None),
        ("smelt", "scrap", "input", 1.25, "feed", 0.3),
        ("smelt", "metal", "output", 1.0, None, None),
    )
    edges = frame(
        "source target commodity cost_usd_per_t",
        ("mine", "works", "ore", 2.0),
        ("pit", "works", "scrap", 0.5),
        ("works", "user", "metal", 7.0),
    )
    return one_year(mill(processes=recipes, edges=edges))


def strand() -> str:
    bar = {"kind": "restrict", "from": {"country": "AUS"}, "tier": "defence", "share": 0}
    return one_year(mill(), bar)


def quota() -> str:
    return one_year(
        mill(),
        {"kind": "quota", "to": {"country": "CHN"}, "commodity": "ore", "tpa": 7},
        {"kind": "restrict", "from": {"country": "BRA"}, "share": 0.5},
    )


def stock() -> str:
    stocks = frame(
        "id node commodity stock_t release_tpa",
        ("heap", "works", "ore", 6.0, 4.0),
        ("pile", "user", "metal", 0.5, None),
        ("lost", None, "metal", 9.0, None),
    )
    return one_year(mill(stocks=stocks), {"kind": "scale", "nodes": ["mine"], "share": 0.25}, stocks=True)


def relation() -> str:
    net = road(
        nodes=frame(
            "id stage country capacity_tpa unit_cost_usd_per_t",
            ("mine", "mine", "AUS", 9.0, 3.0),
            ("pit", "mine", "BRA", 1.0, 2.0),
            ("port", "refiner", "SGP", 7.0, 5.0),
            ("north", "end_use", "JPN", None, None),
            ("south", "end_use", "USA", None, None),
        ),
        edges=frame(
            "source target cost_usd_per_t", ("mine", "port", 2.0), ("port", "north", 0.25), ("pit", "south", 0.5)
        ),
    )
    return one_year(net, degree="new", extra_cost_usd_per_t=100.0)


def ramp() -> str:
    net = road(
        projects=frame(
            "id stage country capacity_tpa unit_cost_usd_per_t",
            ("shaft", "mine", "USA", 4.0, 20.0),
            ("quay", "refiner", "USA", 3.0, 30.0),
            ("plan", "mine", "USA", None, 1.0),
        ),
        edges=frame(
            "source target capacity_tpa cost_usd_per_t",
            ("mine", "port", None, 2.0),
            ("port", "north", 4.0, 0.25),
            ("shaft", "quay", None, 1.0),
            ("quay", "south", None, 0.5),
            ("plan", "south", None, 0.0),
        ),
    )
    return one_year(net, built=[0.0, 1.0, 0.5])


def cost() -> str:
    return one_year(road(), {"kind": "tariff", "from": {"country": "AUS"}, "usd_per_t": 1.5})


def share() -> str:
    """A market: what a works may take of one commodity is a demand, its share of the recipe at most."""
    recipes = frame(
        "process commodity role t_per_t group max_share",
        ("smelt", "ore", "input", 2.0, "feed", None),
        ("smelt", "scrap", "input", 1.25, "feed", 0.3),
        ("smelt", "metal", "output", 1.0, None, None),
    )
    edges = frame(
        "source target commodity capacity_tpa",
        ("pit", "works", "scrap", 4.0),
        ("mine", "works", "scrap", 1.0),
        ("mine", "works", "ore", None),
        ("works", "user", "metal", None),
    )
    return market(mill(processes=recipes, edges=edges), "scrap")


def lag() -> str:
    """Three periods of two months, three months under way, a stock that is filled and kept."""
    net = road(
        edges=frame(
            "source target lag_months cost_usd_per_t", ("mine", "port", 3.0, 2.0), ("port", "south", None, 0.5)
        ),
        demand=frame("node tier demand_tpa", ("south", "defence", 6.0)),
        stocks=frame(
            "id node stock_t release_tpa capacity_t end_t holding_usd_per_t_a",
            ("heap", "port", 1.0, 3.0, 1.5, 0.25, 12.0),
        ),
    )
    return over_time(net, flow_tpa=[4.8, 4.8], n_periods=3, step_months=2.0)


# served and cost by hand
WRITTEN = {
    "recipe": Written(
        recipe,
        5.0,
        125.5,
        "2.5 t of lime make 5 t of metal: lime 2.5 x 3, ore 8 x 3 + 2 x 4.5, smelting 5 x 10, shipping 5 x 7",
    ),
    "stand_in": Written(
        stand_in,
        40 / 7,
        24.0 + 4.5 * 15 / 7 + 17 * 40 / 7,
        "8 t of ore make 4 t, scrap three tenths of the whole, so z = 4 / 0.7 = 40/7 with 15/7 t of scrap",
    ),
    "strand": Written(
        strand,
        6.0,
        144.0,
        "no Australian ore for defence: 8 t of it for civilians, 4 t of the other for defence; the works limit at 6 t",
    ),
    "quota": Written(
        quota,
        3.5,
        80.5,
        "7 t of ore may enter, all of it the cheaper; of the dearer half of 3 t might: 7 x 3 + 3.5 x 17",
    ),
    "stock": Written(
        stock, 6.0, 122.0, "ore 2 + 5 and 4 of the heap, metal 0.5 of the pile: 2 x 3 + 5 x 4.5 + 5.5 x 17"
    ),
    "lag": Written(
        lag,
        3.0,
        15.55,
        "0.8 and 0.4 t are under way, the heap gives 0.75: 1.05 t are shipped at 10, and 1.775 t are held at 2 a period",
    ),
    "relation": Written(
        relation,
        10.0,
        465.75,
        "5 t by the port at 10.25, 1 t of the pit at 2.5; the mine's other 4 t reach the south by a new relation at 103",
    ),
    "ramp": Written(
        ramp,
        6.0,
        144.0,
        "4 t by the old way at 10.25, 2 t of half a shaft through a whole quay at 51.5; the plan gives nothing",
    ),
    "cost": Written(
        cost,
        8.5,
        106.25,
        "a mine costs by what leaves it, a port by what arrives: 7 x (3 + 2 + 5 + 1.5) + 1.5 x (3 + 11 + 1.5) + 1 + 1.5",
    ),
    "share": Written(share, 2.25, 0.0, "6 t of metal take at most 0.3 x 1.25 x 6 t of scrap"),
}


# -- how a program is written ---------------------------------------------------------------------------


def one_year(net: cn.Network, *measures: Any, built: Any = None, **asked: Any) -> str:
    """The program of a network under measures; ``built``: the part of each project that stands."""
    overlay = overlay_of(net, cn.Scenario("x", list(measures)) if measures else None)
    if built is not None:
        overlay = overlay.with_built(np.array(built, dtype=float))
    low = lowering.lower(net, overlay, **asked)
    return text(low.program, columns(low), rows(low))


def over_time(net: cn.Network, flow_tpa: Any, n_periods: int, step_months: float) -> str:
    """The program over periods, from a start in which every edge has shipped its flow."""
    low = lowering.lower(net, overlay_of(net, None), stocks=True, pipeline=True)
    p = lowering.expand_periods(low, n_periods, step_months)
    overlays = [overlay_of(net, None)] * n_periods
    upper, row_lower, row_upper = p.bounds(overlays, p.base_start(np.array(flow_tpa)))
    names = [f"{name}.{t}" for t in range(1, n_periods + 1) for name in columns(low)]
    names += [f"way.{columns(low)[column]}.{t + 1}" for column, t in p.under_way]
    kept = [str(net.stocks["id"].iloc[i]) for i in p.kept]
    names += [f"{what}.{k}.{t}" for k in kept for what in ("level", "fill") for t in range(1, n_periods + 1)]
    lines = [f"{name}.{t}" for t in range(1, n_periods + 1) for name in rows(low)]
    lines += [f"stock.{t}" for t in range(1, len(row_lower) - len(lines) + 1)]
    whole = p.program.__class__(
        p.program.matrix,
        row_lower,
        row_upper,
        p.program.col_lower,
        upper,
        p.costs(overlays),
        p.program.row_scale,
        p.program.col_scale,
    )
    return text(whole, names, lines)


def market(net: cn.Network, commodity: str) -> str:
    """A flow problem in the same form: what enters, what crosses, what leaves."""
    found = lowering.lower_market(net, commodity)
    p, ids = found.problem, [str(i) for i in found.ids]
    lines = ["Maximize", " served: " + " + ".join(f"take.{i}" for i in ids), "Subject To"]
    for v, name in enumerate(ids):
        into = [f"{ids[a]}.{name}" for a, b in zip(p.tail, p.head, strict=True) if b == v]
        out = [f"{name}.{ids[b]}" for a, b in zip(p.tail, p.head, strict=True) if a == v]
        lines.append(
            f" balance.{name}: "
            + " + ".join([f"give.{name}", *into])
            + "".join(f" - {o}" for o in out)
            + f" - take.{name} = 0"
        )
        if np.isfinite(p.node_capacity[v]):
            lines.append(f" node.{name}: " + " + ".join([f"give.{name}", *into]) + f" <= {number(p.node_capacity[v])}")
    lines.append("Bounds")
    for name, low, high in zip(ids, p.supply, p.demand, strict=True):
        lines += [f" 0 <= give.{name} <= {number(low)}", f" 0 <= take.{name} <= {number(high)}"]
    for a, b, most in zip(p.tail, p.head, p.capacity, strict=True):
        lines.append(f" 0 <= {ids[a]}.{ids[b]} <= {number(most)}")
    return "\n".join([*lines, "End", ""])


def place(low: lowering.Lowered, node: int) -> str:
    ids = low.tables.ids
    return str(ids[node]) if node < len(ids) else f"hub{node - len(ids)}"


def dotted(*parts: object) -> str:
    return ".".join(str(part) for part in parts if part != "" and part is not None and part == part)


def columns(low: lowering.Lowered) -> list[str]:
    """What each column stands for."""
    f, s, words = low.flows, low.strands, low.commodities
    ends = [dotted(place(low, a), place(low, b), words[c]) for a, b, c in zip(f.tail, f.head, f.commodity, strict=True)]
    uses = zip(f.standins["node"], f.standins["code"], strict=True)
    return [
        *ends,
        *(f"run.{low.tables.ids[node]}" for node in np.flatnonzero(f.activity >= 0)),
        *(dotted("use", low.tables.ids[node], words[c]) for node, c in uses),
        *(f"draw.{name}" for name in low.tables.network.stocks["id"]),
        *(dotted("serve", n, c, t) for n, c, t in f.demand[["node", "commodity", "tier"]].itertuples(index=False)),
        *(
            f"marks{m}.{ends[e]}" if e >= 0 else dotted(f"strand{k}", words[c])
            for k, (e, c, m) in enumerate(zip(s.edge, s.code, s.marks, strict=True))
        ),
    ]


def rows(low: lowering.Lowered) -> list[str]:
    """What each row holds."""
    words, found = low.commodities, []
    for k, (kind, owner, extra) in enumerate(low.rows):
        at_node = kind in ("balance", "strand", "node", "recipe", "strands")
        word = words[extra] if kind in ("balance", "strand") else extra or ""
        name = dotted(kind, place(low, owner) if at_node else owner, word)
        found.append(name if name not in found else f"{name}.{k}")
    return found


def number(value: float) -> str:
    return {np.inf: "+inf", -np.inf: "-inf"}.get(float(value), f"{float(value):.6g}")


def text(program: Any, names: list[str], lines: list[str]) -> str:
    """A program in LP format; a row without bounds as a remark."""

    def terms(values: Any) -> str:
        said = [f"{'-' if v < 0 else '+'} {number(abs(v))} {names[j]}" for j, v in enumerate(values) if v]
        return " ".join(said) or "0 " + names[0]

    matrix = program.matrix.toarray()
    out = ["Minimize", f" cost: {terms(program.cost)}", "Subject To"]
    for i, name in enumerate(lines):
        low, high, size = program.row_lower[i], program.row_upper[i], number(program.row_scale[i])
        said = [("=", low)] if low == high else [(s, b) for s, b in ((">=", low), ("<=", high)) if np.isfinite(b)]
        out += [f" {name}{'.most' * k}: {terms(matrix[i])} {s} {number(b)} \\ {size}" for k, (s, b) in enumerate(said)]
        out += [] if said else [f"\\ {name} holds nothing: {terms(matrix[i])}"]
    out.append("Bounds")
    for name, low, high, size in zip(names, program.col_lower, program.col_upper, program.col_scale, strict=True):
        out.append(f" {number(low)} <= {name} <= {number(high)} \\ {number(size)}")
    return "\n".join([*out, "End", ""])


def main() -> None:
    """Write every program anew."""
    for name, written in WRITTEN.items():
        (PROGRAMS / f"{name}.lp").write_text("\n".join([*written.lines(), ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
