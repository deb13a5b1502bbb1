"""Scenarios: a list of measures, in Python or TOML; put to a network they give an overlay."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from chainnet import checks
from chainnet.errors import ChainnetWarning, DataError, Fault
from chainnet.io import file_stem, load_toml, read_text
from chainnet.lowering import Overlay
from chainnet.network import Network, kept
from chainnet.results import handed
from chainnet.scenario._customs import ranged
from chainnet.scenario._effect import Effect
from chainnet.scenario._form import form_faults, frozen, plain, severity_of, severity_steps
from chainnet.scenario._kinds import KINDS
from chainnet.scenario._matches import matches_of
from chainnet.scenario._overlay import effects_of, overlay_at, say_doubtful
from chainnet.scenario._parameters import filled, put, read_parameters, value_of, written
from chainnet.scenario._phases import takes_customs

_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Scenario:
    """A named list of measures, frozen to its last word: what is read of it is a copy.

    Parameters
    ----------
    name : str
        Short name; a file's stem.
    measures : sequence of mapping
        Each has ``kind`` and the keys of that kind:

        - ``remove`` (nodes, edges, where), ``scale`` (the same and share: what is left of the capacity; of a
          stock its tonnes, its yearly release and its room keep that share alike);
        - ``restrict`` (from, to, commodity, share, tier, origin): the edges that match carry together at
          most share x their baseline flow, and new relations of that class are closed; with ``tier`` only
          what serves that tier counts, with ``origin`` only what was made at or went through such nodes. Without
          ``to`` home trade is bound too; ``{"country": "!CHN"}`` is everywhere outside China;
        - ``licence`` (from, to, commodity, profile or share, by, announced): restrictions that touch end to end.
          ``profile`` lists phases, ``{months = 3, share = 0.0}``, the last without months; ``by`` lists groups of
          destinations with a profile of their own, ``{to = {country = "JPN"}, profile = [...]}``, which the rest
          then leaves out. A static answer takes the last phase. With ``announced``, a day before ``start``, the plan
          without foresight knows from then on that it begins, and what was bought ahead stands at the buyers;
        - ``quota`` (from, to, commodity, tier, tpa, severity): the same with a bound in t/yr;
        - ``tariff`` (from, to, commodity, rate or usd_per_t), ``price_floor`` (from, to, commodity, usd_per_t),
          ``export_tax`` (from, to, commodity, usd_per_t, below 0 a rebate): what a tonne over these relations costs
          on top. What else moves money is answered by ``market`` alone: ``revenue`` ("to" or "from") of these and of a
          quota, ``mechanism = "cfd"`` (nodes or where, upside_share) and ``content`` of a floor, ``subsidy`` (nodes,
          where, commodity, usd_per_t or capex_share), ``purchase`` (node, commodity, tpa, usd_per_t), ``club`` (to,
          node, commodity, tpa, usd_per_t), ``buffer`` (node or to, commodity, floor_usd_per_t, cap_usd_per_t, room_t,
          stock_t);
        - ``demand`` (nodes, where, commodity, tier, share: what demand is multiplied by);
        - ``release`` (stocks, where, tiers, release_tpa): stocks that are open only while it is in force, never
          faster than their own ``release_tpa``;
        - ``build`` (projects, where), ``delay`` (projects, where, late_months).

        Every kind takes start_month or start, months or until, and suspended, most take phase_in_months; a
        static answer takes every measure at its full size. Every kind also takes rule (an id of ``rules``),
        status, source and checked_on, which say where a rule comes from and change no answer. A restrict
        with ``share = "controls"`` takes what customs show under its rule (``controls``), once it is put to a
        network; ``severity``, 0 to 1, then makes part of that cut.
    label : str
        Words for people.
    probability : float, optional
        0 to 1.
    file : str
        Where it was read from, for the messages.
    parameters : mapping of str to mapping or value
        Values with a name, which a measure refers to as ``"$name"``: ``value`` (a number or a word, such as a
        month), and where it is a number its range, ``low`` and ``high``; ``note``. ``measures`` has the values
        filled in, ``with_parameters`` puts others in, ``ends`` gives the scenario at the ends of each range.

    Raises
    ------
    DataError
        With every fault: an unknown kind, key or parameter, a value of the wrong form, times that contradict
        each other.

    See Also
    --------
    scenarios, in_force, balance, stress_test

    Notes
    -----
    ``a + b`` is a scenario in which the measures of both are in force; one that stands in both counts once.

    Examples
    --------
    >>> import chainnet as cn
    >>> scn = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}}])
    >>> round(float(cn.balance(cn.read("mag-9"), scn).demand["served_tpa"].sum()), 6)
    10.0
    """

    name: str
    measures: Sequence[Mapping[str, Any]] = ()
    label: str = ""
    probability: float | None = None
    file: str = field(default="", compare=False, repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given: Any = object.__getattribute__(self, "measures")
        measures = plain(list(given)) if isinstance(given, Iterable) and not isinstance(given, str | Mapping) else given
        file = self.file or f"scenario {self.name}"
        parameters, faults = read_parameters(plain(object.__getattribute__(self, "parameters")), file)
        if not faults:
            measures, parameters, faults = filled(measures, parameters, file)
        faults += form_faults(self.name, self.label, self.probability, measures, self.file)
        if faults:
            raise DataError(faults=faults)
        object.__setattr__(self, "measures", frozen(measures))
        object.__setattr__(self, "parameters", frozen(parameters))

    def __getattribute__(self, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if name == "parameters":
            return plain(value)
        if name != "measures":
            return value
        # in the plain words of a file: lists, not the tuples that are kept
        return tuple(handed(MappingProxyType(plain(measure))) for measure in value)

    def __hash__(self) -> int:
        return hash((self.name, self.label, self.probability, len(object.__getattribute__(self, "measures"))))

    def __reduce__(self) -> tuple[Any, ...]:
        # a read-only mapping cannot be pickled, and scenarios go to other processes
        measures = plain(self.measures)
        return (Scenario, (self.name, measures, self.label, self.probability, self.file, self.parameters))

    def __add__(self, other: Scenario) -> Scenario:
        if not isinstance(other, Scenario):
            return NotImplemented
        return _joined(f"{self.name}+{other.name}", [self, other])

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{escape(str(measure['kind']))}</td><td>{escape(_words(measure))}</td></tr>"
            for measure in self.measures
        )
        odds = "" if self.probability is None else f", probability {self.probability:g}"
        head = f"<p><b>{escape(self.label or self.name)}</b> ({escape(self.name)}{odds})</p>"
        return f"{head}<table><tr><th>measure</th><th>what and when</th></tr>{rows}</table>"

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """Read a scenario from a TOML file.

        A file that ``extends`` others, by the names of files beside it, has their measures and parameters too:
        a parameter that it names again takes its own value, and what it does not say (a label) is theirs.

        Raises
        ------
        DataError
            If the file, or one that it extends, is missing, is no TOML, or has an unknown key or a wrong
            value, or if files extend each other in a circle.

        Warns
        -----
        ChainnetWarning
            If it has no measures.
        """
        scenario = cls._read(Path(path), ())
        say_idle(scenario, 3)
        return scenario

    @classmethod
    def _read(cls, path: Path, above: tuple[str, ...]) -> Scenario:
        try:
            size = path.stat().st_size
            with path.open("rb"):  # a folder, or no right to read
                pass
        except OSError as err:
            raise DataError(
                f'scenario: cannot read "{path}": {err.strerror or err}. Give the path of a TOML file.'
            ) from err
        if size > _MAX_BYTES:
            raise DataError(f"{path.name}: larger than 1 MiB; a scenario is a short list of measures.")
        data = load_toml(read_text(path, path.name), path.name) if size else {}
        return cls._made(data, path, above)

    @classmethod
    def parse(cls, text: str, name: str) -> Scenario:
        """Return the scenario of TOML text, as ``to_toml`` writes it.

        Raises
        ------
        DataError
            As ``read``.
        """
        path = Path(f"{file_stem(name)}.toml")
        return cls._made(load_toml(text, path.name), path, ())

    @classmethod
    def _made(cls, data: dict[str, Any], path: Path, above: tuple[str, ...]) -> Scenario:
        faults = [
            Fault(
                path.name,
                None,
                key,
                "",
                checks.told("unknown key", key, _TOP),
                checks.listed(_TOP),
            )
            for key in data
            if key not in _TOP
        ]
        name = data.get("name", path.stem)
        if not isinstance(name, str) or path.stem not in (name, file_stem(name)):
            rule = f'differs from the file stem "{path.stem}"'
            faults.append(Fault(path.name, None, "name", str(name), rule, "Leave it out."))
            name = path.stem
        lineage = _extends_faults(data.get("extends", []), path.name)
        parameters, wrong = read_parameters(data.get("parameters", {}), path.name)
        faults += [*lineage, *wrong]
        measures = data.get("measures", [])
        for parent in _parents([] if lineage else data.get("extends", []), path, above):
            inherited = cls._read(parent, (*above, path.stem))
            parameters = {**_plain_parameters(inherited.parameters), **parameters}
            measures = [*_written(inherited), *measures] if isinstance(measures, list) else measures
            data = {"label": inherited.label, **data}
        try:
            scenario = cls(name, measures, data.get("label", ""), data.get("probability"), path.name, parameters)
        except DataError as err:
            faults += list(err.faults_list)
        if faults:
            raise DataError(faults=faults)
        return scenario

    def to_toml(self) -> str:
        """Return the scenario as TOML text that ``read`` takes back; what it extends stands in it.

        A name that Windows takes for no name of a file stands in it too.
        """
        lines = [f"name = {toml_text(self.name)}"] if file_stem(self.name) != self.name else []
        lines += [f"label = {toml_text(self.label)}"] if self.label else []
        if self.probability is not None:
            lines.append(f"probability = {toml_text(self.probability)}")
        if self.parameters:
            lines += ["", "[parameters]"]
            lines += [f"{name} = {toml_text(one)}" for name, one in _plain_parameters(self.parameters).items()]
        for measure in _written(self):
            lines += ["", "[[measures]]", *(f"{key} = {toml_text(value)}" for key, value in measure.items())]
        return "\n".join(lines).lstrip("\n") + "\n"

    def with_parameters(self, **values: Any) -> Scenario:
        """Return the scenario with other values of its parameters, which its name then says.

        A value outside the range of its parameter is told by a ``ChainnetWarning``.

        Raises
        ------
        DataError
            If a parameter is unknown, or a measure cannot take the value.

        Examples
        --------
        >>> import chainnet as cn
        >>> cut = [{"kind": "scale", "where": {"country": "CHN"}, "share": "$left"}]
        >>> scn = cn.Scenario("cut", cut, parameters={"left": {"value": 0.5, "low": 0.3, "high": 0.8}})
        >>> scn.measures[0]["share"], scn.with_parameters(left=0.3).measures[0]["share"]
        (0.5, 0.3)
        >>> list(scn.ends())
        ['cut@left=0.3', 'cut', 'cut@left=0.8']
        """
        parameters = _plain_parameters(put(self.name, self.parameters, values))
        said = ",".join(f"{key}={value}" for key, value in values.items())
        name, label = (
            (f"{self.name}@{said}", f"{self.label or self.name} ({said})") if said else (self.name, self.label)
        )
        return Scenario(name, _written(self), label, self.probability, parameters=parameters)

    def ends(self) -> Mapping[str, Scenario]:
        """Return the scenario as given, and with each parameter at the ends of its range, one at a time."""
        found = []
        ranged = {key: one for key, one in self.parameters.items() if "low" in one}
        for key, one in ranged.items():
            found.append(self.with_parameters(**{key: one["low"]}))
            found += [] if len(found) > 1 else [self]
            found.append(self.with_parameters(**{key: one["high"]}))
        return MappingProxyType({one.name: one for one in found or [self]})

    def matches(self, network: Network) -> pd.DataFrame:
        """Return what each measure reaches in a network.

        Parameters
        ----------
        network : Network

        Returns
        -------
        DataFrame, a row a measure
            scenario, measure (its place, from 1), kind, what (its words), when (its dates; empty where it always
            holds), n_nodes, n_edges, n_stocks, n_demand, n_projects, names (ids of what it reaches, the first ones),
            also (what else plants that are chosen by what they make put out: they lose that too), capacity_tpa (of the
            nodes, where all have one), flow_tpa (baseline over the edges, where all have one).

        Raises
        ------
        UnknownIdError, DataError
            As when the scenario is put to the network.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("mag-9")
        >>> cn.scenarios(net)["china_out"].matches(net)["n_nodes"].tolist()
        [4]
        """
        effects = effects_of(network, self.measures, self.file or self.name)
        return matches_of(network, effects, self.name)

    def with_shares(self, network: Network) -> Scenario:
        """Return the scenario with numbers in the place of ``share = "controls"``, as a network takes them.

        A measure becomes one for each row of customs that it takes. Where the row has a range, the share is a
        parameter with that range, so that ``ends`` gives the scenario at the low and at the high value.

        Parameters
        ----------
        network : Network

        Raises
        ------
        DataError
            As when the scenario is put to the network.

        Examples
        --------
        >>> import chainnet as cn
        >>> net = cn.read("gallium")
        >>> licences = cn.scenarios(net)["china_licences_in_force"].with_shares(net)
        >>> share = licences.parameters["share_ga_primary"]
        >>> [round(share[end], 3) for end in ("low", "value", "high")]
        [0.88, 0.902, 0.948]
        """
        if not any(map(takes_customs, self.measures)):
            return self
        measures, shares = ranged(network, self.measures, _written(self), self.file or self.name)
        parameters = {**shares, **_plain_parameters(self.parameters)}
        return Scenario(self.name, measures, self.label, self.probability, self.file, parameters)

    def severities(
        self, shares: Sequence[float] = (0.1, 0.3, 0.6, 1.0), months: Sequence[int] = (3, 12, 48)
    ) -> Mapping[str, Scenario]:
        """Return the severity steps: the scenario at each part of its loss and each duration.

        Every remove, scale, restrict and quota is set to that part of its loss and that duration, counted
        from its own start, without suspensions: removed rows keep 1 - part of their capacity, a share
        becomes 1 - part x (1 - share), a quota takes part of its cut from the baseline. A restriction of an
        origin is all or nothing: it keeps its size, the label says so, and a scenario that takes nothing
        else away has steps at the whole loss only. Other kinds stay as they are.

        Parameters
        ----------
        shares : sequence of float
            Parts of the loss, above 0 up to 1.
        months : sequence of int
            Durations, 1 or more.

        Returns
        -------
        Mapping of str to Scenario
            Names such as "ban.s10.m3": 10 percent of the loss for three months.

        Raises
        ------
        DataError
            If a share or a duration is out of range, or no measure takes anything away.

        Examples
        --------
        >>> import chainnet as cn
        >>> ban = cn.Scenario("ban", [{"kind": "remove", "where": {"country": "CHN"}}])
        >>> steps = ban.severities(shares=(0.1, 1.0), months=(3,))
        >>> [(name, step.measures[0]["kind"]) for name, step in steps.items()]
        [('ban.s10.m3', 'scale'), ('ban.s100.m3', 'remove')]
        """
        steps = severity_steps(self.name, self.measures, shares, months)
        return MappingProxyType({step.name: step for step in map(self._at, *steps)})

    def _at(self, lost: float, months: int) -> Scenario:
        percent = f"{round(100 * lost, 6):g}"
        length = "1 month" if months == 1 else f"{months} months"
        barred = lost < 1.0 and any("origin" in measure for measure in self.measures)
        return Scenario(
            f"{self.name}.s{percent}.m{months}",
            [severity_of(measure, lost, months) for measure in self.measures],
            f"{self.label or self.name}: {percent} % of the loss{', origins barred in full' * barred}, {length}",
        )


def with_values(scenario: Scenario, words: str, argument: str) -> Scenario:
    """Return a scenario with the values that words say: ``cut=0.3,start=2027-03``; low and high name the ends.

    Raises
    ------
    DataError
        If a word is no such pair, or as ``Scenario.with_parameters``.
    """
    pairs = [pair.partition("=") for pair in words.split(",")]
    if not all(key.strip() and sign and value.strip() for key, sign, value in pairs):
        known = ", ".join(scenario.parameters) or "none"
        raise DataError(
            f'{argument}: "{words}": write PARAMETER=VALUE after @. Parameters of {scenario.name}: {known}.'
        )
    known_ones = scenario.parameters
    values = {key.strip(): value_of(value.strip(), known_ones.get(key.strip(), {})) for key, _, value in pairs}
    return scenario.with_parameters(**values)


def _plain_parameters(parameters: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return parameters without the places that they fill."""
    return {name: {key: v for key, v in one.items() if key != "sets"} for name, one in parameters.items()}


def _written(scenario: Scenario) -> list[Any]:
    """Return the measures as a file has them, with the names of parameters in their places."""
    return written(plain(scenario.measures), scenario.parameters)


def _joined(name: str, parts: Sequence[Scenario]) -> Scenario:
    """Return the scenario in which all of these are in force; a measure that stands in several counts once."""
    measures: list[Any] = []
    parameters: dict[str, Any] = {}
    for part in parts:
        own = _plain_parameters(part.parameters)
        for key in own.keys() & parameters.keys():
            if own[key] != parameters[key]:
                raise DataError(
                    f'{name}: the parameter "{key}" differs between the two. Rename it, or give it a value.'
                )
        parameters |= own
        measures += [measure for measure in _written(part) if measure not in measures]
    label = "; ".join(dict.fromkeys(part.label or part.name for part in parts))
    return Scenario(name, measures, label, parameters=parameters)


def is_plain(name: str) -> bool:
    """Return whether a name is that of a file beside another, and leads nowhere else."""
    return bool(name) and "/" not in name and "\\" not in name and ".." not in name


def _extends_faults(given: Any, file: str) -> list[Fault]:
    words = [given] if isinstance(given, str) else given
    if isinstance(words, list) and all(isinstance(word, str) and is_plain(word) for word in words):
        return []
    return [Fault(file, None, "extends", str(given)[:80], "must be a name, or a list of names, of files beside it",
                  'For example extends = "china_export_stop".')]  # fmt: skip


def _parents(given: Any, path: Path, above: tuple[str, ...]) -> list[Path]:
    """Return the files that a file extends, the last first: what an earlier one says stands before it."""
    names = [word.removesuffix(".toml") for word in ([given] if isinstance(given, str) else given)]
    for name in names:
        if name in (*above, path.stem):
            raise DataError(f"{path.name}, extends: {' > '.join([*above, path.stem, name])} is a circle. Cut it.")
        if not path.with_name(f"{name}.toml").is_file():
            known = [file.stem for file in path.parent.glob("*.toml")]
            raise DataError(f"{path.name}, extends: {checks.unknown(name, known, 'file beside it')}")
    return [path.with_name(f"{name}.toml") for name in reversed(names)]


def _words(measure: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {toml_text(value)}" for key, value in measure.items() if key != "kind")


_TOP = ("name", "label", "probability", "extends", "parameters", "measures")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(value: Any) -> str:
    """Return a value as TOML writes it in a line."""
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(f"{k if _BARE.fullmatch(k) else toml_text(k)} = {toml_text(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(toml_text(v) for v in value) + "]"
    import json

    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def overlay_of(
    network: Network, scenario: Scenario | None, *, by_year: int | None = None, said: bool = True
) -> Overlay:
    """Put a scenario to a network, every measure at its full size whatever its dates.

    Projects of a build measure stand whole; a delay changes nothing. ``said``: whether a measure that matches nothing
    is told by a ``ChainnetWarning``. ``by_year``: plants that opened since the base year have the size that their ramps
    reach by the end of that year, but none less than at ``as_of``.

    Raises
    ------
    UnknownIdError
        If a measure names an id or an edge that does not exist.
    DataError
        If a column, country, group, commodity or tier is unknown, a baseline or price that is needed
        is missing, or measures contradict each other.
    """
    overlay = Overlay.none(network)
    if scenario is not None:
        check_scenario(scenario)
        effects = effects_under(network, scenario, said=said)
        built = overlay.built.copy()
        for effect in effects:
            if KINDS[effect.kind].stands:
                built[effect.projects] = 1.0
        overlay = overlay_at(network, effects, np.ones(len(effects))).with_built(built)
    return overlay if by_year is None else in_year(network, overlay, by_year)


def in_year(network: Network, overlay: Overlay, by_year: int) -> Overlay:
    """Return an overlay in which plants that opened since the base year have grown till the end of a year."""
    growth = np.maximum(network.growth(by_year * 12.0 + 11.0)[:, 0], 1.0)
    grows = np.flatnonzero(growth != 1.0)
    return overlay.times("nodes", grows, growth[grows]) if len(grows) else overlay


def effects_under(network: Network, scenario: Scenario, *, said: bool = True, in_phases: bool = False) -> list[Effect]:
    """Put the measures of a scenario to a network, as ``effects_of`` does; what they reach stays with the network."""
    effects = _put(network, scenario, in_phases)
    if said:
        say_doubtful(network, effects)
    return list(effects)


@kept(64)
def _put(network: Network, scenario: Scenario, in_phases: bool) -> tuple[Effect, ...]:
    return tuple(
        effects_of(network, scenario.measures, scenario.file or scenario.name, said=False, in_phases=in_phases)
    )


def say_idle(scenario: Scenario, stacklevel: int = 5) -> None:
    """Warn of a scenario without measures, of which every answer is the baseline."""
    if not scenario.measures:
        where = scenario.file or f"scenario {scenario.name}"
        said = f"{where}: has no measures, so every answer under it is the baseline. Write [[measures]]."
        warnings.warn(said, ChainnetWarning, stacklevel=stacklevel)


def check_scenario(scenario: object) -> None:
    """Raise DataError for what is no Scenario."""
    if not isinstance(scenario, Scenario):
        more = f" One that ships: chainnet.scenarios(network)[{scenario!r}]." if isinstance(scenario, str) else ""
        raise DataError(
            f"scenario: {scenario!r} is no Scenario. Use chainnet.Scenario or chainnet.Scenario.read.{more}"
        )
