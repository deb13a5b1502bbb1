"""Build now or wait: the option value of timing, with and without a price floor, and what security says to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Array, Words
from chainnet.engine import LEAST_SIZE, ROUNDING
from chainnet.errors import DataError
from chainnet.network import Network
from chainnet.prices._terms import Money, Terms, check_number, known_commodities
from chainnet.results import provenance, stamp

COLUMNS = (
    "npv_now_musd",
    "npv_wait_musd",
    "option_value_musd",
    "hazard_cost_musd",
    "net_option_value_musd",
    "decision",
)


def option_value(
    cost_musd: float,
    payoffs_musd: Sequence[float],
    probabilities: Sequence[float] | None = None,
    rate: float = 0.10,
    *,
    delay_years: float = 1.0,
    hazard: float = 0.0,
    averted_t: float = 0.0,
    usd_per_t: float = 0.0,
) -> pd.Series:
    """Compare building now with waiting until the payoff is known.

    Now: sum p x payoff / (1 + r)^d - cost. Waiting: sum p x max(0, payoff - cost) / (1 + r)^d, for one builds
    only where it pays. The difference is the option value of waiting. Security takes off the shortfall
    that is expected meanwhile: hazard x d x averted tonnes x loss per tonne.

    Parameters
    ----------
    cost_musd : float
        Capital cost, USD million, the same now and later.
    payoffs_musd : list of float
        Worth of the project after the delay in each state, USD million.
    probabilities : list of float, optional
        Of the states; they sum to 1. Default all alike.
    rate : float
        Discount rate a year, 0 to 1.
    delay_years : float
        Years until the state is known, above 0.
    hazard : float
        Probability a year of the disruption, 0 to 1.
    averted_t : float
        Tonnes of shortfall that the project averts in the disruption (``reroute``, ``balance``).
    usd_per_t : float
        Loss per tonne short (``demand.value_usd_per_t``).

    Returns
    -------
    Series
        npv_now_musd, npv_wait_musd, option_value_musd, hazard_cost_musd, net_option_value_musd (option value
        less hazard cost), decision (build now, wait, either).

    Raises
    ------
    DataError
        If an argument is out of range or the probabilities do not sum to 1.

    See Also
    --------
    prices.build_or_wait, price_floor

    References
    ----------
    A. K. Dixit and R. S. Pindyck, Investment under Uncertainty, Princeton 1994, ch. 2.

    Examples
    --------
    >>> from chainnet.prices import option_value
    >>> found = option_value(100.0, [180.0, 60.0])
    >>> [round(float(found[c]), 2) for c in ("npv_now_musd", "npv_wait_musd", "option_value_musd")]
    [9.09, 36.36, 27.27]
    """
    cost = check_number(cost_musd, "cost_musd", 0.0, np.inf, "a cost in USD million")
    payoffs = _numbers(payoffs_musd, "payoffs_musd", -np.inf, "worths in USD million")
    chance = _chances(probabilities, len(payoffs))
    share = _discount(rate, delay_years)
    lost = _hazard_cost(hazard, averted_t, usd_per_t, delay_years)
    row = _compare(np.array([cost]), payoffs[None, :], chance, share, np.array([lost]), np.zeros(1)).iloc[0]
    return pd.Series(row, name="option_value")


def build_or_wait(
    network: Network,
    floor: float | Mapping[str, float],
    prices: Sequence[float] | Mapping[str, Sequence[float]],
    probabilities: Sequence[float] | None = None,
    *,
    reference_price: Money = None,
    projects: Iterable[str] | None = None,
    commodity: Words = None,
    rate: float = 0.10,
    years: int = 10,
    upside_share: float = 0.0,
    unit_cost: Money = None,
    delay_years: float = 1.0,
    hazard: float = 0.0,
    averted_t: float | Mapping[str, float] = 0.0,
    usd_per_t: float = 0.0,
    utilisation: float = 1.0,
    coproduct_credit: bool = False,
) -> pd.DataFrame:
    """Say for each project whether to build now or wait for the price, without the floor and with it.

    The worth of a project in a state is output x max(0, price received - unit cost + credit) / CRF: the
    price of the state for ``years`` years, or idle. Who builds now also earns during the delay, at today's
    reference price; who waits pays the capital later. A floor lifts the low states and what is earned now.

    Parameters
    ----------
    network : Network
    floor : float or mapping of commodity to float
        As in ``price_floor``, USD/t.
    prices : list of float, or mapping of commodity to such a list
        Price of the main output in each state after the delay, USD/t.
    probabilities : list of float, optional
        Of the states; default all alike.
    reference_price, projects, commodity, rate, years, upside_share, unit_cost, utilisation, coproduct_credit
        As in ``price_floor``. ``rate`` also discounts.
    delay_years, hazard, usd_per_t
        As in ``option_value``.
    averted_t : float or mapping of project to float
        Tonnes that a project averts in the disruption, such as ``reroute(...).projects["shapley_t"]``.

    Returns
    -------
    DataFrame, index id
        commodity, capex_musd, then the six entries of ``option_value`` without the floor and, with the prefix
        ``floor_``, with it. NaN where capex, capacity or unit cost is not known.

    Raises
    ------
    DataError, UnknownIdError
        As ``price_floor`` and ``option_value``.

    See Also
    --------
    prices.option_value, price_floor

    Examples
    --------
    >>> import chainnet as cn
    >>> from chainnet.prices import build_or_wait
    >>> found = build_or_wait(cn.read("rare-earths"), {"ndpr_oxide": 110_000}, [40_000, 80_000],
    ...     unit_cost={"aus_eneabba": 45_000}, projects=["aus_eneabba"])
    >>> found[["decision", "floor_decision"]].values.tolist()
    [['wait', 'build now']]
    """
    terms = Terms(
        network, floor, reference_price, projects, commodity, rate, years, unit_cost, utilisation, None,
        coproduct_credit, None,
    )  # fmt: skip
    returned = check_number(upside_share, "upside_share", 0.0, 1.0, "the part of the upside that is returned")
    at, table = terms.needed_floor.to_numpy(dtype=float)[:, None], terms.table
    states, n_states = _states(prices, table["commodity"], known_commodities(network))
    chance = _chances(probabilities, n_states)
    share = _discount(rate, delay_years)
    lost = _hazard_costs(table.index, hazard, averted_t, usd_per_t, delay_years)
    today = terms.reference.to_numpy(dtype=float)[:, None]
    cost = (table["capital_usd_per_t"] * table["output_tpa"] / terms.factor / 1e6).to_numpy(dtype=float)
    net = (table["unit_cost_usd_per_t"] - table["credit_usd_per_t"]).to_numpy(dtype=float)[:, None]
    output = table["output_tpa"].to_numpy(dtype=float)[:, None] / 1e6
    out = pd.DataFrame({"commodity": table["commodity"], "capex_musd": cost}, index=table.index)
    for prefix in ("", "floor_"):
        later, now = (_received(p, at, returned) if prefix else p for p in (states, today))
        worth = output * np.maximum(later - net, 0.0) / terms.factor
        earned = delay_years * (output * np.maximum(now - net, 0.0))[:, 0]
        found = _compare(cost, worth, chance, share, lost, earned).set_axis(table.index)
        out = out.join(found.add_prefix(prefix))
    settings = {**terms.settings, "upside_share": returned, "probabilities": chance.tolist(), "hazard": float(hazard)}
    return stamp(out, provenance(network, "none", **settings))


def _received(price: Array, floor: Array, returned: float) -> Array:
    """Return what a contract leaves: the floor or more, less a share of what is above; without a floor the price."""
    held = np.maximum(price, floor) - returned * np.maximum(price - floor, 0.0)
    return np.where(np.isnan(floor), price, held)


def _compare(cost: Array, payoffs: Array, chance: Array, share: float, lost: Array, earned: Array) -> pd.DataFrame:
    """Compare now with later, one row per project, one column of ``payoffs`` per state; ``earned`` meanwhile."""
    now = share * (payoffs @ chance + earned) - cost
    later = share * (np.maximum(payoffs - cost[:, None], 0.0) @ chance)
    option = later - now
    net = option - lost
    hair = ROUNDING * np.maximum(np.maximum(np.abs(option), np.abs(lost)), LEAST_SIZE)
    word = np.select([np.isnan(net), net > hair, net < -hair], ["not known", "wait", "build now"], default="either")
    values = (now, later, option, lost + 0.0 * option, net, word)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _discount(rate: float, delay_years: float) -> float:
    rate = check_number(rate, "rate", 0.0, 1.0, "a discount rate a year, so ten percent is 0.10")
    delay = check_number(delay_years, "delay_years", 0.0, 100.0, "years of delay")
    return float((1.0 + rate) ** -delay)


def _hazard_cost(hazard: float, averted_t: float, usd_per_t: float, delay_years: float) -> float:
    chance = check_number(hazard, "hazard", 0.0, 1.0, "a probability a year")
    tonnes = check_number(averted_t, "averted_t", 0.0, np.inf, "tonnes of shortfall averted")
    loss = check_number(usd_per_t, "usd_per_t", 0.0, np.inf, "a loss per tonne short, USD/t")
    return chance * delay_years * tonnes * loss / 1e6


def _hazard_costs(
    ids: pd.Index, hazard: float, averted_t: float | Mapping[str, float], usd_per_t: float, delay_years: float
) -> Array:
    if not isinstance(averted_t, (Mapping, pd.Series)):
        return np.full(len(ids), _hazard_cost(hazard, averted_t, usd_per_t, delay_years))
    tonnes = [averted_t.get(name, 0.0) for name in ids]
    return np.array([_hazard_cost(hazard, t, usd_per_t, delay_years) for t in tonnes], dtype=float)


def _numbers(given: Sequence[float], argument: str, lowest: float, meaning: str) -> Array:
    if not isinstance(given, (list, tuple, np.ndarray, pd.Series)) or len(given) == 0:
        raise DataError(f"{argument}: {given!r} is no list; give {meaning}, one for each state.")
    return np.array([check_number(v, argument, lowest, np.inf, meaning) for v in given], dtype=float)


def _chances(given: Sequence[float] | None, n: int) -> Array:
    if given is None:
        return np.full(n, 1.0 / n)
    found = _numbers(given, "probabilities", 0.0, "probabilities")
    if len(found) != n:
        raise DataError(f"probabilities: {len(found)} for {n} states; give one for each.")
    if abs(found.sum() - 1.0) > ROUNDING:
        raise DataError(
            f"probabilities: they sum to {found.sum():g}; one of the states comes true, so make them sum to 1."
        )
    return found


def _states(
    prices: Sequence[float] | Mapping[str, Sequence[float]], commodity: pd.Series, known: set[str]
) -> tuple[Array, int]:
    """Return the price in each state for each project, NaN where a mapping is silent."""
    meaning = "prices in USD/t"
    if not isinstance(prices, Mapping):
        row = _numbers(prices, "prices", 0.0, meaning)
        return np.tile(row, (len(commodity), 1)), len(row)
    lists = {name: _numbers(row, f"prices[{name}]", 0.0, meaning) for name, row in prices.items()}
    for name in lists:
        checks.known(name, known, "prices", "commodity")
    if len({len(row) for row in lists.values()}) != 1:
        raise DataError("prices: every commodity needs one price for each state, so lists of one length.")
    n = len(next(iter(lists.values())))
    blank = np.full(n, np.nan)
    return np.array([lists.get(name, blank) for name in commodity]).reshape(len(commodity), n), n
