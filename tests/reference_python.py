"""Makes docs/reference/python from the docstrings: a page a question, a page a class, an index with a line each.

``tests/reference_pages.py`` writes the pages, the tests compare.
"""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import chainnet as cn
from chainnet.criticality import _hazards
from chainnet.projects import _reroute
from chainnet.results import STEADY as ONE_YEAR
from chainnet.results._results import _unit

ROOT = Path(__file__).parents[1]
NOTE = "<!-- made by tests/reference_pages.py; do not edit -->\n\n"
WIDEST = 100

# the questions of docs/README.md; what stands on the face of a package and not on the front door has its room's name
GROUPS: dict[str, tuple[str, ...]] = {
    "Find weak points": (
        "chokepoints", "interdict", "fortify", "shapley", "risk_exposure", "cascade", "cascades.bracket", "max_flow",
        "reverse", "hazards", "concentration", "eu_supply_risk", "geopolrisk", "indicators.indices",
        "indicators.compare_indices", "indicators.coverage", "indicators.benchmarks", "indicators.governance",
        "drawing.exposure_svg", "drawing.exceedance_svg",
    ),
    "Stress a chain": (
        "find", "overview", "balance", "stress_test", "flow.long_runs", "service_range", "stockpile_requirement",
        "stockpile_mitigation", "scenarios", "rules", "in_force", "controls",
    ),
    "Judge what helps": ("reroute", "portfolio", "overcapacity"),
    "Follow prices": (
        "market", "instruments", "price_floor", "prices.best_reply", "prices.break_even_floor", "prices.floor_curve",
        "prices.storage",
        "prices.implied_floors",
    ),
    "Weigh blocs": ("alliance", "fair_split", "joint_stockpile", "alignment", "partners", "retaliation"),
    "Trust a number": (
        "key_assumptions", "ensemble", "sensitivity", "events", "hindcast", "chain_before", "hindsight.brier",
        "hindsight.kendall_tau", "hindsight.weighted_interval_score", "hindsight.clopper_pearson",
        "hindsight.garwood", "criticality.loss_ends", "compare", "codebook",
    ),
    "Use your own data": (
        "look", "read", "write", "catalog", "io.write_template", "assessment.missing", "assessment.assume_demand",
        "from_trade", "refresh", "calibration.reconcile_mirror", "calibration.without_reexports", "calibrate",
        "calibration.calibrate_folder",
    ),
    "Hand over and share": (
        "assess", "report", "report_figures", "draw", "drawing.country_colours", "merge", "join",
        "sharing.redact", "sharing.attack", "sharing.at_bounds", "sharing.aggregate", "sharing.bracket",
        "sharing.commit", "sharing.prove", "sharing.verify", "sharing.new_key", "sharing.partition",
        "sharing.offer", "sharing.first_ask", "sharing.joint_ask", "sharing.joint_value",
    ),
}  # fmt: skip
# made by hand, not handed out alone
MADE_BY_HAND = ("Network", "Scenario", "Exceedance")
# tonnes of a steady state are those of a year, and answers over months or years say so themselves
STEADY = {"t": "t; of a steady state t/yr"}
PERIODS = "periods (years, if capacities are a year's)"
GIVEN = {
    "Balance": ONE_YEAR,
    "Reroute": _reroute.UNITS,
    "Reverse": _hazards.UNITS,
    "hazards": _hazards.UNITS,
    "risk_exposure": {"time_to_survive": PERIODS},
    "Sensitivity": ONE_YEAR,
}


def thing(name: str) -> Any:
    """Return what a name of ``GROUPS`` stands for."""
    room, _, own = name.rpartition(".")
    return getattr(import_module(f"chainnet.{room}") if room else cn, own)


def page_of(group: str) -> str:
    """Return the file of a question."""
    return f"{group.lower().replace(' ', '-')}.md"


@cache
def links() -> dict[str, str]:
    """Return where each name is written about, from within the folder."""
    found = {
        name: f"{page_of(group)}#{name.lower().replace('.', '')}" for group, names in GROUPS.items() for name in names
    }
    return {**found, **{name: f"{name}.md" for name in classes()}}


# -- which classes ------------------------------------------------------------------------------


@cache
def _every_class() -> dict[str, list[type]]:
    found: dict[str, list[type]] = {}
    for module in pkgutil.walk_packages(cn.__path__, "chainnet."):
        if not re.search(r"\.(cli|__main__)\b", module.name):
            for name, one in vars(import_module(module.name)).items():
                if inspect.isclass(one) and one.__module__ == module.name and not issubclass(one, Exception):
                    found.setdefault(name, []).append(one)
    return found


def _named(annotation: object, module: str) -> Iterator[type]:
    """Give the classes of this package that an annotation names; of one name, the one of the nearer package."""
    for word in re.findall(r"[A-Z]\w+", str(annotation)):
        same = _every_class().get(word, [])
        rooms = (module.split(".")[1], _room_of(word, module))
        near = [one for room in rooms for one in same if one.__module__.split(".")[1] == room]
        yield from near[:1] or same[:1]


@cache
def _room_of(word: str, module: str) -> str:
    """Return the room from which a module takes a name, "" if from none."""
    taken = rf"^ *from chainnet\.(\w+)\S* import (?:.*|\([^)]*)\b{word}\b"
    found = re.search(taken, inspect.getsource(import_module(module)), re.M)
    return found[1] if found else ""


def members(one: type) -> dict[str, Any]:
    """Return what a class has of its own and from the bases in its package, by name: functions and properties."""
    bases = [b for b in reversed(one.__mro__) if b.__module__.split(".")[:2] == one.__module__.split(".")[:2]]
    every = {name: value for base in bases for name, value in vars(base).items() if not name.startswith("_")}
    kinds = (property, cached_property, classmethod, staticmethod)
    return {name: v for name, v in sorted(every.items()) if inspect.isfunction(v) or isinstance(v, kinds)}


def function_of(member: Any) -> Callable[..., Any]:
    """Return the function behind a method or a property."""
    for name in ("fget", "func", "__func__"):
        member = getattr(member, name, member)
    function: Callable[..., Any] = member
    return function


@cache
def classes() -> dict[str, type]:
    """Return every class that a public function, or a member of such a class, hands out."""
    found: dict[str, type] = {}
    asked = [thing(name) for name in MADE_BY_HAND[:2]] + [import_module("chainnet.drawing").Exceedance]
    for one in [thing(name) for names in GROUPS.values() for name in names]:
        asked += _named(inspect.signature(one).return_annotation, one.__module__)
    while asked:
        one = asked.pop()
        if one.__name__ not in found and one.__name__ not in HIDDEN:
            found[one.__name__] = one
            for member in map(function_of, members(one).values()):
                asked += _named(inspect.signature(member).return_annotation, member.__module__)
            for field in dataclasses.fields(one) if dataclasses.is_dataclass(one) else ():
                asked += [] if field.name.startswith("_") else _named(field.type, one.__module__)
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


# what holds an answer together inside; nobody is handed one to look at
HIDDEN = {"Answers", "World", "Restriction"}


# -- how a docstring is laid out ----------------------------------------------------------------


def sections(doc: str) -> dict[str, str]:
    """Return the parts of a numpydoc docstring by heading; what comes first has none."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", doc, flags=re.M)
    return {"": parts[0].strip(), **{k: v.strip("\n") for k, v in zip(parts[1::2], parts[2::2], strict=True)}}


def plain(text: str) -> str:
    """Return text of a docstring as Markdown: code marked as such, nothing taken for markup."""
    parts = re.split(r"(``.*?``)", inspect.cleandoc(text), flags=re.S)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = part[1:-1]
        else:
            words = re.sub(r"(\*\w[\w ]*\w\*)|\*|<(?=\w)|\[(?=[^\]]*\]\()", lambda m: m[1] or f"\\{m[0]}", part)
            parts[i] = re.sub(r"(?<![\w`./\"])([a-z]\w*_\w+)(?![\w`/\"]|\.\w)", r"`\1`", words)
    return "".join(parts)


def typed(text: str) -> str:
    """Return the type of an entry, with a link to each class that has a page."""
    shown = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", text.replace("``", "`"))
    return re.sub(r"\b([A-Z]\w+)\b", lambda m: f"[{m[1]}]({m[1]}.md)" if m[1] in classes() else m[1], shown)


def entries(body: str) -> list[tuple[str, str]]:
    """Return the entries of a section: the line of each, and what is indented below it."""
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.strip() and not line.startswith(" "):
            found.append((line, []))
        elif found:
            found[-1][1].append(line)
    return [(head, inspect.cleandoc("\n" + "\n".join(lines))) for head, lines in found]


def units(text: str, owner: str) -> str:
    """Say the units of the columns that a text names, as the columns of an answer bear them."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(re.findall(r"(?<![\w.])[a-z]\w*(?![\w(])", text)):
        if "_" in name and (unit := _unit(name, GIVEN.get(owner, STEADY))):
            found.setdefault(unit, []).append(f"`{name}`")
    return "; ".join(f"{', '.join(names)}: {unit}" for unit, names in found.items())


def item(head: str, body: str, owner: str = "") -> str:
    """Lay out one entry: its name, its type, what is said of it; of a table also the units of its columns."""
    name, _, kind = head.partition(" : ")
    names = ", ".join(f"`{one.strip()}`" for one in name.split(","))
    lines = [f"- **{names}**{f' ({typed(kind)})' if kind else ''}" + (":" if body else "")]
    lines += [f"  {line}".rstrip() for line in plain(body).splitlines()]
    if owner and "DataFrame" in kind and (said := units(f"{kind} {body}", owner)):
        lines += ["", f"  Units: {said}."]
    return "\n".join(lines) + "\n"


def laid_out(doc: str, owner: str, *, is_handed: bool = False) -> str:
    """Lay out a docstring in Markdown, without its links to others; what one is handed has attributes alone."""
    parts = []
    for title, body in sections(doc).items():
        if title in ("", "Notes", "References"):
            parts.append(f"**{title}.** {plain(body)}\n" if title else f"{plain(body)}\n")
        elif title == "Examples":
            parts.append(f"**Examples**\n\n```pycon\n{inspect.cleandoc(body)}\n```\n")
        elif title in ("Parameters", "Attributes"):
            is_held = is_handed or title == "Attributes"
            found = "".join(item(*one, owner if is_held else "") for one in entries(body))
            parts.append(f"**{'Attributes' if is_held else title}**\n\n{found}")
        elif title != "See Also":
            found = "".join(
                f"- {typed(head)}"
                + (":" if text else "")
                + "\n"
                + "".join(f"  {t}\n" for t in plain(text).splitlines())
                for head, text in entries(body)
            )
            said = units(body, owner) if title == "Returns" and "DataFrame" in body.splitlines()[0] else ""
            parts.append(f"**{title}**\n\n{found}" + (f"\nUnits: {said}.\n" if said else ""))
    return "\n".join(parts)


def signature(name: str, function: Any) -> str:
    """Return a signature with short names of types, on as many lines as it needs."""
    asked = inspect.signature(function)
    kept = [one for one in asked.parameters.values() if one.name not in ("self", "cls")]
    text = str(asked.replace(parameters=kept, return_annotation=inspect.Signature.empty))
    back = (
        "" if asked.return_annotation in (inspect.Signature.empty, "None", None) else f" -> {asked.return_annotation}"
    )

    def short(said: str) -> str:
        said = re.sub(r"<function .*?>|<factory>", "...", said)
        return re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])", "", re.sub(r"(: |-> )'([^']*)'", r"\1\2", said))

    whole = short(f"{name}{text}{back}")
    if len(whole) <= WIDEST:
        return whole
    lines: list[str] = []
    for one in kept:
        keyword = one.kind is one.KEYWORD_ONLY
        if keyword and not any(line.startswith("    *") for line in lines):
            lines.append("    *,")
        line = f"    {short(str(one))},"
        if len(line) > WIDEST:
            line = line.replace(" = (", " = (\n        ").replace("),", ",\n    ),")
        lines.append(line)
    return "\n".join([f"{name}(", *lines, short(f"){back}")])


@cache
def _definitions() -> dict[str, dict[str, str]]:
    """Return by short name and room what a type stands for, as the code writes it."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "chainnet").rglob("*.py")):
        room = path.relative_to(ROOT / "chainnet").parts[0]
        for name, means in re.findall(
            r"^([A-Z][a-z]+)(?:: TypeAlias)? = (.+?)(?:  #.*)?$", path.read_text("utf-8"), re.M
        ):
            if room != "cli":
                found.setdefault(name, {}).setdefault(room, re.sub(r"\b(?:[a-z]+\.)+(?=[A-Z])|\bnp\.", "", means))
    return found


def _definition(word: str, module: str) -> str:
    """Return what a short name stands for in a module: of its room, or of the room that it takes it from."""
    rooms = _definitions().get(word, {})
    means = rooms.get(module.split(".")[1]) or rooms.get(_room_of(word, module)) or next(iter(rooms.values()), "")
    # what a public call takes of an order is one of four words or a table
    for other, there in (("Kept", "Order"), ("Order", "Order"), ("Span", "Span")):
        means = re.sub(rf"\b{other}\b", next(iter(_definitions().get(there, {other: other}).values())), means)
    return means


def signatures() -> dict[str, str]:
    """Return every signature of the pages, and the type of every property, by where it is written about."""
    found = {name: signature(name, thing(name)) for names in GROUPS.values() for name in names}
    for name, one in classes().items():
        found |= {name: signature(name, one)} if name in MADE_BY_HAND else {}
        for member, value in members(one).items():
            is_said = isinstance(value, (property, cached_property))
            kind = inspect.signature(function_of(value)).return_annotation
            found[f"{name}.{member}"] = f"-> {kind}" if is_said else signature(member, function_of(value))
    return found


def short_names() -> dict[str, set[str]]:
    """Return what each short name of a type in a signature stands for: one thing, or one in each of several rooms."""
    found: dict[str, set[str]] = {}
    for place, said in signatures().items():
        one = classes().get(place.split(".")[0]) or thing(place)
        for word in re.findall(r"\b[A-Z]\w+", re.sub(r"'[^'\n]*'", "", said)):
            if word in _definitions() and word not in classes():
                found.setdefault(word, set()).add(_definition(word, one.__module__))
    return dict(sorted(found.items()))


# -- where to go next ---------------------------------------------------------------------------


def first_line(one: Any) -> str:
    """Return what a thing says of itself in a line."""
    return plain((inspect.getdoc(one) or "").splitlines()[0])


def see_also(doc: str) -> list[str]:
    """Return the names that a docstring sends its reader to."""
    return re.findall(r"[\w.]+", sections(doc).get("See Also", ""))


@cache
def guides() -> dict[str, list[tuple[str, str]]]:
    """Return by name the guides that lead to it: their title and file."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted((ROOT / "docs" / "howto").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        led = re.findall(r"\[`([\w.]+)`\]\(\.\./reference/python", text)
        for name in {*led, *re.findall(r"\bcn\.([\w.]+)\(", text)}:
            place = 0 if name in led else 1
            found.setdefault(name, []).append((str(place) + text.splitlines()[0].strip("# "), path.name))
    return {name: [(title[1:], file) for title, file in sorted(ways)] for name, ways in found.items()}


def onward(name: str, doc: str) -> str:
    """Say what one asks next, and which guide shows it."""
    lines = [
        f"- [`{other}`]({links()[other]}): {first_line(thing(other) if other not in classes() else classes()[other])}\n"
        for other in see_also(doc)
    ]
    lines += [f"- Guide: [{plain(title)}](../../howto/{file})\n" for title, file in guides().get(name, [])[:1]]
    return "\n**See also**\n\n" + "".join(lines) if lines else ""


# -- pages --------------------------------------------------------------------------------------


def function_entry(name: str) -> str:
    """Lay out a function: how it is called, what it says, where to go next."""
    function = thing(name)
    doc = inspect.getdoc(function) or ""
    called = f"sharing.{name.split('.')[1]}" if name.startswith("sharing.") else name.rpartition(".")[2]
    where = "" if name in cn.__all__ or name.startswith("sharing.") else name.split(".")[0]
    taken = f"`from chainnet.{where} import {called}`\n\n" if where else ""
    return (
        f"\n## {name}\n\n{taken}```text\n{signature(called, function)}\n```\n\n{laid_out(doc, name)}{onward(name, doc)}"
    )


def class_page(name: str) -> str:
    """Lay out a class: who hands it out, its tables and attributes, its methods."""
    one = classes()[name]
    doc = inspect.getdoc(one) or ""
    room = one.__module__.split(".")[1]
    makers = [n for names in GROUPS.values() for n in names if one in _handed_by(n)]
    parts = [f"# {name}\n\n", NOTE]
    if name in MADE_BY_HAND:
        taken = f"cn.{name}" if name in cn.__all__ else f"from chainnet.{room} import {name}"
        parts.append(f"`{taken}`\n\n```text\n{signature(name, one)}\n```\n\n")
    elif makers:
        parts.append(f"Returned by {', '.join(f'[`{n}`]({links()[n]})' for n in makers)}.\n\n")
    else:
        holders = [n for n, other in classes().items() if other is not one and one in _held_by(other)]
        parts.append(f"Part of {', '.join(f'[`{n}`]({n}.md)' for n in holders)}.\n\n")
    parts.append(laid_out(doc, name, is_handed=name not in MADE_BY_HAND))
    told = described(one)
    fields = dataclasses.fields(one) if dataclasses.is_dataclass(one) else ()
    more = [
        f"- **`{f.name}`** ({typed(str(f.type))})\n"
        for f in fields
        if f.name not in {*told, "provenance"} and f.name[0] != "_"
    ]
    own = members(one)
    for member, value in own.items():
        if isinstance(value, (property, cached_property)) and member not in told:
            function = function_of(value)
            kind = str(inspect.signature(function).return_annotation)
            more.append(item(f"{member} : {kind}", inspect.getdoc(function) or "", name))
    if more:
        parts.append(f"\n**{'More attributes' if told else 'Attributes'}**\n\n" + "".join(more))
    methods = {n: v for n, v in own.items() if not isinstance(v, (property, cached_property))}
    if methods:
        parts.append("\n## Methods\n")
    for method, value in methods.items():
        function = function_of(value)
        parts.append(
            f"\n### {method}\n\n```text\n{signature(method, function)}\n```\n\n{laid_out(inspect.getdoc(function) or '', name)}"
        )
    if "provenance" in {f.name for f in fields} - told:
        parts.append(f"\n{_COMMON}")
    return "".join(parts) + onward(name, doc)


_COMMON = (
    "Every result also has `provenance` (graph, digest, version, solver, settings), `tables()` and `numbers()`. "
    "[`codebook`](trust-a-number.md#codebook) says the unit and the status of each column.\n"
)


def described(one: type) -> set[str]:
    """Return the attributes and parameters that the docstring of a class tells of."""
    parts = sections(inspect.getdoc(one) or "")
    heads = [head for title in ("Attributes", "Parameters") for head, _ in entries(parts.get(title, ""))]
    return {name.strip() for head in heads for name in head.partition(" : ")[0].split(",")}


@cache
def _handed_by(name: str) -> list[type]:
    function = thing(name)
    return list(_named(inspect.signature(function).return_annotation, function.__module__))


@cache
def _held_by(one: type) -> list[type]:
    found: list[type] = []
    for member in map(function_of, members(one).values()):
        found += _named(inspect.signature(member).return_annotation, member.__module__)
    for field in dataclasses.fields(one) if dataclasses.is_dataclass(one) else ():
        found += _named(field.type, one.__module__)
    return found


def index_page() -> str:
    """Return the index: a line for each function, by question, and for each class."""
    parts = [
        "# Python\n\n",
        NOTE,
        "Import as `import chainnet as cn`. A name with a dot is imported from its package: `prices.floor_curve` by "
        "`from chainnet.prices import floor_curve`.\nNames of errors: [Errors](../errors.md).\n",
        "\n## Pages\n\n",
        *(f"- [{group}]({page_of(group)}): {len(names)} functions.\n" for group, names in GROUPS.items()),
    ]
    for group, names in GROUPS.items():
        rows = "".join(f"| [`{name}`]({links()[name]}) | {first_line(thing(name))} |\n" for name in names)
        parts.append(f"\n## {group}\n\n| function | |\n| --- | --- |\n{rows}")
    parts.append("\n## Classes\n\n")
    parts += [f"- [{name}]({name}.md): {first_line(one)}\n" for name, one in classes().items()]
    parts.append("\n## Short names in signatures\n\n| name | stands for |\n| --- | --- |\n")
    for name, means in short_names().items():
        shown = " or ".join(f"`{one}`" for one in sorted(means)).replace("|", "\\|")
        parts.append(f"| `{name}` | {shown} |\n")
    return "".join(parts)


def python_pages() -> dict[str, str]:
    """Return the text of every page of the folder, by file."""
    questions = {
        page_of(group): f"# {group}\n\n{NOTE}All names: [Python](README.md). Guides: [{group}](../../README.md"
        f"#{page_of(group)[:-3]}).\n" + "".join(map(function_entry, names))
        for group, names in GROUPS.items()
    }
    return {"README.md": index_page(), **questions, **{f"{name}.md": class_page(name) for name in classes()}}
