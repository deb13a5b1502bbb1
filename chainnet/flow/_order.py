"""Who is served when: the words for it, tables of stages, whom a law or an arrangement puts first, contracts.

Words: *order* (who is served first where not all can be), *stage* (demand rows that are served together), *covered* (a
country that law or arrangement puts first).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools
from chainnet.errors import DataError, Fault
from chainnet.lowering import Restriction
from chainnet.network import Network, common_table, contracts_in_force, day_of, first_day, kept, last_day

Order = Literal["allies_first", "allies_last", "alike", "law"]
ORDERS = ("allies_first", "allies_last", "alike", "law")
VALUED = ("allies_first", "allies_last", "alike")  # those in which an exact method values plants
LAW_ONLY = "law_only"  # of the rows of service only laws known to be in force: a variation, no public word
STAGES = "stages"  # what an answer says where a table of stages was asked
# whether what serves somebody is asked by law where nobody says in which order
LAW_BY_DEFAULT = True
_COLUMNS = ("stage", "country", "tier")


@dataclass(frozen=True)
class StageTable:
    """A table of stages as it is kept: rows of stage, country (code, group or region) and tier; blank = all."""

    rows: tuple[tuple[float, str, str], ...]

    @classmethod
    def of(cls, table: pd.DataFrame) -> StageTable:
        """Return a table of stages, its cells checked by themselves.

        Raises
        ------
        DataError
            With every column that is unknown or missing and every stage that is no number.
        """
        faults = [
            Fault("order", None, str(c), "", checks.told("unknown column", c, _COLUMNS), checks.listed(_COLUMNS))
            for c in table.columns
            if c not in _COLUMNS
        ]
        if "stage" not in table.columns:
            faults.append(Fault("order", None, "stage", "", "required column is missing", "Add the column."))
        elif table.empty:
            faults.append(Fault("order", None, "stage", "", "the table has no rows", "Name a stage, or give a word."))
        if faults:
            raise DataError(faults=faults)
        number = pd.to_numeric(table["stage"], errors="coerce").to_numpy(dtype=float)
        for row in np.flatnonzero(~np.isfinite(number)).tolist():
            value = str(table["stage"].iloc[row])
            faults.append(Fault("order", row + 2, "stage", value, "no number", "Write 1, 2, ...: lowest first."))
        if faults:
            raise DataError(faults=faults)
        words = [
            table[c].fillna("").astype(str).str.strip() if c in table.columns else pd.Series("", index=table.index)
            for c in _COLUMNS[1:]
        ]
        return cls(tuple(zip(number.tolist(), *(w.tolist() for w in words), strict=True)))

    def stage_of(self, network: Network, place: pd.DataFrame, tier: pd.Series, asks: Bools) -> tuple[Any, list[float]]:
        """Return the stage of each row of demand, NaN where none names it, and the stages in their order.

        Parameters
        ----------
        network : Network
        place : DataFrame
            country and region of each row.
        tier : Series
            Tier of each row.
        asks : boolean array
            Rows that stages are made of.

        Raises
        ------
        DataError
            With every country and tier that is unknown, and every row that names demand which stands in a stage.
        """
        faults: list[Fault] = []
        found = np.full(len(tier), np.nan)
        named = np.zeros(len(tier), dtype=np.int64)
        for line, (stage, country, word) in enumerate(self.rows, 2):
            hit = asks.copy()
            if word and word not in network.tier_order:
                rule = checks.told("unknown tier", word, network.tier_order)
                faults.append(Fault("order", line, "tier", word, rule, checks.listed(network.tier_order)))
                continue
            if word:
                hit &= (tier == word).to_numpy()
            try:
                hit &= _lies(network, place, country) if country else True
            except DataError as err:
                rule = "neither a country nor a known group"
                faults.append(Fault("order", line, "country", country, rule, str(err).partition(": ")[2]))
                continue
            if (hit & (named > 0)).any():
                first = int(named[hit & (named > 0)].min())
                words = " / ".join(said for said in (country, word) if said)
                rule = f"demand of it stands in row {first} already"
                faults.append(Fault("order", line, "country", words, rule, "Name each once; blank means all."))
            found[hit], named[hit] = stage, line
        if faults:
            raise DataError(faults=faults)
        return found, sorted({stage for stage, *_ in self.rows})


def _lies(network: Network, place: pd.DataFrame, word: str) -> Bools:
    """Return which places lie in a country, a group or a region of any name."""
    if word not in network.groups_known and (place["region"] == word).any():
        return np.asarray(place["country"].isna() & (place["region"] == word))
    return network.in_countries(place, [word], "order")


Valued = Literal["allies_first", "allies_last", "alike"]
Kept = Order | Literal["law_only"] | StageTable
Asked = Kept | pd.DataFrame | None  # what a public call takes; None = its default


def kept_order(order: object) -> Kept:
    """Return an order as it is kept, whatever a public call was given; see ``StageTable.of`` for a table.

    Raises
    ------
    DataError
        If it is neither a word for an order nor a table of stages.
    """
    if isinstance(order, StageTable):
        return order
    if isinstance(order, pd.DataFrame):
        return StageTable.of(order)
    word = order if isinstance(order, Hashable) else type(order).__name__
    checks.known(word, ORDERS, "order", "order", "Or a DataFrame of stages: stage, country, tier.")
    return word  # type: ignore[return-value]


def name_of(order: Kept) -> str:
    """Return what an answer says of its order, in one word."""
    return STAGES if isinstance(order, StageTable) else order


def default_order(network: Network, beneficiaries: tuple[str, ...]) -> Order:
    """Return the order in which a call serves where nobody says: by law if a beneficiary is covered, else allies first.

    Parameters
    ----------
    network : Network
    beneficiaries : tuple of str
        Countries or groups; empty = everyone, and nobody is first.
    """
    if not (LAW_BY_DEFAULT and beneficiaries):
        return "allies_first"
    ours = network.resolve(beneficiaries, "beneficiaries")[0]
    return "law" if ours & covering(network, False).countries else "allies_first"


def valued_order(order: object, call: str) -> Valued:
    """Return the order of a call that values: allies first, last or alike.

    Raises
    ------
    DataError
        If it is by law, or a table of stages: no exact method values a plant in these.
    """
    rule = "no exact method says what is lost or won of what stages leave, stage by stage"
    remedy = "Ask with allies_first (the most that can be served to the beneficiaries), allies_last or alike"
    return _one_of(VALUED, order, call, rule, remedy)  # type: ignore[return-value]


def _one_of(words: tuple[str, ...], order: object, call: str, rule: str, remedy: str) -> str:
    """Return an order that is one of those for which a call has an exact method."""
    found = kept_order(order)
    if found not in words:
        said = "a table of stages" if isinstance(found, StageTable) else f'"{found}"'
        end = "balance and stress_test say who is short by law."
        raise DataError(f"{call}: order={said}: {rule}. {remedy}; {end}")
    return str(found)


@dataclass(frozen=True)
class Covering:
    """Whom law or arrangement puts first at a date.

    ``countries``: those covered; ``regions``: names of groups whose rows without a country are covered, one of their
    members being so; ``unsure``: instruments of which it is not known whether they ended; ``digest``: of the table of
    every graph, "" where the network has one of its own; ``rows``: what counted.
    """

    countries: frozenset[str]
    regions: frozenset[str]
    unsure: tuple[str, ...]
    digest: str


@kept(4)
def covering(network: Network, is_law_only: bool) -> Covering:
    """Return whom law or arrangement puts first at the date at which a network stands.

    A country is covered if one of its rows is ``law`` or ``arrangement``, has begun and is not known to have ended; a
    row whose last day has passed and of which no source says what followed (``after`` blank) counts. Without a date
    nothing has begun late or ended.

    Parameters
    ----------
    network : Network
        Its own table ``service`` if it has rows, else that of every graph.
    is_law_only : bool
        Only rows ``law`` that are known to be in force.

    Raises
    ------
    DataError
        With every fault of the table of every graph.
    """
    table, digest = network.view("service"), ""
    if table.empty:
        table, digest = common_table("service")
    as_of = network.as_of
    day = None if as_of is None else day_of(as_of)
    words, unsure = set[str](), list[str]()
    columns = ("country", "instrument", "binding", "from", "until", "after")
    cells = table[list(columns)].astype(object).where(table[list(columns)].notna(), "")
    for row in cells.itertuples(index=False, name=None):
        country, instrument, binding, begins, until, after = map(str, row)
        ended = _ended(until, after, day)
        if binding == "none" or (is_law_only and binding != "law") or ended == "yes":
            continue
        if begins and day is not None and first_day(begins) > day:
            continue
        if ended == "unknown":
            if is_law_only:
                continue
            unsure.append(f"{country}: {instrument} (until {until})")
        words.add(country)
    countries, _ = network.resolve(sorted(words), "service: country")
    regions = {name for name, members in network.groups_known.items() if members & countries}
    return Covering(countries, frozenset(regions), tuple(unsure), digest)


def _ended(until: str, after: str, day: date | None) -> str:
    """Say whether what lasts ``until`` has ended at a day: yes, no or unknown."""
    if not until or day is None or last_day(until) >= day:
        return "no"
    return {"ended": "yes", "works": "no"}.get(after, "unknown")


@kept(1)
def contracts_of(network: Network) -> tuple[Restriction, ...]:
    """Return the contracts in force at the date at which a network stands, as bounds on what goes to other buyers.

    Raises
    ------
    DataError
        With every row whose supplier puts out no such good, or whose share cannot be found.
    """
    plants, edges, found = network.plants, network.view("edges"), list[Restriction]()
    ids = plants["id"]
    for row in contracts_in_force(network).to_dict("records"):
        if row["share"] <= 0:
            continue
        outside = ~network.in_countries(plants, [row["for"]], "contracts: for")
        out = (edges["source"] == row["supplier"]) & edges["target"].isin(set(ids[outside]))
        out &= edges["commodity"].fillna("") == row["commodity"]
        mine = (ids == row["supplier"]).to_numpy()
        found.append(Restriction(out.to_numpy(), 0.0, mine, outside, (row["commodity"],), part=1.0 - row["share"]))
    return tuple(found)
