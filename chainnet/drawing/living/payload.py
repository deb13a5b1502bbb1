"""What a living page holds: arrays of its programs, and words for what they are made of."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainnet._types import Array, Bools, records
from chainnet.assessment import Answers, Finding, step_column
from chainnet.doubt import CLASSES, variations
from chainnet.drawing.colours import country_colours
from chainnet.drawing.facts import collect
from chainnet.drawing.living.controls import Control
from chainnet.drawing.living.order import Service, orders_of
from chainnet.drawing.living.program import LivingProgram
from chainnet.drawing.style import OTHER_COLOUR
from chainnet.engine import (
    CERTAIN,
    FINEST,
    LOCK,
    NEAT,
    NEGLIGIBLE,
    PAID,
    PRICED,
    PRINTED,
    PROOF,
    ROUNDING,
    SOLVER,
    WIDE,
)
from chainnet.flow import Counting, balance
from chainnet.network import Network
from chainnet.results import package_version
from chainnet.scenario import KINDS, Scenario
from chainnet.words import CLAIMS, NONE, Who, country_name, in_sentence, place_words, vintage, who

CONTRACT = 1
_TIMES = ("announced", "start", "start_month", "months", "until", "suspended", "phase_in_months")
# kinds of inputs that a page makes otherwise: recipes are other programs, stocks are not drawn, projects are controls
_DEPENDENCIES = ("node", "relation", "input")
# the same that Python solves and proves to
_TOLERANCES = {
    "certain": CERTAIN,
    "finest": FINEST,
    "lock": LOCK,
    "neat": NEAT,
    "negligible": NEGLIGIBLE,
    "paid": PAID,
    "priced": PRICED,
    "printed": PRINTED,
    "proof": PROOF,
    "rounding": ROUNDING,
    "solver": SOLVER,
    "wide": WIDE,
}


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
    inputs = _Inputs(network)
    orders = orders_of(counting)
    order = counting.order if counting.order in orders else counting.value_order
    service = Service(counting, controls, programs, orders)
    abroad = _Places(counting)
    arrays = {name: _arrays(program, groups, inputs, service) for name, program in programs.items()}
    arrays["existing"]["places"] = abroad.columns(programs["existing"])
    preset = next((p for p in presets if p.name == start), None)
    relations = "new" if "new" in programs else "existing"
    found = balance(network, preset, relations, order=order, **counting.said)
    served = found.demand["served_tpa"].to_numpy()
    finding = _finding(counting.in_order(order), preset)
    settings = {"preset": start, "order": order, "relations": relations, "tier": finding["tier"]}
    return {
        "contract": CONTRACT,
        "graph": network.name,
        "asks": _asks(counting),
        "label": network.label,
        "vintage": vintage(network),
        "finding": finding,
        "digest": network.digest,
        "version": package_version(),
        "whose": who(counting.whose, network.groups_known) if counting.whose else "everyone",
        "hasOthers": bool(counting.rivals.any()),
        "tolerances": _TOLERANCES,
        "controls": [_control(control) for control in controls],
        "stages": service.stages,
        "goals": service.goals,
        "homes": service.homes,
        "tiers": service.tiers,
        "places": abroad.rows,
        "goods": network.demand["commodity"].fillna("").tolist(),
        "claims": CLAIMS,
        "none": NONE,
        "members": _members(network, counting),
        "steps": _step_rows(network, groups),
        "inputs": inputs.rows,
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
            "served": [float(served[stage["rows"]].sum()) for stage in service.stages[str(order)]],
            "cost_usd": found.cost_usd,
        },
    }


def _finding(counting: Counting, scenario: Scenario | None) -> dict[str, Any]:
    """Return what takes no minute of the finding of the setting that a page opens with: who is short, and where."""
    answers = Answers(counting)
    due = answers.due(scenario)["due_share"]
    tier = next((name for name in answers.tiers if due[name] > NONE), answers.tiers[0])
    found, share = Finding(answers, scenario, tier), float(due[tier])
    bottleneck = {key: None if value != value else value for key, value in found.bottleneck.items()}
    return {
        "chain": counting.network.name,
        "as_of": counting.network.as_of,
        "base_year": counting.network.base_year,
        "scenario": scenario.name if scenario else "",
        "scenario_label": found.label,
        "beneficiaries": list(counting.whose) or "all",
        "order": counting.order_name,
        "tier": "demand" if Who(tier).is_all else str(tier),
        "demand_tpa": found.demand["tpa"],
        "shortfall": {"later": {"share": share, "tpa": share * found.demand["tpa"]}},
        "bottleneck": bottleneck,
    }


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
        {"step": step, "country": place, "colour": colour, "base": float(made[at].sum()) if known else None}
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


class _Inputs:
    """What can bind: a row for each edge, node and rule, shared by all programs."""

    def __init__(self, network: Network) -> None:
        self.rows: list[dict[str, Any]] = []
        self._known: dict[tuple[str, int | str], int] = {}
        self._nodes = _plants(network)
        self._edges = records(network.edges[["source", "target", "quality"]])
        self._at = {row["id"]: row for row in self._nodes}
        self._flow = network.edges["flow_tpa"].fillna(0.0).to_numpy()

    def number(self, kind: str, owner: int) -> int:
        """Return the number of an edge or a node, by its position in the tables."""
        if (kind, owner) not in self._known:
            row = self._nodes[owner] if kind == "node" else self._at[self._edges[owner]["source"]]
            label = row["label"]
            quality = row["quality"]
            if kind == "edge":
                label = f"{label} → {self._at[self._edges[owner]['target']]['label']}"
                quality = self._edges[owner]["quality"]
            self._add((kind, owner), kind, label, row, quality)
        return self._known[kind, owner]

    def rule(self, label: str, edges: Bools) -> int | None:
        """Return the number of a rule; its step and country are those from which most passed in the baseline."""
        if not edges.any():
            return None
        source = self._edges[int(np.where(edges, self._flow, -1.0).argmax())]["source"]
        key = (label, source)
        if key not in self._known:
            self._add(key, "rule", label, self._at[source], None)
        return self._known[key]

    def _add(self, key: tuple[str, int | str], kind: str, label: str, row: dict[str, Any], quality: Any) -> None:
        self._known[key] = len(self.rows)
        grade = quality if isinstance(quality, str) else ""
        self.rows.append(
            {
                "kind": kind,
                "label": label,
                "step": row["step"],
                "country": row["place"],
                "where": in_sentence(row["place"]),
                "grade": grade,
                "flow": float(self._flow[int(key[1])]) if kind == "edge" else 0.0,
            }
        )


def _plants(network: Network) -> list[dict[str, Any]]:
    """Return nodes, then projects: id, stage, quality, label, step, and the place by its name (empty: nowhere)."""
    places = network.places.map(country_name, na_action="ignore").astype(object).fillna("")
    named = {"label": network.labels, "step": network.steps, "place": places}
    return records(network.plants.set_index("id")[["stage", "quality"]].assign(**named).reset_index())


class _Places:
    """The steps of countries, among which the bottleneck of a finding is looked for: its words, and its plants."""

    def __init__(self, counting: Counting) -> None:
        network, step = counting.network, step_column(counting.network)
        recipes, plants = network.processes, network.plants
        made = network.baseline.reindex(plants["id"]).fillna(0.0).to_numpy()
        inside = counting.inside(plants) & bool(counting.whose)
        can_stop = plants[(plants["stage"] != "end_use") & plants[step].notna() & plants["country"].notna()]
        self.rows, self._members = list[dict[str, Any]](), list[Any]()
        for (word, country), at in can_stop.groupby([step, "country"]).indices.items():
            members = can_stop.index.to_numpy()[at]
            goods = recipes[recipes["process"].isin(plants["process"][members].dropna())]
            self._members.append(members)
            self.rows.append(
                {
                    "name": [word, country],
                    "where": place_words(word, country),
                    "step": network.steps[plants["id"][members[0]]],
                    "country": country_name(country),
                    "isOurs": bool(inside[members].any()),
                    "made": made[members].tolist(),
                    "off": [[f"site:{row['id']}", f"owner:{row['owner']}"] for row in records(plants.loc[members])],
                    "goods": sorted(set(goods.loc[goods["role"] == "output", "commodity"].fillna(""))),
                }
            )

    def columns(self, program: LivingProgram) -> list[list[int]]:
        """Return the columns that stop with each place."""
        return [program.low.closing(members).tolist() for members in self._members]


def _arrays(program: LivingProgram, groups: list[Group], inputs: _Inputs, service: Service) -> dict[str, Any]:
    """Return one program as the page takes it; null is no bound."""
    low, f = program.low, program.low.flows
    p = service.with_goals(low.program, f.demand_start)
    columns, rows, cost = program.base[""]
    presets = {}
    for name, (upper, upper_rows, costs) in program.base.items():
        pairs = ((upper, columns), (upper_rows, rows), (costs, cost))
        changed = [[[int(i), _bound(new[i])] for i in np.flatnonzero(new != old)] for new, old in pairs]
        presets[name] = {**dict(zip(("cols", "rows", "costs"), changed, strict=True)), "stands": program.stands[name]}
    bounded = np.isfinite(columns)
    col_input: list[int | None] = [None] * len(columns)
    for j in range(low.n_edges):
        col_input[j] = inputs.number("edge", j)
    for node in np.flatnonzero(f.activity >= 0).tolist():
        if bounded[f.activity[node]]:
            col_input[f.activity[node]] = inputs.number("node", node)
    row_input: list[int | None] = [None] * len(rows)
    for i, (kind, owner, _) in enumerate(low.rows):
        if kind == "node" and np.isfinite(rows[i]):
            row_input[i] = inputs.number("node", owner)
        elif kind == "restriction":
            row_input[i] = inputs.rule(*program.rules[owner])
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
        "nodeRow": _node_rows(program),
        "effects": program.effects,
        "presets": presets,
        "colInput": col_input,
        "rowInput": [*row_input, *[None] * len(service.goals)],
        "steps": steps,
    }


def _node_rows(program: LivingProgram) -> list[int]:
    """Return the row that limits each node and project, -1 where there is none."""
    found = np.full(len(program.low.flows.activity), -1, dtype=np.int64)
    for i, (kind, owner, _) in enumerate(program.low.rows):
        if kind == "node":
            found[owner] = i
    return [int(row) for row in found]


def _bound(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _bounds(values: Array) -> list[float | None]:
    return [_bound(value) for value in values]
