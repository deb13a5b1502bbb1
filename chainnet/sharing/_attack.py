"""``attack``: how far a reader with linear programs can narrow each hidden figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Bools, Ints
from chainnet.engine import ROUNDING, LinearProgram, Rows, WarmModel
from chainnet.errors import DataError, InfeasibleError, UnknownIdError
from chainnet.flow import Counting, check_tier
from chainnet.lowering import lower
from chainnet.network import Network
from chainnet.results import BOUNDED, provenance, stamp
from chainnet.scenario import Scenario, listed, overlay_of

_COLUMNS = [
    "insider", "band_low", "band_high", "low", "high", "width", "is_protected", "narrowed_by", "upper_facts_used",
]  # fmt: skip
_KEYS = {"total", "value", "within", "served", "scenario", "tier", "cut", "rest", "name"}


def attack(
    network: Network,
    facts: Sequence[Mapping[str, Any]] = (),
    *,
    insiders: Mapping[str, Mapping[str, float]] | None = None,
    protect: float = 0.2,
) -> pd.DataFrame:
    """Find how far each hidden capacity can be narrowed by whoever knows the bands and some facts.

    Parameters
    ----------
    network : Network
        As it was handed on: capacities with low below high are hidden.
    facts : list of mapping
        What else is published: ``{"total": where, "value": T, "within": h}``: the capacities of the nodes that match
        add up to T, h up or down. ``{"served": A, "scenario": s, "tier": t, "within": h}``: the answer is A t/yr; with
        ``"cut": {id: price}`` (and ``"rest"``, tonnes of the cut that are no node's) it also says that no more could
        be served.
    insiders : mapping of name -> {id: figure}, optional
        Contributors who know their own figures: the attack is repeated for each, two together as one.
    protect : float
        Least width at which a figure counts as protected, between 0 and 1.

    Returns
    -------
    DataFrame, index id
        insider ("" = any reader), band_low, band_high, low, high (the least and most that fits all facts),
        width ((high - low) / (high + low), the least worst-case error of any guess), is_protected, narrowed_by,
        upper_facts_used (facts of ``served`` that had a cut; without it the attack is weaker than it might be).

    Raises
    ------
    DataError
        If a fact cannot be read, or ``protect`` is not between 0 and 1.
    UnknownIdError
        If a cut or an insider names an id that is not there.
    InfeasibleError
        If a fact contradicts the bands; it is named.

    See Also
    --------
    sharing.redact, sharing.aggregate

    Notes
    -----
    It measures this reader and no other: satellites, trade records and many questions to a live service are not in it.
    Disclosure control, not secrecy.

    Examples
    --------
    >>> import chainnet as cn
    >>> import pandas as pd
    >>> net = cn.Network(
    ...     nodes=pd.DataFrame({
    ...         "id": ["a", "b", "c", "user"], "stage": ["mine", "mine", "mine", "end_use"], "country": ["AUS"] * 4,
    ...         "capacity_tpa": [12.6, 7.9, 3.2, None], "low": [10, 6.3, 2.5, None], "high": [16, 10, 4, None],
    ...     }),
    ...     edges=pd.DataFrame({"source": ["a", "b", "c"], "target": ["user"] * 3}),
    ... )
    >>> total = {"total": {"stage": "mine"}, "value": 22.0, "within": 0.0}
    >>> found = cn.sharing.attack(net, [total])
    >>> [round(float(found.loc["a", column]), 3) for column in ("low", "high", "width")]
    [10.0, 13.2, 0.138]
    """
    _check_protect(protect)
    hidden = hidden_of(network)
    read = [_fact(network, number, fact) for number, fact in enumerate(facts)]
    known: dict[str, Mapping[str, float]] = {"": {}, **(insiders or {})}
    for name, own in known.items():
        for key in own:
            if key not in set(network.view("nodes")["id"]) | set(network.view("projects")["id"]):
                raise UnknownIdError(f'insiders: {name} names "{key}", which no table has.')
    model = _Model(network, hidden, read)
    model.require()
    rows, upper = [], sum(fact.cut is not None for fact in read)
    for insider, own in known.items():
        fixed = {key: float(value) for key, value in own.items() if key in hidden.index}
        ranges = model.ranges(fixed, only_touched=bool(insider))
        for key, (low, high, by) in ranges.items():
            band = hidden.loc[key]
            width = (high - low) / (high + low) if high + low > 0 else 0.0
            is_safe = bool(width >= protect - ROUNDING)
            rows.append((key, insider, band["low"], band["high"], low, high, width, is_safe, by, upper))
    table = pd.DataFrame(rows, columns=["id", *_COLUMNS]).set_index("id")
    source = provenance(
        network, "HiGHS simplex", status=BOUNDED, facts=[fact.words for fact in read], protect=protect,
        insiders=sorted(insiders or {}),
    )  # fmt: skip
    return stamp(table, source, units={"low": "t/yr", "high": "t/yr", "width": "share"})


def _check_protect(protect: Any) -> None:
    rule = "is not allowed; give a share between 0 and 1."
    if checks.number(protect, "protect", 0.0, 1.0, rule) in (0.0, 1.0):
        raise DataError(f"protect: {protect!r} {rule}")


def hidden_of(network: Network) -> pd.DataFrame:
    """Return the capacities that have a range, by id: nodes, projects, and relations ("a -> b" and the good)."""
    parts = []
    for table in ("nodes", "projects"):
        frame = network.view(table)
        rows = frame[frame["capacity_tpa"].notna() & (frame["low"] < frame["high"])]
        parts.append(
            pd.DataFrame({"id": rows["id"], "kind": table, "row": rows.index, "low": rows["low"], "high": rows["high"]})
        )
    edges = network.view("edges")
    rows = edges[edges["capacity_tpa"].notna() & edges["flow_tpa"].isna() & (edges["low"] < edges["high"])]
    names = rows["source"] + " -> " + rows["target"] + (": " + rows["commodity"]).fillna("")
    twice = names.groupby(names).cumcount()
    names = names + np.where(twice > 0, " #" + (twice + 1).astype(str), "")
    parts.append(
        pd.DataFrame({"id": names, "kind": "edges", "row": rows.index, "low": rows["low"], "high": rows["high"]})
    )
    found = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return found.set_index("id")


@dataclass(frozen=True)
class _Fact:
    """A fact as it was read."""

    words: str
    total: Bools | None = None  # which nodes add up
    value: float = 0.0
    within: float = 0.0
    scenario: Scenario | None = None
    tier: str | None = None
    cut: Mapping[str, float] | None = None
    rest: float = 0.0


def _fact(network: Network, number: int, fact: Any) -> _Fact:
    where = f"facts[{number}]"
    if not isinstance(fact, Mapping) or ("total" in fact) == ("served" in fact):
        raise DataError(f"{where}: give a mapping with either total and value, or served.")
    for key in sorted(fact):
        checks.known(key, _KEYS, where, "key")
    within = checks.number(fact.get("within", 0.0), f"{where}, within")
    words = str(fact.get("name") or fact_words(fact))
    if "total" in fact:
        if "value" not in fact:
            raise DataError(f"{where}: value is missing. Give the total, t/yr.")
        value = checks.number(fact["value"], f"{where}, value")
        return _Fact(words, network.matches("nodes", fact["total"], f"{where}, total"), value, within)
    value = checks.number(fact["served"], f"{where}, served")
    scenario = fact.get("scenario")
    if scenario is not None and not isinstance(scenario, Scenario):
        raise DataError(f"{where}, scenario: {scenario!r} is no Scenario. Use chainnet.Scenario.")
    check_tier(network, fact.get("tier"))
    cut = fact.get("cut")
    if cut is not None:
        network.check_nodes(cut, f"{where}, cut")
        cut = {str(key): checks.number(price, f"{where}, cut") for key, price in cut.items()}
    rest = checks.number(fact.get("rest", 0.0), f"{where}, rest")
    return _Fact(words, None, value, within, scenario, fact.get("tier"), cut, rest)


def fact_words(fact: Mapping[str, Any]) -> str:
    """Return a fact in words."""
    if "total" in fact:
        return "total of " + ", ".join(f"{k} {' or '.join(listed(v))}" for k, v in dict(fact["total"]).items())
    scenario = fact.get("scenario")
    return f"served under {scenario.name if isinstance(scenario, Scenario) else 'base'}"


class _Model:
    """The hidden figures and a plan for each answer that is known, in one program."""

    def __init__(self, network: Network, hidden: pd.DataFrame, facts: Sequence[_Fact]) -> None:
        self.network, self.hidden, self.facts = network, hidden, facts
        self.low, self.high = (hidden[end].to_numpy(dtype=float) for end in ("low", "high"))
        self.column = {key: i for i, key in enumerate(hidden.index)}
        self._model = WarmModel(self._program(facts))
        self._alone: list[WarmModel] = []

    def _program(self, facts: Sequence[_Fact]) -> LinearProgram:
        rows, upper, size = Rows(), self.high, np.maximum(self.high, 1.0)
        for fact in facts:
            if fact.total is not None:
                self._total(rows, fact)
                continue
            most, sizes = self._served(rows, fact, len(upper))
            upper, size = np.append(upper, most), np.append(size, sizes)
        lower = np.append(self.low, np.zeros(len(upper) - len(self.low)))
        return rows.program(np.zeros(len(upper)), lower, upper, size)

    def _own(self, table: str) -> tuple[Ints, Ints]:
        """Return the columns of hidden figures of a table, and their rows there."""
        at = np.flatnonzero((self.hidden["kind"] == table).to_numpy())
        return at, self.hidden["row"].to_numpy(dtype=np.int64)[at]

    def _total(self, rows: Rows, fact: _Fact) -> None:
        """Write the row of a total."""
        at, places = self._own("nodes")
        hit = np.asarray(fact.total, dtype=bool)
        caps = self.network.view("nodes")["capacity_tpa"].to_numpy(dtype=float)
        if np.isnan(caps[hit]).any():
            raise DataError(f"facts: {fact.words} takes in a plant without a capacity; such a total has no end.")
        fixed = hit.copy()
        fixed[places] = False
        value = fact.value - float(caps[fixed].sum())
        rows.add(at[hit[places]], 1.0, value - fact.within, value + fact.within, max(fact.value, 1.0))

    def _served(self, rows: Rows, fact: _Fact, start: int) -> tuple[Array, Array]:
        """Write rows by which some plan within the hidden bounds serves as much as the answer says.

        Its columns stand from ``start`` on; their upper bounds and sizes are returned.
        """
        network = self.network
        asked = network.view("demand")
        if asked["high"].notna().any():  # of demand in bands the reader knows the bands alone
            most = asked["high"].where(asked["low"] < asked["high"]).fillna(asked["demand_tpa"])
            network = network.with_demand(asked.assign(demand_tpa=np.fmax(most, asked["demand_tpa"])))
        overlay = overlay_of(network, fact.scenario)
        low = lower(network, overlay)
        counted = Counting.of(network, tier=fact.tier).valued
        p, t, f = low.program, low.tables, low.flows
        first = rows.block(p.matrix, start, p.row_lower, p.row_upper, p.row_scale)
        col_upper = p.col_upper.copy()

        def bound(column: int, figure: int, share: float) -> None:
            """Bound a column of the plan by a share of a hidden figure."""
            col_upper[column] = np.inf
            rows.add([figure, start + column], [-share, 1.0], -np.inf, 0.0, p.col_scale[column])

        limited = {int(node): r for r, (kind, node, _) in enumerate(low.rows) if kind == "node"}
        for table, before in (("nodes", 0), ("projects", t.n_nodes)):
            for figure, row in zip(*self._own(table), strict=True):
                i = before + int(row)
                share = float(overlay.node_share[i]) * (1.0 if table == "nodes" else float(overlay.built[row]))
                if f.activity[i] >= 0:
                    bound(int(f.activity[i]), figure, share)
                elif i in limited:
                    rows.high[first[limited[i]]] = 0.0
                    rows.put(first[limited[i]], figure, -share)
        for figure, row in zip(*self._own("edges"), strict=True):
            if col_upper[row] > 0:
                bound(int(row), figure, float(overlay.edge_share[row]))
        size = max(fact.value, 1.0)
        rows.add(start + low.served[counted], 1.0, fact.value - fact.within, np.inf, size)
        if fact.cut is not None:
            line, rest = self._cut(fact, overlay.node_share)
            rows.block(line[None, :], 0, fact.value - fact.within - rest, fact.value + fact.within - rest, size)
        return col_upper, p.col_scale

    def _cut(self, fact: _Fact, node_share: Array) -> tuple[Array, float]:
        """Return the prices of hidden figures in a cut, and what the others in it add up to."""
        line, rest = np.zeros(len(self.hidden)), fact.rest
        ids = self.network.plants
        caps = dict(zip(ids["id"], ids["capacity_tpa"], strict=True))
        place = {key: i for i, key in enumerate(ids["id"])}
        for key, price in (fact.cut or {}).items():
            share = float(node_share[place[key]])
            if key in self.column:
                line[self.column[key]] = price * share
            elif np.isfinite(caps[key]):
                rest += price * share * float(caps[key])
        return line, rest

    def require(self) -> None:
        """Raise InfeasibleError if the facts contradict the bands, naming the first that does."""
        if self._model.solve(None, or_wide=True).status == "optimal":
            return
        for fact in self.facts:
            if WarmModel(self._program([fact])).solve(None, or_wide=True).status != "optimal":
                raise InfeasibleError(f"facts: {fact.words} contradicts the bands; no figures within them give it.")
        raise InfeasibleError("facts: together they contradict the bands, though none does alone.")

    def ranges(self, fixed: Mapping[str, float], only_touched: bool) -> dict[str, tuple[float, float, str]]:
        """Return the least and most of each hidden figure, and which facts narrow it, with some figures known."""
        low, high = self.low.copy(), self.high.copy()
        for key, value in fixed.items():
            low[self.column[key]] = high[self.column[key]] = value
        out = {}
        for key, i in self.column.items():
            if key in fixed:
                continue
            found = self._ends(i, low, high, self._model)
            slack = 10 * ROUNDING * max(self.high[i], 1.0)
            is_narrowed = found[0] > self.low[i] + slack or found[1] < self.high[i] - slack
            if is_narrowed or not only_touched:
                out[key] = (*found, self._by(i, low, high, slack) if is_narrowed else "")
        return out

    def _ends(self, i: int, low: Array, high: Array, model: WarmModel) -> tuple[float, float]:
        """Return the least and most of a figure within bounds of all: two programs, none where no fact names it."""
        program = model.program
        ends = [float(low[i]), float(high[i])]
        if program.matrix.indptr[i] == program.matrix.indptr[i + 1]:
            return ends[0], ends[1]
        lower, upper = program.col_lower.copy(), program.col_upper.copy()
        lower[: len(low)], upper[: len(low)] = low, high
        model.set_bounds((lower, upper, program.row_lower, program.row_upper))
        cost = np.zeros(len(program.cost))
        for end, sign in enumerate((1.0, -1.0)):
            cost[i] = sign
            model.set_cost(cost.copy())
            found = model.solve(None, or_wide=True)
            if found.status != "optimal":
                raise InfeasibleError("insiders: a figure given contradicts the facts or the bands.")
            ends[end] = min(max(sign * found.value, ends[0]), ends[1])
        return ends[0], ends[1]

    def _by(self, i: int, low: Array, high: Array, slack: float) -> str:
        """Return which single facts narrow a figure, or that only all together do."""
        if len(self.facts) == 1:
            return self.facts[0].words
        self._alone = self._alone or [WarmModel(self._program([fact])) for fact in self.facts]
        names = []
        for fact, model in zip(self.facts, self._alone, strict=True):
            least, most = self._ends(i, low, high, model)
            if least > self.low[i] + slack or most < self.high[i] - slack:
                names.append(fact.words)
        return "; ".join(names) or "all together"
