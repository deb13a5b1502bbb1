"""A new scenario is shown whole: what it does, and when."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app


def test_what_and_when_of_a_new_scenario_are_not_cut(tmp_path: Path) -> None:
    mine = cn.write(cn.read("mag-9"), tmp_path / "mine")
    keys = [
        "kind=restrict",
        "from.country=CHN",
        "to.country=USA,JPN,DEU,FRA,ITA,GBR",
        "share=0.25",
        "start=2027-11",
        "months=6",
    ]
    done = CliRunner().invoke(app, ["scenario", "new", str(mine), "cut", *keys], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    assert "from country = CHN; to country = USA or JPN or DEU or FRA or ITA or GBR; share 0.25" in done.output
    assert "from 2027-11, for 6 months" in done.output
    assert "…" not in done.output.split("names")[0]
