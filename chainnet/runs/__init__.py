"""How sure is it? Many draws over uncertain inputs, here or on other processes; which input moves the answer.

Words: *draw* (one set of inputs), *store* (an SQLite file that outlives a crash), *sensitivity* (one input at a time).
"""

from chainnet.runs._ensemble import Ensemble, ensemble, local_processes
from chainnet.runs._sensitivity import Sensitivity, sensitivity

__all__ = ["Ensemble", "Sensitivity", "ensemble", "local_processes", "sensitivity"]
