"""What would have been said: numbers by hand on two suppliers, bands, scores against a second calculation, the register."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_events import network

import chainnet as cn
from chainnet.hindsight import Hindcast, clopper_pearson, events, register, registered
from chainnet.hindsight._answers import Course, lacks, sums_of
from chainnet.hindsight._baselines import baselines_of
from chainnet.hindsight._event import Event
from chainnet.hindsight._forecast import base_of, forecasts_of
from chainnet.hindsight._members import Setting, ask_of, members_of, networks_of
from chainnet.network import Network
from chainnet.stress import course

NUMBERS = ("flow", "detour", "short", "onset", "recover", "stop")
EVENT = """
label = "A licence"
actor = "CHN"
class = "licence"
announced = "2026-01-01"
in_force = "2026-02-01"
notice_days = 31
base_year = 2025

[[measures]]
kind = "licence"
from = {country = "CHN"}
commodity = ["ore"]
profile = "profile"

[[questions]]
id = "notice"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "USA"
months = [-1, 0]

[[questions]]
id = "half"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "USA"
months = [3, 3]

[[questions]]
id = "rest"
kind = "flow"
commodity = "ore"
from = "AUS"
to = "USA"
months = [4, 6]

[[questions]]
id = "round"
kind = "detour"
commodity = "ore"
to = "USA"
months = [1, 6]

[[questions]]
id = "short"
kind = "short"
country = "USA"
months = [1, 6]

[[questions]]
id = "onset"
kind = "onset"
country = "USA"
months = [1, 6]

[[questions]]
id = "stop"
kind = "stop"
country = "USA"
who = "anyone"
months = [1, 3]

[[questions]]
id = "price"
kind = "sign"
commodity = "ore"
country = "USA"
months = [1, 6]

[[questions]]
id = "inside"
kind = "sign"
commodity = "ore"
country = "CHN"
months = [1, 2]

[[questions]]
id = "back"
kind = "recover"
commodity = "ore"
from = "CHN"
to = "USA"
months = [1, 6]
level = 0.45

[[questions]]
id = "first"
kind = "first"
among = ["defence", "civilian"]
months = [1, 6]
"""
INPUTS = """event,table,phase,months,value,low,high,unit,knowable_from,quality,reference
lic,profile,1,2,0,0,0.25,share,2025-06-01,assumed,ASSUMPTION
lic,profile,2,,0.5,0.25,0.75,share,2025-06-01,assumed,ASSUMPTION
lic,cover,,,0,0,8,weeks,2025-06-01,assumed,ASSUMPTION
"""
OUTCOMES = """event,question,value,low,high,unit,observed_on,quality,reference,set
lic,half,0.4,,,ratio,2026-08-01,reported,customs,open
lic,rest,0.3,,,t,2026-08-01,reported,customs,spent
lic,round,0.06,,,share,2026-08-01,reported,customs,
lic,onset,never,,,months,2026-08-01,press,press,open
lic,stop,no,,,yes/no,2026-08-01,press,press,open
lic,price,0.3,,,relative change,2026-08-01,press,press,open
lic,first,civilian,,,set,2026-08-01,press,press,open
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """A user of 10 t a year: 6 of China, of 7.5 at most, and 4 of Australia, of 5 at most; defence asks for 2 of it."""
    nodes = pd.DataFrame(
        {
            "id": ["cn", "au", "us"],
            "stage": ["mine", "mine", "end_use"],
            "country": ["CHN", "AUS", "USA"],
            "capacity_tpa": [7.5, 5.0, None],
        }
    )
    edges = pd.DataFrame(
        {"source": ["cn", "au"], "target": "us", "commodity": "ore", "flow_tpa": [6.0, 4.0], "capacity_tpa": [7.5, 5.0]}
    )
    demand = pd.DataFrame({"node": "us", "commodity": "ore", "tier": ["defence", "civilian"], "demand_tpa": [2.0, 8.0]})
    net = Network(nodes, edges, demand=demand, name="two", year=2025, beneficiaries=["USA"])
    folder = tmp_path_factory.mktemp("two") / "two"
    cn.write(net, folder)
    (folder / "events").mkdir()
    for name, text in (("lic.toml", EVENT), ("inputs.csv", INPUTS), ("outcomes.csv", OUTCOMES)):
        (folder / "events" / name).write_text(text, encoding="utf-8")
    return cn.read(folder)


@pytest.fixture(scope="module")
def found(two: Network) -> Hindcast:
    return cn.hindcast(two)


def test_forecasts_by_hand(found: Hindcast) -> None:
    """Nothing comes of China for two months, then 3 t a year; Australia ships its 5: 5 t, then 2 t a year are short."""
    rows = found.forecasts.set_index("question")
    central = rows["central"]
    # the flow doubles in the month of notice, 31 days of 30.4; the month before that is as usual but for 0.02 of it
    assert central["notice"] == pytest.approx((2.0 + 1.0 + (31 / 30.4 - 1)) / 2, abs=1e-6)
    assert rows.loc["notice", ["wide_low", "wide_high"]].tolist() == pytest.approx([1.0, 1 + 31 / 30.4])
    assert central["half"] == pytest.approx(0.5)
    assert rows.loc["half", "narrow_high"] == pytest.approx(0.75)
    assert rows.loc["half", "wide_low"] == 0.0  # who holds eight weeks of need may leave China's ore for later
    assert central["rest"] == pytest.approx(1.25)
    assert central["round"] == pytest.approx((5.0 - 4.0) / 10.0)
    rush = 31 / 30.4 * 0.5  # t in store when the rule begins
    assert central["short"] == pytest.approx((2 * 5 / 12 + 4 * 2 / 12 - rush) / 5.0, abs=1e-6)
    assert central["onset"] == 2.0  # 5 / 12 of a tonne is short a month, and half a tonne was bought ahead
    # without what was bought ahead month 1; with eight weeks of need in store 2.05 t, of which only 1.5 are missed
    assert rows.loc["onset", ["narrow_low", "narrow_high"]].tolist() == [1.0, math.inf]
    assert central["stop"] == 1.0
    assert central["price"] == 1.0
    assert central["inside"] == -1.0
    assert central["back"] == 2.0
    assert central["first"] == "civilian"
    assert found.certificate is not None
    assert found.certificate.ok


def test_bands_are_nested(found: Hindcast) -> None:
    rows = found.forecasts
    rows = rows[~rows["kind"].isin(["first", "order"])]
    ends = rows[["wide_low", "narrow_low", "central", "narrow_high", "wide_high"]].astype(float).to_numpy(copy=True)
    ends[np.isinf(ends)] = 99.0
    assert (np.diff(ends, axis=1) >= -1e-9).all()


def test_scores_against_a_second_calculation(found: Hindcast) -> None:
    rows = found.scores.set_index("question")
    assert rows["status"].to_dict() | {"rest": "spent"} == rows["status"].to_dict()
    assert rows.loc["rest", "observed"] == pytest.approx(0.3 / (4.0 * 3 / 12))  # tonnes over those of the base table
    assert rows.loc["round", "observed"] == pytest.approx(0.1)  # a lower end: the forecast lies above
    assert rows.loc["round", "error"] == 0.0
    for name in ("half", "rest", "round"):
        row = rows.loc[name]
        y, m = float(row["observed"]), float(row["central"])
        low, high, far, near = (float(row[c]) for c in ("narrow_low", "narrow_high", "wide_low", "wide_high"))
        inner = high - low + 4 * (max(low - y, 0) + max(y - high, 0))
        outer = near - far + 20 * (max(far - y, 0) + max(y - near, 0))
        assert row["wis"] == pytest.approx((abs(y - m) / 2 + 0.25 * inner + 0.05 * outer) / 2.5)
    # what needs no model: nothing is 1, the share lost is a half, the detour 0
    assert rows.loc["half", ["wis_nothing", "wis_share_lost"]].tolist() == pytest.approx([0.6, 0.1])
    assert rows.loc["round", "wis_share_lost"] == pytest.approx(0.06)
    assert rows.loc["onset", "wis_nothing"] == 0.0
    assert rows.loc["onset", "wis_share_lost"] == 5.0  # month 1 instead of beyond the sixth
    assert rows.loc["price", ["wis", "wis_nothing", "wis_always_plus"]].tolist() == [0.5, 2.0, 0.0]
    assert rows.loc["stop", "wis_nothing"] == 0.0
    assert rows.loc["first", "wis"] == 0.0
    assert rows.loc["first", "wis_nothing"] == 0.5


def test_without_rerouting_a_flow_is_back_once_the_text_lets_enough_through(two: Network) -> None:
    """Nothing is let through for two months, then half."""
    event = events(two)["lic"]
    asked = next(one for one in event.asked if one.id == "back")

    def lost(level: float) -> float:
        told = baselines_of(event, two, replace(asked, level=level), event.horizon, [])["share_lost"]
        assert told is not None
        return float(told.central)

    assert [lost(level) for level in (0.45, 0.0, 0.9)] == [2.0, 0.0, math.inf]


def test_tables_of_a_hindcast_count_its_scores(found: Hindcast) -> None:
    assert found.by_event["questions"].sum() == len(found.scores)
    judged = found.scores[found.scores["hit_wide"].notna() & (found.scores["status"] != "pending")]
    wide = found.coverage[found.coverage["band"] == "wide"]
    assert (wide["n"].sum(), wide["hits"].sum()) == (len(judged), judged["hit_wide"].sum())
    assert wide["n"].sum() > 0


def test_few_events_say_little(found: Hindcast) -> None:
    row = found.coverage.set_index(["status", "band"]).loc[("open", "wide")]
    judged = found.scores[(found.scores["status"] == "open") & found.scores["hit_wide"].notna()]
    assert (row["n"], row["hits"]) == (len(judged), judged["hit_wide"].sum())
    n_eff = row["n"] / (1 + (row["n"] - 1) * 0.5)
    assert row["n_eff"] == pytest.approx(n_eff)
    assert (row["low_eff"], row["high_eff"]) == pytest.approx(clopper_pearson(row["share"] * n_eff, n_eff))
    skill = found.skill.set_index(["kind", "status", "baseline"])
    flow = found.scores[(found.scores["kind"] == "flow") & (found.scores["status"] == "open")]
    assert skill.loc[("flow", "open", "nothing"), "skill"] == pytest.approx(
        1 - flow["wis"].mean() / flow["wis_nothing"].mean()
    )
    assert skill.loc[("onset", "open", "nothing"), "says"] == "the baseline was perfect"
    assert "1 past rule" in found.sentence


@pytest.mark.long
def test_outcomes_kept_elsewhere(two: Network, tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("event,question,value,unit\nlic,notice,1.4,ratio\n", encoding="utf-8")
    rows = cn.hindcast(two, months=1, outcomes=path).scores.set_index("question")
    assert rows.loc["notice", ["status", "observed"]].tolist() == ["kept", 1.4]
    path.write_text("event,question,value,unit\nlic,notice,1.4,ratio\nother,q,1,ratio\n", encoding="utf-8")
    with pytest.warns(cn.ChainnetWarning, match="left aside, as no such event is asked about: other"):
        cn.hindcast(two, months=1, outcomes=path)
    path.write_text("event,question,value,unit\nlic,notiz,1.4,ratio\n", encoding="utf-8")
    with pytest.raises(cn.DataError, match="notiz"):
        cn.hindcast(two, months=1, outcomes=path)


def test_the_register_is_appended_to_and_scored_as_it_stands(two: Network, found: Hindcast) -> None:
    path = register(two, dict(events(two)), found.forecasts, "2026-11-30")
    before = path.read_bytes()
    register(two, dict(events(two)), found.forecasts.assign(central=0.0), "2026-12-01")
    assert path.read_bytes().startswith(before)
    assert len(registered(two)) == 2 * len(found.forecasts)
    again = cn.hindcast(two, registered=True)  # the first line of each question counts
    numbers = [c for c in found.scores if found.scores[c].dtype.kind == "f"]
    np.testing.assert_allclose(
        again.scores[numbers].to_numpy(dtype=float), found.scores[numbers].to_numpy(dtype=float), rtol=1e-5
    )
    assert again.certificate is None
    with pytest.raises(cn.DataError, match="no date"):
        register(two, dict(events(two)), found.forecasts, "soon")


@pytest.mark.long
def test_other_beneficiaries_and_a_shorter_horizon(two: Network) -> None:
    short = cn.hindcast(two, "lic", months=1)
    assert set(short.not_scored["why"]) == {"beyond the horizon"}
    other = cn.hindcast(two, months=1, beneficiaries="AUS").not_scored.set_index("question")
    assert other.loc["first", "why"] == "no demand of these"


def test_a_graph_without_events_is_told_so() -> None:
    with pytest.raises(cn.DataError, match="has no events"):
        cn.hindcast(cn.read("mag-9"))


@pytest.mark.long
def test_a_licence_binds_exports_and_leaves_home_free(tmp_path: Path) -> None:
    """China makes 10 t, uses 6 and ships 3 to the United States and 1 to others: half of each leaves, home has its 6."""
    nodes = pd.DataFrame(
        {
            "id": ["cn", "home", "us", "rest"],
            "stage": ["mine", "end_use", "end_use", "end_use"],
            "country": ["CHN", "CHN", "USA", None],
            "region": [None, None, None, "other"],
            "capacity_tpa": [10.0, None, None, None],
        }
    )
    edges = pd.DataFrame(
        {"source": "cn", "target": ["home", "us", "rest"], "commodity": "ore", "flow_tpa": [6.0, 3, 1]}
    )
    demand = pd.DataFrame(
        {"node": ["home", "us", "rest"], "commodity": "ore", "tier": "civilian", "demand_tpa": [6.0, 3.0, 1.0]}
    )
    net = Network(nodes, edges, demand=demand, name="home", year=2025, beneficiaries=["USA"])
    cn.write(net, tmp_path / "home")
    (tmp_path / "home" / "events").mkdir()
    text = (
        EVENT[: EVENT.index("[[questions]]")]
        + """
[[questions]]
id = "usa"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "USA"
months = [3, 6]

[[questions]]
id = "world"
kind = "flow"
commodity = "ore"
from = "CHN"
to = "WLD"
months = [3, 6]
"""
    )
    inputs = "\n".join(INPUTS.splitlines()[:3]) + "\n"
    for name, content in (("lic.toml", text), ("inputs.csv", inputs)):
        (tmp_path / "home" / "events" / name).write_text(content, encoding="utf-8")
    event = events(cn.read(tmp_path / "home"))["lic"]
    assert [measure["to"] for measure in event.scenario.measures] == [{"country": ["USA"]}, {"region": ["other"]}]
    rows = cn.hindcast(event.network).members
    central = rows[rows["member"] == "degree:existing"].set_index("question")
    assert central.loc["usa", ["low", "high"]].astype(float).tolist() == pytest.approx([0.5, 0.5])
    assert central.loc["world", ["low", "high"]].astype(float).tolist() == pytest.approx([0.5, 0.5])
    found = cn.balance(event.network, event.scenario).edges.set_index("target")["flow_tpa"]
    assert found.to_dict() == pytest.approx({"home": 6.0, "us": 1.5, "rest": 0.5})


@pytest.mark.long
def test_the_teaching_chain_with_an_event(tmp_path: Path) -> None:
    found = cn.hindcast(network(tmp_path))
    assert found.not_scored["why"].tolist() == ["no node in KOR"]
    assert found.forecasts.set_index("question").loc["dy_onset", "central"] == 0.0
    assert math.isinf(found.forecasts.set_index("question").loc["users_onset", "wide_high"])


@pytest.mark.slow
def test_no_member_is_without_an_answer_for_a_road_that_is_short_by_a_hair() -> None:
    """In the antimony chain of 2020 a road carries 1e-12 less than what is asked through it; a later stage has an answer."""
    event = events(cn.read("antimony"))["sb_2024"]
    base = base_of(event)
    (member,) = (m for m in members_of(event, "tier") if m.name == "all adverse, allies_first")
    asked = [q for q in event.asked if not lacks(event, base, q)]
    shipped = [one for q in asked for one in sums_of(event, base, q, event.horizon)]
    found = course(None, ask_of(event, networks_of(base)["existing"], member.setting, event.horizon, shipped))
    assert found.perfect.certificate.ok
    assert found.perfect.served_t.sum() == pytest.approx(found.perfect.wanted_t.sum(), rel=1e-9)


@pytest.mark.long
def test_the_chain_before_an_event() -> None:
    """Dated exports are met, every recipe balances, nobody is short, and what had no flow has none."""
    net = cn.read("antimony")
    before, base = cn.chain_before(net, "sb_2024"), net.at(None)
    country = before.plants.set_index("id")["country"]
    edges = before.edges.assign(made=before.edges["source"].map(country), taken=before.edges["target"].map(country))
    sent = edges[edges["made"] == "CHN"].groupby(["commodity", "taken"])["flow_tpa"].sum()
    for row in cn.events(net)["sb_2024"].inputs.query("table == 'flows' and to != 'WLD'").itertuples():
        assert sent[row.commodity, row.to] == pytest.approx(row.value, rel=1e-6)
    assert cn.balance(before).by_tier()["shortfall_tpa"].abs().max() < 1e-6
    assert ((before.edges["flow_tpa"] > 0) <= (base.edges["flow_tpa"] > 0)).all()
    flow, room = before.edges["flow_tpa"].fillna(0.0), before.edges["capacity_tpa"].fillna(np.inf)
    assert (flow <= room * (1 + 1e-9)).all()
    made = before.baseline / before.nodes.set_index("id")["capacity_tpa"]
    assert (made.dropna() <= 1 + 1e-9).all()


def drawn_inside(event: Event, rng: np.random.Generator) -> tuple[Event, Network]:
    """An event and its chain with each share, number of months and weeks of stock somewhere in its range."""
    inputs, net = event.inputs.copy(), base_of(event)
    for k in inputs.index[inputs["table"].isin(["profile", "share"]) & inputs["low"].notna()]:
        value = rng.uniform(inputs.loc[k, "low"], inputs.loc[k, "high"])
        inputs.loc[k, "value"] = float(round(value)) if inputs.loc[k, "unit"] == "months" else value
    cover = net.cover
    if len(cover):
        low, high = (cover[end].fillna(cover["weeks"]) for end in ("low", "high"))
        net = net.with_table("cover", cover.assign(weeks=low + rng.uniform(size=len(cover)) * (high - low)))
    return replace(event, inputs=inputs), net


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chain", "name"),
    [("gallium", "gage_2023"), ("germanium", "gage_2023"), ("graphite", "graphite_2023"), ("antimony", "us_ban_2024")],
)
def test_members_from_inside_lie_in_the_wide_bands_of_shipped_events(chain: str, name: str) -> None:
    """Of each its point: of an interval of flows the middle."""
    event, rng = events(cn.read(chain))[name], np.random.default_rng(7)
    wide = forecasts_of(event).table.set_index("question")[["wide_low", "wide_high"]]
    asked = [q for q in event.asked if q.who == "tier" and q.kind in NUMBERS and not lacks(event, base_of(event), q)]
    orders = sorted({m.setting.order for m in members_of(event, "tier")})
    for _ in range(67):
        mine, net = drawn_inside(event, rng)
        shipped, sums = [], {}
        for q in asked:
            more = sums_of(mine, net, q, event.horizon)
            sums[q.id] = slice(len(shipped), len(shipped) + len(more))
            shipped += more
        degree: Any = str(rng.choice(["free", "path", "existing"]))
        rush: Any = str(rng.choice(["low", "stated", "high"]))
        setting = Setting(degree, str(rng.choice(orders)), "stated", rush, 0, int(rng.integers(2)))
        ask = ask_of(mine, networks_of(net)[degree], setting, event.horizon, shipped)
        told, calm = course(mine.under(0, setting.scope), ask), course(None, ask)
        line = Course(mine, net, told, calm, event.horizon, rush, sums)
        for q in asked:
            low, high = map(float, wide.loc[q.id])
            assert low - 1e-6 <= float(np.mean(line.answer(q))) <= high + 1e-6, (q.id, setting)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_member_from_inside_lies_in_the_wide_band(two: Network, found: Hindcast, tmp_path: Path, seed: int) -> None:
    """Shares, months and weeks drawn from inside their ranges: what is then central lies between the ends."""
    rng = np.random.default_rng(seed)
    first, then, weeks = rng.uniform(0, 0.25), rng.uniform(0.25, 0.75), rng.uniform(0, 8)
    inputs = (
        INPUTS.splitlines()[0]
        + f"""
lic,profile,1,2,{first},,,share,2025-06-01,assumed,ASSUMPTION
lic,profile,2,,{then},,,share,2025-06-01,assumed,ASSUMPTION
lic,cover,,,{weeks},,,weeks,2025-06-01,assumed,ASSUMPTION
"""
    )
    folder = tmp_path / "two"
    shutil.copytree(str(two.folder), folder)
    (folder / "events" / "inputs.csv").write_text(inputs, encoding="utf-8")
    inner = cn.hindcast(cn.read(folder)).forecasts.set_index("question")
    outer = found.forecasts.set_index("question")
    for question in ("half", "rest", "round", "short", "onset"):
        low, high = (float(outer.loc[question, f"wide_{end}"]) for end in ("low", "high"))
        assert low - 1e-6 <= float(inner.loc[question, "central"]) <= high + 1e-6, question
