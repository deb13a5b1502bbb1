"""Options against the calls that they go to: the same defaults, and no option that goes nowhere."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import pytest

from chainnet.cli import app as cli
from chainnet.cli.common import Command, Drawn, TableOutput, Verified
from chainnet.cli.options import options_of


def commands(kind: type[Any] = Command) -> list[type[Any]]:
    return [kind, *(inner for below in kind.__subclasses__() for inner in commands(below))]


def parameters_of(question: str) -> dict[str, inspect.Parameter]:
    family, function = question.split(".")
    return dict(inspect.signature(getattr(import_module(f"chainnet.{family}"), function)).parameters)


ASKING = sorted({kind for kind in commands() if kind.asks}, key=lambda kind: kind.__name__)


def test_every_family_has_registered_its_commands() -> None:
    names = {info.name for info in cli.app.registered_commands}
    assert {kind.__name__.lower() for kind in ASKING} <= names
    assert len(names) == 64


@pytest.mark.parametrize("kind", ASKING, ids=lambda kind: kind.__name__)
def test_an_option_left_out_means_what_the_call_means(kind: Any) -> None:
    parameters = parameters_of(kind.asks)
    options = options_of(kind)
    if kind.__name__ == "Report":  # None there: those of the assessment
        parameters |= parameters_of("assessment.assess")
    shared = [field for field in fields(kind) if field.name in options and field.name in parameters]
    assert shared
    for field in shared:
        default, option = parameters[field.name].default, options[field.name]
        if field.default is MISSING or field.default is None or default is None:
            continue  # asked for, left to the call, or what the call takes from its answers
        given = field.default if option.read is None else option.read(field.default, option.name)
        known = [default] if isinstance(default, str) and isinstance(given, list) else default
        same = list(known) == list(given) if isinstance(given, list) else str(known) == str(given)
        assert same, f"{option.name}: {given!r}, but the call has {default!r}"


@pytest.mark.parametrize("kind", ASKING, ids=lambda kind: kind.__name__)
def test_no_option_goes_nowhere(kind: Any) -> None:
    source = "\n".join(inspect.getsource(one) for one in kind.__mro__ if one.__module__ == kind.__module__)
    taken = {"graph", "as_of", "laid_rules", *options_of(TableOutput), *options_of(Verified), *options_of(Drawn)}
    for question in (kind.asks, *re.findall(r'ask\("([a-z_]+\.[a-z_]+)"', source)):
        taken |= {*parameters_of(question)}
    if kind.__name__ == "Report":  # handed on to the assessment
        taken |= {*parameters_of("assessment.assess")}
    for name in set(options_of(kind)) - taken:
        assert f"self.{name}" in source or f'"{name}"' in source, f"{kind.__name__}: nobody reads {name}"


# options of which only some words are taken, and the words that the call takes
TAKEN = {
    ("Chokepoints", "order"): "flow._order.VALUED",
    ("Alliance", "order"): "blocs._alliance.ORDERS",
    ("Calibrate", "method"): "calibration._calibrate.METHODS",
    ("Cascade", "importance"): "cascades._esri.IMPORTANCE",
    ("Draw", "view"): "drawing.pages.VIEWS",
    ("Portfolio", "objective"): "projects._portfolio.OBJECTIVES",
    ("Retaliation", "by"): "blocs._retaliation.CANDIDATES",
}


def words_of(hint: Any) -> set[str]:
    """The words of a ``Literal``, optional or not."""
    return {*get_args(hint)} if get_origin(hint) is Literal else {w for part in get_args(hint) for w in words_of(part)}


def test_the_words_of_an_option_are_those_of_the_call() -> None:
    by_name = {kind.__name__: kind for kind in commands()}
    for (kind, field), where in TAKEN.items():
        module, constant = where.rsplit(".", 1)
        assert words_of(options_of(by_name[kind])[field].kind) == {
            *getattr(import_module(f"chainnet.{module}"), constant)
        }
    orders = import_module("chainnet.flow._order").ORDERS
    assert all(word in str(options_of(by_name["Balance"])["order"].help) for word in orders)
    degrees = {*import_module("chainnet.lowering._lowered").DEGREES}
    rerouting = [kind for kind in commands() if "reroute" in options_of(kind)]
    assert len(rerouting) >= 10
    assert all(words_of(options_of(kind)["reroute"].kind) == degrees for kind in rerouting)
