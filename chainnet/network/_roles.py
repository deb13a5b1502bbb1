"""Who is a mine, who a user, who passes on: as named, as given, else from the ways in and out; and what that leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from chainnet import checks
from chainnet._types import Array, Ints, Texts, Words
from chainnet.errors import DataError, Fault, UnknownIdError
from chainnet.network._coded import encode, is_long, places
from chainnet.network._gate import as_text, member
from chainnet.network._tidy import BLANKS

# by what rule a role that nobody gave was found
RULES = {"mine": "no way in", "end_use": "no way out", "refiner": "a way in and a way out"}
NAMED = {"mine": "named as a source", "end_use": "named as a sink"}
PASSES_ON = "neither a source nor a sink"
_MUCH = 0.1  # of all capacity: what a node may ship beyond what can reach it before that is said


@dataclass(frozen=True, eq=False)
class Roles:
    """The nodes table with every role filled, and by what rule.

    Attributes
    ----------
    nodes : DataFrame
        As given, ``stage`` filled; then a row for each id that only edges name.
    rules : Series of str
        By id: the rule of each role that the table did not give.
    inferred : int
        Roles that were neither given nor named.
    """

    nodes: pd.DataFrame
    rules: pd.Series
    inferred: int

    @classmethod
    def of(
        cls,
        nodes: pd.DataFrame | None,
        edges: pd.DataFrame,
        source: Words = None,
        sink: Words = None,
        apart: Collection[str] = (),
        closed: bool = False,
    ) -> Roles:
        """Return the roles of all nodes; see ``Network.from_edges``.

        ``apart`` are ids that edges may name and that are no nodes; where the nodes are ``closed``, so is any other.

        Raises
        ------
        UnknownIdError
            If a source or sink is no node.
        DataError
            If a node is named as both, or named as another thing than its stage says.
        """
        named = {"mine": words_of(source), "end_use": words_of(sink)}
        found = _ends(edges) if {"source", "target"} <= set(edges.columns) else None
        full = infer_nodes(edges, nodes, found)
        listed = 0 if nodes is None else len(nodes)
        if "id" not in full.columns:
            return cls(full, pd.Series(dtype=object), 0)
        kept = (np.arange(len(full)) < listed) | (not closed and ~_text(full["id"]).isin(apart).to_numpy())
        full = full[kept]
        ids = _text(full["id"])
        _check_named(named, set(ids.dropna()))
        stages = _stages_by_ways(ids, found)
        rules = np.array(pd.Series(stages, dtype=object).map(RULES), dtype=object)
        for stage, words in named.items():
            passes = (stages == stage) & bool(words) | all(named.values())
            stages[passes], rules[passes] = "refiner", PASSES_ON
        given = full["stage"] if "stage" in full.columns else pd.Series([None] * len(full), dtype=object)
        known = given.notna().to_numpy() & np.array([str(word).strip() != "" for word in given.tolist()], dtype=bool)
        known &= np.arange(len(full)) < listed
        open_to_rule = ~known
        stages[known], rules[known] = given.to_numpy(dtype=object)[known], ""
        for stage, words in named.items():
            hit = ids.isin(words).to_numpy()
            _check_stages(ids, stages, known & hit, stage)
            open_to_rule &= ~hit
            stages[hit], rules[hit & ~known] = stage, NAMED[stage]
        full = full.assign(stage=stages)
        said = pd.Series(rules, index=ids.to_numpy(dtype=object), dtype=object)
        return cls(full, said[(said != "") & ~said.index.duplicated()], int(open_to_rule.sum()))

    @property
    def is_plain(self) -> bool:
        """Whether every node stands once; if not, nothing can be said before that is mended."""
        return bool(_text(self.nodes["id"]).is_unique)

    def words(self, edges: pd.DataFrame) -> str:
        """Say how many roles were inferred, by what rule, and what part of the edges lies on no way to a use."""
        ends = _places_of(edges, _text(self.nodes["id"]))
        stage = self.nodes["stage"].to_numpy(dtype=object)
        rule = self.rules.reindex(_text(self.nodes["id"])).to_numpy(dtype=object)
        told = (*RULES.values(), PASSES_ON)
        counts = pd.Series([f"as {s} ({r})" for s, r in zip(stage, rule, strict=True) if r in told], dtype=object)
        each = ", ".join(f"{n} {what}" for what, n in counts.value_counts().sort_index().items())
        text = f"roles of {self.inferred} of {len(self.nodes)} nodes are inferred: {each}; {self._off(edges, ends)}"
        text += self._starved(edges, ends, stage, rule)
        for kind, words in (("mine", "mine"), ("end_use", "end use")):
            if kind not in stage:
                text += f" No node is left as a{'n' * (kind == 'end_use')} {words}, so nothing can flow."
        return text

    def _starved(self, edges: pd.DataFrame, ends: tuple[Ints, Ints], stage: Texts, rule: Texts) -> str:
        """Ask of the node that may ship far more than reaches it, and of that which may get far more than it ships."""
        if "capacity_tpa" not in edges.columns:
            return ""
        capacity = _given(edges).to_numpy()
        is_given = ~np.isnan(capacity)
        with np.errstate(over="ignore", invalid="ignore"):  # sums of numbers near the largest there is
            out, into = (_sums(end[is_given], capacity[is_given], len(stage)) for end in ends)
            open_ = (stage == "refiner") & (rule == RULES["refiner"])
            text = ""
            for more, less, words in (
                (out, into, "may ship {0}, but {1} can reach it: is it a source?"),
                (
                    into,
                    out,
                    "may get {0}, but {1} can leave it: is it a user? Else it has the rest to spare (check).",
                ),
            ):
                over = np.nan_to_num(np.where(open_, more - less, 0.0))
                worst = int(np.argmax(over)) if len(over) else 0
                if len(over) and over[worst] > _MUCH * capacity[is_given].sum():
                    said = words.format(_figure(more[worst]), _figure(less[worst]))
                    text += f' "{self.nodes["id"].iloc[worst]}" {said}'
        return text

    def _off(self, edges: pd.DataFrame, ends: tuple[Ints, Ints]) -> str:
        """Say which edges lie on no way from a mine to an end use, and how much of the capacity they are."""
        stage = self.nodes["stage"].to_numpy(dtype=object)
        source, target = ends
        ahead = _reached(source, target, np.flatnonzero(stage == "mine"), len(stage))
        back = _reached(target, source, np.flatnonzero(stage == "end_use"), len(stage))
        off = ~(ahead[source] & back[target]) if len(edges) else np.zeros(0, dtype=bool)
        if not off.any():
            return "every edge lies on a way from a mine to an end use."
        part = ""
        if "capacity_tpa" in edges.columns:
            capacity = _given(edges).fillna(0.0).to_numpy()
            if capacity.sum() > 0:
                part = f" ({100 * capacity[off].sum() / capacity.sum():.3g} % of the capacity that is given)"
        return f"{off.sum()} of {len(edges)} edges{part} lie on no way from a mine to an end use."


def _stages_by_ways(ids: pd.Series, found: pd.DataFrame | None) -> Texts:
    """Return the stage of each id by its ways in and out; without an edge there is no way in."""
    if found is None:
        return np.full(len(ids), "mine", dtype=object)
    if len(found) == len(ids) and found["id"].array is ids.array:
        return np.asarray(found["stage"].to_numpy(dtype=object)).copy()
    by_ways = pd.Series(found["stage"].to_numpy(dtype=object), index=found["id"].to_numpy(dtype=object))
    return np.array(by_ways.reindex(ids).fillna("mine"), dtype=object)  # a copy: the caller writes into it


def _places_of(edges: pd.DataFrame, ids: pd.Series) -> tuple[Ints, Ints]:
    """Return the row in ``ids`` of the source and the target of each edge, -1 where there is none."""
    coded = [encode(edges[end]) if is_long(edges) else None for end in ("source", "target")]
    source, target = (
        pd.Index(ids.to_numpy(dtype=object)).get_indexer(_text(edges[end]).to_numpy(dtype=object))
        if one is None
        else np.append(places(one.words, ids), -1)[one.codes]  # a missing end has code -1: the last
        for end, one in zip(("source", "target"), coded, strict=True)
    )
    return source, target


def _sums(places_: Ints, amounts: Array, n: int) -> Array:
    """Return the sum of amounts at each of n places, NaN where there is none; at -1 there is no place."""
    at, amounts = places_[places_ >= 0], amounts[places_ >= 0]
    return np.where(np.bincount(at, minlength=n) > 0, np.bincount(at, amounts, minlength=n), np.nan)


def _given(edges: pd.DataFrame) -> pd.Series:
    """Return the capacities that are given and finite, t/yr; NaN elsewhere."""
    cells = edges["capacity_tpa"].reset_index(drop=True)
    try:
        numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    except (OverflowError, TypeError):  # cells that the gate refuses
        return pd.Series(np.nan, index=cells.index)
    return numbers.where(np.isfinite(numbers))


def roles_of(nodes: pd.DataFrame, rules: Mapping[str, str]) -> pd.DataFrame:
    """See ``Network.roles``."""
    table = nodes[["id", "stage"]].copy()
    rule = [rules.get(name, "") for name in table["id"]]
    table["origin"] = ["inferred" if r and r not in NAMED.values() else "given" for r in rule]
    return table.assign(rule=rule)


def words_of(ids: Words) -> list[str]:
    """Return ids that were given as one or several, as text."""
    if ids is None:
        return []
    several = [ids] if isinstance(ids, (str, int, np.integer)) or not isinstance(ids, Iterable) else ids
    return list(dict.fromkeys(str(as_text(i)).strip(BLANKS) for i in several))


def _check_named(named: dict[str, list[str]], known: set[str]) -> None:
    for argument, words in (("source", named["mine"]), ("sink", named["end_use"])):
        for word in words:
            checks.known(word, known, argument, "node", error=UnknownIdError)
    both = sorted(set(named["mine"]) & set(named["end_use"]))
    if both:
        raise DataError(f'source, sink: "{both[0]}" is named as both. Name it once.')


def _check_stages(ids: pd.Series, stages: np.ndarray, rows: np.ndarray, stage: str) -> None:
    faults = []
    for row in np.flatnonzero(rows & (stages != stage)):
        argument = "source" if stage == "mine" else "sink"
        rule = f'the node "{ids.iloc[row]}" is named by {argument}=, which makes it a {stage}'
        faults.append(Fault("nodes", int(row) + 2, "stage", str(stages[row]), rule, "Keep one of the two."))
    if faults:
        raise DataError(faults=faults)


def _reached(tail: Ints, head: Ints, starts: Ints, n: int) -> np.ndarray:
    """Return which nodes can be reached from any of the starts along edges; a last spare place is False."""
    known = (tail >= 0) & (head >= 0)
    tails = np.concatenate([tail[known], np.full(len(starts), n)])
    heads = np.concatenate([head[known], starts])
    graph = csr_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(n + 1, n + 1))
    seen = np.zeros(n + 1, dtype=bool)
    seen[breadth_first_order(graph, n, return_predecessors=False)] = True
    seen[n] = False
    return seen


def infer_nodes(edges: pd.DataFrame, nodes: pd.DataFrame | None, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return ``nodes`` with a row for each id that only ``edges`` name; their stages from the ways in and out.

    ``found``: the ids and stages of all ends of the edges, if they are known.
    """
    edges = pd.DataFrame(edges)
    lacking = [c for c in ("source", "target") if c not in edges.columns]
    given = pd.DataFrame({"id": [], "stage": []}) if nodes is None else pd.DataFrame(nodes)
    if "id" in given.index.names:
        given = given.reset_index("id")
    if lacking or "id" not in given.columns:
        return given
    found = _ends(edges) if found is None else found
    if len(given):
        ids = _text(given["id"])
        fresh = places(found["id"].array, ids) < 0 if is_long(found) else ~member(found["id"], set(ids.dropna()))
        found = found[fresh]
    inferred = found.reset_index(drop=True)
    if given.empty:
        return inferred.reindex(columns=list(dict.fromkeys(["id", "stage", *given.columns])))
    return pd.concat([given, inferred]) if len(inferred) else given  # rows keep their labels, for messages


def _ends(edges: pd.DataFrame) -> pd.DataFrame:
    found = _stages_of_many(edges) if is_long(edges) else None
    return _stages(edges) if found is None else found


def _stages(edges: pd.DataFrame) -> pd.DataFrame:
    """Return id and stage of each end of edges, from whether it has a way in and a way out."""
    codes, found = pd.factorize(pd.concat([_text(edges[c]) for c in ("source", "target")], ignore_index=True))
    leaves, enters = np.zeros(len(found) + 1, dtype=bool), np.zeros(len(found) + 1, dtype=bool)
    leaves[codes[: len(edges)]] = True  # a missing end has code -1: the spare last place
    enters[codes[len(edges) :]] = True
    stages = np.where(~enters, "mine", np.where(~leaves, "end_use", "refiner"))[:-1]
    return pd.DataFrame({"id": found, "stage": stages})


def _stages_of_many(edges: pd.DataFrame) -> pd.DataFrame | None:
    """Return the same of many edges, from the distinct words of each end; None where these are no plain text."""
    source, target = (encode(edges[end]) for end in ("source", "target"))
    if source is None or target is None:
        return None
    leaving, entering = source.words, target.words
    is_end = places(entering, pd.Series(leaving)) < 0
    stage = np.where(places(leaving, pd.Series(entering)) < 0, "mine", "refiner")
    both = [
        pd.DataFrame({"id": leaving, "stage": stage}),
        pd.DataFrame({"id": entering[is_end], "stage": "end_use"}),
    ]
    return pd.concat(both, ignore_index=True)


def _text(cells: pd.Series) -> pd.Series:
    if pd.api.types.is_integer_dtype(cells.dtype):
        return cells.astype(str)
    if pd.api.types.is_string_dtype(cells.dtype) and cells.dtype != object:
        return cells
    texts = [as_text(v) for v in cells.tolist()]
    try:
        return pd.Series(texts, dtype="str", index=cells.index)
    except UnicodeEncodeError:  # a lone surrogate: a stand-in will do, the gate refuses the cell itself
        safe = [None if t is None else t.encode("utf-8", "replace").decode() for t in texts]
        return pd.Series(safe, dtype="str", index=cells.index)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.6g}"
