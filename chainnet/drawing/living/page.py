"""From a network to one living page: the arrays, the words, the solver, packed; nothing is asked of a network later."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chainnet import checks
from chainnet.assessment import Answers
from chainnet.drawing.assets import asset, filled, shared_script
from chainnet.drawing.facts import collect
from chainnet.drawing.living.controls import Control, controls_of
from chainnet.drawing.living.floors import Floors
from chainnet.drawing.living.months import MONTHS, LivingMonths, kept_for_tiers, why_no_months
from chainnet.drawing.living.order import orders_of
from chainnet.drawing.living.payload import payload
from chainnet.drawing.living.program import LivingProgram
from chainnet.drawing.living.solver import solver_files
from chainnet.drawing.still import still
from chainnet.errors import ChainnetError, DataError
from chainnet.flow import Counting
from chainnet.lowering import Degree
from chainnet.network import Network
from chainnet.scenario import KINDS, Scenario, computed_scenario, scenarios
from chainnet.words import number

_TEMPLATES = Path(__file__).parent / "templates"
_DEGREES: tuple[Degree, ...] = ("none", "existing", "new")
_MOST_BYTES, _MOST_COLUMNS = 3_000_000, 6000


def living_page(
    counting: Counting,
    scenario: str | None = None,
    title: str | None = None,
    marking: str = "",
    presets: Mapping[str, Scenario] | None = None,
    floor_goods: Iterable[str] = (),
) -> str:
    """Return the page as text.

    Parameters
    ----------
    counting : Counting
        Whose demand counts in which network, with a demand table; in the order of service that the page opens with.
    scenario : str, optional
        Name of the preset that the page opens with; its reader may choose another, or none.
    title, marking : str
        As ``draw``.
    presets : mapping of str to Scenario, optional
        By name; default the scenarios that ship with the network.
    floor_goods : iterable of str
        Goods of which the first that comes over the border of those who count gets the price floors; default that for
        which most is paid there.

    Raises
    ------
    DataError
        If a file of the solver is damaged, the network has no demand, the scenario is unknown or too large to be a
        preset of the page, or the page would be too large.
    """
    network = counting.network
    files = solver_files()
    if network.demand.empty:
        raise DataError(
            "draw: live needs a demand table, so that somebody can be short. Give demand, or leave live out."
        )
    counting.check_asked("draw: live")
    presets = dict(scenarios(network) if presets is None else presets)
    if scenario is not None and scenario not in presets and (all_rules := computed_scenario(network, scenario)):
        presets[scenario] = all_rules
    presets = {name: one.with_shares(network) for name, one in presets.items()}
    if scenario is not None:
        checks.known(scenario, presets, "draw: live", f"shipped scenario of {network.name}")
    controls = controls_of(network)
    by_law = counting.in_order("law") if "law" in orders_of(counting) else counting
    programs, left = _programs(by_law, controls, list(presets.values()))
    brought = {name: one for name, one in presets.items() if not _parts_goods(one) or f"existing/{name}" in programs}
    if scenario is not None and scenario not in brought:
        raise DataError(
            f'draw: live cannot open with "{scenario}", whose rule by tier or origin needs more than {_MOST_COLUMNS} '
            "unknowns. Leave live out, or open the page with another scenario."
        )
    controls = _costliest_first(controls, counting)
    data = payload(counting, controls, list(brought.values()), programs, scenario or "")
    data["months"] = _months(network, controls, programs, left)
    shut = {f"stock:{name}" for name in kept_for_tiers(network)}
    data["controls"] = [
        control
        for control in data["controls"]
        if control["kind"] != "stock" or (data["months"] is not None and control["id"] not in shut)
    ]
    data["floors"] = _floors(counting, floor_goods, left)
    data["leftOut"] = left
    while len((page := _render(network, data, files, title, marking)).encode()) > _MOST_BYTES:
        if not _drop_largest(data):
            raise DataError(
                f"draw: the living page of {network.name} would have {number(len(page.encode()) / 1e6)} MB; at most "
                f"{number(_MOST_BYTES / 1e6)} MB are written. Leave live out, or give a smaller network."
            )
    return page


def _parts_goods(scenario: Scenario) -> bool:
    """Say whether a scenario has a rule by tier or origin: goods are parted by it, which is another program."""
    return any(KINDS[measure["kind"]].parts_goods(measure) for measure in scenario.measures)


def _programs(
    counting: Counting, controls: list[Control], presets: list[Scenario]
) -> tuple[dict[str, LivingProgram], list[str]]:
    """Return proved programs by name, and what was left out, in words.

    One for each degree that the data allow, for all presets that do not part goods; for each of the others one of its
    own, named ``degree/preset``, where it is small enough to be solved in a page.
    """
    network, programs, left = counting.network, dict[str, LivingProgram](), list[str]()
    shared = [preset for preset in presets if not _parts_goods(preset)]
    for degree in _DEGREES:
        try:
            programs[degree] = LivingProgram(counting, degree, controls, shared)
        except DataError as err:
            if degree != "none":
                raise
            left.append(f"no rerouting: {err}")
    if (most := max(program.n_columns for program in programs.values())) > _MOST_COLUMNS:
        raise DataError(
            f"draw: the living page of {network.name} would have {most} unknowns; at most {_MOST_COLUMNS} are solved "
            "in a page. Leave live out, or give a smaller network."
        )
    for preset in presets:
        if not _parts_goods(preset):
            continue
        own = {
            f"{degree}/{preset.name}": LivingProgram(counting, degree, controls, [preset])
            for degree in _DEGREES
            if degree in programs
        }
        if (most := max(program.n_columns for program in own.values())) <= _MOST_COLUMNS:
            programs |= own
        else:
            words = f"its rule by tier or origin needs {most} unknowns, more than a page solves"
            left.append(f"{preset.label or preset.name}: {words}")
    for program in programs.values():
        program.prove()
    return programs, left


def _costliest_first(controls: list[Control], counting: Counting) -> list[Control]:
    """Return the controls with exports in the order of what the beneficiaries lose if that step of a country stops."""
    lost = Answers(counting.valuing).lost(None)["lost_tpa"]
    names = {f"export:{country}:{step}": float(tpa) for (step, country), tpa in zip(lost.index, lost, strict=True)}
    return sorted(controls, key=lambda control: -names.get(control.id, 0.0))  # exports come first in any case


def _months(
    network: Network, controls: list[Control], programs: dict[str, LivingProgram], left: list[str]
) -> dict[str, Any] | None:
    """Return what makes a course over months of the programs that it holds for; else add to what is left out."""
    if why := why_no_months(network, programs["existing"]):
        left.append(f"the course over months: {why}")
        return None
    known = [name for name in ("existing", "none") if name in programs]
    found = {name: LivingMonths(network, programs[name], controls) for name in known}
    for one in found.values():
        one.prove()
    shut = kept_for_tiers(network)
    left += [
        f"over months the stock {name}: it is kept for some tiers, which parts goods, so it is shut" for name in shut
    ]
    measures = [{"kind": "release", "stocks": [name], "release_tpa": 0.0} for name in shut]
    return {"n": MONTHS, "shut": measures, "programs": {name: one.arrays for name, one in found.items()}}


def _floors(counting: Counting, goods: Iterable[str], left: list[str]) -> dict[str, Any] | None:
    """Return what price floors do; else add why not to what is left out."""
    try:
        return Floors.of(counting, goods).data
    except ChainnetError as err:
        left.append(f"what a price floor does: {err}")
        return None


def _drop_largest(data: dict[str, Any]) -> bool:
    """Leave out the preset whose own programs are the largest, but not the one that the page opens with."""
    own: dict[str, int] = {}
    for name, arrays in data["programs"].items():
        _, _, preset = name.partition("/")
        if preset and preset != data["start"]["preset"]:
            own[preset] = own.get(preset, 0) + len(arrays["values"])
    if not own:
        return False
    gone = max(own, key=lambda preset: (own[preset], preset))
    data["programs"] = {name: arrays for name, arrays in data["programs"].items() if not name.endswith(f"/{gone}")}
    label = next(preset["label"] for preset in data["presets"] if preset["name"] == gone)
    data["presets"] = [preset for preset in data["presets"] if preset["name"] != gone]
    data["leftOut"].append(f"{label}: its rule by tier or origin would make the page too large")
    return True


# -- the page ----------------------------------------------------------------------------------------------


def _packed(data: bytes) -> str:
    """Return bytes as text; what is packed already stays as it is."""
    packed = data if data[:2] == b"\x1f\x8b" else gzip.compress(data, 9, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def _inside(found: Any) -> Any:
    """Return data as JSON that cannot end the element in which it stands."""
    from markupsafe import Markup

    return Markup(json.dumps(found, sort_keys=True, allow_nan=False).replace("<", "\\u003c"))


def _render(network: Network, data: dict[str, Any], files: dict[str, bytes], title: str | None, marking: str) -> str:
    from markupsafe import Markup

    own = [asset(f"{name}.js", _TEMPLATES) for name in ("setting", "paint", "course", "tour", "start", "floors")]
    script = "\n" + "\n".join([shared_script(), *own])
    solved = {name: part for name, part in data.items() if name != "floors"}  # those stand open, for their own script
    text = json.dumps(solved, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    kinds: dict[str, list[dict[str, Any]]] = {}
    for control in data["controls"]:
        kinds.setdefault(control["kind"], []).append(control)
    solver = b"\n".join([files["highs.js"], *(asset(name, _TEMPLATES).encode() for name in ("worker.js", "months.js"))])
    return filled(
        "living.html.j2",
        _TEMPLATES,
        title=title if title is not None else network.label,
        marking=marking,
        data=data,
        finding=_inside(data["finding"]),
        floors=data["floors"] and _inside({name: data["floors"][name] for name in ("steps", "scales")}),
        kinds=kinds,
        network=network,
        picture=still(collect(network, None, None)),
        blocks={
            "data": _packed(text.encode()),
            "solver": _packed(solver),
            "program": _packed(files["highs.wasm.gz"]),
        },
        licence=files["LICENSE"].decode("utf-8"),
        style=asset("living.css", _TEMPLATES),
        script=Markup(script),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
    )
