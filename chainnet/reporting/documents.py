"""``report``: one assessment as HTML, PDF and XLSX, the same numbers in each; as one page; its figures as slides."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any

from chainnet import checks
from chainnet.assessment import Assessment, assess, assume_demand, whoever_counts
from chainnet.drawing import living_page
from chainnet.errors import ChainnetError, DataError, check_words
from chainnet.flow import Counting
from chainnet.io import Placing, check_target
from chainnet.network import Network
from chainnet.reporting.model import Document, ReportFigure
from chainnet.words import NBSP

FORMATS = ("html", "pdf", "xlsx", "json")
BRIEF_FORMATS = ("html", "pdf")
NEEDS = {"pdf": ("typst", "font_source_sans_pro"), "xlsx": ("xlsxwriter",)}  # beside matplotlib
HTML_TEMPLATE, PDF_TEMPLATE = "page.html.j2", "report.typ"
ASSESSED = 0.7  # part of the time that the assessment takes


def report(
    source: Assessment | Network,
    path: str | Path = "out",
    formats: Iterable[str] | None = None,
    *,
    brief: bool = False,
    figures: str | Path | None = None,
    live: bool = False,
    title: str | None = None,
    author: str = "",
    marking: str = "",
    language: str = "en",
    templates: str | Path | None = None,
    progress: Callable[[str, float], None] | None = None,
    **asked: Any,
) -> list[Path]:
    """Write the report on a network: what fails, who is short, what helps, how sure that is.

    Nothing is computed here that the assessment does not hold. The same input gives the same bytes.

    Parameters
    ----------
    source : Assessment or Network
        A network is assessed first, as ``assess`` does by default or is asked in ``asked``. One without a demand table
        is asked with a demand that stands in (``chainnet.assessment.assume_demand``), of which a warning tells.
    path : str or Path
        Folder for the documents, made if it is missing; other files in it are left alone.
    formats : iterable of {"html", "pdf", "xlsx", "json"}, optional
        html: ``report.html`` and ``graph.html``. pdf: ``report.pdf``. xlsx: ``report.xlsx``. json: ``report.json``,
        the findings (``Finding.to_dict``), the worst first. Default all of them.
    brief : bool
        One page in the place of the report: ``brief.html``, ``brief.pdf``.
    figures : str or Path, optional
        Folder for every figure of the report as a slide, SVG and PNG of 1920 x 1080, with its finding, note, marking:
        ``F01-chain.svg`` and so on.
    live : bool
        A living page beside the documents, ``live.html``: it solves ``balance`` again when its reader moves a
        control. Its presets are the scenarios of the assessment.
    title, author : str, optional
        Title (default that of the graph) and author of the documents.
    marking : str
        Stands on every page, sheet and view; none if empty.
    language : str
        Two or three letters, such as "de": what the documents say of their language, for a reader's voice. Our own
        words are English; ``templates`` in another language go with it.
    templates : path, optional
        Folder with ``page.html.j2`` (HTML, Jinja), ``report.typ`` (PDF, typst) or both in the place of ours; start
        from those in ``chainnet/reporting/formats``.
    progress : callable, optional
        Called with (what is being done, part done from 0 to 1); at the end with the verdict.
    **asked
        What ``assess`` is asked of a network: ``scenarios``, ``months``, ``years``, ``draws`` and all else it takes.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        If a format is unknown, a package of the extra ``report`` or the solver of living pages is missing, an
        argument is wrong, the living page would be too large or the folder cannot be written. Then the folder is as
        it was.

    Warns
    -----
    ChainnetWarning
        Before the work begins: if a demand stands in, or a network names beneficiaries and no node has a country.

    See Also
    --------
    assess, report_figures, draw

    Examples
    --------
    >>> import tempfile
    >>> import chainnet as cn
    >>> made = cn.assess(cn.read("mag-9"), months=12, draws=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [p.name for p in cn.report(made, folder, ["xlsx"])]
    ['report.xlsx']
    """
    wanted = _formats(formats, BRIEF_FORMATS if brief else FORMATS)
    if figures is not None:
        _check_packages("figures", "pdf")
    check_words(title=title, author=author, marking=marking)
    own = _own_templates(templates)
    if not isinstance(language, str) or not re.fullmatch("[a-z]{2,3}", language):
        raise DataError(f"language: {language!r} is not two or three small letters, such as en or de.")
    folders = _folders(path, figures)
    say = progress or (lambda _what, _part: None)
    assessment = _assessed(source, asked, lambda what, part: say(what, ASSESSED * part))
    from chainnet.reporting.content import build

    say("writing: figures and tables", ASSESSED)

    def made(is_brief: bool) -> Document:
        content = build(assessment, title=title, author=author, marking=marking, is_brief=is_brief)
        return replace(content, language=language)

    document = made(brief)
    with ExitStack() as stack:
        placings = {name: stack.enter_context(Placing(folder)) for name, folder in folders.items()}
        _write(assessment, document, placings["path"].stage, wanted, own, say)
        if live:
            _write_living(assessment, document, placings["path"].stage, say)
        if "figures" in placings:
            _write_figures(made(False) if brief else document, placings["figures"].stage, say)
        written = [path for placing in placings.values() for path in placing.finish()]
    say(assessment.findings[0].title.replace(NBSP, " "), 1.0)  # the verdict
    return written


def _assessed(source: Any, asked: dict[str, Any], progress: Callable[[str, float], None]) -> Assessment:
    """Return the assessment that is handed up; a network's, with what stands in for what it does not hold."""
    if isinstance(source, Assessment):
        if asked:
            raise DataError(
                f"report: {', '.join(asked)}: an Assessment was asked already. Give its Network, or ask assess."
            )
        return source
    if not isinstance(source, Network):
        raise DataError(f"report: {type(source).__name__} is neither an Assessment nor a Network.")
    for name in asked:
        checks.known(name, [*signature(assess).parameters][1:], "report", "argument")
    network = assume_demand(source)
    asked["beneficiaries"] = whoever_counts(network, asked.get("beneficiaries"))
    return assess(network, progress=progress, **asked)


def _folders(path: str | Path, figures: str | Path | None) -> dict[str, Path]:
    """Return the folders to write by argument; none may be a file, nor the other."""
    given = {"path": path} | ({"figures": figures} if figures is not None else {})
    folders = {name: check_target(folder, ("",), name) for name, folder in given.items()}
    if len({folder.absolute() for folder in folders.values()}) < len(folders):
        raise DataError("figures: the folder of the report; give the figures one of their own.")
    return folders


def _write_living(assessment: Assessment, document: Document, stage: Path, say: Callable[[str, float], None]) -> None:
    say("writing: live.html", 0.98)
    settings = assessment.provenance["settings"]
    commodity, beneficiaries = (settings[name] for name in ("commodity", "beneficiaries"))
    counting = Counting.of(
        assessment.network,
        None if commodity == "all" else commodity,
        [] if beneficiaries == "all" else beneficiaries,
        order=word if (word := settings.get("order")) in ("law", "allies_last", "alike") else "allies_first",
    )
    one = assessment.priced.floor  # the good that the page of the report speaks of
    goods = [] if one is None else [str(one.provenance["settings"]["policy"][0]["commodity"])]
    text = living_page(counting, None, document.title, document.marking, assessment.asked, goods)
    (stage / "live.html").write_bytes(text.encode("utf-8"))


def _write_figures(document: Document, stage: Path, say: Callable[[str, float], None]) -> None:
    from chainnet.reporting.formats.slides import slide

    figures = [block for block in document.blocks() if isinstance(block, ReportFigure)]
    for i, figure in enumerate(figures):
        say(f"writing: figure {i + 1} of {len(figures)}", 0.98)
        number = int(figure.id.removeprefix("F"))
        for kind in ("svg", "png"):
            (stage / f"F{number:02d}-{figure.key}.{kind}").write_bytes(slide(figure, document, kind))


def _write(
    assessment: Assessment,
    document: Document,
    stage: Path,
    wanted: Sequence[str],
    own: Mapping[str, str],
    say: Callable[[str, float], None],
) -> None:
    name = "brief" if document.is_brief else "report"
    if "html" in wanted:
        from chainnet.reporting.formats.page import html_report

        say(f"writing: {name}.html", 0.85)
        with _template_faults(own, HTML_TEMPLATE):
            page = html_report(document, not document.is_brief, own.get(HTML_TEMPLATE))
        (stage / f"{name}.html").write_bytes(page)
        if not document.is_brief:
            say("writing: graph.html", 0.88)
            _draw_graph(assessment, document, stage / "graph.html")
    if "pdf" in wanted:
        from chainnet.reporting.formats.pdf import pdf_report

        say(f"writing: {name}.pdf", 0.92)
        with _template_faults(own, PDF_TEMPLATE):
            sheets = pdf_report(document, document.stand_ins, own.get(PDF_TEMPLATE))
        (stage / f"{name}.pdf").write_bytes(sheets)
    if "xlsx" in wanted:
        from chainnet.reporting.formats.workbook import workbook_report

        say("writing: report.xlsx", 0.97)
        (stage / "report.xlsx").write_bytes(workbook_report(document))
    if "json" in wanted:
        found = [one.to_dict() for one in assessment.findings]
        text = json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1)
        (stage / "report.json").write_bytes(f"{text}\n".encode())


def _draw_graph(assessment: Assessment, document: Document, path: Path) -> None:
    from chainnet.drawing import draw

    first = assessment.findings[0]  # the stop of a bottleneck is no scenario that was asked, and is not drawn
    draw(
        assessment.network,
        assessment.stress,
        view="graph",
        path=path,
        title=document.title,
        marking=document.marking,
        losses=assessment.chokepoints["site"],
        first_losses=assessment.first_tier.get("site"),
        long_run=assessment.long_runs,
        finding=first.to_dict() if first.scenario is None or assessment.worst else None,
        rerouting=assessment.rerouting.get(max(assessment.rerouting, default=0)),
    )


def _own_templates(folder: str | Path | None) -> dict[str, str]:
    """Return the texts of a user's templates by name."""
    if folder is None:
        return {}
    path = Path(folder)
    if not path.is_dir():
        raise DataError(f"templates: {path} is no folder.")
    known = (HTML_TEMPLATE, PDF_TEMPLATE)
    try:
        found = {name: (path / name).read_text(encoding="utf-8") for name in known if (path / name).is_file()}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"templates: a file in {path} cannot be read: {error}.") from error
    if not found:
        raise DataError(f"templates: {path} holds neither {' nor '.join(known)}.")
    return found


@contextmanager
def _template_faults(own: Mapping[str, str], name: str) -> Iterator[None]:
    """Say which template of the user a fault comes from."""
    try:
        yield
    except ChainnetError:
        raise
    except Exception as error:
        if name not in own:
            raise
        raise DataError(f"templates: {name} cannot be typeset: {error}") from error


def _formats(formats: Iterable[str] | None, known: Sequence[str]) -> list[str]:
    asked = known if formats is None else [formats] if isinstance(formats, str) else list(formats)
    for word in asked:
        if word not in known:
            kind = "format of a brief" if word in FORMATS else "format"
            raise DataError(f"formats: {checks.unknown(word, known, kind)}")
    if not asked:
        raise DataError(f"formats: none given; one or more of {', '.join(known)}.")
    wanted = [word for word in known if word in asked]
    for word in wanted:
        _check_packages(f'formats: "{word}"', word)
    return wanted


def _check_packages(what: str, kind: str) -> None:
    for package in ("matplotlib", *NEEDS.get(kind, ())):
        if find_spec(package) is None:
            raise DataError(
                f"{what} needs the package {package}, which is not installed. "
                'Install it with: pip install ".[report]" in the checkout'
            )
