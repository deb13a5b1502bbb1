"""What customs show of controlled goods: the share of the former flow that still leaves, and what scenarios take of it.

The table is ``graphs/common/controls.csv``. A row says what crossed the border in a period, and in a period before. It
holds tonnes in both periods, or the share alone where the source prints no tonnes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, Fault
from chainnet.network import Network, first_day, graphs_folder, last_day, split_list
from chainnet.scenario._effect import listed
from chainnet.scenario._phases import takes_customs, with_share
from chainnet.scenario._register import Rule, chains_of, rule_named
from chainnet.words import exact

CONTROLS = "graphs/common/controls.csv"
EVERYWHERE = "WLD"
LEAST_MONTHS = 6
QUALITY = ("customs", "reported", "estimated", "press")  # the best first
_NUMBERS = ("t", "share", "before_t", "low", "high")


@dataclass(frozen=True)
class Control:
    """One row of the table; ``line`` is the row that a spreadsheet shows."""

    line: int
    chain: str
    good: str
    commodities: tuple[str, ...]
    origin: str
    to: str
    period: str
    t: float
    share: float
    before: str
    before_t: float
    low: float
    high: float
    quality: str
    source: str
    checked_on: str
    note: str

    @property
    def months(self) -> int:
        """Months of the period."""
        return months_of(self.period)

    @property
    def ends(self) -> date:
        """Last day of the period."""
        return span_of(self.period)[1]

    @property
    def before_tpa(self) -> float:
        """Tonnes a year in the period before; NaN where the source prints none."""
        return self.before_t * 12 / months_of(self.before) if self.before else float("nan")

    @property
    def share_of_before(self) -> float:
        """What still leaves, as a share of as many months before; NaN where the row says nothing of before."""
        if np.isnan(self.share) and self.before:
            return self.t * 12 / self.months / self.before_tpa
        return self.share


@dataclass(frozen=True)
class Share:
    """The share of a network's baseline flow that a row gives, at most 1, with its range; and how it was reached."""

    row: Control
    value: float
    low: float
    high: float
    base_tpa: float
    words: str


def span_of(period: str) -> tuple[date, date]:
    """Return the first and the last day of ``2025``, ``2025-03`` or ``2025-01/2025-06``; ValueError for others."""
    first, _, last = period.partition("/")
    days = first_day(first), last_day(last or first)
    if days[1] < days[0]:
        raise ValueError(period)
    return days


def months_of(period: str) -> int:
    """Return the months of a period, the first and the last counted."""
    first, last = span_of(period)
    return (last.year - first.year) * 12 + last.month - first.month + 1


@cache
def control_rows() -> tuple[Control, ...]:
    """Return the rows of the table.

    Raises
    ------
    DataError
        With every fault of the table.
    """
    path = graphs_folder() / "common" / "controls.csv"
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return read_rows(csv.DictReader(handle))


def read_rows(rows: Iterable[Mapping[str, str]]) -> tuple[Control, ...]:
    """Return rows of text as controls; see ``control_rows``."""
    faults: list[Fault] = []
    found: list[Control] = []
    for line, row in enumerate(rows, 2):
        wrong = _faults(row)
        faults += [Fault(CONTROLS, line, key, row[key], rule, remedy) for key, rule, remedy in wrong]
        if wrong:
            continue
        words: dict[str, Any] = {
            key: row[key] for key in ("chain", "good", "to", "period", "before", "quality", "source", "note")
        }
        numbers: dict[str, Any] = {key: float(row[key]) if row[key] else float("nan") for key in _NUMBERS}
        goods = tuple(split_list(row["commodity"]))
        checked = row["checked_on"]
        found.append(Control(line=line, commodities=goods, origin=row["from"], checked_on=checked, **words, **numbers))
    if faults:
        raise DataError(faults=faults)
    return tuple(found)


def _faults(row: Mapping[str, str]) -> list[tuple[str, str, str]]:
    wrong = [(key, "is empty", "Fill it in.") for key in ("chain", "good", "from", "to", "source") if not row[key]]
    for key, text in (("period", row["period"]), ("before", row["before"] or "2000")):
        try:
            span_of(text)
        except ValueError:
            wrong.append((key, "is no period", "Write 2025, 2025-03 or 2025-01/2025-06."))
    for key in _NUMBERS:
        try:
            if row[key] and not 0 <= float(row[key]) < np.inf:
                wrong.append((key, "must be 0 or more", "Correct it."))
        except ValueError:
            wrong.append((key, "is no number", "Correct it."))
    try:
        last_day(row["checked_on"])
    except ValueError:
        wrong.append(("checked_on", "is no date", "Write the day on which the source was read."))
    if row["quality"] not in QUALITY:
        rule = checks.told("unknown word", row["quality"], QUALITY)
        wrong.append(("quality", rule, checks.listed(QUALITY)))
    if not row["t"] and not row["share"]:
        wrong.append(("t", "is empty, and so is share", "Give one of the two."))
    elif row["t"] and row["share"]:
        wrong.append(("share", "stands beside t", "Keep one of the two: with before_t the share follows from t."))
    return wrong


def newest(rows: Iterable[Control], rule: Rule) -> Control | None:
    """Return the row that tells best how a rule works: of those of six months or more whose period before precedes the
    rule the one that ends last, then the longest, then the best in quality, then the smallest share.
    """  # noqa: D205
    begins = first_day(rule.in_force)
    fit = [
        row
        for row in rows
        if row.months >= LEAST_MONTHS and row.before and span_of(row.before)[1] < begins
        if not np.isnan(row.share_of_before)
    ]
    if not fit:
        return None
    return min(
        fit, key=lambda row: (-row.ends.toordinal(), -row.months, QUALITY.index(row.quality), row.share_of_before)
    )


def base_tpa(network: Network, row: Control) -> float:
    """Return the baseline flow of a row's goods from its origin to its destination, t/yr, as the tables were read."""
    tables = network.as_read
    edges, nodes = tables["edges"], tables["nodes"]
    at_home = network.in_countries(nodes, [row.origin], "from")
    there = ~at_home if row.to == EVERYWHERE else network.in_countries(nodes, [row.to], "to")
    hit = edges["commodity"].isin(row.commodities) & edges["source"].isin(nodes["id"][at_home])
    flows = edges.loc[hit & edges["target"].isin(nodes["id"][there]), "flow_tpa"]
    return float(flows.sum())


def share_of_base(network: Network, row: Control, argument: str) -> Share:
    """Return what a row leaves of a network's baseline flow.

    The share of the period before is the share of the baseline where that period lies in the base year. Else it is
    brought to the baseline by tonnes: share x tonnes a year before / baseline flow.

    Raises
    ------
    DataError
        If the row holds no tonnes of the period before, or the network no baseline flow of its goods.
    """
    flow, factor, how = base_tpa(network, row), 1.0, f"of {row.before}, the base year"
    first, last = span_of(row.before)
    if not (first.year == last.year == network.year):
        where = f"{argument}: {CONTROLS} row {row.line} ({row.good}, {row.period})"
        if np.isnan(row.before_tpa):
            raise DataError(
                f"{where}: before_t is empty and {row.before} is not the base year, {network.year}. "
                "Write a number as share, or fill before_t in."
            )
        if flow <= 0:
            raise DataError(
                f"{where}: {network.name} has no baseline flow of {', '.join(row.commodities)} from {row.origin}. "
                "Fill flow_tpa, or write a number as share."
            )
        factor = row.before_tpa / flow
        how = f"x {exact(row.before_tpa)} t/yr of {row.before} / {exact(flow)} t/yr of the table"
    words = f"{exact(row.share_of_before, 3)} {how}"
    if row.share_of_before * factor > 1:
        words += "; more than before the rule, so nothing is held back from the baseline flow"

    def at_most_one(part: float) -> float:
        return part if np.isnan(part) else float(min(1.0, part * factor))

    return Share(row, at_most_one(row.share_of_before), at_most_one(row.low), at_most_one(row.high), flow, words)


def shares_of(network: Network, measure: Mapping[str, Any], argument: str) -> list[tuple[list[str], Share]]:
    """Return the shares that a measure with ``share = "controls"`` takes: its commodities, those of one row together.

    A row counts for the one destination that the measure names, or where there is none for it, to everywhere.

    Raises
    ------
    DataError
        If the rule is unknown or has no date, or a commodity has no row that may be used.
    """
    rule = rule_named(measure["rule"], argument, network)
    if not rule.in_force:
        raise DataError(f'{argument}: rule "{rule.id}" has no date from which it is in force. Write a number as share.')
    origin, destination = (_only_country(measure.get(key, {})) for key in ("from", "to"))
    found: dict[int, tuple[list[str], Control]] = {}
    for good in listed(measure["commodity"]):
        rows = [row for row in control_rows() if good in row.commodities and row.origin == origin]
        row = newest([one for one in rows if one.to == destination], rule) or newest(
            [one for one in rows if one.to == EVERYWHERE], rule
        )
        if row is None:
            raise _lacking(good, origin, rule, argument)
        found.setdefault(row.line, ([], row))[0].append(good)
    return [(goods, share_of_base(network, row, argument)) for goods, row in found.values()]


def with_numbers(
    network: Network, measures: Sequence[Mapping[str, Any]], name: str
) -> list[tuple[int, Mapping[str, Any], Share | None]]:
    """Return measures with their place and a number as share; one that takes several rows of customs becomes several.

    The third is what customs show, None where the measure has a number of its own.
    """
    found: list[tuple[int, Mapping[str, Any], Share | None]] = []
    for number, measure in enumerate(measures):
        if not takes_customs(measure):
            found.append((number, measure, None))
            continue
        part = float(measure.get("severity", 1.0))
        for goods, share in shares_of(network, measure, f"{name}: measures[{number}] {measure['kind']}"):
            left = {key: value for key, value in measure.items() if key != "severity"}
            value = share.value if part == 1.0 else 1.0 - part * (1.0 - share.value)
            found.append((number, with_share({**left, "commodity": goods}, value), share))
    return found


def ranged(
    network: Network, measures: Sequence[Mapping[str, Any]], written: Sequence[Mapping[str, Any]], name: str
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return measures whose shares from customs are parameters with their range, and these parameters.

    ``written``: the same measures as a file has them, with the names of other parameters in their places. A share
    without a range, and part of a cut, is a number.
    """
    names: dict[int, str] = {}
    parameters: dict[str, dict[str, Any]] = {}
    found = []
    for number, measure, share in with_numbers(network, measures, name):
        if share is None:
            found.append(dict(written[number]))
            continue
        row, new = share.row, dict(measure)
        if not np.isnan([share.low, share.high]).any() and "severity" not in measures[number]:
            to = "" if row.to == EVERYWHERE else f"_{row.to}"
            taken = {one for line, one in names.items() if line != row.line}
            stem = f"share_{row.commodities[0]}{to}"
            names.setdefault(row.line, stem if stem not in taken else f"{stem}_{row.line}")
            low, high = min(share.low, share.value), max(share.high, share.value)
            note = f"{share.words}; customs of {row.period}"
            parameters[names[row.line]] = {"value": share.value, "low": low, "high": high, "note": note}
            new = with_share({**measures[number], "commodity": measure["commodity"]}, f"${names[row.line]}")
        found.append(new)
    return found, parameters


def _only_country(where: Mapping[str, Any]) -> str:
    """Return the one country or group that a condition names; blank where it names several, or something else."""
    words = listed(where.get("country", []))
    return words[0] if len(words) == 1 and set(where) == {"country"} else ""


def _lacking(good: str, origin: str, rule: Rule, argument: str) -> DataError:
    known = sorted({one for row in control_rows() for one in row.commodities})
    return DataError(
        f'{argument}: share: {CONTROLS} has no row of "{good}" from {origin or "one country"} for rule "{rule.id}": '
        f"{checks.told(f'{LEAST_MONTHS} months or more, with a period before {rule.in_force}', good, known, '.')} "
        "Name only commodities that have one (chainnet.controls() lists them), or write a number as share and say in "
        "a comment why."
    )


def freshness(rows: Sequence[Control], day: date) -> str:
    """Return in one line how old the newest row of the table is at a day; blank without rows."""
    ends = max((row.ends for row in rows), default=None)
    if ends is None:
        return ""
    age = (day.year - ends.year) * 12 + day.month - ends.month
    if age < 0:
        return f"The newest customs figures of its goods end in {ends:%Y-%m}, after {day}."
    return f"The newest customs figures of its goods end in {ends:%Y-%m}, {age} month{'s' * (age != 1)} before {day}."


def table_of(network: Network | None) -> pd.DataFrame:
    """Return the rows as a table; with a network those of its goods, and what each leaves of its baseline flow."""
    rows = control_rows()
    if network is not None:
        goods = set(network.commodities["id"])
        rows = tuple(row for row in rows if row.chain in chains_of(network.name) or goods & set(row.commodities))
    table = pd.DataFrame(
        [
            (row.chain, row.good, "; ".join(row.commodities), row.origin, row.to, row.period, row.months, row.t,
             row.share_of_before, row.low, row.high, row.before, row.before_t, row.quality, row.source,
             row.checked_on, row.note)
            for row in rows
        ],
        columns=["chain", "good", "commodity", "from", "to", "period", "months", "t", "share", "low", "high",
                 "before", "before_t", "quality", "source", "checked_on", "note"],
    )  # fmt: skip
    if network is None:
        return table
    shares = [_share_or_none(network, row) for row in rows]
    place = table.columns.get_loc("before")
    columns = {"share": "value", "low": "low", "high": "high", "tpa": "base_tpa"}
    for shift, (name, attribute) in enumerate(columns.items()):
        values = [np.nan if one is None else getattr(one, attribute) for one in shares]
        table.insert(int(place) + shift, f"base_{name}", np.array(values, dtype=float))  # type: ignore[arg-type]
    return table


def _share_or_none(network: Network, row: Control) -> Share | None:
    if not set(row.commodities) & set(network.commodities["id"]) or np.isnan(row.share_of_before):
        return None
    try:
        return share_of_base(network, row, "controls")
    except DataError:
        return None
