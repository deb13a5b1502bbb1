"""``ensemble``: many runs over uncertain inputs, here or on other processes, with a store that outlives a crash."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.doubt._draws import DrawPlan, Trial, forget_trials, run_draws
from chainnet.doubt._sensitivity import sobol_table
from chainnet.doubt._store import Store
from chainnet.errors import ChainnetError, DataError
from chainnet.flow import Asked, Counting, binding_inputs
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.progress import Steps, Tell
from chainnet.results import SAMPLED, STEADY, Result, provenance, stamp
from chainnet.scenario import Scenario, acting, asked_scenario, overlay_of

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
_CHUNK = 16
_BAD = ("lost_t", "_short_t")  # high is bad; of what is served, low is


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Ensemble(Result):
    """Many runs.

    Attributes
    ----------
    summary : DataFrame, index number
        unit, given (at the inputs as they stand), p10, p50, p90, mean, bad_end (p90 of a loss, p10 of what is
        served).
    draws : DataFrame, index draw
        A column for each number, t/yr: base_t, served without the scenario; served_t, served under it, which is
        more than base_t where the scenario builds or asks for more; lost_t, base_t less served_t, 0 where that is
        negative; by tier demand and shortfall in its turn (the middle where that is a tie); loss_<node>_t without the
        nodes that cost most.
    ranks : DataFrame, index node
        given_rank, p10, p50, p90 of its rank among these nodes, first_share and top3_share of the draws.
        Nodes that tie share the better rank. counts: what the losses count, in words.
    sobol : DataFrame, index group
        With ``sobol``: first and total index of each group of inputs for the shortfall, and n_inputs.
    inputs : DataFrame
        What was drawn: table, key, label, place, value, low, high, quality, reference.
    """

    summary: pd.DataFrame
    draws: pd.DataFrame
    ranks: pd.DataFrame
    sobol: pd.DataFrame
    inputs: pd.DataFrame


def ensemble(
    network: Network,
    scenario: Scenario | str | None = None,
    draws: int = 512,
    seed: int = 0,
    executor: Executor | int | None = None,
    store: str | Path | None = None,
    *,
    reroute: Degree = "existing",
    correlation: float = 0.5,
    ranked: int = 8,
    sobol: int = 0,
    order: Asked = None,
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> Ensemble:
    """Ask a network and a scenario again and again with inputs drawn between their low and high values.

    ``low`` and ``high`` of a row are read as the 10 % and 90 % quantile of its capacity, demand, flow or stock; the
    halves above and below the value are lognormal. What has no range stays as it is, and so do recipes.

    Parameters
    ----------
    network : Network
    scenario : Scenario or str, optional
        Or the name of one that ships.
    draws : int
        At least 1.
    seed : int
        0 or more. Draw i depends on the network, the scenario, the seed and i alone.
    executor : Executor or int, optional
        Anything with ``submit`` of ``concurrent.futures``, or a number of local processes; None = here. Only
        processes started here are ended here.
    store : path, optional
        SQLite file in which finished draws are kept; the same call goes on where it stopped.
    reroute : {"existing", "none", "new"}
    correlation : float
        0 to 1: part of the variance that inputs of one table and country share.
    ranked : int
        Number of nodes, those that cost most, whose rank is followed.
    sobol : int
        Base sample of the Sobol indices (a power of two); 0 = not asked. Costs sobol x (groups + 2) runs.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first, as in ``balance``; nodes are ranked by what they cost if the beneficiaries come first.
    commodity, beneficiaries : optional
        Whose and what demand counts; default from the network.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Ensemble

    Raises
    ------
    DataError
        If an argument is out of range, or the store holds something else.

    See Also
    --------
    sensitivity, key_assumptions

    Notes
    -----
    A draw costs a warm solve for each stage of the order, with the scenario and without, and 1 + ranked. A worker that
    dies has its draws done again.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> found = cn.ensemble(net, cn.scenarios(net)["china_out"], draws=8)
    >>> float(found.summary.loc["served_t", "given"]), len(found.draws)
    (10.0, 8)
    """
    scenario = asked_scenario(network, scenario)
    n = checks.whole(draws, "draws", 1, rule=checks.AT_LEAST)
    checks.whole(seed, "seed", rule=checks.AT_LEAST)
    checks.whole(ranked, "ranked", rule=checks.AT_LEAST)
    if sobol and (checks.whole(sobol, "sobol", 2, rule=checks.AT_LEAST) & (sobol - 1)):
        raise DataError(f"sobol: {sobol} is no power of two; give 64, 128, 256, ...")
    checks.number(correlation, "correlation", 0, 1, "is not a number from 0 to 1.")
    counting = Counting.of(network, commodity, beneficiaries, order=order)
    plan = DrawPlan(
        counting=counting,
        scenario=scenario,
        reroute=reroute,
        seed=seed,
        correlation=float(correlation),
        ranked=ranked,
    )
    trial = Trial(plan)
    settings = {
        **counting.settings,
        "order": counting.order_name,
        "scenario": scenario.name if scenario else "",
        "reroute": reroute,
        "draws": n,
        "seed": seed,
        "correlation": float(correlation),
        "ranked": ranked,
    }
    source = provenance(
        network,
        "HiGHS simplex",
        status=SAMPLED,
        rests_on=lambda: binding_inputs(counting, [overlay_of(network, scenario)], reroute),
        **settings,
        sobol=sobol,
    )
    measures = [acting(m) for m in scenario.measures] if scenario else []
    asked = {"network": network.digest, **settings, "measures": measures, "numbers": trial.names}
    kept = Store(store, asked, len(trial.names))
    runs = int(sobol) * (trial.inputs.table["group"].nunique() + 2)
    steps = Steps("draws of the inputs", progress, n + runs)
    try:
        with _workers(executor) as pool:
            _run(plan, n, kept, pool, steps)
    finally:
        kept.close()
    table = pd.DataFrame([kept.done[i] for i in range(n)], columns=trial.names, dtype=float)
    table.index.name = "draw"
    given = pd.Series(trial.numbers(np.ones(len(trial.inputs.table))), dtype=float)
    indices = (
        sobol_table(trial, int(sobol), seed, steps) if sobol else pd.DataFrame(columns=["first", "total", "n_inputs"])
    )
    steps.end()
    units = dict.fromkeys(("given", "mean", "p10", "p50", "p90"), "t/yr")
    return Ensemble(
        provenance=source,
        summary=stamp(_summary(table, given), source, units=units),
        draws=stamp(table, source, units=STEADY),
        ranks=stamp(_ranks(table, given, trial), source),
        sobol=stamp(indices, source),
        inputs=stamp(trial.inputs.table.drop(columns="row"), source),
    )


@contextmanager
def local_processes(n: int) -> Iterator[Executor]:
    """Give processes of this machine for the length of a ``with``; an interruption ends them at once, without a word.

    Parameters
    ----------
    n : int
        1 or more.
    """
    before = set(active_children())
    with ProcessPoolExecutor(n, mp_context=get_context("spawn"), initializer=_end_when_interrupted) as pool:
        try:
            _start(pool, n)
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(active_children()) - before:
                child.terminate()
            raise


def _start(pool: Executor, n: int) -> None:
    """Start the processes with interruptions ignored, as they inherit it: one that is still loading would complain."""
    if threading.current_thread() is not threading.main_thread():
        return  # an interruption never comes here, and no signal may be set
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(n):
            pool.submit(_end_when_interrupted)
    finally:
        signal.signal(signal.SIGINT, before)


def _end_when_interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _workers(executor: Executor | int | None) -> Iterator[Any]:
    if executor is None:
        yield None
    elif checks.is_whole(executor):
        if executor < 1:
            raise DataError(f"executor: {executor!r} processes; give at least 1, or an executor.")
        with local_processes(int(executor)) as pool:
            yield pool
    elif hasattr(executor, "submit"):
        yield executor
    else:
        raise DataError("executor: give a number of processes, or an object with submit as concurrent.futures has it.")


def _run(plan: DrawPlan, n: int, kept: Store, pool: Any, steps: Steps) -> None:
    """Do what is missing; what a worker did not bring back is done here."""
    missing = [i for i in range(n) if i not in kept.done]
    steps.done(n=n - len(missing))
    chunks = [missing[i : i + _CHUNK] for i in range(0, len(missing), _CHUNK)]
    again = chunks if pool is None else _spread(plan, chunks, kept, pool, steps)
    for chunk in again:
        for number in chunk:
            kept.add(run_draws(plan, [number]))
            steps.done()
    forget_trials()


def _spread(
    plan: DrawPlan,
    chunks: list[list[int]],
    kept: Store,
    pool: Any,
    steps: Steps,
) -> list[list[int]]:
    """Hand chunks to workers; return those that did not come back."""
    jobs: dict[Future[Any], list[int]] = {}
    lost: list[list[int]] = []
    for chunk in chunks:
        try:
            jobs[pool.submit(run_draws, plan, chunk)] = chunk
        except Exception:  # the pool broke while it was given work
            lost.append(chunk)
    for job in as_completed(jobs):
        try:
            kept.add(job.result())
        except ChainnetError:
            raise
        except Exception:  # a worker died: whatever its executor calls that
            lost.append(jobs[job])
        else:
            steps.done(n=len(jobs[job]))
    return lost


def _summary(draws: pd.DataFrame, given: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"unit": "t/yr", "given": given})
    for name, part in QUANTILES.items():
        table[name] = draws.quantile(part)
    table["mean"] = draws.mean()
    high = [str(key).endswith(_BAD) or str(key).startswith("loss_") for key in table.index]
    table["bad_end"] = np.where(high, "p90", "p10")
    table.index.name = "number"
    return table


def _ranks(draws: pd.DataFrame, given: pd.Series, trial: Trial) -> pd.DataFrame:
    columns = [f"loss_{name}_t" for name in trial.ranked]
    place = draws[columns].rank(axis=1, ascending=False, method="min")
    place.columns = pd.Index(trial.ranked, name="node")
    stands = given[columns].rank(ascending=False, method="min")
    table = pd.DataFrame({"given_rank": stands.to_numpy().astype(int)}, index=place.columns)
    for name, part in QUANTILES.items():
        table[name] = place.quantile(part)
    table["first_share"] = (place == 1).mean()
    table["top3_share"] = (place <= 3).mean()
    table["counts"] = trial.counts
    return table
