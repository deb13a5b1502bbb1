"""A finding as plain values: what ``report.json`` and pages hold, and the schema that it keeps."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chainnet.assessment._plain import plain_values
from chainnet.words import vintage

if TYPE_CHECKING:
    from chainnet.assessment._finding import Finding


def record(finding: Finding, brief: bool) -> dict[str, Any]:
    """Return the whole finding, or with ``brief`` what costs little to solve."""
    firm, network = finding.firmness, finding.network
    year = {"share": finding.first_year_share} if brief else finding.first_year
    said: dict[str, Any] = {
        "chain": network.name,
        "as_of": network.as_of,
        "base_year": network.base_year,
        "vintage": vintage(network),
        "digest": network.digest,
        "scenario": finding.scenario.name if finding.scenario else "",
        "scenario_label": finding.label,
        "state": finding.state,
        "restriction": finding.restriction,
        "beneficiaries": list(finding.answers.counting.whose) or "all",
        "order": finding.answers.counting.order_name,
        "tier": str(finding.tier),
        "other_tiers": [
            {
                "tier": str(one.tier),
                "met": one.is_met,
                "certain": one.certain,
                "first_year_share": one.first_year_share,
            }
            | {"later_share": one.later["share"]}
            for one in finding.others
        ],
        "title": finding.title,
        "sentences": finding.sentences,
        "demand_tpa": finding.demand["tpa"],
        "demand_low_tpa": finding.demand["low"],
        "demand_high_tpa": finding.demand["high"],
        "shortfall": {
            "first_year": year,
            "later": finding.later,
            "already_share": finding.already_share,
            "last_share": float(finding.assumptions.range["last_share"][finding.tier]),
            "class": str(finding.assumptions.central.loc[finding.tier, "class"]),
            "certain": finding.certain,
            "decides": list(finding.decides),
        },
        "bottleneck": finding.bottleneck,
        "advice": [asdict(one) for one in finding.advice],
        "firmness": firm,
        "track_record": finding.track_record,
    }
    if not brief:
        said |= {
            "when": finding.when,
            "horizon": finding.answers.months,
            "months": finding.months.reset_index().to_dict("records"),
            "products": list(finding.products),
            "arrives_tpa": finding.arrives_tpa,
            "passage": finding.passage.to_dict("records"),
            "scenarios": finding.scenarios.reset_index().to_dict("records"),
            "measures": finding.measures.to_dict("records"),
            "levels": finding.levels.reset_index().to_dict("records"),
            "depends_on": list(finding.depends_on),
        }
    plain: dict[str, Any] = plain_values(said)
    return plain


def told_in_brief(finding: Finding) -> dict[str, Any]:
    """Return what takes no minute: whose finding it is, what is due later, where it breaks."""
    network, share = finding.network, float(finding.answers.due(finding.scenario)["due_share"][finding.tier])
    said = {
        "chain": network.name,
        "as_of": network.as_of,
        "base_year": network.base_year,
        "vintage": vintage(network),
        "scenario": finding.scenario.name if finding.scenario else "",
        "scenario_label": finding.label,
        "beneficiaries": list(finding.answers.counting.whose) or "all",
        "order": finding.answers.counting.order_name,
        "tier": str(finding.tier),
        "demand_tpa": finding.demand["tpa"],
        "shortfall": {"later": {"share": share, "tpa": share * finding.demand["tpa"]}},
        "bottleneck": finding.bottleneck,
    }
    plain: dict[str, Any] = plain_values(said)
    return plain


def schema() -> dict[str, Any]:
    """Return the JSON Schema of ``record``."""
    text = files("chainnet.assessment").joinpath("finding.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))
