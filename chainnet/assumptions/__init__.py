"""What does a verdict rest on? Every judgement and every weak input is asked again, and sets of assumed plants.

Words: *judgement* (who comes first, which relations count, how much is asked for), *variation* (a judgement or an input
made otherwise), *category* (met, little, part, most of demand unmet), *neck* (the narrowest step), *ends* (between what
shares a verdict lies), *standing* (holds, holds unless, open).
"""

from chainnet.assumptions._changes import is_weak, variations
from chainnet.assumptions._due import attributed, due_range, judged_shares
from chainnet.assumptions._judgements import demand_factors
from chainnet.assumptions._load_bearing import LoadBearing, load_bearing
from chainnet.assumptions._verdict import CATEGORIES, category

__all__ = [
    "CATEGORIES",
    "LoadBearing",
    "attributed",
    "category",
    "demand_factors",
    "due_range",
    "is_weak",
    "judged_shares",
    "load_bearing",
    "variations",
]
