"""What is a chain? Tables of nodes, edges, processes and demand, checked once and never changed.

Words: *table* (one of those of ``TABLES``), *gate* (where every input is checked and every fault collected),
*canonical order* (rows sorted, so that the order of a file decides nothing), *baseline* (the flows of the base year).
"""

from chainnet.network._bars import bars_in_force
from chainnet.network._carried import (
    CARRIED,
    Carried,
    awake_edges,
    carried_words,
    meta_of,
    meta_words,
    plain_cell,
    rows_of,
    written_columns,
)
from chainnet.network._common import common_table
from chainnet.network._contracts import contracts_in_force
from chainnet.network._countries import (
    OUTSIDE,
    area_named,
    collect_groups,
    common_groups,
    countries_near,
    country_named,
    country_names,
    graphs_folder,
    is_country,
    is_open,
    is_total,
)
from chainnet.network._cover import COVERED, cover_stocks
from chainnet.network._dates import day_of, first_day, last_day, month_of
from chainnet.network._decimals import as_numbers, number_of
from chainnet.network._fed import say_unfed, spare_plants, unfed_plants
from chainnet.network._gate import MOST_FAULTS, Frames, Gate, as_text, empty, split_list
from chainnet.network._kept import kept
from chainnet.network._law import cover_by_node
from chainnet.network._linked import say_idle, say_unlinked, unlinked_plants
from chainnet.network._network import Network, check_network
from chainnet.network._nouns import depths, place_of, plants_of, site_labels, site_of, step_of
from chainnet.network._pictures import lay_out
from chainnet.network._plants import several_plants, several_rows
from chainnet.network._projects import State, begins_of, first_years, ramp_reached, state_of, verb_of
from chainnet.network._reading import AS_WRITTEN, END_COUNTRY, Reading
from chainnet.network._reexports import reexport_rows, reexports
from chainnet.network._results import Annotated, annotated, named_results
from chainnet.network._roles import infer_nodes
from chainnet.network._rules import TWICE, check_keys, check_known, check_processes, lone_table
from chainnet.network._schema import PEDIGREE, QUALITIES, STAGES, TABLES, Column, Table
from chainnet.network._stakes import backers_of, offtakes_of, payers_of
from chainnet.network._tidy import own_names, plain_head

__all__ = [
    "AS_WRITTEN",
    "CARRIED",
    "COVERED",
    "END_COUNTRY",
    "MOST_FAULTS",
    "OUTSIDE",
    "PEDIGREE",
    "QUALITIES",
    "STAGES",
    "TABLES",
    "TWICE",
    "Annotated",
    "Carried",
    "Column",
    "Frames",
    "Gate",
    "Network",
    "Reading",
    "State",
    "Table",
    "annotated",
    "area_named",
    "as_numbers",
    "as_text",
    "awake_edges",
    "backers_of",
    "bars_in_force",
    "begins_of",
    "carried_words",
    "check_keys",
    "check_known",
    "check_network",
    "check_processes",
    "collect_groups",
    "common_groups",
    "common_table",
    "contracts_in_force",
    "countries_near",
    "country_named",
    "country_names",
    "cover_by_node",
    "cover_stocks",
    "day_of",
    "depths",
    "empty",
    "first_day",
    "first_years",
    "graphs_folder",
    "infer_nodes",
    "is_country",
    "is_open",
    "is_total",
    "kept",
    "last_day",
    "lay_out",
    "lone_table",
    "meta_of",
    "meta_words",
    "month_of",
    "named_results",
    "number_of",
    "offtakes_of",
    "own_names",
    "payers_of",
    "place_of",
    "plain_cell",
    "plain_head",
    "plants_of",
    "ramp_reached",
    "reexport_rows",
    "reexports",
    "rows_of",
    "say_idle",
    "say_unfed",
    "say_unlinked",
    "several_plants",
    "several_rows",
    "site_labels",
    "site_of",
    "spare_plants",
    "split_list",
    "state_of",
    "step_of",
    "unfed_plants",
    "unlinked_plants",
    "verb_of",
    "written_columns",
]
