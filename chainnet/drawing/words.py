"""What a graph shows, said in sentences made of its own numbers."""

from __future__ import annotations

from typing import Any

from chainnet.drawing.drawn import DrawnFlows, Losses
from chainnet.drawing.facts import PageData
from chainnet.drawing.style import percent, tonnes
from chainnet.network import Network
from chainnet.results import Ends
from chainnet.words import (
    ALL_TIERS,
    Who,
    country_name,
    ends_sentence,
    first_capital,
    in_sentence,
    join,
    nouns,
    number,
    spelled,
    step_words,
    verb,
    vintage,
    who,
)


def finding(network: Network, facts: PageData, answer: DrawnFlows | None, losses: Losses | None) -> str:
    """Return the heading: the one thing the picture is about."""
    if answer is not None and answer.kind == "balance":
        return _served(answer)
    worst = _worst(facts)
    if worst:
        first = worst[0]
        share = f", {first['lostShareText']} of {tonnes(losses.base_tpa)}" if losses and losses.base_tpa else ""
        tied = len(worst) if losses is None else int((losses.table["rank"] == 1).sum())  # some may stand in a group
        if tied > 1:
            names = join([s["label"] for s in worst[:3]])
            more = f" and {tied - len(worst[:3])} more" if tied > len(worst[:3]) else ""
            return f"{names}{more} tie as the single losses that cost most: {first['lostText']} each{share}."
        return f"{_named(first)} is the single loss that costs most: {first['lostText']}{share}."
    if losses is not None:
        return _nothing_lost(losses)
    if answer is not None and answer.value_tpa is not None:
        return f"The largest deliveries are {tonnes(answer.value_tpa)}."
    return _fullest(facts)


def _nothing_lost(losses: Losses) -> str:
    lost = losses.table["lost_tpa"] > 0
    if not lost.any():
        return f"No single site costs anything: {len(losses.table)} tested, all zero."
    most = tonnes(float(losses.table["lost_tpa"].max()))
    entries = spelled(int(lost.sum()), "entry", "entries")
    return (
        f"No single plant that is named costs anything; {entries} that may be several plants "
        f"{verb('cost', lost.sum())} up to {most}."
    )


def narrow_words(facts: PageData, answer: DrawnFlows | None, losses: Losses | None) -> str:
    """Return the line under the heading: what binds, and what the numbers count."""
    cut = [s for s in facts.sites if s["inCut"]]
    lines = [_bottleneck_words(losses)] if losses is not None and losses.bottlenecks else []
    if cut:
        steps = join(sorted({s["step"] for s in cut}))
        which = "the" if answer is not None and answer.is_unique else "a"
        sites = f"{len(cut)} sites" if len(cut) > 1 else "1 site"
        lines.append(f"▶ {sites} in {which} minimum cut, at {steps}.")
    elif answer is not None and answer.cut_demand and not answer.cut_edges:
        lines.append("Demand is met in full: no site binds.")
    elif answer is None and losses is not None and not losses.table["in_cut"].any():
        lines.append("Before any loss no single capacity binds.")
    worst = _worst(facts)
    if answer is not None and answer.kind == "balance" and worst:
        lines.append(
            f"Costliest single loss {losses.when if losses else ''}, {_whose(facts, losses)}: "
            f"{_named(worst[0])}, {worst[0]['lostText']}."
        )
    elif losses is not None and (answer is None or answer.kind != "balance"):
        lines.append(loss_words(facts, losses))
    return " ".join(lines)


def _bottleneck_words(losses: Losses) -> str:
    """Say which step of which country is the bottleneck, of the tier that leads."""
    whose, bottleneck = next(
        (whose, losses.bottlenecks[whose]) for whose in ("first", "all") if whose in losses.bottlenecks
    )
    tier = Who(losses.first_tier or "the first tier") if whose == "first" else ALL_TIERS
    places = [f"{step_words(step)} in {in_sentence(country_name(country))}" for step, country in bottleneck.places]
    without = {1: "it", 2: "either"}.get(len(places), "any of them")
    lost = f"{percent(bottleneck.lost_share)} ({tonnes(bottleneck.lost_tpa)})"
    return f"Bottleneck: {join(places, 'or')}; without {without} {tier.loses} {lost}."


def year_words(network: Network) -> str:
    """Return of which year the plants are, as it stands behind the title: those opened since are no base year's."""
    said = vintage(network)
    return f" · {said}" if said else ""


def loss_words(facts: PageData, losses: Losses) -> str:
    """Return what a loss counts."""
    first = f" {first_capital(losses.first_tier)}: what it loses, if served first."
    return (
        f"Loss: what {_whose(facts, losses).loses} if the site alone drops out and the "
        f"rest is rerouted ({losses.words}).{'' if losses.first is None else first}"
    )


def first_words(facts: PageData, losses: Losses) -> str:
    """Return which single loss costs the tier most whose losses stand beside those of all."""
    if losses.first is None:
        return ""
    tied = losses.first.index[losses.first["rank"] == 1]
    worst = _worst(facts, "firstRank")
    if worst:
        more = f" and {len(tied) - 1} more" if len(tied) > 1 else ""
        return f"Costliest for {losses.first_tier}: {worst[0]['label']}{more}, {worst[0]['firstLostText']}."
    groups = losses.first[losses.first["lost_tpa"] > 0]
    if not len(groups):
        return f"No single site costs {losses.first_tier} anything."
    named = next((s["unitLabel"] or s["label"] for s in facts.sites if groups.index[0] in (s["unit"], s["id"])), "one")
    return (
        f"No single plant that is named costs {losses.first_tier} anything; of entries that may be several plants "
        f"{named} costs most, {tonnes(float(groups['lost_tpa'].iloc[0]))}."
    )


def _whose(facts: PageData, losses: Losses | None) -> Who:
    if losses is not None and losses.tier:
        return Who(losses.tier)
    return ALL_TIERS if facts.data["tierOrder"] else Who("demand")


def inferred_words(facts: PageData) -> str:
    """Return how many of the links with flow are inferred."""
    moving = [k for k in facts.links if (k["base"] or 0.0) > 0 or (k["result"] or 0.0) > 0]
    return share_inferred(sum(k["isInferred"] for k in moving), len(moving))


def share_inferred(n: int, moving: int) -> str:
    """Return how many of so many links with flow are inferred."""
    if not moving:
        return "No link has a flow on record."
    if not n:
        return f"None of the {moving} links with flow is inferred."
    return f"{percent(n / moving)} of the {moving} links with flow are inferred (dashed)."


def hidden_words(n: int) -> str:
    """Return that new relations between countries have no place between sites; empty where there is none."""
    if not n:
        return ""
    return f" {n} {nouns('new relation', n)} between countries {verb('are', n)} in the answer and not drawn."


def end_words(last: int) -> str:
    """Return why less moves near the end of the horizon."""
    return f" Near the end less is shipped: what would arrive after month {last} serves nobody in this plan."


def base_words(facts: PageData) -> str:
    """Return the heading of the base year beside an answer by month."""
    return "Base year: " + _fullest(facts)


def spoken(answer: DrawnFlows, name: str, lost: int) -> str:
    """Return what is said of a month: links lost, and how far each tier is served."""
    links = "no link lost" if not lost else f"{lost} {nouns('link', lost)} lost"
    tiers = [f"{t['tier']} served {percent(t['served'] / t['demand'])}" for t in answer.tiers if t["demand"] > 0]
    return f"{first_capital(name)}: " + ", ".join([links, *tiers])


def narrowest_step(picture: dict[str, Any]) -> str:
    """Return the heading of a Sankey: the step that one country holds most of."""
    columns: dict[float, Any] = {}
    for g in picture["groups"]:
        columns.setdefault(g["x"], g)  # the first step of a column is its fullest
    steps = [g for g in columns.values() if not g["is_end"]]
    shares = [
        (max((b["size"] for b in g["blocks"] if b["place"] != "other"), default=0.0) / g["size"], g) for g in steps
    ]
    if not shares or max(s for s, _ in shares) <= 0:
        return "No link has a flow on record."
    share, most = max(shares, key=lambda pair: pair[0])
    others = [f"{g['name']} {percent(s)}" for s, g in shares if g is not most and g["largest"] == most["largest"]]
    if share >= 1 - 1e-9:
        return f"All of {most['name']} is in one country, {country_name(most['largest'])}."
    who_makes = f"{country_name(most['largest'])} makes {percent(share)} of it"
    text = f"{most['name'].capitalize()} narrows most to one country: {who_makes}"
    return text + (f" ({', '.join(others)})." if others else ".")


def crossing_words(picture: dict[str, Any]) -> str:
    """Return how much of the main flow crosses a border."""
    crossing, counted = picture["crossing"]
    if counted <= 0:
        return "No link has a flow on record."
    return f"{percent(crossing / counted)} of the main flow crosses a border ({tonnes(crossing)} of {tonnes(counted)})."


def _shortfall(answer: DrawnFlows) -> dict[str, Ends]:
    """Return what of each tier's demand is short at either end; a month has one answer."""
    rows = {t["tier"]: Ends(t["short"], t["short"], t["demand"]) for t in answer.tiers}
    if answer.ends and not answer.when:  # the ends are of the long run
        rows = dict(answer.ends)
    return {tier: ends for tier, ends in rows.items() if ends.demand > 0}


def _served(answer: DrawnFlows) -> str:
    """Return what of the first tier is short, and of the next where the first is met."""
    named = answer.words if answer.scenario not in ("", "baseline") else ""
    head = ", ".join(part for part in (named, answer.when) if part)
    rows = _shortfall(answer)
    first, short = next(iter(rows), ""), [tier for tier, ends in rows.items() if ends.worst > 0]
    if not short:
        text = f"all demand is met ({tonnes(sum(ends.demand for ends in rows.values()))})"
    else:
        text = _has_shortfall(short[0], rows[short[0]])
        text = text if first == short[0] else f"{first} demand is met, {text}"
    text += f" ({answer.order})" if answer.order else ""
    return f"{first_capital(head)}: {text}." if head else f"{first_capital(text)}."


def _has_shortfall(tier: str, ends: Ends) -> str:
    whose = tier if tier == "all demand" else f"{tier} demand"
    parts = percent(ends.share.after), percent(ends.share.before)
    tonnes_words = f"({ends.numbers} of {tonnes(ends.demand)})"
    if parts[0] == parts[1]:
        return f"{parts[0]} of {whose} is short {tonnes_words}"
    return f"{parts[0]} of {whose} is short if the others come after, {parts[1]} if before {tonnes_words}"


def served_words(network: Network, answer: DrawnFlows | None) -> str:
    """Return whose demand it is, how much of it is served, and who else is short."""
    if answer is None or answer.kind != "balance":
        return ""
    rows = _shortfall(answer)
    whose = f" of {who(network.beneficiaries, network.groups_known)}" if network.beneficiaries else ""
    asked = sum(ends.demand for ends in rows.values())
    after = number(sum(ends.demand - ends.after for ends in rows.values()))
    before = number(sum(ends.demand - ends.before for ends in rows.values()))
    text = f"Of {tonnes(asked)} demand{whose} {after} are served"
    if after != before:
        text += f" if the others come after, {before} if before"
    elif answer.ends and not answer.when:
        text += ", whoever comes first"
    short = [f"{tier} short {ends.numbers} of {number(ends.demand)}" for tier, ends in rows.items() if ends.worst > 0]
    return f"{text}; {join(short) if short else 'nobody is short'}. "


def long_run_words(answer: DrawnFlows) -> str:
    """Return the range of the long run beside a month; empty where all demand counts."""
    return f" In the long run: {ends_sentence(answer.ends)}." if answer.ends else ""


def _worst(facts: PageData, rank: str = "rank") -> list[dict[str, Any]]:
    """Return the costliest single losses; of a site of several parts the first, under the site's name."""
    found = {
        s["unit"] or s["id"]: s for s in sorted(facts.sites, key=lambda s: str(s["id"]), reverse=True) if s[rank] == 1
    }
    return [s | {"label": s["unitLabel"] or s["label"]} for _, s in sorted(found.items())]


def _named(site: dict[str, Any]) -> str:
    place = f", {site['place']}" if site["place"] else ""
    return f"{site['label']} ({site['step']}{place})"


def _fullest(facts: PageData) -> str:
    running = sum(s["size"] for s in facts.sites if not s["project"])
    count = f"{running} sites and {len(facts.links)} links in {len(facts.blocks)} steps"
    used: dict[int, tuple[float, float]] = {}
    for site in facts.sites:
        if site["base"] is not None and site["capacity"]:
            flow, capacity = used.get(site["block"], (0.0, 0.0))
            used[site["block"]] = (flow + site["base"], capacity + site["capacity"])
    known = [b for b in facts.blocks if b["index"] in used and b["utilText"] not in ("n/d", "n/a")]
    if not known:
        return f"{count}."
    full = max(known, key=lambda b: (used[b["index"]][0] / used[b["index"]][1], -b["index"]))
    return f"{full['name'].capitalize()} runs closest to capacity: {full['utilText']} of {full['capacityText']}."
