"""How a strange table is read: the command and the call, one for each answer to what the file leaves open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from math import prod
from pathlib import Path

from chainnet.io.columns import BACI, Seen, code_of, head_words, role_of, text_of
from chainnet.io.commands import Options, Way, quoted
from chainnet.io.encodings import LATIN
from chainnet.io.excerpts import DIRECTIONS, unit_of
from chainnet.io.rows import figure
from chainnet.io.seen import Sheet, is_year, listed, open_names, twice, year_column
from chainnet.io.siblings import is_part
from chainnet.network import END_COUNTRY

# customs statistics that from_trade knows as they are downloaded, by some of their columns; and where their codes stand
DOWNLOADED: tuple[tuple[str, frozenset[str], str], ...] = (
    ("BACI", frozenset(BACI), "k"),
    ("UN Comtrade", frozenset(("flowCode", "cmdCode", "netWgt", "primaryValue")), "cmdCode"),
    (
        "UN Comtrade (legacy)",
        frozenset(("Trade Flow", "Commodity Code", "Netweight (kg)", "Trade Value (US$)")),
        "Commodity Code",
    ),
)
_MOST = 8  # commands of a sheet
_MOST_CODES = 6  # products that a command names
_ANY = "99"  # chapter of the Harmonized System that no good is in
_EXPORTS = re.compile(r"\bexport(s|er)?\b", re.I)
_IMPORTS = re.compile(r"\bimport(s|er)?\b", re.I)
_CODE = re.compile(r"\b(?:HS|SH|CN|code)\b\D{0,12}?(\d{4}(?:[. ]?\d{2}){0,3})(?!\d)|\((\d{4}|\d{6}|\d{8})\)", re.I)
_MOST_PARTS = 3  # years or directions that are offered
_LONGEST_SPANS = 400  # letters of the rows that a command leaves out
# heads by which the readers know columns; one that is something else must be told from them
_TAKEN = {
    "from-trade": {"year", "exporter", "importer", "code", "t", "reported_export", "reported_import", "reporter",
                   "partner", "flow", "unit"},
    "import": {"weight", "value", "capacity", "flow", "capacity_tpa", "flow_tpa", "source_country", "target_country"},
}  # fmt: skip
_UNSURE = "head names no unit"

Answer = tuple[str, Options]
Asked = list[tuple[str, list[Answer]]]


@dataclass
class Ways:
    """All ways to read a sheet, and the questions between them."""

    ways: list[Way] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    is_open: bool = False  # a question that no command answers


def ways_of(sheet: Sheet, path: Path, *, is_alone: bool, has_nodes: bool = False) -> Ways:
    """Return the ways to read a sheet.

    Parameters
    ----------
    sheet : Sheet
    path : Path
    is_alone : bool
        Whether no other sheet holds anything.
    has_nodes : bool
        Whether another sheet is a table of nodes, which is read along with a list.
    """
    out = Ways()
    base = _where(sheet, path, is_alone)
    heads = set(sheet.heads)
    known = next((one for one in DOWNLOADED if one[1] <= heads), None)
    if known is not None:
        _downloaded(out, sheet, path, base, *known)
        return out
    sheet.weights = [one for one in sheet.weights if not is_part(one.head)] or sheet.weights
    if len(sheet.weights) > 1 and is_part(sheet.weights[0].head):
        out.questions.append(
            f"What is moved in a year? {listed(one.head for one in sheet.weights)} are parts of a year, and no column "
            "is their sum: write it into one, and look again."
        )
    elif {"source", "target"} <= heads or sheet.form == "edges":
        _edges(out, sheet, path, base, has_nodes)
    elif sheet.form in ("trade", "reports") and not sheet.weights:
        out.said.append("Countries ship to countries, but no column is a weight: there is nothing to read.")
        out.questions += [
            f'Every cell of "{one.head}" is a whole number from 1990 to 2050. Are they years, or weights? Weights are '
            f"read by chainnet from-trade with --rename {quoted(one.head + '=t')}."
            for one in sheet.of_role("year")
            if role_of(one.head)[0] == "weight"
        ]
    elif sheet.form in ("trade", "reports"):
        _trade(out, sheet, path, base)
    elif sheet.form == "figures":
        out.said.append(
            "A figure for each country: what it makes or uses. As a CSV with the heads country and value (t) it goes "
            "into from-trade as --production or --use."
        )
    elif sheet.form == "matrix":
        out.said.append("Countries stand in the heads: a table from each to each. Write it as exporter, importer, t.")
    elif sheet.header is not None:
        out.said.append("No two columns name the ends of a flow, so no command reads it. Name them with --rename.")
    return out


def _where(sheet: Sheet, path: Path, is_alone: bool) -> Options:
    """Return the options that say where the table stands and how its numbers are written."""
    options: Options = {}
    if sheet.header is None:
        return options
    if not is_alone and sheet.grid.sheet:
        options["sheet"] = sheet.grid.sheet
    first, last = sheet.header
    options["header"] = str(first) if first == last else f"{first}-{last}"
    if not sheet.grid.sheet and sheet.grid.separator != ("\t" if path.suffix.lower() == ".tsv" else ","):
        options["separator"] = sheet.grid.separator
    asked = {"maybe", *(["blank end"] if _below_their_name(sheet) else [])}
    dropped = [one.row for one in sheet.extras if one.kind not in asked]
    if dropped:
        options["without_rows"] = spans(dropped)
    return options


def spans(lines: Sequence[int]) -> str:
    """Return numbers of rows in words, such as 12,30-32."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _downloaded(
    out: Ways, sheet: Sheet, path: Path, base: Options, name: str, _: frozenset[str], code: str
) -> None:  # fmt: skip
    out.said.append(f"It is a table of {name} as it is downloaded: from-trade knows its columns and units.")
    plain = not sheet.grid.sheet and sheet.grid.encoding in ("UTF-8", LATIN) and set(base) <= {"header"}
    options = {} if plain and base.get("header") == "1" else base
    column = next(one for one in sheet.columns if one.head == code)
    years = sorted({text_of(cell) for one in sheet.columns if one.head in ("t", "refYear", "Year")
                    for cell in sheet.cells(one)}, reverse=True)  # fmt: skip
    asked: Asked = []
    _ask_years(asked, years)
    _ask_products(asked, out, [text_of(cell) for cell in sheet.cells(column)], sheet, path)
    _combine(out, asked, "from-trade", options, path, sheet)


def _trade(out: Ways, sheet: Sheet, path: Path, base: Options) -> None:
    """Collect the questions of a trade table, in the order of its options."""
    asked: Asked = []
    first, second = sheet.ends
    if sheet.form == "reports":
        flow = max(sheet.of_role("flow"), key=lambda one: one.n_filled)
        base["rename"] = {flow.head: "flow"}
        is_told = first.role == "reporter" or second.role == "partner"
        asked.append((
            "" if is_told else f'Is "{flow.head}" what "{first.head}" does, or "{second.head}"? The file does not say.',
            [
                (a.head, {"rename": {a.head: "reporter", b.head: "partner"}})
                for a, b in (((first, second),) if is_told else ((first, second), (second, first)))
            ],
        ))  # fmt: skip
    elif first.role in ("exporter", "importer"):
        base["rename"] = {first.head: first.role, second.head: second.role}
    elif directed := _directed(sheet):
        said = f'Which figures are read: {listed(one.head for one, _ in directed)} (of "{first.head}")?'
        asked.append((said, [
            (" in ".join([f'"{one.head}"', *([unit] if len(_units(sheet, one)) > 1 else [])]), {
                "rename": {(first if is_export else second).head: "exporter",
                           (second if is_export else first).head: "importer", one.head: "t"},
                **({} if one.units == ("t",) else {"unit": unit}),
            })
            for one, is_export in directed
            for unit in _units(sheet, one)
        ]))  # fmt: skip
    else:
        asked.append((
            f'Which of "{first.head}" and "{second.head}" ships the goods? The file does not say.',
            [
                (f"{a.head} exports", {"rename": {a.head: "exporter", b.head: "importer"}})
                for a, b in ((first, second), (second, first))
            ],
        ))  # fmt: skip
    if sheet.form == "trade" and (sides := _two_reports(sheet)):
        base["rename"] |= {one.head: name for name, one in sides.items()}
        _ask_units(asked, sides["reported_export"])
    elif not (sheet.form == "trade" and first.role not in ("exporter", "importer") and _directed(sheet)):
        _ask_weights(asked, out, sheet, "t")
    _fill_values(base, sheet)
    _ask_numbers(asked, sheet)
    _ask_rows(asked, out, sheet)
    for word, meant in open_names(sheet).items():
        keep: Answer = ("as it stands", {"countries": {word: word}})
        said = f'Which country is "{word}"?' + (" Namibia, or not available?" if word == "NA" else "")
        asked.append((said, [*((code, {"countries": {word: code}}) for code in meant), keep]))
    if sheet.form == "trade" and sheet.of_role("flow"):
        _ask_parts(asked, out, sheet, sheet.of_role("flow")[0], "direction")
    column, years = year_column(sheet)
    if column is not None and all(map(is_year, years)):
        base["rename"] = base.get("rename", {}) | {column.head: "year"}
        _ask_years(asked, years)
    elif column is not None:
        _ask_parts(asked, out, sheet, column, "period")
    codes = sheet.of_role("code")
    if codes:
        base["rename"] = base.get("rename", {}) | {codes[0].head: "code"}
    _ask_products(asked, out, [text_of(cell) for one in codes[:1] for cell in sheet.cells(one)], sheet, path)
    _combine(out, asked, "from-trade", base, path, sheet)


def _directed(sheet: Sheet) -> list[tuple[Seen, bool]]:
    """Return the weights, and whether each is out of the first country; none where a head names no direction."""
    ways = {
        one.place: [DIRECTIONS[w] for w in head_words(one.head) if len(w) > 1 and w in DIRECTIONS]
        for one in sheet.weights
    }
    sides = [(one, ways[one.place][0] == "export") for one in sheet.weights if ways[one.place]]
    return sides if len(sides) == len(sheet.weights) else []


def _two_reports(sheet: Sheet) -> dict[str, Seen]:
    """Return the weights of what exporters and what importers report, where a table has both."""
    exports = [one for one in sheet.weights if _EXPORTS.search(one.head) and not _IMPORTS.search(one.head)]
    imports = [one for one in sheet.weights if _IMPORTS.search(one.head) and not _EXPORTS.search(one.head)]
    if (
        sheet.ends[0].role != "exporter"
        or len(exports) != 1
        or len(imports) != 1
        or exports[0].units != imports[0].units
    ):
        return {}
    return {"reported_export": exports[0], "reported_import": imports[0]}


def _edges(out: Ways, sheet: Sheet, path: Path, base: Options, has_nodes: bool) -> None:
    """Collect the questions of a list of who ships to whom."""
    asked: Asked = []
    ends = dict(zip(("source", "target"), (one.head for one in sheet.ends), strict=False))
    ends |= {name: name for name in ("source", "target") if name in sheet.heads}
    base["rename"] = {head: name for name, head in ends.items()}
    ours = [name for name in ("capacity_tpa", "flow_tpa") if name in sheet.heads]
    taken = {*ends.values(), *ours}
    if ours or not sheet.weights:
        if not sheet.weights and not ours:
            out.said.append("No column is a weight: every edge is read without a limit.")
    else:
        words = "what moved (flow), or the most that can move (capacity)"
        asked.append((
            f'Is "{sheet.weights[0].head}" {words}?',
            [(name, {"_weight": name}) for name in ("capacity_tpa", "flow_tpa")],
        ))  # fmt: skip
        out.said.append(
            "A flow limits nothing by itself. Where no plant and no link has a capacity, chokepoints cannot be ranked: "
            "then read what moved as the capacity. Nobody then ships more than he did; a plant that takes more than it "
            "ships has the difference to spare."
        )
        _ask_weights(asked, out, sheet, "_weight")
    _say_goods(out, sheet)
    column, _ = year_column(sheet)
    if column is not None:
        _ask_parts(asked, out, sheet, column, "year")
    _ask_numbers(asked, sheet)
    _ask_rows(asked, out, sheet)
    countries = _end_countries(sheet, ends)
    base["rename"] |= {one.head: END_COUNTRY[end] for end, one in countries.items()}
    if any(one.spelling != "ISO-3" for one in countries.values()):
        base["country_names"] = True
    taken |= {one.head for one in countries.values()}
    places = [one.head for one in sheet.columns if one.spelling and one.head not in taken]
    if places:
        out.said.append(f"Left out: {listed(places)}: they do not say in which country each end lies.")
    if not countries and not has_nodes:
        out.said.append(
            "No column says in which country the ends lie. To ask by country add a column country to nodes.csv in the "
            "folder that import writes, or columns to the list: source_country, target_country."
        )
    if {one.head for one in sheet.columns if one.role != "blank"} - taken - {one.head for one in sheet.weights[:1]}:
        base["ignore_unknown"] = True
    _combine(out, asked, "import", base, path, sheet, ours)


def _end_countries(sheet: Sheet, ends: Mapping[str, str]) -> dict[str, Seen]:
    """Return for each end the column that says in which one country it lies."""
    found: dict[str, Seen] = {}
    for end, head in ends.items():
        own = next(one for one in sheet.columns if one.head == head)
        roles = (end, "exporter" if end == "source" else "importer")
        for one in sheet.of_role(*roles):
            if one is own or one.spelling not in ("ISO-3", "ISO-2", "names") or one.strange or end in found:
                continue
            pairs = {(text_of(a), code_of(b)[0]) for a, b in zip(sheet.cells(own), sheet.cells(one), strict=True) if b}
            if len(pairs) == len({name for name, _ in pairs}):
                found[end] = one
    return found


def _ask_weights(asked: Asked, out: Ways, sheet: Sheet, name: str) -> None:
    """Ask which column is the weight, and in which unit, where the heads leave it open."""
    weights = sheet.weights[:_MOST]
    if not weights:
        return
    answers: list[Answer] = []
    by_row = _unit_column(sheet)
    if by_row is not None and not any(one.units for one in weights):
        _take_units(asked, out, sheet, by_row)
        answers = [(f'"{one.head}"' if len(weights) > 1 else "", {"rename": {one.head: name}}) for one in weights]
        asked.append((f"Which column holds the weight: {listed(one.head for one in weights)}?", answers))
        return
    for one in weights:
        units = _units(sheet, one)
        for unit in units:
            options: Options = {"rename": {one.head: name}, **({} if one.units == ("t",) else {"unit": unit})}
            said = [f'"{one.head}"'] if len(weights) > 1 else []
            answers.append((" in ".join([*said, *([unit] if len(units) > 1 else [])]), options))
    questions = []
    if len(weights) > 1 or weights[0].role == "number":
        questions.append(f"Which column holds the weight: {listed(one.head for one in weights)}?")
    unclear = [one for one in weights if len(_units(sheet, one)) > 1]
    if unclear:
        questions.append(f"In which unit is {listed(one.head for one in unclear)}? Its {_UNSURE} for sure.")
    asked.append((" ".join(questions), answers))


def _unit_column(sheet: Sheet) -> Seen | None:
    """Return the column that says the unit of each row, if it says several."""
    return next((one for one in sheet.of_role("unit") if len({text_of(cell) for cell in sheet.cells(one)}) > 1), None)


def _take_units(asked: Asked, out: Ways, sheet: Sheet, column: Seen) -> None:
    """Read each row in its own unit; rows in what is no weight are left out, and one that is not sure is asked."""
    lines: dict[str, list[int]] = {}
    for (line, _), cell in zip(sheet.rows, sheet.cells(column), strict=True):
        lines.setdefault(text_of(cell), []).append(line)
    units = {word: unit_of(word) for word in lines}
    unsure = [word for word, said in units.items() if len(said) > 1 or not word]
    if unsure:
        rows = spans([line for word in unsure for line in lines[word]])
        said = f'In which unit are rows {rows}, where "{column.head}" holds {listed(unsure)}? Write it there.'
        out.questions.append(said)
        out.is_open = True
    strange = [word for word, said in units.items() if word and not said]
    if strange:
        out.said.append(f'Rows in {listed(strange)} ("{column.head}") are left out: it is no unit of weight.')
        asked.append(("", [("", {"_rows": [line for word in strange for line in lines[word]]})]))
    known = list(dict.fromkeys(said[0] for word, said in units.items() if len(said) == 1))
    out.said.append(f'Each row is read in its own unit, by "{column.head}": {", ".join(known)}.')
    asked.append(("", [("", {"rename": {column.head: "unit"}})]))


def _units(sheet: Sheet, one: Seen) -> tuple[str, ...]:
    """Return the units that a weight may be in: by its head, else by a column of units, else tonnes or kilograms."""
    if one.units:
        return one.units
    for other in sheet.of_role("unit"):
        said = {unit_of(text_of(cell)) for cell in sheet.cells(other) if cell is not None}
        if len(said) == 1 and (units := next(iter(said))):
            return units
    return ("t", "kg")


def _ask_units(asked: Asked, one: Seen) -> None:
    units = one.units or ("t", "kg")
    said = f'In which unit is "{one.head}"?' if len(units) > 1 else ""
    asked.append((said, [(unit if said else "", {} if one.units == ("t",) else {"unit": unit}) for unit in units]))


def _fill_values(base: Options, sheet: Sheet) -> None:
    """Take values along where they are in USD and a weight is missing, which is then reckoned from them."""
    values = [one for one in sheet.of_role("value") if re.search(r"usd|us\$|\$", one.head.lower())]
    lacking = sheet.weights and any(figure(cell, sheet.marks[0]) is None for cell in sheet.cells(sheet.weights[0]))
    if lacking and len(values) == 1:
        base["rename"] = base.get("rename", {}) | {values[0].head: "usd"}


def _ask_numbers(asked: Asked, sheet: Sheet) -> None:
    if not sheet.is_marked:
        return
    if len(sheet.marks) == 1 or not _differs(sheet):
        asked.append(("", [("", {"decimal": sheet.marks[0]})]))
        return
    texts = [cell for one in sheet.weights for cell in sheet.cells(one) if isinstance(cell, str)]
    example = next((text for text in texts if re.search(r"\d[.,]\d{3}$", text)), texts[0] if texts else "")
    asked.append((
        f'Is {example} {example.replace(".", "").replace(",", "")}, or are its last three figures decimals?',
        [
            (f'"{mark}" marks decimals', {"decimal": mark})
            for mark in sheet.marks
        ],
    ))  # fmt: skip


def _below_their_name(sheet: Sheet) -> list[int]:
    """Return the rows that lack one end of a flow which may stand above them: a name on its first row alone."""
    lone = [one.row for one in sheet.extras if one.kind == "blank end"]
    cells = dict(sheet.grid.body(sheet.header[1] - 1)) if sheet.header and lone else {}
    lacking = {tuple(cells[line][end.place] is None for end in sheet.ends) for line in lone}
    is_first = bool(sheet.rows) and bool(lone) and sheet.rows[0][0] < lone[0]
    return lone if is_first and lacking in ({(True, False)}, {(False, True)}) else []


def _differs(sheet: Sheet) -> bool:
    """Say whether the two decimal marks read other numbers."""
    cells = [cell for one in sheet.weights[:1] for cell in sheet.cells(one) if isinstance(cell, str)]
    return any(figure(cell, ".") != figure(cell, ",") for cell in cells)


def _ask_rows(asked: Asked, out: Ways, sheet: Sheet) -> None:
    """Ask about rows that may be totals, and those that stand twice."""
    lone = _below_their_name(sheet)
    if lone:
        said = f"Rows {spans(lone)} name one end of their flow alone. Is the other the one that stands above?"
        asked.append((said, [("as it stands above", {"fill_down": True}), ("those left out", {"_rows": lone})]))
    maybe = [one for one in sheet.extras if one.kind == "maybe"]
    for said, lines in (
        (f"Are rows {spans([one.row for one in maybe])} totals? {maybe[0].why[:1].upper()}{maybe[0].why[1:]}." if maybe
         else "", [one.row for one in maybe]),
        ("Do rows that are equal to an earlier one in every cell stand twice by mistake?", twice(sheet)),
    ):  # fmt: skip
        if lines:
            rows = f"rows {spans(lines)}"
            asked.append((said, [(f"{rows} left out", {"_rows": lines}), (f"{rows} kept", {})]))


def _ask_years(asked: Asked, years: Sequence[str]) -> None:
    if len(years) > 1:
        answers: list[Answer] = [(year, {"year": int(year)}) for year in years[:3]]
        more = f" (the file holds {len(years)}, from {years[-1]})" if len(years) > 3 else ""
        asked.append((f"Which year{more}?", answers))


def _ask_parts(asked: Asked, out: Ways, sheet: Sheet, column: Seen, what: str) -> None:
    """Ask which part of a list that says something several times is meant: one year of several, one direction."""
    lines: dict[str, list[int]] = {}
    for (line, _), cell in zip(sheet.rows, sheet.cells(column), strict=True):
        lines.setdefault(text_of(cell), []).append(line)
    if len(lines) < 2:
        return
    parts = sorted(lines, reverse=what != "direction")
    others = {part: sorted(line for other in parts if other != part for line in lines[other]) for part in parts}
    said = f'Which {what} ("{column.head}" has {len(parts)}: {listed(parts)})?'
    short = [part for part in parts if len(spans(others[part])) <= _LONGEST_SPANS][:_MOST_PARTS]
    if not short:
        out.questions.append(f"{said} Sort the rows by it, or keep one, and look again: nothing may be added.")
        out.is_open = True
        return
    asked.append((said, [(part or "those without one", {"_rows": others[part]}) for part in short]))


def _say_goods(out: Ways, sheet: Sheet) -> None:
    """Say that several goods are read as one: who makes which of what stands in no such list."""
    for column in (one for one in sheet.columns if one.role == "goods"):
        goods = sorted({text_of(cell) for cell in sheet.cells(column)} - {""})
        if len(goods) > 1:
            out.said.append(
                f"{listed([column.head])} names {len(goods)} goods: read as one, so that a tonne of any becomes a "
                "tonne of any other. Where a plant makes one of another, give recipes and the column as commodity."
            )


def _ask_products(asked: Asked, out: Ways, cells: Sequence[str], sheet: Sheet, path: Path) -> None:
    """Ask which products the rows are; their content is never in such a file."""
    sizes: dict[str, int] = {}
    for cell in cells:
        code = re.sub(r"\D", "", cell.removesuffix(".0"))[:6]
        if len(code) >= 2:
            sizes[code] = sizes.get(code, 0) + 1
    if not sizes:
        sizes = dict.fromkeys(_codes_in_titles(sheet, path), 1)
    codes = sorted(sizes, key=lambda code: -sizes[code])
    if len(codes) > _MOST_CODES:
        out.said.append(f"It holds {len(codes)} product codes; the command names those with the most rows.")
        codes = codes[:_MOST_CODES]
    codes = sorted(codes)
    if not codes:
        out.said.append(f"No product code stands anywhere: --product {_ANY} is for all rows. Put yours in its place.")
        codes = [_ANY]
    if any(len(code) in (3, 5) for code in codes):
        out.said.append("A product code has an odd number of figures: a leading zero may be lost.")
    out.said.append(
        "The file does not say how much of the material is in a tonne: =1 counts gross tonnes. Write its share, such "
        "as =0.08 for an ore of 8 %."
    )
    if len(codes) == 1:
        asked.append(("", [("", {"products": {codes[0]: "1"}})]))
        return
    asked.append((
        f"Are the product codes {', '.join(codes)} one commodity, or steps of a chain in this order?",
        [
            ("one commodity", {"products": dict.fromkeys(codes, "1:goods")}),
            ("a chain in this order", {"products": {code: f"1:hs{code}" for code in codes}}),
        ],
    ))  # fmt: skip


def _codes_in_titles(sheet: Sheet, path: Path) -> list[str]:
    above = sheet.grid.rows[: sheet.header[0] - 1] if sheet.header else []
    texts = [text_of(cell) for row in above for cell in row] + [sheet.grid.sheet, path.stem.replace("_", " ")]
    found = [re.sub(r"\D", "", one[1] or one[2])[:6] for text in texts for one in _CODE.finditer(text)]
    return list(dict.fromkeys(code for code in found if not re.fullmatch(r"(19|20)\d\d", code)))


def _combine(
    out: Ways, asked: Asked, verb: str, base: Options, path: Path, sheet: Sheet, ours: Sequence[str] = ()
) -> None:  # fmt: skip
    """Make a way of each set of answers; of more sets than people read, one that differs in one answer each."""
    asked = [one for one in asked if one[1]]
    out.questions += [said for said, answers in asked if said and len(answers) > 1]
    if out.is_open:
        return
    sets: list[tuple[Answer, ...]] = list(islice(product(*(answers for _, answers in asked)), _MOST + 1))
    if len(sets) > _MOST:
        first = sets[0]
        others = [(*first[:i], one, *first[i + 1 :]) for i, (_, few) in enumerate(asked) for one in few[1:]]
        sets = [first, *others][:_MOST]
        n = prod(len(few) for _, few in asked)
        out.said.append(
            f"There are {n} sets of answers; each command changes one answer of the first. Join their options."
        )
    name = "_".join(re.findall(r"[a-z0-9]+", path.stem.lower())) or "graph"
    for chosen in sets:
        options = {key: dict(value) if isinstance(value, dict) else value for key, value in base.items()}
        for _, more in chosen:
            for key, value in more.items():
                if isinstance(value, dict):
                    options[key] = {**options.get(key, {}), **value}
                else:
                    options[key] = [*options.get(key, []), *value] if isinstance(value, list) else value
        lines = options.pop("_rows", [])
        if lines:
            rows = str(options.get("without_rows", ""))
            dropped = [row for part in rows.split(",") if part for row in _range(part)]
            options["without_rows"] = spans([*dropped, *lines])
        weight = options.pop("_weight", "")
        rename = {old: weight if new == "_weight" else new for old, new in options.pop("rename", {}).items()}
        for head in sheet.heads if rename else ():
            if head in _TAKEN[verb] and head not in rename and head not in ours:
                rename[head] = f"{head} (left out)"
        rename = {old: new for old, new in rename.items() if old != new}
        if rename:
            options["rename"] = rename
        answers = tuple(said for (said, _), (_, few) in zip(chosen, asked, strict=True) if said and len(few) > 1)
        out.ways.append(Way(answers, verb, {**options, "out": name}))


def _range(part: str) -> range:
    first, _, last = part.partition("-")
    return range(int(first), int(last or first) + 1)
