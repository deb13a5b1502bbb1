"""What people see of a table: what they look for comes first, rows differ, and rows that say nothing are counted."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from conftest import frame, two_tier
from typer.testing import CliRunner

import chainnet as cn
from chainnet.cli.common import app
from chainnet.drawing.answers import sort_answers
from chainnet.drawing.facts import collect


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def out(net: cn.Network, folder: Path) -> str:
    """Write the scenario in which China is out, and return its path."""
    path = folder / "out.toml"
    path.write_text(cn.scenarios(net)["china_out"].to_toml())
    return str(path)


def heads(text: str, table: str) -> str:
    """Return the lines of the heads of a printed table, blanks between words as one."""
    lines = text.split(f"\n{table} (")[1].splitlines()[1:]
    return " ".join(" ".join(lines[: next(i for i, line in enumerate(lines) if "---" in line)]).split())


def test_what_costs_nothing_is_counted_and_stays_in_the_table() -> None:
    text = printed("chokepoints", "mag-9", "--by", "country", "--scenario", "china_out")
    every = pd.read_csv(
        StringIO(printed("chokepoints", "mag-9", "--by", "country", "--scenario", "china_out", "--format", "csv"))
    )
    nothing = int((every["lost_tpa"] == 0).sum())
    assert 0 < nothing < len(every)
    assert f"chokepoints ({len(every)} rows)" in text
    assert f"\n  {nothing} more cost nothing: --format csv or json\n" in text
    for country, lost in zip(every["country"], every["lost_tpa"], strict=True):
        assert (f"\n  {country} " in text) == (lost > 0)
    # nothing is cut where all cost something, and no table stands where none does
    assert "cost nothing" not in printed("chokepoints", "mag-9", "--top", "1")
    alone = printed("chokepoints", "mag-9", "--by", "country", "--tier", "defence", "--reroute", "new")
    assert "cost nothing" in alone


def test_a_stress_test_says_on_what_links_and_what_new_suppliers_change(tmp_path: Path) -> None:
    """Of 10 t the user lacks 6 on existing links; a maker that serves nobody yet has 5 of them, once it is qualified."""
    ends = frame(
        "id label stage country capacity_tpa",
        ("near", "Near", "mine", "AUS", 4),
        ("far", "Far", "mine", "CHN", 9),
        ("new", "New", "mine", "CAN", 5),
        ("us", "User", "end_use", "USA", None),
        ("jp", "Other", "end_use", "JPN", None),
    )
    links = frame("source target commodity", ("near", "us", "ore"), ("far", "us", "ore"), ("new", "jp", "ore"))
    demand = frame("node commodity tier demand_tpa", ("us", "ore", "defence", 10))
    cn.write(cn.Network(ends, links, demand=demand), tmp_path / "net")
    stop = tmp_path / "stop.toml"
    stop.write_text(cn.Scenario("stop", [{"kind": "remove", "nodes": ["far"]}]).to_toml())
    text = printed("stress", str(tmp_path / "net"), "--scenario", str(stop), "--months", "2")
    assert text.startswith("asked: Goods move on existing links (--reroute existing)")
    assert "defence lacks, in the long run: United States 6 of 10 t/yr;" in text
    assert "on existing links defence 60 %; with new suppliers defence 10 %. Month by month" in text
    dated = printed("stress", str(tmp_path / "net"), "--scenario", str(stop), "--months", "2", "--reroute", "new", "--start", "2027-03")  # fmt: skip
    assert "2027-03 is the first month. The planner knows" in dated
    assert "Month by month" not in dated
    assert "levels:" not in printed("stress", str(tmp_path / "net"), "--months", "2"), (
        "without a scenario there is one world"
    )


def test_the_price_of_a_stock_is_seen(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    priced = net.with_table("commodities", net.commodities.assign(price_usd_per_t=70_000.0, label="a rather long name"))
    cn.write(priced, tmp_path / "priced")
    text = printed(
        "stockpile",
        str(tmp_path / "priced"),
        "--scenario",
        out(net, tmp_path),
        "--tier",
        "defence,industrial",
        "--months",
        "12",
    )
    assert heads(text, "stockpile").startswith("commodity label required_t required_usd buy_t buy_usd")
    assert "560,000" in text  # 8 t of magnets
    assert "\n  2 more need no stock: --format csv or json" in text


def test_printed_rows_of_assumptions_differ(tmp_path: Path) -> None:
    net = two_tier()
    nodes = net.nodes.assign(quality="assumed")
    cn.write(net.with_table("nodes", nodes), tmp_path / "small")
    cut = '[[measures]]\nkind = "scale"\nnodes = ["mine"]\nshare = 0.5\n'
    (tmp_path / "cut.toml").write_text(cut)
    text = printed("assumptions", str(tmp_path / "small"), "--scenario", str(tmp_path / "cut.toml"), "--max-set", "0")
    assert text.startswith("asked: Defence demand, the first tier that asks, in a steady year with new suppliers")
    rows = text.split("\nmoving (")[1].split("\n\n")[0].splitlines()
    body = [
        row
        for row in rows[rows.index(next(r for r in rows if "---" in r)) + 1 :]
        if row.startswith("  ") and "columns" not in row
    ]
    assert len(body) > 2
    assert len(set(body)) == len(body)
    for column in ("variant", "tier", "change_share"):
        assert column in heads(text, "moving")


def test_a_site_of_several_plants_has_the_name_of_graphs_and_reports(tmp_path: Path) -> None:
    net = cn.read("mag-9")
    nodes = net.nodes.set_index("id")
    nodes.loc[["S_MY", "G_JP"], "site"] = "long_yard"
    nodes.loc["H_CN", "site"] = "one_works"
    cn.write(net.with_table("nodes", nodes.reset_index()), tmp_path / "sited")
    text = printed("chokepoints", str(tmp_path / "sited"), "--by", "site", "--scenario", out(net, tmp_path))
    assert "\n  long_yard  Long yard (2 parts) " in text
    plain = printed("chokepoints", str(tmp_path / "sited"), "--by", "site", "--top", "1")
    assert "\n  one_works  Dysprosium source in China " in plain
    facts = collect(cn.read(tmp_path / "sited"), *sort_answers(cn.read(tmp_path / "sited"), None, None))
    told = {s["id"]: dict(s["fields"]).get("Site") for s in facts.sites}
    assert (told["S_MY"], told["G_JP"], told["H_CN"]) == ("Long yard (2 parts)", "Long yard (2 parts)", "one_works")


def test_abroad_is_not_home_where_a_country_is_given_by_its_name(tmp_path: Path) -> None:
    cn.write(cn.read("mag-9"), tmp_path / "mine")
    words = ("kind=restrict", "from.country=China", "to.country=!China", "share=0.5")
    printed("scenario", "new", str(tmp_path / "mine"), "half", *words)
    (measure,) = cn.scenarios(cn.read(tmp_path / "mine"))["half"].measures
    assert (measure["from"], measure["to"]) == ({"country": "CHN"}, {"country": "!CHN"})


def test_chokepoints_say_whom_a_loss_counts_for_and_how_to_ask_otherwise(tmp_path: Path) -> None:
    """Ten tonnes for two users of 6 t: ours get 6 if they come first, 4 if last; nobody first, all 10 count."""
    for name, beneficiaries in (("shared", ["USA"]), ("all", None)):
        net = cn.Network(
            nodes=frame(
                "id stage country capacity_tpa",
                ("mine", "mine", "AUS", 10.0),
                ("ours", "end_use", "USA", None),
                ("theirs", "end_use", "CHN", None),
            ),
            edges=frame("source target", ("mine", "ours"), ("mine", "theirs")),
            demand=frame("node demand_tpa", ("ours", 6.0), ("theirs", 6.0)),
            beneficiaries=beneficiaries,
        )
        cn.write(net, tmp_path / name)
    lost = {"allies_first": 6, "allies_last": 4, "alike": 10}
    for order, tonnes in lost.items():
        lines = printed("chokepoints", str(tmp_path / "shared"), "--order", order).splitlines()
        served = next(line for line in lines if line.startswith("served: "))
        assert f"(--order {order})" in served
        assert all(other in served.split("Ask ")[1] for other in lost.keys() - {order})
        assert f"base_tpa: {tonnes}" in lines
    assert printed("chokepoints", str(tmp_path / "shared")).splitlines()[1].startswith("served: Allied users first")
    assert "served:" not in printed("chokepoints", str(tmp_path / "all"))
    assert "Not by law" in " ".join(printed("chokepoints", "--help").split())


def test_find_says_the_range_of_what_is_short_and_who_tells_a_wider_one() -> None:
    """The ends are those of the assumptions; where they move nothing, nothing is said of them."""
    found = cn.find(cn.read("mag-9"), tier="industrial")
    ends = found.assumptions.range.loc["industrial", ["low_share", "high_share"]]
    assert ends.tolist() == pytest.approx([0.625, 1.0])
    line = next(line for line in printed("find", "mag-9", "--tier", "industrial").splitlines() if "how_sure" in line)
    assert "63 to 100 % of industrial demand is short once stocks are gone" in line
    assert line.endswith("ask chainnet assumptions of this scenario and tier.")
    assert found.range_sentence.replace("\u00a0", " ") in line
    with pytest.warns(cn.ChainnetWarning, match="no measures"):
        calm = cn.find(cn.read("mag-9"), cn.Scenario("calm", []), "industrial")
    assert calm.range_sentence == ""


def test_stockpile_says_where_and_when_its_price_was_paid(tmp_path: Path) -> None:
    """The good that is required, with its range; not those that need no stock."""
    net = cn.read("mag-9")
    noted = net.commodities.assign(price_usd_per_t=70_000.0, low=60_000.0, high=90_000.0)
    noted["note"] = [f"paid for {name} at home in 2024" for name in noted["id"]]
    cn.write(net.with_table("commodities", noted), tmp_path / "noted")
    asked = ("--scenario", out(net, tmp_path), "--tier", "industrial", "--months", "12")
    text = printed("stockpile", str(tmp_path / "noted"), *asked)
    line = next(line for line in text.splitlines() if line.startswith("prices:"))
    need = cn.stockpile_requirement(
        cn.read(tmp_path / "noted"), cn.scenarios(net)["china_out"], "industrial", months=12
    )
    required = set(need.loc[need["required_t"] > 0, "commodity"])
    assert 0 < len(required) < len(noted)
    for name in noted["id"]:
        said = f"70,000 (60,000 to 90,000) USD/t: paid for {name} at home in 2024."
        assert (said in line) == (name in required)
    cn.write(net.with_table("commodities", noted.assign(note=None, low=None)), tmp_path / "bare")
    bare = printed("stockpile", str(tmp_path / "bare"), *asked)
    assert "70,000 USD/t: the table says neither where nor when." in bare


def test_top_cuts_exposure_and_nothing_else_does() -> None:
    """Without it every row is told; with it the first of these."""
    rows = {words: pd.read_csv(StringIO(printed("exposure", "mag-9", "--recovery", "1", "--format", "csv", *words)))
            for words in ((), ("--top", "1"))}  # fmt: skip
    every, one = rows.values()
    assert len(every) > len(one) == 1
    assert one.iloc[0, 0] == every.iloc[0, 0]


def test_a_finding_is_told_line_by_line_with_the_name_of_each() -> None:
    found = cn.find(cn.read("mag-9"))
    lines = printed("find", "mag-9").splitlines()
    told = dict(line.split(": ", 1) for line in lines[:5])
    assert list(told) == ["finding", "who", "where", "what", "how_sure"]
    assert told["finding"] == found.title.replace("\xa0", " ")
    assert told["what"] == found.sentences[2].replace("\xa0", " ")


@pytest.mark.parametrize(
    "asked", [("balance", "mag-9"), ("stress", "mag-9", "--scenario", "china_out", "--months", "2")]
)
def test_the_proof_of_an_answer_is_told_with_it(asked: tuple[str, ...]) -> None:
    assert "\ncertificate: holds (gap" in printed(*asked)
    assert json.loads(printed(*asked, "--format", "json"))["certificate"]["ok"] is True


def test_a_project_qualified_from_the_start_is_an_option_with_its_price() -> None:
    name = str(cn.read("mag-9").projects["id"].iloc[0])
    asked = ("portfolio", "mag-9", "--scenario", "china_out", "--budget", "1000", "--qualify", f"{name}=7")
    options = pd.DataFrame(json.loads(printed(*asked, "--format", "json"))["tables"]["options"]).set_index("option")
    row = options.loc[f"qualify {name}"]
    assert (row["kind"], row["cost_musd"]) == ("qualify", 7.0)
