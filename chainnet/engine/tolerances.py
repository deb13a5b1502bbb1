"""To what each answer is settled: every tolerance of the package, with its reason and the unit it is relative to.

A line of comment stands above each; ``docs/explanation/tolerances.md`` is made of them.
"""

from __future__ import annotations

# -- what proves an answer --
# gap and breach of a linear program, relative to its value and to the natural size of each row and column
PROOF = 1e-7
# gap and breach of a pure maximum flow, relative to its value: integers after exact scaling, so only sums round
PROOF_FLOW = 1e-9
# gap of a search over sets (attacks, defences, portfolios), relative to the value before it: of several proved programs
PROOF_SEARCH = 1e-6
# difference of two solvers, relative to the value: each of them is off by as much as its own proof allows
AGREE = 1e-6

# -- what is asked of the solver --
# feasibility, optimality and integrality, in units of the natural sizes; the gap of mixed-integer programs
SOLVER = 1e-9
# the finest tolerance of duals there is, for where thousands of tiny ones add up
FINEST = 1e-10
# tolerances of a second try where rounding made a program infeasible: half of what a proof allows
WIDE = 5e-8
# gap or breach beyond which another way to solve is worth its time: a tenth of what a proof allows
NEAT = 1e-8
# price, tonnes served per tonne, above which a bound binds
PRICED = 1e-9
# coefficient, in units of the natural sizes, below which the solver leaves it out
NEGLIGIBLE = 1e-12

# -- what one stage leaves to the next --
# by how much a lock lies below what was found, relative to that, so that no later stage fails by rounding
LOCK = 1e-10
# price, in units of the natural sizes, above which a stage is held at a bound: ten times what prices are settled to
PAID = 1e-8
# by how much a fair share lies below what was found, relative to that: hundreds of locks on single rows add up
FAIR = 1e-8

# -- what is nothing --
# rest of sums and differences of numbers with 16 digits, relative to the largest of them
ROUNDING = 1e-9
# the same where only a few operations lie between two numbers that should be equal
UNIT_ROUNDING = 1e-12
# flow on a column of an optimal answer that is none, in units of the column's natural size
IN_USE = 1e-9
# share of a demand or value that a linear program can tell from nothing: as much as its proof leaves open
CERTAIN = 1e-7
# share of the smallest bound below which the flow of a commodity is dust of the solver and says nothing of its size
SAME_SIZE = 1e-5
# share of a demand or value that is shown: ten times what a linear program can tell, so no reader sees its rounding
PRINTED = 1e-6

# -- what is equal --
# difference of two numbers that rank the same, relative to the largest: the table's order decides then
TIE = 1e-9
# what the cheapest set may give up of the best value, relative to it, so that rounding does not hide it
LEEWAY = 2e-9
# by how much the next step of a frontier must be cheaper, relative to the one before
MARGIN = 1e-6
# grain on the costs of options, relative to the dearest, so that of equal sets the first is taken
GRAIN = 1e-7

# -- what is never divided by --
# tonnes a year (a milligram) below which a value or a demand counts as this much: an answer of 0 needs a size too
LEAST_SIZE = 1e-9


def settled_to(*names: str) -> dict[str, float]:
    """Return some of these by name, such as "proof"."""
    return {name: float(globals()[name.upper()]) for name in names}
