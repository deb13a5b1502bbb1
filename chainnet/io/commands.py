"""A way to read a table as it is written: a command of the shell, and a call in Python."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPTIONS = {"countries": "country", "products": "product"}

Options = dict[str, Any]


@dataclass
class Way:
    """A way to read a sheet: the answers that it takes for given, and its options."""

    answers: tuple[str, ...]
    verb: str
    options: Options


def command_of(way: Way, path: str) -> str:
    """Return a way as a command line."""
    words = ["chainnet", way.verb, quoted(path if not path.startswith("-") else f"./{path}")]
    for name, value in way.options.items():
        option = "--" + _OPTIONS.get(name, name).replace("_", "-")
        if value is True:
            words.append(option)
        elif isinstance(value, Mapping):
            words += [word for old, new in value.items() for word in (option, quoted(f"{old}={new}"))]
        else:
            words += [option, quoted(str(value))]
    return " ".join(words)


def quoted(word: str) -> str:
    """Return a word as shells of Unix and of Windows read it alike, where that can be."""
    if word == "\t":
        return '"\\t"'
    if re.fullmatch(r"[\w./:=,+-]+", word, re.ASCII):
        return word
    return f'"{word}"' if not re.search(r'["$`\\!%\x00-\x1f]', word) else shlex.quote(word)


def arguments_of(way: Way) -> Options:
    """Return the arguments of a way in Python."""
    return {
        name: {code: _content(said) for code, said in value.items()} if name == "products" else value
        for name, value in way.options.items()
        if name != "out"
    }


def call_of(way: Way, path: str) -> str:
    """Return a way as a call in Python."""
    function = "cn.from_trade" if way.verb == "from-trade" else "cn.read"
    words = [_literal(path), *(f"{name}={_literal(value)}" for name, value in arguments_of(way).items())]
    return f"{function}({', '.join(words)})"


def _content(said: str) -> Any:
    content, _, commodity = said.partition(":")
    return {"content": float(content), "commodity": commodity} if commodity else float(content)


def _literal(value: Any) -> str:
    """Return a value as Python reads it, texts in double quotes where that can be."""
    if isinstance(value, str):
        plain = repr(value)
        return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain and "\\'" not in plain else plain
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(old)}: {_literal(new)}" for old, new in value.items()) + "}"
    return repr(value)
