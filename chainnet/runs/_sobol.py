"""Variance by groups of inputs: first and total Sobol indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc

from chainnet.runs._draws import Trial

__all__ = ["sobol_indices", "sobol_table"]

Array = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


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


def sobol_table(trial: Trial, n: int, seed: int) -> pd.DataFrame:
    """Return what part of the variance of the shortfall each group of inputs explains; inputs are independent here."""
    table = trial.inputs.table
    names = sorted(table["group"].unique())
    groups = [np.flatnonzero((table["group"] == name).to_numpy()) for name in names]
    if not names:
        return pd.DataFrame(columns=["first", "total", "n_inputs"])
    number = f"{trial.tiers[0]}_short_t" if trial.tiers else "lost_t"

    def run(u: Array) -> float:
        z = norm.ppf(np.clip(u, 1e-4, 1 - 1e-4))
        return trial.number(number, trial.inputs.factors(z))

    first, total = sobol_indices(run, groups, n, seed)
    out = pd.DataFrame(
        {"first": first, "total": total, "n_inputs": [len(g) for g in groups], "number": number},
        index=pd.Index(names, name="group"),
    )
    return out.sort_values(["total", "first"], ascending=False, kind="stable")
