"""What a stockpile requirement bears: the stocks that cover a part of it, and the finding in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from chainnet.engine import PRINTED, Certificate
from chainnet.network import Network
from chainnet.results import SaidTable
from chainnet.scenario import Scenario
from chainnet.stress._months import Ask
from chainnet.words import (
    DEGREE_WORDS,
    NBSP,
    ORDER_WORDS,
    Amount,
    Drawn,
    country_name,
    in_sentence,
    is_known,
    nouns,
    readable_id,
    requirement_sentence,
    tonnes,
)


class Requirement(SaidTable):
    """What must be in stock, material by material, which says what covers it and what is to buy.

    A table like any other; what is cut from it is a plain table.

    Attributes
    ----------
    sentence : str
        What must be in stock for whom, which stocks give a part of it, what is to buy and at what cost.
    held : DataFrame
        The stocks on record, first what is drawn most of: id, holder, country, node, commodity.  stock_t, low_t,
        high_t : t that the scenario leaves of it, as the data have it and at the ends of its range.  quality.
        drawn_t : what is drawn of it so that no more than ``buy_t`` is to buy; of several ways the one that draws the
        fewest tonnes.  not_drawn : why nothing is drawn of it; empty where something is.
    certificate : Certificate
        The proof that no cheaper set than ``required_t`` does.
    """

    _metadata = ["sentence", "held", "certificate"]  # noqa: RUF012
    held: pd.DataFrame
    certificate: Certificate

    @classmethod
    def of(cls, table: pd.DataFrame, sentence: str, held: pd.DataFrame, proof: Certificate) -> Requirement:
        """Return a stamped table with its finding, the stocks and the proof."""
        made = cls(table)
        made.attrs = table.attrs
        made.sentence, made.held, made.certificate = sentence, held, proof
        return made


def requirement_words(
    table: pd.DataFrame, held: pd.DataFrame, scenario: Scenario | None, tiers: Sequence[str], ask: Ask
) -> str:
    """Return the finding of a requirement in words."""
    network = ask.network
    event = "in the baseline"
    if scenario is not None:
        event = f"through “{(scenario.label or readable_id(scenario.name)).rstrip('.')}”"
    demand = network.demand[ask.counting.rows & network.demand["tier"].isin(tiers).to_numpy()]["demand_tpa"].sum()
    how = [f"{tonnes(demand)} for {ask.months} {nouns('month', ask.months)}", DEGREE_WORDS[ask.reroute]]
    if ask.counting.rivals.any():
        how.append(ORDER_WORDS[ask.counting.order_name])
    if ask.projects:
        how.append(f"with {len(ask.projects)} {nouns('project', len(ask.projects))} on stream")
    least = PRINTED * max(table["required_t"].max(), 1.0) if len(table) else 0.0

    def amounts(column: str) -> list[Amount]:
        rows = table[table[column] > least].to_dict("records")
        return [
            Amount(row[column], material_words(network, row["commodity"]), row[column] * row["price_usd_per_t"])
            for row in rows
        ]

    drawn = [
        Drawn(
            holder_words(row),
            material_words(network, row["commodity"]),
            row["stock_t"],
            row["drawn_t"],
            row["low_t"] if row["low_t"] < row["stock_t"] else None,
        )
        for row in held[held["drawn_t"] > least].to_dict("records")
    ]
    idle = []
    for row in held[held["not_drawn"] != ""].to_dict("records"):
        what = material_words(network, row["commodity"])
        size = Amount(row["stock_t"], what) if row["stock_t"] > 0 else what
        idle.append(f"{holder_words(row)}, {size} ({row['not_drawn']})")
    # what is asked for itself is bought without a price too
    some = table["price_usd_per_t"].isna() & np.isfinite(table["alone_t"]) & ~(table["required_t"] > least)
    unpriced = [
        unpriced_good(network, row["commodity"], row["alone_t"])
        for row in table[some].sort_values("alone_t", kind="stable").to_dict("records")
    ]
    said = requirement_sentence(
        (tiers, event, ", ".join(how)), amounts("required_t"), drawn, amounts("buy_t"),
        amounts("buy_high_t"), idle, (amounts("required_low_t"), amounts("required_high_t")),
        unpriced, leaves_cover=not network.cover.empty,
    )  # fmt: skip
    asks = network.demand.loc[network.demand["demand_tpa"] > 0, "tier"].dropna()
    return said if set(asks) <= set(tiers) else f"{said} Other tiers may be short."


def unpriced_good(network: Network, commodity: str, size_t: float) -> str:
    """Return tonnes of a commodity without a price, and how to give it one."""
    return f"{Amount(size_t, material_words(network, commodity))} (--price {commodity}=USD_PER_T)".replace(NBSP, " ")


def material_words(network: Network, commodity: object) -> str:
    """Return the label of a commodity, else its id."""
    known = network.commodities.set_index("id")["label"]
    label = known.get(commodity)
    return str(label) if is_known(label) and label else str(commodity) if is_known(commodity) and commodity else "goods"


def holder_words(row: Mapping[Any, Any]) -> str:
    """Return who holds a stock, and where: its own name where nobody is named."""
    name = row["holder"] if is_known(row["holder"]) and row["holder"] else row["id"]
    return f"{name} in {in_sentence(country_name(str(row['country'])))}" if is_known(row["country"]) else str(name)
