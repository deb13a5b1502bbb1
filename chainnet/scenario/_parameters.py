"""Parameters of a scenario: a value with a name and a range, which measures refer to as ``$name``.

A scenario keeps its measures with the values filled in. Each parameter keeps the places that it fills, so that the
file can be written as it was read and another value put in.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chainnet import checks
from chainnet.errors import ChainnetWarning, Fault

_KEYS = ("value", "low", "high", "note", "sets")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)

Parameters = dict[str, dict[str, Any]]


def read_parameters(given: Any, file: str) -> tuple[Parameters, list[Fault]]:
    """Return parameters in their full form, and what is wrong with them; a bare value has no range."""
    faults: list[Fault] = []

    def fault(column: str, value: object, rule: str, remedy: str) -> None:
        faults.append(Fault(file, None, f"parameters.{column}", "" if value is None else str(value)[:80], rule, remedy))

    if not isinstance(given, Mapping):
        fault("", given, "must map names to values", "For example cut = {value = 0.5, low = 0.3, high = 0.8}.")
        return {}, faults
    found: Parameters = {}
    for name, said in given.items():
        one = dict(said) if isinstance(said, Mapping) else {"value": said}
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            fault(str(name), None, "is no name", "Letters, digits and _, a letter first.")
        for key in one:
            if key not in _KEYS:
                fault(f"{name}.{key}", None, checks.told("unknown key", key, _KEYS), checks.listed(_KEYS[:4]))
        value = one.get("value")
        is_profile = isinstance(value, list) and bool(value) and all(isinstance(phase, Mapping) for phase in value)
        if not isinstance(value, str) and not checks.is_number(value) and not is_profile:
            fault(f"{name}.value", value, "must be a number, a word or a profile", "For example value = 0.5.")
        _range_faults(str(name), one, fault)
        if not isinstance(one.get("note", ""), str):
            fault(f"{name}.note", one["note"], "is no text", "Write words.")
        found[str(name)] = one
    return found, faults


def _range_faults(name: str, one: Mapping[str, Any], fault: Any) -> None:
    ends = [one[key] for key in ("low", "high") if key in one]
    if not ends:
        return
    numbers = [one.get("low"), one.get("value"), one.get("high")]
    if not all(map(checks.is_number, numbers)):
        fault(name, None, "a range needs numbers as value, low and high", "Give all three, or leave low and high out.")
    elif sorted(numbers) != numbers:  # type: ignore[type-var]
        said = " to ".join(str(n) for n in ends)
        fault(name, one["value"], f"lies outside its range, {said}", "Write low <= value <= high.")


def filled(measures: Any, parameters: Parameters, file: str) -> tuple[Any, Parameters, list[Fault]]:
    """Return measures with every ``$name`` filled in, and the parameters with the places that they fill.

    Only a whole text is a reference, and only where there are parameters: a ``$`` in a name stays what it is.
    """
    faults: list[Fault] = []
    places: dict[str, list[str]] = {name: list(one.get("sets", ())) for name, one in parameters.items()}

    def fill(value: Any, where: str) -> Any:
        if isinstance(value, str) and value.startswith("$") and parameters:
            name = value[1:]
            if name not in parameters:
                rule = checks.told("there is no such parameter", name, parameters)
                faults.append(Fault(file, None, where, value, rule, checks.listed(parameters)))
                return value
            places[name].append(where)
            return parameters[name]["value"]
        if isinstance(value, dict):
            return {key: fill(one, f"{where}.{key}") for key, one in value.items()}
        if isinstance(value, list):
            return [fill(one, f"{where}[{n}]") for n, one in enumerate(value)]
        return value

    measures = fill(measures, "measures") if isinstance(measures, list) else measures
    return measures, {name: {**one, "sets": places[name]} for name, one in parameters.items()}, faults


_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


def _at(measures: Sequence[Any], place: str) -> tuple[Any, Any] | None:
    """Return the mapping or list that holds a place, and its key there; None where it is not there any more."""
    steps: list[Any] = [int(n) if n else word for n, word in _STEP.findall(place.removeprefix("measures"))]
    holder: Any = measures
    try:
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]]
    except (KeyError, IndexError, TypeError):
        return None
    return holder, steps[-1]


def _placed(measures: list[Any], parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, one in parameters.items():
        for place in one.get("sets", ()):
            at = _at(measures, place)
            if at is not None and at[0][at[1]] == one["value"]:  # not where another value was put
                yield name, *at


def written(measures: list[Any], parameters: Mapping[str, Any]) -> list[Any]:
    """Return measures with the names of the parameters back in their places."""
    for name, holder, key in _placed(measures, parameters):
        holder[key] = f"${name}"
    return measures


def put(name: str, parameters: Mapping[str, Any], values: Mapping[str, Any]) -> Parameters:
    """Return parameters with other values; one outside its range is told.

    Raises
    ------
    DataError
        If a parameter is unknown.
    """
    for key, value in values.items():
        checks.known(key, parameters, name, "parameter")
        low, high = parameters[key].get("low", value), parameters[key].get("high", value)
        if checks.is_number(value) and not low <= value <= high:
            said = f"{name}: {key} = {value} lies outside its range, {low} to {high}."
            warnings.warn(said, ChainnetWarning, stacklevel=4)
    return {
        key: ({**{k: v for k, v in one.items() if k not in ("low", "high")}, "value": values[key]}
              if key in values else one)
        for key, one in parameters.items()
    }  # fmt: skip


def value_of(text: str, parameter: Mapping[str, Any]) -> Any:
    """Return what a word of the command line means for a parameter: low, high, a number, or the word."""
    if text in ("low", "high") and text in parameter:
        return parameter[text]
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text.lower() else number
