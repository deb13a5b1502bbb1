"""The content of a report, in its order: page one, the fixed questions, the annexes. Every format shows this."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from chainnet.assessment import Assessment
from chainnet.errors import DataError
from chainnet.reporting import (
    tables,
    tables_bloc,
    tables_exposure,
    tables_losses,
    tables_months,
    tables_projects,
    tables_stocks,
    tables_sure,
    tables_trust,
)
from chainnet.reporting.content_words import GLOSSARY, METHOD, STATUS_WORDS
from chainnet.reporting.facts import ALL_TIERS, BASELINE, Facts
from chainnet.reporting.facts_months import Months
from chainnet.reporting.figures import main_figures
from chainnet.reporting.figures_bloc import bloc_figures
from chainnet.reporting.figures_losses import loss_figures
from chainnet.reporting.figures_months import month_figures
from chainnet.reporting.figures_stocks import stock_figures
from chainnet.reporting.glyphs import stand_ins
from chainnet.reporting.model import Block, Document, Figure, Section, Sentence, Table
from chainnet.reporting.reproduction import digest_table, reproduction
from chainnet.reporting.summary import bottom_line, decisions, stranger_sentences
from chainnet.reporting.summary_months import bracket_points, month_points, not_assessed, stock_points
from chainnet.reporting.summary_short import short_line
from chainnet.words import count, counted, join, spelled

__all__ = ["build", "name_stand_ins", "report_figures"]

KEY_ROWS = 7  # so that the summary stands on two pages
NOT_YET = "not assessed in this version"
# tables of questions that not every graph can be asked
_LATE = (
    tables_bloc.frontier_table,
    tables_bloc.floor_table,
    tables_bloc.idle_table,
    tables_bloc.split_table,
    tables_bloc.side_table,
    tables_bloc.index_table,
    tables_sure.range_table,
    tables_sure.rank_table,
    tables_sure.input_table,
)


def build(assessment: Assessment, *, title: str | None = None, author: str = "", marking: str = "") -> Document:
    """Return the content of the report on an assessment.

    Parameters
    ----------
    assessment : Assessment
    title : str, optional
        Default the graph's own title.
    author, marking : str
        The marking stands on every page, sheet and in the title.

    Returns
    -------
    Document
    """
    facts = Facts(assessment)
    months = Months(facts)
    names = name_stand_ins(facts)
    made = _tables(facts, months)
    found = _figures(facts, months, names, made)
    network = assessment.network
    head = title or f"{network.label}: stress test"
    source = assessment.provenance
    return Document(
        title=head,
        subtitle=_subtitle(facts, months),
        author=author,
        marking=marking.strip(),
        vintage=f"{network.label}, data of {network.year}" if network.year else network.label,
        digest=source["digest"][:12],
        version=source["version"],
        bottom_line=short_line(facts, months),
        summary=_summary(facts, made, found),
        sections=_sections(facts, months, made, found),
        annexes=_annexes(facts, made, {"title": title or "", "author": author, "marking": marking.strip()}),
        inputs=(*_sheets(months), *tables_trust.input_tables(facts)),
    )


def report_figures(assessment: Assessment) -> dict[str, Figure]:
    """Return every figure of the report on an assessment, by id.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    dict of str to Figure
        id, title (the finding), subtitle, svg, alt, note; ``save`` writes SVG or PNG, a notebook shows it.

    Raises
    ------
    DataError
        If it is no assessment.

    Examples
    --------
    >>> import chainnet as cn
    >>> made = cn.report_figures(cn.assess(cn.read("mag-9")))
    >>> made["F2"].title
    'China makes over half of 4 of 4 goods'
    """
    if not isinstance(assessment, Assessment):
        raise DataError(f"report_figures: a {type(assessment).__name__}; give an Assessment, made by assess.")
    facts = Facts(assessment)
    months = Months(facts)
    return _figures(facts, months, name_stand_ins(facts), _tables(facts, months))


def _figures(facts: Facts, months: Months, names: Mapping[str, str], made: Mapping[str, Table]) -> dict[str, Figure]:
    found = main_figures(facts, names) | month_figures(months, names) | stock_figures(months, names)
    found |= loss_figures(facts, names) | bloc_figures(facts, names)
    return {name: _standing(figure, made) for name, figure in found.items()}


def _standing(figure: Figure, made: Mapping[str, Table]) -> Figure:
    """Return a figure whose note says the status and grade of the table that holds its data."""
    drawn = [made[key] for key in re.findall(r"\bT\d+[a-z]?(?:\.\d{4})?", figure.note) if key in made]
    if not drawn:
        return figure
    return replace(figure, note=f"Status {drawn[0].status}. Grade {drawn[0].grade}. {figure.note}")


def name_stand_ins(facts: Facts) -> dict[str, str]:
    """Return names in scripts that the fonts lack -> ids."""
    network = facts.network
    pairs = {str(i): str(label) for i, label in facts.things["label"].items()}
    pairs |= facts.commodity_labels
    pairs |= {str(name): str(label) for name, label in facts.a.scenarios["label"].items()}
    pairs |= {network.name: network.label}
    return stand_ins(pairs)


def _subtitle(facts: Facts, months: Months) -> str:
    goods = [facts.commodity(c) for c in facts.counted]
    what = join(goods) if goods else "all goods"
    whose = f", demand of {facts.whose}" if facts.whose else ""
    return f"{what}{whose}; {spelled(len(facts.ordered), 'scenario')}, in the long run and over {months.span}"


def _sheets(months: Months) -> tuple[Table, ...]:
    """Return the sheets of the workbook that are too long to print."""
    made = (tables_months.month_sheet(months), tables_months.user_sheet(months), tables_months.stock_sheet(months))
    return tuple(table for table in made if table is not None)


def _key_table(facts: Facts, months: Months) -> Table:
    """Return T1 with the months of the leading tier."""
    names = [BASELINE, *facts.ordered]
    rows = {name: months.of(name, months.lead) for name in names}
    cells = {name: [row["shortfall_t"], *tables_months.month_cells(months, row)] for name, row in rows.items()}
    head = f"In {months.horizon} months, t"
    short = tables_months.tonnes_of("shortfall_t", head, f"what {months.lead} lacks over the horizon")
    return tables.scenario_table(facts, [short, *tables_months.month_columns()], cells).with_lead(rows=KEY_ROWS)


def _tables(facts: Facts, months: Months) -> dict[str, Table]:
    losses = tables_losses.loss_table
    made = [
        _key_table(facts, months),
        tables.stage_table(facts),
        losses(facts, "site", "T5", "N-1", "What is lost if one site drops out"),
        losses(facts, "node", "T5b", "N-1 nodes", "What is lost if one node drops out"),
        losses(facts, "country", "T6a", "Countries", "What is lost if one country drops out"),
        losses(
            facts,
            "owner_country",
            "T6b",
            "Owner countries",
            "What is lost if all that one country's owners hold drops out",
        ),
        losses(facts, "operator", "T6c", "Operators", "What is lost if one operator drops out"),
        losses(facts, "step+country", "T6d", "Steps by country", "What is lost if one step in one country drops out"),
        tables_losses.attack_table(facts),
        tables_losses.pair_table(facts),
        tables.tier_table(facts),
        tables.place_table(facts, facts.when),
        tables.user_table(facts, facts.when),
        tables_months.horizon_table(months),
        tables_months.endurance_table(months),
        tables_projects.stock_table(facts),
        tables_trust.decisive_table(facts),
        tables_trust.assumption_table(facts, months.span),
        tables_trust.gap_table(facts),
        tables.coverage_table(facts),
        tables_trust.edge_table(facts),
        tables_trust.certificate_table(facts),
        tables_trust.measure_table(facts),
        tables_trust.source_table(facts),
    ]
    if facts.ordered:
        made.append(tables.ladder_table(facts))
    if facts.a.rerouting:
        made += [tables.year_table(facts), tables_projects.top_projects(facts), tables_projects.complement_table(facts)]
        made += [tables_projects.effect_table(facts, year) for year in facts.a.rerouting]
    if not facts.network.projects.empty:
        made.append(tables_projects.project_table(facts))
    some = (
        tables_months.rung_table(months),
        tables_exposure.exposure_table(facts),
        tables_exposure.bracket_table(facts),
        tables_stocks.requirement_table(months),
        tables_stocks.mitigation_table(months),
        *(make(facts) for make in _LATE),
    )
    made += [table for table in some if table is not None]
    by_id = {table.id: table for table in made}
    by_id["T2"] = tables_losses.top_losses(facts, [by_id[k] for k in ("T5", "T6a", "T6b", "T6c")])
    return by_id


def _with(*blocks: Block | None) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block is not None)


def _summary(facts: Facts, made: Mapping[str, Table], found: Mapping[str, Figure]) -> tuple[Block, ...]:
    lines = decisions(facts)
    return _with(
        made["T1"],
        found.get("F1"),
        found.get("F2"),
        made["T2"],
        made.get("T3"),
        Sentence("", (), "Decisions this supports") if lines else None,
        lines or None,
        Sentence("", (), "How far to trust it"),
        stranger_sentences(facts),
    )


def _sections(
    facts: Facts, months: Months, made: Mapping[str, Table], found: Mapping[str, Figure]
) -> tuple[Section, ...]:
    years = [made[f"T10.{year}"] for year in facts.a.rerouting]

    projects = not facts.network.projects.empty
    no_projects = Sentence("Not assessed: projects. There are none in the data.")
    return (
        Section("s0", "The answer, point by point", (bottom_line(facts, months),)),
        Section("s1", "1 What was asked?", _asked(facts, months, made)),
        Section("s2", "2 Where does the chain narrow?", _with(_cut_sentence(facts), found.get("F2b"), made["T4"])),
        Section(
            "s3",
            "3 What is lost if one, two or k drop out?",
            _with(
                found.get("F3"),
                made["T5"],
                made["T6a"],
                made["T6b"],
                Sentence(tables_losses.owners_words(facts), ("T6a", "T6b")),
                made["T6c"],
                made["T6d"],
                found.get("F4"),
                made["T7"],
                made["T7b"],
                Sentence("Sets of four and more: not assessed; each is a search of its own (“chainnet interdict”)."),
            ),
        ),
        Section(
            "s4",
            "4 Who goes short, and when?",
            _when(facts, months, made, found),
        ),
        Section("s5", "5 What does rerouting recover?", _rerouting(facts, made)),
        Section(
            "s6",
            "6 Which projects help, and in what company?",
            _with(
                found.get("F8"),
                made["T10"],
                *years,
                made["T11"],
                found.get("F9"),
                made.get("T11b"),
                *_said(facts, "portfolio"),
            )
            if projects and years
            else (no_projects,),
        ),
        Section(
            "s7",
            "7 What must be in stock?",
            _with(
                stock_points(months) or None,
                found.get("F10"),
                made.get("T12"),
                made.get("T12b"),
                not_assessed(facts, ("stockpile", "mitigation")) or None,
                made["T12a"],
            ),
        ),
        *_late_sections(facts, made, found),
        Section("s11", "11 What was assumed, what is missing?", (made["T16"], made["T17"])),
        Section("s12", "12 Method in one page", (tuple(Sentence(text, (), head) for head, text in METHOD),)),
    )


def _late_sections(facts: Facts, made: Mapping[str, Table], found: Mapping[str, Figure]) -> tuple[Section, ...]:
    """Return the sections of money, blocs and doubt."""
    return (
        Section(
            "s8",
            "8 What do floors cost, and what stands idle?",
            _with(found.get("F11"), made.get("T13"), *_said(facts, "floors"), made.get("T13b"), *_said(facts, "idle")),
        ),
        Section(
            "s9",
            "9 Who holds the balance?",
            _with(made.get("T14b"), found.get("F12"), made.get("T14"), *_said(facts, "alignment")),
        ),
        Section(
            "s10",
            "10 How sure are we?",
            _with(
                tables_sure.sure_points(facts) or None,
                found.get("F13"),
                made.get("T15b"),
                made.get("T15c"),
                made.get("T15d"),
                *_said(facts, "ranges", "draws"),
                found.get("F14"),
                made["T15"],
                made["T18"],
                made["T19"],
            ),
        ),
    )


def _said(facts: Facts, *questions: str) -> tuple[Block, ...]:
    points = not_assessed(facts, questions)
    return (points,) if points else ()


def _when(facts: Facts, months: Months, made: Mapping[str, Table], found: Mapping[str, Figure]) -> tuple[Block, ...]:
    """Return who goes short when: the months, then the long run, then what habit loses and what sites cost."""
    myopic = _with(bracket_points(facts) or None, made.get("T8g"), not_assessed(facts, ("bracket",)) or None)
    exposed = _with(found.get("F7b"), made.get("T8f"), not_assessed(facts, ("exposure",)) or None)
    return _with(
        month_points(months) or None,
        found.get("F5"),
        made["T8d"],
        found.get("F6"),
        found.get("F7"),
        made["T8e"],
        Sentence("", (), "In the long run"),
        found.get("F5b"),
        made["T8"],
        made["T8b"],
        Sentence("", (), "If firms react only to their own stocks") if myopic else None,
        *myopic,
        Sentence("", (), "What a site's loss costs until it is back") if exposed else None,
        *exposed,
    )


def _asked(facts: Facts, months: Months, made: Mapping[str, Table]) -> tuple[Block, ...]:
    goods = join([facts.commodity(c) for c in facts.counted]) or "all goods"
    whose = (
        f"demand of {facts.whose}{f' ({facts.whose_members})' if facts.whose_members else ''}"
        if facts.whose
        else "all demand"
    )
    network = facts.network
    years = join([str(y) for y in facts.a.rerouting])
    points = [
        Sentence(f"{goods}, in {facts.unit}.", (), "What counts:"),
        Sentence(f"{whose}; tiers in the order {join(facts.tiers)}.", (), "Whose:"),
        Sentence(
            f"in the long run a steady year with every measure at its full size; over time {months.span}, every "
            "measure with its dates, counted from month 1.",
            (),
            "Horizon:",
        ),
        Sentence(f"by {years}, under the worst scenario." if years else "none listed.", (), "Projects:"),
        Sentence(
            f"{count(len(network.nodes))} nodes, {count(len(network.edges))} relations, "
            f"{count(len(network.demand))} demands, "
            f"{counted(len(network.stocks), 'stock')}, {counted(len(network.projects), 'project')}.",
            (),
            "Data:",
        ),
        Sentence(
            "sets of four and more losses, each a search of its own; what else could not be assessed is said where it "
            "belongs, with the reason.",
            (),
            "Not covered:",
        ),
    ]
    return (tuple(points), made["T21"])


def _cut_sentence(facts: Facts) -> Sentence:
    cut = facts.a.flow.cut
    kinds = cut["kind"].value_counts().sort_index()
    if cut.empty:
        return Sentence("Nothing reaches the users: the minimum cut is empty.")
    words = join([f"{count(n)} bounds of {kind}" for kind, n in kinds.items()])
    if list(kinds.index) == ["demand"]:
        return Sentence(
            "Undisturbed, no step holds deliveries back: the minimum cut is the demand itself, all of it is served. "
            "F2b shows who holds each good, T4 what its largest holder's loss costs.",
            ("T4",),
        )
    return Sentence(
        f"Undisturbed, deliveries are held back by a minimum cut of {words}; other cuts may exist.", ("T4",)
    )


def _rerouting(facts: Facts, made: Mapping[str, Table]) -> tuple[Block, ...]:
    if not facts.ordered:
        return (Sentence("Not assessed: rerouting. No scenario was given."),)
    taken = [t for t in facts.tiers if _loses(facts, t)]
    note = None
    if taken:
        note = Sentence(
            f"New relations serve earlier tiers first, so {join(taken)} {'gets' if len(taken) == 1 else 'get'} "
            f"less on that rung.",
            ("T9b",),
        )
    return _with(note, made.get("T9"), made["T9b"], made.get("T9c"))


def _loses(facts: Facts, tier: str) -> bool:
    row = facts.scenario_rung(facts.when, "new", tier)
    return tier != ALL_TIERS and row is not None and row["gained_tpa"] < -1e-9


def _annexes(facts: Facts, made: Mapping[str, Table], asked: Mapping[str, str]) -> tuple[Section, ...]:
    cut = [replace(t, lead=0) for t in made.values() if t.is_cut]
    full = sorted([*cut, made["T5b"], made["T8c"]], key=lambda t: list(made).index(t.id))
    glossary = tuple(Sentence(text, (), f"{word}.") for word, text in GLOSSARY)
    return (
        Section("annex-a", "A Glossary and signs", ((*_signs(), *glossary),)),
        Section("annex-b", "B Full tables", tuple({t.id: replace(t, lead=0) for t in full}.values())),
        Section("annex-c", "C Inputs and sources", (_input_sentence(facts), made["T22"])),
        Section("annex-d", "D Certificates", (made["T20"],)),
        Section(
            "annex-e",
            "E Published indices",
            _with(
                Sentence("HHI and N-1 cover stand in T4; the index below is the EU supply risk, country by country."),
                made.get("T23"),
                not_assessed(facts, ("indices",)) or None,
            ),
        ),
        Section(
            "annex-f",
            "F Changes",
            (Sentence("Not asked; “chainnet compare” sets two versions of the data side by side."),),
        ),
        Section("annex-g", "G Reproduction", (reproduction(facts, asked), digest_table(facts, made))),
    )


def _signs() -> tuple[Sentence, ...]:
    return (
        Sentence(f"{STATUS_WORDS}.", (), "Status."),
        Sentence(
            "R reported, E estimated, I inferred, A assumed; of a result: that of its weakest decisive input.",
            (),
            "Grade.",
        ),
        Sentence(
            "n/d no data; n/a cannot apply; - not asked; 0 found to be zero; <0.1 small; [low–high] a range, "
            "ends rounded outward. "
            "Numbers have three significant digits; totals come from unrounded values and may not add up as printed.",
            (),
            "Signs.",
        ),
    )


def _input_sentence(facts: Facts) -> Sentence:
    return Sentence(
        "All input tables as used, with source, grade and range of every row, are sheets of the workbook (Input "
        "nodes, Input edges "
        "and so on).",
    )
