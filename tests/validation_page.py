"""Write the page on validation and the track record anew, from registers and outcomes: ``python tests/validation_page.py``.

Nothing is solved. ``graphs/common/track_record.csv`` holds the counts that a finding tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import price_episodes

import chainnet as cn
from chainnet.hindsight import (
    COUNTED,
    Record,
    counts_of,
    coverage_of,
    record_of,
    record_words,
    registered,
    skill_of,
    track_record,
)
from chainnet.hindsight._outcomes import SETS, number_of
from chainnet.words import percent

ROOT = Path(__file__).parents[1]
COMMON = ROOT / "graphs" / "common"
PAGE, TRACK, TAUGHT = (
    ROOT / "docs" / "explanation" / "validation.md",
    COMMON / "track_record.csv",
    COMMON / "taught.csv",
)
BANDS = ["chain", "event", "question", "central", "narrow_low", "narrow_high", "wide_low", "wide_high"]


def record() -> Record:
    """Return the scores of every shipped graph."""
    return record_of([cn.read(name) for name in cn.catalog().index])


def track_text(scored: Record) -> str:
    """Return the track record as CSV."""
    return track_record(scored).to_csv(index=False, lineterminator="\n")


def page(scored: Record) -> str:
    """Return the page on validation in Markdown: intended use, verification, data, what was forecast and what came."""
    scores = scored.scores
    real = scores[scores["status"].isin(("open", "kept", "spent", "fitted"))]
    counted = real[real["status"].isin(COUNTED)]
    judged = counted[counted["hit_wide"].notna()]
    sections = [
        _INTENT,
        "## What was asked\n\n" + _events_table(scored),
        f"## How it did\n\n{record_words(counts_of(scores))}\n\n" + _HOW,
        "### Every miss\n\nThe outcome lies outside the wide band, the worst first.\n\n"
        + _lines(judged[~judged["hit_wide"].astype(bool)].sort_values("wis", ascending=False)),
        "### Hits\n\nA wide band hits easily: its width stands beside it.\n\n"
        + _lines(judged[judged["hit_wide"].astype(bool)].sort_values(["event", "chain", "question"])),
        "### Who is first\n\n" + _lines(counted[counted["kind"].isin(["first", "order"])]),
        "### Spent and fitted\n\n" + _SPENT + _lines(real[~real["status"].isin(COUNTED)]) + "\n\n" + _fitted(scored),
        "## How often bands held\n\n" + _coverage(real),
        "## Against forecasts that need no model\n\n" + _BASELINES + _best(real) + "\n\n" + _skill(real),
        "## What the scores taught\n\n" + _TAUGHT + _taught(counted),
        "### Made again, after seeing\n\n" + _AGAIN + _again(scored),
        price_episodes.section(),
        "## What was not answered\n\n" + _not_answered(scored, scores),
        _REST,
    ]
    return "\n\n".join(sections).rstrip() + "\n"


_INTENT = """# Validation

This page is made from the register of forecasts and the tables of outcomes (`python tests/validation_page.py`). A
test makes it anew and compares it byte for byte. Its parts follow MIL-STD-3022: intended use, verification, data,
validation, limits.

## Intended use

chainnet compares events, measures and projects for one mineral: where a chain breaks, who is short, what helps. It
forecasts neither a price nor a decision of a government. A forecast below says what a rule does once it is in force.
It does not say that the rule will come.

## Verification

Does the program solve what it says? Every answer carries a certificate of code that shares nothing with the solver.
Second solvers, published examples and random networks stand in the tests. [Tolerances](tolerances.md) lists to what
each kind of answer is settled.

## Data

Flows are of a base year, as revised later. Where the shipped year lies after an event, the chain before it is built
from dated exports. The grade says how much of them is dated by destination: A 0.8 or more, B 0.5 or more, C less.
Capacities and recipes are those of the shipped year all the same. The builders know the history of the world: these
are replays, not blind tests. Events made news, so quiet rules are missing. What protects is the register: forecasts
stood in it before outcomes were put beside them."""
_HOW = """Bands: narrow is declared to hold half of all outcomes, wide nine of ten. Flows of one plan are no forecast. So each
flow is the least and the most over all plans that serve the same demand, and a band is as wide as that leaves it.

Forecasts of licences and of the quota were registered with a fault that these scores brought to light: home trade was
capped with exports. They are scored as they stand. [What the scores taught](#what-the-scores-taught) says more."""
_SPENT = """*Spent* outcomes stand in the data already. *Fitted* ones taught a rule or an input of the model. They count for nothing.

"""
_TAUGHT = """A score may teach three things alone. Which degree of rerouting leads, by class of event: the one that is off least,
also without any one event, of three events or more. How much users hold: the weeks by which every first short month
of an event is right within one. And whether one judgement at a time is wide enough. What is taught names its event,
which then counts no more. A range may be widened to hold what was seen; nothing is fitted to an outcome.

"""
_AGAIN = """The first line of a question in the register is the test. What was registered later, knowing the outcome, counts for
nothing. It shows what the mended fault does, with twelve corners of flows instead of four.

"""
_BASELINES = """Skill is one minus the ratio of mean scores; events weigh alike. Below 0 the other forecast is better. The ends leave
out one event at a time. *p* is the chance of being better in so many events, were the model no better: with six
events only six of six says anything.

"""
_REST = """## Limits

- A flow that no shortage pins down is not forecast: its band is wide, and its middle is no statement.
- New suppliers count only between countries that traded before, at once after the road. Others qualify too late for
  these windows; the favourable end lets all in.
- Users' stocks are assumed: 2 to 13 weeks, from figures of the end of 2010 and of 2022. So for both events of 2010 they
  were not known before. Substitution and thrift are left out.
- Forecasts registered before version 0.3 vary flows under one order of service, later ones under all three.
- The first forecast of sb_2024 lacks one corner of its wide band (all adverse, allied users first): rounding left its
  program without an answer, which is mended. The one of gage_2023 for gallium that was made again lacks one (new
  suppliers at once, allied users first, adverse licence), whose least cost missed its own check.
- Corners prove nothing of what lies between them. Of 268 members drawn from inside the ranges (`gage_2023` for gallium and
  germanium, `graphite_2023`, `us_ban_2024` for antimony) no middle left its wide band. The low end of one detour did in 20
  of 67, by at most 0.03: with existing links alone and large stocks of users, which is no corner.
- One forecast that was asked for cannot be made: the phases of the next licence on a further mineral. It has no text, no
  date and no chain yet.
- Signs of prices among the questions follow shortage alone; what a market makes of three events stands under
  [Prices](#prices).

## Recommendation

Left empty, for the accreditor."""


def _fitted(scored: Record) -> str:
    """Return why outcomes are fitted that were open once."""
    rows = [
        (row["event"], chain, row["question"], str(row["note"]).split(". ")[-1])
        for (chain, _), event in sorted(scored.events.items())
        for row in rows_of(event.outcomes)
        if row["set"] == "fitted"
    ]
    return "Those that were open first:\n\n" + _table(("event", "chain", "question", "why"), rows)


def _taught(counted: pd.DataFrame) -> str:
    """Return what was taught, changed and left: texts of a table, whose counts are those of the scores."""
    judged = counted[counted["hit_wide"].notna()]
    flows, signs = counted[counted["kind"] == "flow"], counted[counted["kind"] == "sign"]
    above = flows["central"].astype(float) > flows["observed_high"].astype(float)
    below = flows["central"].astype(float) < flows["observed_low"].astype(float)
    off = signs["wis"].astype(float) > signs["wis_share_lost"].astype(float)
    counts = {
        "judged": len(judged), "narrow": int(judged["hit_narrow"].sum()), "wide": int(judged["hit_wide"].sum()),
        "flows": len(flows), "above": int(above.sum()), "below": int(below.sum()),
        "signs": len(signs), "off": int(off.sum()),
    }  # fmt: skip
    rows = [
        [str(cell).format(**counts) for cell in row] for row in pd.read_csv(TAUGHT, keep_default_na=False).to_numpy()
    ]
    return _table(("of what", "what was seen", "events", "what was changed", "why, or why not"), rows)


def _again(scored: Record) -> str:
    """Return what was registered a second time, beside the first."""
    rows = []
    networks = {chain: event.network for (chain, _), event in sorted(scored.events.items())}
    for chain, network in networks.items():
        table = registered(network)
        later = table[table.duplicated(["event", "question"])].drop_duplicates(["event", "question"], keep="last")
        first = scored.scores[scored.scores["chain"] == chain].set_index(["event", "question"])
        for row in rows_of(later):
            known = dict(first.loc[(row["event"], row["question"])])
            told = {name: row[name] if known["kind"] in SETS else number_of(row[name]) for name in BANDS[3:]}
            rows.append(
                (row["event"], chain, row["question"], _number(known["observed"]), _number(known["central"]),
                 _band(known, "wide"), _number(told["central"]), _band(told, "wide"))
            )  # fmt: skip
    columns = ("event", "chain", "question", "observed", "first", "first, wide", "again", "again, wide")
    return _table(columns, rows)


def rows_of(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows of a table."""
    return table.to_dict("records")  # type: ignore[return-value]


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [[*map(str, row)] for row in rows]
    if not lines:
        return "None."
    parts = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    return "\n".join([*parts, *(f"| {' | '.join(line)} |" for line in lines)])


def _number(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return ""
    return "never" if float(value) == float("inf") else f"{float(value):.3g}"  # type: ignore[arg-type]


def _events_table(scored: Record) -> str:
    rows = []
    for (chain, name), event in sorted(scored.events.items(), key=lambda item: (item[1].in_force, item[0])):
        mine = scored.scores[(scored.scores["chain"] == chain) & (scored.scores["event"] == name)]
        counted = int((mine["status"].isin(COUNTED)).sum())
        rows.append(
            (event.label, chain, event.kind, event.announced, event.in_force, event.base_grade, len(mine), counted)
        )
    return _table(
        ("event", "chain", "class", "announced", "in force", "grade", "forecasts", "with open outcomes"), rows
    )


def _lines(scores: pd.DataFrame) -> str:
    columns = ("event", "chain", "question", "observed", "central", "narrow", "wide", "score", "nothing", "share lost")
    rows = [
        (row["event"], row["chain"], row["question"], _number(row["observed"]), _number(row["central"]),
         _band(row, "narrow"), _band(row, "wide"), _number(row["wis"]), _number(row["wis_nothing"]),
         _number(row["wis_share_lost"]))
        for row in rows_of(scores)
    ]  # fmt: skip
    return _table(columns, rows)


def _band(row: dict[str, object], name: str) -> str:
    low, high = _number(row[f"{name}_low"]), _number(row[f"{name}_high"])
    return low if low == high else f"{low} to {high}"


def _coverage(real: pd.DataFrame) -> str:
    rows = [
        (row["status"], row["band"], percent(row["declared"]), f"{row['hits']} of {row['n']}",
         f"{percent(row['low'])} to {percent(row['high'])}", f"{percent(row['low_eff'])} to {percent(row['high_eff'])}",
         f"{row['events_whole']} of {row['events']}", _number(row["mean_width"]),
         f"{row['hits_if_sharp']} of {row['n_if_sharp']}")
        for row in rows_of(coverage_of(real))
    ]  # fmt: skip
    columns = ("status", "band", "declared", "held", "as if independent", "by effective number", "events in which all held",
               "mean width", "held where 0.5 wide or less")  # fmt: skip
    return _table(columns, rows)


def _skill(real: pd.DataFrame) -> str:
    table = skill_of(real[real["status"].isin(COUNTED)])
    rows = [
        (row["kind"], row["baseline"], row["events"], row["questions"], _number(row["wis"]), _number(row["wis_baseline"]),
         _number(row["skill"]), "" if pd.isna(row["skill_low"]) else f"{_number(row['skill_low'])} to {_number(row['skill_high'])}",
         f"{row['better_in']} of {row['events']}", _number(row["p_sign"]), row["says"])
        for row in rows_of(table)
    ]  # fmt: skip
    return _table(("kind", "baseline", "events", "questions", "score", "its score", "skill", "without one event", "better in",
                   "p", "note"), rows)  # fmt: skip


def _best(real: pd.DataFrame) -> str:
    """Return by kind the best of the baselines: where it is better than the model, that stands first."""
    table = skill_of(real[real["status"].isin(COUNTED)])
    best = table.loc[table.groupby("kind")["wis_baseline"].idxmin()].sort_values("skill", kind="stable")
    rows = [
        (row["kind"], row["baseline"], _number(row["wis"]), _number(row["wis_baseline"]), _number(row["skill"]),
         f"{row['better_in']} of {row['events']}")
        for row in rows_of(best)
    ]  # fmt: skip
    lead = "The best of them, by kind; where it is better than the model, that stands first:\n\n"
    return (
        lead + _table(("kind", "best baseline", "score", "its score", "skill", "better in"), rows) + "\n\nAll of them:"
    )


def _not_answered(scored: Record, scores: pd.DataFrame) -> str:
    left = _table(("event", "chain", "question", "why"),
                  [(r["event"], r["chain"], r["question"], r["why"]) for r in rows_of(scored.not_scored)])  # fmt: skip
    pending = scores.loc[scores["status"] == "pending", BANDS]
    return left + "\n\n### Registered, without an outcome here\n\n" + _table(
        ("event", "chain", "question", "central", "narrow", "wide"),
        [(r["event"], r["chain"], r["question"], _number(r["central"]), _band(r, "narrow"), _band(r, "wide"))
         for r in rows_of(pending)],
    )  # fmt: skip


def main() -> None:
    """Write both files."""
    scored = record()
    PAGE.write_text(page(scored), encoding="utf-8")
    TRACK.write_text(track_text(scored), encoding="utf-8")


if __name__ == "__main__":
    main()
