"""``retaliation``: a move of one bloc, the best answer of the other, the best reply; each exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.blocs._market import SplitMarket
from chainnet.blocs._worlds import Party, chosen_projects, parties, standing
from chainnet.engine import (
    CERTAIN,
    LEAST_SIZE,
    PROOF_SEARCH,
    BestDefence,
    Certificate,
    essential,
    require,
    worst_attack,
)
from chainnet.errors import DataError, SolverError
from chainnet.flow import Counting, binding_inputs, project_sizes
from chainnet.lowering import Degree, Overlay, column_gains
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario
from chainnet.words import exact

CANDIDATES = ("commodity", "node")
ROUNDS = 30


@dataclass(frozen=True, repr=False, eq=False)
class Retaliation(Result):
    """Moves of a bloc, what the other side answers, and what can be replied.

    Attributes
    ----------
    moves : DataFrame, index move
        moved_tpa (our users served after our move), response (their worst answer), answered_tpa,
        their_before_tpa and their_after_tpa (their own users), their_sales_usd (baseline sales that the
        response gives up; NaN where a price is missing), reply (projects), spent_musd, replied_tpa,
        response_again and final_tpa (the worst they can then do); prepared and prepared_tpa (the plan
        made before they answer, and what it leaves after its own worst answer); lost_tpa (open market
        less final), is_best (by prepared_tpa).
    payoffs : DataFrame
        move, response (nothing, or one candidate alone), us_tpa, us_lost_tpa, them_tpa, them_lost_tpa:
        losses against the open market without moves.
    candidates : DataFrame, index response
        What they control: kind, sales_usd (baseline; NaN where a price is missing).
    open_tpa, best_tpa : float
        Our users served before any move, and after the best one and its worst answer, plan prepared.
    certificate : Certificate
        The worst of all: linear programs by their duals, answers and plans by the bound of the search.
    """

    moves: pd.DataFrame
    payoffs: pd.DataFrame
    candidates: pd.DataFrame
    open_tpa: float
    best_tpa: float
    certificate: Certificate


def retaliation(
    network: Network,
    us: Any,
    them: Any,
    moves: Mapping[str, Scenario | None] | None = None,
    k: int = 1,
    *,
    by: str = "commodity",
    to: str = "us",
    scenario: Scenario | str | None = None,
    projects: Iterable[str] | None = None,
    budget_musd: float | None = None,
    by_year: int | None = None,
    reroute: Degree = "existing",
    commodity: Words = None,
    time_limit_s: float = 60.0,
    progress: Tell | None = None,
) -> Retaliation:
    """Play a bloc's measures against the best answer of the other side, and reply with projects.

    Served is the largest tonnage that a side's own users can be served when they outbid everyone.
    They answer so that our users are left with the least (k cuts at most, exact); we reply with the
    projects that give most back (exact); the reply may be prepared before they answer (exact too).

    Parameters
    ----------
    network : Network
    us, them : list of str
        Countries and groups.
    moves : mapping of name to Scenario, optional
        None as a scenario = nothing is done. Default: nothing; their owners are excluded from our
        countries; we stop buying from them; we also stop selling.
    k : int
        Most cuts in an answer.
    by : {"commodity", "node"}
        commodity: they stop the export of a commodity. node: a plant in their countries or of their
        owners stops, for everyone.
    to : {"us", "all"}
        Whose supply a stopped export hits: ours alone, or that of every country (no way round).
    scenario : Scenario or str, optional
        In force throughout.
    projects : iterable of str, optional
        Projects that we can reply with, of those in or backed by our countries; default all of them.
    budget_musd : float, optional
        What the reply may cost, USD million; then projects without capex stay out. None = all are built.
    by_year : int, optional
        The size of projects in a year.
    reroute : {"existing", "none", "new"}
    commodity : str or list of str, optional
        What counts; default the main commodities.
    time_limit_s : float
        For each search; an answer that is not proved within it raises.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Retaliation

    Raises
    ------
    DataError
        If a side has no members, a country is on both, k or the budget is out of range, or an argument is
        unknown.
    SolverError
        If an answer cannot be proved in the time given.

    See Also
    --------
    alignment, interdict, instruments

    Notes
    -----
    The answer is the attacker's program of ``interdict`` with the candidates that the other side
    controls. The prepared plan adds attacks one by one to a mixed-integer program (Zeng and Zhao 2013).
    One of several equally bad answers is shown. Neither side is said to want what it can do.

    References
    ----------
    Wood, R. K. (1993). Deterministic network interdiction. Math. Comput. Modelling 17(2), 1-18.
    Zeng, B., Zhao, L. (2013). Solving two-stage robust optimization problems using a
    column-and-constraint generation method. Oper. Res. Lett. 41(5), 457-461.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.blocs import retaliation
    >>> net = cn.read("rare-earths")
    >>> played = retaliation(net, ["bloc_2026"], ["CHN"], k=1, projects=[])
    >>> played.moves.loc["nothing", "response"]
    'ndfeb'
    """
    scenario = asked_scenario(network, scenario)
    checks.whole(k, "k")
    checks.known(by, CANDIDATES, "by", "kind of answer")
    checks.known(to, ("us", "all"), "to", "reach")
    if budget_musd is not None:
        checks.number(budget_musd, "budget_musd", rule="is not allowed; give USD million, 0 or more, or None.")
    if not checks.is_number(time_limit_s) or time_limit_s <= 0:
        raise DataError(f"time_limit_s: {time_limit_s!r} is not allowed; give seconds, above 0.")
    if moves is not None and not isinstance(moves, Mapping):
        raise DataError(f"moves: {type(moves).__name__} is not allowed; give a mapping of names to scenarios.")
    sides = parties(network, {"us": _listed(us), "them": _listed(them)}, "us, them")
    plays = _default_moves(sides) if moves is None else dict(moves)
    if not plays:
        raise DataError("moves: none is given. Give a mapping of names to scenarios, None = nothing is done.")
    proofs: list[Certificate] = []
    options = _options(network, sides[0], projects, budget_musd)
    whole = standing(network, scenario, (), by_year)
    sizes = np.where(options, project_sizes(network, by_year), 0.0)
    rules = _Rules(int(k), by, to, budget_musd, float(time_limit_s), sizes, reroute, commodity)
    worlds = {
        str(name): standing(network, _joined(scenario, move, str(name)), (), by_year, said=moves is not None)
        for name, move in plays.items()
    }
    boards = {name: _Board(network, world, sides, rules, proofs) for name, world in worlds.items()}
    still = _Board(network, whole, sides, rules, proofs)
    open_us, open_them = still.us(still.nothing), still.them(still.nothing)
    steps = Steps("moves and answers", progress, len(boards) + sum(1 + len(board.names) for board in boards.values()))
    lines = {name: boards[name].play(open_us) for name in steps.each(boards)}
    table = pd.DataFrame.from_dict(lines, orient="index").rename_axis("move")
    best = float(table["prepared_tpa"].max())
    table["is_best"] = table["prepared_tpa"] >= best - CERTAIN * max(open_us, 1.0)
    settings: dict[str, Any] = {
        "us": list(sides[0].words),
        "them": list(sides[1].words),
        "moves": {name: "" if m is None else m.to_toml() for name, m in plays.items()},
        "k": int(k),
        "by": by,
        "to": to,
        "scenario": scenario.name if scenario else "",
        "projects": sorted(network.projects["id"][options]),
        "budget_musd": budget_musd,
        "by_year": by_year,
        "reroute": reroute,
        "commodity": commodity,
    }
    source = provenance(
        network,
        "HiGHS simplex, branch and cut",
        rests_on=lambda: binding_inputs(Counting.of(network, commodity, sides[0].words, said=False), [whole], reroute),
        **settings,
    )
    payoffs = [board.payoffs(name, open_us, open_them, steps) for name, board in boards.items()]
    steps.end()
    return Retaliation(
        source,
        stamp(table, source),
        stamp(pd.concat(payoffs, ignore_index=True), source),
        stamp(still.candidate_table(), source),
        open_us,
        best,
        Certificate.worst(proofs, "retaliation", value=best),
    )


def _listed(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else [str(w) for w in words]


def _default_moves(sides: list[Party]) -> dict[str, Scenario | None]:
    ours, theirs = (list(side.words) for side in sides)
    stop = {"kind": "restrict", "share": 0.0}
    buy = {**stop, "from": {"country": theirs}, "to": {"country": ours}}
    sell = {**stop, "from": {"country": ours}, "to": {"country": theirs}}
    return {
        "nothing": None,
        "exclude their owners": Scenario(
            "exclude", [{"kind": "remove", "where": {"owner_country": theirs, "country": ours}}]
        ),
        "stop selling": Scenario("sell", [sell]),
        "stop buying and selling": Scenario("both", [buy, sell]),
    }


def _joined(scenario: Scenario | None, move: Scenario | None, name: str) -> Scenario | None:
    if move is not None and not isinstance(move, Scenario):
        raise DataError(f'moves: "{name}" is {move!r}; give a Scenario, or None for nothing.')
    parts = [s for s in (scenario, move) if s is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    return Scenario("move", [dict(m) for s in parts for m in s.measures])


def _options(network: Network, us: Party, projects: Iterable[str] | None, budget: float | None) -> Any:
    """Return which projects we may reply with: ours or backed by us, and with capex if there is a budget."""
    table = network.projects
    own = us.stands_behind(network) & chosen_projects(network, projects)
    return own if budget is None else own & table["capex_musd"].notna().to_numpy()


@dataclass(frozen=True)
class _Rules:
    """What may be done by either side."""

    k: int
    by: str
    to: str
    budget_musd: float | None
    time_limit_s: float
    sizes: Any
    degree: Degree
    commodity: Words


class _Board:
    """One move of ours put to the network: what they can cut, what we can build, and all values."""

    def __init__(
        self, network: Network, overlay: Overlay, sides: list[Party], rules: _Rules, proofs: list[Certificate]
    ) -> None:
        whole = overlay.with_built(np.maximum(overlay.built, rules.sizes))
        self._market = SplitMarket(network, whole, rules.degree, rules.commodity, sides, proofs)
        self._rules, self._network, self._proofs = rules, network, proofs
        low = self._market.low
        self._low, self._width = low, len(low.flows.tail)
        self.nothing = np.zeros(self._width, dtype=bool)
        n = len(network.nodes)
        # a project that stands anyway is no option
        offered = np.flatnonzero((rules.sizes > 0) & (overlay.built < rules.sizes))
        self.options = list(network.projects["id"].to_numpy(dtype=object)[offered])
        self._cost = network.projects["capex_musd"].fillna(0.0).to_numpy(dtype=float)[offered]
        self._legs = [(low.flows.tail == n + i) | (low.flows.head == n + i) for i in offered]
        self.names, self._groups, self._kinds = self._cuts(sides)
        self._gains = column_gains(low, self._market.rows["us"])

    def _cuts(self, sides: list[Party]) -> tuple[list[str], list[Any], list[str]]:
        low = self._low
        names, groups = [], []
        if self._rules.by == "commodity":
            sold = self._sold()
            for code, word in enumerate(low.commodities):
                columns = sold & (low.flows.commodity == code)
                if columns.any():
                    names.append(word or "the commodity")
                    groups.append(columns)
            words = "export to us stops" if self._rules.to == "us" else "export to all stops"
            return names, groups, [words] * len(names)
        plants = self._network.plants
        theirs = sides[1].rows(plants) | sides[1].rows(plants, "owner_country")
        for position in np.flatnonzero(theirs & (plants["stage"] != "end_use").to_numpy()):
            columns = (low.flows.tail == position) | (low.flows.head == position)
            if columns.any():
                names.append(str(plants["id"].iloc[position]))
                groups.append(columns)
        return names, groups, ["plant stops"] * len(names)

    def us(self, closed: Any) -> float:
        """Return what our users are served, no project of the reply built, with columns closed."""
        return self._market.value("us", closed | self._unbuilt(np.zeros(len(self.options), dtype=bool)))

    def them(self, closed: Any) -> float:
        """Return what their users are served, no project of the reply built, with columns closed."""
        return self._market.value("them", closed | self._unbuilt(np.zeros(len(self.options), dtype=bool)))

    def _unbuilt(self, plan: Any) -> Any:
        out = self.nothing.copy()
        for legs, taken in zip(self._legs, plan, strict=True):
            if not taken:
                out |= legs
        return out

    def _closed(self, attack: tuple[int, ...]) -> Any:
        out = self.nothing.copy()
        for i in attack:
            out |= self._groups[i]
        return out

    def answer(self, plan: Any) -> tuple[tuple[int, ...], float]:
        """Return their worst answer to a plan and what it leaves us; proved by the bound of the search."""
        shut = self._unbuilt(plan)
        base = self._market.value("us", shut)
        useful = [i for i, g in enumerate(self._groups) if (self._gains[: self._width][g] > 0).any()]
        if not useful or self._rules.k == 0 or base <= 0:
            return (), base
        upper = self._low.program.col_upper.copy()
        upper[: self._width][shut] = 0.0
        groups = [np.flatnonzero(self._groups[i] & (self._gains[: self._width] > 0)) for i in useful]
        found = worst_attack(
            replace(self._low.program, col_upper=upper),
            self._low.served[self._market.rows["us"]],
            groups,
            self._gains,
            np.ones(len(groups)),
            float(self._rules.k),
            time_limit_s=self._rules.time_limit_s,
        )
        attack: tuple[int, ...] = ()
        if found is not None and not found.is_optimal:
            raise SolverError(self._late("answer"))
        if found is not None:

            def left_by(cuts: tuple[int, ...]) -> float:
                return self._market.value("us", shut | self._closed(cuts))

            attack = tuple(useful[int(i)] for i in found.chosen)
            attack = essential(attack, left_by, left_by(attack) + CERTAIN * max(base, LEAST_SIZE))
            left = left_by(attack)
            gap = abs(left - found.bound) / max(base, LEAST_SIZE)
            self._proofs.append(require(Certificate("answer", left, found.bound, gap, 0.0, PROOF_SEARCH)))
            return attack, left
        return attack, base

    def reply(self, attacks: list[tuple[int, ...]]) -> tuple[Any, float]:
        """Return the projects that leave most after the worst of these answers, and the bound that proves it."""
        n = len(self.options)
        if not n:
            return np.zeros(0, dtype=bool), np.inf
        if self._rules.budget_musd is None:
            return np.ones(n, dtype=bool), np.inf  # all are built: more never leaves less
        planner = BestDefence(
            self._low.program,
            self._low.served[self._market.rows["us"]],
            self._cost,
            float(self._rules.budget_musd),
            [np.flatnonzero(legs) for legs in self._legs],
            self._rules.time_limit_s,
        )
        for attack in attacks:
            planner.add_attack([(np.flatnonzero(self._closed(attack)), -1)])
        plan, bound = planner.solve()
        plan = np.asarray(plan, dtype=bool)
        worst = min(self._market.value("us", self._unbuilt(plan) | self._closed(a)) for a in attacks)
        size = max(self._market.value("us"), LEAST_SIZE)
        if abs(bound - worst) > PROOF_SEARCH * size:
            raise SolverError(self._late("reply"))
        self._proofs.append(require(Certificate("reply", worst, bound, abs(bound - worst) / size, 0.0, PROOF_SEARCH)))
        return self._lean(plan, attacks, worst), bound

    def _late(self, what: str) -> str:
        limit = self._rules.time_limit_s
        return f"retaliation: the best {what} was not proved within {limit:g} s. Give more time_limit_s or a smaller k."

    def _lean(self, plan: Any, attacks: list[tuple[int, ...]], worst: float) -> Any:
        """Leave out projects that add nothing, the dearest first."""
        out = plan.copy()
        for i in sorted(np.flatnonzero(plan), key=lambda i: (-self._cost[i], self.options[i])):
            out[i] = False
            left = min(self._market.value("us", self._unbuilt(out) | self._closed(a)) for a in attacks)
            out[i] = left < worst - CERTAIN * max(worst, LEAST_SIZE)
        return out

    def _prepared(self, first: tuple[int, ...]) -> tuple[Any, float]:
        """Return the plan that does best against its own worst answer."""
        attacks, best, chosen = [first], -np.inf, np.zeros(len(self.options), dtype=bool)
        for _ in range(ROUNDS):
            plan, bound = self.reply(attacks)
            attack, left = self.answer(plan)
            if left > best:
                best, chosen = left, plan
            if not np.isfinite(bound) or bound <= best + PROOF_SEARCH * max(best, LEAST_SIZE):
                return chosen, best
            if attack in attacks:  # the plan was made against it, so it leaves what was promised
                break
            attacks.append(attack)
        raise SolverError(
            f"retaliation: no plan was proved best within {ROUNDS} answers (best {exact(best)}, bound {exact(bound)}). "
            "Offer fewer projects or a smaller k."
        )

    def play(self, open_tpa: float) -> dict[str, Any]:
        """Return one line of the table of moves."""
        none = np.zeros(len(self.options), dtype=bool)
        attack, answered = self.answer(none)
        plan, _ = self.reply([attack])
        closed = self._closed(attack)
        replied = self._market.value("us", self._unbuilt(plan) | closed)
        again, final = self.answer(plan)
        prepared, left = self._prepared(attack)
        return {
            "moved_tpa": self.us(self.nothing),
            "response": self._label(attack),
            "answered_tpa": answered,
            "their_before_tpa": self.them(self.nothing),
            "their_after_tpa": self.them(closed),
            "their_sales_usd": self._sales(closed),
            "reply": self._taken(plan),
            "spent_musd": float(self._cost[plan].sum()),
            "replied_tpa": replied,
            "response_again": self._label(again),
            "final_tpa": final,
            "prepared": self._taken(prepared),
            "prepared_tpa": left,
            "lost_tpa": self._market.clean(open_tpa - final),
        }

    def _label(self, attack: tuple[int, ...]) -> str:
        return " + ".join(self.names[i] for i in attack) or "nothing"

    def _taken(self, plan: Any) -> str:
        return ", ".join(name for name, taken in zip(self.options, plan, strict=True) if taken) or "nothing"

    def _sales(self, closed: Any) -> float:
        flow, price = self._market.baseline, self._market.price
        sold = (closed & self._sold())[: len(flow)]
        lacking = sold & np.isnan(price) & (flow > 0)
        return float("nan") if lacking.any() else float(np.nansum((flow * price)[sold]))

    def _sold(self) -> Any:
        """Return which edge columns leave their countries: for ours, or for all countries."""
        side = self._market.sign({})
        outside = side[self._market.head] == 1 if self._rules.to == "us" else side[self._market.head] != -1
        return (side[self._market.tail] == -1) & outside

    def payoffs(self, move: str, open_us: float, open_them: float, steps: Steps) -> pd.DataFrame:
        """Return what each answer by itself leaves to both sides."""
        rows = []
        attacks: list[tuple[int, ...]] = [(), *((i,) for i in range(len(self.names)))]
        for attack in steps.each(attacks):
            closed = self._closed(attack)
            ours, theirs = self.us(closed), self.them(closed)
            lost = self._market.clean(open_us - ours), self._market.clean(open_them - theirs)
            rows.append((move, self._label(attack), ours, lost[0], theirs, lost[1]))
        return pd.DataFrame(rows, columns=["move", "response", "us_tpa", "us_lost_tpa", "them_tpa", "them_lost_tpa"])

    def candidate_table(self) -> pd.DataFrame:
        """Return what they can cut."""
        rows = [(n, kind, self._sales(g)) for n, kind, g in zip(self.names, self._kinds, self._groups, strict=True)]
        return pd.DataFrame(rows, columns=["response", "kind", "sales_usd"]).set_index("response")
