"""Words that every report holds: what status letters mean, thirty terms, the method in one page."""

from __future__ import annotations

__all__ = ["GLOSSARY", "METHOD", "STATUS_WORDS"]

STATUS_WORDS = (
    "P proved (the certificate closes, for the stated data); B bounded; S sampled; M myopic simulation; G given (input)"
)
GLOSSARY = (
    (
        "Assumed, inferred, estimated, reported",
        "Grade of an input: no source; derived from totals; published estimate; published.",
    ),
    ("Baseline", "The flows of the base year, nothing disrupted."),
    ("Bracket", "What is lost with the best rerouting, and what if firms react only to their own stocks."),
    ("Basis", "What a tonne counts, such as t finished magnet. Tonnes on different bases are never added."),
    ("Beneficiaries", "The countries whose demand counts. In a value they come first."),
    (
        "Certificate",
        "A check of an answer that knows nothing of the solver: bounds, balances, and a bound that meets the value.",
    ),
    ("Chokepoint", "A site, country or owner without which less can be served."),
    ("Complements", "Projects that together win more than the sum of each alone."),
    ("Cut", "Bounds that together hold the deliveries at their value; more capacity elsewhere changes nothing."),
    ("Decisive input", "A bound that carries a price: a tonne more of it changes the answer."),
    ("Dominator", "A site that everything served must pass."),
    ("Exposure", "Least value lost while a site is out until it has recovered."),
    ("Fair share", "Shapley value: the mean of what a project adds over all orders of building."),
    ("Frozen", "No relation carries more than its baseline flow."),
    ("HHI", "Herfindahl-Hirschman index: sum of squared shares, here x 10,000; 10,000 is one holder."),
    ("Ladder", "What each further freedom wins back: known relations, new relations, stocks, projects."),
    ("Last in", "What is lost without a project when all others stand."),
    ("Loss", "Served before less served after a removal, both solved; never a sum of parts."),
    ("N-1 cover", "Supply without the largest holder over demand without its own."),
    ("New relation", "A maker ships to a user it does not supply today, once qualified, at an extra cost."),
    (
        "Others after, others first",
        "Other countries are served after, or before, the beneficiaries: both ends of the shortfall.",
    ),
    ("Recovery", "Time until a site that dropped out is back: an input."),
    ("Required stock", "The cheapest set of stocks that keeps a tier whole in every month of the horizon."),
    ("Rerouting", "Sending goods another way than in the baseline, within what measures and recipes allow."),
    ("Shortfall", "Demand less what is served."),
    ("Site", "The nodes of one plant; they drop out together."),
    ("Steady state", "One year in which a measure holds throughout: the long run."),
    ("Substitutes", "Projects that together win less than the sum of each alone: either will do."),
    ("Tier", "A class of demand; the first is served first."),
    ("Time to recover", "Months from the first short one until demand is met to the end of the horizon."),
    ("Time to survive", "Months from the first measure in which a tier can be kept whole, if served first."),
    ("Tie", "Results equal to within what a solve is certain of; their ranks bear an =."),
    ("t/yr", "Tonnes a year, on the basis that the table names."),
    ("Value of the dates", "Short if nobody foresees a date, less short if all are known."),
)
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
        "Each answer is checked by code that shares nothing with the solver (T20); one that fails is never printed.",
    ),
)
