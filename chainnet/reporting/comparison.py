"""Scenarios, portfolios or chains side by side: as a page, and as a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from chainnet.assessment import SideBySide
from chainnet.reporting.overview import STRIP, Share, marked
from chainnet.results import origin_of, package_version
from chainnet.words import NBSP, NO_DATA, NOT_APPLICABLE, first_capital, is_missing, number, percent, spelled, whole

ORDER = {"either": "", "after": ", others served after", "before": ", others served before"}
NOTE = (
    "Short: the part of a tier's demand, and its tonnes, that is not met in the long run. Where it makes a difference "
    "who is served first, there is a line for each end: all others after those who count, and before them. Months "
    "count from the first measure. Largest single loss: the part of what a tier can be served, could it come first, "
    "that the loss of one site costs it."
)
BUILT = (
    "In the long run the projects of a column stand at full size and serve every tier; in the months from their start "
    "year on, once qualified for a tier."
)


@dataclass(frozen=True)
class Line:
    """A line of the comparison: what it says, and a cell a column; ``shares`` are drawn as strips."""

    head: str
    cells: tuple[str, ...]
    shares: tuple[Share, ...] = ()


def comparison_markdown(found: SideBySide) -> str:
    """Return a comparison as a table in Markdown.

    Parameters
    ----------
    found : SideBySide

    Returns
    -------
    str
        Ends with a line end. What comes from the data is escaped: it makes no column, link, image or HTML.
    """
    names = [str(name) for name in found.columns.index]
    rows = [["", *map(marked, names)], ["---"] * (len(names) + 1)]
    lines = [*_about(found), *(line for _, part in _tiers(found) for line in part)]
    rows += [[marked(line.head), *map(marked, line.cells)] for line in lines]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    said = " ".join(marked(words) for words in found.words)
    return f"{said}\n\n{table}\n\n{_note(found)}\n".replace(NBSP, " ")


def comparison_page(found: SideBySide) -> str:
    """Return a comparison as one HTML page without scripts, which asks for nothing but itself.

    Parameters
    ----------
    found : SideBySide

    Returns
    -------
    str
        The same comparison gives the same text.
    """
    from jinja2 import Environment, StrictUndefined

    shell = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = files("chainnet.reporting.formats").joinpath("comparison.html.j2").read_text(encoding="utf-8")
    settings = origin_of(found.side)["settings"]["columns"]
    return shell.from_string(source).render(
        names=[str(name) for name in found.columns.index],
        about=_about(found),
        tiers=list(_tiers(found)),
        said=found.words,
        note=_note(found),
        digests={one["graph"]: one["digest"][:12] for one in settings},
        version=package_version(),
        strip=STRIP,
    )


def _note(found: SideBySide) -> str:
    return f"{NOTE} {BUILT}" if (found.columns["projects"] != "").any() else NOTE


def _about(found: SideBySide) -> list[Line]:
    """Return the lines that say what each column is; those that say nothing are left out."""
    table = found.columns
    built = table["project_labels"].where(table["project_labels"] != "", "none")
    cost = [f"USD{NBSP}{number(v)}{NBSP}million" if not is_missing(v) else NO_DATA for v in table["capex_musd"]]
    chains = [_dated(str(label), year) for label, year in zip(table["label"], table["year"], strict=True)]
    lines = [
        Line("Chain", tuple(chains)),
        Line("Scenario", tuple(map(str, table["scenario_label"]))),
        Line("Unit of tonnes", tuple(unit.replace("t/a", "t/yr") for unit in table["unit"])),
        Line("Rests on", tuple(map(str, table["inputs"]))),
    ]
    if (table["projects"] != "").any():
        lines[2:2] = [Line("Projects built", tuple(map(str, built))), Line("Their capital cost", tuple(cost))]
    return lines


def _dated(label: str, year: float) -> str:
    """Return the name of a chain with the year of its flows, which it may bear already."""
    return label if is_missing(year) or whole(year) in label else f"{label}, {whole(year)}"


def _tiers(found: SideBySide) -> Iterator[tuple[str, list[Line]]]:
    """Yield each tier with its lines."""
    names = [str(name) for name in found.columns.index]
    for tier, rows in found.side.groupby("tier", sort=False):
        asked = {(r["figure"], r["others"]): [r[name] for name in names] for r in rows.to_dict("records")}
        yield str(tier), list(_lines(found, str(tier), asked, names))


def _lines(found: SideBySide, tier: str, asked: dict[tuple[str, str], list[float]], names: list[str]) -> Iterator[Line]:
    name, months = first_capital(tier), int(origin_of(found.side)["settings"]["months"])
    for (figure, end), values in asked.items():
        if figure == "demand_tpa":
            yield Line(f"{name}: demand{ORDER[end]}", tuple(_unless(v, f"{number(v)}{NBSP}t/yr") for v in values))
        elif figure == "short_share":
            tons = asked.get(("short_tpa", end)) or asked["short_tpa", "either"]
            cells = (
                _unless(v, f"{percent(v)}{'' if t == 0 else f' ({number(t)}{NBSP}t/yr)'}")
                for v, t in zip(values, tons, strict=True)
            )
            strips = tuple(Share.between(tier, 0.0, v, v) for v in values if not is_missing(v))
            yield Line(f"{name} short{ORDER[end]}", tuple(cells), strips if len(strips) == len(values) else ())
        elif figure == "first_short_month" and months:
            there = asked.get(("demand_tpa", "either"), values)
            cells = (_month(v, of, months) for v, of in zip(values, there, strict=True))
            yield Line(f"{name}: first short month{ORDER[end]}", tuple(cells))
        elif figure == "largest_loss_share":
            sites = _sites(found, tier, "after" if end == "either" else end)
            cells = (_unless(v, f"{percent(v)}{sites[n] if v > 0 else ''}") for v, n in zip(values, names, strict=True))
            yield Line(f"{name}: largest single loss{ORDER[end]}", tuple(cells))


def _unless(value: float, words: str) -> str:
    """Return the words of a figure; that it cannot be asked where a column has no such tier."""
    return NOT_APPLICABLE if is_missing(value) else words


def _month(month: float, asked: float, horizon: int) -> str:
    if is_missing(asked):
        return NOT_APPLICABLE
    return f"not in {spelled(horizon, 'month')}" if is_missing(month) else f"month{NBSP}{whole(month)}"


def _sites(found: SideBySide, tier: str, end: str) -> dict[str, str]:
    """Return the costliest site of each column, in brackets."""
    table = found.answers
    mine = table[(table["tier"] == tier) & table["others"].isin([end, "either"])]
    rows: list[dict[Any, Any]] = mine.to_dict("records")
    return {r["column"]: f" ({r['largest_loss']}{_more(r['n_tied'])})" for r in rows}


def _more(tied: Any) -> str:
    return f" and {int(tied)} more" if tied else ""
