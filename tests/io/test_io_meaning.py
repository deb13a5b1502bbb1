"""What leaves for other programs, by hand: infinite numbers in words, weights of edges."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from conftest import frame

import chainnet as cn
from chainnet.io import to_people_csv
from chainnet.io.exits import gexf_bytes


def test_minus_infinity_is_not_told_as_infinity() -> None:
    table = pd.DataFrame({"net_t": [-np.inf, np.inf, -2.5], "capacity_tpa": [np.inf, -np.inf, 3.0]})
    assert to_people_csv(table).splitlines()[1:] == ["-no limit,no limit", "no limit,-no limit", "-2.5,3"]


def test_the_weight_of_an_edge_in_gexf_is_its_flow_and_only_without_one_its_capacity() -> None:
    net = cn.Network(
        frame("id stage", ("a", "mine"), ("b", "refiner"), ("c", "end_use"), ("d", "end_use")),
        frame(
            "source target flow_tpa capacity_tpa",
            ("a", "b", 2.0, 5.0),
            ("b", "c", None, 7.0),
            ("b", "d", None, None),
        ),
    )
    lines = re.findall(r'<edge id="(\d)"[^>]*?target="\w"( weight="[^"]*")?', gexf_bytes(net).decode())
    assert lines == [("0", ' weight="2"'), ("1", ' weight="7"'), ("2", "")]
