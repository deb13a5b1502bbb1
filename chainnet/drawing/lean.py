"""What the script of a page reads, without what it can fill in by itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chainnet.drawing.facts import PageData, link_texts, ratio, site_texts
from chainnet.words import NO_LIMIT

# the tables already hold the labels of a link's ends
_TABLE_ONLY = frozenset({"fromLabel", "toLabel", "from", "to", "isInferred"})
# what most rows say is said once
LINK_BLANK: dict[str, Any] = {
    "base": None,
    "capacityText": NO_LIMIT,
    "commodity": "",
    "isNew": False,
    "inCut": False,
    "references": [],
    "fields": [],
    "quality": "n/d",
}
SITE_BLANK: dict[str, Any] = {
    **dict.fromkeys(("capacity", "base", "capex", "start", "asked", "shortfall")),
    **dict.fromkeys(("lost", "lostShare", "firstLost", "firstLostShare")),
    **dict.fromkeys(("lossClass", "rank", "firstLossClass", "firstRank"), 0),
    **dict.fromkeys(("rankText", "firstRankText", "underText", "projectText", "makes", "commodity", "state"), ""),
    **dict.fromkeys(("unit", "unitLabel", "owner", "operator", "ownerCountry", "place"), ""),
    **dict.fromkeys(("project", "inCut", "several"), False),
    **{key: [] for key in ("references", "demand", "fields")},
    "quality": "n/d",
    "size": 1,
}
_FEW = 3


def lean(facts: PageData) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[list[str]]]:
    """Return links and sites without what the script fills in, and the lines of cards that many share.

    Left out: blanks, texts that follow from their numbers, words that the steps and commodities hold.
    """
    has_result = facts.data["hasResult"]
    rows = [*facts.links, *facts.sites]
    counts = Counter((name, text) for row in rows for name, text in row["fields"])
    common = {pair: i for i, pair in enumerate(pair for pair, n in counts.items() if n >= _FEW)}
    links = [
        _part(k, LINK_BLANK, {"id": f"e{i}", **_link_texts(k, facts.data, has_result)}, common)
        for i, k in enumerate(facts.links)
    ]
    sites = [_part(s, SITE_BLANK, _site_texts(s, facts.data, has_result), common) for s in facts.sites]
    return links, sites, [list(pair) for pair in common]


def _part(
    row: dict[str, Any], blank: dict[str, Any], texts: dict[str, Any], common: dict[tuple[str, str], int]
) -> dict[str, Any]:
    known = {**blank, **texts}
    gone = object()
    out = {k: v for k, v in row.items() if k not in _TABLE_ONLY and known.get(k, gone) != v}
    if "fields" in out:
        out["fields"] = [common.get((name, text), [name, text]) for name, text in out["fields"]]
    return out


def _link_texts(link: dict[str, Any], data: dict[str, Any], has_result: bool) -> dict[str, Any]:
    """Return what the script fills in of a link."""
    return {
        "result": link["base"] if has_result else None,
        "commodityText": data["commodityWords"].get(link["commodity"], link["commodity"]),
        **link_texts(link, has_result),
    }


def _site_texts(site: dict[str, Any], data: dict[str, Any], has_result: bool) -> dict[str, Any]:
    """Return what the script fills in of a site."""
    return {
        "result": site["base"] if has_result else None,
        "utilBase": ratio(site["base"], site["capacity"]),
        "utilResult": ratio(site["result"], site["capacity"]),
        "colour": data["colourOf"].get(site["place"]),
        "stage": data["blocks"][site["block"]]["stage"],
        "step": data["blocks"][site["block"]]["name"],
        **site_texts(site, has_result),
    }
