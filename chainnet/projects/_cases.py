"""A scenario in a year as a program in which every option is open, and what each option opens in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from chainnet.engine import Copy, certify_linear, require
from chainnet.flow import Counting, ValueModel
from chainnet.lowering import Degree, Lowered, Overlay, lower
from chainnet.network import Network
from chainnet.projects._access import Access, access_to
from chainnet.projects._options import Option, stock_network
from chainnet.scenario import KINDS, Scenario, check_scenario, effects_of, in_year, overlay_at, overlay_of

# the natural size of a column is a thousandth of the largest flow; nothing useful is beyond ten times that
BEYOND = 1e4


class Case:
    """One scenario in one year.

    Parameters
    ----------
    counting : Counting
    degree : {"none", "existing", "new"}
    scenario : Scenario, optional
    by_year : int, optional
    options : sequence of Option
    """

    def __init__(
        self,
        counting: Counting,
        degree: Degree,
        scenario: Scenario | None,
        by_year: int | None,
        options: Sequence[Option],
    ) -> None:
        self.network, self.scenario, self.by_year = counting.network, scenario, by_year
        self.options, self.degree = list(options), degree
        self.stocked = stock_network(self.network, options)
        self.counting = counting.on(self.stocked)
        self.has_stocks = any(o.kind == "stock" for o in options)
        self.plain = self._put(())
        names = {p for o in options if o.kind == "build" for p in o.projects}
        standing = {n for n, b in zip(self.network.projects["id"], self.plain.built, strict=True) if b > 0}
        self.access: Access = access_to(counting, self.plain, by_year, names | standing)
        self._lowered: Lowered | None = None
        self._models: dict[str | None, ValueModel] = {}

    def _put(self, shield: Sequence[str]) -> Overlay:
        """Return what the scenario does, its removals not reaching the nodes of ``shield``, in the year asked for."""
        found = _overlay(self.stocked, self.scenario, shield)
        return found if self.by_year is None else in_year(self.stocked, found, self.by_year)

    # -- overlays ----------------------------------------------------------------------------------

    def overlay(self, chosen: Iterable[str], tonnes: Mapping[str, float] | None = None) -> Overlay:
        """Return what the scenario does when these options are taken; ``tonnes`` of stocks, else all of those taken."""
        taken = set(chosen)
        bought = [o for o in self.options if o.id in taken]
        row = {name: i for i, name in enumerate(self.network.projects["id"])}
        free = {(row[p], tier) for o in bought if o.kind == "qualify" for p in o.projects for tier in o.tiers}
        return self.access.overlay(self._unbarred(bought, tonnes), free=free)

    def _unbarred(self, bought: Sequence[Option], tonnes: Mapping[str, float] | None = None) -> Overlay:
        """Return the overlay of these options as if no output were too young."""
        shield = tuple(n for o in bought if o.kind == "protect" for n in o.nodes)
        base = self._put(shield)
        built = {p for o in bought if o.kind == "build" for p in o.projects}
        here = self.network.projects["id"].isin(built).to_numpy()
        size = np.maximum(base.built, np.where(here, self.access.sizes(), 0.0))
        held = base.stock_share.copy()
        for o in self.options:
            if o.kind == "stock":
                given = float(np.fmin((tonnes or {}).get(o.id, o.most_t), o.release_tpa)) if o in bought else 0.0
                held[_stock_row(self.stocked, o.id)] *= given / o.drawn_tpa if given > 0 else 0.0
        return replace(base.with_built(size), stock_share=held)

    def value(self, chosen: Iterable[str], tonnes: Mapping[str, float], tier: str | None = None) -> float:
        """Return the value under these options by a value program of its own, proved by its duals."""
        model = self._model(tier or self.counting.tier)
        overlay = self.overlay(chosen, tonnes)
        found = model.solve_under(overlay)
        upper, row_upper = model.lowered.bounds(overlay)
        program = replace(model.program, col_upper=upper, row_upper=row_upper)
        require(certify_linear("portfolio", program, found.x, found.row_dual, program.row_scale))
        return max(-found.value, 0.0)

    def _model(self, tier: str | None) -> ValueModel:
        """Return the value program of a tier; all tiers share what the network was lowered to."""
        own = self.counting.tier
        if not self._models:
            self._models[own] = ValueModel(self.counting, self._template(), self.degree, stocks=self.has_stocks)
        if tier not in self._models:
            self._models[tier] = self._models[own].first(tier)
        return self._models[tier]

    def _template(self) -> Overlay:
        """Return the overlay in which every option is taken and every bar is open."""
        return self.access.template(self._unbarred(self.options))

    # -- the program with everything open ---------------------------------------------------------

    @property
    def lowered(self) -> Lowered:
        """The program in which every option is open, lowered once."""
        if self._lowered is None:
            whole = self.overlay([o.id for o in self.options])
            low = lower(self.stocked, self._template(), self.degree, stocks=self.has_stocks)
            upper, row_upper = low.bounds(whole)
            self._lowered = replace(low, program=replace(low.program, col_upper=upper, row_upper=row_upper))
        return self._lowered

    def copy(self, scenario: int, part: float, tier: str | None = None) -> Copy:
        """Return the program of this case for the choice of a set; ``part`` of its value counts."""
        low = self.lowered
        served = low.served[self.counting.first(tier or self.counting.tier).rows]
        wanted = float(low.program.col_upper[served].sum())
        out = Copy(low.program, served, scenario, part, wanted if np.isfinite(wanted) else 0.0)
        for number, option in enumerate(self.options):
            if option.kind == "build":
                for project in option.projects:
                    # what the scenario builds stands anyway
                    if self.plain.built[low.tables.position[project] - len(low.tables.network.nodes)] == 0:
                        self._place(out, low, project, number)
            elif option.kind == "protect":
                for node in option.nodes:
                    if self.plain.node_share[low.tables.position[node]] == 0:
                        self._place(out, low, node, number)
            elif option.kind == "qualify":
                self._qualify(out, low, option, number)
            else:
                row = _stock_row(self.stocked, option.id)
                amount = option.most_t * float(self.plain.stock_share[row])
                out.stocks.append((low.flows.draw_start + row, amount, number))
        return out

    def _place(self, out: Copy, low: Lowered, name: str, option: int) -> None:
        """Let an option open what a node or project makes, passes on or asks for."""
        at = low.tables.position[name]
        p = low.program
        asked = low.served[(low.flows.demand["position"] == at).to_numpy()]
        columns = [*asked.tolist()]
        if low.flows.activity[at] < 0 and at in low.limited:
            row = next(i for i, (kind, owner, _) in enumerate(low.rows) if kind == "node" and owner == at)
            out.rows.append((row, 0.0, _most(low, row), option))
        else:
            if low.flows.activity[at] >= 0:
                columns.append(int(low.flows.activity[at]))
            # also what leads there: others might get rid of what they cannot sell
            columns += np.flatnonzero((low.flows.tail == at) | (low.flows.head == at)).tolist()
        for column in columns:
            most = p.col_upper[column]
            if not np.isfinite(most):
                most = BEYOND * p.col_scale[column]
            if most > 0:
                out.columns.append((int(column), float(most), option))

    def _qualify(self, out: Copy, low: Lowered, option: Option, number: int) -> None:
        """Let an option lift what keeps young output from a tier."""
        ids = self.network.projects["id"].to_numpy(dtype=object)
        first = len(low.overlay.restrictions) - len(self.access.bars)
        row_of = {owner: row for row, (kind, owner, _) in enumerate(low.rows) if kind == "restriction"}
        for i, bar in enumerate(self.access.bars):
            row = row_of.get(first + i)
            if row is None or ids[bar.project] not in option.projects or bar.tier not in option.tiers:
                continue
            least = self.access.bound(bar)
            size = float(self.access.sizes()[bar.project])
            most = bar.amount_tpa * size if np.isfinite(bar.amount_tpa) else _most(low, row)
            if least < most:
                out.rows.append((row, least, most - least, number))


def _stock_row(network: Network, name: str) -> int:
    return int(np.flatnonzero((network.stocks["id"] == name).to_numpy())[0])


def _most(low: Lowered, row: int) -> float:
    """Return the bound of a row, or where it has none more than can usefully flow."""
    p = low.program
    if np.isfinite(p.row_upper[row]):
        return float(p.row_upper[row])
    columns = p.matrix.tocsr()[[row], :].indices
    return BEYOND * float(p.col_scale[columns].max(initial=0.0))


def _overlay(network: Network, scenario: Scenario | None, shield: Sequence[str]) -> Overlay:
    """Return what a scenario does when its removals do not reach the nodes of ``shield``."""
    if scenario is None or not shield:
        return overlay_of(network, scenario)
    check_scenario(scenario)
    effects = effects_of(network, scenario.measures, scenario.file or scenario.name)
    safe = network.plants["id"].isin(list(shield)).to_numpy()
    kept = [replace(e, nodes=e.nodes & ~safe) if KINDS[e.kind].is_removal else e for e in effects]
    return overlay_at(network, kept, np.ones(len(kept))).with_built(overlay_of(network, scenario).built)
