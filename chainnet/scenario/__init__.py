"""What happens to the chain? Measures in Python or TOML, put to a network they give an overlay, by month a timeline.

Words: *measure* (remove, scale, restrict, quota, ...), *effect* (what a measure does to bounds and costs), *timeline*
(the overlay of each period), *calendar* (months counted from the start), *rule* (a law or order of the real world, with
its dates), *controls* (what customs show under a rule).
"""

from chainnet.scenario._asked import asked_scenario, pick_scenarios
from chainnet.scenario._at_home import ids_at_home
from chainnet.scenario._calendar import month_number, month_text
from chainnet.scenario._effect import TIMES, Effect, acting, listed
from chainnet.scenario._in_force import COMPUTED, computed_scenario, controls, in_force, rule_warnings, rules
from chainnet.scenario._kinds import KINDS
from chainnet.scenario._named import places_of, reached
from chainnet.scenario._outside import Outside, outside_is_told, tell_outside
from chainnet.scenario._overlay import effects_of, overlay_at
from chainnet.scenario._rush import Bought
from chainnet.scenario._scenario import Scenario, check_scenario, in_year, overlay_of, toml_text, with_values
from chainnet.scenario._shipped import scenarios
from chainnet.scenario._standing import in_order, next_words, standing_of, standings
from chainnet.scenario._timeline import Timeline, first_month, timeline

__all__ = [
    "COMPUTED",
    "KINDS",
    "TIMES",
    "Bought",
    "Effect",
    "Outside",
    "Scenario",
    "Timeline",
    "acting",
    "asked_scenario",
    "check_scenario",
    "computed_scenario",
    "controls",
    "effects_of",
    "first_month",
    "ids_at_home",
    "in_force",
    "in_order",
    "in_year",
    "listed",
    "month_number",
    "month_text",
    "next_words",
    "outside_is_told",
    "overlay_at",
    "overlay_of",
    "pick_scenarios",
    "places_of",
    "reached",
    "rule_warnings",
    "rules",
    "scenarios",
    "standing_of",
    "standings",
    "tell_outside",
    "timeline",
    "toml_text",
    "with_values",
]
