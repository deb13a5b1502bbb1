"""A small chain with past events of its own: files of the teaching chain, two licences and what was known of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import chainnet as cn
from chainnet.network import graphs_folder

FIRST = """
label = "A licence for dysprosium"
actor = "CHN"
class = "licence"
announced = "2026-03-02"
in_force = "2026-04-01"
notice_days = 30
text_source = "mag9"
base_year = 2025

[[measures]]
kind = "licence"
from = {country = "CHN"}
commodity = ["dy"]
profile = "profile"

[[questions]]
id = "dy_notice"
kind = "flow"
commodity = "dy"
from = "CHN"
to = "JPN"
months = [0, 0]

[[questions]]
id = "dy_onset"
kind = "flow"
commodity = "dy"
from = "CHN"
to = "JPN"
months = [1, 1]

[[questions]]
id = "dy_year"
kind = "flow"
commodity = "dy"
from = "CHN"
to = "JPN"
months = [2, 4]

[[questions]]
id = "users_onset"
kind = "onset"
tier = "civilian"
months = [1, 4]

[[questions]]
id = "users_short"
kind = "short"
tier = "civilian"
months = [1, 4]

[[questions]]
id = "price_inside"
kind = "sign"
commodity = "dy"
country = "CHN"
months = [1, 3]

[[questions]]
id = "korea"
kind = "flow"
commodity = "dy"
from = "CHN"
to = "KOR"
months = [1, 4]
"""
INPUTS = """event,table,phase,months,value,low,high,unit,period,knowable_from,learned_from,quality,reference
dy_2026,profile,1,2,0,0,0.5,share,,2026-01-01,,assumed,mag9
dy_2026,profile,1,,2,1,3,months,,2026-01-01,,assumed,mag9
dy_2026,profile,2,,0.5,0.25,1,share,,2026-01-01,,assumed,mag9
"""
OUTCOMES = """event,question,value,low,high,unit,observed_on,quality,reference,set
dy_2026,dy_onset,0.1,,,ratio,2026-06-20,reported,customs,open
dy_2026,users_onset,2,,,months,2026-08-01,press,press,spent
"""


def folder(where: Path, *, event: str = FIRST, inputs: str = INPUTS, outcomes: str = OUTCOMES) -> Path:
    """Return a copy of the teaching chain with an event beside it."""
    target = where / "chain"
    shutil.copytree(graphs_folder() / "mag-9", target)
    (target / "events").mkdir()
    for name, text in (("dy_2026.toml", event), ("inputs.csv", inputs), ("outcomes.csv", outcomes)):
        if text:
            (target / "events" / name).write_text(text, encoding="utf-8")
    return target


def network(where: Path, **files: str) -> cn.Network:
    """Return the network of such a folder."""
    return cn.read(folder(where, **files))
