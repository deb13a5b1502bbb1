"""``merge``: the tables of several parties as one network, with every conflict listed and what was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pandas as pd

from chainnet import checks
from chainnet.errors import DataError, check_words
from chainnet.network import TABLES, Network
from chainnet.results import Result, provenance, stamp
from chainnet.scenario import scenarios
from chainnet.sharing._aliases import aliased, matched, resolved
from chainnet.sharing._records import (
    PEDIGREE_CELLS,
    RULES,
    Claim,
    Party,
    Record,
    joined_key,
    principal_of,
    quality_rank,
    records_of,
    same_value,
    settle,
)
from chainnet.sharing._suspects import suspects_of

_CONFLICTS = [
    "conflict", "table", "key", "column", "party", "value", "low", "high", "quality", "grade", "year", "reference",
    "taken", "why",
]  # fmt: skip
_FILLED = ["table", "key", "column", "value", "given_by", "missing_in"]
_UNMATCHED = ["table", "key", "held_by", "missing_in"]
_ROWS = ["table", "key", "parties", "taken_from"]
_PEDIGREE = ["table", "key", "column", "party", "quality", "reference", "low", "high", "taken"]
WHOLE = "datapackage"  # main commodity, beneficiaries, year and date are compared as if they were a table


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Merge(Result):
    """Several parties' tables as one network, and all that was decided on the way.

    Attributes
    ----------
    conflicts : DataFrame
        A row per claim where parties differ: conflict (number), table, key, column, party, value, low, high, quality,
        grade, year, reference, taken, why (the rule that decided: grade, newer, prefer, tie; built = a node here, a
        project there).
    filled : DataFrame
        Cells that one party leaves blank and another fills: table, key, column, value, given_by, missing_in.
    unmatched : DataFrame
        Records that not all parties hold: table, key, held_by, missing_in.
    rows : DataFrame
        Every record: table, key, parties, taken_from (where it was taken whole from some of them).
    pedigree : DataFrame
        Where parties agree on a figure but not on how it is known: quality, reference, low, high of each, taken.
    suspects : DataFrame
        What may be counted twice, never merged by guess: id, party, other_id, other_party, country, step, why.
    counts : DataFrame
        Rows of each party, scenarios too: table, part, rows, kept (how many of them the network holds; one for all
        users of a part counts as one).
    n_conflicts, n_filled, n_unmatched, n_equal, n_cells : int
        Cells by what became of them; the four add up to the last.
    network : Network
    parties : dict of str to Network
        What was given, merges unfolded.
    """

    conflicts: pd.DataFrame
    filled: pd.DataFrame
    unmatched: pd.DataFrame
    rows: pd.DataFrame
    pedigree: pd.DataFrame
    suspects: pd.DataFrame
    counts: pd.DataFrame
    n_conflicts: int
    n_filled: int
    n_unmatched: int
    n_equal: int
    n_cells: int
    network: Network
    parties: dict[str, Network]


def merge(
    parties: Mapping[str, Network | Merge],
    *,
    prefer: Sequence[str] = (),
    rules: Sequence[str] = RULES,
    ranges: Literal["widen", "taken"] = "widen",
    ties: Literal["take", "error"] = "take",
    match: pd.DataFrame | None = None,
    alias: Mapping[str, Any] | None = None,
) -> Merge:
    """Put the tables of two or more parties into one network; nothing is decided in silence.

    Parameters
    ----------
    parties : mapping of str to Network or Merge
        Two or more; a merge is unfolded to its parties, so merging in steps gives what merging at once gives.
    prefer : list of str
        Parties whose word is taken where better rules do not decide, the first the most.
    rules : sequence of {"grade", "newer", "prefer"}
        How a conflict is decided, from left to right: quality (reported, estimated, inferred, assumed, none), then
        class of the source; year of the source; ``prefer``. Last a tie-break that knows no party: the
        smaller number, the earlier text.
    ranges : {"widen", "taken"}
        Whether low and high of a figure in conflict hold every party's figure, or are those of the claim taken.
    ties : {"take", "error"}
        Whether the tie-break may decide.
    match : DataFrame, optional
        party, table, id, same_as: ids that a party uses for what the others call ``same_as``.
    alias : mapping, optional
        Commodity -> the commodity that it is, or (that, tonnes of it that one tonne counts):
        ``{"ndpr_oxide": ("ndpr", 0.857)}``.

    Returns
    -------
    Merge
        The same relation, demand or stock reported twice is never added up.

    Raises
    ------
    DataError
        If fewer than two parties are given, two bear one name, a word is unknown, an alias runs in a circle or has no
        factor where the basis differs, ``match`` names an id that is not there, the main commodities
        are on two bases, an undecided conflict is left with ``ties="error"``, or the result breaks a rule.

    See Also
    --------
    join, write, sharing.redact

    Notes
    -----
    Blank is no claim. Compared as one, and taken whole: a recipe, a group, the parents of an owner, the tiers, and
    parallel edges. The order of the parties decides nothing.

    Examples
    --------
    >>> import chainnet as cn
    >>> ours = cn.read("mag-9")
    >>> nodes = ours.nodes
    >>> nodes.loc[nodes["id"] == "S_CN", "capacity_tpa"] = 70.0
    >>> theirs = ours.with_table("nodes", nodes)
    >>> both = cn.merge({"usa": ours, "jpn": theirs}, prefer=["jpn"])
    >>> both.n_conflicts, both.conflicts["why"].iloc[0]
    (1, 'prefer')
    """
    given = parties_of(parties)
    check_options(given, prefer, rules, ranges, ties)
    frames = {name: matched(name, network.at(None), match, given) for name, network in given.items()}
    sides = [Party(name, aliased(name, held, alias)) for name, held in sorted(frames.items())]
    return merged(sides, given, prefer=prefer, rules=rules, ranges=ranges, ties=ties, alias=alias)


def parties_of(given: Any, question: str = "merge") -> dict[str, Network]:
    """Return networks by party, merges unfolded; raise DataError for anything else."""
    if not isinstance(given, Mapping):
        raise DataError(f"{question}: give a mapping of names to networks, such as {{'usa': ours, 'jpn': theirs}}.")
    found: dict[str, Network] = {}
    for name, value in given.items():
        check_words(**{f"{question}: party": name})
        if isinstance(value, Merge):
            inner = value.parties
        elif isinstance(value, Network):
            inner = {str(name): value}
        else:
            raise DataError(f'{question}: "{name}" is a {type(value).__name__}. Give a Network.')
        for party, network in inner.items():
            if party in found and found[party].digest != network.digest:
                raise DataError(f'{question}: two parties are called "{party}". Give each a name of its own.')
            found[party] = network
    if len(found) < 2:
        raise DataError(f"{question}: {len(found)} given; give two or more networks, each with a name of its own.")
    return found


def check_options(
    given: Mapping[str, Network], prefer: Sequence[str], rules: Sequence[str], ranges: str, ties: str
) -> None:
    if isinstance(prefer, str):
        raise DataError(f"prefer: {prefer!r} is a text. Give a list of parties.")
    for name in prefer:
        checks.known(name, given, "prefer", "party")
    for rule in rules:
        checks.known(rule, RULES, "rules", "rule")
    if len(set(rules)) < len(rules) or isinstance(rules, str):
        raise DataError("rules: give each rule once, as a list.")
    checks.known(ranges, ("widen", "taken"), "ranges", "way")
    checks.known(ties, ("take", "error"), "ties", "way")


@dataclass
class _Book:
    """What is noted while records are gone through."""

    parties: tuple[str, ...]
    rules: Sequence[str]
    prefer: Sequence[str]
    widen: bool
    joined: bool = False
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    filled: list[dict[str, Any]] = field(default_factory=list)
    unmatched: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    pedigree: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    in_conflict: set[tuple[str, str, str]] = field(default_factory=set)
    n: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("conflict", "filled", "unmatched", "equal"), 0))

    def conflict(self, table: str, key: str, column: str, claims: Sequence[Claim], taken: Any, why: str) -> None:
        """List a conflict, one row per claim."""
        if table == "figures" and tuple(key.split(" / ", 2)) in self.in_conflict:
            return  # listed as the conflict of the cell that the figure describes
        self.in_conflict.add((table, key, column))
        number = self.n["conflict"] = self.n["conflict"] + 1
        for claim in claims:
            self.conflicts.append(
                {
                    "conflict": number, "table": table, "key": key, "column": column, **claim._asdict(),
                    "value": text_of(claim.value), "taken": same_value(claim.value, taken), "why": why,
                }
            )  # fmt: skip

    def range_of(self, claims: Sequence[Claim], taken: Claim) -> tuple[float | None, float | None]:
        """Return low and high of a figure: of the claim taken, or so that nobody's figure lies outside."""
        if not self.widen:
            return taken.low, taken.high
        differ = any(not same_value(claim.value, taken.value) for claim in claims)
        values = [claim.value for claim in claims if differ]
        lows = [claim.low for claim in claims if claim.low is not None]
        highs = [claim.high for claim in claims if claim.high is not None]
        return min([*lows, *values], default=None), max([*highs, *values], default=None)


def merged(
    sides: Sequence[Party],
    given: dict[str, Network],
    *,
    prefer: Sequence[str],
    rules: Sequence[str],
    ranges: str,
    ties: str,
    alias: Mapping[str, Any] | None = None,
    name: str | None = None,
    meta: dict[str, Any] | None = None,
    question: str = "merge",
    suspects: Sequence[dict[str, Any]] | None = None,
    finish: Callable[[Network], tuple[Network, dict[str, int]]] | None = None,
) -> Merge:
    """Merge the tables of parties whose ids already mean the same; ``merge`` and ``join`` ask alike.

    ``meta`` is what the network counts, where that is not for the parties to say; ``suspects`` what may stand twice,
    where that is known; ``finish`` lays hazards and scenarios of the parties on the network, and counts these.
    """
    book = _Book(tuple(side.name for side in sides), rules, prefer, ranges == "widen", question == "join")
    sides = _built(sides, book)
    frames = {table: _table(table, sides, book) for table in TABLES if table != "figures"}
    figures = _table("figures", sides, book)
    frames["figures"] = _with_figures(figures, book)
    words = _meta(given, {} if alias is None else alias, book) if meta is None else meta
    if ties == "error":
        open_ones = [row for row in book.conflicts if row["why"] == "tie" and row["taken"]]
        if open_ones:
            places = [f"{row['table']} {row['key']}, {row['column']}" for row in open_ones]
            raise DataError(
                f"{question}: no rule decides {len(set(places))} conflicts: {'; '.join(sorted(set(places))[:5])}. "
                "Name parties in prefer, or leave ties out."
            )
    label = name or _common([network.name for network in given.values()]) or "+".join(sorted(given))
    tables: dict[str, Any] = dict(frames)
    network = Network(**tables, name=label, label=_common([n.label for n in given.values()]) or label, **words)
    network, laid = (finish or partial(_with_scenarios, given, book))(network)
    source = provenance(
        network, "none", parties={name: held.digest for name, held in sorted(given.items())}, prefer=prefer,
        rules=rules, ranges=ranges, alias=dict(alias or {}),
    )  # fmt: skip
    doubtful = suspects_of(sides) if suspects is None else list(suspects)

    def table(rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
        return stamp(pd.DataFrame(rows, columns=list(columns)), source)

    return Merge(
        provenance=source,
        conflicts=table(book.conflicts, _CONFLICTS).astype({"year": "Int64", "low": float, "high": float}),
        filled=table(book.filled, _FILLED),
        unmatched=table(book.unmatched, _UNMATCHED),
        rows=table(book.rows, _ROWS),
        pedigree=table(book.pedigree, _PEDIGREE),
        suspects=table(doubtful, ["id", "party", "other_id", "other_party", "country", "step", "why"]),
        counts=table(_counts(given, sides, frames, laid), ["table", "part", "rows", "kept"]),
        n_conflicts=book.n["conflict"],
        n_filled=book.n["filled"],
        n_unmatched=book.n["unmatched"],
        n_equal=book.n["equal"],
        n_cells=sum(book.n.values()),
        network=network,
        parties=given,
    )


def _counts(
    given: Mapping[str, Network], sides: Sequence[Party], frames: Mapping[str, pd.DataFrame], laid: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return how many rows each party gives of each table, and how many of them the result holds."""
    rows: list[dict[str, Any]] = []
    for table in TABLES:
        columns = TABLES[table].named_by
        held = set(joined_key(frames[table], columns))
        for side in sides:
            n = len(given[side.name].at(None).view(table))
            lost = sum(key not in held for key in joined_key(side.frames[table], columns))
            if n:
                rows.append({"table": table, "part": side.name, "rows": n, "kept": max(n - lost, 0)})
    for side in sides:
        if n := len(scenarios(given[side.name])):
            rows.append({"table": "scenarios", "part": side.name, "rows": n, "kept": laid[side.name]})
    return rows


def _with_scenarios(given: Mapping[str, Network], book: _Book, network: Network) -> tuple[Network, dict[str, int]]:
    """Return a merged network with the scenarios of all parties; of two of one name the word of one is taken."""
    claims: dict[str, list[Claim]] = {}
    for party, own in given.items():
        for name, scenario in scenarios(own).items():
            claims.setdefault(name, []).append(Claim(scenario.to_toml(), party))
    texts, kept = {}, dict.fromkeys(given, 0)
    for name, said in sorted(claims.items()):
        best, why = settle(said, book.rules, book.prefer)
        texts[name] = str(best.value)
        if why:
            book.conflict("scenarios", name, "text", said, best.value, why)
        for claim in said:
            kept[claim.party] += claim.value == best.value
    known = {name: scenario.to_toml() for name, scenario in scenarios(network).items()}
    return (network if known == texts else network.with_scenarios(texts)), kept


def _common(words: Sequence[str]) -> str:
    return words[0] if len(set(words)) == 1 else ""


def text_of(value: Any) -> str:
    """Return a cell as text, a number as Python writes it."""
    if value is None:
        return ""
    return repr(float(value)) if isinstance(value, (int, float)) else str(value)


def _built(sides: Sequence[Party], book: _Book) -> list[Party]:
    """What is a node here and a project there is a node, and a conflict."""
    nodes = set[str]().union(*(set(side.frames["nodes"]["id"]) for side in sides))
    projects = set[str]().union(*(set(side.frames["projects"]["id"]) for side in sides))
    both = nodes & projects
    for key in sorted(both):
        claims = []
        for side in sides:
            held = [t for t in ("nodes", "projects") if (side.frames[t]["id"] == key).any()]
            claims += [Claim(table, side.name) for table in held]
        book.conflict("nodes", key, "table", claims, "nodes", "built")
    if not both:
        return list(sides)
    out = []
    for side in sides:
        table = side.frames["projects"]
        out.append(Party(side.name, {**side.frames, "projects": table[~table["id"].isin(both)]}))
    return out


def _table(table: str, sides: Sequence[Party], book: _Book) -> pd.DataFrame:
    """Return a table of the result; what was decided goes into the book."""
    held = {side.name: records_of(table, side.frames[table], book.joined) for side in sides}
    by_name = {side.name: side for side in sides}
    rows: list[dict[str, Any]] = []
    for key in sorted(set[str]().union(*(set(found) for found in held.values()))):
        own = {name: found[key] for name, found in held.items() if key in found}
        lacking = [name for name in held if name not in own]
        if lacking:
            book.unmatched.append(_place(table, key, held_by="; ".join(own), missing_in="; ".join(lacking)))
        whole = any(record.is_whole for record in own.values())
        rows += (_whole if whole else _by_cell)(table, key, own, by_name, book, bool(lacking))
    return pd.DataFrame(rows, columns=TABLES[table].names)


def _place(table: str, key: str, **more: Any) -> dict[str, Any]:
    return {"table": table, "key": key, **more}


def _by_cell(
    table: str, key: str, own: Mapping[str, Record], sides: Mapping[str, Party], book: _Book, unmatched: bool
) -> list[dict[str, Any]]:
    """Return the one row of a record, cell by cell."""
    given = {name: next(iter(record.rows.values())) for name, record in own.items()}
    schema = TABLES[table]
    is_number = {column.name: column.kind != "text" for column in schema.columns}
    principal = principal_of(table, *given.values())
    out: dict[str, Any] = {}
    taken: dict[str, tuple[Claim, list[Claim], str]] = {}
    for column in schema.names:
        if column in PEDIGREE_CELLS:
            continue
        claims = [sides[name].claim(table, key, column, row) for name, row in given.items() if column in row]
        if not claims:
            continue
        best, why = settle(claims, book.rules, book.prefer)
        out[column], taken[column] = best.value, (best, claims, why)
        if column in schema.named_by:
            continue
        if why:
            book.conflict(table, key, column, claims, best.value, why)
        elif len(claims) < len(given):
            book.n["filled"] += 1
            names = {claim.party for claim in claims}
            missing = "; ".join(name for name in given if name not in names)
            cell = {"column": column, "value": text_of(best.value), "given_by": "; ".join(sorted(names))}
            book.filled.append(_place(table, key, **cell, missing_in=missing))
        else:
            book.n["unmatched" if unmatched else "equal"] += 1
    # where nobody gives the principal figure the four cells still say something
    bare = [sides[name].claim(table, key, principal, row) for name, row in given.items()]
    best, claims, why = taken.get(principal) or (settle(bare, book.rules, book.prefer)[0], bare, "")
    _describe(table, key, principal, best, claims, why, out, book)
    for column, (one, theirs, decided) in taken.items():
        differs = (one.quality, one.reference) != (best.quality, best.reference)
        if (
            is_number[column]
            and column not in (principal, *schema.named_by)
            and (decided or differs)
            and table != "figures"
        ):
            low, high = book.range_of(theirs, one)
            book.figures[table, key, column] = {
                "value": one.value, "quality": one.quality, "reference": one.reference, "low": low, "high": high,
            }  # fmt: skip
    decided_in = [(column, one.value) for column, (one, _, decided) in taken.items() if decided]
    agree = [name for name, row in given.items() if all(same_value(row.get(c), v) for c, v in decided_in if c in row)]
    said = ("; ".join(agree) or "cell by cell") if decided_in else ""
    book.rows.append(_place(table, key, parties="; ".join(own), taken_from=said))
    return [out]


def _describe(
    table: str, key: str, column: str, best: Claim, claims: Sequence[Claim], why: str, out: dict[str, Any], book: _Book
) -> None:
    """Write the four cells of the principal figure; where only they differ, say so."""
    if table not in TABLES or "quality" not in TABLES[table].names:
        return
    known = [claim for claim in claims if claim.value is not None]
    low, high = book.range_of(known, best) if known else (best.low, best.high)
    cells = {"quality": best.quality, "reference": best.reference, "low": low, "high": high}
    out.update({name: value for name, value in cells.items() if value not in (None, "")})
    if not why and len({claim[2:6] for claim in claims}) > 1:
        for claim in claims:
            told = {name: getattr(claim, name) for name in PEDIGREE_CELLS}
            book.pedigree.append(
                _place(table, key, column=column, party=claim.party, **told, taken=claim[2:6] == best[2:6])
            )


def _whole(
    table: str, key: str, own: Mapping[str, Record], sides: Mapping[str, Party], book: _Book, unmatched: bool
) -> list[dict[str, Any]]:
    """Return the rows of a record that is taken from one party as it stands there; blank counts as a word too."""

    def told(record: Record, leave_out: Sequence[str]) -> str:
        rows = [sorted((c, text_of(v)) for c, v in row.items() if c not in leave_out) for row in record.rows.values()]
        return repr(sorted(zip(record.rows, rows, strict=True)))

    claims, exact = [], {}
    for name, record in own.items():
        each = [sides[name].claim(table, k, principal_of(table, row), row) for k, row in record.rows.items()]
        weakest = max(each, key=lambda claim: quality_rank(claim.quality))
        grade = min((c.grade for c in each if c.grade), default="")
        year = max((c.year for c in each if c.year is not None), default=None)
        claims.append(
            Claim(told(record, PEDIGREE_CELLS), name, weakest.quality, told(record, ()), None, None, grade, year)
        )
        exact[name] = told(record, ())
    best, why = settle(claims, book.rules, book.prefer)
    chosen = own[best.party]
    same = [claim.party for claim in claims if claim.value == best.value]
    keys = sorted(set[str]().union(*(set(record.rows) for record in own.values())))
    for row_key in keys:
        _compare_row(table, row_key, own, sides, book, (best.party, why), unmatched)
    book.rows.append(_place(table, key, parties="; ".join(own), taken_from="; ".join(same) if why else ""))
    if not why and len(set(exact.values())) > 1:
        for claim in claims:
            book.pedigree.append(
                _place(table, key, column="rows", party=claim.party, quality=claim.quality, reference="", low=None,
                       high=None, taken=exact[claim.party] == exact[best.party])
            )  # fmt: skip
    return [dict(row) for row in chosen.rows.values()]


def _compare_row(
    table: str,
    key: str,
    own: Mapping[str, Record],
    sides: Mapping[str, Party],
    book: _Book,
    taken: tuple[str, str],
    unmatched: bool,
) -> None:
    """Compare one row of records that are taken whole."""
    party, why = taken
    rows = {name: record.rows.get(key) for name, record in own.items()}
    if any(row is None for row in rows.values()):
        words = {name: "absent" if row is None else "present" for name, row in rows.items()}
        claims = [Claim(word, name) for name, word in words.items()]
        book.conflict(table, key, "row", claims, words[party], why)
        return
    held = {name: row for name, row in rows.items() if row is not None}
    for column in TABLES[table].names:
        if column in PEDIGREE_CELLS or column in TABLES[table].named_by:
            continue
        if not any(column in row for row in held.values()):
            continue
        claims = [sides[name].claim(table, key, column, row) for name, row in held.items()]
        own_value = held[party].get(column)
        if all(same_value(claim.value, own_value) for claim in claims):
            book.n["unmatched" if unmatched else "equal"] += 1
        else:
            book.conflict(table, key, column, claims, own_value, why)


def _with_figures(figures: pd.DataFrame, book: _Book) -> pd.DataFrame:
    """Return the figures with those of cells whose claim is not known as its row is."""
    kept = [row for row in figures.to_dict("records") if (row["table"], row["key"], row["column"]) not in book.figures]
    new = [
        {"table": table, "key": key, "column": column, **{k: v for k, v in cells.items() if v not in (None, "")}}
        for (table, key, column), cells in book.figures.items()
    ]
    return pd.DataFrame([*kept, *new], columns=TABLES["figures"].names)


def _meta(given: Mapping[str, Network], alias: Mapping[str, Any], book: _Book) -> dict[str, Any]:
    """Return what the result counts, its year and date: compared as if they were a table."""
    known = resolved(alias)
    bases = {
        str(row["basis"])
        for network in given.values()
        for row in network.view("commodities").to_dict("records")
        if row["id"] in network.main_commodity and row["basis"] == row["basis"]
    }
    if len(bases) > 1:
        raise DataError(
            f"merge: the main commodities are on different bases ({', '.join(sorted(bases))}), so their tonnes cannot "
            "be added. Give alias, or join the networks."
        )
    out: dict[str, Any] = {}
    for column in ("main_commodity", "beneficiaries", "year", "as_of"):
        claims = []
        for name, network in sorted(given.items()):
            value = getattr(network, column)
            if column == "main_commodity":
                value = dict.fromkeys(known[word][0] if word in known else word for word in value)
            value = "; ".join(value) if column in ("main_commodity", "beneficiaries") else value
            if value not in (None, ""):
                claims.append(Claim(value, name))
        if not claims:
            continue
        best, why = settle(claims, book.rules, book.prefer)
        out[column] = best.value if column in ("year", "as_of") else str(best.value).split("; ")
        if why:
            book.conflict(WHOLE, "", column, claims, best.value, why)
        elif len(claims) < len(given):
            book.n["filled"] += 1
            names = "; ".join(claim.party for claim in claims)
            missing = "; ".join(name for name in sorted(given) if name not in names.split("; "))
            cell = {"column": column, "value": text_of(best.value), "given_by": names, "missing_in": missing}
            book.filled.append(_place(WHOLE, "", **cell))
        else:
            book.n["equal"] += 1
    return out
