"""Where the chain narrows, on page one: the bottleneck abroad, the costliest plant that can be named, idle giants."""

from __future__ import annotations

import numpy as np
import pandas as pd

from chainnet.assessment import Bottleneck
from chainnet.engine import PRINTED
from chainnet.reporting.facts import Facts
from chainnet.reporting.sentences import Claim, also, fit, grown, told, unless
from chainnet.words import (
    NO_DATA,
    WHOEVER,
    country_name,
    first_capital,
    in_sentence,
    percent,
    same,
    spelled,
    titled,
    tonnes,
)

LEAST_GIANT = 0.3  # share of its step that makes a site large


def where(facts: Facts) -> Claim:
    """Say which step of which country is the bottleneck, and which single plant that can be named costs most."""
    tier, abroad = facts.lead_tier, " abroad" if facts.whose else ""
    bottleneck = facts.bottleneck(tier)
    none, other = _no_bottleneck(facts, abroad) if tier != facts.first else ("", "", ""), _other_bottleneck(facts)
    if bottleneck.lost_tpa > 0:
        head, tied = _bottleneck_words(facts, bottleneck)
        said = grown([head], none[:2], other[:2], tied)
    else:
        said = grown([f"No single step{abroad} costs {tier.anybody} anything"], other[:2])
    home = _home(facts) if tier != facts.first else ""
    return Claim(said.lead, told(said.more, none[2] or other[2], home, _plant(facts), _idle_giant(facts)))


def _home(facts: Facts) -> str:
    """Say which country costs the first tier most, where no step abroad costs it anything; empty where none does."""
    table = facts.losses("country")
    lost = table["first_lost_tpa"].fillna(0.0)
    if table.empty or not lost.max() > 0:
        return ""
    name = str(lost.index[np.lexsort((lost.index.map(str), -lost.round(9)))[0]])
    share = f"{percent(table['first_lost_share'][name])} ({tonnes(lost[name])})"
    return f"Without all plants in {in_sentence(country_name(name))} {facts.first.loses} {share}."


def _bottleneck_words(facts: Facts, bottleneck: Bottleneck) -> tuple[str, tuple[str, str]]:
    """Return which step is the bottleneck and what it costs, two of one country by name; how many more cost as much."""
    peers = bottleneck.tied_with
    by_name = len(peers) == 1 and peers[0][1] == bottleneck.country
    steps = sorted([bottleneck.step, peers[0][0]], key=facts.place_of_step) if by_name else [bottleneck.step]
    names = " or ".join(titled(step.replace("_", " ")) for step in steps)
    lost = f"{facts.lead_tier.loses} {percent(bottleneck.lost_share)} ({tonnes(bottleneck.lost_tpa)})"
    place = in_sentence(country_name(bottleneck.country))
    head = f"The bottleneck is {names} in {place}: without {'either' if by_name else 'it'} {lost}"
    if by_name or not peers:
        return head, ("", "")
    also_so = f"{spelled(len(peers), 'other step costs', 'other steps cost')} as much"
    if len(peers) == 1:
        also_so = f"{titled(peers[0][0].replace('_', ' '))} in {in_sentence(country_name(peers[0][1]))} costs as much"
    return head, (f"; {also_so}", f"{first_capital(also_so)}.")


def _no_bottleneck(facts: Facts, abroad: str) -> tuple[str, str, str]:
    """Say that no step costs the first tier anything, unless a doubtful plant drops out: a clause, alone, and more."""
    none, moved = f"no single step{abroad} costs {facts.first} anything", facts.depending(facts.first, "bottleneck")
    if moved:
        none += f" unless {unless(moved[0][0])}"
    return f"; {none}", f"{first_capital(none)}.", also(len(moved) - 1, "changes", "change")


def _other_bottleneck(facts: Facts) -> tuple[str, str, str]:
    """Say without which doubtful plant another step is the bottleneck: as a clause, alone, and how many more do."""
    moved = facts.depending(facts.lead_tier, "bottleneck")
    if not moved:
        return "", "", ""
    words, then = moved[0]
    said = f"{words} in the data {f'it would be {then}' if then else 'no step abroad would be one'}"
    return f"; {said}", f"{first_capital(said)}.", also(len(moved) - 1, "moves", "move")


def plants(facts: Facts, end: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the loss of each single plant costs the leading tier, those abroad first; and that of each group.

    Parameters
    ----------
    facts : Facts
    end : str
        "others_" = where all others are served first.

    Returns
    -------
    (DataFrame, DataFrame), index site
        lost_tpa, lost_share, is_ours; those that cost something, the costliest first.
    """
    table = facts.losses("site")
    part = f"{end}{'' if facts.lead_tier.is_all else 'first_'}"
    found = pd.DataFrame(
        {
            "lost_tpa": table[f"{part}lost_tpa"],
            "lost_share": table[f"{part}lost_share"],
            "is_ours": [facts.is_ours(str(site)) for site in table.index],
            "is_group": [facts.stands_for_several(str(site)) for site in table.index],
        }
    )
    found = found[found["lost_tpa"] > 0]
    order = np.lexsort((found.index.map(str), -found["lost_tpa"].round(9)))
    found = found.iloc[order]
    one = found[~found["is_group"]]
    return one.sort_values("is_ours", kind="stable"), found[found["is_group"]]


def _plant(facts: Facts) -> str:
    """Say which single plant costs most, how many entries that cost more are groups of plants, and the other end."""
    tier, (single, groups) = facts.lead_tier, plants(facts)
    before = plants(facts, "others_")[0] if len(facts.a.others_first) else single.iloc[:0]
    abroad = " abroad" if facts.whose else ""
    end = WHOEVER if len(facts.a.others_first) and before.empty else ""
    if single.empty:
        entries = spelled(
            len(groups), "entry that costs something is a group", "entries that cost something are groups"
        )
        also = f"; {entries} of plants" if len(groups) else ""
        none = f"Without any restriction, no single plant that we can name costs {tier.anybody} anything"
        return told(f"{none}{end}{also}.", _under_worst(facts), _first_end(facts, single, before))
    name, row = str(single.index[0]), single.iloc[0]
    peers = single.loc[single["is_ours"] == row["is_ours"], "lost_tpa"]
    tied = sum(same(float(lost), float(row["lost_tpa"])) for lost in peers) - 1
    above = int((groups["lost_tpa"] > row["lost_tpa"] * (1 + 1e-9)).sum())
    also = f"; {spelled(tied, 'other costs', 'others cost')} as much" if tied else ""
    entries = spelled(above, "entry above it is a group", "entries above it are groups")
    also += f"; {entries} of plants" if above else ""
    loss = _loss(facts, row)
    if row["is_ours"]:
        home = f"Of those at home {_site(facts, name)} costs most: {loss}"
        n = sum(not facts.is_ours(str(site)) for site in groups.index)
        but = f"; {spelled(n, 'group of plants does', 'groups of plants do')}" if n else ""
        none = f"Without any restriction, no single plant abroad that we can name costs {tier.anybody} anything{but}."
        most = f"{home}." if n else fit(f"{home}{also}.", f"{home}.")
        return told(none, most, _under_worst(facts), _first_end(facts, single, before))
    most = fit(
        f"The costliest single plant{abroad} that we can name is {_site(facts, name)}: {loss}{also}.",
        f"The costliest plant{abroad} that we can name is {_site(facts, name)}: {loss}.",
    )
    return told(most, _first_end(facts, single, before))


def _under_worst(facts: Facts) -> str:
    """Say which doubtful plant adds most to what the tier lacks under the worst scenario; empty where none does.

    Only plants whose figures are weak were taken out under a scenario.
    """
    found, tier = facts.a.key_assumptions, facts.lead_tier
    if found is None or not facts.a.worst or tier.is_all or tier not in found.central.index:
        return ""
    rows = found.table[(found.table["tier"] == tier) & (found.table["kind"] == "node")]
    rows = rows[rows["variant"] == "absent"]
    more = (rows["shortfall_tpa"] - float(found.central["shortfall_tpa"][tier])).round(9)
    demand = float(found.central["demand_tpa"][tier])
    if rows.empty or not more.max() > PRINTED * demand:
        return ""
    at = np.lexsort((rows["id"].map(str), -more))[0]
    name = titled(str(rows["label"].iloc[at]))
    return f"Under the worst scenario {name} adds most of the doubtful plants: {tonnes(more.iloc[at])}."


def _loss(facts: Facts, row: pd.Series) -> str:
    """Return what a plant costs: a share of what the tier gets, and tonnes."""
    return f"{percent(row['lost_share'])} of {facts.lead_tier.adjective} deliveries ({tonnes(row['lost_tpa'])})"


def _first_end(facts: Facts, after: pd.DataFrame, before: pd.DataFrame) -> str:
    """Say which single plant costs most if all others are served first, where that is another answer."""
    if before.empty:
        none = f"no single plant that we can name costs {facts.lead_tier.anybody} anything"
        return f"If all others are served first, {none}." if len(after) and len(facts.a.others_first) else ""
    name, row = str(before.index[0]), before.iloc[0]
    if len(after) and after.index[0] == name and same(float(after["lost_tpa"].iloc[0]), float(row["lost_tpa"])):
        return ""
    which = f"of single plants that we can name the loss of {_site(facts, name)} costs most"
    above = int((plants(facts, "others_")[1]["lost_tpa"] > row["lost_tpa"] * (1 + 1e-9)).sum())
    more = f"{spelled(above, 'group of plants then costs', 'groups of plants then cost')} more."
    head, loss = "If all others are served first", _loss(facts, row)
    brief = f"{head}, {_site(facts, name)} costs most of single plants that we can name: {loss}."
    return told(fit(f"{head}, {which}: {loss}.", brief), first_capital(more) if above else "")


def _site(facts: Facts, site: str) -> str:
    """Return a site's name, with its country where the name does not say it."""
    label = facts.site_label(site)
    place = facts.things.loc[facts.members(site), "place"].iloc[0]
    is_said = place == NO_DATA or place.removeprefix("The ") in label
    return titled(label) + ("" if is_said else f" in {in_sentence(place)}")


def idle_giants(facts: Facts) -> pd.DataFrame:
    """Return single sites that are large in their step and whose loss costs nothing: step_share, before_tpa, member.

    ``before_tpa``: what it costs if all others are served first. The largest such cost first, then the largest share.
    """
    table = facts.losses("site")
    idle = table[(table["lost_tpa"] <= 0) & (table["first_lost_tpa"].fillna(0.0) <= 0)]
    rows = []
    for site in map(str, idle.index):
        parts = facts.things.loc[facts.members(site)]
        parts = parts[parts["country"].notna() & (parts["stage"] != "recycler")]
        if parts.empty or not LEAST_GIANT <= parts["step_share"].max() < 1 or facts.stands_for_several(site):
            continue  # the only one of its step is no larger than others
        before = float(idle["others_lost_tpa"].get(site, 0.0)) if "others_lost_tpa" in idle else 0.0
        rows.append((site, parts["step_share"].idxmax(), float(parts["step_share"].max()), before))
    found = pd.DataFrame(rows, columns=["site", "member", "step_share", "before_tpa"]).set_index("site")
    return found.iloc[np.lexsort((found.index, -found["step_share"].round(9), -found["before_tpa"].round(6)))]


def _idle_giant(facts: Facts) -> str:
    """Name what looks large and does not decide, where that holds with allies first and last; empty if none."""
    giants = idle_giants(facts)
    giants = giants[giants["before_tpa"] <= 0]
    if giants.empty:
        return ""
    site, row = str(giants.index[0]), giants.iloc[0]
    end = WHOEVER if len(facts.a.others_first) else ""
    return f"The loss of {titled(facts.site_label(site))}, {facts.part_of_step(row['member'])}, costs nothing{end}."
