"""Page one below the bottom line: scenarios, what costs and helps most, decisions, how far to trust it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from chainnet.network import state_of, verb_of
from chainnet.reporting import columns as col
from chainnet.reporting.advised import Advised, advised_of, holders, purchase_words, stock_words
from chainnet.reporting.facts import BASELINE, Facts
from chainnet.reporting.helps import unconfirmed
from chainnet.reporting.model import Block, ReportColumn, Sentence, blocks_of
from chainnet.reporting.order import see, table_id
from chainnet.reporting.others import order_of
from chainnet.reporting.prices import price_year
from chainnet.reporting.sections.answer import inferred_flows, weakest_input
from chainnet.reporting.sections.losses import top_losses
from chainnet.reporting.sections.months import FIRST_MONTH, SURVIVES
from chainnet.reporting.sections.projects import returns_alone, top_projects
from chainnet.reporting.sections.rerouting import levels_figure
from chainnet.reporting.sections.strip import chain_figure
from chainnet.reporting.sentences import told
from chainnet.results import BOUNDED, CHECKED
from chainnet.words import (
    NOT_APPLICABLE,
    NOT_ASSESSED,
    count,
    first_capital,
    join,
    number,
    same,
    span,
    spelled,
    titled,
    tonnes,
    verb,
    whole,
)

PRODUCTS = ("output", "coproduct", "byproduct")  # roles of what a recipe makes
FOR_MORE = r"\b(million|billion)\b[^;]*\b(too|together|the whole)\b"  # how a note says that a cost is for more
_HIDDEN: Any = {"missing": NOT_ASSESSED, "body": False}
MOST_OF = 0.8  # a cheaper set that averts so much of what the advised projects do is told
KEY_ROWS, KEY_LETTERS = 4, 190  # so that the summary stands on two pages: rows, and letters of their scenarios


def summary(facts: Facts) -> tuple[Block, ...]:
    """Return what stands on page one below the bottom line."""
    lines = decisions(facts)
    return blocks_of(
        chain_figure(facts),
        scenario_table(facts),
        levels_figure(facts),
        top_losses(facts),
        _top_projects(facts),
        Sentence("", (), "Decisions this supports") if lines else None,
        lines,
        Sentence("", (), "How far to trust it"),
        _stranger_sentences(facts),
    )


def _top_projects(facts: Facts) -> Block | None:
    """Return the projects that help most; a line where none does, and nothing where there are none."""
    if not facts.a.rerouting:
        return None
    table = top_projects(facts)
    if not table.says_nothing:
        return table
    return Sentence(
        "No listed project returns anything once new relations and what runs have done their part.",
        ("projects",),
        "Projects.",
    )


def _is_others_last(facts: Facts) -> bool:
    """Say whether there are others, and the answer serves them after all who count."""
    return facts.has_others and order_of(facts).served == "allies served first"


def _short_head(facts: Facts) -> str:
    """Return the head of the column of what the leading tier lacks; at which end, where there are two."""
    return f"{first_capital(facts.first)} short{', others last' if _is_others_last(facts) else ''}"


def _others(facts: Facts) -> list[str]:
    """Return the tiers behind the first; none where nobody asks in the first."""
    return [tier for tier in facts.tiers if tier != facts.first] if facts.has_first else []


def _after_stocks(facts: Facts) -> str:
    """Return what the last column allows."""
    return "new relations and one year of stocks"


def _left(facts: Facts, row: Any) -> Any:
    level = facts.scenario_level(row["scenario"], "stocks", facts.first)
    return NOT_APPLICABLE if level is None else float(level["shortfall_tpa"])


def _short_of(tier: str) -> Any:
    return lambda f, row: f.of(row["scenario"], tier)["shortfall_tpa"]


def _all_served(facts: Facts, row: Any) -> Any:
    return facts.whole["served_tpa"][row["scenario"]]


def _scenario_columns(facts: Facts) -> list[ReportColumn]:
    first, months, others = first_capital(facts.first), facts.months, _others(facts)
    low_to_high = "the same with all demand at its low and at its high values"
    whole = "shortfall if all other countries come first"
    rests_on = "how the weakest limiting input is known, and how many are so"
    short = [
        col.tons(f"shortfall_{t}_tpa", f"{first_capital(t)} short", f"shortfall of {t}", _short_of(t)) for t in others
    ]
    if others:  # where there are several
        head, meaning = "All tiers served", "tonnes served over all tiers"
        short.append(col.tons("whole_served_tpa", head, meaning, _all_served, body=False))
    return [
        *col.SCENARIO,
        col.tons("shortfall_tpa", _short_head(facts), f"shortfall of {facts.first}, {order_of(facts).served}"),
        col.text(
            "range",
            "Short, low to high demand",
            low_to_high,
            lambda _, row: span(row["shortfall_low_tpa"], row["shortfall_high_tpa"]),
        ),
        *(
            col.tons(f"shortfall_{side}_tpa", f"Short, {side} demand", f"all demand at its {side} values", **_HIDDEN)
            for side in ("low", "high")
        ),
        col.share(
            "met_share",
            f"{first} met",
            f"part of the demand of {facts.first} that is served",
            lambda _, row: col.part_of(row["served_tpa"], row["demand_tpa"]),
            body=False,
        ),
        col.tons("shortfall_last_tpa", f"{first} short, others first", whole, body=facts.has_others),
        *short,
        col.weight("shortfall_t", f"In {months.horizon} months, t", f"what {months.lead} lacks over the horizon"),
        *FIRST_MONTH,
        *SURVIVES,
        col.tons("residual_tpa", "Short after stocks", f"with {_after_stocks(facts)}", _left),
        col.code("rests_on", "Rests on", rests_on, lambda f, row: f.scenario_inputs_words(row["scenario"])),
    ]


def _scenario_rows(facts: Facts) -> list[dict[Any, Any]]:
    months, names = facts.months, [BASELINE, *facts.ordered]
    return [{**months.of(name, months.lead), **facts.leading.loc[name], "scenario": name} for name in names]


def _scenario_note(facts: Facts) -> str:
    last = "others last, " if _is_others_last(facts) else ""
    return (
        "Scenarios are assumptions to test against, not forecasts. Low to high: all demand at its low and its "
        "high values. Months: stocks drawn, every date known, one order of service, range not "
        f"assessed ({table_id('endurance')}); time to survive counts from the first measure. Short in the long "
        f"run, met in every month: measures end, stocks carry. After stocks: {last}with {_after_stocks(facts)}; "
        f"no project in other columns: {table_id('layers')}, {table_id('levels')}."
    )


def _key_rows(facts: Facts) -> int:
    """Return how many scenarios stand on page one: one fewer where their names take more lines."""
    letters = sum(len(facts.scenario_label(name)) for name in [BASELINE, *facts.ordered][:KEY_ROWS])
    return KEY_ROWS if letters <= KEY_LETTERS else KEY_ROWS - 1


scenario_table = col.Table(
    "scenarios",
    "Summary",
    "Scenarios, worst first",
    rows=_scenario_rows,
    columns=_scenario_columns,
    subtitle="Unit: {f.unit}. The long run; months from 1. {f.whose_words}",
    note=_scenario_note,
    stands=lambda f: f.standing(f.a.stress.summary),
    lead=_key_rows,
)


# -- decisions and trust on page one ------------------------------------------------------------


def decisions(facts: Facts) -> tuple[Sentence, ...]:
    """Return what to do, the cheapest level first: qualify, stocks, the project that the rest needs."""
    found = advised_of(facts)
    if found is None or found.known <= 0:
        return ()
    lines = (_qualify(found), _stocks(facts, found), _build(facts, found))
    return tuple(line for line in lines if line is not None)


def _qualify(found: Advised) -> Sentence | None:
    if found.new >= found.known or same(found.new, found.known):
        return None
    cut = f"from {number(found.known)} to {tonnes(found.new)}"
    needs = f", if {join(found.closed_if)}" if found.closed_if and found.new <= 0 else ""
    words = f"New relations between plants that stand cut what {found.tier.does('lack')} {cut}{needs}"
    words += ". Their extra cost per tonne is assumed." if needs else ", at an assumed extra cost per tonne."
    return Sentence(f"{words} {see('rerouting')}", ("levels",), "Qualify.")


def _stocks(facts: Facts, found: Advised) -> Sentence | None:
    """Say what to do about stocks: what the beneficiaries keep for the tier is held, else its holder is to agree."""
    bought = purchase_words(facts, found)
    bought = bought if "USD" in bought else ""  # nothing is decided on a stock without a price
    words, table = told(stock_words(facts, found), bought), holders(facts)
    if not words:
        return None
    if not stock_words(facts, found):
        return Sentence(words, ("requirement",), "Buy.")
    verb = "Hold." if bool((table["is_ours"] & table["is_reserved"]).all()) else "Agree on release."
    return Sentence(f"{words} {see('rerouting')}", ("levels", "stocks_held"), verb)


def _cost(facts: Facts, names: Sequence[str]) -> str:
    cost = facts.network.projects.set_index("id").loc[list(names), "capex_musd"]
    if cost.isna().all():
        return "cost not in the data"
    known = f"USD {number(cost.sum())} million"
    return known if cost.notna().all() else f"{known} for {join([facts.label(n) for n in cost.dropna().index])}"


def _verb(facts: Facts, names: Sequence[str]) -> str:
    """Return what there is to do about projects, by their state."""
    verbs = list(dict.fromkeys(verb_of(facts.status(name)) for name in names))
    if len(names) == 1:
        return verbs[0]
    if len(verbs) == 1:
        return "Build together." if verbs == ["Fund"] else f"{verbs[0]} all."
    said = [f"{verb_of(facts.status(name))} {titled(facts.label(name))}" for name in names]
    return f"{join([said[0], *(words[0].lower() + words[1:] for words in said[1:])])}."


def _build(facts: Facts, found: Advised) -> Sentence | None:
    """Say what to do about the projects that what is left needs, what they cost, and on what that depends."""
    names = found.projects
    if not names:
        return None
    one, lacks = len(names) == 1, found.tier.does("lack", "then")
    they, together = ("it", "") if one else ("they", "together ")
    since = f" from {whole(found.year)}{unconfirmed(facts, found)}" if pd.notna(found.year) else ""
    if found.closes:
        effect = f"{together}{verb('close', len(names))}{since} the gap of {tonnes(found.new)} that {lacks}"
    else:
        effect = f"{together}{verb('cut', len(names))} what {lacks} from {number(found.new)} to "
        effect += f"{tonnes(found.left)}{since}"
    size = "size" if all(state_of(facts.status(name)) == "running" for name in names) else "size and date"
    its = "its" if one else "their"
    holds = [f"{they} {verb('keep', len(names))} {its} {size}"]
    if "without its assumed relations" in found.cases:
        holds.append(f"{its} assumed relations hold")
    if found.others_first is not None and not same(found.others_first, found.left):
        holds.append("all others are served after")
    who = join([titled(facts.label(name)) for name in names])
    words = f"{who}: {they} {effect} ({_cost(facts, names)}), if {join(holds)}."
    words = told(words, _peers(facts, found), _unpaid(facts, names), _cheaper(facts, found))
    return Sentence(f"{words} {see('projects')}", ("advice", "floors"), _verb(facts, names))


def _peers(facts: Facts, found: Advised) -> str:
    """Say how many other projects would alone return as much; empty where none does."""
    if len(found.projects) != 1:
        return ""
    alone = returns_alone(facts)
    mine = alone.get(found.projects[0], 0.0)
    n = sum(same(float(t), float(mine)) or t > mine for name, t in alone.items() if name not in found.projects)
    does = f"{spelled(n, 'other project returns', 'other projects return')} as much alone"
    return f"{first_capital(does)} ({table_id('helps_most')})." if n and mine > 0 else ""


def _cheaper(facts: Facts, found: Advised) -> str:
    """Say which set averts most of what the advised projects do for half their cost; empty where none does."""
    best = facts.a.portfolios.get("all")
    if not found.tier.is_all or best is None:
        return ""
    sets, advised = best.frontier, set(found.projects)
    same_set = sets[[set(str(taken).split("; ")) == advised for taken in sets["taken"]]]
    if same_set.empty:
        return ""
    cost, most = (float(same_set[c].iloc[0]) for c in ("spent_musd", "averted_t"))
    sets = sets[(sets["averted_t"] >= MOST_OF * most) & (sets["spent_musd"] <= cost / 2)]
    if sets.empty:
        return ""
    row = sets.sort_values(["spent_musd", "averted_t"], ascending=[True, False]).iloc[0]
    names = [titled(facts.label(name)) for name in str(row["taken"]).split("; ")]
    averts = f"{verb('avert', len(names))} {number(row['averted_t'])} of {tonnes(most)}"
    where = table_id("portfolio")
    return f"For USD {number(row['spent_musd'])} million {join(names)} {averts}, no tier first ({where})."


def _unpaid(facts: Facts, names: Sequence[str]) -> str:
    """Say which of the projects do not cover their cost at the price of the data, of which year it is, and for what.

    Empty where that is not known, or no year of the price is.
    """
    table = facts.a.floors
    if table.empty or "viable_at_reference" not in table:
        return ""
    paid = table["viable_at_reference"].reindex(list(names))
    unpaid = [str(name) for name in paid.index[(paid == False).to_numpy(dtype=bool)]]  # noqa: E712 - NA is not known
    n, years = len(unpaid), {price_year(facts, str(table["commodity"][name])) for name in unpaid}
    if not n or "" in years:
        return ""
    who, its = "They do", "their"
    if len(names) == 1:
        who, its = "It does", "its"
    elif n < len(names):
        who = f"{number(n)} of them {verb('do', n)}"
    prices = f"the price of {years.pop()}" if len(years) == 1 else f"prices of {join(sorted(years))}"
    said = f"{who} not cover {its} cost at {prices}"
    also = (
        " with the main product alone, though the cost is for others too"
        if any(_is_for_more(facts, name) for name in unpaid)
        else ""
    )
    return f"{said}{also} ({table_id('floors')})."


def _is_for_more(facts: Facts, name: str) -> bool:
    """Say whether the cost of a project is for goods besides its main one: by its recipe, or by its note."""
    row = facts.network.projects.set_index("id").loc[name]
    recipes = facts.network.processes
    made = recipes[(recipes["process"] == row["process"]) & recipes["role"].isin(PRODUCTS)]
    return len(made) > 1 or (isinstance(row["note"], str) and bool(re.search(FOR_MORE, row["note"])))


def _gaps(facts: Facts) -> str:
    """Return the gaps that could change the answer, each with its direction."""
    stocks = "No stocks are in the data" if facts.network.stocks.empty else "Stocks may be missing"
    said = [f"{stocks} (early shortfalls may be too large)"]
    unlimited, nodes = facts.a.coverage["n_unlimited"].sum(), facts.a.coverage["n_nodes"].sum()
    if unlimited:
        said.append(f"{count(unlimited)} of {count(nodes)} nodes have no capacity (shortfalls may be too small)")
    inferred = inferred_flows(facts)
    return "; ".join([*said, f"{inferred} flows are inferred (errors either way)"] if inferred else said) + "."


def _stranger_sentences(facts: Facts) -> tuple[Sentence, ...]:
    """Return what makes up the trust part of the summary: the weakest input, and gaps that could change the order."""
    status = CHECKED if bool(facts.a.certificates["ok"].all()) else BOUNDED
    weakest = f", the weakest {weakest_input(facts)}" if facts.n_limiting else ""
    return (
        Sentence(f"{first_capital(status)}; the answer {facts.rests_words}{weakest}.", ("limiting",)),
        Sentence(_gaps(facts), ("gaps",), "Gaps."),
    )
