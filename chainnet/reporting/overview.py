"""The overview of several chains as a page, and as a table in Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pandas as pd

from chainnet.indicators import SET_BY_US
from chainnet.results import origin_of, package_version
from chainnet.words import NBSP, country_name, first_capital, is_missing, percent, whole

# the strip of a share, pixels
WIDTH, HEIGHT, BAR, LEAST = 132, 12, 6, 3
# shares nearer than this are said as one
APART = 0.005
STRIP = {"width": WIDTH, "height": HEIGHT, "bar": BAR}
NOTE = (
    "Shortfall: the part of a tier's demand that the restriction alone leaves unmet in a steady year. It counts "
    "the plants that the first column names, existing trade links and no stocks; allied users are served first. "
    "In brackets: the least and the most over other judgements, one at a time (nobody first, new suppliers, low "
    "or high demand, more or fewer inferred links). If last: the stress test in which all others are served "
    "first, where it lies outside the range. In force: all rules in force, together. First month, bottleneck and "
    "remedy are those of the tier that is named; months count from the first measure. Depends on: each plant "
    "without which the share leaves its range, then what else changes its class most, and how many more do; "
    "chainnet overview --table details lists them all."
)


@dataclass(frozen=True)
class Share:
    """A share of demand that goes short, and its ends, in words and as a strip: x and width in pixels."""

    tier: str
    words: str
    ends: str
    left: float
    width: float
    tick: float

    @classmethod
    def between(cls, tier: str, low: float, stated: float, high: float, last: float = math.nan) -> Share:
        """Return a share and its range; ``last``: if all others are served first, said where it lies outside."""
        left, width = WIDTH * low, max(WIDTH * (high - low), LEAST)
        return cls(
            tier,
            percent(stated),
            _range(low, stated, high, last),
            round(min(left, WIDTH - width), 1),
            round(width, 1),
            round(min(max(WIDTH * stated, 1.0), WIDTH - 1.0), 1),
        )


@dataclass(frozen=True)
class Line:
    """One restriction of a chain: what it leaves short, and of the tier that it speaks of the rest, in words."""

    chain: str
    restriction: str
    scenario: str
    shares: dict[str, Share]
    tier: str
    first: str
    neck: str
    closes: str
    hinges: tuple[str, ...]
    brief: str
    assumed: str


def overview_markdown(table: pd.DataFrame) -> str:
    """Return an overview as a table in Markdown.

    Parameters
    ----------
    table : DataFrame
        ``overview`` with details.

    Returns
    -------
    str
        Ends with a line end. What comes from the data is escaped: it makes no column, link, image or HTML.
    """
    tiers = _tiers(table)
    heads = ["chain", "restriction", *(f"{tier} shortfall" for tier in tiers)]
    heads += ["first month", "bottleneck", "what closes it", "depends on", "inputs assumed"]
    rows = [heads, ["---"] * len(heads)]
    for line in _lines(table):
        shares = [f"{line.shares[t].words} {line.shares[t].ends}" if t in line.shares else "" for t in tiers]
        rest = [f"{line.tier}: {line.first}", line.neck, line.closes, line.brief, line.assumed]
        rows.append([marked(c) for c in (line.chain, f"{line.restriction}: {line.scenario}", *shares, *rest)])
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{text}\n\n{NOTE}\n".replace(NBSP, " ")


def overview_page(table: pd.DataFrame) -> str:
    """Return an overview as one HTML page without scripts, which asks for nothing but itself.

    Parameters
    ----------
    table : DataFrame
        ``overview`` with details.

    Returns
    -------
    str
        The same table gives the same text.
    """
    from jinja2 import Environment, StrictUndefined

    shell = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = files("chainnet.reporting.formats").joinpath("overview.html.j2").read_text(encoding="utf-8")
    lines = list(_lines(table))
    chains = list(dict.fromkeys(line.chain for line in lines))
    digests = {one["graph"]: one["digest"][:12] for one in origin_of(table).get("settings", {}).get("chains", [])}
    return shell.from_string(source).render(
        chains=[(name, [line for line in lines if line.chain == name]) for name in chains],
        tiers=_tiers(table),
        note=NOTE,
        digests=digests,
        version=package_version(),
        strip=STRIP,
    )


def _tiers(table: pd.DataFrame) -> list[str]:
    """Return the tiers of all chains, each once, in their order."""
    return list(dict.fromkeys(table["tier"].tolist()))


def _lines(table: pd.DataFrame) -> Iterator[Line]:
    """Yield a line a chain and restriction."""
    for _, rows in table.groupby(["chain", "restriction"], sort=False):
        short = rows[rows["unmet_share"] > 0]
        said = (short if len(short) else rows).iloc[0]
        year = "" if is_missing(said["year"]) else f", plants of {whole(said['year'])}"
        year += "" if is_missing(said["as_built"]) else f" and those opened by {whole(said['as_built'])}"
        yield Line(
            f"{said['chain']}{year}",
            str(said["restriction"]),
            str(said["scenario_label"]),
            {str(row["tier"]): _share(row) for _, row in rows.iterrows()},
            str(said["tier"]),
            "never short" if is_missing(said["first_month"]) else f"month {whole(said['first_month'])}",
            _neck(said),
            str(said["closes"]) + ("" if is_missing(said["closes_year"]) else f", from {whole(said['closes_year'])}"),
            _hinges(rows, str(said["tier"])),
            _brief(rows),
            percent(said["assumed_share"]),
        )


def _share(row: pd.Series) -> Share:
    return Share.between(str(row["tier"]), *(float(row[f"unmet_{end}share"]) for end in ("low_", "", "high_", "last_")))


def _range(low: float, stated: float, high: float, last: float) -> str:
    """Return the range in brackets; nothing where it says no more than the share itself."""
    parts = [_if_last(last, low, high).removeprefix("; ")]
    if {percent(low), percent(high)} != {percent(stated)}:
        parts.insert(0, f"{percent(low).removesuffix(NBSP + '%')} to {percent(high)}")
    words = "; ".join(filter(None, parts))
    return f"({words})" if words else ""


def _if_last(last: float, low: float, high: float) -> str:
    """Return what is left short if all others are served first, where that is more or less than the range."""
    return f"; {percent(last)} if last" if last > high + APART or last < low - APART else ""


def _neck(row: pd.Series) -> str:
    if not row["neck_step"]:
        return f"no step abroad costs {row['tier']} anything"
    ours = " (set by us)" if row["neck_basis"] == SET_BY_US else ""
    share = "" if is_missing(row["neck_share"]) else f", which makes {percent(row['neck_share'])}{ours}"
    return first_capital(f"{row['neck_step']} in {country_name(row['neck_country'])}{share}")


def _hinges(rows: pd.DataFrame, said: str) -> tuple[str, ...]:
    """Return on what the first tier and that which is spoken of hinge; of others what alone leaves the ends."""
    first, out = str(rows["tier"].iloc[0]), []
    for _, row in rows.iterrows():
        tier = str(row["tier"])
        words = row["hinges_on"] or "nothing that was asked" if tier in (first, said) else row["past_ends"]
        out += [f"{first_capital(tier)}: {words}."] if words else []
    return tuple(out)


def _brief(rows: pd.DataFrame) -> str:
    """Return the first thing on which the first tier hinges, and how many more; and what leaves any tier's ends."""
    first = rows.iloc[0]
    named, *rest = str(first["hinges_on"] or "nothing that was asked").split("; ")
    more = re.fullmatch(r"and (\d+) more", rest[-1]) if rest else None
    left = len(rest) - 1 + int(more[1]) if more else len(rest)
    named = str(first["past_ends"]) or named
    left -= named.count("; ")
    told = [f"{first_capital(str(first['tier']))}: {named}{f'; and {left} more' if left > 0 else ''}."]
    others = rows[1:][rows["past_ends"][1:] != ""]
    told += [f"{first_capital(str(row['tier']))}: {row['past_ends']}." for _, row in others.iterrows()]
    return " ".join(told)


def marked(text: Any) -> str:
    """Return text that Markdown shows as it stands, on one line."""
    flat = "".join(c if c.isprintable() else " " for c in str(text))
    return re.sub(r"([\\`*_{}\[\]<>|#~&])", r"\\\1", flat)
