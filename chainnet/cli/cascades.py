"""The command that follows a failure along the baseline flows."""

from __future__ import annotations

from typing import Annotated, Literal

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Question, TableOutput, command
from chainnet.cli.words import Numbers, number
from chainnet.errors import DataError

# which method takes an option; the rest goes with any
OWNERS = {
    "importance": ("esri",),
    "replaceable": ("esri",),
    "tolerance": ("esri",),
    "days": ("ario",),
    "start_day": ("ario",),
    "days_out": ("ario",),
    "inventory_days": ("ario", "bracket"),
    "years": ("bracket",),
    "scenario": ("bracket",),
}
DAYS = Numbers(
    "is not of the form DAYS or COMMODITY=DAYS.", "is not of the form COMMODITY=DAYS, where there are several."
)


@command("cascades.cascade", example="cascade gallium --fail chn_alumina")
class Cascade(Question, Counted, TableOutput):
    """Follow a failure when nobody reroutes well.

    Along the baseline flows: what an early, unplanned loss looks like.
    """

    fail: Annotated[list[str] | None, "ID or ID=SHARE of output lost (1 = all); may be repeated."] = None
    method: Annotated[
        Literal["esri", "ario", "bracket"], "esri: no stores; ario: stores, day by day; bracket: beside the optimum."
    ] = "esri"
    scenario: opt.OneScenario = None
    importance: Annotated[Literal["essential", "nonessential", "none"] | None, "esri: of all links."] = None
    replaceable: Annotated[bool, "esri: losses count by the share of what the sector still makes."] = False
    tolerance: Annotated[float | None, "esri: largest change of the last round; default 1e-9."] = None
    days: Annotated[int | None, "ario: horizon; default 365."] = None
    start_day: Annotated[int | None, "ario: first day of the failure."] = None
    days_out: Annotated[int | None, "ario: how long it lasts; default for ever."] = None
    inventory_days: Annotated[
        list[str] | None, "DAYS or COMMODITY=DAYS in store; default 90; may be repeated.", DAYS
    ] = None
    years: Annotated[int | None, "bracket: length of the myopic run; default 10."] = None

    def _run(self) -> None:
        for name, owners in OWNERS.items():
            if getattr(self, name) not in (None, False) and self.method not in owners:
                option, others = f"--{name.replace('_', '-')}", " or ".join(owners)
                raise DataError(f"{option}: belongs to --method {others}. Leave it out or ask for that one.")
        lost = self._lost()
        if self.method == "bracket":
            given = {} if self.inventory_days is None else {"inventory_days": self.given("inventory_days")}
            self.say(found := self.ask("cascades.bracket", fail=lost or None, **given), {"bracket": found})
            return
        if not lost:
            raise DataError("--fail: nothing fails; give --fail ID or --fail ID=SHARE.")
        found = self.ask(fail=lost)
        tables = {**found.tables(), "nodes": found.nodes.sort_values("loss", ascending=False, kind="stable")}
        self.say(found, tables, shown=("nodes", "tiers") if self.method == "esri" else ("tiers", "nodes"))

    def _lost(self) -> dict[str, float]:
        """Read ID or ID=SHARE; an id may itself hold the sign."""
        known = set(self.network.nodes["id"])
        out: dict[str, float] = {}
        for word in self.fail or ():
            label, sign, share = word.rpartition("=")
            whole = word in known or not sign
            name = word if whole else label
            if name in out:
                raise DataError(f'--fail: "{name}" is named twice. Name it once.')
            out[name] = 1.0 if whole else number(share, f'--fail: "{word}" is not of the form ID or ID=SHARE.')
        return out
