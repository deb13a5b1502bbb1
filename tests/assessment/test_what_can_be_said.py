"""How many of the shipped scenarios leave something that cannot be said: the table of the page on the central case.

python tests/assessment/test_what_can_be_said.py    writes it (some ten minutes)
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chainnet as cn
from chainnet.assessment._answers import Answers
from chainnet.flow import Counting

PAGE = Path(__file__).parents[2] / "docs/explanation/central-case.md"
BEGIN, END = "<!-- said -->\n", "<!-- /said -->"
CHAINS = ("antimony", "gallium", "germanium", "graphite", "rare-earths", "tungsten")
REASONS = {"order": "order of service", "node": "one plant", "draws": "draws"}


def asked(chain: str) -> list[tuple[str, bool, bool, str]]:
    """Return each scenario, whether it can be said of the first tier and of the tier of its finding, and why not."""
    net = cn.read(chain)
    answers = Answers(Counting.of(net, None, None, order=None, said=False))
    rows = []
    for name, scenario in {**cn.scenarios(net), "in_force": cn.in_force(net)}.items():
        found = answers.assumptions(scenario)
        tiers = [tier for tier, want in found.central["demand_tpa"].items() if want > 0]
        whole = {tier: found.of(str(tier)) for tier in tiers}
        # whose finding it is: the first tier that is not met, or of which nothing can be said
        mine = next((t for t in tiers if not whole[t].certain or found.central["class"][t] != "met"), tiers[0])
        one = whole[mine]
        why = "draws" if one._is_split else str(one._far["kind"].iloc[0]) if len(one._far) else ""
        rows.append((name, found.certain, one.certain, why))
    return rows


def line(chain: str) -> str:
    """Return the row of a chain."""
    rows = asked(chain)
    first, mine = (sum(not row[at] for row in rows) for at in (1, 2))
    whys = [row[3] for row in rows if not row[2]]
    why = ", ".join(f"{words} {whys.count(kind)}" for kind, words in REASONS.items() if kind in whys)
    return f"| {chain} | {len(rows)} | {first} | {mine} | {why or '-'} |\n"


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS)
def test_the_page_counts_what_cannot_be_said(chain: str) -> None:
    assert line(chain) in PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


def test_of_the_first_tier_at_most_one_scenario_in_four_cannot_be_said() -> None:
    """As the page has it: else the rule has to be looked at again. A finding seeks the tier that is in doubt."""
    rows = re.findall(r"^\| ([a-z-]+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.M)
    assert [row[0] for row in rows] == list(CHAINS)
    n_all, first = (sum(int(row[at]) for row in rows) for at in (1, 2))
    assert first <= n_all / 4
    for chain, n, of_first, of_finding in rows:
        assert int(n) == len(cn.scenarios(cn.read(chain))) + 1, chain
        assert int(of_first) <= int(of_finding), chain


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    table = "| chain | scenarios | first tier | tier of the finding | why |\n| --- | --- | --- | --- | --- |\n"
    PAGE.write_text(head + BEGIN + table + "".join(map(line, CHAINS)) + END + rest.split(END)[1], encoding="utf-8")
