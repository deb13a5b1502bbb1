"""Method in one page: from files to proofs, and what each step leaves out."""

from __future__ import annotations

from chainnet.reporting.facts import Facts
from chainnet.reporting.model import Section, Sentence, make_section
from chainnet.reporting.sections.order import table_id

METHOD = (
    (
        "Files to network.",
        "Tables of nodes, recipes, relations, demand, stocks and projects are checked as a whole and put in a fixed "
        "order. Leaves out: anything no table holds.",
    ),
    (
        "Network to value.",
        "The largest tonnage of counted demand that can be served, given capacities, recipes and relations: a linear "
        "program, or a maximum flow where there are no recipes. Leaves out: prices as a brake on demand.",
    ),
    (
        "Loss of a site, country or owner.",
        "Value before less value after its removal, both solved. Leaves out: what firms do before they have found the "
        "best way round, so a real loss may be larger for a while.",
    ),
    (
        "Scenario.",
        "Least shortfall tier by tier, then least cost; other countries served after, and once before, the "
        "beneficiaries. In the long run every measure holds all year at its full size.",
    ),
    (
        "Months.",
        "The same over months with lags, stocks and dates: the first tier is served as far as can be over the whole "
        "horizon, then the next; of equal totals the earliest is taken. Once with every date known, once with what is "
        "in force. Leaves out: what is in store at plants and not on record.",
    ),
    (
        "Habit.",
        "Plants order as they always did and live on their stores (ARIO), or pass each loss on (ESRI); with the best "
        "rerouting they bracket the loss. Leaves out: new relations and priority between tiers.",
    ),
    (
        "Required stock.",
        "The cheapest set of stocks with which the first tier is whole in every month. Leaves out: wear, turnover, "
        "cost of keeping.",
    ),
    (
        "Ladder and projects.",
        "The same with known relations, new relations, stocks of one year and projects that stand by a year; each "
        "project alone, last in and by its fair share. Leaves out: delay, failure and price of projects.",
    ),
    (
        "Best sets, prices, blocs.",
        "The set of projects that averts most under a budget is chosen exactly; a project pays where its price covers "
        "unit cost and capital. Two blocs: the counted countries and the one outside them whose loss costs most. "
        "Leaves out: how prices answer.",
    ),
    (
        "Doubt.",
        "Every figure with a range is drawn anew and all is solved again; and each alone at both ends. Leaves out: "
        "recipes in the draws, and relations that may not exist.",
    ),
    (
        "Proof.",
        f"Each answer is checked by code that shares nothing with the solver ({table_id('certificates')}); one that "
        "fails is never printed.",
    ),
)


def section(_facts: Facts) -> Section:
    """Return the method."""
    return make_section("Method in one page", tuple(Sentence(text, (), head) for head, text in METHOD))
