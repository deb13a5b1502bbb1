"""Which input moves the answer: ``sensitivity`` one at a time, each solved, none guessed; Sobol indices by groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from chainnet import checks
from chainnet._types import Array, Ints, Words
from chainnet.doubt._changes import ENDS, Change
from chainnet.doubt._draws import Trial
from chainnet.doubt._inputs import Inputs, uncertain_inputs
from chainnet.engine import ROUNDING
from chainnet.flow import Counting, ValueModel, binding_inputs, named_projects, project_sizes
from chainnet.lowering import Degree, Overlay
from chainnet.network import Network
from chainnet.progress import SILENT, Steps, Tell
from chainnet.results import STEADY, Result, provenance, stamp
from chainnet.scenario import Scenario, asked_scenario, overlay_of
from chainnet.words import digits

# a number of an answer -> how its columns at a low and a high value begin
_STEMS = {"short_t": "shortfall", "served_t": "served", "averted_t": "averted"}


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Sensitivity(Result):
    """How far each uncertain input moves the answer.

    Attributes
    ----------
    inputs : DataFrame
        A row for each input with a range, that which moves the shortfall most first: table, key, label, column,
        value, low, high, width ((high - low) / value), quality, reference; shortfall_low_t and shortfall_high_t, the
        shortfall with this input alone at its low and high value; swing_t, the largest change; served_low_t and
        served_high_t; with projects also averted_low_t, averted_high_t and averted_swing_t.
    widest : DataFrame
        The inputs with the widest range, whether or not they move anything; the same columns.
    short_t, served_t, averted_t : float
        Of the data as given, t/yr; averted_t is NaN without projects.
    """

    inputs: pd.DataFrame
    widest: pd.DataFrame
    short_t: float
    served_t: float
    averted_t: float


def sensitivity(
    network: Network,
    scenario: Scenario | str | None = None,
    *,
    projects: Iterable[str] = (),
    by_year: int | None = None,
    top: int = 10,
    tier: str | None = None,
    recipes: bool = True,
    reroute: Degree = "existing",
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> Sensitivity:
    """Solve again with each uncertain input at its low and at its high value, one at a time.

    Parameters
    ----------
    network : Network
    scenario : Scenario or str, optional
        Or the name of one that ships.
    projects : iterable of str
        Projects that stand, a portfolio for instance; what they avert is then followed too.
    by_year : int, optional
        At the size that they have reached in that year; default full size.
    top : int
        Number of rows of ``widest``.
    tier : str, optional
        Only this tier, if served first; default all that counts.
    recipes : bool
        Whether recipe lines are tried too: most of the time goes there.
    reroute : {"existing", "none", "new"}
    commodity, beneficiaries : optional
        Whose and what demand counts; default from the network.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Sensitivity

    Raises
    ------
    UnknownIdError
        If a project does not exist.
    DataError
        If an argument is unknown or out of range.

    See Also
    --------
    ensemble, key_assumptions

    Notes
    -----
    Two warm solves for each capacity, demand, flow, stock and project (four with projects), two for each recipe
    line, on a program with that one amount changed. One input at a time says nothing of two that move together;
    ``ensemble`` does.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("rare-earths")
    >>> found = cn.sensitivity(net, cn.scenarios(net)["china_export_stop"], tier="defence", recipes=False)
    >>> found.inputs.loc[0, "key"]
    'jpn_dytb_metal'
    """
    scenario = asked_scenario(network, scenario)
    checks.whole(top, "top", 1, rule=checks.AT_LEAST)
    counting = Counting.of(network, commodity, beneficiaries, tier)
    names = named_projects(network, projects if isinstance(projects, str) else sorted({str(p) for p in projects}))
    asker = _Asker(counting, scenario, names, by_year, reroute)
    inputs = uncertain_inputs(network)
    given = asker.answer()
    steps = Steps("inputs at their low and high values", progress, len(inputs.table))
    lines = _loose_lines(asker, network) if recipes else []
    steps.more(len(lines))
    rows = [*_bounds(asker, inputs, steps), *_recipes(asker, network, lines, steps)]
    steps.end()
    table = pd.DataFrame(rows)
    if not rows:
        table = pd.DataFrame(
            columns=["table", "key", "label", "column", "value", "low", "high", "quality", "reference"]
        )
        table = table.assign(
            **{c: pd.Series(dtype=float) for c in ("shortfall_low_t", "shortfall_high_t", "swing_t", "width")}
        )
    else:
        for what, swing in (("short_t", "swing_t"), ("averted_t", "averted_swing_t")):
            ends = table[[f"{_STEMS[what]}_low_t", f"{_STEMS[what]}_high_t"]].to_numpy(dtype=float)
            table[swing] = np.abs(ends - given[what]).max(axis=1)
        low, high = table["low"].fillna(table["value"]), table["high"].fillna(table["value"])
        table["width"] = (high - low) / table["value"]
    if not names:
        table = table.drop(columns=["averted_low_t", "averted_high_t", "averted_swing_t"], errors="ignore")
    moved = table.sort_values(["swing_t", "width", "table", "key"], ascending=[False, False, True, True], kind="stable")
    widest = table.sort_values(
        ["width", "swing_t", "table", "key"], ascending=[False, False, True, True], kind="stable"
    )
    source = provenance(
        network,
        "HiGHS simplex",
        rests_on=lambda: binding_inputs(counting, [overlay_of(network, scenario)], reroute),
        **counting.settings,
        scenario=scenario.name if scenario else "",
        projects=names,
        by_year=by_year,
        tier=tier,
        recipes=bool(recipes),
        reroute=reroute,
    )
    return Sensitivity(
        provenance=source,
        inputs=stamp(moved.reset_index(drop=True), source, units=STEADY, ranked="swing_t"),
        widest=stamp(widest.head(int(top)).reset_index(drop=True), source, units=STEADY),
        **given,
    )


class _Asker:
    """The shortfall under a scenario, with and without projects, for an overlay on the same program."""

    def __init__(
        self,
        counting: Counting,
        scenario: Scenario | None,
        names: list[str],
        by_year: int | None,
        reroute: Degree,
    ) -> None:
        network = counting.network
        self.network, self.names = network, names
        self._hit = overlay_of(network, scenario, by_year=by_year)
        self._stands = np.where(network.projects["id"].isin(names), project_sizes(network, by_year), 0.0)
        self._model = ValueModel(counting, self._hit, reroute)
        self._asked = network.demand["demand_tpa"].to_numpy(dtype=float)

    def answer(self, change: Change | None = None) -> dict[str, float]:
        """Return short_t, served_t and averted_t with one input otherwise."""
        if change is not None and change.is_recipe:
            other = copy(self)
            other._model = self._model.with_line(*change.line)
            return other.answer()
        hit = self._hit if change is None else change.put(self._hit)
        built = replace(hit, built=np.maximum(hit.built, self._stands)) if self.names else hit
        with_them = self._value(built)
        averted = with_them - self._value(hit) if self.names else np.nan
        wanted = float((self._asked * hit.demand_share)[self._model.counted].sum()) if len(self._asked) else with_them
        return {
            "short_t": _round(max(wanted - with_them, 0.0)),
            "served_t": _round(with_them),
            "averted_t": _round(averted),
        }

    def _value(self, overlay: Overlay) -> float:
        return -self._model.solve_under(overlay).value + 0.0


def _round(value: float) -> float:
    return digits(value, 10)


def _both_ends(low: dict[str, float], high: dict[str, float]) -> dict[str, float]:
    return {f"{_STEMS[name]}_{end}_t": said[name] for end, said in (("low", low), ("high", high)) for name in said}


def _bounds(asker: _Asker, inputs: Inputs, steps: Steps) -> Iterator[dict[str, Any]]:
    """Give each capacity, demand, flow, stock and project its low and its high value."""
    for row in steps.each(inputs.table.to_dict("records")):
        ends = [row[end] / row["value"] if np.isfinite(row[end]) else 1.0 for end in ENDS]
        said = [asker.answer(Change.of(row["table"], row["row"], end)) for end in ends]
        yield {key: row[key] for key in _KEYS} | _both_ends(*said)


_KEYS = ("table", "key", "label", "column", "value", "low", "high", "quality", "reference")


def _loose_lines(asker: _Asker, network: Network) -> list[int]:
    """Return the rows of recipe lines in use that have a range."""
    lines = network.processes
    used = set(network.nodes["process"].dropna()) | (
        set(network.projects["process"].dropna()) if asker.names else set()
    )
    room = (lines["low"] < lines["t_per_t"] * (1 - ROUNDING)) | (lines["high"] > lines["t_per_t"] * (1 + ROUNDING))
    return np.flatnonzero((room & lines["process"].isin(used)).to_numpy()).tolist()


def _recipes(asker: _Asker, network: Network, rows: list[int], steps: Steps) -> Iterator[dict[str, Any]]:
    """Give each recipe line its low and its high value; a value that breaks a law of the table is left out."""
    lines = network.processes
    for row in steps.each(rows):
        line = lines.iloc[row]
        given = float(line["t_per_t"])
        ends = [float(line[end]) if np.isfinite(line[end]) else given for end in ENDS]
        changes = [None if end == given else Change.of("processes", row, end) for end in ends]
        if not all(change is None or change.fits(network) for change in changes):
            continue
        said = [asker.answer(change) for change in changes]
        yield {
            "table": "processes",
            "key": f"{line['process']} / {line['commodity']}",
            "label": f"{line['process']}: {line['role']} {line['commodity']}",
            "column": "t_per_t",
            "value": line["t_per_t"],
            "low": line["low"],
            "high": line["high"],
            "quality": line["quality"],
            "reference": line["reference"],
        } | _both_ends(*said)


# -- Sobol indices ------------------------------------------------------------------------------


def sobol_indices(run: Callable[[Array], float], groups: Sequence[Ints], n: int, seed: int = 0) -> tuple[Array, Array]:
    """Return first and total index of each group of independent inputs.

    Parameters
    ----------
    run : callable
        Takes numbers between 0 and 1, one per input, gives a number.
    groups : sequence of int arrays
        Positions of the inputs of each group.
    n : int
        Base sample, a power of two; n x (groups + 2) runs.
    seed : int

    Returns
    -------
    (array, array)
        Both 0 where nothing varies.

    Notes
    -----
    Estimators of Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018, on scrambled Sobol points.
    """
    count = sum(len(g) for g in groups)
    points = qmc.Sobol(2 * count, seed=seed).random(n)
    one, two = points[:, :count], points[:, count:]
    at_one = np.array([run(row) for row in one])
    at_two = np.array([run(row) for row in two])
    variance = float(np.var(np.concatenate([at_one, at_two])))
    first, total = np.zeros(len(groups)), np.zeros(len(groups))
    if variance <= 1e-24 * max(float(np.abs(at_one).max()), 1e-300) ** 2:
        return first, total
    for i, group in enumerate(groups):
        mixed = one.copy()
        mixed[:, group] = two[:, group]
        at_mixed = np.array([run(row) for row in mixed])
        first[i] = float(np.mean(at_two * (at_mixed - at_one))) / variance
        total[i] = float(np.mean((at_one - at_mixed) ** 2)) / (2.0 * variance)
    return first, total


def sobol_table(trial: Trial, n: int, seed: int, steps: Steps = SILENT) -> pd.DataFrame:
    """Return what part of the variance of the shortfall each group of inputs explains; inputs are independent here.

    Each run is a step.
    """
    table = trial.inputs.table
    names = sorted(table["group"].unique())
    groups = [np.flatnonzero((table["group"] == name).to_numpy()) for name in names]
    if not names:
        return pd.DataFrame(columns=["first", "total", "n_inputs"])
    number = f"{trial.tiers[0]}_short_t" if trial.tiers else "lost_t"

    def run(u: Array) -> float:
        z = norm.ppf(np.clip(u, 1e-4, 1 - 1e-4))
        steps.done()
        return trial.number(number, trial.inputs.factors(z))

    first, total = sobol_indices(run, groups, n, seed)
    out = pd.DataFrame(
        {"first": first, "total": total, "n_inputs": [len(g) for g in groups], "number": number},
        index=pd.Index(names, name="group"),
    )
    return out.sort_values(["total", "first"], ascending=False, kind="stable")
