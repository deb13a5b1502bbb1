"""What each project makes if nothing is cut off: in the least-cost answer, at least and at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from chainnet._types import Array
from chainnet.engine import ROUNDING, Certificate, Ordered, require
from chainnet.flow import Balance, Counting, in_finer_sizes, stages_of
from chainnet.lowering import Degree, Lowered, lower
from chainnet.network import Network
from chainnet.progress import SILENT, Steps


def snapped(output: Array, capacity: Array) -> Array:
    """Return outputs without the dust of the solver: nothing, or the whole capacity, where they are that but for it."""
    whole = np.where(np.isnan(capacity), output, capacity)
    output = np.where(np.abs(output) <= ROUNDING * whole, 0.0, output + 0.0)
    return np.asarray(np.where(np.abs(whole - output) <= ROUNDING * whole, whole, output))


class Idle:
    """What each project makes if nothing is cut off: in the least-cost answer, at least and at most."""

    def __init__(
        self,
        base: Network,
        counting: Counting,
        found: Balance,
        reroute: Degree,
        names: Sequence[str],
        factor: float,
        told: Steps = SILENT,
    ) -> None:
        names = list(names)
        rows = base.projects.set_index("id").reindex(names)
        size = counting.network.nodes.set_index("id")["capacity_tpa"].reindex(names).to_numpy(dtype=float)
        output = snapped(found.nodes["throughput_tpa"].reindex(names).to_numpy(dtype=float), size)
        capex = rows["capex_musd"].to_numpy(dtype=float)
        charge = capex * 1e6 * factor
        self.proofs: list[Certificate] = []
        model = Outputs(counting, reroute) if len(names) else None
        bounds = np.zeros((len(names), 2))
        if model is not None:
            for i, name in told.each(enumerate(names), lambda one: one[1]):
                bounds[i] = model.least_and_most({name: 1.0})
        # an answer of its own may lie a hair outside its bounds
        least = snapped(np.minimum(bounds[:, 0], output), size)
        most = snapped(np.maximum(bounds[:, 1], output), size)
        with np.errstate(invalid="ignore", divide="ignore"):
            idle, low, high = (
                np.where(size > 0, np.clip(1.0 - made / size, 0.0, 1.0), np.nan) for made in (output, most, least)
            )
        self.table = pd.DataFrame(
            {
                "id": names,
                "label": rows["label"].to_numpy(),
                "step": rows["step"].to_numpy(),
                "country": rows["country"].to_numpy(),
                "capacity_tpa": size,
                "output_tpa": output,
                "idle_share": idle,
                "idle_low_share": low,
                "idle_high_share": high,
                "capex_musd": capex,
                "capital_usd_per_a": charge,
                "stranded_musd": idle * capex,
                "stranded_usd_per_a": idle * charge,
            }
        )
        counts = ~np.isnan(idle) & ~np.isnan(charge)
        self.n_left_out = int((~counts).sum())
        self.stranded = float((idle * charge)[counts].sum())
        self.low = self.high = self.stranded
        if counts.any() and model is not None:
            weights = {n: c / q for n, c, q, k in zip(names, charge, size, counts, strict=True) if k}
            paid_for, total = model.least_and_most(weights), float(charge[counts].sum())
            self.low = min(max(total - paid_for[1], 0.0), self.stranded)
            self.high = max(total - paid_for[0], self.stranded)
        if model is not None:
            self.proofs = model.proofs


class Outputs:
    """A network that serves, tier by tier, as much as can be; asked for the range of what its plants make."""

    def __init__(self, counting: Counting, reroute: Degree) -> None:
        built = counting.network
        self._members = [members for _, members in stages_of(counting)]
        self.proofs: list[Certificate] = []
        in_finer_sizes(partial(lower, built, None, reroute), self._serve, lambda: self._stages.proofs[-1].ok)
        self._position = {name: i for i, name in enumerate(self._low.tables.ids)}

    def _serve(self, low: Lowered) -> Array:
        """Hold stage after stage at the most that it can be served."""
        self._low, self._stages = low, Ordered(low.program, "overcapacity")
        *_, last = self._stages.in_order(map(low.serving, self._members), "service")
        return last.x

    def least_and_most(self, weights: Mapping[str, float]) -> tuple[float, float]:
        """Return the least and the most of a weighted sum of outputs of nodes."""
        cost = np.zeros(len(self._low.program.cost))
        users = self._low.flows.demand["position"].to_numpy(dtype=np.int64)
        for name, weight in weights.items():
            at = self._position[name]
            if self._low.flows.activity[at] >= 0:
                cost[self._low.flows.activity[at]] += weight
            else:
                cost[: len(self._low.flows.tail)][self._low.flows.tail == at] += weight
                cost[self._low.served[users == at]] += weight
        if not cost.any():
            return 0.0, 0.0
        least, most = self._stages.ends(cost, "range")
        self.proofs += map(require, self._stages.proofs[-2:])
        return max(least.value, 0.0), max(-most.value, 0.0)
