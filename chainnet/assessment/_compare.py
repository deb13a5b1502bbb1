"""``compare``: what changed between two networks and which input moved which answer; or several things as columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, cast, overload

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet._types import Words
from chainnet.assessment._assess import Assessment
from chainnet.assessment._changed import all_changes, words_of_inputs
from chainnet.assessment._in_turn import Count, amount_of, rounded, served_and_short
from chainnet.assessment._side_by_side import Column, SideBySide, chains_of, portfolios_of, scenarios_of, side_by_side
from chainnet.engine import ROUNDING
from chainnet.errors import DataError, UnknownIdError
from chainnet.flow import Asked, Counting, most_sets, shapley_values
from chainnet.network import TABLES, Network, as_text, kept
from chainnet.progress import Steps, Tell
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import Scenario, acting
from chainnet.scenario import scenarios as shipped
from chainnet.words import ALL_TIERS, Who, change, tonnes

# what an answer in tonnes can depend on
MOVING = ("nodes", "edges", "processes", "demand", "stocks", "projects", "groups", "tiers", "service", "contracts")
# what no answer rests on: told as inputs, never as causes
NOTES = ("totals", "figures", "references")
SILENT = ("label", "reference", "quality", "low", "high", "note", "latitude", "longitude")
_FIGURES = {
    "edges": "flow_tpa",
    "demand": "demand_tpa",
    "stocks": "stock_t",
    "processes": "t_per_t",
    "totals": "value",
    "figures": "value",
}
_SEVERAL = re.compile(r'^"|(^| )/( |$)')
STRUCTURE, MEASURES = "rows added or removed", "scenario"
UNDISTURBED = "baseline"
ROWS = 25
MEASURED = ("short_t", "served_t")
Traced = tuple[str, str, str]  # scenario, tier and measure of an answer
Given = tuple[Network, dict[str, Scenario]]  # a network and its scenarios
Side: TypeAlias = Network | Assessment


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Comparison(Result):
    """Two networks side by side.

    Attributes
    ----------
    answers : DataFrame
        scenario, tier, measure (served_t, short_t), before, after, change; the largest change of a shortfall first.
        A scenario that only one side knows has NaN on the other.
    causes : DataFrame, index cause
        For the shortfall that changed most, else the tonnage served: share_t (Shapley), alone_t (only this changed),
        last_in_t (everything else had changed). A cause is a table whose figures changed, rows added or removed, or
        the scenario itself.
        ``attrs["answer"]`` says which answer.
    rows : DataFrame
        The changed figures one by one: table, key, column, before, after, and alone_t, what the answer changes by
        this row alone; largest first, at most 25 rows by size of change are tried.
    inputs : DataFrame
        Every changed cell of every table: table, key, column, kind (changed, added, removed), before, after,
        change_share. A key is the words that name a row, split by " / "; a word that holds " / " itself stands in
        quotes. Rows that share their key (parallel edges) are numbered in canonical order, the second is "#2": one
        edit can move rows in that order, and then show as several changed rows.
    concentration : DataFrame
        By step: stage, step, commodity, hhi_before, hhi_after, change, top_before, top_after (country that holds most),
        top_share_before, top_share_after; the largest change first.
    losses : DataFrame
        Loss of each country among the first five of either side, alone and in the baseline: country, lost_tpa_before,
        lost_tpa_after, change, lost_share_before, lost_share_after. NaN where it has no plant.
    settings : DataFrame
        By setting, what differs: name, year, main_commodity, beneficiaries.
    words : tuple of str
        What changed, in sentences.
    """

    answers: pd.DataFrame
    causes: pd.DataFrame
    rows: pd.DataFrame
    inputs: pd.DataFrame
    concentration: pd.DataFrame
    losses: pd.DataFrame
    settings: pd.DataFrame
    words: tuple[str, ...]


@overload
def compare(
    before: Side,
    after: Side,
    *,
    scenario: str | None = None,
    order: Asked = None,
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> Comparison: ...


@overload
def compare(
    before: Side | Sequence[Side],
    after: None = None,
    *,
    scenario: str | Scenario | None = None,
    scenarios: Iterable[str | Scenario] | None = None,
    portfolios: Mapping[str, Iterable[str]] | None = None,
    months: int = 48,
    order: Asked = None,
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> SideBySide: ...


def compare(
    before: Side | Sequence[Side],
    after: Side | None = None,
    *,
    scenario: str | Scenario | None = None,
    scenarios: Iterable[str | Scenario] | None = None,
    portfolios: Mapping[str, Iterable[str]] | None = None,
    months: int = 48,
    order: Asked = None,
    commodity: Words = None,
    beneficiaries: Words = None,
    progress: Tell | None = None,
) -> Comparison | SideBySide:
    """Say what changed between two networks and which input moved the answer; or set several things side by side.

    Two networks, before and after, give a ``Comparison`` with causes. One network gives its scenarios, or sets of
    its projects, as columns; a list of networks gives these as columns: a ``SideBySide``.

    Parameters
    ----------
    before : Network or Assessment, or a list of them
        A list sets chains side by side, each under the worst scenario of its own, or under ``scenario``.
    after : Network or Assessment, optional
        The same, as it is now.
    scenario : str or Scenario, optional
        Of two networks the name of that whose change is traced to its causes, "baseline" for none; default that
        which changed most for the first tier, then for all. Of portfolios and chains that under which they are
        set side by side; default the worst for the first tier in the long run.
    scenarios : list of str or Scenario, optional
        Of one network: the columns. Default "baseline" and all that ship with it.
    portfolios : mapping of str to list of str, optional
        Name -> ids of projects; [] = none built. In the long run they stand at full size and serve every tier; in
        the months from their start year on, once qualified for a tier.
    months : int
        Horizon in which a column's first short month is looked for; 0 = not asked.
    order : {"law", "allies_first", "allies_last", "alike"} or DataFrame, optional
        Who is served first, as in ``balance``, the same in all that is compared; default that of all networks with
        others beside the beneficiaries, and allies_first where they are not of one.
    commodity, beneficiaries : optional
        Whose and what demand counts; default what each network says.
    progress : callable, optional
        Called with what has been done and the part of the whole.

    Returns
    -------
    Comparison or SideBySide

    Raises
    ------
    DataError
        If an argument is of another kind or goes with another question, a scenario or project is unknown, or there
        are fewer than two columns.

    See Also
    --------
    assess, overview, codebook

    Notes
    -----
    Each answer is solved: what each tier lacks in its turn, and what all lack. Causes are the players of a game
    whose value is the answer of a network made of tables of both sides; Shapley shares add up to the whole change.
    Cost: two balances for each scenario, 2^causes and one for each row tried. Side by side a column costs one stress
    test and one ``chokepoints`` a tier, in the order asked and with allies last.

    Examples
    --------
    >>> import chainnet as cn
    >>> net = cn.read("mag-9")
    >>> less = net.scale({"id": "G_JP"}, 0.5)
    >>> found = cn.compare(net, less)
    >>> found.rows.loc[0, "key"], float(found.rows.loc[0, "alone_t"])
    ('G_JP', 4.0)

    >>> sets = {"nothing": [], "pair": ["H_US", "G_US"]}
    >>> side = cn.compare(net, scenario="china_out", portfolios=sets, months=0).side
    >>> side.query("tier == 'civilian' and figure == 'shortfall_tpa'")[["nothing", "pair"]].round(6).to_numpy().tolist()
    [[30.0, 20.0]]
    """
    if after is not None:
        if scenarios is not None or portfolios is not None or isinstance(before, (list, tuple)):
            raise DataError("compare: scenarios and portfolios are columns of one network; leave the second one out.")
        if isinstance(scenario, Scenario):
            raise DataError(
                f'compare: of two networks name the scenario, such as "{scenario.name}", that one of them has.'
            )
        sides = [_unpack(before, "before"), _unpack(after, "after")]
        count = _counted(sides, commodity, beneficiaries, order)
        return _two(sides, scenario, count, (commodity, beneficiaries), progress)
    is_list = isinstance(before, (list, tuple))
    given = {f"before[{i}]": one for i, one in enumerate(before)} if is_list else {"before": before}  # type: ignore[arg-type]
    sides = [_unpack(one, name) for name, one in given.items()]
    count = _counted(sides, commodity, beneficiaries, order)
    columns = _columns(sides, is_list, scenario, scenarios, portfolios, count)
    months = checks.whole(months, "months", 0, 1200, "is out of range; give a whole number, {least} to {most}.")
    return side_by_side(columns, count, months=months, progress=progress)


def _counted(sides: Sequence[Given], commodity: Words, beneficiaries: Words, order: Asked) -> Count:
    """Return what is asked, of any network: all in one order, for else the order would be what is compared."""
    count = partial(Counting.of, commodity=commodity, beneficiaries=beneficiaries)
    if order is None:
        known = [count(network, order=None, said=False) for network, _ in sides]
        found = {one.order for one in known if one.rivals.any()}
        order = found.pop() if len(found) == 1 else "allies_first"
    return partial(count, order=order)


def _columns(
    sides: Sequence[Given],
    is_list: bool,
    scenario: str | Scenario | None,
    scenarios: Iterable[str | Scenario] | None,
    portfolios: Mapping[str, Iterable[str]] | None,
    count: Count,
) -> list[Column]:
    """Return the columns that are asked for: scenarios, portfolios or chains."""
    if is_list:
        if scenarios is not None or portfolios is not None:
            raise DataError("compare: scenarios and portfolios are columns of one network; give one, not a list.")
        return chains_of(sides, scenario, count)
    ((network, asked),) = sides
    if portfolios is None:
        if scenario is not None:
            raise DataError("compare: of one network name the columns: scenarios=[...], or portfolios={...}.")
        return scenarios_of(network, asked, scenarios)
    if scenarios is not None:
        raise DataError("compare: portfolios are set side by side under one scenario; give scenario=, not scenarios=.")
    if not isinstance(portfolios, Mapping):
        raise DataError("portfolios: give a mapping of names to lists of projects.")
    return portfolios_of(network, chains_of(sides, scenario, count)[0].scenario, portfolios)


def _two(
    sides: Sequence[Given], scenario: str | None, count: Count, counts: tuple[Words, Words], progress: Tell | None
) -> Comparison:
    """Compare two networks, with causes."""
    (old, old_asked), (new, new_asked) = sides
    names = [UNDISTURBED, *sorted({*old_asked, *new_asked})]
    if scenario is not None:
        checks.known(scenario, names, "scenario", "scenario of either side")
    steps = Steps("scenarios on both sides, and what moved them", progress, len(names))
    answers = _answers(old, new, old_asked, new_asked, names, count, steps)
    inputs = _inputs(old, new)
    traced = _traced(answers, scenario, old.tier_order[:1])
    causes, rows = _causes(old, new, old_asked, new_asked, traced, inputs, count, steps)
    concentrated, lost, said = all_changes(old, new, count, *counts)
    steps.end()
    source = provenance(
        new,
        "HiGHS simplex",
        **count(new).settings,
        before={"graph": old.name, "digest": old.digest},
        traced=" / ".join(traced[:2]) if traced else "",
    )
    of = {"answer": f"{traced[2]}, {traced[0]}, {traced[1]}"} if traced else {}
    return Comparison(
        provenance=source,
        answers=stamp(answers, source),
        causes=stamp(causes, source, facts=of),
        rows=stamp(rows, source, facts=of),
        inputs=stamp(inputs, source),
        concentration=stamp(concentrated, source),
        losses=stamp(lost, source),
        settings=stamp(_settings(old, new), source),
        words=(*_words(old, new, answers, causes, rows, inputs, traced), *said),
    )


def _unpack(side: Any, name: str) -> Given:
    if isinstance(side, Assessment):
        return side.network, dict(side.asked)
    if isinstance(side, Network):
        return side, dict(shipped(side))
    raise DataError(f"{name}: a {type(side).__name__}; give a Network or an Assessment.")


# -- answers ------------------------------------------------------------------------------------


def _tiers(*networks: Network) -> list[str]:
    order = [t for network in networks for t in network.tier_order if (network.demand["tier"] == t).any()]
    return list(dict.fromkeys(order))


def _answers(
    old: Network,
    new: Network,
    old_asked: Mapping[str, Scenario],
    new_asked: Mapping[str, Scenario],
    names: list[str],
    count: Count,
    steps: Steps,
) -> pd.DataFrame:
    rows = []
    unknown, nothing = (np.nan, np.nan), (0.0, 0.0)
    for name in steps.each(names):
        sides = [
            served_and_short(count(network), asked.get(name)) if name == UNDISTURBED or name in asked else {}
            for network, asked in ((old, old_asked), (new, new_asked))
        ]
        for tier in [*_tiers(old, new), None]:
            (served, short), (served_now, short_now) = (
                side.get(tier, nothing if tier in network.tier_order and side else unknown)
                for side, network in zip(sides, (old, new), strict=True)
            )
            rows.append((name, Who.of(tier), "short_t", short, short_now))
            rows.append((name, Who.of(tier), "served_t", served, served_now))
    table = pd.DataFrame(rows, columns=["scenario", "tier", "measure", "before", "after"])
    table["change"] = table["after"] - table["before"]
    first = table["measure"].eq("short_t").to_numpy()
    order = np.lexsort((np.arange(len(table)), -table["change"].abs().fillna(-1.0).to_numpy(), ~first))
    return table.iloc[order].reset_index(drop=True)


def _traced(answers: pd.DataFrame, scenario: str | None, first: Iterable[str]) -> Traced | None:
    """Return the scenario, tier and measure whose change is worth tracing: a shortfall, else what is served."""
    found = [_most_moved(answers, measure, scenario, first) for measure in MEASURED]
    return next((one for one in found if one is not None), None)


def _most_moved(answers: pd.DataFrame, measure: str, scenario: str | None, first: Iterable[str]) -> Traced | None:
    moved = answers[
        (answers["measure"] == measure) & (answers["change"].abs() > ROUNDING * (1 + answers["before"].abs()))
    ]
    if scenario is not None:
        moved = moved[moved["scenario"] == scenario]
    for tier in [*first, ALL_TIERS, None]:
        part = moved if tier is None else moved[moved["tier"] == tier]
        if len(part):
            top = part.iloc[0]
            return str(top["scenario"]), str(top["tier"]), measure
    return None


# -- inputs -------------------------------------------------------------------------------------


def _keys(table: str, old: Network, new: Network) -> tuple[str, ...]:
    """Return the columns that name a row; totals of other years are those of the same place.

    By the year every total of a newer version would be removed and added, and none would be compared.
    """
    keys = tuple(TABLES[table].named_by)
    if table == "totals":
        places = [key for key in keys if key != "year"]
        sides = [side.view(table) for side in (old, new)]
        is_newer = all(map(len, sides)) and not set(sides[0]["year"]) & set(sides[1]["year"])
        if is_newer and not any(side.duplicated(places).any() for side in sides):
            return tuple(places)
    return keys


@kept(len(TABLES) + 1)
def _keyed(network: Network, table: str, keys: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a table by key; rows that share a key are numbered. Kept: callers must not change it."""
    frame: pd.DataFrame = getattr(network, table)
    text = pd.DataFrame({key: [as_text(v) or "" for v in frame[key]] for key in keys or TABLES[table].named_by})
    number = text.groupby(list(text.columns), sort=False).cumcount()
    index = [
        " / ".join([*map(_key_part, row), *([f"#{n + 1}"] if n else [])])
        for row, n in zip(text.to_numpy(dtype=object), number, strict=True)
    ]
    return frame.set_axis(pd.Index(index, name="key"), axis=0)


def _key_part(word: str) -> str:
    """Return a word of a key, in quotes where it could be taken for several: no two keys print alike."""
    return json.dumps(word, ensure_ascii=False) if _SEVERAL.search(word) else word


def _inputs(old: Network, new: Network) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    for table in TABLES:
        keys = _keys(table, old, new)
        before, after = _keyed(old, table, keys), _keyed(new, table, keys)
        both = before.index.intersection(after.index)
        for kind, frame, gone in (("removed", before, after), ("added", after, before)):
            only = frame.index.difference(gone.index)
            if parts and only.empty:
                continue
            figure = _main_figure(table, frame).reindex(only)
            cells = {"before": figure if kind == "removed" else None, "after": figure if kind == "added" else None}
            parts.append(pd.DataFrame({"table": table, "key": only, "column": "", "kind": kind, **cells}))
        ours, theirs = before.loc[both], after.loc[both]
        for column in before.columns:
            one, two = ours[column], theirs[column]
            if column in TABLES[table].named_by or one.equals(two):
                continue
            differs = ~((one == two) | (one.isna() & two.isna()))
            hit = both[differs.fillna(True).to_numpy(dtype=bool)]
            values = {"before": one.reindex(hit).to_numpy(object), "after": two.reindex(hit).to_numpy(object)}
            parts.append(pd.DataFrame({"table": table, "key": hit, "column": column, "kind": "changed", **values}))
    whole = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True)
    numbers = whole[["before", "after"]].apply(pd.to_numeric, errors="coerce")
    size = numbers.abs().max(axis=1)
    whole["change_share"] = (numbers["after"] - numbers["before"]) / numbers["before"].where(numbers["before"] != 0)
    whole["tonnes"] = (numbers["after"].fillna(0.0) - numbers["before"].fillna(0.0)).abs().where(size.notna(), 0.0)
    order = ["tonnes", "table", "key", "column"]
    whole = whole.sort_values(order, ascending=[False, True, True, True], kind="stable")
    return whole.drop(columns="tonnes").reset_index(drop=True)


def _main_figure(table: str, frame: pd.DataFrame) -> pd.Series:
    name = _FIGURES.get(table, "capacity_tpa")
    return frame[name] if name in frame.columns else pd.Series(np.nan, index=frame.index)


def _settings(old: Network, new: Network) -> pd.DataFrame:
    rows = []
    for name in ("name", "label", "year", "main_commodity", "beneficiaries", "digest"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            said = [", ".join(v) if isinstance(v, tuple) else str(v) for v in (before, after)]
            rows.append((name, *said))
    return pd.DataFrame(rows, columns=["setting", "before", "after"])


# -- which moved which --------------------------------------------------------------------------


def _mixed(old: Network, new: Network, changed: frozenset[str], only: tuple[str, str] | None = None) -> Network:
    """Return a network with some tables' figures, and the rows themselves, of the new one.

    ``only`` names one row (table, key) that alone comes from the new network.
    """
    frames: dict[str, pd.DataFrame] = {}
    for table in TABLES:
        if table in NOTES:
            continue
        before, after = _keyed(old, table), _keyed(new, table)
        if before.empty and after.empty:
            continue
        rows = after.index if STRUCTURE in changed else before.index
        own = (after if STRUCTURE in changed else before).loc[rows].copy()
        common = before.index.intersection(after.index)
        figures = (after if table in changed else before).loc[common]
        own.loc[common] = figures
        if only is not None and only[0] == table:
            own.loc[only[1]] = after.loc[only[1]]
        frames[table] = own.reset_index(drop=True)
    base = new if MEASURES in changed else old
    return Network(
        name=base.name,
        main_commodity=base.main_commodity or None,
        beneficiaries=base.beneficiaries or None,
        year=base.year,
        as_of=base.as_of,
        **cast("dict[str, Any]", frames),
    )


def _causes(
    old: Network,
    new: Network,
    old_asked: Mapping[str, Scenario],
    new_asked: Mapping[str, Scenario],
    traced: Traced | None,
    inputs: pd.DataFrame,
    count: Count,
    steps: Steps,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    none = pd.DataFrame(columns=["share_t", "alone_t", "last_in_t"], index=pd.Index([], name="cause"), dtype=float)
    blank = pd.DataFrame(columns=["table", "key", "column", "before", "after", "alone_t"])
    if traced is None:
        return none, blank
    name, tier, measure = traced[0], Who(traced[1]).tier, traced[2]
    loud = inputs[inputs["table"].isin(MOVING) & ~inputs["column"].isin(SILENT)]
    players = sorted(loud.loc[loud["kind"] == "changed", "table"].unique())
    if (loud["kind"] != "changed").any():
        players.append(STRUCTURE)
    one, two = old_asked.get(name), new_asked.get(name)
    if (
        one and two and [*map(acting, one.measures)] != [*map(acting, two.measures)]
    ) or old.main_commodity != new.main_commodity:
        players.append(MEASURES)
    known: dict[frozenset[str], float] = {}

    def value(changed: frozenset[str]) -> float:
        if changed not in known:
            asked = two if MEASURES in changed else one
            known[changed] = amount_of(count(_mixed(old, new, changed)), asked or one or two, tier, measure)
        return known[changed]

    everything = frozenset(players)
    try:
        steps.more(most_sets(len(players)))
        share, _ = shapley_values(players, steps.counting(value))
        start, end = value(frozenset()), value(everything)
        table = pd.DataFrame(
            {
                "share_t": share.map(rounded),
                "alone_t": [rounded(value(frozenset([p])) - start) for p in players],
                "last_in_t": [rounded(end - value(everything - {p})) for p in players],
            },
            index=pd.Index(players, name="cause"),
        )
    except (DataError, UnknownIdError):
        # tables of both sides that do not fit together: then all that can be said is the whole change
        table = none
    order = table["share_t"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order], _rows(old, new, loud, one or two, (tier, measure), count, steps)


def _rows(
    old: Network,
    new: Network,
    loud: pd.DataFrame,
    scenario: Scenario | None,
    answer: tuple[str | None, str],
    count: Count,
    steps: Steps,
) -> pd.DataFrame:
    """Change one row at a time, those whose figures changed most first."""
    changed = loud[loud["kind"] == "changed"].drop_duplicates(["table", "key"]).head(ROWS)
    start = amount_of(count(old), scenario, *answer)
    out = []
    steps.more(len(changed))
    for row in steps.each(changed.to_dict("records")):
        try:
            mixed = _mixed(old, new, frozenset(), (row["table"], row["key"]))
            there = amount_of(count(mixed), scenario, *answer)
        except (DataError, UnknownIdError):  # the row fits only together with others
            continue
        out.append(
            {k: row[k] for k in ("table", "key", "column", "before", "after")} | {"alone_t": rounded(there - start)}
        )
    table = pd.DataFrame(out, columns=["table", "key", "column", "before", "after", "alone_t"])
    order = np.lexsort((np.arange(len(table)), -table["alone_t"].abs().to_numpy(dtype=float)))
    return table.iloc[order].reset_index(drop=True)


# -- words --------------------------------------------------------------------------------------


def _words(
    old: Network,
    new: Network,
    answers: pd.DataFrame,
    causes: pd.DataFrame,
    rows: pd.DataFrame,
    inputs: pd.DataFrame,
    traced: Traced | None,
) -> tuple[str, ...]:
    said = [words_of_inputs(old, new, inputs)]
    if traced is None:
        return (*said, "No shortfall changed, nor what is served.")
    if traced[2] != "short_t":
        said.append("No shortfall changed.")
    told = answers[(answers["scenario"] == traced[0]) & (answers["tier"] == traced[1])]
    hit = told[told["measure"] == traced[2]].iloc[0]
    way = "rose" if hit["change"] > 0 else "fell"
    where = "in the baseline" if traced[0] == UNDISTURBED else f'under "{traced[0]}"'
    what = "shortfall of" if traced[2] == "short_t" else "tonnage served to"
    amounts = f"from {tonnes(hit['before'], ' ')} to {tonnes(hit['after'], ' ')}"
    said.append(f"The {what} {traced[1]} {where} {way} {amounts}.")
    moved = causes[causes["share_t"].abs() > ROUNDING * (1 + abs(float(hit["change"])))]
    if len(moved):
        names = [str(n) if n in (STRUCTURE, MEASURES) else f"figures in {n}" for n in moved.index]
        parts = [f"{change(c, ' ')} from {name}" for c, name in zip(moved["share_t"], names, strict=True)]
        said.append(f"Of this, {'; '.join(parts)}.")
    if len(rows) and abs(rows["alone_t"].iloc[0]) > ROUNDING:
        top = rows.iloc[0]
        what = f"{top['column']} of {top['key']} in {top['table']}"
        said.append(f"The single figure that moves it most is {what}: {change(top['alone_t'], ' ')} alone.")
    return tuple(said)
