"""Overcapacity: what stands idle if nothing is cut off, what that costs, and what it insures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.engine import ROUNDING, Certificate
from chainnet.errors import DataError
from chainnet.flow import Balance, Counting, ValueModel, balance_under, named_projects, project_sizes
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.prices._idle_range import Idle, snapped
from chainnet.prices._terms import capital_recovery_factor, check_number, main_outputs
from chainnet.progress import Steps, Tell
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, overlay_of, pick_scenarios


@dataclass(frozen=True, repr=False, eq=False)
class Overcapacity(Result):
    """What stands idle if nothing is cut off.

    Attributes
    ----------
    steps : DataFrame
        year, with_projects, stage, step, commodity (main output), n_nodes, n_unlimited, capacity_tpa, output_tpa,
        demand_tpa (output plus what final demand for the commodity stays short), utilisation (output / capacity),
        excess_share ((capacity - demand) / capacity), idle_tpa. NaN where a capacity has no limit.
    projects : DataFrame
        year, id, label, step, country, capacity_tpa (in that year), output_tpa and idle_share (least-cost answer, one
        of several where costs tie), idle_low_share, idle_high_share (least and most that serves as much),
        capex_musd, capital_usd_per_a, stranded_musd (idle part of the capex), stranded_usd_per_a.
    premium : DataFrame
        year, stranded_usd_per_a, its least and most over all answers that serve as much (stranded_low_usd_per_a,
        stranded_high_usd_per_a), expected_averted_t, premium_usd_per_t, and what it is at these two
        (premium_low_usd_per_t, premium_high_usd_per_t), n_without_capex (projects that the cost leaves out).
    averted : DataFrame
        year, scenario, probability, averted_t: what all projects together avert in it.
    certificate : Certificate
        Of the last balance, with the largest gap and breach of all programs solved.
    """

    steps: pd.DataFrame
    projects: pd.DataFrame
    premium: pd.DataFrame
    averted: pd.DataFrame
    certificate: Certificate


def overcapacity(
    network: Network,
    scenarios: Any = (),
    *,
    by_year: int | Sequence[int] | None = None,
    projects: Iterable[str] | None = None,
    by: Literal["step", "stage"] = "step",
    rate: float = 0.10,
    years: int = 10,
    probabilities: Sequence[float] | Mapping[str, float] | None = None,
    demand_growth: float = 0.0,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    verify: bool = False,
    progress: Tell | None = None,
) -> Overcapacity:
    """Say what stands idle if nothing is cut off, with and without projects, and what that insurance costs.

    Parameters
    ----------
    network : Network
        With a demand table.
    scenarios : Scenario, list or mapping of Scenario, optional
        What the projects insure against; None = the shipped ones. Without any no premium is given.
    by_year : int or list of int, optional
        Years in which to look, projects at the size their ramp has reached; default all at full size.
    projects : iterable of str, optional
        Default all.
    by : {"step", "stage"}
        Rows of ``steps``, each by commodity.
    rate, years
        Of the capital recovery factor that spreads the capex.
    probabilities : list or mapping by name, optional
        Of each scenario in a year; they exclude each other, so they sum to 1 at most. Default 1 / n each: one of
        them happens for certain, so that the premium is per tonne averted once it does.
    demand_growth : float
        Assumed growth of all demand a year from the year of the network, above -1.
    reroute, commodity, beneficiaries, verify
        As in ``balance``.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Overcapacity

    Raises
    ------
    DataError
        If there is no demand table, or an argument is unknown or out of range.
    UnknownIdError
        If a project does not exist.

    See Also
    --------
    market, price_floor, portfolio

    Notes
    -----
    Two balances a year, two programs per project for the range of what it makes, and two values per scenario.
    The range holds what is served, tier by tier, and lets costs go: which plants run is then the
    market's choice. A price is not set against costs here: see ``market`` and ``price_floor``.

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import overcapacity
    >>> net = cn.read("mag-9")
    >>> steps = overcapacity(net, cn.scenarios(net)["china_out"]).steps
    >>> magnets = steps[(steps["commodity"] == "magnet") & steps["with_projects"]]
    >>> magnets[["capacity_tpa", "output_tpa", "utilisation", "excess_share"]].round(3).values.tolist()
    [[92.0, 50.0, 0.543, 0.457]]
    >>> gallium = cn.read("gallium")
    >>> cn.overcapacity(gallium).steps.set_index("step")["utilisation"].round(2).head(2).to_dict()
    {'precursor': 0.8, 'wafer': 0.8}
    """
    checks.known(by, ("step", "stage"), "by", "grouping")
    when = _years(by_year)
    asked_for = set(named_projects(network, projects))
    names = [name for name in network.projects["id"] if name in asked_for]
    factor = capital_recovery_factor(rate, years)
    asked = [] if scenarios is not None and not isinstance(scenarios, Scenario) and len(scenarios) == 0 else scenarios
    picked = pick_scenarios(network, asked)
    chance = _chances(picked, probabilities)
    parts: dict[str, list[pd.DataFrame]] = {key: [] for key in ("steps", "projects", "premium", "averted")}
    proofs: list[Certificate] = []
    counting = Counting.of(network, commodity, beneficiaries)
    told = Steps("balances, projects and scenarios", progress, len(when) * (2 + len(names) + len(picked)))
    for year in when:
        base = _grown(network, year, demand_growth)
        sizes = project_sizes(network, year)
        built = _built(base, names, sizes)
        for stands, shown in told.each(((False, base), (True, built))):
            found = balance_under(counting.on(shown), Overlay.none(shown), reroute, verify=verify, with_inputs=True)
            served = found.certificate
            proofs.append(served)
            parts["steps"].append(_steps(shown, found, by).assign(year=year, with_projects=stands))
        standing = [name for name in names if name in built.built_projects]
        idle = Idle(base, counting.on(built), found, reroute, standing, factor, told)
        proofs += idle.proofs
        parts["projects"].append(idle.table.assign(year=year))
        averted = _averted(counting.on(base), picked, chance, names, sizes, reroute, told)
        parts["averted"].append(averted.assign(year=year))
        expected = float((averted["probability"] * averted["averted_t"]).sum()) if picked else np.nan
        parts["premium"].append(_premium(idle, expected).assign(year=year))
    told.end()
    settings = {
        **counting.settings,
        "scenarios": [s.name for s in picked],
        "by_year": list(when) if by_year is not None else None,
        "projects": names,
        "rate": float(rate),
        "years": int(years),
        "demand_growth": float(demand_growth),
        "reroute": reroute,
    }
    source = provenance(network, "HiGHS simplex", rests_on=found.limiting, **settings)
    tables = {key: stamp(_joined(frames), source) for key, frames in parts.items()}
    keys = ["with_projects", "stage", "step", "commodity"] if by == "step" else ["with_projects", "stage", "commodity"]
    tables["steps"] = stamp(tables["steps"][["year", *keys, *STEP_COLUMNS]], source)
    worst = Certificate.worst([*proofs, served], "overcapacity")
    return Overcapacity(
        source,
        tables["steps"],
        tables["projects"],
        tables["premium"],
        tables["averted"],
        worst,
    )


STEP_COLUMNS = (
    "n_nodes",
    "n_unlimited",
    "capacity_tpa",
    "output_tpa",
    "demand_tpa",
    "utilisation",
    "excess_share",
    "idle_tpa",
)


def _steps(shown: Network, found: Balance, by: str) -> pd.DataFrame:
    """Return capacity, output and what is asked of each step, by main output."""
    nodes = shown.nodes
    table = nodes[["stage", "step"]].assign(
        commodity=main_outputs(shown, nodes).to_numpy(),
        capacity=nodes["capacity_tpa"].to_numpy(dtype=float),
        output=snapped(
            found.nodes["throughput_tpa"].reindex(nodes["id"]).to_numpy(dtype=float),
            nodes["capacity_tpa"].to_numpy(dtype=float),
        ),
    )
    table = table[table["stage"] != "end_use"]
    levels = ["stage", "step", "commodity"] if by == "step" else ["stage", "commodity"]
    groups = table.groupby(levels, sort=True, dropna=False)
    out = pd.DataFrame(
        {
            "n_nodes": groups.size(),
            "n_unlimited": groups["capacity"].agg(lambda c: int(c.isna().sum())),
            "capacity_tpa": groups["capacity"].agg(lambda c: c.sum(skipna=False)),
            "output_tpa": groups["output"].sum(),
        }
    ).reset_index()
    asked = found.demand.assign(commodity=found.demand["commodity"].fillna(""))
    short = asked.groupby("commodity")["shortfall_tpa"].sum()
    out["demand_tpa"] = out["output_tpa"] + out["commodity"].map(short).fillna(0.0)
    capacity = out["capacity_tpa"].where(out["capacity_tpa"] > 0)
    out["utilisation"] = out["output_tpa"] / capacity
    out["excess_share"] = (capacity - out["demand_tpa"]) / capacity
    out["idle_tpa"] = (out["capacity_tpa"] - out["output_tpa"]).clip(lower=0.0)
    return out


def _premium(idle: Idle, expected: float) -> pd.DataFrame:
    """Return the yearly cost of what stands idle per tonne of expected shortfall averted."""
    row: dict[str, Any] = {
        "stranded_usd_per_a": idle.stranded,
        "stranded_low_usd_per_a": idle.low,
        "stranded_high_usd_per_a": idle.high,
        "expected_averted_t": expected,
    }
    for column, cost in (("premium", idle.stranded), ("premium_low", idle.low), ("premium_high", idle.high)):
        with np.errstate(divide="ignore", invalid="ignore"):
            row[f"{column}_usd_per_t"] = float(np.float64(cost) / np.float64(expected))
    return pd.DataFrame([{**row, "n_without_capex": idle.n_left_out}])


def _averted(
    counting: Counting,
    picked: Sequence[Scenario],
    chance: Array,
    names: Sequence[str],
    sizes: Array,
    reroute: Degree,
    told: Steps,
) -> pd.DataFrame:
    """Return what all projects together avert in each scenario, t/yr."""
    base = counting.network
    built = np.where(base.projects["id"].isin(names), sizes, 0.0)
    rows = []
    for scenario, probability in told.each(zip(picked, chance, strict=True), lambda one: one[0].name):
        overlay = overlay_of(base, scenario)
        model = ValueModel(counting, overlay, reroute)
        model.certificate()
        value = -model.solve_under(overlay.with_built(np.maximum(overlay.built, built))).value
        rise = value - model.value if value - model.value > ROUNDING * max(value, 1.0) else 0.0
        rows.append({"scenario": scenario.name, "probability": float(probability), "averted_t": rise})
    return pd.DataFrame(rows, columns=["scenario", "probability", "averted_t"])


# -- arguments --------------------------------------------------------------------------------------------


def _years(by_year: int | Sequence[int] | None) -> list[int | None]:
    if by_year is None:
        return [None]
    given: list[Any] = list(by_year) if isinstance(by_year, (list, tuple, range, np.ndarray)) else [by_year]
    for year in given:
        checks.whole(year, "by_year", -np.inf, rule="is no year; give whole numbers such as 2030.")
    if not given:
        raise DataError("by_year: empty; give a year such as 2030.")
    return [*sorted({int(year) for year in given})]


def _chances(picked: Sequence[Scenario], given: Sequence[float] | Mapping[str, float] | None) -> Array:
    n = len(picked)
    if given is None:
        return np.full(n, 1.0 / n) if n else np.empty(0)
    if isinstance(given, Mapping):
        names = [s.name for s in picked]
        for name in given:
            checks.known(name, names, "probabilities", "scenario")
        given = [given.get(name, 0.0) for name in names]
    found = np.array([check_number(p, "probabilities", 0.0, 1.0, "a probability a year") for p in given], dtype=float)
    if len(found) != n:
        raise DataError(f"probabilities: {len(found)} for {n} scenarios; give one for each.")
    if found.sum() > 1.0 + ROUNDING:
        raise DataError(f"probabilities: they sum to {found.sum():g}; scenarios exclude each other, so to 1 at most.")
    return found


def _grown(network: Network, year: int | None, growth: float) -> Network:
    """Return the network with the demand of a year."""
    if not checks.is_real(growth):
        raise DataError(f"demand_growth: {growth!r} is no number; it is a share a year, so two percent is 0.02.")
    if not np.isfinite(growth) or not -1.0 < growth <= 1.0:
        raise DataError(f"demand_growth: {growth!r} is out of range; a share a year, above -1 and up to 1.")
    if growth == 0:
        return network
    if year is None or network.year is None:
        raise DataError("demand_growth: it needs by_year, and a network with a year, to know for how many years.")
    demand = network.demand
    factor = (1.0 + growth) ** (year - network.year)
    return network.with_demand(demand.assign(demand_tpa=demand["demand_tpa"] * factor))


def _built(base: Network, names: Sequence[str], sizes: Array) -> Network:
    """Return the network with the projects that stand, at the size their ramp has reached."""
    table = base.projects
    standing = [name for name, size in zip(table["id"], sizes, strict=True) if size > 0 and name in set(names)]
    if not standing:
        return base
    scaled = base.with_table("projects", table.assign(capacity_tpa=table["capacity_tpa"] * sizes))
    return scaled.with_projects(standing)


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the years under each other, the year first."""
    shown = [frame for frame in frames if len(frame)] or list(frames[:1])
    table = pd.concat(shown, ignore_index=True)
    table.insert(0, "year", table.pop("year").astype("Int64"))
    return table
