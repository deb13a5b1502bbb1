"""Every shipped graph: complete, balanced, sourced, and in line with the totals it names."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from oracles import TableProgram, word

import chainnet as cn
from chainnet.flow import Counting, balance_under
from chainnet.lowering import Overlay

NAMES = list(cn.catalog().index)
SOURCED = ("nodes", "edges", "processes", "demand", "stocks", "projects", "commodities")


@pytest.fixture(params=NAMES)
def net(request: pytest.FixtureRequest, graphs: dict[str, cn.Network]) -> cn.Network:
    return graphs[request.param]


def test_the_catalogue_is_the_folder(graphs: dict[str, cn.Network]) -> None:
    table = cn.catalog()
    assert {"mag-9", "rare-earths"} <= set(table.index)
    for name, net in graphs.items():
        counts = table.loc[name, ["nodes", "edges", "projects"]].tolist()
        assert counts == [len(net.nodes), len(net.edges), len(net.projects)]
        assert net.name == name
        assert net.year == table.loc[name, "year"]


def test_every_row_has_a_source_and_a_quality(net: cn.Network) -> None:
    known = set(net.references["key"])
    assert net.references["key"].is_unique
    for table in SOURCED:
        rows = getattr(net, table)
        assert rows["reference"].notna().all(), table
        assert rows["quality"].notna().all(), table
        cited = {key.strip() for cell in rows["reference"] for key in cell.split(";")}
        assert cited <= known


def test_capacities_are_full_and_hold_the_baseline(net: cn.Network) -> None:
    inner = net.nodes[net.nodes["stage"] != "end_use"]
    assert inner["capacity_tpa"].notna().all()
    used = net.baseline.reindex(inner["id"]).to_numpy()
    assert (used <= inner["capacity_tpa"].to_numpy() * (1 + 1e-9)).all()
    edges = net.edges.dropna(subset=["capacity_tpa", "flow_tpa"])
    assert (edges["flow_tpa"] <= edges["capacity_tpa"] * (1 + 1e-9)).all()


def sleeping(net: cn.Network) -> set[str]:
    return set(net.projects["id"])


def test_baseline_flows_balance(net: cn.Network) -> None:
    """Inputs = output x t_per_t at every node, per commodity, to 1e-9 of the commodity's largest flow."""
    into: dict[tuple[str, str], float] = defaultdict(float)
    out: dict[tuple[str, str], float] = defaultdict(float)
    largest: dict[str, float] = defaultdict(float)
    for row in net.edges.itertuples():
        if {row.source, row.target} & sleeping(net):
            continue
        assert not np.isnan(row.flow_tpa), f"{row.source} -> {row.target}"
        out[row.source, word(row.commodity)] += row.flow_tpa
        into[row.target, word(row.commodity)] += row.flow_tpa
    for (_, commodity), tonnes in [*into.items(), *out.items()]:
        largest[commodity] = max(largest[commodity], tonnes)
    hosts = net.demand[net.demand["tier"].isna()].groupby(["node", "commodity"])["demand_tpa"].sum().to_dict()
    checked = 0
    for row in net.nodes.itertuples():
        if row.stage == "end_use" or (row.stage == "mine" and pd.isna(row.process)):
            continue
        if pd.isna(row.process):  # a mill or a port passes each commodity on one to one
            for commodity in {c for node, c in [*into, *out] if node == row.id}:
                checked += 1
                size = 1e-9 * max(largest[commodity], 1e-9)
                assert into[row.id, commodity] == pytest.approx(out[row.id, commodity], abs=size), row.id
            continue
        lines = net.processes[net.processes["process"] == row.process]
        main = lines[lines["role"] == "output"]["commodity"].iloc[0]
        free = (lines["role"] == "coproduct").any()
        amount = net.baseline[row.id]
        if free:  # a plant may run for any of its products
            made = lines[lines["role"].isin(["output", "coproduct"])]
            amount = max(out[row.id, c] / t for c, t in zip(made["commodity"], made["t_per_t"], strict=True))
        for line in lines.itertuples():
            size = 1e-9 * max(largest[line.commodity], 1e-9)
            key = (row.id, line.commodity)
            if line.role == "input" and pd.isna(line.group):
                checked += 1
                assert into[key] == pytest.approx(amount * line.t_per_t, abs=size), key
            elif line.role != "input":
                assert out[key] + hosts.get(key, 0.0) * 0 <= amount * line.t_per_t + size, key
        groups = lines[(lines["role"] == "input") & lines["group"].notna()]
        for _, members in groups.groupby("group"):
            checked += 1
            used = sum(into[row.id, c] / t for c, t in zip(members["commodity"], members["t_per_t"], strict=True))
            assert used == pytest.approx(amount, abs=1e-9 * max(amount, 1.0)), row.id
        assert main
    assert checked > 0


def test_baseline_flows_are_what_the_degree_frozen_carries(net: cn.Network) -> None:
    asked = net.demand["tier"].notna()
    if net.main_commodity:
        asked &= net.demand["commodity"].isin(net.main_commodity)
    wanted = float(net.demand.loc[asked, "demand_tpa"].sum())
    table = cn.chokepoints(net, reroute="none", beneficiaries=[], top=1)
    assert table.attrs["provenance"]["settings"]["base_tpa"] == pytest.approx(wanted, rel=1e-6)


def test_demand_is_met_undisturbed(net: cn.Network) -> None:
    found = balance_under(Counting.of(net, order=None), Overlay.none(net)).demand
    counted = found[found["is_counted"]]
    assert counted["shortfall_tpa"].sum() <= 1e-6 * counted["demand_tpa"].sum()


def test_the_value_by_an_independent_program(net: cn.Network) -> None:
    flow = cn.max_flow(net, beneficiaries=[], verify=True)
    assert flow.certificate.ok
    assert flow.value_tpa == pytest.approx(TableProgram(net).value(), rel=1e-7)


def test_every_scenario_can_be_answered(net: cn.Network) -> None:
    for name, scenario in cn.scenarios(net).items():
        assert scenario.label, name
        bal = cn.chokepoints(net, top=1, scenario=scenario)
        assert bal.attrs["provenance"]["settings"]["base_tpa"] >= 0


def test_reading_writing_and_reading_again_is_the_same(net: cn.Network, tmp_path: object) -> None:
    assert cn.read(cn.write(net, tmp_path / net.name)).digest == net.digest  # type: ignore[operator]


def step_output(net: cn.Network, step: str) -> pd.DataFrame:
    """Edges that leave a step, of the outputs and coproducts of its processes; country or region of the maker."""
    nodes = net.nodes.set_index("id")
    place = nodes["step"].fillna(nodes["stage"])
    awake = net.edges[~net.edges["source"].isin(sleeping(net)) & ~net.edges["target"].isin(sleeping(net))]
    leaves = awake[(awake["source"].map(place) == step) & (awake["target"].map(place) != step)]
    made = net.processes[net.processes["role"].isin(["output", "coproduct"])]
    products = set(zip(made["process"], made["commodity"], strict=True))
    process = leaves["source"].map(nodes["process"])
    kept = [pd.isna(p) or (p, c) in products for p, c in zip(process, leaves["commodity"], strict=True)]
    leaves = leaves[kept]
    return leaves.assign(country=leaves["source"].map(nodes["country"]))


def against_totals(net: cn.Network) -> pd.DataFrame:
    """Return every published total of the year beside what the graph makes: found, low, high, unit, country, source class."""
    classes = net.references.set_index("key")["grade"]
    rows = []
    for row in net.totals[net.totals["year"] == net.year].itertuples():
        if row.step not in set(net.nodes["step"].dropna()):
            continue
        made = step_output(net, row.step)
        if isinstance(row.commodity, str):
            made = made[made["commodity"] == row.commodity]
        world = float(made["flow_tpa"].sum())
        mine = made[made["country"] == row.country] if isinstance(row.country, str) else made
        found = float(mine["flow_tpa"].sum()) / (world if row.unit == "share" else 1.0)
        low = row.value if pd.isna(row.low) else row.low
        high = row.value if pd.isna(row.high) else row.high
        best = min(classes.get(key.strip(), "Z") for key in str(row.reference).split(";"))
        rows.append((row.step, row.commodity, row.country, row.unit, found, low, high, best))
    columns = ["step", "commodity", "country", "unit", "found", "low", "high", "source_class"]
    return pd.DataFrame(rows, columns=columns)


def test_official_totals_are_met(net: cn.Network) -> None:
    """Tonnes of sources of class 1, by step and country: inside their range, else within 5 %."""
    table = against_totals(net)
    if table.empty:
        assert net.name == "mag-9", "only the toy has no totals"
        return
    official = table[(table["unit"] == "t/yr") & (table["source_class"] == "1")]
    assert len(official) >= 5
    off = official[(official["found"] < 0.95 * official["low"]) | (official["found"] > 1.05 * official["high"])]
    assert off.empty, off.to_string()


def test_published_shares_of_china_are_met(net: cn.Network) -> None:
    """Within three points; the mined share of rare earths counts magnet elements, which the tonnes here do not."""
    table = against_totals(net)
    if table.empty:
        assert net.name == "mag-9", "only the toy has no totals"
        return
    shares = table[(table["unit"] == "share") & (table["country"] == "CHN")]
    shares = shares[~((net.name == "rare-earths") & (shares["step"] == "mining"))]
    assert len(shares) >= 1
    off = shares[(shares["found"] < shares["low"] - 0.03) | (shares["found"] > shares["high"] + 0.03)]
    assert off.empty, off.to_string()


def test_a_card_says_what_it_must(net: cn.Network) -> None:
    folder = net.folder
    assert folder is not None
    card = (folder / "README.md").read_text(encoding="utf-8")
    if net.name == "mag-9":
        return
    heads = {line.lstrip("# ").lower() for line in card.splitlines() if line.startswith("#")}
    assert any("gaps" in head for head in heads)
    assert any("disagree" in head or "choices" in head for head in heads)
    assert "calibrate" in card


# -- rare-earths ----------------------------------------------------------------------------------


def test_rare_earths_size(rare_earths: cn.Network) -> None:
    assert 60 <= len(rare_earths.nodes) <= 100  # 79 of magnets, 14 of yttrium and scandium
    assert len(rare_earths.projects) >= 20
    projects = rare_earths.projects
    assert projects["capacity_tpa"].notna().all()
    assert projects["start_year"].notna().mean() > 0.8
    known = rare_earths.nodes["quality"].isin(["reported", "estimated"])
    assert known.sum() >= 30
    assert {"mining", "separation", "metal", "magnet"} <= set(rare_earths.nodes["step"])


def test_rare_earths_rest_on_more_than_assumptions(rare_earths: cn.Network) -> None:
    """At least 60 % of the tonnes of each step rest on more than an assumption."""
    net = rare_earths
    inner = net.nodes[(net.nodes["stage"] != "end_use") & (net.nodes["step"] != "cobalt supply")]
    tonnes = net.baseline.reindex(inner["id"]).fillna(0.0).to_numpy()
    table = pd.DataFrame(
        {"step": inner["step"].to_numpy(), "t": tonnes, "assumed": (inner["quality"] == "assumed").to_numpy()}
    )
    for step, part in table.groupby("step"):
        assert part.loc[part["assumed"], "t"].sum() <= 0.4 * part["t"].sum(), step


def test_rare_earths_defence_range(rare_earths: cn.Network) -> None:
    defence = rare_earths.demand[rare_earths.demand["tier"] == "defence"].set_index("node")
    country = rare_earths.nodes.set_index("id")["country"]
    usa = defence[defence.index.map(country) == "USA"]
    assert usa["low"].sum() == pytest.approx(50.0)
    assert usa["demand_tpa"].sum() == pytest.approx(300.0)
    assert usa["high"].sum() == pytest.approx(900.0)


TONNES = [
    ("mining", None),
    ("separation", "ndpr_oxide"),
    ("separation", "dytb_oxide"),
    ("metal", "ndpr_metal"),
    ("magnet", "smco"),
]


def test_rare_earths_totals(rare_earths: cn.Network) -> None:
    """Step output by country against every published total in tonnes: inside its range, else within 5 %."""
    totals = rare_earths.totals
    checked = 0
    for row in totals[totals["unit"] == "t/yr"].itertuples():
        if row.step not in set(rare_earths.nodes["step"].dropna()) or pd.isna(row.country):
            continue
        made = step_output(rare_earths, row.step)
        made = made[made["country"] == row.country]
        if isinstance(row.commodity, str):
            made = made[made["commodity"] == row.commodity]
        if row.year != rare_earths.year:
            continue
        low = row.value if pd.isna(row.low) else row.low
        high = row.value if pd.isna(row.high) else row.high
        found = float(made["flow_tpa"].sum())
        checked += 1
        assert low * 0.95 <= found <= high * 1.05, (row.step, row.commodity, row.country, found, row.value)
    assert checked >= 10


def test_rare_earths_shares_of_china(rare_earths: cn.Network) -> None:
    """China's share of each step's output against the published one."""
    totals = rare_earths.totals
    for step in ("separation", "metal", "magnet"):
        row = totals[(totals["step"] == step) & (totals["country"] == "CHN") & (totals["unit"] == "share")].iloc[0]
        made = step_output(rare_earths, step)
        made = made[~made["commodity"].isin(["smco", "sm_oxide", "sm_metal"])]
        share = made.loc[made["country"] == "CHN", "flow_tpa"].sum() / made["flow_tpa"].sum()
        assert row["low"] - 0.02 <= share <= row["high"] + 0.02, (step, share)


def test_rare_earths_ownership_apart_from_location(rare_earths: cn.Network) -> None:
    nodes = rare_earths.nodes
    foreign = nodes[
        nodes["owner_country"].notna() & nodes["country"].notna() & (nodes["owner_country"] != nodes["country"])
    ]
    assert (foreign["country"] == "MYS").any(), "Kuantan is Australian"
    assert len(foreign) >= 3


def test_rare_earths_owners_of_today(rare_earths: cn.Network) -> None:
    """Plants have an owner and its country; a sum of many firms says so, and has a country only where one leads."""
    places = pd.concat([rare_earths.nodes, rare_earths.projects]).set_index("id")
    plants = places[places["stage"] != "end_use"]
    assert plants["owner"].notna().all()
    firms = plants[~plants["owner"].isin(["several", "Proterial"])]  # shares in Proterial's consortium are not public
    assert firms["owner_country"].notna().all(), firms.index[firms["owner_country"].isna()].tolist()
    lumps = plants[plants["owner"] == "several"]
    assert (lumps.loc[lumps["country"] == "CHN", "owner_country"] == "CHN").all()
    for vac in ("eu_vac", "eu_smco", "usa_sumter"):
        assert places.loc[vac, "owner_country"] == "USA", "Ara Partners since October 2023"
    metal = places[places["site"] == "less_common_metals"]
    assert len(metal) == 3
    assert (metal["owner_country"] == "USA").all()
    parents = rare_earths.owners.set_index("owner")["parent"]
    assert parents["VAC Group"] == "Ara Partners"
    assert parents["Less Common Metals"] == "USA Rare Earth"


def test_rare_earths_projects_say_how_far_they_are(rare_earths: cn.Network) -> None:
    projects = rare_earths.projects.set_index("id")
    first = projects["status"].str.split(",").str[0]
    assert set(first) <= {"running", "building", "decided", "undecided", "idle"}
    assert (projects.loc[first == "running", "start_year"] <= 2026).all()
    circuit = projects.loc["mys_lynas_dytb"]
    assert circuit["status"].startswith("running")
    assert (circuit["start_year"], circuit["capacity_tpa"]) == (2025, 36.0)
    feed = rare_earths.baseline["mys_kuantan"]
    recipe = rare_earths.processes.set_index(["process", "commodity"])["t_per_t"]
    mixed = feed * recipe["separate_light_mt_weld", "seg_mixed"]
    assert circuit["capacity_tpa"] * recipe["separate_seg_dytb", "seg_mixed"] <= mixed * 1.25, "no more than its feed"


def test_rare_earths_platforms_are_part_of_the_lump(rare_earths: cn.Network) -> None:
    """What is counted by platform is taken out of the assumed US total, not put on top of it."""
    demand = rare_earths.demand.set_index(["node", "commodity"])["demand_tpa"]
    assert demand["usa_defence_f35", "smco"] == pytest.approx(0.023 * 156)
    assert demand["usa_defence_f35", "ndfeb_hree"] == pytest.approx(0.014 * 156)
    counted = demand[["usa_defence_f35", "usa_defence_ships"]].sum()
    assert counted == pytest.approx(18.8, abs=0.1)
    assert counted + demand["usa_defence"].sum() == pytest.approx(300.0)


def test_rare_earths_scenarios_say_where_they_stand(rare_earths: cn.Network) -> None:
    known = set(rare_earths.references["key"])
    scenarios = cn.scenarios(rare_earths)
    assert "china_october_2025" not in scenarios
    for name, scenario in scenarios.items():
        for measure in scenario.measures:
            assert {"status", "source", "checked_on"} <= set(measure), name
            assert {key.strip() for key in measure["source"].split(";")} <= known, name
            assert ("start" in measure) == (measure["status"] != "assumed"), name
    back = [m for m in scenarios["china_october_2025_returns"].measures if "origin" in m]
    assert [m["start"] for m in back] == ["2026-11"]
    assert not any("origin" in m for m in scenarios["china_october_2025_extended"].measures)
    barred = {m["to"]["country"] for m in scenarios["china_military_bar"].measures}
    assert barred == {"USA", "JPN"}
