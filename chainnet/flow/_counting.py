"""Whose tonnes count: settled once, at the public call, and handed down to every room below."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Bools, Words
from chainnet.errors import ChainnetWarning, DataError
from chainnet.flow._impossible import impossible_words
from chainnet.flow._order import (
    LAW_ONLY,
    VALUED,
    Asked,
    Covering,
    Kept,
    StageTable,
    Valued,
    contracts_of,
    covering,
    default_order,
    kept_order,
    name_of,
)
from chainnet.lowering import Restriction, stack
from chainnet.network import Network, check_network, say_unfed
from chainnet.words import NOBODY


class Said(TypedDict):
    """What a public call is told of whose tonnes count."""

    commodity: tuple[str, ...] | None
    beneficiaries: tuple[str, ...] | None


@dataclass(frozen=True)
class Counting:
    """Whose tonnes count in a network, and who is served first.

    Parameters
    ----------
    network : Network
    commodity : tuple of str, optional
        What counts.
    beneficiaries : tuple of str, optional
        Countries or groups whose demand counts.
    tier : str, optional
        Only this tier, as if it came first; None = all.
    order : {"allies_first", "allies_last", "alike", "law"} or StageTable
        When those are served who are no beneficiaries: after them, before them, or with them, nobody first; by law
        (also ``law_only``: only laws known to be in force), or as a table of stages says.
    impossible : str
        What no answer can mend, in words: demand that nothing reaches, recipes that make goods from nothing.

    Raises
    ------
    DataError
        If a commodity, tier or order is unknown; of a country or group when it is first looked for.

    Notes
    -----
    None is always the network's own default: its main commodities (all where it names none), its beneficiaries
    (everyone where it names none). Empty beneficiaries are everyone, whatever the network says.

    Two that ask the same of the same network are equal, so an answer can be kept under one. Rows are found once; they
    are rows of the demand table, or of the demand as it is lowered where the network has no such table.
    """

    network: Network
    commodity: tuple[str, ...] | None = None
    beneficiaries: tuple[str, ...] | None = None
    tier: str | None = None
    order: Kept = "allies_first"
    impossible: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_network(self.network)
        if self.order != LAW_ONLY:
            kept_order(self.order)
        if self.commodity is not None:
            check_commodities(self.network, self.commodity)
        check_tier(self.network, self.tier)

    @classmethod
    def of(
        cls,
        network: Network,
        commodity: Words = None,
        beneficiaries: Words = None,
        tier: str | None = None,
        order: Asked = "allies_first",
        *,
        said: bool = True,
    ) -> Counting:
        """Return what a call asks, in whatever form it names commodities, countries and the order.

        ``order`` None is the default of what serves somebody; see ``default_order``.
        Beneficiaries where nobody asks for anything are ``said``: all that is lost to them is nothing. So are plants
        that can give nothing, because what they need never reaches them.
        """
        check_network(network)
        whose = _tuple(beneficiaries)
        if order is None:
            order = default_order(network, network.beneficiaries if whose is None else whose)
        found = cls(network, _tuple(commodity), whose, tier, kept_order(order))
        if isinstance(found.order, StageTable):
            _ = found.stage  # its faults are those of the call
        if said and not network.gone:
            say_unfed(network, stacklevel=3)
            if words := impossible_words(network):
                if sure := impossible_words(network, only_sure=True):
                    warnings.warn(f"{network.name}: {sure}", ChainnetWarning, stacklevel=3)
                found = replace(found, impossible=words)
        if said and not network.gone and found.whose and not found.ours.any():
            warnings.warn(
                f"beneficiaries: no demand of {network.name} lies in {', '.join(found.whose)}, so every loss of theirs "
                f"is 0: {NOBODY}. Name countries where demand lies, or fill nodes.country of the end uses.",
                ChainnetWarning,
                stacklevel=3,
            )
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {part.name: getattr(self, part.name) for part in fields(self)}  # another thread may be finding rows

    def on(self, network: Network) -> Counting:
        """Return the same asked of another network."""
        return replace(self, network=network)

    def in_order(self, order: Kept) -> Counting:
        """Return the same with the others served at another time."""
        return self if order == self.order else replace(self, order=order)

    def first(self, tier: str | None) -> Counting:
        """Return the same of one tier, as if it came first."""
        return self if tier == self.tier else replace(self, tier=tier)

    @property
    def said(self) -> Said:
        """What a public call has to be told to count the same."""
        return {"commodity": self.commodity, "beneficiaries": self.beneficiaries}

    @property
    def commodities(self) -> tuple[str, ...] | None:
        """The commodities that count; None = all."""
        return (self.network.main_commodity or None) if self.commodity is None else self.commodity

    @property
    def whose(self) -> tuple[str, ...]:
        """Countries and groups whose demand counts; empty = everyone."""
        return self.network.beneficiaries if self.beneficiaries is None else self.beneficiaries

    @property
    def settings(self) -> dict[str, Any]:
        """What a result counts, for its provenance; when the others are served, where not after all."""
        return {
            "commodity": list(self.commodities) if self.commodities else "all",
            "beneficiaries": list(self.whose) or "all",
            **({} if self.order == "allies_first" else {"order": self.order_name}),
            **self._by_whom,
            **({"nobody": NOBODY} if self.is_nobodys else {}),
            **({"impossible": self.impossible} if self.impossible else {}),
        }

    @property
    def order_name(self) -> str:
        """The order in one word, ``stages`` where it is a table."""
        return name_of(self.order)

    @property
    def valuing(self) -> Counting:
        """The same in an order in which an exact method values plants: allies first where this is none such."""
        return self.in_order(self.value_order)

    @property
    def value_order(self) -> Valued:
        """The order of ``valuing``."""
        return self.order if self.order in VALUED else "allies_first"  # type: ignore[return-value]

    @property
    def _by_whom(self) -> dict[str, Any]:
        """What an order by law or by a table rests on."""
        if isinstance(self.order, StageTable):
            return {"stages": [list(row) for row in self.order.rows]}
        law = self.law
        if law is None:
            return {}
        digest = {"service_digest": law.digest} if law.digest else {}
        return {**digest, **({"service_unsure": list(law.unsure)} if law.unsure else {})}

    @cached_property
    def law(self) -> Covering | None:
        """Whom law or arrangement puts first; None where it is not asked."""
        return covering(self.network, self.order == LAW_ONLY) if self.order in ("law", LAW_ONLY) else None

    @property
    def contracts(self) -> tuple[Restriction, ...]:
        """Contracts in force, as bounds on what goes to other buyers; none where the order is not by law."""
        return contracts_of(self.network) if self.law is not None else ()

    def inside(self, table: pd.DataFrame, column: str = "country") -> Bools:
        """Return which rows of any table lie with the beneficiaries."""
        if not self.whose:
            return np.ones(len(table), dtype=bool)
        return self.network.in_countries(table, self.whose, "beneficiaries", column)

    # -- who asks ---------------------------------------------------------------------------------

    @cached_property
    def is_nobodys(self) -> bool:
        """Whether nobody whose demand counts asks for anything, so that every loss of theirs is nothing."""
        return not bool((self._demand["demand_tpa"][self.rows] > 0).any())

    def check_asked(self, call: str) -> None:
        """Raise DataError if nobody whose demand counts asks for anything."""
        if self.is_nobodys:
            raise DataError(f"{call}: {NOBODY}. Name other beneficiaries, goods or tiers.")

    # -- rows of demand ---------------------------------------------------------------------------

    @cached_property
    def rows(self) -> Bools:
        """Rows of demand whose tonnes count."""
        rows = self.anyone & self.ours
        return rows if self.tier is None else rows & self.tiers[self.tier]

    @cached_property
    def anyone(self) -> Bools:
        """Rows of demand whose tonnes would count whoever asks: of the commodities that count, of any tier."""
        return self._main(self._demand)

    @cached_property
    def ours(self) -> Bools:
        """Rows of demand that lie with the beneficiaries, whatever they ask for."""
        return self._ours(self._demand)

    @cached_property
    def covered(self) -> Bools:
        """Rows of demand of beneficiaries whom law or arrangement puts first."""
        law = self.law
        assert law is not None, "no order by law"
        place = self.places
        no_country = place["country"].isna() & place["region"].isin(law.regions)
        return np.asarray((place["country"].isin(law.countries) | no_country).to_numpy(dtype=bool) & self.ours)

    @cached_property
    def stage(self) -> tuple[Any, list[float]]:
        """Stage of each row of demand in a table of stages, NaN where it names none, and the stages in their order."""
        assert isinstance(self.order, StageTable), "no table of stages"
        return self.order.stage_of(self.network, self.places, self._demand["tier"], self.anyone)

    @cached_property
    def places(self) -> pd.DataFrame:
        """Country and region of each row of demand."""
        plants = self.network.plants.set_index("id")[["country", "region"]]
        return plants.reindex(self._demand["node"]).reset_index(drop=True)

    @cached_property
    def tiers(self) -> dict[str, Bools]:
        """Rows of demand of each tier in its order, and under "" those without a tier."""
        tier = self._demand["tier"].fillna("").to_numpy(dtype=object)
        return {name: tier == name for name in (*self.network.tier_order, "")}

    @cached_property
    def valued(self) -> Bools:
        """Rows of demand whose tonnes make up a value: those that count, or with nobody first those of all."""
        if self.order != "alike":
            return self.rows
        return self.anyone if self.tier is None else self.anyone & self.tiers[self.tier]

    @cached_property
    def rivals(self) -> Bools:
        """Rows of demand of the others, of whatever tier."""
        return self.anyone & ~self.ours

    @property
    def first_tier(self) -> str | None:
        """The tier that is served first; None if nobody who counts asks in it."""
        first = self.network.tier_order[0]
        return first if bool((self.network.view("demand")["tier"][self.rows] == first).any()) else None

    def rows_of(self, demand: pd.DataFrame) -> Bools:
        """Return which rows of a table of node, commodity and tier count.

        A row without a tier is a host product and never counts, unless no row has a tier.
        """
        rows = self._main(demand) & self._ours(demand)
        return rows if self.tier is None else rows & np.asarray(demand["tier"] == self.tier, dtype=bool)

    @cached_property
    def _demand(self) -> pd.DataFrame:
        demand = self.network.view("demand")
        return stack(self.network).asked if demand.empty else demand

    def _main(self, demand: pd.DataFrame) -> Bools:
        has_tier = np.asarray(demand["tier"].notna())
        rows = has_tier if has_tier.any() else ~has_tier
        commodities = self.commodities
        return rows if commodities is None else rows & np.asarray(demand["commodity"].isin(commodities))

    def _ours(self, demand: pd.DataFrame) -> Bools:
        if not self.whose:
            return np.ones(len(demand), dtype=bool)
        plants = self.network.plants
        inside = pd.Series(self.inside(plants), index=plants["id"])
        return np.asarray(inside.reindex(demand["node"]), dtype=bool)


def _tuple(words: Words) -> tuple[str, ...] | None:
    return None if words is None else (words,) if isinstance(words, str) else tuple(words)


def check_commodities(network: Network, commodities: tuple[str, ...]) -> None:
    """Raise DataError if a commodity flows nowhere in the network."""
    known = set(network.view("edges")["commodity"].dropna()) | set(network.view("demand")["commodity"].dropna())
    known |= set(network.view("commodities")["id"].dropna())
    for word in commodities:
        checks.known(word, known, "commodity", "commodity", "" if known else "The one commodity here has no name.")


def check_tier(network: Network, tier: str | None) -> None:
    """Raise DataError if the network has no such tier."""
    if tier is not None:
        checks.known(tier, network.tier_order, "tier", "tier")
