"""How sure is it? What a verdict rests on, asked again one by one; many draws over uncertain inputs at once.

Words: *judgement* (who comes first, which relations count, how much is asked for), *variation* (a judgement or an input
made otherwise), *category* (met, little, part, most of demand short), *bottleneck* (the costliest step of a country),
*ends* (between what shares a verdict lies), *robustness* (holds, holds unless, open), *draw* (one set of inputs),
*store* (an SQLite file that outlives a crash), *sensitivity* (one input at a time).
"""

from chainnet.doubt._changes import is_weak, variations
from chainnet.doubt._due import attributed, due_range, judged_shares
from chainnet.doubt._ensemble import Ensemble, ensemble, local_processes
from chainnet.doubt._judgements import demand_factors
from chainnet.doubt._key_assumptions import KeyAssumptions, key_assumptions
from chainnet.doubt._sensitivity import Sensitivity, sensitivity
from chainnet.doubt._verdict import CATEGORIES, category

__all__ = [
    "CATEGORIES",
    "Ensemble",
    "KeyAssumptions",
    "Sensitivity",
    "attributed",
    "category",
    "demand_factors",
    "due_range",
    "ensemble",
    "is_weak",
    "judged_shares",
    "key_assumptions",
    "local_processes",
    "sensitivity",
    "variations",
]
