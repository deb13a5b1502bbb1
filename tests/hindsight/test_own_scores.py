"""Scores and forecasts that need no model, by a program of its own: it reads the files and calls nothing of the package."""

from __future__ import annotations

import csv
import math
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import chainnet as cn

ROOT = Path(__file__).parents[2] / "graphs"
CHAIN, EVENT, ACTOR = "rare-earths", "hree_2025", "CHN"
Row = dict[str, str]


def rows(*parts: str) -> list[Row]:
    with ROOT.joinpath(*parts).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Own:
    """The event, its flows by country, its first forecasts and what came."""

    def __init__(self) -> None:
        text = (ROOT / CHAIN / "events" / f"{EVENT}.toml").read_text(encoding="utf-8")
        self.event: dict[str, Any] = tomllib.loads(text)
        self.asked = {q["id"]: q for q in self.event["questions"]}
        self.horizon = max(q["months"][1] for q in self.asked.values())
        self.goods = self.event["measures"][0]["commodity"]
        europe = {row["country"] for row in rows("common", "groups.csv") if row["group"] == "EU27"}
        home = {row["id"]: row["country"] or row["region"] for row in rows(CHAIN, "nodes.csv")}
        self.inside = {"EU27": europe | {"EU27"}}
        self.flows = [
            (home[row["source"]], home[row["target"]], row["commodity"], float(row["flow_tpa"] or 0))
            for row in rows(CHAIN, "edges.csv")
            if row["source"] in home and row["target"] in home
        ]
        inputs = [
            row for row in rows(CHAIN, "events", "inputs.csv") if row["event"] == EVENT and row["unit"] == "share"
        ]
        self.left = [1.0] * self.horizon
        month = 0
        for row in inputs:
            for _ in range(int(row["months"] or self.horizon)):
                if month < self.horizon:
                    self.left[month] = float(row["value"])
                month += 1
        self.told: dict[str, Row] = {}
        for row in rows(CHAIN, "events", "register.csv"):
            if row["event"] == EVENT:
                self.told.setdefault(row["question"], row)
        self.came = {row["question"]: row for row in rows(CHAIN, "events", "outcomes.csv") if row["event"] == EVENT}

    def lies(self, place: str, word: str) -> bool:
        return place != ACTOR if word == "WLD" else place in self.inside.get(word, {word})

    def leaves(self, q: dict[str, Any]) -> list[float]:
        """What the text leaves of the actor's flow to a place, month by month, each good by its tonnes."""
        to = q.get("to") or q.get("country") or "WLD"
        goods = [q["commodity"]] if isinstance(q.get("commodity"), str) else q.get("commodity", [])
        sent = [one for one in self.flows if one[0] == ACTOR and one[1] != ACTOR and self.lies(one[1], to)]
        sent = [one for one in sent if one[2] in goods] or sent
        whole = sum(tonnes for *_, tonnes in sent)
        bound = sum(tonnes for *_, good, tonnes in sent if good in self.goods) / whole if whole else 0.0
        return [1 - bound + bound * share for share in self.left]

    def intake(self, word: str) -> dict[str, float]:
        found: dict[str, float] = defaultdict(float)
        for source, target, good, tonnes in self.flows:
            if self.lies(target, word) and good in self.goods and source not in ("other", "EU27", ""):
                found[source] += tonnes
        return found

    def without_a_model(self, q: dict[str, Any]) -> dict[str, Any]:
        """What each forecast says that needs no model; of who is first all that are named."""
        kind, (first, last) = q["kind"], q["months"]
        place = q.get("to") or q.get("country") or "WLD"
        by = self.intake(place)
        if kind == "first":
            return dict.fromkeys(("nothing", "share_lost", "hhi"), q["among"])
        calm = {"flow": 1.0, "sign": 0.0, "onset": math.inf, "stop": 0.0}[kind]
        left, part = self.leaves(q), by.get(ACTOR, 0.0) / sum(by.values()) if by else 0.0
        short = [(1 - share) * part for share in left]
        lost = {
            "flow": sum(left[first - 1 : last]) / (last - first + 1),
            "sign": -1.0 if q.get("country") == ACTOR else 1.0,
            "onset": next((n + 1.0 for n, share in enumerate(short) if share > 0.01), math.inf),
            "stop": float(any(share > 0.05 for share in short[first - 1 : last])),
        }[kind]
        among = sum((tonnes / sum(by.values())) ** 2 for tonnes in by.values()) if by else 0.0
        return {"nothing": calm, "share_lost": lost, "hhi": lost if among >= 0.25 else calm}

    def ends(self, name: str) -> tuple[float, float]:
        row = self.came[name]
        words = {"yes": 1.0, "no": 0.0}
        value = words[row["value"]] if row["value"] in words else float(row["value"])
        low, high = (float(row[end]) if row[end] else value for end in ("low", "high"))
        if row["unit"] == "relative change":
            low, high = (0.0 if abs(end) <= 0.1 else math.copysign(1.0, end) for end in (low, high))
        return low, high

    def off(self, q: dict[str, Any], central: float, narrow: tuple[float, float], wide: tuple[float, float]) -> float:
        low, high = self.ends(q["id"])
        if q["kind"] == "stop":
            return 2 * (sum(narrow) / 2 - low) ** 2
        if q["kind"] == "sign":
            y = min(max(central, low), high)
            named = [sign for sign in (-1.0, 0.0, 1.0) if narrow[0] <= sign <= narrow[1]]
            return sum(((sign in named) / len(named) - (sign == y)) ** 2 for sign in (-1.0, 0.0, 1.0))
        if q["kind"] == "onset":
            top = float(self.horizon)
            central, low, high = min(central, top), min(low, top), min(high, top)
            narrow, wide = ((min(a, top), min(b, top)) for a, b in (narrow, wide))
        y = min(max(central, low), high)
        score = [
            (b - a) + 2 / alpha * (max(0, a - y) + max(0, y - b)) for (a, b), alpha in ((narrow, 0.5), (wide, 0.1))
        ]
        return (abs(y - central) / 2 + 0.25 * score[0] + 0.05 * score[1]) / 2.5


def number(cell: str) -> float:
    return math.inf if cell == "never" else float(cell)


def test_scores_and_skill_of_an_event_by_a_program_of_its_own() -> None:
    own = Own()
    found = cn.hindcast(cn.read(CHAIN), EVENT, registered=True)
    scored = found.scores[found.scores["status"] != "pending"].set_index("question")
    assert set(scored.index) == set(own.came) & set(own.told)
    sums: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, row in scored.iterrows():
        q, told = own.asked[str(name)], own.told[str(name)]
        others = own.without_a_model(q)
        if q["kind"] == "first":
            right = set(own.came[str(name)]["value"].split(";"))
            said = {"": told["central"].split(";"), **others}
            mine = {key: 1 - len(right & set(words)) / len(words) for key, words in said.items()}
        else:
            bands = [(number(told[f"{band}_low"]), number(told[f"{band}_high"])) for band in ("narrow", "wide")]
            mine = {"": own.off(q, number(told["central"]), bands[0], bands[1])}
            mine |= {key: own.off(q, value, (value, value), (value, value)) for key, value in others.items()}
            low, high = own.ends(str(name))
            assert bool(row["hit_wide"]) == (bands[1][0] <= high and low <= bands[1][1])
        assert row["wis"] == pytest.approx(mine[""], abs=1e-12)
        for key in ("nothing", "share_lost", "hhi"):
            assert row[f"wis_{key}"] == pytest.approx(mine[key], abs=1e-12), (name, key)
        for key, value in mine.items():
            sums[q["kind"]][key].append(value)
    table = found.skill[found.skill["status"] == "open"].set_index(["kind", "baseline"])["skill"]
    for kind, lines in sums.items():
        for key in ("nothing", "share_lost", "hhi"):
            if sum(lines[key]) > 0:
                assert table[kind, key] == pytest.approx(1 - sum(lines[""]) / sum(lines[key]), abs=1e-12)
