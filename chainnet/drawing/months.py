"""The months of an answer as the page holds them: numbers that change, and what is said of each month."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from chainnet.drawing.courses import FIGURES
from chainnet.drawing.drawn import DrawnFlows
from chainnet.drawing.facts import PageData, heads, ratio
from chainnet.drawing.story import Finding, led, today
from chainnet.drawing.style import percent, tonnes
from chainnet.drawing.words import END_WORDS, base_words, finding, hidden_words, served_words, share_inferred, spoken
from chainnet.io import number_text
from chainnet.network import Network
from chainnet.words import digits, exact


def course_data(
    network: Network, facts: PageData, answer: DrawnFlows, told: Finding | None = None
) -> list[dict[str, Any]]:
    """Return the months of the answer and of the other scenarios; none where there are no months."""
    is_even = all(one.months is None or one.months.is_even for one in answer.courses)
    return [
        _month_data(network, facts, one, told if led(one, told) else None) | {"isEven": is_even}
        for one in answer.courses
    ]


def _month_data(network: Network, facts: PageData, answer: DrawnFlows, told: Finding | None) -> dict[str, Any]:
    """Return what the slider needs: for each month its words, for each thing that changes its flows.

    Flows are words such as ``"12.5*3 b 0"``: 12.5 t/yr for three months, the baseline for one, then nothing.
    """
    months = answer.months
    assert months is not None
    shown = list(months.shown)
    base = np.array([k["base"] or 0.0 for k in facts.links])
    inferred = np.array([k["isInferred"] for k in facts.links], dtype=bool)
    flow = np.concatenate([months.edge_tpa, months.relation_tpa], axis=1)[shown]
    position = {name: i for i, name in enumerate(network.plants["id"])}
    site = months.site_tpa[np.ix_(shown, [position[s["id"]] for s in facts.sites])]
    rows = []
    for i, t in enumerate(shown):
        one = months.at(t)
        moving = (base > 0) | (flow[i] > 0)
        sites = [
            s | {"result": v, "utilResult": ratio(v, s["capacity"])}
            for s, v in zip(facts.sites, site[i].tolist(), strict=True)
        ]
        rows.append(
            {
                "n": 0 if t == months.lasting else int(months.number[t]),
                "name": months.name(t),
                "words": months.words(t),
                "heading": told["title"] if told and t == months.lasting else finding(network, facts, one, None),
                "inferred": ("" if told and t == months.lasting else served_words(network, one))
                + share_inferred(int((moving & inferred).sum()), int(moving.sum()))
                + hidden_words(int(months.hidden[t]))
                + (END_WORDS.format(months.last) if months.is_end(t) else ""),
                "isCalm": one.is_calm,
                "spoken": spoken(one, months.name(t), int(months.lost[t])),
                "tiers": [
                    [
                        tonnes(x["served"]),
                        tonnes(x["short"]),
                        percent(x["served"] / x["demand"] if x["demand"] else None),
                    ]
                    for x in one.tiers
                ],
                "heads": [[b["resultText"], b["utilResultText"]] for b in heads(network, facts, sites, one)],
            }
        )
    return {
        "scenario": answer.scenario,
        "words": told["scenario_label"].rstrip(".") if told else answer.words,
        "rows": rows,
        "start": shown.index(months.opening),
        "tiers": [x["tier"] for x in answer.tiers],
        "baseHeading": today(told) if told else base_words(facts),
        "links": _series(flow, [k["result"] or 0.0 for k in facts.links], [k["base"] for k in facts.links]),
        "sites": _series(site, [s["result"] or 0.0 for s in facts.sites], [s["base"] for s in facts.sites]),
        "asked": _demands(network, months.asked[shown], facts, "asked"),
        "shortfall": _demands(network, months.shortfall[shown], facts, "shortfall"),
        "moved": moved_data(answer),
        "lasting": months.is_lasting,
    }


def moved_data(answer: DrawnFlows | None) -> list[list[Any]] | None:
    """Return of the links that differ most: place, least and most that they carry where as much is served."""
    if answer is None or answer.moved is None:
        return None
    rows = zip(answer.moved.index, *(answer.moved[end] for end in ("least_tpa", "most_tpa")), strict=True)
    return [[int(i), digits(least, 6), digits(most, 6)] for i, least, most in rows]


def month_note(answer: DrawnFlows) -> str:
    """Return what a number of a month counts."""
    months = answer.months
    if months is None or not len(months.number):
        return ""
    factor = 12 // months.step if 12 % months.step == 0 else exact(12 / months.step, 3)
    what = "month" if months.step == 1 else f"{months.step} months"
    times = f" × {factor}" if factor != 1 else ""
    said = f"Flows by month are t/yr: the tonnes of the {what}{times}, to compare with the base year"
    if not all(one.months is None or one.months.is_even for one in answer.courses):
        said = (
            f"Periods of up to {months.step} months end where a measure or a project begins, changes or ends. Their "
            "flows are t/yr: the tonnes of the period × 12 / its months, to compare with the base year"
        )
    some = f"; of every {months.span} months the worst is shown" if months.span > months.step else ""
    return f"{said}{some}; kept to {FIGURES} figures, planned by one who knows every date."


def _demands(network: Network, amount: Any, facts: PageData, name: str) -> dict[str, str]:
    """Return what end uses ask for, or what of it is short, where it is not always as in the first picture."""
    places = [i for i, s in enumerate(facts.sites) if s["asked"] is not None]
    position = {name: i for i, name in enumerate(network.nodes["id"])}
    rows = np.nan_to_num(amount[:, [position[facts.sites[i]["id"]] for i in places]])
    found = _series(rows, [facts.sites[i][name] or 0.0 for i in places], [None] * len(places))
    return {str(places[int(j)]): text for j, text in found.items()}


def _series(amount: Any, first: list[float], base: list[float | None]) -> dict[str, str]:
    """Return the flows of what is not always as in the first picture, by position; runs of one value are said once."""
    out = {}
    for j in np.flatnonzero((np.abs(amount - np.array(first)) > 1e-8 * np.array(first)).any(axis=0)):
        values = amount[:, j].tolist()
        known = base[j]
        # the baseline has nine figures; it is said by its name
        tokens = ["b" if known and abs(v - known) <= 1e-8 * known else number_text(digits(v, 9)) for v in values]
        runs = [(token, len(list(same))) for token, same in groupby(tokens)]
        out[str(j)] = " ".join(token if n == 1 else f"{token}*{n}" for token, n in runs)
    return out
