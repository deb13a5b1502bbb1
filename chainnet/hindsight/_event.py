"""What an event and a question are: the words of an event file, months counted from the first in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import pandas as pd

from chainnet.network import Network, first_day, month_of
from chainnet.scenario import KINDS, Scenario, month_text

CLASSES = ("licence", "ban_one", "stop_silent", "quota", "outage", "conflict")
QUESTION_KINDS = ("flow", "detour", "short", "onset", "recover", "sign", "first", "order", "stop")
UNITS = {"onset": "months", "recover": "months", "sign": "sign", "first": "set", "order": "rank", "stop": "yes/no"}
TABLES_OF_INPUTS = ("totals", "flows", "cover", "profile", "share")
INPUT_COLUMNS = (
    "event", "table", "step", "node", "country", "commodity", "tier", "from", "to", "phase", "months", "value", "low",
    "high", "unit", "period", "knowable_from", "learned_from", "quality", "reference", "note",
)  # fmt: skip
OUTCOME_COLUMNS = (
    "event", "question", "value", "low", "high", "unit", "observed_on", "quality", "reference", "set", "note",
)  # fmt: skip
# what an outcome may be marked as; what stands in the data already, or taught an input, counts for nothing
UNCOUNTED = ("spent", "fitted")
MARKS = ("open", "kept", *UNCOUNTED)
NEVER = "never"
DAYS_OF_MONTH = 30.4
LAST_DAY_AT_ONCE = 15  # a rule that comes into force later in a month is of the next
WORLD = "WLD"


def first_month_of(in_force: str) -> int:
    """Return the number of month 1: that of the first day, or the next after the middle of a month."""
    day = first_day(in_force)
    return month_of(day) + (day.day > LAST_DAY_AT_ONCE)


def window_of(months: tuple[int, int]) -> str:
    """Return the class of a window by its last month: notice, onset, first quarter, first year, second year, later."""
    names = ((0, "notice"), (1, "onset"), (3, "first quarter"), (12, "first year"), (24, "second year"))
    return next((name for last, name in names if months[1] <= last), "later")


@dataclass(frozen=True)
class Question:
    """One aspect of an event, asked once.

    Attributes
    ----------
    id, kind : str
        Its name, and what is asked (flow, onset, recover, first, order, ...).
    commodity : tuple of str
    source, target : str
        Country that ships, and that takes.
    tier, country : str
        Whose shortage.
    months : tuple of int
        First and last of a window, counted from 1 = the first month in force, 0 and less before it.
    per : str
        What a share is a share of.
    factor : float
        What an outcome in gross tonnes is multiplied by.
    who : str
        A tier as a whole, or anyone in it.
    level : float
        Share of the former flow below which it has stopped, and from which it is back.
    among : tuple of str
        Who is ranked, or may be first.
    is_fitted : bool
        A rule of the model was made knowing the outcome.
    is_seen : bool
        Somebody who registered the forecast knew the outcome; it scores as spent.
    """

    id: str
    kind: str
    commodity: tuple[str, ...] = ()
    source: str = ""
    target: str = ""
    tier: str = ""
    country: str = ""
    months: tuple[int, int] = (1, 12)
    per: str = ""
    factor: float = 1.0
    who: str = "tier"
    level: float = 0.9
    among: tuple[str, ...] = ()
    is_fitted: bool = False
    is_seen: bool = False

    @property
    def unit(self) -> str:
        """What the answer is counted in."""
        return UNITS.get(self.kind, "ratio" if self.kind == "flow" else "share")

    @property
    def aspect(self) -> tuple[Any, ...]:
        """What may be asked once in an event."""
        who = (self.tier, self.country, self.who)
        return self.kind, self.commodity, self.source, self.target, *who, window_of(self.months)


@dataclass(frozen=True, eq=False, repr=False)
class Event:
    """A rule or a stop of the past as its text says, what could be known before, and what is asked of it.

    Attributes
    ----------
    id, label : str
    chain : str
        Name of the network.
    actor : str
        Country whose rule it is.
    kind : str
        Class: licence, ban_one, stop_silent, quota, outage, conflict.
    announced, in_force : str
        Dates; announced is empty where there was no announcement.
    notice_days : int
    until : str
        End that was announced; empty = none.
    text_source : str
        Key of the reference that holds the text.
    measures, parameters : tuple, mapping
        What the text says, in the form of ``Scenario``.
    base_year : int
        Year of the flows that forecasts begin with; ``is_before`` where these are of ``chain_before``.
    is_before : bool
    asked : tuple of Question
    inputs, outcomes : DataFrame
        Rows of the folder's files that name the event.
    digests : mapping
        SHA-256 of the event file and of the inputs.
    network : Network
        As it was read.
    """

    id: str
    label: str
    chain: str
    actor: str
    kind: str
    announced: str
    in_force: str
    notice_days: int
    until: str
    text_source: str
    base_year: int
    is_before: bool
    measures: tuple[Mapping[str, Any], ...]
    parameters: Mapping[str, Any]
    asked: tuple[Question, ...]
    inputs: pd.DataFrame
    outcomes: pd.DataFrame
    digests: Mapping[str, str]
    network: Network

    def __repr__(self) -> str:
        return f"Event({self.id!r}, chain={self.chain!r}, in_force={self.in_force!r}, questions={len(self.asked)})"

    @property
    def questions(self) -> pd.DataFrame:
        """One row a question: id, kind, commodity, from, to, tier, country, first and last month, window, unit."""
        rows = [
            (q.id, q.kind, ";".join(q.commodity), q.source, q.target, q.tier, q.country, *q.months, window_of(q.months),
             q.unit, q.who, q.factor, ";".join(q.among))
            for q in self.asked
        ]  # fmt: skip
        columns = ["question", "kind", "commodity", "from", "to", "tier", "country", "first_month", "last_month",
                   "window", "unit", "who", "factor", "among"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @property
    def first_month(self) -> int:
        """Number of month 1: twelve times the year plus 0 for January."""
        return first_month_of(self.in_force)

    @property
    def begins(self) -> str:
        """Month 1, such as 2023-08."""
        return month_text(self.first_month)

    @property
    def horizon(self) -> int:
        """The last month that is asked about."""
        return max([q.months[1] for q in self.asked] + [1])

    @property
    def told_on(self) -> str:
        """Day before which an input has to be known: that of the announcement, else that on which it was in force."""
        return self.announced or self.in_force

    @property
    def notice_months(self) -> float:
        """Months between the announcement and the first day in force."""
        return self.notice_days / DAYS_OF_MONTH

    @property
    def scenario(self) -> Scenario:
        """The measures with their central shares, from month 1 on."""
        return self.under()

    def under(self, licence: int = 0, scope: int = 0) -> Scenario:
        """Return the measures from month 1 on, with shares and phases at an end of their range.

        Parameters
        ----------
        licence : {0, -1, 1}
            Central, favourable (few months, large shares), adverse.
        scope : {0, 1}
            The goods of the text; with those that ``also`` names.

        Notes
        -----
        The day of the announcement is moved with month 1, so that the days of notice are those of the text. Each
        good is restricted by itself: a permit for one lets no other out. A bound on what is of a country, to nobody
        in particular, is one on its exports: what stays at home is free.
        """
        measures: list[Mapping[str, Any]] = []
        for given in self.measures:
            measure = {key: value for key, value in given.items() if key not in ("states", "also")}
            if scope and "also" in given:
                measure["commodity"] = [*_list(given.get("commodity")), *_list(given["also"])]
            if measure.get("profile") == "profile":
                rows = self.inputs[(self.inputs["table"] == "profile")]
                measure["profile"] = _phases(rows[rows["to"] == ""], licence)
                apart = [word for word in dict.fromkeys(rows["to"]) if word]
                if apart:
                    measure["by"] = [
                        {"to": {"country": word}, "profile": _phases(rows[rows["to"] == word], licence)}
                        for word in apart
                    ]
            if measure.get("share") == "share":
                measure["share"] = _end(self.inputs[self.inputs["table"] == "share"].iloc[0], -licence)
            measure["start"] = self.begins
            if self.until:
                measure["until"] = self.until[:7]
            if self.notice_days > 0 and has_phases(measure):
                day = date(self.first_month // 12, self.first_month % 12 + 1, 1)
                measure["announced"] = (day - timedelta(days=self.notice_days)).isoformat()
            goods = _list(measure.get("commodity"))
            for one in self._abroad(measure):
                measures += [{**one, "commodity": [good]} for good in goods] if goods else [one]
        return Scenario(self.id, measures, self.label, parameters=dict(self.parameters))

    def _abroad(self, measure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return a bound on what leaves a country, once for countries and once for regions that stand for none."""
        makers = set(_list((measure.get("from") or {}).get("country")))
        if not makers or "to" in measure:
            return [measure]
        known, plants = self.network.groups_known, self.network.plants
        regions = set(plants.loc[plants["country"].isna(), "region"].dropna()) if "region" in plants else set()
        to = {"country": sorted({*plants["country"].dropna(), *(regions & set(known))} - makers)}
        rest = {key: value for key, value in measure.items() if key != "by"}
        others = [{**rest, "to": {"region": sorted(regions - set(known))}}] if regions - set(known) else []
        return [{**measure, "to": to}, *others]

    @cached_property
    def base_grade(self) -> str:
        """How much of what the makers whom the text names, else the actor, ship of these goods is dated by destination.

        A: 0.8 or more, B: 0.5 or more, C: less ("shape only"), D: nothing is dated, or they ship none.
        """
        goods = {word for measure in self.measures for word in _list(measure.get("commodity"))}
        edges = self.network.at(None).edges
        country = self.network.plants.set_index("id")["country"]
        source, target = edges["source"].map(country), edges["target"].map(country)
        named = [(m.get(key) or {}).get("country") for m in self.measures for key in ("from", "origin")]
        makers = {word for words in named for word in _list(words)} or {self.actor}
        sent = edges[source.isin(makers) & ~target.isin(makers) & (edges["flow_tpa"] > 0)]
        sent = sent[sent["commodity"].isin(goods)] if goods else sent
        whole = float(sent["flow_tpa"].sum())
        if not whole > 0:
            return "D"
        if not self.is_before:
            dated = float(sent.loc[sent["quality"].isin(["reported", "estimated"]), "flow_tpa"].sum())
        else:
            rows = self.inputs[self.inputs["table"].isin(["flows", "totals"]) & self.inputs["value"].notna()]
            rows = rows[(rows["from"] == self.actor) | (rows["country"] == self.actor)]
            is_whole = rows["to"].isin(["", WORLD])
            if rows.empty:
                return "D"
            if (rows["unit"] == "share").any():  # of other goods or another whole: the shape only
                return "C"
            dated = float(rows.loc[~is_whole, "value"].sum())
            whole = float(rows.loc[is_whole, "value"].sum()) or max(whole, dated)
        share = dated / whole
        return "A" if share >= 0.8 else "B" if share >= 0.5 else "C"

    @property
    def provenance(self) -> dict[str, str]:
        """Digests of the network, the event file and the inputs."""
        return {"graph": self.chain, "network": self.network.digest, **self.digests}


def has_phases(measure: Mapping[str, Any]) -> bool:
    """Say whether a measure may be of a kind that has phases and is announced: a permit that is asked for."""
    return "profile" in KINDS[measure["kind"]].keys if measure.get("kind") in KINDS else False


def _list(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words or ())


def _end(row: Any, side: int) -> float:
    """Return the value of a row of inputs, or its low (-1) or high (1) end where it has one."""
    end = {-1: row["low"], 0: row["value"], 1: row["high"]}[side]
    return float(row["value"] if pd.isna(end) else end)


def _phases(rows: pd.DataFrame, licence: int) -> list[dict[str, Any]]:
    """Return the phases of a licence; the favourable end has short phases and large shares."""
    lengths = {row["phase"]: row for _, row in rows[rows["unit"] == "months"].iterrows()}
    found = []
    for _, row in rows[rows["unit"] != "months"].sort_values("phase").iterrows():
        phase: dict[str, Any] = {"share": _end(row, -licence)}
        if pd.notna(row["months"]):
            ranged = lengths.get(row["phase"])
            phase["months"] = round(_end(ranged, licence) if ranged is not None else row["months"])
        found.append(phase)
    return found
