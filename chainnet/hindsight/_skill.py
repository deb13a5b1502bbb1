"""What few events can say: skill with its ends, coverage beside sharpness, which level leads, how large stocks are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom

from chainnet._types import records
from chainnet.hindsight._baselines import BASELINES
from chainnet.hindsight._scores import clopper_pearson

RHO = 0.5  # how far outcomes of one event go together, assumed
SHARP = 0.5
LEADS_FROM = 3  # events
COUNTED = ("open", "kept")  # what is spent or fitted counts for nothing
DECLARED = {"narrow": 0.5, "wide": 0.9}
SKILL = ["kind", "status", "baseline", "events", "questions", "wis", "wis_baseline", "skill", "skill_low", "skill_high",
         "better_in", "p_sign", "says"]  # fmt: skip
COVERAGE = ["status", "band", "declared", "hits", "n", "share", "low", "high", "n_eff", "low_eff", "high_eff",
            "events_whole", "events", "mean_width", "hits_if_sharp", "n_if_sharp"]  # fmt: skip
PERFECT, NOT_SHOWN = "the baseline was perfect", "not shown: its sign hangs on one event"


def skill_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one minus the ratio of mean scores, by kind, status and baseline; events weigh alike.

    ``skill_low`` and ``skill_high``: over leaving out one event. ``p_sign``: chance of so many events in which the
    model is better, were it no better.
    """
    rows = []
    for (kind, status), mine in scores.groupby(["kind", "status"], sort=True):
        for name in BASELINES:
            both = mine[mine["wis"].notna() & mine[f"wis_{name}"].notna()]
            if both.empty:
                continue
            by_event = both.groupby("event")[["wis", f"wis_{name}"]].mean()
            model, other = by_event["wis"].mean(), by_event[f"wis_{name}"].mean()
            skill = _skill(by_event)
            without = [_skill(by_event.drop(event)) for event in by_event.index] if len(by_event) > 1 else []
            ends = [value for value in without if not np.isnan(value)] or [np.nan]
            better = int((by_event["wis"] < by_event[f"wis_{name}"]).sum())
            chance = float(binom.sf(better - 1, len(by_event), 0.5))
            says = PERFECT if not other > 0 else NOT_SHOWN if min(ends) < 0 < max(ends) else ""
            scored = (len(by_event), len(both), model, other, skill, min(ends), max(ends), better, chance, says)
            rows.append((kind, status, name, *scored))
    return pd.DataFrame(rows, columns=SKILL)


def _skill(by_event: pd.DataFrame) -> float:
    model, other = (float(by_event[column].mean()) for column in by_event)
    return 1.0 - model / other if other > 0 else float("nan")


def coverage_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how often bands held, with exact intervals of the share, as if independent and by effective number."""
    rows = []
    judged = scores[scores["hit_wide"].notna()]
    for status, mine in judged.groupby("status", sort=True):
        for band, declared in DECLARED.items():
            hit, width = mine[f"hit_{band}"].astype(bool), mine[f"width_{band}"]
            n, hits, events = len(mine), int(hit.sum()), mine["event"].nunique()
            n_eff = effective(n, events)
            whole = hit.groupby(mine["event"]).all()
            sharp = width <= SHARP
            rows.append(
                (status, band, declared, hits, n, hits / n, *clopper_pearson(hits, n), n_eff,
                 *clopper_pearson(hits / n * n_eff, n_eff), int(whole.sum()), events, float(width.mean()),
                 int((hit & sharp).sum()), int(sharp.sum()))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COVERAGE)


def effective(n: int, events: int) -> float:
    """Return the number of independent outcomes that so many outcomes of so many events are worth."""
    return n / (1.0 + (n / events - 1.0) * RHO)


def levels_of(members: pd.DataFrame, scores: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Return how far each degree of rerouting was off as a point, by class of event.

    A level leads if it is off least, also without any one event, and at least three events speak.
    """
    names = {"central": "path", "degree:free": "free", "degree:existing": "existing"}
    points = members[members["member"].isin(names)].copy()
    points = points.merge(scores[scores["unit"].isin(["ratio", "share"])], on=["event", "question"])
    columns = ["class", "level", "events", "wis", "leads"]
    if points.empty:
        return pd.DataFrame(columns=columns)
    middle = (points["low"].astype(float) + points["high"].astype(float)) / 2.0
    y = np.clip(middle, points["observed_low"].astype(float), points["observed_high"].astype(float))
    points = points.assign(off=(middle - y).abs(), level=points["member"].map(names), kind_=points["event"].map(kinds))
    rows = []
    for name, mine in points.groupby("kind_", sort=True):
        table = mine.pivot_table(index="event", columns="level", values="off")
        first = table.mean().idxmin()
        firm = len(table) >= LEADS_FROM and all(table.drop(event).mean().idxmin() == first for event in table.index)
        rows += [
            (name, level, len(table), float(table[level].mean()), bool(firm and level == first)) for level in table
        ]
    return pd.DataFrame(rows, columns=columns)


def cover_of(members: pd.DataFrame, scores: pd.DataFrame, weeks: dict[str, float]) -> pd.DataFrame:
    """Return the weeks of users' stocks by which every onset of an event is right within a month; NaN = none is."""
    rows = []
    onsets = scores[scores["kind"] == "onset"]
    for (event, who), mine in onsets.groupby(["event", "who"], sort=True):
        central = "stated" if who == "tier" else "low"
        named = {"central": central, **{f"cover:{end}": end for end in weeks}}
        fits = set(weeks.values())
        for row in records(mine):
            lines = members[(members["event"] == event) & (members["question"] == row["question"])]
            came, end = min(float(row["observed_low"]), float(row["horizon"])), float(row["horizon"])
            fits &= {
                weeks[named[line["member"]]]
                for line in records(lines[lines["member"].isin(named)])
                if abs(min(float(line["low"]), end) - came) <= 1
            }
        rows.append((event, who, min(fits, default=np.nan), max(fits, default=np.nan)))
    return pd.DataFrame(rows, columns=["event", "who", "weeks_low", "weeks_high"])


def by_event_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row an event: questions, how many were scored, how many bands held."""
    rows = []
    for event, mine in scores.groupby("event", sort=True):
        judged = mine[mine["hit_wide"].notna()]
        rows.append(
            (event, len(mine), int(mine["wis"].notna().sum()), int(judged["hit_narrow"].sum()),
             int(judged["hit_wide"].sum()), len(judged), float(judged["width_wide"].mean()))
        )  # fmt: skip
    columns = ["event", "questions", "scored", "hits_narrow", "hits_wide", "judged", "mean_width"]
    return pd.DataFrame(rows, columns=columns)


def counts_of(scores: pd.DataFrame) -> dict[str, float]:
    """Return how often the wide band held, with the wider of two exact intervals, and what else was right."""
    mine = scores[scores["status"].isin(COUNTED) & scores["wis"].notna()]
    judged = mine[mine["hit_wide"].notna()]
    hits, n, events = int(judged["hit_wide"].sum()), len(judged), int(judged["event"].nunique())
    n_eff = effective(n, events) if n else 0.0
    ends = [clopper_pearson(hits, n), clopper_pearson(hits / n * n_eff if n else 0.0, n_eff)]
    low, high = max(ends, key=lambda pair: pair[1] - pair[0])
    onsets = mine.loc[mine["kind"] == "onset", "error"].abs()
    flows = mine[mine["kind"] == "flow"].groupby("event")[["wis", "wis_share_lost"]].mean().dropna()
    better = int((flows["wis"] < flows["wis_share_lost"]).sum())
    return {
        "events": events, "hits": hits, "n": n, "low": round(low, 4), "high": round(high, 4),
        "onsets_right": int((onsets <= 1).sum()), "onsets": len(onsets), "better_in": better, "compared": len(flows),
    }  # fmt: skip
