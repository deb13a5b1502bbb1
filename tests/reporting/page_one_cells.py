"""What page one claims in words, held against the one cell (row and column of a table) that it states."""

from __future__ import annotations

import re
from collections.abc import Iterator

import chainnet as cn
from chainnet.reporting.model import Cell, Document, ReportTable
from chainnet.words import bill, in_months, number, same, spelled, titled, tonnes, weight

Row = dict[str, Cell]


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")


def table(document: Document, key: str) -> ReportTable:
    return next(t for t in document.tables if t.key == key)


def rows(document: Document, key: str, **cells: str) -> list[Row]:
    """Return the rows of a table whose cells read so; none where there is no such table."""
    found = [t for t in document.tables if t.key == key]
    every = found[0].records() if found else []
    return [row for row in every if all(row[c].text == text for c, text in cells.items())]


def said(document: Document, head: str) -> str:
    return next((flat(s.text) for s in document.bottom_line if s.head == head), "")


def amount(cell: Cell) -> float:
    return float(cell.value or 0.0)


def cells(a: cn.Assessment, document: Document) -> list[str]:
    """Return each claim of page one that is not what its cell says."""
    checks = (_stock_to_buy, _months, _as_bad, _products, _advised, _cost_of_project, _holders)
    return [f"{check.__name__}: {fault}" for check in checks if a.worst for fault in check(a, document)]


def _stock_to_buy(a: cn.Assessment, document: Document) -> Iterator[str]:
    """The cost of the stock to buy: column "To buy, USD million" of the worst scenario, all materials with a price."""
    found = re.search(
        r"[Ss]tock that keeps .*? costs (.*?)(?: and more that| at (?:an|the|a) |,? \(T)", said(document, "What helps.")
    )
    if not found:
        return
    mine = [r for r in rows(document, "requirement", scenario=a.worst) if r["required_t"].text != "-"]
    musd = sum(amount(r["buy_musd"]) for r in mine if isinstance(r["buy_musd"].value, float))
    if found[1] != flat(bill(musd * 1e6)):
        yield f"{found[1]}, the table says {musd} million to buy"


def _months(a: cn.Assessment, document: Document) -> Iterator[str]:
    """From when, until when and how much: first short month, recovery and tonnes of the worst scenario and the tier."""
    text = said(document, "When.")
    found = re.search(
        r"(?:^|; )(\w+) demand(?:, though met in the long run,)? is short "
        r"(?:(with) the first measure|(\S+ months?) after the first measure|from month (\d+(?: \([^)]*\))?))"
        r"(?: and is met again (\S+) months? later)?(?:[^.;]*; (.*?) (?:is|are) missing)?",
        text,
    )
    if not found:
        return
    tier, at_once, later, month, recovered, lost = found.groups()
    row = rows(document, "endurance", scenario=a.worst, tier=tier.lower())[0]
    after = int(amount(row["first_short_month"]) - max(amount(row["onset_month"]), 1.0))
    if not (later == in_months(after) or (at_once and after <= 0) or month == flat(row["first"].text)):
        yield f"{text}: {after} months in the table"
    if recovered and recovered != number(row["time_to_recover"].value):
        yield f"whole again {recovered} months later, the table says {row['time_to_recover'].text}"
    tons = amount(rows(document, "over_time", scenario=a.worst, tier=tier.lower())[0]["shortfall_t"])
    if lost and lost != flat(weight(tons)):
        yield f"{lost} missing, the table says {tons}"


def _as_bad(a: cn.Assessment, document: Document) -> Iterator[str]:
    """As bad are the scenarios whose two cells of what the leading tier lacks are those of the worst, and no others."""
    text = said(document, "Verdict.")
    tier = re.search(r"as much of (\w+) demand", text)
    lead = tier[1] if tier else str(a.network.tier_order[0])
    every = rows(document, "served", tier=lead)
    own = [r for r in every if r["scenario"].text == a.worst]
    if not own:
        return
    ends = ("shortfall_tpa", "shortfall_last_tpa")
    tied = [
        r["label"].text
        for r in every
        if r["scenario"].text not in (a.worst, "baseline") and all(same(amount(r[c]), amount(own[0][c])) for c in ends)
    ]
    is_short = max(amount(own[0][c]) for c in ends) > 0
    if bool(tier) != bool(tied and is_short):
        yield f"as bad are {tied}: {text}"
    elif tier and len(tied) == 1 and f"“{tied[0]}” " not in text:
        yield f"as bad is {tied[0]}: {text}"
    elif tier and len(tied) > 1 and spelled(len(tied), "other scenario", "other scenarios") not in text.lower():
        yield f"as bad are {len(tied)}: {text}"


def _products(_: cn.Assessment, document: Document) -> Iterator[str]:
    """The two products named are those that lack most in the table of end uses, each with its shortfall and demand."""
    found = re.search(r"In this answer (\w+) lacks (.*?)[;.] ?(?:other|[A-Z“]|$)", said(document, "Verdict."))
    if not found:
        return
    sums: dict[str, list[float]] = {}
    for row in rows(document, "end_uses", tier=found[1]):
        total = sums.setdefault(row["commodity"].text, [0.0, 0.0])
        total[0] += amount(row["shortfall_tpa"])
        total[1] += amount(row["demand_tpa"])
    most = sorted((name for name in sums if sums[name][0] > 0), key=lambda name: (-round(sums[name][0], 9), name))[:2]
    words = [f"{number(sums[name][0])} of {tonnes(sums[name][1])} of {titled(name)}" for name in most]
    if found[2] != flat(" and ".join(words)):
        yield f"{found[2]}, the table says {words}"


def _advised(_: cn.Assessment, document: Document) -> Iterator[str]:
    """What the advised projects are said to leave is the cell "as announced", their case by case those of the others."""
    text = said(document, "What helps.")
    cases = {row["case"].text: row["left_tpa"] for row in rows(document, "advice")}
    found = re.search(r"then .*? \([\w ]+\) (?:together )?(\S+) from \d{4}", text)
    if not found or not cases:
        return
    left = amount(cases["As announced"])
    if found[1] != (number(left) if left > 0 else "none"):
        yield f"{found[1]} left, the table says {left}"
    for case, words in (("At half the capacity", "half its capacity"), ("A year late", "a year late")):
        told = re.search(rf"{words} (\S+?)(?:,| and| t/yr)", text, re.I)
        if told and case in cases and told[1] != number(amount(cases[case])):
            yield f"{words} {told[1]}, the table says {amount(cases[case])}"


def _cost_of_project(_: cn.Assessment, document: Document) -> Iterator[str]:
    """The cost of the project that is advised is the cell of its own row."""
    capex = {flat(titled(row["label"].text)): row["capex_musd"].value for row in rows(document, "projects")}
    for sentence in (s for block in document.summary if isinstance(block, tuple) for s in block):
        found = re.match(
            r"(.*?): it (?:closes|cuts) .*? \((?:[^()]*?, )?(USD [\d.,]+ [mb]illion|under USD 1 million)[),]",
            flat(sentence.text),
        )
        if found and (found[1] not in capex or flat(bill(float(capex[found[1]] or 0.0) * 1e6)) != found[2]):
            yield f"{found[1]} for {found[2]}, the table says {capex}"


def _holders(_: cn.Assessment, document: Document) -> Iterator[str]:
    """No stock that returns nothing is named as one that helps."""
    text = said(document, "What helps.") + " ".join(
        flat(s.text) for block in document.summary if isinstance(block, tuple) for s in block
    )
    every = rows(document, "stocks_held")
    helps = {row["holder"].text for row in every if amount(row["returns_tpa"]) > 0}
    for name in {row["holder"].text for row in every} - helps:
        if len(name) > 3 and name in text:
            yield f"{name} returns nothing: {text}"
