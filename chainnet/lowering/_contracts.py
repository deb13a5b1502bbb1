"""The row of a contract: what a supplier sends to other buyers, as part of what it puts out."""

from __future__ import annotations

import numpy as np

from chainnet._types import INF
from chainnet.lowering._overlay import Restriction
from chainnet.lowering._relations import Relations
from chainnet.lowering._rows import Amount, Flows, NamedRows, Tables


def bind_output(t: Tables, rows: NamedRows, number: int, contract: Restriction, f: Flows, relations: Relations) -> None:
    """Write that a class carries at most a part of its source's output of a commodity.

    Output is what a process makes of it, also what is then thrown away; without a process all that leaves the source
    or is used there.
    """
    assert contract.part is not None, "no contract"
    n_edges, code = len(t.tail), t.code[contract.commodities[0]]
    source = int(np.flatnonzero(contract.sources)[0])
    row = rows.new("restriction", number, 0, -INF, contract.bound_tpa)
    away = np.concatenate([contract.edges, relations.classes[number]]).astype(float)
    if f.activity[source] >= 0:
        for line, per in t.made.get((source, code), ()):
            rows.put_amount(per, Amount(line, row, int(f.activity[source]), -contract.part))
    else:
        away -= contract.part * ((f.tail == source) & (f.commodity == code))
        used = ((f.demand["position"] == source) & (f.demand["code"] == code)).to_numpy()
        rows.write(row, f.demand_start + np.flatnonzero(used), -contract.part)
    columns = np.flatnonzero(away)
    rows.write(row, columns, away[columns])
    assert len(away) == n_edges + len(relations.tail)
