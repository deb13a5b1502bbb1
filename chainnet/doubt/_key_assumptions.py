"""``key_assumptions``: what a verdict rests on, each judgement and each weak input asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.doubt._case import Case
from chainnet.doubt._changes import Change, Variation, variations
from chainnet.doubt._due import HOLDS, JUDGED, STRESS_TEST, beyond, contradicts, deciders, firmness, jumps, range_table
from chainnet.doubt._inputs import draws_of
from chainnet.doubt._judgements import Judgement, Setting, judgements
from chainnet.doubt._smallest import MOST, Smallest, smallest_set
from chainnet.doubt._verdict import LEVELS, Outcome, changed, class_of
from chainnet.doubt._words import in_words, sentences
from chainnet.engine import CERTAIN, Certificate
from chainnet.errors import DataError
from chainnet.flow import Asked, Counting, binding_inputs, check_tier
from chainnet.network import Network, kept
from chainnet.results import SAMPLED, Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, check_scenario, overlay_of
from chainnet.words import Who

# of an input the bottleneck is looked for where it moves a tier's share by this much
MOVES = 0.01
DRAWS = 256
BATCH = 32  # draws between which it is asked whether more are needed
FIGURES = ("shortfall_tpa", "shortfall_share", "due_tpa", "due_share", "due_low_share", "due_high_share")
COLUMNS = ["kind", "id", "label", "quality", "reference", "variant", "tier", *FIGURES]
COLUMNS += ["change_share", "changes_result", "what"]
ONE_BY_ONE = 40  # inputs between two steps of a progress bar
Progress = Callable[[str, float], None] | None


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class KeyAssumptions(Result):
    """What a verdict rests on.

    What is *due* to a scenario is the shortfall under it less that without any, both judged alike.

    Attributes
    ----------
    table : DataFrame
        One row a variation and tier, judgements first, then the inputs that move the answer most: kind (order,
        rerouting, demand, slack, density, node, process, relation, stock, project, input), id, label, quality
        ("judgement" = somebody decides it), reference, variant (allies_last, alike, existing, low, high, less, more,
        absent), tier, shortfall_tpa, shortfall_share, due_tpa, due_share, due_low_share and due_high_share (they
        differ where several are served together and who of them is short is a tie; the other columns then hold the
        middle), change_share (of due_share), changes_result, what (class, bottleneck, rank, closed_by; several joined
        by ;). Served last is a stress test and changes no result.
    central : DataFrame, index tier
        The central case: demand_tpa, shortfall_tpa, shortfall_share, due_tpa, due_share, due_low_share,
        due_high_share, already_share, class; step_stage and step_country, the bottleneck in the baseline, a step of a
        country outside the beneficiaries (of several the first, step_ties how many others), step_lost_share; country,
        country_lost_share, the same of a whole country; closed_by, what leaves the tier without shortfall (levels, and
        projects alone; joined by ;).
    range : DataFrame, index tier
        central_share, low_share, high_share: what is due, in the central case and at the least and the most over the
        judgements, one at a time (order of service, rerouting, demand, how dense and how loose links are, each
        doubtful plant absent); already_share, short without any scenario; low_by, high_by, the judgements that give
        the ends (a plant as node:ID); class_share, part of 256 draws of all uncertain inputs in which the central class
        holds; last_share, due if all others are served before the beneficiaries, a stress test outside the range (NaN
        where there are none, or where the central case is in that order).
    smallest_set : tuple of str, or None
        The fewest assumed nodes, end uses aside, without which the scenario costs the first tier that asks for
        anything (``first_tier``) a class more; None where no set of at most ``max_set`` does.
    n_solved, n_settled : int
        Stages solved; answers that needed no solve, because a known optimum and its prices prove them.
    certificate : Certificate
        The worst of all stages and searches.
    """

    table: pd.DataFrame
    central: pd.DataFrame
    range: pd.DataFrame
    smallest_set: tuple[str, ...] | None
    n_solved: int
    n_settled: int
    certificate: Certificate

    @property
    def first_tier(self) -> str:
        """The first tier that asks for anything: ``firmness``, ``certain`` and ``decides`` are about it."""
        asks = self.central["demand_tpa"] > 0
        return str(self.central.index[int(asks.to_numpy().argmax())])

    @property
    def firmness(self) -> pd.Series:
        """Whether no variation of a kind changes the class, by kind: order, rerouting, demand, plants, links."""
        return firmness(self._rows)

    @property
    def certain(self) -> bool:
        """Whether a class can be said.

        It cannot where the central class holds in fewer than half of the draws, or where the order of service or one
        plant alone moves it by two classes.
        """
        return not self._is_split and self._far.empty

    @property
    def _is_split(self) -> bool:
        """Whether most draws are in another class than the central case."""
        return bool(self._ends["class_share"] < HOLDS)

    @property
    def _far(self) -> pd.DataFrame:
        """The rows of what alone moves the first tier by two classes."""
        return jumps(self._rows, self._ends["central_share"])

    @property
    def _ends(self) -> dict[Any, Any]:
        return self.range.loc[self.first_tier].to_dict()

    @property
    def decides(self) -> tuple[str, ...]:
        """What alone changes the class, in words, at most three, what moves it most first."""
        return tuple(in_words(row) for row in deciders(self._rows))

    @property
    def decides_ends(self) -> tuple[float, float]:
        """The least and the most that is due under the first of ``decides``; NaN where there is none."""
        first = next(iter(deciders(self._rows)), {})
        return float(first.get("due_low_share", np.nan)), float(first.get("due_high_share", np.nan))

    @property
    def _rows(self) -> pd.DataFrame:
        return self.table[self.table["tier"] == self.first_tier]

    @property
    def words(self) -> dict[str, str]:
        """What is asked, the verdict, why there is none, the range, how firm it is and what decides, in sentences."""
        tier = self.first_tier
        word = str(self.central["class"][tier])
        past = beyond(self._rows, self._ends)
        due = self.central["due_share"]
        others = {str(other): float(share) for other, share in due.items() if other != tier} if len(due) > 1 else None
        return sentences(
            tier, word, self._ends, self._rows, self.firmness, self.decides, self._far, self._is_split, past, others
        )

    @property
    def moving(self) -> pd.DataFrame:
        """The rows of the table that change something or move what is due: the first tier, what moves it most first.

        Behind them what leaves more short without the scenario, so that less is due to it: that is no way out.
        """
        table = self.table
        rows = table[table["changes_result"] | (table["change_share"] != 0.0)]
        base = {name: rows["tier"].map(self.central[name]) for name in ("already_share", "due_share")}
        is_worse = contradicts(rows["shortfall_share"] - rows["due_share"], rows["due_share"], base)
        is_worse &= ~rows["kind"].isin([*JUDGED, "input"])
        rank = rows["tier"].map(list(self.central.index).index)
        return rows.iloc[np.lexsort((-rows["change_share"].abs(), is_worse, rank))]

    def of(self, tier: str) -> KeyAssumptions:
        """Return the same of one tier alone, whose ``firmness``, ``certain`` and ``decides`` it then holds.

        Parameters
        ----------
        tier : str
        """
        checks.known(tier, list(self.central.index), "tier", "tier")
        table, smallest = self.table[self.table["tier"] == tier], self.smallest_set if tier == self.first_tier else None
        central, ends = self.central.loc[[tier]], self.range.loc[[tier]]
        return replace(self, table=table, central=central, range=ends, smallest_set=smallest)


def key_assumptions(
    network: Network,
    scenario: Scenario | str | None = None,
    tier: str | None = None,
    max_set: int = 3,
    *,
    order: Asked = None,
    beneficiaries: Words = None,
    commodity: Words = None,
    verify: bool = False,
    progress: Progress = None,
) -> KeyAssumptions:
    """Say what a verdict rests on: ask it again with every judgement and every weak input otherwise.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenario : Scenario or str, optional
        None = the baseline, to which nothing is due.
    tier : str, optional
        Only this tier, served in its turn; default all.
    max_set : int
        Largest set of assumed nodes that is looked for, 0 to 5.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first in the central case, as in ``balance``; the other orders of the range are judgements.
    beneficiaries, commodity : optional
        Whose and what demand counts; default from the network.
    verify : bool
        Solve the answer of the central case again with a second solver and compare.
    progress : callable, optional
        Called with (what is being done, part done from 0 to 1).

    Returns
    -------
    KeyAssumptions

    Raises
    ------
    DataError
        If there is no demand table, nobody of the beneficiaries asks for anything, or an argument is unknown.
    SolverError
        If an answer fails its own check.

    See Also
    --------
    sensitivity, ensemble, service_range

    Notes
    -----
    The central case is the network as it stands, once new suppliers are qualified (``reroute="new"``), without stocks.
    The verdict, by tier: the class of the share that is due to the scenario (met up to 0.01, little up to 0.1, part up
    to 0.5, most beyond; what is within 1e-6 of a border is in the lower class); the *bottleneck*, the step of a country
    outside the beneficiaries whose loss costs the tier most, if served first; the *rank*, the same of whole countries;
    what *closes* the gap: the levels (existing, new, stocks, projects by the sixth year after the base year) that leave
    the tier without shortfall, and the projects that do so on existing links alone. Bottleneck and rank are those of
    the baseline on existing links, as in a report; of several that tie each is a true answer.

    Judgements: who comes first, rerouting (new suppliers, or existing links only), all demand at its low or high
    value, inferred and assumed relations with no margin above their flow or twice the stated one (what has no limit,
    no flow, or all that its source makes as capacity stays as it is), without those under 5 % of what their taker
    uses, or with relations from every maker to every user. Inputs: inferred and assumed nodes, recipes, families of
    relations, stocks and demand, plants that opened since the base year, and every project.

    A plant, recipe or link that is otherwise and leaves more short *without* the scenario, so that less is due to it,
    gives no low end and no other class: nobody saw that shortage. Its row of the table stands.

    What is not asked is not computed: the bottleneck of inputs is, where they move the tier by a hundredth of its
    demand. Two things that are absent together are only looked for among assumed nodes (``smallest_set``). Nothing is
    solved where a known optimal answer leaves alone what goes, and what is added has no price.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = cn.key_assumptions(net, cn.scenarios(net)["china_out"])
    >>> found.central["class"].tolist(), found.certain
    (['met', 'most', 'most'], False)
    """
    scenario = asked_scenario(network, scenario)
    checks.whole(max_set, "max_set", 0, MOST, "is out of range; give a whole number, {least} to {most}.")
    if network.demand.empty:
        raise DataError("key_assumptions: the network has no demand table, so nobody can be short. Give demand.")
    if scenario is not None:
        check_scenario(scenario)
    check_tier(network, tier)
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    counting.first(tier).check_asked("key_assumptions")
    asked = _Asked(Case(counting, scenario, tier), progress or (lambda _what, _part: None))
    return _answer(asked, int(max_set), verify)


def class_assumptions(counting: Counting, scenario: Scenario | None) -> KeyAssumptions:
    """Return what the class of a verdict rests on, and its range: as ``key_assumptions``, in less time.

    Neither another bottleneck nor what else closes a gap is looked for, and no set of plants: ``changes_result`` and
    ``what`` of the table are those of the class alone. What is short without any scenario is asked once for all.

    Parameters
    ----------
    counting : Counting
    scenario : Scenario or None
    """
    calm = _calm(counting.network, counting)
    return _answer(_Asked(Case(counting, scenario, calm=calm), lambda _what, _part: None, is_brief=True), 0, False)


@kept(4)
def _calm(_network: Network, counting: Counting) -> Case:
    return Case(counting, None)


def _answer(asked: _Asked, max_set: int, verify: bool) -> KeyAssumptions:
    """Return the tables of what was asked."""
    case, smallest = asked.case, asked.smallest(max_set)
    network, counting, scenario = case.network, case.counting, case.scenario
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [overlay_of(network, scenario)]),
        **counting.settings,
        scenario=scenario.name if scenario else "",
        reroute="new",
        tier=case.tier,
        max_set=max_set,
        draws=DRAWS,
        seed=0,
        by_year=case.by_year,
    )
    for proof in smallest.proofs:
        case.ledger.add(proof)
    table, central = asked.table(), asked.central()
    held = asked.class_share()
    asked.is_done()
    return KeyAssumptions(
        provenance=source,
        table=stamp(table, source),
        central=stamp(central, source),
        range=stamp(range_table(table, central, held), source, status={"class_share": SAMPLED}),
        smallest_set=smallest.ids,
        n_solved=len(case.proved.proofs),
        n_settled=case.proved.settled,
        certificate=case.certificate(verify),
    )


class _Asked:
    """The central answer and all others, as they are found, and the tables made of them."""

    def __init__(self, case: Case, step: Callable[[str, float], None], is_brief: bool = False) -> None:
        self.case, self._step, self._is_brief = case, step, is_brief
        network, counting = case.network, case.counting
        step("the central case", 0.0)
        self._all = range(len(case.tiers))
        self._base = case.narrowed(case.outcomes(case.central)[0], case.central, None, self._all)
        self._judged: list[tuple[Judgement, Outcome]] = []
        made = judgements(counting, case.orders, case.dense is not case.chain)
        for i, one in enumerate(made):
            step(one.label, 0.05 + 0.35 * i / len(made))
            found = self._outcomes(one.setting)[0]
            found = found if is_brief else case.narrowed(found, one.setting, None, self._all)
            self._judged.append((one, found))
        step("inputs that are inferred or assumed", 0.4)
        self._inputs = list(self._one_at_a_time(variations(network, counting)))

    def is_done(self) -> None:
        """Say that nothing is left to ask."""
        self._step("what the verdict rests on", 1.0)

    def _outcomes(self, setting: Setting, changes: Sequence[Change | None] = (None,)) -> list[Outcome]:
        """Return the answers; in brief what is short alone, so that all else is as in the central case."""
        if not self._is_brief:
            return self.case.outcomes(setting, changes)
        none = (None,) * len(self._all)
        found = self.case.shortfalls(setting, changes)
        return [replace(one, closes=self._base.closes, steps=none, countries=none) for one in found]

    def _one_at_a_time(self, changed: Sequence[Variation]) -> list[tuple[Variation, Outcome]]:
        out = []
        outcomes = self._outcomes(self.case.central, [one.change for one in changed]) if changed else []
        for i, (one, found) in enumerate(zip(changed, outcomes, strict=True)):
            if i % ONE_BY_ONE == 0:
                self._step("what moves the bottleneck", 0.6 + 0.1 * i / len(changed))
            moved = np.abs(found.share - self._base.share) >= MOVES
            if moved.any() and not self._is_brief:
                found = self.case.narrowed(found, self.case.central, one.change, np.flatnonzero(moved).tolist())
            out.append((one, found))
        return out

    def smallest(self, max_set: int) -> Smallest:
        """Look for the smallest set without which the scenario costs the first tier a class more."""
        self._step("sets of assumed plants", 0.7)
        return smallest_set(self.case, int((self._base.wanted > 0).argmax()), max_set)

    def class_share(self) -> pd.Series:
        """Return the part of the draws in which each tier is in the class of the central case.

        In brief no more are drawn than say whether that is half of them.
        """
        self._step("draws of all uncertain inputs", 0.85)
        central = [class_of(share) for share in self._base.due]
        draws, held = draws_of(self.case.network, DRAWS), np.zeros((0, len(central)))
        for start in range(0, len(draws), BATCH if self._is_brief else max(len(draws), 1)):
            batch = draws[start : start + BATCH] if self._is_brief else draws
            held = np.vstack([held, [np.equal(one, central) for one in self.case.classes(batch)]])
            most = np.maximum(held.sum(axis=0), (~held.astype(bool)).sum(axis=0) - 0.5)
            if (most >= HOLDS * len(draws)).all():
                break
        shares = held.mean(axis=0) if len(held) else np.ones(len(central))
        return pd.Series(shares, index=[self._tier(t) for t in self._all])

    # -- tables ------------------------------------------------------------------------------------

    def _tier(self, number: int) -> str:
        return Who.of(self.case.tiers[number])

    def _figures(self, found: Outcome, t: int) -> dict[str, float]:
        """Return what is short of a tier, and what of that is due to the scenario."""
        wanted, low, high = float(found.wanted[t]), *(float(end[t]) for end in found.due_ends)
        share, due = float(found.share[t]), float(found.due[t])
        return {
            "shortfall_tpa": share * wanted,
            "shortfall_share": share,
            "due_tpa": due * wanted,
            "due_share": due,
            "due_low_share": low,
            "due_high_share": high,
            "already_share": float(found.already[t]),
        }

    def _rows(self, head: tuple[str, ...], found: Outcome) -> list[tuple[object, ...]]:
        """Return the rows of one variation: kind, id, label, quality, reference, variant; then tier by tier."""
        rows: list[tuple[object, ...]] = []
        base = [self._figures(self._base, t) for t in self._all]
        for t in self._all:
            figures = self._figures(found, t)
            what = [] if head[1] == STRESS_TEST else changed(self._base, found, t)
            if head[0] not in (*JUDGED, "input") and contradicts(
                figures["already_share"], figures["due_share"], base[t]
            ):
                what = [word for word in what if word != "class"]
            change = figures["due_share"] - float(self._base.due[t])
            change = 0.0 if abs(change) <= CERTAIN else change
            shown = [figures[name] for name in FIGURES]
            rows.append((*head, self._tier(t), *shown, change, bool(what), ";".join(what)))
        return rows

    def table(self) -> pd.DataFrame:
        """Return the rows of judgements, then those of inputs: changing ones first, then by how far they move."""
        rows: list[tuple[object, ...]] = []
        for one, found in self._judged:
            rows += self._rows((one.kind, one.id, one.label, one.quality, "", one.variant), found)
        blocks = []
        for v, found in self._inputs:
            block = self._rows((v.kind, v.id, v.label, v.quality, v.reference, v.variant), found)
            moved = max(abs(float(row[COLUMNS.index("change_share")])) for row in block)  # type: ignore[arg-type]
            n_over = sum(bool(row[COLUMNS.index("changes_result")]) for row in block)
            blocks.append((not n_over, -round(moved, 9), block))
        for *_, block in sorted(blocks, key=lambda b: b[:2]):
            rows += block
        return pd.DataFrame(rows, columns=COLUMNS)

    def central(self) -> pd.DataFrame:
        """Return the central case, by tier."""
        base, rows = self._base, []
        order = [*LEVELS, *self.case.closers]
        for t in self._all:
            step, country = base.steps[t], base.countries[t]
            assert step is not None
            assert country is not None
            first, place = min(step.names, key=str, default=("", "")), min(country.names, key=str, default="")
            rows.append(
                {
                    "tier": self._tier(t),
                    "demand_tpa": base.wanted[t],
                    **self._figures(base, t),
                    "class": class_of(float(base.due[t])),
                    "step_stage": first[0],  # type: ignore[index]
                    "step_country": first[1],  # type: ignore[index]
                    "step_lost_share": step.lost_share,
                    "step_ties": max(len(step.names) - 1, 0),
                    "country": place,
                    "country_lost_share": country.lost_share,
                    "closed_by": ";".join(sorted(base.closes[t], key=order.index)),
                }
            )
        return pd.DataFrame(rows).set_index("tier")
