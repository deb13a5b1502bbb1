"""The judgements of a forecast and their levels: favourable, central, adverse; one at a time, and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal

import pandas as pd

from chainnet.flow import Asked, Counting, Shipped
from chainnet.hindsight._event import Event, has_phases
from chainnet.network import Network
from chainnet.stress import Ask, End

FAVOURABLE, CENTRAL, ADVERSE = -1, 0, 1
SIDES = {FAVOURABLE: "favourable", ADVERSE: "adverse"}
JUDGEMENTS = ("degree", "order", "cover", "rush", "licence", "scope")
ORDERS = ("allies_first", "law", "alike")
# so long does no new supplier qualify: only pairs of countries that traded before open, after the road
NOT_IN_TIME = 1e4
# weeks that users hold at the favourable end where a chain has no table of them
NO_TABLE_WEEKS = 13.0
_COVER: dict[str, dict[int, End]] = {
    "tier": {FAVOURABLE: "high", CENTRAL: "stated", ADVERSE: "low"},
    "anyone": {FAVOURABLE: "stated", CENTRAL: "low", ADVERSE: "none"},
}
_RUSH: dict[int, End] = {FAVOURABLE: "high", CENTRAL: "stated", ADVERSE: "low"}


@dataclass(frozen=True)
class Setting:
    """What a member of a forecast asks with; two that are equal are solved once."""

    degree: Literal["free", "path", "existing"]
    order: str
    cover: End
    rush: End
    licence: int
    scope: int


@dataclass(frozen=True)
class Member:
    """A setting, its band (central, narrow, wide, flows) and what it varies, such as ``cover:low``."""

    setting: Setting
    band: str
    name: str


def members_of(event: Event, who: str) -> Iterator[Member]:
    """Yield the members of a forecast, the central one first; a judgement that the event does not have is left out.

    ``who``: "tier", or "anyone", the first to be short: then users hold less, and of the judgements only those count
    that move an onset (degree, cover, licence). For flows also both degrees of rerouting with both ends of the licence,
    under each of the orders.
    """
    default = Counting.of(event.network, order=None, said=False).order
    default = default if isinstance(default, str) else "law"
    has_licence = event.under(FAVOURABLE).measures != event.under(ADVERSE).measures
    has_scope = any("also" in measure for measure in event.measures)
    has_rush = event.notice_days > 0 and any(map(has_phases, event.measures))
    levels: dict[str, dict[int, Any]] = {
        "degree": {FAVOURABLE: "free", ADVERSE: "existing"},
        "order": {FAVOURABLE: "allies_first", ADVERSE: "alike"},
        "cover": {side: _COVER[who][side] for side in (FAVOURABLE, ADVERSE)},
        "rush": {side: _RUSH[side] for side in (FAVOURABLE, ADVERSE)} if has_rush else {},
        "licence": {FAVOURABLE: FAVOURABLE, ADVERSE: ADVERSE} if has_licence else {},
        "scope": {FAVOURABLE: 0, ADVERSE: 1} if has_scope else {},
    }
    middle = Setting("path", default, _COVER[who][CENTRAL], "stated", 0, 0)
    yield Member(middle, "central", "central")
    for judgement in JUDGEMENTS if who == "tier" else ("degree", "cover", "licence"):
        for side, level in levels[judgement].items():
            setting = replace(middle, **{judgement: level})
            if setting != middle:
                yield Member(setting, "narrow", f"{judgement}:{level if isinstance(level, str) else SIDES[side]}")
    orders: tuple[str, ...] = ORDERS if default == "law" else ORDERS[::2]
    orders = orders if who == "tier" else (default,)
    for side, word in SIDES.items():
        every = {name: by[side] for name, by in levels.items() if side in by}
        for order in orders:
            yield Member(replace(middle, **{**every, "order": order}), "wide", f"all {word}, {order}")
    if has_licence and who == "tier":
        degrees: tuple[Literal["free", "existing"], ...] = ("free", "existing")
        for degree, order, (side, word) in product(degrees, orders, SIDES.items()):
            setting = replace(middle, degree=degree, order=order, licence=side)
            yield Member(setting, "flows", f"{degree}, {order}, licence:{word}")


def networks_of(network: Network) -> Mapping[str, Network]:
    """Return the network as each degree of rerouting asks it."""
    table = network.qualification
    slow = table.assign(months=NOT_IN_TIME, low=float("nan"), high=float("nan"))
    return {
        "existing": network,
        "path": network.with_table("qualification", slow),
        "free": network.with_table("qualification", table.iloc[:0]),
    }


def ask_of(event: Event, network: Network, setting: Setting, horizon: int, shipped: Sequence[Shipped]) -> Ask:
    """Return the question about the months under a setting; ``network``: as its degree asks it."""
    order: Asked = setting.order  # type: ignore[assignment]
    edges = {m for q in event.asked for m in (q.months[0] - 1, q.months[1])}
    return Ask(
        Counting.of(network, order=order, said=False), horizon, event.begins, horizon,
        "existing" if setting.degree == "existing" else "new",
        cuts=tuple(sorted(m for m in {*EARLY, *edges} if 0 <= m < horizon)), cover=setting.cover, rush=setting.rush,
        is_brief=True, shipped=tuple(shipped),
    )  # fmt: skip


# months, from 0, in which a period begins besides those that a window needs
EARLY = (0, 1, 2, 3, 4, 6, 9, 12, 18)


def with_cover(event: Event, network: Network) -> Network:
    """Return the network with the event's own rows of what users hold; without any table a range of 0 to 13 weeks."""
    rows = event.inputs[event.inputs["table"] == "cover"]
    table = network.cover
    if rows.empty and len(table):
        return network
    if len(rows):
        keys = [name for name in ("step", "node", "country", "commodity", "tier") if name in table.columns]
        more = rows[[*keys, "value", "low", "high", "quality", "reference"]].rename(columns={"value": "weeks"})
        more = more.replace("", None)
    else:
        more = pd.DataFrame({"weeks": [0.0], "low": [0.0], "high": [NO_TABLE_WEEKS], "quality": ["assumed"]})
    return network.with_table("cover", more if table.empty else pd.concat([table, more], ignore_index=True))
