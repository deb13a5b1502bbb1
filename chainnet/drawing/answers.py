"""What a picture shows beside the network: the flows of an answer, the losses of a ranking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array
from chainnet.errors import DataError, near_matches
from chainnet.network import Network
from chainnet.results import ends_of, fact_of, origin_of
from chainnet.scenario import month_number, month_text
from chainnet.words import MONTHS, readable_id

__all__ = ["FIGURES", "DrawnFlows", "Losses", "Months", "sort_answers"]

# flows by month are kept to so many figures: what is printed has three
FIGURES = 5
_SPANS = {3: "quarter", 6: "half-year", 12: "year"}


_ORDERS = {"after": "", "before": "others served first", "alongside": "nobody served first"}


@dataclass(frozen=True)
class DrawnFlows:
    """Flows of one answer beside the baseline.

    ``kind`` is "balance" or "largest flow"; ``edge_flow`` has one value per row of ``network.edges``,
    ``node_flow`` one per row of ``network.nodes``, ``project_flow`` one per project. ``relations`` are links
    that no table holds. ``when`` is the month in words, ``months`` the other months, ``peak`` the most
    that each edge carries in any of them, ``others`` are other scenarios over the same months. ``order`` says
    when those are served who do not count, where not after all. ``ends``: tier, demand and what goes short of it in
    the long run if they are served after, and before, t/yr; empty where all demand counts or nobody asked.
    """

    kind: str
    scenario: str
    words: str
    edge_flow: Any
    node_flow: Any
    tiers: list[dict[str, Any]] = field(default_factory=list)
    relations: pd.DataFrame | None = None
    value_tpa: float | None = None
    cut_nodes: frozenset[str] = frozenset()
    cut_edges: frozenset[tuple[str, str, str]] = frozenset()
    cut_demand: bool = False
    is_unique: bool = False
    project_flow: Any = None
    when: str = ""
    months: Months | None = None
    peak: Any = None
    others: tuple[DrawnFlows, ...] = ()
    order: str = ""
    ends: tuple[tuple[str, float, float, float], ...] = ()

    @property
    def courses(self) -> tuple[DrawnFlows, ...]:
        """Itself and the other scenarios, if it has months."""
        return () if self.months is None else (self, *self.others)


@dataclass(frozen=True)
class Months:
    """An answer month by month, t/yr at the rate of the month.

    ``edge_tpa``, ``site_tpa`` (nodes, then projects), ``relation_tpa`` (rows of ``relations``): periods x
    things; ``tiers``: one list a period; ``number``: first month of each period, from 1; ``lost``: links of
    the baseline without flow; ``hidden``: new relations between countries, which are not drawn; ``tail``:
    periods at the end in which what is shipped may arrive too late; ``shown``: the periods on the slider,
    each of which stands for ``span`` months.
    """

    answer: DrawnFlows
    edge_tpa: Array
    site_tpa: Array
    relation_tpa: Array
    relations: pd.DataFrame
    tiers: list[list[dict[str, Any]]]
    number: Any
    step: int
    first: int | None
    lost: Any
    hidden: Any
    tail: int
    shown: tuple[int, ...]
    span: int

    @property
    def last(self) -> int:
        """Number of the last month."""
        return int(self.number[-1]) + self.step - 1

    def worst(self, periods: Any = None) -> int:
        """Return the period in which most is missing in the first tier, then in the next.

        Of equals it is the earliest, the end of the horizon last; where nobody is short, that in which
        most links are lost.
        """

        def badness(t: int) -> tuple[Any, ...]:
            # equal to six figures = equal
            short = [-float(f"{tier['short']:.6g}") for tier in self.tiers[t]]
            return (*short, self.is_end(t), 0 if any(short) else -int(self.lost[t]), t)

        return int(min(self.shown if periods is None else periods, key=badness))

    def is_end(self, t: int) -> bool:
        """Say whether a period is so near the end that what is shipped may arrive too late to count."""
        return t >= len(self.number) - self.tail

    def coarser(self, span: int) -> Months:
        """Return the same with one month, the worst, for each ``span`` months."""
        bins: dict[int, list[int]] = {}
        for t in range(len(self.number)):
            bins.setdefault((int(self.number[t]) - 1) // span, []).append(t)
        return replace(self, shown=tuple(self.worst(ts) for ts in bins.values()), span=span)

    def name(self, t: int) -> str:
        """Return a period in words, such as "month 7 of 24"."""
        a, b = int(self.number[t]), int(self.number[t]) + self.step - 1
        return f"month {a} of {self.last}" if a == b else f"months {a} to {b} of {self.last}"

    def date(self, t: int) -> str:
        """Return the first month of a period by the calendar; empty where the network has no year."""
        if self.first is None:
            return ""
        year, month = month_text(self.first + int(self.number[t]) - 1).split("-")
        return f"{'from ' if self.step > 1 else ''}{MONTHS[int(month) - 1]} {int(year)}"

    def words(self, t: int) -> str:
        """Return a period in words with its date and what it stands for."""
        date = self.date(t)
        text = self.name(t) + (f" ({date})" if date else "")
        return text + (f", the worst of its {_SPANS[self.span]}" if self.span > self.step else "")

    def at(self, t: int) -> DrawnFlows:
        """Return the answer in a period."""
        n = len(self.answer.node_flow)
        return replace(
            self.answer,
            edge_flow=self.edge_tpa[t],
            node_flow=self.site_tpa[t, :n],
            project_flow=self.site_tpa[t, n:],
            tiers=self.tiers[t],
            relations=self.relations.assign(flow_tpa=self.relation_tpa[t]) if len(self.relations) else None,
            when=self.words(t),
        )


@dataclass(frozen=True)
class Losses:
    """A ranking of single losses by node id: ``table`` is sorted, worst first, ties by id.

    ``tier``: whose losses they are, "" = of all; ``first``: the losses of one tier beside them, t/yr by id.
    """

    table: pd.DataFrame
    base_tpa: float | None
    words: str
    when: str
    tier: str = ""
    first: dict[str, float] = field(default_factory=dict)
    first_tier: str = ""


def sort_answers(
    network: Network,
    result: Any,
    losses: pd.DataFrame | None,
    scenario: str | None = None,
    first_losses: pd.DataFrame | None = None,
    others: str | None = None,
    ends: pd.DataFrame | None = None,
) -> tuple[DrawnFlows | None, Losses | None]:
    """Tell flows from rankings among what was given.

    Raises
    ------
    DataError
        If the result is of another kind or of another network, the losses are not by node, those of a
        tier stand alone, the scenario is not one of a result by month, or an answer was asked in another order than
        ``others``.
    """
    from chainnet.flow import Balance, MaxFlow
    from chainnet.stress import StressTest

    answer = None
    if ends is not None and not isinstance(result, Balance):
        raise DataError("draw: ends stand beside an answer of balance; a stress test holds its own.")
    _check_order(others, result, losses, first_losses)
    if scenario is not None and not isinstance(result, StressTest):
        raise DataError("draw: scenario names one of a stress test by month; this result holds no other.")
    if isinstance(result, pd.DataFrame):
        if losses is not None:
            raise DataError("draw: result and losses are both rankings; give the chokepoints once.")
        losses = result
    elif isinstance(result, Balance):
        answer = replace(_from_balance(network, result), ends=_told(ends, result.by_tier()))
    elif isinstance(result, MaxFlow):
        answer = _from_flow(network, result)
    elif isinstance(result, StressTest):
        answer = _from_months(network, result, scenario)
    elif result is not None:
        raise DataError(
            f"draw: cannot show a {type(result).__name__}; result is None, the answer of max_flow, balance or "
            "stress_test, or the table of chokepoints(network)."
        )
    if losses is None:
        if first_losses is not None:
            raise DataError("draw: first_losses stand beside the losses of all tiers; give losses too.")
        return answer, None
    ranking = _from_table(network, losses)
    if first_losses is not None:
        beside = _from_table(network, first_losses)
        first = {str(name): float(lost) for name, lost in beside.table["lost_tpa"].items()}
        ranking = replace(ranking, first=first, first_tier=beside.tier or "the first tier")
    return answer, ranking


def _check_order(others: str | None, *answers: Any) -> None:
    if others is None:
        return
    checks.choice(others, "others", "order", _ORDERS)
    for answer in answers:
        source = origin_of(answer) if isinstance(answer, pd.DataFrame) else getattr(answer, "provenance", {})
        found = source.get("settings", {}).get("others", "after") if source else others
        if found != others:
            raise DataError(f'draw: others="{others}", but an answer was asked with others="{found}". Ask it again.')


def _told(ends: pd.DataFrame | None, tiers: pd.DataFrame) -> tuple[tuple[str, float, float, float], ...]:
    """Return what ``both_ends`` says of the tiers of an answer; nothing where all demand counts."""
    if ends is None or not fact_of(ends, "has_others", False):
        return ()
    if list(ends.index) != list(tiers.index) or not np.allclose(ends["demand_tpa"], tiers["demand_tpa"]):
        raise DataError("draw: the ends are of another answer. Ask both_ends of the same network and scenario.")
    names = ["all demand" if pd.isna(tier) else str(tier) for tier in ends.index]
    columns = ("demand_tpa", "shortfall_after_tpa", "shortfall_before_tpa")
    return tuple(zip(names, *(ends[c].astype(float) for c in columns), strict=True))


def _order(source: Any) -> str:
    """Return when those are served who do not count; nothing where after all."""
    return _ORDERS[str(source.get("settings", {}).get("others", "after"))]


def _rows_match(network: Network, edges: pd.DataFrame, nodes: pd.DataFrame) -> None:
    own = network.edges
    same = len(own) == len(edges) and len(network.nodes) == len(nodes)
    for column in ("source", "target", "commodity"):
        same = same and bool((own[column].fillna("").to_numpy() == edges[column].fillna("").to_numpy()).all())
    if not same or not (network.nodes["id"].to_numpy() == nodes.index.to_numpy()).all():
        raise DataError("draw: the result was made from another network; draw it with the network it came from.")


def _from_balance(network: Network, result: Any) -> DrawnFlows:
    _rows_match(network, result.edges, result.nodes)
    name = str(result.provenance["settings"].get("scenario") or "")
    tiers = [
        {
            "tier": "all demand" if pd.isna(tier) else str(tier),
            "demand": float(row["demand_tpa"]),
            "served": float(row["served_tpa"]),
            "short": float(row["shortfall_tpa"]),
        }
        for tier, row in result.by_tier().iterrows()
    ]
    return DrawnFlows(
        "balance",
        name,
        _scenario_words(network, name) if name else "least shortfall, then least cost",
        result.edges["flow_tpa"].to_numpy(dtype=float),
        result.nodes["throughput_tpa"].to_numpy(dtype=float),
        tiers,
        result.relations if len(result.relations) else None,
        order=_order(result.provenance),
    )


def _from_flow(network: Network, result: Any) -> DrawnFlows:
    _rows_match(network, result.edges, result.nodes)
    cut = result.cut
    edge_rows = cut[cut["kind"] == "edge"]
    return DrawnFlows(
        "largest flow",
        "",
        "largest deliveries",
        result.edges["flow_tpa"].to_numpy(dtype=float),
        result.nodes["throughput_tpa"].to_numpy(dtype=float),
        value_tpa=float(result.value_tpa),
        cut_nodes=frozenset(cut.loc[cut["kind"] == "node", "id"]),
        cut_edges=frozenset(
            zip(edge_rows["source"], edge_rows["target"], edge_rows["commodity"].fillna(""), strict=True)
        ),
        cut_demand=bool((cut["kind"] == "demand").any()),
        is_unique=bool(result.is_unique),
    )


def _from_months(network: Network, result: Any, scenario: str | None) -> DrawnFlows:
    names = _ordered(network, result, scenario)
    pairs = _drawn_pairs(pd.concat([result.by_month[name].relations for name in names]), result.by_month[names[0]].ids)
    found = [_course(network, result, name, pairs) for name in names]
    peak = np.max([one.peak for one in found], axis=0)
    return replace(found[0], peak=peak, others=tuple(found[1:]))


def _course(network: Network, result: Any, name: str, pairs: pd.DataFrame) -> DrawnFlows:
    """Return one scenario in its worst month, with all its months."""
    flows = result.by_month[name]
    every = np.concatenate([network.nodes["id"].to_numpy(dtype=object), network.projects["id"].to_numpy(dtype=object)])
    if len(flows.ids) != len(every) or not (flows.ids == every).all():
        raise DataError("draw: the result was made from another network; draw it with the network it came from.")
    _rows_match(network, flows.keys, network.nodes.set_index("id"))
    rate = 12.0 / flows.step_months
    base = network.edges["flow_tpa"].to_numpy(dtype=float)
    edge = _figures(flows.edge_t * rate, base)
    site = _figures(flows.node_t * rate, network.baseline.reindex(every).to_numpy(dtype=float))
    relation, hidden = _relations(flows, pairs, rate)
    table = result.months[result.months["scenario"] == name]
    settings = result.provenance["settings"]
    first = month_number(settings["start"]) if settings.get("start") else None
    if first is None and network.year is not None:
        first = (int(network.year) + 1) * 12
    n = len(network.nodes)
    words = "no scenario" if name == "baseline" else _scenario_words(network, name)
    answer = DrawnFlows(
        "balance",
        name,
        words,
        edge[0],
        site[0, :n],
        project_flow=site[0, n:],
        peak=edge.max(axis=0),
        order=_order(result.provenance),
        ends=_told(ends_of(result.summary, name), result.summary.loc[name]) if name in result.summary.index else (),
    )
    months = Months(
        answer,
        edge,
        site,
        relation,
        pairs,
        _tiers(network, table, rate),
        flows.month,
        flows.step_months,
        first,
        ((np.nan_to_num(base) > 0) & (edge <= 0)).sum(axis=1),
        hidden,
        _tail(network, flows.step_months),
        tuple(range(len(flows.month))),
        flows.step_months,
    )
    return replace(months.at(months.worst()), months=months)


def _tail(network: Network, step: int) -> int:
    """Return how many periods goods take from end to end at most: the longest lag for each step but one."""
    nodes = network.nodes[network.nodes["stage"] != "recycler"]
    lag = network.edges["lag_months"].max()
    if not lag > 0:
        return 0
    return int(np.floor(lag / step + 0.5)) * max(int(nodes["step"].fillna(nodes["stage"]).nunique()) - 1, 1)


def _ordered(network: Network, result: Any, scenario: str | None) -> list[str]:
    """Return the scenario asked for, else all, first the one that leaves most short, tier by tier."""
    known = list(result.by_month)
    if not known:
        raise DataError("draw: this stress test holds no flows by month. Ask stress_test again.")
    if scenario is not None:
        if scenario not in known:
            raise DataError(
                f'draw: scenario "{scenario}" is not in the result;{near_matches(scenario, known)} '
                f"it holds {', '.join(known)}."
            )
        return [scenario]
    short = result.months.groupby(["scenario", result.months["tier"].fillna("")])["shortfall_t"].sum()
    order = [*network.tier_order, ""]

    def badness(name: str) -> tuple[Any, ...]:
        return (*[-float(f"{short.get((name, tier), 0.0):.6g}") for tier in order], name)

    # that nothing happens is shown where nothing else is
    return sorted((name for name in known if name != "baseline"), key=badness) or known


def _figures(amount: Array, base: Array) -> Array:
    """Return amounts to five figures; what differs from the baseline by less is the baseline."""
    values, where = np.unique(amount, return_inverse=True)
    out = np.array([float(f"{x:.{FIGURES}g}") for x in values.tolist()], dtype=float)[where].reshape(amount.shape)
    same = np.abs(amount - base) <= 0.5 * 10.0 ** (1 - FIGURES) * np.abs(base)  # False where there is none
    return np.where(same, np.broadcast_to(base, amount.shape), out)


def _drawn_pairs(relations: pd.DataFrame, ids: Any) -> pd.DataFrame:
    """Return the new relations between sites; those between countries have no place among them."""
    keys = ["commodity", "maker", "user"]
    drawn = relations["maker"].isin(ids) & relations["user"].isin(ids)
    return relations.loc[drawn, keys].drop_duplicates().sort_values(keys, ignore_index=True)


def _relations(flows: Any, pairs: pd.DataFrame, rate: float) -> tuple[Array, Any]:
    """Return what each new relation of sites carries, periods x relations, and how many others there are a period."""
    table = flows.relations.merge(pairs.reset_index(), on=list(pairs.columns), how="left")
    period, column = table["period"].to_numpy(dtype=np.int64), table["index"].to_numpy(dtype=float)
    drawn = ~np.isnan(column)
    amount = np.zeros((len(flows.month), len(pairs)))
    amount[period[drawn], column[drawn].astype(np.int64)] = table["flow_t"].to_numpy(dtype=float)[drawn] * rate
    return _figures(amount, np.zeros(len(pairs))), np.bincount(period[~drawn], minlength=len(flows.month))


def _tiers(network: Network, table: pd.DataFrame, rate: float) -> list[list[dict[str, Any]]]:
    """Return demand and service by tier, t/yr at the rate of the month, one list a period."""
    tier = table["tier"].fillna("").rename("tier")
    sums = table.groupby(["month", tier])[["demand_t", "served_t", "shortfall_t"]].sum() * rate
    names = [name for name in [*network.tier_order, ""] if name in set(tier)]
    out: list[list[dict[str, Any]]] = []
    for _, rows in sums.groupby(level="month"):
        numbers = rows.droplevel("month").reindex(names, fill_value=0.0).to_numpy().tolist()
        out.append(
            [
                {"tier": name or "all demand", "demand": demand, "served": served, "short": short}
                for name, (demand, served, short) in zip(names, numbers, strict=True)
            ]
        )
    return out


def _scenario_words(network: Network, name: str) -> str:
    """Return the label of a scenario of the network's own folder, else its name in words."""
    from chainnet.scenario import scenarios

    known = scenarios(network) if network.folder is not None else {}
    return (known[name].label or name).rstrip(".") if name in known else name.replace("_", " ")


def _from_table(network: Network, table: pd.DataFrame) -> Losses:
    if "lost_tpa" not in table.columns:
        raise DataError("draw: the table of losses has no column lost_tpa; give chokepoints(network).")
    known = set(network.nodes["id"])
    if table.index.nlevels > 1 or not set(table.index) <= known or not table.index.is_unique:
        raise DataError(
            f"draw: the losses are by {'+'.join(str(n) for n in table.index.names)}; the graph shows losses of single "
            'sites. Give chokepoints(network, by="node") of this very network.'
        )
    frame = table.rename_axis("id").reset_index()
    frame = frame.sort_values(["lost_tpa", "id"], ascending=[False, True], ignore_index=True).set_index("id")
    lost = frame["lost_tpa"].to_numpy(dtype=float)
    if "lost_share" not in frame.columns:
        frame["lost_share"] = np.nan
    if "in_cut" not in frame.columns:
        frame["in_cut"] = False
    # equal to nine digits = a tie
    marks = [f"{x:.9g}" for x in lost]
    frame["rank"] = [1 + sum(float(m) > float(mine) for m in marks[:i]) for i, mine in enumerate(marks)]
    frame["is_tied"] = [marks.count(m) > 1 for m in marks]
    settings = origin_of(table).get("settings", {})
    base = settings.get("base_tpa")
    if base is None:
        share = frame["lost_share"].to_numpy(dtype=float)
        top = np.flatnonzero((share > 0) & np.isfinite(share))
        base = float(lost[top[0]] / share[top[0]]) if len(top) else None
    whose = settings.get("beneficiaries") or ()
    named = [readable_id(w) for w in ([whose] if isinstance(whose, str) else whose)]
    whose = "all demand" if whose == "all" or not whose else ", ".join(named)
    words = ", ".join(part for part in (f"counted: {whose}", _order(origin_of(table))) if part)
    when = "in the scenario" if settings.get("scenario") else "at the baseline"
    if settings.get("scenario"):
        words += f", on top of {_scenario_words(network, str(settings['scenario']))}"
    return Losses(frame, None if base is None else float(base), words, when, str(settings.get("tier") or ""))
