"""What a living page holds: arrays of its programs, and words for what they are made of."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainnet._types import Array, records
from chainnet.assessment import Answers, finding_of, stoppable
from chainnet.doubt import CLASSES, variations
from chainnet.drawing.colours import country_colours
from chainnet.drawing.facts import collect
from chainnet.drawing.living.controls import Control
from chainnet.drawing.living.order import Service, orders_of
from chainnet.drawing.living.program import LivingProgram
from chainnet.drawing.style import OTHER_COLOUR
from chainnet.engine import settled_to, with_goals
from chainnet.flow import Counting, balance
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.results import package_version
from chainnet.scenario import KINDS, TIMES, Scenario
from chainnet.words import CLAIMS, NONE, ORDER_WORDS, Who, country_name, in_sentence, place_words, who

CONTRACT = 1
_TIMES = (*TIMES, "announced", "phase_in_months")
# kinds of inputs that a page makes otherwise: recipes are other programs, stocks are not drawn, projects are controls
_DEPENDENCIES = ("node", "relation", "input")
# the same that Python solves and proves to
_TOLERANCES = (
    *("certain", "finest", "lock", "neat", "negligible", "paid", "priced", "printed", "proof", "rounding"),
    *("solver", "wide"),
)


def payload(
    counting: Counting,
    controls: list[Control],
    presets: Sequence[Scenario],
    programs: dict[str, LivingProgram],
    start: str,
) -> dict[str, Any]:
    """Return all that a page holds but the solver: what it solves, the words for it, and Python's first answer."""
    network = counting.network
    groups = _steps(network)
    orders = orders_of(counting)
    order = counting.order if counting.order in orders else counting.value_order
    service = Service(counting, controls, programs, orders)
    stops = stoppable(counting)
    arrays = {name: _arrays(program, groups, service) for name, program in programs.items()}
    arrays["existing"]["places"] = [programs["existing"].low.closing(stop["members"]).tolist() for stop in stops]
    preset = next((p for p in presets if p.name == start), None)
    relations: Degree = "new" if "new" in programs else "existing"
    found = balance(network, preset, relations, order=order, **counting.said)
    served = found.demand["served_tpa"].to_numpy()
    opens = finding_of(Answers(counting.in_order(order)), preset)
    settings = {
        "preset": start,
        "order": order,
        "relations": relations,
        "tier": _named(opens.tier),
    }
    return {
        "contract": CONTRACT,
        "graph": network.name,
        "asks": _asks(counting),
        "label": network.label,
        "finding": opens.in_brief(),
        "digest": network.digest,
        "version": package_version(),
        "whose": who(counting.whose, network.groups_known) if counting.whose else "everyone",
        "hasOthers": bool(counting.rivals.any()),
        "tolerances": settled_to(*_TOLERANCES),
        "controls": [_control(control) for control in controls],
        "stages": service.stages,
        "goals": service.goals,
        "homes": service.homes,
        "tiers": service.tiers,
        "places": _places(network, stops),
        "goods": network.demand["commodity"].fillna("").tolist(),
        "claims": CLAIMS,
        "orders": ORDER_WORDS,
        "none": NONE,
        "members": _members(network, counting),
        "steps": _step_rows(network, groups),
        "dependencies": _dependencies(counting),
        "classes": [[word, most] for word, most in CLASSES.items() if np.isfinite(most)],
        "presets": [{"name": p.name, "label": p.label or p.name, "measures": _measures(p)} for p in presets],
        "kinds": {
            "endless": [word for word, kind in KINDS.items() if kind.is_endless],
            "standing": [word for word, kind in KINDS.items() if kind.stands],
        },
        "programs": arrays,
        "relations": sorted(name for name in programs if "/" not in name),
        "start": {
            **settings,
            "unsure": [_named(one.tier) for one in (opens, *opens.others) if not one.certain],
            "served": [float(served[stage["rows"]].sum()) for stage in service.stages[str(order)]],
            "cost_usd": found.cost_usd,
        },
    }


def _named(tier: str) -> str:
    """Return a tier as the page names it."""
    return "demand" if Who(tier).is_all else str(tier)


def _asks(counting: Counting) -> str:
    """Return the options of the command line that count the same; none where the network's own hold."""
    network, default = counting.network, Counting(counting.network)
    options = {
        "commodity": (counting.commodities, default.commodities),
        "beneficiaries": (counting.whose, network.beneficiaries),
    }
    given = [(name, ours) for name, (ours, own) in options.items() if ours != own]
    return "".join(f" --{name} {shlex.quote(','.join(words or ()))}" for name, words in given)


def _measures(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the measures as plain values, without the times at which they are in force: of a licence what lasts."""
    found = tomllib.loads(Scenario(scenario.name, scenario.measures).to_toml())["measures"]
    return [{key: _lasting(value) for key, value in measure.items() if key not in _TIMES} for measure in found]


def _lasting(value: Any) -> Any:
    """Return a value of a measure with the last phase alone of every profile in it."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return value
    if "months" in value[0]:
        return value[-1:]
    return [{key: _lasting(one) for key, one in part.items()} for part in value]


def _control(control: Control) -> dict[str, Any]:
    return {
        "id": control.id,
        "kind": control.kind,
        "label": control.label,
        "detail": control.detail,
        "default": control.default,
        "graded": control.graded,
        "isPart": control.is_part,
        "measures": [dict(measure) for measure in control.measures],
    }


def _members(network: Network, counting: Counting) -> list[dict[str, Any]]:
    """Return the beneficiaries of each tier by place: label, tier, rows of demand."""
    tiers = [*network.tier_order, ""]
    at = {row["id"]: row for row in _plants(network)}
    groups: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(records(network.demand[["node", "tier"]])):
        if counting.rows[number]:
            tier = row["tier"] if isinstance(row["tier"], str) else ""
            groups.setdefault((tier, at[row["node"]]["place"] or at[row["node"]]["label"]), []).append(number)
    found = [{"label": place, "tier": tier, "rows": rows} for (tier, place), rows in groups.items()]
    return sorted(found, key=lambda member: (tiers.index(member["tier"]), member["label"]))


def _dependencies(counting: Counting) -> list[dict[str, Any]]:
    """Return the weak inputs that may be otherwise by a change of bounds: which rows of a table, by what factors."""
    return [
        {
            "kind": one.kind,
            "id": one.id,
            "label": one.label,
            "grade": one.quality,
            "variant": one.variant,
            "table": one.change.table,
            "rows": one.change.rows.tolist(),
            "factors": one.change.factors.tolist(),
        }
        for one in variations(counting.network, counting)
        if one.kind in _DEPENDENCIES
    ]


Group = tuple[str, str, str, list[int]]


def _steps(network: Network) -> list[Group]:
    """Return step, country, colour and positions (nodes, then projects) of what is drawn as one, along the chain."""
    facts = collect(network, None, None)
    column = {site["id"]: facts.blocks[site["block"]]["column"] for site in facts.sites}
    groups: dict[tuple[str, str], list[int]] = {}
    plants = _plants(network)
    for at, row in enumerate(plants):
        if row["stage"] != "end_use":
            groups.setdefault((row["step"], row["place"] or "elsewhere"), []).append(at)
    ids = [row["id"] for row in plants]
    first = {
        step: float(np.median([column.get(ids[i], 0) for (s, _), at in groups.items() if s == step for i in at]))
        for step, _ in groups
    }
    made = network.baseline.reindex(ids).fillna(0.0).to_numpy()
    shares = _largest_places(groups, made)
    colour = {country_name(place): code for place, code in country_colours(network).items()}
    order = sorted(groups, key=lambda g: (first[g[0]], g[0], shares.index(g[1])))
    return [(step, place, colour.get(place, OTHER_COLOUR), groups[step, place]) for step, place in order]


def _step_rows(network: Network, groups: list[Group]) -> list[dict[str, Any]]:
    """Return what is drawn as one, with what it made or passed on in the baseline, t/yr; null = not known."""
    known = network.edges["flow_tpa"].notna().any()
    made = network.baseline.reindex(network.plants["id"]).fillna(0.0).to_numpy()
    return [
        {"step": step, "country": place, "where": in_sentence(place), "colour": colour}
        | {"base": float(made[at].sum()) if known else None}
        for step, place, colour, at in groups
    ]


def _largest_places(groups: dict[tuple[str, str], list[int]], made: Array) -> list[str]:
    """Return places, first that with the largest part of any steps, added up."""
    whole: dict[str, float] = {}
    for (step, _), at in groups.items():
        whole[step] = whole.get(step, 0.0) + float(made[at].sum())
    part: dict[str, float] = {}
    for (step, place), at in groups.items():
        part[place] = part.get(place, 0.0) + float(made[at].sum()) / (whole[step] or 1.0)
    return sorted(part, key=lambda place: (-part[place], place))


def _plants(network: Network) -> list[dict[str, Any]]:
    """Return nodes, then projects: id, stage, quality, label, step, and the place by its name (empty: nowhere)."""
    places = network.places.map(country_name, na_action="ignore").astype(object).fillna("")
    named = {"label": network.labels, "step": network.steps, "place": places}
    return records(network.plants.set_index("id")[["stage", "quality"]].assign(**named).reset_index())


def _places(network: Network, stops: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return where the bottleneck may be: words, what each plant makes in the baseline, and its controls."""
    plants, made = network.plants, network.baseline.reindex(network.plants["id"]).fillna(0.0).to_numpy()
    return [
        {
            "name": [stop["step"], stop["country"]],
            "where": place_words(stop["step"], stop["country"]),
            "step": network.steps[plants["id"][stop["members"][0]]],
            "isOurs": stop["inside"],
            "goods": stop["goods"],
            "made": made[stop["members"]].tolist(),
            "off": [[f"site:{row['id']}", f"owner:{row['owner']}"] for row in records(plants.loc[stop["members"]])],
        }
        for stop in stops
    ]


def _arrays(program: LivingProgram, groups: list[Group], service: Service) -> dict[str, Any]:
    """Return one program as the page takes it; null is no bound."""
    low, f = program.low, program.low.flows
    goals = [low.serving(rows) for rows in service.goals]
    p = with_goals(low.program, goals) if goals else low.program
    columns, rows, cost = program.base[""]
    presets = {}
    for name, (upper, upper_rows, costs) in program.base.items():
        pairs = ((upper, columns), (upper_rows, rows), (costs, cost))
        changed = [[[int(i), _bound(new[i])] for i in np.flatnonzero(new != old)] for new, old in pairs]
        presets[name] = {**dict(zip(("cols", "rows", "costs"), changed, strict=True)), "stands": program.stands[name]}
    group = np.full(len(f.activity), -1, dtype=np.int64)
    for number, (_, _, _, at) in enumerate(groups):
        group[at] = number
    edge_step, carried = group[f.tail[: low.n_edges]], np.nan_to_num(low.tables.edge_flow)
    column_step, row_step = np.full(len(columns), -1, dtype=np.int64), np.full(len(p.row_upper), -1, dtype=np.int64)
    node_row = np.full(len(f.activity), -1, dtype=np.int64)
    column_step[: low.n_edges] = edge_step
    column_step[f.activity[f.activity >= 0]] = group[f.activity >= 0]
    for i, (kind, owner, _) in enumerate(low.rows):
        if kind == "node":
            row_step[i], node_row[owner] = group[owner], i
        elif kind == "restriction" and (hit := low.overlay.restrictions[owner].edges).any():  # whence most of it comes
            row_step[i] = edge_step[np.where(hit, carried, -1.0).argmax()]
    steps = []
    for _, _, _, at in groups:
        makers = [int(f.activity[i]) for i in at if f.activity[i] >= 0]
        passing = [i for i in at if f.activity[i] < 0]
        steps.append(makers + np.flatnonzero(np.isin(f.tail, passing)).tolist())
    return {
        "cols": len(columns),
        "rows": len(p.row_upper),
        "goals": len(rows),
        "contracts": program.contracts,
        "homes": program.homes(list(service.homes["goals"])),
        "starts": p.matrix.indptr.tolist(),
        "indices": p.matrix.indices.tolist(),
        "values": p.matrix.data.tolist(),
        "rowLower": _bounds(p.row_lower),
        "rowUpper": _bounds(np.append(rows, np.full(len(service.goals), np.inf))),
        "colUpper": _bounds(columns),
        "cost": cost.tolist(),
        "rowScale": p.row_scale.tolist(),
        "colScale": p.col_scale.tolist(),
        "served": f.demand_start,
        "activity": f.activity.tolist(),
        "nodeRow": node_row.tolist(),  # the row that limits each node and project, -1 where there is none
        "effects": program.effects,
        "presets": presets,
        "columnStep": column_step.tolist(),
        "rowStep": row_step.tolist(),
        "carried": carried.tolist(),
        "steps": steps,
    }


def _bound(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _bounds(values: Array) -> list[float | None]:
    return [_bound(value) for value in values]
