"""The commands about one optimal flow: flow, balance."""

from __future__ import annotations

from typing import Annotated, Any

from chainnet.cli import options as opt
from chainnet.cli.common import Counted, Drawn, Question, TableOutput, Verified, command, short_at_ends


@command("flow.max_flow", example="flow mag-9 --verify")
class Flow(Question, TableOutput, Verified):
    """Find the largest flow and the cut that bounds it.

    In tonnes that can be served.
    """

    commodity: Annotated[str | None, "Cut out the market of one commodity."] = None
    beneficiaries: opt.Beneficiaries = None

    def _tell(self, found: Any) -> None:
        self.say_verified(found.certificate.second_value)
        numbers = {name: getattr(found, name) for name in ("value_tpa", "is_unique", "certificate")}
        self.say(found, {"cut": found.cut, "nodes": found.nodes, "edges": found.edges}, numbers)


@command("flow.balance", example="balance gallium --scenario china_export_stop_all")
class Balance(Question, Counted, TableOutput, Verified, Drawn):
    """Serve demand tier by tier, at least shortfall.

    Then at least cost.
    """

    scenario: opt.OneScenario = None
    reroute: opt.Degree = "existing"
    order: opt.Order = None
    fair: Annotated[bool, "Equal fractions inside a tier."] = False

    def _tell(self, found: Any) -> None:
        self.say_verified(found.certificate.second_value)
        numbers = {"cost_usd": found.cost_usd, "certificate": found.certificate}
        ends = self.ask("flow.service_range", known=found)
        tables = {"tiers": found.by_tier(), **found.tables(), "ends": ends}
        footer = short_at_ends(ends) if ends.attrs["has_others"] else None
        self.say(found, tables, numbers, ("tiers", "demand"), footer)
