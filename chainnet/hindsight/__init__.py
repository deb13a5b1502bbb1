"""Has it ever been right? Past events as they were known beforehand, what would have been said, and how that scored.

Words: *event* (a rule or a stop of the past), *question* (one aspect of it, asked once), *forecast* (central value,
narrow and wide band), *register* (forecasts as they were first made), *spent* (an outcome that stands in the data
already), *baseline* (a forecast that needs no model), *skill* (one minus the ratio of scores to those of a baseline).
"""

from chainnet.criticality import garwood
from chainnet.hindsight._before import chain_before
from chainnet.hindsight._event import Event, first_month_of, window_of
from chainnet.hindsight._hindcast import Hindcast, hindcast
from chainnet.hindsight._reading import events
from chainnet.hindsight._record import Record, record_of, track_record
from chainnet.hindsight._register import register, registered
from chainnet.hindsight._scores import (
    brier,
    clopper_pearson,
    interval_score,
    kendall_tau,
    weighted_interval_score,
)
from chainnet.hindsight._skill import COUNTED, counts_of, coverage_of, skill_of
from chainnet.hindsight._track import record_words, track_line

__all__ = [
    "COUNTED",
    "Event",
    "Hindcast",
    "Record",
    "brier",
    "chain_before",
    "clopper_pearson",
    "counts_of",
    "coverage_of",
    "events",
    "first_month_of",
    "garwood",
    "hindcast",
    "interval_score",
    "kendall_tau",
    "record_of",
    "record_words",
    "register",
    "registered",
    "skill_of",
    "track_line",
    "track_record",
    "weighted_interval_score",
    "window_of",
]
