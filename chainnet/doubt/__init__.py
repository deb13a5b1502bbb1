"""How sure is it? What a verdict rests on, asked again one by one; many draws over uncertain inputs at once.

Words: *judgement* (who comes first, which relations count, how much is asked for), *variation* (a judgement or an input
made otherwise), *due* (short because of a scenario: the shortfall less that without it, both judged alike), *class*
(met, little, part, most of demand short), *firm* (no variation of a kind changes the class), *bottleneck* (the
costliest step of a country), *draw* (one set of inputs), *store* (an SQLite file that outlives a crash), *sensitivity*
(one input at a time).
"""

from chainnet.doubt._changes import is_weak, variations
from chainnet.doubt._due import JUDGED
from chainnet.doubt._ensemble import Ensemble, ensemble, local_processes
from chainnet.doubt._judgements import demand_factors, orders_of
from chainnet.doubt._key_assumptions import KeyAssumptions, class_assumptions, key_assumptions
from chainnet.doubt._sensitivity import Sensitivity, sensitivity
from chainnet.doubt._verdict import CLASSES, class_of
from chainnet.doubt._words import in_words

__all__ = [
    "CLASSES",
    "JUDGED",
    "Ensemble",
    "KeyAssumptions",
    "Sensitivity",
    "class_assumptions",
    "class_of",
    "demand_factors",
    "ensemble",
    "in_words",
    "is_weak",
    "key_assumptions",
    "local_processes",
    "orders_of",
    "sensitivity",
    "variations",
]
