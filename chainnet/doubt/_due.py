"""What a restriction alone costs: an answer under it less the answer without it, judged alike both times."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from chainnet.doubt._case import Case
from chainnet.doubt._judgements import CENTRAL, Setting, judgements
from chainnet.doubt._key_assumptions import KeyAssumptions
from chainnet.doubt._verdict import category
from chainnet.engine import CERTAIN
from chainnet.flow import Counting
from chainnet.results import provenance, stamp
from chainnet.scenario import Scenario
from chainnet.words import Who

# relations that may carry no more than they did are no answer for the long run, and those who ask for more than before
# would find none at all
NOT_ASKED = ("rerouting:none",)
# a stress test beside the range: nobody expects that allied users come after everyone else
LAST = "order:allies_last"


def judged_shares(counting: Counting, scenario: Scenario | None, only: Collection[str] | None = None) -> pd.DataFrame:
    """Return what part of its demand each tier lacks, under every judgement alone.

    Parameters
    ----------
    counting : Counting
        Of a network with a demand table.
    scenario : Scenario or None
        None = no restriction.
    only : collection of str, optional
        Judgements to ask beside the central case, such as "order:allies_last"; default all.

    Returns
    -------
    DataFrame, index (judgement, tier)
        least_share, most_share (equal but where nobody comes first, and who is short is a tie). The first judgement is
        "central", the central case.

    Notes
    -----
    About ten answers of ``balance``; each is checked.
    """
    case = Case(counting, scenario)
    made = judgements(counting.network, counting, case.dense is not case.chain)
    known = {one.id: one.setting for one in made if one.id not in NOT_ASKED}
    asked = {CENTRAL: Setting(), **{name: how for name, how in known.items() if only is None or name in only}}
    tiers = [Who.of(tier) for tier in case.tiers]
    parts = {}
    for name, setting in asked.items():
        found = case.shortfalls(setting)
        parts[name] = pd.DataFrame(
            {"least_share": found.least_share, "most_share": found.share}, index=pd.Index(tiers, name="tier")
        )
    table = pd.concat(parts, names=["judgement"])
    asked_under = scenario.name if scenario else ""
    return stamp(table, provenance(counting.network, "HiGHS simplex", **counting.settings, scenario=asked_under))


def due_range(restricted: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return what a restriction costs each tier: its shortfall less that without it, under the same judgement.

    Parameters
    ----------
    restricted, baseline : DataFrame
        From ``judged_shares``, of the same network with and without the restriction.

    Returns
    -------
    DataFrame, index tier
        central_share: the central case. low_share, high_share: the least and the most over the judgements,
        one at a time; low_by, high_by: which. last_share: if all others are served before those who count, a stress
        test that is no part of the range (NaN where there are no others). already_share: short without it.
    """
    due = restricted - baseline
    rows = []
    for tier in restricted.loc[CENTRAL].index:
        mine = due.xs(tier, level="tier")
        least, most = mine["least_share"].to_dict(), mine["most_share"].to_dict()
        ranged = [name for name in most if name != LAST]
        # of equal ends the first: the central case leads
        low = min(ranged, key=lambda name: round(least[name], 9))
        high = max(ranged, key=lambda name: round(most[name], 9))
        rows.append(
            {
                "tier": tier,
                "central_share": most[CENTRAL],
                "low_share": least[low],
                "high_share": most[high],
                "low_by": low,
                "high_by": high,
                "last_share": most.get(LAST, np.nan),
                "already_share": baseline["most_share"][CENTRAL][tier],
            }
        )
    return pd.DataFrame(rows).set_index("tier")


def attributed(found: KeyAssumptions, baseline: KeyAssumptions, due: pd.DataFrame) -> KeyAssumptions:
    """Return what a restriction alone rests on: every variation less the same variation without the restriction.

    A plant whose absence leaves a tier short anyway says nothing of the restriction, and is not named for it.

    Parameters
    ----------
    found, baseline : KeyAssumptions
        Of the same network with and without the restriction.
    due : DataFrame
        Their ``due_range``.

    Returns
    -------
    KeyAssumptions
        Its table's shares, changes and categories, and its ends, are those of what the restriction costs; the smallest
        set is kept where none as small does the same without the restriction.
    """
    key = ["kind", "id", "variant", "tier"]
    calm = baseline.table.set_index(key)["shortfall_share"]
    table = found.table.copy()
    without = calm.reindex(pd.MultiIndex.from_frame(table[key])).fillna(0.0).to_numpy()
    share = table["shortfall_share"].to_numpy() - without
    central, already = (table["tier"].map(due[f"{word}_share"]).to_numpy() for word in ("central", "already"))
    # what leaves more short without the restriction leaves less for it to take: no news of the restriction
    share = np.where((without > already + CERTAIN) & (share < central), central, share)
    change = np.where(np.abs(share - central) <= CERTAIN, 0.0, share - central)
    what = [
        ";".join(w for w in words.split(";") if w and (w != "category" or category(max(a, 0.0)) != category(b)))
        for words, a, b in zip(table["what"], share, central, strict=True)
    ]
    table = table.assign(shortfall_share=share, change_share=change, what=what, changes_result=[bool(w) for w in what])
    known, calm_set = found.smallest_set, baseline.smallest_set
    smallest = known if known is None or calm_set is None or len(calm_set) > len(known) else None
    return replace(found, table=table, ends=due[["low_share", "high_share"]], smallest_set=smallest)
