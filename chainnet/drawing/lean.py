"""What the script of a page reads, without what it can fill in by itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chainnet.drawing.facts import PageData, change_text, ratio
from chainnet.drawing.style import percent, tonnes
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
    "project": False,
    "projectText": "",
    "capacity": None,
    "base": None,
    "makes": "",
    "commodity": "",
    "inCut": False,
    "quality": "n/d",
    "references": [],
    "demand": [],
    "fields": [],
    "state": "",
    "capex": None,
    "start": None,
    "several": False,
    "unit": "",
    "unitLabel": "",
    "size": 1,
    "asked": None,
    "shortfall": None,
    "lost": None,
    "lostShare": None,
    "lossClass": 0,
    "rank": 0,
    "rankText": "",
    "firstLost": None,
    "firstLostShare": None,
    "firstLossClass": 0,
    "firstRank": 0,
    "firstRankText": "",
    "underText": "",
    "owner": "",
    "operator": "",
    "ownerCountry": "",
    "place": "",
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
    """Return what the script says of a link's numbers."""
    return {
        "result": link["base"] if has_result else None,
        "baseText": tonnes(link["base"]),
        "resultText": tonnes(link["result"]) if has_result else "-",
        "changeText": change_text(link["base"], link["result"]) if has_result else "-",
        "commodityText": data["commodityWords"].get(link["commodity"], link["commodity"]),
    }


def _site_texts(site: dict[str, Any], data: dict[str, Any], has_result: bool) -> dict[str, Any]:
    """Return what the script says of a site's numbers."""
    capacity = site["capacity"]
    blank = "n/a" if site["stage"] == "end_use" else f"{NO_LIMIT} (no capacity on record)"
    used = site["utilResult"] if site["base"] is None else site["utilBase"]
    return {
        "result": site["base"] if has_result else None,
        "baseText": tonnes(site["base"]),
        "resultText": tonnes(site["result"]) if has_result else "-",
        "capacityText": blank if capacity is None else tonnes(capacity),
        "utilText": percent(used),
        "lostText": "-" if site["lost"] is None else tonnes(site["lost"]),
        "lostShareText": "-" if site["lost"] is None else percent(site["lostShare"]),
        "firstLostText": "-" if site["firstLost"] is None else tonnes(site["firstLost"]),
        "firstLostShareText": "-" if site["firstLost"] is None else percent(site["firstLostShare"]),
        "utilBase": ratio(site["base"], capacity),
        "utilResult": ratio(site["result"], capacity),
        "colour": data["colourOf"].get(site["place"]),
        "stage": data["blocks"][site["block"]]["stage"],
        "step": data["blocks"][site["block"]]["name"],
    }
