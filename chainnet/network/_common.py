"""The tables of every graph (``graphs/common``): what a network says itself stands in their place."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import NamedTuple

import pandas as pd

from chainnet.network._countries import common_groups, graphs_folder
from chainnet.network._gate import Gate, empty, split_list
from chainnet.network._law import check_law
from chainnet.network._rules import check_keys
from chainnet.network._schema import TABLES


class CommonTable(NamedTuple):
    """A table of ``graphs/common`` as a network would hold it, and the SHA-256 of its file."""

    frame: pd.DataFrame
    digest: str


@cache
def common_table(name: str) -> CommonTable:
    """Return a table of ``graphs/common``, checked as the table of that name of a network is.

    Callers must not change it. Without the file the table is empty, and its digest "".

    Raises
    ------
    DataError
        With every fault of the table; also a key that ``graphs/common/references.csv`` lacks.
    """
    folder = graphs_folder() / "common"
    path = folder / f"{name}.csv"
    gate = Gate({name: f"graphs/common/{name}.csv"})
    if not path.is_file():
        return CommonTable(gate.parse(name, None), "")
    frame = gate.parse(name, pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig"))
    check_keys(gate, TABLES[name], frame)
    others = {other: empty(other) for other in ("rules", "service", "contracts", "cover")}
    check_law(gate, {**others, name: frame}, common_groups())
    known = set(pd.read_csv(folder / "references.csv", usecols=["key"], dtype=str)["key"])
    keys = "reference" if "reference" in frame else "source"
    for row, cell in enumerate(frame[keys].fillna("")):
        for key in split_list(cell):
            if key not in known:
                gate.fault(name, row, keys, key, "no row of graphs/common/references.csv", "Add the row.")
    gate.done()
    return CommonTable(frame, sha256(path.read_bytes()).hexdigest())
