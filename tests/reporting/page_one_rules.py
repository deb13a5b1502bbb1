"""The rules that the first page of a report keeps, asked of its text and tables alone; each fault is a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

import chainnet as cn
from chainnet.doubt import CLASSES
from chainnet.doubt._verdict import class_of
from chainnet.network import verb_of
from chainnet.reporting.model import Block, Cell, Document, ReportTable, Sentence
from chainnet.results import fact_of
from chainnet.words import country_name, month_and_year

MOST_WORDS, MOST_NUMBERS = 25, 4
MONTH_NAMES = rf"({'|'.join(month_and_year(month, '2025-01')[0] for month in range(1, 13))}) (19|20|21)\d\d"
SINGULAR = (
    r"(?<![\d.,])(1|one) (other |more |listed )?(months|projects|sites|steps|scenarios|points|entries|others|stocks)\b"
)
PLURAL = (
    r"\b(?!1 |0\.)(\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten) (month|project|site|step|scenario|point) "
)
TOLERANCE = 1e-6


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each quoted title as one word."""
    bare = re.sub(r"“[^”]*”", "“title”", text)
    return [
        part
        for part in re.split(r"(?<=[.!?”])\s+(?=[A-Z“])|(?<=[.!?])\s+(?=\d[\d,]* other )", bare)
        if part and part != "“title”"
    ]


def numbers(sentence: str) -> list[str]:
    """Return the numbers of a sentence; a year, and the name of a table, is none."""
    bare = re.sub(r"\bT\d+[a-z]?\b", "", sentence)
    found = [n.rstrip(".,") for n in re.findall(r"\d[\d,.]*", bare)]
    return [n for n in found if not re.fullmatch(r"(19|20|21)\d\d", n)]


def table(document: Document, key: str) -> ReportTable | None:
    return next((t for t in document.tables if t.key == key), None)


def rows(document: Document, key: str) -> list[dict[str, Cell]]:
    found = table(document, key)
    return found.records() if found is not None else []


def texts(document: Document) -> list[str]:
    """Return every sentence, title and note of the first page."""
    found = [s.text for s in document.bottom_line]

    def walk(blocks: tuple[Block, ...]) -> Iterator[str]:
        for block in blocks:
            if isinstance(block, tuple):
                yield from (f"{s.head} {s.text}" for s in block)
            elif isinstance(block, Sentence):
                yield f"{block.head} {block.text}"
            else:
                yield from (block.title, block.subtitle)

    return [flat(t) for t in [*found, *walk(document.summary)]]


def faults(a: cn.Assessment, document: Document) -> list[str]:
    """Return what is wrong with the first page of a report on an assessment."""
    checks = (_form, _links, _dates, _words, _verdict, _when, _where, _advice, _residual, _noise, _decisions)
    return [f"{check.__name__}: {fault}" for check in checks for fault in check(a, document)]


def _said(document: Document, head: str) -> str:
    return next((flat(s.text) for s in document.bottom_line if s.head == head), "")


def _form(_: cn.Assessment, document: Document) -> Iterator[str]:
    leads = [claim.lead for claim in document.bottom_line if claim.lead]
    if len(leads) > 5:
        yield f"{len(leads)} sentences in large print: {leads}"
    for claim in document.bottom_line:
        if claim.lead is None or len(sentences(claim.lead)) > 1:
            yield f"more than one sentence leads: {claim.lead}"
        for said in sentences(claim.text):  # a number and its unit are one word
            if len(said.split(" ")) > MOST_WORDS:
                yield f"{len(said.split(' '))} words: {said}"
            if len(numbers(said)) > MOST_NUMBERS:
                yield f"{len(numbers(said))} numbers: {said}"


def _links(_: cn.Assessment, document: Document) -> Iterator[str]:
    """Every table that page one names is there."""
    there = {made.id for made in document.tables}
    for said in [*texts(document), *(" ".join(s.refers) for s in document.bottom_line)]:
        for name in re.findall(r"\bT\d+\b", re.sub(r"“[^”]*”", "“”", said)):
            if name not in there:
                yield f"{name} is in no report: {said}"


def _dates(a: cn.Assessment, document: Document) -> Iterator[str]:
    dated = [all("start" in m or "until" in m for m in s.measures) for s in a.asked.values()]
    if not a.stress.provenance["settings"]["start"] and not any(dated):
        yield from (f"a date without a start: {t}" for t in texts(document) if re.search(MONTH_NAMES, t))


def _words(a: cn.Assessment, document: Document) -> Iterator[str]:
    ids = {*a.network.nodes["id"], *a.network.projects["id"], *a.network.stocks["id"], *a.asked}
    known = " ".join([*a.network.nodes["label"].dropna(), *a.network.projects["label"].dropna(), a.network.label])
    for said in texts(document):
        for pattern in (SINGULAR, PLURAL):
            if re.search(pattern, re.sub(r"“[^”]*”", "“”", said)):
                yield f"number and noun: {said}"
        for name in ids:
            if "_" in name and name not in known and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said):
                yield f"the id {name}: {said}"
        if re.search(r"  |\bnan\b|\bNone\b|\bn/d\b.*t/yr|“ |, ,", said):
            yield f"a blank or a missing value: {said}"


def _verdict(a: cn.Assessment, document: Document) -> Iterator[str]:
    """What the verdict says is met, or short and by how much, is what T8 says, at its range."""
    said = _said(document, "Verdict.")
    if not a.worst:
        return
    held = [r for r in rows(document, "served") if r["scenario"].text == a.worst]
    for row in held:
        tier, demand = row["tier"].text, float(row["demand_tpa"].value or 0.0)
        after, before = float(row["shortfall_tpa"].value or 0.0), float(row["shortfall_last_tpa"].value or 0.0)
        mine = [s for s in sentences(said) if re.search(rf"\b({tier}|all) demand|{tier} and|of {tier}\b", s, re.I)]
        if not mine:
            yield f"nothing is said of {tier}: {said}"
        met = [s for s in mine if re.search(rf"({tier}|all)[^,;]* demand[^,;]* is met", s, re.I)]
        if met and max(after, before) > 0 and not any("if all others are served after" in s for s in met):
            yield f"{tier} is short {after} to {before}, and the verdict says met: {met}"
        if not met and max(after, before) > TOLERANCE * demand and not any("is short" in s for s in mine):
            yield f"{tier} is short {after} to {before}: {mine}"
        if re.search(rf"(?<!\d)0 % of {tier}\b", said):
            yield f"no share of {tier} reads as a shortfall: {said}"
    base = {
        r["tier"].text: float(r["demand_tpa"].value or 0.0)
        for r in rows(document, "served")
        if r["scenario"].text == "baseline"
    }
    moved = [
        r for r in held if abs(float(r["demand_tpa"].value or 0.0) - base[r["tier"].text]) > 1e-6 * base[r["tier"].text]
    ]
    if moved and not re.search("(raises|lowers) .*demand", said) and "all demand is met" not in said.lower():
        yield f"the scenario asks for more or less than before, and nothing says so: {said}"
    for row in held:
        parts = [float(row[c].value or 0.0) for c in ("demand_tpa", "served_tpa", "shortfall_tpa")]
        if abs(parts[0] - parts[1] - parts[2]) > 1e-6 * max(parts[0], 1.0):
            yield f"demand less served is not short: {parts}"


def _when(a: cn.Assessment, document: Document) -> Iterator[str]:
    """What is short in a month and met in the long run, or the other way round, says so."""
    said, verdict = _said(document, "When."), _said(document, "Verdict.")
    if not a.worst:
        return
    for row in rows(document, "endurance"):
        if row["scenario"].text != a.worst:
            continue
        tier, never = row["tier"].text, row["first"].text == "never"
        long_run = next(r for r in rows(document, "served") if (r["scenario"].text, r["tier"].text) == (a.worst, tier))
        short = max(float(long_run[c].value or 0.0) for c in ("shortfall_tpa", "shortfall_last_tpa")) > 0
        if not never and not re.search(rf"\b{tier}\b", said, re.I):
            yield f"{tier} is short in the months, unsaid: {said}"
        if not never and not short and "in the long run" not in said and "in the long run" not in verdict:
            yield f"{tier} is met in the long run and short in the months: {verdict} / {said}"
        if never and re.search(rf"\b{tier}\b[^.;]* is short", said, re.I):
            yield f"{tier} is never short in the months: {said}"
    if "does not recover" in said and "project" not in said and "new relations" not in said:
        yield f"until what comes: {said}"
    helps = _said(document, "What helps.")
    if (
        "until projects start" in said
        and "no project is needed" in helps
        and "nobody short" in helps
        and "long run" not in helps
    ):
        yield f"projects are needed, and are not: {said} / {helps}"


def _groups(a: cn.Assessment) -> set[str]:
    """Labels of entries that stand for several plants, from the nodes alone."""
    nodes = a.network.nodes
    several = nodes["operator"].str.contains(r", | and others\b| and [A-Z]", na=False)
    several |= nodes["country"].isna() | (nodes["operator"].isna() & nodes["operator"].notna().any())
    return set(nodes["label"][several & (nodes["stage"] != "end_use")].dropna())


def _where(a: cn.Assessment, document: Document) -> Iterator[str]:
    said = _said(document, "Where.")
    asked = a.provenance["settings"]["beneficiaries"]
    members = set() if asked in ("all", None, []) else a.network.resolve(asked, "beneficiaries")[0]
    t2 = rows(document, "costs_most")
    bottleneck = re.search(r"The bottleneck is “?(.*?)”? in (?:the )?(.*?): without", said)
    steps = [r for r in t2 if r["kind"].text == "Step"]
    if bool(bottleneck) != bool(steps):
        yield f"text and T2 tell another bottleneck: {said} / {[r['label'].text for r in steps]}"
    if bottleneck:
        if any(country_name(c).removeprefix("The ") == bottleneck[2] for c in members):
            yield f"the bottleneck lies with those who count: {bottleneck[0]}"
        column = next(c for c in steps[0] if c in ("first_lost_tpa", "lost_tpa"))
        most = max(float(r[column].value or 0.0) for r in steps)
        named = (
            bottleneck[1].lower().split("” or “") if "” or “" in bottleneck[1] else bottleneck[1].lower().split(" or ")
        )
        first = [r for r in steps if any(name in r["label"].text.lower() for name in named)]
        if not first or float(first[0][column].value or 0.0) < most * (1 - 1e-6):
            yield f"the bottleneck is not the costliest step of T2: {said}"
    named = re.search(r"(?:name is|Of those at home) “?(.*?)”? (?:in|costs)", said)
    if named and named[1] in _groups(a):
        yield f"a group of plants is told as one: {said}"
    for row in t2:
        if row["kind"].text.startswith("Plant") and row["label"].text in _groups(a):
            yield f"T2 tells a group as a plant: {row['label'].text}"


def _advice(a: cn.Assessment, document: Document) -> Iterator[str]:
    said, names = _said(document, "What helps."), fact_of(a.advice, "projects", ())
    rest = float(fact_of(a.advice, "new_tpa", 0.0))
    heads = {s.head: flat(s.text) for block in document.summary if isinstance(block, tuple) for s in block}
    labels = a.network.projects.set_index("id")["label"].to_dict() if len(a.network.projects) else {}
    advised = re.sub(
        r"For USD [^.]*\d(\.\d+)? million .*? no tier first \(T\d+\)\.", "", said + " ".join(heads.values())
    )
    told = [name for name, label in labels.items() if label in advised]
    if set(told) != set(names):
        yield f"told {told}, advised {names}"
    if rest <= 0 and told:
        yield f"{told} advised where nothing is short after the cheaper levels"
    if "no project is needed" in said and rest > 0:
        yield f"{rest} stay short after the cheaper levels: {said}"
    for name in names:
        status = a.network.projects.set_index("id").loc[name, "status"]
        if len(names) == 1 and verb_of(status) not in heads:
            yield f"{name} is {status}: {list(heads)}"
    if names and "stay short" not in said:
        yield f"the advised project is not stressed: {said}"
    if "Hold." in heads:
        held = a.held[a.held["returns_tpa"] > 0]
        if not (held["is_ours"] & held["is_reserved"]).all():
            yield f"hold what another holds: {held['holder'].tolist()}"
    for holder in a.held["holder"][a.held["returns_tpa"] > 0].dropna() if len(a.held) else ():
        if holder not in said and "holders" not in said:
            yield f"the stock of {holder} is not told: {said}"


def _residual(a: cn.Assessment, document: Document) -> Iterator[str]:
    """T1, the levels of response, the advice and the portfolio give one residual for one question."""
    if not a.worst:
        return
    lead = a.network.tier_order[0]
    tiers = {r["tier"].text for r in rows(document, "served")}
    tier = lead if lead in tiers else "all tiers"

    def levels(key: str, level: str) -> float | None:
        mine = [r for r in rows(document, key) if r["level"].text == level and r["tier"].text == tier]
        mine = [r for r in mine if "scenario" not in r or r["scenario"].text == a.worst]
        return float(mine[-1]["shortfall_tpa"].value or 0.0) if mine else None

    key = "levels" if table(document, "levels") else "levels_by_scenario"
    drawn = levels(key, "stocks")
    t1 = next(r for r in rows(document, "scenarios") if r["scenario"].text == a.worst)["residual_tpa"].value
    if drawn is not None and isinstance(t1, float) and abs(t1 - drawn) > 1e-6 * max(drawn, 1.0):
        yield f"T1 {t1}, levels of response {drawn}"
    advised = fact_of(a.advice, "tier", "")
    rest = levels(key, "new")
    if advised == tier and rest is not None and abs(float(fact_of(a.advice, "new_tpa")) - rest) > 1e-5 * max(rest, 1.0):
        yield f"advice {fact_of(a.advice, 'new_tpa')}, levels of response {rest}"
    best = a.portfolios.get(tier)
    last = levels(key, "projects")
    free = best is not None and (best.options["why"] != "no capex").all()
    if best is not None and free and a.network.stocks.empty and last is not None and len(best.closing):
        remains = float(best.closing["remains_t"].iloc[0])
        if abs(remains - last) > 1e-5 * max(last, float(best.scenarios["demand_tpa"].iloc[0])):
            yield f"portfolio leaves {remains}, levels of response {last}"


def _noise(_: cn.Assessment, document: Document) -> Iterator[str]:
    """Nothing below the tolerance of its answer is printed as a shortage."""
    for made in document.tables:
        for row in made.records():
            demand = next((float(row[k].value) for k in ("demand_tpa", "demand_t") if k in row and row[k].value), None)
            for key, cell in row.items():
                if not key.startswith(("shortfall", "short_", "residual")) or not isinstance(cell.value, float):
                    continue
                least = TOLERANCE * demand if demand and not key.endswith("share") else 1e-9
                if 0 < abs(cell.value) <= least:
                    yield f"{made.id} {key} {cell.value}"


def unnamed(a: cn.Assessment, document: Document) -> Iterator[str]:
    """Return what one doubtful plant less makes untrue on the first page, and is not named: each is taken out and solved.

    Of each tier the class of what the worst scenario costs, and the bottleneck of the chain in the baseline.
    """
    net, scenario = a.network, a.asked.get(a.worst)
    told = [(r["tier"].text, r["does"].text, r["words"].text) for r in rows(document, "dependencies")]
    nodes = net.nodes[net.nodes["quality"].isin(["inferred", "assumed"]) & (net.nodes["stage"] != "end_use")]
    step = "step" if net.nodes["step"].notna().any() else "stage"
    members = {*net.resolve(net.beneficiaries, "beneficiaries")[0]} if net.beneficiaries else set()
    first = str(net.tier_order[0])

    def classes(of: cn.Network) -> dict[str, str]:
        table, calm = (cn.balance(of, one, "new").by_tier() for one in (scenario, None))
        due = table["shortfall_tpa"] - calm["shortfall_tpa"]
        return {str(t): class_of(due[t] / max(r["demand_tpa"], 1e-12)) for t, r in table.iterrows()}

    def bottlenecks(of: cn.Network, tier: str | None) -> set[object]:
        lost = cn.chokepoints(of, by=f"{step}+country", tier=tier)["lost_share"]
        lost = lost[[place[1] not in members for place in lost.index]] if members else lost
        most = lost.max() if len(lost) else 0.0
        return set(lost.index[lost >= most - 1e-7]) if most > 1e-7 else set()

    order = list(CLASSES)  # with less due to the scenario the plant may be one that it takes anyway
    base = classes(net)
    asked = {first: first, "all tiers": None}
    before = {name: bottlenecks(net, tier) for name, tier in asked.items()}
    for name, label in zip(nodes["id"], nodes["label"], strict=True):
        word, less = flat(label if isinstance(label, str) else name), net.without(nodes=[name])
        after = classes(less)
        for tier, was in base.items():
            is_more = order.index(after.get(tier, was)) > order.index(was)
            if is_more and not any(t == tier and "verdict" in does and word in w for t, does, w in told):
                yield f"without {word} {tier} is {after.get(tier)}, not {was}"
        for tier, leaders in before.items():
            now = bottlenecks(less, asked[tier])
            is_same = bool(leaders & now) or leaders == now
            if not is_same and not any(t == tier and "bottleneck" in does and word in w for t, does, w in told):
                yield f"without {word} the bottleneck of {tier} is one of {now}, not of {leaders}"


def _decisions(_: cn.Assessment, document: Document) -> Iterator[str]:
    for block in document.summary:
        for said in block if isinstance(block, tuple) else ():
            if said.head and said.head != "Gaps." and not re.search(r"\d", said.text):
                yield f"a decision without a number: {said.text}"
