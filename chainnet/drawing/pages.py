"""``draw``: one network and its answers as one self-contained page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape, unescape
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainnet import checks
from chainnet.drawing.answers import sort_answers
from chainnet.drawing.assets import asset, engine, filled, shared_script
from chainnet.drawing.figure import save_svg
from chainnet.drawing.gathering import Gathered, gather
from chainnet.drawing.handed import handed_page, is_handed
from chainnet.drawing.lean import LINK_BLANK, SITE_BLANK, lean
from chainnet.drawing.living import living_page
from chainnet.drawing.story import chip, led, plain_finding, story_data
from chainnet.drawing.style import COLOURS
from chainnet.drawing.worth import worth_data
from chainnet.engine import PRINTED
from chainnet.errors import DataError, check_words
from chainnet.flow import Counting, LongRuns
from chainnet.io import check_target, write_file
from chainnet.network import Network, check_network
from chainnet.words import vintage, who

if TYPE_CHECKING:
    import pandas as pd

    from chainnet.assessment import Finding
    from chainnet.drawing.drawn import DrawnFlows

VIEWS = ("graph", "map", "sankey")
# a table of more links than this is cut to the widest, so that the page stays small
_LINK_ROWS = 1000
_MANY_SITES, _FEW_LINK_ROWS = 800, 500
_CROWDED = 16
_SCRIPTS = ("data", "losses", "group", "paint", "choose", "panels", "projects", "svg", "months", "story", "start")
_MOST_BYTES = 2_000_000
_SPANS = (3, 6, 12)  # months that one place of the slider may stand for on a page that would be too large
_ROOM = 90.0  # at the right of a still picture, for the last names


def draw(
    network: Network | Any,
    result: Any = None,
    view: str = "graph",
    path: str | Path | None = None,
    *,
    title: str | None = None,
    marking: str = "",
    losses: pd.DataFrame | None = None,
    scenario: str | None = None,
    first_losses: pd.DataFrame | None = None,
    scenario_losses: pd.DataFrame | None = None,
    order: Literal["law", "allies_first", "allies_last", "alike", "stages"] | None = None,
    long_run: LongRuns | None = None,
    finding: Finding | Mapping[str, Any] | None = None,
    rerouting: Any = None,
    live: bool = False,
) -> Path:
    """Draw a network as one HTML file that opens without a network connection.

    Parameters
    ----------
    network : Network
        Its baseline flows (``edges.flow_tpa``, t/yr) are the first picture. A ``pyvis.network.Network`` is drawn too,
        with the places, shapes, colours, labels and tooltips that it has; ``path``, ``title``, ``marking`` go with it.
    result : MaxFlow, Balance, list of Balance, LongRuns, StressTest or DataFrame, optional
        Flows shown against the baseline, or the table of ``chokepoints(network)``. Of several balances, one a
        scenario, the graph has a menu, and shows the first. The answer of ``chainnet.flow.long_runs`` brings its own
        baseline, so that the difference shows only what the scenario moves. Of a stress test it shows the scenarios
        with a slider over their months, t/yr at the rate of the month; still pictures, sankey and map show the worst.
    view : {"graph", "map", "sankey"}
        graph: steps from left to right, sites by country and size, links by flow; search, filters,
        tracing up- and downstream, baseline against scenario, chokepoint mode.
        sankey: flows between steps by country as bands, without scripts. map: sites on the
        outlines of the land with the widest flows between countries, without scripts.
    path : str or Path, optional
        Exactly this file is written (UTF-8), its folder made; default ``<name>-<view>.html`` in the
        working folder. ``.svg`` and ``.png`` give the still picture of the view alone.
    title : str, optional
        Title of the page; default the network's label.
    marking : str
        A line shown at the top and bottom of the page and on exported pictures.
    losses : DataFrame, optional
        ``chokepoints(network)``, when ``result`` holds flows.
    scenario : str, optional
        Which scenario of a stress test alone; default all, first the one that leaves most short, tier by
        tier. The page then has a menu; still pictures, sankey and map show the first.
    first_losses : DataFrame, optional
        ``chokepoints(network, tier=...)`` of one tier, which the graph says beside the ``losses`` of all.
    scenario_losses : DataFrame, optional
        ``chokepoints(network, scenario=..., tier=...)``: the card of a plant says both losses.
    order : {"law", "allies_first", "allies_last", "alike", "stages"}, optional
        The order in which the answers must have been asked; the page says it where it is not the usual one, after.
        None = whatever they were asked.
    long_run : LongRuns, optional
        Beside a stress test: the steady state of its scenarios (``chainnet.flow.long_runs``), the last place on the
        slider and the first picture.
    finding : Finding or mapping, optional
        ``find(network, scenario)`` of one of the scenarios shown: heading, bottleneck and a story in five steps come
        from it, and what ends in the demand of its tier stands out. Of a Finding only the verdict is solved; its
        ``to_dict()`` also holds the months, which then stand under the graph.
    rerouting : Reroute, optional
        What the projects avoid under a scenario: told with each of them, and of sets that the reader ticks.
    live : bool
        A living page: it solves ``balance`` again, with its proof, whenever its reader moves a control, and takes no
        result. ``scenario`` is then the shipped scenario that it opens with, ``order`` the order.

    Returns
    -------
    Path
        The file written; a notebook shows the drawing in its place.

    Raises
    ------
    DataError
        If the view or the scenario is unknown, the result is of another kind or another network,
        ``first_losses`` stand without ``losses``, even the groups of a very large network have too many links, or the
        file cannot be written; with ``live`` if the solver of living pages is not installed, or the page would be too
        large.

    See Also
    --------
    report, report_figures

    Notes
    -----
    Nothing is solved here, but for the answer that a living page holds its own first one against. The page makes no
    request, runs no code from data, and the same input
    gives the same bytes. Above 150 sites those of one step and country stand together until they are opened, except
    the costliest; above 3,000 sites, or 12,000 links, the page holds the groups alone, and says so. A page of months
    that would pass 2 MB shows the worst month of each quarter, half-year or year instead, and says so. The drawing
    engine is vis-network 9.1.2 as shipped by pyvis.

    Examples
    --------
    >>> import chainnet as cn
    >>> import tempfile, pathlib
    >>> net = cn.read("mag-9")
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> cn.draw(net, cn.chokepoints(net), path=folder / "mag-9.html").name
    'mag-9.html'
    """
    checks.known(view, VIEWS, "draw", "view")
    check_words(title=title, marking=marking)
    beside: dict[str, Any] = {"first_losses": first_losses, "scenario_losses": scenario_losses, "long_run": long_run}
    given = {"result": result, "losses": losses, "rerouting": rerouting, "finding": finding, **beside}
    is_from_elsewhere = is_handed(network)
    if not is_from_elsewhere:
        check_network(network)
    name = "pyvis" if is_from_elsewhere else _file_name(network.name)
    target = Path(f"{name}-{'live' if live else view}.html") if path is None else path
    target = check_target(target, (".html", ".svg", ".png"), "draw: path")
    is_still = target.suffix.lower() in (".svg", ".png")
    if is_from_elsewhere:
        given |= {"scenario": scenario, "order": order, "live": live or None}
        _refuse(given, "a pyvis network takes no {}. Give answers to network.to_pyvis(results=...).")
        if view != "graph" or is_still:
            raise DataError("draw: a pyvis network is written as one HTML page. Leave view out, end path in .html.")
        text = handed_page(network, title, marking)
    elif live:
        _refuse(given, "live=True solves for itself and takes no {}. Leave it out.")
        if view != "graph" or is_still:
            why = "live=True writes one HTML page and no other view"
            raise DataError(f"draw: {why}. Leave view out, end path in .html.")
        counting = Counting.of(network, order=order)  # type: ignore[arg-type]  # it refuses a table of stages by name
        text = living_page(counting, scenario, title, marking)
    else:
        answer, ranking = sort_answers(network, result, losses, scenario, order, **beside)
        worth = worth_data(network, rerouting)
        told = plain_finding(network, finding, answer)
        runs, digest = result if isinstance(result, LongRuns) else long_run, network.digest
        drawn = gather(_held_against(network, runs), _first_of(answer, told), ranking)
        if view == "graph":
            chokepoints_first = losses is None and ranking is not None and told is None
            text = _months_page(drawn, told, digest, title, marking, chokepoints_first, worth)
        else:
            text = _sheet(view, drawn, told, digest, title, marking)
        if is_still:
            return Drawing(save_svg(_picture(text, marking), target))
    return Drawing(write_file(target, text.encode("utf-8")))


def _refuse(given: Mapping[str, Any], why: str) -> None:
    for name in (name for name, thing in given.items() if thing is not None):
        raise DataError(f"draw: {why.format(name)}")


class Drawing(type(Path())):  # type: ignore[misc]
    """The path of a drawing, which a notebook shows as the drawing itself."""

    def _repr_html_(self) -> str:
        from base64 import b64encode

        data, kind = self.read_bytes(), self.suffix.lower()
        if kind in (".png", ".svg"):
            mime = {".png": "image/png", ".svg": "image/svg+xml"}[kind]
            return f'<img alt="{escape(self.name)}" src="data:{mime};base64,{b64encode(data).decode()}">'
        page = escape(data.decode("utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" sandbox="allow-scripts" style="width:100%;height:720px;border:0"></iframe>'


def _picture(page: str, marking: str) -> str:
    """Return the still picture of a page as an SVG of its own, its finding above it, the marking above and below."""
    found = re.search(r'<svg class="(?:picture|sheet)" viewBox="0 0 ([\d.]+) ([\d.]+)".*?</svg>', page, re.DOTALL)
    finding = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    if found is None:
        raise DataError("draw: this page holds no still picture.")
    inside, height = float(found.group(1)), float(found.group(2))
    width = inside + _ROOM
    words = escape(marking.strip())
    heading = wrap(unescape(re.sub(r"<[^>]*>", "", finding.group(1))).strip(), int(width / 9.6)) if finding else []
    y = 20.0
    lines = []
    if words:
        lines.append(f'<text x="{width / 2:g}" y="{y:g}" text-anchor="middle" font-weight="700">{words}</text>')
        y += 26
    for part in heading:
        head = f'<text x="16" y="{y:g}" font-size="16" font-weight="700" fill="{COLOURS["ink"]}">'
        lines.append(f"{head}{escape(part)}</text>")
        y += 21
    inner = re.sub(
        r'^<svg class="\w+"',
        f'<svg x="0" y="{y - 10:g}" width="{inside:g}" height="{height:g}" overflow="visible"',
        re.sub(r'<text class="mark".*?</text>', "", found.group(), flags=re.DOTALL),
    )
    whole = y + height
    if words:
        whole += 24
        y = whole - 10
        lines.append(f'<text x="{width / 2:g}" y="{y:g}" text-anchor="middle" font-weight="700">{words}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {whole:g}" width="{width:g}" '
        f'height="{whole:g}" font-family="DejaVu Sans, sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="#fff"></rect>{"".join(lines)}{inner}</svg>\n'
    )


def _file_name(name: str) -> str:
    """Return a name that no file system takes for a path."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "network"


def _held_against(network: Network, runs: LongRuns | None) -> Network:
    """Return the network with the flows of the baseline that the answers are held against, where these are others."""
    if runs is None:
        return network
    edges, flow = network.edges, runs.baseline.edges["flow_tpa"].to_numpy(dtype=float)
    known = edges["flow_tpa"].fillna(0.0).to_numpy(dtype=float)
    other = np.abs(flow - known) > PRINTED * np.fmax(known, float(known.max(initial=0.0)) * PRINTED)
    if not other.any():
        return network
    return network.with_table("edges", edges.assign(flow_tpa=edges["flow_tpa"].mask(other, flow)))


def _first_of(answer: DrawnFlows | None, told: Any) -> DrawnFlows | None:
    """Return the scenarios shown, first that of the finding."""
    mine = None if answer is None else next((one for one in answer.others if led(one, told)), None)
    if answer is None or mine is None or led(answer, told):
        return answer
    rest = (replace(answer, others=()), *(one for one in answer.others if one is not mine))
    return replace(mine, others=rest, peak=answer.peak)


def _graph_page(
    drawn: Gathered, told: Any, digest: str, title: str | None, marking: str, start_choke: bool, worth: Any
) -> str:
    from chainnet.drawing.facts import collect
    from chainnet.drawing.months import course_data, month_note, moved_data
    from chainnet.drawing.still import still
    from chainnet.drawing.words import finding, inferred_words, loss_words, narrow_words, served_words, year_words

    network, answer, ranking = drawn.network, drawn.answer, drawn.losses
    facts = collect(network, answer, ranking, drawn.sizes, chip(told))
    months = None if answer is None else answer.months
    courses = [] if answer is None else course_data(network, facts, answer, told)
    course = courses[0] if courses else None
    name = title if title is not None else network.label
    data = dict(facts.data)
    # the tables hold these words already; the script reads them from the ends of a link
    data["links"], data["sites"], data["common"] = lean(facts)
    data["blanks"] = {"link": LINK_BLANK, "site": SITE_BLANK}
    data["courses"] = courses
    data["lossWords"] = "" if ranking is None else loss_words(facts, ranking)
    data["startChoke"] = start_choke
    data["worth"] = worth
    data["moved"] = moved_data(answer)
    data["isCalm"] = answer is not None and answer.is_calm
    data["story"] = story = story_data(told, vintage(network))
    columns: dict[int, int] = {}
    for site in facts.sites:
        column = int(facts.blocks[site["block"]]["column"])
        columns[column] = columns.get(column, 0) + 1
    # projects are shown from the start where they leave room for the names of what runs
    data["showProjects"] = max(columns.values(), default=0) <= _CROWDED
    data["page"] = {"title": name, "marking": marking, "digest": digest[:12]}
    order = _by_width(facts, answer)
    return filled(
        "graph.html.j2",
        title=name,
        marking=marking,
        years=year_words(network),
        heading=story["title"] if story else finding(network, facts, answer, ranking),
        subheading=drawn.words + (story["where"] if story else narrow_words(facts, answer, ranking)),
        story=story,
        told=told,
        inferred=course["rows"][course["start"]]["inferred"]
        if course
        else ("" if story else served_words(network, answer)) + inferred_words(facts),
        facts=facts,
        answer=answer,
        ranking=ranking,
        sites=sorted(facts.sites, key=_site_order),
        links=order[: _LINK_ROWS if len(facts.sites) <= _MANY_SITES else _FEW_LINK_ROWS],
        course=course,
        courses=courses,
        leap=1 if course is None else max(2, min(6, len(course["rows"]) // 4)),  # half a year where it can
        column=months.name(months.opening) if months is not None else facts.data["resultName"],
        note="" if answer is None else month_note(answer),
        n_links=len(facts.links),
        picture=still(facts, by_result=answer is not None),
        data=data,
        network=network,
        digest=digest,
        whose=who(network.beneficiaries, network.groups_known) if network.beneficiaries else "",
        engine=engine(),
        style=asset("graph.css"),
        scripts=[shared_script(), *(asset(f"graph_{part}.js") for part in _SCRIPTS)],
    )


def _months_page(drawn: Gathered, *more: Any) -> str:
    """Return the page; where its months make it too large, with fewer of them."""
    page, answer = _graph_page(drawn, *more), drawn.answer
    if answer is None or answer.months is None:
        return page
    for span in _SPANS:
        months = answer.months
        if len(page.encode()) <= _MOST_BYTES or span <= months.step or span % months.step or span > months.last:
            continue
        fewer = [replace(one, months=one.months.coarser(span)) for one in answer.courses if one.months]
        page = _graph_page(replace(drawn, answer=replace(fewer[0], others=tuple(fewer[1:]))), *more)
    return page


def _by_width(facts: Any, answer: Any) -> list[dict[str, Any]]:
    """Return the links, those first that carry most at any time."""
    peak = [0.0] * len(facts.links)
    for one in () if answer is None else answer.courses:
        mine = [*one.months.edge_tpa.max(axis=0).tolist(), *one.months.relation_tpa.max(axis=0).tolist()]
        peak = [max(pair) for pair in zip(peak, mine, strict=True)]
    most = [max(k["base"] or 0.0, k["result"] or 0.0, peak[i]) for i, k in enumerate(facts.links)]
    order = sorted(range(len(most)), key=lambda i: (-most[i], facts.links[i]["from"], facts.links[i]["to"]))
    return [facts.links[i] for i in order]


def _sheet(view: str, drawn: Gathered, told: Any, digest: str, title: str | None, marking: str) -> str:
    """Return a page without scripts."""
    from chainnet.drawing.facts import basis_of, collect
    from chainnet.drawing.sankey import bands
    from chainnet.drawing.words import crossing_words, finding, inferred_words, narrowest_step, year_words
    from chainnet.drawing.world import atlas

    network, answer, ranking = drawn.network, drawn.answer, drawn.losses
    facts = collect(network, answer, ranking, drawn.sizes)
    flows = bands(facts, basis_of(network), network.main_commodity)
    picture = flows if view == "sankey" else atlas(network, facts)
    under = inferred_words(facts).replace("dashed", "striped") if view == "sankey" else crossing_words(picture)
    return filled(
        f"{view}.html.j2",
        view=view,
        title=title if title is not None else network.label,
        marking=marking,
        years=year_words(network),
        heading=told["title"]
        if led(answer, told)
        else (finding(network, facts, answer, None) if answer is not None else narrowest_step(flows)),
        subheading=drawn.words + under,
        picture=picture,
        after_name=facts.data["resultName"],
        network=network,
        digest=digest,
        style=asset("sheet.css"),
    )


def _site_order(site: dict[str, Any]) -> tuple[Any, ...]:
    # single sites by rank, then what may be several plants by its loss, then the rest
    lost = site["lost"] or 0.0
    return (0 if site["rank"] else 1 if lost > 0 else 2, site["rank"], -lost, site["block"], site["order"])
