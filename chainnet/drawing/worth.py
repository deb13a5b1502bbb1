"""What projects avoid, as the page holds it: each alone, and the sets whose value is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainnet.drawing.drawn import scenario_words
from chainnet.errors import DataError
from chainnet.network import Network
from chainnet.results import SAMPLED
from chainnet.words import digits, is_known


def worth_data(network: Network, rerouting: Any) -> dict[str, Any] | None:
    """Return what each project avoids under a scenario, and what is known of sets; None where nobody asked.

    ``sets`` holds the pairs that are worth more or less than the sum of both, the known triples, all together and all
    but one; any other pair is worth the sum.

    Raises
    ------
    DataError
        If it is no answer of ``reroute``, or of a network with other projects.
    """
    if rerouting is None:
        return None
    from chainnet.projects import Reroute

    if not isinstance(rerouting, Reroute):
        raise DataError(f"draw: rerouting is the answer of reroute, not a {type(rerouting).__name__}.")
    if not set(rerouting.projects.index) <= set(network.projects["id"]):
        raise DataError("draw: the rerouting was made from another network; draw it with the network it came from.")
    settings: Mapping[str, Any] = rerouting.provenance["settings"]
    table = rerouting.projects[rerouting.projects["standalone_t"].notna()]
    whole = float(rerouting.all_tpa - rerouting.base_tpa)
    tier = next((t for t in network.tier_order if f"standalone_{t}_t" in table.columns), "")
    sets = [[[r["project_a"], r["project_b"]], r["together_t"]] for r in rerouting.complements.to_dict("records")]
    triples = rerouting.triples.to_dict("records")
    sets += [[[r["project_a"], r["project_b"], r["project_c"]], r["together_t"]] for r in triples]
    sets.append([sorted(table.index), whole])
    sets += [[sorted(set(table.index) - {name}), whole - row["last_in_t"]] for name, row in table.iterrows()]
    return {
        "words": scenario_words(network, str(settings.get("scenario") or "")),
        "year": settings.get("by_year"),
        "how": rerouting.valued_words,
        "tier": tier,
        "isSampled": bool((table["shapley_se_t"] > 0).any()),
        "fairWord": SAMPLED,
        "projects": {str(name): _worth(row, tier) for name, row in table.iterrows()},
        "sets": [[ids, _short(value)] for ids, value in sets],
    }


def _worth(row: Any, tier: str) -> dict[str, Any]:
    return {
        "alone": _short(row["standalone_t"]),
        "lastIn": _short(row["last_in_t"]),
        "fair": _short(row["shapley_t"]),
        "first": _short(row[f"standalone_{tier}_t"]) if tier else None,
        "needs": [part for part in str(row["needs"]).split(";") if part] if is_known(row["needs"]) else [],
        "words": row["words"],
    }


def _short(value: float) -> float:
    return digits(value, 9)
