"""Does an answer keep what the tables and the scenario say? Flows checked as tables, apart from the program.

Words: *breach* (a rule that an answer breaks: which rule, where, how many tonnes, how many are allowed).
"""

from chainnet.audit._breaches import Breach, Flows, passed
from chainnet.audit._split import audit_split
from chainnet.audit._steady import audit_flows

__all__ = ["Breach", "Flows", "audit_flows", "audit_split", "passed"]
