"""Which numbers solve it? Max flows, removals, linear and integer programs, and proofs of each: arrays in and out.

Words: *certificate* (a check by code that shares nothing with the solver), *warm* (a model that keeps its basis between
questions), *removal* (what is lost without a node, an arc or a group). No tables, no ids, no files.
"""

from chainnet.engine.attack import Attack, cheapest_attack, essential, worst_attack
from chainnet.engine.certificate import Certificate, certify_flow, certify_linear, require
from chainnet.engine.choice import BestSet, Copy, FixedSets, Found, risk_of
from chainnet.engine.convex import ConvexModel, ConvexSolution, Curves
from chainnet.engine.convex_prices import dual_ends
from chainnet.engine.defence import BestDefence
from chainnet.engine.entropy import Conditions, nearest, repair
from chainnet.engine.hitting import hitting_sets
from chainnet.engine.linear import LinearProgram, LinearSolution, WarmModel, solve_independently
from chainnet.engine.linear_compact import AT_LOWER, BASIC, CompactModel, Statuses
from chainnet.engine.linear_exposure import plan, plans_without, shares_without, survival_program
from chainnet.engine.linear_prices import price_ranges
from chainnet.engine.linear_removal import Sweeps, at_once, in_shares, not_idle, values_of, values_without
from chainnet.engine.maxflow import CutMembers, FlowProblem, FlowSolution, UnboundedFlow, solve
from chainnet.engine.mip import affordable
from chainnet.engine.ordered import Ordered, floor_of, optimal, with_goals
from chainnet.engine.removal import arc_losses, group_losses, node_losses
from chainnet.engine.rows import Rows, least
from chainnet.engine.threads import thread_pool
from chainnet.engine.tolerances import (
    AGREE,
    CERTAIN,
    FAIR,
    FINEST,
    LEAST_SIZE,
    LEEWAY,
    LOCK,
    MARGIN,
    PAID,
    PRICED,
    PRINTED,
    PROOF,
    PROOF_SEARCH,
    ROUNDING,
    SAME_SIZE,
    SOLVER,
    TIE,
    UNIT_ROUNDING,
    WIDE,
    settled_to,
)

__all__ = [
    "AGREE",
    "AT_LOWER",
    "BASIC",
    "CERTAIN",
    "FAIR",
    "FINEST",
    "LEAST_SIZE",
    "LEEWAY",
    "LOCK",
    "MARGIN",
    "PAID",
    "PRICED",
    "PRINTED",
    "PROOF",
    "PROOF_SEARCH",
    "ROUNDING",
    "SAME_SIZE",
    "SOLVER",
    "TIE",
    "UNIT_ROUNDING",
    "WIDE",
    "Attack",
    "BestDefence",
    "BestSet",
    "Certificate",
    "CompactModel",
    "Conditions",
    "ConvexModel",
    "ConvexSolution",
    "Copy",
    "Curves",
    "CutMembers",
    "FixedSets",
    "FlowProblem",
    "FlowSolution",
    "Found",
    "LinearProgram",
    "LinearSolution",
    "Ordered",
    "Rows",
    "Statuses",
    "Sweeps",
    "UnboundedFlow",
    "WarmModel",
    "affordable",
    "arc_losses",
    "at_once",
    "certify_flow",
    "certify_linear",
    "cheapest_attack",
    "dual_ends",
    "essential",
    "floor_of",
    "group_losses",
    "hitting_sets",
    "in_shares",
    "least",
    "nearest",
    "node_losses",
    "not_idle",
    "optimal",
    "plan",
    "plans_without",
    "price_ranges",
    "repair",
    "require",
    "risk_of",
    "settled_to",
    "shares_without",
    "solve",
    "solve_independently",
    "survival_program",
    "thread_pool",
    "values_of",
    "values_without",
    "with_goals",
    "worst_attack",
]
