"""What a graph shows, said in sentences made of its own numbers."""

from __future__ import annotations

from typing import Any

from chainnet.drawing.drawn import DrawnFlows, Losses
from chainnet.drawing.facts import PageData
from chainnet.drawing.style import percent, tonnes
from chainnet.network import Network
from chainnet.words import ALL_TIERS, Who, country_name, first_capital, join, nouns, number, spelled, verb, vintage, who

# why less moves near the end of the horizon
END_WORDS = " Near the end less is shipped: what would arrive after month {} serves nobody in this plan."


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
    """Return the line under the heading where no finding was made: what binds, and what the numbers count."""
    cut = [s for s in facts.sites if s["inCut"]]
    lines = []
    if cut:
        steps = join(sorted({s["step"] for s in cut}))
        which = "the" if answer is not None and answer.is_unique else "a"
        sites = f"{len(cut)} sites" if len(cut) > 1 else "1 site"
        lines.append(f"▶ {sites} in {which} minimum cut, at {steps}.")
    if losses is not None and (answer is None or answer.kind != "balance"):
        lines.append(loss_words(facts, losses))
    return " ".join(lines)


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


def _whose(facts: PageData, losses: Losses | None) -> Who:
    if losses is not None and losses.tier:
        return Who(losses.tier)
    return ALL_TIERS if facts.data["tierOrder"] else Who("demand")


def inferred_words(facts: PageData) -> str:
    """Return how many of the links with flow are inferred."""
    moving = [k for k in facts.links if (k["base"] or 0.0) > 0 or (k["result"] or 0.0) > 0]
    when = " before or after" if any((k["result"] or 0.0) > 0 for k in moving) else ""
    return share_inferred(sum(k["isInferred"] for k in moving), len(moving), when)


def share_inferred(n: int, moving: int, when: str = "") -> str:
    """Return how many of so many links with flow are inferred; ``when``: of what answers, where two are drawn."""
    if not moving:
        return "No link has a flow on record."
    if not n:
        return f"None of the {moving} links with flow{when} is inferred."
    return f"{percent(n / moving)} of the {moving} links with flow{when} are inferred (dashed)."


def hidden_words(n: int) -> str:
    """Return that new relations between countries have no place between sites; empty where there is none."""
    if not n:
        return ""
    return f" {n} {nouns('new relation', n)} between countries {verb('are', n)} in the answer and not drawn."


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


def _served(answer: DrawnFlows) -> str:
    """Return what of the first tier that is short is short, for an answer of which no finding was made."""
    named = answer.words if answer.scenario not in ("", "baseline") else ""
    head = ", ".join(part for part in (named, answer.when) if part)
    rows = [t for t in answer.tiers if t["demand"] > 0]
    short = next((t for t in rows if t["short"] > 0), None)
    if short is None:
        text = f"all demand is met ({tonnes(sum(t['demand'] for t in rows))})"
    else:
        whose = short["tier"] if short["tier"] == "all demand" else f"{short['tier']} demand"
        part = percent(short["short"] / short["demand"])
        text = f"{part} of {whose} is short ({number(short['short'])} of {tonnes(short['demand'])})"
        text = text if short is rows[0] else f"{rows[0]['tier']} demand is met, {text}"
    text += f" ({answer.order})" if answer.order else ""
    return f"{first_capital(head)}: {text}." if head else f"{first_capital(text)}."


def served_words(network: Network, answer: DrawnFlows | None) -> str:
    """Return whose demand it is, how much of it is served, and who is short."""
    if answer is None or answer.kind != "balance":
        return ""
    rows = [t for t in answer.tiers if t["demand"] > 0]
    whose = f" of {who(network.beneficiaries, network.groups_known)}" if network.beneficiaries else ""
    asked, served = sum(t["demand"] for t in rows), sum(t["demand"] - t["short"] for t in rows)
    short = [f"{t['tier']} short {number(t['short'])} of {number(t['demand'])}" for t in rows if t["short"] > 0]
    said = join(short) if short else "nobody is short"
    return f"Of {tonnes(asked)} demand{whose} {number(served)} are served; {said}. "


def _worst(facts: PageData) -> list[dict[str, Any]]:
    """Return the costliest single losses; of a site of several parts the first, under the site's name."""
    found = {
        s["unit"] or s["id"]: s for s in sorted(facts.sites, key=lambda s: str(s["id"]), reverse=True) if s["rank"] == 1
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
