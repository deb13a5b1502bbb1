"""``key_assumptions``: what a verdict rests on, each judgement and each weak input asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.doubt._case import Case
from chainnet.doubt._changes import Variation, variations
from chainnet.doubt._judgements import CENTRAL, JUDGEMENT, Judgement, Setting, corners, judgements, together
from chainnet.doubt._smallest import MOST, Smallest, smallest_set
from chainnet.doubt._verdict import LEVELS, Outcome, category, changed
from chainnet.doubt._words import ends_sentence, robustness
from chainnet.engine import Certificate
from chainnet.errors import DataError
from chainnet.flow import Counting, binding_inputs
from chainnet.network import Network
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, check_scenario, overlay_of
from chainnet.words import Who

# of an input the bottleneck is looked for where it moves a tier's short share by this much
MOVES = 0.01
COLUMNS = ["kind", "id", "label", "quality", "reference", "variant", "tier", "shortfall_tpa", "shortfall_share"]
COLUMNS += ["change_share", "changes_result", "what", "shortfall_least_tpa"]
ONE_BY_ONE = 40  # inputs between two steps of a progress bar
Progress = Callable[[str, float], None] | None


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class KeyAssumptions(Result):
    """What a verdict rests on.

    Attributes
    ----------
    table : DataFrame
        One row a variation and tier, judgements first, then the inputs that move the answer most: kind (order,
        rerouting, demand, slack, density, node, process, relation, stock, project, input), id, label, quality
        ("judgement" = somebody decides it), reference, variant (allies_last, alike, none, new, low, high, less, more,
        absent), tier, shortfall_tpa, shortfall_share, change_share (of the short share), changes_result, what
        (category, bottleneck, rank, closed_by; several joined by ;), shortfall_least_tpa (differs where nobody comes
        first: who of all is short is then a tie, and shortfall_tpa the most that can be ours).
    central : DataFrame, index tier
        The central case: demand_tpa, shortfall_tpa, shortfall_share, category; step_stage and step_country,
        the bottleneck in the baseline, a step of a country outside the beneficiaries (of several the first, step_ties
        how many others), step_lost_share; country, country_lost_share, the same of a whole country; closed_by, what
        leaves the tier without shortfall (levels, and projects alone; joined by ;).
    ends : DataFrame, index tier
        low_share, central_share, high_share of demand short, low_by, high_by: over the judgements one at a time, all
        combinations of order, rerouting and demand ("order:allies_last+demand:high"), and all that is favourable or
        all that is adverse at once. Other combinations with slack or density are not asked, and may lie outside.
    together : DataFrame
        All favourable and all adverse judgements at once, with the columns of ``table``.
    smallest_set : tuple of str, or None
        The fewest assumed nodes, end uses aside, whose joint absence makes another category of the first tier that
        asks for anything (``first_tier``); None where no set of at most ``max_set`` does.
    robustness : str
        One sentence on the same tier: "open" (a judgement makes another category), "holds unless" (an input or a
        small set does) or "holds".
    ends_said : str
        The ends in a sentence.
    n_solved, n_settled : int
        Stages solved; answers that needed no solve, because a known optimum and its prices prove them.
    certificate : Certificate
        The worst of all stages and searches.
    """

    table: pd.DataFrame
    central: pd.DataFrame
    ends: pd.DataFrame
    together: pd.DataFrame
    smallest_set: tuple[str, ...] | None
    robustness: str
    ends_said: str
    n_solved: int
    n_settled: int
    certificate: Certificate

    @property
    def first_tier(self) -> str:
        """The first tier that asks for anything: ``robustness`` and ``smallest_set`` are about it."""
        asks = self.central["demand_tpa"] > 0
        return str(self.central.index[int(asks.to_numpy().argmax())])

    @property
    def moving(self) -> pd.DataFrame:
        """The rows of the table that change something or move the short share."""
        table = self.table
        return table[table["changes_result"] | (table["change_share"] != 0.0)]


def key_assumptions(
    network: Network,
    scenario: Scenario | str | None = None,
    *,
    tier: str | None = None,
    max_set: int = 3,
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
        None = the baseline.
    tier : str, optional
        Only this tier, if served first (as ``chokepoints`` asks); default all, in their order (as ``balance``).
    max_set : int
        Largest set of assumed nodes that is looked for, 0 to 5.
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

    Notes
    -----
    The verdict, by tier: the category of the short share (met below 1e-6, little below 0.1, part below 0.5, most); the
    *bottleneck*, the step of a country outside the beneficiaries whose loss costs the tier most, if served first; the
    *rank*, the same of whole countries; what *closes* the gap: the levels (existing, new, stocks, projects by the sixth
    year after the base year) that leave the tier without shortfall, and the projects that do so on existing
    links alone.

    Bottleneck and rank are those of the baseline network, as in a report; of several that tie each is a true
    answer. Where all are served alike they count what is surely ours.

    Judgements: who comes first (allies first, last, or all alike), rerouting, all demand at its low or
    high value, inferred and assumed relations with no margin above their flow or twice the stated one (what has no
    limit, no flow, or all that its source makes as capacity stays as it is), without those under 5 % of what their
    taker uses, or with relations from every maker to every user. Inputs: inferred and assumed nodes, recipes, families
    of relations, stocks and demand, and every project.

    What is not asked is not computed: bottleneck and rank of judgements and of inputs that move the tier by a
    hundredth of its demand; neither of all judgements at once. Two things that are absent together are only looked
    for among assumed nodes (``smallest_set``). Nothing is solved where a known optimal answer leaves alone what goes,
    and what is added has no price.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = cn.key_assumptions(net, cn.scenarios(net)["china_out"])
    >>> found.central["category"].tolist(), len(found.smallest_set)
    (['met', 'most', 'most'], 1)
    """
    scenario = asked_scenario(network, scenario)
    checks.whole(max_set, "max_set", 0, MOST, "is out of range; give a whole number, {least} to {most}.")
    if network.demand.empty:
        raise DataError("key_assumptions: the network has no demand table, so nobody can be short. Give demand.")
    if scenario is not None:
        check_scenario(scenario)
    counting = Counting.of(network, commodity, beneficiaries, tier)
    if not counting.rows.any():
        raise DataError(
            "key_assumptions: nobody who counts asks for anything. Name other beneficiaries, goods or tiers."
        )
    case = Case(counting, scenario)
    asked = _Asked(case, progress or (lambda _what, _part: None))
    smallest = asked.smallest(int(max_set))
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [overlay_of(network, scenario)]),
        **counting.settings,
        scenario=scenario.name if scenario else "",
        tier=tier,
        max_set=int(max_set),
        by_year=case.by_year,
    )
    for proof in smallest.proofs:
        case.ledger.add(proof)
    table, both, ends = asked.table(), asked.both(), asked.ends()
    first = asked.first_tier
    inputs = table[(table["tier"] == first) & ~table["kind"].isin(asked.judgement_kinds)]
    asked.is_done()
    return KeyAssumptions(
        provenance=source,
        table=stamp(table, source),
        central=stamp(asked.central(), source),
        ends=stamp(ends, source),
        together=stamp(both, source),
        smallest_set=smallest.ids,
        robustness=robustness(first, ends.iloc[list(ends.index).index(first)], inputs, smallest),
        ends_said=ends_sentence(ends),
        n_solved=len(case.ledger.proofs),
        n_settled=case.ledger.settled,
        certificate=case.certificate(verify),
    )


class _Asked:
    """The stated answer and all others, as they are found, and the tables made of them."""

    def __init__(self, case: Case, step: Callable[[str, float], None]) -> None:
        self.case, self._step = case, step
        network, counting = case.network, case.counting
        step("the central case", 0.0)
        self._all = range(len(case.tiers))
        self._base = case.narrowed(case.outcomes(Setting())[0], Setting(), None, self._all)
        self._judged: list[tuple[Judgement, Outcome]] = []
        made = judgements(network, counting, case.dense is not case.chain)
        for i, one in enumerate(made):
            step(one.label, 0.05 + 0.4 * i / len(made))
            found = case.outcomes(one.setting)[0]
            self._judged.append((one, case.narrowed(found, one.setting, None, self._all)))
        self._both = [(name, case.outcomes(setting)[0]) for name, setting in together(made)]
        step("judgements in combination", 0.45)
        self._corners = [(name, case.shortfalls(setting)) for name, setting in corners(made)]
        step("inputs that are inferred or assumed", 0.5)
        self._inputs = list(self._one_at_a_time(variations(network, counting)))

    def is_done(self) -> None:
        """Say that nothing is left to ask."""
        self._step("what the verdict rests on", 1.0)

    @property
    def judgement_kinds(self) -> set[str]:
        """The kinds of variation that are judgements."""
        return {"order", "rerouting", "demand", "slack", "density"}

    def _one_at_a_time(self, changed: Sequence[Variation]) -> list[tuple[Variation, Outcome]]:
        out = []
        outcomes = self.case.outcomes(Setting(), [one.change for one in changed]) if changed else []
        for i, (one, found) in enumerate(zip(changed, outcomes, strict=True)):
            if i % ONE_BY_ONE == 0:
                self._step("what moves the bottleneck", 0.8 + 0.1 * i / len(changed))
            moved = np.abs(found.share - self._base.share) >= MOVES
            if moved.any():
                found = self.case.narrowed(found, Setting(), one.change, np.flatnonzero(moved).tolist())
            out.append((one, found))
        return out

    def smallest(self, max_set: int) -> Smallest:
        """Look for the smallest set that changes the category of the first tier."""
        self._step("sets of assumed plants", 0.9)
        at = self._first
        return smallest_set(self.case, at, float(self._base.share[at]), float(self._base.wanted[at]), max_set)

    @property
    def _first(self) -> int:
        """The first tier that asks for anything: no verdict is about a tier that asks for nothing."""
        return int((self._base.wanted > 0).argmax())

    @property
    def first_tier(self) -> str:
        """The name of the first tier that asks for anything."""
        return self._tier(self._first)

    # -- tables ------------------------------------------------------------------------------------

    def _tier(self, number: int) -> str:
        return Who.of(self.case.tiers[number])

    def _rows(self, head: tuple[str, ...], found: Outcome) -> list[tuple[object, ...]]:
        """Return the rows of one variation: kind, id, label, quality, reference, variant; then tier by tier."""
        rows: list[tuple[object, ...]] = []
        for t in self._all:
            share, what = float(found.share[t]), changed(self._base, found, t)
            short = found.most[t] if share else 0.0
            least = found.least[t] if found.least_share[t] else 0.0
            change = share - float(self._base.share[t])
            change = 0.0 if abs(change) <= DUST else change
            rows.append((*head, self._tier(t), short, share, change, bool(what), ";".join(what), least))
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

    def both(self) -> pd.DataFrame:
        """Return the rows of all favourable and all adverse judgements at once."""
        rows: list[tuple[object, ...]] = []
        for name, found in self._both:
            word = name.removeprefix("judgements:")
            rows += self._rows(("judgements", name, f"all that is {word} at once", JUDGEMENT, "", word), found)
        return pd.DataFrame(rows, columns=COLUMNS)

    def ends(self) -> pd.DataFrame:
        """Return between which shares each tier's verdict lies, and what gives them."""
        named = [(CENTRAL, self._base), *((one.id, found) for one, found in self._judged), *self._corners, *self._both]
        rows = []
        for t in self._all:
            least = [round(float(found.least_share[t]), 9) for _, found in named]
            most = [round(float(found.share[t]), 9) for _, found in named]
            low, high = int(np.argmin(least)), int(np.argmax(most))  # of equal ones the first: the stated one leads
            rows.append(
                (
                    self._tier(t),
                    float(named[low][1].least_share[t]),
                    float(self._base.share[t]),
                    float(named[high][1].share[t]),
                    named[low][0],
                    named[high][0],
                )
            )
        columns = ["tier", "low_share", "central_share", "high_share", "low_by", "high_by"]
        return pd.DataFrame(rows, columns=columns).set_index("tier")

    def central(self) -> pd.DataFrame:
        """Return the central case, by tier."""
        base, rows = self._base, []
        order = [*LEVELS, *self.case.closers]
        for t in self._all:
            step, country = base.steps[t], base.countries[t]
            assert step is not None
            assert country is not None
            first, place = min(step.names, key=str, default=("", "")), min(country.names, key=str, default="")
            share = float(base.share[t])
            rows.append(
                {
                    "tier": self._tier(t),
                    "demand_tpa": base.wanted[t],
                    "shortfall_tpa": base.most[t] if share else 0.0,
                    "shortfall_share": share,
                    "category": category(share),
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


DUST = 1e-9
